/* SPDX-License-Identifier: MIT */
/*
 * firmware_tables.h - ACPI tables for the tests: byte arrays typed in from the specifications,
 * and the few hands that every firmware test needs. Shares no offset with src/firmware. Sources:
 * [ACPI] 5.2.5 - 5.2.9, 5.2.12; [VTD] 8; [PCIFW] 4.1.2; [HPET] 3.2.4.
 */
#ifndef FIRMWARE_TABLES_H
#define FIRMWARE_TABLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mirq/firmware.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

#define LE2(v) (uint8_t)(v), (uint8_t)((v) >> 8)
#define LE4(v) LE2(v), LE2((uint32_t)(v) >> 16)
#define LE8(v) LE4(v), LE4((uint64_t)(v) >> 32)

/* Signature, length, revision, checksum; then the 26 bytes that nobody reads. */
#define HEADER(a, b, c, d, revision)                                                               \
	a, b, c, d, 0, 0, 0, 0, revision, 0, 'O', 'E', 'M', 'I', 'D', ' ', 'T', 'A', 'B', 'L',     \
		'E', 'I', 'D', ' ', LE4(1), 'T', 'E', 'S', 'T', LE4(1)

/* A table in an allocation of exactly its size, so that the address sanitizer sees the first byte
 * behind it. */
struct exact {
	uint8_t *bytes;
	size_t size_bytes;
};

static inline struct mirq_memory exact_memory(const struct exact *exact)
{
	return (struct mirq_memory){ exact->bytes, exact->size_bytes };
}

static inline void exact_free(struct exact *exact)
{
	free(exact->bytes);
	*exact = (struct exact){ NULL, 0 };
}

/* A copy of @size_bytes of @bytes, as they are. */
static inline struct exact exact_copy(const uint8_t *bytes, size_t size_bytes)
{
	struct exact exact = { malloc(size_bytes ? size_bytes : 1), size_bytes };

	assert_non_null(exact.bytes);
	if (size_bytes)
		memcpy(exact.bytes, bytes, size_bytes);
	return exact;
}

static inline void exact_set(struct exact *exact, size_t offset, uint64_t value, size_t nr_bytes)
{
	assert_true(offset + nr_bytes <= exact->size_bytes);
	for (size_t i = 0; i < nr_bytes; i++)
		exact->bytes[offset + i] = (uint8_t)(value >> 8 * i);
}

/* Make the checksum right for the length that the header has, as far as the bytes are there. */
static inline void exact_sum(struct exact *exact)
{
	uint32_t length = 0;
	uint8_t sum = 0;

	if (exact->size_bytes < 36)
		return;
	memcpy(&length, exact->bytes + 4, 4); /* the tests' hosts are little endian */
	exact->bytes[9] = 0;
	for (size_t i = 0; i < exact->size_bytes && i < length; i++)
		sum = (uint8_t)(sum + exact->bytes[i]);
	exact->bytes[9] = (uint8_t)-sum;
}

/* A whole, right table of @bytes. */
static inline struct exact exact_table(const uint8_t *bytes, size_t size_bytes)
{
	struct exact exact = exact_copy(bytes, size_bytes);

	exact_set(&exact, 4, size_bytes, 4);
	exact_sum(&exact);
	return exact;
}

/* @bytes with @more behind them. */
static inline struct exact exact_join(const uint8_t *bytes, size_t size_bytes, const uint8_t *more,
				      size_t more_bytes)
{
	uint8_t *both = malloc(size_bytes + more_bytes);
	struct exact exact;

	assert_non_null(both);
	memcpy(both, bytes, size_bytes);
	memcpy(both + size_bytes, more, more_bytes);
	exact = exact_table(both, size_bytes + more_bytes);
	free(both);
	return exact;
}

/* clang-format off */
#define MADT_HEAD HEADER('A', 'P', 'I', 'C', 3), LE4(0xfee00000), LE4(1)

