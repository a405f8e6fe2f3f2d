/* SPDX-License-Identifier: MIT */
/*
 * vtd.c - a VT-d unit as a table remapper: attach, detach, devices behind it, its events.
 *
 * Not here: registers and their order (vtd_life.c), entries (vtd_entry.c, vtd_table.c), the queue
 * (vtd_queue.c), faults (vtd_fault.c). DMA remapping is not touched.
 * Sources: [VTD] 5.1 (interrupt remapping), 7.4, 6.5.2 (events). Locking: see vtd.h.
 */
#include "vtd.h"

#include <mirq/bus.h>

#include "../core/chip.h"
#include "../core/fail.h"
#include "../core/memory.h"

#define VTD_TIMEOUT_NS UINT64_C(1000000) /* where the caller names none */
#define VTD_DMA_BITS 64u
#define VTD_LIMIT_TARGET 0xffffffffu /* the broadcast id is nobody's */
#define VTD_LIMIT_TARGET_XAPIC 0xffu
#define VTD_EVENT_BYTES 16u

static enum mirq_err vtd_device_attach(void *data, const struct mirq_requesters *who,
				       uint32_t max_entries, void **out_ctx, struct mirq_why *why)
{
	struct mirqi_vtd *u = data;
	struct mirqi_vtd_ctx *device;
	uint64_t high;
	enum mirq_err err = mirqi_vtd_compose_high(who, &high, why);

	(void)max_entries;
	if (err) {
		if (why)
			why->where = u->name;
		return err;
	}
	device = mirq_host_alloc(u->host, sizeof(*device), _Alignof(struct mirqi_vtd_ctx));
	if (!device)
		return mirqi_fail(why, MIRQ_ENOMEM, 0, u->name, "no memory for a device");
	device->high = high;
	*out_ctx = device;
	return MIRQ_OK;
}

static void vtd_device_detach(void *data, void *ctx)
{
	struct mirqi_vtd *u = data;

	mirq_host_free(u->host, ctx, sizeof(struct mirqi_vtd_ctx));
}

static void vtd_compose(void *data, void *ctx, const struct mirq_hop *hop,
			const struct mirq_route *route, uint32_t block_log2,
			struct mirq_msg *out_msg)
{
	(void)data, (void)ctx, (void)route, (void)block_log2;
	*out_msg = mirq_vtd_compose_message(hop->hwirq);
}

static void vtd_memory_free(struct mirqi_vtd *u)
{
	if (u->ring)
		mirq_host_dma_free(u->host, u->ring, VTD_RING_BYTES + VTD_STATUS_BYTES);
	if (u->table)
		mirq_host_dma_free(u->host, (void *)(uintptr_t)u->table,
				   u->nr_entries * sizeof(struct mirq_vtd_entry));
}

/* Off, then the memory. What a unit that does not switch off may still use stays allocated. */
static void vtd_unit_free(struct mirqi_vtd *u)
{
	if (!mirqi_vtd_disable(u))
		vtd_memory_free(u);
	else
		mirqi_vtd_tell(u, "the unit does not switch off: its table and queue stay "
				  "allocated, because it may still use them");
	if (u->regs.base)
		mirq_host_unmap(u->host, (void *)(uintptr_t)u->regs.base, u->regs.limit_bytes);
	mirq_host_free(u->host, u, u->size_bytes);
}

static void vtd_fini(void *data)
{
	struct mirqi_vtd *u = data;

	/* mirq_fini() has detached every device before: then its fini has cleared the pointer. */
	for (uint32_t i = 0; i < MIRQI_VTD_NR_EVENTS; i++)
		if (u->events[i].device)
			(void)mirq_device_detach(u->events[i].device);
	vtd_unit_free(u);
}

static const struct mirq_remapper_ops vtd_ops = {
	MIRQ_SIZED(mirq_remapper_ops),
	.attach = vtd_device_attach,
	.detach = vtd_device_detach,
	.alloc = mirqi_vtd_alloc,
	.free = mirqi_vtd_free,
	.program = mirqi_vtd_program,
	.clear = mirqi_vtd_clear,
	.flush = mirqi_vtd_flush,
	.compose = vtd_compose,
	.translate = NULL, /* table kind */
	.mask = NULL,      /* no rung: a cleared entry loses events */
	.unmask = NULL,
	.inject = NULL, /* the unit cannot raise an entry */
	.faults = mirqi_vtd_fault_read,
	.fini = vtd_fini,
};

static uint32_t vtd_log2(uint32_t power)
{
	uint32_t log2 = 0;

	while (UINT32_C(1) << log2 < power)
		log2++;
	return log2;
}

