/* SPDX-License-Identifier: MIT */
/*
 * test_races.c - sim/races.c finds plain accesses that nothing orders, in a run in which they
 * happen to come one after the other, and says nothing where something does. This file is compiled
 * as explored code is: the compiler tells of each access.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdatomic.h> /* sim/include_explore */

#include "../../sim/atomics.h"

enum first {
	WRITES,
	READS,
	WRITES_NEXT, /* another byte of the same word */
	STORES       /* an atomic */
};

enum second {
	THEN_READS,
	THEN_WRITES,
	THEN_RETIRES
};

enum link {
	NOTHING,
	RELEASE_ACQUIRE,
	RELEASE_RELAXED,
	RELAXED_ACQUIRE,
	FENCES,
	SEQ_CST_FENCES_APART, /* they are in one order, which orders no plain access */
	SWAPS,
	HARDWARE,
	AFTERWARDS /* released too early */
};

struct pair {
	enum first first;
	enum second second;
	enum link link;
	volatile uint8_t bytes[8];
	_Atomic uint8_t atomic[8];
	_Atomic uint32_t flag;
	uint32_t line;
};

/* The hardware's own: not told of. */
__attribute__((no_sanitize("thread"))) static void raise_line(struct pair *p)
{
	p->line = 1;
}

__attribute__((no_sanitize("thread"))) static int is_line_raised(const struct pair *p)
{
	return p->line != 0;
}

static void do_first(struct pair *p)
{
	if (p->first == READS)
		(void)p->bytes[0];
	else if (p->first == STORES)
		atomic_store_explicit(&p->atomic[0], 1, memory_order_relaxed);
	else
		p->bytes[p->first == WRITES_NEXT] = 1;
}

static void first_body(void *context)
{
	struct pair *p = context;
	int is_relaxed = p->link == RELAXED_ACQUIRE || p->link == FENCES;

	if (p->link == AFTERWARDS)
		atomic_store_explicit(&p->flag, 1, memory_order_release);
	do_first(p);
	if (p->link == HARDWARE) {
		atomics_at_register(engine_here(), ENGINE_WRITE, &p->line);
		raise_line(p);
	} else if (p->link == SWAPS)
		(void)atomic_exchange_explicit(&p->flag, 1, memory_order_acq_rel);
	else if (p->link == FENCES)
		atomic_thread_fence(memory_order_release);
	else if (p->link == SEQ_CST_FENCES_APART)
		atomic_thread_fence(memory_order_seq_cst);
	if (p->link == SEQ_CST_FENCES_APART) {
		engine_at(engine_here(), ENGINE_WRITE, &p->line);
		raise_line(p);
	} else if (p->link != SWAPS && p->link != HARDWARE && p->link != NOTHING) {
		atomic_store_explicit(&p->flag, 1,
				      is_relaxed ? memory_order_relaxed : memory_order_release);
	}
}

/* Enough orders it? Otherwise it does nothing, but where there is no link. */
static int is_told(struct pair *p)
{
	switch (p->link) {
	case NOTHING:
		return 1;
	case HARDWARE:
		engine_at(engine_here(), ENGINE_READ, &p->line);
		atomics_join(engine_here());
		return is_line_raised(p);
	case SWAPS:
		return atomic_exchange_explicit(&p->flag, 2, memory_order_acq_rel) == 1;
	case SEQ_CST_FENCES_APART: /* the first one's is over, and no atomic tells */
		engine_at(engine_here(), ENGINE_READ, &p->line);
		if (!is_line_raised(p))
			return 0;
		atomic_thread_fence(memory_order_seq_cst);
		return 1;
	case RELEASE_RELAXED:
		return atomic_load_explicit(&p->flag, memory_order_relaxed) == 1;
	case FENCES:
		if (!atomic_load_explicit(&p->flag, memory_order_relaxed))
			return 0;
		atomic_thread_fence(memory_order_acquire);
		return 1;
	default:
		return atomic_load_explicit(&p->flag, memory_order_acquire) == 1;
	}
}

static void second_body(void *context)
{
	struct pair *p = context;
	volatile uint8_t *at = p->first == STORES ? (volatile uint8_t *)&p->atomic[0] : p->bytes;

	if (!is_told(p))
		return;
	if (p->second == THEN_READS)
		(void)*at;
	else if (p->second == THEN_WRITES)
		*at = 2;
	else
		atomics_retire(engine_here(), (const void *)(uintptr_t)at, 8);
}

static void begin(struct engine *e, void *context)
{
	struct pair *p = context;

	atomic_init(&p->flag, 0);
	p->line = 0;
	atomics_begin(e, ATOMICS_C11);
	engine_spawn(e, "first", 1, first_body, p);
	engine_spawn(e, "second", 1, second_body, p);
}

static void finish(struct engine *e, void *context, enum engine_end end)
{
	(void)e;
	(void)context;
	(void)end;
}

static int races(enum first first, enum link link, enum second second, uint32_t bound)
{
	struct pair p = { .first = first, .link = link, .second = second };
	struct engine_run run = { begin, finish, &p };
	struct engine_options options = { .max_preemptions = bound };
	struct engine_outcome out;
	enum engine_end end = engine_explore(&options, &run, &out);

	if (end == ENGINE_FAILED)
		assert_non_null(strstr(out.reason, "a race: "));
	else
		assert_int_equal(end, ENGINE_DONE);
	engine_outcome_fini(&out);
	return end == ENGINE_FAILED;
}

static void two_accesses__nothing_between__race_if_one_writes(void **state)
{
	(void)state;
	for (uint32_t bound = 0; bound < 2; bound++) {
		assert_true(races(WRITES, NOTHING, THEN_READS, bound));
		assert_true(races(WRITES, NOTHING, THEN_WRITES, bound));
		assert_true(races(WRITES, NOTHING, THEN_RETIRES, bound));
		assert_true(races(READS, NOTHING, THEN_WRITES, bound));
		assert_true(races(READS, NOTHING, THEN_RETIRES, bound));
		assert_true(races(STORES, NOTHING, THEN_WRITES, bound));
		assert_true(races(STORES, NOTHING, THEN_RETIRES, bound));
		assert_false(races(READS, NOTHING, THEN_READS, bound));
		assert_false(races(WRITES_NEXT, NOTHING, THEN_READS, bound));
		assert_false(races(WRITES_NEXT, NOTHING, THEN_WRITES, bound));
		assert_true(races(WRITES_NEXT, NOTHING, THEN_RETIRES, bound));
	}
}

static void two_accesses__ordered__no_race(void **state)
{
	static const enum link good[] = { RELEASE_ACQUIRE, FENCES, SWAPS, HARDWARE };
	static const enum link bad[] = { RELEASE_RELAXED, RELAXED_ACQUIRE, SEQ_CST_FENCES_APART,
					 AFTERWARDS };

	(void)state;
	for (uint32_t second = THEN_READS; second <= THEN_RETIRES; second++) {
		for (uint32_t i = 0; i < sizeof(good) / sizeof(*good); i++)
			assert_false(races(WRITES, good[i], (enum second)second, UINT32_MAX));
		for (uint32_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
			assert_true(races(WRITES, bad[i], (enum second)second, 1));
	}
	assert_false(races(STORES, RELEASE_ACQUIRE, THEN_RETIRES, UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_accesses__nothing_between__race_if_one_writes),
		cmocka_unit_test(two_accesses__ordered__no_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
