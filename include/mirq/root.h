/* SPDX-License-Identifier: MIT */
/*
 * root.h - for authors of roots: local APIC, IMSIC, GIC. A root owns the ids of CPUs, ends
 * interrupts, resends, reads what is pending. It knows no device and no store. One per system; and
 * any number of secondary roots, whose ids are those of interrupts that carry others.
 * Context beside each op: T thread, A atomic, D dispatch, L on that CPU with interrupts off, P
 * pure.
 */
#ifndef MIRQ_ROOT_H
#define MIRQ_ROOT_H

#include <mirq/domain.h>

struct mirq_root_ops {
	uint32_t size_bytes;
	/* L  The CPU starts and stops taking interrupts. Both or neither. */
	enum mirq_err (*cpu_up)(void *data, uint32_t cpu, uint32_t hw_target);
	void (*cpu_down)(void *data, uint32_t cpu);
	/* P  The message that reaches @route; 2^block_log2 > 1: the first of a block; out_msg[1],
	 *    where it carries two messages, ends the level. NULL: routes need a table remapper. */
	void (*compose)(void *data, const struct mirq_route *route, uint32_t block_log2,
			struct mirq_msg *out_msg);
	/* A  A rung of the mask ladder; unmask precedes the publication of a message. Both or
	 *    neither. */
	void (*mask)(void *data, const struct mirq_route *route);
	void (*unmask)(void *data, const struct mirq_route *route);
	/* D  The next id, or MIRQ_NO_ID. NULL: the CPU supplied the id (mirq_dispatch). */
	uint32_t (*claim)(void *data, uint32_t cpu);
	/* D  End of interrupt on this CPU. NULL: claim ended it. */
	void (*eoi)(void *data, uint32_t cpu, uint32_t id);
	/* L  Is id waiting to be taken on this CPU? Required. */
	enum mirq_pending (*pending)(void *data, uint32_t cpu, uint32_t id);
	/* A  Make the route's id pending at its CPU. NULL: software replays in mirq_service(). */
	void (*resend)(void *data, const struct mirq_route *route);
	/* T  The root leaves the system. NULL: nothing to do. */
	void (*fini)(void *data);
	/* T  Edge or level, polarity, of a direct wire. NULL: edge only. */
	enum mirq_err (*set_trigger)(void *data, uint32_t id, enum mirq_trigger trigger);
	/* A  Ids of the system: the CPU that @id goes to now; UINT32_MAX or NULL: not known. */
	uint32_t (*where)(void *data, uint32_t id);
};

#define MIRQ_NO_ID UINT32_MAX

enum mirq_id_scope {
	MIRQ_IDS_PER_CPU, /* vectors, EIIDs: a move takes another id */
	/* SPIs, numbers of a legacy backend: an event with the id may be dispatched on any CPU,
	 * and who places it is not mirq. The id is a direct wire's number, or the table below the
	 * root gives it in alloc, in the hop's word. mask (of wires) and the table's free return
	 * when no mirq_dispatch() with the id begins any more. No compose, no affinity */
	MIRQ_IDS_OF_SYSTEM
};
enum mirq_root_trait {
	MIRQ_ROOT_ENDS_EDGE_FIRST =
		1, /* edge: end, then handlers, so that the next edge can arrive */
	MIRQ_ROOT_ADDRESS_HAS_TARGET =
		2,             /* compose puts the target into the address, the id into data */
	MIRQ_ROOT_PROVIDER = 4 /* in a guest: compose gives what the hypervisor promised */
};

struct mirq_root_init {
	uint32_t size_bytes;
	const char *name;
	const struct mirq_root_ops *ops;
	void *data;
	struct mirq_range ids; /* those that mirq may hand out */
	enum mirq_id_scope scope;
	uint32_t limit_hw_target; /* compose names targets below; 0: any */
	uint32_t carries;         /* enum mirq_carries, or-ed */
	uint32_t traits;          /* enum mirq_root_trait, or-ed */
	struct mirq_why *why;
	enum mirq_guest guest;  /* UNKNOWN counts as a guest */
	const char *hypervisor; /* for people; retained; NULL: no name */
};

