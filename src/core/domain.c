/* SPDX-License-Identifier: MIT */
/*
 * domain.c - root and remappers: registration, batches, the phases that walk them, composing.
 * Locking: registration under m->mutex; phases under the mutex of the device.
 */
#include "core.h"

#include "chip.h"
#include "rules.h"

/* Rule numbers of docs/rules.md. */
enum rule {
	RULE_REMAPPER = 9,
	RULE_ROOT = 10
};

static uint32_t min_limit(uint32_t a, uint32_t b)
{
	return !a || (b && b < a) ? b : a;
}

static enum mirq_err refuse_ops(struct mirq_why *why, const char *name)
{
	return mirqi_fail(why, MIRQ_EINVAL, 0, name,
			  "op table of an unknown size: begin it with MIRQ_SIZED()");
}

static enum mirq_err check_root(const struct mirq_root_init *init, const struct mirq_root_ops *ops,
				struct mirq_why *why)
{
	if (!init->name || init->ids.limit <= init->ids.first ||
	    init->ids.limit - init->ids.first > 2048)
		return mirqi_fail(why, MIRQ_EINVAL, RULE_ROOT, init->name,
				  "a root needs a name and 1 to 2048 ids per CPU");
	if (init->scope > MIRQ_IDS_OF_SYSTEM || (init->scope && ops->compose))
		return mirqi_fail(why, MIRQ_EINVAL, RULE_ROOT, init->name,
				  ".scope is of enum mirq_id_scope; ids of the system have no "
				  "compose: the table below the root has their messages");
	if (!init->carries || init->guest > MIRQ_GUEST_YES)
		return mirqi_fail(
			why, MIRQ_EINVAL, RULE_ROOT, init->name,
			"a root says what it carries: enum mirq_carries, and .guest is of "
			"enum mirq_guest");
	return mirqi_rules_check(MIRQI_OPS_OF_ROOT, ops, 0, init->name, why);
}

struct mirqi_root *mirqi_root_init(struct mirq *m, const struct mirq_root_init *own,
				   const struct mirq_root_ops *ops, uint32_t nr_targets)
{
	struct mirqi_root *root = mirqi_alloc(m, sizeof(*root));
	void *memory = mirqi_alloc(m, mirq_ids_size_bytes(nr_targets, own->ids));

	if (!root || !memory || mirq_ids_init(memory, nr_targets, own->ids, m->host, &root->ids)) {
		mirqi_free(m, root, sizeof(*root));
		mirqi_free(m, memory, mirq_ids_size_bytes(nr_targets, own->ids));
		return NULL;
	}
	root->hw_target = mirqi_alloc(m, nr_targets * sizeof(*root->hw_target));
	root->nr_targets = nr_targets;
	root->init = *own;
	root->init.why = NULL;
	root->ops = *ops;
	root->nr_words = (own->ids.limit - own->ids.first + 63) / 64;
	root->domain.m = m;
	root->domain.role = MIRQ_ROLE_ROOT;
	root->domain.name = own->name;
	root->domain.carries = own->carries;
	if (mirqi_is_system(root))
		root->system = mirqi_alloc(m, mirqi_cells_bytes(root));
	if (root->hw_target && !root->system == !mirqi_is_system(root))
		return root;
	mirqi_root_fini(root);
	return NULL;
}

enum mirq_err mirq_root_attach(struct mirq *m, const struct mirq_root_init *init,
			       struct mirq_domain **out_root)
{
	struct mirq_root_init own;
	struct mirq_root_ops ops;
	struct mirqi_root *root;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	if (mirqi_sized_copy(&ops, sizeof(ops), own.ops))
		return refuse_ops(own.why, own.name);
	if (m->root)
		return mirqi_fail(own.why, MIRQ_EEXIST, 0, own.name,
				  "the system has a root already");
	err = check_root(&own, &ops, own.why);
	if (err)
		return err;
	root = mirqi_root_init(m, &own, &ops, m->nr_cpus);
	if (!root)
		return mirqi_no_memory(own.why, own.name);
	root->targets = m->cpus;
	for (uint32_t cpu = 0; root->system && cpu < m->nr_cpus; cpu++)
		m->cpus[cpu].cells = root->system;
	m->flow.eoi = ops.eoi;
	m->flow.root_data = own.data;
	m->flow.end_first_edge = !!(own.traits & MIRQ_ROOT_ENDS_EDGE_FIRST);
	m->ids_range = own.ids;
	m->domains = &root->domain;
	m->root = root;
	if (out_root)
		*out_root = &root->domain;
	return MIRQ_OK;
}

