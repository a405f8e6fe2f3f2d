/* SPDX-License-Identifier: MIT */
/*
 * alloc.c - reserve: slots, memory, entries, ids; and give them back. Touches no hardware.
 * Order of an allocation: check, find slots, memory, attach, entries, ids, record; one ladder
 * undoes. Locking: the device's mutex.
 */
#include "plan.h"

#define CHUNK_HEAD 64

static size_t irq_bytes(const struct mirq_device *dev)
{
	size_t bytes = sizeof(struct mirq_irq) + dev->nr_remappers * sizeof(struct mirq_hop);

	return (bytes + 7) & ~(size_t)7;
}

/* Memory for everything that may fail for want of it; fills the batch. */
static enum mirq_err make_irqs(struct plan *p)
{
	struct mirq_store *s = p->store;
	struct mirq *m = s->dev->m;
	size_t one = irq_bytes(s->dev), bytes = CHUNK_HEAD + p->nr * one;
	struct mirq_range range = { p->first, p->first + p->nr };
	struct mirq_irq *irq;

	if (p->nr > (SIZE_MAX - CHUNK_HEAD) / one || mirqi_sparse_grow(&s->slots, m->host, range) ||
	    mirqi_bits_copy(m, p->want.cpus, &p->bits))
		return MIRQ_ENOMEM;
	p->chunk = mirqi_alloc(m, bytes);
	if (!p->chunk) {
		mirqi_bits_put(m, p->bits);
		return MIRQ_ENOMEM;
	}
	p->chunk->size_bytes = bytes;
	p->chunk->nr_live = p->nr;
	for (uint32_t i = 0; i < p->nr; i++) {
		irq = (struct mirq_irq *)(void *)((unsigned char *)p->chunk + CHUNK_HEAD + i * one);
		irq->index = p->first + i;
		irq->store = s;
		irq->chunk = p->chunk;
		irq->cookie = p->want.cookies && i < p->want.nr ? p->want.cookies[i] : 0;
		irq->trigger = p->want.trigger;
		irq->route.trigger = (uint8_t)p->want.trigger;
		irq->wanted = mirqi_plan_slice(p, i);
		irq->bits = p->bits;
		mirqi_bits_get(p->bits);
		mirqi_batch_add(&p->batch, irq);
	}
	mirqi_bits_put(m, p->bits);
	return MIRQ_OK;
}

static void drop_irq_memory(struct mirq *m, struct mirq_irq *irq)
{
	struct mirqi_chunk *chunk = irq->chunk;

	mirqi_bits_put(m, irq->bits);
	if (!--chunk->nr_live)
		mirqi_free(m, chunk, chunk->size_bytes);
}

static void drop_irqs(struct plan *p)
{
	struct mirq_irq *irq = p->batch.first, *next;

	for (; irq; irq = next) {
		next = irq->batch_next;
		drop_irq_memory(p->store->dev->m, irq);
	}
}

/* The device gets its place in each remapper of its way at its first allocation. */
static enum mirq_err attach_way(struct mirq_device *dev, struct mirq_why *why)
{
	uint32_t nr_slots = 0;
	enum mirq_err err;

	for (struct mirq_store *s = dev->stores; s; s = s->next)
		nr_slots = s->nr_slots > UINT32_MAX - nr_slots ? UINT32_MAX
							       : nr_slots + s->nr_slots;
	for (uint32_t level = 0; level < dev->nr_remappers; level++) {
		struct mirqi_attachment *a = &dev->way[level];

		if (a->is_attached)
			continue;
		a->ctx = &dev->requesters;
		if (a->remapper->ops.attach) {
			err = a->remapper->ops.attach(a->remapper->init.data, &dev->requesters,
						      nr_slots, &a->ctx, why);
			if (err)
				return err;
		}
		a->is_attached = 1;
	}
	return MIRQ_OK;
}

static void free_entries(struct mirq_device *dev, struct mirq_batch *batch, uint32_t nr_levels)
{
	while (batch->nr && nr_levels--) {
		struct mirqi_attachment *a = &dev->way[nr_levels];

		if (!a->remapper->ops.alloc)
			continue;
		batch->level = nr_levels;
		a->remapper->ops.free(a->remapper->init.data, a->ctx, batch);
		atomic_fetch_sub(&a->remapper->domain.nr_used, batch->nr);
	}
}

