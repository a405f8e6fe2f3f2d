/* SPDX-License-Identifier: MIT */
/*
 * vtd_entry.c - routes, requesters and indices into the words of a VT-d unit: table entries,
 * messages, queue descriptors. Pure: no state, no I/O.
 * Sources: [VTD] 5.1.2.2 (messages), 6.5.2 (descriptors), 9.10 (entries). Locking: none needed.
 */
#include "vtd.h"

#include "../core/fail.h"

#define VTD_FIRST_VECTOR 16u /* below: exceptions; local APICs refuse them */
#define VTD_LIMIT_VECTOR 256u
#define VTD_BROADCAST 0xffffffffu
#define VTD_BROADCAST_XAPIC 0xffu
#define VTD_LIMIT_RID 0x10000u
#define VTD_BUS_RIDS 256u
#define VTD_NR_FUNCTIONS 8u

/* By SQ: the function bits that the comparison leaves out, [VTD] 9.10. */
static const uint8_t vtd_ignored[] = { 0, 4, 6, 7 };

static int vtd_has_id(const struct mirq_requesters *who, uint32_t id, uint32_t *out_limit)
{
	for (uint32_t i = 0; i < who->nr_ids; i++) {
		if (id >= who->ids[i].first && id < who->ids[i].limit) {
			*out_limit = who->ids[i].limit;
			return 1;
		}
	}
	return 0;
}

/* The smallest range around all ids; 0: there are none, or ids that are no requester ids. */
static int vtd_hull(const struct mirq_requesters *who, struct mirq_range *out_hull)
{
	struct mirq_range hull = { UINT32_MAX, 0 };

	for (uint32_t i = 0; i < who->nr_ids; i++) {
		const struct mirq_range *ids = &who->ids[i];

		if (ids->first >= ids->limit || ids->limit > VTD_LIMIT_RID)
			return 0;
		if (ids->first < hull.first)
			hull.first = ids->first;
		if (ids->limit > hull.limit)
			hull.limit = ids->limit;
	}
	*out_hull = hull;
	return hull.limit != 0;
}

/* Are there no holes in the hull? */
static int vtd_is_whole(const struct mirq_requesters *who, struct mirq_range hull)
{
	while (hull.first < hull.limit) {
		if (!vtd_has_id(who, hull.first, &hull.first))
			return 0;
	}
	return 1;
}

static uint64_t vtd_high_bus(struct mirq_range hull)
{
	uint64_t high = MIRQ_SET(0, VTD_IRTE_HIGH_SVT, VTD_IRTE_SVT_BUS);

	high = MIRQ_SET(high, VTD_IRTE_HIGH_SID_FIRST_BUS, hull.first / VTD_BUS_RIDS);
	return MIRQ_SET(high, VTD_IRTE_HIGH_SID_LAST_BUS, hull.limit / VTD_BUS_RIDS - 1);
}

/* Functions of one device: 0, or the half with the SQ under which the comparison lets the set
 * through and nobody else. */
static uint64_t vtd_high_functions(const struct mirq_requesters *who, uint32_t first)
{
	uint32_t device = first & ~(VTD_NR_FUNCTIONS - 1);
	uint32_t functions = 0, limit, allowed;

	for (uint32_t f = 0; f < VTD_NR_FUNCTIONS; f++) {
		if (vtd_has_id(who, device + f, &limit))
			functions |= UINT32_C(1) << f;
	}
	for (uint32_t sq = 0; sq < sizeof(vtd_ignored); sq++) {
		allowed = 0;
		for (uint32_t f = 0; f < VTD_NR_FUNCTIONS; f++) {
			if (!(((device + f) ^ first) & ~(uint32_t)vtd_ignored[sq]))
				allowed |= UINT32_C(1) << f;
		}
		if (allowed == functions)
			return MIRQ_SET(0, VTD_IRTE_HIGH_SVT, VTD_IRTE_SVT_SID) |
			       MIRQ_SET(0, VTD_IRTE_HIGH_SQ, sq) |
			       MIRQ_SET(0, VTD_IRTE_HIGH_SID, first);
	}
	return 0;
}

enum mirq_err mirqi_vtd_compose_high(const struct mirq_requesters *who, uint64_t *out_high,
				     struct mirq_why *why)
{
	struct mirq_range hull;
	uint64_t high = 0;

