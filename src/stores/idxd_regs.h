/* SPDX-License-Identifier: MIT */
/*
 * idxd_regs.h - the registers of Intel DSA and IAA that its message slots need, in BAR 0.
 *
 * Public: where GENCAP and the table offsets are, their units (256 slots, 256 bytes) and the four
 * words of a slot with mask, PASID enable and PASID ([IDXD]). Bits 1 and 2 of the control word are
 * left alone: that bit 1 is a pending bit, and bit 2 switches the PASID check off, is said by
 * drivers that are not in Linux only.
 * Locking: none needed.
 */
#ifndef MIRQI_IDXD_REGS_H
#define MIRQI_IDXD_REGS_H

#define IDXD_GENCAP 0x10u
#define IDXD_GENCAP_MAX_IMS_MULT 30, 25
#define IDXD_SLOTS_UNIT 256u
#define IDXD_OFFSETS_HIGH 0x64u /* upper half of the 64-bit register at 0x60 */
#define IDXD_OFFSETS_HIGH_IMS 31, 16
#define IDXD_OFFSETS_UNIT 0x100u

#define IDXD_SLOT_BYTES 16u
#define IDXD_SLOT_ADDRESS_LO 0x0u
#define IDXD_SLOT_ADDRESS_HI 0x4u
#define IDXD_SLOT_DATA 0x8u
#define IDXD_SLOT_CTRL 0xcu

#define IDXD_CTRL_MASK 0, 0
#define IDXD_CTRL_PASID_EN 3, 3
#define IDXD_CTRL_PASID 31, 12

#endif
