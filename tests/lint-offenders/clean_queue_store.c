/* SPDX-License-Identifier: MIT */
/* Nothing to find: a store that describes itself to a ready-made kind. Its command has the message
 * that an op was given, and may wait; the drain does not. */
#include <mirq/ims_queue.h>
#include <mirq/io.h>

#include <unistd.h>

struct nic {
	struct mirq_regs regs;
	struct mirq_ims_queue_entry entries[4];
	struct mirq_ims_queue queue;
};

void nic_describe(struct nic *nic);

static enum mirq_err nic_command(void *context, enum mirq_ims_queue_op op, uint32_t index,
				 const struct mirq_msg *msg, uint64_t cookie)
{
	const struct nic *nic = context;

	mirq_regs_write32(&nic->regs, 0, (uint32_t)msg->address);
	mirq_regs_write32(&nic->regs, 4, msg->data);
	mirq_regs_write32(&nic->regs, 8, (uint32_t)cookie << 16 | index << 8 | op);
	usleep(10);
	return MIRQ_OK;
}

static enum mirq_err nic_drain(void *context)
{
	return mirq_regs_read32(&((const struct nic *)context)->regs, 0) ? MIRQ_OK : MIRQ_EIO;
}

void nic_describe(struct nic *nic)
{
	nic->queue = (struct mirq_ims_queue){
		MIRQ_SIZED(mirq_ims_queue), .name = "NIC", .command = nic_command, .context = nic,
		.entries = nic->entries,    .nr_slots = 4, .address_bits = 64,
	};
	nic->queue.drain = nic_drain;
}
