/* SPDX-License-Identifier: MIT */
/*
 * Counts before, counts after.
 *
 * Budgets (docs/design.md, phases): bring-up of N of T table entries takes 4N + O(1) writes, O(1)
 * reads and 1 wait when the function is known to be reset; otherwise N reads and T - N writes
 * more. A move behind a remapper does not touch the device.
 * Locking: none; counters of the port are atomic, the rest of the machine is idle.
 */
#include "costs.h"

#include <stddef.h>

#include <mirq/bus.h>
#include <mirq/inspect.h>

#include "console.h"
#include "cpu.h"
#include "pci_reset.h"
#include "scenario.h"
#include "show.h"
#include "witness.h"

enum {
	SLACK = 16 /* the O(1) */
};

struct costs costs_now(void)
{
	struct costs c = { .port = port_counts() };
	struct mirq_domain *domain = NULL;

	while ((domain = mirq_domain_next(port_mirq(), domain))) {
		struct mirq_vtd_stats s;

		if (mirq_vtd_inspect(domain, &s))
			continue;
		c.units.nr_entry_writes += s.nr_entry_writes;
		c.units.nr_invalidations += s.nr_invalidations;
		c.units.nr_waits += s.nr_waits;
		c.units.nr_polls += s.nr_polls;
		c.units.nr_errors += s.nr_errors;
		c.units.nr_faults += s.nr_faults;
	}
	return c;
}

struct costs costs_since(const struct costs *before)
{
	struct costs c = costs_now();

	for (uint32_t i = 0; i < PORT_NR_TARGETS; i++) {
		c.port.at[i].nr_reads -= before->port.at[i].nr_reads;
		c.port.at[i].nr_writes -= before->port.at[i].nr_writes;
	}
	c.port.nr_taken -= before->port.nr_taken;
	c.port.nr_kicks -= before->port.nr_kicks;
	c.units.nr_entry_writes -= before->units.nr_entry_writes;
	c.units.nr_invalidations -= before->units.nr_invalidations;
	c.units.nr_waits -= before->units.nr_waits;
	c.units.nr_polls -= before->units.nr_polls;
	c.units.nr_errors -= before->units.nr_errors;
	c.units.nr_faults -= before->units.nr_faults;
	return c;
}

/* A vector's share of register writes and reads, of device and units, in hundredths. */
static uint64_t share(uint64_t device, uint64_t unit, uint32_t nr_vectors)
{
	return (device + unit) * 100 / nr_vectors;
}

void costs_print(const char *job, uint32_t nr_vectors, const struct costs *c)
{
	uint64_t writes = share(c->port.at[PORT_DEVICE].nr_writes, c->port.at[PORT_UNIT].nr_writes,
				nr_vectors);
	uint64_t reads = share(c->port.at[PORT_DEVICE].nr_reads, c->port.at[PORT_UNIT].nr_reads,
			       nr_vectors);

	print("cost: %s, %u vectors: %lu.%02lu writes and %lu.%02lu reads a vector, %lu waits\n",
	      job, nr_vectors, writes / 100, writes % 100, reads / 100, reads % 100,
	      c->units.nr_waits);
	print("cost:   device %lu writes %lu reads, unit %lu writes %lu reads, config %lu writes "
	      "%lu reads\n",
	      c->port.at[PORT_DEVICE].nr_writes, c->port.at[PORT_DEVICE].nr_reads,
	      c->port.at[PORT_UNIT].nr_writes, c->port.at[PORT_UNIT].nr_reads,
	      c->port.at[PORT_CONFIG].nr_writes, c->port.at[PORT_CONFIG].nr_reads);
	print("cost:   in memory: %lu entry words, %lu invalidations, %lu waits, %lu polls\n",
	      c->units.nr_entry_writes, c->units.nr_invalidations, c->units.nr_waits,
	      c->units.nr_polls);
}

static enum mirq_handled count_nothing(void *context)
{
	(void)context;
	report_failure("an interrupt of a device that was not asked for any");
	return MIRQ_HANDLED;
}

/* The jobs, each with what it cost. */
static enum mirq_err bring_up(struct mirq_device *dev, uint32_t nr, struct mirq_irqs *irqs,
			      struct mirq_why *why)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .placement = MIRQ_PLACE_SPREAD,
				      .why = why };
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = count_nothing,
					    .why = why };
	enum mirq_err err = mirq_pci_alloc_irqs(dev, nr, nr, MIRQ_PCI_ANY, &want, irqs);

	return err ? err : mirq_irq_request(*irqs, &handler);
}

static enum mirq_err tear_down(struct mirq_irqs irqs)
{
	enum mirq_err err = mirq_irq_release(irqs, NULL);

	return err ? err : mirq_irq_free(irqs);
}

static void check_budget(const char *job, const struct costs *c, uint64_t nr_writes,
			 uint64_t nr_reads, uint64_t nr_waits)
{
	uint64_t writes = c->port.at[PORT_DEVICE].nr_writes + c->port.at[PORT_UNIT].nr_writes;
	uint64_t reads = c->port.at[PORT_DEVICE].nr_reads + c->port.at[PORT_UNIT].nr_reads;

	report(writes <= nr_writes && reads <= nr_reads && c->units.nr_waits <= nr_waits,
	       "%s: %lu of %lu writes, %lu of %lu reads, %lu of %lu waits", job, writes, nr_writes,
	       reads, nr_reads, c->units.nr_waits, nr_waits);
}

/* One life of @nr vectors. */
static void measure(const struct pci_function *f, uint32_t nr, uint32_t flags)
{
	bool is_reset = flags & MIRQ_PCI_WAS_RESET;
	struct mirq_why why = { .text = NULL };
	uint32_t nr_slots = 0, nr_remappers = port_machine()->nr_units;
	struct mirq_irqs irqs = { .store = NULL };
	struct mirq_device *dev;
	struct costs before, c;
	enum mirq_err err = port_attach(f, "measured", flags, &dev, &why);

	if (err) {
		show_why("cost", err, &why);
		report_failure("cost: not attached");
		return;
	}
	before = costs_now();
	err = bring_up(dev, nr, &irqs, &why);
	c = costs_since(&before);
	if (!err) {
		nr_slots = mirq_irq_count(mirq_store_irqs(irqs.store));
		costs_print(is_reset ? "bring-up, known reset" : "bring-up, state unknown", nr, &c);
		check_budget("bring-up", &c, 4 * nr + (is_reset ? 0 : nr_slots - nr) + SLACK,
			     (is_reset ? 0 : nr) + SLACK, nr_remappers);
		before = costs_now();
		err = mirq_affinity_set(irqs, mirq_cpus_one(cpu_nr() - 1), &why);
		c = costs_since(&before);
	}
	if (!err) {
		costs_print("move of all to one CPU", nr, &c);
		before = costs_now();
		err = tear_down(irqs);
		c = costs_since(&before);
		costs_print(is_reset ? "tear-down, known reset" : "tear-down, state unknown", nr,
			    &c);
	}
	if (err) {
		show_why("cost", err, &why);
		report_failure("cost: %s", mirq_err_text(err));
	}
	if (mirq_device_detach(dev))
		report_failure("cost: not detached");
}

void costs_measure(const struct pci_function *f, uint32_t nr)
{
	pci_enable(f);
	if (pci_reset(f))
		measure(f, nr, MIRQ_PCI_WAS_RESET);
	else
		print("cost: %04x:%04x cannot be reset alone\n", f->vendor, f->device);
	measure(f, nr, 0);
}
