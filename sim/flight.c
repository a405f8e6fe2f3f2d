/* SPDX-License-Identifier: MIT */
/*
 * flight.c - what is under way: posted writes to devices, messages from them, interrupts to local
 * APICs. One queue for each kind and source keeps its order; between queues there is none.
 *
 * PCI's ordering, as far as software can see it: a read from a device pushes the writes posted to
 * it before; its completion pushes what the device sent before. The completion of an invalidation
 * pushes what the unit has remapped by the old entry.
 * Sources: [PCIE] 2.4.1; [VTD] 6.5.6 (draining). Locking: none.
 */
#include "fabric.h"
#include "model.h"

static uint32_t flight_delay(const struct sim *s, enum sim_flight_kind kind)
{
	switch (kind) {
	case SIM_POSTED:
		return s->timing.posted;
	case SIM_SENT:
		return s->timing.message;
	case SIM_REMAPPED:
		return s->timing.remapped;
	default:
		return s->timing.ipi;
	}
}

static int flight_same_queue(const struct sim_flight *a, const struct sim_flight *b)
{
	return a->kind == b->kind && a->source == b->source;
}

/* Nothing of the same queue stands before it. */
static int flight_is_first(const struct sim *s, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (flight_same_queue(&s->flights[i], &s->flights[nr]))
			return 0;
	return 1;
}

static void flight_arrive(struct sim *s, const struct sim_flight *flight)
{
	switch (flight->kind) {
	case SIM_POSTED:
		sim_device_register_write(flight->device, flight->address, flight->data);
		break;
	case SIM_SENT:
		sim_root_complex_write(flight->device, flight->address, flight->data);
		break;
	case SIM_REMAPPED:
	case SIM_IPI:
		sim_apics_accept(s, &flight->route);
		break;
	}
}

static void flight_take(struct sim *s, uint32_t nr)
{
	struct sim_flight flight = s->flights[nr];
	const struct sim_flight *before = s->arriving;

	s->nr_flights--;
	for (uint32_t i = nr; i < s->nr_flights; i++)
		s->flights[i] = s->flights[i + 1];
	s->arriving = &flight;
	flight_arrive(s, &flight);
	s->arriving = before;
}

void sim_flight_start(struct sim *s, const struct sim_flight *flight)
{
	uint32_t delay = flight_delay(s, flight->kind);

	if (s->nr_flights == SIM_MAX_FLIGHTS)
		flight_take(s, 0);
	s->flights[s->nr_flights] = *flight;
	s->flights[s->nr_flights].due_point = s->nr_points + sim_random(s, delay + 1);
	s->flights[s->nr_flights].number = ++s->nr_flights_ever;
	s->nr_flights++;
	if (!delay && flight_is_first(s, s->nr_flights - 1))
		flight_take(s, s->nr_flights - 1);
	else
		sim_wake_bus(s);
}

/* The first one of @kind that concerns @d arrives; 0: there is none. */
static int flight_push_one(struct sim *s, enum sim_flight_kind kind, const struct sim_device *d)
{
	for (uint32_t i = 0; i < s->nr_flights; i++) {
		if (s->flights[i].kind == kind && s->flights[i].device == d) {
			flight_take(s, i);
			return 1;
		}
	}
	return 0;
}

void sim_flights_push(struct sim *s, const struct sim_device *d)
{
	while (flight_push_one(s, SIM_POSTED, d))
		;
	while (flight_push_one(s, SIM_SENT, d))
		;
	while (flight_push_one(s, SIM_REMAPPED, d))
		;
}

void sim_flights_drain(struct sim *s, const struct sim_unit *u)
{
	uint32_t i = 0;

	while (i < s->nr_flights) {
		const struct sim_flight *flight = &s->flights[i];

		if (flight->kind == SIM_REMAPPED && flight->device && flight->device->unit == u)
			flight_take(s, i);
		else
			i++;
	}
}

