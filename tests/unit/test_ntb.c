/* SPDX-License-Identifier: MIT */
/*
 * test_ntb.c - interrupts over a non-transparent bridge (mirq/ntb.h), with both sides: a bridge
 * that is made up, and a peer that raises slots as mirq/ntb_peer.h tells it to. The bridge
 * translates what it is given when it arrives, refuses what is outside of its window, and holds
 * posted writes back until it is read; the board is words of its own, so an answer is seen before
 * them. Whatever arrives elsewhere than at its own interrupt fails the test (fake_ims.h).
 * docs/design.md 7: I1, I2, I4, I5, I7.
 *
 * Breaks of the store that were tried, each found here: the bound of the window one word too far or
 * too near, the lowest address not rounded, rounded for the bound only; the window placed before
 * the peer has answered, before the drain, without closing the board; not placed again, not lower;
 * placed though nothing asks for it; taken for placed though that failed; slots shown while the
 * generation is even, all of them each time; offsets of the old place; no answer waited for, or
 * taken for granted; what was not answered forgotten; a refusal that is kept, or without a word; a
 * board left closed, or opened and not told; told though nothing changed; a free slot shown; setup
 * that believes the board, a board left open; generations that reach all ones; each check of the
 * description. Of the peer: no second look at the generation, an odd one read, all ones read and
 * answered, a slot that is off, a slot beyond the board, any slot of a
 * board without room for one.
 */
#include <mirq/ntb.h>

#include "fake_ims.h"

#define NR 8
#define MANY 240
#define BOARD_BYTES (8 + 8 * NR)
#define FLYING 16
#define ADDRESS(cpu) (UINT64_C(0x10001000) + 0x100 * (cpu))

struct rig {
	struct fake_ims f; /* first */
	struct mirq_ntb ntb;
	struct mirq_ntb_entry entries[MANY];
	struct mirq_store *store;
	/* the bridge */
	uint64_t place;
	uint32_t is_placed, nr_places, nr_drains;
	struct flying {
		uint32_t slot, offset, data;
	} flying[FLYING];
	uint32_t nr_flying;
	/* the peer */
	uint32_t is_absent, nr_tells, is_kept[MANY];
	uint64_t nr_raised[MANY], nr_handled[MANY];
	/* calls that fail */
	uint32_t nr_calls, fail_first, fail_limit, nr_fails;
	/* events of the first slots, at each step */
	uint32_t nr_busy, is_inside;
	uint32_t is_heard, nr_arrived; /* each message is followed by a call */
};

/* ---- the bridge ---- */

static void note(struct rig *r, const char *text, uint64_t value)
{
	if (r->f.trace_bytes > sizeof(r->f.trace) / 2)
		r->f.trace_bytes = 0;
	fake_ims_note(&r->f, text, (unsigned long long)value);
}

static void arrive(struct rig *r)
{
	for (uint32_t i = 0; i < r->nr_flying; i++) {
		const struct flying *one = &r->flying[i];
		uint64_t before = one->slot < 8 ? r->f.a[one->slot].nr : 0;

		assert_true(r->is_placed);
		assert_true(one->offset <= r->ntb.window_bytes - 4);
		fake_ims_send(&r->f, r->place + one->offset, one->data);
		(void)mock_deliver(r->f.mock);
		if (r->is_heard)
			assert_int_equal(r->f.a[one->slot].nr, before + 1);
		r->nr_handled[one->slot] = r->nr_raised[one->slot];
		r->nr_arrived++;
	}
	r->nr_flying = 0;
}

/* ---- the peer ---- */

static void peer_raise(struct rig *r, uint32_t slot)
{
	uint32_t offset = 1, data = 0;
	enum mirq_err err;

	err = mirq_ntb_peer_read(&r->ntb.board, slot, &offset, &data);
	r->is_kept[slot] |= err == MIRQ_EBUSY;
	if (err)
		return;
	if (r->nr_flying == FLYING)
		arrive(r);
	r->flying[r->nr_flying++] = (struct flying){ slot, offset, data };
}

static void raise(struct rig *r, uint32_t slot)
{
	r->nr_raised[slot]++;
	peer_raise(r, slot);
}

static void peer_told(struct rig *r)
{
	r->is_inside++;
	assert_int_equal(mirq_ntb_peer_answer(&r->ntb.board), MIRQ_OK);
	for (uint32_t i = 0; i < r->ntb.nr_slots; i++)
		if (r->is_kept[i]) {
			r->is_kept[i] = 0;
			peer_raise(r, i);
		}
	r->is_inside--;
}

