/* SPDX-License-Identifier: MIT */
/*
 * parents.h - the parts of the chapter "parents": each has a machine of its own in this process, a
 * system of mirq on it, and the drivers, traffic and oracle of the story. What a part counts is
 * added to the story.
 */
#ifndef TOOL_PARENTS_H
#define TOOL_PARENTS_H

#include "story.h"

/* CPUs of each part's machine. */
#define PARTS_CPUS 4u

/* What was done to the interrupts of a part. */
struct tour {
	uint32_t nr_irqs, nr_good; /* at the end: each once, on the CPU that it is for */
	uint32_t nr_moves, nr_moved, nr_refused;
	uint32_t nr_again; /* released, freed, allocated, requested */
	uint32_t nr_failed;
};

/* A machine by its description (docs/machines.md), without mirq. NULL: it was said why. */
struct world *part_new(struct world *w, const char *machine);
/* How attaching ended. 1: well; else the part is over. */
int part_attached(struct world *w, struct world *p, enum mirq_err err, const struct mirq_why *why);
/* Both, on x86, by a mirq that was told @guest. NULL: it was said why. */
struct world *part_begin(struct world *w, const char *machine, enum mirq_guest guest);
/* Messages of device @index go to @parent. Before its driver starts. */
int part_link(struct world *p, uint32_t index, struct mirq_domain *parent);
/* The device's driver, by its number: attach, alloc, request. */
int part_start(struct world *p, uint32_t driver);
/* All that have started: they fire, move among @cpus (limit 0: not at all) while they fire, go and
 * come, fire again. */
struct tour part_tour(struct world *p, struct mirq_range cpus);
/* The checks that a tour owes. */
int part_is_good(const struct tour *t);
/* Release, free, detach, while devices fire. */
void part_stop(struct world *p);
/* mirq leaves the machine; what it held was given back. Its counts are the story's. */
void part_end(struct world *w, struct world *p, const char *name);
/* A refusal of @err by rule @rule (0: any), with its sentence. */
int part_refused(struct world *p, const char *what, enum mirq_err seen, enum mirq_err wanted,
		 const struct mirq_why *why);
/* mirq_affinity_set(), watched. */
enum mirq_err part_move(struct world *p, struct mirq_irqs irqs, uint32_t cpu, struct mirq_why *why);
/* The x86 message, as the machine's root complex takes it: [SDM3] 11.11. */
#define PARTS_MESSAGES UINT64_C(0xfee00000)
uint64_t part_message_address(uint32_t apic_id);

/* One part each, parents_NAME.c. */
void part_window(struct world *w);
void part_guest(struct world *w);
void part_provider(struct world *w);
void part_mux(struct world *w);
void part_legacy(struct world *w);
void part_bridge(struct world *w);
void part_vetted(struct world *w);

#endif
