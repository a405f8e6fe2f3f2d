/* SPDX-License-Identifier: MIT */
/*
 * vtd.h - Intel VT-d interrupt remapping: one unit becomes one table remapper.
 * Ports of x86 use mirq_x86_attach() (x86.h), which calls this for each unit of the machine.
 * Sources: [VTD] 5.1, 6.5, 7, 9, 11.
 */
#ifndef MIRQ_VTD_H
#define MIRQ_VTD_H

#include <mirq/domain.h>

/* One queued-invalidation descriptor, 128 bits, as [VTD] 6.5.2 lays it out. */
struct mirq_vtd_descriptor {
	uint64_t low, high;
};

/*
 * A borrowed unit: the host's own IOMMU driver owns the invalidation queue, the global command
 * register and the fault records, and gives mirq these three. The unit's queue is on. mirq calls
 * table, then command(24, 1) (SIRTP), submit_and_wait, command(25, 1) (IRE); command(23, 0) (CFI)
 * where it is set; command(25, 0) at the end. Context: submit_and_wait atomic, the others thread
 * or init; all bounded.
 */
struct mirq_vtd_owner {
	uint32_t size_bytes;
	void *data;
	/* Submit the descriptors in order and wait until the unit has done them. Required. */
	enum mirq_err (*submit_and_wait)(void *data, const struct mirq_vtd_descriptor *descriptors,
					 uint32_t nr);
	/* Set (on = 1) or clear bit number @bit of the global command register, leave the others
	 * as they are, and wait for its status. Required. */
	enum mirq_err (*command)(void *data, uint32_t bit, int on);
	/* The address of the remapping table, its size code and mode: write IRTA. Required. */
	enum mirq_err (*table)(void *data, uint64_t irta);
};

enum mirq_vtd_flag {
	MIRQ_VTD_EIM = 1,             /* 32-bit APIC ids; refused when the unit cannot */
	MIRQ_VTD_REFUSE_FOUND_ON = 2, /* MIRQ_EBUSY when remapping or queue is on */
	MIRQ_VTD_DMA_COHERENT = 4,    /* memory is coherent in spite of ECAP.C = 0 */
	MIRQ_VTD_CAN_CLEAN = 8        /* the port defines mirq_host_clean() */
};
struct mirq_vtd_init {
	uint32_t size_bytes;
	const char *name;    /* for people; retained */
	uint64_t address;    /* of the registers */
	uint32_t nr_entries; /* of the table, a power of two, 2..65536; 0: 65536. 16 bytes each */
	uint32_t flags;      /* enum mirq_vtd_flag, or-ed */
	uint64_t timeout_ns; /* for each wait on the unit; 0: 1 ms */
	const struct mirq_vtd_owner *owner; /* NULL: mirq owns the unit; copied */
	struct mirq_why *why;
};

/* Counters of one unit, since attach. */
struct mirq_vtd_stats {
	uint64_t nr_entry_writes;  /* 64-bit stores into the table */
	uint64_t nr_invalidations; /* interrupt-entry-cache descriptors */
	uint64_t nr_waits;         /* wait descriptors of both kinds; calls of the owner */
	uint64_t nr_polls;         /* reads of the status word while waiting */
	uint64_t nr_errors;        /* queue errors, time-outs */
	uint64_t nr_faults;        /* fault records read */
};

MIRQ_BEGIN_DECLS

/**
 * mirq_vtd_attach() - Bring one unit up: queue, table, remapping on, compatibility format blocked.
 * @out_domain: [out] the remapper.
 * Context: init or thread; before devices below it send.
 * Errors:  MIRQ_EIO (registers read all ones; a status bit did not come in time), MIRQ_ENOTSUP (no
 *          interrupt remapping, no queued invalidation, no EIM, not coherent and no way to clean),
 *          MIRQ_EBUSY (found on, and taking over was refused), MIRQ_EINVAL, MIRQ_ENOMEM. The unit
 *          is left as it was found, or off where it was taken over.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_vtd_attach(struct mirq *m, const struct mirq_vtd_init *init,
					      struct mirq_domain **out_domain);
/**
 * mirq_vtd_fault_irq() - The unit's fault event as an interrupt: a register store below the root.
 * @out_irq: [out] allocated; to be requested with a handler that calls mirq_fault_next().
 * Context: thread; a CPU is online.
 * Errors:  MIRQ_EBUSY (given already), MIRQ_EINVAL (not a VT-d unit), MIRQ_ENOTSUP (borrowed: the
 *          records are the owner's), those of mirq_irq_alloc().
 */
MIRQ_MUST_CHECK enum mirq_err mirq_vtd_fault_irq(struct mirq_domain *vtd,
						 struct mirq_irqs *out_irq);
/**
 * mirq_vtd_completion_irq() - The unit's invalidation completion event as an interrupt: a register
 * store below the root. mirq itself polls; this is for a kernel that would rather be told.
 * @out_irq: [out] allocated; to be requested with a handler that calls mirq_vtd_completion_claim().
 * Context: thread; a CPU is online.
 * Errors:  MIRQ_EBUSY (given already), MIRQ_EINVAL (not a VT-d unit), MIRQ_ENOTSUP (borrowed: the
 *          queue is the owner's), those of mirq_irq_alloc().
 */
MIRQ_MUST_CHECK enum mirq_err mirq_vtd_completion_irq(struct mirq_domain *vtd,
						      struct mirq_irqs *out_irq);
/**
 * mirq_vtd_completion_request() - Have the unit send its completion event when what was submitted
 * to it before is done. Events that nobody has claimed yet are one.
 * Context: atomic; bounded.
 * Errors:  MIRQ_EINVAL (not a VT-d unit), MIRQ_ENOTSUP (borrowed), MIRQ_EIO (the unit does not
 *          answer).
 * Source:  [VTD] 6.5.2.8.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_vtd_completion_request(struct mirq_domain *vtd);
/**
 * mirq_vtd_completion_claim() - In the event's handler: take what it tells.
 * Returns: 1: something was done, and the next completion sends an event again; 0: nothing was.
 * Context: atomic.
 * Errors:  0.
 */
int mirq_vtd_completion_claim(struct mirq_domain *vtd);
/**
 * mirq_vtd_inspect() - Counters of a unit.
 * Context: atomic.
 * Errors:  MIRQ_EINVAL (not a VT-d unit).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_vtd_inspect(struct mirq_domain *vtd,
					       struct mirq_vtd_stats *out_stats);

/* An entry in words. [VTD] 9.10. */
struct mirq_vtd_entry {
	uint64_t low, high;
};
/**
 * mirq_vtd_compose_entry() - The entry for @route, checked against @who. Pure.
 * @eim:       not 0: 32-bit APIC ids.
 * @who:       [in] one id; ids that differ in function bits only as SQ can say; or whole buses.
 * @out_entry: [out] present, fixed delivery, physical destination.
 * Context: any.
 * Errors:  MIRQ_EINVAL (a set that source validation cannot say, vector below 16, target too
 *          wide).
 * Source:  [VTD] 9.10, 5.1.5.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_vtd_compose_entry(const struct mirq_route *route, int eim,
						     const struct mirq_requesters *who,
						     struct mirq_vtd_entry *out_entry);
/**
 * mirq_vtd_compose_message() - The remappable-format message that reaches entry @index. Pure.
 * @index: 0..65535. The sub-handle is valid and 0, so that a device may add its message number.
 * Context: any.
 * Errors:  none.
 * Source:  [VTD] 5.1.2.2.
 */
struct mirq_msg mirq_vtd_compose_message(uint32_t index);

MIRQ_END_DECLS

#endif
