/* SPDX-License-Identifier: MIT */
/*
 * test_idxd.c - the message slots of Intel DSA and IAA (mirq/idxd.h) on a device with a decode of
 * its own, written from [IDXD]: 256 slots of 16 bytes from 0x200 of BAR 0 on, which is what GENCAP
 * (0x10) and the table offsets (0x60) say; control bit 0 masks, bit 3 says that the PASID of 31:12
 * is compared with the one that work was submitted with. That a masked slot keeps one event, in bit
 * 1, is this model's. The device counts what must not happen: a message that changes while its slot
 * may send, or before the slot is somebody's, and any write elsewhere (docs/design.md 3, I4).
 *
 * Breaks of the store that were tried, each found here: control written after the message, without
 * the PASID, with the neighbour's slot, or not at all; the PASID kept at free; no mask, no unmask,
 * mask without the PASID; PASID not bounded, or cut to 32 bits; enabled without one; setup a slot
 * short, or none; words in another order, address high left out; flush that believes all ones; the
 * two units of init, each bound and each reason.
 */
#include <mirq/idxd.h>

#include <stdio.h>

#include "fake_ims.h"

#define FIRST 0x200
#define NR 256
#define GUARD UINT32_C(0x5a5a5a5a)
#define NO_PASID UINT32_MAX

struct rig {
	struct fake_ims f; /* first: the decode finds the rig by it */
	struct mirq_idxd idxd;
	struct mirq_store *store;
	uint32_t shoots; /* slot + 1 that work raises at each write, with its right PASID */
	uint32_t nr_torn, nr_early, nr_foreign, nr_refused;
};

static uint32_t *slot_words(struct rig *r, uint32_t slot)
{
	return &r->f.words[FIRST / 4 + slot * 4];
}

/* Work that was submitted with @pasid (NO_PASID: without) names @slot in its descriptor. */
static void work(struct rig *r, uint32_t slot, uint32_t pasid)
{
	uint32_t *w = slot_words(r, slot);

	if ((w[3] & 8) ? pasid != w[3] >> 12 : pasid != NO_PASID)
		r->nr_refused++;
	else if (w[3] & 1)
		w[3] |= 2;
	else
		fake_ims_send(&r->f, (uint64_t)w[1] << 32 | w[0], w[2]);
}

static void control_write(struct rig *r, uint32_t *w, uint32_t value)
{
	uint32_t kept = w[3] & 2;

	w[3] = (value & ~2u) | kept;
	if (kept && !(value & 1)) {
		w[3] &= ~2u;
		fake_ims_send(&r->f, (uint64_t)w[1] << 32 | w[0], w[2]);
	}
}

static void idxd_decode(struct fake_ims *f, uint32_t offset, uint32_t value)
{
	struct rig *r = (struct rig *)(void *)f;
	uint32_t slot = (offset - FIRST) / 16, word = offset % 16 / 4, *w;

	if (offset < FIRST || slot >= NR) {
		r->nr_foreign++;
		return;
	}
	w = slot_words(r, slot);
	if (word == 3) {
		control_write(r, w, value);
	} else {
		r->nr_torn += !(w[3] & 1) && w[word] != value;
		r->nr_early += !(w[3] >> 2);
		w[word] = value;
	}
	if (r->shoots)
		work(r, r->shoots - 1, slot_words(r, r->shoots - 1)[3] >> 12);
}

static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	r->f.write = idxd_decode;
	for (uint32_t i = 0; i < FAKE_WORDS; i++)
		r->f.words[i] = GUARD;
	for (uint32_t i = 0; i < NR; i++)
		slot_words(r, i)[3] = GUARD & ~2u; /* open, and nothing kept */
	r->f.words[0x10 / 4] = UINT32_C(1) << 25 | UINT32_C(0x80ff071f);
	r->f.words[0x60 / 4] = 0x00060004;
	r->f.words[0x64 / 4] = 0x00020005;
	r->idxd = (struct mirq_idxd){ MIRQ_SIZED(mirq_idxd),
				      .regs = fake_ims_regs(&r->f, 4 * FAKE_WORDS) };
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_idxd_init(&r->idxd, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->idxd, r->idxd.nr_slots);
	r->f.trace_bytes = 0;
}

