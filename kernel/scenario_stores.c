/* SPDX-License-Identifier: MIT */
/*
 * Scenario stores: stores of every kind that QEMU has, in one tree: MSI-X, MSI, the timers of the
 * HPET, a remapping unit's two events, and slots of edu's own beside its MSI (without a remapper
 * they are refused: a guest). All deliver at the same time: one CPU fires the device with MSI-X
 * without a pause, the timers match again and again, the others are fired between moves.
 */
#include "scenario.h"

#include <stddef.h>

#include "cpu.h"
#include "device.h"
#include "load.h"
#include "option.h"
#include "rounds.h"
#include "show.h"
#include "store_steps.h"
#include "verdict.h"

enum {
	NR_EVENTS = 200,
	NR_ROUNDS = 8,
	MIN_KINDS = 3 /* MSI-X, MSI, HPET; with a unit its events too */
};

static void fire_together(void)
{
	struct firing_device *d = firing_find("rocker", 0);
	struct load load = { .device = d, .cpu = cpu_nr() - 1 };
	bool has_load = d && load.cpu != cpu_this()->number, is_good;

	if (has_load) {
		load.slots = d->irqs.slots;
		load_start(&load);
	}
	store_step_fire((uint32_t)option_number("events", NR_EVENTS));
	is_good = !has_load || load_stop(&load);
	report(is_good, "%s: %lu fired meanwhile", d ? d->name : "no rocker", load.nr_fired);
}

void scenario_stores(void)
{
	verdict_begin(VERDICT_ALLOC_ALL);
	store_step_begin();
	show_tree();
	fire_together();
	rounds_fire(NR_ROUNDS);
	report(show_stores() >= MIN_KINDS, "stores of several kinds in one tree, all used");
	show_slots();
	store_step_end();
	verdict_end();
}
