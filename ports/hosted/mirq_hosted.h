/* SPDX-License-Identifier: MIT */
/*
 * mirq_hosted.h - mirq in a POSIX process: threads play CPUs. For tests, for developing drivers,
 * and the port to read first.
 *
 * A thread is bound to a CPU number. Interrupts of a CPU are excluded by a mutex of that CPU, which
 * irq_save holds; mirq_hosted_interrupt() takes it, becomes that CPU and calls in, as hardware
 * would. Kicks are remembered and served when interrupts come back on, while waiting, or by a
 * thread of the CPU. Solo (the default): whichever thread is there serves every CPU. Memory calls
 * are counted and may be made to fail.
 */
#ifndef MIRQ_HOSTED_H
#define MIRQ_HOSTED_H

#include <pthread.h>
#include <stdatomic.h>

#include <mirq/host.h>
#include <mirq/mirq.h>

#define MIRQ_HOSTED_CPUS 64
#define MIRQ_HOSTED_REGIONS 16

struct mirq_hosted_cpu {
	pthread_mutex_t irq; /* held: interrupts are off, or one is being taken */
	_Atomic int is_kicked;
	_Atomic uint64_t nr_kicks;
};

/* Physical addresses physical.. that mirq_host_map() finds at memory. */
struct mirq_hosted_region {
	uint64_t physical;
	void *memory;
	size_t size_bytes;
};

struct mirq_host {
	struct mirq *m; /* whom kicks serve; set after mirq_init() */
	struct mirq_hosted_cpu cpus[MIRQ_HOSTED_CPUS];
	struct mirq_hosted_region regions[MIRQ_HOSTED_REGIONS];
	uint32_t nr_regions;
	int has_threads; /* not solo: each CPU has a thread that calls mirq_hosted_serve() */
	/* PCI configuration space; NULL: nothing answers. */
	uint32_t (*pci_read)(void *bus, struct mirq_pci_address a, uint32_t offset, uint32_t width);
	void (*pci_write)(void *bus, struct mirq_pci_address a, uint32_t offset, uint32_t width,
			  uint32_t value);
	void *bus;
	/* Memory, counted: alloc, dma_alloc and map. */
	_Atomic uint64_t nr_calls;
	_Atomic uint64_t fail_at;    /* this call fails; 0: none */
	_Atomic int fail_persistent; /* and every one after it */
	_Atomic int64_t live_bytes, nr_live;
	_Atomic uint64_t nr_logs;
	_Atomic uint64_t extra_ns; /* added to the clock, to make time pass */
	/* The clock is extra_ns, which goes on by 1 us with each wait. Set before threads. */
	int is_clock_still;
};

/* Zero @host and make its locks. */
void mirq_hosted_init(struct mirq_host *host);
void mirq_hosted_fini(struct mirq_host *host);
/* This thread plays @cpu from now on. */
void mirq_hosted_bind(uint32_t cpu);
/* Take an interrupt on @cpu: call @take(context) there with interrupts off. */
void mirq_hosted_interrupt(struct mirq_host *host, uint32_t cpu, void (*take)(void *context),
			   void *context);
/* The same for mirq_dispatch(host->m, cpu, id). */
void mirq_hosted_dispatch(struct mirq_host *host, uint32_t cpu, uint32_t id);
/* Serve kicks of @cpu. */
void mirq_hosted_serve(struct mirq_host *host, uint32_t cpu);
/* Make memory calls number @at (counted from now), and all after it if @persistent, fail. 0:
 * none. */
void mirq_hosted_fail(struct mirq_host *host, uint64_t at, int persistent);
/* Let mirq_host_map() find @memory at @physical. */
void mirq_hosted_region(struct mirq_host *host, uint64_t physical, void *memory, size_t size_bytes);

#endif
