/* SPDX-License-Identifier: MIT */
/*
 * Messages of x86, both formats: golden values typed in from [SDM3] 11.11 and [VTD] 5.1.2, and
 * what real machines had programmed ($MIRQ_DATA/real-msi-messages.csv, decoded by hand), where
 * that is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mirq/x86.h>

static void compose__golden__as_specified(void **state)
{
	static const struct {
		uint32_t apic_id, vector;
		uint64_t address;
		uint32_t data;
	} golden[] = {
		{ 0, 0x30, 0xfee00000, 0x30 },      { 1, 0xef, 0xfee01000, 0xef },
		{ 0x5a, 0x41, 0xfee5a000, 0x41 },   { 254, 0xfe, 0xfeefe000, 0xfe },
		{ 0x100, 0x20, 0xfee00020, 0x20 },  { 0x7fff, 0x20, 0xfeefffe0, 0x20 },
		{ 0x1234, 0x80, 0xfee34240, 0x80 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		struct mirq_x86_target t = { golden[i].apic_id, golden[i].vector };
		struct mirq_msg msg = mirq_x86_compose(t);

		assert_int_equal(msg.address, golden[i].address);
		assert_int_equal(msg.data, golden[i].data);
	}
}

/* Every id and every vector comes back. */
static void decode__of_compose__is_identity(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < 0x8000; id += 0x7 + (id > 0x200) * 0x61)
		for (uint32_t vector = 16; vector < 256; vector++) {
			struct mirq_x86_target t = { id, vector }, back;
			struct mirq_msg msg = mirq_x86_compose(t);
			const char *text;
			uint32_t index;

			assert_int_equal(mirq_x86_decode(&msg, &back, &index, &text), MIRQ_OK);
			assert_int_equal(back.apic_id, id);
			assert_int_equal(back.vector, vector);
			assert_int_equal(index, UINT32_MAX);
		}
}

struct decoded {
	struct mirq_msg msg;
	uint32_t apic_id, vector, index;
	const char *says;
};

static void check_decoded(const struct decoded *d)
{
	struct mirq_x86_target t;
	const char *text;
	uint32_t index;

	assert_int_equal(mirq_x86_decode(&d->msg, &t, &index, &text), MIRQ_OK);
	assert_int_equal(t.apic_id, d->apic_id);
	assert_int_equal(t.vector, d->vector);
	assert_int_equal(index, d->index);
	if (!strstr(text, d->says))
		fail_msg("%llx %x: \"%s\" does not say \"%s\"", (unsigned long long)d->msg.address,
			 d->msg.data, text, d->says);
}

#define NO UINT32_MAX

