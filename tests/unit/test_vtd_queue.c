/* SPDX-License-Identifier: MIT */
/*
 * test_vtd_queue.c - invalidation of a VT-d unit: what the unit is told about a batch, at what
 * price, and a queue that stops.
 * Sources: [VTD] 6.5.2, 6.8.
 */
#include "fake_vtd_core.h"

static void counters_reset(struct bench *b)
{
	b->u->nr_iec = b->u->nr_iec_global = b->u->nr_wait = 0;
}

static void told(const struct bench *b, uint32_t nr_iec, uint32_t nr_global)
{
	assert_int_equal(b->u->nr_iec, nr_iec);
	assert_int_equal(b->u->nr_iec_global, nr_global);
	assert_int_equal(b->u->nr_wait, 1);
	assert_null(b->u->violation);
}

/* ---- flush ---- */

static void flush__aligned_batch__one_descriptor_one_wait(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 3, 4, 5, 8, 16, 64, 100 };
	struct bench *b = *state;

	bench_attach(b);
	for (uint32_t i = 0; i < NR(sizes); i++) {
		counters_reset(b);
		bench_up(b, sizes[i], 3, 0x41);
		told(b, 1, 0);
	}
	bench_detach(b);
}

static void flush__empty_batch__unit_not_asked(void **state)
{
	struct bench *b = *state;
	uint32_t nr;

	bench_attach(b);
	nr = b->u->nr_accesses;
	b->batch.nr = 0;
	assert_int_equal(bench_flush(b), MIRQ_OK);
	assert_int_equal(b->u->nr_accesses, nr);
	bench_detach(b);
}

static void flush__answer_at_once__one_register_write_no_read(void **state)
{
	struct bench *b = *state;
	uint32_t nr, nr_reads;

	bench_attach(b);
	bench_up(b, 8, 3, 0x41);
	nr = b->u->nr_accesses;
	nr_reads = b->u->nr_reads;
	assert_int_equal(bench_flush(b), MIRQ_OK);
	assert_int_equal(b->u->nr_accesses - nr, 1);
	assert_int_equal(b->u->nr_reads - nr_reads, 0);
	bench_detach(b);
}

static void flush__small_index_mask__more_descriptors_or_all(void **state)
{
	static const struct {
		uint32_t mhmv, nr_members, nr_iec, nr_global;
	} cases[] = {
		{ 15, 64, 1, 0 }, { 4, 64, 4, 0 },  { 2, 64, 16, 0 },
		{ 1, 64, 0, 1 },  { 0, 16, 16, 0 }, { 0, 17, 0, 1 },
	};

	for (uint32_t i = 0; i < NR(cases); i++) {
		struct bench *b;

		bench_free(state);
		bench_new(state);
		b = *state;
		fake_write64(b->u, FAKE_ECAP, 0x000f5b | (uint64_t)cases[i].mhmv << 20);
		bench_attach(b);
		counters_reset(b);
		bench_up(b, cases[i].nr_members, 3, 0x41);
		told(b, cases[i].nr_iec, cases[i].nr_global);
		bench_detach(b);
	}
}

/* More members than the ring has places, no two side by side. */
static void flush__batch_larger_than_the_ring__one_for_all(void **state)
{
	struct bench *b = *state;

	b->init.nr_entries = 8192;
	bench_attach(b);
	bench_up(b, 4096, 3, 0x41);
	for (uint32_t i = 0; i < 2048; i++)
		b->batch.hops[i].hwirq = 2 * i;
	b->batch.nr = 2048;
	counters_reset(b);
	assert_int_equal(bench_flush(b), MIRQ_OK);
	told(b, 0, 1);
	bench_detach(b);
}

/* Whatever the members, none of them is cached afterwards. */
static void flush_random(struct bench *b, uint32_t *seed)
{
	uint32_t nr = 1 + bench_random(seed) % 40, at = bench_random(seed) % 900;

	bench_route(b, nr, 3, 0x41);
	for (uint32_t i = 0; i < nr; i++) {
		b->batch.hops[i].hwirq = at;
		b->u->is_cached[at] = 1;
		at += 1 + (bench_random(seed) % 8 == 0 ? bench_random(seed) % 9 : 0);
		at %= 1024;
	}
	counters_reset(b);
	assert_int_equal(bench_flush(b), MIRQ_OK);
	assert_true(b->u->nr_iec + b->u->nr_iec_global <= 16);
	assert_int_equal(b->u->nr_wait, 1);
	assert_null(b->u->violation);
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(b->u->is_cached[b->batch.hops[i].hwirq], 0);
}

