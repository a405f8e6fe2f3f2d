/* SPDX-License-Identifier: MIT */
/*
 * acpi_regs.h - where the fields of the ACPI tables are. A field of bytes is written as its byte
 * offset in the structure and its length in bytes, for mirqi_acpi_load(); bits of such a field as
 * hi, lo. Numbers only. The simulator and the tests have their own. Sources: [ACPI] 5.2.5 -
 * 5.2.9, 5.2.12; [VTD] 8; [PCIFW] 4.1.2; [HPET] 3.2.4. Locking: none needed.
 */
#ifndef MIRQI_ACPI_REGS_H
#define MIRQI_ACPI_REGS_H

/* Root system description pointer, [ACPI] 5.2.5.3. */
#define RSDP_ALIGN_BYTES 16u
#define RSDP_REVISION 15, 1
#define RSDP_RSDT 16, 4
#define RSDP_LENGTH 20, 4
#define RSDP_XSDT 24, 8
#define RSDP_V1_BYTES 20u
#define RSDP_V2_BYTES 36u
#define RSDP_MAX_BYTES 4096u /* ours, so that a search through hostile memory stays linear */

/* Table header, [ACPI] 5.2.6. */
#define ACPI_LENGTH 4, 4
#define ACPI_REVISION 8, 1
#define ACPI_HEADER_BYTES 36u

/* MADT, [ACPI] 5.2.12. */
#define MADT_LAPIC_ADDRESS 36, 4
#define MADT_FLAGS 40, 4
#define MADT_FLAGS_PCAT_COMPAT 0, 0
#define MADT_FIXED_BYTES 44u
#define MADT_REVISION_ONLINE_CAPABLE 5u

#define MADT_ENTRY_TYPE 0, 1
#define MADT_ENTRY_HEADER_BYTES 2u

/* Flags of LAPIC and X2APIC, [ACPI] 5.2.12.2. */
#define MADT_CPU_ENABLED 0, 0
#define MADT_CPU_ONLINE_CAPABLE 1, 1

/* Flags of OVERRIDE, NMI, LAPIC_NMI and X2APIC_NMI ("MPS INTI"), [ACPI] 5.2.12.5. */
#define MADT_INTI_POLARITY 1, 0
#define MADT_INTI_TRIGGER 3, 2
#define MADT_INTI_ACTIVE_LOW 3u
#define MADT_INTI_LEVEL 3u

#define MADT_LAPIC 0u /* 5.2.12.2 */
#define MADT_LAPIC_BYTES 8u
#define MADT_LAPIC_UID 2, 1
#define MADT_LAPIC_ID 3, 1
#define MADT_LAPIC_FLAGS 4, 4
#define MADT_LAPIC_ID_NONE 0xffu

#define MADT_IOAPIC 1u /* 5.2.12.3 */
#define MADT_IOAPIC_BYTES 12u
#define MADT_IOAPIC_ID 2, 1
#define MADT_IOAPIC_ADDRESS 4, 4
#define MADT_IOAPIC_GSI 8, 4

#define MADT_OVERRIDE 2u /* 5.2.12.5 */
#define MADT_OVERRIDE_BYTES 10u
#define MADT_OVERRIDE_BUS 2, 1
#define MADT_OVERRIDE_SOURCE 3, 1
#define MADT_OVERRIDE_GSI 4, 4
#define MADT_OVERRIDE_FLAGS 8, 2
#define MADT_OVERRIDE_BUS_ISA 0u
#define MADT_NR_ISA_IRQS 16u

#define MADT_NMI 3u /* 5.2.12.6 */
#define MADT_NMI_BYTES 8u
#define MADT_NMI_FLAGS 2, 2
#define MADT_NMI_GSI 4, 4

#define MADT_LAPIC_NMI 4u /* 5.2.12.7 */
#define MADT_LAPIC_NMI_BYTES 6u
#define MADT_LAPIC_NMI_UID 2, 1
#define MADT_LAPIC_NMI_FLAGS 3, 2
#define MADT_LAPIC_NMI_LINT 5, 1
#define MADT_LAPIC_NMI_UID_ALL 0xffu
#define MADT_NR_LINTS 2u

