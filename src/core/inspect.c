/* SPDX-License-Identifier: MIT */
/*
 * inspect.c - questions about a system (mirq/inspect.h). Changes nothing but the caller's structs.
 */
#include "core.h"

static uint32_t number(const _Atomic uint32_t *counter)
{
	return atomic_load_explicit((_Atomic uint32_t *)(uintptr_t)counter, memory_order_relaxed);
}

static uint64_t number64(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)counter, memory_order_relaxed);
}

void mirq_inspect(struct mirq *m, struct mirq_info *out_info)
{
	memset(out_info, 0, sizeof(*out_info));
	out_info->nr_irqs = number(&m->nr_irqs);
	out_info->nr_quarantined = number(&m->nr_quarantined);
	out_info->nr_kept = number64(&m->nr_kept);
	out_info->nr_faults = number64(&m->nr_faults);
	if (m->root) {
		out_info->guest = m->root->init.guest;
		out_info->hypervisor = m->root->init.hypervisor;
	}
	for (struct mirq_device *dev = m->devices; dev; dev = dev->next)
		out_info->nr_devices++;
	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++)
		out_info->nr_cpus += (uint32_t)mirqi_cpu_is_online(m, cpu);
}

struct mirq_domain *mirq_domain_next(struct mirq *m, const struct mirq_domain *domain)
{
	return domain ? domain->next : m->domains;
}

void mirq_domain_inspect(const struct mirq_domain *domain, struct mirq_domain_info *out_info)
{
	const struct mirq_store *store = (const struct mirq_store *)domain;
	const struct mirqi_root *root = (const struct mirqi_root *)domain;

	memset(out_info, 0, sizeof(*out_info));
	out_info->name = domain->name;
	out_info->role = domain->role;
	out_info->parent = domain->parent;
	out_info->carries = domain->carries;
	out_info->nr_used = number(&domain->nr_used);
	out_info->nr_programmed = number64(&domain->nr_programmed);
	out_info->nr_flushes = number64(&domain->nr_flushes);
	switch (domain->role) {
	case MIRQ_ROLE_STORE:
		out_info->device = store->dev;
		out_info->nr_entries = store->nr_slots;
		out_info->traits = store->kind.traits;
		break;
	case MIRQ_ROLE_REMAPPER:
		out_info->nr_entries = ((const struct mirqi_remapper *)domain)->init.nr_entries;
		out_info->traits = ((const struct mirqi_remapper *)domain)->init.traits;
		break;
	case MIRQ_ROLE_ROOT:
		if (root->lines)
			out_info->device = root->lines->irq->store->dev;
		out_info->nr_entries = root->init.ids.limit - root->init.ids.first;
		out_info->traits = root->init.traits;
		break;
	}
}

struct mirq_device *mirq_device_next(struct mirq *m, const struct mirq_device *dev)
{
	return dev ? dev->next : m->devices;
}

const char *mirq_device_name(const struct mirq_device *dev)
{
	return dev->name;
}

struct mirq_store *mirq_store_next(const struct mirq_device *dev, const struct mirq_store *store)
{
	return store ? store->next : dev->stores;
}

struct mirq_domain *mirq_store_domain(struct mirq_store *store)
{
	return &store->domain;
}

/* Behind a secondary root: the way of the line that carries it. */
static void put_line(const struct mirq_irq *irq, struct mirq_irq_info *info)
{
	const struct mirqi_root *root = irq->store->root;
	const struct mirq_irq *line;

	if (mirqi_is_system(root))
		info->route.cpu = mirqi_where(root, &info->route);
	if (!root->lines || info->route.kind == MIRQ_ROUTE_NONE)
		return;
	line = root->lines[info->route.cpu].irq;
	info->line = line->number;
	info->route.cpu = mirqi_route(line).cpu;
	info->route.hw_target = irq->store->dev->m->root->hw_target[info->route.cpu];
}

enum mirq_err mirq_irq_inspect(struct mirq_irqs one, struct mirq_irq_info *out_info)
{
	const struct mirq_irq *irq = mirqi_irq(one.store, one.slots.first);

	if (!irq)
		return MIRQ_ENOENT;
	memset(out_info, 0, sizeof(*out_info));
	out_info->number = irq->number;
	out_info->index = irq->index;
	out_info->state = mirqi_state_read(&irq->state);
	out_info->state_text = mirqi_state_text(out_info->state);
	out_info->device = one.store->dev->name;
	out_info->store = one.store->domain.name;
	out_info->route = mirqi_route(irq);
	put_line(irq, out_info);
	out_info->msg = mirqi_told(irq);
	out_info->cookie = irq->cookie;
	out_info->nr_handled = number64(&irq->nr_handled);
	return MIRQ_OK;
}

/* Messages that arrive at remappers are computed; one that cannot be said reads as address 0. */
enum mirq_err mirq_irq_inspect_hop(struct mirq_irqs one, uint32_t hop,
				   struct mirq_hop_info *out_info)
{
	const struct mirq_irq *irq = mirqi_irq(one.store, one.slots.first);
	const struct mirq_device *dev = one.store->dev;

	if (!irq || hop > dev->nr_remappers + 1)
		return MIRQ_ENOENT;
	memset(out_info, 0, sizeof(*out_info));
	if (hop == 0) {
		out_info->domain = one.store->domain.name;
		out_info->role = MIRQ_ROLE_STORE;
		out_info->hwirq = irq->index;
		out_info->msg = mirqi_told(irq);
	} else if (hop <= dev->nr_remappers) {
		out_info->domain = dev->way[hop - 1].remapper->domain.name;
		out_info->role = MIRQ_ROLE_REMAPPER;
		out_info->hwirq = irq->hops[hop - 1].hwirq;
		if (mirqi_compose_at(irq, hop - 1, &out_info->msg))
			memset(&out_info->msg, 0, sizeof(out_info->msg));
	} else {
		out_info->domain = dev->root->domain.name;
		out_info->role = MIRQ_ROLE_ROOT;
		out_info->hwirq = mirqi_route(irq).id;
	}
	return MIRQ_OK;
}

enum mirq_err mirq_cpu_inspect(struct mirq *m, uint32_t cpu, struct mirq_cpu_info *out_info)
{
	const struct mirqi_cpu *c;

	if (cpu >= m->nr_cpus || !m->cpus[cpu].is_added)
		return MIRQ_ENOENT;
	c = &m->cpus[cpu];
	memset(out_info, 0, sizeof(*out_info));
	out_info->hardware_id = c->hw_target;
	out_info->node = c->node;
	out_info->is_online = (uint32_t)mirqi_cpu_is_online(m, cpu);
	out_info->nr_ids = m->ids_range.limit - m->ids_range.first;
	out_info->nr_used = mirqi_ids_taken_on(m->root->ids, cpu);
	out_info->nr_dispatched = number64(&c->nr_dispatched);
	out_info->nr_stray = number64(&c->nr_stray);
	out_info->nr_late = number64(&c->nr_late);
	return MIRQ_OK;
}

enum mirq_err mirq_fault_next(struct mirq *m, struct mirq_fault *out_fault)
{
	struct mirqi_remapper *r;

	for (struct mirq_domain *d = m->domains; d; d = d->next) {
		r = (struct mirqi_remapper *)d;
		if (d->role != MIRQ_ROLE_REMAPPER || !r->ops.faults ||
		    !r->ops.faults(r->init.data, out_fault))
			continue;
		atomic_fetch_add(&m->nr_faults, 1);
		return MIRQ_OK;
	}
	return MIRQ_ENOENT;
}
