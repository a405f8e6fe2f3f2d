/* SPDX-License-Identifier: MIT */
/*
 * Devices that raise their interrupts on command, seen alike by every scenario.
 *
 * A driver says how to make one device send one vector; device.c does the rest: attaches the
 * function to mirq, allocates and requests its interrupts, counts. Raised events are counted by
 * the driver where it asks the device, handled ones by the handler: the two counters share nothing.
 */
#ifndef KERNEL_DEVICE_H
#define KERNEL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <mirq/mirq.h>

#include "pci.h"

struct firing_device;

struct firing_driver { /* static const, one a kind of device */
	const char *name;
	uint32_t vendor, device;
	uint32_t other_device; /* the same to the driver; 0: none */
	uint32_t kinds; /* enum mirq_pci_kind, or-ed: the stores that it raises interrupts from */
	/*
	 * Map registers, quiet the device; may set nr_vectors, which is what the capability says.
	 * The function is enabled and attached to mirq. False: the reason is printed, the device is
	 * left out. Required.
	 */
	bool (*open)(struct firing_device *d);
	/* Interrupts are requested: switch the device on. NULL: nothing to do. */
	bool (*start)(struct firing_device *d);
	/*
	 * Make the device send vector @slot once: firing_count_raised(), then the register write.
	 * Thread context, interrupts on, any CPU, one caller at a time for each device. Required.
	 */
	void (*fire)(struct firing_device *d, uint32_t slot);
	/* In the handler of @slot: quiet the device. NULL: nothing to do. */
	void (*acknowledge)(struct firing_device *d, uint32_t slot);
	/* Interrupts will be released: switch the device off. NULL: nothing to do. */
	void (*stop)(struct firing_device *d);
};

struct firing_slot { /* one vector; index = slot of the store */
	struct firing_device *device;
	uint64_t nr_raised;   /* counted where the device is asked */
	uint64_t nr_handled;  /* counted in the handler */
	uint32_t *nr_on_cpu;  /* of nr_handled, by CPU number */
	uint64_t nr_merged;   /* raised while masked: part of an earlier one, says the scenario */
	uint32_t handled_cpu; /* that ran the handler last */
	bool is_running;
	bool was_requested, may_merge, has_load; /* for the witness */
};

struct firing_device {
	char name[24]; /* "edu 00:03.0" */
	const struct firing_driver *driver;
	struct pci_function *function;
	void *registers; /* the driver's */
	void *data;      /* the driver's */

	struct mirq_device *dev;
	struct mirq_store *store; /* the one that it is going to use */
	struct mirq_irqs irqs;    /* allocated and requested, by firing_alloc() */
	struct firing_slot *slots;
	uint32_t nr_vectors; /* how many the device has: slots 0 .. nr_vectors - 1 */
};

/* Finds every function that has a driver and attaches it. Thread. Returns how many there are. */
uint32_t firing_attach_all(void);
/* Half-open: 0 .. firing_nr() - 1, in PCI's order. */
uint32_t firing_nr(void);
struct firing_device *firing_at(uint32_t index);
/* The @nth (from 0) of a driver's devices, or NULL. */
struct firing_device *firing_find(const char *driver_name, uint32_t nth);

/*
 * Allocates between @nr_min and @want->nr slots (@want NULL or .nr 0: all vectors of the device),
 * requests them with the counting handler and starts the device. The refusal is the caller's.
 */
enum mirq_err firing_alloc(struct firing_device *d, uint32_t nr_min,
			   const struct mirq_irq_want *want, struct mirq_why *why);
/* Stops the device, releases and frees. Counters stay. */
void firing_free(struct firing_device *d);

/* mirq_affinity_set() for the @i-th of d->irqs, again while the last move has not drained. */
enum mirq_err firing_move(struct firing_device *d, uint32_t i, uint32_t cpu, struct mirq_why *why);

/* For scenarios that request by themselves: tells the witness of a slot that has a handler now. */
void firing_tell(struct firing_device *d, uint32_t slot);

/*
 * Raises @slot and waits for its handler, at most two seconds. False: it did not come, and the
 * event counts as lost.
 */
bool firing_fire(struct firing_device *d, uint32_t slot);

/* In halves: what is handled so far; what is still waited for; wait until that is nothing. */
uint64_t firing_nr_handled(const struct firing_device *d, uint32_t slot);
uint64_t firing_nr_waiting(const struct firing_device *d, uint32_t slot);
bool firing_wait(struct firing_device *d, uint32_t slot, uint64_t limit_ns);

/* Over all devices and slots. */
struct firing_totals {
	uint64_t nr_raised, nr_handled, nr_merged;
};
struct firing_totals firing_totals(void);

/* Called by drivers: just before the device is asked. */
void firing_count_raised(struct firing_device *d, uint32_t slot);
/* The handler, for scenarios that request by themselves; context is &d->slots[slot]. */
enum mirq_handled firing_handle(void *context);

extern const struct firing_driver edu_driver, rocker_driver;
extern const struct firing_driver virtio_rng_driver, xhci_driver, ioh3420_driver;

#endif
