/* SPDX-License-Identifier: MIT */
/*
 * test_machine_vtd.c - the simulated VT-d unit against the specification: what is delivered,
 * blocked, recorded; entries that stay cached; the queue and its errors; the orders that software
 * must keep. Where QEMU 7.2 answers otherwise the test says so.
 * Sources: [VTD] 5.1, 6.5, 7, 9.10, 11.4, appendix A.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../sim/machine.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))

#define ECAP 0x10
#define GCMD 0x18
#define GSTS 0x1c
#define FSTS 0x34
#define FECTL 0x38
#define IQH 0x80
#define IQT 0x88
#define IQA 0x90
#define ICS 0x9c
#define IECTL 0xa0
#define IRTA 0xb8
#define FRCD 0x220
#define QIE (1u << 26)
#define IRE (1u << 25)
#define SIRTP (1u << 24)
#define CFI (1u << 23)

#define NR_ENTRIES 256u
#define RING_BYTES 0x1000u
#define COMPATIBLE UINT64_C(0xfee00000)
#define REMAPPABLE(index) (UINT64_C(0xfee00010) | (uint64_t)(index) << 5)
#define ENTRY(vector, cpu) (UINT64_C(1) | (uint64_t)(vector) << 16 | (uint64_t)(cpu) << 40)
#define SVT_ID (UINT64_C(1) << 18)
#define SVT_BUSES (UINT64_C(2) << 18)
#define SQ(n) ((uint64_t)(n) << 16)

struct bench {
	struct sim *s;
	struct sim_unit *u;
	struct sim_device *d;
	uint64_t *table, *ring;
	uint64_t table_bus, ring_bus;
	uint32_t tail, sequence;
	uint32_t nr_taken, last_cpu, last_vector;
};

static void take(void *context, uint32_t cpu, uint32_t vector)
{
	struct bench *b = context;

	b->nr_taken++;
	b->last_cpu = cpu;
	b->last_vector = vector;
	sim_write(b->s, 0xfee000b0, 4, 0);
}

static uint32_t read32(const struct bench *b, uint32_t offset)
{
	return (uint32_t)sim_read(b->s, sim_unit_address(b->u) + offset, 4);
}

static void write32(const struct bench *b, uint32_t offset, uint32_t value)
{
	sim_write(b->s, sim_unit_address(b->u) + offset, 4, value);
}

static void write64(const struct bench *b, uint32_t offset, uint64_t value)
{
	sim_write(b->s, sim_unit_address(b->u) + offset, 8, value);
}

static uint64_t read64(const struct bench *b, uint32_t offset)
{
	return sim_read(b->s, sim_unit_address(b->u) + offset, 8);
}

static void bench_new(struct bench *b, const char *machine)
{
	struct sim_error error = { 0 };

	memset(b, 0, sizeof(*b));
	b->s = sim_parse(machine, &error);
	if (!b->s)
		fail_msg("%s: '%s': %s", machine, error.word, error.text);
	b->u = sim_unit(b->s, 0);
	b->d = sim_device_at(b->s, 0);
	sim_set_interrupt(b->s, take, b);
	for (uint32_t cpu = 0; cpu < sim_spec(b->s)->nr_cpus; cpu++) {
		sim_cpu_set(b->s, cpu);
		sim_write(b->s, 0xfee000f0, 4, 0x1ff);
	}
	sim_cpu_set(b->s, 0);
	b->table = sim_ram_alloc(b->s, NR_ENTRIES * 16, 0x1000, 64, &b->table_bus);
	b->ring = sim_ram_alloc(b->s, 2 * RING_BYTES, 0x1000, 64, &b->ring_bus);
	sim_ram_clean(b->s, b->table, NR_ENTRIES * 16);
	sim_ram_clean(b->s, b->ring, 2 * RING_BYTES);
}

static void bench_down(struct bench *b)
{
	if (sim_violation(b->s))
		fail_msg("%s", sim_violation(b->s));
	sim_free(b->s);
}

static void violated(struct bench *b, const char *part)
{
	assert_non_null(sim_violation(b->s));
	if (!strstr(sim_violation(b->s), part))
		fail_msg("'%s' has no '%s'", sim_violation(b->s), part);
	sim_violation_clear(b->s);
}

/* One bit set or cleared, and waited for. */
static void command(const struct bench *b, uint32_t bit, int is_on)
{
	uint32_t lasting = read32(b, GSTS) & ~SIRTP;

	write32(b, GCMD, is_on ? lasting | bit : lasting & ~bit);
	for (uint32_t i = 0; i < 1000; i++)
		if (((read32(b, GSTS) & bit) != 0) == is_on)
			return;
	fail_msg("the command 0x%x has no effect", bit);
}

