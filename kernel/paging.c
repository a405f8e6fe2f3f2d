/* SPDX-License-Identifier: MIT */
/*
 * Four-level page tables with 4 KiB and 2 MiB pages.
 *
 * What it is not: an allocator of addresses. A device's registers appear at their physical
 * address, also above 4 GiB; page 0 is never mapped, so a NULL pointer faults.
 * Source: Intel SDM volume 3, 4.5 (4-level paging); 11.12 (PAT: PCD|PWT is uncached at reset).
 * Locking: paging.lock protects the tables. Entries only gain translations once other CPUs run,
 * so no CPU has to flush another's translation cache.
 */
#include "paging.h"

#include <stddef.h>

#include "boot_info.h"
#include "kstring.h"
#include "pages.h"
#include "panic.h"
#include "spinlock.h"
#include "x86.h"

#define PTE_PRESENT 0x001ull
#define PTE_WRITABLE 0x002ull
#define PTE_UNCACHED 0x018ull
#define PTE_LARGE 0x080ull
#define PTE_XD (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

#define LARGE_BYTES 0x200000ull
#define LOW_LIMIT 0x100000ull
#define ADDRESS_LIMIT (1ull << 47)

extern char text_start[], text_end[], rodata_end[], image_end[], boot_stack_guard[];

static struct {
	struct spinlock lock;
	uint64_t root[512] __attribute__((aligned(4096)));
} paging;

/* For boot.S: what the other CPUs load into CR3. The image lies below 4 GiB. */
uint32_t paging_root;

static const uint64_t kind_bits[] = {
	[PAGING_TEXT] = PTE_PRESENT,
	[PAGING_CONSTANT] = PTE_PRESENT | PTE_XD,
	[PAGING_DATA] = PTE_PRESENT | PTE_WRITABLE | PTE_XD,
	[PAGING_DEVICE] = PTE_PRESENT | PTE_WRITABLE | PTE_UNCACHED | PTE_XD,
};

static uint64_t *new_table(void)
{
	uint64_t table = pages_alloc(1, PAGE_BYTES, 0);

	if (!table)
		panic("paging: no memory for a table");
	return memset((void *)table, 0, PAGE_BYTES);
}

/* Replaces a 2 MiB page by a table of 512 pages with the same translation. */
static void split_large(uint64_t *entry)
{
	uint64_t *table = new_table();
	uint64_t bits = *entry & ~PTE_LARGE;

	for (uint32_t i = 0; i < 512; i++)
		table[i] = bits + i * PAGE_BYTES;
	*entry = (uint64_t)table | PTE_PRESENT | PTE_WRITABLE;
}

static uint64_t *next_table(uint64_t *entry)
{
	if (!(*entry & PTE_PRESENT))
		*entry = (uint64_t)new_table() | PTE_PRESENT | PTE_WRITABLE;
	else if (*entry & PTE_LARGE)
		split_large(entry);
	return (uint64_t *)(*entry & PTE_ADDRESS);
}

static uint64_t *directory_entry(uint64_t address)
{
	uint64_t *pdpt = next_table(&paging.root[address >> 39 & 511]);
	uint64_t *directory = next_table(&pdpt[address >> 30 & 511]);

	return &directory[address >> 21 & 511];
}

/* Sets one entry, large if it can be, and returns how many bytes that covered. */
static uint64_t map_one(uint64_t at, uint64_t limit, uint64_t bits)
{
	uint64_t *entry = directory_entry(at);

	if (!(at % LARGE_BYTES) && limit - at >= LARGE_BYTES &&
	    (!(*entry & PTE_PRESENT) || *entry & PTE_LARGE)) {
		*entry = bits ? at | bits | PTE_LARGE : 0;
		x86_tlb_flush_page(at);
		return LARGE_BYTES;
	}
	next_table(entry)[at >> 12 & 511] = bits ? at | bits : 0;
	x86_tlb_flush_page(at);
	return PAGE_BYTES;
}

static void set_range(uint64_t first, uint64_t size_bytes, uint64_t bits)
{
	uint64_t at = first & -(uint64_t)PAGE_BYTES;
	uint64_t limit = (first + size_bytes + PAGE_BYTES - 1) & -(uint64_t)PAGE_BYTES;
	uint64_t saved;

	if (limit <= at || limit > ADDRESS_LIMIT)
		panic("paging: cannot map 0x%lx + 0x%lx", first, size_bytes);
	saved = spinlock_acquire(&paging.lock);
	while (at < limit)
		at += map_one(at, limit, bits);
	spinlock_release(&paging.lock, saved);
}

void *paging_map(uint64_t first, uint64_t size_bytes, enum paging_kind kind)
{
	set_range(first, size_bytes, kind_bits[kind]);
	return (void *)first;
}

void paging_unmap(uint64_t first, uint64_t size_bytes)
{
	set_range(first, size_bytes, 0);
}

static void map_between(const char *first, const char *limit, enum paging_kind kind)
{
	paging_map((uint64_t)first, (uint64_t)(limit - first), kind);
}

void paging_init(void)
{
	const struct boot_info *info = boot_info();

	paging_map(PAGE_BYTES, LOW_LIMIT - PAGE_BYTES, PAGING_DATA);
	for (uint32_t i = 0; i < info->nr_memory; i++) {
		struct boot_memory m = info->memory[i];

		if (m.first < LOW_LIMIT)
			m.first = LOW_LIMIT;
		if (m.first < m.limit)
			paging_map(m.first, m.limit - m.first, PAGING_DATA);
	}
	map_between(text_start, text_end, PAGING_TEXT);
	map_between(text_end, rodata_end, PAGING_CONSTANT);
	map_between(rodata_end, image_end, PAGING_DATA);
	paging_unmap((uint64_t)boot_stack_guard, PAGE_BYTES);
	paging_root = (uint32_t)(uint64_t)paging.root;
	x86_cr3_write(paging_root);
}
