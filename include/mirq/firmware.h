/* SPDX-License-Identifier: MIT */
/*
 * firmware.h - from firmware tables to a description of the machine, x86_machine.h.
 *
 * Tables are bytes that somebody else wrote. Nothing here maps, allocates, keeps a pointer to a
 * table or touches hardware: the caller maps physical memory and lends it, results are values or
 * lie in the caller's memory. A kernel goes this way, mapping what each step names:
 *
 *   rsdp_find/rsdp_read -> root address -> root_read(nr) -> table address -> table_read -> kind
 *
 * puts each table that has a kind into struct mirq_acpi (the first of a kind counts, as in [ACPI]
 * 5.2.12), names and passes over the others, then calls x86_size_bytes and x86_read.
 *
 * A table that contradicts its specification is refused whole: MIRQ_EBADTABLE, and why says
 * .where (the table), .value (byte offset of the structure) and .text (the reason). The caller
 * may set that member of struct mirq_acpi to {0} and call again: the machine then lacks what the
 * table describes.
 *
 * Refused: a length below the fixed part, past the end of the memory or above
 * MIRQ_ACPI_TABLE_MAX; a wrong checksum; a structure that is shorter than its type needs, that is
 * shorter than its own header (a walk would not advance) or that ends behind its table; a list
 * that does not end where its table ends; what each reader's documentation lists beyond that.
 *
 * Accepted, because real machines do it: memory longer than the table; structures longer than
 * their type needs (later revisions grow); disabled processors that share the id of another one;
 * x2APIC entries for ids below 255; IO-APICs and wires in any order; scopes that name an IO-APIC
 * which the MADT does not have. Passed over and counted in mirq_x86_machine.nr_skipped:
 * structures and scopes of unknown, reserved or vendor type (an IO-APIC whose type was
 * overwritten with 0xff is one), types of other architectures, IO-APICs at address 0, overrides
 * of another bus than ISA or of lines above 15, NMI pins above 1.
 */
#ifndef MIRQ_FIRMWARE_H
#define MIRQ_FIRMWARE_H

#include <mirq/compiler.h>
#include <mirq/types.h>
#include <mirq/x86_machine.h>

MIRQ_BEGIN_DECLS

#define MIRQ_ACPI_RSDP_MAX_BYTES 36u   /* map that much for mirq_acpi_rsdp_read() */
#define MIRQ_ACPI_HEADER_BYTES 36u     /* and that much for mirq_acpi_table_read() */
#define MIRQ_ACPI_TABLE_MAX 0x1000000u /* bytes; a longer table is refused */

enum mirq_acpi_kind {
	MIRQ_ACPI_OTHER, /* not read by mirq */
	MIRQ_ACPI_MADT,  /* signature APIC */
	MIRQ_ACPI_DMAR,
	MIRQ_ACPI_MCFG,
	MIRQ_ACPI_HPET,
	MIRQ_ACPI_FADT, /* signature FACP */
	MIRQ_ACPI_ROOT  /* RSDT or XSDT */
};

/* What a table says of itself. */
struct mirq_acpi_table {
	enum mirq_acpi_kind kind;
	uint32_t size_bytes; /* header included: map that much */
	uint32_t revision;
	char signature[5]; /* terminated; a byte that is no printable ASCII reads '?' */
};

/* The tables that describe interrupts; borrowed for the call; absent: {0}. */
struct mirq_acpi {
	uint32_t size_bytes;
	struct mirq_memory madt, dmar, mcfg, hpet, fadt;
};

