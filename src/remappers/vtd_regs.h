/* SPDX-License-Identifier: MIT */
/*
 * vtd_regs.h - registers, table entries and queue descriptors of a VT-d unit, as the specification
 * numbers their bits: a field is written as hi, lo for MIRQ_GET() and MIRQ_SET(); the upper half
 * of something 128 bits wide as bit - 64. Numbers only. Tests and simulator have their own.
 * Sources: [VTD] 6.5.2 (queue), 7 (faults), 9.10 (entries), 11.4 (registers).
 */
#ifndef MIRQI_VTD_REGS_H
#define MIRQI_VTD_REGS_H

#include <mirq/io.h>

/* Offsets of registers, [VTD] 11.4. */
#define VTD_VER 0x00u
#define VTD_CAP 0x08u
#define VTD_ECAP 0x10u
#define VTD_GCMD 0x18u
#define VTD_GSTS 0x1cu
#define VTD_RTADDR 0x20u
#define VTD_FSTS 0x34u
#define VTD_FECTL 0x38u
#define VTD_IQH 0x80u
#define VTD_IQT 0x88u
#define VTD_IQA 0x90u
#define VTD_ICS 0x9cu
#define VTD_IECTL 0xa0u
#define VTD_IRTA 0xb8u
#define VTD_REGS_FIXED_BYTES 0x100u /* nothing of the above lies behind */
#define VTD_PAGE_BYTES 4096u

/* Capabilities, [VTD] 11.4.2. */
#define VTD_CAP_RWBF 4, 4
#define VTD_CAP_FRO 33, 24 /* fault records begin at FRO * 16 */
#define VTD_CAP_NFR 47, 40 /* number of fault records - 1 */
#define VTD_CAP_ESIRTPS 62, 62

/* Extended capabilities, [VTD] 11.4.3. */
#define VTD_ECAP_C 0, 0
#define VTD_ECAP_QI 1, 1
#define VTD_ECAP_IR 3, 3
#define VTD_ECAP_EIM 4, 4
#define VTD_ECAP_MHMV 23, 20

/* Global command and status, [VTD] 11.4.4: the same bit commands and reports. */
#define VTD_G_TE 31, 31
#define VTD_G_EAFL 28, 28
#define VTD_G_WBF 27, 27 /* one-shot; reported as busy */
#define VTD_G_QIE 26, 26
#define VTD_G_IRE 25, 25
#define VTD_G_SIRTP 24, 24 /* one-shot */
#define VTD_G_CFI 23, 23
/* What a write of the command register repeats. SRTP (30), SFL (29), WBF, SIRTP act once. */
#define VTD_G_LASTING                                                                              \
	(MIRQ_FIELD_MASK(VTD_G_TE) | MIRQ_FIELD_MASK(VTD_G_EAFL) | MIRQ_FIELD_MASK(VTD_G_QIE) |    \
	 MIRQ_FIELD_MASK(VTD_G_IRE) | MIRQ_FIELD_MASK(VTD_G_CFI))

/* Root table address, [VTD] 11.4.5: 0 is legacy mode. */
#define VTD_RTADDR_TTM 11, 10

/* Fault status, [VTD] 11.4.9. All but PPF and FRI are cleared by writing 1. */
#define VTD_FSTS_PFO 0, 0
#define VTD_FSTS_PPF 1, 1
#define VTD_FSTS_IQE 4, 4
#define VTD_FSTS_ICE 5, 5
#define VTD_FSTS_ITE 6, 6
#define VTD_FSTS_FRI 15, 8
#define VTD_FSTS_QUEUE                                                                             \
	(MIRQ_FIELD_MASK(VTD_FSTS_IQE) | MIRQ_FIELD_MASK(VTD_FSTS_ICE) |                           \
	 MIRQ_FIELD_MASK(VTD_FSTS_ITE))

