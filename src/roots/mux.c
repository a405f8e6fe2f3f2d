/* SPDX-License-Identifier: MIT */
/*
 * mux.c - the secondary root of a controller that hides a bus behind its own MSI-X interrupts
 * (mirq/mux.h): which message raises which line. Everything else is the core's.
 *
 * Facts, from the Linux driver [VMD]: a message of a child is an x86 one whose destination field
 * is the number of the controller's MSI-X interrupt; its data is not looked at; nothing says who
 * sent it. The controller's specification is not public (docs/CAVEATS.md).
 *
 * Locking: none needed, nothing changes after attach.
 */
#include <mirq/mux.h>

#include <mirq/host.h>

#include "../core/chip.h"
#include "../core/fail.h"
#include "../core/memory.h"

#define MUX_ADDRESS 0xfee00000u
#define MUX_STRIDE_BYTES 0x1000u
#define MUX_PER_LINE 64u

struct mux {
	struct mirq_host *host;
	uint64_t address;
	uint32_t stride_bytes, data;
};

/* Of a block every member says the same: the device adds its number to data. */
static void mux_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			struct mirq_msg *out_msg)
{
	const struct mux *x = data;

	(void)block_log2;
	out_msg->address = x->address + (uint64_t)route->cpu * x->stride_bytes;
	out_msg->data = x->data;
}

static void mux_fini(void *data)
{
	struct mux *x = data;

	mirq_host_free(x->host, x, sizeof(*x));
}

static const struct mirq_secondary_ops mux_ops = {
	MIRQ_SIZED(mirq_secondary_ops),
	.compose = mux_compose,
	.fini = mux_fini,
};

static void mux_defaults(struct mirq_mux_init *init)
{
	init->address = init->address ? init->address : MUX_ADDRESS;
	init->stride_bytes = init->stride_bytes ? init->stride_bytes : MUX_STRIDE_BYTES;
	init->nr_per_line = init->nr_per_line ? init->nr_per_line : MUX_PER_LINE;
	init->carries = init->carries ? init->carries : MIRQ_CARRIES_ONE;
}

static enum mirq_err mux_check(const struct mirq_mux_init *init)
{
	uint64_t span_bytes = (uint64_t)mirq_irq_count(init->lines) * init->stride_bytes;

	if (init->address % 4 || init->stride_bytes % 4 || init->address > UINT64_MAX - span_bytes)
		return mirqi_fail_value(init->why, MIRQ_EINVAL, init->name,
					"the addresses of a mux's lines are multiples of 4 of 64 "
					"bits; value: the first one",
					init->address);
	return MIRQ_OK;
}

enum mirq_err mirq_mux_attach(struct mirq *m, const struct mirq_mux_init *init,
			      struct mirq_domain **out_domain)
{
	struct mirq_secondary_init root = { MIRQ_SIZED(mirq_secondary_init) };
	struct mirq_mux_init own;
	struct mux *x;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	mux_defaults(&own);
	err = mux_check(&own);
	if (err)
		return err;
	x = mirq_host_alloc(mirqi_host(m), sizeof(*x), _Alignof(struct mux));
	if (!x)
		return mirqi_no_memory(own.why, own.name);
	x->host = mirqi_host(m);
	x->address = own.address;
	x->stride_bytes = own.stride_bytes;
	x->data = own.data;
	root.name = own.name;
	root.ops = &mux_ops;
	root.data = x;
	root.lines = own.lines;
	root.ids.limit = own.nr_per_line;
	root.carries = own.carries;
	root.traits = MIRQ_ROOT_ADDRESS_HAS_TARGET;
	root.why = own.why;
	err = mirq_secondary_attach(m, &root, out_domain);
	if (err)
		mux_fini(x);
	return err;
}
