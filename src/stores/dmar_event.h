/* SPDX-License-Identifier: MIT */
/*
 * dmar_event.h - the store of a remapping unit's own event: one slot in four registers. Private;
 * vtd.c attaches it below the root.
 */
#ifndef MIRQI_DMAR_EVENT_H
#define MIRQI_DMAR_EVENT_H

#include <mirq/io.h>
#include <mirq/store.h>

/* Data of the store: the group of registers, control first. */
struct mirqi_dmar_event {
	struct mirq_regs regs;
};

extern const struct mirq_store_template mirqi_dmar_event_kind;

#endif
