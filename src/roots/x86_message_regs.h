/* SPDX-License-Identifier: MIT */
/*
 * x86_message_regs.h - the fields of an interrupt message on x86: address and data as a device
 * sends them. Numbers only; the simulator and the tests have their own.
 * Sources: [SDM3] 11.11; [VTD] 5.1.2. Locking: none needed.
 */
#ifndef MIRQI_X86_MESSAGE_REGS_H
#define MIRQI_X86_MESSAGE_REGS_H

/* Both formats. */
#define X86_ADDRESS_WINDOW 63, 20
#define X86_ADDRESS_WINDOW_LAPIC 0xfeeu
#define X86_ADDRESS_REMAPPABLE 4, 4 /* 1: remappable format */

/* Compatibility format, [SDM3] 11.11.1 and 11.11.2. */
#define X86_ADDRESS_DESTINATION 19, 12
#define X86_ADDRESS_EXTENDED                                                                       \
	11, 5 /* destination 14:8 where the hypervisor says so, else reserved */
#define X86_ADDRESS_REDIRECTION 3, 3
#define X86_ADDRESS_LOGICAL 2, 2
#define X86_DATA_RESERVED_HI 31, 16
#define X86_DATA_TRIGGER_LEVEL 15, 15
#define X86_DATA_ASSERT 14, 14
#define X86_DATA_RESERVED_LO 13, 11
#define X86_DATA_DELIVERY 10, 8
#define X86_DATA_VECTOR 7, 0

enum x86_delivery {
	X86_DELIVERY_FIXED = 0,
	X86_DELIVERY_LOWEST = 1,
	X86_DELIVERY_SMI = 2,
	X86_DELIVERY_NMI = 4,
	X86_DELIVERY_INIT = 5,
	X86_DELIVERY_EXTINT = 7
};
#define X86_FIRST_VECTOR 16u /* below: exceptions only; the local APIC refuses them */

/* Remappable format, [VTD] 5.1.2.2. */
#define X86_ADDRESS_HANDLE_LO 19, 5
#define X86_ADDRESS_SUBHANDLE_VALID 3, 3
#define X86_ADDRESS_HANDLE_HI 2, 2
#define X86_DATA_SUBHANDLE 15, 0
#define X86_DATA_ABOVE_SUBHANDLE 31, 16

#endif
