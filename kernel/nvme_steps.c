/* SPDX-License-Identifier: MIT */
/*
 * The steps: bring-up, verification on every CPU, moves under load, the end.
 *
 * Options: commands= a CPU's reads in the verification (default: the whole image, once), moves=
 * under load.
 * Locking: none; CPU 0 leads, the others run nvme_load_run().
 */
#include "nvme_steps.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "nvme_load.h"
#include "option.h"
#include "scenario.h"
#include "show.h"
#include "verdict.h"
#include "wait.h"
#include "witness.h"

#define CLASS_NVME 0x010802
#define MULTIPLIER 0x9e3779b97f4a7c15ull /* kernel/scenarios.toml, images.nvme0 */

enum {
	MAX_BUSY_CPUS = 4, /* at once: they share few CPUs of the host */
	MAX_WHOLE_CPUS = 16,
	PART = 16, /* of the image, each CPU's when there are more */
	MOVE_STRIDE = 7919,
	MOVES = 200,
	MOVE_TRIES = 100,
	VERIFY_IN_FLIGHT = 8,
	MOVE_IN_FLIGHT = 4,
};

/* Large, and one scenario runs: not on a stack. */
static struct nvme_load load;

static struct pci_function *find_controller(void)
{
	for (uint32_t i = 0; i < pci_nr(); i++)
		if (pci_at(i)->class_code == CLASS_NVME)
			return pci_at(i);
	return NULL;
}

static void tell_slot(const struct nvme *n, struct mirq_irqs one)
{
	witness_slot(n->name, n->function, one);
}

bool nvme_step_begin(struct nvme *n)
{
	struct pci_function *f = find_controller();

	if (!f) {
		report_failure("no NVMe controller");
		return false;
	}
	if (!nvme_init(n, f))
		return false;
	for (uint32_t v = 0; v < mirq_irq_count(n->irqs); v++)
		tell_slot(n, mirq_irq_at(n->irqs, v));
	report(true, "%s: %u I/O queues on %u vectors%s", n->name, n->nr_queues - 1,
	       mirq_irq_count(n->irqs), mirq_device_is_isolated(n->dev) ? ", isolated" : "");
	return true;
}

static void begin_load(struct nvme *n, uint64_t nr_commands, uint64_t stride_pages,
		       uint32_t nr_in_flight)
{
	load = (struct nvme_load){
		.nvme = n,
		.multiplier = MULTIPLIER,
		.nr_commands = nr_commands,
		.stride_pages = stride_pages,
		.nr_in_flight = nr_in_flight < n->nr_commands ? nr_in_flight : n->nr_commands,
	};
}

/* CPUs first..limit-1 at once, the own one too if it is among them. */
static void run_wave(uint32_t first, uint32_t limit)
{
	nvme_load_begin(&load, first, limit);
	if (!first) {
		__atomic_add_fetch(&load.nr_running, 1, __ATOMIC_RELAXED);
		nvme_load_run(&load);
	}
	nvme_load_wait(&load, first, limit);
}

void nvme_step_verify(struct nvme *n)
{
	uint64_t nr_pages = nvme_load_nr_pages(n), nr_read = 0, nr_wrong = 0, start_ns;
	uint64_t part = cpu_nr() > MAX_WHOLE_CPUS && nr_pages > PART ? PART : 1;
	uint64_t nr_commands = option_number("commands", nr_pages / part);
	uint32_t nr_good = 0;

	begin_load(n, nr_commands, 1, VERIFY_IN_FLIGHT);
	start_ns = clock_now_ns();
	for (uint32_t cpu = 0; cpu < cpu_nr(); cpu += MAX_BUSY_CPUS)
		run_wave(cpu, cpu + MAX_BUSY_CPUS < cpu_nr() ? cpu + MAX_BUSY_CPUS : cpu_nr());
	for (uint32_t cpu = 0; cpu < cpu_nr(); cpu++) {
		const struct nvme_load_result *r = &load.results[cpu];

		nr_read += r->nr_read;
		nr_wrong += r->nr_wrong;
		nr_good += r->nr_read == nr_commands && !r->nr_wrong;
	}
	report(nr_good == cpu_nr(), "%s: %u of %u CPUs verified %lu of %lu pages each", n->name,
	       nr_good, cpu_nr(), nr_commands, nr_pages);
	print("%s: %lu reads, %lu wrong, %lu ms\n", n->name, nr_read, nr_wrong,
	      (clock_now_ns() - start_ns) / 1000000);
}

/* The interrupts of @q's vector that CPU @cpu took. */
static uint32_t nr_taken(const struct nvme_queue *q, uint32_t cpu)
{
	const struct nvme *n = q->nvme;
	const struct nvme_queue *first = &n->queues[q->id % mirq_irq_count(n->irqs)];

	return __atomic_load_n(&first->nr_on_cpu[cpu], __ATOMIC_RELAXED);
}

static bool arrives_at(const struct nvme_queue *q, uint32_t cpu)
{
	uint32_t before = nr_taken(q, cpu);
	struct wait w = { 0, 0 };

	while (nr_taken(q, cpu) == before)
		if (nvme_is_failed(q->nvme) || !wait_more(&w, q->nvme->limit_ns))
			return false;
	return true;
}

