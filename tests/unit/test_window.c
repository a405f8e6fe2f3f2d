/* SPDX-License-Identifier: MIT */
/*
 * test_window.c - src/remappers/window.c: which messages go through and as what, which CPUs can be
 * reached through it, what a description must not say. The hardware behind is modelled here: a
 * bridge that looks for the range whose far side has the address, by itself.
 *
 * Broken once each, and seen by a test here: 4 bytes not asked at the end of a range; <= for < at
 * its start; the offset the other way round; each check of a range or a pair left out; far_bits not
 * looked at, or off by one; the description not copied; the memory not given back after a refusal;
 * rights not narrowed; the allocator not asking windows, counting all CPUs' ids or asking only
 * one of two shims; a table below which windows were asked of CPUs; the refusal without the CPU.
 */
#include "mock.h"

#include <mirq/window.h>

#include "core/core.h"

/* The mock root's message for CPU n. */
#define AT(cpu) (UINT64_C(0x10001000) + (cpu)*UINT64_C(0x100))
#define TABLE_AT UINT64_C(0x20000000)

/* What the bridges were told: looked at from the device's side. */
struct bridges {
	struct bridge {
		const struct mirq_domain *domain;
		const struct mirq_window_range *ranges;
		uint32_t nr_ranges;
	} of[4];
	uint32_t nr;
	uint64_t nr_refused;
};

static int cross(struct mock *m, const struct mirq_domain *domain, struct mirq_msg *msg)
{
	struct bridges *b = m->foreign_context;

	for (uint32_t i = 0; i < b->nr; i++)
		for (uint32_t n = 0; b->of[i].domain == domain && n < b->of[i].nr_ranges; n++) {
			const struct mirq_window_range *r = &b->of[i].ranges[n];
			uint64_t at = msg->address - r->far_first;

			if (msg->address < r->far_first || at + 4 > r->limit - r->first)
				continue;
			msg->address = r->first + at;
			return 1;
		}
	b->nr_refused++;
	return 0;
}

struct rig {
	struct mock *m;
	struct bridges bridges;
	struct mock_store *s;
	struct mock_action a[400];
};

static void rig_begin(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	r->m->foreign = cross;
	r->m->foreign_context = &r->bridges;
	r->m->root.init.traits |= MIRQ_ROOT_ADDRESS_HAS_TARGET;
	for (uint32_t i = 0; i < MOCK_NR(r->a); i++)
		r->a[i].mock = r->m;
}

static void rig_new(struct rig *r, uint32_t nr_cpus)
{
	rig_begin(r);
	mock_start(r->m, nr_cpus);
}

static struct mirq_domain *window(struct rig *r, const char *name, struct mirq_domain *parent,
				  const struct mirq_window_range *ranges, uint32_t nr_ranges)
{
	struct bridge *b = &r->bridges.of[r->bridges.nr++];
	struct mirq_window_range copy[8];
	struct mirq_domain *domain;
	struct mirq_window_init init = {
		MIRQ_SIZED(mirq_window_init), .name = name,      .parent = parent, .ranges = copy,
		.nr_ranges = nr_ranges,       .why = &r->m->why,
	};

	memcpy(copy, ranges, nr_ranges * sizeof(*ranges));
	assert_int_equal(mirq_window_attach(r->m->m, &init, &domain), MIRQ_OK);
	memset(copy, 0xff, sizeof(copy)); /* it was copied */
	*b = (struct bridge){ domain, ranges, nr_ranges };
	return domain;
}

static void store_below(struct rig *r, enum mock_kind kind, uint32_t nr_slots,
			struct mirq_domain *parent)
{
	r->s = mock_store(r->m, kind, "store", nr_slots);
	mock_store_attach(r->s, mock_device(r->m, "dev", parent));
	mock_log_clear(r->m);
}

static uint32_t cpu_of(struct mirq_irqs irqs)
{
	uint32_t cpu = UINT32_MAX;

	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_OK);
	return cpu;
}

