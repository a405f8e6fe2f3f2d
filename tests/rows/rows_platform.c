/* SPDX-License-Identifier: MIT */
/*
 * rows_platform.c - probes of what the simulated machine has not: DMA remapping, an I/O APIC, an
 * HPET. They run on QEMU and have a line in the table all the same.
 * Sources: [VTD] 5.1.5, 7.2, 9.1, 9.3, 11.4.4, 11.4.5; [HPET] 2.3. Locking: none.
 */
#include "rows_probes.h"

enum {
	INDEX = 1, /* small: what it addresses by mistake in a local APIC is read-only */
	CPU = 1,
	VECTOR = 0x41,
	EVENT_VECTOR = 0x61,
	PIN = 20,
	MAX_POLLS = 10000000,
	TICKS_TO_FIRE = 100000,
	TICKS_TO_GIVE_UP = 50000000 /* half a second at 100 MHz */
};

#define FORBIDDEN UINT64_C(0x1234000)

/* ---- DMA remapping ---- */

static void dma_remapping_on(struct rows_bench *b)
{
	rows_write64(b, UNIT_RTADDR, b->root_bus);
	if (!rows_command(b, COMMAND_SRTP, 1))
		rows_say(b, "(no root table)");
	rows_submit(b, DESCRIPTOR_CONTEXT_ALL, 0);
	rows_submit(b, DESCRIPTOR_IOTLB_ALL, 0);
	if (!rows_wait(b) || !rows_command(b, COMMAND_TE, 1))
		rows_say(b, "(no DMA remapping)");
}

static void dma_remapping_off(struct rows_bench *b)
{
	if (!rows_command(b, COMMAND_TE, 0))
		rows_say(b, "(DMA remapping stays)");
	b->root[0] = 0;
	for (uint32_t i = 0; i < 512; i++)
		b->context[i] = 0;
}

static void say_dma_fault(struct rows_bench *b)
{
	uint64_t low, high;

	if (!rows_record(b, &low, &high)) {
		rows_say(b, "no record");
		return;
	}
	rows_say_number(b, "reason", FRCD_REASON(high));
	rows_say(b, FRCD_SID(high) == b->m->rid[ROWS_A] ? "right source" : "wrong source");
	rows_say(b, low == FORBIDDEN ? "right address" : "wrong address");
}

void probe_dma_root_absent(struct rows_bench *b)
{
	dma_remapping_on(b);
	b->m->load(b->m->context, ROWS_A, FORBIDDEN);
	say_dma_fault(b);
	dma_remapping_off(b);
}

void probe_dma_context_absent(struct rows_bench *b)
{
	b->root[0] = b->context_bus | ROOT_PRESENT;
	dma_remapping_on(b);
	b->m->load(b->m->context, ROWS_A, FORBIDDEN);
	say_dma_fault(b);
	dma_remapping_off(b);
}

/* Remapping of interrupts is on and compatibility format blocked: the event arrives unremapped. */
void probe_dma_event(struct rows_bench *b)
{
	rows_event_on(b, UNIT_FECTL, CPU, EVENT_VECTOR);
	dma_remapping_on(b);
	b->m->load(b->m->context, ROWS_A, FORBIDDEN);
	rows_say_taken(b, "no event");
	dma_remapping_off(b);
}

/* Memory accesses of A pass through as they are. */
static void let_pass(struct rows_bench *b)
{
	uint32_t function = b->m->rid[ROWS_A] & 0xff;

	b->context[2 * function] = CONTEXT_LOW_PASS_THROUGH;
	b->context[2 * function + 1] = CONTEXT_HIGH_39_BITS;
	b->root[0] = b->context_bus | ROOT_PRESENT;
	rows_entry(b, INDEX, CPU, VECTOR, 0);
	dma_remapping_on(b);
}

void probe_dma_on_message(struct rows_bench *b)
{
	let_pass(b);
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	rows_say_taken(b, "blocked");
	dma_remapping_off(b);
}

