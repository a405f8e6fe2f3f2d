/* SPDX-License-Identifier: MIT */
/*
 * test_scenarios.c - the core's protocols, every schedule with at most two preemptions or late
 * stores: an event against each call that may cross it, on tiny_machine.h, most of them with and
 * without a table remapper. docs/exploring.md tells how to read a story. The oracle, in
 * tiny_machine.c: no event lost, none stray, no call after release or while disabled, no overlap,
 * no more calls than events, invariants at rest, all given back.
 *
 * The core was broken in each of these ways, one at a time, and these scenarios failed:
 *
 *   section_enter() without its fence               free, id to another
 *   mirqi_quiesce() waits for nobody                release; free, id to another; move, release
 *   it waits for the CPU of the route only          move, release
 *   mirqi_quiesce_one() waits for nobody            disable; shared, release; move x disable
 *   ids retire though pending                       move; move x move; resend x move; free, id to
 *                                                   another
 *   ids retire though a replay waits                replay x replay, move
 *   entries are not flushed                         move, table; move x move, table
 *   a slot is not read after it was told another    move; move x move
 *   a slot is not read before its id is let go      free, id to another
 *   the message is changed while unmasked           move
 *   the new cell is not set                         all that move
 *   no kick after a move                            all that move
 *   request does not set cells                      all
 *   release forgets the CPU that was left           move, release
 *   release empties the cell: no tomb               release; free, id to another
 *   mirqi_resend() without the leaf lock            replay x move
 *   mirq_service() takes its kick off last          replay x move
 *   DONE forgets a kept event                       move
 *   DONE forgets it when blocked                    move x later, done
 *   a move does not wait for the last one           move, move, release
 *   ENABLE does not raise a kept event              disable
 *   done() does not raise a kept event              later, done
 *   done() before the handler's LATER is lost       later, done
 *
 * Not found, because x86 or the order of calls hides it: the fence of mirqi_quiesce(), behind a
 * read-modify-write; the flush after entries are cleared, behind a slot that is silent already. Nor
 * is an action that is published before it is whole: plain stores are no points. Not covered: level
 * triggers, storms, CPUs that leave, hardware that fails, stores of one message or shared
 * registers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tiny_machine.h"

#define MAX_PREEMPTIONS 2

struct scenario {
	const char *name;
	void (*prepare)(struct tiny *w); /* before fibers run, at rest */
	struct tiny_init init;
	uint64_t floor[2]; /* schedules, without and with the table; 0: not run so */
	struct tiny *w;    /* of this run */
};

/* Begin states: user 0 has slot 0 on CPU 1. */
static void prepare_allocated(struct tiny *w)
{
	tiny_alloc(w, 0, 1);
}

static void prepare_requested(struct tiny *w)
{
	prepare_allocated(w);
	tiny_request(w, 0, 0, 0);
}

/* The move takes another id, so that a message of old and new words is nobody's. */
static void prepare_move(struct tiny *w)
{
	tiny_alloc(w, 1, 0);
	prepare_requested(w);
}

static void prepare_shared(struct tiny *w)
{
	prepare_allocated(w);
	tiny_request(w, 0, 0, MIRQ_REQUEST_SHARED);
	tiny_request(w, 1, 0, MIRQ_REQUEST_SHARED);
}

/* User 1 will join: what is raised before it does may reach it. */
static void prepare_joined(struct tiny *w)
{
	prepare_allocated(w);
	tiny_request(w, 0, 0, MIRQ_REQUEST_SHARED);
	w->users[1].w = w;
}

static void prepare_later(struct tiny *w)
{
	prepare_requested(w);
	w->users[0].nr_later = 1;
}

static void job_move(struct tiny *w)
{
	tiny_move(w, 0);
}

static void job_move_back(struct tiny *w)
{
	tiny_move(w, 1);
}

static void job_pause(struct tiny *w)
{
	tiny_pause(w, 0);
}

static void job_release(struct tiny *w)
{
	tiny_release(w, 0);
}

static void job_release_joined(struct tiny *w)
{
	tiny_release(w, 1);
}

/* The only id of CPU 1 goes to another interrupt. */
static void job_replace(struct tiny *w)
{
	tiny_free(w, 0);
	tiny_alloc(w, 1, 1);
	tiny_request(w, 1, 1, 0);
}

static void job_request(struct tiny *w)
{
	tiny_request(w, 0, 0, 0);
}

static void job_resend(struct tiny *w)
{
	tiny_resend(w, 0);
}

static void job_resend_move(struct tiny *w)
{
	tiny_resend(w, 0);
	tiny_resend(w, 0);
	tiny_move(w, 0);
}

static void job_move_release(struct tiny *w)
{
	tiny_move(w, 0);
	tiny_release(w, 0);
}

static void job_join(struct tiny *w)
{
	tiny_request(w, 1, 0, MIRQ_REQUEST_SHARED);
}

static void job_done(struct tiny *w)
{
	struct mirq_irqs irq = { w->store, { 0, 1 } };

	while (!w->nr_later)
		engine_yield(w->e);
	mirq_irq_done(irq);
}

/* The handler has answered before its work is done. */
static void job_move_done(struct tiny *w)
{
	tiny_move(w, 0);
	while (!w->nr_later || w->is_running[0])
		engine_yield(w->e);
	job_done(w);
}

