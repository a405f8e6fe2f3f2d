/* SPDX-License-Identifier: MIT */
/*
 * test_move.c - interrupts change their CPU while they fire (docs/design.md 8): what hardware sees,
 * when old ids retire, what is refused, what stays when hardware does not answer, and that no event
 * is lost at any step. CPU 0 is the thread's; interrupts move between the others.
 */
#include "mock.h"

#include "core/core.h"

struct rig {
	struct mock *m;
	struct mock_remapper *table; /* NULL: the store sends to the root */
	struct mirq_device *dev;
	struct mock_store *s;
	struct mock_action a[16];
};

static void rig_begin(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	mock_start(r->m, 4);
	r->table = has_table ? mock_table(r->m) : NULL;
}

static void rig_store(struct rig *r, enum mock_kind kind, const char *name, uint32_t traits)
{
	r->dev = mock_device(r->m, "dev", r->table ? r->table->domain : NULL);
	r->s = mock_store(r->m, kind, name, 16);
	r->s->kind.traits |= traits;
	mock_store_attach(r->s, r->dev);
	for (uint32_t i = 0; i < MOCK_NR(r->a); i++)
		r->a[i].mock = r->m;
	mock_log_clear(r->m);
}

/* @nr interrupts on @cpu, requested. */
static struct mirq_irqs rig_new(struct rig *r, int has_table, enum mock_kind kind, const char *name,
				uint32_t nr, uint32_t cpu)
{
	struct mirq_irqs irqs;

	rig_begin(r, has_table);
	rig_store(r, kind, name, 0);
	irqs = mock_alloc_on(r->s, nr, cpu);
	mock_request(irqs, r->a);
	mock_log_clear(r->m);
	mock_forget(r->m);
	return irqs;
}

static enum mirq_err move(struct rig *r, struct mirq_irqs irqs, uint32_t cpu)
{
	memset(&r->m->why, 0, sizeof(r->m->why));
	return mirq_affinity_set(irqs, mirq_cpus_one(cpu), &r->m->why);
}

static void serve(struct rig *r)
{
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		mirq_hosted_serve(&r->m->host, cpu);
}

static uint32_t cpu_of(struct mirq_irqs irqs)
{
	uint32_t cpu = UINT32_MAX;

	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_OK);
	return cpu;
}

static uint32_t used_on(struct rig *r, uint32_t cpu)
{
	struct mirq_cpu_info info;

	serve(r);
	assert_int_equal(mirq_cpu_inspect(r->m->m, cpu, &info), MIRQ_OK);
	return info.nr_used;
}

static uint64_t late_and_stray(struct rig *r)
{
	struct mirq_cpu_info info;
	uint64_t nr = 0;

	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		assert_int_equal(mirq_cpu_inspect(r->m->m, cpu, &info), MIRQ_OK);
		nr += info.nr_late + info.nr_stray;
	}
	return nr;
}

static struct mirq_info totals(struct rig *r)
{
	struct mirq_info info;

	mirq_inspect(r->m->m, &info);
	return info;
}

/* ---- what hardware sees ---- */

static void move__behind_a_table__does_not_touch_the_device(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 1, 1);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_expect(r.m, "table.program 0>2:32\ntable.flush 0\n");
	assert_int_equal(cpu_of(irqs), 2);
	mock_fire(r.s, 0);
	mock_expect(r.m, "root.eoi 2:32\n");
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(used_on(&r, 2), 1);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__without_a_table__masks_writes_unmasks_flushes(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 0, MOCK_MSIX, "msix", 2, 1);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	mock_expect(r.m, "msix.mask 0\n"
			 "msix.write 0 10001300/20\n"
			 "msix.unmask 0\n"
			 "msix.mask 1\n"
			 "msix.write 1 10001300/21\n"
			 "msix.unmask 1\n"
			 "msix.flush\n");
	mock_fire(r.s, 1);
	mock_expect(r.m, "root.eoi 3:33\n");
	assert_int_equal(used_on(&r, 1), 0);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__store_that_changes_at_once__is_not_masked(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 0, MOCK_PLAIN, "plain", 1, 1);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_expect(r.m, "plain.write 0 10001200/20\nplain.flush\n");
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	mock_free(r.m);
}

