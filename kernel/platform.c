/* SPDX-License-Identifier: MIT */
/*
 * Counts, moves and frees single interrupts.
 *
 * Locking: counters are atomic; the rest is CPU 0's.
 */
#include "platform.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "scenario.h"
#include "show.h"
#include "verdict.h"
#include "wait.h"
#include "witness.h"

enum {
	WAIT_LIMIT_NS = 2000000000,
	MOVE_TRIES = 100
};

static enum mirq_handled handle(void *context)
{
	struct platform_irq *p = context;
	uint32_t cpu = cpu_this()->number;

	if (__atomic_exchange_n(&p->is_running, true, __ATOMIC_ACQUIRE))
		report_failure("%s: its handler runs twice at once", p->name);
	if (p->take && !p->take(p)) {
		p->nr_empty++;
		__atomic_store_n(&p->is_running, false, __ATOMIC_RELEASE);
		return MIRQ_NOT_MINE;
	}
	p->nr_on_cpu[cpu]++;
	__atomic_store_n(&p->handled_cpu, cpu, __ATOMIC_RELAXED);
	__atomic_store_n(&p->is_running, false, __ATOMIC_RELEASE);
	__atomic_add_fetch(&p->nr_handled, 1, __ATOMIC_RELEASE);
	return MIRQ_HANDLED;
}

bool platform_request(struct platform_irq *p)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = handle,
					    .context = p, .why = &why };
	enum mirq_err err = mirq_irq_request(p->irq, &handler);

	if (err)
		show_why(p->name, err, &why);
	else
		witness_slot(p->name, p->function, p->irq);
	return !err;
}

void platform_count_raised(struct platform_irq *p)
{
	__atomic_add_fetch(&p->nr_raised, 1, __ATOMIC_RELEASE);
}

uint64_t platform_nr_handled(const struct platform_irq *p)
{
	return __atomic_load_n(&p->nr_handled, __ATOMIC_ACQUIRE);
}

static uint64_t nr_raised(const struct platform_irq *p)
{
	return __atomic_load_n(&p->nr_raised, __ATOMIC_ACQUIRE);
}

bool platform_wait(const struct platform_irq *p)
{
	struct wait w = { 0, 0 };

	while (platform_nr_handled(p) != nr_raised(p)) {
		if (!wait_more(&w, WAIT_LIMIT_NS)) {
			report_failure("%s: raised %lu, handled %lu", p->name, nr_raised(p),
				       platform_nr_handled(p));
			return false;
		}
	}
	return true;
}

bool platform_move(struct platform_irq *p, uint32_t cpu)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_irq_info before;
	enum mirq_err err = mirq_irq_inspect(p->irq, &before);

	if (!err)
		err = MIRQ_EBUSY;
	for (uint32_t tries = 0; err == MIRQ_EBUSY && tries < MOVE_TRIES; tries++)
		err = mirq_affinity_set(p->irq, mirq_cpus_one(cpu), &why);
	if (err) {
		show_why(p->name, err, &why);
		report_failure("%s: does not move to CPU %u", p->name, cpu);
		return false;
	}
	p->nr_moves++;
	witness_slot(p->name, p->function, p->irq);
	witness_between(p->name, p->irq, before.route.hw_target);
	return true;
}

bool platform_is_below_root(const struct platform_irq *p)
{
	struct mirq_hop_info hop;

	return !mirq_irq_inspect_hop(p->irq, 1, &hop) && hop.role == MIRQ_ROLE_ROOT;
}

void platform_show(const struct platform_irq *p)
{
	show_slot(p->name, p->irq.slots.first, p->nr_raised, p->nr_handled, p->nr_on_cpu);
}

void platform_free(struct platform_irq *p)
{
	if (mirq_irq_release(p->irq, NULL) || mirq_irq_free(p->irq))
		report_failure("%s: not freed", p->name);
	witness_free(p->name, p->irq.slots.first);
	verdict_add(p->nr_raised, p->nr_handled);
	witness_handled(&(struct witness_handled){
		.device = p->name,
		.slot = p->irq.slots.first,
		.nr_handled = p->nr_handled,
		.nr_raised = &p->nr_raised,
		.has_load = p->has_load,
	});
}
