/* SPDX-License-Identifier: MIT */
/*
 * vtd.c - a VT-d unit: its page of registers, global commands with their lasting and one-shot bits,
 * and the orders that software must keep. What it must not do is told as a violation.
 * Sources: [VTD] 6.5.2, 6.7, 11.4. Locking: none.
 */
#include "vtd.h"

#define UNIT_LASTING                                                                               \
	(SIM_MASK(GCMD_TE) | SIM_MASK(GCMD_EAFL) | SIM_MASK(GCMD_QIE) | SIM_MASK(GCMD_IRE) |       \
	 SIM_MASK(GCMD_CFI))
#define UNIT_FIRST_ADDRESS UINT64_C(0xfed90000)
#define UNIT_PAGE_BYTES 0x1000u

void sim_unit_init(struct sim_unit *u)
{
	const struct sim_unit_spec *spec = u->spec;

	u->address = UNIT_FIRST_ADDRESS + u->index * UNIT_PAGE_BYTES;
	u->generation = 1;
	u->regs[REG_VER / 4] = VER_VALUE;
	unit_put64(u, REG_CAP,
		   CAP_OTHER | SIM_PUT(CAP_FRO, REG_FRCD / REG_FRCD_BYTES) |
			   SIM_PUT(CAP_NFR, spec->nr_records - 1) |
			   SIM_PUT(CAP_RWBF, spec->has_rwbf) |
			   SIM_PUT(CAP_ESIRTPS, spec->has_esirtps));
	unit_put64(u, REG_ECAP,
		   SIM_PUT(ECAP_C, spec->is_coherent) | SIM_PUT(ECAP_QI, !spec->has_no_qi) |
			   SIM_PUT(ECAP_IR, !spec->has_no_ir) | SIM_PUT(ECAP_EIM, spec->has_eim) |
			   SIM_PUT(ECAP_IRO, 0x0f) | SIM_PUT(ECAP_MHMV, spec->mhmv));
	u->regs[REG_FECTL / 4] = (uint32_t)SIM_MASK(EVENT_MASKED);
	u->regs[REG_IECTL / 4] = (uint32_t)SIM_MASK(EVENT_MASKED);
}

/* ---- Commands ---- */

static void command_set_table(struct sim_unit *u)
{
	uint64_t irta = unit_get64(u, REG_IRTA);
	uint64_t size_bytes;

	u->table_bus = irta & SIM_MASK(IRTA_BASE);
	u->nr_entries = 2u << SIM_GET(irta, IRTA_SIZE);
	u->is_wide = (uint32_t)SIM_GET(irta, IRTA_EIME);
	u->is_latched = 1;
	u->is_flushed = u->spec->has_esirtps;
	size_bytes = (uint64_t)u->nr_entries * 16;
	if (u->is_wide && !u->spec->has_eim)
		sim_violate(u->s, "IRTA.EIME was set on a unit without ECAP.EIM");
	if (SIM_GET(irta, IRTA_RESERVED))
		sim_violate(u->s, "reserved bits of IRTA were set");
	if (size_bytes > UNIT_PAGE_BYTES && u->table_bus & (size_bytes - 1))
		sim_violate(u->s, "a remapping table above a page is not aligned to its size");
	if (u->spec->has_esirtps)
		unit_cache_clear(u);
}

static void command_check_queue(struct sim_unit *u, int is_on)
{
	uint64_t iqa = unit_get64(u, REG_IQA);

	if (is_on && u->spec->has_no_qi)
		sim_violate(u->s, "queued invalidation was switched on where there is none");
	if (is_on && u->regs[REG_IQT / 4])
		sim_violate(u->s, "the queue was switched on while its tail was not 0");
	if (is_on && (SIM_GET(iqa, IQA_RESERVED) || SIM_GET(iqa, IQA_WIDE)))
		sim_violate(u->s, "IQA has reserved bits set, or 256-bit descriptors");
	if (!is_on && (unit_queue_is_busy(u) || u->nr_in_progress))
		sim_violate(u->s, "the queue was switched off before it was empty");
}

