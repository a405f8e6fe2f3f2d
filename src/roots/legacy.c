/* SPDX-License-Identifier: MIT */
/*
 * legacy.c - a flat backend (mirq/legacy.h) as two domains: a root with ids of the system, and
 * below it a table whose entries are what setup answered. So the core sees nothing new: alloc is
 * setup, free is teardown, compose says what setup said.
 *
 * A block has one message: its first entry keeps it.
 * Sources: none, the backend is the port's. Locking: which entries are taken, under lock; an entry
 * is its interrupt's. Setup and teardown are called under the device's mutex, not under the lock.
 */
#include <mirq/legacy.h>

#include <mirq/host.h>
#include <mirq/remapper.h>

#include "../core/chip.h"
#include "../core/fail.h"
#include "../core/lock.h"
#include "../core/memory.h"

#define LEGACY_MAX_IDS 2048u
#define LEGACY_MAX_BLOCK_LOG2 5u
#define LEGACY_AT_ONCE 32u /* ids in one call of teardown: what a stack holds */

struct legacy_entry {
	struct mirq_msg msg;
	uint32_t is_taken;
};

struct legacy {
	struct mirq_host *host;
	size_t size_bytes;
	const char *name;
	struct mirq_legacy_ops ops;
	struct mirq_root_ops root_ops;
	void *data;
	struct mirq_range ids;
	struct mirqi_spin lock;
	uint32_t nr_entries;
	struct legacy_entry entries[];
};

/* ---- the root ---- */

static void legacy_eoi(void *data, uint32_t cpu, uint32_t id)
{
	const struct legacy *l = data;

	l->ops.eoi(l->data, cpu, id);
}

static void legacy_mask(void *data, const struct mirq_route *route)
{
	const struct legacy *l = data;

	l->ops.mask(l->data, route->id);
}

static void legacy_unmask(void *data, const struct mirq_route *route)
{
	const struct legacy *l = data;

	l->ops.unmask(l->data, route->id);
}

static enum mirq_err legacy_set_trigger(void *data, uint32_t id, enum mirq_trigger trigger)
{
	const struct legacy *l = data;

	return l->ops.set_trigger(l->data, id, trigger);
}

static uint32_t legacy_where(void *data, uint32_t id)
{
	const struct legacy *l = data;

	return l->ops.where(l->data, id);
}

/* Not asked of ids of the system: teardown and mask say when they are quiet. */
static enum mirq_pending legacy_pending(void *data, uint32_t cpu, uint32_t id)
{
	(void)data, (void)cpu, (void)id;
	return MIRQ_PENDING_UNKNOWN;
}

/* Last of all: the table has gone before. */
static void legacy_fini(void *data)
{
	struct legacy *l = data;

	mirq_host_free(l->host, l, l->size_bytes);
}

static enum mirq_err legacy_attach_root(struct mirq *m, struct legacy *l,
					const struct mirq_legacy_init *init)
{
	const struct mirq_root_init root = {
		MIRQ_SIZED(mirq_root_init),
		.name = init->name,
		.ops = &l->root_ops,
		.data = l,
		.ids = init->ids,
		.scope = MIRQ_IDS_OF_SYSTEM,
		.carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_LEVEL,
		.traits = init->traits,
		.why = init->why,
		.guest = init->guest,
		.hypervisor = init->hypervisor,
	};

	l->root_ops = (struct mirq_root_ops){
		MIRQ_SIZED(mirq_root_ops),
		.mask = l->ops.mask ? legacy_mask : NULL,
		.unmask = l->ops.mask ? legacy_unmask : NULL,
		.eoi = l->ops.eoi ? legacy_eoi : NULL,
		.pending = legacy_pending,
		.fini = legacy_fini,
		.set_trigger = l->ops.set_trigger ? legacy_set_trigger : NULL,
		.where = l->ops.where ? legacy_where : NULL,
	};
	return mirq_root_attach(m, &root, NULL);
}

/* ---- the table ---- */

/* The next free entry from @at on, the first of @nr that are free and @nr's multiple; nr_entries:
 * there is none. */
static uint32_t legacy_find(const struct legacy *l, uint32_t at, uint32_t nr)
	MIRQ_MUST_HOLD(l->lock)
{
	uint32_t i;

	for (at = (at + nr - 1) / nr * nr; at + nr <= l->nr_entries; at += nr) {
		for (i = 0; i < nr && !l->entries[at + i].is_taken; i++)
			;
		if (i == nr)
			return at;
	}
	return l->nr_entries;
}

