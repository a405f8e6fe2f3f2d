/* SPDX-License-Identifier: MIT */
/*
 * test_firmware_root.c - from the root pointer to the tables: RSDP, XSDT and RSDT, headers,
 * checksums. What the tables say is test_firmware.c's. Sources: [ACPI] 5.2.5 - 5.2.8.
 */
#include "firmware_tables.h"

static const uint8_t rsdp_v1[20] = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ',           0,
				     'O', 'E', 'M', 'I', 'D', ' ', 0,   LE4(0x7fe1000) };

static const uint8_t rsdp_v2[36] = { 'R',
				     'S',
				     'D',
				     ' ',
				     'P',
				     'T',
				     'R',
				     ' ',
				     0,
				     'O',
				     'E',
				     'M',
				     'I',
				     'D',
				     ' ',
				     2,
				     LE4(0x7fe1000),
				     LE4(36),
				     LE8(0x123456789a0ull),
				     0,
				     0,
				     0,
				     0 };

static const uint8_t xsdt[] = { HEADER('X', 'S', 'D', 'T', 1), LE8(0x7fe2000), LE8(0),
				LE8(0x10007fe3000ull) };

static const uint8_t rsdt[] = { HEADER('R', 'S', 'D', 'T', 1), LE4(0x7fe2000), LE4(0xfffe3000) };

static const uint8_t ssdt[] = { HEADER('S', 'S', 'D', 'T', 2), 1, 2, 3 };

/* Both checksums: byte 8 over 20 bytes, then byte 32 over the whole. */
static void rsdp_sum(struct exact *rsdp)
{
	uint8_t sum = 0;

	rsdp->bytes[8] = 0;
	for (size_t i = 0; i < 20; i++)
		sum = (uint8_t)(sum + rsdp->bytes[i]);
	rsdp->bytes[8] = (uint8_t)-sum;
	if (rsdp->size_bytes < 36)
		return;
	rsdp->bytes[32] = 0;
	sum = 0;
	for (size_t i = 0; i < rsdp->size_bytes; i++)
		sum = (uint8_t)(sum + rsdp->bytes[i]);
	rsdp->bytes[32] = (uint8_t)-sum;
}

static struct exact rsdp_make(const uint8_t *bytes, size_t size_bytes)
{
	struct exact rsdp = exact_copy(bytes, size_bytes);

	rsdp_sum(&rsdp);
	return rsdp;
}

static void rsdp_is_refused(const struct exact *rsdp, const char *text)
{
	struct mirq_why why = { .rule = 77 };
	uint64_t address = 1;

	assert_int_equal(mirq_acpi_rsdp_read(exact_memory(rsdp), &address, &why), MIRQ_EBADTABLE);
	assert_int_equal(address, 1);
	assert_string_equal(why.where, "RSDP");
	assert_string_equal(why.text, text);
	assert_int_equal(why.rule, 0);
	assert_int_equal(mirq_acpi_rsdp_read(exact_memory(rsdp), &address, NULL), MIRQ_EBADTABLE);
}

static void rsdp_read__version_1__gives_the_rsdt(void **state)
{
	struct exact rsdp = rsdp_make(rsdp_v1, sizeof(rsdp_v1));
	uint64_t address = 0;

	(void)state;
	assert_int_equal(mirq_acpi_rsdp_read(exact_memory(&rsdp), &address, NULL), MIRQ_OK);
	assert_int_equal(address, 0x7fe1000);
	exact_free(&rsdp);
}

static void rsdp_read__version_2__gives_the_xsdt(void **state)
{
	struct exact rsdp = rsdp_make(rsdp_v2, sizeof(rsdp_v2));
	uint64_t address = 0;

	(void)state;
	assert_int_equal(mirq_acpi_rsdp_read(exact_memory(&rsdp), &address, NULL), MIRQ_OK);
	assert_int_equal(address, 0x123456789a0);
	exact_set(&rsdp, 24, 0, 8);
	rsdp_sum(&rsdp);
	assert_int_equal(mirq_acpi_rsdp_read(exact_memory(&rsdp), &address, NULL), MIRQ_OK);
	assert_int_equal(address, 0x7fe1000);
	exact_free(&rsdp);
}

