/* SPDX-License-Identifier: MIT */
/*
 * vtd_queue.c - queued invalidation: descriptors are fetched in order from a ring in memory, take
 * their time, and are done in order. The head moves when a descriptor is fetched, so it proves
 * nothing; a wait does, when it is written. A fence holds back what stands behind it.
 * Sources: [VTD] 6.5.2 (queue, errors), 6.5.2.3, 6.5.2.8 (descriptors), 6.5.6. Locking: none.
 */
#include "vtd.h"

#define DESC_BYTES 16u

static uint32_t ring_bytes(const struct sim_unit *u)
{
	return 0x1000u << SIM_GET(unit_get64(u, REG_IQA), IQA_SIZE);
}

static int queue_is_stopped(const struct sim_unit *u)
{
	return SIM_GET(u->regs[REG_FSTS / 4], FSTS_IQE) || SIM_GET(u->regs[REG_FSTS / 4], FSTS_ITE);
}

static int queue_can_fetch(const struct sim_unit *u)
{
	return u->regs[REG_IQH / 4] != u->regs[REG_IQT / 4] && !queue_is_stopped(u) &&
	       !u->is_fenced && u->nr_in_progress < SIM_MAX_IN_PROGRESS && !u->knobs.is_queue_dead;
}

int unit_queue_is_busy(const struct sim_unit *u)
{
	if (!UNIT_STATUS(u, GCMD_QIE))
		return 0;
	return queue_can_fetch(u) || (u->nr_in_progress && !u->knobs.is_queue_dead);
}

/* ---- One descriptor ---- */

static int entry_is_sound(const struct sim_unit *u, const struct sim_descriptor *d)
{
	return !SIM_GET(d->low, DESC_ENTRY_RESERVED_1) && !SIM_GET(d->low, DESC_ENTRY_RESERVED_2) &&
	       !d->high && SIM_GET(d->low, DESC_ENTRY_MASK) <= u->spec->mhmv;
}

static int descriptor_is_sound(const struct sim_unit *u, const struct sim_descriptor *d)
{
	if (SIM_GET(d->low, DESC_TYPE_HIGH))
		return 0;
	switch (SIM_GET(d->low, DESC_TYPE)) {
	case DESC_CONTEXT:
	case DESC_IOTLB:
	case DESC_DEVICE_TLB: /* of memory accesses: nothing is cached for them here */
		return 1;
	case DESC_ENTRY:
		return entry_is_sound(u, d);
	case DESC_WAIT:
		return !SIM_GET(d->low, DESC_WAIT_RESERVED) &&
		       !SIM_GET(d->high, DESC_WAIT_ADDRESS_RESERVED);
	default:
		return 0;
	}
}

/* What was remapped by the old entry is at the APICs before the invalidation counts as done. */
static void entry_complete(struct sim_unit *u, const struct sim_descriptor *d)
{
	if (SIM_GET(d->low, DESC_ENTRY_INDEXED)) {
		u->stats.nr_indexed++;
		unit_cache_clear_at(u, (uint32_t)SIM_GET(d->low, DESC_ENTRY_INDEX),
				    (uint32_t)SIM_GET(d->low, DESC_ENTRY_MASK));
	} else {
		u->stats.nr_global++;
		u->is_flushed = 1;
		unit_cache_clear(u);
	}
	sim_flights_drain(u->s, u);
}

static void wait_complete(struct sim_unit *u, const struct sim_descriptor *d)
{
	uint32_t data = (uint32_t)SIM_GET(d->low, DESC_WAIT_DATA);
	uint8_t bytes[4] = { (uint8_t)data, (uint8_t)(data >> 8), (uint8_t)(data >> 16),
			     (uint8_t)(data >> 24) };

	u->stats.nr_waits++;
	if (SIM_GET(d->low, DESC_WAIT_FENCE))
		u->is_fenced = 0;
	if (SIM_GET(d->low, DESC_WAIT_STATUS) &&
	    !sim_memory_write(u->s, d->high & SIM_MASK(DESC_WAIT_ADDRESS), bytes, sizeof(bytes)))
		sim_violate(u->s, "the status of a wait goes to an address that is no memory");
	if (SIM_GET(d->low, DESC_WAIT_INTERRUPT) && !SIM_GET(u->regs[REG_ICS / 4], ICS_IWC)) {
		u->regs[REG_ICS / 4] |= (uint32_t)SIM_MASK(ICS_IWC);
		unit_event_raise(u, REG_IECTL);
	}
}

