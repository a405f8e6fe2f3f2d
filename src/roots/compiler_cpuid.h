/* SPDX-License-Identifier: MIT */
/*
 * compiler_cpuid.h - the CPUID instruction, where compiler and target have it.
 */
#ifndef MIRQI_COMPILER_CPUID_H
#define MIRQI_COMPILER_CPUID_H

#include "x86_guest.h"

/* Sub-leaf 0. Returns 0 where there is no such instruction: @out is untouched. */
static inline int mirqi_cpuid_now(uint32_t leaf, uint32_t out[MIRQI_NR_CPUID])
{
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
	__asm__ volatile("cpuid"
			 : "=a"(out[MIRQI_EAX]), "=b"(out[MIRQI_EBX]), "=c"(out[MIRQI_ECX]),
			   "=d"(out[MIRQI_EDX])
			 : "a"(leaf), "c"(0));
	return 1;
#else
	(void)leaf, (void)out;
	return 0;
#endif
}

#endif
