/* SPDX-License-Identifier: MIT */
/*
 * bits.h - lowest and highest set bit, in plain C: the compiler's builtins call libgcc on CPUs that
 * have no such instruction, and a freestanding library has no libgcc.
 */
#ifndef MIRQI_BITS_H
#define MIRQI_BITS_H

#include <stdint.h>

/* Number of the lowest set bit; @word is not 0. */
static inline uint32_t mirqi_lowest_bit(uint64_t word)
{
	uint32_t n = 0;

	for (uint32_t step = 32; step; step /= 2)
		if (!(word & ((UINT64_C(1) << step) - 1))) {
			word >>= step;
			n += step;
		}
	return n;
}

/* Number of the highest set bit; @word is not 0. */
static inline uint32_t mirqi_highest_bit(uint32_t word)
{
	uint32_t n = 0;

	for (uint32_t step = 16; step; step /= 2)
		if (word >> step) {
			word >>= step;
			n += step;
		}
	return n;
}

#endif
