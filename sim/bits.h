/* SPDX-License-Identifier: MIT */
/*
 * bits.h - fields of registers, each written once as its document writes it: #define X_Y hi, lo.
 * The simulator's own: it shares none with the library, so that a wrong bit does not cancel itself.
 */
#ifndef SIM_BITS_H
#define SIM_BITS_H

#include <stdint.h>

#define SIM_MASK_(hi, lo) ((~UINT64_C(0) >> (63 - (hi))) & (~UINT64_C(0) << (lo)))
#define SIM_GET_(word, hi, lo) (((uint64_t)(word)&SIM_MASK_(hi, lo)) >> (lo))
#define SIM_PUT_(value, hi, lo) (((uint64_t)(value) << (lo)) & SIM_MASK_(hi, lo))
#define SIM_SET_(word, value, hi, lo)                                                              \
	(((uint64_t)(word) & ~SIM_MASK_(hi, lo)) | SIM_PUT_(value, hi, lo))
#define SIM_X_(macro, ...) macro(__VA_ARGS__)

#define SIM_MASK(field) SIM_X_(SIM_MASK_, field)
#define SIM_GET(word, field) SIM_X_(SIM_GET_, word, field)
/* The field alone, to be or-ed. */
#define SIM_PUT(field, value) SIM_X_(SIM_PUT_, value, field)
#define SIM_SET(word, field, value) SIM_X_(SIM_SET_, word, value, field)

static inline uint64_t sim_ones(uint32_t width_bytes)
{
	return width_bytes >= 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * width_bytes) - 1;
}

#endif
