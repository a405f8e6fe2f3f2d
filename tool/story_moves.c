/* SPDX-License-Identifier: MIT */
/*
 * story_moves.c - chapter "moves": interrupts go to other CPUs while their devices interrupt: one
 * by one, then all of a device at once, which costs one wait.
 */
#include "story.h"

struct moves {
	uint32_t nr_tried, nr_done, nr_pinned, nr_busy;
};

/* What mirq may refuse: slots that share a message, where no remapper stands above them. */
static int may_be_refused(const struct driver *d, enum mirq_err err)
{
	return err == MIRQ_ENOTSUP && !driver_is_movable(d);
}

/* The old way may take its time to drain: let it, and ask once more. */
static enum mirq_err set_affinity(struct world *w, struct mirq_irqs irqs, struct mirq_cpus cpus,
				  struct moves *moves, struct mirq_why *why)
{
	struct oracle_call call;
	enum mirq_err err;

	for (uint32_t i = 0;; i++) {
		oracle_call_begin(w->o, &call, "mirq_affinity_set");
		err = mirq_affinity_set(irqs, cpus, why);
		oracle_call_end(w->o, &call, err);
		if (err != MIRQ_EBUSY || i)
			return err;
		moves->nr_busy++;
		sim_run_until_idle(w->s);
	}
}

static void move_one(struct world *w, struct queue *q, struct moves *moves)
{
	uint32_t nr_cpus = sim_spec(w->s)->nr_cpus, before = 0, cpu;
	struct mirq_irqs irq = driver_irq(q->driver, q);
	struct mirq_why why = { .text = NULL };
	enum mirq_err err;

	world_go_to_cpu(w);
	if (mirq_affinity_effective(irq, &before))
		before = 0;
	cpu = (before + 1 + world_random(w, nr_cpus - 1)) % nr_cpus;
	moves->nr_tried++;
	err = set_affinity(w, irq, mirq_cpus_one(cpu), moves, &why);
	if (may_be_refused(q->driver, err)) {
		moves->nr_pinned++;
		return;
	}
	if (err) {
		world_refused(w, q->driver->name, err, &why);
		return;
	}
	w->nr_moved += queue_has_moved(q);
	moves->nr_done++;
}

/* To one half of the CPUs, then to all: as many interrupts as the device has, one call. */
static void move_all(struct world *w, struct driver *d, struct mirq_cpus cpus, struct moves *moves)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err;

	moves->nr_tried++;
	err = set_affinity(w, d->irqs, cpus, moves, &why);
	if (may_be_refused(d, err)) {
		moves->nr_pinned++;
	} else if (err) {
		world_refused(w, d->name, err, &why);
	} else {
		w->nr_moved += driver_count_moved(d);
		moves->nr_done++;
	}
}

static void tell(struct world *w, const char *what, const struct moves *moves)
{
	(void)report_check(w->report, moves->nr_done + moves->nr_pinned == moves->nr_tried,
			   "%s: %u of %u done, %u pinned (they share a message), %u waited for",
			   what, moves->nr_done, moves->nr_tried, moves->nr_pinned, moves->nr_busy);
}

static void move_one_by_one(struct world *w)
{
	struct moves moves = { 0 };

	traffic_pour(w);
	for (uint32_t i = 0; i < STORY_MOVES; i++)
		move_one(w, queue_at(w, world_random(w, queue_nr(w))), &moves);
	traffic_end(w);
	tell(w, "moves of single interrupts under traffic", &moves);
	story_probe(w);
}

static void move_devices(struct world *w)
{
	uint32_t nr_cpus = sim_spec(w->s)->nr_cpus;
	const struct mirq_cpus halves[] = {
		{ { 0, nr_cpus / 2 }, NULL },
		{ { nr_cpus / 2, nr_cpus }, NULL },
	};
	struct moves moves = { 0 };

	traffic_pour(w);
	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t k = 0; k < w->nr_drivers; k++)
			if (w->drivers[k].irqs.store)
				move_all(w, &w->drivers[k], halves[i % 2], &moves);
	traffic_end(w);
	tell(w, "moves of whole devices to the other half of the CPUs", &moves);
	story_probe(w);
}

static void play_moves(struct world *w)
{
	move_one_by_one(w);
	move_devices(w);
}

static const char *why_not(struct world *w)
{
	if (sim_spec(w->s)->nr_cpus < 2)
		return "one CPU: there is nowhere to go";
	return queue_nr(w) ? NULL : "no device has interrupts";
}

const struct chapter story_moves = {
	"moves",
	"interrupts go to other CPUs while their devices interrupt",
	why_not,
	play_moves,
};