enum mirq_err mirq_root_claim_id(struct mirq *m, struct mirq_cpus cpus, uint32_t id)
{
	struct mirq_target t = { 0, id };
	enum mirq_err err = MIRQ_OK;

	if (!m->root)
		return MIRQ_ENOENT;
	if (m->root->system)
		cpus = mirq_cpus_one(0);
	if (id < m->ids_range.first || id >= m->ids_range.limit || cpus.range.limit > m->nr_cpus ||
	    (cpus.range.limit && cpus.range.first >= cpus.range.limit))
		return MIRQ_EINVAL;
	for (; t.cpu < m->nr_cpus && !err; t.cpu++)
		if (mirqi_cpus_have(cpus, t.cpu))
			err = mirq_ids_claim(m->root->ids, t);
	if (!err)
		return MIRQ_OK;
	/* All or nothing: the one that failed is t.cpu - 1. */
	for (t.cpu--; t.cpu--;)
		if (mirqi_cpus_have(cpus, t.cpu))
			mirq_ids_free(m->root->ids, t);
	return err;
}

static enum mirq_err check_remapper(const struct mirq *m, const struct mirq_remapper_init *init,
				    const struct mirq_remapper_ops *ops)
{
	enum mirq_err err = mirqi_rules_check(ops->alloc ? MIRQI_OPS_OF_TABLE : MIRQI_OPS_OF_SHIM,
					      ops, 0, init->name, init->why);
	const char *text = NULL;

	if (err)
		return err;
	if (!m->root)
		text = "a remapper needs the system's root first";
	else if (!init->name || !init->carries)
		text = "a remapper needs a name and says what it carries";
	else if (!ops->alloc != !init->nr_entries)
		text = "a table needs entries, a shim has none: .nr_entries";
	else if (init->parent && (init->parent->role == MIRQ_ROLE_STORE || init->parent->m != m))
		text = "the parent is the root or a remapper of this system: a store is nobody's "
		       "parent";
	for (struct mirq_domain *d = init->parent; !text && d; d = d->parent)
		if (ops->alloc && d->role == MIRQ_ROLE_REMAPPER &&
		    ((struct mirqi_remapper *)d)->ops.alloc)
			text = "at most one table remapper stands on a way";
		else if (ops->alloc && d->role == MIRQ_ROLE_ROOT && d != &m->root->domain)
			text = "a table names CPUs: none stands behind a secondary root";
	return text ? mirqi_fail(init->why, MIRQ_EINVAL, RULE_REMAPPER, init->name, text) : MIRQ_OK;
}

void mirqi_domain_link(struct mirq_domain *domain)
{
	struct mirq *m = domain->m;
	struct mirq_domain **at = &m->domains;

	mirqi_mutex_lock(m->host, &m->mutex);
	while (*at)
		at = &(*at)->next;
	*at = domain;
	if (domain->parent)
		domain->parent->nr_children++;
	mirqi_mutex_unlock(m->host, &m->mutex);
}

enum mirq_err mirq_remapper_attach(struct mirq *m, const struct mirq_remapper_init *init,
				   struct mirq_domain **out_domain)
{
	struct mirq_remapper_init own;
	struct mirq_remapper_ops ops;
	struct mirqi_remapper *r;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	if (mirqi_sized_copy(&ops, sizeof(ops), own.ops))
		return refuse_ops(own.why, own.name);
	err = check_remapper(m, &own, &ops);
	if (err)
		return err;
	r = mirqi_alloc(m, sizeof(*r));
	if (!r)
		return mirqi_no_memory(own.why, own.name);
	r->init = own;
	r->init.why = NULL;
	r->ops = ops;
	r->domain.m = m;
	r->domain.role = MIRQ_ROLE_REMAPPER;
	r->domain.name = own.name;
	r->domain.parent = own.parent ? own.parent : &m->root->domain;
	/* A table composes from routes itself: what stands between it and the CPU sees no message,
	 * so neither its rights nor its reach bind. A shim only takes away. */
	r->domain.carries = own.carries;
	r->domain.limit_hw_target = own.limit_hw_target;
	if (!ops.alloc) {
		r->domain.carries &= r->domain.parent->carries;
		r->domain.limit_hw_target = min_limit(own.limit_hw_target,
						      r->domain.parent->limit_hw_target);
	}
	mirqi_domain_link(&r->domain);
	*out_domain = &r->domain;
	return MIRQ_OK;
}

static void drop_links(struct mirq *m, const struct mirq_domain *domain)
{
	struct mirqi_link **at = &m->links;
	struct mirqi_link *link;

	while ((link = *at)) {
		if (link->link.parent != domain) {
			at = &link->next;
			continue;
		}
		*at = link->next;
		mirqi_free(m, link, sizeof(*link));
	}
}

