/* SPDX-License-Identifier: MIT */
/*
 * The few local APIC registers that the kernel itself needs.
 *
 * Sources: Intel SDM volume 3, 10.4 (registers), 10.5.4 (timer), 10.6.1 (interrupt command
 * register).
 * Locking: each CPU sees its own APIC at the same address; the two writes of a command are made
 * with interrupts off.
 */
#include "lapic.h"

#include "interrupts.h"
#include "mmio.h"
#include "paging.h"
#include "x86.h"

#define LAPIC_ID 0x020
#define LAPIC_TPR 0x080
#define LAPIC_EOI 0x0b0
#define LAPIC_SPURIOUS 0x0f0
#define LAPIC_ICR_LOW 0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_LINT1 0x360
#define LAPIC_LVT_ERROR 0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_DIVIDE 0x3e0

#define SPURIOUS_ENABLE 0x100
#define LVT_MASKED 0x10000
#define TIMER_DIVIDE_BY_1 0xb
#define ICR_NMI 0x400
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600
#define ICR_PENDING 0x1000
#define ICR_ASSERT 0x4000
#define APIC_BASE_ENABLE 0x800

enum {
	SPINS_PER_COMMAND = 100000
};

static char *registers;

void lapic_init(void)
{
	uint64_t base = x86_msr_read(X86_MSR_APIC_BASE);

	registers = paging_map(base & 0x000ffffffffff000ull, 4096, PAGING_DEVICE);
}

void lapic_enable(void)
{
	x86_msr_write(X86_MSR_APIC_BASE, x86_msr_read(X86_MSR_APIC_BASE) | APIC_BASE_ENABLE);
	mmio_write32(registers, LAPIC_TPR, 0);
	mmio_write32(registers, LAPIC_LVT_TIMER, LVT_MASKED);
	mmio_write32(registers, LAPIC_LVT_LINT0, LVT_MASKED);
	mmio_write32(registers, LAPIC_LVT_LINT1, LVT_MASKED);
	mmio_write32(registers, LAPIC_LVT_ERROR, LVT_MASKED);
	mmio_write32(registers, LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
}

uint64_t lapic_address(void)
{
	return (uint64_t)registers;
}

uint32_t lapic_id(void)
{
	return mmio_read32(registers, LAPIC_ID) >> 24;
}

void lapic_eoi(void)
{
	mmio_write32(registers, LAPIC_EOI, 0);
}

static void send(uint32_t apic_id, uint32_t command)
{
	uint64_t saved;

	/* Before lapic_init() there is nobody to talk to: an early panic comes here. */
	if (!registers)
		return;
	saved = x86_irq_save();
	for (uint32_t i = 0; i < SPINS_PER_COMMAND; i++) {
		if (!(mmio_read32(registers, LAPIC_ICR_LOW) & ICR_PENDING))
			break;
		x86_pause();
	}
	mmio_write32(registers, LAPIC_ICR_HIGH, apic_id << 24);
	mmio_write32(registers, LAPIC_ICR_LOW, command | ICR_ASSERT);
	x86_irq_restore(saved);
}

void lapic_ipi_send(uint32_t apic_id, uint32_t vector)
{
	send(apic_id, vector);
}

void lapic_nmi_send(uint32_t apic_id)
{
	send(apic_id, ICR_NMI);
}

void lapic_init_send(uint32_t apic_id)
{
	send(apic_id, ICR_INIT);
}

void lapic_startup_send(uint32_t apic_id, uint32_t page)
{
	send(apic_id, ICR_STARTUP | page);
}

/*
 * Interrupts are off between arming and halting, so that the timer cannot end before the halt. Its
 * vector is that of a call: it wakes, and nobody asked for more.
 */
void lapic_nap(uint32_t ticks)
{
	x86_irq_off();
	mmio_write32(registers, LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	mmio_write32(registers, LAPIC_LVT_TIMER, VECTOR_CALL);
	mmio_write32(registers, LAPIC_TIMER_INITIAL, ticks);
	x86_irq_on_and_halt();
	mmio_write32(registers, LAPIC_TIMER_INITIAL, 0);
}