static enum mirq_err alloc_entries(struct plan *p)
{
	struct mirq_device *dev = p->store->dev;
	enum mirq_err err;

	for (uint32_t level = 0; level < dev->nr_remappers; level++) {
		struct mirqi_attachment *a = &dev->way[level];

		if (!a->remapper->ops.alloc)
			continue;
		p->batch.level = level;
		err = a->remapper->ops.alloc(a->remapper->init.data, a->ctx, &p->batch,
					     p->block_log2, p->want.why);
		if (err) {
			free_entries(dev, &p->batch, level);
			return err;
		}
		atomic_fetch_add(&a->remapper->domain.nr_used, p->batch.nr);
	}
	return MIRQ_OK;
}

static int can_reach(const void *store, uint32_t cpu)
{
	return !mirqi_reach_check(store, cpu, NULL);
}

static struct mirqi_reach reach_of(const struct mirq_store *store)
{
	const struct mirqi_root *root = store->root;
	struct mirqi_reach reach = { root->hw_target, store->domain.limit_hw_target, NULL,
				     mirqi_has_windows(store) ? can_reach : NULL, store };

	/* A limit above every CPU limits nothing: then the allocator need not look at CPUs. */
	if (root->max_hw_target < reach.limit)
		reach.limit = 0;
	return reach;
}

/* No CPU of @cpus can be named: which window is in the way of one. */
static enum mirq_err check_windows(const struct mirq_store *store, struct mirq_cpus cpus,
				   struct mirq_why *why)
{
	const struct mirqi_root *root = store->root;
	uint32_t last = root->nr_targets;

	for (uint32_t cpu = 0; mirqi_has_windows(store) && cpu < root->nr_targets; cpu++) {
		if (!mirqi_cpus_have(cpus, cpu) ||
		    mirqi_phase(&root->targets[cpu]) != MIRQI_CPU_ONLINE)
			continue;
		if (can_reach(store, cpu))
			return MIRQ_OK;
		last = cpu;
	}
	return last == root->nr_targets ? MIRQ_OK : mirqi_reach_check(store, last, why);
}

/* What CPUs are to this root: themselves, or the lines that go there; their bits in @bits. */
static enum mirq_err to_targets(const struct mirqi_root *root, struct mirq_cpus *inout_cpus,
				uint64_t *bits, struct mirq_why *why)
{
	return root->lines ? root->find_lines(root, inout_cpus, bits, why) : MIRQ_OK;
}

static enum mirq_err take_ids(const struct mirq_irq *irq, struct mirq_cpus cpus,
			      uint32_t block_log2, struct mirq_target *out_t, struct mirq_why *why)
{
	struct mirqi_root *root = irq->store->root;
	struct mirq_target old = { irq->route.cpu, irq->route.id };
	struct mirqi_reach reach = reach_of(irq->store);
	uint32_t first = cpus.range.first;
	uint64_t bits;
	enum mirq_err err;

	err = to_targets(root, &cpus, &bits, why);
	if (err)
		return err;

	reach.old = mirqi_steps(irq) ? &old : NULL;
	if (!mirqi_ids_alloc_in(root->ids, cpus, reach, block_log2, out_t))
		return MIRQ_OK;
	/* Ids that were given back a moment ago may still wait for their CPU. */
	mirqi_wait_retired(root, cpus);
	if (reach.old)
		mirqi_wait_retired(root, mirq_cpus_one(old.cpu));
	if (!mirqi_ids_alloc_in(root->ids, cpus, reach, block_log2, out_t))
		return MIRQ_OK;
	err = check_windows(irq->store, cpus, why);
	if (err)
		return err;
	return mirqi_fail_numbers(why, MIRQ_ENOSPC, root->domain.name,
				  reach.old
					  ? "no id is free on the CPUs asked for and on the one "
					    "that it leaves (value) as well"
					  : "no id left on the CPUs asked for; value: the first of "
					    "them",
				  1u << block_log2, mirq_ids_left(root->ids, cpus),
				  reach.old ? mirqi_cpu_of(root, old.cpu) : first);
}

