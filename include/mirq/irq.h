/* SPDX-License-Identifier: MIT */
/*
 * irq.h - interrupts of one store, in ranges: alloc -> request -> release -> free.
 *
 * alloc reserves everything on the way; request gives a handler, programs the way (activate) and
 * lets events through; release takes the handler away; free gives everything back. In a range each
 * remapper is flushed once. A single interrupt is a range of one. No other order exists.
 */
#ifndef MIRQ_IRQ_H
#define MIRQ_IRQ_H

#include <mirq/affinity.h>

enum mirq_reserve {
	MIRQ_RESERVE_PROMISE, /* ids are taken at alloc: request does not fail for want of them */
	/* counted only; ids are taken at request, which may fail. Maskable stores; slots of one
	 * message that no table remaps need ids in a row: a promise all the same */
	MIRQ_RESERVE_BEST_EFFORT
};

struct mirq_irq_want { /* all zero: one slot, the lowest free, any CPU, edge, cookie 0 */
	uint32_t size_bytes;
	uint32_t nr;           /* slots, contiguous; 0: 1 */
	uint32_t nr_min;       /* fewest acceptable; 0: nr, all or nothing */
	uint32_t align_log2;   /* of the first index */
	struct mirq_range at;  /* only indices in here; {5, 6}: exactly slot 5 */
	struct mirq_cpus cpus; /* affinity; every CPU where the root's ids are the system's */
	enum mirq_placement placement;
	enum mirq_trigger trigger;
	enum mirq_reserve reserve;
	const uint64_t *cookies; /* one per slot asked for; copied; NULL: all 0 */
	struct mirq_why *why;
};

/* What a handler answers. */
enum mirq_handled {
	MIRQ_HANDLED,  /* done */
	MIRQ_NOT_MINE, /* another action of a shared interrupt, or nobody, was meant */
	MIRQ_LATER     /* mine; keep it masked until mirq_irq_done() */
};
typedef enum mirq_handled mirq_handler(void *context);

enum mirq_request_flag {
	MIRQ_REQUEST_SHARED = 1,  /* others may request it too, all with this flag; one
				     mirq_irq_done() ends the LATER of all */
	MIRQ_REQUEST_DISABLED = 2 /* as if mirq_irq_disable() had been called before */
};
struct mirq_irq_handler {
	uint32_t size_bytes;
	mirq_handler *handle; /* dispatch context; never runs twice at once for one interrupt */
	void *context;        /* for the first interrupt of the range */
	size_t stride_bytes;  /* the i-th gets context + i * stride_bytes; 0: all the same */
	uint32_t flags;       /* enum mirq_request_flag, or-ed */
	struct mirq_why *why;
};

/* Which interrupts of a range a walk shows. */
enum mirq_irq_which {
	MIRQ_IRQS_ALL,
	MIRQ_IRQS_REQUESTED,  /* that have a handler */
	MIRQ_IRQS_UNREQUESTED /* that have none */
};

/**
 * mirq_irq_count() - How many interrupts.
 * Context: any.
 * Errors:  none.
 */
static inline uint32_t mirq_irq_count(struct mirq_irqs irqs)
{
	return irqs.slots.limit - irqs.slots.first;
}

/**
 * mirq_irq_at() - The @i-th of the range, as a range of one.
 * Context: any.
 * Errors:  none.
 */
static inline struct mirq_irqs mirq_irq_at(struct mirq_irqs irqs, uint32_t i)
{
	irqs.slots.first += i;
	irqs.slots.limit = irqs.slots.first + 1;
	return irqs;
}

MIRQ_BEGIN_DECLS

/**
 * mirq_irq_alloc() - Reserve slots of @store and the way from each to a CPU. No hardware is
 * touched but by the store's own slot_init (a cookie) and set_trigger.
 * @store:    [in] where.
 * @want:     [in] what; NULL: all zero.
 * @out_irqs: [out] the slots. A store whose slots share one message gives 2^k of them, k as small
 *            as possible for .nr (or the largest that fits, not below .nr_min), and only while it
 *            is empty.
 * Works while other slots are live.
 * Context: thread.
 * Errors:  MIRQ_ENOSPC (slots, entries or ids: .where, .nr_wanted, .nr_left), MIRQ_ENOTSUP
 *          (trigger, block or cookie that the store or a parent cannot do; a window, .where, that
 *          lets messages to none of these CPUs through; behind a secondary root: no line, of the
 *          device .where, goes there; ids of the system and not every CPU), MIRQ_EBUSY (an
 *          excluded store of the device is in use; a store of one message is not empty; a wire, or
 *          an id that a backend gave, is taken),
 *          MIRQ_EIO (a backend set nothing up), MIRQ_EINVAL (bad range, no such CPU, none online),
 *          MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_irq_alloc(struct mirq_store *store,
					     const struct mirq_irq_want *want,
					     struct mirq_irqs *out_irqs);
/**
 * mirq_irq_free() - Give slots and everything on the way back; releases them first where needed.
 * @irqs: slots that are not allocated are skipped.
 * What hardware may still send to stays in quarantine, owned and counted (inspect.h).
 * Context: thread.
 * Errors:  MIRQ_EDEADLK (called from a handler; nothing was freed), MIRQ_EBUSY (one is a line of a
 *          secondary root, root.h; nothing was freed).
 */
