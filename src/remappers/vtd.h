/* SPDX-License-Identifier: MIT */
/*
 * vtd.h - one VT-d unit: its state, and the calls between the files of the driver. Private.
 *
 *   vtd.c        attach and detach, the op table, the events    vtd_entry.c  compose, pure
 *   vtd_life.c   probe, commands, on and off                    vtd_queue.c  invalidation
 *   vtd_table.c  which entries are taken, what they hold        vtd_fault.c  fault records
 *   vtd_completion.c  the completion event; linked when it is named
 *
 * Locking: struct mirqi_vtd.lock is a leaf: under it no call leaves the driver but to mirq_regs_*,
 * mirq_host_now_ns(), mirq_host_wait() and mirq_host_clean(). An entry is written without it: the
 * core lets one CPU at a time change one interrupt.
 */
#ifndef MIRQI_VTD_H
#define MIRQI_VTD_H

#include <stdatomic.h>

#include <mirq/device.h>
#include <mirq/host.h>
#include <mirq/remapper.h>
#include <mirq/vtd.h>

#include "../core/lock.h"
#include "../stores/dmar_event.h"
#include "vtd_regs.h"

#define VTD_RING_ENTRIES 256u /* one page of descriptors */
#define VTD_RING_BYTES (VTD_RING_ENTRIES * sizeof(struct mirq_vtd_descriptor))
#define VTD_STATUS_BYTES 64u /* the word that wait descriptors write, on a cache line of its own */
#define VTD_FLUSH_MAX 16u /* descriptors of one flush; what needs more is one for the whole table */
#define VTD_ENTRY_WORDS 2u /* 64-bit words of an entry: low, high */
#define VTD_MAX_ENTRIES_LOG2 16u

/* A flush and its wait always fit into the ring, which is empty between flushes. */
_Static_assert(VTD_FLUSH_MAX + 1 < VTD_RING_ENTRIES, "a flush does not fit into the ring");

struct mirqi_vtd_counters {
	_Atomic uint64_t nr_entry_writes, nr_invalidations, nr_waits, nr_polls, nr_errors,
		nr_faults;
};

/* What a unit interrupts for: each a device of its own, with one store, below the root. */
enum mirqi_vtd_event_of {
	MIRQI_VTD_EVENT_FAULT,
	MIRQI_VTD_EVENT_COMPLETION,
	MIRQI_VTD_NR_EVENTS
};
struct mirqi_vtd_event {
	_Atomic uint32_t is_given;
	struct mirq_device *device; /* NULL: not given */
	struct mirqi_dmar_event store;
};

struct mirqi_vtd {
	/* Immutable after attach: */
	struct mirq *m;
	struct mirq_host *host;
	const char *name;
	uint64_t regs_address; /* physical */
	struct mirq_regs regs;
	struct mirq_vtd_owner owner;
	uint32_t is_borrowed; /* owner holds the three functions */
	uint32_t flags;       /* enum mirq_vtd_flag */
	uint32_t must_clean;  /* the unit does not snoop */
	uint64_t timeout_ns;
	uint64_t cap, ecap;
	uint32_t nr_entries, entries_log2;
	_Atomic uint64_t *table; /* VTD_ENTRY_WORDS an entry; each word changes by one store */
	uint64_t table_bus;
	struct mirq_vtd_descriptor *ring;
	_Atomic uint32_t *status; /* written by wait descriptors */
	uint64_t ring_bus;
	struct mirq_domain *domain;
	size_t size_bytes; /* of this allocation */
	/* Thread context, one at a time (attach, detach): */
	uint32_t queue_is_on, remapping_is_on; /* by us */
	/* Any context: */
	_Atomic uint32_t is_broken; /* a flush was not answered; stays */
	struct mirqi_vtd_event events[MIRQI_VTD_NR_EVENTS];
	struct mirqi_vtd_counters counters;
	/* Protected by lock: */
	struct mirqi_spin lock;
	uint32_t tail;                    /* next free descriptor */
	uint32_t sequence;                /* what the last wait descriptor writes */
	uint32_t next_record;             /* where the next fault is looked for */
	uint32_t nr_logged, nr_held_back; /* faults told and not told in this second */
	uint64_t logged_since_ns;
	uint32_t nr_free;
	uint32_t hints[VTD_MAX_ENTRIES_LOG2 + 1]; /* by log2: no free block in words below */
	uint64_t taken[];                         /* bit by entry */
};

/* What attach of a device leaves for the calls below: the checked sender. */
struct mirqi_vtd_ctx {
	uint64_t high; /* half of each of its entries */
};

