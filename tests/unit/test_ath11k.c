/* SPDX-License-Identifier: MIT */
/*
 * test_ath11k.c - the message of a Wi-Fi device (mirq/ath11k.h) on a device with a decode of its
 * own: four users, each with an address and data of its own and a number of events, of which source
 * i raises event i % number. A user takes a message once, or again and again, and may fail to be
 * told, having taken it or not.
 *
 * Breaks of the store that were tried, each found here: first event or number of each user in each
 * plan, slots of each plan; the first event not added; a user left out, or told though it has no
 * events; going on after a user that failed, its error lost; a block that is too small told, taken
 * for told, or refused without its own sentence, or that sentence of another refusal; 32 address
 * bits; pinned and told again the other way round; stop or drain not called, or their errors lost;
 * slot without the remainder; each check of the description.
 */
#include <mirq/ath11k.h>

#include "fake_ims.h"

struct rig {
	struct fake_ims f; /* first: the device's context */
	struct mirq_ath11k ath11k;
	struct mirq_store *store;
	struct mock_action a[32];
	struct {
		struct mirq_msg base;
		uint32_t nr_events, nr_told;
	} users[MIRQ_ATH11K_NR_USERS];
	uint32_t nr_calls, fail_first, fail_limit, nr_fails;
	int does_anyhow, takes_once, is_dead; /* 2: does not stop */
};

static enum mirq_err wifi_tell(void *context, enum mirq_ath11k_user user, uint64_t address,
			       uint32_t data, uint32_t nr_events)
{
	struct rig *r = context;
	uint32_t n = r->nr_calls++;
	int fails = n >= r->fail_first && n < r->fail_limit;

	fake_ims_note(&r->f, "%u:%llx/%x*%u ", user, (unsigned long long)address, data, nr_events);
	r->nr_fails += (uint32_t)fails;
	if (fails && !r->does_anyhow)
		return MIRQ_EIO;
	if (r->takes_once && r->users[user].nr_told++)
		assert_true(r->users[user].base.address == address &&
			    r->users[user].base.data == data);
	r->users[user].base = (struct mirq_msg){ address, data };
	r->users[user].nr_events = nr_events;
	return fails ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_err wifi_stop(void *context)
{
	struct rig *r = context;

	fake_ims_note(&r->f, "stop ");
	for (uint32_t i = 0; i < MIRQ_ATH11K_NR_USERS && !r->is_dead; i++)
		r->users[i].nr_events = 0;
	return r->is_dead ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_err wifi_drain(void *context)
{
	struct rig *r = context;

	fake_ims_note(&r->f, "drain ");
	return r->is_dead == 1 ? MIRQ_EIO : MIRQ_OK;
}

static void rig_new(struct rig *r, int has_table, uint32_t nr_events, uint32_t flags)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	for (uint32_t i = 0; i < MOCK_NR(r->a); i++)
		r->a[i].mock = r->f.mock;
	r->takes_once = !flags;
	r->ath11k = (struct mirq_ath11k){
		MIRQ_SIZED(mirq_ath11k), .nr_events = nr_events, .tell = wifi_tell,
		.stop = wifi_stop,       .drain = wifi_drain,    .context = r,
		.flags = flags,
	};
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_ath11k_init(&r->ath11k, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->ath11k.firmware, r->ath11k.nr_slots);
}

static struct mirq_irqs rig_alloc(struct rig *r, uint32_t nr, uint32_t cpu)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = nr,
				      .cpus = mirq_cpus_one(cpu) };

	assert_int_equal(mirq_irq_alloc(r->store, &want, &irqs), MIRQ_OK);
	return irqs;
}

/* Source @i of @user has an event. 1: it went out. */
static int event(struct rig *r, enum mirq_ath11k_user user, uint32_t i)
{
	uint32_t nr = r->users[user].nr_events;

	if (!nr)
		return 0;
	fake_ims_send(&r->f, r->users[user].base.address, r->users[user].base.data + i % nr);
	(void)mock_deliver(r->f.mock);
	return 1;
}

/* Each of 20 sources of each user reaches the handler of the slot that the header names. */
static void check_events(struct rig *r, uint32_t users)
{
	for (uint32_t user = 0; user < MIRQ_ATH11K_NR_USERS; user++)
		for (uint32_t i = 0; i < 20; i++) {
			uint32_t slot = mirq_ath11k_slot(&r->ath11k, (enum mirq_ath11k_user)user,
							 i);
			uint64_t before = slot < 32 ? r->a[slot].nr : 0;

			assert_int_equal(event(r, (enum mirq_ath11k_user)user, i),
					 users >> user & 1);
			if (!(users >> user & 1))
				assert_int_equal(slot, UINT32_MAX);
			else
				assert_int_equal(r->a[slot].nr, before + 1);
		}
}

