/* SPDX-License-Identifier: MIT */
/* A driver asks for the message and writes it into its device by itself. */
#include <mirq/mirq.h>

enum mirq_err nic_tell(volatile uint32_t *slot, struct mirq_irqs one);

enum mirq_err nic_tell(volatile uint32_t *slot, struct mirq_irqs one)
{
	struct mirq_msg msg = { 0 };
	enum mirq_err err = mirq_irq_compose(one, &msg);

	if (err)
		return err;
	slot[0] = (uint32_t)msg.address; /* lint: rule 4 */
	slot[1] = msg.data;              /* lint: rule 4 */
	return MIRQ_OK;
}
