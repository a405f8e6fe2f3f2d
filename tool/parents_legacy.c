/* SPDX-License-Identifier: MIT */
/*
 * parents_legacy.c - mirq on a kernel that has no hierarchy: its flat backend answers each request
 * with ids, messages and CPUs of its own choice. MSI, MSI-X and wires work, a device's own store is
 * refused. The backend is modelled here: ids are vectors, eight in a row go to one CPU; the two
 * below them are wires, which it keeps while they are masked.
 */
#include <mirq/legacy.h>

#include "parents.h"

#define RULE_LEGACY 5u
#define WIRES 0x2eu
#define FIRST 0x30u
#define NR_WIRES (FIRST - WIRES)
#define WIRE_ROUNDS 16u
#define LIMIT 0x70u
#define BLOCK_LOG2 3u
#define LAPIC_EOI 0xb0u
#define LAPIC_SPURIOUS 0xf0u
#define LAPIC_ON 0x1ffu

struct backend {
	struct world *p;
	struct mirq_domain *domain;
	struct mirq_why why;
	uint32_t is_given[LIMIT - FIRST];
	uint32_t nr_setup, nr_given, nr_back, nr_wrong; /* wrong: back what was not given */
	uint32_t open_wires, held_wires;                /* bits */
	uint32_t nr_pulled, nr_heard[NR_WIRES];
};

static uint32_t backend_cpu(uint32_t id)
{
	return (id >> BLOCK_LOG2) % PARTS_CPUS;
}

/* From the top; a row of them for a block. */
static uint32_t backend_find(const struct backend *b, uint32_t nr)
{
	for (uint32_t at = LIMIT - nr; at >= FIRST; at -= nr) {
		uint32_t i = 0;

		while (i < nr && !b->is_given[at + i - FIRST])
			i++;
		if (i == nr)
			return at;
	}
	return 0;
}

static void backend_teardown(void *data, const uint32_t ids[], uint32_t nr)
{
	struct backend *b = data;

	for (uint32_t i = 0; i < nr; i++) {
		if (ids[i] < FIRST || ids[i] >= LIMIT || !b->is_given[ids[i] - FIRST]) {
			b->nr_wrong++;
			continue;
		}
		b->is_given[ids[i] - FIRST] = 0;
		b->nr_back++;
	}
}

static enum mirq_err backend_setup(void *data, const struct mirq_legacy_request *request,
				   uint32_t ids[], struct mirq_msg msgs[])
{
	struct backend *b = data;
	uint32_t row = request->is_block ? request->nr : 1, at = 0;

	b->nr_setup++;
	for (uint32_t i = 0; i < request->nr; i++) {
		at = i % row ? at + 1 : backend_find(b, row);
		if (!at) {
			b->nr_given += i;
			backend_teardown(b, ids, i);
			return MIRQ_ENOSPC;
		}
		b->is_given[at - FIRST] = 1;
		ids[i] = at;
		msgs[i].address = part_message_address(sim_cpu_apic_id(b->p->s, backend_cpu(at)));
		msgs[i].data = at;
	}
	b->nr_given += request->nr;
	return MIRQ_OK;
}

static void backend_eoi(void *data, uint32_t cpu, uint32_t id)
{
	struct backend *b = data;

	(void)cpu, (void)id;
	sim_write(b->p->s, PARTS_MESSAGES + LAPIC_EOI, 4, 0);
}

static uint32_t backend_where(void *data, uint32_t id)
{
	(void)data;
	return backend_cpu(id);
}

/* Of messages too, which nobody masks here. */
static uint32_t backend_wire(uint32_t id)
{
	return id < FIRST ? 1u << (id - WIRES) : 0;
}

static void backend_mask(void *data, uint32_t id)
{
	struct backend *b = data;

	b->open_wires &= ~backend_wire(id);
}

static void backend_unmask(void *data, uint32_t id)
{
	struct backend *b = data;

	b->open_wires |= backend_wire(id);
	if (b->held_wires & backend_wire(id))
		sim_ipi(b->p->s, backend_cpu(id), id);
	b->held_wires &= ~backend_wire(id);
}

