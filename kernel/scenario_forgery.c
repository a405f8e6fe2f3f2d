/* SPDX-License-Identifier: MIT */
/*
 * Scenario forgery: a device that somebody else programs sends messages that are not its own.
 * Behind an isolating remapper none of them reaches a CPU, and the interrupts they were aimed at go
 * on.
 *
 * The second edu is the forger: mirq knows the device and gives it no interrupt, the kernel writes
 * its MSI registers by hand. With the option spoil the kernel also writes to the remapping table.
 * What this QEMU lets through although the specification blocks it is in docs/CAVEATS.md.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/inspect.h>
#include <mirq/vtd.h>

#include "console.h"
#include "edu.h"
#include "mirq_port.h"
#include "option.h"
#include "show.h"
#include "smp.h"
#include "unit_peek.h"
#include "verdict.h"
#include "witness.h"

enum {
	CAPABILITY_MSI = 0x05,
	MSI_CONTROL = 2,
	MSI_ENABLE = 1,
	MSI_ADDRESS_LOW = 4,
	MSI_ADDRESS_HIGH = 8,
	MSI_DATA = 12, /* edu's has 64 bits */
};

#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_RESERVED_LOW (1ull << 12)
#define ENTRY_SOURCE (1ull << 3)       /* a bit of the requester id, high half */
#define ENTRY_SOURCE_TYPE (1ull << 19) /* high half: makes 3, reserved, of 1 */
#define ENTRY_RESERVED_HIGH (1ull << 32)

static uint32_t nr_blocked;

static void program(const struct firing_device *d, struct mirq_msg msg)
{
	uint32_t rid = d->function->rid, at = pci_find_capability(d->function, CAPABILITY_MSI);
	uint32_t control = pci_config_read(rid, at + MSI_CONTROL, 2);

	pci_config_write(rid, at + MSI_ADDRESS_LOW, 4, (uint32_t)msg.address);
	pci_config_write(rid, at + MSI_ADDRESS_HIGH, 4, (uint32_t)(msg.address >> 32));
	pci_config_write(rid, at + MSI_DATA, 2, msg.data);
	pci_config_write(rid, at + MSI_CONTROL, 2, control | MSI_ENABLE);
}

static void unprogram(const struct firing_device *d)
{
	uint32_t rid = d->function->rid, at = pci_find_capability(d->function, CAPABILITY_MSI);
	uint32_t control = pci_config_read(rid, at + MSI_CONTROL, 2);

	pci_config_write(rid, at + MSI_CONTROL, 2, control & ~(uint32_t)MSI_ENABLE);
}

/* @d sends once what its registers say; no CPU may take a vector for it. */
static void expect_nothing(struct firing_device *d, const char *what)
{
	uint64_t nr_taken = port_counts().nr_taken;
	struct firing_totals before = firing_totals();

	edu_fire_uncounted(d);
	cpu_settle_all();
	d->driver->acknowledge(d, 0);
	nr_blocked++;
	report(port_counts().nr_taken == nr_taken &&
		       firing_totals().nr_handled == before.nr_handled,
	       "%s: blocked", what);
}

static void forge(struct firing_device *forger, struct mirq_msg msg, const char *what)
{
	program(forger, msg);
	expect_nothing(forger, what);
	unprogram(forger);
}

static struct mirq_msg message_of(const struct firing_device *d)
{
	struct mirq_msg msg = { 0, 0 };

	if (mirq_irq_compose(d->irqs, &msg))
		report_failure("%s: no message", d->name);
	return msg;
}

static void forge_messages(struct firing_device *victim, struct firing_device *forger)
{
	struct firing_device *rocker = firing_find("rocker", 0);
	uint32_t nr_entries = unit_nr_entries();
	struct mirq_msg msg = message_of(victim);

	forge(forger, msg, "the message of another device");
	if (rocker)
		forge(forger, message_of(rocker), "the message of an MSI-X slot");
	msg.data = 0xffff;
	forge(forger, msg, "a handle whose sub-handle leads past the table");
	forge(forger, mirq_vtd_compose_message(nr_entries - 1), "an entry that is not present");
	if (nr_entries < 0x10000)
		forge(forger, mirq_vtd_compose_message(nr_entries), "an index past the table");
	report(firing_fire(victim, 0), "%s: its own message still arrives", victim->name);
}

/* The victim sends its own message, through an entry in which one thing is wrong. */
static void spoil(struct firing_device *victim, uint64_t low, uint64_t high, const char *what)
{
	struct mirq_hop_info hop;
	struct unit_entry *entry, saved;

	if (mirq_irq_inspect_hop(victim->irqs, 1, &hop)) {
		report_failure("%s: no entry", victim->name);
		return;
	}
	entry = &unit_entries()[hop.hwirq];
	saved.low = entry->low;
	saved.high = entry->high;
	entry->high = saved.high ^ high;
	entry->low = saved.low ^ low;
	expect_nothing(victim, what);
	entry->low = saved.low;
	entry->high = saved.high;
	if (!firing_fire(victim, 0))
		report_failure("%s: does not arrive through the mended entry", victim->name);
}

/* A store to the message's address by DMA: no device id comes with it in this QEMU. */
static void store_message(struct firing_device *victim, struct firing_device *forger)
{
	static uint32_t data;
	struct mirq_msg msg = message_of(victim);
	uint64_t before = firing_nr_handled(victim, 0);
	bool is_done;

	data = msg.data;
	is_done = edu_dma_read(forger, (uint64_t)&data, sizeof(data)) &&
		  edu_dma_write(forger, msg.address, sizeof(data));
	cpu_settle_all();
	report(is_done, "%s wrote the message of %s by DMA", forger->name, victim->name);
	if (firing_nr_handled(victim, 0) == before) {
		print("note: the store by DMA was blocked\n");
		return;
	}
	print("note: the store by DMA arrived: this QEMU does not check who stored\n");
	firing_count_raised(victim, 0);
}

static void try_forger(struct firing_device *victim, struct firing_device *forger)
{
	forge_messages(victim, forger);
	if (option_text("spoil")) {
		spoil(victim, ENTRY_PRESENT, 0, "an entry not present");
		spoil(victim, ENTRY_RESERVED_LOW, 0, "a reserved bit in the low half");
		spoil(victim, 0, ENTRY_RESERVED_HIGH, "a reserved bit in the high half");
		spoil(victim, 0, ENTRY_SOURCE_TYPE, "a reserved source type");
		spoil(victim, 0, ENTRY_SOURCE, "the id of another device");
		store_message(victim, forger);
	}
	witness_expect(WITNESS_BLOCKED, nr_blocked);
}

void scenario_forgery(void)
{
	struct firing_device *victim, *forger, *rocker;
	struct mirq_why why = { .text = NULL };

	verdict_begin(VERDICT_ALLOC_NOTHING);
	victim = firing_find("edu", 0);
	forger = firing_find("edu", 1);
	rocker = firing_find("rocker", 0);
	if (!victim || !forger) {
		report_failure("this needs two edu");
		return;
	}
	report(!firing_alloc(victim, 1, NULL, &why) &&
		       (!rocker || !firing_alloc(rocker, 1, NULL, &why)),
	       "the victims have interrupts");
	report(firing_fire(victim, 0), "%s: fires", victim->name);
	if (unit_peek_init()) {
		report(mirq_device_is_isolated(victim->dev), "%s is isolated", victim->name);
		try_forger(victim, forger);
	} else {
		report(!mirq_device_is_isolated(victim->dev),
		       "nothing isolates devices here, and mirq says so");
	}
	verdict_end();
}
