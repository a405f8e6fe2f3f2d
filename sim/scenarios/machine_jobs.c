/* SPDX-License-Identifier: MIT */
/*
 * machine_jobs.c - see machine_jobs.h. A call that fails where nothing is broken fails the run.
 */
#include "machine_jobs.h"

#include <stdlib.h>

#include "../atomics.h"

#define WHOLE_LINES 8u
#define WHOLE_ENTRIES 8u
#define WHOLE_TRIES 4u
#define WHOLE_FIRST_COOKIE 0x100u

/* ---- Life ---- */

static void must(struct whole *w, enum mirq_err err, const char *what)
{
	if (err && !(w->is_lossy && err == MIRQ_EIO))
		engine_fail(w->e, "%s failed: %d", what, (int)err);
}

/* mirq has given up some hardware, and says so. */
static int is_hurt(struct whole *w)
{
	struct mirq_info info;

	mirq_inspect(oracle_mirq(w->o), &info);
	return info.nr_quarantined || sim_logs(w->s);
}

static struct scenario_try try(struct whole *w, const char *call, uint32_t may)
{
	if (w->failure)
		w->failure->nr_failed = sim_port_failed(w->s);
	return scenario_try(w->failure, call, may);
}

/* Its other stores fail, too, and are not counted. */
static int is_pulled_out(const struct whole *w)
{
	return w->init.nr_irqs && w->failure && w->failure->how == SCENARIO_FAILS_FOR_GOOD &&
	       w->failure->nr_failed;
}

static int again(struct whole *w, struct scenario_try *t, enum mirq_err err)
{
	if (w->failure)
		w->failure->nr_failed = sim_port_failed(w->s);
	t->err = err;
	if (err == MIRQ_EIO && (w->is_lossy || is_pulled_out(w)))
		return 0;
	return scenario_try_again(w->failure, t, err, err && is_hurt(w)) && !is_hurt(w);
}

static void wake_far(struct whole *w)
{
	if (w->is_far_asleep)
		engine_wake(w->e, w->far_fiber);
	w->is_far_asleep = 0;
}

/* The bell of the second machine: before fibers run and after, it answers at once. */
static void far_rung(void *context)
{
	struct whole *w = context;

	w->is_rung = 1;
	if (engine_current(w->e) != ENGINE_NOBODY) {
		wake_far(w);
		return;
	}
	w->is_rung = 0;
	sim_peer_told(w->peer);
	sim_run_until_idle(w->far);
}

static void run_fiber(void *context)
{
	struct whole_fiber *fiber = context;

	fiber->job(fiber->w);
	if (fiber->job == fiber->w->init.far_job || sim_cpu_current(fiber->w->s) == SIM_NO_CPU)
		return;
	fiber->w->nr_done++;
	wake_far(fiber->w);
	if (fiber->w->is_sleeping)
		engine_wake(fiber->w->e, fiber->w->sleeper);
}

static void spawn(struct whole *w)
{
	static const char *const names[] = { "cpu0", "cpu1", "cpu2" };
	static const char *const devices[] = { "dev", "two" };
	struct whole_fiber *fiber = w->fibers;

	for (uint32_t i = 0; i < WHOLE_NR_CPUS; i++)
		if (w->init.jobs[i]) {
			*fiber = (struct whole_fiber){ w, w->init.jobs[i] };
			(void)sim_spawn(w->s, i, names[i], run_fiber, fiber++);
		}
	for (uint32_t i = 0; i < WHOLE_NR_DEVICES; i++)
		if (w->init.devices[i]) {
			*fiber = (struct whole_fiber){ w, w->init.devices[i] };
			(void)sim_spawn_device(w->s, devices[i], run_fiber, fiber++);
		}
	if (w->init.far_job) {
		*fiber = (struct whole_fiber){ w, w->init.far_job };
		(void)sim_spawn(w->far, 0, "far", run_fiber, fiber);
	}
}

static uint32_t nr_irqs(const struct whole *w)
{
	return w->init.nr_irqs ? w->init.nr_irqs : w->init.nr_devices;
}

static struct whole_irq irq_of(const struct whole *w, uint32_t i)
{
	return w->init.nr_irqs ? w->init.irqs[i] : (struct whole_irq){ .device = i };
}