static void decode__compatibility__says_target_and_defects(void **state)
{
	static const struct decoded golden[] = {
		{ { 0xfee05000, 0x4022 }, 5, 0x22, NO, "physical destination" },
		{ { 0xfee0f00c, 0x4162 }, 15, 0x62, NO, "redirection hint" },
		{ { 0xfee0f004, 0x0062 }, 15, 0x62, NO, "logical destination" },
		{ { 0xfee00fe0, 0x0062 }, 0x7f00, 0x62, NO, "more than 8 bits" },
		{ { 0xfee00000, 0x0000 }, 0, 0, NO, "below 16" },
		{ { 0xfee00000, 0x010f }, 0, 15, NO, "below 16" },
		{ { 0xfee00000, 0x0010 }, 0, 16, NO, "physical destination" },
		{ { 0xfee00000, 0x0200 }, 0, 0, NO, "system management" },
		{ { 0xfee00000, 0x0330 }, 0, 0x30, NO, "reserved one" },
		{ { 0xfee00000, 0x0400 }, 0, 0, NO, "non-maskable" },
		{ { 0xfee00000, 0x0500 }, 0, 0, NO, "INIT" },
		{ { 0xfee00000, 0x0630 }, 0, 0x30, NO, "reserved one" },
		{ { 0xfee00000, 0x0700 }, 0, 0, NO, "external controller" },
		{ { 0xfee00000, 0xc030 }, 0, 0x30, NO, "level triggered, assert" },
		{ { 0xfee00000, 0x8030 }, 0, 0x30, NO, "level triggered, deassert" },
		{ { 0xfee00000, 0x0830 }, 0, 0x30, NO, "reserved bits" },
		{ { 0xfee00000, 0x10030 }, 0, 0x30, NO, "reserved bits" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		check_decoded(&golden[i]);
}

static void decode__remappable__says_index_and_defects(void **state)
{
	static const struct decoded golden[] = {
		{ { 0xfee004d8, 0 }, NO, NO, 38, "sub-handle valid" },
		{ { 0xfee00018, 0 }, NO, NO, 0, "sub-handle valid" },
		{ { 0xfee00018, 31 }, NO, NO, 31, "sub-handle valid" },
		{ { 0xfee00010, 0 }, NO, NO, 0, "no sub-handle" },
		{ { 0xfee00010, 7 }, NO, NO, 0, "the data is not zero" },
		{ { 0xfee00014, 0 }, NO, NO, 0x8000, "no sub-handle" },
		{ { 0xfeeffff4, 0 }, NO, NO, 0xffff, "no sub-handle" },
		{ { 0xfeeffffc, 1 }, NO, NO, 0x10000, "beyond every table" },
		{ { 0xfeeffffc, 0xffff }, NO, NO, 0x1fffe, "beyond every table" },
		{ { 0xfee00018, 0x10000 }, NO, NO, 0, "reserved bits" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		check_decoded(&golden[i]);
}

static void decode__elsewhere__einval_and_untouched(void **state)
{
	static const uint64_t addresses[] = {
		0, 0x20, 0xfedfffff, 0xfef00000, 0xfff41740, 0x1fee00000, 0x9002000000000000
	};

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct mirq_msg msg = { addresses[i], 0x30 };
		struct mirq_x86_target t = { 77, 78 };
		const char *text = "before";
		uint32_t index = 79;

		assert_int_equal(mirq_x86_decode(&msg, &t, &index, &text), MIRQ_EINVAL);
		assert_int_equal(t.apic_id, 77);
		assert_int_equal(t.vector, 78);
		assert_int_equal(index, 79);
		assert_string_equal(text, "before");
	}
}

/* ---- What real machines had ---- */

/* The number behind "key=" in @text, or NO. */
static uint32_t number_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (uint32_t)strtoul(at + strlen(key), NULL, 0) : NO;
}

/* file,function,enabled,count,max,address,data,format,decode */
static void check_line(char *line)
{
	char *cell[9] = { line };
	struct decoded d = { .msg = { 0, 0 } };
	struct mirq_x86_target t;
	const char *text;
	uint32_t index;

	for (int i = 1; i < 9; i++) {
		cell[i] = strchr(cell[i - 1], ',');
		assert_non_null(cell[i]);
		*cell[i]++ = 0;
	}
	d.msg.address = strtoull(cell[5], NULL, 16);
	d.msg.data = (uint32_t)strtoul(cell[6], NULL, 16);
	if (!strncmp(cell[7], "non-FEE", 7)) {
		assert_int_equal(mirq_x86_decode(&d.msg, &t, &index, &text), MIRQ_EINVAL);
		return;
	}
	d.apic_id = number_of(cell[8], "dest=");
	d.vector = number_of(cell[8], "vector=");
	d.index = number_of(cell[8], "index=");
	d.says = d.index != NO                ? "remappable format"
		 : d.vector < 16              ? "below 16"
		 : strstr(cell[7], "RH=1")    ? "redirection hint"
		 : strstr(cell[7], "logical") ? "logical destination"
					      : "physical destination";
	check_decoded(&d);
}

static void decode__real_machines__as_by_hand(void **state)
{
	const char *folder = getenv("MIRQ_DATA");
	char path[4096], line[1024];
	uint32_t nr = 0;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/real-msi-messages.csv",
		 folder ? folder : MIRQ_SOURCE_ROOT "/../shared/data");
	file = fopen(path, "r");
	if (!file) {
		print_message("skipped: no %s\n", path);
		skip();
		return;
	}
	assert_non_null(fgets(line, sizeof(line), file)); /* names of the columns */
	for (; fgets(line, sizeof(line), file); nr++)
		check_line(line);
	fclose(file);
	print_message("%u messages of real machines\n", nr);
	assert_int_equal(nr, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compose__golden__as_specified),
		cmocka_unit_test(decode__of_compose__is_identity),
		cmocka_unit_test(decode__compatibility__says_target_and_defects),
		cmocka_unit_test(decode__remappable__says_index_and_defects),
		cmocka_unit_test(decode__elsewhere__einval_and_untouched),
		cmocka_unit_test(decode__real_machines__as_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
