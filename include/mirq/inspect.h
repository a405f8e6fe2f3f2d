/* SPDX-License-Identifier: MIT */
/*
 * inspect.h - questions. Nothing here changes an interrupt; pointers in answers are valid as long
 * as the thing asked about is attached.
 */
#ifndef MIRQ_INSPECT_H
#define MIRQ_INSPECT_H

#include <mirq/bus.h>
#include <mirq/remapper.h>

enum mirq_role {
	MIRQ_ROLE_STORE,
	MIRQ_ROLE_REMAPPER,
	MIRQ_ROLE_ROOT
};

struct mirq_domain_info {
	const char *name;
	enum mirq_role role;
	const struct mirq_domain *parent; /* NULL: the root */
	const struct mirq_device
		*device;        /* of a store; of the lines of a secondary root; else NULL */
	uint32_t nr_entries;    /* slots, entries; ids per CPU for a root */
	uint32_t nr_used;       /* slots allocated; entries in use; ids in use over all CPUs */
	uint32_t carries;       /* enum mirq_carries, or-ed */
	uint32_t traits;        /* enum mirq_store_trait, _remapper_trait or _root_trait, or-ed */
	uint64_t nr_programmed; /* entries programmed (remapper), messages written (store) */
	uint64_t nr_flushes;    /* flush calls */
};
struct mirq_irq_info {
	uint32_t number, index;
	uint32_t state; /* state word: src/core/state.h */
	const char
		*state_text; /* its most telling word: allocated, active, running, disabled, ... */
	const char *device, *store;
	struct mirq_route route; /* its CPU and id; behind a secondary root: the line's CPU */
	uint32_t line;           /* behind one: number of the interrupt that carries it; else 0 */
	struct mirq_msg msg;     /* what the slot was last told; address 0: nothing yet */
	uint64_t cookie;
	uint64_t nr_handled; /* handler rounds */
};
struct mirq_hop_info {
	const char *domain;
	enum mirq_role role;
	uint64_t hwirq;      /* slot, entry, id */
	struct mirq_msg msg; /* what arrives there; address 0 at the root */
};
struct mirq_cpu_info {
	uint32_t hardware_id, node;
	uint32_t is_online;       /* 0 also while it leaves */
	uint32_t nr_ids, nr_used; /* ids that mirq may hand out here; of them taken */
	uint64_t nr_dispatched;   /* events taken */
	uint64_t nr_stray;        /* no interrupt has the id */
	uint64_t nr_late; /* taken once its interrupt was being released: nobody was called */
};
struct mirq_info {
	uint32_t nr_irqs, nr_devices, nr_cpus, nr_quarantined;
	uint64_t nr_kept; /* events kept while disabled or running */
	uint64_t nr_faults;
	enum mirq_guest guest;  /* as the root was told; UNKNOWN without a root */
	const char *hypervisor; /* its name; NULL: not known */
};

enum mirq_event {
	MIRQ_EVENT_ALLOC,
	MIRQ_EVENT_FREE,
	MIRQ_EVENT_ROUTE,
	MIRQ_EVENT_PROGRAM,
	MIRQ_EVENT_FLUSH,
	MIRQ_EVENT_WRITE,
	MIRQ_EVENT_MASK,
	MIRQ_EVENT_UNMASK,
	MIRQ_EVENT_RETIRE,
	MIRQ_EVENT_RESEND,
	MIRQ_EVENT_QUARANTINE
};
/* In place of a CPU: or-ed to a target that is a line of a secondary root. */
#define MIRQ_TRACE_LINE (UINT64_C(1) << 32)
/* Called for each event: number of the interrupt (0: none), two values by kind (docs/design.md). */
typedef void mirq_trace(void *context, enum mirq_event event, uint32_t number, uint64_t a,
			uint64_t b);
/* Called for each line of a dump, without line end. */
typedef void mirq_line(void *context, const char *line);

MIRQ_BEGIN_DECLS

