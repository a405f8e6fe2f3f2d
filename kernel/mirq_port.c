/* SPDX-License-Identifier: MIT */
/*
 * Everything that mirq needs from this kernel, in one file. From top to bottom:
 *
 *	1. the twelve functions that every port defines (mirq/host.h)
 *	2. the optional ones that help here
 *	3. register accesses, only because this kernel counts them
 *	4. firmware tables -> machine -> hierarchy -> CPUs
 *	5. the way from a vector into mirq, and PCI functions
 *
 * A port that counts nothing leaves 3 out: the library has its own. Locking: counters are atomic,
 * the rest is written once by the boot CPU.
 */
#include "mirq_port.h"

#include <stddef.h>

#include <mirq/firmware.h>
#include <mirq/host.h>
#include <mirq/inspect.h>
#include <mirq/io.h>
#include <mirq/x86.h>

#include "boot_info.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "heap.h"
#include "interrupts.h"
#include "kstring.h"
#include "lapic.h"
#include "mmio.h"
#include "option.h"
#include "pages.h"
#include "paging.h"
#include "panic.h"
#include "smp.h"
#include "x86.h"

#define FIRST_VECTOR 0x30u
#define MAP_LIMIT_BYTES 0x4000000u
#define PHYSICAL_BITS_MAX 46

struct mirq_host { /* all but counts: immutable after port_start() */
	struct mirq *mirq;
	struct mirq_acpi acpi;
	struct mirq_x86_machine machine;
	uint64_t drop_nr; /* 0: none */
	struct port_counts counts;
};

static struct mirq_host host;

static uint64_t count(uint64_t *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* ---- 1. The twelve. RAM is identity-mapped: physical, bus and virtual addresses are one ---- */

void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	(void)h;
	return heap_alloc(size_bytes, align_bytes);
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	(void)h;
	heap_free(memory, size_bytes);
}

void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	uint64_t limit = address_bits < 64 ? (uint64_t)1 << address_bits : 0;
	void *memory = heap_alloc_below(size_bytes, align_bytes, limit);

	(void)h;
	if (memory)
		*out_bus = (uint64_t)memory;
	return memory;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	(void)h;
	heap_free(memory, size_bytes);
}

/* How many of these bytes are RAM: all, some (1) or none. */
static uint64_t nr_ram_bytes(uint64_t first, uint64_t size_bytes)
{
	const struct boot_info *info = boot_info();
	uint64_t nr = 0;

	for (uint32_t i = 0; i < info->nr_memory; i++) {
		const struct boot_memory *m = &info->memory[i];
		uint64_t low = first > m->first ? first : m->first;
		uint64_t high = first + size_bytes < m->limit ? first + size_bytes : m->limit;

		nr += low < high ? high - low : 0;
	}
	return nr;
}

/*
 * The address may come from a table or a BAR that lies: nothing outside the CPU's reach, no page 0,
 * and no RAM as registers, which would change how the kernel's own memory is cached.
 */
void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	uint64_t first = physical & -(uint64_t)PAGE_BYTES;
	uint32_t bits = x86_cpuid(0x80000008, 0).eax & 0xff;
	uint64_t limit = (uint64_t)1 << (bits < PHYSICAL_BITS_MAX ? bits : PHYSICAL_BITS_MAX);
	uint64_t ram;

	(void)h;
	if (!first || !size_bytes || size_bytes > MAP_LIMIT_BYTES || first >= limit ||
	    limit - physical < size_bytes)
		return NULL;
	ram = nr_ram_bytes(first, physical - first + size_bytes);
	if (kind == MIRQ_MAP_MEMORY && ram == physical - first + size_bytes)
		return (void *)physical;
	if (ram)
		return NULL;
	return paging_map(physical, size_bytes,
			  kind == MIRQ_MAP_REGISTERS ? PAGING_DEVICE : PAGING_DATA);
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	count(&h->counts.at[PORT_CONFIG].nr_reads);
	if (address.segment)
		return UINT32_MAX >> (32 - width_bytes * 8);
	return pci_config_read(address.rid, offset_bytes, width_bytes);
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	count(&h->counts.at[PORT_CONFIG].nr_writes);
	if (!address.segment)
		pci_config_write(address.rid, offset_bytes, width_bytes, value);
}

uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	(void)h;
	return x86_irq_save();
}

void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	(void)h;
	x86_irq_restore(saved);
}

uint32_t mirq_host_this_cpu(struct mirq_host *h)
{
	(void)h;
	return cpu_this()->number;
}

void mirq_host_kick(struct mirq_host *h, uint32_t cpu)
{
	count(&h->counts.nr_kicks);
	lapic_ipi_send(cpu_at(cpu)->apic_id, VECTOR_KICK);
}

uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	(void)h;
	return clock_now_ns();
}

/* ---- 2. Optional ---- */

/* No scheduler: a pause is right for both kinds. */
void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)h;
	(void)kind;
	x86_pause();
}

/* For remapping units that do not snoop: write back, line by line. */
void mirq_host_clean(struct mirq_host *h, const void *memory, size_t size_bytes)
{
	uint64_t line_bytes = (x86_cpuid(1, 0).ebx >> 8 & 0xff) * 8;
	uint64_t limit = (uint64_t)memory + size_bytes;

	(void)h;
	for (uint64_t at = (uint64_t)memory & -line_bytes; at < limit; at += line_bytes)
		__asm__ volatile("clflush (%0)" : : "r"(at) : "memory");
	__asm__ volatile("mfence" : : : "memory");
}

void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record)
{
	static const char *const words[] = { "info", "warning", "error" };

	(void)h;
	print("mirq: %s: %s %s: %s (0x%lx 0x%lx 0x%lx, %u before)\n", words[record->level],
	      record->domain ? record->domain : "-", record->device ? record->device : "-",
	      record->text, record->values[0], record->values[1], record->values[2],
	      record->nr_before);
}

void mirq_host_panic(struct mirq_host *h, const char *text)
{
	(void)h;
	panic("mirq: %s", text);
}

void mirq_host_assert_context(struct mirq_host *h, enum mirq_context context)
{
	uint32_t depth = cpu_this()->interrupt_depth;

	(void)h;
	if ((context == MIRQ_CONTEXT_THREAD && depth) ||
	    (context == MIRQ_CONTEXT_DISPATCH && (!depth || x86_irq_is_on())))
		panic("mirq: called from the wrong context");
}

/* ---- 3. Counted register accesses ---- */

/* What is at an address: the local APIC, a remapping unit, else a device. */
static enum port_target target_of(const struct mirq_regs *r)
{
	const struct mirq_x86_machine *machine = &r->host->machine;
	uint64_t at = (uint64_t)r->base;

	if (at == lapic_address())
		return PORT_ROOT;
	for (uint32_t i = 0; i < machine->nr_units; i++)
		if (at - machine->units[i].address < machine->units[i].size_bytes)
			return PORT_UNIT;
	return PORT_DEVICE;
}

uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset_bytes)
{
	count(&r->host->counts.at[target_of(r)].nr_reads);
	return mmio_read32(r->base, offset_bytes);
}

void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset_bytes, uint32_t value)
{
	count(&r->host->counts.at[target_of(r)].nr_writes);
	mmio_write32(r->base, offset_bytes, value);
}

uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset_bytes)
{
	count(&r->host->counts.at[target_of(r)].nr_reads);
	return mmio_read64(r->base, offset_bytes);
}

void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset_bytes, uint64_t value)
{
	count(&r->host->counts.at[target_of(r)].nr_writes);
	mmio_write64(r->base, offset_bytes, value);
}

/* ---- 4. Bring-up ---- */

