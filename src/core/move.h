/* SPDX-License-Identifier: MIT */
/*
 * move.h - interrupts of one store that change their CPU: by a user's wish (move.c) or because a
 * CPU leaves or is back (hotplug.c). Private to these two. Locking: the device's mutex throughout.
 */
#ifndef MIRQI_MOVE_H
#define MIRQI_MOVE_H

#include "core.h"

struct move {
	struct mirq_irqs irqs;
	struct mirq_cpus cpus;
	struct mirqi_bits *bits;
	struct mirq_why *why;
	struct mirq_batch batch; /* those that leave their CPU */
	uint32_t keeps_masks;    /* each goes inside its own mask as long as that has a CPU */
};

/* May the batch leave its CPUs, and has what moved before drained? Waits 1 ms at most. */
MIRQ_MUST_CHECK enum mirq_err mirqi_move_check(struct move *mv);
/* New ids for all of them or none; and given back again. */
MIRQ_MUST_CHECK enum mirq_err mirqi_move_take(struct move *mv);
MIRQ_MUST_CHECK enum mirq_err mirqi_move_drop(struct move *mv);
/* They go. MIRQ_EIO: old and new ways stay alive; MIRQ_ENOSPC: nobody has gone. */
MIRQ_MUST_CHECK enum mirq_err mirqi_move_go(struct move *mv);

#endif
