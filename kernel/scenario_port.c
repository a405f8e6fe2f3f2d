/* SPDX-License-Identifier: MIT */
/*
 * Scenario port: what the port answers to requests that come from tables and registers which lie,
 * and that what it gives is what mirq/host.h promises.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/host.h>

#include "boot_info.h"
#include "mirq_port.h"
#include "pages.h"
#include "verdict.h"

#define LAPIC_ADDRESS 0xfee00000ull

static bool is_refused(uint64_t physical, size_t size_bytes, enum mirq_map_kind kind)
{
	return !mirq_host_map(port_host(), physical, size_bytes, kind);
}

static void check_map(void)
{
	uint64_t ram = boot_info()->memory_limit - PAGE_BYTES;

	report(is_refused(0, 4096, MIRQ_MAP_REGISTERS) && is_refused(0xff0, 64, MIRQ_MAP_MEMORY),
	       "page 0 is not mapped");
	report(is_refused(UINT64_MAX, 1, MIRQ_MAP_REGISTERS) &&
		       is_refused(UINT64_MAX - 4095, 8192, MIRQ_MAP_REGISTERS) &&
		       is_refused(1ull << 46, 4096, MIRQ_MAP_REGISTERS) &&
		       is_refused(1ull << 63, 4096, MIRQ_MAP_MEMORY),
	       "addresses that no CPU reaches are not mapped");
	report(is_refused(LAPIC_ADDRESS, 0, MIRQ_MAP_REGISTERS) &&
		       is_refused(LAPIC_ADDRESS, SIZE_MAX, MIRQ_MAP_REGISTERS) &&
		       is_refused(LAPIC_ADDRESS, 1ull << 40, MIRQ_MAP_REGISTERS),
	       "absurd sizes are not mapped");
	report(is_refused(ram, 4096, MIRQ_MAP_REGISTERS) &&
		       is_refused((uint64_t)check_map, 4, MIRQ_MAP_REGISTERS),
	       "memory is not mapped as registers");
	report(mirq_host_map(port_host(), ram + 8, 16, MIRQ_MAP_MEMORY) == (void *)(ram + 8) &&
		       mirq_host_map(port_host(), LAPIC_ADDRESS + 0x20, 4, MIRQ_MAP_REGISTERS),
	       "memory as memory and registers as registers are mapped");
}

static bool is_good_dma(size_t size_bytes, size_t align_bytes, uint32_t address_bits)
{
	uint64_t bus = 0;
	char *memory = mirq_host_dma_alloc(port_host(), size_bytes, align_bytes, address_bits,
					   &bus);
	bool is_good = memory && !(bus & (align_bytes - 1)) &&
		       (address_bits > 63 || bus + size_bytes <= 1ull << address_bits);

	for (size_t i = 0; is_good && i < size_bytes; i++)
		is_good = !memory[i];
	if (memory)
		mirq_host_dma_free(port_host(), memory, size_bytes);
	return is_good;
}

static void check_memory(void)
{
	uint64_t bus = 1;

	report(is_good_dma(1, 1, 64) && is_good_dma(4096, 4096, 32) &&
		       is_good_dma(65536, 65536, 39),
	       "DMA memory: zeroed, aligned, within its address bits");
	report(!mirq_host_dma_alloc(port_host(), 4096, 4096, 12, &bus) && bus == 1,
	       "DMA memory that cannot be: refused, nothing written");
	report(!mirq_host_alloc(port_host(), 1ull << 40, 64), "more memory than there is: refused");
}

static void check_config(void)
{
	struct mirq_pci_address absent = { 0, 0xffff }, elsewhere = { 7, 0 };

	report(mirq_host_pci_read(port_host(), absent, 0, 4) == UINT32_MAX &&
		       mirq_host_pci_read(port_host(), absent, 0, 2) == 0xffff &&
		       mirq_host_pci_read(port_host(), elsewhere, 0, 1) == 0xff,
	       "configuration space of nobody reads as all ones");
	mirq_host_pci_write(port_host(), elsewhere, 4, 2, 0);
	report(true, "writing there does nothing");
}

void scenario_port(void)
{
	verdict_begin(VERDICT_ALLOC_NOTHING);
	check_map();
	check_memory();
	check_config();
	verdict_end();
}
