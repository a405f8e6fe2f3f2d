/* SPDX-License-Identifier: MIT */
/*
 * window.h - a window: messages of the devices behind it arrive at other addresses than they were
 * sent to. A non-transparent bridge, a host bridge that translates, a doorbell page that is mapped
 * for a device. It is a shim: it changes the address, never the data.
 *
 * Who reaches which CPU is a question of addresses: a CPU whose message lies outside all ranges
 * cannot be named from behind the window and gets none of its interrupts. Below a table remapper
 * all messages are that table's, so its address must lie inside.
 */
#ifndef MIRQ_WINDOW_H
#define MIRQ_WINDOW_H

#include <mirq/domain.h>

/* Addresses first..limit-1 as the parent sees them are far_first.. on the device's side. */
struct mirq_window_range {
	uint64_t first, limit;
	uint64_t far_first;
};

struct mirq_window_init {
	uint32_t size_bytes;
	const char *name;           /* for people; retained */
	struct mirq_domain *parent; /* NULL: the root */
	/* Copied. Ascending and disjoint on the parent's side, disjoint on the device's. */
	const struct mirq_window_range *ranges;
	uint32_t nr_ranges;
	uint32_t far_bits; /* width of addresses on the device's side, 32..64; 0: 64 */
	uint32_t carries;  /* enum mirq_carries, or-ed; 0: all that the parent does */
	struct mirq_why *why;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_window_attach() - Put a window into the hierarchy; mirq_remapper_detach() takes it out.
 * @m:          [in] system with a root.
 * @init:       [in] borrowed.
 * @out_domain: [out] the domain, to be a parent of devices and of other windows.
 * Context: thread or init.
 * Errors:  MIRQ_EINVAL (a range that is empty, too narrow for a message, or shifted by something
 *          that is no multiple of 4; two that overlap or stand in the wrong order; an address that
 *          the far side does not have; no range, no name, no root; .why), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_window_attach(struct mirq *m,
						 const struct mirq_window_init *init,
						 struct mirq_domain **out_domain);

MIRQ_END_DECLS

#endif
