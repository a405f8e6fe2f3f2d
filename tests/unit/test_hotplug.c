/* SPDX-License-Identifier: MIT */
/*
 * test_hotplug.c - CPUs leave and come back while interrupts fire (docs/design.md 8 and 10): who
 * moves where, what is refused and then untouched, that no event is lost whenever it is raised, and
 * what is left of a CPU that is gone.
 *
 * The core was broken in each of these ways, one at a time, and a test here failed: ids of a CPU
 * that leaves are still given; nothing is checked before; two live ways are not looked for; the
 * last CPU may leave; reserved ids are not dropped, or others are; a cancel brings nothing back, or
 * all; one store that cannot keeps the others away; the mask is forgotten; an earlier
 * move is not waited for; a way without drain moves; prepare does not wait; finish passes nothing
 * on, or does without prepare, or tells the root too early, or never; pending events, replays,
 * levels are not passed on; an id that is pending retires, or keeps its cell; a released interrupt
 * is raised; a CPU that is gone is waited for; a kick is lost for good; a best-effort request knows
 * its own mask only; detach or thread calls do not wait.
 *
 * raises: mirq_cpu_offline_prepare MIRQ_ENOENT MIRQ_ENOSPC MIRQ_ENOTSUP MIRQ_EBUSY MIRQ_EIO
 * raises: mirq_cpu_offline_finish MIRQ_EINVAL
 */
#include "mock.h"

#include <sched.h>
#include <time.h>

#include "core/core.h"

struct rig {
	struct mock *m;
	struct mock_remapper *table; /* NULL: stores send to the root */
	struct mock_store *s;
	struct mock_action a[16];
	uint32_t nr_tried, nr_refused;
};

static struct mock_store *rig_store(struct rig *r, enum mock_kind kind, const char *name)
{
	struct mirq_device *dev = mock_device(r->m, name, r->table ? r->table->domain : NULL);
	struct mock_store *s = mock_store(r->m, kind, name, 16);

	mock_store_attach(s, dev);
	return s;
}

static void rig_begin(struct rig *r, int has_table)
{
	mock_start(r->m, 4);
	r->table = has_table ? mock_table(r->m) : NULL;
	r->s = rig_store(r, MOCK_MSIX, "msix");
	mock_log_clear(r->m);
}

static void rig_new(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	for (uint32_t i = 0; i < MOCK_NR(r->a); i++)
		r->a[i].mock = r->m;
}

/* One store with @nr interrupts on CPU 1 alone, requested. */
static struct mirq_irqs rig_with(struct rig *r, int has_table, uint32_t nr)
{
	struct mirq_irqs irqs;

	rig_new(r);
	rig_begin(r, has_table);
	irqs = mock_alloc_on(r->s, nr, 1);
	mock_request(irqs, r->a);
	mock_log_clear(r->m);
	mock_forget(r->m);
	return irqs;
}

static void rig_free(struct rig *r)
{
	mock_sound(r->m);
	mock_free(r->m);
}

/* ---- what a host does ---- */

static enum mirq_err prepare(struct rig *r, uint32_t cpu)
{
	memset(&r->m->why, 0, sizeof(r->m->why));
	return mirq_cpu_offline_prepare(r->m->m, cpu, &r->m->why);
}

struct call {
	struct mirq *m;
	uint32_t cpu;
	enum mirq_err err;
};

static void call_finish(void *context)
{
	struct call *c = context;

	c->err = mirq_cpu_offline_finish(c->m);
}

static void call_online(void *context)
{
	struct call *c = context;

	c->err = mirq_cpu_online(c->m, c->cpu);
}

static enum mirq_err on_cpu(struct rig *r, uint32_t cpu, void (*take)(void *context))
{
	struct call c = { r->m->m, cpu, MIRQ_OK };

	mirq_hosted_interrupt(&r->m->host, cpu, take, &c);
	return c.err;
}

static void leave(struct rig *r, uint32_t cpu)
{
	assert_int_equal(prepare(r, cpu), MIRQ_OK);
	assert_int_equal(on_cpu(r, cpu, call_finish), MIRQ_OK);
}

static void come_back(struct rig *r, uint32_t cpu)
{
	assert_int_equal(on_cpu(r, cpu, call_online), MIRQ_OK);
	assert_int_equal(mirq_cpu_online_finish(r->m->m, cpu, &r->m->why), MIRQ_OK);
}

/* ---- what can be seen ---- */

static uint32_t cpu_of(struct mirq_irqs irqs)
{
	uint32_t cpu = UINT32_MAX;

	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_OK);
	return cpu;
}

static struct mirq_cpus wanted_of(struct mirq_irqs irqs)
{
	struct mirq_cpus cpus;

	assert_int_equal(mirq_affinity_requested(irqs, &cpus), MIRQ_OK);
	return cpus;
}

static struct mirq_cpu_info info_of(struct rig *r, uint32_t cpu)
{
	struct mirq_cpu_info info;

	assert_int_equal(mirq_cpu_inspect(r->m->m, cpu, &info), MIRQ_OK);
	return info;
}

static uint32_t used_on(struct rig *r, uint32_t cpu)
{
	return info_of(r, cpu).nr_used;
}

static uint64_t late_and_stray(struct rig *r)
{
	uint64_t nr = 0;

	for (uint32_t cpu = 0; cpu < 4; cpu++)
		nr += info_of(r, cpu).nr_late + info_of(r, cpu).nr_stray;
	return nr;
}

/* Every CPU but @gone takes what is pending. */
static void others_take(struct rig *r, uint32_t gone)
{
	int is_any = 1;

	while (is_any) {
		is_any = 0;
		for (uint32_t cpu = 0; cpu < 4; cpu++) {
			mirq_hosted_serve(&r->m->host, cpu == gone ? 0 : cpu);
			is_any |= cpu != gone && mock_take(r->m, cpu);
		}
	}
}

static void expect_untouched(struct rig *r, const struct mirq_irqs *irqs, uint32_t nr, uint32_t cpu)
{
	mock_expect(r->m, "");
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(cpu_of(irqs[i]), cpu);
	assert_true(info_of(r, cpu).is_online);
	mock_sound(r->m);
}

/* ---- who moves where ---- */

static void leave__nothing_there__says_so_to_the_root_alone(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	assert_false(info_of(&r, 1).is_online);
	mock_expect(r.m, "");
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
	mock_expect(r.m, "root.cpu_down 1\n");
	(void)mock_alloc(r.s, 16);
	mock_log_clear(r.m);
	assert_int_equal(used_on(&r, 1), 0);
	come_back(&r, 1);
	mock_expect(r.m, "root.cpu_up 1 target 0x11\n");
	assert_true(info_of(&r, 1).is_online);
	rig_free(&r);
}

