/* SPDX-License-Identifier: MIT */
/*
 * Scenario masks: an interrupt that is off keeps its events as one, in the device's pending bit or
 * in software, and hands it over when it is switched on again; enables and disables nest.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "console.h"
#include "cpu.h"
#include "device.h"
#include "msix_peek.h"
#include "option.h"
#include "mirq_port.h"
#include "show.h"
#include "smp.h"
#include "verdict.h"
#include "wait.h"

enum {
	MAX_SLOTS = 8,
	ROUNDS = 16,
	LIMIT_NS = 1000000000,
};

/* Whatever was sent has been taken by the CPU that it was sent to. */
static void settle(struct mirq_irqs one)
{
	uint32_t cpu = 0;

	if (mirq_affinity_effective(one, &cpu))
		report_failure("slot %u has no CPU", one.slots.first);
	cpu_settle(cpu);
}

static bool becomes_pending(struct mirq_irqs one)
{
	struct wait w = { 0, 0 };

	while (mirq_irq_pending(one) != MIRQ_PENDING_YES)
		if (!wait_more(&w, LIMIT_NS))
			return false;
	return true;
}

/* The hardware was masked at the first event, so the second stands in the pending bits. */
static bool is_kept_by_device(struct firing_device *d, uint32_t slot)
{
	struct wait w = { 0, 0 };
	struct msix_peek peek;

	if (!msix_peek_init(&peek, d->function))
		return true;
	while (!msix_is_masked(&peek, slot) || !msix_is_pending(&peek, slot)) {
		if (wait_more(&w, LIMIT_NS))
			continue;
		report_failure("%s: slot %u: masked %u, pending %u", d->name, slot,
			       msix_is_masked(&peek, slot), msix_is_pending(&peek, slot));
		return false;
	}
	return true;
}

/* Two events while off: the first is kept by mirq, which masks, the second by the device. */
static bool keep_two(struct firing_device *d, struct mirq_irqs one)
{
	uint32_t slot = one.slots.first;
	uint64_t before = firing_nr_handled(d, slot);
	bool is_good;

	d->driver->fire(d, slot);
	is_good = becomes_pending(one);
	settle(one);
	d->driver->fire(d, slot);
	is_good &= is_kept_by_device(d, slot);
	settle(one);
	return is_good && firing_nr_handled(d, slot) == before;
}

/* They come as one or as two. */
static bool is_delivered(struct firing_device *d, struct mirq_irqs one, uint64_t before)
{
	uint32_t slot = one.slots.first;
	struct wait w = { 0, 0 };

	while (firing_nr_handled(d, slot) == before)
		if (!wait_more(&w, LIMIT_NS))
			return false;
	settle(one);
	settle(one);
	return firing_nr_handled(d, slot) - before <= 2;
}

static bool keep_and_deliver(struct firing_device *d, uint32_t i)
{
	struct mirq_irqs one = mirq_irq_at(d->irqs, i);
	uint32_t slot = one.slots.first;
	uint64_t before = firing_nr_handled(d, slot);
	bool is_good;

	d->slots[slot].may_merge = true;
	mirq_irq_disable(one);
	mirq_irq_disable(one);
	is_good = keep_two(d, one) && !mirq_irq_enable(one);
	settle(one);
	is_good &= firing_nr_handled(d, slot) == before && !mirq_irq_enable(one) &&
		   is_delivered(d, one, before);
	if (!is_good)
		report_failure("%s: slot %u: fired twice while off, handled %lu after", d->name,
			       slot, firing_nr_handled(d, slot) - before);
	d->slots[slot].nr_merged += firing_nr_waiting(d, slot);
	return is_good;
}

/* Off and on again with nothing sent between: nothing may come. */
static bool toggle_quietly(struct firing_device *d, uint32_t i)
{
	struct mirq_irqs one = mirq_irq_at(d->irqs, i);
	uint64_t before = firing_nr_handled(d, one.slots.first);
	bool is_good;

	mirq_irq_disable(one);
	is_good = !mirq_irq_enable(one);
	settle(one);
	return is_good && firing_nr_handled(d, one.slots.first) == before &&
	       mirq_irq_enable(one) == MIRQ_EINVAL && mirq_irq_pending(one) != MIRQ_PENDING_YES;
}

static void try_device(struct firing_device *d, uint32_t nr_rounds)
{
	uint32_t nr_slots = mirq_irq_count(d->irqs), nr_good = 0, nr = 0;

	for (uint32_t round = 0; round < nr_rounds; round++) {
		for (uint32_t i = 0; i < nr_slots && i < MAX_SLOTS; i++) {
			nr++;
			nr_good += keep_and_deliver(d, i) && toggle_quietly(d, i) &&
				   firing_fire(d, d->irqs.slots.first + i);
		}
	}
	report(nr_good == nr, "%s: %u of %u times events kept while off, once nested", d->name,
	       nr_good, nr);
}

void scenario_masks(void)
{
	uint32_t nr_rounds = (uint32_t)option_number("rounds", ROUNDS);
	struct mirq_info info;

	verdict_begin(VERDICT_ALLOC_ALL);
	for (uint32_t i = 0; i < firing_nr(); i++)
		try_device(firing_at(i), nr_rounds);
	mirq_inspect(port_mirq(), &info);
	print("kept in software: %lu\n", info.nr_kept);
	show_slots();
	verdict_end();
}
