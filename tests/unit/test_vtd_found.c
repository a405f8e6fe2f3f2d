/* SPDX-License-Identifier: MIT */
/*
 * test_vtd_found.c - VT-d units that somebody uses already: found on and taken over in order or
 * refused, or borrowed from the host's own driver.
 * Sources: [VTD] 6.5.2, 11.4.4.
 */
#include "fake_vtd_core.h"

static void found_on(struct bench *b)
{
	fake_write32(b->u, FAKE_GSTS, FAKE_TE | FAKE_QIE | FAKE_IRE | FAKE_IRTP);
	fake_write64(b->u, FAKE_IQA, 0x1000);
	fake_write32(b->u, FAKE_IQT, 0x80);
	fake_write32(b->u, FAKE_IQH, 0x40);
	b->u->is_deaf_queue = 1; /* its descriptors are an earlier system's */
	b->u->head_lag = 5;
}

/* Found on, taken over: queue empty, remapping off, queue off, then as a unit that was off; DMA
 * translation stays as it is. */
static void attach__found_on__taken_over_in_order(void **state)
{
	struct bench *b = *state;
	uint32_t ire_off, qie_off, on;

	found_on(b);
	b->u->is_deaf_queue = 0;
	b->u->looks_before_run = 4; /* the queue runs empty while it is watched */
	fake_write32(b->u, FAKE_IQH, 0x80);
	b->u->head_lag = 0;
	bench_attach(b);
	ire_off = fake_log_find(b->u, 'W', FAKE_GCMD, FAKE_TE | FAKE_QIE);
	qie_off = fake_log_find(b->u, 'W', FAKE_GCMD, FAKE_TE);
	on = fake_log_find(b->u, 'W', FAKE_GCMD, FAKE_TE | FAKE_QIE | FAKE_IRE);
	assert_true(ire_off < qie_off && qie_off < on);
	assert_int_equal(fake_read32(b->u, FAKE_GSTS) & FAKE_TE, FAKE_TE);
	bench_up(b, 1, 3, 0x41);
	bench_detach(b);
}

static void attach__found_queue_still_runs__waited_for(void **state)
{
	struct bench *b = *state;

	found_on(b);
	b->u->is_deaf_queue = 0;
	b->u->looks_before_run = 20; /* until then only the lag moves the head */
	assert_int_equal(bench_try(b), MIRQ_OK);
	assert_null(b->u->violation);
	assert_int_equal(b->u->head_lag, 0);
	bench_ops(b)->fini(bench_data(b));
	assert_int_equal(b->h->nr_live, 0);
}

static void attach__found_queue_stands_with_an_error__taken_over(void **state)
{
	struct bench *b = *state;

	found_on(b);
	b->u->is_deaf_queue = 0;
	b->u->head_lag = 0;
	fake_write32(b->u, FAKE_FSTS, FAKE_IQE);
	bench_attach(b);
	assert_int_equal(fake_read32(b->u, FAKE_FSTS) & FAKE_IQE, 0);
	assert_int_equal(bench_stats(b).nr_errors, 0);
	bench_up(b, 1, 3, 0x41);
	bench_detach(b);
}

static void attach__found_on_and_does_not_go_off__eio(void **state)
{
	static const uint32_t bits[] = { FAKE_IRE, FAKE_QIE };
	struct bench *b = *state;

	for (uint32_t i = 0; i < NR(bits); i++) {
		found_on(b);
		b->u->deaf_clear = bits[i];
		bench_refused(b, MIRQ_EIO);
	}
}

/* raises: mirq_vtd_attach MIRQ_EBUSY */
static void attach__found_on_and_not_to_be_touched__ebusy(void **state)
{
	struct bench *b = *state;

	b->init.flags = MIRQ_VTD_REFUSE_FOUND_ON;
	found_on(b);
	bench_refused(b, MIRQ_EBUSY);
	assert_int_equal(b->u->nr_log, 0);
	/* A queue in use is in use, remapping or not. */
	fake_write32(b->u, FAKE_GSTS, FAKE_TE | FAKE_QIE);
	bench_refused(b, MIRQ_EBUSY);
	assert_int_equal(b->u->nr_log, 0);
	/* Scalable mode: another queue format, for whoever asks. */
	b->init.flags = 0;
	fake_write64(b->u, FAKE_RTADDR, 0x400);
	bench_refused(b, MIRQ_EBUSY);
	assert_int_equal(b->u->nr_log, 0);
}

/* ---- borrowed ---- */

/* The host's own driver, as it might be: it has its queue on and writes the registers itself. */
struct owner {
	struct fake_unit *u;
	uint32_t nr_submits, nr_descriptors;
	char calls[16];
	uint32_t fail_call; /* number of the call, from 1, that fails */
};

static enum mirq_err owner_did(struct owner *o, char what)
{
	size_t n = strlen(o->calls);

	assert_true(n < sizeof(o->calls) - 1);
	o->calls[n] = what;
	assert_int_equal(o->u->host->lock_depth, 0);
	return o->fail_call == n + 1 ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_err owner_submit(void *data, const struct mirq_vtd_descriptor *d, uint32_t nr)
{
	struct owner *o = data;
	enum mirq_err err = owner_did(o, 'q');

	for (uint32_t i = 0; !err && i < nr; i++) {
		assert_int_equal(d[i].low & 0xf, 4);
		memset(o->u->is_cached, 0, 65536);
	}
	o->nr_submits++;
	o->nr_descriptors += nr;
	return err;
}

static enum mirq_err owner_command(void *data, uint32_t bit, int on)
{
	struct owner *o = data;
	uint32_t status = fake_read32(o->u, FAKE_GSTS), mask = 1u << bit;
	char what = bit == 24 ? 'P' : bit == 25 ? 'R' : bit == 23 ? 'C' : '?';
	enum mirq_err err = owner_did(o, on ? what : (char)(what | 0x20));
	uint64_t irta = fake_read64(o->u, FAKE_IRTA);

