/* SPDX-License-Identifier: MIT */
/*
 * ntb.c - a non-transparent bridge between two machines: two functions, one in each, and what lies
 * between them. The registers of each (docs/machines.md has them): where the other side's window
 * leads to here, the size of its own window, the link, a doorbell of the other side, words that
 * both sides have in common. What is written into the window at one side is written at the other by
 * the function there, under its requester id.
 *
 * A read from one end pushes what was posted to it, then what it sent: so what the other side wrote
 * into its window before it wrote a common word has arrived when that word is read.
 * Sources: docs/machines.md; [PCIE] 2.4.1. Locking: none.
 */
#include "fabric.h"
#include "model.h"

#define NTB_PLACE_LOW 0x100u
#define NTB_PLACE_HIGH 0x104u
#define NTB_WINDOW 0x108u
#define NTB_LINK 0x10cu
#define NTB_DOORBELL 0x110u
#define NTB_COMMON 0x200u
#define NTB_COMMON_WORDS 128u

struct ntb_end {
	struct sim_ntb *ntb;
	struct sim_device *device;
	uint32_t high;
	uint64_t place;
	uint32_t speaks_for; /* whose the next write into the window is */
	void (*rung)(void *context);
	void *rung_context;
};
struct sim_ntb {
	struct ntb_end ends[2];
	uint32_t common[NTB_COMMON_WORDS];
	uint32_t is_down;
};

static struct ntb_end *end_of(const struct sim_device *d)
{
	return d->ntb->ends[0].device == d ? &d->ntb->ends[0] : &d->ntb->ends[1];
}

static struct ntb_end *other_of(const struct ntb_end *end)
{
	return &end->ntb->ends[end == end->ntb->ends];
}

const void *sim_device_object(const struct sim_device *d)
{
	if (d->vmd)
		return d->vmd;
	return d->ntb ? (const void *)d->ntb : d;
}

static void ring(struct ntb_end *end, uint32_t vector)
{
	sim_note(end->device->s, "%s rings", end->device->spec->name);
	if (end->rung)
		end->rung(end->rung_context);
	sim_device_ring(end->device, vector);
}

static void place(struct ntb_end *end, uint32_t low)
{
	uint64_t size = other_of(end)->device->spec->ntb_bytes;

	end->place = ((uint64_t)end->high << 32 | low) & ~(size - 1);
	if (end->place != ((uint64_t)end->high << 32 | low))
		sim_violate(end->device->s, "a window was placed where its size does not allow it");
	sim_note(end->device->s, "%s: the window is at %llx", end->device->spec->name,
		 (unsigned long long)end->place);
}

static void ntb_write(void *context, uint32_t offset, uint32_t value)
{
	struct ntb_end *end = context;

	if (offset == NTB_PLACE_HIGH)
		end->high = value;
	else if (offset == NTB_PLACE_LOW)
		place(end, value);
	else if (offset == NTB_DOORBELL && !end->ntb->is_down)
		ring(other_of(end), value);
	else if (offset >= NTB_COMMON && offset < NTB_COMMON + 4 * NTB_COMMON_WORDS)
		end->ntb->common[(offset - NTB_COMMON) / 4] = value;
}

static uint32_t ntb_read(void *context, uint32_t offset)
{
	const struct ntb_end *end = context;

	if (offset == NTB_PLACE_HIGH)
		return (uint32_t)(end->place >> 32);
	if (offset == NTB_PLACE_LOW)
		return (uint32_t)end->place;
	if (offset == NTB_WINDOW)
		return end->device->spec->ntb_bytes;
	if (offset == NTB_LINK)
		return !end->ntb->is_down;
	if (offset >= NTB_COMMON && offset < NTB_COMMON + 4 * NTB_COMMON_WORDS)
		return end->ntb->common[(offset - NTB_COMMON) / 4];
	return 0;
}

void sim_ntb_window(struct sim_device *d, uint32_t offset, uint32_t value)
{
	struct ntb_end *end = d->ntb ? end_of(d) : NULL, *to = end ? other_of(end) : NULL;
	struct sim_flight flight = { .slot = SIM_NO_SLOT, .store = SIM_STORE_PEER, .data = value };

	if (!end || end->ntb->is_down)
		return;
	flight.address = to->place + offset;
	flight.slot = end->speaks_for;
	end->speaks_for = SIM_NO_SLOT;
	sim_note(to->device->s, "%s passes %llx = %x on", to->device->spec->name,
		 (unsigned long long)flight.address, value);
	sim_device_send(to->device, &flight);
}

struct sim_ntb *sim_ntb_join(struct sim_device *a, struct sim_device *b)
{
	static const struct sim_own own = { ntb_write, ntb_read };
	struct sim_ntb *ntb = sim_own(a->s, sizeof(*ntb));

	if (!ntb)
		return NULL;
	for (uint32_t i = 0; i < 2; i++) {
		struct sim_device *d = i ? b : a;

		ntb->ends[i] =
			(struct ntb_end){ .ntb = ntb, .device = d, .speaks_for = SIM_NO_SLOT };
		d->ntb = ntb;
		sim_device_set_own(d, &own, &ntb->ends[i]);
	}
	return ntb;
}

void sim_ntb_set_link(struct sim_ntb *ntb, int is_up)
{
	ntb->is_down = !is_up;
}

void sim_ntb_on_ring(struct sim_device *d, void (*rung)(void *context), void *context)
{
	end_of(d)->rung = rung;
	end_of(d)->rung_context = context;
}

void sim_ntb_raise(struct sim_device *d, uint32_t slot)
{
	sim_point(d->s, ENGINE_READ, sim_device_object(d));
	sim_note(d->s, "%s has an event for slot %u", d->spec->name, slot);
	sim_tell_device(other_of(end_of(d))->device, SIM_RAISED, SIM_STORE_PEER, slot);
}

void sim_ntb_speak_for(struct sim_device *d, uint32_t slot)
{
	end_of(d)->speaks_for = slot;
}
