/* SPDX-License-Identifier: MIT */
/*
 * test_ims_array.c - slots in device memory (mirq/ims_array.h) on a device that is made up: eight
 * slots of 16 bytes from 0x100 on: address low, address high, data, control: bit 0 mask, bit 2
 * pending (the device's), bit 3 PASID enable, 31:12 PASID. The device decodes by itself, sends
 * between any two writes, and counts what must not happen: a message that changes while its slot
 * may send, or before its PASID is there, and any write outside the slot (docs/design.md 3, I4).
 *
 * Breaks of the store that were tried, each found here: control written after the message, not at
 * all, or without the cookie; the cookie not bounded, or not shifted; used_bits left out; the slot
 * left as it is at free; setup not masking, or one slot too few; words in the other order; the high
 * word left out; the stride left out; flush of another word, or all ones taken for an answer; mask
 * and unmask the other way round; pending of a device that is gone; each check of the description.
 */
#include <mirq/ims_array.h>

#include "fake_ims.h"

#define FIRST 0x100
#define NR 8
#define GUARD UINT32_C(0x5a5a5a5a)

struct rig {
	struct fake_ims f; /* first: the decode finds the rig by it */
	struct mirq_ims_array array;
	struct mirq_store *store;
	/* The device's rules. */
	uint32_t is_maskable, has_pasid, latches_at, update;
	struct mirq_msg live[NR]; /* of a device that latches */
	uint32_t shoots;          /* slot + 1 that raises an event at each write */
	uint32_t nr_torn, nr_early, nr_foreign;
};

static void raise_slot(struct rig *r, uint32_t slot)
{
	uint32_t *w = &r->f.words[FIRST / 4 + slot * 4];

	if (r->is_maskable && (w[3] & 1))
		w[3] |= 4;
	else if (r->latches_at)
		fake_ims_send(&r->f, r->live[slot].address, r->live[slot].data);
	else
		fake_ims_send(&r->f, (uint64_t)w[1] << 32 | w[0], w[2]);
}

static void control_write(struct rig *r, uint32_t *w, uint32_t slot, uint32_t value)
{
	w[3] = (value & ~4u) | (w[3] & 4);
	if ((w[3] & 5) != 4)
		return;
	w[3] &= ~4u;
	raise_slot(r, slot);
}

static void message_write(struct rig *r, uint32_t *w, uint32_t slot, uint32_t word, uint32_t value)
{
	int may_send = r->is_maskable && !(w[3] & 1);

	if (may_send && w[word] != value)
		r->nr_torn++;
	if (r->has_pasid && !(w[3] & 8))
		r->nr_early++;
	w[word] = value;
	if (r->latches_at && 4 * word == r->latches_at) {
		r->live[slot].address = (uint64_t)w[1] << 32 | w[0];
		r->live[slot].data = w[2];
	}
}

static void acme_write(struct fake_ims *f, uint32_t offset, uint32_t value)
{
	struct rig *r = (struct rig *)(void *)f;
	uint32_t slot = (offset - FIRST) / 16, word = offset % 16 / 4;

	if (offset < FIRST || slot >= NR) {
		r->nr_foreign++;
		return;
	}
	if (word == 3)
		control_write(r, &f->words[FIRST / 4 + slot * 4], slot, value);
	else
		message_write(r, &f->words[FIRST / 4 + slot * 4], slot, word, value);
	if (r->shoots)
		raise_slot(r, r->shoots - 1);
}

/* The device and its description; tests edit both before rig_attach(). */
static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	r->f.write = acme_write;
	r->is_maskable = r->has_pasid = 1;
	for (uint32_t i = 0; i < FAKE_WORDS; i++)
		r->f.words[i] = GUARD;
	r->array = (struct mirq_ims_array){
		MIRQ_SIZED(mirq_ims_array),
		.name = "acme-ims",
		.regs = fake_ims_regs(&r->f, 0x200),
		.nr_slots = NR,
		.stride_bytes = 16,
		.address_lo = FIRST,
		.address_hi = FIRST + 4,
		.data = FIRST + 8,
		.control = FIRST + 12,
		.address_bits = 64,
		.update = MIRQ_UPDATE_WORDS,
		.masked_bits = 1,
		.used_bits = 8,
		.cookie_bits = UINT32_C(0xfffff000),
		.pending_bits = 4,
	};
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_ims_array_init(&r->array, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->array, NR);
}

