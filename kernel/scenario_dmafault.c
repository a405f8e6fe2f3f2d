/* SPDX-License-Identifier: MIT */
/*
 * Scenario dmafault: a device reads memory that it may not. The unit records a fault and sends its
 * fault event, which mirq carries like any other interrupt, and mirq decodes the record.
 *
 * The fault event is a store below the root: it does not pass the unit that it reports on.
 */
#include "scenario.h"

#include <stddef.h>

#include "cpu.h"
#include "show.h"
#include "unit_events.h"
#include "unit_peek.h"
#include "verdict.h"

enum {
	NR_FAULTS = 3
};

static void try_faults(struct firing_device *d)
{
	struct platform_irq *event = unit_fault_event();

	report(unit_block_dma(), "DMA remapping on with nothing mapped");
	for (uint32_t i = 0; i < NR_FAULTS; i++) {
		unit_provoke_fault(d, UNIT_FORBIDDEN_ADDRESS + i * 0x1000);
		platform_move(event, (i + 1) % cpu_nr());
	}
	report(firing_fire(d, 0), "%s: its interrupt still arrives", d->name);
	report(unit_allow_dma(), "DMA remapping off");
	report(unit_faults()->nr == NR_FAULTS && platform_nr_handled(event) == NR_FAULTS,
	       "%lu faults in %lu events", unit_faults()->nr, platform_nr_handled(event));
}

void scenario_dmafault(void)
{
	struct firing_device *d;
	bool is_good;

	verdict_begin(VERDICT_ALLOC_ALL);
	d = firing_find("edu", 0);
	if (!d || !unit_peek_init()) {
		report_skip("no edu, or no remapping unit");
	} else {
		is_good = unit_fault_event_request();
		report(is_good, "the unit's fault event is requested");
		show_tree();
		if (is_good) {
			report(platform_is_below_root(unit_fault_event()),
			       "the fault event does not pass the unit that it reports on");
			try_faults(d);
			unit_fault_event_free();
		}
	}
	verdict_end();
}