static void put(struct bench *b, uint64_t low, uint64_t high)
{
	b->ring[b->tail / 8] = low;
	b->ring[b->tail / 8 + 1] = high;
	sim_ram_clean(b->s, &b->ring[b->tail / 8], 16);
	b->tail = (b->tail + 16) % RING_BYTES;
}

static volatile uint32_t *status_word(const struct bench *b)
{
	return (volatile uint32_t *)((uint8_t *)b->ring + RING_BYTES);
}

static void put_wait(struct bench *b, uint32_t flags)
{
	put(b, 5 | 1 << 5 | flags | (uint64_t)++b->sequence << 32, b->ring_bus + RING_BYTES);
}

static int is_waited(const struct bench *b)
{
	for (uint32_t i = 0; i < 1000 && *status_word(b) != b->sequence; i++)
		(void)read32(b, IQH);
	return *status_word(b) == b->sequence;
}

static void go(const struct bench *b)
{
	write32(b, IQT, b->tail);
}

static void flush_all(struct bench *b)
{
	put(b, 4, 0);
	put_wait(b, 0);
	go(b);
	assert_true(is_waited(b));
}

static void flush_one(struct bench *b, uint32_t index, uint32_t mask)
{
	put(b, 4 | 1 << 4 | (uint64_t)mask << 27 | (uint64_t)index << 32, 0);
	put_wait(b, 0);
	go(b);
	assert_true(is_waited(b));
}

static void queue_on(struct bench *b)
{
	write64(b, IQA, b->ring_bus);
	command(b, QIE, 1);
}

/* 256 entries; @flags: EIME. */
static void table_on(struct bench *b, uint64_t flags)
{
	write64(b, IRTA, b->table_bus | flags | 7);
	command(b, SIRTP, 1);
	flush_all(b);
}

static void bench_up(struct bench *b, const char *machine)
{
	bench_new(b, machine);
	queue_on(b);
	table_on(b, 0);
	command(b, IRE, 1);
}

static void entry(const struct bench *b, uint32_t index, uint64_t low, uint64_t high)
{
	b->table[2 * index] = low;
	b->table[2 * index + 1] = high;
	sim_ram_clean(b->s, &b->table[2 * index], 16);
}

static void send(const struct bench *b, uint64_t address, uint32_t data)
{
	sim_device_write(b->d, address, data);
	sim_run_until_idle(b->s);
}

/* The reason of the record, which is given back; 0: nothing was recorded. */
static uint32_t recorded(const struct bench *b, uint32_t *out_index, uint32_t *out_sid)
{
	uint32_t nr = (uint32_t)(read64(b, 0x08) >> 40 & 0xff) + 1;

	for (uint32_t i = 0; i < nr; i++) {
		uint64_t high = read64(b, FRCD + 16 * i + 8);

		if (!(high >> 63))
			continue;
		*out_index = (uint32_t)(read64(b, FRCD + 16 * i) >> 48);
		*out_sid = high & 0xffff;
		write32(b, FRCD + 16 * i + 12, 1u << 31);
		return high >> 32 & 0xff;
	}
	return 0;
}

static void delivered(struct bench *b, uint32_t cpu, uint32_t vector)
{
	struct sim_unit_stats stats;

	sim_unit_stats(b->u, &stats);
	if (b->nr_taken != 1)
		fail_msg("taken %u times, last blocked for 0x%x", b->nr_taken, stats.last_reason);
	assert_int_equal(b->last_cpu, cpu);
	assert_int_equal(b->last_vector, vector);
	assert_int_equal(read32(b, FSTS), 0);
	b->nr_taken = 0;
}

static void blocked(struct bench *b, uint32_t reason, uint32_t index)
{
	uint32_t has_index = 0, sid = 0;

	assert_int_equal(b->nr_taken, 0);
	assert_int_equal(recorded(b, &has_index, &sid), reason);
	assert_int_equal(has_index, index);
	assert_int_equal(sid, sim_device_requester(b->d));
	assert_int_equal(read32(b, FSTS) & 0xff, 0);
}

#define PLAIN "cpus=2 vtd=records=4 a:msi=1,behind=root b:msi=1"

/* ---- Requests ---- */

static void request__entry__vector_and_cpu(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	entry(&b, 5, ENTRY(0x51, 1), 0);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 1, 0x51);
	bench_down(&b);
}

