/* SPDX-License-Identifier: MIT */
/*
 * traffic.c - see traffic.h. Memory of the simulated machine lies where QEMU's did, so addresses
 * are those of the recording. Each message is sent by one device under the recorded requester id.
 * Where the two differ the difference has to be a row of tests/rows/rows_table.c that QEMU is known
 * by, and has to be allowed in the recording.
 * Sources: [VTD] 5.1, 6.5.2, 9.10, 11.4. Locking: none.
 */
#include "traffic.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../sim/model.h"
#include "../rows/rows.h"

enum {
	MAX_TAKEN = 8,
	MAX_WAITS = 64,
	MAX_INDEX = 65536,
	LINE_BYTES = 160,
	PLATFORM = 0xff00 /* requester id of what is no PCI device */
};

/* Of the unit, as far as it takes to follow the recording. */
#define UNIT_GCMD 0x18u
#define UNIT_FECTL 0x38u
#define UNIT_IQT 0x88u
#define UNIT_IQA 0x90u
#define UNIT_IRTA 0xb8u
#define ADDRESS_MASK (~UINT64_C(0xfff))
#define DESCRIPTOR_TYPE(low) ((low)&0xf)
#define DESCRIPTOR_ENTRY 4u
#define DESCRIPTOR_WAIT 5u
#define WAIT_HAS_STATUS(low) ((low) >> 5 & 1)
#define ENTRY_IM(low) ((low) >> 15 & 1)
#define ENTRY_SVT(high) ((high) >> 18 & 3)
#define SVT_BUSES 2u

enum {
	REASON_RESERVED = 0x24,
	REASON_COMPATIBILITY = 0x25,
	REASON_SOURCE = 0x26
};

struct taken {
	uint32_t apic, vector;
};

struct entry {
	uint64_t low, high;
};

struct wait {
	uint64_t address;
	uint32_t data;
};

struct message {
	int is_store, is_blocked;
	uint16_t rid;
	uint64_t address;
	uint32_t data;
	struct taken to; /* unless blocked */
};

struct player {
	struct sim *s;
	struct sim_unit *u;
	struct sim_device *sender;
	struct traffic_result *result;
	struct taken taken[MAX_TAKEN];
	uint32_t nr_taken;
	struct wait waits[MAX_WAITS];
	uint32_t nr_waits;
	uint32_t tail;
	struct entry last; /* the one that QEMU read last */
	uint8_t is_allowed[TRAFFIC_MAX_ROWS];
	uint8_t *is_stale; /* by index: used with an old content, not invalidated since */
};

static int fail(struct player *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct player *p, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	(void)vsnprintf(p->result->text, sizeof(p->result->text), format, list);
	va_end(list);
	return -1;
}

static void take(void *context, uint32_t cpu, uint32_t vector)
{
	struct player *p = context;

	if (p->nr_taken < MAX_TAKEN)
		p->taken[p->nr_taken++] = (struct taken){ sim_cpu_apic_id(p->s, cpu), vector };
	sim_write(p->s, 0xfee000b0, 4, 0);
}

/* Is it among what was taken? It is gone then. */
static int take_away(struct player *p, const struct taken *t)
{
	for (uint32_t i = 0; i < p->nr_taken; i++) {
		if (p->taken[i].apic != t->apic || p->taken[i].vector != t->vector)
			continue;
		p->taken[i] = p->taken[--p->nr_taken];
		return 1;
	}
	return 0;
}

static uint64_t unit_read64(struct player *p, uint32_t offset)
{
	return sim_read(p->s, sim_unit_address(p->u) + offset, 8);
}

/* ---- Known differences ---- */

static uint32_t row_find(const char *name)
{
	uint32_t i = 0;

	while (i < rows_nr() && strcmp(rows_at(i)->name, name) != 0)
		i++;
	return i;
}

/* The two differ as this row says. */
static int differ(struct player *p, const char *name)
{
	uint32_t row = row_find(name);

	if (row == rows_nr() || row >= TRAFFIC_MAX_ROWS)
		return fail(p, "no row '%s' in tests/rows/rows_table.c", name);
	if (!p->is_allowed[row])
		return fail(p, "differs as row %s says, which is not allowed here", name);
	p->result->nr_differ[row]++;
	return 0;
}

