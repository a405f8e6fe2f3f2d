/* SPDX-License-Identifier: MIT */
/* What each CPU has for itself: descriptor tables, stacks, and a struct found through GS. */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spinlock.h"

enum {
	CPU_MAX = 255,
	CPU_NR_APIC_IDS = 256
};

struct cpu_task {             /* a function that another CPU asked for; smp.c */
	struct spinlock lock; /* one caller at a time reserves the slot */
	uint32_t state;
	void (*run)(void *context);
	void *context;
};

struct cpu_tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));

struct cpu {
	/* Immutable after cpu_add(). The first two are known to assembly and to cpu_this(). */
	struct cpu *self;
	uint64_t stack_top;
	uint64_t stack_first;
	uint32_t number;
	uint32_t apic_id;

	/* The CPU's own: */
	uint32_t interrupt_depth; /* > 0 inside kernel_interrupt() */
	uint64_t nr_unexpected;   /* interrupts that nobody wanted */
	void *user;               /* the port's; set by whoever knows that the CPU is quiet */

	/* Written by one side, polled by others, atomically: */
	bool is_online;
	struct cpu_task task;

	uint64_t gdt[5];
	struct cpu_tss tss;
};

/* Once, first of all: makes CPU 0 of the running one. */
void cpu_init_boot(uint32_t apic_id);

/* Gives the next number to @apic_id and makes its stacks. Boot CPU, before smp_start(). */
struct cpu *cpu_add(uint32_t apic_id);

/* Loads @cpu's GDT, TSS and GS base on the running CPU. */
void cpu_load(struct cpu *cpu);

/* Half-open: CPUs are 0 .. cpu_nr() - 1. */
uint32_t cpu_nr(void);
struct cpu *cpu_at(uint32_t number);

/* The running CPU. Threads do not migrate, so the answer stays true. */
static inline struct cpu *cpu_this(void)
{
	struct cpu *cpu;

	__asm__("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

#endif
