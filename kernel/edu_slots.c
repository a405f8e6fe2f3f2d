/* SPDX-License-Identifier: MIT */
/*
 * Attaches, moves, fires and frees the slots of edu's own stores.
 *
 * Locking: none; CPU 0.
 */
#include "edu_slots.h"

#include <stddef.h>

#include "console.h"
#include "edu_stores.h"
#include "provider.h"
#include "scenario.h"
#include "show.h"

static bool alloc(struct edu_store *e, const struct firing_device *d, struct mirq_store *store,
		  struct mirq_why *why)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = e->nr_slots,
				      .cookies = e->cookies, .placement = MIRQ_PLACE_SPREAD,
				      .why = why };
	struct mirq_irqs all;
	enum mirq_err err = mirq_irq_alloc(store, &want, &all);
	bool is_good = !err;

	if (err)
		show_why(e->name, err, why);
	/* A cookie is there before any message, and nothing is sent yet. */
	for (uint32_t i = 0; i < e->nr_slots && is_good; i++)
		is_good = e->is_silent(i, e->cookies ? e->cookies[i] : 0);
	for (uint32_t i = 0; i < e->nr_slots && is_good; i++) {
		e->irqs[i] = (struct platform_irq){ .name = e->name,
						    .function = d->function,
						    .irq = mirq_irq_at(all, i) };
		is_good = platform_request(&e->irqs[i]);
	}
	return is_good;
}

static bool attach(struct edu_store *e, struct firing_device *d, bool is_direct)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .data = e->data,
					.nr_slots = e->nr_slots, .why = &why };
	struct mirq_store *store;
	enum mirq_err err = e->init(&init.kind, &why);
	bool is_good;

	if (!err)
		err = mirq_store_supported(d->dev, init.kind, &why);
	print("ims: %s: %s: %s%s\n", d->name, e->name, err ? "refused: " : "supported",
	      err && why.text ? why.text : "");
	if (is_direct) {
		report(err == MIRQ_EGUEST && why.rule == 6 &&
			       mirq_store_attach(d->dev, &init, &store) == err,
		       "ims: %s: refused by rule 6: no remapper", e->name);
		return false;
	}
	if (!err)
		err = mirq_store_attach(d->dev, &init, &store);
	if (err)
		show_why(e->name, err, &why);
	if (!err && e->is_block && provider_is_used()) {
		report(!alloc(e, d, store, &why) && why.text && !e->irqs[0].name,
		       "ims: %s: refused: the provider names messages one by one", e->name);
		return true;
	}
	is_good = !err && alloc(e, d, store, &why);
	report(is_good, "ims: %s: %u slots of the device's own", e->name, e->nr_slots);
	return is_good;
}

bool edu_slots_begin(struct firing_device *d, bool is_direct)
{
	bool is_good = true;

	edu_stores_open(d);
	for (uint32_t i = 0; i < EDU_NR_STORES; i++)
		is_good &= attach(edu_store_at(i), d, is_direct);
	return is_good;
}

static bool fire_on(struct edu_store *e, uint32_t i, uint32_t cpu)
{
	struct platform_irq *p = &e->irqs[i];
	uint64_t before = e->state(i);

	if (!platform_move(p, cpu))
		return false;
	/* A provider gives another message, a table keeps it. */
	if (!provider_is_used() && e->state(i) != before) {
		report_failure("%s: slot %u was told of a move behind a remapper", e->name, i);
		return false;
	}
	platform_count_raised(p);
	return e->send(i) && platform_wait(p) && p->handled_cpu == cpu;
}

void edu_slots_fire(void)
{
	for (uint32_t k = 0; k < EDU_NR_STORES; k++) {
		struct edu_store *e = edu_store_at(k);
		bool is_good = true;

		if (!e->irqs[0].name)
			continue;
		for (uint32_t i = 0; i < e->nr_slots && is_good; i++)
			is_good = fire_on(e, i, (i + k + 1) % cpu_nr());
		report(is_good, "ims: %s: %u slots moved and fired%s", e->name, e->nr_slots,
		       provider_is_used() ? "" : ", the device told of no move");
	}
}

void edu_slots_end(void)
{
	for (uint32_t k = 0; k < EDU_NR_STORES; k++) {
		struct edu_store *e = edu_store_at(k);

		if (!e->irqs[0].name)
			continue;
		for (uint32_t i = 0; i < e->nr_slots; i++) {
			platform_show(&e->irqs[i]);
			platform_free(&e->irqs[i]);
		}
		for (uint32_t i = 0; i < e->nr_slots; i++)
			if (!e->is_silent(i, 0))
				report_failure("%s: slot %u is free and not silent", e->name, i);
	}
}
