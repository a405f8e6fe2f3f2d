/* SPDX-License-Identifier: MIT */
/*
 * port.c - the functions that mirq asks of its host, on a simulated machine (port.h). With
 * port_x86.c the only part of the simulator that knows mirq.
 * Locking: none.
 */
#include "port_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_RUBBISH 0xa5
#define PORT_MAGIC UINT64_C(0x6d69727173696d21)

/* Before each piece of memory: a wrong size at free is seen. Aligned as anything. */
struct port_piece {
	struct port_piece *next, *before;
	size_t size_bytes;
	uint64_t magic;
	uint64_t unused[4];
};

void port_drain(struct sim *s)
{
	if (sim_in_fiber(s) && s->buffers.drain)
		s->buffers.drain(s->engine);
}

/* ---- Memory ---- */

/* From now on nobody answers. */
static void port_pull_out(struct sim *s, enum sim_fail kind)
{
	for (uint32_t i = 0; i < s->spec.nr_units; i++) {
		s->units[i].knobs.is_gone |= kind == SIM_FAIL_REGISTER;
		s->units[i].knobs.is_queue_dead |= kind == SIM_FAIL_QUEUE;
	}
	for (uint32_t i = 0; i < s->spec.nr_devices; i++) {
		s->devices[i].ims.knobs.is_deaf |= kind == SIM_FAIL_QUEUE;
		if (kind == SIM_FAIL_REGISTER || kind == SIM_FAIL_CONFIG)
			sim_device_remove(&s->devices[i]);
	}
}

static int port_must_fail(struct sim *s, enum sim_fail kind)
{
	struct port *p = port_make(s);
	int fails;

	if (p->is_paused || !(p->fail_kinds & kind))
		return 0;
	p->nr_calls++;
	fails = p->is_persistent ? p->nr_calls >= p->fail_at : p->nr_calls == p->fail_at;
	fails = fails && p->fail_at;
	p->nr_failed += (uint64_t)fails;
	if (fails && p->is_persistent && p->nr_failed == 1)
		port_pull_out(s, kind);
	return fails;
}

void sim_port_fail(struct sim *s, uint32_t kinds, uint64_t at, int is_persistent)
{
	struct port *p = port_make(s);

	p->fail_kinds = kinds;
	p->nr_calls = 0;
	p->nr_failed = 0;
	p->fail_at = at;
	p->is_persistent = is_persistent != 0;
}

void sim_fail_memory(struct sim *s, uint64_t at, int is_persistent)
{
	sim_port_fail(s, SIM_FAIL_MEMORY, at, is_persistent);
}

uint64_t sim_port_failed(const struct sim *s)
{
	return s->port ? port_of(s)->nr_failed : 0;
}

void sim_port_pause(struct sim *s, int is_paused)
{
	port_make(s)->is_paused = is_paused != 0;
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

void port_forget(struct sim *s)
{
	while (!s->engine && port_of(s)->pieces)
		port_delete(s, port_of(s)->pieces);
}

static void *port_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	struct sim *s = sim_of(h);
	void *memory;

	sim_point(s, ENGINE_HOST, &s->memory.heap);
	if (align_bytes > 64 || !size_bytes)
		mirq_host_panic(h, "memory of no size or of too large an alignment was asked for");
	if (port_must_fail(s, SIM_FAIL_MEMORY))
		return NULL;
	memory = port_new(s, size_bytes);
	if (!memory)
		return NULL;
	memset(memory, PORT_RUBBISH, size_bytes);
	port_of(s)->nr_live++;
	return memory;
}

static void port_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
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

static void *port_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
				 uint32_t address_bits, uint64_t *out_bus)
{
	struct sim *s = sim_of(h);
	void *memory;

	sim_point(s, ENGINE_HOST, &s->memory.ram);
	if (port_must_fail(s, SIM_FAIL_MEMORY))
		return NULL;
	memory = sim_ram_alloc(s, size_bytes, align_bytes, address_bits, out_bus);
	if (memory)
		port_of(s)->nr_live++;
	return memory;
}

static void port_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	struct sim *s = sim_of(h);

	sim_point(s, ENGINE_HOST, &s->memory.ram);
	if (sim_ram_free(s, memory, size_bytes))
		mirq_host_panic(h, "memory of a device was given back that is none");
	port_of(s)->nr_live--;
}

static void port_host_clean(struct mirq_host *h, const void *memory, size_t size_bytes)
{
	struct sim *s = sim_of(h);

	port_drain(s);
	sim_point(s, ENGINE_HOST, memory);
	sim_ram_clean(s, memory, size_bytes);
}

static void *port_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
			   enum mirq_map_kind kind)
{
	struct sim *s = sim_of(h);

	sim_point(s, ENGINE_HOST, &s->memory.heap);
	if (port_must_fail(s, SIM_FAIL_MEMORY))
		return NULL;
	if (kind == MIRQ_MAP_MEMORY)
		return sim_ram(s, physical, size_bytes);
	port_of(s)->nr_live++;
	return (void *)(uintptr_t)(SIM_MAPPED | physical);
}

static void port_host_unmap(struct mirq_host *h, void *mapped, size_t size_bytes)
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

#define PORT_APIC_PAGE UINT64_C(0xfee00)
#define PORT_QUEUE_TAIL 0x88u

static int port_is_unit(const struct sim *s, uint64_t physical)
{
	for (uint32_t i = 0; i < s->spec.nr_units; i++)
		if (s->units[i].address == (physical & ~UINT64_C(0xfff)))
			return 1;
	return 0;
}

