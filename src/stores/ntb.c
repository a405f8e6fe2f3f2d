/* SPDX-License-Identifier: MIT */
/*
 * ntb.c - interrupts that the peer behind a non-transparent bridge raises (mirq/ntb.h): which slots
 * are live with which message, and where the window has to be so that it reaches them all. In what
 * order peer and window hear of a change: ntb_board.c. How they are reached is the driver's.
 *
 * Where the window is stays as long as it reaches every live slot; else it begins at the lowest
 * address, rounded down to what the bridge can. What it cannot reach is refused before anything is
 * changed, and forgotten: the board goes on to say what it says.
 *
 * Sources: see ntb_board.c. Locking: the core's; begin to commit is one thread.
 */
#include <mirq/ntb.h>

#include "ntb_board.h"

/* The lowest and the highest address of the live slots; 0: there are none. */
static int ntb_measure(struct mirq_ntb *ntb)
{
	ntb->lowest = UINT64_MAX;
	ntb->highest = 0;
	for (uint32_t i = 0; i < ntb->nr_slots; i++) {
		const struct mirq_ntb_entry *e = &ntb->entries[i];

		if (e->is_on && e->to < ntb->lowest)
			ntb->lowest = e->to;
		if (e->is_on && e->to > ntb->highest)
			ntb->highest = e->to;
	}
	return ntb->lowest <= ntb->highest;
}

/* A message is four bytes. */
static int ntb_reaches(const struct mirq_ntb *ntb, uint64_t base)
{
	return ntb->lowest >= base && ntb->highest - base <= ntb->window_bytes - 4;
}

static enum mirq_err ntb_refuse(struct mirq_ntb *ntb)
{
	for (uint32_t i = 0; i < ntb->nr_slots; i++) {
		struct mirq_ntb_entry *e = &ntb->entries[i];

		if (!e->is_on || mirqi_ntb_is_shown(ntb, e))
			continue;
		e->is_on = e->shown[0] & MIRQ_NTB_SLOT_ON;
		e->to = ntb->base + (e->shown[0] & ~MIRQ_NTB_SLOT_ON);
		e->datum = e->shown[1];
	}
	ntb->state |= NTB_IS_TOO_WIDE;
	return MIRQ_ENOSPC;
}

static enum mirq_err ntb_begin(void *data)
{
	(void)data;
	return MIRQ_OK;
}

static enum mirq_err ntb_commit(void *data)
{
	struct mirq_ntb *ntb = data;
	uint64_t base;
	enum mirq_err err;

	ntb->state &= ~(uint32_t)NTB_IS_TOO_WIDE;
	if (ntb_measure(ntb) && !((ntb->state & NTB_IS_PLACED) && ntb_reaches(ntb, ntb->base))) {
		base = ntb->lowest & ~(ntb->align_bytes - 1);
		if (!ntb_reaches(ntb, base))
			return ntb_refuse(ntb);
		err = mirqi_ntb_place(ntb, base);
		if (err)
			return err;
	}
	for (uint32_t i = 0; i < ntb->nr_slots; i++)
		if (!mirqi_ntb_is_shown(ntb, &ntb->entries[i]))
			return mirqi_ntb_show(ntb);
	/* Closed, or told in vain. */
	if ((ntb->generation & 1) || !(ntb->state & NTB_IS_ANSWERED))
		return mirqi_ntb_show(ntb);
	return MIRQ_OK;
}

static void ntb_why(void *data, struct mirq_why *why)
{
	const struct mirq_ntb *ntb = data;

	if (!(ntb->state & NTB_IS_TOO_WIDE))
		return;
	why->text = "the bridge's window cannot be placed over all live slots: .value is the "
		    "lowest address, .other the highest. Use fewer CPUs, or a remapper";
	why->value = ntb->lowest;
	why->other = ntb->highest;
}

/* Whatever the board says of earlier times: the peer forgets all slots. */
static enum mirq_err ntb_setup(void *data)
{
	struct mirq_ntb *ntb = data;

	ntb->state = 0;
	ntb->base = 0;
	ntb->generation = mirq_regs_read32(&ntb->board, MIRQ_NTB_GENERATION) & INT32_MAX;
	for (uint32_t i = 0; i < ntb->nr_slots; i++)
		ntb->entries[i] = (struct mirq_ntb_entry){ .shown = { UINT32_MAX, 0 } };
	return mirqi_ntb_show(ntb);
}

static void ntb_teardown(void *data)
{
	(void)mirqi_ntb_close(data);
}

static enum mirq_err ntb_slot_init(const struct mirq_slot *s)
{
	const struct mirq_ntb *ntb = s->data;

	return s->index >= ntb->nr_slots || s->cookie ? MIRQ_EINVAL : MIRQ_OK;
}

static void ntb_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct mirq_ntb_entry *e = &((struct mirq_ntb *)s->data)->entries[s->index];

	e->to = msg->address;
	e->datum = msg->data;
}

static void ntb_mask(const struct mirq_slot *s)
{
	((struct mirq_ntb *)s->data)->entries[s->index].is_on = 0;
}

static void ntb_unmask(const struct mirq_slot *s)
{
	((struct mirq_ntb *)s->data)->entries[s->index].is_on = 1;
}

static enum mirq_err ntb_flush(void *data)
{
	const struct mirq_ntb *ntb = data;

	return ntb->drain(ntb->context);
}

static const struct mirq_store_ops ntb_ops = {
	MIRQ_SIZED(mirq_store_ops), .setup = ntb_setup, .teardown = ntb_teardown,
	.slot_init = ntb_slot_init, .write = ntb_write, .mask = ntb_mask,
	.unmask = ntb_unmask,       .flush = ntb_flush, .begin = ntb_begin,
	.commit = ntb_commit,       .why = ntb_why,
};

static const struct mirq_store_template ntb_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NTB",
	.ops = &ntb_ops,
	.masking = MIRQ_MASKS_SLOT,
	.update = MIRQ_UPDATE_96, /* the peer reads a message whole */
	.address_bits = 64,
	.traits = MIRQ_STORE_VETTED | MIRQ_STORE_RESETS_MASKED,
};

static const char *ntb_defect(const struct mirq_ntb *ntb)
{
	uint64_t align = ntb->align_bytes, window = ntb->window_bytes;

	if (ntb->size_bytes != sizeof(*ntb))
		return "begin the struct with MIRQ_SIZED()";
	if (!ntb->place || !ntb->tell || !ntb->drain)
		return "a bridge needs .place, .tell and .drain";
	if (!ntb->entries || !ntb->nr_slots)
		return "slots need memory for an entry each";
	if (MIRQ_NTB_SLOT((uint64_t)ntb->nr_slots) > ntb->board.limit_bytes)
		return "the board has no room for so many slots";
	if (!window || window % 4 || window > UINT64_C(1) << 32)
		return "the window has 4 bytes to 2^32, a multiple of 4";
	if (!align || (align & (align - 1)))
		return "the window's place is aligned to a power of two";
	return NULL;
}

enum mirq_err mirq_ntb_init(struct mirq_ntb *ntb, const struct mirq_store_template **out_kind,
			    struct mirq_why *why)
{
	const char *text = ntb_defect(ntb);

	if (text && why)
		*why = (struct mirq_why){ .text = text, .where = ntb_kind.name };
	if (text)
		return MIRQ_EINVAL;
	*out_kind = &ntb_kind;
	return MIRQ_OK;
}
