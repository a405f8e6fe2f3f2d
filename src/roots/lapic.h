/* SPDX-License-Identifier: MIT */
/*
 * lapic.h - the local APICs of an x86 machine as the root; attached by x86.c.
 */
#ifndef MIRQI_LAPIC_H
#define MIRQI_LAPIC_H

#include <mirq/io.h>
#include <mirq/root.h>
#include <mirq/x86.h>

#include "x86_guest.h"

struct mirqi_lapic_init {
	uint64_t address; /* 0: where every PC has it */
	uint32_t spurious_vector;
	enum mirq_x86_apic apic;
	const struct mirq_x86_msr *msr; /* NULL: xAPIC is believed; retained */
	struct mirq_why *why;
};

/* Immutable after init. One page of registers serves every CPU: each sees its own. */
struct mirqi_lapic {
	struct mirq_host *host;
	struct mirq_regs regs; /* base NULL in x2APIC mode */
	struct mirq_x86_msr msr;
	uint32_t has_msr;
	uint32_t is_x2;
	uint32_t spurious_vector;
	char hypervisor[MIRQI_HYPERVISOR_BYTES]; /* its name, for people */
};

/*
 * Choose the mode, map the page where it needs one. The APIC itself is not touched before cpu_up.
 * Context: init. Errors: MIRQ_ENOTSUP (x2APIC without MSRs), MIRQ_ENOMEM (not mapped).
 */
MIRQ_MUST_CHECK enum mirq_err mirqi_lapic_init(struct mirqi_lapic *l, struct mirq_host *host,
					       const struct mirqi_lapic_init *init);
void mirqi_lapic_fini(struct mirqi_lapic *l);

/* The operations of the mode. */
const struct mirq_root_ops *mirqi_lapic_ops(const struct mirqi_lapic *l);

/* Is a handler of @id running on this CPU: taken and not yet ended? Context: on that CPU. */
enum mirq_pending mirqi_lapic_in_service(const struct mirqi_lapic *l, uint32_t id);

#endif
