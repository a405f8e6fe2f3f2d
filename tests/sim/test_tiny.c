/* SPDX-License-Identifier: MIT */
/*
 * test_tiny.c - the tiny machine's oracle says what it should: hardware that is broken in one way,
 * or somebody who calls handlers behind mirq's back, and the sentence that the search ends with;
 * the story that goes with it; and that the reduction loses no final state of a scenario.
 *
 * Each of the checks that these sentences are of was taken out once, and its test failed. No test
 * breaks: quarantine at rest, mirq_check(), a refused move that moves, panics.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sim/scenarios/task.h"
#include "../../sim/scenarios/tiny_jobs.h"

static void explore(const struct tiny_init *init, struct engine_outcome *out)
{
	struct scenario s = { "broken", "broken", 2, 1, tiny_scenario_begin, tiny_scenario_finish,
			      init,     NULL };
	struct engine_options options = { .max_preemptions = 2, .max_points = SCENARIO_MAX_POINTS };

	scenario_explore(&s, &options, out);
}

/* The search ends with a sentence that begins with @sentence. */
static void must_fail(const struct tiny_init *init, const char *sentence)
{
	struct engine_outcome out;

	explore(init, &out);
	if (out.end != ENGINE_FAILED || strncmp(out.reason, sentence, strlen(sentence)) != 0)
		print_message("%s\n", out.reason);
	assert_int_equal(out.end, ENGINE_FAILED);
	assert_int_equal(strncmp(out.reason, sentence, strlen(sentence)), 0);
	engine_outcome_fini(&out);
}

static const struct tiny_init move = {
	.prepare = tiny_prepare_move,
	.nr_ids = 2,
	.jobs = { tiny_job_move, NULL },
	.nr_raised = { 2, 0 },
};

static void machine__as_it_should_be__nothing_is_said(void **state)
{
	struct engine_outcome out;

	(void)state;
	explore(&move, &out);
	assert_int_equal(out.end, ENGINE_DONE);
	assert_true(out.stats.is_complete);
	engine_outcome_fini(&out);
}

static void fault__slots_forget_what_they_kept__event_is_lost(void **state)
{
	struct tiny_init init = move;

	(void)state;
	init.options = TINY_FAULT_UNMASK;
	must_fail(&init, "I1: slot 0 was raised and no call of handler 0 has followed");
}

static void fault__mask_has_no_effect__message_is_torn(void **state)
{
	struct tiny_init init = move;

	(void)state;
	init.options = TINY_FAULT_MASK;
	must_fail(&init, "I4: slot 0 sends 0x10000000, 32; it was told 0x10000000, 33");
}

static void fault__pending_is_denied__event_is_lost(void **state)
{
	struct tiny_init init = move;

	(void)state;
	init.options = TINY_FAULT_PENDING;
	must_fail(&init, "I1: slot 0 was raised and no call of handler 0 has followed");
}

static void fault__pending_is_denied_and_freed__event_is_stray(void **state)
{
	static const struct tiny_init init = {
		.prepare = tiny_prepare_requested,
		.options = TINY_FAULT_PENDING,
		.nr_ids = 1,
		.jobs = { tiny_job_replace, NULL },
		.nr_raised = { 1, 0 },
	};

	(void)state;
	must_fail(&init, "I2: cpu1: 1 events are stray, 0 late");
}

static void fault__cache_is_not_flushed__event_is_lost(void **state)
{
	struct tiny_init init = move;

	(void)state;
	init.options = TINY_TABLE | TINY_FAULT_FLUSH;
	must_fail(&init, "I1: slot 0 was raised and no call of handler 0 has followed");
}

static void fault__kicks_are_lost__id_does_not_retire(void **state)
{
	struct tiny_init init = move;

	(void)state;
	init.options = TINY_FAULT_KICK;
	must_fail(&init, "I5: 3 ids are taken by 2 interrupts");
}

static void job_crash(struct tiny *w)
{
	(void)w;
	raise(SIGSEGV);
}

static void fault__pointer_leads_nowhere__is_told_and_the_next_run_goes_on(void **state)
{
	static const struct tiny_init init = {
		.prepare = tiny_prepare_requested,
		.nr_ids = 1,
		.jobs = { job_crash, NULL },
	};

	(void)state;
	must_fail(&init, "I2: a pointer leads nowhere");
	must_fail(&init, "I2: a pointer leads nowhere");
}