	if (!vtd_hull(who, &hull))
		return mirqi_fail(
			why, MIRQ_EINVAL, 0, NULL,
			"a device behind this unit needs requester ids, 0 to 65535, so that its "
			"entries can be checked against them");
	if (hull.first % VTD_BUS_RIDS == 0 && hull.limit % VTD_BUS_RIDS == 0) {
		if (vtd_is_whole(who, hull))
			high = vtd_high_bus(hull);
	} else if (hull.first / VTD_NR_FUNCTIONS == (hull.limit - 1) / VTD_NR_FUNCTIONS) {
		high = vtd_high_functions(who, hull.first);
	}
	if (!high)
		return mirqi_fail_value(
			why, MIRQ_EINVAL, NULL,
			"requester ids that an entry cannot check without letting others through: "
			"give one id, functions of one device that differ in bit 2, bits 2:1 or "
			"2:0, or whole buses; .value is the lowest",
			hull.first);
	*out_high = high;
	return MIRQ_OK;
}

enum mirq_err mirqi_vtd_compose_low(const struct mirq_route *route, int eim, uint64_t *out_low)
{
	uint64_t low;

	if (route->kind != MIRQ_ROUTE_FIXED || route->id < VTD_FIRST_VECTOR ||
	    route->id >= VTD_LIMIT_VECTOR)
		return MIRQ_EINVAL;
	if (route->hw_target >= (eim ? VTD_BROADCAST : VTD_BROADCAST_XAPIC))
		return MIRQ_EINVAL;
	/* Fixed delivery (DLM 0), physical destination (DM 0), no redirection, faults reported. */
	low = MIRQ_SET(0, VTD_IRTE_P, 1);
	low = MIRQ_SET(low, VTD_IRTE_TM, route->trigger >= MIRQ_LEVEL_HIGH);
	low = MIRQ_SET(low, VTD_IRTE_V, route->id);
	if (eim)
		low = MIRQ_SET(low, VTD_IRTE_DST, route->hw_target);
	else
		low = MIRQ_SET(low, VTD_IRTE_DST_XAPIC, route->hw_target);
	*out_low = low;
	return MIRQ_OK;
}

enum mirq_err mirq_vtd_compose_entry(const struct mirq_route *route, int eim,
				     const struct mirq_requesters *who,
				     struct mirq_vtd_entry *out_entry)
{
	struct mirq_vtd_entry entry;
	enum mirq_err err = mirqi_vtd_compose_low(route, eim, &entry.low);

	if (!err)
		err = mirqi_vtd_compose_high(who, &entry.high, NULL);
	if (!err)
		*out_entry = entry;
	return err;
}

struct mirq_msg mirq_vtd_compose_message(uint32_t index)
{
	uint64_t address = MIRQ_SET(0, VTD_MSG_PREFIX, VTD_MSG_PREFIX_VALUE);

	address = MIRQ_SET(address, VTD_MSG_HANDLE_14_0, index);
	address = MIRQ_SET(address, VTD_MSG_HANDLE_15, index >> 15);
	address = MIRQ_SET(address, VTD_MSG_FORMAT, 1);
	address = MIRQ_SET(address, VTD_MSG_SHV, 1);
	return (struct mirq_msg){ .address = address, .data = 0 };
}

struct mirq_vtd_descriptor mirqi_vtd_compose_iec(uint32_t first, uint32_t mask_log2)
{
	uint64_t low = MIRQ_SET(0, VTD_D_TYPE, VTD_D_TYPE_IEC);

	low = MIRQ_SET(low, VTD_IEC_G, 1);
	low = MIRQ_SET(low, VTD_IEC_IM, mask_log2);
	return (struct mirq_vtd_descriptor){ .low = MIRQ_SET(low, VTD_IEC_IIDX, first) };
}

struct mirq_vtd_descriptor mirqi_vtd_compose_iec_global(void)
{
	return (struct mirq_vtd_descriptor){ .low = MIRQ_SET(0, VTD_D_TYPE, VTD_D_TYPE_IEC) };
}

struct mirq_vtd_descriptor mirqi_vtd_compose_wait(uint64_t address, uint32_t data)
{
	uint64_t low = MIRQ_SET(0, VTD_D_TYPE, VTD_D_TYPE_WAIT);

	low = MIRQ_SET(low, VTD_WAIT_SW, 1);
	low = MIRQ_SET(low, VTD_WAIT_STATUS_DATA, data);
	return (struct mirq_vtd_descriptor){
		.low = low,
		.high = MIRQ_SET(0, VTD_WAIT_HIGH_ADDRESS, address >> 2),
	};
}
