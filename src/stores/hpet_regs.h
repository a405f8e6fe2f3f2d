/* SPDX-License-Identifier: MIT */
/*
 * hpet_regs.h - the registers of an HPET that its store touches.
 * Sources: [HPET] 2.3.4 (capabilities), 2.3.8 (timer n), 2.3.9 (message of timer n).
 * Locking: none needed.
 */
#ifndef MIRQI_HPET_REGS_H
#define MIRQI_HPET_REGS_H

#define HPET_CAPABILITIES 0x000u /* bits 31:0 */
#define HPET_TIMERS 0x100u       /* timer 0; the next one HPET_TIMER_BYTES on */
#define HPET_TIMER_BYTES 0x020u

/* Offsets in a timer, 32 bits each. */
#define HPET_TIMER_CONFIG 0x00u /* bits 31:0 */
#define HPET_TIMER_DATA 0x10u
#define HPET_TIMER_ADDRESS 0x14u

#define HPET_CAP_LAST_TIMER 12, 8

#define HPET_TIMER_LEVEL 1, 1         /* Tn_INT_TYPE_CNF; 0: edge */
#define HPET_TIMER_ENABLE 2, 2        /* Tn_INT_ENB_CNF */
#define HPET_TIMER_MESSAGE 14, 14     /* Tn_FSB_EN_CNF; 0: by wire */
#define HPET_TIMER_CAN_MESSAGE 15, 15 /* Tn_FSB_INT_DEL_CAP; read-only */

#endif