static void attach_vmd(struct whole *w)
{
	struct sim_device *d;

	for (uint32_t i = 0; (d = sim_device_at(w->s, i)); i++)
		if (sim_device_spec(d)->is_vmd)
			must(w, oracle_vmd_attach(w->o, sim_device_name(d), &w->lines, &w->mux),
			     "mux attach");
}

/* The devices, and of their own stores those in which somebody wants an interrupt. */
static void attach_devices(struct whole *w)
{
	for (uint32_t i = 0; i < w->init.nr_devices; i++) {
		w->hardware[i] = sim_device_at(w->s, i);
		must(w, oracle_pci_attach(w->o, sim_device_name(w->hardware[i]), &w->dev[i]),
		     "device attach");
	}
	for (uint32_t i = 0; i < nr_irqs(w); i++) {
		struct whole_irq irq = irq_of(w, i);
		struct mirq_store **store = &w->stores[irq.device][irq.store];

		if (irq.store > SIM_STORE_MSIX && !*store)
			must(w, oracle_store_attach(w->o, w->dev[irq.device], irq.store, store),
			     "store attach");
	}
}

static const struct sim_buffers buffers = { atomics_drain, atomics_observe, atomics_retire };

static struct sim *machine_new(struct whole *w, const char *text)
{
	struct sim_error error = { 0 };
	struct sim *s = sim_parse(text, &error);

	if (s)
		sim_set_buffers(s, &buffers);
	else
		engine_fail(w->e, "%s: %s", error.word, error.text);
	return s;
}

static void join_far(struct whole *w)
{
	struct sim_device *end;

	w->far = machine_new(w, w->init.far);
	if (!w->far)
		return;
	end = sim_device_at(w->far, 0);
	(void)sim_ntb_join(sim_device_at(w->s, 0), end);
	w->peer = sim_peer_new(end);
	sim_ntb_on_ring(end, far_rung, w);
}

void whole_begin(struct engine *e, const struct scenario *s)
{
	const struct mirq_x86_init x86 = { MIRQ_SIZED(mirq_x86_init),
					   .vtd_nr_entries = WHOLE_ENTRIES };
	struct whole *w = engine_alloc(e, sizeof(*w));

	*engine_slot(e, ENGINE_SLOT_OWN) = w;
	w->e = e;
	w->init = *(const struct whole_init *)s->init;
	w->s = machine_new(w, w->init.machine);
	if (w->s && w->init.far)
		join_far(w);
	if (!w->s || (w->init.far && !w->far))
		return;
	w->o = oracle_new(w->s, WHOLE_LINES);
	must(w, oracle_attach(w->o, &x86), "attach");
	attach_vmd(w);
	attach_devices(w);
	w->failure = s->failure;
	if (w->failure)
		sim_port_fail(w->s, w->failure->kind, w->failure->at,
			      w->failure->how == SCENARIO_FAILS_FOR_GOOD);
	(w->init.prepare ? w->init.prepare : whole_prepare)(w);
	sim_run_until_idle(w->s);
	atomics_begin(e, ATOMICS_TSO);
	sim_start(w->s);
	if (w->far)
		sim_start(w->far);
	spawn(w);
}

/* What is different at the end: calls, where the interrupts are, what was refused. */
static void tell_state(struct whole *w)
{
	struct oracle_stats stats;
	struct sim_cpu_stats cpu;
	uint32_t at = 0;

	oracle_stats(w->o, &stats);
	engine_state(w->e, stats.nr_called);
	engine_state(w->e, stats.nr_late + (stats.nr_faults << 8));
	for (uint32_t i = 0; i < nr_irqs(w); i++)
		if (w->irqs[i].store && !mirq_affinity_effective(w->irqs[i], &at))
			engine_state(w->e, at);
	for (uint32_t i = 0; i < sim_spec(w->s)->nr_cpus; i++) {
		sim_cpu_stats(w->s, i, &cpu);
		engine_state(w->e, cpu.nr_taken + (cpu.nr_merged << 8));
	}
}

