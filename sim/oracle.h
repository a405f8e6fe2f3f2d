/* SPDX-License-Identifier: MIT */
/*
 * oracle.h - the invariants I1 to I7 (docs/design.md) as checks that run while mirq runs on a
 * simulated machine (machine.h, port.h). It follows the machine's own events (sim_set_watch) and
 * what drivers were promised, and believes mirq only where it says which ids it has given to whom.
 *
 *   I1 nothing lost    at rest: each event raised while its handler was requested is followed by a
 *                      call that began after it
 *   I2 nothing stray   no call after release has returned, or after sync while disabled; no call
 *                      without an event of its own slot; no late message that reaches another
 *   I3 no overlap      of one handler of one interrupt with itself
 *   I4 no torn message what a slot sends arrives at an id that is its interrupt's
 *   I5 all or nothing  a call that failed has changed nothing (oracle_snapshots); nothing leaks
 *   I6 no forgery      what somebody else sends through an isolating remapper arrives nowhere; what
 *                      the unit has recorded can be read by mirq_fault_next()
 *   I7 bounded         each call ends within a limit of simulated time and of points
 *
 * What sim_violation() tells counts as well. The first failure is kept, and ends the run under an
 * engine (engine_fail).
 *
 *   o = oracle_new(s, 8);
 *   err = oracle_attach(o, NULL);
 *   err = oracle_pci_attach(o, "nic", &dev);
 *   err = oracle_alloc(o, dev, 1, 4, MIRQ_PCI_ANY, NULL, &irqs);
 *   err = oracle_request(o, irqs, NULL);
 *   sim_device_raise(...);
 *   oracle_rest(o);
 *   text = oracle_finish(o);      NULL: all was well
 *   oracle_free_memory(o);
 *
 * Each call stands for the public one of the same name; calls that are not here go between
 * oracle_call_begin() and oracle_call_end(). Interrupts that were allocated elsewhere:
 * oracle_follow().
 * Locking: none. Under an engine calls may be made by several fibers.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include <mirq/inspect.h>

#include "port.h"

struct oracle;

#define ORACLE_ACTIONS 3u /* handlers of one interrupt */
#define ORACLE_ALL UINT32_MAX

/* ---- Life ---- */

/* For at most @nr_lines interrupts at once. Under an engine: made in begin, gone with the run. */
struct oracle *oracle_new(struct sim *s, uint32_t nr_lines);
/* NULL is allowed. */
void oracle_free_memory(struct oracle *o);
/* sim_attach(), and follow what it made. */
MIRQ_MUST_CHECK enum mirq_err oracle_attach(struct oracle *o, const struct mirq_x86_init *init);
/* The same by @attach, of a system whose ids are the system's: one arrives at whichever CPU. */
MIRQ_MUST_CHECK enum mirq_err oracle_attach_flat(struct oracle *o,
						 enum mirq_err (*attach)(void *context,
									 struct mirq **out_m),
						 void *context);
struct mirq *oracle_mirq(const struct oracle *o);
/* Let everything arrive, then what must hold at rest. */
void oracle_rest(struct oracle *o);
/* oracle_rest(), mirq_fini(), nothing may be left; the verdict. Not in a fiber. */
const char *oracle_finish(struct oracle *o);
/* The first failure, "I1: ..."; NULL: none. */
const char *oracle_verdict(const struct oracle *o);

/* ---- Settings ---- */

/* Compare the observable state around each call from now on; settles the machine before and after
 * it. Not under an engine. */
void oracle_snapshots(struct oracle *o, int is_on);
/* Of one call; 0: as it is. At first 20 ms and 1000000 points. */
void oracle_limits(struct oracle *o, uint64_t ns, uint64_t points);

/* ---- Calls of mirq ---- */

MIRQ_MUST_CHECK enum mirq_err oracle_pci_attach(struct oracle *o, const char *name,
						struct mirq_device **out_dev);
/* The machine's controller (vmd.c), line n on CPU n, and its mux. Devices behind it come after. */
MIRQ_MUST_CHECK enum mirq_err oracle_vmd_attach(struct oracle *o, const char *name,
						struct mirq_irqs *out_lines,
						struct mirq_domain **out_domain);
