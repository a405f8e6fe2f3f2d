/* SPDX-License-Identifier: MIT */
/* The local APIC in xAPIC mode: enable, end, send. The library's root uses it on its own. */
#ifndef KERNEL_LAPIC_H
#define KERNEL_LAPIC_H

#include <stdint.h>

/* Boot CPU: finds and maps the registers. Then each CPU: spurious vector, local lines masked. */
void lapic_init(void);
void lapic_enable(void);

uint64_t lapic_address(void);
uint32_t lapic_id(void);
void lapic_eoi(void);

/* To one APIC id. Any context; waits, bounded, for the previous command to be accepted. */
void lapic_ipi_send(uint32_t apic_id, uint32_t vector);
void lapic_nmi_send(uint32_t apic_id);
void lapic_init_send(uint32_t apic_id);
void lapic_startup_send(uint32_t apic_id, uint32_t page);

/*
 * Halts until an interrupt, or until the timer has counted @ticks, about a nanosecond each. Thread
 * context, interrupts on. For waits: a CPU that spins takes the host's time from the one it waits
 * for.
 */
void lapic_nap(uint32_t ticks);

#endif