static void move__store_that_sleeps__is_rewritten_in_one_window(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r, 0);
	r.dev = mock_device(r.m, "dev", NULL);
	r.s = mock_store(r.m, MOCK_SLEEPS, "slow", 4);
	r.s->kind.update = MIRQ_UPDATE_96;
	mock_store_attach(r.s, r.dev);
	r.a[0].mock = r.a[1].mock = r.m;
	irqs = mock_alloc_on(r.s, 2, 1);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_expect(r.m, "slow.begin\n"
			 "slow.write 0 10001200/20\n"
			 "slow.write 1 10001200/21\n"
			 "slow.commit\n"
			 "slow.flush\n");
	/* What did not reach the device is not taken for done. */
	mock_fail(r.m, "slow.commit", 1, 1, MIRQ_EIO);
	assert_int_equal(move(&r, irqs, 3), MIRQ_EIO);
	assert_int_equal(totals(&r).nr_quarantined, 2);
	mock_fail(r.m, "slow.begin", 1, 1, MIRQ_EIO);
	mock_sound(r.m);
	mock_free(r.m);
}

static void no_place(void *data, struct mirq_why *why)
{
	(void)data;
	why->text = "no place between the two";
	why->value = 7;
	why->other = UINT64_C(1) << 40;
}

/* Breaks that were tried: ids not swapped back, the old message not written again, the wish kept,
 * the one without a handler left where it went, the store's word not asked for. */
static void move__store_has_no_place__is_taken_back(void **state)
{
	struct mirq_irqs irqs, quiet;
	struct mirq_cpus wish;
	struct rig r;

	(void)state;
	rig_begin(&r, 0);
	rig_store(&r, MOCK_SLEEPS, "slow", 0);
	r.s->kind.update = MIRQ_UPDATE_96;
	(void)mirq_store_detach(r.s->store);
	r.s->ops.why = no_place;
	mock_store_attach(r.s, r.dev);
	irqs = mock_alloc_on(r.s, 3, 1);
	quiet = mirq_irq_at(irqs, 2);
	mock_request((struct mirq_irqs){ irqs.store, { 0, 2 } }, r.a);
	mock_log_clear(r.m);
	mock_fail(r.m, "slow.commit", 1, 1, MIRQ_ENOSPC);
	assert_int_equal(move(&r, irqs, 2), MIRQ_ENOSPC);
	mock_expect(r.m, "slow.begin\n"
			 "slow.write 0 10001200/20\n"
			 "slow.write 1 10001200/21\n"
			 "slow.commit !\n"
			 "slow.begin\n"
			 "slow.write 0 10001100/20\n"
			 "slow.write 1 10001100/21\n"
			 "slow.commit\n"
			 "slow.flush\n");
	assert_int_equal(r.m->why.value, 7);
	assert_int_equal(r.m->why.other, UINT64_C(1) << 40);
	mock_why(&r.m->why, 0, "no place between", "slow");
	assert_int_equal(totals(&r).nr_quarantined, 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), 1);
		assert_int_equal(mirq_affinity_requested(mirq_irq_at(irqs, i), &wish), MIRQ_OK);
		assert_int_equal(wish.range.first, 1);
	}
	assert_int_equal(used_on(&r, 1), 3);
	assert_int_equal(used_on(&r, 2), 0);
	mock_fire(r.s, 1);
	assert_int_equal(r.a[1].nr, 1);
	mock_sound(r.m);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(cpu_of(quiet), 2);
	assert_int_equal(used_on(&r, 1), 0);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(late_and_stray(&r), 0);
	/* Refused twice: old and new both stay. */
	mock_fail(r.m, "slow.commit", 1, 2, MIRQ_ENOSPC);
	assert_int_equal(move(&r, irqs, 3), MIRQ_ENOSPC);
	assert_int_equal(totals(&r).nr_quarantined, 2);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 2);
	mock_sound(r.m);
	mock_free(r.m);
}

/* The store's word, or the core's where it has none. */
static void request__store_says_why__reaches_the_caller(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r, 0);
	rig_store(&r, MOCK_SLEEPS, "slow", 0);
	(void)mirq_store_detach(r.s->store);
	for (uint32_t has_word = 0; has_word < 2; has_word++) {
		r.s->ops.why = has_word ? no_place : NULL;
		mock_store_attach(r.s, r.dev);
		irqs = mock_alloc_on(r.s, 1, 1);
		mock_fail(r.m, "slow.commit", 1, 1, MIRQ_ENOSPC);
		assert_int_equal(mock_request_try(irqs, r.a, 0, &r.m->why), MIRQ_ENOSPC);
		assert_int_equal(r.m->why.other, has_word ? UINT64_C(1) << 40 : 0);
		mock_why(&r.m->why, 0, has_word ? "no place between" : "did not answer", "slow");
		/* Who does not want to know is not told. */
		mock_fail(r.m, "slow.commit", 1, 1, MIRQ_ENOSPC);
		assert_int_equal(mock_request_try(irqs, r.a, 0, NULL), MIRQ_ENOSPC);
		assert_int_equal(mock_request_try(irqs, r.a, 0, NULL), MIRQ_OK);
		(void)mirq_store_detach(r.s->store);
	}
	mock_free(r.m);
}

