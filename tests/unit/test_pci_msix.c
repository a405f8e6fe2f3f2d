/* SPDX-License-Identifier: MIT */
/*
 * The MSI-X store through its op table, on a function that decodes for itself: sequences, the
 * register budget of docs/design.md (phases), stale entries, torn messages. [PCI] 6.8.2, [PCIE]
 * 6.1.4.2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_pci.h"

#include "stores/pci_msix.h"

#define TABLE UINT64_C(0x380000000) /* beyond 4 GiB */

struct fixture {
	struct mirq_host *h;
	struct fake_function *f;
	struct mirqi_pci_msix msix;
	const struct mirq_store_ops *ops;
	uint32_t words[2048];
};

static struct mirq_msg message_of(uint32_t slot)
{
	struct mirq_msg msg = { 0xfee01000 | UINT64_C(0x7700000000), 0x10000 + slot };

	return msg;
}

static struct mirq_regs map(struct mirq_host *h, uint64_t physical, uint32_t size_bytes)
{
	struct mirq_regs regs = { h, NULL, size_bytes };

	regs.base = mirq_host_map(h, physical, size_bytes, MIRQ_MAP_REGISTERS);
	return regs;
}

/* A function with @nr slots: table in BAR 2 from 0x1000, pending bits in BAR 4. */
static void start(struct fixture *x, uint32_t nr, uint32_t flags)
{
	struct mirq_config config;
	const char *reason = NULL;

	memset(x, 0, sizeof(*x));
	x->h = fake_host_new();
	x->f = fake_function_add(x->h, 0, 3, 0);
	fake_bar_add(x->f, 2, TABLE, 0x10000, 1);
	fake_bar_add(x->f, 4, 0xfe000000, 0x1000, 0);
	fake_msix_add(x->f, nr, 2, 0x1000, 4, 0x800);
	config = fake_config(x->h, x->f);
	assert_int_equal(mirqi_pci_msix_init(&x->msix, &config, x->f->msix, &reason), MIRQ_OK);
	x->msix.flags = flags;
	x->msix.table = map(x->h, TABLE + 0x1000, 16 * nr);
	x->msix.pba = map(x->h, 0xfe000800, x->msix.pba_place.size_bytes);
	x->ops = mirqi_pci_msix_template.ops;
	assert_int_equal(x->ops->setup(&x->msix), MIRQ_OK);
	assert_int_equal(x->msix.is_attached, 1);
	fake_host_clear(x->h);
}

static void stop(struct fixture *x)
{
	x->ops->teardown(&x->msix);
	assert_int_equal(x->msix.is_attached, 0);
	assert_int_equal(x->f->torn, 0);
	assert_int_equal(x->f->fired_stale, 0);
	fake_host_free(x->h);
}

static struct mirq_slot slot_of(struct fixture *x, uint32_t index)
{
	struct mirq_slot slot = { &x->msix, 0, index, &x->words[index] };

	return slot;
}

/* As the core does it, for slots first..limit-1: on, messages, flush, let through. */
static void bring_up(struct fixture *x, uint32_t first, uint32_t limit, int is_first)
{
	struct mirq_slot slot;

	if (is_first)
		assert_int_equal(x->ops->enable(&x->msix, 0), MIRQ_OK);
	for (uint32_t i = first; i < limit; i++) {
		struct mirq_msg msg = message_of(i);

		slot = slot_of(x, i);
		x->ops->write(&slot, &msg);
	}
	assert_int_equal(x->ops->flush(&x->msix), MIRQ_OK);
	if (is_first)
		x->ops->unmask_all(&x->msix);
	for (uint32_t i = first; i < limit; i++) {
		slot = slot_of(x, i);
		x->ops->unmask(&slot);
	}
}

static void check_sends(struct fixture *x, uint32_t slot)
{
	struct mirq_msg want = message_of(slot), sent = { 0, 0 };

	assert_int_equal(fake_msix_raise(x->f, slot, &sent), 1);
	assert_int_equal(sent.address, want.address);
	assert_int_equal(sent.data, want.data);
}