/* True when the queue's interrupts arrive at @cpu from then on. */
static bool move(struct nvme_queue *q, uint32_t cpu, uint32_t *nr_busy)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = MIRQ_EBUSY;

	for (uint32_t tries = 0; err == MIRQ_EBUSY && tries < MOVE_TRIES; tries++) {
		err = nvme_move(q, cpu, &why);
		*nr_busy += err == MIRQ_EBUSY;
	}
	if (err) {
		show_why(q->nvme->name, err, &why);
		report_failure("%s: queue %u does not move to CPU %u", q->nvme->name, q->id, cpu);
		return false;
	}
	tell_slot(q->nvme, nvme_irq(q));
	if (arrives_at(q, cpu))
		return true;
	report_failure("%s: queue %u: moved to CPU %u, no interrupt there", q->nvme->name, q->id,
		       cpu);
	return false;
}

/* Each busy queue in turn, each time to the next CPU. Returns how many moves were good. */
static uint32_t move_busy_queues(struct nvme *n, uint32_t nr_busy_cpus, uint32_t nr_moves)
{
	uint32_t nr_good = 0, nr_busy = 0;

	nvme_load_begin(&load, 1, 1 + nr_busy_cpus);
	while (nr_good < nr_moves) {
		struct nvme_queue *q = load.queues[1 + nr_good % nr_busy_cpus];
		uint32_t turn = 1 + nr_good / nr_busy_cpus;

		if (!move(q, (q->id - 1 + turn) % cpu_nr(), &nr_busy))
			break;
		nr_good++;
	}
	__atomic_store_n(&load.is_stopping, true, __ATOMIC_RELEASE);
	nvme_load_wait(&load, 1, 1 + nr_busy_cpus);
	if (nr_busy)
		print("%s: %u times a move waited for the last one\n", n->name, nr_busy);
	return nr_good;
}

uint32_t nvme_step_move(struct nvme *n)
{
	uint32_t nr_moves = (uint32_t)option_number("moves", MOVES), nr_good;
	uint32_t nr_busy_cpus = cpu_nr() - 1 < MAX_BUSY_CPUS ? cpu_nr() - 1 : MAX_BUSY_CPUS;
	uint64_t nr_read = 0, nr_wrong = 0;

	if (!nr_busy_cpus) {
		report_skip("%s: one CPU: nobody to move to", n->name);
		return 0;
	}
	if (nvme_is_failed(n))
		return 0;
	begin_load(n, UINT64_MAX, MOVE_STRIDE, MOVE_IN_FLIGHT);
	nr_good = move_busy_queues(n, nr_busy_cpus, nr_moves);
	for (uint32_t cpu = 1; cpu <= nr_busy_cpus; cpu++) {
		nr_read += load.results[cpu].nr_read;
		nr_wrong += load.results[cpu].nr_wrong;
	}
	report(nr_good == nr_moves && !nr_wrong && nr_read,
	       "%s: %u of %u live moves, %lu reads meanwhile, %lu wrong", n->name, nr_good,
	       nr_moves, nr_read, nr_wrong);
	return nr_good;
}

void nvme_step_show(const struct nvme *n)
{
	for (uint32_t id = 0; id < n->nr_queues; id++) {
		const struct nvme_queue *q = &n->queues[id];
		uint32_t effective = UINT32_MAX;

		if (mirq_affinity_effective(nvme_irq(q), &effective))
			effective = UINT32_MAX;
		print("%s: queue %u: %lu submitted, %lu completed, %lu interrupts (%lu empty), "
		      "now CPU %u\n",
		      n->name, id, q->nr_submitted, q->nr_completed, q->nr_interrupts, q->nr_empty,
		      effective);
		if (id < mirq_irq_count(n->irqs))
			show_slot(n->name, id, q->nr_submitted, q->nr_completed, q->nr_on_cpu);
	}
}

static void tell_handled(const struct nvme *n)
{
	for (uint32_t v = 0; v < mirq_irq_count(n->irqs) && v < n->nr_allocated; v++)
		witness_handled(&(struct witness_handled){
			.device = n->name,
			.slot = n->irqs.slots.first + v,
			.nr_handled = n->queues[v].nr_interrupts,
			.may_merge = true,
			.has_load = true,
		});
}

void nvme_step_end(struct nvme *n)
{
	struct nvme_counts c;

	nvme_stop(n);
	c = nvme_counts(n);
	report(c.nr_submitted == c.nr_completed && !c.nr_absurd && c.nr_submitted,
	       "%s: %lu commands submitted, %lu completed in the handler, %lu absurd", n->name,
	       c.nr_submitted, c.nr_completed, c.nr_absurd);
	print("%s: %lu interrupts, %lu of them found nothing\n", n->name, c.nr_interrupts,
	      c.nr_empty);
	tell_handled(n);
	for (uint32_t i = n->irqs.slots.first; i < n->irqs.slots.limit; i++)
		witness_free(n->name, i);
	verdict_add(c.nr_submitted, c.nr_completed);
	nvme_fini(n);
}
