/* SPDX-License-Identifier: MIT */
/*
 * idxd.h - the interrupt message store of Intel's DSA and IAA accelerators: an array of slots in
 * BAR 0, each with the PASID that may use it. Vetted; beside it the device has its MSI-X table.
 *
 *	struct mirq_idxd idxd = { MIRQ_SIZED(mirq_idxd), .regs = bar0 };
 *	err = mirq_idxd_init(&idxd, &init.kind, &why);
 *	(init.data = &idxd, init.nr_slots = idxd.nr_slots, then mirq_store_attach())
 *
 * The cookie of a slot is a PASID, 20 bits: only work that is submitted with it may raise the slot.
 * It stands in the slot before any message does, and leaves it when the slot is freed.
 * MIRQ_IDXD_NO_PASID: work that is submitted without one. Without cookies: PASID 0.
 */
#ifndef MIRQ_IDXD_H
#define MIRQ_IDXD_H

#include <mirq/io.h>
#include <mirq/store.h>

#define MIRQ_IDXD_NO_PASID (UINT64_C(1) << 32)

/* Borrowed until the store is detached. */
struct mirq_idxd {
	uint32_t size_bytes;
	struct mirq_regs regs; /* BAR 0, mapped */
	/* Written by init: */
	uint32_t nr_slots;
	uint32_t slots_bytes; /* where slot 0 begins */
};

MIRQ_BEGIN_DECLS

/**
 * mirq_idxd_init() - Find the slots of a device.
 * @idxd:     [in, out] see above. Borrowed until the store is detached; the store's data.
 * @out_kind: [out] the template, static.
 * @why:      [out] may be NULL.
 * Context: any. Reads two registers.
 * Errors:  MIRQ_ENOTSUP (the device has no such slots), MIRQ_EIO (it does not answer), MIRQ_EINVAL
 *          (.size_bytes is wrong; the slots do not lie inside .regs).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_idxd_init(struct mirq_idxd *idxd,
					     const struct mirq_store_template **out_kind,
					     struct mirq_why *why);

MIRQ_END_DECLS

#endif
