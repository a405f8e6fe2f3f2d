/* SPDX-License-Identifier: MIT */
/*
 * paravirt.h - in a guest: a provider. The port asks the hypervisor for each message by a
 * hypercall, and the message is real: what a device sends with it arrives at the virtual CPU. So
 * device-specific stores are allowed in a guest without a remapper of its own (docs/rules.md 6).
 *
 * A table remapper whose entries live in the hypervisor. Without .retarget a move gives an entry
 * another message: the new mapping is made first, the slot is told, and the old mapping stays until
 * the entry is programmed or cleared the next time; by then the way has drained. So for a while two
 * mappings of one entry exist, and one may lead to a CPU and id that belong to somebody else by
 * now: its message is not sent any more.
 */
#ifndef MIRQ_PARAVIRT_H
#define MIRQ_PARAVIRT_H

#include <mirq/domain.h>

/*
 * The port's hypercalls. Context of all: thread, may sleep; under the mutex of the device (of all
 * devices while a CPU leaves): they call nothing of mirq. Each is bounded.
 */
struct mirq_paravirt_ops {
	uint32_t size_bytes;
	/* A message that makes id @id pending at the CPU @hw_target when a device of @who sends it.
	 * An error: nothing was mapped. Required. */
	enum mirq_err (*map)(void *context, const struct mirq_requesters *who, uint32_t hw_target,
			     uint32_t id, struct mirq_msg *out_msg);
	/* The end of a mapping that map made; once for each. Required. */
	void (*unmap)(void *context, const struct mirq_msg *msg);
	/* Let @msg lead to another CPU and id; when it returns no event with the old id can begin.
	 * An error: it may lead to either. NULL: moves take a new message. */
	enum mirq_err (*retarget)(void *context, const struct mirq_msg *msg, uint32_t hw_target,
				  uint32_t id);
};

enum mirq_paravirt_flag {
	/* when unmap returns, no event by that mapping can begin. .retarget needs it */
	MIRQ_PARAVIRT_DRAINS = 1,
	MIRQ_PARAVIRT_ISOLATES = 2 /* the hypervisor checks who sends */
};

struct mirq_paravirt_init {
	uint32_t size_bytes;
	const char *name; /* for people; retained */
	const struct mirq_paravirt_ops *ops;
	void *context;
	struct mirq_domain *parent; /* NULL: the root */
	uint32_t nr_entries;        /* mappings wanted at once, without those of moves; 0: 1024 */
	uint32_t limit_hw_target;   /* map names targets below; 0: any */
	/* enum mirq_carries, or-ed: neither blocks nor two messages, level with .retarget only.
	 * 0: MIRQ_CARRIES_ONE and MIRQ_CARRIES_DEVICE_STORES */
	uint32_t carries;
	uint32_t flags; /* enum mirq_paravirt_flag, or-ed */
	struct mirq_why *why;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_paravirt_attach() - Put a provider into the hierarchy; mirq_remapper_detach() takes it out.
 * @m:          [in] system with a root.
 * @init:       [in] borrowed.
 * @out_domain: [out] the domain, to be a parent of devices and windows.
 * A map that fails fails mirq_irq_request() with MIRQ_EIO, and a move with MIRQ_ENOSPC: the
 * interrupts stay where they are. A retarget that fails: MIRQ_EIO, both ways stay alive.
 * Context: thread or init.
 * Errors:  MIRQ_EINVAL (no map or unmap; retarget without MIRQ_PARAVIRT_DRAINS; blocks or two
 *          messages, level without retarget; a table above; .why), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_paravirt_attach(struct mirq *m,
						   const struct mirq_paravirt_init *init,
						   struct mirq_domain **out_domain);

MIRQ_END_DECLS

#endif
