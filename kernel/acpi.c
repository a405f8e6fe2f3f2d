/* SPDX-License-Identifier: MIT */
/*
 * RSDP -> XSDT or RSDT -> a table; the MADT's processors; the MCFG's first entry.
 *
 * What it is not: the library's reader, which is the one under test. This one exists so that the
 * CPUs and the buses are known before the library is called, and it shares no code with it.
 * Source: ACPI 6.5, 5.2.5 (RSDP), 5.2.7, 5.2.8, 5.2.12 (MADT); PCI Firmware 3.3, 4.1.2 (MCFG).
 * Locking: none; boot CPU.
 */
#include "acpi.h"

#include <stddef.h>

#include "boot_info.h"
#include "kstring.h"
#include "paging.h"

enum {
	RSDP_RSDT = 16,
	RSDP_XSDT = 24,
	RSDP_BYTES = 36,
	MADT_ENTRIES = 44,
	MADT_LOCAL_APIC = 0,
	MADT_LOCAL_APIC_BYTES = 8,
	MADT_ENABLED = 1,
	MCFG_ENTRIES = 44,
	MCFG_ENTRY_BYTES = 16,
};

#define MAX_TABLE_BYTES 0x1000000u
#define ADDRESS_LIMIT (1ull << 46)

/* Fields of tables have no alignment. */
static uint64_t read_field(const void *table, uint32_t offset_bytes, uint32_t nr_bytes)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)table + offset_bytes, nr_bytes);
	return value;
}

static bool has_good_sum(const void *table, uint32_t nr_bytes)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < nr_bytes; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)table)[i]);
	return !sum;
}

const void *acpi_rsdp(void)
{
	uint64_t at = boot_info()->rsdp;

	if (!at || at >= ADDRESS_LIMIT)
		return NULL;
	return paging_map(at, RSDP_BYTES, PAGING_DATA);
}

static const struct acpi_header *map_table(uint64_t at)
{
	const struct acpi_header *h;

	if (!at || at >= ADDRESS_LIMIT)
		return NULL;
	h = paging_map(at, sizeof(*h), PAGING_DATA);
	if (h->length_bytes < sizeof(*h) || h->length_bytes > MAX_TABLE_BYTES)
		return NULL;
	paging_map(at, h->length_bytes, PAGING_DATA);
	return has_good_sum(h, h->length_bytes) ? h : NULL;
}

const struct acpi_header *acpi_find(const char *signature)
{
	const void *rsdp = acpi_rsdp();
	const struct acpi_header *root = NULL;
	uint32_t entry_bytes = 8;

	if (rsdp)
		root = map_table(read_field(rsdp, RSDP_XSDT, 8));
	if (rsdp && (!root || memcmp(root->signature, "XSDT", 4))) {
		root = map_table(read_field(rsdp, RSDP_RSDT, 4));
		entry_bytes = 4;
	}
	if (!root)
		return NULL;
	for (uint32_t at = sizeof(*root); at + entry_bytes <= root->length_bytes;
	     at += entry_bytes) {
		const struct acpi_header *h = map_table(read_field(root, at, entry_bytes));

		if (h && !memcmp(h->signature, signature, 4))
			return h;
	}
	return NULL;
}

uint32_t acpi_read_apic_ids(uint32_t *ids, uint32_t max)
{
	const struct acpi_header *madt = acpi_find("APIC");
	uint32_t nr = 0;
	uint32_t bytes;

	for (uint32_t at = MADT_ENTRIES; madt && at + 2 <= madt->length_bytes; at += bytes) {
		bytes = (uint32_t)read_field(madt, at + 1, 1);
		if (bytes < 2 || at + bytes > madt->length_bytes)
			break;
		if (read_field(madt, at, 1) != MADT_LOCAL_APIC || bytes < MADT_LOCAL_APIC_BYTES)
			continue;
		if (read_field(madt, at + 4, 4) & MADT_ENABLED && nr < max)
			ids[nr++] = (uint32_t)read_field(madt, at + 3, 1);
	}
	return nr;
}

bool acpi_read_ecam(struct acpi_ecam *out)
{
	const struct acpi_header *mcfg = acpi_find("MCFG");

	if (!mcfg || mcfg->length_bytes < MCFG_ENTRIES + MCFG_ENTRY_BYTES)
		return false;
	*out = (struct acpi_ecam){
		.base = read_field(mcfg, MCFG_ENTRIES, 8),
		.segment = (uint32_t)read_field(mcfg, MCFG_ENTRIES + 8, 2),
		.first_bus = (uint32_t)read_field(mcfg, MCFG_ENTRIES + 10, 1),
		.limit_bus = (uint32_t)read_field(mcfg, MCFG_ENTRIES + 11, 1) + 1,
	};
	return out->base && out->base < ADDRESS_LIMIT && out->first_bus < out->limit_bus;
}
