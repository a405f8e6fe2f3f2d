/* SPDX-License-Identifier: MIT */
/*
 * vtd_table.c - the remapping table of a VT-d unit: which entries are taken, what they hold.
 *
 * An entry is valid at every instant: its low half, with the present bit, changes by one 64-bit
 * store; its high half, the sender, changes only while it is not present. Not here: telling the
 * unit (vtd_queue.c), what goes into an entry (vtd_entry.c).
 * Sources: [VTD] 5.1.4, 9.10. Locking: the unit's lock for the bitmap; none for entries (vtd.h).
 */
#include "vtd.h"

#include "../core/fail.h"

#define VTD_WORD_BITS 64u
#define VTD_WORD_LOG2 6u

/* By log2: the bits at which an aligned block of that size can begin in a word. */
static const uint64_t vtd_starts[VTD_WORD_LOG2 + 1] = {
	UINT64_C(0xffffffffffffffff), UINT64_C(0x5555555555555555), UINT64_C(0x1111111111111111),
	UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001), UINT64_C(0x0000000100000001),
	UINT64_C(0x0000000000000001),
};

static uint32_t vtd_nr_words(const struct mirqi_vtd *u)
{
	return (u->nr_entries + VTD_WORD_BITS - 1) / VTD_WORD_BITS;
}

void mirqi_vtd_table_init(struct mirqi_vtd *u)
{
	u->nr_free = u->nr_entries;
	if (u->nr_entries < VTD_WORD_BITS)
		u->taken[0] = ~UINT64_C(0) << u->nr_entries;
}

static uint32_t vtd_lowest_bit(uint64_t word)
{
	uint32_t bit = 0;

	for (uint32_t half = VTD_WORD_BITS / 2; half; half /= 2) {
		if (!(word & ((UINT64_C(1) << half) - 1))) {
			word >>= half;
			bit += half;
		}
	}
	return bit;
}

/* The bits of @word at which 2^log2 free entries begin, aligned; log2 up to that of a word. */
static uint64_t vtd_free_blocks(uint64_t word, uint32_t log2)
{
	uint64_t blocks = ~word;

	for (uint32_t i = 0; i < log2; i++)
		blocks &= blocks >> (UINT32_C(1) << i);
	return blocks & vtd_starts[log2];
}

/* Find the lowest aligned block of 2^log2 free entries. 0: there is none. */
static int vtd_block_find(struct mirqi_vtd *u, uint32_t log2, uint32_t *out_first)
	MIRQ_MUST_HOLD(u->lock)
{
	uint32_t nr_words = log2 > VTD_WORD_LOG2 ? UINT32_C(1) << (log2 - VTD_WORD_LOG2) : 1;
	uint32_t in_word_log2 = log2 > VTD_WORD_LOG2 ? VTD_WORD_LOG2 : log2;
	uint32_t word = u->hints[log2] & ~(nr_words - 1), i;
	uint64_t blocks = 0;

	for (; word + nr_words <= vtd_nr_words(u); word += nr_words) {
		for (i = 0; i < nr_words; i++) {
			blocks = vtd_free_blocks(u->taken[word + i], in_word_log2);
			if (!blocks)
				break;
		}
		if (blocks)
			break;
	}
	u->hints[log2] = word;
	if (!blocks)
		return 0;
	*out_first = word * VTD_WORD_BITS + (nr_words == 1 ? vtd_lowest_bit(blocks) : 0);
	return 1;
}

static void vtd_take(struct mirqi_vtd *u, uint32_t entry) MIRQ_MUST_HOLD(u->lock)
{
	u->taken[entry / VTD_WORD_BITS] |= UINT64_C(1) << (entry % VTD_WORD_BITS);
	u->nr_free--;
}

/* Give the members entries from @first on; or, scattered, the lowest free one to each. */
static void vtd_give(struct mirqi_vtd *u, const struct mirq_batch *batch, uint32_t first,
		     int is_block) MIRQ_MUST_HOLD(u->lock)
{
	const void *cursor = NULL;
	struct mirq_member member;

	while (mirq_batch_next(batch, &cursor, &member)) {
		if (!is_block && !vtd_block_find(u, 0, &first))
			return; /* not reached: nr_free was enough */
		vtd_take(u, first);
		member.hop->hwirq = first++;
	}
}

static uint32_t vtd_log2_up(uint32_t nr)
{
	uint32_t log2 = 0;

	while (UINT32_C(1) << log2 < nr)
		log2++;
	return log2;
}

/*
 * Without a block asked for, an aligned one is still tried first, because one descriptor then
 * tells the unit about all members; where none is left, members are scattered.
 */
static enum mirq_err vtd_alloc_locked(struct mirqi_vtd *u, const struct mirq_batch *batch,
				      uint32_t block_log2) MIRQ_MUST_HOLD(u->lock)
{
	uint32_t nr = mirq_batch_count(batch), log2 = vtd_log2_up(nr), first = 0;
	int is_block;

	if (nr > u->nr_free)
		return MIRQ_ENOSPC;
	if (block_log2 && log2 > block_log2)
		return MIRQ_EINVAL;
	if (block_log2)
		log2 = block_log2;
	is_block = log2 <= u->entries_log2 && vtd_block_find(u, log2, &first);
	if (!is_block && block_log2)
		return MIRQ_ENOSPC;
	vtd_give(u, batch, first, is_block);
	return MIRQ_OK;
}

