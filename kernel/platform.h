/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of what is not a firing device, one by one: a timer of the HPET, an event of a
 * remapping unit, a slot of a device's own store. Counted as firing devices are (device.h): raised
 * where the hardware is asked, handled in the handler.
 */
#ifndef KERNEL_PLATFORM_H
#define KERNEL_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include <mirq/mirq.h>

#include "cpu.h"
#include "pci.h"

struct platform_irq {
	const char *name;
	const struct pci_function *function; /* that sends; NULL: none on PCI */
	struct mirq_irqs irq;                /* allocated by whoever knows the store */
	/* In the handler, before it counts. False: nothing had happened. NULL: nothing to do. */
	bool (*take)(struct platform_irq *p);
	bool has_load; /* raised while it is moved: for the witness */

	uint64_t nr_raised, nr_handled; /* atomic */
	uint64_t nr_empty;              /* calls that found nothing */
	uint32_t handled_cpu;
	uint32_t nr_moves;
	bool is_running;
	uint32_t nr_on_cpu[CPU_MAX]; /* of nr_handled */
};

/* Gives p->irq its handler. False: the refusal is printed. */
bool platform_request(struct platform_irq *p);

/* Just before the hardware is asked. Any CPU, any context. */
void platform_count_raised(struct platform_irq *p);
uint64_t platform_nr_handled(const struct platform_irq *p);

/* Until all that was raised is handled, at most two seconds. False: a failure was counted. */
bool platform_wait(const struct platform_irq *p);

/* Again while the last move has not drained. False: the refusal is printed. */
bool platform_move(struct platform_irq *p, uint32_t cpu);

/* Does its way lead from the store straight to the root, past every remapper? */
bool platform_is_below_root(const struct platform_irq *p);

/* "slot: ..." of show.h. */
void platform_show(const struct platform_irq *p);

/* Releases and frees; tells verdict and witness. Nothing may be raised any more. */
void platform_free(struct platform_irq *p);

#endif
