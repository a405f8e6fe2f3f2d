/* SPDX-License-Identifier: MIT */
/*
 * acpi_x86.c - five tables in, one struct mirq_x86_machine out, with its arrays in the caller's
 * memory.
 *
 * Knows the machine's arrays and no table's layout. Order: count with every reader, lay the
 * arrays out, read again into them, compare the counts, publish. Nothing of the caller's machine
 * is written before the last step. Sources: x86_machine.h. Locking: none needed.
 */
#include "acpi_x86.h"

#include "../core/memory.h"

/* Every array starts on such a boundary, which suits any of their members. */
#define X86_ALIGN_BYTES 8u

static uint32_t x86_present(struct mirq_memory memory)
{
	return memory.data && memory.size_bytes > 0;
}

static enum mirq_err x86_run(const struct mirq_acpi *acpi, struct mirqi_x86_build *build)
{
	enum mirq_err err = MIRQ_OK;

	if (x86_present(acpi->madt))
		err = mirqi_madt_read(acpi->madt, build);
	if (!err && x86_present(acpi->dmar))
		err = mirqi_dmar_read(acpi->dmar, build);
	if (!err && x86_present(acpi->mcfg))
		err = mirqi_mcfg_read(acpi->mcfg, build);
	if (!err && x86_present(acpi->hpet))
		err = mirqi_hpet_read(acpi->hpet, build);
	if (!err && x86_present(acpi->fadt))
		err = mirqi_fadt_read(acpi->fadt, build);
	return err;
}

/*
 * Take @nr elements of @element_bytes from *@inout_bytes on; base NULL: only add up. No overflow:
 * each element stands for at least 6 bytes of a table, which has at most MIRQ_ACPI_TABLE_MAX of
 * them.
 */
static void *x86_take(unsigned char *base, size_t *inout_bytes, uint32_t nr, size_t element_bytes)
{
	void *array = base && nr > 0 ? base + *inout_bytes : NULL;
	size_t size_bytes = nr * element_bytes;

	*inout_bytes += (size_bytes + X86_ALIGN_BYTES - 1) / X86_ALIGN_BYTES * X86_ALIGN_BYTES;
	return array;
}

/* Place arrays for @nr from the aligned @base on. Returns the bytes that they take. */
static size_t x86_lay_out(const struct mirqi_x86_counts *nr, unsigned char *base,
			  struct mirqi_x86_arrays *out)
{
	size_t bytes = 0;

	out->cpus = x86_take(base, &bytes, nr->nr_cpus, sizeof(*out->cpus));
	out->ioapics = x86_take(base, &bytes, nr->nr_ioapics, sizeof(*out->ioapics));
	out->lines = x86_take(base, &bytes, nr->nr_lines, sizeof(*out->lines));
	out->units = x86_take(base, &bytes, nr->nr_units, sizeof(*out->units));
	out->scopes = x86_take(base, &bytes, nr->nr_scopes, sizeof(*out->scopes));
	out->ecams = x86_take(base, &bytes, nr->nr_ecams, sizeof(*out->ecams));
	out->hpets = x86_take(base, &bytes, nr->nr_hpets, sizeof(*out->hpets));
	out->nmi_wires = x86_take(base, &bytes, nr->nr_nmi_wires, sizeof(*out->nmi_wires));
	out->nmi_pins = x86_take(base, &bytes, nr->nr_nmi_pins, sizeof(*out->nmi_pins));
	return bytes;
}

/* The arrays and what it takes to align them; never 0, so that 0 can mean "malformed". */
static size_t x86_size_bytes(const struct mirqi_x86_counts *nr)
{
	struct mirqi_x86_arrays arrays;

	return x86_lay_out(nr, NULL, &arrays) + X86_ALIGN_BYTES - 1;
}

static unsigned char *x86_align(void *memory)
{
	unsigned char *base = memory;

	return base + (X86_ALIGN_BYTES - (uintptr_t)memory % X86_ALIGN_BYTES) % X86_ALIGN_BYTES;
}

