/* SPDX-License-Identifier: MIT */
/*
 * test_freestanding.c - the freestanding port: its arena, its polled kick, and mirq on top of it.
 * Linked with that port instead of the hosted one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mirq/mirq.h>

#include "mirq_freestanding.h"

#define ARENA_BYTES (64 * 1024)

static _Alignas(64) unsigned char arena[ARENA_BYTES];

static uint32_t next_random(uint32_t *seed)
{
	return *seed = *seed * 1664525 + 1013904223;
}

/* The largest piece that can be had now. */
static size_t largest(struct mirq_host *h)
{
	size_t low = 0, high = ARENA_BYTES + 1;

	while (high - low > 16) {
		size_t middle = (low + high) / 2;
		void *p = mirq_host_alloc(h, middle, 16);

		if (p) {
			mirq_host_free(h, p, middle);
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

static void arena__random_history__nothing_overlaps_and_all_comes_back(void **state)
{
	struct {
		unsigned char *p;
		size_t size;
		unsigned char fill;
	} live[64] = { { 0 } };
	struct mirq_host h;
	uint32_t seed = 12345;
	size_t before;

	(void)state;
	mirq_freestanding_init(&h, arena + 3, ARENA_BYTES - 3, NULL);
	before = largest(&h);
	for (int step = 0; step < 20000; step++) {
		uint32_t i = next_random(&seed) >> 8 & 63;

		if (live[i].p) {
			for (size_t b = 0; b < live[i].size; b++)
				assert_int_equal(live[i].p[b], live[i].fill);
			mirq_host_free(&h, live[i].p, live[i].size);
			live[i].p = NULL;
			continue;
		}
		live[i].size = 1 + (next_random(&seed) >> 8) % 3000;
		live[i].fill = (unsigned char)step;
		live[i].p = mirq_host_alloc(&h, live[i].size, (size_t)1 << ((seed >> 20) % 9));
		if (live[i].p) {
			assert_int_equal((uintptr_t)live[i].p % ((size_t)1 << ((seed >> 20) % 9)),
					 0);
			memset(live[i].p, live[i].fill, live[i].size);
		}
	}
	for (int i = 0; i < 64; i++)
		if (live[i].p)
			mirq_host_free(&h, live[i].p, live[i].size);
	assert_int_equal(largest(&h), before);
}

static void arena__too_much__refused(void **state)
{
	struct mirq_host h;

	(void)state;
	mirq_freestanding_init(&h, arena, ARENA_BYTES, NULL);
	assert_null(mirq_host_alloc(&h, ARENA_BYTES + 1, 16));
	assert_null(mirq_host_alloc(&h, SIZE_MAX - 4, 16));
	mirq_freestanding_init(&h, arena, 8, NULL);
	assert_null(mirq_host_alloc(&h, 1, 1));
}

static void dma__address_limit__kept(void **state)
{
	struct mirq_host h;
	uint64_t bus = 0;
	unsigned char *p;

	(void)state;
	memset(arena, 0xff, sizeof(arena));
	mirq_freestanding_init(&h, arena, ARENA_BYTES, NULL);
	assert_null(mirq_host_dma_alloc(&h, 4096, 4096, 12, &bus));
	p = mirq_host_dma_alloc(&h, 4096, 4096, 64, &bus);
	assert_non_null(p);
	assert_int_equal(bus, (uintptr_t)p);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(p[i], 0);
}

static void pci__no_window__reads_ones(void **state)
{
	struct mirq_pci_address a = { 0, 8 };
	struct mirq_host h;

	(void)state;
	mirq_freestanding_init(&h, arena, ARENA_BYTES, NULL);
	assert_int_equal(mirq_host_pci_read(&h, a, 0, 1), 0xff);
	assert_int_equal(mirq_host_pci_read(&h, a, 0, 2), 0xffff);
	assert_int_equal(mirq_host_pci_read(&h, a, 0, 4), 0xffffffff);
	mirq_host_pci_write(&h, a, 4, 2, 6);
}

static void pci__window__finds_the_function(void **state)
{
	struct mirq_pci_address a = { 0, 2 }, other = { 1, 2 };
	struct mirq_host h;

	(void)state;
	memset(arena, 0, sizeof(arena));
	mirq_freestanding_init(&h, arena, 16, arena);
	mirq_host_pci_write(&h, a, 0x10, 4, 0x11223344);
	mirq_host_pci_write(&h, a, 0x12, 2, 0xaabb);
	mirq_host_pci_write(&h, a, 0x10, 1, 0x55);
	assert_int_equal(arena[0x2010], 0x55);
	assert_int_equal(mirq_host_pci_read(&h, a, 0x10, 4), 0xaabb3355);
	assert_int_equal(mirq_host_pci_read(&h, a, 0x12, 2), 0xaabb);
	assert_int_equal(mirq_host_pci_read(&h, other, 0x10, 4), 0xffffffff);
}

static void system__on_the_arena__kick_is_polled_and_memory_comes_back(void **state)
{
	struct mirq_host h;
	struct mirq *m;
	size_t before;

	(void)state;
	mirq_freestanding_init(&h, arena, ARENA_BYTES, NULL);
	before = largest(&h);
	assert_int_equal(
		mirq_init(&(struct mirq_init){ MIRQ_SIZED(mirq_init), .host = &h, .nr_cpus = 1 },
			  &m),
		MIRQ_OK);
	assert_int_equal(mirq_freestanding_poll(&h), 0);
	mirq_host_kick(&h, 0);
	assert_int_equal(mirq_freestanding_poll(&h), 1);
	assert_int_equal(mirq_freestanding_poll(&h), 0);
	mirq_fini(m);
	assert_int_equal(largest(&h), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena__random_history__nothing_overlaps_and_all_comes_back),
		cmocka_unit_test(arena__too_much__refused),
		cmocka_unit_test(dma__address_limit__kept),
		cmocka_unit_test(pci__no_window__reads_ones),
		cmocka_unit_test(pci__window__finds_the_function),
		cmocka_unit_test(system__on_the_arena__kick_is_polled_and_memory_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
