/* SPDX-License-Identifier: MIT */
/*
 * move.c - affinity: give interrupts another CPU while they fire, so that no event is lost.
 *
 * Order, and what breaks otherwise:
 *   1 new ids for all that must move, levels that were sent have ended, or nothing has happened
 *   2 new cells point to the interrupts             else the first event on the new way is stray
 *   3 entries := new routes, one flush per remapper  the entry is valid at every instant
 *   4 where the message changed: slot masked, written, unmasked; one read pushes out what was sent
 *     (a slot that can be torn, but not masked, is told a message in between first: step.c)
 *   5 old ids retire on their CPUs                   an event taken there before is handled there
 * Until 5 all these ids are the interrupt's. When hardware does not answer in 3 or 4 they stay so
 * for good. Locking: the device's mutex; the store's leaf lock around the change of a route.
 */
#include "move.h"

#define DRAIN_NS 1000000

/* Its last move is repeated: it has its new id already. */
static int is_again(const struct mirq_irq *irq)
{
	return (irq->flags & MIRQI_IRQ_UNCONFIRMED) != 0;
}

static int may_stay(const struct move *mv, const struct mirq_irq *irq)
{
	if (mirqi_is_system(irq->store->root))
		return mirqi_cpus_are_all(irq->store->dev->m, mv->cpus);
	return !(irq->flags & MIRQI_IRQ_HAS_ID) ||
	       mirqi_cpus_have(mv->cpus, mirqi_cpu_of(irq->store->root, irq->route.cpu));
}

/* Why the slot cannot be told another message so that it never says anything else; or, where nobody
 * may stay, that no event is left behind. */
static const char *pinned_text(const struct move *mv, const struct mirq_irq *irq)
{
	const struct mirq_store *s = irq->store;
	int has_table = mirqi_keeps_message(s);

	if (mirqi_is_system(s->root))
		return "pinned: its id is the system's, and who places that is not mirq";
	if (!has_table && (s->kind.traits & MIRQ_STORE_PINNED))
		return "pinned: this store can be told its message once only, and no table above "
		       "keeps it";
	if (!has_table && s->block_log2)
		return "pinned: slots that share a message move one by one behind a remapper only";
	if (mirqi_is_wordwise(s) && !mirqi_can_step(irq))
		return "pinned: the slot can neither be masked nor change its message at once, and "
		       "has no flush, or the root no word for the CPU alone, or it is on without "
		       "being requested";
	if (mv->keeps_masks && (mirqi_state_read(&irq->state) & MIRQI_ACTIVE) &&
	    !(has_table ? mirqi_table_drains(s) : !!s->ops.flush))
		return "pinned: nothing tells when its old way has drained";
	return NULL;
}

static enum mirq_err check_movable(const struct move *mv, const struct mirq_irq *irq)
{
	const char *text = pinned_text(mv, irq);

	return text ? mirqi_fail_one(mv->why, MIRQ_ENOTSUP, irq->store->domain.name, text,
				     irq->index)
		    : MIRQ_OK;
}

/* The previous move of @irq must have drained: its other route is needed. */
static enum mirq_err wait_drained(const struct move *mv, struct mirq_irq *irq)
{
	struct mirq *m = irq->store->dev->m;
	uint64_t start_ns = mirq_host_now_ns(m->host);

	while (mirqi_live(irq)) {
		if (irq->flags & MIRQI_IRQ_QUARANTINED ||
		    mirq_host_now_ns(m->host) - start_ns > DRAIN_NS)
			return mirqi_fail_one(mv->why, MIRQ_EBUSY, irq->store->root->domain.name,
					      "the previous move has not drained: value is the CPU",
					      mirqi_cpu_of(irq->store->root, irq->other.cpu));
		mirqi_kick_again(irq->store->root, irq->other.cpu);
		mirq_host_wait(m->host, MIRQ_WAIT_SLEEP);
	}
	return MIRQ_OK;
}

static enum mirq_err collect(struct move *mv)
{
	struct mirq_irq *irq;
	enum mirq_err err;

	for (uint32_t i = mv->irqs.slots.first; i < mv->irqs.slots.limit; i++) {
		irq = mirqi_irq(mv->irqs.store, i);
		if (!irq)
			return mirqi_no_slot(mv->why, mv->irqs.store->domain.name, i);
		if (may_stay(mv, irq) && !is_again(irq))
			continue;
		err = check_movable(mv, irq);
		if (!err && !may_stay(mv, irq))
			err = wait_drained(mv, irq);
		if (err)
			return err;
		mirqi_batch_add(&mv->batch, irq);
	}
	return MIRQ_OK;
}

