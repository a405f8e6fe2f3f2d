/* SPDX-License-Identifier: MIT */
/*
 * mirq_host.c - the port to a POSIX process (mirq_hosted.h).
 * Locking: a CPU's irq mutex is taken once per thread (nesting is counted); no other lock.
 */
#include "mirq_hosted.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What this thread is. Thread-local, so two systems may use the same threads. */
static _Thread_local uint32_t this_cpu;
static _Thread_local uint32_t irq_depth;

void mirq_hosted_init(struct mirq_host *host)
{
	memset(host, 0, sizeof(*host));
	for (uint32_t cpu = 0; cpu < MIRQ_HOSTED_CPUS; cpu++)
		pthread_mutex_init(&host->cpus[cpu].irq, NULL);
}

void mirq_hosted_fini(struct mirq_host *host)
{
	for (uint32_t cpu = 0; cpu < MIRQ_HOSTED_CPUS; cpu++)
		pthread_mutex_destroy(&host->cpus[cpu].irq);
}

void mirq_hosted_bind(uint32_t cpu)
{
	this_cpu = cpu;
}

void mirq_hosted_interrupt(struct mirq_host *host, uint32_t cpu, void (*take)(void *context),
			   void *context)
{
	uint32_t before = this_cpu, depth = irq_depth;

	pthread_mutex_lock(&host->cpus[cpu].irq);
	this_cpu = cpu;
	irq_depth = 1;
	take(context);
	irq_depth = depth;
	this_cpu = before;
	pthread_mutex_unlock(&host->cpus[cpu].irq);
}

struct event {
	struct mirq *m;
	uint32_t cpu, id;
};

static void take_dispatch(void *context)
{
	struct event *e = context;

	mirq_dispatch(e->m, e->cpu, e->id);
}

static void take_service(void *context)
{
	struct event *e = context;

	mirq_service(e->m, e->cpu);
}

void mirq_hosted_dispatch(struct mirq_host *host, uint32_t cpu, uint32_t id)
{
	struct event e = { host->m, cpu, id };

	mirq_hosted_interrupt(host, cpu, take_dispatch, &e);
}

void mirq_hosted_serve(struct mirq_host *host, uint32_t cpu)
{
	struct event e = { host->m, cpu, 0 };

	if (host->m && atomic_exchange(&host->cpus[cpu].is_kicked, 0))
		mirq_hosted_interrupt(host, cpu, take_service, &e);
}

/* Interrupts are on: what was kicked meanwhile is served. */
static void serve_pending(struct mirq_host *host)
{
	if (host->has_threads) {
		mirq_hosted_serve(host, this_cpu);
		return;
	}
	for (uint32_t cpu = 0; cpu < MIRQ_HOSTED_CPUS; cpu++)
		mirq_hosted_serve(host, cpu);
}

void mirq_hosted_fail(struct mirq_host *host, uint64_t at, int persistent)
{
	atomic_store(&host->nr_calls, 0);
	atomic_store(&host->fail_persistent, persistent);
	atomic_store(&host->fail_at, at);
}

void mirq_hosted_region(struct mirq_host *host, uint64_t physical, void *memory, size_t size_bytes)
{
	struct mirq_hosted_region r = { physical, memory, size_bytes };

	host->regions[host->nr_regions++] = r;
}

static int must_fail(struct mirq_host *h)
{
	uint64_t call = atomic_fetch_add(&h->nr_calls, 1) + 1;
	uint64_t at = atomic_load(&h->fail_at);

	return at && (call == at || (call > at && atomic_load(&h->fail_persistent)));
}

void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	void *memory = NULL;

	if (align_bytes < sizeof(void *))
		align_bytes = sizeof(void *);
	if (must_fail(h) || posix_memalign(&memory, align_bytes, size_bytes))
		return NULL;
	memset(memory, 0xa5, size_bytes); /* the library must not believe in zero */
	atomic_fetch_add(&h->live_bytes, (int64_t)size_bytes);
	atomic_fetch_add(&h->nr_live, 1);
	return memory;
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	atomic_fetch_sub(&h->live_bytes, (int64_t)size_bytes);
	atomic_fetch_sub(&h->nr_live, 1);
	free(memory);
}

void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	void *memory = mirq_host_alloc(h, size_bytes, align_bytes);

	(void)address_bits;
	if (!memory)
		return NULL;
	memset(memory, 0, size_bytes);
	*out_bus = (uintptr_t)memory;
	return memory;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	mirq_host_free(h, memory, size_bytes);
}

void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	const struct mirq_hosted_region *r;

	(void)kind;
	if (must_fail(h))
		return NULL;
	for (r = h->regions; r < h->regions + h->nr_regions; r++)
		if (physical >= r->physical && physical - r->physical <= r->size_bytes &&
		    size_bytes <= r->size_bytes - (physical - r->physical))
			return (unsigned char *)r->memory + (physical - r->physical);
	return NULL;
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	if (!h->pci_read)
		return width_bytes == 4 ? UINT32_MAX : (1u << (8 * width_bytes)) - 1;
	return h->pci_read(h->bus, address, offset_bytes, width_bytes);
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	if (h->pci_write)
		h->pci_write(h->bus, address, offset_bytes, width_bytes, value);
}

uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	if (!irq_depth++)
		pthread_mutex_lock(&h->cpus[this_cpu].irq);
	return irq_depth;
}

void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	if (saved != irq_depth)
		mirq_host_panic(h, "irq_restore does not match irq_save");
	if (--irq_depth)
		return;
	pthread_mutex_unlock(&h->cpus[this_cpu].irq);
	serve_pending(h);
}

uint32_t mirq_host_this_cpu(struct mirq_host *h)
{
	(void)h;
	return this_cpu;
}

void mirq_host_kick(struct mirq_host *h, uint32_t cpu)
{
	atomic_fetch_add(&h->cpus[cpu].nr_kicks, 1);
	atomic_store(&h->cpus[cpu].is_kicked, 1);
}

uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	struct timespec now = { 0, 0 };

	if (!h->is_clock_still)
		clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec +
	       atomic_load(&h->extra_ns);
}

void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	if (kind == MIRQ_WAIT_SLEEP && !irq_depth)
		serve_pending(h);
	if (h->is_clock_still)
		atomic_fetch_add(&h->extra_ns, 1000);
	sched_yield();
}

void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record)
{
	static const char *const levels[] = { "info", "warning", "error" };

	atomic_fetch_add(&h->nr_logs, 1);
	fprintf(stderr, "mirq: %s: %s%s%s%s%s (0x%llx, 0x%llx, 0x%llx; %u before)\n",
		levels[record->level], record->domain ? record->domain : "",
		record->domain ? ": " : "", record->device ? record->device : "",
		record->device ? ": " : "", record->text, (unsigned long long)record->values[0],
		(unsigned long long)record->values[1], (unsigned long long)record->values[2],
		record->nr_before);
}

void mirq_host_panic(struct mirq_host *h, const char *text)
{
	(void)h;
	fprintf(stderr, "mirq: panic: %s\n", text);
	abort();
}

void mirq_host_assert_context(struct mirq_host *h, enum mirq_context context)
{
	if (context == MIRQ_CONTEXT_THREAD && irq_depth)
		mirq_host_panic(h, "a thread call was made with interrupts off");
}
