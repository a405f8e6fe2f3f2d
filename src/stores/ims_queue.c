/* SPDX-License-Identifier: MIT */
/*
 * ims_queue.c - slots that a device is told about by commands (mirq/ims_queue.h). How a command
 * reaches the device is the driver's.
 *
 * The state of an entry: what is wanted, and what the device has confirmed. A command that was sent
 * and not confirmed leaves neither IS_ON nor IS_OFF, or no IS_TOLD: it is sent again.
 *
 * Sources: the driver's data sheet. Locking: the core's; begin to commit is one thread, and entries
 * are touched then, at attach, allocation, free and detach only (docs/rules.md, rule 3).
 */
#include <mirq/ims_queue.h>

#define QUEUE_NONE UINT32_MAX

enum queue_state {
	QUEUE_WANTS_MESSAGE = 1, /* .msg is wanted at the device */
	QUEUE_WANTS_ON = 2,
	QUEUE_IS_TOLD = 4, /* the device holds .msg */
	QUEUE_IS_ON = 8,
	QUEUE_IS_OFF = 16,
	QUEUE_IS_MARKED = 32, /* in the list: the device may differ from what is wanted */
	QUEUE_IS_TOUCHED = 64 /* in this window: its commit answers for the slot */
};

static void queue_mark(struct mirq_ims_queue *queue, uint32_t index, uint32_t also)
{
	struct mirq_ims_queue_entry *e = &queue->entries[index];

	if (!(e->state & QUEUE_IS_MARKED)) {
		e->next = QUEUE_NONE;
		if (queue->first == QUEUE_NONE)
			queue->first = index;
		else
			queue->entries[queue->last].next = index;
		queue->last = index;
	}
	e->state |= QUEUE_IS_MARKED | also;
}

/* @on_success holds once the device has confirmed; before that, nothing of @unsure. */
static enum mirq_err queue_send(struct mirq_ims_queue *queue, enum mirq_ims_queue_op op,
				uint32_t index, uint32_t unsure, uint32_t on_success)
{
	struct mirq_ims_queue_entry *e = &queue->entries[index];
	enum mirq_err err;

	e->state &= ~unsure;
	err = queue->command(queue->context, op, index, &e->msg, e->cookie);
	if (!err)
		e->state |= on_success;
	return err;
}

static enum mirq_err queue_disable(struct mirq_ims_queue *queue, uint32_t index)
{
	if (!(queue->flags & MIRQ_IMS_QUEUE_ENABLES) ||
	    (queue->entries[index].state & QUEUE_IS_OFF))
		return MIRQ_OK;
	return queue_send(queue, MIRQ_IMS_QUEUE_DISABLE, index, QUEUE_IS_ON, QUEUE_IS_OFF);
}

