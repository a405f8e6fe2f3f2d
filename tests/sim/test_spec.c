/* SPDX-License-Identifier: MIT */
/*
 * test_spec.c - descriptions of machines: each word in both forms, what is refused and where it
 * says so, that both forms print what they read, and that no bytes do harm.
 *
 * Breaks tried, each seen to fail: numbers that wrap, bounds off by one, no check of powers and
 * pages, members of two words exchanged, nothing refused the second time, each check of the whole
 * left out or off by one, slots of bridges not counted, options not looked for, a line cut one byte
 * late, jansson's duplicates allowed, lines and columns off by one, escapes in keys not undone,
 * lists not skipped, no end of the text in the walk, no limits, files not told from text.
 * Sources: docs/machines.md; [JSON].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../sim/port.h"
#include "../../sim/spec.h"
#include "../../sim/spec_json.h"
#include "../../sim/spec_where.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT_BYTES 0x10000u

static const char *const examples[] = { "guest", "laptop", "server", "slow-unit" };

static void example_path(char path[512], uint32_t i)
{
	(void)snprintf(path, 512, "%s/examples/machines/%s.json", MIRQ_SOURCE_ROOT, examples[i]);
}

/* Its bytes, without an end that is no part of it. */
static char *example_text(uint32_t i, size_t *out_bytes)
{
	char path[512], *text = malloc(TEXT_BYTES);
	FILE *file;

	example_path(path, i);
	file = fopen(path, "rb");
	assert_non_null(file);
	assert_non_null(text);
	*out_bytes = fread(text, 1, TEXT_BYTES, file);
	assert_in_range(*out_bytes, 100, TEXT_BYTES - 1);
	(void)fclose(file);
	return text;
}

static int read_json(const char *text, struct sim_spec *out_spec, struct sim_error *out_error)
{
	return sim_spec_read_json(text, strlen(text), out_spec, out_error);
}

static void assert_equal_specs(const struct sim_spec *a, const struct sim_spec *b, const char *text)
{
	if (memcmp(a, b, sizeof(*a)))
		fail_msg("not the same machine: %s", text);
}

/* ---- Words ---- */

/* Each member by its own name: nothing of the table is believed. */
static const struct sim_spec every_word = {
	.nr_cpus = 64,
	.nr_nodes = 3,
	.first_apic_id = 4,
	.apic_step = 5,
	.has_x2apic = 1,
	.is_x2apic_entered = 1,
	.ram_bytes = UINT64_C(72) << 10,
	.ram_address = UINT64_C(0x7000000000),
	.heap_bytes = UINT64_C(2) << 20,
	.seed = UINT64_C(0xfedcba9876543210),
	.tick_ns = 7,
	.timing = { .posted = 11, .message = 12, .remapped = 13, .ipi = 14 },
	.units = { { .has_eim = 1, .is_coherent = 1, .nr_records = 21, .mhmv = 9 },
		   { .has_esirtps = 1,
		     .has_rwbf = 1,
		     .nr_records = 1,
		     .mhmv = 15,
		     .nr_steps = 22,
		     .nr_command_steps = 23 },
		   { .is_coherent = 1, .has_no_ir = 1, .nr_records = 1, .mhmv = 15 },
		   { .is_coherent = 1, .has_no_qi = 1, .nr_records = 1, .mhmv = 0 } },
	.nr_units = 4,
	.devices = { { .name = "a", .nr_msix = 2048, .bar = 3, .unit = 2, .has_no_flr = 1 },
		     { .name = "b", .nr_msi = 16, .is_msi_unmaskable = 1, .place = SIM_ON_ROOT },
		     { .name = "c.D-5_",
		       .nr_msi = 1,
		       .is_msi_32 = 1,
		       .ntb_bytes = 0x2000,
		       .place = SIM_BEHIND_PCI_BRIDGE },
		     { .name = "fifteen-letters", .nr_msi = 2, .place = SIM_BEHIND_LEGACY_BRIDGE },
		     { .name = "d",
		       .nr_array = 100000,
		       .nr_queue = 31,
		       .is_queue_mlx5 = 1,
		       .nr_registers = 7,
		       .nr_firmware = 8,
		       .is_array_unmaskable = 1,
		       .is_registers_losing = 1,
		       .nr_steps = 32 },
		     { .name = "e",
		       .nr_array = 512,
		       .is_array_idxd = 1,
		       .nr_firmware = 1,
		       .is_firmware_told_once = 1,
		       .is_firmware_ath11k = 1 },
		     { .name = "f", .nr_msix = 64, .is_vmd = 1 },
		     { .name = "g", .nr_msi = 1, .place = SIM_BEHIND_VMD } },
	.nr_devices = 8,
};

