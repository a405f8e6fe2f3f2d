/* SPDX-License-Identifier: MIT */
/*
 * test_many_slots.c - a simulated device of 100,000 slots behind a VT-d unit: as many interrupts as
 * CPUs and unit have, the next one refused by name, each delivered once: slot of the device, under
 * its own PASID -> message -> entry of the unit in memory -> vector of a local APIC -> handler.
 * Without a unit, with more ids per CPU: tests/unit/test_many_ids.c.
 *
 * Broken once each, and seen here: the high bits of a slot's index lost in its address, or of its
 * PASID; bit 15 of an entry's number lost in the message; contexts of handlers that come again
 * after 512; entries or ids that stay taken; the unit's last entry or the last id not given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <mirq/inspect.h>

#include "../../sim/port.h"

#define NR_SLOTS 100000u
#define PASID(slot) (0x80000u + (slot)) /* 20 bits */
#define NR_AT_ONCE 1000u                /* asked for by one call */
#define NR_VECTORS (SIM_VECTORS_LIMIT - SIM_VECTORS_FIRST)

struct bench {
	struct sim *s;
	struct mirq *m;
	struct mirq_device *dev;
	struct sim_device *hardware;
	struct mirq_store *store;
	struct mirq_why why; /* of the refusal */
	uint32_t nr;         /* given: slots 0..nr-1 */
	uint32_t nr_handled[NR_SLOTS];
};

/* @machine has a device 'dev'. */
static struct bench *bench_new(const char *machine)
{
	struct bench *b = test_calloc(1, sizeof(*b));

	b->s = sim_parse(machine, NULL);
	assert_non_null(b->s);
	assert_int_equal(sim_attach(b->s, NULL, &b->m), MIRQ_OK);
	assert_int_equal(sim_pci_attach(b->s, b->m, "dev", &b->dev), MIRQ_OK);
	b->hardware = sim_device(b->s, "dev");
	assert_int_equal(sim_store_attach(b->s, b->dev, SIM_STORE_ARRAY, NULL, &b->store), MIRQ_OK);
	assert_int_equal(mirq_irq_count(mirq_store_irqs(b->store)), NR_SLOTS);
	for (uint32_t i = 0; i < NR_SLOTS; i++)
		sim_device_lend(b->hardware, SIM_STORE_ARRAY, i, PASID(i));
	return b;
}

static void bench_free(struct bench *b)
{
	struct mirq_info info;
	struct mirq_why why;

	assert_int_equal(mirq_store_detach(b->store), MIRQ_OK);
	sim_stores_forget(b->s, b->hardware);
	assert_int_equal(mirq_check(b->m, &why), MIRQ_OK);
	mirq_inspect(b->m, &info);
	assert_int_equal(info.nr_irqs, 0);
	assert_int_equal(info.nr_quarantined, 0);
	mirq_fini(b->m);
	assert_int_equal(sim_live(b->s), 0);
	assert_int_equal(sim_ram_used_bytes(b->s), 0);
	assert_null(sim_violation(b->s));
	sim_free(b->s);
	test_free(b);
}

static enum mirq_handled handle(void *nr_handled)
{
	++*(uint32_t *)nr_handled;
	return MIRQ_HANDLED;
}

/* Slots from the first on, each with a handler, fewer at once when there are not as many, until
 * somebody has not even one: b->why. */
static void fill(struct bench *b)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = NR_AT_ONCE, .why = &b->why };
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = handle,
				      .stride_bytes = sizeof(b->nr_handled[0]) };
	uint64_t pasids[NR_AT_ONCE];
	struct mirq_irqs irqs;

	want.cookies = pasids;
	while (want.nr) {
		enum mirq_err err;

		for (uint32_t i = 0; i < want.nr; i++)
			pasids[i] = PASID(b->nr + i);
		err = mirq_irq_alloc(b->store, &want, &irqs);

		if (err) {
			assert_int_equal(err, MIRQ_ENOSPC);
			want.nr /= 2;
			continue;
		}
		assert_int_equal(irqs.slots.first, b->nr);
		h.context = &b->nr_handled[b->nr];
		b->nr += mirq_irq_count(irqs);
		assert_int_equal(mirq_irq_request(irqs, &h), MIRQ_OK);
	}
}

static void fire_all(struct bench *b)
{
	struct sim_device_stats stats;

	for (uint32_t i = 0; i < b->nr; i++)
		sim_device_raise_at(b->hardware, SIM_STORE_ARRAY, i);
	sim_run_until_idle(b->s);
	sim_device_stats(b->hardware, &stats);
	assert_int_equal(stats.nr_sent, b->nr);
	assert_int_equal(stats.nr_astray, 0);
}

