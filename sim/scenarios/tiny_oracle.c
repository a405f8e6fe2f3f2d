/* SPDX-License-Identifier: MIT */
/*
 * tiny_oracle.c - what must be true of the tiny machine after each step (docs/design.md, 7): what
 * was raised, who is owed a call, whom nobody may call. It looks at what hardware did and at what
 * software asked for, never at what mirq thinks; only at rest is mirq asked, too.
 *
 * I1 is_owed: an event of a requested interrupt is followed by a call that begins after it.
 * I2 a call needs an event of its own slot that a CPU took; none after release, none while a slot
 *    is nobody's. I3 is_running. I4 a message that leaves was written, whole, into its slot. I5 is
 *    in tiny_calls.c, I7 in tiny_host.c and in the engine's limit of steps. I6 takes requester ids:
 *    the tiny table does not look at them.
 */
#include "tiny_own.h"

#define FOR_EACH_USER(u_, w_)                                                                      \
	for (struct tiny_user * (u_) = (w_)->users; (u_) < (w_)->users + TINY_NR_USERS; (u_)++)

void tiny_oracle_raised(struct tiny *w, uint32_t slot)
{
	FOR_EACH_USER(u, w)
	if (u->w && u->slot == slot)
		u->is_owed |= u->is_requested;
}

static int is_same(const struct mirq_msg *a, const struct mirq_msg *b)
{
	return a->address == b->address && a->data == b->data;
}

void tiny_oracle_sends(struct tiny *w, uint32_t slot, const struct mirq_msg *msg)
{
	const struct tiny_slot *s = &w->slots[slot];

	if (!is_same(msg, &s->told) && !is_same(msg, &s->was))
		engine_fail(w->e,
			    "I4: slot %u sends %#llx, %u; it was told %#llx, %u, and before that "
			    "%#llx, %u",
			    slot, (unsigned long long)msg->address, msg->data,
			    (unsigned long long)s->told.address, s->told.data,
			    (unsigned long long)s->was.address, s->was.data);
}

void tiny_oracle_refused(struct tiny *w, uint32_t slot)
{
	FOR_EACH_USER(u, w)
	if (u->w && u->slot == slot && u->is_requested)
		engine_fail(w->e,
			    "I1: a message of slot %u is refused by the table, though its "
			    "interrupt is requested",
			    slot);
}

void tiny_oracle_taken(struct tiny *w, uint32_t from)
{
	for (uint32_t slot = 0; slot < TINY_NR_SLOTS; slot++)
		w->slots[slot].nr_events += from >> slot & 1;
}

/* A mux without status has everybody called. */
static int is_guessed(const struct tiny *w, uint32_t slot)
{
	return tiny_is_behind_mux(w, slot) && !(w->init.options & TINY_STATUS);
}

static void check_call(struct tiny *w, struct tiny_user *u, uint32_t number)
{
	struct tiny_slot *s = &w->slots[u->slot];

	if (u->is_gone)
		engine_fail(w->e, "I2: handler %u is called after its release has returned",
			    number);
	if (u->is_quiet)
		engine_fail(w->e, "I1: handler %u is called while slot %u is disabled", number,
			    u->slot);
	if (s->is_running++)
		engine_fail(w->e, "I3: handler %u begins while a handler of slot %u runs", number,
			    u->slot);
	if (++u->nr_calls > s->nr_events && !is_guessed(w, u->slot))
		engine_fail(w->e,
			    "I2: handler %u is called for the %u. time, but only %u events of slot "
			    "%u have come",
			    number, u->nr_calls, s->nr_events, u->slot);
}

enum mirq_handled tiny_oracle_handler(void *user)
{
	struct tiny_user *u = user;
	struct tiny *w = u->w;
	uint32_t number = (uint32_t)(u - w->users), is_later = 0;

	if (u->nr_later) /* who works on is told by more than a plain variable */
		tiny_at_register(w, ENGINE_WRITE);
	else
		tiny_at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "handler %u begins", number);
	check_call(w, u, number);
	u->is_owed = 0;
	if (u->nr_later) {
		u->nr_later--;
		w->nr_later++;
		is_later = 1;
	}
	tiny_at_wire(w, ENGINE_WRITE);
	w->slots[u->slot].is_running--;
	engine_note(w->e, "handler %u ends%s", number, is_later ? ": LATER" : "");
	return is_later ? MIRQ_LATER : MIRQ_HANDLED;
}

/* ---- At rest ---- */

static void check_owed(struct tiny *w)
{
	FOR_EACH_USER(u, w)
	if (u->is_owed)
		engine_fail(w->e, "I1: slot %u was raised and no call of handler %u has followed",
			    u->slot, (uint32_t)(u - w->users));
}

/* Interrupts that have an id of @root. */
static uint32_t nr_routed(const struct tiny *w, const struct mirq_domain *root)
{
	struct mirq_irqs rest, one;
	uint32_t nr = 0, cpu;

	for (uint32_t i = 0; i < w->init.nr_devices; i++) {
		if (w->mux && !i != (root == w->mux))
			continue;
		rest = mirq_store_irqs(w->devices[i].store);
		while (!mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL))
			nr += !mirq_affinity_effective(one, &cpu);
	}
	return nr;
}

/* Ids that are taken must be those of interrupts: the others have retired by now. What did not
 * answer keeps at most a new one, an old one and one in between each. */
static void check_ids(struct tiny *w, const struct mirq_domain *domain)
{
	const struct scenario_failure *f = w->failure;
	uint32_t nr = nr_routed(w, domain);
	struct mirq_domain_info root;
	struct mirq_info info;

	mirq_domain_inspect(domain, &root);
	mirq_inspect(w->m, &info);
	if (root.nr_used < nr || root.nr_used > nr + 3 * info.nr_quarantined)
		engine_fail(w->e, "I5: %u ids are taken by %u interrupts, %u in quarantine",
			    root.nr_used, nr, info.nr_quarantined);
	if (info.nr_quarantined && !(f && f->nr_failed && f->kind != SIM_FAIL_MEMORY))
		engine_fail(w->e, "I5: quarantine though everything answered");
}

static void check_counts(struct tiny *w)
{
	struct mirq_cpu_info cpu;

	check_ids(w, w->root);
	if (w->mux)
		check_ids(w, w->mux);
	for (uint32_t i = 0; i < w->init.nr_cpus; i++)
		if (mirq_cpu_inspect(w->m, i, &cpu) || cpu.nr_stray ||
		    (cpu.nr_late && !w->nr_leaves))
			engine_fail(w->e, "I2: cpu%u: %u events are stray, %u late", i,
				    (uint32_t)cpu.nr_stray, (uint32_t)cpu.nr_late);
}

/* What may differ from schedule to schedule. */
static void tell_state(struct tiny *w)
{
	struct mirq_cpu_info cpu;

	FOR_EACH_USER(u, w)
	engine_state(w->e, u->nr_calls);
	for (uint32_t slot = 0; slot < TINY_NR_SLOTS; slot++)
		engine_state(w->e, w->slots[slot].nr_events);
	for (uint32_t i = 0; i < w->init.nr_cpus; i++)
		if (!mirq_cpu_inspect(w->m, i, &cpu))
			engine_state(w->e, (uint64_t)cpu.nr_used << 32 | cpu.nr_late);
}

void tiny_oracle_finish(struct tiny *w)
{
	struct mirq_why why = { 0 };

	check_owed(w);
	if (mirq_check(w->m, &why))
		engine_fail(w->e, "broken: %s", why.text);
	check_counts(w);
	tell_state(w);
}
