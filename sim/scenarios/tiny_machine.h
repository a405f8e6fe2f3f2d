/* SPDX-License-Identifier: MIT */
/*
 * tiny_machine.h - the least hardware on which the core's protocols can go wrong, for exploring: a
 * few CPUs with a pending bit per id, one or two devices with a few slots, wires on which messages
 * take their time, and if asked for a table remapper whose cache keeps what it has until it is
 * flushed. And the calls of software, held by an oracle (tiny_oracle.c).
 *
 * Everything that hardware does is a step of its own at one object, tiny.wire, so that the order of
 * any two of its steps is explored. A CPU takes interrupts between any two steps while its flag is
 * on. Sleeping CPUs are woken by what arrives, so nobody polls; the run ends when all is quiet.
 *
 * Files: tiny_host.c, tiny_root.c, tiny_table.c, tiny_mux.c, tiny_store.c are hardware,
 * tiny_machine.c puts it together, tiny_calls.c is what jobs call, tiny_jobs.c and the others are
 * scenarios.
 */
#ifndef SIM_TINY_MACHINE_H
#define SIM_TINY_MACHINE_H

#include <stdint.h>

#include <mirq/bus.h>
#include <mirq/inspect.h>
#include <mirq/mirq.h>
#include <mirq/remapper.h>
#include <mirq/root.h>

#include "../atomics.h"
#include "../host.h"
#include "failing.h"

#define TINY_MAX_CPUS 3
#define TINY_MAX_DEVICES 2
#define TINY_SLOTS_OF_DEVICE 2
#define TINY_NR_SLOTS (TINY_MAX_DEVICES * TINY_SLOTS_OF_DEVICE)
#define TINY_NR_USERS 3
#define TINY_NR_ENTRIES 3
#define TINY_NR_FLIGHTS 8
#define TINY_MAX_IDS 4
#define TINY_FIRST_ID 32

enum tiny_option {
	TINY_TABLE = 1,       /* a table remapper above the devices */
	TINY_NO_RESEND = 2,   /* the root cannot raise ids: software replays */
	TINY_ROOT_MASKS = 4,  /* the root has a mask per id */
	TINY_TABLE_MASKS = 8, /* the table has a mask per entry */
	TINY_C11 = 16,        /* memory as weak as C11 allows, not as x86's */
	TINY_MUX = 1024,      /* device 0 hangs behind a mux on the slots of device 1 */
	TINY_STATUS = 2048,   /* the mux says who it was */
	/* Broken hardware: what the oracle must say is known. */
	TINY_FAULT_FLUSH = 32,    /* the table's cache keeps what it has though flushed */
	TINY_FAULT_MASK = 64,     /* slots send though masked */
	TINY_FAULT_UNMASK = 128,  /* slots forget what they kept */
	TINY_FAULT_PENDING = 256, /* the root says that nothing is pending */
	TINY_FAULT_KICK = 512     /* kicks are lost */
};

/* What a device keeps its messages in. */
enum tiny_kind {
	TINY_MSIX,      /* two slots, each with a mask, words are changed and read one by one */
	TINY_MSI,       /* one slot with a mask, off until it is enabled */
	TINY_MSI_PLAIN, /* the same without a mask */
	TINY_WORDS      /* two slots without a mask, always on */
};

struct tiny;

/* One handler, and what the oracle knows of it. */
struct tiny_user {
	struct tiny *w;
	uint32_t slot;
	uint32_t is_requested; /* request has returned, release was not called */
	uint32_t is_gone;      /* release has returned */
	uint32_t is_quiet;     /* disabled, and the handler that ran then has returned */
	uint32_t is_owed;      /* an event was raised, no call has begun since */
	uint32_t nr_calls;
	uint32_t nr_later; /* so many calls answer LATER */
};

struct tiny_slot {
	uint32_t is_masked, is_pending;
	uint32_t generation;       /* counts masks and unmasks: who reads the words looks */
	struct mirq_msg msg;       /* what the words say now */
	struct mirq_msg told, was; /* what software wrote last, and before */
	/* What the oracle knows: */
	uint32_t nr_events;  /* CPUs took them, or software raised them */
	uint32_t nr_calls;   /* rounds of handlers */
	uint32_t is_running; /* a handler is inside */
	uint32_t is_allocated;
};

struct tiny_flight {
	uint32_t serial, is_translated;
	uint32_t slot; /* whose event it is */
	struct mirq_msg msg;
	uint32_t cpu, id;
};

struct tiny_way {
	uint32_t is_present, cpu, id;
};
struct tiny_entry {
	uint32_t is_taken, is_masked;
	uint32_t kept; /* while masked: a bit per slot whose event it is */
	struct tiny_way memory, cache;
};

struct tiny_cpu {
	struct tiny *w;
	uint32_t cpu;
	void (*job)(struct tiny *w);
	uint32_t is_open;            /* the interrupt flag */
	uint32_t is_down;            /* its root is off: what arrives is lost */
	uint32_t pending, masked;    /* a bit per id */
	uint32_t from[TINY_MAX_IDS]; /* pending: a bit per slot whose event it is */
	uint32_t is_kicked;
	uint32_t is_served; /* an id was taken and not ended */
	uint32_t served;
};

