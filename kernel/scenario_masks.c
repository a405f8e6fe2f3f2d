/* SPDX-License-Identifier: MIT */
/*
 * Scenario masks: an interrupt that is off keeps its events as one, in the device's pending bit or
 * in software, and hands it over when it is switched on again; enables and disables nest.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "device.h"
#include "msix_peek.h"
#include "option.h"
#include "show.h"
#include "verdict.h"
#include "x86.h"

enum {
	MAX_SLOTS = 8,
	ROUNDS = 16,
	NR_FIRED = 3,
	LIMIT_NS = 1000000000,
	SETTLE_NS = 500000
};

static bool becomes_pending(struct mirq_irqs one)
{
	uint64_t start_ns = clock_now_ns();

	while (mirq_irq_pending(one) != MIRQ_PENDING_YES) {
		if (clock_now_ns() - start_ns > LIMIT_NS)
			return false;
		x86_pause();
	}
	return true;
}

static bool becomes_handled(const struct firing_device *d, uint32_t slot, uint64_t before)
{
	uint64_t start_ns = clock_now_ns();

	while (firing_nr_handled(d, slot) == before) {
		if (clock_now_ns() - start_ns > LIMIT_NS)
			return false;
		x86_pause();
	}
	clock_delay_ns(SETTLE_NS);
	return true;
}

/* The hardware is masked at the first event, so the others stand in the pending bits. */
static bool is_kept_by_device(struct firing_device *d, uint32_t slot)
{
	struct msix_peek peek;

	if (!msix_peek_init(&peek, d->function))
		return true;
	if (msix_is_masked(&peek, slot) && msix_is_pending(&peek, slot))
		return true;
	report_failure("%s: slot %u: masked %u, pending %u", d->name, slot,
		       msix_is_masked(&peek, slot), msix_is_pending(&peek, slot));
	return false;
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
	d->driver->fire(d, slot);
	is_good = becomes_pending(one);
	clock_delay_ns(SETTLE_NS);
	for (uint32_t k = 1; k < NR_FIRED; k++)
		d->driver->fire(d, slot);
	clock_delay_ns(SETTLE_NS);
	is_good &= firing_nr_handled(d, slot) == before && is_kept_by_device(d, slot);
	is_good &= !mirq_irq_enable(one);
	clock_delay_ns(SETTLE_NS);
	is_good &= firing_nr_handled(d, slot) == before;
	is_good &= !mirq_irq_enable(one) && becomes_handled(d, slot, before);
	if (!is_good || firing_nr_handled(d, slot) - before > NR_FIRED)
		report_failure("%s: slot %u: fired %u while off, handled %lu after", d->name, slot,
			       NR_FIRED, firing_nr_handled(d, slot) - before);
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
	clock_delay_ns(SETTLE_NS);
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
