/* SPDX-License-Identifier: MIT */
/*
 * test_vtd_table.c - entries of a VT-d unit: which ones a batch gets, what they hold at every
 * instant.
 * Sources: [VTD] 5.1.4, 9.10.
 */
#include <stdatomic.h>

#include "fake_vtd_core.h"

/* The driver's table, with each store of it looked at: stands for the library's. */
static const uint64_t *watched; /* an entry: low, high; sender is 0x10 + the lowest bit of target */
static uint32_t nr_watched, must_stay;

static void watch_store(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store(word, value);
	if (!watched || ((void *)word != &watched[0] && (void *)word != &watched[1]))
		return;
	nr_watched++;
	if (watched[0] & 1)
		assert_int_equal(watched[1] & 0xffff, 0x10 + ((watched[0] >> 32) & 1));
	else
		assert_false(must_stay);
}

#undef atomic_store_explicit
#define atomic_store_explicit(word, value, order) watch_store(word, value)
#include "remappers/vtd_table.c"

/* ---- entries ---- */

static void entry__route__delivered_from_its_sender_only(void **state)
{
	struct bench *b = *state;
	uint32_t vector = 0, target = 0;

	bench_attach(b);
	bench_up(b, 4, 200, 0x41);
	b->batch.routes[2].id = 0x77;
	assert_int_equal(bench_program(b), MIRQ_OK);
	assert_int_equal(bench_flush(b), MIRQ_OK);
	assert_int_equal(bench_send(b, 2, 0x10, &vector, &target), 0);
	assert_int_equal(vector, 0x77);
	assert_int_equal(target, 200);
	for (uint32_t sid = 0; sid < 0x10000; sid += sid < 0x20 ? 1 : 0x101)
		assert_int_equal(bench_send(b, 2, sid, &vector, &target), sid == 0x10 ? 0 : 0x26);
	bench_detach(b);
}

/* A block: the device adds its message number to data. */
static void entry__block__message_number_reaches_the_member(void **state)
{
	struct bench *b = *state;
	struct mirq_msg msg;
	uint32_t vector = 0, target = 0;

	bench_attach(b);
	assert_int_equal(bench_alloc(b, 1, 0), MIRQ_OK);
	assert_int_equal(bench_alloc(b, 8, 3), MIRQ_OK);
	for (uint32_t i = 0; i < 8; i++)
		b->batch.routes[i].id = 0x60 + i;
	assert_int_equal(bench_program(b), MIRQ_OK);
	bench_ops(b)->compose(bench_data(b), b->ctx, &b->batch.hops[0], &b->batch.routes[0], 3,
			      &msg);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(
			fake_request(b->u, msg.address, msg.data | i, 0x10, &vector, &target), 0);
		assert_int_equal(vector, 0x60 + i);
	}
	bench_detach(b);
}

/* Two stores to bring up, one to move, none when nothing changes, one to clear. */
static void entry__changes__as_few_stores_as_possible(void **state)
{
	struct bench *b = *state;
	uint64_t before;

	bench_attach(b);
	before = bench_stats(b).nr_entry_writes;
	bench_up(b, 10, 3, 0x41);
	assert_int_equal(bench_stats(b).nr_entry_writes - before, 20);
	assert_int_equal(bench_program(b), MIRQ_OK);
	assert_int_equal(bench_stats(b).nr_entry_writes - before, 20);
	for (uint32_t i = 0; i < 10; i++)
		b->batch.routes[i].hw_target = 4;
	assert_int_equal(bench_program(b), MIRQ_OK);
	assert_int_equal(bench_stats(b).nr_entry_writes - before, 30);
	bench_clear(b);
	assert_int_equal(bench_stats(b).nr_entry_writes - before, 40);
	bench_clear(b);
	assert_int_equal(bench_stats(b).nr_entry_writes - before, 40);
	bench_detach(b);
}

/* The unit caches: what it is not told it does not see; the flush makes it forget. */
static void entry__moved_and_cleared__in_force_after_the_flush(void **state)
{
	struct bench *b = *state;
	uint32_t vector = 0, target = 0;

	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	assert_int_equal(bench_send(b, 1, 0x10, &vector, &target), 0);
	b->batch.routes[1].hw_target = 4;
	assert_int_equal(bench_program(b), MIRQ_OK);
	assert_int_equal(bench_send(b, 1, 0x10, &vector, &target), 0);
	assert_int_equal(target, 3);
	assert_int_equal(bench_flush(b), MIRQ_OK);
	assert_int_equal(bench_send(b, 1, 0x10, &vector, &target), 0);
	assert_int_equal(target, 4);
	bench_clear(b);
	assert_int_equal(bench_flush(b), MIRQ_OK);
	assert_int_equal(bench_send(b, 1, 0x10, &vector, &target), 0x22);
	bench_detach(b);
}

