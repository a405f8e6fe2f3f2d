/* SPDX-License-Identifier: MIT */
/*
 * tiny_machine.c - see tiny_machine.h: steps, the system on this machine, its fibers, its end.
 */
#include "tiny_own.h"

/* ---- Steps ---- */

void tiny_at_wire(struct tiny *w, enum engine_point point)
{
	engine_at(w->e, point, &w->wire);
}

void tiny_at_register(struct tiny *w, enum engine_point point)
{
	atomics_at_register(w->e, point, &w->wire);
}

/* The first fibers are the CPUs. */
uint32_t tiny_this_cpu(const struct tiny *w)
{
	uint32_t fiber = engine_current(w->e);

	return fiber < w->init.nr_cpus ? fiber : w->boot_cpu;
}

static void pass_time(void *context)
{
	struct tiny *w = context;

	w->now_ns += 100000;
}

/* ---- Begin ---- */

static void must(struct tiny *w, enum mirq_err err, const char *call)
{
	if (err)
		engine_fail(w->e, "%s fails: %s", call, mirq_err_text(err));
}

static void add_cpus(struct tiny *w)
{
	for (uint32_t cpu = 0; cpu < w->init.nr_cpus; cpu++) {
		struct mirq_cpu_init add = { .size_bytes = sizeof(add),
					     .cpu = cpu,
					     .hardware_id = cpu };

		w->boot_cpu = cpu;
		must(w, mirq_cpu_add(w->m, &add), "add");
		must(w, mirq_cpu_online(w->m, cpu), "online");
	}
}

static void add_device(struct tiny *w, uint32_t number)
{
	enum tiny_kind kind = w->init.kinds[number];
	struct tiny_device *d = &w->devices[number];
	struct mirq_device_init dev = { .size_bytes = sizeof(dev),
					.name = "device",
					.parent = number || !w->mux ? w->table : w->mux };
	struct mirq_store_init store = {
		.size_bytes = sizeof(store),
		.kind = tiny_store_kind(kind),
		.data = d,
		.nr_slots = tiny_nr_slots(kind),
	};

	d->w = w;
	d->number = number;
	d->is_on = kind == TINY_MSIX || kind == TINY_WORDS;
	for (uint32_t i = 0; i < TINY_SLOTS_OF_DEVICE; i++)
		w->slots[number * TINY_SLOTS_OF_DEVICE + i].is_masked = !tiny_has_no_mask(kind);
	must(w, mirq_device_attach(w->m, &dev, &d->dev), "device");
	must(w, mirq_store_attach(d->dev, &store, &d->store), "store");
}

static void make_system(struct tiny *w)
{
	struct mirq_init init = { .size_bytes = sizeof(init), .nr_cpus = w->init.nr_cpus };
	struct mirq_root_init root = tiny_root_init(w);
	struct mirq_remapper_init table = tiny_table_init(w);

	w->host = (struct mirq_host){ &tiny_host_ops, w };
	init.host = &w->host;
	must(w, mirq_init(&init, &w->m), "init");
	must(w, mirq_root_attach(w->m, &root, &w->root), "root");
	add_cpus(w);
	if (w->init.options & TINY_TABLE)
		must(w, mirq_remapper_attach(w->m, &table, &w->table), "table");
	if (w->init.options & TINY_MUX) {
		add_device(w, 1);
		tiny_mux_begin(w);
	}
	for (uint32_t i = 0; i < w->init.nr_devices; i++)
		if (!w->devices[i].store)
			add_device(w, i);
}

/* The run is over when the devices are, who end last. A CPU without a job sleeps until something
 * arrives. */
static void spawn(struct tiny *w)
{
	static const char *const names[] = { "cpu0", "cpu1", "cpu2" };

	for (uint32_t cpu = 0; cpu < w->init.nr_cpus; cpu++) {
		engine_spawn(w->e, names[cpu], 0, tiny_cpu_body, &w->cpus[cpu]);
		engine_on_point(w->e, cpu, tiny_cpu_hook, &w->cpus[cpu]);
		if (w->cpus[cpu].job)
			w->nr_busy++;
		else
			engine_let_sleep(w->e, cpu);
	}
	engine_spawn(w->e, "device", 1, tiny_devices_body, w);
}

struct tiny *tiny_begin(struct engine *e, const struct tiny_init *init)
{
	static const struct engine_hooks hooks = { .idle = pass_time };
	struct tiny *w = engine_alloc(e, sizeof(*w));

	tiny_watch_crashes();
	*engine_slot(e, ENGINE_SLOT_OWN) = w;
	w->e = e;
	w->init = *init;
	w->init.nr_cpus += init->nr_cpus ? 0 : 2;
	w->init.nr_devices += init->nr_devices ? 0 : 1;
	atomics_begin(e, w->init.options & TINY_C11 ? ATOMICS_C11 : ATOMICS_TSO);
	engine_name(e, &w->wire, "hardware");
	engine_add_hooks(e, &hooks, w);
	for (uint32_t cpu = 0; cpu < w->init.nr_cpus; cpu++)
		w->cpus[cpu] = (struct tiny_cpu){ .w = w,
						  .cpu = cpu,
						  .job = init->jobs[cpu],
						  .masked = init->options & TINY_ROOT_MASKS
								    ? UINT32_MAX
								    : 0,
						  .is_open = 1 };
	make_system(w);
	spawn(w);
	return w;
}

/* ---- End ---- */

static uint32_t nr_quarantined(const struct tiny *w)
{
	struct mirq_info info;

	mirq_inspect(w->m, &info);
	return info.nr_quarantined;
}

