/* SPDX-License-Identifier: MIT */
/* A store's source that touches kept messages where no op is. */
#include <mirq/store.h>

struct nic {
	struct mirq_msg kept;
	volatile uint32_t *slot;
};

void nic_tell_again(struct nic *nic);

void nic_tell_again(struct nic *nic)
{
	nic->slot[0] = (uint32_t)nic->kept.address; /* lint: rule 4 */
	nic->slot[1] = nic->kept.data;              /* lint: rule 4 */
}

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;

	nic->kept = msg[0];
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