void whole_finish(struct engine *e, const struct scenario *s, enum engine_end end)
{
	struct whole *w = *engine_slot(e, ENGINE_SLOT_OWN);

	(void)s;
	if (!w || !w->s)
		return;
	sim_stop(w->s);
	if (w->far) {
		sim_stop(w->far);
		sim_run_until_idle(w->far);
	}
	sim_port_pause(w->s, 1);
	if (w->failure)
		w->failure->nr_failed = sim_port_failed(w->s);
	if (end == ENGINE_DONE) {
		oracle_rest(w->o);
		tell_state(w);
		if (oracle_finish(w->o) && !engine_has_failed(e))
			engine_fail(e, "%s", oracle_verdict(w->o));
	}
	oracle_free_memory(w->o);
}

/* ---- How it begins ---- */

static void raise(struct whole *w, uint32_t i, uint32_t slot)
{
	struct whole_irq irq = irq_of(w, i);

	/* The second one of two of the same store. */
	for (uint32_t k = 0; k < i; k++)
		slot += irq_of(w, k).store == irq.store && irq_of(w, k).device == irq.device;
	sim_device_raise_at(w->hardware[irq.device], irq.store, slot);
}

/* A cookie for each slot of a store that has some, never the same. */
static enum mirq_err alloc_own(struct whole *w, struct whole_irq irq, struct mirq_irq_want *want,
			       struct mirq_irqs *out_irqs)
{
	uint64_t cookies[2];

	for (uint32_t i = 0; i < 2; i++)
		cookies[i] = WHOLE_FIRST_COOKIE + w->nr_lent++;
	want->nr = irq.nr;
	if (irq.store == SIM_STORE_ARRAY || irq.store == SIM_STORE_QUEUE)
		want->cookies = cookies;
	return oracle_store_alloc(w->o, w->dev[irq.device], w->stores[irq.device][irq.store], want,
				  out_irqs);
}

static enum mirq_err alloc_once(struct whole *w, uint32_t i)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want),
				      .cpus = mirq_cpus_one(w->init.at[i]) };
	struct whole_irq irq = irq_of(w, i);

	if (irq.store > SIM_STORE_MSIX)
		return alloc_own(w, irq, &want, &w->irqs[i]);
	return oracle_alloc(w->o, w->dev[irq.device], 1, 1, MIRQ_PCI_ANY, &want, &w->irqs[i]);
}

static void alloc(struct whole *w, uint32_t i)
{
	struct scenario_try t = try(w, "alloc",
				    SCENARIO_MAY_LACK | SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);

	while (again(w, &t, alloc_once(w, i)))
		;
}

static void request(struct whole *w, uint32_t i)
{
	struct scenario_try t = try(w, "request",
				    SCENARIO_MAY_LACK | SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);

	while (w->irqs[i].store && again(w, &t, oracle_request(w->o, w->irqs[i], NULL, NULL)))
		;
	w->is_requested[i] = w->irqs[i].store && !t.err;
}

/* Nothing silences a slot without a mask that may have been told its message when that failed. */
static int is_pinned_by_failure(const struct whole *w, uint32_t i, enum mirq_err err)
{
	return err == MIRQ_ENOTSUP && w->failure && w->failure->nr_failed && !w->is_requested[i];
}

static void move(struct whole *w, uint32_t i, uint32_t cpu)
{
	struct scenario_try t = try(w, "move", SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);
	enum mirq_err err;

	while (w->irqs[i].store) {
		err = oracle_move(w->o, w->irqs[i], mirq_cpus_one(cpu));
		if (is_pinned_by_failure(w, i, err) || !again(w, &t, err))
			break;
	}
}

void whole_prepare(struct whole *w)
{
	for (uint32_t i = 0; i < nr_irqs(w); i++) {
		alloc(w, i);
		request(w, i);
	}
}

void whole_prepare_allocated(struct whole *w)
{
	alloc(w, 0);
}

void whole_prepare_first(struct whole *w)
{
	alloc(w, 0);
	request(w, 0);
}

void whole_prepare_used(struct whole *w)
{
	whole_prepare(w);
	whole_raise(w);
}

void whole_prepare_error(struct whole *w)
{
	whole_prepare_used(w);
	sim_unit_knobs(sim_unit(w->s, 0))->nr_queue_error = 1;
}

void whole_prepare_dead(struct whole *w)
{
	whole_prepare_used(w);
	sim_unit_knobs(sim_unit(w->s, 0))->is_queue_dead = 1;
	w->is_lossy = 1;
}

