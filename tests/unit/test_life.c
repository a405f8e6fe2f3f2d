/* SPDX-License-Identifier: MIT */
/*
 * test_life.c - the life of interrupts as whole operations: alloc, request, fire, release, free;
 * in the order that hardware sees (docs/design.md 5 to 7), as golden logs of a mock machine.
 */
#include "mock.h"

#include <stdlib.h>

#include "core/core.h"

/* A machine of four CPUs, one device, one store. */
struct rig {
	struct mock *m;
	struct mock_remapper *table; /* NULL: the store sends to the root */
	struct mirq_device *dev;
	struct mock_store *s;
	struct mock_action a[8];
};

static void rig_device(struct rig *r, enum mock_kind kind, const char *name, uint32_t nr_slots)
{
	static const char *const names[8] = { "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7" };

	r->dev = mock_device(r->m, "dev", r->table ? r->table->domain : NULL);
	r->s = mock_store(r->m, kind, name, nr_slots);
	for (uint32_t i = 0; i < MOCK_NR(r->a); i++) {
		r->a[i].mock = r->m;
		r->a[i].name = names[i];
	}
}

static void rig_begin(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	mock_start(r->m, 4);
	r->table = has_table ? mock_table(r->m) : NULL;
}

static void rig_new(struct rig *r, int has_table, enum mock_kind kind, const char *name,
		    uint32_t nr_slots)
{
	rig_begin(r, has_table);
	rig_device(r, kind, name, nr_slots);
	mock_store_attach(r->s, r->dev);
	mock_log_clear(r->m);
}

static void rig_free(struct rig *r)
{
	mock_free(r->m);
}

static uint32_t cpu_of(struct mirq_irqs irqs, uint32_t i)
{
	uint32_t cpu = UINT32_MAX;

	assert_int_equal(mirq_affinity_effective(mirq_irq_at(irqs, i), &cpu), MIRQ_OK);
	return cpu;
}

static struct mirq_cpu_info cpu_info(struct rig *r, uint32_t cpu)
{
	struct mirq_cpu_info info;

	for (uint32_t i = 0; i < 4; i++)
		mirq_hosted_serve(&r->m->host, i);
	assert_int_equal(mirq_cpu_inspect(r->m->m, cpu, &info), MIRQ_OK);
	return info;
}

static uint32_t nr_ids_used(struct rig *r)
{
	uint32_t nr = 0;

	for (uint32_t cpu = 0; cpu < 4; cpu++)
		nr += cpu_info(r, cpu).nr_used;
	return nr;
}

static void free_irqs(struct mirq_irqs irqs)
{
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
}

static void release(struct mirq_irqs irqs)
{
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
}

/* ---- order of operations ---- */

static void life__behind_a_table__asks_in_the_order_of_the_trace(void **state)
{
	struct rig r;
	struct mirq_irqs irqs;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 3, 1);
	/* No register is touched by an allocation. */
	mock_expect(r.m, "table.attach 1 ids from 0x10, 8 entries\n"
			 "table.alloc 3 block 0 = 0,1,2\n");
	mock_request(irqs, r.a);
	mock_expect(r.m, "table.program 0>1:32,1>1:33,2>1:34\n"
			 "table.flush 0,1,2\n"
			 "msix.write 0 20000000/0\n"
			 "msix.write 1 20000000/1\n"
			 "msix.write 2 20000000/2\n"
			 "msix.enable 0\n"
			 "msix.flush\n"
			 "msix.unmask_all\n"
			 "msix.unmask 0\n"
			 "msix.unmask 1\n"
			 "msix.unmask 2\n");
	mock_fire(r.s, 1);
	mock_expect(r.m, "root.eoi 1:33\nhandle a1\n");
	mock_sound(r.m);
	release(irqs);
	mock_expect(r.m, "msix.mask_all\n"
			 "msix.mask 0\n"
			 "msix.mask 1\n"
			 "msix.mask 2\n"
			 "msix.disable\n"
			 "msix.flush\n"
			 "table.clear 0,1,2\n"
			 "table.flush 0,1,2\n");
	mock_sound(r.m);
	free_irqs(irqs);
	mock_expect(r.m, "table.free 0,1,2\n");
	assert_int_equal(nr_ids_used(&r), 0);
	assert_int_equal(mirq_device_detach(r.dev), MIRQ_OK);
	mock_expect(r.m, "msix.teardown\ntable.detach\n");
	rig_free(&r);
}

static void life__without_a_table__writes_the_message_of_the_root(void **state)
{
	struct rig r;
	struct mirq_irqs irqs;

	(void)state;
	rig_new(&r, 0, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 2, 2);
	mock_expect(r.m, "");
	mock_request(irqs, r.a);
	mock_expect(r.m, "msix.write 0 10001200/20\n"
			 "msix.write 1 10001200/21\n"
			 "msix.enable 0\n"
			 "msix.flush\n"
			 "msix.unmask_all\n"
			 "msix.unmask 0\n"
			 "msix.unmask 1\n");
	mock_fire(r.s, 0);
	mock_expect(r.m, "root.eoi 2:32\nhandle a0\n");
	free_irqs(irqs);
	mock_expect(r.m, "msix.mask_all\nmsix.mask 0\nmsix.mask 1\nmsix.disable\nmsix.flush\n");
	rig_free(&r);
}

static void life__store_ignores_writes_while_off__is_enabled_before_them(void **state)
{
	struct rig r;
	struct mirq_irqs irqs;

	(void)state;
	rig_begin(&r, 1);
	rig_device(&r, MOCK_MSIX, "msix", 8);
	r.s->kind.traits |= MIRQ_STORE_NEEDS_ENABLE;
	mock_store_attach(r.s, r.dev);
	irqs = mock_alloc_on(r.s, 1, 0);
	mock_log_clear(r.m);
	mock_request(irqs, r.a);
	mock_expect(r.m, "table.program 0>0:32\n"
			 "table.flush 0\n"
			 "msix.enable 0\n"
			 "msix.write 0 20000000/0\n"
			 "msix.flush\n"
			 "msix.unmask_all\n"
			 "msix.unmask 0\n");
	rig_free(&r);
}

static void life__store_sleeps__every_touch_lies_in_one_window(void **state)
{
	struct rig r;
	struct mirq_irqs irqs;

	(void)state;
	rig_new(&r, 1, MOCK_SLEEPS, "slow", 4);
	irqs = mock_alloc_on(r.s, 2, 0);
	mock_log_clear(r.m);
	mock_request(irqs, r.a);
	mock_expect_of(r.m, "slow",
		       "slow.begin\n"
		       "slow.write 0 20000000/0\n"
		       "slow.write 1 20000000/1\n"
		       "slow.enable 0\n"
		       "slow.unmask 0\n"
		       "slow.unmask 1\n"
		       "slow.commit\n"
		       "slow.flush\n");
	mock_fire(r.s, 1);
	mock_log_clear(r.m);
	/* Nothing of a store that sleeps is touched from atomic context. */
	mirq_irq_disable(irqs);
	mock_fire(r.s, 0);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	mock_expect_of(r.m, "slow", "");
	release(irqs);
	mock_expect_of(r.m, "slow",
		       "slow.begin\n"
		       "slow.mask 0\n"
		       "slow.mask 1\n"
		       "slow.disable\n"
		       "slow.commit\n"
		       "slow.flush\n");
	rig_free(&r);
}

/* A device that was not told to be silent may send for ever, and a table that drains does not help:
 * the entry must not become somebody else's. */
static void release__commit_fails__keeps_entries_and_ids(void **state)
{
	struct mirq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_SLEEPS, "slow", 4);
	irqs = mock_alloc_on(r.s, 2, 0);
	mock_request(irqs, r.a);
	mock_fail(r.m, "slow.commit", 1, 1, MIRQ_EIO);
	release(irqs);
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_quarantined, 2);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = mock_alloc_on(r.s, 2, 0);
	mock_log_clear(r.m);
	mock_request(irqs, r.a);
	mock_expect_of(r.m, "slow",
		       "slow.begin\n"
		       "slow.write 0 20000000/2\n"
		       "slow.write 1 20000000/3\n"
		       "slow.enable 0\n"
		       "slow.unmask 0\n"
		       "slow.unmask 1\n"
		       "slow.commit\n"
		       "slow.flush\n");
	rig_free(&r);
}