static inline void mirqi_vtd_count(_Atomic uint64_t *counter, uint64_t nr)
{
	atomic_fetch_add_explicit(counter, nr, memory_order_relaxed);
}

/* vtd.c */
/* The unit of a domain; NULL: it is none. */
struct mirqi_vtd *mirqi_vtd_of(const struct mirq_domain *domain);
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_event_irq(struct mirq_domain *vtd,
						  enum mirqi_vtd_event_of which,
						  struct mirq_irqs *out_irq);

/* vtd_entry.c: pure. */
/* The high half that lets exactly @who through. MIRQ_EINVAL: an entry cannot say the set. */
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_compose_high(const struct mirq_requesters *who,
						     uint64_t *out_high, struct mirq_why *why);
/* The low half for @route. MIRQ_EINVAL: kind, vector or target that an entry cannot hold. */
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_compose_low(const struct mirq_route *route, int eim,
						    uint64_t *out_low);
/* Forget 2^mask_log2 entries of the entry cache, the first a multiple of that. */
struct mirq_vtd_descriptor mirqi_vtd_compose_iec(uint32_t first, uint32_t mask_log2);
struct mirq_vtd_descriptor mirqi_vtd_compose_iec_global(void);
/* Write @data to the 32-bit word at @address when all before is done. */
struct mirq_vtd_descriptor mirqi_vtd_compose_wait(uint64_t address, uint32_t data);

/* vtd_life.c: thread or init. */
/* Read the capabilities and decide; fills cap, ecap, must_clean, may map more registers. */
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_probe(struct mirqi_vtd *u, struct mirq_why *why);
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_enable(struct mirqi_vtd *u, struct mirq_why *why);
/* MIRQ_EIO: the unit may still use table and ring. */
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_disable(struct mirqi_vtd *u);
/* How long to wait for hardware: by the clock, and by a count where the clock stands still. */
struct mirqi_vtd_deadline {
	uint64_t start_ns, last_ns;
	uint32_t is_started, nr_still;
	uint32_t is_last; /* it is too late, but who was held up may look once more */
};
/* Atomic. Not 0: it is too late, and one look was made after that. */
int mirqi_vtd_expired(const struct mirqi_vtd *u, struct mirqi_vtd_deadline *deadline);
/* Atomic, under lock. Old chips: push writes to the table out of a buffer before the unit. */
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_write_buffer_flush(struct mirqi_vtd *u)
	MIRQ_MUST_HOLD(u->lock);

/* vtd_table.c */
void mirqi_vtd_table_init(struct mirqi_vtd *u);
/* The ops of remapper.h. */
enum mirq_err mirqi_vtd_alloc(void *data, void *ctx, const struct mirq_batch *batch,
			      uint32_t block_log2, struct mirq_why *why);
void mirqi_vtd_free(void *data, void *ctx, const struct mirq_batch *batch);
enum mirq_err mirqi_vtd_program(void *data, void *ctx, const struct mirq_batch *batch);
void mirqi_vtd_clear(void *data, void *ctx, const struct mirq_batch *batch);
/* Cut the next run of consecutive entries off a batch: 1, or 0 at the end. */
struct mirqi_vtd_runs {
	const struct mirq_batch *batch;
	const void *cursor;
	uint32_t ahead; /* first entry of the next run */
	uint32_t is_ahead, is_started;
};
int mirqi_vtd_run_next(struct mirqi_vtd_runs *runs, struct mirq_range *out_run);

/* vtd_queue.c */
/* Empty ring, unit told where it is. Its switch is not touched. */
void mirqi_vtd_queue_init(struct mirqi_vtd *u);
/* Has the unit done everything that it was ever told, and not only fetched? One that is gone has
 * not. Atomic. */
int mirqi_vtd_queue_is_idle(const struct mirqi_vtd *u);
/* Submit up to VTD_FLUSH_MAX invalidations, or one wait that interrupts, and wait. Atomic. */
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_run(struct mirqi_vtd *u,
					    const struct mirq_vtd_descriptor *descriptors,
					    uint32_t nr);
MIRQ_MUST_CHECK enum mirq_err mirqi_vtd_flush_all(struct mirqi_vtd *u);
/* The op of remapper.h. Atomic. */
enum mirq_err mirqi_vtd_flush(void *data, void *ctx, const struct mirq_batch *batch);
/* An error for people. Atomic. */
void mirqi_vtd_tell(const struct mirqi_vtd *u, const char *text);
/* Stop asking the unit; told once. Atomic. */
void mirqi_vtd_break(struct mirqi_vtd *u, const char *text);

/* vtd_fault.c: the op of remapper.h. Atomic. */
int mirqi_vtd_fault_read(void *data, struct mirq_fault *out_fault);

#endif
