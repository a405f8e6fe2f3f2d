/* SPDX-License-Identifier: MIT */
/*
 * want.c - what an allocation asks for: is it sensible, can the way do it, where does it fit? Takes
 * nothing. Locking: slots are looked at under the device's mutex.
 */
#include "plan.h"

static enum mirq_err check_cpus(const struct mirq_store *s, const struct mirq_irq_want *w)
{
	enum mirq_err err = mirqi_cpus_check(s->dev->m, w->cpus, w->why);

	if (err || !mirqi_is_system(s->root) || mirqi_cpus_are_all(s->dev->m, w->cpus))
		return err;
	return mirqi_fail(w->why, MIRQ_ENOTSUP, 0, s->root->domain.name,
			  "ids of the system go where who places them likes: ask for every CPU");
}

enum mirq_err mirqi_plan_check_want(struct plan *p)
{
	struct mirq_irq_want *w = &p->want;
	const struct mirq_store *s = p->store;
	const char *text = NULL;

	w->nr = w->nr ? w->nr : 1;
	w->nr_min = w->nr_min ? w->nr_min : w->nr;
	if (!w->at.limit)
		w->at.limit = s->nr_slots;
	if (w->nr_min > w->nr || w->align_log2 > 31 || w->at.first >= w->at.limit ||
	    w->at.limit > s->nr_slots || w->placement > MIRQ_PLACE_SPREAD ||
	    w->reserve > MIRQ_RESERVE_BEST_EFFORT || w->trigger > MIRQ_LEVEL_LOW)
		return mirqi_fail_numbers(
			w->why, MIRQ_EINVAL, s->domain.name,
			"the want is out of range: nr_min <= nr, .at inside the store", w->nr,
			s->nr_slots, w->at.first);
	if (w->reserve == MIRQ_RESERVE_BEST_EFFORT && s->rung != MIRQI_RUNG_STORE)
		text = "best-effort reservation needs a store that can be masked";
	if (w->cookies && !s->ops.slot_init)
		for (uint32_t i = 0; i < w->nr; i++)
			text = w->cookies[i] ? "this store takes no cookies" : text;
	if (w->trigger != MIRQ_EDGE &&
	    !(mirqi_is_direct(s) ? !!s->root->ops.set_trigger : !!s->ops.set_trigger))
		text = "this store sends edges only";
	else if (w->trigger >= MIRQ_LEVEL_HIGH && !(s->domain.carries & MIRQ_CARRIES_LEVEL))
		text = "the parent does not carry level interrupts";
	else if (w->trigger >= MIRQ_LEVEL_HIGH && s->rung == MIRQI_RUNG_SOFTWARE)
		text = "a level interrupt needs a way to be masked in hardware";
	if (text)
		return mirqi_fail(w->why, MIRQ_ENOTSUP, 0, s->domain.name, text);
	return check_cpus(s, w);
}

/* Stores of one exclusive group are not used at the same time. */
enum mirq_err mirqi_plan_check_exclusive(const struct plan *p)
{
	const struct mirq_store *s;

	for (s = p->store->dev->stores; p->store->exclusive_group && s; s = s->next)
		if (s != p->store && s->exclusive_group == p->store->exclusive_group &&
		    s->slots.nr_used)
			return mirqi_fail(
				p->want.why, MIRQ_EBUSY, 0, s->domain.name,
				"a store that excludes this one is in use: free its interrupts");
	return MIRQ_OK;
}

/* The largest block on this way: 2^result. */
static uint32_t max_block_log2(const struct mirq_store *s)
{
	const struct mirq_device *dev = s->dev;

	if (!(s->domain.carries & MIRQ_CARRIES_BLOCKS))
		return 0;
	if (s->table < dev->nr_remappers)
		return dev->way[s->table].remapper->init.max_block_log2;
	return 5;
}

/* Slots of a store of one message: 2^k from index 0, while it is empty. */
static enum mirq_err find_block(struct plan *p)
{
	struct mirq_irq_want *w = &p->want;
	struct mirq_store *s = p->store;
	uint32_t max = max_block_log2(s), k = 0;

	if (s->slots.nr_used)
		return mirqi_fail(
			w->why, MIRQ_EBUSY, 0, s->domain.name,
			"slots that share one message are allocated at once: free them first");
	while (k < 31 && 1u << k < w->nr)
		k++;
	while (k && (k > max || 1u << k > w->at.limit))
		k--;
	if (1u << k < w->nr_min || w->at.first)
		return mirqi_fail_numbers(
			w->why, k == max && max < 5 ? MIRQ_ENOTSUP : MIRQ_ENOSPC, s->domain.name,
			"the store or its parent has no such block under one message", w->nr_min,
			1u << k, 0);
	p->block_log2 = k;
	p->nr = 1u << k;
	/* One by one at request they would not be the row that the device counts through. */
	if (k && s->table == s->dev->nr_remappers)
		w->reserve = MIRQ_RESERVE_PROMISE;
	return MIRQ_OK;
}

enum mirq_err mirqi_plan_find_slots(struct plan *p)
{
	struct mirq_irq_want *w = &p->want;
	const struct mirqi_sparse *slots = &p->store->slots;
	uint32_t limit = w->at.limit - w->at.first, low = w->nr_min, high, first;

	if (p->store->kind.traits & MIRQ_STORE_ONE_MESSAGE)
		return find_block(p);
	/* Where a longer row fits a shorter one does: the longest is found by halving. */
	p->first = MIRQI_NO_INDEX;
	high = w->nr < limit ? w->nr : limit;
	for (uint32_t nr = high; low <= high; nr = low + (high - low) / 2) {
		first = mirqi_sparse_gap(slots, w->at, nr, w->align_log2);
		if (first == MIRQI_NO_INDEX) {
			high = nr - 1;
			continue;
		}
		p->first = first;
		p->nr = nr;
		low = nr + 1;
	}
	if (p->first != MIRQI_NO_INDEX)
		return MIRQ_OK;
	return mirqi_fail_numbers(w->why, MIRQ_ENOSPC, p->store->domain.name,
				  "not enough free slots in a row in this store", w->nr_min,
				  p->store->nr_slots - slots->nr_used, w->at.first);
}

/* The slice of the wanted CPUs for member @i: a range over the same bitmap. */
struct mirq_range mirqi_plan_slice(const struct plan *p, uint32_t i)
{
	struct mirq *m = p->store->dev->m;
	struct mirq_cpus cpus = p->want.cpus;
	struct mirq_range r = { 0, 0 };
	uint32_t nr_in = 0, from, to;

	if (p->want.placement != MIRQ_PLACE_SPREAD || p->block_log2 ||
	    mirqi_is_system(p->store->root))
		return cpus.range;
	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++)
		nr_in += mirqi_cpus_have(cpus, cpu) && mirqi_cpu_is_online(m, cpu);
	from = (uint32_t)((uint64_t)i * nr_in / p->nr);
	to = (uint32_t)((uint64_t)(i + 1) * nr_in / p->nr);
	to = to > from ? to : from + 1;
	nr_in = 0;
	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++) {
		if (!mirqi_cpus_have(cpus, cpu) || !mirqi_cpu_is_online(m, cpu))
			continue;
		if (nr_in == from)
			r.first = cpu;
		if (nr_in++ < to)
			r.limit = cpu + 1;
	}
	/* CPUs may have left since they were counted: the whole mask then. */
	return nr_in > from ? r : cpus.range;
}
