/* SPDX-License-Identifier: MIT */
/*
 * pci_msix_regs.h - the MSI-X capability in PCI configuration space, its table and its pending
 * bits in memory space. Offsets from the capability, but for the registers of the header.
 * Numbers only; the simulator and the tests have their own.
 * Sources: [PCI] 6.8.2; [PCIE] 7.7.2, 7.5.1.1. Locking: none needed.
 */
#ifndef MIRQI_PCI_MSIX_REGS_H
#define MIRQI_PCI_MSIX_REGS_H

#define MSIX_HEADER_COMMAND 0x04u
#define MSIX_COMMAND_INTX_OFF 10, 10
#define MSIX_COMMAND_MEMORY 1, 1

#define MSIX_CAPABILITY_BYTES 0x0cu
#define MSIX_CONTROL 0x02u
#define MSIX_CONTROL_ENABLE 15, 15
#define MSIX_CONTROL_MASK_ALL 14, 14
#define MSIX_CONTROL_LAST_SLOT 10, 0 /* number of slots less one */

#define MSIX_TABLE 0x04u /* where the table is */
#define MSIX_PBA 0x08u   /* where the pending bits are; the same form */
#define MSIX_PLACE_OFFSET_MASK 0xfffffff8u
#define MSIX_PLACE_BAR 2, 0

/* An entry of the table. */
#define MSIX_ENTRY_BYTES 16u
#define MSIX_ENTRY_ADDRESS_LO 0x0u
#define MSIX_ENTRY_ADDRESS_HI 0x4u
#define MSIX_ENTRY_DATA 0x8u
#define MSIX_ENTRY_CONTROL 0xcu
#define MSIX_ENTRY_CONTROL_MASK 0, 0 /* the other bits are reserved or somebody else's: kept */

/* Pending bits: words of 64, which may be read by halves. */
#define MSIX_PBA_BITS_PER_WORD 64u
#define MSIX_PBA_WORD_BYTES 8u
#define MSIX_PBA_BITS_PER_HALF 32u
#define MSIX_PBA_HALF_BYTES 4u

#endif
