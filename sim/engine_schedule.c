/* SPDX-License-Identifier: MIT */
/*
 * engine_schedule.c - a schedule as text: "position:answer" of each choice whose answer was not 0,
 * with commas between; positions count from the one before. "-" is the schedule of zeros.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine_inside.h"

#define ENTRY_BYTES 24

char *engine_schedule_text(const struct engine *e)
{
	char *text = malloc((e->nr_taken + 1) * ENTRY_BYTES);
	uint32_t before = 0;
	size_t used = 0;

	if (!text)
		abort();
	snprintf(text, ENTRY_BYTES, "-");
	for (size_t i = 0; i < e->nr_taken; i++) {
		used += (size_t)snprintf(text + used, ENTRY_BYTES, "%s%u:%u", i ? "," : "",
					 e->taken[i].position - before, e->taken[i].value);
		before = e->taken[i].position;
	}
	return text;
}

/* A number that ends with @end or, if @end is a comma, with the text. NULL: there is none. */
static const char *read_number(const char *text, char end, uint32_t *out)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text) && value <= UINT32_MAX; text++)
		value = 10 * value + (uint64_t)(*text - '0');
	*out = (uint32_t)value;
	if (value > UINT32_MAX)
		return NULL;
	if (*text == end)
		return text + 1;
	return end == ',' && !*text ? text : NULL;
}

int engine_schedule_parse(struct engine *e, const char *text)
{
	uint32_t position = 0, step, value;

	e->nr_script = 0;
	e->is_scripted = 1;
	if (!text || !*text || (text[0] == '-' && !text[1]))
		return 1;
	while (*text) {
		text = read_number(text, ':', &step);
		text = text ? read_number(text, ',', &value) : NULL;
		if (!text || !step || !value)
			return 0;
		e->script = engine_grow(e->script, e->nr_script, &e->nr_script_room,
					sizeof(*e->script));
		position += step;
		e->script[e->nr_script].position = position;
		e->script[e->nr_script++].value = value;
	}
	return 1;
}
