/* SPDX-License-Identifier: MIT */
/*
 * scenario.h - what can be explored by name: a small world, its jobs, its oracle. Tests run them
 * all within a bound, 'mirq sim' runs the one that it is told, mutants must be caught by one.
 *
 * A scenario is data in a table; begin makes its world (engine.h: engine_run), finish checks it. An
 * oracle that is not content calls engine_fail() with a sentence that names the invariant, "I1:
 * ...".
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "../engine.h"

struct scenario_failure;

struct scenario {
	const char *name;         /* letters, digits and '-'; unique; NULL ends a table */
	const char *summary;      /* one line for people */
	uint32_t max_preemptions; /* the bound that 'make check' completes */
	uint64_t floor;           /* it has at least so many schedules within that bound */
	void (*begin)(struct engine *e, const struct scenario *s);
	void (*finish)(struct engine *e, const struct scenario *s, enum engine_end end);
	const void *init;                 /* of begin: the variant */
	struct scenario_failure *failure; /* failing.h; NULL in the tables */
};

/* In the order of the tables; NULL past the last. */
const struct scenario *scenario_at(uint32_t index);
const struct scenario *scenario_find(const char *name);
/* engine_explore() on it. */
enum engine_end scenario_explore(const struct scenario *s, const struct engine_options *options,
				 struct engine_outcome *out);
/* The same; now and then @tell hears how many runs there were so far. */
struct scenario_progress {
	void (*tell)(void *context, const struct scenario *s, uint64_t nr_runs);
	void *context;
};
enum engine_end scenario_watch(const struct scenario *s, const struct engine_options *options,
			       const struct scenario_progress *progress,
			       struct engine_outcome *out);

/* A run longer than this is a livelock. */
#define SCENARIO_MAX_POINTS 5000

/* The tables, one per file: on tiny_machine.h, and on the whole simulated machine (machine.h). */
extern const struct scenario scenarios_tiny_lines[];
extern const struct scenario scenarios_tiny_move[];
extern const struct scenario scenarios_tiny_leave[];
extern const struct scenario scenarios_tiny_keep[];
extern const struct scenario scenarios_tiny_kinds[];
extern const struct scenario scenarios_tiny_others[];
extern const struct scenario scenarios_tiny_offline[];
extern const struct scenario scenarios_machine_acme[];
extern const struct scenario scenarios_machine_plain[];
extern const struct scenario scenarios_machine_remapped[];
extern const struct scenario scenarios_machine_ntb[];
extern const struct scenario scenarios_machine_ims[];
extern const struct scenario scenarios_machine_vetted[];
extern const struct scenario scenarios_machine_vmd[];

#endif