static void template__says_what_it_can(void **state)
{
	const struct mirq_store_template *kind = &mirqi_pci_msix_template;

	(void)state;
	assert_int_equal(kind->masking, MIRQ_MASKS_SLOT);
	assert_int_equal(kind->update, MIRQ_UPDATE_WORDS);
	assert_int_equal(kind->address_bits, 64);
	assert_int_equal(kind->traits, MIRQ_STORE_OF_BUS | MIRQ_STORE_VETTED |
					       MIRQ_STORE_NEEDS_ENABLE | MIRQ_STORE_RESETS_MASKED);
}

/* Enabled with everything masked in one write; table after that; slots last. */
static void bring_up__after_reset__in_order(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 4, MIRQI_PCI_MSIX_WAS_RESET);
	x.f->drops_while_off = 1;
	bring_up(&x, 1, 3, 1);
	assert_string_equal(x.h->trace, "cR42.2 cR04.2 cW04.2=402 cW42.2=c003 "
					"mW380001010=fee01000 mW380001014=77 mW380001018=10001 "
					"mW380001020=fee01000 mW380001024=77 mW380001028=10002 "
					"mR38000100c cW42.2=8003 mW38000101c=0 mW38000102c=0 ");
	check_sends(&x, 1);
	check_sends(&x, 2);
	assert_int_equal(fake_msix_raise(x.f, 3, NULL), 0);
	fake_host_clear(x.h);
	x.ops->disable(&x.msix);
	assert_string_equal(x.h->trace, "cW42.2=3 cR04.2 cW04.2=2 ");
	assert_int_equal(fake_msix_raise(x.f, 1, NULL), -1);
	stop(&x);
}

static const uint32_t sizes[][2] = { { 1, 1 },   { 4, 1 },       { 4, 4 },     { 64, 63 },
				     { 65, 65 }, { 1025, 1024 }, { 2048, 16 }, { 2048, 2048 } };

/* 4N + O(1) writes, O(1) reads. */
static void budget__after_reset__4n_writes_1_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t nr = sizes[i][1];
		static struct fixture x;

		start(&x, sizes[i][0], MIRQI_PCI_MSIX_WAS_RESET);
		bring_up(&x, 0, nr, 1);
		assert_int_equal(x.h->nr_writes, 4 * nr);
		assert_int_equal(x.h->nr_reads, 1);
		assert_int_equal(x.h->nr_config_writes, 3);
		assert_int_equal(x.h->nr_config_reads, 2);
		for (uint32_t slot = 0; slot < nr; slot++)
			check_sends(&x, slot);
		stop(&x);
	}
}

/* N reads and (table - N) mask writes more: no reset was promised, but the entries are masked. */
static void budget__unknown_but_masked__n_reads_and_rest_masked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t table = sizes[i][0], nr = sizes[i][1];
		static struct fixture x;

		start(&x, table, 0);
		bring_up(&x, 0, nr, 1);
		assert_int_equal(x.h->nr_writes, 4 * nr + (table - nr));
		assert_int_equal(x.h->nr_reads, 1 + nr);
		assert_int_equal(x.h->nr_config_writes, 3);
		assert_int_equal(x.h->nr_config_reads, 2);
		for (uint32_t slot = 0; slot < nr; slot++)
			check_sends(&x, slot);
		stop(&x);
	}
}

/* Every entry was left open by an earlier user: none of them fires, neither in between. */
static void stale__every_entry_open__none_fires(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t table = sizes[i][0], nr = sizes[i][1];
		static struct fixture x;

		start(&x, table, 0);
		fake_msix_leave_stale(x.f);
		bring_up(&x, 0, nr, 1);
		assert_int_equal(x.h->nr_writes, 5 * nr + (table - nr));
		for (uint32_t slot = 0; slot < table; slot++)
			if (slot < nr)
				check_sends(&x, slot);
			else
				assert_int_equal(fake_msix_raise(x.f, slot, NULL), 0);
		stop(&x);
	}
}

