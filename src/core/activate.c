/* SPDX-License-Identifier: MIT */
/*
 * activate.c - program the ways of a batch, write the slots, let them through; and back.
 *
 * Order of bring-up, and what breaks otherwise ([PCI] 6.8.3, [VTD] 6.5):
 *   1 cells of the CPUs point to the interrupts   else the first event is stray
 *   2 entries programmed, one flush per remapper  else the first message meets an old entry
 *   3 the store on, where writes need it; messages written, slots masked
 *   4 (request.c) actions published               else the first event has no handler
 *   5 the store on; one read: all has arrived     else unmasking overtakes the message
 *   6 slots let through
 * Tear-down is the reverse; the read pushes out what the device sent before it was masked.
 * Locking: the device's mutex; the store's leaf lock around slots.
 */
#include "core.h"

static uintptr_t lock_shared(struct mirq_store *store)
{
	return store->kind.traits & MIRQ_STORE_SHARED_REGS
		       ? mirqi_spin_lock(store->dev->m->host, &store->leaf)
		       : 0;
}

static void unlock_shared(struct mirq_store *store, uintptr_t saved)
{
	if (store->kind.traits & MIRQ_STORE_SHARED_REGS)
		mirqi_spin_unlock(store->dev->m->host, &store->leaf, saved);
}

void mirqi_touch(struct mirq_irq *irq, void (*op)(const struct mirq_slot *slot))
{
	struct mirq_slot slot = mirqi_slot(irq);
	uintptr_t saved = lock_shared(irq->store);

	op(&slot);
	unlock_shared(irq->store, saved);
}

int mirqi_masks_whole(const struct mirq_store *store)
{
	return store->kind.masking == MIRQ_MASKS_STORE && !store->ops.begin &&
	       !(store->kind.traits & MIRQ_STORE_MASK_LOSES);
}

void mirqi_mask_all(struct mirq_store *store, int on)
{
	void (*op)(void *data) = on ? store->ops.mask_all : store->ops.unmask_all;
	uintptr_t saved;

	if (!op)
		return;
	saved = lock_shared(store);
	op(store->data);
	unlock_shared(store, saved);
}

/* Slots of a store of one message are written through whichever member comes first. */
void mirqi_tell_slot(struct mirq_irq *irq, const struct mirq_msg *msg)
{
	struct mirq_store *store = irq->store;
	struct mirq_host *host = store->dev->m->host;
	struct mirq_slot slot = mirqi_slot(irq);
	struct mirq_msg both[2] = { { 0, 0 }, { 0, 0 } };
	uintptr_t saved;

	/* What the second one was is not kept: told again. Both can be said: @msg could. */
	if (mirqi_has_two(store))
		(void)!mirqi_compose_both(irq, &irq->route, both, NULL);
	else if ((irq->flags & MIRQI_IRQ_WRITTEN) && mirqi_msg_is(msg, &irq->msg))
		return;
	both[0] = *msg;
	saved = mirqi_spin_lock(host, &store->leaf);
	store->ops.write(&slot, both);
	irq->msg = *msg;
	mirqi_spin_unlock(host, &store->leaf, saved);
	irq->flags |= MIRQI_IRQ_WRITTEN;
	atomic_fetch_add(&store->domain.nr_programmed, 1);
	mirqi_event(store->dev->m, MIRQ_EVENT_WRITE, irq, msg->address, msg->data);
}

enum mirq_err mirqi_write_slot(struct mirq_irq *irq, struct mirq_why *why)
{
	struct mirq_msg msg;
	enum mirq_err err;

	if (mirqi_is_direct(irq->store))
		return MIRQ_OK;
	err = mirqi_compose(irq, &msg, why);
	if (!err)
		mirqi_tell_slot(irq, &msg);
	return err;
}

/* A member of a block is told nothing by itself: its message is the block's. */
static enum mirq_err note_message(struct mirq_irq *irq, struct mirq_why *why)
{
	struct mirq_store *store = irq->store;
	struct mirq_host *host = store->dev->m->host;
	struct mirq_msg msg;
	enum mirq_err err = mirqi_compose(irq, &msg, why);
	uintptr_t saved;

	if (err)
		return err;
	saved = mirqi_spin_lock(host, &store->leaf);
	irq->msg = msg;
	mirqi_spin_unlock(host, &store->leaf, saved);
	irq->flags |= MIRQI_IRQ_WRITTEN;
	return MIRQ_OK;
}

/* The state word says masked from birth: true of slots that come up so, made true of the others. */
static void mask_new_slot(struct mirq_irq *irq)
{
	const struct mirq_store *store = irq->store;

	if (store->ops.mask && !(store->kind.traits & MIRQ_STORE_RESETS_MASKED) &&
	    !(irq->flags & MIRQI_IRQ_WRITTEN))
		mirqi_touch(irq, store->ops.mask);
}

