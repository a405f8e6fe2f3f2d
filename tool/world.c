/* SPDX-License-Identifier: MIT */
/* world.c - making a world, counting in it, asking it. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_NS UINT64_C(20000000)
#define LIMIT_POINTS UINT64_C(1000000)
#define LIMIT_WAITS 64u

/* Every interrupt twice: what was given back is remembered as long as it may be late. */
static uint32_t nr_lines(const struct world *w)
{
	uint32_t nr = 8;

	for (uint32_t i = 0; i < w->nr_drivers; i++)
		nr += 2 * w->drivers[i].nr_queues;
	return nr;
}

/* How long one call of mirq may take: on a slow machine longer. */
static void set_limits(struct world *w, const struct sim_spec *spec)
{
	const struct sim_timing *t = &spec->timing;
	uint64_t slow = (uint64_t)t->posted + t->message + t->remapped + t->ipi;

	for (uint32_t i = 0; i < spec->nr_units; i++)
		slow += spec->units[i].nr_steps + spec->units[i].nr_command_steps;
	for (uint32_t i = 0; i < spec->nr_devices; i++)
		slow += (uint64_t)spec->devices[i].nr_steps * (1 + spec->devices[i].nr_queue);
	oracle_limits(w->o, LIMIT_NS + LIMIT_WAITS * slow * spec->tick_ns,
		      LIMIT_POINTS + LIMIT_WAITS * slow);
}

struct world *world_new(const struct sim_spec *spec, struct report *r)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w)
		w->s = sim_new(spec);
	if (!w || !w->s) {
		fprintf(stderr, "mirq sim: out of memory: the machine is too large\n");
		exit(1);
	}
	w->report = r;
	w->random = spec->seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	driver_make_all(w);
	w->o = oracle_new(w->s, nr_lines(w));
	set_limits(w, spec);
	sim_set_hook(w->s, world_on_point, w);
	return w;
}

void world_free(struct world *w)
{
	driver_free_all(w);
	oracle_free_memory(w->o);
	sim_free(w->s);
	free(w);
}

uint32_t world_random(struct world *w, uint32_t limit)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)((w->random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % limit;
}

void world_refused(struct world *w, const char *what, enum mirq_err err, const struct mirq_why *why)
{
	report_line(w->report, "refused", "%s: %s: %s", what, mirq_err_text(err),
		    why->text ? why->text : "no more is known");
	if (why->where)
		report_line(w->report, "refused",
			    "  at %s, rule %u, wanted %u, left %u, value %llu", why->where,
			    why->rule, why->nr_wanted, why->nr_left,
			    (unsigned long long)why->value);
}

void world_go_to_cpu(struct world *w)
{
	sim_cpu_set(w->s, world_random(w, sim_spec(w->s)->nr_cpus));
}

/* ---- Counting ---- */

static void count_machine(struct world *w, struct counts *c)
{
	const struct sim_spec *spec = sim_spec(w->s);
	struct sim_stats machine;

	sim_stats(w->s, &machine);
	c->reads = machine.nr_reads;
	c->writes = machine.nr_writes;
	c->kicks = machine.nr_ipis;
	for (uint32_t cpu = 0; cpu < spec->nr_cpus; cpu++) {
		struct sim_cpu_stats stats;

		sim_cpu_stats(w->s, cpu, &stats);
		c->interrupts += stats.nr_taken;
	}
	for (uint32_t i = 0; i < spec->nr_units; i++) {
		struct sim_unit_stats stats;

		sim_unit_stats(sim_unit(w->s, i), &stats);
		c->blocked += stats.nr_blocked;
	}
	for (uint32_t i = 0; i < spec->nr_devices; i++) {
		struct sim_device_stats stats;

		sim_device_stats(sim_device_at(w->s, i), &stats);
		c->kept += stats.nr_kept;
	}
}

static void count_mirq(struct world *w, struct counts *c)
{
	struct mirq_domain *domain = NULL;
	struct mirq_cpu_info cpu;
	struct mirq_info info;

	mirq_inspect(w->m, &info);
	c->kept += info.nr_kept;
	while ((domain = mirq_domain_next(w->m, domain))) {
		struct mirq_domain_info d;
		struct mirq_vtd_stats vtd;

		mirq_domain_inspect(domain, &d);
		c->flushes += d.nr_flushes;
		c->programmed += d.nr_programmed;
		if (!mirq_vtd_inspect(domain, &vtd))
			c->waits += vtd.nr_waits;
	}
	for (uint32_t i = 0; !mirq_cpu_inspect(w->m, i, &cpu); i++) {
		c->stray += cpu.nr_stray;
		c->late += cpu.nr_late;
	}
}

struct counts world_counts(struct world *w)
{
	struct oracle_stats oracle;
	struct counts c = { 0 };

	if (w->m)
		count_mirq(w, &c);
	else
		c = w->ended;
	count_machine(w, &c);
	for (uint32_t i = 0; i < w->nr_drivers; i++) {
		const struct driver *d = &w->drivers[i];

		for (uint32_t k = 0; k < d->nr_queues; k++) {
			c.raised += d->queues[k].nr_raised;
			c.handled += d->queues[k].nr_handled;
			c.polled += d->queues[k].nr_polled;
		}
	}
	c.moved = w->nr_moved;
	oracle_stats(w->o, &oracle);
	c.reported = oracle.nr_faults;
	c.judged = oracle.nr_checks;
	return counts_plus(&c, &w->parts);
}

void world_leave(struct world *w)
{
	oracle_rest(w->o);
	count_mirq(w, &w->ended);
	(void)oracle_finish(w->o);
	w->m = NULL;
}
