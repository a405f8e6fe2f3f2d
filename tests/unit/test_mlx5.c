/* SPDX-License-Identifier: MIT */
/*
 * test_mlx5.c - messages in event-queue contexts (mirq/mlx5.h) on an adapter with a decode of its
 * own: commands are 32 bytes, big-endian; 0: opcode, 2: owner, 6: modifier (1 bind, 2 message,
 * 3 enable, 4 disable), 9: event queue (3 bytes), 12: slot, 16: address, 24: data. It has three
 * event queues with an owner each, refuses commands for an event queue of somebody else, and may
 * fail any command: not answer, having done it or not, or answer that it is busy.
 *
 * Breaks of the store that were tried, each found here: each field at another place, of another
 * width, little-endian or left out; the message sent with every command; owner and event queue the
 * other way round in the cookie, either cut, none bounded; an answer not looked at, or taken for a
 * dead adapter; each status taken for another; status or syndrome not kept; exec's own error lost;
 * drain not called, or its error lost; no cookies, no enables; each check of the description.
 */
#include <mirq/mlx5.h>

#include "fake_ims.h"

#define NR 8
#define OPCODE 0x0b1e

struct adapter_slot {
	uint32_t eq, owner, is_bound, has_msg, is_on;
	struct mirq_msg msg;
};

struct rig {
	struct fake_ims f; /* first: the adapter's context */
	struct mirq_mlx5 mlx5;
	struct mirq_ims_queue_entry entries[NR];
	struct mirq_store *store;
	struct adapter_slot slots[NR];
	unsigned char last[MIRQ_MLX5_IN_BYTES];
	uint32_t nr_commands, fail_first, fail_limit, nr_fails;
	uint32_t status; /* what a command that fails is answered; 0: no answer */
	int does_anyhow; /* though there is no answer */
	int is_dead;
};

static const struct {
	uint32_t eq, owner;
} eqs[] = { { 0x11, 0 }, { 0x56789a, 0x1234 }, { 0x56789b, 0x1235 } };

static uint64_t load(const unsigned char *at, uint32_t nr_bytes)
{
	uint64_t value = 0;

	while (nr_bytes--)
		value = value << 8 | *at++;
	return value;
}

static int is_owned(uint32_t eq, uint32_t owner)
{
	for (uint32_t i = 0; i < MOCK_NR(eqs); i++)
		if (eqs[i].eq == eq)
			return eqs[i].owner == owner;
	return 0;
}

/* Does a command; its status. */
static uint32_t adapter_do(struct rig *r, const unsigned char *in)
{
	uint32_t eq = (uint32_t)load(in + 9, 3), owner = (uint32_t)load(in + 2, 2);
	uint32_t i = (uint32_t)load(in + 12, 4), modifier = (uint32_t)load(in + 6, 2);
	struct adapter_slot *slot = &r->slots[i];

	if (load(in, 2) != OPCODE || load(in + 4, 2) || in[8] || load(in + 28, 4))
		return 2;
	if (i >= NR)
		return 0xa;
	if (modifier != 2 && (load(in + 16, 8) || load(in + 24, 4)))
		return 3;
	if (modifier == 4) {
		slot->is_on = 0;
		return 0;
	}
	if (!is_owned(eq, owner))
		return 5;
	if (modifier == 1) {
		if (slot->is_on)
			return 9;
		*slot = (struct adapter_slot){ .eq = eq, .owner = owner, .is_bound = 1 };
		return 0;
	}
	if (!slot->is_bound || slot->eq != eq || slot->owner != owner)
		return 9;
	if (modifier == 2) {
		slot->msg.address = load(in + 16, 8);
		slot->msg.data = (uint32_t)load(in + 24, 4);
		slot->has_msg = 1;
		return 0;
	}
	if (modifier != 3 || !slot->has_msg)
		return 3;
	slot->is_on = 1;
	return 0;
}

