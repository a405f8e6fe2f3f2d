/* SPDX-License-Identifier: MIT */
/*
 * test_ims_registers.c - register sets (mirq/ims_registers.h) on two devices that are made up: a
 * timer block like an HPET ([HPET] 2.3.8, 2.3.9: timer n at 0x100 + 0x20 n: configuration with FSB
 * enable, bit 14, among bits of others; at + 0x10 the data, at + 0x14 the address), and a block
 * whose two events share one control register: bit 31 and bit 15 mask, bits 30 and 14 pending.
 * Each decodes by itself and counts a message that changes while it may be sent, and a change of
 * bits that are not the set's.
 *
 * Breaks of the store that were tried, each found here: other bits of control cleared; control not
 * read; the neighbour's mask bit changed; a device that is gone written to; setup not masking; data
 * and address in the other order; the high word written, or not; flush of another register; pending
 * of the neighbour; each check of the description; a read that nobody answered not
 * repeated.
 */
#include <mirq/ims_registers.h>

#include "fake_ims.h"

#define FSB_ENABLE (1u << 14)
#define OTHERS UINT32_C(0x3e) /* bits of the timer's own driver */

struct rig {
	struct fake_ims f; /* first: the decode finds the rig by it */
	struct mirq_ims_registers registers;
	struct mirq_store *store;
	uint32_t nr_torn, nr_other_bits;
};

/* ---- the timers ---- */

static const struct mirq_ims_registers_set timer_sets[] = {
	{ .address_lo = 0x114, .data = 0x110, .control = 0x100, .enabled_bits = FSB_ENABLE },
	{ .address_lo = 0x134, .data = 0x130, .control = 0x120, .enabled_bits = FSB_ENABLE },
	{ .address_lo = 0x154, .data = 0x150, .control = 0x140, .enabled_bits = FSB_ENABLE },
};

static void timer_write(struct fake_ims *f, uint32_t offset, uint32_t value)
{
	struct rig *r = (struct rig *)(void *)f;
	uint32_t *timer = &f->words[offset / 0x20 * 8], at = offset % 0x20;

	if (at == 0 && (value & ~FSB_ENABLE) != (timer[0] & ~FSB_ENABLE))
		r->nr_other_bits++;
	if (at != 0 && (timer[0] & FSB_ENABLE))
		r->nr_torn++;
	assert_true(at == 0 || at == 0x10 || at == 0x14);
	timer[at / 4] = value;
}

/* 1: it was sent; 0: lost. */
static int timer_fire(struct rig *r, uint32_t i)
{
	const uint32_t *timer = &r->f.words[(0x100 + 0x20 * i) / 4];

	if (!(timer[0] & FSB_ENABLE))
		return 0;
	fake_ims_send(&r->f, timer[5], timer[4]);
	return 1;
}

/* ---- the two events ---- */

static const struct mirq_ims_registers_set event_sets[] = {
	{ 0x40, 0x44, 0x3c, 0x38, .masked_bits = 1u << 31, .pending_bits = 1u << 30 },
	{ 0x50, 0x54, 0x4c, 0x38, .masked_bits = 1u << 15, .pending_bits = 1u << 14 },
};

static void event_fire(struct rig *r, uint32_t i)
{
	const uint32_t *w = r->f.words;

	if (w[0x38 / 4] & event_sets[i].masked_bits)
		r->f.words[0x38 / 4] |= event_sets[i].pending_bits;
	else
		fake_ims_send(&r->f, (uint64_t)w[(0x44 + 0x10 * i) / 4] << 32 | w[0x10 + 4 * i],
			      w[0xf + 4 * i]);
}

static void event_write(struct fake_ims *f, uint32_t offset, uint32_t value)
{
	struct rig *r = (struct rig *)(void *)f;
	uint32_t old = f->words[offset / 4], set = offset >= 0x4c;

	f->words[offset / 4] = value;
	if (offset != 0x38) {
		r->nr_torn += !(f->words[0x38 / 4] & event_sets[set].masked_bits);
		return;
	}
	f->words[0x38 / 4] = (value & ~UINT32_C(0x40004000)) | (old & UINT32_C(0x40004000));
	for (set = 0; set < 2; set++)
		if ((old & event_sets[set].pending_bits) &&
		    !(value & event_sets[set].masked_bits)) {
			f->words[0x38 / 4] &= ~event_sets[set].pending_bits;
			event_fire(r, set);
		}
	r->nr_other_bits += (value & UINT32_C(0x3fff3fff)) != (old & UINT32_C(0x3fff3fff));
}

