/* SPDX-License-Identifier: MIT */
/*
 * explore.c - scenarios by hand: sim/scenarios/task.h with a command line.
 *
 * Exit status: 0 nothing is wrong, 1 a run failed (its story and how to replay it are printed), 2
 * the command line is.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../sim/scenarios/task.h"

#define RANDOM_AT_ONCE 1000

static const char usage[] =
	"usage: explore --list\n"
	"       explore WORD|all [--bound N] [--random N] [--seconds S] [--seed S]\n"
	"               [--replay SCHEDULE] [--no-reduction] [--story]\n"
	"WORD is NAME, NAME@SCHEDULE or NAME@random:SEED\n"
	"  --bound N       at most N preemptions and late stores, otherwise the scenario's bound\n"
	"  --random N      N random schedules of each instead of all, from --seed (1) on\n"
	"  --seconds S     no new random schedules after S seconds\n"
	"  --replay TEXT   that one schedule\n"
	"  --no-reduction  also schedules that differ only in steps that do not meet\n"
	"  --story         what happened in the last run, a column for each\n";

struct arguments {
	const char *word, *schedule;
	uint64_t nr_random, seed, nr_seconds;
	uint32_t bound;
	int has_bound, has_seed, is_list, no_reduction, is_story;
};

static int fail_usage(const char *what, const char *why)
{
	fprintf(stderr, "explore: %s: %s\n%s", what, why, usage);
	return 2;
}

static int read_number(const char *text, uint64_t *out)
{
	char *end;

	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end;
}

static int read_option(struct arguments *a, int option, const char *text)
{
	uint64_t bound = 0;

	switch (option) {
	case 'b':
		a->has_bound = read_number(text, &bound) && bound <= UINT32_MAX;
		a->bound = (uint32_t)bound;
		return a->has_bound;
	case 'n':
		return read_number(text, &a->nr_random) && a->nr_random;
	case 's':
		a->has_seed = 1;
		return read_number(text, &a->seed);
	case 't':
		return read_number(text, &a->nr_seconds) && a->nr_seconds;
	case 'p':
		a->schedule = text;
		return 1;
	case 'r':
		return a->no_reduction = 1;
	case 'l':
		return a->is_list = 1;
	case 'y':
		return a->is_story = 1;
	default:
		return 0;
	}
}

static int read_arguments(struct arguments *a, int nr, char **texts)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "bound", required_argument, NULL, 'b' },
		{ "random", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 's' },
		{ "replay", required_argument, NULL, 'p' },
		{ "no-reduction", no_argument, NULL, 'r' },
		{ "story", no_argument, NULL, 'y' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(nr, texts, "", options, NULL)) != -1) {
		if (option == '?')
			return 0;
		if (!read_option(a, option, optarg)) {
			fail_usage(optarg, "not a number that fits");
			return 0;
		}
	}
	a->word = optind < nr ? texts[optind] : NULL;
	return a->is_list || (a->word && *a->word && optind + 1 == nr);
}

static int list(void)
{
	const struct scenario *s;

	for (uint32_t i = 0; (s = scenario_at(i)); i++)
		printf("%-28s %s\n", s->name, s->summary);
	return 0;
}

static void tell(void *context, const struct scenario *s, uint64_t nr_runs)
{
	(void)context;
	fprintf(stderr, "%s: %llu runs so far\n", s->name, (unsigned long long)nr_runs);
}

/* 1: it failed. */
static int explore(const struct scenario_task *task, int is_story, struct scenario_total *total)
{
	static const struct scenario_progress progress = { .tell = tell };
	struct engine_options options = task->options;
	struct engine_outcome out;
	int failed;

	if (is_story && options.mode == ENGINE_EXPLORE) {
		options.mode = ENGINE_REPLAY;
		options.schedule = "-";
	}
	scenario_watch(task->scenario, &options, &progress, &out);
	scenario_print(stdout, task->scenario, &out,
		       is_story ? SCENARIO_PRINT_STORY : SCENARIO_PRINT_LINE);
	scenario_total_add(total, &out);
	failed = out.end != ENGINE_DONE;
	engine_outcome_fini(&out);
	return failed;
}

static void ask(const struct arguments *a, struct scenario_task *task)
{
	struct engine_options *o = &task->options;

	if (a->nr_random || a->nr_seconds)
		o->mode = ENGINE_RANDOM;
	if (a->schedule) {
		o->mode = ENGINE_REPLAY;
		o->schedule = a->schedule;
	}
	if (o->mode == ENGINE_RANDOM)
		o->max_preemptions = UINT32_MAX;
	if (a->has_bound)
		o->max_preemptions = a->bound;
	if (a->has_seed)
		o->seed = a->seed;
	else if (a->nr_random || a->nr_seconds)
		o->seed = 1;
	o->no_reduction = a->no_reduction;
}

static uint64_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

/* Some of each scenario, then some more of each. 1: one failed. */
static int run_random(const struct arguments *a, const struct scenario *only,
		      struct scenario_total *total)
{
	uint64_t limit = a->nr_random ? a->nr_random : UINT64_MAX, begin = now_seconds(), nr;
	const struct scenario *s;
	struct scenario_task task;
	struct engine_outcome out = { 0 };
	int failed = 0;

	for (uint64_t done = 0; done < limit && !failed; done += nr) {
		nr = limit - done < RANDOM_AT_ONCE ? limit - done : RANDOM_AT_ONCE;
		for (uint32_t i = 0; (s = scenario_at(i)) && !failed; i++) {
			if (a->nr_seconds && now_seconds() - begin >= a->nr_seconds)
				return 0;
			if ((only && s != only) || scenario_task_parse(s->name, &task))
				continue;
			ask(a, &task);
			task.options.seed += done;
			task.options.max_schedules = nr;
			failed = scenario_explore(s, &task.options, &out) != ENGINE_DONE;
			if (failed || (a->is_story && only && done + nr == limit))
				scenario_print(stdout, s, &out,
					       a->is_story ? SCENARIO_PRINT_STORY
							   : SCENARIO_PRINT_LINE);
			total->nr_scenarios += !done;
			total->nr_schedules += out.stats.nr_schedules;
			total->nr_states += out.stats.nr_states;
			engine_outcome_fini(&out);
		}
	}
	return failed;
}

static int run_all(const struct arguments *a, struct scenario_total *total)
{
	const struct scenario *s;
	struct scenario_task task;
	int failed = 0;

	for (uint32_t i = 0; (s = scenario_at(i)); i++) {
		if (scenario_task_parse(s->name, &task))
			continue;
		ask(a, &task);
		failed |= explore(&task, a->is_story, total);
	}
	return failed;
}

int main(int nr, char **texts)
{
	int is_random, failed, is_all;
	struct scenario_total total = { 0 };
	struct scenario_task task = { 0 };
	struct arguments a = { 0 };
	const char *wrong;

	if (!read_arguments(&a, nr, texts)) {
		fputs(usage, stderr);
		return 2;
	}
	if (a.is_list)
		return list();
	is_all = !strcmp(a.word, "all");
	wrong = is_all ? NULL : scenario_task_parse(a.word, &task);
	if (wrong)
		return fail_usage(a.word, wrong);
	is_random = a.nr_random || a.nr_seconds;
	if (is_random) {
		failed = run_random(&a, task.scenario, &total);
	} else if (is_all) {
		failed = run_all(&a, &total);
	} else {
		ask(&a, &task);
		failed = explore(&task, a.is_story, &total);
	}
	if (is_all || is_random)
		scenario_total_print(stdout, is_random ? "random" : "explored", &total);
	return failed;
}