/* Every member is raised by the device and handled once. */
static void fire_all(struct rig *r, struct mirq_irqs irqs)
{
	uint64_t before;

	for (uint32_t i = 0; i < mirq_irq_count(irqs); i++) {
		before = r->a[i].nr;
		mock_fire(r->s, irqs.slots.first + i);
		assert_int_equal(r->a[i].nr, before + 1);
	}
	assert_int_equal(r->m->nr_unrouted, 0);
	assert_int_equal(r->bridges.nr_refused, 0);
}

static enum mirq_err try_on(struct rig *r, struct mirq_cpus cpus, struct mirq_irqs *out_irqs)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 1, .cpus = cpus,
				      .why = &r->m->why };

	memset(&r->m->why, 0, sizeof(r->m->why));
	return mirq_irq_alloc(r->s->store, &want, out_irqs);
}

/* ---- translate ---- */

static void translate__each_edge__a_message_lies_wholly_inside_or_not_at_all(void **state)
{
	static const struct {
		struct mirq_window_range range;
		uint64_t far; /* 0: refused */
	} rows[] = {
		{ { AT(0), AT(0) + 4, 0x40000000 }, 0x40000000 },
		{ { AT(0) - 8, AT(0) + 4, 0x40000000 }, 0x40000008 },
		{ { AT(0) - 8, AT(0) + 3, 0x40000000 }, 0 },
		{ { AT(0) - 8, AT(0) + 1, 0x40000000 }, 0 },
		{ { AT(0) - 8, AT(0), 0x40000000 }, 0 },
		{ { AT(0) - 1, AT(0) + 3, 0x4000000f }, 0 },
		{ { AT(0) - 1, AT(0) + 4, 0x4000000f }, 0x40000010 },
		{ { AT(0) + 1, AT(0) + 9, 0x40000001 }, 0 },
		{ { AT(0) + 4, AT(0) + 9, 0x40000000 }, 0 },
		{ { 0, UINT64_MAX, 0 }, AT(0) },
		{ { AT(0), UINT64_MAX, 4 }, 4 },
		{ { 0x1000, AT(0) + 4, UINT64_C(0xfffffffffffffffc) - (AT(0) - 0x1000) },
		  UINT64_C(0xfffffffffffffffc) },
	};
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		rig_new(&r, 1);
		store_below(&r, MOCK_MSIX, 1, window(&r, "window", NULL, &rows[i].range, 1));
		if (!rows[i].far) {
			assert_int_equal(try_on(&r, mirq_cpus_one(0), &irqs), MIRQ_ENOTSUP);
			mock_why(&r.m->why, 0, "outside what this window", "window");
		} else {
			assert_int_equal(try_on(&r, mirq_cpus_one(0), &irqs), MIRQ_OK);
			assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_OK);
			assert_int_equal(msg.address, rows[i].far);
			assert_int_equal(msg.data, 32);
			mock_request(irqs, r.a);
			fire_all(&r, irqs);
		}
		mock_free(r.m);
	}
}

/* ---- reach ---- */

static const struct mirq_window_range one_and_two[] = {
	{ AT(1), AT(1) + 4, 0x80000000 },
	{ AT(2), AT(2) + 4, 0x10 },
};

/* raises: mirq_irq_alloc MIRQ_ENOTSUP */
static void reach__some_cpus_lie_inside__only_they_are_chosen(void **state)
{
	struct mirq_irqs irqs, none;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	store_below(&r, MOCK_MSIX, 400, window(&r, "window", NULL, one_and_two, 2));
	irqs = mock_alloc(r.s, 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), 1 + i % 2);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	for (uint32_t cpu = 0; cpu < 4; cpu += 3) {
		assert_int_equal(try_on(&r, mirq_cpus_one(cpu), &none), MIRQ_ENOTSUP);
		assert_int_equal(r.m->why.value, cpu);
		mock_why(&r.m->why, 0, "outside what this window", "window");
	}
	assert_int_equal(try_on(&r, (struct mirq_cpus){ .range = { 0, 2 } }, &none), MIRQ_OK);
	assert_int_equal(cpu_of(none), 1);
	mock_free(r.m);
}

