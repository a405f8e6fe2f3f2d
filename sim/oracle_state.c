/* SPDX-License-Identifier: MIT */
/*
 * oracle_state.c - the observable state as lines of text: what mirq answers to questions, and what
 * the machine's own registers and tables hold (sim_describe). Counters of the past are left out; so
 * are stores without interrupts, which appear when they are first asked for.
 * Locking: none; nobody else may run.
 */
#include "oracle_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct oracle_text {
	char *bytes; /* lines, each ends in 0 */
	size_t nr_bytes, room_bytes;
};

static void add_line(void *context, const char *line)
{
	struct oracle_text *t = context;
	size_t nr_bytes = strlen(line) + 1;

	if (t->nr_bytes + nr_bytes + 1 > t->room_bytes) {
		t->room_bytes = 2 * (t->room_bytes + nr_bytes) + 4096;
		t->bytes = realloc(t->bytes, t->room_bytes);
		if (!t->bytes)
			abort();
	}
	memcpy(t->bytes + t->nr_bytes, line, nr_bytes);
	t->nr_bytes += nr_bytes;
	t->bytes[t->nr_bytes] = 0;
}

static void __attribute__((format(printf, 2, 3)))
say(struct oracle_text *t, const char *format, ...)
{
	char line[160];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	add_line(t, line);
}

/* ---- mirq ---- */

static void say_irq(struct oracle_text *t, struct mirq_irqs one)
{
	struct mirq_cpus wanted = { { 0, 0 }, NULL };
	struct mirq_irq_info info;
	struct mirq_hop_info hop;

	if (mirq_irq_inspect(one, &info))
		return;
	say(t, "irq %u: slot %u of %s, %s, cookie %llu", info.number, info.index, info.device,
	    info.state_text, (unsigned long long)info.cookie);
	if (!mirq_affinity_requested(one, &wanted))
		say(t, "irq %u: CPUs %u..%u, bitmap %s", info.number, wanted.range.first,
		    wanted.range.limit, wanted.bits ? "yes" : "no");
	say(t, "irq %u: route kind %u", info.number, info.route.kind);
	for (uint32_t i = 0; !mirq_irq_inspect_hop(one, i, &hop); i++)
		if (hop.role != MIRQ_ROLE_ROOT)
			say(t, "irq %u: %s %llu", info.number, hop.domain,
			    (unsigned long long)hop.hwirq);
	if (info.route.kind != MIRQ_ROUTE_NONE)
		say(t, "irq %u: CPU %u, id %02x", info.number, info.route.cpu, info.route.id);
}

static void say_store(struct oracle_text *t, struct mirq_store *store)
{
	struct mirq_irqs rest = mirq_store_irqs(store), one;
	struct mirq_domain_info info;

	mirq_domain_inspect(mirq_store_domain(store), &info);
	if (!info.nr_used)
		return;
	say(t, "store %s: %u of %u", info.name, info.nr_used, info.nr_entries);
	while (!mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL))
		say_irq(t, one);
}

static void say_system(struct oracle_text *t, struct mirq *m)
{
	struct mirq_domain *domain = NULL;
	struct mirq_device *dev = NULL;
	struct mirq_store *store = NULL;
	struct mirq_domain_info info;
	struct mirq_info all;

	mirq_inspect(m, &all);
	say(t, "%u interrupts, %u devices, %u CPUs, %u in quarantine", all.nr_irqs, all.nr_devices,
	    all.nr_cpus, all.nr_quarantined);
	while ((domain = mirq_domain_next(m, domain))) {
		mirq_domain_inspect(domain, &info);
		say(t, "domain %s: %u of %u, carries %x", info.name, info.nr_used, info.nr_entries,
		    info.carries);
	}
	while ((dev = mirq_device_next(m, dev))) {
		say(t, "device %s%s", mirq_device_name(dev),
		    mirq_device_is_isolated(dev) ? ", isolated" : "");
		while ((store = mirq_store_next(dev, store)))
			say_store(t, store);
	}
}

static void say_cpus(struct oracle_text *t, struct mirq *m, uint32_t nr_cpus)
{
	struct mirq_cpu_info info;

	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		if (!mirq_cpu_inspect(m, cpu, &info))
			say(t, "CPU %u: %s, %u of %u ids", cpu,
			    info.is_online ? "online" : "offline", info.nr_used, info.nr_ids);
}

/* ---- Texts ---- */

struct oracle_text *oracle_text_new(struct sim *s, struct mirq *m)
{
	struct oracle_text *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	sim_port_pause(s, 1);
	add_line(t, m ? "mirq and machine" : "machine");
	if (m) {
		say_system(t, m);
		say_cpus(t, m, sim_spec(s)->nr_cpus);
	}
	add_line(t, ORACLE_TEXT_MACHINE);
	sim_describe(s, add_line, t);
	sim_port_pause(s, 0);
	return t;
}

void oracle_text_free(struct oracle_text *t)
{
	if (!t)
		return;
	free(t->bytes);
	free(t);
}

int oracle_text_compare(const struct oracle_text *before, const struct oracle_text *after,
			int has_machine, const char **out_before, const char **out_after)
{
	const char *a = before->bytes, *b = after->bytes;

	while (*a && !strcmp(a, b)) {
		if (!has_machine && !strcmp(a, ORACLE_TEXT_MACHINE))
			return 1;
		a += strlen(a) + 1;
		b += strlen(b) + 1;
	}
	*out_before = *a ? a : "the end";
	*out_after = *b ? b : "the end";
	return !*a && !*b;
}