static void check_guards(struct rig *r)
{
	for (uint32_t i = 0; i < FAKE_WORDS; i++)
		if (i < FIRST / 4 || i >= FIRST / 4 + NR * 4)
			assert_int_equal(r->f.words[i], GUARD);
	assert_int_equal(r->nr_torn, 0);
	assert_int_equal(r->nr_early, 0);
	assert_int_equal(r->nr_foreign, 0);
}

static void rig_free(struct rig *r)
{
	check_guards(r);
	fake_ims_free(&r->f);
}

static struct mirq_irqs alloc_2_3(struct rig *r, uint32_t cpu)
{
	static const uint64_t pasids[] = { 0xabcde, 0xfffff };
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	assert_int_equal(fake_ims_alloc(r->store, 2, 2, cpu, r->has_pasid ? pasids : NULL, &irqs),
			 MIRQ_OK);
	return irqs;
}

/* One event of slot @slot reaches its handler, and only that one. */
static void check_fires(struct rig *r, uint32_t slot, struct mock_action *a)
{
	uint64_t before = a->nr, sent = r->f.nr_sent;

	raise_slot(r, slot);
	assert_int_equal(r->f.nr_sent, sent + 1);
	(void)mock_deliver(r->f.mock);
	assert_int_equal(a->nr, before + 1);
}

/* ---- the order of accesses ---- */

static void attach__masks_every_slot__and_reads_once(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	fake_ims_expect(&r.f, "W10c=1 W11c=1 W12c=1 W13c=1 W14c=1 W15c=1 W16c=1 W17c=1 R10c ");
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	/* Known to be masked: nothing to write. */
	r.array.traits = MIRQ_STORE_RESETS_MASKED;
	rig_attach(&r);
	fake_ims_expect(&r.f, "R10c ");
	rig_free(&r);
}

/* raises: mirq_store_attach MIRQ_EIO */
static void attach__device_is_gone__fails(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_store *store = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.f.is_gone = 1;
	assert_int_equal(mirq_ims_array_init(&r.array, &kind, NULL), MIRQ_OK);
	assert_int_equal(fake_ims_try(&r.f, kind, &r.array, NR, &store), MIRQ_EIO);
	rig_free(&r);
}

/* Cookie and mask, then the message, one read, then open; free takes all of it back. */
static void life__without_a_table__in_order(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	fake_ims_expect(&r.f, "W10c=1 W11c=1 W12c=1 W13c=1 W14c=1 W15c=1 W16c=1 W17c=1 R10c ");
	irqs = alloc_2_3(&r, 1);
	fake_ims_expect(&r.f, "W12c=abcde009 W13c=fffff009 ");
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "W120=10001100 W124=0 W128=23 W130=10001100 W134=0 W138=24 R10c "
			      "W12c=abcde008 W13c=fffff008 ");
	check_fires(&r, 2, &r.f.a[0]);
	check_fires(&r, 3, &r.f.a[1]);
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 1), 2), MIRQ_OK);
	fake_ims_expect(&r.f, "W13c=fffff009 W130=10001200 W134=0 W138=23 W13c=fffff008 R10c ");
	check_fires(&r, 3, &r.f.a[1]);
	check_fires(&r, 2, &r.f.a[0]);
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "W12c=abcde009 W13c=fffff009 R10c ");
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	fake_ims_expect(&r.f, "W12c=1 W13c=1 ");
	rig_free(&r);
}

static void move__behind_a_table__touches_no_register(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	mock_request(irqs, r.f.a);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	check_fires(&r, 2, &r.f.a[0]);
	check_fires(&r, 3, &r.f.a[1]);
	rig_free(&r);
}

