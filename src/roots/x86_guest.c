/* SPDX-License-Identifier: MIT */
/*
 * x86_guest.c - does this CPU belong to a virtual machine? A hypervisor may lie: it is a guard
 * against mistakes, not against a hypervisor (docs/rules.md 6).
 *
 * Sources: [APM3] appendix E.3.2 (function 1, ECX bit 31: reserved for a hypervisor to say that
 * it is there), E.4 (functions 4000_00xx are the hypervisor's). That the first of them answers
 * with a name in EBX, ECX, EDX is a custom of all hypervisors. [ACPI] 5.2.9: a hypervisor may
 * put its name into the FADT. Locking: none needed.
 */
#include "compiler_cpuid.h"

#define CPUID_FEATURES 1u
#define CPUID_HYPERVISOR 0x40000000u
#define CPUID_FEATURES_ECX_HYPERVISOR (UINT32_C(1) << 31)

int mirqi_cpuid(uint32_t leaf, uint32_t out[MIRQI_NR_CPUID])
{
	return mirqi_cpuid_now(leaf, out);
}

/* The name ends at the first byte that nobody can read. */
static void guest_name(const void *bytes, uint32_t nr, char name[MIRQI_HYPERVISOR_BYTES])
{
	const uint8_t *from = bytes;
	uint32_t i;

	for (i = 0; i < nr && from[i] >= ' ' && from[i] <= '~'; i++)
		name[i] = (char)from[i];
	name[i] = 0;
}

static enum mirq_guest guest_by_cpuid(mirqi_cpuid_fn *cpuid, char name[MIRQI_HYPERVISOR_BYTES])
{
	uint32_t out[MIRQI_NR_CPUID];

	if (!cpuid(CPUID_FEATURES, out))
		return MIRQ_GUEST_UNKNOWN;
	if (!(out[MIRQI_ECX] & CPUID_FEATURES_ECX_HYPERVISOR))
		return MIRQ_GUEST_NO;
	if (cpuid(CPUID_HYPERVISOR, out))
		guest_name(&out[MIRQI_EBX], MIRQI_HYPERVISOR_BYTES - 1, name);
	return MIRQ_GUEST_YES;
}

enum mirq_guest mirqi_x86_guest(mirqi_cpuid_fn *cpuid, const char hint[MIRQ_X86_HYPERVISOR_BYTES],
				char out_name[MIRQI_HYPERVISOR_BYTES])
{
	enum mirq_guest guest;

	out_name[0] = 0;
	guest = guest_by_cpuid(cpuid, out_name);
	if (!hint[0])
		return guest;
	if (!out_name[0])
		guest_name(hint, MIRQ_X86_HYPERVISOR_BYTES - 1, out_name);
	return MIRQ_GUEST_YES;
}