/* An entry for each member, a row for a block: all or none. 1: done. */
static int legacy_take(struct legacy *l, const struct mirq_batch *batch, uint32_t block_log2)
{
	uint32_t row = 1u << block_log2, at = 0, nr = 0;
	uintptr_t saved = mirqi_spin_lock(l->host, &l->lock);
	const void *cursor = NULL;
	struct mirq_member member;

	while (mirq_batch_next(batch, &cursor, &member)) {
		at = nr % row ? at + 1 : legacy_find(l, at, row);
		if (at == l->nr_entries)
			break;
		member.hop->hwirq = at;
		l->entries[at].is_taken = 1;
		nr++;
	}
	for (cursor = NULL; at == l->nr_entries && nr--;)
		if (mirq_batch_next(batch, &cursor, &member))
			l->entries[member.hop->hwirq].is_taken = 0;
	mirqi_spin_unlock(l->host, &l->lock, saved);
	return at != l->nr_entries;
}

static void legacy_give_back(struct legacy *l, const struct mirq_batch *batch)
{
	uintptr_t saved = mirqi_spin_lock(l->host, &l->lock);
	const void *cursor = NULL;
	struct mirq_member member;

	while (mirq_batch_next(batch, &cursor, &member))
		l->entries[member.hop->hwirq].is_taken = 0;
	mirqi_spin_unlock(l->host, &l->lock, saved);
}

static const char *legacy_answer_defect(const struct legacy *l, const uint32_t ids[],
					const struct mirq_msg msgs[], uint32_t nr,
					uint32_t block_log2)
{
	for (uint32_t i = 0; i < nr; i++)
		if (ids[i] < l->ids.first || ids[i] >= l->ids.limit)
			return "the backend answered an id outside of .ids; value: the id";
	if (msgs[0].data & ((1u << block_log2) - 1))
		return "the backend answered a block whose data is no multiple of its size; "
		       "value: the first id";
	return NULL;
}

static void legacy_record(struct legacy *l, const struct mirq_batch *batch, const uint32_t ids[],
			  const struct mirq_msg msgs[])
{
	const void *cursor = NULL;
	struct mirq_member member;

	for (uint32_t i = 0; mirq_batch_next(batch, &cursor, &member); i++) {
		member.hop->word = ids[i];
		l->entries[member.hop->hwirq].msg = msgs[i];
	}
}

/* Ask the backend; @msgs and @ids have room for the answer. */
static enum mirq_err legacy_ask(struct legacy *l, const struct mirq_requesters *who,
				const struct mirq_batch *batch, uint32_t block_log2,
				struct mirq_msg msgs[], uint32_t ids[], struct mirq_why *why)
{
	uint32_t nr = mirq_batch_count(batch);
	struct mirq_legacy_request request = { who->device, who, nr, block_log2 != 0, MIRQ_EDGE };
	const void *cursor = NULL;
	struct mirq_member member;
	const char *text;
	enum mirq_err err;

	if (mirq_batch_next(batch, &cursor, &member))
		request.trigger = (enum mirq_trigger)member.route->trigger;
	err = l->ops.setup(l->data, &request, ids, msgs);
	if (err)
		return mirqi_fail_numbers(why, err == MIRQ_ENOSPC ? MIRQ_ENOSPC : MIRQ_EIO, l->name,
					  "the backend set nothing up", nr, 0, 0);
	text = legacy_answer_defect(l, ids, msgs, nr, block_log2);
	if (!text) {
		legacy_record(l, batch, ids, msgs);
		return MIRQ_OK;
	}
	l->ops.teardown(l->data, ids, nr);
	return mirqi_fail_numbers(why, MIRQ_EIO, l->name, text, nr, 0, ids[0]);
}

static enum mirq_err legacy_alloc(void *data, void *ctx, const struct mirq_batch *batch,
				  uint32_t block_log2, struct mirq_why *why)
{
	uint32_t nr = mirq_batch_count(batch);
	struct legacy *l = data;
	struct mirq_msg *msgs;
	enum mirq_err err;

	if (!legacy_take(l, batch, block_log2))
		return mirqi_fail_numbers(why, MIRQ_ENOSPC, l->name,
					  "more interrupts than this backend has ids", nr, 0, 0);
	msgs = mirq_host_alloc(l->host, nr * (sizeof(*msgs) + sizeof(uint32_t)),
			       _Alignof(struct mirq_msg));
	err = msgs ? legacy_ask(l, ctx, batch, block_log2, msgs, (uint32_t *)(void *)(msgs + nr),
				why)
		   : mirqi_fail(why, MIRQ_ENOMEM, 0, l->name, "no memory for the answer");
	if (msgs)
		mirq_host_free(l->host, msgs, nr * (sizeof(*msgs) + sizeof(uint32_t)));
	if (err)
		legacy_give_back(l, batch);
	return err;
}

static void legacy_free(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct legacy *l = data;
	uint32_t ids[LEGACY_AT_ONCE], nr = 0;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		ids[nr++] = member.hop->word;
		if (nr < LEGACY_AT_ONCE)
			continue;
		l->ops.teardown(l->data, ids, nr);
		nr = 0;
	}
	if (nr)
		l->ops.teardown(l->data, ids, nr);
	legacy_give_back(l, batch);
}

