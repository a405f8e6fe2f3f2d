/* SPDX-License-Identifier: MIT */
/*
 * test_ims_queue.c - slots that a device is told about by commands (mirq/ims_queue.h), on a device
 * that is made up. It keeps what it was told, refuses to be told things in a wrong order, and may
 * fail any command, having done it or not. Rule 3 of docs/rules.md; docs/design.md 7: I1, I2, I5.
 *
 * Breaks of the store that were tried, each found here: ENABLE before MESSAGE, MESSAGE before
 * DISABLE, no COOKIE; a command taken for done that failed; one that was confirmed sent again; one
 * that failed not kept; the slot forgotten at free though it was not silent, or given away; the old
 * message sent for a free slot; commit answering for slots of others, or not for its own; going on
 * after MIRQ_EIO; a left slot that blocks the others; touched not taken off; the list losing its
 * tail; memory written too late, in another order, at another place; setup not disabling; each
 * check of the description. Of the core: flush before the commit (test_life.c); entries and ids of
 * a slot that was not silenced free at once.
 */
#include <mirq/ims_queue.h>

#include "fake_ims.h"

#define NR 8
#define STRIDE 24
#define NO_SLOT UINT32_MAX

struct device_slot {
	struct mirq_msg msg;
	uint64_t cookie;
	uint32_t has_msg, has_cookie, is_on;
};

struct rig {
	struct fake_ims f; /* first: the device's context */
	struct mirq_ims_queue queue;
	struct mirq_ims_queue_entry entries[NR];
	struct mirq_store *store;
	struct device_slot slots[NR];
	unsigned char memory[NR * STRIDE];
	uint32_t nr_commands, fail_first, fail_limit; /* those fail; of bad_slot all do */
	uint32_t bad_slot, nr_fails;
	enum mirq_err err;
	int does_anyhow; /* a command that fails has been done */
	int is_atomic;   /* no command may come */
};

static uint64_t load(const unsigned char *at, uint32_t nr_bytes)
{
	uint64_t value = 0;

	while (nr_bytes--)
		value = value << 8 | at[nr_bytes];
	return value;
}

static void device_do(struct rig *r, enum mirq_ims_queue_op op, uint32_t i,
		      const struct mirq_msg *msg, uint64_t cookie)
{
	struct device_slot *slot = &r->slots[i];

	switch (op) {
	case MIRQ_IMS_QUEUE_COOKIE:
		assert_false(slot->is_on);
		slot->cookie = cookie;
		slot->has_cookie = 1;
		break;
	case MIRQ_IMS_QUEUE_MESSAGE:
		assert_true(slot->has_cookie || !(r->queue.flags & MIRQ_IMS_QUEUE_COOKIES));
		slot->msg = *msg;
		if (r->queue.memory) {
			slot->msg.address = load(&r->memory[i * STRIDE + 12], 8);
			slot->msg.data = (uint32_t)load(&r->memory[i * STRIDE + 4], 4);
		}
		slot->has_msg = 1;
		break;
	case MIRQ_IMS_QUEUE_ENABLE:
		assert_true(slot->has_msg);
		slot->is_on = 1;
		break;
	case MIRQ_IMS_QUEUE_DISABLE:
		slot->is_on = 0;
		break;
	}
}

static void note(struct rig *r, enum mirq_ims_queue_op op, uint32_t i, const struct mirq_msg *msg,
		 uint64_t cookie)
{
	if (op == MIRQ_IMS_QUEUE_COOKIE)
		fake_ims_note(&r->f, "cookie%u=%llx ", i, (unsigned long long)cookie);
	else if (op == MIRQ_IMS_QUEUE_MESSAGE)
		fake_ims_note(&r->f, "msg%u=%llx/%x ", i, (unsigned long long)msg->address,
			      msg->data);
	else
		fake_ims_note(&r->f, "%s%u ", op == MIRQ_IMS_QUEUE_ENABLE ? "on" : "off", i);
}

