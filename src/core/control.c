/* SPDX-License-Identifier: MIT */
/*
 * control.c - disable, enable, the mask ladder, the resend ladder, pending, numbers, walks.
 * The state word decides; hardware follows: mirqi_mask_sync() is called after each edge that may
 * change what the rung should be, and the last one to take the store's leaf lock sees the last
 * word.
 */
#include "core.h"

/* The interrupt of a handle, or NULL: bounds are the radix tree's business. */
static struct mirq_irq *irq_of(struct mirq_irqs one)
{
	return mirqi_irq(one.store, one.slots.first);
}

static void rung_mask(struct mirq_irq *irq, int on)
{
	struct mirq_store *store = irq->store;
	const struct mirqi_root *root = store->root;
	struct mirq_slot slot = mirqi_slot(irq);
	struct mirq_batch one = { irq, irq, 1, store->table };
	const struct mirqi_attachment *a;

	switch (store->rung) {
	case MIRQI_RUNG_STORE:
		(on ? store->ops.mask : store->ops.unmask)(&slot);
		break;
	case MIRQI_RUNG_REMAPPER:
		a = &store->dev->way[store->table];
		(on ? a->remapper->ops.mask : a->remapper->ops.unmask)(a->remapper->init.data,
								       a->ctx, &one);
		break;
	case MIRQI_RUNG_ROOT:
		(on ? root->ops.mask : root->ops.unmask)(root->init.data, &irq->route);
		break;
	case MIRQI_RUNG_SOFTWARE:
		break;
	}
	mirqi_event(store->dev->m, on ? MIRQ_EVENT_MASK : MIRQ_EVENT_UNMASK, irq, irq->index,
		    store->rung);
}

/* Lazy: a blocked interrupt is masked at its first event; a masked one stays so while blocked. A
 * level that is let through while blocked would come again at once. */
static int wants_mask(const struct mirq_irq *irq, uint32_t state)
{
	return !(state & MIRQI_REQUESTED) || (state & MIRQI_MOVE) ||
	       ((state & MIRQI_BLOCKED) &&
		(irq->trigger >= MIRQ_LEVEL_HIGH || (state & (MIRQI_KEPT | MIRQI_HWMASKED))));
}

void mirqi_mask_sync(struct mirq_irq *irq)
{
	struct mirq_store *store = irq->store;
	struct mirq_host *host = store->dev->m->host;
	uintptr_t saved = mirqi_spin_lock(host, &store->leaf);
	uint32_t state = mirqi_state_read(&irq->state);
	int on = wants_mask(irq, state);

	if ((state & MIRQI_ACTIVE) && on != !!(state & MIRQI_HWMASKED)) {
		rung_mask(irq, on);
		mirqi_state_step(&irq->state, on ? MIRQI_EDGE_MASKED : MIRQI_EDGE_UNMASKED);
	}
	mirqi_spin_unlock(host, &store->leaf, saved);
}

static enum mirq_err inject(struct mirq_irq *irq)
{
	struct mirq_store *store = irq->store;
	struct mirq_slot slot = mirqi_slot(irq);
	const struct mirqi_attachment *a = &store->dev->way[store->table];

	if (store->ops.inject && !store->ops.inject(&slot))
		return MIRQ_OK;
	if (store->table == store->dev->nr_remappers || !a->remapper->ops.inject)
		return MIRQ_ENOTSUP;
	return a->remapper->ops.inject(a->remapper->init.data, a->ctx, &irq->hops[store->table]);
}

struct mirq_route mirqi_route(const struct mirq_irq *irq)
{
	struct mirq_host *host = irq->store->dev->m->host;
	uintptr_t saved = mirqi_spin_lock(host, &irq->store->leaf);
	struct mirq_route route = irq->route;

	mirqi_spin_unlock(host, &irq->store->leaf, saved);
	return route;
}

uint32_t mirqi_cpu_of_line(const struct mirqi_line *line)
{
	return mirqi_route(line->irq).cpu;
}

int mirqi_has_lines(struct mirq_irqs irqs)
{
	uint32_t i = irqs.slots.first;

	while (irqs.store->nr_lines &&
	       (i = mirqi_sparse_next(&irqs.store->slots, i)) < irqs.slots.limit)
		if (mirqi_irq(irqs.store, i++)->flags & MIRQI_IRQ_LINE)
			return 1;
	return 0;
}

