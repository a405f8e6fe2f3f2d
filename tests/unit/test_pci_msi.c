/* SPDX-License-Identifier: MIT */
/*
 * The MSI store through its op table, on a function that decodes for itself: every sequence of
 * writes, what the device then sends, for each combination of what a function can be. [PCI]
 * 6.8.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_pci.h"

#include "stores/pci_msi.h"

struct fixture {
	struct mirq_host *h;
	struct fake_function *f;
	struct mirqi_pci_msi msi;
	const struct mirq_store_template *kind;
	const struct mirq_store_ops *ops;
	uint32_t words[32];
};

static const struct mirq_msg message = { 0x0000000112345678, 0x4140 };

static void start(struct fixture *x, uint32_t nr_log2, int is_64, int is_maskable)
{
	struct mirq_config config;
	const char *reason = NULL;

	memset(x, 0, sizeof(*x));
	x->h = fake_host_new();
	x->f = fake_function_add(x->h, 0, 3, 0);
	fake_msi_add(x->f, nr_log2, is_64, is_maskable);
	config = fake_config(x->h, x->f);
	assert_int_equal(mirqi_pci_msi_init(&x->msi, &config, x->f->msi, &reason), MIRQ_OK);
	x->kind = mirqi_pci_msi_template(&x->msi);
	x->ops = x->kind->ops;
	assert_int_equal(x->ops->setup(&x->msi), MIRQ_OK);
	assert_int_equal(x->msi.is_attached, 1);
	fake_host_clear(x->h);
}

static void stop(struct fixture *x)
{
	x->ops->teardown(&x->msi);
	assert_int_equal(x->msi.is_attached, 0);
	fake_host_free(x->h);
}

static struct mirq_slot slot_of(struct fixture *x, uint32_t index)
{
	struct mirq_slot slot = { &x->msi, 0, index, &x->words[index] };

	return slot;
}

/* As the core does it: message, on, flush, slots. */
static void bring_up(struct fixture *x, uint32_t nr_log2)
{
	struct mirq_slot slot = slot_of(x, 0);

	x->ops->write(&slot, &message);
	assert_int_equal(x->ops->enable(&x->msi, nr_log2), MIRQ_OK);
	assert_int_equal(x->ops->flush(&x->msi), MIRQ_OK);
	for (uint32_t i = 0; x->ops->unmask && i < 1u << nr_log2; i++) {
		slot = slot_of(x, i);
		x->ops->unmask(&slot);
	}
}

static void template__every_kind__says_what_it_can(void **state)
{
	(void)state;
	for (uint32_t nr_log2 = 0; nr_log2 <= 5; nr_log2++)
		for (int is_64 = 0; is_64 < 2; is_64++)
			for (int is_maskable = 0; is_maskable < 2; is_maskable++) {
				struct fixture x;
				uint32_t traits;

				start(&x, nr_log2, is_64, is_maskable);
				traits = x.kind->traits;
				assert_int_equal(mirqi_pci_msi_nr_slots(&x.msi), 1u << nr_log2);
				assert_int_equal(x.kind->address_bits, is_64 ? 64 : 32);
				assert_int_equal(x.kind->masking, is_maskable ? MIRQ_MASKS_SLOT
									      : MIRQ_MASKS_NOTHING);
				assert_int_equal(!!x.ops->mask, is_maskable);
				assert_int_equal(!!x.ops->unmask, is_maskable);
				assert_int_equal(!!x.ops->pending, is_maskable);
				assert_int_equal(!!(traits & MIRQ_STORE_ONE_MESSAGE), nr_log2 > 0);
				assert_true(traits & MIRQ_STORE_OF_BUS);
				assert_true(traits & MIRQ_STORE_VETTED);
				assert_true(traits & MIRQ_STORE_SHARED_REGS);
				assert_false(traits & MIRQ_STORE_NEEDS_ENABLE);
				assert_int_equal(x.kind->update, MIRQ_UPDATE_WORDS);
				stop(&x);
			}
}

/* [PCIE] 6.1.4: message, then how many, INTx off, then on. */
static void bring_up__one_plain_32__in_order(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 0, 0, 0);
	bring_up(&x, 0);
	assert_string_equal(x.h->trace, "cW44.4=12345678 cW48.2=4140 "
					"cR42.2 cW42.2=0 cR04.2 cW04.2=402 cW42.2=1 cR00.2 ");
	fake_host_clear(x.h);
	x.ops->disable(&x.msi);
	assert_string_equal(x.h->trace, "cR42.2 cW42.2=0 cR04.2 cW04.2=2 ");
	stop(&x);
}

