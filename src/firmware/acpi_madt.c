/* SPDX-License-Identifier: MIT */
/*
 * acpi_madt.c - the MADT: processors, IO-APICs, overrides of ISA lines, non-maskable interrupts.
 *
 * Does not judge whether the parts fit together (ids that repeat, wires that no IO-APIC has):
 * only the hardware knows how many pins an IO-APIC has, and that is x86.h's business. Sources:
 * [ACPI] 5.2.12. Locking: none needed.
 */
#include "acpi_regs.h"
#include "acpi_x86.h"

static const struct mirqi_acpi_format madt_format = {
	.header_bytes = MADT_ENTRY_HEADER_BYTES,
	.length_offset = 1,
	.length_bytes = 1,
};

/* Ids below 256, which LAPIC and X2APIC structures share. */
#define MADT_NR_IDS 256u
struct madt_ids {
	uint32_t words[MADT_NR_IDS / 32];
};

struct madt_reader {
	struct mirqi_x86_build *build;
	uint32_t revision;
	uint32_t nr_lapic_overrides;
	struct madt_ids enabled; /* ids that an enabled entry has */
	struct madt_ids taken;   /* ids that the machine has by now */
};

static uint32_t madt_ids_test(const struct madt_ids *ids, uint32_t id)
{
	return id < MADT_NR_IDS ? ids->words[id / 32] >> id % 32 & 1 : 0;
}

static void madt_ids_set(struct madt_ids *ids, uint32_t id)
{
	if (id < MADT_NR_IDS)
		ids->words[id / 32] |= (uint32_t)1 << id % 32;
}

/* Conforming to the bus and reserved values read as ISA's: edge, active high. */
static enum mirq_trigger madt_trigger(uint32_t flags)
{
	uint32_t low = mirqi_acpi_bits(flags, MADT_INTI_POLARITY) == MADT_INTI_ACTIVE_LOW;

	if (mirqi_acpi_bits(flags, MADT_INTI_TRIGGER) == MADT_INTI_LEVEL)
		return low ? MIRQ_LEVEL_LOW : MIRQ_LEVEL_HIGH;
	return low ? MIRQ_EDGE_FALLING : MIRQ_EDGE;
}

/* The processor of a LAPIC or X2APIC structure; the broadcast id is always all ones. */
static struct mirq_x86_cpu madt_cpu(const struct mirqi_acpi_span *entry)
{
	struct mirq_x86_cpu cpu = { .flags = 0 };
	uint32_t flags;

	if (mirqi_acpi_load32(entry, MADT_ENTRY_TYPE) == MADT_X2APIC) {
		cpu.apic_id = mirqi_acpi_load32(entry, MADT_X2APIC_ID);
		cpu.uid = mirqi_acpi_load32(entry, MADT_X2APIC_UID);
		cpu.flags = MIRQ_X86_CPU_X2APIC;
		flags = mirqi_acpi_load32(entry, MADT_X2APIC_FLAGS);
	} else {
		cpu.apic_id = mirqi_acpi_load32(entry, MADT_LAPIC_ID);
		cpu.uid = mirqi_acpi_load32(entry, MADT_LAPIC_UID);
		flags = mirqi_acpi_load32(entry, MADT_LAPIC_FLAGS);
		if (cpu.apic_id == MADT_LAPIC_ID_NONE)
			cpu.apic_id = MADT_X2APIC_ID_NONE;
	}
	if (mirqi_acpi_bits(flags, MADT_CPU_ENABLED))
		cpu.flags |= MIRQ_X86_CPU_ENABLED;
	if (mirqi_acpi_bits(flags, MADT_CPU_ONLINE_CAPABLE))
		cpu.flags |= MIRQ_X86_CPU_ONLINE_CAPABLE;
	return cpu;
}

static void madt_add_cpu(struct madt_reader *reader, const struct mirqi_acpi_span *entry)
{
	struct mirq_x86_cpu cpu = madt_cpu(entry);
	uint32_t usable = cpu.flags & (MIRQ_X86_CPU_ENABLED | MIRQ_X86_CPU_ONLINE_CAPABLE);

	if (cpu.apic_id == MADT_X2APIC_ID_NONE)
		return;
	if (!usable && reader->revision >= MADT_REVISION_ONLINE_CAPABLE)
		return;
	if (madt_ids_test(&reader->taken, cpu.apic_id))
		return;
	if (!(cpu.flags & MIRQ_X86_CPU_ENABLED) && madt_ids_test(&reader->enabled, cpu.apic_id))
		return;
	madt_ids_set(&reader->taken, cpu.apic_id);
	MIRQI_X86_ADD(reader->build, cpus, cpu);
}

