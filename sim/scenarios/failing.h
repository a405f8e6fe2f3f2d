/* SPDX-License-Identifier: MIT */
/*
 * failing.h - a scenario in which calls of the host, or accesses to hardware, fail: the one with
 * number 1, 2, 3, ..., once or from then on. Jobs go on with what they have: what was not allocated
 * is not requested, who was not requested is not released. The oracle holds all the same: a call
 * that failed has changed nothing, an interrupt that is requested loses no event, what hardware may
 * still use is in quarantine, and everything else is given back. docs/testing.md tells more.
 *
 * What fails (port.h: enum sim_fail), in the tiny world and in the whole one:
 *   SIM_FAIL_MEMORY    the host's memory; there is no entry    alloc, dma_alloc, map
 *   SIM_FAIL_CONFIG    -                                       configuration space
 *   SIM_FAIL_REGISTER  a device does not confirm               registers of devices and units
 *   SIM_FAIL_QUEUE     the table does not confirm              a unit never hears of descriptors,
 *                                                              a device never of a command
 * Counted from where a scenario prepares its interrupts: the system and its devices are there.
 */
#ifndef SIM_FAILING_H
#define SIM_FAILING_H

#include <mirq/types.h>

#include "../port.h"
#include "scenario.h"

enum scenario_how {
	SCENARIO_FAILS_ONCE,    /* and nobody tries again */
	SCENARIO_FAILS_RETRIED, /* once; the call of mirq is made again, and has to succeed */
	SCENARIO_FAILS_FOR_GOOD
};

struct scenario_failure {
	enum sim_fail kind;
	enum scenario_how how;
	uint64_t at; /* 1 is the first */
	/* Of one run: */
	uint64_t nr_calls, nr_failed;
	uint64_t nr_failed_of[ENGINE_MAX_FIBERS + 1]; /* by fiber; outside of them: the last */
	uint32_t is_paused;
	/* Of all: */
	uint64_t nr_injected; /* runs in which something failed */
};

/* scenario_explore() with this failure in each run. @f->nr_injected 0: in none, @f->at is beyond
 * the last call. */
enum engine_end scenario_run_failing(const struct scenario *s, const struct engine_options *options,
				     struct scenario_failure *f, struct engine_outcome *out);

/* ---- For worlds; @f NULL: nothing fails ---- */

/* A call of @kind is made: 1: it fails. */
int scenario_must_fail(struct scenario_failure *f, enum sim_fail kind);

/* What else than success a call of mirq may answer, or-ed. */
enum scenario_may {
	SCENARIO_MAY_LACK = 1, /* MIRQ_ENOMEM */
	SCENARIO_MAY_FAIL = 2, /* MIRQ_EIO */
	SCENARIO_MAY_WAIT = 4  /* MIRQ_EBUSY, MIRQ_ENOSPC: ids are in quarantine */
};

/* One call of mirq, made as often as scenario_try_again() says; then .err is what came out. */
struct scenario_try {
	const char *call;
	uint32_t may;
	uint64_t nr_failed, nr_failed_here; /* before it; and in this fiber */
	uint32_t nr_tries;
	enum mirq_err err;
};
struct scenario_try scenario_try(const struct scenario_failure *f, const char *call, uint32_t may);
/* An answer that nothing explains ends the run. @is_hurt: mirq has given up some hardware. */
int scenario_try_again(const struct scenario_failure *f, struct scenario_try *t, enum mirq_err err,
		       int is_hurt);

#endif
