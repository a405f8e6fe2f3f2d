/* SPDX-License-Identifier: MIT */
/* A store that has to do with CPUs. */
#include <mirq/store.h>

uint32_t smp_processor_id(void);

struct nic {
	struct mirq_cpus near; /* lint: rule 4 */
	uint32_t *slot;
};

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;

	nic->slot[0] = (uint32_t)msg->address;
	nic->slot[1] = msg->data;
	nic->slot[2] = smp_processor_id(); /* lint: rule 4 */
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
