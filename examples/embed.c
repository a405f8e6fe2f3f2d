/* SPDX-License-Identifier: MIT */
/*
 * embed.c - mirq in an x86 kernel, in five steps. "toy_" is the kernel's own. Compiled by 'make
 * check'; README.md quotes it. The twelve host functions are step 1: ports/template/mirq_host.c.
 */
#include <mirq/bus.h>
#include <mirq/firmware.h>
#include <mirq/mirq.h>
#include <mirq/x86.h>

#include "toy.h"

enum {
	FIRST_VECTOR = 0x30,
	LIMIT_VECTOR = 0xf0,
	KICK_VECTOR = 0xf1
};

static struct mirq *irqs;

/* 2. The system and the machine: once, on the boot CPU, after PCI bus numbers are assigned. */
void toy_irq_init(struct mirq_host *host, const struct mirq_x86_machine *machine, uint32_t nr_cpus)
{
	struct mirq_why why = { 0 };

	if (mirq_init(&(struct mirq_init){ MIRQ_SIZED(mirq_init), .host = host, .nr_cpus = nr_cpus,
					   .why = &why },
		      &irqs))
		toy_panic(why.text);
	if (mirq_x86_attach(irqs, &(struct mirq_x86_init){
					  MIRQ_SIZED(mirq_x86_init), .machine = machine,
					  .vectors = { FIRST_VECTOR, LIMIT_VECTOR }, .why = &why }))
		toy_panic(why.text);
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		if (mirq_cpu_add(irqs, &(struct mirq_cpu_init){
					       MIRQ_SIZED(mirq_cpu_init), .cpu = cpu,
					       .hardware_id = toy_apic_id(cpu), .why = &why }))
			toy_panic(why.text);
}

/* 3. Each CPU, on itself, interrupts off. */
void toy_irq_cpu_up(uint32_t cpu)
{
	if (mirq_cpu_online(irqs, cpu))
		toy_panic("mirq: this CPU's interrupt controller does not answer");
}

/* 4. Interrupt entry: vectors FIRST_VECTOR to KICK_VECTOR end here, interrupts off. */
void toy_irq_entry(uint32_t cpu, uint32_t vector)
{
	if (vector == KICK_VECTOR) {
		toy_lapic_eoi();
		mirq_service(irqs, cpu);
	} else {
		mirq_dispatch(irqs, cpu, vector);
	}
}

/* 5. A driver: as many interrupts as the device and the machine have, one per queue. */
enum mirq_err toy_nic_irqs(struct toy_nic *nic, struct mirq_pci_address address)
{
	struct mirq_device *dev;
	struct mirq_irqs queues;
	enum mirq_err err;

	err = mirq_pci_attach(irqs,
			      &(struct mirq_pci_init){ MIRQ_SIZED(mirq_pci_init),
						       .address = address, .name = "toy-nic" },
			      &dev);
	if (err)
		return err;
	err = mirq_pci_alloc_irqs(dev, 1, nic->nr_queues, MIRQ_PCI_ANY,
				  &(struct mirq_irq_want){ MIRQ_SIZED(mirq_irq_want),
							   .placement = MIRQ_PLACE_SPREAD },
				  &queues);
	if (!err)
		err = mirq_irq_request(queues,
				       &(struct mirq_irq_handler){
					       MIRQ_SIZED(mirq_irq_handler),
					       .handle = toy_nic_on_queue, .context = nic->queues,
					       .stride_bytes = sizeof(nic->queues[0]) });
	if (err)
		mirq_device_detach(dev); /* and whatever hangs off it */
	else
		nic->nr_queues = mirq_irq_count(queues);
	return err;
}
