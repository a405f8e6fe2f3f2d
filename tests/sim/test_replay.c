/* SPDX-License-Identifier: MIT */
/*
 * test_replay.c - what a failure prints is enough to see it again: words are read or refused with a
 * sentence, a schedule gives the same run and the same story each time, and so does a number.
 *
 * Broken, one at a time, and seen to fail here: the word without its '@'; a random run that takes
 * its number from the place in the row; a story that is not printed for a run that is fine; a
 * replay that does not mind choices that are left over; a story that shows addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sim/scenarios/task.h"

static const char *program; /* this one */

/* What a program prints for this word, to be freed. */
static char *printed(const char *word, enum engine_end wanted)
{
	struct scenario_task task;
	struct engine_outcome out;
	char *text = NULL;
	size_t bytes;
	FILE *file;

	assert_null(scenario_task_parse(word, &task));
	assert_int_equal(scenario_explore(task.scenario, &task.options, &out), wanted);
	file = open_memstream(&text, &bytes);
	assert_non_null(file);
	scenario_print(file, task.scenario, &out, SCENARIO_PRINT_STORY);
	fclose(file);
	engine_outcome_fini(&out);
	return text;
}

/* The word of a schedule that a number makes, which is not the schedule of zeros; to be freed. */
static char *word_of(const char *random)
{
	char *text = printed(random, ENGINE_DONE), *word = strstr(text, "SEED=");

	assert_non_null(word);
	word = strdup(word + strlen("SEED="));
	assert_non_null(word);
	word[strcspn(word, "\n")] = 0;
	assert_non_null(strchr(word, ':'));
	free(text);
	return word;
}

static void word__malformed__is_refused_with_a_sentence(void **state)
{
	static const char *const words[] = { "",
					     "@",
					     "none",
					     "none@1:1",
					     "move@",
					     "move@random:",
					     "move@random:x",
					     "move@random:18446744073709551616" };
	struct scenario_task task;

	(void)state;
	for (uint32_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_non_null(scenario_task_parse(words[i], &task));
	assert_null(scenario_task_parse("move@random:18446744073709551615", &task));
	assert_true(task.options.seed == UINT64_MAX);
	assert_int_equal(task.options.mode, ENGINE_RANDOM);
	assert_null(scenario_task_parse("move@6:1,4:1", &task));
	assert_string_equal(task.options.schedule, "6:1,4:1");
	assert_null(scenario_task_parse("move", &task));
	assert_int_equal(task.options.mode, ENGINE_EXPLORE);
	assert_int_equal(task.options.max_preemptions, task.scenario->max_preemptions);
}

static void schedule__replayed_twice__prints_the_same(void **state)
{
	char *word = word_of("move-table@random:7"), *once = printed(word, ENGINE_DONE);
	char *twice = printed(word, ENGINE_DONE);

	(void)state;
	assert_string_equal(once, twice);
	assert_non_null(strstr(once, "(preempted)"));
	assert_non_null(strstr(once, word));
	free(word);
	free(once);
	free(twice);
}

/* Another process has its memory elsewhere. */
static void schedule__replayed_by_another_process__prints_the_same(void **state)
{
	char *word = word_of("free-reuse@random:7"), *once = printed(word, ENGINE_DONE);
	char command[4096], *twice;
	size_t bytes = strlen(once);
	FILE *other;

	(void)state;
	twice = calloc(1, bytes + 2);
	assert_non_null(twice);
	snprintf(command, sizeof(command), "'%s' %s", program, word);
	other = popen(command, "r");
	assert_non_null(other);
	assert_int_equal(fread(twice, 1, bytes + 1, other), bytes);
	pclose(other);
	assert_string_equal(once, twice);
	free(word);
	free(once);
	free(twice);
}

static uint32_t toy_turns;

static void toy_body(void *context)
{
	struct engine *e = engine_here();

	engine_at(e, ENGINE_WRITE, &toy_turns);
	engine_note(e, "turn");
	engine_at(e, ENGINE_WRITE, &toy_turns);
	if (++toy_turns == 1 && context)
		engine_fail(e, "I1: the second was first");
}

static void toy_begin(struct engine *e, const struct scenario *s)
{
	toy_turns = 0;
	engine_spawn(e, "first", 1, toy_body, NULL);
	engine_spawn(e, "second", 1, toy_body, (void *)(uintptr_t)s);
}

static void toy_finish(struct engine *e, const struct scenario *s, enum engine_end end)
{
	(void)e;
	(void)s;
	(void)end;
}

/* The failing run is found, told and found again by its schedule alone. */
static void failure__replayed_by_its_schedule__fails_alike(void **state)
{
	static const struct scenario toy = {
		"toy", "toy", 1, 1, toy_begin, toy_finish, NULL, NULL
	};
	struct engine_options options = { .max_preemptions = 1 };
	struct engine_outcome out, again;
	char *text = NULL, word[256];
	size_t bytes;
	FILE *file = open_memstream(&text, &bytes);

	(void)state;
	assert_non_null(file);
	assert_int_equal(scenario_explore(&toy, &options, &out), ENGINE_FAILED);
	scenario_print(file, &toy, &out, SCENARIO_PRINT_LINE);
	fclose(file);
	assert_non_null(strstr(text, "FAILED: I1: the second was first"));
	assert_non_null(strstr(text, "toy: failed: I1: the second was first\n"));
	snprintf(word, sizeof(word), "replay: make replay SEED=toy@%s\n", out.schedule);
	assert_non_null(strstr(text, word));
	options.mode = ENGINE_REPLAY;
	options.schedule = out.schedule;
	assert_int_equal(scenario_explore(&toy, &options, &again), ENGINE_FAILED);
	assert_string_equal(out.story, again.story);
	assert_string_equal(out.reason, again.reason);
	engine_outcome_fini(&out);
	engine_outcome_fini(&again);
	free(text);
}

static void schedule__that_does_not_fit__is_refused(void **state)
{
	/* Behind the last choice; at the first one, before any fiber runs. */
	static const char *const words[] = { "move-table@100000:1", "move-table@1:9" };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char *text = printed(words[i], ENGINE_FAILED);

		assert_non_null(strstr(text, "the schedule does not fit"));
		free(text);
	}
}