static void entry__route_that_does_not_fit__einval(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	assert_int_equal(bench_alloc(b, 1, 0), MIRQ_OK);
	b->batch.routes[0].hw_target = 255;
	assert_int_equal(bench_program(b), MIRQ_EINVAL);
	b->batch.routes[0] = (struct mirq_route){ .hw_target = 1, .id = 0x41 };
	assert_int_equal(bench_program(b), MIRQ_EINVAL);
	assert_int_equal(bench_stats(b).nr_entry_writes, 0);
	bench_detach(b);
}

/* The entry changes owner without end: what the unit may fetch between any two stores is the old
 * owner's entry, the new owner's, or none. */
static void entry__other_owner__never_present_with_the_old_sender(void **state)
{
	struct bench *b = *state;
	const struct mirq_range id = { 0x0011, 0x0012 };
	const struct mirq_requesters who = { .ids = &id, .nr_ids = 1 };
	void *ctx[2];

	b->init.flags = MIRQ_VTD_EIM;
	bench_attach(b);
	ctx[0] = b->ctx;
	assert_int_equal(bench_ops(b)->attach(bench_data(b), &who, 1, &ctx[1], NULL), MIRQ_OK);
	assert_int_equal(bench_alloc(b, 1, 0), MIRQ_OK);
	watched = fake_memory(b->h, (fake_read64(b->u, FAKE_IRTA) & ~0xfffull) +
					    b->batch.hops[0].hwirq * 16ull);
	nr_watched = 0;
	for (uint32_t i = 0; i < 10; i++) {
		b->batch.routes[0].hw_target = i;
		assert_int_equal(bench_ops(b)->program(bench_data(b), ctx[i % 2], &b->batch),
				 MIRQ_OK);
		/* A move of the same owner: present before and after each store. */
		b->batch.routes[0].id++;
		must_stay = 1;
		assert_int_equal(bench_ops(b)->program(bench_data(b), ctx[i % 2], &b->batch),
				 MIRQ_OK);
		must_stay = 0;
		bench_clear(b);
	}
	assert_int_equal(nr_watched, 40);
	watched = NULL;
	bench_ops(b)->detach(bench_data(b), ctx[1]);
	bench_detach(b);
}

static void device__bad_sender_or_no_memory__refused(void **state)
{
	struct bench *b = *state;
	const struct mirq_range ids[2] = { { 0x10, 0x11 }, { 0x90, 0x91 } };
	struct mirq_requesters who = { .ids = ids, .nr_ids = 2 };
	void *ctx = &who;

	bench_attach(b);
	assert_int_equal(bench_ops(b)->attach(bench_data(b), &who, 1, &ctx, &b->why), MIRQ_EINVAL);
	assert_string_equal(b->why.where, "dmar0");
	assert_int_equal(b->why.value, 0x10);
	who.nr_ids = 1;
	b->h->fail_at = b->h->nr_calls + 1;
	assert_int_equal(bench_ops(b)->attach(bench_data(b), &who, 1, &ctx, &b->why), MIRQ_ENOMEM);
	assert_ptr_equal(ctx, &who);
	bench_detach(b);
}

/* ---- allocation ---- */

static void alloc__batch__side_by_side_and_aligned(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	assert_int_equal(bench_alloc(b, 1, 0), MIRQ_OK);
	for (uint32_t nr = 2; nr < 130; nr = nr * 2 - 1) {
		uint32_t block = 1;

		while (block < nr)
			block *= 2;
		assert_int_equal(bench_alloc(b, nr, 0), MIRQ_OK);
		assert_int_equal(b->batch.hops[0].hwirq % block, 0);
		for (uint32_t i = 1; i < nr; i++)
			assert_int_equal(b->batch.hops[i].hwirq, b->batch.hops[0].hwirq + i);
	}
	bench_detach(b);
}

