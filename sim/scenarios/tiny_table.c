/* SPDX-License-Identifier: MIT */
/*
 * tiny_table.c - the tiny machine's table remapper: entries in memory, and a cache that takes what
 * it finds where it has nothing, at once, and then keeps it until it is flushed. A flush drains:
 * what was translated before has arrived when it returns. With a mask per entry if asked for, which
 * keeps events.
 */
#include "tiny_own.h"

int tiny_translate(struct tiny *w, struct tiny_flight *f)
{
	struct tiny_entry *entry = &w->entries[f->msg.data % TINY_NR_ENTRIES];

	if (f->msg.address != TINY_TABLE_ADDRESS || !entry->cache.is_present) {
		engine_note(w->e, "refused by the table");
		tiny_oracle_refused(w, f->slot);
		return 0;
	}
	if (entry->is_masked) {
		engine_note(w->e, "kept in masked entry %u", f->msg.data);
		entry->kept |= UINT32_C(1) << f->slot;
		return 0;
	}
	f->is_translated = 1;
	f->cpu = entry->cache.cpu;
	f->id = entry->cache.id;
	engine_note(w->e, "translated: cpu%u, id %u", f->cpu, f->id);
	return 1;
}

static enum mirq_err table_alloc(void *data, void *ctx, const struct mirq_batch *batch,
				 uint32_t block_log2, struct mirq_why *why)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;
	uint32_t i;

	(void)ctx;
	(void)block_log2;
	(void)why;
	if (scenario_must_fail(w->failure, SIM_FAIL_MEMORY))
		return MIRQ_ENOMEM;
	while (mirq_batch_next(batch, &cursor, &member)) {
		for (i = 0; i < TINY_NR_ENTRIES && w->entries[i].is_taken; i++)
			;
		if (i == TINY_NR_ENTRIES)
			return MIRQ_ENOSPC;
		w->entries[i].is_taken = 1;
		w->entries[i].is_masked = (w->init.options & TINY_TABLE_MASKS) != 0;
		member.hop->hwirq = i;
	}
	return MIRQ_OK;
}

/* What hardware may still use nobody gives back. */
static void table_free(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;
	struct tiny_entry *entry;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		entry = &w->entries[member.hop->hwirq];
		if (entry->cache.is_present && !(w->init.options & TINY_FAULT_FLUSH))
			engine_fail(w->e, "I5: entry %u is given back, and the cache still has it",
				    member.hop->hwirq);
		entry->is_taken = 0;
	}
}

static enum mirq_err table_program(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;
	struct tiny_entry *entry;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		entry = &w->entries[member.hop->hwirq];
		tiny_at_register(w, ENGINE_WRITE);
		entry->memory.is_present = 1;
		entry->memory.cpu = member.route->hw_target;
		entry->memory.id = member.route->id;
		if (!entry->cache.is_present)
			entry->cache = entry->memory;
		engine_note(w->e, "entry %u := cpu%u, id %u", member.hop->hwirq,
			    member.route->hw_target, member.route->id);
	}
	return scenario_must_fail(w->failure, SIM_FAIL_QUEUE) ? MIRQ_EIO : MIRQ_OK;
}

static void table_clear(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		tiny_at_register(w, ENGINE_WRITE);
		w->entries[member.hop->hwirq].memory.is_present = 0;
		w->entries[member.hop->hwirq].kept = 0;
		engine_note(w->e, "entry %u := not present", member.hop->hwirq);
	}
}

static enum mirq_err table_flush(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;
	struct tiny_entry *entry;

	(void)ctx;
	tiny_at_register(w, ENGINE_WRITE);
	if (scenario_must_fail(w->failure, SIM_FAIL_QUEUE)) {
		engine_note(w->e, "the table does not hear of a flush");
		return MIRQ_EIO;
	}
	while (mirq_batch_next(batch, &cursor, &member)) {
		entry = &w->entries[member.hop->hwirq];
		if (!(w->init.options & TINY_FAULT_FLUSH))
			entry->cache = entry->memory;
		engine_note(w->e, "entry %u flushed", member.hop->hwirq);
	}
	tiny_push_translated(w);
	atomics_join(w->e);
	return MIRQ_OK;
}

static void table_compose(void *data, void *ctx, const struct mirq_hop *hop,
			  const struct mirq_route *route, uint32_t block_log2,
			  struct mirq_msg *out_msg)
{
	(void)data;
	(void)ctx;
	(void)route;
	(void)block_log2;
	out_msg->address = TINY_TABLE_ADDRESS;
	out_msg->data = hop->hwirq;
}

static void table_mask(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		tiny_at_register(w, ENGINE_WRITE);
		w->entries[member.hop->hwirq].is_masked = 1;
		engine_note(w->e, "entry %u masked", member.hop->hwirq);
	}
}

static void table_unmask(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct tiny *w = data;
	const void *cursor = NULL;
	struct mirq_member member;
	struct tiny_entry *entry;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		entry = &w->entries[member.hop->hwirq];
		tiny_at_register(w, ENGINE_WRITE);
		entry->is_masked = 0;
		engine_note(w->e, "entry %u unmasked", member.hop->hwirq);
		if (entry->kept && entry->cache.is_present)
			tiny_set_pending(w, entry->cache.cpu, entry->cache.id, entry->kept);
		entry->kept = 0;
	}
}

static const struct mirq_remapper_ops table_ops = {
	.size_bytes = sizeof(table_ops),
	.alloc = table_alloc,
	.free = table_free,
	.program = table_program,
	.clear = table_clear,
	.flush = table_flush,
	.compose = table_compose,
};

static const struct mirq_remapper_ops table_ops_masks = {
	.size_bytes = sizeof(table_ops),
	.alloc = table_alloc,
	.free = table_free,
	.program = table_program,
	.clear = table_clear,
	.flush = table_flush,
	.compose = table_compose,
	.mask = table_mask,
	.unmask = table_unmask,
};

struct mirq_remapper_init tiny_table_init(struct tiny *w)
{
	struct mirq_remapper_init table = {
		.size_bytes = sizeof(table),
		.name = "table",
		.ops = w->init.options & TINY_TABLE_MASKS ? &table_ops_masks : &table_ops,
		.data = w,
		.nr_entries = TINY_NR_ENTRIES,
		.carries = MIRQ_CARRIES_ONE,
		.traits = MIRQ_REMAPPER_DRAINS,
	};

	return table;
}
