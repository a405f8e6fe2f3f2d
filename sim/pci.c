/* SPDX-License-Identifier: MIT */
/*
 * pci.c - configuration space and the tree: functions on bus 0, root ports, the two kinds of bridge
 * to a conventional bus. Firmware's work is done when it is built: bus numbers, BARs, memory space
 * and bus mastering on.
 * Sources: [PCI] 6.1, 6.2.5; [PCIE] 7.5; [PCIBR] 2.3, 5.1. Locking: none.
 */
#include "model.h"

#include <string.h>

#define PCI_VENDOR 0x00
#define PCI_DEVICE 0x02
#define PCI_COMMAND 0x04
#define PCI_STATUS 0x06
#define PCI_CLASS 0x0a
#define PCI_HEADER 0x0e
#define PCI_BAR_FIRST 0x10
#define PCI_PRIMARY 0x18
#define PCI_SECONDARY 0x19
#define PCI_SUBORDINATE 0x1a
#define PCI_CAPABILITIES 0x34

#define PCI_COMMAND_MEMORY 1, 1
#define PCI_COMMAND_MASTER 2, 2
#define PCI_COMMAND_WRITABLE 0x0406u /* INTx off, bus master, memory space */
#define PCI_STATUS_CAPABILITIES 0x0010u
#define PCI_BAR_64 0x4u
#define PCI_BAR_FLAGS UINT64_C(0xf)
#define PCI_HEADER_BRIDGE 0x01u
#define PCI_CLASS_BRIDGE 0x0604u
#define PCI_VENDOR_SIM 0x1234u

#define PCIE_AT 0x40u
#define PCIE_ID 0x10u
#define PCIE_FLAGS 0x02
#define PCIE_DEVICE_CAPS 0x04
#define PCIE_DEVICE_CONTROL 0x08
#define PCIE_CAPS_FLR 28, 28
#define PCIE_CONTROL_FLR 15, 15
#define PCIE_TYPE 7, 4
#define PCIE_VERSION 3, 0

enum pcie_type {
	PCIE_ENDPOINT = 0,
	PCIE_ROOT_PORT = 4,
	PCIE_TO_PCI = 7,
	PCIE_INTEGRATED = 9
};

#define PCI_FIRST_SLOT 1u
#define PCI_WINDOW UINT64_C(0xe0000000)
#define PCI_TABLE_AT 0x1000u
#define PCI_PAGE_BYTES 0x1000u

/* ---- Bytes of configuration space ---- */

uint32_t sim_function_read(const struct sim_function *f, uint32_t offset, uint32_t width_bytes)
{
	uint32_t value = 0;

	if (offset + width_bytes > SIM_CONFIG_BYTES)
		return 0; /* no extended capabilities: an empty list */
	for (uint32_t i = 0; i < width_bytes; i++)
		value |= (uint32_t)f->config[offset + i] << 8 * i;
	return value;
}

void sim_function_put(struct sim_function *f, uint32_t offset, uint32_t width_bytes, uint32_t value)
{
	for (uint32_t i = 0; i < width_bytes; i++)
		f->config[offset + i] = (uint8_t)(value >> 8 * i);
}

void sim_function_allow(struct sim_function *f, uint32_t offset, uint32_t width_bytes,
			uint32_t bits)
{
	for (uint32_t i = 0; i < width_bytes; i++)
		f->writable[offset + i] = (uint8_t)(bits >> 8 * i);
}

static void function_write(struct sim_function *f, uint32_t offset, uint32_t width_bytes,
			   uint32_t value)
{
	for (uint32_t i = 0; i < width_bytes && offset + i < SIM_CONFIG_BYTES; i++) {
		uint8_t may = f->writable[offset + i], old = f->config[offset + i];

		f->config[offset + i] = (uint8_t)((old & ~may) | ((value >> 8 * i) & may));
	}
}

struct sim_function *sim_pci_find(struct sim *s, uint16_t rid)
{
	for (uint32_t i = 0; i < s->nr_functions; i++)
		if (s->functions[i]->rid == rid)
			return s->functions[i];
	return NULL;
}

/* ---- Devices ---- */

uint64_t sim_device_bar(const struct sim_device *d)
{
	const struct sim_function *f = &d->function;
	uint32_t at = PCI_BAR_FIRST + 4 * d->spec->bar;
	uint64_t low = sim_function_read(f, at, 4);

	if (d->is_gone || !SIM_GET(sim_function_read(f, PCI_COMMAND, 2), PCI_COMMAND_MEMORY))
		return 0;
	return (low & ~PCI_BAR_FLAGS) | (uint64_t)sim_function_read(f, at + 4, 4) << 32;
}

