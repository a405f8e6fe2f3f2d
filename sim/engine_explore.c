/* SPDX-License-Identifier: MIT */
/*
 * engine_explore.c - run after run: all of them, random ones, or the one that a string describes.
 * A failing run is run once more, as its schedule says, to tell its story.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_inside.h"

static size_t state_slot(const struct engine *e, uint64_t state)
{
	size_t i = (size_t)state & (e->nr_states_room - 1);

	while (e->states[i] && e->states[i] != state)
		i = (i + 1) & (e->nr_states_room - 1);
	return i;
}

static void double_states(struct engine *e)
{
	uint64_t *old = e->states;
	size_t nr_old = e->nr_states_room;

	e->nr_states_room = nr_old ? 2 * nr_old : 256;
	e->states = calloc(e->nr_states_room, sizeof(*old));
	if (!e->states)
		abort();
	for (size_t i = 0; i < nr_old; i++)
		if (old[i])
			e->states[state_slot(e, old[i])] = old[i];
	free(old);
}

static void count_state(struct engine *e)
{
	uint64_t state = e->state ? e->state : 1;
	size_t i;

	if (!e->has_state)
		return;
	if (2 * e->stats.nr_states >= e->nr_states_room)
		double_states(e);
	i = state_slot(e, state);
	e->stats.nr_states += !e->states[i];
	e->states[i] = state;
}

static void count_run(struct engine *e)
{
	e->stats.nr_schedules++;
	e->stats.nr_points += e->nr_points;
	if (e->nr_points > e->stats.max_depth)
		e->stats.max_depth = e->nr_points;
	count_state(e);
}

/* From the first schedule again, with what was learned. */
static void restart(struct engine *e)
{
	engine_objects_learn(e);
	e->nr_decisions = 0;
	e->stats.nr_schedules = 0;
	e->stats.nr_states = 0;
	e->stats.max_depth = 0;
	e->stats.nr_restarts++;
	if (e->nr_states_room)
		memset(e->states, 0, e->nr_states_room * sizeof(*e->states));
}

static void explore(struct engine *e)
{
	uint64_t nr_left = e->options.max_schedules ? e->options.max_schedules : UINT64_MAX;

	for (; nr_left; nr_left--) {
		engine_run_once(e);
		count_run(e);
		if (e->end != ENGINE_DONE)
			return;
		if (e->has_learned && !e->options.no_reduction) {
			restart(e);
		} else if (!engine_next_path(e)) {
			e->stats.is_complete = 1;
			return;
		}
	}
}

static void run_random(struct engine *e)
{
	uint64_t nr = e->options.max_schedules ? e->options.max_schedules : 1, seed;

	for (uint64_t i = 0; i < nr; i++) {
		seed = e->options.seed + i;
		e->random = seed * UINT64_C(0xd1342543de82ef95) + 1;
		e->switch_log2 = 1 + (uint32_t)(seed % 6);
		engine_run_once(e);
		count_run(e);
		if (e->end != ENGINE_DONE)
			return;
	}
}

static void replay(struct engine *e)
{
	e->is_telling = 1;
	if (!engine_schedule_parse(e, e->options.schedule)) {
		e->end = ENGINE_FAILED;
		snprintf(e->reason, sizeof(e->reason), "not a schedule: %.100s",
			 e->options.schedule);
		return;
	}
	engine_run_once(e);
	count_run(e);
	if (e->end == ENGINE_DONE && e->script_next < e->nr_script) {
		e->end = ENGINE_FAILED;
		snprintf(e->reason, sizeof(e->reason),
			 "the schedule does not fit: the run ends before choice %u",
			 e->script[e->script_next].position);
	}
}

/* The run that was last once more, with its story. */
static void tell(struct engine *e, struct engine_outcome *out)
{
	out->schedule = engine_schedule_text(e);
	if (!e->is_telling) {
		e->is_telling = 1;
		engine_schedule_parse(e, out->schedule);
		engine_run_once(e);
		if (e->end != out->end || strcmp(e->reason, out->reason) != 0)
			snprintf(out->reason, sizeof(out->reason),
				 "not the same again, the run depends on more than its choices; "
				 "first %s, then %s: %.120s",
				 engine_end_text(out->end), engine_end_text(e->end), e->reason);
	}
	out->story = engine_story_text(e);
}

static void fini(struct engine *e)
{
	for (uint32_t i = 0; i < ENGINE_MAX_FIBERS; i++)
		fiber_fini(&e->fibers[i].place);
	engine_free_arena(e);
	free(e->decisions);
	free(e->objects);
	free(e->states);
	free(e->script);
	free(e->taken);
	free(e->lines);
	free(e->text);
	free(e);
}

enum engine_end engine_explore(const struct engine_options *options, const struct engine_run *run,
			       struct engine_outcome *out)
{
	static void (*const modes[])(struct engine * e) = {
		[ENGINE_EXPLORE] = explore,
		[ENGINE_RANDOM] = run_random,
		[ENGINE_REPLAY] = replay,
	};
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->options = *options;
	e->scenario = run;
	memset(out, 0, sizeof(*out));
	modes[options->mode](e);
	out->end = e->end;
	out->stats = e->stats;
	memcpy(out->reason, e->reason, sizeof(out->reason));
	if (out->end != ENGINE_DONE || options->mode != ENGINE_EXPLORE)
		tell(e, out);
	fini(e);
	return out->end;
}

void engine_outcome_fini(struct engine_outcome *outcome)
{
	free(outcome->schedule);
	free(outcome->story);
	outcome->schedule = outcome->story = NULL;
}

const char *engine_end_text(enum engine_end end)
{
	static const char *const texts[] = {
		[ENGINE_DONE] = "done",
		[ENGINE_FAILED] = "failed",
		[ENGINE_DEADLOCK] = "deadlock",
		[ENGINE_TOO_LONG] = "too long",
	};

	return texts[end];
}
