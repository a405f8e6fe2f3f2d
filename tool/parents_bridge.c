/* SPDX-License-Identifier: MIT */
/*
 * parents_bridge.c - two machines at a non-transparent bridge. The far one, which has no mirq,
 * raises interrupts of the near one by writes into a window that reaches four of its eight CPUs.
 * They move inside the window, one by one and while the peer raises them; one alone cannot leave
 * it; all together take it along.
 */
#include "../sim/port_ntb.h"
#include "parents.h"

#define NR_SLOTS 6u
#define NR_REACHED 4u /* CPUs: 4K each of 16K */
#define WINDOW_PLACE 0x100u

struct pair {
	struct world *p;
	struct sim *far;
	struct sim_peer *peer;
};

static int pair_join(struct pair *pair, struct world *w)
{
	struct world *p = pair->p;
	struct sim_error error;

	pair->far = sim_parse("cpus=1 end:ntb=16K,behind=root", &error);
	if (!pair->far || !sim_ntb_join(sim_device_at(p->s, 0), sim_device_at(pair->far, 0)))
		return report_check(w->report, 0, "bridge: the machines are joined");
	pair->peer = sim_peer_new(sim_device_at(pair->far, 0));
	p->drivers[0].peer = pair->peer;
	p->drivers[0].cpus = (struct mirq_range){ 0, NR_REACHED };
	return pair->peer && part_start(p, 0);
}

static uint64_t window_place(struct world *p)
{
	uint64_t at = sim_device_registers(sim_device_at(p->s, 0)) + WINDOW_PLACE;

	return sim_read(p->s, at + 4, 4) << 32 | sim_read(p->s, at, 4);
}

static void tell_tour(struct pair *pair, const struct tour *t)
{
	struct sim_peer_stats peer;
	struct sim_device_stats end;

	sim_peer_stats(pair->peer, &peer);
	sim_device_stats(sim_device_at(pair->p->s, 0), &end);
	(void)report_check(pair->p->report,
			   part_is_good(t) && peer.nr_written && peer.nr_answers &&
				   end.nr_sent == peer.nr_written,
			   "bridge: %u interrupts, %u of %u moves changed the CPU; the peer raised "
			   "%llu, wrote %llu, %llu came through, answered %llu times",
			   t->nr_irqs, t->nr_moved, t->nr_moves, (unsigned long long)peer.nr_raised,
			   (unsigned long long)peer.nr_written, (unsigned long long)end.nr_sent,
			   (unsigned long long)peer.nr_answers);
}

/* 1: it was. Else the peer would write beyond its window: it is told to be quiet. */
static int refuse_outside(struct world *p)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err;
	int is_said;

	err = part_move(p, mirq_irq_at(p->drivers[0].irqs, 0), NR_REACHED, &why);
	is_said = part_refused(p, "a move out of the window", err, MIRQ_ENOSPC, &why);
	for (uint32_t i = 0; !is_said && i < NR_SLOTS; i++)
		p->drivers[0].queues[i].is_busy = 0;
	return report_check(p->report, is_said && why.value < why.other,
			    "bridge: one that would need 0x%llx to 0x%llx is refused",
			    (unsigned long long)why.value, (unsigned long long)why.other);
}

static enum mirq_err move_all(struct world *p, struct mirq_cpus cpus, struct mirq_why *why)
{
	struct oracle_call call;
	enum mirq_err err;

	traffic_pour(p);
	oracle_call_begin(p->o, &call, "mirq_affinity_set");
	err = mirq_affinity_set(p->drivers[0].irqs, cpus, why);
	oracle_call_end(p->o, &call, err);
	traffic_end(p);
	return err;
}

static void place_again(struct world *p)
{
	uint64_t before = window_place(p), after;
	struct mirq_why why = { .text = NULL };
	uint32_t nr, nr_good, nr_moved;
	enum mirq_err err;

	err = move_all(p, (struct mirq_cpus){ .range = { NR_REACHED, 2 * NR_REACHED } }, &why);
	if (err)
		world_refused(p, "all", err, &why);
	nr_moved = driver_count_moved_all(p);
	p->nr_moved += nr_moved;
	after = window_place(p);
	nr_good = story_probe_count(p, &nr);
	(void)report_check(p->report, !err && nr_moved == nr && nr_good == nr && before != after,
			   "bridge: %u moved together, the window from 0x%llx to 0x%llx; %u of %u "
			   "arrive",
			   nr_moved, (unsigned long long)before, (unsigned long long)after, nr_good,
			   nr);
}

void part_bridge(struct world *w)
{
	struct pair pair = { .p = part_begin(w,
					     "cpus=8 posted=12 message=20 ipi=15 "
					     "end:ntb=16K,behind=root",
					     MIRQ_GUEST_NO) };
	struct world *p = pair.p;
	struct tour t;

	if (!p)
		return;
	driver_make_peer(p, 0, NR_SLOTS);
	if (pair_join(&pair, w)) {
		t = part_tour(p, (struct mirq_range){ 0, NR_REACHED });
		tell_tour(&pair, &t);
		if (refuse_outside(p))
			place_again(p);
	}
	part_stop(p);
	part_end(w, p, "bridge");
	if (pair.far)
		sim_free(pair.far);
}
