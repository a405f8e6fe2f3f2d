/* SPDX-License-Identifier: MIT */
/*
 * machine.c - a machine put together from its description, and where accesses of CPUs go: local
 * APIC, units, devices, memory.
 * Sources: [SDM3] 11.4.1; [PCIE] 2.4 (posted writes, reads push them). Locking: none.
 */
#include "fabric.h"
#include "model.h"

#include <stdlib.h>

#define PAGE_BYTES 0x1000u
#define APIC_BASE_ADDRESS 51, 12
#define APIC_BASE_X2 10, 10

static int machine_build(struct sim *s)
{
	const struct sim_spec *spec = &s->spec;

	s->cpus = sim_own(s, spec->nr_cpus * sizeof(s->cpus[0]));
	if (!s->cpus || sim_memory_init(s))
		return -1;
	for (uint32_t i = 0; i < spec->nr_cpus; i++) {
		struct sim_cpu *c = &s->cpus[i];

		c->s = s;
		c->index = i;
		c->apic_id = spec->first_apic_id + i * spec->apic_step;
		c->node = i * spec->nr_nodes / spec->nr_cpus;
		c->is_irq_on = 1;
		c->holder = SIM_NO_CPU;
		sim_lapic_reset(c);
	}
	for (uint32_t i = 0; i < spec->nr_units; i++) {
		struct sim_unit *u = &s->units[i];

		u->s = s;
		u->index = i;
		u->spec = &spec->units[i];
		sim_unit_init(u);
	}
	return sim_pci_build(s);
}

struct sim *sim_new(const struct sim_spec *spec)
{
	struct engine *e = engine_here();
	struct sim *s = e ? engine_alloc(e, sizeof(*s)) : calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->engine = e;
	s->spec = *spec;
	s->timing = spec->timing;
	s->random = spec->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (machine_build(s)) {
		sim_free(s);
		return NULL;
	}
	return s;
}

void sim_free(struct sim *s)
{
	if (!s)
		return;
	if (s->port_fini)
		s->port_fini(s);
	if (s->engine)
		return;
	sim_disown(s);
	free(s);
}

struct sim *sim_parse(const char *text, struct sim_error *out_error)
{
	struct sim_spec spec;

	return sim_spec_parse(text, &spec, out_error) ? NULL : sim_new(&spec);
}

const struct sim_spec *sim_spec(const struct sim *s)
{
	return &s->spec;
}

/* ---- Accesses ---- */

/* The current CPU's APIC, where it is a page of registers. */
static struct sim_cpu *apic_at(struct sim *s, uint64_t physical)
{
	uint32_t cpu = sim_cpu_current(s);
	struct sim_cpu *c;

	if (cpu == SIM_NO_CPU)
		return NULL;
	c = &s->cpus[cpu];
	if (SIM_GET(c->apic_base, APIC_BASE_ADDRESS) != physical / PAGE_BYTES)
		return NULL;
	if (SIM_GET(c->apic_base, APIC_BASE_X2)) {
		sim_violate(s, "the APIC's page was touched in x2APIC mode");
		return NULL;
	}
	return c;
}

static struct sim_unit *unit_at(struct sim *s, uint64_t physical)
{
	for (uint32_t i = 0; i < s->spec.nr_units; i++)
		if (s->units[i].address == (physical & ~(uint64_t)(PAGE_BYTES - 1)))
			return &s->units[i];
	return NULL;
}

static struct sim_device *device_at(struct sim *s, uint64_t physical)
{
	for (uint32_t i = 0; i < s->spec.nr_devices; i++) {
		struct sim_device *d = &s->devices[i];
		uint64_t bar = sim_device_bar(d);

		if (bar && physical >= bar && physical - bar < d->bar_bytes)
			return d;
	}
	return NULL;
}

/* What a point is about. */
static const void *object_at(struct sim *s, uint64_t physical)
{
	const void *object = unit_at(s, physical);

	if (!object && device_at(s, physical))
		object = sim_device_object(device_at(s, physical));
	if (!object && sim_cpu_current(s) != SIM_NO_CPU)
		object = &s->cpus[sim_cpu_current(s)];
	return object;
}

