/* SPDX-License-Identifier: MIT */
/*
 * test_vtd_completion.c - the event by which a VT-d unit tells that its queue is done: a register
 * store below the root beside the fault event, a wait that interrupts (IF), the status that holds
 * further events back until it is cleared (ICS.IWC).
 * Sources: [VTD] 6.5.2.8, 11.4: ICS 0x9c, IECTL 0xa0 (IM 31, IP 30), data 0xa4, address 0xa8, 0xac.
 *
 * Breaks of the driver that were tried, each found here: IF left out; a status word with it (QEMU's
 * unit then sends nothing); IWC not cleared by a claim, or not before the event is given; a wait
 * that an error took not sent again, or an invalidation sent for it; the wait counted as an
 * invalidation; the fault event's registers, its name, its mark of being given; the unit as parent;
 * the device left at the end, or taken away twice.
 */
#include "fake_vtd_core.h"

#define WAIT_IF UINT64_C(0x15)

static struct mirq_irqs given(struct bench *b)
{
	struct mirq_irqs irq = { 0 };

	assert_int_equal(mirq_vtd_completion_irq(b->domain, &irq), MIRQ_OK);
	assert_int_equal(irq.slots.limit - irq.slots.first, 1);
	return irq;
}

/* As the core does at a request. */
static void unmask(struct mirq_device *dev)
{
	struct mirq_slot slot = { dev->store.init.data, 0, 0, NULL };

	dev->kind.ops->unmask(&slot);
}

static void event__beside_the_fault_event__below_the_root(void **state)
{
	struct bench *b = *state;
	struct mirq_irqs irq = { 0 };

	bench_attach(b);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_OK);
	(void)given(b);
	assert_null(b->m.device.init.parent);
	assert_null(b->m.second.init.parent);
	assert_string_equal(b->m.device.kind.name, "DMAR-EVENT");
	assert_string_equal(b->m.second.kind.name, "DMAR-DONE");
	assert_int_equal(mirq_vtd_completion_irq(b->domain, &irq), MIRQ_EBUSY);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_EBUSY);
	/* Each can be taken away and given again without the other. */
	assert_int_equal(mirq_device_detach(&b->m.second), MIRQ_OK);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_EBUSY);
	(void)given(b);
	assert_int_equal(mirq_device_detach(&b->m.device), MIRQ_OK);
	assert_int_equal(mirq_vtd_completion_irq(b->domain, &irq), MIRQ_EBUSY);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_OK);
	/* What the host has taken away is not taken away once more at the end. */
	assert_int_equal(mirq_device_detach(&b->m.second), MIRQ_OK);
	bench_detach(b);
	assert_int_equal(b->m.has_device, 0);
}

static void event__core_refuses__can_be_asked_for_again(void **state)
{
	struct bench *b = *state;
	enum mirq_err *errors[] = { &b->m.device_err, &b->m.store_err, &b->m.alloc_err };
	struct mirq_irqs irq = { 0 };

	bench_attach(b);
	for (uint32_t i = 0; i < NR(errors); i++) {
		*errors[i] = MIRQ_ENOMEM;
		assert_int_equal(mirq_vtd_completion_irq(b->domain, &irq), MIRQ_ENOMEM);
		assert_null(irq.store);
		assert_int_equal(b->m.has_device, 0);
		*errors[i] = MIRQ_OK;
	}
	(void)given(b);
	bench_detach(b);
}

static void event__store__writes_its_four_registers(void **state)
{
	struct bench *b = *state;
	const struct mirq_msg msg = { 0x12345600fee02004, 0x00004052 };
	struct mirq_slot slot = { 0 };

	bench_attach(b);
	fake_write32(b->u, FAKE_IECTL, 0);
	(void)given(b);
	assert_int_equal(fake_read32(b->u, FAKE_IECTL), 1u << 31);
	slot.data = b->m.device.store.init.data;
	b->m.device.kind.ops->write(&slot, &msg);
	assert_int_equal(fake_read32(b->u, 0xa4), 0x00004052);
	assert_int_equal(fake_read32(b->u, 0xa8), 0xfee02004);
	assert_int_equal(fake_read32(b->u, 0xac), 0x12345600);
	/* The fault event's stay as they are. */
	assert_int_equal(fake_read32(b->u, FAKE_FECTL), 1u << 31);
	assert_int_equal(fake_read32(b->u, 0x3c), 0);
	unmask(&b->m.device);
	assert_int_equal(fake_read32(b->u, FAKE_IECTL), 0);
	bench_detach(b);
	assert_int_equal(fake_read32(b->u, FAKE_IECTL), 1u << 31);
}

