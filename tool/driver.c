/* SPDX-License-Identifier: MIT */
/* driver.c - see driver.h. */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "world.h"

#define DRIVER_QUEUES 1024u /* of all drivers, about */

void driver_make_all(struct world *w)
{
	const struct sim_spec *spec = sim_spec(w->s);

	uint32_t nr_most = DRIVER_QUEUES / (spec->nr_devices + 1);

	w->nr_drivers = spec->nr_devices;
	w->drivers = calloc(spec->nr_devices + 1, sizeof(*w->drivers));
	for (uint32_t i = 0; w->drivers && i < w->nr_drivers; i++) {
		const struct sim_device_spec *device = &spec->devices[i];
		uint32_t nr_has = device->nr_msix ? device->nr_msix : device->nr_msi;
		uint32_t nr = nr_has < nr_most ? nr_has : nr_most;
		struct driver *d = &w->drivers[i];

		*d = (struct driver){ .w = w,
				      .name = device->name,
				      .spec = device,
				      .hardware = sim_device_at(w->s, i),
				      .nr_queues = nr };
		d->queues = calloc(nr + 1, sizeof(*d->queues));
		for (uint32_t k = 0; d->queues && k < nr; k++)
			d->queues[k] = (struct queue){ .driver = d, .slot = k };
		if (!d->queues)
			exit(1);
	}
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
	sim_device_raise(q->driver->hardware, q->slot);
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
	return mirq_device_is_isolated(d->dev) || d->spec->nr_msix || d->spec->nr_msi == 1;
}

int driver_attach(struct driver *d)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = oracle_pci_attach(d->w->o, d->name, &d->dev);

	if (!err)
		return 1;
	d->dev = NULL;
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

int driver_request(struct driver *d)
{
	struct mirq_why why = { .text = NULL };
	const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .why = &why,
					    .placement = MIRQ_PLACE_SPREAD };
	const struct oracle_handler h = { .body = queue_handle, .context = d };
	enum mirq_err err = oracle_alloc(d->w->o, d->dev, 1, d->nr_queues, MIRQ_PCI_ANY, &want,
					 &d->irqs);

	if (err) {
		d->irqs.store = NULL;
		world_refused(d->w, d->name, err, &why);
		return report_check(d->w->report, 0, "%s: no interrupts", d->name);
	}
	if (mirq_irq_count(d->irqs) > d->nr_queues)
		d->irqs.slots.limit = d->irqs.slots.first + d->nr_queues;
	queues_on(d, 1);
	err = oracle_request(d->w->o, d->irqs, &h, NULL);
	if (!err)
		return 1;
	queues_on(d, 0);
	world_refused(d->w, d->name, err, &why);
	return report_check(d->w->report, 0, "%s: interrupts not requested", d->name);
}

int driver_start(struct driver *d)
{
	if (!driver_attach(d) || !driver_request(d))
		return 0;
	report_line(d->w->report, "driver", "%s: %u of %u interrupts by %s%s", d->name,
		    mirq_irq_count(d->irqs), d->spec->nr_msix ? d->spec->nr_msix : d->spec->nr_msi,
		    d->spec->nr_msix ? "MSI-X" : "MSI",
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
	if (oracle_device_detach(d->w->o, d->dev))
		(void)report_check(d->w->report, 0, "%s: not detached", d->name);
	d->dev = NULL;
}
