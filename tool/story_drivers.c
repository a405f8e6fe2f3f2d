/* SPDX-License-Identifier: MIT */
/*
 * story_drivers.c - chapter "drivers": drivers go and come while other devices, and their own,
 * interrupt: release, free, alloc, request. Then the end: everything is given back.
 */
#include "story.h"

#include <stdio.h>

#define DRIVERS_ROUNDS 4u

static int go_and_come(struct world *w, struct driver *d)
{
	world_go_to_cpu(w);
	driver_release(d);
	/* A device that was not told: its message, if it sends one, is for nobody. */
	sim_device_raise_at(d->hardware, d->kind, 0);
	return driver_request(d);
}

/* Firmware that takes one message only is told no other one: its slots stay. */
static int may_go(const struct driver *d)
{
	return d->irqs.store && !(d->kind == SIM_STORE_FIRMWARE && d->spec->is_firmware_told_once);
}

static void play_drivers(struct world *w)
{
	uint32_t nr = 0, nr_good = 0;

	traffic_pour(w);
	for (uint32_t i = 0; i < DRIVERS_ROUNDS * w->nr_drivers; i++) {
		struct driver *d = &w->drivers[i % w->nr_drivers];

		if (!may_go(d))
			continue;
		nr++;
		nr_good += (uint32_t)go_and_come(w, d);
	}
	traffic_end(w);
	(void)report_check(w->report, nr_good == nr, "drivers gone and come back: %u of %u",
			   nr_good, nr);
	story_probe(w);
}

static const char *why_not(struct world *w)
{
	return queue_nr(w) ? NULL : "no device has interrupts";
}

const struct chapter story_drivers = {
	"drivers",
	"drivers go and come, their devices do not wait",
	why_not,
	play_drivers,
};

/* ---- The end ---- */

void story_tell_driver(struct world *w, const struct driver *d)
{
	uint64_t nr_raised = 0, nr_handled = 0, nr_polled = 0, nr_calls = 0;

	for (uint32_t i = 0; i < d->nr_queues; i++) {
		nr_raised += d->queues[i].nr_raised;
		nr_handled += d->queues[i].nr_handled;
		nr_polled += d->queues[i].nr_polled;
		nr_calls += d->queues[i].nr_calls;
	}
	report_line(w->report, "driver", "%-15s raised=%llu handled=%llu polled=%llu calls=%llu",
		    d->name, (unsigned long long)nr_raised, (unsigned long long)nr_handled,
		    (unsigned long long)nr_polled, (unsigned long long)nr_calls);
}

static void tell_cpus(struct world *w)
{
	uint32_t nr_cpus = sim_spec(w->s)->nr_cpus;
	struct mirq_cpu_info info;

	for (uint32_t cpu = 0; cpu < nr_cpus && cpu < 16; cpu++)
		if (!mirq_cpu_inspect(w->m, cpu, &info))
			report_line(w->report, "cpu",
				    "%-2u node %u took %llu, stray %llu, late %llu", cpu, info.node,
				    (unsigned long long)info.nr_dispatched,
				    (unsigned long long)info.nr_stray,
				    (unsigned long long)info.nr_late);
	if (nr_cpus > 16)
		report_line(w->report, "cpu", "... and %u more", nr_cpus - 16);
}

static void play_end(struct world *w)
{
	for (uint32_t i = 0; i < w->nr_drivers; i++)
		story_tell_driver(w, &w->drivers[i]);
	tell_cpus(w);
	traffic_pour(w);
	for (uint32_t i = 0; i < w->nr_drivers; i++)
		if (w->drivers[i].irqs.store)
			driver_release(&w->drivers[i]);
	for (uint32_t i = 0; i < w->nr_drivers; i++)
		if (w->drivers[i].dev)
			driver_detach(&w->drivers[i]);
	traffic_end(w);
	for (uint32_t i = 0; i < w->nr_fault_irqs; i++)
		(void)report_check(w->report, !mirq_irq_free(w->fault_irqs[i]),
				   "the fault interrupt of unit %u is given back", i);
	world_leave(w);
	sim_run_until_idle(w->s);
	(void)report_check(w->report, !sim_live(w->s) && !sim_ram_used_bytes(w->s),
			   "%llu pieces of memory and %llu bytes of the machine's left",
			   (unsigned long long)sim_live(w->s),
			   (unsigned long long)sim_ram_used_bytes(w->s));
}

const struct chapter story_end = {
	"end",
	"drivers stop, mirq leaves the machine",
	NULL,
	play_end,
};