static void leave__root_without_cpu_up_and_down__works(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	r.m->root.ops.cpu_up = NULL;
	r.m->root.ops.cpu_down = NULL;
	rig_begin(&r, 0);
	leave(&r, 2);
	come_back(&r, 2);
	mock_expect(r.m, "");
	rig_free(&r);
}

static void leave__many_interrupts__one_flush_per_store(void **state)
{
	struct mirq_irqs irqs, second;
	struct mock_store *s;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		irqs = rig_with(&r, has_table, 8);
		s = rig_store(&r, MOCK_PLAIN, "plain");
		second = mock_alloc_on(s, 4, 1);
		mock_request(second, r.a + 8);
		mock_forget(r.m);
		assert_int_equal(prepare(&r, 1), MIRQ_OK);
		assert_int_equal(used_on(&r, 1), 0); /* the old ids have retired */
		assert_int_equal(mock_count(r.m, "msix.flush"), !has_table);
		assert_int_equal(mock_count(r.m, "plain.flush"), !has_table);
		assert_int_equal(mock_count(r.m, "plain.write"), has_table ? 0 : 4);
		if (has_table)
			assert_int_equal(mock_count(r.m, "table.flush"), 2);
		for (uint32_t i = 0; i < 12; i++) {
			struct mirq_irqs one = mirq_irq_at(i < 8 ? irqs : second, i & 7);

			assert_int_not_equal(cpu_of(one), 1);
			mock_fire(i < 8 ? r.s : s, i & 7);
			assert_int_equal(r.a[i].nr, 1);
		}
		assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
		assert_int_equal(mock_count(r.m, "root.resend"), 0);
		rig_free(&r);
	}
}

static void leave__mask_with_another_cpu__stays_in_the_mask(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .cpus = { { 1, 3 }, NULL } });
	mock_request(irqs, r.a);
	assert_int_equal(cpu_of(irqs), 1);
	leave(&r, 1);
	assert_int_equal(cpu_of(irqs), 2);
	/* It was not moved against its mask, so nobody brings it back. */
	come_back(&r, 1);
	assert_int_equal(cpu_of(irqs), 2);
	rig_free(&r);
}

static void leave__mask_broken__is_remembered_and_restored(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		irqs = rig_with(&r, has_table, 3);
		leave(&r, 1);
		for (uint32_t i = 0; i < 3; i++) {
			struct mirq_irqs one = mirq_irq_at(irqs, i);

			assert_int_not_equal(cpu_of(one), 1);
			assert_int_equal(wanted_of(one).range.first, 1);
			assert_int_equal(wanted_of(one).range.limit, 2);
			mock_fire(r.s, i);
			assert_int_equal(r.a[i].nr, 1);
		}
		assert_int_equal(on_cpu(&r, 1, call_online), MIRQ_OK);
		assert_int_not_equal(cpu_of(irqs), 1); /* moving needs a thread */
		mock_forget(r.m);
		assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, NULL), MIRQ_OK);
		if (has_table)
			assert_int_equal(mock_count(r.m, "table.flush"), 1);
		for (uint32_t i = 0; i < 3; i++) {
			assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), 1);
			mock_fire(r.s, i);
			assert_int_equal(r.a[i].nr, 2);
		}
		assert_int_equal(late_and_stray(&r), 0);
		assert_int_equal(used_on(&r, 1), 3);
		assert_int_equal(used_on(&r, 0) + used_on(&r, 2) + used_on(&r, 3), 0);
		rig_free(&r);
	}
}

static void leave__another_cpu_comes_back__brings_its_own_only(void **state)
{
	struct mirq_irqs one, two;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	one = mock_alloc_on(r.s, 1, 1);
	two = mock_alloc_on(r.s, 1, 2);
	mock_request(one, r.a);
	mock_request(two, r.a + 1);
	leave(&r, 1);
	leave(&r, 2);
	come_back(&r, 2);
	assert_int_equal(cpu_of(two), 2);
	assert_int_not_equal(cpu_of(one), 1);
	come_back(&r, 1);
	assert_int_equal(cpu_of(one), 1);
	rig_free(&r);
}

static void leave__reserved_only__moves_and_returns_too(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	irqs = mock_alloc_on(r.s, 2, 1);
	mock_log_clear(r.m);
	leave(&r, 1);
	mock_expect(r.m, "root.cpu_down 1\n");
	assert_int_not_equal(cpu_of(irqs), 1);
	assert_int_equal(used_on(&r, 1), 0);
	mock_request(irqs, r.a);
	mock_fire(r.s, 1);
	assert_int_equal(r.a[1].nr, 1);
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	come_back(&r, 1);
	assert_int_equal(cpu_of(irqs), 1);
	rig_free(&r);
}

static void best_effort__requested_while_its_cpu_is_gone__goes_elsewhere_and_returns(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .cpus = mirq_cpus_one(1),
							    .reserve = MIRQ_RESERVE_BEST_EFFORT });
	leave(&r, 1);
	mock_request(irqs, r.a);
	assert_int_not_equal(cpu_of(irqs), 1);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	come_back(&r, 1);
	assert_int_equal(cpu_of(irqs), 1);
	rig_free(&r);
}

static void leave__block_behind_a_table__each_member_goes(void **state)
{
	struct mirq_irqs irqs;
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	s = rig_store(&r, MOCK_MSI, "msi");
	irqs = mock_alloc_on(s, 4, 1);
	mock_request(irqs, r.a);
	leave(&r, 1);
	for (uint32_t i = 0; i < 4; i++) {
		mock_fire(s, i);
		assert_int_equal(r.a[i].nr, 1);
	}
	rig_free(&r);
}

/* ---- in between, and cancel ---- */

static void between__user_moves_and_allocations__never_go_there(void **state)
{
	uint64_t bits = 0x6; /* CPUs 1 and 2 */
	struct mirq_cpus both = { { 0, 4 }, &bits };
	struct mirq_irqs irqs, more;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 1);
	(void)mock_alloc_on(r.s, 4, 2);
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	assert_int_equal(mirq_affinity_set(irqs, both, NULL), MIRQ_OK);
	assert_int_equal(cpu_of(irqs), 2); /* though 1 has most ids left */
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(1), NULL), MIRQ_EINVAL);
	more = mock_alloc_want(r.s, (struct mirq_irq_want){ .cpus = both });
	assert_int_equal(cpu_of(more), 2);
	more = mock_alloc_want(r.s,
			       (struct mirq_irq_want){ .nr = 3, .placement = MIRQ_PLACE_SPREAD });
	for (uint32_t i = 0; i < 3; i++)
		assert_int_not_equal(cpu_of(mirq_irq_at(more, i)), 1);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
	rig_free(&r);
}

