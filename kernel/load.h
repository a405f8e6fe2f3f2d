/* SPDX-License-Identifier: MIT */
/* Load: a CPU that fires the slots of a device in turn until it is told to stop. */
#ifndef KERNEL_LOAD_H
#define KERNEL_LOAD_H

#include "device.h"

struct load {
	/* Set by the caller: */
	struct firing_device *device;
	struct mirq_range slots;
	uint32_t cpu; /* not the caller's; it does nothing else meanwhile */

	/* Atomic: */
	bool is_stopping;
	uint64_t nr_fired;
	bool has_lost; /* and so it stopped by itself */
};

/* Thread context, from one CPU: start and stop belong together. */
void load_start(struct load *l);
/* False: an event got no handler. */
bool load_stop(struct load *l);

#endif
