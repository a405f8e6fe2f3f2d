/* SPDX-License-Identifier: MIT */
/*
 * fake_pci.c - see fake_pci.h. Numbers are written out where they are used: they come from the
 * specifications, not from src.
 */
#include "fake_pci.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mirq_host *fake_host_new(void)
{
	struct mirq_host *h = calloc(1, sizeof(*h));

	h->lapic[0x03] = 0x00050014; /* version */
	h->msr[0x1b] = 0xfee00900;   /* this is the boot processor, xAPIC, on */
	h->msr[0x803] = 0x00050014;
	return h;
}

void fake_host_free(struct mirq_host *h)
{
	for (uint32_t i = 0; i < h->nr_functions; i++)
		for (uint32_t bar = 0; bar < 6; bar++)
			free(h->functions[i].bar[bar]);
	free(h);
}

void fake_host_clear(struct mirq_host *h)
{
	h->nr_config_reads = h->nr_config_writes = h->nr_reads = h->nr_writes = 0;
	h->nr_accesses_with_irq_on = 0;
	h->trace_bytes = 0;
	h->trace[0] = 0;
}

static void note(struct mirq_host *h, const char *format, ...)
{
	size_t room = sizeof(h->trace) - h->trace_bytes;
	va_list arguments;
	int written;

	va_start(arguments, format);
	written = vsnprintf(h->trace + h->trace_bytes, room, format, arguments);
	va_end(arguments);
	if (written > 0 && (size_t)written < room)
		h->trace_bytes += (size_t)written;
}

/* ---- Functions and their configuration space ---- */

uint32_t fake_get(const struct fake_function *f, uint32_t offset, uint32_t width)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < width; i++)
		value |= (uint32_t)f->config[offset + i] << 8 * i;
	return value;
}

void fake_set(struct fake_function *f, uint32_t offset, uint32_t width, uint32_t value)
{
	for (uint32_t i = 0; i < width; i++)
		f->config[offset + i] = (uint8_t)(value >> 8 * i);
}

static void allow(struct fake_function *f, uint32_t offset, uint32_t width, uint32_t bits)
{
	for (uint32_t i = 0; i < width; i++)
		f->writable[offset + i] = (uint8_t)(bits >> 8 * i);
}

struct fake_function *fake_function_add(struct mirq_host *h, uint32_t bus, uint32_t device,
					uint32_t function)
{
	struct fake_function *f = &h->functions[h->nr_functions++];

	f->rid = bus << 8 | device << 3 | function;
	fake_set(f, 0x00, 4, 0x11e81234);
	fake_set(f, 0x04, 2, 0x0002); /* memory decode */
	allow(f, 0x04, 2, 0x0547);
	f->next_capability = 0x40;
	return f;
}

struct fake_function *fake_bridge_add(struct mirq_host *h, uint32_t bus, uint32_t device,
				      uint32_t secondary, uint32_t subordinate)
{
	struct fake_function *f = fake_function_add(h, bus, device, 0);

	fake_set(f, 0x0e, 1, 0x01);
	fake_set(f, 0x18, 1, bus);
	fake_set(f, 0x19, 1, secondary);
	fake_set(f, 0x1a, 1, subordinate);
	return f;
}

struct mirq_pci_address fake_address(const struct fake_function *f)
{
	struct mirq_pci_address address = { (uint16_t)f->segment, (uint16_t)f->rid };

	return address;
}

struct mirq_config fake_config(struct mirq_host *h, const struct fake_function *f)
{
	struct mirq_config config = { h, fake_address(f) };

	return config;
}

uint32_t fake_capability_add(struct fake_function *f, uint8_t id, uint32_t size_bytes)
{
	uint32_t at = f->next_capability;

	fake_set(f, 0x06, 2, fake_get(f, 0x06, 2) | 0x10);
	if (f->last_capability)
		fake_set(f, f->last_capability + 1, 1, at);
	else
		fake_set(f, 0x34, 1, at);
	fake_set(f, at, 2, id);
	f->last_capability = at;
	f->next_capability = (at + size_bytes + 3) & ~3u;
	return at;
}

uint32_t fake_pcie_add(struct fake_function *f, uint32_t type)
{
	uint32_t at = fake_capability_add(f, 0x10, 0x3c);

	fake_set(f, at + 2, 2, 0x0002 | type << 4);
	return at;
}

