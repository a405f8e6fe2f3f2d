/* SPDX-License-Identifier: MIT */
/*
 * Stores beside MSI and MSI-X, in scenarios that are about more.
 *
 * Locking: none; CPU 0.
 */
#include "store_steps.h"

#include <stddef.h>

#include "cpu.h"
#include "edu_slots.h"
#include "hpet.h"
#include "provider.h"
#include "scenario.h"
#include "unit_events.h"
#include "unit_peek.h"

enum {
	DELAY_NS = 100000
};

static uint32_t nr_timers;
static bool has_unit, has_slots;

static void begin_events(void)
{
	has_unit = unit_fault_event_request() && unit_done_event_request();
	report(has_unit, "the unit's fault event and completion event are requested");
	if (has_unit)
		report(platform_is_below_root(unit_fault_event()) &&
			       platform_is_below_root(unit_done_event()),
		       "neither passes the unit that it reports on");
}

void store_step_begin(void)
{
	struct firing_device *edu = firing_find("edu", 0);
	bool is_remapped = unit_peek_init(), is_good = true;

	nr_timers = hpet_open();
	for (uint32_t i = 0; i < nr_timers; i++)
		is_good &= hpet_request(hpet_at(i), i % cpu_nr());
	if (nr_timers)
		report(is_good, "hpet: %u timers requested", nr_timers);
	if (is_remapped)
		begin_events();
	if (edu)
		has_slots = edu_slots_begin(edu, !is_remapped && !provider_is_used());
}

/* From CPU to CPU, each of them told of; the timers go round between them. */
static void fire_done(uint32_t nr)
{
	struct platform_irq *done = unit_done_event();
	bool is_good = true;

	for (uint32_t i = 0; i < nr && is_good; i++) {
		is_good = platform_move(done, i % cpu_nr()) && unit_provoke_done() &&
			  done->handled_cpu == i % cpu_nr();
		if (nr_timers)
			is_good &= hpet_move_next();
	}
	report(is_good, "done-event: %lu raised, %lu handled, %u moves", done->nr_raised,
	       platform_nr_handled(done), done->nr_moves);
}

static void fire_fault(void)
{
	struct firing_device *edu = firing_find("edu", 0);

	if (!edu)
		return;
	report(unit_block_dma(), "DMA remapping on with nothing mapped");
	unit_provoke_fault(edu, UNIT_FORBIDDEN_ADDRESS);
	report(unit_allow_dma(), "DMA remapping off");
}

void store_step_fire(uint32_t nr)
{
	bool is_good;

	if (nr_timers)
		hpet_arm_all(DELAY_NS, nr);
	if (has_unit)
		fire_done(nr);
	if (nr_timers) {
		hpet_move_all();
		is_good = hpet_wait_all() && (hpet_nr_moves() || cpu_nr() == 1);
		report(is_good, "hpet: %u timers matched %u times each, moved %u times", nr_timers,
		       nr, hpet_nr_moves());
	}
	if (has_slots)
		edu_slots_fire();
	if (has_unit)
		fire_fault();
}

void store_step_end(void)
{
	if (has_slots)
		edu_slots_end();
	for (uint32_t i = 0; i < nr_timers; i++) {
		platform_show(&hpet_at(i)->p);
		hpet_free(hpet_at(i));
	}
	if (!has_unit)
		return;
	platform_show(unit_fault_event());
	platform_show(unit_done_event());
	unit_fault_event_free();
	unit_done_event_free();
}