static struct mirq_x86_machine x86_machine(const struct mirqi_x86_build *build)
{
	struct mirq_x86_machine machine = {
		MIRQ_SIZED(mirq_x86_machine),
		.flags = build->flags,
		.lapic_address = build->lapic_address,
		.cpus = build->arrays.cpus,
		.nr_cpus = build->used.nr_cpus,
		.ioapics = build->arrays.ioapics,
		.nr_ioapics = build->used.nr_ioapics,
		.lines = build->arrays.lines,
		.nr_lines = build->used.nr_lines,
		.units = build->arrays.units,
		.nr_units = build->used.nr_units,
		.scopes = build->arrays.scopes,
		.nr_scopes = build->used.nr_scopes,
		.ecams = build->arrays.ecams,
		.nr_ecams = build->used.nr_ecams,
		.hpets = build->arrays.hpets,
		.nr_hpets = build->used.nr_hpets,
		.nmi_wires = build->arrays.nmi_wires,
		.nr_nmi_wires = build->used.nr_nmi_wires,
		.nmi_pins = build->arrays.nmi_pins,
		.nr_nmi_pins = build->used.nr_nmi_pins,
		.nr_skipped = build->nr_skipped,
	};

	memcpy(machine.hypervisor, build->hypervisor, sizeof(machine.hypervisor));
	return machine;
}

static uint32_t x86_same(const struct mirqi_x86_counts *a, const struct mirqi_x86_counts *b)
{
	return a->nr_cpus == b->nr_cpus && a->nr_ioapics == b->nr_ioapics &&
	       a->nr_lines == b->nr_lines && a->nr_units == b->nr_units &&
	       a->nr_scopes == b->nr_scopes && a->nr_ecams == b->nr_ecams &&
	       a->nr_hpets == b->nr_hpets && a->nr_nmi_wires == b->nr_nmi_wires &&
	       a->nr_nmi_pins == b->nr_nmi_pins;
}

static enum mirq_err x86_no_space(size_t wanted_bytes, size_t given_bytes, struct mirq_why *why)
{
	if (why)
		*why = (struct mirq_why){
			.text = "memory is smaller than mirq_acpi_x86_size_bytes() says",
			.nr_wanted = (uint32_t)wanted_bytes,
			.nr_left = (uint32_t)given_bytes,
		};
	return MIRQ_ENOSPC;
}

static enum mirq_err x86_unknown_size(struct mirq_why *why)
{
	if (why)
		*why = (struct mirq_why){
			.text = "size_bytes is unknown: begin struct mirq_acpi with MIRQ_SIZED()",
		};
	return MIRQ_EINVAL;
}

size_t mirq_acpi_x86_size_bytes(const struct mirq_acpi *acpi)
{
	struct mirqi_x86_build build = { .why = NULL };
	struct mirq_acpi own;

	if (mirqi_sized_copy(&own, sizeof(own), acpi) || x86_run(&own, &build))
		return 0;
	return x86_size_bytes(&build.used);
}

enum mirq_err mirq_acpi_x86_read(const struct mirq_acpi *acpi, void *memory, size_t size_bytes,
				 struct mirq_x86_machine *out_machine, struct mirq_why *why)
{
	const struct mirqi_acpi_span anywhere = { .name = "table" };
	struct mirqi_x86_build count = { .why = why };
	struct mirqi_x86_build build = { .why = why };
	struct mirq_acpi own;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), acpi))
		return x86_unknown_size(why);
	err = x86_run(&own, &count);
	if (err)
		return err;
	if (!memory || size_bytes < x86_size_bytes(&count.used))
		return x86_no_space(x86_size_bytes(&count.used), size_bytes, why);
	build.room = count.used;
	x86_lay_out(&build.room, x86_align(memory), &build.arrays);
	err = x86_run(&own, &build);
	if (err)
		return err;
	if (!x86_same(&build.used, &build.room))
		return mirqi_acpi_refuse(&anywhere, "a table changed while it was read", why);
	*out_machine = x86_machine(&build);
	return MIRQ_OK;
}
