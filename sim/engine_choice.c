/* SPDX-License-Identifier: MIT */
/*
 * engine_choice.c - what a choice answers: along the path that is explored, at random, or as a
 * script says. Every call has a position, counted in the same way with and without reduction and
 * bound, so that a schedule found by one search means the same to another.
 */
#include "engine_inside.h"

static uint64_t next_random(struct engine *e)
{
	uint64_t x = e->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* What costs is rare: a run in which everything is late is no better than one in which nothing is.
 * */
static uint32_t answer_random(struct engine *e, uint32_t nr, int is_costly)
{
	uint64_t x = next_random(e);

	if (!is_costly)
		return (uint32_t)(x >> 32) % nr;
	if (x & ((UINT64_C(1) << e->switch_log2) - 1))
		return 0;
	return 1 + (uint32_t)(x >> 32) % (nr - 1);
}

static uint32_t answer_script(struct engine *e, uint32_t nr)
{
	const struct taken *t;

	if (e->script_next == e->nr_script)
		return 0;
	t = &e->script[e->script_next];
	if (t->position > e->position)
		return 0;
	e->script_next++;
	if (t->position == e->position && t->value < nr)
		return t->value;
	engine_fail(e, "the schedule does not fit: choice %u has no answer %u", e->position,
		    t->value);
	return 0;
}

/* The path so far is followed again; behind it, 0 is first. */
static uint32_t answer_path(struct engine *e, uint32_t nr)
{
	struct decision *d;

	if (e->depth < e->nr_decisions) {
		d = &e->decisions[e->depth++];
		if (d->position == e->position && d->nr == nr)
			return d->chosen;
		engine_fail(e,
			    "the run depends on more than its choices: choice %u of %u, "
			    "before %u of %u",
			    e->position, nr, d->position, d->nr);
		return 0;
	}
	e->decisions = engine_grow(e->decisions, e->nr_decisions, &e->nr_decisions_room,
				   sizeof(*d));
	d = &e->decisions[e->nr_decisions++];
	e->depth++;
	d->position = e->position;
	d->nr = nr;
	d->chosen = 0;
	return 0;
}

static void note_taken(struct engine *e, uint32_t value)
{
	e->taken = engine_grow(e->taken, e->nr_taken, &e->nr_taken_room, sizeof(*e->taken));
	e->taken[e->nr_taken].position = e->position;
	e->taken[e->nr_taken++].value = value;
}

uint32_t engine_decide(struct engine *e, uint32_t nr, int is_costly)
{
	uint32_t value;

	e->position++;
	if (nr < 2 || e->is_over)
		return 0;
	if (e->is_scripted)
		value = answer_script(e, nr);
	else if (is_costly && e->nr_costs >= e->options.max_preemptions)
		value = 0;
	else if (e->options.mode == ENGINE_RANDOM)
		value = answer_random(e, nr, is_costly);
	else
		value = answer_path(e, nr);
	if (value) {
		note_taken(e, value);
		e->nr_costs += is_costly != 0;
	}
	return value;
}

int engine_next_path(struct engine *e)
{
	for (; e->nr_decisions; e->nr_decisions--)
		if (++e->decisions[e->nr_decisions - 1].chosen <
		    e->decisions[e->nr_decisions - 1].nr)
			return 1;
	return 0;
}
