/* SPDX-License-Identifier: MIT */
/*
 * test_hpet.c - the store of an HPET's timers (mirq/hpet.h) on a block that decodes by itself: a
 * timer whose interrupt is off loses its match; on, it sends its message or, without message mode,
 * pulls its wire. Timer 0 is somebody's tick by wire; timers 1 and 2 can send messages.
 * Source: [HPET] 2.3.4: capabilities, bits 12:8 the last timer; 2.3.8: timer n at 0x100 + 0x20 n:
 * level 1, enable 2, periodic 3, message mode 14, capable of it 15; 2.3.9: + 0x10 data, + 0x14
 * address.
 *
 * Breaks of the store that were tried, each found here: message mode set at setup; enable written
 * without message mode; mask that leaves message mode; mask of message mode alone; other bits
 * cleared; level left; data and address exchanged; the next timer's registers; attaching quiets all
 * timers; the last timer left out, one too many; no look at the capability; no look at the cookie;
 * a gone HPET written to, or its all ones taken for capabilities; MASK_LOSES or OF_BUS not said,
 * or that the message changes at once.
 */
#include <mirq/hpet.h>

#include "core/core.h"
#include "fake_ims.h"

#define LEVEL (1u << 1)
#define ENABLE (1u << 2)
#define PERIODIC (1u << 3)
#define MESSAGE (1u << 14)
#define CAN_MESSAGE (1u << 15)
#define OTHERS (PERIODIC | 0x30u | CAN_MESSAGE) /* periodic, able to be it, 64 bits wide */

struct rig {
	struct fake_ims f; /* first: the decode finds the rig by it */
	struct mirq_hpet hpet;
	struct mirq_store *store;
	uint32_t nr_torn, nr_other_bits, nr_wires, nr_lost;
};

static uint32_t *timer_at(struct fake_ims *f, uint32_t i)
{
	return &f->words[(0x100 + 0x20 * i) / 4];
}

static void hpet_decode(struct fake_ims *f, uint32_t offset, uint32_t value)
{
	struct rig *r = (struct rig *)(void *)f;
	uint32_t *timer = timer_at(f, (offset - 0x100) / 0x20), at = offset % 0x20;
	uint32_t is_on = (timer[0] & (ENABLE | MESSAGE)) == (ENABLE | MESSAGE);

	/* Timer 0 is somebody else's, and so is everything that is not the message or its bits. */
	assert_true(offset >= 0x120 && offset < 0x160);
	assert_true(at == 0 || at == 0x10 || at == 0x14);
	if (at == 0) {
		r->nr_other_bits += ((value ^ timer[0]) & ~(ENABLE | MESSAGE | LEVEL)) != 0;
		r->nr_wires += (value & (ENABLE | MESSAGE)) == ENABLE;
	} else {
		r->nr_torn += is_on;
	}
	timer[at / 4] = value;
}

/* The counter reaches the comparator. */
static void match(struct rig *r, uint32_t i)
{
	const uint32_t *timer = timer_at(&r->f, i);

	if (!(timer[0] & ENABLE)) {
		r->nr_lost++;
		return;
	}
	r->nr_wires += !(timer[0] & MESSAGE);
	assert_int_equal(timer[0] & LEVEL, 0);
	fake_ims_send(&r->f, timer[5], timer[4]);
	(void)mock_deliver(r->f.mock);
}

static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	r->f.words[0] = 0x8086a201; /* three timers */
	timer_at(&r->f, 0)[0] = ENABLE | PERIODIC | 0x30 | 2u << 9;
	timer_at(&r->f, 1)[0] = OTHERS;
	timer_at(&r->f, 2)[0] = OTHERS | LEVEL | ENABLE;
	timer_at(&r->f, 3)[0] = OTHERS; /* not there */
	r->f.write = hpet_decode;
	r->hpet.regs = fake_ims_regs(&r->f, MIRQ_HPET_BYTES);
}

static void rig_attach(struct rig *r)
{
	r->store = fake_ims_attach(&r->f, &mirq_hpet_kind, &r->hpet, 32);
}

static struct mirq_irqs rig_request(struct rig *r, uint32_t timer, uint32_t cpu)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	assert_int_equal(fake_ims_alloc(r->store, timer, 1, cpu, NULL, &irqs), MIRQ_OK);
	mock_request(irqs, &r->f.a[timer]);
	return irqs;
}

static void rig_free(struct rig *r)
{
	assert_int_equal(r->nr_torn, 0);
	assert_int_equal(r->nr_other_bits, 0);
	assert_int_equal(r->nr_wires, 0);
	assert_int_equal(timer_at(&r->f, 0)[0], ENABLE | PERIODIC | 0x30 | 2u << 9);
	fake_ims_free(&r->f);
}

static void timers__of_a_block__those_that_can(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_hpet_timers(&r.hpet), 6);
	fake_ims_expect(&r.f, "R000 R100 R120 R140 ");
	/* 32 timers, of which 1,024 bytes hold 24; and a window that is shorter. */
	r.f.words[0] |= 0x1f00;
	timer_at(&r.f, 23)[0] = CAN_MESSAGE;
	assert_int_equal(mirq_hpet_timers(&r.hpet), 0x80000e);
	r.hpet.regs.limit_bytes = 0x140;
	assert_int_equal(mirq_hpet_timers(&r.hpet), 2);
	r.f.is_gone = 1;
	r.f.trace_bytes = 0;
	assert_int_equal(mirq_hpet_timers(&r.hpet), 0);
	fake_ims_expect(&r.f, "R000 ");
	r.f.is_gone = 0;
	rig_free(&r);
}

