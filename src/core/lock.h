/* SPDX-License-Identifier: MIT */
/*
 * lock.h - the library's two locks. A spin lock turns interrupts off; a mutex excludes threads and
 * is held over calls that may sleep. Order of taking: docs/locking.md. Not recursive.
 */
#ifndef MIRQI_LOCK_H
#define MIRQI_LOCK_H

#include <stdatomic.h>

#include <mirq/types.h>

/* MIRQ_MUST_HOLD(lock) after a declaration: the caller holds it. Read by people and scripts. */
#define MIRQ_MUST_HOLD(lock)

struct mirqi_spin {
	_Atomic uint32_t taken;
};
struct mirqi_mutex {
	_Atomic uint32_t taken;
};

/* Interrupts off, then the lock. Returns what mirqi_spin_unlock() takes. Atomic context. */
uintptr_t mirqi_spin_lock(struct mirq_host *host, struct mirqi_spin *lock);
void mirqi_spin_unlock(struct mirq_host *host, struct mirqi_spin *lock, uintptr_t saved);

/* Thread context. */
void mirqi_mutex_lock(struct mirq_host *host, struct mirqi_mutex *mutex);
void mirqi_mutex_unlock(struct mirq_host *host, struct mirqi_mutex *mutex);

#endif
