/* SPDX-License-Identifier: MIT */
/*
 * fuzz_calls.c - any public calls in any order, on a simulated machine with the oracle on. Whatever
 * the order: each call ends, works or refuses with one of its errors, the invariants I1 to I7 hold
 * (sim/oracle.h), mirq_check() is content after every call, and at the end nothing is left. The
 * caller's part of the contract is kept: no handle of what is gone, thread calls from threads only.
 *
 * Input: machine, settings, then operations: a byte says which one, the next bytes are its
 * arguments; the end of the input reads as zeros. FUZZ_VERBOSE=1 in the environment tells all.
 *
 * Broken, one at a time, and found from the seeds in less than a minute: a move that fails keeps
 * the ids that it has taken (11 s); free keeps ids (at once); a release that leaves the cells of
 * the old way (at once); best-effort ids of a block taken one by one (39 s).
 */
#include <mirq/vtd.h>

#include "../../sim/oracle_inside.h"
#include "fuzz.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_OPS 64u
#define MAX_CPUS 4u
#define MAX_DEVICES 4u
#define MAX_GROUPS 10u
#define MAX_ALLOC 8u
#define NR_LINES 160u
#define MAX_INSIDE 6u /* raises and resends from handlers, which could go on for ever */
#define LIMIT_NS UINT64_C(60000000)
#define LIMIT_POINTS UINT64_C(500000)

/* At 500 ns a point a time-out of 1 ms is 2000 points. */
static const char *const machines[] = {
	"cpus=2 ram=64K tick=500 dev:msix=4 other:msix=2",
	"cpus=2 ram=64K tick=500 vtd dev:msix=6 other:msix=2 old:msi=4,behind=pci-bridge",
	"cpus=4 ram=64K tick=500 posted=9 message=9 remapped=9 ipi=9 "
	"vtd=coherent=0,rwbf,mhmv=0,steps=3,command-steps=2 dev:msix=4 other:msi=4 "
	"old:msi=1,nomask",
	"cpus=3 ram=64K tick=500 posted=9 message=9 ipi=9 dev:msi=4,nomask other:msi=1,nomask "
	"third:msix=3",
	"cpus=1 ram=64K tick=500 message=4 dev:msix=4,msi=2 old:msi=2,msi32,behind=legacy-bridge",
	"cpus=3 ram=64K tick=500 x2apic x2apic-entered apic-first=300 apic-step=7 "
	"vtd=eim,esirtps,records=2 dev:msix=8,msi=8 other:msi=8",
	"cpus=2 ram=64K tick=500 message=5 remapped=5 vtd=steps=2 vtd=records=4 dev:msix=4 "
	"other:msi=4,unit=1 third:msix=2,unit=1",
	"cpus=4 nodes=2 ram=64K tick=500 posted=5 message=20 ipi=20 dev:msi=4 "
	"other:msi=2,nomask,msi32 third:msix=4",
};

enum setting {
	FEW_IDS = 3,         /* 4, 6 or 12 ids per CPU, or all of them */
	HAS_SNAPSHOTS = 4,   /* what failed must have changed nothing */
	ATTACH_FAILS = 8,    /* at first, for want of memory */
	STAYS_BROKEN = 0x10, /* units and memory are not mended before the end */
	FEW_ENTRIES = 0x20
};

enum cpu_state {
	CPU_ONLINE,
	CPU_LEAVING,
	CPU_DOWN
};

struct fuzz;

/* A context of handlers: what they do, and whose slots they serve. */
struct worker {
	struct fuzz *f;
	struct mirq_store *store;
	struct mirq_device *dev;
	uint32_t answer, deed;
};

struct group {
	struct mirq_irqs irqs;   /* store NULL: none */
	struct mirq_device *dev; /* NULL: a unit's own */
	struct sim_device *hardware;
};

struct fuzz {
	struct fuzz_bytes b;
	struct sim *s;
	struct oracle *o;
	struct mirq *m;
	uint32_t settings, nr_cpus, nr_devices;
	enum cpu_state cpus[MAX_CPUS];
	struct mirq_device *devs[MAX_DEVICES];
	uint32_t lost;      /* by device: something was done to it, and it was not attached anew */
	uint32_t was_reset; /* of these */
	struct group groups[MAX_GROUPS];
	struct worker workers[MAX_OPS];
	uint32_t nr_workers, nr_inside, nr_ids; /* of all CPUs, taken before anybody came */
	uint64_t bits[1];                       /* of a set of CPUs */
	uint32_t is_verbose;
};

