/* SPDX-License-Identifier: MIT */
/*
 * machine_acme.c - scenarios of examples/ims-driver on the whole simulated machine: each call of
 * the driver while its device raises events (acme_world.h), with and without a remapper. The driver
 * runs as it is; the library below it is the one that is explored.
 */
#include <mirq/inspect.h>

#include "../atomics.h"
#include "acme_world.h"
#include "failing.h"
#include "scenario.h"

#define PLAIN "cpus=2 ram=64K heap=64K message=1 ipi=1 posted=1 dev:msix=1,behind=root"
#define TABLE "cpus=2 ram=64K heap=64K message=1 remapped=1 ipi=1 vtd dev:msix=1,behind=root"
#define NR_FIBERS 3

struct acme_run;
typedef void acme_job(struct acme_run *r);

struct acme_init {
	const char *machine;
	uint32_t is_late;    /* the driver's probe is a job, not how it begins */
	uint32_t nr_vectors; /* of each CPU; 0: enough for all queues */
	acme_job *jobs[2];   /* of the CPUs; NULL: takes interrupts only */
	acme_job *device;
};

struct acme_run {
	struct acme_world w; /* first: found by it */
	struct engine *e;
	struct acme_init init;
	struct scenario_failure *failure;
	struct acme_fiber {
		struct acme_run *r;
		acme_job *job;
	} fibers[NR_FIBERS];
};

/* ---- Calls, which may fail on demand ---- */

static struct scenario_try try(struct acme_run *r, const char *call, uint32_t may)
{
	if (r->failure)
		r->failure->nr_failed = sim_port_failed(r->w.s);
	return scenario_try(r->failure, call, may);
}

static int again(struct acme_run *r, struct scenario_try *t, enum mirq_err err)
{
	struct mirq_info info;
	int is_hurt;

	mirq_inspect(r->w.m, &info);
	is_hurt = info.nr_quarantined || sim_logs(r->w.s);
	if (r->failure)
		r->failure->nr_failed = sim_port_failed(r->w.s);
	return scenario_try_again(r->failure, t, err, err && is_hurt) && !is_hurt;
}

static void probe(struct acme_run *r)
{
	struct scenario_try t = try(r, "probe",
				    SCENARIO_MAY_LACK | SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);

	while (again(r, &t, acme_world_probe(&r->w)))
		;
}

static void move_0(struct acme_run *r)
{
	struct scenario_try t = try(r, "move", SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);
	uint32_t cpu = 0;

	if (!r->w.is_up || mirq_affinity_effective(mirq_irq_at(r->w.acme.lent, 0), &cpu))
		return;
	while (again(r, &t, acme_world_move(&r->w, 0, !cpu)))
		;
}

static void take_back_1(struct acme_run *r)
{
	if (r->w.is_up)
		acme_world_take_back(&r->w, 1);
}

static void remove_all(struct acme_run *r)
{
	if (r->w.is_up)
		acme_world_remove(&r->w);
}

/* ---- What the device does ---- */

static void raise_0(struct acme_run *r)
{
	acme_world_raise(&r->w, 0);
}

static void raise_0_and_1(struct acme_run *r)
{
	acme_world_raise(&r->w, 0);
	acme_world_raise(&r->w, 1);
}

static void raise_0_and_command(struct acme_run *r)
{
	acme_world_raise(&r->w, 0);
	acme_world_command(&r->w);
}

/* ---- Life ---- */

static void run_fiber(void *context)
{
	struct acme_fiber *fiber = context;

	fiber->job(fiber->r);
}

static void spawn(struct acme_run *r)
{
	static const char *const names[] = { "cpu0", "cpu1" };

	for (uint32_t i = 0; i < 2; i++) {
		r->fibers[i] = (struct acme_fiber){ r, r->init.jobs[i] };
		if (r->init.jobs[i])
			(void)sim_spawn(r->w.s, i, names[i], run_fiber, &r->fibers[i]);
	}
	r->fibers[2] = (struct acme_fiber){ r, r->init.device };
	(void)sim_spawn_device(r->w.s, "dev", run_fiber, &r->fibers[2]);
}