/* Maps a table, whole; prints its name and what becomes of it. */
static void read_table(uint64_t at, struct mirq_acpi *acpi)
{
	struct mirq_memory *const slots[] = { NULL,        &acpi->madt, &acpi->dmar,
					      &acpi->mcfg, &acpi->hpet, &acpi->fadt };
	const void *data = mirq_host_map(&host, at, MIRQ_ACPI_HEADER_BYTES, MIRQ_MAP_MEMORY);
	struct mirq_memory header = { data, data ? MIRQ_ACPI_HEADER_BYTES : 0 };
	struct mirq_why why = { .text = NULL };
	struct mirq_acpi_table table;
	bool is_known;

	if (mirq_acpi_table_read(header, &table, &why)) {
		print("firmware: table at 0x%lx: refused: %s\n", at, why.text);
		return;
	}
	is_known = table.kind >= MIRQ_ACPI_MADT && table.kind <= MIRQ_ACPI_FADT;
	print("firmware: %s at 0x%lx, %u bytes: %s\n", table.signature, at, table.size_bytes,
	      is_known ? "read" : "skipped");
	data = mirq_host_map(&host, at, table.size_bytes, MIRQ_MAP_MEMORY);
	if (is_known && data && !slots[table.kind]->data)
		*slots[table.kind] = (struct mirq_memory){ data, table.size_bytes };
}

/* RSDP -> XSDT or RSDT -> every table. */
static void read_tables(struct mirq_acpi *acpi)
{
	const void *rsdp = mirq_host_map(&host, boot_info()->rsdp, MIRQ_ACPI_RSDP_MAX_BYTES,
					 MIRQ_MAP_MEMORY);
	struct mirq_memory root = { NULL, MIRQ_ACPI_HEADER_BYTES };
	struct mirq_why why = { .text = NULL };
	struct mirq_acpi_table table;
	uint64_t at;

	if (!rsdp ||
	    mirq_acpi_rsdp_read((struct mirq_memory){ rsdp, MIRQ_ACPI_RSDP_MAX_BYTES }, &at, &why))
		panic("firmware: no root pointer: %s", why.text ? why.text : "not mapped");
	root.data = mirq_host_map(&host, at, root.size_bytes, MIRQ_MAP_MEMORY);
	if (!root.data || mirq_acpi_table_read(root, &table, &why))
		panic("firmware: no root table: %s", why.text ? why.text : "not mapped");
	root.size_bytes = table.size_bytes;
	root.data = mirq_host_map(&host, at, root.size_bytes, MIRQ_MAP_MEMORY);
	print("firmware: %s at 0x%lx, %u bytes\n", table.signature, at, table.size_bytes);
	for (uint32_t i = 0; root.data && !mirq_acpi_root_read(root, i, &at, &why); i++)
		if (at)
			read_table(at, acpi);
}

/* A table that is refused is left out and the rest read again, as firmware.h says. */
static void read_machine(struct mirq_acpi *acpi, struct mirq_x86_machine *out)
{
	struct mirq_memory *const slots[] = { &acpi->madt, &acpi->dmar, &acpi->mcfg, &acpi->hpet };
	static const char *const names[] = { "APIC", "DMAR", "MCFG", "HPET" };
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = MIRQ_EBADTABLE;

	for (uint32_t tries = 0; tries <= 4; tries++) {
		size_t size_bytes = mirq_acpi_x86_size_bytes(acpi);
		void *memory = size_bytes ? heap_alloc(size_bytes, 0) : NULL;

		err = mirq_acpi_x86_read(acpi, memory, size_bytes, out, &why);
		if (!err)
			return;
		print("firmware: %s at offset %lu: %s: left out\n", why.where, why.value, why.text);
		for (uint32_t i = 0; i < 4; i++)
			if (kstring_is_equal(why.where, names[i]))
				*slots[i] = (struct mirq_memory){ NULL, 0 };
	}
	panic("firmware: %s", mirq_err_text(err));
}

static uint64_t read_msr(struct mirq_host *h, uint32_t msr)
{
	(void)h;
	return x86_msr_read(msr);
}

static void write_msr(struct mirq_host *h, uint32_t msr, uint64_t value)
{
	(void)h;
	x86_msr_write(msr, value);
}

