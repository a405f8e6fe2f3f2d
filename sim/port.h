/* SPDX-License-Identifier: MIT */
/*
 * port.h - mirq on a simulated machine: the machine is the host. Every call of the host and every
 * access to a register is a point; memory calls are counted and fail on demand; a kick is an
 * interrupt between CPUs with a vector of its own.
 */
#ifndef SIM_PORT_H
#define SIM_PORT_H

#include <mirq/host.h>
#include <mirq/io.h>
#include <mirq/mirq.h>
#include <mirq/x86.h>

#include "machine.h"

#define SIM_VECTORS_FIRST 0x20u /* what mirq gives out: 0x20..0xef */
#define SIM_VECTORS_LIMIT 0xf0u
#define SIM_VECTOR_KICK 0xf2u
#define SIM_VECTOR_SPURIOUS 0xffu
/* CPUs' addresses of mapped registers: physical address plus this; following them faults. */
#define SIM_MAPPED UINT64_C(0x5100000000000000)
#define SIM_SEGMENT_VMD 1u /* of PCI: what is behind the controller */

struct mirq_host *sim_host(struct sim *s);
/* What firmware would tell of this machine; borrowed from it. */
const struct mirq_x86_machine *sim_x86_machine(struct sim *s);
extern const struct mirq_x86_msr sim_x86_msr;

/* Interrupts go to @m from now on: vectors to mirq_dispatch(), kicks to mirq_service(). */
void sim_bind(struct sim *s, struct mirq *m);
/*
 * All of it at once: mirq_init(), mirq_x86_attach() with this machine, every CPU added and online.
 * @init: what to ask of x86: .machine, .vectors and .msr are filled in where they are 0. NULL:
 *        remapping is required where the machine has a unit.
 */
MIRQ_MUST_CHECK enum mirq_err sim_attach(struct sim *s, const struct mirq_x86_init *init,
					 struct mirq **out_m);
/* A device of the machine as a device of mirq. */
MIRQ_MUST_CHECK enum mirq_err sim_pci_attach(struct sim *s, struct mirq *m, const char *name,
					     struct mirq_device **out_dev);

/* The mux of the machine's controller, on its MSI-X interrupts from the first one; then devices
 * behind it can be attached. */
MIRQ_MUST_CHECK enum mirq_err sim_mux_attach(struct mirq *m, struct mirq_irqs lines,
					     struct mirq_domain **out_domain);

/*
 * One of a device's own stores, by the driver that the machine has for it: described to mirq, its
 * commands sent and waited for.
 * MIRQ_ENOENT: the device has no such store; else as mirq_store_attach(). @why: NULL or filled.
 */
MIRQ_MUST_CHECK enum mirq_err sim_store_attach(struct sim *s, struct mirq_device *dev,
					       enum sim_store store, struct mirq_why *why,
					       struct mirq_store **out_store);
/* Which one that is; of the others @is_msix tells. */
enum sim_store sim_store_of(const struct sim *s, const struct mirq_store *store, int is_msix);
/* The stores of a device are gone (NULL: all devices'): what their drivers hold goes, too. */
void sim_stores_forget(struct sim *s, const struct sim_device *device);

/* Memory calls (alloc, dma_alloc, map) are counted from now on; number @at fails, and all after it
 * if @is_persistent. 0: none. */
void sim_fail_memory(struct sim *s, uint64_t at, int is_persistent);
uint64_t sim_memory_calls(const struct sim *s);
/*
 * The same for more kinds of calls, or-ed. Accesses read all ones. When they fail for good, all
 * devices (registers: and units) are pulled out. A local APIC never fails.
 */
enum sim_fail {
	SIM_FAIL_MEMORY = 1,
	SIM_FAIL_CONFIG = 2,   /* configuration space */
	SIM_FAIL_REGISTER = 4, /* of devices and units */
	SIM_FAIL_QUEUE = 8     /* a unit never hears of new descriptors, a device never of a
				  command to its queue or firmware: a time-out */
};
void sim_port_fail(struct sim *s, uint32_t kinds, uint64_t at, int is_persistent);
/* How many have failed since; while paused nothing fails or counts: for who looks only. */
uint64_t sim_port_failed(const struct sim *s);
void sim_port_pause(struct sim *s, int is_paused);
/* What was given out and not given back; 0 when everything is gone. */
uint64_t sim_live(const struct sim *s);
/* Messages for people since the machine was made, and the last one. */
uint64_t sim_logs(const struct sim *s);
const char *sim_last_log(const struct sim *s);

#endif
