/* SPDX-License-Identifier: MIT */
/*
 * fake_pci.h - a host with a PCI bus and a page of local APIC registers, for tests. It decodes
 * what is written by itself, from the specifications, and shares no header with src. Everything
 * that passes is written down. Sources: [PCI] 6.1, 6.7, 6.8; [PCIE] 7.5, 7.7.
 */
#ifndef FAKE_PCI_H
#define FAKE_PCI_H

#include <mirq/host.h>
#include <mirq/io.h>

#define FAKE_MAX_FUNCTIONS 64
#define FAKE_MAX_WINDOWS 16
#define FAKE_TRACE_BYTES 262144

struct fake_function {
	uint32_t segment, rid;
	uint8_t config[256];
	uint8_t writable[256]; /* bits that a write changes */
	uint32_t next_capability, last_capability;
	uint8_t *bar[6]; /* memory behind a BAR */
	uint32_t bar_bytes[6];
	/* What a message-capable function is made of; 0: it has none. */
	uint32_t msi, msix, nr_slots, table_bar, table_offset, pba_bar, pba_offset;
	int is_gone;         /* answers nothing any more */
	int drops_while_off; /* ignores writes to the table while MSI-X is off */
	int torn;            /* message words written while the slot could fire */
	int fired_stale;     /* a slot became able to fire with what the test put there */
	uint8_t stale[2048]; /* slots whose content is the test's */
};

struct fake_window {
	struct mirq_host *host;
	uint64_t physical;
	size_t size_bytes;
	int is_mapped;
};

struct mirq_host {
	struct fake_function functions[FAKE_MAX_FUNCTIONS];
	uint32_t nr_functions;
	struct fake_window windows[FAKE_MAX_WINDOWS];
	uint32_t nr_windows;
	/* Local APIC page at 0xfee00000, 16 bytes a register. */
	uint32_t lapic[0x40];
	int lapic_stays_busy;
	uint64_t msr[0x1000];
	int has_no_x2;
	uint32_t nr_unheard; /* so many of the next reads are answered by nobody */
	/* Counters. */
	uint32_t nr_config_reads, nr_config_writes, nr_reads, nr_writes;
	uint32_t nr_allocated, nr_mapped, nr_logged;
	uint32_t alloc_fails_at, nr_allocs, map_fails_at, nr_maps; /* 1: the first; 0: never */
	uint32_t irq_off_depth, nr_accesses_with_irq_on;
	uint64_t now_ns;
	const char *last_log;
	/* What passed: "cR04.2=0006 cW04.2=0406 mWfe000000=fee00000 ", MSRs "sW80b=0". */
	char trace[FAKE_TRACE_BYTES];
	size_t trace_bytes;
};

struct mirq_host *fake_host_new(void);
void fake_host_free(struct mirq_host *h);
/* Forget counters and trace. */
void fake_host_clear(struct mirq_host *h);

struct fake_function *fake_function_add(struct mirq_host *h, uint32_t bus, uint32_t device,
					uint32_t function);
/* A bridge: header type 1. */
struct fake_function *fake_bridge_add(struct mirq_host *h, uint32_t bus, uint32_t device,
				      uint32_t secondary, uint32_t subordinate);
void fake_set(struct fake_function *f, uint32_t offset, uint32_t width, uint32_t value);
uint32_t fake_get(const struct fake_function *f, uint32_t offset, uint32_t width);
struct mirq_pci_address fake_address(const struct fake_function *f);
struct mirq_config fake_config(struct mirq_host *h, const struct fake_function *f);

/* Append a capability; returns its offset. */
uint32_t fake_capability_add(struct fake_function *f, uint8_t id, uint32_t size_bytes);
uint32_t fake_pcie_add(struct fake_function *f, uint32_t type);
uint32_t fake_msi_add(struct fake_function *f, uint32_t nr_log2, int is_64, int is_maskable);
/* Table and pending bits in memory of BARs; fake_bar_add() comes first. */
uint32_t fake_msix_add(struct fake_function *f, uint32_t nr, uint32_t table_bar,
		       uint32_t table_offset, uint32_t pba_bar, uint32_t pba_offset);
void fake_bar_add(struct fake_function *f, uint32_t bar, uint64_t address, uint32_t size_bytes,
		  int is_64);
/* Every entry as another user left it: unmasked, with a message of its own. */
void fake_msix_leave_stale(struct fake_function *f);
uint32_t *fake_msix_entry(struct fake_function *f, uint32_t slot);

/* What the device does when it has something to say: 1: sent, *out_msg; 0: kept as pending; -1: the
 * store is off, nothing happens. */
int fake_msi_raise(struct fake_function *f, uint32_t slot, struct mirq_msg *out_msg);
int fake_msix_raise(struct fake_function *f, uint32_t slot, struct mirq_msg *out_msg);

/* Model-specific registers of the host, for struct mirq_x86_msr. */
uint64_t fake_msr_read(struct mirq_host *h, uint32_t msr);
void fake_msr_write(struct mirq_host *h, uint32_t msr, uint64_t value);

#endif