/* Told a message but not let through (requested disabled): silent although it was found open. */
static void stale__told_but_never_unmasked__silent(void **state)
{
	struct fixture x;
	struct mirq_msg msg = message_of(2);
	struct mirq_slot slot;

	(void)state;
	start(&x, 4, 0);
	fake_msix_leave_stale(x.f);
	slot = slot_of(&x, 2);
	assert_int_equal(x.ops->enable(&x.msix, 0), MIRQ_OK);
	x.ops->write(&slot, &msg);
	x.ops->unmask_all(&x.msix);
	assert_int_equal(fake_msix_raise(x.f, 2, NULL), 0);
	stop(&x);
}

/* While others are live: the new slots only, no mask of the rest, no MASKALL. */
static void dynamic__more_slots_later__touch_only_theirs(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 64, 0);
	fake_msix_leave_stale(x.f);
	bring_up(&x, 0, 8, 1);
	fake_host_clear(x.h);
	bring_up(&x, 8, 10, 0);
	assert_string_equal(x.h->trace,
			    "mR38000108c mW380001080=fee01000 mW380001084=77 mW380001088=10008 "
			    "mR38000109c mW380001090=fee01000 mW380001094=77 mW380001098=10009 "
			    "mR38000100c mW38000108c=0 mW38000109c=0 ");
	for (uint32_t slot = 0; slot < 10; slot++)
		check_sends(&x, slot);
	stop(&x);
}

/* All slots freed, then used again: the entries are known by then. */
static void again__after_disable__no_rest_masked_again(void **state)
{
	struct mirq_slot slot;
	struct fixture x;

	(void)state;
	start(&x, 64, 0);
	bring_up(&x, 0, 1, 1);
	slot = slot_of(&x, 0);
	x.ops->mask(&slot);
	x.ops->disable(&x.msix);
	x.words[0] = 0; /* the slot is new */
	fake_host_clear(x.h);
	bring_up(&x, 5, 6, 1);
	assert_int_equal(x.h->nr_writes, 4);
	assert_int_equal(x.h->nr_reads, 2);
	check_sends(&x, 5);
	assert_int_equal(fake_msix_raise(x.f, 0, NULL), 0);
	stop(&x);
}

/* Bits of the control word that are not the mask are somebody else's. */
static void mask__other_control_bits__kept(void **state)
{
	struct mirq_slot slot;
	struct fixture x;

	(void)state;
	start(&x, 4, 0);
	fake_msix_entry(x.f, 1)[3] = 0xabcd0001;
	bring_up(&x, 1, 2, 1);
	assert_int_equal(fake_msix_entry(x.f, 1)[3], 0xabcd0000);
	slot = slot_of(&x, 1);
	fake_host_clear(x.h);
	x.ops->mask(&slot);
	assert_string_equal(x.h->trace, "mW38000101c=abcd0001 "); /* posted, no read */
	assert_int_equal(fake_msix_raise(x.f, 1, NULL), 0);
	x.ops->unmask(&slot);
	assert_string_equal(x.h->trace, "mW38000101c=abcd0001 mW38000101c=abcd0000 ");
	stop(&x);
}

static void move__masked__not_torn(void **state)
{
	struct mirq_msg msg = message_of(77), sent;
	struct mirq_slot slot;
	struct fixture x;

	(void)state;
	start(&x, 4, 0);
	bring_up(&x, 0, 4, 1);
	slot = slot_of(&x, 2);
	fake_host_clear(x.h);
	x.ops->mask(&slot);
	x.ops->write(&slot, &msg);
	x.ops->unmask(&slot);
	assert_int_equal(x.h->nr_writes, 5);
	assert_int_equal(x.h->nr_reads, 0);
	assert_int_equal(fake_msix_raise(x.f, 2, &sent), 1);
	assert_int_equal(sent.data, msg.data);
	stop(&x);
}

static void pending__each_slot__its_bit_only(void **state)
{
	static struct fixture x;

	(void)state;
	start(&x, 2048, 0);
	assert_int_equal(x.ops->enable(&x.msix, 0), MIRQ_OK);
	for (uint32_t i = 0; i < 2048; i++) {
		struct mirq_slot slot = slot_of(&x, i), before = slot_of(&x, i ? i - 1 : 2047);

		assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_NO);
		assert_int_equal(fake_msix_raise(x.f, i, NULL), 0);
		assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_YES);
		assert_int_equal(x.ops->pending(&before), MIRQ_PENDING_NO);
		memset(x.f->bar[4] + 0x800, 0, 256);
		fake_host_clear(x.h);
	}
	memset(x.f->bar[4] + 0x800, 0xff, 8); /* 64 of them pending: the function is there */
	assert_int_equal(x.ops->pending(&(struct mirq_slot){ &x.msix, 0, 31, &x.words[31] }),
			 MIRQ_PENDING_YES);
	stop(&x);
}

