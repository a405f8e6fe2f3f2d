/* SPDX-License-Identifier: MIT */
/*
 * mock.h - a system on the hosted port with a root, remappers, devices and stores that a test
 * drives and watches: what a machine is to the core, without any real chip.
 *
 *   struct mock *m = mock_new();                    edit m->root first where defaults do not fit
 *   mock_start(m, 4);                               system, root, 4 CPUs online
 *   t = mock_table(m);                              a table below the root (optional)
 *   dev = mock_device(m, "dev", t->domain);         or NULL: below the root
 *   s = mock_store(m, MOCK_MSIX, "msix", 8);        edit s->kind, s->ops first where needed
 *   mock_store_attach(s, dev);                      then mirq_irq_alloc(s->store, ...)
 *   mock_raise(s, 3); mock_deliver(m);              the device fires slot 3; CPUs take it
 *   mock_expect(m, "root.eoi 0:32\n...");           what the core asked of the hardware
 *   mock_fail(m, "msix.flush", 1, 1, MIRQ_EIO);     the next flush fails, once
 *   mock_free(m);                                   nothing leaked, no rule of hardware broken
 *
 * The hardware is the strictest that the contract allows: an entry that was changed is used in its
 * old form until it was flushed, a live entry that is freed or a message that may be torn is a
 * breach. The first breach ends the test in mock_free(), or at mock_sound().
 */
#ifndef MIRQ_TESTS_MOCK_H
#define MIRQ_TESTS_MOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mirq/bus.h>
#include <mirq/inspect.h>
#include <mirq/mirq.h>
#include <mirq/remapper.h>
#include <mirq/root.h>

#include "mirq_hosted.h"

#define MOCK_NR(array) (sizeof(array) / sizeof((array)[0]))
#define MOCK_MAX_IDS 2048
#define MOCK_HW_TARGET 0x10 /* CPU n is target 0x10 + n */

/* Every op of every role; in logs they stand in small letters. */
enum mock_op {
	MOCK_OP_CPU_UP,
	MOCK_OP_CPU_DOWN,
	MOCK_OP_COMPOSE,
	MOCK_OP_MASK,
	MOCK_OP_UNMASK,
	MOCK_OP_CLAIM,
	MOCK_OP_EOI,
	MOCK_OP_PENDING,
	MOCK_OP_RESEND,
	MOCK_OP_FINI,
	MOCK_OP_ATTACH,
	MOCK_OP_DETACH,
	MOCK_OP_ALLOC,
	MOCK_OP_FREE,
	MOCK_OP_PROGRAM,
	MOCK_OP_CLEAR,
	MOCK_OP_FLUSH,
	MOCK_OP_INJECT,
	MOCK_OP_FAULTS,
	MOCK_OP_TRANSLATE,
	MOCK_OP_SETUP,
	MOCK_OP_TEARDOWN,
	MOCK_OP_ENABLE,
	MOCK_OP_DISABLE,
	MOCK_OP_SLOT_INIT,
	MOCK_OP_SLOT_FINI,
	MOCK_OP_WRITE,
	MOCK_OP_MASK_ALL,
	MOCK_OP_UNMASK_ALL,
	MOCK_OP_SET_TRIGGER,
	MOCK_OP_BUSY,
	MOCK_OP_BEGIN,
	MOCK_OP_COMMIT,
	MOCK_NR_OPS
};

/* How often an op was called, and which of its calls fail. */
struct mock_calls {
	_Atomic uint64_t nr;
	uint64_t fail_first, fail_limit; /* calls first..limit-1 fail; 0, 0: none */
	enum mirq_err err;
};

struct mock;

/* A domain with a log: root, remapper or store. */
struct mock_domain {
	struct mock *mock;
	const char *name;
	struct mock_calls calls[MOCK_NR_OPS];
	struct mock_domain *next;
};

struct mock_root {
	struct mock_domain d;
	struct mirq_root_init init; /* edit before mock_start() */
	struct mirq_root_ops ops;
	struct mirq_domain *domain;
	uint32_t where; /* the CPU to which ids of the system go */
	struct {
		_Atomic uint8_t irr[MOCK_MAX_IDS];  /* waits to be taken */
		_Atomic uint8_t isr[MOCK_MAX_IDS];  /* taken, not ended */
		_Atomic uint8_t open[MOCK_MAX_IDS]; /* unmasked, for roots that mask */
	} cpus[MIRQ_HOSTED_CPUS];
};

/* Every op of a root and of a table, to pick from: by default a root is like an x86 one (no mask,
 * unmask, claim), a table has no mask, unmask, inject. */
extern const struct mirq_root_ops mock_root_all;
extern const struct mirq_remapper_ops mock_table_all;

