/* SPDX-License-Identifier: MIT */
/*
 * tiny_calls.c - the calls of mirq that jobs make, each with what the oracle has to know of it:
 * from where on a handler may be called or must not be.
 */
#include <stdarg.h>
#include <stdio.h>

#include "tiny_own.h"

static void must(struct tiny *w, enum mirq_err err, const char *call)
{
	if (err)
		engine_fail(w->e, "I5: %s fails: %s", call, mirq_err_text(err));
	engine_note(w->e, "%s returns", call);
}

static int is_hurt(struct tiny *w)
{
	struct mirq_info info;

	mirq_inspect(w->m, &info);
	return info.nr_quarantined != 0;
}

static int again(struct tiny *w, struct scenario_try *t, enum mirq_err err)
{
	return scenario_try_again(w->failure, t, err, 0);
}

static struct mirq_irqs irq_at(struct tiny *w, uint32_t slot)
{
	uint32_t index = slot % TINY_SLOTS_OF_DEVICE;
	struct mirq_irqs irq = { w->devices[slot / TINY_SLOTS_OF_DEVICE].store,
				 { index, index + 1 } };

	return irq;
}

static void alloc(struct tiny *w, uint32_t slot, struct mirq_irq_want *want)
{
	struct scenario_try t = scenario_try(w->failure, "alloc",
					     SCENARIO_MAY_LACK | SCENARIO_MAY_WAIT);
	struct mirq_irqs irq;

	want->size_bytes = sizeof(*want);
	want->at = irq_at(w, slot).slots;
	while (again(w, &t, mirq_irq_alloc(irq_at(w, slot).store, want, &irq)))
		;
	w->slots[slot].is_allocated = !t.err;
	if (t.err && mirq_irq_number(irq_at(w, slot)))
		engine_fail(w->e, "I5: slot %u is taken though its alloc failed", slot);
}

void tiny_alloc(struct tiny *w, uint32_t slot, uint32_t cpu)
{
	struct mirq_irq_want want = { .cpus = mirq_cpus_one(cpu) };

	engine_note(w->e, "allocates slot %u for cpu%u", slot, cpu);
	alloc(w, slot, &want);
}

void tiny_alloc_late(struct tiny *w, uint32_t slot)
{
	struct mirq_irq_want want = { .reserve = MIRQ_RESERVE_BEST_EFFORT };

	engine_note(w->e, "allocates slot %u for any CPU", slot);
	alloc(w, slot, &want);
}

/* From here on nobody is owed a call. */
static void leave(struct tiny *w, uint32_t user, const char *verb)
{
	tiny_at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "%s handler %u", verb, user);
	w->users[user].is_requested = w->users[user].is_owed = 0;
	w->nr_leaves++;
}

/* From here on nobody may be called. */
static void gone(struct tiny *w, uint32_t user)
{
	tiny_at_wire(w, ENGINE_WRITE);
	w->users[user].is_gone = 1;
}

/* A request that failed is a release: the next event may be late, a call is one too many. */
static void not_requested(struct tiny *w, uint32_t user)
{
	w->nr_leaves++;
	gone(w, user);
}

static void request(struct tiny *w, uint32_t user, const struct mirq_irq_handler *h)
{
	struct scenario_try t = scenario_try(
		w->failure, "request", SCENARIO_MAY_LACK | SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);
	struct tiny_user *u = &w->users[user];
	enum mirq_err err;
	uint32_t cpu;
	int had_id = w->failure && !mirq_affinity_effective(irq_at(w, u->slot), &cpu);

	do {
		u->is_gone = 0;
		err = mirq_irq_request(irq_at(w, u->slot), h);
		if (err)
			not_requested(w, user);
	} while (again(w, &t, err));
	if (t.err && !had_id && !is_hurt(w) && !mirq_affinity_effective(irq_at(w, u->slot), &cpu))
		engine_fail(w->e, "I5: a request that failed leaves an id to slot %u", u->slot);
	tiny_at_register(w, ENGINE_WRITE); /* a driver tells its device to begin */
	u->is_requested = !t.err;
}

void tiny_request(struct tiny *w, uint32_t user, uint32_t slot, uint32_t flags)
{
	struct mirq_irq_handler h = { .size_bytes = sizeof(h),
				      .handle = tiny_oracle_handler,
				      .context = &w->users[user],
				      .flags = flags };

	if (!w->slots[slot].is_allocated)
		return;
	tiny_at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "requests slot %u for handler %u", slot, user);
	w->users[user].w = w;
	w->users[user].slot = slot;
	request(w, user, &h);
}

void tiny_release(struct tiny *w, uint32_t user)
{
	struct mirq_irq_handler h = { .size_bytes = sizeof(h), .handle = tiny_oracle_handler };
	struct tiny_user *u = &w->users[user];

	if (!u->w)
		return;
	leave(w, user, "releases");
	h.context = u;
	must(w, mirq_irq_release(irq_at(w, u->slot), &h), "release");
	gone(w, user);
}

void tiny_free(struct tiny *w, uint32_t user)
{
	if (!w->users[user].w)
		return;
	leave(w, user, "frees the interrupt of");
	must(w, mirq_irq_free(irq_at(w, w->users[user].slot)), "free");
	w->slots[w->users[user].slot].is_allocated = 0;
	gone(w, user);
}

void tiny_free_slot(struct tiny *w, uint32_t slot)
{
	engine_note(w->e, "frees slot %u", slot);
	must(w, mirq_irq_free(irq_at(w, slot)), "free");
	w->slots[slot].is_allocated = 0;
}

