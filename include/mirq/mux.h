/* SPDX-License-Identifier: MIT */
/*
 * mux.h - a controller that hides a bus behind one PCI device (Intel VMD): the messages of all
 * devices on that bus arrive as a few MSI-X interrupts of the controller, its lines. It has no
 * status: nobody can tell which device it was, so every handler behind a line is called.
 *
 *	struct mirq_mux_init init = { MIRQ_SIZED(mirq_mux_init), .name = "VMD" };
 *
 *	mirq_irq_alloc(msix_of_the_controller, &want, &init.lines);   spread, as many as it has
 *	mirq_mux_attach(m, &init, &vmd);
 *	mirq_link_add(m, &(struct mirq_link){ { 0, 0x10000 }, segment, vmd });
 *
 * Devices that the bus code finds in that segment hang behind the mux. mirq_secondary_detach()
 * takes it out again, once they are gone. What a secondary root does: root.h.
 */
#ifndef MIRQ_MUX_H
#define MIRQ_MUX_H

#include <mirq/root.h>

struct mirq_mux_init {
	uint32_t size_bytes;
	const char *name;       /* for people; retained */
	struct mirq_irqs lines; /* the controller's: allocated, not requested */
	uint64_t address;       /* what is sent there raises the first line; 0: 0xfee00000 */
	uint32_t stride_bytes;  /* to the address of the next line; 0: 4096 */
	uint32_t data;          /* of every message */
	uint32_t nr_per_line;   /* interrupts that a line carries at most; 0: 64 */
	uint32_t carries;       /* enum mirq_carries, or-ed; 0: MIRQ_CARRIES_ONE */
	struct mirq_why *why;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_mux_attach() - Put a mux into the hierarchy, on interrupts of its controller.
 * @m:          [in] system with a root.
 * @init:       [in] borrowed.
 * @out_domain: [out] the domain, to be a parent of devices and links.
 * Context: thread.
 * Errors:  MIRQ_EINVAL (addresses that are not aligned to 4 or beyond 64 bits; whatever
 *          mirq_secondary_attach() refuses; .why), MIRQ_EBUSY (a line has a handler), MIRQ_EIO
 *          (the controller did not answer), MIRQ_ENOSPC (a line has no id yet, and none is left),
 *          MIRQ_ENOMEM.
 * Source:  [VMD].
 */
MIRQ_MUST_CHECK enum mirq_err mirq_mux_attach(struct mirq *m, const struct mirq_mux_init *init,
					      struct mirq_domain **out_domain);

MIRQ_END_DECLS

#endif
