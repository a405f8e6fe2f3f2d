/* SPDX-License-Identifier: MIT */
/*
 * ims_queue.c - a store of slots whose messages stand in memory, and the ring of commands that
 * tells the device about them. Its page:
 *
 *   0x00, 0x04  bus address of the ring     0x0c, 0x10  bus address of the messages
 *   0x08        entries of the ring         0x14        1: on, from the first entry; 0: off, what
 *   0x18        commands given so far                   was commanded is lost
 *   0x1c        (read only) 15:0 commands done so far, 16 on, 17 the last one was refused
 *
 * An entry, 16 bytes: command, slot, cookie (64 bits). Commands: 1 cookie, 2 message, 3 enable, 4
 * disable. A message, 16 bytes: address (64 bits), data. The device reads address and data at
 * different times while the command goes on, and not after it.
 * Of a queue that is called mlx5 an entry has 32 bytes, big-endian: opcode 0xb00, owner (16 bits
 * each); 0x06 command, 0x08 event queue, 0x0c slot, 0x10 address, 0x18 data; the cookie is event
 * queue and, from bit 24 on, owner, and commands 2 and 3 name the one that command 1 gave.
 *
 * Events of a slot that is disabled are kept; a new cookie is a new owner, who has none yet.
 * Sources: docs/machines.md. Locking: none.
 */
#include "model.h"

#define QUEUE_RING 0x00u
#define QUEUE_NR_ENTRIES 0x08u
#define QUEUE_MESSAGES 0x0cu
#define QUEUE_CONTROL 0x14u
#define QUEUE_STATUS 0x1cu
#define QUEUE_STATUS_DONE 15, 0
#define QUEUE_STATUS_ON 16, 16
#define QUEUE_STATUS_REFUSED 17, 17
#define QUEUE_COUNT_MASK 0xffffu
#define QUEUE_ENTRY_BYTES 16u
#define QUEUE_MESSAGE_BYTES 16u
#define QUEUE_MLX5_BYTES 32u
#define QUEUE_MLX5_OPCODE 0x0b00u

enum queue_command {
	QUEUE_COOKIE = 1,
	QUEUE_MESSAGE,
	QUEUE_ENABLE,
	QUEUE_DISABLE
};

static struct sim_ims_slot *queue_slot(const struct sim_device *d, uint32_t slot)
{
	return &d->ims.areas[SIM_STORE_QUEUE].slots[slot];
}

static int queue_is_masked(const struct sim_device *d, uint32_t slot)
{
	return !queue_slot(d, slot)->is_on;
}

static int queue_is_deaf(const struct sim_device *d, uint32_t slot)
{
	return !queue_slot(d, slot)->has_cookie;
}

static uint32_t queue_word(const struct sim_device *d, uint32_t slot, uint32_t word)
{
	return queue_slot(d, slot)->words[word];
}

static uint32_t queue_pasid(const struct sim_device *d, uint32_t slot)
{
	return queue_slot(d, slot)->words[3];
}

static uint64_t queue_address(const struct sim_device *d, uint32_t reg)
{
	return (uint64_t)d->ims.queue_regs[reg / 4 + 1] << 32 | d->ims.queue_regs[reg / 4];
}