static void bring_up__sixteen_maskable_64__in_order(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 4, 1, 1);
	fake_set(x.f, 0x50, 4,
		 0xabcd0001); /* reserved bits of the mask register keep their value */
	bring_up(&x, 1);
	assert_string_equal(x.h->trace,
			    "cW44.4=12345678 cW48.4=1 cW4c.2=4140 "
			    "cR42.2 cR50.4 cW50.4=abcdffff cW42.2=198 cR04.2 cW04.2=402 "
			    "cW42.2=199 cR00.2 cW50.4=abcdfffe cW50.4=abcdfffc ");
	stop(&x);
}

/* Each slot of each size sends the message with its number in it. */
static void raise__each_slot__data_or_number(void **state)
{
	(void)state;
	for (uint32_t nr_log2 = 0; nr_log2 <= 5; nr_log2++)
		for (int is_64 = 0; is_64 < 2; is_64++) {
			struct fixture x;

			start(&x, nr_log2, is_64, nr_log2 % 2);
			bring_up(&x, nr_log2);
			for (uint32_t i = 0; i < 1u << nr_log2; i++) {
				struct mirq_msg sent = { 0, 0 };

				assert_int_equal(fake_msi_raise(x.f, i, &sent), 1);
				assert_int_equal(sent.address,
						 is_64 ? message.address : 0x12345678);
				assert_int_equal(sent.data, 0x4140 | i);
			}
			assert_int_equal(fake_msi_raise(x.f, 1u << nr_log2, NULL), -1);
			x.ops->disable(&x.msi);
			assert_int_equal(fake_msi_raise(x.f, 0, NULL), -1);
			stop(&x);
		}
}

/* One register holds all masks: a change of one leaves the others, and costs one write, no read. */
static void mask__each_slot__keeps_the_others(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 5, 1, 1);
	bring_up(&x, 5);
	for (uint32_t i = 0; i < 32; i++) {
		struct mirq_slot slot = slot_of(&x, i);
		struct mirq_msg sent;

		fake_host_clear(x.h);
		x.ops->mask(&slot);
		assert_int_equal(x.h->nr_config_reads, 0);
		assert_int_equal(x.h->nr_config_writes, 1);
		assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_NO);
		for (uint32_t other = 0; other < 32; other++)
			if (other != i)
				assert_int_equal(fake_msi_raise(x.f, other, &sent), 1);
		assert_int_equal(fake_msi_raise(x.f, i, &sent), 0);
		assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_YES);
		x.ops->unmask(&slot);
		assert_int_equal(fake_msi_raise(x.f, i, &sent), 1);
		fake_set(x.f, 0x54, 4, 0);
	}
	stop(&x);
}

static void mask__several__add_up(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 2, 0, 1);
	bring_up(&x, 2);
	fake_host_clear(x.h);
	for (uint32_t i = 0; i < 4; i += 2) {
		struct mirq_slot slot = slot_of(&x, i);

		x.ops->mask(&slot);
	}
	assert_string_equal(x.h->trace, "cW4c.4=1 cW4c.4=5 ");
	x.ops->disable(&x.msi);
	assert_int_equal(fake_get(x.f, 0x42, 2), 0x104); /* as out of reset */
	stop(&x);
}

/* Out of reset the mask register is 0: a slot must not fire before it is unmasked. */
static void enable__maskable__silent_until_unmasked(void **state)
{
	struct mirq_msg sent;
	struct mirq_slot slot;
	struct fixture x;

	(void)state;
	start(&x, 2, 1, 1);
	slot = slot_of(&x, 0);
	x.ops->write(&slot, &message);
	assert_int_equal(x.ops->enable(&x.msi, 2), MIRQ_OK);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(fake_msi_raise(x.f, i, &sent), 0);
	stop(&x);
}

static void intx__found_off_or_kept__stays(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 0, 1, 0);
	fake_set(x.f, 4, 2, 0x0402);
	bring_up(&x, 0);
	x.ops->disable(&x.msi);
	assert_int_equal(fake_get(x.f, 4, 2), 0x0402);
	stop(&x);

	start(&x, 0, 1, 0);
	x.msi.flags = MIRQI_PCI_MSI_KEEP_INTX;
	bring_up(&x, 0);
	assert_int_equal(fake_get(x.f, 4, 2), 0x0002);
	x.ops->disable(&x.msi);
	assert_int_equal(fake_get(x.f, 4, 2), 0x0002);
	stop(&x);
}

/* Firmware or an earlier kernel may have left it on. */
static void setup__found_on__turned_off(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 0, 1, 0);
	fake_set(x.f, 0x42, 2, 0x0081);
	assert_int_equal(x.ops->setup(&x.msi), MIRQ_OK);
	assert_string_equal(x.h->trace, "cR42.2 cW42.2=80 ");
	stop(&x);
}

