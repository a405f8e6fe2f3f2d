/* SPDX-License-Identifier: MIT */
/*
 * What scenarios do with stores beside MSI and MSI-X: timers of the HPET, the two events of a
 * remapping unit, slots of a device's own. What the machine lacks is left out. Each step reports.
 * Thread, CPU 0.
 */
#ifndef KERNEL_STORE_STEPS_H
#define KERNEL_STORE_STEPS_H

#include <stdint.h>

/* Attaches and requests. */
void store_step_begin(void);
/*
 * All timers match @nr times while they are moved; so does, @nr times, the completion event. The
 * device's own slots follow, then one fault, by an edu that reads what it may not: no other device
 * may use DMA meanwhile.
 */
void store_step_fire(uint32_t nr);
/* A line each, then released and freed. */
void store_step_end(void);

#endif
