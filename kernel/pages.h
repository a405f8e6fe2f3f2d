/* SPDX-License-Identifier: MIT */
/*
 * Physical pages. RAM is identity-mapped, so an address is also a pointer.
 *
 * Context: any thread or interrupt, any CPU.
 */
#ifndef KERNEL_PAGES_H
#define KERNEL_PAGES_H

#include <stdint.h>

#define PAGE_BYTES 4096u

void pages_init(void);

/*
 * @nr consecutive pages, the first aligned to @align_bytes (a power of two, at least a page), all
 * below @limit (0: anywhere). Not zeroed. Returns 0 when there are none.
 */
uint64_t pages_alloc(uint64_t nr, uint64_t align_bytes, uint64_t limit);
void pages_free(uint64_t first, uint64_t nr);

uint64_t pages_nr_free(void);

/* A byte with each page for its owner; 0 after an allocation. Panics for what is not RAM. */
void pages_set_tag(uint64_t page, uint8_t tag);
uint8_t pages_tag(uint64_t page);

#endif
