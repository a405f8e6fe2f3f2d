/* SPDX-License-Identifier: MIT */
/*
 * Scenario affinity: every interrupt is moved over the CPUs while another CPU fires it without a
 * pause. After each move the events arrive at the new CPU, and none is lost on the way.
 *
 * With a remapper everything moves. Without one, MSIs that share a message are refused, with a
 * sentence; one alone moves, masked or by a message in between. On one CPU there is nobody who
 * could fire meanwhile: then between the moves.
 */
#include "scenario.h"

#include <stddef.h>

#include "console.h"
#include "cpu.h"
#include "device.h"
#include "load.h"
#include "option.h"
#include "show.h"
#include "verdict.h"
#include "wait.h"

enum {
	MOVES_PER_SLOT = 16,
	MAX_SLOTS = 16,
	ARRIVE_LIMIT_NS = 2000000000
};

struct moves {
	uint64_t nr_done, nr_refused;
};

/* Two events further, the first of them may have been under way already. */
static bool arrives_at(struct firing_device *d, uint32_t slot, uint32_t cpu, bool has_load)
{
	struct wait w = { 0, 0 };
	uint64_t before = firing_nr_handled(d, slot);

	while (firing_nr_handled(d, slot) < before + 2) {
		if (!has_load && !firing_fire(d, slot))
			return false;
		if (!wait_more(&w, ARRIVE_LIMIT_NS))
			return false;
	}
	return __atomic_load_n(&d->slots[slot].handled_cpu, __ATOMIC_RELAXED) == cpu;
}

/* Only slots that share one message, without a remapper, may stay where they are. */
static bool may_refuse(const struct firing_device *d)
{
	return !mirq_device_is_isolated(d->dev) && !(d->driver->kinds & MIRQ_PCI_MSIX) &&
	       mirq_irq_count(d->irqs) > 1;
}

static bool move(struct firing_device *d, uint32_t i, uint32_t cpu, bool has_load, struct moves *m)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = firing_move(d, i, cpu, &why);
	uint32_t slot = d->irqs.slots.first + i, effective = UINT32_MAX;

	if (err == MIRQ_ENOTSUP && may_refuse(d) && why.text) {
		if (!m->nr_refused++)
			show_why(d->name, err, &why);
		return true;
	}
	if (err) {
		show_why(d->name, err, &why);
		report_failure("%s: slot %u to CPU %u", d->name, slot, cpu);
		return false;
	}
	m->nr_done++;
	err = mirq_affinity_effective(mirq_irq_at(d->irqs, i), &effective);
	if (!err && effective == cpu && arrives_at(d, slot, cpu, has_load))
		return true;
	report_failure("%s: slot %u was sent to CPU %u, says CPU %u, arrived at CPU %u", d->name,
		       slot, cpu, effective, d->slots[slot].handled_cpu);
	return false;
}

static bool move_all(struct firing_device *d, bool has_load, struct moves *m)
{
	uint32_t nr_slots = mirq_irq_count(d->irqs);
	uint32_t nr_moves = (uint32_t)option_number("moves", MOVES_PER_SLOT);

	for (uint32_t k = 0; k < nr_moves; k++)
		for (uint32_t i = 0; i < nr_slots && i < MAX_SLOTS; i++)
			if (!move(d, i, (k * 7 + i) % cpu_nr(), has_load, m))
				return false;
	return true;
}

static void try_device(struct firing_device *d)
{
	struct load load = { .device = d, .slots = d->irqs.slots, .cpu = cpu_nr() - 1 };
	bool has_load = load.cpu != cpu_this()->number;
	struct moves m = { 0, 0 };
	bool is_good;

	if (has_load)
		load_start(&load);
	is_good = move_all(d, has_load, &m);
	if (has_load)
		is_good &= load_stop(&load);
	report(is_good && m.nr_done + m.nr_refused,
	       "%s: %lu moves, %lu refused, %lu fired meanwhile", d->name, m.nr_done, m.nr_refused,
	       load.nr_fired);
	if (!is_good)
		show_tree();
}

void scenario_affinity(void)
{
	verdict_begin(VERDICT_ALLOC_ALL);
	for (uint32_t i = 0; i < firing_nr(); i++)
		try_device(firing_at(i));
	show_tree();
	show_slots();
	verdict_end();
}
