/* SPDX-License-Identifier: MIT */
/*
 * memory.h - the four functions of libc that the library uses, and sized parameter structs.
 */
#ifndef MIRQI_MEMORY_H
#define MIRQI_MEMORY_H

#include <mirq/types.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size_bytes);
void *memset(void *to, int byte, size_t size_bytes);
void *memmove(void *to, const void *from, size_t size_bytes);
int memcmp(const void *a, const void *b, size_t size_bytes);

/*
 * Copy a caller's sized struct (its first member is uint32_t size_bytes) into our own of
 * @own_bytes: what an older caller does not have reads as zero; what a newer one has beyond ours
 * must be zero.
 * MIRQ_EINVAL: size below 8 or above 4096, not a multiple of 4, or an unknown member is set. @own
 * is then untouched.
 */
MIRQ_MUST_CHECK enum mirq_err mirqi_sized_copy(void *own, uint32_t own_bytes, const void *theirs);

#endif
