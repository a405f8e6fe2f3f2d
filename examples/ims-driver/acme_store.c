/* SPDX-License-Identifier: MIT */
/*
 * acme_store.c - where the accelerator of acme.h keeps the messages of the queues that it lends: a
 * store of its own kind. It puts what it is given into the slot that it is given; CPUs, remappers,
 * the driver and locks are none of its business. Its data is a struct mirq_regs.
 * Source: the data sheet, which is made up: a slot is 32 bytes, of which 8 are the address, 4 the
 * data, 4 the mask (bit 0, as after a reset), 4 the PASID of the queue, of 20 bits; the rest is 0.
 * A masked slot keeps its event. Locking: none.
 */
#include <mirq/io.h>
#include <mirq/store.h>

#define SLOT(s) (0x800u + 32 * (s)->index)

/* quote: cookie */
static enum mirq_err acme_slot_init(const struct mirq_slot *s)
{
	if (s->cookie > 0xfffff)
		return MIRQ_EINVAL;
	mirq_regs_write32(s->data, SLOT(s) + 16, (uint32_t)s->cookie);
	return MIRQ_OK;
}
/* end */

/* quote: message */
static void acme_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	mirq_regs_write64(s->data, SLOT(s), msg->address);
	mirq_regs_write32(s->data, SLOT(s) + 8, msg->data);
}
/* end */

/* quote: mask */
static void acme_mask(const struct mirq_slot *s)
{
	mirq_regs_write32(s->data, SLOT(s) + 12, 1);
}

static void acme_unmask(const struct mirq_slot *s)
{
	mirq_regs_write32(s->data, SLOT(s) + 12, 0);
}
/* end */

/* quote: flush */
static enum mirq_err acme_flush(void *data)
{
	return mirq_regs_read32(data, 0x800) == UINT32_MAX ? MIRQ_EIO : MIRQ_OK;
}
/* end */

/* quote: template */
static const struct mirq_store_ops acme_ops = {
	MIRQ_SIZED(mirq_store_ops), .slot_init = acme_slot_init, .write = acme_write,
	.mask = acme_mask,          .unmask = acme_unmask,       .flush = acme_flush,
};
const struct mirq_store_template acme_slots = {
	MIRQ_SIZED(mirq_store_template), .name = "acme-ims",       .ops = &acme_ops,
	.masking = MIRQ_MASKS_SLOT,      .update = MIRQ_UPDATE_64, .address_bits = 64,
};
/* end */