/* Copy what the caller gave, with the defaults filled in. */
static enum mirq_err vtd_init_read(struct mirq_vtd_init *own, struct mirq_vtd_owner *owner,
				   const struct mirq_vtd_init *init)
{
	const uint32_t known = MIRQ_VTD_EIM | MIRQ_VTD_REFUSE_FOUND_ON | MIRQ_VTD_DMA_COHERENT |
			       MIRQ_VTD_CAN_CLEAN;

	if (mirqi_sized_copy(own, sizeof(*own), init))
		return MIRQ_EINVAL;
	if (!own->nr_entries)
		own->nr_entries = UINT32_C(1) << VTD_MAX_ENTRIES_LOG2;
	if (!own->timeout_ns)
		own->timeout_ns = VTD_TIMEOUT_NS;
	if (own->nr_entries < 2 || own->nr_entries > UINT32_C(1) << VTD_MAX_ENTRIES_LOG2 ||
	    (own->nr_entries & (own->nr_entries - 1)))
		return mirqi_fail_value(own->why, MIRQ_EINVAL, own->name,
					"a table has a power of two of entries, 2 to 65536",
					own->nr_entries);
	if (!own->address || own->address % VTD_PAGE_BYTES || (own->flags & ~known))
		return mirqi_fail_value(own->why, MIRQ_EINVAL, own->name,
					"a unit has a page-aligned address, .value, and flags of "
					"enum mirq_vtd_flag",
					own->address);
	memset(owner, 0, sizeof(*owner));
	if (!own->owner)
		return MIRQ_OK;
	if (mirqi_sized_copy(owner, sizeof(*owner), own->owner) || !owner->submit_and_wait ||
	    !owner->command || !owner->table)
		return mirqi_fail(own->why, MIRQ_EINVAL, 0, own->name,
				  "the owner of a borrowed unit gives all three functions");
	return MIRQ_OK;
}

static struct mirqi_vtd *vtd_unit_alloc(struct mirq *m, const struct mirq_vtd_init *init,
					const struct mirq_vtd_owner *owner)
{
	size_t size_bytes = sizeof(struct mirqi_vtd) +
			    ((size_t)init->nr_entries + 63) / 64 * sizeof(uint64_t);
	struct mirq_host *host = mirqi_host(m);
	struct mirqi_vtd *u = mirq_host_alloc(host, size_bytes, _Alignof(struct mirqi_vtd));

	if (!u)
		return NULL;
	memset(u, 0, size_bytes);
	u->m = m;
	u->host = host;
	u->name = init->name;
	u->regs_address = init->address;
	u->regs.host = host;
	u->owner = *owner;
	u->is_borrowed = init->owner != NULL;
	u->flags = init->flags;
	u->timeout_ns = init->timeout_ns;
	u->nr_entries = init->nr_entries;
	u->entries_log2 = vtd_log2(init->nr_entries);
	u->next_record = UINT32_MAX;
	u->size_bytes = size_bytes;
	mirqi_vtd_table_init(u);
	return u;
}

static enum mirq_err vtd_map(struct mirqi_vtd *u, struct mirq_why *why)
{
	u->regs.base = mirq_host_map(u->host, u->regs_address, VTD_PAGE_BYTES, MIRQ_MAP_REGISTERS);
	if (!u->regs.base)
		return mirqi_fail(why, MIRQ_ENOMEM, 0, u->name,
				  "the port could not map the unit's registers");
	u->regs.limit_bytes = VTD_PAGE_BYTES;
	return MIRQ_OK;
}

/* A table above one page is aligned to its size, [VTD] 11.4.24. */
static enum mirq_err vtd_memory_alloc(struct mirqi_vtd *u, struct mirq_why *why)
{
	size_t table_bytes = u->nr_entries * sizeof(struct mirq_vtd_entry);
	size_t ring_bytes = VTD_RING_BYTES + VTD_STATUS_BYTES;

	u->table = mirq_host_dma_alloc(u->host, table_bytes,
				       table_bytes > VTD_PAGE_BYTES ? table_bytes : VTD_PAGE_BYTES,
				       VTD_DMA_BITS, &u->table_bus);
	if (u->table && !u->is_borrowed) {
		u->ring = mirq_host_dma_alloc(u->host, ring_bytes, VTD_PAGE_BYTES, VTD_DMA_BITS,
					      &u->ring_bus);
		if (u->ring)
			u->status = (_Atomic uint32_t *)(void *)(u->ring + VTD_RING_ENTRIES);
	}
	if (!u->table || (!u->is_borrowed && !u->ring))
		return mirqi_fail_value(
			why, MIRQ_ENOMEM, u->name,
			"no memory for the remapping table (.value bytes, aligned to its size) or "
			"the queue: ask for fewer entries",
			table_bytes);
	if (u->must_clean) {
		mirq_host_clean(u->host, (const void *)(uintptr_t)u->table, table_bytes);
		if (u->ring)
			mirq_host_clean(u->host, u->ring, ring_bytes);
	}
	return MIRQ_OK;
}

static enum mirq_err vtd_domain_attach(struct mirqi_vtd *u, struct mirq_why *why)
{
	const struct mirq_remapper_init init = {
		MIRQ_SIZED(mirq_remapper_init),
		.name = u->name,
		.ops = &vtd_ops,
		.data = u,
		.nr_entries = u->nr_entries,
		.max_block_log2 = u->entries_log2,
		.limit_hw_target = u->flags & MIRQ_VTD_EIM ? VTD_LIMIT_TARGET
							   : VTD_LIMIT_TARGET_XAPIC,
		.carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS | MIRQ_CARRIES_LEVEL |
			   MIRQ_CARRIES_DEVICE_STORES,
		.traits = MIRQ_REMAPPER_DRAINS | MIRQ_REMAPPER_ISOLATES,
		.why = why,
	};

