/* SPDX-License-Identifier: MIT */
/*
 * test_scenarios.c - every scenario that has a name (sim/scenarios/scenario.h), explored at its
 * bound: it ends, completely, with at least as many schedules as its floor, and no oracle says a
 * word; then some random schedules of it, which have no bound. A line for each, and one for all:
 * 'explored: N scenarios, M schedules, S states'. docs/exploring.md tells how to read a story.
 *
 * The core was broken in each of these ways, one at a time, and these scenarios failed
 * (of most also the variant with a table):
 *
 *   section_enter() without its fence               free-reuse
 *   mirqi_quiesce() waits for nobody                release; free-reuse; move-release
 *   it waits for the CPU of the route only          move-release
 *   mirqi_quiesce_one() waits for nobody            disable; shared-release-first; move-disable
 *   ids retire though pending                       move; move-move; resend-move; free-reuse
 *   ids retire though a replay waits                replay-replay-move
 *   entries are not flushed                         move-table; move-move-table
 *   a slot is not read after it was told another    move; move-move
 *   a slot is not read before its id is let go      free-reuse
 *   the message is changed while unmasked           move
 *   the new cell is not set                         all that move
 *   word by word: the address first                 move-words; move-disable-words
 *   word by word: no message in between, no read    all of words
 *     after it, no cell for it, its id retired
 *     early or never
 *   word by word: its id not taken on the old CPU   move-move-words
 *   no kick after a move                            all that move
 *   request does not set cells                      all
 *   release forgets the CPU that was left           move-release
 *   release empties the cell: no tomb               release; free-reuse
 *   mirqi_resend() without the leaf lock            replay-move
 *   mirq_service() takes its kick off last          replay-move
 *   DONE forgets a kept event                       move
 *   DONE forgets it when blocked                    move-later
 *   a move does not wait for the last one           move-move-release-table
 *   ENABLE does not raise a kept event              disable
 *   done() does not raise a kept event              later
 *   done() before the handler's LATER is lost       later
 *   mirqi_quiesce() without its fence               c11-free-reuse (x86 hides it behind a
 *                                                   read-modify-write)
 *   mirqi_quiesce_one() without its fence           c11-shared-release-first
 *   section_enter()'s fence acq_rel                 c11-shared-release-first
 *   is_kicked changed relaxed                       c11-replay-replay-move
 *   section_enter() stores relaxed                  c11-shared-release-joined, at random
 *   an id that is pending behind a mask waits       plain-release-root
 *   the state word changed relaxed                  c11-move
 *   a lock taken or given back relaxed              c11-resend-move; c11-move-move-table
 *   an action joins, or is found, relaxed           c11-shared-join
 *   ids of a CPU that leaves are still given        leave-request-free; leave-move-there
 *   a CPU leaves without the devices' mutexes       leave-request; leave-free; leave-move-table
 *   nothing moves away from it                      leave
 *   finish does nothing but switch off              leave-deaf
 *   finish does not pass on what is pending         leave-deaf
 *   finish forgets replays                          leave-deaf-replay
 *   finish outside of a section                     leave-deaf-free
 *   finish passes on what was freed                 leave-deaf-freed
 *   an id that is pending retires at finish         leave-deaf
 *   masks are not restored                          leave
 *
 * Of the stores of a device's own, and of their parts in the core: tests/mutants.
 *
 * Not found, because the order of calls hides it: the flush after entries are cleared, behind a
 * slot that is silent already. Nor is a CPU that leaves without waiting for an earlier move to
 * drain: tests/unit/test_hotplug.c. Not covered: level triggers, storms, hardware that fails,
 * stores of one message or shared registers.
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

#define NR_RANDOM 500
#define C11 "c11-" /* how the names of scenarios on C11's memory begin */

static struct scenario_total total;
static uint32_t max_preemptions = UINT32_MAX;

/* Always the same ones. */
static void run_random(const struct scenario *s, struct scenario_task task)
{
	struct engine_outcome out;

	task.options.mode = ENGINE_RANDOM;
	task.options.max_preemptions = UINT32_MAX;
	task.options.max_schedules = NR_RANDOM;
	task.options.seed = 1;
	scenario_explore(s, &task.options, &out);
	if (out.end != ENGINE_DONE)
		scenario_print(stdout, s, &out, SCENARIO_PRINT_LINE);
	assert_int_equal(out.end, ENGINE_DONE);
	engine_outcome_fini(&out);
}

static void explore(void **state)
{
	const struct scenario *s = *state;
	struct scenario_task task;
	struct engine_outcome out;

	assert_null(scenario_task_parse(s->name, &task));
	if (task.options.max_preemptions > max_preemptions)
		task.options.max_preemptions = max_preemptions;
	scenario_explore(s, &task.options, &out);
	scenario_print(stdout, s, &out, SCENARIO_PRINT_LINE);
	scenario_total_add(&total, &out);
	assert_int_equal(out.end, ENGINE_DONE);
	assert_true(out.stats.is_complete);
	assert_true(out.stats.nr_schedules >= s->floor ||
		    task.options.max_preemptions < s->max_preemptions);
	engine_outcome_fini(&out);
	run_random(s, task);
}

static int tell_total(void **state)
{
	(void)state;
	scenario_total_print(stdout, "explored", &total);
	return 0;
}

/* usage: test_sim_scenarios [c11|others]: those on C11's memory, the others, or both. With
 * MIRQ_SCENARIO_BOUND=N in the environment no bound is above N, and floors above are not looked at:
 * for builds in which everything is slow. */
int main(int argc, char **argv)
{
	const char *which = argc > 1 ? argv[1] : "", *bound = getenv("MIRQ_SCENARIO_BOUND");
	struct CMUnitTest *tests;
	uint32_t nr_all = 0, nr = 0;
	int nr_failed;

	if (bound)
		max_preemptions = (uint32_t)strtoul(bound, NULL, 10);
	while (scenario_at(nr_all))
		nr_all++;
	tests = calloc(nr_all, sizeof(*tests));
	if (!tests)
		return 1;
	for (uint32_t i = 0; i < nr_all; i++) {
		int is_c11 = !strncmp(scenario_at(i)->name, C11, strlen(C11));

		if (*which && is_c11 != !strcmp(which, "c11"))
			continue;
		tests[nr].name = scenario_at(i)->name;
		tests[nr].test_func = explore;
		tests[nr++].initial_state = (void *)(uintptr_t)scenario_at(i);
	}
	nr_failed = _cmocka_run_group_tests("scenarios", tests, nr, NULL, tell_total);
	free(tests);
	return nr_failed;
}
