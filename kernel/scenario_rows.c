/* SPDX-License-Identifier: MIT */
/*
 * Scenario rows: the probes of tests/rows on this machine. mirq is not started; the probes program
 * the first VT-d unit by themselves, and this file gives them the machine.
 *
 * What differs from the specification here is data (tests/rows/rows_table.c): another answer than
 * the one written there fails, also when it is a better one.
 * Sources: [ACPI] 5.2.8 and [VTD] 8.1-8.3 (DMAR); the devices are QEMU's edu.
 * Locking: the counts are written by the CPU that they are of, read after it has settled.
 */
#include "scenario.h"

#include <stddef.h>

#include "../tests/rows/rows.h"
#include "../tests/rows/rows_regs.h"
#include "acpi.h"
#include "console.h"
#include "cpu.h"
#include "edu.h"
#include "heap.h"
#include "interrupts.h"
#include "kstring.h"
#include "lapic.h"
#include "mmio.h"
#include "pages.h"
#include "paging.h"
#include "smp.h"

enum {
	DMAR_FIRST = 48,
	DMAR_UNIT = 0, /* type of a structure */
	DMAR_UNIT_ADDRESS = 8,
	NR_VECTORS = 256
};

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define IOAPIC_ADDRESS 0xfec00000ull
#define HPET_ADDRESS 0xfed00000ull

static struct firing_device edus[ROWS_NR_DEVICES];
static uint32_t counts[ROWS_NR_CPUS][NR_VECTORS]; /* atomic */
static uint32_t nr_rows, nr_differ;

static void take(uint32_t vector)
{
	uint32_t cpu = cpu_this()->number;

	if (cpu < ROWS_NR_CPUS)
		__atomic_add_fetch(&counts[cpu][vector & 0xff], 1, __ATOMIC_RELAXED);
	lapic_eoi();
}

/* ---- The machine ---- */

static uint64_t read_physical(void *context, uint64_t physical, uint32_t width_bytes)
{
	(void)context;
	return width_bytes == 8 ? mmio_read64((void *)physical, 0)
				: mmio_read32((void *)physical, 0);
}

static void write_physical(void *context, uint64_t physical, uint32_t width_bytes, uint64_t value)
{
	(void)context;
	if (width_bytes == 8)
		mmio_write64((void *)physical, 0, value);
	else
		mmio_write32((void *)physical, 0, (uint32_t)value);
}

static uint32_t config_read(void *context, uint16_t rid, uint32_t offset, uint32_t width_bytes)
{
	(void)context;
	return pci_config_read(rid, offset, width_bytes);
}

static void config_write(void *context, uint16_t rid, uint32_t offset, uint32_t width_bytes,
			 uint32_t value)
{
	(void)context;
	pci_config_write(rid, offset, width_bytes, value);
}

static void *alloc(void *context, uint32_t size_bytes, uint64_t *out_bus)
{
	void *memory = heap_alloc_below(size_bytes, PAGE_BYTES, 1ull << 32);

	(void)context;
	*out_bus = (uint64_t)memory;
	return memory;
}

static void raise(void *context, enum rows_device device)
{
	(void)context;
	edu_fire_uncounted(&edus[device]);
	edu_driver.acknowledge(&edus[device], 0);
}

static void store(void *context, enum rows_device device, uint64_t address, uint32_t data,
		  uint32_t width_bytes)
{
	static uint64_t from;

	(void)context;
	from = data;
	if (!edu_dma_read(&edus[device], (uint64_t)&from, width_bytes) ||
	    !edu_dma_write(&edus[device], address, width_bytes))
		report_failure("%s: its DMA does not end", edus[device].name);
}

static void load(void *context, enum rows_device device, uint64_t address)
{
	(void)context;
	if (!edu_dma_read(&edus[device], address, sizeof(uint64_t)))
		report_failure("%s: its DMA does not end", edus[device].name);
}

static void settle(void *context)
{
	(void)context;
	cpu_settle_all();
}

static uint32_t nr_taken(void *context, uint32_t cpu, uint32_t vector)
{
	(void)context;
	return __atomic_load_n(&counts[cpu][vector], __ATOMIC_RELAXED);
}

static void forget(void *context)
{
	(void)context;
	for (uint32_t cpu = 0; cpu < ROWS_NR_CPUS; cpu++)
		for (uint32_t v = 0; v < NR_VECTORS; v++)
			__atomic_store_n(&counts[cpu][v], 0, __ATOMIC_RELAXED);
}

/* ---- Finding it ---- */

/* The address of the first unit, 0: none. */
static uint64_t find_unit(void)
{
	const struct acpi_header *dmar = acpi_find("DMAR");
	const char *bytes = (const char *)dmar;
	uint64_t address = 0;
	uint16_t type;

	if (!dmar || dmar->length_bytes < DMAR_FIRST + DMAR_UNIT_ADDRESS + sizeof(address))
		return 0;
	memcpy(&type, bytes + DMAR_FIRST, sizeof(type));
	if (type == DMAR_UNIT)
		memcpy(&address, bytes + DMAR_FIRST + DMAR_UNIT_ADDRESS, sizeof(address));
	return address;
}

static bool find_devices(struct rows_machine *m)
{
	for (uint32_t i = 0; i < ROWS_NR_DEVICES; i++) {
		struct pci_function *f = pci_find(EDU_VENDOR, EDU_DEVICE, i);

		if (!f)
			return false;
		pci_enable(f);
		edus[i].function = f;
		format(edus[i].name, sizeof(edus[i].name), "edu %u", i);
		edus[i].registers = pci_map_bar(f, 0);
		if (!edus[i].registers)
			return false;
		m->rid[i] = (uint16_t)f->rid;
	}
	return true;
}

static void take_result(void *context, const struct row *row, const char *observed,
			const char *expected, int is_same)
{
	(void)context;
	nr_rows++;
	nr_differ += row->qemu && is_same && !kstring_is_equal(observed, ROWS_ABSENT);
	print("row: %s observed=%s\n", row->name, observed);
	if (!is_same)
		report_failure("row %s: '%s' where '%s' is known of QEMU (specification: '%s'); if "
			       "this QEMU is another one, correct tests/rows/rows_table.c",
			       row->name, observed, expected, row->spec);
}

void scenario_rows(void)
{
	struct rows_machine m = {
		.read = read_physical,
		.write = write_physical,
		.config_read = config_read,
		.config_write = config_write,
		.alloc = alloc,
		.raise = raise,
		.store = store,
		.load = load,
		.settle = settle,
		.nr_taken = nr_taken,
		.forget = forget,
	};

	m.unit = find_unit();
	if (!m.unit || cpu_nr() < ROWS_NR_CPUS || !find_devices(&m)) {
		report_failure("this needs a VT-d unit, %u CPUs and %u edu", ROWS_NR_CPUS,
			       ROWS_NR_DEVICES);
		return;
	}
	paging_map(m.unit, PAGE_BYTES, PAGING_DEVICE);
	if (!(mmio_read32((void *)m.unit, UNIT_ECAP) & ECAP_EIM))
		m.lacks |= ROWS_NEEDS_EIM;
	paging_map(IOAPIC_ADDRESS, PAGE_BYTES, PAGING_DEVICE);
	paging_map(HPET_ADDRESS, PAGE_BYTES, PAGING_DEVICE);
	interrupts_set_hook(take);
	report(!rows_run(&m, ROWS_QEMU, take_result), "the unit goes on and off");
	report(nr_rows == rows_nr(),
	       "%u rows tried, %u of them known to differ from the "
	       "specification",
	       nr_rows, nr_differ);
}