static uint32_t take(struct fuzz *f)
{
	return fuzz_take(&f->b, 1);
}

static uint32_t take_below(struct fuzz *f, uint32_t limit)
{
	return take(f) % limit;
}

/* It may be refused; with one of the library's errors. */
static void why_not(enum mirq_err err)
{
	FUZZ_CHECK(strcmp(mirq_err_text(err), "unknown error"));
}

/* ---- What operations are about ---- */

/* A group that has something, from the drawn one on. */
static struct group *take_group(struct fuzz *f)
{
	uint32_t first = take(f);

	for (uint32_t i = 0; i < MAX_GROUPS; i++) {
		struct group *g = &f->groups[(first + i) % MAX_GROUPS];

		if (g->irqs.store)
			return g;
	}
	return NULL;
}

/* A part of it, all of it, its whole store, or more than is there. 0: there is none. */
static int take_irqs(struct fuzz *f, struct group *out_group)
{
	struct group *g = take_group(f);
	uint32_t how = take(f);

	if (!g)
		return 0;
	*out_group = *g;
	switch (how & 7) {
	case 5:
		out_group->irqs = mirq_irq_at(g->irqs, (how >> 3) % mirq_irq_count(g->irqs));
		break;
	case 6:
		out_group->irqs = mirq_store_irqs(g->irqs.store);
		break;
	case 7:
		out_group->irqs.slots.limit += how >> 5;
		break;
	default:
		break;
	}
	return 1;
}

static struct mirq_device *take_device(struct fuzz *f, uint32_t *out_index)
{
	*out_index = take_below(f, f->nr_devices);
	return f->devs[*out_index];
}

/* Every CPU, one, or some; also such as are not there. */
static struct mirq_cpus take_cpus(struct fuzz *f)
{
	struct mirq_cpus cpus = { { 0, 0 }, NULL };
	uint32_t how = take(f);

	if (how & 0x80) {
		f->bits[0] = how & 15;
		cpus.range.limit = f->nr_cpus + (how >> 6 & 1);
		cpus.bits = f->bits;
	} else if (how & 7) {
		cpus = mirq_cpus_one((how & 7) - 1);
	}
	return cpus;
}

static void forget_groups(struct fuzz *f, const struct mirq_device *dev,
			  const struct mirq_store *store)
{
	for (uint32_t i = 0; i < MAX_GROUPS; i++)
		if (f->groups[i].irqs.store &&
		    (store ? f->groups[i].irqs.store == store : f->groups[i].dev == dev))
			memset(&f->groups[i], 0, sizeof(f->groups[i]));
}

static void remember_group(struct fuzz *f, struct mirq_irqs irqs, struct mirq_device *dev,
			   struct sim_device *hardware)
{
	for (uint32_t i = 0; i < MAX_GROUPS; i++) {
		if (f->groups[i].irqs.store)
			continue;
		f->groups[i] = (struct group){ irqs, dev, hardware };
		return;
	}
	FUZZ_CHECK(!oracle_free(f->o, irqs)); /* more than this program can keep in mind */
}

/* What is left on by a device that did not answer is switched off by the next call that looks at
 * it, also if that one fails. */
static void set_snapshots(struct fuzz *f)
{
	oracle_snapshots(f->o, (f->settings & HAS_SNAPSHOTS) && !f->lost);
}

/* ---- Inside handlers ---- */

static void ask(struct fuzz *f, struct mirq_irqs one)
{
	struct mirq_irq_info info;
	struct mirq_hop_info hop;
	struct mirq_irqs found;
	struct mirq_msg msg;
	uint32_t cpu, number = mirq_irq_number(one);

	FUZZ_CHECK(!number == !!mirq_irq_inspect(one, &info));
	if (!number) {
		FUZZ_CHECK(mirq_irq_compose(one, &msg) == MIRQ_ENOENT);
		FUZZ_CHECK(mirq_affinity_effective(one, &cpu) == MIRQ_ENOENT);
		return;
	}
	FUZZ_CHECK(info.number == number && info.index == one.slots.first && info.state_text[0]);
	FUZZ_CHECK(!mirq_irq_find(f->m, number, &found));
	FUZZ_CHECK(found.store == one.store && found.slots.first == one.slots.first);
	FUZZ_CHECK(mirq_irq_pending(one) <= MIRQ_PENDING_YES);
	FUZZ_CHECK(mirq_affinity_nearest(one, 1) == 0);
	if (!mirq_irq_compose(one, &msg))
		FUZZ_CHECK(msg.address >> 20 == 0xfee && !mirq_affinity_effective(one, &cpu) &&
			   cpu < f->nr_cpus);
	for (uint32_t i = 0; !mirq_irq_inspect_hop(one, i, &hop); i++)
		FUZZ_CHECK(hop.domain && i < 3);
}