int sim_device_is_master(const struct sim_device *d)
{
	uint32_t command = sim_function_read(&d->function, PCI_COMMAND, 2);

	return !d->is_gone && SIM_GET(command, PCI_COMMAND_MASTER);
}

static uint32_t round_up(uint32_t value, uint32_t to)
{
	return (value + to - 1) & ~(to - 1);
}

static void device_capabilities(struct sim_device *d)
{
	struct sim_function *f = &d->function;
	uint32_t at = PCIE_AT, link = PCI_CAPABILITIES;

	if (d->spec->place != SIM_BEHIND_PCI_BRIDGE && d->spec->place != SIM_BEHIND_LEGACY_BRIDGE) {
		enum pcie_type type = d->spec->place == SIM_ON_ROOT ? PCIE_INTEGRATED
								    : PCIE_ENDPOINT;

		d->pcie_at = at;
		sim_function_put(f, link, 1, at);
		sim_function_put(f, at, 1, PCIE_ID);
		sim_function_put(f, at + PCIE_FLAGS, 2,
				 (uint32_t)(SIM_PUT(PCIE_VERSION, 2) | SIM_PUT(PCIE_TYPE, type)));
		sim_function_put(f, at + PCIE_DEVICE_CAPS, 4,
				 (uint32_t)SIM_PUT(PCIE_CAPS_FLR, !d->spec->has_no_flr));
		sim_function_allow(f, at + PCIE_DEVICE_CONTROL, 2,
				   (uint32_t)SIM_MASK(PCIE_CONTROL_FLR));
		link = at + 1;
		at += 0x40;
	}
	sim_msi_capabilities(d, &at, &link);
	if (link != PCI_CAPABILITIES || d->msi_at || d->msix_at)
		sim_function_put(f, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
}

/* A table, its pending bits, some registers before, its own stores: the size of the BAR follows. */
static void device_size(struct sim_device *d)
{
	uint32_t table_bytes = round_up(16 * d->spec->nr_msix, PCI_PAGE_BYTES), limit;

	d->table_at = PCI_TABLE_AT;
	d->pba_at = d->table_at + table_bytes;
	d->ims_at = d->pba_at + PCI_PAGE_BYTES;
	d->ntb_at = sim_ims_size(d, d->ims_at);
	limit = d->ntb_at + d->spec->ntb_bytes;
	d->bar_bytes = PCI_PAGE_BYTES;
	while (d->bar_bytes < limit)
		d->bar_bytes *= 2;
}

/* What the function is after power on or a reset: its identity, its sizes, nothing else. */
static void device_header(struct sim_device *d)
{
	struct sim_function *f = &d->function;
	uint32_t bar = PCI_BAR_FIRST + 4 * d->spec->bar;
	uint64_t size_mask = ~(d->bar_bytes - 1);

	memset(f->config, 0, sizeof(f->config));
	memset(f->writable, 0, sizeof(f->writable));
	sim_function_put(f, PCI_VENDOR, 2, PCI_VENDOR_SIM);
	sim_function_put(f, PCI_DEVICE, 2, d->index + 1);
	sim_function_allow(f, PCI_COMMAND, 2, PCI_COMMAND_WRITABLE);
	sim_function_put(f, bar, 4, PCI_BAR_64);
	sim_function_allow(f, bar, 4, (uint32_t)size_mask);
	sim_function_allow(f, bar + 4, 4, (uint32_t)(size_mask >> 32));
	device_capabilities(d);
}

void sim_device_restore(struct sim_device *d)
{
	struct sim_function *f = &d->function;
	uint32_t bar = PCI_BAR_FIRST + 4 * d->spec->bar;

	if (d->is_gone)
		return;
	function_write(f, bar, 4, (uint32_t)d->bar_address);
	function_write(f, bar + 4, 4, (uint32_t)(d->bar_address >> 32));
	function_write(f, PCI_COMMAND, 2,
		       (uint32_t)(sim_function_read(f, PCI_COMMAND, 2) |
				  SIM_MASK(PCI_COMMAND_MEMORY) | SIM_MASK(PCI_COMMAND_MASTER)));
}

void sim_device_reset(struct sim_device *d)
{
	sim_note(d->s, "%s is reset", d->spec->name);
	sim_flights_forget(d->s, SIM_POSTED, d);
	device_header(d);
	sim_msi_reset(d);
	sim_ims_reset(d);
	d->scratch = 0;
	sim_tell_device(d, SIM_GONE, SIM_STORE_MSI, SIM_NO_SLOT);
}

void sim_device_remove(struct sim_device *d)
{
	sim_note(d->s, "%s is gone", d->spec->name);
	sim_flights_forget(d->s, SIM_POSTED, d);
	d->is_gone = 1;
	sim_tell_device(d, SIM_GONE, SIM_STORE_MSI, SIM_NO_SLOT);
}

void sim_device_fail_config(struct sim_device *d, uint32_t nr)
{
	d->nr_config_failures = nr;
}

/* ---- Accesses ---- */

/* 1: nobody answers this one. */
static int config_fails(struct sim_device *d)
{
	if (!d)
		return 0;
	if (d->nr_config_failures) {
		d->nr_config_failures--;
		return 1;
	}
	return (int)d->is_gone;
}

static int config_is_sane(struct sim *s, uint32_t offset, uint32_t width_bytes)
{
	if ((width_bytes == 1 || width_bytes == 2 || width_bytes == 4) &&
	    offset % width_bytes == 0 && offset < 4096)
		return 1;
	sim_violate(s, "an access to configuration space that is not aligned or too wide");
	return 0;
}

/* What a point is about: nobody's configuration space never changes. */
static const void *config_object(const struct sim_function *f)
{
	static const char nobody;

	if (!f)
		return &nobody;
	return f->device ? sim_device_object(f->device) : f;
}

/* Not posted: what was posted before has arrived, what the device sent before has arrived. */
uint32_t sim_config_read(struct sim *s, uint16_t rid, uint32_t offset_bytes, uint32_t width_bytes)
{
	struct sim_function *f = sim_pci_find(s, rid);

	sim_point(s, ENGINE_HOST, config_object(f));
	s->stats.nr_config_reads++;
	if (!f || !config_is_sane(s, offset_bytes, width_bytes))
		return (uint32_t)sim_ones(width_bytes);
	if (f->device) {
		sim_device_settle(f->device);
		sim_flights_push(s, f->device);
	}
	if (config_fails(f->device))
		return (uint32_t)sim_ones(width_bytes);
	return sim_function_read(f, offset_bytes, width_bytes);
}

void sim_config_write(struct sim *s, uint16_t rid, uint32_t offset_bytes, uint32_t width_bytes,
		      uint32_t value)
{
	struct sim_function *f = sim_pci_find(s, rid);
	struct sim_device *d = f ? f->device : NULL;

	sim_point(s, ENGINE_HOST, config_object(f));
	s->stats.nr_config_writes++;
	if (!f || !config_is_sane(s, offset_bytes, width_bytes))
		return;
	if (d)
		sim_flights_push(s, d);
	if (config_fails(d))
		return;
	sim_note(s, "config %02x:%02x.%x+%02x = %x", rid >> 8, rid >> 3 & 31, rid & 7, offset_bytes,
		 value);
	function_write(f, offset_bytes, width_bytes, value);
	if (!d)
		return;
	if (d->pcie_at &&
	    SIM_GET(sim_function_read(f, d->pcie_at + PCIE_DEVICE_CONTROL, 2), PCIE_CONTROL_FLR)) {
		sim_function_put(f, d->pcie_at + PCIE_DEVICE_CONTROL, 2, 0);
		if (!d->spec->has_no_flr)
			sim_device_reset(d);
		return;
	}
	sim_msi_written(d, offset_bytes, width_bytes);
	sim_flights_push(s, d);
}

/* ---- The tree ---- */

struct pci_tree {
	struct sim *s;
	uint32_t next_slot, next_bus; /* slot: of bus 0 */
	uint64_t next_address;
	struct sim_function *shared[2]; /* the bridges to conventional buses, by kind */
	uint32_t nr_behind[2];
	uint32_t vmd_bus, nr_behind_vmd; /* 0: no such bus yet */
};

static void tree_add(struct pci_tree *t, struct sim_function *f, uint32_t bus, uint32_t slot)
{
	f->rid = (uint16_t)(bus << 8 | slot << 3);
	t->s->functions[t->s->nr_functions++] = f;
}

/* @type below 0: a bridge without the PCI Express capability. */
static struct sim_function *tree_bridge(struct pci_tree *t, uint32_t bus, uint32_t slot, int type)
{
	struct sim_function *f = &t->s->bridges[t->s->nr_bridges++];
	uint32_t secondary = t->next_bus++;

	tree_add(t, f, bus, slot);
	sim_function_put(f, PCI_VENDOR, 2, PCI_VENDOR_SIM);
	sim_function_put(f, PCI_DEVICE, 2, 0x100);
	sim_function_put(f, PCI_CLASS, 2, PCI_CLASS_BRIDGE);
	sim_function_put(f, PCI_HEADER, 1, PCI_HEADER_BRIDGE);
	sim_function_put(f, PCI_COMMAND, 2,
			 (uint32_t)(SIM_MASK(PCI_COMMAND_MEMORY) | SIM_MASK(PCI_COMMAND_MASTER)));
	sim_function_put(f, PCI_PRIMARY, 1, bus);
	sim_function_put(f, PCI_SECONDARY, 1, secondary);
	sim_function_put(f, PCI_SUBORDINATE, 1, secondary);
	if (type < 0)
		return f;
	sim_function_put(f, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
	sim_function_put(f, PCI_CAPABILITIES, 1, PCIE_AT);
	sim_function_put(f, PCIE_AT, 1, PCIE_ID);
	sim_function_put(f, PCIE_AT + PCIE_FLAGS, 2,
			 (uint32_t)(SIM_PUT(PCIE_VERSION, 2) | SIM_PUT(PCIE_TYPE, type)));
	return f;
}

static uint32_t bridge_secondary(const struct sim_function *bridge)
{
	return bridge->config[PCI_SECONDARY];
}

/* The bridge of this kind, made when the first device behind it is. */
static struct sim_function *tree_conventional(struct pci_tree *t, enum sim_place place)
{
	struct sim_function **shared = &t->shared[place == SIM_BEHIND_LEGACY_BRIDGE];

	if (!*shared && place == SIM_BEHIND_LEGACY_BRIDGE) {
		*shared = tree_bridge(t, 0, t->next_slot++, -1);
	} else if (!*shared) {
		struct sim_function *port = tree_bridge(t, 0, t->next_slot++, PCIE_ROOT_PORT);

		*shared = tree_bridge(t, bridge_secondary(port), 0, PCIE_TO_PCI);
		sim_function_put(port, PCI_SUBORDINATE, 1, bridge_secondary(*shared));
	}
	return *shared;
}

/* A bus of its own that no bridge leads to. */
static void tree_behind_vmd(struct pci_tree *t, struct sim_device *d)
{
	if (!t->vmd_bus)
		t->vmd_bus = t->next_bus++;
	tree_add(t, &d->function, t->vmd_bus, t->nr_behind_vmd++);
	d->requester = d->function.rid;
	d->unit = NULL;
	for (uint32_t i = 0; i < t->s->spec.nr_devices; i++)
		if (t->s->spec.devices[i].is_vmd)
			sim_vmd_above(d, &t->s->devices[i]);
}

static void tree_place(struct pci_tree *t, struct sim_device *d)
{
	enum sim_place place = d->spec->place;
	struct sim_function *above;
	uint32_t *nr_behind;

	switch (place) {
	case SIM_ON_ROOT:
		tree_add(t, &d->function, 0, t->next_slot++);
		d->requester = d->function.rid;
		return;
	case SIM_BEHIND_PORT:
		above = tree_bridge(t, 0, t->next_slot++, PCIE_ROOT_PORT);
		tree_add(t, &d->function, bridge_secondary(above), 0);
		d->requester = d->function.rid;
		return;
	case SIM_BEHIND_VMD:
		tree_behind_vmd(t, d);
		return;
	default:
		above = tree_conventional(t, place);
		nr_behind = &t->nr_behind[place == SIM_BEHIND_LEGACY_BRIDGE];
		tree_add(t, &d->function, bridge_secondary(above), ++*nr_behind);
		d->requester = place == SIM_BEHIND_LEGACY_BRIDGE
				       ? above->rid
				       : (uint16_t)(bridge_secondary(above) << 8);
	}
}

int sim_pci_build(struct sim *s)
{
	struct pci_tree t = {
		.s = s,
		.next_slot = PCI_FIRST_SLOT,
		.next_bus = 1,
		.next_address = PCI_WINDOW,
	};

	for (uint32_t i = 0; i < s->spec.nr_devices; i++) {
		struct sim_device *d = &s->devices[i];

		d->s = s;
		d->index = i;
		d->spec = &s->spec.devices[i];
		d->function.device = d;
		d->unit = s->spec.nr_units ? &s->units[d->spec->unit] : NULL;
		d->entries = sim_own(s, (d->spec->nr_msix + 1) * sizeof(d->entries[0]));
		if (!d->entries || sim_ims_build(d))
			return -1;
		device_size(d);
		t.next_address = (t.next_address + d->bar_bytes - 1) & ~(d->bar_bytes - 1);
		d->bar_address = t.next_address;
		t.next_address += d->bar_bytes;
		tree_place(&t, d);
		device_header(d);
		sim_msi_reset(d);
		sim_ims_reset(d);
		sim_device_restore(d);
	}
	return 0;
}
