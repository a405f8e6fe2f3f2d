/* SPDX-License-Identifier: MIT */
/* What scenarios do with an NVMe controller, step by step; each step reports. Thread, CPU 0. */
#ifndef KERNEL_NVME_STEPS_H
#define KERNEL_NVME_STEPS_H

#include "nvme.h"

/* Finds the first controller and brings it up. False: none, or it did not come up; reported. */
bool nvme_step_begin(struct nvme *n);

/* Every CPU reads the image, whole or (many CPUs) in part, and compares every byte. */
void nvme_step_verify(struct nvme *n);

/*
 * Queues are moved from CPU to CPU while other CPUs keep them busy. Skipped on one CPU. Returns how
 * many moves were good.
 */
uint32_t nvme_step_move(struct nvme *n);

/* A line a queue: commands, interrupts, CPUs. */
void nvme_step_show(const struct nvme *n);

/* Switches off, compares what went in with what came out, tells verdict and witness. */
void nvme_step_end(struct nvme *n);

#endif
