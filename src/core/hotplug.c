/* SPDX-License-Identifier: MIT */
/*
 * hotplug.c - CPUs leave and come back. mirq_cpu_online() itself is in system.c, what the leaving
 * CPU does with events that wait there in dispatch.c, how an interrupt moves in move.c.
 *
 * Order of leaving, and what breaks otherwise:
 *   1 its ids are given to nobody any more     else the walk below has no end
 *   2 every device's mutex is taken            else what was checked has changed when it is done
 *   3 everything on it may move and has room   else a refusal leaves half of it moved
 *   4 it moves, one flush per store's table    after this no message names the CPU
 *   5 1 ms for the CPU to take what is there; the rest it passes on itself (finish)
 * Nothing is remembered of what moved: an interrupt that is outside its own mask was moved against
 * it, and goes back once its mask has a CPU again.
 *
 * Locking: m->hotplug, then the mutex of every device in the order of their list (docs/locking.md).
 */
#include "move.h"

/* One walk over everything, with all devices locked. */
struct hotplug {
	struct mirq *m;
	uint32_t cpu;
	uint32_t goes_on; /* one store that cannot does not keep the others away */
	struct mirq_why *why;
	struct mirq_device *last; /* those attached after it are not locked: nothing of theirs is
				     on a CPU that leaves */
};

typedef int choose(const struct hotplug *h, const struct mirq_irq *irq);
typedef enum mirq_err step(struct move *mv);

/* No lock: up to .last the list stands as long as m->hotplug is held. */
static struct mirq_device *next_locked(const struct hotplug *h, const struct mirq_device *dev)
{
	if (dev == h->last)
		return NULL;
	return dev ? dev->next : h->m->devices;
}

static void lock_all(struct hotplug *h)
{
	struct mirq_host *host = h->m->host;
	struct mirq_device *dev;

	mirqi_mutex_lock(host, &h->m->hotplug);
	for (;;) {
		mirqi_mutex_lock(host, &h->m->mutex);
		dev = h->last ? h->last->next : h->m->devices;
		mirqi_mutex_unlock(host, &h->m->mutex);
		if (!dev)
			return;
		mirqi_mutex_lock(host, &dev->mutex);
		h->last = dev;
	}
}

static void unlock_all(const struct hotplug *h)
{
	struct mirq_device *dev = NULL;

	while ((dev = next_locked(h, dev)))
		mirqi_mutex_unlock(h->m->host, &dev->mutex);
	mirqi_mutex_unlock(h->m->host, &h->m->hotplug);
}

static int is_here(const struct hotplug *h, const struct mirq_irq *irq)
{
	return (irq->flags & MIRQI_IRQ_HAS_ID) && irq->route.cpu == h->cpu;
}

/* Or leads here for good, by a way of which nobody knows that it has drained. */
static int touches(const struct hotplug *h, const struct mirq_irq *irq)
{
	return is_here(h, irq) || ((irq->flags & MIRQI_IRQ_QUARANTINED) && mirqi_live(irq) &&
				   irq->other.cpu == h->cpu);
}

static int is_reserved(const struct hotplug *h, const struct mirq_irq *irq)
{
	(void)h;
	return (irq->flags & MIRQI_IRQ_RESERVED) != 0;
}

static int is_displaced(const struct hotplug *h, const struct mirq_irq *irq)
{
	return (irq->flags & MIRQI_IRQ_HAS_ID) &&
	       !mirqi_cpus_have(mirqi_wanted(irq), irq->route.cpu) &&
	       mirqi_cpus_have_online(h->m, mirqi_wanted(irq));
}

static void gather(const struct hotplug *h, struct mirq_store *store, choose *is_chosen,
		   struct move *mv)
{
	struct mirq_irq *irq;

	memset(mv, 0, sizeof(*mv));
	mv->irqs = mirq_store_irqs(store);
	mv->keeps_masks = 1;
	/* Behind a secondary root nothing is on a CPU: the lines are, and move. Nor are ids of the
	 * system on one that mirq knows: who places them moves them. */
	if (store->root->lines || mirqi_is_system(store->root))
		return;
	for (uint32_t i = 0; (i = mirqi_sparse_next(&store->slots, i)) != MIRQI_NO_INDEX; i++) {
		irq = mirqi_irq(store, i);
		if (is_chosen(h, irq))
			mirqi_batch_add(&mv->batch, irq);
	}
}

/* Take @step with the chosen ones of each store that has any; the first error. */
static enum mirq_err each_store(const struct hotplug *h, choose *is_chosen, step *take)
{
	enum mirq_err first = MIRQ_OK, err;
	struct mirq_device *dev = NULL;
	struct move mv;

