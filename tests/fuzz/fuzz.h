/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the fuzz targets share. A target is one function that takes any bytes; libFuzzer
 * drives it (scripts/fuzz), and replay.c runs it over files, so that seeds and what once crashed
 * are ordinary tests.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

/* A property that must hold for every input. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The input, taken from the front; zeros when it has ended. */
struct fuzz_bytes {
	const uint8_t *at;
	size_t left;
};

static inline uint32_t fuzz_take(struct fuzz_bytes *b, uint32_t nr_bytes)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < nr_bytes && b->left; i++, b->at++, b->left--)
		value |= (uint32_t)*b->at << (8 * i);
	return value;
}

#endif
