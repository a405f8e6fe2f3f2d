/* SPDX-License-Identifier: MIT */
/*
 * pci_msix.h - the MSI-X table of a PCI function as a store: for the code of the bus that finds
 * it and maps it.
 */
#ifndef MIRQI_PCI_MSIX_H
#define MIRQI_PCI_MSIX_H

#include <mirq/io.h>
#include <mirq/store.h>

#define MIRQI_PCI_MSIX_MAX_SLOTS 2048u

enum mirqi_pci_msix_flag {
	MIRQI_PCI_MSIX_WAS_RESET = 1, /* every entry is masked, reserved bits are 0 */
	MIRQI_PCI_MSIX_KEEP_INTX = 2  /* do not touch the INTx disable bit */
};

/* A part of a BAR. */
struct mirqi_pci_msix_place {
	uint32_t bar;
	uint32_t offset_bytes;
	uint32_t size_bytes;
};

/* mirq_store_init.data of the store. */
struct mirqi_pci_msix {
	/* Immutable: */
	struct mirq_config config;
	uint32_t capability; /* its offset in configuration space */
	uint32_t flags;      /* enum mirqi_pci_msix_flag */
	uint32_t nr_slots;
	struct mirqi_pci_msix_place table_place, pba_place;
	struct mirq_regs table, pba; /* mapped by the bus before the store is attached */
	/* Protected by the device's mutex: */
	uint32_t is_attached; /* between setup and teardown */
	uint32_t intx_was_on;
	uint32_t control;  /* message control, written whole */
	uint32_t is_quiet; /* every entry is known masked or was told a message */
	/* Slots that were told a message before is_quiet. */
	uint64_t told[MIRQI_PCI_MSIX_MAX_SLOTS / 64];
};

/*
 * Read what the function has: .nr_slots and the two places of @msix; the rest is 0.
 * Context: thread. Errors: MIRQ_EIO (gone; places that overlap or run past 4 GiB; the
 * capability ends beyond 256 bytes).
 */
MIRQ_MUST_CHECK enum mirq_err mirqi_pci_msix_init(struct mirqi_pci_msix *msix,
						  const struct mirq_config *config,
						  uint32_t capability, const char **out_reason);
/* Off, when firmware or an earlier kernel left it on. MIRQ_EIO: gone. Context: thread. */
enum mirq_err mirqi_pci_msix_quiet(const struct mirq_config *config, uint32_t capability);

extern const struct mirq_store_template mirqi_pci_msix_template;

#endif