#define MADT_LAPIC_OVERRIDE 5u /* 5.2.12.8 */
#define MADT_LAPIC_OVERRIDE_BYTES 12u
#define MADT_LAPIC_OVERRIDE_ADDRESS 4, 8

#define MADT_X2APIC 9u /* 5.2.12.12 */
#define MADT_X2APIC_BYTES 16u
#define MADT_X2APIC_ID 4, 4
#define MADT_X2APIC_FLAGS 8, 4
#define MADT_X2APIC_UID 12, 4
#define MADT_X2APIC_ID_NONE 0xffffffffu

#define MADT_X2APIC_NMI 10u /* 5.2.12.13 */
#define MADT_X2APIC_NMI_BYTES 12u
#define MADT_X2APIC_NMI_FLAGS 2, 2
#define MADT_X2APIC_NMI_UID 4, 4
#define MADT_X2APIC_NMI_LINT 8, 1

/* DMAR, [VTD] 8.1. */
#define DMAR_FLAGS 37, 1
#define DMAR_FLAGS_INTR_REMAP 0, 0
#define DMAR_FLAGS_X2APIC_OPT_OUT 1, 1
#define DMAR_FLAGS_DMA_OPT_IN 2, 2
#define DMAR_FIXED_BYTES 48u

#define DMAR_ENTRY_TYPE 0, 2
#define DMAR_ENTRY_HEADER_BYTES 4u

#define DMAR_DRHD 0u /* 8.3 */
#define DMAR_DRHD_BYTES 16u
#define DMAR_DRHD_FLAGS 4, 1
#define DMAR_DRHD_FLAGS_INCLUDE_ALL 0, 0
#define DMAR_DRHD_SIZE 5, 1
#define DMAR_DRHD_SIZE_LOG2_PAGES 3, 0
#define DMAR_DRHD_SEGMENT 6, 2
#define DMAR_DRHD_ADDRESS 8, 8
#define DMAR_PAGE_BYTES 4096u

#define DMAR_RMRR 1u /* 8.4 */
#define DMAR_RMRR_BYTES 24u
#define DMAR_ATSR 2u /* 8.5 */
#define DMAR_ATSR_BYTES 8u
#define DMAR_RHSA 3u /* 8.6 */
#define DMAR_RHSA_BYTES 20u
#define DMAR_ANDD 4u /* 8.7: behind the fixed part a name that ends in NUL */
#define DMAR_ANDD_BYTES 8u
#define DMAR_SATC 5u /* 8.8 */
#define DMAR_SATC_BYTES 8u
#define DMAR_SIDP 6u /* 8.9 */
#define DMAR_SIDP_BYTES 8u

/* Device scope, [VTD] 8.3.1. */
#define DMAR_SCOPE_TYPE 0, 1
#define DMAR_SCOPE_ENUMERATION_ID 4, 1
#define DMAR_SCOPE_BUS 5, 1
#define DMAR_SCOPE_HEADER_BYTES 6u
#define DMAR_SCOPE_STEP_BYTES 2u
#define DMAR_SCOPE_TYPE_FIRST 1u
#define DMAR_SCOPE_TYPE_LIMIT 6u
#define DMAR_NR_DEVICES 32u
#define DMAR_NR_FUNCTIONS 8u

/* FADT, [ACPI] 5.2.9. The first revision of the table has 116 bytes. */
#define FADT_FIXED_BYTES 116u
#define FADT_HYPERVISOR 268, 8
#define FADT_HYPERVISOR_BYTES 8u
#define FADT_REVISION_HYPERVISOR 6u

/* MCFG, [PCIFW] 4.1.2. */
#define MCFG_FIXED_BYTES 44u
#define MCFG_ENTRY_BYTES 16u
#define MCFG_ADDRESS 0, 8
#define MCFG_SEGMENT 8, 2
#define MCFG_FIRST_BUS 10, 1
#define MCFG_LAST_BUS 11, 1
#define MCFG_BUS_BYTES 0x100000u

/* HPET, [HPET] 3.2.4; the address is an [ACPI] 5.2.3.2 generic address. */
#define HPET_BYTES 56u
#define HPET_HARDWARE_ID 36, 4
#define HPET_SPACE 40, 1
#define HPET_ADDRESS 44, 8
#define HPET_NUMBER 52, 1
#define HPET_SPACE_MEMORY 0u

#endif
