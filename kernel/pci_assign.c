/* SPDX-License-Identifier: MIT */
/*
 * Sizes memory BARs, and places them when the firmware did not.
 *
 * Two passes over the table, in which a bridge precedes what lies behind it. Backward: lay out
 * each bus in a window of its own, so that a bridge's window is known before its own bus is laid
 * out. Forward: turn offsets into addresses and write them.
 *
 * What it is not: a user of I/O space. I/O BARs and windows stay as they are; no driver here
 * needs them.
 * Sources: PCI Local Bus 3.0, 6.2.5.1 (sizing); PCI-to-PCI Bridge 1.2, 3.2.5.6, 3.2.5.8.
 * Locking: none; boot CPU.
 */
#include "pci_table.h"

#include <stddef.h>

#include "console.h"

enum {
	BAR_IO = 1,
	BAR_KIND = 6,
	BAR_64BIT = 4,
	BAR_PREFETCHABLE = 8,
};

#define WINDOW_BYTES 0x100000ull

enum {
	MIN_ALIGN_LOG2 = 4,
	LIMIT_ALIGN_LOG2 = 47
};

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & -align;
}

static uint32_t bar_offset(uint32_t bar)
{
	return PCI_BAR0 + bar * 4;
}

static uint32_t nr_bars(const struct pci_function *f)
{
	return f->is_bridge ? 2 : PCI_NR_BARS;
}

/* All ones in, the writable bits out; the old value goes back. */
static uint32_t probe_dword(uint32_t rid, uint32_t offset)
{
	uint32_t old = pci_config_read(rid, offset, 4);
	uint32_t writable;

	pci_config_write(rid, offset, 4, UINT32_MAX);
	writable = pci_config_read(rid, offset, 4);
	pci_config_write(rid, offset, 4, old);
	return writable;
}

/* A 64-bit BAR may go above 4 GiB if every bridge on the way has a window there for its kind. */
static bool fits_high(const struct pci_function *f, const struct pci_bar *bar)
{
	if (!bar->is_64bit)
		return false;
	if (f->bridge && !bar->is_prefetchable)
		return false;
	for (const struct pci_function *b = f->bridge; b; b = b->bridge)
		if (!b->has_high_window)
			return false;
	return true;
}

/* Returns how many BAR registers this BAR takes. */
static uint32_t read_bar(struct pci_function *f, uint32_t index)
{
	uint32_t offset = bar_offset(index);
	uint32_t low = pci_config_read(f->rid, offset, 4);
	uint64_t mask = probe_dword(f->rid, offset);
	struct pci_bar *bar = &f->bars[index];

	if (mask & BAR_IO || mask == 0)
		return 1;
	bar->is_64bit = (mask & BAR_KIND) == BAR_64BIT && index + 1 < nr_bars(f);
	bar->is_prefetchable = mask & BAR_PREFETCHABLE;
	bar->range.base = low & ~15u;
	mask &= ~15ull;
	if (bar->is_64bit) {
		bar->range.base |= (uint64_t)pci_config_read(f->rid, offset + 4, 4) << 32;
		mask |= (uint64_t)probe_dword(f->rid, offset + 4) << 32;
	} else {
		mask |= mask ? 0xffffffff00000000ull : 0;
	}
	if (mask) {
		bar->range.size_bytes = mask & -mask;
		bar->range.align_bytes = bar->range.size_bytes;
		bar->space = fits_high(f, bar) ? PCI_SPACE_HIGH : PCI_SPACE_LOW;
	}
	return bar->is_64bit ? 2 : 1;
}

