/* SPDX-License-Identifier: MIT */
/*
 * counts.h - what is counted on a machine with mirq, by whom: the machine (sim/machine.h), mirq
 * (mirq/inspect.h), the drivers. Nothing is derived from what ought to be.
 */
#ifndef TOOL_COUNTS_H
#define TOOL_COUNTS_H

#include <stdint.h>

/* name, what it counts */
#define COUNTS(X)                                                                                  \
	X(raised, "pieces of work for which devices asked to interrupt")                           \
	X(handled, "of them, found by interrupt handlers")                                         \
	X(polled, "of them, found by a driver that had given its interrupt away")                  \
	X(interrupts, "interrupts that CPUs took")                                                 \
	X(moved, "interrupts that went to another CPU")                                            \
	X(programmed, "entries of remappers written")                                              \
	X(flushes, "times a remapper's cached entries were dropped")                               \
	X(waits, "waits until a remapping unit had done so")                                       \
	X(reads, "register reads of CPUs")                                                         \
	X(writes, "register writes of CPUs, ends of interrupts included")                          \
	X(kicks, "interrupts between CPUs")                                                        \
	X(kept, "events that devices or mirq kept while masked, disabled or running")              \
	X(late, "interrupts taken while they were being released")                                 \
	X(blocked, "messages that a remapping unit refused")                                       \
	X(reported, "of them, read by the fault handler")                                          \
	X(stray, "interrupts that CPUs took for nobody")                                           \
	X(judged, "single checks of the oracle")

struct counts {
#define X(name, text) uint64_t name;
	COUNTS(X)
#undef X
};

struct counts counts_minus(const struct counts *a, const struct counts *b);
struct counts counts_plus(const struct counts *a, const struct counts *b);

struct counts_name {
	const char *name, *text;
	uint64_t value;
};
/* The @index-th of @c, in the order above; 0: past the last. */
int counts_at(const struct counts *c, uint32_t index, struct counts_name *out);

#endif
