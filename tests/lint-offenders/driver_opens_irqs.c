/* SPDX-License-Identifier: MIT */
/* A driver that reads a range of interrupts as something else. */
#include <mirq/mirq.h>

uint32_t nic_first(struct mirq_irqs *irqs);

uint32_t nic_first(struct mirq_irqs *irqs)
{
	const uint32_t *words = (const uint32_t *)irqs; /* lint: rule 2 */

	return words[2];
}
