/* SPDX-License-Identifier: MIT */
/*
 * scenario.c - 'mirq sim --scenario': one scenario of sim/scenarios, every schedule within a bound,
 * one at random, or one schedule again.
 */
#include "../sim/scenarios/task.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mirq/version.h>

#include "report.h"
#include "sim.h"

#define WORD_BYTES 65536
#define PROGRESS_SECONDS 2

/* ---- What was asked for ---- */

/* NAME, NAME@SCHEDULE or NAME@random:N out of --scenario and --seed. 0, or -1 and it was said. */
static int make_word(const struct sim_options *options, char *word)
{
	const char *name = options->scenario, *seed = options->seed;
	int nr;

	if (!name || (seed && strchr(seed, '@')))
		nr = snprintf(word, WORD_BYTES, "%s", seed ? seed : "");
	else if (!seed)
		nr = snprintf(word, WORD_BYTES, "%s", name);
	else if (seed[strspn(seed, "0123456789")])
		nr = snprintf(word, WORD_BYTES, "%s@%s", name, seed);
	else
		nr = snprintf(word, WORD_BYTES, "%s@random:%s", name, seed);
	if (nr >= WORD_BYTES) {
		usage_error("--seed: the schedule is too long");
		return -1;
	}
	if (name && strncmp(word, name, strcspn(word, "@")) != 0) {
		usage_error("--seed: '%s' is of another scenario than '%s'", word, name);
		return -1;
	}
	return 0;
}

static int read_task(const struct sim_options *options, char *word, struct scenario_task *out)
{
	const char *wrong;
	uint64_t bound;

	if (make_word(options, word))
		return -1;
	wrong = scenario_task_parse(word, out);
	if (wrong) {
		usage_error("%s: %s; 'mirq sim --list' has the names", word, wrong);
		return -1;
	}
	if (options->machine) {
		usage_error("--machine belongs to the story: a scenario brings its own");
		return -1;
	}
	if (!options->explore)
		return 0;
	if (out->options.mode == ENGINE_REPLAY) {
		usage_error("--explore and a schedule to replay exclude each other");
		return -1;
	}
	if (option_number("--explore", options->explore, UINT32_MAX, &bound))
		return -1;
	out->options.max_preemptions = (uint32_t)bound;
	return 0;
}

/* ---- While it runs ---- */

static void tell_progress(void *context, const struct scenario *s, uint64_t nr_runs)
{
	time_t *last = context, now = time(NULL);

	if (now - *last < PROGRESS_SECONDS)
		return;
	*last = now;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %" PRIu64 " schedules so far ", s->name, nr_runs);
	else
		fprintf(stderr, "%s: %" PRIu64 " schedules so far\n", s->name, nr_runs);
}

/* ---- What came out ---- */

static const char *const mode_text[] = {
	[ENGINE_EXPLORE] = "explore",
	[ENGINE_RANDOM] = "random",
	[ENGINE_REPLAY] = "replay",
};

/* Why the run is no success; NULL: it is one. */
static const char *judge(const struct scenario_task *task, const struct engine_outcome *out)
{
	if (out->end != ENGINE_DONE)
		return out->reason;
	if (task->options.mode != ENGINE_EXPLORE)
		return NULL;
	if (!out->stats.is_complete)
		return "the search did not end";
	if (task->options.max_preemptions >= task->scenario->max_preemptions &&
	    out->stats.nr_schedules < task->scenario->floor)
		return "there are fewer schedules than this scenario has to have";
	return NULL;
}

static void document_lines(json_t *object, const char *name, const char *text)
{
	json_t *lines = json_array();

	while (*text) {
		size_t nr = strcspn(text, "\n");

		json_array_append_new(lines, json_stringn(text, nr));
		text += nr + (text[nr] == '\n');
	}
	json_object_set_new(object, name, lines);
}

