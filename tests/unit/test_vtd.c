/* SPDX-License-Identifier: MIT */
/*
 * test_vtd.c - the life of a VT-d unit: on and off in the specification's order, units that do not
 * answer, units found on, borrowed units, a host that fails. Entries and queue: test_vtd_queue.c.
 * Sources: [VTD] 5.1.5.1, 6.5.2, 6.7, 11.4.
 */
#include "fake_vtd_core.h"

/* [VTD] 5.1.5.1, 6.7: queue, table address, latch, forget, remapping. */
static void attach__owned__order_of_the_specification(void **state)
{
	struct bench *b = *state;
	uint64_t irta, iqa;
	uint32_t at[7];

	bench_attach(b);
	irta = fake_read64(b->u, FAKE_IRTA);
	iqa = fake_read64(b->u, FAKE_IQA);
	at[0] = fake_log_find(b->u, 'W', FAKE_IQT, 0);
	at[1] = fake_log_find(b->u, 'W', FAKE_IQA, (uint32_t)iqa);
	at[2] = fake_log_find(b->u, 'W', FAKE_GCMD, FAKE_QIE);
	at[3] = fake_log_find(b->u, 'W', FAKE_IRTA, (uint32_t)irta);
	at[4] = fake_log_find(b->u, 'W', FAKE_GCMD, FAKE_QIE | FAKE_IRTP);
	at[5] = fake_log_find(b->u, 'D', 0, 4);
	at[6] = fake_log_find(b->u, 'W', FAKE_GCMD, FAKE_QIE | FAKE_IRE);
	for (uint32_t i = 1; i < NR(at); i++)
		assert_true(at[i - 1] < at[i]);
	/* 1024 entries: size code 9; 8-bit ids; one page of 128-bit descriptors. */
	assert_int_equal(irta & 0xfff, 9);
	assert_int_equal(iqa & 0xfff, 0);
	assert_non_null(fake_memory(b->h, irta & ~0xfffull));
	assert_int_equal(fake_read32(b->u, FAKE_GSTS), FAKE_QIE | FAKE_IRE | FAKE_IRTP);
	assert_int_equal(bench_stats(b).nr_waits, 1);
	bench_detach(b);
}

static void attach__defaults_and_sizes__size_code(void **state)
{
	static const struct {
		uint32_t nr_entries, code;
	} sizes[] = { { 0, 15 }, { 65536, 15 }, { 256, 7 }, { 64, 5 }, { 2, 0 } };
	struct bench *b = *state;

	for (uint32_t i = 0; i < NR(sizes); i++) {
		b->m.nr_domains = 0;
		b->init.nr_entries = sizes[i].nr_entries;
		bench_attach(b);
		assert_int_equal(fake_read64(b->u, FAKE_IRTA) & 0xf, sizes[i].code);
		assert_int_equal(b->domain->init.nr_entries, 2u << sizes[i].code);
		assert_int_equal(b->domain->init.max_block_log2, sizes[i].code + 1);
		bench_detach(b);
	}
}

static void attach__domain__says_what_it_is(void **state)
{
	struct bench *b = *state;
	const struct mirq_remapper_init *init = &b->m.domains[0].init;

	bench_attach(b);
	assert_string_equal(init->name, "dmar0");
	assert_null(init->parent);
	assert_int_equal(init->limit_hw_target, 255);
	assert_int_equal(init->carries, MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS |
						MIRQ_CARRIES_LEVEL | MIRQ_CARRIES_DEVICE_STORES);
	assert_int_equal(init->traits, MIRQ_REMAPPER_DRAINS | MIRQ_REMAPPER_ISOLATES);
	bench_detach(b);
}

static void attach__extended_mode__said_to_the_unit(void **state)
{
	struct bench *b = *state;
	uint32_t vector, target;

	b->init.flags = MIRQ_VTD_EIM;
	bench_attach(b);
	assert_int_equal(fake_read64(b->u, FAKE_IRTA) & 0x800, 0x800);
	assert_int_equal(b->domain->init.limit_hw_target, UINT32_MAX);
	bench_up(b, 1, 0x12345, 0x55);
	assert_int_equal(bench_send(b, 0, 0x10, &vector, &target), 0);
	assert_int_equal(target, 0x12345);
	bench_detach(b);
}

