/* SPDX-License-Identifier: MIT */
/*
 * atomics.h - the memory that atomic operations of explored code go through: sequentially
 * consistent, or x86's total store order with a store buffer per CPU. What scenarios and models of
 * hardware need of it; the operations themselves are atomics_access.h.
 *
 * Not modelled: plain accesses, which reach memory at once (code whose plain data is not guarded by
 * its atomics is not found out); anything weaker than x86, so an acquire or release that is missing
 * and that x86 does by itself is not found out either; what a compiler may do.
 */
#ifndef SIM_ATOMICS_H
#define SIM_ATOMICS_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

enum atomics_model {
	ATOMICS_SC,
	ATOMICS_TSO /* [SDM3] 9.2 */
};

/* In begin. Without it, and outside of fibers, operations are plain accesses. Every fiber has a
 * buffer of its own; one that is late costs a preemption each time somebody does not see a store.
 * */
void atomics_begin(struct engine *e, enum atomics_model model);

/* @fiber runs on the CPU of @other: they share its buffer. In begin. */
void atomics_share(struct engine *e, uint32_t fiber, uint32_t other);

/* The buffer of the CPU that runs becomes empty: a write to a register, or an instruction that
 * waits for it. Each store that leaves is a scheduling point. */
void atomics_drain(struct engine *e);

/* Somebody without a buffer (a device) is about to read this memory: which buffered stores to it
 * have arrived is chosen. Then memory is what it sees. No scheduling point. */
void atomics_observe(struct engine *e, const void *address, size_t bytes);

/* The memory is given back or used otherwise: every store to it has arrived. */
void atomics_retire(struct engine *e, const void *address, size_t bytes);

#endif
