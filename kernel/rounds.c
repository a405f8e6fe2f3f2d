/* SPDX-License-Identifier: MIT */
/*
 * Fires in rounds.
 *
 * Locking: none; CPU 0 leads, one CPU fires at a time.
 */
#include "rounds.h"

#include "cpu.h"
#include "device.h"
#include "scenario.h"
#include "smp.h"

/* On the CPU that fires. */
static void fire_all_slots(void *context)
{
	struct firing_device *d = context;

	for (uint32_t i = d->irqs.slots.first; i < d->irqs.slots.limit; i++)
		if (!firing_fire(d, i))
			return;
}

static void fire_device(struct firing_device *d, uint64_t nr_rounds)
{
	struct firing_totals before = firing_totals(), after = before;
	uint64_t nr_raised = 0, nr_handled = 0;

	for (uint64_t k = 0; k < nr_rounds && nr_raised == nr_handled; k++) {
		cpu_call(k % cpu_nr(), fire_all_slots, d);
		after = firing_totals();
		nr_raised = after.nr_raised - before.nr_raised;
		nr_handled = after.nr_handled - before.nr_handled;
	}
	report(nr_handled == nr_rounds * mirq_irq_count(d->irqs) && nr_raised == nr_handled,
	       "%s: %lu raised, %lu handled, from %u CPUs in turn", d->name, nr_raised, nr_handled,
	       cpu_nr());
}

void rounds_fire(uint64_t nr_rounds)
{
	for (uint32_t i = 0; i < firing_nr(); i++)
		fire_device(firing_at(i), nr_rounds);
}
