/* SPDX-License-Identifier: MIT */
/*
 * request.c - actions: request gives an interrupt a handler and opens its way, release takes both
 * back. Locking: the device's mutex; the list of actions is read by dispatch without a lock: an
 * action is published whole, and freed after the CPUs that could have seen it have left
 * (dispatch.c).
 */
#include "core.h"

/* One request going on. */
struct request {
	struct mirq_irqs irqs;
	struct mirq_irq_handler h;
	struct mirq_batch fresh; /* not active yet */
};

static void *context_of(const struct mirq_irq_handler *h, uint32_t i)
{
	/* Not even 0 may be added to NULL. */
	return h->stride_bytes ? (unsigned char *)h->context + i * h->stride_bytes : h->context;
}

static void free_action(struct mirq *m, struct mirqi_action *a)
{
	mirqi_free(m, a, sizeof(*a));
}

/* Put an action at the end of the list: visible to dispatch once it is whole. */
static void append(struct mirq_irq *irq, struct mirqi_action *a)
{
	_Atomic(struct mirqi_action *) *at = &irq->actions;
	struct mirqi_action *next;

	while ((next = atomic_load_explicit(at, memory_order_relaxed)))
		at = &next->next;
	atomic_store_explicit(at, a, memory_order_release);
}

/* Take @a out of the list; dispatch may still be looking at it. */
static void unlink_action(struct mirq_irq *irq, struct mirqi_action *a)
{
	_Atomic(struct mirqi_action *) *at = &irq->actions;
	struct mirqi_action *next;

	while ((next = atomic_load_explicit(at, memory_order_relaxed)) != a)
		at = &next->next;
	atomic_store_explicit(at, atomic_load_explicit(&a->next, memory_order_relaxed),
			      memory_order_release);
}

static struct mirqi_action *find_action(struct mirq_irq *irq, const struct mirq_irq_handler *h,
					void *context)
{
	struct mirqi_action *a = atomic_load_explicit(&irq->actions, memory_order_relaxed);

	while (a && (a->handle != h->handle || a->context != context))
		a = atomic_load_explicit(&a->next, memory_order_relaxed);
	return a;
}

static enum mirq_err check_request(struct request *r)
{
	const char *name = r->irqs.store->domain.name;
	struct mirq_irq *irq;

	if (!r->h.handle || r->irqs.slots.first >= r->irqs.slots.limit)
		return mirqi_fail(r->h.why, MIRQ_EINVAL, 0, name,
				  "a request needs a handler and a range that is not empty");
	for (uint32_t i = r->irqs.slots.first; i < r->irqs.slots.limit; i++) {
		irq = mirqi_irq(r->irqs.store, i);
		if (!irq)
			return mirqi_no_slot(r->h.why, name, i);
		if ((mirqi_state_read(&irq->state) & MIRQI_REQUESTED) &&
		    !((irq->flags & MIRQI_IRQ_SHARED) && (r->h.flags & MIRQ_REQUEST_SHARED)))
			return mirqi_fail_one(r->h.why, MIRQ_EBUSY, name,
					      "this slot has a handler, and not both are shared",
					      i);
		if ((mirqi_state_read(&irq->state) & MIRQI_REQUESTED) &&
		    (r->h.flags & MIRQ_REQUEST_DISABLED))
			return mirqi_fail_one(
				r->h.why, MIRQ_EINVAL, name,
				"others use this slot already: it cannot be joined disabled", i);
		if (find_action(irq, &r->h, context_of(&r->h, i - r->irqs.slots.first)))
			return mirqi_fail_one(
				r->h.why, MIRQ_EBUSY, name,
				"this slot has this handler with this context already", i);
	}
	return MIRQ_OK;
}

/* Undo join_shared() below @limit. */
static void leave_shared(struct request *r, uint32_t limit)
{
	struct mirq *m = r->irqs.store->dev->m;
	uint32_t first = r->irqs.slots.first;
	struct mirqi_action *a;
	struct mirq_irq *irq;

	for (uint32_t i = limit; i-- > first;) {
		irq = mirqi_irq(r->irqs.store, i);
		if (!(irq->flags & MIRQI_IRQ_JOINS))
			continue;
		irq->flags &= ~(uint32_t)MIRQI_IRQ_JOINS;
		a = find_action(irq, &r->h, context_of(&r->h, i - first));
		unlink_action(irq, a);
		mirqi_quiesce_one(irq);
		free_action(m, a);
	}
}

/* Join interrupts that others have requested; all or nothing. */
static enum mirq_err join_shared(struct request *r)
{
	struct mirq *m = r->irqs.store->dev->m;
	struct mirqi_action *a;
	struct mirq_irq *irq;