static void job_move_move_release(struct tiny *w)
{
	tiny_move(w, 0);
	tiny_move(w, 1);
	tiny_release(w, 0);
}

static struct scenario scenarios[] = {
	{ "fire x move",
	  prepare_move,
	  { 0, 2, { job_move, NULL }, { 2, 0 } },
	  { 67000, 45000 },
	  NULL },
	{ "fire x move, from the CPU that is left",
	  prepare_move,
	  { 0, 2, { NULL, job_move }, { 1, 0 } },
	  { 40000, 18000 },
	  NULL },
	{ "fire x disable, enable",
	  prepare_requested,
	  { 0, 1, { job_pause, NULL }, { 2, 0 } },
	  { 6600, 8400 },
	  NULL },
	{ "fire x release",
	  prepare_requested,
	  { 0, 1, { job_release, NULL }, { 1, 0 } },
	  { 4400, 5600 },
	  NULL },
	{ "fire x free, id to another",
	  prepare_requested,
	  { 0, 1, { job_replace, NULL }, { 1, 0 } },
	  { 56000, 61000 },
	  NULL },
	{ "move x move",
	  prepare_requested,
	  { 0, 2, { job_move, job_move_back }, { 1, 0 } },
	  { 190000, 100000 },
	  NULL },
	{ "fire x request",
	  prepare_allocated,
	  { 0, 1, { job_request, NULL }, { 2, 0 } },
	  { 5900, 6800 },
	  NULL },
	{ "shared: fire x release of the first",
	  prepare_shared,
	  { 0, 1, { job_release, NULL }, { 2, 0 } },
	  { 5800, 0 },
	  NULL },
	{ "shared: fire x release of the joined",
	  prepare_shared,
	  { 0, 1, { job_release_joined, NULL }, { 2, 0 } },
	  { 5500, 0 },
	  NULL },
	{ "resend x move",
	  prepare_requested,
	  { 0, 2, { job_move, job_resend }, { 0, 0 } },
	  { 47000, 27000 },
	  NULL },
	{ "replay x move",
	  prepare_requested,
	  { TINY_NO_RESEND, 2, { job_move, job_resend }, { 0, 0 } },
	  { 58000, 36000 },
	  NULL },
	{ "fire x later, done",
	  prepare_later,
	  { 0, 1, { job_done, NULL }, { 2, 0 } },
	  { 5900, 8800 },
	  NULL },
	{ "replay: fire x later, done",
	  prepare_later,
	  { TINY_NO_RESEND, 1, { job_done, NULL }, { 2, 0 } },
	  { 6300, 0 },
	  NULL },
	{ "replay x replay, move",
	  prepare_requested,
	  { TINY_NO_RESEND, 2, { job_resend_move, NULL }, { 0, 0 } },
	  { 44000, 30000 },
	  NULL },
	{ "fire x move, release",
	  prepare_requested,
	  { 0, 2, { job_move_release, NULL }, { 1, 0 } },
	  { 120000, 86000 },
	  NULL },
	{ "fire x move, move, release",
	  prepare_requested,
	  { 0, 2, { job_move_move_release, NULL }, { 1, 0 } },
	  { 0, 170000 },
	  NULL },
	{ "fire x move x disable, enable",
	  prepare_requested,
	  { 0, 2, { job_move, job_pause }, { 1, 0 } },
	  { 100000, 72000 },
	  NULL },
	{ "fire x move x later, done",
	  prepare_later,
	  { 0, 2, { job_move_done, NULL }, { 2, 0 } },
	  { 100000, 84000 },
	  NULL },
	{ "shared: fire x join",
	  prepare_joined,
	  { 0, 1, { job_join, NULL }, { 2, 0 } },
	  { 4300, 0 },
	  NULL },
};

static void begin(struct engine *e, void *context)
{
	struct scenario *s = context;

	s->w = tiny_begin(e, &s->init);
	s->prepare(s->w);
}

static void finish(struct engine *e, void *context, enum engine_end end)
{
	struct scenario *s = context;

	(void)e;
	if (end == ENGINE_DONE)
		tiny_finish(s->w);
}

static void explore(const struct scenario *scenario, uint32_t table)
{
	struct scenario s = *scenario;
	struct engine_run run = { begin, finish, &s };
	struct engine_options options = { .max_preemptions = MAX_PREEMPTIONS, .max_points = 5000 };
	struct engine_outcome out;

	s.init.options |= table ? TINY_TABLE : 0;
	engine_explore(&options, &run, &out);
	print_message("%s%s: %llu schedules, %llu points, depth %u\n", s.name,
		      table ? ", table" : "", (unsigned long long)out.stats.nr_schedules,
		      (unsigned long long)out.stats.nr_points, out.stats.max_depth);
	if (out.end != ENGINE_DONE)
		print_message("%s\n%s\n%s\n", out.reason, out.schedule, out.story);
	assert_int_equal(out.end, ENGINE_DONE);
	assert_true(out.stats.is_complete);
	assert_true(out.stats.nr_schedules >= s.floor[table]);
	engine_outcome_fini(&out);
}

static void explore_both(void **state)
{
	const struct scenario *s = *state;

	for (uint32_t table = 0; table < 2; table++)
		if (s->floor[table])
			explore(s, table);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(scenarios) / sizeof(*scenarios)] = { 0 };

	for (uint32_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		tests[i].name = scenarios[i].name;
		tests[i].test_func = explore_both;
		tests[i].initial_state = &scenarios[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
