/* SPDX-License-Identifier: MIT */
/*
 * fuzz_seed.c - the word of 'make replay SEED=': a scenario and what to do with it. A word is taken
 * or refused with a sentence; a schedule is refused, does not fit or runs to its end, in bounded
 * time; and what is printed after a run is the word of the same run.
 *
 * Input: a byte, then text. 0: the text is the word. Others: the text is the schedule of one of the
 * cheapest scenarios.
 *
 * Broken and found: an empty schedule reads behind the list (tests/fuzz/crashes/seed).
 */
#include "../../sim/scenarios/task.h"
#include "fuzz.h"

#define MAX_WORD_BYTES 1024
#define NR(a) (sizeof(a) / sizeof((a)[0]))

static const char *const cheapest[] = { "release", "shared-release-first", "move", "move-table" };

/* The sentences of the engine: a run that fits is without fault, whatever its schedule. */
static void check_end(const struct engine_outcome *out)
{
	if (out->end == ENGINE_DONE)
		return;
	FUZZ_CHECK(out->end == ENGINE_FAILED);
	FUZZ_CHECK(!strncmp(out->reason, "not a schedule: ", 16) ||
		   !strncmp(out->reason, "the schedule does not fit: ", 27));
}

static void run(const struct scenario_task *task, struct engine_outcome *out)
{
	(void)scenario_explore(task->scenario, &task->options, out);
	FUZZ_CHECK(out->stats.nr_points <= 2 * SCENARIO_MAX_POINTS);
	FUZZ_CHECK(out->stats.nr_schedules <= 1);
	check_end(out);
}

/* Its schedule as it is printed gives the same run, and is printed the same. */
static void run_again(const struct scenario_task *task, const struct engine_outcome *first)
{
	char *word = scenario_word(task->scenario, first);
	struct engine_outcome out;
	struct scenario_task again;

	FUZZ_CHECK(word && !scenario_task_parse(word, &again));
	FUZZ_CHECK(again.scenario == task->scenario && again.options.mode == ENGINE_REPLAY);
	run(&again, &out);
	FUZZ_CHECK(out.end == ENGINE_DONE);
	FUZZ_CHECK(!strcmp(out.schedule, first->schedule));
	FUZZ_CHECK(!strcmp(out.story, first->story));
	engine_outcome_fini(&out);
	free(word);
}

static void follow(const char *word)
{
	struct engine_outcome out;
	struct scenario_task task;
	const char *wrong = scenario_task_parse(word, &task);

	if (wrong) {
		FUZZ_CHECK(wrong[0]);
		return;
	}
	FUZZ_CHECK(!strncmp(word, task.scenario->name, strlen(task.scenario->name)));
	if (task.options.mode == ENGINE_EXPLORE) /* all schedules: not here */
		return;
	run(&task, &out);
	if (out.end == ENGINE_DONE)
		run_again(&task, &out);
	engine_outcome_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct fuzz_bytes b = { bytes, size_bytes };
	char word[MAX_WORD_BYTES + 64];
	uint32_t how = fuzz_take(&b, 1);
	size_t nr = 0;

	if (how)
		nr = (size_t)snprintf(word, sizeof(word), "%s@", cheapest[how % NR(cheapest)]);
	if (b.left > MAX_WORD_BYTES)
		b.left = MAX_WORD_BYTES;
	if (b.left)
		memcpy(word + nr, b.at, b.left);
	word[nr + b.left] = 0;
	follow(word);
	return 0;
}