/* 192 ids on each of the two CPUs that can be named, and no more. */
static void reach__between_min_and_max__counts_what_can_be_reached(void **state)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 400, .nr_min = 384 };
	struct mirq_irqs irqs, none;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	store_below(&r, MOCK_MSIX, 400, window(&r, "window", NULL, one_and_two, 2));
	want.nr_min = 385;
	want.why = &r.m->why;
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_ENOSPC);
	assert_int_equal(r.m->why.nr_left, 384);
	want.nr_min = 384;
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_count(irqs), 384);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	/* Full is another sentence than out of reach. */
	assert_int_equal(try_on(&r, mirq_cpus_one(1), &none), MIRQ_ENOSPC);
	mock_why(&r.m->why, 0, "ids left", "root");
	assert_int_equal(try_on(&r, (struct mirq_cpus){ .range = { 1, 4 } }, &none), MIRQ_ENOSPC);
	mock_why(&r.m->why, 0, "ids left", "root");
	mock_free(r.m);
}

/* raises: mirq_irq_request MIRQ_ENOTSUP */
static void reach__best_effort__asked_at_request(void **state)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 2,
				      .reserve = MIRQ_RESERVE_BEST_EFFORT };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	store_below(&r, MOCK_MSIX, 4, window(&r, "window", NULL, one_and_two, 2));
	want.cpus = mirq_cpus_one(3);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_OK);
	assert_int_equal(mock_request_try(irqs, r.a, 0, &r.m->why), MIRQ_ENOTSUP);
	assert_int_equal(r.m->why.value, 3);
	mock_why(&r.m->why, 0, "outside what this window", "window");
	mock_sound(r.m);
	want.cpus = mirq_cpus_one(2);
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_OK);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	mock_free(r.m);
}

static void reach__spread__who_cannot_be_reached_is_left_out(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	store_below(&r, MOCK_MSIX, 4, window(&r, "window", NULL, one_and_two, 2));
	irqs = mock_alloc_want(r.s,
			       (struct mirq_irq_want){ .nr = 4, .placement = MIRQ_PLACE_SPREAD });
	for (uint32_t i = 0; i < 4; i++)
		assert_in_range(cpu_of(mirq_irq_at(irqs, i)), 1, 2);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	mock_free(r.m);
}

static void reach__cpu_that_comes_after_the_store__counts(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r);
	mock_start_without_cpus(r.m, 4);
	store_below(&r, MOCK_MSIX, 4, window(&r, "window", NULL, one_and_two, 2));
	mock_cpu(r.m, 0);
	assert_int_equal(try_on(&r, (struct mirq_cpus){ 0 }, &irqs), MIRQ_ENOTSUP);
	assert_int_equal(r.m->why.value, 0);
	mock_why(&r.m->why, 0, "outside what this window", "window");
	mock_cpu(r.m, 2);
	irqs = mock_alloc(r.s, 1);
	assert_int_equal(cpu_of(irqs), 2);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	mock_free(r.m);
}

static void move__inside_and_outside__told_anew_or_refused(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	store_below(&r, MOCK_MSIX, 4, window(&r, "window", NULL, one_and_two, 2));
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(3), &r.m->why), MIRQ_ENOTSUP);
	assert_int_equal(r.m->why.value, 3);
	mock_why(&r.m->why, 0, "outside what this window", "window");
	assert_int_equal(cpu_of(irqs), 1);
	fire_all(&r, irqs);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(2), &r.m->why), MIRQ_OK);
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_OK);
	assert_int_equal(msg.address, 0x10);
	fire_all(&r, irqs);
	mock_sound(r.m);
	mock_free(r.m);
}

/* Within reach, but not for a store of 32 bits: the slot is not told half of it. */
static void move__address_too_wide_for_the_store__stays(void **state)
{
	static const struct mirq_window_range wide[] = {
		{ AT(1), AT(1) + 4, UINT64_C(0x100000000) },
		{ AT(2), AT(2) + 4, 0x10 },
	};
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	r.s = mock_store(r.m, MOCK_MSIX, "store", 4);
	r.s->kind.address_bits = 32;
	mock_store_attach(r.s, mock_device(r.m, "dev", window(&r, "window", NULL, wide, 2)));
	irqs = mock_alloc_on(r.s, 2, 2);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(1), &r.m->why), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "too wide", "store");
	assert_int_equal(cpu_of(irqs), 2);
	fire_all(&r, irqs);
	mock_free(r.m);
}