static uint32_t read32(struct sim *s, uint64_t physical)
{
	uint32_t offset = physical % PAGE_BYTES;
	struct sim_device *d;
	struct sim_unit *u;
	struct sim_cpu *c;
	uint32_t value;

	if ((u = unit_at(s, physical)) != NULL)
		return sim_unit_read(u, offset);
	if ((c = apic_at(s, physical)) != NULL)
		return sim_lapic_read(c, offset);
	if ((d = device_at(s, physical)) != NULL) {
		sim_device_settle(d);
		sim_flights_push(s, d);
		return sim_device_register_read(d, physical - sim_device_bar(d));
	}
	return sim_memory_read(s, 1, physical, &value, sizeof(value)) ? value : UINT32_MAX;
}

static void write32(struct sim *s, uint64_t physical, uint32_t value)
{
	struct sim_flight flight = { .kind = SIM_POSTED, .data = value };
	uint32_t offset = physical % PAGE_BYTES;
	struct sim_unit *u;
	struct sim_cpu *c;

	if ((u = unit_at(s, physical)) != NULL) {
		sim_unit_write(u, offset, value);
	} else if ((c = apic_at(s, physical)) != NULL) {
		sim_lapic_write(c, offset, value);
	} else if ((flight.device = device_at(s, physical)) != NULL) {
		flight.source = flight.device->index;
		flight.address = physical - sim_device_bar(flight.device);
		sim_flight_start(s, &flight);
	} else {
		(void)sim_memory_write(s, physical, &value, sizeof(value));
	}
}

static int access_is_sane(struct sim *s, uint64_t physical, uint32_t width_bytes)
{
	if ((width_bytes == 4 || width_bytes == 8) && physical % width_bytes == 0)
		return 1;
	sim_violate(s, "a register was accessed that is not aligned, or by a width it does not "
		       "have");
	return 0;
}

void sim_stats(const struct sim *s, struct sim_stats *out_stats)
{
	*out_stats = s->stats;
}

uint64_t sim_read(struct sim *s, uint64_t physical, uint32_t width_bytes)
{
	uint64_t value;

	sim_point(s, ENGINE_READ, object_at(s, physical));
	s->stats.nr_reads++;
	if (!access_is_sane(s, physical, width_bytes))
		return ~UINT64_C(0);
	value = read32(s, physical);
	if (width_bytes == 8)
		value |= (uint64_t)read32(s, physical + 4) << 32;
	return value;
}

/* The upper half first: what a register of 64 bits does, it does when its lower half is there. */
void sim_write(struct sim *s, uint64_t physical, uint32_t width_bytes, uint64_t value)
{
	sim_point(s, ENGINE_WRITE, object_at(s, physical));
	s->stats.nr_writes++;
	if (!access_is_sane(s, physical, width_bytes))
		return;
	if (width_bytes == 8)
		write32(s, physical + 4, (uint32_t)(value >> 32));
	write32(s, physical, (uint32_t)value);
}

uint64_t sim_msr_read(struct sim *s, uint32_t msr)
{
	uint32_t cpu = sim_cpu_current(s);

	sim_point(s, ENGINE_READ, cpu == SIM_NO_CPU ? NULL : &s->cpus[cpu]);
	s->stats.nr_reads++;
	return cpu == SIM_NO_CPU ? 0 : sim_lapic_msr_read(&s->cpus[cpu], msr);
}

void sim_msr_write(struct sim *s, uint32_t msr, uint64_t value)
{
	uint32_t cpu = sim_cpu_current(s);

	sim_point(s, ENGINE_WRITE, cpu == SIM_NO_CPU ? NULL : &s->cpus[cpu]);
	s->stats.nr_writes++;
	if (cpu != SIM_NO_CPU)
		sim_lapic_msr_write(&s->cpus[cpu], msr, value);
}
