/* SPDX-License-Identifier: MIT */
/*
 * A few registers of the machine's first unit.
 *
 * Source: Intel VT-d 4.0, 11.4.4 (GCMD, GSTS), 11.4.5 (RTADDR), 11.4.20 (IRTA).
 * A command writes GSTS back without the one-shot bits, so that the library's remapping and queue
 * stay on (11.4.4.1).
 * Locking: none; nobody may give the unit commands meanwhile.
 */
#include "unit_peek.h"

#include <stddef.h>

#include "clock.h"
#include "heap.h"
#include "mirq_port.h"
#include "mmio.h"
#include "pages.h"
#include "paging.h"
#include "x86.h"

#define UNIT_GCMD 0x18
#define UNIT_GSTS 0x1c
#define UNIT_RTADDR 0x20
#define UNIT_IRTA 0xb8

#define GSTS_TRANSLATES (1u << 31)
#define GSTS_HAS_ROOT_TABLE (1u << 30)
#define GSTS_REMAPS (1u << 25)
#define GSTS_KEEP 0x96ffffffu
#define IRTA_ADDRESS 0xfffffffffffff000ull
#define IRTA_SIZE 0xf

enum {
	COMMAND_LIMIT_NS = 10000000
};

static char *registers;

bool unit_peek_init(void)
{
	const struct mirq_x86_machine *m = port_machine();

	if (!m->nr_units)
		return false;
	registers = paging_map(m->units[0].address, PAGE_BYTES, PAGING_DEVICE);
	return mmio_read32(registers, UNIT_GSTS) & GSTS_REMAPS;
}

struct unit_entry *unit_entries(void)
{
	return (struct unit_entry *)(mmio_read64(registers, UNIT_IRTA) & IRTA_ADDRESS);
}

uint32_t unit_nr_entries(void)
{
	return 2u << (mmio_read64(registers, UNIT_IRTA) & IRTA_SIZE);
}

/* Sets or clears @bit and waits until the status says so. */
static bool command(uint32_t bit, bool is_on)
{
	uint32_t kept = mmio_read32(registers, UNIT_GSTS) & GSTS_KEEP & ~bit;
	uint64_t start_ns = clock_now_ns();

	mmio_write32(registers, UNIT_GCMD, is_on ? kept | bit : kept);
	while (!(mmio_read32(registers, UNIT_GSTS) & bit) == is_on) {
		if (clock_now_ns() - start_ns > COMMAND_LIMIT_NS)
			return false;
		x86_pause();
	}
	return true;
}

bool unit_block_dma(void)
{
	void *root_table = heap_alloc(PAGE_BYTES, PAGE_BYTES);

	if (!root_table)
		return false;
	mmio_write64(registers, UNIT_RTADDR, (uint64_t)root_table);
	return command(GSTS_HAS_ROOT_TABLE, true) && command(GSTS_TRANSLATES, true);
}

bool unit_allow_dma(void)
{
	return command(GSTS_TRANSLATES, false);
}