static void queue_store(unsigned char *at, uint64_t value, uint32_t nr_bytes)
{
	for (uint32_t i = 0; i < nr_bytes; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

static enum mirq_err queue_tell(struct mirq_ims_queue *queue, uint32_t index)
{
	const struct mirq_ims_queue_entry *e = &queue->entries[index];
	unsigned char *at = queue->memory;

	if (at) {
		at += (size_t)index * queue->stride_bytes;
		queue_store(at + queue->address_bytes, e->msg.address, 8);
		queue_store(at + queue->data_bytes, e->msg.data, 4);
	}
	return queue_send(queue, MIRQ_IMS_QUEUE_MESSAGE, index, QUEUE_IS_TOLD, QUEUE_IS_TOLD);
}

/* The device := what is wanted. Silent first, let through last: it never sends half of either. */
static enum mirq_err queue_bring(struct mirq_ims_queue *queue, uint32_t index)
{
	const struct mirq_ims_queue_entry *e = &queue->entries[index];
	enum mirq_err err = e->state & QUEUE_WANTS_ON ? MIRQ_OK : queue_disable(queue, index);

	if (!err && (e->state & QUEUE_WANTS_MESSAGE) && !(e->state & QUEUE_IS_TOLD))
		err = queue_tell(queue, index);
	if (!err && (e->state & QUEUE_WANTS_ON) && !(e->state & QUEUE_IS_ON))
		err = queue_send(queue, MIRQ_IMS_QUEUE_ENABLE, index, QUEUE_IS_OFF, QUEUE_IS_ON);
	return err;
}

/* Bring the marked slots that were touched (or were not) in this window; what fails stays marked,
 * touched no longer. MIRQ_EIO ends it, @one_only: any error does; the device may be dead. */
static enum mirq_err queue_bring_marked(struct mirq_ims_queue *queue, uint32_t touched,
					int one_only)
{
	uint32_t index = queue->first, next;
	enum mirq_err first = MIRQ_OK, err = MIRQ_OK;

	for (queue->first = QUEUE_NONE; index != QUEUE_NONE; index = next) {
		struct mirq_ims_queue_entry *e = &queue->entries[index];
		int is_due = (e->state & QUEUE_IS_TOUCHED) == touched;

		next = e->next;
		e->state &= ~(QUEUE_IS_MARKED | touched);
		if (is_due && err != MIRQ_EIO && !(first && one_only)) {
			err = queue_bring(queue, index);
			if (!err)
				continue;
			first = first ? first : err;
		}
		queue_mark(queue, index, 0);
	}
	return first;
}

static enum mirq_err queue_begin(void *data)
{
	(void)data;
	return MIRQ_OK;
}

/* What earlier windows left is tried first, until one fails; this window does not answer for it. */
static enum mirq_err queue_commit(void *data)
{
	struct mirq_ims_queue *queue = data;

	(void)queue_bring_marked(queue, 0, 1);
	return queue_bring_marked(queue, QUEUE_IS_TOUCHED, 0);
}

/* Nothing is sent before it is asked for, whoever used the device before. */
static enum mirq_err queue_setup(void *data)
{
	struct mirq_ims_queue *queue = data;
	uint32_t state = queue->traits & MIRQ_STORE_RESETS_MASKED ? QUEUE_IS_OFF : 0;
	enum mirq_err err = MIRQ_OK;

	queue->first = queue->last = QUEUE_NONE;
	for (uint32_t i = 0; i < queue->nr_slots && !err; i++) {
		queue->entries[i] = (struct mirq_ims_queue_entry){ .state = state };
		err = queue_disable(queue, i);
	}
	return err;
}

static void queue_teardown(void *data)
{
	(void)queue_commit(data);
}

/* A slot whose last user may still be heard is silenced first, or refused. */
static enum mirq_err queue_slot_init(const struct mirq_slot *s)
{
	struct mirq_ims_queue *queue = s->data;
	enum mirq_err err;

	if (s->index >= queue->nr_slots || (s->cookie && !(queue->flags & MIRQ_IMS_QUEUE_COOKIES)))
		return MIRQ_EINVAL;
	err = queue_disable(queue, s->index);
	if (err)
		return err;
	queue->entries[s->index].cookie = s->cookie;
	if (queue->flags & MIRQ_IMS_QUEUE_COOKIES)
		err = queue_send(queue, MIRQ_IMS_QUEUE_COOKIE, s->index, 0, 0);
	return err;
}

static void queue_slot_fini(const struct mirq_slot *s)
{
	struct mirq_ims_queue_entry *e = &((struct mirq_ims_queue *)s->data)->entries[s->index];

	e->state &= ~(uint32_t)(QUEUE_WANTS_MESSAGE | QUEUE_WANTS_ON | QUEUE_IS_TOLD);
}

static void queue_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct mirq_ims_queue *queue = s->data;
	struct mirq_ims_queue_entry *e = &queue->entries[s->index];

	if (e->msg.address != msg->address || e->msg.data != msg->data)
		e->state &= ~(uint32_t)QUEUE_IS_TOLD;
	e->msg = *msg;
	queue_mark(queue, s->index, QUEUE_WANTS_MESSAGE | QUEUE_IS_TOUCHED);
}

static void queue_mask(const struct mirq_slot *s)
{
	struct mirq_ims_queue *queue = s->data;

	queue->entries[s->index].state &= ~(uint32_t)QUEUE_WANTS_ON;
	queue_mark(queue, s->index, QUEUE_IS_TOUCHED);
}

static void queue_unmask(const struct mirq_slot *s)
{
	queue_mark(s->data, s->index, QUEUE_WANTS_ON | QUEUE_IS_TOUCHED);
}

static enum mirq_err queue_flush(void *data)
{
	const struct mirq_ims_queue *queue = data;

	return queue->drain(queue->context);
}

static const char *queue_defect(const struct mirq_ims_queue *queue)
{
	uint32_t address = queue->address_bytes, data = queue->data_bytes;

	if (queue->size_bytes != sizeof(*queue))
		return "a description of an unknown size: begin it with MIRQ_SIZED()";
	if (!queue->command || !queue->entries || !queue->nr_slots)
		return "a queue has slots, memory for an entry each, and .command";
	if (queue->address_bits != 32 && queue->address_bits != 40 && queue->address_bits != 64)
		return "address_bits must be said: 32, 40 or 64";
	if (queue->traits & ~(uint32_t)(MIRQ_STORE_RESETS_MASKED | MIRQ_STORE_PINNED))
		return "a queue may say RESETS_MASKED and PINNED, no other trait";
	if (queue->memory && (address + UINT64_C(8) > queue->stride_bytes ||
			      data + UINT64_C(4) > queue->stride_bytes ||
			      (data < address + UINT64_C(8) && address < data + UINT64_C(4))))
		return "address and data do not fit into a slot's memory side by side";
	return NULL;
}

static void queue_fill(struct mirq_ims_queue *queue)
{
	uint32_t is_maskable = queue->flags & MIRQ_IMS_QUEUE_ENABLES;

	queue->ops = (struct mirq_store_ops){
		MIRQ_SIZED(mirq_store_ops),
		.setup = queue_setup,
		.teardown = queue_teardown,
		.slot_init = queue_slot_init,
		.slot_fini = queue_slot_fini,
		.write = queue_write,
		.mask = is_maskable ? queue_mask : NULL,
		.unmask = is_maskable ? queue_unmask : NULL,
		.flush = queue->drain ? queue_flush : NULL,
		.begin = queue_begin,
		.commit = queue_commit,
	};
	queue->kind = (struct mirq_store_template){
		MIRQ_SIZED(mirq_store_template),
		.name = queue->name,
		.ops = &queue->ops,
		.masking = is_maskable ? MIRQ_MASKS_SLOT : MIRQ_MASKS_NOTHING,
		.update = MIRQ_UPDATE_96, /* a command is the whole message */
		.address_bits = queue->address_bits,
		/* setup and slot_init leave a slot silent. */
		.traits = MIRQ_STORE_VETTED | (queue->traits & MIRQ_STORE_PINNED) |
			  (is_maskable ? MIRQ_STORE_RESETS_MASKED : 0),
	};
}

enum mirq_err mirq_ims_queue_init(struct mirq_ims_queue *queue,
				  const struct mirq_store_template **out_kind, struct mirq_why *why)
{
	const char *text = queue_defect(queue);

	if (text && why)
		*why = (struct mirq_why){ .text = text, .where = queue->name };
	if (text)
		return MIRQ_EINVAL;
	queue_fill(queue);
	*out_kind = &queue->kind;
	return MIRQ_OK;
}
