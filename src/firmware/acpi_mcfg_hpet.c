/* SPDX-License-Identifier: MIT */
/*
 * acpi_mcfg_hpet.c - the two tables of fixed form: MCFG (windows onto PCI configuration space)
 * and HPET (one event timer block).
 *
 * Says where registers are; does not read them.
 * Sources: [PCIFW] 4.1.2; [HPET] 3.2.4. Locking: none needed.
 */
#include "acpi_regs.h"
#include "acpi_x86.h"

static enum mirq_err mcfg_add(const struct mirqi_acpi_span *entry, struct mirqi_x86_build *build)
{
	struct mirq_x86_ecam ecam = {
		.address = mirqi_acpi_load(entry, MCFG_ADDRESS),
		.segment = (uint16_t)mirqi_acpi_load32(entry, MCFG_SEGMENT),
		.buses.first = mirqi_acpi_load32(entry, MCFG_FIRST_BUS),
		.buses.limit = mirqi_acpi_load32(entry, MCFG_LAST_BUS) + 1,
	};

	if (ecam.buses.first >= ecam.buses.limit)
		return mirqi_acpi_refuse(entry, "window's last bus is before its first",
					 build->why);
	if (ecam.address == 0 || ecam.address % MCFG_BUS_BYTES != 0)
		return mirqi_acpi_refuse(entry, "window at address 0 or off a 1 MiB boundary",
					 build->why);
	if (ecam.address / MCFG_BUS_BYTES > UINT64_MAX / MCFG_BUS_BYTES - ecam.buses.limit)
		return mirqi_acpi_refuse(entry, "window is not below 2^64", build->why);
	MIRQI_X86_ADD(build, ecams, ecam);
	return MIRQ_OK;
}

enum mirq_err mirqi_mcfg_read(struct mirq_memory mcfg, struct mirqi_x86_build *build)
{
	struct mirqi_acpi_span entry;
	uint32_t limit;
	enum mirq_err err = mirqi_acpi_open(mcfg, MIRQ_ACPI_MCFG, MCFG_FIXED_BYTES, &entry,
					    build->why);

	if (err)
		return err;
	limit = entry.limit;
	entry.first = MCFG_FIXED_BYTES;
	while (!err && entry.first < limit) {
		entry.limit = limit;
		err = mirqi_acpi_need(&entry, MCFG_ENTRY_BYTES, build->why);
		if (err)
			return err;
		entry.limit = entry.first + MCFG_ENTRY_BYTES;
		err = mcfg_add(&entry, build);
		entry.first = entry.limit;
	}
	return err;
}

enum mirq_err mirqi_hpet_read(struct mirq_memory hpet, struct mirqi_x86_build *build)
{
	struct mirqi_acpi_span span;
	struct mirq_x86_hpet block;
	enum mirq_err err = mirqi_acpi_open(hpet, MIRQ_ACPI_HPET, HPET_BYTES, &span, build->why);

	if (err)
		return err;
	block = (struct mirq_x86_hpet){
		.address = mirqi_acpi_load(&span, HPET_ADDRESS),
		.number = mirqi_acpi_load32(&span, HPET_NUMBER),
		.hardware_id = mirqi_acpi_load32(&span, HPET_HARDWARE_ID),
	};
	if (mirqi_acpi_load32(&span, HPET_SPACE) != HPET_SPACE_MEMORY || block.address == 0)
		return mirqi_acpi_refuse(&span, "timer block outside memory space or at address 0",
					 build->why);
	MIRQI_X86_ADD(build, hpets, block);
	return MIRQ_OK;
}
