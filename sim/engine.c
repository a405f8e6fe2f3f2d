/* SPDX-License-Identifier: MIT */
/*
 * engine.c - one run: fibers, points, who goes on. Which of several it is, is asked of
 * engine_choice.c; the search over runs is engine_explore.c.
 *
 * Every decision is made on the stack of the fiber that asks, so going on with it switches nothing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine_inside.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define MAX_POINTS 100000

/* The only variable of the engine: one per thread, as a thread runs one engine. */
static _Thread_local struct engine *here;

struct engine *engine_here(void)
{
	return here;
}

uint32_t engine_current(const struct engine *e)
{
	return e->current;
}

void *engine_grow(void *array, size_t nr, size_t *nr_room, size_t bytes)
{
	if (nr < *nr_room)
		return array;
	*nr_room = *nr_room ? 2 * *nr_room : 64;
	array = realloc(array, *nr_room * bytes);
	if (!array)
		abort();
	return array;
}

void engine_stop(struct engine *e, enum engine_end end)
{
	if (!e->is_over)
		e->end = end;
	e->is_over = 1;
	if (e->current == ENGINE_NOBODY)
		return;
	fiber_switch(&e->fibers[e->current].place, &e->main);
}

void engine_fail(struct engine *e, const char *format, ...)
{
	va_list list;

	if (!e->has_failed) {
		va_start(list, format);
		vsnprintf(e->reason, sizeof(e->reason), format, list);
		va_end(list);
		engine_note(e, "FAILED: %s", e->reason);
	}
	e->has_failed = 1;
	if (!e->is_over)
		engine_stop(e, ENGINE_FAILED);
}

int engine_has_failed(const struct engine *e)
{
	return e->has_failed;
}

void **engine_slot(struct engine *e, enum engine_slot slot)
{
	return &e->slots[slot];
}

