/* SPDX-License-Identifier: MIT */
/*
 * Pointers by 32-bit index against a sorted array: src/core/sparse.h; design 3 (memory per used
 * slot, iteration in index order, safe against concurrent allocation).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/sparse.h"
#include "mirq_hosted.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_ITEMS 4096

/* What is in the array, sorted by index; an item is its index, moved up by one byte. */
struct model {
	uint32_t index[MAX_ITEMS];
	uint32_t nr;
};

struct fixture {
	struct mirq_host host;
	struct mirqi_sparse sparse;
	struct model model;
	uint64_t random;
};

static void *item_of(uint32_t index)
{
	return (void *)(((uintptr_t)index << 8) + 0x80);
}

static uint32_t random32(struct fixture *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return (uint32_t)(f->random >> 32);
}

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	mirq_hosted_init(&f->host);
	f->random = 0x853c49e6748fea9b;
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	mirqi_sparse_fini(&f->sparse, &f->host);
	assert_int_equal(f->host.nr_live, 0);
	assert_int_equal(f->host.live_bytes, 0);
	mirq_hosted_fini(&f->host);
	free(f);
	return 0;
}

/* Place of the first index >= @index. */
static uint32_t lower_bound(const struct model *m, uint32_t index)
{
	uint32_t at = 0;

	while (at < m->nr && m->index[at] < index)
		at++;
	return at;
}

static int model_has(const struct model *m, uint32_t index)
{
	uint32_t at = lower_bound(m, index);

	return at < m->nr && m->index[at] == index;
}

static uint32_t model_next(const struct model *m, uint32_t from)
{
	uint32_t at = lower_bound(m, from);

	return at < m->nr ? m->index[at] : MIRQI_NO_INDEX;
}

/* The lowest aligned gap, found by stepping from item to item. */
static uint32_t model_gap(const struct model *m, struct mirq_range in, uint32_t nr,
			  uint32_t align_log2)
{
	uint64_t align = UINT64_C(1) << align_log2;
	uint64_t first = (in.first + align - 1) / align * align;

	while (first + nr <= in.limit) {
		uint32_t next = model_next(m, (uint32_t)first);

		if (next == MIRQI_NO_INDEX || next >= first + nr)
			return (uint32_t)first;
		first = ((uint64_t)next + align) / align * align;
	}
	return MIRQI_NO_INDEX;
}

static void put(struct fixture *f, uint32_t index)
{
	struct mirq_range one = { index, index + 1 };
	uint32_t at = lower_bound(&f->model, index);

	assert_int_equal(mirqi_sparse_grow(&f->sparse, &f->host, one), MIRQ_OK);
	assert_null(mirqi_sparse_get(&f->sparse, index));
	mirqi_sparse_put(&f->sparse, index, item_of(index));
	memmove(&f->model.index[at + 1], &f->model.index[at],
		(f->model.nr - at) * sizeof(f->model.index[0]));
	f->model.index[at] = index;
	f->model.nr++;
}

static void take_out(struct fixture *f, uint32_t index)
{
	uint32_t at = lower_bound(&f->model, index);

	assert_ptr_equal(mirqi_sparse_get(&f->sparse, index), item_of(index));
	mirqi_sparse_remove(&f->sparse, index);
	f->model.nr--;
	memmove(&f->model.index[at], &f->model.index[at + 1],
		(f->model.nr - at) * sizeof(f->model.index[0]));
}

static void compare_at(struct fixture *f, uint32_t index)
{
	void *wanted = model_has(&f->model, index) ? item_of(index) : NULL;

	assert_ptr_equal(mirqi_sparse_get(&f->sparse, index), wanted);
	assert_int_equal(mirqi_sparse_next(&f->sparse, index), model_next(&f->model, index));
}

static void compare_all(struct fixture *f)
{
	uint32_t at = 0;

	assert_int_equal(f->sparse.nr_used, f->model.nr);
	for (uint32_t i = mirqi_sparse_next(&f->sparse, 0); i != MIRQI_NO_INDEX;
	     i = mirqi_sparse_next(&f->sparse, i + 1), at++) {
		assert_true(at < f->model.nr);
		assert_int_equal(i, f->model.index[at]);
		assert_ptr_equal(mirqi_sparse_get(&f->sparse, i), item_of(i));
	}
	assert_int_equal(at, f->model.nr);
	for (uint32_t i = 0; i < f->sparse.hint; i++)
		assert_true(model_has(&f->model, i));
}

static void compare_gap(struct fixture *f, struct mirq_range in, uint32_t nr, uint32_t align_log2)
{
	uint32_t wanted = model_gap(&f->model, in, nr, align_log2);
	uint32_t got = mirqi_sparse_gap(&f->sparse, in, nr, align_log2);

	if (got != wanted)
		fail_msg("gap of %u aligned 2^%u in %u..%u: got %u, wanted %u", nr, align_log2,
			 in.first, in.limit, got, wanted);
}

/* ---- */

