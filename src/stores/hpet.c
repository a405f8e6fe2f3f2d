/* SPDX-License-Identifier: MIT */
/*
 * hpet.c - the store of an HPET's comparators: slot n is the message of timer n (FSB delivery).
 * When a timer matches, and how often, is its driver's: comparators, the counter and the other bits
 * of a configuration register are left as they are.
 *
 * All of it is public: the specification says that a match while the interrupt is off is not kept
 * (edge), and that a message needs edge mode. Address and data are two registers of 32 bits; a
 * chipset may take a 64-bit write apart, so the message counts as two words.
 * Sources: [HPET] 2.3.4, 2.3.8, 2.3.9. Locking: the core's; a timer's configuration is its own.
 */
#include <mirq/hpet.h>

#include "hpet_regs.h"

#define HPET_MAX_TIMERS 32u

static const struct mirq_regs *hpet_regs(const void *data)
{
	return &((const struct mirq_hpet *)data)->regs;
}

static uint32_t hpet_timer(uint32_t index, uint32_t offset)
{
	return HPET_TIMERS + index * HPET_TIMER_BYTES + offset;
}

uint32_t mirq_hpet_timers(const struct mirq_hpet *hpet)
{
	uint32_t capabilities = mirq_regs_read32(&hpet->regs, HPET_CAPABILITIES), timers = 0;
	uint32_t nr = (uint32_t)MIRQ_GET(capabilities, HPET_CAP_LAST_TIMER) + 1, config;

	if (capabilities == UINT32_MAX)
		return 0;
	for (uint32_t i = 0; i < nr && hpet_timer(i + 1, 0) <= hpet->regs.limit_bytes; i++) {
		config = mirq_regs_read32(&hpet->regs, hpet_timer(i, HPET_TIMER_CONFIG));
		if (MIRQ_GET(config, HPET_TIMER_CAN_MESSAGE))
			timers |= UINT32_C(1) << i;
	}
	return timers;
}

static enum mirq_err hpet_flush(void *data)
{
	uint32_t capabilities = mirq_regs_read32(hpet_regs(data), HPET_CAPABILITIES);

	return capabilities == UINT32_MAX ? MIRQ_EIO : MIRQ_OK;
}

/* Timers are quieted one by one, when they are requested: others may tick by wire. */
static enum mirq_err hpet_setup(void *data)
{
	enum mirq_err err = hpet_flush(data);

	if (!err && !mirq_hpet_timers(data))
		err = MIRQ_ENOTSUP;
	return err;
}

static enum mirq_err hpet_slot_init(const struct mirq_slot *s)
{
	if (s->cookie || s->index >= HPET_MAX_TIMERS)
		return MIRQ_EINVAL;
	return mirq_hpet_timers(s->data) >> s->index & 1 ? MIRQ_OK : MIRQ_ENOTSUP;
}

static void hpet_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	const struct mirq_regs *regs = hpet_regs(s->data);

	mirq_regs_write32(regs, hpet_timer(s->index, HPET_TIMER_DATA), msg->data);
	mirq_regs_write32(regs, hpet_timer(s->index, HPET_TIMER_ADDRESS), (uint32_t)msg->address);
}

/* The bits of delivery change in one write, the others stay. What is gone is left alone. */
static void hpet_configure(const struct mirq_slot *s, uint64_t bits)
{
	uint32_t at = hpet_timer(s->index, HPET_TIMER_CONFIG);
	uint32_t config = mirq_regs_read32(hpet_regs(s->data), at);
	uint64_t own = MIRQ_FIELD_MASK(HPET_TIMER_ENABLE) | MIRQ_FIELD_MASK(HPET_TIMER_MESSAGE);

	if (bits)
		own |= MIRQ_FIELD_MASK(HPET_TIMER_LEVEL);
	if (config != UINT32_MAX)
		mirq_regs_write32(hpet_regs(s->data), at, (uint32_t)((config & ~own) | bits));
}

/*
 * Off, and no message mode either: who switches the timer on later, for its wire, does not send to
 * an address that is somebody else's by then. Never message mode off alone: that is the wire.
 */
static void hpet_mask(const struct mirq_slot *s)
{
	hpet_configure(s, 0);
}

static void hpet_unmask(const struct mirq_slot *s)
{
	hpet_configure(s, MIRQ_FIELD_MASK(HPET_TIMER_ENABLE) | MIRQ_FIELD_MASK(HPET_TIMER_MESSAGE));
}

static const struct mirq_store_ops hpet_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.setup = hpet_setup,
	.teardown = NULL, /* every slot is masked by then */
	.enable = NULL,   /* the counter is the driver's */
	.disable = NULL,
	.slot_init = hpet_slot_init,
	.write = hpet_write,
	.mask = hpet_mask,
	.unmask = hpet_unmask,
	.flush = hpet_flush,
	.pending = NULL,     /* the status bits are of level mode */
	.set_trigger = NULL, /* edge only */
	.inject = NULL,      /* the next rung of the resend ladder */
};

const struct mirq_store_template mirq_hpet_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "HPET",
	.ops = &hpet_ops,
	.masking = MIRQ_MASKS_SLOT,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 32,
	.traits = MIRQ_STORE_MASK_LOSES | MIRQ_STORE_OF_BUS | MIRQ_STORE_VETTED,
};