static enum mirq_err device_command(void *context, enum mirq_ims_queue_op op, uint32_t index,
				    const struct mirq_msg *msg, uint64_t cookie)
{
	struct rig *r = context;
	uint32_t n = r->nr_commands++;
	int fails = (n >= r->fail_first && n < r->fail_limit) || index == r->bad_slot;

	assert_true(index < NR);
	assert_false(r->is_atomic);
	r->nr_fails += (uint32_t)fails;
	if (r->f.trace_bytes < sizeof(r->f.trace) / 2)
		note(r, op, index, msg, cookie);
	if (!fails || r->does_anyhow)
		device_do(r, op, index, msg, cookie);
	return fails ? r->err : MIRQ_OK;
}

static enum mirq_err device_drain(void *context)
{
	struct rig *r = context;

	if (r->f.trace_bytes < sizeof(r->f.trace) / 2)
		fake_ims_note(&r->f, "drain ");
	return MIRQ_OK;
}

/* 1: a message went out. */
static uint32_t device_fire(struct rig *r, uint32_t i)
{
	const struct device_slot *slot = &r->slots[i];

	if ((r->queue.flags & MIRQ_IMS_QUEUE_ENABLES) && !slot->is_on)
		return 0;
	fake_ims_send(&r->f, slot->msg.address, slot->msg.data);
	r->is_atomic++;
	(void)mock_deliver(r->f.mock);
	r->is_atomic--;
	return 1;
}

static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	memset(r->entries, 0x5a, sizeof(r->entries)); /* setup makes them */
	r->err = MIRQ_EIO;
	r->bad_slot = NO_SLOT;
	r->queue = (struct mirq_ims_queue){
		MIRQ_SIZED(mirq_ims_queue),
		.name = "queue",
		.command = device_command,
		.drain = device_drain,
		.context = r,
		.entries = r->entries,
		.nr_slots = NR,
		.address_bits = 64,
		.flags = MIRQ_IMS_QUEUE_COOKIES | MIRQ_IMS_QUEUE_ENABLES,
		.traits = MIRQ_STORE_RESETS_MASKED,
		.stride_bytes = STRIDE,
		.address_bytes = 12,
		.data_bytes = 4,
	};
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_ims_queue_init(&r->queue, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->queue, NR);
}

static enum mirq_err try_alloc(struct rig *r, uint32_t first, uint32_t nr, uint32_t cpu,
			       struct mirq_irqs *out_irqs)
{
	static const uint64_t cookies[] = { 0xa, 0xb, 0xc, 0xd };
	int has = r->queue.flags & MIRQ_IMS_QUEUE_COOKIES;

	return fake_ims_alloc(r->store, first, nr, cpu, has ? cookies : NULL, out_irqs);
}

static struct mirq_irqs rig_alloc(struct rig *r, uint32_t first, uint32_t nr, uint32_t cpu)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	assert_int_equal(try_alloc(r, first, nr, cpu, &irqs), MIRQ_OK);
	return irqs;
}

static void rig_free(struct rig *r)
{
	fake_ims_free(&r->f);
}

/* Each slot of the two that are requested sends once, and its handler runs once. */
static void check_fires(struct rig *r, uint32_t first)
{
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t before = r->f.a[i].nr;

		assert_int_equal(device_fire(r, first + i), 1);
		assert_int_equal(r->f.a[i].nr, before + 1);
	}
}

/* ---- the order of commands ---- */

static void attach__disables_every_slot(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	fake_ims_expect(&r.f, "");
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	r.queue.traits = 0;
	rig_attach(&r);
	fake_ims_expect(&r.f, "off0 off1 off2 off3 off4 off5 off6 off7 ");
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	r.bad_slot = 2;
	assert_int_equal(mirq_ims_queue_init(&r.queue, &kind, NULL), MIRQ_OK);
	assert_int_equal(fake_ims_try(&r.f, kind, &r.queue, NR, &r.store), MIRQ_EIO);
	fake_ims_expect(&r.f, "off0 off1 off2 ");
	rig_free(&r);
}