/* Thread calls that may be tried: each would wait for the handler that makes it. */
static void try_to_wait(const struct worker *w, struct mirq_irqs one)
{
	FUZZ_CHECK(mirq_irq_release(one, NULL) == MIRQ_EDEADLK);
	FUZZ_CHECK(mirq_irq_free(mirq_store_irqs(w->store)) == MIRQ_EDEADLK);
	FUZZ_CHECK(mirq_irq_sync(one) == MIRQ_EDEADLK);
	FUZZ_CHECK(mirq_store_detach(w->store) == MIRQ_EDEADLK);
	if (w->dev)
		FUZZ_CHECK(mirq_device_detach(w->dev) == MIRQ_EDEADLK);
}

static void do_deed(const struct worker *w, struct mirq_irqs one)
{
	struct fuzz *f = w->f;

	switch (w->deed) {
	case 1:
		try_to_wait(w, one);
		break;
	case 2:
		oracle_disable(f->o, one);
		break;
	case 3:
		(void)oracle_enable(f->o, one);
		break;
	case 4:
		oracle_done(f->o, one);
		break;
	case 5:
		if (f->nr_inside++ < MAX_INSIDE)
			(void)oracle_resend(f->o, one);
		break;
	case 6:
		ask(f, one);
		(void)oracle_faults(f->o);
		break;
	default:
		break;
	}
}

static enum mirq_handled handle(void *context, uint32_t slot)
{
	static const enum mirq_handled answers[] = { MIRQ_HANDLED, MIRQ_HANDLED, MIRQ_NOT_MINE,
						     MIRQ_LATER };
	const struct worker *w = context;
	const struct mirq_irqs one = { w->store, { slot, slot + 1 } };

	/* Nothing may settle in the middle of an interrupt. */
	oracle_snapshots(w->f->o, 0);
	do_deed(w, one);
	set_snapshots(w->f);
	return answers[w->answer];
}

/* ---- Operations: devices and allocation ---- */

static void op_attach(struct fuzz *f)
{
	uint32_t i;
	struct mirq_device *dev = take_device(f, &i);
	const char *name = sim_device_name(sim_device_at(f->s, i));

	if (dev || oracle_pci_attach(f->o, name, &dev))
		return;
	f->devs[i] = dev;
}

/* It comes back as after a reset, if it was not pulled out. */
static void reset_lost(struct fuzz *f, uint32_t i)
{
	if (!(f->lost >> i & 1))
		return;
	sim_device_fail_config(sim_device_at(f->s, i), 0);
	sim_device_reset(sim_device_at(f->s, i));
}

static void op_detach(struct fuzz *f)
{
	uint32_t i;
	struct mirq_device *dev = take_device(f, &i);

	if (!dev)
		return;
	forget_groups(f, dev, NULL);
	FUZZ_CHECK(!oracle_device_detach(f->o, dev));
	f->devs[i] = NULL;
	reset_lost(f, i);
	sim_run_until_idle(f->s);
	sim_device_restore(sim_device_at(f->s, i));
	oracle_set_lost(f->o, sim_device_at(f->s, i), 0);
	f->lost &= ~(1u << i);
	f->was_reset &= ~(1u << i);
}

static void take_want(struct fuzz *f, struct mirq_irq_want *want)
{
	uint32_t how = take(f), at = take(f);

	want->cpus = take_cpus(f);
	want->placement = how & 1 ? MIRQ_PLACE_SPREAD : MIRQ_PLACE_FREELY;
	want->reserve = how & 2 ? MIRQ_RESERVE_BEST_EFFORT : MIRQ_RESERVE_PROMISE;
	want->trigger = (how & 0xc) == 0xc ? how >> 4 & 3 : MIRQ_EDGE;
	want->nr = at & 7;
	want->nr_min = at >> 3 & 3;
	if (how & 0x40)
		want->at = (struct mirq_range){ how >> 4 & 3, (how >> 4 & 3) + (at >> 5) };
	if (how & 0x80)
		want->align_log2 = at >> 6;
}