/* Decoding is off while a BAR holds all ones. */
void pci_assign_read(void)
{
	for (uint32_t i = 0; i < pci_table.nr; i++) {
		struct pci_function *f = &pci_table.functions[i];
		uint32_t command = pci_config_read(f->rid, PCI_COMMAND, 2);

		pci_config_write(f->rid, PCI_COMMAND, 2,
				 command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
		for (uint32_t bar = 0; bar < nr_bars(f);)
			bar += read_bar(f, bar);
		pci_config_write(f->rid, PCI_COMMAND, 2, command);
	}
}

/* The @nth range of @f in @space: its BARs, then its window. NULL: no more. */
static struct pci_range *next_range(struct pci_function *f, enum pci_space space, uint32_t *nth)
{
	while (*nth < PCI_NR_BARS) {
		struct pci_bar *bar = &f->bars[(*nth)++];

		if (bar->space == space)
			return &bar->range;
	}
	if ((*nth)++ == PCI_NR_BARS && f->windows[space].size_bytes)
		return &f->windows[space];
	return NULL;
}

/* Puts the ranges of one bus that have this alignment at @offset; returns where they end. */
static uint64_t place_aligned(struct pci_function *bridge, enum pci_space space,
			      uint64_t align_bytes, uint64_t offset)
{
	for (uint32_t i = 0; i < pci_table.nr; i++) {
		struct pci_function *f = &pci_table.functions[i];
		struct pci_range *r;
		uint32_t nth = 0;

		while (f->bridge == bridge && (r = next_range(f, space, &nth))) {
			if (r->align_bytes != align_bytes)
				continue;
			r->offset_bytes = align_up(offset, align_bytes);
			offset = r->offset_bytes + r->size_bytes;
		}
	}
	return offset;
}

/* Largest alignment first leaves no holes but before a window's odd end. */
static struct pci_range lay_out_bus(struct pci_function *bridge, enum pci_space space)
{
	struct pci_range all = { .align_bytes = WINDOW_BYTES };

	for (uint32_t log2 = LIMIT_ALIGN_LOG2; log2-- > MIN_ALIGN_LOG2;) {
		uint64_t end = place_aligned(bridge, space, 1ull << log2, all.size_bytes);

		if (end != all.size_bytes && 1ull << log2 > all.align_bytes)
			all.align_bytes = 1ull << log2;
		all.size_bytes = end;
	}
	all.size_bytes = align_up(all.size_bytes, WINDOW_BYTES);
	return all;
}

static void write_bar(const struct pci_function *f, uint32_t index)
{
	const struct pci_bar *bar = &f->bars[index];

	pci_config_write(f->rid, bar_offset(index), 4, (uint32_t)bar->range.base);
	if (bar->is_64bit)
		pci_config_write(f->rid, bar_offset(index + 1), 4,
				 (uint32_t)(bar->range.base >> 32));
}

/* Base above limit closes a window. Bits 15:4 of each half are address bits 31:20. */
static void write_window(const struct pci_function *f, enum pci_space space)
{
	const struct pci_range *r = &f->windows[space];
	uint64_t base = r->base ? r->base : 0xfff00000;
	uint64_t last = r->base ? r->base + r->size_bytes - 1 : 0;
	uint32_t low = (base >> 16 & 0xfff0) | (last & 0xfff00000);

	if (space == PCI_SPACE_LOW) {
		pci_config_write(f->rid, PCI_MEMORY_WINDOW, 4, low);
		return;
	}
	pci_config_write(f->rid, PCI_PREFETCH_WINDOW, 4, low);
	pci_config_write(f->rid, PCI_PREFETCH_BASE_HIGH, 4, (uint32_t)(base >> 32));
	pci_config_write(f->rid, PCI_PREFETCH_LIMIT_HIGH, 4, (uint32_t)(last >> 32));
}

static void set_base(const struct pci_function *f, struct pci_range *r,
		     const struct pci_range *window)
{
	r->base = 0;
	if (window->base && r->offset_bytes + r->size_bytes <= window->size_bytes)
		r->base = window->base + r->offset_bytes;
	else
		print("pci: %04x: no room for 0x%lx bytes\n", f->rid, r->size_bytes);
}

static void write_function(struct pci_function *f, const struct pci_range *roots)
{
	const struct pci_range *windows = f->bridge ? f->bridge->windows : roots;

	for (uint32_t i = 0; i < nr_bars(f); i++) {
		struct pci_bar *bar = &f->bars[i];

		if (bar->space == PCI_SPACE_NONE)
			continue;
		set_base(f, &bar->range, &windows[bar->space]);
		write_bar(f, i);
	}
	for (enum pci_space s = PCI_SPACE_LOW; f->is_bridge && s < PCI_NR_SPACES; s++) {
		if (f->windows[s].size_bytes)
			set_base(f, &f->windows[s], &windows[s]);
		write_window(f, s);
	}
}

/* Root buses share the two windows. Too small a one has base 0: what is in it stays without. */
static void set_root(struct pci_range *root, uint64_t first, uint64_t limit)
{
	uint64_t base = align_up(first, root->align_bytes);

	root->base = base < limit ? base : 0;
	root->size_bytes = base < limit ? limit - base : 0;
}

static void stop_decoding(const struct pci_function *f)
{
	uint32_t command = pci_config_read(f->rid, PCI_COMMAND, 2);

	pci_config_write(f->rid, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_MEMORY);
}

/* Nothing above 4 GiB: every 64-bit BAR goes with the others. */
static void use_low_only(void)
{
	for (uint32_t i = 0; i < pci_table.nr * PCI_NR_BARS; i++) {
		struct pci_bar *bar = &pci_table.functions[i / PCI_NR_BARS].bars[i % PCI_NR_BARS];

		if (bar->space == PCI_SPACE_HIGH)
			bar->space = PCI_SPACE_LOW;
	}
}

void pci_assign_all(const struct pci_windows *windows)
{
	struct pci_range roots[PCI_NR_SPACES] = { { 0 } };

	if (windows->high_first >= windows->high_limit)
		use_low_only();
	for (uint32_t i = pci_table.nr; i-- > 0;) {
		struct pci_function *f = &pci_table.functions[i];

		stop_decoding(f);
		for (enum pci_space s = PCI_SPACE_LOW; f->is_bridge && s < PCI_NR_SPACES; s++)
			f->windows[s] = lay_out_bus(f, s);
	}
	for (enum pci_space s = PCI_SPACE_LOW; s < PCI_NR_SPACES; s++)
		roots[s] = lay_out_bus(NULL, s);
	set_root(&roots[PCI_SPACE_LOW], windows->low_first, windows->low_limit);
	set_root(&roots[PCI_SPACE_HIGH], windows->high_first, windows->high_limit);
	for (uint32_t i = 0; i < pci_table.nr; i++)
		write_function(&pci_table.functions[i], roots);
}
