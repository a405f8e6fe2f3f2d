/* SPDX-License-Identifier: MIT */
/*
 * Level stores whose slots are told two messages, one for each edge of the line, as a GICv3 takes
 * them ([GIC] GICD_SETSPI_NSR and GICD_CLRSPI_NSR). The mock root ends at once what the second one
 * names and no CPU has taken, so that a wrong one is seen by a call too many, or by none.
 *
 * Seen failing with: {0, 0} as the second; the first twice; the second not translated, or not
 * checked for its width; only the first compared in a move; the slot not told when it is requested
 * again; a store attached below a parent that has one message; no slot pinned for it, or moved word
 * by word.
 */
#include "mock.h"

#define NR_SLOTS 4

struct bench {
	struct mock *m;
	struct mock_remapper *shim;
	struct mock_store *s;
	struct mirq_irqs irqs;
	struct mock_action a;
};

static void bench_begin(struct bench *b, uint32_t more_of_root)
{
	memset(b, 0, sizeof(*b));
	b->m = mock_new();
	b->m->root.init.carries |= more_of_root;
	b->m->root.init.traits |= MIRQ_ROOT_ADDRESS_HAS_TARGET;
	mock_start(b->m, 3);
	b->s = mock_store(b->m, MOCK_TWO, "wire", NR_SLOTS);
	b->a.mock = b->m;
}

/* A window that moves addresses by @offset, between store and root. */
static void bench_shim(struct bench *b, uint64_t offset, uint32_t carries)
{
	b->shim = mock_shim_new(b->m, "window");
	b->shim->offset = offset;
	b->shim->init.carries = carries;
	assert_int_equal(mock_remapper_attach(b->shim), MIRQ_OK);
}

static struct mirq_device *bench_device(struct bench *b)
{
	return mock_device(b->m, "dev", b->shim ? b->shim->domain : NULL);
}

static void bench_open(struct bench *b)
{
	mock_store_attach(b->s, bench_device(b));
	b->irqs = mock_alloc_want(b->s, (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_HIGH,
								.cpus = mirq_cpus_one(0) });
	mock_request(b->irqs, &b->a);
	mock_log_clear(b->m);
	mock_forget(b->m);
}

static void bench_new(struct bench *b)
{
	bench_begin(b, MIRQ_CARRIES_TWO_MESSAGES);
	bench_open(b);
}

static void expect_messages(const struct bench *b, uint64_t assert_at, uint64_t deassert_at,
			    uint32_t data)
{
	const struct mirq_msg *msg = b->s->slots[0].msg;

	assert_int_equal(msg[0].address, assert_at);
	assert_int_equal(msg[1].address, deassert_at);
	assert_int_equal(msg[0].data, data);
	assert_int_equal(msg[1].data, data);
}

/* A line that stays is heard once, one that has fallen before it was taken not at all. */
static void expect_alive(struct bench *b)
{
	uint64_t before = b->a.nr;

	mock_fire(b->s, 0);
	assert_int_equal(b->a.nr, before + 1);
	mock_lower(b->s, 0);
	mock_raise(b->s, 0);
	mock_lower(b->s, 0);
	(void)mock_deliver(b->m);
	assert_int_equal(b->a.nr, before + 1);
	assert_int_equal(b->m->nr_unrouted, 0);
	mock_sound(b->m);
}

static void slot__requested__is_told_both(void **state)
{
	struct mirq_msg msg;
	struct bench b;

	(void)state;
	bench_new(&b);
	expect_messages(&b, 0x10001000, 0x10001048, 32);
	expect_alive(&b);
	/* Questions answer with the first. */
	assert_int_equal(mirq_irq_compose(b.irqs, &msg), MIRQ_OK);
	assert_int_equal(msg.address, 0x10001000);
	mock_free(b.m);
}

static void slot__moved__is_told_both(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	assert_int_equal(mirq_affinity_set(b.irqs, mirq_cpus_one(2), &b.m->why), MIRQ_OK);
	mock_expect_of(b.m, "wire",
		       "wire.mask 0\nwire.write 0 10001200/20\nwire.unmask 0\n"
		       "wire.flush\n");
	expect_messages(&b, 0x10001200, 0x10001248, 32);
	expect_alive(&b);
	mock_free(b.m);
}

static void slot__requested_again_elsewhere__is_told_both(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	assert_int_equal(mirq_irq_release(b.irqs, NULL), MIRQ_OK);
	assert_int_equal(mirq_affinity_set(b.irqs, mirq_cpus_one(1), &b.m->why), MIRQ_OK);
	mock_request(b.irqs, &b.a);
	expect_messages(&b, 0x10001100, 0x10001148, 32);
	expect_alive(&b);
	mock_free(b.m);
}

static void shim__translates_both(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, MIRQ_CARRIES_TWO_MESSAGES);
	bench_shim(&b, 0x300000000, b.m->root.init.carries);
	bench_open(&b);
	expect_messages(&b, 0x310001000, 0x310001048, 32);
	expect_alive(&b);
	mock_free(b.m);
}

