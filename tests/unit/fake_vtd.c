/* SPDX-License-Identifier: MIT */
/*
 * fake_vtd.c - see fake_vtd.h. Written from the specification, without a look at src/.
 */
#include "fake_vtd.h"

static void violate(struct fake_unit *u, const char *text)
{
	if (!u->violation)
		u->violation = text;
}

uint32_t fake_read32(const struct fake_unit *u, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, u->regs + offset, 4);
	return value;
}

uint64_t fake_read64(const struct fake_unit *u, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, u->regs + offset, 8);
	return value;
}

void fake_write32(struct fake_unit *u, uint32_t offset, uint32_t value)
{
	memcpy(u->regs + offset, &value, 4);
}

void fake_write64(struct fake_unit *u, uint32_t offset, uint64_t value)
{
	memcpy(u->regs + offset, &value, 8);
}

static void log_event(struct fake_unit *u, char kind, uint32_t offset, uint64_t value)
{
	if (u->nr_log < FAKE_MAX_LOG)
		u->log[u->nr_log++] = (struct fake_event){ kind, offset, value };
}

uint32_t fake_log_find(const struct fake_unit *u, char kind, uint32_t offset, uint64_t value)
{
	for (uint32_t i = 0; i < u->nr_log; i++) {
		if (u->log[i].kind == kind && u->log[i].offset == offset &&
		    u->log[i].value == value)
			return i;
	}
	fail_msg("no event %c at 0x%x with 0x%llx", kind, offset, (unsigned long long)value);
	return 0;
}

/* ---- memory ---- */

static struct fake_alloc *alloc_at(struct mirq_host *h, uint64_t bus, size_t size_bytes)
{
	for (uint32_t i = 0; i < FAKE_NR_ALLOCS; i++) {
		struct fake_alloc *a = &h->dma[i];

		if (a->memory && bus >= a->bus && bus + size_bytes <= a->bus + a->size_bytes)
			return a;
	}
	return NULL;
}

void *fake_memory(struct mirq_host *h, uint64_t bus)
{
	struct fake_alloc *a = alloc_at(h, bus, 1);

	assert_non_null(a);
	return a->memory + (bus - a->bus);
}

static int dma_read(struct fake_unit *u, uint64_t bus, void *to, size_t size_bytes)
{
	struct fake_alloc *a = alloc_at(u->host, bus, size_bytes);

	if (!a)
		return 0;
	memcpy(to, (u->host->is_incoherent ? a->shadow : a->memory) + (bus - a->bus), size_bytes);
	return 1;
}

static void dma_write32(struct fake_unit *u, uint64_t bus, uint32_t value)
{
	struct fake_alloc *a = alloc_at(u->host, bus, 4);

	if (!a) {
		violate(u, "status address that is no memory");
		return;
	}
	memcpy(a->memory + (bus - a->bus), &value, 4);
	memcpy(a->shadow + (bus - a->bus), &value, 4);
}

/* ---- the table ---- */

static uint32_t entry_fetch(struct fake_unit *u, uint32_t index, uint64_t entry[2])
{
	if (!u->is_cached[index]) {
		if (!dma_read(u, u->table_bus + index * 16ull, u->cache[index], 16))
			return 0x23;
		if (u->cache[index][0] & 1)
			u->is_cached[index] = 1;
	}
	memcpy(entry, u->cache[index], 16);
	return 0;
}

static int sid_fails(uint64_t high, uint32_t sid)
{
	static const uint32_t compared[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };
	uint32_t want = high & 0xffff, bus = sid >> 8;

	switch ((high >> 18) & 3) {
	case 0:
		return 0;
	case 1:
		return ((want ^ sid) & compared[(high >> 16) & 3]) != 0;
	case 2:
		return bus < want >> 8 || bus > (want & 0xff);
	default:
		return 1;
	}
}

