/* SPDX-License-Identifier: MIT */
/*
 * domain.h - what remappers and roots have in common: routes, hops, batches, what a way carries.
 * For authors of remappers (remapper.h) and roots (root.h); drivers and stores do not include it.
 *
 * A root promises a route for each interrupt. A table remapper stores the route in an entry and
 * composes a message from the entry; a shim maps message to message; the root composes only where
 * no table stands above the store. At most one table per chain, any number of shims.
 */
#ifndef MIRQ_DOMAIN_H
#define MIRQ_DOMAIN_H

#include <mirq/types.h>

enum mirq_route_kind {
	MIRQ_ROUTE_NONE,   /* nothing promised yet */
	MIRQ_ROUTE_FIXED,  /* one CPU, one id */
	MIRQ_ROUTE_POSTED, /* through a descriptor in memory (reserved) */
	MIRQ_ROUTE_GUEST   /* to a virtual CPU (reserved) */
};

/* What a root promises for one interrupt. Opaque above the remapper. */
struct mirq_route {
	uint32_t cpu;
	uint32_t hw_target; /* the CPU's name on the bus: APIC id, hart, MPIDR */
	uint32_t id;        /* vector, EIID, LPI: what the root calls it */
	uint8_t kind;       /* enum mirq_route_kind */
	uint8_t trigger;    /* enum mirq_trigger, as the root must see it */
	uint16_t reserved;
};

/* What one interrupt holds in one remapper. */
struct mirq_hop {
	uint32_t hwirq; /* its entry there */
	uint32_t word;  /* the remapper's own; 0 when new. Below ids of the system: the id */
};

/* Interrupts on which an operation works in phases; each takes part once. Opaque. */
struct mirq_batch;

/* One member of a batch, as a domain sees it. */
struct mirq_member {
	struct mirq_hop *hop;
	const struct mirq_route *route;
};

/* Ids under which a device's messages may arrive: own, aliases, those of bridges. PCI: requester
 * ids. */
struct mirq_requesters {
	const struct mirq_range *ids;
	uint32_t nr_ids;
	uint16_t segment;
	const char *device; /* its name: filled in by mirq_device_attach() */
};

/* What a domain lets through. A parent may remove what a child asks for, never add rights. */
enum mirq_carries {
	MIRQ_CARRIES_ONE = 1,           /* stores whose slots have a message each */
	MIRQ_CARRIES_BLOCKS = 2,        /* blocks of 2^k under one message */
	MIRQ_CARRIES_LEVEL = 4,         /* level interrupts */
	MIRQ_CARRIES_DEVICE_STORES = 8, /* IMS: device-specific stores */
	MIRQ_CARRIES_TWO_MESSAGES = 16  /* assert and deassert: compose gives both */
};

MIRQ_BEGIN_DECLS

/**
 * mirq_batch_next() - Walk the members of @batch.
 * @cursor:     [in,out] NULL-initialised; the walk's own.
 * @out_member: [out] the next member.
 * Returns: 1, or 0 at the end.
 * Context: atomic.
 * Errors:  none.
 */
int mirq_batch_next(const struct mirq_batch *batch, const void **cursor,
		    struct mirq_member *out_member);
/**
 * mirq_batch_count() - How many members.
 * Context: atomic.
 * Errors:  none.
 */
uint32_t mirq_batch_count(const struct mirq_batch *batch);

MIRQ_END_DECLS

#endif
