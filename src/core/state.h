/* SPDX-License-Identifier: MIT */
/*
 * state.h - the state word of an interrupt: one atomic 32-bit word, changed by mirqi_state_step()
 * alone.
 *
 *            ACTIVATE               REQUEST                FIRE
 *   RESERVED --------> ACTIVE ---------------> REQUESTED --------> RUN --+
 *      ^                |  ^                     |   ^              |    | FIRE: KEPT
 *      +---DEACTIVATE---+  +------RELEASE--------+   +-----DONE-----+    | DONE: AGAIN
 *                                                    +-------------------+
 * Bits
 *   ACTIVE     the way is programmed: hardware may send
 *   REQUESTED  it has an action
 *   RUN        its actions run on some CPU; whoever set it clears it
 *   KEPT       one or more events wait: raised while running, or while blocked
 *   ONESHOT    blocked: a handler answered LATER
 *   STORM      blocked: too many events that nobody wanted
 *   MOVE       the slot's message is being changed: the slot stays masked; does not block handlers
 *   HWMASKED   the ladder's rung is masked
 *   FINISHED   mirq_irq_done() came before the handler that will answer LATER has returned
 *   DEPTH      bits 31:24; blocked: nested mirq_irq_disable()
 * Blocked (ONESHOT, STORM, DEPTH > 0): events are kept, no handler call begins.
 *
 * Transitions (edge; condition -> change; answer). The first row whose condition holds is taken; an
 * edge without one is refused (ILLEGAL, nothing changes). The table itself is in state.c; who: the
 * function that makes the edge.
 *
 *   ACTIVATE    !ACTIVE                -> +ACTIVE +HWMASKED; OK          mirq_irq_request()
 *   DEACTIVATE  ACTIVE !REQUESTED !RUN -> 0; OK                          mirq_irq_release()
 *   REQUEST     ACTIVE !REQUESTED      -> +REQUESTED -KEPT; OK           mirq_irq_request()
 *   REQUEST_OFF ACTIVE !REQUESTED DEPTH=0 -> +REQUESTED -KEPT DEPTH=1; OK   mirq_irq_request()
 *   RELEASE     REQUESTED              -> -REQUESTED -KEPT -ONESHOT -STORM -DEPTH; OK   release
 *   FIRE        !REQUESTED             -> ; STRAY                        mirq_dispatch()
 *               blocked                -> +KEPT; KEEP
 *               RUN                    -> +KEPT; KEEP
 *               otherwise              -> +RUN; RUN
 *   DONE        RUN !REQUESTED         -> -RUN -FINISHED -KEPT; STOP     mirq_dispatch()
 *               RUN blocked            -> -RUN -FINISHED; STOP
 *               RUN KEPT               -> -KEPT; AGAIN
 *               RUN                    -> -RUN -FINISHED; STOP
 *   DISABLE     REQUESTED DEPTH < 255  -> DEPTH+1; OK                    mirq_irq_disable()
 *   ENABLE      REQUESTED DEPTH=1 KEPT !RUN !ONESHOT !STORM
 *                                      -> DEPTH=0 -KEPT; REPLAY         mirq_irq_enable()
 *               REQUESTED DEPTH > 0    -> DEPTH-1; OK
 *   LATER       RUN FINISHED           -> -FINISHED; OK                  mirq_dispatch()
 *               RUN                    -> +ONESHOT; OK
 *   FINISH      ONESHOT KEPT DEPTH=0 !RUN !STORM -> -ONESHOT -KEPT; REPLAY   mirq_irq_done()
 *               ONESHOT                -> -ONESHOT; OK
 *               RUN                    -> +FINISHED; OK
 *   STORM       RUN                    -> +STORM; OK                     mirq_dispatch()
 *   MOVE        ACTIVE !MOVE           -> +MOVE; OK                      mirq_affinity_set()
 *   MOVED       MOVE                   -> -MOVE; OK                      mirq_affinity_set()
 *   MASKED      !HWMASKED              -> +HWMASKED; OK                  mirqi_mask_sync()
 *   UNMASKED    HWMASKED               -> -HWMASKED; OK                  mirqi_mask_sync()
 *
 * ENABLE and FINISH leave KEPT to a handler that still runs: its DONE answers AGAIN.
 * Orders: RUN and REQUESTED publish and take with acquire and release; see dispatch.c.
 */