uint32_t fake_request(struct fake_unit *u, uint64_t address, uint32_t data, uint32_t sid,
		      uint32_t *out_vector, uint32_t *out_target)
{
	uint64_t entry[2];
	uint32_t index, reason;

	assert_int_equal(address >> 20, 0xfee);
	if (!(fake_read32(u, FAKE_GSTS) & FAKE_IRE))
		return 0xff;
	if (!(address & 0x10))
		return fake_read32(u, FAKE_GSTS) & FAKE_CFI ? 0xfe : 0x25;
	if (address & 3)
		return 0x20;
	index = ((address >> 5) & 0x7fff) | ((address >> 2) & 1) << 15;
	if (address & 8)
		index += data & 0xffff;
	if (index >= u->nr_entries)
		return 0x21;
	reason = entry_fetch(u, index, entry);
	if (reason)
		return reason;
	if (!(entry[0] & 1))
		return 0x22;
	/* Reserved: 14:12, 31:24; 15 is posted format; without EIM also 63:48, 39:32. */
	if (entry[0] & 0xff00f000 || entry[1] & ~0xfffffull)
		return 0x24;
	if (!u->eim && entry[0] & 0xffff00ff00000000)
		return 0x24;
	if (sid_fails(entry[1], sid))
		return 0x26;
	*out_vector = (entry[0] >> 16) & 0xff;
	*out_target = (uint32_t)(u->eim ? entry[0] >> 32 : (entry[0] >> 40) & 0xff);
	return 0;
}

/* ---- the queue ---- */

static void invalidate(struct fake_unit *u, uint64_t low)
{
	uint32_t im = (low >> 27) & 0x1f, first = (low >> 32) & 0xffff, nr = 1u << im;
	uint32_t mhmv = (fake_read64(u, FAKE_ECAP) >> 20) & 15;

	if (!(low & 0x10)) {
		memset(u->is_cached, 0, 65536);
		u->nr_iec_global++;
		return;
	}
	u->nr_iec++;
	if (im > mhmv || first & (nr - 1)) {
		violate(u, "index mask beyond MHMV, or index not aligned to it");
		return;
	}
	memset(u->is_cached + first, 0, nr);
}

/* Bit 31 of the control masks, bit 30 keeps. Nothing is sent for what is not claimed yet. */
static void completion_settle(struct fake_unit *u)
{
	uint32_t control = fake_read32(u, FAKE_IECTL);

	if (!(fake_read32(u, FAKE_ICS) & 1))
		control &= ~(1u << 30);
	if (control >> 30 == 1) {
		control &= ~(1u << 30);
		u->nr_completion_events++;
		log_event(u, 'E', FAKE_IECTL, 0);
	}
	fake_write32(u, FAKE_IECTL, control);
}

static void completion_raise(struct fake_unit *u)
{
	if (fake_read32(u, FAKE_ICS) & 1)
		return;
	fake_write32(u, FAKE_ICS, 1);
	fake_write32(u, FAKE_IECTL, fake_read32(u, FAKE_IECTL) | 1u << 30);
	completion_settle(u);
}

/* 0: this descriptor stops the queue; and again, until a wait for nothing stands in its place. */
static int descriptor_run(struct fake_unit *u, uint32_t head, const uint64_t d[2])
{
	if (u->stuck_at == head + 1 && d[0] != 5)
		return 0;
	u->stuck_at = 0;
	if (u->nr_iqe && d[0] != 5) {
		u->nr_iqe--;
		u->stuck_at = head + 1;
		return 0;
	}
	log_event(u, 'D', 0, d[0]);
	if ((d[0] & 0xf) == 4 && !(d[0] & 0xffff000007ffffe0ull) && !d[1]) {
		invalidate(u, d[0]);
		return 1;
	}
	if ((d[0] & 0xf) != 5 || d[0] & 0xffffff80 || d[1] & 3)
		return 0;
	if (!(d[0] & 0x30))
		return 1; /* a wait for nothing */
	u->nr_wait++;
	if (u->nr_ite) { /* the wait is dropped */
		u->nr_ite--;
		fake_write32(u, FAKE_FSTS, fake_read32(u, FAKE_FSTS) | FAKE_ITE);
		return 1;
	}
	if (d[0] & 0x20)
		dma_write32(u, d[1], (uint32_t)(d[0] >> 32));
	if (d[0] & 0x10)
		completion_raise(u);
	return 1;
}

