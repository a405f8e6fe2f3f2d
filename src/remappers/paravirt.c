/* SPDX-License-Identifier: MIT */
/*
 * paravirt.c - a table remapper whose entries the hypervisor keeps (mirq/paravirt.h).
 *
 * An entry has two mappings, and who changes them:
 *   now    what compose says; program makes it, clear ends it
 *   other  what was before the last move, still mapped: ended by the next program, or by clear.
 *          While program runs: the new one, until all members have one. Then they change places.
 * The core programs an entry anew only when its last move has drained (src/core/move.c): so .other
 * may go when program begins. Or it takes a move back of which the slot has heard nothing: .other
 * leads there already, and its message must not end for a moment.
 *
 * Sources: none, the hypercall is the port's. Locking: which entries are taken, and what compose
 * reads, under lock; an entry is changed under its device's mutex only, and no hypercall is made
 * under the lock.
 */
#include <mirq/paravirt.h>

#include <mirq/host.h>
#include <mirq/remapper.h>

#include "../core/chip.h"
#include "../core/fail.h"
#include "../core/lock.h"
#include "../core/memory.h"

#define PARAVIRT_ENTRIES 1024u
#define PARAVIRT_MAX_ENTRIES (1u << 24)
#define PARAVIRT_CARRIES                                                                           \
	((uint32_t)MIRQ_CARRIES_ONE | MIRQ_CARRIES_LEVEL | MIRQ_CARRIES_DEVICE_STORES)
#define PARAVIRT_FLAGS ((uint32_t)MIRQ_PARAVIRT_DRAINS | MIRQ_PARAVIRT_ISOLATES)

struct mapping {
	struct mirq_msg msg;
	uint32_t hw_target, id;
	uint32_t is_mapped;
};

struct entry {
	struct mapping now, other;
	uint32_t is_fresh;  /* .other is the new mapping of a program that is going on */
	uint32_t next_free; /* of entries that nobody has */
};

struct paravirt {
	struct mirq_host *host;
	size_t size_bytes;
	const char *name;
	struct mirq_paravirt_ops ops;
	void *context;
	struct mirqi_spin lock;
	uint32_t first_free, nr_free, nr_entries;
	struct entry entries[];
};

static enum mirq_err paravirt_alloc(void *data, void *ctx, const struct mirq_batch *batch,
				    uint32_t block_log2, struct mirq_why *why)
{
	uint32_t nr = mirq_batch_count(batch), nr_left;
	struct paravirt *p = data;
	const void *cursor = NULL;
	struct mirq_member member;
	uintptr_t saved = mirqi_spin_lock(p->host, &p->lock);

	(void)ctx, (void)block_log2;
	nr_left = p->nr_free;
	while (nr <= nr_left && mirq_batch_next(batch, &cursor, &member)) {
		member.hop->hwirq = p->first_free;
		p->first_free = p->entries[p->first_free].next_free;
		p->nr_free--;
	}
	mirqi_spin_unlock(p->host, &p->lock, saved);
	return nr <= nr_left ? MIRQ_OK
			     : mirqi_fail_numbers(
				       why, MIRQ_ENOSPC, p->name,
				       "not enough mappings left: attach with more .nr_entries", nr,
				       nr_left, 0);
}

static void paravirt_free(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct paravirt *p = data;
	const void *cursor = NULL;
	struct mirq_member member;
	uintptr_t saved = mirqi_spin_lock(p->host, &p->lock);

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		p->entries[member.hop->hwirq] = (struct entry){ .next_free = p->first_free };
		p->first_free = member.hop->hwirq;
		p->nr_free++;
	}
	mirqi_spin_unlock(p->host, &p->lock, saved);
}

static void paravirt_unmap(struct paravirt *p, struct mapping *mapping)
{
	if (mapping->is_mapped)
		p->ops.unmap(p->context, &mapping->msg);
	mapping->is_mapped = 0;
}

static int paravirt_leads_to(const struct mapping *mapping, const struct mirq_route *route)
{
	return mapping->is_mapped && mapping->hw_target == route->hw_target &&
	       mapping->id == route->id;
}

static enum mirq_err paravirt_map(struct paravirt *p, const struct mirq_requesters *who,
				  struct entry *e, const struct mirq_route *route)
{
	struct mapping *mapping = &e->other;
	enum mirq_err err;

