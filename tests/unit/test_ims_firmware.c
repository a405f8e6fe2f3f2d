/* SPDX-License-Identifier: MIT */
/*
 * test_ims_firmware.c - one message that firmware makes several events of (mirq/ims_firmware.h),
 * on firmware that is made up: it adds the event's number to the data that it was told, takes a
 * message once only if it is that kind, and fails a call, having done it or not.
 *
 * Breaks of the store that were tried, each found here: told before it is on, or again without
 * need; a tell that failed taken for done, or not repeated; stop not called, taken for done, or
 * forgotten; not told again after stop; told another message though it takes one only; that kept
 * beyond the attach; nr_log2 that changes not told; drain not called; ONE_MESSAGE or PINNED not
 * said; each check of the description.
 */
#include <mirq/ims_firmware.h>

#include "fake_ims.h"

#define NR 8

struct rig {
	struct fake_ims f; /* first: the firmware's context */
	struct mirq_ims_firmware firmware;
	struct mirq_store *store;
	/* What the firmware knows. */
	struct mirq_msg base;
	uint32_t nr_events, takes_once, nr_told;
	uint32_t nr_calls, fail_first, fail_limit, nr_fails;
	int does_anyhow;
};

static int fails(struct rig *r)
{
	uint32_t n = r->nr_calls++;
	int yes = n >= r->fail_first && n < r->fail_limit;

	r->nr_fails += (uint32_t)yes;
	return yes;
}

static enum mirq_err tell(void *context, const struct mirq_msg *message, uint32_t nr_log2)
{
	struct rig *r = context;
	int is_failure = fails(r);

	fake_ims_note(&r->f, "tell %llx/%x*%u ", (unsigned long long)message->address,
		      message->data, 1u << nr_log2);
	if (is_failure && !r->does_anyhow)
		return MIRQ_EIO;
	if (r->takes_once && r->nr_told++)
		assert_true(message->address == r->base.address && message->data == r->base.data);
	r->base = *message;
	r->nr_events = 1u << nr_log2;
	return is_failure ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_err stop(void *context)
{
	struct rig *r = context;
	int is_failure = fails(r);

	fake_ims_note(&r->f, "stop ");
	if (!is_failure || r->does_anyhow)
		r->nr_events = 0;
	return is_failure ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_err drain(void *context)
{
	fake_ims_note(&((struct rig *)context)->f, "drain ");
	return MIRQ_OK;
}

/* Event @i: base plus number. 1: it went out. */
static int event(struct rig *r, uint32_t i)
{
	if (i >= r->nr_events)
		return 0;
	fake_ims_send(&r->f, r->base.address, r->base.data + i);
	(void)mock_deliver(r->f.mock);
	return 1;
}

static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	r->firmware = (struct mirq_ims_firmware){
		MIRQ_SIZED(mirq_ims_firmware),
		.name = "firmware",
		.tell = tell,
		.stop = stop,
		.drain = drain,
		.context = r,
		.address_bits = 64,
	};
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_ims_firmware_init(&r->firmware, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->firmware, NR);
}

static struct mirq_irqs rig_alloc(struct rig *r, uint32_t nr, uint32_t cpu)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = nr,
				      .cpus = mirq_cpus_one(cpu) };

	assert_int_equal(mirq_irq_alloc(r->store, &want, &irqs), MIRQ_OK);
	return irqs;
}

static void check_events(struct rig *r, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t before = r->f.a[i].nr;

		assert_int_equal(event(r, i), 1);
		assert_int_equal(r->f.a[i].nr, before + 1);
	}
}

static void rig_free(struct rig *r)
{
	fake_ims_free(&r->f);
}

/* A block is aligned, so that adding is as good as or: 0x28, not 0x23. */
static void block__of_eight__base_plus_number(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 8, 1);
	fake_ims_expect(&r.f, "");
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "tell 10001100/28*8 drain ");
	check_events(&r, 8);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_ENOTSUP);
	fake_ims_release(irqs);
	fake_ims_expect(&r.f, "stop drain ");
	assert_int_equal(event(&r, 0), 0);
	/* Told again: it has forgotten. */
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "tell 10001100/28*8 drain ");
	check_events(&r, 8);
	rig_free(&r);
}

static void block__behind_a_table__members_move_alone(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	r.firmware.traits = MIRQ_STORE_PINNED; /* harmless there */
	r.takes_once = 1;
	rig_attach(&r);
	irqs = rig_alloc(&r, 4, 1);
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "tell 20000000/0*4 drain ");
	assert_int_equal(fake_ims_move(mirq_irq_at(irqs, 2), 3), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	check_events(&r, 4);
	rig_free(&r);
}

