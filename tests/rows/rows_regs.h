/* SPDX-License-Identifier: MIT */
/*
 * rows_regs.h - registers and structures as the probes use them. Shares nothing with src/ and sim/:
 * a wrong bit would cancel itself out.
 * Sources: [VTD] 6.5.2, 9.1, 9.3, 9.10, 11.4; [PCI] 6.8.1; [HPET] 2.3.
 */
#ifndef TESTS_ROWS_REGS_H
#define TESTS_ROWS_REGS_H

#define BIT(n) (UINT64_C(1) << (n))

/* ---- The unit ([VTD] 11.4) ---- */

#define UNIT_CAP 0x008
#define UNIT_ECAP 0x010
#define UNIT_GCMD 0x018
#define UNIT_GSTS 0x01c
#define UNIT_RTADDR 0x020
#define UNIT_FSTS 0x034
#define UNIT_FECTL 0x038
#define UNIT_IQT 0x088
#define UNIT_IQA 0x090
#define UNIT_ICS 0x09c
#define UNIT_IECTL 0x0a0
#define UNIT_IRTA 0x0b8

/* From the control register of an event on. */
#define EVENT_DATA 0x4u
#define EVENT_ADDRESS 0x8u
#define EVENT_UPPER 0xcu
#define EVENT_MASKED 0x80000000u

#define CAP_FRO(cap) ((uint32_t)((cap) >> 24 & 0x3ff) * 16)
#define CAP_NFR(cap) ((uint32_t)((cap) >> 40 & 0xff) + 1)

#define COMMAND_TE 0x80000000u
#define COMMAND_SRTP 0x40000000u
#define COMMAND_QIE 0x04000000u
#define COMMAND_IRE 0x02000000u
#define COMMAND_SIRTP 0x01000000u
#define COMMAND_CFI 0x00800000u
#define COMMAND_LASTING 0x96800000u /* TE, EAFL, QIE, IRE, CFI */

#define ECAP_EIM 0x10u

#define FSTS_ALL 0x7du
#define IRTA_256_ENTRIES 7u
#define IRTA_EIME BIT(11)

#define FRCD_BYTES 16u
#define FRCD_F BIT(63) /* high quadword */
#define FRCD_REASON(high) ((uint32_t)((high) >> 32 & 0xff))
#define FRCD_SID(high) ((uint32_t)((high)&0xffff))
#define FRCD_INDEX(low) ((uint32_t)((low) >> 48))

/* Descriptors, low quadword ([VTD] 6.5.2). */
#define DESCRIPTOR_CONTEXT_ALL 0x11u
#define DESCRIPTOR_IOTLB_ALL 0x12u
#define DESCRIPTOR_ENTRIES_ALL 0x04u
#define DESCRIPTOR_ENTRY(index) (0x14u | (uint64_t)(index) << 32)
#define DESCRIPTOR_WAIT 0x05u
#define WAIT_INTERRUPT 0x10u
#define WAIT_STATUS 0x20u
#define WAIT_DATA(data) ((uint64_t)(data) << 32)
#define DESCRIPTOR_BYTES 16u

/* Messages ([VTD] 5.1.2; [SDM3] 11.11). */
#define MESSAGE_COMPATIBLE(apic) (UINT64_C(0xfee00000) | (uint64_t)(apic) << 12)
#define MESSAGE_REMAPPABLE(index) (UINT64_C(0xfee00010) | (uint64_t)(index) << 5)
#define MESSAGE_SUBHANDLE BIT(3)

/* Entries ([VTD] 9.10). */
#define ENTRY_PRESENT BIT(0)
#define ENTRY_RESERVED_LOW BIT(12)
#define ENTRY_POSTED BIT(15)
#define ENTRY_VECTOR(vector) ((uint64_t)(vector) << 16)
#define ENTRY_APIC(id) ((uint64_t)(id) << 40)
#define ENTRY_WIDE_APIC(id) ((uint64_t)(id) << 32) /* EIME */
#define ENTRY_SQ(qualifier) ((uint64_t)(qualifier) << 16)
#define ENTRY_SVT(type) ((uint64_t)(type) << 18)
#define ENTRY_RESERVED_HIGH BIT(32)
enum {
	SVT_ID = 1,
	SVT_BUSES = 2,
	SVT_RESERVED = 3
};

/* Root and context entries ([VTD] 9.1, 9.3): pass-through, 39 bits, domain 1. */
#define ROOT_PRESENT BIT(0)
#define CONTEXT_LOW_PASS_THROUGH (BIT(0) | BIT(3))
#define CONTEXT_HIGH_39_BITS (BIT(0) | BIT(8))

/* ---- MSI ([PCI] 6.8.1) ---- */

#define CONFIG_STATUS 0x06
#define CONFIG_CAPABILITIES 0x34
#define STATUS_HAS_CAPABILITIES 0x10u
#define CAPABILITY_MSI 0x05u
#define MSI_CONTROL 0x2u
#define MSI_CONTROL_ENABLE 0x1u
#define MSI_ADDRESS 0x4u
#define MSI_UPPER 0x8u
#define MSI_DATA 0xcu

/* ---- I/O APIC (82093AA), HPET ([HPET] 2.3) ---- */

#define IOAPIC UINT64_C(0xfec00000)
#define IOAPIC_SELECT 0x00u
#define IOAPIC_WINDOW 0x10u
#define IOAPIC_ENTRY(pin) (0x10u + 2 * (pin))
#define IOAPIC_MASKED 0x10000u
#define IOAPIC_REMAPPABLE BIT(48) /* [VTD] 5.1.5.1 */
#define IOAPIC_INDEX(index) ((uint64_t)(index) << 49)

#define HPET UINT64_C(0xfed00000)
#define HPET_CONFIG 0x010u
#define HPET_CONFIG_ENABLE 1u
#define HPET_COUNTER 0x0f0u
#define HPET_TIMER 0x100u
#define HPET_TIMER_COMPARATOR 0x108u
#define HPET_TIMER_MESSAGE 0x110u
#define HPET_TIMER_ENABLE 0x4u
#define HPET_TIMER_PIN(pin) ((uint32_t)(pin) << 9)
#define HPET_TIMER_BY_MESSAGE 0x4000u

#endif
