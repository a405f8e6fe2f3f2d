/* SPDX-License-Identifier: MIT */
/* Nothing to find: a driver as it should be. */
#include <mirq/io.h>
#include <mirq/mirq.h>

#include <stdlib.h>

struct nic {
	struct mirq_store *store;
	struct mirq_irqs irqs;
	uint32_t *lent;
};

extern const struct mirq_store_template nic_kind;

enum mirq_err nic_start(struct nic *nic, struct mirq_device *dev);
void nic_stop(struct nic *nic);

/* The driver's own, in spite of its name. */
static int read(const struct nic *nic)
{
	return nic->lent[0] != 0;
}

static enum mirq_handled nic_on_event(void *context)
{
	const struct nic *nic = context;

	if (!read(nic))
		return MIRQ_NOT_MINE;
	mirq_irq_disable(mirq_irq_at(nic->irqs, 0));
	mirq_irq_done(nic->irqs);
	return mirq_irq_pending(nic->irqs) == MIRQ_PENDING_YES ? MIRQ_LATER : MIRQ_HANDLED;
}

enum mirq_err nic_start(struct nic *nic, struct mirq_device *dev)
{
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .kind = &nic_kind, .data = nic,
					.nr_slots = 8 };
	struct mirq_irq_want want = { 0 };
	enum mirq_err err = mirq_store_attach(dev, &init, &nic->store);

	want.size_bytes = sizeof(want);
	nic->lent = err ? NULL : malloc(16);
	if (!err)
		err = mirq_irq_alloc(nic->store, &want, &nic->irqs);
	if (!err)
		err = mirq_irq_request(nic->irqs, &(struct mirq_irq_handler){
							  MIRQ_SIZED(mirq_irq_handler),
							  .handle = nic_on_event, .context = nic });
	return err;
}

void nic_stop(struct nic *nic)
{
	(void)mirq_store_detach(nic->store);
	free(nic->lent);
}