static void life__without_a_table__commands_of_changed_slots_only(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 2, 2, 1);
	fake_ims_expect(&r.f, "cookie2=a cookie3=b ");
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "msg2=10001100/23 on2 msg3=10001100/24 on3 drain ");
	check_fires(&r, 2);
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 1), 2), MIRQ_OK);
	fake_ims_expect(&r.f, "msg3=10001200/23 drain ");
	check_fires(&r, 2);
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "off2 off3 drain ");
	/* The messages are known there. */
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "on2 on3 drain ");
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	fake_ims_expect(&r.f, "off2 off3 drain ");
	/* A new user brings a cookie and a message, whatever the old one had. */
	irqs = rig_alloc(&r, 3, 1, 3);
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "cookie3=a msg3=10001300/23 on3 drain ");
	rig_free(&r);
}

static void move__behind_a_table__sends_no_command(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	rig_attach(&r);
	irqs = rig_alloc(&r, 0, 2, 1);
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "cookie0=a cookie1=b msg0=20000000/0 on0 msg1=20000000/1 on1 drain ");
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	check_fires(&r, 0);
	rig_free(&r);
}

/* Rule 3: masked by software, kept by software. */
static void disable__events_meanwhile__no_command_and_no_note(void **state)
{
	struct mirq_ims_queue_entry before[NR];
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 2, 2, 1);
	mock_request(irqs, r.f.a);
	memcpy(before, r.entries, sizeof(before));
	r.is_atomic = 1;
	mirq_irq_disable(irqs);
	assert_int_equal(device_fire(&r, 2), 1);
	assert_int_equal(device_fire(&r, 2), 1);
	assert_int_equal(r.f.a[0].nr, 0);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[0].nr, 1);
	assert_memory_equal(before, r.entries, sizeof(before));
	assert_int_equal(r.queue.first, UINT32_MAX);
	r.is_atomic = 0;
	rig_free(&r);
}

/* The message stands in memory before the device is told, and nothing else is written there. */
static void memory__is_whole_when_the_device_fetches(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.queue.memory = r.memory;
	memset(r.memory, 0xee, sizeof(r.memory));
	rig_attach(&r);
	irqs = rig_alloc(&r, 2, 2, 1);
	mock_request(irqs, r.f.a);
	check_fires(&r, 2);
	assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK);
	check_fires(&r, 2);
	for (uint32_t i = 0; i < sizeof(r.memory); i++) {
		uint32_t slot = i / STRIDE, at = i % STRIDE;
		int is_message = (at >= 4 && at < 8) || (at >= 12 && at < 20);

		if ((slot != 2 && slot != 3) || !is_message)
			assert_int_equal(r.memory[i], 0xee);
	}
	assert_int_equal(load(&r.memory[2 * STRIDE + 12], 8), 0x10001300);
	rig_free(&r);
}

/* Neither cookies nor ENABLE: one command a message. Its driver keeps it quiet. */
static void plain__tells_messages_only(void **state)
{
	static const uint64_t cookie = 1;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.queue.flags = 0;
	r.queue.traits = 0;
	rig_attach(&r);
	assert_int_equal(fake_ims_alloc(r.store, 0, 1, 1, &cookie, &irqs), MIRQ_EINVAL);
	irqs = rig_alloc(&r, 0, 2, 1);
	mock_request(irqs, r.f.a);
	check_fires(&r, 0);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	check_fires(&r, 0);
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "msg0=10001100/23 msg1=10001100/24 drain msg0=10001200/23 "
			      "msg1=10001200/24 drain drain ");
	rig_free(&r);
}