static enum mirq_err adapter_exec(void *context, const unsigned char *in, unsigned char *out)
{
	static const char *const names[] = { "?", "bind", "msg", "on", "off" };
	struct rig *r = context;
	uint32_t n = r->nr_commands++, modifier = in[7] < 5 ? in[7] : 0;
	int fails = n >= r->fail_first && n < r->fail_limit;

	if (r->is_dead)
		return MIRQ_EIO;
	fake_ims_note(&r->f, "%s%u ", names[modifier], in[15]);
	memcpy(r->last, in, sizeof(r->last));
	memset(out, 0, MIRQ_MLX5_OUT_BYTES);
	r->nr_fails += (uint32_t)fails;
	if (!fails || (!r->status && r->does_anyhow))
		out[0] = (unsigned char)adapter_do(r, in);
	else
		out[0] = (unsigned char)r->status;
	if (out[0]) {
		out[4] = 0xca;
		out[7] = 0xfe;
	}
	return fails && !r->status ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_err adapter_drain(void *context)
{
	struct rig *r = context;

	fake_ims_note(&r->f, "drain ");
	return r->is_dead ? MIRQ_EIO : MIRQ_OK;
}

static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	r->mlx5 = (struct mirq_mlx5){
		MIRQ_SIZED(mirq_mlx5), .exec = adapter_exec, .drain = adapter_drain, .context = r,
		.entries = r->entries, .nr_slots = NR,       .opcode = OPCODE,
	};
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_mlx5_init(&r->mlx5, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->mlx5.queue, NR);
	r->f.trace_bytes = 0;
}

static enum mirq_err try_alloc(struct rig *r, uint32_t slot, uint32_t eq, uint32_t cpu,
			       struct mirq_irqs *out_irqs)
{
	uint64_t cookie = mirq_mlx5_cookie(eqs[eq].eq, (uint16_t)eqs[eq].owner);

	return fake_ims_alloc(r->store, slot, 1, cpu, &cookie, out_irqs);
}

static struct mirq_irqs rig_alloc(struct rig *r, uint32_t slot, uint32_t eq, uint32_t cpu)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	assert_int_equal(try_alloc(r, slot, eq, cpu, &irqs), MIRQ_OK);
	return irqs;
}

/* An event of an event queue goes out by the slot that is bound to it; how many did. */
static uint32_t eq_event(struct rig *r, uint32_t eq)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < NR; i++) {
		const struct adapter_slot *slot = &r->slots[i];

		if (!slot->is_bound || !slot->is_on || slot->eq != eqs[eq].eq)
			continue;
		fake_ims_send(&r->f, slot->msg.address, slot->msg.data);
		nr++;
	}
	(void)mock_deliver(r->f.mock);
	return nr;
}

static void check_fires(struct rig *r, uint32_t eq, struct mock_action *a)
{
	uint64_t before = a->nr;

	assert_int_equal(eq_event(r, eq), 1);
	assert_int_equal(a->nr, before + 1);
}

/* ---- golden bytes ---- */

