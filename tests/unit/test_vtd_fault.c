/* SPDX-License-Identifier: MIT */
/*
 * test_vtd_fault.c - what a VT-d unit reports: fault records decoded and cleared, overflow, a log
 * that a hostile device cannot flood, and the fault event as an interrupt below the root.
 * Sources: [VTD] 7, 11.4.9 - 11.4.14, appendix A.
 */
#include "fake_vtd_core.h"

static int next(struct bench *b, struct mirq_fault *out)
{
	return bench_ops(b)->faults(bench_data(b), out);
}

static void nr_records_set(struct bench *b, uint32_t at, uint32_t nr)
{
	uint64_t cap = fake_read64(b->u, FAKE_CAP) & ~(0x3ffull << 24) & ~(0xffull << 40);

	fake_write64(b->u, FAKE_CAP, cap | (uint64_t)(at / 16) << 24 | (uint64_t)(nr - 1) << 40);
}

static void fault__none__nothing(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	bench_attach(b);
	b->u->nr_reads = 0;
	assert_int_equal(next(b, &fault), 0);
	assert_int_equal(b->u->nr_reads, 1);
	assert_int_equal(bench_stats(b).nr_faults, 0);
	bench_detach(b);
}

/* I6: a forged message is reported with sender and entry. */
static void fault__interrupt__sender_and_entry(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	bench_attach(b);
	for (uint32_t reason = 0x20; reason <= 0x28; reason++) {
		fake_fault(b->u, 0, 0x1234ull << 48, 0x0a0b, reason);
		assert_int_equal(next(b, &fault), 1);
		assert_string_equal(fault.domain, "dmar0");
		assert_int_equal(fault.reason_code, reason);
		assert_int_equal(strncmp(fault.reason, "interrupt: ", 11), 0);
		assert_int_equal(fault.requester, 0x0a0b);
		assert_int_equal(fault.entry, reason == 0x25 ? UINT32_MAX : 0x1234);
		assert_int_equal(fault.is_interrupt, 1);
		assert_int_equal(fault.address, 0);
		assert_int_equal(fault.nr_lost, 0);
		assert_int_equal(next(b, &fault), 0);
		assert_int_equal(fake_read32(b->u, FAKE_FSTS) & 3, 0);
	}
	assert_int_equal(bench_stats(b).nr_faults, 9);
	bench_detach(b);
}

static void fault__memory_access__sender_and_address(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	bench_attach(b);
	for (uint32_t reason = 0x01; reason <= 0x0d; reason++) {
		fake_fault(b->u, 0, 0x00123456789ab000, 0x0018, reason);
		assert_int_equal(next(b, &fault), 1);
		assert_int_equal(fault.reason_code, reason);
		assert_int_equal(strncmp(fault.reason, "memory access: ", 15), 0);
		assert_int_equal(fault.requester, 0x18);
		assert_int_equal(fault.entry, UINT32_MAX);
		assert_int_equal(fault.is_interrupt, 0);
		assert_int_equal(fault.address, 0x00123456789ab000);
	}
	fake_fault(b->u, 0, 0x7000, 0x0018, 0xee);
	assert_int_equal(next(b, &fault), 1);
	assert_int_equal(fault.reason_code, 0xee);
	assert_non_null(fault.reason);
	bench_detach(b);
}

/* Records are filled in turn and wrap: FRI says where the first is. */
static void fault__several_records__oldest_first(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	nr_records_set(b, 0x400, 4);
	bench_attach(b);
	fake_fault(b->u, 2, 0, 100, 0x22);
	fake_fault(b->u, 3, 0, 101, 0x22);
	fake_fault(b->u, 0, 0, 102, 0x22);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(next(b, &fault), 1);
		assert_int_equal(fault.requester, 100 + i);
		if (i == 1)
			fake_fault(b->u, 1, 0, 103, 0x22);
	}
	assert_int_equal(next(b, &fault), 1);
	assert_int_equal(fault.requester, 103);
	assert_int_equal(next(b, &fault), 0);
	fake_fault(b->u, 3, 0, 104, 0x22);
	assert_int_equal(next(b, &fault), 1);
	assert_int_equal(fault.requester, 104);
	bench_detach(b);
}

