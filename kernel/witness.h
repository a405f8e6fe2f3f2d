/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says of itself to the checker on the host, which compares it with QEMU's trace.
 * Silent without the option witness, which scripts/run-machine --trace gives. Format:
 * docs/witness.md.
 */
#ifndef KERNEL_WITNESS_H
#define KERNEL_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include <mirq/mirq.h>

#include "pci.h"

/* Before port_start(). @is_remapped: a unit is there and will be used. */
void witness_begin(bool is_remapped);

/* After @one was requested, and after each move of it. @function NULL: the remapper's own. */
void witness_slot(const char *device, const struct pci_function *function, struct mirq_irqs one);

/* After a move of @one: the message in between, where it can neither be masked nor is remapped. */
void witness_between(const char *device, struct mirq_irqs one, uint32_t old_apic);

/* After slot @slot was released. */
void witness_free(const char *device, uint32_t slot);

struct witness_handled {
	const char *device;
	uint32_t slot;
	uint64_t nr_handled;
	const uint64_t *nr_raised; /* NULL: not known, or not comparable */
	bool may_merge; /* edges merge: sent while masked, or faster than they are taken */
	bool has_load;  /* sent while the entry was changed */
};
void witness_handled(const struct witness_handled *w);

/* At most so many invalidations and waits for what no slot was told of. */
void witness_budget(const char *phase, uint64_t nr_invalidations, uint64_t nr_waits);

/* Messages that the remapper blocks, and others on purpose. */
enum witness_expected {
	WITNESS_BLOCKED,
	WITNESS_COMPATIBLE,
	WITNESS_DIRECT,
	WITNESS_FAULTS,
};
void witness_expect(enum witness_expected kind, uint32_t nr);

/* All devices are quiet: the remappers' counters, and the end. */
void witness_end(void);

#endif
