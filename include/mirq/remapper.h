/* SPDX-License-Identifier: MIT */
/*
 * remapper.h - for authors of remappers: VT-d, AMD-Vi, ITS (table kind) or a window (shim kind).
 *
 * A remapper turns a device's message into the root's route and checks who sent it. It never
 * touches the device and never runs a handler. Entries are hwirqs, 0..nr_entries-1. Context beside
 * each op: T thread, A atomic, P pure (no I/O, no state). The core serialises T ops of one device
 * by the device's mutex, so they may sleep; everything else may run on several CPUs at once, so a
 * remapper has a lock of its own (src/core/lock.h).
 */
#ifndef MIRQ_REMAPPER_H
#define MIRQ_REMAPPER_H

#include <mirq/domain.h>

/* One decoded fault. */
struct mirq_fault {
	const char *domain;
	const char *reason;    /* static sentence: what was refused, why, what to do */
	uint32_t reason_code;  /* as the hardware numbers it */
	uint32_t requester;    /* who sent it: a PCI requester id */
	uint32_t entry;        /* index of the entry; UINT32_MAX: the reason has none */
	uint64_t address;      /* page of a memory access; 0 for interrupts */
	uint32_t is_interrupt; /* 1: interrupt request, 0: memory access */
	uint32_t nr_lost;      /* records that did not fit before this one: 1 = at least one */
};

struct mirq_remapper_ops {
	uint32_t size_bytes;
	/* T  A device starts to use the unit; entries will be checked against @who, which lives
	 *    until detach. At most @max_entries at once. *out_ctx goes to the ops below. NULL:
	 *    nothing per device, their ctx is @who. */
	enum mirq_err (*attach)(void *data, const struct mirq_requesters *who, uint32_t max_entries,
				void **out_ctx, struct mirq_why *why);
	void (*detach)(void *data, void *ctx);
	/* T  Give each member an entry: any, or for block_log2 > 0 consecutive ones, the first a
	 *    multiple of 2^block_log2. All or nothing; hardware sees nothing. Table: required. */
	enum mirq_err (*alloc)(void *data, void *ctx, const struct mirq_batch *batch,
			       uint32_t block_log2, struct mirq_why *why);
	void (*free)(void *data, void *ctx, const struct mirq_batch *batch);
	/* T  Entry := route, valid at every instant. MIRQ_ENOSPC: no entry was changed, and a move
	 *    is taken back. After another error either may be in force. Table kind: required. */
	enum mirq_err (*program)(void *data, void *ctx, const struct mirq_batch *batch);
	/* T  Entry := not present. Table kind: required. */
	void (*clear)(void *data, void *ctx, const struct mirq_batch *batch);
	/* T  All changes to these entries are in force, and old translations drained where DRAINS.
	 *    Bounded. Table kind. NULL: at once. */
	enum mirq_err (*flush)(void *data, void *ctx, const struct mirq_batch *batch);
	/* P  The message that reaches entry @hop->hwirq; 2^block_log2 > 1: the first of a block,
	 *    data gets the member's number or-ed in by the device; out_msg[1], where it carries
	 *    two messages, ends the level. Table kind: required. */
	void (*compose)(void *data, void *ctx, const struct mirq_hop *hop,
			const struct mirq_route *route, uint32_t block_log2,
			struct mirq_msg *out_msg);
	/* P  Shim kind: what the far side must send to get @in here. MIRQ_ENOSPC: outside the
	 *    window. */
	enum mirq_err (*translate)(void *data, void *ctx, const struct mirq_msg *in,
				   struct mirq_msg *out_msg);
	/* A  A rung of the mask ladder. Table kind. Both or neither; NULL: no rung here. */
	void (*mask)(void *data, void *ctx, const struct mirq_batch *batch);
	void (*unmask)(void *data, void *ctx, const struct mirq_batch *batch);
	/* A  Raise the entry. Table kind. NULL: the next rung of the resend ladder. */
	enum mirq_err (*inject)(void *data, void *ctx, const struct mirq_hop *hop);
	/* A  Read and clear one recorded fault: 1, or 0 when there is none. NULL: none recorded. */
	int (*faults)(void *data, struct mirq_fault *out_fault);
	/* T  The unit leaves the system: quiet it, free what attach made. NULL: nothing to do. */
	void (*fini)(void *data);
};

enum mirq_remapper_trait {
	MIRQ_REMAPPER_DRAINS = 1,   /* after flush no message with the old content can arrive */
	MIRQ_REMAPPER_ISOLATES = 2, /* entries are checked against the sender */
	MIRQ_REMAPPER_MOVES_PENDING = 4, /* a move takes what is pending along (ITS MOVI) */
	/* in a guest: the hypervisor promised these messages. A table counts without this word */
	MIRQ_REMAPPER_PROVIDER = 8,
	/* program gives a present entry another message: moves tell the slot */
	MIRQ_REMAPPER_NEW_MESSAGE = 16
};

struct mirq_remapper_init {
	uint32_t size_bytes;
	const char *name;
	const struct mirq_remapper_ops *ops;
	void *data;
	struct mirq_domain *parent; /* NULL: the root */
	uint32_t nr_entries;        /* table kind; 0: a shim */
	uint32_t max_block_log2;    /* largest block of alloc */
	uint32_t limit_hw_target;   /* routes name targets below; 0: any */
	uint32_t carries;           /* enum mirq_carries, or-ed */
	uint32_t traits;            /* enum mirq_remapper_trait, or-ed */
	struct mirq_why *why;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_remapper_attach() - Put a remapper into the hierarchy. Kind by ops: alloc = table, else
 * shim.
 * @m:          [in] system with a root.
 * @init:       [in] what it is; ops and name retained.
 * @out_domain: [out] the domain, to be a parent of devices.
 * Context: thread or init.
 * Errors:  MIRQ_EINVAL (an op or number missing, a mixture of kinds, two tables in one chain,
 *          one behind a secondary root; .why), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_remapper_attach(struct mirq *m,
						   const struct mirq_remapper_init *init,
						   struct mirq_domain **out_domain);
/**
 * mirq_remapper_detach() - Take it out again; calls ops.fini.
 * @domain: a remapper that is nobody's parent any more.
 * Context: thread or init.
 * Errors:  MIRQ_EBUSY (a device or remapper below), MIRQ_EINVAL (not a remapper).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_remapper_detach(struct mirq_domain *domain);

MIRQ_END_DECLS

#endif
