/* SPDX-License-Identifier: MIT */
/*
 * mlx5_regs.h - the bytes of the command that an mlx5 adapter's messages need, all big-endian.
 *
 * Public ([MLX5]): opcode, owner (uid) and modifier of every command and where they stand; the
 * number of an event queue in byte 11 (8 bits; 24 here, as other numbers of the device have);
 * status and syndrome of an answer, and the meaning of a status.
 * The model's: that there is such a command, its modifiers, and all that follows from byte 12 on.
 * The context of an event queue that is public names a vector of the MSI-X table and no message.
 * Locking: none needed.
 */
#ifndef MIRQI_MLX5_REGS_H
#define MIRQI_MLX5_REGS_H

/* Where, and how many bytes. */
#define MLX5_IN_OPCODE 0, 2
#define MLX5_IN_OWNER 2, 2
#define MLX5_IN_MODIFIER 6, 2
#define MLX5_IN_EQ_NUMBER 9, 3
#define MLX5_IN_SLOT 12, 4
#define MLX5_IN_ADDRESS 16, 8
#define MLX5_IN_DATA 24, 4

#define MLX5_OUT_STATUS 0, 1
#define MLX5_OUT_SYNDROME 4, 4

enum {
	MLX5_MODIFIER_BIND = 1,    /* the slot belongs to this event queue of this owner */
	MLX5_MODIFIER_MESSAGE = 2, /* its message, also while it may send: taken whole */
	MLX5_MODIFIER_ENABLE = 3,
	MLX5_MODIFIER_DISABLE = 4
};

enum {
	MLX5_STATUS_OK = 0x00,
	MLX5_STATUS_BAD_OP = 0x02,
	MLX5_STATUS_BUSY = 0x06,
	MLX5_STATUS_LIMIT = 0x08,
	MLX5_STATUS_NO_RESOURCES = 0x0f
};

#define MLX5_COOKIE_EQ_NUMBER 23, 0
#define MLX5_COOKIE_OWNER 39, 24

#endif