static enum mirq_err alloc_from_store(struct fuzz *f, struct mirq_device *dev, uint32_t kind,
				      const struct mirq_irq_want *want, struct mirq_irqs *out_irqs)
{
	struct mirq_store *store = NULL;
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(f->o, &call, "mirq_irq_alloc");
	err = mirq_pci_store(dev, kind, &store, want->why);
	FUZZ_CHECK(!err == !!store);
	if (!err)
		err = mirq_irq_alloc(store, want, out_irqs);
	if (!err)
		oracle_follow(f->o, *out_irqs, mirq_device_name(dev));
	oracle_call_end(f->o, &call, err);
	return err;
}

static void op_alloc(struct fuzz *f)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };
	struct mirq_why why = { 0 };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .why = &why };
	uint32_t i, how;
	struct mirq_device *dev = take_device(f, &i);
	enum mirq_err err;

	how = take(f);
	take_want(f, &want);
	if (!dev)
		return;
	if (how & 0x80)
		err = oracle_alloc(f->o, dev, how & 7, how >> 3 & 7, how >> 6 & 1 ? 3 : 2, &want,
				   &irqs);
	else
		err = alloc_from_store(f, dev, how & 1 ? MIRQ_PCI_MSI : MIRQ_PCI_MSIX, &want,
				       &irqs);
	FUZZ_CHECK(!err == !!irqs.store);
	FUZZ_CHECK(!err || (why.text && why.text[0]));
	if (!err)
		remember_group(f, irqs, dev, sim_device_at(f->s, i));
}

static void op_free(struct fuzz *f)
{
	struct mirq_irqs one;
	struct group g;

	if (!take_irqs(f, &g))
		return;
	FUZZ_CHECK(!oracle_free(f->o, g.irqs));
	for (uint32_t i = 0; i < mirq_irq_count(g.irqs); i++) {
		one = mirq_irq_at(g.irqs, i);
		FUZZ_CHECK(!mirq_irq_number(one));
	}
	for (uint32_t i = 0; i < MAX_GROUPS; i++) { /* of which nothing is left */
		struct mirq_irqs rest = f->groups[i].irqs;

		if (rest.store && mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL))
			memset(&f->groups[i], 0, sizeof(f->groups[i]));
	}
}

/* The unit's own event: an interrupt like others, but the oracle does not see what raises it. */
static void op_unit_event(struct fuzz *f)
{
	struct mirq_domain *domain = mirq_domain_next(f->m, NULL);
	uint32_t nr = take_below(f, SIM_MAX_UNITS);
	struct mirq_irqs irqs;
	struct oracle_call call;
	enum mirq_err err;

	for (uint32_t i = 0; domain && i <= nr; i++)
		domain = mirq_domain_next(f->m, domain);
	if (!domain)
		return;
	oracle_call_begin(f->o, &call, "mirq_vtd_fault_irq");
	err = mirq_vtd_fault_irq(domain, &irqs);
	oracle_call_end(f->o, &call, err);
	if (!err)
		remember_group(f, irqs, NULL, NULL);
}

static void op_store_detach(struct fuzz *f)
{
	struct group *g = take_group(f);
	struct oracle_call call;
	struct mirq_irqs all;

	if (!g || !g->dev)
		return;
	all = mirq_store_irqs(g->irqs.store);
	FUZZ_CHECK(!oracle_free(f->o, all));
	forget_groups(f, NULL, all.store);
	oracle_call_begin(f->o, &call, "mirq_store_detach");
	FUZZ_CHECK(!mirq_store_detach(all.store));
	oracle_call_end(f->o, &call, MIRQ_OK);
}

/* ---- Operations: handlers ---- */

/* The oracle's contexts lie one behind the other where the slots were allocated together. */
static int is_one_piece(struct fuzz *f, struct mirq_irqs irqs)
{
	const struct oracle_line *first = oracle_line_of(f->o, irqs, 0);

	for (uint32_t i = 0; i < mirq_irq_count(irqs); i++)
		if (!first || oracle_line_of(f->o, irqs, i) != first + i)
			return 0;
	return 1;
}

