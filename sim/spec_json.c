/* SPDX-License-Identifier: MIT */
/*
 * spec_json.c - a machine described in JSON, and the JSON that describes a machine. What the words
 * are and mean is in spec_keys.c. The text is read twice: jansson makes a tree of it, and if
 * something in the tree is wrong, spec_where.c finds where that stands.
 * Sources: [JSON]; jansson 2.14. Locking: none.
 */
#include "spec_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"
#include "spec_where.h"

struct json_reader {
	const char *text;
	size_t size_bytes;
	struct sim_spec *spec;
	struct sim_error *error; /* NULL: nobody wants to know */
};

/* The members that are objects and lists, by group. */
static const char *const json_parts[SPEC_NR_GROUPS] = {
	[SPEC_TIMING] = "timing",
	[SPEC_UNIT] = "units",
	[SPEC_DEVICE] = "devices",
};

/* ---- Errors ---- */

/* What somebody else's file says goes to a terminal. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static int json_fail_at(const struct json_reader *r, size_t position, const char *text)
{
	struct sim_error *e = r->error;
	const char *begin = r->text; /* of the line */

	if (!e)
		return -1;
	*e = (struct sim_error){ .position = position, .line = 1 };
	for (const char *at = r->text; at < r->text + position; at++) {
		if (*at == '\n') {
			e->line++;
			begin = at + 1;
		}
	}
	e->column = (uint32_t)(r->text + position - begin) + 1;
	(void)snprintf(e->text, sizeof(e->text), "%s", text);
	make_printable(e->text);
	return -1;
}

static int json_fail(const struct json_reader *r, const struct spec_subject *s, const char *text)
{
	const char *part = json_parts[s->group];
	const char *word = s->word ? s->word : "";
	const char *dot = part && s->word ? "." : "";
	struct spec_step steps[3];
	size_t nr_steps = 0;

	if (part)
		steps[nr_steps++] = (struct spec_step){ .key = part };
	if (s->group == SPEC_UNIT || s->group == SPEC_DEVICE)
		steps[nr_steps++] = (struct spec_step){ .index = s->index };
	if (s->word)
		steps[nr_steps++] = (struct spec_step){ .key = s->word };
	(void)json_fail_at(r, spec_where(r->text, r->size_bytes, steps, nr_steps), text);
	if (!r->error)
		return -1;
	if (s->group == SPEC_UNIT || s->group == SPEC_DEVICE)
		(void)snprintf(r->error->word, sizeof(r->error->word), "%s[%u]%s%s", part, s->index,
			       dot, word);
	else
		(void)snprintf(r->error->word, sizeof(r->error->word), "%s%s%s", part ? part : "",
			       dot, word);
	make_printable(r->error->word);
	return -1;
}

/* jansson stopped behind the second one of two equal keys. */
static int json_fail_twice(const struct json_reader *r, size_t end)
{
	size_t first = end ? end - 1 : 0; /* the closing quote */

	while (first && (r->text[first - 1] != '"' || (first > 1 && r->text[first - 2] == '\\')))
		first--;
	(void)json_fail_at(r, first ? first - 1 : 0, "this was said before");
	if (r->error && first < end)
		(void)snprintf(r->error->word, sizeof(r->error->word), "%.*s",
			       (int)(end - 1 - first), r->text + first);
	return -1;
}

static int json_fail_syntax(const struct json_reader *r, const json_error_t *error)
{
	size_t position = error->position > 0 ? (size_t)error->position : 0;

	if (position > r->size_bytes)
		position = r->size_bytes;
	if (json_error_code(error) == json_error_duplicate_key)
		return json_fail_twice(r, position);
	return json_fail_at(r, position, error->text[0] ? error->text : "out of memory");
}

/* ---- Values ---- */

/* 0, or -1: it is no value of this key. */
static int value_of_json(const struct spec_key *key, const json_t *json, uint64_t *out_value)
{
	if (key->kind == SPEC_FLAG) {
		*out_value = json_is_true(json);
		return json_is_boolean(json) ? 0 : -1;
	}
	if (json_is_string(json))
		return spec_value_read(key, json_string_value(json), json_string_length(json),
				       out_value);
	if (!json_is_integer(json) || key->kind == SPEC_PLACE || json_integer_value(json) < 0)
		return -1;
	*out_value = (uint64_t)json_integer_value(json);
	return spec_fits(key, *out_value) ? 0 : -1;
}

