/* SPDX-License-Identifier: MIT */
/*
 * Scenario multimsi: one MSI capability, several messages. Every one is handled in its own slot.
 * Behind a remapper each member of the block moves alone; without one the block is that of one CPU,
 * and moving a single member is refused with a sentence. Where the capability has mask bits
 * (ioh3420), a masked event stands in the pending bit and arrives when it is unmasked.
 *
 * Sources: [PCI] 6.8.1 (MSI capability). The capability is read here without the library.
 * Locking: none; CPU 0.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "device.h"
#include "option.h"
#include "show.h"
#include "smp.h"
#include "verdict.h"
#include "x86.h"

#define PCI_CAPABILITY_MSI 0x05
#define MSI_CONTROL 0x02
#define MSI_CONTROL_ENABLE 0x0001u
#define MSI_CONTROL_64 0x0080u
#define MSI_CONTROL_MASKS 0x0100u
#define MSI_MASKS_32 0x0c
#define MSI_MASKS_64 0x10
#define MSI_PENDING 0x04 /* from the masks */

enum {
	ROUNDS = 16,
	LIMIT_NS = 1000000000
};

/* ---- Every message in its own slot ---- */

static uint32_t mme_messages(const struct pci_function *f)
{
	uint32_t at = pci_find_capability(f, PCI_CAPABILITY_MSI);
	uint32_t control = at ? pci_config_read(f->rid, at + MSI_CONTROL, 2) : 0;

	return control & MSI_CONTROL_ENABLE ? 1u << (control >> 4 & 7) : 0;
}

/* All slots but @slot have handled what they had. */
static bool is_alone(const struct firing_device *d, uint32_t slot, uint64_t sum_before)
{
	uint64_t sum = 0;

	for (uint32_t i = d->irqs.slots.first; i < d->irqs.slots.limit; i++)
		sum += firing_nr_handled(d, i);
	if (sum == sum_before + 1)
		return true;
	report_failure("%s: slot %u raised once, %lu handled in all slots", d->name, slot,
		       sum - sum_before);
	return false;
}

static void fire_each(struct firing_device *d)
{
	uint64_t nr_rounds = option_number("rounds", ROUNDS), sum = 0;
	uint32_t nr = mirq_irq_count(d->irqs);
	bool is_good = true;

	for (uint32_t i = 0; i < nr; i++)
		sum += firing_nr_handled(d, d->irqs.slots.first + i);
	for (uint64_t k = 0; k < nr_rounds * nr && is_good; k++) {
		uint32_t slot = d->irqs.slots.first + (uint32_t)(k * 7 % nr);

		is_good = firing_fire(d, slot) && is_alone(d, slot, sum + k);
	}
	report(is_good, "%s: %u messages, each %lu times in its own slot", d->name, nr,
	       is_good ? nr_rounds : 0);
}

/* ---- Moving ---- */

static bool stands_at(const struct firing_device *d, uint32_t i, uint32_t cpu)
{
	uint32_t effective = UINT32_MAX;

	if (!mirq_affinity_effective(mirq_irq_at(d->irqs, i), &effective) && effective == cpu)
		return true;
	report_failure("%s: slot %u: CPU %u, not %u", d->name, d->irqs.slots.first + i, effective,
		       cpu);
	return false;
}

/* Member i goes to CPU i + turn; the others are where they were, and all still work. */
static void move_alone(struct firing_device *d)
{
	uint32_t nr = mirq_irq_count(d->irqs), nr_good = 0;

	for (uint32_t i = 0; i < nr; i++) {
		uint32_t slot = d->irqs.slots.first + i, cpu = i % cpu_nr();
		uint32_t next = (i + 1) % nr, next_cpu = 0;
		struct mirq_why why = { .text = NULL };
		enum mirq_err err = mirq_affinity_effective(mirq_irq_at(d->irqs, next), &next_cpu);

		if (!err)
			err = firing_move(d, i, cpu, &why);
		if (err) {
			show_why(d->name, err, &why);
			break;
		}
		nr_good += stands_at(d, i, cpu) && (next == i || stands_at(d, next, next_cpu)) &&
			   firing_fire(d, slot) && d->slots[slot].handled_cpu == cpu;
	}
	report(nr_good == nr, "%s: %u of %u messages moved alone", d->name, nr_good, nr);
}

