/* SPDX-License-Identifier: MIT */
/*
 * oracle_calls.c - calls of mirq as drivers make them, and what they promise from when to when; I7
 * for each, I5 for each that failed.
 * Locking: none.
 */
#include "oracle_inside.h"

#include <stdlib.h>
#include <string.h>

/* ---- Any call ---- */

static void judge_length(struct oracle *o, const struct oracle_call *call)
{
	uint64_t ns = sim_now_ns(o->s) - call->start_ns;
	uint64_t points = o->nr_points - call->start_point;

	o->stats.nr_checks++;
	o->stats.max_call_ns = ns > o->stats.max_call_ns ? ns : o->stats.max_call_ns;
	o->stats.max_points = points > o->stats.max_points ? points : o->stats.max_points;
	if (ns > o->limit_ns || points > o->limit_points)
		oracle_broken(o,
			      "I7: %s; expected: an end within %llu ns and %llu points; seen: %llu "
			      "ns and %llu points",
			      call->name, (unsigned long long)o->limit_ns,
			      (unsigned long long)o->limit_points, (unsigned long long)ns,
			      (unsigned long long)points);
}

/* Also while they go on: one that never ends is found. Told once. */
void oracle_on_point(void *context, enum engine_point point)
{
	struct oracle *o = context;

	(void)point;
	o->nr_points++;
	for (const struct oracle_call *call = o->calls; call && !o->verdict[0]; call = call->next)
		judge_length(o, call);
}

static uint32_t nr_quarantined(const struct oracle *o)
{
	struct mirq_info info = { 0 };

	if (o->m)
		mirq_inspect(o->m, &info);
	return info.nr_quarantined;
}

void oracle_call_begin(struct oracle *o, struct oracle_call *call, const char *name)
{
	*call = (struct oracle_call){ .name = name };
	o->stats.nr_calls++;
	if (o->has_snapshots && o->m && !oracle_in_fiber()) {
		sim_run_until_idle(o->s);
		call->before = oracle_text_new(o->s, o->m);
		call->nr_quarantined = nr_quarantined(o);
	}
	call->nr_gone = o->nr_gone;
	call->start_ns = sim_now_ns(o->s);
	call->start_point = o->nr_points;
	call->next = o->calls;
	o->calls = call;
}

/* What dead hardware may still use stays, counted: then the state is another one, and says so. What
 * was tried again in vain after that may have changed its mask. */
static void judge_unchanged(struct oracle *o, const struct oracle_call *call, enum mirq_err err)
{
	const char *before, *after;
	struct oracle_text *now;
	int has_machine;

	sim_run_until_idle(o->s);
	if (nr_quarantined(o) > (err == MIRQ_EIO ? 0 : call->nr_quarantined))
		return;
	now = oracle_text_new(o->s, o->m);
	o->stats.nr_checks++;
	has_machine = o->nr_gone == call->nr_gone && !oracle_is_deaf(o);
	if (!oracle_text_compare(call->before, now, has_machine, &before, &after))
		oracle_broken(o, "I5: %s failed (%s); expected: %s; seen: %s", call->name,
			      mirq_err_text(err), before, after);
	oracle_text_free(now);
}

void oracle_call_end(struct oracle *o, struct oracle_call *call, enum mirq_err err)
{
	struct oracle_call **at = &o->calls;

	if (!o->verdict[0])
		judge_length(o, call);
	while (*at && *at != call)
		at = &(*at)->next;
	if (*at)
		*at = call->next;
	o->stats.nr_failed += err != MIRQ_OK;
	if (call->before && err)
		judge_unchanged(o, call, err);
	oracle_text_free(call->before);
	call->before = NULL;
}

/* ---- Lines ---- */

static void line_reset(struct oracle *o, struct oracle_line *line)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; line->life && i < o->nr_cpus * ORACLE_IDS; i++)
		if (o->owners[i] == (uint32_t)(line - o->lines) + 1)
			o->owners[i] = ORACLE_NOBODY;
	for (uint32_t i = 0; i < o->nr_pending; i++)
		if (o->pending[i].line != line)
			o->pending[nr++] = o->pending[i];
	o->nr_pending = nr;
	memset(line, 0, sizeof(*line));
	for (uint32_t i = 0; i < ORACLE_ACTIONS; i++) {
		line->actions[i].o = o;
		line->actions[i].line = line;
	}
}

/* Neighbours, for handlers with a stride; those never used first, so that late messages find their
 * line as long as possible. */
static struct oracle_line *lines_take(struct oracle *o, uint32_t nr, enum oracle_life worst)
{
	uint32_t nr_found = 0;

