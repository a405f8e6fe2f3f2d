/* SPDX-License-Identifier: MIT */
/*
 * Finds the devices that have a driver, ties them to mirq, counts what they raise and what is
 * handled.
 *
 * Locking: devices[] is written by firing_attach_all() alone. Counters are atomic; a slot's
 * handler never runs twice at once, and says so when it does.
 */
#include "device.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "console.h"
#include "cpu.h"
#include "heap.h"
#include "kstring.h"
#include "mirq_port.h"
#include "scenario.h"
#include "show.h"
#include "wait.h"
#include "witness.h"

enum {
	MAX_DEVICES = 64,
	FIRE_LIMIT_NS = 2000000000,
	MOVE_TRIES = 100
};

static const struct firing_driver *const drivers[] = {
	&edu_driver, &rocker_driver, &virtio_rng_driver, &xhci_driver, &ioh3420_driver,
};

enum {
	NR_DRIVERS = sizeof(drivers) / sizeof(drivers[0])
};

static struct firing_device devices[MAX_DEVICES];
static uint32_t nr_devices;

static const struct firing_driver *driver_of(const struct pci_function *f)
{
	for (uint32_t i = 0; i < NR_DRIVERS; i++) {
		const struct firing_driver *d = drivers[i];

		if (d->vendor == f->vendor &&
		    (d->device == f->device || (d->other_device && d->other_device == f->device)))
			return d;
	}
	return NULL;
}

/* MSI-X where device and driver have it, else MSI. */
static enum mirq_err attach_store(struct firing_device *d, struct mirq_why *why)
{
	enum mirq_err err = MIRQ_ENOTSUP;

	if (d->driver->kinds & MIRQ_PCI_MSIX)
		err = mirq_pci_store(d->dev, MIRQ_PCI_MSIX, &d->store, why);
	if (err && d->driver->kinds & MIRQ_PCI_MSI)
		err = mirq_pci_store(d->dev, MIRQ_PCI_MSI, &d->store, why);
	return err;
}

static bool alloc_slots(struct firing_device *d)
{
	uint32_t *nr_on_cpu;

	d->slots = heap_alloc(d->nr_vectors * sizeof(*d->slots), 0);
	nr_on_cpu = heap_alloc((size_t)d->nr_vectors * cpu_nr() * sizeof(*nr_on_cpu), 0);
	if (!d->slots || !nr_on_cpu)
		return false;
	for (uint32_t i = 0; i < d->nr_vectors; i++) {
		d->slots[i].device = d;
		d->slots[i].nr_on_cpu = &nr_on_cpu[i * cpu_nr()];
	}
	return true;
}

static bool attach(struct firing_device *d, struct pci_function *f)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err;

	d->driver = driver_of(f);
	d->function = f;
	format(d->name, sizeof(d->name), "%s %02x:%02x.%x", d->driver->name, f->rid >> 8,
	       f->rid >> 3 & 31, f->rid & 7);
	err = port_attach(f, d->name, 0, &d->dev, &why);
	if (!err)
		err = attach_store(d, &why);
	if (err) {
		show_why(d->name, err, &why);
		return false;
	}
	d->nr_vectors = mirq_irq_count(mirq_store_irqs(d->store));
	return d->driver->open(d) && alloc_slots(d);
}

uint32_t firing_attach_all(void)
{
	for (uint32_t i = 0; i < pci_nr() && nr_devices < MAX_DEVICES; i++) {
		if (!driver_of(pci_at(i)))
			continue;
		if (attach(&devices[nr_devices], pci_at(i)))
			nr_devices++;
		else
			report_failure("%s: not attached", devices[nr_devices].name);
	}
	return nr_devices;
}

uint32_t firing_nr(void)
{
	return nr_devices;
}

struct firing_device *firing_at(uint32_t index)
{
	return &devices[index];
}

struct firing_device *firing_find(const char *driver_name, uint32_t nth)
{
	for (uint32_t i = 0; i < nr_devices; i++)
		if (kstring_is_equal(devices[i].driver->name, driver_name) && !nth--)
			return &devices[i];
	return NULL;
}

enum mirq_err firing_alloc(struct firing_device *d, uint32_t nr_min,
			   const struct mirq_irq_want *want, struct mirq_why *why)
{
	struct mirq_irq_want own = { MIRQ_SIZED(mirq_irq_want) };
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = firing_handle,
					    .stride_bytes = sizeof(*d->slots), .why = why };
	enum mirq_err err;

	if (want)
		own = *want;
	own.why = why;
	err = mirq_pci_alloc_irqs(d->dev, nr_min, own.nr ? own.nr : d->nr_vectors, d->driver->kinds,
				  &own, &d->irqs);
	if (err)
		return err;
	handler.context = &d->slots[d->irqs.slots.first];
	err = mirq_irq_request(d->irqs, &handler);
	if (!err && d->driver->start && !d->driver->start(d))
		err = MIRQ_EIO;
	if (err) {
		mirq_irq_free(d->irqs);
		d->irqs = (struct mirq_irqs){ .store = NULL };
		return err;
	}
	for (uint32_t i = d->irqs.slots.first; i < d->irqs.slots.limit; i++)
		firing_tell(d, i);
	return MIRQ_OK;
}