static void rig_free(struct rig *r)
{
	for (uint32_t i = 0; i < FAKE_WORDS; i++)
		if (i != 0x10 / 4 && i != 0x60 / 4 && i != 0x64 / 4 &&
		    (i < FIRST / 4 || i >= FIRST / 4 + NR * 4))
			assert_int_equal(r->f.words[i], GUARD);
	assert_int_equal(r->nr_torn, 0);
	assert_int_equal(r->nr_early, 0);
	assert_int_equal(r->nr_foreign, 0);
	fake_ims_free(&r->f);
}

/* Slots 2 and 3 with the PASIDs 0xabcde and 0xfffff. */
static struct mirq_irqs alloc_2_3(struct rig *r, uint32_t cpu)
{
	static const uint64_t pasids[] = { 0xabcde, 0xfffff };
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	assert_int_equal(fake_ims_alloc(r->store, 2, 2, cpu, pasids, &irqs), MIRQ_OK);
	return irqs;
}

/* Work with the right PASID reaches the handler of its slot once; with another one it reaches
 * nothing. */
static void check_fires(struct rig *r, uint32_t slot, uint32_t pasid, struct mock_action *a)
{
	uint64_t before = a->nr, sent = r->f.nr_sent;
	uint32_t refused = r->nr_refused;

	work(r, slot, pasid ^ 1);
	assert_int_equal(r->nr_refused, refused + 1);
	assert_int_equal(r->f.nr_sent, sent);
	work(r, slot, pasid);
	assert_int_equal(r->f.nr_sent, sent + 1);
	(void)mock_deliver(r->f.mock);
	assert_int_equal(a->nr, before + 1);
}

/* ---- golden words ---- */

static void init__finds_the_slots(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_idxd_init(&r.idxd, &kind, NULL), MIRQ_OK);
	fake_ims_expect(&r.f, "R010 R064 ");
	assert_int_equal(r.idxd.nr_slots, 256);
	assert_int_equal(r.idxd.slots_bytes, 0x200);
	assert_true(kind->traits & MIRQ_STORE_VETTED);
	assert_false(kind->traits & MIRQ_STORE_OF_BUS);
	rig_free(&r);
}

static void attach__masks_every_slot__and_reads_once(void **state)
{
	const struct mirq_store_template *kind = NULL;
	char *trace;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_idxd_init(&r.idxd, &kind, NULL), MIRQ_OK);
	r.f.trace_bytes = 0;
	r.store = fake_ims_attach(&r.f, kind, &r.idxd, NR);
	r.f.trace[r.f.trace_bytes] = 0;
	trace = r.f.trace;
	for (uint32_t i = 0; i < NR; i++) {
		char word[16];

		(void)snprintf(word, sizeof(word), "W%03x=1 ", FIRST + 16 * i + 12);
		assert_memory_equal(trace, word, strlen(word));
		trace += strlen(word);
	}
	assert_string_equal(trace, "R20c ");
	rig_free(&r);
}

/* PASID under the mask, then the message, one read, then open; free takes all of it back. */
static void life__without_a_table__in_order(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	fake_ims_expect(&r.f, "W22c=abcde009 W23c=fffff009 ");
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "W220=10001100 W224=0 W228=23 W230=10001100 W234=0 W238=24 R20c "
			      "W22c=abcde008 W23c=fffff008 ");
	check_fires(&r, 2, 0xabcde, &r.f.a[0]);
	check_fires(&r, 3, 0xfffff, &r.f.a[1]);
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 1), 2), MIRQ_OK);
	fake_ims_expect(&r.f, "W23c=fffff009 W230=10001200 W234=0 W238=23 W23c=fffff008 R20c ");
	check_fires(&r, 3, 0xfffff, &r.f.a[1]);
	check_fires(&r, 2, 0xabcde, &r.f.a[0]);
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "W22c=abcde009 W23c=fffff009 R20c ");
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	fake_ims_expect(&r.f, "W22c=1 W23c=1 ");
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
	fake_ims_expect(&r.f, "W22c=abcde009 W23c=fffff009 W220=20000000 W224=0 W228=0 "
			      "W230=20000000 W234=0 W238=1 R20c W22c=abcde008 W23c=fffff008 ");
	assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	check_fires(&r, 2, 0xabcde, &r.f.a[0]);
	check_fires(&r, 3, 0xfffff, &r.f.a[1]);
	rig_free(&r);
}

