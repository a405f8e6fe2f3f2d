/* SPDX-License-Identifier: MIT */
/* begin without commit, and the other way round. */
#include <mirq/store.h>

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	uint32_t *slot = s->data;

	slot[0] = (uint32_t)msg->address;
	slot[1] = msg->data;
}

static enum mirq_err nic_data(void *data)
{
	(void)data;
	return MIRQ_OK;
}

static void nic_off(void *data)
{
	(void)data;
}

static const struct mirq_store_ops begin_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.write = nic_write,
	.begin = nic_data, /* lint: rule 3 */
	.commit = NULL,
};

static const struct mirq_store_ops commit_ops = {
	MIRQ_SIZED(mirq_store_ops), .write = nic_write, .commit = nic_data, /* lint: rule 3 */
};
extern const struct mirq_store_template nic_kind;
extern const struct mirq_store_template other_kind;

const struct mirq_store_template nic_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &begin_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
};

const struct mirq_store_template other_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &commit_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
};
