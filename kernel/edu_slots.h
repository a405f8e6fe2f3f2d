/* SPDX-License-Identifier: MIT */
/*
 * A device-specific message store (IMS) on QEMU. edu has none of its own, but its DMA engine stores
 * what it is told where it is told: slots lie in memory, and an event of slot i is a copy of that
 * slot's data word to that slot's address, read and written by the device. Such a message takes the
 * way of every message of the device, through the remapping unit too.
 *
 * 16 bytes a slot: address, its upper half, data, control (bit 0 masks, bits 31:12 the cookie).
 */
#ifndef KERNEL_EDU_SLOTS_H
#define KERNEL_EDU_SLOTS_H

#include "device.h"

enum {
	EDU_NR_SLOTS = 3
};

/*
 * Asks whether @d may have such a store, and why not; a refusal is right where @is_guest_alone says
 * that nothing translates its messages. Attaches, allocates with cookies, requests. Reports.
 * Returns whether there are slots to fire.
 */
bool edu_slots_begin(struct firing_device *d, bool is_guest_alone);
/* Each slot on each of two CPUs; a move leaves the words of the slot as they are. Reports. */
void edu_slots_fire(void);
/* Shows, frees; tells verdict and witness. */
void edu_slots_end(void);

#endif