/* One of each structure, IO-APICs out of order, and every kind of processor entry. */
static const uint8_t madt_all[] = {
	MADT_HEAD,
	0, 8, 1, 0, LE4(1),                                 /* at  44: processor 1, id 0 */
	0, 8, 2, 2, LE4(0),                                 /* at  52: disabled */
	0, 8, 3, 0, LE4(0),                                 /* at  60: disabled, id of the first */
	0, 8, 4, 0xff, LE4(1),                              /* at  68: broadcast id */
	1, 12, 128, 0, LE4(0xfec00000), LE4(0),             /* at  76 */
	1, 12, 130, 0, LE4(0xb2200000), LE4(88),            /* at  88 */
	1, 12, 129, 0, LE4(0xfa680000), LE4(24),            /* at 100 */
	2, 10, 0, 0, LE4(2), LE2(0),                        /* at 112: conforms */
	2, 10, 0, 9, LE4(9), LE2(0x000d),                   /* at 122: high, level */
	2, 10, 0, 10, LE4(30), LE2(0x000f),                 /* at 132: low, level */
	2, 10, 0, 11, LE4(31), LE2(0x0007),                 /* at 142: low, edge */
	3, 8, LE2(0x0005), LE4(23),                         /* at 152 */
	4, 6, 0xff, LE2(0x0005), 1,                         /* at 160: all processors */
	4, 6, 2, LE2(0), 0,                                 /* at 166: processor 2 */
	5, 12, 0, 0, LE8(0x1fee00000ull),                   /* at 172 */
	9, 16, 0, 0, LE4(300), LE4(1), LE4(70000),          /* at 184 */
	9, 16, 0, 0, LE4(7), LE4(2), LE4(8),                /* at 200: id below 255 */
	9, 16, 0, 0, LE4(0), LE4(1), LE4(1),                /* at 216: the first again */
	9, 16, 0, 0, LE4(0xffffffff), LE4(1), LE4(9),       /* at 232: broadcast id */
	10, 12, LE2(0x000f), LE4(0xffffffff), 0, 0, 0, 0,   /* at 248 */
	127, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,             /* at 260: reserved */
	0xff, 12, 5, 0, LE4(0xfec01000), LE4(120),          /* at 272: a hidden IO-APIC */
};

#define DMAR_HEAD(flags) HEADER('D', 'M', 'A', 'R', 1), 38, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

/* One of each structure; unit 0 with a path of two steps, unit 1 the rest of segment 0. */
static const uint8_t dmar_all[] = {
	DMAR_HEAD(5),
	LE2(0), LE2(34), 0, 4, LE2(1), LE8(0xfc810000),     /* at  48: 16 pages, segment 1 */
	1, 8, 0, 0, 0, 0, 2, 0,                             /* at  64: endpoint 00:02.0 */
	2, 10, 0, 0, 0, 3, 0x1c, 4, 0x1f, 7,                /* at  72: bridge 03:1c.4, then 1f.7 */
	LE2(0), LE2(40), 1, 0, LE2(0), LE8(0xfed91000),     /* at  82: all the rest */
	3, 8, 0, 0, 2, 0xf0, 0x1f, 0,                       /* at  98: IO-APIC 2 */
	4, 8, 0, 0, 1, 0xf0, 0x0f, 0,                       /* at 106: HPET 1 */
	5, 8, 0, 0, 9, 0, 0x15, 1,                          /* at 114: namespace device 9 */
	LE2(1), LE2(32), LE2(0), LE2(0), LE8(0x7b800000), LE8(0x7fffffff), /* at 122 */
	1, 8, 0, 0, 0, 0, 0x14, 0,
	LE2(2), LE2(16), 0, 0, LE2(0), 2, 8, 0, 0, 0, 0, 1, 0, /* at 154 */
	LE2(3), LE2(20), LE4(0), LE8(0xfed91000), LE4(0),   /* at 170 */
	LE2(4), LE2(14), 0, 0, 0, 9, '\\', '_', 'S', 'B', 'X', 0, /* at 190 */
	LE2(5), LE2(16), 0, 0, LE2(0), 1, 8, 0, 0, 0, 0, 0x0b, 0, /* at 204 */
	LE2(6), LE2(16), LE2(0), LE2(0), 1, 8, 0, 0, 0, 0, 2, 0,  /* at 220 */
	LE2(7), LE2(6), 1, 2,                               /* at 236: reserved */
};

static const uint8_t mcfg_all[] = {
	HEADER('M', 'C', 'F', 'G', 1), LE8(0),
	LE8(0xe0000000), LE2(0), 0, 0xff, LE4(0),
	LE8(0x1234000000ull), LE2(3), 0x40, 0x40, LE4(0),
};

static const uint8_t hpet_all[] = {
	HEADER('H', 'P', 'E', 'T', 1),
	LE4(0x8086a201), 0, 64, 0, 0, LE8(0xfed00000), 2, LE2(128), 0,
};

