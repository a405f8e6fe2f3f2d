/* SPDX-License-Identifier: MIT */
/*
 * core.h - the core's own structures and the calls between its files. Private to src/core.
 *
 *   system.c    struct mirq, CPUs                    want.c, alloc.c  reserve and free
 *   lines.c     secondary roots
 *   domain.c    root, remappers, batches, compose    activate.c program, write, undo
 *   device.c    devices and links                    request.c  actions: request, release
 *   store.c     template -> domain                   dispatch.c an event, service, retiring ids
 *   state.c     the state word                       control.c  enable, disable, masks, resend
 *   ids.c       ids of CPUs                          move.c     affinity
 *   step.c      ... word by word                     hotplug.c  CPUs come and go
 *   rules.c     op tables at registration
 *   sparse.c    pointers by index                    inspect.c, dump.c, check.c   questions
 */
#ifndef MIRQI_CORE_H
#define MIRQI_CORE_H

#include <stdatomic.h>

#include <mirq/bus.h>
#include <mirq/host.h>
#include <mirq/inspect.h>
#include <mirq/mirq.h>
#include <mirq/remapper.h>
#include <mirq/root.h>

#include "fail.h"
#include "ids.h"
#include "lock.h"
#include "memory.h"
#include "sparse.h"
#include "state.h"

struct mirq_irq;

/* A domain: one per root, remapper and store. */
struct mirq_domain {
	struct mirq *m;
	enum mirq_role role;
	const char *name;
	struct mirq_domain *parent; /* NULL: the root */
	struct mirq_domain *next;   /* of the system's list: root first, parents before children */
	uint32_t nr_children;       /* remappers and devices below */
	uint32_t carries;           /* what the way from here to the CPU lets through */
	uint32_t limit_hw_target;   /* routes on this way name targets below; 0: any */
	_Atomic uint32_t nr_used;
	_Atomic uint64_t nr_programmed, nr_flushes;
};

/* Op tables and descriptions are copied to full size, so that a shorter (older) one reads as
 * zero. */
struct mirqi_root {
	struct mirq_domain domain;
	struct mirq_root_init init;
	struct mirq_root_ops ops;
	struct mirqi_cpu *targets; /* whose ids it owns: the CPUs, or its lines */
	uint32_t nr_targets;
	uint32_t nr_words;      /* of a target's bitmaps */
	uint32_t *hw_target;    /* by target: for the allocator */
	uint32_t max_hw_target; /* of those added so far */
	struct mirq_ids *ids;
	_Atomic(struct mirq_irq *) *system; /* ids of the system: the cells of all CPUs */
	_Atomic uint32_t nr_frees; /* under way: entries go first, then their ids of the system */
	/* Of a secondary root, by target; NULL: its targets are the CPUs. */
	struct mirqi_line *lines;
	/* CPUs := the lines that go there now, their bits in @bits. MIRQ_ENOTSUP: none. */
	enum mirq_err (*find_lines)(const struct mirqi_root *root, struct mirq_cpus *inout_cpus,
				    uint64_t *bits, struct mirq_why *why);
	/* What the ids of one word of @line brought, of them @retiring; all, in any words. */
	void (*walk)(const struct mirqi_root *root, uint32_t line, uint32_t word,
		     uint64_t retiring);
	enum mirq_err (*detach)(struct mirq_domain *domain);
};

/* An interrupt that carries those of the devices behind a secondary root. */
struct mirqi_line {
	struct mirqi_root *root;
	struct mirq_irq *irq;
	uint32_t target;
};
struct mirqi_remapper {
	struct mirq_domain domain;
	struct mirq_remapper_init init;
	struct mirq_remapper_ops ops;
};

static inline int mirqi_msg_is(const struct mirq_msg *a, const struct mirq_msg *b)
{
	return a->address == b->address && a->data == b->data;
}

#define MIRQI_MAX_REMAPPERS 4

/* What a device has in one remapper of its way. */
struct mirqi_attachment {
	struct mirqi_remapper *remapper;
	void *ctx;
	uint32_t is_attached;
};

