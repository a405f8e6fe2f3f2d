/* SPDX-License-Identifier: MIT */
/*
 * engine.h - who runs next: fibers, scheduling points, choices; and the search through all of them.
 * Knows nothing of interrupts, registers or mirq.
 *
 * A run executes a scenario once: its fibers run one at a time, each until its next point, where
 * the engine picks who goes on. Which fiber, and every other thing that a model leaves open
 * (engine_choose), is one choice of a small number; the list of all choices of a run is its
 * schedule, printable, and replaying it gives the same run, step by step.
 *
 * Exploring: depth first over schedules, re-executing from the start. Going on with the fiber that
 * runs is free; leaving one that could go on costs a preemption; at most a bound of them per
 * schedule. docs/exploring.md tells more.
 * Locking: none, one engine is used by one thread; several engines may live in one process.
 */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include <stddef.h>
#include <stdint.h>

struct engine;

#define ENGINE_MAX_FIBERS 16
#define ENGINE_NAME_BYTES 16
#define ENGINE_REASON_BYTES 256
#define ENGINE_NOBODY UINT32_MAX

/* What a point is, for traces and for the reduction. Of these LOAD and READ change nothing that
 * others see; WRITE and DELIVER wake those who wait in engine_yield(). */
enum engine_point {
	ENGINE_START,
	ENGINE_HOST,    /* a call to the host */
	ENGINE_READ,    /* of a register, without side effect */
	ENGINE_WRITE,   /* of a register, or a read with a side effect */
	ENGINE_LOAD,    /* atomic */
	ENGINE_STORE,   /* atomic, also a store buffer's drain */
	ENGINE_RMW,     /* atomic */
	ENGINE_FENCE,   /* touches nothing */
	ENGINE_DELIVER, /* a message or an interrupt arrives */
	ENGINE_CALL,    /* a call of mirq begins or ends; a handler begins or ends */
	ENGINE_NR_POINTS
};

enum engine_end {
	ENGINE_DONE,     /* every fiber that must end has ended */
	ENGINE_FAILED,   /* engine_fail() was called */
	ENGINE_DEADLOCK, /* nobody can run */
	ENGINE_TOO_LONG  /* more points than the limit: a livelock, or the limit is too small */
};

/* How the next choice is made. */
enum engine_mode {
	ENGINE_EXPLORE, /* all, depth first */
	ENGINE_RANDOM,  /* from a seed */
	ENGINE_REPLAY   /* from a string */
};

struct engine_options {
	enum engine_mode mode;
	uint32_t max_preemptions; /* explore, random; UINT32_MAX: no bound */
	uint32_t max_points;      /* of one run; 0: 100000 */
	uint64_t max_schedules;   /* explore, random; 0: until all are done (random: 1) */
	uint64_t seed;
	const char *schedule; /* replay; borrowed */
	int no_reduction; /* explore: also schedules that differ only in the order of points that
				 do not depend on each other */
};

struct engine_stats {
	uint64_t nr_schedules;
	uint64_t nr_points;   /* of all runs, also those before a restart */
	uint64_t nr_states;   /* different final states, by engine_state() */
	uint32_t nr_restarts; /* the reduction learned of an object that is shared */
	uint32_t max_depth;   /* points of the longest run */
	int is_complete;      /* every schedule within the bound was run */
};

/* What came out. Schedule and story are those of the first failing run, or of the last one that was
 * random or replayed; NULL when there is none. */
struct engine_outcome {
	enum engine_end end;
	struct engine_stats stats;
	char *schedule; /* for options.schedule */
	char *story;    /* a column per fiber */
	char reason[ENGINE_REASON_BYTES];
};

/* A run: called for each schedule; makes its world, spawns fibers, returns; fibers then run; then
 * finish is called in the engine's own context: it checks and takes the world down. Objects that
 * points name must have the same addresses in each run: a world that lives in one block of memory,
 * or in engine_alloc(), has. A run that depends on anything else than its choices is found out. */
struct engine_run {
	void (*begin)(struct engine *e, void *context);
	void (*finish)(struct engine *e, void *context, enum engine_end end);
	void *context;
};