static void batch__of_200__is_flushed_once_per_phase(void **state)
{
	struct mock_action *actions = calloc(200, sizeof(*actions));
	struct mirq_domain_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 200);
	for (uint32_t i = 0; i < 200; i++)
		actions[i].mock = r.m;
	irqs = mock_alloc(r.s, 200);
	mock_forget(r.m);
	mock_request(irqs, actions);
	assert_int_equal(mock_count(r.m, "table.program"), 1);
	assert_int_equal(mock_count(r.m, "table.flush"), 1);
	assert_int_equal(mock_count(r.m, "msix.write"), 200);
	assert_int_equal(mock_count(r.m, "msix.flush"), 1);
	assert_int_equal(mock_count(r.m, "msix.enable"), 1);
	for (uint32_t i = 0; i < 200; i++)
		mock_raise(r.s, i);
	assert_int_equal(mock_deliver(r.m), 200);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(actions[i].nr, 1);
	release(irqs);
	assert_int_equal(mock_count(r.m, "table.clear"), 1);
	assert_int_equal(mock_count(r.m, "table.flush"), 2);
	assert_int_equal(mock_count(r.m, "msix.flush"), 2);
	free_irqs(irqs);
	assert_int_equal(mock_count(r.m, "table.free"), 1);
	mirq_domain_inspect(r.table->domain, &info);
	assert_int_equal(info.nr_programmed, 200);
	assert_int_equal(info.nr_flushes, 2);
	assert_int_equal(info.nr_used, 0);
	rig_free(&r);
	free(actions);
}

static void request__again_after_release__rewrites_if_the_store_was_off(void **state)
{
	struct rig r;
	struct mirq_irqs irqs;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		rig_new(&r, has_table, MOCK_MSIX, "msix", 8);
		irqs = mock_alloc_on(r.s, 4, 1);
		mock_request(irqs, r.a);
		assert_int_equal(mock_count(r.m, "msix.write"), 4);
		for (uint32_t i = 0; i < 4; i++)
			assert_int_equal(r.s->slots[i].nr_writes, 1);
		/* Others keep the store on: the slot holds what it was told. */
		release(mirq_irq_at(irqs, 3));
		mock_request(mirq_irq_at(irqs, 3), r.a + 3);
		assert_int_equal(mock_count(r.m, "msix.write"), 4);
		mock_fire(r.s, 3);
		assert_int_equal(r.a[3].nr, 1);
		/* Off, even slots that were released before: a reset may have come in between. */
		release(mirq_irq_at(irqs, 0));
		irqs.slots.first++;
		release(irqs);
		irqs.slots.first--;
		mock_request(irqs, r.a);
		assert_int_equal(mock_count(r.m, "msix.write"), 8);
		mock_fire(r.s, 3);
		assert_int_equal(r.a[3].nr, 2);
		rig_free(&r);
	}
}

static void request__part_of_a_range__leaves_the_others_reserved(void **state)
{
	struct rig r;
	struct mirq_irqs irqs, two;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 4, 0);
	two = irqs;
	two.slots.first = 1;
	two.slots.limit = 3;
	mock_log_clear(r.m);
	mock_request(two, r.a);
	mock_expect_of(r.m, "table", "table.program 1>0:33,2>0:34\ntable.flush 1,2\n");
	mock_fire(r.s, 2);
	assert_int_equal(r.a[1].nr, 1);
	/* The rest joins while the store is on: it is not switched again. */
	mock_log_clear(r.m);
	mock_request(mirq_irq_at(irqs, 0), &r.a[2]);
	mock_expect(r.m, "table.program 0>0:32\n"
			 "table.flush 0\n"
			 "msix.write 0 20000000/0\n"
			 "msix.flush\n"
			 "msix.unmask 0\n");
	release(two);
	mock_expect(r.m, "msix.mask 1\n"
			 "msix.mask 2\n"
			 "msix.flush\n"
			 "table.clear 1,2\n"
			 "table.flush 1,2\n");
	mock_fire(r.s, 0);
	assert_int_equal(r.a[2].nr, 1);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- what an allocation may ask ---- */

static void alloc__between_min_and_max__gives_what_fits(void **state)
{
	struct mirq_irqs irqs = { NULL, { 7, 9 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 20, .nr_min = 6 };
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 20, .nr_min = 2 });
	assert_int_equal(mirq_irq_count(irqs), 8);
	free_irqs(irqs);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = UINT32_MAX, .nr_min = 1 });
	assert_int_equal(mirq_irq_count(irqs), 8);
	free_irqs(irqs);
	/* Slot 3 is taken: rows of 3 and 4 are left. */
	(void)mock_alloc_want(r.s, (struct mirq_irq_want){ .at = { 3, 4 } });
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 8, .nr_min = 1 });
	assert_int_equal(irqs.slots.first, 4);
	assert_int_equal(irqs.slots.limit, 8);
	free_irqs(irqs);
	/* The longest row, wherever the halving begins. */
	for (uint32_t min = 1; min <= 4; min++)
		for (uint32_t max = 4; max <= 8; max++) {
			irqs = mock_alloc_want(r.s,
					       (struct mirq_irq_want){ .nr = max, .nr_min = min });
			assert_int_equal(mirq_irq_count(irqs), 4);
			free_irqs(irqs);
		}
	want.why = &r.m->why;
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_ENOSPC);
	assert_int_equal(irqs.slots.first, 4); /* untouched */
	assert_int_equal(r.m->why.nr_wanted, 6);
	assert_int_equal(r.m->why.nr_left, 7);
	assert_string_equal(r.m->why.where, "msix");
	rig_free(&r);
}

/* Not more than a table has entries: 5, one of them somebody else's. */
static void alloc__between_min_and_max__gives_what_the_table_has(void **state)
{
	struct mirq_irqs irqs = { NULL, { 7, 9 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 8, .nr_min = 5 };
	struct mock_remapper *table;
	struct mock_store *s;
	struct mock *m;

	(void)state;
	m = mock_new();
	mock_start(m, 2);
	table = mock_table_new(m, "table", 5);
	assert_int_equal(mock_remapper_attach(table), MIRQ_OK);
	s = mock_store(m, MOCK_MSIX, "msix", 16);
	mock_store_attach(s, mock_device(m, "dev", table->domain));
	(void)mock_alloc(s, 1);
	for (enum mirq_reserve how = MIRQ_RESERVE_PROMISE; how <= MIRQ_RESERVE_BEST_EFFORT; how++) {
		irqs = mock_alloc_want(
			s, (struct mirq_irq_want){ .nr = 8, .nr_min = 4, .reserve = how });
		assert_int_equal(mirq_irq_count(irqs), 4);
		free_irqs(irqs);
	}
	want.why = &m->why;
	assert_int_equal(mirq_irq_alloc(s->store, &want, &irqs), MIRQ_ENOSPC);
	mock_why(&m->why, 0, "no entry left", "table");
	mock_free(m);
}

static void alloc__at_and_aligned__takes_the_lowest_place_that_fits(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 300);
	assert_int_equal(mock_alloc(r.s, 1).slots.first, 0);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 3, .align_log2 = 2 });
	assert_int_equal(irqs.slots.first, 4);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 2, .at = { 63, 200 } });
	assert_int_equal(irqs.slots.first, 63);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .at = { 63, 200 }, .align_log2 = 6 });
	assert_int_equal(irqs.slots.first, 128);
	assert_int_equal(mock_alloc(r.s, 1).slots.first, 1);
	mock_sound(r.m);
	rig_free(&r);
}

static void alloc__while_others_are_live__touches_none_of_them(void **state)
{
	struct mirq_irqs one, two;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	one = mock_alloc_on(r.s, 2, 0);
	mock_request(one, r.a);
	mock_raise(r.s, 0);
	mock_log_clear(r.m);
	two = mock_alloc_on(r.s, 2, 0);
	mock_expect(r.m, "table.alloc 2 block 0 = 2,3\n");
	mock_request(two, &r.a[2]);
	free_irqs(two);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	mock_fire(r.s, 1);
	assert_int_equal(r.a[1].nr, 1);
	rig_free(&r);
}

static void alloc__with_cookies__they_are_in_place_before_the_first_message(void **state)
{
	static const uint64_t cookies[3] = { 11, 22, 33 };
	struct mirq_irq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_IMS, "ims", 8);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 3, .cookies = cookies });
	mock_expect_of(r.m, "ims",
		       "ims.slot_init 0 cookie 11\n"
		       "ims.slot_init 1 cookie 22\n"
		       "ims.slot_init 2 cookie 33\n");
	assert_int_equal(mirq_irq_inspect(mirq_irq_at(irqs, 1), &info), MIRQ_OK);
	assert_int_equal(info.cookie, 22);
	mock_request(irqs, r.a);
	mock_expect_of(r.m, "ims",
		       "ims.mask 0\n" /* its slots do not come up masked */
		       "ims.write 0 20000000/0\n"
		       "ims.mask 1\n"
		       "ims.write 1 20000000/1\n"
		       "ims.mask 2\n"
		       "ims.write 2 20000000/2\n"
		       "ims.flush\n"
		       "ims.unmask 0\n"
		       "ims.unmask 1\n"
		       "ims.unmask 2\n");
	release(irqs);
	mock_log_clear(r.m);
	free_irqs(irqs);
	mock_expect_of(r.m, "ims", "ims.slot_fini 0\nims.slot_fini 1\nims.slot_fini 2\n");
	rig_free(&r);
}