/* A version 1 pointer in 36 mapped bytes: what follows it is not its XSDT. */
static void rsdp_read__version_1_in_longer_memory__ignores_what_follows(void **state)
{
	struct exact rsdp = rsdp_make(rsdp_v2, sizeof(rsdp_v2));
	uint64_t address = 0;

	(void)state;
	rsdp.bytes[15] = 0;
	rsdp_sum(&rsdp);
	assert_int_equal(mirq_acpi_rsdp_read(exact_memory(&rsdp), &address, NULL), MIRQ_OK);
	assert_int_equal(address, 0x7fe1000);
	exact_free(&rsdp);
}

static void rsdp_read__broken__is_refused_with_the_reason(void **state)
{
	struct exact rsdp = rsdp_make(rsdp_v2, sizeof(rsdp_v2));

	(void)state;
	rsdp.bytes[33] ^= 1; /* in the extended part only */
	rsdp_is_refused(&rsdp, "extended checksum is wrong");
	rsdp.bytes[9] ^= 1;
	rsdp_is_refused(&rsdp, "checksum of the first 20 bytes is wrong");
	rsdp.bytes[0] = 'r';
	rsdp_is_refused(&rsdp, "signature is not 'RSD PTR '");
	rsdp.bytes[0] = 'R';
	exact_set(&rsdp, 20, 35, 4);
	rsdp_sum(&rsdp);
	rsdp_is_refused(&rsdp, "length is below 36 or above 4096");
	exact_set(&rsdp, 20, 4097, 4);
	rsdp_sum(&rsdp);
	rsdp_is_refused(&rsdp, "length is below 36 or above 4096");
	exact_set(&rsdp, 20, 37, 4);
	rsdp_sum(&rsdp);
	rsdp_is_refused(&rsdp, "length is behind the memory that holds it");
	exact_set(&rsdp, 20, 36, 4);
	exact_set(&rsdp, 16, 0, 4);
	exact_set(&rsdp, 24, 0, 8);
	rsdp_sum(&rsdp);
	rsdp_is_refused(&rsdp, "it points to neither an XSDT nor an RSDT");
	exact_free(&rsdp);
}

static void rsdp_read__every_truncation__is_refused(void **state)
{
	struct exact whole = rsdp_make(rsdp_v2, sizeof(rsdp_v2));
	uint64_t address;

	(void)state;
	for (size_t i = 0; i < sizeof(rsdp_v2); i++) {
		struct exact cut = exact_copy(whole.bytes, i);

		assert_int_equal(mirq_acpi_rsdp_read(exact_memory(&cut), &address, NULL),
				 MIRQ_EBADTABLE);
		exact_free(&cut);
	}
	exact_free(&whole);
}

static void rsdp_find__anywhere_on_16_bytes__is_found(void **state)
{
	struct exact rsdp = rsdp_make(rsdp_v1, sizeof(rsdp_v1));

	(void)state;
	for (size_t at = 0; at < 80; at++) {
		struct exact area = { calloc(1, at + sizeof(rsdp_v1)), at + sizeof(rsdp_v1) };
		size_t offset = 999;

		memcpy(area.bytes + at, rsdp.bytes, rsdp.size_bytes);
		if (at % 16 == 0) {
			assert_int_equal(mirq_acpi_rsdp_find(exact_memory(&area), &offset),
					 MIRQ_OK);
			assert_int_equal(offset, at);
		} else {
			assert_int_equal(mirq_acpi_rsdp_find(exact_memory(&area), &offset),
					 MIRQ_ENOENT);
			assert_int_equal(offset, 999);
		}
		exact_free(&area);
	}
	exact_free(&rsdp);
}

/* The signature alone is not a root pointer: strings in firmware have it too. */
static void rsdp_find__wrong_checksum_before_a_right_one__finds_the_second(void **state)
{
	struct exact rsdp = rsdp_make(rsdp_v2, sizeof(rsdp_v2));
	uint8_t area[128] = { 0 };
	struct mirq_memory memory = { area, sizeof(area) };
	size_t offset = 0;

	(void)state;
	memcpy(area, rsdp.bytes, rsdp.size_bytes);
	area[30] ^= 1; /* breaks the extended checksum only */
	memcpy(area + 64, rsdp.bytes, rsdp.size_bytes);
	assert_int_equal(mirq_acpi_rsdp_find(memory, &offset), MIRQ_OK);
	assert_int_equal(offset, 64);
	assert_int_equal(mirq_acpi_rsdp_find((struct mirq_memory){ NULL, 4096 }, &offset),
			 MIRQ_ENOENT);
	exact_free(&rsdp);
}