/* Members come one by one: one message for all, told once; stopped with the last. */
static void block__requested_one_by_one__is_told_once(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 4, 1);
	mock_request(mirq_irq_at(irqs, 2), &r.f.a[2]);
	fake_ims_expect(&r.f, "tell 10001100/24*4 drain ");
	mock_request(mirq_irq_at(irqs, 0), &r.f.a[0]);
	fake_ims_expect(&r.f, "drain ");
	assert_int_equal(event(&r, 2), 1);
	assert_int_equal(event(&r, 0), 1);
	assert_int_equal(r.f.a[2].nr, 1);
	assert_int_equal(r.f.a[0].nr, 1);
	fake_ims_release(mirq_irq_at(irqs, 2));
	fake_ims_expect(&r.f, "drain ");
	fake_ims_release(mirq_irq_at(irqs, 0));
	fake_ims_expect(&r.f, "stop drain ");
	rig_free(&r);
}

static void move__of_one__tells_again(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 1, 1);
	mock_request(irqs, r.f.a);
	r.f.trace_bytes = 0;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
	fake_ims_expect(&r.f, "tell 10001200/23*1 drain ");
	check_events(&r, 1);
	/* Not confirmed, done or not: both ways live; then it is told again. */
	for (r.does_anyhow = 0; r.does_anyhow < 2; r.does_anyhow++) {
		uint32_t cpu = r.does_anyhow ? 1 : 3;

		r.fail_first = r.nr_calls;
		r.fail_limit = r.nr_calls + 1;
		assert_int_equal(fake_ims_move(irqs, cpu), MIRQ_EIO);
		assert_int_equal(fake_ims_quarantined(&r.f), 1);
		check_events(&r, 1);
		r.f.trace_bytes = 0;
		assert_int_equal(fake_ims_move(irqs, cpu), MIRQ_OK);
		r.f.trace[r.f.trace_bytes] = 0;
		assert_non_null(strstr(r.f.trace, "tell"));
		assert_int_equal(fake_ims_quarantined(&r.f), 0);
		check_events(&r, 1);
	}
	rig_free(&r);
}

static void pinned__takes_one_message_until_it_is_attached_again(void **state)
{
	struct mirq_why why = { 0 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.firmware.traits = MIRQ_STORE_PINNED;
	r.takes_once = 1;
	rig_attach(&r);
	irqs = rig_alloc(&r, 1, 1);
	/* Not confirmed: it may have it, so it is that one or none. */
	r.fail_limit = 1;
	assert_int_equal(mock_request_try(irqs, r.f.a, 0, NULL), MIRQ_EIO);
	mock_request(irqs, r.f.a);
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_ENOTSUP);
	check_events(&r, 1);
	fake_ims_release(irqs);
	mock_request(irqs, r.f.a);
	check_events(&r, 1);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = rig_alloc(&r, 1, 2);
	assert_int_equal(mock_request_try(irqs, r.f.a, 0, &why), MIRQ_ENOTSUP);
	mock_why(&why, 0, "told its one message", "firmware");
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	r.nr_told = 0; /* started anew */
	rig_attach(&r);
	irqs = rig_alloc(&r, 1, 2);
	mock_request(irqs, r.f.a);
	check_events(&r, 1);
	rig_free(&r);
}

/* Another number of events under the same message. */
static void block__of_another_size__is_told(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	r.firmware.stop = NULL;
	rig_attach(&r);
	irqs = rig_alloc(&r, 2, 1);
	mock_request(irqs, r.f.a);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = rig_alloc(&r, 4, 1);
	mock_request(irqs, r.f.a);
	fake_ims_expect(&r.f, "tell 20000000/0*2 drain drain tell 20000000/0*4 drain ");
	check_events(&r, 4);
	/* The next user has the same message: nothing to tell. */
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	mock_request(rig_alloc(&r, 4, 2), r.f.a);
	fake_ims_expect(&r.f, "drain drain ");
	check_events(&r, 4);
	rig_free(&r);
}

/* Life, call by call; what fails is tried again once. */
static void tell_story(struct rig *r, uint32_t nr_tries)
{
	for (uint32_t round = 0; round < 2; round++) {
		struct mirq_irqs irqs = rig_alloc(r, 1, 1 + round);
		uint32_t tries;

		for (tries = 0; mock_request_try(irqs, r->f.a, 0, NULL); tries++) {
			assert_true(tries < nr_tries);
			(void)event(r, 0);
			assert_int_equal(r->f.a[0].nr, 4 * round);
		}
		check_events(r, 1);
		for (tries = 0; fake_ims_move(irqs, 3 * round); tries++)
			assert_true(tries < nr_tries);
		check_events(r, 1);
		fake_ims_release(irqs);
		for (tries = 0; mock_request_try(irqs, r->f.a, 0, NULL); tries++)
			assert_true(tries < nr_tries);
		check_events(r, 1);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		r->f.a[0].nr = 4 * (round + 1);
		(void)event(r, 0);
		assert_int_equal(r->f.a[0].nr, 4 * (round + 1));
	}
}

