/* SPDX-License-Identifier: MIT */
/*
 * story.h - the default story of 'mirq sim', chapter by chapter. Each chapter leaves the machine at
 * rest; then what must hold is checked.
 */
#ifndef TOOL_STORY_H
#define TOOL_STORY_H

#include "world.h"

/* How much of everything. */
#define STORY_ROUNDS 24u
#define STORY_EVENTS 4000u /* of these rounds, about */
#define STORY_MOVES 200u

struct chapter {
	const char *name, *summary;
	/* Why it cannot be played on this machine; NULL: it can. */
	const char *(*why_not)(struct world *w);
	void (*play)(struct world *w);
};

/* Plays all; 1: PASS. */
int story_play(struct world *w);

/* Every queue that has a handler once more: it runs where the interrupt is routed to, once. */
void story_probe(struct world *w);
/* The same without a word: how many of @out_nr were good. */
uint32_t story_probe_count(struct world *w, uint32_t *out_nr);
void story_tell_driver(struct world *w, const struct driver *d);
/* Events that are lost: neither handled nor polled. */
uint64_t story_nr_lost(struct world *w);
uint64_t story_nr_called_while_off(struct world *w);
void story_tell_oracle(struct world *w);

/* One chapter each, story_NAME.c. */
extern const struct chapter story_start, story_traffic, story_moves, story_cpus, story_masks,
	story_forgery, story_drivers, story_parents, story_end;

#endif