/* Who believed the first answer would wait for a message that the slot does not send. */
static void pending__read_that_nobody_answers__is_read_again(void **state)
{
	static struct fixture x;
	struct mirq_slot slot;

	(void)state;
	start(&x, 8, 0);
	slot = slot_of(&x, 3);
	assert_int_equal(x.ops->enable(&x.msix, 0), MIRQ_OK);
	x.h->nr_unheard = 1;
	assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_NO);
	assert_int_equal(x.h->nr_unheard, 0);
	stop(&x);
}

static void mask_all__while_live__one_config_write(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 4, 0);
	bring_up(&x, 0, 4, 1);
	fake_host_clear(x.h);
	x.ops->mask_all(&x.msix);
	assert_int_equal(fake_msix_raise(x.f, 0, NULL), 0);
	x.ops->unmask_all(&x.msix);
	assert_string_equal(x.h->trace, "cW42.2=c003 cW42.2=8003 ");
	check_sends(&x, 0);
	stop(&x);
}

static void command__memory_off_or_intx_kept__as_asked(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 4, MIRQI_PCI_MSIX_KEEP_INTX);
	fake_set(x.f, 4, 2, 0x0100);
	bring_up(&x, 0, 4, 1);
	assert_int_equal(fake_get(x.f, 4, 2), 0x0102);
	check_sends(&x, 3);
	x.ops->disable(&x.msix);
	assert_int_equal(fake_get(x.f, 4, 2), 0x0102);
	stop(&x);

	start(&x, 4, 0);
	fake_set(x.f, 4, 2, 0x0402); /* INTx was off before: stays off */
	bring_up(&x, 0, 4, 1);
	x.ops->disable(&x.msix);
	assert_int_equal(fake_get(x.f, 4, 2), 0x0402);
	stop(&x);
}

static void setup__found_on__turned_off(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 4, 0);
	fake_set(x.f, 0x42, 2, 0xc003);
	assert_int_equal(x.ops->setup(&x.msix), MIRQ_OK);
	assert_string_equal(x.h->trace, "cR42.2 cW42.2=4003 ");
	stop(&x);
}

static void gone__every_op__eio_or_unknown(void **state)
{
	struct mirq_slot slot;
	struct fixture x;

	(void)state;
	start(&x, 4, 0);
	bring_up(&x, 0, 2, 1);
	x.f->is_gone = 1;
	slot = slot_of(&x, 1);
	assert_int_equal(x.ops->flush(&x.msix), MIRQ_EIO);
	assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_UNKNOWN);
	assert_int_equal(x.ops->enable(&x.msix, 0), MIRQ_EIO);
	slot = slot_of(&x, 3);
	x.ops->write(&slot, &(struct mirq_msg){ 0xfee00000, 1 });
	assert_int_equal(x.words[3], 1); /* not all ones: the control word of nobody is not kept */
	assert_int_equal(x.ops->setup(&x.msix), MIRQ_EIO);
	assert_int_equal(x.msix.is_attached, 0);
	stop(&x);
}

/* A write may arrive where the read before it did not: all ones are not written back. */
static void gone__disabled__what_was_read_is_not_kept(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 4, 0);
	bring_up(&x, 0, 2, 1);
	x.f->is_gone = 1;
	fake_host_clear(x.h);
	x.ops->disable(&x.msix);
	assert_non_null(strstr(x.h->trace, "cW42.2=3 "));
	assert_null(strstr(x.h->trace, "cW04.2"));
	stop(&x);
}

static void gone__memory_decode_off__flush_tells(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 4, 0);
	bring_up(&x, 0, 2, 1);
	fake_set(x.f, 4, 2, 0);
	assert_int_equal(x.ops->flush(&x.msix), MIRQ_EIO);
	stop(&x);
}

