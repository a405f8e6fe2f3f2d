/* SPDX-License-Identifier: MIT */
/*
 * traffic.h - what a run on QEMU did to its VT-d unit, done to the simulated one: the same register
 * writes, descriptors, entries and messages, and each message has to end as it did there.
 *
 * A recording is text, one operation to a line (scripts/record-traffic writes it, docs/testing.md
 * explains it):
 *
 *	allow ROW                  QEMU departs from the specification so, and it is seen here
 *	cpus N                     APIC ids 0 to N-1
 *	descriptor LOW HIGH        the next one of the ring; the write of the tail follows
 *	write OFFSET WIDTH VALUE   of a register of the unit
 *	event > APIC VECTOR        that write made the unit send a message of its own
 *	entry INDEX LOW HIGH       memory of the table, as the unit read it for the next message
 *	message RID ADDRESS DATA > APIC VECTOR [xN]    or: > blocked [xN]
 *	store RID ADDRESS DATA > ...                    the same, stored by DMA
 *
 * All numbers are hexadecimal but N and APIC. Locking: none.
 */
#ifndef TESTS_SIM_TRAFFIC_H
#define TESTS_SIM_TRAFFIC_H

#include <stdint.h>

#define TRAFFIC_MAX_ROWS 64u

struct traffic_result {
	uint32_t nr_writes, nr_descriptors, nr_entries, nr_events;
	uint32_t nr_messages, nr_blocked;
	uint32_t nr_differ[TRAFFIC_MAX_ROWS]; /* by row of tests/rows */
	uint32_t line;                        /* where it went wrong, from 1; 0: nowhere */
	char text[200];
};

/* 0: every message ended as recorded or as an allowed row says; else -1, with line and text. */
int traffic_replay(const char *recording, struct traffic_result *out_result);

#endif
