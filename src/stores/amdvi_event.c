/* SPDX-License-Identifier: MIT */
/*
 * amdvi_event.c - an AMD IOMMU's own interrupt (mirq/amdvi_event.h) as a register set
 * (mirq/ims_registers.h). What the logs say is the unit's driver's.
 *
 * The status bit of a log stays set until its handler clears it, so a masked event is sent when the
 * enable bit comes back. The registers are the IOMMU's by its specification, and a hypervisor that
 * shows a unit to a guest emulates them: the store is one of the bus.
 *
 * Sources: [AMDVI]: offsets 0018h, 015Ch to 0164h, 2020h. Locking: the core's, as ims_registers.c.
 */
#include <mirq/amdvi_event.h>

#define AMDVI_CONTROL 0x18u
#define AMDVI_MSI_ADDRESS_LO 0x15cu
#define AMDVI_MSI_ADDRESS_HI 0x160u
#define AMDVI_MSI_DATA 0x164u

#define AMDVI_LOGS                                                                                 \
	(MIRQ_AMDVI_EVENT_LOG | MIRQ_AMDVI_COMPLETION_WAIT | MIRQ_AMDVI_PPR_LOG | MIRQ_AMDVI_GA_LOG)

static const char *amdvi_event_defect(const struct mirq_amdvi_event *event)
{
	if (event->size_bytes != sizeof(*event))
		return "a description of an unknown size: begin it with MIRQ_SIZED()";
	if (!event->logs || (event->logs & ~(uint32_t)AMDVI_LOGS))
		return ".logs is one of enum mirq_amdvi_log, or several";
	return NULL;
}

enum mirq_err mirq_amdvi_event_init(struct mirq_amdvi_event *event,
				    const struct mirq_store_template **out_kind,
				    struct mirq_why *why)
{
	const char *text = amdvi_event_defect(event);
	enum mirq_err err;

	if (text && why)
		*why = (struct mirq_why){ .text = text, .where = "AMDVI-EVENT" };
	if (text)
		return MIRQ_EINVAL;
	event->set = (struct mirq_ims_registers_set){
		.address_lo = AMDVI_MSI_ADDRESS_LO,
		.address_hi = AMDVI_MSI_ADDRESS_HI,
		.data = AMDVI_MSI_DATA,
		.control = AMDVI_CONTROL,
		.enabled_bits = event->logs,
	};
	event->registers = (struct mirq_ims_registers){
		MIRQ_SIZED(mirq_ims_registers),
		.name = "AMDVI-EVENT",
		.regs = event->regs,
		.sets = &event->set,
		.nr_slots = 1,
		.address_bits = 64,
		.update = MIRQ_UPDATE_WORDS,
	};
	err = mirq_ims_registers_init(&event->registers, out_kind, why);
	if (!err)
		event->registers.kind.traits |= MIRQ_STORE_OF_BUS;
	return err;
}
