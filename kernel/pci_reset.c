/* SPDX-License-Identifier: MIT */
/*
 * Initiates a function-level reset.
 *
 * Source: PCI Express 5.0, 6.6.2 (what it resets, 100 ms), 7.5.3.3 and 7.5.3.4 (bits).
 * Locking: none; the function is the caller's alone.
 */
#include "pci_reset.h"

#include "clock.h"

enum {
	CAPABILITY_EXPRESS = 0x10,
	DEVICE_CAPABILITIES = 4,
	DEVICE_CONTROL = 8,
	RESET_NS = 100000000,
};

#define CAN_RESET (1u << 28)
#define START_RESET (1u << 15)

bool pci_reset(const struct pci_function *f)
{
	uint32_t at = pci_find_capability(f, CAPABILITY_EXPRESS);
	uint32_t command = pci_config_read(f->rid, PCI_COMMAND, 2);
	uint32_t bars[PCI_NR_BARS];
	uint32_t control;

	if (!at || !(pci_config_read(f->rid, at + DEVICE_CAPABILITIES, 4) & CAN_RESET))
		return false;
	for (uint32_t i = 0; i < PCI_NR_BARS; i++)
		bars[i] = pci_config_read(f->rid, PCI_BAR0 + 4 * i, 4);
	pci_config_write(f->rid, PCI_COMMAND, 2, 0);
	control = pci_config_read(f->rid, at + DEVICE_CONTROL, 2);
	pci_config_write(f->rid, at + DEVICE_CONTROL, 2, control | START_RESET);
	clock_delay_ns(RESET_NS);
	for (uint32_t i = 0; i < PCI_NR_BARS; i++)
		pci_config_write(f->rid, PCI_BAR0 + 4 * i, 4, bars[i]);
	pci_config_write(f->rid, PCI_COMMAND, 2, command);
	return true;
}
