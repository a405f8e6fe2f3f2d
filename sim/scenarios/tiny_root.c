/* SPDX-License-Identifier: MIT */
/*
 * tiny_root.c - the tiny machine's CPUs: pending bits, masks if the root has them, what a CPU does
 * between two steps; and the root that mirq sees.
 */
#include "tiny_own.h"

static uint32_t bit_of(uint32_t id)
{
	return UINT32_C(1) << (id - TINY_FIRST_ID);
}

static uint32_t ready(const struct tiny_cpu *c)
{
	return c->is_down ? 0 : c->pending & ~c->masked;
}

void tiny_set_pending(struct tiny *w, uint32_t cpu, uint32_t id, uint32_t from)
{
	if (cpu >= w->init.nr_cpus || id - TINY_FIRST_ID >= w->init.nr_ids) {
		engine_fail(w->e, "I4: a message to cpu%u, id %u: there is none", cpu, id);
		return;
	}
	engine_note(w->e, "%s: cpu%u, id %u", w->cpus[cpu].is_down ? "lost" : "pending", cpu, id);
	if (w->cpus[cpu].is_down)
		return;
	w->cpus[cpu].pending |= bit_of(id);
	w->cpus[cpu].from[id - TINY_FIRST_ID] |= from;
	engine_wake(w->e, cpu);
}

/* ---- What mirq sees ---- */

static enum mirq_err root_cpu_up(void *data, uint32_t cpu, uint32_t hw_target)
{
	struct tiny *w = data;

	(void)hw_target;
	w->cpus[cpu].is_down = 0;
	return MIRQ_OK;
}

static void root_cpu_down(void *data, uint32_t cpu)
{
	struct tiny *w = data;

	tiny_at_register(w, ENGINE_WRITE);
	engine_note(w->e, "cpu%u is off", cpu);
	w->cpus[cpu].is_down = 1;
	w->cpus[cpu].is_kicked = 0;
}

static void root_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			 struct mirq_msg *out_msg)
{
	(void)data;
	(void)block_log2;
	out_msg->address = TINY_ROOT_ADDRESS | (uint64_t)route->hw_target << 8;
	out_msg->data = route->id;
}

static void root_eoi(void *data, uint32_t cpu, uint32_t id)
{
	struct tiny *w = data;
	struct tiny_cpu *c = &w->cpus[cpu];

	if (!c->is_served || c->served != id)
		engine_fail(w->e, "I2: cpu%u ends id %u, which it does not serve", cpu, id);
	c->is_served = 0;
}

static enum mirq_pending root_pending(void *data, uint32_t cpu, uint32_t id)
{
	struct tiny *w = data;

	tiny_at_wire(w, ENGINE_READ);
	atomics_join(w->e);
	if (w->init.options & TINY_FAULT_PENDING)
		return MIRQ_PENDING_NO;
	return w->cpus[cpu].pending & bit_of(id) ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

/* Raised by software: no new event, one that was kept, or one that the oracle knows of. */
static void root_resend(void *data, const struct mirq_route *route)
{
	struct tiny *w = data;

	tiny_at_register(w, ENGINE_DELIVER);
	tiny_set_pending(w, route->cpu, route->id, 0);
}

static void root_mask(void *data, const struct mirq_route *route)
{
	struct tiny *w = data;

	tiny_at_register(w, ENGINE_WRITE);
	w->cpus[route->cpu].masked |= bit_of(route->id);
	engine_note(w->e, "cpu%u, id %u masked", route->cpu, route->id);
}

static void root_unmask(void *data, const struct mirq_route *route)
{
	struct tiny *w = data;

	tiny_at_register(w, ENGINE_WRITE);
	w->cpus[route->cpu].masked &= ~bit_of(route->id);
	engine_note(w->e, "cpu%u, id %u unmasked", route->cpu, route->id);
	engine_wake(w->e, route->cpu);
}

static const struct mirq_root_ops root_ops = {
	.size_bytes = sizeof(struct mirq_root_ops),
	.cpu_up = root_cpu_up,
	.cpu_down = root_cpu_down,
	.compose = root_compose,
	.eoi = root_eoi,
	.pending = root_pending,
	.resend = root_resend,
};

static const struct mirq_root_ops root_ops_no_resend = {
	.size_bytes = sizeof(struct mirq_root_ops),
	.cpu_up = root_cpu_up,
	.cpu_down = root_cpu_down,
	.compose = root_compose,
	.eoi = root_eoi,
	.pending = root_pending,
};

static const struct mirq_root_ops root_ops_masks = {
	.size_bytes = sizeof(struct mirq_root_ops),
	.cpu_up = root_cpu_up,
	.cpu_down = root_cpu_down,
	.compose = root_compose,
	.mask = root_mask,
	.unmask = root_unmask,
	.eoi = root_eoi,
	.pending = root_pending,
	.resend = root_resend,
};

struct mirq_root_init tiny_root_init(struct tiny *w)
{
	struct mirq_root_init root = {
		.size_bytes = sizeof(root),
		.name = "root",
		.ops = &root_ops,
		.data = w,
		.ids = { TINY_FIRST_ID, TINY_FIRST_ID + w->init.nr_ids },
		.carries = MIRQ_CARRIES_ONE,
		.traits = MIRQ_ROOT_ENDS_EDGE_FIRST | MIRQ_ROOT_ADDRESS_HAS_TARGET,
	};

