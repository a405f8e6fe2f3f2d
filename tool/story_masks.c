/* SPDX-License-Identifier: MIT */
/*
 * story_masks.c - chapter "masks": interrupts are disabled and enabled while their devices
 * interrupt. No handler runs meanwhile, and nothing that came meanwhile is lost.
 */
#include "story.h"

#define MASKS_ROUNDS 20u

/* A handler that runs now goes on, so sync comes before nobody may run. */
static int pause_one(struct world *w, struct queue *q)
{
	struct mirq_irqs irq = driver_irq(q->driver, q);
	int is_good;

	world_go_to_cpu(w);
	oracle_disable(w->o, irq);
	is_good = !oracle_sync(w->o, irq);
	q->is_off = 1;
	for (uint32_t i = world_random(w, 3); i; i--)
		queue_raise(q);
	sim_pass_ns(w->s, 1000);
	(void)sim_step_delivery(w->s);
	q->is_off = 0;
	return !oracle_enable(w->o, irq) && is_good;
}

static void play_masks(struct world *w)
{
	uint32_t nr = MASKS_ROUNDS * queue_nr(w), nr_good = 0;

	nr = nr > 400 ? 400 : nr;
	traffic_pour(w);
	for (uint32_t i = 0; i < nr; i++)
		nr_good += (uint32_t)pause_one(w, queue_at(w, world_random(w, queue_nr(w))));
	traffic_end(w);
	(void)report_check(w->report, nr_good == nr, "disabled and enabled %u of %u times", nr_good,
			   nr);
	story_probe(w);
}

static const char *why_not(struct world *w)
{
	return queue_nr(w) ? NULL : "no device has interrupts";
}

const struct chapter story_masks = {
	"masks",
	"interrupts are off for a while, their devices go on",
	why_not,
	play_masks,
};
