/* SPDX-License-Identifier: MIT */
/*
 * NVMe: one controller, its first namespace, one I/O queue pair a CPU. Completions are reaped in
 * the handler and nowhere else: without its interrupt a command never ends.
 */
#ifndef KERNEL_NVME_H
#define KERNEL_NVME_H

#include <stdbool.h>
#include <stdint.h>

#include <mirq/mirq.h>

#include "pci.h"
#include "spinlock.h"

enum {
	NVME_MAX_ENTRIES = 32,  /* of a queue */
	NVME_MAX_COMMANDS = 16, /* in flight on a queue */
	NVME_PAGE_BYTES = 4096, /* of each command's buffer */
};

enum nvme_command_state {
	NVME_FREE,
	NVME_IN_FLIGHT,
	NVME_DONE
};

struct nvme_command {
	uint32_t state;  /* FREE -> IN_FLIGHT by the submitter, -> DONE by the handler, -> FREE */
	uint32_t status; /* of NVMe; 0: good */
	uint32_t result; /* word 0 of the completion */
	uint64_t submitted_ns;
	uint64_t block; /* of nvme_submit_read() */
	uint32_t nr_blocks;
	void *buffer;
};

struct nvme_sqe { /* submission queue entry */
	uint32_t word0, nsid;
	uint32_t words2[4];
	uint64_t prp1, prp2;
	uint32_t words10[6];
};

struct nvme_cqe { /* completion queue entry */
	uint32_t words[4];
};

struct nvme;

/* 0: the admin queue pair. */
struct nvme_queue {
	/* Immutable while the controller is on: */
	struct nvme *nvme;
	uint32_t id;
	volatile struct nvme_sqe *submissions;
	volatile struct nvme_cqe *completions;
	struct nvme_command commands[NVME_MAX_COMMANDS]; /* each belongs to who took it */

	/* Protected by lock: */
	struct spinlock lock;
	uint32_t tail;
	uint32_t taken; /* bit i: commands[i] belongs to a thread */
	uint64_t nr_submitted;

	/* The handler's: */
	uint32_t head, phase;
	uint64_t nr_completed;
	uint64_t nr_interrupts; /* of the vector, counted at the queue that has its number */
	uint64_t nr_empty;      /* of them: found nothing; the one before took it along */
	uint64_t nr_absurd;     /* completions of what was not asked for */
	uint32_t *nr_on_cpu;    /* of nr_interrupts, by CPU */
};

struct nvme {
	/* Immutable after nvme_init(): */
	char name[24]; /* "nvme 00:02.0" */
	struct pci_function *function;
	volatile char *registers;
	uint32_t doorbell_step_bytes;
	uint32_t nr_entries, nr_commands; /* of each queue */
	uint32_t block_bytes;
	uint64_t nr_blocks;
	uint64_t limit_ns; /* for a command */
	bool is_off;       /* it was told to write no more, and said so */
	struct mirq_device *dev;
	struct mirq_irqs irqs; /* vector v serves the queues v, v + count, .. */
	struct nvme_queue *queues;
	uint32_t nr_allocated;

	/* Grows and shrinks by one, atomic; the admin queue included: */
	uint32_t nr_queues;

	/* Atomic: a command was lost or the controller failed; nothing is waited for any more. */
	bool is_failed;
};

/*
 * Brings the first controller up with one queue a CPU, or as many as it and the vectors allow.
 * Thread context, after port_start(). False: reported, and the controller is off. Option limit_ms=:
 * how long a command may take, 1000 by default.
 */
bool nvme_init(struct nvme *n, struct pci_function *f);
/* Deletes the queues, switches off, gives the interrupts back. The counters stay. */
void nvme_stop(struct nvme *n);
/* After nvme_stop(): gives the memory back. */
void nvme_fini(struct nvme *n);

/* Half-open: I/O queues are 1 .. nr_queues - 1. The one that should serve a CPU: */
struct nvme_queue *nvme_queue_of(struct nvme *n, uint32_t cpu);
/* Moves the interrupt of a queue, live or not. */
enum mirq_err nvme_move(struct nvme_queue *q, uint32_t cpu, struct mirq_why *why);
/* The interrupt of a queue. */
struct mirq_irqs nvme_irq(const struct nvme_queue *q);

/*
 * A command to work with, or NULL: all are taken. Then submit a read of at most one page; when
 * nvme_is_done() it is the caller's again, who gives it back. Thread context, any CPU.
 */
struct nvme_command *nvme_take(struct nvme_queue *q);
void nvme_submit_read(struct nvme_queue *q, struct nvme_command *c, uint64_t block,
		      uint32_t nr_blocks);
bool nvme_is_done(const struct nvme_command *c);
/* True: not done in time. Reports it, once, and fails the controller. */
bool nvme_is_lost(struct nvme_queue *q, const struct nvme_command *c);
void nvme_give(struct nvme_queue *q, struct nvme_command *c);

bool nvme_is_failed(const struct nvme *n);

/* For nvme.c: any command, its data to or from the command's buffer unless it names another. */
void nvme_submit(struct nvme_queue *q, struct nvme_command *c, struct nvme_sqe entry);
/* The handler of a vector; context is the queue of the same number. */
enum mirq_handled nvme_handle(void *context);

/* Sums over all queues, until nvme_fini(). */
struct nvme_counts {
	uint64_t nr_submitted, nr_completed, nr_interrupts, nr_empty, nr_absurd;
};
struct nvme_counts nvme_counts(const struct nvme *n);

#endif
