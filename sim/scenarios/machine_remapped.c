/* SPDX-License-Identifier: MIT */
/*
 * machine_remapped.c - scenarios on the whole machine behind a VT-d unit: messages name entries,
 * and the unit keeps what it has read until it is told to forget it. Bound 1 where a bound of 2
 * takes more than about 2 s.
 *
 * The library was broken in each of these ways, one at a time, and these failed:
 *
 *   entries are not flushed                      vtd-move; vtd-stale; vtd-two-devices
 *   they are flushed before they are written     vtd-move; vtd-move-twice; vtd-stale
 *   the flush names another entry                vtd-stale; vtd-slow-move
 *   nobody waits for the unit                    vtd-move; vtd-slow-move
 *   the flush's error is passed over             vtd-dead-move
 *   what a queue error cost is not repeated      vtd-error-move
 *   no look after the time is over               vtd-error-move
 *   the present bit is written first             vtd-forge
 *   the sender is not checked                    vtd-forge; vtd-forge-move
 *   entries stay when they are freed             vtd-forge-freed
 *   entries are not cleaned                      vtd-incoherent-move
 *   a slot is written unmasked                   msix-move; pci-msi-move
 *   ids retire though pending                    msix-move-third; msix-move-back
 *   the handler is published last                msix-request; vtd-request
 *   what waits on a CPU that goes stays there    msix-offline; vtd-offline
 *   release waits for nobody                     msix-release; msix-detach
 *
 * Not found: descriptors that are not cleaned (the unit reads its queue coherently here), slots
 * that are unmasked before they are read (the writes arrive in order).
 */
#include "machine_jobs.h"

#define BUSY2 "cpus=2 ram=64K heap=64K message=1 remapped=1 "
#define UNIT2 BUSY2 "vtd=steps=1 "
#define DIRECT2 "cpus=2 ram=64K heap=64K message=1 vtd "
#define TWO "dev:msix=1,behind=root two:msix=1,behind=root"

const struct scenario scenarios_machine_remapped[] = {
	WHOLE("vtd-move", "An event while its remapped interrupt moves", 2, 28000,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1,
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise }),
	WHOLE("vtd-move-twice", "Two events while their interrupt moves", 1, 1300,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1,
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise_twice }),
	WHOLE("vtd-stale", "An event while the unit forgets the entry that it has read", 2, 14000,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1,
	      .prepare = whole_prepare_used, .jobs = { whole_move_to_1 },
	      .devices = { whole_raise }),
	WHOLE("vtd-bare-msi-move", "An MSI without a mask moves behind the unit", 1, 950,
	      .machine = UNIT2 "dev:msi=1,nomask,behind=root", .nr_devices = 1,
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise }),
	WHOLE("vtd-incoherent-move", "The unit sees only what was written back", 2, 28000,
	      .machine = BUSY2 "vtd=steps=1,coherent=0 dev:msix=1,behind=root", .nr_devices = 1,
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise }),
	WHOLE("vtd-slow-move", "The unit takes its time over each descriptor", 1, 630,
	      .machine = BUSY2 "vtd=steps=3 dev:msix=1,behind=root", .nr_devices = 1,
	      .prepare = whole_prepare_used, .jobs = { whole_move_to_1 },
	      .devices = { whole_raise }),
	WHOLE("vtd-error-move", "The unit stops at a descriptor", 1, 280,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1,
	      .prepare = whole_prepare_error, .jobs = { whole_move_to_1 },
	      .devices = { whole_raise }),
	WHOLE("vtd-dead-move", "The unit takes no descriptors any more", 1, 22,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1,
	      .prepare = whole_prepare_dead, .jobs = { whole_move_to_1 },
	      .devices = { whole_raise_after }),
	WHOLE("vtd-release", "An event while its handler is released", 2, 14000,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1, .at = { 1 },
	      .jobs = { whole_release }, .devices = { whole_raise }),
	WHOLE("vtd-disable", "An event while its interrupt is disabled and enabled", 2, 1900,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1, .at = { 1 },
	      .jobs = { whole_pause_and_sync }, .devices = { whole_raise }),
	WHOLE("vtd-request", "An event while its handler is requested", 2, 1800,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1, .at = { 1 },
	      .prepare = whole_prepare_allocated, .jobs = { whole_request },
	      .devices = { whole_raise }),
	WHOLE("vtd-offline", "An event while its CPU goes offline", 1, 6800,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1,
	      .jobs = { whole_go_offline, whole_prepare_0_offline }, .devices = { whole_raise }),
	WHOLE("vtd-replace", "A late event of a device whose entry goes to another", 2, 11000,
	      .machine = UNIT2 TWO, .nr_devices = 2, .prepare = whole_prepare_first,
	      .jobs = { whole_replace }, .devices = { whole_raise }),
	WHOLE("vtd-bare-replace", "The same; the old device cannot be masked", 2, 11000,
	      .machine = UNIT2 "dev:msi=1,nomask,behind=root two:msix=1,behind=root",
	      .nr_devices = 2, .prepare = whole_prepare_first, .jobs = { whole_replace },
	      .devices = { whole_raise }),
	WHOLE("vtd-forge", "A device sends another one's message while that is requested", 2, 960,
	      .machine = UNIT2 TWO, .nr_devices = 2, .prepare = whole_prepare_allocated,
	      .jobs = { whole_request }, .devices = { NULL, whole_forge }),
	WHOLE("vtd-forge-freed", "A device goes on sending after its entry went to another", 2,
	      13000, .machine = UNIT2 TWO, .nr_devices = 2, .prepare = whole_prepare_first,
	      .jobs = { whole_replace }, .devices = { whole_write }),
	WHOLE("vtd-forge-move", "The same while that moves", 2, 3200, .machine = UNIT2 TWO,
	      .nr_devices = 2, .jobs = { whole_move_to_1 }, .devices = { NULL, whole_forge }),
	WHOLE("vtd-two-devices", "Two CPUs move the interrupts of two devices of one unit", 1, 7600,
	      .machine = DIRECT2 TWO, .nr_devices = 2, .at = { 0, 1 },
	      .jobs = { whole_move_to_1, whole_move_second_to_0 }, .devices = { whole_raise }),
	WHOLE("vtd-leave-move", "A device is pulled out while its interrupt moves", 1, 1000,
	      .machine = UNIT2 "dev:msix=1,behind=root", .nr_devices = 1,
	      .jobs = { whole_move_to_1 }, .devices = { whole_raise_and_leave }),
	{ 0 },
};
