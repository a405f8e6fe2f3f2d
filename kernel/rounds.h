/* SPDX-License-Identifier: MIT */
/* Every vector of every device, fired from CPU after CPU. */
#ifndef KERNEL_ROUNDS_H
#define KERNEL_ROUNDS_H

#include <stdint.h>

/*
 * Fires all allocated slots of each device @nr_rounds times, each round from the next CPU, each
 * event waited for. Reports; a device that lost an event is left alone.
 */
void rounds_fire(uint64_t nr_rounds);

#endif
