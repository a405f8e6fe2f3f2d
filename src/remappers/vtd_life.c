/* SPDX-License-Identifier: MIT */
/*
 * vtd_life.c - a VT-d unit from found to remapping and back: capabilities, global commands,
 * taking over what firmware or an earlier system left on. Allocates nothing; vtd.c does.
 * Sources: [VTD] 5.1.5.1 (programming), 6.5.2 (queue), 6.7 (pointer), 6.8 (write buffers), 11.4.
 * Locking: thread or init, one call at a time for a unit, but for the write buffer (under lock).
 */
#include "vtd.h"

#include "../core/fail.h"

#define VTD_ALL_ONES_32 0xffffffffu
/* Polls during which the clock may stand still: some 100 ms, far above a coarse clock's tick. */
#define VTD_STILL_MAX (UINT32_C(1) << 22)

int mirqi_vtd_expired(const struct mirqi_vtd *u, struct mirqi_vtd_deadline *deadline)
{
	uint64_t now_ns = mirq_host_now_ns(u->host);

	if (!deadline->is_started) {
		*deadline = (struct mirqi_vtd_deadline){ now_ns, now_ns, 1, 0, 0 };
		return 0;
	}
	if (deadline->is_last)
		return 1;
	/* Another CPU's clock may be a little behind: that is a clock that stands still. */
	if (now_ns > deadline->last_ns) {
		/* A hypervisor may have stopped this CPU between the look and the clock. */
		deadline->is_last = now_ns - deadline->start_ns >= u->timeout_ns;
		deadline->last_ns = now_ns;
		deadline->nr_still = 0;
	} else if (++deadline->nr_still >= VTD_STILL_MAX) {
		return 1;
	}
	mirq_host_wait(u->host, MIRQ_WAIT_SPIN);
	return 0;
}

/* Wait until the bits of @mask in the register at @offset_bytes are @want. */
static enum mirq_err vtd_wait(const struct mirqi_vtd *u, uint32_t offset_bytes, uint32_t mask,
			      uint32_t want)
{
	struct mirqi_vtd_deadline deadline = { 0 };
	uint32_t value;

	do {
		value = mirq_regs_read32(&u->regs, offset_bytes);
		if (value == VTD_ALL_ONES_32)
			return MIRQ_EIO;
		if ((value & mask) == want)
			return MIRQ_OK;
	} while (!mirqi_vtd_expired(u, &deadline));
	return MIRQ_EIO;
}

static int vtd_status_is(uint32_t status, uint64_t mask)
{
	return (status & (uint32_t)mask) != 0;
}

/* One write changes one bit and repeats the lasting ones as the status has them: [VTD] 11.4.4
 * allows no more at once, and a one-shot bit read back and written again would act again. */
static enum mirq_err vtd_command_write(const struct mirqi_vtd *u, uint32_t mask, uint32_t value)
{
	uint32_t status = mirq_regs_read32(&u->regs, VTD_GSTS);

	if (status == VTD_ALL_ONES_32)
		return MIRQ_EIO;
	mirq_regs_write32(&u->regs, VTD_GCMD, ((status & (uint32_t)VTD_G_LASTING) & ~mask) | value);
	return MIRQ_OK;
}

enum vtd_switch {
	VTD_OFF,
	VTD_ON
};

static enum mirq_err vtd_command(const struct mirqi_vtd *u, uint32_t bit, enum vtd_switch to)
{
	uint32_t mask = UINT32_C(1) << bit, value = to == VTD_ON ? mask : 0;
	enum mirq_err err;

	if (u->is_borrowed)
		return u->owner.command(u->owner.data, bit, to == VTD_ON);
	err = vtd_command_write(u, mask, value);
	return err ? err : vtd_wait(u, VTD_GSTS, mask, value);
}
#define VTD_BIT_(hi, lo) (lo)
#define VTD_COMMAND(u, field, to) vtd_command(u, MIRQ_X_(VTD_BIT_, field), to)