/* A slot without a mask that was told a message, and its request failed: it may go on sending. */
static int is_pinned(struct tiny *w, uint32_t slot, enum mirq_err err)
{
	int is_requested = 0;

	for (const struct tiny_user *u = w->users; u < w->users + TINY_NR_USERS; u++)
		is_requested |= u->w && u->slot == slot && u->is_requested;
	return err == MIRQ_ENOTSUP && w->slots[slot].told.address && !is_requested &&
	       tiny_has_no_mask(w->init.kinds[slot / TINY_SLOTS_OF_DEVICE]) && w->failure &&
	       w->failure->nr_failed;
}

void tiny_move(struct tiny *w, uint32_t slot, uint32_t cpu)
{
	struct scenario_try t = scenario_try(w->failure, "move",
					     SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);
	enum mirq_err err;

	if (!w->slots[slot].is_allocated)
		return;
	engine_note(w->e, "moves slot %u to cpu%u", slot, cpu);
	do
		err = mirq_affinity_set(irq_at(w, slot), mirq_cpus_one(cpu), NULL);
	while (!is_pinned(w, slot, err) && again(w, &t, err));
	if (!err && t.nr_tries && is_hurt(w))
		engine_fail(w->e, "I5: what moved slot %u again leaves its old way in doubt", slot);
}

void tiny_move_perhaps(struct tiny *w, uint32_t slot, uint32_t cpu)
{
	struct scenario_try t = scenario_try(w->failure, "move",
					     SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);
	enum mirq_err err;

	if (!w->slots[slot].is_allocated)
		return;
	do
		err = mirq_affinity_set(irq_at(w, slot), mirq_cpus_one(cpu), NULL);
	while (err != MIRQ_EINVAL && err != MIRQ_ENOSPC && again(w, &t, err));
}

void tiny_move_refused(struct tiny *w, uint32_t slot, uint32_t cpu)
{
	uint32_t before = TINY_MAX_CPUS, after = TINY_MAX_CPUS;
	enum mirq_err err;

	if (w->failure && w->failure->nr_failed) { /* it may not be full */
		tiny_move_perhaps(w, slot, cpu);
		return;
	}
	engine_note(w->e, "moves slot %u to cpu%u, which is full", slot, cpu);
	must(w, mirq_affinity_effective(irq_at(w, slot), &before), "effective");
	err = mirq_affinity_set(irq_at(w, slot), mirq_cpus_one(cpu), NULL);
	if (err != MIRQ_ENOSPC)
		engine_fail(w->e, "I5: a move to a CPU without ids gives %s", mirq_err_text(err));
	must(w, mirq_affinity_effective(irq_at(w, slot), &after), "effective");
	if (before != after)
		engine_fail(w->e, "I5: a refused move has gone from cpu%u to cpu%u", before, after);
}

void tiny_resend(struct tiny *w, uint32_t user)
{
	struct tiny_user *u = &w->users[user];

	if (!u->is_requested)
		return;
	tiny_at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "resends slot %u", u->slot);
	w->slots[u->slot].nr_events++;
	u->is_owed = 1;
	must(w, mirq_irq_resend(irq_at(w, u->slot)), "resend");
}

/* Again as long as an earlier move has not drained; but one that failed never will. */
int tiny_offline(struct tiny *w, uint32_t cpu)
{
	struct scenario_try t = scenario_try(w->failure, "offline_prepare",
					     SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);
	enum mirq_err err;

	engine_note(w->e, "takes cpu%u offline", cpu);
	do
		while ((err = mirq_cpu_offline_prepare(w->m, cpu, NULL)) == MIRQ_EBUSY &&
		       !(w->failure && is_hurt(w)))
			engine_yield(w->e);
	while (again(w, &t, err));
	return !t.err;
}

/* What is pending there is mirq's from now on, as if it had been taken. */
void tiny_stop(struct tiny *w, uint32_t cpu)
{
	struct tiny_cpu *c = &w->cpus[cpu];

	c->is_open = 0;
	tiny_at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "stops");
	for (uint32_t i = 0; i < TINY_MAX_IDS; i++) {
		tiny_oracle_taken(w, c->from[i]);
		c->from[i] = 0;
	}
	must(w, mirq_cpu_offline_finish(w->m), "offline_finish");
}

void tiny_stay(struct tiny *w, uint32_t cpu)
{
	struct scenario_try t = scenario_try(w->failure, "online_finish",
					     SCENARIO_MAY_FAIL | SCENARIO_MAY_WAIT);
	enum mirq_err err;

	do
		while ((err = mirq_cpu_online_finish(w->m, cpu, NULL)) == MIRQ_EBUSY &&
		       !(w->failure && is_hurt(w)))
			engine_yield(w->e);
	while (again(w, &t, err));
}

void tiny_pause(struct tiny *w, uint32_t user)
{
	struct tiny_user *u = &w->users[user];

	if (!u->is_requested)
		return;
	engine_note(w->e, "disables slot %u", u->slot);
	mirq_irq_disable(irq_at(w, u->slot));
	must(w, mirq_irq_sync(irq_at(w, u->slot)), "sync");
	tiny_at_wire(w, ENGINE_WRITE);
	u->is_quiet = 1;
	tiny_at_wire(w, ENGINE_WRITE);
	u->is_quiet = 0;
	engine_note(w->e, "enables slot %u", u->slot);
	must(w, mirq_irq_enable(irq_at(w, u->slot)), "enable");
}

void tiny_done(struct tiny *w, uint32_t user)
{
	if (!w->users[user].is_requested)
		return;
	while (!w->nr_later)
		engine_yield(w->e);
	atomics_join(w->e);
	engine_note(w->e, "is done with slot %u", w->users[user].slot);
	mirq_irq_done(irq_at(w, w->users[user].slot));
}

void tiny_call_handler(struct tiny *w, uint32_t user)
{
	(void)tiny_oracle_handler(&w->users[user]);
}
