/* SPDX-License-Identifier: MIT */
/* driver.c - see driver.h. */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "../sim/port_ntb.h"
#include "world.h"

#define DRIVER_QUEUES 1024u    /* of all drivers, about */
#define DRIVER_PASIDS 0xfffffu /* as many as there are */

static uint32_t nr_slots(const struct sim_device_spec *device, enum sim_store kind)
{
	switch (kind) {
	case SIM_STORE_MSI:
		return device->nr_msix ? device->nr_msix : device->nr_msi;
	case SIM_STORE_ARRAY:
		return device->nr_array;
	case SIM_STORE_QUEUE:
		return device->nr_queue;
	case SIM_STORE_REGISTERS:
		return device->nr_registers;
	case SIM_STORE_FIRMWARE:
		return device->nr_firmware;
	default:
		return 0;
	}
}

const char *driver_store_text(const struct driver *d)
{
	static const char *const texts[SIM_NR_STORES] = { "MSI",       "MSI-X",    "array", "queue",
							  "registers", "firmware", "peer" };

	return texts[d->kind == SIM_STORE_MSI && d->spec->nr_msix ? SIM_STORE_MSIX : d->kind];
}

static void driver_make(struct world *w, uint32_t device, enum sim_store kind, uint32_t nr)
{
	struct driver *d = &w->drivers[w->nr_drivers++];

	*d = (struct driver){ .w = w,
			      .spec = &sim_spec(w->s)->devices[device],
			      .hardware = sim_device_at(w->s, device),
			      .kind = kind,
			      .first = d,
			      .nr_queues = nr };
	if (w->nr_drivers > 1 && d[-1].spec == d->spec)
		d->first = d[-1].first;
	(void)snprintf(d->name, sizeof(d->name), "%s%s%s", d->spec->name, kind ? "." : "",
		       kind ? driver_store_text(d) : "");
	d->queues = calloc(nr + 1, sizeof(*d->queues));
	if (!d->queues)
		exit(1);
	for (uint32_t k = 0; k < nr; k++)
		d->queues[k] = (struct queue){ .driver = d, .slot = k };
}

/* A device without any store has a driver, too: it attaches it, and finds nothing. */
void driver_make_all(struct world *w)
{
	const struct sim_spec *spec = sim_spec(w->s);
	uint32_t nr_most = DRIVER_QUEUES / (spec->nr_devices + 1);

	w->drivers = calloc(spec->nr_devices * (size_t)SIM_NR_STORES + 1, sizeof(*w->drivers));
	if (!w->drivers)
		exit(1);
	for (uint32_t i = 0; i < spec->nr_devices; i++) {
		uint32_t nr_before = w->nr_drivers;

		for (uint32_t kind = SIM_STORE_MSI; kind < SIM_NR_STORES; kind++) {
			uint32_t nr = nr_slots(&spec->devices[i], kind);

			if (nr)
				driver_make(w, i, kind, nr < nr_most ? nr : nr_most);
		}
		if (w->nr_drivers == nr_before)
			driver_make(w, i, SIM_STORE_MSI, 0);
	}
}

/* There is room for one of each kind. */
void driver_make_peer(struct world *w, uint32_t device, uint32_t nr)
{
	for (uint32_t i = 0; i < w->nr_drivers; i++)
		if (w->drivers[i].spec == &sim_spec(w->s)->devices[device] &&
		    !w->drivers[i].nr_queues) {
			free(w->drivers[i].queues);
			w->nr_drivers--;
		}
	driver_make(w, device, SIM_STORE_PEER, nr);
}

void driver_free_all(struct world *w)
{
	for (uint32_t i = 0; i < w->nr_drivers; i++)
		free(w->drivers[i].queues);
	free(w->drivers);
}

/* ---- Queues ---- */

static enum mirq_handled queue_handle(void *context, uint32_t slot)
{
	struct driver *d = context;
	struct queue *q = &d->queues[slot];

	q->nr_calls++;
	q->nr_while_off += q->is_off;
	q->last_cpu = sim_cpu_current(q->driver->w->s);
	q->nr_handled += queue_nr_open(q);
	return MIRQ_HANDLED;
}

void queue_raise(struct queue *q)
{
	q->nr_raised++;
	if (q->driver->kind == SIM_STORE_PEER)
		sim_peer_raise(q->driver->peer, q->slot);
	else
		sim_device_raise_at(q->driver->hardware, q->driver->kind, q->slot);
}

uint64_t queue_nr_open(const struct queue *q)
{
	return q->nr_raised - q->nr_handled - q->nr_polled;
}

void queue_poll(struct queue *q)
{
	q->nr_polled += queue_nr_open(q);
}

uint32_t queue_nr(struct world *w)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < w->nr_drivers; i++)
		nr += w->drivers[i].irqs.store ? mirq_irq_count(w->drivers[i].irqs) : 0;
	return nr;
}

struct queue *queue_at(struct world *w, uint32_t index)
{
	for (uint32_t i = 0; i < w->nr_drivers; i++) {
		struct driver *d = &w->drivers[i];
		uint32_t nr = d->irqs.store ? mirq_irq_count(d->irqs) : 0;

		if (index < nr)
			return &d->queues[index];
		index -= nr;
	}
	return NULL;
}

uint32_t queue_has_moved(struct queue *q)
{
	uint32_t before = q->place;

	return !mirq_affinity_effective(driver_irq(q->driver, q), &q->place) && q->place != before;
}

