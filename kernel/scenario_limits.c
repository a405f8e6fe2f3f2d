/* SPDX-License-Identifier: MIT */
/*
 * Scenario limits: a device with more vectors than the CPUs hold gets exactly as many as there are
 * ids left, all of them fire, and the refusal names what is exhausted, wanted and left.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "console.h"
#include "cpu.h"
#include "device.h"
#include "mirq_port.h"
#include "show.h"
#include "smp.h"
#include "verdict.h"

/* The sum over the CPUs: what mirq may hand out, less what it has. */
static uint32_t nr_ids_left(void)
{
	uint32_t nr = 0;

	for (uint32_t cpu = 0; cpu < cpu_nr(); cpu++) {
		struct mirq_cpu_info info;

		if (!mirq_cpu_inspect(port_mirq(), cpu, &info))
			nr += info.nr_ids - info.nr_used;
	}
	return nr;
}

/* Wants @nr or nothing where @nr are not left. */
static void expect_refusal(struct firing_device *d, uint32_t nr, uint32_t nr_left)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = nr, .why = &why };
	struct mirq_irqs irqs;
	enum mirq_err err = mirq_irq_alloc(d->store, &want, &irqs);

	show_why(d->name, err, &why);
	report(err == MIRQ_ENOSPC && why.text && why.where && why.nr_wanted == nr &&
		       why.nr_left == nr_left,
	       "%u vectors with %u ids left: refused, %u wanted, %u left at %s", nr, nr_left,
	       why.nr_wanted, why.nr_left, why.where ? why.where : "-");
	if (!err && mirq_irq_free(irqs))
		report_failure("what should have been refused cannot be freed");
}

/* As many as there are, then each of them once. */
static void fill(struct firing_device *d, uint32_t nr_expected)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = d->nr_vectors,
				      .placement = MIRQ_PLACE_SPREAD };
	enum mirq_err err = firing_alloc(d, 1, &want, &why);
	uint32_t nr_good = 0;

	if (err)
		show_why(d->name, err, &why);
	report(!err && mirq_irq_count(d->irqs) == nr_expected, "%u vectors predicted, %u given",
	       nr_expected, mirq_irq_count(d->irqs));
	if (err)
		return;
	for (uint32_t i = d->irqs.slots.first; i < d->irqs.slots.limit; i++)
		if (firing_fire(d, i))
			nr_good++;
		else
			break;
	report(nr_good == nr_expected, "%u of %u vectors fired and handled", nr_good, nr_expected);
}

void scenario_limits(void)
{
	struct firing_device *d;
	uint32_t nr_left, nr_expected;

	verdict_begin(VERDICT_ALLOC_NOTHING);
	d = firing_find("virtio-rng", 0);
	nr_left = nr_ids_left();
	if (d) {
		print("%s: %u vectors; %u CPUs have %u ids left\n", d->name, d->nr_vectors,
		      cpu_nr(), nr_left);
		if (nr_left < d->nr_vectors)
			expect_refusal(d, d->nr_vectors, nr_left);
		nr_expected = nr_left < d->nr_vectors ? nr_left : d->nr_vectors;
		fill(d, nr_expected);
		if (nr_left < d->nr_vectors && d->irqs.store)
			expect_refusal(d, 1, 0);
		if (d->irqs.store)
			firing_free(d);
		/* Each CPU has looked whether an old id is still waiting there. */
		cpu_settle_all();
		report(nr_ids_left() == nr_left, "%u of %u ids left as before", nr_ids_left(),
		       nr_left);
	}
	report(d != NULL, "a device with many vectors");
	verdict_end();
}
