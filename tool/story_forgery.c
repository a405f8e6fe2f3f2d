/* SPDX-License-Identifier: MIT */
/*
 * story_forgery.c - chapter "forgery": a bus master writes what another device's interrupt is made
 * of, a message of the old format, a message that names nobody's entry. The remapping unit blocks
 * all three and tells.
 */
#include "story.h"

/* [VTD] 7.1.1, table of interrupt-remapping fault reasons. */
enum {
	REASON_NOT_PRESENT = 0x22,
	REASON_COMPATIBILITY = 0x25,
	REASON_SOURCE = 0x26
};

struct pair {
	struct driver *victim, *forger;
};

static int find_pair(struct world *w, struct pair *out)
{
	for (uint32_t i = 0; i < w->nr_drivers; i++)
		for (uint32_t k = w->nr_drivers; k--;) {
			struct driver *v = &w->drivers[i], *f = &w->drivers[k];

			if (v->irqs.store && f->dev && mirq_device_is_isolated(v->dev) &&
			    mirq_device_is_isolated(f->dev) && v->spec->unit == f->spec->unit &&
			    sim_device_requester(v->hardware) !=
				    sim_device_requester(f->hardware)) {
				*out = (struct pair){ v, f };
				return 1;
			}
		}
	return 0;
}

static uint64_t nr_calls(struct world *w)
{
	uint64_t nr = 0;

	for (uint32_t i = 0; i < w->nr_drivers; i++)
		for (uint32_t k = 0; k < w->drivers[i].nr_queues; k++)
			nr += w->drivers[i].queues[k].nr_calls;
	return nr;
}

static void forge(struct world *w, struct driver *forger, const char *what,
		  const struct mirq_msg *msg, uint8_t reason)
{
	struct counts before = world_counts(w), after;
	struct mirq_fault fault;
	uint64_t nr_before = nr_calls(w);
	uint32_t from = sim_device_requester(forger->hardware);

	sim_device_write(forger->hardware, msg->address, msg->data);
	sim_run_until_idle(w->s);
	if (w->nr_fault_irqs < w->nr_units)
		(void)oracle_faults(w->o);
	oracle_last_fault(w->o, &fault);
	after = world_counts(w);
	(void)report_check(w->report,
			   after.blocked == before.blocked + 1 &&
				   after.reported == before.reported + 1 &&
				   nr_calls(w) == nr_before && fault.reason_code == reason &&
				   fault.requester == from,
			   "%s writes %s (0x%llx = 0x%x): %llu blocked, %llu reported: sender "
			   "%02x:%02x.%x, reason 0x%x; %llu handlers called",
			   forger->name, what, (unsigned long long)msg->address, msg->data,
			   (unsigned long long)(after.blocked - before.blocked),
			   (unsigned long long)(after.reported - before.reported),
			   fault.requester >> 8, fault.requester >> 3 & 31, fault.requester & 7,
			   fault.reason_code, (unsigned long long)(nr_calls(w) - nr_before));
}

static void play_forgery(struct world *w)
{
	struct mirq_msg msg;
	struct pair pair;

	if (!find_pair(w, &pair))
		return;
	if (!report_check(w->report, !mirq_irq_compose(mirq_irq_at(pair.victim->irqs, 0), &msg),
			  "the message of %s is known", pair.victim->name))
		return;
	forge(w, pair.forger, "another device's message", &msg, REASON_SOURCE);
	msg = mirq_x86_compose((struct mirq_x86_target){ sim_cpu_apic_id(w->s, 0) & 0xff, 0x31 });
	forge(w, pair.forger, "a message of the old format", &msg, REASON_COMPATIBILITY);
	msg = mirq_vtd_compose_message(w->nr_entries - 1);
	forge(w, pair.forger, "a message for nobody's entry", &msg, REASON_NOT_PRESENT);
	story_probe(w);
}

static const char *why_not(struct world *w)
{
	struct pair pair;

	if (!w->nr_units)
		return "no unit remaps interrupts here: whoever may write memory may raise any "
		       "interrupt";
	if (!find_pair(w, &pair))
		return "no two devices behind one unit have requester ids of their own";
	return NULL;
}

const struct chapter story_forgery = {
	"forgery",
	"a bus master sends messages that are not its own",
	why_not,
	play_forgery,
};