static void cancel__instead_of_finish__everything_is_as_before(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 4);
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, NULL), MIRQ_OK);
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_EINVAL);
	assert_true(info_of(&r, 1).is_online);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), 1);
		mock_fire(r.s, i);
		assert_int_equal(r.a[i].nr, 1);
	}
	assert_int_equal(mock_count(r.m, "root.cpu_down"), 0);
	leave(&r, 1);
	rig_free(&r);
}

static void back__no_id_left__stays_and_says_so_others_return(void **state)
{
	struct mirq_irqs first, second;
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.m->root.init.ids.limit = 32 + 4;
	rig_begin(&r, 1);
	s = rig_store(&r, MOCK_MSIX, "second");
	first = mock_alloc_on(r.s, 3, 1);
	second = mock_alloc_on(s, 1, 1);
	leave(&r, 1);
	assert_int_equal(on_cpu(&r, 1, call_online), MIRQ_OK);
	(void)mock_alloc_on(r.s, 2, 1);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, &r.m->why), MIRQ_ENOSPC);
	assert_int_equal(r.m->why.value, 1);
	mock_why(&r.m->why, 0, "no id left", "root");
	for (uint32_t i = 0; i < 3; i++)
		assert_int_not_equal(cpu_of(mirq_irq_at(first, i)), 1);
	assert_int_equal(cpu_of(second), 1);
	rig_free(&r);
}

static void back__old_id_still_pending__busy_then_works(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 1);
	mock_raise(r.s, 0);
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, &r.m->why), MIRQ_EBUSY);
	mock_why(&r.m->why, 0, "has not drained", "root");
	assert_int_not_equal(cpu_of(irqs), 1);
	assert_true(info_of(&r, 1).is_online);
	assert_int_equal(mock_deliver(r.m), 1);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, NULL), MIRQ_OK);
	assert_int_equal(cpu_of(irqs), 1);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 2);
	rig_free(&r);
}

static void back__hardware_does_not_confirm__both_ways_stay(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 1);
	leave(&r, 1);
	assert_int_equal(on_cpu(&r, 1, call_online), MIRQ_OK);
	mock_fail(r.m, "table.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, NULL), MIRQ_EIO);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(1), NULL), MIRQ_OK);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 2);
	assert_int_equal(late_and_stray(&r), 0);
	rig_free(&r);
}

static void back__no_drain_is_known__stays(void **state)
{
	struct mirq_irqs irqs;
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 0);
	s = rig_store(&r, MOCK_NO_FLUSH, "deaf");
	irqs = mock_alloc_on(s, 1, 1);
	leave(&r, 1);
	mock_request(irqs, r.a);
	assert_int_equal(on_cpu(&r, 1, call_online), MIRQ_OK);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, &r.m->why), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "drained", "deaf");
	assert_int_not_equal(cpu_of(irqs), 1);
	mock_fire(s, 0);
	assert_int_equal(r.a[0].nr, 1);
	rig_free(&r);
}

/* ---- refused, and then untouched ---- */

static void refused__bad_calls(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 0);
	assert_int_equal(prepare(&r, 4), MIRQ_ENOENT);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 4, NULL), MIRQ_ENOENT);
	assert_int_equal(on_cpu(&r, 2, call_finish), MIRQ_EINVAL);
	assert_int_equal(on_cpu(&r, 5, call_finish), MIRQ_EINVAL);
	assert_int_equal(prepare(&r, 2), MIRQ_OK);
	assert_int_equal(prepare(&r, 2), MIRQ_ENOENT);
	assert_int_equal(on_cpu(&r, 2, call_finish), MIRQ_OK);
	assert_int_equal(on_cpu(&r, 2, call_finish), MIRQ_EINVAL);
	assert_int_equal(prepare(&r, 2), MIRQ_ENOENT);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 2, NULL), MIRQ_ENOENT);
	assert_int_equal(mock_count(r.m, "root.cpu_down"), 1);
	rig_free(&r);
}

static void refused__last_cpu__cpu_0_may_leave(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	irqs = mock_alloc_on(r.s, 1, 0);
	mock_request(irqs, r.a);
	mirq_hosted_bind(3);
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		leave(&r, cpu);
		mock_fire(r.s, 0);
		assert_int_equal(r.a[0].nr, cpu + 1);
	}
	assert_int_equal(cpu_of(irqs), 3);
	mock_log_clear(r.m);
	assert_int_equal(prepare(&r, 3), MIRQ_ENOSPC);
	mock_why(&r.m->why, 0, "no other CPU is online", "CPU");
	expect_untouched(&r, &irqs, 1, 3);
	come_back(&r, 0);
	assert_int_equal(cpu_of(irqs), 0);
	mirq_hosted_bind(0);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 4);
	rig_free(&r);
}

static void refused__pinned__nothing_has_moved(void **state)
{
	struct mirq_irqs irqs[2];
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 0);
	s = mock_store(r.m, MOCK_PLAIN, "fixed", 16);
	s->kind.traits |= MIRQ_STORE_PINNED;
	mock_store_attach(s, mock_device(r.m, "dev", NULL));
	irqs[0] = mock_alloc_on(r.s, 2, 1);
	irqs[1] = mock_alloc_want(
		s, (struct mirq_irq_want){ .at = { 7, 8 }, .cpus = mirq_cpus_one(1) });
	mock_request(irqs[0], r.a);
	mock_request(irqs[1], r.a + 2);
	mock_log_clear(r.m);
	assert_int_equal(prepare(&r, 1), MIRQ_ENOTSUP);
	assert_int_equal(r.m->why.value, 7);
	mock_why(&r.m->why, 0, "pinned", "fixed");
	expect_untouched(&r, irqs, 2, 1);
	assert_int_equal(used_on(&r, 0) + used_on(&r, 2) + used_on(&r, 3), 0);
	assert_int_equal(mirq_irq_free(irqs[1]), MIRQ_OK);
	leave(&r, 1);
	rig_free(&r);
}

/* Not even what stands outside its mask since another CPU left, which has come back meanwhile. */
static void refused__others_outside_their_masks__nothing_has_moved(void **state)
{
	struct mirq_irqs displaced, fixed;
	struct mock_store *s;
	struct rig r;
	uint32_t cpu;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 0);
	s = mock_store(r.m, MOCK_PLAIN, "fixed", 16);
	s->kind.traits |= MIRQ_STORE_PINNED;
	mock_store_attach(s, mock_device(r.m, "dev", NULL));
	displaced = mock_alloc_on(r.s, 1, 1);
	mock_request(displaced, r.a);
	leave(&r, 1);
	cpu = cpu_of(displaced);
	assert_int_equal(on_cpu(&r, 1, call_online), MIRQ_OK);
	fixed = mock_alloc_want(s, (struct mirq_irq_want){ .cpus = mirq_cpus_one(2) });
	mock_request(fixed, r.a + 1);
	assert_int_equal(prepare(&r, 2), MIRQ_ENOTSUP);
	assert_int_equal(cpu_of(displaced), cpu);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, NULL), MIRQ_OK);
	assert_int_equal(cpu_of(displaced), 1);
	rig_free(&r);
}