/* Little-endian words of memory. What is no memory reads as all ones. */
static void queue_fetch(struct sim_device *d, uint64_t bus, uint32_t words[], uint32_t nr_words)
{
	uint8_t bytes[QUEUE_MLX5_BYTES];

	for (uint32_t i = 0; i < nr_words; i++)
		words[i] = UINT32_MAX;
	if (!sim_memory_read(d->s, 1, bus, bytes, 4 * nr_words)) {
		sim_violate(d->s, "a queue's command or message is not in memory");
		return;
	}
	for (uint32_t i = 0; i < nr_words; i++)
		words[i] = (uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 |
			   (uint32_t)bytes[4 * i + 2] << 16 | (uint32_t)bytes[4 * i + 3] << 24;
}

static uint64_t queue_message_at(const struct sim_device *d, const struct sim_command *c)
{
	return queue_address(d, QUEUE_MESSAGES) + (uint64_t)c->slot * QUEUE_MESSAGE_BYTES;
}

static uint32_t swapped(uint32_t word)
{
	return word >> 24 | (word >> 8 & 0xff00) | (word << 8 & 0xff0000) | word << 24;
}

static void queue_begin_mlx5(struct sim_device *d, struct sim_command *c)
{
	uint32_t entry = d->ims.nr_done % d->ims.queue_regs[QUEUE_NR_ENTRIES / 4], words[8];

	queue_fetch(d, queue_address(d, QUEUE_RING) + (uint64_t)entry * QUEUE_MLX5_BYTES, words, 8);
	for (uint32_t i = 0; i < 8; i++)
		words[i] = swapped(words[i]);
	if (words[0] >> 16 != QUEUE_MLX5_OPCODE || words[7])
		sim_violate(d->s, "an adapter was given a command that it does not know");
	*c = (struct sim_command){ .is_going = 1,
				   .steps_left = d->spec->nr_steps,
				   .op = words[1],
				   .cookie = (uint64_t)(words[0] & 0xffff) << 24 | words[2],
				   .slot = words[3],
				   .words = { words[5], words[4], words[6] } };
}

static void queue_begin(struct sim_device *d, struct sim_command *c)
{
	uint32_t entry = d->ims.nr_done % d->ims.queue_regs[QUEUE_NR_ENTRIES / 4], words[4];

	queue_fetch(d, queue_address(d, QUEUE_RING) + (uint64_t)entry * QUEUE_ENTRY_BYTES, words,
		    4);
	*c = (struct sim_command){ .is_going = 1,
				   .steps_left = d->spec->nr_steps,
				   .op = words[0],
				   .slot = words[1],
				   .cookie = (uint64_t)words[3] << 32 | words[2] };
	if (c->op == QUEUE_MESSAGE)
		queue_fetch(d, queue_message_at(d, c), c->words, 2);
}

/* Every command of an adapter names an event queue; it is the one of the slot. */
static void queue_look(struct sim_device *d, const struct sim_command *c)
{
	if (d->spec->is_queue_mlx5 && (c->op == QUEUE_MESSAGE || c->op == QUEUE_ENABLE) &&
	    queue_slot(d, c->slot)->words[3] != (uint32_t)c->cookie)
		sim_violate(d->s, "a command names an event queue that is not its slot's");
}

static void queue_tell(struct sim_device *d, const struct sim_command *c)
{
	struct sim_ims_slot *s = queue_slot(d, c->slot);

	if (!s->has_cookie)
		sim_violate(d->s, "a slot was told a message before it was told its cookie");
	for (uint32_t i = 0; i < 3; i++)
		s->words[i] = c->words[i];
	s->is_told = 1;
	s->generation++;
}

static void queue_own(struct sim_device *d, const struct sim_command *c)
{
	struct sim_ims_slot *s = queue_slot(d, c->slot);

	if (s->is_on)
		sim_violate(d->s, "a slot was given to another while it was enabled");
	s->words[3] = (uint32_t)c->cookie;
	s->has_cookie = 1;
	s->is_pending = s->is_told = 0;
}

static void queue_do(struct sim_device *d, const struct sim_command *c)
{
	struct sim_ims_slot *s = queue_slot(d, c->slot);

	queue_look(d, c);
	switch (c->op) {
	case QUEUE_COOKIE:
		queue_own(d, c);
		break;
	case QUEUE_MESSAGE:
		queue_tell(d, c);
		break;
	case QUEUE_ENABLE:
		if (!s->is_told)
			sim_violate(d->s, "a slot was enabled before it was told a message");
		s->is_on = 1;
		s->generation++;
		sim_ims_send_kept(d, SIM_STORE_QUEUE, c->slot);
		break;
	default:
		s->is_on = 0;
		break;
	}
}

static void queue_end(struct sim_device *d, struct sim_command *c)
{
	int is_done, is_good;

	if (c->op == QUEUE_MESSAGE && !d->spec->is_queue_mlx5)
		queue_fetch(d, queue_message_at(d, c) + 8, &c->words[2], 1);
	if (c->op < QUEUE_COOKIE || c->op > QUEUE_DISABLE ||
	    c->slot >= d->ims.areas[SIM_STORE_QUEUE].nr_slots) {
		sim_violate(d->s, "a command that the device does not know");
		is_done = is_good = 0;
	} else {
		is_good = sim_ims_answer(d, &is_done);
	}
	sim_note(d->s, "%s: command %u of slot %u%s", d->spec->name, c->op, c->slot,
		 is_done ? " is done" : " is refused");
	c->is_going = 0;
	d->ims.nr_done = (d->ims.nr_done + 1) & QUEUE_COUNT_MASK;
	d->ims.has_queue_failed = !is_good;
	if (is_done)
		queue_do(d, c);
}

void sim_ims_queue_step(struct sim_device *d)
{
	struct sim_command *c = &d->ims.in_queue;

	if (!c->is_going && d->spec->is_queue_mlx5)
		queue_begin_mlx5(d, c);
	else if (!c->is_going)
		queue_begin(d, c);
	if (c->steps_left)
		c->steps_left--;
	else
		queue_end(d, c);
}

static uint32_t queue_read(const struct sim_device *d, uint32_t offset)
{
	if (offset == QUEUE_STATUS)
		return (uint32_t)(SIM_PUT(QUEUE_STATUS_DONE, d->ims.nr_done) |
				  SIM_PUT(QUEUE_STATUS_ON, d->ims.is_queue_on) |
				  SIM_PUT(QUEUE_STATUS_REFUSED, d->ims.has_queue_failed));
	return offset < sizeof(d->ims.queue_regs) ? d->ims.queue_regs[offset / 4] : 0;
}

static void queue_switch(struct sim_device *d, uint32_t is_on)
{
	if (is_on && !d->ims.queue_regs[QUEUE_NR_ENTRIES / 4]) {
		sim_violate(d->s, "a queue without entries was switched on");
		is_on = 0;
	}
	d->ims.is_queue_on = is_on;
	d->ims.nr_given = d->ims.nr_done = d->ims.has_queue_failed = 0;
	d->ims.in_queue.is_going = 0;
}

static void queue_ring(struct sim_device *d, uint32_t nr_given)
{
	struct sim_ims *ims = &d->ims;

	if (!ims->is_queue_on)
		return;
	if (((nr_given - ims->nr_done) & QUEUE_COUNT_MASK) > ims->queue_regs[QUEUE_NR_ENTRIES / 4])
		sim_violate(d->s, "more commands were given than the ring holds");
	ims->nr_given = nr_given & QUEUE_COUNT_MASK;
	while (!d->spec->nr_steps && sim_ims_is_busy(d))
		sim_ims_queue_step(d);
	sim_wake_bus(d->s);
}

static void queue_write(struct sim_device *d, uint32_t offset, uint32_t value)
{
	if (offset == SIM_IMS_QUEUE_TAIL) {
		queue_ring(d, value);
		return;
	}
	if (offset > QUEUE_CONTROL) {
		sim_violate(d->s, "no register of a queue was written");
		return;
	}
	if (offset < QUEUE_CONTROL && d->ims.is_queue_on)
		sim_violate(d->s, "a queue was moved while it was on");
	d->ims.queue_regs[offset / 4] = value;
	if (offset == QUEUE_CONTROL)
		queue_switch(d, value & 1);
}

void sim_device_reset_queue(struct sim_device *d)
{
	sim_note(d->s, "%s: its queue starts anew", d->spec->name);
	queue_switch(d, 0);
	d->ims.queue_regs[QUEUE_CONTROL / 4] = 0;
}

static void queue_reset(struct sim_device *d)
{
	for (uint32_t i = 0; i < sizeof(d->ims.queue_regs) / sizeof(d->ims.queue_regs[0]); i++)
		d->ims.queue_regs[i] = 0;
	queue_switch(d, 0);
	for (uint32_t i = 0; i < d->ims.areas[SIM_STORE_QUEUE].nr_slots; i++) {
		struct sim_ims_slot *s = queue_slot(d, i);

		s->is_on = s->is_told = s->has_cookie = s->is_pending = 0;
		s->generation++;
	}
}

const struct sim_ims_kind sim_ims_queue = {
	.name = "queue",
	.is_deaf = queue_is_deaf,
	.is_masked = queue_is_masked,
	.word = queue_word,
	.pasid = queue_pasid,
	.is_whole = 1,
	.read = queue_read,
	.write = queue_write,
	.reset = queue_reset,
};
