/* SPDX-License-Identifier: MIT */
/*
 * spec.c - a machine described in one line: words of the machine, then units and devices with their
 * options; and the line that describes a machine. What the words are and mean is in spec_keys.c,
 * docs/machines.md is the reference.
 * Locking: none.
 */
#include "spec.h"

#include <stdio.h>
#include <string.h>

#define LINE_NO_OPTION "no such option of a device"
#define LINE_BLANKS " \t\n"
#define LINE_ENDS ", \t\n" /* of an option */
#define LINE_UNIT "vtd"

/* Where reading is. */
struct line_reader {
	const char *text; /* all of it */
	struct sim_spec *spec;
	struct sim_error *error; /* NULL: nobody wants to know */
	/* Of each group: what is being read, and a bit for each key that was. */
	void *objects[SPEC_NR_GROUPS];
	uint32_t seen[SPEC_NR_GROUPS];
};

static int line_fail(const struct line_reader *r, const char *at, const char *text,
		     const char *range)
{
	struct sim_error *e = r->error;

	if (!e)
		return -1;
	*e = (struct sim_error){ .position = (size_t)(at - r->text) };
	(void)snprintf(e->word, sizeof(e->word), "%.*s", (int)strcspn(at, LINE_ENDS), at);
	(void)snprintf(e->text, sizeof(e->text), "%s%s", text, range);
	return -1;
}

/* ---- Options: WORD or WORD=VALUE ---- */

static size_t line_word_length(const char *at)
{
	return strcspn(at, "=" LINE_ENDS);
}

static int line_is(const char *at, const char *word)
{
	return line_word_length(at) == strlen(word) && !strncmp(at, word, strlen(word));
}

/* The value behind '=', or NULL. */
static const char *line_value(const char *at)
{
	at += line_word_length(at);
	return *at == '=' ? at + 1 : NULL;
}

/* The next option behind a comma, or NULL. */
static const char *line_next(const char *at)
{
	at += strcspn(at, LINE_ENDS);
	return *at == ',' ? at + 1 : NULL;
}

static void line_begin(struct line_reader *r, enum spec_group group, uint32_t index)
{
	r->objects[group] = spec_object(r->spec, group, index);
	r->seen[group] = 0;
	spec_init(r->objects[group], group);
}

/* 1: read. 0: the group has no such key. -1: wrong. */
static int line_read(struct line_reader *r, enum spec_group group, const char *at)
{
	const struct spec_key *key = spec_key_find(group, at, line_word_length(at));
	const char *value = line_value(at);
	char range[SPEC_TEXT_BYTES];
	uint64_t number = 1;
	uint32_t bit;

	if (!key)
		return 0;
	bit = 1u << (key - spec_keys[group].keys);
	if (r->seen[group] & bit)
		return line_fail(r, at, "this was said before", "");
	r->seen[group] |= bit;
	spec_range_print(key, range);
	if (!value && key->kind != SPEC_FLAG)
		return line_fail(r, at, "'=' must follow, and ", range);
	if (value && spec_value_read(key, value, strcspn(value, LINE_ENDS), &number))
		return line_fail(r, at, "must be ", range);
	spec_put(r->objects[group], key, number);
	return 1;
}

static int line_options(struct line_reader *r, enum spec_group group, const char *at,
			const char *refusal)
{
	for (; at; at = line_next(at)) {
		int found = line_read(r, group, at);

		if (!found)
			return line_fail(r, at, refusal, "");
		if (found < 0)
			return -1;
	}
	return 0;
}

/* ---- Words ---- */

static int line_is_device(const char *word)
{
	return word[strcspn(word, ":=" LINE_ENDS)] == ':';
}

static int line_unit(struct line_reader *r, const char *word)
{
	if (r->spec->nr_units == SIM_MAX_UNITS)
		return line_fail(r, word, "a machine has at most four VT-d units", "");
	line_begin(r, SPEC_UNIT, r->spec->nr_units++);
	return line_options(r, SPEC_UNIT, line_value(word), "no such option of a VT-d unit");
}

static int line_device(struct line_reader *r, const char *word)
{
	size_t nr_chars = strcspn(word, ":");
	const char *refusal = spec_name_refusal(r->spec, word, nr_chars);
	const char *options = word + nr_chars + 1;

	if (refusal)
		return line_fail(r, word, refusal, "");
	memcpy(r->spec->devices[r->spec->nr_devices].name, word, nr_chars);
	line_begin(r, SPEC_DEVICE, r->spec->nr_devices++);
	if (!*options || strchr(LINE_BLANKS, *options))
		return 0;
	return line_options(r, SPEC_DEVICE, options, LINE_NO_OPTION);
}

