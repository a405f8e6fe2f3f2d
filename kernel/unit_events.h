/* SPDX-License-Identifier: MIT */
/*
 * The two events of the machine's first remapping unit as interrupts: it has recorded a fault; its
 * queue is done. Both are register stores below the root.
 */
#ifndef KERNEL_UNIT_EVENTS_H
#define KERNEL_UNIT_EVENTS_H

#include <mirq/remapper.h>

#include "device.h"
#include "platform.h"

/* A DMA where nothing is mapped; fault reasons are those of [VTD] 7.1.3. */
#define UNIT_FORBIDDEN_ADDRESS 0x1234000ull

struct unit_faults { /* written by the handler, before its call counts */
	struct mirq_fault last;
	uint64_t nr;
};

/* After port_start(). False: there is no unit, or the refusal is printed. */
bool unit_fault_event_request(void);
bool unit_done_event_request(void);
struct platform_irq *unit_fault_event(void);
struct platform_irq *unit_done_event(void);
const struct unit_faults *unit_faults(void);

/*
 * @d, an edu, reads memory that it may not, until the event was handled and decoded right. Between
 * unit_block_dma() and unit_allow_dma(). Reports a line.
 */
bool unit_provoke_fault(struct firing_device *d, uint64_t address);
/* The unit is asked to tell when its queue is done; until it was handled. */
bool unit_provoke_done(void);

/* Free and tell the witness what was done on purpose. */
void unit_fault_event_free(void);
void unit_done_event_free(void);

#endif