/* A message that was not confirmed is not sent for a slot that has no user any more. */
static void plain__freed_before_it_was_told__is_forgotten(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.queue.flags = 0;
	rig_attach(&r);
	r.bad_slot = 0;
	r.err = MIRQ_EBUSY;
	irqs = rig_alloc(&r, 0, 1, 1);
	assert_int_equal(mock_request_try(irqs, r.f.a, 0, NULL), MIRQ_EBUSY);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	r.bad_slot = NO_SLOT;
	r.f.trace_bytes = 0;
	irqs = rig_alloc(&r, 1, 1, 1);
	mock_request(irqs, r.f.a);
	r.f.trace[r.f.trace_bytes] = 0;
	assert_null(strstr(r.f.trace, "msg0"));
	rig_free(&r);
}

static void pinned__without_a_table__stays(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.queue.traits |= MIRQ_STORE_PINNED;
	rig_attach(&r);
	irqs = rig_alloc(&r, 0, 2, 1);
	mock_request(irqs, r.f.a);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_ENOTSUP);
	check_fires(&r, 0);
	rig_free(&r);
}

/* ---- commands that fail ---- */

/* Sends by slots 2 and 3, where they can; what a requested one sends is handled. */
static void fire_both(struct rig *r, int is_requested)
{
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t before = r->f.a[i].nr;
		uint32_t nr = device_fire(r, 2 + i);

		assert_int_equal(r->f.a[i].nr, before + (is_requested ? nr : 0));
	}
}

/* A neighbour comes and goes: its commits carry along what is left of others, and answer for
 * themselves only. */
static void lend_slot_4(struct rig *r, uint32_t nr_tries)
{
	struct mirq_irqs one = { NULL, { 0, 0 } };
	uint32_t tries;

	for (tries = 0; try_alloc(r, 4, 1, 1, &one); tries++)
		assert_true(tries < nr_tries);
	for (tries = 0; mock_request_try(one, &r->f.a[4], 0, NULL); tries++)
		assert_true(tries < nr_tries);
	assert_int_equal(device_fire(r, 4), 1);
	assert_int_equal(mirq_irq_free(one), MIRQ_OK);
}

/* The whole life twice; what fails is tried again, @nr_tries times at most. */
static void tell_story(struct rig *r, uint32_t nr_tries)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	uint32_t tries;

	for (uint32_t round = 0; round < 2; round++) {
		for (tries = 0; try_alloc(r, 2, 2, 1, &irqs); tries++) {
			assert_true(tries < nr_tries);
			fire_both(r, 0);
		}
		for (tries = 0; mock_request_try(irqs, r->f.a, 0, NULL); tries++) {
			assert_true(tries < nr_tries);
			fire_both(r, 0);
		}
		check_fires(r, 2);
		for (tries = 0; fake_ims_move(irqs, 2); tries++) {
			assert_true(tries < nr_tries);
			fire_both(r, 1);
		}
		check_fires(r, 2);
		fake_ims_release(irqs);
		fire_both(r, 0);
		lend_slot_4(r, nr_tries);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		fire_both(r, 0);
		mock_sound(r->f.mock);
	}
}

static uint32_t count_story(int has_table)
{
	uint32_t nr;
	struct rig r;

	rig_new(&r, has_table);
	rig_attach(&r);
	tell_story(&r, 0);
	nr = r.nr_commands;
	rig_free(&r);
	return nr;
}

static void each_command_fails_once(int has_table, enum mirq_err err, int does_anyhow)
{
	uint32_t nr = count_story(has_table);
	struct rig r;

	assert_true(nr >= 24);
	for (uint32_t n = 0; n < nr; n++) {
		rig_new(&r, has_table);
		rig_attach(&r);
		r.err = err;
		r.does_anyhow = does_anyhow;
		r.fail_first = n;
		r.fail_limit = n + 1;
		tell_story(&r, 1);
		assert_int_equal(r.nr_fails, 1);
		rig_free(&r);
	}
}

