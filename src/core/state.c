/* SPDX-License-Identifier: MIT */
/*
 * state.c - the transition table of state.h and its one interpreter. Knows nothing of interrupts.
 */
#include "state.h"

/* One row: taken when (word & mask) == value, any of @any is set (or any is 0) and not all of @full
 * is set (or full is 0). Rows of one edge stand together. */
struct row {
	enum mirqi_edge edge;
	uint32_t full, mask, value, any;
	uint32_t add, set, clear;
	enum mirqi_answer answer;
};

/* The table reads best without prefixes. */
#define ACTIVE MIRQI_ACTIVE
#define REQUESTED MIRQI_REQUESTED
#define RUN MIRQI_RUN
#define KEPT MIRQI_KEPT
#define ONESHOT MIRQI_ONESHOT
#define STORM MIRQI_STORM
#define MOVE MIRQI_MOVE
#define HWMASKED MIRQI_HWMASKED
#define FINISHED MIRQI_FINISHED
#define DEPTH MIRQI_DEPTH
#define BLOCKED MIRQI_BLOCKED
#define DEPTH_ONE MIRQI_DEPTH_ONE
#define OVER (RUN | FINISHED)
#define DROPPED (REQUESTED | KEPT | BLOCKED)

static const struct row rows[] = {
	{ MIRQI_EDGE_ACTIVATE, 0, ACTIVE, 0, 0, 0, ACTIVE | HWMASKED, 0, MIRQI_OK },
	{ MIRQI_EDGE_DEACTIVATE, 0, ACTIVE | REQUESTED | RUN, ACTIVE, 0, 0, 0, ~0u, MIRQI_OK },
	{ MIRQI_EDGE_REQUEST, 0, ACTIVE | REQUESTED, ACTIVE, 0, 0, REQUESTED, KEPT, MIRQI_OK },
	{ MIRQI_EDGE_REQUEST_OFF, 0, ACTIVE | REQUESTED | DEPTH, ACTIVE, 0, 0,
	  REQUESTED | DEPTH_ONE, KEPT, MIRQI_OK },
	{ MIRQI_EDGE_RELEASE, 0, REQUESTED, REQUESTED, 0, 0, 0, DROPPED, MIRQI_OK },
	{ MIRQI_EDGE_FIRE, 0, REQUESTED, 0, 0, 0, 0, 0, MIRQI_STRAY },
	{ MIRQI_EDGE_FIRE, 0, 0, 0, BLOCKED | RUN, 0, KEPT, 0, MIRQI_KEEP },
	{ MIRQI_EDGE_FIRE, 0, 0, 0, 0, 0, RUN, 0, MIRQI_RUN_NOW },
	{ MIRQI_EDGE_DONE, 0, RUN | REQUESTED, RUN, 0, 0, 0, OVER | KEPT, MIRQI_STOP },
	{ MIRQI_EDGE_DONE, 0, RUN, RUN, BLOCKED, 0, 0, OVER, MIRQI_STOP },
	{ MIRQI_EDGE_DONE, 0, RUN | KEPT, RUN | KEPT, 0, 0, 0, KEPT, MIRQI_AGAIN },
	{ MIRQI_EDGE_DONE, 0, RUN, RUN, 0, 0, 0, OVER, MIRQI_STOP },
	{ MIRQI_EDGE_DISABLE, DEPTH, REQUESTED, REQUESTED, 0, DEPTH_ONE, 0, 0, MIRQI_OK },
	{ MIRQI_EDGE_ENABLE, 0, REQUESTED | DEPTH | KEPT | ONESHOT | STORM | RUN,
	  REQUESTED | DEPTH_ONE | KEPT, 0, 0u - DEPTH_ONE, 0, KEPT, MIRQI_REPLAY },
	{ MIRQI_EDGE_ENABLE, 0, REQUESTED, REQUESTED, DEPTH, 0u - DEPTH_ONE, 0, 0, MIRQI_OK },
	{ MIRQI_EDGE_LATER, 0, RUN | FINISHED, RUN | FINISHED, 0, 0, 0, FINISHED, MIRQI_OK },
	{ MIRQI_EDGE_LATER, 0, RUN, RUN, 0, 0, ONESHOT, 0, MIRQI_OK },
	{ MIRQI_EDGE_FINISH, 0, ONESHOT | DEPTH | STORM | KEPT | RUN, ONESHOT | KEPT, 0, 0, 0,
	  ONESHOT | KEPT, MIRQI_REPLAY },
	{ MIRQI_EDGE_FINISH, 0, ONESHOT, ONESHOT, 0, 0, 0, ONESHOT, MIRQI_OK },
	{ MIRQI_EDGE_FINISH, 0, RUN, RUN, 0, 0, FINISHED, 0, MIRQI_OK },
	{ MIRQI_EDGE_STORM, 0, RUN, RUN, 0, 0, STORM, 0, MIRQI_OK },
	{ MIRQI_EDGE_MOVE, 0, ACTIVE | MOVE, ACTIVE, 0, 0, MOVE, 0, MIRQI_OK },
	{ MIRQI_EDGE_MOVED, 0, MOVE, MOVE, 0, 0, 0, MOVE, MIRQI_OK },
	{ MIRQI_EDGE_MASKED, 0, HWMASKED, 0, 0, 0, HWMASKED, 0, MIRQI_OK },
	{ MIRQI_EDGE_UNMASKED, 0, HWMASKED, HWMASKED, 0, 0, 0, HWMASKED, MIRQI_OK },
};

/* The first row of each edge. */
static const uint8_t firsts[MIRQI_NR_EDGES] = {
	[MIRQI_EDGE_ACTIVATE] = 0,    [MIRQI_EDGE_DEACTIVATE] = 1, [MIRQI_EDGE_REQUEST] = 2,
	[MIRQI_EDGE_REQUEST_OFF] = 3, [MIRQI_EDGE_RELEASE] = 4,    [MIRQI_EDGE_FIRE] = 5,
	[MIRQI_EDGE_DONE] = 8,        [MIRQI_EDGE_DISABLE] = 12,   [MIRQI_EDGE_ENABLE] = 13,
	[MIRQI_EDGE_LATER] = 15,      [MIRQI_EDGE_FINISH] = 17,    [MIRQI_EDGE_STORM] = 20,
	[MIRQI_EDGE_MOVE] = 21,       [MIRQI_EDGE_MOVED] = 22,     [MIRQI_EDGE_MASKED] = 23,
	[MIRQI_EDGE_UNMASKED] = 24,
};

static const struct row *match(enum mirqi_edge edge, uint32_t word)
{
	const struct row *limit = rows + sizeof(rows) / sizeof(rows[0]);

	for (const struct row *r = rows + firsts[edge]; r < limit && r->edge == edge; r++)
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