#define ZERO8 LE8(0)
#define ZERO40 ZERO8, ZERO8, ZERO8, ZERO8, ZERO8
#define FADT_HEAD(revision) HEADER('F', 'A', 'C', 'P', revision), \
	ZERO40, ZERO40, ZERO40, ZERO40, ZERO40, ZERO8, ZERO8, ZERO8, ZERO8 /* 36 to 267 */

/* Revision 6, 276 bytes: the last field is the hypervisor's name. */
static const uint8_t fadt_all[] = {
	FADT_HEAD(6), 'A', 'c', 'm', 'e', ' ', 'V', 'M', '1',
};
/* clang-format on */

enum {
	MADT,
	DMAR,
	MCFG,
	HPET,
	FADT,
	NR_TABLES
};
static const struct golden {
	const uint8_t *bytes;
	size_t size_bytes;
	const char *name;
} goldens[NR_TABLES] = {
	{ madt_all, sizeof(madt_all), "MADT" }, { dmar_all, sizeof(dmar_all), "DMAR" },
	{ mcfg_all, sizeof(mcfg_all), "MCFG" }, { hpet_all, sizeof(hpet_all), "HPET" },
	{ fadt_all, sizeof(fadt_all), "FADT" },
};

static inline struct exact golden_table(int table)
{
	return exact_table(goldens[table].bytes, goldens[table].size_bytes);
}

static inline struct mirq_acpi acpi_of(int table, const struct exact *exact)
{
	struct mirq_acpi acpi = { MIRQ_SIZED(mirq_acpi) };
	struct mirq_memory *slots[NR_TABLES] = { &acpi.madt, &acpi.dmar, &acpi.mcfg, &acpi.hpet,
						 &acpi.fadt };

	*slots[table] = exact_memory(exact);
	return acpi;
}

struct result {
	enum mirq_err err;
	struct mirq_x86_machine machine;
	struct mirq_why why;
	void *memory;
};

/* Read into an allocation of exactly the size that was asked for. */
static inline struct result read_acpi(const struct mirq_acpi *acpi)
{
	struct result result = { .memory = NULL };
	size_t size_bytes = mirq_acpi_x86_size_bytes(acpi);

	if (size_bytes)
		result.memory = malloc(size_bytes);
	result.err = mirq_acpi_x86_read(acpi, result.memory, size_bytes, &result.machine,
					&result.why);
	assert_int_equal(result.err == MIRQ_OK, size_bytes != 0);
	return result;
}

static inline struct result read_one(int table, const struct exact *exact)
{
	struct mirq_acpi acpi = acpi_of(table, exact);

	return read_acpi(&acpi);
}

/* What a consumer relies on, whatever the tables said. */
static inline void machine_is_sound(const struct mirq_x86_machine *machine)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < machine->nr_units; i++) {
		assert_int_equal(machine->units[i].scopes.first, first);
		assert_true(machine->units[i].scopes.limit >= first);
		assert_true(machine->units[i].size_bytes >= 4096);
		first = machine->units[i].scopes.limit;
	}
	assert_int_equal(first, machine->nr_scopes);
	for (uint32_t i = 0; i < machine->nr_scopes; i++)
		assert_in_range(machine->scopes[i].nr_steps, 1, MIRQ_X86_PATH_MAX);
	for (uint32_t i = 0; i < machine->nr_cpus; i++)
		assert_int_not_equal(machine->cpus[i].apic_id, 0xffffffff);
	for (uint32_t i = 0; i < machine->nr_lines; i++)
		assert_true(machine->lines[i].isa_irq < 16);
	assert_non_null(memchr(machine->hypervisor, 0, sizeof(machine->hypervisor)));
	for (uint32_t i = 0; machine->hypervisor[i]; i++)
		assert_in_range(machine->hypervisor[i], ' ', '~');
	for (uint32_t i = 0; i < machine->nr_ecams; i++)
		assert_true(machine->ecams[i].buses.first < machine->ecams[i].buses.limit);
}

static inline void table_is_refused(int table, const struct exact *exact, size_t offset,
				    const char *text)
{
	struct result result = read_one(table, exact);

	assert_int_equal(result.err, MIRQ_EBADTABLE);
	assert_string_equal(result.why.text, text);
	assert_string_equal(result.why.where, goldens[table].name);
	assert_int_equal(result.why.value, offset);
	assert_int_equal(result.machine.size_bytes, 0);
}

#endif
