/* SPDX-License-Identifier: MIT */
/* Finds ACPI tables, and reads from two of them what the kernel needs before the library runs. */
#ifndef KERNEL_ACPI_H
#define KERNEL_ACPI_H

#include <stdbool.h>
#include <stdint.h>

struct acpi_header {
	char signature[4];
	uint32_t length_bytes;
	uint8_t revision, checksum;
	char rest[26];
};

/*
 * The first table with this signature, mapped, its checksum good; NULL when there is none. The
 * content is otherwise unchecked.
 */
const struct acpi_header *acpi_find(const char *signature);

/* The RSDP, mapped as far as its revision says, or NULL. */
const void *acpi_rsdp(void);

/* APIC ids below 255 of usable processors, in the MADT's order. Returns how many it stored. */
uint32_t acpi_read_apic_ids(uint32_t *ids, uint32_t max);

struct acpi_ecam { /* one segment's configuration space; buses half-open */
	uint64_t base;
	uint32_t segment, first_bus, limit_bus;
};

/* The MCFG's first entry. */
bool acpi_read_ecam(struct acpi_ecam *out);

#endif
