/* SPDX-License-Identifier: MIT */
/*
 * rows.c - runs the table: before each row the unit has an empty table, nothing cached, no fault
 * recorded, its events masked, compatibility format blocked and DMA remapping off.
 * Sources: [VTD] 6.5.2, 11.4.4 (commands one at a time, lasting bits repeated). Locking: none.
 */
#include "rows_bench.h"

#include <stddef.h>

enum {
	MAX_POLLS = 1000,
	PAGE_BYTES = 0x1000
};

/* ---- What was seen ---- */

void rows_say(struct rows_bench *b, const char *text)
{
	if (b->nr_chars && b->nr_chars < ROWS_LINE_BYTES - 1)
		b->line[b->nr_chars++] = ' ';
	while (*text && b->nr_chars < ROWS_LINE_BYTES - 1)
		b->line[b->nr_chars++] = *text++;
	b->line[b->nr_chars] = '\0';
}

/* "name=0x12" */
void rows_say_number(struct rows_bench *b, const char *name, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";
	char text[40];
	uint32_t nr = 0, shift = 60;

	while (*name && nr < 16)
		text[nr++] = *name++;
	text[nr++] = '=';
	text[nr++] = '0';
	text[nr++] = 'x';
	while (shift && !(value >> shift))
		shift -= 4;
	for (;; shift -= 4) {
		text[nr++] = digits[value >> shift & 0xf];
		if (!shift)
			break;
	}
	text[nr] = '\0';
	rows_say(b, text);
}

void rows_say_taken(struct rows_bench *b, const char *otherwise)
{
	uint32_t nr_ways = 0;

	b->m->settle(b->m->context);
	for (uint32_t cpu = 0; cpu < ROWS_NR_CPUS; cpu++) {
		for (uint32_t v = ROWS_FIRST_VECTOR; v < ROWS_LIMIT_VECTOR; v++) {
			uint32_t nr = b->m->nr_taken(b->m->context, cpu, v);

			if (!nr)
				continue;
			nr_ways++;
			rows_say(b, "delivered");
			rows_say_number(b, "cpu", cpu);
			rows_say_number(b, "vector", v);
			if (nr > 1)
				rows_say_number(b, "times", nr);
		}
	}
	if (!nr_ways)
		rows_say(b, otherwise);
	b->m->forget(b->m->context);
}

/* ---- The unit ---- */

uint32_t rows_read(struct rows_bench *b, uint32_t offset)
{
	return (uint32_t)b->m->read(b->m->context, b->m->unit + offset, 4);
}

void rows_write(struct rows_bench *b, uint32_t offset, uint32_t value)
{
	b->m->write(b->m->context, b->m->unit + offset, 4, value);
}

static uint64_t read64(struct rows_bench *b, uint32_t offset)
{
	return b->m->read(b->m->context, b->m->unit + offset, 8);
}

void rows_write64(struct rows_bench *b, uint32_t offset, uint64_t value)
{
	b->m->write(b->m->context, b->m->unit + offset, 8, value);
}

int rows_command(struct rows_bench *b, uint32_t bit, int is_on)
{
	uint32_t kept = rows_read(b, UNIT_GSTS) & COMMAND_LASTING & ~bit;

	rows_write(b, UNIT_GCMD, is_on ? kept | bit : kept);
	for (uint32_t i = 0; i < MAX_POLLS; i++)
		if (((rows_read(b, UNIT_GSTS) & bit) != 0) == is_on)
			return 1;
	return 0;
}

void rows_submit(struct rows_bench *b, uint64_t low, uint64_t high)
{
	b->ring[b->tail / 8] = low;
	b->ring[b->tail / 8 + 1] = high;
	b->tail = (b->tail + DESCRIPTOR_BYTES) % ROWS_RING_BYTES;
	rows_write(b, UNIT_IQT, b->tail);
}

int rows_wait(struct rows_bench *b)
{
	uint64_t low = DESCRIPTOR_WAIT | WAIT_STATUS | WAIT_DATA(++b->sequence);

	rows_submit(b, low, b->status_bus);
	for (uint32_t i = 0; i < MAX_POLLS; i++) {
		if (*b->status == b->sequence)
			return 1;
		(void)rows_read(b, UNIT_GSTS); /* lets time pass */
	}
	return 0;
}

/* Order: where it goes first, then the mask. */
void rows_event_on(struct rows_bench *b, uint32_t control, uint32_t cpu, uint32_t vector)
{
	rows_write(b, control + EVENT_DATA, vector);
	rows_write(b, control + EVENT_ADDRESS, (uint32_t)MESSAGE_COMPATIBLE(cpu));
	rows_write(b, control + EVENT_UPPER, 0);
	rows_write(b, control, 0);
}

int rows_record(struct rows_bench *b, uint64_t *out_low, uint64_t *out_high)
{
	uint64_t cap = read64(b, UNIT_CAP);

	b->m->settle(b->m->context);
	for (uint32_t i = 0; i < CAP_NFR(cap); i++) {
		uint32_t at = CAP_FRO(cap) + i * FRCD_BYTES;

		*out_low = read64(b, at);
		*out_high = read64(b, at + 8);
		if (*out_high & FRCD_F) {
			rows_write(b, at + 12, (uint32_t)(FRCD_F >> 32));
			return 1;
		}
	}
	return 0;
}