enum mirq_err mirqi_domain_unlink(struct mirq_domain *domain)
{
	struct mirq *m = domain->m;
	struct mirq_domain **at = &m->domains;
	enum mirq_err err = MIRQ_EBUSY;

	mirqi_mutex_lock(m->host, &m->mutex);
	if (!domain->nr_children) {
		while (*at != domain)
			at = &(*at)->next;
		*at = domain->next;
		if (domain->parent)
			domain->parent->nr_children--;
		drop_links(m, domain);
		err = MIRQ_OK;
	}
	mirqi_mutex_unlock(m->host, &m->mutex);
	return err;
}

enum mirq_err mirq_remapper_detach(struct mirq_domain *domain)
{
	struct mirqi_remapper *r = (struct mirqi_remapper *)domain;
	enum mirq_err err;

	if (domain->role != MIRQ_ROLE_REMAPPER)
		return MIRQ_EINVAL;
	err = mirqi_domain_unlink(domain);
	if (err)
		return err;
	if (r->ops.fini)
		r->ops.fini(r->init.data);
	mirqi_free(domain->m, r, sizeof(*r));
	return MIRQ_OK;
}

void *mirqi_remapper_data(const struct mirq_domain *domain, const struct mirq_remapper_ops *ops)
{
	const struct mirqi_remapper *r = (const struct mirqi_remapper *)domain;

	return domain->role == MIRQ_ROLE_REMAPPER && r->init.ops == ops ? r->init.data : NULL;
}

void mirqi_batch_add(struct mirq_batch *batch, struct mirq_irq *irq)
{
	irq->batch_next = NULL;
	if (batch->last)
		batch->last->batch_next = irq;
	else
		batch->first = irq;
	batch->last = irq;
	batch->nr++;
}

int mirq_batch_next(const struct mirq_batch *batch, const void **cursor,
		    struct mirq_member *out_member)
{
	const struct mirq_irq *before = *cursor;
	struct mirq_irq *irq;

	/* A batch of one may be a member of a longer list, that others walk and change: the end is
	 * .last, whose .batch_next is not looked at. */
	if (before == batch->last)
		return 0;
	irq = before ? before->batch_next : batch->first;
	*cursor = irq;
	out_member->hop = &irq->hops[batch->level];
	out_member->route = &irq->route;
	return 1;
}

uint32_t mirq_batch_count(const struct mirq_batch *batch)
{
	return batch->nr;
}

enum mirq_err mirqi_program(struct mirq_store *store, struct mirq_batch *batch)
{
	struct mirq_device *dev = store->dev;
	enum mirq_err err = MIRQ_OK;

	for (uint32_t level = dev->nr_remappers; level-- && !err && batch->nr;) {
		struct mirqi_remapper *r = dev->way[level].remapper;
		void *ctx = dev->way[level].ctx;

		batch->level = level;
		if (!r->ops.program)
			continue;
		atomic_fetch_add(&r->domain.nr_programmed, batch->nr);
		err = r->ops.program(r->init.data, ctx, batch);
		mirqi_event(dev->m, MIRQ_EVENT_PROGRAM, batch->first, batch->nr, level);
		if (err || !r->ops.flush)
			continue;
		atomic_fetch_add(&r->domain.nr_flushes, 1);
		err = r->ops.flush(r->init.data, ctx, batch);
		mirqi_event(dev->m, MIRQ_EVENT_FLUSH, batch->first, batch->nr, level);
	}
	return err;
}

enum mirq_err mirqi_clear(struct mirq_store *store, struct mirq_batch *batch)
{
	struct mirq_device *dev = store->dev;
	enum mirq_err err = MIRQ_OK, one;

	for (uint32_t level = 0; level < dev->nr_remappers && batch->nr; level++) {
		struct mirqi_remapper *r = dev->way[level].remapper;
		void *ctx = dev->way[level].ctx;

		batch->level = level;
		if (!r->ops.clear)
			continue;
		r->ops.clear(r->init.data, ctx, batch);
		if (!r->ops.flush)
			continue;
		atomic_fetch_add(&r->domain.nr_flushes, 1);
		one = r->ops.flush(r->init.data, ctx, batch);
		mirqi_event(dev->m, MIRQ_EVENT_FLUSH, batch->first, batch->nr, level);
		err = err ? err : one;
	}
	return err;
}