static void refused__no_ids_left__gives_back_what_it_had_taken(void **state)
{
	struct mirq_irqs irqs[2];
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.m->root.init.ids.limit = 32 + 4;
	rig_begin(&r, 1);
	s = rig_store(&r, MOCK_MSIX, "second");
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		(void)mock_alloc_on(r.s, cpu == 1 ? 0 : 3, cpu);
	assert_int_equal(mirq_irq_free(mirq_store_irqs(r.s->store)), MIRQ_OK);
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		if (cpu != 1)
			(void)mock_alloc_on(r.s, 3, cpu);
	irqs[0] = mock_alloc_on(r.s, 2, 1);
	/* Four, and room for three. Two of them have come from elsewhere. */
	irqs[1] = mock_alloc_want(s, (struct mirq_irq_want){ .nr = 2, .cpus = { { 2, 4 }, NULL } });
	mock_request(irqs[1], r.a);
	assert_int_equal(mirq_affinity_set(irqs[1], mirq_cpus_one(1), NULL), MIRQ_OK);
	mirq_hosted_serve(&r.m->host, 2);
	mirq_hosted_serve(&r.m->host, 3);
	assert_int_equal(used_on(&r, 2) + used_on(&r, 3), 6);
	mock_log_clear(r.m);
	assert_int_equal(prepare(&r, 1), MIRQ_ENOSPC);
	assert_int_equal(r.m->why.nr_left, 0);
	mock_why(&r.m->why, 0, "no id left", "root");
	expect_untouched(&r, irqs, 2, 1);
	assert_int_equal(used_on(&r, 0) + used_on(&r, 2) + used_on(&r, 3), 9);
	mock_fire(s, 0);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(mirq_irq_free(mirq_irq_at(irqs[0], 0)), MIRQ_OK);
	leave(&r, 1);
	assert_int_equal(used_on(&r, 1), 0);
	rig_free(&r);
}

static void refused__last_move_has_not_drained__then_works(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 1);
	mock_raise(r.s, 0);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(2), NULL), MIRQ_OK);
	mock_log_clear(r.m);
	assert_int_equal(prepare(&r, 2), MIRQ_EBUSY);
	assert_int_equal(r.m->why.value, 1);
	mock_why(&r.m->why, 0, "has not drained", "root");
	expect_untouched(&r, &irqs, 1, 2);
	assert_int_equal(mock_deliver(r.m), 1);
	leave(&r, 2);
	assert_int_equal(r.a[0].nr, 1);
	rig_free(&r);
}

static void refused__two_ways_alive__until_hardware_confirms(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 1);
	mock_fail(r.m, "table.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(2), NULL), MIRQ_EIO);
	mock_log_clear(r.m);
	for (uint32_t cpu = 1; cpu < 3; cpu++) { /* where it was and where it is */
		assert_int_equal(prepare(&r, cpu), MIRQ_EBUSY);
		mock_why(&r.m->why, 0, "has not drained", "root");
		expect_untouched(&r, &irqs, 1, 2);
	}
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(2), NULL), MIRQ_OK);
	leave(&r, 1);
	leave(&r, 2);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	rig_free(&r);
}

static void refused__no_drain_is_known__but_not_when_inactive(void **state)
{
	struct mirq_irqs irqs, idle;
	struct mock_store *s;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		rig_new(&r);
		rig_begin(&r, 0);
		if (has_table) {
			r.table = mock_table_new(r.m, "table", 64);
			r.table->init.traits &= ~(uint32_t)MIRQ_REMAPPER_DRAINS;
			assert_int_equal(mock_remapper_attach(r.table), MIRQ_OK);
		}
		s = rig_store(&r, has_table ? MOCK_MSIX : MOCK_NO_FLUSH, "deaf");
		idle = mock_alloc_on(s, 1, 2);
		irqs = mock_alloc_on(s, 1, 1);
		mock_request(irqs, r.a);
		mock_log_clear(r.m);
		assert_int_equal(prepare(&r, 1), MIRQ_ENOTSUP);
		assert_int_equal(r.m->why.value, 1);
		mock_why(&r.m->why, 0, "drained", "deaf");
		expect_untouched(&r, &irqs, 1, 1);
		leave(&r, 2);
		assert_int_not_equal(cpu_of(idle), 2);
		/* Moved by its user, it is in quarantine on both: neither of them leaves. */
		assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(3), NULL), MIRQ_OK);
		mock_log_clear(r.m);
		assert_int_equal(prepare(&r, 1), MIRQ_ENOTSUP);
		assert_int_equal(prepare(&r, 3), MIRQ_ENOTSUP);
		expect_untouched(&r, &irqs, 1, 3);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		leave(&r, 1);
		mock_sound(r.m);
		mirq_fini(r.m->m);
		r.m->m = r.m->host.m = NULL;
		mock_free_after_fini(r.m);
	}
}

/* ---- hardware that does not answer ---- */

/* Operation @op of the walk fails from its @n-th call on, @nr times. 0: it has fewer. */
static int fail_at(const char *op, int has_table, uint64_t n, uint64_t nr)
{
	struct mirq_irqs first, second;
	struct mock_store *s;
	enum mirq_err err;
	struct rig r;

	rig_new(&r);
	rig_begin(&r, has_table);
	s = mock_store(r.m, MOCK_SLEEPS, "slow", 16);
	s->kind.update = MIRQ_UPDATE_96;
	mock_store_attach(s, mock_device(r.m, "dev", r.table ? r.table->domain : NULL));
	first = mock_alloc_on(r.s, 2, 1);
	second = mock_alloc_on(s, 2, 1);
	mock_request(first, r.a);
	mock_request(second, r.a + 2);
	mock_forget(r.m);
	mock_fail(r.m, op, n, nr, MIRQ_EIO);
	err = prepare(&r, 1);
	mock_fail_never(r.m);
	assert_int_equal(err, mock_count(r.m, op) < n ? MIRQ_OK : MIRQ_EIO);
	if (err) {
		assert_true(info_of(&r, 1).is_online);
		assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_EINVAL);
		mock_why(&r.m->why, 0, "did not confirm", NULL);
	}
	for (uint32_t i = 0; i < 4; i++) { /* whichever way hardware uses */
		mock_fire(i < 2 ? r.s : s, i & 1);
		assert_int_equal(r.a[i].nr, 1);
	}
	assert_int_equal(late_and_stray(&r), 0);
	mock_sound(r.m);
	/* Once hardware answers, their users move them again and the CPU may leave. */
	for (uint32_t i = 0; i < 4; i++) {
		struct mirq_irqs one = mirq_irq_at(i < 2 ? first : second, i & 1);

		assert_int_equal(mirq_affinity_set(one, mirq_cpus_one(cpu_of(one)), NULL), MIRQ_OK);
	}
	if (err)
		assert_int_equal(prepare(&r, 1), MIRQ_OK);
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
	for (uint32_t i = 0; i < 4; i++) {
		mock_fire(i < 2 ? r.s : s, i & 1);
		assert_int_equal(r.a[i].nr, 2);
	}
	assert_int_equal(late_and_stray(&r), 0);
	rig_free(&r);
	return err != MIRQ_OK;
}

