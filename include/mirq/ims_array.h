/* SPDX-License-Identifier: MIT */
/*
 * ims_array.h - a store of device-specific slots in device memory: an array of slots, each with
 * address, data and, mostly, a control word. The driver describes where the words stand:
 *
 *	static const struct mirq_ims_array layout = {
 *		MIRQ_SIZED(mirq_ims_array), .name = "acme-ims", .stride_bytes = 16,
 *		.address_lo = 0, .address_hi = 4, .data = 8, .control = 12,
 *		.address_bits = 64, .update = MIRQ_UPDATE_WORDS, .masked_bits = 1,
 *	};
 *	acme->ims = layout;
 *	acme->ims.regs = regs;
 *	acme->ims.nr_slots = nr;
 *	err = mirq_ims_array_init(&acme->ims, &init.kind, &why);
 *	(init.data = &acme->ims, init.nr_slots = nr, then mirq_store_attach())
 *
 * The control word belongs to its slot alone and is never read to be written: a free slot holds
 * masked_bits; an allocated one used_bits, the cookie, and masked_bits or enabled_bits. It is put
 * there masked at allocation, so before any message.
 */
#ifndef MIRQ_IMS_ARRAY_H
#define MIRQ_IMS_ARRAY_H

#include <mirq/io.h>
#include <mirq/store.h>

enum mirq_ims_array_flag {
	/* The data is written before the address; else after it. Low before high. */
	MIRQ_IMS_ARRAY_DATA_FIRST = 1,
	/* .flush says what to read back; else the control word of slot 0, if there is one. */
	MIRQ_IMS_ARRAY_FLUSH_AT = 2
};

/* Borrowed until the store is detached; not changed from init on. */
struct mirq_ims_array {
	uint32_t size_bytes;
	const char *name;
	struct mirq_regs regs; /* the mapped registers in which all of it lies */
	uint32_t nr_slots;     /* as in mirq_store_init */
	uint32_t stride_bytes; /* from a word of slot i to the same word of slot i + 1 */
	/* Where the words of slot 0 stand in .regs, 32 bits each. address_hi: unless .address_bits
	 * is 32; control: where one of the .._bits below is not 0. */
	uint32_t address_lo, address_hi, data, control;
	uint32_t address_bits; /* 32, 40 or 64 */
	/* WORDS: 32-bit writes. 64: the address by one 64-bit write (address_hi = address_lo + 4,
	 * on 8 bytes; on a CPU that has such writes). 96: 32-bit writes, and the device takes the
	 * whole message with the last of them. */
	enum mirq_update update;
	/* Bits of the control word; all 0: none. */
	uint32_t masked_bits;  /* set while the slot is masked */
	uint32_t enabled_bits; /* set while it is not */
	uint32_t used_bits;    /* set while it is allocated (PASID enable) */
	uint32_t cookie_bits;  /* the cookie stands here: one field; 0: no cookies */
	uint32_t pending_bits; /* set by the device while it keeps an event */
	uint32_t flush;        /* with MIRQ_IMS_ARRAY_FLUSH_AT; never all ones on a live device */
	uint32_t flags;        /* enum mirq_ims_array_flag, or-ed */
	/* MIRQ_STORE_MASK_LOSES; MIRQ_STORE_RESETS_MASKED: no slot was ever let through, else
	 * attaching the store masks all of them, one write each. */
	uint32_t traits;
	/* Written by init: */
	struct mirq_store_ops ops;
	struct mirq_store_template kind;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_ims_array_init() - Check the description of a slot array and make its template.
 * @array:    [in, out] see above. Borrowed until the store is detached; the store's data.
 * @out_kind: [out] the template, inside @array.
 * @why:      [out] which word or bit is wrong; may be NULL.
 * Context: any; touches no hardware.
 * Errors:  MIRQ_EINVAL (the description contradicts itself).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ims_array_init(struct mirq_ims_array *array,
						  const struct mirq_store_template **out_kind,
						  struct mirq_why *why);

MIRQ_END_DECLS

#endif
