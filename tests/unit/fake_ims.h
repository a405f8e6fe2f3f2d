/* SPDX-License-Identifier: MIT */
/*
 * fake_ims.h - registers of a device that is made up, and a system around it, for tests of the
 * ready-made device-specific stores. Each test brings the device's decode: what its registers do,
 * written from what the test says the device is. Every access is written down.
 */
#ifndef FAKE_IMS_H
#define FAKE_IMS_H

#include <mirq/io.h>

#include "mock.h"

#define FAKE_WORDS 2048

struct fake_ims {
	struct mock *mock;
	struct mirq_device *dev;
	struct mirq_domain *way; /* the device's parent; NULL: the root */
	uint32_t words[FAKE_WORDS];
	int is_gone;            /* reads all ones, drops what is written */
	uint32_t nr_unanswered; /* so many reads are all ones */
	/* The device's decode of a write: stores it or not. NULL: words[] := value. */
	void (*write)(struct fake_ims *f, uint32_t offset, uint32_t value);
	/* Called before a read of 32 bits; NULL: nothing. */
	void (*read)(struct fake_ims *f, uint32_t offset);
	/* What passed: "W00c=1 D000=fee00000 R00c ". */
	char trace[8192];
	size_t trace_bytes;
	uint64_t nr_sent;
	struct mock_action a[8]; /* of the slots */
	struct mock_action other;
	struct mock_store *near; /* somebody else's interrupts */
};

/* A system of 4 CPUs whose root carries device-specific stores, with somebody else's interrupts on
 * each CPU, and a device below the root, or below @m's table. */
void fake_ims_new(struct fake_ims *f, int has_table);
/* The same in a virtual machine. */
void fake_ims_new_guest(struct fake_ims *f, int has_table);
/* Nobody else was called, nothing was stray, nothing leaked. */
void fake_ims_free(struct fake_ims *f);
struct mirq_regs fake_ims_regs(struct fake_ims *f, uint32_t limit_bytes);
/* Attach a store that must be accepted. */
struct mirq_store *fake_ims_attach(struct fake_ims *f, const struct mirq_store_template *kind,
				   void *data, uint32_t nr_slots);
enum mirq_err fake_ims_try(struct fake_ims *f, const struct mirq_store_template *kind, void *data,
			   uint32_t nr_slots, struct mirq_store **out_store);
/* @nr slots from @first on, on CPU @cpu, with @cookies (NULL: none). */
enum mirq_err fake_ims_alloc(struct mirq_store *store, uint32_t first, uint32_t nr, uint32_t cpu,
			     const uint64_t *cookies, struct mirq_irqs *out_irqs);
enum mirq_err fake_ims_move(struct mirq_irqs irqs, uint32_t cpu);
/* All handlers off again. */
void fake_ims_release(struct mirq_irqs irqs);
/* The device sends. */
void fake_ims_send(struct fake_ims *f, uint64_t address, uint32_t data);
/* What passed is exactly this; it is forgotten. */
void fake_ims_expect(struct fake_ims *f, const char *trace);
void fake_ims_note(struct fake_ims *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Quarantined now. */
uint32_t fake_ims_quarantined(struct fake_ims *f);

#endif