/* Something happens at this side: the peer raises meanwhile. */
static void step(struct rig *r)
{
	if (r->is_inside++ == 0)
		for (uint32_t i = 0; i < r->nr_busy; i++)
			raise(r, i);
	r->is_inside--;
	if (r->nr_busy)
		r->f.trace_bytes = 0;
}

/* ---- the driver ---- */

static int must_fail(struct rig *r)
{
	uint32_t n = r->nr_calls++;
	int fails = n >= r->fail_first && n < r->fail_limit;

	r->nr_fails += (uint32_t)fails;
	return fails;
}

static enum mirq_err bridge_place(void *context, uint64_t base)
{
	struct rig *r = context;

	note(r, "place=%llx ", base);
	assert_int_equal(base % r->ntb.align_bytes, 0);
	assert_int_equal(r->f.words[0] & 1, 1);
	step(r);
	r->nr_places++;
	r->place = base;
	r->is_placed = !must_fail(r);
	step(r);
	return r->is_placed ? MIRQ_OK : MIRQ_EIO;
}

static enum mirq_err bridge_tell(void *context, uint32_t generation)
{
	struct rig *r = context;

	note(r, "tell=%llx ", generation);
	assert_int_equal(r->f.words[0], generation);
	r->nr_tells++;
	step(r);
	if (!r->is_absent && !must_fail(r))
		peer_told(r);
	step(r);
	return mirq_ntb_is_answered(&r->ntb.board, generation) ? MIRQ_OK : MIRQ_EIO;
}

static enum mirq_err bridge_drain(void *context)
{
	struct rig *r = context;

	note(r, "drain ", 0);
	r->nr_drains++;
	step(r);
	if (must_fail(r))
		return MIRQ_EIO;
	arrive(r);
	return MIRQ_OK;
}

static void board_written(struct fake_ims *f, uint32_t offset, uint32_t value)
{
	struct rig *r = (struct rig *)f;

	step(r);
	f->words[offset / 4] = value;
	if (offset == MIRQ_NTB_GENERATION)
		assert_int_not_equal(value, UINT32_MAX);
	step(r);
}

/* ---- the system ---- */

static void rig_new(struct rig *r, int has_table, uint64_t window_bytes, uint64_t align_bytes)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	r->f.write = board_written;
	memset(r->entries, 0x5a, sizeof(r->entries)); /* setup makes them */
	memset(r->f.words, 0xa5, sizeof(r->f.words)); /* and the board */
	r->f.words[0] = 0xa4a4a4a4;
	r->ntb = (struct mirq_ntb){
		MIRQ_SIZED(mirq_ntb),         .board = fake_ims_regs(&r->f, BOARD_BYTES),
		.place = bridge_place,        .tell = bridge_tell,
		.drain = bridge_drain,        .context = r,
		.entries = r->entries,        .nr_slots = NR,
		.window_bytes = window_bytes, .align_bytes = align_bytes,
	};
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_ntb_init(&r->ntb, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->ntb, r->ntb.nr_slots);
	r->f.trace_bytes = 0;
	r->nr_tells = r->nr_places = r->nr_drains = r->nr_calls = 0;
}

static void rig_free(struct rig *r)
{
	arrive(r);
	fake_ims_free(&r->f);
}

static struct mirq_irqs alloc(struct rig *r, uint32_t first, uint32_t nr, uint32_t cpu)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	assert_int_equal(fake_ims_alloc(r->store, first, nr, cpu, NULL, &irqs), MIRQ_OK);
	return irqs;
}

/* @nr slots from @first on, at @cpu, requested. */
static struct mirq_irqs start(struct rig *r, uint32_t first, uint32_t nr, uint32_t cpu)
{
	struct mirq_irqs irqs = alloc(r, first, nr, cpu);

	mock_request(irqs, r->f.a + first);
	return irqs;
}

/* The slot is heard: its own handler runs once. */
static void check_fires(struct rig *r, uint32_t slot)
{
	uint64_t before = r->f.a[slot].nr;

	raise(r, slot);
	arrive(r);
	assert_int_equal(r->f.a[slot].nr, before + 1);
}