/* The word that the next step writes, if it is the end of a wait. */
const void *sim_unit_status_object(struct sim_unit *u)
{
	const struct sim_descriptor *d = &u->in_progress[0];

	if (!u->nr_in_progress || SIM_GET(d->low, DESC_TYPE) != DESC_WAIT ||
	    !SIM_GET(d->low, DESC_WAIT_STATUS))
		return NULL;
	return sim_ram(u->s, d->high & SIM_MASK(DESC_WAIT_ADDRESS), 4);
}

/* ---- Steps ---- */

static uint64_t load64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

/* The queue stands at the descriptor until software has cleared the error. */
static void queue_fail(struct sim_unit *u)
{
	u->stats.nr_queue_errors++;
	sim_note(u->s, "unit %u: queue error at %x", u->index, u->regs[REG_IQH / 4]);
	unit_status_raise(u, SIM_MASK(FSTS_IQE));
}

static void queue_fetch(struct sim_unit *u)
{
	struct sim_descriptor d = { .steps_left = u->spec->nr_steps };
	uint32_t head = u->regs[REG_IQH / 4], tail = u->regs[REG_IQT / 4];
	uint64_t base = unit_get64(u, REG_IQA) & SIM_MASK(IQA_BASE);
	uint8_t bytes[DESC_BYTES];

	if (u->knobs.nr_completion_error) {
		u->knobs.nr_completion_error--;
		unit_status_raise(u, SIM_MASK(FSTS_ICE));
	}
	if (tail >= ring_bytes(u) ||
	    !sim_memory_read(u->s, unit_reads_snooped(u), base + head, bytes, sizeof(bytes))) {
		queue_fail(u);
		return;
	}
	d.low = load64(bytes);
	d.high = load64(bytes + 8);
	if (u->knobs.nr_queue_error || !descriptor_is_sound(u, &d)) {
		u->knobs.nr_queue_error -= u->knobs.nr_queue_error != 0;
		queue_fail(u);
		return;
	}
	u->in_progress[u->nr_in_progress++] = d;
	u->is_fenced = SIM_GET(d.low, DESC_TYPE) == DESC_WAIT && SIM_GET(d.low, DESC_WAIT_FENCE);
	u->regs[REG_IQH / 4] = (head + DESC_BYTES) % ring_bytes(u);
}

/* Time-out of a device's own invalidation: waits under way are dropped. */
static void queue_time_out(struct sim_unit *u)
{
	u->nr_in_progress = 0;
	u->is_fenced = 0;
	u->stats.nr_queue_errors++;
	unit_status_raise(u, SIM_MASK(FSTS_ITE));
}

static void queue_progress(struct sim_unit *u)
{
	struct sim_descriptor d = u->in_progress[0];
	uint64_t type = SIM_GET(d.low, DESC_TYPE);

	if (d.steps_left > 1) {
		u->in_progress[0].steps_left--;
		return;
	}
	if (type == DESC_WAIT && u->knobs.nr_timeout) {
		u->knobs.nr_timeout--;
		queue_time_out(u);
		return;
	}
	u->nr_in_progress--;
	for (uint32_t i = 0; i < u->nr_in_progress; i++)
		u->in_progress[i] = u->in_progress[i + 1];
	if (type == DESC_ENTRY)
		entry_complete(u, &d);
	else if (type == DESC_WAIT)
		wait_complete(u, &d);
}

void unit_queue_step(struct sim_unit *u)
{
	if (queue_can_fetch(u))
		queue_fetch(u);
	else if (u->nr_in_progress && !u->knobs.is_queue_dead)
		queue_progress(u);
}
