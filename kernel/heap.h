/* SPDX-License-Identifier: MIT */
/*
 * The heap, and what it counts: bytes as they were asked for, not as they were rounded.
 *
 * Context: any thread or interrupt, any CPU.
 */
#ifndef KERNEL_HEAP_H
#define KERNEL_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_counts {
	uint64_t live_bytes, peak_bytes; /* peak: since heap_restart_peak() */
	uint64_t nr_live, nr_allocs, nr_frees, nr_refused;
};

/* Zeroed memory, aligned to @align_bytes (a power of two; 0: 16). NULL when there is none. */
void *heap_alloc(size_t size_bytes, size_t align_bytes);

/* The same with all of it below @limit, for devices with few address bits. 0: anywhere. */
void *heap_alloc_below(size_t size_bytes, size_t align_bytes, uint64_t limit);

/* @size_bytes as given to either allocation. NULL is allowed. */
void heap_free(void *memory, size_t size_bytes);

struct heap_counts heap_counts(void);
void heap_restart_peak(void);

/* The allocation after @nr more successful ones is refused, once. UINT64_MAX: never (default). */
void heap_refuse_after(uint64_t nr);

#endif