static void command__of_each_kind__byte_by_byte(void **state)
{
	static const unsigned char bind[] = { 0x0b, 0x1e, 0x12, 0x34, 0, 0, 0, 1,
					      0,    0x56, 0x78, 0x9a, 0, 0, 0, 3 };
	static const unsigned char msg[] = { 0x0b, 0x1e, 0x12, 0x34, 0,    0,    0,
					     2,    0,    0x56, 0x78, 0x9a, 0,    0,
					     0,    3,    0x01, 0x23, 0x45, 0x67, 0x89,
					     0xab, 0xcd, 0xe0, 0xf1, 0xe2, 0xd3, 0xc4 };
	static const unsigned char on[] = { 0x0b, 0x1e, 0x12, 0x34, 0, 0, 0, 3,
					    0,    0x56, 0x78, 0x9a, 0, 0, 0, 3 };
	static const unsigned char off[] = { 0x0b, 0x1e, 0x12, 0x34, 0, 0, 0, 4,
					     0,    0x56, 0x78, 0x9a, 0, 0, 0, 3 };
	static const struct mirq_msg message = { UINT64_C(0x0123456789abcde0), 0xf1e2d3c4 };
	static const struct {
		enum mirq_ims_queue_op op;
		const unsigned char *bytes;
		uint32_t nr_bytes;
	} golden[] = {
		{ MIRQ_IMS_QUEUE_COOKIE, bind, sizeof(bind) },
		{ MIRQ_IMS_QUEUE_MESSAGE, msg, sizeof(msg) },
		{ MIRQ_IMS_QUEUE_ENABLE, on, sizeof(on) },
		{ MIRQ_IMS_QUEUE_DISABLE, off, sizeof(off) },
	};
	uint64_t cookie = mirq_mlx5_cookie(0x56789a, 0x1234);
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.mlx5.status = r.mlx5.syndrome = 7;
	rig_attach(&r);
	assert_int_equal(r.mlx5.status | r.mlx5.syndrome, 0);
	assert_int_equal(cookie, UINT64_C(0x123456789a));
	for (uint32_t i = 0; i < MOCK_NR(golden); i++) {
		unsigned char wanted[MIRQ_MLX5_IN_BYTES] = { 0 };

		memcpy(wanted, golden[i].bytes, golden[i].nr_bytes);
		assert_int_equal(r.mlx5.queue.command(&r.mlx5, golden[i].op, 3, &message, cookie),
				 MIRQ_OK);
		assert_memory_equal(r.last, wanted, sizeof(wanted));
	}
	fake_ims_free(&r.f);
}

static void attach__disables_every_slot(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	for (uint32_t i = 0; i < NR; i++)
		r.slots[i].is_on = 1; /* whoever used it before */
	assert_int_equal(mirq_mlx5_init(&r.mlx5, &kind, NULL), MIRQ_OK);
	r.store = fake_ims_attach(&r.f, kind, &r.mlx5.queue, NR);
	fake_ims_expect(&r.f, "off0 off1 off2 off3 off4 off5 off6 off7 ");
	for (uint32_t i = 0; i < NR; i++)
		assert_int_equal(r.slots[i].is_on, 0);
	assert_true(kind->traits & MIRQ_STORE_VETTED);
	assert_int_equal(kind->update, MIRQ_UPDATE_96);
	assert_int_equal(kind->address_bits, 64);
	fake_ims_free(&r.f);
}

/* Bound, then told, then let through. */
static void life__without_a_table__in_order(void **state)
{
	struct mirq_irqs irqs, near;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 3, 1, 1);
	near = rig_alloc(&r, 4, 2, 1);
	fake_ims_expect(&r.f, "bind3 bind4 ");
	mock_request(irqs, &r.f.a[0]);
	fake_ims_expect(&r.f, "msg3 on3 drain ");
	mock_request(near, &r.f.a[1]);
	fake_ims_expect(&r.f, "msg4 on4 drain ");
	check_fires(&r, 1, &r.f.a[0]);
	check_fires(&r, 2, &r.f.a[1]);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "msg3 drain ");
	assert_int_equal(r.slots[3].msg.address, 0x10001200);
	check_fires(&r, 1, &r.f.a[0]);
	check_fires(&r, 2, &r.f.a[1]);
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "off3 drain ");
	assert_int_equal(eq_event(&r, 1), 0);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	/* The slot goes to another event queue, the neighbour keeps its own. */
	irqs = rig_alloc(&r, 3, 0, 3);
	mock_request(irqs, &r.f.a[2]);
	fake_ims_expect(&r.f, "bind3 msg3 on3 drain ");
	check_fires(&r, 0, &r.f.a[2]);
	check_fires(&r, 2, &r.f.a[1]);
	assert_int_equal(r.slots[4].owner, 0x1235);
	fake_ims_free(&r.f);
}

static void move__behind_a_table__sends_no_command(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	rig_attach(&r);
	irqs = rig_alloc(&r, 0, 1, 1);
	mock_request(irqs, &r.f.a[0]);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	assert_int_equal(r.slots[0].msg.address, 0x20000000);
	check_fires(&r, 1, &r.f.a[0]);
	fake_ims_free(&r.f);
}