struct mirq_device {
	/* Immutable after attach: */
	struct mirq *m;
	const char *name;
	struct mirq_domain *parent;
	struct mirqi_root *root; /* where its way ends */
	struct mirq_range *ids;  /* the requester set, owned */
	struct mirq_requesters requesters;
	void *data;
	void (*fini)(void *data);
	struct mirq_device *next;
	/* Protected by mutex: */
	struct mirqi_mutex mutex;
	struct mirq_store *stores;
	struct mirqi_attachment way[MIRQI_MAX_REMAPPERS]; /* [0] is next to the store */
	uint32_t nr_remappers;
};

/* Where masking reaches: the first rung of the ladder that a way has; data, computed at attach. */
enum mirqi_rung {
	MIRQI_RUNG_STORE,
	MIRQI_RUNG_REMAPPER,
	MIRQI_RUNG_ROOT,
	MIRQI_RUNG_SOFTWARE
};

struct mirq_store {
	/* Immutable after attach: */
	struct mirq_domain domain;
	struct mirq_device *dev;
	struct mirqi_root *root; /* the device's */
	struct mirq_store *next;
	struct mirq_store_template kind; /* full-size copies */
	struct mirq_store_ops ops;
	void *data;
	uint32_t nr_slots, exclusive_group;
	uint32_t base; /* of a direct store: the id of slot 0 */
	enum mirqi_rung rung;
	uint32_t table; /* level of the table remapper in dev->way, nr_remappers: none */
	/* Protected by dev->mutex; readers of slots take no lock: */
	struct mirqi_sparse slots;
	uint32_t nr_lines;   /* interrupts that carry others */
	uint32_t nr_active;  /* interrupts whose way is programmed */
	uint32_t is_enabled; /* the store is switched on */
	uint32_t block_log2; /* of a store of one message, while it has interrupts */
	uint32_t block_first;
	/* Protects masks, messages and shared registers: */
	struct mirqi_spin leaf;
};

/* Memory of interrupts that were allocated together. */
struct mirqi_chunk {
	size_t size_bytes;
	uint32_t nr_live;
};

/* A copied CPU bitmap, shared by the interrupts of one call. */
struct mirqi_bits {
	size_t size_bytes;
	uint32_t nr_users;
	uint64_t words[];
};

struct mirqi_action {
	_Atomic(struct mirqi_action *) next;
	mirq_handler *handle;
	void *context;
};

enum mirqi_irq_flag {
	MIRQI_IRQ_HAS_ID = 1,       /* route is a promise of the root */
	MIRQI_IRQ_SHARED = 2,       /* its actions may be joined by others */
	MIRQI_IRQ_WRITTEN = 4,      /* the slot holds msg */
	MIRQI_IRQ_WAS_ACTIVE = 8,   /* hardware may have sent to route since it was given */
	MIRQI_IRQ_QUARANTINED = 16, /* hardware may still send: ids and entries are kept for good */
	MIRQI_IRQ_SLOT_INIT = 32,   /* slot_init was called */
	MIRQI_IRQ_JOINS = 64,       /* the request that is going on has added an action */
	MIRQI_IRQ_LATE = 128,       /* the request that is going on has given it its id */
	MIRQI_IRQ_UNCONFIRMED = 256, /* hardware did not answer to its last move: tell it again */
	MIRQI_IRQ_LINE = 1024,       /* carries those behind a secondary root */
	MIRQI_IRQ_RESERVED = 512     /* other is an id that it has not moved to yet */
};

/* Which ids of earlier ways still point to the interrupt. Both are ids of the CPU of .other. */
enum mirqi_live {
	MIRQI_LIVE_OTHER = 1, /* other.id */
	MIRQI_LIVE_STEP = 2   /* route.id: the message in between, see step.c */
};

/* One interrupt. Hops of its remappers follow in line. */
struct mirq_irq {
	mirqi_state state;
	/* Immutable: */
	uint32_t index, number;
	uint32_t trigger; /* enum mirq_trigger */
	uint32_t word;    /* the store's own */
	struct mirq_store *store;
	struct mirqi_chunk *chunk;
	struct mirq_irq *batch_next;
	/* Changed under dev->mutex and store->leaf, so that either may read: */
	struct mirq_route route; /* where it goes */
	struct mirq_route other; /* where it went, until that has drained; or is about to go */
	_Atomic uint32_t live;   /* enum mirqi_live, or-ed; its CPU takes them off */
	uint32_t flags;          /* enum mirqi_irq_flag; under dev->mutex */
	uint64_t cookie;
	struct mirq_msg msg;         /* what the slot was told last */
	uint32_t nr_unwanted;        /* rounds in a row in which every action said NOT_MINE */
	_Atomic uint64_t nr_handled; /* written by who runs it */
	_Atomic(struct mirqi_action *) actions;
	struct mirqi_action first;
	struct mirq_range wanted; /* requested affinity */
	struct mirqi_bits *bits;  /* NULL: the whole range */
	struct mirq_hop hops[];
};

