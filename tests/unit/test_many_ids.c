/* SPDX-License-Identifier: MIT */
/*
 * test_many_ids.c - a device of 100,000 slots on 64 CPUs with 2,047 ids each, as a RISC-V IMSIC has
 * them, and nothing in between: all live at once, each delivered once, bytes counted; and a store
 * of a million slots of which few are used. Behind a VT-d unit: tests/sim/test_many_slots.c.
 *
 * The root is made here: an interrupt file per CPU, a page each; a message is a write of the id to
 * it, which sets a bit; the CPU claims the lowest bit that is set and enabled ([AIA] 3.1 to 3.10).
 *
 * Broken once each, and seen here: the high bits of a slot's index lost in its address (slot 65,536
 * is slot 0); contexts of handlers that come again after 512; ids that stay taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <mirq/bus.h>
#include <mirq/ims_array.h>
#include <mirq/inspect.h>
#include <mirq/root.h>

#include "mirq_hosted.h"

#define NR_CPUS 64u
#define NR_IDS 2047u /* 1..2047 */
#define NR_WORDS 32u
#define NR_SLOTS 100000u
#define NR_MILLION 1000000u
#define NR_AT_ONCE 1000u
#define BYTES_GOAL 256u /* docs/design.md, 16 */
#define FILES UINT64_C(0x24000000)
#define FILE_BYTES 0x1000u

struct file {
	uint64_t pending[NR_WORDS], enabled[NR_WORDS];
};

struct bench {
	struct mirq_host host;
	struct mirq *m;
	struct mirq_domain *root;
	struct mirq_device *dev;
	struct mirq_store *store;
	struct mirq_ims_array array;
	uint32_t *slots; /* four words each: address low and high, data, control */
	struct file files[NR_CPUS];
	uint64_t nr_nobody; /* messages that no file has */
	uint32_t nr_handled[NR_SLOTS];
};

/* ---- The root ---- */

static void file_set(uint64_t *words, uint32_t id, int is_set)
{
	words[id / 64] &= ~(UINT64_C(1) << id % 64);
	words[id / 64] |= (uint64_t)is_set << id % 64;
}

static void root_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			 struct mirq_msg *out_msg)
{
	(void)data;
	(void)block_log2;
	out_msg->address = FILES + (uint64_t)route->hw_target * FILE_BYTES;
	out_msg->data = route->id;
}

static void root_mask(void *data, const struct mirq_route *route)
{
	file_set(((struct bench *)data)->files[route->cpu].enabled, route->id, 0);
}

static void root_unmask(void *data, const struct mirq_route *route)
{
	file_set(((struct bench *)data)->files[route->cpu].enabled, route->id, 1);
}

static uint32_t root_claim(void *data, uint32_t cpu)
{
	struct file *f = &((struct bench *)data)->files[cpu];

	for (uint32_t i = 0; i < NR_WORDS; i++) {
		uint64_t open = f->pending[i] & f->enabled[i];
		uint32_t bit = 0;

		if (!open)
			continue;
		while (!(open >> bit & 1))
			bit++;
		file_set(f->pending, 64 * i + bit, 0);
		return 64 * i + bit;
	}
	return MIRQ_NO_ID;
}

static enum mirq_pending root_pending(void *data, uint32_t cpu, uint32_t id)
{
	const struct file *f = &((struct bench *)data)->files[cpu];

	return f->pending[id / 64] >> id % 64 & 1 ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

static const struct mirq_root_ops root_ops = {
	MIRQ_SIZED(mirq_root_ops), .compose = root_compose, .mask = root_mask,
	.unmask = root_unmask,     .claim = root_claim,     .pending = root_pending,
};

/* ---- The system ---- */

static void add_cpus(struct bench *b)
{
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		const struct mirq_cpu_init init = { MIRQ_SIZED(mirq_cpu_init), .cpu = cpu,
						    .hardware_id = cpu };

		assert_int_equal(mirq_cpu_add(b->m, &init), MIRQ_OK);
		mirq_hosted_bind(cpu);
		assert_int_equal(mirq_cpu_online(b->m, cpu), MIRQ_OK);
	}
	mirq_hosted_bind(0);
}

static struct bench *bench_new(void)
{
	struct bench *b = test_calloc(1, sizeof(*b));
	const struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &b->host,
					.nr_cpus = NR_CPUS };
	const struct mirq_root_init root = {
		MIRQ_SIZED(mirq_root_init),
		.name = "files",
		.ops = &root_ops,
		.data = b,
		.ids = { 1, 1 + NR_IDS },
		.carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_DEVICE_STORES,
		.traits = MIRQ_ROOT_ADDRESS_HAS_TARGET,
		.guest = MIRQ_GUEST_NO,
	};
	const struct mirq_device_init dev = { MIRQ_SIZED(mirq_device_init), .name = "dev" };

	mirq_hosted_init(&b->host);
	assert_int_equal(mirq_init(&init, &b->m), MIRQ_OK);
	b->host.m = b->m;
	assert_int_equal(mirq_root_attach(b->m, &root, &b->root), MIRQ_OK);
	add_cpus(b);
	assert_int_equal(mirq_device_attach(b->m, &dev, &b->dev), MIRQ_OK);
	return b;
}

static void attach_slots(struct bench *b, uint32_t nr_slots)
{
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .data = &b->array,
					.nr_slots = nr_slots };

	b->slots = test_calloc(nr_slots, 16);
	b->array = (struct mirq_ims_array){
		MIRQ_SIZED(mirq_ims_array),
		.name = "many",
		.regs = { &b->host, b->slots, 16 * nr_slots },
		.nr_slots = nr_slots,
		.stride_bytes = 16,
		.address_lo = 0,
		.address_hi = 4,
		.data = 8,
		.control = 12,
		.address_bits = 64,
		.update = MIRQ_UPDATE_WORDS,
		.masked_bits = 1,
	};
	assert_int_equal(mirq_ims_array_init(&b->array, &init.kind, NULL), MIRQ_OK);
	assert_int_equal(mirq_store_attach(b->dev, &init, &b->store), MIRQ_OK);
}