static void root_read__xsdt__gives_8_byte_entries_to_the_end(void **state)
{
	struct exact root = exact_table(xsdt, sizeof(xsdt));
	struct mirq_why why;
	uint64_t address = 1;

	(void)state;
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 0, &address, NULL), MIRQ_OK);
	assert_int_equal(address, 0x7fe2000);
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 1, &address, NULL), MIRQ_OK);
	assert_int_equal(address, 0);
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 2, &address, NULL), MIRQ_OK);
	assert_int_equal(address, 0x10007fe3000);
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 3, &address, &why), MIRQ_ENOENT);
	assert_int_equal(why.value, 3);
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 0xffffffff, &address, NULL),
			 MIRQ_ENOENT);
	assert_int_equal(address, 0x10007fe3000);
	exact_free(&root);
}

static void root_read__rsdt__gives_4_byte_entries_to_the_end(void **state)
{
	struct exact root = exact_table(rsdt, sizeof(rsdt));
	uint64_t address = 1;

	(void)state;
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 1, &address, NULL), MIRQ_OK);
	assert_int_equal(address, 0xfffe3000);
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 2, &address, NULL), MIRQ_ENOENT);
	exact_free(&root);
}

static void root_read__broken__is_refused_with_the_reason(void **state)
{
	struct exact root = exact_table(xsdt, sizeof(xsdt) - 4);
	struct mirq_why why;
	uint64_t address;

	(void)state;
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 0, &address, &why),
			 MIRQ_EBADTABLE);
	assert_string_equal(why.text, "length is not a whole number of entries");
	assert_string_equal(why.where, "XSDT");
	exact_free(&root);
	root = exact_table(ssdt, sizeof(ssdt));
	assert_int_equal(mirq_acpi_root_read(exact_memory(&root), 0, &address, &why),
			 MIRQ_EBADTABLE);
	assert_string_equal(why.text, "signature is that of another table");
	exact_free(&root);
}