static int line_word(struct line_reader *r, const char *word)
{
	int found;

	if (line_is_device(word))
		return line_device(r, word);
	if (line_is(word, LINE_UNIT))
		return line_unit(r, word);
	if (line_is(word, "behind") && r->spec->nr_devices) /* the last one's option */
		return line_options(r, SPEC_DEVICE, word, LINE_NO_OPTION);
	found = line_read(r, SPEC_MACHINE, word);
	if (!found)
		found = line_read(r, SPEC_TIMING, word);
	if (!found)
		return line_fail(r, word, "no such word; a device is NAME:OPTION,...", "");
	if (found > 0 && line_next(word))
		return line_fail(r, word, "only units and devices have options", "");
	return found < 0 ? -1 : 0;
}

static const char *line_next_word(const char *at)
{
	at += strcspn(at, LINE_BLANKS);
	return at + strspn(at, LINE_BLANKS);
}

/* ---- Where something was said ---- */

/* The option of a device's word, or else the word. */
static const char *line_find_option(const char *word, const char *option)
{
	for (const char *at = word + strcspn(word, ":") + 1; at; at = line_next(at))
		if (line_is(at, option))
			return at;
	return word;
}

/* What spec_finish() speaks of: the key, or else its device, or else the beginning. */
static const char *line_find(const char *text, const struct spec_subject *s)
{
	uint32_t nr_seen = 0;

	for (const char *word = text; *word; word = line_next_word(word)) {
		if (s->group == SPEC_MACHINE && line_is(word, s->word))
			return word;
		if (s->group == SPEC_DEVICE && line_is_device(word) && nr_seen++ == s->index)
			return line_find_option(word, s->word);
	}
	return text;
}

int sim_spec_parse(const char *text, struct sim_spec *out_spec, struct sim_error *out_error)
{
	struct sim_spec spec = { 0 };
	struct line_reader r = { .text = text, .spec = &spec, .error = out_error };
	const char *first = text + strspn(text, LINE_BLANKS);
	struct spec_subject subject;
	const char *refusal;

	line_begin(&r, SPEC_MACHINE, 0);
	line_begin(&r, SPEC_TIMING, 0);
	for (const char *word = first; *word; word = line_next_word(word))
		if (line_word(&r, word))
			return -1;
	refusal = spec_finish(&spec, &subject);
	if (refusal)
		return line_fail(&r, line_find(first, &subject), refusal, "");
	*out_spec = spec;
	return 0;
}

/* ---- The other way ---- */

struct line_writer {
	char *text;
	size_t size_bytes, nr_chars; /* as long as it would be */
};

static void line_put(struct line_writer *w, const char *text)
{
	for (; *text; text++, w->nr_chars++)
		if (w->nr_chars < w->size_bytes)
			w->text[w->nr_chars] = *text;
}

/* Each key that is not as when nothing is said, and how many CPUs there are: @first before the
 * first one, then @between. */
static void line_put_keys(struct line_writer *w, const struct sim_spec *spec, enum spec_group group,
			  uint32_t index, const char *first, const char *between)
{
	const void *object = spec_object_const(spec, group, index);
	char value[SPEC_TEXT_BYTES];

	for (uint32_t i = 0; i < spec_keys[group].nr_keys; i++) {
		const struct spec_key *key = &spec_keys[group].keys[i];
		uint64_t number = spec_get(object, key);

		if (number == key->initial && (group != SPEC_MACHINE || i))
			continue;
		line_put(w, first);
		first = between;
		line_put(w, key->word);
		if (key->kind == SPEC_FLAG && number)
			continue;
		spec_value_print(key, number, value);
		line_put(w, "=");
		line_put(w, value);
	}
}

size_t sim_spec_format(const struct sim_spec *spec, char *out_text, size_t size_bytes)
{
	struct line_writer w = { out_text, size_bytes, 0 };

	line_put_keys(&w, spec, SPEC_MACHINE, 0, "", " ");
	line_put_keys(&w, spec, SPEC_TIMING, 0, " ", " ");
	for (uint32_t i = 0; i < spec->nr_units; i++) {
		line_put(&w, " " LINE_UNIT);
		line_put_keys(&w, spec, SPEC_UNIT, i, "=", ",");
	}
	for (uint32_t i = 0; i < spec->nr_devices; i++) {
		line_put(&w, " ");
		line_put(&w, spec->devices[i].name);
		line_put(&w, ":");
		line_put_keys(&w, spec, SPEC_DEVICE, i, "", ",");
	}
	if (size_bytes)
		out_text[w.nr_chars < size_bytes ? w.nr_chars : size_bytes - 1] = 0;
	return w.nr_chars;
}
