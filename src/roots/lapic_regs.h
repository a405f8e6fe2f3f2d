/* SPDX-License-Identifier: MIT */
/*
 * lapic_regs.h - registers of the local APIC. Offsets are those of the xAPIC page; the x2APIC
 * register is the model-specific register 0x800 + offset / 16. Numbers only; the simulator has
 * its own.
 * Sources: [SDM3] 11.4.1 (page), 11.12.1.2 (MSRs), 11.6.1 (ICR), 11.9 (SVR). Locking: none needed.
 */
#ifndef MIRQI_LAPIC_REGS_H
#define MIRQI_LAPIC_REGS_H

#define LAPIC_PAGE_BYTES 0x400u
#define LAPIC_DEFAULT_ADDRESS 0xfee00000u

#define LAPIC_ID 0x20u
#define LAPIC_VERSION 0x30u
#define LAPIC_TPR 0x80u
#define LAPIC_EOI 0xb0u
#define LAPIC_SVR 0xf0u
#define LAPIC_ISR 0x100u /* eight registers of 32 vectors, 16 bytes apart; so is IRR */
#define LAPIC_IRR 0x200u
#define LAPIC_ICR_LO 0x300u
#define LAPIC_ICR_HI 0x310u /* xAPIC only */
#define LAPIC_VECTORS_PER_REGISTER 32u
#define LAPIC_REGISTER_STRIDE 0x10u

#define LAPIC_ID_XAPIC 31, 24

#define LAPIC_SVR_ENABLE 8, 8
#define LAPIC_SVR_VECTOR 7, 0

/* Interrupt command, as one 64-bit word; xAPIC has its halves in two registers. [SDM3] 11.6.1. */
#define LAPIC_ICR_X2_DESTINATION 63, 32
#define LAPIC_ICR_XAPIC_DESTINATION 63, 56
#define LAPIC_ICR_LEVEL_ASSERT 14, 14
#define LAPIC_ICR_SEND_PENDING 12, 12 /* xAPIC only */
#define LAPIC_ICR_LOGICAL 11, 11
#define LAPIC_ICR_DELIVERY 10, 8 /* 0: fixed */
#define LAPIC_ICR_VECTOR 7, 0

#define LAPIC_MSR_BASE 0x1bu /* IA32_APIC_BASE, [SDM3] 11.4.4 and 11.12.1 */
#define LAPIC_MSR_BASE_ENABLE 11, 11
#define LAPIC_MSR_BASE_X2 10, 10
#define LAPIC_MSR_X2(offset) (0x800u + (offset) / 16u)

#endif