static void get_and_next__empty__nothing(void **state)
{
	struct fixture *f = *state;

	compare_at(f, 0);
	compare_at(f, UINT32_MAX - 1);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, (struct mirq_range){ 7, 9 }, 2, 0), 7);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, (struct mirq_range){ 7, 9 }, 2, 1),
			 MIRQI_NO_INDEX);
}

/* Each level of the tree, on both sides of each border. */
static void put__borders_of_every_level__found_in_order(void **state)
{
	static const uint32_t borders[] = {
		1,
		64,
		64 * 2,
		1u << 12,
		1u << 18,
		1u << 24,
		1u << 30,
		2u << 30,
		3u << 30,
		UINT32_MAX - 2,
		(1u << 12) - 64,
		(1u << 30) + 64,
		(3u << 30) - (1u << 24),
	};
	struct fixture *f = *state;

	for (uint32_t i = 0; i < NR(borders); i++) {
		put(f, borders[i] - 1);
		if (!model_has(&f->model, borders[i]))
			put(f, borders[i]);
	}
	compare_all(f);
	for (uint32_t i = 0; i < NR(borders); i++)
		for (uint32_t d = 0; d < 5; d++)
			compare_at(f, borders[i] + 2 - d < borders[i] + 3 ? borders[i] + 2 - d : 0);
	while (f->model.nr) {
		take_out(f, f->model.index[f->model.nr / 2]);
		compare_all(f);
	}
}

/* Dense, sparse and far apart, all mixed. */
static uint32_t random_index(struct fixture *f)
{
	switch (random32(f) % 4) {
	case 0:
		return random32(f) % 300;
	case 1:
		return random32(f) % 70000;
	case 2:
		return (random32(f) & ~0xffu) - random32(f) % 3 - 3;
	default:
		return random32(f) % (UINT32_MAX - 2);
	}
}

static struct mirq_range random_range(struct fixture *f)
{
	struct mirq_range in = { random_index(f), random_index(f) };

	if (in.first > in.limit)
		in = (struct mirq_range){ in.limit, in.first };
	in.limit++;
	return in;
}

static void history__random_puts_and_removals__as_the_model(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t index = random_index(f), phase = i / 4000 % 2;

		if (random32(f) % 4 > phase * 2 && f->model.nr < MAX_ITEMS) {
			if (!model_has(&f->model, index))
				put(f, index);
		} else if (f->model.nr) {
			take_out(f, f->model.index[random32(f) % f->model.nr]);
		}
		compare_at(f, random_index(f));
		compare_gap(f, random_range(f), 1 + random32(f) % 40, random32(f) % 12);
		compare_gap(f, (struct mirq_range){ 0, 400 }, 1 + random32(f) % 3, random32(f) % 3);
		if (i % 1000 == 0)
			compare_all(f);
	}
	compare_all(f);
}

static void gap__full_row__skipped_and_found_again_after_removal(void **state)
{
	struct mirq_range in = { 0, 1000 };
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 500; i++) {
		assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 1, 0), i);
		put(f, i);
	}
	assert_int_equal(f->sparse.hint, 500);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 8, 3), 504);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 500, 0), 500);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 501, 0), MIRQI_NO_INDEX);
	take_out(f, 130);
	take_out(f, 131);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 1, 0), 130);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 2, 1), 130);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 2, 2), 500);
	put(f, 131);
	put(f, 130);
	compare_gap(f, in, 1, 0);
	compare_all(f);
}

/* Design 16, costs flat up to a million: a long row of used indices is not walked one by one. (If
 * it were, this would take minutes.) */
static void gap__behind_a_long_row__found_at_once(void **state)
{
	struct mirq_range in = { 0, 500000 };
	struct fixture *f = *state;

	assert_int_equal(mirqi_sparse_grow(&f->sparse, &f->host, in), MIRQ_OK);
	for (uint32_t i = 0; i < 400000; i++)
		mirqi_sparse_put(&f->sparse, i, item_of(i));
	mirqi_sparse_remove(&f->sparse, 0);
	for (uint32_t i = 400000; i < 450000; i++) {
		assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 2, 0), i);
		mirqi_sparse_put(&f->sparse, i, item_of(i));
	}
	assert_int_equal(mirqi_sparse_gap(&f->sparse, in, 1, 0), 0);
	assert_int_equal(f->sparse.nr_used, 449999);
}

/* The last index that a store can have; sums with it do not wrap. */
static void gap__end_of_the_index_space__no_wrap(void **state)
{
	struct mirq_range end = { UINT32_MAX - 10, UINT32_MAX };
	struct fixture *f = *state;

	assert_int_equal(mirqi_sparse_gap(&f->sparse, end, 10, 0), UINT32_MAX - 10);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, end, 11, 0), MIRQI_NO_INDEX);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, end, 1, 31), MIRQI_NO_INDEX);
	put(f, UINT32_MAX - 1);
	assert_int_equal(mirqi_sparse_next(&f->sparse, 0), UINT32_MAX - 1);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, end, 10, 0), MIRQI_NO_INDEX);
	assert_int_equal(mirqi_sparse_gap(&f->sparse, end, 9, 0), UINT32_MAX - 10);
	take_out(f, UINT32_MAX - 1);
	assert_int_equal(mirqi_sparse_next(&f->sparse, 0), MIRQI_NO_INDEX);
}

