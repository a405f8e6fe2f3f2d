/* SPDX-License-Identifier: MIT */
/*
 * task.c - see task.h.
 */
#include "task.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 64
#define RANDOM "random:"

static const char *parse_seed(const char *text, uint64_t *out_seed)
{
	uint64_t seed = 0;

	for (const char *c = text; *c; c++) {
		uint64_t digit = (uint64_t)(*c - '0');

		if (!isdigit((unsigned char)*c) || seed > (UINT64_MAX - digit) / 10)
			return "after 'random:' comes a number";
		seed = 10 * seed + digit;
	}
	*out_seed = seed;
	return *text ? NULL : "after 'random:' comes a number";
}

const char *scenario_task_parse(const char *word, struct scenario_task *out_task)
{
	size_t name_bytes = strcspn(word, "@");
	struct scenario_task task = { .options.max_points = SCENARIO_MAX_POINTS };
	const char *how = word + name_bytes, *wrong = NULL;
	char name[NAME_BYTES];

	if (name_bytes >= sizeof(name))
		return "no scenario has so long a name";
	memcpy(name, word, name_bytes);
	name[name_bytes] = 0;
	task.scenario = scenario_find(name);
	if (!task.scenario)
		return "there is no scenario of this name";
	task.options.max_preemptions = task.scenario->max_preemptions;
	if (*how && !strncmp(how + 1, RANDOM, strlen(RANDOM))) {
		task.options.mode = ENGINE_RANDOM;
		task.options.max_preemptions = UINT32_MAX;
		wrong = parse_seed(how + 1 + strlen(RANDOM), &task.options.seed);
	} else if (*how) {
		task.options.mode = ENGINE_REPLAY;
		task.options.schedule = how + 1;
		wrong = how[1] ? NULL : "after '@' comes a schedule, or 'random:' and a number";
	}
	if (!wrong)
		*out_task = task;
	return wrong;
}

char *scenario_word(const struct scenario *s, const struct engine_outcome *outcome)
{
	size_t bytes = strlen(s->name) + 2;
	char *word;

	if (!outcome->schedule)
		return NULL;
	bytes += strlen(outcome->schedule);
	word = malloc(bytes);
	if (!word)
		abort();
	snprintf(word, bytes, "%s@%s", s->name, outcome->schedule);
	return word;
}

void scenario_print(FILE *out, const struct scenario *s, const struct engine_outcome *outcome,
		    enum scenario_print how)
{
	int failed = outcome->end != ENGINE_DONE;
	const struct engine_stats *stats = &outcome->stats;
	char *word = scenario_word(s, outcome);

	if ((failed || how == SCENARIO_PRINT_STORY) && outcome->story)
		fprintf(out, "%s\n", outcome->story);
	fprintf(out, "%s: %llu schedules, %llu states, depth %u\n", s->name,
		(unsigned long long)stats->nr_schedules, (unsigned long long)stats->nr_states,
		stats->max_depth);
	if (failed)
		fprintf(out, "%s: %s: %s\n", s->name, engine_end_text(outcome->end),
			outcome->reason);
	if (word && (failed || how == SCENARIO_PRINT_STORY))
		fprintf(out, "schedule: %s\nreplay: make replay SEED=%s\n", outcome->schedule,
			word);
	free(word);
}

void scenario_total_add(struct scenario_total *total, const struct engine_outcome *outcome)
{
	total->nr_scenarios++;
	total->nr_schedules += outcome->stats.nr_schedules;
	total->nr_states += outcome->stats.nr_states;
}

void scenario_total_print(FILE *out, const char *verb, const struct scenario_total *total)
{
	fprintf(out, "%s: %llu scenarios, %llu schedules, %llu states\n", verb,
		(unsigned long long)total->nr_scenarios, (unsigned long long)total->nr_schedules,
		(unsigned long long)total->nr_states);
}