/* ---- rigs ---- */

static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	r->registers = (struct mirq_ims_registers){
		MIRQ_SIZED(mirq_ims_registers),
		.name = "timers",
		.regs = fake_ims_regs(&r->f, 0x400),
		.sets = timer_sets,
		.nr_slots = 3,
		.address_bits = 32,
		.update = MIRQ_UPDATE_WORDS,
		.flags = MIRQ_IMS_REGISTERS_DATA_FIRST,
		.traits = MIRQ_STORE_MASK_LOSES,
	};
	r->f.write = timer_write;
	for (uint32_t i = 0; i < 3; i++)
		r->f.words[(0x100 + 0x20 * i) / 4] = OTHERS | FSB_ENABLE;
}

static void rig_events(struct rig *r, int has_table)
{
	rig_new(r, has_table);
	r->registers.name = "events";
	r->registers.sets = event_sets;
	r->registers.nr_slots = 2;
	r->registers.address_bits = 64;
	r->registers.flags = r->registers.traits = 0;
	r->f.write = event_write;
	r->f.words[0x38 / 4] = 0x11;
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_ims_registers_init(&r->registers, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->registers, r->registers.nr_slots);
}

static struct mirq_irqs rig_request(struct rig *r, uint32_t nr, uint32_t cpu)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	assert_int_equal(fake_ims_alloc(r->store, 0, nr, cpu, NULL, &irqs), MIRQ_OK);
	mock_request(irqs, r->f.a);
	return irqs;
}

static void rig_free(struct rig *r)
{
	assert_int_equal(r->nr_torn, 0);
	assert_int_equal(r->nr_other_bits, 0);
	fake_ims_free(&r->f);
}

/* ---- timers: enabled by a bit among others ---- */

static void timers__life__touches_the_enable_bit_only(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	fake_ims_expect(&r.f, "R100 W100=3e R120 W120=3e R140 W140=3e R100 ");
	irqs = rig_request(&r, 2, 1);
	fake_ims_expect(&r.f, "W110=23 W114=10001100 W130=24 W134=10001100 R100 R100 W100=403e "
			      "R120 W120=403e ");
	assert_int_equal(timer_fire(&r, 1), 1);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[1].nr, 1);
	/* Its mask loses events: nobody masks it but to take it off. */
	mirq_irq_disable(irqs);
	assert_int_equal(timer_fire(&r, 0), 1);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[0].nr, 1);
	fake_ims_expect(&r.f, "");
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "R100 W100=3e R120 W120=3e R100 ");
	assert_int_equal(timer_fire(&r, 0), 0);
	assert_int_equal(r.registers.kind.address_bits, 32);
	/* Known to be masked: nothing to write. */
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	r.registers.traits |= MIRQ_STORE_RESETS_MASKED;
	r.f.trace_bytes = 0;
	rig_attach(&r);
	fake_ims_expect(&r.f, "R100 ");
	rig_free(&r);
}

/* What must not be masked and changes word by word moves by a message in between, as it fires. */
static void timers__move__word_by_word(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_request(&r, 2, 1);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 1), 2), MIRQ_OK);
	/* Id 0x24 is free on CPU 2 as well: the address alone changes. */
	fake_ims_expect(&r.f, "W130=24 W134=10001200 R100 ");
	assert_int_equal(timer_fire(&r, 1), 1);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[1].nr, 1);
	r.nr_torn = 0; /* one word at a time: the core's business */
	rig_free(&r);
}

static void timers__move_behind_a_table__touches_nothing(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	rig_attach(&r);
	irqs = rig_request(&r, 3, 1);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(timer_fire(&r, i), 1);
		(void)mock_deliver(r.f.mock);
		assert_int_equal(r.f.a[i].nr, 1);
	}
	rig_free(&r);
}

/* ---- events: one control register ---- */

