/* SPDX-License-Identifier: MIT */
/*
 * mlx5.h - messages in the event-queue contexts of an NVIDIA ConnectX (mlx5) adapter: no memory of
 * the device's is mapped, everything is told by commands. Vetted. Beside it the device has its
 * MSI-X table, for the event queues that name a vector of that.
 *
 *	static enum mirq_err nic_exec(void *context, const unsigned char *in, unsigned char *out);
 *
 *	struct mirq_mlx5 ims = { MIRQ_SIZED(mirq_mlx5), .exec = nic_exec, .context = nic, ... };
 *	err = mirq_mlx5_init(&ims, &init.kind, &why);
 *	(init.data = &ims.queue, init.nr_slots = ims.nr_slots, then mirq_store_attach())
 *
 * The cookie of a slot is an event queue and its owner: mirq_mlx5_cookie(). The device is told to
 * which event queue a slot belongs before it is told a message. A slot is silent until its
 * interrupt is requested.
 */
#ifndef MIRQ_MLX5_H
#define MIRQ_MLX5_H

#include <mirq/ims_queue.h>

#define MIRQ_MLX5_IN_BYTES 32
#define MIRQ_MLX5_OUT_BYTES 16

/* Borrowed until the store is detached; what is above "Written" is not changed from init on. */
struct mirq_mlx5 {
	uint32_t size_bytes;
	/*
	 * Put MIRQ_MLX5_IN_BYTES at @in into a command, wait for a bounded time, and fetch
	 * MIRQ_MLX5_OUT_BYTES to @out. An error is that of the command interface: MIRQ_EIO, it does
	 * not answer. What the device says of the command is in @out, and read by the store.
	 * Context: thread, may sleep; under the device's mutex: no call of mirq.
	 */
	enum mirq_err (*exec)(void *context, const unsigned char *in, unsigned char *out);
	/* What the device sent has arrived (a read from it). Atomic. NULL: no drain is known. */
	enum mirq_err (*drain)(void *context);
	void *context;
	struct mirq_ims_queue_entry *entries; /* .nr_slots of them */
	uint32_t nr_slots;                    /* as in mirq_store_init */
	uint32_t opcode; /* of the command that sets an event queue's message; 16 bits */
	/* Written by the store: what the device said of the last command that it refused. */
	uint32_t status, syndrome;
	/* Written by init; the store's data: */
	struct mirq_ims_queue queue;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_mlx5_cookie() - The cookie of a slot.
 * @eq_number: the event queue, 24 bits at most: else the slot is refused.
 * @owner:     the user context (uid) that the event queue belongs to; 0: the driver's own.
 * Context: any.
 * Errors:  none.
 */
uint64_t mirq_mlx5_cookie(uint32_t eq_number, uint16_t owner);
/**
 * mirq_mlx5_init() - Make the template of an adapter's store.
 * @mlx5:     [in, out] see above. Borrowed until the store is detached.
 * @out_kind: [out] the template, inside @mlx5.
 * @why:      [out] what is wrong; may be NULL.
 * Context: any; sends no command.
 * Errors:  MIRQ_EINVAL (the description contradicts itself).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_mlx5_init(struct mirq_mlx5 *mlx5,
					     const struct mirq_store_template **out_kind,
					     struct mirq_why *why);

MIRQ_END_DECLS

#endif