static void bench_free(struct bench *b)
{
	struct mirq_domain_info root;
	struct mirq_cpu_info left;
	struct mirq_info info;

	assert_int_equal(mirq_store_detach(b->store), MIRQ_OK);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) { /* ids are given back on their CPU */
		mirq_host_kick(&b->host, cpu);
		mirq_hosted_serve(&b->host, cpu);
		assert_int_equal(mirq_cpu_inspect(b->m, cpu, &left), MIRQ_OK);
		assert_int_equal(left.nr_used, 0);
	}
	mirq_domain_inspect(b->root, &root);
	mirq_inspect(b->m, &info);
	assert_int_equal(root.nr_used, 0);
	assert_int_equal(info.nr_irqs, 0);
	assert_int_equal(info.nr_quarantined, 0);
	mirq_fini(b->m);
	assert_int_equal(b->host.live_bytes, 0);
	assert_int_equal(b->host.nr_live, 0);
	mirq_hosted_fini(&b->host);
	test_free(b->slots);
	test_free(b);
}

/* ---- What happens ---- */

static enum mirq_handled handle(void *nr_handled)
{
	++*(uint32_t *)nr_handled;
	return MIRQ_HANDLED;
}

/* @nr slots from @first on, with their handlers. */
static void request(struct bench *b, uint32_t first, uint32_t nr)
{
	const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = nr,
					    .at = { first, first + nr } };
	const struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = handle,
					    .context = &b->nr_handled[first % NR_SLOTS],
					    .stride_bytes = sizeof(b->nr_handled[0]) };
	struct mirq_irqs irqs;

	assert_int_equal(mirq_irq_alloc(b->store, &want, &irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_request(irqs, &h), MIRQ_OK);
}

/* The device looks at its slot and writes what stands there. */
static void fire(struct bench *b, uint32_t slot)
{
	const uint32_t *words = &b->slots[4 * slot];
	uint64_t at = ((uint64_t)words[1] << 32 | words[0]) - FILES;

	assert_int_equal(words[3], 0);
	if (at % FILE_BYTES || at / FILE_BYTES >= NR_CPUS || !words[2] || words[2] > NR_IDS)
		b->nr_nobody++;
	else
		file_set(b->files[at / FILE_BYTES].pending, words[2], 1);
}

struct taking {
	struct bench *b;
	uint32_t cpu;
	uint64_t nr;
};

static void take(void *context)
{
	struct taking *t = context;

	t->nr += mirq_dispatch_claim(t->b->m, t->cpu);
}

/* Every CPU, until it has nothing left. How many were taken. */
static uint64_t take_all(struct bench *b)
{
	struct taking t = { .b = b };

	for (t.cpu = 0; t.cpu < NR_CPUS; t.cpu++)
		mirq_hosted_interrupt(&b->host, t.cpu, take, &t);
	return t.nr;
}

static void slots__64_cpus_of_2047_ids__all_live(void **state)
{
	struct bench *b = bench_new();
	struct mirq_domain_info root;
	int64_t before;
	uint64_t bytes;

	(void)state;
	attach_slots(b, NR_SLOTS);
	before = b->host.live_bytes;
	for (uint32_t i = 0; i < NR_SLOTS; i += NR_AT_ONCE)
		request(b, i, NR_AT_ONCE);
	bytes = (uint64_t)(b->host.live_bytes - before) / NR_SLOTS;
	mirq_domain_inspect(b->root, &root);
	assert_int_equal(root.nr_used, NR_SLOTS);
	for (uint32_t i = 0; i < NR_SLOTS; i++)
		fire(b, i);
	assert_int_equal(b->nr_nobody, 0);
	assert_int_equal(take_all(b), NR_SLOTS);
	for (uint32_t i = 0; i < NR_SLOTS; i++)
		assert_int_equal(b->nr_handled[i], 1);
	print_message("64 CPUs x %u ids: %u slots live, fired, handled; %u bytes each\n", NR_IDS,
		      NR_SLOTS, (unsigned)bytes);
	assert_true(bytes <= BYTES_GOAL);
	bench_free(b);
}

/* First, last and a hundred slots far from each other. */
static void slots__a_million__costs_those_used(void **state)
{
	const uint32_t nr = 100, step = NR_MILLION / nr;
	struct bench *b = bench_new();
	int64_t before = b->host.live_bytes, empty, used;

	(void)state;
	attach_slots(b, NR_MILLION);
	empty = b->host.live_bytes - before;
	for (uint32_t i = 0; i < nr; i++)
		request(b, step * i + (i == nr - 1) * (step - 1), 1);
	used = b->host.live_bytes - before - empty;
	fire(b, 0);
	fire(b, NR_MILLION - 1);
	assert_int_equal(take_all(b), 2);
	assert_int_equal(b->nr_handled[0], 1);
	assert_int_equal(b->nr_handled[(NR_MILLION - 1) % NR_SLOTS], 1);
	print_message("a store of %u slots: %d bytes; %u used ones, %u apart: %d bytes each\n",
		      NR_MILLION, (int)empty, nr, step, (int)(used / nr));
	assert_true(empty <= 4096);
	assert_true(used / nr <= 4096);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots__64_cpus_of_2047_ids__all_live),
		cmocka_unit_test(slots__a_million__costs_those_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
