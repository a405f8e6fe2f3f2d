/* SPDX-License-Identifier: MIT */
/* Nothing to find: a store as it should be, in every way that looks like a breach. */
#include <mirq/io.h>
#include <mirq/store.h>

#include <stdlib.h>

#define NIC_SLOT_DATA 15, 0 /* re-encoded, as an IO-APIC does */

struct nic {
	struct mirq_regs regs;
	struct mirq_msg *told;
	uint32_t step;
};

static enum mirq_err nic_setup(void *data)
{
	struct nic *nic = data;

	nic->told = calloc(16, sizeof(*nic->told));
	return nic->told ? MIRQ_OK : MIRQ_ENOMEM;
}

/* A step down, in spite of its name. */
static void down(struct nic *nic)
{
	nic->step--;
}

static void nic_teardown(void *data)
{
	struct nic *nic = data;

	free(nic->told);
}

static void nic_put(const struct nic *nic, uint32_t index, const struct mirq_msg *msg)
{
	mirq_regs_write32(&nic->regs, index * 8, (uint32_t)(msg->address >> 2));
	mirq_regs_write32(&nic->regs, index * 8 + 4, (uint32_t)MIRQ_GET(msg->data, NIC_SLOT_DATA));
}

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;
	struct mirq_msg now = msg[0];

	down(nic);
	nic->told[s->index] = now;
	nic->told[s->index].data = msg->data;
	nic_put(nic, s->index, &now);
}

static void nic_slot_fini(const struct mirq_slot *s)
{
	struct nic *nic = s->data;

	nic->told[s->index] = (struct mirq_msg){ 0 };
	nic->told[s->index].address = 0;
}

static enum mirq_err nic_slot_init(const struct mirq_slot *s)
{
	return s->cookie > 0xff ? MIRQ_EINVAL : MIRQ_OK;
}

static const struct mirq_store_ops nic_ops = {
	MIRQ_SIZED(mirq_store_ops),
	.setup = nic_setup,
	.teardown = nic_teardown,
	.slot_init = nic_slot_init,
	.slot_fini = nic_slot_fini,
	.write = nic_write,
	.mask = NULL,
	.unmask = 0,
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