	if (err)
		return err;
	fake_write32(o->u, FAKE_GSTS, on ? status | mask : status & ~mask);
	if (bit == 24) {
		o->u->table_bus = irta & ~0xfffull;
		o->u->nr_entries = 2u << (irta & 15);
		o->u->is_latched = 1;
	}
	return MIRQ_OK;
}

static enum mirq_err owner_table(void *data, uint64_t irta)
{
	struct owner *o = data;
	enum mirq_err err = owner_did(o, 't');

	if (!err)
		fake_write64(o->u, FAKE_IRTA, irta);
	return err;
}

static struct mirq_vtd_owner owner_of(struct owner *o)
{
	return (struct mirq_vtd_owner){
		MIRQ_SIZED(mirq_vtd_owner),
		.data = o,
		.submit_and_wait = owner_submit,
		.command = owner_command,
		.table = owner_table,
	};
}

static void attach__borrowed__only_the_owner_writes_registers(void **state)
{
	struct bench *b = *state;
	struct owner o = { .u = b->u };
	struct mirq_vtd_owner owner = owner_of(&o);
	struct mirq_fault fault;
	struct mirq_irqs irq;
	uint32_t vector, target;

	fake_write32(b->u, FAKE_GSTS, FAKE_TE | FAKE_QIE | FAKE_CFI);
	b->init.owner = &owner;
	bench_attach(b);
	assert_string_equal(o.calls, "tPqcR");
	bench_up(b, 5, 3, 0x41);
	assert_string_equal(o.calls, "tPqcRq");
	assert_int_equal(o.nr_descriptors, 2);
	assert_int_equal(bench_stats(b).nr_waits, 2);
	assert_int_equal(bench_send(b, 4, 0x10, &vector, &target), 0);
	/* Its records are the owner's. */
	fake_fault(b->u, 0, 0, 0x10, 0x22);
	assert_int_equal(bench_ops(b)->faults(bench_data(b), &fault), 0);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_ENOTSUP);
	/* Its queue too, and what tells that it is done. */
	fake_write32(b->u, FAKE_ICS, 1);
	assert_int_equal(mirq_vtd_completion_irq(b->domain, &irq), MIRQ_ENOTSUP);
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_ENOTSUP);
	assert_int_equal(mirq_vtd_completion_claim(b->domain), 0);
	bench_detach(b);
	assert_string_equal(o.calls, "tPqcRqr");
	assert_int_equal(b->u->nr_log, 0);
	assert_int_equal(fake_read32(b->u, FAKE_GSTS) & (FAKE_TE | FAKE_QIE), FAKE_TE | FAKE_QIE);
}

static void attach__borrowed_and_remapping_on__switched_off_first(void **state)
{
	struct bench *b = *state;
	struct owner o = { .u = b->u };
	struct mirq_vtd_owner owner = owner_of(&o);

	fake_write32(b->u, FAKE_GSTS, FAKE_QIE | FAKE_IRE);
	b->init.owner = &owner;
	bench_attach(b);
	assert_string_equal(o.calls, "rtPqR");
	bench_detach(b);
	fake_write32(b->u, FAKE_GSTS, FAKE_QIE | FAKE_IRE);
	b->m.nr_domains = 0;
	b->init.flags = MIRQ_VTD_REFUSE_FOUND_ON;
	bench_refused(b, MIRQ_EBUSY);
}

static void attach__owner_call_n_fails__eio_and_nothing_left(void **state)
{
	struct bench *b = *state;

	for (uint32_t n = 1; n <= 5; n++) {
		struct owner o = { .u = b->u, .fail_call = n };
		struct mirq_vtd_owner owner = owner_of(&o);

		fake_write32(b->u, FAKE_GSTS, FAKE_QIE | FAKE_CFI);
		b->init.owner = &owner;
		bench_refused(b, MIRQ_EIO);
		assert_int_equal(fake_read32(b->u, FAKE_GSTS) & FAKE_IRE, 0);
	}
}

static void flush__owner_fails__eio_and_never_asked_again(void **state)
{
	struct bench *b = *state;
	struct owner o = { .u = b->u, .fail_call = 5 };
	struct mirq_vtd_owner owner = owner_of(&o);

	fake_write32(b->u, FAKE_GSTS, FAKE_QIE);
	b->init.owner = &owner;
	bench_attach(b);
	bench_route(b, 1, 3, 0x41);
	assert_int_equal(bench_ops(b)->alloc(bench_data(b), b->ctx, &b->batch, 0, NULL), MIRQ_OK);
	assert_int_equal(bench_ops(b)->flush(bench_data(b), b->ctx, &b->batch), MIRQ_EIO);
	assert_int_equal(bench_ops(b)->flush(bench_data(b), b->ctx, &b->batch), MIRQ_EIO);
	assert_int_equal(o.nr_submits, 2);
	bench_detach(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attach__found_on__taken_over_in_order),
		TEST(attach__found_queue_still_runs__waited_for),
		TEST(attach__found_queue_stands_with_an_error__taken_over),
		TEST(attach__found_on_and_does_not_go_off__eio),
		TEST(attach__found_on_and_not_to_be_touched__ebusy),
		TEST(attach__borrowed__only_the_owner_writes_registers),
		TEST(attach__borrowed_and_remapping_on__switched_off_first),
		TEST(attach__owner_call_n_fails__eio_and_nothing_left),
		TEST(flush__owner_fails__eio_and_never_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
