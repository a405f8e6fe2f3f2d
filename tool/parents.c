/* SPDX-License-Identifier: MIT */
/* parents.c - see parents.h: what the parts have in common. */
#include "parents.h"

#include <mirq/bus.h>

#define TOUR_ROUNDS 6u
#define TOUR_MOVES 40u
#define PART_SEEDS 0x7fffffffu
#define PART_ENTRIES 256u

/* ---- A world inside ---- */

struct world *part_new(struct world *w, const char *machine)
{
	struct sim_error error;
	struct sim_spec spec;

	report_line(w->report, "machine", "%s", machine);
	if (sim_spec_parse(machine, &spec, &error)) {
		(void)report_check(w->report, 0, "%s: %s", error.word, error.text);
		return NULL;
	}
	spec.seed = world_random(w, PART_SEEDS);
	w->part = world_new(&spec, w->report);
	w->part->way_out = w->way_out;
	return w->part;
}

int part_attached(struct world *w, struct world *p, enum mirq_err err, const struct mirq_why *why)
{
	p->m = oracle_mirq(p->o);
	if (!err)
		return 1;
	world_refused(p, "attach", err, why);
	(void)report_check(w->report, 0, "mirq is on the machine");
	w->part = NULL;
	world_free(p);
	return 0;
}

struct world *part_begin(struct world *w, const char *machine, enum mirq_guest guest)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_x86_init x86 = { MIRQ_SIZED(mirq_x86_init), .why = &why, .guest = guest,
				     .vtd_nr_entries = PART_ENTRIES };
	struct world *p = part_new(w, machine);

	if (!p)
		return NULL;
	if (sim_spec(p->s)->nr_units)
		x86.remap = MIRQ_X86_REMAP_REQUIRED;
	return part_attached(w, p, oracle_attach(p->o, &x86), &why) ? p : NULL;
}

int part_link(struct world *p, uint32_t index, struct mirq_domain *parent)
{
	uint32_t id = sim_device_rid(sim_device_at(p->s, index));
	const struct mirq_link link = { { id, id + 1 }, 0, parent };

	return !mirq_link_add(p->m, &link) ||
	       report_check(p->report, 0, "%s is linked to its parent",
			    sim_device_name(sim_device_at(p->s, index)));
}

int part_start(struct world *p, uint32_t driver)
{
	return driver_start(&p->drivers[driver]);
}

/* ---- A tour ---- */

enum mirq_err part_move(struct world *p, struct mirq_irqs irqs, uint32_t cpu, struct mirq_why *why)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(p->o, &call, "mirq_affinity_set");
	err = mirq_affinity_set(irqs, mirq_cpus_one(cpu), why);
	oracle_call_end(p->o, &call, err);
	return err;
}

/* The old way may take its time to drain: let it, and ask once more. */
static void tour_move(struct world *p, struct tour *t, struct mirq_range cpus)
{
	struct queue *q = queue_at(p, world_random(p, queue_nr(p)));
	uint32_t cpu = cpus.first + world_random(p, cpus.limit - cpus.first);
	struct mirq_why why = { .text = NULL };
	enum mirq_err err;

	world_go_to_cpu(p);
	t->nr_moves++;
	err = part_move(p, driver_irq(q->driver, q), cpu, &why);
	if (err == MIRQ_EBUSY) {
		sim_run_until_idle(p->s);
		err = part_move(p, driver_irq(q->driver, q), cpu, &why);
	}
	if (err) {
		world_refused(p, q->driver->name, err, &why);
		t->nr_refused++;
		return;
	}
	t->nr_moved += queue_has_moved(q);
}

static void tour_again(struct world *p, struct tour *t)
{
	for (uint32_t i = 0; i < p->nr_drivers; i++) {
		struct driver *d = &p->drivers[i];

		if (!d->irqs.store)
			continue;
		world_go_to_cpu(p);
		driver_release(d);
		t->nr_failed += !driver_request(d);
		t->nr_again++;
	}
}

struct tour part_tour(struct world *p, struct mirq_range cpus)
{
	struct tour t = { 0 };

	for (uint32_t i = 0; i < TOUR_ROUNDS; i++)
		traffic_round(p);
	traffic_pour(p);
	for (uint32_t i = 0; i < TOUR_MOVES && cpus.limit; i++)
		tour_move(p, &t, cpus);
	tour_again(p, &t);
	traffic_end(p);
	p->nr_moved += t.nr_moved;
	t.nr_good = story_probe_count(p, &t.nr_irqs);
	return t;
}

int part_is_good(const struct tour *t)
{
	return t->nr_irqs && t->nr_good == t->nr_irqs && t->nr_moved && !t->nr_refused &&
	       !t->nr_failed;
}

/* ---- Refusals ---- */

int part_refused(struct world *p, const char *what, enum mirq_err seen, enum mirq_err wanted,
		 const struct mirq_why *why)
{
	world_refused(p, what, seen, why);
	return seen == wanted && why->text && why->where;
}

uint64_t part_message_address(uint32_t apic_id)
{
	return PARTS_MESSAGES | (uint64_t)apic_id << 12;
}

/* ---- The end ---- */

void part_stop(struct world *p)
{
	traffic_pour(p);
	for (uint32_t i = 0; i < p->nr_drivers; i++)
		if (p->drivers[i].irqs.store)
			driver_release(&p->drivers[i]);
	for (uint32_t i = p->nr_drivers; i--;)
		if (p->drivers[i].dev)
			driver_detach(&p->drivers[i]);
	traffic_end(p);
}

void part_end(struct world *w, struct world *p, const char *name)
{
	struct mirq_info info;
	struct counts c;

	for (uint32_t i = 0; i < p->nr_drivers; i++)
		if (p->drivers[i].nr_queues)
			story_tell_driver(p, &p->drivers[i]);
	sim_cpu_set(p->s, 0);
	oracle_rest(p->o);
	mirq_inspect(p->m, &info);
	world_leave(p);
	sim_run_until_idle(p->s);
	story_tell_oracle(p);
	c = world_counts(p);
	(void)report_check(w->report,
			   !p->is_broken && !story_nr_lost(p) && !story_nr_called_while_off(p) &&
				   !c.stray && !info.nr_irqs && !info.nr_quarantined &&
				   !sim_live(p->s) && !sim_ram_used_bytes(p->s),
			   "%s: raised=%llu handled=%llu lost=%llu stray=%llu; %u interrupts, %llu "
			   "pieces of memory left; the invariants hold",
			   name, (unsigned long long)c.raised,
			   (unsigned long long)(c.handled + c.polled),
			   (unsigned long long)story_nr_lost(p), (unsigned long long)c.stray,
			   info.nr_irqs, (unsigned long long)sim_live(p->s));
	w->parts = counts_plus(&w->parts, &c);
	w->part = NULL;
	world_free(p);
}