enum mirq_err mirqi_vtd_write_buffer_flush(struct mirqi_vtd *u)
{
	const uint32_t busy = (uint32_t)MIRQ_FIELD_MASK(VTD_G_WBF);
	enum mirq_err err;

	if (!MIRQ_GET(u->cap, VTD_CAP_RWBF))
		return MIRQ_OK;
	err = vtd_command_write(u, busy, busy);
	return err ? err : vtd_wait(u, VTD_GSTS, busy, 0);
}

/* Fault records may lie behind the first page: [VTD] 11.4.14 leaves their place to CAP. */
static enum mirq_err vtd_map_records(struct mirqi_vtd *u, struct mirq_why *why)
{
	uint32_t first = (uint32_t)MIRQ_GET(u->cap, VTD_CAP_FRO) * VTD_FRCD_BYTES;
	uint32_t limit = first + ((uint32_t)MIRQ_GET(u->cap, VTD_CAP_NFR) + 1) * VTD_FRCD_BYTES;
	uint32_t size_bytes = (limit + VTD_PAGE_BYTES - 1) & ~(VTD_PAGE_BYTES - 1);
	uint64_t physical = u->regs_address;
	void *base;

	if (size_bytes <= u->regs.limit_bytes)
		return MIRQ_OK;
	base = mirq_host_map(u->host, physical, size_bytes, MIRQ_MAP_REGISTERS);
	if (!base)
		return mirqi_fail(why, MIRQ_ENOMEM, 0, u->name,
				  "the port could not map the unit's fault records");
	mirq_host_unmap(u->host, (void *)(uintptr_t)u->regs.base, u->regs.limit_bytes);
	u->regs.base = base;
	u->regs.limit_bytes = size_bytes;
	return MIRQ_OK;
}

static enum mirq_err vtd_check_capabilities(struct mirqi_vtd *u, struct mirq_why *why)
{
	if (mirq_regs_read32(&u->regs, VTD_VER) == VTD_ALL_ONES_32 || u->cap == UINT64_MAX ||
	    u->ecap == UINT64_MAX)
		return mirqi_fail(why, MIRQ_EIO, 0, u->name,
				  "the unit's registers read all ones: nothing answers at this "
				  "address; check the firmware's DMAR table or the port's mapping");
	if (!MIRQ_GET(u->ecap, VTD_ECAP_IR))
		return mirqi_fail(why, MIRQ_ENOTSUP, 0, u->name,
				  "the unit has no interrupt remapping (ECAP.IR = 0)");
	if (!MIRQ_GET(u->ecap, VTD_ECAP_QI))
		return mirqi_fail(
			why, MIRQ_ENOTSUP, 0, u->name,
			"the unit has no queued invalidation (ECAP.QI = 0), without which no entry "
			"can be changed");
	if ((u->flags & MIRQ_VTD_EIM) && !MIRQ_GET(u->ecap, VTD_ECAP_EIM))
		return mirqi_fail(why, MIRQ_ENOTSUP, 0, u->name,
				  "the unit cannot name 32-bit APIC ids (ECAP.EIM = 0): keep the "
				  "local APICs in xAPIC mode");
	u->must_clean = !MIRQ_GET(u->ecap, VTD_ECAP_C) && !(u->flags & MIRQ_VTD_DMA_COHERENT);
	if (u->must_clean && !(u->flags & MIRQ_VTD_CAN_CLEAN))
		return mirqi_fail(why, MIRQ_ENOTSUP, 0, u->name,
				  "the unit does not snoop caches (ECAP.C = 0): define "
				  "mirq_host_clean() and say MIRQ_VTD_CAN_CLEAN, or say "
				  "MIRQ_VTD_DMA_COHERENT");
	return MIRQ_OK;
}

enum mirq_err mirqi_vtd_probe(struct mirqi_vtd *u, struct mirq_why *why)
{
	enum mirq_err err;

	u->cap = mirq_regs_read64(&u->regs, VTD_CAP);
	u->ecap = mirq_regs_read64(&u->regs, VTD_ECAP);
	err = vtd_check_capabilities(u, why);
	return err ? err : vtd_map_records(u, why);
}

