/* SPDX-License-Identifier: MIT */
/*
 * ntb.h - a store of interrupts over a non-transparent bridge, at the machine that receives them.
 * No device of this side holds the messages, no table of MSI-X stands behind the slots: they are
 * shown on a board (mirq/ntb_peer.h) to the machine at the other end, the peer, which raises a
 * slot by writing its data at an offset into a window. The bridge translates the window to this
 * side: where to is decided here, over all slots that are live, and again when they have moved.
 *
 *	struct mirq_ntb ntb = { MIRQ_SIZED(mirq_ntb), .board = ..., .place = ..., ... };
 *	err = mirq_ntb_init(&ntb, &init.kind, &why);
 *	(init.data = &ntb, init.nr_slots = ntb.nr_slots, then mirq_store_attach())
 *
 * The peer sends under the requester id of this side's end of the bridge: that is the device to
 * attach the store to. A request or a move for which the window is too small, wherever it is
 * placed, is refused with MIRQ_ENOSPC: .why tells the lowest (.value) and the highest (.other)
 * address that would have been live. Behind a table remapper addresses do not move with CPUs.
 */
#ifndef MIRQ_NTB_H
#define MIRQ_NTB_H

#include <mirq/ntb_peer.h>
#include <mirq/store.h>

/* What is known of one slot. The store's own; the driver brings the memory. */
struct mirq_ntb_entry {
	uint64_t to; /* what is wanted: this datum there */
	uint32_t datum, is_on;
	uint32_t shown[2]; /* the board's two words */
};

/* Borrowed until the store is detached; what is above "Written" is not changed from init on. The
 * three calls come under the device's mutex: no call of mirq. */
struct mirq_ntb {
	uint32_t size_bytes;
	struct mirq_regs board;
	/* The window begins at @base from now on. After an error it may be anywhere. Thread. */
	enum mirq_err (*place)(void *context, uint64_t base);
	/* Ring the peer's doorbell, wait for a bounded time until mirq_ntb_is_answered(). MIRQ_OK
	 * as well while the link is down and nobody can write: who comes up answers first. Thread,
	 * may sleep. */
	enum mirq_err (*tell)(void *context, uint32_t generation);
	/* What the peer wrote before it answered has arrived: a read through the bridge. Atomic. */
	enum mirq_err (*drain)(void *context);
	void *context;
	struct mirq_ntb_entry *entries; /* .nr_slots of them */
	uint32_t nr_slots;              /* as in mirq_store_init */
	uint64_t window_bytes;          /* up to 2^32, a multiple of 4 */
	uint64_t align_bytes;           /* of .base: a power of two; often the window's size */
	/* Written by the store: */
	uint64_t base, lowest, highest;
	uint32_t generation, state;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_ntb_init() - Check the description of a bridge.
 * @ntb:      [in, out] see above. Borrowed until the store is detached; the store's data.
 * @out_kind: [out] the template, static.
 * @why:      [out] what is wrong; may be NULL.
 * Context: any; touches no hardware.
 * Errors:  MIRQ_EINVAL (the description contradicts itself).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ntb_init(struct mirq_ntb *ntb,
					    const struct mirq_store_template **out_kind,
					    struct mirq_why *why);

MIRQ_END_DECLS

#endif