static void move__on_the_right_cpu_already__does_nothing(void **state)
{
	struct mirq_cpus cpus = { { 1, 3 }, NULL }, got;
	struct mirq_irqs irqs;
	uint64_t bits = 0xa; /* CPUs 1 and 3 */
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 2, 1);
	assert_int_equal(mirq_affinity_set(irqs, cpus, NULL), MIRQ_OK);
	mock_expect(r.m, "");
	assert_int_equal(cpu_of(irqs), 1);
	/* The wish is kept: copied, for one of them. */
	cpus.range.first = cpus.range.limit = 0;
	cpus.bits = &bits;
	assert_int_equal(mirq_affinity_set(mirq_irq_at(irqs, 1), cpus, NULL), MIRQ_OK);
	mock_expect(r.m, "");
	assert_int_equal(mirq_affinity_requested(irqs, &got), MIRQ_OK);
	assert_int_equal(got.range.first, 1);
	assert_int_equal(got.range.limit, 3);
	assert_null(got.bits);
	assert_int_equal(mirq_affinity_requested(mirq_irq_at(irqs, 1), &got), MIRQ_OK);
	assert_ptr_not_equal(got.bits, &bits);
	assert_int_equal(got.bits[0], 0xa);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__of_a_range__is_flushed_once(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		irqs = rig_new(&r, has_table, MOCK_MSIX, "msix", 16, 1);
		assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
		if (has_table) {
			assert_int_equal(mock_count(r.m, "table.program"), 1);
			assert_int_equal(mock_count(r.m, "table.flush"), 1);
		}
		assert_int_equal(mock_count(r.m, "msix.flush"), !has_table);
		assert_int_equal(mock_count(r.m, "msix.write"), has_table ? 0 : 16);
		for (uint32_t i = 0; i < 16; i++) {
			mock_fire(r.s, i);
			assert_int_equal(r.a[i].nr, 1);
		}
		assert_int_equal(used_on(&r, 1), 0);
		mock_free(r.m);
	}
}

static void move__range_half_requested__moves_both_halves(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r, 1);
	rig_store(&r, MOCK_MSIX, "msix", 0);
	irqs = mock_alloc_on(r.s, 2, 1);
	mock_request(mirq_irq_at(irqs, 1), &r.a[1]);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_expect(r.m, "table.program 1>2:33\ntable.flush 1\n");
	assert_int_equal(used_on(&r, 1), 0);
	mock_request(mirq_irq_at(irqs, 0), &r.a[0]);
	mock_expect_of(r.m, "table", "table.program 0>2:32\ntable.flush 0\n");
	mock_fire(r.s, 0);
	mock_fire(r.s, 1);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(r.a[1].nr, 1);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__while_reserved_only__counts_at_request(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r, 1);
	rig_store(&r, MOCK_MSIX, "msix", 0);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .cpus = mirq_cpus_one(1),
							    .reserve = MIRQ_RESERVE_BEST_EFFORT });
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	mock_request(irqs, r.a);
	assert_int_equal(cpu_of(irqs), 3);
	mock_free(r.m);
}

/* ---- when an old id retires ---- */

static void old_id__pending_on_its_cpu__brings_the_event_then_retires(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		irqs = rig_new(&r, has_table, MOCK_MSIX, "msix", 1, 1);
		mock_raise(r.s, 0);
		assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
		serve(&r);
		assert_true(mock_is_pending(r.m, 1, 32));
		assert_int_equal(used_on(&r, 1), 1);
		assert_int_equal(used_on(&r, 2), 1);
		mock_fire(r.s, 0); /* both arrive, on two CPUs */
		assert_int_equal(r.a[0].nr, 2);
		assert_int_equal(late_and_stray(&r), 0);
		assert_int_equal(used_on(&r, 1), 0);
		mock_sound(r.m);
		mock_free(r.m);
	}
}

