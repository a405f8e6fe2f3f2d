/* SPDX-License-Identifier: MIT */
/*
 * Fires in a loop on another CPU.
 *
 * Locking: the flags are atomic.
 */
#include "load.h"

#include "smp.h"

static void run(void *context)
{
	struct load *l = context;
	uint32_t slot = l->slots.first;

	while (!__atomic_load_n(&l->is_stopping, __ATOMIC_ACQUIRE)) {
		if (!firing_fire(l->device, slot)) {
			__atomic_store_n(&l->has_lost, true, __ATOMIC_RELEASE);
			return;
		}
		__atomic_add_fetch(&l->nr_fired, 1, __ATOMIC_RELAXED);
		if (++slot == l->slots.limit)
			slot = l->slots.first;
	}
}

void load_start(struct load *l)
{
	l->is_stopping = l->has_lost = false;
	l->nr_fired = 0;
	for (uint32_t i = l->slots.first; i < l->slots.limit; i++)
		l->device->slots[i].has_load = true;
	cpu_call_begin(l->cpu, run, l);
}

bool load_stop(struct load *l)
{
	__atomic_store_n(&l->is_stopping, true, __ATOMIC_RELEASE);
	cpu_call_wait(l->cpu);
	return !l->has_lost;
}
