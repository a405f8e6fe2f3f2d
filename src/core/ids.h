/* SPDX-License-Identifier: MIT */
/*
 * ids.h - what the core asks of the id allocator beyond its public calls (mirq/affinity.h).
 */
#ifndef MIRQI_IDS_H
#define MIRQI_IDS_H

#include <mirq/affinity.h>

/* Which CPUs a way can name: those whose hw_target[cpu] is below limit (limit 0: all), and that
 * @can says of @way (NULL: all). */
struct mirqi_reach {
	const uint32_t *hw_target;
	uint32_t limit;
	/* NULL, or an id that the caller has: another CPU is looked for whose id is taken on this
	 * one as well. @old's own id where that is free there, else one that is free on both. */
	const struct mirq_target *old;
	int (*can)(const void *way, uint32_t cpu);
	const void *way;
};

/* mirq_ids_alloc() among the CPUs inside @reach. */
MIRQ_MUST_CHECK enum mirq_err mirqi_ids_alloc_in(struct mirq_ids *ids, struct mirq_cpus cpus,
						 struct mirqi_reach reach, uint32_t block_log2,
						 struct mirq_target *out_target);
/* mirq_ids_left() on the CPUs inside @reach. */
uint32_t mirqi_ids_left_in(struct mirq_ids *ids, struct mirq_cpus cpus, struct mirqi_reach reach);
/* mirq_ids_online() and mirq_ids_offline() of a CPU that there is. */
void mirqi_ids_set_online(struct mirq_ids *ids, uint32_t cpu, int is_online);
/* Free ids of one CPU; 0 while it is offline. */
uint32_t mirqi_ids_left_on(const struct mirq_ids *ids, uint32_t cpu);
/* Ids of one CPU that are taken, online or not. */
uint32_t mirqi_ids_taken_on(const struct mirq_ids *ids, uint32_t cpu);

/* Is @cpu in the set? nr_cpus bounds a set without a range. */
static inline int mirqi_cpus_have(struct mirq_cpus cpus, uint32_t cpu)
{
	if (cpus.range.limit && (cpu < cpus.range.first || cpu >= cpus.range.limit))
		return 0;
	return !cpus.bits || ((cpus.bits[cpu / 64] >> (cpu % 64)) & 1);
}

#endif