static void gone__every_op__eio_or_unknown(void **state)
{
	struct fixture x;
	struct mirq_slot slot;

	(void)state;
	start(&x, 1, 1, 1);
	slot = slot_of(&x, 1);
	bring_up(&x, 1);
	x.f->is_gone = 1;
	assert_int_equal(x.ops->flush(&x.msi), MIRQ_EIO);
	assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_UNKNOWN);
	assert_int_equal(x.ops->enable(&x.msi, 0), MIRQ_EIO);
	assert_int_equal(x.ops->setup(&x.msi), MIRQ_EIO);
	assert_int_equal(x.msi.is_attached, 0);
	stop(&x);
}

/* A write may arrive where the read before it did not: all ones are not written back. */
static void gone__disabled__what_was_read_is_not_kept(void **state)
{
	struct fixture x;

	(void)state;
	start(&x, 1, 1, 1);
	bring_up(&x, 1);
	x.f->is_gone = 1;
	fake_host_clear(x.h);
	x.ops->disable(&x.msi);
	assert_non_null(strstr(x.h->trace, "cW42.2=182 "));
	assert_null(strstr(x.h->trace, "cW04.2"));
	stop(&x);
}

/* All 32 slots pending is not a function that is gone. */
static void pending__all_ones_of_a_live_function__yes(void **state)
{
	struct fixture x;
	struct mirq_slot slot;

	(void)state;
	start(&x, 5, 1, 1);
	slot = slot_of(&x, 7);
	fake_set(x.f, 0x54, 4, 0xffffffff);
	assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_YES);
	stop(&x);
}

/* Who believed the first answer would wait for a message that the slot does not send. */
static void pending__read_that_nobody_answers__is_read_again(void **state)
{
	struct fixture x;
	struct mirq_slot slot;

	(void)state;
	start(&x, 5, 1, 1);
	slot = slot_of(&x, 7);
	x.h->nr_unheard = 1;
	assert_int_equal(x.ops->pending(&slot), MIRQ_PENDING_NO);
	assert_int_equal(x.h->nr_unheard, 0);
	stop(&x);
}

static void init__capability_that_makes_no_sense__eio(void **state)
{
	static const struct {
		uint32_t control, at;
		const char *says;
	} bad[] = {
		{ 0xffff, 0x40, "gone" },
		{ 6u << 1, 0x40, "reserved number" },
		{ 7u << 1, 0x40, "reserved number" },
		{ 0x0000, 0xf8, "beyond" },
		{ 0x0080, 0xf4, "beyond" },
		{ 0x0100, 0xf0, "beyond" },
		{ 0x0180, 0xec, "beyond" },
	};
	struct mirq_host *h = fake_host_new();
	struct fake_function *f = fake_function_add(h, 0, 1, 0);
	struct mirq_config config = fake_config(h, f);
	struct mirqi_pci_msi msi;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(f->config + 0x40, 0, 0xc0);
		fake_set(f, bad[i].at + 2, 2, bad[i].control);
		reason = NULL;
		assert_int_equal(mirqi_pci_msi_init(&msi, &config, bad[i].at, &reason), MIRQ_EIO);
		assert_non_null(reason);
		assert_non_null(strstr(reason, bad[i].says));
	}
	/* The last place where each still fits. */
	fake_set(f, 0xf6, 2, 0x0000);
	assert_int_equal(mirqi_pci_msi_init(&msi, &config, 0xf4, &reason), MIRQ_OK);
	fake_set(f, 0xea, 2, 0x0180);
	assert_int_equal(mirqi_pci_msi_init(&msi, &config, 0xe8, &reason), MIRQ_OK);
	assert_int_equal(h->nr_config_writes, 0);
	fake_host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(template__every_kind__says_what_it_can),
		cmocka_unit_test(bring_up__one_plain_32__in_order),
		cmocka_unit_test(bring_up__sixteen_maskable_64__in_order),
		cmocka_unit_test(raise__each_slot__data_or_number),
		cmocka_unit_test(mask__each_slot__keeps_the_others),
		cmocka_unit_test(mask__several__add_up),
		cmocka_unit_test(enable__maskable__silent_until_unmasked),
		cmocka_unit_test(intx__found_off_or_kept__stays),
		cmocka_unit_test(setup__found_on__turned_off),
		cmocka_unit_test(gone__every_op__eio_or_unknown),
		cmocka_unit_test(gone__disabled__what_was_read_is_not_kept),
		cmocka_unit_test(pending__all_ones_of_a_live_function__yes),
		cmocka_unit_test(pending__read_that_nobody_answers__is_read_again),
		cmocka_unit_test(init__capability_that_makes_no_sense__eio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
