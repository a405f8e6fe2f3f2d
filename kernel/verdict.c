/* SPDX-License-Identifier: MIT */
/*
 * Adds up what was raised and what was handled. The two come from different places: a driver, when
 * it asks its device, and a handler.
 *
 * Locking: none; CPU 0.
 */
#include "verdict.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "acpi.h"
#include "console.h"
#include "cpu.h"
#include "device.h"
#include "mirq_port.h"
#include "option.h"
#include "provider.h"
#include "scenario.h"
#include "show.h"
#include "smp.h"
#include "witness.h"

static uint64_t nr_more_raised, nr_more_handled;

void verdict_begin(enum verdict_alloc alloc)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .placement = MIRQ_PLACE_SPREAD };
	uint32_t nr_devices;

	witness_begin(acpi_find("DMAR") && !option_text("noremap"));
	port_start();
	provider_start();
	show_machine();
	nr_devices = firing_attach_all();
	report(nr_devices, "%u devices attached", nr_devices);
	for (uint32_t i = 0; i < nr_devices && alloc == VERDICT_ALLOC_ALL; i++) {
		struct firing_device *d = firing_at(i);
		struct mirq_why why = { .text = NULL };
		enum mirq_err err = firing_alloc(d, 1, &want, &why);

		if (err)
			show_why(d->name, err, &why);
		report(!err, "%s: %u of %u vectors%s", d->name, mirq_irq_count(d->irqs),
		       d->nr_vectors, mirq_device_is_isolated(d->dev) ? ", isolated" : "");
	}
}

void verdict_add(uint64_t nr_raised, uint64_t nr_handled)
{
	nr_more_raised += nr_raised;
	nr_more_handled += nr_handled;
}

/* Vectors that nobody was meant by, in the library's eyes or in the kernel's. */
static uint64_t nr_stray(void)
{
	uint64_t nr = port_counts().nr_foreign;

	for (uint32_t cpu = 0; cpu < cpu_nr(); cpu++) {
		struct mirq_cpu_info info;

		nr += cpu_at(cpu)->nr_unexpected;
		if (mirq_cpu_inspect(port_mirq(), cpu, &info))
			report_failure("CPU %u cannot be inspected", cpu);
		else
			nr += info.nr_stray;
	}
	return nr;
}

/* At rest: every CPU has served the kicks that were sent to it. */
static void check_invariants(const char *when)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err;

	cpu_settle_all();
	err = mirq_check(port_mirq(), &why);
	if (err)
		show_why("mirq_check", err, &why);
	report(!err, "invariants hold %s", when);
}

static void tell_witness(const struct firing_device *d)
{
	for (uint32_t slot = 0; slot < d->nr_vectors; slot++) {
		const struct firing_slot *s = &d->slots[slot];

		if (s->was_requested)
			witness_handled(&(struct witness_handled){
				.device = d->name,
				.slot = slot,
				.nr_handled = s->nr_handled,
				.nr_raised = &s->nr_raised,
				.may_merge = s->may_merge,
				.has_load = s->has_load,
			});
	}
}

void verdict_end(void)
{
	struct firing_totals t;
	uint64_t nr_expected, nr_lost, nr_extra;

	check_invariants("before the end");
	for (uint32_t i = 0; i < firing_nr(); i++)
		if (firing_at(i)->irqs.store)
			firing_free(firing_at(i));
	check_invariants("with nothing left");
	provider_end();
	t = firing_totals();
	t.nr_raised += nr_more_raised;
	t.nr_handled += nr_more_handled;
	nr_expected = t.nr_raised - t.nr_merged;
	nr_lost = nr_expected > t.nr_handled ? nr_expected - t.nr_handled : 0;
	nr_extra = t.nr_handled > nr_expected ? t.nr_handled - nr_expected : 0;
	for (uint32_t i = 0; i < firing_nr(); i++)
		tell_witness(firing_at(i));
	witness_end();
	if (t.nr_merged)
		print("merged while masked: %lu\n", t.nr_merged);
	scenario_set_counts(&(struct scenario_counts){ t.nr_raised, t.nr_handled, nr_lost,
						       nr_stray() + nr_extra });
}
