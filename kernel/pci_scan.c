/* SPDX-License-Identifier: MIT */
/*
 * Walks the buses depth first, with a stack of its own: one frame a bus, each bus once.
 *
 * Two ways through a bridge. Keep: use the bus numbers that it has, if they make sense. Number:
 * take the next free one, open the bridge up to the limit, and close it when its bus is done.
 *
 * What it is not: aware of hot plug or ARI.
 * Source: PCI-to-PCI Bridge 1.2, 3.2.5 (bus number registers); PCI Local Bus 3.0, 6.2.1.
 * Locking: none; boot CPU.
 */
#include "pci_table.h"

#include <stddef.h>

#include "console.h"
#include "kstring.h"

enum {
	HEADER_MULTIFUNCTION = 0x80,
	HEADER_KIND = 0x7f,
	HEADER_BRIDGE = 1
};

struct frame {
	struct pci_function *bridge;
	uint32_t bus, devfn;
};

/* One scan at a time; the boot CPU's. */
static struct {
	bool numbers;
	bool is_visited[PCI_NR_BUSES];
	bool is_root[PCI_NR_BUSES];
	uint32_t next_bus, limit_bus;
	uint32_t depth;
	struct frame stack[PCI_NR_BUSES];
} scan;

static bool is_present(uint32_t rid)
{
	uint32_t vendor = pci_config_read(rid, PCI_VENDOR, 2);

	return vendor != 0xffff && vendor != 0;
}

static void push(struct pci_function *bridge, uint32_t bus)
{
	scan.is_visited[bus] = true;
	scan.stack[scan.depth++] = (struct frame){ bridge, bus, 0 };
}

static void write_buses(struct pci_function *b)
{
	uint32_t old = pci_config_read(b->rid, PCI_BUSES, 4);

	pci_config_write(b->rid, PCI_BUSES, 4,
			 (old & 0xff000000) | b->subordinate << 16 | b->secondary << 8 |
				 b->rid >> 8);
}

static void open_kept(struct pci_function *b)
{
	uint32_t buses = pci_config_read(b->rid, PCI_BUSES, 4);
	uint32_t secondary = buses >> 8 & 0xff, subordinate = buses >> 16 & 0xff;

	if (secondary <= b->rid >> 8 || secondary > subordinate || scan.is_visited[secondary])
		return;
	b->secondary = secondary;
	b->subordinate = subordinate;
	push(b, secondary);
}

static void open_numbered(struct pci_function *b)
{
	if (scan.next_bus >= scan.limit_bus) {
		print("pci: no bus number left for the bridge %04x\n", b->rid);
		return;
	}
	b->secondary = scan.next_bus++;
	b->subordinate = scan.limit_bus - 1;
	write_buses(b);
	push(b, b->secondary);
}

static void close_bridge(struct pci_function *b)
{
	if (!b || !scan.numbers)
		return;
	b->subordinate = scan.next_bus - 1;
	write_buses(b);
}

static struct pci_function *add_function(struct pci_function *bridge, uint32_t rid)
{
	struct pci_function *f = &pci_table.functions[pci_table.nr];

	if (pci_table.nr == PCI_MAX_FUNCTIONS)
		return NULL;
	pci_table.nr++;
	*f = (struct pci_function){
		.bridge = bridge,
		.rid = rid,
		.vendor = pci_config_read(rid, PCI_VENDOR, 2),
		.device = pci_config_read(rid, PCI_DEVICE, 2),
		.class_code = pci_config_read(rid, PCI_CLASS_REVISION, 4) >> 8,
		.is_bridge = (pci_config_read(rid, PCI_HEADER_TYPE, 1) & HEADER_KIND) ==
			     HEADER_BRIDGE,
		.has_high_window = (pci_config_read(rid, PCI_PREFETCH_WINDOW, 2) & 0xf) == 1,
	};
	return f;
}

/* The next place to look on this bus: functions 1..7 only of a multi-function device. */
static uint32_t next_devfn(uint32_t rid, bool found)
{
	uint32_t devfn = rid & 0xff;

	if (devfn & 7)
		return devfn + 1;
	if (found && pci_config_read(rid, PCI_HEADER_TYPE, 1) & HEADER_MULTIFUNCTION)
		return devfn + 1;
	return devfn + 8;
}

static void visit(struct frame *at)
{
	uint32_t rid = at->bus << 8 | at->devfn;
	struct pci_function *f = NULL;

	if (is_present(rid))
		f = add_function(at->bridge, rid);
	at->devfn = next_devfn(rid, f != NULL);
	if (!f || !f->is_bridge)
		return;
	if (scan.numbers)
		open_numbered(f);
	else
		open_kept(f);
}

static void scan_root(uint32_t bus)
{
	push(NULL, bus);
	while (scan.depth) {
		struct frame *top = &scan.stack[scan.depth - 1];

		if (top->devfn < 256) {
			visit(top);
			continue;
		}
		scan.depth--;
		close_bridge(top->bridge);
	}
}

static bool has_functions(uint32_t bus)
{
	for (uint32_t device = 0; device < 32; device++)
		if (is_present(bus << 8 | device << 3))
			return true;
	return false;
}

static void restart(void)
{
	pci_table.nr = 0;
	memset(&scan, 0, sizeof(scan));
}

/* What answers on a bus that no bridge leads to is another root bus (an expander's). */
void pci_scan_keep(void)
{
	restart();
	for (uint32_t bus = 0; bus < PCI_NR_BUSES; bus++)
		if (!scan.is_visited[bus] && (!bus || has_functions(bus)))
			scan_root(bus);
}

/* With all bridges closed, only root buses answer: they divide the numbers among them. */
void pci_scan_number(void)
{
	for (uint32_t i = pci_table.nr; i-- > 0;)
		if (pci_table.functions[i].is_bridge)
			pci_config_write(pci_table.functions[i].rid, PCI_BUSES, 4, 0);
	restart();
	scan.numbers = true;
	for (uint32_t bus = 0; bus < PCI_NR_BUSES; bus++)
		scan.is_root[bus] = !bus || has_functions(bus);
	for (uint32_t bus = 0; bus < PCI_NR_BUSES; bus++) {
		if (!scan.is_root[bus])
			continue;
		scan.next_bus = bus + 1;
		scan.limit_bus = bus + 1;
		while (scan.limit_bus < PCI_NR_BUSES && !scan.is_root[scan.limit_bus])
			scan.limit_bus++;
		scan_root(bus);
	}
}
