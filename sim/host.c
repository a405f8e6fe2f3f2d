/* SPDX-License-Identifier: MIT */
/*
 * host.c - see host.h: mirq/host.h for every world of the simulator.
 */
#include "host.h"

void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	return h->ops->alloc(h, size_bytes, align_bytes);
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	h->ops->free(h, memory, size_bytes);
}

void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	return h->ops->dma_alloc
		       ? h->ops->dma_alloc(h, size_bytes, align_bytes, address_bits, out_bus)
		       : NULL;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	if (h->ops->dma_free)
		h->ops->dma_free(h, memory, size_bytes);
}

void mirq_host_clean(struct mirq_host *h, const void *memory, size_t size_bytes)
{
	if (h->ops->clean)
		h->ops->clean(h, memory, size_bytes);
}

void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	return h->ops->map ? h->ops->map(h, physical, size_bytes, kind) : NULL;
}

void mirq_host_unmap(struct mirq_host *h, void *mapped, size_t size_bytes)
{
	if (h->ops->unmap)
		h->ops->unmap(h, mapped, size_bytes);
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	return h->ops->pci_read ? h->ops->pci_read(h, address, offset_bytes, width_bytes)
				: UINT32_MAX;
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	if (h->ops->pci_write)
		h->ops->pci_write(h, address, offset_bytes, width_bytes, value);
}

uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	return h->ops->irq_save(h);
}

void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	h->ops->irq_restore(h, saved);
}

uint32_t mirq_host_this_cpu(struct mirq_host *h)
{
	return h->ops->this_cpu(h);
}

void mirq_host_kick(struct mirq_host *h, uint32_t cpu)
{
	h->ops->kick(h, cpu);
}

uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	return h->ops->now_ns(h);
}

void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	if (h->ops->wait)
		h->ops->wait(h, kind);
}

void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record)
{
	if (h->ops->log)
		h->ops->log(h, record);
}

void mirq_host_panic(struct mirq_host *h, const char *text)
{
	h->ops->panic(h, text);
}

void mirq_host_assert_context(struct mirq_host *h, enum mirq_context context)
{
	if (h->ops->assert_context)
		h->ops->assert_context(h, context);
}
