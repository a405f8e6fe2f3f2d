/* SPDX-License-Identifier: MIT */
/*
 * toy.h - what embed.c borrows from a kernel of its reader's: nothing of mirq.
 */
#ifndef TOY_H
#define TOY_H

#include <mirq/irq.h>
#include <mirq/x86_machine.h>

struct toy_queue {
	void *ring;
};
struct toy_nic {
	struct toy_queue queues[8];
	uint32_t nr_queues;
};

void toy_panic(const char *text);
void toy_lapic_eoi(void);
uint32_t toy_apic_id(uint32_t cpu);
enum mirq_handled toy_nic_on_queue(void *queue);
void toy_irq_init(struct mirq_host *host, const struct mirq_x86_machine *machine, uint32_t nr_cpus);
void toy_irq_cpu_up(uint32_t cpu);
void toy_irq_entry(uint32_t cpu, uint32_t vector);
enum mirq_err toy_nic_irqs(struct toy_nic *nic, struct mirq_pci_address address);

#endif
