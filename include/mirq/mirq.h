/* SPDX-License-Identifier: MIT */
/*
 * mirq.h - the system: create it, add CPUs, dispatch. Includes all that a driver needs; a port adds
 * host.h and its architecture (x86.h, firmware.h), authors of domains add their role's header.
 *
 *   STORE (a device's messages) -> REMAPPER(s) -> ROOT (ids of CPUs) -> dispatch -> handler
 */
#ifndef MIRQ_MIRQ_H
#define MIRQ_MIRQ_H

#include <mirq/device.h>
#include <mirq/pci.h>
#include <mirq/version.h>

struct mirq_init {
	uint32_t size_bytes;
	struct mirq_host *host; /* retained until mirq_fini() */
	uint32_t nr_cpus;       /* CPU numbers are 0..nr_cpus-1, yours, dense */
	struct mirq_why *why;
};
struct mirq_cpu_init {
	uint32_t size_bytes;
	uint32_t cpu;
	uint32_t hardware_id; /* APIC id, MPIDR, hart */
	uint32_t node;        /* NUMA node; a hint */
	struct mirq_why *why;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_init() - Create a system. Two live in one process without knowing each other.
 * @out_m: [out] the system, without a root.
 * Context: init.
 * Errors:  MIRQ_EINVAL (no CPU, size_bytes unknown), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_init(const struct mirq_init *init, struct mirq **out_m);
/**
 * mirq_fini() - Detach devices, remappers and roots, children before parents, and destroy the
 * system.
 * Context: init: no other call in progress, no dispatch to come.
 * Errors:  none.
 */
void mirq_fini(struct mirq *m);
/**
 * mirq_cpu_add() - Describe a CPU. It takes no interrupt before mirq_cpu_online().
 * Context: thread or init; any CPU for any other; after the root is attached.
 * Errors:  MIRQ_EINVAL (number beyond nr_cpus, no root), MIRQ_EEXIST, MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_cpu_add(struct mirq *m, const struct mirq_cpu_init *init);
/**
 * mirq_cpu_online() - This CPU takes interrupts from now on. Allocates nothing, moves nothing:
 * mirq_cpu_online_finish() does.
 * Context: on @cpu, interrupts off.
 * Errors:  MIRQ_ENOENT (not added), MIRQ_EIO (its controller does not answer).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_cpu_online(struct mirq *m, uint32_t cpu);
/**
 * mirq_cpu_online_finish() - After mirq_cpu_online() of a CPU that had left: bring interrupts back
 * that stand outside their requested CPUs because none of these was online. Those that found
 * another CPU of their mask stay there. Or, instead of mirq_cpu_offline_finish(): the CPU stays
 * after all, and the same interrupts come back.
 * @why: [out] NULL or filled on failure: the first.
 * Context: thread, @cpu answers kicks.
 * Errors:  MIRQ_ENOENT (not online); else what mirq_affinity_set() says of the first store that
 *          could not: MIRQ_ENOSPC, MIRQ_EBUSY, MIRQ_ENOTSUP, MIRQ_EIO. Its interrupts stay where
 *          they are, all others are back; it can be called again.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_cpu_online_finish(struct mirq *m, uint32_t cpu,
						     struct mirq_why *why);
/**
 * mirq_cpu_offline_prepare() - Move everything away from @cpu; it gets nothing new from now on.
 * @why: [out] NULL or filled on failure.
 * Each interrupt goes to a CPU of its requested set that stays online; where there is none, to any
 * CPU online, and its set is remembered (mirq_affinity_requested(), mirq_cpu_online_finish()).
 * Those that have an id and no handler go too. Then 1 ms at most for the CPU to take what has
 * arrived there; what it has not taken then it passes on in mirq_cpu_offline_finish().
 * Context: thread; all CPUs answer kicks. Other thread calls on interrupts wait meanwhile, so a
 * store's begin may not wait for a thread that calls mirq.
 * Errors:  MIRQ_ENOENT (not online), MIRQ_ENOSPC (no other CPU online; no id left: .nr_left on the
 *          CPUs looked at), MIRQ_ENOTSUP (pinned: .where the store, .value the slot; a window,
 *          .where, that lets messages to none of them through), MIRQ_EBUSY (an interrupt has not
 *          drained from its last move in 1 ms, or will never: free it; a level that was sent has
 *          not ended in 1 ms): nothing has moved. MIRQ_EIO (hardware did not confirm): the CPU
 *          stays online; what had moved stays inside its mask or is brought back there, and the
 *          interrupts of the store that failed keep both ways, as in mirq_affinity_set().
 */
MIRQ_MUST_CHECK enum mirq_err mirq_cpu_offline_prepare(struct mirq *m, uint32_t cpu,
						       struct mirq_why *why);
/**
 * mirq_cpu_offline_finish() - This CPU, prepared, takes no interrupt from now on. Events that wait
 * on it are raised again on their new ways; then its controller is switched off. Waits for nobody.
 * Context: on the CPU that leaves, interrupts off, not from a handler.
 * Errors:  MIRQ_EINVAL (not prepared: nothing was done).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_cpu_offline_finish(struct mirq *m);
/**
 * mirq_dispatch() - The CPU took @id: end it as its root wants, run its handlers.
 * Lock-free; looks nothing up: table of the CPU -> interrupt -> state word.
 * Context: dispatch: interrupt entry of @cpu, interrupts off.
 * Errors:  none; an id without an interrupt is ended and counted as stray.
 */
void mirq_dispatch(struct mirq *m, uint32_t cpu, uint32_t id);
/**
 * mirq_dispatch_claim() - The same for roots that are asked for the id, until there is none.
 * Returns: how many were taken.
 * Context: dispatch.
 * Errors:  0 (nothing was waiting, or the root cannot be asked).
 */
uint32_t mirq_dispatch_claim(struct mirq *m, uint32_t cpu);
/**
 * mirq_service() - mirq_host_kick() arrived: retire old ids, replay kept events.
 * Context: dispatch, on @cpu. The host ends its own kick interrupt.
 * Errors:  none.
 */
void mirq_service(struct mirq *m, uint32_t cpu);

MIRQ_END_DECLS

#endif
