/* SPDX-License-Identifier: MIT */
/*
 * ims_registers.c - a store of event registers: a set of data, address low, address high for each
 * event, as timers and units have them, and one control register for all: bit i masks event i, bit
 * 8 + i says that it is pending (read only), bits 31:16 are the device's mode, nobody's but its
 * driver's. Lossy ones keep nothing while it is masked, so their messages change while they may be
 * sent.
 * Sources: docs/machines.md; for the shape [HPET] 2.3.8, [VTD] 11.4.10. Locking: none.
 */
#include "model.h"

#define REGISTERS_FIRST_SET 0x40u
#define REGISTERS_SET_BYTES 0x20u
#define REGISTERS_PENDING 15, 8
#define REGISTERS_MODE 31, 16
#define REGISTERS_MODE_VALUE UINT32_C(0x5a0f)

static struct sim_ims_slot *registers_slot(const struct sim_device *d, uint32_t slot)
{
	return &d->ims.areas[SIM_STORE_REGISTERS].slots[slot];
}

static uint32_t registers_nr(const struct sim_device *d)
{
	return d->ims.areas[SIM_STORE_REGISTERS].nr_slots;
}

static int registers_is_masked(const struct sim_device *d, uint32_t slot)
{
	return d->ims.masks >> slot & 1;
}

static int registers_is_deaf(const struct sim_device *d, uint32_t slot)
{
	(void)d;
	(void)slot;
	return 0;
}

static uint32_t registers_word(const struct sim_device *d, uint32_t slot, uint32_t word)
{
	return registers_slot(d, slot)->words[word];
}

static uint32_t registers_control(const struct sim_device *d)
{
	uint32_t pending = 0;

	for (uint32_t i = 0; i < registers_nr(d); i++)
		pending |= registers_slot(d, i)->is_pending << i;
	return d->ims.masks | (uint32_t)SIM_PUT(REGISTERS_PENDING, pending) |
	       (uint32_t)SIM_PUT(REGISTERS_MODE, REGISTERS_MODE_VALUE);
}

/* Words of a set stand in another order than in a slot of an array. 3: none. */
static uint32_t registers_word_at(const struct sim_device *d, uint32_t offset, uint32_t *out_slot)
{
	static const uint32_t words[] = { 2, 0, 1 };
	uint32_t at = offset % REGISTERS_SET_BYTES / 4;

	*out_slot = (offset - REGISTERS_FIRST_SET) / REGISTERS_SET_BYTES;
	if (offset < REGISTERS_FIRST_SET || *out_slot >= registers_nr(d) || at >= 3)
		return 3;
	return words[at];
}

static uint32_t registers_read(const struct sim_device *d, uint32_t offset)
{
	uint32_t slot, word;

	if (!offset)
		return registers_control(d);
	word = registers_word_at(d, offset, &slot);
	return word < 3 ? registers_slot(d, slot)->words[word] : 0;
}

static void registers_write_control(struct sim_device *d, uint32_t value)
{
	uint32_t old = d->ims.masks;

	if (SIM_GET(value, REGISTERS_MODE) != REGISTERS_MODE_VALUE)
		sim_violate(d->s, "bits of a control register were changed that are not a store's");
	d->ims.masks = value & ((1u << registers_nr(d)) - 1);
	for (uint32_t i = 0; i < registers_nr(d); i++) {
		registers_slot(d, i)->generation += old >> i & ~d->ims.masks >> i & 1;
		sim_ims_send_kept(d, SIM_STORE_REGISTERS, i);
	}
}

static void registers_write(struct sim_device *d, uint32_t offset, uint32_t value)
{
	uint32_t slot, word;

	if (!offset) {
		registers_write_control(d, value);
		return;
	}
	word = registers_word_at(d, offset, &slot);
	if (word == 3) {
		sim_violate(d->s, "no event register of the device was written");
		return;
	}
	if (!d->spec->is_registers_losing && registers_slot(d, slot)->words[word] != value &&
	    !registers_is_masked(d, slot))
		sim_violate(d->s, "the message of an unmasked event was changed");
	registers_slot(d, slot)->words[word] = value;
}

static void registers_reset(struct sim_device *d)
{
	d->ims.masks = (1u << registers_nr(d)) - 1;
	for (uint32_t i = 0; i < registers_nr(d); i++) {
		struct sim_ims_slot *s = registers_slot(d, i);

		s->words[0] = s->words[1] = s->words[2] = 0;
		s->is_pending = 0;
		s->generation++;
	}
}

const struct sim_ims_kind sim_ims_registers = {
	.name = "registers",
	.is_deaf = registers_is_deaf,
	.is_masked = registers_is_masked,
	.word = registers_word,
	.read = registers_read,
	.write = registers_write,
	.reset = registers_reset,
};