/**
 * mirq_err_text() - A short text for an error.
 * Returns: static text; "unknown error" for other numbers.
 * Context: any.
 * Errors:  none.
 */
const char *mirq_err_text(enum mirq_err err);
/**
 * mirq_inspect() - Totals of a system.
 * Context: atomic.
 * Errors:  none.
 */
void mirq_inspect(struct mirq *m, struct mirq_info *out_info);
/**
 * mirq_domain_next() - Walk root and remappers, parents before children.
 * @domain: NULL: the first.
 * Returns: the next one, NULL at the end.
 * Context: thread.
 * Errors:  NULL.
 */
struct mirq_domain *mirq_domain_next(struct mirq *m, const struct mirq_domain *domain);
/**
 * mirq_domain_inspect() - What a domain is.
 * Context: thread.
 * Errors:  none.
 */
void mirq_domain_inspect(const struct mirq_domain *domain, struct mirq_domain_info *out_info);
/**
 * mirq_device_next() - Walk devices in the order of their attachment.
 * @dev: NULL: the first.
 * Returns: the next one, NULL at the end.
 * Context: thread.
 * Errors:  NULL.
 */
struct mirq_device *mirq_device_next(struct mirq *m, const struct mirq_device *dev);
/**
 * mirq_device_name() - The name given at attach.
 * Context: any.
 * Errors:  none.
 */
const char *mirq_device_name(const struct mirq_device *dev);
/**
 * mirq_store_next() - Walk the stores of a device in the order of their attachment.
 * @store: NULL: the first.
 * Returns: the next one, NULL at the end.
 * Context: thread.
 * Errors:  NULL.
 */
struct mirq_store *mirq_store_next(const struct mirq_device *dev, const struct mirq_store *store);
/**
 * mirq_store_domain() - The domain that a store's template became.
 * Context: any.
 * Errors:  none.
 */
struct mirq_domain *mirq_store_domain(struct mirq_store *store);
/**
 * mirq_irq_inspect() - What is known of the first interrupt of @one.
 * Context: atomic.
 * Errors:  MIRQ_ENOENT (not allocated).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_irq_inspect(struct mirq_irqs one,
					       struct mirq_irq_info *out_info);
/**
 * mirq_irq_inspect_hop() - One step of its way: 0 the store, 1 the store's parent, ..., the root.
 * Context: atomic.
 * Errors:  MIRQ_ENOENT (not allocated, or past the root).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_irq_inspect_hop(struct mirq_irqs one, uint32_t hop,
						   struct mirq_hop_info *out_info);
/**
 * mirq_cpu_inspect() - What is known of a CPU.
 * Context: atomic.
 * Errors:  MIRQ_ENOENT (no such CPU).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_cpu_inspect(struct mirq *m, uint32_t cpu,
					       struct mirq_cpu_info *out_info);
/**
 * mirq_fault_next() - Read and clear one fault that a remapper recorded.
 * Context: atomic.
 * Errors:  MIRQ_ENOENT (none).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_fault_next(struct mirq *m, struct mirq_fault *out_fault);
/**
 * mirq_dump() - The tree as text: domains, devices, stores, interrupts with their ways.
 * @line:    called for each line.
 * Context: thread.
 * Errors:  none.
 */
void mirq_dump(struct mirq *m, mirq_line *line, void *context);
/**
 * mirq_trace_attach() - Call @trace for each event from now on.
 * @trace: called in the context of the event, also atomic; NULL: no more.
 * Context: thread or init.
 * Errors:  none.
 */
void mirq_trace_attach(struct mirq *m, mirq_trace *trace, void *context);
/**
 * mirq_check() - Verify every invariant that holds at rest: no call in progress, none running.
 * @why: [out] the first that is broken.
 * Context: thread.
 * Errors:  MIRQ_EINVAL (one is broken).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_check(struct mirq *m, struct mirq_why *why);

MIRQ_END_DECLS

#endif