static void hardware__each_call_fails_once_or_for_good__cpu_stays(void **state)
{
	static const char *const with[] = { "table.program", "table.flush" };
	static const char *const without[] = { "msix.flush", "slow.flush", "slow.begin",
					       "slow.commit" };
	uint32_t nr = 0;
	uint64_t n;

	(void)state;
	for (uint32_t once = 0; once < 2; once++) {
		for (uint32_t i = 0; i < MOCK_NR(with); i++)
			for (n = 1; fail_at(with[i], 1, n, once); n++)
				nr++;
		for (uint32_t i = 0; i < MOCK_NR(without); i++)
			for (n = 1; fail_at(without[i], 0, n, once); n++)
				nr++;
	}
	print_message("failures injected: %u, of hardware\n", nr);
	assert_true(nr >= 16);
}

/* The last store has no place for what comes from the CPU: all that moved is brought back, each id
 * is given back once. */
static void store__has_no_place__cpu_stays(void **state)
{
	struct mirq_irqs first, second;
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 0);
	s = mock_store(r.m, MOCK_SLEEPS, "slow", 16);
	s->kind.update = MIRQ_UPDATE_96;
	mock_store_attach(s, mock_device(r.m, "dev", NULL));
	first = mock_alloc_on(r.s, 2, 1);
	second = mock_alloc_on(s, 3, 1); /* one without a handler */
	mock_request(first, r.a);
	mock_request((struct mirq_irqs){ second.store, { 0, 2 } }, r.a + 2);
	mock_fail(r.m, "slow.commit", 1, 1, MIRQ_ENOSPC);
	assert_int_equal(prepare(&r, 1), MIRQ_ENOSPC);
	mock_why(&r.m->why, 0, "no place for the new message", "slow");
	assert_true(info_of(&r, 1).is_online);
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		mirq_hosted_serve(&r.m->host, cpu);
	assert_int_equal(info_of(&r, 1).nr_used, 5);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(cpu_of(mirq_irq_at(second, i)), 1);
	for (uint32_t i = 0; i < 4; i++) {
		mock_fire(i < 2 ? r.s : s, i & 1);
		assert_int_equal(r.a[i].nr, 1);
	}
	assert_int_equal(late_and_stray(&r), 0);
	mock_sound(r.m);
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
	rig_free(&r);
}

static void memory__none_is_asked_for(void **state)
{
	struct mirq_irqs irqs;
	uint64_t bits = 2;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 4);
	assert_int_equal(mirq_affinity_set(irqs, (struct mirq_cpus){ { 0, 4 }, &bits }, NULL),
			 MIRQ_OK);
	mirq_hosted_fail(&r.m->host, 1, 1);
	leave(&r, 1);
	come_back(&r, 1);
	assert_int_equal(r.m->host.nr_calls, 0);
	mirq_hosted_fail(&r.m->host, 0, 0);
	assert_int_equal(wanted_of(irqs).bits[0], 2);
	rig_free(&r);
}

/* ---- events ---- */

static void event__taken_between_prepare_and_finish__is_not_raised_twice(void **state)
{
	struct rig r;

	(void)state;
	(void)rig_with(&r, 1, 1);
	mock_raise(r.s, 0); /* CPU 1 has interrupts off */
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(mock_take(r.m, 1), 1);
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
	others_take(&r, 1);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(late_and_stray(&r), 0);
	rig_free(&r);
}

/* Its id is nobody's until the CPU is back and has taken it: then it is late. */
static void event__pending_on_the_dying_cpu__goes_on_and_keeps_its_id(void **state)
{
	struct mirq_irqs irqs, other;
	struct rig r;

	(void)state;
	for (int resends = 0; resends < 2; resends++) {
		rig_new(&r);
		if (!resends)
			r.m->root.ops.resend = NULL;
		rig_begin(&r, 1);
		irqs = mock_alloc_on(r.s, 2, 1);
		mock_request(irqs, r.a);
		mock_raise(r.s, 0);
		assert_int_equal(prepare(&r, 1), MIRQ_OK);
		assert_int_equal(mock_is_pending(r.m, 1, 32), 1);
		assert_int_equal(r.a[0].nr, 0);
		assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
		others_take(&r, 1);
		assert_int_equal(r.a[0].nr, 1);
		assert_int_equal(r.a[1].nr, 0);
		assert_int_equal(used_on(&r, 1), 1);
		assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(3), NULL), MIRQ_OK);
		come_back(&r, 1);
		other = mock_alloc_on(r.s, 1, 1);
		mock_request(other, r.a + 2);
		assert_int_equal(mock_take(r.m, 1), 1);
		assert_int_equal(r.a[0].nr + r.a[2].nr, 1);
		assert_int_equal(late_and_stray(&r), 1);
		assert_int_equal(used_on(&r, 1), 1);
		rig_free(&r);
	}
}

static void event__controller_was_reset__its_id_is_back_at_once(void **state)
{
	struct rig r;

	(void)state;
	(void)rig_with(&r, 1, 1);
	mock_raise(r.s, 0);
	leave(&r, 1);
	others_take(&r, 1);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(used_on(&r, 1), 1);
	atomic_store(&r.m->root.cpus[1].irr[32], 0);
	assert_int_equal(on_cpu(&r, 1, call_online), MIRQ_OK);
	mirq_hosted_serve(&r.m->host, 1);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(late_and_stray(&r), 0);
	rig_free(&r);
}

static void event__pending_of_a_released_interrupt__is_nobodys(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 1);
	mock_raise(r.s, 0);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	leave(&r, 1);
	others_take(&r, 1);
	assert_int_equal(mock_count(r.m, "root.resend"), 0);
	assert_int_equal(r.a[0].nr, 0);
	come_back(&r, 1);
	(void)mock_deliver(r.m);
	assert_int_equal(late_and_stray(&r), 1);
	assert_int_equal(used_on(&r, 1), 0);
	rig_free(&r);
}