static int do_allow(struct player *p, const char *name)
{
	uint32_t row = row_find(name);

	if (row == rows_nr() || row >= TRAFFIC_MAX_ROWS)
		return fail(p, "no row '%s' in tests/rows/rows_table.c", name);
	if (!rows_at(row)->qemu && !rows_at(row)->needs)
		return fail(p, "row %s is alike on both machines", name);
	p->is_allowed[row] = 1;
	return 0;
}

/* The fault event, which QEMU does not send for interrupt requests: its route. */
static int settle_fault_event(struct player *p)
{
	uint64_t control_data = unit_read64(p, UNIT_FECTL);
	struct taken event = {
		.apic = (uint32_t)(unit_read64(p, UNIT_FECTL + 8) >> 12 & 0xff),
		.vector = (uint32_t)(control_data >> 32 & 0xff),
	};

	if (control_data >> 31 & 1 || !take_away(p, &event))
		return 0;
	return differ(p, "fault-event");
}

/* Nothing may be left that the recording does not know of. */
static int settle_taken(struct player *p)
{
	if (p->nr_taken && settle_fault_event(p))
		return -1;
	if (p->nr_taken)
		return fail(p, "vector %x taken by APIC %u, not so on QEMU", p->taken[0].vector,
			    p->taken[0].apic);
	return 0;
}

/* ---- Writes ---- */

static int do_cpus(struct player *p, uint32_t nr_cpus)
{
	struct sim_error error = { 0 };
	char spec[80];

	(void)snprintf(spec, sizeof(spec), "cpus=%u ram=256M ram-at=0 vtd sender:msi=1,behind=root",
		       nr_cpus);
	p->s = p->s ? NULL : sim_parse(spec, &error);
	if (!p->s)
		return fail(p, "no machine of %u CPUs: %s", nr_cpus, error.text);
	p->u = sim_unit(p->s, 0);
	p->sender = sim_device(p->s, "sender");
	sim_set_interrupt(p->s, take, p);
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		sim_cpu_set(p->s, cpu);
		sim_write(p->s, 0xfee000f0, 4, 0x1ff);
	}
	sim_cpu_set(p->s, 0);
	return 0;
}

static int store64(struct player *p, uint64_t bus, uint64_t low, uint64_t high)
{
	uint64_t *words = sim_ram(p->s, bus, 16);

	if (!words)
		return fail(p, "%" PRIx64 " is no memory", bus);
	words[0] = low;
	words[1] = high;
	return 0;
}

static void forget_stale(struct player *p, uint64_t low)
{
	uint32_t index = (uint32_t)(low >> 32 & 0xffff), mask = (uint32_t)(low >> 27 & 0x1f);

	for (uint32_t i = 0; i < MAX_INDEX; i++)
		if (!(low >> 4 & 1) || i >> mask == index >> mask)
			p->is_stale[i] = 0;
}

static int do_descriptor(struct player *p, uint64_t low, uint64_t high)
{
	uint64_t iqa = unit_read64(p, UNIT_IQA);
	uint32_t ring_bytes = 0x1000u << (iqa & 7);

	p->result->nr_descriptors++;
	if (store64(p, (iqa & ADDRESS_MASK) + p->tail, low, high))
		return -1;
	p->tail = (p->tail + 16) % ring_bytes;
	if (DESCRIPTOR_TYPE(low) == DESCRIPTOR_ENTRY)
		forget_stale(p, low);
	if (DESCRIPTOR_TYPE(low) != DESCRIPTOR_WAIT || !WAIT_HAS_STATUS(low))
		return 0;
	if (p->nr_waits == MAX_WAITS)
		return fail(p, "more than %u waits at once", MAX_WAITS);
	p->waits[p->nr_waits++] = (struct wait){ high, (uint32_t)(low >> 32) };
	return 0;
}

/* On QEMU every wait was done when the write of the tail returned. */
static int settle_waits(struct player *p)
{
	for (uint32_t i = 0; i < p->nr_waits; i++) {
		const uint32_t *status = sim_ram(p->s, p->waits[i].address, 4);
		int is_last = i + 1 == p->nr_waits ||
			      p->waits[i + 1].address != p->waits[i].address;

		if (is_last && (!status || *status != p->waits[i].data))
			return fail(p, "the wait for %x is not done", p->waits[i].data);
	}
	p->nr_waits = 0;
	return 0;
}

