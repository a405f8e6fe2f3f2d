/* SPDX-License-Identifier: MIT */
/*
 * acpi_dmar.c - the DMAR table: remapping units and the devices that each of them serves.
 *
 * Describes units (DRHD) only. The structures about DMA translation are held to the same form and
 * left out. Which unit a device belongs to, and whether an IO-APIC has one at all, is decided in
 * x86.h. Sources: [VTD] 8. Locking: none needed.
 */
#include "acpi_regs.h"
#include "acpi_x86.h"

static const struct mirqi_acpi_format dmar_format = {
	.header_bytes = DMAR_ENTRY_HEADER_BYTES,
	.length_offset = 2,
	.length_bytes = 2,
};

static const struct mirqi_acpi_format dmar_scope_format = {
	.header_bytes = DMAR_SCOPE_HEADER_BYTES,
	.length_offset = 1,
	.length_bytes = 1,
};

/* The steps of @scope, and thereby the form of its path. */
static enum mirq_err dmar_read_path(const struct mirqi_acpi_span *span,
				    struct mirq_x86_scope *scope, struct mirq_why *why)
{
	uint32_t path_bytes = span->limit - span->first - DMAR_SCOPE_HEADER_BYTES;
	uint32_t nr_steps = path_bytes / DMAR_SCOPE_STEP_BYTES;

	if (path_bytes % DMAR_SCOPE_STEP_BYTES != 0)
		return mirqi_acpi_refuse(span, "device scope ends inside a step of its path", why);
	if (nr_steps == 0)
		return mirqi_acpi_refuse(span, "device scope without a path", why);
	if (nr_steps > MIRQ_X86_PATH_MAX)
		return mirqi_acpi_refuse(span, "path is longer than MIRQ_X86_PATH_MAX", why);
	for (uint32_t i = 0; i < nr_steps; i++) {
		uint32_t offset = DMAR_SCOPE_HEADER_BYTES + i * DMAR_SCOPE_STEP_BYTES;
		uint8_t device = (uint8_t)mirqi_acpi_load32(span, offset, 1);
		uint8_t function = (uint8_t)mirqi_acpi_load32(span, offset + 1, 1);

		if (device >= DMAR_NR_DEVICES || function >= DMAR_NR_FUNCTIONS)
			return mirqi_acpi_refuse(
				span, "path has a device above 31 or a function above 7", why);
		scope->steps[i] = (struct mirq_x86_step){ device, function };
	}
	scope->nr_steps = (uint8_t)nr_steps;
	return MIRQ_OK;
}

/* One device scope. *@out_scope with no steps: a reserved type, to be passed over. */
static enum mirq_err dmar_read_scope(const struct mirqi_acpi_span *span,
				     struct mirq_x86_scope *out_scope, struct mirq_why *why)
{
	uint32_t type = mirqi_acpi_load32(span, DMAR_SCOPE_TYPE);

	*out_scope = (struct mirq_x86_scope){ .nr_steps = 0 };
	if (type < DMAR_SCOPE_TYPE_FIRST || type >= DMAR_SCOPE_TYPE_LIMIT)
		return MIRQ_OK;
	out_scope->type = (enum mirq_x86_scope_type)type;
	out_scope->enumeration_id = (uint8_t)mirqi_acpi_load32(span, DMAR_SCOPE_ENUMERATION_ID);
	out_scope->first_bus = (uint8_t)mirqi_acpi_load32(span, DMAR_SCOPE_BUS);
	return dmar_read_path(span, out_scope, why);
}

/* The scopes behind the @fixed_bytes of @entry: checked, and added if they are a unit's. */
static enum mirq_err dmar_read_scopes(const struct mirqi_acpi_span *entry, uint32_t fixed_bytes,
				      struct mirqi_x86_build *build)
{
	struct mirqi_acpi_span rest = *entry;

	rest.first += fixed_bytes;
	while (rest.first < rest.limit) {
		struct mirqi_acpi_span span;
		struct mirq_x86_scope scope;
		enum mirq_err err = mirqi_acpi_cut(&rest, &dmar_scope_format, &span, build->why);

		if (!err)
			err = dmar_read_scope(&span, &scope, build->why);
		if (err)
			return err;
		if (scope.nr_steps == 0)
			build->nr_skipped++;
		else if (mirqi_acpi_load32(entry, DMAR_ENTRY_TYPE) == DMAR_DRHD)
			MIRQI_X86_ADD(build, scopes, scope);
	}
	return MIRQ_OK;
}