static void alloc__cookie_refused__gives_back_those_before_it(void **state)
{
	static const uint64_t cookies[3] = { 1, 2, 3 };
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 3, .cookies = cookies };
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_IMS, "ims", 8);
	want.why = &r.m->why;
	mock_fail(r.m, "ims.slot_init", 3, 1, MIRQ_EINVAL);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_EINVAL);
	assert_int_equal(r.m->why.value, 2);
	assert_null(irqs.store);
	mock_expect_of(r.m, "ims",
		       "ims.slot_init 0 cookie 1\n"
		       "ims.slot_init 1 cookie 2\n"
		       "ims.slot_init 2 cookie 3 !\n"
		       "ims.slot_fini 0\n"
		       "ims.slot_fini 1\n");
	assert_int_equal(nr_ids_used(&r), 0);
	mock_sound(r.m);
	rig_free(&r);
}

static void alloc__cookie_without_a_place_for_it__is_refused(void **state)
{
	static const uint64_t cookies[2] = { 0, 5 };
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 2, .cookies = cookies };
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_ENOTSUP);
	assert_null(irqs.store);
	rig_free(&r);
}

static void alloc__spread__divides_the_cpus_in_order(void **state)
{
	struct mirq_irqs irqs;
	uint64_t bits = 0xb; /* CPUs 0, 1, 3 */
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 16);
	irqs = mock_alloc_want(r.s,
			       (struct mirq_irq_want){ .nr = 4, .placement = MIRQ_PLACE_SPREAD });
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(cpu_of(irqs, i), i);
	assert_int_equal(mirq_affinity_nearest(irqs, 2), 2);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 3,
							    .placement = MIRQ_PLACE_SPREAD,
							    .cpus = { { 0, 4 }, &bits } });
	assert_int_equal(cpu_of(irqs, 0), 0);
	assert_int_equal(cpu_of(irqs, 1), 1);
	assert_int_equal(cpu_of(irqs, 2), 3);
	bits = 0; /* it was copied */
	/* More interrupts than CPUs: neighbours share. */
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 8,
							    .placement = MIRQ_PLACE_SPREAD,
							    .cpus = { { 0, 4 }, NULL } });
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(cpu_of(irqs, i), i / 2);
	mock_sound(r.m);
	rig_free(&r);
}

static void alloc__spread_with_a_full_cpu__goes_to_the_others(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_cpu_info info;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 512);
	assert_int_equal(mirq_cpu_inspect(r.m->m, 1, &info), MIRQ_OK);
	mock_alloc_on(r.s, info.nr_ids - info.nr_used, 1);
	irqs = mock_alloc_want(r.s,
			       (struct mirq_irq_want){ .nr = 4, .placement = MIRQ_PLACE_SPREAD });
	assert_int_equal(cpu_of(irqs, 0), 0);
	assert_int_not_equal(cpu_of(irqs, 1), 1);
	assert_int_equal(cpu_of(irqs, 2), 2);
	assert_int_equal(cpu_of(irqs, 3), 3);
	mock_sound(r.m);
	rig_free(&r);
}

static void alloc__freely__takes_the_cpu_with_most_ids_left(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 16);
	(void)mock_alloc_on(r.s, 2, 0);
	(void)mock_alloc_on(r.s, 1, 2);
	irqs = mock_alloc(r.s, 5);
	assert_int_equal(cpu_of(irqs, 0), 1);
	assert_int_equal(cpu_of(irqs, 1), 3);
	assert_int_equal(cpu_of(irqs, 2), 1);
	assert_int_equal(cpu_of(irqs, 3), 2);
	assert_int_equal(cpu_of(irqs, 4), 3);
	rig_free(&r);
}

static void numbers__are_never_0__and_lead_back(void **state)
{
	struct mirq_irqs irqs, one;
	struct rig r;
	uint32_t second;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc(r.s, 3);
	assert_int_equal(mirq_irq_number(irqs), 1);
	second = mirq_irq_number(mirq_irq_at(irqs, 1));
	assert_int_equal(second, 2);
	assert_int_equal(mirq_irq_find(r.m->m, second, &one), MIRQ_OK);
	assert_ptr_equal(one.store, r.s->store);
	assert_int_equal(one.slots.first, 1);
	assert_int_equal(one.slots.limit, 2);
	free_irqs(one);
	assert_int_equal(mirq_irq_number(one), 0);
	assert_int_equal(mirq_irq_find(r.m->m, second, &one), MIRQ_ENOENT);
	assert_int_equal(mirq_irq_find(r.m->m, 0, &one), MIRQ_ENOENT);
	assert_int_equal(mirq_irq_find(r.m->m, 77, &one), MIRQ_ENOENT);
	/* The lowest free number comes first. */
	irqs = mock_alloc(r.s, 1);
	assert_int_equal(mirq_irq_number(irqs), second);
	rig_free(&r);
}

static void exclusive_group__other_store_in_use__is_busy_until_it_is_free(void **state)
{
	struct mirq_irqs irqs, other = { NULL, { 0, 0 } };
	struct mock_store *msi, *ims;
	struct rig r;

	(void)state;
	rig_begin(&r, 1);
	rig_device(&r, MOCK_MSIX, "msix", 8);
	r.s->init.exclusive_group = 1;
	mock_store_attach(r.s, r.dev);
	msi = mock_store(r.m, MOCK_MSI, "msi", 8);
	msi->init.exclusive_group = 1;
	mock_store_attach(msi, r.dev);
	ims = mock_store(r.m, MOCK_IMS, "ims", 8);
	mock_store_attach(ims, r.dev);
	irqs = mock_alloc(r.s, 1);
	assert_int_equal(mirq_irq_alloc(msi->store, NULL, &other), MIRQ_EBUSY);
	assert_null(other.store);
	(void)mock_alloc(ims, 2);
	free_irqs(irqs);
	(void)mock_alloc(msi, 1);
	assert_int_equal(mirq_irq_alloc(r.s->store, NULL, &other), MIRQ_EBUSY);
	mock_sound(r.m);
	rig_free(&r);
}

static void request__message_too_wide_for_the_store__is_refused(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_why why;
	struct rig r;

	(void)state;
	rig_begin(&r, 0);
	r.table = mock_shim_new(r.m, "window");
	r.table->offset = UINT64_C(1) << 32;
	assert_int_equal(mock_remapper_attach(r.table), MIRQ_OK);
	rig_device(&r, MOCK_MSIX, "msix", 8);
	r.s->kind.address_bits = 32;
	mock_store_attach(r.s, r.dev);
	irqs = mock_alloc_on(r.s, 1, 0);
	assert_int_equal(mock_request_try(irqs, r.a, 0, &why), MIRQ_ENOTSUP);
	assert_int_equal(why.nr_wanted, 32);
	assert_int_equal(why.value, (UINT64_C(1) << 32) + 0x10001000);
	assert_int_equal(r.s->slots[0].nr_writes, 0);
	mock_sound(r.m);
	rig_free(&r);
}

struct slow_cpu {
	struct mock *m;
	uint32_t nr_looks;
};

static void let_go_at_second_look(void *context, struct mock_domain *d, enum mock_op op)
{
	struct slow_cpu *slow = context;

	(void)d;
	if (op == MOCK_OP_PENDING && ++slow->nr_looks == 2)
		atomic_store(&slow->m->root.cpus[1].irr[32], 0);
}

