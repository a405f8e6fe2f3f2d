/* SPDX-License-Identifier: MIT */
/* Begin and end that all scenarios with mirq have in common. */
#ifndef KERNEL_VERDICT_H
#define KERNEL_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts mirq, attaches every device that has a driver and, if asked, gives all their vectors a
 * handler, spread over the CPUs.
 */
enum verdict_alloc {
	VERDICT_ALLOC_NOTHING,
	VERDICT_ALLOC_ALL
};
void verdict_begin(enum verdict_alloc alloc);

/* Events of devices that are not firing devices. */
void verdict_add(uint64_t nr_raised, uint64_t nr_handled);

/*
 * Frees what is allocated, checks the library's invariants, that no vector was taken for nobody,
 * and that what was raised was handled; sets the verdict's line.
 */
void verdict_end(void);

#endif
