/* SPDX-License-Identifier: MIT */
/*
 * tiny_host.c - what mirq asks of the tiny machine (tiny_machine.h): memory that remembers who uses
 * it after it was given back, the interrupt flag, kicks, time that passes when all wait.
 */
#include <signal.h>
#include <string.h>

#include "tiny_own.h"

static struct tiny *tiny_of(struct mirq_host *h)
{
	return h->self;
}

static struct tiny_cpu *here(struct mirq_host *h)
{
	return &tiny_of(h)->cpus[tiny_this_cpu(tiny_of(h))];
}

static void must_be_open(struct mirq_host *h, const char *what)
{
	if (!here(h)->is_open)
		engine_fail(tiny_of(h)->e, "I7: mirq %s while interrupts are off", what);
}

static void *host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	struct tiny *w = tiny_of(h);

	(void)align_bytes;
	must_be_open(h, "asks for memory");
	if (scenario_must_fail(w->failure, SIM_FAIL_MEMORY))
		return NULL;
	w->nr_bytes += size_bytes;
	return memset(engine_alloc(w->e, size_bytes), 0x5a, size_bytes);
}

/* Never used again in this run. Who still looks finds a state word that says active and requested,
 * and pointers to nowhere: on_crash() tells. */
static void host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	struct tiny *w = tiny_of(h);

	w->nr_bytes -= size_bytes;
	atomics_retire(w->e, memory, size_bytes);
	for (size_t i = 0; i < size_bytes / 4; i++)
		((uint32_t *)memory)[i] = 3;
}

static uintptr_t host_irq_save(struct mirq_host *h)
{
	uintptr_t saved = here(h)->is_open;

	here(h)->is_open = 0;
	return saved;
}

static void host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	here(h)->is_open = (uint32_t)saved;
}

static uint32_t host_this_cpu(struct mirq_host *h)
{
	return tiny_this_cpu(tiny_of(h));
}

static void host_kick(struct mirq_host *h, uint32_t cpu)
{
	struct tiny *w = tiny_of(h);

	tiny_at_register(w, ENGINE_DELIVER);
	engine_note(w->e, "kicks cpu%u", cpu);
	w->cpus[cpu].is_kicked = !(w->init.options & TINY_FAULT_KICK) && !w->cpus[cpu].is_down;
	engine_wake(w->e, cpu);
}

static uint64_t host_now_ns(struct mirq_host *h)
{
	return tiny_of(h)->now_ns;
}

static void host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	if (kind == MIRQ_WAIT_SLEEP)
		must_be_open(h, "sleeps");
	engine_yield(tiny_of(h)->e);
}

static void host_panic(struct mirq_host *h, const char *text)
{
	engine_fail(tiny_of(h)->e, "panic: %s", text);
}

const struct sim_host_ops tiny_host_ops = {
	.alloc = host_alloc,
	.free = host_free,
	.irq_save = host_irq_save,
	.irq_restore = host_irq_restore,
	.this_cpu = host_this_cpu,
	.kick = host_kick,
	.now_ns = host_now_ns,
	.wait = host_wait,
	.panic = host_panic,
};

/* On the stack of the fiber that went wrong, which is left for good. */
static void on_crash(int number)
{
	struct engine *e = engine_here();

	signal(number, SIG_DFL);
	if (e)
		engine_fail(e,
			    "I2: a pointer leads nowhere: memory was used after it was given back");
}

void tiny_watch_crashes(void)
{
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}