static int do_write(struct player *p, uint32_t offset, uint32_t width_bytes, uint64_t value)
{
	if (settle_taken(p))
		return -1;
	if (offset == UNIT_IQT && (value & 0xffffffff) != p->tail)
		return fail(p, "the tail becomes %" PRIx64 ", the descriptors end at %x", value,
			    p->tail);
	if (offset == UNIT_IQA)
		p->tail = 0;
	p->result->nr_writes++;
	sim_write(p->s, sim_unit_address(p->u) + offset, width_bytes, value);
	sim_run_until_idle(p->s);
	return offset == UNIT_IQT ? settle_waits(p) : 0;
}

/* QEMU's unit tells of DMA faults, of which the simulated one knows nothing. */
static int do_event(struct player *p, uint32_t apic, uint32_t vector)
{
	struct taken event = { apic, vector };

	p->result->nr_events++;
	return take_away(p, &event) ? 0 : differ(p, "dma-event");
}

/* ---- Messages ---- */

static int do_entry(struct player *p, uint32_t index, uint64_t low, uint64_t high)
{
	uint64_t irta = unit_read64(p, UNIT_IRTA);

	p->result->nr_entries++;
	p->last = (struct entry){ low, high };
	if (index >= 2u << (irta & 0xf))
		return fail(p, "entry %x is none of the table's", index);
	return store64(p, (irta & ADDRESS_MASK) + index * UINT64_C(16), low, high);
}

static void say_end(char *text, size_t size_bytes, int is_blocked, const struct taken *t)
{
	if (is_blocked)
		(void)snprintf(text, size_bytes, "blocked");
	else
		(void)snprintf(text, size_bytes, "APIC %u, vector %x", t->apic, t->vector);
}

/* QEMU delivered, the simulated unit blocked for @reason. */
static const char *row_of_block(const struct player *p, const struct message *m, uint32_t reason)
{
	if (reason == REASON_COMPATIBILITY)
		return m->is_store ? "store-compatible" : "compatible-blocked";
	if (reason == REASON_RESERVED && ENTRY_IM(p->last.low))
		return "entry-posted";
	if (reason == REASON_SOURCE && m->is_store)
		return "store-other";
	if (reason == REASON_SOURCE && m->rid == PLATFORM)
		return "ioapic-source";
	return NULL;
}

/* The two ended otherwise: is it known? */
static int settle_difference(struct player *p, const struct message *m,
			     const struct sim_unit_stats *before)
{
	struct sim_unit_stats now;
	int is_blocked = !p->nr_taken;
	const char *row = NULL;
	char here[40], there[40];

	sim_unit_stats(p->u, &now);
	say_end(here, sizeof(here), is_blocked, &p->taken[0]);
	say_end(there, sizeof(there), m->is_blocked, &m->to);
	if (now.nr_stale != before->nr_stale) {
		p->is_stale[(m->address >> 5 & 0x7fff) +
			    (m->address >> 3 & 1 ? m->data & 0xffff : 0)] = 1;
		row = "entry-stale";
	} else if (is_blocked && !m->is_blocked) {
		row = row_of_block(p, m, now.last_reason);
	} else if (!is_blocked && m->is_blocked && ENTRY_SVT(p->last.high) == SVT_BUSES) {
		row = "source-buses-many";
	}
	p->nr_taken = 0;
	if (row)
		return differ(p, row);
	return fail(p, "%s, on QEMU %s (last reason of a fault: %x)", here, there, now.last_reason);
}

static int message_send(struct player *p, const struct message *m)
{
	struct sim_unit_stats before;

	sim_unit_stats(p->u, &before);
	p->sender->requester = m->rid;
	sim_device_write(p->sender, m->address, m->data);
	sim_run_until_idle(p->s);
	p->result->nr_messages++;
	p->result->nr_blocked += m->is_blocked != 0;
	if (!m->is_blocked && take_away(p, &m->to))
		return settle_taken(p);
	if (p->nr_taken && settle_fault_event(p))
		return -1;
	if (!p->nr_taken && m->is_blocked)
		return 0;
	return settle_difference(p, m, &before);
}