static enum mirq_err refused(struct rig *r, struct mirq_irqs irqs, uint32_t cpu)
{
	memset(&r->f.mock->why, 0, sizeof(r->f.mock->why));
	return mirq_affinity_set(irqs, mirq_cpus_one(cpu), &r->f.mock->why);
}

static uint32_t cpu_of(struct mirq_irqs irqs)
{
	uint32_t cpu = UINT32_MAX;

	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_OK);
	return cpu;
}

static void check_both(struct rig *r, uint64_t lowest, uint64_t highest)
{
	assert_int_equal(r->f.mock->why.value, lowest);
	assert_int_equal(r->f.mock->why.other, highest);
	mock_why(&r->f.mock->why, 0, ".value is the lowest address, .other the highest", "NTB");
}

/* ---- what the board says, and when ---- */

static void attach__whatever_the_board_says__no_slot_is_on(void **state)
{
	uint32_t offset, data;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x1000, 0x1000);
	rig_attach(&r);
	assert_int_equal(r.f.words[0], 0x24a4a4a6);
	assert_int_equal(r.f.words[1], r.f.words[0]);
	for (uint32_t i = 0; i < NR; i++)
		assert_int_equal(mirq_ntb_peer_read(&r.ntb.board, i, &offset, &data), MIRQ_ENOENT);
	/* Closed for good: who reads it later knows that nobody listens. */
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	assert_int_equal(r.f.words[0] & 1, 1);
	rig_free(&r);
}

static void attach__nobody_answers__is_refused(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_store *store = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x1000, 0x1000);
	r.is_absent = 1;
	assert_int_equal(mirq_ntb_init(&r.ntb, &kind, NULL), MIRQ_OK);
	assert_int_equal(fake_ims_try(&r.f, kind, &r.ntb, NR, &store), MIRQ_EIO);
	mock_why(&r.f.mock->why, 0, "setup failed", "NTB");
	assert_int_equal(r.nr_tells, 1);
	rig_free(&r);
}

static void life__in_one_window__is_told_once_a_change(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x1000, 0x1000);
	r.f.words[0] = 0;
	rig_attach(&r);
	irqs = start(&r, 2, 2, 1);
	fake_ims_expect(&r.f, "W000=3 tell=3 R000 W004=3 R004 drain place=10001000 "
			      "W018=101 W01c=23 W020=101 W024=24 W000=4 tell=4 R000 W004=4 R004 "
			      "drain ");
	check_fires(&r, 2);
	check_fires(&r, 3);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK);
	fake_ims_expect(&r.f, "W000=5 W018=301 W01c=23 W020=301 W024=24 W000=6 tell=6 R000 W004=6 "
			      "R004 drain ");
	check_fires(&r, 2);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK); /* it is there */
	mirq_irq_disable(irqs);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	fake_ims_release(mirq_irq_at(irqs, 0));
	fake_ims_expect(&r.f, "W000=7 W018=0 W01c=23 W000=8 tell=8 R000 W004=8 R004 drain ");
	raise(&r, 2);
	check_fires(&r, 3);
	assert_int_equal(r.f.a[2].nr, 2);
	rig_free(&r);
}

/* Its own generation, and the board's width: all ones never, nor a slot beyond. */
static void peer__reads_what_there_is(void **state)
{
	uint32_t offset = 7, data = 7;
	struct mirq_regs small;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x1000, 0x1000);
	small = r.ntb.board;
	r.f.words[0] = 0x7ffffffc;
	rig_attach(&r);
	assert_int_equal(r.f.words[0], 0x7ffffffe);
	(void)start(&r, NR - 1, 1, 1); /* 7fffffff, 0 */
	assert_int_equal(r.f.words[0], 0);
	check_fires(&r, NR - 1);
	assert_int_equal(mirq_ntb_peer_read(&r.ntb.board, NR, &offset, &data), MIRQ_ENOENT);
	assert_int_equal(mirq_ntb_peer_read(&r.ntb.board, UINT32_MAX, &offset, &data), MIRQ_ENOENT);
	/* A board without room for its own two words has no slots, and is not read. */
	for (small.limit_bytes = 0; small.limit_bytes < 16; small.limit_bytes += 4)
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(mirq_ntb_peer_read(&small, i * (NR - 1), &offset, &data),
					 MIRQ_ENOENT);
	r.f.is_gone = 1;
	assert_int_equal(mirq_ntb_peer_read(&r.ntb.board, NR - 1, &offset, &data), MIRQ_EIO);
	assert_int_equal(mirq_ntb_peer_answer(&r.ntb.board), MIRQ_EIO);
	assert_int_equal(offset, 7);
	assert_int_equal(data, 7);
	r.f.is_gone = 0;
	rig_free(&r);
}