/* [VTD] 5.1.3: the sub-handle is added where it is valid, else data is ignored. */
static void request__subhandle__added_or_ignored(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	entry(&b, 5, ENTRY(0x55, 0), 0);
	entry(&b, 8, ENTRY(0x58, 0), 0);
	send(&b, REMAPPABLE(5) | 8, 3);
	delivered(&b, 0, 0x58);
	send(&b, REMAPPABLE(5), 3);
	delivered(&b, 0, 0x55);
	send(&b, REMAPPABLE(5), 0xffff0003);
	delivered(&b, 0, 0x55);
	send(&b, REMAPPABLE(5) | 8, 0x10000);
	blocked(&b, 0x20, 5);
	bench_down(&b);
}

static void request__source__checked_as_the_entry_says(void **state)
{
	static const struct {
		uint64_t high; /* sid: or-ed to this, of the sender xor sid_xor */
		uint16_t sid_xor;
		int is_delivered;
	} rows[] = {
		{ 0, 0x1234, 1 }, /* SVT 0: nobody looks */
		{ SVT_ID, 0, 1 },         { SVT_ID, 1, 0 },         { SVT_ID, 0x100, 0 },
		{ SVT_ID | SQ(1), 4, 1 }, /* bit 2 does not count */
		{ SVT_ID | SQ(1), 2, 0 }, { SVT_ID | SQ(2), 6, 1 }, { SVT_ID | SQ(2), 1, 0 },
		{ SVT_ID | SQ(3), 7, 1 }, { SVT_ID | SQ(3), 8, 0 },
	};

	(void)state;
	for (uint32_t i = 0; i < NR(rows); i++) {
		struct bench b;

		bench_up(&b, PLAIN);
		entry(&b, 5, ENTRY(0x51, 0),
		      rows[i].high | (uint16_t)(sim_device_requester(b.d) ^ rows[i].sid_xor));
		send(&b, REMAPPABLE(5), 0);
		if (rows[i].is_delivered)
			delivered(&b, 0, 0x51);
		else
			blocked(&b, 0x26, 5);
		bench_down(&b);
	}
}

static void request__source_bus_range__in_or_out(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	b.d = sim_device(b.s, "b"); /* on bus 1 */
	entry(&b, 5, ENTRY(0x51, 0), SVT_BUSES | 0x0103);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	entry(&b, 6, ENTRY(0x51, 0), SVT_BUSES | 0x0203);
	send(&b, REMAPPABLE(6), 0);
	blocked(&b, 0x26, 6);
	entry(&b, 7, ENTRY(0x51, 0), SVT_BUSES | 0x0000);
	send(&b, REMAPPABLE(7), 0);
	blocked(&b, 0x26, 7);
	bench_down(&b);
}

/* QEMU delivers an entry of posted format, and records nothing of any blocked request. */
static void request__bad_entry__blocked_and_recorded(void **state)
{
	static const struct {
		uint64_t low, high;
		uint32_t reason;
	} rows[] = {
		{ 0, 0, 0x22 },
		{ ENTRY(0x51, 0) & ~UINT64_C(1), 0, 0x22 },
		{ ENTRY(0x51, 0) | 1 << 12, 0, 0x24 },
		{ ENTRY(0x51, 0) | 1 << 14, 0, 0x24 },
		{ ENTRY(0x51, 0) | 1 << 15, 0, 0x24 }, /* posted, CAP.PI = 0 */
		{ ENTRY(0x51, 0) | UINT64_C(1) << 24, 0, 0x24 },
		{ ENTRY(0x51, 0) | UINT64_C(1) << 32, 0, 0x24 },
		{ ENTRY(0x51, 0) | UINT64_C(1) << 48, 0, 0x24 },
		{ ENTRY(0x51, 0) | 3 << 5, 0, 0x24 }, /* delivery mode */
		{ ENTRY(0x51, 0), UINT64_C(1) << 20, 0x24 },
		{ ENTRY(0x51, 0), UINT64_C(1) << 63, 0x24 },
		{ ENTRY(0x51, 0), UINT64_C(3) << 18, 0x24 }, /* SVT */
	};

	(void)state;
	for (uint32_t i = 0; i < NR(rows); i++) {
		struct bench b;

		bench_up(&b, PLAIN);
		entry(&b, 5, rows[i].low, rows[i].high);
		send(&b, REMAPPABLE(5), 0);
		blocked(&b, rows[i].reason, 5);
		bench_down(&b);
	}
}

