/* SPDX-License-Identifier: MIT */
/*
 * test_scenario_failures.c - each scenario that has a name, with call of the host, or access to
 * hardware, number 1, 2, 3, ... failing (sim/scenarios/failing.h), until there is none with that
 * number: once, once and the call of mirq is made again, and from then on. Each in the schedule
 * without a choice and in some random ones, always the same. Prints 'failures injected: N': runs in
 * which one was.
 *
 * The library was broken in each of these ways, one at a time, and this failed:
 *
 *   alloc that fails: entries, ids, memory stay          all scenarios (entries: with a table)
 *   request that fails: late ids stay; they retire       leave-request-free
 *     though in quarantine; they are dropped at once
 *   its ways stay programmed; its actions stay           move-table; move
 *   the read before slots are opened is passed over      move; vtd-forge-move
 *   release: no quarantine, or only for entries          move-table; msix-replace
 *   the flush of cleared entries is passed over          move-table
 *   a move: an error of the table's flush is passed      move-table
 *     over; of the device's read; the old way retires    move; move-table
 *     though it failed; it is not made again             move
 *   free gives back entries, ids in quarantine           move-table; move-words
 *   a CPU that could not leave stays half gone           leave
 *   pending bits that nobody answered are believed       msix-disable; pci-msi-disable
 *   so is the upper half of a BAR                        msix-disable
 *   that a slot may send is forgotten when its           move-words
 *     request fails (found so)
 *
 * Not found, because each scenario's calls have one interrupt and one store each: handlers and
 * reservations of others that stay when a call fails half-way (test_failures.c). Nor a store that
 * counts as on though it could not be: it is switched off at once.
 *
 *   test_sim_scenario_failures NAME KIND NUMBER HOW [SCHEDULE]    one run, with its story: as a
 *                                                                 failure prints it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sim/scenarios/failing.h"
#include "../../sim/scenarios/task.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))
#define NR_RANDOM 16
#define NUMBER_LIMIT 1000
#define MAX_POINTS 50000
#define FAILURES_FLOOR 155000

static uint64_t nr_injected, nr_wrong;

static const struct {
	const char *name;
	enum sim_fail kind;
} kinds[] = {
	{ "memory", SIM_FAIL_MEMORY },
	{ "config", SIM_FAIL_CONFIG },
	{ "register", SIM_FAIL_REGISTER },
	{ "queue", SIM_FAIL_QUEUE },
};

static const char *const hows[] = {
	[SCENARIO_FAILS_ONCE] = "once",
	[SCENARIO_FAILS_RETRIED] = "retried",
	[SCENARIO_FAILS_FOR_GOOD] = "for-good",
};

static const struct engine_options searches[] = {
	{ .mode = ENGINE_EXPLORE, .max_schedules = 1, .max_points = MAX_POINTS },
	{ .mode = ENGINE_RANDOM,
	  .max_preemptions = UINT32_MAX,
	  .max_schedules = NR_RANDOM,
	  .seed = 1,
	  .max_points = MAX_POINTS },
};

static void tell(const struct scenario *s, uint32_t kind, const struct scenario_failure *f,
		 const struct engine_outcome *out)
{
	if (nr_wrong++ >= 200)
		return;
	printf("%s: %s %llu fails, %s: %s: %s\nreplay: test_sim_scenario_failures %s %s %llu %s "
	       "'%s'\n",
	       s->name, kinds[kind].name, (unsigned long long)f->at, hows[f->how],
	       engine_end_text(out->end), out->reason, s->name, kinds[kind].name,
	       (unsigned long long)f->at, hows[f->how], out->schedule);
}

/* 1: there is a call of that number. */
static int turn(const struct scenario *s, uint32_t kind, enum scenario_how how, uint64_t at)
{
	uint64_t nr = 0;

	for (uint32_t i = 0; i < NR(searches); i++) {
		struct scenario_failure f = { .kind = kinds[kind].kind, .how = how, .at = at };
		struct engine_outcome out;

		if (scenario_run_failing(s, &searches[i], &f, &out) != ENGINE_DONE)
			tell(s, kind, &f, &out);
		engine_outcome_fini(&out);
		nr += f.nr_injected;
	}
	nr_injected += nr;
	return nr != 0;
}

static void fail_each(void **state)
{
	const struct scenario *s = *state;
	uint64_t before = nr_wrong;

	for (uint32_t kind = 0; kind < NR(kinds); kind++)
		for (uint32_t how = 0; how < NR(hows); how++)
			for (uint64_t at = 1; turn(s, kind, (enum scenario_how)how, at); at++)
				assert_true(at < NUMBER_LIMIT && nr_wrong < 1000);
	assert_true(nr_wrong == before);
}

static void failures__counted__enough_of_them(void **state)
{
	(void)state;
	printf("failures injected: %llu\n", (unsigned long long)nr_injected);
	assert_true(nr_injected >= FAILURES_FLOOR);
}

static int place(const char *word, const char *const words[], uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (!strcmp(word, words[i]))
			return (int)i;
	return -1;
}

static int replay(int nr, char **words)
{
	const char *names[NR(kinds)];
	struct engine_options options = { .mode = ENGINE_REPLAY,
					  .max_points = MAX_POINTS,
					  .max_preemptions = UINT32_MAX,
					  .schedule = nr > 5 ? words[5] : "" };
	const struct scenario *s = scenario_find(words[1]);
	struct scenario_failure f = { .at = strtoull(words[3], NULL, 10) };
	struct engine_outcome out;
	int kind, how;

	for (uint32_t i = 0; i < NR(kinds); i++)
		names[i] = kinds[i].name;
	kind = place(words[2], names, NR(kinds));
	how = place(words[4], hows, NR(hows));
	if (!s || kind < 0 || how < 0)
		return 2;
	f.kind = kinds[kind].kind;
	f.how = (enum scenario_how)how;
	scenario_run_failing(s, &options, &f, &out);
	scenario_print(stdout, s, &out, SCENARIO_PRINT_STORY);
	printf("%llu of %llu\n", (unsigned long long)f.nr_failed, (unsigned long long)f.nr_calls);
	return out.end != ENGINE_DONE;
}

int main(int nr_words, char **words)
{
	struct CMUnitTest *tests;
	uint32_t nr = 0;
	int nr_failed;

	if (nr_words > 4)
		return replay(nr_words, words);
	while (scenario_at(nr))
		nr++;
	tests = calloc(nr + 1, sizeof(*tests));
	if (!tests)
		return 1;
	for (uint32_t i = 0; i < nr; i++) {
		tests[i].name = scenario_at(i)->name;
		tests[i].test_func = fail_each;
		tests[i].initial_state = (void *)(uintptr_t)scenario_at(i);
	}
	tests[nr].name = "failures__counted__enough_of_them";
	tests[nr].test_func = failures__counted__enough_of_them;
	nr_failed = _cmocka_run_group_tests("scenario_failures", tests, nr + 1, NULL, NULL);
	free(tests);
	return nr_failed;
}