void firing_tell(struct firing_device *d, uint32_t slot)
{
	struct mirq_irqs one = { d->store, { slot, slot + 1 } };

	d->slots[slot].was_requested = true;
	witness_slot(d->name, d->function, one);
}

enum mirq_err firing_move(struct firing_device *d, uint32_t i, uint32_t cpu, struct mirq_why *why)
{
	struct mirq_irqs one = mirq_irq_at(d->irqs, i);
	struct mirq_irq_info before;
	enum mirq_err err = MIRQ_EBUSY;

	if (mirq_irq_inspect(one, &before))
		return MIRQ_EINVAL;
	for (uint32_t tries = 0; err == MIRQ_EBUSY && tries < MOVE_TRIES; tries++)
		err = mirq_affinity_set(one, mirq_cpus_one(cpu), why);
	if (err)
		return err;
	firing_tell(d, one.slots.first);
	witness_between(d->name, one, before.route.hw_target);
	return MIRQ_OK;
}

void firing_free(struct firing_device *d)
{
	enum mirq_err err;

	if (d->driver->stop)
		d->driver->stop(d);
	err = mirq_irq_release(d->irqs, NULL);
	if (!err)
		err = mirq_irq_free(d->irqs);
	if (err)
		report_failure("%s: release and free: %s", d->name, mirq_err_text(err));
	for (uint32_t i = d->irqs.slots.first; i < d->irqs.slots.limit; i++)
		witness_free(d->name, i);
	d->irqs = (struct mirq_irqs){ .store = NULL };
}

uint64_t firing_nr_handled(const struct firing_device *d, uint32_t slot)
{
	return __atomic_load_n(&d->slots[slot].nr_handled, __ATOMIC_ACQUIRE);
}

uint64_t firing_nr_waiting(const struct firing_device *d, uint32_t slot)
{
	const struct firing_slot *s = &d->slots[slot];
	uint64_t nr_done = firing_nr_handled(d, slot) + s->nr_merged;

	return __atomic_load_n(&s->nr_raised, __ATOMIC_ACQUIRE) - nr_done;
}

bool firing_wait(struct firing_device *d, uint32_t slot, uint64_t limit_ns)
{
	struct wait w = { 0, 0 };

	while (firing_nr_waiting(d, slot))
		if (!wait_more(&w, limit_ns))
			return false;
	return true;
}

bool firing_fire(struct firing_device *d, uint32_t slot)
{
	d->driver->fire(d, slot);
	if (firing_wait(d, slot, FIRE_LIMIT_NS))
		return true;
	report_failure("%s: slot %u: raised %lu, handled %lu", d->name, slot,
		       d->slots[slot].nr_raised, firing_nr_handled(d, slot));
	return false;
}

void firing_count_raised(struct firing_device *d, uint32_t slot)
{
	__atomic_add_fetch(&d->slots[slot].nr_raised, 1, __ATOMIC_RELEASE);
}

enum mirq_handled firing_handle(void *context)
{
	struct firing_slot *s = context;
	struct firing_device *d = s->device;
	uint32_t cpu = cpu_this()->number;

	if (__atomic_exchange_n(&s->is_running, true, __ATOMIC_ACQUIRE))
		report_failure("%s: slot %u: its handler runs twice at once", d->name,
			       (uint32_t)(s - d->slots));
	if (d->driver->acknowledge)
		d->driver->acknowledge(d, (uint32_t)(s - d->slots));
	s->nr_on_cpu[cpu]++;
	__atomic_store_n(&s->handled_cpu, cpu, __ATOMIC_RELAXED);
	__atomic_store_n(&s->is_running, false, __ATOMIC_RELEASE);
	__atomic_add_fetch(&s->nr_handled, 1, __ATOMIC_RELEASE);
	return MIRQ_HANDLED;
}

struct firing_totals firing_totals(void)
{
	struct firing_totals t = { 0, 0, 0 };

	for (uint32_t i = 0; i < nr_devices; i++) {
		for (uint32_t slot = 0; slot < devices[i].nr_vectors; slot++) {
			t.nr_raised += devices[i].slots[slot].nr_raised;
			t.nr_handled += firing_nr_handled(&devices[i], slot);
			t.nr_merged += devices[i].slots[slot].nr_merged;
		}
	}
	return t;
}
