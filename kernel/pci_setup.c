/* SPDX-License-Identifier: MIT */
/*
 * The machine's side of PCI.
 *
 * What it is not: a reader of the DSDT, which is where a real system finds its windows. The hole
 * below 4 GiB is the part that QEMU's machines have in common.
 * Locking: none; boot CPU.
 */
#include "pci_setup.h"

#include "acpi.h"
#include "boot_info.h"
#include "kstring.h"
#include "option.h"
#include "pci.h"
#include "x86.h"

/* QEMU: RAM ends below, or at, the first; IO-APIC, HPET and APICs lie above the second. */
#define HOLE_FIRST 0xc0000000ull
#define HOLE_LIMIT 0xfe000000ull

#define HIGH_ALIGN 0x1000000000ull

/* Does the option "pci" say @word? */
static bool is_asked(const char *word)
{
	const char *value = option_text("pci");

	return value && kstring_is_equal(value, word);
}

static bool find_ecam(struct acpi_ecam *out)
{
	if (acpi_read_ecam(out))
		return true;
	*out = (struct acpi_ecam){ .base = option_number("ecam", 0), .limit_bus = PCI_NR_BUSES };
	return out->base != 0;
}

static uint64_t limit_of_low_memory(void)
{
	uint64_t limit = HOLE_FIRST;

	for (uint32_t i = 0; i < boot_info()->nr_memory; i++) {
		const struct boot_memory *m = &boot_info()->memory[i];

		if (m->limit > limit && m->limit <= HOLE_LIMIT)
			limit = m->limit;
	}
	return limit;
}

void pci_setup(void)
{
	struct pci_windows windows = {
		.low_first = limit_of_low_memory(),
		.low_limit = HOLE_LIMIT,
		.high_first = (boot_info()->memory_limit + HIGH_ALIGN - 1) & -HIGH_ALIGN,
		.high_limit = 1ull << (x86_cpuid(0x80000008, 0).eax & 0xff),
	};
	struct acpi_ecam ecam;

	if (find_ecam(&ecam)) {
		pci_use_ecam(ecam.base, ecam.first_bus, ecam.limit_bus);
		if (ecam.base > windows.low_first && ecam.base < windows.low_limit)
			windows.low_limit = ecam.base;
	}
	if (is_asked("low"))
		windows.high_limit = 0;
	pci_init(&windows, is_asked("assign") ? PCI_ASSIGN_ALWAYS : PCI_ASSIGN_IF_NEEDED);
}
