/* SPDX-License-Identifier: MIT */
/*
 * test_rows.c - the probes of tests/rows on the simulated machine, which has to answer as the
 * specification says. The same probes run on QEMU as scenario rows of the reference kernel.
 * Tried: SQ 1 compared whole, SVT 3 let through, CFI ignored, IM ignored, the cache cleared by each
 * request, no fault recorded, reserved high bits ignored, first and last bus taken for each other:
 * each fails the row that names it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../../sim/machine.h"
#include "../rows/rows.h"

#define DEVICES " a:msi=1,behind=root b:msi=1,behind=root port:msi=1 old:msi=1,behind=pci-bridge"
#define NR_VECTORS 256

#define LACKS                                                                                      \
	(ROWS_NEEDS_DMA_REMAPPING | ROWS_NEEDS_IOAPIC | ROWS_NEEDS_HPET | ROWS_NEEDS_WIDE_STORE)

struct bench {
	struct sim *s;
	uint32_t counts[ROWS_NR_CPUS][NR_VECTORS];
	uint32_t nr_rows, nr_tried, nr_wrong;
};

static void take(void *context, uint32_t cpu, uint32_t vector)
{
	struct bench *b = context;

	b->counts[cpu][vector]++;
	sim_write(b->s, 0xfee000b0, 4, 0);
}

static uint64_t read_physical(void *context, uint64_t physical, uint32_t width_bytes)
{
	struct bench *b = context;

	return sim_read(b->s, physical, width_bytes);
}

static void write_physical(void *context, uint64_t physical, uint32_t width_bytes, uint64_t value)
{
	struct bench *b = context;

	sim_write(b->s, physical, width_bytes, value);
}

static uint32_t config_read(void *context, uint16_t rid, uint32_t offset, uint32_t width_bytes)
{
	struct bench *b = context;

	return sim_config_read(b->s, rid, offset, width_bytes);
}

static void config_write(void *context, uint16_t rid, uint32_t offset, uint32_t width_bytes,
			 uint32_t value)
{
	struct bench *b = context;

	sim_config_write(b->s, rid, offset, width_bytes, value);
}

static void *alloc(void *context, uint32_t size_bytes, uint64_t *out_bus)
{
	struct bench *b = context;

	return sim_ram_alloc(b->s, size_bytes, 0x1000, 64, out_bus);
}

static void raise_message(void *context, enum rows_device device)
{
	struct bench *b = context;

	sim_device_raise(sim_device_at(b->s, (uint32_t)device), 0);
}

static void store(void *context, enum rows_device device, uint64_t address, uint32_t data,
		  uint32_t width_bytes)
{
	struct bench *b = context;

	assert_int_equal(width_bytes, 4);
	sim_device_write(sim_device_at(b->s, (uint32_t)device), address, data);
}

static void settle(void *context)
{
	struct bench *b = context;

	sim_run_until_idle(b->s);
}

static uint32_t nr_taken(void *context, uint32_t cpu, uint32_t vector)
{
	struct bench *b = context;

	return b->counts[cpu][vector];
}

static void forget(void *context)
{
	struct bench *b = context;

	memset(b->counts, 0, sizeof(b->counts));
}

static void take_result(void *context, const struct row *row, const char *observed,
			const char *expected, int is_same)
{
	struct bench *b = context;

	b->nr_rows++;
	b->nr_tried += strcmp(observed, ROWS_ABSENT) != 0;
	printf("row: %s observed=%s\n", row->name, observed);
	if (!is_same) {
		b->nr_wrong++;
		print_error("row %s: '%s', the specification says '%s'\n", row->name, observed,
			    expected);
	}
	if (sim_violation(b->s))
		fail_msg("row %s: %s", row->name, sim_violation(b->s));
}

static void bench_up(struct bench *b, struct rows_machine *m, const char *machine, uint32_t lacks)
{
	struct sim_error error = { 0 };

	memset(b, 0, sizeof(*b));
	b->s = sim_parse(machine, &error);
	if (!b->s)
		fail_msg("'%s': %s", error.word, error.text);
	sim_set_interrupt(b->s, take, b);
	for (uint32_t cpu = 0; cpu < ROWS_NR_CPUS; cpu++) {
		sim_cpu_set(b->s, cpu);
		sim_write(b->s, 0xfee000f0, 4, 0x1ff);
	}
	sim_cpu_set(b->s, 0);
	*m = (struct rows_machine){
		.context = b,
		.unit = sim_unit_address(sim_unit(b->s, 0)),
		.lacks = lacks,
		.read = read_physical,
		.write = write_physical,
		.config_read = config_read,
		.config_write = config_write,
		.alloc = alloc,
		.raise = raise_message,
		.store = store,
		.settle = settle,
		.nr_taken = nr_taken,
		.forget = forget,
	};
	for (uint32_t i = 0; i < ROWS_NR_DEVICES; i++)
		m->rid[i] = sim_device_rid(sim_device_at(b->s, i));
}

static void try_all(const char *machine, uint32_t lacks)
{
	struct rows_machine m;
	struct bench b;
	uint32_t nr_there = 0;

	for (uint32_t i = 0; i < rows_nr(); i++)
		nr_there += !(rows_at(i)->needs & lacks);
	bench_up(&b, &m, machine, lacks);
	assert_int_equal(rows_run(&m, ROWS_SIMULATOR, take_result), 0);
	assert_int_equal(b.nr_rows, rows_nr());
	assert_int_equal(b.nr_tried, nr_there);
	assert_int_equal(b.nr_wrong, 0);
	sim_free(b.s);
}

static void rows__each__answered_as_the_specification_says(void **state)
{
	(void)state;
	try_all("cpus=2 vtd" DEVICES, LACKS | ROWS_NEEDS_EIM);
}

static void rows__each_with_wide_destinations__the_same(void **state)
{
	(void)state;
	try_all("cpus=2 vtd=eim" DEVICES, LACKS);
}

/* A row that differs says why; one that does not has nothing to say. */
static void rows__table__names_once_and_reasons_where_they_differ(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < rows_nr(); i++) {
		const struct row *row = rows_at(i);

		assert_non_null(row->name);
		assert_non_null(row->text);
		assert_non_null(row->section);
		assert_non_null(row->spec);
		assert_int_equal(row->qemu != NULL, row->reason != NULL);
		if (row->qemu)
			assert_string_not_equal(row->qemu, row->spec);
		for (uint32_t k = 0; k < i; k++)
			assert_string_not_equal(row->name, rows_at(k)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows__each__answered_as_the_specification_says),
		cmocka_unit_test(rows__each_with_wide_destinations__the_same),
		cmocka_unit_test(rows__table__names_once_and_reasons_where_they_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
