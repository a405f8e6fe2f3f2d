/* SPDX-License-Identifier: MIT */
/*
 * ims_array.c - a store of slots in a device's registers, 16 bytes each: address low, address high,
 * data, control. Control: bit 0 mask, bit 2 pending (read only), bit 3 the slot has a PASID, bits
 * 31:12 that PASID.
 *
 * A slot without a PASID takes no message: who it belongs to comes first. What is kept while masked
 * goes out when the mask is taken off.
 * Sources: docs/machines.md. Locking: none.
 */
#include "model.h"

#define ARRAY_SLOT_BYTES 16u
#define ARRAY_MASK 0, 0
#define ARRAY_PENDING 2, 2
#define ARRAY_HAS_PASID 3, 3
#define ARRAY_PASID 31, 12

static struct sim_ims_slot *array_slot(const struct sim_device *d, uint32_t slot)
{
	return &d->ims.areas[SIM_STORE_ARRAY].slots[slot];
}

static int array_is_masked(const struct sim_device *d, uint32_t slot)
{
	return SIM_GET(array_slot(d, slot)->words[3], ARRAY_MASK) != 0;
}

/* Nobody's, and it has no mask: nothing holds it back but that. */
static int array_is_deaf(const struct sim_device *d, uint32_t slot)
{
	return d->spec->is_array_unmaskable &&
	       !SIM_GET(array_slot(d, slot)->words[3], ARRAY_HAS_PASID);
}

static uint32_t array_word(const struct sim_device *d, uint32_t slot, uint32_t word)
{
	return array_slot(d, slot)->words[word];
}

static uint32_t array_pasid(const struct sim_device *d, uint32_t slot)
{
	uint32_t control = array_slot(d, slot)->words[3];

	return SIM_GET(control, ARRAY_HAS_PASID) ? (uint32_t)SIM_GET(control, ARRAY_PASID)
						 : UINT32_MAX;
}

static uint32_t array_read(const struct sim_device *d, uint32_t offset)
{
	uint32_t slot = offset / ARRAY_SLOT_BYTES, word = offset / 4 % 4;
	const struct sim_ims_slot *s;

	if (slot >= d->ims.areas[SIM_STORE_ARRAY].nr_slots)
		return 0;
	s = array_slot(d, slot);
	return s->words[word] | (word == 3 ? (uint32_t)SIM_PUT(ARRAY_PENDING, s->is_pending) : 0);
}

static void array_write_control(struct sim_device *d, uint32_t slot, uint32_t value)
{
	struct sim_ims_slot *s = array_slot(d, slot);
	uint32_t old = s->words[3];

	value &= ~(uint32_t)SIM_MASK(ARRAY_PENDING);
	if (d->spec->is_array_unmaskable)
		value &= ~(uint32_t)SIM_MASK(ARRAY_MASK);
	s->words[3] = value;
	if (SIM_GET(old, ARRAY_MASK) && !SIM_GET(value, ARRAY_MASK))
		s->generation++;
	sim_ims_send_kept(d, SIM_STORE_ARRAY, slot);
}

static void array_write_word(struct sim_device *d, uint32_t slot, uint32_t word, uint32_t value)
{
	struct sim_ims_slot *s = array_slot(d, slot);

	if (!SIM_GET(s->words[3], ARRAY_HAS_PASID))
		sim_violate(d->s, "a slot was told a message before it was told its PASID");
	if (!d->spec->is_array_unmaskable && s->words[word] != value && !array_is_masked(d, slot))
		sim_violate(d->s, "the message of an unmasked slot was changed");
	s->words[word] = value;
}

static void array_write(struct sim_device *d, uint32_t offset, uint32_t value)
{
	uint32_t slot = offset / ARRAY_SLOT_BYTES, word = offset / 4 % 4;

	if (slot >= d->ims.areas[SIM_STORE_ARRAY].nr_slots)
		sim_violate(d->s, "what lies behind an array was written");
	else if (word == 3)
		array_write_control(d, slot, value);
	else
		array_write_word(d, slot, word, value);
}

/* Messages are undefined: rubbish. */
static void array_reset(struct sim_device *d)
{
	for (uint32_t i = 0; i < d->ims.areas[SIM_STORE_ARRAY].nr_slots; i++) {
		struct sim_ims_slot *s = array_slot(d, i);

		s->words[0] = 0xfeedf00c;
		s->words[1] = 0x0badcafe;
		s->words[2] = 0x0000dead;
		s->words[3] = d->spec->is_array_unmaskable ? 0 : (uint32_t)SIM_MASK(ARRAY_MASK);
		s->is_pending = 0;
		s->generation++;
	}
}

const struct sim_ims_kind sim_ims_array = {
	.name = "array",
	.is_deaf = array_is_deaf,
	.is_masked = array_is_masked,
	.word = array_word,
	.pasid = array_pasid,
	.read = array_read,
	.write = array_write,
	.reset = array_reset,
};
