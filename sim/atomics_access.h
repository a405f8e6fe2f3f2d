/* SPDX-License-Identifier: MIT */
/*
 * atomics_access.h - what an atomic operation calls in code that is compiled for exploring
 * (include_explore/stdatomic.h). Values travel as 64 bits, objects have 1, 2, 4 or 8 bytes.
 */
#ifndef SIM_ATOMICS_ACCESS_H
#define SIM_ATOMICS_ACCESS_H

#include <stddef.h>
#include <stdint.h>

/* Numbered as compilers do. */
enum atomics_order {
	ATOMICS_RELAXED,
	ATOMICS_CONSUME,
	ATOMICS_ACQUIRE,
	ATOMICS_RELEASE,
	ATOMICS_ACQ_REL,
	ATOMICS_SEQ_CST
};

enum atomics_change {
	ATOMICS_EXCHANGE,
	ATOMICS_ADD,
	ATOMICS_SUB,
	ATOMICS_OR,
	ATOMICS_AND,
	ATOMICS_XOR
};

uint64_t atomics_load(const volatile void *object, size_t bytes, enum atomics_order order);
void atomics_store(volatile void *object, size_t bytes, uint64_t value, enum atomics_order order);
/* The value before. */
uint64_t atomics_change(volatile void *object, size_t bytes, enum atomics_change change,
			uint64_t operand, enum atomics_order order);
/* The orders of one that succeeds and of one that fails, in one word. */
#define ATOMICS_ORDERS(success, failure) ((uint32_t)(success) | (uint32_t)(failure) << 4)
/* 1: done; 0: @expected now has what was found. */
int atomics_compare_exchange(volatile void *object, size_t bytes, void *expected, uint64_t desired,
			     uint32_t orders);
void atomics_fence(enum atomics_order order);
/* Before anybody else knows the object: no scheduling point. */
void atomics_init(volatile void *object, size_t bytes, uint64_t value);

#endif
