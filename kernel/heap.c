/* SPDX-License-Identifier: MIT */
/*
 * Power-of-two blocks up to half a page from free lists, whole pages above. A block is as
 * aligned as it is large, so an alignment is a request for a larger block.
 *
 * A page's tag is its class + 1, or 0 for whole pages: freeing needs no alignment.
 *
 * What it is not: economical. It returns no small block to the page allocator, so that its cost
 * is constant and measurements of its users are steady.
 * Locking: heap.lock protects lists and counts.
 */
#include "heap.h"

#include <stdbool.h>

#include "kstring.h"
#include "pages.h"
#include "panic.h"
#include "spinlock.h"

enum {
	MIN_LOG2 = 4,
	MAX_LOG2 = 11,
	NR_CLASSES = MAX_LOG2 - MIN_LOG2 + 1
};

struct free_block {
	struct free_block *next;
};

static struct {
	struct spinlock lock;
	struct free_block *lists[NR_CLASSES];
	struct heap_counts counts;
	uint64_t nr_until_refusal;
} heap = { .nr_until_refusal = UINT64_MAX };

/* The class of a size, or NR_CLASSES when it takes whole pages. */
static uint32_t class_of(size_t size_bytes, size_t align_bytes)
{
	size_t need = size_bytes > align_bytes ? size_bytes : align_bytes;

	if (need <= 1u << MIN_LOG2)
		return 0;
	if (need > 1u << MAX_LOG2)
		return NR_CLASSES;
	return 64 - (uint32_t)__builtin_clzll(need - 1) - MIN_LOG2;
}

static uint64_t nr_pages(size_t size_bytes)
{
	return (size_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

static bool refill_locked(uint32_t class)
{
	uint64_t page = pages_alloc(1, PAGE_BYTES, 0);
	uint32_t block_bytes = 1u << (class + MIN_LOG2);

	if (!page)
		return false;
	for (uint32_t at = PAGE_BYTES; at; at -= block_bytes) {
		struct free_block *b = (void *)(page + at - block_bytes);

		b->next = heap.lists[class];
		heap.lists[class] = b;
	}
	pages_set_tag(page, (uint8_t)(class + 1));
	return true;
}

static void *take_small_locked(uint32_t class)
{
	struct free_block *b;

	if (!heap.lists[class] && !refill_locked(class))
		return NULL;
	b = heap.lists[class];
	heap.lists[class] = b->next;
	return b;
}

static void *take_pages(size_t size_bytes, size_t align_bytes, uint64_t limit)
{
	if (align_bytes < PAGE_BYTES)
		align_bytes = PAGE_BYTES;
	return (void *)pages_alloc(nr_pages(size_bytes), align_bytes, limit);
}

static bool is_refused_locked(void)
{
	if (heap.nr_until_refusal == UINT64_MAX)
		return false;
	return !heap.nr_until_refusal--;
}

static void count_alloc_locked(const void *memory, size_t size_bytes)
{
	struct heap_counts *c = &heap.counts;

	if (!memory) {
		c->nr_refused++;
		return;
	}
	c->nr_allocs++;
	c->nr_live++;
	c->live_bytes += size_bytes;
	if (c->live_bytes > c->peak_bytes)
		c->peak_bytes = c->live_bytes;
}

void *heap_alloc_below(size_t size_bytes, size_t align_bytes, uint64_t limit)
{
	/* Below a limit whole pages only: a small block may come from anywhere. */
	uint32_t class = limit ? NR_CLASSES : class_of(size_bytes, align_bytes);
	uint64_t saved = spinlock_acquire(&heap.lock);
	void *memory = NULL;

	if (!is_refused_locked())
		memory = class < NR_CLASSES ? take_small_locked(class)
					    : take_pages(size_bytes, align_bytes, limit);
	count_alloc_locked(memory, size_bytes);
	spinlock_release(&heap.lock, saved);
	return memory ? memset(memory, 0, size_bytes) : NULL;
}

void *heap_alloc(size_t size_bytes, size_t align_bytes)
{
	return heap_alloc_below(size_bytes, align_bytes, 0);
}

static void give_small_locked(void *memory, uint32_t class)
{
	struct free_block *b = memory;

	b->next = heap.lists[class];
	heap.lists[class] = b;
}

void heap_free(void *memory, size_t size_bytes)
{
	uint32_t tag;
	uint64_t saved;

	if (!memory)
		return;
	tag = pages_tag((uint64_t)memory);
	saved = spinlock_acquire(&heap.lock);
	if (heap.counts.live_bytes < size_bytes || !heap.counts.nr_live)
		panic("heap: more freed than was allocated, at %p", memory);
	heap.counts.live_bytes -= size_bytes;
	heap.counts.nr_live--;
	heap.counts.nr_frees++;
	if (tag)
		give_small_locked(memory, tag - 1);
	else
		pages_free((uint64_t)memory, nr_pages(size_bytes));
	spinlock_release(&heap.lock, saved);
}

struct heap_counts heap_counts(void)
{
	uint64_t saved = spinlock_acquire(&heap.lock);
	struct heap_counts counts = heap.counts;

	spinlock_release(&heap.lock, saved);
	return counts;
}

void heap_restart_peak(void)
{
	uint64_t saved = spinlock_acquire(&heap.lock);

	heap.counts.peak_bytes = heap.counts.live_bytes;
	spinlock_release(&heap.lock, saved);
}

void heap_refuse_after(uint64_t nr)
{
	uint64_t saved = spinlock_acquire(&heap.lock);

	heap.nr_until_refusal = nr;
	spinlock_release(&heap.lock, saved);
}
