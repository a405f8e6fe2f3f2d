/* SPDX-License-Identifier: MIT */
/*
 * affinity.h - which CPUs an interrupt may go to, and which one it goes to now.
 */
#ifndef MIRQ_AFFINITY_H
#define MIRQ_AFFINITY_H

#include <mirq/types.h>

enum mirq_placement {
	MIRQ_PLACE_FREELY, /* each interrupt on the CPU of the mask with most ids left */
	MIRQ_PLACE_SPREAD  /* the mask is divided evenly over the interrupts, in order;
			      where a slice is full its interrupt goes anywhere in the mask */
};

/**
 * mirq_cpus_one() - One CPU as a set; {0} is every CPU. Neither needs memory.
 * Context: any.
 * Errors:  none.
 */
static inline struct mirq_cpus mirq_cpus_one(uint32_t cpu)
{
	struct mirq_cpus c = { { cpu, cpu + 1 }, NULL };

	return c;
}

MIRQ_BEGIN_DECLS

/**
 * mirq_affinity_set() - Move interrupts to a CPU of @cpus, each to the one with most ids left.
 * @irqs: [in] allocated interrupts; those that are on a CPU of @cpus already stay there.
 * @cpus: [in] kept as the requested affinity; a bitmap is copied.
 * @why:  [out] NULL or filled on failure.
 * One flush per remapper for the whole range. Behind a table remapper the device is not touched. An
 * event that arrives on the old way before the call has ended is handled there.
 * Context: thread.
 * Errors:  MIRQ_ENOSPC (no id left on these CPUs: .nr_left; or none that is free on the CPU it
 *          leaves, .value, as well, where docs/rules.md 1 needs that; or the store has no place
 *          for the new messages, or a window none for what a provider gave: it stays),
 *          MIRQ_EINVAL (no such CPU, none online, an interrupt of the range is not allocated),
 *          MIRQ_ENOTSUP (pinned: the
 *          slot cannot be told another message safely, docs/rules.md 1; a window, .where, that
 *          lets messages to none of these CPUs through; behind a secondary root: no line,
 *          of the device .where, goes there), MIRQ_EBUSY (the previous move has not
 *          drained, or a level that was sent has not ended, within 1 ms), MIRQ_EIO
 *          (remapper or device did not answer), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_affinity_set(struct mirq_irqs irqs, struct mirq_cpus cpus,
						struct mirq_why *why);
/**
 * mirq_affinity_effective() - The CPU that the first interrupt of @one goes to now; behind a
 * secondary root the one that its line goes to.
 * @out_cpu: [out] CPU number.
 * Context: atomic.
 * Errors:  MIRQ_ENOENT (not allocated, or no id given yet), MIRQ_ENOTSUP (an id of the system, and
 *          its root does not know where that goes).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_affinity_effective(struct mirq_irqs one, uint32_t *out_cpu);
/**
 * mirq_affinity_requested() - The set that the first interrupt of @one was asked to stay in.
 * @out_cpus: [out] .bits points to the interrupt's copy: valid until the next change or free.
 * Context: thread.
 * Errors:  MIRQ_ENOENT (not allocated).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_affinity_requested(struct mirq_irqs one,
						      struct mirq_cpus *out_cpus);
/**
 * mirq_affinity_nearest() - Which of @irqs should work on @cpu use?
 * Returns: index into the range, 0..count-1: the one on @cpu; else the next one below it; else the
 *          first that has a CPU; else 0.
 * Context: atomic.
 * Errors:  none.
 */
uint32_t mirq_affinity_nearest(struct mirq_irqs irqs, uint32_t cpu);

/* The id allocator alone, in the caller's memory, for a bare core: no struct mirq. */
struct mirq_ids;
struct mirq_target {
	uint32_t cpu, id;
};

/**
 * mirq_ids_size_bytes() - Memory that mirq_ids_init() needs.
 * Returns: bytes; 0 for an empty range, more than 2048 ids or no CPU.
 * Context: any.
 * Errors:  0.
 */
size_t mirq_ids_size_bytes(uint32_t nr_cpus, struct mirq_range ids);
/**
 * mirq_ids_init() - Make an allocator for @nr_cpus times @ids; all CPUs offline.
 * @memory:  mirq_ids_size_bytes() bytes, aligned to 16; borrowed until the last use.
 * @host:    retained for its irq_save, irq_restore and wait; NULL: the caller serialises.
 * @out_ids: [out] lies in @memory.
 * Context: any.
 * Errors:  MIRQ_EINVAL (sizes as above).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ids_init(void *memory, uint32_t nr_cpus, struct mirq_range ids,
					    struct mirq_host *host, struct mirq_ids **out_ids);
/**
 * mirq_ids_online() - Ids of @cpu may be handed out.
 * Context: any.
 * Errors:  MIRQ_ENOENT (no such CPU).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ids_online(struct mirq_ids *ids, uint32_t cpu);
/**
 * mirq_ids_offline() - No more ids of @cpu are handed out; those taken stay so until freed.
 * Context: any.
 * Errors:  MIRQ_ENOENT (no such CPU).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ids_offline(struct mirq_ids *ids, uint32_t cpu);
/**
 * mirq_ids_alloc() - An id on the CPU of @cpus with most left; ties go to the lowest CPU.
 * @block_log2: 0, or 2^block_log2 consecutive ids, the first a multiple of it: from the CPU with
 *              most left of those that have such a block.
 * @out_target: [out] CPU and (first) id, the lowest free one there.
 * Deterministic for a serial history. O(log CPUs) for a range, O(log CPUs + words) for a bitmap.
 * Context: any.
 * Errors:  MIRQ_ENOSPC (none left there).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ids_alloc(struct mirq_ids *ids, struct mirq_cpus cpus,
					     uint32_t block_log2, struct mirq_target *out_target);
/**
 * mirq_ids_free() - Give back one id.
 * Context: any.
 * Errors:  none. MUST be allocated.
 */
void mirq_ids_free(struct mirq_ids *ids, struct mirq_target target);
/**
 * mirq_ids_claim() - Take one certain id.
 * Context: any.
 * Errors:  MIRQ_EBUSY (taken), MIRQ_ENOENT (no such CPU or id).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ids_claim(struct mirq_ids *ids, struct mirq_target target);
/**
 * mirq_ids_left() - Free ids on the online CPUs of @cpus, for capacity arithmetic.
 * Context: any.
 * Errors:  none.
 */
uint32_t mirq_ids_left(struct mirq_ids *ids, struct mirq_cpus cpus);

MIRQ_END_DECLS

#endif
