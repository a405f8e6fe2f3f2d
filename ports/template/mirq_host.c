/* SPDX-License-Identifier: MIT */
/*
 * mirq_host.c - a port of mirq to fill in. Each function says what it must do; as it stands it does
 * the least that is true: no memory, no device answers, time stands still. It compiles (a check
 * does it), so that what you forget is found by its behaviour and not by the linker.
 * docs/porting.md.
 */
#include <mirq/host.h>

/* Yours: mirq only hands it back. */
struct mirq_host {
	int nothing_yet;
};

/* Thread context, may sleep. Need not be zeroed. NULL: the library says MIRQ_ENOMEM. */
void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	(void)h;
	(void)size_bytes;
	(void)align_bytes;
	return NULL;
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	(void)h;
	(void)memory;
	(void)size_bytes;
}

/* Contiguous, zeroed, below 2^address_bits on the bus; *out_bus is the device's name for it. */
void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	(void)h;
	(void)size_bytes;
	(void)align_bytes;
	(void)address_bits;
	(void)out_bus;
	return NULL;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	(void)h;
	(void)memory;
	(void)size_bytes;
}

/* MIRQ_MAP_REGISTERS: uncached. The address may come from firmware or a device: check it. */
void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	(void)h;
	(void)physical;
	(void)size_bytes;
	(void)kind;
	return NULL;
}

/* Atomic from here on: never wait, take no lock under which you call mirq. */
uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	(void)h;
	(void)address;
	(void)offset_bytes;
	return width_bytes == 4 ? UINT32_MAX : (UINT32_C(1) << (8 * width_bytes)) - 1;
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	(void)h;
	(void)address;
	(void)offset_bytes;
	(void)width_bytes;
	(void)value;
}

uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	(void)h;
	return 0;
}

void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	(void)h;
	(void)saved;
}

uint32_t mirq_host_this_cpu(struct mirq_host *h)
{
	(void)h;
	return 0;
}

/* An IPI to @cpu (also to this one) whose handler calls mirq_service(). */
void mirq_host_kick(struct mirq_host *h, uint32_t cpu)
{
	(void)h;
	(void)cpu;
}

uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	(void)h;
	return 0;
}
