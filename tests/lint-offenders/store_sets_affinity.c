/* SPDX-License-Identifier: MIT */
/* A store that moves its interrupts by itself. */
#include <mirq/irq.h> /* lint: rule 2 */
#include <mirq/store.h>

struct nic {
	struct mirq_irqs irqs;
	uint32_t *slot;
};

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;

	nic->slot[0] = (uint32_t)msg->address;
	nic->slot[1] = msg->data;
}

static enum mirq_err nic_enable(void *data, uint32_t nr_log2)
{
	struct nic *nic = data;

	(void)nr_log2;
	return mirq_affinity_set(nic->irqs, mirq_cpus_one(0), NULL); /* lint: rule 2, 4 */
}

static void nic_disable(void *data)
{
	(void)data;
}

static const struct mirq_store_ops nic_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.enable = nic_enable,
	.disable = nic_disable,
	.write = nic_write,
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
