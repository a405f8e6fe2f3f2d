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

#include "device.h"
#include "option.h"
#include "rounds.h"
#include "show.h"
#include "verdict.h"

enum {
	ROUNDS = 32
};

void scenario_devices(void)
{
	verdict_begin(VERDICT_ALLOC_ALL);
	show_tree();
	rounds_fire(option_number("rounds", ROUNDS));
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
	rounds_fire(option_number("rounds", ROUNDS));
	show_slots();
	verdict_end();
}
