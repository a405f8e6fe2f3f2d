/* SPDX-License-Identifier: MIT */
/* Nothing to find: a driver that has a vetted store, and one that describes its slots in data. */
#include <mirq/idxd.h>
#include <mirq/ims_array.h>
#include <mirq/mirq.h>

struct nic {
	struct mirq_idxd idxd;
	struct mirq_ims_array array;
	struct mirq_store *store;
};

enum mirq_err nic_start(struct nic *nic, struct mirq_device *dev, struct mirq_regs regs);

enum mirq_err nic_start(struct nic *nic, struct mirq_device *dev, struct mirq_regs regs)
{
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .data = &nic->array };
	enum mirq_err err;

	nic->idxd = (struct mirq_idxd){ MIRQ_SIZED(mirq_idxd), .regs = regs };
	nic->array = (struct mirq_ims_array){
		MIRQ_SIZED(mirq_ims_array),
		.name = "NIC",
		.regs = regs,
		.nr_slots = 8,
		.stride_bytes = 8,
		.data = 4,
		.address_bits = 32,
		.update = MIRQ_UPDATE_96,
	};
	init.nr_slots = nic->array.nr_slots;
	err = mirq_ims_array_init(&nic->array, &init.kind, NULL);
	return err ? err : mirq_store_attach(dev, &init, &nic->store);
}
