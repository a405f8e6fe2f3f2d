/* SPDX-License-Identifier: MIT */
/*
 * machine_vmd.c - scenarios behind a controller like Intel's VMD (../vmd.c): its MSI-X interrupts
 * are the lines of devices behind it, and tell nobody who it was. Line 0 starts on CPU 0, line 1 on
 * CPU 1. Every handler of a line is called for each of its interrupts, so the oracle asks of a call
 * only that the controller brought it; that each event is followed by a call it asks as ever.
 *
 * The library was broken in each of these ways, one at a time, and these failed:
 *
 *   an id of a line retires before the walk      vmd-move; vmd-move-back; vmd-vtd-move
 *   a line's handler is in no section            vmd-release; vmd-neighbour; vmd-neighbours
 *   the new id of a line leads to nobody         vmd-line-moves; vmd-vtd-line-moves
 *   a line's entry is not present for a moment   vmd-vtd-line-moves
 */
#include "machine_jobs.h"

#define PLAIN2 "cpus=2 ram=64K heap=64K message=1 ipi=1 "
#define UNIT2 "cpus=2 ram=64K heap=64K message=1 remapped=1 vtd=steps=1 "
#define VMD "vmd:msix=2,vmd,behind=root"
#define ONE "dev:msix=1,behind=vmd " VMD
#define TWO "dev:msix=1,behind=vmd two:msix=1,behind=vmd " VMD

const struct scenario scenarios_machine_vmd[] = {
	WHOLE("vmd-move", "An event while its interrupt moves to another line", 1, 1200,
	      .machine = PLAIN2 ONE, .nr_devices = 1, .jobs = { whole_move_to_1 },
	      .devices = { whole_raise }),
	WHOLE("vmd-move-back", "An event while its interrupt moves to another line and back", 1,
	      3600, .machine = PLAIN2 ONE, .nr_devices = 1, .jobs = { whole_move_there_and_back },
	      .devices = { whole_raise }),
	WHOLE("vmd-move-twice", "Two events while their interrupt moves to another line", 1, 1500,
	      .machine = PLAIN2 ONE, .nr_devices = 1, .jobs = { whole_move_to_1 },
	      .devices = { whole_raise_twice }),
	WHOLE("vmd-vtd-move", "An event while its interrupt moves; a unit remaps the lines", 1, 520,
	      .machine = UNIT2 ONE, .nr_devices = 1, .jobs = { whole_move_to_1 },
	      .devices = { whole_raise }),
	WHOLE("vmd-line-moves", "An event while its line moves", 1, 1100, .machine = PLAIN2 ONE,
	      .nr_devices = 1, .jobs = { whole_move_line }, .devices = { whole_raise }),
	WHOLE("vmd-vtd-line-moves", "The same, and a unit remaps the lines", 1, 880,
	      .machine = UNIT2 ONE, .nr_devices = 1, .jobs = { whole_move_line },
	      .devices = { whole_raise }),
	WHOLE("vmd-release", "An event while its handler is released", 2, 1800,
	      .machine = PLAIN2 ONE, .nr_devices = 1, .at = { 1 }, .jobs = { whole_release },
	      .devices = { whole_raise }),
	WHOLE("vmd-neighbour", "An event while its neighbour on the line is released", 2, 2600,
	      .machine = PLAIN2 TWO, .nr_devices = 2, .jobs = { NULL, whole_release_second },
	      .devices = { whole_raise }),
	WHOLE("vmd-neighbours", "Two devices of one line speak while one of them is released", 1,
	      4300, .machine = PLAIN2 TWO, .nr_devices = 2, .jobs = { NULL, whole_release_second },
	      .devices = { whole_raise, whole_raise_second }),
	{ 0 },
};
