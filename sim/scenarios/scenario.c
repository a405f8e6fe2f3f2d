/* SPDX-License-Identifier: MIT */
/*
 * scenario.c - see scenario.h: the tables one after the other.
 */
#include "scenario.h"

#include <string.h>

static const struct scenario *const tables[] = {
	scenarios_tiny_move,    scenarios_tiny_leave,    scenarios_tiny_keep,
	scenarios_tiny_lines,   scenarios_tiny_kinds,    scenarios_tiny_others,
	scenarios_tiny_offline, scenarios_machine_plain, scenarios_machine_remapped,
	scenarios_machine_acme, scenarios_machine_ims,   scenarios_machine_vetted,
	scenarios_machine_ntb,  scenarios_machine_vmd,
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

#define RUNS_BETWEEN_TELLS (UINT64_C(1) << 20)

/* Of one search. */
struct search {
	const struct scenario *s;
	const struct scenario_progress *progress;
	uint64_t nr_runs;
};

static void begin(struct engine *e, void *context)
{
	struct search *search = context;

	if (search->nr_runs && search->progress && search->nr_runs % RUNS_BETWEEN_TELLS == 0)
		search->progress->tell(search->progress->context, search->s, search->nr_runs);
	search->nr_runs++;
	search->s->begin(e, search->s);
}

static void finish(struct engine *e, void *context, enum engine_end end)
{
	const struct search *search = context;

	search->s->finish(e, search->s, end);
}

enum engine_end scenario_watch(const struct scenario *s, const struct engine_options *options,
			       const struct scenario_progress *progress, struct engine_outcome *out)
{
	struct search search = { s, progress, 0 };
	struct engine_run run = { begin, finish, &search };

	return engine_explore(options, &run, out);
}

enum engine_end scenario_explore(const struct scenario *s, const struct engine_options *options,
				 struct engine_outcome *out)
{
	return scenario_watch(s, options, NULL, out);
}