static void queue_run(struct fake_unit *u)
{
	uint64_t base = fake_read64(u, FAKE_IQA) & ~0xfffull;
	uint32_t size_bytes = 4096u << (fake_read64(u, FAKE_IQA) & 7);
	uint32_t head = fake_read32(u, FAKE_IQH), tail = fake_read32(u, FAKE_IQT);
	uint64_t d[2];

	if (!(fake_read32(u, FAKE_GSTS) & FAKE_QIE) || u->is_deaf_queue || u->looks_before_run)
		return;
	if (tail >= size_bytes)
		violate(u, "tail behind the ring");
	if (u->nr_ice && head != tail) {
		u->nr_ice--;
		fake_write32(u, FAKE_FSTS, fake_read32(u, FAKE_FSTS) | FAKE_ICE);
	}
	while (head != tail && !(fake_read32(u, FAKE_FSTS) & (FAKE_IQE | FAKE_ITE))) {
		if (!dma_read(u, base + head, d, 16) || !descriptor_run(u, head, d)) {
			fake_write32(u, FAKE_FSTS, fake_read32(u, FAKE_FSTS) | FAKE_IQE);
			break;
		}
		head = (head + 16) % size_bytes;
	}
	fake_write32(u, FAKE_IQH, head);
}

/* ---- registers ---- */

static void table_latch(struct fake_unit *u)
{
	uint64_t irta = fake_read64(u, FAKE_IRTA);

	u->table_bus = irta & ~0xfffull;
	u->nr_entries = 2u << (irta & 15);
	u->eim = (irta >> 11) & 1;
	u->is_latched = 1;
	if (u->eim && !(fake_read64(u, FAKE_ECAP) & 0x10))
		violate(u, "EIME without EIM");
	if (u->nr_entries > 256 && u->table_bus & (u->nr_entries * 16ull - 1))
		violate(u, "table not aligned to its size");
	if ((fake_read64(u, FAKE_CAP) >> 62) & 1)
		memset(u->is_cached, 0, 65536);
}

static void command(struct fake_unit *u, uint32_t value)
{
	const uint32_t lasting = FAKE_TE | 1u << 28 | FAKE_QIE | FAKE_IRE | FAKE_CFI;
	uint32_t status = fake_read32(u, FAKE_GSTS);
	uint32_t changed = ((status ^ value) & lasting) | (value & ~lasting);

	if (changed & (changed - 1))
		violate(u, "one command changes two bits");
	if (value & ~lasting & ~(FAKE_IRTP | FAKE_WBF))
		violate(u, "a one-shot command that nobody wanted");
	if (value & FAKE_IRTP) {
		table_latch(u);
		status |= FAKE_IRTP;
	}
	if ((changed & FAKE_QIE) && !(value & FAKE_QIE)) {
		if (fake_read32(u, FAKE_IQH) != fake_read32(u, FAKE_IQT) && !u->is_deaf_queue &&
		    !(fake_read32(u, FAKE_FSTS) & FAKE_IQE))
			violate(u, "queue switched off before it was empty");
		if (status & FAKE_IRE)
			violate(u, "queue switched off before remapping");
		fake_write32(u, FAKE_IQH, 0);
	}
	if ((changed & FAKE_QIE) && (value & FAKE_QIE) && fake_read32(u, FAKE_IQT))
		violate(u, "queue switched on with a tail");
	if ((changed & FAKE_IRE) && (value & FAKE_IRE)) {
		if (!u->is_latched)
			violate(u, "remapping on without a table");
		for (uint32_t i = 0; i < 65536; i++) {
			if (u->is_cached[i])
				violate(u, "remapping on with entries of an earlier table");
		}
		if (status & FAKE_CFI)
			violate(u, "remapping on while compatibility format passes");
	}
	status = (status & ~lasting) | (value & lasting);
	if (changed & value & u->deaf_set)
		status &= ~(changed & u->deaf_set);
	if (changed & ~value & u->deaf_clear)
		status |= changed & u->deaf_clear;
	if ((value & FAKE_WBF) && (u->deaf_clear & FAKE_WBF))
		status |= FAKE_WBF;
	fake_write32(u, FAKE_GSTS, status);
}

static uint32_t records_at(const struct fake_unit *u)
{
	return (uint32_t)((fake_read64(u, FAKE_CAP) >> 24) & 0x3ff) * 16;
}

static uint32_t nr_records(const struct fake_unit *u)
{
	return (uint32_t)((fake_read64(u, FAKE_CAP) >> 40) & 0xff) + 1;
}

