/* SPDX-License-Identifier: MIT */
/* What mirq does to hardware for one job: accesses by target, entries, invalidations, waits. */
#ifndef KERNEL_COSTS_H
#define KERNEL_COSTS_H

#include <mirq/vtd.h>

#include "mirq_port.h"

struct costs {
	struct port_counts port;
	struct mirq_vtd_stats units; /* sums over all units */
};

/* Counters up to now, and what was added since. */
struct costs costs_now(void);
struct costs costs_since(const struct costs *before);

/* One line; @nr_vectors is what the line divides by. */
void costs_print(const char *job, uint32_t nr_vectors, const struct costs *c);

/*
 * Takes @nr vectors of a function that nobody uses through their life, with all CPUs idle:
 * bring-up, a move of all, tear-down; prints and checks the budgets of docs/design.md. First as
 * a function that was reset, if it can be, then as one whose tables may hold anything.
 */
void costs_measure(const struct pci_function *f, uint32_t nr);

#endif