static void alloc__last_id_is_just_retiring__waits_for_it(void **state)
{
	struct slow_cpu slow = { NULL, 0 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.m = slow.m = mock_new();
	r.m->root.init.ids = (struct mirq_range){ 32, 33 };
	mock_start(r.m, 2);
	r.table = mock_table(r.m);
	rig_device(&r, MOCK_MSIX, "msix", 8);
	mock_store_attach(r.s, r.dev);
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(irqs, r.a);
	mock_raise(r.s, 0);
	r.m->hook_context = &slow;
	r.m->hook = let_go_at_second_look;
	free_irqs(irqs);
	for (uint32_t cpu = 0; cpu < 2; cpu++)
		mirq_hosted_serve(&r.m->host, cpu);
	assert_int_equal(slow.nr_looks, 1);
	irqs = mock_alloc_on(r.s, 1, 1);
	assert_int_equal(slow.nr_looks, 2);
	r.m->hook = NULL;
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- blocks under one message ---- */

static void block__behind_a_table__members_have_entries_of_their_own(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSI, "msi", 32);
	irqs = mock_alloc_want(r.s,
			       (struct mirq_irq_want){ .nr = 3, .placement = MIRQ_PLACE_SPREAD });
	assert_int_equal(mirq_irq_count(irqs), 4);
	mock_expect_of(r.m, "table",
		       "table.attach 1 ids from 0x10, 32 entries\n"
		       "table.alloc 4 block 2 = 0,1,2,3\n");
	mock_request(irqs, r.a);
	mock_expect_of(r.m, "msi",
		       "msi.write 0 20000000/0\n"
		       "msi.enable 2\n"
		       "msi.flush\n"
		       "msi.unmask 0\n"
		       "msi.unmask 1\n"
		       "msi.unmask 2\n"
		       "msi.unmask 3\n");
	for (uint32_t i = 0; i < 4; i++) {
		mock_fire(r.s, i);
		assert_int_equal(r.a[i].nr, 1);
	}
	/* Each member moves alone, and the message stays. */
	assert_int_equal(mirq_affinity_set(mirq_irq_at(irqs, 2), mirq_cpus_one(3), NULL), MIRQ_OK);
	assert_int_equal(r.s->slots[0].nr_writes, 1);
	mock_fire(r.s, 2);
	assert_int_equal(r.a[2].nr, 2);
	mock_sound(r.m);
	rig_free(&r);
}

static void block__without_a_table__has_aligned_ids_on_one_cpu(void **state)
{
	struct mirq_irq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, MOCK_MSI, "msi", 8);
	/* Ids 32 and 33 are gone: the next aligned four begin at 36. */
	assert_int_equal(mirq_root_claim_id(r.m->m, (struct mirq_cpus){ { 0, 0 }, NULL }, 33),
			 MIRQ_OK);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 4, .cpus = mirq_cpus_one(2) });
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(mirq_irq_inspect(mirq_irq_at(irqs, i), &info), MIRQ_OK);
		assert_int_equal(info.route.cpu, 2);
		assert_int_equal(info.route.id, 36 + i);
	}
	mock_request(irqs, r.a);
	assert_int_equal(r.s->slots[0].nr_writes, 1);
	assert_int_equal(r.s->slots[0].msg[0].data, 36);
	for (uint32_t i = 0; i < 4; i++) {
		mock_fire(r.s, i);
		assert_int_equal(r.a[i].nr, 1);
	}
	mock_sound(r.m);
	free_irqs(irqs);
	assert_int_equal(cpu_info(&r, 2).nr_used, 1);
	rig_free(&r);
}

static void block__store_not_empty__is_busy(void **state)
{
	struct mirq_irqs irqs, other = { NULL, { 0, 0 } };
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSI, "msi", 8);
	irqs = mock_alloc(r.s, 2);
	assert_int_equal(mirq_irq_alloc(r.s->store, NULL, &other), MIRQ_EBUSY);
	assert_null(other.store);
	free_irqs(mirq_irq_at(irqs, 0));
	assert_int_equal(mirq_irq_alloc(r.s->store, NULL, &other), MIRQ_EBUSY);
	free_irqs(irqs);
	irqs = mock_alloc(r.s, 8);
	assert_int_equal(mirq_irq_count(irqs), 8);
	rig_free(&r);
}

static void block__as_many_as_there_are__ends_at_the_largest(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSI, "msi", 32);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = UINT32_MAX, .nr_min = 1 });
	assert_int_equal(mirq_irq_count(irqs), 32);
	free_irqs(irqs);
	irqs = mock_alloc_want(r.s,
			       (struct mirq_irq_want){ .nr = 32, .nr_min = 1, .at = { 0, 9 } });
	assert_int_equal(mirq_irq_count(irqs), 8);
	rig_free(&r);
}

/* What a slot was told by a request that failed may have got lost with its answer. */
static void request__after_one_that_was_not_answered__slot_is_told_again(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_why why;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 4);
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_fail(r.m, "msix.flush", 1, 0, MIRQ_EIO);
	assert_int_equal(mock_request_try(irqs, r.a, 0, &why), MIRQ_EIO);
	mock_fail_never(r.m);
	memset(&r.s->slots[irqs.slots.first].msg, 0, sizeof(r.s->slots[0].msg));
	mock_request(irqs, r.a);
	assert_true(r.s->slots[irqs.slots.first].msg[0].address != 0);
	free_irqs(irqs);
	rig_free(&r);
}

/* ---- best-effort reservations ---- */

static void best_effort__no_id_left_at_request__is_refused_and_undone(void **state)
{
	struct mirq_irqs irqs, hog;
	struct mirq_irq_info info;
	struct mirq_hop_info hop;
	struct mirq_why why;
	uint32_t cpu = 99, used;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 250);
	hog = mock_alloc_on(r.s, 190, 1); /* of 192 */
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 4,
							    .cpus = mirq_cpus_one(1),
							    .reserve = MIRQ_RESERVE_BEST_EFFORT });
	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_ENOENT);
	assert_int_equal(cpu, 99);
	used = nr_ids_used(&r);
	mock_log_clear(r.m);
	assert_int_equal(mock_request_try(irqs, r.a, 0, &why), MIRQ_ENOSPC);
	assert_string_equal(why.where, "root");
	mock_expect(r.m, "");
	assert_int_equal(nr_ids_used(&r), used);
	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_ENOENT);
	assert_int_equal(mirq_irq_inspect(irqs, &info), MIRQ_OK);
	assert_int_equal(info.state, 0);
	assert_int_equal(mirq_irq_inspect_hop(irqs, 2, &hop), MIRQ_OK);
	assert_int_equal(hop.role, MIRQ_ROLE_ROOT);
	assert_int_equal(hop.hwirq, 0); /* not the one that it had for a moment */
	mock_sound(r.m);
	free_irqs(mirq_irq_at(hog, 0));
	free_irqs(mirq_irq_at(hog, 1));
	mock_request(irqs, r.a);
	mock_raise(r.s, irqs.slots.first + 3);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[3].nr, 1);
	mock_sound(r.m);
	free_irqs(irqs);
	assert_int_equal(nr_ids_used(&r), 188);
	rig_free(&r);
}

static void best_effort__more_than_there_are_ids__are_reserved(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 256);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 256,
							    .cpus = mirq_cpus_one(0),
							    .reserve = MIRQ_RESERVE_BEST_EFFORT });
	assert_int_equal(nr_ids_used(&r), 0);
	mock_sound(r.m);
	free_irqs(irqs);
	rig_free(&r);
}

/* The device counts through the low bits of one message: ids taken one by one would be others'. */
static void best_effort__block_without_a_table__ids_in_a_row_at_once(void **state)
{
	struct mirq_irqs irqs, one;
	struct mirq_irq_info info;
	struct mock_store *other;
	struct rig r;

	(void)state;
	rig_new(&r, 0, MOCK_MSI, "msi", 8);
	other = mock_store(r.m, MOCK_MSIX, "msix", 4);
	mock_store_attach(other, mock_device(r.m, "dev", NULL));
	one = mock_alloc_on(other, 1, 1);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 4,
							    .cpus = mirq_cpus_one(1),
							    .reserve = MIRQ_RESERVE_BEST_EFFORT });
	assert_int_equal(nr_ids_used(&r), 5);
	assert_int_equal(mirq_irq_inspect(irqs, &info), MIRQ_OK);
	assert_int_equal(info.route.id % 4, 0);
	mock_request(irqs, r.a);
	mock_raise(r.s, 2);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[2].nr, 1);
	free_irqs(irqs);
	free_irqs(one);
	rig_free(&r);
}

static void best_effort__store_that_cannot_be_masked__is_refused(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want),
				      .reserve = MIRQ_RESERVE_BEST_EFFORT };
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_PLAIN, "plain", 4);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_ENOTSUP);
	rig_free(&r);
}

/* ---- shared interrupts ---- */

