/* SPDX-License-Identifier: MIT */
/*
 * parents_mux.c - two disks behind a controller that turns their messages into four MSI-X
 * interrupts of its own (mirq/mux.h). They go from line to line while they fire; then the lines
 * move, and what is behind them goes along.
 */
#include <mirq/mux.h>

#include "parents.h"

#define NR_LINES 4u
#define CONTROLLER 0u /* device and driver */
#define LINE_BYTES 0x1000u

struct controller {
	struct world *p;
	struct mirq_irqs lines;
	struct mirq_domain *mux;
	uint64_t nr_heard, nr_astray;
};

/* Which line is in the address; data says nothing. */
static enum sim_passage hear(void *context, const struct sim_device *d, uint64_t *address,
			     uint32_t *data)
{
	struct controller *c = context;
	uint64_t line = (*address - PARTS_MESSAGES) / LINE_BYTES;

	(void)d;
	(void)data;
	if (*address < PARTS_MESSAGES || line >= NR_LINES) {
		c->nr_astray++;
		return SIM_STOPS;
	}
	c->nr_heard++;
	sim_device_ring(sim_device_at(c->p->s, CONTROLLER), (uint32_t)line);
	return SIM_ENDS;
}

static int lines_alloc(struct controller *c, struct mirq_why *why)
{
	struct world *p = c->p;
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .why = why,
				      .placement = MIRQ_PLACE_SPREAD };

	if (!driver_attach(&p->drivers[CONTROLLER]))
		return 0;
	return !oracle_alloc(p->o, p->drivers[CONTROLLER].dev, NR_LINES, NR_LINES, MIRQ_PCI_ANY,
			     &want, &c->lines);
}

static int controller_start(struct controller *c)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_mux_init init = { MIRQ_SIZED(mirq_mux_init), .name = "VMD", .why = &why };
	enum mirq_err err = MIRQ_EINVAL;

	if (lines_alloc(c, &why)) {
		init.lines = c->lines;
		err = mirq_mux_attach(c->p->m, &init, &c->mux);
	}
	if (err)
		world_refused(c->p, "mux", err, &why);
	return report_check(c->p->report, !err, "mux: %s has %u lines", init.name,
			    mirq_irq_count(c->lines));
}

static int disk_start(struct controller *c, uint32_t index)
{
	sim_device_set_between(sim_device_at(c->p->s, index), hear, c);
	return part_link(c->p, index, c->mux) && part_start(c->p, index);
}

static uint64_t nr_sent(struct world *p, uint32_t index)
{
	struct sim_device_stats stats;

	sim_device_stats(sim_device_at(p->s, index), &stats);
	return stats.nr_sent;
}

static void tell_tour(struct controller *c, const struct tour *t)
{
	uint64_t nr_children = nr_sent(c->p, 1) + nr_sent(c->p, 2);

	(void)report_check(
		c->p->report, part_is_good(t) && nr_children == c->nr_heard && !c->nr_astray,
		"mux: %u interrupts, %u of %u moves changed the line while firing; %llu "
		"messages of disks, %llu heard; %llu of the controller",
		t->nr_irqs, t->nr_moved, t->nr_moves, (unsigned long long)nr_children,
		(unsigned long long)c->nr_heard, (unsigned long long)nr_sent(c->p, CONTROLLER));
}

/* All lines to one CPU and apart again: nobody asks for the children. */
static void lines_move(struct controller *c)
{
	struct mirq_why why = { .text = NULL };
	uint32_t nr_lines = 0, nr_along = 0, nr, nr_good;

	traffic_pour(c->p);
	for (uint32_t i = 0; i < 2 * NR_LINES; i++) {
		uint32_t cpu = i < NR_LINES ? 2 : i % NR_LINES;

		world_go_to_cpu(c->p);
		nr_lines += !part_move(c->p, mirq_irq_at(c->lines, i % NR_LINES), cpu, &why);
		nr_along += driver_count_moved_all(c->p);
	}
	traffic_end(c->p);
	c->p->nr_moved += nr_along;
	nr_good = story_probe_count(c->p, &nr);
	(void)report_check(c->p->report,
			   nr_lines == 2 * NR_LINES && nr_along && nr && nr_good == nr,
			   "mux: %u moves of lines took %u interrupts along; %u of %u arrive where "
			   "their line goes",
			   nr_lines, nr_along, nr_good, nr);
}

static void controller_stop(struct controller *c)
{
	struct driver *d = &c->p->drivers[CONTROLLER];
	struct mirq_device *dev = d->dev;
	struct world *p = c->p;

	d->dev = NULL; /* it goes last */
	part_stop(p);
	d->dev = dev;
	if (c->mux)
		(void)report_check(p->report, !mirq_secondary_detach(c->mux),
				   "mux: it is taken out, its lines are free");
	if (c->lines.store && oracle_free(p->o, c->lines))
		(void)report_check(p->report, 0, "mux: the lines are not freed");
	if (dev)
		driver_detach(d);
}

void part_mux(struct world *w)
{
	struct world *p = part_begin(
		w, "cpus=4 posted=12 message=20 ipi=15 vmd:msix=4 disk0:msix=3 disk1:msix=5",
		MIRQ_GUEST_NO);
	struct controller c = { .p = p };
	struct tour t;

	if (!p)
		return;
	if (controller_start(&c) && disk_start(&c, 1) && disk_start(&c, 2)) {
		t = part_tour(p, (struct mirq_range){ 0, NR_LINES });
		tell_tour(&c, &t);
		lines_move(&c);
	}
	controller_stop(&c);
	part_end(w, p, "mux");
}