/* ---- the window ---- */

static void window__fits_exactly__and_not_by_one_word(void **state)
{
	struct mirq_irqs low, high, none;
	struct rig r;

	(void)state;
	for (uint32_t lacks = 0; lacks < 2; lacks++) {
		rig_new(&r, 0, 0x204 - 4 * lacks, 4);
		rig_attach(&r);
		low = start(&r, 0, 1, 1);
		high = alloc(&r, 1, 1, 3);
		r.nr_tells = 0;
		assert_int_equal(mock_request_try(high, r.f.a + 1, 0, &r.f.mock->why),
				 lacks ? MIRQ_ENOSPC : MIRQ_OK);
		if (lacks) {
			check_both(&r, ADDRESS(1), ADDRESS(3));
			assert_int_equal(r.nr_tells, 0);
			assert_int_equal(fake_ims_quarantined(&r.f), 0);
			assert_int_equal(fake_ims_move(high, 2), MIRQ_OK);
			mock_request(high, r.f.a + 1);
		}
		assert_int_equal(r.place, ADDRESS(1));
		check_fires(&r, 0);
		check_fires(&r, 1);
		assert_int_equal(mirq_irq_free(low), MIRQ_OK);
		assert_int_equal(mirq_irq_free(high), MIRQ_OK);
		none = alloc(&r, 0, 1, 0);
		mock_request(none, r.f.a);
		check_fires(&r, 0);
		rig_free(&r);
	}
}

/* Aligned to its size, a window of 200h reaches CPUs 0 and 1, or 2 and 3; 1 and 2 are too far. */
static void window__aligned__reaches_less(void **state)
{
	struct mirq_irqs one, two;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x200, 0x200);
	rig_attach(&r);
	one = start(&r, 0, 1, 1);
	assert_int_equal(r.place, ADDRESS(0));
	two = start(&r, 1, 1, 0);
	assert_int_equal(r.nr_places, 1);
	assert_int_equal(refused(&r, two, 2), MIRQ_ENOSPC);
	check_both(&r, ADDRESS(1), ADDRESS(2));
	assert_int_equal(mirq_irq_free(one), MIRQ_OK);
	assert_int_equal(fake_ims_move(two, 2), MIRQ_OK);
	assert_int_equal(r.place, ADDRESS(2));
	check_fires(&r, 1);
	(void)start(&r, 2, 1, 3);
	assert_int_equal(r.nr_places, 2);
	check_fires(&r, 1);
	check_fires(&r, 2);
	rig_free(&r);
}

static void window__one_goes_below_it__is_placed_lower(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x204, 4);
	rig_attach(&r);
	irqs = start(&r, 0, 2, 2);
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 0), 1), MIRQ_OK);
	assert_int_equal(r.place, ADDRESS(1));
	check_fires(&r, 0);
	check_fires(&r, 1);
	rig_free(&r);
}

/* Closed, answered, drained, placed; then shown, opened, answered, drained. */
static void move__out_of_the_window__places_it_again(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x100, 0x100);
	r.f.words[0] = 0;
	rig_attach(&r);
	irqs = start(&r, 0, 1, 1);
	(void)alloc(&r, 1, 1, 3); /* not live */
	raise(&r, 0);             /* on its way when the window goes */
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK);
	fake_ims_expect(&r.f, "W000=5 tell=5 R000 W004=5 R004 drain place=10001300 W008=1 W00c=24 "
			      "W000=6 tell=6 R000 W004=6 R004 drain ");
	assert_int_equal(r.f.a[0].nr, 1);
	check_fires(&r, 0);
	rig_free(&r);
}

