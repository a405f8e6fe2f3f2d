/* SPDX-License-Identifier: MIT */
/*
 * traffic.c - devices that interrupt while something else is done: at the machine's points, that is
 * between any two accesses and calls of the host that mirq makes.
 */
#include "world.h"

#include <string.h>

#define CHAPTER_POINTS 50000000u
#define TRAFFIC_ONE_IN 4u    /* points */
#define TRAFFIC_OPEN_MAX 48u /* the machine has room for what is under way */

static uint64_t nr_open(struct world *w)
{
	struct queue *q;
	uint64_t nr = 0;

	for (uint32_t i = 0; (q = queue_at(w, i)); i++)
		nr += queue_nr_open(q);
	return nr;
}

/* One of the queues that are busy, else none. */
static void raise_any(struct world *w)
{
	uint32_t nr = queue_nr(w);
	struct queue *q = nr ? queue_at(w, world_random(w, nr)) : NULL;

	if (!q || !q->is_busy || nr_open(w) >= TRAFFIC_OPEN_MAX)
		return;
	queue_raise(q);
}

/* A call of mirq that does not end, or a machine that does not come to rest. */
static int is_endless(struct world *w)
{
	const char *verdict = oracle_verdict(w->o);

	return ++w->nr_points > CHAPTER_POINTS || (verdict && !strncmp(verdict, "I7", 2));
}

void world_on_point(void *context, enum engine_point point)
{
	struct world *w = context;

	oracle_on_point(w->o, point);
	if (w->way_out && is_endless(w))
		longjmp(*w->way_out, 1);
	if (w->is_pouring && !world_random(w, TRAFFIC_ONE_IN))
		raise_any(w);
}

void traffic_pour(struct world *w)
{
	w->is_pouring = 1;
}

void traffic_end(struct world *w)
{
	w->is_pouring = 0;
	sim_run_until_idle(w->s);
}

void traffic_round(struct world *w)
{
	uint32_t nr = queue_nr(w), first = nr ? world_random(w, nr) : 0;

	for (uint32_t i = 0; i < nr; i++) {
		struct queue *q = queue_at(w, (first + i) % nr);

		if (!q->is_busy)
			continue;
		queue_raise(q);
		for (uint32_t k = world_random(w, 4); k; k--)
			(void)sim_step_delivery(w->s);
	}
	sim_run_until_idle(w->s);
}
