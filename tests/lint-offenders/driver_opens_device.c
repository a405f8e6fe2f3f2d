/* SPDX-License-Identifier: MIT */
/* A driver that looks into what is opaque. */
#include <mirq/mirq.h>

#include <string.h>

struct guess {
	struct guess *parent;
	uint32_t carries;
};

uint32_t nic_carries(struct mirq_device *dev, struct mirq_store *store, void *context);

uint32_t nic_carries(struct mirq_device *dev, struct mirq_store *store, void *context)
{
	struct mirq_store *again = context;
	struct guess *guess = (struct guess *)dev;                        /* lint: rule 2 */
	struct guess *other = (void *)store;                              /* lint: rule 2 */
	uintptr_t number = (uintptr_t)store;                              /* lint: rule 2 */
	struct mirq_domain *parent = (struct mirq_domain *)guess->parent; /* lint: rule 2 */
	void *handed_on = (void *)again;
	uint8_t bytes[16];

	memcpy(bytes, dev, sizeof(bytes)); /* lint: rule 2 */
	return bytes[0] + guess->carries + other->carries + (uint32_t)number + !parent + !handed_on;
}
