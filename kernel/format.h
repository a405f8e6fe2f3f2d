/* SPDX-License-Identifier: MIT */
/*
 * A small printf into a buffer: %s %c %d %u %x %p %%, with l, ll, z, width, zero pad and '-'.
 * No floating point, no allocation. Pure.
 */
#ifndef KERNEL_FORMAT_H
#define KERNEL_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

#define KERNEL_PRINTF(format_index, first_index)                                                   \
	__attribute__((format(printf, format_index, first_index)))

/* Writes at most size_bytes - 1 characters and a NUL; returns how many characters it wrote. */
size_t format_list(char *out, size_t size_bytes, const char *format, va_list list)
	KERNEL_PRINTF(3, 0);
size_t format(char *out, size_t size_bytes, const char *format, ...) KERNEL_PRINTF(3, 4);

#endif