void whole_prepare_second_off(struct whole *w)
{
	whole_prepare(w);
	if (!w->is_requested[1])
		return;
	oracle_disable(w->o, w->irqs[1]);
	raise(w, 1, 0);
	sim_run_until_idle(w->s);
}

void whole_prepare_refused(struct whole *w)
{
	whole_prepare(w);
	sim_device_knobs(w->hardware[0])->nr_refused = 1;
}

void whole_prepare_denied(struct whole *w)
{
	whole_prepare(w);
	sim_device_knobs(w->hardware[0])->nr_denied = 1;
}

void whole_prepare_deaf(struct whole *w)
{
	whole_prepare(w);
	sim_device_knobs(w->hardware[0])->is_deaf = 1;
	w->is_lossy = 1;
}

/* ---- What a CPU does ---- */

void whole_move_to_1(struct whole *w)
{
	move(w, 0, 1);
}

void whole_move_line(struct whole *w)
{
	struct scenario_try t = try(w, "move", SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);

	while (again(w, &t, oracle_move(w->o, mirq_irq_at(w->lines, 0), mirq_cpus_one(1))))
		;
}

void whole_move_to_2(struct whole *w)
{
	move(w, 0, 2);
}

void whole_move_second_to_0(struct whole *w)
{
	move(w, 1, 0);
}

void whole_move_there_and_back(struct whole *w)
{
	move(w, 0, 1);
	move(w, 0, 0);
}

static void release(struct whole *w, uint32_t i)
{
	if (!w->irqs[i].store)
		return;
	must(w, oracle_release(w->o, w->irqs[i], ORACLE_ALL), "release");
	w->is_requested[i] = 0;
}

void whole_release(struct whole *w)
{
	release(w, 0);
}

void whole_release_second(struct whole *w)
{
	release(w, 1);
}

void whole_release_and_request(struct whole *w)
{
	whole_release(w);
	request(w, 0);
}

void whole_free(struct whole *w)
{
	if (!w->irqs[0].store)
		return;
	must(w, oracle_free(w->o, w->irqs[0]), "free");
	w->is_requested[0] = 0;
}

void whole_detach(struct whole *w)
{
	must(w, oracle_device_detach(w->o, w->dev[0]), "device detach");
	w->irqs[0].store = NULL;
}

void whole_pause(struct whole *w)
{
	if (!w->is_requested[0])
		return;
	oracle_disable(w->o, w->irqs[0]);
	must(w, oracle_enable(w->o, w->irqs[0]), "enable");
}

void whole_pause_and_sync(struct whole *w)
{
	if (!w->is_requested[0])
		return;
	oracle_disable(w->o, w->irqs[0]);
	must(w, oracle_sync(w->o, w->irqs[0]), "sync");
	must(w, oracle_enable(w->o, w->irqs[0]), "enable");
}

void whole_request(struct whole *w)
{
	request(w, 0);
}

static void wait_for_job(struct whole *w)
{
	while (!w->nr_done) {
		w->is_sleeping = 1;
		w->sleeper = engine_current(w->e);
		engine_sleep(w->e);
	}
}

