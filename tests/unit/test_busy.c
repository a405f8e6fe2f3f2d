/* SPDX-License-Identifier: MIT */
/*
 * A level slot that has sent and was not ended is busy (Remote-IRR): its message may not change.
 * A move masks it and waits for the end, 1 ms at most; a release ends what came too late for every
 * handler (mirq/store.h, docs/rules.md 1). The mock notes a breach when a busy slot is written.
 *
 * Seen failing with: no wait; no mask before it; 100 ms instead of 1; nothing dropped, or not let
 * go, when it lasts too long; not let go in move_active(); held although the message stays; the old
 * route asked for the new message; no end at release, or one of each slot; no slot pinned for it.
 */
#include "mock.h"

#include "core/core.h"

#define NR_SLOTS 4

struct bench {
	struct mock *m;
	struct mock_remapper *table;
	struct mock_store *s;
	struct mirq_irqs irqs;
	struct mock_action a[NR_SLOTS];
	uint32_t nr_asked, answers_at; /* busy is asked; from then on CPUs take what is pending */
	uint32_t stays_high;           /* so many handlers leave the line as it is */
};

static void handle_line(void *context)
{
	struct bench *b = context;

	if (b->stays_high)
		b->stays_high--;
	else
		for (uint32_t i = 0; i < NR_SLOTS; i++)
			mock_lower(b->s, i);
}

/* At last a CPU takes what it has. */
static void answer_at_last(void *context, struct mock_domain *d, enum mock_op op)
{
	struct bench *b = context;

	(void)d;
	if (op == MOCK_OP_BUSY && ++b->nr_asked == b->answers_at)
		(void)mock_deliver(b->m);
}

static void bench_begin(struct bench *b, int has_table)
{
	memset(b, 0, sizeof(*b));
	b->m = mock_new();
	b->m->root.init.traits |= MIRQ_ROOT_ADDRESS_HAS_TARGET;
	mock_start(b->m, 3);
	if (has_table)
		b->table = mock_table(b->m);
	b->s = mock_store(b->m, MOCK_LEVEL, "wire", NR_SLOTS);
	b->m->host.is_clock_still = 1;
	b->m->hook = answer_at_last;
	b->m->hook_context = b;
	b->answers_at = UINT32_MAX;
}

static void bench_open(struct bench *b, uint32_t nr)
{
	mock_store_attach(b->s, mock_device(b->m, "dev", b->table ? b->table->domain : NULL));
	b->irqs = mock_alloc_want(b->s, (struct mirq_irq_want){ .nr = nr,
								.trigger = MIRQ_LEVEL_HIGH,
								.cpus = mirq_cpus_one(0) });
	for (uint32_t i = 0; i < nr; i++)
		b->a[i] = (struct mock_action){
			.mock = b->m, .name = "line", .also = handle_line, .context = b
		};
	mock_request(b->irqs, b->a);
	mock_log_clear(b->m);
	mock_forget(b->m);
}

static void bench_new(struct bench *b, uint32_t nr)
{
	bench_begin(b, 0);
	bench_open(b, nr);
}

static uint32_t cpu_of(struct mirq_irqs one)
{
	uint32_t cpu = UINT32_MAX;

	assert_int_equal(mirq_affinity_effective(one, &cpu), MIRQ_OK);
	return cpu;
}

static enum mirq_err move(struct bench *b, uint32_t cpu)
{
	return mirq_affinity_set(b->irqs, mirq_cpus_one(cpu), &b->m->why);
}

/* Each line is heard, on the CPU that it belongs to, and ends. */
static void expect_alive(struct bench *b, uint32_t nr, uint32_t cpu)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t before = b->a[i].nr;

		assert_int_equal(cpu_of(mirq_irq_at(b->irqs, i)), cpu);
		mock_fire(b->s, i);
		assert_int_equal(b->a[i].nr, before + 1);
	}
	mock_sound(b->m);
}