/* ---- Callers that are none ---- */

static void job_call(struct tiny *w)
{
	tiny_call_handler(w, 0);
}

static void job_release_call(struct tiny *w)
{
	tiny_release(w, 0);
	tiny_call_handler(w, 0);
}

static void caller__without_an_event__is_told(void **state)
{
	static const struct tiny_init init = {
		.prepare = tiny_prepare_requested,
		.nr_ids = 1,
		.jobs = { job_call, NULL },
		.nr_raised = { 2, 0 },
	};

	(void)state;
	must_fail(&init, "I2: handler 0 is called for the 1. time, but only 0 events");
}

static void prepare_events(struct tiny *w)
{
	tiny_prepare_requested(w);
	w->slots[0].nr_events = 100;
}

static void caller__while_the_handler_runs__is_an_overlap(void **state)
{
	static const struct tiny_init init = {
		.prepare = prepare_events,
		.nr_ids = 1,
		.jobs = { job_call, NULL },
		.nr_raised = { 1, 0 },
	};

	(void)state;
	must_fail(&init, "I3: handler 0 begins while a handler of slot 0 runs");
}

static void caller__while_disabled__is_told(void **state)
{
	static const struct tiny_init init = {
		.prepare = prepare_events,
		.nr_ids = 1,
		.jobs = { tiny_job_pause, job_call },
		.nr_raised = { 0 },
	};

	(void)state;
	must_fail(&init, "I1: handler 0 is called while slot 0 is disabled");
}

static void caller__after_release__is_told(void **state)
{
	static const struct tiny_init init = {
		.prepare = prepare_events,
		.nr_ids = 1,
		.jobs = { job_release_call, NULL },
		.nr_raised = { 0 },
	};

	(void)state;
	must_fail(&init, "I2: handler 0 is called after its release has returned");
}

static void job_forget_entry(struct tiny *w)
{
	engine_at(w->e, ENGINE_WRITE, &w->wire);
	w->entries[0].cache.is_present = 0;
}

static void fault__entry_vanishes__refusal_is_told(void **state)
{
	static const struct tiny_init init = {
		.prepare = tiny_prepare_requested,
		.options = TINY_TABLE,
		.nr_ids = 1,
		.jobs = { job_forget_entry, NULL },
		.nr_raised = { 1, 0 },
	};

	(void)state;
	must_fail(&init, "I1: a message of slot 0 is refused by the table");
}

/* ---- Callers of mirq that break its rules ---- */

static void job_alloc_with_interrupts_off(struct tiny *w)
{
	uintptr_t saved = mirq_host_irq_save(&w->host);

	tiny_alloc(w, 1, 0);
	mirq_host_irq_restore(&w->host, saved);
}

static void call__that_may_sleep_with_interrupts_off__is_told(void **state)
{
	static const struct tiny_init init = {
		.prepare = tiny_prepare_requested,
		.nr_ids = 1,
		.jobs = { job_alloc_with_interrupts_off, NULL },
	};

	(void)state;
	must_fail(&init, "I7: mirq asks for memory while interrupts are off");
}

static void call__refused_where_it_should_not_be__is_told(void **state)
{
	static const struct tiny_init init = {
		.prepare = tiny_prepare_full,
		.nr_ids = 1,
		.jobs = { tiny_job_move, NULL },
	};

	(void)state;
	must_fail(&init, "I5: move fails: ");
}

static void call__done_where_it_should_be_refused__is_told(void **state)
{
	static const struct tiny_init init = {
		.prepare = tiny_prepare_requested,
		.nr_ids = 1,
		.jobs = { tiny_job_move_refused, NULL },
	};

	(void)state;
	must_fail(&init, "I5: a move to a CPU without ids gives ");
}

/* ---- Stories ---- */

/* @lines occur in this order, each in a line of its own. */
static void must_tell(const char *story, const char *const *lines)
{
	for (; *lines; lines++) {
		const char *found = strstr(story, *lines);

		if (!found)
			print_message("not told: %s\n", *lines);
		assert_non_null(found);
		story = found + strcspn(found, "\n");
	}
}