static int port_is_command(const struct sim *s, uint64_t physical)
{
	for (uint32_t i = 0; i < s->spec.nr_devices; i++) {
		const struct sim_device *d = &s->devices[i];

		if (physical >= d->bar_address && physical - d->bar_address < d->bar_bytes)
			return sim_ims_is_doorbell(d, physical - d->bar_address);
	}
	return 0;
}

static uint64_t port_read(struct sim *s, uint64_t physical, uint32_t width_bytes)
{
	uint64_t value = sim_read(s, physical, width_bytes);

	if (physical >> 12 != PORT_APIC_PAGE && port_must_fail(s, SIM_FAIL_REGISTER))
		return sim_ones(width_bytes);
	return value;
}

static void port_write(struct sim *s, uint64_t physical, uint32_t width_bytes, uint64_t value)
{
	port_drain(s);
	if (((port_is_unit(s, physical) && physical % 0x1000 == PORT_QUEUE_TAIL) ||
	     port_is_command(s, physical)) &&
	    port_must_fail(s, SIM_FAIL_QUEUE))
		return;
	sim_write(s, physical, width_bytes, value);
}

uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset_bytes)
{
	return (uint32_t)port_read(sim_of(r->host), port_physical(r, offset_bytes, 4), 4);
}

uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset_bytes)
{
	return port_read(sim_of(r->host), port_physical(r, offset_bytes, 8), 8);
}

/* A write to a device is not seen before what this CPU stored earlier. */
void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset_bytes, uint32_t value)
{
	port_write(sim_of(r->host), port_physical(r, offset_bytes, 4), 4, value);
}

void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset_bytes, uint64_t value)
{
	port_write(sim_of(r->host), port_physical(r, offset_bytes, 8), 8, value);
}

/* What is behind a controller is in a segment of its own. */
static int port_is_there(struct sim *s, struct mirq_pci_address address)
{
	const struct sim_function *f = sim_pci_find(s, address.rid);

	return address.segment == (f && f->device && f->device->vmd ? SIM_SEGMENT_VMD : 0);
}

static uint32_t port_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
				   uint32_t offset_bytes, uint32_t width_bytes)
{
	if (!port_is_there(sim_of(h), address) || port_must_fail(sim_of(h), SIM_FAIL_CONFIG))
		return (uint32_t)sim_ones(width_bytes);
	return sim_config_read(sim_of(h), address.rid, offset_bytes, width_bytes);
}

static void port_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
				uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	port_drain(sim_of(h));
	if (port_is_there(sim_of(h), address))
		sim_config_write(sim_of(h), address.rid, offset_bytes, width_bytes, value);
}

/* ---- CPUs and time ---- */

static const void *port_flag(struct sim *s)
{
	uint32_t cpu = sim_cpu_current(s);

	return cpu == SIM_NO_CPU ? s : sim_cpu_flag(s, cpu);
}

static uintptr_t port_host_irq_save(struct mirq_host *h)
{
	struct sim *s = sim_of(h);

	sim_point(s, ENGINE_HOST, port_flag(s));
	return (uintptr_t)sim_irq_set(s, 0);
}

/* What waited is taken at the point after, when interrupts are on again. */
static void port_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	struct sim *s = sim_of(h);

	if (sim_irq_set(s, 0))
		sim_violate(s, "interrupts were restored while they were on");
	(void)sim_irq_set(s, saved != 0);
	sim_point(s, ENGINE_HOST, port_flag(s));
}

static uint32_t port_host_this_cpu(struct mirq_host *h)
{
	struct sim *s = sim_of(h);
	uint32_t cpu = sim_cpu_current(s);

	if (cpu == SIM_NO_CPU)
		mirq_host_panic(h, "mirq was called where no CPU runs");
	return cpu;
}

/* The kick is written to the APIC after all that it is about. */
static void port_host_kick(struct mirq_host *h, uint32_t cpu)
{
	struct sim *s = sim_of(h);

	port_drain(s);
	sim_point(s, ENGINE_HOST, &s->cpus[cpu]);
	sim_ipi(s, cpu, SIM_VECTOR_KICK);
}

static uint64_t port_host_now_ns(struct mirq_host *h)
{
	sim_of(h)->now_ns += sim_of(h)->spec.tick_ns;
	return sim_of(h)->now_ns;
}

static void port_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)kind;
	sim_wait(sim_of(h));
}

/* ---- People ---- */

static void port_host_log(struct mirq_host *h, const struct mirq_log_record *record)
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

static void port_host_panic(struct mirq_host *h, const char *text)
{
	struct sim *s = sim_of(h);

	if (sim_in_fiber(s))
		engine_fail(s->engine, "panic: %s", text);
	fprintf(stderr, "mirq: panic: %s\n", text);
	abort();
}

static void port_host_assert_context(struct mirq_host *h, enum mirq_context context)
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

static const struct sim_host_ops port_host_ops = {
	.alloc = port_host_alloc,
	.free = port_host_free,
	.dma_alloc = port_host_dma_alloc,
	.dma_free = port_host_dma_free,
	.clean = port_host_clean,
	.map = port_host_map,
	.unmap = port_host_unmap,
	.pci_read = port_host_pci_read,
	.pci_write = port_host_pci_write,
	.irq_save = port_host_irq_save,
	.irq_restore = port_host_irq_restore,
	.this_cpu = port_host_this_cpu,
	.kick = port_host_kick,
	.now_ns = port_host_now_ns,
	.wait = port_host_wait,
	.log = port_host_log,
	.panic = port_host_panic,
	.assert_context = port_host_assert_context,
};

struct mirq_host *sim_host(struct sim *s)
{
	struct port *p = port_make(s);

	p->host.ops = &port_host_ops;
	p->host.self = s;
	return &p->host;
}
