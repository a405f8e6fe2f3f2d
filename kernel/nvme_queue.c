/* SPDX-License-Identifier: MIT */
/*
 * NVMe's queues at work: commands go in from any thread, completions come out in the handler, and
 * only there.
 *
 * What it is not: aware of what a command does, or how a queue came to be (nvme.c).
 * Sources: [NVME] 3.1 (doorbells), 4.1 (empty and full queues), 4.2 and 4.6 (entries), 6.9 (Read),
 * 7.5 (interrupts).
 * Locking: nvme_queue.lock for submission. Completion queue and its counters belong to the handler,
 * which mirq never runs twice at once. A command's state is the hand-over between the two.
 */
#include "nvme.h"

#include <stddef.h>

#include <mirq/io.h>

#include "clock.h"
#include "cpu.h"
#include "mmio.h"
#include "nvme_regs.h"
#include "scenario.h"

enum {
	FIRST_NAMESPACE = 1
};

bool nvme_is_failed(const struct nvme *n)
{
	return __atomic_load_n(&n->is_failed, __ATOMIC_ACQUIRE);
}

struct nvme_command *nvme_take(struct nvme_queue *q)
{
	uint64_t saved = spinlock_acquire(&q->lock);
	uint32_t free = ~q->taken & ((1u << q->nvme->nr_commands) - 1);
	struct nvme_command *c = NULL;

	if (free) {
		c = &q->commands[__builtin_ctz(free)];
		q->taken |= free & -free;
	}
	spinlock_release(&q->lock, saved);
	return c;
}

void nvme_give(struct nvme_queue *q, struct nvme_command *c)
{
	uint64_t saved = spinlock_acquire(&q->lock);

	__atomic_store_n(&c->state, NVME_FREE, __ATOMIC_RELAXED);
	q->taken &= ~(1u << (c - q->commands));
	spinlock_release(&q->lock, saved);
}

bool nvme_is_done(const struct nvme_command *c)
{
	return __atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == NVME_DONE;
}

static void ring(const struct nvme_queue *q, uint32_t is_completion, uint32_t value)
{
	mmio_write32(q->nvme->registers,
		     NVME_DOORBELLS + (2 * q->id + is_completion) * q->nvme->doorbell_step_bytes,
		     value);
}

/* There are fewer commands than entries, so the queue is never full. Entry before doorbell. */
void nvme_submit(struct nvme_queue *q, struct nvme_command *c, struct nvme_sqe entry)
{
	uint64_t saved = spinlock_acquire(&q->lock);

	entry.word0 |= (uint32_t)(c - q->commands) << 16;
	entry.prp1 = entry.prp1 ? entry.prp1 : (uintptr_t)c->buffer;
	c->submitted_ns = clock_now_ns();
	__atomic_store_n(&c->state, NVME_IN_FLIGHT, __ATOMIC_RELEASE);
	q->submissions[q->tail] = entry;
	q->tail = (q->tail + 1) % q->nvme->nr_entries;
	q->nr_submitted++;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ring(q, 0, q->tail);
	spinlock_release(&q->lock, saved);
}

void nvme_submit_read(struct nvme_queue *q, struct nvme_command *c, uint64_t block,
		      uint32_t nr_blocks)
{
	struct nvme_sqe entry = {
		.word0 = NVME_READ,
		.nsid = FIRST_NAMESPACE,
		.words10 = { (uint32_t)block, (uint32_t)(block >> 32), nr_blocks - 1 },
	};

	c->block = block;
	c->nr_blocks = nr_blocks;
	nvme_submit(q, c, entry);
}

bool nvme_is_lost(struct nvme_queue *q, const struct nvme_command *c)
{
	uint64_t age_ns = clock_now_ns() - c->submitted_ns;
	struct nvme *n = q->nvme;

	if (age_ns < n->limit_ns || nvme_is_done(c))
		return false;
	if (!__atomic_exchange_n(&n->is_failed, true, __ATOMIC_ACQ_REL))
		report_failure("%s: queue %u: command %u: no interrupt completed it in %lu ms; "
			       "%lu of %lu completed",
			       n->name, q->id, (uint32_t)(c - q->commands), age_ns / 1000000,
			       q->nr_completed, q->nr_submitted);
	return true;
}

