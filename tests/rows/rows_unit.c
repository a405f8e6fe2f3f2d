/* SPDX-License-Identifier: MIT */
/*
 * rows_unit.c - the unit's queue, and what it records and tells of interrupt requests that it
 * blocked. Its own messages are in compatibility format, which is blocked for everybody else.
 * Sources: [VTD] 5.1.4, 6.5.2.8, 7.2-7.4, appendix A. Locking: none.
 */
#include "rows_probes.h"

enum {
	INDEX = 5,
	CPU = 1,
	VECTOR = 0x41,
	EVENT_VECTOR = 0x61
};

void probe_wait_status(struct rows_bench *b)
{
	rows_say(b, rows_wait(b) ? "written" : "not written");
}

void probe_wait_event(struct rows_bench *b)
{
	rows_event_on(b, UNIT_IECTL, CPU, EVENT_VECTOR);
	rows_submit(b, DESCRIPTOR_WAIT | WAIT_INTERRUPT, 0);
	rows_say_taken(b, "no event");
	rows_write(b, UNIT_ICS, 1);
}

void probe_fault_record(struct rows_bench *b)
{
	uint64_t low, high;

	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	if (!rows_record(b, &low, &high)) {
		rows_say(b, "no record");
		rows_say_number(b, "status", rows_read(b, UNIT_FSTS));
		return;
	}
	rows_say_number(b, "reason", FRCD_REASON(high));
	rows_say_number(b, "index", FRCD_INDEX(low));
	rows_say(b, FRCD_SID(high) == b->m->rid[ROWS_A] ? "right source" : "wrong source");
}

static void say_reason(struct rows_bench *b)
{
	uint64_t low, high;

	if (rows_record(b, &low, &high))
		rows_say_number(b, "reason", FRCD_REASON(high));
	else
		rows_say(b, "none");
	rows_write(b, UNIT_FSTS, FSTS_ALL);
}

/* Each kind of block once, by rising reason; every entry is used here only. */
void probe_fault_reasons(struct rows_bench *b)
{
	uint32_t rid = b->m->rid[ROWS_A];

	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(ROWS_NR_ENTRIES), 0);
	say_reason(b);
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	say_reason(b);
	rows_entry(b, INDEX, CPU, VECTOR, rows_only(rid) | ENTRY_RESERVED_HIGH);
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	say_reason(b);
	rows_entry(b, INDEX + 1, CPU, VECTOR, rows_only(rid ^ 1));
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX + 1), 0);
	say_reason(b);
}

void probe_fault_event(struct rows_bench *b)
{
	rows_event_on(b, UNIT_FECTL, CPU, EVENT_VECTOR);
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	rows_say_taken(b, "no event");
}