/* Memory for used parts only: a million indices apart cost a way down each, not what is between. */
static void grow__far_apart__memory_by_used_parts(void **state)
{
	struct fixture *f = *state;
	int64_t one;

	put(f, 0);
	one = f->host.nr_live;
	assert_int_equal(one, 1);
	put(f, 1u << 31);
	assert_true(f->host.nr_live <= 11); /* six levels up, five down */
	put(f, (1u << 31) + 1);
	assert_true(f->host.nr_live <= 11);
	mirqi_sparse_fini(&f->sparse, &f->host);
	assert_int_equal(f->host.nr_live, 0);
	f->model.nr = 0;
	put(f, 5); /* usable again */
	compare_all(f);
}

/* Host call N fails, for every N: what was there stays, and the same growth works later. */
static void grow__memory_fails_at_each_call__usable_after(void **state)
{
	static const struct mirq_range rows[] = {
		{ 0, 1 }, { 60, 70 }, { 4000, 4200 }, { 1u << 29, (1u << 29) + 130 }, { 0, 300 },
	};
	struct fixture *f = *state;
	uint32_t nr_failed = 0;

	for (uint32_t r = 0; r < NR(rows); r++)
		for (uint32_t at = 1; at < 40; at++) {
			enum mirq_err err;

			mirq_hosted_fail(&f->host, at, at % 2);
			err = mirqi_sparse_grow(&f->sparse, &f->host, rows[r]);
			mirq_hosted_fail(&f->host, 0, 0);
			assert_true(err == MIRQ_OK || err == MIRQ_ENOMEM);
			nr_failed += err == MIRQ_ENOMEM;
			compare_all(f);
			if (err)
				continue;
			if (!model_has(&f->model, rows[r].first))
				put(f, rows[r].first);
			if (!model_has(&f->model, rows[r].limit - 1))
				put(f, rows[r].limit - 1);
			compare_all(f);
			break;
		}
	assert_true(nr_failed > 8);
}

/* ---- readers without a lock ---- */

struct race {
	struct fixture *f;
	_Atomic int is_over, is_wrong;
	_Atomic uint64_t nr_seen;
};

static void *read_on(void *context)
{
	struct race *r = context;
	uint32_t dice = 12345;
	uint64_t nr_seen = 0;

	while (!atomic_load_explicit(&r->is_over, memory_order_relaxed)) {
		uint32_t index;
		void *item;

		dice = dice * 1664525 + 1013904223;
		index = dice >> (dice & 28);
		item = mirqi_sparse_get(&r->f->sparse, index);
		if (item && item != item_of(index))
			atomic_store(&r->is_wrong, 1);
		/* What stays for good is never missed once it was there. */
		if (!mirqi_sparse_get(&r->f->sparse, 3) || !mirqi_sparse_get(&r->f->sparse, 1000))
			atomic_store(&r->is_wrong, 2);
		nr_seen += item != NULL;
	}
	atomic_fetch_add(&r->nr_seen, nr_seen);
	return NULL;
}

static void readers__while_it_grows_and_shrinks__never_see_another_item(void **state)
{
	struct race r = { .f = *state };
	struct fixture *f = *state;
	pthread_t readers[3];

	put(f, 3);
	put(f, 1000);
	for (uint32_t i = 0; i < NR(readers); i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &r), 0);
	for (uint32_t i = 0; i < 30000; i++) {
		uint32_t index = random32(f) >> (random32(f) & 28);

		if (index < UINT32_MAX - 2 && !model_has(&f->model, index) && f->model.nr < 400)
			put(f, index);
		if (f->model.nr >= 400 || i % 3 == 0) {
			index = f->model.index[random32(f) % f->model.nr];
			if (index != 3 && index != 1000)
				take_out(f, index);
		}
	}
	atomic_store(&r.is_over, 1);
	for (uint32_t i = 0; i < NR(readers); i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	assert_int_equal(r.is_wrong, 0);
	assert_true(r.nr_seen > 0);
	compare_all(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(get_and_next__empty__nothing, start, stop),
		cmocka_unit_test_setup_teardown(put__borders_of_every_level__found_in_order, start,
						stop),
		cmocka_unit_test_setup_teardown(history__random_puts_and_removals__as_the_model,
						start, stop),
		cmocka_unit_test_setup_teardown(
			gap__full_row__skipped_and_found_again_after_removal, start, stop),
		cmocka_unit_test_setup_teardown(gap__behind_a_long_row__found_at_once, start, stop),
		cmocka_unit_test_setup_teardown(gap__end_of_the_index_space__no_wrap, start, stop),
		cmocka_unit_test_setup_teardown(grow__far_apart__memory_by_used_parts, start, stop),
		cmocka_unit_test_setup_teardown(grow__memory_fails_at_each_call__usable_after,
						start, stop),
		cmocka_unit_test_setup_teardown(
			readers__while_it_grows_and_shrinks__never_see_another_item, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
