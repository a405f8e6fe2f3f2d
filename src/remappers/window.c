/* SPDX-License-Identifier: MIT */
/*
 * window.c - a shim that translates addresses by a list of ranges (mirq/window.h). It knows no
 * hardware: who programs the bridge is not asked here.
 *
 * Sources: [PCI] 6.8.1 (a message is one aligned write of 32 bits). Locking: none needed, nothing
 * changes after attach.
 */
#include <mirq/window.h>

#include <mirq/host.h>
#include <mirq/remapper.h>

#include "../core/chip.h"
#include "../core/fail.h"
#include "../core/memory.h"

#define WINDOW_MESSAGE_BYTES 4u

struct window {
	struct mirq_host *host;
	size_t size_bytes;
	uint32_t nr_ranges;
	struct mirq_window_range ranges[];
};

static enum mirq_err window_translate(void *data, void *ctx, const struct mirq_msg *in,
				      struct mirq_msg *out_msg)
{
	const struct window *w = data;

	(void)ctx;
	for (uint32_t i = 0; i < w->nr_ranges; i++) {
		const struct mirq_window_range *r = &w->ranges[i];

		if (in->address < r->first || in->address > r->limit - WINDOW_MESSAGE_BYTES)
			continue;
		out_msg->address = in->address - r->first + r->far_first;
		out_msg->data = in->data;
		return MIRQ_OK;
	}
	return MIRQ_ENOSPC;
}

static void window_fini(void *data)
{
	struct window *w = data;

	mirq_host_free(w->host, w, w->size_bytes);
}

static const struct mirq_remapper_ops window_ops = {
	MIRQ_SIZED(mirq_remapper_ops),
	.translate = window_translate,
	.fini = window_fini,
};

/* The last address of a range on the device's side. */
static uint64_t far_last(const struct mirq_window_range *r)
{
	return r->far_first + (r->limit - r->first - 1);
}

static const char *range_defect(const struct mirq_window_range *r, uint32_t far_bits)
{
	if (r->limit <= r->first)
		return "a range is empty: .limit stands behind .first; value: its number from 0";
	if (r->limit - r->first < WINDOW_MESSAGE_BYTES)
		return "a range is narrower than the 4 bytes of a message; value: its number from "
		       "0";
	if ((r->far_first - r->first) % WINDOW_MESSAGE_BYTES)
		return "a range is shifted by something that is no multiple of 4: messages would "
		       "not be aligned; value: its number from 0";
	if (far_last(r) < r->far_first || (far_bits < 64 && far_last(r) >> far_bits))
		return "a range ends beyond the addresses of the far side: .far_bits; value: its "
		       "number from 0";
	return NULL;
}

/* Of two ranges, @a the earlier one in the list. */
static const char *pair_defect(const struct mirq_window_range *a, const struct mirq_window_range *b)
{
	if (a->limit > b->first)
		return "two ranges overlap or do not ascend; value: their numbers from 0, the "
		       "earlier one << 32";
	if (a->far_first <= far_last(b) && b->far_first <= far_last(a))
		return "two ranges overlap on the device's side; value: their numbers from 0, the "
		       "earlier one << 32";
	return NULL;
}

static enum mirq_err window_refuse(const struct mirq_window_init *init, const char *text,
				   uint64_t value)
{
	return mirqi_fail_value(init->why, MIRQ_EINVAL, init->name, text, value);
}

static enum mirq_err window_check(const struct mirq_window_init *init)
{
	const struct mirq_window_range *r = init->ranges;
	const char *text;

	if (!init->name || !r || !init->nr_ranges)
		return window_refuse(init, "a window needs a name and one range at least", 0);
	if (init->far_bits < 32 || init->far_bits > 64)
		return window_refuse(init, ".far_bits is 32 to 64, or 0 for 64; value: what it is",
				     init->far_bits);
	for (uint32_t i = 0; i < init->nr_ranges; i++) {
		text = range_defect(&r[i], init->far_bits);
		if (text)
			return window_refuse(init, text, i);
		for (uint32_t before = 0; before < i; before++) {
			text = pair_defect(&r[before], &r[i]);
			if (text)
				return window_refuse(init, text, (uint64_t)before << 32 | i);
		}
	}
	return MIRQ_OK;
}

static struct window *window_new(struct mirq_host *host, const struct mirq_window_init *init)
{
	size_t bytes = sizeof(struct window);
	struct window *w;

	if (init->nr_ranges > (SIZE_MAX - bytes) / sizeof(*init->ranges))
		return NULL;
	bytes += init->nr_ranges * sizeof(*init->ranges);
	w = mirq_host_alloc(host, bytes, _Alignof(struct window));
	if (!w)
		return NULL;
	w->host = host;
	w->size_bytes = bytes;
	w->nr_ranges = init->nr_ranges;
	memcpy(w->ranges, init->ranges, init->nr_ranges * sizeof(*init->ranges));
	return w;
}

enum mirq_err mirq_window_attach(struct mirq *m, const struct mirq_window_init *init,
				 struct mirq_domain **out_domain)
{
	struct mirq_remapper_init remapper = { MIRQ_SIZED(mirq_remapper_init) };
	struct mirq_window_init own;
	struct window *w;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	own.far_bits = own.far_bits ? own.far_bits : 64;
	err = window_check(&own);
	if (err)
		return err;
	w = window_new(mirqi_host(m), &own);
	if (!w)
		return mirqi_no_memory(own.why, own.name);
	remapper.name = own.name;
	remapper.ops = &window_ops;
	remapper.data = w;
	remapper.parent = own.parent;
	remapper.carries = own.carries ? own.carries : ~UINT32_C(0);
	remapper.why = own.why;
	err = mirq_remapper_attach(m, &remapper, out_domain);
	if (err)
		window_fini(w);
	return err;
}
