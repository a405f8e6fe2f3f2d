/* SPDX-License-Identifier: MIT */
/*
 * tiny_mux.c - the tiny machine's mux: what device 0 sends raises slots of device 1, line n its
 * slot n, which goes to CPU n. Messages leave in the order in which they came, so what a read of
 * device 0 has pushed out of it stands behind what a read of device 1 would push.
 */
#include "tiny_own.h"

/* Which ids of a line wait is a register of the mux, if it has one; who reads it takes it. */
static uint32_t mux_claim(void *data, uint32_t line)
{
	struct tiny *w = data;

	tiny_at_wire(w, ENGINE_WRITE);
	atomics_join(w->e);
	for (uint32_t i = 0; i < w->init.nr_ids; i++) {
		uint32_t from = w->mux_from[line][i];

		if (!from)
			continue;
		w->mux_from[line][i] = 0;
		tiny_oracle_taken(w, from);
		engine_note(w->e, "line %u: claims id %u", line, TINY_FIRST_ID + i);
		return TINY_FIRST_ID + i;
	}
	engine_note(w->e, "line %u: nothing to claim", line);
	return MIRQ_NO_ID;
}

static void mux_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			struct mirq_msg *out_msg)
{
	const struct tiny *w = data;

	(void)block_log2;
	out_msg->address = TINY_MUX_ADDRESS | (uint64_t)route->cpu << 8;
	out_msg->data = w->init.options & TINY_STATUS ? route->id : 0;
}

static const struct mirq_secondary_ops mux_ops = {
	.size_bytes = sizeof(struct mirq_secondary_ops),
	.compose = mux_compose,
};

static const struct mirq_secondary_ops mux_ops_status = {
	.size_bytes = sizeof(struct mirq_secondary_ops),
	.compose = mux_compose,
	.claim = mux_claim,
};

void tiny_mux_begin(struct tiny *w)
{
	struct mirq_secondary_init init = {
		.size_bytes = sizeof(init),
		.name = "mux",
		.ops = w->init.options & TINY_STATUS ? &mux_ops_status : &mux_ops,
		.data = w,
		.lines = { w->devices[1].store, { 0, TINY_SLOTS_OF_DEVICE } },
		.ids = { TINY_FIRST_ID, TINY_FIRST_ID + w->init.nr_ids },
		.carries = MIRQ_CARRIES_ONE,
		.traits = MIRQ_ROOT_ADDRESS_HAS_TARGET,
	};

	for (uint32_t line = 0; line < TINY_SLOTS_OF_DEVICE; line++)
		tiny_alloc(w, TINY_SLOTS_OF_DEVICE + line, line);
	if (mirq_secondary_attach(w->m, &init, &w->mux))
		engine_fail(w->e, "the mux is not attached");
}

void tiny_mux_end(struct tiny *w)
{
	if (mirq_secondary_detach(w->mux))
		engine_fail(w->e, "the mux is not detached");
}

void tiny_mux_arrive(struct tiny *w, uint32_t slot, const struct mirq_msg *msg)
{
	uint32_t line = (uint32_t)(msg->address - TINY_MUX_ADDRESS) >> 8;
	uint32_t i = w->init.options & TINY_STATUS ? msg->data - TINY_FIRST_ID : 0;

	if (line >= TINY_SLOTS_OF_DEVICE || i >= w->init.nr_ids) {
		engine_fail(w->e, "I4: a message to line %u, %u: there is none", line, msg->data);
		return;
	}
	w->mux_from[line][i] |= UINT32_C(1) << slot;
	engine_note(w->e, "line %u: a message of slot %u", line, slot);
	tiny_raise(w, TINY_SLOTS_OF_DEVICE + line);
}