static void spec__every_word__its_member_in_both_forms(void **state)
{
	static const char line[] =
		"cpus=64 nodes=3 apic-first=4 apic-step=5 x2apic-entered ram=72K "
		"ram-at=0x7000000000 heap=2M seed=0xfedcba9876543210 tick=7 posted=11 "
		"message=12\tremapped=13 ipi=14 "
		"vtd=eim,records=21,mhmv=9\nvtd=coherent=0,esirtps,rwbf=1,steps=22,"
		"command-steps=23 vtd=no-ir,coherent vtd=no-qi,mhmv=0,eim=0 "
		"a:msix=2K,bar=3,unit=2,noflr b:msi=16,nomask,behind=root "
		"c.D-5_:msi=1,msi32,ntb=8K behind=pci-bridge "
		"fifteen-letters:msi=2,behind=legacy-bridge "
		"d:array=100000,queue=31,mlx5,registers=7,lossy,firmware=8,array-nomask,steps=32 "
		"e:array=512,idxd,firmware=1,once,ath11k f:msix=64,vmd g:msi=1,behind=vmd";
	static const char json[] =
		"{\"about\": \"all of it\", \"$schema\": \"\", \"cpus\": 64, \"nodes\": "
		"3, \"apic-first\": 4, \"apic-step\": \"5\", \"x2apic-entered\": true, "
		"\"ram\": 73728, \"ram-at\": \"0x7000000000\", \"heap\": \"2M\", "
		"\"seed\": \"0xfedcba9876543210\", \"tick\": 7, \"timing\": {\"posted\": "
		"11, \"message\": 12, \"remapped\": 13, \"ipi\": 14}, \"units\": "
		"[{\"eim\": true, \"records\": 21, \"mhmv\": 9}, {\"coherent\": false, "
		"\"esirtps\": true, \"rwbf\": true, \"steps\": 22, \"command-steps\": "
		"23}, {\"no-ir\": true, \"coherent\": true}, {\"no-qi\": true, \"mhmv\": "
		"0, \"eim\": false}], \"devices\": [{\"name\": \"a\", \"msix\": \"2K\", "
		"\"bar\": 3, \"unit\": 2, \"noflr\": true}, {\"msi\": 16, \"nomask\": "
		"true, \"behind\": \"root\", \"name\": \"b\"}, {\"name\": \"c.D-5_\", "
		"\"msi\": 1, \"msi32\": true, \"ntb\": 8192, "
		"\"behind\": \"pci-bridge\"}, {\"name\": "
		"\"fifteen-letters\", \"msi\": 2, \"behind\": \"legacy-bridge\"}, "
		"{\"name\": \"d\", \"array\": 100000, \"queue\": 31, \"mlx5\": true, "
		"\"registers\": 7, \"firmware\": 8, "
		"\"array-nomask\": true, \"lossy\": true, \"steps\": 32}, {\"name\": \"e\", "
		"\"array\": 512, \"idxd\": true, \"firmware\": 1, "
		"\"once\": true, \"ath11k\": true}, {\"name\": \"f\", \"msix\": 64, "
		"\"vmd\": true}, {\"name\": \"g\", \"msi\": 1, \"behind\": \"vmd\"}]}";
	struct sim_spec spec;

	(void)state;
	assert_int_equal(sim_spec_parse(line, &spec, NULL), 0);
	assert_equal_specs(&spec, &every_word, line);
	assert_int_equal(read_json(json, &spec, NULL), 0);
	assert_equal_specs(&spec, &every_word, json);
}

static void spec__nothing_said__defaults(void **state)
{
	static const struct sim_spec nothing = {
		.nr_cpus = 1,
		.nr_nodes = 1,
		.apic_step = 1,
		.ram_bytes = UINT64_C(4) << 20,
		.ram_address = UINT64_C(0x640000000),
		.heap_bytes = UINT64_C(1) << 20,
		.seed = 1,
		.tick_ns = 50,
		.units = { { .is_coherent = 1, .nr_records = 1, .mhmv = 15 } },
		.nr_units = 1,
		.devices = { { .name = "d" } },
		.nr_devices = 1,
	};
	struct sim_spec spec;

	(void)state;
	assert_int_equal(sim_spec_parse("vtd d:", &spec, NULL), 0);
	assert_equal_specs(&spec, &nothing, "line");
	assert_int_equal(
		read_json("{\"units\": [{}], \"devices\": [{\"name\": \"d\"}]}", &spec, NULL), 0);
	assert_equal_specs(&spec, &nothing, "JSON");
}

/* A machine with this in the group, in one line and in JSON; both told where it stands. */
struct put_word {
	char line[256], json[256];
	size_t at_line, at_json;
};

static void put_word(struct put_word *p, enum spec_group group, const char *word, const char *value,
		     int is_text)
{
	static const char *const lines[] = { "", "", "vtd=", "d:" };
	static const char *const jsons[] = { "{", "{\"timing\": {", "{\"units\": [{",
					     "{\"devices\": [{\"name\": \"d\", " };
	static const char *const ends[] = { "}", "}}", "}]}", "}]}" };
	const char *quote = is_text ? "\"" : "";

	p->at_line = strlen(lines[group]);
	p->at_json = strlen(jsons[group]);
	(void)snprintf(p->line, sizeof(p->line), "%s%s=%s", lines[group], word, value);
	(void)snprintf(p->json, sizeof(p->json), "%s\"%s\": %s%s%s%s", jsons[group], word, quote,
		       value, quote, ends[group]);
}

static void refused(enum spec_group group, const struct spec_key *key, const char *value,
		    int is_text)
{
	char range[SPEC_TEXT_BYTES], wanted[SPEC_TEXT_BYTES + 16], word[64];
	struct sim_error error;
	struct sim_spec spec;
	struct put_word p;

	put_word(&p, group, key->word, value, is_text);
	spec_range_print(key, range);
	(void)snprintf(wanted, sizeof(wanted), "must be %s", range);
	(void)snprintf(word, sizeof(word), "%s=%s", key->word, value);
	assert_int_equal(sim_spec_parse(p.line, &spec, &error), -1);
	assert_string_equal(error.text, wanted);
	assert_int_equal(error.position, p.at_line);
	assert_int_equal(strncmp(error.word, word, sizeof(error.word) - 1), 0);
	assert_int_equal(read_json(p.json, &spec, &error), -1);
	assert_string_equal(error.text, key->kind == SPEC_FLAG ? "must be true or false" : wanted);
	assert_int_equal(error.position, p.at_json);
	assert_int_equal(error.column, p.at_json + 1);
	assert_int_equal(error.line, 1);
	assert_non_null(strstr(error.word, key->word));
}