enum mirq_err mirq_irq_free(struct mirq_irqs irqs);
/**
 * mirq_irq_request() - Give interrupts a handler and let them through.
 * @irqs: [in] allocated interrupts; all of them or none.
 * @h:    [in] borrowed.
 * Context: thread.
 * Errors:  MIRQ_EBUSY (has a handler and not both are shared), MIRQ_ENOSPC (best-effort
 *          reservation, no id left; or the store has no place for the message),
 *          MIRQ_ENOTSUP (a window, .where, does not let its message through; behind a secondary
 *          root a best-effort reservation finds no line on its CPUs), MIRQ_EIO (a remapper or the
 *          device did not answer), MIRQ_EINVAL (no handler; a slot of the range is not allocated),
 *          MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_irq_request(struct mirq_irqs irqs,
					       const struct mirq_irq_handler *h);
/**
 * mirq_irq_release() - Take handlers away. When it returns, none of them runs or will run.
 * @irqs: interrupts without a handler are skipped.
 * @h:    [in] NULL: all actions; else the one with this handle, context and stride_bytes.
 * Context: thread.
 * Errors:  MIRQ_EDEADLK (called from a handler; nothing was released), MIRQ_EBUSY (one is a line of
 *          a secondary root, root.h; nothing was released).
 */
enum mirq_err mirq_irq_release(struct mirq_irqs irqs, const struct mirq_irq_handler *h);
/**
 * mirq_irq_disable() - No new handler call; events are kept as one. Nests, up to 255 times. A
 * handler that runs now goes on: mirq_irq_sync() waits for it. The hardware is masked at the next
 * event.
 * Context: atomic.
 * Errors:  none; slots without a handler are skipped.
 */
void mirq_irq_disable(struct mirq_irqs irqs);
/**
 * mirq_irq_enable() - Undo one mirq_irq_disable(); a kept event is raised now.
 * Context: atomic.
 * Errors:  MIRQ_EINVAL (one of them was not disabled; the others were enabled).
 */
enum mirq_err mirq_irq_enable(struct mirq_irqs irqs);
/**
 * mirq_irq_done() - A handler answered MIRQ_LATER; its work is done now.
 * Context: atomic.
 * Errors:  none.
 */
void mirq_irq_done(struct mirq_irqs irqs);
/**
 * mirq_irq_sync() - Wait until the handlers that run now have returned.
 * Context: thread.
 * Errors:  MIRQ_EDEADLK (called from a handler).
 */
enum mirq_err mirq_irq_sync(struct mirq_irqs irqs);
/**
 * mirq_irq_resend() - As if the device had sent it again, by the resend ladder.
 * Context: atomic.
 * Errors:  MIRQ_EINVAL (not requested).
 */
enum mirq_err mirq_irq_resend(struct mirq_irqs irqs);
/**
 * mirq_irq_pending() - Does the first interrupt of @one wait to be handled?
 * Returns: YES when an event is kept in software or the store's pending bit is set.
 * Context: atomic.
 * Errors:  none.
 */
enum mirq_pending mirq_irq_pending(struct mirq_irqs one);
/**
 * mirq_irq_next() - Cut the first interrupt of a kind, by index, off a range:
 * rest = mirq_store_irqs(store); while (!mirq_irq_next(&rest, which, &one, &cookie)) ...
 * @inout_rest: [in,out] starts as a range, loses what was walked.
 * @out_one:    [out] a range of one; its index is .slots.first.
 * @out_cookie: [out] the one given at its allocation; NULL: not wanted.
 * Others may allocate, request, release and free meanwhile: what stays is shown once, what comes
 * or goes during the walk is shown once or not at all.
 * Context: thread.
 * Errors:  MIRQ_ENOENT (none left).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_irq_next(struct mirq_irqs *inout_rest, enum mirq_irq_which which,
					    struct mirq_irqs *out_one, uint64_t *out_cookie);
/**
 * mirq_irq_number() - For people, logs and kernels that count interrupts.
 * Returns: number of the first interrupt of @one, never 0 while it is allocated; 0: not allocated.
 * Context: atomic.
 * Errors:  0.
 */
uint32_t mirq_irq_number(struct mirq_irqs one);
/**
 * mirq_irq_find() - The interrupt with a number.
 * @out_one: [out] a range of one.
 * Context: atomic.
 * Errors:  MIRQ_ENOENT (no such number).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_irq_find(struct mirq *m, uint32_t number,
					    struct mirq_irqs *out_one);
/**
 * mirq_irq_compose() - The message that reaches the first interrupt of @one.
 * @out_msg: [out] address and data as the device sends them.
 * Context: atomic; pure.
 * Errors:  MIRQ_ENOENT (not allocated, or no id given yet).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_irq_compose(struct mirq_irqs one, struct mirq_msg *out_msg);

MIRQ_END_DECLS

#endif