uint32_t fake_msi_add(struct fake_function *f, uint32_t nr_log2, int is_64, int is_maskable)
{
	uint32_t at = fake_capability_add(f, 0x05, 24);
	uint32_t slots = nr_log2 > 5 ? 0 : (uint32_t)((UINT64_C(1) << (1u << nr_log2)) - 1);

	fake_set(f, at + 2, 2, nr_log2 << 1 | (is_64 ? 0x80u : 0) | (is_maskable ? 0x100u : 0));
	allow(f, at + 2, 2, 0x0071);
	allow(f, at + 4, 4, 0xfffffffc);
	if (is_64)
		allow(f, at + 8, 4, 0xffffffff);
	allow(f, at + (is_64 ? 12 : 8), 2, 0xffff);
	if (is_maskable)
		allow(f, at + (is_64 ? 16 : 12), 4, slots);
	f->msi = at;
	return at;
}

uint32_t fake_msix_add(struct fake_function *f, uint32_t nr, uint32_t table_bar,
		       uint32_t table_offset, uint32_t pba_bar, uint32_t pba_offset)
{
	uint32_t at = fake_capability_add(f, 0x11, 12);

	fake_set(f, at + 2, 2, nr - 1);
	allow(f, at + 2, 2, 0xc000);
	fake_set(f, at + 4, 4, table_offset | table_bar);
	fake_set(f, at + 8, 4, pba_offset | pba_bar);
	f->msix = at;
	f->nr_slots = nr;
	f->table_bar = table_bar;
	f->table_offset = table_offset;
	f->pba_bar = pba_bar;
	f->pba_offset = pba_offset;
	for (uint32_t i = 0; i < nr && table_bar < 6 && f->bar[table_bar]; i++)
		fake_msix_entry(f, i)[3] = 1; /* masked out of reset */
	return at;
}

void fake_bar_add(struct fake_function *f, uint32_t bar, uint64_t address, uint32_t size_bytes,
		  int is_64)
{
	fake_set(f, 0x10 + 4 * bar, 4, (uint32_t)address | (is_64 ? 4u : 0));
	if (is_64)
		fake_set(f, 0x14 + 4 * bar, 4, (uint32_t)(address >> 32));
	f->bar[bar] = calloc(1, size_bytes);
	f->bar_bytes[bar] = size_bytes;
}

uint32_t *fake_msix_entry(struct fake_function *f, uint32_t slot)
{
	return (uint32_t *)(void *)(f->bar[f->table_bar] + f->table_offset + 16 * slot);
}

void fake_msix_leave_stale(struct fake_function *f)
{
	for (uint32_t i = 0; i < f->nr_slots; i++) {
		uint32_t *entry = fake_msix_entry(f, i);

		entry[0] = 0xdead0000;
		entry[2] = i;
		entry[3] = 0;
		f->stale[i] = 1;
	}
}

static int msix_is_open(struct fake_function *f, uint32_t slot)
{
	uint32_t control = fake_get(f, f->msix + 2, 2);

	return (control & 0xc000) == 0x8000 && !(fake_msix_entry(f, slot)[3] & 1);
}

/* After each change: can a slot fire what the test left in it? */
static void look_for_stale(struct fake_function *f)
{
	if (!f->msix || f->table_bar > 5 || !f->bar[f->table_bar])
		return;
	for (uint32_t i = 0; i < f->nr_slots; i++)
		if (f->stale[i] && msix_is_open(f, i))
			f->fired_stale = 1;
}

static struct fake_function *find(struct mirq_host *h, struct mirq_pci_address address)
{
	for (uint32_t i = 0; i < h->nr_functions; i++)
		if (h->functions[i].segment == address.segment &&
		    h->functions[i].rid == address.rid)
			return h->functions[i].is_gone ? NULL : &h->functions[i];
	return NULL;
}

static uint32_t ones(uint32_t width)
{
	return width == 4 ? 0xffffffff : (1u << 8 * width) - 1;
}

static int is_unheard(struct mirq_host *h)
{
	if (!h->nr_unheard)
		return 0;
	h->nr_unheard--;
	return 1;
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	struct fake_function *f = is_unheard(h) ? NULL : find(h, address);
	uint32_t value = ones(width_bytes);

	if (f && offset_bytes + width_bytes <= sizeof(f->config) && !(offset_bytes % width_bytes))
		value = fake_get(f, offset_bytes, width_bytes);
	h->nr_config_reads++;
	note(h, "cR%02x.%u ", offset_bytes, width_bytes);
	return value;
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	struct fake_function *f = find(h, address);

	h->nr_config_writes++;
	note(h, "cW%02x.%u=%x ", offset_bytes, width_bytes, value);
	if (!f || offset_bytes + width_bytes > sizeof(f->config) || offset_bytes % width_bytes)
		return;
	for (uint32_t i = 0; i < width_bytes; i++) {
		uint8_t bits = f->writable[offset_bytes + i];
		uint8_t *byte = &f->config[offset_bytes + i];

		*byte = (uint8_t)((*byte & ~bits) | (value >> 8 * i & bits));
	}
	look_for_stale(f);
}

