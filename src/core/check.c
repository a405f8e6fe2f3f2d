/* SPDX-License-Identifier: MIT */
/*
 * check.c - the invariants that hold at rest, as code (mirq_check): between calls, no handler
 * running. Each is a function that returns the sentence of what is broken, or NULL. docs/design.md
 * lists them.
 */
#include "core.h"

/* A promised id is taken, and an active interrupt's cell points to it. */
static const char *check_route(struct mirq_irq *irq)
{
	const struct mirqi_root *root = irq->store->root;
	uint32_t is_active = mirqi_state_read(&irq->state) & MIRQI_ACTIVE;

	if (!(irq->flags & MIRQI_IRQ_HAS_ID))
		return is_active ? "an active interrupt has no id" : NULL;
	if (irq->route.kind != MIRQ_ROUTE_FIXED || irq->route.cpu >= root->nr_targets)
		return "a promised route names no CPU";
	if (!mirqi_is_system(root) &&
	    mirqi_phase(&root->targets[irq->route.cpu]) != MIRQI_CPU_ONLINE)
		return "a route names a CPU that is not online";
	if (irq->route.hw_target != root->hw_target[irq->route.cpu])
		return "a route names another target than its CPU's";
	if (is_active && atomic_load(mirqi_cell(root, irq->route.cpu, irq->route.id)) != irq)
		return "the cell of an active interrupt does not point to it";
	if (!is_active && atomic_load(mirqi_cell(root, irq->route.cpu, irq->route.id)) == irq)
		return "a cell points to an interrupt that is not active";
	return NULL;
}

/* Until the ids of its earlier ways have retired their cells point to it. */
static const char *check_live(struct mirq_irq *irq)
{
	const uint32_t ids[] = { irq->other.id, irq->route.id }; /* in the order of the bits */
	uint32_t live = mirqi_live(irq);

	for (uint32_t i = 0; live >> i; i++)
		if ((live >> i & 1) &&
		    atomic_load(mirqi_cell(irq->store->root, irq->other.cpu, ids[i])) != irq)
			return "the cell of an earlier way does not point to its interrupt";
	return NULL;
}

static const char *check_state(const struct mirq_irq *irq)
{
	uint32_t state = mirqi_state_read(&irq->state);

	if (state & (MIRQI_RUN | MIRQI_MOVE))
		return "an interrupt runs or moves while the system is at rest";
	if ((state & MIRQI_REQUESTED) && !(state & MIRQI_ACTIVE))
		return "an interrupt is requested and not active";
	if (!(state & MIRQI_REQUESTED) !=
	    !atomic_load(&((struct mirq_irq *)(uintptr_t)irq)->actions))
		return "actions and the requested bit disagree";
	if ((state & MIRQI_KEPT) && !(state & MIRQI_BLOCKED))
		return "an event is kept by an interrupt that is not blocked";
	return NULL;
}

static const char *check_irq(struct mirq *m, struct mirq_store *store, struct mirq_irq *irq,
			     uint32_t index)
{
	const char *text;

	if (irq->index != index || irq->store != store)
		return "a slot holds another slot's interrupt";
	if (mirqi_sparse_get(&m->numbers, irq->number - 1) != irq)
		return "an interrupt's number leads to another one";
	text = check_state(irq);
	if (!text)
		text = check_route(irq);
	return text ? text : check_live(irq);
}

static const char *check_store(struct mirq *m, struct mirq_store *store, uint32_t *out_index)
{
	uint32_t i = 0, nr_active = 0, nr = 0;
	const char *text;

	for (; (i = mirqi_sparse_next(&store->slots, i)) < store->nr_slots; i++) {
		struct mirq_irq *irq = mirqi_irq(store, i);

		*out_index = i;
		text = check_irq(m, store, irq, i);
		if (text)
			return text;
		nr_active += !!(mirqi_state_read(&irq->state) & MIRQI_ACTIVE);
		nr++;
	}
	if (nr != store->slots.nr_used || nr != atomic_load(&store->domain.nr_used))
		return "a store counts its slots wrongly";
	if (nr_active != store->nr_active)
		return "a store counts its active interrupts wrongly";
	if (!nr_active != !store->is_enabled)
		return "a store is on without active interrupts, or off with them";
	return NULL;
}

/* Every id taken is an interrupt's, retires, was claimed by the host or is in quarantine: the
 * sum that can be checked is that no cell points anywhere without its id being taken. */
static const char *check_target(const struct mirqi_root *root, uint32_t cpu)
{
	struct mirqi_cpu *c = &root->targets[cpu];
	uint32_t nr_cells = 0;

	if (!c->is_added)
		return NULL;
	if (atomic_load(&c->section) & 1)
		return "a CPU is inside a section while the system is at rest";
	for (uint32_t i = 0; i < root->init.ids.limit - root->init.ids.first; i++)
		nr_cells += !!atomic_load(&c->cells[i]);
	if (nr_cells > mirqi_ids_taken_on(root->ids, root->system ? 0 : cpu))
		return "more cells point to interrupts than ids are taken";
	return NULL;
}

static const char *check_root(const struct mirqi_root *root, uint32_t *out_target)
{
	const char *text = NULL;

	for (uint32_t i = 0; i < root->nr_targets && !text; i++) {
		*out_target = i;
		text = check_target(root, i);
		if (!text && root->lines &&
		    atomic_load(&root->lines[i].irq->actions)->context != &root->lines[i])
			text = "a line of a secondary root has another handler";
	}
	return text;
}

enum mirq_err mirq_check(struct mirq *m, struct mirq_why *why)
{
	const char *text = NULL;
	uint32_t nr = 0, at = 0;

	for (struct mirq_device *dev = m->devices; dev; dev = dev->next)
		for (struct mirq_store *s = dev->stores; s; s = s->next) {
			text = check_store(m, s, &at);
			if (text)
				return mirqi_fail_value(why, MIRQ_EINVAL, dev->name, text, at);
			nr += s->slots.nr_used;
		}
	if (nr != atomic_load(&m->nr_irqs) || nr != m->numbers.nr_used)
		return mirqi_fail_numbers(why, MIRQ_EINVAL, "system",
					  "the system counts its interrupts wrongly", nr,
					  atomic_load(&m->nr_irqs), m->numbers.nr_used);
	for (const struct mirq_domain *d = m->domains; d; d = d->next) {
		text = d->role == MIRQ_ROLE_ROOT ? check_root((const void *)d, &at) : NULL;
		if (text)
			return mirqi_fail_value(why, MIRQ_EINVAL,
						d->parent || d == m->domains ? "CPU" : d->name,
						text, at);
	}
	return MIRQ_OK;
}
