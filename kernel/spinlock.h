/* SPDX-License-Identifier: MIT */
/*
 * The kernel's spin lock: test and set, interrupts off while held. All zero is unlocked.
 *
 * What it is not: fair, or recursive. Hold it for a bounded time and never across a cpu_call().
 */
#ifndef KERNEL_SPINLOCK_H
#define KERNEL_SPINLOCK_H

#include <stdint.h>

#include "x86.h"

struct spinlock {
	uint32_t is_held;
};

/* Returns what spinlock_release() takes. */
static inline uint64_t spinlock_acquire(struct spinlock *lock)
{
	uint64_t saved = x86_irq_save();

	while (__atomic_exchange_n(&lock->is_held, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock->is_held, __ATOMIC_RELAXED))
			x86_pause();
	return saved;
}

static inline void spinlock_release(struct spinlock *lock, uint64_t saved)
{
	__atomic_store_n(&lock->is_held, 0, __ATOMIC_RELEASE);
	x86_irq_restore(saved);
}

#endif
