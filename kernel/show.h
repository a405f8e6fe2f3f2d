/* SPDX-License-Identifier: MIT */
/* What scenarios print: refusals, the machine, the tree, counters. Changes nothing. */
#ifndef KERNEL_SHOW_H
#define KERNEL_SHOW_H

#include <mirq/mirq.h>

#include "mirq_port.h"

/* A refusal with its rule, sentence, place and numbers. */
void show_why(const char *what, enum mirq_err err, const struct mirq_why *why);

/* What the firmware says there is. */
void show_machine(void);

/* Domains, devices, stores, interrupts. */
void show_tree(void);

/*
 * A line for each kind of store: how many there are, their interrupts, how often those were handled
 * as mirq counts. Returns how many kinds have handled something.
 */
uint32_t show_stores(void);

/* Of each firing device: raised and handled by slot, and handled by CPU. */
void show_slots(void);

/* One slot's line of that table. */
void show_slot(const char *device, uint32_t slot, uint64_t nr_raised, uint64_t nr_handled,
	       const uint32_t *nr_on_cpu);

#endif
