/* SPDX-License-Identifier: MIT */
/* What the rest of the kernel sees of the port: how to start mirq, and what it did to hardware. */
#ifndef KERNEL_MIRQ_PORT_H
#define KERNEL_MIRQ_PORT_H

#include <stdint.h>

#include <mirq/mirq.h>
#include <mirq/x86_machine.h>

#include "pci.h"

/*
 * Firmware tables -> machine -> hierarchy -> every CPU takes interrupts. Boot CPU, thread context,
 * once. Panics with the refusal. Options: noremap leaves remapping units alone, remap
 * insists on them; entries=N of each unit's table; drop=N swallows the Nth delivery, to see that
 * somebody notices.
 */
void port_start(void);

/* After port_start(): */
struct mirq *port_mirq(void);
struct mirq_host *port_host(void);
const struct mirq_x86_machine *port_machine(void);

/* Enables the function and makes it a device of mirq. @flags: enum mirq_pci_flag, or-ed. */
enum mirq_err port_attach(const struct pci_function *f, const char *name, uint32_t flags,
			  struct mirq_device **out_dev, struct mirq_why *why);

/* Accesses that mirq made so far, by what was at the other end. */
enum port_target {
	PORT_ROOT,
	PORT_UNIT,
	PORT_DEVICE,
	PORT_CONFIG,
	PORT_NR_TARGETS
};
struct port_counts {
	struct {
		uint64_t nr_reads, nr_writes;
	} at[PORT_NR_TARGETS];
	uint64_t nr_taken;   /* vectors that a CPU took for mirq */
	uint64_t nr_dropped; /* of them swallowed, option drop= */
	uint64_t nr_kicks;
	uint64_t nr_foreign; /* vectors of the hook's range that are not mirq's */
};
struct port_counts port_counts(void);

#endif