#ifndef MIRQI_STATE_H
#define MIRQI_STATE_H

#include <stdatomic.h>
#include <stdint.h>

enum mirqi_state_bit {
	MIRQI_ACTIVE = 1 << 0,
	MIRQI_REQUESTED = 1 << 1,
	MIRQI_RUN = 1 << 2,
	MIRQI_KEPT = 1 << 3,
	MIRQI_ONESHOT = 1 << 4,
	MIRQI_STORM = 1 << 5,
	MIRQI_MOVE = 1 << 6,
	MIRQI_HWMASKED = 1 << 7,
	MIRQI_FINISHED = 1 << 8
};
#define MIRQI_DEPTH_ONE (UINT32_C(1) << 24)
#define MIRQI_DEPTH (UINT32_C(0xff) << 24)
#define MIRQI_BLOCKED (MIRQI_DEPTH | MIRQI_ONESHOT | MIRQI_STORM)

enum mirqi_edge {
	MIRQI_EDGE_ACTIVATE,
	MIRQI_EDGE_DEACTIVATE,
	MIRQI_EDGE_REQUEST,
	MIRQI_EDGE_REQUEST_OFF,
	MIRQI_EDGE_RELEASE,
	MIRQI_EDGE_FIRE,
	MIRQI_EDGE_DONE,
	MIRQI_EDGE_DISABLE,
	MIRQI_EDGE_ENABLE,
	MIRQI_EDGE_LATER,
	MIRQI_EDGE_FINISH,
	MIRQI_EDGE_STORM,
	MIRQI_EDGE_MOVE,
	MIRQI_EDGE_MOVED,
	MIRQI_EDGE_MASKED,
	MIRQI_EDGE_UNMASKED,
	MIRQI_NR_EDGES
};

enum mirqi_answer {
	MIRQI_ILLEGAL, /* no row: the word is unchanged */
	MIRQI_OK,
	MIRQI_STRAY,   /* FIRE: nobody wants it */
	MIRQI_KEEP,    /* FIRE: remembered */
	MIRQI_RUN_NOW, /* FIRE: the caller runs the actions, then DONE */
	MIRQI_AGAIN,   /* DONE: run them again */
	MIRQI_STOP,    /* DONE: finished */
	MIRQI_REPLAY   /* ENABLE, FINISH: the caller raises the interrupt again */
};

typedef _Atomic uint32_t mirqi_state;

/* The only writer of a state word (but for its birth as 0). Lock-free; any context. */
enum mirqi_answer mirqi_state_step(mirqi_state *state, enum mirqi_edge edge);

static inline uint32_t mirqi_state_read(const mirqi_state *state)
{
	return atomic_load_explicit((mirqi_state *)(uintptr_t)state, memory_order_acquire);
}

/*
 * The two rows that nearly every event takes, each one compare-and-swap of a whole word: FIRE of an
 * interrupt that is idle and open, DONE of one to which nothing has happened meanwhile. 0: the word
 * is another one; take the edge by mirqi_state_step(). A test proves them equal to the table.
 */
#define MIRQI_OPEN (MIRQI_ACTIVE | MIRQI_REQUESTED)
static inline int mirqi_state_start(mirqi_state *state)
{
	uint32_t word = MIRQI_OPEN;

	return atomic_compare_exchange_strong_explicit(state, &word, MIRQI_OPEN | MIRQI_RUN,
						       memory_order_acq_rel, memory_order_relaxed);
}

static inline int mirqi_state_finish(mirqi_state *state)
{
	uint32_t word = MIRQI_OPEN | MIRQI_RUN;

	return atomic_compare_exchange_strong_explicit(state, &word, MIRQI_OPEN,
						       memory_order_acq_rel, memory_order_relaxed);
}

/* Its most telling word, for people. */
const char *mirqi_state_text(uint32_t state);

#endif
