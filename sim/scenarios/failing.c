/* SPDX-License-Identifier: MIT */
/*
 * failing.c - see failing.h.
 */
#include "failing.h"

#include <string.h>

#include <mirq/inspect.h>

/* Of one search: the scenario, which has the failure. */
static void begin(struct engine *e, void *context)
{
	const struct scenario *s = context;

	s->failure->nr_calls = s->failure->nr_failed = 0;
	s->failure->is_paused = 0;
	memset(s->failure->nr_failed_of, 0, sizeof(s->failure->nr_failed_of));
	s->begin(e, s);
}

/* The run that is told once more was counted. */
static void finish(struct engine *e, void *context, enum engine_end end)
{
	const struct scenario *s = context;

	s->finish(e, s, end);
	if (!engine_is_telling(e))
		s->failure->nr_injected += s->failure->nr_failed != 0;
}

enum engine_end scenario_run_failing(const struct scenario *s, const struct engine_options *options,
				     struct scenario_failure *f, struct engine_outcome *out)
{
	struct scenario own = *s;
	struct engine_run run = { begin, finish, &own };

	own.failure = f;
	f->nr_injected = 0;
	return engine_explore(options, &run, out);
}

static uint32_t here(void)
{
	uint32_t fiber = engine_current(engine_here());

	return fiber == ENGINE_NOBODY ? ENGINE_MAX_FIBERS : fiber;
}

int scenario_must_fail(struct scenario_failure *f, enum sim_fail kind)
{
	int fails;

	if (!f || f->is_paused || f->kind != kind)
		return 0;
	f->nr_calls++;
	fails = f->how == SCENARIO_FAILS_FOR_GOOD ? f->nr_calls >= f->at : f->nr_calls == f->at;
	f->nr_failed += (uint64_t)fails;
	f->nr_failed_of[here()] += (uint64_t)fails;
	return fails;
}

struct scenario_try scenario_try(const struct scenario_failure *f, const char *call, uint32_t may)
{
	return (struct scenario_try){ .call = call,
				      .may = may,
				      .nr_failed = f ? f->nr_failed : 0,
				      .nr_failed_here = f ? f->nr_failed_of[here()] : 0 };
}

/* Something failed while it went on, or before, and what did is given up. */
static int is_explained(const struct scenario_failure *f, const struct scenario_try *t,
			enum mirq_err err, int is_hurt)
{
	int is_new = f && f->nr_failed > t->nr_failed;

	switch (err) {
	case MIRQ_ENOMEM:
		return t->may & SCENARIO_MAY_LACK && is_new && f->kind == SIM_FAIL_MEMORY;
	case MIRQ_EIO:
		return t->may & SCENARIO_MAY_FAIL && f && f->kind != SIM_FAIL_MEMORY &&
		       (is_new || (f->nr_failed && is_hurt));
	case MIRQ_EBUSY:
	case MIRQ_ENOSPC:
		return t->may & SCENARIO_MAY_WAIT && f && f->nr_failed &&
		       f->kind != SIM_FAIL_MEMORY;
	default:
		return 0;
	}
}

int scenario_try_again(const struct scenario_failure *f, struct scenario_try *t, enum mirq_err err,
		       int is_hurt)
{
	struct engine *e = engine_here();

	t->err = err;
	if (!err && f && f->nr_failed_of[here()] > t->nr_failed_here)
		engine_fail(e, "I5: %s says nothing of what failed in it", t->call);
	if (!err) {
		engine_note(e, "%s returns", t->call);
		return 0;
	}
	if (!is_explained(f, t, err, is_hurt)) {
		engine_fail(e, "I5: %s fails: %s", t->call, mirq_err_text(err));
		return 0;
	}
	engine_note(e, "%s fails: %s", t->call, mirq_err_text(err));
	t->nr_failed = f->nr_failed;
	t->nr_failed_here = f->nr_failed_of[here()];
	return f->how == SCENARIO_FAILS_RETRIED && !t->nr_tries++;
}