/* The requested set of the whole range becomes @mv's; what it was is given back. */
static void record_wanted(struct move *mv)
{
	struct mirq *m = mv->irqs.store->dev->m;
	struct mirq_irq *irq;

	for (uint32_t i = mv->irqs.slots.first; i < mv->irqs.slots.limit; i++) {
		irq = mirqi_irq(mv->irqs.store, i);
		mirqi_bits_put(m, irq->bits);
		mirqi_bits_get(mv->bits);
		irq->wanted = mv->cpus.range;
		irq->bits = mv->bits;
	}
}

static void hold(struct mirq_irq *irq)
{
	mirqi_state_step(&irq->state, MIRQI_EDGE_MOVE);
	mirqi_mask_sync(irq);
}

static void let_go(struct mirq_irq *irq)
{
	if (mirqi_state_step(&irq->state, MIRQI_EDGE_MOVED) == MIRQI_OK)
		mirqi_mask_sync(irq);
}

static void drop_new(struct move *mv, const struct mirq_irq *limit)
{
	struct mirqi_root *root = mv->irqs.store->root;
	struct mirq_irq *irq;

	for (irq = mv->batch.first; irq != limit; irq = irq->batch_next) {
		let_go(irq);
		if (is_again(irq))
			continue;
		mirqi_step_drop(irq);
		mirqi_drop_id(root, &irq->other);
		irq->other.kind = MIRQ_ROUTE_NONE;
		irq->flags &= ~(uint32_t)MIRQI_IRQ_RESERVED;
	}
}

static struct mirq_cpus targets(const struct move *mv, const struct mirq_irq *irq)
{
	return mv->keeps_masks ? mirqi_cpus_usable(irq->store->dev->m, mirqi_wanted(irq))
			       : mv->cpus;
}

/* Would @irq be told another message if it went by @route, one of its two? Yes, if a table gave it
 * one that cannot be said; no, behind a table that keeps its message. The deassert message is not
 * kept: that of its other way is what it was. */
static int says_another(const struct mirq_irq *irq, const struct mirq_route *route)
{
	const struct mirq_route *told = route == &irq->route ? &irq->other : &irq->route;
	struct mirq_msg msg[2], was[2];

	if (mirqi_keeps_message(irq->store))
		return !(irq->flags & MIRQI_IRQ_WRITTEN);
	if (!(irq->flags & MIRQI_IRQ_WRITTEN) || mirqi_compose_both(irq, route, msg, NULL) ||
	    !mirqi_msg_is(msg, &irq->msg))
		return 1;
	return mirqi_has_two(irq->store) &&
	       (mirqi_compose_both(irq, told, was, NULL) || !mirqi_msg_is(&msg[1], &was[1]));
}

/* A busy slot has sent a level and waits for its end: it is told nothing until then. Masked from
 * here until it is told, it does not become busy again. 1 ms for all. */
static enum mirq_err hold_busy(const struct move *mv)
{
	const struct mirq_store *store = mv->irqs.store;
	struct mirq_host *host = store->dev->m->host;
	uint64_t start_ns = mirq_host_now_ns(host);
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, &mv->batch) {
		struct mirq_slot slot = mirqi_slot(irq);

		if (!(mirqi_state_read(&irq->state) & MIRQI_ACTIVE) ||
		    !says_another(irq, is_again(irq) ? &irq->route : &irq->other))
			continue;
		hold(irq);
		while (store->ops.busy(&slot)) {
			if (mirq_host_now_ns(host) - start_ns > DRAIN_NS)
				return mirqi_fail_one(
					mv->why, MIRQ_EBUSY, store->domain.name,
					"a level has not ended yet: value is the slot", irq->index);
			mirq_host_wait(host, MIRQ_WAIT_SLEEP);
		}
	}
	return MIRQ_OK;
}

/* New ids into .other; all or nothing. What no window on the way can say is refused here. */
static enum mirq_err take_new(struct move *mv)
{
	struct mirq_irq *irq;
	struct mirq_msg msg;
	enum mirq_err err;