static enum mirq_handled read_faults(void *context)
{
	(void)oracle_faults(context);
	return MIRQ_HANDLED;
}

static void request_event(struct fuzz *f, struct mirq_irqs irqs)
{
	const struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = read_faults,
					    .context = f->o };
	struct oracle_call call;

	oracle_call_begin(f->o, &call, "mirq_irq_request");
	oracle_call_end(f->o, &call, mirq_irq_request(irqs, &h));
}

/* Its slots hold rubbish, and nobody has told mirq: a driver gives its interrupts back first. */
static int was_reset(const struct fuzz *f, const struct group *g)
{
	for (uint32_t i = 0; i < f->nr_devices; i++)
		if ((f->was_reset >> i & 1) && g->hardware == sim_device_at(f->s, i))
			return 1;
	return 0;
}

static void op_request(struct fuzz *f)
{
	struct worker *w = &f->workers[f->nr_workers++];
	struct oracle_handler how = { handle, w, 0 };
	struct mirq_irq_handler none = { MIRQ_SIZED(mirq_irq_handler), .handle = NULL };
	uint32_t script = take(f);
	struct group g;

	how.flags = take(f) & (MIRQ_REQUEST_SHARED | MIRQ_REQUEST_DISABLED);
	if (!take_irqs(f, &g) || was_reset(f, &g))
		return;
	*w = (struct worker){ f, g.irqs.store, g.dev, script & 3, script >> 2 & 7 };
	if (!g.dev) {
		request_event(f, g.irqs);
		return;
	}
	if (!is_one_piece(f, g.irqs)) {
		FUZZ_CHECK(mirq_irq_request(g.irqs, &none) == MIRQ_EINVAL);
		return;
	}
	why_not(oracle_request(f->o, g.irqs, &how, NULL));
}

static void op_release(struct fuzz *f)
{
	uint32_t how = take(f) & 3;
	struct group g;

	if (!take_irqs(f, &g) || (how < 3 && !is_one_piece(f, g.irqs)))
		return;
	if (g.dev)
		(void)oracle_release(f->o, g.irqs, how < 3 ? how : ORACLE_ALL);
	else
		FUZZ_CHECK(!mirq_irq_release(g.irqs, NULL));
}

static void op_disable(struct fuzz *f)
{
	struct group g;

	if (take_irqs(f, &g))
		oracle_disable(f->o, g.irqs);
}

static void op_enable(struct fuzz *f)
{
	struct group g;

	if (take_irqs(f, &g))
		(void)oracle_enable(f->o, g.irqs);
}

static void op_done(struct fuzz *f)
{
	struct group g;

	if (take_irqs(f, &g))
		oracle_done(f->o, g.irqs);
}

static void op_sync(struct fuzz *f)
{
	struct group g;

	if (take_irqs(f, &g))
		FUZZ_CHECK(!oracle_sync(f->o, g.irqs));
}

static void op_resend(struct fuzz *f)
{
	struct group g;

	if (take_irqs(f, &g))
		(void)oracle_resend(f->o, g.irqs);
}

static void op_move(struct fuzz *f)
{
	struct mirq_cpus cpus = take_cpus(f);
	struct group g;

	if (take_irqs(f, &g))
		why_not(oracle_move(f->o, g.irqs, cpus));
}

static void count_line(void *context, const char *line)
{
	FUZZ_CHECK(line[0]);
	++*(uint32_t *)context;
}

static void op_ask(struct fuzz *f)
{
	struct mirq_cpu_info cpu;
	struct mirq_irqs found;
	uint32_t nr_lines = 0;
	struct group g;

	if (take_irqs(f, &g))
		for (uint32_t i = 0; i < mirq_irq_count(g.irqs); i++)
			ask(f, mirq_irq_at(g.irqs, i));
	mirq_dump(f->m, count_line, &nr_lines);
	FUZZ_CHECK(nr_lines);
	for (uint32_t i = 0; i < f->nr_cpus; i++)
		FUZZ_CHECK(!mirq_cpu_inspect(f->m, i, &cpu) && cpu.nr_used <= cpu.nr_ids &&
			   cpu.is_online == (f->cpus[i] == CPU_ONLINE));
	FUZZ_CHECK(mirq_cpu_inspect(f->m, f->nr_cpus, &cpu) == MIRQ_ENOENT);
	if (!mirq_irq_find(f->m, take(f), &found))
		ask(f, found);
}