static void shared__several_actions__all_are_asked_in_order(void **state)
{
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = mock_handle };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	r.a[0].answer = MIRQ_NOT_MINE;
	assert_int_equal(mock_request_try(irqs, &r.a[0], MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
	mock_log_clear(r.m);
	assert_int_equal(mock_request_try(irqs, &r.a[1], MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
	assert_int_equal(mock_request_try(irqs, &r.a[2], MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
	mock_expect(r.m, ""); /* whoever joins touches no hardware */
	assert_int_equal(mock_request_try(irqs, &r.a[2], MIRQ_REQUEST_SHARED, NULL), MIRQ_EBUSY);
	assert_int_equal(
		mock_request_try(irqs, &r.a[3], MIRQ_REQUEST_SHARED | MIRQ_REQUEST_DISABLED, NULL),
		MIRQ_EINVAL);
	assert_int_equal(mock_request_try(irqs, &r.a[3], 0, NULL), MIRQ_EBUSY);
	mock_request(mock_alloc_on(r.s, 1, 0), &r.a[4]);
	assert_int_equal(mock_request_try((struct mirq_irqs){ r.s->store, { 1, 2 } }, &r.a[5],
					  MIRQ_REQUEST_SHARED, NULL),
			 MIRQ_EBUSY);
	assert_int_equal(mirq_irq_free((struct mirq_irqs){ r.s->store, { 1, 2 } }), MIRQ_OK);
	mock_log_clear(r.m);
	mock_fire(r.s, 0);
	mock_expect(r.m, "root.eoi 0:32\nhandle a0\nhandle a1\nhandle a2\n");
	/* The first one leaves, then the last, then the one that is left. */
	h.context = &r.a[0];
	h.stride_bytes = sizeof(r.a[0]);
	assert_int_equal(mirq_irq_release(irqs, &h), MIRQ_OK);
	mock_fire(r.s, 0);
	mock_expect(r.m, "root.eoi 0:32\nhandle a1\nhandle a2\n");
	mock_sound(r.m);
	/* The place of the first action is used again. */
	assert_int_equal(mock_request_try(irqs, &r.a[0], MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
	h.context = &r.a[2];
	assert_int_equal(mirq_irq_release(irqs, &h), MIRQ_OK);
	mock_fire(r.s, 0);
	mock_expect(r.m, "root.eoi 0:32\nhandle a1\nhandle a0\n");
	h.context = &r.a[5]; /* nobody's */
	assert_int_equal(mirq_irq_release(irqs, &h), MIRQ_OK);
	h.context = &r.a[0];
	assert_int_equal(mirq_irq_release(irqs, &h), MIRQ_OK);
	mock_expect(r.m, "");
	h.context = &r.a[1];
	assert_int_equal(mirq_irq_release(irqs, &h), MIRQ_OK);
	mock_expect(r.m, "msix.mask_all\nmsix.mask 0\nmsix.disable\nmsix.flush\n"
			 "table.clear 0\ntable.flush 0\n");
	mock_sound(r.m);
	rig_free(&r);
}

static void shared__range_half_of_it_taken__joins_and_opens(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 2, 0);
	assert_int_equal(mock_request_try(mirq_irq_at(irqs, 1), &r.a[4], MIRQ_REQUEST_SHARED, NULL),
			 MIRQ_OK);
	assert_int_equal(mock_request_try(irqs, &r.a[0], MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
	mock_log_clear(r.m);
	mock_fire(r.s, 0);
	mock_fire(r.s, 1);
	mock_expect_of(r.m, "handle", "handle a0\nhandle a4\nhandle a1\n");
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	/* A request that fails takes those that joined out again. */
	assert_int_equal(mock_request_try(mirq_irq_at(irqs, 1), &r.a[4], MIRQ_REQUEST_SHARED, NULL),
			 MIRQ_OK);
	mock_fail(r.m, "table.program", 1, 1, MIRQ_EIO);
	assert_int_equal(mock_request_try(irqs, &r.a[0], MIRQ_REQUEST_SHARED, NULL), MIRQ_EIO);
	mock_log_clear(r.m);
	mock_fire(r.s, 1);
	mock_expect_of(r.m, "handle", "handle a4\n");
	mock_sound(r.m);
	rig_free(&r);
}

static void shared__nobody_wants_it_100000_times__is_a_storm(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	r.a[0].answer = MIRQ_NOT_MINE;
	r.a[0].name = NULL;
	mock_request(irqs, r.a);
	r.m->is_quiet = 1;
	for (uint32_t i = 0; i < 99999; i++)
		mirq_hosted_dispatch(&r.m->host, 0, 32);
	/* One that somebody wants begins the count anew; now or later. */
	r.a[0].answer = MIRQ_HANDLED;
	mirq_hosted_dispatch(&r.m->host, 0, 32);
	r.a[0].answer = MIRQ_NOT_MINE;
	for (uint32_t i = 0; i < 99999; i++)
		mirq_hosted_dispatch(&r.m->host, 0, 32);
	r.a[0].answer = MIRQ_LATER;
	mirq_hosted_dispatch(&r.m->host, 0, 32);
	mirq_irq_done(irqs);
	r.a[0].answer = MIRQ_NOT_MINE;
	for (uint32_t i = 0; i < 99999; i++)
		mirq_hosted_dispatch(&r.m->host, 0, 32);
	assert_int_equal(r.m->host.nr_logs, 0);
	mirq_hosted_dispatch(&r.m->host, 0, 32);
	assert_int_equal(r.m->host.nr_logs, 1);
	assert_int_equal(r.a[0].nr, 300000);
	mirq_hosted_dispatch(&r.m->host, 0, 32);
	assert_int_equal(r.a[0].nr, 300000);
	assert_true(r.s->slots[0].is_masked);
	release(irqs);
	mock_request(irqs, r.a);
	r.m->is_quiet = 0;
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 300001);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- disable, enable, pending ---- */

static void disable__events_meanwhile__are_kept_as_one(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_info info;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	mirq_irq_disable(irqs);
	mirq_irq_disable(irqs);
	mock_expect(r.m, ""); /* lazy: hardware is masked at the next event */
	assert_int_equal(mirq_irq_pending(irqs), MIRQ_PENDING_NO);
	mock_fire(r.s, 0);
	mock_expect(r.m, "root.eoi 0:32\nmsix.mask 0\n");
	assert_int_equal(mirq_irq_pending(irqs), MIRQ_PENDING_YES);
	mock_fire(r.s, 0); /* stays in the device */
	mock_expect(r.m, "");
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	mock_expect(r.m, ""); /* still once disabled */
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	mock_expect(r.m, "msix.unmask 0\n"); /* the device sends its own: no resend beside it */
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_EINVAL);
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_kept, 1);
	/* Nothing in the device: the kept event is raised by the ladder. */
	mirq_irq_disable(irqs);
	mock_fire(r.s, 0);
	mock_log_clear(r.m);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	mock_expect(r.m, "msix.unmask 0\nroot.resend 0:32\n");
	assert_int_equal(mirq_irq_pending(irqs), MIRQ_PENDING_NO);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 2);
	mock_sound(r.m);
	rig_free(&r);
}

static void disable__no_event_meanwhile__touches_nothing(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 2, 0);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	mirq_irq_disable(irqs);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	mock_expect(r.m, "");
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	/* One of the range was not disabled: the others are enabled all the same. */
	mirq_irq_disable(mirq_irq_at(irqs, 1));
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_EINVAL);
	mock_fire(r.s, 1);
	assert_int_equal(r.a[1].nr, 1);
	rig_free(&r);
}

static void disable__256_times__the_last_one_is_refused(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	mock_request(irqs, r.a);
	for (uint32_t i = 0; i < 256; i++)
		mirq_irq_disable(irqs);
	for (uint32_t i = 0; i < 254; i++)
		assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_EINVAL);
	rig_free(&r);
}

static void request__disabled__lets_nothing_through_before_enable(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	mock_log_clear(r.m);
	assert_int_equal(mock_request_try(irqs, r.a, MIRQ_REQUEST_DISABLED, NULL), MIRQ_OK);
	mock_expect_of(r.m, "msix",
		       "msix.write 0 20000000/0\nmsix.enable 0\nmsix.flush\nmsix.unmask_all\n");
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(mirq_irq_pending(irqs), MIRQ_PENDING_YES); /* the device's bit */
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	rig_free(&r);
}

static void raise_again(void *context)
{
	struct rig *r = context;

	if (r->a[0].nr < 3)
		mirq_dispatch(r->m->m, 0, 32); /* nested: the next edge arrives while it runs */
}

static void fire__while_its_handler_runs__runs_again_after_it(void **state)
{
	struct mirq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	r.a[0].also = raise_again;
	r.a[0].context = &r;
	mock_request(irqs, r.a);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 3);
	assert_int_equal(r.a[0].nr_overlaps, 0);
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_kept, 2);
	mock_sound(r.m);
	rig_free(&r);
}

static void disable_and_raise(void *context)
{
	struct rig *r = context;
	struct mirq_irqs irqs = { r->s->store, { 0, 1 } };

	if (r->a[0].nr > 1)
		return;
	mirq_irq_disable(irqs);
	mirq_dispatch(r->m->m, 0, 32);
}

