/* SPDX-License-Identifier: MIT */
/*
 * stdatomic.h - stands before the compiler's own where the library is compiled for exploring: each
 * operation is a scheduling point and goes through the memory model of sim/atomics.c. _Atomic stays
 * the compiler's; what is not here is not used by the library, and using it does not compile.
 */
#ifndef SIM_EXPLORE_STDATOMIC_H
#define SIM_EXPLORE_STDATOMIC_H

/* As for the header that it stands for: no warning where a macro's value is not used. */
#pragma GCC system_header

#include "../atomics_access.h"

typedef enum {
	memory_order_relaxed = ATOMICS_RELAXED,
	memory_order_consume = ATOMICS_CONSUME,
	memory_order_acquire = ATOMICS_ACQUIRE,
	memory_order_release = ATOMICS_RELEASE,
	memory_order_acq_rel = ATOMICS_ACQ_REL,
	memory_order_seq_cst = ATOMICS_SEQ_CST
} memory_order;

/* Of *p, without _Atomic: a comma takes it off. */
#define sim_atomic_type(p) __typeof__((void)0, *(p))
#define sim_atomic_order(order) ((enum atomics_order)(order))
#define sim_atomic_word(value) ((uint64_t)(uintptr_t)(value))
#define sim_atomic_value(p, word) ((sim_atomic_type(p))(uintptr_t)(word))
#define sim_atomic_change(p, change, operand, order)                                               \
	sim_atomic_value((p), atomics_change((p), sizeof(*(p)), (change),                          \
					     sim_atomic_word(operand), sim_atomic_order(order)))

#define atomic_init(p, value) atomics_init((p), sizeof(*(p)), sim_atomic_word(value))
#define atomic_thread_fence(order) atomics_fence(sim_atomic_order(order))

#define atomic_load_explicit(p, order)                                                             \
	sim_atomic_value((p), atomics_load((p), sizeof(*(p)), sim_atomic_order(order)))
#define atomic_store_explicit(p, value, order)                                                     \
	atomics_store((p), sizeof(*(p)), sim_atomic_word(value), sim_atomic_order(order))
#define atomic_exchange_explicit(p, value, order)                                                  \
	sim_atomic_change((p), ATOMICS_EXCHANGE, (value), (order))
#define atomic_fetch_add_explicit(p, value, order)                                                 \
	sim_atomic_change((p), ATOMICS_ADD, (value), (order))
#define atomic_fetch_sub_explicit(p, value, order)                                                 \
	sim_atomic_change((p), ATOMICS_SUB, (value), (order))
#define atomic_fetch_or_explicit(p, value, order)                                                  \
	sim_atomic_change((p), ATOMICS_OR, (value), (order))
#define atomic_fetch_and_explicit(p, value, order)                                                 \
	sim_atomic_change((p), ATOMICS_AND, (value), (order))
#define atomic_fetch_xor_explicit(p, value, order)                                                 \
	sim_atomic_change((p), ATOMICS_XOR, (value), (order))
/* A weak one does not fail without cause: no compare-and-exchange of x86 does. */
#define atomic_compare_exchange_strong_explicit(p, expected, desired, order, failure)              \
	atomics_compare_exchange((p), sizeof(*(p)), (expected), sim_atomic_word(desired),          \
				 ATOMICS_ORDERS((order), (failure)))
#define atomic_compare_exchange_weak_explicit(p, expected, desired, order, failure)                \
	atomic_compare_exchange_strong_explicit((p), (expected), (desired), (order), (failure))

#define atomic_load(p) atomic_load_explicit((p), memory_order_seq_cst)
#define atomic_store(p, value) atomic_store_explicit((p), (value), memory_order_seq_cst)
#define atomic_exchange(p, value) atomic_exchange_explicit((p), (value), memory_order_seq_cst)
#define atomic_fetch_add(p, value) atomic_fetch_add_explicit((p), (value), memory_order_seq_cst)
#define atomic_fetch_sub(p, value) atomic_fetch_sub_explicit((p), (value), memory_order_seq_cst)
#define atomic_fetch_or(p, value) atomic_fetch_or_explicit((p), (value), memory_order_seq_cst)
#define atomic_fetch_and(p, value) atomic_fetch_and_explicit((p), (value), memory_order_seq_cst)
#define atomic_fetch_xor(p, value) atomic_fetch_xor_explicit((p), (value), memory_order_seq_cst)
#define atomic_compare_exchange_strong(p, expected, desired)                                       \
	atomic_compare_exchange_strong_explicit((p), (expected), (desired), memory_order_seq_cst,  \
						memory_order_seq_cst)
#define atomic_compare_exchange_weak(p, expected, desired)                                         \
	atomic_compare_exchange_strong((p), (expected), (desired))

#endif
