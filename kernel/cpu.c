/* SPDX-License-Identifier: MIT */
/*
 * The table of CPUs, and the descriptor tables of each.
 *
 * What it is not: the thing that starts them; that is smp.c.
 * Sources: Intel SDM volume 3, 3.4.5 (descriptors), 7.7 (TSS in 64-bit mode).
 * Locking: the table grows on the boot CPU only, before the others run.
 */
#include "cpu.h"

#include "heap.h"
#include "pages.h"
#include "paging.h"
#include "panic.h"
#include "x86.h"

#define GDT_CODE 0x00af9b000000ffffull
#define GDT_DATA 0x00cf93000000ffffull

enum {
	SELECTOR_DATA = 0x10,
	SELECTOR_TSS = 0x18
};

enum {
	STACK_PAGES = 6,
	IST_PAGES = 1, /* double fault, and NMI, half a page each */
};

extern char boot_stack_guard[], boot_stack_top[];

static struct cpu boot_cpu;
static char boot_ist[PAGE_BYTES] __attribute__((aligned(16)));

static uint32_t nr_cpus;
static struct cpu *cpus[CPU_MAX];

/* For boot.S: a started CPU finds its struct by the id that its own CPUID tells. */
struct cpu *cpu_by_apic_id[CPU_NR_APIC_IDS];

_Static_assert(offsetof(struct cpu, self) == 0, "cpu_this() reads gs:0");
_Static_assert(offsetof(struct cpu, stack_top) == 8, "boot.S: CPU_STACK_TOP");

static void fill_tables(struct cpu *cpu, uint64_t ist_first)
{
	uint64_t tss = (uint64_t)&cpu->tss;

	cpu->tss.ist[0] = ist_first + PAGE_BYTES / 2;
	cpu->tss.ist[1] = ist_first + PAGE_BYTES;
	cpu->tss.io_map = sizeof(cpu->tss);
	cpu->gdt[1] = GDT_CODE;
	cpu->gdt[2] = GDT_DATA;
	/* Available 64-bit TSS: limit 15:0, base 23:0 at 39:16, type 0x89, base 31:24 at 63:56. */
	cpu->gdt[3] = (sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16 | 0x89ull << 40 |
		      (tss >> 24 & 0xff) << 56;
	cpu->gdt[4] = tss >> 32;
}

static void enter_in_table(struct cpu *cpu, uint32_t apic_id)
{
	if (apic_id >= CPU_NR_APIC_IDS || cpu_by_apic_id[apic_id] || nr_cpus == CPU_MAX)
		panic("cpu: cannot take APIC id %u as CPU %u", apic_id, nr_cpus);
	cpu->self = cpu;
	cpu->apic_id = apic_id;
	cpu->number = nr_cpus;
	cpus[nr_cpus++] = cpu;
	cpu_by_apic_id[apic_id] = cpu;
}

void cpu_init_boot(uint32_t apic_id)
{
	boot_cpu.stack_first = (uint64_t)boot_stack_guard + PAGE_BYTES;
	boot_cpu.stack_top = (uint64_t)boot_stack_top;
	boot_cpu.is_online = true;
	enter_in_table(&boot_cpu, apic_id);
	fill_tables(&boot_cpu, (uint64_t)boot_ist);
	cpu_load(&boot_cpu);
}

/* Guard page, stack, interrupt stacks: one run of pages. */
static uint64_t alloc_stacks(struct cpu *cpu)
{
	uint64_t guard = pages_alloc(1 + STACK_PAGES + IST_PAGES, PAGE_BYTES, 0);

	if (!guard)
		panic("cpu: no memory for the stack of CPU %u", nr_cpus);
	paging_unmap(guard, PAGE_BYTES);
	cpu->stack_first = guard + PAGE_BYTES;
	cpu->stack_top = cpu->stack_first + STACK_PAGES * PAGE_BYTES;
	return cpu->stack_top;
}

struct cpu *cpu_add(uint32_t apic_id)
{
	struct cpu *cpu = heap_alloc(sizeof(*cpu), 64);

	if (!cpu)
		panic("cpu: no memory for CPU %u", nr_cpus);
	fill_tables(cpu, alloc_stacks(cpu));
	enter_in_table(cpu, apic_id);
	return cpu;
}

/* Order: the GS selector before the GS base, for loading the selector clears the base. */
void cpu_load(struct cpu *cpu)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) gdtr = { sizeof(cpu->gdt) - 1, (uint64_t)cpu->gdt };

	__asm__ volatile("lgdt %0\n\t"
			 "movl %1, %%ss\n\t"
			 "movl %1, %%ds\n\t"
			 "movl %1, %%es\n\t"
			 "pushq $8\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:"
			 :
			 : "m"(gdtr), "r"(SELECTOR_DATA)
			 : "rax", "memory");
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
	x86_msr_write(X86_MSR_GS_BASE, (uint64_t)cpu);
}

uint32_t cpu_nr(void)
{
	return nr_cpus;
}

struct cpu *cpu_at(uint32_t number)
{
	if (number >= nr_cpus)
		panic("cpu: no CPU %u of %u", number, nr_cpus);
	return cpus[number];
}
