/* SPDX-License-Identifier: MIT */
/* A store that takes a decision from where a message goes. */
#include <mirq/store.h>

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	uint32_t *slot = s->data;

	if ((msg->address >> 12 & 0xff) == 0) /* lint: rule 4 */
		slot[2] = 1;
	switch (msg[0].data & 0xff) { /* lint: rule 4 */
	case 0x41:
		slot[3] = 1;
		break;
	default:
		break;
	}
	slot[0] = (uint32_t)msg->address;
	slot[1] = msg->data ? msg->data : 1; /* lint: rule 4 */
}

static const struct mirq_store_ops nic_ops = { MIRQ_SIZED(mirq_store_ops), .write = nic_write };
extern const struct mirq_store_template nic_kind;

const struct mirq_store_template nic_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &nic_ops,
	.masking = MIRQ_MASKS_NOTHING,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
};
