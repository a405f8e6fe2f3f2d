/* SPDX-License-Identifier: MIT */
/*
 * step.c - the message in between: how a slot moves that can neither be masked nor change its
 * message at once, with no table above it. (Below a table that gives another message with each move
 * it stays pinned: nothing is in between.) The device may send between any two words.
 *
 *             address   data
 *   old       CPU a     id i
 *   between   CPU a     id k    k is free on both CPUs, and taken on both
 *   new       CPU b     id k
 *
 * Each of the two changes is one word, so the device sends what was before it or what comes after.
 * After each the device is read ([PCIE] 2.4.1: a read pushes out what was sent before it, and what
 * was written arrives in order): nothing that was made of the old data is left when the address
 * changes, else (b, i) could come, and that is somebody else's. All three cells point to the
 * interrupt until the second read; then (a, i) and (a, k) retire on CPU a. Where i is free on
 * CPU b, k is i: one change, nothing in between.
 *
 * Does hardware not answer half way, the slot says one of the three: all stay, and the next try
 * begins with the message in between, which differs by one word at most from each.
 *
 * Locking: the device's mutex; the store's leaf lock where routes are swapped.
 */
#include "core.h"

int mirqi_is_wordwise(const struct mirq_store *store)
{
	return !mirqi_keeps_message(store) && store->rung != MIRQI_RUNG_STORE &&
	       (store->ops.busy ||
		((store->kind.update != MIRQ_UPDATE_96 || mirqi_has_two(store)) &&
		 !mirqi_masks_whole(store)));
}

int mirqi_steps(const struct mirq_irq *irq)
{
	return mirqi_is_wordwise(irq->store) && (mirqi_state_read(&irq->state) & MIRQI_ACTIVE);
}

/* One that may become busy must be masked for it. A slot that nobody has requested must be off: its
 * cells are gone, and it would be told two words when it is requested again. One that was told a
 * message once may send it, whether or not that is noted as written. */
int mirqi_can_step(const struct mirq_irq *irq)
{
	const struct mirq_store *store = irq->store;

	if (!(mirqi_state_read(&irq->state) & MIRQI_ACTIVE))
		return !irq->msg.address || (store->ops.disable && !store->is_enabled);
	return store->ops.flush && !store->ops.busy && !mirqi_has_two(store) &&
	       store->table == store->dev->nr_remappers &&
	       store->kind.update != MIRQ_UPDATE_NOTHING &&
	       (store->root->init.traits & MIRQ_ROOT_ADDRESS_HAS_TARGET);
}

/* The way in between: @from's CPU, @to's id. */
static struct mirq_route between(const struct mirq_route *from, const struct mirq_route *to)
{
	struct mirq_route route = *from;

	route.id = to->id;
	return route;
}

/* @inout_msg := the message of @way, one word away from what it was. */
static enum mirq_err check_change(const struct mirq_irq *irq, const struct mirq_route *way,
				  struct mirq_msg *inout_msg, struct mirq_why *why)
{
	struct mirq_msg was = *inout_msg;
	enum mirq_err err = mirqi_compose_to(irq, way, inout_msg, why);
	uint64_t address = was.address ^ inout_msg->address;
	uint32_t nr_words = was.data != inout_msg->data;

	if (irq->store->kind.update == MIRQ_UPDATE_64)
		nr_words += !!address;
	else
		nr_words += !!(address >> 32) + !!(uint32_t)address;
	if (err || nr_words <= 1)
		return err;
	return mirqi_fail_one(why, MIRQ_ENOTSUP, irq->store->domain.name,
			      "pinned: the slot changes word by word, and two would have to "
			      "change at once; value: the new address",
			      inout_msg->address);
}

enum mirq_err mirqi_step_check(const struct mirq_irq *irq, struct mirq_why *why)
{
	struct mirq_route way = between(&irq->route, &irq->other);
	struct mirq_msg msg = irq->msg;
	enum mirq_err err = check_change(irq, &way, &msg, why);

	return err ? err : check_change(irq, &irq->other, &msg, why);
}

void mirqi_step_drop(struct mirq_irq *irq)
{
	struct mirq_route way = between(&irq->route, &irq->other);

	if (mirqi_live(irq) & MIRQI_LIVE_STEP)
		mirqi_drop_id(irq->store->root, &way);
	atomic_store_explicit(&irq->live, 0, memory_order_release);
}

void mirqi_step_publish(struct mirq_irq *irq)
{
	struct mirq_route way = between(&irq->other, &irq->route);
	const struct mirqi_root *root = irq->store->root;

	atomic_store_explicit(mirqi_cell(root, way.cpu, way.id), irq, memory_order_release);
	if (root->ops.unmask)
		root->ops.unmask(root->init.data, &way);
}

void mirqi_step_tell(struct mirq_irq *irq)
{
	struct mirq_route way = between(&irq->other, &irq->route);
	struct mirq_msg msg = irq->msg;

	/* mirqi_step_check() has tried it: it can be said. */
	if (!mirqi_compose_to(irq, &way, &msg, NULL))
		mirqi_tell_slot(irq, &msg);
}
