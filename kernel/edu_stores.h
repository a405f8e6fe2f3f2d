/* SPDX-License-Identifier: MIT */
/*
 * Device-specific message stores (IMS) on QEMU. edu has none of its own, but its DMA engine stores
 * what it is told where it is told: such a store is a message, and takes the way of every message
 * of the device, through the remapping unit too. What a slot's data is, the device reads by DMA.
 *
 *	EDU-SLOTS     slots in memory, 16 bytes each: address, its upper half, data, control (bit 0
 *	              masks, bits 31:12 the cookie). Read when the event comes.
 *	EDU-QUEUE     messages in memory, fetched by a command into the device; enabled, disabled.
 *	EDU-FIRMWARE  told one message, makes four events of it.
 */
#ifndef KERNEL_EDU_STORES_H
#define KERNEL_EDU_STORES_H

#include <mirq/store.h>

#include "device.h"
#include "platform.h"

enum {
	EDU_STORE_MAX_SLOTS = 4,
	EDU_NR_STORES = 3
};

struct edu_store {
	const char *name;
	uint32_t nr_slots;
	const uint64_t *cookies; /* one a slot; NULL: none */
	bool is_block;           /* all slots are one message's */
	void *data;              /* of the store */
	/* Describes itself. */
	enum mirq_err (*init)(const struct mirq_store_template **out_kind, struct mirq_why *why);
	/* The device's part: send event @i. False: the device does not let it. */
	bool (*send)(uint32_t i);
	/* Changes whenever the device is told something of slot @i. */
	uint64_t (*state)(uint32_t i);
	/* Is the slot silent, and its cookie, if @cookie is not 0, there? */
	bool (*is_silent)(uint32_t i, uint64_t cookie);
	struct platform_irq irqs[EDU_STORE_MAX_SLOTS];
};

/* After this the three belong to @d. */
void edu_stores_open(struct firing_device *d);
struct edu_store *edu_store_at(uint32_t index);

#endif