	e->is_fresh = paravirt_leads_to(mapping, route);
	if (e->is_fresh)
		return MIRQ_OK;
	paravirt_unmap(p, mapping);
	err = p->ops.map(p->context, who, route->hw_target, route->id, &mapping->msg);
	if (err)
		return err;
	mapping->hw_target = route->hw_target;
	mapping->id = route->id;
	mapping->is_mapped = 1;
	e->is_fresh = 1;
	return MIRQ_OK;
}

static enum mirq_err paravirt_retarget(struct paravirt *p, struct entry *e,
				       const struct mirq_route *route)
{
	enum mirq_err err = p->ops.retarget(p->context, &e->now.msg, route->hw_target, route->id);

	if (err)
		return err;
	e->now.hw_target = route->hw_target;
	e->now.id = route->id;
	return MIRQ_OK;
}

/* The new mappings of a program are in force, or go again. */
static void paravirt_settle(struct paravirt *p, const struct mirq_batch *batch, enum mirq_err err)
{
	const void *cursor = NULL;
	struct mirq_member member;

	while (mirq_batch_next(batch, &cursor, &member)) {
		struct entry *e = &p->entries[member.hop->hwirq];
		struct mapping was = e->now;
		uintptr_t saved;

		if (e->is_fresh && err)
			paravirt_unmap(p, &e->other);
		if (e->is_fresh && !err) {
			saved = mirqi_spin_lock(p->host, &p->lock);
			e->now = e->other;
			mirqi_spin_unlock(p->host, &p->lock, saved);
			e->other = was;
		}
		e->is_fresh = 0;
	}
}

static void paravirt_tell(struct paravirt *p, enum mirq_err err, uint32_t entry)
{
	struct mirq_log_record record = {
		MIRQ_LOG_ERROR,
		"the hypervisor did not map a message. values: the hypercall's error, negated; "
		"entry",
		p->name,
		NULL,
		{ 0 - (uint64_t)(int64_t)err, entry, 0 },
		0
	};

	mirq_host_log(p->host, &record);
}

/* All or none but where retargeted: what is mapped anew is in force when every member has it. */
static enum mirq_err paravirt_program(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct paravirt *p = data;
	enum mirq_err err = MIRQ_OK, code = MIRQ_EIO;
	const void *cursor = NULL;
	struct mirq_member member;

	while (!err && mirq_batch_next(batch, &cursor, &member)) {
		struct entry *e = &p->entries[member.hop->hwirq];

		if (paravirt_leads_to(&e->now, member.route))
			continue;
		if (e->now.is_mapped && p->ops.retarget) {
			err = paravirt_retarget(p, e, member.route);
			continue;
		}
		/* A move in which nothing has changed is taken back. */
		code = e->now.is_mapped ? MIRQ_ENOSPC : MIRQ_EIO;
		err = paravirt_map(p, ctx, e, member.route);
	}
	paravirt_settle(p, batch, err);
	if (!err)
		return MIRQ_OK;
	paravirt_tell(p, err, member.hop->hwirq);
	return code;
}

static void paravirt_clear(void *data, void *ctx, const struct mirq_batch *batch)
{
	struct paravirt *p = data;
	const void *cursor = NULL;
	struct mirq_member member;

	(void)ctx;
	while (mirq_batch_next(batch, &cursor, &member)) {
		paravirt_unmap(p, &p->entries[member.hop->hwirq].other);
		paravirt_unmap(p, &p->entries[member.hop->hwirq].now);
	}
}

/* Of an entry that was not programmed yet: nothing, address 0. */
static void paravirt_compose(void *data, void *ctx, const struct mirq_hop *hop,
			     const struct mirq_route *route, uint32_t block_log2,
			     struct mirq_msg *out_msg)
{
	struct paravirt *p = data;
	uintptr_t saved = mirqi_spin_lock(p->host, &p->lock);

	(void)ctx, (void)route, (void)block_log2;
	*out_msg = p->entries[hop->hwirq].now.msg;
	mirqi_spin_unlock(p->host, &p->lock, saved);
}

static void paravirt_fini(void *data)
{
	struct paravirt *p = data;

	mirq_host_free(p->host, p, p->size_bytes);
}

