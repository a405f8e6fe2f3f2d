/* SPDX-License-Identifier: MIT */
/*
 * driver.h - drivers of simulated devices, one for each store: a device may have MSI-X or MSI, and
 * stores of its own that it lends out (docs/machines.md). A device completes work into a queue and
 * asks to interrupt; the queue's handler takes all that is there. So messages may merge, work may
 * not get lost.
 *
 * raised is counted where the device completes, handled in the handler: the two never meet.
 */
#ifndef TOOL_DRIVER_H
#define TOOL_DRIVER_H

#include <mirq/mirq.h>

#include "../sim/machine.h"

struct world;
struct driver;

#define DRIVER_NAME_BYTES (SIM_NAME_BYTES + 12)

struct queue {
	struct driver *driver;
	uint32_t slot;
	uint32_t is_busy;      /* the device has work for it */
	uint64_t nr_raised;    /* work completed, a message asked for */
	uint64_t nr_handled;   /* of it, found by the handler */
	uint64_t nr_polled;    /* of it, found by the driver when the interrupt was gone */
	uint64_t nr_calls;     /* of the handler */
	uint64_t nr_while_off; /* of them, while the interrupt was disabled or given away */
	uint32_t is_off;
	uint32_t last_cpu;
	uint32_t place; /* the CPU that it is for */
};

struct driver {
	struct world *w;
	char name[DRIVER_NAME_BYTES]; /* of the device; and of the store, where that is its own */
	const struct sim_device_spec *spec;
	struct sim_device *hardware;
	enum sim_store kind;     /* MSI: whichever of MSI-X and MSI there is */
	struct driver *first;    /* of the same device: it attaches and detaches that */
	struct mirq_device *dev; /* NULL: not attached */
	struct mirq_store *own;  /* NULL: the bus's */
	struct mirq_irqs irqs;   /* store NULL: none */
	struct sim_peer *peer;   /* of the kind PEER: who raises it, at another machine */
	struct mirq_range cpus;  /* where its interrupts begin; limit 0: anywhere */
	struct queue *queues;    /* one per slot that was wanted */
	uint32_t nr_queues;
};

/* Make every store of every device one with a driver; allocated, not attached. */
void driver_make_all(struct world *w);
/* One more, of an end of a bridge: its slots are another machine's to raise. */
void driver_make_peer(struct world *w, uint32_t device, uint32_t nr);
void driver_free_all(struct world *w);

/* attach, alloc, request: spread over the CPUs. 1, or 0 and it was reported. */
int driver_start(struct driver *d);
int driver_attach(struct driver *d);
int driver_request(struct driver *d);
/* The range of one of a queue. */
struct mirq_irqs driver_irq(const struct driver *d, const struct queue *q);
/* Interrupts given away, what is left is polled. */
void driver_release(struct driver *d);
/* The device, once all its drivers have released. */
void driver_detach(struct driver *d);
/* "MSI-X", "array", ... */
const char *driver_store_text(const struct driver *d);

/* The device completes something. */
void queue_raise(struct queue *q);
uint64_t queue_nr_open(const struct queue *q);
/* What the driver still finds once no handler is there any more. */
void queue_poll(struct queue *q);

/* 1: it is for another CPU than when this was asked last. */
uint32_t queue_has_moved(struct queue *q);
/* Of a driver, of all drivers. */
uint32_t driver_count_moved(struct driver *d);
uint32_t driver_count_moved_all(struct world *w);

/* The queue for @index over all drivers that have interrupts; NULL past the last. */
struct queue *queue_at(struct world *w, uint32_t index);
uint32_t queue_nr(struct world *w);

/* Can its interrupts move? Without a remapper those that share a message cannot. */
int driver_is_movable(const struct driver *d);

#endif
