/* SPDX-License-Identifier: MIT */
/*
 * ntb_peer.h - what the two machines at a non-transparent bridge say to each other: the board, on
 * which the receiver of interrupts (mirq/ntb.h) shows how each slot is raised, and what the peer
 * reads there. The peer's driver needs this header only, and no mirq of its own:
 *
 *	raise(slot):
 *		lock
 *		err = mirq_ntb_peer_read(&board, slot, &offset, &data);
 *		MIRQ_OK: write data into the window at offset, four bytes
 *		MIRQ_EBUSY: keep the event; anything else: nobody listens
 *		unlock
 *	told, by the doorbell, and when the link has come up:
 *		lock, mirq_ntb_peer_answer(&board), unlock
 *		raise(each slot of which an event was kept)
 *
 * The board is little-endian words that both sides reach: scratchpads of the bridge, or memory of
 * one side that the other one maps. An answer must not overtake what the peer wrote into the window
 * before: both are posted writes through the same bridge, without relaxed ordering.
 */
#ifndef MIRQ_NTB_PEER_H
#define MIRQ_NTB_PEER_H

#include <mirq/io.h>

/* In bytes. GENERATION: odd while slots must not be read. ANSWER: written by the peer, the last
 * generation that it goes by. A slot: its offset into the window with bit 0 set (0: off), data. */
#define MIRQ_NTB_GENERATION 0u
#define MIRQ_NTB_ANSWER 4u
#define MIRQ_NTB_SLOT(index) (8u + 8u * (index))
#define MIRQ_NTB_SLOT_ON 1u

MIRQ_BEGIN_DECLS

/**
 * mirq_ntb_peer_read() - The peer: how a slot is raised now.
 * @board:      [in] mapped at the peer.
 * @slot:       slot of the receiver's store.
 * @out_offset: [out] into the window.
 * @out_data:   [out] what to write there.
 * Never half of one message and half of another. Good until the peer's next answer.
 * Context: atomic. Four reads of the board.
 * Errors:  MIRQ_EBUSY (the board changes: keep the event, there will be news), MIRQ_ENOENT (nobody
 *          listens to the slot, or there is none), MIRQ_EIO (the board reads all ones).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ntb_peer_read(const struct mirq_regs *board, uint32_t slot,
						 uint32_t *out_offset, uint32_t *out_data);
/**
 * mirq_ntb_peer_answer() - The peer: from now on go by what the board says now.
 * @board: [in] mapped at the peer.
 * Not between a read and the write into the window that belongs to it.
 * Context: atomic.
 * Errors:  MIRQ_EIO (the board reads all ones; nothing was answered).
 */
enum mirq_err mirq_ntb_peer_answer(const struct mirq_regs *board);
/**
 * mirq_ntb_is_answered() - The receiver: has the peer answered? For mirq_ntb.tell.
 * @board: [in] mapped at the receiver.
 * Returns: 1: what the peer writes from now on goes by the board of @generation.
 * Context: atomic.
 * Errors:  none.
 */
int mirq_ntb_is_answered(const struct mirq_regs *board, uint32_t generation);

MIRQ_END_DECLS

#endif