static void fault__overflow__said_and_recording_again(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	bench_attach(b);
	fake_fault(b->u, 0, 0, 1, 0x22);
	fake_fault(b->u, 0, 0, 2, 0x22);
	assert_int_equal(fake_read32(b->u, FAKE_FSTS) & 1, 1);
	assert_int_equal(next(b, &fault), 1);
	assert_int_equal(fault.requester, 1);
	assert_int_equal(fault.nr_lost, 1);
	assert_int_equal(fake_read32(b->u, FAKE_FSTS) & 1, 0);
	fake_fault(b->u, 0, 0, 3, 0x22);
	assert_int_equal(next(b, &fault), 1);
	assert_int_equal(fault.requester, 3);
	assert_int_equal(fault.nr_lost, 0);
	bench_detach(b);
}

/* Bits that stay set would keep the next event from being sent. */
static void fault__remains_in_the_status__cleared(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	bench_attach(b);
	fake_write32(b->u, FAKE_FSTS, 1 | FAKE_ICE | FAKE_ITE);
	assert_int_equal(next(b, &fault), 0);
	assert_int_equal(fake_read32(b->u, FAKE_FSTS), 0);
	bench_detach(b);
}

static void fault__records_behind_the_first_page__mapped(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	nr_records_set(b, 0x1800, 8);
	bench_attach(b);
	fake_fault(b->u, 7, 0, 9, 0x26);
	assert_int_equal(next(b, &fault), 1);
	assert_int_equal(fault.requester, 9);
	bench_detach(b);
	/* And when the second mapping fails: nothing is left. */
	b->m.nr_domains = 0;
	b->h->fail_at = b->h->nr_calls + 3;
	assert_int_equal(mirq_vtd_attach(&b->m, &b->init, &b->domain), MIRQ_ENOMEM);
	assert_int_equal(b->h->nr_live, 0);
}

static void fault__records_on_other_registers__not_touched(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	nr_records_set(b, 0x10, 4);
	fake_write32(b->u, FAKE_GSTS, FAKE_TE); /* where bit 127 of a record would be */
	bench_attach(b);
	fake_write32(b->u, FAKE_FSTS, 2);
	assert_int_equal(next(b, &fault), 0);
	bench_detach(b);
}

static void fault__unit_gone__nothing(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	bench_attach(b);
	b->u->all_ones_after = b->u->nr_accesses;
	assert_int_equal(next(b, &fault), 0);
	b->u->all_ones_after = 0;
	bench_detach(b);
}

/* 8 a second; the others are counted and said with the next one. */
static void fault__flood__held_back_and_counted(void **state)
{
	struct bench *b = *state;
	struct mirq_fault fault;

	b->h->tick_ns = 1;
	bench_attach(b);
	for (uint32_t i = 0; i < 100; i++) {
		fake_fault(b->u, 0, 0x0005ull << 48, i, 0x26);
		assert_int_equal(next(b, &fault), 1);
	}
	assert_int_equal(b->h->nr_logs, 8);
	assert_int_equal(b->h->last_log.level, MIRQ_LOG_WARN);
	assert_int_equal(b->h->last_log.values[0], 7);
	assert_int_equal(b->h->last_log.values[1], 5);
	b->h->now_ns += 1000000000;
	fake_fault(b->u, 0, 0, 100, 0x26);
	assert_int_equal(next(b, &fault), 1);
	assert_int_equal(b->h->nr_logs, 9);
	assert_int_equal(b->h->last_log.nr_before, 92);
	bench_detach(b);
}

/* ---- the event ---- */

static void event__given_once__below_the_root(void **state)
{
	struct bench *b = *state;
	struct mirq_irqs irq = { 0 };

	bench_attach(b);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_OK);
	assert_null(b->m.device.init.parent);
	assert_int_equal(irq.slots.limit - irq.slots.first, 1);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_EBUSY);
	/* Taken away by the host, it can be given again. */
	assert_int_equal(mirq_device_detach(&b->m.device), MIRQ_OK);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_OK);
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
		assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_ENOMEM);
		assert_null(irq.store);
		assert_int_equal(b->m.has_device, 0);
		*errors[i] = MIRQ_OK;
	}
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_OK);
	bench_detach(b);
}