MIRQ_MUST_CHECK enum mirq_err oracle_device_detach(struct oracle *o, struct mirq_device *dev);
MIRQ_MUST_CHECK enum mirq_err oracle_alloc(struct oracle *o, struct mirq_device *dev, uint32_t min,
					   uint32_t max, uint32_t kinds,
					   const struct mirq_irq_want *want,
					   struct mirq_irqs *out_irqs);
enum mirq_err oracle_free(struct oracle *o, struct mirq_irqs irqs);
/* Stores of a device's own (port.h: sim_store_attach); interrupts of one of them. */
MIRQ_MUST_CHECK enum mirq_err oracle_store_attach(struct oracle *o, struct mirq_device *dev,
						  enum sim_store kind,
						  struct mirq_store **out_store);
MIRQ_MUST_CHECK enum mirq_err oracle_store_alloc(struct oracle *o, struct mirq_device *dev,
						 struct mirq_store *store,
						 const struct mirq_irq_want *want,
						 struct mirq_irqs *out_irqs);

/* What a handler does, and how it is requested. NULL instead: HANDLED at once, no flags. */
struct oracle_handler {
	enum mirq_handled (*body)(void *context, uint32_t slot);
	void *context;
	uint32_t flags; /* enum mirq_request_flag */
};
/* @out_action: NULL, or which of the interrupts' handlers this is, for oracle_release(). */
MIRQ_MUST_CHECK enum mirq_err oracle_request(struct oracle *o, struct mirq_irqs irqs,
					     const struct oracle_handler *how,
					     uint32_t *out_action);
/* @action: ORACLE_ALL, or one. */
enum mirq_err oracle_release(struct oracle *o, struct mirq_irqs irqs, uint32_t action);
MIRQ_MUST_CHECK enum mirq_err oracle_move(struct oracle *o, struct mirq_irqs irqs,
					  struct mirq_cpus cpus);
void oracle_disable(struct oracle *o, struct mirq_irqs irqs);
enum mirq_err oracle_enable(struct oracle *o, struct mirq_irqs irqs);
enum mirq_err oracle_sync(struct oracle *o, struct mirq_irqs irqs);
enum mirq_err oracle_resend(struct oracle *o, struct mirq_irqs irqs);
void oracle_done(struct oracle *o, struct mirq_irqs irqs);

/* Any other call. */
struct oracle_call {
	const char *name; /* NULL: over */
	uint64_t start_ns, start_point;
	struct oracle_text *before;
	uint32_t nr_quarantined, nr_gone;
	struct oracle_call *next;
};
void oracle_call_begin(struct oracle *o, struct oracle_call *call, const char *name);
void oracle_call_end(struct oracle *o, struct oracle_call *call, enum mirq_err err);
/* Interrupts that were allocated by another way belong to @device from now on. */
void oracle_follow(struct oracle *o, struct mirq_irqs irqs, const char *device);
/* They are about to be given back by another way (oracle_free and oracle_device_detach do it). */
void oracle_forget(struct oracle *o, struct mirq_irqs irqs);

/* Something was done to @device, such as accesses that fail: until it is told otherwise nothing is
 * owed by it, and what its slots hold is not mirq's. Removal and reset are noticed, until the next
 * request. */
void oracle_set_lost(struct oracle *o, struct sim_device *device, int is_lost);

/* ---- What was seen ---- */

struct oracle_stats {
	uint64_t nr_raised;   /* events of followed slots */
	uint64_t nr_called;   /* handler calls */
	uint64_t nr_forged;   /* messages that a bus master wrote by itself */
	uint64_t nr_late;     /* messages after their interrupt was freed */
	uint64_t nr_faults;   /* read by mirq_fault_next() */
	uint64_t nr_calls;    /* of mirq */
	uint64_t nr_failed;   /* of them */
	uint64_t nr_checks;   /* single checks made */
	uint64_t max_call_ns; /* the longest call */
	uint64_t max_points;  /* and by points */
};
void oracle_stats(const struct oracle *o, struct oracle_stats *out_stats);
/* Handler calls of the first interrupt of @one, all handlers together. */
uint64_t oracle_called(const struct oracle *o, struct mirq_irqs one);
/* Read and clear all recorded faults: also for a handler of the unit's event. */
uint32_t oracle_faults(struct oracle *o);
/* The last one that was read. */
void oracle_last_fault(const struct oracle *o, struct mirq_fault *out_fault);
/* The machine's hook is the oracle's: who sets another one calls this in it. */
void oracle_on_point(void *context, enum engine_point point);

#endif