static void request__beyond_the_table__blocked(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	entry(&b, 255, ENTRY(0x51, 0), 0);
	send(&b, REMAPPABLE(255), 0);
	delivered(&b, 0, 0x51);
	send(&b, REMAPPABLE(256), 0);
	blocked(&b, 0x21, 256);
	send(&b, REMAPPABLE(255) | 8, 1);
	blocked(&b, 0x21, 256);
	send(&b, REMAPPABLE(0) | 4, 0); /* handle bit 15 */
	blocked(&b, 0x21, 0x8000);
	bench_down(&b);
}

static void request__table_is_no_memory__blocked(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, PLAIN);
	queue_on(&b);
	write64(&b, IRTA, 0x1000 | 7);
	command(&b, SIRTP, 1);
	flush_all(&b);
	command(&b, IRE, 1);
	send(&b, REMAPPABLE(5), 0);
	blocked(&b, 0x23, 5);
	bench_down(&b);
}

/* Another device's entry: what SVT is for. */
static void request__entry_of_another_device__blocked(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	entry(&b, 5, ENTRY(0x51, 0), SVT_ID | sim_device_requester(b.d));
	b.d = sim_device(b.s, "b");
	send(&b, REMAPPABLE(5), 0);
	blocked(&b, 0x26, 5);
	bench_down(&b);
}

/* Behind a PCIe-to-PCI bridge {secondary bus, 0.0} arrives. [PCIBR] 2.3. */
static void request__behind_a_bridge__sent_under_its_id(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 vtd old:msi=1 behind=pci-bridge");
	entry(&b, 5, ENTRY(0x51, 0), SVT_ID | sim_device_rid(b.d));
	send(&b, REMAPPABLE(5), 0);
	blocked(&b, 0x26, 5);
	entry(&b, 6, ENTRY(0x51, 0), SVT_ID | (sim_device_rid(b.d) & 0xff00));
	send(&b, REMAPPABLE(6), 0);
	delivered(&b, 0, 0x51);
	bench_down(&b);
}

/* [VTD] 5.1.4. QEMU ignores CFI: it delivers. */
static void request__compatibility_format__as_cfi_says(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	send(&b, COMPATIBLE, 0x51);
	blocked(&b, 0x25, 0);
	command(&b, CFI, 1);
	send(&b, COMPATIBLE | 1 << 12, 0x51);
	delivered(&b, 1, 0x51);
	command(&b, CFI, 0);
	send(&b, COMPATIBLE, 0x51);
	blocked(&b, 0x25, 0);
	bench_down(&b);
}

static void request__remapping_off__passes(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, PLAIN);
	send(&b, COMPATIBLE | 1 << 12, 0x51);
	delivered(&b, 1, 0x51);
	bench_down(&b);
}

/* Extended mode: 32-bit destinations, compatibility format blocked whatever CFI says. */
static void request__extended_mode__wide_destination(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, "cpus=2 x2apic apic-first=200 apic-step=300 vtd=eim a:msi=1");
	sim_cpu_set(b.s, 1);
	sim_msr_write(b.s, 0x1b, 0xfee00c00);
	sim_set_interrupt(b.s, NULL, NULL);
	sim_cpu_set(b.s, 0);
	queue_on(&b);
	table_on(&b, 1 << 11);
	command(&b, CFI, 1);
	command(&b, IRE, 1);
	entry(&b, 5, 1 | 0x51 << 16 | UINT64_C(500) << 32, 0);
	send(&b, REMAPPABLE(5), 0);
	assert_true(sim_cpu_is_requested(b.s, 1, 0x51));
	send(&b, COMPATIBLE | 200 << 12, 0x52);
	blocked(&b, 0x25, 0);
	bench_down(&b);
}

/* ---- Stale entries ---- */

/* QEMU caches nothing: a missing invalidation cannot be seen there. */
static void cache__entry_changed__old_one_until_invalidated(void **state)
{
	struct sim_unit_stats stats;
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	entry(&b, 5, ENTRY(0x51, 0), 0);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	entry(&b, 5, ENTRY(0x62, 1), 0);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	entry(&b, 5, 0, 0);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	sim_unit_stats(b.u, &stats);
	assert_int_equal(stats.nr_stale, 2);
	entry(&b, 5, ENTRY(0x62, 1), 0);
	flush_one(&b, 5, 0);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 1, 0x62);
	bench_down(&b);
}