enum mirq_err mirqi_vtd_alloc(void *data, void *ctx, const struct mirq_batch *batch,
			      uint32_t block_log2, struct mirq_why *why)
{
	struct mirqi_vtd *u = data;
	enum mirq_err err;
	uint32_t nr_left;
	uintptr_t saved;

	(void)ctx;
	if (atomic_load_explicit(&u->is_broken, memory_order_relaxed))
		return mirqi_fail(why, MIRQ_EIO, 0, u->name,
				  "the unit stopped answering invalidations: it takes no new "
				  "interrupts");
	saved = mirqi_spin_lock(u->host, &u->lock);
	err = vtd_alloc_locked(u, batch, block_log2);
	nr_left = u->nr_free;
	mirqi_spin_unlock(u->host, &u->lock, saved);
	if (err)
		return mirqi_fail_numbers(
			why, err, u->name,
			"the remapping table has too few free entries, or none in a row for a "
			"block of 2^.value; free interrupts or attach the unit with more",
			mirq_batch_count(batch), nr_left, block_log2);
	return MIRQ_OK;
}

/* Entries of a unit that may not have forgotten them stay taken for good. */
void mirqi_vtd_free(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mirqi_vtd *u = data;
	const void *cursor = NULL;
	struct mirq_member member;
	uint32_t lowest = UINT32_MAX, word;
	uintptr_t saved;

	(void)ctx;
	if (atomic_load_explicit(&u->is_broken, memory_order_relaxed))
		return;
	saved = mirqi_spin_lock(u->host, &u->lock);
	while (mirq_batch_next(batch, &cursor, &member)) {
		word = member.hop->hwirq / VTD_WORD_BITS;
		u->taken[word] &= ~(UINT64_C(1) << (member.hop->hwirq % VTD_WORD_BITS));
		u->nr_free++;
		lowest = word < lowest ? word : lowest;
	}
	for (uint32_t log2 = 0; log2 <= u->entries_log2; log2++) {
		if (lowest < u->hints[log2])
			u->hints[log2] = lowest;
	}
	mirqi_spin_unlock(u->host, &u->lock, saved);
}

int mirqi_vtd_run_next(struct mirqi_vtd_runs *runs, struct mirq_range *out_run)
{
	struct mirq_member member;

	if (!runs->is_started) {
		runs->is_started = 1;
		runs->is_ahead = (uint32_t)mirq_batch_next(runs->batch, &runs->cursor, &member);
		if (runs->is_ahead)
			runs->ahead = member.hop->hwirq;
	}
	if (!runs->is_ahead)
		return 0;
	*out_run = (struct mirq_range){ runs->ahead, runs->ahead + 1 };
	for (;;) {
		runs->is_ahead = (uint32_t)mirq_batch_next(runs->batch, &runs->cursor, &member);
		if (!runs->is_ahead)
			return 1;
		runs->ahead = member.hop->hwirq;
		if (runs->ahead != out_run->limit)
			return 1;
		out_run->limit++;
	}
}

/* A unit that does not snoop fetches entries from memory: they are there before it is told. */
static void vtd_clean_batch(const struct mirqi_vtd *u, const struct mirq_batch *batch)
{
	struct mirqi_vtd_runs runs = { .batch = batch };
	struct mirq_range run;

	if (!u->must_clean)
		return;
	while (mirqi_vtd_run_next(&runs, &run))
		mirq_host_clean(u->host,
				(const void *)(uintptr_t)&u->table[run.first * VTD_ENTRY_WORDS],
				(run.limit - run.first) * sizeof(struct mirq_vtd_entry));
}

/*
 * Sender first while the entry is not present, then the half with the present bit: the other way
 * round the unit could pair the new route with the sender of an earlier owner of the entry. The
 * sender of a present entry does not change: it is cleared before it is given to somebody else.
 * Returns the number of stores; an entry that holds @low already gets none.
 */
static uint32_t vtd_entry_write(_Atomic uint64_t *entry, uint64_t low, uint64_t high)
{
	uint64_t old = atomic_load_explicit(&entry[0], memory_order_relaxed);
	uint32_t nr = 1;

	if (old == low)
		return 0;
	if (!MIRQ_GET(old, VTD_IRTE_P) && low) {
		atomic_store_explicit(&entry[1], high, memory_order_relaxed);
		nr++;
	}
	atomic_store_explicit(&entry[0], low, memory_order_release);
	return nr;
}

enum mirq_err mirqi_vtd_program(void *data, void *ctx, const struct mirq_batch *batch)
{
	const struct mirqi_vtd_ctx *device = ctx;
	struct mirqi_vtd *u = data;
	const void *cursor = NULL;
	struct mirq_member member;
	enum mirq_err err = MIRQ_OK;
	uint64_t low;
	uint32_t nr = 0;

	while (mirq_batch_next(batch, &cursor, &member)) {
		err = mirqi_vtd_compose_low(member.route, u->flags & MIRQ_VTD_EIM, &low);
		if (err)
			break;
		nr += vtd_entry_write(&u->table[member.hop->hwirq * VTD_ENTRY_WORDS], low,
				      device->high);
	}
	mirqi_vtd_count(&u->counters.nr_entry_writes, nr);
	vtd_clean_batch(u, batch);
	return err;
}

void mirqi_vtd_clear(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct mirqi_vtd *u = data;
	const void *cursor = NULL;
	struct mirq_member member;
	uint32_t nr = 0;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member))
		nr += vtd_entry_write(&u->table[member.hop->hwirq * VTD_ENTRY_WORDS], 0, 0);
	mirqi_vtd_count(&u->counters.nr_entry_writes, nr);
	vtd_clean_batch(u, batch);
}
