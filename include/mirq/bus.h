/* SPDX-License-Identifier: MIT */
/*
 * bus.h - for code of a bus: what ties a device to the hierarchy, set once. Drivers do not include
 * it.
 */
#ifndef MIRQ_BUS_H
#define MIRQ_BUS_H

#include <mirq/device.h>
#include <mirq/domain.h>

struct mirq_device_init {
	uint32_t size_bytes;
	const char *name;           /* for people; retained */
	struct mirq_domain *parent; /* next domain toward the CPU; NULL: the root */
	struct mirq_requesters
		requesters;       /* ids copied; none is refused behind a remapper that isolates */
	void *data;               /* the bus's own; mirq_device_data() returns it */
	void (*fini)(void *data); /* called last in mirq_device_detach(); NULL: nothing */
	struct mirq_why *why;
};

/* Requester ids first..limit-1 of a segment send through parent. The most specific entry wins: the
 * smallest range, among equals the first added. */
struct mirq_link {
	struct mirq_range ids;
	uint16_t segment;
	struct mirq_domain *parent;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_device_attach() - Make a device known.
 * @out_dev: [out] the device, without stores.
 * Context: thread.
 * Errors:  MIRQ_EINVAL (no requester behind a remapper that isolates; too many; no root),
 *          MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_device_attach(struct mirq *m,
						 const struct mirq_device_init *init,
						 struct mirq_device **out_dev);
/**
 * mirq_device_detach() - Take a device away with its stores and interrupts.
 * Context: thread.
 * Errors:  MIRQ_EDEADLK (called from a handler; nothing was done), MIRQ_EBUSY (an interrupt of it
 *          is a line of a secondary root: that goes first; nothing was done).
 */
enum mirq_err mirq_device_detach(struct mirq_device *dev);
/**
 * mirq_device_data() - What the bus gave as mirq_device_init.data.
 * Context: any.
 * Errors:  none.
 */
void *mirq_device_data(const struct mirq_device *dev);
/**
 * mirq_device_system() - The system that a device belongs to.
 * Context: any.
 * Errors:  none.
 */
struct mirq *mirq_device_system(const struct mirq_device *dev);
/**
 * mirq_link_add() - Say which parent the messages of some requesters go to.
 * @link: [in] copied.
 * Context: thread or init.
 * Errors:  MIRQ_EINVAL (empty range, no parent), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_link_add(struct mirq *m, const struct mirq_link *link);
/**
 * mirq_link_find() - The parent for one requester id.
 * Returns: the domain; the root (or NULL without one) where no link names the id.
 * Context: thread.
 * Errors:  NULL.
 */
struct mirq_domain *mirq_link_find(struct mirq *m, uint16_t segment, uint32_t id);

MIRQ_END_DECLS

#endif