/* Slots that change word by word need an id on two CPUs (src/core/step.c): both within reach. */
static void move__word_by_word__among_the_reachable(void **state)
{
	static const struct mirq_window_range range = { AT(1), AT(3), 0x80000000 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	r.s = mock_store(r.m, MOCK_PLAIN, "store", 4);
	r.s->kind.update = MIRQ_UPDATE_WORDS;
	mock_store_attach(r.s, mock_device(r.m, "dev", window(&r, "window", NULL, &range, 1)));
	irqs = mock_alloc(r.s, 1);
	mock_request(irqs, r.a);
	assert_int_equal(cpu_of(irqs), 1);
	assert_int_equal(
		mirq_affinity_set(irqs, (struct mirq_cpus){ .range = { 2, 4 } }, &r.m->why),
		MIRQ_OK);
	assert_int_equal(cpu_of(irqs), 2);
	fire_all(&r, irqs);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(3), &r.m->why), MIRQ_ENOTSUP);
	assert_int_equal(cpu_of(irqs), 2);
	fire_all(&r, irqs);
	mock_sound(r.m);
	mock_free(r.m);
}

static void offline__the_last_that_can_be_reached__refused_naming_the_window(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	store_below(&r, MOCK_MSIX, 4, window(&r, "window", NULL, one_and_two, 2));
	irqs = mock_alloc_on(r.s, 1, 1);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_cpu_offline_prepare(r.m->m, 1, &r.m->why), MIRQ_OK);
	assert_int_equal(cpu_of(irqs), 2);
	fire_all(&r, irqs);
	assert_int_equal(mirq_cpu_offline_prepare(r.m->m, 2, &r.m->why), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "outside what this window", "window");
	assert_int_equal(cpu_of(irqs), 2);
	fire_all(&r, irqs);
	mock_free(r.m);
}

/* ---- where it stands ---- */

/* The table has one address for all: every CPU is reached, or none. */
static void below_a_table__one_address_for_all__every_cpu(void **state)
{
	static const struct mirq_window_range hit = { TABLE_AT, TABLE_AT + 4, 0xc000 };
	static const struct mirq_window_range miss = { TABLE_AT + 4, TABLE_AT + 64, 0xc000 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	store_below(&r, MOCK_MSIX, 8, window(&r, "window", mock_table(r.m)->domain, &hit, 1));
	irqs = mock_alloc(r.s, 8);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), i % 4);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	mock_forget(r.m);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(3), &r.m->why), MIRQ_OK);
	assert_int_equal(mock_count(r.m, "store.write"), 0);
	fire_all(&r, irqs);
	mock_free(r.m);

	rig_new(&r, 4);
	store_below(&r, MOCK_MSIX, 8, window(&r, "window", mock_table(r.m)->domain, &miss, 1));
	irqs = mock_alloc(r.s, 1);
	assert_int_equal(mock_request_try(irqs, r.a, 0, &r.m->why), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "outside what this window", "window");
	mock_sound(r.m);
	mock_free(r.m);
}

/* The device's message crosses the near one last: both translate, both narrow. */
static void chain__two_windows__both_translate_both_narrow(void **state)
{
	static const struct mirq_window_range far[] = { { AT(0), AT(2) + 4, 0x5000 } };
	static const struct mirq_window_range near[] = {
		{ 0x5000, 0x5004, 0x400 },
		{ 0x5200, 0x5304, UINT64_C(0x700000000) },
	};
	struct mirq_domain *outer;
	struct mirq_irqs irqs, none;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	rig_new(&r, 4);
	outer = window(&r, "outer", NULL, far, 1);
	store_below(&r, MOCK_MSIX, 4, window(&r, "inner", outer, near, 2));
	irqs = mock_alloc(r.s, 2);
	assert_int_equal(cpu_of(irqs), 0);
	assert_int_equal(cpu_of(mirq_irq_at(irqs, 1)), 2);
	assert_int_equal(mirq_irq_compose(mirq_irq_at(irqs, 1), &msg), MIRQ_OK);
	assert_int_equal(msg.address, UINT64_C(0x700000000));
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	assert_int_equal(try_on(&r, mirq_cpus_one(1), &none), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "outside what this window", "inner");
	assert_int_equal(try_on(&r, mirq_cpus_one(3), &none), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "outside what this window", "outer");
	assert_int_equal(mirq_remapper_detach(outer), MIRQ_EBUSY);
	mock_free(r.m);
}