/* The table's free may give an id of the system to the next one before free_batch() has emptied its
 * cell and given it back, which waits for handlers: taken for that long it is not. Looked at before
 * the claim: no free was under way, so none brings back what the claim finds taken. */
static enum mirq_err claim_when_free(struct mirqi_root *root, struct mirq_target t)
{
	uint32_t nr_frees;

	for (;;) {
		nr_frees = atomic_load_explicit(&root->nr_frees, memory_order_acquire);
		if (!mirq_ids_claim(root->ids, t))
			return MIRQ_OK;
		if (!nr_frees)
			return MIRQ_EBUSY;
		mirq_host_wait(root->domain.m->host, MIRQ_WAIT_SLEEP);
	}
}

/* An id of the system is told: the wire's number, or what the table gave. */
static enum mirq_err claim_id(const struct mirq_irq *irq, struct mirq_target *out_t,
			      struct mirq_why *why)
{
	const struct mirq_store *store = irq->store;
	struct mirq_target t = { 0, store->base + irq->index };

	if (!mirqi_is_direct(store))
		t.id = irq->hops[store->table].word;
	if (claim_when_free(store->root, t))
		return mirqi_fail_numbers(why, MIRQ_EBUSY, store->root->domain.name,
					  "this id of the system is taken; value: the id", 1, 0,
					  t.id);
	*out_t = t;
	return MIRQ_OK;
}

static void set_route(struct mirq_irq *irq, struct mirq_route *route, struct mirq_target t)
{
	struct mirqi_root *root = irq->store->root;

	route->kind = MIRQ_ROUTE_FIXED;
	route->trigger = (uint8_t)irq->trigger;
	route->cpu = t.cpu;
	route->hw_target = root->hw_target[t.cpu];
	route->id = t.id;
	atomic_fetch_add(&root->domain.nr_used, 1);
	mirqi_event(root->domain.m, MIRQ_EVENT_ROUTE, irq, mirqi_place(root, t.cpu), t.id);
}

enum mirq_err mirqi_give_id_in(struct mirq_irq *irq, struct mirq_cpus cpus,
			       struct mirq_route *out_route, struct mirq_why *why)
{
	struct mirq_target t;
	enum mirq_err err = mirqi_is_system(irq->store->root) ? claim_id(irq, &t, why)
							      : take_ids(irq, cpus, 0, &t, why);

	if (err)
		return err;
	set_route(irq, out_route, t);
	if (mirqi_steps(irq) && t.id != irq->route.id) {
		struct mirq_route between;

		t.cpu = irq->route.cpu;
		set_route(irq, &between, t);
		atomic_store_explicit(&irq->live, MIRQI_LIVE_STEP, memory_order_release);
	}
	return MIRQ_OK;
}

/* Give back the id of a route that no hardware can name (any more). */
void mirqi_drop_id(struct mirqi_root *root, const struct mirq_route *route)
{
	struct mirq_target t = { route->cpu, route->id };

	mirq_ids_free(root->ids, t);
	atomic_fetch_sub(&root->domain.nr_used, 1);
}

static void drop_ids(struct plan *p)
{
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, &p->batch) {
		if (irq->flags & MIRQI_IRQ_HAS_ID)
			mirqi_drop_id(p->store->root, &irq->route);
		irq->flags &= ~(uint32_t)MIRQI_IRQ_HAS_ID;
		irq->route.kind = MIRQ_ROUTE_NONE;
	}
}

/* A block without a table: consecutive ids of one CPU. */
static enum mirq_err give_block(struct plan *p)
{
	struct mirq_irq *irq;
	struct mirq_target t;
	enum mirq_err err;

	err = take_ids(p->batch.first, mirqi_wanted(p->batch.first), p->block_log2, &t,
		       p->want.why);
	if (err)
		return err;
	mirqi_batch_for_each(irq, &p->batch) {
		set_route(irq, &irq->route, t);
		t.id++;
		irq->flags |= MIRQI_IRQ_HAS_ID;
	}
	return MIRQ_OK;
}

/* From the member's own slice; where that is full, from the mask that was divided. */
static enum mirq_err give_member(struct plan *p, struct mirq_irq *irq)
{
	enum mirq_err err = mirqi_give_id_in(irq, mirqi_wanted(irq), &irq->route, p->want.why);

