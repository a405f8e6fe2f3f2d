/* SPDX-License-Identifier: MIT */
/*
 * story_start.c - chapters "start" and "traffic": mirq on the machine, a driver for each device,
 * the tree; then each device interrupts, with nothing else going on.
 */
#include "story.h"

#define TREE_LINES 96u

/* Entries of each unit's table: twice as many as there are messages on the machine. */
static uint32_t nr_entries(const struct world *w)
{
	uint32_t nr = 256, nr_messages = SIM_MAX_UNITS;

	for (uint32_t i = 0; i < w->nr_drivers; i++)
		nr_messages += w->drivers[i].nr_queues;
	while (nr < 65536 && nr < 2 * nr_messages)
		nr *= 2;
	return nr;
}

/* A unit that cannot remap is passed over, which mirq says; all others must. */
static enum mirq_x86_remap remap_of(const struct sim_spec *spec)
{
	for (uint32_t i = 0; i < spec->nr_units; i++)
		if (spec->units[i].has_no_ir || spec->units[i].has_no_qi)
			return MIRQ_X86_REMAP_IF_FOUND;
	return spec->nr_units ? MIRQ_X86_REMAP_REQUIRED : MIRQ_X86_REMAP_IF_FOUND;
}

static enum mirq_handled read_faults(void *context)
{
	struct world *w = context;

	(void)oracle_faults(w->o);
	return MIRQ_HANDLED;
}

/* Each unit tells of its faults by an interrupt of its own. */
static void request_faults(struct world *w)
{
	const struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = read_faults,
					    .context = w };
	struct mirq_domain *domain = NULL;
	struct mirq_vtd_stats stats;
	enum mirq_err err;

	while ((domain = mirq_domain_next(w->m, domain))) {
		struct mirq_irqs *irq = &w->fault_irqs[w->nr_fault_irqs];

		if (mirq_vtd_inspect(domain, &stats))
			continue;
		w->nr_units++;
		err = mirq_vtd_fault_irq(domain, irq);
		if (err == MIRQ_ENOSPC) {
			report_line(w->report, "unit",
				    "%u: its faults are read, its event names "
				    "no CPU of this machine",
				    w->nr_units - 1);
			continue;
		}
		if (report_check(w->report, !err && !mirq_irq_request(*irq, &h),
				 "remapping unit %u tells of faults by an interrupt",
				 w->nr_units - 1))
			w->nr_fault_irqs++;
	}
}

static void tell_machine(struct world *w)
{
	const struct sim_spec *spec = sim_spec(w->s);
	uint32_t nr_remapping = 0;

	for (uint32_t i = 0; i < spec->nr_units; i++)
		nr_remapping += !spec->units[i].has_no_ir && !spec->units[i].has_no_qi;
	report_line(w->report, "machine",
		    "CPUs: %u, nodes: %u, %s; VT-d units: %u, that remap: %u; devices: %u; "
		    "seed: %llu",
		    spec->nr_cpus, spec->nr_nodes, spec->is_x2apic_entered ? "x2APIC" : "xAPIC",
		    spec->nr_units, nr_remapping, spec->nr_devices, (unsigned long long)spec->seed);
}

struct tree {
	struct world *w;
	uint32_t nr_lines;
};

static void tree_line(void *context, const char *line)
{
	struct tree *tree = context;

	if (tree->nr_lines++ < TREE_LINES)
		report_line(tree->w->report, "tree", "%s", line);
}

static void tell_tree(struct world *w)
{
	struct tree tree = { w, 0 };

	mirq_dump(w->m, tree_line, &tree);
	if (tree.nr_lines > TREE_LINES)
		report_line(w->report, "tree", "... and %u lines more", tree.nr_lines - TREE_LINES);
}

static void play_start(struct world *w)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_x86_init x86 = { MIRQ_SIZED(mirq_x86_init), .why = &why,
				     .remap = remap_of(sim_spec(w->s)) };
	uint32_t nr = 0;
	enum mirq_err err;

	tell_machine(w);
	w->nr_entries = nr_entries(w);
	x86.vtd_nr_entries = w->nr_entries;
	err = oracle_attach(w->o, &x86);
	w->m = oracle_mirq(w->o);
	if (err) {
		world_refused(w, "attach", err, &why);
		(void)report_check(w->report, 0, "mirq is on the machine");
		return;
	}
	if (sim_logs(w->s))
		report_line(w->report, "log", "%s", sim_last_log(w->s));
	request_faults(w);
	for (uint32_t i = 0; i < w->nr_drivers; i++)
		nr += (uint32_t)driver_start(&w->drivers[i]);
	(void)report_check(w->report, nr == w->nr_drivers, "%u of %u drivers have started", nr,
			   w->nr_drivers);
	tell_tree(w);
	sim_run_until_idle(w->s);
}

const struct chapter story_start = {
	"start",
	"mirq on the machine, a driver for each device",
	NULL,
	play_start,
};

static void play_traffic(struct world *w)
{
	uint32_t nr = queue_nr(w), nr_rounds = 1 + STORY_EVENTS / nr;

	nr_rounds = nr_rounds < STORY_ROUNDS ? nr_rounds : STORY_ROUNDS;
	for (uint32_t i = 0; i < nr_rounds; i++)
		traffic_round(w);
	report_line(w->report, "traffic", "%u rounds of %u interrupts", nr_rounds, nr);
	story_probe(w);
}

static const char *no_queues(struct world *w)
{
	return queue_nr(w) ? NULL : "no device has interrupts";
}

const struct chapter story_traffic = {
	"traffic",
	"every queue of every device interrupts, round after round",
	no_queues,
	play_traffic,
};