static void order__data_first__and_32_bits(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.array.flags = MIRQ_IMS_ARRAY_DATA_FIRST;
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	r.f.trace_bytes = 0;
	mock_request(mirq_irq_at(irqs, 0), r.f.a);
	fake_ims_expect(&r.f, "W128=23 W120=10001100 W124=0 R10c W12c=abcde008 ");
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	r.array.flags = 0;
	r.array.address_bits = 32;
	r.f.words[0x124 / 4] = 0;
	rig_attach(&r);
	assert_int_equal(r.array.kind.address_bits, 32);
	irqs = alloc_2_3(&r, 2);
	r.f.trace_bytes = 0;
	mock_request(mirq_irq_at(irqs, 0), r.f.a);
	fake_ims_expect(&r.f, "W120=10001200 W128=23 R10c W12c=abcde008 ");
	check_fires(&r, 2, &r.f.a[0]);
	rig_free(&r);
}

static void order__address_in_one_write(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.array.update = MIRQ_UPDATE_64;
	r.array.flags = MIRQ_IMS_ARRAY_FLUSH_AT;
	r.array.flush = 0x20;
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	r.f.trace_bytes = 0;
	mock_request(mirq_irq_at(irqs, 0), r.f.a);
	fake_ims_expect(&r.f, "D120=10001100 W128=23 R020 W12c=abcde008 ");
	check_fires(&r, 2, &r.f.a[0]);
	rig_free(&r);
}

/* ---- what is sent while things change ---- */

/* Slot 2 raises an event at every single write of a move: all handled, none stray. */
static void move__while_it_fires__loses_and_misdirects_nothing(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	mock_request(irqs, r.f.a);
	r.shoots = 3;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	r.shoots = 0;
	(void)mock_deliver(r.f.mock);
	assert_true(r.f.nr_sent >= 2);
	assert_true(r.f.a[0].nr >= 1);
	assert_int_equal(r.f.a[1].nr, 0);
	check_fires(&r, 2, &r.f.a[0]);
	rig_free(&r);
}

/* No mask, words by themselves: a message in between (src/core/step.c). The device must not send
 * while it has no handler: shooting begins after the request. */
static void move__without_mask__word_by_word(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.is_maskable = 0;
	r.array.masked_bits = r.array.pending_bits = 0;
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	mock_request(irqs, r.f.a);
	r.f.trace_bytes = 0;
	r.shoots = 3;
	/* (1, 0x23) to CPU 2, where 0x23 is free: the address alone. */
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 0), 2), MIRQ_OK);
	fake_ims_expect(&r.f, "W120=10001200 W124=0 W128=23 R10c ");
	r.shoots = 4;
	/* (1, 0x24) to CPU 2: 0x24 on both. */
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 1), 2), MIRQ_OK);
	r.shoots = 0;
	(void)mock_deliver(r.f.mock);
	assert_true(r.f.a[0].nr && r.f.a[1].nr);
	check_fires(&r, 2, &r.f.a[0]);
	check_fires(&r, 3, &r.f.a[1]);
	rig_free(&r);
}

/* The device takes the message with its last word: a move needs no mask. */
static void move__of_a_slot_that_latches__at_once(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.is_maskable = 0;
	r.latches_at = 8;
	r.array.masked_bits = r.array.pending_bits = 0;
	r.array.update = MIRQ_UPDATE_96;
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	mock_request(irqs, r.f.a);
	r.shoots = 3;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	r.shoots = 0;
	(void)mock_deliver(r.f.mock);
	assert_true(r.f.a[0].nr >= 1);
	check_fires(&r, 3, &r.f.a[1]);
	rig_free(&r);
}

static void disable__events_meanwhile__wait_in_the_slot(void **state)
{
	struct mirq_slot slot = { NULL, 0, 2, NULL };
	struct mirq_irqs irqs, one;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	mock_request(irqs, r.f.a);
	one = mirq_irq_at(irqs, 0);
	mirq_irq_disable(one);
	raise_slot(&r, 2);
	(void)mock_deliver(r.f.mock);
	slot.data = &r.array;
	assert_int_equal(r.array.ops.pending(&slot), MIRQ_PENDING_NO);
	raise_slot(&r, 2);
	assert_int_equal(r.array.ops.pending(&slot), MIRQ_PENDING_YES);
	r.f.trace_bytes = 0;
	assert_int_equal(mirq_irq_pending(mirq_irq_at(irqs, 1)), MIRQ_PENDING_NO);
	assert_int_equal(r.f.a[0].nr, 0);
	assert_int_equal(mirq_irq_enable(one), MIRQ_OK);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[0].nr, 1);
	fake_ims_expect(&r.f, "R13c R12c W12c=abcde008 ");
	r.f.is_gone = 1;
	assert_int_equal(mirq_irq_pending(one), MIRQ_PENDING_UNKNOWN);
	r.f.is_gone = 0;
	rig_free(&r);
}

