/* SPDX-License-Identifier: MIT */
/*
 * plan.h - one allocation going on, between want.c (what is asked, and where it fits) and alloc.c
 * (what is taken). Private to these two.
 */
#ifndef MIRQI_PLAN_H
#define MIRQI_PLAN_H

#include "core.h"

/* One allocation going on. */
struct plan {
	struct mirq_store *store;
	struct mirq_irq_want want;
	uint32_t first, nr;
	uint32_t block_log2;
	struct mirqi_chunk *chunk;
	struct mirqi_bits *bits;
	struct mirq_batch batch;
};

/* Fill the defaults of the want in and refuse what the store or its way cannot do. */
MIRQ_MUST_CHECK enum mirq_err mirqi_plan_check_want(struct plan *p);
/* Stores of one exclusive group are not used at the same time. */
MIRQ_MUST_CHECK enum mirq_err mirqi_plan_check_exclusive(const struct plan *p);
/* first, nr and block_log2 of the plan. Under dev->mutex. */
MIRQ_MUST_CHECK enum mirq_err mirqi_plan_find_slots(struct plan *p);
/* The slice of the wanted CPUs for member @i: a range over the same bitmap. */
struct mirq_range mirqi_plan_slice(const struct plan *p, uint32_t i);

#endif