static void events__share_a_control_register__each_has_its_bits(void **state)
{
	struct mirq_irqs irqs, one;
	struct rig r;

	(void)state;
	rig_events(&r, 0);
	rig_attach(&r);
	assert_true(r.registers.kind.traits & MIRQ_STORE_SHARED_REGS);
	fake_ims_expect(&r.f, "R038 W038=80000011 R038 W038=80008011 R038 ");
	irqs = rig_request(&r, 2, 1);
	fake_ims_expect(&r.f, "W040=10001100 W044=0 W03c=23 W050=10001100 W054=0 W04c=24 R038 "
			      "R038 W038=8011 R038 W038=11 ");
	one = mirq_irq_at(irqs, 1);
	mirq_irq_disable(one);
	event_fire(&r, 1);
	(void)mock_deliver(r.f.mock); /* kept, and masked from now on */
	fake_ims_expect(&r.f, "R038 W038=8011 ");
	event_fire(&r, 0);
	event_fire(&r, 1);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[0].nr, 1);
	assert_int_equal(r.f.a[1].nr, 0);
	assert_int_equal(mirq_irq_pending(one), MIRQ_PENDING_YES);
	assert_int_equal(mirq_irq_pending(mirq_irq_at(irqs, 0)), MIRQ_PENDING_NO);
	r.f.trace_bytes = 0;
	assert_int_equal(mirq_irq_enable(one), MIRQ_OK);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[1].nr, 1);
	/* Masked, moved, let through: the other one never. */
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(one, 3), MIRQ_OK);
	fake_ims_expect(&r.f, "R038 W038=8011 W050=10001300 W054=0 W04c=23 R038 W038=11 R038 ");
	event_fire(&r, 1);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[1].nr, 2);
	rig_free(&r);
}

static void events__pending__is_the_sets_own(void **state)
{
	struct mirq_slot slot = { NULL, 0, 0, NULL };
	struct rig r;

	(void)state;
	rig_events(&r, 0);
	rig_attach(&r);
	slot.data = &r.registers;
	event_fire(&r, 1);
	assert_int_equal(r.registers.ops.pending(&slot), MIRQ_PENDING_NO);
	slot.index = 1;
	assert_int_equal(r.registers.ops.pending(&slot), MIRQ_PENDING_YES);
	r.f.is_gone = 1;
	assert_int_equal(r.registers.ops.pending(&slot), MIRQ_PENDING_UNKNOWN);
	r.f.is_gone = 0;
	rig_free(&r);
}

/* A register that reads all ones is not written back; the request and the move say so. */
static void events__device_is_gone__is_told(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_events(&r, 0);
	r.f.is_gone = 1;
	assert_int_equal(mirq_ims_registers_init(&r.registers, &kind, NULL), MIRQ_OK);
	assert_int_equal(fake_ims_try(&r.f, kind, &r.registers, 2, &r.store), MIRQ_EIO);
	fake_ims_expect(&r.f, "R038 R038 R038 R038 R038 ");
	r.f.is_gone = 0;
	rig_attach(&r);
	irqs = rig_request(&r, 2, 1);
	r.f.is_gone = 1;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_EIO);
	assert_int_equal(fake_ims_quarantined(&r.f), 2);
	r.f.is_gone = 0;
	event_fire(&r, 0);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[0].nr, 1);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	assert_int_equal(fake_ims_quarantined(&r.f), 0);
	r.f.is_gone = 1;
	fake_ims_release(irqs);
	assert_int_equal(fake_ims_quarantined(&r.f), 2);
	r.f.is_gone = 0;
	rig_free(&r);
}

/* A read that nobody answered, and the next one is answered: the mask is set all the same. */
static void events__one_read_unanswered__masked_all_the_same(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_events(&r, 0);
	rig_attach(&r);
	irqs = rig_request(&r, 2, 1);
	for (uint32_t cpu = 2; cpu > 0; cpu--) {
		r.f.nr_unanswered = 1;
		assert_int_equal(fake_ims_move(irqs, cpu), MIRQ_OK);
		assert_int_equal(r.f.nr_unanswered, 0);
		event_fire(&r, 0);
		(void)mock_deliver(r.f.mock);
		assert_int_equal(r.f.a[0].nr, 3 - cpu);
	}
	assert_int_equal(r.nr_torn, 0);
	rig_free(&r);
}

/* Without a control register: nothing is read but what the description says. */
static void sets__without_control__read_back_elsewhere(void **state)
{
	static const struct mirq_ims_registers_set bare[] = { { .address_lo = 0x200,
								.data = 0x208 } };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.f.write = NULL;
	r.registers.sets = bare;
	r.registers.nr_slots = 1;
	r.registers.update = MIRQ_UPDATE_96;
	r.registers.traits = 0;
	r.registers.flags = MIRQ_IMS_REGISTERS_FLUSH_AT;
	r.registers.flush = 0x3fc;
	rig_attach(&r);
	irqs = rig_request(&r, 1, 1);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "R3fc W200=10001100 W208=23 R3fc W200=10001200 W208=23 R3fc ");
	assert_null(r.registers.ops.mask);
	assert_null(r.registers.ops.pending);
	r.registers.flags = 0;
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	rig_attach(&r);
	assert_null(r.registers.ops.flush);
	rig_free(&r);
}