static void command__fails_once__every_one__is_sent_again(void **state)
{
	(void)state;
	for (int has_table = 0; has_table < 2; has_table++)
		for (int does_anyhow = 0; does_anyhow < 2; does_anyhow++) {
			each_command_fails_once(has_table, MIRQ_EIO, does_anyhow);
			each_command_fails_once(has_table, MIRQ_EBUSY, does_anyhow);
		}
}

/* One life; calls fail or do not. */
static void try_life(struct rig *r)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	if (try_alloc(r, 2, 2, 1, &irqs))
		return;
	fire_both(r, 0);
	if (!mock_request_try(irqs, r->f.a, 0, NULL)) {
		fire_both(r, 1);
		(void)fake_ims_move(irqs, 2);
		fire_both(r, 1);
		fake_ims_release(irqs);
	}
	fire_both(r, 0);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	fire_both(r, 0);
}

/* The device dies at command n: every call ends soon, and when it is back all works. */
static void device_dies__at_every_command__and_comes_back(void **state)
{
	uint32_t nr = count_story(0);
	struct rig r;

	(void)state;
	for (uint32_t n = 0; n < 2 * nr; n++) {
		rig_new(&r, n & 1);
		r.does_anyhow = n / nr;
		rig_attach(&r);
		r.fail_first = n % nr;
		r.fail_limit = UINT32_MAX;
		for (uint32_t i = 0; i < 4; i++)
			try_life(&r);
		assert_true(r.nr_commands < nr + 24);
		r.fail_limit = 0;
		tell_story(&r, 0);
		rig_free(&r);
	}
}

/* A dead device costs one command that times out for what is left, and one for what is new. */
static void device_is_dead__a_batch_of_eight__ends_after_one_command(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.queue.flags = MIRQ_IMS_QUEUE_ENABLES;
	rig_attach(&r);
	irqs = rig_alloc(&r, 0, NR, 1);
	r.fail_limit = UINT32_MAX;
	assert_int_equal(mock_request_try(irqs, r.f.a, 0, NULL), MIRQ_EIO);
	/* Told once; what is silent already needs no DISABLE, and no message goes out again but
	 * the first one. */
	fake_ims_expect(&r.f, "msg0=10001100/23 msg0=10001100/23 drain ");
	r.fail_limit = 0;
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = rig_alloc(&r, 0, 2, 2);
	mock_request(irqs, r.f.a);
	check_fires(&r, 0);
	rig_free(&r);
}

/* The device refuses one slot: the others do not answer for it. */
static void slot__that_is_refused_for_ever__harms_no_other(void **state)
{
	struct mirq_irqs bad, good;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	bad = rig_alloc(&r, 5, 1, 1);
	good = rig_alloc(&r, 2, 2, 1);
	mock_request(bad, &r.f.a[5]);
	r.bad_slot = 5;
	r.err = MIRQ_EBUSY;
	fake_ims_release(bad);
	assert_int_equal(mirq_irq_free(bad), MIRQ_OK);
	assert_int_equal(fake_ims_quarantined(&r.f), 1);
	r.f.trace_bytes = 0;
	mock_request(good, r.f.a);
	fake_ims_expect(&r.f, "off5 msg2=10001100/24 on2 msg3=10001100/25 on3 drain ");
	check_fires(&r, 2);
	assert_int_equal(fake_ims_move(good, 3), MIRQ_OK);
	check_fires(&r, 2);
	/* It may still be heard: nobody hears it, and nobody gets it. */
	assert_int_equal(device_fire(&r, 5), 1);
	assert_int_equal(r.f.a[5].nr, 0);
	assert_int_equal(try_alloc(&r, 5, 1, 1, &bad), MIRQ_EBUSY);
	r.bad_slot = NO_SLOT;
	fake_ims_release(good);
	assert_int_equal(device_fire(&r, 5), 0);
	bad = rig_alloc(&r, 5, 1, 1);
	mock_request(bad, &r.f.a[5]);
	assert_int_equal(device_fire(&r, 5), 1);
	assert_int_equal(r.f.a[5].nr, 1);
	rig_free(&r);
}

