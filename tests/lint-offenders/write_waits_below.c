/* SPDX-License-Identifier: MIT */
/* A write op that waits three calls down, and on two ways. */
#include <mirq/store.h>

#include <stdlib.h>

struct nic {
	uint32_t *shadow;
	uint32_t nr;
};

static void nic_grow(struct nic *nic, uint32_t nr)
{
	nic->shadow = realloc(nic->shadow, nr * sizeof(*nic->shadow)); /* lint: rule 3 */
	nic->nr = nr;
}

static uint32_t *nic_slot(struct nic *nic, uint32_t index)
{
	if (index >= nic->nr)
		nic_grow(nic, index + 1);
	return nic->shadow + index;
}

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	*nic_slot(s->data, s->index) = msg->data;
}

static enum mirq_err nic_setup(void *data)
{
	nic_grow(data, 16);
	return MIRQ_OK;
}

static void nic_teardown(void *data)
{
	struct nic *nic = data;

	free(nic->shadow);
}

static const struct mirq_store_ops nic_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.setup = nic_setup,
	.teardown = nic_teardown,
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