static void old_id__still_pending__makes_the_next_move_wait_then_busy(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_cpus got;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 2, 1);
	mock_raise(r.s, 0);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_log_clear(r.m);
	/* The clock goes on by itself: 1 ms. */
	assert_int_equal(move(&r, irqs, 3), MIRQ_EBUSY);
	assert_int_equal(r.m->why.value, 1);
	mock_expect(r.m, "");
	assert_int_equal(cpu_of(irqs), 2);
	assert_int_equal(mirq_affinity_requested(irqs, &got), MIRQ_OK);
	assert_int_equal(got.range.first, 2);
	assert_int_equal(used_on(&r, 3), 0);
	(void)mock_deliver(r.m);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 2);
	mock_sound(r.m);
	mock_free(r.m);
}

static void let_time_pass(void *context, struct mock_domain *d, enum mock_op op)
{
	struct mirq_host *host = context;

	(void)d;
	if (op == MOCK_OP_PENDING) /* the CPU looks at the old id */
		atomic_fetch_add(&host->extra_ns, 2000000);
}

static void old_id__clock_runs_away__is_busy_at_the_second_look(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 1, 1);
	mock_raise(r.s, 0);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	serve(&r);
	r.m->hook_context = &r.m->host;
	r.m->hook = let_time_pass;
	mock_forget(r.m);
	assert_int_equal(move(&r, irqs, 3), MIRQ_EBUSY);
	assert_in_range(mock_count(r.m, "root.pending"), 1, 2);
	r.m->hook = NULL;
	mock_free(r.m);
}

static void old_id__released_before_it_retired__next_move_works(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 1, 1);
	mock_raise(r.s, 0);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	(void)mock_deliver(r.m); /* the late one */
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(late_and_stray(&r), 1);
	assert_int_equal(used_on(&r, 1), 0);
	mock_request(irqs, r.a);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	mock_free(r.m);
}

static void old_id__freed_before_it_retired__both_ids_come_back(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 1, 1);
	mock_raise(r.s, 0);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	assert_int_equal(used_on(&r, 1), 1);
	(void)mock_deliver(r.m);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(used_on(&r, 2), 0);
	assert_int_equal(late_and_stray(&r), 1);
	mock_free(r.m);
}

static void replay__noted_before_the_move__is_handled_on_the_old_cpu(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.m = mock_new();
	r.m->root.ops.resend = NULL;
	mock_start(r.m, 4);
	r.m->host.has_threads = 1; /* kicks wait until they are served below */
	r.table = mock_table(r.m);
	rig_store(&r, MOCK_MSIX, "msix", 0);
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_irq_resend(irqs), MIRQ_OK);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(r.a[0].nr, 0);
	serve(&r);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(late_and_stray(&r), 0);
	mock_free(r.m);
}

struct busy_cpu {
	struct rig *r;
	struct mirq_irqs other;
};

static void *raise_and_move(void *context)
{
	struct busy_cpu *b = context;

	if (mirq_irq_resend(b->other) || mirq_affinity_set(b->other, mirq_cpus_one(2), NULL))
		return b;
	return NULL;
}