struct mock_entry {
	uint8_t is_allocated, is_present, is_masked, is_pending;
	uint32_t hw_target, id;
};

struct mock_remapper {
	struct mock_domain d;
	struct mirq_remapper_init init; /* edit before mock_remapper_attach() */
	struct mirq_remapper_ops ops;
	struct mirq_domain *domain;
	uint32_t nr_attached;
	/* table */
	struct mock_entry *entries; /* what memory says */
	struct mock_entry *live;    /* what hardware uses until it is flushed */
	uint64_t nr_blocked;        /* messages to entries that are not present */
	/* shim: the far side adds this; what comes from above this limit does not fit */
	uint64_t offset, limit_address;
	/* faults to hand out, last first */
	struct mirq_fault faults[4];
	uint32_t nr_faults;
	struct mock_remapper *next;
};

#define MOCK_MUX_LINES 64
#define MOCK_MUX_IDS 64

/* A secondary root: data of a message is the id where it has claim, so that it can say who it
 * was. */
struct mock_mux {
	struct mock_domain d;
	struct mirq_secondary_init init; /* edit before mock_mux_attach() */
	struct mirq_secondary_ops ops;   /* without claim by default */
	struct mirq_domain *domain;      /* a mux of the library's may be put here instead */
	struct mock_store *controller;
	_Atomic uint8_t waits[MOCK_MUX_LINES][MOCK_MUX_IDS];
	struct mock_mux *next;
};
extern const struct mirq_secondary_ops mock_mux_all;

enum mock_kind {
	MOCK_MSIX,    /* maskable, enable, mask_all, pending, flush */
	MOCK_MSI,     /* one message for a block, maskable by slot, enable, flush, pending */
	MOCK_PLAIN,   /* no mask; a message changes at once; flush */
	MOCK_TORN,    /* no mask; a message can be torn */
	MOCK_LEVEL,   /* MSIX with triggers, eoi, busy */
	MOCK_TWO,     /* the same with an assert and a deassert message instead of eoi and busy */
	MOCK_SLEEPS,  /* MSIX with begin and commit */
	MOCK_IMS,     /* device-specific (not of the bus), maskable, cookies */
	MOCK_NO_FLUSH /* maskable, no flush: nothing is known to drain */
};

struct mock_slot {
	struct mirq_msg msg[2];
	uint64_t cookie;
	uint64_t nr_writes, nr_sent, nr_lost; /* lost: masked by a store that forgets, or off */
	enum mirq_trigger trigger;
	uint8_t is_masked, is_pending, is_init;
	uint8_t is_high, is_in_service; /* level: the line; sent and not ended by eoi */
	uint8_t is_asserted; /* sent; the end of the line is sent too, where it has two */
};

struct mock_store {
	struct mock_domain d;
	struct mirq_store_template kind; /* edit before mock_store_attach() */
	struct mirq_store_ops ops;
	struct mirq_store_init init;
	struct mirq_store *store;
	struct mirq_device *dev;
	struct mock_slot *slots;
	uint32_t is_on, is_all_masked, nr_log2, is_open; /* open: between begin and commit */
	struct mock_store *next;
};

struct mock {
	struct mirq_host host;
	struct mirq *m;
	struct mirq_why why; /* of the last call made through a helper below */
	struct mock_root root;
	struct mock_remapper *remappers;
	struct mock_mux *muxes;
	struct mock_store *stores;
	struct mock_domain *domains;
	pthread_mutex_t lock; /* of stores, entries and the log; the root's state is atomic */
	char *log;
	size_t log_bytes, log_room;
	int is_quiet;          /* nothing is logged (threads) */
	const char *violation; /* the first rule of hardware that was broken */
	char violation_at[64];
	uint64_t nr_unrouted; /* messages that meant no CPU */
	/* Called before each op does anything, not for ops inside a hook; NULL: none. */
	void (*hook)(void *context, struct mock_domain *d, enum mock_op op);
	void *hook_context;
	/* A message arrives at a remapper that is not the mock's, m->lock held: 1: it goes on as
	 * *msg to the parent, 0: it ends there. NULL: there is none. */
	int (*foreign)(struct mock *m, const struct mirq_domain *domain, struct mirq_msg *msg);
	void *foreign_context;
};

/* ---- the system ---- */
struct mock *mock_new(void);
/* mirq_init(), root, @nr_cpus CPUs added and online. */
void mock_start(struct mock *m, uint32_t nr_cpus);
/* The same without CPUs; and one CPU of it, added and online. */
void mock_start_without_cpus(struct mock *m, uint32_t nr_cpus);
void mock_cpu(struct mock *m, uint32_t cpu);
/* mirq_fini() and the checks: no memory, no entry, no violation left. */
void mock_free(struct mock *m);
/* Forget the system: mirq_fini() was called by the test. Checks like mock_free(). */
void mock_free_after_fini(struct mock *m);
/* mirq_check() holds and no rule of hardware was broken. */
void mock_sound(struct mock *m);