static void call__fails_once__every_one__is_repeated(void **state)
{
	uint32_t nr;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	tell_story(&r, 0);
	nr = r.nr_calls;
	assert_true(nr >= 10);
	rig_free(&r);
	for (uint32_t n = 0; n < 2 * nr; n++) {
		rig_new(&r, 0);
		rig_attach(&r);
		r.does_anyhow = n & 1;
		r.fail_first = n / 2;
		r.fail_limit = n / 2 + 1;
		tell_story(&r, 1);
		assert_int_equal(r.nr_fails, 1);
		rig_free(&r);
	}
}

/* A stop that was not confirmed: the id stays out of use, and the next window stops it. */
static void stop__fails__is_sent_again(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 1, 1);
	mock_request(irqs, r.f.a);
	r.fail_first = r.nr_calls;
	r.fail_limit = UINT32_MAX;
	fake_ims_release(irqs);
	assert_int_equal(fake_ims_quarantined(&r.f), 1);
	assert_int_equal(event(&r, 0), 1);
	assert_int_equal(r.f.a[0].nr, 0);
	r.f.trace_bytes = 0;
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = rig_alloc(&r, 1, 2);
	assert_int_equal(mock_request_try(irqs, r.f.a, 0, NULL), MIRQ_EIO);
	fake_ims_expect(&r.f, "tell 10001200/23*1 stop drain ");
	r.fail_limit = 0;
	mock_request(irqs, r.f.a);
	check_events(&r, 1);
	/* The last thing that a detach does is to try again; what was confirmed it leaves. */
	r.fail_first = r.nr_calls;
	r.fail_limit = r.nr_calls + 1;
	r.f.trace_bytes = 0;
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	fake_ims_expect(&r.f, "stop drain stop ");
	rig_attach(&r);
	mock_request(rig_alloc(&r, 1, 1), r.f.a);
	r.f.trace_bytes = 0;
	assert_int_equal(mirq_store_detach(r.store), MIRQ_OK);
	fake_ims_expect(&r.f, "stop drain ");
	assert_int_equal(r.firmware.kind.update, MIRQ_UPDATE_96);
	rig_free(&r);
}

static void slot__with_a_cookie__is_refused(void **state)
{
	static const uint64_t cookie = 1;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	assert_int_equal(fake_ims_alloc(r.store, 0, 1, 1, &cookie, &irqs), MIRQ_ENOTSUP);
	rig_free(&r);
}

static void init__description_contradicts_itself__is_refused(void **state)
{
	static const char *const parts[] = { "unknown size", "needs .tell", "other trait",
					     "32, 40 or 64", ".min_log2" };
	const struct mirq_store_template *kind = NULL;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	for (uint32_t i = 0; i < MOCK_NR(parts); i++) {
		struct mirq_ims_firmware bad = r.firmware;

		bad.size_bytes += i == 0;
		bad.tell = i == 1 ? NULL : tell;
		bad.traits = i == 2 ? MIRQ_STORE_ONE_MESSAGE : 0;
		bad.address_bits = i == 3 ? 16 : 64;
		bad.min_log2 = i == 4 ? 6 : 5;
		assert_int_equal(mirq_ims_firmware_init(&bad, &kind, NULL), MIRQ_EINVAL);
		assert_int_equal(mirq_ims_firmware_init(&bad, &kind, &why), MIRQ_EINVAL);
		mock_why(&why, 0, parts[i], "firmware");
		assert_null(kind);
	}
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block__of_eight__base_plus_number),
		cmocka_unit_test(block__behind_a_table__members_move_alone),
		cmocka_unit_test(block__requested_one_by_one__is_told_once),
		cmocka_unit_test(move__of_one__tells_again),
		cmocka_unit_test(pinned__takes_one_message_until_it_is_attached_again),
		cmocka_unit_test(block__of_another_size__is_told),
		cmocka_unit_test(call__fails_once__every_one__is_repeated),
		cmocka_unit_test(stop__fails__is_sent_again),
		cmocka_unit_test(slot__with_a_cookie__is_refused),
		cmocka_unit_test(init__description_contradicts_itself__is_refused),
	};

	return cmocka_run_group_tests_name("ims_firmware", tests, NULL, NULL);
}