uint32_t driver_count_moved(struct driver *d)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; d->irqs.store && i < mirq_irq_count(d->irqs); i++)
		nr += queue_has_moved(&d->queues[i]);
	return nr;
}

uint32_t driver_count_moved_all(struct world *w)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < w->nr_drivers; i++)
		nr += driver_count_moved(&w->drivers[i]);
	return nr;
}

/* ---- A driver's life ---- */

struct mirq_irqs driver_irq(const struct driver *d, const struct queue *q)
{
	return mirq_irq_at(d->irqs, q->slot);
}

int driver_is_movable(const struct driver *d)
{
	if (mirq_device_is_isolated(d->dev) || d->nr_queues == 1)
		return 1;
	return d->kind == SIM_STORE_MSI ? d->spec->nr_msix != 0 : d->kind != SIM_STORE_FIRMWARE;
}

int driver_attach(struct driver *d)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = MIRQ_OK;

	if (d->first == d)
		err = oracle_pci_attach(d->w->o, d->spec->name, &d->dev);
	else
		d->dev = d->first->dev;
	if (!err && !d->dev)
		return 0; /* it was said */
	if (!err && d->kind)
		err = oracle_store_attach(d->w->o, d->dev, d->kind, &d->own);
	if (!err)
		return 1;
	world_refused(d->w, d->name, err, &why);
	return report_check(d->w->report, 0, "%s: not attached", d->name);
}

static void queues_on(struct driver *d, int is_on)
{
	for (uint32_t i = 0; i < mirq_irq_count(d->irqs); i++) {
		d->queues[i].is_busy = (uint32_t)is_on;
		d->queues[i].is_off = !is_on;
		(void)queue_has_moved(&d->queues[i]);
	}
}

/* Slots of array and queue work for a PASID each, every time for another one. */
static enum mirq_err alloc_own(struct driver *d, struct mirq_irq_want *want)
{
	uint64_t cookies[DRIVER_QUEUES];

	for (uint32_t i = 0; i < d->nr_queues; i++)
		cookies[i] = 1 + d->w->nr_lent++ % DRIVER_PASIDS;
	want->nr = d->nr_queues;
	want->cpus.range = d->cpus;
	if (d->kind == SIM_STORE_ARRAY || d->kind == SIM_STORE_QUEUE)
		want->cookies = cookies;
	return oracle_store_alloc(d->w->o, d->dev, d->own, want, &d->irqs);
}

static enum mirq_err alloc(struct driver *d, struct mirq_why *why)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .why = why,
				      .placement = MIRQ_PLACE_SPREAD };

	if (d->own)
		return alloc_own(d, &want);
	return oracle_alloc(d->w->o, d->dev, 1, d->nr_queues, MIRQ_PCI_ANY, &want, &d->irqs);
}

/* What can be neither masked nor disabled is kept quiet by its driver while it has no handler
 * (docs/rules.md, rule 1). */
static int is_kept_quiet(const struct driver *d)
{
	return d->kind == SIM_STORE_ARRAY && d->spec->is_array_unmaskable;
}

int driver_request(struct driver *d)
{
	struct mirq_why why = { .text = NULL };
	const struct oracle_handler h = { .body = queue_handle, .context = d };
	enum mirq_err err = alloc(d, &why);

	if (err) {
		d->irqs.store = NULL;
		world_refused(d->w, d->name, err, &why);
		return report_check(d->w->report, 0, "%s: no interrupts", d->name);
	}
	if (mirq_irq_count(d->irqs) > d->nr_queues)
		d->irqs.slots.limit = d->irqs.slots.first + d->nr_queues;
	queues_on(d, !is_kept_quiet(d));
	err = oracle_request(d->w->o, d->irqs, &h, NULL);
	queues_on(d, !err);
	if (!err)
		return 1;
	world_refused(d->w, d->name, err, &why);
	return report_check(d->w->report, 0, "%s: interrupts not requested", d->name);
}

int driver_start(struct driver *d)
{
	if (!driver_attach(d) || !driver_request(d))
		return 0;
	report_line(d->w->report, "driver", "%s: %u of %u interrupts by %s%s%s", d->name,
		    mirq_irq_count(d->irqs), d->peer ? SIM_PEER_SLOTS : nr_slots(d->spec, d->kind),
		    d->kind ? "IMS " : "", driver_store_text(d),
		    mirq_device_is_isolated(d->dev) ? ", isolated" : "");
	return 1;
}

/* The device stops first; what it has sent may be under way, and meets the release. */
void driver_release(struct driver *d)
{
	struct mirq_irqs irqs = d->irqs;

	for (uint32_t i = 0; i < mirq_irq_count(irqs); i++)
		d->queues[i].is_busy = 0;
	if (oracle_release(d->w->o, irqs, ORACLE_ALL))
		(void)report_check(d->w->report, 0, "%s: not released", d->name);
	for (uint32_t i = 0; i < mirq_irq_count(irqs); i++) {
		d->queues[i].is_off = 1;
		queue_poll(&d->queues[i]);
	}
	if (oracle_free(d->w->o, irqs))
		(void)report_check(d->w->report, 0, "%s: not freed", d->name);
	d->irqs.store = NULL;
}

void driver_detach(struct driver *d)
{
	if (d->first == d && oracle_device_detach(d->w->o, d->dev))
		(void)report_check(d->w->report, 0, "%s: not detached", d->name);
	d->dev = NULL;
	d->own = NULL;
}