static void request__wait_with_interrupt__claimed_once(void **state)
{
	struct bench *b = *state;
	struct mirq_vtd_stats before, after;

	bench_attach(b);
	(void)given(b);
	unmask(&b->m.device);
	assert_int_equal(mirq_vtd_completion_claim(b->domain), 0);
	before = bench_stats(b);
	b->u->nr_log = 0;
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_OK);
	assert_int_equal(b->u->nr_completion_events, 1);
	/* By itself, without a status word, before the wait that mirq polls. */
	assert_true(fake_log_find(b->u, 'D', 0, WAIT_IF) < fake_log_find(b->u, 'E', FAKE_IECTL, 0));
	after = bench_stats(b);
	assert_int_equal(after.nr_waits - before.nr_waits, 2);
	assert_int_equal(after.nr_invalidations, before.nr_invalidations);
	/* Not claimed: the next one is part of it. */
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_OK);
	assert_int_equal(b->u->nr_completion_events, 1);
	assert_int_equal(mirq_vtd_completion_claim(b->domain), 1);
	assert_int_equal(mirq_vtd_completion_claim(b->domain), 0);
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_OK);
	assert_int_equal(b->u->nr_completion_events, 2);
	bench_detach(b);
}

/* Completed while masked: kept, and sent by unmasking. */
static void request__masked__kept(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	(void)given(b);
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_OK);
	assert_int_equal(b->u->nr_completion_events, 0);
	unmask(&b->m.device);
	assert_int_equal(b->u->nr_completion_events, 1);
	assert_int_equal(mirq_vtd_completion_claim(b->domain), 1);
	bench_detach(b);
}

static void event__left_unclaimed__given_again_clean(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	(void)given(b);
	unmask(&b->m.device);
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_OK);
	assert_int_equal(mirq_device_detach(&b->m.device), MIRQ_OK);
	(void)given(b);
	unmask(&b->m.device);
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_OK);
	assert_int_equal(b->u->nr_completion_events, 2);
	bench_detach(b);
}

/* An error takes the wait or what polls for it: it is asked for again, as itself. */
static void request__queue_error__asked_again(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	(void)given(b);
	unmask(&b->m.device);
	for (uint32_t nr = 1; nr <= 2; nr++) {
		b->u->nr_iec_global = 0;
		b->u->nr_iqe = nr;
		assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_OK);
		assert_int_equal(b->u->nr_completion_events, nr);
		assert_int_equal(b->u->nr_iec_global, 0);
		assert_int_equal(mirq_vtd_completion_claim(b->domain), 1);
	}
	b->u->nr_ite = 1;
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_OK);
	assert_int_equal(b->u->nr_completion_events, 3);
	bench_detach(b);
}

static void request__dead_unit__eio(void **state)
{
	struct bench *b = *state;

	bench_attach(b);
	(void)given(b);
	b->u->is_deaf_queue = 1;
	assert_int_equal(mirq_vtd_completion_request(b->domain), MIRQ_EIO);
	b->u->all_ones_after = b->u->nr_accesses;
	assert_int_equal(mirq_vtd_completion_claim(b->domain), 0);
	b->u->all_ones_after = 0;
	b->u->is_deaf_queue = 0;
	bench_detach(b);
}

static void completion__another_kind_of_domain__einval(void **state)
{
	struct bench *b = *state;
	static const struct mirq_remapper_ops ops = { MIRQ_SIZED(mirq_remapper_ops) };
	struct mirq_domain other = { .init = { .ops = &ops, .data = b } };
	struct mirq_irqs irq;

	assert_int_equal(mirq_vtd_completion_irq(&other, &irq), MIRQ_EINVAL);
	assert_int_equal(mirq_vtd_completion_request(&other), MIRQ_EINVAL);
	assert_int_equal(mirq_vtd_completion_claim(&other), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(event__beside_the_fault_event__below_the_root),
		TEST(event__core_refuses__can_be_asked_for_again),
		TEST(event__store__writes_its_four_registers),
		TEST(request__wait_with_interrupt__claimed_once),
		TEST(request__masked__kept),
		TEST(event__left_unclaimed__given_again_clean),
		TEST(request__queue_error__asked_again),
		TEST(request__dead_unit__eio),
		TEST(completion__another_kind_of_domain__einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
