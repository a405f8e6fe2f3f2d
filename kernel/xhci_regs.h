/* SPDX-License-Identifier: MIT */
/*
 * Registers, contexts and TRBs of an xHCI controller, as far as xhci.c uses them.
 *
 * Source: [XHCI] 5.3 (capability), 5.4 (operational), 5.5 (runtime), 5.6 (doorbells), 6.2
 * (contexts), 6.4 (TRBs), 6.5 (event ring segment table).
 */
#ifndef KERNEL_XHCI_REGS_H
#define KERNEL_XHCI_REGS_H

/* Capability registers, from the BAR. */
#define XHCI_CAPLENGTH 0x00 /* one byte: where the operational registers begin */
#define XHCI_HCSPARAMS1 0x04
#define XHCI_HCSPARAMS1_SLOTS 7, 0
#define XHCI_HCSPARAMS1_INTERRUPTERS 18, 8
#define XHCI_HCSPARAMS1_PORTS 31, 24
#define XHCI_HCSPARAMS2 0x08
#define XHCI_HCSPARAMS2_SCRATCHPADS_HI 25, 21
#define XHCI_HCSPARAMS2_SCRATCHPADS_LO 31, 27
#define XHCI_HCCPARAMS1 0x10
#define XHCI_HCCPARAMS1_CSZ 2, 2 /* contexts of 64 bytes */
#define XHCI_DBOFF 0x14
#define XHCI_RTSOFF 0x18

/* Operational registers. */
#define XHCI_USBCMD 0x00
#define XHCI_USBCMD_RUN 0, 0
#define XHCI_USBCMD_HCRST 1, 1
#define XHCI_USBCMD_INTE 2, 2
#define XHCI_USBSTS 0x04
#define XHCI_USBSTS_HCH 0, 0
#define XHCI_USBSTS_HSE 2, 2
#define XHCI_USBSTS_CNR 11, 11
#define XHCI_CRCR 0x18
#define XHCI_CRCR_RCS 0, 0
#define XHCI_DCBAAP 0x30
#define XHCI_CONFIG 0x38
#define XHCI_PORTSC 0x400 /* of port 1; 16 bytes a port */
#define XHCI_PORTSC_STEP 0x10
#define XHCI_PORTSC_CCS 0, 0
#define XHCI_PORTSC_PED 1, 1
#define XHCI_PORTSC_PR 4, 4
#define XHCI_PORTSC_PP 9, 9
#define XHCI_PORTSC_SPEED 13, 10
#define XHCI_PORTSC_CHANGES 23, 17 /* write 1 to clear */

/* Runtime registers: interrupter 0's; 32 bytes each. */
#define XHCI_INTERRUPTER 0x20
#define XHCI_INTERRUPTER_STEP 0x20
#define XHCI_IMAN 0x00
#define XHCI_IMAN_IP 0, 0
#define XHCI_IMAN_IE 1, 1
#define XHCI_IMOD 0x04
#define XHCI_ERSTSZ 0x08
#define XHCI_ERSTBA 0x10
#define XHCI_ERDP 0x18
#define XHCI_ERDP_EHB 3, 3

/* A TRB is four words; words 2 and 3: */
#define XHCI_TRB_STATUS_INTERRUPTER 31, 22
#define XHCI_TRB_STATUS_LENGTH 16, 0
#define XHCI_TRB_STATUS_CODE 31, 24 /* of an event */
#define XHCI_TRB_CYCLE 0, 0
#define XHCI_TRB_TOGGLE_CYCLE 1, 1 /* of a link */
#define XHCI_TRB_IOC 5, 5
#define XHCI_TRB_IDT 6, 6
#define XHCI_TRB_TYPE 15, 10
#define XHCI_TRB_DIRECTION 16, 16 /* 1: toward the host */
#define XHCI_TRB_SLOT 31, 24

#define XHCI_TYPE_SETUP 2
#define XHCI_TYPE_STATUS 4
#define XHCI_TYPE_LINK 6
#define XHCI_TYPE_ENABLE_SLOT 9
#define XHCI_TYPE_ADDRESS_DEVICE 11
#define XHCI_TYPE_TRANSFER_EVENT 32
#define XHCI_TYPE_COMMAND_EVENT 33

#define XHCI_CODE_SUCCESS 1

/* Slot context, words 0 and 1; endpoint context, words 1 and 4. */
#define XHCI_SLOT_CONTEXT_SPEED 23, 20
#define XHCI_SLOT_CONTEXT_ENTRIES 31, 27
#define XHCI_SLOT_CONTEXT_PORT 23, 16
#define XHCI_ENDPOINT_ERRORS 2, 1
#define XHCI_ENDPOINT_TYPE 5, 3
#define XHCI_ENDPOINT_TYPE_CONTROL 4
#define XHCI_ENDPOINT_PACKET_BYTES 31, 16
#define XHCI_ENDPOINT_DEQUEUE_CYCLE 0, 0

/* Port speeds. [XHCI] 7.2.2.1.1. */
#define XHCI_SPEED_FULL 1
#define XHCI_SPEED_LOW 2
#define XHCI_SPEED_HIGH 3

#endif
