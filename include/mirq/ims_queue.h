/* SPDX-License-Identifier: MIT */
/*
 * ims_queue.h - a store of slots whose messages stand in ordinary memory: the device fetches a
 * message when a command says so, or a command carries it. The driver sends commands, which may
 * sleep, fail or time out; the store says which commands a change needs.
 *
 *	static enum mirq_err acme_command(void *context, enum mirq_ims_queue_op op, uint32_t index,
 *					  const struct mirq_msg *msg, uint64_t cookie);
 *
 * Between begin and commit operations only note in .entries; commit sends the commands of the
 * slots that changed, in this order for each: DISABLE, MESSAGE, ENABLE. A command that failed is
 * sent again by a later commit; so is nothing that the device has confirmed. A slot whose DISABLE
 * was never confirmed is not given to another user.
 */
#ifndef MIRQ_IMS_QUEUE_H
#define MIRQ_IMS_QUEUE_H

#include <mirq/store.h>

enum mirq_ims_queue_op {
	/* Place the cookie, at allocation, before any message. With MIRQ_IMS_QUEUE_COOKIES. */
	MIRQ_IMS_QUEUE_COOKIE,
	/* The slot's message is @msg: also while the slot is enabled, then the device takes it
	 * whole. It may fetch it from .memory until the command is over, not later. */
	MIRQ_IMS_QUEUE_MESSAGE,
	/* The slot may send, the slot is silent. With MIRQ_IMS_QUEUE_ENABLES. */
	MIRQ_IMS_QUEUE_ENABLE,
	MIRQ_IMS_QUEUE_DISABLE
};

enum mirq_ims_queue_flag {
	MIRQ_IMS_QUEUE_COOKIES = 1, /* slots have cookies; else a cookie other than 0 is refused */
	MIRQ_IMS_QUEUE_ENABLES = 2  /* the device has ENABLE and DISABLE; else its driver keeps a
				       slot quiet that has no handler */
};

/* What is known of one slot. The store's own; the driver brings the memory. */
struct mirq_ims_queue_entry {
	struct mirq_msg msg;
	uint64_t cookie;
	uint32_t state, next;
};

/* Borrowed until the store is detached; what is above "Written" is not changed from init on. */
struct mirq_ims_queue {
	uint32_t size_bytes;
	const char *name;
	/*
	 * Send a command for slot @index and wait, for a bounded time, until the device has done
	 * it. After an error it may have done it or not. MIRQ_EIO: the device did not answer,
	 * nothing more is sent in this commit; other errors concern this slot only.
	 * Context: thread, may sleep; under the device's mutex: no call of mirq. At allocation an
	 * error refuses the allocation; at attach (DISABLE only) the store.
	 */
	enum mirq_err (*command)(void *context, enum mirq_ims_queue_op op, uint32_t index,
				 const struct mirq_msg *msg, uint64_t cookie);
	/* What the device sent has arrived (a read from it). Atomic. NULL: no drain is known. */
	enum mirq_err (*drain)(void *context);
	void *context;
	struct mirq_ims_queue_entry *entries; /* .nr_slots of them */
	uint32_t nr_slots;                    /* as in mirq_store_init */
	uint32_t address_bits;                /* 32, 40 or 64 */
	uint32_t flags;                       /* enum mirq_ims_queue_flag */
	/* MIRQ_STORE_RESETS_MASKED: whenever the store is attached, the device has every slot
	 * disabled; else attaching disables all of them. MIRQ_STORE_PINNED: a slot takes no message
	 * while it is enabled. */
	uint32_t traits;
	/* Where the device fetches messages: slot i has its address, little-endian, in 8 bytes at
	 * i * stride_bytes + address_bytes, its data in 4 at ... + data_bytes. Written before
	 * MESSAGE is sent. The command makes it visible to the device: a doorbell by
	 * mirq_regs_write32() does. NULL: MESSAGE carries the message. */
	void *memory;
	uint32_t stride_bytes, address_bytes, data_bytes;
	/* Written by init and by the store: */
	uint32_t first, last; /* of the marked entries */
	struct mirq_store_ops ops;
	struct mirq_store_template kind;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_ims_queue_init() - Check the description of a queue of slots and make its template.
 * @queue:    [in, out] see above. Borrowed until the store is detached; the store's data.
 * @out_kind: [out] the template, inside @queue.
 * @why:      [out] what is wrong; may be NULL.
 * Context: any; sends no command.
 * Errors:  MIRQ_EINVAL (the description contradicts itself).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ims_queue_init(struct mirq_ims_queue *queue,
						  const struct mirq_store_template **out_kind,
						  struct mirq_why *why);

MIRQ_END_DECLS

#endif
