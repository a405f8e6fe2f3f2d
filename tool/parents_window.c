/* SPDX-License-Identifier: MIT */
/*
 * parents_window.c - a device behind a bridge that shows the message addresses of CPUs 0 to 2
 * elsewhere, in two pieces, and those of CPU 3 not at all. The bridge looks up what arrives by
 * itself and counts.
 */
#include <mirq/window.h>

#include "parents.h"

#define NR_RANGES 2u
#define REACHED 3u /* CPUs */

struct bridge {
	struct mirq_window_range ranges[NR_RANGES];
	uint64_t nr_crossed, nr_refused;
};

static enum sim_passage cross(void *context, const struct sim_device *d, uint64_t *address,
			      uint32_t *data)
{
	struct bridge *b = context;

	(void)d;
	(void)data;
	for (uint32_t i = 0; i < NR_RANGES; i++) {
		const struct mirq_window_range *r = &b->ranges[i];
		uint64_t at = *address - r->far_first;

		if (*address < r->far_first || at + 4 > r->limit - r->first)
			continue;
		*address = r->first + at;
		b->nr_crossed++;
		return SIM_PASSES;
	}
	b->nr_refused++;
	return SIM_STOPS;
}

/* CPUs 0 and 1 above 4 GiB, CPU 2 low; the one after ends where it begins. */
static void bridge_make(struct bridge *b, struct world *p)
{
	uint64_t at[REACHED];

	for (uint32_t cpu = 0; cpu < REACHED; cpu++)
		at[cpu] = part_message_address(sim_cpu_apic_id(p->s, cpu));
	b->ranges[0] = (struct mirq_window_range){ at[0], at[1] + 4, UINT64_C(0x7000000000) };
	b->ranges[1] = (struct mirq_window_range){ at[2], at[2] + 0x1000, 0x40000 };
}

static int window_attach(struct world *p, struct bridge *b, struct mirq_domain **out_domain)
{
	struct mirq_why why = { .text = NULL };
	const struct mirq_window_init init = {
		MIRQ_SIZED(mirq_window_init), .name = "bridge", .ranges = b->ranges,
		.nr_ranges = NR_RANGES,       .why = &why,
	};
	enum mirq_err err;

	bridge_make(b, p);
	sim_device_set_between(sim_device_at(p->s, 0), cross, b);
	err = mirq_window_attach(p->m, &init, out_domain);
	if (err)
		world_refused(p, "window", err, &why);
	return report_check(p->report, !err, "window: a bridge shows CPUs 0 to %u, not CPU %u",
			    REACHED - 1, REACHED);
}

static void refuse_outside(struct world *p)
{
	struct mirq_irqs irq = mirq_irq_at(p->drivers[0].irqs, 0);
	struct mirq_why why = { .text = NULL };
	uint32_t before = SIM_NO_CPU, after = SIM_NO_CPU;
	enum mirq_err err;
	int is_said;

	if (mirq_affinity_effective(irq, &before))
		before = SIM_NO_CPU;
	err = part_move(p, irq, REACHED, &why);
	is_said = part_refused(p, "a move to CPU 3", err, MIRQ_ENOTSUP, &why);
	if (mirq_affinity_effective(irq, &after))
		is_said = 0;
	(void)report_check(
		p->report, is_said && why.value == REACHED && before == after,
		"window: a CPU outside is refused by name, the interrupt stays on CPU %u", after);
}

static void tell_tour(struct world *p, const struct bridge *b, const struct tour *t)
{
	struct mirq_cpu_info outside;
	struct sim_device_stats stats;

	if (mirq_cpu_inspect(p->m, REACHED, &outside))
		outside.nr_dispatched = UINT64_MAX;
	sim_device_stats(sim_device_at(p->s, 0), &stats);
	(void)report_check(
		p->report,
		part_is_good(t) && !b->nr_refused && b->nr_crossed == stats.nr_sent &&
			!outside.nr_dispatched,
		"window: %u interrupts, %u of %u moves changed the CPU; %llu messages sent, %llu "
		"translated, %llu not; CPU %u took %llu",
		t->nr_irqs, t->nr_moved, t->nr_moves, (unsigned long long)stats.nr_sent,
		(unsigned long long)b->nr_crossed, (unsigned long long)b->nr_refused, REACHED,
		(unsigned long long)outside.nr_dispatched);
}

void part_window(struct world *w)
{
	struct world *p = part_begin(w, "cpus=4 posted=12 message=20 ipi=15 far:msix=4,array=4",
				     MIRQ_GUEST_NO);
	struct bridge b = { .nr_crossed = 0 };
	struct mirq_domain *window;
	struct tour t;

	if (!p)
		return;
	if (window_attach(p, &b, &window) && part_link(p, 0, window) && part_start(p, 0) &&
	    part_start(p, 1)) {
		t = part_tour(p, (struct mirq_range){ 0, REACHED });
		refuse_outside(p);
		tell_tour(p, &b, &t);
	}
	part_stop(p);
	part_end(w, p, "window");
}