/* One that is taken, or refused for what only the whole can show. */
static void fits(enum spec_group group, const struct spec_key *key, uint64_t value)
{
	char text[SPEC_TEXT_BYTES], range[SPEC_TEXT_BYTES];
	int is_text = key->kind != SPEC_FLAG;
	struct sim_error error = { 0 };
	struct sim_spec spec;
	struct put_word p;
	int err;

	spec_value_print(key, value, text);
	put_word(&p, group, key->word, text, is_text);
	spec_range_print(key, range);
	err = sim_spec_parse(p.line, &spec, &error);
	if (!err)
		assert_int_equal(spec_get(spec_object(&spec, group, 0), key), value);
	else if (strstr(error.text, range))
		fail_msg("%s: %s", p.line, error.text);
	if (key->kind == SPEC_FLAG)
		put_word(&p, group, key->word, value ? "true" : "false", 0);
	assert_int_equal(read_json(p.json, &spec, &error), err);
	if (!err)
		assert_int_equal(spec_get(spec_object(&spec, group, 0), key), value);
}

static void spec__each_key__bounds_in_both_forms(void **state)
{
	static const char *const never[] = { "",
					     "x",
					     "-1",
					     "+1",
					     "0x",
					     "1.5",
					     "1KK",
					     "K",
					     "1k",
					     "4G",
					     "0b1",
					     "18446744073709551616",
					     "0x10000000000000000",
					     "18014398509481984K" };
	uint32_t nr_keys = 0;

	(void)state;
	for (uint32_t g = 0; g < SPEC_NR_GROUPS; g++) {
		for (uint32_t i = 0; i < spec_keys[g].nr_keys; i++, nr_keys++) {
			const struct spec_key *key = &spec_keys[g].keys[i];
			char text[32];

			fits(g, key, key->min);
			fits(g, key, key->max);
			for (uint32_t j = 0; j < NR(never); j++)
				refused(g, key, never[j], 1);
			if (key->kind == SPEC_PLACE)
				continue;
			if (key->max < UINT64_MAX) {
				(void)snprintf(text, sizeof(text), "%llu",
					       (unsigned long long)key->max + 1);
				refused(g, key, text, 0);
			}
			if (key->min) {
				(void)snprintf(text, sizeof(text), "%llu",
					       (unsigned long long)key->min - 1);
				refused(g, key, text, 0);
			}
			if (key->kind == SPEC_POWER)
				refused(g, key, "3", 0);
			if (key->kind == SPEC_BYTES || key->kind == SPEC_ADDRESS)
				refused(g, key, "69631", 0);
		}
	}
	assert_int_equal(nr_keys, 46);
}

/* ---- Errors ---- */

static void spec__wrong_words__named_with_their_place(void **state)
{
	static const struct {
		const char *text, *word;
		size_t position;
		const char *part;
	} wrong[] = {
		{ "cpus=2 nodez=2", "nodez=2", 7, "no such word" },
		{ "cpus=2 =2", "=2", 7, "no such word" },
		{ "cpus=2 , nodes=2", "", 7, "no such word" },
		{ "cpus=", "cpus=", 0, "1 to 4096" },
		{ "cpus", "cpus", 0, "'=' must follow, and 1 to 4096" },
		{ "cpus=4,x2apic", "cpus=4", 0, "options" },
		{ "cpus=4 ipi=1 cpus=4", "cpus=4", 13, "before" },
		{ "cpus=1 nic:msix=4,foo", "foo", 18, "option of a device" },
		{ "nic:msix=4,", "", 11, "option of a device" },
		{ "nic:behind", "behind", 4, "'=' must follow, and one of port, root" },
		{ "nic:msi=1,msi=1", "msi=1", 10, "before" },
		{ "cpus=1 a:msi=1 behind=moon", "behind=moon", 15, "port, root" },
		{ "a:behind=root behind=root", "behind=root", 14, "before" },
		{ "behind=root a:", "behind=root", 0, "no such word" },
		{ "cpus=1 a:msi=1 a:msi=1", "a:msi=1", 15, "already" },
		{ "vtd=eim,fast", "fast", 8, "VT-d" },
		{ "vtd=", "", 4, "VT-d" },
		{ "vtd=eim,eim", "eim", 8, "before" },
		{ "vtd vtd vtd vtd vtd", "vtd", 16, "at most four" },
		{ "averyveryverylongname:msi=1", "averyveryverylongname:msi=1", 0, "name" },
		{ "a-name-that-is16:msi=1", "a-name-that-is16:msi=1", 0, "name" },
		{ ":msi=1", ":msi=1", 0, "name" },
		{ "a b/c:msi=1", "a", 0, "no such word" },
		{ "  b/c:msi=1", "b/c:msi=1", 2, "made of" },
		/* what only the whole can show */
		{ "  cpus=2 x2apic nodes=3", "nodes=3", 16, "nodes" },
		{ "x2apic=0 cpus=300", "cpus=300", 9, "x2apic" },
		{ "cpus=2 apic-first=254", "cpus=2", 0, "x2apic" },
		{ "cpus=2 apic-first=255", "apic-first=255", 7, "x2apic" },
		{ "cpus=2 apic-step=255", "apic-step=255", 7, "x2apic" },
		{ "vtd a:msi=1 b:unit=1,msi=1", "unit=1", 14, "unit" },
		{ "a:msi=1,unit=1", "unit=1", 8, "unit" },
		{ "vtd vtd a:msi=1,behind=pci-bridge b:msi=1,behind=pci-bridge,unit=1", "unit=1",
		  60, "bridge" },
		{ "vtd vtd a:msi=1,unit=1,behind=legacy-bridge b:msi=1,behind=legacy-bridge",
		  "b:msi=1", 44, "bridge" },
		{ "a:msix=1,nomask", "nomask", 9, "MSI" },
		{ "a:msix=1,msi32,bar=2", "msi32", 9, "MSI" },
		{ "a:queue=1,array-nomask", "array-nomask", 10, "store" },
		{ "a:array=1,once", "once", 10, "store" },
		{ "a:array=1,lossy", "lossy", 10, "registers" },
		{ "a:array=1,mlx5", "mlx5", 10, "store" },
		{ "a:array=1,ath11k", "ath11k", 10, "events" },
		{ "a:firmware=2,ath11k", "ath11k", 13, "events" },
		{ "a:queue=1,idxd", "idxd", 10, "256" },
		{ "a:array=255,idxd", "idxd", 12, "256" },
		{ "a:array=16384,idxd", "idxd", 14, "16128" },
		{ "a:array=256,idxd,array-nomask", "idxd", 12, "masks" },
		{ "a:msix=1,array=1,steps=2", "steps=2", 17, "commands" },
		{ "a:msi=1,vmd", "vmd", 8, "64 MSI-X" },
		{ "a:msix=65,vmd", "vmd", 10, "64 MSI-X" },
		{ "a:msix=1,vmd b:vmd,msix=1", "vmd", 9, "one such" },
		{ "a:msix=1,behind=vmd", "behind=vmd", 9, "no other" },
		{ "a:msix=1,vmd,behind=vmd", "behind=vmd", 13, "no other" },
		{ "vtd vtd v:msix=1,vmd a:msix=1,unit=1,behind=vmd", "unit=1", 30, "controller" },
		{ "ram=8K", "ram=8K", 0, "64K" },
		{ "ram=128K ram-at=0xdfff0000", "ram-at=0xdfff0000", 9, "4G" },
		{ "cpus=1 ram-at=0xfffff000", "ram-at=0xfffff000", 7, "4G" },
	};

	(void)state;
	for (uint32_t i = 0; i < NR(wrong); i++) {
		struct sim_error error = { 0 };

		assert_null(sim_parse(wrong[i].text, &error));
		if (strcmp(error.word, wrong[i].word) || error.position != wrong[i].position)
			fail_msg("%s: '%s' at %zu", wrong[i].text, error.word, error.position);
		if (!strstr(error.text, wrong[i].part))
			fail_msg("%s: '%s' has no '%s'", wrong[i].text, error.text, wrong[i].part);
		assert_int_equal(error.line, 0);
		assert_null(sim_parse(wrong[i].text, NULL));
	}
}

