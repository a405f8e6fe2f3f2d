/* SPDX-License-Identifier: MIT */
/*
 * Scenario boot: the kernel alone, without the library. Shows the machine and proves that what
 * later scenarios stand on works: memory, calls to other CPUs, interrupts, PCI.
 */
#include "scenario.h"

#include <stddef.h>

#include "boot_info.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "heap.h"
#include "interrupts.h"
#include "lapic.h"
#include "pages.h"
#include "pci.h"
#include "smp.h"
#include "x86.h"

enum {
	NR_BLOCKS = 12,
	IPI_LIMIT_NS = 1000000000
};

struct ping { /* one CPU's self-IPI */
	uint64_t ticks;
	bool has_arrived, is_thread, is_right_cpu;
};

static struct ping pings[CPU_MAX];

static void show_memory(void)
{
	const struct boot_info *info = boot_info();

	for (uint32_t i = 0; i < info->nr_memory; i++)
		print("memory: %016lx..%016lx\n", info->memory[i].first, info->memory[i].limit);
	print("memory: %lu KiB free\n", pages_nr_free() * (PAGE_BYTES / 1024));
}

static bool is_zero(const char *p, size_t nr_bytes)
{
	for (size_t i = 0; i < nr_bytes; i++)
		if (p[i])
			return false;
	return true;
}

/* Sizes 1, 4, 16, .. 4 Mi, each aligned to its size up to 1 MiB, dirtied, freed. */
static void check_heap(void)
{
	struct heap_counts before = heap_counts(), after;
	void *blocks[NR_BLOCKS];
	bool is_good = true;

	for (uint32_t i = 0; i < NR_BLOCKS; i++) {
		size_t size = (size_t)1 << i * 2;
		size_t align = size > 0x100000 ? 0x100000 : size;

		blocks[i] = heap_alloc(size, align);
		is_good &= blocks[i] && !((uint64_t)blocks[i] & (align - 1)) &&
			   is_zero(blocks[i], size);
		if (blocks[i])
			*(char *)blocks[i] = 1;
	}
	for (uint32_t i = 0; i < NR_BLOCKS; i++)
		heap_free(blocks[i], (size_t)1 << i * 2);
	after = heap_counts();
	is_good &= after.live_bytes == before.live_bytes && after.nr_live == before.nr_live;
	report(is_good, "heap: %u sizes zeroed, aligned, counted", NR_BLOCKS);
}

static void ping_self(void *context)
{
	struct ping *p = &pings[cpu_this()->number];
	uint64_t before = interrupts_nr_test();
	uint64_t start_ns = clock_now_ns(), start = x86_tsc_read();

	(void)context;
	p->is_right_cpu = lapic_id() == cpu_this()->apic_id;
	p->is_thread = x86_irq_is_on() && !cpu_this()->interrupt_depth;
	lapic_ipi_send(cpu_this()->apic_id, VECTOR_TEST);
	while (interrupts_nr_test() == before && clock_now_ns() - start_ns < IPI_LIMIT_NS)
		x86_pause();
	p->ticks = x86_tsc_read() - start;
	p->has_arrived = interrupts_nr_test() == before + 1;
}

static void check_cpus(void)
{
	uint32_t nr_good = 0;
	uint64_t nr_unexpected = 0, min_ticks = UINT64_MAX, max_ticks = 0;

	for (uint32_t i = 0; i < cpu_nr(); i++) {
		struct ping *p = &pings[i];

		cpu_call(i, ping_self, NULL);
		nr_good += p->has_arrived && p->is_thread && p->is_right_cpu;
		min_ticks = p->ticks < min_ticks ? p->ticks : min_ticks;
		max_ticks = p->ticks > max_ticks ? p->ticks : max_ticks;
	}
	report(nr_good == cpu_nr(), "self-IPI on %u of %u CPUs, one by one", nr_good, cpu_nr());
	print("self-IPI: %lu..%lu ticks\n", min_ticks, max_ticks);
	cpu_call_all(ping_self, NULL);
	nr_good = 0;
	for (uint32_t i = 0; i < cpu_nr(); i++) {
		nr_good += pings[i].has_arrived;
		nr_unexpected += cpu_at(i)->nr_unexpected;
	}
	report(nr_good == cpu_nr(), "self-IPI on %u of %u CPUs, all at once", nr_good, cpu_nr());
	report(!nr_unexpected, "%lu unexpected interrupts", nr_unexpected);
}