static void command_check_remapping(struct sim_unit *u)
{
	if (u->spec->has_no_ir)
		sim_violate(u->s, "remapping was switched on where there is none");
	if (!u->is_latched)
		sim_violate(u->s, "remapping was switched on without a table (SIRTP)");
	if (!UNIT_STATUS(u, GCMD_QIE))
		sim_violate(u->s, "remapping was switched on without queued invalidation");
	if (u->is_latched && !u->is_flushed)
		sim_violate(u->s, "remapping was switched on without a global invalidation after "
				  "SIRTP");
}

/* Only one bit may change at a time, and the one before must have taken effect. */
static void command_check(struct sim_unit *u, uint32_t value)
{
	uint32_t status = u->regs[REG_GSTS / 4];
	uint64_t changed = ((status ^ value) & UNIT_LASTING) | (value & ~UNIT_LASTING);

	if (u->is_command_pending)
		sim_violate(u->s, "a command was given before the one before had taken effect");
	if (changed & (changed - 1))
		sim_violate(u->s, "one write to GCMD changed several bits");
	if (SIM_GET(value, GCMD_RESERVED) || SIM_GET(value, GCMD_SFL))
		sim_violate(u->s, "GCMD: reserved bits, or an advanced fault log");
	if (SIM_GET(changed, GCMD_QIE))
		command_check_queue(u, SIM_GET(value, GCMD_QIE) != 0);
	if (SIM_GET(changed & value, GCMD_IRE))
		command_check_remapping(u);
}

/* The command takes effect, and status says so. */
static void command_run(struct sim_unit *u)
{
	uint32_t value = u->command_to & ~u->knobs.deaf_commands;
	uint64_t status = u->regs[REG_GSTS / 4];
	uint64_t deaf = u->knobs.deaf_commands;

	u->is_command_pending = 0;
	if (SIM_GET(value, GCMD_SIRTP)) {
		command_set_table(u);
		status = SIM_SET(status, GCMD_SIRTP, 1);
	}
	if (SIM_GET(value, GCMD_SRTP))
		status = SIM_SET(status, GCMD_SRTP, 1);
	status = SIM_SET(status, GCMD_WBF, 0);
	status = (status & (~UNIT_LASTING | deaf)) | (value & UNIT_LASTING);
	u->regs[REG_GSTS / 4] = (uint32_t)status;
	if (!SIM_GET(status, GCMD_QIE)) {
		u->regs[REG_IQH / 4] = 0;
		u->nr_in_progress = 0;
		u->is_fenced = 0;
	}
}

static void command_written(struct sim_unit *u, uint32_t value)
{
	uint64_t status = u->regs[REG_GSTS / 4];

	sim_note(u->s, "unit %u: GCMD = %08x", u->index, value);
	command_check(u, value);
	/* The pointers' status bits go at the write and come back when the pointer is taken. */
	if (SIM_GET(value, GCMD_SIRTP))
		status = SIM_SET(status, GCMD_SIRTP, 0);
	if (SIM_GET(value, GCMD_SRTP))
		status = SIM_SET(status, GCMD_SRTP, 0);
	if (SIM_GET(value, GCMD_WBF))
		status = SIM_SET(status, GCMD_WBF, 1);
	u->regs[REG_GSTS / 4] = (uint32_t)status;
	u->command_to = value;
	u->command_steps_left = u->spec->nr_command_steps;
	u->is_command_pending = 1;
	if (!u->command_steps_left)
		command_run(u);
	else
		sim_wake_bus(u->s);
}

/* ---- Steps ---- */

int sim_unit_is_busy(const struct sim_unit *u)
{
	return !u->knobs.is_gone && (u->is_command_pending || unit_queue_is_busy(u));
}