static void move__slot_is_busy__masked_then_written_after_its_end(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, 1);
	mock_raise(b.s, 0);
	b.answers_at = 4;
	assert_int_equal(move(&b, 1), MIRQ_OK);
	mock_expect(b.m, "wire.mask 0\nhandle line\nroot.eoi 0:32\nwire.eoi 0\n"
			 "wire.write 0 10001100/20\nwire.unmask 0\nwire.flush\n");
	assert_int_equal(b.nr_asked, 4);
	expect_alive(&b, 1, 1);
	mock_free(b.m);
}

static void move__slot_is_not_busy__asked_once(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, 1);
	assert_int_equal(move(&b, 1), MIRQ_OK);
	mock_expect(b.m, "wire.mask 0\nwire.write 0 10001100/20\nwire.unmask 0\nwire.flush\n");
	assert_int_equal(b.nr_asked, 1);
	expect_alive(&b, 1, 1);
	mock_free(b.m);
}

/* It is ended masked, and comes again on the new way when it is let through. */
static void move__line_still_high_at_the_end__comes_again_on_the_new_cpu(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, 1);
	b.stays_high = 1;
	b.answers_at = 2;
	mock_raise(b.s, 0);
	assert_int_equal(move(&b, 1), MIRQ_OK);
	assert_int_equal(b.a[0].nr, 1);
	mock_log_clear(b.m);
	(void)mock_deliver(b.m);
	assert_int_equal(b.a[0].nr, 2);
	mock_expect(b.m, "handle line\nroot.eoi 1:32\nwire.eoi 0\n");
	mock_free(b.m);
}

/* I5: nothing has changed, and what was held is let go. */
static void move__does_not_end_in_1_ms__busy_and_undone(void **state)
{
	struct mirq_cpus wanted;
	struct bench b;
	uint32_t nr_ids;

	(void)state;
	bench_new(&b, 3);
	mock_raise(b.s, 1);
	nr_ids = mirq_ids_left(b.m->m->root->ids, mirq_cpus_one(1));
	assert_int_equal(move(&b, 1), MIRQ_EBUSY);
	assert_int_equal(b.m->why.value, 1);
	mock_why(&b.m->why, 0, "not ended", "wire");
	assert_int_equal(b.nr_asked, 1 + 1002); /* slot 0 once; a microsecond each */
	mock_expect(b.m, "wire.mask 0\nwire.mask 1\nwire.unmask 0\nwire.unmask 1\n");
	assert_int_equal(mirq_ids_left(b.m->m->root->ids, mirq_cpus_one(1)), nr_ids);
	assert_int_equal(mirq_affinity_requested(b.irqs, &wanted), MIRQ_OK);
	assert_int_equal(wanted.range.limit, 1);
	(void)mock_deliver(b.m);
	assert_int_equal(b.a[1].nr, 1);
	expect_alive(&b, 3, 0);
	assert_int_equal(move(&b, 2), MIRQ_OK);
	(void)mock_deliver(b.m);
	expect_alive(&b, 3, 2);
	mock_free(b.m);
}

static void move__behind_a_table__nobody_waits(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, 1);
	bench_open(&b, 1);
	mock_raise(b.s, 0);
	assert_int_equal(move(&b, 1), MIRQ_OK);
	mock_expect_of(b.m, "wire", "");
	assert_int_equal(b.nr_asked, 0);
	(void)mock_deliver(b.m);
	assert_int_equal(b.a[0].nr, 1);
	expect_alive(&b, 1, 1);
	mock_free(b.m);
}

/* Hardware fails once it is held: both ways stay alive, and it is let go. */
static void move__device_does_not_answer__not_held_for_ever(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, 1);
	mock_fail(b.m, "wire.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(move(&b, 1), MIRQ_EIO);
	assert_int_equal(b.s->slots[0].is_masked, 0);
	expect_alive(&b, 1, 1);
	assert_int_equal(move(&b, 1), MIRQ_OK);
	expect_alive(&b, 1, 1);
	mock_free(b.m);
}

/* The same where nothing came so far as to write a slot: a table that fails, above a store whose
 * message it changes since it was never told. */