static int read_member(const struct json_reader *r, const struct spec_subject *s,
		       const json_t *json)
{
	const struct spec_key *key = spec_key_find(s->group, s->word, strlen(s->word));
	char range[SPEC_TEXT_BYTES], text[sizeof(r->error->text)];
	uint64_t value;

	if (!key)
		return json_fail(r, s, "there is no such key");
	if (value_of_json(key, json, &value)) {
		spec_range_print(key, range);
		(void)snprintf(text, sizeof(text), "must be %s",
			       key->kind == SPEC_FLAG ? "true or false" : range);
		return json_fail(r, s, text);
	}
	spec_put(spec_object(r->spec, s->group, s->index), key, value);
	return 0;
}

/* ---- Objects ---- */

static int read_name(const struct json_reader *r, const struct spec_subject *s, const json_t *name)
{
	const char *text = json_string_value(name);
	size_t nr_chars = json_string_length(name);
	const char *refusal = spec_name_refusal(r->spec, text ? text : "", nr_chars);

	if (refusal)
		return json_fail(r, s, refusal);
	memcpy(r->spec->devices[s->index].name, text, nr_chars);
	return 0;
}

static int read_object(const struct json_reader *r, enum spec_group group, uint32_t index,
		       json_t *object)
{
	struct spec_subject s = { .group = group, .index = index };
	json_t *json;

	if (!json_is_object(object))
		return json_fail(r, &s, "must be an object, {...}");
	spec_init(spec_object(r->spec, group, index), group);
	json_object_foreach(object, s.word, json)
	{
		int is_name = group == SPEC_DEVICE && !strcmp(s.word, "name");

		if (is_name ? read_name(r, &s, json) : read_member(r, &s, json))
			return -1;
	}
	s.word = NULL;
	if (group == SPEC_DEVICE && !json_object_get(object, "name"))
		return json_fail(r, &s, "a device needs a \"name\"");
	return 0;
}

static int read_list(const struct json_reader *r, enum spec_group group, json_t *list)
{
	struct spec_subject s = { .group = SPEC_MACHINE, .word = json_parts[group] };
	int is_unit = group == SPEC_UNIT;
	size_t nr = json_array_size(list);
	json_t *json;
	size_t i;

	if (!json_is_array(list))
		return json_fail(r, &s, "must be a list of objects, [{...}, ...]");
	s = (struct spec_subject){ .group = group,
				   .index = is_unit ? SIM_MAX_UNITS : SIM_MAX_DEVICES };
	if (nr > s.index)
		return json_fail(r, &s,
				 is_unit ? "a machine has at most four VT-d units"
					 : "a machine has at most 64 devices");
	json_array_foreach(list, i, json)
	{
		if (read_object(r, group, (uint32_t)i, json))
			return -1;
		if (is_unit)
			r->spec->nr_units++;
		else
			r->spec->nr_devices++;
	}
	return 0;
}

/* What is in a file for people and their editors. */
static int read_remark(const struct json_reader *r, const struct spec_subject *s,
		       const json_t *json)
{
	return json_is_string(json) ? 0 : json_fail(r, s, "must be a string");
}

static int read_machine(const struct json_reader *r, json_t *machine)
{
	struct spec_subject s = { .group = SPEC_MACHINE };
	json_t *json;
	int err = 0;

	if (!json_is_object(machine))
		return json_fail(r, &s, "a machine is an object, {...}");
	spec_init(r->spec, SPEC_MACHINE);
	spec_init(&r->spec->timing, SPEC_TIMING);
	json_object_foreach(machine, s.word, json)
	{
		if (!strcmp(s.word, json_parts[SPEC_TIMING]))
			err = read_object(r, SPEC_TIMING, 0, json);
		else if (!strcmp(s.word, json_parts[SPEC_UNIT]))
			err = read_list(r, SPEC_UNIT, json);
		else if (!strcmp(s.word, json_parts[SPEC_DEVICE]))
			err = read_list(r, SPEC_DEVICE, json);
		else if (!strcmp(s.word, "about") || !strcmp(s.word, "$schema"))
			err = read_remark(r, &s, json);
		else
			err = read_member(r, &s, json);
		if (err)
			return -1;
	}
	return 0;
}

int sim_spec_read_json(const char *text, size_t size_bytes, struct sim_spec *out_spec,
		       struct sim_error *out_error)
{
	struct sim_spec spec = { 0 };
	struct json_reader r = { text, size_bytes, &spec, out_error };
	struct spec_subject subject;
	json_error_t json_error;
	const char *refusal;
	json_t *machine;
	int err;

	if (size_bytes > SIM_SPEC_MAX_BYTES)
		return json_fail_at(&r, 0, "the text is longer than 1M");
	machine = json_loadb(text, size_bytes, JSON_REJECT_DUPLICATES, &json_error);
	if (!machine)
		return json_fail_syntax(&r, &json_error);
	err = read_machine(&r, machine);
	json_decref(machine);
	if (err)
		return -1;
	refusal = spec_finish(&spec, &subject);
	if (refusal)
		return json_fail(&r, &subject, refusal);
	*out_spec = spec;
	return 0;
}

