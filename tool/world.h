/* SPDX-License-Identifier: MIT */
/*
 * world.h - a simulated machine, mirq on it, drivers, traffic: what the story plays with.
 * Locking: none, one thread. Traffic and handlers run inside the machine's points.
 */
#ifndef TOOL_WORLD_H
#define TOOL_WORLD_H

#include <setjmp.h>

#include <mirq/inspect.h>

#include "../sim/oracle.h"
#include "driver.h"
#include "report.h"

struct world {
	struct report *report;
	struct sim *s;
	struct oracle *o;       /* watches it all */
	struct mirq *m;         /* NULL: not yet, or not any more */
	struct driver *drivers; /* one per device of the machine */
	uint32_t nr_drivers;
	uint64_t random;
	uint32_t is_pouring; /* devices interrupt while something else is done */
	uint64_t nr_points;  /* of this chapter */
	jmp_buf *way_out;    /* of a chapter that does not end; NULL: none is being played */
	/* Units that remap, and their faults: */
	uint32_t nr_units;
	uint32_t nr_entries;                        /* of each unit's table */
	struct mirq_irqs fault_irqs[SIM_MAX_UNITS]; /* of those that can interrupt */
	uint32_t nr_fault_irqs;
	/* Counted by the tool itself: */
	uint64_t nr_moved;
	uint64_t nr_lent;    /* slots given to a PASID */
	uint32_t is_broken;  /* the oracle has said why */
	struct counts ended; /* of mirq, when it is not there any more */
	/* Other machines of the same story (parents.h): */
	uint32_t has_parts;
	struct world *part;  /* that is being played; NULL: none */
	struct counts parts; /* of those that are over */
};

struct world *world_new(const struct sim_spec *spec, struct report *r);
void world_free(struct world *w);
struct counts world_counts(struct world *w);
/* mirq leaves the machine; what it has counted is kept. */
void world_leave(struct world *w);

/* 0..limit-1, from the seed. */
uint32_t world_random(struct world *w, uint32_t limit);
/* Why mirq refused, as lines. */
void world_refused(struct world *w, const char *what, enum mirq_err err,
		   const struct mirq_why *why);
/* On another CPU from now on: calls of mirq are made there. */
void world_go_to_cpu(struct world *w);

/* ---- traffic.c ---- */

/* The machine's hook. */
void world_on_point(void *context, enum engine_point point);
/* Devices interrupt at any point of what the caller does next, until traffic_end(). */
void traffic_pour(struct world *w);
/* No more events; all that is under way arrives. */
void traffic_end(struct world *w);
/* Every queue once, in an order from the seed. */
void traffic_round(struct world *w);

#endif
