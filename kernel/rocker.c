/* SPDX-License-Identifier: MIT */
/*
 * QEMU's rocker switch, as far as its test register goes: any MSI-X vector on command.
 *
 * Source: QEMU docs/specs/rocker.txt, "Test Registers".
 * Locking: none; one register write fires, so several callers may.
 */
#include "device.h"

#include <stddef.h>

#include "console.h"
#include "mmio.h"

#define ROCKER_TEST_REGISTER 0x10
#define ROCKER_TEST_IRQ 0x20

/* The test register answers twice what was written. */
static bool rocker_open(struct firing_device *d)
{
	d->registers = pci_map_bar(d->function, 0);
	if (d->registers)
		mmio_write32(d->registers, ROCKER_TEST_REGISTER, 0x01234567);
	if (!d->registers || mmio_read32(d->registers, ROCKER_TEST_REGISTER) != 2 * 0x01234567u) {
		print("%s: no registers\n", d->name);
		return false;
	}
	return true;
}

static void rocker_fire(struct firing_device *d, uint32_t slot)
{
	firing_count_raised(d, slot);
	mmio_write32(d->registers, ROCKER_TEST_IRQ, slot);
}

const struct firing_driver rocker_driver = {
	.name = "rocker",
	.vendor = 0x1b36,
	.device = 0x0006,
	.kinds = MIRQ_PCI_MSIX,
	.open = rocker_open,
	.fire = rocker_fire,
};