	if (w->init.options & TINY_NO_RESEND)
		root.ops = &root_ops_no_resend;
	if (w->init.options & TINY_ROOT_MASKS)
		root.ops = &root_ops_masks;
	return root;
}

/* ---- CPUs ---- */

/* The lowest id first, then the kick; or another order, which costs. */
static void take_one(struct tiny_cpu *c)
{
	uint32_t ids = ready(c), nr = (uint32_t)__builtin_popcount(ids), chosen, i;
	struct tiny *w = c->w;

	chosen = engine_choose(w->e, nr + c->is_kicked);
	if (chosen == nr) {
		c->is_kicked = 0;
		engine_note(w->e, "takes the kick");
		mirq_service(w->m, c->cpu);
		return;
	}
	while (chosen--)
		ids &= ids - 1;
	i = (uint32_t)__builtin_ctz(ids);
	c->pending &= ~(UINT32_C(1) << i);
	c->served = TINY_FIRST_ID + i;
	c->is_served = 1;
	engine_note(w->e, "takes id %u", c->served);
	tiny_oracle_taken(w, c->from[i]);
	c->from[i] = 0;
	mirq_dispatch(w->m, c->cpu, c->served);
	if (c->is_served)
		engine_fail(w->e, "I7: cpu%u has not ended id %u", c->cpu, c->served);
}

int tiny_cpu_hook(void *context)
{
	struct tiny_cpu *c = context;
	int did = 0;

	while (c->is_open && (ready(c) || c->is_kicked)) {
		c->is_open = 0;
		tiny_at_wire(c->w, ENGINE_WRITE);
		atomics_join(c->w->e);
		if (ready(c) || c->is_kicked) /* masked meanwhile */
			take_one(c);
		c->is_open = 1;
		did = 1;
	}
	if (did)
		tiny_wake_if_quiet(c->w);
	return did;
}

/* What has come before the fiber slept does not wake it. */
static void rest(struct tiny_cpu *c)
{
	struct tiny *w = c->w;

	for (;;) {
		if (ready(c) || c->is_kicked) {
			tiny_at_wire(w, ENGINE_READ);
		} else {
			tiny_wake_if_quiet(w);
			engine_sleep(w->e);
		}
	}
}

void tiny_cpu_body(void *context)
{
	struct tiny_cpu *c = context;

	if (c->job) {
		c->job(c->w);
		tiny_at_wire(c->w, ENGINE_WRITE);
		c->w->nr_busy--;
	}
	rest(c);
}

void tiny_cpu_settle(struct tiny_cpu *c)
{
	c->is_open = 0;
	mirq_service(c->w->m, c->cpu);
	while (ready(c) || c->is_kicked)
		take_one(c);
	c->is_open = 1;
}

int tiny_is_quiet(const struct tiny *w)
{
	if (w->nr_busy || !tiny_devices_are_quiet(w))
		return 0;
	for (const struct tiny_cpu *c = w->cpus; c < w->cpus + w->init.nr_cpus; c++)
		if (ready(c) || c->is_kicked || (!c->is_open && !c->is_down))
			return 0;
	return 1;
}

void tiny_wake_if_quiet(struct tiny *w)
{
	if (tiny_is_quiet(w))
		engine_wake(w->e, w->init.nr_cpus);
}
