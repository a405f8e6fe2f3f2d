/* SPDX-License-Identifier: MIT */
/*
 * vtd_remap.c - what a unit does with an interrupt request: by format, by entry, by who sent it. An
 * entry once fetched stays cached until it is invalidated, whatever memory says meanwhile; entries
 * that are not present are not cached ([VTD] 6.1, caching mode 0).
 * Sources: [VTD] 5.1.2-5.1.4, 6.2.1, 9.10, appendix A. Locking: none.
 */
#include "fabric.h"
#include "vtd.h"

#include <stdlib.h>

enum {
	SVT_NONE,
	SVT_ID,
	SVT_BUSES
};

int sim_unit_is_remapping(const struct sim_unit *u)
{
	return UNIT_STATUS(u, GCMD_IRE);
}

void unit_cache_clear(struct sim_unit *u)
{
	u->generation++;
}

void unit_cache_clear_at(struct sim_unit *u, uint32_t index, uint32_t mask_log2)
{
	uint32_t nr = 1u << mask_log2;

	index &= ~(nr - 1); /* the low bits of the index do not count */
	for (uint32_t i = index; i < index + nr && i < UNIT_MAX_ENTRIES; i++)
		if (u->cache[i / UNIT_CACHE_ENTRIES])
			u->cache[i / UNIT_CACHE_ENTRIES][i % UNIT_CACHE_ENTRIES].generation = 0;
}

static uint64_t load64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

static int entry_read(struct sim_unit *u, uint32_t index, struct sim_entry *out)
{
	uint8_t bytes[16];

	if (!sim_memory_read(u->s, unit_reads_snooped(u), u->table_bus + index * UINT64_C(16),
			     bytes, sizeof(bytes)))
		return 0;
	out->low = load64(bytes);
	out->high = load64(bytes + 8);
	out->generation = u->generation;
	return 1;
}

static struct sim_entry *cache_place(struct sim_unit *u, uint32_t index)
{
	struct sim_entry **part = &u->cache[index / UNIT_CACHE_ENTRIES];

	if (!*part)
		*part = sim_own(u->s, UNIT_CACHE_ENTRIES * sizeof(**part));
	if (!*part)
		abort();
	return &(*part)[index % UNIT_CACHE_ENTRIES];
}

/* From the cache where it is there, else from memory. */
static enum sim_fault entry_find(struct sim_unit *u, uint32_t index, struct sim_entry *out)
{
	struct sim_entry *cached = cache_place(u, index), memory;

	if (cached->generation == u->generation) {
		*out = *cached;
		if (entry_read(u, index, &memory) &&
		    (memory.low != cached->low || memory.high != cached->high))
			u->stats.nr_stale++;
		return FAULT_NONE;
	}
	u->stats.nr_fetched++;
	if (!entry_read(u, index, out))
		return FAULT_TABLE;
	if (SIM_GET(out->low, IRTE_P))
		*cached = *out;
	return FAULT_NONE;
}

static int entry_is_reserved(const struct sim_unit *u, const struct sim_entry *entry)
{
	uint64_t delivery = SIM_GET(entry->low, IRTE_DLM);

	/* IM: posted format, which this unit does not have (CAP.PI = 0). */
	if (SIM_GET(entry->low, IRTE_RESERVED_1) || SIM_GET(entry->low, IRTE_RESERVED_2) ||
	    SIM_GET(entry->low, IRTE_IM) || SIM_GET(entry->high, IRTE_RESERVED_3))
		return 1;
	if (delivery == 3 || delivery == 6 || SIM_GET(entry->high, IRTE_SVT) > SVT_BUSES)
		return 1;
	return !u->is_wide && (SIM_GET(entry->low, IRTE_DST_8_RESERVED_1) ||
			       SIM_GET(entry->low, IRTE_DST_8_RESERVED_2));
}

static int entry_trusts(const struct sim_entry *entry, uint16_t requester)
{
	/* By SQ: all bits, all but bit 2, all but 2:1, all but 2:0. */
	static const uint16_t compared[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };
	uint32_t bus = requester >> 8;

	switch (SIM_GET(entry->high, IRTE_SVT)) {
	case SVT_ID:
		return !((SIM_GET(entry->high, IRTE_SID) ^ requester) &
			 compared[SIM_GET(entry->high, IRTE_SQ)]);
	case SVT_BUSES:
		return bus >= SIM_GET(entry->high, IRTE_SID_BUS) &&
		       bus <= SIM_GET(entry->high, IRTE_SID_LAST_BUS);
	default:
		return 1;
	}
}