static void slot__beyond_the_sets_or_with_a_cookie__is_refused(void **state)
{
	static const uint64_t cookie = 1;
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_ims_registers_init(&r.registers, &kind, NULL), MIRQ_OK);
	r.store = fake_ims_attach(&r.f, kind, &r.registers, 4);
	assert_int_equal(fake_ims_alloc(r.store, 3, 1, 1, NULL, &irqs), MIRQ_EINVAL);
	assert_int_equal(fake_ims_alloc(r.store, 2, 1, 1, &cookie, &irqs), MIRQ_EINVAL);
	assert_int_equal(fake_ims_alloc(r.store, 2, 1, 1, NULL, &irqs), MIRQ_OK);
	rig_free(&r);
}

/* What a description must not say, one thing each. */
static void edit(struct mirq_ims_registers *d, struct mirq_ims_registers_set *set, uint32_t at)
{
	switch (at) {
	case 0:
		d->size_bytes++;
		break;
	case 1:
		d->nr_slots = 0;
		break;
	case 2:
		d->sets = NULL;
		break;
	case 3:
		d->address_bits = 0;
		break;
	case 4:
		d->update = MIRQ_UPDATE_64;
		break;
	case 5:
		d->traits = MIRQ_STORE_PINNED;
		break;
	case 6:
		d->flags = MIRQ_IMS_REGISTERS_FLUSH_AT, d->flush = 0x400;
		break;
	case 7:
		d->flags = MIRQ_IMS_REGISTERS_FLUSH_AT, d->flush = 0x3fe;
		break;
	case 8:
		set->data = 0x41e;
		break;
	case 9:
		set->address_hi = 0x400;
		break;
	case 10:
		set->control = set->data;
		break;
	case 11:
		set->enabled_bits = set->masked_bits;
		break;
	case 12:
		set->pending_bits |= set->masked_bits;
		break;
	case 13:
		set->masked_bits = 0;
		break;
	case 14:
		set->pending_bits = ~set->masked_bits;
		break;
	default:
		break;
	}
}

static void init__description_contradicts_itself__is_refused(void **state)
{
	static const char *const parts[] = {
		"unknown size", "at least one", "at least one", "32, 40 or 64", "update must",
		"other trait",  "read back",    "read back",    "on 4 bytes",   "inside",
		"same place",   "same bits",    "two meanings", "store each",   "all ones",
	};
	const struct mirq_store_template *kind = NULL;
	struct mirq_ims_registers_set sets[2];
	struct mirq_ims_registers bad;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_events(&r, 0);
	for (uint32_t i = 0; i < MOCK_NR(parts); i++) {
		bad = r.registers;
		memcpy(sets, event_sets, sizeof(sets));
		bad.sets = sets;
		edit(&bad, &sets[1], i);
		assert_int_equal(mirq_ims_registers_init(&bad, &kind, NULL), MIRQ_EINVAL);
		assert_int_equal(mirq_ims_registers_init(&bad, &kind, &why), MIRQ_EINVAL);
		assert_int_equal(why.value, i >= 8);
		mock_why(&why, 0, parts[i], "events");
		assert_null(kind);
	}
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers__life__touches_the_enable_bit_only),
		cmocka_unit_test(timers__move__word_by_word),
		cmocka_unit_test(timers__move_behind_a_table__touches_nothing),
		cmocka_unit_test(events__share_a_control_register__each_has_its_bits),
		cmocka_unit_test(events__pending__is_the_sets_own),
		cmocka_unit_test(events__device_is_gone__is_told),
		cmocka_unit_test(events__one_read_unanswered__masked_all_the_same),
		cmocka_unit_test(sets__without_control__read_back_elsewhere),
		cmocka_unit_test(slot__beyond_the_sets_or_with_a_cookie__is_refused),
		cmocka_unit_test(init__description_contradicts_itself__is_refused),
	};

	return cmocka_run_group_tests_name("ims_registers", tests, NULL, NULL);
}
