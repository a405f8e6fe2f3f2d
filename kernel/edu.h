/* SPDX-License-Identifier: MIT */
/* What edu can do beyond raising its one MSI: raise without being counted, and copy by DMA. */
#ifndef KERNEL_EDU_H
#define KERNEL_EDU_H

#include "device.h"

/* The register write alone, for messages that must not arrive. */
void edu_fire_uncounted(struct firing_device *d);

/*
 * Let the device copy @nr_bytes (at most 4096) between memory at bus address @address and its own
 * buffer. Each takes 100 ms of the device's time. False: it did not end within a second.
 */
bool edu_dma_read(struct firing_device *d, uint64_t address, uint32_t nr_bytes);
bool edu_dma_write(struct firing_device *d, uint64_t address, uint32_t nr_bytes);

/* The same, to and from @offset of that buffer; the two above use its first bytes. */
bool edu_dma_fetch(struct firing_device *d, uint64_t address, uint32_t nr_bytes, uint32_t offset);
bool edu_dma_store(struct firing_device *d, uint64_t address, uint32_t nr_bytes, uint32_t offset);

#endif