/* A mask that loses events is for free only. */
static void disable__mask_loses__leaves_the_slot_open(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.array.traits = MIRQ_STORE_MASK_LOSES;
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	mock_request(irqs, r.f.a);
	r.f.trace_bytes = 0;
	mirq_irq_disable(irqs);
	raise_slot(&r, 2);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.f.mock);
	fake_ims_expect(&r.f, "");
	assert_int_equal(r.f.a[0].nr, 1);
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "W12c=abcde009 W13c=fffff009 R10c ");
	rig_free(&r);
}

/* Where a bit lets through instead of holding back. */
static void mask__by_an_enable_bit(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.array.masked_bits = 0;
	r.array.enabled_bits = 2;
	r.is_maskable = 0;
	rig_attach(&r);
	fake_ims_expect(&r.f, "W10c=0 W11c=0 W12c=0 W13c=0 W14c=0 W15c=0 W16c=0 W17c=0 R10c ");
	irqs = alloc_2_3(&r, 1);
	fake_ims_expect(&r.f, "W12c=abcde008 W13c=fffff008 ");
	mock_request(mirq_irq_at(irqs, 0), r.f.a);
	fake_ims_expect(&r.f, "W120=10001100 W124=0 W128=23 R10c W12c=abcde00a ");
	rig_free(&r);
}

/* ---- refusals and failures ---- */

static void cookie__out_of_the_field__is_refused(void **state)
{
	uint64_t cookies[] = { 1, UINT64_C(0x100000) };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_alloc(r.store, 0, 2, 1, cookies, &irqs), MIRQ_EINVAL);
	fake_ims_expect(&r.f, "W10c=1009 W10c=1 ");
	cookies[1] = UINT64_C(0x100000001); /* not cut to 32 bits */
	assert_int_equal(fake_ims_alloc(r.store, 0, 2, 1, cookies, &irqs), MIRQ_EINVAL);
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	r.array.cookie_bits = 0;
	rig_attach(&r);
	assert_int_equal(fake_ims_alloc(r.store, 0, 1, 1, cookies, &irqs), MIRQ_EINVAL);
	assert_int_equal(fake_ims_alloc(r.store, 0, 1, 1, NULL, &irqs), MIRQ_OK);
	rig_free(&r);
}

/* More slots were said at attach than the array has. */
static void slot__beyond_the_array__is_refused(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_ims_array_init(&r.array, &kind, NULL), MIRQ_OK);
	r.store = fake_ims_attach(&r.f, kind, &r.array, NR + 1);
	assert_int_equal(fake_ims_alloc(r.store, NR, 1, 1, NULL, &irqs), MIRQ_EINVAL);
	assert_int_equal(fake_ims_alloc(r.store, NR - 1, 1, 1, NULL, &irqs), MIRQ_OK);
	rig_free(&r);
}

static void device_is_gone__at_each_step__is_told(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	r.f.is_gone = 1;
	assert_int_equal(mock_request_try(irqs, r.f.a, 0, NULL), MIRQ_EIO);
	assert_int_equal(fake_ims_quarantined(&r.f), 2);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	r.f.is_gone = 0;
	irqs = alloc_2_3(&r, 1);
	mock_request(irqs, r.f.a);
	r.f.is_gone = 1;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_EIO);
	/* It comes back with what it was told before: the old way is alive. */
	r.f.is_gone = 0;
	check_fires(&r, 2, &r.f.a[0]);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	check_fires(&r, 2, &r.f.a[0]);
	r.f.is_gone = 1;
	fake_ims_release(irqs);
	assert_int_equal(fake_ims_quarantined(&r.f), 4);
	r.f.is_gone = 0;
	rig_free(&r);
}