void sim_flights_forget(struct sim *s, enum sim_flight_kind kind, const struct sim_device *d)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < s->nr_flights; i++)
		if (s->flights[i].kind != kind || s->flights[i].device != d)
			s->flights[nr++] = s->flights[i];
	s->nr_flights = nr;
}

void sim_flights_tick(struct sim *s)
{
	uint32_t i = 0;

	while (i < s->nr_flights) {
		if (s->flights[i].due_point <= s->nr_points && flight_is_first(s, i)) {
			flight_take(s, i);
			i = 0;
		} else {
			i++;
		}
	}
	for (i = 0; i < s->spec.nr_units; i++)
		if (sim_unit_is_busy(&s->units[i]))
			sim_unit_step(&s->units[i]);
	for (i = 0; i < s->spec.nr_devices; i++)
		if (sim_ims_is_busy(&s->devices[i]))
			sim_ims_step(&s->devices[i]);
}

/* ---- Work: the heads of all queues, then the units, then devices' commands ---- */

uint32_t sim_work_count(struct sim *s)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < s->nr_flights; i++)
		nr += (uint32_t)flight_is_first(s, i);
	for (uint32_t i = 0; i < s->spec.nr_units; i++)
		nr += (uint32_t)sim_unit_is_busy(&s->units[i]);
	for (uint32_t i = 0; i < s->spec.nr_devices; i++)
		nr += (uint32_t)sim_ims_is_busy(&s->devices[i]);
	return nr;
}

static struct sim_cpu *route_cpu(struct sim *s, const struct sim_route *route)
{
	for (uint32_t i = 0; i < s->spec.nr_cpus; i++)
		if (s->cpus[i].apic_id == route->destination)
			return &s->cpus[i];
	return NULL;
}

/* An entry is two words, each named by its own address; who it reaches is not known before. */
static void flight_objects(struct sim *s, const struct sim_flight *flight, struct sim_work *work)
{
	const uint64_t *entry = NULL;

	switch (flight->kind) {
	case SIM_POSTED:
		work->objects[0] = sim_device_object(flight->device);
		break;
	case SIM_SENT:
		work->objects[0] = sim_device_object(flight->device);
		if (flight->device->unit)
			entry = sim_unit_entry_object(flight->device->unit, flight->address,
						      flight->data);
		if (entry) {
			work->objects[1] = entry;
			work->objects[2] = entry + 1;
		}
		break;
	case SIM_REMAPPED:
	case SIM_IPI:
		work->objects[0] = route_cpu(s, &flight->route);
		break;
	}
}

void sim_work_get(struct sim *s, uint32_t nr, struct sim_work *out_work)
{
	*out_work = (struct sim_work){ .unit = NULL };
	for (uint32_t i = 0; i < s->nr_flights; i++) {
		if (flight_is_first(s, i) && !nr--) {
			out_work->flight = s->flights[i].number;
			flight_objects(s, &s->flights[i], out_work);
			return;
		}
	}
	for (uint32_t i = 0; i < s->spec.nr_units; i++) {
		if (sim_unit_is_busy(&s->units[i]) && !nr--) {
			out_work->unit = &s->units[i];
			out_work->objects[0] = &s->units[i];
			out_work->objects[1] = sim_unit_status_object(&s->units[i]);
			return;
		}
	}
	for (uint32_t i = 0; i < s->spec.nr_devices; i++) {
		if (sim_ims_is_busy(&s->devices[i]) && !nr--) {
			out_work->device = &s->devices[i];
			out_work->objects[0] = &s->devices[i];
			return;
		}
	}
}

void sim_work_do(struct sim *s, const struct sim_work *work)
{
	if (work->unit && sim_unit_is_busy(work->unit))
		sim_unit_step(work->unit);
	if (work->device && sim_ims_is_busy(work->device))
		sim_ims_step(work->device);
	for (uint32_t i = 0; work->flight && i < s->nr_flights; i++) {
		if (s->flights[i].number == work->flight) {
			flight_take(s, i);
			return;
		}
	}
}
