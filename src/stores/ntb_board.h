/* SPDX-License-Identifier: MIT */
/*
 * ntb_board.h - what ntb.c wants of the board and of the window. Private to the two files.
 */
#ifndef MIRQI_NTB_BOARD_H
#define MIRQI_NTB_BOARD_H

#include <mirq/ntb.h>

/* mirq_ntb.state */
enum ntb_state {
	NTB_IS_PLACED = 1,
	NTB_IS_ANSWERED = 2, /* the peer goes by the board as it is */
	NTB_IS_TOO_WIDE = 4  /* what the last commit was asked for */
};

/* The board says of the slot what is wanted. */
int mirqi_ntb_is_shown(const struct mirq_ntb *ntb, const struct mirq_ntb_entry *e);
/* Nothing may be read from the board from now on; and the peer has been told. */
enum mirq_err mirqi_ntb_close(struct mirq_ntb *ntb);
/* Close, and put the window to @base. */
enum mirq_err mirqi_ntb_place(struct mirq_ntb *ntb, uint64_t base);
/* Let the board say what is wanted, and tell the peer. */
enum mirq_err mirqi_ntb_show(struct mirq_ntb *ntb);

#endif