static void flush__random_members__all_of_them_forgotten(void **state)
{
	uint32_t seed = 7;

	for (uint32_t mhmv = 0; mhmv < 16; mhmv++) {
		struct bench *b;

		bench_free(state);
		bench_new(state);
		b = *state;
		fake_write64(b->u, FAKE_ECAP, 0x000f5b | (uint64_t)mhmv << 20);
		bench_attach(b);
		for (uint32_t round = 0; round < 200; round++)
			flush_random(b, &seed);
		bench_detach(b);
	}
}

static void flush__ring_wraps__every_one_answered(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	for (uint32_t i = 0; i < 1000; i++) {
		b->batch.nr = 1 + i % 3;
		assert_int_equal(bench_flush(b), MIRQ_OK);
	}
	assert_int_equal(bench_stats(b).nr_waits, 1002);
	assert_int_equal(bench_stats(b).nr_errors, 0);
	bench_detach(b);
}

static void flush__slow_unit__waited_for(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	b->u->looks_before_run = 10;
	bench_up(b, 1, 3, 0x41);
	assert_true(bench_stats(b).nr_polls > 500);
	assert_int_equal(bench_stats(b).nr_errors, 0);
	bench_detach(b);
}

/* A CPU that a hypervisor stops for longer than the time-out: the unit has answered meanwhile, or
 * told of an error that can be put right. */
static void flush__cpu_held_up__not_taken_for_a_dead_unit(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	bench_up(b, 1, 3, 0x41);
	b->h->tick_ns = 2000000;
	b->u->looks_before_run = 1;
	assert_int_equal(bench_flush(b), MIRQ_OK);
	b->u->nr_iqe = 1;
	assert_int_equal(bench_flush(b), MIRQ_OK);
	b->u->nr_iqe = 2;
	assert_int_equal(bench_flush(b), MIRQ_OK);
	b->u->is_deaf_queue = 1;
	assert_int_equal(bench_flush(b), MIRQ_EIO);
	b->h->tick_ns = 100;
	bench_detach(b);
}

/* [VTD] 6.8: chips whose writes stay in a buffer. */
static void flush__write_buffer__flushed_before(void **state)
{
	struct bench *b = *state;

	fake_write64(b->u, FAKE_CAP, fake_read64(b->u, FAKE_CAP) | 0x10);
	bench_attach(b);
	bench_up(b, 1, 3, 0x41);
	fake_log_find(b->u, 'W', FAKE_GCMD, FAKE_QIE | FAKE_IRE | FAKE_WBF);
	b->u->deaf_clear = FAKE_WBF;
	assert_int_equal(bench_flush(b), MIRQ_EIO);
	b->u->deaf_clear = 0;
	fake_write32(b->u, FAKE_GSTS, fake_read32(b->u, FAKE_GSTS) & ~FAKE_WBF);
	bench_detach(b);
}

/* ---- errors ---- */

static void flush__queue_error_once__recovered(void **state)
{
	struct bench *b = *state;
	uint32_t vector, target;

	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	/* The invalidation is lost, the wait behind it is not: everything is told again. */
	for (uint32_t nr = 1; nr <= 2; nr++) {
		assert_int_equal(bench_send(b, 0, 0x10, &vector, &target), 0);
		b->batch.routes[0].hw_target++;
		assert_int_equal(bench_program(b), MIRQ_OK);
		counters_reset(b);
		b->u->nr_iqe = nr;
		assert_int_equal(bench_flush(b), MIRQ_OK);
		assert_int_equal(b->u->nr_iec_global, 1);
		assert_int_equal(bench_send(b, 0, 0x10, &vector, &target), 0);
		assert_int_equal(target, 3 + nr);
	}
	assert_int_equal(bench_stats(b).nr_errors, 3);
	assert_int_equal(b->h->nr_logs, 0);
	assert_int_equal(fake_read32(b->u, FAKE_FSTS), 0);
	bench_detach(b);
}