static void cache__indexed_invalidation__its_block_only(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	for (uint32_t i = 0; i < 16; i++) {
		entry(&b, i, ENTRY(0x51, 0), 0);
		send(&b, REMAPPABLE(i), 0);
		delivered(&b, 0, 0x51);
		entry(&b, i, ENTRY(0x62, 0), 0);
	}
	flush_one(&b, 6, 2); /* the low bits do not count: 4 to 7 */
	for (uint32_t i = 0; i < 16; i++) {
		send(&b, REMAPPABLE(i), 0);
		delivered(&b, 0, i >= 4 && i < 8 ? 0x62 : 0x51);
	}
	flush_all(&b);
	for (uint32_t i = 0; i < 16; i++) {
		send(&b, REMAPPABLE(i), 0);
		delivered(&b, 0, 0x62);
	}
	bench_down(&b);
}

/* [VTD] 6.1: entries that are not present are not cached. */
static void cache__not_present__not_cached(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	send(&b, REMAPPABLE(5), 0);
	blocked(&b, 0x22, 5);
	entry(&b, 5, ENTRY(0x51, 0), 0);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	bench_down(&b);
}

/* ECAP.C = 0: the unit sees what was written back, and nothing else. */
static void cache__incoherent_unit__sees_cleaned_memory_only(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 vtd=coherent=0 a:msi=1");
	assert_false(read64(&b, ECAP) & 1);
	b.table[2 * 5] = ENTRY(0x51, 0);
	send(&b, REMAPPABLE(5), 0);
	blocked(&b, 0x22, 5);
	sim_ram_clean(b.s, &b.table[2 * 5], 8);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	bench_down(&b);
}

/* What was remapped before is at the APIC when the wait is done. [VTD] 6.5.6. */
static void cache__invalidation__drains_what_was_remapped(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 remapped=1000000 vtd a:msi=1");
	entry(&b, 5, ENTRY(0x51, 0), 0);
	(void)sim_irq_set(b.s, 0);
	sim_device_write(b.d, REMAPPABLE(5), 0);
	assert_false(sim_cpu_is_requested(b.s, 0, 0x51));
	put_wait(&b, 0);
	go(&b);
	assert_true(is_waited(&b)); /* a wait alone drains nothing */
	assert_false(sim_cpu_is_requested(b.s, 0, 0x51));
	flush_one(&b, 5, 0);
	assert_true(sim_cpu_is_requested(b.s, 0, 0x51));
	bench_down(&b);
}

/* ---- The queue ---- */

static void queue__slow_unit__head_moves_before_it_is_done(void **state)
{
	struct bench b;
	uint32_t nr = 0;

	(void)state;
	bench_up(&b, "cpus=1 vtd=steps=40 a:msi=1");
	entry(&b, 5, ENTRY(0x51, 0), 0);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	entry(&b, 5, ENTRY(0x62, 0), 0);
	put(&b, 4, 0);
	put_wait(&b, 0);
	go(&b);
	while (read32(&b, IQH) != b.tail)
		nr++;
	assert_true(nr < 10);
	assert_int_not_equal(*status_word(&b), b.sequence);
	sim_device_write(b.d, REMAPPABLE(5), 0);
	(void)sim_cpu_take(b.s, 0);
	delivered(&b, 0, 0x51); /* the old entry is still there */
	assert_true(is_waited(&b));
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x62);
	bench_down(&b);
}

static void queue__fence__holds_back_what_follows(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 vtd=steps=20 a:msi=1");
	put_wait(&b, 1 << 6);
	put(&b, 4, 0);
	go(&b);
	for (uint32_t i = 0; i < 8; i++)
		(void)read32(&b, GSTS);
	assert_int_equal(read32(&b, IQH), (b.tail + RING_BYTES - 16) % RING_BYTES);
	assert_true(is_waited(&b));
	for (uint32_t i = 0; i < 8; i++)
		(void)read32(&b, GSTS);
	assert_int_equal(read32(&b, IQH), b.tail);
	sim_run_until_idle(b.s);
	bench_down(&b);
}

static void queue__bad_descriptor__stops_until_cleared(void **state)
{
	static const uint64_t bad[][2] = {
		{ 0, 0 },                              /* type 0 */
		{ 15, 0 },                             /* no such type */
		{ 4 | 1 << 5, 0 },                     /* reserved */
		{ 4, 1 },                              /* upper half */
		{ 4 | UINT64_C(1) << 48, 0 },          /* reserved */
		{ 5 | 1 << 8, 0 },                     /* reserved */
		{ 5 | 1 << 5, 2 },                     /* address not aligned */
		{ 4 | 1 << 4 | UINT64_C(6) << 27, 0 }, /* above MHMV */
		{ 4 | 1 << 9, 0 },                     /* upper type bits */
	};

	(void)state;
	for (uint32_t i = 0; i < NR(bad); i++) {
		struct bench b;
		uint32_t at;

		bench_up(&b, "cpus=1 vtd=mhmv=5 a:msi=1");
		at = b.tail;
		put(&b, bad[i][0], bad[i][1]);
		put_wait(&b, 0);
		go(&b);
		assert_int_equal(read32(&b, FSTS), 1 << 4);
		assert_int_equal(read32(&b, IQH), at);
		assert_false(is_waited(&b));
		b.ring[at / 8] = 5; /* a wait for nothing */
		b.ring[at / 8 + 1] = 0;
		write32(&b, FSTS, 1 << 4);
		assert_true(is_waited(&b));
		assert_int_equal(read32(&b, FSTS), 0);
		bench_down(&b);
	}
}