/* Fault record, 128 bits, [VTD] 11.4.14. */
#define VTD_FRCD_BYTES 16u
#define VTD_FRCD_HIGH 8u   /* offset of bits 127:64 */
#define VTD_FRCD_CLEAR 12u /* offset of bits 127:96: F is cleared by writing 1 */
#define VTD_FRCD_FI_ADDRESS 63, 12
#define VTD_FRCD_FI_INDEX 63, 48
#define VTD_FRCD_HIGH_SID 79 - 64, 64 - 64
#define VTD_FRCD_HIGH_FR 103 - 64, 96 - 64
#define VTD_FRCD_HIGH_F 127 - 64, 127 - 64
#define VTD_FRCD_CLEAR_F 127 - 96, 127 - 96

/* Queue registers, [VTD] 11.4.17 - 11.4.19: head and tail count in bytes. */
#define VTD_IQH_QH 18, 4
#define VTD_IQT_QT 18, 4
#define VTD_IQA_IQA 63, 12
#define VTD_IQA_DW 11, 11
#define VTD_IQA_QS 2, 0 /* 2^QS pages of 256 descriptors */

/* Invalidation completion status, [VTD] 11.4: cleared by writing 1. */
#define VTD_ICS_IWC 0, 0

/* Interrupt remapping table address, [VTD] 11.4.24. */
#define VTD_IRTA_IRTA 63, 12
#define VTD_IRTA_EIME 11, 11
#define VTD_IRTA_S 3, 0 /* 2^(S+1) entries */

/* Descriptors, low half, [VTD] 6.5.2.7 (interrupt entry cache), 6.5.2.8 (wait). */
#define VTD_D_TYPE 3, 0
#define VTD_D_TYPE_IEC 4u
#define VTD_D_TYPE_WAIT 5u
#define VTD_IEC_G 4, 4 /* 0: all entries, 1: 2^IM entries at IIDX */
#define VTD_IEC_IM 31, 27
#define VTD_IEC_IIDX 47, 32
#define VTD_WAIT_IF 4, 4
#define VTD_WAIT_SW 5, 5
#define VTD_WAIT_FN 6, 6
#define VTD_WAIT_STATUS_DATA 63, 32
#define VTD_WAIT_HIGH_ADDRESS 127 - 64, 66 - 64 /* of a 32-bit word */

/* Interrupt remapping table entry, remapped format, [VTD] 9.10. */
#define VTD_IRTE_P 0, 0
#define VTD_IRTE_FPD 1, 1
#define VTD_IRTE_DM 2, 2
#define VTD_IRTE_RH 3, 3
#define VTD_IRTE_TM 4, 4 /* 1: level */
#define VTD_IRTE_DLM 7, 5
#define VTD_IRTE_AVAIL 11, 8
#define VTD_IRTE_IM 15, 15 /* 1: posted format */
#define VTD_IRTE_V 23, 16
#define VTD_IRTE_DST 63, 32       /* extended interrupt mode */
#define VTD_IRTE_DST_XAPIC 47, 40 /* otherwise */
#define VTD_IRTE_HIGH_SID 79 - 64, 64 - 64
#define VTD_IRTE_HIGH_SID_FIRST_BUS 79 - 64, 72 - 64 /* with SVT 2 */
#define VTD_IRTE_HIGH_SID_LAST_BUS 71 - 64, 64 - 64
#define VTD_IRTE_HIGH_SQ 81 - 64, 80 - 64
#define VTD_IRTE_HIGH_SVT 83 - 64, 82 - 64
#define VTD_IRTE_SVT_SID 1u /* SID under the mask that SQ names */
#define VTD_IRTE_SVT_BUS 2u /* first bus <= bus <= last bus */

/* Remappable-format message, [VTD] 5.1.2.2. */
#define VTD_MSG_PREFIX 31, 20
#define VTD_MSG_PREFIX_VALUE 0xfeeu
#define VTD_MSG_HANDLE_14_0 19, 5
#define VTD_MSG_FORMAT 4, 4
#define VTD_MSG_SHV 3, 3
#define VTD_MSG_HANDLE_15 2, 2

/*
 * Fields of one word do not overlap when the sum of their masks is the or of their masks; the
 * constant is what the specification leaves over as not reserved.
 */
