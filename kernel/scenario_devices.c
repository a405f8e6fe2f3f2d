/* SPDX-License-Identifier: MIT */
/*
 * Scenarios devices and bridges: every vector of every device, fired from CPU after CPU, each
 * event waited for.
 *
 * With many CPUs not every pair of slot and firing CPU is tried: rounds= says how many times all
 * slots are fired, each time from the next CPU.
 */
#include "scenario.h"

#include <stddef.h>

#include "cpu.h"
#include "device.h"
#include "option.h"
#include "show.h"
#include "smp.h"
#include "verdict.h"

enum {
	ROUNDS = 32
};

/* On the CPU that fires. */
static void fire_all_slots(void *context)
{
	struct firing_device *d = context;

	for (uint32_t i = d->irqs.slots.first; i < d->irqs.slots.limit; i++)
		if (!firing_fire(d, i))
			return;
}

static void fire_everything(void)
{
	uint64_t nr_rounds = option_number("rounds", ROUNDS);

	for (uint32_t i = 0; i < firing_nr(); i++) {
		struct firing_device *d = firing_at(i);
		struct firing_totals before = firing_totals(), after;

		for (uint32_t round = 0; round < nr_rounds; round++)
			cpu_call(round % cpu_nr(), fire_all_slots, d);
		after = firing_totals();
		report(after.nr_handled - before.nr_handled == nr_rounds * mirq_irq_count(d->irqs),
		       "%s: %lu rounds, %lu raised, %lu handled", d->name, nr_rounds,
		       after.nr_raised - before.nr_raised, after.nr_handled - before.nr_handled);
	}
}

void scenario_devices(void)
{
	verdict_begin(VERDICT_ALLOC_ALL);
	show_tree();
	fire_everything();
	show_slots();
	verdict_end();
}

/* How many bridges are between a function and the CPU. */
static uint32_t depth_of(const struct pci_function *f)
{
	uint32_t depth = 0;

	for (f = f->bridge; f; f = f->bridge)
		depth++;
	return depth;
}

void scenario_bridges(void)
{
	uint32_t nr_behind = 0, max_depth = 0;

	verdict_begin(VERDICT_ALLOC_ALL);
	for (uint32_t i = 0; i < firing_nr(); i++) {
		uint32_t depth = depth_of(firing_at(i)->function);

		nr_behind += depth > 0;
		max_depth = depth > max_depth ? depth : max_depth;
	}
	report(nr_behind, "%u of %u devices behind bridges, up to %u deep", nr_behind, firing_nr(),
	       max_depth);
	show_tree();
	fire_everything();
	show_slots();
	verdict_end();
}
