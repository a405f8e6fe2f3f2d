/* SPDX-License-Identifier: MIT */
/*
 * state.c - the transition table of state.h and its one interpreter. Knows nothing of interrupts.
 */
#include "state.h"

/* One row: taken when (word & mask) == value, any of @any is set (or any is 0) and not all of @full
 * is set (or full is 0). */
struct row {
	uint32_t full, mask, value, any;
	uint32_t add, set, clear;
	enum mirqi_answer answer;
};

#define ROWS_MAX 4
#define OVER (MIRQI_RUN | MIRQI_FINISHED)
#define DROPPED (MIRQI_REQUESTED | MIRQI_KEPT | MIRQI_BLOCKED)

static const struct row rows[MIRQI_NR_EDGES][ROWS_MAX] = {
	[MIRQI_EDGE_ACTIVATE] = {
		{ 0, MIRQI_ACTIVE, 0, 0, 0, MIRQI_ACTIVE | MIRQI_HWMASKED, 0, MIRQI_OK },
	},
	[MIRQI_EDGE_DEACTIVATE] = {
		{ 0, MIRQI_ACTIVE | MIRQI_REQUESTED | MIRQI_RUN, MIRQI_ACTIVE, 0, 0, 0, ~0u,
		  MIRQI_OK },
	},
	[MIRQI_EDGE_REQUEST] = {
		{ 0, MIRQI_ACTIVE | MIRQI_REQUESTED, MIRQI_ACTIVE, 0, 0, MIRQI_REQUESTED, MIRQI_KEPT,
		  MIRQI_OK },
	},
	[MIRQI_EDGE_REQUEST_OFF] = {
		{ 0, MIRQI_ACTIVE | MIRQI_REQUESTED, MIRQI_ACTIVE, 0, 0,
		  MIRQI_REQUESTED | MIRQI_DEPTH_ONE, MIRQI_KEPT, MIRQI_OK },
	},
	[MIRQI_EDGE_RELEASE] = {
		{ 0, MIRQI_REQUESTED, MIRQI_REQUESTED, 0, 0, 0, DROPPED, MIRQI_OK },
	},
	[MIRQI_EDGE_FIRE] = {
		{ 0, MIRQI_REQUESTED, 0, 0, 0, 0, 0, MIRQI_STRAY },
		{ 0, 0, 0, MIRQI_BLOCKED | MIRQI_RUN, 0, MIRQI_KEPT, 0, MIRQI_KEEP },
		{ 0, 0, 0, 0, 0, MIRQI_RUN, 0, MIRQI_RUN_NOW },
	},
	[MIRQI_EDGE_DONE] = {
		{ 0, MIRQI_RUN | MIRQI_REQUESTED, MIRQI_RUN, 0, 0, 0, OVER | MIRQI_KEPT, MIRQI_STOP },
		{ 0, MIRQI_RUN, MIRQI_RUN, MIRQI_BLOCKED, 0, 0, OVER, MIRQI_STOP },
		{ 0, MIRQI_RUN | MIRQI_KEPT, MIRQI_RUN | MIRQI_KEPT, 0, 0, 0, MIRQI_KEPT,
		  MIRQI_AGAIN },
		{ 0, MIRQI_RUN, MIRQI_RUN, 0, 0, 0, OVER, MIRQI_STOP },
	},
	[MIRQI_EDGE_DISABLE] = {
		{ MIRQI_DEPTH, MIRQI_REQUESTED, MIRQI_REQUESTED, 0, MIRQI_DEPTH_ONE, 0, 0, MIRQI_OK },
	},
	[MIRQI_EDGE_ENABLE] = {
		{ 0, MIRQI_REQUESTED | MIRQI_DEPTH | MIRQI_KEPT | MIRQI_ONESHOT | MIRQI_STORM | MIRQI_RUN,
		  MIRQI_REQUESTED | MIRQI_DEPTH_ONE | MIRQI_KEPT, 0, 0u - MIRQI_DEPTH_ONE, 0,
		  MIRQI_KEPT, MIRQI_REPLAY },
		{ 0, MIRQI_REQUESTED, MIRQI_REQUESTED, MIRQI_DEPTH, 0u - MIRQI_DEPTH_ONE, 0, 0,
		  MIRQI_OK },
	},
	[MIRQI_EDGE_LATER] = {
		{ 0, MIRQI_RUN | MIRQI_FINISHED, MIRQI_RUN | MIRQI_FINISHED, 0, 0, 0, MIRQI_FINISHED,
		  MIRQI_OK },
		{ 0, MIRQI_RUN, MIRQI_RUN, 0, 0, MIRQI_ONESHOT, 0, MIRQI_OK },
	},
	[MIRQI_EDGE_FINISH] = {
		{ 0, MIRQI_ONESHOT | MIRQI_DEPTH | MIRQI_STORM | MIRQI_KEPT | MIRQI_RUN,
		  MIRQI_ONESHOT | MIRQI_KEPT, 0, 0, 0, MIRQI_ONESHOT | MIRQI_KEPT, MIRQI_REPLAY },
		{ 0, MIRQI_ONESHOT, MIRQI_ONESHOT, 0, 0, 0, MIRQI_ONESHOT, MIRQI_OK },
		{ 0, MIRQI_RUN, MIRQI_RUN, 0, 0, MIRQI_FINISHED, 0, MIRQI_OK },
	},
	[MIRQI_EDGE_STORM] = {
		{ 0, MIRQI_RUN, MIRQI_RUN, 0, 0, MIRQI_STORM, 0, MIRQI_OK },
	},
	[MIRQI_EDGE_MOVE] = {
		{ 0, MIRQI_ACTIVE | MIRQI_MOVE, MIRQI_ACTIVE, 0, 0, MIRQI_MOVE, 0, MIRQI_OK },
	},
	[MIRQI_EDGE_MOVED] = {
		{ 0, MIRQI_MOVE, MIRQI_MOVE, 0, 0, 0, MIRQI_MOVE, MIRQI_OK },
	},
	[MIRQI_EDGE_MASKED] = {
		{ 0, MIRQI_HWMASKED, 0, 0, 0, MIRQI_HWMASKED, 0, MIRQI_OK },
	},
	[MIRQI_EDGE_UNMASKED] = {
		{ 0, MIRQI_HWMASKED, MIRQI_HWMASKED, 0, 0, 0, MIRQI_HWMASKED, MIRQI_OK },
	},
};

