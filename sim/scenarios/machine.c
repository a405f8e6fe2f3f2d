/* SPDX-License-Identifier: MIT */
/*
 * machine.c - scenarios on the whole simulated machine: none yet.
 */
#include "scenario.h"

const struct scenario scenarios_machine[] = {
	{ 0 },
};