/* In one window one slot is refused, those after it are brought all the same. */
static void batch__one_slot_is_refused__the_others_are_silenced(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 2, 3, 1);
	mock_request(irqs, r.f.a);
	r.bad_slot = 2;
	r.err = MIRQ_EBUSY;
	r.f.trace_bytes = 0;
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "off2 off3 off4 drain ");
	assert_int_equal(fake_ims_quarantined(&r.f), 3);
	/* The last thing that a detach does is to try again. */
	r.bad_slot = NO_SLOT;
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	assert_int_equal(r.slots[2].is_on, 0);
	rig_free(&r);
}

/* What the device did not get to before it fell silent is left over too: nobody answers for it. */
static void left_over__of_a_dead_window__harms_no_other(void **state)
{
	struct mirq_irqs irqs, next;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 0, 4, 1);
	next = rig_alloc(&r, 6, 1, 1);
	mock_request(irqs, r.f.a);
	r.fail_first = 0;
	r.fail_limit = UINT32_MAX;
	r.f.trace_bytes = 0;
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "off0 drain ");
	r.fail_limit = 0;
	r.bad_slot = 1;
	r.err = MIRQ_EBUSY;
	/* One that fails is enough of them for one window. */
	mock_request(next, &r.f.a[4]);
	fake_ims_expect(&r.f, "off0 off1 msg6=10001100/27 on6 drain ");
	r.bad_slot = NO_SLOT;
	fake_ims_release(next);
	fake_ims_expect(&r.f, "off1 off2 off3 off6 drain ");
	rig_free(&r);
}

/* Half of a move was confirmed: the other half is sent, no more. */
static void move__again__sends_what_is_missing(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 2, 2, 1);
	mock_request(irqs, r.f.a);
	r.bad_slot = 2;
	r.err = MIRQ_EBUSY;
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_EBUSY);
	fake_ims_expect(&r.f, "msg2=10001200/23 msg3=10001200/24 ");
	assert_int_equal(fake_ims_quarantined(&r.f), 2);
	check_fires(&r, 2);
	r.bad_slot = NO_SLOT;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "msg2=10001200/23 drain ");
	assert_int_equal(fake_ims_quarantined(&r.f), 0);
	check_fires(&r, 2);
	rig_free(&r);
}

/* To another CPU and back while nobody listens: the data alone is new. */
static void request__after_a_way_there_and_back__tells_the_data(void **state)
{
	struct mirq_irqs irqs, others;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 2, 1, 1);
	mock_request(irqs, r.f.a);
	fake_ims_release(irqs);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	others = mock_alloc_on(r.f.near, 3, 1); /* its id is taken meanwhile */
	(void)others;
	assert_int_equal(fake_ims_move(irqs, 1), MIRQ_OK);
	r.f.trace_bytes = 0;
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "msg2=10001100/26 on2 drain ");
	assert_int_equal(device_fire(&r, 2), 1);
	assert_int_equal(r.f.a[0].nr, 1);
	rig_free(&r);
}

/* A release that the device did not confirm, behind a table that drains: nobody gets the entry. */
static void release__not_confirmed__its_entry_is_kept(void **state)
{
	struct mirq_irqs irqs, next;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	rig_attach(&r);
	irqs = rig_alloc(&r, 2, 1, 1);
	mock_request(irqs, r.f.a);
	r.bad_slot = 2;
	fake_ims_release(irqs);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	next = rig_alloc(&r, 3, 1, 1);
	mock_request(next, &r.f.a[1]);
	assert_int_equal(device_fire(&r, 2), 1);
	assert_int_equal(r.f.a[0].nr, 0);
	assert_int_equal(r.f.a[1].nr, 0);
	assert_int_equal(device_fire(&r, 3), 1);
	assert_int_equal(r.f.a[1].nr, 1);
	rig_free(&r);
}

/* ---- descriptions ---- */