static void madt_add_ioapic(struct mirqi_x86_build *build, const struct mirqi_acpi_span *entry)
{
	struct mirq_x86_ioapic ioapic = {
		.id = mirqi_acpi_load32(entry, MADT_IOAPIC_ID),
		.first_gsi = mirqi_acpi_load32(entry, MADT_IOAPIC_GSI),
		.address = mirqi_acpi_load32(entry, MADT_IOAPIC_ADDRESS),
	};

	if (!ioapic.address) {
		build->nr_skipped++;
		return;
	}
	MIRQI_X86_ADD(build, ioapics, ioapic);
}

static void madt_add_line(struct mirqi_x86_build *build, const struct mirqi_acpi_span *entry)
{
	struct mirq_x86_line line = {
		.isa_irq = mirqi_acpi_load32(entry, MADT_OVERRIDE_SOURCE),
		.gsi = mirqi_acpi_load32(entry, MADT_OVERRIDE_GSI),
		.trigger = madt_trigger(mirqi_acpi_load32(entry, MADT_OVERRIDE_FLAGS)),
	};

	if (mirqi_acpi_load32(entry, MADT_OVERRIDE_BUS) != MADT_OVERRIDE_BUS_ISA ||
	    line.isa_irq >= MADT_NR_ISA_IRQS) {
		build->nr_skipped++;
		return;
	}
	MIRQI_X86_ADD(build, lines, line);
}

static void madt_add_nmi_wire(struct mirqi_x86_build *build, const struct mirqi_acpi_span *entry)
{
	struct mirq_x86_nmi_wire wire = {
		.gsi = mirqi_acpi_load32(entry, MADT_NMI_GSI),
		.trigger = madt_trigger(mirqi_acpi_load32(entry, MADT_NMI_FLAGS)),
	};

	MIRQI_X86_ADD(build, nmi_wires, wire);
}

static void madt_add_nmi_pin(struct mirqi_x86_build *build, const struct mirq_x86_nmi_pin *pin)
{
	if (pin->lint >= MADT_NR_LINTS) {
		build->nr_skipped++;
		return;
	}
	MIRQI_X86_ADD(build, nmi_pins, *pin);
}

static void madt_add_lapic_nmi(struct mirqi_x86_build *build, const struct mirqi_acpi_span *entry)
{
	struct mirq_x86_nmi_pin pin = {
		.uid = mirqi_acpi_load32(entry, MADT_LAPIC_NMI_UID),
		.lint = mirqi_acpi_load32(entry, MADT_LAPIC_NMI_LINT),
		.trigger = madt_trigger(mirqi_acpi_load32(entry, MADT_LAPIC_NMI_FLAGS)),
	};

	if (pin.uid == MADT_LAPIC_NMI_UID_ALL)
		pin.uid = MIRQ_X86_UID_ALL;
	madt_add_nmi_pin(build, &pin);
}

static void madt_add_x2apic_nmi(struct mirqi_x86_build *build, const struct mirqi_acpi_span *entry)
{
	struct mirq_x86_nmi_pin pin = {
		.uid = mirqi_acpi_load32(entry, MADT_X2APIC_NMI_UID),
		.lint = mirqi_acpi_load32(entry, MADT_X2APIC_NMI_LINT),
		.trigger = madt_trigger(mirqi_acpi_load32(entry, MADT_X2APIC_NMI_FLAGS)),
	};

	madt_add_nmi_pin(build, &pin);
}

static enum mirq_err madt_set_address(struct madt_reader *reader,
				      const struct mirqi_acpi_span *entry)
{
	if (reader->nr_lapic_overrides++ > 0)
		return mirqi_acpi_refuse(entry, "second override of the local APIC address",
					 reader->build->why);
	reader->build->lapic_address = mirqi_acpi_load(entry, MADT_LAPIC_OVERRIDE_ADDRESS);
	return MIRQ_OK;
}