/* ---- Files ---- */

static int load_fail(const char *path, int error, struct sim_error *out_error)
{
	if (!out_error)
		return -1;
	*out_error = (struct sim_error){ 0 };
	(void)snprintf(out_error->word, sizeof(out_error->word), "%s", path);
	(void)snprintf(out_error->text, sizeof(out_error->text), "cannot be read: %s",
		       strerror(error));
	return -1;
}

static int load_file(const char *path, struct sim_spec *out_spec, struct sim_error *out_error)
{
	char *text = malloc(SIM_SPEC_MAX_BYTES + 1);
	FILE *file = text ? fopen(path, "rb") : NULL;
	size_t size_bytes;
	int err = -1;

	if (!file) {
		free(text);
		return load_fail(path, errno, out_error);
	}
	size_bytes = fread(text, 1, SIM_SPEC_MAX_BYTES + 1, file);
	if (ferror(file))
		(void)load_fail(path, errno, out_error);
	else
		err = sim_spec_read_json(text, size_bytes, out_spec, out_error);
	(void)fclose(file);
	free(text);
	return err;
}

int sim_spec_load(const char *spec_or_file, struct sim_spec *out_spec, struct sim_error *out_error)
{
	static const char suffix[] = ".json";
	size_t nr_chars = strlen(spec_or_file), nr_suffix = sizeof(suffix) - 1;

	if (spec_or_file[strspn(spec_or_file, " \t\r\n")] == '{')
		return sim_spec_read_json(spec_or_file, nr_chars, out_spec, out_error);
	if (nr_chars > nr_suffix && !strcmp(spec_or_file + nr_chars - nr_suffix, suffix))
		return load_file(spec_or_file, out_spec, out_error);
	return sim_spec_parse(spec_or_file, out_spec, out_error);
}

/* ---- The other way ---- */

static json_t *json_of_value(const struct spec_key *key, uint64_t value)
{
	char text[SPEC_TEXT_BYTES];

	if (key->kind == SPEC_FLAG)
		return json_boolean(value);
	if ((key->kind == SPEC_NUMBER || key->kind == SPEC_POWER) && value <= INT64_MAX)
		return json_integer((json_int_t)value);
	spec_value_print(key, value, text);
	return json_string(text);
}

/* Each key that is not as when nothing is said; 0, or -1: out of memory. */
static int put_keys(json_t *object, const struct sim_spec *spec, enum spec_group group,
		    uint32_t index)
{
	const void *members = spec_object_const(spec, group, index);
	int err = object ? 0 : -1;

	for (uint32_t i = 0; !err && i < spec_keys[group].nr_keys; i++) {
		const struct spec_key *key = &spec_keys[group].keys[i];
		uint64_t value = spec_get(members, key);

		if (value != key->initial || (group == SPEC_MACHINE && !i))
			err = json_object_set_new(object, key->word, json_of_value(key, value));
	}
	return err;
}

static json_t *json_of_list(const struct sim_spec *spec, enum spec_group group, uint32_t nr)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < nr; i++) {
		json_t *object = json_object();
		int err = 0;

		if (group == SPEC_DEVICE)
			err = json_object_set_new(object, "name",
						  json_string(spec->devices[i].name));
		if (err || put_keys(object, spec, group, i) || json_array_append(list, object)) {
			json_decref(list);
			list = NULL;
		}
		json_decref(object);
	}
	return list;
}

/* Takes the part over; one that is empty is left out. */
static int put_part(json_t *machine, enum spec_group group, json_t *part)
{
	if (part && !json_object_size(part) && !json_array_size(part)) {
		json_decref(part);
		return 0;
	}
	return json_object_set_new(machine, json_parts[group], part);
}

size_t sim_spec_format_json(const struct sim_spec *spec, char *out_text, size_t size_bytes)
{
	json_t *machine = json_object(), *timing = json_object();
	int err = put_keys(machine, spec, SPEC_MACHINE, 0);
	char *text = NULL;
	size_t nr_chars = 0;

	err |= put_keys(timing, spec, SPEC_TIMING, 0);
	err |= put_part(machine, SPEC_TIMING, timing);
	err |= put_part(machine, SPEC_UNIT, json_of_list(spec, SPEC_UNIT, spec->nr_units));
	err |= put_part(machine, SPEC_DEVICE, json_of_list(spec, SPEC_DEVICE, spec->nr_devices));
	if (!err)
		text = json_dumps(machine, JSON_INDENT(2));
	json_decref(machine);
	if (size_bytes)
		out_text[0] = 0;
	if (text)
		nr_chars = (size_t)snprintf(out_text, size_bytes, "%s", text);
	free(text);
	return nr_chars;
}