/* The messages toward the store, before shims: of a whole block for stores of one message. */
static void compose_base(const struct mirq_irq *irq, struct mirq_route route,
			 struct mirq_msg out_msg[2])
{
	const struct mirq_store *store = irq->store;
	const struct mirq_device *dev = store->dev;
	const struct mirqi_root *root = store->root;
	uint32_t member = store->block_log2 ? irq->index - store->block_first : 0;
	struct mirq_hop hop;

	if (store->table < dev->nr_remappers) {
		const struct mirqi_attachment *a = &dev->way[store->table];

		hop = irq->hops[store->table];
		hop.hwirq -= member;
		a->remapper->ops.compose(a->remapper->init.data, a->ctx, &hop, &route,
					 store->block_log2, out_msg);
	} else {
		route.id -= member;
		root->ops.compose(root->init.data, &route, store->block_log2, out_msg);
	}
}

/* What shims from the table or root down to @level make of a message for @cpu. */
static enum mirq_err translate(const struct mirq_store *store, uint32_t level, uint32_t cpu,
			       struct mirq_msg *msg, struct mirq_why *why)
{
	uint32_t at = store->table; /* nr_remappers: the root */

	while (at-- > level) {
		const struct mirqi_attachment *a = &store->dev->way[at];
		struct mirq_msg in = *msg;

		if (a->remapper->ops.translate(a->remapper->init.data, a->ctx, &in, msg))
			return mirqi_fail_one(
				why, MIRQ_ENOTSUP, a->remapper->domain.name,
				"the message lies outside what this window lets through; value: "
				"the CPU",
				mirqi_cpu_of(store->root, cpu));
	}
	return MIRQ_OK;
}

/* Message 0, or the deassert message 1, as it must arrive at @level of the way. */
static enum mirq_err compose_down_to(const struct mirq_irq *irq, const struct mirq_route *route,
				     uint32_t level, uint32_t i, struct mirq_msg *out_msg,
				     struct mirq_why *why)
{
	struct mirq_msg msg[2] = { { 0, 0 }, { 0, 0 } };
	enum mirq_err err;

	if (mirqi_is_direct(irq->store))
		return MIRQ_ENOENT;
	compose_base(irq, *route, msg);
	err = translate(irq->store, level, route->cpu, &msg[i], why);
	if (!err)
		*out_msg = msg[i];
	return err;
}

/* Windows look at the address: any id does. */
enum mirq_err mirqi_reach_check(const struct mirq_store *store, uint32_t cpu, struct mirq_why *why)
{
	const struct mirqi_root *root = store->root;
	struct mirq_route route = {
		cpu, root->hw_target[cpu], root->init.ids.first, MIRQ_ROUTE_FIXED, MIRQ_EDGE, 0
	};
	struct mirq_msg msg[2] = { { 0, 0 }, { 0, 0 } };

	root->ops.compose(root->init.data, &route, 0, msg);
	return translate(store, 0, cpu, msg, why);
}

enum mirq_err mirqi_compose_at(const struct mirq_irq *irq, uint32_t level, struct mirq_msg *out_msg)
{
	struct mirq_route route = mirqi_route(irq);

	if (route.kind == MIRQ_ROUTE_NONE || level > irq->store->table)
		return MIRQ_ENOENT;
	return compose_down_to(irq, &route, level, 0, out_msg, NULL);
}

enum mirq_err mirqi_compose_both(const struct mirq_irq *irq, const struct mirq_route *route,
				 struct mirq_msg out_msg[2], struct mirq_why *why)
{
	const struct mirq_store *store = irq->store;
	uint32_t bits = store->kind.address_bits;
	enum mirq_err err = MIRQ_OK;

	for (uint32_t i = 0; i <= mirqi_has_two(store) && !err; i++) {
		err = compose_down_to(irq, route, 0, i, &out_msg[i], why);
		if (!err && bits < 64 && out_msg[i].address >> bits)
			err = mirqi_fail_numbers(why, MIRQ_ENOTSUP, store->domain.name,
						 "the message's address is too wide for this store",
						 bits, 0, out_msg[i].address);
	}
	return err;
}

enum mirq_err mirqi_compose_to(const struct mirq_irq *irq, const struct mirq_route *route,
			       struct mirq_msg *out_msg, struct mirq_why *why)
{
	struct mirq_msg msg[2];
	enum mirq_err err = mirqi_compose_both(irq, route, msg, why);

	if (!err)
		*out_msg = msg[0];
	return err;
}

enum mirq_err mirqi_compose(const struct mirq_irq *irq, struct mirq_msg *out_msg,
			    struct mirq_why *why)
{
	return mirqi_compose_to(irq, &irq->route, out_msg, why);
}
