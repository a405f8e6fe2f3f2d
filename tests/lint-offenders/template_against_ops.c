/* SPDX-License-Identifier: MIT */
/* Templates that say what their ops cannot do. */
#include <mirq/store.h>

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	uint32_t *slot = s->data;

	slot[0] = (uint32_t)msg->address;
	slot[1] = msg->data;
}

static void nic_mask(const struct mirq_slot *s)
{
	*s->word |= 1;
}

static void nic_unmask(const struct mirq_slot *s)
{
	*s->word &= ~1u;
}

static void nic_mask_all(void *data)
{
	*(uint32_t *)data |= 1;
}

static void nic_unmask_all(void *data)
{
	*(uint32_t *)data &= ~1u;
}

static const struct mirq_store_ops plain_ops = { MIRQ_SIZED(mirq_store_ops), .write = nic_write };
static const struct mirq_store_ops mask_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.write = nic_write,
	.mask = nic_mask,
	.unmask = nic_unmask,
};

static const struct mirq_store_ops whole_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.write = nic_write,
	.mask_all = nic_mask_all,
	.unmask_all = nic_unmask_all,
};

extern const struct mirq_store_template masks_without, mask_denied, needs_enable, two_messages;
extern const struct mirq_store_template whole_without, whole_denied, whole_of_slots, whole;

const struct mirq_store_template whole_without = {
	MIRQ_SIZED(mirq_store_template), .name = "NIC",      .ops = &plain_ops,
	.masking = MIRQ_MASKS_STORE, /* lint: rule 1 */
	.update = MIRQ_UPDATE_WORDS,     .address_bits = 64,
};

const struct mirq_store_template whole_denied = {
	MIRQ_SIZED(mirq_store_template), .name = "NIC",      .ops = &whole_ops,
	.masking = MIRQ_MASKS_NOTHING, /* lint: rule 1 */
	.update = MIRQ_UPDATE_WORDS,     .address_bits = 64,
};

const struct mirq_store_template whole_of_slots = {
	MIRQ_SIZED(mirq_store_template), .name = "NIC",      .ops = &mask_ops,
	.masking = MIRQ_MASKS_STORE, /* lint: rule 1 */
	.update = MIRQ_UPDATE_WORDS,     .address_bits = 64,
};

const struct mirq_store_template whole = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &whole_ops,
	.masking = MIRQ_MASKS_STORE,
	.update = MIRQ_UPDATE_NOTHING,
	.address_bits = 64,
};

const struct mirq_store_template masks_without = {
	MIRQ_SIZED(mirq_store_template), .name = "NIC",      .ops = &plain_ops,
	.masking = MIRQ_MASKS_SLOT, /* lint: rule 1 */
	.update = MIRQ_UPDATE_WORDS,     .address_bits = 64,
};

const struct mirq_store_template mask_denied = {
	MIRQ_SIZED(mirq_store_template), .name = "NIC",      .ops = &mask_ops,
	.masking = MIRQ_MASKS_NOTHING, /* lint: rule 1 */
	.update = MIRQ_UPDATE_WORDS,     .address_bits = 64,
};

const struct mirq_store_template needs_enable = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &plain_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
	.traits = MIRQ_STORE_OF_BUS | MIRQ_STORE_NEEDS_ENABLE, /* lint: rule 1 */
};

const struct mirq_store_template two_messages = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &plain_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
	.traits = MIRQ_STORE_TWO_MESSAGES, /* lint: rule 1 */
};