	return mirq_remapper_attach(u->m, &init, &u->domain);
}

enum mirq_err mirq_vtd_attach(struct mirq *m, const struct mirq_vtd_init *init,
			      struct mirq_domain **out_domain)
{
	struct mirq_vtd_init own = { 0 };
	struct mirq_vtd_owner owner;
	struct mirqi_vtd *u;
	enum mirq_err err = vtd_init_read(&own, &owner, init);

	if (err)
		return err;
	u = vtd_unit_alloc(m, &own, &owner);
	if (!u)
		return mirqi_fail(own.why, MIRQ_ENOMEM, 0, own.name, "no memory for a unit");
	err = vtd_map(u, own.why);
	if (!err)
		err = mirqi_vtd_probe(u, own.why);
	if (!err)
		err = vtd_memory_alloc(u, own.why);
	if (!err)
		err = mirqi_vtd_enable(u, own.why);
	if (!err)
		err = vtd_domain_attach(u, own.why);
	if (err) {
		vtd_unit_free(u);
		return err;
	}
	*out_domain = u->domain;
	return MIRQ_OK;
}

struct mirqi_vtd *mirqi_vtd_of(const struct mirq_domain *domain)
{
	return mirqi_remapper_data(domain, &vtd_ops);
}

enum mirq_err mirq_vtd_inspect(struct mirq_domain *vtd, struct mirq_vtd_stats *out_stats)
{
	const struct mirqi_vtd *u = mirqi_vtd_of(vtd);

	if (!u)
		return MIRQ_EINVAL;
	*out_stats = (struct mirq_vtd_stats){
		.nr_entry_writes = u->counters.nr_entry_writes,
		.nr_invalidations = u->counters.nr_invalidations,
		.nr_waits = u->counters.nr_waits,
		.nr_polls = u->counters.nr_polls,
		.nr_errors = u->counters.nr_errors,
		.nr_faults = u->counters.nr_faults,
	};
	return MIRQ_OK;
}

static void vtd_event_fini(void *data)
{
	struct mirqi_vtd_event *event = data;

	event->device = NULL;
	atomic_store(&event->is_given, 0);
}

static const struct vtd_event_kind {
	const char *name;
	uint32_t offset;
} vtd_event_kinds[MIRQI_VTD_NR_EVENTS] = {
	[MIRQI_VTD_EVENT_FAULT] = { "DMAR-EVENT", VTD_FECTL },
	[MIRQI_VTD_EVENT_COMPLETION] = { "DMAR-DONE", VTD_IECTL },
};

/* An event is a register store below the root: through the unit it could not report the unit. */
static enum mirq_err vtd_event_attach(struct mirqi_vtd *u, enum mirqi_vtd_event_of which,
				      struct mirq_irqs *out_irq)
{
	struct mirqi_vtd_event *event = &u->events[which];
	const struct mirq_device_init device = {
		MIRQ_SIZED(mirq_device_init),
		.name = u->name,
		.data = event,
		.fini = vtd_event_fini,
	};
	const struct mirq_irq_want one = { MIRQ_SIZED(mirq_irq_want), .nr = 1 };
	struct mirq_store_template kind = mirqi_dmar_event_kind;
	struct mirq_store_init init = {
		MIRQ_SIZED(mirq_store_init),
		.kind = &kind,
		.data = &event->store,
		.nr_slots = 1,
	};
	struct mirq_store *store;
	enum mirq_err err = mirq_device_attach(u->m, &device, &event->device);

	if (err) {
		event->device = NULL;
		return err;
	}
	kind.name = vtd_event_kinds[which].name;
	event->store.regs = (struct mirq_regs){
		.host = u->host,
		.base = (volatile unsigned char *)u->regs.base + vtd_event_kinds[which].offset,
		.limit_bytes = VTD_EVENT_BYTES,
	};
	err = mirq_store_attach(event->device, &init, &store);
	if (!err)
		err = mirq_irq_alloc(store, &one, out_irq);
	if (err)
		(void)mirq_device_detach(event->device);
	return err;
}

enum mirq_err mirqi_vtd_event_irq(struct mirq_domain *vtd, enum mirqi_vtd_event_of which,
				  struct mirq_irqs *out_irq)
{
	struct mirqi_vtd *u = mirqi_vtd_of(vtd);
	enum mirq_err err;

	if (!u)
		return MIRQ_EINVAL;
	if (u->is_borrowed)
		return MIRQ_ENOTSUP;
	if (atomic_exchange(&u->events[which].is_given, 1))
		return MIRQ_EBUSY;
	err = vtd_event_attach(u, which, out_irq);
	if (err)
		atomic_store(&u->events[which].is_given, 0);
	return err;
}

enum mirq_err mirq_vtd_fault_irq(struct mirq_domain *vtd, struct mirq_irqs *out_irq)
{
	return mirqi_vtd_event_irq(vtd, MIRQI_VTD_EVENT_FAULT, out_irq);
}