static enum sim_fault request_index(const struct sim_unit *u, uint64_t address, uint32_t data,
				    uint32_t *out_index)
{
	*out_index = (uint32_t)(SIM_GET(address, REQUEST_HANDLE) |
				SIM_GET(address, REQUEST_HANDLE_15) << 15);
	if (SIM_GET(address, REQUEST_SUBHANDLE_VALID)) {
		if (SIM_GET(data, REQUEST_DATA_RESERVED))
			return FAULT_REQUEST_RESERVED;
		*out_index += (uint32_t)SIM_GET(data, REQUEST_DATA_SUBHANDLE);
	}
	return *out_index >= u->nr_entries ? FAULT_INDEX : FAULT_NONE;
}

/* Where the entry of a request stands in memory. */
const void *sim_unit_entry_object(struct sim_unit *u, uint64_t address, uint32_t data)
{
	uint32_t index;

	if (!sim_unit_is_remapping(u) || !SIM_GET(address, REQUEST_REMAPPABLE) ||
	    request_index(u, address, data, &index))
		return NULL;
	return sim_ram(u->s, u->table_bus + index * UINT64_C(16), 16);
}

/* Faults of the entry's own are recorded unless it says not to. */
static enum sim_fault entry_use(struct sim_unit *u, const struct sim_entry *entry,
				uint16_t requester, struct sim_route *out)
{
	if (!SIM_GET(entry->low, IRTE_P))
		return FAULT_NOT_PRESENT;
	if (entry_is_reserved(u, entry))
		return FAULT_ENTRY_RESERVED;
	if (!entry_trusts(entry, requester))
		return FAULT_SOURCE;
	*out = (struct sim_route){
		.destination = (uint32_t)(u->is_wide ? SIM_GET(entry->low, IRTE_DST)
						     : SIM_GET(entry->low, IRTE_DST_8)),
		.is_logical = (uint32_t)SIM_GET(entry->low, IRTE_DM),
		.is_wide = u->is_wide,
		.delivery = (uint32_t)SIM_GET(entry->low, IRTE_DLM),
		.vector = (uint32_t)SIM_GET(entry->low, IRTE_VECTOR),
	};
	return FAULT_NONE;
}

static void request_block(struct sim_unit *u, enum sim_fault fault, uint32_t index,
			  uint16_t requester, int is_recorded)
{
	u->stats.nr_blocked++;
	u->stats.last_reason = (uint32_t)fault;
	sim_tell_unheard(u->s, (uint32_t)fault);
	sim_note(u->s, "unit %u blocks %04x, entry %u: reason %02x", u->index, requester, index,
		 (unsigned int)fault);
	if (is_recorded)
		unit_fault_record(u, fault, index, requester);
}

static int request_compatible(struct sim_unit *u, uint16_t requester, uint64_t address,
			      uint32_t data, struct sim_route *out_route)
{
	if (u->is_wide || !UNIT_STATUS(u, GCMD_CFI)) {
		request_block(u, FAULT_COMPATIBILITY, 0, requester, 1);
		return 0;
	}
	u->stats.nr_passed++;
	return sim_message_decode(address, data, out_route);
}

int sim_unit_request(struct sim_unit *u, uint16_t requester, uint64_t address, uint32_t data,
		     struct sim_route *out_route)
{
	struct sim_entry entry = { 0, 0, 0 };
	enum sim_fault fault;
	uint32_t index;

	if (!SIM_GET(address, REQUEST_REMAPPABLE))
		return request_compatible(u, requester, address, data, out_route);
	fault = request_index(u, address, data, &index);
	if (!fault)
		fault = entry_find(u, index, &entry);
	if (fault) {
		request_block(u, fault, index, requester, 1);
		return 0;
	}
	fault = entry_use(u, &entry, requester, out_route);
	if (fault) {
		request_block(u, fault, index, requester, !SIM_GET(entry.low, IRTE_FPD));
		return 0;
	}
	u->stats.nr_remapped++;
	sim_note(u->s, "unit %u: entry %u, vector %02x to %x", u->index, index, out_route->vector,
		 out_route->destination);
	return 1;
}