/* ---- Operations: CPUs ---- */

/* Who runs may not be a CPU that has left. */
static void run_anywhere(struct fuzz *f, uint32_t first)
{
	for (uint32_t i = 0; i < f->nr_cpus; i++) {
		uint32_t cpu = (first + i) % f->nr_cpus;

		if (f->cpus[cpu] == CPU_DOWN)
			continue;
		sim_cpu_set(f->s, cpu);
		return;
	}
	FUZZ_CHECK(!"no CPU is online");
}

static enum mirq_err on_cpu(struct fuzz *f, uint32_t cpu, int leaves)
{
	uint32_t before = sim_cpu_current(f->s);
	enum mirq_err err;

	sim_cpu_set(f->s, cpu);
	(void)sim_irq_set(f->s, 0);
	err = leaves ? mirq_cpu_offline_finish(f->m) : mirq_cpu_online(f->m, cpu);
	(void)sim_irq_set(f->s, 1);
	sim_cpu_set(f->s, before);
	return err;
}

static void cpu_prepare(struct fuzz *f, uint32_t cpu)
{
	struct mirq_why why = { 0 };
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(f->o, &call, "mirq_cpu_offline_prepare");
	err = mirq_cpu_offline_prepare(f->m, cpu, &why);
	if (err == MIRQ_EIO) /* what has moved may have moved elsewhere inside its mask */
		call.nr_quarantined = 0;
	oracle_call_end(f->o, &call, err);
	FUZZ_CHECK(!err || why.text);
	if (!err)
		f->cpus[cpu] = CPU_LEAVING;
}

static void cpu_finish(struct fuzz *f, uint32_t cpu)
{
	struct oracle_call call;

	oracle_call_begin(f->o, &call, "mirq_cpu_offline_finish");
	FUZZ_CHECK(!on_cpu(f, cpu, 1));
	f->cpus[cpu] = CPU_DOWN;
	run_anywhere(f, sim_cpu_current(f->s));
	oracle_call_end(f->o, &call, MIRQ_OK);
	FUZZ_CHECK(mirq_cpu_offline_prepare(f->m, cpu, NULL) == MIRQ_ENOENT);
}

static void cpu_return(struct fuzz *f, uint32_t cpu, int is_whole)
{
	struct oracle_call call;
	enum mirq_err err = MIRQ_OK;

	oracle_call_begin(f->o, &call, "mirq_cpu_online");
	if (f->cpus[cpu] == CPU_DOWN)
		FUZZ_CHECK(!on_cpu(f, cpu, 0));
	f->cpus[cpu] = CPU_ONLINE;
	if (is_whole)
		err = mirq_cpu_online_finish(f->m, cpu, NULL);
	FUZZ_CHECK(err != MIRQ_ENOENT);
	oracle_call_end(f->o, &call, MIRQ_OK); /* what could come back has done so */
}

static void op_cpu(struct fuzz *f)
{
	uint32_t cpu = take_below(f, f->nr_cpus), how = take(f);

	switch (f->cpus[cpu]) {
	case CPU_ONLINE:
		if (how & 1)
			run_anywhere(f, cpu);
		else
			cpu_prepare(f, cpu);
		break;
	case CPU_LEAVING:
		if (how & 1)
			cpu_return(f, cpu, 1);
		else
			cpu_finish(f, cpu);
		break;
	case CPU_DOWN:
		cpu_return(f, cpu, (int)(how & 1));
		break;
	}
}

/* ---- Operations: what happens to mirq ---- */

static void op_raise(struct fuzz *f)
{
	struct sim_device *d = sim_device_at(f->s, take_below(f, f->nr_devices));
	const struct sim_spec *spec = sim_spec(f->s);
	uint32_t slot = take(f), i = 0;

	while (sim_device_at(f->s, i) != d)
		i++;
	i = spec->devices[i].nr_msix > spec->devices[i].nr_msi ? spec->devices[i].nr_msix
							       : spec->devices[i].nr_msi;
	sim_device_raise(d, slot % i);
}

/* A bus master's own write. Where nothing isolates, it can do all that a CPU's vector does: there
 * it keeps to those that are mirq's. */