static void spec__at_the_edge__taken(void **state)
{
	static const char *const right[] = {
		"cpus=255",
		"cpus=2 apic-first=253",
		"cpus=1 apic-step=65536",
		"ram=128K ram-at=0xdffe0000",
		"ram-at=0x100000000",
		"cpus=4096 x2apic nodes=64",
		"vtd vtd a:msi=1,unit=1",
		"vtd vtd a:msi=1,behind=legacy-bridge b:msi=1,behind=pci-bridge,unit=1",
		"a:msix=1,msi=1,nomask",
		"a:msix=1,behind=vmd v:msix=64,vmd",
		"vtd:msi=1 cpus=1 cpus:msi=1",
		"",
	};
	struct sim_spec spec;

	(void)state;
	for (uint32_t i = 0; i < NR(right); i++)
		if (sim_spec_parse(right[i], &spec, NULL))
			fail_msg("refused: %s", right[i]);
}

static void spec_json__wrong_text__line_column_and_key(void **state)
{
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *word, *part;
	} wrong[] = {
		/* syntax: where reading stopped */
		{ "", 1, 1, "", "expected near end of file" },
		{ "\n\n{\n\"cpus\": }", 4, 10, "", "unexpected token near '}'" },
		{ "{\"cpus\": 4\n\n", 3, 1, "", "near end of file" },
		{ "{\"cpus\": 4}\n4", 2, 2, "", "end of file expected" },
		{ "{\"cpus\":\n 4,\n \"\xc3\": 1}", 3, 3, "", "decode byte 0xc3" },
		{ "{\"about\": \"\n\"}", 1, 12, "", "newline" },
		{ "{\n\"seed\": 99999999999999999999}", 2, 29, "", "too big integer" },
		/* twice */
		{ "{\n  \"cpus\": 4,\n  \"ipi\\\"\\\\\": 1, \"ipi\\\"\\\\\": 2}", 3, 17,
		  "ipi\\\"\\\\", "before" },
		{ "{\"devices\": [\n {\"name\": \"a\",\n  \"msi\": 1, \"msi\": 1}]}", 3, 13, "msi",
		  "before" },
		{ "{\"\": 1, \"\": 1}", 1, 9, "", "before" },
		{ "{\"cpus\": 1, \"c\\u0070us\": 1}", 1, 13, "c\\u0070us", "before" },
		/* types and keys */
		{ "\n[]", 2, 1, "", "object" },
		{ "{\"cpus\":\n\n 4,\n\n  \"nodez\": 2}", 5, 3, "nodez", "no such key" },
		{ "{\"ipi\": 2}", 1, 2, "ipi", "no such key" },
		{ "{\"name\": \"\"}", 1, 2, "name", "no such key" },
		{ "{\"about\": {\"cpus\": \"]}\\\"\"},\n\"cpus\": 0}", 1, 2, "about", "string" },
		{ "{\"about\": \"\\\" \\\\\",\r\n \"\\u0063pus\": 0}", 2, 2, "cpus", "1 to 4096" },
		{ "{\"cpus\": null}", 1, 2, "cpus", "1 to 4096" },
		{ "{\"seed\": -1}", 1, 2, "seed", "0 to 18446744073709551615" },
		{ "{\"units\": [{}, {\"eim\": true}, {}],\n \"cpus\": 0}", 2, 2, "cpus", "1 to" },
		{ "{\"x2apic\": 1}", 1, 2, "x2apic", "true or false" },
		{ "{\"timing\": []}", 1, 2, "timing", "object" },
		{ "{\"timing\": {\n \"posted\": 0,\t\"tick\": 1}}", 2, 15, "timing.tick",
		  "no such key" },
		{ "{\"units\": {}}", 1, 2, "units", "list" },
		{ "{\"units\": [{},\n 1]}", 2, 2, "units[1]", "object" },
		{ "{\"units\": [{},{},{},\n{},\n\t{}]}", 3, 2, "units[4]", "at most four" },
		{ "{\"units\": [{\"eim\": true}, {\n\"eim\": 0\n}]}", 2, 1, "units[1].eim",
		  "true or false" },
		{ "{\"devices\": [[], \n{}]}", 1, 14, "devices[0]", "object" },
		{ "{\"devices\":\n [{\"msi\": 1}]}", 2, 3, "devices[0]", "name" },
		{ "{\"devices\": [{\"name\": 5}]}", 1, 15, "devices[0].name", "1 to 15" },
		{ "{\"devices\": [{\"name\": \"a b\"}]}", 1, 15, "devices[0].name", "made of" },
		{ "{\"devices\": [{\"name\": \"a\"},\n{\"name\": \"a\"}]}", 2, 2, "devices[1].name",
		  "already" },
		{ "{\"devices\": [\n{\"name\": \"a\", \"behind\": \"moon\"}]}", 2, 15,
		  "devices[0].behind", "port, root" },
		{ "{\"devices\": [{\"name\": \"a\", \"behind\": 1}]}", 1, 28, "devices[0].behind",
		  "port, root" },
		{ "{\"devices\": [{\"name\": \"a\", \"\\u001b[31ma very very long key\": 1}]}", 1,
		  28, "devices[0].?[31ma very very lon", "no such key" },
		/* what only the whole can show */
		{ "{\"cpus\": 4,\n \"nodes\": 5}", 2, 2, "nodes", "nodes" },
		{ "{\"cpus\": 400,\n \"nodes\": 5}", 1, 2, "cpus", "x2apic" },
		{ "{\"ram\": \"1M\",\n\n\"ram-at\": 3758096384}", 3, 1, "ram-at", "4G" },
		{ "{\"devices\": [{\"name\": \"a\"},\n {\"name\": \"b\",\n  \"unit\": 1}],\n"
		  "\"units\": [{}]}",
		  3, 3, "devices[1].unit", "unit" },
		{ "{\"devices\": [{\"name\": \"a\",\n\"nomask\": true}]}", 2, 1,
		  "devices[0].nomask", "MSI" },
	};

	(void)state;
	for (uint32_t i = 0; i < NR(wrong); i++) {
		struct sim_error e = { 0 };
		struct sim_spec spec;

		assert_int_equal(read_json(wrong[i].text, &spec, &e), -1);
		if (e.line != wrong[i].line || e.column != wrong[i].column ||
		    strcmp(e.word, wrong[i].word) || !strstr(e.text, wrong[i].part))
			fail_msg("%s\n%u:%u: '%s': %s", wrong[i].text, e.line, e.column, e.word,
				 e.text);
		assert_int_equal(read_json(wrong[i].text, &spec, NULL), -1);
	}
}

