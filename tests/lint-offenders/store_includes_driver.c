/* SPDX-License-Identifier: MIT */
/* A store that includes more of mirq than store.h and io.h. */
#include <mirq/io.h>
#include <mirq/irq.h>  /* lint: rule 2 */
#include <mirq/mirq.h> /* lint: rule 2 */
#include <mirq/store.h>
#include <mirq/types.h> /* lint: rule 2 */

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	uint32_t *slot = s->data;

	slot[0] = (uint32_t)msg->address;
	slot[1] = msg->data;
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
