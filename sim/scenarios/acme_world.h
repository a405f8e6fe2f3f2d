/* SPDX-License-Identifier: MIT */
/*
 * acme_world.h - a simulated machine with the accelerator of examples/ims-driver in it, that
 * example's driver, and who judges both. The device is decoded here, from its data sheet (the
 * comments of the example), and shares no header with the driver's store. Scenarios and
 * tests/sim/test_ims_driver.c run phases of the driver while events arrive.
 *
 *   I1  an event of a queue that is lent is followed by a call of its handler
 *   I2  no call without an event of its own queue, none after the queue was taken back
 *   I4  no message changes while its slot may send, none is sent under another process's PASID
 *   I5  what failed leaves nothing behind; at the end everything is given back
 *
 * Locking: none.
 */
#ifndef SIM_ACME_WORLD_H
#define SIM_ACME_WORLD_H

#include "../../examples/ims-driver/acme.h"
#include "../port.h"

#define ACME_WORLD_WORDS 8u
#define ACME_WORLD_PASID(queue) (0xabc00u + (queue))

struct acme_world_queue {
	/* Hardware: */
	uint32_t words[ACME_WORLD_WORDS]; /* address low, high, data, mask, PASID */
	uint32_t generation;              /* counts unmaskings */
	uint32_t is_pending;
	/* What is known: */
	uint32_t is_live;  /* events are owed a call */
	uint32_t is_quiet; /* taken back: no call may begin */
	uint32_t nr_raised, nr_owed, nr_last;
};

struct acme_world {
	struct sim *s;
	struct mirq *m;
	struct mirq_device *dev;
	struct sim_device *hardware;
	struct acme acme;
	uint32_t nr_commands, nr_commands_raised;
	struct acme_world_queue queues[ACME_QUEUES];
	uint32_t raises;     /* which queue acme_world_raise() is about */
	uint32_t is_up;      /* probe has succeeded */
	uint32_t is_lossy;   /* the device, or its unit, has gone */
	uint32_t is_misread; /* the driver has read rubbish */
	const char *breach;  /* the first, "I1: ..." */
};

/* mirq on @s, and its device "dev"; nothing of the driver yet. @nr_vectors: of each CPU; 0: all. */
enum mirq_err acme_world_begin(struct acme_world *w, struct sim *s, uint32_t nr_vectors,
			       enum mirq_guest guest);
/* At rest: what must hold. */
void acme_world_rest(struct acme_world *w);
/* Remove what is left, detach, mirq_fini(): nothing may stay. The first breach, or NULL. */
const char *acme_world_finish(struct acme_world *w);

/* The driver's calls, and what they promise. */
enum mirq_err acme_world_probe(struct acme_world *w);
enum mirq_err acme_world_move(struct acme_world *w, uint32_t queue, uint32_t cpu);
void acme_world_take_back(struct acme_world *w, uint32_t queue);
void acme_world_remove(struct acme_world *w);

/* What the device does. */
void acme_world_raise(struct acme_world *w, uint32_t queue);
void acme_world_command(struct acme_world *w);

#endif