/* @nr devices, a line each, without the last one's bracket. */
static void many_devices(char *text, uint32_t nr, const char *more)
{
	text += sprintf(text, "{\"devices\": [");
	for (uint32_t i = 0; i < nr; i++)
		text += sprintf(text, "%s\n {\"name\": \"d%u\"%s}", i ? "," : "", i, more);
	(void)sprintf(text, "]}");
}

static void spec__too_many__the_first_that_has_no_room(void **state)
{
	static char text[TEXT_BYTES];
	struct sim_error e = { 0 };
	struct sim_spec spec;
	char *at = text;

	(void)state;
	many_devices(text, 65, "");
	assert_int_equal(read_json(text, &spec, &e), -1);
	assert_string_equal(e.word, "devices[64]");
	assert_string_equal(e.text, "a machine has at most 64 devices");
	assert_int_equal(e.line, 66);
	many_devices(text, 30, "");
	assert_int_equal(read_json(text, &spec, &e), 0);
	many_devices(text, 31, "");
	assert_int_equal(read_json(text, &spec, &e), -1);
	assert_string_equal(e.word, "devices[30].behind");
	assert_int_equal(e.line, 32); /* the device's: it does not say where it is */
	assert_int_equal(e.column, 2);
	many_devices(text, 30, ", \"behind\": \"pci-bridge\"");
	assert_int_equal(read_json(text, &spec, &e), 0);
	many_devices(text, 31, ", \"behind\": \"pci-bridge\"");
	assert_int_equal(read_json(text, &spec, &e), -1);
	assert_int_equal(e.line, 32);
	for (uint32_t i = 0; i < 29; i++)
		at += sprintf(at, "d%u: ", i);
	(void)sprintf(at, "x:behind=legacy-bridge");
	assert_int_equal(sim_spec_parse(text, &spec, &e), 0);
	(void)sprintf(at, "x: y:msi=1,behind=legacy-bridge");
	assert_int_equal(sim_spec_parse(text, &spec, &e), -1);
	assert_int_equal(e.position, (size_t)(at - text) + strlen("x: y:msi=1,"));
	at = text;
	for (uint32_t i = 0; i < 64; i++)
		at += sprintf(at, "e%u:behind=root ", i);
	(void)sprintf(at, "last:");
	assert_int_equal(sim_spec_parse(text, &spec, &e), -1);
	assert_string_equal(e.text, "a machine has at most 64 devices");
	assert_string_equal(e.word, "last:");
}

/* ---- The other way ---- */

