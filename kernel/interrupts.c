/* SPDX-License-Identifier: MIT */
/*
 * The IDT, and the first C function of each interrupt.
 *
 * What it is not: an interrupt framework; that is the library's job, behind the hook.
 * Sources: Intel SDM volume 3, 6.14.1 (64-bit gates), 10.9 (spurious interrupt: no EOI).
 * Locking: the table and the hook are written while no interrupt can use them.
 */
#include "interrupts.h"

#include "cpu.h"
#include "lapic.h"
#include "panic.h"
#include "smp.h"
#include "x86.h"

enum {
	SELECTOR_CODE = 8,
	GATE_INTERRUPT = 0x8e,
	STUB_BYTES = 16
};

enum {
	EXCEPTION_NMI = 2,
	EXCEPTION_DOUBLE_FAULT = 8
};

extern char interrupt_stubs[];

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

static struct gate idt[256] __attribute__((aligned(16)));
static interrupt_hook *hook;
static uint64_t nr_test[CPU_MAX];

void interrupts_init(void)
{
	for (uint32_t v = 0; v < 256; v++) {
		uint64_t stub = (uint64_t)interrupt_stubs + v * STUB_BYTES;

		idt[v] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = SELECTOR_CODE,
			.type = GATE_INTERRUPT,
			.offset_mid = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
	idt[EXCEPTION_DOUBLE_FAULT].ist = 1;
	idt[EXCEPTION_NMI].ist = 2;
}

void interrupts_load(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idtr = { sizeof(idt) - 1, (uint64_t)idt };

	__asm__ volatile("lidt %0" : : "m"(idtr));
}

void interrupts_set_hook(interrupt_hook *new_hook)
{
	__atomic_store_n(&hook, new_hook, __ATOMIC_RELEASE);
}

uint64_t interrupts_nr_test(void)
{
	return __atomic_load_n(&nr_test[cpu_this()->number], __ATOMIC_RELAXED);
}

static void own_interrupt(struct cpu *cpu, uint32_t vector)
{
	if (vector == VECTOR_SPURIOUS)
		return;
	if (vector == VECTOR_TEST)
		nr_test[cpu->number]++;
	else if (vector != VECTOR_CALL)
		cpu->nr_unexpected++;
	lapic_eoi();
}

void kernel_interrupt(uint32_t vector)
{
	struct cpu *cpu = cpu_this();

	cpu->interrupt_depth++;
	if (hook && (vector < VECTOR_LIMIT_HOOK || vector == VECTOR_KICK)) {
		hook(vector);
	} else if (vector >= VECTOR_LIMIT_HOOK) {
		own_interrupt(cpu, vector);
	} else {
		cpu->nr_unexpected++;
		lapic_eoi();
	}
	cpu->interrupt_depth--;
}

/* An NMI is how smp_stop_others() reaches a CPU that has interrupts off. */
void exception_entry(const struct exception_frame *frame)
{
	if (frame->vector == EXCEPTION_NMI && smp_is_stopping())
		smp_stop_this();
	panic_exception(frame);
}
