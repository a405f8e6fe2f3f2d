/* SPDX-License-Identifier: MIT */
/*
 * The table of functions and what a driver asks of it.
 *
 * Locking: the table is immutable after pci_init(); pci_enable() is for the boot CPU or for a
 * driver that no other shares a bridge with at that time.
 */
#include "pci_table.h"

#include <stddef.h>

#include "paging.h"
#include "panic.h"

enum {
	STATUS_HAS_CAPABILITIES = 0x10,
	MAX_CAPABILITIES = 48,
	FIRST_CAPABILITY = 0x40
};

struct pci_table pci_table;

/* No bus behind a bridge, or not one address in the machine: the firmware did not come by. */
static bool is_unassigned(void)
{
	uint32_t nr_bars = 0, nr_set = 0;

	for (uint32_t i = 0; i < pci_table.nr; i++) {
		const struct pci_function *f = &pci_table.functions[i];

		if (f->is_bridge && !f->secondary)
			return true;
		for (uint32_t bar = 0; bar < PCI_NR_BARS; bar++) {
			nr_bars += f->bars[bar].space != PCI_SPACE_NONE;
			nr_set += f->bars[bar].range.base != 0;
		}
	}
	return nr_bars && !nr_set;
}

void pci_init(const struct pci_windows *windows, enum pci_assign assign)
{
	pci_scan_keep();
	pci_assign_read();
	if (assign == PCI_ASSIGN_IF_NEEDED && !is_unassigned())
		return;
	pci_scan_number();
	pci_assign_read();
	pci_assign_all(windows);
}

uint32_t pci_nr(void)
{
	return pci_table.nr;
}

struct pci_function *pci_at(uint32_t index)
{
	if (index >= pci_table.nr)
		panic("pci: no function %u of %u", index, pci_table.nr);
	return &pci_table.functions[index];
}

struct pci_function *pci_find(uint32_t vendor, uint32_t device, uint32_t nth)
{
	for (uint32_t i = 0; i < pci_table.nr; i++) {
		struct pci_function *f = &pci_table.functions[i];

		if (f->vendor == vendor && f->device == device && !nth--)
			return f;
	}
	return NULL;
}

struct pci_function *pci_find_rid(uint32_t rid)
{
	for (uint32_t i = 0; i < pci_table.nr; i++)
		if (pci_table.functions[i].rid == rid)
			return &pci_table.functions[i];
	return NULL;
}

void pci_enable(const struct pci_function *f)
{
	for (; f; f = f->bridge) {
		uint32_t command = pci_config_read(f->rid, PCI_COMMAND, 2);

		pci_config_write(f->rid, PCI_COMMAND, 2,
				 command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	}
}

void *pci_map_bar(const struct pci_function *f, uint32_t bar)
{
	const struct pci_bar *b = &f->bars[bar];

	if (bar >= PCI_NR_BARS || b->space == PCI_SPACE_NONE || !b->range.base)
		return NULL;
	return paging_map(b->range.base, b->range.size_bytes, PAGING_DEVICE);
}

uint32_t pci_find_capability(const struct pci_function *f, uint32_t id)
{
	uint32_t at = PCI_CAPABILITIES;

	if (!(pci_config_read(f->rid, PCI_STATUS, 2) & STATUS_HAS_CAPABILITIES))
		return 0;
	at = pci_config_read(f->rid, at, 1) & ~3u;
	for (uint32_t i = 0; i < MAX_CAPABILITIES && at >= FIRST_CAPABILITY; i++) {
		if (pci_config_read(f->rid, at, 1) == id)
			return at;
		at = pci_config_read(f->rid, at + 1, 1) & ~3u;
	}
	return 0;
}