	for (uint32_t i = r->irqs.slots.first; i < r->irqs.slots.limit; i++) {
		irq = mirqi_irq(r->irqs.store, i);
		if (!(mirqi_state_read(&irq->state) & MIRQI_REQUESTED))
			continue;
		a = mirqi_alloc(m, sizeof(*a));
		if (!a) {
			leave_shared(r, i);
			return mirqi_no_memory(r->h.why, r->irqs.store->domain.name);
		}
		a->handle = r->h.handle;
		a->context = context_of(&r->h, i - r->irqs.slots.first);
		append(irq, a);
		irq->flags |= MIRQI_IRQ_JOINS;
	}
	return MIRQ_OK;
}

/* The request is through: those that joined stay. */
static void settle_shared(struct request *r)
{
	for (uint32_t i = r->irqs.slots.first; i < r->irqs.slots.limit; i++)
		mirqi_irq(r->irqs.store, i)->flags &= ~(uint32_t)MIRQI_IRQ_JOINS;
}

/* Reserved only again: those that have got their ids in this request. */
static void unassign_ids(struct request *r)
{
	struct mirqi_root *root = r->irqs.store->root;
	struct mirq *m = root->domain.m;
	struct mirq_irq *irq;

	mirqi_forget_written(&r->fresh);
	mirqi_batch_for_each(irq, &r->fresh) {
		if (!(irq->flags & MIRQI_IRQ_LATE))
			continue;
		irq->flags &= ~(uint32_t)MIRQI_IRQ_LATE;
		if (irq->flags & MIRQI_IRQ_QUARANTINED)
			continue;
		if (irq->flags & MIRQI_IRQ_WAS_ACTIVE)
			mirqi_retire(root, irq->route.cpu, irq->route.id);
		else
			mirqi_drop_id(root, &irq->route);
		mirqi_kick(root, irq->route.cpu);
		irq->flags &= ~(uint32_t)(MIRQI_IRQ_HAS_ID | MIRQI_IRQ_WAS_ACTIVE);
		memset(&irq->route, 0, sizeof(irq->route));
		atomic_fetch_add(&m->nr_best_effort, 1);
	}
}

/* Best-effort reservations get their ids now; on failure the ones that got one give it back. */
static enum mirq_err assign_ids(struct request *r)
{
	struct mirq *m = r->irqs.store->dev->m;
	struct mirq_irq *irq;
	enum mirq_err err;

	mirqi_batch_for_each(irq, &r->fresh) {
		if (irq->flags & MIRQI_IRQ_HAS_ID)
			continue;
		err = mirqi_give_id_in(irq, mirqi_cpus_usable(m, mirqi_wanted(irq)), &irq->route,
				       r->h.why);
		if (err) {
			unassign_ids(r);
			return err;
		}
		irq->flags |= MIRQI_IRQ_HAS_ID | MIRQI_IRQ_LATE;
		atomic_fetch_sub(&m->nr_best_effort, 1);
	}
	return MIRQ_OK;
}

static void publish_actions(struct request *r)
{
	enum mirqi_edge edge = r->h.flags & MIRQ_REQUEST_DISABLED ? MIRQI_EDGE_REQUEST_OFF
								  : MIRQI_EDGE_REQUEST;
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, &r->fresh) {
		irq->first.handle = r->h.handle;
		irq->first.context = context_of(&r->h, irq->index - r->irqs.slots.first);
		irq->nr_unwanted = 0;
		atomic_store_explicit(&irq->first.next, NULL, memory_order_relaxed);
		atomic_store_explicit(&irq->actions, &irq->first, memory_order_release);
		if (r->h.flags & MIRQ_REQUEST_SHARED)
			irq->flags |= MIRQI_IRQ_SHARED;
		else
			irq->flags &= ~(uint32_t)MIRQI_IRQ_SHARED;
		mirqi_state_step(&irq->state, edge);
	}
}

static void withdraw_actions(struct mirq_batch *batch)
{
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, batch)
		mirqi_state_step(&irq->state, MIRQI_EDGE_RELEASE);
}

static void drop_actions(struct mirq *m, struct mirq_batch *batch)
{
	struct mirqi_action *a, *next;
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, batch) {
		for (a = atomic_load_explicit(&irq->actions, memory_order_relaxed); a; a = next) {
			next = atomic_load_explicit(&a->next, memory_order_relaxed);
			if (a != &irq->first)
				free_action(m, a);
		}
		atomic_store_explicit(&irq->actions, NULL, memory_order_relaxed);
	}
}

/* Program, give the handlers, let through. */
static enum mirq_err open_ways(struct request *r)
{
	struct mirq_store *store = r->irqs.store;
	enum mirq_err err = mirqi_activate(store, &r->fresh, r->h.why);

	if (err)
		return err;
	publish_actions(r);
	err = mirqi_open(store, &r->fresh);
	if (!err)
		return MIRQ_OK;
	mirqi_fail_store(store, r->h.why, err,
			 "the device did not answer, or its store could not be switched on");
	withdraw_actions(&r->fresh);
	mirqi_deactivate(store, &r->fresh);
	drop_actions(store->dev->m, &r->fresh);
	return err;
}