/* Another CPU's thread does it while this handler runs, inside the service of CPU 1. */
static void let_another_cpu_move(void *context)
{
	pthread_t thread;
	void *result = context;

	assert_int_equal(pthread_create(&thread, NULL, raise_and_move, context), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_null(result);
}

static void replay__noted_while_its_cpu_serves_another__is_not_retired_with_the_id(void **state)
{
	struct busy_cpu busy;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.m = mock_new();
	r.m->root.ops.resend = NULL;
	mock_start(r.m, 4);
	r.m->host.has_threads = 1;
	r.table = mock_table(r.m);
	rig_store(&r, MOCK_MSIX, "msix", 0);
	irqs = mock_alloc_on(r.s, 2, 1);
	busy.r = &r;
	busy.other = mirq_irq_at(irqs, 1);
	r.a[0].also = let_another_cpu_move;
	r.a[0].context = &busy;
	mock_request(irqs, r.a);
	assert_int_equal(mirq_irq_resend(mirq_irq_at(irqs, 0)), MIRQ_OK);
	mirq_hosted_serve(&r.m->host, 1);
	assert_int_equal(r.a[0].nr, 1);
	mirq_hosted_serve(&r.m->host, 1);
	assert_int_equal(r.a[1].nr, 1);
	assert_int_equal(used_on(&r, 1), 1);
	assert_int_equal(late_and_stray(&r), 0);
	mock_sound(r.m);
	mock_free(r.m);
}

/* ---- refusals ---- */

static void move__pinned__is_refused_with_the_reason(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	/* Neither maskable nor changed at once. */
	irqs = rig_new(&r, 0, MOCK_TORN, "torn", 1, 1);
	assert_int_equal(move(&r, irqs, 2), MIRQ_ENOTSUP);
	assert_non_null(strstr(r.m->why.text, "pinned"));
	assert_int_equal(move(&r, irqs, 1), MIRQ_OK);
	mock_expect(r.m, "");
	assert_int_equal(cpu_of(irqs), 1);
	mock_free(r.m);
	/* The same behind a table moves. */
	irqs = rig_new(&r, 1, MOCK_TORN, "torn", 1, 1);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_free(r.m);
	/* Told once only. */
	rig_begin(&r, 0);
	rig_store(&r, MOCK_MSIX, "once", MIRQ_STORE_PINNED);
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(irqs, r.a);
	assert_int_equal(move(&r, irqs, 2), MIRQ_ENOTSUP);
	mock_free(r.m);
	/* A block under one message. */
	irqs = rig_new(&r, 0, MOCK_MSI, "msi", 2, 1);
	assert_int_equal(move(&r, mirq_irq_at(irqs, 0), 2), MIRQ_ENOTSUP);
	assert_int_equal(move(&r, irqs, 2), MIRQ_ENOTSUP);
	mock_fire(r.s, 1);
	assert_int_equal(r.a[1].nr, 1);
	mock_free(r.m);
	/* A single message moves. */
	irqs = rig_new(&r, 0, MOCK_MSI, "msi", 1, 1);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_free(r.m);
}

static void move__bad_calls__are_refused(void **state)
{
	struct mirq_cpus beyond = { { 3, 5 }, NULL };
	struct mirq_irqs irqs, more;
	uint64_t none = 0;
	struct mirq_cpus empty = { { 0, 4 }, &none };
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 2, 1);
	more = irqs;
	more.slots.limit = 3;
	assert_int_equal(mirq_affinity_set(irqs, beyond, NULL), MIRQ_EINVAL);
	assert_int_equal(mirq_affinity_set(irqs, empty, NULL), MIRQ_EINVAL);
	assert_int_equal(move(&r, more, 2), MIRQ_EINVAL);
	assert_int_equal(r.m->why.value, 2);
	more.slots.limit = more.slots.first;
	assert_int_equal(move(&r, more, 2), MIRQ_EINVAL);
	mock_expect(r.m, "");
	assert_int_equal(cpu_of(irqs), 1);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__no_id_left__changes_nothing(void **state)
{
	struct mirq_irqs irqs, hog;
	struct mirq_cpus got;
	struct mock_store *big;
	uint64_t bits = 4;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 4, 1);
	big = mock_store(r.m, MOCK_MSIX, "big", 192);
	mock_store_attach(big, r.dev);
	hog = mock_alloc_on(big, 189, 2); /* three of 192 are left: capacity is exact */
	mock_log_clear(r.m);
	assert_int_equal(mirq_affinity_set(irqs, (struct mirq_cpus){ { 0, 4 }, &bits }, &r.m->why),
			 MIRQ_ENOSPC);
	assert_string_equal(r.m->why.where, "root");
	assert_int_equal(r.m->why.nr_left, 0);
	mock_expect(r.m, "");
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), 1);
	assert_int_equal(used_on(&r, 2), 189);
	assert_int_equal(used_on(&r, 1), 4);
	assert_int_equal(mirq_affinity_requested(irqs, &got), MIRQ_OK);
	assert_int_equal(got.range.first, 1);
	assert_null(got.bits);
	mock_sound(r.m);
	assert_int_equal(mirq_irq_free(mirq_irq_at(hog, 100)), MIRQ_OK);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(used_on(&r, 2), 192);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	for (uint32_t i = 0; i < 4; i++) {
		mock_fire(r.s, i);
		assert_int_equal(r.a[i].nr, 1);
	}
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__window_that_cannot_say_it__changes_nothing(void **state)
{
	struct mock_remapper *shim;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r, 0);
	shim = mock_shim_new(r.m, "window");
	shim->limit_address = 0x10001300; /* the root names CPU 3 there */
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	r.table = shim;
	rig_store(&r, MOCK_MSIX, "msix", 0);
	irqs = mock_alloc_on(r.s, 2, 1);
	mock_request(irqs, r.a);
	assert_int_equal(r.s->slots[0].msg[0].address, 0x10002100);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 3), MIRQ_ENOTSUP);
	assert_string_equal(r.m->why.where, "window");
	mock_expect(r.m, "");
	assert_int_equal(cpu_of(irqs), 1);
	assert_int_equal(used_on(&r, 3), 0);
	assert_int_equal(totals(&r).nr_quarantined, 0);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(r.s->slots[1].msg[0].address, 0x10002200);
	mock_fire(r.s, 1);
	assert_int_equal(r.a[1].nr, 1);
	mock_sound(r.m);
	mock_free(r.m);
}

