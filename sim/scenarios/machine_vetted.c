/* SPDX-License-Identifier: MIT */
/*
 * machine_vetted.c - scenarios of vetted stores on the whole simulated machine (../ims.c), without
 * a remapper and behind a VT-d unit. Who looks: the oracle, and the device, which sends under no
 * PASID, for no event queue, but the owner's.
 */
#include "machine_jobs.h"

#define PLAIN2 "cpus=2 ram=64K heap=64K message=1 ipi=1 "
#define UNIT2 "cpus=2 ram=64K heap=64K message=1 remapped=1 vtd=steps=1 "

#define DSA "dev:array=256,idxd,behind=root"

#define ONE(store_) .nr_devices = 1, .nr_irqs = 1, .irqs = { { .store = store_ } }
#define PAIR                                                                                       \
	.nr_devices = 1, .nr_irqs = 2,                                                             \
	.irqs = { { .store = SIM_STORE_ARRAY }, { .store = SIM_STORE_ARRAY } }

const struct scenario scenarios_machine_vetted[] = {
	WHOLE("idxd-move", "An event while a slot of Intel's DSA moves", 1, 900,
	      .machine = PLAIN2 DSA, ONE(SIM_STORE_ARRAY), .jobs = { whole_move_to_1 },
	      .devices = { whole_raise }),
	WHOLE("idxd-free-neighbour", "A slot is freed while its neighbour interrupts", 1, 7900,
	      .machine = PLAIN2 DSA, PAIR, .at = { 1, 1 }, .jobs = { whole_free },
	      .devices = { whole_raise, whole_raise_second }),
	WHOLE("idxd-lend-again", "An event while its slot goes to another PASID", 1, 2000,
	      .machine = PLAIN2 DSA, ONE(SIM_STORE_ARRAY), .at = { 1 },
	      .jobs = { whole_lend_again }, .devices = { whole_raise }),
	WHOLE("vtd-idxd-move", "An event while its remapped slot moves", 1, 900,
	      .machine = UNIT2 DSA, ONE(SIM_STORE_ARRAY), .jobs = { whole_move_to_1 },
	      .devices = { whole_raise }),
	WHOLE("vtd-idxd-lend-again", "An event while its slot and entry go to another PASID", 1,
	      10000, .machine = UNIT2 DSA, ONE(SIM_STORE_ARRAY), .at = { 1 },
	      .jobs = { whole_lend_again }, .devices = { whole_raise }),
	WHOLE("mlx5-move", "An event while the message of an event queue changes", 1, 1000,
	      .machine = PLAIN2 "dev:queue=2,mlx5,steps=1,behind=root", ONE(SIM_STORE_QUEUE),
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise }),
	WHOLE("mlx5-refused-move", "The adapter refuses a command of a move", 1, 1300,
	      .machine = PLAIN2 "dev:queue=2,mlx5,behind=root", ONE(SIM_STORE_QUEUE),
	      .prepare = whole_prepare_refused, .jobs = { whole_move_at_last },
	      .devices = { whole_raise_twice }),
	WHOLE("mlx5-deaf-move", "The adapter does no commands any more", 1, 42,
	      .machine = PLAIN2 "dev:queue=2,mlx5,behind=root", ONE(SIM_STORE_QUEUE),
	      .prepare = whole_prepare_deaf, .jobs = { whole_move_to_1 },
	      .devices = { whole_raise_after }),
	WHOLE("mlx5-reset-move", "Commands are lost in the middle of a move", 1, 1800,
	      .machine = PLAIN2 "dev:queue=2,mlx5,steps=1,behind=root", ONE(SIM_STORE_QUEUE),
	      .jobs = { whole_move_at_last }, .devices = { whole_raise_and_reset_queue }),
	WHOLE("mlx5-lend-again", "An event while a slot goes to another event queue", 1, 2500,
	      .machine = PLAIN2 "dev:queue=2,mlx5,behind=root", ONE(SIM_STORE_QUEUE), .at = { 1 },
	      .jobs = { whole_lend_again }, .devices = { whole_raise }),
	WHOLE("vtd-mlx5-move", "An event while its remapped slot moves", 1, 820,
	      .machine = UNIT2 "dev:queue=2,mlx5,behind=root", ONE(SIM_STORE_QUEUE),
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise }),
	WHOLE("ath11k-move", "Events while the users inside a device are told one by one", 1, 1500,
	      .machine = PLAIN2 "dev:firmware=1,ath11k,behind=root", ONE(SIM_STORE_FIRMWARE),
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise_twice }),
	WHOLE("ath11k-refused-move", "A user inside a device refuses its message at first", 1, 2000,
	      .machine = PLAIN2 "dev:firmware=1,ath11k,behind=root", ONE(SIM_STORE_FIRMWARE),
	      .prepare = whole_prepare_refused, .jobs = { whole_move_at_last },
	      .devices = { whole_raise_twice }),
	WHOLE("ath11k-release-request", "An event while a device is silenced and told again", 1,
	      1100, .machine = PLAIN2 "dev:firmware=1,ath11k,behind=root", ONE(SIM_STORE_FIRMWARE),
	      .at = { 1 }, .jobs = { whole_release_and_request }, .devices = { whole_raise_twice }),
	WHOLE("vtd-ath11k-move", "Events while the entry of a device told once moves", 1, 1000,
	      .machine = UNIT2 "dev:firmware=1,ath11k,once,behind=root", ONE(SIM_STORE_FIRMWARE),
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise_twice }),
	{ 0 },
};