/* The root must leave the kernel's own vectors alone; the range says so. */
static void attach_hierarchy(void)
{
	static const struct mirq_x86_msr msr = { MIRQ_SIZED(mirq_x86_msr), read_msr, write_msr };
	struct mirq_why why = { .text = NULL };
	struct mirq_x86_init init = {
		MIRQ_SIZED(mirq_x86_init),
		.machine = &host.machine,
		.vectors = { FIRST_VECTOR, VECTOR_LIMIT_HOOK },
		.spurious_vector = VECTOR_SPURIOUS,
		.remap = option_text("noremap") ? MIRQ_X86_REMAP_NEVER
			 : option_text("remap") ? MIRQ_X86_REMAP_REQUIRED
						: MIRQ_X86_REMAP_IF_FOUND,
		.msr = &msr,
		.vtd_flags = MIRQ_VTD_CAN_CLEAN,
		.vtd_nr_entries = (uint32_t)option_number("entries", 0),
		.why = &why,
	};
	enum mirq_err err = mirq_x86_attach(host.mirq, &init);

	if (err)
		panic("mirq_x86_attach: %s: %s", mirq_err_text(err), why.text ? why.text : "-");
}

static void online_this_cpu(void *context)
{
	uint64_t saved = x86_irq_save();
	enum mirq_err err = mirq_cpu_online(host.mirq, cpu_this()->number);

	(void)context;
	x86_irq_restore(saved);
	if (err)
		panic("mirq_cpu_online: %s", mirq_err_text(err));
}

static void take_vector(uint32_t vector);

void port_start(void)
{
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &host, .nr_cpus = cpu_nr() };

	host.acpi.size_bytes = sizeof(host.acpi);
	host.drop_nr = option_number("drop", 0);
	read_tables(&host.acpi);
	read_machine(&host.acpi, &host.machine);
	if (mirq_init(&init, &host.mirq))
		panic("mirq_init failed");
	attach_hierarchy();
	for (uint32_t i = 0; i < cpu_nr(); i++) {
		struct mirq_cpu_init cpu = { MIRQ_SIZED(mirq_cpu_init), .cpu = i,
					     .hardware_id = cpu_at(i)->apic_id };

		if (mirq_cpu_add(host.mirq, &cpu))
			panic("mirq_cpu_add failed for CPU %u", i);
	}
	interrupts_set_hook(take_vector);
	for (uint32_t i = 0; i < cpu_nr(); i++)
		cpu_call(i, online_this_cpu, NULL);
}

struct mirq *port_mirq(void)
{
	return host.mirq;
}

struct mirq_host *port_host(void)
{
	return &host;
}

const struct mirq_x86_machine *port_machine(void)
{
	return &host.machine;
}

/* ---- 5. Dispatch and devices ---- */

/* The kernel's interrupt entry: this CPU took @vector, interrupts are off. */
static void take_vector(uint32_t vector)
{
	uint32_t cpu = cpu_this()->number;

	if (vector == VECTOR_KICK) {
		lapic_eoi();
		mirq_service(host.mirq, cpu);
	} else if (vector < FIRST_VECTOR) {
		count(&host.counts.nr_foreign);
		lapic_eoi();
	} else if (count(&host.counts.nr_taken) == host.drop_nr) {
		count(&host.counts.nr_dropped);
		lapic_eoi();
	} else {
		mirq_dispatch(host.mirq, cpu, vector);
	}
}

enum mirq_err port_attach(const struct pci_function *f, const char *name, uint32_t flags,
			  struct mirq_device **out_dev, struct mirq_why *why)
{
	struct mirq_pci_init init = {
		MIRQ_SIZED(mirq_pci_init),
		.address = { 0, (uint16_t)f->rid },
		.name = name,
		.flags = flags,
		.why = why,
	};

	pci_enable(f);
	return mirq_pci_attach(port_mirq(), &init, out_dev);
}

struct port_counts port_counts(void)
{
	return host.counts;
}