struct mirq_batch {
	struct mirq_irq *first, *last;
	uint32_t nr;
	uint32_t level; /* whose hops mirq_batch_next() shows */
};

enum mirqi_cpu_phase {
	MIRQI_CPU_DOWN,
	MIRQI_CPU_LEAVING,  /* takes what is there, gets nothing new */
	MIRQI_CPU_PREPARED, /* the same, and everything has moved */
	MIRQI_CPU_ONLINE
};

/* A target of a root: one CPU, or the line of a secondary root, which runs on one CPU at a time.
 * Its own cache lines; written by itself but for the bits. */
struct mirqi_cpu {
	_Alignas(64) _Atomic uint32_t section; /* odd: inside a dispatch section; see dispatch.c */
	_Atomic(struct mirq_irq *) *cells;     /* by id - first: NULL, an interrupt, or the tomb */
	_Atomic uint32_t nr_waiting;           /* bits set in retire and replay */
	_Atomic uint32_t is_kicked;            /* a mirq_service() is on its way */
	uint32_t hw_target, node;
	_Atomic uint64_t nr_dispatched, nr_stray, nr_late;
	_Atomic uint64_t *retire; /* ids to be given back once they are not pending */
	_Atomic uint64_t *replay; /* ids to be raised by software */
	uint32_t is_added;
	_Atomic uint32_t phase; /* enum mirqi_cpu_phase */
};

/* How interrupts end: data, computed when the root is attached. */
struct mirqi_flow {
	void (*eoi)(void *data, uint32_t cpu, uint32_t id); /* NULL: taking the id ended it */
	void *root_data;
	uint32_t
		end_first_edge; /* edge: end, then the handlers; level: always the handlers first */
};

struct mirqi_link {
	struct mirq_link link;
	struct mirqi_link *next;
};

struct mirq {
	/* Immutable after init: */
	struct mirq_host *host;
	uint32_t nr_cpus;
	struct mirqi_cpu *cpus;
	/* Immutable after the root's attach; what dispatch needs of it stands here too: */
	struct mirqi_root *root;
	struct mirqi_flow flow;
	struct mirq_range ids_range;
	struct mirqi_mutex hotplug; /* a walk over all devices: none is freed, no CPU leaves */
	/* Protected by mutex; numbers are read without: */
	struct mirqi_mutex mutex;
	struct mirq_domain *domains;
	struct mirq_device *devices;
	struct mirqi_link *links;
	struct mirqi_sparse numbers;
	/* Counters and hooks: */
	_Atomic uint32_t nr_irqs, nr_quarantined, nr_best_effort;
	_Atomic uint64_t nr_kept, nr_faults;
	_Atomic(mirq_trace *) trace;
	void *trace_context;
	/* What cells of released interrupts point to: never requested, so events there are late. */
	struct mirq_irq *tomb;
};

/* memory */
void *mirqi_alloc(struct mirq *m, size_t size_bytes); /* zeroed, cache-line aligned; thread */
void mirqi_free(struct mirq *m, void *memory, size_t size_bytes);

/* domain.c */
/* Take a domain that is nobody's parent out of the system. MIRQ_EBUSY. */
MIRQ_MUST_CHECK enum mirq_err mirqi_domain_unlink(struct mirq_domain *domain);
void mirqi_domain_link(struct mirq_domain *domain);
void mirqi_batch_add(struct mirq_batch *batch, struct mirq_irq *irq);
#define mirqi_batch_for_each(irq, batch)                                                           \
	for ((irq) = (batch)->first; (irq); (irq) = (irq)->batch_next)
/* The message that the slot of @irq must hold. MIRQ_ENOTSUP: a shim or the store cannot say it. */
MIRQ_MUST_CHECK enum mirq_err mirqi_compose(const struct mirq_irq *irq, struct mirq_msg *out_msg,
					    struct mirq_why *why);