static void disable__inside_the_handler__keeps_what_comes_then(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	r.a[0].also = disable_and_raise;
	r.a[0].context = &r;
	mock_request(irqs, r.a);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(mirq_irq_pending(irqs), MIRQ_PENDING_YES);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 2);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- LATER and done ---- */

static void later__until_done__no_call_begins(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	r.a[0].answer = MIRQ_LATER;
	mock_request(irqs, r.a);
	mock_fire(r.s, 0);
	mock_fire(r.s, 0);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	assert_true(r.s->slots[0].is_masked);
	r.a[0].answer = MIRQ_HANDLED;
	mirq_irq_done(irqs);
	(void)mock_deliver(r.m);
	assert_in_range(r.a[0].nr, 2, 3);
	assert_false(r.s->slots[0].is_masked);
	mirq_irq_done(irqs); /* nothing to end */
	mock_fire(r.s, 0);
	mock_sound(r.m);
	rig_free(&r);
}

static void done_early(void *context)
{
	struct rig *r = context;
	struct mirq_irqs irqs = { r->s->store, { 0, 1 } };

	mirq_irq_done(irqs);
}

static void later__its_action_released__others_do_not_wait(void **state)
{
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = mock_handle };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	r.a[0].answer = MIRQ_LATER;
	assert_int_equal(mock_request_try(irqs, &r.a[0], MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
	assert_int_equal(mock_request_try(irqs, &r.a[1], MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
	mock_fire(r.s, 0);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[1].nr, 1);
	h.context = &r.a[0];
	h.stride_bytes = sizeof(r.a[0]);
	assert_int_equal(mirq_irq_release(irqs, &h), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[1].nr, 2); /* the kept event came at once */
	mock_fire(r.s, 0);
	assert_int_equal(r.a[1].nr, 3);
	mock_sound(r.m);
	rig_free(&r);
}

static void later__done_before_the_handler_returned__stays_open(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	r.a[0].answer = MIRQ_LATER;
	r.a[0].also = done_early;
	r.a[0].context = &r;
	mock_request(irqs, r.a);
	for (uint64_t i = 1; i < 4; i++) {
		mock_fire(r.s, 0);
		assert_int_equal(r.a[0].nr, i);
		mock_sound(r.m);
	}
	rig_free(&r);
}

static void later__disabled_meanwhile__waits_for_both(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 0);
	for (int done_first = 0; done_first < 2; done_first++) {
		r.a[0].answer = MIRQ_LATER;
		r.a[0].nr = 0;
		mock_request(irqs, r.a);
		mock_fire(r.s, 0);
		mirq_irq_disable(irqs);
		mock_fire(r.s, 0);
		r.a[0].answer = MIRQ_HANDLED;
		if (done_first)
			mirq_irq_done(irqs);
		else
			assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, 1);
		if (done_first)
			assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
		else
			mirq_irq_done(irqs);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, 2);
		mock_sound(r.m);
		release(irqs);
	}
	rig_free(&r);
}

/* ---- ladders ---- */

static enum mirq_err inject(const struct mirq_slot *slot)
{
	struct mock_store *s = slot->data;

	mock_log(s->d.mock, "%s.inject %u", s->d.name, slot->index);
	mock_raise(s, slot->index);
	return MIRQ_OK;
}

static enum mirq_err inject_nothing(const struct mirq_slot *slot)
{
	struct mock_store *s = slot->data;

	mock_log(s->d.mock, "%s.inject %u !", s->d.name, slot->index);
	return MIRQ_EIO;
}

static void resend__by_the_ladder__takes_the_first_rung(void **state)
{
	static const char *const logs[] = {
		"ims.inject 0\n",
		"ims.inject 0 !\ntable.inject 0\n",
		"table.inject 0\n",
		"root.resend 0:32\n",
		"",
	};
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t rung = 0; rung < MOCK_NR(logs); rung++) {
		memset(&r, 0, sizeof(r));
		r.m = mock_new();
		if (rung == 4)
			r.m->root.ops.resend = NULL;
		mock_start(r.m, 4);
		r.table = mock_table_new(r.m, "table", 64);
		if (rung < 3)
			r.table->ops.inject = mock_table_all.inject;
		assert_int_equal(mock_remapper_attach(r.table), MIRQ_OK);
		rig_device(&r, MOCK_IMS, "ims", 4);
		if (rung < 2)
			r.s->ops.inject = rung ? inject_nothing : inject;
		mock_store_attach(r.s, r.dev);
		irqs = mock_alloc_on(r.s, 1, 0);
		assert_int_equal(mirq_irq_resend(irqs), MIRQ_EINVAL);
		mock_request(irqs, r.a);
		mock_log_clear(r.m);
		assert_int_equal(mirq_irq_resend(irqs), MIRQ_OK);
		if (rung < 4) /* software replay is served, and logs, at once */
			mock_expect(r.m, logs[rung]);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, 1);
		mock_sound(r.m);
		rig_free(&r);
	}
}

static void mask__by_the_ladder__reaches_the_first_rung(void **state)
{
	static const char *const logs[] = {
		"root.eoi 0:32\nmsix.mask 0\n",
		"root.eoi 0:32\ntable.mask 0\n",
		"root.eoi 0:32\nroot.mask 0:32\n",
		"root.eoi 0:32\n",
	};
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t rung = 0; rung < MOCK_NR(logs); rung++) {
		memset(&r, 0, sizeof(r));
		r.m = mock_new();
		if (rung == 2) {
			r.m->root.ops.mask = mock_root_all.mask;
			r.m->root.ops.unmask = mock_root_all.unmask;
		}
		mock_start(r.m, 4);
		r.table = mock_table_new(r.m, "table", 64);
		if (rung == 1) {
			r.table->ops.mask = mock_table_all.mask;
			r.table->ops.unmask = mock_table_all.unmask;
		}
		assert_int_equal(mock_remapper_attach(r.table), MIRQ_OK);
		rig_device(&r, rung ? MOCK_PLAIN : MOCK_MSIX, rung ? "plain" : "msix", 4);
		mock_store_attach(r.s, r.dev);
		irqs = mock_alloc_on(r.s, 1, 0);
		mock_request(irqs, r.a);
		mirq_irq_disable(irqs);
		mock_log_clear(r.m);
		mock_fire(r.s, 0);
		mock_expect(r.m, logs[rung]);
		mock_fire(r.s, 0);
		assert_int_equal(r.a[0].nr, 0);
		assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
		(void)mock_deliver(r.m);
		assert_in_range(r.a[0].nr, 1, 2);
		mock_sound(r.m);
		free_irqs(irqs);
		mock_sound(r.m);
		rig_free(&r);
	}
}

static void mask__store_that_forgets__is_masked_only_to_free(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r, 1);
	rig_device(&r, MOCK_IMS, "ims", 4);
	r.s->kind.traits |= MIRQ_STORE_MASK_LOSES;
	mock_store_attach(r.s, r.dev);
	irqs = mock_alloc_on(r.s, 1, 0);
	assert_int_equal(mock_request_try(irqs, r.a, MIRQ_REQUEST_DISABLED, NULL), MIRQ_OK);
	mock_fire(r.s, 0);
	mock_fire(r.s, 0);
	mock_log_clear(r.m);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	mock_expect_of(r.m, "ims", "");
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(r.s->slots[0].nr_lost, 0);
	mock_log_clear(r.m);
	release(irqs);
	mock_expect_of(r.m, "ims", "ims.mask 0\nims.flush\n");
	rig_free(&r);
}

/* ---- level ---- */

static void quiet_line(void *context)
{
	struct rig *r = context;

	mock_lower(r->s, 0);
}

static struct mirq_irqs level_new(struct rig *r)
{
	struct mirq_irqs irqs;

	rig_new(r, 1, MOCK_LEVEL, "wire", 4);
	irqs = mock_alloc_want(r->s, (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_HIGH,
							     .cpus = mirq_cpus_one(0) });
	mock_expect_of(r->m, "wire", "wire.slot_init 0 cookie 0\nwire.set_trigger 0 2\n");
	r->a[0].context = r;
	mock_request(irqs, r->a);
	mock_log_clear(r->m);
	return irqs;
}

static void level__order_of_ending__is_handlers_root_store(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = level_new(&r);
	r.a[0].also = quiet_line;
	mock_fire(r.s, 0);
	mock_expect(r.m, "handle a0\nroot.eoi 0:32\nwire.eoi 0\n");
	/* A line that is low is not raised by software. */
	assert_int_equal(mirq_irq_resend(irqs), MIRQ_OK);
	assert_int_equal(mock_deliver(r.m), 0);
	mock_expect(r.m, "");
	mock_sound(r.m);
	free_irqs(irqs);
	rig_free(&r);
}