static void alloc__no_block_left__scattered_or_refused(void **state)
{
	struct bench *b = *state;
	static struct mirq_batch odd;

	b->init.nr_entries = 64;
	bench_attach(b);
	assert_int_equal(bench_alloc(b, 64, 0), MIRQ_OK);
	odd.nr = 0;
	for (uint32_t i = 1; i < 64; i += 2)
		odd.hops[odd.nr++] = b->batch.hops[i];
	bench_ops(b)->free(bench_data(b), b->ctx, &odd);
	assert_int_equal(bench_alloc(b, 2, 1), MIRQ_ENOSPC);
	assert_int_equal(b->why.nr_wanted, 2);
	assert_int_equal(b->why.nr_left, 32);
	assert_string_equal(b->why.where, "dmar0");
	assert_int_equal(bench_alloc(b, 33, 0), MIRQ_ENOSPC);
	assert_int_equal(bench_alloc(b, 32, 0), MIRQ_OK);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(b->batch.hops[i].hwirq, 2 * i + 1);
	assert_int_equal(bench_alloc(b, 1, 0), MIRQ_ENOSPC);
	assert_int_equal(b->why.nr_left, 0);
	bench_detach(b);
}

static void alloc__block_of_another_size__refused(void **state)
{
	struct bench *b = *state;

	b->init.nr_entries = 16;
	bench_attach(b);
	assert_int_equal(bench_alloc(b, 5, 2), MIRQ_EINVAL);
	assert_int_equal(bench_alloc(b, 1, 5), MIRQ_ENOSPC);
	assert_int_equal(bench_alloc(b, 16, 4), MIRQ_OK);
	/* Entries 0 and 2 are free; what lies behind the table is not. */
	b->batch.nr = 2;
	b->batch.hops[1].hwirq = 2;
	bench_give_back(b);
	assert_int_equal(bench_alloc(b, 2, 1), MIRQ_ENOSPC);
	assert_int_equal(bench_alloc(b, 2, 0), MIRQ_OK);
	assert_int_equal(b->batch.hops[1].hwirq, 2);
	bench_detach(b);
}

/* Against a model of a byte an entry: none given twice, a block found if there is one. */
static void alloc__random_history__agrees_with_a_model(void **state)
{
	struct bench *b = *state;
	static struct mirq_batch held[64];
	static uint8_t model[512];
	uint32_t seed = 1, nr_full = 0;

	b->init.nr_entries = 512;
	bench_attach(b);
	memset(model, 0, sizeof(model));
	memset(held, 0, sizeof(held));
	for (uint32_t step = 0; step < 20000; step++) {
		struct mirq_batch *h = &held[bench_random(&seed) % NR(held)];
		uint32_t log2 = bench_random(&seed) % 9, nr = 1u << log2, nr_free = 0, can = 0;

		if (h->nr) {
			bench_ops(b)->free(bench_data(b), b->ctx, h);
			for (uint32_t i = 0; i < h->nr; i++)
				model[h->hops[i].hwirq] = 0;
			h->nr = 0;
			continue;
		}
		for (uint32_t first = 0; first < 512; first += nr)
			can |= !memchr(model + first, 1, nr);
		for (uint32_t i = 0; i < 512; i++)
			nr_free += !model[i];
		if (log2 && bench_random(&seed) % 2) {
			enum mirq_err err = bench_alloc(b, nr, log2);

			assert_int_equal(err, can ? MIRQ_OK : MIRQ_ENOSPC);
			if (err)
				continue;
			assert_int_equal(b->batch.hops[0].hwirq % nr, 0);
		} else {
			nr = nr - bench_random(&seed) % (nr / 2 + 1);
			if (bench_alloc(b, nr, 0)) {
				assert_true(nr > nr_free);
				nr_full++;
				continue;
			}
			assert_true(nr <= nr_free);
		}
		for (uint32_t i = 0; i < nr; i++) {
			uint32_t entry = b->batch.hops[i].hwirq;

			assert_true(entry < 512);
			assert_int_equal(model[entry], 0);
			model[entry] = 1;
		}
		memcpy(h, &b->batch, sizeof(*h));
	}
	assert_true(nr_full > 100);
	bench_detach(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entry__route__delivered_from_its_sender_only),
		TEST(entry__block__message_number_reaches_the_member),
		TEST(entry__changes__as_few_stores_as_possible),
		TEST(entry__moved_and_cleared__in_force_after_the_flush),
		TEST(entry__route_that_does_not_fit__einval),
		TEST(entry__other_owner__never_present_with_the_old_sender),
		TEST(device__bad_sender_or_no_memory__refused),
		TEST(alloc__batch__side_by_side_and_aligned),
		TEST(alloc__no_block_left__scattered_or_refused),
		TEST(alloc__block_of_another_size__refused),
		TEST(alloc__random_history__agrees_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