/* The same if @irq went by @route. */
MIRQ_MUST_CHECK enum mirq_err mirqi_compose_to(const struct mirq_irq *irq,
					       const struct mirq_route *route,
					       struct mirq_msg *out_msg, struct mirq_why *why);
/* Ids of the system: their routes name CPU 0, which says nothing; target 0's bitmap knows what is
 * taken. */
static inline int mirqi_is_system(const struct mirqi_root *root)
{
	return root->init.scope == MIRQ_IDS_OF_SYSTEM;
}
static inline int mirqi_is_direct(const struct mirq_store *store)
{
	return (store->kind.traits & MIRQ_STORE_DIRECT) != 0;
}
/* Does a table stand above @store whose message stays when a route changes? */
static inline int mirqi_keeps_message(const struct mirq_store *store)
{
	return store->table < store->dev->nr_remappers &&
	       !(store->dev->way[store->table].remapper->init.traits & MIRQ_REMAPPER_NEW_MESSAGE);
}
/* Do shims stand between @store and the root, and no table? */
static inline int mirqi_has_windows(const struct mirq_store *store)
{
	return store->table && store->table == store->dev->nr_remappers;
}
/* Of such a store: does a message for @cpu get through? MIRQ_ENOTSUP names who does not let it. */
MIRQ_MUST_CHECK enum mirq_err mirqi_reach_check(const struct mirq_store *store, uint32_t cpu,
						struct mirq_why *why);
/* The same, and out_msg[1] := the deassert message of stores that have two. */
MIRQ_MUST_CHECK enum mirq_err mirqi_compose_both(const struct mirq_irq *irq,
						 const struct mirq_route *route,
						 struct mirq_msg out_msg[2], struct mirq_why *why);
/* The message that arrives at @level of the way. MIRQ_ENOENT: none, behind the table or without a
 * route; MIRQ_ENOTSUP: a shim cannot say it. */
MIRQ_MUST_CHECK enum mirq_err mirqi_compose_at(const struct mirq_irq *irq, uint32_t level,
					       struct mirq_msg *out_msg);
/* Remapper phases over a batch, from the CPU toward the store. */
MIRQ_MUST_CHECK enum mirq_err mirqi_program(struct mirq_store *store, struct mirq_batch *batch);
/* Entries := not present; MIRQ_EIO: a remapper did not confirm. */
enum mirq_err mirqi_clear(struct mirq_store *store, struct mirq_batch *batch);

/* system.c */
static inline _Atomic(struct mirq_irq *) *mirqi_cell(const struct mirqi_root *root, uint32_t cpu,
						     uint32_t id)
{
	return &root->targets[cpu].cells[id - root->init.ids.first];
}
static inline size_t mirqi_cells_bytes(const struct mirqi_root *root)
{
	return (root->init.ids.limit - root->init.ids.first) * sizeof(struct mirq_irq *);
}
/* Memory of a target: cells and bitmaps. MIRQ_ENOMEM. Thread. */
MIRQ_MUST_CHECK enum mirq_err mirqi_target_init(struct mirqi_root *root, uint32_t target,
						uint32_t hw_target);
/* A root without its targets: NULL when the host has no memory. Thread. */
struct mirqi_root *mirqi_root_init(struct mirq *m, const struct mirq_root_init *own,
				   const struct mirq_root_ops *ops, uint32_t nr_targets);
/* Free a root and its targets' memory; targets themselves are the owner's. */
void mirqi_root_fini(struct mirqi_root *root);
void mirqi_event(struct mirq *m, enum mirq_event event, const struct mirq_irq *irq, uint64_t a,
		 uint64_t b);
static inline uint32_t mirqi_phase(const struct mirqi_cpu *c)
{
	return atomic_load_explicit((_Atomic uint32_t *)(uintptr_t)&c->phase, memory_order_acquire);
}
static inline uint32_t mirqi_cpu_phase(const struct mirq *m, uint32_t cpu)
{
	return mirqi_phase(&m->cpus[cpu]);
}
static inline int mirqi_cpu_is_online(const struct mirq *m, uint32_t cpu)
{
	return mirqi_cpu_phase(m, cpu) == MIRQI_CPU_ONLINE;
}
/* Affinity sets: check against the system; copy of a bitmap. */
MIRQ_MUST_CHECK enum mirq_err mirqi_cpus_check(struct mirq *m, struct mirq_cpus cpus,
					       struct mirq_why *why);
