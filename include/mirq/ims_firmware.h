/* SPDX-License-Identifier: MIT */
/*
 * ims_firmware.h - a store inside a device's firmware: it is told one message, and how many events
 * it may raise, and makes event i's message of it by itself.
 *
 * The events are one block: 2^k slots from index 0 on, and the message's data is aligned to 2^k.
 * So event i is data | i and data + i alike: firmware that adds the number of an endpoint fits as
 * well as firmware that ors, as long as the numbers stay below 2^k. Firmware that takes a message
 * of its own for each event is an ims_queue without enable and disable.
 */
#ifndef MIRQ_IMS_FIRMWARE_H
#define MIRQ_IMS_FIRMWARE_H

#include <mirq/store.h>

/* Borrowed until the store is detached; what is above "Written" is not changed from init on. */
struct mirq_ims_firmware {
	uint32_t size_bytes;
	const char *name;
	/*
	 * Tell the firmware the message of event 0 and that events 0..2^nr_log2 - 1 are in use.
	 * It takes all of it at once, or nothing. Returns when it has confirmed, or after a
	 * bounded time. After an error it may or may not have taken it, and is told again.
	 * Context: thread, may sleep; under the device's mutex: no call of mirq.
	 */
	enum mirq_err (*tell)(void *context, const struct mirq_msg *message, uint32_t nr_log2);
	/* Events must stop; MIRQ_OK: no message is sent any more. The same context. NULL: the
	 * driver keeps the device quiet while it has no handler. */
	enum mirq_err (*stop)(void *context);
	/* What the device sent has arrived (a read from it). Atomic. NULL: no drain is known. */
	enum mirq_err (*drain)(void *context);
	void *context;
	uint32_t address_bits; /* 32, 40 or 64 */
	/* MIRQ_STORE_PINNED: what it was told once it can only be told again, until the store is
	 * detached (and the firmware started anew). 0: it may be told another one at any time. */
	uint32_t traits;
	/* It needs 2^min_log2 events, up to 2^5: a request of a smaller block is refused,
	 * MIRQ_EINVAL, and not told. */
	uint32_t min_log2;
	/* Written by init and by the store: */
	struct mirq_msg message, told;
	uint32_t nr_log2;
	uint32_t state;
	struct mirq_store_ops ops;
	struct mirq_store_template kind;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_ims_firmware_init() - Check the description of a message consumer and make its template.
 * @firmware: [in, out] see above. Borrowed until the store is detached; the store's data.
 * @out_kind: [out] the template, inside @firmware.
 * @why:      [out] what is wrong; may be NULL.
 * A request that finds the firmware told another message, and it can be told once only, is
 * refused: MIRQ_ENOTSUP.
 * Context: any; calls nothing of the driver.
 * Errors:  MIRQ_EINVAL (the description contradicts itself).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_ims_firmware_init(struct mirq_ims_firmware *firmware,
						     const struct mirq_store_template **out_kind,
						     struct mirq_why *why);

MIRQ_END_DECLS

#endif