static void init__capability__sizes_and_defects(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct fake_function *f = fake_function_add(h, 0, 3, 0);
	struct mirq_config config = fake_config(h, f);
	static const struct {
		uint32_t control, table, pba;
		uint32_t nr_slots, pba_bytes; /* 0: refused */
		const char *says;
	} cases[] = {
		{ 0x0000, 0x0000, 0x1000, 1, 8, "" },
		{ 0x003f, 0x0003, 0x0400 | 3, 64, 8, "" },
		{ 0x0040, 0x0002, 0x0003, 65, 16, "" },
		{ 0x07ff, 0x0000, 0x8000, 2048, 256, "" }, /* all 11 bits count */
		{ 0xc7ff, 0x0000, 0x8000, 2048, 256, "" },
		{ 0x07ff, 0x0000, 0x7ff8, 0, 0, "overlap" },
		{ 0x0003, 0x1000, 0x0ff8, 4, 8, "" },
		{ 0x0003, 0x1000, 0x1008, 0, 0, "overlap" },
		{ 0x007f, 0x1000, 0x0ff8, 0, 0, "overlap" },
		{ 0x0001, 0xfffffff0, 0, 0, 0, "beyond every BAR" },
		{ 0x0001, 0x1000, 0xfffffff8, 0, 0, "beyond every BAR" },
		{ 0xffff, 0, 0, 0, 0, "gone" },
	};
	struct mirqi_pci_msix msix;
	const char *reason = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum mirq_err err;

		reason = NULL;
		fake_set(f, 0x42, 2, cases[i].control);
		fake_set(f, 0x44, 4, cases[i].table);
		fake_set(f, 0x48, 4, cases[i].pba);
		err = mirqi_pci_msix_init(&msix, &config, 0x40, &reason);
		assert_int_equal(err, cases[i].nr_slots ? MIRQ_OK : MIRQ_EIO);
		if (err) {
			assert_non_null(reason);
			assert_non_null(strstr(reason, cases[i].says));
			continue;
		}
		assert_int_equal(msix.nr_slots, cases[i].nr_slots);
		assert_int_equal(msix.pba_place.size_bytes, cases[i].pba_bytes);
		assert_int_equal(msix.table_place.size_bytes, 16 * cases[i].nr_slots);
		assert_int_equal(msix.table_place.bar, cases[i].table & 7);
		assert_int_equal(msix.pba_place.offset_bytes, cases[i].pba & ~7u);
	}
	assert_int_equal(mirqi_pci_msix_init(&msix, &config, 0xf8, &reason), MIRQ_EIO);
	fake_set(f, 0xf8, 4, 0x1000); /* the last place where one fits */
	assert_int_equal(mirqi_pci_msix_init(&msix, &config, 0xf4, &reason), MIRQ_OK);
	assert_int_equal(h->nr_config_writes, 0);
	fake_host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(template__says_what_it_can),
		cmocka_unit_test(bring_up__after_reset__in_order),
		cmocka_unit_test(budget__after_reset__4n_writes_1_read),
		cmocka_unit_test(budget__unknown_but_masked__n_reads_and_rest_masked),
		cmocka_unit_test(stale__every_entry_open__none_fires),
		cmocka_unit_test(stale__told_but_never_unmasked__silent),
		cmocka_unit_test(dynamic__more_slots_later__touch_only_theirs),
		cmocka_unit_test(again__after_disable__no_rest_masked_again),
		cmocka_unit_test(mask__other_control_bits__kept),
		cmocka_unit_test(move__masked__not_torn),
		cmocka_unit_test(pending__each_slot__its_bit_only),
		cmocka_unit_test(pending__read_that_nobody_answers__is_read_again),
		cmocka_unit_test(mask_all__while_live__one_config_write),
		cmocka_unit_test(command__memory_off_or_intx_kept__as_asked),
		cmocka_unit_test(setup__found_on__turned_off),
		cmocka_unit_test(gone__every_op__eio_or_unknown),
		cmocka_unit_test(gone__disabled__what_was_read_is_not_kept),
		cmocka_unit_test(gone__memory_decode_off__flush_tells),
		cmocka_unit_test(init__capability__sizes_and_defects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