/* I6: compatibility format never passes, not even between two commands. */
static void attach__compatibility_format_passes__blocked_first(void **state)
{
	struct bench *b = *state;
	uint32_t vector, target;

	fake_write32(b->u, FAKE_GSTS, FAKE_CFI);
	bench_attach(b);
	assert_int_equal(fake_read32(b->u, FAKE_GSTS) & FAKE_CFI, 0);
	assert_int_equal(fake_request(b->u, 0xfee00000, 0x41, 0x10, &vector, &target), 0x25);
	bench_detach(b);
}

/* [VTD] 11.4.2, ESIRTPS: the unit forgets by itself. */
static void attach__unit_forgets_by_itself__no_invalidation(void **state)
{
	struct bench *b = *state;

	fake_write64(b->u, FAKE_CAP, fake_read64(b->u, FAKE_CAP) | 1ull << 62);
	bench_attach(b);
	assert_int_equal(bench_stats(b).nr_waits, 0);
	assert_int_equal(b->u->nr_iec_global, 0);
	bench_detach(b);
}

/* I7: each status bit may stay away. */
static void attach__status_bit_does_not_come__eio_in_time(void **state)
{
	static const uint32_t bits[] = { FAKE_QIE, FAKE_IRTP, FAKE_IRE };
	struct bench *b = *state;
	uint64_t start_ns;

	for (uint32_t i = 0; i < NR(bits); i++) {
		b->u->deaf_set = bits[i];
		start_ns = b->h->now_ns;
		bench_refused(b, MIRQ_EIO);
		assert_true(b->h->now_ns - start_ns >= 1000000);
		assert_true(b->h->now_ns - start_ns < 1200000);
		assert_int_equal(fake_read32(b->u, FAKE_GSTS) & (FAKE_QIE | FAKE_IRE), 0);
	}
	b->u->deaf_set = 0;
	b->u->deaf_clear = FAKE_CFI;
	fake_write32(b->u, FAKE_GSTS, FAKE_CFI);
	bench_refused(b, MIRQ_EIO);
	assert_int_equal(fake_read32(b->u, FAKE_GSTS) & (FAKE_QIE | FAKE_IRE), 0);
}

static void attach__first_invalidation_not_answered__eio_and_off(void **state)
{
	struct bench *b = *state;

	b->u->is_deaf_queue = 1;
	bench_refused(b, MIRQ_EIO);
	assert_int_equal(fake_read32(b->u, FAKE_GSTS) & (FAKE_QIE | FAKE_IRE), 0);
}

static void attach__clock_stands_still__eio(void **state)
{
	struct bench *b = *state;

	b->h->tick_ns = 0;
	b->u->deaf_set = FAKE_IRE;
	bench_refused(b, MIRQ_EIO);
}

static void attach__nothing_answers__eio(void **state)
{
	struct bench *b = *state;

	memset(b->u->regs, 0xff, sizeof(b->u->regs));
	bench_refused(b, MIRQ_EIO);
	assert_int_equal(b->u->nr_log, 0);
}

/*
 * The unit vanishes at each access in turn: MIRQ_EIO in bounded time. What a unit may still use
 * stays allocated and is told; everything else is given back.
 */
static void attach__unit_vanishes_at_access_n__eio(void **state)
{
	uint32_t n, nr_quarantined = 0;

	bench_free(state);
	for (n = 1;; n++) {
		struct bench *b;

		bench_new(state);
		b = *state;
		b->u->all_ones_after = n;
		if (bench_try(b) == MIRQ_OK)
			break;
		assert_int_equal(b->h->nr_bad_frees, 0);
		if (b->h->nr_live) {
			assert_int_equal(b->h->nr_live, 2); /* table and ring */
			assert_true(b->h->nr_logs > 0);
			nr_quarantined++;
		}
		bench_free(state);
	}
	bench_ops(*state)->fini(bench_data(*state));
	assert_true(n > 10);
	assert_true(nr_quarantined > 0 && nr_quarantined < n - 1);
}