/* ---- hardware does not answer ---- */

static void move__table_fails__both_ways_stay_alive(void **state)
{
	static const char *const ops[] = { "table.program", "table.flush" };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(ops); i++) {
		irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 2, 1);
		mock_fail(r.m, ops[i], 1, 1, MIRQ_EIO);
		assert_int_equal(move(&r, irqs, 2), MIRQ_EIO);
		assert_non_null(r.m->why.text);
		assert_int_equal(totals(&r).nr_quarantined, 2);
		assert_int_equal(used_on(&r, 1), 2);
		assert_int_equal(used_on(&r, 2), 2);
		mock_fire(r.s, 0); /* by whichever way hardware takes */
		mirq_hosted_dispatch(&r.m->host, 1, 33);
		mirq_hosted_dispatch(&r.m->host, 2, 33);
		assert_int_equal(r.a[0].nr, 1);
		assert_int_equal(r.a[1].nr, 2);
		assert_int_equal(late_and_stray(&r), 0);
		mock_sound(r.m);
		assert_int_equal(move(&r, irqs, 3), MIRQ_EBUSY);
		/* Another failure, then a success: the old ids go. */
		mock_fail(r.m, ops[i], 1, 1, MIRQ_EIO);
		assert_int_equal(move(&r, irqs, 2), MIRQ_EIO);
		assert_int_equal(totals(&r).nr_quarantined, 2);
		mock_log_clear(r.m);
		assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
		mock_expect(r.m, "table.program 0>2:32,1>2:33\ntable.flush 0,1\n");
		assert_int_equal(totals(&r).nr_quarantined, 0);
		assert_int_equal(used_on(&r, 1), 0);
		assert_int_equal(used_on(&r, 2), 2);
		assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
		mock_fire(r.s, 1);
		assert_int_equal(r.a[1].nr, 3);
		mock_sound(r.m);
		mock_free(r.m);
	}
}

static void move__unconfirmed_then_freed__keeps_both_ids_and_the_entry(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 1, 1);
	mock_fail(r.m, "table.flush", 1, 0, MIRQ_EIO);
	assert_int_equal(move(&r, irqs, 2), MIRQ_EIO);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	mock_fail_never(r.m);
	assert_int_equal(totals(&r).nr_quarantined, 1);
	assert_int_equal(used_on(&r, 1), 1);
	assert_int_equal(used_on(&r, 2), 1);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__unconfirmed_then_released__is_not_told_again(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 1, 1);
	mock_fail(r.m, "table.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(move(&r, irqs, 2), MIRQ_EIO);
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_expect(r.m, "");
	mock_request(irqs, r.a);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__store_fails__both_ways_stay_alive(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 0, MOCK_MSIX, "msix", 1, 1);
	mock_fail(r.m, "msix.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(move(&r, irqs, 2), MIRQ_EIO);
	assert_int_equal(totals(&r).nr_quarantined, 1);
	mirq_hosted_dispatch(&r.m->host, 1, 32);
	mirq_hosted_dispatch(&r.m->host, 2, 32);
	assert_int_equal(r.a[0].nr, 2);
	assert_int_equal(late_and_stray(&r), 0);
	/* Not drained: it does not move on. */
	assert_int_equal(move(&r, irqs, 3), MIRQ_EBUSY);
	/* Asked again for where it is: the slot is told once more. */
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_expect(r.m, "msix.mask 0\nmsix.write 0 10001200/20\nmsix.unmask 0\nmsix.flush\n");
	assert_int_equal(totals(&r).nr_quarantined, 0);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__nothing_is_known_to_drain__keeps_the_old_id_for_good(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 0, MOCK_NO_FLUSH, "blind", 1, 1);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(totals(&r).nr_quarantined, 1);
	assert_int_equal(used_on(&r, 1), 1);
	mirq_hosted_dispatch(&r.m->host, 1, 32);
	assert_int_equal(r.a[0].nr, 1);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 2);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	mirq_hosted_dispatch(&r.m->host, 1, 32);
	assert_int_equal(r.a[0].nr, 2);
	assert_int_equal(late_and_stray(&r), 1);
	assert_int_equal(used_on(&r, 1), 1);
	mock_free(r.m);
}