/* The backend has programmed everything in setup. */
static enum mirq_err legacy_program(void *data, void *ctx, const struct mirq_batch *batch)
{
	(void)data, (void)ctx, (void)batch;
	return MIRQ_OK;
}

static void legacy_clear(void *data, void *ctx, const struct mirq_batch *batch)
{
	(void)data, (void)ctx, (void)batch;
}

static void legacy_compose(void *data, void *ctx, const struct mirq_hop *hop,
			   const struct mirq_route *route, uint32_t block_log2,
			   struct mirq_msg *out_msg)
{
	const struct legacy *l = data;

	(void)ctx, (void)route, (void)block_log2;
	*out_msg = l->entries[hop->hwirq].msg;
}

static const struct mirq_remapper_ops legacy_table_ops = {
	MIRQ_SIZED(mirq_remapper_ops), .alloc = legacy_alloc, .free = legacy_free,
	.program = legacy_program,     .clear = legacy_clear, .compose = legacy_compose,
};

/* Between release and free an id stays its interrupt's, and teardown ends it: nothing is left to
 * drain for anybody else. */
static enum mirq_err legacy_attach_table(struct mirq *m, struct legacy *l,
					 const struct mirq_legacy_init *init,
					 struct mirq_domain **out_domain)
{
	struct mirq_remapper_init table = {
		MIRQ_SIZED(mirq_remapper_init),
		.name = "messages",
		.ops = &legacy_table_ops,
		.data = l,
		.nr_entries = l->nr_entries,
		.max_block_log2 = init->max_block_log2,
		.carries = MIRQ_CARRIES_ONE,
		.traits = MIRQ_REMAPPER_DRAINS,
		.why = init->why,
	};

	if (init->max_block_log2)
		table.carries |= MIRQ_CARRIES_BLOCKS;
	return mirq_remapper_attach(m, &table, out_domain);
}

/* ---- both ---- */

static enum mirq_err legacy_check(const struct mirq_legacy_init *init,
				  const struct mirq_legacy_ops *ops)
{
	const char *text = NULL;

	if (!init->name || !ops->setup || !ops->teardown)
		text = "a legacy root needs a name, setup and teardown";
	else if (!ops->mask != !ops->unmask)
		text = "mask and unmask: both or neither";
	else if (init->ids.limit <= init->ids.first ||
		 init->ids.limit - init->ids.first > LEGACY_MAX_IDS)
		text = "a legacy root has 1 to 2048 ids";
	else if (init->max_block_log2 > LEGACY_MAX_BLOCK_LOG2 ||
		 init->traits & ~(uint32_t)MIRQ_ROOT_ENDS_EDGE_FIRST)
		text = ".max_block_log2 is 0 to 5, .traits MIRQ_ROOT_ENDS_EDGE_FIRST or 0";
	return text ? mirqi_fail(init->why, MIRQ_EINVAL, 0, init->name, text) : MIRQ_OK;
}

static struct legacy *legacy_new(struct mirq_host *host, const struct mirq_legacy_init *init,
				 const struct mirq_legacy_ops *ops)
{
	uint32_t nr = init->ids.limit - init->ids.first;
	size_t bytes = sizeof(struct legacy) + nr * sizeof(struct legacy_entry);
	struct legacy *l = mirq_host_alloc(host, bytes, _Alignof(struct legacy));

	if (!l)
		return NULL;
	memset(l, 0, bytes);
	l->host = host;
	l->size_bytes = bytes;
	l->name = init->name;
	l->ops = *ops;
	l->data = init->data;
	l->ids = init->ids;
	l->nr_entries = nr;
	return l;
}

enum mirq_err mirq_legacy_attach(struct mirq *m, const struct mirq_legacy_init *init,
				 struct mirq_domain **out_domain)
{
	struct mirq_legacy_init own;
	struct mirq_legacy_ops ops;
	struct legacy *l;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	if (mirqi_sized_copy(&ops, sizeof(ops), own.ops))
		return mirqi_fail(own.why, MIRQ_EINVAL, 0, own.name,
				  "op table of an unknown size: begin it with MIRQ_SIZED()");
	err = legacy_check(&own, &ops);
	if (err)
		return err;
	l = legacy_new(mirqi_host(m), &own, &ops);
	if (!l)
		return mirqi_fail(own.why, MIRQ_ENOMEM, 0, own.name, "the host has no memory");
	err = legacy_attach_root(m, l, &own);
	if (err) {
		legacy_fini(l);
		return err;
	}
	err = legacy_attach_table(m, l, &own, out_domain);
	if (err)
		mirqi_root_detach(m);
	return err;
}