/* raises: mirq_vtd_attach MIRQ_ENOTSUP */
static void attach__unit_that_cannot__enotsup(void **state)
{
	static const struct {
		uint64_t ecap;
		uint32_t flags;
	} bad[] = {
		{ 0xf00f53, 0 },            /* no IR */
		{ 0xf00f59, 0 },            /* no QI */
		{ 0xf00f4b, MIRQ_VTD_EIM }, /* no EIM */
		{ 0xf00f5a, 0 },            /* not coherent, no way to clean */
		{ 0, 0 },
	};
	struct bench *b = *state;

	for (uint32_t i = 0; i < NR(bad); i++) {
		fake_write64(b->u, FAKE_ECAP, bad[i].ecap);
		b->init.flags = bad[i].flags;
		bench_refused(b, MIRQ_ENOTSUP);
		assert_int_equal(b->u->nr_log, 0);
	}
}

/* raises: mirq_vtd_attach MIRQ_EINVAL */
static void attach__bad_init__einval(void **state)
{
	static const uint32_t entries[] = { 1, 3, 1000, 65537, 131072 };
	struct bench *b = *state;
	struct mirq_vtd_init good = b->init;
	struct mirq_vtd_owner owner = { MIRQ_SIZED(mirq_vtd_owner) };

	for (uint32_t i = 0; i < NR(entries); i++) {
		b->init.nr_entries = entries[i];
		bench_refused(b, MIRQ_EINVAL);
	}
	b->init = good;
	b->init.address = 0;
	bench_refused(b, MIRQ_EINVAL);
	b->init.address = 0xfed90010;
	bench_refused(b, MIRQ_EINVAL);
	b->init = good;
	b->init.flags = 16;
	bench_refused(b, MIRQ_EINVAL);
	b->init = good;
	b->init.owner = &owner;
	bench_refused(b, MIRQ_EINVAL);
	b->init = good;
	b->init.size_bytes = 0;
	assert_int_equal(bench_try(b), MIRQ_EINVAL);
	assert_int_equal(b->h->nr_calls, 0);
}

/* I5: allocation, mapping, DMA memory: each call in turn, once and for good. */
static void attach__host_call_n_fails__enomem_and_nothing_left(void **state)
{
	struct bench *b = *state;

	for (b->h->fail_forever = 0; b->h->fail_forever < 2; b->h->fail_forever++) {
		for (b->h->fail_at = 1; b->h->fail_at <= 4; b->h->fail_at++) {
			b->h->nr_calls = 0;
			bench_refused(b, MIRQ_ENOMEM);
			assert_int_equal(fake_read32(b->u, FAKE_GSTS), 0);
		}
		b->h->nr_calls = 0;
		assert_int_equal(b->h->fail_at, 5);
		b->m.nr_domains = 0;
		assert_int_equal(bench_try(b), MIRQ_OK);
		bench_ops(b)->fini(bench_data(b));
		assert_int_equal(b->h->nr_live, 0);
		b->m.nr_domains = 0;
		b->domain = NULL;
		fake_write32(b->u, FAKE_GSTS, 0);
	}
}

static void attach__core_refuses__unit_off_and_nothing_left(void **state)
{
	struct bench *b = *state;

	b->m.remapper_err = MIRQ_ENOMEM;
	assert_int_equal(bench_try(b), MIRQ_ENOMEM);
	assert_int_equal(b->h->nr_live, 0);
	assert_int_equal(fake_read32(b->u, FAKE_GSTS) & (FAKE_QIE | FAKE_IRE), 0);
	assert_null(b->u->violation);
}

static void detach__unit_does_not_switch_off__memory_stays(void **state)
{
	static const uint32_t bits[] = { FAKE_IRE, FAKE_QIE };

	for (uint32_t i = 0; i < NR(bits); i++) {
		struct bench *b;

		bench_free(state);
		bench_new(state);
		b = *state;
		assert_int_equal(bench_try(b), MIRQ_OK);
		b->u->deaf_clear = bits[i];
		bench_ops(b)->fini(bench_data(b));
		assert_int_equal(b->h->nr_live, 2);
		assert_int_equal(b->h->nr_logs, 1);
		assert_int_equal(b->h->last_log.level, MIRQ_LOG_ERROR);
		/* Remapping that stays on keeps its queue. */
		if (bits[i] == FAKE_IRE)
			assert_int_equal(fake_read32(b->u, FAKE_GSTS) & FAKE_QIE, FAKE_QIE);
	}
}