	mirqi_batch_for_each(irq, &mv->batch) {
		if (is_again(irq))
			continue;
		err = mirqi_give_id_in(irq, targets(mv, irq), &irq->other, mv->why);
		if (err) {
			drop_new(mv, irq);
			return err;
		}
		irq->flags |= MIRQI_IRQ_RESERVED;
		if (mirqi_steps(irq))
			err = mirqi_step_check(irq, mv->why);
		else if (irq->store->table == irq->store->dev->nr_remappers)
			err = mirqi_compose_to(irq, &irq->other, &msg, mv->why);
		if (err) {
			drop_new(mv, irq->batch_next);
			return err;
		}
	}
	err = mv->irqs.store->ops.busy ? hold_busy(mv) : MIRQ_OK;
	if (err)
		drop_new(mv, NULL);
	return err;
}

/*
 * Roots that mask: the new id is opened before a message names it. Where the root is the rung of
 * the ladder and masked, the new id stays closed and the old one is opened instead: an event that
 * waits there is taken and kept, for nobody else would look at it again.
 */
static void open_ids(struct mirq_irq *irq) MIRQ_MUST_HOLD(store->leaf)
{
	const struct mirqi_root *root = irq->store->root;
	int is_masked = irq->store->rung == MIRQI_RUNG_ROOT &&
			(mirqi_state_read(&irq->state) & MIRQI_HWMASKED);

	if (root->ops.unmask)
		root->ops.unmask(root->init.data, is_masked ? &irq->other : &irq->route);
}

/* The new id is published, then becomes the route; .other is where it was. */
static void swap_routes(struct mirq_irq *irq)
{
	const struct mirqi_root *root = irq->store->root;
	struct mirq_host *host = root->domain.m->host;
	uint32_t is_active = mirqi_state_read(&irq->state) & MIRQI_ACTIVE;
	struct mirq_route new_route = irq->other;
	uintptr_t saved;

	if (is_active)
		atomic_store_explicit(mirqi_cell(root, new_route.cpu, new_route.id), irq,
				      memory_order_release);
	saved = mirqi_spin_lock(host, &irq->store->leaf);
	irq->other = irq->route;
	irq->route = new_route;
	irq->flags &= ~(uint32_t)MIRQI_IRQ_RESERVED;
	if (is_active)
		open_ids(irq);
	if (mirqi_live(irq) & MIRQI_LIVE_STEP)
		mirqi_step_publish(irq);
	mirqi_spin_unlock(host, &irq->store->leaf, saved);
}

/* Interrupts that hardware does not know: the old id is free at once. */
static void settle_quiet(struct mirqi_root *root, const struct mirq_batch *quiet)
{
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, quiet) {
		swap_routes(irq);
		/* In quarantine: hardware may still send there, so nobody ever gets that id. */
		if (!(irq->flags & MIRQI_IRQ_WAS_ACTIVE))
			mirqi_drop_id(root, &irq->other);
		else if (!(irq->flags & MIRQI_IRQ_QUARANTINED))
			mirqi_retire(root, irq->other.cpu, irq->other.id);
		mirqi_kick(root, irq->other.cpu);
		irq->other.kind = MIRQ_ROUTE_NONE;
		irq->flags &= ~(uint32_t)MIRQI_IRQ_WAS_ACTIVE; /* of the new id nobody knows */
	}
}

/* Those that hardware knows get their new route; the others are left in @mv. */
static void settle_active(struct move *mv, struct mirq_batch *active)
{
	struct mirq_irq *irq = mv->batch.first, *next;

	memset(&mv->batch, 0, sizeof(mv->batch));
	for (; irq; irq = next) {
		next = irq->batch_next;
		if (!is_again(irq) && !(mirqi_state_read(&irq->state) & MIRQI_ACTIVE)) {
			mirqi_batch_add(&mv->batch, irq);
			continue;
		}
		if (!is_again(irq)) {
			swap_routes(irq);
			atomic_fetch_or_explicit(&irq->live, MIRQI_LIVE_OTHER,
						 memory_order_release);
		}
		mirqi_batch_add(active, irq);
	}
}

/* What the core composes take_new() has tried; what a table gives may fit through no window. */
static enum mirq_err rewrite_slot(struct move *mv, struct mirq_irq *irq)
{
	enum mirq_err err;

	if (!says_another(irq, &irq->route))
		return MIRQ_OK;
	hold(irq);
	err = mirqi_write_slot(irq, mv->why);
	let_go(irq);
	return err ? MIRQ_ENOSPC : MIRQ_OK;
}

static enum mirq_err step_slot(struct move *mv, struct mirq_irq *irq)
{
	(void)mv;
	if (mirqi_live(irq) & MIRQI_LIVE_STEP)
		mirqi_step_tell(irq);
	return MIRQ_OK;
}