static void table_read__header_alone__names_kind_and_length(void **state)
{
	static const struct {
		char signature[5];
		enum mirq_acpi_kind kind;
	} names[] = {
		{ "APIC", MIRQ_ACPI_MADT },  { "DMAR", MIRQ_ACPI_DMAR },
		{ "MCFG", MIRQ_ACPI_MCFG },  { "HPET", MIRQ_ACPI_HPET },
		{ "XSDT", MIRQ_ACPI_ROOT },  { "RSDT", MIRQ_ACPI_ROOT },
		{ "FACP", MIRQ_ACPI_FADT },  { "apic", MIRQ_ACPI_OTHER },
		{ "APID", MIRQ_ACPI_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < NR(names); i++) {
		struct exact header = exact_copy(ssdt, 36);
		struct mirq_acpi_table table;

		memcpy(header.bytes, names[i].signature, 4);
		exact_set(&header, 4, 0x12345, 4);
		assert_int_equal(mirq_acpi_table_read(exact_memory(&header), &table, NULL),
				 MIRQ_OK);
		assert_string_equal(table.signature, names[i].signature);
		assert_int_equal(table.kind, names[i].kind);
		assert_int_equal(table.size_bytes, 0x12345);
		assert_int_equal(table.revision, 2);
		exact_free(&header);
	}
}

static void table_read__unprintable_signature__reads_as_question_marks(void **state)
{
	struct exact header = exact_table(ssdt, sizeof(ssdt));
	struct mirq_acpi_table table;

	(void)state;
	exact_set(&header, 0, 0x1b80007f, 4);
	assert_int_equal(mirq_acpi_table_read(exact_memory(&header), &table, NULL), MIRQ_OK);
	assert_string_equal(table.signature, "????");
	exact_free(&header);
}

static void table_read__impossible_length__is_refused(void **state)
{
	static const uint32_t lengths[] = { 0, 35, MIRQ_ACPI_TABLE_MAX + 1, 0xffffffff };
	struct exact header = exact_copy(ssdt, 36);
	struct exact cut = exact_copy(ssdt, 35);
	struct mirq_acpi_table table;
	struct mirq_why why;

	(void)state;
	for (size_t i = 0; i < NR(lengths); i++) {
		exact_set(&header, 4, lengths[i], 4);
		assert_int_equal(mirq_acpi_table_read(exact_memory(&header), &table, NULL),
				 MIRQ_EBADTABLE);
	}
	exact_set(&header, 4, MIRQ_ACPI_TABLE_MAX, 4);
	assert_int_equal(mirq_acpi_table_read(exact_memory(&header), &table, NULL), MIRQ_OK);
	exact_set(&cut, 4, 36, 4);
	assert_int_equal(mirq_acpi_table_read(exact_memory(&cut), &table, &why), MIRQ_EBADTABLE);
	assert_string_equal(why.text, "memory is shorter than a table's header");
	exact_free(&header);
	exact_free(&cut);
}

static void table_check__whole_table__is_accepted_at_any_alignment(void **state)
{
	struct exact table = exact_table(ssdt, sizeof(ssdt));
	uint8_t area[sizeof(ssdt) + 16];

	(void)state;
	for (size_t at = 0; at < 8; at++) {
		struct mirq_memory memory = { area + at, sizeof(area) - at };

		memset(area, 0xa5, sizeof(area));
		memcpy(area + at, table.bytes, table.size_bytes);
		assert_int_equal(mirq_acpi_table_check(memory, MIRQ_ACPI_OTHER, NULL), MIRQ_OK);
	}
	exact_free(&table);
}

static void table_check__broken__is_refused_with_the_reason(void **state)
{
	struct exact table = exact_table(ssdt, sizeof(ssdt));
	struct mirq_why why;

	(void)state;
	assert_int_equal(mirq_acpi_table_check(exact_memory(&table), MIRQ_ACPI_MADT, &why),
			 MIRQ_EBADTABLE);
	assert_string_equal(why.where, "MADT");
	assert_string_equal(why.text, "signature is that of another table");
	for (size_t i = 0; i < table.size_bytes; i++) {
		table.bytes[i] ^= 0x10;
		assert_int_equal(mirq_acpi_table_check(exact_memory(&table), MIRQ_ACPI_OTHER, NULL),
				 MIRQ_EBADTABLE);
		table.bytes[i] ^= 0x10;
	}
	for (size_t i = 0; i < table.size_bytes; i++) {
		struct exact cut = exact_copy(table.bytes, i);

		assert_int_equal(mirq_acpi_table_check(exact_memory(&cut), MIRQ_ACPI_OTHER, NULL),
				 MIRQ_EBADTABLE);
		exact_free(&cut);
	}
	exact_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsdp_read__version_1__gives_the_rsdt),
		cmocka_unit_test(rsdp_read__version_2__gives_the_xsdt),
		cmocka_unit_test(rsdp_read__version_1_in_longer_memory__ignores_what_follows),
		cmocka_unit_test(rsdp_read__broken__is_refused_with_the_reason),
		cmocka_unit_test(rsdp_read__every_truncation__is_refused),
		cmocka_unit_test(rsdp_find__anywhere_on_16_bytes__is_found),
		cmocka_unit_test(rsdp_find__wrong_checksum_before_a_right_one__finds_the_second),
		cmocka_unit_test(root_read__xsdt__gives_8_byte_entries_to_the_end),
		cmocka_unit_test(root_read__rsdt__gives_4_byte_entries_to_the_end),
		cmocka_unit_test(root_read__broken__is_refused_with_the_reason),
		cmocka_unit_test(table_read__header_alone__names_kind_and_length),
		cmocka_unit_test(table_read__unprintable_signature__reads_as_question_marks),
		cmocka_unit_test(table_read__impossible_length__is_refused),
		cmocka_unit_test(table_check__whole_table__is_accepted_at_any_alignment),
		cmocka_unit_test(table_check__broken__is_refused_with_the_reason),
	};

	return cmocka_run_group_tests_name("firmware_root", tests, NULL, NULL);
}
