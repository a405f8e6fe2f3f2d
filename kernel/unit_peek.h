/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own hands on a VT-d unit: to spoil entries, and to switch DMA remapping on where
 * nothing is mapped. For scenarios that play the enemy; shares no code with the library.
 */
#ifndef KERNEL_UNIT_PEEK_H
#define KERNEL_UNIT_PEEK_H

#include <stdbool.h>
#include <stdint.h>

struct unit_entry { /* as it lies in memory */
	volatile uint64_t low, high;
};

/* False: the machine has no unit, or it remaps nothing. */
bool unit_peek_init(void);

/* The remapping table that the unit was told, and how many entries it has. */
struct unit_entry *unit_entries(void);
uint32_t unit_nr_entries(void);

/* A root table without one entry present, then translation on: all DMA is a fault. False: time. */
bool unit_block_dma(void);
bool unit_allow_dma(void);

#endif