/* Call @tell for all, in a window where the store has them; then one read, where it can. */
static enum mirq_err tell_slots(struct move *mv, struct mirq_batch *active,
				enum mirq_err (*tell)(struct move *mv, struct mirq_irq *irq))
{
	struct mirq_store *store = mv->irqs.store;
	enum mirq_err err = store->ops.begin ? store->ops.begin(store->data) : MIRQ_OK;
	enum mirq_err committed = MIRQ_OK;
	int is_held = mirqi_masks_whole(store);
	struct mirq_irq *irq;

	if (err)
		return err;
	if (is_held)
		mirqi_mask_all(store, 1);
	for (irq = active->first; irq && !err; irq = irq->batch_next)
		err = tell(mv, irq);
	if (is_held)
		mirqi_mask_all(store, 0);
	if (store->ops.commit)
		committed = store->ops.commit(store->data);
	err = err ? err : committed;
	return err || !store->ops.flush ? err : store->ops.flush(store->data);
}

/*
 * Steps 3 and 4. Behind a table the message stays as it is, and the device is not touched.
 * @out_drained: [out] after this nothing arrives on the old ways but what is there already.
 */
static enum mirq_err redirect(struct move *mv, struct mirq_batch *active, int *out_drained)
{
	struct mirq_store *store = mv->irqs.store;
	enum mirq_err err = mirqi_program(store, active);
	int is_touched = 0, is_stepped = 0;
	struct mirq_irq *irq;

	*out_drained = err == MIRQ_ENOSPC; /* no entry changed: nobody knows the new ways */
	if (err)
		return err;
	mirqi_batch_for_each(irq, active) {
		is_touched |= says_another(irq, &irq->route);
		is_stepped |= (mirqi_live(irq) & MIRQI_LIVE_STEP) != 0;
	}
	if (!is_touched) {
		*out_drained = mirqi_table_drains(store);
		return MIRQ_OK;
	}
	if (is_stepped)
		err = tell_slots(mv, active, step_slot);
	if (!err)
		err = tell_slots(mv, active, rewrite_slot);
	*out_drained = !err && store->ops.flush;
	if (err)
		mirqi_forget_written(active);
	return err;
}

/* The old way is gone, and what stood in between: their ids may retire. */
static void leave_old(struct mirqi_root *root, struct mirq_irq *irq)
{
	if (is_again(irq)) {
		irq->flags &= ~(uint32_t)(MIRQI_IRQ_UNCONFIRMED | MIRQI_IRQ_QUARANTINED);
		atomic_fetch_sub(&root->domain.m->nr_quarantined, 1);
	}
	if (mirqi_live(irq) & MIRQI_LIVE_STEP)
		mirqi_retire(root, irq->other.cpu, irq->route.id);
	mirqi_retire(root, irq->other.cpu, irq->other.id);
}

/* Not known to be gone: all its ids stay. */
static void keep_all(struct mirq_irq *irq, enum mirq_err err)
{
	mirqi_quarantine(irq);
	if (err)
		irq->flags |= MIRQI_IRQ_UNCONFIRMED;
	else
		irq->flags &= ~(uint32_t)MIRQI_IRQ_UNCONFIRMED;
}

/* The store has no place for the new messages, and its device does not know them: it keeps the old
 * ones, and the new ids retire. What has a message in between was told that: both stay. What has
 * not confirmed its last move is told that again. */
static void take_back(struct move *mv, struct mirq_batch *active, int *out_drained)
{
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, active)
		if (mirqi_live(irq) & MIRQI_LIVE_STEP)
			return;
	mirqi_batch_for_each(irq, active)
		if (is_again(irq))
			*out_drained = 0;
		else
			swap_routes(irq);
	if (!*out_drained)
		(void)redirect(mv, active, out_drained);
}

static enum mirq_err move_active(struct move *mv, struct mirq_batch *active)
{
	struct mirqi_root *root = mv->irqs.store->root;
	int is_drained;
	enum mirq_err err = redirect(mv, active, &is_drained);
	struct mirq_irq *irq;

	if (err == MIRQ_ENOSPC) {
		mirqi_fail_store(
			mv->irqs.store, mv->why, err,
			"the store, or what is above it, has no place for the new message");
		take_back(mv, active, &is_drained);
	}
	mirqi_batch_for_each(irq, active) {
		let_go(irq);
		if (is_drained)
			leave_old(root, irq);
		else
			keep_all(irq, err);
	}
	mirqi_batch_for_each(irq, active)
		mirqi_kick(root, irq->other.cpu);
	if (!err || err == MIRQ_ENOSPC)
		return err;
	return mirqi_fail(mv->why, err, 0, mv->irqs.store->domain.parent->name,
			  "hardware did not confirm the move: old and new way both stay alive");
}

