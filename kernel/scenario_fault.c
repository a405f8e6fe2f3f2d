/* SPDX-License-Identifier: MIT */
/*
 * Scenario fault: breaks the kernel on purpose, to show that it says so and does not hang.
 *
 * Options: kind=null, text, stack, divide, assert, hang (a CPU with interrupts off, then a
 * panic); cpu=N runs it there. The right end is a panic: exit status 35, no verdict PASS or FAIL.
 */
#include "scenario.h"

#include <stddef.h>

#include "cpu.h"
#include "kstring.h"
#include "option.h"
#include "panic.h"
#include "smp.h"
#include "x86.h"

struct fault {
	const char *kind;
	void (*run)(void);
};

static void fault_null(void)
{
	volatile char *nowhere = (volatile char *)option_number("address", 8);

	*nowhere = 1;
}

static void fault_text(void)
{
	*(volatile uint8_t *)(uint64_t)scenario_fault = 0xf4;
}

/* Down through the guard page: the push of the page fault itself faults. */
static void fault_stack(void)
{
	for (;;)
		__asm__ volatile("pushq $0" : : : "memory");
}

static void fault_divide(void)
{
	__asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
}

static void fault_assert(void)
{
	panic("fault: asked for, number %u", 42);
}

static void hang(void *context)
{
	bool *is_hanging = context;

	x86_irq_off();
	__atomic_store_n(is_hanging, true, __ATOMIC_RELEASE);
	for (;;)
		x86_pause();
}

static void fault_hang(void)
{
	static bool is_hanging;

	cpu_call_begin((cpu_this()->number + 1) % cpu_nr(), hang, &is_hanging);
	while (!__atomic_load_n(&is_hanging, __ATOMIC_ACQUIRE))
		x86_pause();
	panic("fault: another CPU hangs with interrupts off");
}

static const struct fault faults[] = {
	{ "null", fault_null },     { "text", fault_text },     { "stack", fault_stack },
	{ "divide", fault_divide }, { "assert", fault_assert }, { "hang", fault_hang },
};

static void run_fault(void *context)
{
	const struct fault *f = context;

	f->run();
}

void scenario_fault(void)
{
	const char *kind = option_text("kind");

	for (uint32_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (kind && kstring_is_equal(faults[i].kind, kind))
			cpu_call((uint32_t)option_number("cpu", 0), run_fault, (void *)&faults[i]);
	report(false, "fault: still alive after kind=%s", kind ? kind : "(none)");
}
