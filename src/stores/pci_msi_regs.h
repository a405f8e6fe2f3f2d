/* SPDX-License-Identifier: MIT */
/*
 * pci_msi_regs.h - the MSI capability in PCI configuration space. Offsets from the capability,
 * but for the two registers of the header. Numbers only; the simulator and the tests have their
 * own.
 * Sources: [PCI] 6.8.1; [PCIE] 7.7.1, 7.5.1.1. Locking: none needed.
 */
#ifndef MIRQI_PCI_MSI_REGS_H
#define MIRQI_PCI_MSI_REGS_H

#define MSI_HEADER_VENDOR 0x00u
#define MSI_HEADER_COMMAND 0x04u
#define MSI_COMMAND_INTX_OFF 10, 10
#define MSI_VENDOR_NONE 0xffffu

#define MSI_CONTROL 0x02u
#define MSI_CONTROL_PER_VECTOR_MASK 8, 8
#define MSI_CONTROL_64BIT 7, 7
#define MSI_CONTROL_NR_ENABLED_LOG2 6, 4
#define MSI_CONTROL_NR_CAPABLE_LOG2 3, 1
#define MSI_CONTROL_ENABLE 0, 0
#define MSI_MAX_NR_LOG2 5u /* 6 and 7 are reserved */

#define MSI_ADDRESS_LO 0x04u
#define MSI_ADDRESS_HI 0x08u /* 64-bit only; what follows lies 4 bytes lower without it */
#define MSI_DATA(is_64) ((is_64) ? 0x0cu : 0x08u)
#define MSI_MASK(is_64) ((is_64) ? 0x10u : 0x0cu)
#define MSI_PENDING(is_64) ((is_64) ? 0x14u : 0x10u)
#define MSI_BYTES(is_64, is_maskable) (((is_64) ? 0x0eu : 0x0au) + ((is_maskable) ? 0x0au : 0u))

#endif