/* On again, without a reset: what was pending there is taken, too late. What left comes back. */
static void start_again(struct tiny *w, struct tiny_cpu *c)
{
	struct mirq_why why = { 0 };

	if (mirq_check(w->m, &why))
		engine_fail(w->e, "broken without cpu%u: %s", c->cpu, why.text);
	for (const struct tiny_user *u = w->users; u < w->users + TINY_NR_USERS; u++)
		if (u->is_owed)
			engine_fail(w->e, "I1: an event of slot %u stays with cpu%u, which is off",
				    u->slot, c->cpu);
	w->nr_leaves += c->pending != 0;
	w->boot_cpu = c->cpu;
	must(w, mirq_cpu_online(w->m, c->cpu), "online");
	tiny_cpu_settle(c);
	w->boot_cpu = 0;
	if (mirq_cpu_online_finish(w->m, c->cpu, NULL) && !nr_quarantined(w))
		engine_fail(w->e, "I5: what has left cpu%u does not come back", c->cpu);
	for (w->boot_cpu = 0; w->boot_cpu < w->init.nr_cpus; w->boot_cpu++)
		tiny_cpu_settle(&w->cpus[w->boot_cpu]);
	w->boot_cpu = 0;
}

/* All CPUs are online: each interrupt is where its user wants it, unless its way is in doubt. */
static void check_masks(struct tiny *w, struct mirq_store *store)
{
	struct mirq_irqs rest = mirq_store_irqs(store), one;
	struct mirq_cpus wanted;
	uint32_t cpu;

	if (w->mux && store == w->devices[0].store) /* its lines may have moved */
		return;
	while (!nr_quarantined(w) && !mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL))
		if (!mirq_affinity_requested(one, &wanted) && !mirq_affinity_effective(one, &cpu) &&
		    wanted.range.limit && (cpu < wanted.range.first || cpu >= wanted.range.limit))
			engine_fail(w->e, "slot %u is on cpu%u, outside its mask", one.slots.first,
				    cpu);
}

/* Nothing is left but what mirq says that it keeps, and nothing that it does not keep is used. */
static void check_left(struct tiny *w)
{
	struct mirq_domain_info root;

	mirq_domain_inspect(w->root, &root);
	if (root.nr_used && !nr_quarantined(w))
		engine_fail(w->e, "I5: %u ids were not given back", root.nr_used);
	if (root.nr_used < nr_quarantined(w) && !w->mux)
		engine_fail(w->e, "I5: %u interrupts in quarantine keep %u ids", nr_quarantined(w),
			    root.nr_used);
	for (uint32_t i = 0; i < TINY_NR_ENTRIES; i++) {
		if (w->entries[i].is_taken && !nr_quarantined(w))
			engine_fail(w->e, "I5: entry %u was not given back", i);
		if (w->entries[i].cache.is_present && !nr_quarantined(w) &&
		    !(w->init.options & TINY_FAULT_FLUSH))
			engine_fail(w->e, "I5: the table still uses entry %u", i);
	}
}

static void free_all(struct tiny *w, uint32_t number)
{
	struct tiny_device *d = &w->devices[number];
	struct mirq_domain_info mux;

	must(w, mirq_irq_free(mirq_store_irqs(d->store)), "free");
	for (w->boot_cpu = 0; w->boot_cpu < w->init.nr_cpus; w->boot_cpu++)
		tiny_cpu_settle(&w->cpus[w->boot_cpu]);
	w->boot_cpu = 0;
	if (number || !w->mux)
		return;
	mirq_domain_inspect(w->mux, &mux);
	if (mux.nr_used && !nr_quarantined(w))
		engine_fail(w->e, "I5: %u ids of lines were not given back", mux.nr_used);
	must(w, mirq_device_detach(d->dev), "detach");
	tiny_mux_end(w);
}

void tiny_finish(struct tiny *w)
{
	if (w->failure)
		w->failure->is_paused = 1;
	for (uint32_t cpu = 0; cpu < w->init.nr_cpus; cpu++)
		if (w->cpus[cpu].is_down)
			start_again(w, &w->cpus[cpu]);
	for (uint32_t i = 0; i < w->init.nr_devices; i++)
		check_masks(w, w->devices[i].store);
	tiny_oracle_finish(w);
	if (engine_has_failed(w->e))
		return;
	for (uint32_t i = 0; i < w->init.nr_devices; i++)
		free_all(w, i);
	check_left(w);
	mirq_fini(w->m);
	if (w->nr_bytes)
		engine_fail(w->e, "I5: %zu bytes were not given back", w->nr_bytes);
}

/* ---- As a scenario ---- */

static void begin(struct engine *e, const struct tiny_init *init, struct scenario_failure *failure)
{
	struct tiny *w = tiny_begin(e, init);

	w->failure = failure;
	init->prepare(w);
}

void tiny_scenario_begin(struct engine *e, const struct scenario *s)
{
	const struct tiny_init *init = s->init;

	begin(e, init, s->failure);
}

void tiny_scenario_begin_c11(struct engine *e, const struct scenario *s)
{
	struct tiny_init init = *(const struct tiny_init *)s->init;

	init.options |= TINY_C11;
	begin(e, &init, s->failure);
}

void tiny_scenario_finish(struct engine *e, const struct scenario *s, enum engine_end end)
{
	(void)s;
	if (end == ENGINE_DONE)
		tiny_finish(*engine_slot(e, ENGINE_SLOT_OWN));
}
