/* SPDX-License-Identifier: MIT */
/*
 * ims_registers.h - a store of register sets that stand anywhere in a device's registers: HPET
 * comparators with FSB delivery, the event registers of an IOMMU. One set is one slot.
 *
 *	static const struct mirq_ims_registers_set timers[] = {
 *		{ .address_lo = 0x114, .data = 0x110, .control = 0x100, .enabled_bits = 1u << 14 },
 *		{ .address_lo = 0x134, .data = 0x130, .control = 0x120, .enabled_bits = 1u << 14 },
 *	};
 *
 * A control register may hold other things, and serve several sets: masking reads it and changes
 * the set's own bits only. The core serialises that; a driver that changes other bits of the
 * register does so before it requests the interrupts, not while they are requested.
 */
#ifndef MIRQ_IMS_REGISTERS_H
#define MIRQ_IMS_REGISTERS_H

#include <mirq/io.h>
#include <mirq/store.h>

/* Offsets in the registers, 32 bits each. address_hi: unless .address_bits is 32; control: where
 * one of the .._bits is not 0. */
struct mirq_ims_registers_set {
	uint32_t address_lo, address_hi, data, control;
	uint32_t masked_bits;  /* of control: set while the slot is masked */
	uint32_t enabled_bits; /* set while it is not */
	uint32_t pending_bits; /* set by the device while it keeps an event */
};

enum mirq_ims_registers_flag {
	/* The data is written before the address; else after it. Low before high. */
	MIRQ_IMS_REGISTERS_DATA_FIRST = 1,
	/* .flush says what to read back; else the control register of set 0, if there is one. */
	MIRQ_IMS_REGISTERS_FLUSH_AT = 2
};

/* Borrowed until the store is detached; not changed from init on. */
struct mirq_ims_registers {
	uint32_t size_bytes;
	const char *name;
	struct mirq_regs regs;
	const struct mirq_ims_registers_set *sets; /* borrowed as this; all maskable or none */
	uint32_t nr_slots;                         /* as in mirq_store_init */
	uint32_t address_bits;                     /* 32, 40 or 64 */
	enum mirq_update update; /* WORDS: 32-bit writes; 96: so, and the device takes the whole
				    message with the last of them */
	uint32_t flush;          /* with .._FLUSH_AT; never all ones on a live device */
	uint32_t flags;          /* enum mirq_ims_registers_flag, or-ed */
	/* MIRQ_STORE_MASK_LOSES; MIRQ_STORE_RESETS_MASKED: no set was ever let through, else
	 * attaching the store masks all of them. */
	uint32_t traits;
	/* Written by init: */
	struct mirq_store_ops ops;
	struct mirq_store_template kind;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_ims_registers_init() - Check the description of register sets and make their template.
 * @registers: [in, out] see above. Borrowed until the store is detached; the store's data.
 * @out_kind:  [out] the template, inside @registers.
 * @why:       [out] what is wrong; .value: the set; may be NULL.
 * Context: any; touches no hardware.
 * Errors:  MIRQ_EINVAL (the description contradicts itself).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ims_registers_init(struct mirq_ims_registers *registers,
						      const struct mirq_store_template **out_kind,
						      struct mirq_why *why);

MIRQ_END_DECLS

#endif