/* Everybody was called once, and so often did CPUs take something. */
static void check_handled(const struct bench *b)
{
	uint64_t nr_taken = 0;

	for (uint32_t i = 0; i < NR_SLOTS; i++)
		assert_int_equal(b->nr_handled[i], i < b->nr);
	for (uint32_t cpu = 0; cpu < sim_spec(b->s)->nr_cpus; cpu++) {
		struct mirq_cpu_info info;

		assert_int_equal(mirq_cpu_inspect(b->m, cpu, &info), MIRQ_OK);
		assert_int_equal(info.nr_stray, 0);
		nr_taken += info.nr_dispatched;
	}
	assert_int_equal(nr_taken, b->nr);
}

static struct mirq_domain_info domain_info(const struct bench *b, enum mirq_role role)
{
	struct mirq_domain *d = NULL;
	struct mirq_domain_info info = { 0 };

	while ((d = mirq_domain_next(b->m, d))) {
		mirq_domain_inspect(d, &info);
		if (info.role == role)
			return info;
	}
	fail_msg("no such domain");
	return info;
}

/* All of them at once: refused by @where, which has @nr left; nothing was taken. */
static void refuse_all(struct bench *b, const char *where, uint32_t nr)
{
	struct mirq_why why = { 0 };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = NR_SLOTS, .why = &why };
	struct mirq_irqs irqs;

	assert_int_equal(mirq_irq_alloc(b->store, &want, &irqs), MIRQ_ENOSPC);
	print_message("%u refused: %s: %s (%u left)\n", NR_SLOTS, why.where, why.text, why.nr_left);
	assert_string_equal(why.where, where);
	assert_int_equal(why.nr_left, nr);
	assert_int_equal(why.nr_wanted, NR_SLOTS);
}

static void refused(const struct bench *b, const char *where)
{
	print_message("slot %u refused: %s: %s (%u left)\n", b->nr, b->why.where, b->why.text,
		      b->why.nr_left);
	assert_string_equal(b->why.where, where);
	assert_int_equal(b->why.nr_left, 0);
}

/* What was given comes back: as many again. */
static void refill(struct bench *b)
{
	uint32_t nr = b->nr;

	assert_int_equal(mirq_irq_free(mirq_store_irqs(b->store)), MIRQ_OK);
	b->nr = 0;
	fill(b);
	assert_int_equal(b->nr, nr);
}

/* 64 CPUs with 208 vectors each: 13,312, and the root says that it has no more. */
static void slots__64_cpus__as_many_as_vectors(void **state)
{
	struct bench *b = bench_new("cpus=64 ram=16M vtd dev:array=100000");
	struct mirq_domain_info root = domain_info(b, MIRQ_ROLE_ROOT);
	uint32_t nr_cpus = sim_spec(b->s)->nr_cpus, nr = nr_cpus * NR_VECTORS;

	(void)state;
	assert_int_equal(root.nr_entries, NR_VECTORS);
	refuse_all(b, root.name, nr - root.nr_used);
	fill(b);
	print_message("64 CPUs x %u vectors - %u in use = %u slots of %u\n", NR_VECTORS,
		      root.nr_used, nr - root.nr_used, NR_SLOTS);
	assert_int_equal(b->nr, nr - root.nr_used);
	refused(b, root.name);
	fire_all(b);
	check_handled(b);
	refill(b);
	bench_free(b);
}

/* 512 CPUs have vectors for all, their unit has 65,536 entries. */
static void slots__512_cpus__as_many_as_entries(void **state)
{
	struct bench *b = bench_new("cpus=512 x2apic-entered ram=16M vtd=eim dev:array=100000");
	struct mirq_domain_info unit = domain_info(b, MIRQ_ROLE_REMAPPER);

	(void)state;
	assert_true(512 * NR_VECTORS > NR_SLOTS);
	assert_int_equal(unit.nr_entries, 65536);
	refuse_all(b, unit.name, unit.nr_entries - unit.nr_used);
	fill(b);
	print_message("%u entries - %u in use = %u slots of %u\n", unit.nr_entries, unit.nr_used,
		      unit.nr_entries - unit.nr_used, NR_SLOTS);
	assert_int_equal(b->nr, unit.nr_entries - unit.nr_used);
	refused(b, unit.name);
	fire_all(b);
	check_handled(b);
	refill(b);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots__64_cpus__as_many_as_vectors),
		cmocka_unit_test(slots__512_cpus__as_many_as_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
