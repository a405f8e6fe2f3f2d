/* SPDX-License-Identifier: MIT */
/*
 * x86.h - from the description of an x86 machine to its hierarchy, in one call:
 * VECTOR (local APICs) -> VT-d units -> links from PCI requesters to units.
 * Sources: [SDM3] 11 (APIC); [VTD] 5.1, 8.3.
 */
#ifndef MIRQ_X86_H
#define MIRQ_X86_H

#include <mirq/domain.h>
#include <mirq/vtd.h>
#include <mirq/x86_machine.h>

enum mirq_x86_remap {
	MIRQ_X86_REMAP_IF_FOUND,
	MIRQ_X86_REMAP_REQUIRED,
	MIRQ_X86_REMAP_NEVER
};
enum mirq_x86_apic {
	MIRQ_X86_APIC_AS_FOUND, /* the mode that this CPU is in */
	MIRQ_X86_APIC_X2 /* each CPU enters x2APIC mode at online: CPUs that have it, and .msr */
};
/*
 * Model-specific registers: needed for x2APIC and to see the mode; absent: xAPIC is believed.
 * Context: atomic, on the CPU that runs. .write of a register 0x800-0x8ff must order what this CPU
 *          wrote before
 * (mfence; lfence): such a write does not by itself ([SDM3] 11.12.3).
 */
struct mirq_x86_msr {
	uint32_t size_bytes;
	uint64_t (*read)(struct mirq_host *h, uint32_t msr);
	void (*write)(struct mirq_host *h, uint32_t msr, uint64_t value);
};
struct mirq_x86_init {
	uint32_t size_bytes;
	const struct mirq_x86_machine *machine;
	struct mirq_range vectors; /* yours to give, in {16, 255}; mirq_dispatch() gets these */
	uint32_t spurious_vector;  /* 0: 255; low four bits set for old APICs */
	enum mirq_x86_remap remap;
	enum mirq_x86_apic apic;
	const struct mirq_x86_msr *msr;
	uint32_t vtd_flags;      /* enum mirq_vtd_flag, or-ed, for each unit; EIM follows .apic */
	uint32_t vtd_nr_entries; /* 0: 65536 */
	const struct mirq_vtd_owner *const *owners; /* one per unit, NULL members: owned by mirq */
	struct mirq_why *why;
	/* Believed. UNKNOWN: a guest, if CPUID (where the compiler allows) or machine.hypervisor
	 * says so. */
	enum mirq_guest guest;
};

struct mirq_x86_target {
	uint32_t apic_id, vector;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_x86_attach() - Build root, remappers and links from a description.
 * PCI bus numbers are assigned already: device scopes are resolved through bridges here.
 * x2APIC without units (or with REMAP_NEVER) is left to the caller's judgement: a hypervisor may
 * allow it; messages then name APIC ids below 255 only. What an HPET or an IO-APIC sends goes
 * through the unit whose scope names it: mirq_link_find() with the id of the scope's path.
 * Context: init.
 * Errors:  MIRQ_ENOTSUP (remapping required and not there; x2APIC without MSRs, against the
 *          firmware's wish or with a unit that lacks EIM; .why), MIRQ_EINVAL (vectors, a number out
 *          of range), MIRQ_EIO (a unit does not answer and remapping is required), MIRQ_EBUSY (a
 *          unit was found on, remapping is required and taking over was refused), MIRQ_EEXIST (has
 *          a root), MIRQ_ENOMEM. With REMAP_IF_FOUND a unit that fails is logged and its devices go
 *          without remapping. Units are left as they were found, and the system without a root.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_x86_attach(struct mirq *m, const struct mirq_x86_init *init);

/**
 * mirq_x86_compose() - The compatibility-format message for @t. Pure; for a bare core too.
 * @t: APIC id below 2^15 (bits 14:8 only where the hypervisor offers extended destination ids).
 * Context: any.
 * Errors:  none.
 * Source:  [SDM3] 11.11.
 */
struct mirq_msg mirq_x86_compose(struct mirq_x86_target t);
/**
 * mirq_x86_decode() - What an x86 message says. Pure.
 * @out_text: [out] a static sentence: format, or what is wrong with it.
 * @out_t:    [out] compatibility format: APIC id (physical) or mask (logical), vector; else both
 *            UINT32_MAX.
 * @out_index:[out] remappable format: entry index, sub-handle included (it may be beyond every
 *            table: @out_text says so); else UINT32_MAX.
 * Context: any.
 * Errors:  MIRQ_EINVAL (not an interrupt address: outside 0xfee00000-0xfeefffff).
 * Source:  [SDM3] 11.11; [VTD] 5.1.2.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_x86_decode(const struct mirq_msg *msg,
					      struct mirq_x86_target *out_t, uint32_t *out_index,
					      const char **out_text);

MIRQ_END_DECLS

#endif