/* What a refusal owes: a sentence that has @part, the rule, who refuses (NULL: not looked at).
 * Empties @why. */
void mock_why(struct mirq_why *why, uint32_t rule, const char *part, const char *where);

/* ---- remappers: made, edited, attached; freed with the system ---- */
struct mock_remapper *mock_table_new(struct mock *m, const char *name, uint32_t nr_entries);
struct mock_remapper *mock_shim_new(struct mock *m, const char *name);
enum mirq_err mock_remapper_attach(struct mock_remapper *r);
/* A table "table" with 256 entries that drains and isolates, below the root, attached. */
struct mock_remapper *mock_table(struct mock *m);

/* ---- secondary roots: made, edited, attached; freed with the system ---- */
/* Carries everything but levels; @lines: of @controller. */
struct mock_mux *mock_mux_new(struct mock *m, const char *name, struct mock_store *controller,
			      struct mirq_irqs lines);
enum mirq_err mock_mux_attach(struct mock_mux *x);

/* ---- devices and stores ---- */
/* A device with requester 0x10; @parent NULL: the root. */
struct mirq_device *mock_device(struct mock *m, const char *name, struct mirq_domain *parent);
struct mock_store *mock_store(struct mock *m, enum mock_kind kind, const char *name,
			      uint32_t nr_slots);
enum mirq_err mock_store_try(struct mock_store *s, struct mirq_device *dev);
void mock_store_attach(struct mock_store *s, struct mirq_device *dev);

/* Allocation with less to write; the plain ones must succeed. */
struct mirq_irqs mock_alloc(struct mock_store *s, uint32_t nr);
struct mirq_irqs mock_alloc_on(struct mock_store *s, uint32_t nr, uint32_t cpu);
struct mirq_irqs mock_alloc_want(struct mock_store *s, struct mirq_irq_want want);

/* ---- handlers ---- */
struct mock_action {
	struct mock *mock;
	const char *name; /* NULL: not logged */
	enum mirq_handled answer;
	void (*also)(void *context); /* called before answering; NULL: nothing */
	void *context;
	_Atomic uint64_t nr; /* calls */
	_Atomic uint32_t is_running, nr_overlaps;
};
/* The handler: context is a struct mock_action. Logs "handle NAME". */
enum mirq_handled mock_handle(void *context);
/* mirq_irq_request() of @irqs with @actions (one each), which must succeed. */
void mock_request(struct mirq_irqs irqs, struct mock_action *actions);
enum mirq_err mock_request_try(struct mirq_irqs irqs, struct mock_action *actions, uint32_t flags,
			       struct mirq_why *why);

/* ---- what hardware does ---- */
/* The device raises slot @index. */
void mock_raise(struct mock_store *s, uint32_t index);
/* The line of a level slot falls. */
void mock_lower(struct mock_store *s, uint32_t index);
/* A message arrives at @domain (NULL: the root), as hardware understands it. */
void mock_send(struct mock *m, const struct mirq_domain *domain, struct mirq_msg msg);
/* Make id pending at a CPU. */
void mock_set_pending(struct mock *m, uint32_t cpu, uint32_t id);
int mock_is_pending(struct mock *m, uint32_t cpu, uint32_t id);
/* CPU takes one pending id, lowest first: 1, or 0 when none. */
int mock_take(struct mock *m, uint32_t cpu);
/* CPU asks its root until there is nothing: mirq_dispatch_claim(). */
uint32_t mock_claim(struct mock *m, uint32_t cpu);
/* All CPUs take what is pending until nothing is, at most 1000 rounds. How many were taken. */
uint32_t mock_deliver(struct mock *m);
/* raise + deliver */
void mock_fire(struct mock_store *s, uint32_t index);

/* ---- watching ---- */
/* The log is exactly @lines (each ended by '\n'); it is emptied. */
void mock_expect(struct mock *m, const char *lines);
/* The same for the lines whose domain is @name ("msix", "handle"); the log is emptied. */
void mock_expect_of(struct mock *m, const char *name, const char *lines);
void mock_log_clear(struct mock *m);
void mock_log(struct mock *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How often "domain.op" was called since the last mock_forget(). */
uint64_t mock_count(struct mock *m, const char *op);
void mock_forget(struct mock *m);
/* Calls @first..@first+@nr-1 of "domain.op", counted from now, fail with @err; nr 0: all after. */
void mock_fail(struct mock *m, const char *op, uint64_t first, uint64_t nr, enum mirq_err err);
void mock_fail_never(struct mock *m);

#endif
