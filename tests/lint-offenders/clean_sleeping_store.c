/* SPDX-License-Identifier: MIT */
/* Nothing to find: write notes the message, commit waits for the device. */
#include <mirq/store.h>

#include <pthread.h>
#include <stdio.h>

int nic_command(const uint32_t words[3]);

struct nic {
	struct mirq_msg told[8];
	uint32_t changed;
};

static enum mirq_err nic_begin(void *data)
{
	struct nic *nic = data;

	nic->changed = 0;
	return MIRQ_OK;
}

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;

	nic->told[s->index] = *msg;
	nic->changed |= 1u << s->index;
}

static enum mirq_err nic_commit(void *data)
{
	struct nic *nic = data;

	for (uint32_t i = 0; i < 8; i++) {
		const struct mirq_msg *msg = &nic->told[i];
		uint32_t words[3] = { (uint32_t)msg->address, (uint32_t)(msg->address >> 32),
				      msg->data };

		if (nic->changed >> i & 1 && nic_command(words)) {
			perror("nic");
			return MIRQ_EIO;
		}
	}
	return MIRQ_OK;
}

static const struct mirq_store_ops nic_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.write = nic_write,
	.begin = nic_begin,
	.commit = nic_commit,
};
extern const struct mirq_store_template nic_kind;

const struct mirq_store_template nic_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &nic_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
};
