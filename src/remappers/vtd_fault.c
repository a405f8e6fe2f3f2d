/* SPDX-License-Identifier: MIT */
/*
 * vtd_fault.c - what a VT-d unit has blocked: fault records read, decoded, cleared, told.
 *
 * A unit that the host lent keeps its records for the host's driver. Advanced fault logging (a
 * log in memory) is never switched on. Errors of the queue are vtd_queue.c's.
 * Sources: [VTD] 7.1 - 7.3, 11.4.9, 11.4.14, appendix A (reasons).
 * Locking: the unit's lock; messages for people are sent without it.
 */
#include "vtd.h"

#define VTD_ALL_ONES_32 0xffffffffu
#define VTD_SECOND_NS UINT64_C(1000000000)
#define VTD_LOGS_PER_SECOND 8u

struct vtd_reason {
	uint8_t code;
	uint8_t is_interrupt;
	uint8_t has_entry;
	const char *text;
};

/* [VTD] appendix A: legacy mode memory accesses 0x01-0x0d, interrupts 0x20-0x28. */
static const struct vtd_reason vtd_reasons[] = {
	{ 0x01, 0, 0, "memory access: the root entry of the bus is not present" },
	{ 0x02, 0, 0, "memory access: the context entry of the device is not present" },
	{ 0x03, 0, 0, "memory access: the context entry of the device is invalid" },
	{ 0x04, 0, 0, "memory access: the address is beyond what the domain can translate" },
	{ 0x05, 0, 0, "memory access: write to a page without write permission" },
	{ 0x06, 0, 0, "memory access: read of a page without read permission" },
	{ 0x07, 0, 0, "memory access: a page table could not be read; its address is wrong" },
	{ 0x08, 0, 0, "memory access: the root table could not be read; its address is wrong" },
	{ 0x09, 0, 0, "memory access: a context table could not be read; its address is wrong" },
	{ 0x0a, 0, 0, "memory access: reserved bits of a root entry are set" },
	{ 0x0b, 0, 0, "memory access: reserved bits of a context entry are set" },
	{ 0x0c, 0, 0, "memory access: reserved bits of a page table entry are set" },
	{ 0x0d, 0, 0, "memory access: the context entry blocks this kind of request" },
	{ 0x20, 1, 1, "interrupt: reserved bits of the message are set; the device sends rubbish" },
	{ 0x21, 1, 1, "interrupt: the index is beyond the table; the device sends rubbish" },
	{ 0x22, 1, 1, "interrupt: the entry is not present; a late or forged message" },
	{ 0x23, 1, 1, "interrupt: the table could not be read; its address is wrong" },
	{ 0x24, 1, 1, "interrupt: reserved bits of the entry are set" },
	{ 0x25, 1, 0,
	  "interrupt: a message of compatibility format; the device is not behind mirq" },
	{ 0x26, 1, 1, "interrupt: the sender is not the owner of the entry; a forged message" },
	{ 0x27, 1, 1, "interrupt: the posted descriptor could not be accessed" },
	{ 0x28, 1, 1, "interrupt: reserved bits of the posted descriptor are set" },
};

static const struct vtd_reason vtd_unknown = {
	0, 0, 0, "a reason that this library does not know; see appendix A of the specification"
};

static const struct vtd_reason *vtd_reason_find(uint32_t code)
{
	for (size_t i = 0; i < sizeof(vtd_reasons) / sizeof(vtd_reasons[0]); i++) {
		if (vtd_reasons[i].code == code)
			return &vtd_reasons[i];
	}
	return &vtd_unknown;
}

static void vtd_decode(uint64_t low, uint64_t high, struct mirq_fault *out)
{
	uint32_t code = (uint32_t)MIRQ_GET(high, VTD_FRCD_HIGH_FR);
	const struct vtd_reason *reason = vtd_reason_find(code);

	*out = (struct mirq_fault){
		.reason = reason->text,
		.reason_code = code,
		.requester = (uint32_t)MIRQ_GET(high, VTD_FRCD_HIGH_SID),
		.entry = UINT32_MAX,
		.is_interrupt = reason->is_interrupt,
	};
	if (reason->has_entry)
		out->entry = (uint32_t)MIRQ_GET(low, VTD_FRCD_FI_INDEX);
	if (!reason->is_interrupt)
		out->address = MIRQ_GET(low, VTD_FRCD_FI_ADDRESS) << 12;
}

static uint32_t vtd_nr_records(const struct mirqi_vtd *u)
{
	uint32_t first = (uint32_t)MIRQ_GET(u->cap, VTD_CAP_FRO) * VTD_FRCD_BYTES;

	/* Records on top of the other registers: a capability that makes no sense. */
	return first < VTD_REGS_FIXED_BYTES ? 0 : (uint32_t)MIRQ_GET(u->cap, VTD_CAP_NFR) + 1;
}