/* Explore, or run once. The engine_end of the first failing schedule, or ENGINE_DONE. */
enum engine_end engine_explore(const struct engine_options *options, const struct engine_run *run,
			       struct engine_outcome *out);
void engine_outcome_fini(struct engine_outcome *outcome);
const char *engine_end_text(enum engine_end end);

/* ---- Inside begin, or a fiber ---- */

/* @must_end: the run is done when all such fibers have ended; others (devices) just stop existing.
 * */
uint32_t engine_spawn(struct engine *e, const char *name, int must_end, void (*body)(void *context),
		      void *context);
/* In begin: it sleeps before its first step, until somebody wakes it. */
void engine_let_sleep(struct engine *e, uint32_t fiber);
/* Zeroed, aligned to 64, gone after the run, at the same address in each run that asks alike. */
void *engine_alloc(struct engine *e, size_t bytes);
/* The same, but not zeroed: for large tables that fill as they go. */
void *engine_alloc_raw(struct engine *e, size_t bytes);
/* How the story calls @object. Borrowed for the run. */
void engine_name(struct engine *e, const void *object, const char *name);

/* What a model wants to be asked. Each NULL: nothing. */
struct engine_hooks {
	/* Every fiber that could run waits in engine_yield(): time passes. */
	void (*idle)(void *context);
	/* All fibers that must end have ended; may still choose. */
	void (*last)(void *context);
};
void engine_add_hooks(struct engine *e, const struct engine_hooks *hooks, void *context);

/* Called in @fiber each time it goes on after a point, before the access: here interrupts arrive.
 * Answers 1 when it did something: others may go first again before the access. What it does counts
 * as another context than the fiber's own for the reduction; it may be entered again from itself.
 * */
void engine_on_point(struct engine *e, uint32_t fiber, int (*hook)(void *context), void *context);

/* ---- Inside a fiber ---- */

/* A scheduling point before an access to @object (any address that names what is touched; NULL:
 * anything). Elsewhere than in a fiber: nothing. */
void engine_at(struct engine *e, enum engine_point point, const void *object);
/* Waiting for somebody else: others go first, which is no preemption, and this fiber goes on after
 * something changed or when all wait. What it waits for must change through points. */
void engine_yield(struct engine *e);
/* Not runnable until engine_wake(), which is lost on a fiber that does not sleep. */
void engine_sleep(struct engine *e);

/* ---- Anywhere in a run but in finish ---- */

/* The model leaves it open: 0..nr-1. 0 is explored first and free; others cost a preemption. */
uint32_t engine_choose(struct engine *e, uint32_t nr);
/* The same, and each is free. */
uint32_t engine_pick(struct engine *e, uint32_t nr);
/* Something changed that a fiber in engine_yield() may wait for. WRITE, DELIVER and engine_wake()
 * say it by themselves. */
void engine_changed(struct engine *e);
void engine_wake(struct engine *e, uint32_t fiber);

/* ---- Anywhere ---- */

/* ENGINE_NOBODY outside of fibers. */
uint32_t engine_current(const struct engine *e);
/* A line of the run's story, printf-like. Costs next to nothing unless the story is wanted. */
void engine_note(struct engine *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
int engine_is_telling(const struct engine *e);
/* The name of @object, or a number in order of appearance. Valid until the next call. */
const char *engine_object_text(struct engine *e, const void *object);
/* @value is the address of memory of this run; addresses differ from process to process. */
int engine_is_address(const struct engine *e, uint64_t value);
/* The run is wrong: ends it (in a fiber: does not return); the sentence is told with the schedule.
 * */
void engine_fail(struct engine *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
int engine_has_failed(const struct engine *e);
/* Fold into the hash of the final state (called in finish). */
void engine_state(struct engine *e, uint64_t value);
/* A model's own pointer, NULL at first, kept for the run: for code that only has engine_here(). */
enum engine_slot {
	ENGINE_SLOT_MEMORY,
	ENGINE_SLOT_MACHINE,
	ENGINE_SLOT_OWN,
	ENGINE_NR_SLOTS
};
void **engine_slot(struct engine *e, enum engine_slot slot);
/* The engine that this thread runs, for code that cannot be handed one (host functions, atomics).
 * */
struct engine *engine_here(void);

#endif
