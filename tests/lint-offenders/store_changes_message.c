/* SPDX-License-Identifier: MIT */
/* A store that changes the message that it is told. */
#include <mirq/store.h>

struct nic {
	struct mirq_msg kept;
	volatile uint32_t *slot;
};

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;

	nic->kept.address = msg->address;
	nic->kept.data = msg->data + s->index;             /* lint: rule 4 */
	nic->kept.address &= ~UINT64_C(0xff000);           /* lint: rule 4 */
	((struct mirq_msg *)msg)->data = 0x41;             /* lint: rule 4 */
	nic->kept = (struct mirq_msg){ 0xfee00000, 0x41 }; /* lint: rule 4 */
	nic->slot[0] = (uint32_t)nic->kept.address;
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
