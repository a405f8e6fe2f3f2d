/* SPDX-License-Identifier: MIT */
/*
 * run.c - who runs: points, interrupts taken, and the fibers of an engine - one for each thread of
 * a CPU, one for each CPU's idle time, one for each device, one for everything that is under way.
 *
 * On one CPU one fiber runs at a time while interrupts are off: who turned them off holds the CPU.
 * Without an engine all CPUs take what is pending at every point at which none has interrupts off:
 * they run at the same time as the caller.
 * Locking: none.
 */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>

#define RUN_IDLE_MAX 10000000u
#define RUN_IDLE_NS UINT64_C(100000) /* all fibers wait: a time-out is some ten of these away */

struct sim_thread {
	struct sim *s;
	uint32_t cpu;
	void (*body)(void *context);
	void *context;
};

/* ---- Small things ---- */

uint32_t sim_random(struct sim *s, uint32_t limit)
{
	if (limit < 2)
		return 0;
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (uint32_t)((s->random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % limit;
}

void sim_note(struct sim *s, const char *format, ...)
{
	char line[160];
	va_list arguments;

	if (s->engine ? !engine_is_telling(s->engine) : !s->is_verbose)
		return;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (s->engine)
		engine_note(s->engine, "%s", line);
	else
		fprintf(stderr, "sim: %s\n", line);
}

void sim_set_verbose(struct sim *s, int is_verbose)
{
	s->is_verbose = is_verbose;
}

void sim_violate(struct sim *s, const char *text)
{
	if (!s->violation)
		s->violation = text;
	sim_note(s, "violation: %s", text);
	if (sim_in_fiber(s))
		engine_fail(s->engine, "%s", text);
}

const char *sim_violation(const struct sim *s)
{
	return s->violation;
}

void sim_violation_clear(struct sim *s)
{
	s->violation = NULL;
}

uint64_t sim_now_ns(const struct sim *s)
{
	return s->now_ns;
}

void sim_pass_ns(struct sim *s, uint64_t ns)
{
	s->now_ns += ns;
}

void sim_set_timing(struct sim *s, const struct sim_timing *timing)
{
	s->timing = *timing;
}

void sim_set_hook(struct sim *s, void (*hook)(void *context, enum engine_point point),
		  void *context)
{
	s->hook = hook;
	s->hook_context = context;
}

/* ---- CPUs ---- */

int sim_in_fiber(const struct sim *s)
{
	return s->engine && engine_current(s->engine) != ENGINE_NOBODY;
}

void sim_set_buffers(struct sim *s, const struct sim_buffers *buffers)
{
	s->buffers = *buffers;
}

uint32_t sim_cpu_current(const struct sim *s)
{
	return sim_in_fiber(s) ? s->fiber_cpu[engine_current(s->engine)] : s->cpu_now;
}

const void *sim_cpu_flag(const struct sim *s, uint32_t cpu)
{
	return &s->cpus[cpu].is_irq_on;
}

void sim_cpu_set(struct sim *s, uint32_t cpu)
{
	s->cpu_now = cpu;
}

int sim_cpu_is_irq_on(const struct sim *s, uint32_t cpu)
{
	return (int)s->cpus[cpu].is_irq_on;
}

int sim_cpu_is_in_irq(const struct sim *s, uint32_t cpu)
{
	return s->cpus[cpu].in_irq != 0;
}

static int cpu_irq_set(struct sim_cpu *c, int is_on)
{
	int was_on = (int)c->is_irq_on;

	if (was_on != is_on)
		c->s->nr_irq_off += is_on ? UINT32_MAX : 1;
	c->is_irq_on = (uint32_t)is_on;
	if (!sim_in_fiber(c->s))
		return was_on;
	c->holder = is_on ? SIM_NO_CPU : engine_current(c->s->engine);
	if (is_on && !was_on)
		engine_changed(c->s->engine);
	return was_on;
}

int sim_irq_set(struct sim *s, int is_on)
{
	uint32_t cpu = sim_cpu_current(s);

	if (cpu == SIM_NO_CPU) {
		sim_violate(s, "interrupts were switched where no CPU runs");
		return 1;
	}
	return cpu_irq_set(&s->cpus[cpu], is_on);
}

void sim_set_interrupt(struct sim *s, sim_interrupt *interrupt, void *context)
{
	s->interrupt = interrupt;
	s->interrupt_context = context;
}

static void cpu_enter(struct sim_cpu *c, uint32_t vector)
{
	struct sim *s = c->s;
	uint32_t before = s->cpu_now;

	s->cpu_now = c->index;
	(void)cpu_irq_set(c, 0);
	c->in_irq++;
	c->stats.nr_taken++;
	sim_note(s, "cpu %u takes %02x", c->index, vector);
	sim_tell(s, SIM_TAKEN, c->index, vector);
	s->interrupt(s->interrupt_context, c->index, vector);
	sim_tell(s, SIM_LEFT, c->index, vector);
	c->in_irq--;
	(void)cpu_irq_set(c, 1);
	s->cpu_now = before;
	if (!s->nr_threads)
		sim_wake_bus(s);
}

uint32_t sim_cpu_take(struct sim *s, uint32_t cpu)
{
	struct sim_cpu *c = &s->cpus[cpu];
	uint32_t nr = 0;

	while (s->interrupt && c->is_irq_on && sim_lapic_is_deliverable(c)) {
		cpu_enter(c, sim_lapic_acknowledge(c));
		nr++;
	}
	return nr;
}

/* Nothing is in service after it, so nobody may end it. */
void sim_cpu_spurious(struct sim *s, uint32_t cpu)
{
	struct sim_cpu *c = &s->cpus[cpu];

	if (!s->interrupt || !c->is_irq_on)
		return;
	c->stats.nr_spurious++;
	cpu_enter(c, c->svr & 0xff);
}

void sim_ipi(struct sim *s, uint32_t cpu, uint32_t vector)
{
	uint32_t from = sim_cpu_current(s);
	struct sim_flight flight = {
		.kind = SIM_IPI,
		.source = from,
		.route = { .destination = s->cpus[cpu].apic_id, .is_wide = 1, .vector = vector },
	};

	s->stats.nr_ipis++;
	sim_flight_start(s, &flight);
}

/* ---- Points ---- */

static uint32_t run_all_cpus(struct sim *s)
{
	uint32_t nr = 0;

	for (uint32_t cpu = 0; s->nr_requests && cpu < s->spec.nr_cpus; cpu++)
		nr += sim_cpu_take(s, cpu);
	return nr;
}

static void point_begin(struct sim *s, enum engine_point point)
{
	s->nr_points++;
	s->now_ns += s->spec.tick_ns;
	if (!s->hook || s->is_hooked)
		return;
	s->is_hooked = 1;
	s->hook(s->hook_context, point);
	s->is_hooked = 0;
}

/* Without an engine. */
static void point_tick(struct sim *s)
{
	sim_flights_tick(s);
	if (!s->nr_irq_off)
		(void)run_all_cpus(s);
}

void sim_point(struct sim *s, enum engine_point point, const void *object)
{
	point_begin(s, point);
	if (sim_in_fiber(s))
		engine_at(s->engine, point, object);
	else
		point_tick(s);
}

void sim_wait(struct sim *s)
{
	point_begin(s, ENGINE_HOST);
	if (sim_in_fiber(s))
		engine_yield(s->engine);
	else
		point_tick(s);
}

int sim_step_delivery(struct sim *s)
{
	uint32_t nr = sim_work_count(s);
	struct sim_work work;

	if (!nr)
		return 0;
	sim_work_get(s, sim_random(s, nr), &work);
	sim_work_do(s, &work);
	return 1;
}

void sim_run_until_idle(struct sim *s)
{
	for (uint32_t i = 0; i < RUN_IDLE_MAX; i++) {
		if (sim_step_delivery(s))
			continue;
		if (!run_all_cpus(s))
			return;
	}
	sim_violate(s, "the machine does not come to rest");
}

/* ---- Fibers ---- */

/* What is chosen may have happened by itself while its points let others go first. */
static void bus_work(struct sim *s)
{
	uint32_t nr = sim_work_count(s);
	struct sim_work work;

	sim_work_get(s, nr > 1 ? engine_choose(s->engine, nr) : 0, &work);
	for (uint32_t i = 0; i < SIM_WORK_OBJECTS; i++)
		if (work.objects[i])
			engine_at(s->engine, ENGINE_DELIVER, work.objects[i]);
	sim_work_do(s, &work);
}

/* Nobody has anything left to do. */
static int is_at_rest(struct sim *s)
{
	if (s->nr_threads || sim_work_count(s))
		return 0;
	for (uint32_t i = 0; i < s->spec.nr_cpus; i++)
		if (s->cpus[i].in_irq || sim_lapic_is_deliverable(&s->cpus[i]))
			return 0;
	return 1;
}

/* It ends last, so that a run is over when all has arrived and every handler has returned. */
static void bus_body(void *context)
{
	struct sim *s = context;

	while (!is_at_rest(s)) {
		while (!sim_work_count(s) && !is_at_rest(s)) {
			s->is_bus_asleep = 1;
			engine_sleep(s->engine);
		}
		if (sim_work_count(s))
			bus_work(s);
	}
	s->bus_fiber = SIM_NO_CPU; /* another machine may still send something here */
}

/* Before each access of a CPU: who holds the CPU goes first, then what is pending is taken. */
static int cpu_hook(void *context)
{
	struct sim_cpu *c = context;
	struct sim *s = c->s;
	uint32_t me = engine_current(s->engine);

	if (c->is_waiting || (me == c->idle_fiber && c->nr_threads))
		return 0;
	while (c->holder != SIM_NO_CPU && c->holder != me) {
		c->is_waiting = 1;
		engine_yield(s->engine);
		c->is_waiting = 0;
	}
	return sim_cpu_take(s, c->index) != 0;
}

/* Interrupts are taken by the hook, whenever somebody wakes it up. */
static void idle_body(void *context)
{
	struct sim_cpu *c = context;

	for (;;) {
		if (c->nr_threads || !sim_lapic_is_deliverable(c))
			engine_sleep(c->s->engine);
		else
			engine_at(c->s->engine, ENGINE_DELIVER, c);
	}
}

static void thread_body(void *context)
{
	struct sim_thread *t = context;
	struct sim_cpu *c = t->cpu == SIM_NO_CPU ? NULL : &t->s->cpus[t->cpu];

	t->body(t->context);
	t->s->nr_threads--;
	if (c) {
		c->nr_threads--;
		sim_wake_cpu(c);
	}
	if (!is_at_rest(t->s) || t->s->is_bus_asleep)
		sim_wake_bus(t->s);
}

static uint32_t fiber_spawn(struct sim *s, uint32_t cpu, const char *name, int must_end,
			    void (*body)(void *context), void *context)
{
	uint32_t fiber = engine_spawn(s->engine, name, must_end, body, context);

	s->fiber_cpu[fiber] = cpu;
	if (cpu != SIM_NO_CPU)
		engine_on_point(s->engine, fiber, cpu_hook, &s->cpus[cpu]);
	return fiber;
}

/*
 * Bus and idle CPUs become fibers when there is something for them: one that only falls asleep
 * would multiply the schedules.
 */
void sim_wake_bus(struct sim *s)
{
	if (!s->is_started)
		return;
	if (s->bus_fiber == SIM_NO_CPU)
		s->bus_fiber = fiber_spawn(s, SIM_NO_CPU, "bus", 1, bus_body, s);
	else if (s->is_bus_asleep)
		engine_wake(s->engine, s->bus_fiber);
	s->is_bus_asleep = 0;
}

void sim_wake_cpu(struct sim_cpu *c)
{
	char name[ENGINE_NAME_BYTES];

	if (!c->s->is_started || c->nr_threads || !sim_lapic_is_deliverable(c))
		return;
	if (c->idle_fiber != SIM_NO_CPU) {
		engine_wake(c->s->engine, c->idle_fiber);
		return;
	}
	(void)snprintf(name, sizeof(name), "idle%u", c->index % 1000);
	c->idle_fiber = fiber_spawn(c->s, c->index, name, 0, idle_body, c);
}

static uint32_t thread_spawn(struct sim *s, uint32_t cpu, const char *name,
			     void (*body)(void *context), void *context)
{
	struct sim_thread *t = engine_alloc(s->engine, sizeof(*t));

	*t = (struct sim_thread){ s, cpu, body, context };
	s->nr_threads++;
	return fiber_spawn(s, cpu, name, 1, thread_body, t);
}

uint32_t sim_spawn(struct sim *s, uint32_t cpu, const char *name, void (*body)(void *context),
		   void *context)
{
	s->cpus[cpu].nr_threads++;
	return thread_spawn(s, cpu, name, body, context);
}

uint32_t sim_spawn_device(struct sim *s, const char *name, void (*body)(void *context),
			  void *context)
{
	return thread_spawn(s, SIM_NO_CPU, name, body, context);
}

/* All that could run waits for something: time passes until somebody's patience ends. */
static void time_passes(void *context)
{
	struct sim *s = context;

	s->now_ns += RUN_IDLE_NS;
}

static void name_objects(struct sim *s)
{
	char name[ENGINE_NAME_BYTES];

	for (uint32_t i = 0; i < s->spec.nr_cpus; i++) {
		(void)snprintf(name, sizeof(name), "apic%u", i % 1000);
		engine_name(s->engine, &s->cpus[i], name);
		(void)snprintf(name, sizeof(name), "flag%u", i % 1000);
		engine_name(s->engine, sim_cpu_flag(s, i), name);
	}
	for (uint32_t i = 0; i < s->spec.nr_units; i++) {
		(void)snprintf(name, sizeof(name), "unit%u", i % 1000);
		engine_name(s->engine, &s->units[i], name);
	}
	for (uint32_t i = 0; i < s->spec.nr_devices; i++)
		engine_name(s->engine, sim_device_object(&s->devices[i]), s->spec.devices[i].name);
}

void sim_start(struct sim *s)
{
	const struct engine_hooks hooks = { .idle = time_passes };

	if (!s->engine)
		return;
	engine_add_hooks(s->engine, &hooks, s);
	name_objects(s);
	s->bus_fiber = SIM_NO_CPU;
	for (uint32_t i = 0; i < s->spec.nr_cpus; i++)
		s->cpus[i].idle_fiber = SIM_NO_CPU;
	s->is_started = 1;
	if (sim_work_count(s))
		sim_wake_bus(s);
}

/* A run that failed may have stopped anywhere: what the fibers held is let go. */
void sim_stop(struct sim *s)
{
	s->is_started = 0;
	s->nr_threads = 0;
	s->cpu_now = 0;
	s->nr_irq_off = 0;
	for (uint32_t i = 0; i < s->spec.nr_cpus; i++) {
		s->cpus[i].is_irq_on = 1;
		s->cpus[i].in_irq = 0;
		s->cpus[i].nr_threads = 0;
		s->cpus[i].holder = SIM_NO_CPU;
	}
}