static const struct mirq_legacy_ops backend_ops = {
	MIRQ_SIZED(mirq_legacy_ops), .setup = backend_setup, .teardown = backend_teardown,
	.eoi = backend_eoi,          .mask = backend_mask,   .unmask = backend_unmask,
	.where = backend_where,
};

static enum mirq_err cpu_start(struct world *p, struct mirq *m, uint32_t cpu)
{
	const struct mirq_cpu_init init = {
		MIRQ_SIZED(mirq_cpu_init),
		.cpu = cpu,
		.hardware_id = sim_cpu_apic_id(p->s, cpu),
	};
	enum mirq_err err = mirq_cpu_add(m, &init);

	if (err)
		return err;
	sim_cpu_set(p->s, cpu);
	sim_write(p->s, PARTS_MESSAGES + LAPIC_SPURIOUS, 4, LAPIC_ON);
	(void)sim_irq_set(p->s, 0);
	err = mirq_cpu_online(m, cpu);
	(void)sim_irq_set(p->s, 1);
	sim_cpu_set(p->s, 0);
	return err;
}

static enum mirq_err legacy_attach(void *context, struct mirq **out_m)
{
	struct backend *b = context;
	const struct mirq_legacy_init init = {
		MIRQ_SIZED(mirq_legacy_init),
		.name = "kernel",
		.ops = &backend_ops,
		.data = b,
		.why = &b->why,
		.ids = { WIRES, LIMIT },
		.max_block_log2 = BLOCK_LOG2,
		.guest = MIRQ_GUEST_NO,
	};
	const struct mirq_init system = { MIRQ_SIZED(mirq_init), .host = sim_host(b->p->s),
					  .nr_cpus = PARTS_CPUS };
	enum mirq_err err = mirq_init(&system, out_m);

	if (err)
		return err;
	sim_bind(b->p->s, *out_m);
	err = mirq_legacy_attach(*out_m, &init, &b->domain);
	for (uint32_t cpu = 0; !err && cpu < PARTS_CPUS; cpu++)
		err = cpu_start(b->p, *out_m, cpu);
	if (err) {
		sim_bind(b->p->s, NULL);
		mirq_fini(*out_m);
	}
	return err;
}

static void refuse_own(struct world *p)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_store *store = NULL;
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(p->o, &call, "mirq_store_attach");
	err = sim_store_attach(p->s, p->drivers[1].dev, SIM_STORE_ARRAY, &why, &store);
	oracle_call_end(p->o, &call, err);
	(void)report_check(p->report,
			   part_refused(p, "IMS on a flat backend", err, MIRQ_ENOTSUP, &why) &&
				   why.rule == RULE_LEGACY && !store,
			   "legacy: a device's own store is refused by rule %u", why.rule);
}

/* ---- a platform device on two wires ---- */

static void wire_pull(struct backend *b, uint32_t id)
{
	b->nr_pulled++;
	if (b->open_wires & backend_wire(id))
		sim_ipi(b->p->s, backend_cpu(id), id);
	else
		b->held_wires |= backend_wire(id);
	sim_run_until_idle(b->p->s);
}

static enum mirq_handled wire_heard(void *nr_heard)
{
	++*(uint32_t *)nr_heard;
	return MIRQ_HANDLED;
}

/* Each wire by itself, then both while nobody listens. */
static void pull_wires(struct backend *b, struct mirq_irqs irqs)
{
	for (uint32_t i = 0; i < WIRE_ROUNDS; i++)
		wire_pull(b, WIRES + i % NR_WIRES);
	mirq_irq_disable(irqs);
	for (uint32_t id = WIRES; id < FIRST; id++)
		wire_pull(b, id);
	(void)mirq_irq_enable(irqs);
	sim_run_until_idle(b->p->s);
}