static void quiet_line_at_3(void *context)
{
	struct rig *r = context;

	if (r->a[0].nr == 3)
		mock_lower(r->s, 0);
}

static void level__line_still_high__comes_again_by_the_end(void **state)
{
	struct rig r;

	(void)state;
	(void)level_new(&r);
	r.a[0].also = quiet_line_at_3;
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 3);
	mock_sound(r.m);
	rig_free(&r);
}

static void level__later__is_masked_before_it_is_ended(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = level_new(&r);
	r.a[0].answer = MIRQ_LATER;
	mock_fire(r.s, 0);
	/* The line is high all the time: it must not come again before done. */
	mock_expect(r.m, "handle a0\nwire.mask 0\nroot.eoi 0:32\nwire.eoi 0\n");
	assert_int_equal(mock_deliver(r.m), 0);
	r.a[0].answer = MIRQ_HANDLED;
	r.a[0].also = quiet_line;
	mirq_irq_done(irqs);
	mock_expect(r.m, "wire.unmask 0\n"); /* re-armed, not replayed */
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 2);
	mock_sound(r.m);
	rig_free(&r);
}

static void level__disabled_while_high__is_masked_and_comes_at_enable(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = level_new(&r);
	r.a[0].also = quiet_line;
	mirq_irq_disable(irqs);
	mock_fire(r.s, 0);
	mock_expect(r.m, "wire.mask 0\nroot.eoi 0:32\nwire.eoi 0\n");
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	mock_expect(r.m, "wire.unmask 0\n"); /* re-armed, not replayed */
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	rig_free(&r);
}

static void level__used_as_edge_after__the_store_is_told(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = level_new(&r);
	free_irqs(irqs);
	mock_log_clear(r.m);
	(void)mock_alloc_on(r.s, 1, 0);
	mock_expect_of(r.m, "wire", "wire.slot_init 0 cookie 0\nwire.set_trigger 0 0\n");
	rig_free(&r);
}

static void level__store_without_slot_init__is_told_its_trigger(void **state)
{
	struct rig r;

	(void)state;
	rig_begin(&r, 1);
	rig_device(&r, MOCK_LEVEL, "wire", 4);
	r.s->ops.slot_init = NULL;
	r.s->ops.slot_fini = NULL;
	mock_store_attach(r.s, r.dev);
	mock_log_clear(r.m);
	(void)mock_alloc_want(r.s, (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_LOW });
	mock_expect_of(r.m, "wire", "wire.set_trigger 0 3\n");
	rig_free(&r);
}

static void level__trigger_refused__slot_is_given_back(void **state)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .trigger = MIRQ_LEVEL_HIGH };
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_LEVEL, "wire", 4);
	mock_fail(r.m, "wire.set_trigger", 1, 1, MIRQ_EIO);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_EIO);
	mock_expect_of(r.m, "wire",
		       "wire.slot_init 0 cookie 0\nwire.set_trigger 0 2 !\nwire.slot_fini 0\n");
	rig_free(&r);
}

static void level__way_without_a_rung__is_refused(void **state)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .trigger = MIRQ_LEVEL_HIGH };
	struct rig r;

	(void)state;
	rig_begin(&r, 1);
	rig_device(&r, MOCK_LEVEL, "wire", 4);
	r.s->ops.mask = r.s->ops.unmask = NULL;
	r.s->kind.masking = MIRQ_MASKS_NOTHING;
	mock_store_attach(r.s, r.dev);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_ENOTSUP);
	rig_free(&r);
	rig_new(&r, 1, MOCK_MSIX, "msix", 4);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_ENOTSUP);
	rig_free(&r);
}

static void level__masked_by_the_root_and_disabled__does_not_storm(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.m = mock_new();
	r.m->root.ops.mask = mock_root_all.mask;
	r.m->root.ops.unmask = mock_root_all.unmask;
	mock_start(r.m, 4);
	r.table = mock_table(r.m);
	rig_device(&r, MOCK_LEVEL, "wire", 4);
	r.s->ops.mask = r.s->ops.unmask = NULL;
	r.s->kind.masking = MIRQ_MASKS_NOTHING;
	mock_store_attach(r.s, r.dev);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_HIGH,
							    .cpus = mirq_cpus_one(0) });
	r.a[0].also = quiet_line;
	r.a[0].context = &r;
	assert_int_equal(mock_request_try(irqs, r.a, MIRQ_REQUEST_DISABLED, NULL), MIRQ_OK);
	mock_fire(r.s, 0); /* fails when it does not come to an end */
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	/* The same after a move while it is masked. */
	mirq_irq_disable(irqs);
	mock_fire(r.s, 0);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(2), NULL), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 2);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- late, stray, dead-lock ---- */

static void release__event_still_pending_at_the_cpu__is_late_and_counted(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 1, 2);
	mock_request(irqs, r.a);
	mock_raise(r.s, 0);
	assert_true(mock_is_pending(r.m, 2, 32));
	free_irqs(irqs);
	/* The id waits for the event: nobody else gets it. */
	assert_int_equal(cpu_info(&r, 2).nr_used, 1);
	irqs = mock_alloc_on(r.s, 1, 2);
	mock_request(irqs, &r.a[1]);
	assert_true(mock_is_pending(r.m, 2, 32));
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(r.a[1].nr, 0);
	assert_int_equal(cpu_info(&r, 2).nr_late, 1);
	assert_int_equal(cpu_info(&r, 2).nr_stray, 0);
	assert_int_equal(cpu_info(&r, 2).nr_dispatched, 1);
	assert_int_equal(cpu_info(&r, 2).nr_used, 1);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[1].nr, 1);
	mock_sound(r.m);
	rig_free(&r);
}

static void dispatch__id_of_nobody__is_ended_and_counted(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	mirq_hosted_dispatch(&r.m->host, 1, 100);
	mirq_hosted_dispatch(&r.m->host, 1, 31);
	mirq_hosted_dispatch(&r.m->host, 1, 224);
	mock_expect(r.m, "root.eoi 1:100\nroot.eoi 1:31\nroot.eoi 1:224\n");
	assert_int_equal(cpu_info(&r, 1).nr_stray, 3);
	assert_int_equal(cpu_info(&r, 1).nr_late, 0);
	mock_sound(r.m);
	rig_free(&r);
}

static void call_everything(void *context)
{
	struct rig *r = context;
	struct mirq_irqs all = mirq_store_irqs(r->s->store), one = mirq_irq_at(all, 0);

	assert_int_equal(mirq_irq_release(one, NULL), MIRQ_EDEADLK);
	assert_int_equal(mirq_irq_free(all), MIRQ_EDEADLK);
	assert_int_equal(mirq_irq_sync(one), MIRQ_EDEADLK);
	assert_int_equal(mirq_store_detach(r->s->store), MIRQ_EDEADLK);
	assert_int_equal(mirq_device_detach(r->dev), MIRQ_EDEADLK);
}

static void handler__takes_itself_away__is_told_edeadlk(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	irqs = mock_alloc_on(r.s, 2, 1);
	r.a[0].also = call_everything;
	r.a[0].context = &r;
	mock_request(irqs, r.a);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	/* Nothing was done. */
	mock_fire(r.s, 1);
	assert_int_equal(r.a[1].nr, 1);
	mock_sound(r.m);
	assert_int_equal(mirq_irq_sync(irqs), MIRQ_OK);
	assert_int_equal(mirq_device_detach(r.dev), MIRQ_OK);
	rig_free(&r);
}

/* ---- quarantine ---- */

static void release__nothing_is_known_to_drain__keeps_the_id_for_good(void **state)
{
	struct mirq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0, MOCK_NO_FLUSH, "blind", 4);
	irqs = mock_alloc_on(r.s, 2, 1);
	mock_request(irqs, r.a);
	free_irqs(irqs);
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_quarantined, 2);
	assert_int_equal(info.nr_irqs, 0);
	assert_int_equal(cpu_info(&r, 1).nr_used, 2);
	mirq_hosted_dispatch(&r.m->host, 1, 32);
	assert_int_equal(cpu_info(&r, 1).nr_late, 1);
	/* The slots are free; the ids are not. */
	irqs = mock_alloc_on(r.s, 2, 1);
	assert_int_equal(irqs.slots.first, 0);
	assert_int_equal(cpu_info(&r, 1).nr_used, 4);
	mock_sound(r.m);
	rig_free(&r);
}

