/* SPDX-License-Identifier: MIT */
/*
 * pci_regs.h - the registers of PCI configuration space that the bus itself needs: header,
 * bridge numbers, BARs, the list of capabilities. MSI and MSI-X are the stores' (src/stores).
 * Numbers only; the simulator and the tests have their own.
 * Sources: [PCI] 6.1, 6.2.5, 6.7, appendix H; [PCIBR] 5.1; [PCIE] 7.5. Locking: none needed.
 */
#ifndef MIRQI_PCI_REGS_H
#define MIRQI_PCI_REGS_H

#define PCI_VENDOR 0x00u
#define PCI_VENDOR_NONE 0xffffu
#define PCI_STATUS 0x06u
#define PCI_STATUS_CAPABILITIES 4, 4
#define PCI_HEADER_TYPE 0x0eu
#define PCI_HEADER_MULTIFUNCTION 7, 7
#define PCI_HEADER_LAYOUT 6, 0
#define PCI_LAYOUT_DEVICE 0u
#define PCI_LAYOUT_BRIDGE 1u
#define PCI_LAYOUT_CARDBUS 2u

#define PCI_BAR(i) (0x10u + 4u * (i))
#define PCI_DEVICE_BARS 6u
#define PCI_BRIDGE_BARS 2u
#define PCI_BAR_IS_IO 0, 0
#define PCI_BAR_MEMORY_TYPE 2, 1
#define PCI_BAR_MEMORY_64 2u
#define PCI_BAR_MEMORY_RESERVED 3u
#define PCI_BAR_ADDRESS_MASK 0xfffffff0u

/* Bridges and CardBus bridges have these two at the same place. */
#define PCI_BRIDGE_SECONDARY 0x19u
#define PCI_BRIDGE_SUBORDINATE 0x1au

#define PCI_CAPABILITIES 0x34u
#define PCI_CARDBUS_CAPABILITIES 0x14u
#define PCI_CAPABILITY_ID 0x0u
#define PCI_CAPABILITY_NEXT 0x1u
#define PCI_CAPABILITY_FIRST 0x40u /* the header lies below */
#define PCI_CAPABILITY_ALIGN 4u
#define PCI_CAPABILITY_MAX 48u /* that many fit between 0x40 and 0x100 */
#define PCI_CAPABILITY_MSI 0x05u
#define PCI_CAPABILITY_PCIE 0x10u
#define PCI_CAPABILITY_MSIX 0x11u

#define PCI_PCIE_FLAGS 0x2u
#define PCI_PCIE_TYPE 7, 4
#define PCI_PCIE_TYPE_TO_PCI 7u   /* a PCI Express to PCI/PCI-X bridge */
#define PCI_PCIE_TYPE_FROM_PCI 8u /* the reverse: its primary bus is a conventional one */

#define PCI_DEVICES_PER_BUS 32u
#define PCI_FUNCTIONS_PER_DEVICE 8u

#endif