int mirqi_cpus_have_online(const struct mirq *m, struct mirq_cpus cpus);
/* Every CPU that the system can have? */
int mirqi_cpus_are_all(const struct mirq *m, struct mirq_cpus cpus);
/* @cpus, or every CPU when none of them is online. */
struct mirq_cpus mirqi_cpus_usable(const struct mirq *m, struct mirq_cpus cpus);
MIRQ_MUST_CHECK enum mirq_err mirqi_bits_copy(struct mirq *m, struct mirq_cpus cpus,
					      struct mirqi_bits **out_bits);
void mirqi_bits_get(struct mirqi_bits *bits);
void mirqi_bits_put(struct mirq *m, struct mirqi_bits *bits);

/* dispatch.c */
/* Wait until no CPU that may run a member of @batch is in a section that began before. Thread. */
void mirqi_quiesce(const struct mirq_batch *batch);
void mirqi_quiesce_one(const struct mirq_irq *irq);
/* Was this called from a handler, that is inside a section of this CPU? Who then waited for that
 * section would wait for itself. Takes no lock. */
int mirqi_is_inside(struct mirq *m);
/* Give an id back as soon as its CPU finds it not pending; mirqi_kick() follows. Any context. */
void mirqi_retire(struct mirqi_root *root, uint32_t cpu, uint32_t id);
/* Make a CPU look at what waits for it: once for all that was left there. Any context. */
void mirqi_kick(struct mirqi_root *root, uint32_t cpu);
/* The same, whether or not it looks already. */
void mirqi_kick_again(struct mirqi_root *root, uint32_t cpu);
/* Raise an interrupt by software on the target of its route. Returns the line that the caller must
 * raise for it once it holds no lock; NULL: nothing is left to do. Any context. */
struct mirq_irq *mirqi_replay(struct mirqi_root *root, const struct mirq_route *route);
/* Give @irq an event that a target brought. Dispatch. */
void mirqi_fire(const struct mirqi_root *root, uint32_t target, struct mirq_irq *irq);
/* The action of a line; context: its struct mirqi_line. */
enum mirq_handled mirqi_line_handle(void *context);
/* Wait, 1 ms at most, until ids that retire have gone from CPUs of @cpus that can still serve them.
 * Thread. */
void mirqi_wait_retired(struct mirqi_root *root, struct mirq_cpus cpus);
/* What waits on this CPU goes on by the new ways. The CPU leaves, interrupts off. */
void mirqi_leave_cpu(struct mirq *m, uint32_t cpu);

/* control.c */
/* Bring the mask rung of @irq in line with its state word. Atomic. */
void mirqi_mask_sync(struct mirq_irq *irq);
/* Where @irq goes now. Atomic. */
struct mirq_route mirqi_route(const struct mirq_irq *irq);
/* The CPU that a target is, or that a line goes to now. Atomic. */
uint32_t mirqi_cpu_of_line(const struct mirqi_line *line);
static inline uint32_t mirqi_cpu_of(const struct mirqi_root *root, uint32_t target)
{
	return root->lines ? mirqi_cpu_of_line(&root->lines[target]) : target;
}
/* For the trace: a line is no CPU. */
static inline uint64_t mirqi_place(const struct mirqi_root *root, uint32_t target)
{
	return root->lines ? MIRQ_TRACE_LINE | target : target;
}
/* Does one of @irqs carry others? Under dev->mutex. */
int mirqi_has_lines(struct mirq_irqs irqs);
/* The CPU that @route leads to now; UINT32_MAX: not known. Atomic. */
uint32_t mirqi_where(const struct mirqi_root *root, const struct mirq_route *route);
/* What its slot was told last; address 0: nothing yet. Atomic. */
struct mirq_msg mirqi_told(const struct mirq_irq *irq);
/* Raise @irq by the resend ladder. Atomic. */
void mirqi_resend(struct mirq_irq *irq);

/* alloc.c */
/* An id on a CPU of @cpus for @irq, into one of its routes; if it moves word by word, on the CPU
 * that it leaves as well (step.c). MIRQ_ENOSPC. */
MIRQ_MUST_CHECK enum mirq_err mirqi_give_id_in(struct mirq_irq *irq, struct mirq_cpus cpus,
					       struct mirq_route *out_route, struct mirq_why *why);
