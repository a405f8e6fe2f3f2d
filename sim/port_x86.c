/* SPDX-License-Identifier: MIT */
/*
 * port_x86.c - a simulated machine as firmware would describe it, mirq attached to it at once, and
 * its interrupts on their way to mirq.
 * Locking: none.
 */
#include "port_own.h"

#include <mirq/bus.h>
#include <mirq/mux.h>

#include <stdlib.h>
#include <string.h>

#define PORT_LAPIC UINT64_C(0xfee00000)
#define PORT_APIC_EOI 0x0b0u
#define PORT_MSR_EOI 0x80bu
#define PORT_UNIT_BYTES 0x1000u

/* ---- The machine, described ---- */

/* A port above it on bus 0, then slot 0 of the port's bus; or bus 0 alone. */
static void port_scope(struct sim *s, const struct sim_device *d, struct mirq_x86_scope *scope)
{
	uint32_t bus = d->function.rid >> 8;
	struct mirq_x86_step own = { .device = (uint8_t)(d->function.rid >> 3 & 31) };

	memset(scope, 0, sizeof(*scope));
	scope->type = MIRQ_X86_SCOPE_ENDPOINT;
	for (uint32_t i = 0; bus && i < s->nr_bridges; i++) {
		const struct sim_function *f = &s->bridges[i];
		uint32_t secondary = sim_function_read(f, 0x19, 1);
		uint32_t subordinate = sim_function_read(f, 0x1a, 1);

		if (bus >= secondary && bus <= subordinate)
			scope->steps[scope->nr_steps++] =
				(struct mirq_x86_step){ .device = (uint8_t)(f->rid >> 3 & 31) };
	}
	if (d->spec->place == SIM_ON_ROOT || d->spec->place == SIM_BEHIND_PORT)
		scope->steps[scope->nr_steps++] = own;
	else /* the bridge, with all that is behind it */
		scope->type = MIRQ_X86_SCOPE_BRIDGE;
}

/* Unit 0 answers for what no other one names. */
static void port_units(struct sim *s, struct port *p)
{
	uint32_t nr_scopes = 0;

	for (uint32_t i = 0; i < s->spec.nr_units; i++) {
		struct mirq_x86_unit *unit = &p->units[i];

		unit->address = s->units[i].address;
		unit->size_bytes = PORT_UNIT_BYTES;
		unit->flags = i ? 0 : MIRQ_X86_UNIT_INCLUDE_ALL;
		unit->scopes.first = nr_scopes;
		for (uint32_t d = 0; i && d < s->spec.nr_devices; d++)
			if (s->devices[d].unit == &s->units[i])
				port_scope(s, &s->devices[d], &p->scopes[nr_scopes++]);
		unit->scopes.limit = nr_scopes;
	}
	p->machine.nr_scopes = nr_scopes;
}

static void port_interrupt(void *context, uint32_t cpu, uint32_t vector);

struct port *port_make(struct sim *s)
{
	struct port *p = s->port;

	if (p)
		return p;
	p = sim_own(s, sizeof(*p));
	if (!p)
		abort();
	p->cpus = sim_own(s, s->spec.nr_cpus * sizeof(p->cpus[0]));
	if (!p->cpus)
		abort();
	for (uint32_t i = 0; i < s->spec.nr_cpus; i++)
		p->cpus[i] = (struct mirq_x86_cpu){
			.apic_id = s->cpus[i].apic_id,
			.uid = i,
			.flags = MIRQ_X86_CPU_ENABLED,
		};
	p->machine = (struct mirq_x86_machine){
		MIRQ_SIZED(mirq_x86_machine), .flags = s->spec.nr_units ? MIRQ_X86_INTR_REMAP : 0,
		.lapic_address = PORT_LAPIC,  .cpus = p->cpus,
		.nr_cpus = s->spec.nr_cpus,   .units = p->units,
		.nr_units = s->spec.nr_units, .scopes = p->scopes,
	};
	port_units(s, p);
	s->port = p;
	s->port_fini = port_forget;
	sim_set_interrupt(s, port_interrupt, s);
	return p;
}

const struct mirq_x86_machine *sim_x86_machine(struct sim *s)
{
	return &port_make(s)->machine;
}

static uint64_t port_msr_read(struct mirq_host *h, uint32_t msr)
{
	return sim_msr_read(sim_of(h), msr);
}

static void port_msr_write(struct mirq_host *h, uint32_t msr, uint64_t value)
{
	port_drain(sim_of(h));
	sim_msr_write(sim_of(h), msr, value);
}