	if (!err || p->want.placement != MIRQ_PLACE_SPREAD)
		return err;
	irq->wanted = p->want.cpus.range;
	return mirqi_give_id_in(irq, mirqi_wanted(irq), &irq->route, p->want.why);
}

static enum mirq_err give_ids(struct plan *p)
{
	struct mirq_irq *irq;
	enum mirq_err err;

	if (p->want.reserve == MIRQ_RESERVE_BEST_EFFORT) {
		atomic_fetch_add(&p->store->dev->m->nr_best_effort, p->nr);
		return MIRQ_OK;
	}
	if (p->block_log2 && p->store->table == p->store->dev->nr_remappers)
		return give_block(p);
	mirqi_batch_for_each(irq, &p->batch) {
		err = give_member(p, irq);
		if (err) {
			if (p->want.why)
				p->want.why->nr_wanted = p->nr;
			drop_ids(p);
			return err;
		}
		irq->flags |= MIRQI_IRQ_HAS_ID;
	}
	return MIRQ_OK;
}

/* From here on they exist: numbers and slots. Only memory can fail, and it does first. */
static enum mirq_err record(struct plan *p)
{
	struct mirq *m = p->store->dev->m;
	struct mirq_range room, more;
	enum mirq_err err = MIRQ_OK;
	struct mirq_irq *irq;

	mirqi_mutex_lock(m->host, &m->mutex);
	/* Number n stands at index n - 1: the lowest free ones lie below what is used plus new. */
	room.first = 0;
	room.limit = m->numbers.nr_used + p->nr;
	/* What is below nr_used has been grown before: it was used once. */
	more.first = m->numbers.nr_used;
	more.limit = room.limit;
	err = mirqi_sparse_grow(&m->numbers, m->host, more);
	for (irq = err ? NULL : p->batch.first; irq; irq = irq->batch_next) {
		irq->number = mirqi_sparse_gap(&m->numbers, room, 1, 0) + 1;
		mirqi_sparse_put(&m->numbers, irq->number - 1, irq);
	}
	mirqi_mutex_unlock(m->host, &m->mutex);
	if (err)
		return err;
	mirqi_batch_for_each(irq, &p->batch) {
		mirqi_sparse_put(&p->store->slots, irq->index, irq);
		mirqi_event(m, MIRQ_EVENT_ALLOC, irq, irq->index, irq->cookie);
	}
	p->store->block_log2 = p->block_log2;
	p->store->block_first = p->first;
	atomic_fetch_add(&p->store->domain.nr_used, p->nr);
	atomic_fetch_add(&m->nr_irqs, p->nr);
	return MIRQ_OK;
}

static void fini_slots(struct mirq_batch *batch)
{
	struct mirq_irq *irq;

	mirqi_batch_for_each(irq, batch) {
		struct mirq_slot slot = mirqi_slot(irq);

		if ((irq->flags & MIRQI_IRQ_SLOT_INIT) && irq->store->ops.slot_fini)
			irq->store->ops.slot_fini(&slot);
	}
}

/* Both undone by fini_slots(). */
static enum mirq_err init_slot(struct mirq_irq *irq)
{
	const struct mirq_store *store = irq->store;
	struct mirq_slot slot = mirqi_slot(irq);
	enum mirq_err err = MIRQ_OK;

	if (store->ops.slot_init) {
		err = store->ops.slot_init(&slot);
		if (err)
			return err;
		irq->flags |= MIRQI_IRQ_SLOT_INIT;
	}
	/* Edge too: the slot's last user may have had a level. */
	if (store->ops.set_trigger)
		err = store->ops.set_trigger(&slot, (enum mirq_trigger)irq->trigger);
	return err;
}

/* Cookies are checked and placed before any message. */
static enum mirq_err init_slots(struct plan *p)
{
	struct mirq_irq *irq;
	enum mirq_err err;

	mirqi_batch_for_each(irq, &p->batch) {
		err = init_slot(irq);
		if (!err)
			continue;
		fini_slots(&p->batch);
		return mirqi_fail_one(p->want.why, err, p->store->domain.name,
				      "the store refused the slot's cookie or trigger", irq->index);
	}
	return MIRQ_OK;
}