static void release__remapper_does_not_confirm__keeps_entry_and_id(void **state)
{
	struct mirq_domain_info domain;
	struct mirq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 4);
	irqs = mock_alloc_on(r.s, 2, 1);
	mock_request(irqs, r.a);
	mock_fail(r.m, "table.flush", 1, 0, MIRQ_EIO);
	free_irqs(mirq_irq_at(irqs, 0));
	mock_fail_never(r.m);
	free_irqs(mirq_irq_at(irqs, 1));
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_quarantined, 1);
	assert_int_equal(cpu_info(&r, 1).nr_used, 1);
	mirq_domain_inspect(r.table->domain, &domain);
	assert_int_equal(domain.nr_used, 1);
	mock_sound(r.m);
	rig_free(&r);
}

static void release__store_gone_but_the_table_drains__gives_everything_back(void **state)
{
	struct mirq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 4);
	irqs = mock_alloc_on(r.s, 2, 1);
	mock_request(irqs, r.a);
	mock_fail(r.m, "msix.flush", 1, 0, MIRQ_EIO);
	free_irqs(irqs);
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_quarantined, 0);
	assert_int_equal(cpu_info(&r, 1).nr_used, 0);
	rig_free(&r);
}

/* ---- roots that are asked for the id; two systems ---- */

static void claim__several_waiting__are_taken_until_there_is_none(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.m = mock_new();
	r.m->root.ops = mock_root_all;
	r.m->root.init.traits = 0;
	mock_start(r.m, 4);
	rig_device(&r, MOCK_MSIX, "msix", 8);
	mock_store_attach(r.s, r.dev);
	irqs = mock_alloc_on(r.s, 3, 1);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	mock_raise(r.s, 2);
	mock_raise(r.s, 0);
	assert_int_equal(mock_claim(r.m, 1), 2);
	mock_expect(r.m, "root.claim 1:32\nhandle a0\nroot.eoi 1:32\n"
			 "root.claim 1:34\nhandle a2\nroot.eoi 1:34\n");
	assert_int_equal(mock_claim(r.m, 1), 0);
	assert_int_equal(mock_claim(r.m, 0), 0);
	free_irqs(irqs);
	mock_sound(r.m);
	rig_free(&r);
}

static void claim__root_that_cannot_be_asked__takes_none(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, 1, MOCK_MSIX, "msix", 8);
	assert_int_equal(mock_claim(r.m, 0), 0);
	mock_expect(r.m, "");
	rig_free(&r);
}

static void systems__two_in_one_process__do_not_know_each_other(void **state)
{
	struct mirq_irqs one, two;
	struct rig r1, r2;

	(void)state;
	rig_new(&r1, 1, MOCK_MSIX, "msix", 8);
	rig_new(&r2, 0, MOCK_MSIX, "msix", 8);
	one = mock_alloc_on(r1.s, 2, 0);
	two = mock_alloc_on(r2.s, 2, 0);
	mock_request(one, r1.a);
	mock_request(two, r2.a);
	assert_int_equal(mirq_irq_number(one), 1);
	assert_int_equal(mirq_irq_number(two), 1);
	mock_fire(r1.s, 0);
	mock_fire(r2.s, 1);
	mock_fire(r2.s, 1);
	assert_int_equal(r1.a[0].nr, 1);
	assert_int_equal(r1.a[1].nr, 0);
	assert_int_equal(r2.a[0].nr, 0);
	assert_int_equal(r2.a[1].nr, 2);
	rig_free(&r1);
	mock_fire(r2.s, 0);
	assert_int_equal(r2.a[0].nr, 1);
	mock_sound(r2.m);
	rig_free(&r2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life__behind_a_table__asks_in_the_order_of_the_trace),
		cmocka_unit_test(life__without_a_table__writes_the_message_of_the_root),
		cmocka_unit_test(life__store_ignores_writes_while_off__is_enabled_before_them),
		cmocka_unit_test(life__store_sleeps__every_touch_lies_in_one_window),
		cmocka_unit_test(release__commit_fails__keeps_entries_and_ids),
		cmocka_unit_test(batch__of_200__is_flushed_once_per_phase),
		cmocka_unit_test(request__again_after_release__rewrites_if_the_store_was_off),
		cmocka_unit_test(request__part_of_a_range__leaves_the_others_reserved),
		cmocka_unit_test(alloc__between_min_and_max__gives_what_fits),
		cmocka_unit_test(alloc__between_min_and_max__gives_what_the_table_has),
		cmocka_unit_test(alloc__at_and_aligned__takes_the_lowest_place_that_fits),
		cmocka_unit_test(alloc__while_others_are_live__touches_none_of_them),
		cmocka_unit_test(alloc__with_cookies__they_are_in_place_before_the_first_message),
		cmocka_unit_test(alloc__cookie_refused__gives_back_those_before_it),
		cmocka_unit_test(alloc__cookie_without_a_place_for_it__is_refused),
		cmocka_unit_test(alloc__spread__divides_the_cpus_in_order),
		cmocka_unit_test(alloc__spread_with_a_full_cpu__goes_to_the_others),
		cmocka_unit_test(alloc__freely__takes_the_cpu_with_most_ids_left),
		cmocka_unit_test(numbers__are_never_0__and_lead_back),
		cmocka_unit_test(exclusive_group__other_store_in_use__is_busy_until_it_is_free),
		cmocka_unit_test(request__message_too_wide_for_the_store__is_refused),
		cmocka_unit_test(alloc__last_id_is_just_retiring__waits_for_it),
		cmocka_unit_test(block__behind_a_table__members_have_entries_of_their_own),
		cmocka_unit_test(block__without_a_table__has_aligned_ids_on_one_cpu),
		cmocka_unit_test(block__store_not_empty__is_busy),
		cmocka_unit_test(block__as_many_as_there_are__ends_at_the_largest),
		cmocka_unit_test(request__after_one_that_was_not_answered__slot_is_told_again),
		cmocka_unit_test(best_effort__no_id_left_at_request__is_refused_and_undone),
		cmocka_unit_test(best_effort__more_than_there_are_ids__are_reserved),
		cmocka_unit_test(best_effort__block_without_a_table__ids_in_a_row_at_once),
		cmocka_unit_test(best_effort__store_that_cannot_be_masked__is_refused),
		cmocka_unit_test(shared__several_actions__all_are_asked_in_order),
		cmocka_unit_test(shared__range_half_of_it_taken__joins_and_opens),
		cmocka_unit_test(shared__nobody_wants_it_100000_times__is_a_storm),
		cmocka_unit_test(disable__events_meanwhile__are_kept_as_one),
		cmocka_unit_test(disable__no_event_meanwhile__touches_nothing),
		cmocka_unit_test(disable__256_times__the_last_one_is_refused),
		cmocka_unit_test(request__disabled__lets_nothing_through_before_enable),
		cmocka_unit_test(fire__while_its_handler_runs__runs_again_after_it),
		cmocka_unit_test(disable__inside_the_handler__keeps_what_comes_then),
		cmocka_unit_test(later__until_done__no_call_begins),
		cmocka_unit_test(later__its_action_released__others_do_not_wait),
		cmocka_unit_test(later__done_before_the_handler_returned__stays_open),
		cmocka_unit_test(later__disabled_meanwhile__waits_for_both),
		cmocka_unit_test(resend__by_the_ladder__takes_the_first_rung),
		cmocka_unit_test(mask__by_the_ladder__reaches_the_first_rung),
		cmocka_unit_test(mask__store_that_forgets__is_masked_only_to_free),
		cmocka_unit_test(level__order_of_ending__is_handlers_root_store),
		cmocka_unit_test(level__line_still_high__comes_again_by_the_end),
		cmocka_unit_test(level__later__is_masked_before_it_is_ended),
		cmocka_unit_test(level__disabled_while_high__is_masked_and_comes_at_enable),
		cmocka_unit_test(level__used_as_edge_after__the_store_is_told),
		cmocka_unit_test(level__store_without_slot_init__is_told_its_trigger),
		cmocka_unit_test(level__trigger_refused__slot_is_given_back),
		cmocka_unit_test(level__way_without_a_rung__is_refused),
		cmocka_unit_test(level__masked_by_the_root_and_disabled__does_not_storm),
		cmocka_unit_test(release__event_still_pending_at_the_cpu__is_late_and_counted),
		cmocka_unit_test(dispatch__id_of_nobody__is_ended_and_counted),
		cmocka_unit_test(handler__takes_itself_away__is_told_edeadlk),
		cmocka_unit_test(release__nothing_is_known_to_drain__keeps_the_id_for_good),
		cmocka_unit_test(release__remapper_does_not_confirm__keeps_entry_and_id),
		cmocka_unit_test(release__store_gone_but_the_table_drains__gives_everything_back),
		cmocka_unit_test(claim__several_waiting__are_taken_until_there_is_none),
		cmocka_unit_test(claim__root_that_cannot_be_asked__takes_none),
		cmocka_unit_test(systems__two_in_one_process__do_not_know_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