static void slot__beyond_the_entries__is_refused(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_ims_queue_init(&r.queue, &kind, NULL), MIRQ_OK);
	r.store = fake_ims_attach(&r.f, kind, &r.queue, NR + 1);
	assert_int_equal(try_alloc(&r, NR, 1, 1, &irqs), MIRQ_EINVAL);
	assert_int_equal(try_alloc(&r, NR - 1, 1, 1, &irqs), MIRQ_OK);
	rig_free(&r);
}

static void edit(struct mirq_ims_queue *q, uint32_t at)
{
	switch (at) {
	case 0:
		q->size_bytes = 0;
		break;
	case 1:
		q->command = NULL;
		break;
	case 2:
		q->entries = NULL;
		break;
	case 3:
		q->nr_slots = 0;
		break;
	case 4:
		q->address_bits = 63;
		break;
	case 5:
		q->traits = MIRQ_STORE_MASK_LOSES;
		break;
	case 6:
		q->address_bytes = STRIDE - 7;
		break;
	case 7:
		q->data_bytes = STRIDE - 3;
		break;
	case 8:
		q->data_bytes = 9;
		break;
	case 9:
		q->data_bytes = 19;
		break;
	default:
		break;
	}
}

static void init__description_contradicts_itself__is_refused(void **state)
{
	static const char *const parts[] = {
		"unknown size", "has slots",    "has slots",    "has slots",    "32, 40 or 64",
		"other trait",  "side by side", "side by side", "side by side", "side by side",
	};
	const struct mirq_store_template *kind = NULL;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.queue.memory = r.memory;
	for (uint32_t i = 0; i < MOCK_NR(parts); i++) {
		struct mirq_ims_queue bad = r.queue;

		edit(&bad, i);
		assert_int_equal(mirq_ims_queue_init(&bad, &kind, NULL), MIRQ_EINVAL);
		assert_int_equal(mirq_ims_queue_init(&bad, &kind, &why), MIRQ_EINVAL);
		mock_why(&why, 0, parts[i], "queue");
		assert_null(kind);
	}
	/* Where they touch, they do not overlap. */
	r.queue.data_bytes = 8;
	assert_int_equal(mirq_ims_queue_init(&r.queue, &kind, NULL), MIRQ_OK);
	r.queue.data_bytes = 20;
	assert_int_equal(mirq_ims_queue_init(&r.queue, &kind, NULL), MIRQ_OK);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach__disables_every_slot),
		cmocka_unit_test(life__without_a_table__commands_of_changed_slots_only),
		cmocka_unit_test(move__behind_a_table__sends_no_command),
		cmocka_unit_test(disable__events_meanwhile__no_command_and_no_note),
		cmocka_unit_test(memory__is_whole_when_the_device_fetches),
		cmocka_unit_test(plain__tells_messages_only),
		cmocka_unit_test(plain__freed_before_it_was_told__is_forgotten),
		cmocka_unit_test(pinned__without_a_table__stays),
		cmocka_unit_test(command__fails_once__every_one__is_sent_again),
		cmocka_unit_test(device_dies__at_every_command__and_comes_back),
		cmocka_unit_test(device_is_dead__a_batch_of_eight__ends_after_one_command),
		cmocka_unit_test(slot__that_is_refused_for_ever__harms_no_other),
		cmocka_unit_test(batch__one_slot_is_refused__the_others_are_silenced),
		cmocka_unit_test(left_over__of_a_dead_window__harms_no_other),
		cmocka_unit_test(move__again__sends_what_is_missing),
		cmocka_unit_test(request__after_a_way_there_and_back__tells_the_data),
		cmocka_unit_test(release__not_confirmed__its_entry_is_kept),
		cmocka_unit_test(slot__beyond_the_entries__is_refused),
		cmocka_unit_test(init__description_contradicts_itself__is_refused),
	};

	return cmocka_run_group_tests_name("ims_queue", tests, NULL, NULL);
}