static void queue__time_out__drops_the_wait(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	sim_unit_knobs(b.u)->nr_timeout = 1;
	put(&b, 4, 0);
	put_wait(&b, 0);
	go(&b);
	assert_int_equal(read32(&b, FSTS), 1 << 6);
	assert_false(is_waited(&b));
	write32(&b, FSTS, 1 << 6);
	assert_false(is_waited(&b));
	flush_all(&b);
	bench_down(&b);
}

static void queue__wraps__goes_on_at_the_start(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	for (uint32_t i = 0; i < 300; i++)
		flush_all(&b);
	assert_true(b.tail < RING_BYTES);
	bench_down(&b);
}

/* The completion event: [VTD] 6.5.2.8, 11.4.17. */
static void queue__wait_with_interrupt__event_once(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	write32(&b, IECTL + 4, 0x71);
	write32(&b, IECTL + 8, 0xfee01000);
	write32(&b, IECTL, 0);
	for (uint32_t i = 0; i < 2; i++) {
		put_wait(&b, 1 << 4);
		go(&b);
	}
	sim_run_until_idle(b.s);
	delivered(&b, 1, 0x71); /* the second found the first untold */
	assert_int_equal(read32(&b, ICS), 1);
	write32(&b, ICS, 1);
	put_wait(&b, 1 << 4);
	go(&b);
	sim_run_until_idle(b.s);
	delivered(&b, 1, 0x71);
	bench_down(&b);
}

/* ---- Faults ---- */

static void event_on(const struct bench *b, uint32_t control)
{
	write32(b, FECTL + 4, 0x72);
	write32(b, FECTL + 8, 0xfee01000);
	write32(b, FECTL + 12, 0);
	write32(b, FECTL, control);
}

static void fault__records_full__overflow_and_nothing_more(void **state)
{
	struct sim_unit_stats stats;
	struct bench b;
	uint32_t index, sid;

	(void)state;
	bench_up(&b, PLAIN); /* four records */
	for (uint32_t i = 0; i < 7; i++)
		send(&b, REMAPPABLE(10 + i), 0);
	assert_int_equal(read32(&b, FSTS) & 0xff, 3);
	sim_unit_stats(b.u, &stats);
	assert_int_equal(stats.nr_recorded, 4);
	assert_int_equal(stats.nr_lost, 3);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(recorded(&b, &index, &sid), 0x22);
		assert_int_equal(index, 10 + i);
	}
	assert_int_equal(read32(&b, FSTS) & 0xff, 1);
	send(&b, REMAPPABLE(20), 0); /* overflow stands: lost */
	assert_int_equal(recorded(&b, &index, &sid), 0);
	write32(&b, FSTS, 1);
	send(&b, REMAPPABLE(21), 0);
	assert_int_equal(recorded(&b, &index, &sid), 0x22);
	assert_int_equal(index, 21);
	bench_down(&b);
}

static void fault__first_pending__its_place_in_status(void **state)
{
	struct bench b;
	uint32_t index, sid;

	(void)state;
	bench_up(&b, PLAIN);
	send(&b, REMAPPABLE(1), 0);
	assert_int_equal(read32(&b, FSTS) >> 8 & 0xff, 0);
	(void)recorded(&b, &index, &sid);
	send(&b, REMAPPABLE(2), 0);
	send(&b, REMAPPABLE(3), 0);
	assert_int_equal(read32(&b, FSTS) >> 8 & 0xff, 1);
	bench_down(&b);
}

