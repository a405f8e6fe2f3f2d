/* SPDX-License-Identifier: MIT */
/*
 * mirq_freestanding.h - the host of a machine without an operating system (mirq_host.c).
 */
#ifndef MIRQ_FREESTANDING_H
#define MIRQ_FREESTANDING_H

#include <mirq/host.h>

struct piece;

struct mirq_host {
	struct piece *pieces;       /* free memory of the arena */
	void *ecam;                 /* PCI configuration of segment 0, bus 0; NULL: none */
	uint64_t (*clock_ns)(void); /* monotonic; NULL: time passes by being looked at */
	uint64_t ticks_ns;
	volatile int is_kicked;
};

/* @arena: memory for the library, also reached by devices under the same address. */
void mirq_freestanding_init(struct mirq_host *h, void *arena, size_t arena_bytes, void *ecam);
/* 1: mirq_service(m, 0) is due. */
int mirq_freestanding_poll(struct mirq_host *h);

#endif
