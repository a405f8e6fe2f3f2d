/* SPDX-License-Identifier: MIT */
/*
 * x86_guest.h - does this CPU belong to a virtual machine? Its own word, or the firmware's.
 */
#ifndef MIRQI_X86_GUEST_H
#define MIRQI_X86_GUEST_H

#include <mirq/x86_machine.h>

#define MIRQI_HYPERVISOR_BYTES 13u

enum {
	MIRQI_EAX,
	MIRQI_EBX,
	MIRQI_ECX,
	MIRQI_EDX,
	MIRQI_NR_CPUID
};

/* The answer of leaf @leaf. Returns 0 where this code cannot ask. Any context. */
typedef int mirqi_cpuid_fn(uint32_t leaf, uint32_t out[MIRQI_NR_CPUID]);
int mirqi_cpuid(uint32_t leaf, uint32_t out[MIRQI_NR_CPUID]);

/* What @cpuid says, and the firmware by @hint (mirq_x86_machine.hypervisor): either is believed if
 * it says guest. @out_name: the hypervisor's name, empty where it has none. Any context. */
enum mirq_guest mirqi_x86_guest(mirqi_cpuid_fn *cpuid, const char hint[MIRQ_X86_HYPERVISOR_BYTES],
				char out_name[MIRQI_HYPERVISOR_BYTES]);

#endif
