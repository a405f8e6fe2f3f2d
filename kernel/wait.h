/* SPDX-License-Identifier: MIT */
/* Waiting for another CPU or a device: a short spin, then naps, never for ever. */
#ifndef KERNEL_WAIT_H
#define KERNEL_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/* struct wait w = { 0 }; while (!there_it_is()) if (!wait_more(&w, limit_ns)) give_up(); */
struct wait {
	uint64_t start_ns;
	uint32_t nr_spins;
};

/* Lets a little time pass. False: @limit_ns have passed since the first call. Thread context. */
bool wait_more(struct wait *w, uint64_t limit_ns);

#endif