const struct mirq_x86_msr sim_x86_msr = {
	MIRQ_SIZED(mirq_x86_msr),
	.read = port_msr_read,
	.write = port_msr_write,
};

/* ---- Interrupts ---- */

static void port_eoi(struct sim *s, uint32_t cpu)
{
	if (s->cpus[cpu].apic_base >> 10 & 1)
		sim_msr_write(s, PORT_MSR_EOI, 0);
	else
		sim_write(s, PORT_LAPIC + PORT_APIC_EOI, 4, 0);
}

static void port_interrupt(void *context, uint32_t cpu, uint32_t vector)
{
	struct sim *s = context;
	struct port *p = port_of(s);

	if (vector == SIM_VECTOR_SPURIOUS)
		return; /* never ended */
	if (!p->m) {
		port_eoi(s, cpu);
		return;
	}
	if (vector != SIM_VECTOR_KICK) {
		mirq_dispatch(p->m, cpu, vector);
		return;
	}
	mirq_service(p->m, cpu);
	port_eoi(s, cpu);
}

void sim_bind(struct sim *s, struct mirq *m)
{
	port_make(s)->m = m;
}

static enum mirq_err port_cpus_up(struct sim *s, struct mirq *m)
{
	uint32_t before = s->cpu_now;
	enum mirq_err err = MIRQ_OK;

	for (uint32_t i = 0; !err && i < s->spec.nr_cpus; i++) {
		const struct mirq_cpu_init cpu = {
			MIRQ_SIZED(mirq_cpu_init),
			.cpu = i,
			.hardware_id = s->cpus[i].apic_id,
			.node = s->cpus[i].node,
		};

		err = mirq_cpu_add(m, &cpu);
		if (err)
			break;
		sim_cpu_set(s, i);
		(void)sim_irq_set(s, 0);
		err = mirq_cpu_online(m, i);
		(void)sim_irq_set(s, 1);
		sim_cpu_set(s, before);
	}
	return err;
}

enum mirq_err sim_attach(struct sim *s, const struct mirq_x86_init *init, struct mirq **out_m)
{
	const struct mirq_init system = {
		MIRQ_SIZED(mirq_init),
		.host = sim_host(s),
		.nr_cpus = s->spec.nr_cpus,
	};
	struct mirq_x86_init x86 = { MIRQ_SIZED(mirq_x86_init) };
	struct mirq *m;
	enum mirq_err err;

	if (init)
		x86 = *init;
	else if (s->spec.nr_units) /* a unit that was passed over would go unnoticed */
		x86.remap = MIRQ_X86_REMAP_REQUIRED;
	if (!x86.machine)
		x86.machine = sim_x86_machine(s);
	if (!x86.vectors.limit)
		x86.vectors = (struct mirq_range){ SIM_VECTORS_FIRST, SIM_VECTORS_LIMIT };
	if (x86.guest == MIRQ_GUEST_UNKNOWN) /* not what the computer below says of itself */
		x86.guest = MIRQ_GUEST_NO;
	if (!x86.msr && s->spec.has_x2apic)
		x86.msr = &sim_x86_msr;
	x86.vtd_flags |= MIRQ_VTD_CAN_CLEAN;
	err = mirq_init(&system, &m);
	if (err)
		return err;
	sim_bind(s, m);
	err = mirq_x86_attach(m, &x86);
	if (!err)
		err = port_cpus_up(s, m);
	if (err) {
		sim_bind(s, NULL);
		mirq_fini(m);
		return err;
	}
	*out_m = m;
	return MIRQ_OK;
}

enum mirq_err sim_pci_attach(struct sim *s, struct mirq *m, const char *name,
			     struct mirq_device **out_dev)
{
	struct sim_device *d = sim_device(s, name);
	const struct mirq_pci_init init = {
		MIRQ_SIZED(mirq_pci_init),
		.address = { d && d->vmd ? SIM_SEGMENT_VMD : 0, d ? d->function.rid : 0 },
		.name = name,
	};

	return d ? mirq_pci_attach(m, &init, out_dev) : MIRQ_ENOENT;
}

enum mirq_err sim_mux_attach(struct mirq *m, struct mirq_irqs lines,
			     struct mirq_domain **out_domain)
{
	const struct mirq_mux_init init = {
		MIRQ_SIZED(mirq_mux_init),
		.name = "mux",
		.lines = lines,
	};
	struct mirq_link link = { { 0, 0x10000 }, SIM_SEGMENT_VMD, NULL };
	enum mirq_err err = mirq_mux_attach(m, &init, &link.parent);

	if (err)
		return err;
	*out_domain = link.parent;
	return mirq_link_add(m, &link);
}