	for (uint32_t i = 0; i < o->nr_lines; i++) {
		enum oracle_life life = o->lines[i].life;

		nr_found = life == ORACLE_UNUSED || life == worst ? nr_found + 1 : 0;
		if (nr_found == nr)
			return &o->lines[i + 1 - nr];
	}
	return NULL;
}

static void line_fill(struct oracle *o, struct oracle_line *line, struct mirq_irqs one,
		      struct sim_device *device)
{
	struct mirq_irq_info info;

	line_reset(o, line);
	if (mirq_irq_inspect(one, &info))
		return;
	line->life = ORACLE_ALLOCATED;
	line->one = one;
	line->number = info.number;
	line->device = device;
	line->is_deaf = oracle_is_lost(o, device);
	line->is_carried = info.line != 0;
	line->store = sim_store_of(o->s, one.store, strstr(info.store, "MSIX") != NULL);
	sim_device_lend(device, line->store, one.slots.first, info.cookie);
	if (info.route.kind != MIRQ_ROUTE_NONE && !line->is_carried)
		oracle_own(o, info.route.cpu, info.route.id, (uint32_t)(line - o->lines) + 1);
}

void oracle_follow(struct oracle *o, struct mirq_irqs irqs, const char *device)
{
	uint32_t nr = mirq_irq_count(irqs), is_isolated = 0;
	struct oracle_line *lines = lines_take(o, nr, ORACLE_UNUSED);
	struct mirq_device *dev = NULL;

	if (!lines)
		lines = lines_take(o, nr, ORACLE_LEFT);
	if (!lines) {
		oracle_broken(o, "the oracle was made for fewer interrupts: %u", o->nr_lines);
		return;
	}
	while ((dev = mirq_device_next(o->m, dev)))
		if (!strcmp(mirq_device_name(dev), device))
			is_isolated = (uint32_t)mirq_device_is_isolated(dev);
	for (uint32_t i = 0; i < nr; i++) {
		line_fill(o, &lines[i], mirq_irq_at(irqs, i), sim_device(o->s, device));
		lines[i].is_isolated = is_isolated;
	}
}

static void line_leave(struct oracle_line *line)
{
	line->life = ORACLE_LEFT;
	line->is_leaving = 0;
	for (uint32_t a = 0; a < ORACLE_ACTIONS; a++)
		line->actions[a].promise = ORACLE_IDLE;
}

void oracle_forget(struct oracle *o, struct mirq_irqs irqs)
{
	for (uint32_t i = 0; i < o->nr_lines; i++) {
		struct oracle_line *line = &o->lines[i];

		if (line->life != ORACLE_ALLOCATED || line->one.store != irqs.store ||
		    line->one.slots.first < irqs.slots.first ||
		    line->one.slots.first >= irqs.slots.limit)
			continue;
		line_leave(line);
	}
}

/* ---- Promises ---- */

#define for_each_line(line, o, irqs)                                                               \
	for (uint32_t l_ = 0; l_ < mirq_irq_count(irqs); l_++)                                     \
		if (((line) = oracle_line_of(o, irqs, l_)))

/* An action that all of them have free. */
static uint32_t action_free(struct oracle *o, struct mirq_irqs irqs)
{
	struct oracle_line *line;
	uint32_t busy = 0;

	for_each_line(line, o, irqs) for (uint32_t i = 0; i < ORACLE_ACTIONS; i++)
		busy |= (uint32_t)(line->actions[i].promise != ORACLE_IDLE) << i;
	for (uint32_t i = 0; i < ORACLE_ACTIONS; i++)
		if (!(busy >> i & 1))
			return i;
	return ORACLE_ACTIONS;
}

static void promise(struct oracle *o, struct mirq_irqs irqs, uint32_t action,
		    enum oracle_promise to)
{
	struct oracle_line *line;

	for_each_line(line, o, irqs) for (uint32_t i = 0; i < ORACLE_ACTIONS; i++)
	{
		struct oracle_action *a = &line->actions[i];

		if ((action != ORACLE_ALL && i != action) || a->promise == to ||
		    (a->promise == ORACLE_IDLE && to != ORACLE_REQUESTING))
			continue;
		a->promise = to;
		if (to == ORACLE_IDLE || to == ORACLE_REQUESTING)
			a->is_owed = 0;
		if (to == ORACLE_IDLE) /* what was resent may still arrive */
			a->is_kept = 0;
	}
}

static int has_promise(const struct oracle_line *line)
{
	for (uint32_t i = 0; i < ORACLE_ACTIONS; i++)
		if (line->actions[i].promise != ORACLE_IDLE)
			return 1;
	return 0;
}

/* With the last handler its state goes. */
static void settle(struct oracle *o, struct mirq_irqs irqs)
{
	struct oracle_line *line;

	for_each_line(line, o, irqs) if (!has_promise(line))
		line->depth = line->is_quiet = line->is_later = 0;
}

