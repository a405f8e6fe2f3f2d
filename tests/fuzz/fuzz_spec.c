/* SPDX-License-Identifier: MIT */
/*
 * fuzz_spec.c - descriptions of machines, in one line and in JSON. A text is refused with a
 * sentence and a place inside it, or taken; what was taken is printed in both forms and read again
 * as the same machine; and a machine that is not too large can be made.
 *
 * Input: a byte, then text. 0: one line; others: JSON.
 */
#include "../../sim/spec_json.h"
#include "fuzz.h"

#define MAX_TEXT_BYTES 32768
#define MAX_CPUS 64
#define MAX_RAM_BYTES 0x400000

static char printed[MAX_TEXT_BYTES];

/* What people are told can be printed, and the place is one of the text. */
static void check_error(const char *text, size_t size_bytes, const struct sim_error *e, int is_json)
{
	uint32_t line = 1, column = 1;

	FUZZ_CHECK(e->text[0] && memchr(e->text, 0, sizeof(e->text)));
	FUZZ_CHECK(memchr(e->word, 0, sizeof(e->word)));
	FUZZ_CHECK(e->position <= size_bytes);
	if (!is_json) {
		FUZZ_CHECK(!strncmp(text + e->position, e->word, strlen(e->word)));
		FUZZ_CHECK(!e->line && !e->column);
		return;
	}
	for (const char *c = e->text; *c; c++)
		FUZZ_CHECK((unsigned char)*c >= ' ');
	for (size_t i = 0; i < e->position; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	FUZZ_CHECK(e->line == line && e->column == column);
}

static void check_same(const struct sim_spec *a, const struct sim_spec *b)
{
	FUZZ_CHECK(a->nr_devices == b->nr_devices && a->nr_units == b->nr_units);
	FUZZ_CHECK(!memcmp(a, b, sizeof(*a)));
}

static void check_round_trips(const struct sim_spec *spec)
{
	struct sim_error error;
	struct sim_spec again;
	size_t nr = sim_spec_format(spec, printed, sizeof(printed));

	FUZZ_CHECK(nr < sizeof(printed) && strlen(printed) == nr);
	FUZZ_CHECK(!sim_spec_parse(printed, &again, &error));
	check_same(spec, &again);
	nr = sim_spec_format_json(spec, printed, sizeof(printed));
	FUZZ_CHECK(nr && nr < sizeof(printed) && strlen(printed) == nr);
	FUZZ_CHECK(!sim_spec_read_json(printed, nr, &again, &error));
	check_same(spec, &again);
}

static void check_machine(const struct sim_spec *spec)
{
	struct sim *s;

	if (spec->nr_cpus > MAX_CPUS || spec->ram_bytes > MAX_RAM_BYTES)
		return;
	s = sim_new(spec);
	if (!s)
		return;
	FUZZ_CHECK(!memcmp(sim_spec(s), spec, sizeof(*spec)));
	for (uint32_t i = 0; i < spec->nr_devices; i++)
		FUZZ_CHECK(sim_device(s, spec->devices[i].name) == sim_device_at(s, i));
	FUZZ_CHECK(!sim_violation(s));
	sim_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct fuzz_bytes b = { bytes, size_bytes };
	int is_json = fuzz_take(&b, 1) != 0, failed;
	struct sim_error error = { 0 };
	struct sim_spec spec;
	char *text;

	if (b.left > MAX_TEXT_BYTES)
		return 0;
	text = malloc(b.left + !is_json); /* JSON has no end but its size */
	if (b.left)
		memcpy(text, b.at, b.left);
	if (!is_json)
		text[b.left] = 0;
	failed = is_json ? sim_spec_read_json(text, b.left, &spec, &error)
			 : sim_spec_parse(text, &spec, &error);
	if (failed) {
		check_error(text, is_json ? b.left : strlen(text), &error, is_json);
	} else {
		check_round_trips(&spec);
		check_machine(&spec);
	}
	free(text);
	return 0;
}
