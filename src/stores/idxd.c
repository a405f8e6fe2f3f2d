/* SPDX-License-Identifier: MIT */
/*
 * idxd.c - message slots of Intel DSA and IAA (mirq/idxd.h). Which work raises a slot, by an
 * interrupt handle in its descriptor, is the driver's.
 *
 * The control word of a slot is its alone and is never read to be written: a free slot holds the
 * mask; an allocated one its PASID, and the mask or not.
 *
 * Sources: [IDXD]; what of it is public: idxd_regs.h. Locking: none; slots share no register.
 */
#include <mirq/idxd.h>

#include "idxd_regs.h"

static void idxd_word(const struct mirq_slot *s, uint32_t word, uint32_t value)
{
	const struct mirq_idxd *idxd = s->data;
	uint32_t slot = idxd->slots_bytes + s->index * IDXD_SLOT_BYTES;

	mirq_regs_write32(&idxd->regs, slot + word, value);
}

static void idxd_control(const struct mirq_slot *s, uint32_t is_masked)
{
	uint64_t control = MIRQ_SET(0, IDXD_CTRL_MASK, is_masked);

	if (s->cookie != MIRQ_IDXD_NO_PASID) {
		control = MIRQ_SET(control, IDXD_CTRL_PASID_EN, 1);
		control = MIRQ_SET(control, IDXD_CTRL_PASID, s->cookie);
	}
	idxd_word(s, IDXD_SLOT_CTRL, (uint32_t)control);
}

/* No message, no PASID of a user before: masked, and nothing else. */
static void idxd_free(const struct mirq_slot *s)
{
	idxd_word(s, IDXD_SLOT_CTRL, (uint32_t)MIRQ_FIELD_MASK(IDXD_CTRL_MASK));
}

/* All ones is no control word: bits 4 to 11 are 0. */
static enum mirq_err idxd_flush(void *data)
{
	const struct mirq_idxd *idxd = data;

	return mirq_regs_read32(&idxd->regs, idxd->slots_bytes + IDXD_SLOT_CTRL) == UINT32_MAX
		       ? MIRQ_EIO
		       : MIRQ_OK;
}

/* Whoever used the device before may have left slots open. */
static enum mirq_err idxd_setup(void *data)
{
	const struct mirq_idxd *idxd = data;
	struct mirq_slot s = { data, 0, 0, NULL };

	for (; s.index < idxd->nr_slots; s.index++)
		idxd_free(&s);
	return idxd_flush(data);
}

/* The PASID is in place, under the mask, before the first message: writes arrive in order. */
static enum mirq_err idxd_slot_init(const struct mirq_slot *s)
{
	const struct mirq_idxd *idxd = s->data;

	if (s->index >= idxd->nr_slots)
		return MIRQ_EINVAL;
	if (s->cookie > MIRQ_GET(UINT32_MAX, IDXD_CTRL_PASID) && s->cookie != MIRQ_IDXD_NO_PASID)
		return MIRQ_EINVAL;
	idxd_control(s, 1);
	return MIRQ_OK;
}

static void idxd_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	idxd_word(s, IDXD_SLOT_ADDRESS_LO, (uint32_t)msg->address);
	idxd_word(s, IDXD_SLOT_ADDRESS_HI, (uint32_t)(msg->address >> 32));
	idxd_word(s, IDXD_SLOT_DATA, msg->data);
}

static void idxd_mask(const struct mirq_slot *s)
{
	idxd_control(s, 1);
}

static void idxd_unmask(const struct mirq_slot *s)
{
	idxd_control(s, 0);
}

static const struct mirq_store_ops idxd_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.setup = idxd_setup,
	.enable = NULL, /* always on */
	.disable = NULL,
	.slot_init = idxd_slot_init,
	.slot_fini = idxd_free,
	.write = idxd_write,
	.mask = idxd_mask,
	.unmask = idxd_unmask,
	.flush = idxd_flush,
	.pending = NULL, /* its bit is not public */
};

static const struct mirq_store_template idxd_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "IDXD-IMS",
	.ops = &idxd_ops,
	.masking = MIRQ_MASKS_SLOT,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
	.traits = MIRQ_STORE_VETTED | MIRQ_STORE_RESETS_MASKED,
};

static enum mirq_err idxd_refuse(struct mirq_why *why, enum mirq_err err, const char *text)
{
	if (why)
		*why = (struct mirq_why){ .text = text, .where = idxd_kind.name };
	return err;
}

enum mirq_err mirq_idxd_init(struct mirq_idxd *idxd, const struct mirq_store_template **out_kind,
			     struct mirq_why *why)
{
	uint32_t gencap, offsets;
	uint64_t nr, first;

	if (idxd->size_bytes != sizeof(*idxd))
		return idxd_refuse(why, MIRQ_EINVAL, "begin the struct with MIRQ_SIZED()");
	if (idxd->regs.limit_bytes < IDXD_OFFSETS_HIGH + 4)
		return idxd_refuse(why, MIRQ_EINVAL, ".regs is BAR 0, mapped whole");
	gencap = mirq_regs_read32(&idxd->regs, IDXD_GENCAP);
	offsets = mirq_regs_read32(&idxd->regs, IDXD_OFFSETS_HIGH);
	if (gencap == UINT32_MAX && offsets == UINT32_MAX)
		return idxd_refuse(why, MIRQ_EIO, "the device does not answer");
	nr = MIRQ_GET(gencap, IDXD_GENCAP_MAX_IMS_MULT) * IDXD_SLOTS_UNIT;
	first = MIRQ_GET(offsets, IDXD_OFFSETS_HIGH_IMS) * IDXD_OFFSETS_UNIT;
	if (!nr || !first)
		return idxd_refuse(why, MIRQ_ENOTSUP, "the device has no message slots");
	if (first + nr * IDXD_SLOT_BYTES > idxd->regs.limit_bytes)
		return idxd_refuse(why, MIRQ_EINVAL, "the slots do not lie inside .regs");
	idxd->nr_slots = (uint32_t)nr;
	idxd->slots_bytes = (uint32_t)first;
	*out_kind = &idxd_kind;
	return MIRQ_OK;
}