static void event__user_moved_it_away_before__goes_on_too(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_with(&r, 1, 1);
	mock_raise(r.s, 0);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(2), NULL), MIRQ_OK);
	leave(&r, 1); /* its old id still retires there: no reason to refuse */
	others_take(&r, 1);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(3), NULL), MIRQ_OK);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 2);
	rig_free(&r);
}

static void replay__noted_on_the_dying_cpu__goes_on(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int is_released = 0; is_released < 2; is_released++) {
		rig_new(&r);
		r.m->root.ops.resend = NULL;
		rig_begin(&r, 1);
		irqs = mock_alloc_on(r.s, 1, 1);
		mock_request(irqs, r.a);
		r.m->host.has_threads = 1; /* kicks wait until they are served below */
		assert_int_equal(mirq_irq_resend(irqs), MIRQ_OK);
		assert_int_equal(prepare(&r, 1), MIRQ_OK);
		assert_int_equal(r.a[0].nr, 0);
		if (is_released)
			assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
		assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
		assert_int_equal(used_on(&r, 1), 0);
		for (uint32_t cpu = 0; cpu < 4; cpu++)
			if (cpu != 1)
				mirq_hosted_serve(&r.m->host, cpu);
		assert_int_equal(r.a[0].nr, !is_released);
		assert_int_equal(atomic_load(&r.m->m->cpus[1].nr_waiting), 0);
		rig_free(&r);
	}
}

static void event__level_pending_on_the_dying_cpu__is_rearmed(void **state)
{
	struct mirq_irqs irqs;
	struct mock_store *s;
	struct rig r;

	(void)state;
	for (int falls = 0; falls < 2; falls++) {
		rig_new(&r);
		rig_begin(&r, 1);
		s = rig_store(&r, MOCK_LEVEL, "level");
		irqs = mock_alloc_want(s, (struct mirq_irq_want){ .cpus = mirq_cpus_one(1),
								  .trigger = MIRQ_LEVEL_HIGH });
		mock_request(irqs, r.a);
		mock_raise(s, 0);
		assert_int_equal(prepare(&r, 1), MIRQ_OK);
		if (falls)
			mock_lower(s, 0);
		mock_log_clear(r.m);
		assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
		mock_expect(r.m, "level.eoi 0\nroot.cpu_down 1\n");
		assert_int_equal(mock_take(r.m, cpu_of(irqs)), !falls);
		assert_int_equal(r.a[0].nr, !falls);
		mock_lower(s, 0);
		others_take(&r, 1);
		rig_free(&r);
	}
}

static void state__disabled_and_later__travel_with_it(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int later = 0; later < 2; later++) {
		irqs = rig_with(&r, 0, 1);
		r.a[0].answer = later ? MIRQ_LATER : MIRQ_HANDLED;
		if (later)
			mock_fire(r.s, 0);
		else
			mirq_irq_disable(irqs);
		mock_fire(r.s, 0);
		leave(&r, 1);
		mock_fire(r.s, 0);
		assert_int_equal(r.a[0].nr, later);
		if (later)
			mirq_irq_done(irqs);
		else
			assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
		others_take(&r, 1);
		assert_int_equal(r.a[0].nr, later + 1);
		rig_free(&r);
	}
}

static void shared__both_actions_run_on_the_new_cpu(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	irqs = mock_alloc_on(r.s, 1, 1);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(mock_request_try(irqs, r.a + i, MIRQ_REQUEST_SHARED, NULL),
				 MIRQ_OK);
	mock_raise(r.s, 0);
	leave(&r, 1);
	others_take(&r, 1);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(r.a[1].nr, 1);
	rig_free(&r);
}

static void masked_root__event_that_waits_there__goes_on(void **state)
{
	struct mirq_irqs irqs;
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.m->root.ops.mask = mock_root_all.mask;
	r.m->root.ops.unmask = mock_root_all.unmask;
	rig_begin(&r, 1);
	s = rig_store(&r, MOCK_PLAIN, "plain");
	irqs = mock_alloc_on(s, 1, 1);
	assert_int_equal(mock_request_try(irqs, r.a, MIRQ_REQUEST_DISABLED, NULL), MIRQ_OK);
	mock_raise(s, 0);
	leave(&r, 1);
	others_take(&r, 1);
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	others_take(&r, 1);
	assert_int_equal(r.a[0].nr, 1);
	rig_free(&r);
}

static void gone__stray_there__is_counted(void **state)
{
	uint64_t nr_kicks;
	struct rig r;

	(void)state;
	(void)rig_with(&r, 1, 4);
	leave(&r, 1);
	nr_kicks = atomic_load(&r.m->host.cpus[1].nr_kicks);
	mirq_hosted_dispatch(&r.m->host, 1, 33);
	assert_int_equal(info_of(&r, 1).nr_stray, 1);
	assert_int_equal(r.a[1].nr, 0);
	/* Nobody kicks it: not for allocations, moves, or what is freed. */
	assert_int_equal(mirq_affinity_set(mirq_store_irqs(r.s->store), mirq_cpus_one(2), NULL),
			 MIRQ_EINVAL);
	(void)mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 8 });
	assert_int_equal(mirq_irq_free(mirq_store_irqs(r.s->store)), MIRQ_OK);
	assert_int_equal(atomic_load(&r.m->host.cpus[1].nr_kicks), nr_kicks);
	rig_free(&r);
}

/* An id that waits for a CPU that is gone is not waited for by others. */
static void gone__with_an_id_that_retires__allocations_do_not_wait(void **state)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 16, .nr_min = 1 };
	uint64_t nr_kicks;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.m->root.init.ids.limit = 32 + 2;
	rig_begin(&r, 1);
	mock_request(mock_alloc_on(r.s, 1, 1), r.a);
	mock_raise(r.s, 0);
	leave(&r, 1);
	nr_kicks = atomic_load(&r.m->host.cpus[1].nr_kicks);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_count(irqs), 5); /* two on each of three, one has moved there */
	assert_int_equal(atomic_load(&r.m->host.cpus[1].nr_kicks), nr_kicks);
	rig_free(&r);
}

/* ---- events at every step ---- */

struct shower {
	struct rig *r;
	uint32_t at, step; /* fire before the operation number @at of both calls */
	uint32_t take;     /* and let the CPUs take it there and then */
	uint64_t nr_raised, handled_before;
};

static void on_op(void *context, struct mock_domain *d, enum mock_op op)
{
	struct shower *sh = context;

	(void)d;
	(void)op;
	if (sh->step++ != sh->at)
		return;
	sh->nr_raised++;
	sh->handled_before = sh->r->a[0].nr;
	mock_raise(sh->r->s, 0);
	for (uint32_t cpu = 1; sh->take && cpu < 4; cpu++) /* CPU 0 may hold a lock */
		while (mock_take(sh->r->m, cpu))
			;
}

