/* SPDX-License-Identifier: MIT */
/*
 * lock.c - see lock.h. Test-and-test-and-set: sections are short, contention is rare by design
 * (locks are per CPU group, device, unit), and the host may replace the waiting by
 * mirq_host_wait().
 */
#include "lock.h"

#include <mirq/host.h>

static void take(struct mirq_host *host, _Atomic uint32_t *taken, enum mirq_wait kind)
{
	while (atomic_exchange_explicit(taken, 1, memory_order_acquire))
		while (atomic_load_explicit(taken, memory_order_relaxed))
			mirq_host_wait(host, kind);
}

uintptr_t mirqi_spin_lock(struct mirq_host *host, struct mirqi_spin *lock)
{
	uintptr_t saved = mirq_host_irq_save(host);

	take(host, &lock->taken, MIRQ_WAIT_SPIN);
	return saved;
}

void mirqi_spin_unlock(struct mirq_host *host, struct mirqi_spin *lock, uintptr_t saved)
{
	atomic_store_explicit(&lock->taken, 0, memory_order_release);
	mirq_host_irq_restore(host, saved);
}

void mirqi_mutex_lock(struct mirq_host *host, struct mirqi_mutex *mutex)
{
	take(host, &mutex->taken, MIRQ_WAIT_SLEEP);
}

void mirqi_mutex_unlock(struct mirq_host *host, struct mirqi_mutex *mutex)
{
	(void)host;
	atomic_store_explicit(&mutex->taken, 0, memory_order_release);
}
