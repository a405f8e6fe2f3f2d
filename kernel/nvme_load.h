/* SPDX-License-Identifier: MIT */
/*
 * Reading with verification, on many CPUs at once: each keeps commands in flight on the queue that
 * serves it, and checks every byte against the pattern of the image (scripts/scenarios.py).
 */
#ifndef KERNEL_NVME_LOAD_H
#define KERNEL_NVME_LOAD_H

#include "cpu.h"
#include "nvme.h"

struct nvme_load_result {  /* one CPU's */
	uint64_t nr_read;  /* commands that ended well */
	uint64_t nr_wrong; /* of them: not the image's data */
};

struct nvme_load {
	/* Set by the caller: */
	struct nvme *nvme;
	uint64_t multiplier;   /* of the image's pattern */
	uint64_t nr_commands;  /* each CPU's */
	uint64_t stride_pages; /* from one command to the next; odd: all pages of a 2^n image */
	uint32_t nr_in_flight; /* on each CPU, at most NVME_MAX_COMMANDS */

	/* By CPU. The queue stays, wherever interrupts move; NULL: nvme_queue_of() at the start. */
	struct nvme_queue *queues[CPU_MAX];
	struct nvme_load_result results[CPU_MAX];

	/* Atomic: */
	bool is_stopping; /* what is in flight ends, nothing new begins */
	uint32_t nr_running;
};

/* How many commands read the image once. */
uint64_t nvme_load_nr_pages(const struct nvme *n);

/*
 * Gives every CPU its queue and starts CPUs first..limit-1, but not the own one; nvme_load_wait()
 * for the same CPUs ends it. In between, nvme_load_is_running() says whether any still works.
 */
void nvme_load_begin(struct nvme_load *load, uint32_t first_cpu, uint32_t limit_cpu);
bool nvme_load_is_running(const struct nvme_load *load);
void nvme_load_wait(struct nvme_load *load, uint32_t first_cpu, uint32_t limit_cpu);

/* On the running CPU, to the end; counts nr_running down. @context: struct nvme_load. */
void nvme_load_run(void *context);

#endif