static enum mirq_err write_slots(struct mirq_store *store, struct mirq_batch *batch,
				 struct mirq_why *why)
{
	int is_held = store->nr_active && mirqi_masks_whole(store);
	enum mirq_err err = MIRQ_OK;
	struct mirq_irq *irq;

	if (is_held)
		mirqi_mask_all(store, 1);
	for (irq = batch->first; irq && !err; irq = irq->batch_next) {
		mask_new_slot(irq);
		if (store->kind.traits & MIRQ_STORE_ONE_MESSAGE && store->nr_active)
			err = note_message(irq, why);
		else
			err = mirqi_write_slot(irq, why);
		store->nr_active += !err;
	}
	if (is_held)
		mirqi_mask_all(store, 0);
	return err;
}

static enum mirq_err switch_on(struct mirq_store *store)
{
	enum mirq_err err = MIRQ_OK;

	if (store->is_enabled)
		return MIRQ_OK;
	if (store->ops.enable)
		err = store->ops.enable(store->data, store->block_log2);
	store->is_enabled = !err;
	return err;
}

static void publish(struct mirq_irq *irq)
{
	const struct mirqi_root *root = irq->store->root;

	mirqi_state_step(&irq->state, MIRQI_EDGE_ACTIVATE);
	irq->flags |= MIRQI_IRQ_WAS_ACTIVE;
	atomic_store_explicit(mirqi_cell(root, irq->route.cpu, irq->route.id), irq,
			      memory_order_release);
	/* Where the root is the rung of the ladder, it is opened when the state word says so. */
	if (root->ops.unmask && irq->store->rung != MIRQI_RUNG_ROOT)
		root->ops.unmask(root->init.data, &irq->route);
}

enum mirq_err mirqi_activate(struct mirq_store *store, struct mirq_batch *batch,
			     struct mirq_why *why)
{
	uint32_t nr_active_before = store->nr_active;
	struct mirq_irq *irq;
	enum mirq_err err = MIRQ_OK;

	if (store->ops.begin)
		err = store->ops.begin(store->data);
	if (err)
		return mirqi_fail(why, err, 3, store->domain.name, "the store's begin failed");
	mirqi_batch_for_each(irq, batch)
		publish(irq);
	err = mirqi_program(store, batch);
	if (err)
		mirqi_fail(why, err, 0, store->domain.parent->name,
			   "a remapper on the way did not answer: its log says more");
	if (!err && (store->kind.traits & MIRQ_STORE_NEEDS_ENABLE)) {
		err = switch_on(store);
		if (err)
			mirqi_fail_store(store, why, err, "the store cannot be enabled");
	}
	if (!err)
		err = write_slots(store, batch, why);
	if (err) {
		/* The window is closed: mirqi_deactivate() opens its own. */
		if (store->ops.commit)
			(void)store->ops.commit(store->data);
		/* Members not counted as active yet: mirqi_deactivate() takes all of them off. */
		store->nr_active = nr_active_before + batch->nr;
		mirqi_deactivate(store, batch);
	}
	return err;
}

static enum mirq_err open_slots(struct mirq_store *store, struct mirq_batch *batch)
{
	uint32_t was_enabled = store->is_enabled && store->nr_active > batch->nr;
	enum mirq_err err = switch_on(store);
	struct mirq_irq *irq;

	/* In a window nothing has been sent yet that a read could push. */
	if (!err && store->ops.flush && !store->ops.begin)
		err = store->ops.flush(store->data);
	if (err)
		return err;
	if (!was_enabled)
		mirqi_mask_all(store, 0);
	mirqi_batch_for_each(irq, batch) {
		/* A store that sleeps, or loses events while masked, is no rung: opened here,
		 * for good. */
		if (store->ops.unmask && store->rung != MIRQI_RUNG_STORE)
			mirqi_touch(irq, store->ops.unmask);
		mirqi_mask_sync(irq);
	}
	return MIRQ_OK;
}

/* Closes the window that mirqi_activate() has opened. */
enum mirq_err mirqi_open(struct mirq_store *store, struct mirq_batch *batch)
{
	enum mirq_err err = open_slots(store, batch);
	enum mirq_err committed = MIRQ_OK;

	if (store->ops.commit)
		committed = store->ops.commit(store->data);
	err = err ? err : committed;
	if (!err && store->ops.begin && store->ops.flush)
		err = store->ops.flush(store->data);
	return err;
}