void rows_entry(struct rows_bench *b, uint32_t index, uint32_t cpu, uint32_t vector, uint64_t high)
{
	b->table[2 * index + 1] = high;
	b->table[2 * index] = ENTRY_PRESENT | ENTRY_VECTOR(vector) | ENTRY_APIC(cpu);
}

uint64_t rows_only(uint32_t rid)
{
	return ENTRY_SVT(SVT_ID) | rid;
}

void rows_flush_all(struct rows_bench *b)
{
	rows_submit(b, DESCRIPTOR_ENTRIES_ALL, 0);
	if (!rows_wait(b))
		rows_say(b, "(the queue stands)");
}

/* ---- Messages ---- */

static uint32_t find_msi(struct rows_bench *b, uint16_t rid)
{
	const struct rows_machine *m = b->m;
	uint32_t at = m->config_read(m->context, rid, CONFIG_CAPABILITIES, 1) & 0xfc;

	for (uint32_t i = 0; at && i < 48; i++) {
		if (m->config_read(m->context, rid, at, 1) == CAPABILITY_MSI)
			return at;
		at = m->config_read(m->context, rid, at + 1, 1) & 0xfc;
	}
	return 0;
}

void rows_send(struct rows_bench *b, enum rows_device device, uint64_t address, uint32_t data)
{
	const struct rows_machine *m = b->m;
	uint16_t rid = m->rid[device];
	uint32_t at = find_msi(b, rid), control;

	if (!at) {
		rows_say(b, "(no MSI)");
		return;
	}
	control = m->config_read(m->context, rid, at + MSI_CONTROL, 2);
	m->config_write(m->context, rid, at + MSI_ADDRESS, 4, (uint32_t)address);
	m->config_write(m->context, rid, at + MSI_UPPER, 4, (uint32_t)(address >> 32));
	m->config_write(m->context, rid, at + MSI_DATA, 2, data);
	m->config_write(m->context, rid, at + MSI_CONTROL, 2, control | MSI_CONTROL_ENABLE);
	m->raise(m->context, device);
	m->settle(m->context);
	m->config_write(m->context, rid, at + MSI_CONTROL, 2, control & ~MSI_CONTROL_ENABLE);
}

/* ---- Rows ---- */

static int bring_memory(struct rows_bench *b)
{
	const struct rows_machine *m = b->m;

	b->table = m->alloc(m->context, ROWS_NR_ENTRIES * 16, &b->table_bus);
	b->ring = m->alloc(m->context, ROWS_RING_BYTES, &b->ring_bus);
	b->status = m->alloc(m->context, PAGE_BYTES, &b->status_bus);
	b->root = m->alloc(m->context, PAGE_BYTES, &b->root_bus);
	b->context = m->alloc(m->context, PAGE_BYTES, &b->context_bus);
	return b->table && b->ring && b->status && b->root && b->context;
}

/* Order: queue, table, invalidation of what the unit remembers, remapping ([VTD] 6.7). */
static int bring_up(struct rows_bench *b)
{
	if (!bring_memory(b))
		return 0;
	rows_write64(b, UNIT_IQA, b->ring_bus);
	if (!rows_command(b, COMMAND_QIE, 1))
		return 0;
	rows_write64(b, UNIT_IRTA, b->table_bus | IRTA_256_ENTRIES);
	if (!rows_command(b, COMMAND_SIRTP, 1))
		return 0;
	rows_submit(b, DESCRIPTOR_ENTRIES_ALL, 0);
	return rows_wait(b) && rows_command(b, COMMAND_IRE, 1);
}

static void clear(struct rows_bench *b)
{
	uint64_t low, high;

	for (uint32_t i = 0; i < 2 * ROWS_NR_ENTRIES; i++)
		b->table[i] = 0;
	rows_flush_all(b);
	while (rows_record(b, &low, &high))
		;
	rows_write(b, UNIT_FSTS, FSTS_ALL);
	rows_write(b, UNIT_FECTL, EVENT_MASKED);
	rows_write(b, UNIT_IECTL, EVENT_MASKED);
	b->m->settle(b->m->context);
	b->m->forget(b->m->context);
	b->nr_chars = 0;
	b->line[0] = '\0';
}

static int is_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

int rows_run(const struct rows_machine *m, enum rows_side side, rows_result *result)
{
	struct rows_bench b = { .m = m };

	if (!bring_up(&b))
		return -1;
	for (uint32_t i = 0; i < rows_nr(); i++) {
		const struct row *row = rows_at(i);
		const char *expected = side == ROWS_QEMU && row->qemu ? row->qemu : row->spec;

		clear(&b);
		if (row->needs & m->lacks) {
			rows_say(&b, ROWS_ABSENT);
			expected = ROWS_ABSENT;
		} else {
			row->probe(&b);
		}
		result(m->context, row, b.line, expected, is_equal(b.line, expected));
	}
	clear(&b);
	return rows_command(&b, COMMAND_IRE, 0) && rows_command(&b, COMMAND_QIE, 0) ? 0 : -1;
}