/* ---- PASIDs ---- */

/* Neighbours come, move and go; a slot's PASID stays its own, and a free slot has none. */
static void pasid__of_a_neighbour__stays(void **state)
{
	static const uint64_t pasid = 0x12345, other = 0x777;
	struct mirq_irqs mid, irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	assert_int_equal(fake_ims_alloc(r.store, 6, 1, 1, &pasid, &mid), MIRQ_OK);
	mock_request(mid, &r.f.a[0]);
	for (uint32_t slot = 5; slot < 8; slot += 2) {
		assert_int_equal(fake_ims_alloc(r.store, slot, 1, 1, &other, &irqs), MIRQ_OK);
		mock_request(irqs, &r.f.a[1]);
		check_fires(&r, slot, 0x777, &r.f.a[1]);
		check_fires(&r, 6, 0x12345, &r.f.a[0]);
		assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
		assert_int_equal(fake_ims_move(mid, slot == 5 ? 2 : 3), MIRQ_OK);
		check_fires(&r, slot, 0x777, &r.f.a[1]);
		check_fires(&r, 6, 0x12345, &r.f.a[0]);
		mirq_irq_disable(irqs);
		assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		assert_int_equal(slot_words(&r, slot)[3], 1);
		assert_int_equal(slot_words(&r, 6)[3], 0x12345008);
	}
	rig_free(&r);
}

/* A slot for work without a PASID; none said: PASID 0, which is one. */
static void pasid__none_or_zero(void **state)
{
	static const uint64_t none = MIRQ_IDXD_NO_PASID;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	assert_int_equal(fake_ims_alloc(r.store, 0, 1, 1, &none, &irqs), MIRQ_OK);
	fake_ims_expect(&r.f, "W20c=1 ");
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "W200=10001100 W204=0 W208=23 R20c W20c=0 ");
	assert_int_equal(r.nr_early, 3); /* that rule is for slots with a PASID */
	r.nr_early = 0;
	check_fires(&r, 0, NO_PASID, &r.f.a[0]);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_alloc(r.store, 0, 1, 1, NULL, &irqs), MIRQ_OK);
	fake_ims_expect(&r.f, "W20c=9 ");
	mock_request(irqs, r.f.a);
	check_fires(&r, 0, 0, &r.f.a[0]);
	rig_free(&r);
}

/* raises: mirq_irq_alloc MIRQ_EINVAL */
static void pasid__of_more_than_20_bits__is_refused(void **state)
{
	static const uint64_t wrong[] = { 0x100000, UINT64_C(0x100000001),
					  MIRQ_IDXD_NO_PASID + 0xabcde, UINT64_MAX };
	uint64_t pasids[2] = { 7, 0 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	for (uint32_t i = 0; i < MOCK_NR(wrong); i++) {
		pasids[1] = wrong[i];
		assert_int_equal(fake_ims_alloc(r.store, 0, 2, 1, pasids, &irqs), MIRQ_EINVAL);
		fake_ims_expect(&r.f, "W20c=7009 W20c=1 ");
	}
	rig_free(&r);
}

/* More slots were said at attach than the device has. */
static void slot__beyond_the_device__is_refused(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_idxd_init(&r.idxd, &kind, NULL), MIRQ_OK);
	r.store = fake_ims_attach(&r.f, kind, &r.idxd, NR + 1);
	assert_int_equal(fake_ims_alloc(r.store, NR, 1, 1, NULL, &irqs), MIRQ_EINVAL);
	assert_int_equal(fake_ims_alloc(r.store, NR - 1, 1, 1, NULL, &irqs), MIRQ_OK);
	rig_free(&r);
}

/* ---- while it fires, while it is gone ---- */

/* Work raises slot 2 at every single write of a move: all handled, none stray. */
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
	assert_int_equal(r.nr_refused, 0);
	check_fires(&r, 2, 0xabcde, &r.f.a[0]);
	rig_free(&r);
}

