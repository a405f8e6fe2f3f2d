/* SPDX-License-Identifier: MIT */
/*
 * Panic: says what happened and where, once, and leaves.
 *
 * What it is not: a debugger. Addresses are printed bare; addr2line -e mirq-kernel.elf reads them.
 * Locking: takes none (the owner may be stopped). The first CPU to arrive reports, others stop.
 */
#include "panic.h"

#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "cpu.h"
#include "interrupts.h"
#include "smp.h"
#include "x86.h"

#define EXIT_PORT 0x501

enum {
	MAX_FRAMES = 24
};

struct stack_frame {
	const struct stack_frame *caller;
	uint64_t return_address;
};

static bool has_panicked;

void machine_exit(enum machine_exit code)
{
	x86_irq_off();
	x86_out32(EXIT_PORT, code);
	x86_stop();
}

static bool is_on_stack(const struct stack_frame *frame)
{
	uint64_t at = (uint64_t)frame;
	const struct cpu *cpu = cpu_this();

	return !(at & 7) && at >= cpu->stack_first && at + sizeof(*frame) <= cpu->stack_top;
}

static void print_backtrace(const struct stack_frame *frame)
{
	print("backtrace:");
	for (uint32_t i = 0; i < MAX_FRAMES && is_on_stack(frame); i++) {
		print(" %lx", frame->return_address);
		if (frame->caller <= frame)
			break;
		frame = frame->caller;
	}
	print("\n");
}

/* Returns on one CPU only. */
static void panic_enter(void)
{
	x86_irq_off();
	if (__atomic_exchange_n(&has_panicked, true, __ATOMIC_ACQ_REL))
		x86_stop();
	smp_stop_others();
	console_seize();
}

void panic(const char *format, ...)
{
	va_list list;

	panic_enter();
	print("\npanic: cpu %u: ", cpu_this()->number);
	va_start(list, format);
	print_list(format, list);
	va_end(list);
	print("\n");
	print_backtrace(__builtin_frame_address(0));
	print("verdict: PANIC\n");
	machine_exit(MACHINE_EXIT_FAIL);
}

static void print_registers(const struct exception_frame *f)
{
	print("rip %016lx  rsp %016lx  rflags %08lx  cs %lx\n", f->rip, f->rsp, f->rflags, f->cs);
	print("rax %016lx  rbx %016lx  rcx %016lx\n", f->rax, f->rbx, f->rcx);
	print("rdx %016lx  rsi %016lx  rdi %016lx\n", f->rdx, f->rsi, f->rdi);
	print("rbp %016lx  r8  %016lx  r9  %016lx\n", f->rbp, f->r8, f->r9);
	print("r10 %016lx  r11 %016lx  r12 %016lx\n", f->r10, f->r11, f->r12);
	print("r13 %016lx  r14 %016lx  r15 %016lx\n", f->r13, f->r14, f->r15);
	print("cr2 %016lx  cr3 %016lx\n", x86_cr2_read(), x86_cr3_read());
}

void panic_exception(const struct exception_frame *frame)
{
	panic_enter();
	print("\npanic: cpu %u: exception %lu, error code 0x%lx\n", cpu_this()->number,
	      frame->vector, frame->error);
	print_registers(frame);
	print_backtrace((const void *)frame->rbp);
	print("verdict: PANIC\n");
	machine_exit(MACHINE_EXIT_FAIL);
}