void whole_prepare_0_offline(struct whole *w)
{
	struct scenario_try t = try(w, "offline prepare", SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(w->o, &call, "mirq_cpu_offline_prepare");
	do
		err = mirq_cpu_offline_prepare(oracle_mirq(w->o), 0, NULL);
	while (again(w, &t, err));
	oracle_call_end(w->o, &call, err);
	w->is_prepared = !err;
}

/* With interrupts off from the beginning: what arrives has to be passed on. */
void whole_go_offline(struct whole *w)
{
	struct oracle_call call;
	enum mirq_err err;

	(void)sim_irq_set(w->s, 0);
	wait_for_job(w);
	if (w->is_prepared) {
		oracle_call_begin(w->o, &call, "mirq_cpu_offline_finish");
		err = mirq_cpu_offline_finish(oracle_mirq(w->o));
		oracle_call_end(w->o, &call, err);
		must(w, err, "offline finish");
	}
	(void)sim_irq_set(w->s, 1);
}

void whole_resend(struct whole *w)
{
	if (!w->is_requested[0])
		return;
	must(w, oracle_resend(w->o, w->irqs[0]), "resend");
}

void whole_replace(struct whole *w)
{
	whole_free(w);
	alloc(w, 1);
	request(w, 1);
}

void whole_lend_again(struct whole *w)
{
	whole_free(w);
	w->irqs[0].store = NULL;
	alloc(w, 0);
	request(w, 0);
}

void whole_move_at_last(struct whole *w)
{
	enum mirq_err err = MIRQ_EBUSY;

	for (uint32_t i = 0; w->irqs[0].store && err && i < WHOLE_TRIES; i++) {
		err = oracle_move(w->o, w->irqs[0], mirq_cpus_one(1));
		if (err && err != MIRQ_EBUSY && err != MIRQ_EIO)
			break;
	}
	if (w->failure)
		w->failure->nr_failed = sim_port_failed(w->s);
	if (w->irqs[0].store && !(w->failure && w->failure->nr_failed))
		must(w, err, "move");
}

void whole_pause_second(struct whole *w)
{
	if (!w->is_requested[1])
		return;
	oracle_disable(w->o, w->irqs[1]);
	must(w, oracle_enable(w->o, w->irqs[1]), "enable");
}

void whole_enable_second(struct whole *w)
{
	if (w->is_requested[1])
		must(w, oracle_enable(w->o, w->irqs[1]), "enable");
}

/* ---- What a device does ---- */

void whole_raise(struct whole *w)
{
	raise(w, 0, 0);
}

void whole_raise_second(struct whole *w)
{
	raise(w, 1, 0);
}

void whole_raise_third(struct whole *w)
{
	raise(w, 2, 0);
}

void whole_raise_second_twice(struct whole *w)
{
	raise(w, 1, 0);
	raise(w, 1, 0);
}

void whole_raise_neighbour(struct whole *w)
{
	raise(w, 0, 1);
}

void whole_reset_queue(struct whole *w)
{
	sim_point(w->s, ENGINE_WRITE, w->hardware[0]);
	sim_device_reset_queue(w->hardware[0]);
}

void whole_raise_and_reset_queue(struct whole *w)
{
	raise(w, 0, 0);
	whole_reset_queue(w);
}

void whole_raise_and_reset(struct whole *w)
{
	raise(w, 0, 0);
	sim_point(w->s, ENGINE_WRITE, w->hardware[0]);
	w->is_lossy = 1;
	sim_device_reset(w->hardware[0]);
}

void whole_raise_twice(struct whole *w)
{
	raise(w, 0, 0);
	raise(w, 0, 0);
}

void whole_raise_after(struct whole *w)
{
	wait_for_job(w);
	whole_raise(w);
}

void whole_raise_and_leave(struct whole *w)
{
	whole_raise(w);
	sim_point(w->s, ENGINE_WRITE, w->hardware[0]);
	w->is_lossy = 1;
	sim_device_remove(w->hardware[0]);
}

/* ---- What the second machine does ---- */

static int is_over(const struct whole *w)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < WHOLE_NR_CPUS; i++)
		nr += w->init.jobs[i] != NULL;
	return w->nr_done == nr;
}

/* 0: it is not told any more. */
static int serve_once(struct whole *w)
{
	while (!w->is_rung && !is_over(w)) {
		w->is_far_asleep = 1;
		w->far_fiber = engine_current(w->e);
		engine_sleep(w->e);
	}
	if (!w->is_rung)
		return 0;
	w->is_rung = 0;
	sim_peer_told(w->peer);
	return 1;
}

void whole_serve(struct whole *w)
{
	while (serve_once(w))
		;
}

void whole_far_raise(struct whole *w)
{
	sim_peer_raise(w->peer, 0);
	whole_serve(w);
}

void whole_far_raise_late(struct whole *w)
{
	(void)serve_once(w);
	whole_far_raise(w);
}

void whole_far_raise_twice(struct whole *w)
{
	sim_peer_raise(w->peer, 0);
	whole_far_raise_late(w);
}

void whole_far_raise_second(struct whole *w)
{
	sim_peer_raise(w->peer, 1);
	(void)serve_once(w);
	sim_peer_raise(w->peer, 1);
	whole_serve(w);
}

/* Remappable format, entry 0, which is the first one given. */
void whole_write(struct whole *w)
{
	sim_device_write(w->hardware[0], 0xfee00018, 0);
}

void whole_forge(struct whole *w)
{
	sim_device_write(w->hardware[1], 0xfee00018, 0);
}
