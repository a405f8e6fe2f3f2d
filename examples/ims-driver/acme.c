/* SPDX-License-Identifier: MIT */
/*
 * acme.c - see acme.h. Handlers run on the CPU that took the interrupt, all else in a thread.
 * Locking: none; mirq has its own.
 */
#include "acme.h"

/* quote: handlers */
/* Register 0x100: how many commands have ended since it was read. */
static enum mirq_handled acme_on_command(void *context)
{
	struct acme *acme = context;

	acme->nr_commands += mirq_regs_read32(&acme->regs, 0x100);
	return MIRQ_HANDLED;
}

static enum mirq_handled acme_on_queue(void *done)
{
	++*(uint32_t *)done;
	return MIRQ_HANDLED;
}
/* end */

/* quote: probe */
enum mirq_err acme_probe(struct acme *acme, struct mirq_device *dev, const uint64_t *pasids)
{
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .kind = &acme_slots,
					.data = &acme->regs, .nr_slots = ACME_QUEUES,
					.why = &acme->why };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = ACME_QUEUES, .nr_min = 2,
				      .cookies = pasids, .why = &acme->why };
	struct mirq_irq_handler own = { MIRQ_SIZED(mirq_irq_handler), .handle = acme_on_command,
					.context = acme };
	struct mirq_irq_handler lent = { MIRQ_SIZED(mirq_irq_handler), .handle = acme_on_queue,
					 .context = acme->done, .stride_bytes = sizeof(uint32_t) };
	enum mirq_err err = mirq_pci_alloc_irqs(dev, 1, 1, MIRQ_PCI_MSIX, NULL, &acme->commands);

	if (err || (err = mirq_irq_request(acme->commands, &own)) ||
	    (err = mirq_store_attach(dev, &init, &acme->slots)) ||
	    (err = mirq_irq_alloc(acme->slots, &want, &acme->lent)) ||
	    (err = mirq_irq_request(acme->lent, &lent)))
		acme_remove(acme);
	return err;
}
/* end */

/* quote: live */
enum mirq_err acme_move(struct acme *acme, uint32_t queue, uint32_t cpu)
{
	return mirq_affinity_set(mirq_irq_at(acme->lent, queue), mirq_cpus_one(cpu), &acme->why);
}

void acme_take_back(struct acme *acme, uint32_t queue)
{
	(void)mirq_irq_free(mirq_irq_at(acme->lent, queue));
}
/* end */

/* quote: remove */
void acme_remove(struct acme *acme)
{
	if (acme->slots)
		(void)mirq_store_detach(acme->slots);
	if (acme->commands.store)
		(void)mirq_irq_free(acme->commands);
}
/* end */
