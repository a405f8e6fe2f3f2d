/* SPDX-License-Identifier: MIT */
/*
 * story_cpus.c - chapter "cpus": CPUs leave and come back, one after the other, while devices
 * interrupt. One interrupt may go to the CPU that leaves only: it goes elsewhere, and comes back
 * with it.
 */
#include "story.h"

#define CPUS_MOST 8u /* that leave */

struct leaving {
	uint32_t cpu;
	struct queue *q; /* the one that belongs there; NULL: none can move */
	uint32_t nr_left, nr_stayed, nr_back;
	uint64_t nr_taken; /* by CPUs that were away */
};

static int ask(struct world *w, uint32_t cpu, const char *name,
	       enum mirq_err (*call)(struct mirq *m, uint32_t cpu, struct mirq_why *why),
	       enum mirq_err *out_err)
{
	struct mirq_why why = { .text = NULL };
	struct oracle_call begun;

	sim_cpu_set(w->s, (cpu + 1) % sim_spec(w->s)->nr_cpus);
	oracle_call_begin(w->o, &begun, name);
	*out_err = call(w->m, cpu, &why);
	oracle_call_end(w->o, &begun, *out_err);
	w->nr_moved += driver_count_moved_all(w);
	if (*out_err)
		world_refused(w, name, *out_err, &why);
	return !*out_err;
}

static enum mirq_err call_online(struct world *w, uint32_t cpu)
{
	(void)cpu;
	return mirq_cpu_online(w->m, cpu);
}

static enum mirq_err call_finish(struct world *w, uint32_t cpu)
{
	(void)cpu;
	return mirq_cpu_offline_finish(w->m);
}

/* On the CPU itself, interrupts off. */
static int on_cpu(struct world *w, uint32_t cpu, const char *name,
		  enum mirq_err (*call)(struct world *w, uint32_t cpu))
{
	struct oracle_call begun;
	enum mirq_err err;

	sim_cpu_set(w->s, cpu);
	(void)sim_irq_set(w->s, 0);
	oracle_call_begin(w->o, &begun, name);
	err = call(w, cpu);
	oracle_call_end(w->o, &begun, err);
	(void)sim_irq_set(w->s, 1);
	sim_cpu_set(w->s, (cpu + 1) % sim_spec(w->s)->nr_cpus);
	if (err)
		(void)report_check(w->report, 0, "CPU %u: %s: %s", cpu, name, mirq_err_text(err));
	return !err;
}

/* Slots that share a message stay where they are, where no remapper stands above them. */
static int has_pinned(struct world *w)
{
	for (uint32_t i = 0; i < w->nr_drivers; i++)
		if (w->drivers[i].irqs.store && !driver_is_movable(&w->drivers[i]))
			return 1;
	return 0;
}

/* One interrupt that may go to this CPU only. */
static struct queue *settle_one(struct world *w, uint32_t cpu)
{
	uint32_t nr = queue_nr(w), first = world_random(w, nr);

	for (uint32_t i = 0; i < nr; i++) {
		struct queue *q = queue_at(w, (first + i) % nr);
		struct mirq_irqs irq = driver_irq(q->driver, q);

		if (driver_is_movable(q->driver) &&
		    oracle_move(w->o, irq, mirq_cpus_one(cpu)) == MIRQ_OK) {
			w->nr_moved += queue_has_moved(q);
			return q;
		}
	}
	return NULL;
}

static uint32_t nr_bound_to(struct world *w, uint32_t cpu)
{
	struct queue *q;
	uint32_t nr = 0, at;

	for (uint32_t i = 0; (q = queue_at(w, i)); i++)
		nr += !mirq_affinity_effective(driver_irq(q->driver, q), &at) && at == cpu;
	return nr;
}

static uint64_t nr_taken(struct world *w, uint32_t cpu)
{
	struct sim_cpu_stats stats;

	sim_cpu_stats(w->s, cpu, &stats);
	return stats.nr_taken;
}

static void come_back(struct world *w, struct leaving *l)
{
	enum mirq_err err;
	uint32_t at;

	if (!on_cpu(w, l->cpu, "mirq_cpu_online", call_online) ||
	    !ask(w, l->cpu, "mirq_cpu_online_finish", mirq_cpu_online_finish, &err))
		return;
	l->nr_back += !l->q || (!mirq_affinity_effective(driver_irq(l->q->driver, l->q), &at) &&
				at == l->cpu);
}

static void leave_and_come_back(struct world *w, struct leaving *l)
{
	struct mirq_cpu_info info;
	enum mirq_err err;
	uint64_t before;

	l->q = settle_one(w, l->cpu);
	if (!ask(w, l->cpu, "mirq_cpu_offline_prepare", mirq_cpu_offline_prepare, &err)) {
		l->nr_stayed += err == MIRQ_ENOTSUP && has_pinned(w);
		return;
	}
	if (!on_cpu(w, l->cpu, "mirq_cpu_offline_finish", call_finish))
		return;
	before = nr_taken(w, l->cpu);
	traffic_round(w);
	l->nr_left += !nr_bound_to(w, l->cpu) && !mirq_cpu_inspect(w->m, l->cpu, &info) &&
		      !info.is_online;
	l->nr_taken += nr_taken(w, l->cpu) - before;
	come_back(w, l);
}

static void play_cpus(struct world *w)
{
	uint32_t nr_cpus = sim_spec(w->s)->nr_cpus, first = world_random(w, nr_cpus);
	uint32_t nr = nr_cpus < CPUS_MOST ? nr_cpus : CPUS_MOST;
	struct leaving l = { 0 };

	traffic_pour(w);
	for (uint32_t i = 0; i < nr; i++) {
		l.cpu = (first + i) % nr_cpus;
		leave_and_come_back(w, &l);
	}
	traffic_end(w);
	(void)report_check(w->report, l.nr_left + l.nr_stayed == nr && !l.nr_taken,
			   "%u of %u CPUs left, %u stayed (slots that share a message); %llu "
			   "interrupts taken by who was away",
			   l.nr_left, nr, l.nr_stayed, (unsigned long long)l.nr_taken);
	(void)report_check(w->report, l.nr_back == l.nr_left,
			   "%u of %u came back, with the interrupt that is theirs alone", l.nr_back,
			   l.nr_left);
	story_probe(w);
}

static const char *why_not(struct world *w)
{
	if (sim_spec(w->s)->nr_cpus < 2)
		return "one CPU: it cannot leave";
	return queue_nr(w) ? NULL : "no device has interrupts";
}

const struct chapter story_cpus = {
	"cpus",
	"CPUs leave and come back while devices interrupt",
	why_not,
	play_cpus,
};