static enum mirq_err attach_wires(struct backend *b, struct mirq_device **out_dev,
				  struct mirq_irqs *out_irqs)
{
	static const struct mirq_store_ops ops = { MIRQ_SIZED(mirq_store_ops) };
	static const struct mirq_store_template kind = { MIRQ_SIZED(mirq_store_template),
							 .name = "wires", .ops = &ops,
							 .masking = MIRQ_MASKS_NOTHING,
							 .traits = MIRQ_STORE_DIRECT };
	const struct mirq_device_init device = { MIRQ_SIZED(mirq_device_init), .name = "uart",
						 .why = &b->why };
	const struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .kind = &kind,
					      .nr_slots = NR_WIRES, .base = WIRES, .why = &b->why };
	const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = NR_WIRES,
					    .why = &b->why };
	const struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler),
						  .handle = wire_heard, .context = b->nr_heard,
						  .stride_bytes = sizeof(b->nr_heard[0]),
						  .why = &b->why };
	struct mirq_store *store;
	enum mirq_err err = mirq_device_attach(b->p->m, &device, out_dev);

	if (!err)
		err = mirq_store_attach(*out_dev, &init, &store);
	if (!err)
		err = mirq_irq_alloc(store, &want, out_irqs);
	return err ? err : mirq_irq_request(*out_irqs, &handler);
}

static void play_wires(struct world *p, struct backend *b)
{
	struct mirq_device *dev = NULL;
	struct mirq_irqs irqs;
	struct mirq_info before, after;
	struct oracle_call call;
	enum mirq_err err;

	mirq_inspect(p->m, &before);
	oracle_call_begin(p->o, &call, "mirq_irq_request");
	err = attach_wires(b, &dev, &irqs);
	oracle_call_end(p->o, &call, err);
	if (!err)
		pull_wires(b, irqs);
	mirq_inspect(p->m, &after);
	oracle_call_begin(p->o, &call, "mirq_device_detach");
	if (dev)
		(void)mirq_device_detach(dev);
	oracle_call_end(p->o, &call, MIRQ_OK);
	after.nr_kept -= before.nr_kept;
	(void)report_check(p->report,
			   !err && b->nr_pulled == WIRE_ROUNDS + NR_WIRES &&
				   b->nr_heard[0] + b->nr_heard[1] == b->nr_pulled &&
				   b->nr_heard[0] == b->nr_heard[1] && after.nr_kept == NR_WIRES &&
				   !b->open_wires,
			   "legacy: a platform device pulls its %u wires %u times, %u and %u "
			   "heard, %llu of them kept while nobody listened",
			   NR_WIRES, b->nr_pulled, b->nr_heard[0], b->nr_heard[1],
			   (unsigned long long)after.nr_kept);
}

void part_legacy(struct world *w)
{
	struct world *p = part_new(w, "cpus=4 posted=12 message=20 ipi=15 old:msi=4 "
				      "nic:msix=6,array=4");
	struct backend b = { .p = p };
	struct tour t;

	if (!p)
		return;
	if (!part_attached(w, p, oracle_attach_flat(p->o, legacy_attach, &b), &b.why))
		return;
	if (part_link(p, 0, b.domain) && part_link(p, 1, b.domain) && part_start(p, 0) &&
	    part_start(p, 1)) {
		t = part_tour(p, (struct mirq_range){ 0, 0 });
		(void)report_check(p->report,
				   t.nr_irqs && t.nr_good == t.nr_irqs && !t.nr_failed &&
					   b.nr_given - b.nr_back == t.nr_irqs,
				   "legacy: %u interrupts by MSI and MSI-X, %u where the backend "
				   "put them; it was asked %u times, %u ids are given",
				   t.nr_irqs, t.nr_good, b.nr_setup, b.nr_given - b.nr_back);
		refuse_own(p);
		play_wires(p, &b);
	}
	part_stop(p);
	(void)report_check(p->report, b.nr_given && b.nr_given == b.nr_back && !b.nr_wrong,
			   "legacy: %u ids given, %u given back, %u that were none", b.nr_given,
			   b.nr_back, b.nr_wrong);
	part_end(w, p, "legacy");
}