/* ---- Calls ---- */

enum mirq_err oracle_pci_attach(struct oracle *o, const char *name, struct mirq_device **out_dev)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_pci_attach");
	err = sim_pci_attach(o->s, o->m, name, out_dev);
	oracle_call_end(o, &call, err);
	return err;
}

static enum mirq_err vmd_lines(struct oracle *o, const char *name, struct mirq_irqs *out_lines)
{
	uint32_t nr = sim_device_spec(sim_device(o->s, name))->nr_msix;
	struct mirq_device *dev = NULL;
	struct mirq_irqs one;
	enum mirq_err err = oracle_pci_attach(o, name, &dev);

	for (uint32_t i = 0; !err && i < nr; i++) {
		const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want),
						    .cpus = mirq_cpus_one(i % o->nr_cpus) };

		err = oracle_alloc(o, dev, 1, 1, MIRQ_PCI_MSIX, &want, &one);
		if (!err)
			*out_lines = (struct mirq_irqs){ one.store, { 0, i + 1 } };
	}
	return err;
}

enum mirq_err oracle_vmd_attach(struct oracle *o, const char *name, struct mirq_irqs *out_lines,
				struct mirq_domain **out_domain)
{
	struct oracle_call call;
	enum mirq_err err = vmd_lines(o, name, out_lines);

	if (err)
		return err;
	oracle_call_begin(o, &call, "mirq_mux_attach");
	err = sim_mux_attach(o->m, *out_lines, out_domain);
	oracle_call_end(o, &call, err);
	return err;
}

static uint32_t is_line_of(const struct oracle_line *line, const struct mirq_device *dev)
{
	struct mirq_store *store = NULL;

	while (line->life == ORACLE_ALLOCATED && (store = mirq_store_next(dev, store)))
		if (line->one.store == store)
			return 1;
	return 0;
}

enum mirq_err oracle_device_detach(struct oracle *o, struct mirq_device *dev)
{
	const struct sim_device *device = sim_device(o->s, mirq_device_name(dev));
	struct mirq_store *store = NULL;
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_device_detach");
	while ((store = mirq_store_next(dev, store)))
		promise(o, mirq_store_irqs(store), ORACLE_ALL, ORACLE_RELEASING);
	for (uint32_t i = 0; i < o->nr_lines; i++)
		o->lines[i].is_leaving = is_line_of(&o->lines[i], dev);
	err = mirq_device_detach(dev);
	for (uint32_t i = 0; i < o->nr_lines; i++) {
		if (!o->lines[i].is_leaving)
			continue;
		promise(o, o->lines[i].one, ORACLE_ALL, ORACLE_REQUESTED);
		if (!err)
			line_leave(&o->lines[i]);
	}
	if (!err)
		sim_stores_forget(o->s, device);
	oracle_call_end(o, &call, err);
	return err;
}

enum mirq_err oracle_store_attach(struct oracle *o, struct mirq_device *dev, enum sim_store kind,
				  struct mirq_store **out_store)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_store_attach");
	err = sim_store_attach(o->s, dev, kind, NULL, out_store);
	oracle_call_end(o, &call, err);
	return err;
}

enum mirq_err oracle_store_alloc(struct oracle *o, struct mirq_device *dev,
				 struct mirq_store *store, const struct mirq_irq_want *want,
				 struct mirq_irqs *out_irqs)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_irq_alloc");
	err = mirq_irq_alloc(store, want, out_irqs);
	if (!err)
		oracle_follow(o, *out_irqs, mirq_device_name(dev));
	oracle_call_end(o, &call, err);
	return err;
}

enum mirq_err oracle_alloc(struct oracle *o, struct mirq_device *dev, uint32_t min, uint32_t max,
			   uint32_t kinds, const struct mirq_irq_want *want,
			   struct mirq_irqs *out_irqs)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_pci_alloc_irqs");
	err = mirq_pci_alloc_irqs(dev, min, max, kinds, want, out_irqs);
	if (!err)
		oracle_follow(o, *out_irqs, mirq_device_name(dev));
	oracle_call_end(o, &call, err);
	return err;
}

enum mirq_err oracle_free(struct oracle *o, struct mirq_irqs irqs)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_irq_free");
	promise(o, irqs, ORACLE_ALL, ORACLE_RELEASING);
	err = mirq_irq_free(irqs);
	if (!err)
		oracle_forget(o, irqs);
	else
		promise(o, irqs, ORACLE_ALL, ORACLE_REQUESTED);
	oracle_call_end(o, &call, err);
	return err;
}