struct tiny_device {
	struct tiny *w;
	uint32_t number, is_on;
	uint32_t is_reading; /* words that software may change meanwhile */
	struct mirq_device *dev;
	struct mirq_store *store;
	struct tiny_flight flights[TINY_NR_FLIGHTS]; /* oldest first */
	uint32_t nr_flights;
	uint32_t nr_raised[TINY_SLOTS_OF_DEVICE]; /* so far */
};

struct tiny_init {
	void (*prepare)(struct tiny *w);             /* before fibers run, at rest */
	uint32_t options;                            /* enum tiny_option, or-ed */
	uint32_t nr_ids;                             /* of each CPU */
	uint32_t nr_cpus, nr_devices;                /* 0: 2 CPUs, 1 device */
	enum tiny_kind kinds[TINY_MAX_DEVICES];      /* of stores */
	void (*jobs[TINY_MAX_CPUS])(struct tiny *w); /* NULL: takes interrupts only */
	uint32_t nr_raised[TINY_NR_SLOTS];           /* by each device, in order of slots */
};

struct tiny {
	struct mirq_host host;
	struct engine *e;
	struct tiny_init init;
	struct scenario_failure *failure; /* NULL: nothing fails */
	struct mirq *m;
	struct mirq_domain *root, *table, *mux;
	uint32_t mux_from[TINY_SLOTS_OF_DEVICE][TINY_MAX_IDS]; /* as in tiny_cpu */
	uint32_t wire;                                         /* names all hardware at points */
	struct tiny_cpu cpus[TINY_MAX_CPUS];
	struct tiny_device devices[TINY_MAX_DEVICES];
	struct tiny_slot slots[TINY_NR_SLOTS]; /* of the first device, then of the second */
	struct tiny_entry entries[TINY_NR_ENTRIES];
	struct tiny_user users[TINY_NR_USERS];
	uint32_t next_serial;
	uint32_t nr_later;    /* calls that have begun and will answer LATER */
	uint32_t nr_busy;     /* jobs that have not ended */
	uint32_t nr_leaves;   /* releases: only after one may an event be late */
	uint32_t is_prepared; /* a CPU may stop, */
	uint32_t is_refused;  /* or it may not */
	uint32_t boot_cpu;    /* who runs outside of fibers */
	uint64_t now_ns;
	size_t nr_bytes; /* lent to the library */
};

/* In begin: the machine, its system with devices and stores, its fibers. */
struct tiny *tiny_begin(struct engine *e, const struct tiny_init *init);
/* In finish: nothing is owed, stray or left behind; the invariants hold; all is given back. */
void tiny_finish(struct tiny *w);

/* For a table of scenarios: init is a struct tiny_init. */
void tiny_scenario_begin(struct engine *e, const struct scenario *s);
void tiny_scenario_begin_c11(struct engine *e, const struct scenario *s);
void tiny_scenario_finish(struct engine *e, const struct scenario *s, enum engine_end end);

/* ---- Calls with their oracle; an error that nothing explains fails the run ---- */

/* What a call needs may be missing where another one has failed: then it is not made. */
void tiny_alloc(struct tiny *w, uint32_t slot, uint32_t cpu);
/* For any CPU, which a request chooses. */
void tiny_alloc_late(struct tiny *w, uint32_t slot);
void tiny_request(struct tiny *w, uint32_t user, uint32_t slot, uint32_t flags);
void tiny_release(struct tiny *w, uint32_t user);
/* The interrupt of @user, with all its handlers. */
void tiny_free(struct tiny *w, uint32_t user);
/* One that nobody has requested. */
void tiny_free_slot(struct tiny *w, uint32_t slot);
void tiny_move(struct tiny *w, uint32_t slot, uint32_t cpu);
/* To a CPU that may have gone, or has no id. */
void tiny_move_perhaps(struct tiny *w, uint32_t slot, uint32_t cpu);
/* No id is free there: refused, and nothing has changed. */
void tiny_move_refused(struct tiny *w, uint32_t slot, uint32_t cpu);
void tiny_resend(struct tiny *w, uint32_t user);
/* A CPU leaves: prepared from anywhere (0: it may not), then on it, for good; or it stays after
 * all. */
int tiny_offline(struct tiny *w, uint32_t cpu);
void tiny_stop(struct tiny *w, uint32_t cpu);
void tiny_stay(struct tiny *w, uint32_t cpu);
/* Disable, wait for the handler, enable. */
void tiny_pause(struct tiny *w, uint32_t user);
/* After the handler has answered LATER. */
void tiny_done(struct tiny *w, uint32_t user);
/* Nobody of mirq: the handler is called by who must not. */
void tiny_call_handler(struct tiny *w, uint32_t user);

#endif