/* ---- golden plans ---- */

static void plan__of_each_device__base_plus_first_event(void **state)
{
	static const struct {
		uint32_t nr_events, nr_slots, users;
		const char *trace;
	} plans[] = {
		{ 32, 32, 15,
		  "0:10001100/40*3 1:10001100/43*10 2:10001100/4d*1 3:10001100/4e*18 drain " },
		{ 28, 32, 10, "1:10001100/40*10 3:10001100/4a*18 drain " },
		{ 16, 16, 11, "0:10001100/30*3 1:10001100/33*5 3:10001100/38*8 drain " },
		{ 1, 1, 15,
		  "0:10001100/23*1 1:10001100/23*1 2:10001100/23*1 3:10001100/23*1 drain " },
	};
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(plans); i++) {
		rig_new(&r, 0, plans[i].nr_events, 0);
		rig_attach(&r);
		assert_int_equal(r.ath11k.nr_slots, plans[i].nr_slots);
		irqs = rig_alloc(&r, plans[i].nr_slots, 1);
		mock_request(irqs, r.a);
		fake_ims_expect(&r.f, plans[i].trace);
		check_events(&r, plans[i].users);
		fake_ims_release(irqs);
		fake_ims_expect(&r.f, "stop drain ");
		assert_int_equal(event(&r, MIRQ_ATH11K_CE, 0), 0);
		mock_request(irqs, r.a);
		check_events(&r, plans[i].users);
		fake_ims_free(&r.f);
	}
}

static void kind__is_vetted_and_40_bits_wide(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 32, 0);
	assert_int_equal(mirq_ath11k_init(&r.ath11k, &kind, NULL), MIRQ_OK);
	assert_int_equal(kind->address_bits, 40);
	assert_int_equal(kind->traits,
			 MIRQ_STORE_VETTED | MIRQ_STORE_ONE_MESSAGE | MIRQ_STORE_PINNED);
	r.ath11k.flags = MIRQ_ATH11K_TOLD_AGAIN;
	r.ath11k.stop = r.ath11k.drain = NULL;
	assert_int_equal(mirq_ath11k_init(&r.ath11k, &kind, NULL), MIRQ_OK);
	assert_int_equal(kind->traits, MIRQ_STORE_VETTED | MIRQ_STORE_ONE_MESSAGE);
	assert_null(r.ath11k.firmware.stop);
	assert_null(r.ath11k.firmware.drain);
	fake_ims_free(&r.f);
}

/* ---- moves ---- */

/* A table above: told once, and each event moves alone. */
static void move__behind_a_table__tells_nothing(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, 32, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 32, 1);
	mock_request(irqs, r.a);
	fake_ims_expect(&r.f,
			"0:20000000/0*3 1:20000000/3*10 2:20000000/d*1 3:20000000/e*18 drain ");
	for (uint32_t i = 0; i < 32; i += 5)
		assert_int_equal(fake_ims_move(mirq_irq_at(irqs, i), i % 4), MIRQ_OK);
	fake_ims_expect(&r.f, "");
	check_events(&r, 15);
	fake_ims_free(&r.f);
}

/* raises: mirq_affinity_set MIRQ_ENOTSUP */
static void move__without_a_table__one_event_that_can_be_told_again(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t flags = 0; flags < 2; flags++) {
		rig_new(&r, 0, 1, flags ? MIRQ_ATH11K_TOLD_AGAIN : 0);
		rig_attach(&r);
		irqs = rig_alloc(&r, 1, 1);
		mock_request(irqs, r.a);
		r.f.trace_bytes = 0;
		assert_int_equal(fake_ims_move(irqs, 2), flags ? MIRQ_OK : MIRQ_ENOTSUP);
		fake_ims_expect(&r.f, flags ? "0:10001200/23*1 1:10001200/23*1 2:10001200/23*1 "
					      "3:10001200/23*1 drain "
					    : "");
		check_events(&r, 15);
		fake_ims_free(&r.f);
		/* A block that shares its message cannot move as one. */
		rig_new(&r, 0, 32, flags ? MIRQ_ATH11K_TOLD_AGAIN : 0);
		rig_attach(&r);
		irqs = rig_alloc(&r, 32, 1);
		mock_request(irqs, r.a);
		assert_int_equal(fake_ims_move(irqs, 2), MIRQ_ENOTSUP);
		check_events(&r, 15);
		fake_ims_free(&r.f);
	}
}

/* ---- failures ---- */

/* Any user fails to be told, at the request or at the move: until all have been told again, some
 * have the new message and some the old one, and every event of each is handled. */