uint32_t mirqi_where(const struct mirqi_root *root, const struct mirq_route *route)
{
	if (!mirqi_is_system(root))
		return mirqi_cpu_of(root, route->cpu);
	return root->ops.where ? root->ops.where(root->init.data, route->id) : UINT32_MAX;
}

struct mirq_msg mirqi_told(const struct mirq_irq *irq)
{
	struct mirq_host *host = irq->store->dev->m->host;
	uintptr_t saved = mirqi_spin_lock(host, &irq->store->leaf);
	struct mirq_msg msg = irq->msg;

	mirqi_spin_unlock(host, &irq->store->leaf, saved);
	return msg;
}

/* Sent under the leaf lock: a move takes it to change the route, so that the old id cannot retire
 * between our reading it and the root's accepting it. Returns the line to be raised instead. */
static struct mirq_irq *resend(struct mirq_irq *irq)
{
	struct mirqi_root *root = irq->store->root;
	struct mirq *m = root->domain.m;
	uintptr_t saved = mirqi_spin_lock(m->host, &irq->store->leaf);
	struct mirq_irq *line = NULL;

	mirqi_event(m, MIRQ_EVENT_RESEND, irq, mirqi_place(root, irq->route.cpu), irq->route.id);
	/* A level line that is still high raises itself: it is re-armed by unmasking, not
	 * replayed. */
	if (irq->trigger < MIRQ_LEVEL_HIGH && inject(irq)) {
		if (root->ops.resend)
			root->ops.resend(root->init.data, &irq->route);
		else
			line = mirqi_replay(root, &irq->route);
	}
	mirqi_spin_unlock(m->host, &irq->store->leaf, saved);
	return line;
}

void mirqi_resend(struct mirq_irq *irq)
{
	while (irq)
		irq = resend(irq);
}

/* Opened again with an event kept: one call, not two, when the slot has kept one as well and
 * sends it as soon as it is unmasked. */
static void replay(struct mirq_irq *irq)
{
	struct mirq_store *store = irq->store;
	struct mirq_slot slot = mirqi_slot(irq);
	int slot_sends = store->rung == MIRQI_RUNG_STORE && store->ops.pending &&
			 (mirqi_state_read(&irq->state) & MIRQI_HWMASKED) &&
			 store->ops.pending(&slot) == MIRQ_PENDING_YES;

	mirqi_mask_sync(irq);
	if (!slot_sends)
		mirqi_resend(irq);
}

/* Take @edge on each requested interrupt of the range, and what follows from the answer. */
static enum mirq_err step_range(struct mirq_irqs irqs, enum mirqi_edge edge)
{
	enum mirq_err err = MIRQ_OK;
	struct mirq_irq *irq;

	for (uint32_t i = irqs.slots.first; i < irqs.slots.limit; i++) {
		irq = mirqi_irq(irqs.store, i);
		if (!irq || !(mirqi_state_read(&irq->state) & MIRQI_REQUESTED))
			continue;
		switch (mirqi_state_step(&irq->state, edge)) {
		case MIRQI_ILLEGAL:
			err = MIRQ_EINVAL;
			break;
		case MIRQI_REPLAY:
			replay(irq);
			break;
		default:
			if (edge != MIRQI_EDGE_DISABLE)
				mirqi_mask_sync(irq);
		}
	}
	return err;
}

void mirq_irq_disable(struct mirq_irqs irqs)
{
	(void)step_range(irqs, MIRQI_EDGE_DISABLE);
}

enum mirq_err mirq_irq_enable(struct mirq_irqs irqs)
{
	return step_range(irqs, MIRQI_EDGE_ENABLE);
}

void mirq_irq_done(struct mirq_irqs irqs)
{
	(void)step_range(irqs, MIRQI_EDGE_FINISH);
}

enum mirq_err mirq_irq_sync(struct mirq_irqs irqs)
{
	struct mirq *m = irqs.store->dev->m;
	struct mirq_irq *irq;

