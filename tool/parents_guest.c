/* SPDX-License-Identifier: MIT */
/*
 * parents_guest.c - a virtual machine without a remapper of its own: MSI-X works, a device's own
 * store is refused. Then the same one whose port asks the hypervisor for each message: the store
 * works, and every mapping is given back. The hypervisor checks who sends, by its own list.
 */
#include <mirq/paravirt.h>

#include "parents.h"

#define MACHINE "cpus=4 posted=12 message=20 ipi=15 vf:msix=2,array=4"
#define RULE_GUESTS 6u

/* ---- Refused ---- */

void part_guest(struct world *w)
{
	struct world *p = part_begin(w, MACHINE, MIRQ_GUEST_YES);
	struct mirq_why why = { .text = NULL };
	struct mirq_store *store = NULL;
	struct oracle_call call;
	enum mirq_err err;
	struct tour t;

	if (!p)
		return;
	if (part_start(p, 0)) {
		oracle_call_begin(p->o, &call, "mirq_store_attach");
		err = sim_store_attach(p->s, p->drivers[0].dev, SIM_STORE_ARRAY, &why, &store);
		oracle_call_end(p->o, &call, err);
		(void)report_check(p->report,
				   part_refused(p, "IMS in a guest", err, MIRQ_EGUEST, &why) &&
					   why.rule == RULE_GUESTS && !store,
				   "guest: a device's own store is refused by rule %u", why.rule);
		t = part_tour(p, (struct mirq_range){ 0, PARTS_CPUS });
		(void)report_check(p->report, part_is_good(&t),
				   "guest: %u interrupts by MSI-X, %u of %u moves changed the CPU",
				   t.nr_irqs, t.nr_moved, t.nr_moves);
	}
	part_stop(p);
	part_end(w, p, "guest");
}

/* ---- Provided ---- */

#define HYPER_ADDRESS UINT64_C(0xfd000000)
#define HYPER_MAPPINGS 1024u

struct hyper {
	struct {
		uint32_t requester, apic_id, vector, is_live;
	} of[HYPER_MAPPINGS];
	uint32_t nr_mapped, nr_unmapped, nr_wrong; /* wrong: told to end what was none */
	uint64_t nr_passed, nr_blocked;
};

static enum mirq_err hyper_map(void *context, const struct mirq_requesters *who, uint32_t hw_target,
			       uint32_t id, struct mirq_msg *out_msg)
{
	struct hyper *h = context;
	uint32_t n = h->nr_mapped;

	if (n == HYPER_MAPPINGS || who->nr_ids != 1)
		return MIRQ_ENOSPC;
	h->of[n].requester = who->ids[0].first;
	h->of[n].apic_id = hw_target;
	h->of[n].vector = id;
	h->of[n].is_live = 1;
	h->nr_mapped++;
	*out_msg = (struct mirq_msg){ HYPER_ADDRESS + 16 * (uint64_t)(n % 16), n };
	return MIRQ_OK;
}

static int hyper_is_live(const struct hyper *h, uint64_t address, uint32_t n)
{
	return n < h->nr_mapped && h->of[n].is_live &&
	       address == HYPER_ADDRESS + 16 * (uint64_t)(n % 16);
}

static void hyper_unmap(void *context, const struct mirq_msg *msg)
{
	struct hyper *h = context;

	if (!hyper_is_live(h, msg->address, msg->data)) {
		h->nr_wrong++;
		return;
	}
	h->of[msg->data].is_live = 0;
	h->nr_unmapped++;
}

static const struct mirq_paravirt_ops hyper_ops = { MIRQ_SIZED(mirq_paravirt_ops), .map = hyper_map,
						    .unmap = hyper_unmap };

static enum sim_passage hyper_pass(void *context, const struct sim_device *d, uint64_t *address,
				   uint32_t *data)
{
	struct hyper *h = context;
	uint32_t n = *data;

	if (!hyper_is_live(h, *address, n) || h->of[n].requester != sim_device_requester(d)) {
		h->nr_blocked++;
		return SIM_STOPS;
	}
	*address = part_message_address(h->of[n].apic_id);
	*data = h->of[n].vector;
	h->nr_passed++;
	return SIM_PASSES;
}

static int provider_attach(struct world *p, struct hyper *h, struct mirq_domain **out_domain)
{
	struct mirq_why why = { .text = NULL };
	const struct mirq_paravirt_init init = {
		MIRQ_SIZED(mirq_paravirt_init),
		.name = "provider",
		.ops = &hyper_ops,
		.context = h,
		.flags = MIRQ_PARAVIRT_DRAINS | MIRQ_PARAVIRT_ISOLATES,
		.why = &why,
	};
	enum mirq_err err;

	sim_device_set_between(sim_device_at(p->s, 0), hyper_pass, h);
	err = mirq_paravirt_attach(p->m, &init, out_domain);
	if (err)
		world_refused(p, "provider", err, &why);
	return report_check(p->report, !err, "provider: the port asks the hypervisor for messages");
}

static void tell_tour(struct world *p, const struct hyper *h, const struct tour *t)
{
	uint32_t nr_live = h->nr_mapped - h->nr_unmapped;

	(void)report_check(
		p->report,
		part_is_good(t) && h->nr_passed && h->nr_mapped > t->nr_moved &&
			nr_live >= t->nr_irqs,
		"provider: %u interrupts, IMS too; %u of %u moves changed the CPU; %llu messages "
		"passed; %u mappings made, %u live",
		t->nr_irqs, t->nr_moved, t->nr_moves, (unsigned long long)h->nr_passed,
		h->nr_mapped, nr_live);
}

void part_provider(struct world *w)
{
	struct world *p = part_begin(w, MACHINE, MIRQ_GUEST_YES);
	static const struct hyper none;
	struct hyper h = none;
	struct mirq_domain *provider;
	struct tour t;

	if (!p)
		return;
	if (provider_attach(p, &h, &provider) && part_link(p, 0, provider) && part_start(p, 0) &&
	    part_start(p, 1)) {
		t = part_tour(p, (struct mirq_range){ 0, PARTS_CPUS });
		tell_tour(p, &h, &t);
	}
	part_stop(p);
	(void)report_check(p->report, h.nr_mapped && h.nr_mapped == h.nr_unmapped && !h.nr_wrong,
			   "provider: %u mappings made, %u given back, %u that were none",
			   h.nr_mapped, h.nr_unmapped, h.nr_wrong);
	part_end(w, p, "provider");
}