static void unit__another_kind_of_domain__einval(void **state)
{
	struct bench *b = *state;
	static const struct mirq_remapper_ops ops = { MIRQ_SIZED(mirq_remapper_ops) };
	struct mirq_domain other = { .init = { .ops = &ops, .data = b } };
	struct mirq_vtd_stats stats;
	struct mirq_irqs irq;

	assert_int_equal(mirq_vtd_fault_irq(&other, &irq), MIRQ_EINVAL);
	assert_int_equal(mirq_vtd_inspect(&other, &stats), MIRQ_EINVAL);
}

/* [VTD] 11.4.10 - 11.4.13: control 0x38 (IM 31, IP 30), data 0x3c, address 0x40 and 0x44. */
static void event__store__writes_the_four_registers(void **state)
{
	struct bench *b = *state;
	struct mirq_irqs irq = { 0 };
	const struct mirq_store_template *kind;
	const struct mirq_msg msg = { 0x12345600fee01004, 0x00004041 };
	struct mirq_slot slot = { 0 };

	bench_attach(b);
	fake_write32(b->u, FAKE_FECTL, 0);
	assert_int_equal(mirq_vtd_fault_irq(b->domain, &irq), MIRQ_OK);
	assert_int_equal(fake_read32(b->u, FAKE_FECTL), 1u << 31);
	kind = b->m.device.store.init.kind;
	slot.data = b->m.device.store.init.data;
	assert_int_equal(kind->masking, MIRQ_MASKS_SLOT);
	assert_int_equal(kind->update, MIRQ_UPDATE_WORDS);
	assert_int_equal(kind->address_bits, 64);
	assert_true(kind->traits & MIRQ_STORE_OF_BUS);
	assert_true(kind->traits & MIRQ_STORE_VETTED);

	kind->ops->write(&slot, &msg);
	assert_int_equal(fake_read32(b->u, 0x3c), 0x00004041);
	assert_int_equal(fake_read32(b->u, 0x40), 0xfee01004);
	assert_int_equal(fake_read32(b->u, 0x44), 0x12345600);
	kind->ops->unmask(&slot);
	assert_int_equal(fake_read32(b->u, FAKE_FECTL), 0);
	assert_int_equal(kind->ops->pending(&slot), MIRQ_PENDING_NO);
	kind->ops->mask(&slot);
	assert_int_equal(fake_read32(b->u, FAKE_FECTL), 1u << 31);
	fake_write32(b->u, FAKE_FECTL, 3u << 30);
	assert_int_equal(kind->ops->pending(&slot), MIRQ_PENDING_YES);
	assert_int_equal(kind->ops->flush(slot.data), MIRQ_OK);
	fake_write32(b->u, FAKE_FECTL, UINT32_MAX);
	assert_int_equal(kind->ops->pending(&slot), MIRQ_PENDING_UNKNOWN);
	assert_int_equal(kind->ops->flush(slot.data), MIRQ_EIO);
	bench_detach(b);
	assert_int_equal(fake_read32(b->u, FAKE_FECTL), 1u << 31);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault__none__nothing),
		TEST(fault__interrupt__sender_and_entry),
		TEST(fault__memory_access__sender_and_address),
		TEST(fault__several_records__oldest_first),
		TEST(fault__overflow__said_and_recording_again),
		TEST(fault__remains_in_the_status__cleared),
		TEST(fault__records_behind_the_first_page__mapped),
		TEST(fault__records_on_other_registers__not_touched),
		TEST(fault__unit_gone__nothing),
		TEST(fault__flood__held_back_and_counted),
		TEST(event__given_once__below_the_root),
		TEST(event__core_refuses__can_be_asked_for_again),
		TEST(unit__another_kind_of_domain__einval),
		TEST(event__store__writes_the_four_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
