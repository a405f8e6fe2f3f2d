/* SPDX-License-Identifier: MIT */
/*
 * Registers, commands and structures of an NVM Express controller, as far as nvme.c uses them.
 *
 * Source: [NVME] 3.1 (registers), 4.2 and 4.6 (queue entries), 5.3-5.6 (queues), 5.15 (Identify),
 * 5.21.1.7 (Number of Queues), 6.9 (Read).
 */
#ifndef KERNEL_NVME_REGS_H
#define KERNEL_NVME_REGS_H

#define NVME_CAP 0x00
#define NVME_CAP_MQES 15, 0 /* entries of a queue, less one */
#define NVME_CAP_TO 31, 24  /* time-out, in 500 ms */
#define NVME_CAP_DSTRD 35, 32
#define NVME_CAP_CSS_NVM 37, 37
#define NVME_CAP_MPSMIN 51, 48
#define NVME_VS 0x08
#define NVME_CC 0x14
#define NVME_CC_EN 0, 0
#define NVME_CC_IOSQES 19, 16
#define NVME_CC_IOCQES 23, 20
#define NVME_CSTS 0x1c
#define NVME_CSTS_RDY 0, 0
#define NVME_CSTS_CFS 1, 1
#define NVME_AQA 0x24
#define NVME_AQA_ASQS 11, 0
#define NVME_AQA_ACQS 27, 16
#define NVME_ASQ 0x28
#define NVME_ACQ 0x30
#define NVME_DOORBELLS 0x1000

#define NVME_SQE_LOG2 6
#define NVME_CQE_LOG2 4

/* Word 3 of a completion. */
#define NVME_CQE_CID 15, 0
#define NVME_CQE_PHASE 16, 16
#define NVME_CQE_STATUS 27, 17 /* code and its type; 0: good */

#define NVME_ADMIN_DELETE_SQ 0x00
#define NVME_ADMIN_CREATE_SQ 0x01
#define NVME_ADMIN_DELETE_CQ 0x04
#define NVME_ADMIN_CREATE_CQ 0x05
#define NVME_ADMIN_IDENTIFY 0x06
#define NVME_ADMIN_SET_FEATURES 0x09
#define NVME_READ 0x02

/* Words 10 and 11 of Create I/O queue. */
#define NVME_CREATE_QID 15, 0
#define NVME_CREATE_SIZE 31, 16 /* less one */
#define NVME_CREATE_CONTIGUOUS 0, 0
#define NVME_CREATE_CQ_INTERRUPTS 1, 1
#define NVME_CREATE_CQ_VECTOR 31, 16
#define NVME_CREATE_SQ_CQID 31, 16

/* Feature Number of Queues: word 11 of the command, word 0 of the answer; each less one. */
#define NVME_FEATURE_NR_QUEUES 0x07
#define NVME_NR_QUEUES_SQ 15, 0
#define NVME_NR_QUEUES_CQ 31, 16

/* Identify: word 10 says what, and byte offsets in the answer. */
#define NVME_IDENTIFY_NAMESPACE 0
#define NVME_IDENTIFY_CONTROLLER 1
#define NVME_CONTROLLER_SERIAL 4
#define NVME_CONTROLLER_SERIAL_BYTES 20
#define NVME_CONTROLLER_MODEL 24
#define NVME_CONTROLLER_MODEL_BYTES 40
#define NVME_CONTROLLER_NN 516
#define NVME_NAMESPACE_NSZE 0
#define NVME_NAMESPACE_FLBAS 26
#define NVME_NAMESPACE_FLBAS_FORMAT 3, 0
#define NVME_NAMESPACE_LBAF 128 /* 4 bytes a format */
#define NVME_NAMESPACE_LBAF_METADATA 15, 0
#define NVME_NAMESPACE_LBAF_SIZE_LOG2 23, 16

#endif