/* [VTD] 9.10 FPD: faults of this entry are blocked all the same, but not told. */
static void fault__processing_disabled__blocked_in_silence(void **state)
{
	struct sim_unit_stats stats;
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	entry(&b, 5, 2, 0);
	send(&b, REMAPPABLE(5), 0);
	entry(&b, 6, ENTRY(0x51, 0) | 2, SVT_ID | 0x1234);
	send(&b, REMAPPABLE(6), 0);
	sim_unit_stats(b.u, &stats);
	assert_int_equal(stats.nr_blocked, 2);
	assert_int_equal(stats.nr_recorded, 0);
	assert_int_equal(read32(&b, FSTS), 0);
	entry(&b, 7, ENTRY(0x51, 0) | 2, 0);
	send(&b, REMAPPABLE(7), 0);
	delivered(&b, 0, 0x51);
	bench_down(&b);
}

/* One event until all is serviced. [VTD] 7.4. */
static void fault__event__from_nothing_to_something(void **state)
{
	struct bench b;
	uint32_t index, sid;

	(void)state;
	bench_up(&b, PLAIN);
	event_on(&b, 0);
	send(&b, REMAPPABLE(5), 0);
	send(&b, REMAPPABLE(6), 0);
	assert_int_equal(b.nr_taken, 1);
	assert_int_equal(b.last_vector, 0x72);
	assert_int_equal(b.last_cpu, 1);
	(void)recorded(&b, &index, &sid);
	send(&b, REMAPPABLE(6), 0); /* one record is still full */
	assert_int_equal(b.nr_taken, 1);
	while (recorded(&b, &index, &sid))
		;
	send(&b, REMAPPABLE(6), 0);
	assert_int_equal(b.nr_taken, 2);
	bench_down(&b);
}

static void fault__event_masked__pending_until_unmasked(void **state)
{
	struct bench b;
	uint32_t index, sid;

	(void)state;
	bench_up(&b, PLAIN);
	event_on(&b, 1u << 31);
	send(&b, REMAPPABLE(5), 0);
	assert_int_equal(b.nr_taken, 0);
	assert_int_equal(read32(&b, FECTL), 3u << 30);
	write32(&b, FECTL, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_taken, 1);
	assert_int_equal(read32(&b, FECTL), 0);
	while (recorded(&b, &index, &sid))
		;
	write32(&b, FECTL, 1u << 31);
	send(&b, REMAPPABLE(5), 0);
	(void)recorded(&b, &index, &sid); /* serviced: nothing left to tell */
	write32(&b, FECTL, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_taken, 1);
	bench_down(&b);
}

static void fault__queue_error__event_too(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	event_on(&b, 0);
	sim_unit_knobs(b.u)->nr_queue_error = 1;
	put_wait(&b, 0);
	go(&b);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_taken, 1);
	write32(&b, FSTS, 1 << 4);
	assert_true(is_waited(&b));
	bench_down(&b);
}

/* ---- Orders that software must keep ---- */

static void order__two_bits_at_once__told(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, PLAIN);
	write64(&b, IQA, b.ring_bus);
	write32(&b, GCMD, QIE | CFI);
	violated(&b, "several bits");
	bench_down(&b);
}

static void order__remapping_without_table_or_flush__told(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, PLAIN);
	queue_on(&b);
	write32(&b, GCMD, QIE | IRE);
	violated(&b, "without a table");
	command(&b, IRE, 0);
	write64(&b, IRTA, b.table_bus | 7);
	command(&b, SIRTP, 1);
	command(&b, IRE, 1);
	violated(&b, "global invalidation");
	bench_down(&b);
}

/* The address register alone changes nothing; the command latches it. [VTD] 11.4.4 SIRTP. */
static void order__table_written__in_force_when_latched(void **state)
{
	uint64_t other_bus, *other;
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	other = sim_ram_alloc(b.s, 0x1000, 0x1000, 64, &other_bus);
	other[2 * 5] = ENTRY(0x62, 0);
	entry(&b, 5, ENTRY(0x51, 0), 0);
	write64(&b, IRTA, other_bus | 7);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	command(&b, SIRTP, 1);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51); /* cached */
	flush_all(&b);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x62);
	bench_down(&b);
}

static void order__esirtps__latch_forgets_by_itself(void **state)
{
	uint64_t other_bus;
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 vtd=esirtps a:msi=1");
	entry(&b, 5, ENTRY(0x51, 0), 0);
	send(&b, REMAPPABLE(5), 0);
	delivered(&b, 0, 0x51);
	(void)sim_ram_alloc(b.s, 0x1000, 0x1000, 64, &other_bus);
	write64(&b, IRTA, other_bus | 7);
	command(&b, SIRTP, 1);
	send(&b, REMAPPABLE(5), 0);
	blocked(&b, 0x22, 5);
	bench_down(&b);
}

