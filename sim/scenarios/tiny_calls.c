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

static struct mirq_irqs irq_at(struct tiny *w, uint32_t slot)
{
	uint32_t index = slot % TINY_SLOTS_OF_DEVICE;
	struct mirq_irqs irq = { w->devices[slot / TINY_SLOTS_OF_DEVICE].store,
				 { index, index + 1 } };

	return irq;
}

void tiny_alloc(struct tiny *w, uint32_t slot, uint32_t cpu)
{
	struct mirq_irq_want want = { .size_bytes = sizeof(want) };
	struct mirq_irqs irq;

	want.at = irq_at(w, slot).slots;
	want.cpus = mirq_cpus_one(cpu);
	engine_note(w->e, "allocates slot %u for cpu%u", slot, cpu);
	must(w, mirq_irq_alloc(irq_at(w, slot).store, &want, &irq), "alloc");
}

void tiny_request(struct tiny *w, uint32_t user, uint32_t slot, uint32_t flags)
{
	struct mirq_irq_handler h = { .size_bytes = sizeof(h),
				      .handle = tiny_oracle_handler,
				      .flags = flags };
	struct tiny_user *u = &w->users[user];

	tiny_at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "requests slot %u for handler %u", slot, user);
	u->w = w;
	u->slot = slot;
	u->is_gone = 0;
	h.context = u;
	must(w, mirq_irq_request(irq_at(w, slot), &h), "request");
	tiny_at_register(w, ENGINE_WRITE); /* a driver tells its device to begin */
	u->is_requested = 1;
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

void tiny_release(struct tiny *w, uint32_t user)
{
	struct mirq_irq_handler h = { .size_bytes = sizeof(h), .handle = tiny_oracle_handler };
	struct tiny_user *u = &w->users[user];

	leave(w, user, "releases");
	h.context = u;
	must(w, mirq_irq_release(irq_at(w, u->slot), &h), "release");
	gone(w, user);
}

void tiny_free(struct tiny *w, uint32_t user)
{
	leave(w, user, "frees the interrupt of");
	must(w, mirq_irq_free(irq_at(w, w->users[user].slot)), "free");
	gone(w, user);
}

void tiny_free_slot(struct tiny *w, uint32_t slot)
{
	engine_note(w->e, "frees slot %u", slot);
	must(w, mirq_irq_free(irq_at(w, slot)), "free");
}

void tiny_move(struct tiny *w, uint32_t slot, uint32_t cpu)
{
	engine_note(w->e, "moves slot %u to cpu%u", slot, cpu);
	must(w, mirq_affinity_set(irq_at(w, slot), mirq_cpus_one(cpu), NULL), "move");
}

void tiny_move_refused(struct tiny *w, uint32_t slot, uint32_t cpu)
{
	uint32_t before = TINY_MAX_CPUS, after = TINY_MAX_CPUS;
	enum mirq_err err;

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

	tiny_at_wire(w, ENGINE_WRITE);
	engine_note(w->e, "resends slot %u", u->slot);
	w->slots[u->slot].nr_events++;
	u->is_owed |= u->is_requested;
	must(w, mirq_irq_resend(irq_at(w, u->slot)), "resend");
}

/* Again as long as an earlier move has not drained. */
void tiny_offline(struct tiny *w, uint32_t cpu)
{
	enum mirq_err err;

	engine_note(w->e, "takes cpu%u offline", cpu);
	while ((err = mirq_cpu_offline_prepare(w->m, cpu, NULL)) == MIRQ_EBUSY)
		engine_yield(w->e);
	must(w, err, "offline_prepare");
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
	enum mirq_err err;

	while ((err = mirq_cpu_online_finish(w->m, cpu, NULL)) == MIRQ_EBUSY)
		engine_yield(w->e);
	must(w, err, "online_finish");
}

void tiny_pause(struct tiny *w, uint32_t user)
{
	struct tiny_user *u = &w->users[user];

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
