/* SPDX-License-Identifier: MIT */
/*
 * acpi_fadt.c - the fixed ACPI description table, of which one field says something about
 * interrupts: who runs this machine as a guest.
 *
 * Of older revisions and of tables that end before it the field is not there, and reads as none.
 * Sources: [ACPI] 5.2.9. Locking: none needed.
 */
#include "acpi_regs.h"
#include "acpi_x86.h"

_Static_assert(MIRQ_X86_HYPERVISOR_BYTES == FADT_HYPERVISOR_BYTES + 1, "the name and its end");

enum mirq_err mirqi_fadt_read(struct mirq_memory fadt, struct mirqi_x86_build *build)
{
	struct mirqi_acpi_span span;
	enum mirq_err err = mirqi_acpi_open(fadt, MIRQ_ACPI_FADT, FADT_FIXED_BYTES, &span,
					    build->why);
	uint64_t name;

	if (err || mirqi_acpi_load32(&span, ACPI_REVISION) < FADT_REVISION_HYPERVISOR)
		return err;
	name = mirqi_acpi_load(&span, FADT_HYPERVISOR);
	for (uint32_t i = 0; name; name >>= 8, i++) {
		uint8_t byte = (uint8_t)name;

		build->hypervisor[i] = byte >= ' ' && byte <= '~' ? (char)byte : '?';
	}
	return MIRQ_OK;
}
