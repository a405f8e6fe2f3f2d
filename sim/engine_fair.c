/* SPDX-License-Identifier: MIT */
/*
 * engine_fair.c - waiting must not last for ever only because the search lets two who wait take
 * turns while a third, who could end it, never runs.
 *
 * The rule of M. Musuvathi and S. Qadeer, "Fair stateless model checking" (2008): a fiber that
 * waits twice goes behind each fiber that could have run all the time between and did not. Who is
 * behind another waits until that one has run or cannot run. Only asked when somebody waits, sleeps
 * or ends: going on without waiting is never forbidden. Every schedule that is fair is still
 * explored.
 */
#include "engine_inside.h"

void engine_fair_spawned(struct engine *e, uint32_t fiber)
{
	struct fiber *f = &e->fibers[fiber];

	f->behind = f->seen_able = f->seen_run = 0;
}

void engine_fair_unable(struct engine *e, uint32_t fiber)
{
	for (uint32_t i = 0; i < e->nr_fibers; i++)
		e->fibers[i].seen_able &= ~engine_bit(fiber);
}

void engine_fair_yielded(struct engine *e, uint32_t fiber)
{
	struct fiber *f = &e->fibers[fiber];

	f->behind |= f->seen_able & ~f->seen_run;
	f->seen_able = e->able & ~e->waiting & ~engine_bit(fiber);
	f->seen_run = 0;
	engine_fair_unable(e, fiber);
}

void engine_fair_chosen(struct engine *e, uint32_t fiber)
{
	for (uint32_t i = 0; i < e->nr_fibers; i++) {
		e->fibers[i].behind &= ~engine_bit(fiber);
		e->fibers[i].seen_run |= engine_bit(fiber);
	}
}

uint32_t engine_fair_set(const struct engine *e, uint32_t able)
{
	uint32_t set = 0;

	for (uint32_t i = 0; i < e->nr_fibers; i++)
		if ((able & engine_bit(i)) && !(e->fibers[i].behind & able))
			set |= engine_bit(i);
	return set ? set : able;
}