/* Work is done while its interrupt is disabled: the slot keeps it. */
static void disable__events_meanwhile__wait(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = alloc_2_3(&r, 1);
	mock_request(irqs, r.f.a);
	r.f.trace_bytes = 0;
	mirq_irq_disable(irqs);
	for (uint32_t i = 0; i < 3; i++) {
		work(&r, 2, 0xabcde);
		(void)mock_deliver(r.f.mock);
	}
	assert_int_equal(r.f.a[0].nr, 0);
	assert_int_equal(mirq_irq_pending(mirq_irq_at(irqs, 1)), MIRQ_PENDING_UNKNOWN);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[0].nr, 1);
	fake_ims_expect(&r.f, "W22c=abcde009 W22c=abcde008 ");
	rig_free(&r);
}

static void device_is_gone__at_each_step__is_told(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_idxd_init(&r.idxd, &kind, NULL), MIRQ_OK);
	r.f.is_gone = 1;
	assert_int_equal(fake_ims_try(&r.f, kind, &r.idxd, NR, &r.store), MIRQ_EIO);
	r.f.is_gone = 0;
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
	check_fires(&r, 2, 0xabcde, &r.f.a[0]);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	check_fires(&r, 2, 0xabcde, &r.f.a[0]);
	rig_free(&r);
}

static void init__no_slots_no_answer_no_room__is_refused(void **state)
{
	static const struct {
		uint32_t gencap, offsets, limit_bytes, size_bytes;
		int is_gone;
		enum mirq_err err;
		const char *text;
	} cases[] = {
		{ 0x80ff071f, 0x20005, 8192, 0, 0, MIRQ_ENOTSUP, "no message slots" },
		{ 0x7e000000, 0x5, 8192, 0, 0, MIRQ_ENOTSUP, "no message slots" },
		{ 0x02000000, 0x20005, 0x11ff, 0, 0, MIRQ_EINVAL, "inside .regs" },
		{ 0x7e000000, 0x20005, 8192, 0, 0, MIRQ_EINVAL, "inside .regs" },
		{ 0x02000000, 0xffff0000, 8192, 0, 0, MIRQ_EINVAL, "inside .regs" },
		{ 0x02000000, 0x20005, 0x67, 0, 0, MIRQ_EINVAL, "BAR 0" },
		{ 0x02000000, 0x20005, 8192, 1, 0, MIRQ_EINVAL, "MIRQ_SIZED" },
		{ 0x02000000, 0x20005, 8192, 0, 1, MIRQ_EIO, "does not answer" },
	};
	const struct mirq_store_template *kind = NULL;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(cases); i++) {
		rig_new(&r, 0);
		r.f.words[0x10 / 4] = cases[i].gencap;
		r.f.words[0x64 / 4] = cases[i].offsets;
		r.idxd.regs.limit_bytes = cases[i].limit_bytes;
		r.idxd.size_bytes += cases[i].size_bytes;
		r.f.is_gone = cases[i].is_gone;
		assert_int_equal(mirq_idxd_init(&r.idxd, &kind, NULL), cases[i].err);
		assert_int_equal(mirq_idxd_init(&r.idxd, &kind, &why), cases[i].err);
		mock_why(&why, 0, cases[i].text, "IDXD-IMS");
		assert_null(kind);
		rig_free(&r);
	}
	rig_new(&r, 0);
	r.idxd.regs.limit_bytes = 0x1200; /* just enough */
	assert_int_equal(mirq_idxd_init(&r.idxd, &kind, NULL), MIRQ_OK);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init__finds_the_slots),
		cmocka_unit_test(attach__masks_every_slot__and_reads_once),
		cmocka_unit_test(life__without_a_table__in_order),
		cmocka_unit_test(move__behind_a_table__touches_no_register),
		cmocka_unit_test(pasid__of_a_neighbour__stays),
		cmocka_unit_test(pasid__none_or_zero),
		cmocka_unit_test(pasid__of_more_than_20_bits__is_refused),
		cmocka_unit_test(slot__beyond_the_device__is_refused),
		cmocka_unit_test(move__while_it_fires__loses_and_misdirects_nothing),
		cmocka_unit_test(disable__events_meanwhile__wait),
		cmocka_unit_test(device_is_gone__at_each_step__is_told),
		cmocka_unit_test(init__no_slots_no_answer_no_room__is_refused),
	};

	return cmocka_run_group_tests_name("idxd", tests, NULL, NULL);
}
