/* SPDX-License-Identifier: MIT */
/* Ops that come without the other of their pair. */
#include <mirq/store.h>

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	uint32_t *slot = s->data;

	slot[0] = (uint32_t)msg->address;
	slot[1] = msg->data;
}

static void nic_mask(const struct mirq_slot *s)
{
	*s->word |= 1;
}

static void nic_unmask(const struct mirq_slot *s)
{
	*s->word &= ~1u;
}

static enum mirq_err nic_data(void *data)
{
	(void)data;
	return MIRQ_OK;
}

static void nic_off(void *data)
{
	(void)data;
}

const struct mirq_store_ops *nic_ops(uint32_t which);

static enum mirq_err nic_on(void *data, uint32_t nr_log2)
{
	(void)nr_log2;
	return nic_data(data);
}

static const struct mirq_store_ops ops[] = {
	{ MIRQ_SIZED(mirq_store_ops), .write = nic_write, nic_mask },         /* lint: rule 1 */
	{ MIRQ_SIZED(mirq_store_ops), .write = nic_write, .mask = nic_mask }, /* lint: rule 1 */
	{ MIRQ_SIZED(mirq_store_ops), .write = nic_write, .mask = (void *)0,
	  .unmask = nic_unmask },                                                /* lint: rule 1 */
	{ MIRQ_SIZED(mirq_store_ops), .write = nic_write, .mask_all = nic_off }, /* lint: rule 1 */
	{ MIRQ_SIZED(mirq_store_ops), .write = nic_write,
	  .unmask_all = nic_off },                                              /* lint: rule 1 */
	{ MIRQ_SIZED(mirq_store_ops), .write = nic_write, .enable = nic_on },   /* lint: rule 1 */
	{ MIRQ_SIZED(mirq_store_ops), .write = nic_write, .disable = nic_off }, /* lint: rule 1 */
	{ MIRQ_SIZED(mirq_store_ops), .write = nic_write,
	  .slot_fini = nic_mask },    /* lint: rule 1 */
	{ MIRQ_SIZED(mirq_store_ops), /* lint: rule 1 */
	  .mask = nic_mask, .unmask = nic_unmask },
};

const struct mirq_store_ops *nic_ops(uint32_t which)
{
	return &ops[which];
}
