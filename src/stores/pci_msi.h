/* SPDX-License-Identifier: MIT */
/*
 * pci_msi.h - the MSI capability of a PCI function as a store: for the code of the bus that
 * finds it.
 */
#ifndef MIRQI_PCI_MSI_H
#define MIRQI_PCI_MSI_H

#include <mirq/io.h>
#include <mirq/store.h>

enum mirqi_pci_msi_flag {
	MIRQI_PCI_MSI_KEEP_INTX = 1 /* do not touch the INTx disable bit */
};

/* mirq_store_init.data of the store. */
struct mirqi_pci_msi {
	/* Immutable: */
	struct mirq_config config;
	uint32_t capability; /* its offset in configuration space */
	uint32_t flags;      /* enum mirqi_pci_msi_flag */
	uint32_t control;    /* message control as found: what the function can */
	/* Protected by the device's mutex: */
	uint32_t is_attached; /* between setup and teardown */
	uint32_t intx_was_on;
	/* Protected by the store's leaf lock: */
	uint32_t masked; /* shadow of the mask register */
};

/*
 * Read what the function can: fill @msi but for .flags.
 * Context: thread. Errors: MIRQ_EIO (gone; a reserved count; the capability ends beyond 256 bytes).
 */
MIRQ_MUST_CHECK enum mirq_err mirqi_pci_msi_init(struct mirqi_pci_msi *msi,
						 const struct mirq_config *config,
						 uint32_t capability, const char **out_reason);
/* Off, when firmware or an earlier kernel left it on. MIRQ_EIO: gone. Context: thread. */
enum mirq_err mirqi_pci_msi_quiet(const struct mirq_config *config, uint32_t capability);
/* Messages that the function can send: 1, 2, 4 ... 32. */
uint32_t mirqi_pci_msi_nr_slots(const struct mirqi_pci_msi *msi);
/* The template that fits what the function can. */
const struct mirq_store_template *mirqi_pci_msi_template(const struct mirqi_pci_msi *msi);

#endif
