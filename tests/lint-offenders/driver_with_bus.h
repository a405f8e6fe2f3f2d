/* SPDX-License-Identifier: MIT */
/* The header of driver_includes_indirectly.c. */
#ifndef DRIVER_WITH_BUS_H
#define DRIVER_WITH_BUS_H

#include <mirq/bus.h> /* lint: rule 2 */
#include <mirq/mirq.h>

struct nic {
	struct mirq_device *dev;
};

#endif