static void block__one_message__members_go_through(void **state)
{
	static const struct mirq_window_range range = { AT(1), AT(1) + 4, 0x1000 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 2);
	store_below(&r, MOCK_MSI, 8, window(&r, "window", NULL, &range, 1));
	assert_int_equal(try_on(&r, mirq_cpus_one(0), &irqs), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "outside what this window", "window");
	irqs = mock_alloc(r.s, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), 1);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	mock_free(r.m);
}

static uint32_t carries_of(const struct mirq_domain *domain)
{
	struct mirq_domain_info info;

	mirq_domain_inspect(domain, &info);
	return info.carries;
}

static void carries__zero_is_the_parents__never_more(void **state)
{
	static const struct mirq_window_range range = { AT(0), AT(8), 0x1000 };
	struct mirq_window_init init = {
		MIRQ_SIZED(mirq_window_init),
		.name = "narrow",
		.ranges = &range,
		.nr_ranges = 1,
		.carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_DEVICE_STORES,
	};
	struct mirq_domain *narrow;
	struct rig r;

	(void)state;
	rig_new(&r, 1); /* this root carries everything but device-specific stores */
	assert_int_equal(carries_of(window(&r, "window", NULL, &range, 1)),
			 MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS | MIRQ_CARRIES_LEVEL);
	assert_int_equal(mirq_window_attach(r.m->m, &init, &narrow), MIRQ_OK);
	assert_int_equal(carries_of(narrow), MIRQ_CARRIES_ONE);
	assert_int_equal(mirq_remapper_detach(narrow), MIRQ_OK);
	mock_free(r.m);
}

/* ---- descriptions ---- */

static enum mirq_err describe(struct rig *r, const struct mirq_window_range *ranges,
			      uint32_t nr_ranges, uint32_t far_bits)
{
	struct mirq_window_init init = {
		MIRQ_SIZED(mirq_window_init), .name = "window",     .ranges = ranges,
		.nr_ranges = nr_ranges,       .far_bits = far_bits, .why = &r->m->why,
	};
	struct mirq_domain *domain = NULL;
	enum mirq_err err = mirq_window_attach(r->m->m, &init, &domain);

	if (err)
		assert_null(domain);
	else
		assert_int_equal(mirq_remapper_detach(domain), MIRQ_OK);
	return err;
}