static uint64_t draw(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

static uint64_t draw_value(uint64_t *random, const struct spec_key *key)
{
	uint64_t nr = key->max - key->min + 1;
	uint64_t value = key->min + (nr ? draw(random) % nr : draw(random));

	switch (draw(random) % 5) {
	case 0:
		return key->initial;
	case 1:
		return key->max;
	default:
		break;
	}
	if (key->kind == SPEC_POWER)
		return key->min << draw(random) % 6;
	if (key->kind == SPEC_BYTES || key->kind == SPEC_ADDRESS)
		return value & ~UINT64_C(0xfff);
	return value;
}

static void draw_object(uint64_t *random, struct sim_spec *spec, enum spec_group group,
			uint32_t index)
{
	for (uint32_t i = 0; i < spec_keys[group].nr_keys; i++)
		spec_put(spec_object(spec, group, index), &spec_keys[group].keys[i],
			 draw_value(random, &spec_keys[group].keys[i]));
}

/* The first controller stays one; without one nobody is behind it. */
static void draw_vmd(struct sim_spec *spec)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < spec->nr_devices; i++) {
		struct sim_device_spec *d = &spec->devices[i];

		d->is_vmd &= nr == 0;
		nr += d->is_vmd;
		if (d->is_vmd)
			d->nr_msix = d->nr_msix % 64 + 1;
		if (d->is_vmd && d->place == SIM_BEHIND_VMD)
			d->place = SIM_ON_ROOT;
	}
	for (uint32_t i = 0; i < spec->nr_devices; i++) {
		struct sim_device_spec *d = &spec->devices[i];

		if (d->place != SIM_BEHIND_VMD)
			continue;
		d->place = nr ? SIM_BEHIND_VMD : SIM_BEHIND_PORT;
		d->unit = 0;
	}
}

/* 0: these words do not go together. */
static int draw_spec(uint64_t *random, struct sim_spec *spec)
{
	struct spec_subject subject;

	memset(spec, 0, sizeof(*spec));
	draw_object(random, spec, SPEC_MACHINE, 0);
	draw_object(random, spec, SPEC_TIMING, 0);
	spec->nr_units = (uint32_t)(draw(random) % (SIM_MAX_UNITS + 1));
	for (uint32_t i = 0; i < spec->nr_units; i++)
		draw_object(random, spec, SPEC_UNIT, i);
	spec->nr_devices = (uint32_t)(draw(random) % 24);
	for (uint32_t i = 0; i < spec->nr_devices; i++) {
		struct sim_device_spec *d = &spec->devices[i];

		draw_object(random, spec, SPEC_DEVICE, i);
		(void)snprintf(d->name, sizeof(d->name), "%c%u", "a-_.Z"[draw(random) % 5], i);
		d->unit = spec->nr_units ? d->unit % spec->nr_units : 0;
		d->is_msi_unmaskable &= d->nr_msi != 0;
		d->is_msi_32 &= d->nr_msi != 0;
		d->is_array_unmaskable &= d->nr_array != 0;
		d->is_array_idxd &= d->nr_array && d->nr_array % 256 == 0 && d->nr_array <= 16128 &&
				    !d->is_array_unmaskable;
		d->is_queue_mlx5 &= d->nr_queue != 0;
		d->is_registers_losing &= d->nr_registers != 0;
		d->is_firmware_told_once &= d->nr_firmware != 0;
		d->is_firmware_ath11k &= d->nr_firmware == 1 || d->nr_firmware == 16 ||
					 d->nr_firmware == 32;
		d->nr_steps = d->nr_queue || d->nr_firmware ? d->nr_steps : 0;
	}
	draw_vmd(spec);
	return !spec_finish(spec, &subject);
}

static void round_trip(const struct sim_spec *spec)
{
	static char text[TEXT_BYTES], cut[64];
	struct sim_error error;
	struct sim_spec again;
	size_t nr_chars = sim_spec_format(spec, text, sizeof(text));

	assert_int_equal(nr_chars, strlen(text));
	if (sim_spec_load(text, &again, &error))
		fail_msg("%s: %s: %s", text, error.word, error.text);
	assert_equal_specs(spec, &again, text);
	assert_int_equal(sim_spec_format(spec, cut, sizeof(cut)), nr_chars);
	assert_int_equal(strlen(cut), nr_chars < sizeof(cut) ? nr_chars : sizeof(cut) - 1);
	assert_int_equal(strncmp(text, cut, strlen(cut)), 0);
	assert_int_equal(sim_spec_format(spec, NULL, 0), nr_chars);
	nr_chars = sim_spec_format_json(spec, text, sizeof(text));
	assert_int_equal(nr_chars, strlen(text));
	if (sim_spec_load(text, &again, &error))
		fail_msg("%s: %s: %s", text, error.word, error.text);
	assert_equal_specs(spec, &again, text);
	assert_int_equal(sim_spec_format_json(spec, cut, sizeof(cut)), nr_chars);
	assert_int_equal(strncmp(text, cut, sizeof(cut) - 1), 0);
}

static void spec__printed__read_as_the_same_machine(void **state)
{
	uint64_t random = UINT64_C(0x5eed);
	uint32_t nr = 0;
	struct sim_spec spec;

	(void)state;
	round_trip(&every_word);
	for (uint32_t i = 0; i < 3000; i++) {
		if (draw_spec(&random, &spec)) {
			round_trip(&spec);
			nr++;
		}
	}
	assert_in_range(nr, 1000, 3000);
}

