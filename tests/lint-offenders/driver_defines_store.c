/* SPDX-License-Identifier: MIT */
/* A driver that defines anew what is opaque. */
#include <mirq/mirq.h>

struct mirq_store { /* lint: rule 2 */
	uint32_t nr_slots;
};

uint32_t nic_slots(const struct mirq_store *store);

uint32_t nic_slots(const struct mirq_store *store)
{
	return store->nr_slots;
}