/* What a description must not say, one thing each. */
static void edit(struct mirq_ims_array *a, uint32_t at)
{
	switch (at) {
	case 0:
		a->size_bytes--;
		break;
	case 1:
		a->nr_slots = 0;
		break;
	case 2:
		a->stride_bytes = 0;
		break;
	case 3:
		a->stride_bytes = 14;
		break;
	case 4:
		a->address_bits = 48;
		break;
	case 5:
		a->traits = MIRQ_STORE_OF_BUS;
		break;
	case 6:
		a->data += 2;
		break;
	case 7:
		a->regs.limit_bytes = FIRST + 16 * NR - 4;
		break;
	case 8:
		a->nr_slots = UINT32_MAX;
		break;
	case 9:
		a->data = a->address_lo;
		break;
	case 10:
		a->address_hi = a->control;
		break;
	case 11:
		a->data = a->address_lo + 16;
		break; /* of the next slot */
	case 12:
		a->update = MIRQ_UPDATE_64, a->address_hi += 0x40 - 8, a->nr_slots = 1;
		break;
	case 13:
		a->update = MIRQ_UPDATE_64, a->address_bits = 32;
		break;
	case 14:
		a->enabled_bits = 1;
		break;
	case 15:
		a->cookie_bits = UINT32_C(0xff00f000);
		break;
	case 16:
		a->used_bits = 1;
		break;
	case 17:
		a->pending_bits = 8;
		break;
	case 18:
		a->used_bits = 0xffa;
		break; /* all 32 bits have a meaning */
	case 19:
		a->flags = MIRQ_IMS_ARRAY_FLUSH_AT, a->flush = 0x200;
		break;
	case 20:
		a->flags = MIRQ_IMS_ARRAY_FLUSH_AT, a->flush = 0x22;
		break;
	default:
		break;
	}
}

static void init__description_contradicts_itself__is_refused(void **state)
{
	static const char *const parts[] = {
		"unknown size", "has slots",    "stride",         "stride",         "32, 40 or 64",
		"other trait",  "on 4 bytes",   "inside",         "inside",         "same place",
		"same place",   "same place",   "MIRQ_UPDATE_64", "MIRQ_UPDATE_64", "same bits",
		"one field",    "two meanings", "two meanings",   "all ones",       "read back",
		"read back",
	};
	const struct mirq_store_template *kind = NULL;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	for (uint32_t i = 0; i < MOCK_NR(parts); i++) {
		struct mirq_ims_array bad = r.array;

		edit(&bad, i);
		assert_int_equal(mirq_ims_array_init(&bad, &kind, NULL), MIRQ_EINVAL);
		assert_int_equal(mirq_ims_array_init(&bad, &kind, &why), MIRQ_EINVAL);
		mock_why(&why, 0, parts[i], "acme-ims");
		assert_null(kind);
	}
	/* What is left unsaid that the core asks for, the core refuses. */
	r.array.update = MIRQ_UPDATE_UNSAID;
	assert_int_equal(mirq_ims_array_init(&r.array, &kind, NULL), MIRQ_OK);
	assert_int_equal(fake_ims_try(&r.f, kind, &r.array, NR, &r.store), MIRQ_EINVAL);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach__masks_every_slot__and_reads_once),
		cmocka_unit_test(attach__device_is_gone__fails),
		cmocka_unit_test(life__without_a_table__in_order),
		cmocka_unit_test(move__behind_a_table__touches_no_register),
		cmocka_unit_test(order__data_first__and_32_bits),
		cmocka_unit_test(order__address_in_one_write),
		cmocka_unit_test(move__while_it_fires__loses_and_misdirects_nothing),
		cmocka_unit_test(move__without_mask__word_by_word),
		cmocka_unit_test(move__of_a_slot_that_latches__at_once),
		cmocka_unit_test(disable__events_meanwhile__wait_in_the_slot),
		cmocka_unit_test(disable__mask_loses__leaves_the_slot_open),
		cmocka_unit_test(mask__by_an_enable_bit),
		cmocka_unit_test(cookie__out_of_the_field__is_refused),
		cmocka_unit_test(slot__beyond_the_array__is_refused),
		cmocka_unit_test(device_is_gone__at_each_step__is_told),
		cmocka_unit_test(init__description_contradicts_itself__is_refused),
	};

	return cmocka_run_group_tests_name("ims_array", tests, NULL, NULL);
}