static void move__too_far__nothing_has_changed(void **state)
{
	struct mirq_irqs irqs, quiet;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x104, 0x100);
	rig_attach(&r);
	irqs = start(&r, 0, 2, 1);
	(void)start(&r, 2, 1, 2);
	quiet = alloc(&r, 3, 1, 1);
	r.f.trace_bytes = 0;
	assert_int_equal(refused(&r, mirq_irq_at(irqs, 1), 3), MIRQ_ENOSPC);
	check_both(&r, ADDRESS(1), ADDRESS(3));
	fake_ims_expect(&r.f, "drain ");
	assert_int_equal(cpu_of(mirq_irq_at(irqs, 1)), 1);
	assert_int_equal(fake_ims_quarantined(&r.f), 0);
	for (uint32_t i = 0; i < 3; i++)
		check_fires(&r, i);
	mock_sound(r.f.mock);
	/* What the window need not reach moves as it likes. */
	assert_int_equal(fake_ims_move(quiet, 3), MIRQ_OK);
	/* Together they may. */
	assert_int_equal(refused(&r, irqs, 3), MIRQ_OK);
	for (uint32_t i = 0; i < 3; i++)
		check_fires(&r, i);
	rig_free(&r);
}

/* One of a range was not answered before and is tried again, the other has no place: the first is
 * told its last message once more and answered, the other stays as it is, and nobody else is
 * refused for it. */
static void move__too_far_with_one_that_is_tried_again__harms_no_other(void **state)
{
	static const uint64_t bits = 5;
	const struct mirq_cpus cpus = { { 0, 4 }, &bits };
	struct mirq_irqs irqs, far, other;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x204, 4);
	rig_attach(&r);
	irqs = start(&r, 0, 2, 1);
	far = start(&r, 2, 1, 3);
	other = start(&r, 3, 1, 3);
	r.is_absent = 1;
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 0), 2), MIRQ_EIO);
	r.is_absent = 0;
	assert_int_equal(mirq_affinity_set(irqs, cpus, &r.f.mock->why), MIRQ_ENOSPC);
	check_both(&r, ADDRESS(0), ADDRESS(3));
	assert_int_equal(fake_ims_quarantined(&r.f), 0);
	for (uint32_t i = 0; i < 3; i++)
		check_fires(&r, i);
	fake_ims_release(other);
	assert_int_equal(fake_ims_quarantined(&r.f), 0);
	fake_ims_release(far);
	assert_int_equal(mirq_affinity_set(irqs, cpus, NULL), MIRQ_OK);
	assert_int_equal(fake_ims_quarantined(&r.f), 0);
	for (uint32_t i = 0; i < 2; i++)
		check_fires(&r, i);
	rig_free(&r);
}

/* Below a table every message has the same address, whatever CPU it is for. */
static void move__behind_a_table__peer_and_window_are_left_alone(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, 4, 4);
	rig_attach(&r);
	irqs = start(&r, 0, 4, 1);
	assert_int_equal(r.ntb.lowest, r.ntb.highest);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	for (uint32_t i = 0; i < 4; i++)
		check_fires(&r, i);
	rig_free(&r);
}

/* ---- while it changes ---- */

/* Whatever the peer reads between two words of the board, it is a whole message or none. */
static void events__at_every_step__are_handled_once_more(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint64_t window = 0x100; window <= 0x400; window *= 4) {
		rig_new(&r, 0, window, 0x100);
		rig_attach(&r);
		irqs = start(&r, 0, 3, 1);
		r.nr_busy = 3;
		r.is_heard = 1;
		for (uint32_t cpu = 2; cpu < 12; cpu++) {
			assert_int_equal(fake_ims_move(irqs, cpu % 4), MIRQ_OK);
			arrive(&r);
			for (uint32_t i = 0; i < 3; i++) {
				assert_int_equal(r.is_kept[i], 0);
				assert_int_equal(r.nr_handled[i], r.nr_raised[i]);
			}
		}
		assert_true(r.nr_raised[0] >= 100);
		assert_true(r.nr_arrived >= 100);
		assert_int_equal(r.nr_places, window == 0x100 ? 11 : 2);
		r.nr_busy = 0;
		rig_free(&r);
	}
}

static struct rig *changing;
static struct mirq_irqs to_move;

/* Right before the peer reads the second word of slot 0, the whole move happens. */
static void move_meanwhile(struct fake_ims *f, uint32_t offset)
{
	if (offset != MIRQ_NTB_SLOT(0) + 4)
		return;
	f->read = NULL;
	assert_int_equal(fake_ims_move(to_move, cpu_of(to_move) == 1 ? 2 : 1), MIRQ_OK);
	changing->nr_flying = 0;
}

