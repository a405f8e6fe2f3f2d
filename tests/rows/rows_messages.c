/* SPDX-License-Identifier: MIT */
/*
 * rows_messages.c - what the unit does with one message: through which entry, from whom, in which
 * format, sent as MSI or stored by DMA.
 * Sources: [VTD] 5.1.2-5.1.4, 6.1, 9.10. Locking: none.
 */
#include "rows_probes.h"

enum {
	INDEX = 5,
	OTHER = 8,
	CPU = 1,
	VECTOR = 0x41,
	OTHER_VECTOR = 0x62
};

static uint32_t rid_of(const struct rows_bench *b, enum rows_device device)
{
	return b->m->rid[device];
}

/* @device sends through one entry whose high half is @high. */
static void send_through(struct rows_bench *b, enum rows_device device, uint64_t high)
{
	rows_entry(b, INDEX, CPU, VECTOR, high);
	rows_send(b, device, MESSAGE_REMAPPABLE(INDEX), 0);
	rows_say_taken(b, "blocked");
}

/* A sends through an entry with these bits turned over. */
static void send_spoilt(struct rows_bench *b, uint64_t low, uint64_t high)
{
	rows_entry(b, INDEX, CPU, VECTOR, rows_only(rid_of(b, ROWS_A)) ^ high);
	b->table[2 * INDEX] ^= low;
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	rows_say_taken(b, "blocked");
}

/* ---- Entries ---- */

void probe_entry(struct rows_bench *b)
{
	send_through(b, ROWS_A, 0);
}

static void send_with_data(struct rows_bench *b, uint64_t address_bits)
{
	rows_entry(b, INDEX, 0, VECTOR, 0);
	rows_entry(b, OTHER, 0, OTHER_VECTOR, 0);
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX) | address_bits, OTHER - INDEX);
	rows_say_taken(b, "blocked");
}

void probe_subhandle_added(struct rows_bench *b)
{
	send_with_data(b, MESSAGE_SUBHANDLE);
}

void probe_subhandle_ignored(struct rows_bench *b)
{
	send_with_data(b, 0);
}

void probe_entry_absent(struct rows_bench *b)
{
	send_spoilt(b, ENTRY_PRESENT, 0);
}

void probe_entry_reserved_low(struct rows_bench *b)
{
	send_spoilt(b, ENTRY_RESERVED_LOW, 0);
}

void probe_entry_reserved_high(struct rows_bench *b)
{
	send_spoilt(b, 0, ENTRY_RESERVED_HIGH);
}

void probe_entry_posted(struct rows_bench *b)
{
	send_spoilt(b, ENTRY_POSTED, 0);
}

/* Entry 0 is good, so that an index cut to the table's size would be seen. */
void probe_index_beyond(struct rows_bench *b)
{
	rows_entry(b, 0, CPU, VECTOR, 0);
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(ROWS_NR_ENTRIES), 0);
	rows_say_taken(b, "blocked");
}

/* Used once, changed, used again. */
static void change_used_entry(struct rows_bench *b)
{
	send_through(b, ROWS_A, 0);
	rows_say(b, "then");
	rows_entry(b, INDEX, 0, OTHER_VECTOR, 0);
}

void probe_entry_stale(struct rows_bench *b)
{
	change_used_entry(b);
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	rows_say_taken(b, "blocked");
}

void probe_entry_invalidated(struct rows_bench *b)
{
	change_used_entry(b);
	rows_submit(b, DESCRIPTOR_ENTRY(INDEX), 0);
	if (!rows_wait(b))
		rows_say(b, "(no end)");
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	rows_say_taken(b, "blocked");
}

/* ---- Who sends ---- */

void probe_source_match(struct rows_bench *b)
{
	send_through(b, ROWS_A, rows_only(rid_of(b, ROWS_A)));
}

void probe_source_mismatch(struct rows_bench *b)
{
	send_through(b, ROWS_A, rows_only(rid_of(b, ROWS_A) ^ 1));
}

/* Without bit 2 of the id compared, an id that differs there is let in. */
void probe_source_qualifier(struct rows_bench *b)
{
	send_through(b, ROWS_A, rows_only(rid_of(b, ROWS_A) ^ 4) | ENTRY_SQ(1));
}

/* The upper byte of SID is the first bus, the lower one the last. */
static void send_by_buses(struct rows_bench *b, uint32_t first, uint32_t last)
{
	send_through(b, ROWS_PORT, ENTRY_SVT(SVT_BUSES) | (first & 0xff) << 8 | (last & 0xff));
}

void probe_source_buses_in(struct rows_bench *b)
{
	uint32_t bus = rid_of(b, ROWS_PORT) >> 8;

	send_by_buses(b, bus, bus);
}

void probe_source_buses_many(struct rows_bench *b)
{
	uint32_t bus = rid_of(b, ROWS_PORT) >> 8;

	send_by_buses(b, bus, bus + 1);
}

