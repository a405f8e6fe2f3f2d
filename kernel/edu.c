/* SPDX-License-Identifier: MIT */
/*
 * QEMU's teaching device: one MSI on command, synchronously, and a DMA engine.
 *
 * Source: QEMU docs/specs/edu.txt.
 * Locking: none; firing_device's rule of one caller at a time.
 */
#include "edu.h"

#include <stddef.h>

#include "console.h"
#include "mmio.h"
#include "wait.h"

#define EDU_ID 0x00
#define EDU_LIVENESS 0x04
#define EDU_IRQ_STATUS 0x24
#define EDU_IRQ_RAISE 0x60
#define EDU_IRQ_ACKNOWLEDGE 0x64
#define EDU_DMA_FROM 0x80
#define EDU_DMA_TO 0x88
#define EDU_DMA_BYTES 0x90
#define EDU_DMA_COMMAND 0x98

#define ID_MASK 0xffff
#define ID_EDU 0x00ed
#define DMA_START 1
#define DMA_TO_MEMORY 2
#define DMA_BUFFER 0x40000

#define DMA_LIMIT_NS 1000000000ull

static bool edu_open(struct firing_device *d)
{
	d->registers = pci_map_bar(d->function, 0);
	if (!d->registers || (mmio_read32(d->registers, EDU_ID) & ID_MASK) != ID_EDU) {
		print("%s: no registers\n", d->name);
		return false;
	}
	mmio_write32(d->registers, EDU_LIVENESS, 0x5a5a0f0f);
	if (mmio_read32(d->registers, EDU_LIVENESS) != ~0x5a5a0f0fu) {
		print("%s: not alive\n", d->name);
		return false;
	}
	return true;
}

void edu_fire_uncounted(struct firing_device *d)
{
	mmio_write32(d->registers, EDU_IRQ_RAISE, 1);
}

static void edu_fire(struct firing_device *d, uint32_t slot)
{
	firing_count_raised(d, slot);
	edu_fire_uncounted(d);
}

static void edu_acknowledge(struct firing_device *d, uint32_t slot)
{
	(void)slot;
	mmio_write32(d->registers, EDU_IRQ_ACKNOWLEDGE, mmio_read32(d->registers, EDU_IRQ_STATUS));
}

static bool copy(struct firing_device *d, uint64_t from, uint64_t to, uint32_t nr_bytes,
		 uint32_t command)
{
	struct wait w = { 0, 0 };

	mmio_write64(d->registers, EDU_DMA_FROM, from);
	mmio_write64(d->registers, EDU_DMA_TO, to);
	mmio_write64(d->registers, EDU_DMA_BYTES, nr_bytes);
	mmio_write64(d->registers, EDU_DMA_COMMAND, command | DMA_START);
	while (mmio_read32(d->registers, EDU_DMA_COMMAND) & DMA_START)
		if (!wait_more(&w, DMA_LIMIT_NS))
			return false;
	return true;
}

bool edu_dma_fetch(struct firing_device *d, uint64_t address, uint32_t nr_bytes, uint32_t offset)
{
	return copy(d, address, DMA_BUFFER + offset, nr_bytes, 0);
}

bool edu_dma_store(struct firing_device *d, uint64_t address, uint32_t nr_bytes, uint32_t offset)
{
	return copy(d, DMA_BUFFER + offset, address, nr_bytes, DMA_TO_MEMORY);
}

bool edu_dma_read(struct firing_device *d, uint64_t address, uint32_t nr_bytes)
{
	return edu_dma_fetch(d, address, nr_bytes, 0);
}

bool edu_dma_write(struct firing_device *d, uint64_t address, uint32_t nr_bytes)
{
	return edu_dma_store(d, address, nr_bytes, 0);
}

const struct firing_driver edu_driver = {
	.name = "edu",
	.vendor = 0x1234,
	.device = 0x11e8,
	.kinds = MIRQ_PCI_MSI,
	.open = edu_open,
	.fire = edu_fire,
	.acknowledge = edu_acknowledge,
};
