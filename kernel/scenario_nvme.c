/* SPDX-License-Identifier: MIT */
/* Scenario nvme: bring-up, the image verified on every CPU, queues moved under load. */
#include "nvme_steps.h"
#include "scenario.h"
#include "show.h"
#include "verdict.h"

void scenario_nvme(void)
{
	static struct nvme nvme;

	verdict_begin(VERDICT_ALLOC_ALL);
	if (nvme_step_begin(&nvme)) {
		show_tree();
		nvme_step_verify(&nvme);
		nvme_step_move(&nvme);
		nvme_step_show(&nvme);
		nvme_step_end(&nvme);
	}
	verdict_end();
}
