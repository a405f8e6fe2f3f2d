/* SPDX-License-Identifier: MIT */
/* A description: how the device is told is the driver's word. */
#ifndef CLEAN_COMMAND_STORE_H
#define CLEAN_COMMAND_STORE_H

#include <mirq/store.h>

struct nic {
	struct mirq_msg told[8];
	uint32_t changed;
	enum mirq_err (*command)(void *context, uint32_t index, const struct mirq_msg *msg);
	void *context;
};

extern const struct mirq_store_template nic_kind;

#endif
