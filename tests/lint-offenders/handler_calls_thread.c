/* SPDX-License-Identifier: MIT */
/* A handler that calls what mirq has for threads. */
#include <mirq/mirq.h>

struct nic {
	struct mirq_irqs irqs;
	struct mirq_store *store;
};

enum mirq_handled nic_on_event(void *context);
enum mirq_err nic_start(struct nic *nic);

static void nic_stop(struct nic *nic)
{
	(void)mirq_irq_release(nic->irqs, NULL); /* lint: rule 3 */
	(void)mirq_irq_free(nic->irqs);          /* lint: rule 3 */
	(void)mirq_store_detach(nic->store);     /* lint: rule 3 */
}

enum mirq_handled nic_on_event(void *context)
{
	struct nic *nic = context;

	mirq_irq_disable(nic->irqs);
	(void)mirq_irq_sync(nic->irqs);                             /* lint: rule 3 */
	(void)mirq_affinity_set(nic->irqs, mirq_cpus_one(1), NULL); /* lint: rule 3 */
	nic_stop(nic);
	return MIRQ_HANDLED;
}

enum mirq_err nic_start(struct nic *nic)
{
	return mirq_irq_request(nic->irqs, &(struct mirq_irq_handler){ MIRQ_SIZED(mirq_irq_handler),
								       .handle = nic_on_event,
								       .context = nic });
}
