/* SPDX-License-Identifier: MIT */
/*
 * dump.c - the tree as text, over the questions of mirq/inspect.h alone.
 *
 *   VECTOR  root  192 ids a CPU, 14 used, guest (KVMKVMKVM)
 *     VT-d-0  remapper  65536 entries, 14 used
 *   device nvme -> VT-d-0
 *     PCI-MSIX  5 of 65 slots
 *       3: number 12  slot 3 -> VT-d-0 entry 3 -> VECTOR cpu 2 id 0x31  enabled  handled 100
 */
#include "core.h"

#define LINE_BYTES 160

struct text {
	char line[LINE_BYTES];
	uint32_t used;
};

static void put(struct text *t, const char *s)
{
	while (s && *s && t->used < LINE_BYTES - 1)
		t->line[t->used++] = *s++;
	t->line[t->used] = 0;
}

static void put_number(struct text *t, uint64_t value, uint32_t base)
{
	char digits[21];
	uint32_t i = sizeof(digits) - 1;

	digits[i] = 0;
	do
		digits[--i] = "0123456789abcdef"[value % base];
	while (value /= base);
	put(t, base == 16 ? "0x" : "");
	put(t, digits + i);
}

static void put_pair(struct text *t, const char *before, uint64_t value, const char *after)
{
	put(t, before);
	put_number(t, value, 10);
	put(t, after);
}

static void emit(struct text *t, mirq_line *line, void *context)
{
	line(context, t->line);
	t->used = 0;
}

/* Nothing where nobody knows. */
static void put_guest(struct text *t, struct mirq *m)
{
	struct mirq_info info;

	mirq_inspect(m, &info);
	if (info.guest == MIRQ_GUEST_NO)
		put(t, ", bare metal");
	if (info.guest != MIRQ_GUEST_YES)
		return;
	put(t, ", guest");
	if (!info.hypervisor)
		return;
	put(t, " (");
	put(t, info.hypervisor);
	put(t, ")");
}

static void dump_domain(const struct mirq_domain *d, mirq_line *line, void *context)
{
	struct mirq_domain_info info;
	struct text t = { { 0 }, 0 };
	int is_root;

	mirq_domain_inspect(d, &info);
	is_root = info.role == MIRQ_ROLE_ROOT;
	for (const struct mirq_domain *up = info.parent; up; up = up->parent)
		put(&t, "  ");
	put(&t, info.name);
	put(&t, info.device ? "  secondary root" : is_root ? "  root" : "  remapper");
	put_pair(&t, "  ", info.nr_entries,
		 info.device          ? " ids a line"
		 : !is_root           ? " entries"
		 : d->m->root->system ? " ids of the system"
				      : " ids a CPU");
	put_pair(&t, ", ", info.nr_used, " used");
	if (info.nr_programmed)
		put_pair(&t, ", ", info.nr_programmed, " programmed");
	if (info.nr_flushes)
		put_pair(&t, ", ", info.nr_flushes, " flushes");
	if (info.traits & (uint32_t)(is_root ? MIRQ_ROOT_PROVIDER : MIRQ_REMAPPER_PROVIDER))
		put(&t, ", provider");
	if (info.device) {
		put(&t, ", on ");
		put(&t, mirq_device_name(info.device));
	} else if (is_root) {
		put_guest(&t, d->m);
	}
	emit(&t, line, context);
}

static void dump_hop(struct text *t, const struct mirq_irq_info *irq,
		     const struct mirq_hop_info *hop)
{
	switch (hop->role) {
	case MIRQ_ROLE_STORE:
		put_pair(t, "slot ", hop->hwirq, "");
		return;
	case MIRQ_ROLE_REMAPPER:
		put(t, " -> ");
		put(t, hop->domain);
		put_pair(t, " entry ", hop->hwirq, "");
		return;
	case MIRQ_ROLE_ROOT:
		put(t, " -> ");
		put(t, hop->domain);
		if (irq->route.kind == MIRQ_ROUTE_NONE) {
			put(t, " no id yet");
			return;
		}
		if (irq->line)
			put_pair(t, " irq ", irq->line, "");
		if (irq->route.cpu == UINT32_MAX) /* an id of the system */
			put(t, " any cpu id ");
		else
			put_pair(t, " cpu ", irq->route.cpu, " id ");
		put_number(t, hop->hwirq, 16);
	}
}

static void dump_irq(struct mirq_irqs one, mirq_line *line, void *context)
{
	struct text t = { { 0 }, 0 };
	struct mirq_irq_info info;
	struct mirq_hop_info hop;

	if (mirq_irq_inspect(one, &info))
		return;
	put_pair(&t, "    irq ", info.number, ": ");
	for (uint32_t i = 0; !mirq_irq_inspect_hop(one, i, &hop); i++)
		dump_hop(&t, &info, &hop);
	put(&t, "  ");
	put(&t, info.state_text);
	put_pair(&t, "  handled ", info.nr_handled, "");
	emit(&t, line, context);
}

static void dump_store(struct mirq_store *store, mirq_line *line, void *context)
{
	struct mirq_irqs rest = mirq_store_irqs(store), one;
	struct text t = { { 0 }, 0 };
	struct mirq_domain_info info;

	mirq_domain_inspect(mirq_store_domain(store), &info);
	put(&t, "  ");
	put(&t, info.name);
	put_pair(&t, "  ", info.nr_used, " of ");
	put_pair(&t, "", info.nr_entries, " slots");
	if (!(info.traits & MIRQ_STORE_OF_BUS))
		put(&t, ", device-specific");
	if (!(info.traits & MIRQ_STORE_VETTED))
		put(&t, ", external");
	emit(&t, line, context);
	while (!mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL))
		dump_irq(one, line, context);
}

static void dump_device(struct mirq *m, struct mirq_device *dev, mirq_line *line, void *context)
{
	struct mirq_store *store = NULL;
	struct text t = { { 0 }, 0 };

	(void)m;
	put(&t, "device ");
	put(&t, mirq_device_name(dev));
	put(&t, " -> ");
	put(&t, dev->parent->name);
	put(&t, mirq_device_is_isolated(dev) ? "  isolated" : "  not isolated");
	emit(&t, line, context);
	while ((store = mirq_store_next(dev, store)))
		dump_store(store, line, context);
}

void mirq_dump(struct mirq *m, mirq_line *line, void *context)
{
	struct mirq_domain *domain = NULL;
	struct mirq_device *dev = NULL;

	while ((domain = mirq_domain_next(m, domain)))
		dump_domain(domain, line, context);
	while ((dev = mirq_device_next(m, dev)))
		dump_device(m, dev, line, context);
}
