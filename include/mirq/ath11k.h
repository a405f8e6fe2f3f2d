/* SPDX-License-Identifier: MIT */
/*
 * ath11k.h - the message of a Qualcomm Wi-Fi device (ath11k family), whose firmware and rings are
 * told a base address and base data, and make many events of it. Vetted.
 *
 * Each user inside the device has a share of the events, one after the other from a first one on:
 * what a user is told is the base data plus its first event. A user with more sources than events
 * lets them share: source i raises event i % (events of the user).
 *
 *	struct mirq_ath11k wifi = { MIRQ_SIZED(mirq_ath11k), .nr_events = 32, .tell = tell, ... };
 *	err = mirq_ath11k_init(&wifi, &init.kind, &why);
 *	(init.data = &wifi.firmware, init.nr_slots = wifi.nr_slots, then mirq_store_attach(), and
 *	mirq_irq_alloc() of all slots as one block)
 */
#ifndef MIRQ_ATH11K_H
#define MIRQ_ATH11K_H

#include <mirq/ims_firmware.h>

enum mirq_ath11k_user {
	MIRQ_ATH11K_MHI,  /* the control channel */
	MIRQ_ATH11K_CE,   /* copy engines */
	MIRQ_ATH11K_WAKE, /* wakes the host */
	MIRQ_ATH11K_DP,   /* data path rings */
	MIRQ_ATH11K_NR_USERS
};

enum mirq_ath11k_flag {
	/* Rings and firmware that run can be told another message. Without it they are told once,
	 * before they run: as drivers of today have it. A move needs a table remapper then. */
	MIRQ_ATH11K_TOLD_AGAIN = 1
};

/* Borrowed until the store is detached; what is above "Written" is not changed from init on. */
struct mirq_ath11k {
	uint32_t size_bytes;
	/* 32 (QCA6390, WCN6855), 28 (WCN6750), 16 (QCN9074), or 1 where no block is to be had: then
	 * all users share the one event. */
	uint32_t nr_events;
	/*
	 * Tell @user its message: event i of it, i < @nr_events, is @data + i, written to @address.
	 * It takes all of it at once, or nothing. Returns when it has it, or after a bounded time.
	 * After an error it may have taken it or not, and all users are told again later.
	 * Context: thread, may sleep; under the device's mutex: no call of mirq.
	 */
	enum mirq_err (*tell)(void *context, enum mirq_ath11k_user user, uint64_t address,
			      uint32_t data, uint32_t nr_events);
	/* No user sends any more. The same context. NULL: the driver keeps the device quiet while
	 * it has no handler. */
	enum mirq_err (*stop)(void *context);
	/* What the device sent has arrived (a read from it). Atomic. NULL: no drain is known. */
	enum mirq_err (*drain)(void *context);
	void *context;
	uint32_t flags; /* enum mirq_ath11k_flag */
	/* Written by init: */
	uint32_t nr_slots;                 /* 2^k of them, as in mirq_store_init */
	struct mirq_ims_firmware firmware; /* the store's data */
};

MIRQ_BEGIN_DECLS

/**
 * mirq_ath11k_init() - Make the template of a device's store.
 * @ath11k:   [in, out] see above. Borrowed until the store is detached.
 * @out_kind: [out] the template, inside @ath11k.
 * @why:      [out] what is wrong; may be NULL.
 * A request of a block of fewer than all slots is refused: MIRQ_EINVAL; its .why tells how many
 * are wanted (.nr_wanted) and how many the block has (.nr_left).
 * Context: any; calls nothing of the driver.
 * Errors:  MIRQ_EINVAL (the description contradicts itself).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ath11k_init(struct mirq_ath11k *ath11k,
					       const struct mirq_store_template **out_kind,
					       struct mirq_why *why);
/**
 * mirq_ath11k_slot() - The slot of one source of events.
 * @ath11k: [in] after init.
 * @source: number within @user.
 * Returns: the slot; UINT32_MAX: this device has no such user.
 * Context: any.
 * Errors:  none.
 */
uint32_t mirq_ath11k_slot(const struct mirq_ath11k *ath11k, enum mirq_ath11k_user user,
			  uint32_t source);

MIRQ_END_DECLS

#endif
