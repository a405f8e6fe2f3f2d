/* SPDX-License-Identifier: MIT */
/*
 * x86_machine.h - what an x86 machine is made of, as plain data. Firmware readers (firmware.h)
 * fill it, a port may write it by hand, mirq_x86_attach() (x86.h) consumes it. All arrays are
 * borrowed.
 * Sources: [ACPI] 5.2.9 (FADT), 5.2.12 (MADT); [VTD] 8 (DMAR); [PCIFW] 4.1.2 (MCFG); [HPET] 3.2.4.
 */
#ifndef MIRQ_X86_MACHINE_H
#define MIRQ_X86_MACHINE_H

#include <mirq/types.h>

/*
 * A processor of the MADT, in the table's order. apic_id is never the broadcast id. Neither ENABLED
 * nor ONLINE_CAPABLE: the table is older than the second flag (revision < 5); the processor may be
 * a hot-pluggable one or may not exist.
 */
enum mirq_x86_cpu_flag {
	MIRQ_X86_CPU_ENABLED = 1,
	MIRQ_X86_CPU_ONLINE_CAPABLE = 2,
	MIRQ_X86_CPU_X2APIC = 4
};
struct mirq_x86_cpu {
	uint32_t apic_id, uid, flags;
};

/* In the table's order, which need not be that of the interrupts. */
struct mirq_x86_ioapic {
	uint32_t id, first_gsi;
	uint64_t address;
};

/* MADT interrupt source override: ISA line to global system interrupt. */
struct mirq_x86_line {
	uint32_t isa_irq, gsi;
	enum mirq_trigger trigger;
};

/* A wire of an IO-APIC that carries a non-maskable interrupt. */
struct mirq_x86_nmi_wire {
	uint32_t gsi;
	enum mirq_trigger trigger;
};

/* A pin of local APICs (0: LINT0, 1: LINT1) that carries a non-maskable interrupt. */
#define MIRQ_X86_UID_ALL 0xffffffffu
struct mirq_x86_nmi_pin {
	uint32_t uid; /* of mirq_x86_cpu, or MIRQ_X86_UID_ALL */
	uint32_t lint;
	enum mirq_trigger trigger;
};

/* Part of the PCI configuration space: buses first..limit-1, 1 MiB a bus; address is bus 0's. */
struct mirq_x86_ecam {
	uint64_t address;
	uint16_t segment;
	struct mirq_range buses;
};

struct mirq_x86_hpet {
	uint64_t address;
	uint32_t number, hardware_id;
};

/* One step of a device-scope path: device and function below the bus reached so far. */
struct mirq_x86_step {
	uint8_t device, function;
};
#define MIRQ_X86_PATH_MAX 8

/* Numbers of [VTD] 8.3.1. */
enum mirq_x86_scope_type {
	MIRQ_X86_SCOPE_ENDPOINT = 1,
	MIRQ_X86_SCOPE_BRIDGE = 2, /* and everything behind it */
	MIRQ_X86_SCOPE_IOAPIC = 3,
	MIRQ_X86_SCOPE_HPET = 4,
	MIRQ_X86_SCOPE_NAMESPACE = 5
};
struct mirq_x86_scope {
	enum mirq_x86_scope_type type;
	uint8_t enumeration_id; /* IO-APIC id, HPET number, ACPI device number */
	uint8_t first_bus;
	uint8_t nr_steps;
	struct mirq_x86_step steps[MIRQ_X86_PATH_MAX];
};

/* A remapping unit. Its scopes are machine.scopes[scopes.first..scopes.limit-1]. */
enum mirq_x86_unit_flag {
	MIRQ_X86_UNIT_INCLUDE_ALL = 1 /* every PCI device of the segment that no other unit names */
};
struct mirq_x86_unit {
	uint64_t address;
	uint32_t size_bytes; /* of the register window; 0 in a description by hand: 4096 */
	uint16_t segment;
	uint32_t flags;
	struct mirq_range scopes;
};

enum mirq_x86_machine_flag {
	MIRQ_X86_INTR_REMAP = 1, /* DMAR flags bit 0: the platform supports interrupt remapping */
	MIRQ_X86_X2APIC_OPT_OUT = 2, /* DMAR flags bit 1: the firmware asks not to use x2APIC */
	MIRQ_X86_DMA_OPT_IN = 4,     /* DMAR flags bit 2 */
	MIRQ_X86_PCAT_COMPAT = 8     /* MADT flags bit 0: two 8259 are there */
};
#define MIRQ_X86_HYPERVISOR_BYTES 9
struct mirq_x86_machine {
	uint32_t size_bytes;
	uint32_t flags;
	uint64_t lapic_address; /* 0: 0xfee00000 */
	const struct mirq_x86_cpu *cpus;
	uint32_t nr_cpus;
	const struct mirq_x86_ioapic *ioapics;
	uint32_t nr_ioapics;
	const struct mirq_x86_line *lines;
	uint32_t nr_lines;
	const struct mirq_x86_unit *units;
	uint32_t nr_units;
	const struct mirq_x86_scope *scopes;
	uint32_t nr_scopes;
	const struct mirq_x86_ecam *ecams;
	uint32_t nr_ecams;
	const struct mirq_x86_hpet *hpets;
	uint32_t nr_hpets;
	const struct mirq_x86_nmi_wire *nmi_wires;
	uint32_t nr_nmi_wires;
	const struct mirq_x86_nmi_pin *nmi_pins;
	uint32_t nr_nmi_pins;
	uint32_t nr_skipped; /* firmware structures that were passed over; firmware.h says which */
	/* Who runs this machine as a guest, as the firmware (FADT) says; empty: nobody named. What
	 * cannot be read is a '?'. */
	char hypervisor[MIRQ_X86_HYPERVISOR_BYTES];
};

#endif
