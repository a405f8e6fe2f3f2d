/* SPDX-License-Identifier: MIT */
/*
 * Two CPUs that wait for a third one can keep it from running at all, where the host has two.
 *
 * Locking: none; the struct is the caller's.
 */
#include "wait.h"

#include "clock.h"
#include "lapic.h"
#include "x86.h"

enum {
	NR_SPINS = 1000,
	NAP_TICKS = 50000
};

bool wait_more(struct wait *w, uint64_t limit_ns)
{
	uint64_t now_ns = clock_now_ns();

	if (!w->start_ns)
		w->start_ns = now_ns;
	if (now_ns - w->start_ns > limit_ns)
		return false;
	if (w->nr_spins++ < NR_SPINS)
		x86_pause();
	else
		lapic_nap(NAP_TICKS);
	return true;
}
