/* SPDX-License-Identifier: MIT */
/*
 * Scenario dynamic: slot 0 of each rocker is fired by another CPU without a pause, while its
 * other slots are allocated, requested, fired, released and freed one by one, in changing order.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "cpu.h"
#include "device.h"
#include "load.h"
#include "mirq_port.h"
#include "option.h"
#include "show.h"
#include "verdict.h"
#include "witness.h"

enum {
	ROUNDS = 100
};

/* One life of one slot. */
static enum mirq_err live_once(struct firing_device *d, uint32_t slot, uint32_t cpu,
			       struct mirq_why *why)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .at = { slot, slot + 1 },
				      .cpus = mirq_cpus_one(cpu), .why = why };
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = firing_handle,
					    .context = &d->slots[slot], .why = why };
	struct mirq_irqs one;
	enum mirq_err err = mirq_irq_alloc(d->store, &want, &one);

	if (err)
		return err;
	err = mirq_irq_request(one, &handler);
	if (!err) {
		firing_tell(d, slot);
		if (!firing_fire(d, slot) || d->slots[slot].handled_cpu != cpu)
			err = MIRQ_EIO;
	}
	if (err) {
		mirq_irq_free(one);
		return err;
	}
	err = mirq_irq_free(one);
	if (!err)
		witness_free(d->name, slot);
	return err;
}

static void try_device(struct firing_device *d, uint32_t nr_rounds)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 1 };
	struct load load = { .device = d, .slots = { 0, 1 }, .cpu = cpu_nr() - 1 };
	bool has_load = load.cpu != cpu_this()->number;
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = firing_alloc(d, 1, &want, &why);
	uint32_t nr_lives = 0;

	if (!err && has_load)
		load_start(&load);
	for (uint32_t i = 0; !err && i < nr_rounds; i++) {
		for (uint32_t k = 1; !err && k < d->nr_vectors; k++) {
			uint32_t slot = 1 + (k * (i % 2 ? 1 : d->nr_vectors - 2) + i) %
						    (d->nr_vectors - 1);

			err = live_once(d, slot, (i + k) % cpu_nr(), &why);
			nr_lives += !err;
		}
	}
	if (has_load && !load_stop(&load))
		err = MIRQ_EIO;
	if (err)
		show_why(d->name, err, &why);
	report(!err, "%s: %u lives of %u slots, %lu events of slot 0 meanwhile", d->name, nr_lives,
	       d->nr_vectors - 1, load.nr_fired);
}

void scenario_dynamic(void)
{
	uint32_t nr_rounds = (uint32_t)option_number("rounds", ROUNDS), nr_devices = 0;
	struct mirq_info info;

	verdict_begin(VERDICT_ALLOC_NOTHING);
	for (uint32_t i = 0; i < firing_nr(); i++) {
		struct firing_device *d = firing_at(i);

		if (d->driver == &rocker_driver) {
			try_device(d, nr_rounds);
			nr_devices++;
		}
	}
	report(nr_devices, "%u devices with slots to give and take", nr_devices);
	mirq_inspect(port_mirq(), &info);
	report(info.nr_irqs == nr_devices, "%u interrupts left of %u lives", info.nr_irqs,
	       nr_devices * nr_rounds);
	show_slots();
	verdict_end();
}
