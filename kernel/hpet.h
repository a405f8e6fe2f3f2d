/* SPDX-License-Identifier: MIT */
/*
 * The HPET's timers as sources of interrupts by message: a timer is armed and matches once.
 * QEMU has them with -global hpet.msi=on.
 */
#ifndef KERNEL_HPET_H
#define KERNEL_HPET_H

#include "platform.h"

enum {
	HPET_MAX_TIMERS = 32
};

struct hpet_timer {
	struct platform_irq p; /* first: its handler finds the timer by it */
	uint32_t number;
	uint32_t nr_left; /* the handler arms it again so many times; atomic */
	uint64_t delay_ns;
	bool is_parked;
};

/*
 * After port_start(): finds the HPET that the firmware names, attaches it to mirq, stops its timers
 * and lets its counter run from 0. Returns how many timers can send messages; the reason for 0 is
 * printed.
 */
uint32_t hpet_open(void);
struct hpet_timer *hpet_at(uint32_t index);

/* Allocates and requests; moves to @cpu. False: the refusal is printed. */
bool hpet_request(struct hpet_timer *t, uint32_t cpu);
/* The timer matches once, after @delay_ns; then the handler arms it again, @nr_more times. */
void hpet_arm(struct hpet_timer *t, uint64_t delay_ns, uint32_t nr_more);
/* All timers that hpet_open() found: @nr matches each, one after the other. */
void hpet_arm_all(uint64_t delay_ns, uint32_t nr);
/* Moves the next timer in turn to another CPU. Nothing to do on one CPU. */
bool hpet_move_next(void);
/* The same while any of them matches again, with a match between two moves of a timer. */
void hpet_move_all(void);
uint32_t hpet_nr_moves(void);
bool hpet_wait_all(void);
/* Lets the timer match without being counted: for one that has no handler. */
void hpet_match_uncounted(struct hpet_timer *t);
void hpet_free(struct hpet_timer *t);

#endif