/* raises: mirq_window_attach MIRQ_EINVAL */
static void description__each_range__by_its_own_limits(void **state)
{
	static const struct {
		struct mirq_window_range range;
		uint32_t far_bits;
		const char *part; /* NULL: taken */
	} rows[] = {
		{ { 0x1000, 0x1004, 0x2000 }, 0, NULL },
		{ { 0x1000, 0x1000, 0x2000 }, 0, "empty" },
		{ { 0x1000, 0xfff, 0x2000 }, 0, "empty" },
		{ { 0, 0, 0 }, 0, "empty" },
		{ { 0x1000, 0x1003, 0x2000 }, 0, "narrower" },
		{ { 0x1001, 0x1005, 0x2001 }, 0, NULL },
		{ { 0x1000, 0x1010, 0x2001 }, 0, "multiple of 4" },
		{ { 0x1000, 0x1010, 0x1ffe }, 0, "multiple of 4" },
		{ { 0x1000, 0x1010, 0xffc }, 0, NULL },
		{ { 0x1000, 0x2000, 0xfffff000 }, 32, NULL },
		{ { 0x1000, 0x2001, 0xfffff000 }, 32, "far side" },
		{ { 0x1000, 0x2001, 0xfffff000 }, 33, NULL },
		{ { 0x1000, 0x2000, UINT64_C(0x100000000) }, 32, "far side" },
		{ { 0x1000, 0x2000, UINT64_C(0xffffffffff000) }, 52, NULL },
		{ { 0x1000, 0x2004, UINT64_C(0xffffffffff000) }, 52, "far side" },
		{ { 0x1000, 0x2000, UINT64_C(0xfffffffffffff000) }, 64, NULL },
		{ { 0x1000, 0x2001, UINT64_C(0xfffffffffffff000) }, 64, "far side" },
		{ { 0x1000, 0x2001, UINT64_C(0xfffffffffffff000) }, 0, "far side" },
		{ { 0x1000, 0x1004, 0x2000 }, 31, ".far_bits" },
		{ { 0x1000, 0x1004, 0x2000 }, 65, ".far_bits" },
	};
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		int64_t nr_live = r.m->host.nr_live;

		assert_int_equal(describe(&r, &rows[i].range, 1, rows[i].far_bits),
				 rows[i].part ? MIRQ_EINVAL : MIRQ_OK);
		if (rows[i].part)
			mock_why(&r.m->why, 0, rows[i].part, "window");
		assert_int_equal(r.m->host.nr_live, nr_live);
	}
	mock_free(r.m);
}

static void description__each_pair__named(void **state)
{
	static const struct {
		struct mirq_window_range ranges[3];
		const char *part; /* NULL: taken */
		uint64_t pair;
	} rows[] = {
		{ { { 0x10, 0x20, 0 }, { 0x20, 0x30, 0x10 }, { 0x30, 0x40, 0x20 } }, NULL, 0 },
		{ { { 0x10, 0x20, 0x20 }, { 0x20, 0x30, 0x10 }, { 0x30, 0x40, 0 } }, NULL, 0 },
		{ { { 0x10, 0x21, 0 }, { 0x20, 0x30, 0x100 }, { 0x30, 0x40, 0x200 } },
		  "do not ascend",
		  1 },
		{ { { 0x10, 0x20, 0 }, { 0x20, 0x31, 0x100 }, { 0x30, 0x40, 0x200 } },
		  "do not ascend",
		  UINT64_C(1) << 32 | 2 },
		{ { { 0x30, 0x40, 0 }, { 0x50, 0x60, 0x100 }, { 0x10, 0x20, 0x200 } },
		  "do not ascend",
		  2 },
		{ { { 0x10, 0x20, 0 }, { 0x10, 0x20, 0x100 }, { 0x30, 0x40, 0x200 } },
		  "do not ascend",
		  1 },
		{ { { 0x10, 0x20, 0x100 }, { 0x20, 0x30, 0 }, { 0x30, 0x40, 0x10c } },
		  "device's side",
		  2 },
		{ { { 0x10, 0x20, 0x100 }, { 0x20, 0x30, 0 }, { 0x30, 0x40, 0xf4 } },
		  "device's side",
		  2 },
		{ { { 0x10, 0x20, 0x100 }, { 0x20, 0x30, 0 }, { 0x30, 0x40, 0xf0 } }, NULL, 0 },
		{ { { 0x10, 0x20, 0x100 }, { 0x20, 0x30, 0 }, { 0x30, 0x40, 0x110 } }, NULL, 0 },
		{ { { 0x10, 0x20, 0x100 }, { 0x20, 0x60, 0xf0 }, { 0x60, 0x70, 0x200 } },
		  "device's side",
		  1 },
	};
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		assert_int_equal(describe(&r, rows[i].ranges, 3, 0),
				 rows[i].part ? MIRQ_EINVAL : MIRQ_OK);
		if (!rows[i].part)
			continue;
		assert_int_equal(r.m->why.value, rows[i].pair);
		mock_why(&r.m->why, 0, rows[i].part, "window");
	}
	mock_free(r.m);
}

