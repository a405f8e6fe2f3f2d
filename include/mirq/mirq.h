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
 * mirq_fini() - Detach devices, remappers and root, and destroy the system.
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
 * mirq_cpu_online() - This CPU takes interrupts from now on. Allocates nothing.
 * Context: on @cpu, interrupts off.
 * Errors:  MIRQ_ENOENT (not added), MIRQ_EIO (its controller does not answer).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_cpu_online(struct mirq *m, uint32_t cpu);
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
