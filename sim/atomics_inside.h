/* SPDX-License-Identifier: MIT */
/*
 * atomics_inside.h - what atomics.c (operations, store buffers) and atomics_views.c (C11) share.
 * Not for models or scenarios.
 */
#ifndef SIM_ATOMICS_INSIDE_H
#define SIM_ATOMICS_INSIDE_H

#include "atomics.h"
#include "atomics_access.h"

#define ATOMICS_MAX_ENTRIES 64

struct entry {
	volatile void *object;
	size_t bytes;
	uint64_t value;
	uint64_t serial; /* of its store, in the order of the run */
};

struct buffer {
	struct entry entries[ATOMICS_MAX_ENTRIES]; /* oldest first */
	uint32_t nr;
};

struct views;
struct races;

struct atomics {
	struct engine *e;
	enum atomics_model model;
	uint32_t thread_of[ENGINE_MAX_FIBERS];
	/* SC, TSO: */
	uint64_t serial;
	struct buffer buffers[ENGINE_MAX_FIBERS];
	/* C11: */
	struct views *views;
	struct races *races;
};

/* A success order and a failure order in one word. */
static inline enum atomics_order atomics_success(uint32_t orders)
{
	return (enum atomics_order)(orders & 0xf);
}

static inline enum atomics_order atomics_failure(uint32_t orders)
{
	return (enum atomics_order)(orders >> 4);
}

static inline uint64_t atomics_peek(const volatile void *object, size_t bytes)
{
	switch (bytes) {
	case 1:
		return *(const volatile uint8_t *)object;
	case 2:
		return *(const volatile uint16_t *)object;
	case 4:
		return *(const volatile uint32_t *)object;
	default:
		return *(const volatile uint64_t *)object;
	}
}

static inline void atomics_poke(volatile void *object, size_t bytes, uint64_t value)
{
	switch (bytes) {
	case 1:
		*(volatile uint8_t *)object = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)object = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)object = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)object = value;
	}
}

static inline uint64_t atomics_truncate(uint64_t value, size_t bytes)
{
	return bytes < 8 ? value & ((UINT64_C(1) << 8 * bytes) - 1) : value;
}

/* NULL: accesses are plain here. */
struct atomics *atomics_here(void);
/* Into memory; who waits looks again if it is another value. */
void atomics_set(struct atomics *a, volatile void *object, size_t bytes, uint64_t value);
/* The story: "object sign value what". */
void atomics_note(struct atomics *a, const volatile void *object, const char *sign, uint64_t value,
		  const char *what);
/* What a read-modify-write makes of @value. */
uint64_t atomics_changed(uint64_t value, enum atomics_change change, uint64_t operand);

/* atomics_views.c: the operations of atomics_access.h and atomics.h in the model C11. */
void views_begin(struct atomics *a);
uint64_t views_load(struct atomics *a, const volatile void *object, size_t bytes,
		    enum atomics_order order);
void views_store(struct atomics *a, volatile void *object, size_t bytes, uint64_t value,
		 enum atomics_order order);
/* @changed: what it makes of a value. Answers the value before. */
struct views_change {
	enum atomics_change change;
	uint64_t operand;
	enum atomics_order order;
};
uint64_t views_change(struct atomics *a, volatile void *object, size_t bytes,
		      const struct views_change *change);
struct views_exchange {
	uint64_t expected, desired;
	uint32_t orders;
};
/* 1: done. @out_found: what was there. */
int views_compare_exchange(struct atomics *a, volatile void *object, size_t bytes,
			   const struct views_exchange *x, uint64_t *out_found);
void views_fence(struct atomics *a, enum atomics_order order);
void views_init(struct atomics *a, volatile void *object, size_t bytes, uint64_t value);
void views_drain(struct atomics *a);
void views_join(struct atomics *a);
void views_settle(struct atomics *a);
void views_retire(struct atomics *a, const void *address, size_t bytes);
/* Who runs, and up to when what each thread did is over for it. */
uint32_t views_thread(const struct atomics *a);
const uint32_t *views_clock(const struct atomics *a);

/* races.c: plain accesses are ordered by the model C11. */
void races_begin(struct atomics *a);
void races_atomic(struct atomics *a, const volatile void *object, size_t bytes);
void races_retire(struct atomics *a, const void *address, size_t bytes);

#endif