static void description__nothing_to_hang_up__refused(void **state)
{
	static const struct mirq_window_range range = { 0x10, 0x20, 0 };
	struct mirq_window_init init = { MIRQ_SIZED(mirq_window_init), .name = "window",
					 .ranges = &range, .nr_ranges = 1 };
	struct mirq_domain *domain = NULL;
	struct mirq_init without = { MIRQ_SIZED(mirq_init), .nr_cpus = 1 };
	struct mock_store *s;
	struct mirq *bare;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	assert_int_equal(describe(&r, NULL, 1, 0), MIRQ_EINVAL);
	mock_why(&r.m->why, 0, "one range at least", "window");
	assert_int_equal(describe(&r, &range, 0, 0), MIRQ_EINVAL);
	mock_why(&r.m->why, 0, "one range at least", "window");
	init.why = &r.m->why;
	init.name = NULL;
	assert_int_equal(mirq_window_attach(r.m->m, &init, &domain), MIRQ_EINVAL);
	mock_why(&r.m->why, 0, "needs a name", NULL);
	init.name = "window";
	init.size_bytes = 4;
	assert_int_equal(mirq_window_attach(r.m->m, &init, &domain), MIRQ_EINVAL);
	init.size_bytes = sizeof(init);
	s = mock_store(r.m, MOCK_MSIX, "store", 1);
	mock_store_attach(s, mock_device(r.m, "dev", NULL));
	init.parent = mirq_store_domain(s->store);
	assert_int_equal(mirq_window_attach(r.m->m, &init, &domain), MIRQ_EINVAL);
	mock_why(&r.m->why, 9, "nobody's parent", "window");
	init.parent = NULL;
	without.host = &r.m->host;
	assert_int_equal(mirq_init(&without, &bare), MIRQ_OK);
	assert_int_equal(mirq_window_attach(bare, &init, &domain), MIRQ_EINVAL);
	mock_why(&r.m->why, 9, "root first", "window");
	mirq_fini(bare);
	assert_null(domain);
	mock_free(r.m); /* nothing leaked */
}

static void attach__no_memory__undone(void **state)
{
	static const struct mirq_window_range range = { 0x10, 0x20, 0 };
	uint32_t nr_failed = 0;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	for (uint32_t at = 1;; at++) {
		int64_t nr_live = r.m->host.nr_live;
		enum mirq_err err;

		mirq_hosted_fail(&r.m->host, at, 0);
		err = describe(&r, &range, 1, 0);
		mirq_hosted_fail(&r.m->host, 0, 0);
		assert_int_equal(r.m->host.nr_live, nr_live);
		if (!err)
			break;
		assert_int_equal(err, MIRQ_ENOMEM); /* raises: mirq_window_attach MIRQ_ENOMEM */
		mock_why(&r.m->why, 0, "no memory", "window");
		nr_failed++;
	}
	assert_int_equal(nr_failed, 2);
	mock_free(r.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(translate__each_edge__a_message_lies_wholly_inside_or_not_at_all),
		cmocka_unit_test(reach__some_cpus_lie_inside__only_they_are_chosen),
		cmocka_unit_test(reach__between_min_and_max__counts_what_can_be_reached),
		cmocka_unit_test(reach__best_effort__asked_at_request),
		cmocka_unit_test(reach__spread__who_cannot_be_reached_is_left_out),
		cmocka_unit_test(reach__cpu_that_comes_after_the_store__counts),
		cmocka_unit_test(move__inside_and_outside__told_anew_or_refused),
		cmocka_unit_test(move__address_too_wide_for_the_store__stays),
		cmocka_unit_test(move__word_by_word__among_the_reachable),
		cmocka_unit_test(offline__the_last_that_can_be_reached__refused_naming_the_window),
		cmocka_unit_test(below_a_table__one_address_for_all__every_cpu),
		cmocka_unit_test(chain__two_windows__both_translate_both_narrow),
		cmocka_unit_test(block__one_message__members_go_through),
		cmocka_unit_test(carries__zero_is_the_parents__never_more),
		cmocka_unit_test(description__each_range__by_its_own_limits),
		cmocka_unit_test(description__each_pair__named),
		cmocka_unit_test(description__nothing_to_hang_up__refused),
		cmocka_unit_test(attach__no_memory__undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