/*
 * A secondary root: interrupts of one device carry those of all devices behind it (a VMD
 * controller). They are its lines, 1 to 64, numbered from 0; each has ids of its own, as a CPU has.
 * A line is an interrupt like any other: it moves, and what it carries follows.
 */
struct mirq_secondary_ops {
	uint32_t size_bytes;
	/* P  The message that reaches @route: .cpu and .hw_target are the line, .id the id on it;
	 *    2^block_log2 > 1: the first of a block. Required. */
	void (*compose)(void *data, const struct mirq_route *route, uint32_t block_log2,
			struct mirq_msg *out_msg);
	/* D  The next id that waits on @line, which ends it; or MIRQ_NO_ID. NULL: it has no status:
	 *    every handler behind the line is called, and most have nothing to do. */
	uint32_t (*claim)(void *data, uint32_t line);
	/* T  It leaves the system. NULL: nothing to do. */
	void (*fini)(void *data);
};

struct mirq_secondary_init {
	uint32_t size_bytes;
	const char *name;
	const struct mirq_secondary_ops *ops;
	void *data;
	struct mirq_irqs lines; /* allocated, not requested, edge; their owner's again at detach */
	struct mirq_range ids;  /* of each line */
	uint32_t carries;       /* enum mirq_carries, or-ed; no levels */
	uint32_t traits;        /* enum mirq_root_trait, or-ed: ADDRESS_HAS_TARGET (the line) */
	struct mirq_why *why;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_root_attach() - Give the system its root.
 * @out_root: [out] the domain; NULL if not wanted.
 * Context: init.
 * Errors:  MIRQ_EEXIST (it has one), MIRQ_EINVAL (an op missing, no ids; .why), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_root_attach(struct mirq *m, const struct mirq_root_init *init,
					       struct mirq_domain **out_root);
/**
 * mirq_root_claim_id() - Keep an id for the host itself: timer, kick, system call.
 * @cpus: where; {0} = on every CPU, also those added later.
 * @id:   inside the root's range. mirq_dispatch() must not be called with it.
 * Context: thread or init.
 * Errors:  MIRQ_EBUSY (taken on one of them; none is kept), MIRQ_EINVAL (outside the range, no
 *          such CPU), MIRQ_ENOENT (no root).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_root_claim_id(struct mirq *m, struct mirq_cpus cpus,
						 uint32_t id);
/**
 * mirq_secondary_attach() - Make a secondary root, and request its lines.
 * @init:       [in] what it is; ops and name retained.
 * @out_domain: [out] the domain, to be a parent of devices, remappers and links.
 * What hangs behind it may be asked onto CPUs that one of the lines goes to; other sets are refused
 * (MIRQ_ENOTSUP, .where: the device of the lines). A line moves by mirq_affinity_set() of its own.
 * Until mirq_secondary_detach() lines cannot be released or freed, nor their device be detached.
 * Context: thread.
 * Errors:  MIRQ_EINVAL (rule 11; .why), MIRQ_EBUSY (a line has a handler), MIRQ_ENOSPC (a line is
 *          a best-effort reservation, and no id is left), MIRQ_EIO (the device of the lines did not
 *          answer), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_secondary_attach(struct mirq *m,
						    const struct mirq_secondary_init *init,
						    struct mirq_domain **out_domain);
/**
 * mirq_secondary_detach() - Release its lines and take it out again; calls ops.fini.
 * @domain: a secondary root that is nobody's parent any more.
 * Context: thread.
 * Errors:  MIRQ_EBUSY (a device or remapper below), MIRQ_EINVAL (not a secondary root),
 *          MIRQ_EDEADLK (called from a handler; nothing was done).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_secondary_detach(struct mirq_domain *domain);

MIRQ_END_DECLS

#endif