static void op_forge(struct fuzz *f)
{
	struct sim_device *d = sim_device_at(f->s, take_below(f, f->nr_devices));
	struct mirq_msg msg = { 0xfee00000, 0 };
	uint32_t how = take(f), low = fuzz_take(&f->b, 2), data = take(f);
	struct group *g;

	if (how & 1 && (g = take_group(f)) != NULL) {
		if (!mirq_irq_compose(g->irqs, &msg))
			msg.address ^= how & 2 ? 1u << (low % 20) : 0;
	} else {
		msg = (struct mirq_msg){ 0xfee00000 | (low << 4 & 0xffff0) | (how & 0xc), data };
	}
	if (!sim_spec(f->s)->nr_units)
		msg = (struct mirq_msg){ msg.address & 0xfeeff000,
					 SIM_VECTORS_FIRST + msg.data % (SIM_VECTORS_LIMIT -
									 SIM_VECTORS_FIRST) };
	sim_device_write(d, msg.address, msg.data);
}

static void op_lose(struct fuzz *f)
{
	uint32_t i = take_below(f, f->nr_devices), how = take(f) & 7;
	struct sim_device *d = sim_device_at(f->s, i);

	if (how == 7) {
		sim_device_remove(d);
	} else if (how < 4) {
		sim_device_fail_config(d, how);
	} else {
		sim_device_reset(d);
		if (how == 4)
			sim_device_restore(d);
		f->was_reset |= 1u << i;
	}
	f->lost |= 1u << i;
	oracle_set_lost(f->o, d, 1);
}

static void op_unit(struct fuzz *f)
{
	uint32_t nr_units = sim_spec(f->s)->nr_units, which = take(f), how = take(f);
	struct sim_unit_knobs *knobs;

	if (!nr_units)
		return;
	knobs = sim_unit_knobs(sim_unit(f->s, which % nr_units));
	switch (how & 7) {
	case 0:
		knobs->nr_queue_error = how >> 3 & 3;
		break;
	case 1:
		knobs->nr_timeout = how >> 3 & 3;
		break;
	case 2:
		knobs->nr_completion_error = how >> 3 & 3;
		break;
	case 3:
		knobs->is_queue_dead = !knobs->is_queue_dead;
		break;
	case 4:
		knobs->is_gone = !knobs->is_gone;
		break;
	default:
		memset(knobs, 0, sizeof(*knobs));
	}
}

static void op_memory(struct fuzz *f)
{
	uint32_t how = take(f);

	sim_fail_memory(f->s, how & 15, (int)(how >> 7));
}

static void op_time(struct fuzz *f)
{
	sim_pass_ns(f->s, (uint64_t)take(f) << 14);
}

static void op_step(struct fuzz *f)
{
	for (uint32_t nr = take_below(f, 8) + 1; nr && sim_step_delivery(f->s); nr--)
		;
}

static void op_rest(struct fuzz *f)
{
	oracle_rest(f->o);
}

static const struct {
	const char *name;
	void (*run)(struct fuzz *f);
} ops[] = {
	{ "alloc", op_alloc },     { "request", op_request },  { "raise", op_raise },
	{ "move", op_move },       { "rest", op_rest },        { "release", op_release },
	{ "free", op_free },       { "attach", op_attach },    { "detach", op_detach },
	{ "disable", op_disable }, { "enable", op_enable },    { "done", op_done },
	{ "sync", op_sync },       { "resend", op_resend },    { "cpu", op_cpu },
	{ "step", op_step },       { "forge", op_forge },      { "unit", op_unit },
	{ "lose", op_lose },       { "memory", op_memory },    { "time", op_time },
	{ "ask", op_ask },         { "event", op_unit_event }, { "store_detach", op_store_detach },
};

/* ---- A run ---- */

static void judge(struct fuzz *f, const char *when)
{
	const char *verdict = oracle_verdict(f->o);
	struct mirq_why why = { 0 };

	if (!verdict && f->m && mirq_check(f->m, &why))
		verdict = why.text;
	if (!verdict)
		return;
	fprintf(stderr, "after %s: %s\n", when, verdict);
	abort();
}

static uint32_t nr_ids_used(const struct fuzz *f)
{
	struct mirq_cpu_info info;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < f->nr_cpus; i++)
		if (!mirq_cpu_inspect(f->m, i, &info))
			nr += info.nr_used;
	return nr;
}