static void move__table_that_does_not_drain__keeps_the_old_id_for_good(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r, 0);
	r.table = mock_table_new(r.m, "table", 16);
	r.table->init.traits = 0;
	assert_int_equal(mock_remapper_attach(r.table), MIRQ_OK);
	rig_store(&r, MOCK_MSIX, "msix", 0);
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_expect(r.m, "table.program 0>2:32\ntable.flush 0\n");
	assert_int_equal(totals(&r).nr_quarantined, 1);
	assert_int_equal(used_on(&r, 1), 1);
	mirq_hosted_dispatch(&r.m->host, 1, 32);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	mock_free(r.m);
}

static void move__inactive_in_quarantine__keeps_its_old_id(void **state)
{
	struct mirq_irqs irqs, other;
	struct rig r;

	(void)state;
	irqs = rig_new(&r, 1, MOCK_MSIX, "msix", 1, 1);
	mock_fail(r.m, "table.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	assert_int_equal(totals(&r).nr_quarantined, 1);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(used_on(&r, 1), 1);
	/* An event that was under way meets nobody. */
	other = mock_alloc_on(r.s, 1, 1);
	mock_request(other, &r.a[1]);
	mirq_hosted_dispatch(&r.m->host, 1, 32);
	assert_int_equal(r.a[1].nr, 0);
	mock_sound(r.m);
	mock_free(r.m);
}

/* ---- states on the way ---- */

static void move__disabled_with_a_kept_event__brings_it_on_the_new_cpu(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		irqs = rig_new(&r, has_table, MOCK_MSIX, "msix", 1, 1);
		mirq_irq_disable(irqs);
		mock_fire(r.s, 0);
		mock_fire(r.s, 0);
		assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
		assert_true(r.s->slots[0].is_masked);
		assert_int_equal(r.a[0].nr, 0);
		mock_log_clear(r.m);
		assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, 1);
		mock_expect_of(r.m, "root", "root.eoi 2:32\n");
		mock_sound(r.m);
		mock_free(r.m);
	}
}

static void move__event_waits_in_a_masked_root__is_not_lost(void **state)
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
	rig_store(&r, MOCK_PLAIN, "plain", 0);
	irqs = mock_alloc_on(r.s, 1, 1);
	assert_int_equal(mock_request_try(irqs, r.a, MIRQ_REQUEST_DISABLED, NULL), MIRQ_OK);
	mock_raise(r.s, 0);
	assert_int_equal(mock_deliver(r.m), 0); /* the root holds it */
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(used_on(&r, 1), 0);
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	mock_fire(r.s, 0);
	assert_int_equal(r.a[0].nr, 2);
	mock_sound(r.m);
	mock_free(r.m);
}

/* ---- events at every step ---- */

struct shower {
	struct rig *r;
	uint32_t at, step; /* fire before the op number @at of the call */
	uint32_t take;     /* and let the CPUs take it there and then */
	uint64_t nr_raised, nr_after, handled_before;
};

/* Thread-of-control of CPUs 1 to 3: CPU 0 may hold a lock with interrupts off. */
static void rain(struct shower *sh)
{
	sh->nr_raised++;
	sh->handled_before = sh->r->a[0].nr;
	mock_raise(sh->r->s, 0);
	for (uint32_t cpu = 1; sh->take && cpu < 4; cpu++)
		while (mock_take(sh->r->m, cpu))
			;
}

static void on_op(void *context, struct mock_domain *d, enum mock_op op)
{
	struct shower *sh = context;

	(void)d;
	(void)op;
	if (sh->step++ == sh->at)
		rain(sh);
}

/* One move with an event at step @at. 0: the move has fewer steps. */
static int rain_on_move(enum mock_kind kind, int has_table, uint32_t at, uint32_t take)
{
	struct shower sh = { .at = at, .take = take };
	struct mirq_irqs irqs;
	struct rig r;

	irqs = rig_new(&r, has_table, kind, "store", 1, 1);
	sh.r = &r;
	r.m->hook_context = &sh;
	r.m->hook = on_op;
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	r.m->hook = NULL;
	(void)mock_deliver(r.m);
	if (sh.nr_raised && r.a[0].nr <= sh.handled_before)
		fail_msg("event before step %u of a move is lost", at);
	assert_int_equal(late_and_stray(&r), 0);
	assert_int_equal(used_on(&r, 1), 0);
	mock_fire(r.s, 0);
	assert_true(r.a[0].nr > sh.nr_raised);
	mock_sound(r.m);
	mock_free(r.m);
	return sh.nr_raised != 0;
}