enum mirq_err mirqi_move_go(struct move *mv)
{
	struct mirq_batch active = { NULL, NULL, 0, 0 };
	enum mirq_err err = MIRQ_OK;

	settle_active(mv, &active);
	if (active.nr)
		err = move_active(mv, &active);
	if (err == MIRQ_ENOSPC)
		drop_new(mv, NULL);
	else
		settle_quiet(mv->irqs.store->root, &mv->batch);
	return err;
}

static enum mirq_err move_locked(struct move *mv) MIRQ_MUST_HOLD(dev->mutex)
{
	struct mirq *m = mv->irqs.store->dev->m;
	enum mirq_err err = collect(mv);

	if (!err)
		err = mirqi_bits_copy(m, mv->cpus, &mv->bits);
	if (err)
		return err;
	err = take_new(mv);
	if (!err) {
		err = mirqi_move_go(mv);
		if (err != MIRQ_ENOSPC)
			record_wanted(mv);
	}
	mirqi_bits_put(m, mv->bits);
	return err;
}

enum mirq_err mirq_affinity_set(struct mirq_irqs irqs, struct mirq_cpus cpus, struct mirq_why *why)
{
	struct mirq_device *dev = irqs.store->dev;
	struct move mv = { irqs, cpus, NULL, why, { NULL, NULL, 0, 0 }, 0 };
	enum mirq_err err = mirqi_cpus_check(dev->m, cpus, why);

	if (err)
		return err;
	if (irqs.slots.first >= irqs.slots.limit)
		return mirqi_fail(why, MIRQ_EINVAL, 0, irqs.store->domain.name,
				  "the range is empty");
	mirqi_mutex_lock(dev->m->host, &dev->mutex);
	err = move_locked(&mv);
	mirqi_mutex_unlock(dev->m->host, &dev->mutex);
	return err;
}

enum mirq_err mirqi_move_check(struct move *mv)
{
	enum mirq_err err = MIRQ_OK;
	struct mirq_irq *irq;

	for (irq = mv->batch.first; irq && !err; irq = irq->batch_next) {
		err = check_movable(mv, irq);
		if (!err)
			err = wait_drained(mv, irq);
		if (!err)
			irq->other.kind = MIRQ_ROUTE_NONE;
	}
	return err;
}

enum mirq_err mirqi_move_take(struct move *mv)
{
	return take_new(mv);
}

enum mirq_err mirqi_move_drop(struct move *mv)
{
	drop_new(mv, NULL);
	return MIRQ_OK;
}

enum mirq_err mirq_affinity_effective(struct mirq_irqs one, uint32_t *out_cpu)
{
	const struct mirq_irq *irq = mirqi_irq(one.store, one.slots.first);
	const struct mirqi_root *root = one.store->root;
	struct mirq_route route;

	if (!irq)
		return MIRQ_ENOENT;
	route = mirqi_route(irq);
	if (route.kind == MIRQ_ROUTE_NONE)
		return MIRQ_ENOENT;
	route.cpu = mirqi_where(root, &route);
	if (route.cpu >= root->domain.m->nr_cpus)
		return MIRQ_ENOTSUP;
	*out_cpu = route.cpu;
	return MIRQ_OK;
}

enum mirq_err mirq_affinity_requested(struct mirq_irqs one, struct mirq_cpus *out_cpus)
{
	struct mirq_device *dev = one.store->dev;
	const struct mirq_irq *irq;

	mirqi_mutex_lock(dev->m->host, &dev->mutex);
	irq = mirqi_irq(one.store, one.slots.first);
	if (irq)
		*out_cpus = mirqi_wanted(irq);
	mirqi_mutex_unlock(dev->m->host, &dev->mutex);
	return irq ? MIRQ_OK : MIRQ_ENOENT;
}

uint32_t mirq_affinity_nearest(struct mirq_irqs irqs, uint32_t cpu)
{
	uint32_t best = 0, best_cpu = UINT32_MAX, at;

	for (uint32_t i = 0; i < mirq_irq_count(irqs); i++) {
		if (mirq_affinity_effective(mirq_irq_at(irqs, i), &at))
			continue;
		if (at == cpu)
			return i;
		/* Below beats above; among those below the nearest, above the first. */
		if (best_cpu == UINT32_MAX || (at < cpu && (best_cpu > cpu || at > best_cpu))) {
			best = i;
			best_cpu = at;
		}
	}
	return best;
}
