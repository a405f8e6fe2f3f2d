/* SPDX-License-Identifier: MIT */
/*
 * The load generator. A thread looks at the state of its own commands, in memory, which only the
 * handler changes: it never looks at a completion queue.
 *
 * Locking: a command belongs to the thread that took it; results are each CPU's own.
 */
#include "nvme_load.h"

#include <stddef.h>

#include "lapic.h"
#include "scenario.h"
#include "smp.h"

enum {
	LOOPS_PER_ROUND = 2000,
	ROUNDS_BEFORE_NAP = 8,
	NAP_TICKS = 50000
};

struct worker {
	struct nvme_load *load;
	struct nvme_queue *queue;
	struct nvme_load_result *result;
	uint64_t first_page, nr_started;
	struct nvme_command *commands[NVME_MAX_COMMANDS]; /* taken by this worker */
};

static uint32_t blocks_per_page(const struct nvme *n)
{
	return NVME_PAGE_BYTES / n->block_bytes;
}

uint64_t nvme_load_nr_pages(const struct nvme *n)
{
	return (n->nr_blocks + blocks_per_page(n) - 1) / blocks_per_page(n);
}

/* The next page of this worker; the last page of an image may be short. */
static void start_next(struct worker *w, struct nvme_command *c)
{
	const struct nvme *n = w->load->nvme;
	uint64_t page = (w->first_page + w->nr_started * w->load->stride_pages) %
			nvme_load_nr_pages(n);
	uint64_t block = page * blocks_per_page(n);
	uint64_t left = n->nr_blocks - block;

	w->nr_started++;
	nvme_submit_read(w->queue, c, block,
			 left < blocks_per_page(n) ? (uint32_t)left : blocks_per_page(n));
}

/* 64-bit word i of the image is (i + 1) * multiplier. */
static bool is_right(const struct worker *w, const struct nvme_command *c)
{
	const uint64_t *words = c->buffer;
	uint32_t block_words = w->load->nvme->block_bytes / 8;
	uint64_t first = c->block * block_words;

	for (uint64_t i = 0; i < (uint64_t)c->nr_blocks * block_words; i++)
		if (words[i] != (first + i + 1) * w->load->multiplier)
			return false;
	return true;
}

/* The buffer is dirtied, so that the next read cannot pass with this one's data. */
static void finish(struct worker *w, struct nvme_command *c)
{
	struct nvme_load_result *r = w->result;
	const char *name = w->load->nvme->name;

	if (c->status) {
		report_failure("%s: read of block %lu: status 0x%x", name, c->block, c->status);
	} else {
		r->nr_read++;
		if (!is_right(w, c) && !r->nr_wrong++)
			report_failure("%s: block %lu on CPU %u: not the image's data", name,
				       c->block, cpu_this()->number);
	}
	*(uint64_t *)c->buffer = 0;
	nvme_give(w->queue, c);
}

/* One look at one of the worker's places. True: something is still to be done there. */
static bool step(struct worker *w, struct nvme_command **place)
{
	struct nvme_command *c = *place;

	if (c && nvme_is_done(c)) {
		finish(w, c);
		*place = c = NULL;
	}
	if (c)
		return !nvme_is_lost(w->queue, c);
	if (w->nr_started == w->load->nr_commands ||
	    __atomic_load_n(&w->load->is_stopping, __ATOMIC_ACQUIRE))
		return false;
	c = nvme_take(w->queue);
	*place = c;
	if (c)
		start_next(w, c);
	return true;
}

/*
 * First a loop without PAUSE, for which an emulator may take a lock that its devices need, too.
 * Then naps: CPUs that spin keep the device and the CPU of the handler from running where the host
 * has few. The timer of a nap wakes this thread and does nothing else.
 */
static void let_time_pass(uint32_t nr_idle_rounds)
{
	if (nr_idle_rounds >= ROUNDS_BEFORE_NAP)
		lapic_nap(NAP_TICKS);
	for (uint32_t i = 0; i < LOOPS_PER_ROUND; i++)
		__asm__ volatile("");
}

/* Commands of a failed controller stay taken: it may still write to their buffers. */
void nvme_load_run(void *context)
{
	struct nvme_load *load = context;
	uint32_t cpu = cpu_this()->number;
	struct worker w = {
		.load = load,
		.queue = load->queues[cpu] ? load->queues[cpu] : nvme_queue_of(load->nvme, cpu),
		.result = &load->results[cpu],
		.first_page = cpu * nvme_load_nr_pages(load->nvme) / cpu_nr(),
	};
	uint32_t nr_idle_rounds = 0;
	bool is_busy = true;

	while (is_busy && !nvme_is_failed(load->nvme)) {
		uint64_t nr_before = w.nr_started + w.result->nr_read;

		is_busy = false;
		for (uint32_t i = 0; i < load->nr_in_flight; i++)
			is_busy |= step(&w, &w.commands[i]);
		nr_idle_rounds++;
		if (w.nr_started + w.result->nr_read != nr_before)
			nr_idle_rounds = 0;
		let_time_pass(nr_idle_rounds);
	}
	__atomic_sub_fetch(&load->nr_running, 1, __ATOMIC_RELEASE);
}

/* All queues before the first CPU: the caller may move interrupts as soon as this returns. */
void nvme_load_begin(struct nvme_load *load, uint32_t first_cpu, uint32_t limit_cpu)
{
	for (uint32_t cpu = 0; cpu < cpu_nr(); cpu++)
		load->queues[cpu] = nvme_queue_of(load->nvme, cpu);
	for (uint32_t cpu = first_cpu; cpu < limit_cpu; cpu++) {
		if (cpu_at(cpu) == cpu_this())
			continue;
		__atomic_add_fetch(&load->nr_running, 1, __ATOMIC_RELAXED);
		cpu_call_begin(cpu, nvme_load_run, load);
	}
}

bool nvme_load_is_running(const struct nvme_load *load)
{
	return __atomic_load_n(&load->nr_running, __ATOMIC_ACQUIRE) != 0;
}

void nvme_load_wait(struct nvme_load *load, uint32_t first_cpu, uint32_t limit_cpu)
{
	(void)load;
	for (uint32_t cpu = first_cpu; cpu < limit_cpu; cpu++)
		if (cpu_at(cpu) != cpu_this())
			cpu_call_wait(cpu);
}