	if (mirqi_is_inside(m))
		return MIRQ_EDEADLK;
	mirqi_mutex_lock(m->host, &irqs.store->dev->mutex);
	for (uint32_t i = irqs.slots.first; i < irqs.slots.limit; i++) {
		irq = mirqi_irq(irqs.store, i);
		if (irq)
			mirqi_quiesce_one(irq);
	}
	mirqi_mutex_unlock(m->host, &irqs.store->dev->mutex);
	return MIRQ_OK;
}

enum mirq_err mirq_irq_resend(struct mirq_irqs irqs)
{
	struct mirq_irq *irq;

	for (uint32_t i = irqs.slots.first; i < irqs.slots.limit; i++) {
		irq = mirqi_irq(irqs.store, i);
		if (!irq || !(mirqi_state_read(&irq->state) & MIRQI_REQUESTED))
			return MIRQ_EINVAL;
	}
	for (uint32_t i = irqs.slots.first; i < irqs.slots.limit; i++)
		mirqi_resend(mirqi_irq(irqs.store, i));
	return MIRQ_OK;
}

enum mirq_pending mirq_irq_pending(struct mirq_irqs one)
{
	struct mirq_irq *irq = irq_of(one);
	struct mirq_slot slot;

	if (!irq)
		return MIRQ_PENDING_NO;
	if (mirqi_state_read(&irq->state) & MIRQI_KEPT)
		return MIRQ_PENDING_YES;
	if (!one.store->ops.pending || !(mirqi_state_read(&irq->state) & MIRQI_ACTIVE))
		return one.store->ops.pending ? MIRQ_PENDING_NO : MIRQ_PENDING_UNKNOWN;
	slot = mirqi_slot(irq);
	return one.store->ops.pending(&slot);
}

uint32_t mirq_irq_number(struct mirq_irqs one)
{
	const struct mirq_irq *irq = irq_of(one);

	return irq ? irq->number : 0;
}

enum mirq_err mirq_irq_find(struct mirq *m, uint32_t number, struct mirq_irqs *out_one)
{
	const struct mirq_irq *irq = number ? mirqi_sparse_get(&m->numbers, number - 1) : NULL;

	if (!irq)
		return MIRQ_ENOENT;
	out_one->store = irq->store;
	out_one->slots.first = irq->index;
	out_one->slots.limit = irq->index + 1;
	return MIRQ_OK;
}

enum mirq_err mirq_irq_next(struct mirq_irqs *inout_rest, enum mirq_irq_which which,
			    struct mirq_irqs *out_one, uint64_t *out_cookie)
{
	struct mirq_store *store = inout_rest->store;
	uint32_t wanted = which == MIRQ_IRQS_REQUESTED ? MIRQI_REQUESTED : 0, i;
	struct mirq_host *host = store->dev->m->host;
	enum mirq_err err = MIRQ_ENOENT;
	struct mirq_irq *irq;

	mirqi_mutex_lock(host, &store->dev->mutex);
	i = inout_rest->slots.first;
	for (; err && (i = mirqi_sparse_next(&store->slots, i)) < inout_rest->slots.limit; i++) {
		irq = mirqi_irq(store, i);
		if (which && (mirqi_state_read(&irq->state) & MIRQI_REQUESTED) != wanted)
			continue;
		out_one->store = store;
		out_one->slots.first = i;
		inout_rest->slots.first = out_one->slots.limit = i + 1;
		if (out_cookie)
			*out_cookie = irq->cookie;
		err = MIRQ_OK;
	}
	mirqi_mutex_unlock(host, &store->dev->mutex);
	return err;
}

enum mirq_err mirq_irq_compose(struct mirq_irqs one, struct mirq_msg *out_msg)
{
	const struct mirq_irq *irq = irq_of(one);
	struct mirq_route route;
	struct mirq_msg told;

	if (!irq)
		return MIRQ_ENOENT;
	route = mirqi_route(irq);
	told = mirqi_told(irq);
	if (route.kind == MIRQ_ROUTE_NONE)
		return MIRQ_ENOENT;
	if (!told.address && (mirqi_compose_to(irq, &route, &told, NULL) || !told.address))
		return MIRQ_ENOENT;
	/* The store holds the message of the block; the device says which member. */
	if (one.store->kind.traits & MIRQ_STORE_ONE_MESSAGE)
		told.data |= irq->index;
	*out_msg = told;
	return MIRQ_OK;
}
