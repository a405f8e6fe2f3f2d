/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 instructions that C cannot say, one inline function each.
 *
 * Source: Intel SDM volumes 2 and 4.
 */
#ifndef KERNEL_X86_H
#define KERNEL_X86_H

#include <stdbool.h>
#include <stdint.h>

#define X86_RFLAGS_IF 0x200u

#define X86_MSR_APIC_BASE 0x1bu
#define X86_MSR_GS_BASE 0xc0000101u

struct x86_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline void x86_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void x86_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void x86_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t x86_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint16_t x86_in16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t x86_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint64_t x86_msr_read(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void x86_msr_write(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct x86_cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

/* Not ordered against its neighbours; one tick is one instruction under QEMU's -icount shift=0. */
static inline uint64_t x86_tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* In every spin: without it one emulated CPU starves the others for ever under -icount. */
static inline void x86_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void x86_irq_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void x86_irq_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

/* STI takes effect after the next instruction, so no interrupt can slip in before the HLT. */
static inline void x86_irq_on_and_halt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

static inline _Noreturn void x86_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" : : : "memory");
}

static inline uint64_t x86_rflags(void)
{
	uint64_t rflags;

	__asm__ volatile("pushfq; popq %0" : "=r"(rflags) : : "memory");
	return rflags;
}

static inline bool x86_irq_is_on(void)
{
	return x86_rflags() & X86_RFLAGS_IF;
}

static inline uint64_t x86_irq_save(void)
{
	uint64_t rflags = x86_rflags();

	x86_irq_off();
	return rflags;
}

static inline void x86_irq_restore(uint64_t saved)
{
	if (saved & X86_RFLAGS_IF)
		x86_irq_on();
}

static inline uint64_t x86_cr2_read(void)
{
	uint64_t v;

	__asm__ volatile("movq %%cr2, %0" : "=r"(v) : : "memory");
	return v;
}

static inline uint64_t x86_cr3_read(void)
{
	uint64_t v;

	__asm__ volatile("movq %%cr3, %0" : "=r"(v) : : "memory");
	return v;
}

static inline void x86_cr3_write(uint64_t v)
{
	__asm__ volatile("movq %0, %%cr3" : : "r"(v) : "memory");
}

static inline void x86_tlb_flush_page(uint64_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

#endif