/*
 * What an earlier owner left on goes off in this order, [VTD] 6.5.2, 11.4.4: its queue runs empty
 * (else switching it off leaves the outcome of its descriptors open), remapping (else the unit
 * would go on with entries that nobody can invalidate), the queue. A queue that stands is not
 * waited for twice: its errors are cleared and it is switched off as it is.
 */
static enum mirq_err vtd_take_over(struct mirqi_vtd *u, uint32_t status)
{
	struct mirqi_vtd_deadline deadline = { 0 };
	enum mirq_err err = MIRQ_OK;

	if (vtd_status_is(status, MIRQ_FIELD_MASK(VTD_G_QIE))) {
		while (MIRQ_GET(mirq_regs_read32(&u->regs, VTD_IQH), VTD_IQH_QH) !=
		       MIRQ_GET(mirq_regs_read32(&u->regs, VTD_IQT), VTD_IQT_QT)) {
			if (mirqi_vtd_expired(u, &deadline))
				break;
		}
	}
	if (vtd_status_is(status, MIRQ_FIELD_MASK(VTD_G_IRE)))
		err = VTD_COMMAND(u, VTD_G_IRE, VTD_OFF);
	if (!err && vtd_status_is(status, MIRQ_FIELD_MASK(VTD_G_QIE)))
		err = VTD_COMMAND(u, VTD_G_QIE, VTD_OFF);
	return err;
}

/* A unit that was found on: remapping off, and the queue too where it is to be ours. */
static enum mirq_err vtd_quiet(struct mirqi_vtd *u, struct mirq_why *why)
{
	uint32_t status = mirq_regs_read32(&u->regs, VTD_GSTS);
	uint64_t busy = MIRQ_FIELD_MASK(VTD_G_IRE);
	enum mirq_err err;

	if (status == VTD_ALL_ONES_32)
		return mirqi_fail(why, MIRQ_EIO, 0, u->name,
				  "the unit's status register reads all ones: it is gone");
	if (!u->is_borrowed)
		busy |= MIRQ_FIELD_MASK(VTD_G_QIE);
	if (!vtd_status_is(status, busy))
		return MIRQ_OK;
	if (u->flags & MIRQ_VTD_REFUSE_FOUND_ON)
		return mirqi_fail_value(
			why, MIRQ_EBUSY, u->name,
			"the unit is in use already; .value is its status: lend it by "
			"mirq_vtd_owner, or allow taking it over",
			status);
	if (u->is_borrowed) {
		err = VTD_COMMAND(u, VTD_G_IRE, VTD_OFF);
	} else if (vtd_status_is(status, MIRQ_FIELD_MASK(VTD_G_TE)) &&
		   MIRQ_GET(mirq_regs_read64(&u->regs, VTD_RTADDR), VTD_RTADDR_TTM)) {
		return mirqi_fail(
			why, MIRQ_EBUSY, 0, u->name,
			"the unit translates memory accesses in scalable mode, whose queue is "
			"another: its driver has to lend it by mirq_vtd_owner");
	} else {
		err = vtd_take_over(u, status);
	}
	if (err)
		return mirqi_fail(why, MIRQ_EIO, 0, u->name,
				  "the unit was found on and does not switch off in time");
	return MIRQ_OK;
}

static enum mirq_err vtd_table_point(struct mirqi_vtd *u)
{
	uint64_t irta = u->table_bus & MIRQ_FIELD_MASK(VTD_IRTA_IRTA);

	irta = MIRQ_SET(irta, VTD_IRTA_EIME, (u->flags & MIRQ_VTD_EIM) != 0);
	irta = MIRQ_SET(irta, VTD_IRTA_S, u->entries_log2 - 1);
	if (u->is_borrowed)
		return u->owner.table(u->owner.data, irta);
	mirq_regs_write64(&u->regs, VTD_IRTA, irta);
	return MIRQ_OK;
}