/* ---- only one of the two changes, or fits ---- */

static uint64_t deassert_high; /* of CPU 1's deassert message */

static void compose_half(void *data, const struct mirq_route *route, uint32_t block_log2,
			 struct mirq_msg *out_msg)
{
	(void)data;
	(void)block_log2;
	out_msg[0] = (struct mirq_msg){ 0x10001000, route->id };
	out_msg[1] = (struct mirq_msg){ 0x10001048, route->id };
	if (route->cpu == 1)
		out_msg[1].address = deassert_high | 0x10001148;
}

static void bench_half(struct bench *b, uint64_t high)
{
	memset(b, 0, sizeof(*b));
	deassert_high = high;
	b->m = mock_new();
	b->m->root.init.carries |= MIRQ_CARRIES_TWO_MESSAGES;
	b->m->root.ops.compose = compose_half;
	mock_start(b->m, 3);
	b->s = mock_store(b->m, MOCK_TWO, "wire", NR_SLOTS);
	b->s->kind.address_bits = 32;
	b->a.mock = b->m;
	bench_open(b);
}

static void move__only_the_second_changes__is_written(void **state)
{
	struct bench b;

	(void)state;
	bench_half(&b, 0);
	assert_int_equal(mirq_affinity_set(b.irqs, mirq_cpus_one(1), &b.m->why), MIRQ_OK);
	expect_messages(&b, 0x10001000, 0x10001148, 32);
	assert_int_equal(mock_count(b.m, "wire.write"), 1);
	mock_free(b.m);
}

static void move__neither_changes__is_not_written(void **state)
{
	struct bench b;

	(void)state;
	bench_half(&b, 0);
	assert_int_equal(mirq_affinity_set(b.irqs, mirq_cpus_one(2), &b.m->why), MIRQ_OK);
	assert_int_equal(mock_count(b.m, "wire.write"), 0);
	mock_free(b.m);
}

static void move__only_the_second_is_too_wide__refused(void **state)
{
	struct bench b;

	(void)state;
	bench_half(&b, UINT64_C(1) << 32);
	assert_int_equal(mirq_affinity_set(b.irqs, mirq_cpus_one(1), &b.m->why), MIRQ_ENOTSUP);
	mock_why(&b.m->why, 0, "too wide", "wire");
	expect_messages(&b, 0x10001000, 0x10001048, 32);
	mock_free(b.m);
}

/* ---- who cannot ---- */

static void store__parent_with_one_message__rule_7(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, 0);
	assert_int_equal(mock_store_try(b.s, bench_device(&b)), MIRQ_ENOTSUP);
	mock_why(&b.m->why, 7, "deassert", "root");
	mock_free(b.m);
	/* A shim takes it away. */
	bench_begin(&b, MIRQ_CARRIES_TWO_MESSAGES);
	bench_shim(&b, 0, MIRQ_CARRIES_ONE | MIRQ_CARRIES_LEVEL);
	assert_int_equal(mirq_store_supported(bench_device(&b), &b.s->kind, &b.m->why),
			 MIRQ_ENOTSUP);
	mock_why(&b.m->why, 7, "deassert", "window");
	mock_free(b.m);
	/* A shim cannot add it. */
	bench_begin(&b, 0);
	bench_shim(&b, 0, UINT32_MAX);
	assert_int_equal(mock_store_try(b.s, bench_device(&b)), MIRQ_ENOTSUP);
	mock_why(&b.m->why, 7, "deassert", "window");
	mock_free(b.m);
}

/* Two messages are not changed at once, however wide its writes are. */
static void move__slot_cannot_be_masked__pinned(void **state)
{
	struct mirq_irqs irqs;
	struct bench b;

	(void)state;
	bench_begin(&b, MIRQ_CARRIES_TWO_MESSAGES);
	b.s->ops.mask = b.s->ops.unmask = NULL;
	b.s->kind.masking = MIRQ_MASKS_NOTHING;
	b.s->kind.update = MIRQ_UPDATE_96;
	mock_store_attach(b.s, bench_device(&b));
	irqs = mock_alloc_on(b.s, 1, 0);
	mock_request(irqs, &b.a);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(1), &b.m->why), MIRQ_ENOTSUP);
	mock_why(&b.m->why, 0, "pinned", "wire");
	mock_free(b.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slot__requested__is_told_both),
		cmocka_unit_test(slot__moved__is_told_both),
		cmocka_unit_test(slot__requested_again_elsewhere__is_told_both),
		cmocka_unit_test(shim__translates_both),
		cmocka_unit_test(move__only_the_second_changes__is_written),
		cmocka_unit_test(move__neither_changes__is_not_written),
		cmocka_unit_test(move__only_the_second_is_too_wide__refused),
		cmocka_unit_test(store__parent_with_one_message__rule_7),
		cmocka_unit_test(move__slot_cannot_be_masked__pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
