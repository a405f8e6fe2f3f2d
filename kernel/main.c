/* SPDX-License-Identifier: MIT */
/*
 * The reference kernel: brings the machine up in one order, runs one scenario, leaves.
 *
 * What it is not: a kernel for anything else. One address space, no user mode, no scheduler.
 * Locking: the boot CPU is alone until smp_start().
 */
#include "acpi.h"
#include "boot_info.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "interrupts.h"
#include "kstring.h"
#include "lapic.h"
#include "option.h"
#include "pages.h"
#include "paging.h"
#include "panic.h"
#include "pci_setup.h"
#include "scenario.h"
#include "smp.h"
#include "x86.h"

#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1

_Noreturn void kernel_main(uint64_t start_info);

/* The PICs' vectors leave the exceptions alone, then every line is masked. */
static void silence_pics(void)
{
	x86_out8(PIC1_COMMAND, 0x11);
	x86_out8(PIC1_DATA, VECTOR_FIRST_HOOK);
	x86_out8(PIC1_DATA, 4);
	x86_out8(PIC1_DATA, 1);
	x86_out8(PIC2_COMMAND, 0x11);
	x86_out8(PIC2_DATA, VECTOR_FIRST_HOOK + 8);
	x86_out8(PIC2_DATA, 2);
	x86_out8(PIC2_DATA, 1);
	x86_out8(PIC1_DATA, 0xff);
	x86_out8(PIC2_DATA, 0xff);
}

/* CPU n is the nth usable processor of the MADT, but 0 is always the boot CPU. */
static void add_cpus(void)
{
	uint32_t ids[CPU_MAX];
	uint32_t nr = acpi_read_apic_ids(ids, CPU_MAX);

	for (uint32_t i = 0; i < nr; i++)
		if (ids[i] != cpu_this()->apic_id && cpu_nr() < option_number("cpus", CPU_MAX))
			cpu_add(ids[i]);
}

/* Order: a console and a way to panic first, memory before all that takes some, CPUs last. */
static void bring_up(uint64_t start_info)
{
	cpu_init_boot(x86_cpuid(1, 0).ebx >> 24);
	console_init();
	interrupts_init();
	interrupts_load();
	boot_info_init(start_info);
	option_init(boot_info()->command_line);
	pages_init();
	paging_init();
	silence_pics();
	lapic_init();
	lapic_enable();
	clock_init();
	add_cpus();
	pci_setup();
	x86_irq_on();
	smp_start();
}

void kernel_main(uint64_t start_info)
{
	const char *name;

	bring_up(start_info);
	print("mirq reference kernel: %s\n", boot_info()->command_line);
	name = option_text("scenario");
	machine_exit(scenario_run(name ? name : "boot") ? MACHINE_EXIT_PASS : MACHINE_EXIT_FAIL);
}
