/* SPDX-License-Identifier: MIT */
/* Page tables: one address space for all CPUs, virtual = physical. */
#ifndef KERNEL_PAGING_H
#define KERNEL_PAGING_H

#include <stdint.h>

enum paging_kind {
	PAGING_TEXT,     /* read, execute */
	PAGING_CONSTANT, /* read */
	PAGING_DATA,     /* read, write, write-back cached */
	PAGING_DEVICE,   /* read, write, uncached */
};

/* Maps the image by section and all RAM, and switches to these tables. Boot CPU, after pages. */
void paging_init(void);

/*
 * Maps the pages that @first .. @first + @size_bytes touches and returns @first as a pointer.
 * Thread context, any CPU. May be called again for what is mapped. Panics without memory.
 */
void *paging_map(uint64_t first, uint64_t size_bytes, enum paging_kind kind);

/*
 * Takes pages out of the map, for guards. No other CPU may have used them: their translation
 * caches are not flushed.
 */
void paging_unmap(uint64_t first, uint64_t size_bytes);

#endif