static void peer__reads_while_all_changes__takes_neither(void **state)
{
	uint32_t offset = 7, data = 7;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x400, 0x400);
	rig_attach(&r);
	changing = &r;
	to_move = start(&r, 0, 1, 1);
	for (uint32_t i = 0; i < 2; i++) {
		r.f.read = move_meanwhile;
		assert_int_equal(mirq_ntb_peer_read(&r.ntb.board, 0, &offset, &data), MIRQ_EBUSY);
		assert_int_equal(offset, 7);
		assert_int_equal(data, 7);
	}
	check_fires(&r, 0);
	rig_free(&r);
}

/* ---- who does not answer ---- */

static void peer_is_absent__every_call_ends__and_all_works_when_it_is_back(void **state)
{
	struct mirq_irqs irqs, other;
	struct rig r;

	(void)state;
	for (uint64_t window = 0x100; window <= 0x400; window *= 4) {
		rig_new(&r, 0, window, 0x100);
		rig_attach(&r);
		irqs = start(&r, 0, 1, 1);
		other = alloc(&r, 1, 1, 2);
		r.is_absent = 1;
		r.nr_tells = 0;
		assert_int_equal(refused(&r, irqs, 2), MIRQ_EIO);
		assert_true(r.nr_tells <= 2);
		assert_int_equal(fake_ims_quarantined(&r.f), 1);
		/* Old and new both are its own: whichever the peer still sends. */
		r.flying[r.nr_flying++] = (struct flying){ 0, (uint32_t)(ADDRESS(1) - r.place),
							   0x23 };
		arrive(&r);
		assert_int_equal(r.f.a[0].nr, 1);
		r.nr_tells = 0;
		assert_int_equal(mock_request_try(other, r.f.a + 1, 0, NULL), MIRQ_EIO);
		assert_true(r.nr_tells <= 4);
		r.is_absent = 0;
		assert_int_equal(refused(&r, irqs, 2), MIRQ_OK);
		/* The other one was shown to somebody who may have seen it. */
		assert_int_equal(fake_ims_quarantined(&r.f), 1);
		check_fires(&r, 0);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		raise(&r, 0);
		arrive(&r);
		assert_int_equal(r.f.a[0].nr, 2);
		rig_free(&r);
	}
}

/* A slot that the peer was not told to leave: its id is nobody else's, nor does it reach the next
 * user of the slot. */
static void release__not_answered__keeps_its_id(void **state)
{
	struct mirq_irqs irqs;
	uint32_t old;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x400, 0x400);
	rig_attach(&r);
	irqs = start(&r, 0, 1, 1);
	old = r.f.words[MIRQ_NTB_SLOT(0) / 4 + 1];
	r.is_absent = 1;
	fake_ims_release(irqs);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	assert_int_equal(fake_ims_quarantined(&r.f), 1);
	r.is_absent = 0;
	irqs = start(&r, 0, 1, 1);
	assert_int_not_equal(r.f.words[MIRQ_NTB_SLOT(0) / 4 + 1], old);
	r.flying[r.nr_flying++] = (struct flying){ 0, 0x100, old };
	arrive(&r);
	assert_int_equal(r.f.a[0].nr, 0);
	check_fires(&r, 0);
	rig_free(&r);
}

/* The peer missed one doorbell, or the bridge one access: the board is open again where it was, and
 * what the peer kept meanwhile is raised. */
static void close__fails__is_opened_again(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t n = 0; n < 3; n++) {
		rig_new(&r, 0, 0x100, 0x100);
		rig_attach(&r);
		irqs = start(&r, 0, 1, 1);
		r.nr_calls = 0;
		r.nr_busy = 1;
		r.fail_first = n; /* tell, drain, place */
		r.fail_limit = n + 1;
		assert_int_equal(refused(&r, irqs, 2), MIRQ_EIO);
		r.nr_busy = 0;
		assert_int_equal(r.nr_places, n == 2 ? 3 : 1);
		assert_int_equal(r.is_kept[0], 0);
		arrive(&r);
		check_fires(&r, 0);
		assert_int_equal(refused(&r, irqs, 2), MIRQ_OK);
		assert_int_equal(r.nr_places, n == 2 ? 4 : 2);
		check_fires(&r, 0);
		rig_free(&r);
	}
}

/* A place that failed may be anywhere: who stays needs it put back. */
static void place__fails_for_another__is_put_back(void **state)
{
	struct mirq_irqs other;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x200, 0x100);
	rig_attach(&r);
	(void)start(&r, 0, 1, 2);
	other = alloc(&r, 1, 1, 1);
	r.nr_calls = 0;
	r.fail_first = 2; /* tell, drain, place, and back */
	r.fail_limit = 4;
	assert_int_equal(mock_request_try(other, r.f.a + 1, 0, NULL), MIRQ_EIO);
	assert_int_equal(r.is_placed, 1);
	check_fires(&r, 0);
	mock_request(other, r.f.a + 1);
	check_fires(&r, 0);
	check_fires(&r, 1);
	rig_free(&r);
}