/* ---- What the device sends ---- */

int fake_msi_raise(struct fake_function *f, uint32_t slot, struct mirq_msg *out_msg)
{
	uint32_t control = fake_get(f, f->msi + 2, 2);
	uint32_t is_64 = control >> 7 & 1;
	uint32_t nr_enabled = 1u << (control >> 4 & 7);
	uint32_t after = f->msi + (is_64 ? 16 : 12);

	if (!(control & 1) || slot >= nr_enabled)
		return -1;
	if (control & 0x100 && fake_get(f, after, 4) >> slot & 1) {
		fake_set(f, after + 4, 4, fake_get(f, after + 4, 4) | 1u << slot);
		return 0;
	}
	out_msg->address = fake_get(f, f->msi + 4, 4);
	if (is_64)
		out_msg->address |= (uint64_t)fake_get(f, f->msi + 8, 4) << 32;
	out_msg->data = (fake_get(f, f->msi + (is_64 ? 12 : 8), 2) & ~(nr_enabled - 1)) | slot;
	return 1;
}

int fake_msix_raise(struct fake_function *f, uint32_t slot, struct mirq_msg *out_msg)
{
	uint32_t control = fake_get(f, f->msix + 2, 2);
	uint32_t *entry = fake_msix_entry(f, slot);

	if (!(control & 0x8000))
		return -1;
	if (!msix_is_open(f, slot)) {
		f->bar[f->pba_bar][f->pba_offset + slot / 8] |= (uint8_t)(1u << slot % 8);
		return 0;
	}
	out_msg->address = (uint64_t)entry[1] << 32 | entry[0];
	out_msg->data = entry[2];
	return 1;
}

/* ---- Memory space ---- */

static uint64_t bar_address(const struct fake_function *f, uint32_t bar)
{
	uint32_t low = fake_get(f, 0x10 + 4 * bar, 4);
	uint64_t address = low & ~15u;

	if (low & 4)
		address |= (uint64_t)fake_get(f, 0x14 + 4 * bar, 4) << 32;
	return address;
}

/* The word of a BAR at a physical address; *out_f owns it. */
static uint32_t *memory_at(struct mirq_host *h, uint64_t physical, struct fake_function **out_f,
			   uint32_t *out_bar)
{
	for (uint32_t i = 0; i < h->nr_functions; i++) {
		struct fake_function *f = &h->functions[i];

		for (uint32_t bar = 0; bar < 6; bar++) {
			uint64_t base = bar_address(f, bar);

			if (!f->bar[bar] || f->is_gone || !(fake_get(f, 4, 2) & 2) ||
			    physical < base || physical - base >= f->bar_bytes[bar])
				continue;
			*out_f = f;
			*out_bar = bar;
			return (uint32_t *)(void *)(f->bar[bar] + (physical - base));
		}
	}
	return NULL;
}

static void write_memory(struct mirq_host *h, uint64_t physical, uint32_t value)
{
	struct fake_function *f;
	uint32_t bar, offset, slot;
	uint32_t *word = memory_at(h, physical, &f, &bar);

	if (!word)
		return;
	offset = (uint32_t)(physical - bar_address(f, bar));
	if (!f->msix || bar != f->table_bar || offset < f->table_offset ||
	    offset >= f->table_offset + 16 * f->nr_slots) {
		*word = value;
		return;
	}
	if (f->drops_while_off && !(fake_get(f, f->msix + 2, 2) & 0x8000))
		return;
	slot = (offset - f->table_offset) / 16;
	if (offset % 16 != 12) {
		f->torn |= msix_is_open(f, slot);
		f->stale[slot] = 0;
	}
	*word = value;
	look_for_stale(f);
}

/* ---- Local APIC ---- */

static uint32_t read_lapic(struct mirq_host *h, uint32_t offset)
{
	h->nr_accesses_with_irq_on += !h->irq_off_depth;
	if (offset == 0x300 && h->lapic_stays_busy) {
		h->lapic_stays_busy--;
		return h->lapic[0x30] | 0x1000;
	}
	return h->lapic[offset / 16 & 0x3f];
}

static void write_lapic(struct mirq_host *h, uint32_t offset, uint32_t value)
{
	h->nr_accesses_with_irq_on += !h->irq_off_depth;
	h->lapic[offset / 16 & 0x3f] = value;
}