#define VTD_M_(field) MIRQ_X_(MIRQ_MASK_, field)
_Static_assert(VTD_M_(VTD_IRTE_P) + VTD_M_(VTD_IRTE_FPD) + VTD_M_(VTD_IRTE_DM) +
			       VTD_M_(VTD_IRTE_RH) + VTD_M_(VTD_IRTE_TM) + VTD_M_(VTD_IRTE_DLM) +
			       VTD_M_(VTD_IRTE_AVAIL) + VTD_M_(VTD_IRTE_IM) + VTD_M_(VTD_IRTE_V) +
			       VTD_M_(VTD_IRTE_DST) ==
		       UINT64_C(0xffffffff00ff8fff),
	       "fields of the low half of an entry overlap or leave a gap");
_Static_assert(VTD_M_(VTD_IRTE_HIGH_SID) + VTD_M_(VTD_IRTE_HIGH_SQ) + VTD_M_(VTD_IRTE_HIGH_SVT) ==
		       UINT64_C(0x00000000000fffff),
	       "fields of the high half of an entry overlap or leave a gap");
_Static_assert(VTD_M_(VTD_IRTE_HIGH_SID_FIRST_BUS) + VTD_M_(VTD_IRTE_HIGH_SID_LAST_BUS) ==
		       VTD_M_(VTD_IRTE_HIGH_SID),
	       "the bus range does not fill the source id");
_Static_assert(VTD_M_(VTD_MSG_PREFIX) + VTD_M_(VTD_MSG_HANDLE_14_0) + VTD_M_(VTD_MSG_FORMAT) +
			       VTD_M_(VTD_MSG_SHV) + VTD_M_(VTD_MSG_HANDLE_15) ==
		       UINT64_C(0x00000000fffffffc),
	       "fields of a message address overlap or leave a gap");
_Static_assert(VTD_M_(VTD_D_TYPE) + VTD_M_(VTD_IEC_G) + VTD_M_(VTD_IEC_IM) + VTD_M_(VTD_IEC_IIDX) ==
		       UINT64_C(0x0000fffff800001f),
	       "fields of an entry-cache descriptor overlap or leave a gap");
_Static_assert(VTD_M_(VTD_D_TYPE) + VTD_M_(VTD_WAIT_IF) + VTD_M_(VTD_WAIT_SW) +
			       VTD_M_(VTD_WAIT_FN) + VTD_M_(VTD_WAIT_STATUS_DATA) ==
		       UINT64_C(0xffffffff0000007f),
	       "fields of a wait descriptor overlap or leave a gap");
_Static_assert(VTD_G_LASTING + VTD_M_(VTD_G_WBF) + VTD_M_(VTD_G_SIRTP) == UINT64_C(0x9f800000),
	       "bits of the global command overlap or leave a gap");
_Static_assert(VTD_M_(VTD_IRTA_IRTA) + VTD_M_(VTD_IRTA_EIME) + VTD_M_(VTD_IRTA_S) ==
		       UINT64_C(0xfffffffffffff80f),
	       "fields of the table address overlap or leave a gap");
_Static_assert(VTD_M_(VTD_IQA_IQA) + VTD_M_(VTD_IQA_DW) + VTD_M_(VTD_IQA_QS) ==
		       UINT64_C(0xfffffffffffff807),
	       "fields of the queue address overlap or leave a gap");
_Static_assert(VTD_M_(VTD_FSTS_PFO) + VTD_M_(VTD_FSTS_PPF) + VTD_FSTS_QUEUE +
			       VTD_M_(VTD_FSTS_FRI) ==
		       UINT64_C(0xff73),
	       "fields of the fault status overlap or leave a gap");
_Static_assert(VTD_M_(VTD_FRCD_HIGH_SID) + VTD_M_(VTD_FRCD_HIGH_FR) + VTD_M_(VTD_FRCD_HIGH_F) ==
		       UINT64_C(0x800000ff0000ffff),
	       "fields of a fault record overlap or leave a gap");

#endif
