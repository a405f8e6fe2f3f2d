/* SPDX-License-Identifier: MIT */
/*
 * device.c - memory space of a device and what it sends. Offset 0 is a doorbell: writing n raises
 * message n. Offset 8 keeps what was written. Then the table of MSI-X and its pending bits, then
 * the device's own stores (ims.c), which offset 0x40 tells about; of an array that is called idxd
 * 0x10 and 0x64 tell as well.
 * Sources: [IDXD]; [PCIE] 2.2, 7.5.1.1 (bus mastering). Locking: none.
 */
#include "fabric.h"
#include "model.h"

#include <string.h>

#define DEVICE_DOORBELL 0x0u
#define DEVICE_SCRATCH 0x8u
#define DEVICE_GENCAP 0x10u       /* of a device that is called idxd */
#define DEVICE_OFFSETS_HIGH 0x64u /* the same */
#define DEVICE_STORES 0x40u       /* of each own store: how many slots, where its registers are */

/* Messages are memory writes of a bus master. */
void sim_device_send(struct sim_device *d, const struct sim_flight *what)
{
	struct sim_flight flight = *what;

	flight.kind = SIM_SENT;
	flight.source = d->index;
	flight.device = d;
	if (!sim_device_is_master(d)) {
		d->stats.nr_lost++;
		return;
	}
	d->stats.nr_sent++;
	sim_flight_start(d->s, &flight);
}

void sim_device_say(struct sim_device *d, uint64_t address, uint32_t data)
{
	const struct sim_flight what = { .slot = SIM_NO_SLOT, .address = address, .data = data };

	sim_note(d->s, "%s writes %llx = %x", d->spec->name, (unsigned long long)address, data);
	sim_device_send(d, &what);
}

void sim_device_write(struct sim_device *d, uint64_t address, uint32_t data)
{
	uint32_t cpu = d->s->cpu_now;

	d->s->cpu_now = SIM_NO_CPU;
	sim_point(d->s, ENGINE_WRITE, sim_device_object(d));
	sim_device_say(d, address, data);
	d->s->cpu_now = cpu;
}

/* ---- Decoded by somebody else ---- */

static int device_is_own(const struct sim_device *d, uint64_t offset)
{
	return d->own && offset >= SIM_OWN_FIRST && offset < d->table_at;
}

void sim_device_set_own(struct sim_device *d, const struct sim_own *own, void *context)
{
	d->own = own;
	d->own_context = context;
}

void sim_device_act(struct sim_device *d, void (*act)(void *context), void *context)
{
	struct sim *s = d->s;
	uint32_t cpu = s->cpu_now;

	s->cpu_now = SIM_NO_CPU; /* it is the device that runs */
	sim_device_point(d);
	d->is_speaking++;
	d->speaker = sim_in_fiber(s) ? engine_current(s->engine) : 0;
	act(context);
	d->is_speaking--;
	s->cpu_now = cpu;
}

void sim_device_point(struct sim_device *d)
{
	sim_point(d->s, ENGINE_READ, sim_device_object(d));
}

/* ---- Registers ---- */

void sim_device_register_write(struct sim_device *d, uint64_t offset, uint32_t value)
{
	if (d->is_gone || !sim_device_bar(d))
		return;
	if (offset == DEVICE_DOORBELL)
		sim_device_ring(d, value);
	else if (offset == DEVICE_SCRATCH)
		d->scratch = value;
	else if (device_is_own(d, offset))
		d->own->write(d->own_context, (uint32_t)offset, value);
	else if (offset >= d->ntb_at && offset - d->ntb_at < d->spec->ntb_bytes)
		sim_ntb_window(d, (uint32_t)offset - d->ntb_at, value);
	else if (offset >= d->ims_at)
		sim_ims_write(d, (uint32_t)offset, value);
	else if (offset >= d->table_at)
		sim_msix_write(d, (uint32_t)offset, value);
}

static uint32_t read_stores(const struct sim_device *d, uint32_t offset)
{
	uint32_t store = SIM_STORE_ARRAY + offset / 8;

	if (store >= SIM_NR_STORES)
		return 0;
	return offset % 8 ? d->ims.areas[store].at : d->ims.areas[store].nr_slots;
}

/* Intel's DSA and IAA: GENCAP, 30:25: slots / 256; table offsets, 63:48: where they begin / 256. */
static uint32_t read_idxd(const struct sim_device *d, uint32_t offset)
{
	const struct sim_ims_area *area = &d->ims.areas[SIM_STORE_ARRAY];

	if (offset == DEVICE_GENCAP)
		return area->nr_slots / 256 << 25;
	return area->at / 256 << 16;
}

uint32_t sim_device_register_read(struct sim_device *d, uint64_t offset)
{
	if (d->is_gone || !sim_device_bar(d))
		return UINT32_MAX;
	if (offset == DEVICE_SCRATCH)
		return d->scratch;
	if (device_is_own(d, offset))
		return d->own->read(d->own_context, (uint32_t)offset);
	if (offset >= d->ims_at)
		return sim_ims_read(d, (uint32_t)offset);
	if (offset >= d->table_at)
		return sim_msix_read(d, (uint32_t)offset);
	if (d->spec->is_array_idxd && (offset == DEVICE_GENCAP || offset == DEVICE_OFFSETS_HIGH))
		return read_idxd(d, (uint32_t)offset);
	return offset >= DEVICE_STORES ? read_stores(d, (uint32_t)offset - DEVICE_STORES) : 0;
}

/* ---- Looking at it ---- */

struct sim_device *sim_device_at(struct sim *s, uint32_t index)
{
	return index < s->spec.nr_devices ? &s->devices[index] : NULL;
}

struct sim_device *sim_device(struct sim *s, const char *name)
{
	for (uint32_t i = 0; i < s->spec.nr_devices; i++)
		if (!strcmp(s->spec.devices[i].name, name))
			return &s->devices[i];
	return NULL;
}

const char *sim_device_name(const struct sim_device *d)
{
	return d->spec->name;
}

const struct sim_device_spec *sim_device_spec(const struct sim_device *d)
{
	return d->spec;
}

uint16_t sim_device_rid(const struct sim_device *d)
{
	return d->function.rid;
}

uint16_t sim_device_requester(const struct sim_device *d)
{
	return d->requester;
}

uint64_t sim_device_registers(const struct sim_device *d)
{
	return d->bar_address;
}

void sim_device_stats(const struct sim_device *d, struct sim_device_stats *out_stats)
{
	*out_stats = d->stats;
}