/* The word that a random run prints gives that run, wherever in a row it was. */
static void random__replayed_by_its_word_and_its_number__is_the_same(void **state)
{
	char *once = printed("move@random:77", ENGINE_DONE), *twice;
	char *word = word_of("move@random:77");
	struct scenario_task task;
	struct engine_outcome out;

	(void)state;
	twice = printed(word, ENGINE_DONE);
	assert_string_equal(once, twice);
	free(twice);

	assert_null(scenario_task_parse("move@random:74", &task));
	task.options.max_schedules = 4;
	assert_int_equal(scenario_explore(task.scenario, &task.options, &out), ENGINE_DONE);
	assert_string_equal(out.schedule, word + strlen("move@"));
	assert_non_null(strstr(once, out.story));
	engine_outcome_fini(&out);
	free(word);
	free(once);
}

static void table__every_name__is_its_own_and_a_word(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const struct scenario *s;

	(void)state;
	for (uint32_t i = 0; (s = scenario_at(i)); i++) {
		assert_ptr_equal(scenario_find(s->name), s);
		assert_int_equal(s->name[strspn(s->name, letters)], 0);
		assert_true(strcmp(s->name, "all") != 0);
		assert_true(s->floor && s->summary && *s->summary);
	}
}

int main(int nr, char **texts)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(word__malformed__is_refused_with_a_sentence),
		cmocka_unit_test(schedule__replayed_twice__prints_the_same),
		cmocka_unit_test(schedule__replayed_by_another_process__prints_the_same),
		cmocka_unit_test(failure__replayed_by_its_schedule__fails_alike),
		cmocka_unit_test(schedule__that_does_not_fit__is_refused),
		cmocka_unit_test(random__replayed_by_its_word_and_its_number__is_the_same),
		cmocka_unit_test(table__every_name__is_its_own_and_a_word),
	};

	program = texts[0];
	if (nr == 2) {
		char *text = printed(texts[1], ENGINE_DONE);

		fputs(text, stdout);
		free(text);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
