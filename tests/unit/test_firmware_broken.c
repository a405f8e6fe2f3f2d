/* SPDX-License-Identifier: MIT */
/*
 * test_firmware_broken.c - malformed tables: what is refused, with which reason, and that no byte
 * of a table can lead a reader out of it. The tables lie in allocations of their exact size: the
 * address sanitizer is half of the test. Sources: [ACPI] 5.2.12; [VTD] 8; [PCIFW] 4.1.2; [HPET]
 * 3.2.4. raises: mirq_acpi_x86_read MIRQ_EBADTABLE
 */
#include "firmware_tables.h"

/* clang-format off */
/* One field of a golden table, and what its refusal says. */
static const struct refusal {
	int table;
	size_t set_offset;
	uint64_t value;
	size_t nr_bytes;
	size_t offset;
	const char *text;
} refusals[] = {
	{ MADT, 0, 0x44495041, 4, 0, "signature is that of another table" },
	{ MADT, 45, 0, 1, 44, "structure is shorter than its own header" },
	{ MADT, 45, 1, 1, 44, "structure is shorter than its own header" },
	{ MADT, 45, 7, 1, 44, "structure is shorter than its type needs" },
	{ MADT, 77, 11, 1, 76, "structure is shorter than its type needs" },
	{ MADT, 113, 9, 1, 112, "structure is shorter than its type needs" },
	{ MADT, 153, 7, 1, 152, "structure is shorter than its type needs" },
	{ MADT, 161, 5, 1, 160, "structure is shorter than its type needs" },
	{ MADT, 173, 11, 1, 172, "structure is shorter than its type needs" },
	{ MADT, 185, 15, 1, 184, "structure is shorter than its type needs" },
	{ MADT, 249, 11, 1, 248, "structure is shorter than its type needs" },
	{ MADT, 273, 13, 1, 272, "structure ends behind what contains it" },
	{ MADT, 273, 11, 1, 283, "list ends inside a structure's header" },
	{ MADT, 260, 0x0c05, 2, 260, "second override of the local APIC address" },
	{ DMAR, 50, 0, 2, 48, "structure is shorter than its own header" },
	{ DMAR, 50, 15, 2, 48, "structure is shorter than its type needs" },
	{ DMAR, 50, 33, 2, 72, "structure ends behind what contains it" },
	{ DMAR, 50, 0xffff, 2, 48, "structure ends behind what contains it" },
	{ DMAR, 56, 0, 8, 48, "remapping unit at address 0 or off a 4 KiB boundary" },
	{ DMAR, 56, 0xfed90800, 8, 48, "remapping unit at address 0 or off a 4 KiB boundary" },
	{ DMAR, 65, 0, 1, 64, "structure is shorter than its own header" },
	{ DMAR, 65, 6, 1, 64, "device scope without a path" },
	{ DMAR, 65, 7, 1, 64, "device scope ends inside a step of its path" },
	{ DMAR, 73, 11, 1, 72, "structure ends behind what contains it" },
	{ DMAR, 80, 32, 1, 72, "path has a device above 31 or a function above 7" },
	{ DMAR, 79, 8, 1, 72, "path has a device above 31 or a function above 7" },
	{ DMAR, 124, 23, 2, 122, "structure is shorter than its type needs" },
	{ DMAR, 147, 0, 1, 146, "structure is shorter than its own header" },
	{ DMAR, 156, 7, 2, 154, "structure is shorter than its type needs" },
	{ DMAR, 163, 9, 1, 162, "structure ends behind what contains it" },
	{ DMAR, 172, 19, 2, 170, "structure is shorter than its type needs" },
	{ DMAR, 192, 7, 2, 190, "structure is shorter than its type needs" },
	{ DMAR, 203, 'Y', 1, 190, "name of a namespace device has no end" },
	{ DMAR, 206, 7, 2, 204, "structure is shorter than its type needs" },
	{ DMAR, 213, 9, 1, 212, "structure ends behind what contains it" },
	{ DMAR, 222, 7, 2, 220, "structure is shorter than its type needs" },
	{ DMAR, 229, 9, 1, 228, "structure ends behind what contains it" },
	{ DMAR, 238, 3, 2, 236, "structure is shorter than its own header" },
	{ DMAR, 238, 5, 2, 241, "list ends inside a structure's header" },
	{ MCFG, 44, 0, 8, 44, "window at address 0 or off a 1 MiB boundary" },
	{ MCFG, 60, 0x1234080000, 8, 60, "window at address 0 or off a 1 MiB boundary" },
	{ MCFG, 44, 0xfffffffff0000000, 8, 44, "window is not below 2^64" },
	{ MCFG, 70, 0x41, 1, 60, "window's last bus is before its first" },
	{ FADT, 0, 0x50494341, 4, 0, "signature is that of another table" },
	{ HPET, 40, 1, 1, 0, "timer block outside memory space or at address 0" },
	{ HPET, 44, 0, 8, 0, "timer block outside memory space or at address 0" },
};
/* clang-format on */