static void pending_compute(struct fake_unit *u)
{
	uint32_t status = fake_read32(u, FAKE_FSTS) & ~2u;

	for (uint32_t i = 0; i < nr_records(u); i++) {
		if (fake_read32(u, records_at(u) + i * 16 + 12) & 1u << 31)
			status |= 2;
	}
	fake_write32(u, FAKE_FSTS, status);
}

void fake_fault(struct fake_unit *u, uint32_t index, uint64_t info, uint32_t sid, uint32_t reason)
{
	uint32_t offset = records_at(u) + index * 16, status = fake_read32(u, FAKE_FSTS);

	if (status & 1)
		return;
	if (fake_read32(u, offset + 12) & 1u << 31) {
		fake_write32(u, FAKE_FSTS, status | 1);
		return;
	}
	if (!(status & 2))
		fake_write32(u, FAKE_FSTS, (status & ~0xff00u) | index << 8);
	fake_write64(u, offset, info);
	fake_write64(u, offset + 8, 1ull << 63 | (uint64_t)reason << 32 | sid);
	pending_compute(u);
}

static void register_write(struct fake_unit *u, uint32_t offset, uint32_t value)
{
	uint32_t first = records_at(u), old;

	log_event(u, 'W', offset, value);
	if (offset == FAKE_GCMD) {
		command(u, value);
	} else if (offset == FAKE_FSTS) {
		old = fake_read32(u, offset);
		fake_write32(u, offset, old & ~(value & 0x7d));
		queue_run(u);
	} else if (offset == FAKE_ICS) {
		fake_write32(u, offset, fake_read32(u, offset) & ~(value & 1));
		completion_settle(u);
	} else if (offset == FAKE_IECTL) {
		old = fake_read32(u, offset);
		fake_write32(u, offset, (value & 1u << 31) | (old & 1u << 30));
		completion_settle(u);
	} else if (offset >= first && offset < first + nr_records(u) * 16) {
		if ((offset - first) % 16 == 12 && value == 1u << 31)
			fake_write32(u, offset, fake_read32(u, offset) & ~(1u << 31));
		else
			violate(u, "a write to a fault record that is not clear");
		pending_compute(u);
	} else {
		fake_write32(u, offset, value);
		if (offset == FAKE_IQT)
			queue_run(u);
	}
}

static struct fake_unit *unit_at(const struct mirq_regs *r, uint32_t offset, uint32_t *out_offset)
{
	const volatile uint8_t *at = (const volatile uint8_t *)r->base + offset;

	assert_true(offset + 4 <= r->limit_bytes);
	for (uint32_t i = 0; i < NR(r->host->units); i++) {
		struct fake_unit *u = &r->host->units[i];

		if (at >= u->regs && at < u->regs + FAKE_REGS_BYTES) {
			*out_offset = (uint32_t)(at - u->regs);
			u->nr_accesses++;
			return u;
		}
	}
	fail_msg("access to registers of nobody");
	return NULL;
}

static int is_gone(const struct fake_unit *u)
{
	return u->all_ones_after && u->nr_accesses > u->all_ones_after;
}

static uint32_t register_read(struct fake_unit *u, uint32_t offset)
{
	u->nr_reads++;
	if (is_gone(u))
		return UINT32_MAX;
	if (offset == FAKE_FSTS || offset == FAKE_IQH) {
		if (u->looks_before_run)
			u->looks_before_run--;
		queue_run(u);
	}
	if (offset == FAKE_IQH && u->head_lag && !--u->head_lag)
		fake_write32(u, FAKE_IQH, fake_read32(u, FAKE_IQT));
	return fake_read32(u, offset);
}

uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset)
{
	struct fake_unit *u = unit_at(r, offset, &offset);

	return register_read(u, offset);
}

uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset)
{
	struct fake_unit *u = unit_at(r, offset, &offset);
	uint64_t low = register_read(u, offset);

	return low | (uint64_t)register_read(u, offset + 4) << 32;
}

void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset, uint32_t value)
{
	struct fake_unit *u = unit_at(r, offset, &offset);

	if (!is_gone(u))
		register_write(u, offset, value);
}

void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset, uint64_t value)
{
	struct fake_unit *u = unit_at(r, offset, &offset);

	if (is_gone(u))
		return;
	fake_write32(u, offset + 4, (uint32_t)(value >> 32));
	register_write(u, offset, (uint32_t)value);
}
