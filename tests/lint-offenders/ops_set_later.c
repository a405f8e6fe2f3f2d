/* SPDX-License-Identifier: MIT */
/* Ops that are put into their table by a function: their context is the same. */
#include <mirq/store.h>

#include <stdio.h>

void nic_ops_init(struct mirq_store_ops *ops);
static struct mirq_store_ops nic_ops;

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	uint32_t *slot = s->data;

	printf("told\n"); /* lint: rule 3 */
	slot[0] = (uint32_t)msg->address;
	slot[1] = msg->data;
}

void nic_ops_init(struct mirq_store_ops *ops)
{
	ops->size_bytes = sizeof(*ops);
	ops->write = nic_write;
	nic_ops = *ops;
}