void sim_unit_step(struct sim_unit *u)
{
	if (!u->is_command_pending)
		unit_queue_step(u);
	else if (u->command_steps_left > 1)
		u->command_steps_left--;
	else
		command_run(u);
}

static void unit_run(struct sim_unit *u)
{
	while (!u->spec->nr_steps && unit_queue_is_busy(u))
		unit_queue_step(u);
	if (unit_queue_is_busy(u))
		sim_wake_bus(u->s);
}

/* ---- Registers ---- */

uint32_t sim_unit_read(struct sim_unit *u, uint32_t offset)
{
	if (u->knobs.is_gone)
		return UINT32_MAX;
	return offset == REG_GCMD ? 0 : u->regs[offset / 4];
}

static void queue_address_written(struct sim_unit *u, uint32_t offset, uint32_t value)
{
	if (UNIT_STATUS(u, GCMD_QIE))
		sim_violate(u->s, "IQA was written while the queue is on");
	u->regs[offset / 4] = value;
}

static void tail_written(struct sim_unit *u, uint32_t value)
{
	u->regs[REG_IQT / 4] = value & (uint32_t)SIM_MASK(IQT_TAIL);
	if (value & ~(uint32_t)SIM_MASK(IQT_TAIL))
		sim_violate(u->s, "reserved bits of IQT were set");
	if (UNIT_STATUS(u, GCMD_QIE))
		unit_run(u);
}

static int is_record(const struct sim_unit *u, uint32_t offset)
{
	uint32_t nr = (uint32_t)SIM_GET(unit_get64(u, REG_CAP), CAP_NFR) + 1;

	return offset >= REG_FRCD && offset < REG_FRCD + nr * REG_FRCD_BYTES;
}

void sim_unit_write(struct sim_unit *u, uint32_t offset, uint32_t value)
{
	if (u->knobs.is_gone)
		return;
	switch (offset) {
	case REG_GCMD:
		command_written(u, value);
		break;
	case REG_FSTS:
		unit_status_written(u, value);
		unit_run(u);
		break;
	case REG_FECTL:
	case REG_IECTL:
		unit_event_written(u, offset, value);
		break;
	case REG_ICS:
		u->regs[REG_ICS / 4] &= ~(value & (uint32_t)SIM_MASK(ICS_IWC));
		if (!u->regs[REG_ICS / 4]) /* nothing to tell any more */
			u->regs[REG_IECTL / 4] &= ~(uint32_t)SIM_MASK(EVENT_PENDING);
		break;
	case REG_IQT:
		tail_written(u, value);
		break;
	case REG_IQA:
	case REG_IQA + 4:
		queue_address_written(u, offset, value);
		break;
	case REG_IQT + 4:
		break;
	case REG_RTADDR:
	case REG_RTADDR + 4:
	case REG_FECTL + EVENT_DATA:
	case REG_FECTL + EVENT_ADDRESS:
	case REG_FECTL + EVENT_UPPER:
	case REG_IECTL + EVENT_DATA:
	case REG_IECTL + EVENT_ADDRESS:
	case REG_IECTL + EVENT_UPPER:
	case REG_IRTA:
	case REG_IRTA + 4:
		u->regs[offset / 4] = value;
		break;
	default:
		if (is_record(u, offset))
			unit_record_written(u, offset, value);
		else
			sim_violate(u->s, "a register of a unit was written that is read-only or "
					  "not there");
	}
}

/* ---- Looking at it ---- */

struct sim_unit *sim_unit(struct sim *s, uint32_t index)
{
	return index < s->spec.nr_units ? &s->units[index] : NULL;
}

uint64_t sim_unit_address(const struct sim_unit *u)
{
	return u->address;
}

struct sim_unit_knobs *sim_unit_knobs(struct sim_unit *u)
{
	return &u->knobs;
}

void sim_unit_stats(const struct sim_unit *u, struct sim_unit_stats *out_stats)
{
	*out_stats = u->stats;
}
