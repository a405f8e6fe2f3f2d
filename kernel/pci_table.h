/* SPDX-License-Identifier: MIT */
/* What the files pci*.c share: the table of functions, and the steps that fill it. */
#ifndef KERNEL_PCI_TABLE_H
#define KERNEL_PCI_TABLE_H

#include "pci.h"

struct pci_table {
	uint32_t nr;
	struct pci_function functions[PCI_MAX_FUNCTIONS];
};

extern struct pci_table pci_table;

/* pci_scan.c. Fills the table from the buses that bridges have now, or numbers them anew. */
void pci_scan_keep(void);
void pci_scan_number(void);

/* pci_assign.c. Sizes and reads every memory BAR; then places all of them. */
void pci_assign_read(void);
void pci_assign_all(const struct pci_windows *windows);

#endif
