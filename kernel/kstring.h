/* SPDX-License-Identifier: MIT */
/*
 * The four memory functions that a freestanding compiler calls by itself, and the little text
 * handling that the kernel needs. Names and meaning of the first four are C's.
 */
#ifndef KERNEL_KSTRING_H
#define KERNEL_KSTRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t nr_bytes);
void *memmove(void *to, const void *from, size_t nr_bytes);
void *memset(void *to, int byte, size_t nr_bytes);
int memcmp(const void *a, const void *b, size_t nr_bytes);

size_t kstring_length(const char *text);
bool kstring_is_equal(const char *a, const char *b);

/* Decimal, or hexadecimal after 0x, of the whole text. False, and *out untouched, for others. */
bool kstring_to_u64(const char *text, uint64_t *out);

#endif