enum mirq_err oracle_request(struct oracle *o, struct mirq_irqs irqs,
			     const struct oracle_handler *how, uint32_t *out_action)
{
	static const struct oracle_handler simple;
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = oracle_handle,
				      .stride_bytes = sizeof(struct oracle_line) };
	struct oracle_line *first = oracle_line_of(o, irqs, 0), *line;
	uint32_t action = action_free(o, irqs);
	struct oracle_call call;
	enum mirq_err err;

	if (!first || action == ORACLE_ACTIONS)
		return MIRQ_EINVAL;
	how = how ? how : &simple;
	for_each_line(line, o, irqs)
	{
		line->actions[action].how = *how;
		line->is_deaf = oracle_is_lost(o, line->device);
	}
	h.flags = how->flags;
	h.context = &first->actions[action];
	oracle_call_begin(o, &call, "mirq_irq_request");
	promise(o, irqs, action, ORACLE_REQUESTING);
	err = mirq_irq_request(irqs, &h);
	promise(o, irqs, action, err ? ORACLE_IDLE : ORACLE_REQUESTED);
	for_each_line(line, o, irqs) if (!err && (how->flags & MIRQ_REQUEST_DISABLED))
		line->depth = 1;
	settle(o, irqs);
	oracle_call_end(o, &call, err);
	if (!err && out_action)
		*out_action = action;
	return err;
}

enum mirq_err oracle_release(struct oracle *o, struct mirq_irqs irqs, uint32_t action)
{
	struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = oracle_handle,
				      .stride_bytes = sizeof(struct oracle_line) };
	struct oracle_line *first = oracle_line_of(o, irqs, 0);
	struct oracle_call call;
	enum mirq_err err;

	if (!first)
		return MIRQ_EINVAL;
	h.context = &first->actions[action == ORACLE_ALL ? 0 : action];
	oracle_call_begin(o, &call, "mirq_irq_release");
	promise(o, irqs, action, ORACLE_RELEASING);
	err = mirq_irq_release(irqs, action == ORACLE_ALL ? NULL : &h);
	promise(o, irqs, action, err ? ORACLE_REQUESTED : ORACLE_IDLE);
	settle(o, irqs);
	oracle_call_end(o, &call, err);
	return err;
}

enum mirq_err oracle_move(struct oracle *o, struct mirq_irqs irqs, struct mirq_cpus cpus)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_affinity_set");
	err = mirq_affinity_set(irqs, cpus, NULL);
	oracle_call_end(o, &call, err);
	return err;
}

void oracle_disable(struct oracle *o, struct mirq_irqs irqs)
{
	struct oracle_line *line;
	struct oracle_call call;

	oracle_call_begin(o, &call, "mirq_irq_disable");
	for_each_line(line, o, irqs) line->depth += has_promise(line) != 0;
	mirq_irq_disable(irqs);
	oracle_call_end(o, &call, MIRQ_OK);
}

enum mirq_err oracle_enable(struct oracle *o, struct mirq_irqs irqs)
{
	struct oracle_line *line;
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_irq_enable");
	for_each_line(line, o, irqs)
	{
		line->is_quiet &= line->depth > 1;
		line->depth -= line->depth != 0;
	}
	err = mirq_irq_enable(irqs);
	oracle_call_end(o, &call, MIRQ_OK); /* the others were enabled: it may change things */
	return err;
}

enum mirq_err oracle_sync(struct oracle *o, struct mirq_irqs irqs)
{
	struct oracle_line *line;
	struct oracle_call call;
	uint32_t is_disabled = 1;
	enum mirq_err err;

	for_each_line(line, o, irqs) is_disabled &= line->depth != 0;
	oracle_call_begin(o, &call, "mirq_irq_sync");
	err = mirq_irq_sync(irqs);
	for_each_line(line, o, irqs) line->is_quiet |= !err && is_disabled && line->depth;
	oracle_call_end(o, &call, err);
	return err;
}

enum mirq_err oracle_resend(struct oracle *o, struct mirq_irqs irqs)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(o, &call, "mirq_irq_resend");
	err = mirq_irq_resend(irqs);
	oracle_call_end(o, &call, err);
	return err;
}

void oracle_done(struct oracle *o, struct mirq_irqs irqs)
{
	struct oracle_line *line;
	struct oracle_call call;

	oracle_call_begin(o, &call, "mirq_irq_done");
	for_each_line(line, o, irqs) line->is_later = 0;
	mirq_irq_done(irqs);
	oracle_call_end(o, &call, MIRQ_OK);
}

uint64_t oracle_called(const struct oracle *o, struct mirq_irqs one)
{
	const struct oracle_line *line = oracle_line_of(o, one, 0);
	uint64_t nr = 0;

	for (uint32_t i = 0; line && i < ORACLE_ACTIONS; i++)
		nr += line->actions[i].nr_calls;
	return nr;
}