/* One line a function, indented by its depth, and one a BAR. */
static void show_function(const struct pci_function *f)
{
	static const char blanks[] = "                                ";
	uint32_t depth = 0;
	const char *indent;

	for (const struct pci_function *b = f->bridge; b && depth + 2 < sizeof(blanks);
	     b = b->bridge)
		depth += 2;
	indent = blanks + sizeof(blanks) - 1 - depth;
	print("pci: %s%02x:%02x.%x %04x:%04x class %06x\n", indent, f->rid >> 8, f->rid >> 3 & 31,
	      f->rid & 7, f->vendor, f->device, f->class_code);
	if (f->is_bridge)
		print("pci: %s  buses %02x..%02x\n", indent, f->secondary, f->subordinate);
	for (uint32_t i = 0; i < PCI_NR_BARS; i++)
		if (f->bars[i].space != PCI_SPACE_NONE)
			print("pci: %s  BAR %u %lx + %lx%s%s\n", indent, i, f->bars[i].range.base,
			      f->bars[i].range.size_bytes, f->bars[i].is_64bit ? " 64-bit" : "",
			      f->bars[i].is_prefetchable ? " prefetchable" : "");
}

/* Every BAR has an address of its own, aligned to its size. */
static bool is_well_placed(const struct pci_range *r)
{
	uint32_t nr_overlaps = 0;

	for (uint32_t i = 0; i < pci_nr() * PCI_NR_BARS; i++) {
		const struct pci_bar *b = &pci_at(i / PCI_NR_BARS)->bars[i % PCI_NR_BARS];

		if (b->space != PCI_SPACE_NONE && b->range.base < r->base + r->size_bytes &&
		    r->base < b->range.base + b->range.size_bytes)
			nr_overlaps++;
	}
	return nr_overlaps == 1 && r->base && !(r->base & (r->size_bytes - 1));
}

static void check_pci(void)
{
	uint32_t nr_bars = 0, nr_bad = 0, nr_silent = 0;

	for (uint32_t i = 0; i < pci_nr(); i++) {
		struct pci_function *f = pci_at(i);

		show_function(f);
		pci_enable(f);
		for (uint32_t bar = 0; bar < PCI_NR_BARS; bar++) {
			volatile uint32_t *registers = pci_map_bar(f, bar);

			if (f->bars[bar].space == PCI_SPACE_NONE)
				continue;
			nr_bars++;
			nr_bad += !is_well_placed(&f->bars[bar].range);
			if (registers)
				(void)*registers;
		}
		nr_silent += pci_config_read(f->rid, PCI_VENDOR, 2) != f->vendor;
	}
	report(!nr_bad, "pci: %u functions, %u of %u BARs well placed", pci_nr(), nr_bars - nr_bad,
	       nr_bars);
	report(!nr_silent, "pci: %u functions fell silent", nr_silent);
	report(pci_config_read(0xffff, PCI_VENDOR, 2) == 0xffff &&
		       pci_config_read(0x10000, PCI_VENDOR, 2) == UINT32_MAX,
	       "pci: an absent function and a bad id read as all ones");
}

void scenario_boot(void)
{
	print("cpus: %u, boot CPU has APIC id %u\n", cpu_nr(), cpu_at(0)->apic_id);
	show_memory();
	check_heap();
	check_cpus();
	check_pci();
}
