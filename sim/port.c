/* SPDX-License-Identifier: MIT */
/*
 * port.c - the functions that mirq asks of its host, on a simulated machine (port.h), and the
 * machine as firmware would describe it. The only file of the simulator that knows mirq.
 * Locking: none.
 */
#include "port.h"

#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_RUBBISH 0xa5
#define PORT_MAGIC UINT64_C(0x6d69727173696d21)
#define PORT_LAPIC UINT64_C(0xfee00000)
#define PORT_APIC_EOI 0x0b0u
#define PORT_MSR_EOI 0x80bu
#define PORT_UNIT_BYTES 0x1000u

/* Before each piece of memory: a wrong size at free is seen. Aligned as anything. */
struct port_piece {
	struct port_piece *next, *before;
	size_t size_bytes;
	uint64_t magic;
	uint64_t unused[4];
};

struct port {
	struct mirq *m;
	struct mirq_x86_machine machine;
	struct mirq_x86_cpu *cpus;
	struct mirq_x86_unit units[SIM_MAX_UNITS];
	struct mirq_x86_scope scopes[SIM_MAX_DEVICES];
	struct port_piece *pieces; /* without an engine */
	uint64_t nr_calls, fail_at;
	int is_persistent;
	uint64_t nr_live, nr_logs;
	const char *last_log;
};

static struct sim *sim_of(struct mirq_host *h)
{
	return (struct sim *)(void *)h;
}

struct mirq_host *sim_host(struct sim *s)
{
	return (struct mirq_host *)(void *)s;
}

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
static void port_fini(struct sim *s);

static struct port *port_of(const struct sim *s)
{
	return s->port;
}

/* Made when it is first asked for. */
static struct port *port_make(struct sim *s)
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
	s->port_fini = port_fini;
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

static void port_drain(struct sim *s)
{
	if (sim_in_fiber(s) && s->buffers.drain)
		s->buffers.drain(s->engine);
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
		.address = { 0, d ? d->function.rid : 0 },
		.name = name,
	};

	return d ? mirq_pci_attach(m, &init, out_dev) : MIRQ_ENOENT;
}

/* ---- Memory ---- */

static int port_must_fail(struct sim *s)
{
	struct port *p = port_make(s);

	p->nr_calls++;
	if (!p->fail_at)
		return 0;
	return p->is_persistent ? p->nr_calls >= p->fail_at : p->nr_calls == p->fail_at;
}

void sim_fail_memory(struct sim *s, uint64_t at, int is_persistent)
{
	struct port *p = port_make(s);

	p->nr_calls = 0;
	p->fail_at = at;
	p->is_persistent = is_persistent;
}

uint64_t sim_memory_calls(const struct sim *s)
{
	return s->port ? port_of(s)->nr_calls : 0;
}

uint64_t sim_live(const struct sim *s)
{
	return s->port ? port_of(s)->nr_live : 0;
}

static void *port_new(struct sim *s, size_t size_bytes)
{
	size_t all_bytes = (sizeof(struct port_piece) + size_bytes + 63) & ~(size_t)63;
	struct port *p = port_of(s);
	struct port_piece *piece = s->engine ? sim_pool_alloc(&s->memory.heap, all_bytes, 64)
					     : aligned_alloc(64, all_bytes);

	if (!piece)
		return NULL;
	*piece = (struct port_piece){ .size_bytes = size_bytes, .magic = PORT_MAGIC };
	if (!s->engine) {
		piece->next = p->pieces;
		if (piece->next)
			piece->next->before = piece;
		p->pieces = piece;
	}
	return piece + 1;
}

static void port_delete(struct sim *s, struct port_piece *piece)
{
	size_t all_bytes = (sizeof(*piece) + piece->size_bytes + 63) & ~(size_t)63;

	piece->magic = 0;
	if (s->engine) {
		if (s->buffers.retire)
			s->buffers.retire(s->engine, piece + 1, piece->size_bytes);
		(void)sim_pool_free(&s->memory.heap, piece, all_bytes);
		return;
	}
	if (piece->before)
		piece->before->next = piece->next;
	else
		port_of(s)->pieces = piece->next;
	if (piece->next)
		piece->next->before = piece->before;
	free(piece);
}

static void port_fini(struct sim *s)
{
	while (!s->engine && port_of(s)->pieces)
		port_delete(s, port_of(s)->pieces);
}

void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	struct sim *s = sim_of(h);
	void *memory;

	sim_point(s, ENGINE_HOST, &s->memory.heap);
	if (align_bytes > 64 || !size_bytes)
		mirq_host_panic(h, "memory of no size or of too large an alignment was asked for");
	if (port_must_fail(s))
		return NULL;
	memory = port_new(s, size_bytes);
	if (!memory)
		return NULL;
	memset(memory, PORT_RUBBISH, size_bytes);
	port_of(s)->nr_live++;
	return memory;
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	struct port_piece *piece = (struct port_piece *)memory - 1;
	struct sim *s = sim_of(h);

	sim_point(s, ENGINE_HOST, &s->memory.heap);
	if (piece->magic != PORT_MAGIC || piece->size_bytes != size_bytes) {
		mirq_host_panic(h, "memory was given back that is none, or with another size");
		return;
	}
	memset(memory, PORT_RUBBISH, size_bytes);
	port_delete(s, piece);
	port_of(s)->nr_live--;
}

void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	struct sim *s = sim_of(h);
	void *memory;

	sim_point(s, ENGINE_HOST, &s->memory.ram);
	if (port_must_fail(s))
		return NULL;
	memory = sim_ram_alloc(s, size_bytes, align_bytes, address_bits, out_bus);
	if (memory)
		port_of(s)->nr_live++;
	return memory;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	struct sim *s = sim_of(h);

	sim_point(s, ENGINE_HOST, &s->memory.ram);
	if (sim_ram_free(s, memory, size_bytes))
		mirq_host_panic(h, "memory of a device was given back that is none");
	port_of(s)->nr_live--;
}