static void attach(struct fuzz *f)
{
	static const uint32_t nr_ids[] = { 4, 6, 12, SIM_VECTORS_LIMIT - SIM_VECTORS_FIRST };
	const struct mirq_x86_init init = {
		MIRQ_SIZED(mirq_x86_init),
		.vectors = { SIM_VECTORS_FIRST, SIM_VECTORS_FIRST + nr_ids[f->settings & FEW_IDS] },
		.remap = sim_spec(f->s)->nr_units ? MIRQ_X86_REMAP_REQUIRED
						  : MIRQ_X86_REMAP_IF_FOUND,
		.vtd_nr_entries = f->settings & FEW_ENTRIES ? 8 : 32,
	};

	if (f->settings & ATTACH_FAILS) {
		sim_fail_memory(f->s, 1 + take(f) % 12, 1);
		if (!oracle_attach(f->o, &init))
			(void)oracle_finish(f->o);
		judge(f, "an attach without memory");
		sim_fail_memory(f->s, 0, 0);
	}
	FUZZ_CHECK(!oracle_attach(f->o, &init));
	f->m = oracle_mirq(f->o);
	f->nr_ids = nr_ids_used(f);
}

static void start(struct fuzz *f)
{
	const char *machine = machines[take_below(f, NR(machines))];

	f->s = sim_parse(machine, NULL);
	FUZZ_CHECK(f->s);
	f->settings = take(f);
	f->is_verbose = getenv("FUZZ_VERBOSE") != NULL;
	sim_set_verbose(f->s, (int)f->is_verbose);
	f->nr_cpus = sim_spec(f->s)->nr_cpus;
	f->nr_devices = sim_spec(f->s)->nr_devices;
	f->o = oracle_new(f->s, NR_LINES);
	oracle_limits(f->o, LIMIT_NS, LIMIT_POINTS);
	attach(f);
	for (uint32_t i = 0; i < f->nr_devices; i++)
		FUZZ_CHECK(!oracle_pci_attach(f->o, sim_device_name(sim_device_at(f->s, i)),
					      &f->devs[i]));
	judge(f, "attach");
}

static void mend(struct fuzz *f)
{
	for (uint32_t i = 0; i < sim_spec(f->s)->nr_units; i++)
		memset(sim_unit_knobs(sim_unit(f->s, i)), 0, sizeof(struct sim_unit_knobs));
	sim_fail_memory(f->s, 0, 0);
}

/* When all have left, so have their ids and entries; where hardware did not answer it may keep
 * some. */
static void check_all_back(struct fuzz *f)
{
	struct mirq_domain *domain = NULL;
	struct mirq_domain_info info;
	struct mirq_info totals;

	for (uint32_t i = 0; i < MAX_GROUPS; i++)
		if (f->groups[i].irqs.store && !f->groups[i].dev)
			FUZZ_CHECK(!oracle_free(f->o, f->groups[i].irqs));
	for (uint32_t i = 0; i < f->nr_devices; i++)
		if (f->devs[i])
			FUZZ_CHECK(!oracle_device_detach(f->o, f->devs[i]));
	oracle_rest(f->o);
	judge(f, "everybody has left");
	mirq_inspect(f->m, &totals);
	FUZZ_CHECK(!totals.nr_irqs);
	if (totals.nr_quarantined)
		return;
	FUZZ_CHECK(nr_ids_used(f) == f->nr_ids);
	while ((domain = mirq_domain_next(f->m, domain)) != NULL) {
		mirq_domain_inspect(domain, &info);
		FUZZ_CHECK(info.nr_used == (info.role == MIRQ_ROLE_ROOT ? f->nr_ids : 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct fuzz f = { .b = { bytes, size_bytes } };

	start(&f);
	for (uint32_t i = 0; i < MAX_OPS && f.b.left; i++) {
		uint32_t op = take_below(&f, NR(ops));

		if (f.is_verbose)
			fprintf(stderr, "-- %s\n", ops[op].name);
		set_snapshots(&f);
		ops[op].run(&f);
		judge(&f, ops[op].name);
	}
	if (!(f.settings & STAYS_BROKEN))
		mend(&f);
	for (uint32_t i = 0; i < f.nr_devices; i++)
		reset_lost(&f, i);
	check_all_back(&f);
	(void)oracle_finish(f.o);
	f.m = NULL;
	judge(&f, "the end");
	oracle_free_memory(f.o);
	sim_free(f.s);
	return 0;
}