static void move__event_at_every_step__is_never_lost(void **state)
{
	static const enum mock_kind kinds[] = { MOCK_MSIX, MOCK_PLAIN, MOCK_MSI };
	uint32_t nr = 0, at;

	(void)state;
	for (uint32_t k = 0; k < MOCK_NR(kinds); k++)
		for (int has_table = 0; has_table < 2; has_table++)
			for (uint32_t take = 0; take < 2; take++) {
				for (at = 0; rain_on_move(kinds[k], has_table, at, take); at++)
					;
				/* Behind a table: program and flush, nothing else. */
				assert_true(at >= (has_table ? 2 : 3));
				nr += at;
			}
	print_message("%u events in the middle of moves\n", nr);
}

/* Events between the operations of a long journey, some of them left pending for a while. */
static void move__hundred_times_under_load__loses_nothing(void **state)
{
	uint32_t seed = 12345, cpu = 1;
	struct mirq_irqs irqs;
	uint64_t before;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		irqs = rig_new(&r, has_table, MOCK_MSIX, "msix", 4, 1);
		for (uint32_t i = 0; i < 100; i++) {
			seed = seed * 1664525 + 1013904223;
			cpu = cpu % 3 + 1;
			mock_raise(r.s, seed >> 16 & 3);
			if (seed >> 20 & 1)
				(void)mock_deliver(r.m);
			before = r.a[seed >> 24 & 3].nr;
			if (move(&r, irqs, cpu) == MIRQ_EBUSY) {
				(void)mock_deliver(r.m);
				assert_int_equal(move(&r, irqs, cpu), MIRQ_OK);
			}
			mock_fire(r.s, seed >> 24 & 3);
			assert_true(r.a[seed >> 24 & 3].nr > before);
			assert_int_equal(late_and_stray(&r), 0);
			mock_sound(r.m);
		}
		assert_int_equal(used_on(&r, 1) + used_on(&r, 2) + used_on(&r, 3), 4);
		mock_free(r.m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(move__behind_a_table__does_not_touch_the_device),
		cmocka_unit_test(move__without_a_table__masks_writes_unmasks_flushes),
		cmocka_unit_test(move__store_that_changes_at_once__is_not_masked),
		cmocka_unit_test(move__store_that_sleeps__is_rewritten_in_one_window),
		cmocka_unit_test(move__store_has_no_place__is_taken_back),
		cmocka_unit_test(request__store_says_why__reaches_the_caller),
		cmocka_unit_test(move__on_the_right_cpu_already__does_nothing),
		cmocka_unit_test(move__of_a_range__is_flushed_once),
		cmocka_unit_test(move__range_half_requested__moves_both_halves),
		cmocka_unit_test(move__while_reserved_only__counts_at_request),
		cmocka_unit_test(old_id__pending_on_its_cpu__brings_the_event_then_retires),
		cmocka_unit_test(old_id__still_pending__makes_the_next_move_wait_then_busy),
		cmocka_unit_test(old_id__clock_runs_away__is_busy_at_the_second_look),
		cmocka_unit_test(old_id__released_before_it_retired__next_move_works),
		cmocka_unit_test(old_id__freed_before_it_retired__both_ids_come_back),
		cmocka_unit_test(replay__noted_before_the_move__is_handled_on_the_old_cpu),
		cmocka_unit_test(
			replay__noted_while_its_cpu_serves_another__is_not_retired_with_the_id),
		cmocka_unit_test(move__pinned__is_refused_with_the_reason),
		cmocka_unit_test(move__bad_calls__are_refused),
		cmocka_unit_test(move__no_id_left__changes_nothing),
		cmocka_unit_test(move__window_that_cannot_say_it__changes_nothing),
		cmocka_unit_test(move__table_fails__both_ways_stay_alive),
		cmocka_unit_test(move__unconfirmed_then_freed__keeps_both_ids_and_the_entry),
		cmocka_unit_test(move__unconfirmed_then_released__is_not_told_again),
		cmocka_unit_test(move__store_fails__both_ways_stay_alive),
		cmocka_unit_test(move__nothing_is_known_to_drain__keeps_the_old_id_for_good),
		cmocka_unit_test(move__table_that_does_not_drain__keeps_the_old_id_for_good),
		cmocka_unit_test(move__inactive_in_quarantine__keeps_its_old_id),
		cmocka_unit_test(move__disabled_with_a_kept_event__brings_it_on_the_new_cpu),
		cmocka_unit_test(move__event_waits_in_a_masked_root__is_not_lost),
		cmocka_unit_test(move__event_at_every_step__is_never_lost),
		cmocka_unit_test(move__hundred_times_under_load__loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
