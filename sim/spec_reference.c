/* SPDX-License-Identifier: MIT */
/*
 * spec_reference.c - a program that prints what docs/machines.md and docs/machine.schema.json say
 * of the words of a description, from the table that descriptions are read by; and a description in
 * its other form. tests/sim/test_machines.py compares and writes the documents.
 * Sources: JSON Schema draft-07. Locking: none.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"
#include "spec_json.h"

static const char usage[] = "usage: spec-reference machine|timing|unit|device|places|schema\n"
			    "       spec-reference line|json SPEC|FILE.json\n"
			    "A table of words, or the JSON schema; a description in one line or in "
			    "JSON.\n";

/* ---- Tables ---- */

static void print_initial(const struct spec_key *key)
{
	char text[SPEC_TEXT_BYTES];

	spec_value_print(key, key->initial, text);
	if (key->kind == SPEC_FLAG)
		printf("%s |\n", key->initial ? "yes" : "no");
	else
		printf("%s |\n", key->initial < key->min ? "none" : text);
}

static void print_keys(enum spec_group group)
{
	char range[SPEC_TEXT_BYTES];

	printf("| word | means | values | default |\n|---|---|---|---|\n");
	for (uint32_t i = 0; i < spec_keys[group].nr_keys; i++) {
		const struct spec_key *key = &spec_keys[group].keys[i];

		spec_range_print(key, range);
		printf("| `%s` | %s | %s | ", key->word, key->means,
		       key->kind == SPEC_FLAG    ? "yes or no"
		       : key->kind == SPEC_PLACE ? "below"
						 : range);
		print_initial(key);
	}
}

static void print_places(void)
{
	printf("| place | means |\n|---|---|\n");
	for (uint32_t i = 0; i < SPEC_NR_PLACES; i++)
		printf("| `%s` | %s |\n", spec_places[i].word, spec_places[i].means);
}

/* ---- The schema ---- */

static json_t *checked(json_t *json)
{
	if (json)
		return json;
	(void)fputs("spec-reference: out of memory\n", stderr);
	exit(2);
}

static void put(json_t *object, const char *name, json_t *json)
{
	if (json_object_set_new(object, name, checked(json)))
		exit(2);
}

static json_t *schema_of_places(void)
{
	json_t *words = checked(json_array());

	for (uint32_t i = 0; i < SPEC_NR_PLACES; i++)
		(void)json_array_append_new(words, checked(json_string(spec_places[i].word)));
	return json_pack("{s:o}", "enum", words);
}

/* A number is an integer of JSON, or what the one line has, as a string. */
static json_t *schema_of_number(const struct spec_key *key)
{
	json_t *integer = checked(
		json_pack("{s:s, s:I}", "type", "integer", "minimum", (json_int_t)key->min));

	if (key->max <= INT64_MAX)
		put(integer, "maximum", json_integer((json_int_t)key->max));
	if (key->kind == SPEC_BYTES || key->kind == SPEC_ADDRESS)
		put(integer, "multipleOf", json_integer(4096));
	if (key->kind == SPEC_POWER) {
		json_t *powers = checked(json_array());

		for (uint64_t i = key->min; i <= key->max; i *= 2)
			(void)json_array_append_new(powers, checked(json_integer((json_int_t)i)));
		put(integer, "enum", powers);
	}
	return json_pack("{s:[o, {s:s}]}", "anyOf", integer, "$ref", "#/definitions/text");
}

static json_t *schema_of_key(const struct spec_key *key)
{
	json_t *schema = key->kind == SPEC_FLAG    ? json_pack("{s:s}", "type", "boolean")
			 : key->kind == SPEC_PLACE ? schema_of_places()
						   : schema_of_number(key);

	put(checked(schema), "description", json_string(key->means));
	if (key->kind == SPEC_FLAG)
		put(schema, "default", json_boolean(key->initial));
	else if (key->kind == SPEC_PLACE)
		put(schema, "default", json_string(spec_places[key->initial].word));
	else if (key->initial >= key->min)
		put(schema, "default", json_integer((json_int_t)key->initial));
	return schema;
}

static json_t *schema_of_group(enum spec_group group)
{
	json_t *properties = checked(json_object());

	for (uint32_t i = 0; i < spec_keys[group].nr_keys; i++)
		put(properties, spec_keys[group].keys[i].word,
		    schema_of_key(&spec_keys[group].keys[i]));
	return checked(json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0,
				 "properties", properties));
}

static json_t *schema_of_list(json_t *items, uint32_t max)
{
	return json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", (int)max, "items", items);
}

static json_t *schema(void)
{
	json_t *machine = schema_of_group(SPEC_MACHINE);
	json_t *properties = json_object_get(machine, "properties");
	json_t *device = schema_of_group(SPEC_DEVICE);

	put(json_object_get(device, "properties"), "name",
	    json_pack("{s:s, s:s, s:s}", "type", "string", "pattern", "^[-_.0-9A-Za-z]{1,15}$",
		      "description", "no two devices have the same"));
	put(device, "required", json_pack("[s]", "name"));
	put(properties, "about",
	    json_pack("{s:s, s:s}", "type", "string", "description", "a remark for people"));
	put(properties, "$schema",
	    json_pack("{s:s, s:s}", "type", "string", "description", "a remark for editors"));
	put(properties, "timing", schema_of_group(SPEC_TIMING));
	put(properties, "units", schema_of_list(schema_of_group(SPEC_UNIT), SIM_MAX_UNITS));
	put(properties, "devices", schema_of_list(device, SIM_MAX_DEVICES));
	put(machine, "definitions",
	    json_pack("{s:{s:s, s:s}}", "text", "type", "string", "pattern",
		      "^(0[xX][0-9a-fA-F]+|[0-9]+)[KM]?$"));
	put(machine, "$schema", json_string("http://json-schema.org/draft-07/schema#"));
	put(machine, "title", json_string("A machine that mirq simulates"));
	return machine;
}

static int print_schema(void)
{
	json_t *json = schema();
	int err = json_dumpf(json, stdout, JSON_INDENT(1));

	(void)putchar('\n');
	json_decref(json);
	return err ? 2 : 0;
}

/* ---- Descriptions ---- */

static int print_spec(const char *spec_or_file, size_t (*format)(const struct sim_spec *spec,
								 char *out_text, size_t size_bytes))
{
	static char text[SIM_SPEC_MAX_BYTES];
	struct sim_error error;
	struct sim_spec spec;

	if (sim_spec_load(spec_or_file, &spec, &error)) {
		(void)fprintf(stderr, "%s:%u:%u: %s: %s\n", spec_or_file, error.line, error.column,
			      error.word, error.text);
		return 1;
	}
	if (!format(&spec, text, sizeof(text)))
		return 2;
	(void)puts(text);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const groups[SPEC_NR_GROUPS] = { "machine", "timing", "unit", "device" };

	if (argc == 3 && !strcmp(argv[1], "line"))
		return print_spec(argv[2], sim_spec_format);
	if (argc == 3 && !strcmp(argv[1], "json"))
		return print_spec(argv[2], sim_spec_format_json);
	for (uint32_t i = 0; argc == 2 && i < SPEC_NR_GROUPS; i++) {
		if (!strcmp(argv[1], groups[i])) {
			print_keys((enum spec_group)i);
			return 0;
		}
	}
	if (argc == 2 && !strcmp(argv[1], "places")) {
		print_places();
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "schema"))
		return print_schema();
	(void)fputs(usage, stderr);
	return 2;
}