static void read__broken_field__names_table_offset_and_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		struct exact table = golden_table(refusal->table);

		exact_set(&table, refusal->set_offset, refusal->value, refusal->nr_bytes);
		exact_sum(&table);
		table_is_refused(refusal->table, &table, refusal->offset, refusal->text);
		exact_free(&table);
	}
}

/* The header: length behind the memory, inside the fixed part, and the checksum. */
static void read__broken_header__is_refused_for_every_table(void **state)
{
	static const size_t fixed_bytes[NR_TABLES] = { 44, 48, 44, 56, 116 };

	(void)state;
	for (int i = 0; i < NR_TABLES; i++) {
		struct exact table = golden_table(i);

		exact_set(&table, 4, table.size_bytes + 1, 4);
		exact_sum(&table);
		table_is_refused(i, &table, 0, "length is behind the memory that holds it");
		exact_set(&table, 4, fixed_bytes[i] - 1, 4);
		exact_sum(&table);
		table_is_refused(i, &table, 0, "length is shorter than the fixed part");
		exact_set(&table, 4, table.size_bytes, 4);
		exact_sum(&table);
		table.bytes[table.size_bytes - 1] ^= 0x80;
		table_is_refused(i, &table, 0, "checksum is wrong");
		exact_free(&table);
	}
}

/* Memory is mapped by pages: what lies behind the table is not read. */
static void read__memory_longer_than_the_table__reads_the_table(void **state)
{
	(void)state;
	for (int i = 0; i < NR_TABLES; i++) {
		uint8_t garbage[7] = { 0, 0, 0xff, 1, 2, 3, 4 };
		struct exact table = exact_join(goldens[i].bytes, goldens[i].size_bytes, garbage,
						sizeof(garbage));
		struct result result;

		exact_set(&table, 4, goldens[i].size_bytes, 4);
		exact_sum(&table);
		result = read_one(i, &table);
		assert_int_equal(result.err, MIRQ_OK);
		free(result.memory);
		exact_free(&table);
	}
}

/* Cut off, with the length and checksum of the whole, and with its own. */
static void read__every_truncation__never_leaves_the_memory(void **state)
{
	(void)state;
	for (int i = 0; i < NR_TABLES; i++) {
		struct exact whole = golden_table(i);

		for (size_t nr = 1; nr < whole.size_bytes; nr++) {
			struct exact cut = exact_copy(whole.bytes, nr);
			struct result result = read_one(i, &cut);

			assert_int_equal(result.err, MIRQ_EBADTABLE);
			if (nr >= 36) {
				exact_set(&cut, 4, nr, 4);
				exact_sum(&cut);
				result = read_one(i, &cut);
				assert_true(result.err == MIRQ_OK || result.err == MIRQ_EBADTABLE);
				if (!result.err)
					machine_is_sound(&result.machine);
				free(result.memory);
			}
			exact_free(&cut);
		}
		exact_free(&whole);
	}
}

/* Each byte through values that matter, with the checksum made right again. */
static void read__every_byte_changed__gives_a_sound_machine_or_a_refusal(void **state)
{
	(void)state;
	for (int i = 0; i < NR_TABLES; i++) {
		for (size_t at = 0; at < goldens[i].size_bytes; at++) {
			uint8_t was = goldens[i].bytes[at];
			uint8_t values[] = { 0, 0xff, (uint8_t)~was, was ^ 1, was ^ 0x80, 1, 2 };

			for (size_t v = 0; v < NR(values); v++) {
				struct exact table = golden_table(i);
				struct result result;

				exact_set(&table, at, values[v], 1);
				exact_sum(&table);
				result = read_one(i, &table);
				if (!result.err)
					machine_is_sound(&result.machine);
				else
					assert_int_equal(result.err, MIRQ_EBADTABLE);
				free(result.memory);
				exact_free(&table);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read__broken_field__names_table_offset_and_reason),
		cmocka_unit_test(read__broken_header__is_refused_for_every_table),
		cmocka_unit_test(read__memory_longer_than_the_table__reads_the_table),
		cmocka_unit_test(read__every_truncation__never_leaves_the_memory),
		cmocka_unit_test(read__every_byte_changed__gives_a_sound_machine_or_a_refusal),
	};

	return cmocka_run_group_tests_name("firmware_broken", tests, NULL, NULL);
}