/* The root hears of a direct wire's trigger what a store does of its slots'. */
static enum mirq_err set_wires(struct plan *p)
{
	const struct mirqi_root *root = p->store->root;
	enum mirq_err err = MIRQ_OK;
	struct mirq_irq *irq = p->batch.first;

	for (; irq && mirqi_is_direct(p->store) && root->ops.set_trigger && !err;
	     irq = irq->batch_next)
		err = root->ops.set_trigger(root->init.data, p->store->base + irq->index,
					    (enum mirq_trigger)irq->trigger);
	return err ? mirqi_fail(p->want.why, err, 0, root->domain.name,
				"the root refused the wire's trigger")
		   : MIRQ_OK;
}

/*
 * As many as ids are left, not below .nr_min. Others may take some meanwhile: then give_ids() fails
 * and everything is undone.
 */
static enum mirq_err fit_ids(struct plan *p)
{
	struct mirqi_reach reach = reach_of(p->store);
	struct mirqi_root *root = p->store->root;
	struct mirq_cpus cpus = p->want.cpus;
	enum mirq_err err;
	uint32_t nr_left;
	uint64_t bits;

	if (p->block_log2 || p->want.reserve == MIRQ_RESERVE_BEST_EFFORT)
		return MIRQ_OK;
	err = to_targets(root, &cpus, &bits, p->want.why);
	if (err)
		return err;
	nr_left = mirqi_ids_left_in(root->ids, cpus, reach);
	if (nr_left < p->nr) {
		mirqi_wait_retired(root, cpus);
		nr_left = mirqi_ids_left_in(root->ids, cpus, reach);
	}
	err = nr_left ? MIRQ_OK : check_windows(p->store, cpus, p->want.why);
	if (err)
		return err;
	if (nr_left < p->want.nr_min)
		return mirqi_fail_numbers(p->want.why, MIRQ_ENOSPC, root->domain.name,
					  "fewer ids left on the CPUs asked for than interrupts; "
					  "value: the first of them",
					  p->want.nr_min, nr_left, p->want.cpus.range.first);
	p->nr = nr_left < p->nr ? nr_left : p->nr;
	return MIRQ_OK;
}

/* Nor more than the table has entries. With fewer than .nr_min it says so itself. */
static void fit_entries(struct plan *p)
{
	const struct mirq_device *dev = p->store->dev;
	const struct mirqi_remapper *r;
	uint32_t nr_left;

	if (p->block_log2 || p->store->table == dev->nr_remappers)
		return;
	r = dev->way[p->store->table].remapper;
	nr_left = r->init.nr_entries - r->domain.nr_used;
	if (nr_left < p->nr && nr_left >= p->want.nr_min)
		p->nr = nr_left;
}

static enum mirq_err alloc_locked(struct plan *p) MIRQ_MUST_HOLD(dev->mutex)
{
	enum mirq_err err;

	err = mirqi_plan_check_exclusive(p);
	if (!err)
		err = mirqi_plan_find_slots(p);
	if (!err)
		err = attach_way(p->store->dev, p->want.why);
	if (!err)
		err = fit_ids(p);
	if (err)
		return err;
	fit_entries(p);
	err = make_irqs(p);
	if (err)
		return mirqi_no_memory(p->want.why, p->store->domain.name);
	err = init_slots(p);
	if (err)
		goto no_slots;
	err = alloc_entries(p);
	if (err)
		goto no_entries;
	err = give_ids(p);
	if (err)
		goto no_id;
	err = set_wires(p);
	if (err)
		goto no_record;
	err = record(p);
	if (!err)
		return MIRQ_OK;
	mirqi_no_memory(p->want.why, p->store->domain.name);
	if (p->want.reserve == MIRQ_RESERVE_BEST_EFFORT)
		atomic_fetch_sub(&p->store->dev->m->nr_best_effort, p->nr);
no_record:
	drop_ids(p);
no_id:
	free_entries(p->store->dev, &p->batch, p->store->dev->nr_remappers);
no_entries:
	fini_slots(&p->batch);
no_slots:
	drop_irqs(p);
	return err;
}

enum mirq_err mirq_irq_alloc(struct mirq_store *store, const struct mirq_irq_want *want,
			     struct mirq_irqs *out_irqs)
{
	struct mirq *m = store->dev->m;
	struct plan p;
	enum mirq_err err;

