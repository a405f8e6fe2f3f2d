/* SPDX-License-Identifier: MIT */
/*
 * scenario.c - see scenario.h: the tables one after the other.
 */
#include "scenario.h"

#include <string.h>

static const struct scenario *const tables[] = {
	scenarios_tiny_move,
	scenarios_tiny_leave,
	scenarios_tiny_keep,
	scenarios_machine,
};

const struct scenario *scenario_at(uint32_t index)
{
	for (uint32_t table = 0; table < sizeof(tables) / sizeof(*tables); table++)
		for (const struct scenario *s = tables[table]; s->name; s++)
			if (!index--)
				return s;
	return NULL;
}

const struct scenario *scenario_find(const char *name)
{
	const struct scenario *s;

	for (uint32_t i = 0; (s = scenario_at(i)); i++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

static void begin(struct engine *e, void *context)
{
	const struct scenario *const *s = context;

	(*s)->begin(e, *s);
}

static void finish(struct engine *e, void *context, enum engine_end end)
{
	const struct scenario *const *s = context;

	(*s)->finish(e, *s, end);
}

enum engine_end scenario_explore(const struct scenario *s, const struct engine_options *options,
				 struct engine_outcome *out)
{
	struct engine_run run = { begin, finish, &s };

	return engine_explore(options, &run, out);
}
