/* SPDX-License-Identifier: MIT */
/*
 * outside.c - a program that knows mirq from its installed files only: a host of twelve functions,
 * a system created and destroyed. scripts/check-packaging builds it in each way that mirq has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mirq/host.h>
#include <mirq/inspect.h>
#include <mirq/mirq.h>

struct mirq_host {
	size_t used_bytes;
};

void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	h->used_bytes += size_bytes;
	return aligned_alloc(align_bytes,
			     (size_bytes + align_bytes - 1) / align_bytes * align_bytes);
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	h->used_bytes -= size_bytes;
	free(memory);
}

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

void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	(void)h;
	(void)physical;
	(void)size_bytes;
	(void)kind;
	return NULL;
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	(void)h;
	(void)address;
	(void)offset_bytes;
	(void)width_bytes;
	return UINT32_MAX;
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

int main(void)
{
	struct mirq_host host = { 0 };
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &host, .nr_cpus = 1 };
	struct mirq *m;
	enum mirq_err err = mirq_init(&init, &m);

	if (err != MIRQ_OK || mirq_version() != MIRQ_VERSION) {
		printf("mirq_init: %s, version %#x\n", mirq_err_text(err),
		       (unsigned)mirq_version());
		return EXIT_FAILURE;
	}
	mirq_fini(m);
	if (host.used_bytes != 0) {
		printf("%zu bytes not given back\n", host.used_bytes);
		return EXIT_FAILURE;
	}
	printf("mirq %s works from outside\n", MIRQ_VERSION_STRING);
	return EXIT_SUCCESS;
}
