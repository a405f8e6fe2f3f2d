/* SPDX-License-Identifier: MIT */
/*
 * A bitmap of pages for each range of RAM, searched first-fit from low addresses.
 *
 * What it is not: fast for large machines. The heap takes pages rarely and keeps small ones.
 * The low 1 MiB (firmware's, and the trampoline's page) and the kernel's image stay outside.
 * Locking: pages.lock protects the bitmaps and the count.
 */
#include "pages.h"

#include <stdbool.h>
#include <stddef.h>

#include "boot_info.h"
#include "kstring.h"
#include "panic.h"
#include "spinlock.h"

#define LOW_LIMIT 0x100000u
#define BOOT_MAP_LIMIT 0x100000000ull

extern char image_start[], image_end[];

struct range {
	uint64_t first, nr;
	uint64_t *used; /* one bit a page, 1 = not ours to give */
	uint8_t *tags;  /* one byte a page, its owner's */
};

static struct {
	struct spinlock lock;
	uint64_t nr_free;
	uint32_t nr_ranges;
	struct range ranges[BOOT_MAX_MEMORY_RANGES];
} pages;

static bool is_used(const struct range *r, uint64_t page)
{
	return r->used[page / 64] >> page % 64 & 1;
}

static void set_used(struct range *r, uint64_t first, uint64_t nr)
{
	for (uint64_t i = first; i < first + nr; i++)
		r->used[i / 64] |= 1ull << i % 64;
}

static void clear_used(struct range *r, uint64_t first, uint64_t nr)
{
	for (uint64_t i = first; i < first + nr; i++)
		r->used[i / 64] &= ~(1ull << i % 64);
}

/* The part of @m behind the kernel's image and the low memory. */
static struct boot_memory usable(struct boot_memory m)
{
	uint64_t end = ((uint64_t)image_end + PAGE_BYTES - 1) & -(uint64_t)PAGE_BYTES;

	if (m.first < LOW_LIMIT)
		m.first = LOW_LIMIT;
	if (m.first < end && m.limit > (uint64_t)image_start)
		m.first = end;
	return m;
}

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & -align;
}

/* The index in @r of a free run, or UINT64_MAX. */
static uint64_t find_run(const struct range *r, uint64_t nr, uint64_t align_bytes, uint64_t limit)
{
	uint64_t nr_run = 0;
	uint64_t first = align_up(r->first, align_bytes);
	uint64_t page = (first - r->first) / PAGE_BYTES;

	while (page + nr <= r->nr && (!limit || first + nr * PAGE_BYTES <= limit)) {
		for (nr_run = 0; nr_run < nr && !is_used(r, page + nr_run); nr_run++)
			;
		if (nr_run == nr)
			return page;
		first = align_up(first + (nr_run + 1) * PAGE_BYTES, align_bytes);
		page = (first - r->first) / PAGE_BYTES;
	}
	return UINT64_MAX;
}

uint64_t pages_alloc(uint64_t nr, uint64_t align_bytes, uint64_t limit)
{
	uint64_t found = 0;
	uint64_t saved = spinlock_acquire(&pages.lock);

	for (uint32_t i = 0; i < pages.nr_ranges && !found; i++) {
		struct range *r = &pages.ranges[i];
		uint64_t page = find_run(r, nr, align_bytes, limit);

		if (page == UINT64_MAX)
			continue;
		set_used(r, page, nr);
		memset(r->tags + page, 0, nr);
		pages.nr_free -= nr;
		found = r->first + page * PAGE_BYTES;
	}
	spinlock_release(&pages.lock, saved);
	return found;
}

/*
 * Bitmap and tags come from the ranges before, or else are the first pages of their own range: the
 * page tables of boot.S end at 4 GiB, and what lies above is not mapped yet.
 */
static void add_range(struct boot_memory m)
{
	struct range *r = &pages.ranges[pages.nr_ranges];
	uint64_t nr = (m.limit - m.first) / PAGE_BYTES;
	uint64_t bitmap_bytes = (nr + 63) / 64 * 8;
	uint64_t nr_meta = (bitmap_bytes + nr + PAGE_BYTES - 1) / PAGE_BYTES;
	uint64_t meta = pages_alloc(nr_meta, PAGE_BYTES, BOOT_MAP_LIMIT);
	uint64_t nr_own = meta ? 0 : nr_meta;

	if (!meta && (nr_own >= nr || m.first + nr_own * PAGE_BYTES > BOOT_MAP_LIMIT))
		return;
	meta = meta ? meta : m.first;
	memset((void *)meta, 0, nr_meta * PAGE_BYTES);
	*r = (struct range){ m.first, nr, (uint64_t *)meta, (uint8_t *)meta + bitmap_bytes };
	set_used(r, 0, nr_own);
	pages.nr_free += nr - nr_own;
	pages.nr_ranges++;
}

void pages_init(void)
{
	const struct boot_info *info = boot_info();

	for (uint32_t i = 0; i < info->nr_memory; i++) {
		struct boot_memory m = usable(info->memory[i]);

		if (m.first < m.limit)
			add_range(m);
	}
	if (!pages.nr_free)
		panic("pages: no memory");
}

static struct range *find_range(uint64_t first, uint64_t nr)
{
	for (uint32_t i = 0; i < pages.nr_ranges; i++) {
		struct range *r = &pages.ranges[i];

		if (first >= r->first && first + nr * PAGE_BYTES <= r->first + r->nr * PAGE_BYTES)
			return r;
	}
	return NULL;
}

void pages_free(uint64_t first, uint64_t nr)
{
	struct range *r = find_range(first, nr);
	uint64_t saved, page;

	if (!r || first % PAGE_BYTES)
		panic("pages: free of 0x%lx, not ours", first);
	page = (first - r->first) / PAGE_BYTES;
	saved = spinlock_acquire(&pages.lock);
	for (uint64_t i = 0; i < nr; i++)
		if (!is_used(r, page + i))
			panic("pages: double free of 0x%lx", first + i * PAGE_BYTES);
	clear_used(r, page, nr);
	pages.nr_free += nr;
	spinlock_release(&pages.lock, saved);
}

uint64_t pages_nr_free(void)
{
	return __atomic_load_n(&pages.nr_free, __ATOMIC_RELAXED);
}

static uint8_t *tag_of(uint64_t page)
{
	struct range *r = find_range(page & -(uint64_t)PAGE_BYTES, 1);

	if (!r)
		panic("pages: 0x%lx is not ours", page);
	return &r->tags[(page - r->first) / PAGE_BYTES];
}

void pages_set_tag(uint64_t page, uint8_t tag)
{
	*tag_of(page) = tag;
}

uint8_t pages_tag(uint64_t page)
{
	return *tag_of(page);
}