static void spec__printed__shortest_line(void **state)
{
	static const char *const lines[][2] = {
		{ "", "cpus=1" },
		{ "nodes=1 cpus=2 ram=4096K heap=65536", "cpus=2 heap=64K" },
		{ "vtd=mhmv=15,coherent=0 x2apic=1 a:behind=port,unit=0 ipi=0x10 ram-at=0",
		  "cpus=1 x2apic ram-at=0 ipi=16 vtd=coherent=0 a:" },
	};
	struct sim_spec spec;
	char text[256];

	(void)state;
	for (uint32_t i = 0; i < NR(lines); i++) {
		assert_int_equal(sim_spec_parse(lines[i][0], &spec, NULL), 0);
		(void)sim_spec_format(&spec, text, sizeof(text));
		assert_string_equal(text, lines[i][1]);
	}
	(void)sim_spec_format_json(&spec, text, sizeof(text));
	assert_string_equal(text, "{\n  \"cpus\": 1,\n  \"x2apic\": true,\n  \"ram-at\": \"0\",\n"
				  "  \"timing\": {\n    \"ipi\": 16\n  },\n"
				  "  \"units\": [\n    {\n      \"coherent\": false\n    }\n  ],\n"
				  "  \"devices\": [\n    {\n      \"name\": \"a\"\n    }\n  ]\n}");
}

/* ---- Files ---- */

static void load__file_text_or_line__by_its_form(void **state)
{
	struct sim_error e = { 0 };
	struct sim_spec spec;
	char path[512];

	(void)state;
	for (uint32_t i = 0; i < NR(examples); i++) {
		example_path(path, i);
		if (sim_spec_load(path, &spec, &e))
			fail_msg("%s:%u: %s: %s", path, e.line, e.word, e.text);
		assert_true(spec.nr_devices >= 2);
	}
	assert_int_equal(sim_spec_load(" \n{\"cpus\": 3}", &spec, &e), 0);
	assert_int_equal(spec.nr_cpus, 3);
	assert_int_equal(sim_spec_load("cpus=5", &spec, &e), 0);
	assert_int_equal(spec.nr_cpus, 5);
	assert_int_equal(sim_spec_load(".json", &spec, &e), -1);
	assert_non_null(strstr(e.text, "no such word"));
	assert_int_equal(sim_spec_load("no/such/place/and-a-very-long-name.json", &spec, &e), -1);
	assert_string_equal(e.word, "no/such/place/and-a-very-long-n");
	assert_string_equal(e.text, "cannot be read: No such file or directory");
	assert_int_equal(e.line, 0);
	assert_int_equal(sim_spec_load("no/such.json", &spec, NULL), -1);
}

static void load__no_file_of_json__refused(void **state)
{
	char folder[] = "/tmp/mirq-spec-XXXXXX", path[64];
	struct sim_error e = { 0 };
	struct sim_spec spec;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/a.json", folder);
	file = fopen(path, "wb");
	assert_non_null(file);
	(void)fputs("{\"cpus\": 2}", file);
	for (uint32_t i = 0; i < SIM_SPEC_MAX_BYTES - 11; i++)
		(void)fputc('\n', file);
	(void)fclose(file);
	assert_int_equal(sim_spec_load(path, &spec, &e), 0);
	assert_int_equal(spec.nr_cpus, 2);
	file = fopen(path, "ab");
	assert_non_null(file);
	(void)fputc('\n', file);
	(void)fclose(file);
	assert_int_equal(sim_spec_load(path, &spec, &e), -1);
	assert_string_equal(e.text, "the text is longer than 1M");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(sim_spec_load(path, &spec, &e), -1);
	assert_string_equal(e.text, "cannot be read: Is a directory");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static enum mirq_handled count(void *context)
{
	(*(uint32_t *)context)++;
	return MIRQ_HANDLED;
}

/* Every message of every device of every example reaches its handler. */
static void examples__with_mirq__interrupt(void **state)
{
	uint32_t nr_raised = 0, nr_handled = 0;
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = count,
				      .context = &nr_handled };

	(void)state;
	for (uint32_t i = 0; i < NR(examples); i++) {
		struct sim_spec spec;
		char path[512];
		struct mirq *m;
		struct sim *s;

		example_path(path, i);
		assert_int_equal(sim_spec_load(path, &spec, NULL), 0);
		s = sim_new(&spec);
		assert_int_equal(sim_attach(s, NULL, &m), MIRQ_OK);
		for (uint32_t j = 0; j < spec.nr_devices; j++) {
			struct sim_device *d = sim_device_at(s, j);
			struct mirq_device *dev;
			struct mirq_irqs irqs;

			assert_int_equal(sim_pci_attach(s, m, sim_device_name(d), &dev), MIRQ_OK);
			assert_int_equal(mirq_pci_alloc_irqs(dev, 1, 2, MIRQ_PCI_ANY, NULL, &irqs),
					 MIRQ_OK);
			assert_int_equal(mirq_irq_request(irqs, &h), MIRQ_OK);
			sim_device_raise(d, 0);
			nr_raised++;
			sim_run_until_idle(s);
			assert_int_equal(nr_handled, nr_raised);
		}
		assert_null(sim_violation(s));
		mirq_fini(m);
		sim_free(s);
	}
	assert_int_equal(nr_raised, 16);
}

/* ---- Any bytes ---- */

/*
 * In memory of exactly this size, so that AddressSanitizer sees a byte too far. Refused with a
 * place inside of the text, or a machine that can be printed.
 */
static uint32_t swallow(const char *bytes, size_t size_bytes)
{
	static const struct spec_step steps[] = { { "units", 0 }, { NULL, 1 }, { "eim", 0 } };
	char *text = malloc(size_bytes ? size_bytes : 1), *line = malloc(size_bytes + 1);
	struct sim_error e = { .line = 0 };
	struct sim_spec spec;
	uint32_t nr_lines = 1, nr_good = 0;

	assert_non_null(text);
	assert_non_null(line);
	memcpy(text, bytes, size_bytes);
	memcpy(line, bytes, size_bytes);
	line[size_bytes] = 0;
	for (size_t i = 0; i < size_bytes; i++)
		nr_lines += text[i] == '\n';
	assert_in_range(spec_where(text, size_bytes, steps, NR(steps)), 0, size_bytes);
	if (!sim_spec_read_json(text, size_bytes, &spec, &e)) {
		round_trip(&spec);
		nr_good++;
	} else {
		assert_in_range(e.line, 1, nr_lines);
		assert_in_range(e.position, 0, size_bytes);
		assert_in_range(e.column, 1, size_bytes + 1);
		assert_true(strlen(e.text) > 0);
	}
	if (!sim_spec_parse(line, &spec, &e)) {
		round_trip(&spec);
		nr_good++;
	} else {
		assert_in_range(e.position, 0, strlen(line));
	}
	free(text);
	free(line);
	return nr_good;
}