	while ((dev = next_locked(h, dev)))
		for (struct mirq_store *s = dev->stores; s; s = s->next) {
			gather(h, s, is_chosen, &mv);
			if (!mv.batch.nr || (first && !h->goes_on))
				continue;
			mv.why = first ? NULL : h->why;
			err = take(&mv);
			first = first ? first : err;
		}
	return first;
}

static enum mirq_err move_all(struct move *mv)
{
	enum mirq_err err = mirqi_move_check(mv);

	if (!err)
		err = mirqi_move_take(mv);
	return err ? err : mirqi_move_go(mv);
}

static uint32_t phase(const struct mirq *m, uint32_t cpu)
{
	return cpu < m->nr_cpus ? mirqi_cpu_phase(m, cpu) : MIRQI_CPU_DOWN;
}

static void set_phase(const struct hotplug *h, enum mirqi_cpu_phase to)
{
	atomic_store_explicit(&h->m->cpus[h->cpu].phase, to, memory_order_release);
	mirqi_ids_set_online(h->m->root->ids, h->cpu, to == MIRQI_CPU_ONLINE);
}

/* It gets interrupts again, and those that left their masks for it go back. */
static enum mirq_err stay_locked(struct hotplug *h)
{
	if (phase(h->m, h->cpu) == MIRQI_CPU_DOWN)
		return MIRQ_ENOENT;
	set_phase(h, MIRQI_CPU_ONLINE);
	h->goes_on = 1;
	return each_store(h, is_displaced, move_all);
}

/* All new ids or none. */
static enum mirq_err reserve(const struct hotplug *h)
{
	enum mirq_err err = each_store(h, is_here, mirqi_move_take);

	if (err)
		(void)each_store(h, is_reserved, mirqi_move_drop);
	return err;
}

/* Only hardware can fail now: what has moved is brought back. */
static enum mirq_err evacuate(struct hotplug *h)
{
	enum mirq_err err = each_store(h, is_here, mirqi_move_go);

	if (!err) {
		set_phase(h, MIRQI_CPU_PREPARED);
		return MIRQ_OK;
	}
	(void)each_store(h, is_reserved, mirqi_move_drop);
	h->why = NULL;
	(void)stay_locked(h);
	return err;
}

static enum mirq_err leave_locked(struct hotplug *h)
{
	struct mirq_cpus all = { { 0, 0 }, NULL };
	enum mirq_err err;

	if (phase(h->m, h->cpu) != MIRQI_CPU_ONLINE)
		return MIRQ_ENOENT;
	set_phase(h, MIRQI_CPU_LEAVING);
	err = each_store(h, touches, mirqi_move_check);
	if (!err && !mirqi_cpus_have_online(h->m, all))
		err = mirqi_fail(h->why, MIRQ_ENOSPC, 0, "CPU", "no other CPU is online");
	if (!err)
		err = reserve(h);
	if (!err)
		return evacuate(h);
	/* Not stay_locked(): interrupts that left their masks earlier stay where they are. */
	set_phase(h, MIRQI_CPU_ONLINE);
	return err;
}

static enum mirq_err with_all_locked(struct mirq *m, uint32_t cpu, struct mirq_why *why,
				     enum mirq_err (*act)(struct hotplug *h))
{
	struct hotplug h = { m, cpu, 0, why, NULL };
	enum mirq_err err;

	lock_all(&h);
	err = act(&h);
	unlock_all(&h);
	return err;
}

enum mirq_err mirq_cpu_offline_prepare(struct mirq *m, uint32_t cpu, struct mirq_why *why)
{
	enum mirq_err err = with_all_locked(m, cpu, why, leave_locked);

	if (!err)
		mirqi_wait_retired(m->root, mirq_cpus_one(cpu));
	return err;
}

enum mirq_err mirq_cpu_online_finish(struct mirq *m, uint32_t cpu, struct mirq_why *why)
{
	return with_all_locked(m, cpu, why, stay_locked);
}

enum mirq_err mirq_cpu_offline_finish(struct mirq *m)
{
	uint32_t cpu = mirq_host_this_cpu(m->host);
	const struct mirqi_root *root = m->root;

	if (phase(m, cpu) != MIRQI_CPU_PREPARED)
		return MIRQ_EINVAL;
	mirqi_leave_cpu(m, cpu);
	if (root->ops.cpu_down)
		root->ops.cpu_down(root->init.data, cpu);
	atomic_store_explicit(&m->cpus[cpu].phase, MIRQI_CPU_DOWN, memory_order_release);
	return MIRQ_OK;
}
