/* SPDX-License-Identifier: MIT */
/*
 * port_ntb.c - see port_ntb.h. Where things are: docs/machines.md.
 * Locking: the peer's driver is used by one thread at a time.
 */
#include "port_ntb.h"

#include <mirq/ntb.h>

#include "port_own.h"

#define NTB_PLACE 0x100u
#define NTB_LINK 0x10cu
#define NTB_DOORBELL 0x110u
#define NTB_COMMON 0x200u
#define NTB_COMMON_BYTES 0x200u
#define NTB_TELL_NS UINT64_C(300000)

static struct mirq_regs regs_at(struct sim_device *d, uint32_t at, uint32_t nr_bytes)
{
	uint64_t physical = SIM_MAPPED | (sim_device_registers(d) + at);

	return (struct mirq_regs){ sim_host(d->s), (volatile void *)(uintptr_t)physical, nr_bytes };
}

/* ---- The receiver ---- */

struct port_ntb {
	struct mirq_regs regs;
	struct mirq_ntb ntb;
	struct mirq_ntb_entry entries[SIM_PEER_SLOTS];
};

static enum mirq_err receiver_drain(void *context)
{
	const struct port_ntb *p = context;

	return mirq_regs_read32(&p->regs, NTB_LINK) == UINT32_MAX ? MIRQ_EIO : MIRQ_OK;
}

static enum mirq_err receiver_place(void *context, uint64_t base)
{
	const struct port_ntb *p = context;

	mirq_regs_write64(&p->regs, NTB_PLACE, base);
	return mirq_regs_read64(&p->regs, NTB_PLACE) == base ? MIRQ_OK : MIRQ_EIO;
}

static enum mirq_err receiver_tell(void *context, uint32_t generation)
{
	const struct port_ntb *p = context;
	uint64_t start_ns = mirq_host_now_ns(p->regs.host);
	uint32_t link;

	mirq_regs_write32(&p->regs, NTB_DOORBELL, 0);
	while (!mirq_ntb_is_answered(&p->ntb.board, generation)) {
		link = mirq_regs_read32(&p->regs, NTB_LINK);
		if (!link)
			return MIRQ_OK;
		if (link == UINT32_MAX || mirq_host_now_ns(p->regs.host) - start_ns > NTB_TELL_NS)
			return MIRQ_EIO;
		mirq_host_wait(p->regs.host, MIRQ_WAIT_SLEEP);
	}
	return MIRQ_OK;
}

enum mirq_err port_ntb_kind(struct sim *s, struct sim_device *d, struct mirq_store_init *init)
{
	struct port *port = port_make(s);
	struct port_ntb *p = port->ntb[d->index];

	if (!d->ntb)
		return MIRQ_ENOENT;
	if (!p)
		p = port->ntb[d->index] = sim_own(s, sizeof(*p));
	if (!p)
		return MIRQ_ENOMEM;
	p->regs = regs_at(d, 0, (uint32_t)d->table_at);
	p->ntb = (struct mirq_ntb){
		MIRQ_SIZED(mirq_ntb),
		.board = regs_at(d, NTB_COMMON, NTB_COMMON_BYTES),
		.place = receiver_place,
		.tell = receiver_tell,
		.drain = receiver_drain,
		.context = p,
		.entries = p->entries,
		.nr_slots = SIM_PEER_SLOTS,
		.window_bytes = d->spec->ntb_bytes,
		.align_bytes = d->spec->ntb_bytes,
	};
	init->data = &p->ntb;
	init->nr_slots = SIM_PEER_SLOTS;
	return mirq_ntb_init(&p->ntb, &init->kind, init->why);
}

/* ---- The peer ---- */

struct sim_peer {
	struct sim_device *end;
	struct mirq_regs board, window;
	uint32_t is_kept[SIM_PEER_SLOTS];
	uint32_t is_absent;
	struct sim_peer_stats stats;
};

static void rung(void *context)
{
	struct sim_peer *p = context;

	if (!p->is_absent)
		sim_peer_told(p);
}

struct sim_peer *sim_peer_new(struct sim_device *end)
{
	struct sim_peer *p = sim_own(end->s, sizeof(*p));

	if (!p)
		return NULL;
	p->end = end;
	p->board = regs_at(end, NTB_COMMON, NTB_COMMON_BYTES);
	p->window = regs_at(end, end->ntb_at, end->spec->ntb_bytes);
	sim_ntb_on_ring(end, rung, p);
	return p;
}

static void peer_try(struct sim_peer *p, uint32_t slot)
{
	uint32_t offset, data;
	enum mirq_err err = mirq_ntb_peer_read(&p->board, slot, &offset, &data);

	if (!err) {
		sim_ntb_speak_for(p->end, slot);
		mirq_regs_write32(&p->window, offset, data);
	}
	p->is_kept[slot] |= err == MIRQ_EBUSY;
	p->stats.nr_written += !err;
	p->stats.nr_kept += err == MIRQ_EBUSY;
	p->stats.nr_unheard += err && err != MIRQ_EBUSY;
}

void sim_peer_raise(struct sim_peer *p, uint32_t slot)
{
	p->stats.nr_raised++;
	sim_ntb_raise(p->end, slot);
	peer_try(p, slot);
}

void sim_peer_told(struct sim_peer *p)
{
	p->stats.nr_answers += !mirq_ntb_peer_answer(&p->board);
	for (uint32_t slot = 0; slot < SIM_PEER_SLOTS; slot++) {
		if (!p->is_kept[slot])
			continue;
		p->is_kept[slot] = 0;
		peer_try(p, slot);
	}
}

void sim_peer_set_absent(struct sim_peer *p, int is_absent)
{
	p->is_absent = is_absent != 0;
}

void sim_peer_stats(const struct sim_peer *p, struct sim_peer_stats *out_stats)
{
	*out_stats = p->stats;
}