static inline struct mirq_cpus mirqi_wanted(const struct mirq_irq *irq)
{
	struct mirq_cpus cpus = { irq->wanted, irq->bits ? irq->bits->words : NULL };

	return cpus;
}
/* Give back the id of a route that no hardware can name (any more). */
void mirqi_drop_id(struct mirqi_root *root, const struct mirq_route *route);

/* activate.c */
/* Program the ways of a batch (none ACTIVE) up to the written, still masked slots. */
MIRQ_MUST_CHECK enum mirq_err mirqi_activate(struct mirq_store *store, struct mirq_batch *batch,
					     struct mirq_why *why);
/* The store on, everything arrived, slots let through. */
MIRQ_MUST_CHECK enum mirq_err mirqi_open(struct mirq_store *store, struct mirq_batch *batch);
/* Call an op of the store on its slot; slots that share registers under the leaf lock. Atomic. */
void mirqi_touch(struct mirq_irq *irq, void (*op)(const struct mirq_slot *slot));
/* Is the whole store masked while slots are told something, for want of a mask of their own? */
int mirqi_masks_whole(const struct mirq_store *store);
/* All slots of @store, where it has such a switch. */
void mirqi_mask_all(struct mirq_store *store, int on);
/* Tell the slot of @irq its message, if it is not what it holds; masked, or one word changes. */
MIRQ_MUST_CHECK enum mirq_err mirqi_write_slot(struct mirq_irq *irq, struct mirq_why *why);
/* The same with a message of the caller's. */
void mirqi_tell_slot(struct mirq_irq *irq, const struct mirq_msg *msg);
/* Is nothing sent by the device before a flush still on its way? What tells: see activate.c. */
int mirqi_table_drains(const struct mirq_store *store);
/* mirqi_fail() with @store's own word about what has just failed, where it has one. */
enum mirq_err mirqi_fail_store(const struct mirq_store *store, struct mirq_why *why,
			       enum mirq_err err, const char *text);
/* Hardware may still send to the ids or entries of @irq: keep them for good. */
void mirqi_quarantine(struct mirq_irq *irq);
/* Hardware did not answer: what the slots hold now is not known, they are told again. */
void mirqi_forget_written(struct mirq_batch *batch);
/* Undo both, for members that are ACTIVE and not REQUESTED. Cannot fail: quarantines. */
void mirqi_deactivate(struct mirq_store *store, struct mirq_batch *batch);

/* step.c */
/* Do slots of @store change word by word, and are not masked for it? */
int mirqi_is_wordwise(const struct mirq_store *store);
/* Of those: may @irq move? */
int mirqi_can_step(const struct mirq_irq *irq);
/* Must it take steps for it? */
int mirqi_steps(const struct mirq_irq *irq);
/* A new id is in .other: are the two changes one word each? MIRQ_ENOTSUP: pinned, or a shim. */
MIRQ_MUST_CHECK enum mirq_err mirqi_step_check(const struct mirq_irq *irq, struct mirq_why *why);
/* Give back what mirqi_give_id_in() took on the old CPU, if it did. */
void mirqi_step_drop(struct mirq_irq *irq);
/* The way in between leads to @irq; its routes are swapped already. */
void mirqi_step_publish(struct mirq_irq *irq);
/* Tell the slot the message in between. */
void mirqi_step_tell(struct mirq_irq *irq);
static inline uint32_t mirqi_live(const struct mirq_irq *irq)
{
	return atomic_load_explicit((_Atomic uint32_t *)(uintptr_t)&irq->live,
				    memory_order_acquire);
}

/* request.c */
/* Release and deactivate what of a range is active. The caller holds dev->mutex. */
void mirqi_release_locked(struct mirq_irqs irqs);

/* store.c */
static inline struct mirq_irq *mirqi_irq(const struct mirq_store *store, uint32_t index)
{
	return mirqi_sparse_get(&store->slots, index);
}
/* 1: its slots are told an assert and a deassert message. */
static inline uint32_t mirqi_has_two(const struct mirq_store *store)
{
	return (store->kind.traits & MIRQ_STORE_TWO_MESSAGES) != 0;
}
static inline struct mirq_slot mirqi_slot(struct mirq_irq *irq)
{
	struct mirq_slot slot = { irq->store->data, irq->cookie, irq->index, &irq->word };

	return slot;
}
#endif