static const struct row *match(enum mirqi_edge edge, uint32_t word)
{
	for (const struct row *r = rows[edge]; r < rows[edge] + ROWS_MAX && r->answer; r++)
		if ((word & r->mask) == r->value && (!r->any || (word & r->any)) &&
		    (!r->full || (word & r->full) != r->full))
			return r;
	return 0;
}

enum mirqi_answer mirqi_state_step(mirqi_state *state, enum mirqi_edge edge)
{
	uint32_t word = atomic_load_explicit(state, memory_order_relaxed);
	const struct row *r;
	uint32_t next;

	do {
		r = match(edge, word);
		if (!r)
			return MIRQI_ILLEGAL;
		next = ((word + r->add) | r->set) & ~r->clear;
	} while (!atomic_compare_exchange_weak_explicit(state, &word, next, memory_order_acq_rel,
							memory_order_relaxed));
	return r->answer;
}

const char *mirqi_state_text(uint32_t state)
{
	if (!(state & MIRQI_ACTIVE))
		return "reserved";
	if (!(state & MIRQI_REQUESTED))
		return "active";
	if (state & MIRQI_RUN)
		return "running";
	if (state & MIRQI_STORM)
		return "storm";
	if (state & MIRQI_ONESHOT)
		return "waiting";
	if (state & MIRQI_DEPTH)
		return "disabled";
	return state & MIRQI_KEPT ? "kept" : "enabled";
}