/* Open the ways of those that nobody has requested yet. */
static enum mirq_err open_fresh(struct request *r)
{
	struct mirq_irq *irq;
	enum mirq_err err;

	if (!r->fresh.nr)
		return MIRQ_OK;
	err = assign_ids(r);
	if (err)
		return err;
	err = open_ways(r);
	if (err)
		unassign_ids(r);
	mirqi_batch_for_each(irq, &r->fresh)
		irq->flags &= ~(uint32_t)MIRQI_IRQ_LATE;
	return err;
}

static void collect_fresh(struct request *r)
{
	struct mirq_irq *irq;

	for (uint32_t i = r->irqs.slots.first; i < r->irqs.slots.limit; i++) {
		irq = mirqi_irq(r->irqs.store, i);
		if (!(mirqi_state_read(&irq->state) & MIRQI_REQUESTED))
			mirqi_batch_add(&r->fresh, irq);
	}
}

static enum mirq_err request_locked(struct request *r) MIRQ_MUST_HOLD(dev->mutex)
{
	enum mirq_err err = check_request(r);

	if (err)
		return err;
	collect_fresh(r);
	err = join_shared(r);
	if (err)
		return err;
	err = open_fresh(r);
	if (err)
		leave_shared(r, r->irqs.slots.limit);
	else
		settle_shared(r);
	return err;
}

enum mirq_err mirq_irq_request(struct mirq_irqs irqs, const struct mirq_irq_handler *h)
{
	struct mirq_device *dev = irqs.store->dev;
	struct request r;
	enum mirq_err err;

	memset(&r, 0, sizeof(r));
	r.irqs = irqs;
	if (mirqi_sized_copy(&r.h, sizeof(r.h), h))
		return MIRQ_EINVAL;
	mirqi_mutex_lock(dev->m->host, &dev->mutex);
	err = request_locked(&r);
	mirqi_mutex_unlock(dev->m->host, &dev->mutex);
	return err;
}

static void take_off(struct mirq_store *store, struct mirq_batch *batch)
{
	if (!batch->nr)
		return;
	withdraw_actions(batch);
	mirqi_deactivate(store, batch);
	drop_actions(store->dev->m, batch);
}

void mirqi_release_locked(struct mirq_irqs irqs)
{
	struct mirq_store *store = irqs.store;
	struct mirq_batch batch = { NULL, NULL, 0, 0 };
	uint32_t i = irqs.slots.first;
	struct mirq_irq *irq;

	while ((i = mirqi_sparse_next(&store->slots, i)) < irqs.slots.limit) {
		irq = mirqi_irq(store, i++);
		if (mirqi_state_read(&irq->state) & MIRQI_ACTIVE)
			mirqi_batch_add(&batch, irq);
	}
	take_off(store, &batch);
}

/* Take one of several actions away; those whose last one it is go in one batch with their ways. */
static void release_matching(struct mirq_irqs irqs, const struct mirq_irq_handler *h)
{
	struct mirq *m = irqs.store->dev->m;
	struct mirq_batch last = { NULL, NULL, 0, 0 };
	struct mirqi_action *a;
	struct mirq_irq *irq;

	for (uint32_t i = irqs.slots.first; i < irqs.slots.limit; i++) {
		irq = mirqi_irq(irqs.store, i);
		a = irq ? find_action(irq, h, context_of(h, i - irqs.slots.first)) : NULL;
		if (!a)
			continue;
		if (atomic_load_explicit(&irq->actions, memory_order_relaxed) == a &&
		    !atomic_load_explicit(&a->next, memory_order_relaxed)) {
			mirqi_batch_add(&last, irq);
			continue;
		}
		unlink_action(irq, a);
		mirqi_quiesce_one(irq);
		if (a != &irq->first)
			free_action(m, a);
		/* It may have answered LATER: the others do not wait for what nobody does now. */
		mirq_irq_done(mirq_irq_at(irqs, i - irqs.slots.first));
	}
	take_off(irqs.store, &last);
}

enum mirq_err mirq_irq_release(struct mirq_irqs irqs, const struct mirq_irq_handler *h)
{
	struct mirq_device *dev = irqs.store->dev;
	struct mirq_irq_handler own;
	enum mirq_err err = MIRQ_OK;

	if (h && mirqi_sized_copy(&own, sizeof(own), h))
		return MIRQ_EINVAL;
	if (mirqi_is_inside(dev->m))
		return MIRQ_EDEADLK;
	mirqi_mutex_lock(dev->m->host, &dev->mutex);
	if (mirqi_has_lines(irqs))
		err = MIRQ_EBUSY;
	else if (h)
		release_matching(irqs, &own);
	else
		mirqi_release_locked(irqs);
	mirqi_mutex_unlock(dev->m->host, &dev->mutex);
	return err;
}