/* The window is nowhere: the board stays closed, events wait until it is somewhere. */
static void place__fails__board_stays_closed(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x100, 0x100);
	rig_attach(&r);
	irqs = start(&r, 0, 1, 1);
	r.nr_calls = 0;
	r.fail_first = 2; /* tell, drain, place, and back */
	r.fail_limit = 4;
	assert_int_equal(refused(&r, irqs, 2), MIRQ_EIO);
	assert_int_equal(r.f.words[0] & 1, 1);
	raise(&r, 0);
	arrive(&r);
	assert_int_equal(r.f.a[0].nr, 0);
	assert_int_equal(refused(&r, irqs, 2), MIRQ_OK);
	arrive(&r);
	assert_int_equal(r.f.a[0].nr, 1);
	check_fires(&r, 0);
	rig_free(&r);
}

/* Allocated, requested, moved in and out of the window, released, freed; the peer raises at every
 * step. What fails is tried again, @nr_tries times at most. */
static void tell_story(struct rig *r, uint32_t nr_tries)
{
	struct mirq_irqs irqs;
	uint32_t tries;

	for (uint32_t round = 0; round < 2; round++) {
		irqs = alloc(r, 0, 2, 1);
		for (tries = 0; mock_request_try(irqs, r->f.a, 0, NULL); tries++)
			assert_true(tries < nr_tries);
		for (uint32_t cpu = 2; cpu < 4; cpu++)
			for (tries = 0; fake_ims_move(irqs, cpu); tries++)
				assert_true(tries < nr_tries);
		arrive(r);
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(r->is_kept[i] + r->nr_raised[i] - r->nr_handled[i], 0);
		check_fires(r, 0);
		check_fires(r, 1);
		fake_ims_release(irqs);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		arrive(r);
	}
	mock_sound(r->f.mock);
}

static void hardware__each_call_fails_once__events_at_every_step(void **state)
{
	uint32_t nr = 0;
	struct rig r;

	(void)state;
	for (uint64_t window = 0x100; window <= 0x200; window *= 2) {
		for (uint32_t n = 0; n == 0 || r.nr_fails; n++) {
			rig_new(&r, 0, window, window);
			rig_attach(&r);
			r.nr_busy = 2;
			r.fail_first = n;
			r.fail_limit = n + 1;
			tell_story(&r, 1);
			nr += r.nr_fails;
			r.nr_busy = 0;
			rig_free(&r);
			if (!r.nr_fails)
				break;
		}
	}
	assert_true(nr >= 40);
}

/* ---- many, and none ---- */

static void many_slots__on_all_cpus__each_is_heard(void **state)
{
	static struct mock_action actions[MANY];
	struct mirq_irqs irqs[4];
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x400, 0x400);
	r.ntb.nr_slots = MANY;
	r.ntb.board = fake_ims_regs(&r.f, MIRQ_NTB_SLOT(MANY));
	rig_attach(&r);
	r.f.read = NULL;
	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		for (uint32_t i = 0; i < MANY / 4; i++)
			actions[cpu * MANY / 4 + i] = (struct mock_action){ .mock = r.f.mock };
		irqs[cpu] = alloc(&r, cpu * MANY / 4, MANY / 4, cpu);
		r.f.trace_bytes = 0;
		mock_request(irqs[cpu], actions + cpu * MANY / 4);
	}
	assert_int_equal(r.nr_places, 1);
	assert_int_equal(r.nr_tells, 5);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs[0], 1), MIRQ_OK);
	assert_int_equal(r.nr_tells, 6);
	for (uint32_t i = 0; i < MANY; i++) {
		r.f.trace_bytes = 0;
		raise(&r, i);
		arrive(&r);
		assert_int_equal(actions[i].nr, 1);
	}
	r.f.trace_bytes = 0;
	rig_free(&r);
}

