/* SPDX-License-Identifier: MIT */
/* A driver hands a message on, by pointer, by value and as bytes. */
#include <mirq/mirq.h>

#include <string.h>

void nic_post(const struct mirq_msg *msg);
void nic_post_value(struct mirq_msg msg);
void nic_tell(volatile uint32_t *slot, struct mirq_irqs one);

void nic_tell(volatile uint32_t *slot, struct mirq_irqs one)
{
	struct mirq_msg msg;
	uint32_t words[4];

	if (mirq_irq_compose(one, &msg))
		return;
	nic_post(&msg);                     /* lint: rule 4 */
	nic_post_value(msg);                /* lint: rule 4 */
	memcpy(words, &msg, sizeof(words)); /* lint: rule 4 */
	slot[0] = words[0];
}