static void bury_cell(struct mirq_irq *irq, uint32_t cpu, uint32_t id)
{
	const struct mirqi_root *root = irq->store->root;

	atomic_compare_exchange_strong(mirqi_cell(root, cpu, id), &irq, root->domain.m->tomb);
}

/* Cells that point to @irq point to the tomb from now on: what still comes is late. */
static void bury(struct mirq_irq *irq)
{
	uint32_t live = mirqi_live(irq);

	bury_cell(irq, irq->route.cpu, irq->route.id);
	if (live & MIRQI_LIVE_OTHER)
		bury_cell(irq, irq->other.cpu, irq->other.id);
	if (live & MIRQI_LIVE_STEP)
		bury_cell(irq, irq->other.cpu, irq->route.id);
	/* Whoever retires a buried id finds the tomb: nobody else says that it is gone. */
	atomic_store_explicit(&irq->live, 0, memory_order_release);
	irq->flags &= ~(uint32_t)MIRQI_IRQ_UNCONFIRMED;
}

/* While it is off its device may be reset: each slot is told again when it is used again. */
static void switch_off(struct mirq_store *store)
{
	uint32_t i = 0;

	store->is_enabled = 0;
	if (!store->ops.disable)
		return;
	store->ops.disable(store->data);
	while ((i = mirqi_sparse_next(&store->slots, i)) != MIRQI_NO_INDEX)
		mirqi_irq(store, i++)->flags &= ~(uint32_t)MIRQI_IRQ_WRITTEN;
}

/* Silence the slots: where the store has a window, once that is closed. All at once, where it can,
 * when nobody needs the store any more. */
static void silence(struct mirq_store *store, struct mirq_batch *batch)
{
	int is_last = !store->nr_active && store->is_enabled;
	struct mirq_irq *irq;

	if (is_last)
		mirqi_mask_all(store, 1);
	mirqi_batch_for_each(irq, batch) {
		if (store->ops.mask && store->rung != MIRQI_RUNG_STORE)
			mirqi_touch(irq, store->ops.mask);
		mirqi_mask_sync(irq);
	}
	if (is_last)
		switch_off(store);
}

int mirqi_table_drains(const struct mirq_store *store)
{
	const struct mirq_device *dev = store->dev;

	return store->table < dev->nr_remappers &&
	       (dev->way[store->table].remapper->init.traits & MIRQ_REMAPPER_DRAINS);
}

void mirqi_quarantine(struct mirq_irq *irq)
{
	struct mirq *m = irq->store->dev->m;

	if (irq->flags & MIRQI_IRQ_QUARANTINED)
		return;
	irq->flags |= MIRQI_IRQ_QUARANTINED;
	atomic_fetch_add(&m->nr_quarantined, 1);
	mirqi_event(m, MIRQ_EVENT_QUARANTINE, irq, mirqi_place(irq->store->root, irq->route.cpu),
		    irq->route.id);
}

void mirqi_forget_written(struct mirq_batch *batch)
{
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, batch)
		irq->flags &= ~(uint32_t)MIRQI_IRQ_WRITTEN;
}

void mirqi_deactivate(struct mirq_store *store, struct mirq_batch *batch)
{
	const struct mirqi_root *root = store->root;
	int is_silent, is_drained, is_cleared;
	struct mirq_irq *irq;

	store->nr_active -= batch->nr;
	is_silent = !store->ops.begin || !store->ops.begin(store->data);
	silence(store, batch);
	if (is_silent && store->ops.commit)
		is_silent = !store->ops.commit(store->data);
	/* After the commit: before it the slots still send. */
	is_drained = store->ops.flush && !store->ops.flush(store->data);
	if (!is_drained && store->ops.flush) /* gone: it may come back with nothing in its slots */
		mirqi_forget_written(batch);
	is_cleared = mirqi_clear(store, batch) == MIRQ_OK;
	/* A wire: the root's mask says so below. */
	is_drained |= is_cleared && (mirqi_table_drains(store) || mirqi_is_direct(store));
	mirqi_batch_for_each(irq, batch)
		bury(irq);
	mirqi_quiesce(batch);
	mirqi_batch_for_each(irq, batch) {
		struct mirq_slot slot = mirqi_slot(irq);

		/* Its level came late, and nobody ends it any more: the next request could not
		 * hear it. */
		if (store->ops.busy && store->ops.eoi && store->ops.busy(&slot))
			mirqi_touch(irq, store->ops.eoi);
		if (root->ops.mask)
			root->ops.mask(root->init.data, &irq->route);
		mirqi_state_step(&irq->state, MIRQI_EDGE_DEACTIVATE);
		/* Not told to be silent, it may send for ever: nobody gets its entry or id. */
		if (!is_silent || !is_drained || !is_cleared)
			mirqi_quarantine(irq);
	}
}