/* 0: a type that is passed over. */
static uint32_t madt_min_bytes(uint32_t type)
{
	switch (type) {
	case MADT_LAPIC:
		return MADT_LAPIC_BYTES;
	case MADT_IOAPIC:
		return MADT_IOAPIC_BYTES;
	case MADT_OVERRIDE:
		return MADT_OVERRIDE_BYTES;
	case MADT_NMI:
		return MADT_NMI_BYTES;
	case MADT_LAPIC_NMI:
		return MADT_LAPIC_NMI_BYTES;
	case MADT_LAPIC_OVERRIDE:
		return MADT_LAPIC_OVERRIDE_BYTES;
	case MADT_X2APIC:
		return MADT_X2APIC_BYTES;
	case MADT_X2APIC_NMI:
		return MADT_X2APIC_NMI_BYTES;
	default:
		return 0;
	}
}

static enum mirq_err madt_add(struct madt_reader *reader, const struct mirqi_acpi_span *entry)
{
	struct mirqi_x86_build *build = reader->build;

	switch (mirqi_acpi_load32(entry, MADT_ENTRY_TYPE)) {
	case MADT_LAPIC:
	case MADT_X2APIC:
		madt_add_cpu(reader, entry);
		return MIRQ_OK;
	case MADT_IOAPIC:
		madt_add_ioapic(build, entry);
		return MIRQ_OK;
	case MADT_OVERRIDE:
		madt_add_line(build, entry);
		return MIRQ_OK;
	case MADT_NMI:
		madt_add_nmi_wire(build, entry);
		return MIRQ_OK;
	case MADT_LAPIC_NMI:
		madt_add_lapic_nmi(build, entry);
		return MIRQ_OK;
	case MADT_X2APIC_NMI:
		madt_add_x2apic_nmi(build, entry);
		return MIRQ_OK;
	case MADT_LAPIC_OVERRIDE:
		return madt_set_address(reader, entry);
	default:
		build->nr_skipped++;
		return MIRQ_OK;
	}
}

/* Check the form of every structure of @rest, and note the ids that an enabled processor has. */
static enum mirq_err madt_survey(struct madt_reader *reader, struct mirqi_acpi_span rest)
{
	struct mirq_why *why = reader->build->why;

	while (rest.first < rest.limit) {
		struct mirqi_acpi_span entry = rest;
		struct mirq_x86_cpu cpu;
		uint32_t type;
		enum mirq_err err = mirqi_acpi_cut(&rest, &madt_format, &entry, why);

		if (err)
			return err;
		type = mirqi_acpi_load32(&entry, MADT_ENTRY_TYPE);
		err = mirqi_acpi_need(&entry, madt_min_bytes(type), why);
		if (err)
			return err;
		if (type != MADT_LAPIC && type != MADT_X2APIC)
			continue;
		cpu = madt_cpu(&entry);
		if (cpu.flags & MIRQ_X86_CPU_ENABLED)
			madt_ids_set(&reader->enabled, cpu.apic_id);
	}
	return MIRQ_OK;
}

enum mirq_err mirqi_madt_read(struct mirq_memory madt, struct mirqi_x86_build *build)
{
	struct madt_reader reader = { .build = build };
	struct mirqi_acpi_span rest;
	enum mirq_err err = mirqi_acpi_open(madt, MIRQ_ACPI_MADT, MADT_FIXED_BYTES, &rest,
					    build->why);

	if (err)
		return err;
	reader.revision = mirqi_acpi_load32(&rest, ACPI_REVISION);
	build->lapic_address = mirqi_acpi_load32(&rest, MADT_LAPIC_ADDRESS);
	if (mirqi_acpi_bits(mirqi_acpi_load32(&rest, MADT_FLAGS), MADT_FLAGS_PCAT_COMPAT))
		build->flags |= MIRQ_X86_PCAT_COMPAT;
	rest.first = MADT_FIXED_BYTES;
	err = madt_survey(&reader, rest);
	while (!err && rest.first < rest.limit) {
		struct mirqi_acpi_span entry;

		err = mirqi_acpi_cut(&rest, &madt_format, &entry, build->why);
		if (!err)
			err = madt_add(&reader, &entry);
	}
	return err;
}