static void fill_document(json_t *document, const struct scenario_task *task,
			  const struct engine_outcome *out, const char *wrong)
{
	const struct engine_stats *stats = &out->stats;
	char *word = scenario_word(task->scenario, out);

	json_object_set_new(document, "kind", json_string("scenario"));
	json_object_set_new(document, "scenario",
			    json_pack("{s:s, s:s}", "name", task->scenario->name, "summary",
				      task->scenario->summary));
	json_object_set_new(document, "mode", json_string(mode_text[task->options.mode]));
	if (task->options.mode == ENGINE_EXPLORE)
		json_object_set_new(document, "bound", json_integer(task->options.max_preemptions));
	json_object_set_new(document, "end", json_string(engine_end_text(out->end)));
	json_object_set_new(document, "schedules", json_integer((json_int_t)stats->nr_schedules));
	json_object_set_new(document, "states", json_integer((json_int_t)stats->nr_states));
	json_object_set_new(document, "points", json_integer((json_int_t)stats->nr_points));
	json_object_set_new(document, "depth", json_integer(stats->max_depth));
	json_object_set_new(document, "complete", json_boolean(stats->is_complete));
	if (wrong)
		json_object_set_new(document, "reason", json_string(wrong));
	if (word)
		json_object_set_new(document, "seed", json_string(word));
	if (out->story)
		document_lines(document, "story", out->story);
	free(word);
}

static void tell_how(struct report *r, const struct scenario_task *task)
{
	report_line(r, "scenario", "%s: %s", task->scenario->name, task->scenario->summary);
	if (task->options.mode == ENGINE_EXPLORE)
		report_line(r, "explore", "every schedule with at most %u preemptions",
			    task->options.max_preemptions);
	else
		report_line(r, "explore", "one schedule, %s",
			    task->options.mode == ENGINE_RANDOM ? "at random" : "again");
}

static void tell_outcome(struct report *r, const struct scenario_task *task,
			 const struct engine_outcome *out, const char *wrong)
{
	char *word = scenario_word(task->scenario, out);

	if (out->story && (wrong || task->options.mode == ENGINE_REPLAY))
		report_text(r, out->story);
	if (wrong)
		report_line(r, "FAIL", "%s: %s", engine_end_text(out->end), wrong);
	if (word && (wrong || task->options.mode != ENGINE_EXPLORE))
		report_line(r, "replay", "mirq sim --seed '%s'", word);
	free(word);
}

static int run(const struct scenario_task *task, enum report_form form)
{
	struct report *r = report_new(form);
	time_t last = time(NULL);
	const struct scenario_progress progress = { tell_progress, &last };
	struct engine_outcome out;
	const char *wrong;

	tell_how(r, task);
	(void)scenario_watch(task->scenario, &task->options, form == REPORT_TEXT ? &progress : NULL,
			     &out);
	if (form == REPORT_TEXT && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	wrong = judge(task, &out);
	fill_document(report_document(r), task, &out, wrong);
	tell_outcome(r, task, &out, wrong);
	report_verdict(r, !wrong,
		       "schedules=%" PRIu64 " states=%" PRIu64 " points=%" PRIu64
		       " depth=%u complete=%s",
		       out.stats.nr_schedules, out.stats.nr_states, out.stats.nr_points,
		       out.stats.max_depth, out.stats.is_complete ? "yes" : "no");
	engine_outcome_fini(&out);
	report_free(r);
	return wrong ? STATUS_FAIL : STATUS_PASS;
}

int sim_scenario(const struct sim_options *options)
{
	char *word = malloc(WORD_BYTES);
	struct scenario_task task;
	int status = STATUS_USAGE;

	if (word && !read_task(options, word, &task))
		status = run(&task, options->is_json ? REPORT_JSON : REPORT_TEXT);
	free(word);
	return status;
}

int sim_list(const struct sim_options *options)
{
	const struct scenario *s;
	json_t *document = json_pack("{s:s, s:s, s:[]}", "mirq", MIRQ_VERSION_STRING, "kind",
				     "list", "scenarios");

	for (uint32_t i = 0; (s = scenario_at(i)); i++) {
		if (!options->is_json)
			printf("%-28s %s\n", s->name, s->summary);
		json_array_append_new(json_object_get(document, "scenarios"),
				      json_pack("{s:s, s:s, s:I}", "name", s->name, "summary",
						s->summary, "bound",
						(json_int_t)s->max_preemptions));
	}
	if (options->is_json) {
		(void)json_dumpf(document, stdout, JSON_INDENT(2));
		printf("\n");
	}
	json_decref(document);
	return STATUS_PASS;
}
