/* SPDX-License-Identifier: MIT */
/*
 * device.h - devices and the stores they own, as a driver sees them. A bus (bus.h, pci.h) attaches
 * devices; a driver attaches stores to a device and allocates interrupts from a store.
 */
#ifndef MIRQ_DEVICE_H
#define MIRQ_DEVICE_H

#include <mirq/irq.h>
#include <mirq/store.h>

struct mirq_store_init {
	uint32_t size_bytes;
	const struct mirq_store_template *kind; /* retained; usually static const */
	void *data;                             /* handed to every op; retained, never looked at */
	uint32_t nr_slots;        /* as many as this device has; indices 0..nr_slots-1 */
	uint32_t exclusive_group; /* stores of one device with the same number are not used at the
				     same time (MSI | MSI-X); 0: excludes none */
	struct mirq_why *why;
	uint32_t base; /* MIRQ_STORE_DIRECT: slot 0's wire, an id of the root; else 0 */
};

MIRQ_BEGIN_DECLS

/**
 * mirq_store_attach() - Give @dev a store; the template becomes a domain below the device's parent.
 * @init:      [in] see above.
 * @out_store: [out] the store.
 * Context: thread.
 * Errors:  MIRQ_EINVAL (a rule of docs/rules.md broken by the template: .rule, .text),
 *          MIRQ_ENOTSUP (the parent does not carry such a store), MIRQ_EGUEST (rule 6: a guest,
 *          or not known, and no real message path), MIRQ_EIO (setup failed), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_store_attach(struct mirq_device *dev,
						const struct mirq_store_init *init,
						struct mirq_store **out_store);
/**
 * mirq_store_supported() - May @dev have a store of this kind, and if not, why? Asks what
 * mirq_store_attach() asks of template and way, by the same code; calls no op, changes nothing.
 * @kind: [in] borrowed for the call.
 * @why:  [out] NULL or filled on failure.
 * Context: thread or init.
 * Errors:  MIRQ_EINVAL, MIRQ_ENOTSUP, MIRQ_EGUEST: as mirq_store_attach().
 */
MIRQ_MUST_CHECK enum mirq_err mirq_store_supported(const struct mirq_device *dev,
						   const struct mirq_store_template *kind,
						   struct mirq_why *why);
/**
 * mirq_store_detach() - Take a store away with all its interrupts. No handler runs after.
 * Context: thread.
 * Errors:  MIRQ_EDEADLK (called from a handler; nothing was done), MIRQ_EBUSY (an interrupt of it
 *          is a line of a secondary root: that goes first; nothing was done).
 */
enum mirq_err mirq_store_detach(struct mirq_store *store);
/**
 * mirq_store_irqs() - All slots of a store, allocated or not: a range to cut.
 * Context: any.
 * Errors:  none.
 */
struct mirq_irqs mirq_store_irqs(struct mirq_store *store);
/**
 * mirq_device_is_isolated() - Can no other device raise this one's interrupts?
 * Returns: 1 behind a remapper that checks senders, else 0.
 * Context: any.
 * Errors:  none.
 */
int mirq_device_is_isolated(const struct mirq_device *dev);

MIRQ_END_DECLS

#endif