static enum mirq_err dmar_add_unit(const struct mirqi_acpi_span *entry,
				   struct mirqi_x86_build *build)
{
	uint32_t flags = mirqi_acpi_load32(entry, DMAR_DRHD_FLAGS);
	uint32_t size = mirqi_acpi_load32(entry, DMAR_DRHD_SIZE);
	struct mirq_x86_unit unit = {
		.address = mirqi_acpi_load(entry, DMAR_DRHD_ADDRESS),
		.size_bytes = DMAR_PAGE_BYTES << mirqi_acpi_bits(size, DMAR_DRHD_SIZE_LOG2_PAGES),
		.segment = (uint16_t)mirqi_acpi_load32(entry, DMAR_DRHD_SEGMENT),
		.scopes.first = build->used.nr_scopes,
	};
	enum mirq_err err;

	if (mirqi_acpi_bits(flags, DMAR_DRHD_FLAGS_INCLUDE_ALL))
		unit.flags |= MIRQ_X86_UNIT_INCLUDE_ALL;
	if (unit.address == 0 || unit.address % DMAR_PAGE_BYTES != 0)
		return mirqi_acpi_refuse(
			entry, "remapping unit at address 0 or off a 4 KiB boundary", build->why);
	err = dmar_read_scopes(entry, DMAR_DRHD_BYTES, build);
	if (err)
		return err;
	unit.scopes.limit = build->used.nr_scopes;
	MIRQI_X86_ADD(build, units, unit);
	return MIRQ_OK;
}

static enum mirq_err dmar_check_name(const struct mirqi_acpi_span *entry, struct mirq_why *why)
{
	uint32_t size_bytes = entry->limit - entry->first;

	for (uint32_t i = DMAR_ANDD_BYTES; i < size_bytes; i++) {
		if (mirqi_acpi_load32(entry, i, 1) == 0)
			return MIRQ_OK;
	}
	return mirqi_acpi_refuse(entry, "name of a namespace device has no end", why);
}

/* 0: a type that is passed over. */
static uint32_t dmar_min_bytes(uint32_t type)
{
	static const uint8_t min_bytes[] = {
		[DMAR_DRHD] = DMAR_DRHD_BYTES, [DMAR_RMRR] = DMAR_RMRR_BYTES,
		[DMAR_ATSR] = DMAR_ATSR_BYTES, [DMAR_RHSA] = DMAR_RHSA_BYTES,
		[DMAR_ANDD] = DMAR_ANDD_BYTES, [DMAR_SATC] = DMAR_SATC_BYTES,
		[DMAR_SIDP] = DMAR_SIDP_BYTES,
	};

	return type < sizeof(min_bytes) ? min_bytes[type] : 0;
}

static enum mirq_err dmar_add(const struct mirqi_acpi_span *entry, struct mirqi_x86_build *build)
{
	uint32_t type = mirqi_acpi_load32(entry, DMAR_ENTRY_TYPE);
	enum mirq_err err = mirqi_acpi_need(entry, dmar_min_bytes(type), build->why);

	if (err)
		return err;
	switch (type) {
	case DMAR_DRHD:
		return dmar_add_unit(entry, build);
	case DMAR_RMRR:
	case DMAR_ATSR:
	case DMAR_SATC:
	case DMAR_SIDP:
		return dmar_read_scopes(entry, dmar_min_bytes(type), build);
	case DMAR_ANDD:
		return dmar_check_name(entry, build->why);
	case DMAR_RHSA:
		return MIRQ_OK;
	default:
		build->nr_skipped++;
		return MIRQ_OK;
	}
}

enum mirq_err mirqi_dmar_read(struct mirq_memory dmar, struct mirqi_x86_build *build)
{
	struct mirqi_acpi_span rest;
	enum mirq_err err = mirqi_acpi_open(dmar, MIRQ_ACPI_DMAR, DMAR_FIXED_BYTES, &rest,
					    build->why);
	uint32_t flags;

	if (err)
		return err;
	flags = mirqi_acpi_load32(&rest, DMAR_FLAGS);
	if (mirqi_acpi_bits(flags, DMAR_FLAGS_INTR_REMAP))
		build->flags |= MIRQ_X86_INTR_REMAP;
	if (mirqi_acpi_bits(flags, DMAR_FLAGS_X2APIC_OPT_OUT))
		build->flags |= MIRQ_X86_X2APIC_OPT_OUT;
	if (mirqi_acpi_bits(flags, DMAR_FLAGS_DMA_OPT_IN))
		build->flags |= MIRQ_X86_DMA_OPT_IN;
	rest.first = DMAR_FIXED_BYTES;
	while (!err && rest.first < rest.limit) {
		struct mirqi_acpi_span entry;

		err = mirqi_acpi_cut(&rest, &dmar_format, &entry, build->why);
		if (!err)
			err = dmar_add(&entry, build);
	}
	return err;
}
