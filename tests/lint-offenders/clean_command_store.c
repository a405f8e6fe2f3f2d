/* SPDX-License-Identifier: MIT */
/* Nothing to find: the message is compared with the last one, and goes to the device by the
 * description's command. */
#include "clean_command_store.h"

static enum mirq_err nic_begin(void *data)
{
	struct nic *nic = data;

	nic->changed = 0;
	return MIRQ_OK;
}

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;
	struct mirq_msg *told = &nic->told[s->index];

	if (told->address != msg->address || told->data != msg->data)
		nic->changed |= 1u << s->index;
	*told = *msg;
}

static enum mirq_err nic_commit(void *data)
{
	struct nic *nic = data;
	enum mirq_err err = MIRQ_OK;

	for (uint32_t i = 0; i < 8 && !err; i++)
		if (nic->changed >> i & 1)
			err = nic->command(nic->context, i, &nic->told[i]);
	return err;
}

static const struct mirq_store_ops nic_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.write = nic_write,
	.begin = nic_begin,
	.commit = nic_commit,
};

const struct mirq_store_template nic_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &nic_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
};
