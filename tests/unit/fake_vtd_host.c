/* SPDX-License-Identifier: MIT */
/*
 * fake_vtd_host.c - the host of fake_vtd.h: memory with bus addresses of its own, a clock that
 * ticks when it is read, calls that fail on command.
 */
#include "fake_vtd.h"

struct mirq_host *fake_host_new(void)
{
	struct mirq_host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->next_bus = 0x7000000000;
	h->now_ns = 5000000000;
	h->tick_ns = 100;
	for (uint32_t i = 0; i < NR(h->units); i++) {
		struct fake_unit *u = &h->units[i];

		u->host = h;
		u->physical = 0xfed90000 + i * 0x1000;
		u->cache = calloc(65536, sizeof(u->cache[0]));
		u->is_cached = calloc(65536, 1);
		fake_write64(u, FAKE_CAP, 0xd2008c22260206);
		fake_write64(u, FAKE_ECAP, 0xf00f5b);
		fake_write32(u, FAKE_FECTL, 1u << 31);
		fake_write32(u, FAKE_IECTL, 1u << 31);
		/* A stale entry of an earlier table that would deliver anything. */
		u->cache[9][0] = 0x0000000000510001;
		u->is_cached[9] = 1;
	}
	return h;
}

void fake_host_free(struct mirq_host *h)
{
	for (uint32_t i = 0; i < FAKE_NR_ALLOCS; i++) {
		free(h->dma[i].memory);
		free(h->dma[i].shadow);
	}
	for (uint32_t i = 0; i < NR(h->units); i++) {
		free(h->units[i].cache);
		free(h->units[i].is_cached);
	}
	free(h);
}

static int call_fails(struct mirq_host *h)
{
	h->nr_calls++;
	if (!h->fail_at)
		return 0;
	return h->fail_forever ? h->nr_calls >= h->fail_at : h->nr_calls == h->fail_at;
}

/* The size stands before the memory, so that a wrong size at free is seen. */
void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	uint8_t *memory;

	assert_int_equal(h->lock_depth, 0);
	assert_true(align_bytes <= 64);
	if (call_fails(h))
		return NULL;
	memory = aligned_alloc(64, (64 + size_bytes + 63) & ~(size_t)63);
	memset(memory + 64, 0xa5, size_bytes);
	memcpy(memory, &size_bytes, sizeof(size_bytes));
	h->nr_live++;
	return memory + 64;
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	assert_int_equal(h->lock_depth, 0);
	h->nr_bad_frees += memcmp((uint8_t *)memory - 64, &size_bytes, sizeof(size_bytes)) != 0;
	h->nr_live--;
	free((uint8_t *)memory - 64);
}

void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	assert_int_equal(h->lock_depth, 0);
	assert_true(address_bits >= 40);
	if (call_fails(h))
		return NULL;
	for (uint32_t i = 0; i < FAKE_NR_ALLOCS; i++) {
		struct fake_alloc *a = &h->dma[i];

		if (a->memory)
			continue;
		a->memory = calloc(1, size_bytes);
		a->shadow = malloc(size_bytes);
		memset(a->shadow, 0xa5, size_bytes); /* stale cache lines: rubbish */
		a->size_bytes = size_bytes;
		a->bus = (h->next_bus + align_bytes - 1) & ~(uint64_t)(align_bytes - 1);
		h->next_bus = a->bus + size_bytes + 4096;
		*out_bus = a->bus;
		h->nr_live++;
		return a->memory;
	}
	fail_msg("too many allocations");
	return NULL;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	assert_int_equal(h->lock_depth, 0);
	for (uint32_t i = 0; i < FAKE_NR_ALLOCS; i++) {
		struct fake_alloc *a = &h->dma[i];

		if (a->memory != memory)
			continue;
		h->nr_bad_frees += a->size_bytes != size_bytes;
		free(a->memory);
		free(a->shadow);
		*a = (struct fake_alloc){ 0 };
		h->nr_live--;
		return;
	}
	h->nr_bad_frees++;
}

void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	assert_int_equal(kind, MIRQ_MAP_REGISTERS);
	assert_true(size_bytes <= FAKE_REGS_BYTES);
	if (call_fails(h))
		return NULL;
	for (uint32_t i = 0; i < NR(h->units); i++) {
		if (h->units[i].physical == physical) {
			h->nr_live++;
			return h->units[i].regs;
		}
	}
	fail_msg("a mapping of nothing");
	return NULL;
}

void mirq_host_unmap(struct mirq_host *h, void *mapped, size_t size_bytes)
{
	(void)mapped, (void)size_bytes;
	h->nr_live--;
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	(void)h, (void)address, (void)offset_bytes, (void)width_bytes;
	return UINT32_MAX;
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	(void)h, (void)address, (void)offset_bytes, (void)width_bytes, (void)value;
}

uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	return h->lock_depth++;
}

void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	h->lock_depth--;
	assert_int_equal(h->lock_depth, saved);
}

uint32_t mirq_host_this_cpu(struct mirq_host *h)
{
	(void)h;
	return 0;
}

void mirq_host_kick(struct mirq_host *h, uint32_t cpu)
{
	(void)h, (void)cpu;
}

uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	h->now_ns += h->tick_ns;
	return h->now_ns;
}

void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)h;
	assert_int_equal(kind, MIRQ_WAIT_SPIN);
}

void mirq_host_clean(struct mirq_host *h, const void *memory, size_t size_bytes)
{
	const uint8_t *at = memory;

	h->nr_cleans++;
	for (uint32_t i = 0; i < FAKE_NR_ALLOCS; i++) {
		struct fake_alloc *a = &h->dma[i];

		if (a->memory && at >= a->memory && at + size_bytes <= a->memory + a->size_bytes) {
			memcpy(a->shadow + (at - a->memory), at, size_bytes);
			return;
		}
	}
	fail_msg("clean of something that is no DMA memory");
}

void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record)
{
	assert_int_equal(h->lock_depth, 0);
	h->nr_logs++;
	h->last_log = *record;
}

void mirq_host_panic(struct mirq_host *h, const char *text)
{
	(void)h;
	fail_msg("panic: %s", text);
}

void mirq_host_assert_context(struct mirq_host *h, enum mirq_context context)
{
	(void)h, (void)context;
}
