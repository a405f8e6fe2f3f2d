/* SPDX-License-Identifier: MIT */
/*
 * Scenario run, which 'make run' shows: one machine, from its firmware to a verdict.
 *
 *	firmware -> costs of a life -> tree -> every vector fired, timers and the unit's events too
 *	-> every CPU reads from NVMe -> live queues are moved -> counters -> verdict
 *
 * Raised and handled never meet in one counter. edu, rocker and the like: raised is counted where
 * the driver asks the device, handled in the handler, and each event is waited for. NVMe: raised is
 * commands submitted, handled is completions that the interrupt handler reaped; nothing else reaps,
 * and a command whose interrupt does not come within a second ends the run as failed.
 */
#include "scenario.h"

#include <stddef.h>

#include "costs.h"
#include "nvme_steps.h"
#include "pci.h"
#include "rounds.h"
#include "show.h"
#include "store_steps.h"
#include "verdict.h"

enum {
	NVME_VENDOR = 0x1b36,
	NVME_DEVICE = 0x0010,
	NR_MEASURED = 64,  /* vectors whose life is measured */
	NR_EVENTS = 64,    /* of each register store */
	FIRE_ROUNDS = 256, /* with edu and rocker more than 1,000 events, each waited for */
};

static struct nvme nvme;

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
	show_stores();
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
	store_step_begin();
	show_tree();
	rounds_fire(FIRE_ROUNDS);
	store_step_fire(NR_EVENTS);
	if (has_nvme)
		work_with_nvme();
	show_slots();
	store_step_end();
	verdict_end();
}
