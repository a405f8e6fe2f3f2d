/* SPDX-License-Identifier: MIT */
/*
 * tiny_machine.h - the least hardware on which the core's protocols can go wrong, for exploring:
 * two CPUs with a pending bit per id, a device with a masked message per slot, wires on which
 * messages take their time, and if asked for a table remapper whose cache keeps what it has until
 * it is flushed. And the oracle: what was raised, who was called.
 *
 * Everything that hardware does is a step of its own at one object, tiny.wire, so that the order of
 * any two of its steps is explored. A CPU takes interrupts between any two steps while its flag is
 * on. Sleeping CPUs are woken by what arrives, so nobody polls.
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
#include "scenario.h"

#define TINY_NR_CPUS 2
#define TINY_NR_SLOTS 2
#define TINY_NR_USERS 2
#define TINY_NR_ENTRIES 2
#define TINY_NR_FLIGHTS 8
#define TINY_NR_FIBERS (TINY_NR_CPUS + 1)
#define TINY_FIRST_ID 32

enum tiny_option {
	TINY_TABLE = 1,     /* a table remapper above the device */
	TINY_NO_RESEND = 2, /* the root cannot raise ids: software replays */
	TINY_C11 = 4,       /* memory as weak as C11 allows, not as x86's */
	TINY_WORDS = 8      /* slots have no mask; their words are written and read one by one */
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
	uint32_t is_running;
	uint32_t nr_events, nr_calls;
	uint32_t nr_later; /* so many calls answer LATER */
};

struct tiny_slot {
	uint32_t is_masked, is_pending;
	struct mirq_msg msg;
};

/* A message in the making: the device has read some of its words. */
struct tiny_sample {
	uint32_t serial, slot, nr_left; /* words; 0: none is being made */
	uint32_t data_first;
	struct mirq_msg msg;
};

struct tiny_flight {
	uint32_t serial, is_translated;
	struct mirq_msg msg;
	uint32_t cpu, id;
};

struct tiny_way {
	uint32_t is_present, cpu, id;
};
struct tiny_entry {
	uint32_t is_taken;
	struct tiny_way memory, cache;
};

struct tiny_cpu {
	struct tiny *w;
	uint32_t cpu;
	void (*job)(struct tiny *w);
	uint32_t is_open; /* the interrupt flag */
	uint32_t pending; /* a bit per id */
	uint32_t is_kicked;
	uint32_t is_served; /* an id was taken and not ended */
	uint32_t served;
};

struct tiny_init {
	void (*prepare)(struct tiny *w);            /* before fibers run, at rest */
	uint32_t options;                           /* enum tiny_option, or-ed */
	uint32_t nr_ids;                            /* of each CPU */
	void (*jobs[TINY_NR_CPUS])(struct tiny *w); /* NULL: takes interrupts only */
	uint32_t nr_raised[TINY_NR_SLOTS];          /* by the device, in order of slots */
};

struct tiny {
	struct mirq_host host;
	struct engine *e;
	struct tiny_init init;
	struct mirq *m;
	struct mirq_domain *root, *table;
	struct mirq_device *dev;
	struct mirq_store *store;
	struct mirq_irqs irq; /* the one that a scenario is about */
	uint32_t wire;        /* names all hardware at points */
	struct tiny_cpu cpus[TINY_NR_CPUS];
	struct tiny_slot slots[TINY_NR_SLOTS];
	uint32_t is_running[TINY_NR_SLOTS];
	struct tiny_entry entries[TINY_NR_ENTRIES];
	struct tiny_sample sample;
	struct tiny_flight flights[TINY_NR_FLIGHTS]; /* oldest first */
	uint32_t nr_flights, next_serial;
	struct tiny_user users[TINY_NR_USERS];
	uint32_t nr_later;  /* calls that have begun and will answer LATER */
	uint32_t nr_busy;   /* jobs and the device's own list */
	uint32_t nr_leaves; /* releases: only after one may an event be late */
	uint32_t boot_cpu;  /* who runs outside of fibers */
	uint64_t now_ns;
	size_t nr_bytes; /* lent to the library */
};

/* In begin: the machine, its system with a device and a store, its fibers. */
struct tiny *tiny_begin(struct engine *e, const struct tiny_init *init);
/* In finish: nothing is owed, stray or left behind; the invariants hold; all is given back. */
void tiny_finish(struct tiny *w);

/* For a table of scenarios: init is a struct tiny_init. */
void tiny_scenario_begin(struct engine *e, const struct scenario *s);
void tiny_scenario_finish(struct engine *e, const struct scenario *s, enum engine_end end);

/* ---- Calls with their oracle; any error fails the run ---- */

void tiny_alloc(struct tiny *w, uint32_t slot, uint32_t cpu);
void tiny_request(struct tiny *w, uint32_t user, uint32_t slot, uint32_t flags);
void tiny_release(struct tiny *w, uint32_t user);
void tiny_free(struct tiny *w, uint32_t user);
void tiny_move(struct tiny *w, uint32_t cpu);
void tiny_resend(struct tiny *w, uint32_t user);
/* Disable, wait for the handler, enable. */
void tiny_pause(struct tiny *w, uint32_t user);

#endif
