/* SPDX-License-Identifier: MIT */
/*
 * PCI for the kernel: configuration space, finding functions, giving them buses and addresses.
 *
 * A requester id (rid) is bus << 8 | device << 3 | function. One segment.
 */
#ifndef KERNEL_PCI_H
#define KERNEL_PCI_H

#include <stdbool.h>
#include <stdint.h>

enum pci_offset {
	PCI_VENDOR = 0x00,
	PCI_DEVICE = 0x02,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_CLASS_REVISION = 0x08,
	PCI_HEADER_TYPE = 0x0e,
	PCI_BAR0 = 0x10,
	PCI_BUSES = 0x18, /* bridge: primary, secondary, subordinate */
	PCI_IO_WINDOW = 0x1c,
	PCI_MEMORY_WINDOW = 0x20,
	PCI_PREFETCH_WINDOW = 0x24,
	PCI_PREFETCH_BASE_HIGH = 0x28,
	PCI_PREFETCH_LIMIT_HIGH = 0x2c,
	PCI_CAPABILITIES = 0x34,
};

enum pci_command {
	PCI_COMMAND_IO = 0x001,
	PCI_COMMAND_MEMORY = 0x002,
	PCI_COMMAND_MASTER = 0x004,
	PCI_COMMAND_INTX_OFF = 0x400,
};

enum {
	PCI_NR_BARS = 6,
	PCI_MAX_FUNCTIONS = 1024,
	PCI_NR_BUSES = 256
};

enum pci_space { /* where an address range lives */
	PCI_SPACE_NONE,
	PCI_SPACE_LOW,  /* below 4 GiB */
	PCI_SPACE_HIGH, /* anywhere; above 4 GiB when the kernel chooses */
	PCI_NR_SPACES,
};

struct pci_range {
	uint64_t base; /* 0: not assigned */
	uint64_t size_bytes;
	uint64_t align_bytes;
	uint64_t offset_bytes; /* within the window of the bus, while assigning */
};

struct pci_bar {
	enum pci_space space; /* NONE: absent, an I/O BAR, or the upper half of a 64-bit one */
	bool is_64bit, is_prefetchable;
	struct pci_range range;
};

/* Immutable after pci_init(). */
struct pci_function {
	struct pci_function *bridge; /* toward the CPU; NULL on a root bus */
	uint32_t rid;
	uint32_t vendor, device;
	uint32_t class_code; /* 24 bits: class, subclass, interface */
	bool is_bridge;
	bool has_high_window;            /* bridge: its prefetchable window has 64 bits */
	uint32_t secondary, subordinate; /* bridge: 0 when it has no buses */
	struct pci_bar bars[PCI_NR_BARS];
	struct pci_range windows[PCI_NR_SPACES]; /* bridge, when the kernel assigned */
};

/* --- configuration space: any context. Absent: reads are all ones, writes vanish --- */

/* Port 0xcf8 serves buses outside [first, limit) and offsets below 256 until this is called. */
void pci_use_ecam(uint64_t base, uint32_t first_bus, uint32_t limit_bus);

/* @width_bytes is 1, 2 or 4, and @offset a multiple of it. */
uint32_t pci_config_read(uint32_t rid, uint32_t offset, uint32_t width_bytes);
void pci_config_write(uint32_t rid, uint32_t offset, uint32_t width_bytes, uint32_t value);

/* --- functions --- */

/* Where the kernel may place BARs, where the firmware did not. Half-open; an empty one: nowhere. */
struct pci_windows {
	uint64_t low_first, low_limit, high_first, high_limit;
};

enum pci_assign {
	PCI_ASSIGN_IF_NEEDED, /* only when the firmware left bridges or addresses unset */
	PCI_ASSIGN_ALWAYS,
};

/* Finds all functions behind all root buses, gives buses and addresses. Boot CPU, once. */
void pci_init(const struct pci_windows *windows, enum pci_assign assign);

/* Half-open: 0 .. pci_nr() - 1. A bridge precedes what lies behind it. */
uint32_t pci_nr(void);
struct pci_function *pci_at(uint32_t index);

/* The @nth (from 0) function with these ids, or NULL. */
struct pci_function *pci_find(uint32_t vendor, uint32_t device, uint32_t nth);
struct pci_function *pci_find_rid(uint32_t rid);

/* Memory decode and bus mastering, here and in every bridge above. */
void pci_enable(const struct pci_function *f);

/* The BAR's registers, uncached; NULL when it has no address. */
void *pci_map_bar(const struct pci_function *f, uint32_t bar);

/* Offset of a capability in the first 256 bytes, 0 when absent. Bounded. */
uint32_t pci_find_capability(const struct pci_function *f, uint32_t id);

#endif
