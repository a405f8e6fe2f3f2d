/* SPDX-License-Identifier: MIT */
/* rows_bench.h - what probes are written with: a unit that is on, and a line for what was seen. */
#ifndef TESTS_ROWS_BENCH_H
#define TESTS_ROWS_BENCH_H

#include "rows.h"
#include "rows_regs.h"

enum {
	ROWS_NR_ENTRIES = 256,
	ROWS_RING_BYTES = 0x1000,
	ROWS_LINE_BYTES = 120
};

struct rows_bench {
	const struct rows_machine *m;
	volatile uint64_t *table, *ring, *root, *context;
	volatile uint32_t *status;
	uint64_t table_bus, ring_bus, root_bus, context_bus, status_bus;
	uint32_t tail, sequence;
	uint32_t nr_chars;
	char line[ROWS_LINE_BYTES];
};

/* ---- What was seen ---- */

void rows_say(struct rows_bench *b, const char *text);
void rows_say_number(struct rows_bench *b, const char *name, uint64_t value);
/* Settles; "delivered cpu=C vector=V", or @otherwise. */
void rows_say_taken(struct rows_bench *b, const char *otherwise);

/* ---- The unit ---- */

uint32_t rows_read(struct rows_bench *b, uint32_t offset);
void rows_write(struct rows_bench *b, uint32_t offset, uint32_t value);
void rows_write64(struct rows_bench *b, uint32_t offset, uint64_t value);
/* Set or clear one bit; 0: the status never says so. */
int rows_command(struct rows_bench *b, uint32_t bit, int is_on);
void rows_submit(struct rows_bench *b, uint64_t low, uint64_t high);
/* Submits a wait; 0: its status is never written. */
int rows_wait(struct rows_bench *b);
void rows_event_on(struct rows_bench *b, uint32_t control, uint32_t cpu, uint32_t vector);
/* The first record that is full, given back; 0: none. */
int rows_record(struct rows_bench *b, uint64_t *out_low, uint64_t *out_high);

/* A present entry; @high as in the table. Nothing is invalidated. */
void rows_entry(struct rows_bench *b, uint32_t index, uint32_t cpu, uint32_t vector, uint64_t high);
/* High half: this requester and nobody else. */
uint64_t rows_only(uint32_t rid);
void rows_flush_all(struct rows_bench *b);

/* ---- Messages ---- */

/* The device is given this message and sends it once. */
void rows_send(struct rows_bench *b, enum rows_device device, uint64_t address, uint32_t data);

#endif
