/* SPDX-License-Identifier: MIT */
/*
 * dmar_event_regs.h - the four registers of a VT-d event: control, data, address, upper address.
 * Fault event, invalidation event and page request event share this layout.
 * Sources: [VTD] 11.4.10 - 11.4.13. Locking: none needed.
 */
#ifndef MIRQI_DMAR_EVENT_REGS_H
#define MIRQI_DMAR_EVENT_REGS_H

#define DMAR_EVENT_CTL 0x0u
#define DMAR_EVENT_DATA 0x4u
#define DMAR_EVENT_ADDR 0x8u
#define DMAR_EVENT_UADDR 0xcu

#define DMAR_EVENT_CTL_IM 31, 31 /* 1: masked; set by reset */
#define DMAR_EVENT_CTL_IP 30, 30 /* kept while masked; read-only */

#endif
