/* SPDX-License-Identifier: MIT */
/*
 * machine_ntb.c - scenarios of two machines at a non-transparent bridge (../ntb.c): the CPU of one
 * raises interrupts of the other by writes into a window (../port_ntb.c), while that one moves,
 * releases, requests them. The oracle looks at the machine that receives.
 *
 * CPUs are 4K apart: a window of 8K reaches CPUs 0 and 1, one of 4K has to go from one to the
 * other.
 */
#include "machine_jobs.h"

#define PLAIN2 "cpus=2 ram=64K heap=64K message=1 ipi=1 "
#define UNIT2 "cpus=2 ram=64K heap=64K message=1 remapped=1 vtd=steps=1 "
#define FAR "cpus=1 ram=64K heap=64K end:ntb=4K,behind=root"
#define FAR_WIDE "cpus=1 ram=64K heap=64K end:ntb=8K,behind=root"

/* Old data at the new CPU, or the other way round, is somebody else's message. */
#define OTHER " other:msix=1,behind=root"
#define ONE .nr_devices = 2, .nr_irqs = 2, .irqs = { { .store = SIM_STORE_PEER }, { .device = 1 } }
#define PAIR                                                                                       \
	.nr_devices = 1, .nr_irqs = 2,                                                             \
	.irqs = { { .store = SIM_STORE_PEER }, { .store = SIM_STORE_PEER } }

const struct scenario scenarios_machine_ntb[] = {
	WHOLE("ntb-move", "An event over a bridge while its interrupt moves, and the window", 1,
	      4500, .machine = PLAIN2 "dev:ntb=4K,behind=root" OTHER, ONE, .at = { 0, 1 },
	      .jobs = { whole_move_to_1 }, .far = FAR, .far_job = whole_far_raise),
	WHOLE("ntb-move-late", "The same, and the event comes once the window was closed", 1, 7100,
	      .machine = PLAIN2 "dev:ntb=4K,behind=root" OTHER, ONE, .at = { 0, 1 },
	      .jobs = { whole_move_to_1 }, .far = FAR, .far_job = whole_far_raise_late),
	WHOLE("ntb-move-near", "An event while its interrupt moves inside of the window", 1, 4500,
	      .machine = PLAIN2 "dev:ntb=8K,behind=root" OTHER, ONE, .at = { 0, 1 },
	      .jobs = { whole_move_to_1 }, .far = FAR_WIDE, .far_job = whole_far_raise),
	WHOLE("ntb-move-back", "An event while its interrupt moves there and back", 1, 12000,
	      .machine = PLAIN2 "dev:ntb=4K,behind=root" OTHER, ONE, .at = { 0, 1 },
	      .jobs = { whole_move_there_and_back }, .far = FAR, .far_job = whole_far_raise_late),
	WHOLE("ntb-posted-move", "The same once, and the peer's writes take their time", 0, 1600,
	      .machine = PLAIN2 "dev:ntb=4K,behind=root" OTHER, ONE, .at = { 0, 1 },
	      .jobs = { whole_move_to_1 },
	      .far = "cpus=1 ram=64K heap=64K posted=1 end:ntb=4K,behind=root",
	      .far_job = whole_far_raise),
	WHOLE("ntb-vtd-move", "Behind a unit: neither window nor peer hear of the move", 1, 3400,
	      .machine = UNIT2 "dev:ntb=4K,behind=root" OTHER, ONE, .at = { 0, 1 },
	      .jobs = { whole_move_to_1 }, .far = FAR, .far_job = whole_far_raise_twice),
	WHOLE("ntb-release", "An event over a bridge while its handler is released", 1, 2400,
	      .machine = PLAIN2 "dev:ntb=4K,behind=root" OTHER, ONE, .at = { 1, 1 },
	      .jobs = { whole_release }, .far = FAR, .far_job = whole_far_raise_twice),
	WHOLE("ntb-request", "An event over a bridge while its handler is requested", 1, 950,
	      .machine = PLAIN2 "dev:ntb=4K,behind=root" OTHER, ONE, .at = { 1, 1 },
	      .prepare = whole_prepare_allocated, .jobs = { whole_request }, .far = FAR,
	      .far_job = whole_far_raise_twice),
	WHOLE("ntb-neighbour", "A slot moves while its neighbour is raised", 1, 2600,
	      .machine = PLAIN2 "dev:ntb=8K,behind=root", PAIR, .jobs = { whole_move_to_1 },
	      .far = FAR_WIDE, .far_job = whole_far_raise_second),
	{ 0 },
};