static void tell__fails_for_any_user__is_repeated_for_all(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t n = 0; n < 2 * 8; n++) {
		rig_new(&r, 0, 1, MIRQ_ATH11K_TOLD_AGAIN);
		rig_attach(&r);
		r.does_anyhow = n & 1;
		r.fail_first = n / 2;
		r.fail_limit = n / 2 + 1;
		irqs = rig_alloc(&r, 1, 1);
		if (n < 8) {
			assert_int_equal(mock_request_try(irqs, r.a, 0, NULL), MIRQ_EIO);
			assert_int_equal(r.nr_calls, n / 2 + 1);
			mock_request(irqs, r.a);
		} else {
			mock_request(irqs, r.a);
			assert_int_equal(fake_ims_move(irqs, 3), MIRQ_EIO);
			assert_int_equal(r.nr_calls, n / 2 + 1);
			check_events(&r, 15);
		}
		assert_int_equal(fake_ims_move(irqs, 3), MIRQ_OK);
		check_events(&r, 15);
		assert_int_equal(r.users[MIRQ_ATH11K_DP].base.address, 0x10001300);
		assert_int_equal(r.nr_fails, 1);
		fake_ims_free(&r.f);
	}
}

/* raises: mirq_irq_request MIRQ_EINVAL */
static void block__smaller_than_the_plan__is_not_told(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 32, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 16, 1);
	assert_int_equal(mock_request_try(irqs, r.a, 0, &r.f.mock->why), MIRQ_EINVAL);
	assert_int_equal(r.f.mock->why.nr_wanted, 32);
	assert_int_equal(r.f.mock->why.nr_left, 16);
	mock_why(&r.f.mock->why, 0, "fewer slots than the device has events", "ATH11K");
	assert_int_equal(r.nr_calls, 0);
	/* That is said of this refusal only; nor is it the one message that it can be told. */
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = rig_alloc(&r, 32, 1);
	r.fail_limit = 1;
	assert_int_equal(mock_request_try(irqs, r.a, 0, &r.f.mock->why), MIRQ_EIO);
	mock_why(&r.f.mock->why, 0, "did not answer", "ATH11K");
	mock_request(irqs, r.a);
	check_events(&r, 15);
	fake_ims_free(&r.f);
}

static void device__is_dead__keeps_its_id(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, 1, MIRQ_ATH11K_TOLD_AGAIN);
	rig_attach(&r);
	irqs = rig_alloc(&r, 1, 1);
	mock_request(irqs, r.a);
	r.is_dead = 1;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_EIO); /* told, but is it drained? */
	fake_ims_release(irqs);
	assert_true(fake_ims_quarantined(&r.f) >= 1);
	r.is_dead = 0;
	mock_request(irqs, r.a);
	check_events(&r, 15);
	fake_ims_free(&r.f);
	/* It answers and does not stop: what it may still send is nobody else's. */
	rig_new(&r, 0, 1, MIRQ_ATH11K_TOLD_AGAIN);
	rig_attach(&r);
	irqs = rig_alloc(&r, 1, 1);
	mock_request(irqs, r.a);
	r.is_dead = 2;
	fake_ims_release(irqs);
	assert_int_equal(fake_ims_quarantined(&r.f), 1);
	fake_ims_free(&r.f);
}

static void init__description_contradicts_itself__is_refused(void **state)
{
	static const char *const parts[] = { "unknown size", ".tell", ".nr_events", ".nr_events" };
	const struct mirq_store_template *kind = NULL;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_new(&r, 0, 32, 0);
	for (uint32_t i = 0; i < MOCK_NR(parts); i++) {
		struct mirq_ath11k bad = r.ath11k;

		bad.size_bytes += i == 0;
		bad.tell = i == 1 ? NULL : bad.tell;
		bad.nr_events = i == 2 ? 0 : i == 3 ? 8 : bad.nr_events;
		assert_int_equal(mirq_ath11k_init(&bad, &kind, NULL), MIRQ_EINVAL);
		assert_int_equal(mirq_ath11k_init(&bad, &kind, &why), MIRQ_EINVAL);
		mock_why(&why, 0, parts[i], "ATH11K");
		assert_null(kind);
	}
	fake_ims_free(&r.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan__of_each_device__base_plus_first_event),
		cmocka_unit_test(kind__is_vetted_and_40_bits_wide),
		cmocka_unit_test(move__behind_a_table__tells_nothing),
		cmocka_unit_test(move__without_a_table__one_event_that_can_be_told_again),
		cmocka_unit_test(tell__fails_for_any_user__is_repeated_for_all),
		cmocka_unit_test(block__smaller_than_the_plan__is_not_told),
		cmocka_unit_test(device__is_dead__keeps_its_id),
		cmocka_unit_test(init__description_contradicts_itself__is_refused),
	};

	return cmocka_run_group_tests_name("ath11k", tests, NULL, NULL);
}
