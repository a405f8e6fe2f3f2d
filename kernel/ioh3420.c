/* SPDX-License-Identifier: MIT */
/*
 * Intel's IOH root port (QEMU: ioh3420): MSI with two messages, 32-bit addresses, and per-vector
 * mask and pending bits. It has no register that sends a message, so its hot-plug controller is
 * made to: each write of Slot Control completes a command, which the port reports.
 *
 * What it is not: a hot-plug driver; nothing is ever plugged. Only the message that the PCI Express
 * capability names for hot plug can be raised. The other one is for errors, which only the
 * emulator's monitor can inject.
 * Sources: [PCIE] 7.5.3.2 (Interrupt Message Number), 7.5.3.9-11 (slot registers), 6.7.3 (hot-plug
 * interrupts).
 * Locking: one caller of fire at a time. Slot Status is written by fire and by the handler; each
 * write clears bits only.
 */
#include "device.h"

#include <mirq/io.h>

#include "console.h"

#define IOH3420_VENDOR 0x8086
#define IOH3420_DEVICE 0x3420

#define PCI_CAPABILITY_EXPRESS 0x10
#define EXPRESS_FLAGS 0x02
#define EXPRESS_FLAGS_MESSAGE 13, 9
#define EXPRESS_FLAGS_SLOT 8, 8
#define EXPRESS_SLOT_CAP 0x14
#define SLOT_CAP_NO_COMMAND_COMPLETED 18, 18
#define EXPRESS_SLOT_CONTROL 0x18
#define SLOT_CONTROL_CCIE 4, 4 /* command completed interrupt enable */
#define SLOT_CONTROL_HPIE 5, 5 /* hot-plug interrupt enable */
#define EXPRESS_SLOT_STATUS 0x1a
#define SLOT_STATUS_COMMAND_COMPLETED 4, 4
#define SLOT_STATUS_EVENTS 4, 0 /* and 8: data link layer state changed */
#define SLOT_STATUS_LINK_CHANGED 8, 8

enum {
	SLOT_CONTROL_NO_EVENTS = 0x103f
}; /* interrupt enables: bits 5:0 and 12 */

static uint32_t read16(struct firing_device *d, uint32_t offset)
{
	return pci_config_read(d->function->rid, (uint32_t)(uintptr_t)d->data + offset, 2);
}

/* Two bytes: a write of four would hit Slot Control and Slot Status, its neighbour, alike. */
static void write16(struct firing_device *d, uint32_t offset, uint64_t value)
{
	pci_config_write(d->function->rid, (uint32_t)(uintptr_t)d->data + offset, 2,
			 (uint32_t)value);
}

/* Only what is set: QEMU ignores a write that would clear an event which is not there. */
static void clear_status(struct firing_device *d)
{
	uint64_t events = MIRQ_FIELD_MASK(SLOT_STATUS_EVENTS) |
			  MIRQ_FIELD_MASK(SLOT_STATUS_LINK_CHANGED);

	write16(d, EXPRESS_SLOT_STATUS, read16(d, EXPRESS_SLOT_STATUS) & events);
}

static void port_stop(struct firing_device *d)
{
	write16(d, EXPRESS_SLOT_CONTROL, read16(d, EXPRESS_SLOT_CONTROL) & ~SLOT_CONTROL_NO_EVENTS);
	clear_status(d);
}

/* .data is the capability's offset, .nr_vectors ends with the one message that can be raised. */
static bool port_open(struct firing_device *d)
{
	uint32_t at = pci_find_capability(d->function, PCI_CAPABILITY_EXPRESS);
	uint32_t flags, slot_cap;

	d->data = (void *)(uintptr_t)at;
	flags = at ? read16(d, EXPRESS_FLAGS) : 0;
	slot_cap = at ? pci_config_read(d->function->rid, at + EXPRESS_SLOT_CAP, 4) : 0;
	if (!MIRQ_GET(flags, EXPRESS_FLAGS_SLOT) ||
	    MIRQ_GET(slot_cap, SLOT_CAP_NO_COMMAND_COMPLETED)) {
		print("%s: has no slot that reports completed commands (flags 0x%x, slot 0x%x)\n",
		      d->name, flags, slot_cap);
		return false;
	}
	if (MIRQ_GET(flags, EXPRESS_FLAGS_MESSAGE) >= d->nr_vectors) {
		print("%s: reports by message %u of %u\n", d->name,
		      (uint32_t)MIRQ_GET(flags, EXPRESS_FLAGS_MESSAGE), d->nr_vectors);
		return false;
	}
	d->nr_vectors = (uint32_t)MIRQ_GET(flags, EXPRESS_FLAGS_MESSAGE) + 1;
	port_stop(d);
	return true;
}

static bool port_start(struct firing_device *d)
{
	clear_status(d);
	return true;
}

/*
 * A message goes out when an enabled status bit turns 1, so it must be 0 before. After the handler
 * it is; while the interrupt is masked nobody else clears it.
 */
static void port_fire(struct firing_device *d, uint32_t slot)
{
	uint64_t control = read16(d, EXPRESS_SLOT_CONTROL);

	firing_count_raised(d, slot);
	if (slot != MIRQ_GET(read16(d, EXPRESS_FLAGS), EXPRESS_FLAGS_MESSAGE)) {
		print("%s: cannot raise message %u\n", d->name, slot);
		return;
	}
	clear_status(d);
	control = MIRQ_SET(control, SLOT_CONTROL_HPIE, 1);
	control = MIRQ_SET(control, SLOT_CONTROL_CCIE, 1);
	write16(d, EXPRESS_SLOT_CONTROL, control);
}

static void port_acknowledge(struct firing_device *d, uint32_t slot)
{
	(void)slot;
	write16(d, EXPRESS_SLOT_STATUS, MIRQ_FIELD_MASK(SLOT_STATUS_COMMAND_COMPLETED));
}

const struct firing_driver ioh3420_driver = {
	.name = "ioh3420",
	.vendor = IOH3420_VENDOR,
	.device = IOH3420_DEVICE,
	.kinds = MIRQ_PCI_MSI,
	.open = port_open,
	.start = port_start,
	.fire = port_fire,
	.acknowledge = port_acknowledge,
	.stop = port_stop,
};
