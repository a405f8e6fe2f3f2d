/* SPDX-License-Identifier: MIT */
/*
 * Finds table and pending bits by itself: the library's walk is under test.
 *
 * Source: PCI Express 5.0, 7.7.2 (MSI-X capability, table, PBA).
 * Locking: none; reads.
 */
#include "msix_peek.h"

#include <stddef.h>

#include "mmio.h"

enum {
	CAPABILITY_MSIX = 0x11,
	CONTROL = 2,
	CONTROL_SIZE = 0x7ff,
	TABLE = 4,
	PENDING = 8,
	BIR_MASK = 7,
	ENTRY_BYTES = 16,
	ENTRY_CONTROL = 12,
};

static const volatile char *map_part(const struct pci_function *f, uint32_t where)
{
	const volatile char *bar = pci_map_bar(f, where & BIR_MASK);

	return bar ? bar + (where & ~(uint32_t)BIR_MASK) : NULL;
}

bool msix_peek_init(struct msix_peek *p, const struct pci_function *f)
{
	uint32_t at = pci_find_capability(f, CAPABILITY_MSIX);

	if (!at)
		return false;
	p->nr_slots = (pci_config_read(f->rid, at + CONTROL, 2) & CONTROL_SIZE) + 1;
	p->table = map_part(f, pci_config_read(f->rid, at + TABLE, 4));
	p->pending = map_part(f, pci_config_read(f->rid, at + PENDING, 4));
	return p->table && p->pending;
}

bool msix_is_masked(const struct msix_peek *p, uint32_t slot)
{
	return mmio_read32(p->table, slot * ENTRY_BYTES + ENTRY_CONTROL) & 1;
}

bool msix_is_pending(const struct msix_peek *p, uint32_t slot)
{
	return mmio_read32(p->pending, slot / 32 * 4) >> slot % 32 & 1;
}