/* A torn message, step by step. */
static void story__of_a_torn_message__tells_each_step(void **state)
{
	static const char *const lines[] = {
		"cpu0                             cpu1                             device",
		"moves slot 0 to cpu0",
		"slot 0 masked",
		"slot 0: address := 0x10000000",
		"(preempted)",
		"slot 0 raised",
		"slot 0 sends 0x10000000, 32",
		"FAILED: I4: slot 0 sends",
		NULL,
	};
	struct tiny_init init = move;
	struct engine_outcome out;

	(void)state;
	init.options = TINY_FAULT_MASK;
	explore(&init, &out);
	assert_int_equal(out.end, ENGINE_FAILED);
	must_tell(out.story, lines);
	engine_outcome_fini(&out);
}

/* What a good run tells: each call, each word, each event, each handler. */
static void story__of_a_good_run__tells_each_step(void **state)
{
	static const char *const lines[] = {
		"allocates slot 0 for cpu1",
		"alloc returns",
		"requests slot 0 for handler 0",
		"entry 0 := cpu1, id 32",
		"slot 0: data := 0",
		"slot 0 unmasked",
		"request returns",
		"releases handler 0",
		"slot 0 masked",
		"entry 0 := not present",
		"entry 0 flushed",
		"release returns",
		"slot 0 raised",
		"slot 0 keeps it: masked",
		NULL,
	};
	struct engine_options options = { .mode = ENGINE_REPLAY, .schedule = "-" };
	struct engine_outcome out;

	(void)state;
	assert_int_equal(scenario_explore(scenario_find("release-table"), &options, &out),
			 ENGINE_DONE);
	must_tell(out.story, lines);
	engine_outcome_fini(&out);
}

/* ---- The reduction ---- */

static uint64_t nr_states(const char *name, int no_reduction, uint64_t *out_schedules)
{
	struct engine_options options = { .max_preemptions = 1,
					  .max_points = SCENARIO_MAX_POINTS,
					  .no_reduction = no_reduction };
	struct engine_outcome out;

	assert_int_equal(scenario_explore(scenario_find(name), &options, &out), ENGINE_DONE);
	assert_true(out.stats.is_complete);
	*out_schedules = out.stats.nr_schedules;
	return out.stats.nr_states;
}

static void reduction__small_scenarios__reach_the_same_states(void **state)
{
	static const char *const names[] = { "release-table", "shared-release-first",
					     "plain-again-root", "move-release" };
	uint64_t nr, nr_reduced;

	(void)state;
	for (uint32_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(nr_states(names[i], 0, &nr_reduced), nr_states(names[i], 1, &nr));
		assert_true(nr_states(names[i], 0, &nr_reduced) > 1);
		assert_true(nr_reduced < nr);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine__as_it_should_be__nothing_is_said),
		cmocka_unit_test(fault__slots_forget_what_they_kept__event_is_lost),
		cmocka_unit_test(fault__mask_has_no_effect__message_is_torn),
		cmocka_unit_test(fault__pending_is_denied__event_is_lost),
		cmocka_unit_test(fault__pending_is_denied_and_freed__event_is_stray),
		cmocka_unit_test(fault__cache_is_not_flushed__event_is_lost),
		cmocka_unit_test(fault__kicks_are_lost__id_does_not_retire),
		cmocka_unit_test(fault__pointer_leads_nowhere__is_told_and_the_next_run_goes_on),
		cmocka_unit_test(fault__entry_vanishes__refusal_is_told),
		cmocka_unit_test(caller__without_an_event__is_told),
		cmocka_unit_test(caller__while_the_handler_runs__is_an_overlap),
		cmocka_unit_test(caller__while_disabled__is_told),
		cmocka_unit_test(caller__after_release__is_told),
		cmocka_unit_test(call__that_may_sleep_with_interrupts_off__is_told),
		cmocka_unit_test(call__refused_where_it_should_not_be__is_told),
		cmocka_unit_test(call__done_where_it_should_be_refused__is_told),
		cmocka_unit_test(story__of_a_torn_message__tells_each_step),
		cmocka_unit_test(story__of_a_good_run__tells_each_step),
		cmocka_unit_test(reduction__small_scenarios__reach_the_same_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