static void slot__beyond_the_entries_or_with_a_cookie__is_refused(void **state)
{
	static const uint64_t cookie = 1;
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x1000, 0x1000);
	assert_int_equal(mirq_ntb_init(&r.ntb, &kind, NULL), MIRQ_OK);
	r.store = fake_ims_attach(&r.f, kind, &r.ntb, NR + 1);
	assert_int_equal(fake_ims_alloc(r.store, NR, 1, 1, NULL, &irqs), MIRQ_EINVAL);
	assert_int_equal(fake_ims_alloc(r.store, 0, 1, 1, &cookie, &irqs), MIRQ_EINVAL);
	assert_int_equal(fake_ims_alloc(r.store, NR - 1, 1, 1, NULL, &irqs), MIRQ_OK);
	rig_free(&r);
}

static void edit(struct mirq_ntb *ntb, uint32_t at)
{
	switch (at) {
	case 0:
		ntb->size_bytes = 0;
		break;
	case 1:
		ntb->place = NULL;
		break;
	case 2:
		ntb->tell = NULL;
		break;
	case 3:
		ntb->drain = NULL;
		break;
	case 4:
		ntb->entries = NULL;
		break;
	case 5:
		ntb->nr_slots = 0;
		break;
	case 6:
		ntb->nr_slots = NR + 1;
		break;
	case 7:
		ntb->nr_slots = UINT32_C(1) << 29; /* times 8 is 0 */
		break;
	case 8:
		ntb->window_bytes = 0;
		break;
	case 9:
		ntb->window_bytes = 6;
		break;
	case 10:
		ntb->window_bytes = (UINT64_C(1) << 32) + 4;
		break;
	case 11:
		ntb->align_bytes = 0;
		break;
	default:
		ntb->align_bytes = 24;
		break;
	}
}

static void init__description_contradicts_itself__is_refused(void **state)
{
	static const char *const parts[] = {
		"MIRQ_SIZED",    ".place, .tell", ".place, .tell", ".place, .tell", "an entry each",
		"an entry each", "no room",       "no room",       "4 bytes to",    "4 bytes to",
		"4 bytes to",    "power of two",  "power of two",
	};
	const struct mirq_store_template *kind = NULL;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_new(&r, 0, 0x1000, 0x1000);
	for (uint32_t i = 0; i < MOCK_NR(parts); i++) {
		struct mirq_ntb bad = r.ntb;

		edit(&bad, i);
		assert_int_equal(mirq_ntb_init(&bad, &kind, NULL), MIRQ_EINVAL);
		assert_int_equal(mirq_ntb_init(&bad, &kind, &why), MIRQ_EINVAL);
		mock_why(&why, 0, parts[i], "NTB");
		assert_null(kind);
	}
	r.ntb.window_bytes = UINT64_C(1) << 32;
	assert_int_equal(mirq_ntb_init(&r.ntb, &kind, NULL), MIRQ_OK);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach__whatever_the_board_says__no_slot_is_on),
		cmocka_unit_test(attach__nobody_answers__is_refused),
		cmocka_unit_test(life__in_one_window__is_told_once_a_change),
		cmocka_unit_test(peer__reads_what_there_is),
		cmocka_unit_test(window__fits_exactly__and_not_by_one_word),
		cmocka_unit_test(window__aligned__reaches_less),
		cmocka_unit_test(window__one_goes_below_it__is_placed_lower),
		cmocka_unit_test(move__out_of_the_window__places_it_again),
		cmocka_unit_test(move__too_far__nothing_has_changed),
		cmocka_unit_test(move__too_far_with_one_that_is_tried_again__harms_no_other),
		cmocka_unit_test(move__behind_a_table__peer_and_window_are_left_alone),
		cmocka_unit_test(events__at_every_step__are_handled_once_more),
		cmocka_unit_test(peer__reads_while_all_changes__takes_neither),
		cmocka_unit_test(peer_is_absent__every_call_ends__and_all_works_when_it_is_back),
		cmocka_unit_test(release__not_answered__keeps_its_id),
		cmocka_unit_test(close__fails__is_opened_again),
		cmocka_unit_test(place__fails_for_another__is_put_back),
		cmocka_unit_test(place__fails__board_stays_closed),
		cmocka_unit_test(hardware__each_call_fails_once__events_at_every_step),
		cmocka_unit_test(many_slots__on_all_cpus__each_is_heard),
		cmocka_unit_test(slot__beyond_the_entries_or_with_a_cookie__is_refused),
		cmocka_unit_test(init__description_contradicts_itself__is_refused),
	};

	return cmocka_run_group_tests_name("ntb", tests, NULL, NULL);
}