/* Without a drain an id that was left is not known to be free. */
static void drain__none__ids_stay_in_quarantine(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.mlx5.drain = NULL;
	rig_attach(&r);
	irqs = rig_alloc(&r, 0, 1, 1);
	mock_request(irqs, &r.f.a[0]);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "bind0 msg0 on0 msg0 ");
	assert_int_equal(fake_ims_quarantined(&r.f), 1);
	check_fires(&r, 1, &r.f.a[0]);
	fake_ims_free(&r.f);
}

/* ---- refusals ---- */

/* raises: mirq_irq_alloc MIRQ_EINVAL */
static void bind__of_what_is_not_ones_own__is_refused(void **state)
{
	const uint64_t cookies[] = { mirq_mlx5_cookie(0x56789a, 0x1235),
				     mirq_mlx5_cookie(0x77, 0) };
	const uint64_t wide[] = { mirq_mlx5_cookie(0x1000000, 0), mirq_mlx5_cookie(UINT32_MAX, 7),
				  UINT64_C(1) << 40 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	for (uint32_t i = 0; i < MOCK_NR(cookies); i++) {
		assert_int_equal(fake_ims_alloc(r.store, 1, 1, 1, &cookies[i], &irqs), MIRQ_EINVAL);
		fake_ims_expect(&r.f, "bind1 ");
		assert_int_equal(r.mlx5.status, 5);
		assert_int_equal(r.mlx5.syndrome, 0xca0000fe);
	}
	for (uint32_t i = 0; i < MOCK_NR(wide); i++) {
		assert_int_equal(fake_ims_alloc(r.store, 1, 1, 1, &wide[i], &irqs), MIRQ_EINVAL);
		fake_ims_expect(&r.f, "");
	}
	mock_request(rig_alloc(&r, 1, 0, 1), &r.f.a[0]);
	check_fires(&r, 0, &r.f.a[0]);
	fake_ims_free(&r.f);
}

static void status__of_an_answer__is_an_error_of_this_slot(void **state)
{
	static const struct {
		uint32_t status;
		enum mirq_err err;
	} answers[] = {
		{ 0x01, MIRQ_EINVAL }, { 0x02, MIRQ_ENOTSUP }, { 0x03, MIRQ_EINVAL },
		{ 0x05, MIRQ_EINVAL }, { 0x06, MIRQ_EBUSY },   { 0x08, MIRQ_ENOSPC },
		{ 0x09, MIRQ_EINVAL }, { 0x0f, MIRQ_ENOSPC },  { 0x50, MIRQ_EINVAL },
		{ 0xff, MIRQ_EINVAL },
	};
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	for (uint32_t i = 0; i < MOCK_NR(answers); i++) {
		r.status = answers[i].status;
		r.fail_first = r.nr_commands;
		r.fail_limit = r.nr_commands + 1;
		assert_int_equal(try_alloc(&r, 0, 1, 1, &irqs), answers[i].err);
		assert_int_equal(r.mlx5.status, answers[i].status);
	}
	/* Of two slots the one that is refused does not stop the other. */
	mock_request(rig_alloc(&r, 0, 1, 1), &r.f.a[0]);
	mock_request(rig_alloc(&r, 1, 2, 1), &r.f.a[1]);
	irqs = (struct mirq_irqs){ r.store, { 0, 2 } };
	r.fail_first = r.nr_commands;
	r.fail_limit = r.nr_commands + 1;
	r.status = 6;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_EBUSY);
	assert_int_equal(r.slots[1].msg.address, 0x10001200);
	check_fires(&r, 1, &r.f.a[0]);
	check_fires(&r, 2, &r.f.a[1]);
	fake_ims_free(&r.f);
}

/* ---- commands that fail ---- */

/* A life, command by command; what fails is tried again once. */
static void tell_story(struct rig *r, uint32_t nr_tries)
{
	for (uint32_t round = 0; round < 2; round++) {
		struct mirq_irqs irqs;
		uint32_t tries;

		for (tries = 0; try_alloc(r, 2, 1 + round, 1, &irqs); tries++)
			assert_true(tries < nr_tries);
		for (tries = 0; mock_request_try(irqs, r->f.a, 0, NULL); tries++)
			assert_true(tries < nr_tries);
		check_fires(r, 1 + round, r->f.a);
		for (tries = 0; fake_ims_move(irqs, 3); tries++)
			assert_true(tries < nr_tries);
		check_fires(r, 1 + round, r->f.a);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	}
}

