/* SPDX-License-Identifier: MIT */
/* Every op waits: those of thread context may, the others may not. */
#include <mirq/store.h>

#include <unistd.h>

static void nic_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	(void)s;
	(void)msg;
	usleep(10); /* lint: rule 3 */
}

static void nic_mask(const struct mirq_slot *s)
{
	(void)s;
	usleep(10); /* lint: rule 3 */
}

static void nic_unmask(const struct mirq_slot *s)
{
	(void)s;
	usleep(10); /* lint: rule 3 */
}

static void nic_mask_all(void *data)
{
	(void)data;
	usleep(10); /* lint: rule 3 */
}

static void nic_unmask_all(void *data)
{
	(void)data;
	usleep(10); /* lint: rule 3 */
}

static enum mirq_err nic_flush(void *data)
{
	(void)data;
	usleep(10); /* lint: rule 3 */
	return MIRQ_OK;
}

static enum mirq_pending nic_pending(const struct mirq_slot *s)
{
	(void)s;
	usleep(10); /* lint: rule 3 */
	return MIRQ_PENDING_NO;
}

static void nic_eoi(const struct mirq_slot *s)
{
	(void)s;
	usleep(10); /* lint: rule 3 */
}

static int nic_busy(const struct mirq_slot *s)
{
	(void)s;
	usleep(10); /* lint: rule 3 */
	return 0;
}

static enum mirq_err nic_inject(const struct mirq_slot *s)
{
	(void)s;
	usleep(10); /* lint: rule 3 */
	return MIRQ_OK;
}

static enum mirq_err nic_setup(void *data)
{
	(void)data;
	usleep(10);
	return MIRQ_OK;
}

static void nic_teardown(void *data)
{
	(void)data;
	usleep(10);
}

static enum mirq_err nic_enable(void *data, uint32_t nr_log2)
{
	(void)data;
	(void)nr_log2;
	usleep(10);
	return MIRQ_OK;
}

static void nic_disable(void *data)
{
	(void)data;
	usleep(10);
}

static enum mirq_err nic_slot_init(const struct mirq_slot *s)
{
	(void)s;
	usleep(10);
	return MIRQ_OK;
}

static void nic_slot_fini(const struct mirq_slot *s)
{
	(void)s;
	usleep(10);
}

static enum mirq_err nic_set_trigger(const struct mirq_slot *s, enum mirq_trigger trigger)
{
	(void)s;
	(void)trigger;
	usleep(10);
	return MIRQ_OK;
}

static enum mirq_err nic_begin(void *data)
{
	(void)data;
	usleep(10);
	return MIRQ_OK;
}

static enum mirq_err nic_commit(void *data)
{
	(void)data;
	usleep(10);
	return MIRQ_OK;
}

static const struct mirq_store_ops nic_ops = {
	MIRQ_SIZED(mirq_store_ops), .write = nic_write,         .mask = nic_mask,
	.unmask = nic_unmask,       .mask_all = nic_mask_all,   .unmask_all = nic_unmask_all,
	.flush = nic_flush,         .pending = nic_pending,     .eoi = nic_eoi,
	.busy = nic_busy,           .inject = nic_inject,       .setup = nic_setup,
	.teardown = nic_teardown,   .enable = nic_enable,       .disable = nic_disable,
	.slot_init = nic_slot_init, .slot_fini = nic_slot_fini, .set_trigger = nic_set_trigger,
	.begin = nic_begin,         .commit = nic_commit,
};
extern const struct mirq_store_template nic_kind;

const struct mirq_store_template nic_kind = {
	MIRQ_SIZED(mirq_store_template),
	.name = "NIC",
	.ops = &nic_ops,
	.masking = MIRQ_MASKS_SLOT,
	.update = MIRQ_UPDATE_WORDS,
	.address_bits = 64,
};
