/* SPDX-License-Identifier: MIT */
/* Members of a template that have no default, each left out or wrong once. */
#include <mirq/store.h>

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	uint32_t *slot = s->data;

	slot[0] = (uint32_t)msg->address;
	slot[1] = msg->data;
}

static const struct mirq_store_ops nic_ops = { MIRQ_SIZED(mirq_store_ops), .write = nic_write };

extern const struct mirq_store_template no_name, no_ops, no_masking, no_update, no_width,
	width_of_36;

const struct mirq_store_template no_name /* lint: rule 1 */ = {
	MIRQ_SIZED(mirq_store_template), .ops = &nic_ops,    .masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,     .address_bits = 64,
};
const struct mirq_store_template no_ops /* lint: rule 1 */ = {
	MIRQ_SIZED(mirq_store_template), .name = "NIC",      .masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,     .address_bits = 64,
};
const struct mirq_store_template no_masking /* lint: rule 1 */ = {
	MIRQ_SIZED(mirq_store_template), .name = "NIC",      .ops = &nic_ops,
	.update = MIRQ_UPDATE_WORDS,     .address_bits = 64,
};
const struct mirq_store_template no_update = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &nic_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_UNSAID, /* lint: rule 1 */
	.address_bits = 64,
};
const struct mirq_store_template no_width /* lint: rule 1 */ = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &nic_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
};
const struct mirq_store_template width_of_36 = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &nic_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 36, /* lint: rule 1 */
};