	memset(&p, 0, sizeof(p));
	p.store = store;
	if (want && mirqi_sized_copy(&p.want, sizeof(p.want), want))
		return MIRQ_EINVAL;
	err = mirqi_plan_check_want(&p);
	if (err)
		return err;
	mirqi_mutex_lock(m->host, &store->dev->mutex);
	err = alloc_locked(&p);
	mirqi_mutex_unlock(m->host, &store->dev->mutex);
	if (err)
		return err;
	out_irqs->store = store;
	out_irqs->slots.first = p.first;
	out_irqs->slots.limit = p.first + p.nr;
	return MIRQ_OK;
}

/* Ids that hardware may have used go through their CPU; the others at once. */
static void leave_ids(struct mirq *m, struct mirq_irq *irq)
{
	if (!(irq->flags & MIRQI_IRQ_HAS_ID)) {
		atomic_fetch_sub(&m->nr_best_effort, 1);
		return;
	}
	if (irq->flags & MIRQI_IRQ_QUARANTINED)
		return;
	if (irq->flags & MIRQI_IRQ_WAS_ACTIVE)
		mirqi_retire(irq->store->root, irq->route.cpu, irq->route.id);
	else
		mirqi_drop_id(irq->store->root, &irq->route);
}

static void forget(struct mirq *m, struct mirq_batch *batch)
{
	struct mirq_irq *irq, *next;

	mirqi_mutex_lock(m->host, &m->mutex);
	mirqi_batch_for_each(irq, batch)
		mirqi_sparse_remove(&m->numbers, irq->number - 1);
	mirqi_mutex_unlock(m->host, &m->mutex);
	mirqi_batch_for_each(irq, batch)
		leave_ids(m, irq);
	for (irq = batch->first; irq; irq = next) {
		next = irq->batch_next;
		if (irq->flags & MIRQI_IRQ_HAS_ID)
			mirqi_kick(irq->store->root, irq->route.cpu);
		mirqi_event(m, MIRQ_EVENT_FREE, irq, irq->index, 0);
		mirqi_sparse_remove(&irq->store->slots, irq->index);
		drop_irq_memory(m, irq);
	}
}

/* Members whose hardware did not confirm keep their entries and ids; everything else goes.
 * Order: entries, then ids. Else a new owner's cell meets what the old entry still sends. */
static void free_batch(struct mirq_store *store, struct mirq_irqs irqs) MIRQ_MUST_HOLD(dev->mutex)
{
	struct mirq_batch good = { NULL, NULL, 0, 0 }, bad = { NULL, NULL, 0, 0 };
	struct mirq_device *dev = store->dev;
	uint32_t i = irqs.slots.first;
	struct mirq_irq *irq;

	while ((i = mirqi_sparse_next(&store->slots, i)) < irqs.slots.limit) {
		irq = mirqi_irq(store, i++);
		mirqi_batch_add(irq->flags & MIRQI_IRQ_QUARANTINED ? &bad : &good, irq);
	}
	fini_slots(&good);
	fini_slots(&bad);
	atomic_fetch_add(&store->root->nr_frees, 1);
	free_entries(dev, &good, dev->nr_remappers);
	atomic_fetch_sub(&store->domain.nr_used, good.nr + bad.nr);
	atomic_fetch_sub(&dev->m->nr_irqs, good.nr + bad.nr);
	forget(dev->m, &good);
	atomic_fetch_sub(&store->root->nr_frees, 1);
	forget(dev->m, &bad);
	if (!store->slots.nr_used)
		store->block_log2 = 0;
}

enum mirq_err mirq_irq_free(struct mirq_irqs irqs)
{
	struct mirq_device *dev = irqs.store->dev;
	enum mirq_err err = MIRQ_OK;

	if (mirqi_is_inside(dev->m))
		return MIRQ_EDEADLK;
	mirqi_mutex_lock(dev->m->host, &dev->mutex);
	if (mirqi_has_lines(irqs)) {
		err = MIRQ_EBUSY;
	} else {
		mirqi_release_locked(irqs);
		free_batch(irqs.store, irqs);
	}
	mirqi_mutex_unlock(dev->m->host, &dev->mutex);
	return err;
}