static void begin(struct engine *e, const struct scenario *s)
{
	static const struct sim_buffers buffers = { atomics_drain, atomics_observe,
						    atomics_retire };
	struct acme_run *r = engine_alloc(e, sizeof(*r));
	struct sim_error error = { 0 };
	struct sim *machine;

	*engine_slot(e, ENGINE_SLOT_OWN) = r;
	r->e = e;
	r->init = *(const struct acme_init *)s->init;
	machine = sim_parse(r->init.machine, &error);
	if (!machine || acme_world_begin(&r->w, machine, r->init.nr_vectors, MIRQ_GUEST_NO)) {
		engine_fail(e, "%s: %s", error.word, machine ? "no system" : error.text);
		return;
	}
	sim_set_buffers(machine, &buffers);
	r->failure = s->failure;
	if (r->failure)
		sim_port_fail(machine, r->failure->kind, r->failure->at,
			      r->failure->how == SCENARIO_FAILS_FOR_GOOD);
	if (!r->init.is_late)
		probe(r);
	sim_run_until_idle(machine);
	atomics_begin(e, ATOMICS_TSO);
	sim_start(machine);
	spawn(r);
}

/* What is different at the end: calls, where queue 0 is, who took how many. */
static void tell_state(struct acme_run *r)
{
	struct sim_cpu_stats cpu;
	uint32_t at = 0;

	engine_state(r->e, r->w.acme.done[0] + (r->w.acme.done[1] << 8));
	engine_state(r->e, r->w.acme.nr_commands);
	if (r->w.is_up && !mirq_affinity_effective(mirq_irq_at(r->w.acme.lent, 0), &at))
		engine_state(r->e, at);
	for (uint32_t i = 0; i < 2; i++) {
		sim_cpu_stats(r->w.s, i, &cpu);
		engine_state(r->e, cpu.nr_taken + (cpu.nr_merged << 8));
	}
}

static void finish(struct engine *e, const struct scenario *s, enum engine_end end)
{
	struct acme_run *r = *engine_slot(e, ENGINE_SLOT_OWN);
	const char *text;

	(void)s;
	if (!r || !r->w.s)
		return;
	sim_stop(r->w.s);
	sim_port_pause(r->w.s, 1);
	if (r->failure)
		r->failure->nr_failed = sim_port_failed(r->w.s);
	if (r->failure && r->failure->nr_failed && r->failure->kind != SIM_FAIL_MEMORY)
		r->w.is_misread = 1;
	if (r->w.is_misread && r->failure->how == SCENARIO_FAILS_FOR_GOOD)
		r->w.is_lossy = 1;
	if (end != ENGINE_DONE)
		return;
	acme_world_rest(&r->w);
	tell_state(r);
	text = acme_world_finish(&r->w);
	if (text && !engine_has_failed(e))
		engine_fail(e, "%s", text);
}

#define ACME(name_, summary_, bound_, floor_, ...)                                                 \
	{                                                                                          \
		name_, summary_, bound_, floor_, begin, finish,                                    \
			&(const struct acme_init){ __VA_ARGS__ }, NULL,                            \
	}

const struct scenario scenarios_machine_acme[] = {
	ACME("acme-move", "Queue 0 of the example's driver is moved while it raises an event", 1,
	     1270, .machine = PLAIN, .jobs = { move_0 }, .device = raise_0),
	ACME("acme-move-table", "The same behind a table", 1, 830, .machine = TABLE,
	     .jobs = { move_0 }, .device = raise_0),
	ACME("acme-take-back", "Queue 1 is taken back while 0 and 1 raise events", 1, 1680,
	     .machine = PLAIN, .jobs = { take_back_1 }, .device = raise_0_and_1),
	ACME("acme-take-back-table", "The same behind a table", 1, 1320, .machine = TABLE,
	     .jobs = { take_back_1 }, .device = raise_0_and_1),
	ACME("acme-remove", "The driver leaves while queue 0 raises an event", 1, 8500,
	     .machine = PLAIN, .nr_vectors = 2, .jobs = { remove_all }, .device = raise_0),
	ACME("acme-remove-table", "The same behind a table", 0, 30, .machine = TABLE,
	     .nr_vectors = 2, .jobs = { remove_all }, .device = raise_0),
	ACME("acme-probe", "The driver comes while its device raises an event of each kind", 1,
	     2400, .machine = PLAIN, .is_late = 1, .jobs = { probe },
	     .device = raise_0_and_command),
	ACME("acme-probe-table", "The same behind a table", 1, 1000, .machine = TABLE, .is_late = 1,
	     .jobs = { probe }, .device = raise_0_and_command),
	{ 0 },
};