static void attach__no_message_or_no_hpet__refused(void **state)
{
	struct mirq_store *store = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	timer_at(&r.f, 1)[0] = timer_at(&r.f, 2)[0] = 0x38;
	assert_int_equal(fake_ims_try(&r.f, &mirq_hpet_kind, &r.hpet, 32, &store), MIRQ_ENOTSUP);
	r.f.is_gone = 1;
	assert_int_equal(fake_ims_try(&r.f, &mirq_hpet_kind, &r.hpet, 32, &store), MIRQ_EIO);
	assert_null(store);
	r.f.is_gone = 0;
	rig_free(&r);
}

/* Emulated or not, its messages are whoever's who emulates it: it is no device-specific store. */
static void attach__in_a_guest__accepted(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.f.mock->m->root->init.guest = MIRQ_GUEST_YES;
	rig_attach(&r);
	assert_int_equal(mirq_hpet_kind.address_bits, 32);
	rig_free(&r);
}

static void slot__timer_that_cannot__refused(void **state)
{
	const uint64_t cookie = 7;
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.store = fake_ims_attach(&r.f, &mirq_hpet_kind, &r.hpet, 40);
	assert_int_equal(fake_ims_alloc(r.store, 0, 1, 1, NULL, &irqs), MIRQ_ENOTSUP);
	assert_int_equal(fake_ims_alloc(r.store, 3, 1, 1, NULL, &irqs), MIRQ_ENOTSUP);
	assert_int_equal(fake_ims_alloc(r.store, 1, 3, 1, NULL, &irqs), MIRQ_ENOTSUP);
	assert_int_equal(fake_ims_alloc(r.store, 33, 1, 1, NULL, &irqs), MIRQ_EINVAL);
	assert_int_equal(fake_ims_alloc(r.store, 1, 1, 1, &cookie, &irqs), MIRQ_EINVAL);
	assert_null(irqs.store);
	assert_int_equal(fake_ims_alloc(r.store, 1, 2, 1, NULL, &irqs), MIRQ_OK);
	rig_free(&r);
}

/* Quiet, then the message, then enable and message mode in one write; both off at the end. */
static void life__golden__message_before_mode(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	/* Nothing is written: a timer that nobody asked for goes on. */
	fake_ims_expect(&r.f, "R000 R000 R100 R120 R140 ");
	irqs = rig_request(&r, 2, 1);
	fake_ims_expect(&r.f, "R000 R100 R120 R140 R140 W140=803a W150=23 W154=10001100 R000 "
			      "R140 W140=c03c ");
	match(&r, 2);
	assert_int_equal(r.f.a[2].nr, 1);
	/* Masking loses: disabled is software's, and kept. */
	mirq_irq_disable(irqs);
	match(&r, 2);
	assert_int_equal(r.f.a[2].nr, 1);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[2].nr, 2);
	fake_ims_expect(&r.f, "");
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "R140 W140=8038 R000 ");
	match(&r, 2);
	assert_int_equal(r.nr_lost, 1);
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	rig_free(&r);
}

/* Two timers are two registers: one is requested while the other matches. */
static void life__two_timers__each_its_own(void **state)
{
	struct mirq_irqs one, two;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	one = rig_request(&r, 1, 1);
	match(&r, 1);
	two = rig_request(&r, 2, 2);
	match(&r, 1);
	match(&r, 2);
	assert_int_equal(mirq_irq_free(one), MIRQ_OK);
	match(&r, 2);
	assert_int_equal(r.f.a[1].nr, 2);
	assert_int_equal(r.f.a[2].nr, 2);
	assert_int_equal(mirq_irq_free(two), MIRQ_OK);
	assert_int_equal(timer_at(&r.f, 1)[0], OTHERS);
	assert_int_equal(timer_at(&r.f, 2)[0], OTHERS);
	rig_free(&r);
}

/*
 * Not masked, changed word by word: an id that is free on both CPUs, though a lower one is free on
 * the new one, so that only the address changes.
 */
static void move__below_the_root__word_by_word(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	(void)rig_request(&r, 1, 1);
	irqs = rig_request(&r, 2, 1);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "W150=24 W154=10001200 R000 ");
	match(&r, 2);
	assert_int_equal(r.f.a[2].nr, 1);
	assert_int_equal(r.nr_lost, 0);
	r.nr_torn = 0; /* one word at a time: the core's business */
	rig_free(&r);
}

static void move__below_a_table__touches_nothing(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	rig_attach(&r);
	irqs = rig_request(&r, 1, 1);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	match(&r, 1);
	assert_int_equal(r.f.a[1].nr, 1);
	rig_free(&r);
}

static void gone__free__writes_nothing(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_request(&r, 1, 1);
	r.f.trace_bytes = 0;
	r.f.is_gone = 1;
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	fake_ims_expect(&r.f, "R120 R000 ");
	r.f.is_gone = 0;
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers__of_a_block__those_that_can),
		cmocka_unit_test(attach__no_message_or_no_hpet__refused),
		cmocka_unit_test(attach__in_a_guest__accepted),
		cmocka_unit_test(slot__timer_that_cannot__refused),
		cmocka_unit_test(life__golden__message_before_mode),
		cmocka_unit_test(life__two_timers__each_its_own),
		cmocka_unit_test(move__below_the_root__word_by_word),
		cmocka_unit_test(move__below_a_table__touches_nothing),
		cmocka_unit_test(gone__free__writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