static void order__table_not_aligned_to_its_size__told(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, PLAIN);
	queue_on(&b);
	write64(&b, IRTA, (b.table_bus | 0x1000) | 9);
	command(&b, SIRTP, 1);
	violated(&b, "aligned");
	write64(&b, IRTA, b.table_bus | 1 << 11 | 7);
	command(&b, SIRTP, 1);
	violated(&b, "EIME");
	bench_down(&b);
}

static void order__queue_off_while_full__told(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, "cpus=1 vtd=steps=100 a:msi=1");
	queue_on(&b);
	put(&b, 4, 0);
	go(&b);
	command(&b, QIE, 0);
	violated(&b, "before it was empty");
	assert_int_equal(read32(&b, IQH), 0);
	write32(&b, GCMD, QIE);
	violated(&b, "tail");
	bench_down(&b);
}

static void order__slow_commands__status_comes_later(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b, "cpus=1 vtd=command-steps=10 a:msi=1");
	write64(&b, IQA, b.ring_bus);
	write32(&b, GCMD, QIE);
	assert_false(read32(&b, GSTS) & QIE);
	write32(&b, GCMD, QIE | CFI);
	violated(&b, "taken effect");
	for (uint32_t i = 0; i < 20; i++)
		(void)read32(&b, GSTS);
	assert_true(read32(&b, GSTS) & QIE);
	sim_violation_clear(b.s);
	bench_down(&b);
}

static void order__ring_moved_or_wrong_register__told(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	write64(&b, IQA, b.ring_bus);
	violated(&b, "IQA");
	write32(&b, ECAP, 1);
	violated(&b, "read-only");
	write32(&b, IQT, b.tail | 1);
	violated(&b, "IQT");
	bench_down(&b);
}

static void unit__gone__all_ones(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN);
	sim_unit_knobs(b.u)->is_gone = 1;
	assert_int_equal(read32(&b, GSTS), UINT32_MAX);
	bench_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request__entry__vector_and_cpu),
		cmocka_unit_test(request__subhandle__added_or_ignored),
		cmocka_unit_test(request__source__checked_as_the_entry_says),
		cmocka_unit_test(request__source_bus_range__in_or_out),
		cmocka_unit_test(request__bad_entry__blocked_and_recorded),
		cmocka_unit_test(request__beyond_the_table__blocked),
		cmocka_unit_test(request__table_is_no_memory__blocked),
		cmocka_unit_test(request__entry_of_another_device__blocked),
		cmocka_unit_test(request__behind_a_bridge__sent_under_its_id),
		cmocka_unit_test(request__compatibility_format__as_cfi_says),
		cmocka_unit_test(request__remapping_off__passes),
		cmocka_unit_test(request__extended_mode__wide_destination),
		cmocka_unit_test(cache__entry_changed__old_one_until_invalidated),
		cmocka_unit_test(cache__indexed_invalidation__its_block_only),
		cmocka_unit_test(cache__not_present__not_cached),
		cmocka_unit_test(cache__incoherent_unit__sees_cleaned_memory_only),
		cmocka_unit_test(cache__invalidation__drains_what_was_remapped),
		cmocka_unit_test(queue__slow_unit__head_moves_before_it_is_done),
		cmocka_unit_test(queue__fence__holds_back_what_follows),
		cmocka_unit_test(queue__bad_descriptor__stops_until_cleared),
		cmocka_unit_test(queue__time_out__drops_the_wait),
		cmocka_unit_test(queue__wraps__goes_on_at_the_start),
		cmocka_unit_test(queue__wait_with_interrupt__event_once),
		cmocka_unit_test(fault__records_full__overflow_and_nothing_more),
		cmocka_unit_test(fault__first_pending__its_place_in_status),
		cmocka_unit_test(fault__processing_disabled__blocked_in_silence),
		cmocka_unit_test(fault__event__from_nothing_to_something),
		cmocka_unit_test(fault__event_masked__pending_until_unmasked),
		cmocka_unit_test(fault__queue_error__event_too),
		cmocka_unit_test(order__two_bits_at_once__told),
		cmocka_unit_test(order__remapping_without_table_or_flush__told),
		cmocka_unit_test(order__table_written__in_force_when_latched),
		cmocka_unit_test(order__esirtps__latch_forgets_by_itself),
		cmocka_unit_test(order__table_not_aligned_to_its_size__told),
		cmocka_unit_test(order__queue_off_while_full__told),
		cmocka_unit_test(order__slow_commands__status_comes_later),
		cmocka_unit_test(order__ring_moved_or_wrong_register__told),
		cmocka_unit_test(unit__gone__all_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
