/* SPDX-License-Identifier: MIT */
/*
 * machine_vetted.c - scenarios of vetted stores on the whole simulated machine (../ims.c), without
 * a remapper and behind a VT-d unit. Who looks: the oracle, and the device, which sends under no
 * PASID but the owner's.
 */
#include "machine_jobs.h"

#define PLAIN2 "cpus=2 ram=64K heap=64K message=1 ipi=1 dev:array=256,idxd,behind=root"
#define UNIT2                                                                                      \
	"cpus=2 ram=64K heap=64K message=1 remapped=1 vtd=steps=1 dev:array=256,idxd,behind=root"

#define ONE .nr_devices = 1, .nr_irqs = 1, .irqs = { { .store = SIM_STORE_ARRAY } }
#define PAIR                                                                                       \
	.nr_devices = 1, .nr_irqs = 2,                                                             \
	.irqs = { { .store = SIM_STORE_ARRAY }, { .store = SIM_STORE_ARRAY } }

const struct scenario scenarios_machine_vetted[] = {
	WHOLE("idxd-move", "An event while a slot of Intel's DSA moves", 1, 900, .machine = PLAIN2,
	      ONE, .jobs = { whole_move_to_1 }, .devices = { whole_raise }),
	WHOLE("idxd-free-neighbour", "A slot is freed while its neighbour interrupts", 1, 7900,
	      .machine = PLAIN2, PAIR, .at = { 1, 1 }, .jobs = { whole_free },
	      .devices = { whole_raise, whole_raise_second }),
	WHOLE("idxd-lend-again", "An event while its slot goes to another PASID", 1, 2000,
	      .machine = PLAIN2, ONE, .at = { 1 }, .jobs = { whole_lend_again },
	      .devices = { whole_raise }),
	WHOLE("vtd-idxd-move", "An event while its remapped slot moves", 1, 900, .machine = UNIT2,
	      ONE, .jobs = { whole_move_to_1 }, .devices = { whole_raise }),
	WHOLE("vtd-idxd-lend-again", "An event while its slot and entry go to another PASID", 1,
	      10000, .machine = UNIT2, ONE, .at = { 1 }, .jobs = { whole_lend_again },
	      .devices = { whole_raise }),
	{ 0 },
};
