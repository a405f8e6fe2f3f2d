/* SPDX-License-Identifier: MIT */
/* Monotonic time from the TSC, the same on every CPU. */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include <stdint.h>

/* Measures the TSC against the HPET or, without one, the PIT. Boot CPU, others not running. */
void clock_init(void);

uint64_t clock_now_ns(void);
uint64_t clock_tsc_hz(void);

/* Any context. Spins with PAUSE. */
void clock_delay_ns(uint64_t ns);

#endif
