/* SPDX-License-Identifier: MIT */
/*
 * Prints what the library and the port can be asked.
 *
 * Locking: none; CPU 0, thread context.
 */
#include "show.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "console.h"
#include "cpu.h"
#include "device.h"
#include "kstring.h"

enum {
	MAX_CPUS_SHOWN = 8,
	MAX_KINDS = 8
};

void show_why(const char *what, enum mirq_err err, const struct mirq_why *why)
{
	print("%s: refused: %s: %s\n", what, mirq_err_text(err), why->text ? why->text : "-");
	print("%s:   at %s, rule %u, wanted %u, left %u, value 0x%lx\n", what,
	      why->where ? why->where : "-", why->rule, why->nr_wanted, why->nr_left, why->value);
}

void show_machine(void)
{
	const struct mirq_x86_machine *m = port_machine();

	print("machine: %u processors (%u online), %u IO-APICs, %u remapping units, "
	      "%u structures passed over\n",
	      m->nr_cpus, cpu_nr(), m->nr_ioapics, m->nr_units, m->nr_skipped);
	for (uint32_t i = 0; i < m->nr_units; i++)
		print("machine: remapping unit %u at 0x%lx, segment %u, %u scopes%s\n", i,
		      m->units[i].address, m->units[i].segment,
		      m->units[i].scopes.limit - m->units[i].scopes.first,
		      m->units[i].flags & MIRQ_X86_UNIT_INCLUDE_ALL ? ", all other devices" : "");
	for (uint32_t i = 0; i < m->nr_ecams; i++)
		print("machine: configuration space of segment %u, buses %u..%u at 0x%lx\n",
		      m->ecams[i].segment, m->ecams[i].buses.first, m->ecams[i].buses.limit - 1,
		      m->ecams[i].address);
}

static void show_line(void *context, const char *line)
{
	(void)context;
	print("tree: %s\n", line);
}

void show_tree(void)
{
	mirq_dump(port_mirq(), show_line, NULL);
}

struct kind {
	const char *name;
	uint32_t nr_stores, nr_irqs;
	uint64_t nr_handled;
};

static void add_store(struct kind kinds[], struct mirq_store *store)
{
	struct mirq_irqs rest = mirq_store_irqs(store), one;
	struct mirq_domain_info info;
	struct mirq_irq_info irq;
	uint32_t i = 0;

	mirq_domain_inspect(mirq_store_domain(store), &info);
	while (i < MAX_KINDS && kinds[i].name && !kstring_is_equal(kinds[i].name, info.name))
		i++;
	if (i == MAX_KINDS)
		return;
	kinds[i].name = info.name;
	kinds[i].nr_stores++;
	while (!mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL))
		if (!mirq_irq_inspect(one, &irq)) {
			kinds[i].nr_irqs++;
			kinds[i].nr_handled += irq.nr_handled;
		}
}

uint32_t show_stores(void)
{
	struct kind kinds[MAX_KINDS] = { { NULL, 0, 0, 0 } };
	struct mirq_device *dev = NULL;
	uint32_t nr_used = 0;

	while ((dev = mirq_device_next(port_mirq(), dev)))
		for (struct mirq_store *s = NULL; (s = mirq_store_next(dev, s));)
			add_store(kinds, s);
	for (uint32_t i = 0; i < MAX_KINDS && kinds[i].name; i++) {
		print("stores: %-12s stores=%u interrupts=%u handled=%lu\n", kinds[i].name,
		      kinds[i].nr_stores, kinds[i].nr_irqs, kinds[i].nr_handled);
		nr_used += kinds[i].nr_handled != 0;
	}
	return nr_used;
}

/* With many CPUs: only those that handled something, as "cpu:number". */
void show_slot(const char *device, uint32_t slot, uint64_t nr_raised, uint64_t nr_handled,
	       const uint32_t *nr_on_cpu)
{
	char line[240];
	size_t at = 0;
	uint32_t nr_shown = 0;

	for (uint32_t cpu = 0; cpu < cpu_nr() && nr_shown < MAX_CPUS_SHOWN; cpu++) {
		if (cpu_nr() > MAX_CPUS_SHOWN && !nr_on_cpu[cpu])
			continue;
		at += format(line + at, sizeof(line) - at, " %u:%u", cpu, nr_on_cpu[cpu]);
		nr_shown++;
	}
	line[at] = 0;
	print("slot: %-14s %4u raised=%lu handled=%lu interrupts by CPU%s\n", device, slot,
	      nr_raised, nr_handled, line);
}

void show_slots(void)
{
	for (uint32_t i = 0; i < firing_nr(); i++) {
		const struct firing_device *d = firing_at(i);

		for (uint32_t slot = 0; slot < d->nr_vectors; slot++)
			if (d->slots[slot].nr_raised || d->slots[slot].nr_handled)
				show_slot(d->name, slot, d->slots[slot].nr_raised,
					  d->slots[slot].nr_handled, d->slots[slot].nr_on_cpu);
	}
}
