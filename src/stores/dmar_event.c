/* SPDX-License-Identifier: MIT */
/*
 * dmar_event.c - the store of a remapping unit's own event: one slot in four registers, masked by
 * IM. Which event it is, and what it reports, is the unit's driver's.
 * Sources: [VTD] 7.4, 11.4.10 - 11.4.13, and 11.4 for the same group at IECTL. Locking: the core's.
 */
#include "dmar_event.h"

#include "dmar_event_regs.h"

static const struct mirq_regs *dmar_event_regs(const void *data)
{
	return &((const struct mirqi_dmar_event *)data)->regs;
}

static void dmar_event_control(const void *data, uint64_t value)
{
	mirq_regs_write32(dmar_event_regs(data), DMAR_EVENT_CTL, (uint32_t)value);
}

static enum mirq_err dmar_event_setup(void *data)
{
	dmar_event_control(data, MIRQ_FIELD_MASK(DMAR_EVENT_CTL_IM));
	return MIRQ_OK;
}

static void dmar_event_teardown(void *data)
{
	dmar_event_control(data, MIRQ_FIELD_MASK(DMAR_EVENT_CTL_IM));
}

/* Masked, so that the unit never sends to a half-written address. */
static void dmar_event_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	const struct mirq_regs *regs = dmar_event_regs(s->data);

	mirq_regs_write32(regs, DMAR_EVENT_DATA, msg[0].data);
	mirq_regs_write32(regs, DMAR_EVENT_ADDR, (uint32_t)msg[0].address);
	mirq_regs_write32(regs, DMAR_EVENT_UADDR, (uint32_t)(msg[0].address >> 32));
}

static void dmar_event_mask(const struct mirq_slot *s)
{
	dmar_event_control(s->data, MIRQ_FIELD_MASK(DMAR_EVENT_CTL_IM));
}

static void dmar_event_unmask(const struct mirq_slot *s)
{
	dmar_event_control(s->data, 0);
}

static enum mirq_err dmar_event_flush(void *data)
{
	uint32_t control = mirq_regs_read32(dmar_event_regs(data), DMAR_EVENT_CTL);

	return control == UINT32_MAX ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_pending dmar_event_pending(const struct mirq_slot *s)
{
	uint32_t control = mirq_regs_read32(dmar_event_regs(s->data), DMAR_EVENT_CTL);

	if (control == UINT32_MAX)
		return MIRQ_PENDING_UNKNOWN;
	return MIRQ_GET(control, DMAR_EVENT_CTL_IP) ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

static const struct mirq_store_ops dmar_event_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.setup = dmar_event_setup,
	.teardown = dmar_event_teardown,
	.enable = NULL, /* always on */
	.disable = NULL,
	.slot_init = NULL, /* no cookie */
	.write = dmar_event_write,
	.mask = dmar_event_mask,
	.unmask = dmar_event_unmask,
	.flush = dmar_event_flush,
	.pending = dmar_event_pending,
	.set_trigger = NULL, /* edge only */
	.inject = NULL,      /* the next rung of the resend ladder */
};

const struct mirq_store_template mirqi_dmar_event_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "DMAR-EVENT", /* the unit's driver says which */
	.ops = &dmar_event_ops,
	.masking = MIRQ_MASKS_SLOT,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
	.traits = MIRQ_STORE_OF_BUS | MIRQ_STORE_VETTED | MIRQ_STORE_RESETS_MASKED,
};