static void command__fails_once__every_one__is_repeated(void **state)
{
	uint32_t nr, first;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	first = r.nr_commands;
	tell_story(&r, 0);
	nr = r.nr_commands - first;
	assert_int_equal(nr, 2 * (1 + 2 + 1 + 1));
	fake_ims_free(&r.f);
	/* No answer and not done; no answer and done; busy. */
	for (uint32_t n = 0; n < 3 * nr; n++) {
		rig_new(&r, 0);
		rig_attach(&r);
		r.does_anyhow = n % 3 == 1;
		r.status = n % 3 == 2 ? 6 : 0;
		r.fail_first = r.nr_commands + n / 3;
		r.fail_limit = r.fail_first + 1;
		tell_story(&r, 1);
		assert_int_equal(r.nr_fails, 1);
		fake_ims_free(&r.f);
	}
}

static void adapter__is_dead__is_told_and_comes_back(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs, more;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.is_dead = 1;
	assert_int_equal(mirq_mlx5_init(&r.mlx5, &kind, NULL), MIRQ_OK);
	assert_int_equal(fake_ims_try(&r.f, kind, &r.mlx5.queue, NR, &r.store), MIRQ_EIO);
	r.is_dead = 0;
	rig_attach(&r);
	irqs = rig_alloc(&r, 0, 1, 1);
	mock_request(irqs, &r.f.a[0]);
	r.is_dead = 1;
	assert_int_equal(try_alloc(&r, 1, 2, 1, &more), MIRQ_EIO);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_EIO);
	r.is_dead = 0;
	check_fires(&r, 1, &r.f.a[0]);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	assert_int_equal(r.slots[0].msg.address, 0x10001200);
	check_fires(&r, 1, &r.f.a[0]);
	fake_ims_free(&r.f);
}

static void init__description_contradicts_itself__is_refused(void **state)
{
	static const char *const parts[] = {
		"unknown size",       ".exec", ".opcode", ".opcode", "memory for an entry",
		"memory for an entry"
	};
	const struct mirq_store_template *kind = NULL;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	for (uint32_t i = 0; i < MOCK_NR(parts); i++) {
		struct mirq_mlx5 bad = r.mlx5;

		bad.size_bytes += i == 0;
		bad.exec = i == 1 ? NULL : bad.exec;
		bad.opcode = i == 2 ? 0 : i == 3 ? 0x10000 : bad.opcode;
		bad.entries = i == 4 ? NULL : bad.entries;
		bad.nr_slots = i == 5 ? 0 : bad.nr_slots;
		assert_int_equal(mirq_mlx5_init(&bad, &kind, NULL), MIRQ_EINVAL);
		assert_int_equal(mirq_mlx5_init(&bad, &kind, &why), MIRQ_EINVAL);
		mock_why(&why, 0, parts[i], "MLX5-IMS");
		assert_null(kind);
	}
	fake_ims_free(&r.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command__of_each_kind__byte_by_byte),
		cmocka_unit_test(attach__disables_every_slot),
		cmocka_unit_test(life__without_a_table__in_order),
		cmocka_unit_test(move__behind_a_table__sends_no_command),
		cmocka_unit_test(drain__none__ids_stay_in_quarantine),
		cmocka_unit_test(bind__of_what_is_not_ones_own__is_refused),
		cmocka_unit_test(status__of_an_answer__is_an_error_of_this_slot),
		cmocka_unit_test(command__fails_once__every_one__is_repeated),
		cmocka_unit_test(adapter__is_dead__is_told_and_comes_back),
		cmocka_unit_test(init__description_contradicts_itself__is_refused),
	};

	return cmocka_run_group_tests_name("mlx5", tests, NULL, NULL);
}