void probe_source_buses_out(struct rows_bench *b)
{
	uint32_t bus = rid_of(b, ROWS_PORT) >> 8;

	send_by_buses(b, bus + 1, bus + 2);
}

/* The source matches: what blocks is the type. */
void probe_source_reserved(struct rows_bench *b)
{
	send_through(b, ROWS_A, ENTRY_SVT(SVT_RESERVED) | rid_of(b, ROWS_A));
}

void probe_other_device(struct rows_bench *b)
{
	send_through(b, ROWS_B, rows_only(rid_of(b, ROWS_A)));
}

void probe_port_own_id(struct rows_bench *b)
{
	send_through(b, ROWS_PORT, rows_only(rid_of(b, ROWS_PORT)));
}

void probe_bridge_alias(struct rows_bench *b)
{
	send_through(b, ROWS_BRIDGE, rows_only(rid_of(b, ROWS_BRIDGE) & 0xff00));
}

void probe_bridge_own_id(struct rows_bench *b)
{
	send_through(b, ROWS_BRIDGE, rows_only(rid_of(b, ROWS_BRIDGE)));
}

/* ---- Compatibility format ---- */

void probe_compatible_blocked(struct rows_bench *b)
{
	rows_send(b, ROWS_A, MESSAGE_COMPATIBLE(CPU), VECTOR);
	rows_say_taken(b, "blocked");
}

void probe_compatible_command(struct rows_bench *b)
{
	rows_say(b, rows_command(b, COMMAND_CFI, 1) ? "status set" : "status never set");
	rows_say(b, rows_command(b, COMMAND_CFI, 0) ? "and cleared" : "and never cleared");
}

void probe_compatible_allowed(struct rows_bench *b)
{
	(void)rows_command(b, COMMAND_CFI, 1);
	rows_send(b, ROWS_A, MESSAGE_COMPATIBLE(CPU), VECTOR);
	rows_say_taken(b, "blocked");
	(void)rows_command(b, COMMAND_CFI, 0);
}

/* ---- Extended mode: 32-bit destinations ---- */

/* The table is the same, read in the other way. */
static void set_table(struct rows_bench *b, uint64_t mode)
{
	rows_write64(b, UNIT_IRTA, b->table_bus | IRTA_256_ENTRIES | mode);
	if (!rows_command(b, COMMAND_SIRTP, 1))
		rows_say(b, "(the table is not taken)");
	rows_flush_all(b);
}

static void send_wide(struct rows_bench *b, uint32_t apic)
{
	set_table(b, IRTA_EIME);
	b->table[2 * INDEX] = ENTRY_PRESENT | ENTRY_VECTOR(VECTOR) | ENTRY_WIDE_APIC(apic);
	rows_send(b, ROWS_A, MESSAGE_REMAPPABLE(INDEX), 0);
	rows_say_taken(b, "blocked");
	set_table(b, 0);
}

void probe_wide_destination(struct rows_bench *b)
{
	send_wide(b, CPU);
}

/* No such APIC, but there is one with the same lower eight bits. */
void probe_wide_upper_bits(struct rows_bench *b)
{
	send_wide(b, CPU | 0x100);
}

void probe_wide_compatible(struct rows_bench *b)
{
	set_table(b, IRTA_EIME);
	(void)rows_command(b, COMMAND_CFI, 1);
	rows_send(b, ROWS_A, MESSAGE_COMPATIBLE(CPU), VECTOR);
	rows_say_taken(b, "blocked");
	(void)rows_command(b, COMMAND_CFI, 0);
	set_table(b, 0);
}

/* ---- Stored by DMA ---- */

static void store(struct rows_bench *b, enum rows_device device, uint64_t address, uint32_t data,
		  uint32_t width_bytes)
{
	b->m->store(b->m->context, device, address, data, width_bytes);
	rows_say_taken(b, "blocked");
}

void probe_store_compatible(struct rows_bench *b)
{
	store(b, ROWS_A, MESSAGE_COMPATIBLE(CPU), VECTOR, 4);
}

static void store_through(struct rows_bench *b, enum rows_device device, uint64_t high,
			  uint32_t width_bytes)
{
	rows_entry(b, INDEX, CPU, VECTOR, high);
	store(b, device, MESSAGE_REMAPPABLE(INDEX), 0, width_bytes);
}

void probe_store_remappable(struct rows_bench *b)
{
	store_through(b, ROWS_A, 0, 4);
}

void probe_store_own(struct rows_bench *b)
{
	store_through(b, ROWS_A, rows_only(rid_of(b, ROWS_A)), 4);
}

void probe_store_other(struct rows_bench *b)
{
	store_through(b, ROWS_B, rows_only(rid_of(b, ROWS_A)), 4);
}

void probe_store_wide(struct rows_bench *b)
{
	store_through(b, ROWS_A, 0, 8);
}