void probe_dma_on_store(struct rows_bench *b)
{
	let_pass(b);
	b->m->store(b->m->context, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0, 4);
	rows_say_taken(b, "blocked");
	dma_remapping_off(b);
}

/* ---- The HPET's first timer fires once ---- */

static uint64_t hpet_read(struct rows_bench *b, uint32_t offset)
{
	return b->m->read(b->m->context, HPET + offset, 8);
}

static void hpet_write(struct rows_bench *b, uint32_t offset, uint64_t value)
{
	b->m->write(b->m->context, HPET + offset, 8, value);
}

static int is_anything_taken(struct rows_bench *b)
{
	for (uint32_t cpu = 0; cpu < ROWS_NR_CPUS; cpu++)
		for (uint32_t v = ROWS_FIRST_VECTOR; v < ROWS_LIMIT_VECTOR; v++)
			if (b->m->nr_taken(b->m->context, cpu, v))
				return 1;
	return 0;
}

/* Order: the comparator first; an old one lies in the past and would fire at once. */
static void hpet_fire(struct rows_bench *b, uint32_t timer_bits)
{
	uint64_t begin;

	hpet_write(b, HPET_CONFIG, HPET_CONFIG_ENABLE);
	begin = hpet_read(b, HPET_COUNTER);
	hpet_write(b, HPET_TIMER_COMPARATOR, begin + TICKS_TO_FIRE);
	hpet_write(b, HPET_TIMER, timer_bits | HPET_TIMER_ENABLE);
	for (uint32_t i = 0; i < MAX_POLLS && !is_anything_taken(b); i++)
		if (hpet_read(b, HPET_COUNTER) - begin > TICKS_TO_GIVE_UP)
			break;
	hpet_write(b, HPET_TIMER, 0);
}

static void hpet_send(struct rows_bench *b, uint64_t address, uint32_t data)
{
	hpet_write(b, HPET_TIMER_MESSAGE, address << 32 | data);
	hpet_fire(b, HPET_TIMER_BY_MESSAGE);
	rows_say_taken(b, "blocked");
}

void probe_hpet_compatible(struct rows_bench *b)
{
	hpet_send(b, MESSAGE_COMPATIBLE(CPU), VECTOR);
}

void probe_hpet_remappable(struct rows_bench *b)
{
	rows_entry(b, INDEX, CPU, VECTOR, 0);
	hpet_send(b, MESSAGE_REMAPPABLE(INDEX), 0);
}

/* ---- The I/O APIC ---- */

static void ioapic_write(struct rows_bench *b, uint32_t index, uint32_t value)
{
	b->m->write(b->m->context, IOAPIC + IOAPIC_SELECT, 4, index);
	b->m->write(b->m->context, IOAPIC + IOAPIC_WINDOW, 4, value);
}

/* The vector in the pin's entry is that of the remapping entry ([VTD] 5.1.5.1). */
static void ioapic_fire(struct rows_bench *b, uint64_t high)
{
	uint64_t entry = IOAPIC_REMAPPABLE | IOAPIC_INDEX(INDEX) | VECTOR;

	rows_entry(b, INDEX, CPU, VECTOR, high);
	ioapic_write(b, IOAPIC_ENTRY(PIN) + 1, (uint32_t)(entry >> 32));
	ioapic_write(b, IOAPIC_ENTRY(PIN), (uint32_t)entry);
	hpet_fire(b, HPET_TIMER_PIN(PIN));
	rows_say_taken(b, "blocked");
	ioapic_write(b, IOAPIC_ENTRY(PIN), IOAPIC_MASKED);
}

void probe_ioapic(struct rows_bench *b)
{
	ioapic_fire(b, 0);
}

/* An id that is certainly not the I/O APIC's: a device's. */
void probe_ioapic_source(struct rows_bench *b)
{
	ioapic_fire(b, rows_only(b->m->rid[ROWS_A]));
}
