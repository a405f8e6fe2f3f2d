/* SPDX-License-Identifier: MIT */
/*
 * ntb_board.c - the board between two machines: what the receiver writes (for ntb.c), what the peer
 * reads (mirq/ntb_peer.h), and when the window may move.
 *
 * Order, and what breaks otherwise:
 *   the window must go elsewhere
 *     1 generation odd; the peer answers    it writes by an old offset into the new place, which is
 *                                           somebody else's. No answer: opened again as it was
 *     2 drain                               the same, by what is under way
 *     3 window placed                       fails: put back and opened again; fails again: closed
 *                                           until a later commit
 *   the board must say something else
 *     4 generation odd, slots, generation even   the peer reads half of two messages
 *     5 the peer answers; the core drains        an id is given away that the peer still names
 * Events meanwhile are kept by the peer, and raised when it is told. In 4 and 5 it goes by the old
 * message or the new one: the window reaches both, and both are the interrupt's until the drain.
 * What was not answered is told again by the next commit.
 *
 * Sources: what bridges have in common (Intel Xeon, Switchtec, IDT 89HPES): a window with an
 * aligned translation, words that both sides reach, doorbells; [PCIE] 2.4.1 (posted writes stay in
 * order, a read pushes them). The layout of the board is ours. Locking: the core's; of the peer,
 * its driver's.
 */
#include "ntb_board.h"

#define NTB_GENERATIONS UINT32_C(0x7fffffff) /* all ones is nobody's answer */

/* ---- The receiver ---- */

static void ntb_next(struct mirq_ntb *ntb)
{
	ntb->state &= ~(uint32_t)NTB_IS_ANSWERED;
	ntb->generation = (ntb->generation + 1) & NTB_GENERATIONS;
	mirq_regs_write32(&ntb->board, MIRQ_NTB_GENERATION, ntb->generation);
}

static enum mirq_err ntb_tell(struct mirq_ntb *ntb)
{
	enum mirq_err err = ntb->tell(ntb->context, ntb->generation);

	if (!err)
		ntb->state |= NTB_IS_ANSWERED;
	return err;
}

static uint32_t ntb_offset(const struct mirq_ntb *ntb, const struct mirq_ntb_entry *e)
{
	return e->is_on ? (uint32_t)(e->to - ntb->base) | MIRQ_NTB_SLOT_ON : 0;
}

int mirqi_ntb_is_shown(const struct mirq_ntb *ntb, const struct mirq_ntb_entry *e)
{
	return e->shown[0] == ntb_offset(ntb, e) && (!e->is_on || e->shown[1] == e->datum);
}

enum mirq_err mirqi_ntb_close(struct mirq_ntb *ntb)
{
	if (!(ntb->generation & 1))
		ntb_next(ntb);
	return ntb_tell(ntb);
}

/* 3, or back to where the window was. */
static enum mirq_err ntb_move(struct mirq_ntb *ntb, uint64_t base)
{
	uint32_t was_placed = ntb->state & NTB_IS_PLACED;
	enum mirq_err err = ntb->place(ntb->context, base);

	ntb->state &= ~(uint32_t)NTB_IS_PLACED;
	if (!err) {
		ntb->base = base;
		ntb->state |= NTB_IS_PLACED;
	} else if (was_placed && !ntb->place(ntb->context, ntb->base)) {
		ntb->state |= NTB_IS_PLACED;
	}
	return err;
}

enum mirq_err mirqi_ntb_place(struct mirq_ntb *ntb, uint64_t base)
{
	enum mirq_err err = mirqi_ntb_close(ntb);

	if (!err)
		err = ntb->drain(ntb->context);
	if (!err)
		err = ntb_move(ntb, base);
	if (err && (ntb->state & NTB_IS_PLACED)) {
		ntb_next(ntb);
		(void)ntb_tell(ntb);
	}
	return err;
}

enum mirq_err mirqi_ntb_show(struct mirq_ntb *ntb)
{
	if (!(ntb->generation & 1))
		ntb_next(ntb);
	for (uint32_t i = 0; i < ntb->nr_slots; i++) {
		struct mirq_ntb_entry *e = &ntb->entries[i];

		if (mirqi_ntb_is_shown(ntb, e))
			continue;
		e->shown[0] = ntb_offset(ntb, e);
		e->shown[1] = e->datum;
		for (uint32_t word = 0; word < 2; word++)
			mirq_regs_write32(&ntb->board, MIRQ_NTB_SLOT(i) + 4 * word, e->shown[word]);
	}
	ntb_next(ntb);
	return ntb_tell(ntb);
}

int mirq_ntb_is_answered(const struct mirq_regs *board, uint32_t generation)
{
	return mirq_regs_read32(board, MIRQ_NTB_ANSWER) == generation;
}

/* ---- The peer ---- */

enum mirq_err mirq_ntb_peer_read(const struct mirq_regs *board, uint32_t slot, uint32_t *out_offset,
				 uint32_t *out_data)
{
	uint32_t generation, word, data;

	if (slot + UINT64_C(1) >= board->limit_bytes / 8)
		return MIRQ_ENOENT;
	generation = mirq_regs_read32(board, MIRQ_NTB_GENERATION);
	word = mirq_regs_read32(board, MIRQ_NTB_SLOT(slot));
	data = mirq_regs_read32(board, MIRQ_NTB_SLOT(slot) + 4);
	if (generation == UINT32_MAX)
		return MIRQ_EIO;
	if ((generation & 1) || mirq_regs_read32(board, MIRQ_NTB_GENERATION) != generation)
		return MIRQ_EBUSY;
	if (!(word & MIRQ_NTB_SLOT_ON))
		return MIRQ_ENOENT;
	*out_offset = word & ~MIRQ_NTB_SLOT_ON;
	*out_data = data;
	return MIRQ_OK;
}

enum mirq_err mirq_ntb_peer_answer(const struct mirq_regs *board)
{
	uint32_t generation = mirq_regs_read32(board, MIRQ_NTB_GENERATION);

	if (generation == UINT32_MAX)
		return MIRQ_EIO;
	mirq_regs_write32(board, MIRQ_NTB_ANSWER, generation);
	return MIRQ_OK;
}
