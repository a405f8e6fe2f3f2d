/* SPDX-License-Identifier: MIT */
/*
 * vtd_completion.c - the event by which a VT-d unit tells that what stands before it in its queue
 * is done, for whoever does not want to poll. mirq itself polls: its waits are short. A system
 * that names none of these three functions does not link this file.
 * Sources: [VTD] 6.5.2.8 (wait descriptor, IF), 11.4 (ICS, IECTL).
 * Locking: the unit's lock around the queue; the status needs none, a 1 written clears what was
 * read.
 */
#include "vtd.h"

int mirq_vtd_completion_claim(struct mirq_domain *vtd)
{
	const struct mirqi_vtd *u = mirqi_vtd_of(vtd);
	uint32_t status;

	if (!u || u->is_borrowed)
		return 0;
	status = mirq_regs_read32(&u->regs, VTD_ICS);
	if (status == UINT32_MAX || !MIRQ_GET(status, VTD_ICS_IWC))
		return 0;
	mirq_regs_write32(&u->regs, VTD_ICS, (uint32_t)MIRQ_FIELD_MASK(VTD_ICS_IWC));
	return 1;
}

enum mirq_err mirq_vtd_completion_irq(struct mirq_domain *vtd, struct mirq_irqs *out_irq)
{
	enum mirq_err err = mirqi_vtd_event_irq(vtd, MIRQI_VTD_EVENT_COMPLETION, out_irq);

	/* What an earlier owner left unclaimed would keep every event back. */
	if (!err)
		(void)mirq_vtd_completion_claim(vtd);
	return err;
}

enum mirq_err mirq_vtd_completion_request(struct mirq_domain *vtd)
{
	struct mirqi_vtd *u = mirqi_vtd_of(vtd);
	/* No status word: one unit that is known (QEMU's) takes that or the interrupt. */
	const struct mirq_vtd_descriptor wait = {
		.low = MIRQ_FIELD_MASK(VTD_WAIT_IF) | VTD_D_TYPE_WAIT,
	};

	if (!u)
		return MIRQ_EINVAL;
	if (u->is_borrowed)
		return MIRQ_ENOTSUP;
	return mirqi_vtd_run(u, &wait, 1);
}
