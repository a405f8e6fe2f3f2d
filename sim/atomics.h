/* SPDX-License-Identifier: MIT */
/*
 * atomics.h - the memory that atomic operations of explored code go through: sequentially
 * consistent, x86's total store order with a store buffer per CPU, or what C11 allows. What
 * scenarios and models of hardware need of it; the operations themselves are atomics_access.h.
 *
 * Plain accesses reach memory at once. Under C11 those that nothing orders fail the run (races.c);
 * SC and TSO do not find out code whose plain data is not guarded by its atomics.
 *
 * Not modelled: under SC and TSO, an acquire or release that is missing and that x86 does by
 * itself; under C11, loads that read what is stored after them (atomics_views.c).
 */
#ifndef SIM_ATOMICS_H
#define SIM_ATOMICS_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

enum atomics_model {
	ATOMICS_SC,
	ATOMICS_TSO, /* [SDM3] 9.2 */
	ATOMICS_C11  /* atomics_views.c */
};

/* In begin. Without it, and outside of fibers, operations are plain accesses. Every fiber has a
 * buffer or a view of its own; a store that is late costs a preemption each time somebody does not
 * see it. */
void atomics_begin(struct engine *e, enum atomics_model model);

/* @fiber runs on the CPU of @other: they share its buffer or view. In begin. */
void atomics_share(struct engine *e, uint32_t fiber, uint32_t other);

/* The buffer of the CPU that runs becomes empty: a write to a register, or an instruction that
 * waits for it. Each store that leaves is a scheduling point. C11: what the CPU has seen and stored
 * is passed on to the hardware, which is one point. */
void atomics_drain(struct engine *e);

/* The point of an access to a register, drained before the access. C11: this point is the only one,
 * and names all hardware to which is passed on. */
void atomics_at_register(struct engine *e, enum engine_point point, const void *object);

/* The CPU that runs has read a register or takes an interrupt: C11: it sees what was passed on to
 * the hardware. No scheduling point: call it behind one that names the hardware. */
void atomics_join(struct engine *e);

/* Somebody without a buffer (a device) is about to read this memory: which buffered stores to it
 * have arrived is chosen. Then memory is what it sees; under C11 the newest. No scheduling point.
 * */
void atomics_observe(struct engine *e, const void *address, size_t bytes);

/* The memory is given back or used otherwise: every store to it has arrived. C11: whoever accessed
 * it must be known to be done. */
void atomics_retire(struct engine *e, const void *address, size_t bytes);

#endif
