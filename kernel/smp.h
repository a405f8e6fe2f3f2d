/* SPDX-License-Identifier: MIT */
/*
 * Starting the other CPUs, and running functions on them.
 *
 * A CPU without work waits with interrupts on. A function given to it runs in thread context:
 * interrupts on, no lock held, its own stack.
 */
#ifndef KERNEL_SMP_H
#define KERNEL_SMP_H

#include <stdbool.h>
#include <stdint.h>

/* Starts every CPU that cpu_add() made and waits until all are online. Panics when one is not. */
void smp_start(void);

/* Runs @run(@context) on CPU @number and returns after it did. On the own CPU: a plain call. */
void cpu_call(uint32_t number, void (*run)(void *context), void *context);

/*
 * The same in two halves, so that several CPUs work at once: each begin needs its wait, from the
 * same caller. Not for the own CPU. Waiting runs what others ask of this CPU meanwhile.
 */
void cpu_call_begin(uint32_t number, void (*run)(void *context), void *context);
void cpu_call_wait(uint32_t number);

/* @run on every CPU at the same time, the own one too; returns after the last did. */
void cpu_call_all(void (*run)(void *context), void *context);

/*
 * Return after the CPU, or every CPU, has taken each interrupt that was sent to it before: what
 * runs there runs with interrupts on, so they came first.
 */
void cpu_settle(uint32_t number);
void cpu_settle_all(void);

/* For panic: the others stop, wherever they are. */
void smp_stop_others(void);
bool smp_is_stopping(void);
_Noreturn void smp_stop_this(void);

/* Called by boot.S on a started CPU. */
struct cpu;
void smp_ap_main(struct cpu *cpu);

#endif
