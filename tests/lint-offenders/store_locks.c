/* SPDX-License-Identifier: MIT */
/* A store with locks of its own, in an op that may sleep too. */
#include <mirq/store.h>

typedef struct {
	uint32_t held;
} spinlock_t;

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);

struct nic {
	spinlock_t lock; /* lint: rule 3 */
	uint32_t *slot;
};

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;

	spin_lock(&nic->lock); /* lint: rule 3 */
	nic->slot[0] = (uint32_t)msg->address;
	nic->slot[1] = msg->data;
	spin_unlock(&nic->lock);
}

static enum mirq_err nic_setup(void *data)
{
	struct nic *nic = data;

	spin_lock(&nic->lock); /* lint: rule 3 */
	nic->slot[0] = 0;
	spin_unlock(&nic->lock);
	return MIRQ_OK;
}

static const struct mirq_store_ops nic_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.setup = nic_setup,
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