/* Without a table above, slots that share a message have one CPU. */
static void refuse_alone(struct firing_device *d)
{
	uint32_t nr = mirq_irq_count(d->irqs), home = 0, nr_home = 0;
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = mirq_affinity_effective(mirq_irq_at(d->irqs, 0), &home);

	for (uint32_t i = 0; i < nr && !err; i++)
		nr_home += stands_at(d, i, home);
	report(nr_home == nr, "%s: %u of %u messages on CPU %u", d->name, nr_home, nr, home);
	if (cpu_nr() == 1 || nr == 1)
		return;
	err = firing_move(d, 1, (home + 1) % cpu_nr(), &why);
	show_why(d->name, err, &why);
	report(err == MIRQ_ENOTSUP && why.text && stands_at(d, 1, home) &&
		       firing_fire(d, d->irqs.slots.first + 1),
	       "%s: one of %u cannot move alone, and goes on where it is", d->name, nr);
}

/* ---- Masks in the capability ---- */

/* Mask and pending bits of the capability, 0 where it has none. */
static uint32_t read_bits(const struct pci_function *f, uint32_t more)
{
	uint32_t at = pci_find_capability(f, PCI_CAPABILITY_MSI);
	uint32_t control = at ? pci_config_read(f->rid, at + MSI_CONTROL, 2) : 0;

	if (!(control & MSI_CONTROL_MASKS))
		return 0;
	at += control & MSI_CONTROL_64 ? MSI_MASKS_64 : MSI_MASKS_32;
	return pci_config_read(f->rid, at + more, 4);
}

static bool is_pending_soon(const struct firing_device *d, uint32_t slot)
{
	uint64_t start_ns = clock_now_ns();

	while (!(read_bits(d->function, MSI_PENDING) >> slot & 1)) {
		if (clock_now_ns() - start_ns > LIMIT_NS)
			return false;
		x86_pause();
	}
	return true;
}

/* The first event while off masks the hardware, the second one stands in its pending bit. */
static void keep_pending(struct firing_device *d)
{
	struct mirq_irqs one = mirq_irq_at(d->irqs, 0);
	uint32_t slot = one.slots.first;
	uint64_t before = firing_nr_handled(d, slot), nr;
	bool is_masked, is_pending, is_quiet;

	d->slots[slot].may_merge = true;
	mirq_irq_disable(one);
	d->driver->fire(d, slot);
	cpu_settle_all();
	is_masked = read_bits(d->function, 0) >> slot & 1;
	d->driver->fire(d, slot);
	is_pending = is_pending_soon(d, slot) && mirq_irq_pending(one) == MIRQ_PENDING_YES;
	is_quiet = firing_nr_handled(d, slot) == before;
	if (mirq_irq_enable(one))
		report_failure("%s: slot %u cannot be enabled", d->name, slot);
	cpu_settle_all();
	nr = firing_nr_handled(d, slot) - before;
	report(is_masked && is_pending && is_quiet && (nr == 1 || nr == 2) &&
		       !(read_bits(d->function, MSI_PENDING) >> slot & 1),
	       "%s: 2 events while off: masked %u, pending %u, then handled as %lu", d->name,
	       is_masked, is_pending, nr);
	d->slots[slot].nr_merged += firing_nr_waiting(d, slot);
	report(firing_fire(d, slot), "%s: works on", d->name);
}

static void try_device(struct firing_device *d)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = firing_alloc(d, 1, NULL, &why);
	uint32_t nr;

	if (err) {
		show_why(d->name, err, &why);
		report_failure("%s: no vectors", d->name);
		return;
	}
	nr = mirq_irq_count(d->irqs);
	report(nr == d->nr_vectors && nr == mme_messages(d->function),
	       "%s: %u of %u messages, the capability says %u", d->name, nr, d->nr_vectors,
	       mme_messages(d->function));
	fire_each(d);
	if (mirq_device_is_isolated(d->dev))
		move_alone(d);
	else
		refuse_alone(d);
	fire_each(d);
	if (read_bits(d->function, 0) || d->driver == &ioh3420_driver)
		keep_pending(d);
}

void scenario_multimsi(void)
{
	struct firing_device *xhci, *port;

	verdict_begin(VERDICT_ALLOC_NOTHING);
	xhci = firing_find("xhci", 0);
	port = firing_find("ioh3420", 0);
	report(xhci && port, "a controller with 16 messages and a port with masks");
	if (xhci)
		try_device(xhci);
	if (port)
		try_device(port);
	show_tree();
	show_slots();
	verdict_end();
}