static int do_message(struct player *p, const char *line)
{
	struct message m = { .is_store = line[0] == 's' };
	uint32_t nr_times = 1;
	unsigned int rid;
	char end[24];
	int at = 0;

	if (settle_taken(p))
		return -1;
	if (sscanf(line, "%*s %x %" SCNx64 " %x > %n", &rid, &m.address, &m.data, &at) != 3 || !at)
		return fail(p, "not a message: %s", line);
	m.rid = (uint16_t)rid;
	if (sscanf(line + at, "%u %x x%u", &m.to.apic, &m.to.vector, &nr_times) < 2) {
		m.is_blocked = 1;
		if (sscanf(line + at, "%23s x%u", end, &nr_times) < 1 ||
		    strcmp(end, "blocked") != 0)
			return fail(p, "no end of a message: %s", line);
	}
	for (uint32_t i = 0; i < nr_times; i++)
		if (message_send(p, &m))
			return -1;
	return 0;
}

/* ---- A recording ---- */

static int do_line(struct player *p, const char *line)
{
	uint64_t a, b, c;
	unsigned int x, y;
	char name[40];

	if (!line[0] || line[0] == '#')
		return 0;
	if (sscanf(line, "allow %39s", name) == 1)
		return do_allow(p, name);
	if (sscanf(line, "cpus %u", &x) == 1)
		return do_cpus(p, x);
	if (!p->s)
		return fail(p, "the number of CPUs comes first");
	if (sscanf(line, "descriptor %" SCNx64 " %" SCNx64, &a, &b) == 2)
		return do_descriptor(p, a, b);
	if (sscanf(line, "write %" SCNx64 " %" SCNx64 " %" SCNx64, &a, &b, &c) == 3)
		return do_write(p, (uint32_t)a, (uint32_t)b, c);
	if (sscanf(line, "event > %u %x", &x, &y) == 2)
		return do_event(p, x, y);
	if (sscanf(line, "entry %" SCNx64 " %" SCNx64 " %" SCNx64, &a, &b, &c) == 3)
		return do_entry(p, (uint32_t)a, b, c);
	if (!strncmp(line, "message ", 8) || !strncmp(line, "store ", 6))
		return do_message(p, line);
	return fail(p, "not an operation: %s", line);
}

/* The end: everything said, no old content left in use, every allowance needed. */
static int settle_end(struct player *p)
{
	if (!p->s)
		return fail(p, "an empty recording");
	if (settle_taken(p))
		return -1;
	for (uint32_t i = 0; i < MAX_INDEX; i++)
		if (p->is_stale[i])
			return fail(p, "entry %x was changed in use and never invalidated", i);
	for (uint32_t i = 0; i < rows_nr() && i < TRAFFIC_MAX_ROWS; i++)
		if (p->is_allowed[i] && !p->result->nr_differ[i] &&
		    strcmp(rows_at(i)->name, "entry-stale") != 0) /* a matter of time */
			return fail(p, "row %s is allowed and does not occur", rows_at(i)->name);
	return 0;
}

static int play(struct player *p, const char *text)
{
	while (*text) {
		size_t nr = strcspn(text, "\n");
		char line[LINE_BYTES];

		p->result->line++;
		if (nr >= sizeof(line))
			return fail(p, "a line of %zu characters", nr);
		memcpy(line, text, nr);
		line[nr] = '\0';
		if (do_line(p, line))
			return -1;
		if (p->s && sim_violation(p->s))
			return fail(p, "%s", sim_violation(p->s));
		text += nr + (text[nr] == '\n');
	}
	return settle_end(p);
}

int traffic_replay(const char *recording, struct traffic_result *out_result)
{
	struct player *p = calloc(1, sizeof(*p));
	int err = -1;

	memset(out_result, 0, sizeof(*out_result));
	if (!p)
		return -1;
	p->result = out_result;
	p->is_stale = calloc(1, MAX_INDEX);
	if (p->is_stale)
		err = play(p, recording);
	if (!err)
		out_result->line = 0;
	if (p->s)
		sim_free(p->s);
	free(p->is_stale);
	free(p);
	return err;
}