void mirq_host_clean(struct mirq_host *h, const void *memory, size_t size_bytes)
{
	struct sim *s = sim_of(h);

	port_drain(s);
	sim_point(s, ENGINE_HOST, memory);
	sim_ram_clean(s, memory, size_bytes);
}

void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	struct sim *s = sim_of(h);

	sim_point(s, ENGINE_HOST, &s->memory.heap);
	if (port_must_fail(s))
		return NULL;
	if (kind == MIRQ_MAP_MEMORY)
		return sim_ram(s, physical, size_bytes);
	port_of(s)->nr_live++;
	return (void *)(uintptr_t)(SIM_MAPPED | physical);
}

void mirq_host_unmap(struct mirq_host *h, void *mapped, size_t size_bytes)
{
	struct sim *s = sim_of(h);

	(void)size_bytes;
	sim_point(s, ENGINE_HOST, &s->memory.heap);
	if (((uintptr_t)mapped & SIM_MAPPED) == SIM_MAPPED)
		port_of(s)->nr_live--;
}

/* ---- Registers ---- */

static uint64_t port_physical(const struct mirq_regs *r, uint32_t offset_bytes,
			      uint32_t width_bytes)
{
	if (offset_bytes + width_bytes > r->limit_bytes)
		mirq_host_panic(r->host, "a register beyond what was mapped");
	return ((uintptr_t)r->base & ~SIM_MAPPED) + offset_bytes;
}

uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset_bytes)
{
	return (uint32_t)sim_read(sim_of(r->host), port_physical(r, offset_bytes, 4), 4);
}

uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset_bytes)
{
	return sim_read(sim_of(r->host), port_physical(r, offset_bytes, 8), 8);
}

/* A write to a device is not seen before what this CPU stored earlier. */
void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset_bytes, uint32_t value)
{
	port_drain(sim_of(r->host));
	sim_write(sim_of(r->host), port_physical(r, offset_bytes, 4), 4, value);
}

void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset_bytes, uint64_t value)
{
	port_drain(sim_of(r->host));
	sim_write(sim_of(r->host), port_physical(r, offset_bytes, 8), 8, value);
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	if (address.segment)
		return (uint32_t)sim_ones(width_bytes);
	return sim_config_read(sim_of(h), address.rid, offset_bytes, width_bytes);
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	port_drain(sim_of(h));
	if (!address.segment)
		sim_config_write(sim_of(h), address.rid, offset_bytes, width_bytes, value);
}

/* ---- CPUs and time ---- */

static const void *port_flag(struct sim *s)
{
	uint32_t cpu = sim_cpu_current(s);

	return cpu == SIM_NO_CPU ? s : sim_cpu_flag(s, cpu);
}

uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	struct sim *s = sim_of(h);

	sim_point(s, ENGINE_HOST, port_flag(s));
	return (uintptr_t)sim_irq_set(s, 0);
}

/* What waited is taken at the point after, when interrupts are on again. */
void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	struct sim *s = sim_of(h);

	if (sim_irq_set(s, 0))
		sim_violate(s, "interrupts were restored while they were on");
	(void)sim_irq_set(s, saved != 0);
	sim_point(s, ENGINE_HOST, port_flag(s));
}

uint32_t mirq_host_this_cpu(struct mirq_host *h)
{
	struct sim *s = sim_of(h);
	uint32_t cpu = sim_cpu_current(s);

	if (cpu == SIM_NO_CPU)
		mirq_host_panic(h, "mirq was called where no CPU runs");
	return cpu;
}

/* The kick is written to the APIC after all that it is about. */
void mirq_host_kick(struct mirq_host *h, uint32_t cpu)
{
	struct sim *s = sim_of(h);

	port_drain(s);
	sim_point(s, ENGINE_HOST, &s->cpus[cpu]);
	sim_ipi(s, cpu, SIM_VECTOR_KICK);
}

uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	sim_of(h)->now_ns += sim_of(h)->spec.tick_ns;
	return sim_of(h)->now_ns;
}

void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)kind;
	sim_wait(sim_of(h));
}

/* ---- People ---- */

void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record)
{
	struct sim *s = sim_of(h);
	struct port *p = port_make(s);

	p->nr_logs++;
	p->last_log = record->text;
	sim_note(s, "mirq: %s%s%s", record->domain ? record->domain : "",
		 record->domain ? ": " : "", record->text);
}

uint64_t sim_logs(const struct sim *s)
{
	return s->port ? port_of(s)->nr_logs : 0;
}

const char *sim_last_log(const struct sim *s)
{
	return s->port ? port_of(s)->last_log : NULL;
}

void mirq_host_panic(struct mirq_host *h, const char *text)
{
	struct sim *s = sim_of(h);

	if (sim_in_fiber(s))
		engine_fail(s->engine, "panic: %s", text);
	fprintf(stderr, "mirq: panic: %s\n", text);
	abort();
}

void mirq_host_assert_context(struct mirq_host *h, enum mirq_context context)
{
	struct sim *s = sim_of(h);
	uint32_t cpu = sim_cpu_current(s);

	if (cpu == SIM_NO_CPU)
		mirq_host_panic(h, "mirq was called where no CPU runs");
	if (context == MIRQ_CONTEXT_THREAD && !sim_cpu_is_irq_on(s, cpu))
		mirq_host_panic(h, "a thread call was made with interrupts off");
	if (context == MIRQ_CONTEXT_DISPATCH && !sim_cpu_is_in_irq(s, cpu))
		mirq_host_panic(h, "a dispatch call was made outside of an interrupt");
}
