/* SPDX-License-Identifier: MIT */
/*
 * INIT, start-up IPIs, and the task slot of each CPU.
 *
 *	IDLE --cpu_call_begin()--> READY --the CPU--> RUNNING --the CPU--> DONE
 *	  ^                                                                  |
 *	  +------------------------------cpu_call_wait()---------------------+
 *
 * What it is not: a scheduler. One function at a time, to its end.
 * Sources: Intel SDM volume 3, 9.4.4 (MP initialization). The 10 ms that it asks for between INIT
 * and start-up are for parts of the 1990s; 200 us is what is kept here.
 * Locking: task.lock guards IDLE -> READY among callers; the other edges have one owner each.
 */
#include "smp.h"

#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "interrupts.h"
#include "kstring.h"
#include "lapic.h"
#include "panic.h"
#include "wait.h"
#include "x86.h"

#define TRAMPOLINE 0x8000u

enum {
	INIT_NS = 200000,
	FIRST_WAIT_NS = 200000000,
};

static const uint64_t second_wait_ns = 30000000000;

enum {
	TASK_IDLE,
	TASK_READY,
	TASK_RUNNING,
	TASK_DONE
};

extern char trampoline_start[], trampoline_end[];

static bool is_stopping;

/* Runs the slot's function, if there is one. Interrupts on. */
static void run_task(struct cpu *cpu)
{
	struct cpu_task *t = &cpu->task;

	if (__atomic_load_n(&t->state, __ATOMIC_ACQUIRE) != TASK_READY)
		return;
	__atomic_store_n(&t->state, TASK_RUNNING, __ATOMIC_RELAXED);
	t->run(t->context);
	__atomic_store_n(&t->state, TASK_DONE, __ATOMIC_RELEASE);
}

/* The look at the slot and the halt are one step: VECTOR_CALL cannot arrive between them. */
static _Noreturn void idle(struct cpu *cpu)
{
	for (;;) {
		x86_irq_off();
		if (__atomic_load_n(&cpu->task.state, __ATOMIC_ACQUIRE) != TASK_READY)
			x86_irq_on_and_halt();
		x86_irq_on();
		run_task(cpu);
	}
}

void smp_ap_main(struct cpu *cpu)
{
	cpu_load(cpu);
	interrupts_load();
	lapic_enable();
	__atomic_store_n(&cpu->is_online, true, __ATOMIC_RELEASE);
	idle(cpu);
}

static bool is_online(uint32_t number)
{
	return __atomic_load_n(&cpu_at(number)->is_online, __ATOMIC_ACQUIRE);
}

static void send_startup_to_missing(void)
{
	for (uint32_t i = 0; i < cpu_nr(); i++)
		if (!is_online(i))
			lapic_startup_send(cpu_at(i)->apic_id, TRAMPOLINE >> 12);
}

static uint32_t nr_missing(void)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < cpu_nr(); i++)
		nr += !is_online(i);
	return nr;
}

static bool wait_for_all(uint64_t limit_ns)
{
	uint64_t start_ns = clock_now_ns();

	while (nr_missing()) {
		if (clock_now_ns() - start_ns > limit_ns)
			return false;
		x86_pause();
	}
	return true;
}

void smp_start(void)
{
	memcpy((void *)(uint64_t)TRAMPOLINE, trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	for (uint32_t i = 1; i < cpu_nr(); i++)
		lapic_init_send(cpu_at(i)->apic_id);
	clock_delay_ns(INIT_NS);
	send_startup_to_missing();
	if (wait_for_all(FIRST_WAIT_NS))
		return;
	send_startup_to_missing();
	if (!wait_for_all(second_wait_ns))
		panic("smp: %u of %u CPUs did not start", nr_missing(), cpu_nr());
}

void cpu_call_begin(uint32_t number, void (*run)(void *context), void *context)
{
	struct cpu *cpu = cpu_at(number);
	struct cpu_task *t = &cpu->task;

	if (cpu == cpu_this() || !x86_irq_is_on())
		panic("smp: cpu_call of CPU %u from itself or with interrupts off", number);
	for (;;) {
		uint64_t saved = spinlock_acquire(&t->lock);

		if (__atomic_load_n(&t->state, __ATOMIC_ACQUIRE) == TASK_IDLE) {
			t->run = run;
			t->context = context;
			__atomic_store_n(&t->state, TASK_READY, __ATOMIC_RELEASE);
			spinlock_release(&t->lock, saved);
			break;
		}
		spinlock_release(&t->lock, saved);
		run_task(cpu_this());
		x86_pause();
	}
	lapic_ipi_send(cpu->apic_id, VECTOR_CALL);
}

void cpu_call_wait(uint32_t number)
{
	struct cpu_task *t = &cpu_at(number)->task;
	struct wait w = { 0, 0 };

	while (__atomic_load_n(&t->state, __ATOMIC_ACQUIRE) != TASK_DONE) {
		run_task(cpu_this());
		wait_more(&w, UINT64_MAX);
	}
	__atomic_store_n(&t->state, TASK_IDLE, __ATOMIC_RELEASE);
}

void cpu_call(uint32_t number, void (*run)(void *context), void *context)
{
	if (cpu_at(number) == cpu_this()) {
		run(context);
		return;
	}
	cpu_call_begin(number, run, context);
	cpu_call_wait(number);
}

void cpu_call_all(void (*run)(void *context), void *context)
{
	uint32_t own = cpu_this()->number;

	for (uint32_t i = 0; i < cpu_nr(); i++)
		if (i != own)
			cpu_call_begin(i, run, context);
	run(context);
	for (uint32_t i = 0; i < cpu_nr(); i++)
		if (i != own)
			cpu_call_wait(i);
}

static void do_nothing(void *context)
{
	(void)context;
}

void cpu_settle(uint32_t number)
{
	cpu_call(number, do_nothing, NULL);
}

void cpu_settle_all(void)
{
	cpu_call_all(do_nothing, NULL);
}

bool smp_is_stopping(void)
{
	return __atomic_load_n(&is_stopping, __ATOMIC_ACQUIRE);
}

void smp_stop_others(void)
{
	__atomic_store_n(&is_stopping, true, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < cpu_nr(); i++)
		if (cpu_at(i) != cpu_this() && is_online(i))
			lapic_nmi_send(cpu_at(i)->apic_id);
}

void smp_stop_this(void)
{
	x86_stop();
}
