/* SPDX-License-Identifier: MIT */
/* What scenarios do with edu's own message stores (edu_stores.h). Each step reports. CPU 0. */
#ifndef KERNEL_EDU_SLOTS_H
#define KERNEL_EDU_SLOTS_H

#include "device.h"

/*
 * Asks whether @d may have such stores, and why not; a refusal by rule 6 is right where nothing
 * translates its messages (@is_direct). Attaches, allocates with cookies, requests. Returns whether
 * there are slots to fire.
 */
bool edu_slots_begin(struct firing_device *d, bool is_direct);
/* Each slot, on another CPU after a move of which its device is not told. */
void edu_slots_fire(void);
/* Shows, frees; tells verdict and witness. */
void edu_slots_end(void);

#endif
