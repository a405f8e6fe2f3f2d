/* SPDX-License-Identifier: MIT */
/*
 * The IDT and who gets which vector.
 *
 *	0x00..0x1f	exceptions: a panic
 *	0x20..0xef	the hook's
 *	0xf0..0xff	the kernel's own, except that the hook also gets 0xf1
 */
#ifndef KERNEL_INTERRUPTS_H
#define KERNEL_INTERRUPTS_H

#include <stdint.h>

enum kernel_vector {
	VECTOR_FIRST_HOOK = 0x20,
	VECTOR_LIMIT_HOOK = 0xf0,
	VECTOR_CALL = 0xf0, /* cpu_call(): wakes a halted CPU */
	VECTOR_KICK = 0xf1, /* the port's, sent by lapic_ipi_send() */
	VECTOR_TEST = 0xf2, /* counted, for the boot scenario */
	VECTOR_SPURIOUS = 0xff,
};

/* What entry.S pushes, lowest address first. */
struct exception_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Builds the table; then each CPU loads it. */
void interrupts_init(void);
void interrupts_load(void);

/*
 * @hook gets every vector of the hook's range and VECTOR_KICK, interrupts off, on the CPU that
 * took it, and ends the interrupt itself. NULL: such interrupts are counted as unexpected.
 */
typedef void interrupt_hook(uint32_t vector);
void interrupts_set_hook(interrupt_hook *hook);

/* Interrupts of VECTOR_TEST on the running CPU so far. */
uint64_t interrupts_nr_test(void);

/* Called by entry.S. */
void kernel_interrupt(uint32_t vector);
void exception_entry(const struct exception_frame *frame);

#endif