static void examples__cut_anywhere__refused_in_place(void **state)
{
	struct sim_spec spec;
	char line[1024];

	(void)state;
	for (uint32_t i = 0; i < NR(examples); i++) {
		size_t size_bytes, last;
		char *text = example_text(i, &size_bytes);

		assert_int_equal(sim_spec_read_json(text, size_bytes, &spec, NULL), 0);
		for (last = size_bytes; text[last - 1] != '}'; last--)
			;
		for (size_t nr = 1; nr < size_bytes; nr++)
			assert_int_equal(swallow(text, nr), nr >= last);
		(void)sim_spec_format(&spec, line, sizeof(line));
		for (size_t nr = 0; nr < strlen(line); nr++)
			(void)swallow(line, nr);
		free(text);
	}
}

static void examples__bytes_changed__no_harm(void **state)
{
	static const char bytes[] = "\0\"\\{}[]:,=- \n\xff"
				    "0K";
	uint32_t nr_good = 0, nr_all = 0;
	struct sim_spec spec;
	char line[1024];

	(void)state;
	for (uint32_t i = 0; i < NR(examples); i++) {
		size_t size_bytes, nr_line;
		char *text = example_text(i, &size_bytes);

		assert_int_equal(sim_spec_read_json(text, size_bytes, &spec, NULL), 0);
		nr_line = sim_spec_format(&spec, line, sizeof(line));
		for (size_t at = 0; at < size_bytes * 2; at++) {
			char *byte = at < size_bytes ? &text[at]
						     : &line[(at - size_bytes) % nr_line];
			char old = *byte;

			for (uint32_t j = 0; j < sizeof(bytes) - 1 + 8; j++, nr_all++) {
				*byte = j < 8 ? (char)(old ^ 1 << j) : bytes[j - 8];
				nr_good += at < size_bytes ? swallow(text, size_bytes)
							   : swallow(line, nr_line);
			}
			*byte = old;
		}
		free(text);
	}
	assert_in_range(nr_good, nr_all / 100, nr_all - nr_all / 10);
}

static void json__random_tokens__no_harm(void **state)
{
	static const char *const tokens[] = {
		"{",
		"{",
		"}",
		"}",
		"[",
		"]",
		":",
		":",
		",",
		",",
		"\"cpus\"",
		"\"units\"",
		"\"eim\"",
		"\"devices\"",
		"\"name\"",
		"\"a\"",
		"\"timing\"",
		"\"ipi\"",
		"\"msi\"",
		"\"\\u0063\"",
		"\"\\ud800",
		"\"4M\"",
		"1",
		"-1",
		"1e400",
		"true",
		"null",
		"\n",
		"\xef\xbb\xbf",
		"\\",
		"\"units\":[{",
		"\"devices\":[{\"name\":",
		"\"timing\":{",
		"}]",
	};
	uint64_t random = UINT64_C(0x70cee);
	char text[512];

	(void)state;
	for (uint32_t i = 0; i < 30000; i++) {
		uint64_t nr = draw(&random) % 20;
		char *at = text + sprintf(text, "{");

		for (uint64_t j = 0; j < nr; j++)
			at += sprintf(at, "%s", tokens[draw(&random) % NR(tokens)]);
		(void)swallow(text, (size_t)(at - text));
	}
}

static void json__deep_and_long__refused(void **state)
{
	static const char *const beginnings[] = { "[",  "{\"a\":", "{\"devices\":[{},",
						  "\"", "\\",      "{" };
	char *text = malloc(SIM_SPEC_MAX_BYTES + 1);

	(void)state;
	assert_non_null(text);
	for (uint32_t i = 0; i < NR(beginnings); i++) {
		size_t nr = strlen(beginnings[i]);

		for (size_t at = 0; at < SIM_SPEC_MAX_BYTES; at++)
			text[at] = beginnings[i][at % nr];
		assert_int_equal(swallow(text, SIM_SPEC_MAX_BYTES), 0);
	}
	assert_int_equal(swallow(text, SIM_SPEC_MAX_BYTES + 1), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spec__every_word__its_member_in_both_forms),
		cmocka_unit_test(spec__nothing_said__defaults),
		cmocka_unit_test(spec__each_key__bounds_in_both_forms),
		cmocka_unit_test(spec__wrong_words__named_with_their_place),
		cmocka_unit_test(spec__at_the_edge__taken),
		cmocka_unit_test(spec_json__wrong_text__line_column_and_key),
		cmocka_unit_test(spec__too_many__the_first_that_has_no_room),
		cmocka_unit_test(spec__printed__read_as_the_same_machine),
		cmocka_unit_test(spec__printed__shortest_line),
		cmocka_unit_test(load__file_text_or_line__by_its_form),
		cmocka_unit_test(load__no_file_of_json__refused),
		cmocka_unit_test(examples__with_mirq__interrupt),
		cmocka_unit_test(examples__cut_anywhere__refused_in_place),
		cmocka_unit_test(examples__bytes_changed__no_harm),
		cmocka_unit_test(json__random_tokens__no_harm),
		cmocka_unit_test(json__deep_and_long__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
