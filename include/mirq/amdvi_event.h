/* SPDX-License-Identifier: MIT */
/*
 * amdvi_event.h - an AMD IOMMU's own interrupt: its logs have entries. Vetted. One slot: the words
 * of the unit's PCI MSI capability, as they stand in its MMIO registers, masked by the interrupt
 * enables of its control register.
 *
 *	struct mirq_amdvi_event event = { MIRQ_SIZED(mirq_amdvi_event), .regs = mmio,
 *					  .logs = MIRQ_AMDVI_EVENT_LOG | MIRQ_AMDVI_PPR_LOG };
 *	err = mirq_amdvi_event_init(&event, &init.kind, &why);
 *	(init.data = &event.registers, init.nr_slots = 1, then mirq_store_attach())
 *
 * The device that gets this store hangs below the root (mirq_device_init.parent is NULL), never
 * below the unit: through the unit it could not report what the unit refuses. MSI Enable of the
 * capability is set before, and the unit is not in the mode in which 0170h to 0187h take the place
 * of these words (IntCapXTEn): those hold a destination and a vector, no message.
 */
#ifndef MIRQ_AMDVI_EVENT_H
#define MIRQ_AMDVI_EVENT_H

#include <mirq/ims_registers.h>

/* Bits of the control register: which logs raise the interrupt. */
enum mirq_amdvi_log {
	MIRQ_AMDVI_EVENT_LOG = 1 << 3,
	MIRQ_AMDVI_COMPLETION_WAIT = 1 << 4,
	MIRQ_AMDVI_PPR_LOG = 1 << 14,
	MIRQ_AMDVI_GA_LOG = 1 << 29
};

/* Borrowed until the store is detached; what is above "Written" is not changed from init on. */
struct mirq_amdvi_event {
	uint32_t size_bytes;
	struct mirq_regs regs; /* the unit's MMIO registers */
	uint32_t logs;         /* enum mirq_amdvi_log, or-ed */
	/* Written by init: */
	struct mirq_ims_registers_set set;
	struct mirq_ims_registers registers; /* the store's data */
};

MIRQ_BEGIN_DECLS

/**
 * mirq_amdvi_event_init() - Make the template of a unit's own interrupt.
 * @event:    [in, out] see above. Borrowed until the store is detached.
 * @out_kind: [out] the template, inside @event.
 * @why:      [out] what is wrong; may be NULL.
 * Context: any; touches no hardware.
 * Errors:  MIRQ_EINVAL (the description contradicts itself).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_amdvi_event_init(struct mirq_amdvi_event *event,
						    const struct mirq_store_template **out_kind,
						    struct mirq_why *why);

MIRQ_END_DECLS

#endif