uint64_t fake_msr_read(struct mirq_host *h, uint32_t msr)
{
	note(h, "sR%x ", msr);
	return h->msr[msr & 0xfff];
}

void fake_msr_write(struct mirq_host *h, uint32_t msr, uint64_t value)
{
	note(h, "sW%x=%llx ", msr, (unsigned long long)value);
	if (msr == 0x1b && h->has_no_x2)
		value &= ~UINT64_C(0x400);
	h->msr[msr & 0xfff] = value;
}

/* ---- Register access: the library's own is weak ---- */

static const struct fake_window *window_of(const struct mirq_regs *r)
{
	return (const struct fake_window *)(uintptr_t)r->base;
}

uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset_bytes)
{
	const struct fake_window *w = window_of(r);
	struct mirq_host *h = w->host;
	struct fake_function *f;
	uint32_t bar, *word;

	h->nr_reads++;
	note(h, "mR%llx ", (unsigned long long)(w->physical + offset_bytes));
	if (w->physical == 0xfee00000)
		return read_lapic(h, offset_bytes);
	word = memory_at(h, w->physical + offset_bytes, &f, &bar);
	return word && !is_unheard(h) ? *word : 0xffffffff;
}

void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset_bytes, uint32_t value)
{
	const struct fake_window *w = window_of(r);
	struct mirq_host *h = w->host;

	h->nr_writes++;
	note(h, "mW%llx=%x ", (unsigned long long)(w->physical + offset_bytes), value);
	if (w->physical == 0xfee00000)
		write_lapic(h, offset_bytes, value);
	else
		write_memory(h, w->physical + offset_bytes, value);
}

uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset_bytes)
{
	return mirq_regs_read32(r, offset_bytes) | (uint64_t)mirq_regs_read32(r, offset_bytes + 4)
							   << 32;
}

void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset_bytes, uint64_t value)
{
	mirq_regs_write32(r, offset_bytes, (uint32_t)value);
	mirq_regs_write32(r, offset_bytes + 4, (uint32_t)(value >> 32));
}

/* ---- The rest of a host ---- */

void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	size_t rounded = (size_bytes + align_bytes - 1) / align_bytes * align_bytes;
	void *memory;

	if (++h->nr_allocs == h->alloc_fails_at)
		return NULL;
	if (align_bytes < sizeof(void *))
		align_bytes = sizeof(void *);
	memory = aligned_alloc(align_bytes,
			       (rounded + align_bytes - 1) / align_bytes * align_bytes);
	memset(memory, 0xa5, size_bytes);
	h->nr_allocated++;
	return memory;
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	(void)size_bytes;
	h->nr_allocated--;
	free(memory);
}

void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	void *memory = mirq_host_alloc(h, size_bytes, align_bytes);

	(void)address_bits;
	if (!memory)
		return NULL;
	memset(memory, 0, size_bytes);
	*out_bus = (uintptr_t)memory;
	return memory;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	mirq_host_free(h, memory, size_bytes);
}

void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	struct fake_window *w = &h->windows[h->nr_windows];

	(void)kind;
	if (++h->nr_maps == h->map_fails_at || h->nr_windows == FAKE_MAX_WINDOWS)
		return NULL;
	h->nr_windows++;
	h->nr_mapped++;
	w->host = h;
	w->physical = physical;
	w->size_bytes = size_bytes;
	w->is_mapped = 1;
	return w;
}

void mirq_host_unmap(struct mirq_host *h, void *mapped, size_t size_bytes)
{
	struct fake_window *w = mapped;

	if (!w->is_mapped || w->size_bytes != size_bytes)
		abort();
	h->nr_mapped--;
	w->is_mapped = 0;
}

uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	return h->irq_off_depth++;
}

void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	h->irq_off_depth = (uint32_t)saved;
}

uint32_t mirq_host_this_cpu(struct mirq_host *h)
{
	(void)h;
	return 0;
}

void mirq_host_kick(struct mirq_host *h, uint32_t cpu)
{
	(void)h;
	(void)cpu;
}

uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	return h->now_ns += 100;
}

void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)h;
	(void)kind;
}

void mirq_host_clean(struct mirq_host *h, const void *memory, size_t size_bytes)
{
	(void)h;
	(void)memory;
	(void)size_bytes;
}

void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record)
{
	h->nr_logged++;
	h->last_log = record->text;
}

void mirq_host_panic(struct mirq_host *h, const char *text)
{
	(void)h;
	fprintf(stderr, "panic: %s\n", text);
	abort();
}

void mirq_host_assert_context(struct mirq_host *h, enum mirq_context context)
{
	(void)h;
	(void)context;
}
