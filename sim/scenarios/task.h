/* SPDX-License-Identifier: MIT */
/*
 * task.h - a scenario and what to do with it, as one word that people can pass on; and what came
 * out, for people. Programs that explore are thin over this.
 */
#ifndef SIM_TASK_H
#define SIM_TASK_H

#include <stdio.h>

#include "scenario.h"

struct scenario_task {
	const struct scenario *scenario;
	struct engine_options options;
};

/*
 * A word: NAME (every schedule within its bound), NAME@SCHEDULE (that one), NAME@random:SEED (one
 * that the number makes). Options point into @word.
 * Returns: NULL, or what is wrong with it.
 */
const char *scenario_task_parse(const char *word, struct scenario_task *out_task);
/* The word of the schedule that @outcome has; the caller frees it. NULL: it has none. */
char *scenario_word(const struct scenario *s, const struct engine_outcome *outcome);

enum scenario_print {
	SCENARIO_PRINT_LINE, /* one line; of a failure also story, schedule and how to replay it */
	SCENARIO_PRINT_STORY /* always the story, if it has one */
};
void scenario_print(FILE *out, const struct scenario *s, const struct engine_outcome *outcome,
		    enum scenario_print how);

/* What many runs came to. */
struct scenario_total {
	uint64_t nr_scenarios, nr_schedules, nr_states;
};
void scenario_total_add(struct scenario_total *total, const struct engine_outcome *outcome);
/* "explored: N scenarios, M schedules, S states"; @verb is the first word. */
void scenario_total_print(FILE *out, const char *verb, const struct scenario_total *total);

#endif