static void flush__wait_dropped_by_a_time_out__told_again(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	counters_reset(b);
	b->u->nr_ite = 1;
	assert_int_equal(bench_flush(b), MIRQ_OK);
	assert_int_equal(b->u->nr_wait, 2);
	assert_int_equal(b->u->nr_iec_global, 1);
	assert_int_equal(bench_stats(b).nr_errors, 1);
	bench_detach(b);
}

static void flush__completion_error__nothing_lost(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	counters_reset(b);
	b->u->nr_ice = 1;
	b->u->looks_before_run = 1;
	assert_int_equal(bench_flush(b), MIRQ_OK);
	told(b, 1, 0);
	bench_detach(b);
}

/* I7: bounded, then never asked again; told once; entries stay taken. */
static void broken(struct bench *b)
{
	uint64_t start_ns = b->h->now_ns;
	uint32_t nr;

	assert_int_equal(bench_flush(b), MIRQ_EIO);
	assert_true(b->h->now_ns - start_ns < 1200000);
	assert_int_equal(b->h->nr_logs, 1);
	assert_int_equal(b->h->last_log.level, MIRQ_LOG_ERROR);
	assert_string_equal(b->h->last_log.domain, "dmar0");
	nr = b->u->nr_accesses;
	start_ns = b->h->now_ns;
	assert_int_equal(bench_flush(b), MIRQ_EIO);
	assert_int_equal(b->u->nr_accesses, nr);
	assert_int_equal(b->h->now_ns, start_ns);
	assert_int_equal(b->h->nr_logs, 1);
	bench_give_back(b);
	assert_int_equal(bench_alloc(b, 1, 0), MIRQ_EIO);
	assert_non_null(b->why.text);
}

static void flush__queue_stands__eio_in_time_and_broken(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	b->u->is_deaf_queue = 1;
	broken(b);
	/* That it does not even go off is told too. */
	b->u->deaf_clear = FAKE_IRE;
	bench_ops(b)->detach(bench_data(b), b->ctx);
	bench_ops(b)->fini(bench_data(b));
	assert_int_equal(b->h->nr_live, 2);
	assert_int_equal(b->h->nr_logs, 2);
}

static void flush__errors_without_end__eio_in_time_and_broken(void **state)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct bench *b;

		bench_free(state);
		bench_new(state);
		b = *state;
		bench_attach(b);
		bench_up(b, 3, 3, 0x41);
		if (i)
			b->u->nr_ite = UINT32_MAX;
		else
			b->u->nr_iqe = UINT32_MAX;
		broken(b);
		bench_detach(b);
	}
}

static void flush__unit_gone__eio_and_broken(void **state)
{
	struct bench *b = *state;
	uint64_t start_ns;

	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	b->u->all_ones_after = b->u->nr_accesses;
	start_ns = b->h->now_ns;
	broken(b);
	assert_true(b->h->now_ns - start_ns < 50000);
	b->u->all_ones_after = 0;
	fake_write32(b->u, FAKE_IQH, fake_read32(b->u, FAKE_IQT));
	bench_detach(b);
}

static void flush__clock_stands_still__eio(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	bench_up(b, 1, 3, 0x41);
	b->u->is_deaf_queue = 1;
	b->h->tick_ns = 0;
	assert_int_equal(bench_flush(b), MIRQ_EIO);
	b->h->tick_ns = 100;
	bench_detach(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flush__aligned_batch__one_descriptor_one_wait),
		TEST(flush__empty_batch__unit_not_asked),
		TEST(flush__answer_at_once__one_register_write_no_read),
		TEST(flush__small_index_mask__more_descriptors_or_all),
		TEST(flush__batch_larger_than_the_ring__one_for_all),
		TEST(flush__random_members__all_of_them_forgotten),
		TEST(flush__ring_wraps__every_one_answered),
		TEST(flush__slow_unit__waited_for),
		TEST(flush__cpu_held_up__not_taken_for_a_dead_unit),
		TEST(flush__write_buffer__flushed_before),
		TEST(flush__queue_error_once__recovered),
		TEST(flush__wait_dropped_by_a_time_out__told_again),
		TEST(flush__completion_error__nothing_lost),
		TEST(flush__queue_stands__eio_in_time_and_broken),
		TEST(flush__errors_without_end__eio_in_time_and_broken),
		TEST(flush__unit_gone__eio_and_broken),
		TEST(flush__clock_stands_still__eio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