static void move__table_fails__not_held_for_ever(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, 1);
	bench_open(&b, 1);
	mirqi_irq(b.s->store, 0)->flags &= ~(uint32_t)MIRQI_IRQ_WRITTEN;
	mock_fail(b.m, "table.program", 1, 1, MIRQ_EIO);
	assert_int_equal(move(&b, 1), MIRQ_EIO);
	mock_expect_of(b.m, "wire", "wire.mask 0\nwire.unmask 0\n");
	mock_fail_never(b.m);
	assert_int_equal(move(&b, 1), MIRQ_OK);
	expect_alive(&b, 1, 1);
	mock_free(b.m);
}

static void cpu_leaves__a_level_has_not_ended__busy_then_leaves(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, 2);
	mock_raise(b.s, 1);
	assert_int_equal(mirq_cpu_offline_prepare(b.m->m, 0, &b.m->why), MIRQ_EBUSY);
	assert_int_equal(b.m->why.value, 1);
	mock_why(&b.m->why, 0, "not ended", "wire");
	assert_int_equal(b.s->slots[0].is_masked, 0);
	assert_int_equal(cpu_of(b.irqs), 0);
	(void)mock_deliver(b.m);
	expect_alive(&b, 2, 0);
	b.nr_asked = 0;
	b.answers_at = 5;
	mock_raise(b.s, 1);
	assert_int_equal(mirq_cpu_offline_prepare(b.m->m, 0, &b.m->why), MIRQ_OK);
	assert_int_equal(b.a[1].nr, 3);
	assert_int_not_equal(cpu_of(b.irqs), 0);
	assert_int_equal(mirq_cpu_online_finish(b.m->m, 0, &b.m->why), MIRQ_OK);
	expect_alive(&b, 2, 0);
	mock_free(b.m);
}

/* Nobody would end it any more, and the next user of the slot would never hear it. */
static void release__level_came_late__is_ended_for_the_next_request(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, 2);
	mock_raise(b.s, 0);
	assert_int_equal(mirq_irq_release(b.irqs, NULL), MIRQ_OK);
	mock_expect_of(b.m, "wire",
		       "wire.mask 0\nwire.mask 1\nwire.disable\nwire.flush\nwire.eoi 0\n");
	mock_lower(b.s, 0);
	(void)mock_deliver(b.m);
	assert_int_equal(b.a[0].nr, 0);
	mock_request(b.irqs, b.a);
	expect_alive(&b, 2, 0);
	mock_free(b.m);
}

/* What cannot be masked may become busy between the question and the write. */
static void move__slot_cannot_be_masked__pinned(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, 0);
	b.s->ops.mask = b.s->ops.unmask = NULL;
	b.s->kind.masking = MIRQ_MASKS_NOTHING;
	b.s->kind.update = MIRQ_UPDATE_96;
	mock_store_attach(b.s, mock_device(b.m, "dev", NULL));
	b.irqs = mock_alloc_on(b.s, 1, 0);
	b.a[0].mock = b.m;
	mock_request(b.irqs, b.a);
	assert_int_equal(move(&b, 1), MIRQ_ENOTSUP);
	mock_why(&b.m->why, 0, "pinned", "wire");
	mock_free(b.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(move__slot_is_busy__masked_then_written_after_its_end),
		cmocka_unit_test(move__slot_is_not_busy__asked_once),
		cmocka_unit_test(move__line_still_high_at_the_end__comes_again_on_the_new_cpu),
		cmocka_unit_test(move__does_not_end_in_1_ms__busy_and_undone),
		cmocka_unit_test(move__behind_a_table__nobody_waits),
		cmocka_unit_test(move__device_does_not_answer__not_held_for_ever),
		cmocka_unit_test(move__table_fails__not_held_for_ever),
		cmocka_unit_test(cpu_leaves__a_level_has_not_ended__busy_then_leaves),
		cmocka_unit_test(release__level_came_late__is_ended_for_the_next_request),
		cmocka_unit_test(move__slot_cannot_be_masked__pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