void engine_state(struct engine *e, uint64_t value)
{
	e->state = (e->state ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	e->state ^= e->state >> 29;
	e->has_state = 1;
}

void *engine_alloc_raw(struct engine *e, size_t bytes)
{
	void *memory;

	bytes = (bytes + 63) & ~(size_t)63;
	if (!e->arena) {
		e->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (e->arena == MAP_FAILED)
			abort();
	}
	if (bytes > ARENA_BYTES - e->arena_used) {
		engine_fail(e, "engine_alloc: more than %zu bytes", ARENA_BYTES);
		abort();
	}
	memory = e->arena + e->arena_used;
	e->arena_used += bytes;
	return memory;
}

void *engine_alloc(struct engine *e, size_t bytes)
{
	return memset(engine_alloc_raw(e, bytes), 0, bytes);
}

int engine_is_address(const struct engine *e, uint64_t value)
{
	return e->arena && value - (uintptr_t)e->arena < e->arena_used;
}

void engine_free_arena(struct engine *e)
{
	if (e->arena)
		munmap(e->arena, ARENA_BYTES);
}

void engine_add_hooks(struct engine *e, const struct engine_hooks *hooks, void *context)
{
	if (e->nr_hooks == ENGINE_MAX_HOOKS) {
		engine_fail(e, "more than %d sets of hooks", ENGINE_MAX_HOOKS);
		return;
	}
	e->hooks[e->nr_hooks].ask = *hooks;
	e->hooks[e->nr_hooks++].context = context;
}

void engine_on_point(struct engine *e, uint32_t fiber, int (*hook)(void *context), void *context)
{
	e->fibers[fiber].on_point = hook;
	e->fibers[fiber].on_point_context = context;
}

/* ---- Who goes on ---- */

static void go_to(struct engine *e, uint32_t fiber)
{
	struct fiber_place *from = &e->main;

	engine_fair_chosen(e, fiber);
	if (fiber == e->current)
		return;
	if (e->current != ENGINE_NOBODY)
		from = &e->fibers[e->current].place;
	e->current = fiber;
	fiber_switch(from, &e->fibers[fiber].place);
}

static uint32_t member(uint32_t set, uint32_t index)
{
	while (index--)
		set &= set - 1;
	return (uint32_t)__builtin_ctz(set);
}

static void call_idle(struct engine *e)
{
	for (uint32_t i = 0; i < e->nr_hooks; i++)
		if (e->hooks[i].ask.idle)
			e->hooks[i].ask.idle(e->hooks[i].context);
	e->waiting = 0;
}

static void call_last(struct engine *e)
{
	for (uint32_t i = 0; i < e->nr_hooks; i++)
		if (e->hooks[i].ask.last)
			e->hooks[i].ask.last(e->hooks[i].context);
}

static void tell_deadlock(struct engine *e)
{
	size_t used;

	snprintf(e->reason, sizeof(e->reason), "nobody can go on; asleep:");
	for (uint32_t i = 0; i < e->nr_fibers; i++) {
		used = strlen(e->reason);
		if (e->must_end & engine_bit(i))
			snprintf(e->reason + used, sizeof(e->reason) - used, " %s",
				 e->fibers[i].name);
	}
	engine_note(e, "DEADLOCK: %s", e->reason);
}

/* The current fiber, if any, does not go on by itself. Comes back when it is its turn again. */
static void leave(struct engine *e)
{
	uint32_t set, chosen;

	if (!e->must_end) {
		call_last(e);
		engine_stop(e, ENGINE_DONE);
		return;
	}
	if (!e->able) {
		tell_deadlock(e);
		engine_stop(e, ENGINE_DEADLOCK);
		return;
	}
	if (!(e->able & ~e->waiting))
		call_idle(e);
	set = engine_fair_set(e, e->able & ~e->waiting);
	chosen = engine_decide(e, (uint32_t)__builtin_popcount(set), 0);
	if (!e->is_over) /* a schedule may not fit at its very first choice */
		go_to(e, member(set, chosen));
}

static void fiber_main(void *context)
{
	struct engine *e = context;
	struct fiber *f = &e->fibers[e->current];

	f->body(f->context);
	e->ended |= engine_bit(e->current);
	e->able &= ~engine_bit(e->current);
	e->must_end &= ~engine_bit(e->current);
	engine_fair_unable(e, e->current);
	engine_changed(e);
	leave(e);
}

uint32_t engine_spawn(struct engine *e, const char *name, int must_end, void (*body)(void *context),
		      void *context)
{
	uint32_t i = e->nr_fibers;
	struct fiber *f = &e->fibers[i];

	if (i == ENGINE_MAX_FIBERS || !fiber_make(&f->place, fiber_main, e)) {
		engine_fail(e, "no fiber left for %s", name);
		return ENGINE_NOBODY;
	}
	e->nr_fibers++;
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->body = body;
	f->context = context;
	f->on_point = NULL;
	f->level = 0;
	engine_fair_spawned(e, i);
	e->able |= engine_bit(i);
	if (must_end)
		e->must_end |= engine_bit(i);
	return i;
}

void engine_let_sleep(struct engine *e, uint32_t fiber)
{
	e->able &= ~engine_bit(fiber);
	engine_fair_unable(e, fiber);
}

/* ---- Points ---- */

static void count_point(struct engine *e)
{
	if (++e->nr_points <= (e->options.max_points ? e->options.max_points : MAX_POINTS))
		return;
	snprintf(e->reason, sizeof(e->reason), "still not done after %u points", e->nr_points - 1);
	engine_note(e, "TOO LONG: %s", e->reason);
	engine_stop(e, ENGINE_TOO_LONG);
}

/* Others may go first; that is a preemption. */
static void offer(struct engine *e, enum engine_point point, const void *object)
{
	uint32_t me = e->current, others, chosen;

	count_point(e);
	if (!engine_objects_touch(e, point, object) && e->options.mode == ENGINE_EXPLORE &&
	    !e->options.no_reduction) {
		e->position++;
		return;
	}
	others = e->able & ~e->waiting & ~engine_bit(me);
	chosen = engine_decide(e, 1 + (uint32_t)__builtin_popcount(others), 1);
	if (!chosen)
		return;
	engine_note(e, "(preempted)");
	go_to(e, member(others, chosen - 1));
}

/* 1: it did something. */
static int call_hook(struct engine *e)
{
	struct fiber *f = &e->fibers[e->current];
	uint32_t level = f->level;
	int did;

	if (!f->on_point)
		return 0;
	f->level = 1;
	did = f->on_point(f->on_point_context);
	f->level = level;
	return did;
}

void engine_at(struct engine *e, enum engine_point point, const void *object)
{
	if (e->current == ENGINE_NOBODY || e->is_over)
		return;
	do
		offer(e, point, object);
	while (call_hook(e));
	if (point == ENGINE_WRITE || point == ENGINE_DELIVER)
		engine_changed(e);
}

void engine_yield(struct engine *e)
{
	if (e->current == ENGINE_NOBODY || e->is_over)
		return;
	count_point(e);
	engine_fair_yielded(e, e->current);
	e->waiting |= engine_bit(e->current);
	leave(e);
	call_hook(e);
}

void engine_sleep(struct engine *e)
{
	if (e->current == ENGINE_NOBODY || e->is_over)
		return;
	count_point(e);
	e->able &= ~engine_bit(e->current);
	engine_fair_unable(e, e->current);
	leave(e);
	call_hook(e);
}

void engine_wake(struct engine *e, uint32_t fiber)
{
	engine_changed(e);
	if (fiber < e->nr_fibers && !(e->ended & engine_bit(fiber)))
		e->able |= engine_bit(fiber);
}

void engine_changed(struct engine *e)
{
	e->waiting = 0;
}

uint32_t engine_choose(struct engine *e, uint32_t nr)
{
	return engine_decide(e, nr, 1);
}

uint32_t engine_pick(struct engine *e, uint32_t nr)
{
	return engine_decide(e, nr, 0);
}

/* ---- A run ---- */

static void prepare(struct engine *e)
{
	e->run++;
	e->nr_fibers = e->nr_points = e->position = e->nr_costs = e->nr_hooks = 0;
	e->able = e->waiting = e->ended = e->must_end = 0;
	e->depth = e->script_next = e->nr_taken = e->arena_used = 0;
	e->current = ENGINE_NOBODY;
	e->end = ENGINE_DONE;
	e->is_over = e->has_failed = e->has_state = 0;
	e->reason[0] = 0;
	e->state = 0;
	memset(e->slots, 0, sizeof(e->slots));
	engine_story_begin(e);
}

void engine_run_once(struct engine *e)
{
	struct engine *before = here;

	here = e;
	prepare(e);
	e->scenario->begin(e, e->scenario->context);
	if (!e->is_over)
		leave(e);
	e->current = ENGINE_NOBODY;
	e->is_over = 1;
	e->scenario->finish(e, e->scenario->context, e->end);
	if (e->has_failed)
		e->end = ENGINE_FAILED;
	here = before;
}