static enum mirq_err vtd_queue_on(struct mirqi_vtd *u)
{
	if (u->is_borrowed)
		return MIRQ_OK;
	mirqi_vtd_queue_init(u);
	u->queue_is_on = 1;
	return VTD_COMMAND(u, VTD_G_QIE, VTD_ON);
}

/* CFIS is only ever waited for to become clear: a unit without the field leaves it so. */
static enum mirq_err vtd_compatibility_block(struct mirqi_vtd *u)
{
	uint32_t status = mirq_regs_read32(&u->regs, VTD_GSTS);

	if (!vtd_status_is(status, MIRQ_FIELD_MASK(VTD_G_CFI)))
		return MIRQ_OK;
	return VTD_COMMAND(u, VTD_G_CFI, VTD_OFF);
}

static enum mirq_err vtd_remapping_on(struct mirqi_vtd *u)
{
	u->remapping_is_on = 1;
	return VTD_COMMAND(u, VTD_G_IRE, VTD_ON);
}

static enum mirq_err vtd_stale_flush(struct mirqi_vtd *u)
{
	if (MIRQ_GET(u->cap, VTD_CAP_ESIRTPS))
		return MIRQ_OK;
	return mirqi_vtd_flush_all(u);
}

static enum mirq_err vtd_table_set(struct mirqi_vtd *u)
{
	return VTD_COMMAND(u, VTD_G_SIRTP, VTD_ON);
}

/*
 * On, in this order, [VTD] 5.1.5.1, 6.5.2, 6.7: the queue (entries cannot be invalidated
 * without); the table's address, then its latch SIRTP (the address register alone changes
 * nothing); everything that is cached from an earlier table forgotten (else a stale entry
 * delivers; a unit with ESIRTPS does it by itself); compatibility format blocked (before
 * remapping, so that there is no gap in which it passes); remapping.
 */
static const struct {
	enum mirq_err (*run)(struct mirqi_vtd *u);
	const char *refusal;
} vtd_steps[] = {
	{ vtd_queue_on, "the unit does not switch its invalidation queue on (QIES)" },
	{ vtd_table_point, "the owner of the unit refuses the table's address" },
	{ vtd_table_set, "the unit does not take the table's address (IRTPS)" },
	{ vtd_stale_flush, "the unit does not answer the first invalidation" },
	{ vtd_compatibility_block, "the unit does not block compatibility format (CFIS)" },
	{ vtd_remapping_on, "the unit does not switch remapping on (IRES)" },
};

enum mirq_err mirqi_vtd_enable(struct mirqi_vtd *u, struct mirq_why *why)
{
	enum mirq_err err = vtd_quiet(u, why);

	for (uint32_t i = 0; !err && i < sizeof(vtd_steps) / sizeof(vtd_steps[0]); i++) {
		if (vtd_steps[i].run(u))
			err = mirqi_fail(why, MIRQ_EIO, 0, u->name, vtd_steps[i].refusal);
	}
	return err;
}

/* Off in reverse: remapping before the queue, and neither touched that is not ours. */
enum mirq_err mirqi_vtd_disable(struct mirqi_vtd *u)
{
	struct mirqi_vtd_deadline deadline = { 0 };
	enum mirq_err err = MIRQ_OK;

	if (u->remapping_is_on)
		err = VTD_COMMAND(u, VTD_G_IRE, VTD_OFF);
	if (err)
		return MIRQ_EIO;
	u->remapping_is_on = 0;
	if (!u->queue_is_on)
		return MIRQ_OK;
	/* A unit that was given up may answer again: it is switched off with nothing left to do
	 * (what it has fetched it may not have done: the last wait tells, [VTD] 6.5.2), or, when it
	 * is dead indeed, as it is. */
	while (!u->is_borrowed && !mirqi_vtd_queue_is_idle(u) && !mirqi_vtd_expired(u, &deadline))
		;
	if (VTD_COMMAND(u, VTD_G_QIE, VTD_OFF))
		return MIRQ_EIO;
	u->queue_is_on = 0;
	return MIRQ_OK;
}
