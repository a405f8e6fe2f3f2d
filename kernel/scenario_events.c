/* SPDX-License-Identifier: MIT */
/*
 * Scenario events: a remapping unit's fault event and its completion event, two register stores of
 * one unit side by side. Each is raised on purpose, on every CPU in turn, between the other's;
 * neither way leads through the unit. A device's own interrupt, which does, goes on.
 */
#include "scenario.h"

#include <stddef.h>

#include "cpu.h"
#include "option.h"
#include "show.h"
#include "unit_events.h"
#include "unit_peek.h"
#include "verdict.h"

enum {
	NR_ROUNDS = 3, /* of the copy that is a fault: 100 ms each */
	NR_DONE = 16   /* completions a round */
};

static bool provoke_done_on_each_cpu(uint64_t nr)
{
	struct platform_irq *done = unit_done_event();

	for (uint64_t i = 0; i < nr; i++) {
		uint32_t cpu = (uint32_t)(i % cpu_nr());

		if (!platform_move(done, cpu) || !unit_provoke_done())
			return false;
		if (done->handled_cpu != cpu) {
			report_failure("done-event: at CPU %u, handled on CPU %u", cpu,
				       done->handled_cpu);
			return false;
		}
	}
	return true;
}

static void try_both(struct firing_device *d)
{
	struct platform_irq *fault = unit_fault_event(), *done = unit_done_event();
	bool is_good = true;

	report(unit_block_dma(), "DMA remapping on with nothing mapped");
	for (uint32_t round = 0; round < NR_ROUNDS && is_good; round++) {
		is_good = provoke_done_on_each_cpu(NR_DONE) && firing_fire(d, 0) &&
			  platform_move(fault, (round + 1) % cpu_nr()) &&
			  unit_provoke_fault(d, UNIT_FORBIDDEN_ADDRESS + round * 0x1000);
		if (is_good && fault->handled_cpu != (round + 1) % cpu_nr())
			report_failure("fault-event: handled on CPU %u", fault->handled_cpu);
	}
	report(unit_allow_dma(), "DMA remapping off");
	report(is_good && !done->nr_empty && unit_faults()->nr == NR_ROUNDS,
	       "%lu completions and %lu faults told, %u and %u moves", platform_nr_handled(done),
	       platform_nr_handled(fault), done->nr_moves, fault->nr_moves);
}

void scenario_events(void)
{
	struct firing_device *d;
	bool is_good;

	verdict_begin(VERDICT_ALLOC_ALL);
	d = firing_find("edu", 0);
	is_good = d && unit_peek_init() && unit_fault_event_request() && unit_done_event_request();
	report(is_good, "both events of the unit are requested");
	show_tree();
	if (is_good) {
		report(platform_is_below_root(unit_fault_event()) &&
			       platform_is_below_root(unit_done_event()),
		       "neither passes the unit that it reports on");
		try_both(d);
		platform_show(unit_fault_event());
		platform_show(unit_done_event());
		unit_fault_event_free();
		unit_done_event_free();
	}
	verdict_end();
}
