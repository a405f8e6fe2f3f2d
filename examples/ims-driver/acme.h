/* SPDX-License-Identifier: MIT */
/*
 * acme.h - the driver of an accelerator that is made up: a queue of commands of its own, with an
 * MSI-X interrupt, and queues that it lends to processes, each with a slot in acme_store.c and the
 * PASID of its process. docs/write-a-store.md tells it step by step. One thread at a time calls it.
 */
#ifndef ACME_H
#define ACME_H

#include <mirq/io.h>
#include <mirq/mirq.h>

#define ACME_QUEUES 8

/* Zero but for .regs before acme_probe(). */
struct acme {
	struct mirq_regs regs;
	struct mirq_irqs commands, lent;
	struct mirq_store *slots;
	struct mirq_why why; /* of what failed */
	uint32_t nr_commands, done[ACME_QUEUES];
};

extern const struct mirq_store_template acme_slots;

/* Take over a device after its reset and lend its queues, between 2 and all: queue i to @pasids[i].
 * An error leaves nothing behind. */
enum mirq_err acme_probe(struct acme *acme, struct mirq_device *dev, const uint64_t *pasids);
/* While events arrive. */
enum mirq_err acme_move(struct acme *acme, uint32_t queue, uint32_t cpu);
void acme_take_back(struct acme *acme, uint32_t queue);
void acme_remove(struct acme *acme);

#endif
