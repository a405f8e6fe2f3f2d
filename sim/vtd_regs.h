/* SPDX-License-Identifier: MIT */
/*
 * vtd_regs.h - registers and structures of a VT-d unit as the simulator reads them.
 * Source: [VTD] 5.1.2 (requests), 6.5.2 (descriptors), 9.10 (entries), 11.4 (registers), A.
 */
#ifndef SIM_VTD_REGS_H
#define SIM_VTD_REGS_H

#define REG_VER 0x000
#define REG_CAP 0x008
#define REG_ECAP 0x010
#define REG_GCMD 0x018
#define REG_GSTS 0x01c
#define REG_RTADDR 0x020
#define REG_FSTS 0x034
#define REG_FECTL 0x038 /* data, address, upper address follow */
#define REG_IQH 0x080
#define REG_IQT 0x088
#define REG_IQA 0x090
#define REG_ICS 0x09c
#define REG_IECTL 0x0a0
#define REG_IRTA 0x0b8
#define REG_FRCD 0x220
#define REG_FRCD_BYTES 16u

#define VER_VALUE 0x60u

#define CAP_RWBF 4, 4
#define CAP_FRO 33, 24 /* in units of 16 bytes */
#define CAP_NFR 47, 40 /* number - 1 */
#define CAP_ESIRTPS 62, 62
#define CAP_OTHER UINT64_C(0x0000000022260206) /* 39-bit, 256 domains */

#define ECAP_C 0, 0
#define ECAP_QI 1, 1
#define ECAP_IR 3, 3
#define ECAP_EIM 4, 4
#define ECAP_IRO 17, 8
#define ECAP_MHMV 23, 20

#define GCMD_TE 31, 31
#define GCMD_SRTP 30, 30
#define GCMD_SFL 29, 29
#define GCMD_EAFL 28, 28
#define GCMD_WBF 27, 27
#define GCMD_QIE 26, 26
#define GCMD_IRE 25, 25
#define GCMD_SIRTP 24, 24
#define GCMD_CFI 23, 23
#define GCMD_RESERVED 22, 0

#define FSTS_PFO 0, 0
#define FSTS_PPF 1, 1
#define FSTS_IQE 4, 4
#define FSTS_ICE 5, 5
#define FSTS_ITE 6, 6
#define FSTS_FRI 15, 8
#define FSTS_CLEARED_BY_1 UINT64_C(0x7d)

#define EVENT_MASKED 31, 31
#define EVENT_PENDING 30, 30
#define EVENT_DATA 4u
#define EVENT_ADDRESS 8u
#define EVENT_UPPER 12u
#define EVENT_UPPER_DESTINATION 31, 8 /* bits 31:8 of the APIC id, extended mode */
#define ICS_IWC 0, 0

#define IQA_SIZE 2, 0
#define IQA_WIDE 11, 11
#define IQA_RESERVED 10, 3
#define IQA_BASE 63, 12
#define IQT_TAIL 18, 4

#define IRTA_SIZE 3, 0
#define IRTA_RESERVED 10, 4
#define IRTA_EIME 11, 11
#define IRTA_BASE 63, 12

/* Low quadword of a descriptor. */
#define DESC_TYPE 3, 0
#define DESC_TYPE_HIGH 11, 9
enum {
	DESC_CONTEXT = 1,
	DESC_IOTLB = 2,
	DESC_DEVICE_TLB = 3,
	DESC_ENTRY = 4,
	DESC_WAIT = 5
};
#define DESC_ENTRY_INDEXED 4, 4
#define DESC_ENTRY_RESERVED_1 26, 5
#define DESC_ENTRY_MASK 31, 27
#define DESC_ENTRY_INDEX 47, 32
#define DESC_ENTRY_RESERVED_2 63, 48
#define DESC_WAIT_INTERRUPT 4, 4
#define DESC_WAIT_STATUS 5, 5
#define DESC_WAIT_FENCE 6, 6
#define DESC_WAIT_RESERVED 31, 8
#define DESC_WAIT_DATA 63, 32
#define DESC_WAIT_ADDRESS 63, 2 /* high quadword */
#define DESC_WAIT_ADDRESS_RESERVED 1, 0

/* Interrupt requests. */
#define REQUEST_REMAPPABLE 4, 4
#define REQUEST_HANDLE 19, 5
#define REQUEST_HANDLE_15 2, 2
#define REQUEST_SUBHANDLE_VALID 3, 3
#define REQUEST_DATA_SUBHANDLE 15, 0
#define REQUEST_DATA_RESERVED 31, 16

/* Low quadword of an entry. */
#define IRTE_P 0, 0
#define IRTE_FPD 1, 1
#define IRTE_DM 2, 2
#define IRTE_DLM 7, 5
#define IRTE_RESERVED_1 14, 12
#define IRTE_IM 15, 15
#define IRTE_VECTOR 23, 16
#define IRTE_RESERVED_2 31, 24
#define IRTE_DST 63, 32
#define IRTE_DST_8 47, 40
#define IRTE_DST_8_RESERVED_1 39, 32
#define IRTE_DST_8_RESERVED_2 63, 48
/* High quadword. */
#define IRTE_SID 15, 0
#define IRTE_SID_LAST_BUS 7, 0
#define IRTE_SID_BUS 15, 8
#define IRTE_SQ 17, 16
#define IRTE_SVT 19, 18
#define IRTE_RESERVED_3 63, 20

/* Fault records: low quadword, high quadword. */
#define FRCD_INDEX 63, 48
#define FRCD_SID 15, 0
#define FRCD_REASON 39, 32
#define FRCD_F 63, 63
#define FRCD_F_UPPER 31, 31 /* of the fourth word */

enum sim_fault {
	FAULT_NONE = 0,
	FAULT_REQUEST_RESERVED = 0x20,
	FAULT_INDEX = 0x21,
	FAULT_NOT_PRESENT = 0x22,
	FAULT_TABLE = 0x23,
	FAULT_ENTRY_RESERVED = 0x24,
	FAULT_COMPATIBILITY = 0x25,
	FAULT_SOURCE = 0x26
};

#endif