/* 0: leaving has fewer steps. Once CPU 1 is off nobody may send there any more. */
static int rain_on_leave(enum mock_kind kind, int has_table, uint32_t at, uint32_t take)
{
	struct shower sh = { .at = at, .take = take };
	struct mirq_irqs irqs;
	struct rig r;

	rig_new(&r);
	rig_begin(&r, has_table);
	r.s = rig_store(&r, kind, "store");
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(irqs, r.a);
	sh.r = &r;
	r.m->hook_context = &sh;
	r.m->hook = on_op;
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	sh.take = 0; /* finish has interrupts off */
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
	r.m->hook = NULL;
	others_take(&r, 1);
	if (sh.nr_raised && r.a[0].nr <= sh.handled_before)
		fail_msg("event before step %u of leaving is lost", at);
	assert_int_equal(late_and_stray(&r), 0);
	mock_raise(r.s, 0);
	others_take(&r, 1);
	assert_true(r.a[0].nr > sh.nr_raised);
	rig_free(&r);
	return sh.nr_raised != 0;
}

static void leave__event_at_every_step__is_never_lost(void **state)
{
	static const struct {
		enum mock_kind kind;
		int has_table;
	} ways[] = { { MOCK_MSIX, 0 },
		     { MOCK_MSIX, 1 },
		     { MOCK_PLAIN, 0 },
		     { MOCK_PLAIN, 1 },
		     { MOCK_MSI, 1 } };
	uint32_t nr = 0, at;

	(void)state;
	for (uint32_t w = 0; w < MOCK_NR(ways); w++)
		for (uint32_t take = 0; take < 2; take++) {
			for (at = 0; rain_on_leave(ways[w].kind, ways[w].has_table, at, take); at++)
				;
			assert_true(at >= 4);
			nr += at;
		}
	print_message("%u events in the middle of leaving\n", nr);
}

/* The CPU is in a hurry: it switches itself off while another one still prepares it. */
static void try_to_finish(void *context, struct mock_domain *d, enum mock_op op)
{
	struct rig *r = context;

	(void)d;
	(void)op;
	if (mirq_host_this_cpu(&r->m->host) == 1)
		return; /* it is busy with what has arrived */
	r->nr_refused += on_cpu(r, 1, call_finish) == MIRQ_EINVAL;
	r->nr_tried++;
}

static void finish__while_it_is_prepared__is_refused(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	rig_begin(&r, 1);
	r.s = rig_store(&r, MOCK_MSIX, "store");
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(irqs, r.a);
	r.m->hook_context = &r;
	r.m->hook = try_to_finish;
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	r.m->hook = NULL;
	assert_true(r.nr_tried >= 2); /* program, flush */
	assert_int_equal(r.nr_refused, r.nr_tried);
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
	mock_raise(r.s, 0);
	others_take(&r, 1);
	assert_int_equal(r.a[0].nr, 1);
	rig_free(&r);
}

static void several__in_turn_under_load__lose_nothing(void **state)
{
	struct mirq_irqs irqs[4];
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		rig_new(&r);
		rig_begin(&r, has_table);
		for (uint32_t i = 0; i < 4; i++) {
			irqs[i] = mock_alloc_on(r.s, 1, i);
			mock_request(irqs[i], r.a + i);
		}
		for (uint32_t round = 0; round < 8; round++)
			for (uint32_t step = 0; step < 6; step++) {
				uint32_t cpu = 1 + step % 3;

				for (uint32_t i = 0; i < 4; i++)
					mock_raise(r.s, i);
				if (step < 3)
					leave(&r, cpu);
				else
					come_back(&r, cpu);
				(void)mock_deliver(r.m); /* with what is still there: late */
				mock_sound(r.m);
			}
		for (uint32_t i = 0; i < 4; i++) {
			assert_int_equal(cpu_of(irqs[i]), i);
			assert_int_equal(r.a[i].nr, 48);
			assert_int_equal(used_on(&r, i), 1);
		}
		rig_free(&r);
	}
}

/* ---- threads ---- */

struct crowd {
	struct rig *r;
	struct mock_store *visitor;
	_Atomic int is_over;
	_Atomic uint64_t nr_rounds;
};

static void *play_cpu(void *context)
{
	struct crowd *c = context;
	static _Atomic uint32_t next_cpu;
	uint32_t cpu = atomic_fetch_add(&next_cpu, 1) % 4;

	mirq_hosted_bind(cpu);
	while (!atomic_load(&c->is_over)) {
		mirq_hosted_serve(&c->r->m->host, cpu);
		if (mirq_cpu_inspect(c->r->m->m, cpu, &(struct mirq_cpu_info){ 0 }))
			break;
		while (mock_take(c->r->m, cpu))
			;
		sched_yield();
	}
	return NULL;
}

static void drift(struct mirq_irqs irqs, struct mirq_cpus cpus)
{
	enum mirq_err err = mirq_affinity_set(irqs, cpus, NULL);

	/* No CPU of them online just now; or the last move has not drained. */
	assert_true(err == MIRQ_OK || err == MIRQ_EINVAL || err == MIRQ_EBUSY ||
		    err == MIRQ_ENOSPC);
}

/* Devices, interrupts and moves come and go meanwhile. */
static void *play_driver(void *context)
{
	struct crowd *c = context;
	struct mock_action a[2] = { { .mock = c->r->m }, { .mock = c->r->m } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 2 };
	struct mirq_irqs irqs;

	mirq_hosted_bind(0);
	while (!atomic_load(&c->is_over)) {
		struct mirq_device *dev = mock_device(c->r->m, "visitor", c->r->table->domain);

		mock_store_attach(c->visitor, dev);
		for (uint32_t i = 0; i < 4; i++) {
			assert_int_equal(mirq_irq_alloc(c->visitor->store, &want, &irqs), MIRQ_OK);
			drift(irqs, mirq_cpus_one(1 + i % 3));
			assert_int_equal(mock_request_try(irqs, a, 0, NULL), MIRQ_OK);
			drift(irqs, (struct mirq_cpus){ { 1, 4 }, NULL });
			assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		}
		assert_int_equal(mirq_device_detach(dev), MIRQ_OK);
		atomic_fetch_add(&c->nr_rounds, 1);
	}
	return NULL;
}

static void leave_soon(struct rig *r, uint32_t cpu)
{
	enum mirq_err err;

	while ((err = prepare(r, cpu)))
		assert_int_equal(err, MIRQ_EBUSY);
	assert_int_equal(on_cpu(r, cpu, call_finish), MIRQ_OK);
}

