/* SPDX-License-Identifier: MIT */
/* Structs of a driver's calls without their size. */
#include <mirq/mirq.h>

enum mirq_err nic_start(struct mirq_store *store, mirq_handler *handle);

enum mirq_err nic_start(struct mirq_store *store, mirq_handler *handle)
{
	struct mirq_irq_want want = { .nr = 4 }; /* lint: rule 1 */
	struct mirq_irq_handler h = {
		MIRQ_SIZED(mirq_irq_want), /* lint: rule 1 */
		.handle = handle,
	};
	struct mirq_irqs irqs;
	enum mirq_err err = mirq_irq_alloc(store, &want, &irqs);

	return err ? err : mirq_irq_request(irqs, &h);
}
