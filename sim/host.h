/* SPDX-License-Identifier: MIT */
/*
 * host.h - which of the simulator's worlds is mirq's host: host.c defines the functions of
 * mirq/host.h once, each asks the world whose pointer mirq was given. So a program may hold
 * several: the simulated machine (port.c), the tiny one (scenarios/tiny_machine.h).
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <stddef.h>
#include <stdint.h>

#include <mirq/host.h>

/* As in mirq/host.h. Those that are optional there may be NULL: the default; and DMA memory,
 * mapping and PCI: there is none. */
struct sim_host_ops {
	void *(*alloc)(struct mirq_host *h, size_t size_bytes, size_t align_bytes);
	void (*free)(struct mirq_host *h, void *memory, size_t size_bytes);
	void *(*dma_alloc)(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			   uint32_t address_bits, uint64_t *out_bus);
	void (*dma_free)(struct mirq_host *h, void *memory, size_t size_bytes);
	void (*clean)(struct mirq_host *h, const void *memory, size_t size_bytes);
	void *(*map)(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		     enum mirq_map_kind kind);
	void (*unmap)(struct mirq_host *h, void *mapped, size_t size_bytes);
	uint32_t (*pci_read)(struct mirq_host *h, struct mirq_pci_address address,
			     uint32_t offset_bytes, uint32_t width_bytes);
	void (*pci_write)(struct mirq_host *h, struct mirq_pci_address address,
			  uint32_t offset_bytes, uint32_t width_bytes, uint32_t value);
	uintptr_t (*irq_save)(struct mirq_host *h);
	void (*irq_restore)(struct mirq_host *h, uintptr_t saved);
	uint32_t (*this_cpu)(struct mirq_host *h);
	void (*kick)(struct mirq_host *h, uint32_t cpu);
	uint64_t (*now_ns)(struct mirq_host *h);
	void (*wait)(struct mirq_host *h, enum mirq_wait kind);
	void (*log)(struct mirq_host *h, const struct mirq_log_record *record);
	void (*panic)(struct mirq_host *h, const char *text);
	void (*assert_context)(struct mirq_host *h, enum mirq_context context);
};

struct mirq_host {
	const struct sim_host_ops *ops;
	void *self; /* the world */
};

#endif