static void threads__cpus_leave_while_devices_come_and_go__nothing_is_lost(void **state)
{
	struct crowd c = { 0 };
	struct mirq_irqs irqs;
	pthread_t cpus[4], driver;
	uint64_t before;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.m->is_quiet = 1;
	rig_begin(&r, 1);
	irqs = mock_alloc_on(r.s, 1, 2);
	mock_request(irqs, r.a);
	r.m->host.has_threads = 1;
	c.r = &r;
	c.visitor = mock_store(r.m, MOCK_MSIX, "visitor", 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&cpus[i], NULL, play_cpu, &c), 0);
	assert_int_equal(pthread_create(&driver, NULL, play_driver, &c), 0);
	for (uint32_t i = 0; i < 100; i++) {
		before = atomic_load(&r.a[0].nr);
		mock_raise(r.s, 0);
		leave_soon(&r, 2);
		leave_soon(&r, 1);
		while (atomic_load(&r.a[0].nr) == before)
			sched_yield();
		assert_int_equal(on_cpu(&r, 1, call_online), MIRQ_OK);
		assert_int_equal(on_cpu(&r, 2, call_online), MIRQ_OK);
		while (mirq_cpu_online_finish(r.m->m, 2, NULL))
			;
		assert_int_equal(cpu_of(irqs), 2);
	}
	while (atomic_load(&c.nr_rounds) < 3)
		sched_yield();
	atomic_store(&c.is_over, 1);
	for (uint32_t i = 0; i < 4; i++)
		pthread_join(cpus[i], NULL);
	pthread_join(driver, NULL);
	r.m->host.has_threads = 0;
	mirq_hosted_bind(0);
	print_message("%llu devices came and went\n", (unsigned long long)c.nr_rounds);
	rig_free(&r);
}

static void *detach(void *context)
{
	mirq_hosted_bind(0);
	assert_int_equal(mirq_device_detach(context), MIRQ_OK);
	return NULL;
}

struct visit {
	struct mirq_device *dev;
	pthread_t thread;
	int has_begun;
};

/* A device without interrupts goes while everything is locked, or rather afterwards. */
static void begin_detach(void *context, struct mock_domain *d, enum mock_op op)
{
	struct visit *v = context;

	if (op != MOCK_OP_FLUSH || v->has_begun)
		return;
	v->has_begun = 1;
	assert_int_equal(pthread_create(&v->thread, NULL, detach, v->dev), 0);
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	assert_ptr_equal(mirq_device_next(d->mock->m, v->dev), NULL);
	assert_ptr_equal(mirq_device_next(d->mock->m, d->mock->stores->dev), v->dev);
}

static void detach__while_a_cpu_leaves__waits(void **state)
{
	struct visit v = { 0 };
	struct rig r;

	(void)state;
	(void)rig_with(&r, 1, 1);
	v.dev = mock_device(r.m, "visitor", NULL);
	r.m->host.has_threads = 1;
	r.m->hook_context = &v;
	r.m->hook = begin_detach;
	assert_int_equal(prepare(&r, 1), MIRQ_OK);
	r.m->hook = NULL;
	assert_true(v.has_begun);
	pthread_join(v.thread, NULL);
	r.m->host.has_threads = 0;
	assert_null(mirq_device_next(r.m->m, r.s->dev));
	assert_int_equal(on_cpu(&r, 1, call_finish), MIRQ_OK);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leave__nothing_there__says_so_to_the_root_alone),
		cmocka_unit_test(leave__root_without_cpu_up_and_down__works),
		cmocka_unit_test(leave__many_interrupts__one_flush_per_store),
		cmocka_unit_test(leave__mask_with_another_cpu__stays_in_the_mask),
		cmocka_unit_test(leave__mask_broken__is_remembered_and_restored),
		cmocka_unit_test(leave__another_cpu_comes_back__brings_its_own_only),
		cmocka_unit_test(leave__reserved_only__moves_and_returns_too),
		cmocka_unit_test(
			best_effort__requested_while_its_cpu_is_gone__goes_elsewhere_and_returns),
		cmocka_unit_test(leave__block_behind_a_table__each_member_goes),
		cmocka_unit_test(between__user_moves_and_allocations__never_go_there),
		cmocka_unit_test(cancel__instead_of_finish__everything_is_as_before),
		cmocka_unit_test(back__no_id_left__stays_and_says_so_others_return),
		cmocka_unit_test(back__old_id_still_pending__busy_then_works),
		cmocka_unit_test(back__hardware_does_not_confirm__both_ways_stay),
		cmocka_unit_test(back__no_drain_is_known__stays),
		cmocka_unit_test(refused__bad_calls),
		cmocka_unit_test(refused__last_cpu__cpu_0_may_leave),
		cmocka_unit_test(refused__pinned__nothing_has_moved),
		cmocka_unit_test(refused__others_outside_their_masks__nothing_has_moved),
		cmocka_unit_test(refused__no_ids_left__gives_back_what_it_had_taken),
		cmocka_unit_test(refused__last_move_has_not_drained__then_works),
		cmocka_unit_test(refused__two_ways_alive__until_hardware_confirms),
		cmocka_unit_test(refused__no_drain_is_known__but_not_when_inactive),
		cmocka_unit_test(hardware__each_call_fails_once_or_for_good__cpu_stays),
		cmocka_unit_test(store__has_no_place__cpu_stays),
		cmocka_unit_test(memory__none_is_asked_for),
		cmocka_unit_test(event__taken_between_prepare_and_finish__is_not_raised_twice),
		cmocka_unit_test(event__pending_on_the_dying_cpu__goes_on_and_keeps_its_id),
		cmocka_unit_test(event__controller_was_reset__its_id_is_back_at_once),
		cmocka_unit_test(event__pending_of_a_released_interrupt__is_nobodys),
		cmocka_unit_test(event__user_moved_it_away_before__goes_on_too),
		cmocka_unit_test(replay__noted_on_the_dying_cpu__goes_on),
		cmocka_unit_test(event__level_pending_on_the_dying_cpu__is_rearmed),
		cmocka_unit_test(state__disabled_and_later__travel_with_it),
		cmocka_unit_test(shared__both_actions_run_on_the_new_cpu),
		cmocka_unit_test(masked_root__event_that_waits_there__goes_on),
		cmocka_unit_test(gone__stray_there__is_counted),
		cmocka_unit_test(gone__with_an_id_that_retires__allocations_do_not_wait),
		cmocka_unit_test(leave__event_at_every_step__is_never_lost),
		cmocka_unit_test(finish__while_it_is_prepared__is_refused),
		cmocka_unit_test(several__in_turn_under_load__lose_nothing),
		cmocka_unit_test(detach__while_a_cpu_leaves__waits),
		cmocka_unit_test(threads__cpus_leave_while_devices_come_and_go__nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
