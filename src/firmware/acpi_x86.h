/* SPDX-License-Identifier: MIT */
/*
 * acpi_x86.h - between acpi_x86.c, which lays out the arrays of a machine, and the readers of
 * single tables, which fill them.
 *
 * A reader runs twice over a table: once with room for nothing, which counts, and once with room
 * for what was counted. It cannot tell which: it hands everything to MIRQI_X86_ADD(). So the two
 * passes cannot disagree, and a table that grows between them writes nothing outside the arrays.
 * Sources: x86_machine.h. Locking: none needed.
 */
#ifndef MIRQI_ACPI_X86_H
#define MIRQI_ACPI_X86_H

#include "acpi_bytes.h"

struct mirqi_x86_counts {
	uint32_t nr_cpus, nr_ioapics, nr_lines, nr_units, nr_scopes, nr_ecams, nr_hpets;
	uint32_t nr_nmi_wires, nr_nmi_pins;
};

/* The arrays while they are written; all NULL while they are counted. */
struct mirqi_x86_arrays {
	struct mirq_x86_cpu *cpus;
	struct mirq_x86_ioapic *ioapics;
	struct mirq_x86_line *lines;
	struct mirq_x86_unit *units;
	struct mirq_x86_scope *scopes;
	struct mirq_x86_ecam *ecams;
	struct mirq_x86_hpet *hpets;
	struct mirq_x86_nmi_wire *nmi_wires;
	struct mirq_x86_nmi_pin *nmi_pins;
};

struct mirqi_x86_build {
	struct mirqi_x86_arrays arrays;
	struct mirqi_x86_counts room; /* what the arrays hold */
	struct mirqi_x86_counts used; /* may exceed room: counted, not written */
	uint64_t lapic_address;
	uint32_t flags; /* enum mirq_x86_machine_flag */
	uint32_t nr_skipped;
	char hypervisor[MIRQ_X86_HYPERVISOR_BYTES];
	struct mirq_why *why;
};

/* Append the value that follows to build->arrays.@array. */
#define MIRQI_X86_ADD(build, array, ...)                                                           \
	do {                                                                                       \
		if ((build)->used.nr_##array < (build)->room.nr_##array)                           \
			(build)->arrays.array[(build)->used.nr_##array] = __VA_ARGS__;             \
		(build)->used.nr_##array++;                                                        \
	} while (0)

/* Each reads one whole table that is there. MIRQ_EBADTABLE and build->why: it is malformed. */
MIRQ_MUST_CHECK enum mirq_err mirqi_madt_read(struct mirq_memory madt,
					      struct mirqi_x86_build *build);
MIRQ_MUST_CHECK enum mirq_err mirqi_dmar_read(struct mirq_memory dmar,
					      struct mirqi_x86_build *build);
MIRQ_MUST_CHECK enum mirq_err mirqi_mcfg_read(struct mirq_memory mcfg,
					      struct mirqi_x86_build *build);
MIRQ_MUST_CHECK enum mirq_err mirqi_hpet_read(struct mirq_memory hpet,
					      struct mirqi_x86_build *build);
MIRQ_MUST_CHECK enum mirq_err mirqi_fadt_read(struct mirq_memory fadt,
					      struct mirqi_x86_build *build);

#endif
