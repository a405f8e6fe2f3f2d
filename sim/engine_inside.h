/* SPDX-License-Identifier: MIT */
/*
 * engine_inside.h - what the files of the engine share. Not for models or scenarios.
 */
#ifndef SIM_ENGINE_INSIDE_H
#define SIM_ENGINE_INSIDE_H

#include "engine.h"
#include "engine_fiber.h"

#define ENGINE_MAX_HOOKS 4

struct fiber {
	struct fiber_place place;
	char name[ENGINE_NAME_BYTES];
	void (*body)(void *context);
	void *context;
	int (*on_point)(void *context);
	void *on_point_context;
	uint32_t level; /* 1: inside its hook */
	/* Fairness, see engine_fair.c. Sets of fibers. */
	uint32_t behind, seen_able, seen_run;
};

/* A choice with more than one answer, on the path that is explored. */
struct decision {
	uint32_t position, nr, chosen;
};

/* An answer that was not 0, for schedule strings. */
struct taken {
	uint32_t position, value;
};

/* What is known of an object, see engine_objects.c. */
struct object {
	const void *address;
	uint32_t run; /* that the next ones are of */
	uint32_t readers, writers;
	uint32_t number;   /* in order of appearance in the story, from 1 */
	uint8_t is_shared; /* a place where others may go first */
	uint8_t is_shared_next;
	char name[ENGINE_NAME_BYTES];
};

/* A line of the story: text at @text, up to the next 0. */
struct line {
	uint32_t fiber;
	size_t text;
};

struct hooks {
	struct engine_hooks ask;
	void *context;
};

struct engine {
	/* Immutable while it explores: */
	struct engine_options options;
	const struct engine_run *scenario;
	uint64_t *states; /* hash table, 0: free */
	size_t nr_states_room;
	/* Of the search: */
	struct engine_stats stats;
	struct decision *decisions;
	size_t nr_decisions, nr_decisions_room;
	struct object *objects; /* hash table */
	size_t nr_objects, nr_objects_room;
	int has_learned; /* an object is shared that was not known to be */
	int is_scripted;
	struct taken *script; /* to be replayed */
	size_t nr_script, nr_script_room;
	/* Of the run: */
	uint32_t run; /* counts up */
	struct fiber_place main;
	struct fiber fibers[ENGINE_MAX_FIBERS];
	uint32_t nr_fibers, current;
	/* Sets of fibers; those that wait are able, too. */
	uint32_t able, waiting, ended, must_end;
	enum engine_end end;
	int is_over, has_failed;
	char reason[ENGINE_REASON_BYTES];
	uint32_t nr_points, position, nr_costs;
	size_t depth; /* decisions passed */
	size_t script_next;
	struct taken *taken;
	size_t nr_taken, nr_taken_room;
	uint64_t random;
	uint32_t switch_log2; /* random: 0 is answered but once in 2^this */
	struct hooks hooks[ENGINE_MAX_HOOKS];
	uint32_t nr_hooks;
	void *slots[ENGINE_NR_SLOTS];
	uint64_t state;
	int has_state;
	char *arena;
	size_t arena_used;
	/* Of the story: */
	int is_telling;
	struct line *lines;
	size_t nr_lines, nr_lines_room;
	char *text;
	size_t text_used, text_room;
	uint32_t nr_named;
	char object_text[ENGINE_NAME_BYTES];
};

/* engine.c: one run, from begin to finish. */
void engine_run_once(struct engine *e);
void engine_free_arena(struct engine *e);
/* A choice is put aside: nobody runs any more. In a fiber it does not return. */
void engine_stop(struct engine *e, enum engine_end end);

/* engine_choice.c: one answer of @nr > 0. */
uint32_t engine_decide(struct engine *e, uint32_t nr, int is_costly);
int engine_next_path(struct engine *e); /* 0: there is none */

/* engine_fair.c: who may go first when somebody waits. */
void engine_fair_spawned(struct engine *e, uint32_t fiber);
void engine_fair_unable(struct engine *e, uint32_t fiber);
void engine_fair_yielded(struct engine *e, uint32_t fiber);
void engine_fair_chosen(struct engine *e, uint32_t fiber);
uint32_t engine_fair_set(const struct engine *e, uint32_t able);

/* engine_objects.c. 1: others may go first here. */
int engine_objects_touch(struct engine *e, enum engine_point point, const void *object);
void engine_objects_learn(struct engine *e);
struct object *engine_object(struct engine *e, const void *address);

/* engine_schedule.c: text of e->taken, to be freed; and the script from a text, 0: it is none. */
char *engine_schedule_text(const struct engine *e);
int engine_schedule_parse(struct engine *e, const char *text);

/* engine_story.c */
void engine_story_begin(struct engine *e);
char *engine_story_text(const struct engine *e); /* to be freed */

/* Room for one more of @bytes in an array; never fails (no memory: the process ends). */
void *engine_grow(void *array, size_t nr, size_t *nr_room, size_t bytes);

static inline uint32_t engine_bit(uint32_t fiber)
{
	return UINT32_C(1) << fiber;
}

#endif