/* The coherent flag is believed; a unit that is cleaned for sees every entry and descriptor. */
static void attach__unit_does_not_snoop__cleaned_before_it_is_told(void **state)
{
	struct bench *b = *state;
	uint32_t vector = 0, target = 0;

	fake_write64(b->u, FAKE_ECAP, 0xf00f5a);
	b->init.flags = MIRQ_VTD_DMA_COHERENT;
	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	assert_int_equal(b->h->nr_cleans, 0);
	bench_detach(b);

	b->m.nr_domains = 0;
	b->h->is_incoherent = 1;
	b->init.flags = MIRQ_VTD_CAN_CLEAN;
	bench_attach(b);
	bench_up(b, 3, 3, 0x41);
	assert_int_equal(bench_send(b, 2, 0x10, &vector, &target), 0);
	/* An entry that nobody has used. */
	assert_int_equal(fake_request(b->u, 0xfee00c98, 0, 0x10, &vector, &target), 0x22);
	bench_route(b, 3, 4, 0x42);
	assert_int_equal(bench_ops(b)->program(bench_data(b), b->ctx, &b->batch), MIRQ_OK);
	assert_int_equal(bench_ops(b)->flush(bench_data(b), b->ctx, &b->batch), MIRQ_OK);
	assert_int_equal(bench_send(b, 2, 0x10, &vector, &target), 0);
	assert_int_equal(vector, 0x42);
	bench_ops(b)->clear(bench_data(b), b->ctx, &b->batch);
	assert_int_equal(bench_ops(b)->flush(bench_data(b), b->ctx, &b->batch), MIRQ_OK);
	assert_int_equal(bench_send(b, 2, 0x10, &vector, &target), 0x22);
	bench_detach(b);
}

static void attach__two_units__know_nothing_of_each_other(void **state)
{
	struct bench *b = *state;
	struct mirq_domain *second = NULL;
	struct mirq_vtd_stats stats;
	uint32_t vector, target;

	bench_attach(b);
	b->init.address = b->h->units[1].physical;
	b->init.name = "dmar1";
	assert_int_equal(mirq_vtd_attach(&b->m, &b->init, &second), MIRQ_OK);
	b->h->units[1].is_deaf_queue = 1;
	bench_route(b, 1, 3, 0x41);
	assert_int_equal(second->init.ops->alloc(second->init.data, b->ctx, &b->batch, 0, &b->why),
			 MIRQ_OK);
	assert_int_equal(second->init.ops->flush(second->init.data, b->ctx, &b->batch), MIRQ_EIO);
	bench_up(b, 1, 3, 0x41);
	assert_int_equal(bench_send(b, 0, 0x10, &vector, &target), 0);
	assert_int_equal(mirq_vtd_inspect(second, &stats), MIRQ_OK);
	assert_int_equal(stats.nr_errors, 1);
	assert_int_equal(bench_stats(b).nr_errors, 0);
	second->init.ops->fini(second->init.data);
	bench_detach(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attach__owned__order_of_the_specification),
		TEST(attach__defaults_and_sizes__size_code),
		TEST(attach__domain__says_what_it_is),
		TEST(attach__extended_mode__said_to_the_unit),
		TEST(attach__compatibility_format_passes__blocked_first),
		TEST(attach__unit_forgets_by_itself__no_invalidation),
		TEST(attach__status_bit_does_not_come__eio_in_time),
		TEST(attach__first_invalidation_not_answered__eio_and_off),
		TEST(attach__clock_stands_still__eio),
		TEST(attach__nothing_answers__eio),
		TEST(attach__unit_vanishes_at_access_n__eio),
		TEST(attach__unit_that_cannot__enotsup),
		TEST(attach__bad_init__einval),
		TEST(attach__host_call_n_fails__enomem_and_nothing_left),
		TEST(attach__core_refuses__unit_off_and_nothing_left),
		TEST(detach__unit_does_not_switch_off__memory_stays),
		TEST(attach__unit_does_not_snoop__cleaned_before_it_is_told),
		TEST(attach__two_units__know_nothing_of_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