static void complete(struct nvme_queue *q, uint32_t word0, uint32_t word3)
{
	uint32_t id = (uint32_t)MIRQ_GET(word3, NVME_CQE_CID);
	struct nvme_command *c = &q->commands[id];

	if (id >= q->nvme->nr_commands ||
	    __atomic_load_n(&c->state, __ATOMIC_ACQUIRE) != NVME_IN_FLIGHT) {
		q->nr_absurd++;
		return;
	}
	c->result = word0;
	c->status = (uint32_t)MIRQ_GET(word3, NVME_CQE_STATUS);
	__atomic_add_fetch(&q->nr_completed, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&c->state, NVME_DONE, __ATOMIC_RELEASE);
}

/* At most one round of the queue: a controller that never stops must not hold the CPU. */
static uint32_t reap(struct nvme_queue *q)
{
	uint32_t nr = 0;

	for (; nr < q->nvme->nr_entries; nr++) {
		volatile struct nvme_cqe *entry = &q->completions[q->head];
		uint32_t word3 = entry->words[3];

		if (MIRQ_GET(word3, NVME_CQE_PHASE) != q->phase)
			break;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		complete(q, entry->words[0], word3);
		if (++q->head == q->nvme->nr_entries) {
			q->head = 0;
			q->phase ^= 1;
		}
	}
	if (nr)
		ring(q, 1, q->head);
	return nr;
}

/* The vector of queue @context. With fewer vectors than queues it serves several. */
enum mirq_handled nvme_handle(void *context)
{
	struct nvme_queue *first = context;
	struct nvme *n = first->nvme;
	uint32_t nr_queues = __atomic_load_n(&n->nr_queues, __ATOMIC_ACQUIRE);
	uint32_t nr = 0;

	for (uint32_t i = first->id; i < nr_queues; i += mirq_irq_count(n->irqs))
		nr += reap(&n->queues[i]);
	__atomic_add_fetch(&first->nr_interrupts, 1, __ATOMIC_RELAXED);
	first->nr_on_cpu[cpu_this()->number]++;
	first->nr_empty += !nr;
	return MIRQ_HANDLED;
}

struct mirq_irqs nvme_irq(const struct nvme_queue *q)
{
	return mirq_irq_at(q->nvme->irqs, q->id % mirq_irq_count(q->nvme->irqs));
}

enum mirq_err nvme_move(struct nvme_queue *q, uint32_t cpu, struct mirq_why *why)
{
	return mirq_affinity_set(nvme_irq(q), mirq_cpus_one(cpu), why);
}

/* Where vectors are short, the one on the CPU or the next below; where there is one, in turn. */
struct nvme_queue *nvme_queue_of(struct nvme *n, uint32_t cpu)
{
	struct mirq_irqs io = n->irqs;
	uint32_t nth = cpu;

	if (mirq_irq_count(io) > 1) {
		io.slots.first++;
		nth = mirq_affinity_nearest(io, cpu);
	}
	return &n->queues[1 + nth % (n->nr_queues - 1)];
}

struct nvme_counts nvme_counts(const struct nvme *n)
{
	struct nvme_counts sum = { 0 };

	for (uint32_t i = 0; n->queues && i < n->nr_allocated; i++) {
		const struct nvme_queue *q = &n->queues[i];

		sum.nr_submitted += q->nr_submitted;
		sum.nr_completed += __atomic_load_n(&q->nr_completed, __ATOMIC_RELAXED);
		sum.nr_interrupts += __atomic_load_n(&q->nr_interrupts, __ATOMIC_RELAXED);
		sum.nr_empty += q->nr_empty;
		sum.nr_absurd += q->nr_absurd;
	}
	return sum;
}
