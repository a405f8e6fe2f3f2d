/* SPDX-License-Identifier: MIT */
/*
 * vtd_fault.c - what a unit records of the requests that it blocked, and the events that tell of
 * faults and of completed waits. Records are filled in turn; one that is still full sets overflow,
 * and while that is set nothing is recorded.
 * Sources: [VTD] 7.2 (logging), 7.3, 7.4 (event), 11.4.9-11.4.14. Locking: none.
 */
#include "fabric.h"
#include "vtd.h"

#define STATUS_CONDITIONS                                                                          \
	(SIM_MASK(FSTS_PPF) | SIM_MASK(FSTS_IQE) | SIM_MASK(FSTS_ICE) | SIM_MASK(FSTS_ITE))

static uint32_t records_count(const struct sim_unit *u)
{
	return (uint32_t)SIM_GET(unit_get64(u, REG_CAP), CAP_NFR) + 1;
}

static uint32_t record_at(uint32_t nr)
{
	return REG_FRCD + nr * REG_FRCD_BYTES;
}

/* ---- Events ---- */

/* A unit's own messages are not remapped. In extended mode the upper address holds the rest of
 * the destination. */
static void event_send(struct sim_unit *u, uint32_t control)
{
	struct sim_flight flight = { .kind = SIM_REMAPPED, .source = SIM_MAX_DEVICES + u->index };
	uint32_t upper = u->regs[(control + EVENT_UPPER) / 4];

	u->regs[control / 4] &= ~(uint32_t)SIM_MASK(EVENT_PENDING);
	u->stats.nr_events++;
	sim_note(u->s, "unit %u sends the event of %03x", u->index, control);
	if (!sim_message_decode(u->regs[(control + EVENT_ADDRESS) / 4],
				u->regs[(control + EVENT_DATA) / 4], &flight.route)) {
		sim_violate(u->s, "the event of a unit goes to an address that is no interrupt's");
		return;
	}
	if (u->is_wide) {
		flight.route.destination |= upper & (uint32_t)SIM_MASK(EVENT_UPPER_DESTINATION);
		flight.route.is_wide = 1;
	}
	sim_flight_start(u->s, &flight);
}

void unit_event_raise(struct sim_unit *u, uint32_t control)
{
	u->regs[control / 4] |= (uint32_t)SIM_MASK(EVENT_PENDING);
	if (!SIM_GET(u->regs[control / 4], EVENT_MASKED))
		event_send(u, control);
}

void unit_event_written(struct sim_unit *u, uint32_t control, uint32_t value)
{
	uint32_t pending = u->regs[control / 4] & (uint32_t)SIM_MASK(EVENT_PENDING);

	u->regs[control / 4] = (value & (uint32_t)SIM_MASK(EVENT_MASKED)) | pending;
	if (pending && !SIM_GET(value, EVENT_MASKED))
		event_send(u, control);
}

/* ---- Fault status ---- */

void unit_status_raise(struct sim_unit *u, uint64_t bits)
{
	uint32_t old = u->regs[REG_FSTS / 4];

	u->regs[REG_FSTS / 4] = old | (uint32_t)bits;
	if (!(old & STATUS_CONDITIONS) && (bits & STATUS_CONDITIONS))
		unit_event_raise(u, REG_FECTL);
}

/* Serviced: a message that was held back by the mask has nothing to tell any more. */
static void status_settle(struct sim_unit *u)
{
	uint64_t status = u->regs[REG_FSTS / 4] & ~SIM_MASK(FSTS_PPF);

	for (uint32_t i = 0; i < records_count(u); i++)
		if (SIM_GET(u->regs[record_at(i) / 4 + 3], FRCD_F_UPPER))
			status |= SIM_MASK(FSTS_PPF);
	u->regs[REG_FSTS / 4] = (uint32_t)status;
	if (!(status & STATUS_CONDITIONS))
		u->regs[REG_FECTL / 4] &= ~(uint32_t)SIM_MASK(EVENT_PENDING);
}

void unit_status_written(struct sim_unit *u, uint32_t value)
{
	u->regs[REG_FSTS / 4] &= ~(value & (uint32_t)FSTS_CLEARED_BY_1);
	status_settle(u);
}

/* ---- Records ---- */

void unit_fault_record(struct sim_unit *u, enum sim_fault reason, uint32_t index,
		       uint16_t requester)
{
	uint32_t at = record_at(u->next_record);
	uint64_t status = u->regs[REG_FSTS / 4];

	if (SIM_GET(status, FSTS_PFO)) {
		u->stats.nr_lost++;
		return;
	}
	if (SIM_GET(unit_get64(u, at + 8), FRCD_F)) {
		u->stats.nr_lost++;
		u->regs[REG_FSTS / 4] = (uint32_t)SIM_SET(status, FSTS_PFO, 1);
		return;
	}
	unit_put64(u, at, SIM_PUT(FRCD_INDEX, index));
	unit_put64(u, at + 8,
		   SIM_PUT(FRCD_F, 1) | SIM_PUT(FRCD_REASON, reason) |
			   SIM_PUT(FRCD_SID, requester));
	u->stats.nr_recorded++;
	if (!SIM_GET(status, FSTS_PPF))
		u->regs[REG_FSTS / 4] = (uint32_t)SIM_SET(status, FSTS_FRI, u->next_record);
	u->next_record = (u->next_record + 1) % records_count(u);
	unit_status_raise(u, SIM_MASK(FSTS_PPF));
}

/* Only F is software's: writing 1 clears it. */
void unit_record_written(struct sim_unit *u, uint32_t offset, uint32_t value)
{
	if (offset % REG_FRCD_BYTES != 12)
		return;
	u->regs[offset / 4] &= ~(value & (uint32_t)SIM_MASK(FRCD_F_UPPER));
	status_settle(u);
}