/*
 * Take the oldest record: they are filled in turn, from FRI on when none was pending. Fields
 * first, then F is cleared: from then on the unit may fill the record again. 0: none is full.
 */
static int vtd_record_take(struct mirqi_vtd *u, uint32_t status, struct mirq_fault *out)
	MIRQ_MUST_HOLD(u->lock)
{
	uint32_t first = (uint32_t)MIRQ_GET(u->cap, VTD_CAP_FRO) * VTD_FRCD_BYTES;
	uint32_t nr = vtd_nr_records(u), index, offset;
	uint64_t high;

	if (u->next_record >= nr)
		u->next_record = (uint32_t)MIRQ_GET(status, VTD_FSTS_FRI);
	for (uint32_t i = 0; i < nr; i++) {
		index = (u->next_record + i) % nr;
		offset = first + index * VTD_FRCD_BYTES;
		high = mirq_regs_read64(&u->regs, offset + VTD_FRCD_HIGH);
		if (!MIRQ_GET(high, VTD_FRCD_HIGH_F))
			continue;
		vtd_decode(mirq_regs_read64(&u->regs, offset), high, out);
		mirq_regs_write32(&u->regs, offset + VTD_FRCD_CLEAR,
				  (uint32_t)MIRQ_FIELD_MASK(VTD_FRCD_CLEAR_F));
		u->next_record = (index + 1) % nr;
		return 1;
	}
	return 0;
}

/*
 * One record, and the overflow with it: PFO is cleared after the record, when there is room
 * again; while it is set nothing is recorded. When nothing is left, remains of queue errors are
 * cleared too: the event is only sent when the status goes from nothing to something.
 */
static int vtd_read_locked(struct mirqi_vtd *u, struct mirq_fault *out) MIRQ_MUST_HOLD(u->lock)
{
	uint32_t status = mirq_regs_read32(&u->regs, VTD_FSTS), stale;
	int found = 0;

	if (status == VTD_ALL_ONES_32)
		return 0;
	if (MIRQ_GET(status, VTD_FSTS_PPF))
		found = vtd_record_take(u, status, out);
	else
		u->next_record = UINT32_MAX;
	stale = status & (uint32_t)MIRQ_FIELD_MASK(VTD_FSTS_PFO);
	if (found)
		out->nr_lost = stale != 0;
	else
		stale |= status &
			 (uint32_t)(MIRQ_FIELD_MASK(VTD_FSTS_ICE) | MIRQ_FIELD_MASK(VTD_FSTS_ITE));
	if (stale)
		mirq_regs_write32(&u->regs, VTD_FSTS, stale);
	return found;
}

/* May this fault be told? A hostile device must not flood the log: the others are counted. */
static int vtd_may_log(struct mirqi_vtd *u, uint32_t *out_held_back) MIRQ_MUST_HOLD(u->lock)
{
	uint64_t now_ns = mirq_host_now_ns(u->host);

	if (now_ns - u->logged_since_ns >= VTD_SECOND_NS) {
		u->logged_since_ns = now_ns;
		u->nr_logged = 0;
	}
	if (u->nr_logged >= VTD_LOGS_PER_SECOND) {
		u->nr_held_back++;
		return 0;
	}
	u->nr_logged++;
	*out_held_back = u->nr_held_back;
	u->nr_held_back = 0;
	return 1;
}

static void vtd_log(const struct mirqi_vtd *u, const struct mirq_fault *fault, uint32_t nr_before)
{
	/* Requester id, entry (or all ones), address. */
	const struct mirq_log_record record = {
		.level = MIRQ_LOG_WARN,
		.text = fault->reason,
		.domain = u->name,
		.values = { fault->requester, fault->entry, fault->address },
		.nr_before = nr_before,
	};

	mirq_host_log(u->host, &record);
}

int mirqi_vtd_fault_read(void *data, struct mirq_fault *out_fault)
{
	struct mirqi_vtd *u = data;
	struct mirq_fault fault;
	uint32_t nr_before = 0;
	int found, may_log = 0;
	uintptr_t saved;

	if (u->is_borrowed)
		return 0;
	saved = mirqi_spin_lock(u->host, &u->lock);
	found = vtd_read_locked(u, &fault);
	if (found)
		may_log = vtd_may_log(u, &nr_before);
	mirqi_spin_unlock(u->host, &u->lock, saved);
	if (!found)
		return 0;
	fault.domain = u->name;
	mirqi_vtd_count(&u->counters.nr_faults, 1);
	if (may_log)
		vtd_log(u, &fault, nr_before);
	*out_fault = fault;
	return 1;
}
