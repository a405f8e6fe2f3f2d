/* SPDX-License-Identifier: MIT */
/* A store that gives its message to others. */
#include <mirq/store.h>

void nic_trace(const void *bytes, uint32_t nr_bytes);
void nic_firmware_tell(uint32_t slot, const struct mirq_msg *msg);

struct nic {
	void (*told)(struct mirq_msg msg);
};

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct nic *nic = s->data;

	nic_trace(msg, sizeof(*msg));     /* lint: rule 4 */
	nic_firmware_tell(s->index, msg); /* lint: rule 4 */
	nic->told(msg[0]);                /* lint: rule 4 */
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
