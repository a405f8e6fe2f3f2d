/* SPDX-License-Identifier: MIT */
/* Tables without their size, or with that of another struct. */
#include <mirq/store.h>

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	uint32_t *slot = s->data;

	slot[0] = (uint32_t)msg->address;
	slot[1] = msg->data;
}

static const struct mirq_store_ops nic_ops = { .write = nic_write }; /* lint: rule 1 */
static const struct mirq_store_ops other_ops = {
	MIRQ_SIZED(mirq_store_template), /* lint: rule 1 */
	.write = nic_write,
};

extern const struct mirq_store_template nic_kind, other_kind;

const struct mirq_store_template nic_kind /* lint: rule 1 */ = {
	.name = "NIC",
	.ops = &nic_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
};

const struct mirq_store_template other_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &other_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
};
