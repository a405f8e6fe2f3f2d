/* SPDX-License-Identifier: MIT */
/*
 * Scenario run, which 'make run' shows: one machine, from its firmware to a verdict.
 *
 *	firmware -> costs of a life -> tree -> every vector fired -> every CPU reads from NVMe
 *	-> live queues are moved -> counters -> verdict
 *
 * Raised and handled never meet in one counter. edu, rocker and the like: raised is counted where
 * the driver asks the device, handled in the handler, and each event is waited for. NVMe: raised is
 * commands submitted, handled is completions that the interrupt handler reaped; nothing else reaps,
 * and a command whose interrupt does not come within a second ends the run as failed.
 */
#include "scenario.h"

#include <stddef.h>

#include "console.h"
#include "costs.h"
#include "cpu.h"
#include "device.h"
#include "nvme_steps.h"
#include "show.h"
#include "smp.h"
#include "verdict.h"

enum {
	NVME_VENDOR = 0x1b36,
	NVME_DEVICE = 0x0010,
	NR_MEASURED = 64,  /* vectors whose life is measured */
	FIRE_ROUNDS = 256, /* with edu and rocker more than 1,000 events, each waited for */
};

static struct nvme nvme;

/* On the CPU that fires. */
static void fire_all_slots(void *context)
{
	struct firing_device *d = context;

	for (uint32_t i = d->irqs.slots.first; i < d->irqs.slots.limit; i++)
		if (!firing_fire(d, i))
			return;
}

/* Each device from each CPU in turn; a device that lost an event is left alone. */
static void fire_devices(void)
{
	for (uint32_t i = 0; i < firing_nr(); i++) {
		struct firing_device *d = firing_at(i);
		struct firing_totals before = firing_totals(), after = before;

		for (uint32_t k = 0; k < FIRE_ROUNDS && after.nr_raised == after.nr_handled; k++) {
			cpu_call(k % cpu_nr(), fire_all_slots, d);
			after = firing_totals();
		}
		report(after.nr_raised == after.nr_handled,
		       "%s: %lu raised, %lu handled, from %u CPUs in turn", d->name,
		       after.nr_raised - before.nr_raised, after.nr_handled - before.nr_handled,
		       cpu_nr());
	}
}

/* The costs of moves are not those of a quiet machine: the device sends meanwhile. */
static void work_with_nvme(void)
{
	struct costs before, c;
	uint32_t nr_moves;

	nvme_step_verify(&nvme);
	before = costs_now();
	nr_moves = nvme_step_move(&nvme);
	c = costs_since(&before);
	if (nr_moves)
		costs_print("moves of live NVMe queues, one by one", nr_moves, &c);
	nvme_step_show(&nvme);
	nvme_step_end(&nvme);
}

void scenario_all(void)
{
	struct pci_function *f = pci_find(NVME_VENDOR, NVME_DEVICE, 0);
	bool has_nvme;

	verdict_begin(VERDICT_ALLOC_ALL);
	if (f)
		costs_measure(f, NR_MEASURED);
	has_nvme = f && nvme_step_begin(&nvme);
	if (!f)
		report_skip("no NVMe controller");
	show_tree();
	fire_devices();
	if (has_nvme)
		work_with_nvme();
	show_slots();
	verdict_end();
}
