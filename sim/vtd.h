/* SPDX-License-Identifier: MIT */
/*
 * vtd.h - between the files of a VT-d unit: vtd.c registers and commands, vtd_remap.c requests,
 * vtd_queue.c invalidation, vtd_fault.c records and events.
 */
#ifndef SIM_VTD_H
#define SIM_VTD_H

#include "model.h"
#include "vtd_regs.h"

#define UNIT_MAX_ENTRIES 65536u
#define UNIT_CACHE_ENTRIES 256u /* allocated at once */

static inline uint64_t unit_get64(const struct sim_unit *u, uint32_t offset)
{
	return u->regs[offset / 4] | (uint64_t)u->regs[offset / 4 + 1] << 32;
}

static inline void unit_put64(struct sim_unit *u, uint32_t offset, uint64_t value)
{
	u->regs[offset / 4] = (uint32_t)value;
	u->regs[offset / 4 + 1] = (uint32_t)(value >> 32);
}

/* Is a field of the global status set? It stands where the command has it. */
#define UNIT_STATUS(u, field) (SIM_X_(SIM_GET_, (u)->regs[REG_GSTS / 4], field) != 0)

static inline int unit_reads_snooped(const struct sim_unit *u)
{
	return u->spec->is_coherent != 0;
}

/* The queue may have something to do. */
int unit_queue_is_busy(const struct sim_unit *u);
void unit_queue_step(struct sim_unit *u);
/* Every entry that is cached, or 2^mask of them, is forgotten. */
void unit_cache_clear(struct sim_unit *u);
void unit_cache_clear_at(struct sim_unit *u, uint32_t index, uint32_t mask_log2);

void unit_fault_record(struct sim_unit *u, enum sim_fault reason, uint32_t index,
		       uint16_t requester);
/* Bits of the fault status become set; the event is sent when none was. */
void unit_status_raise(struct sim_unit *u, uint64_t bits);
void unit_status_written(struct sim_unit *u, uint32_t value);
void unit_record_written(struct sim_unit *u, uint32_t offset, uint32_t value);
/* The event whose four registers begin at @control. */
void unit_event_raise(struct sim_unit *u, uint32_t control);
void unit_event_written(struct sim_unit *u, uint32_t control, uint32_t value);

#endif