static const struct mirq_remapper_ops paravirt_ops = {
	MIRQ_SIZED(mirq_remapper_ops), .alloc = paravirt_alloc, .free = paravirt_free,
	.program = paravirt_program,   .clear = paravirt_clear, .compose = paravirt_compose,
	.fini = paravirt_fini,
};

static enum mirq_err paravirt_check(const struct mirq_paravirt_init *init,
				    const struct mirq_paravirt_ops *ops)
{
	const char *text = NULL;

	if (!init->name || !ops->map || !ops->unmap)
		text = "a provider needs a name, map and unmap";
	else if (init->nr_entries > PARAVIRT_MAX_ENTRIES || init->flags & ~PARAVIRT_FLAGS)
		text = "at most 2^24 entries, and flags of enum mirq_paravirt_flag";
	else if (ops->retarget && !(init->flags & MIRQ_PARAVIRT_DRAINS))
		text = "retarget leaves nothing behind: it needs MIRQ_PARAVIRT_DRAINS";
	else if (init->carries & ~PARAVIRT_CARRIES)
		text = "a provider maps one message at a time: it carries no blocks and no second "
		       "messages";
	else if (init->carries & MIRQ_CARRIES_LEVEL && !ops->retarget)
		text = "a level that was sent ends at the message that it was sent with: without "
		       "retarget a provider carries edges only";
	return text ? mirqi_fail(init->why, MIRQ_EINVAL, 0, init->name, text) : MIRQ_OK;
}

static struct paravirt *paravirt_new(struct mirq_host *host, const struct mirq_paravirt_init *init,
				     const struct mirq_paravirt_ops *ops)
{
	size_t bytes = sizeof(struct paravirt) + (size_t)init->nr_entries * sizeof(struct entry);
	struct paravirt *p = mirq_host_alloc(host, bytes, _Alignof(struct paravirt));

	if (!p)
		return NULL;
	memset(p, 0, bytes);
	p->host = host;
	p->size_bytes = bytes;
	p->name = init->name;
	p->ops = *ops;
	p->context = init->context;
	p->nr_free = p->nr_entries = init->nr_entries;
	for (uint32_t i = 0; i < p->nr_entries; i++)
		p->entries[i].next_free = i + 1;
	return p;
}

static uint32_t paravirt_traits(const struct paravirt *p, uint32_t flags)
{
	uint32_t traits = MIRQ_REMAPPER_PROVIDER;

	if (flags & MIRQ_PARAVIRT_DRAINS)
		traits |= MIRQ_REMAPPER_DRAINS;
	if (flags & MIRQ_PARAVIRT_ISOLATES)
		traits |= MIRQ_REMAPPER_ISOLATES;
	if (!p->ops.retarget)
		traits |= MIRQ_REMAPPER_NEW_MESSAGE;
	return traits;
}

enum mirq_err mirq_paravirt_attach(struct mirq *m, const struct mirq_paravirt_init *init,
				   struct mirq_domain **out_domain)
{
	struct mirq_remapper_init remapper = { MIRQ_SIZED(mirq_remapper_init) };
	struct mirq_paravirt_init own;
	struct mirq_paravirt_ops ops;
	struct paravirt *p;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	if (mirqi_sized_copy(&ops, sizeof(ops), own.ops))
		return mirqi_fail(own.why, MIRQ_EINVAL, 0, own.name,
				  "op table of an unknown size: begin it with MIRQ_SIZED()");
	own.nr_entries = own.nr_entries ? own.nr_entries : PARAVIRT_ENTRIES;
	err = paravirt_check(&own, &ops);
	if (err)
		return err;
	p = paravirt_new(mirqi_host(m), &own, &ops);
	if (!p)
		return mirqi_no_memory(own.why, own.name);
	remapper.name = own.name;
	remapper.ops = &paravirt_ops;
	remapper.data = p;
	remapper.parent = own.parent;
	remapper.nr_entries = own.nr_entries;
	remapper.limit_hw_target = own.limit_hw_target;
	remapper.carries = own.carries ? own.carries
				       : MIRQ_CARRIES_ONE | MIRQ_CARRIES_DEVICE_STORES;
	remapper.traits = paravirt_traits(p, own.flags);
	remapper.why = own.why;
	err = mirq_remapper_attach(m, &remapper, out_domain);
	if (err)
		paravirt_fini(p);
	return err;
}