/**
 * mirq_acpi_rsdp_find() - Search @memory for a root pointer whose checksum is right.
 * @memory:     [in] what firmware reserves for it, from a 16-byte boundary on: on a PC without
 *              UEFI the first KiB of the extended BIOS area, then 0xe0000..0xfffff. Borrowed.
 * @out_offset: [out] where in @memory it starts.
 * Context: any.
 * Errors:  MIRQ_ENOENT (there is none).
 * Source:  [ACPI] 5.2.5.1, 5.2.5.3.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_acpi_rsdp_find(struct mirq_memory memory, size_t *out_offset);

/**
 * mirq_acpi_rsdp_read() - Read a root pointer: where the list of tables is.
 * @memory:      [in] from the root pointer on. Borrowed.
 * @out_address: [out] physical address of the XSDT, or of the RSDT where there is no XSDT.
 * @why:         [out] on failure. Optional.
 * Context: any.
 * Errors:  MIRQ_EBADTABLE (signature, length or one of the two checksums wrong; no address).
 * Source:  [ACPI] 5.2.5.3.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_acpi_rsdp_read(struct mirq_memory memory, uint64_t *out_address,
						  struct mirq_why *why);

/**
 * mirq_acpi_root_read() - Entry @nr of the XSDT or RSDT: where a table is.
 * @memory:      [in] the whole XSDT or RSDT. Borrowed.
 * @nr:          [in] 0 and up; the caller counts until MIRQ_ENOENT.
 * @out_address: [out] physical address of a table; 0 in an entry that firmware left empty.
 * @why:         [out] on failure. Optional.
 * Context: any.
 * Errors:  MIRQ_ENOENT (no entry @nr: the end), MIRQ_EBADTABLE (neither XSDT nor RSDT; length or
 *          checksum wrong; the length is not a whole number of entries).
 * Source:  [ACPI] 5.2.7, 5.2.8.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_acpi_root_read(struct mirq_memory memory, uint32_t nr,
						  uint64_t *out_address, struct mirq_why *why);

/**
 * mirq_acpi_table_read() - Read a table's header, of which no more need be mapped.
 * @memory:    [in] MIRQ_ACPI_HEADER_BYTES or more from the table's start on. Borrowed.
 * @out_table: [out] name, kind and length. The checksum is not looked at.
 * @why:       [out] on failure. Optional.
 * Context: any.
 * Errors:  MIRQ_EBADTABLE (@memory or the length is shorter than a header, or the length is above
 *          MIRQ_ACPI_TABLE_MAX).
 * Source:  [ACPI] 5.2.6.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_acpi_table_read(struct mirq_memory memory,
						   struct mirq_acpi_table *out_table,
						   struct mirq_why *why);

/**
 * mirq_acpi_table_check() - Is @memory a whole table of that kind with the right checksum?
 * @memory: [in] the whole table; more is ignored. Borrowed.
 * @kind:   [in] what its signature must say. MIRQ_ACPI_OTHER: any signature.
 * @why:    [out] on failure. Optional.
 * Context: any.
 * Errors:  MIRQ_EBADTABLE (signature, length or checksum wrong).
 * Source:  [ACPI] 5.2.6.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_acpi_table_check(struct mirq_memory memory,
						    enum mirq_acpi_kind kind, struct mirq_why *why);

/**
 * mirq_acpi_x86_size_bytes() - The memory that mirq_acpi_x86_read() needs for these tables.
 * @acpi: [in] as for mirq_acpi_x86_read(). Borrowed.
 * Returns: bytes; 0: a table is malformed, and mirq_acpi_x86_read() (with no memory) says which;
 *          or @acpi's size is unknown.
 * Context: any. Time is linear in the tables' length.
 * Errors:  none.
 */
MIRQ_MUST_CHECK size_t mirq_acpi_x86_size_bytes(const struct mirq_acpi *acpi);

/**
 * mirq_acpi_x86_read() - Read the tables into a description of the machine.
 * @acpi:        [in] the tables; absent ones leave their part of the description empty. Borrowed.
 * @memory:      [in] for the arrays, with any alignment. Retained: the caller gives it back when
 *               *@out_machine is no longer used. NULL with 0 bytes asks why a table is refused.
 * @size_bytes:  [in] of @memory.
 * @out_machine: [out] the description. Its arrays lie in @memory; it points into no table.
 * @why:         [out] on failure. Optional.
 *
 * Processors: two entries with one id below 256 become one; an enabled entry wins, else the
 * first. Entries with the broadcast id are left out, and those that a table of revision 5 or
 * later calls neither enabled nor online capable. MADT polarity and trigger that conform to the
 * bus, and reserved values, read as ISA's: edge, active high.
 *
 * DMAR: only remapping units are described. RMRR, ATSR, RHSA, ANDD, SATC and SIDP structures are
 * checked like them (lengths, scopes, the name's end) and left out: no interrupt depends on them.
 *
 * FADT: only the name of the hypervisor, of revision 6 and later; a table that ends before it has
 * none.
 *
 * Context: any. Time is linear in the tables' length.
 * Errors:  MIRQ_EBADTABLE (see the head of this file; and: two local APIC address overrides; a
 *          unit at address 0 or off a 4 KiB boundary; a scope with no path, half a step, more
 *          than MIRQ_X86_PATH_MAX steps, a device above 31 or a function above 7; the name of a
 *          namespace device without its end; an ECAM window at 0, off a 1 MiB boundary, not
 *          below 2^64 or with its last bus before its first; an HPET outside memory space or at
 *          0; a table that changed meanwhile), MIRQ_ENOSPC (.why has the bytes wanted and given),
 *          MIRQ_EINVAL (@acpi's size_bytes is unknown).
 * Source:  [ACPI] 5.2.9, 5.2.12; [VTD] 8; [PCIFW] 4.1.2; [HPET] 3.2.4.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_acpi_x86_read(const struct mirq_acpi *acpi, void *memory,
						 size_t size_bytes,
						 struct mirq_x86_machine *out_machine,
						 struct mirq_why *why);

MIRQ_END_DECLS

#endif
