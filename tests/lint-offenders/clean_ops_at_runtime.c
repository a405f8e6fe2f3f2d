/* SPDX-License-Identifier: MIT */
/* Nothing to find: what the initialiser leaves out is said before the table is used. */
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

static struct mirq_store_ops nic_ops = { .write = nic_write, .mask = nic_mask };
static struct mirq_store_template nic_kind = { MIRQ_SIZED(mirq_store_template), .name = "NIC" };

const struct mirq_store_template *nic_init(uint32_t address_bits);

const struct mirq_store_template *nic_init(uint32_t address_bits)
{
	nic_ops.size_bytes = sizeof(nic_ops);
	nic_ops.unmask = nic_unmask;
	nic_kind.ops = &nic_ops;
	nic_kind.masking = MIRQ_MASKS_SLOT;
	nic_kind.update = MIRQ_UPDATE_WORDS;
	nic_kind.address_bits = address_bits;
	return &nic_kind;
}
