/* SPDX-License-Identifier: MIT */
/*
 * Scenario measure: what mirq costs, in instructions and bytes, on an idle machine of two CPUs.
 *
 * Run it with QEMU's -icount shift=0: then the time-stamp counter counts instructions, exactly.
 * Without it the numbers are time of the host and worth nothing; the scenario says which it sees.
 * Lines "measure: KEY=VALUE" are read by scripts/measure. Register accesses are one instruction
 * here: what a device or a memory bus adds is not in these numbers; scenario run counts accesses.
 * Not here: a comparison with other systems.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/inspect.h>

#include "console.h"
#include "cpu.h"
#include "heap.h"
#include "mirq_port.h"
#include "pci.h"
#include "x86.h"

enum {
	VIRTIO_VENDOR = 0x1af4,
	VIRTIO_RNG_MODERN = 0x1044,
	VIRTIO_RNG = 0x1005,
	NR_DISPATCHES = 1000,
	NR_BYTES = 64 /* interrupts of the smaller of two sets */
};

struct life {
	uint64_t alloc, request, move, release, free;
};

static struct mirq_store *store;

static enum mirq_handled ignore(void *context)
{
	(void)context;
	return MIRQ_HANDLED;
}

static const struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = ignore };

/* What reading the counter twice costs: to be taken off. */
static uint64_t overhead(void)
{
	uint64_t before = x86_tsc_read();

	return x86_tsc_read() - before;
}

static uint64_t since(uint64_t before)
{
	return x86_tsc_read() - before - overhead();
}

/* 1,000 instructions and the loop around them: nearly as many ticks, or this is not icount. */
static bool is_icount(void)
{
	uint64_t before = x86_tsc_read(), ticks;

	for (uint32_t i = 0; i < 100; i++)
		__asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop; nop; nop");
	ticks = since(before);
	return ticks >= 1000 && ticks < 2000;
}

static bool alloc_on(uint32_t nr, uint32_t cpu, struct mirq_irqs *out_irqs)
{
	struct mirq_why why = { 0 };
	const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = nr,
					    .cpus = mirq_cpus_one(cpu), .why = &why };

	if (!mirq_irq_alloc(store, &want, out_irqs))
		return true;
	report(false, "%u interrupts on CPU %u: %s", nr, cpu, why.text);
	return false;
}

/* One life of @nr interrupts: all phases over the whole range. */
static bool live(uint32_t nr, struct life *out)
{
	struct mirq_irqs irqs;
	uint64_t at = x86_tsc_read();
	enum mirq_err err;

	if (!alloc_on(nr, 0, &irqs))
		return false;
	out->alloc = since(at);
	at = x86_tsc_read();
	err = mirq_irq_request(irqs, &handler);
	out->request = since(at);
	at = x86_tsc_read();
	if (!err)
		err = mirq_affinity_set(irqs, mirq_cpus_one(cpu_nr() - 1), NULL);
	out->move = since(at);
	at = x86_tsc_read();
	mirq_irq_release(irqs, NULL);
	out->release = since(at);
	at = x86_tsc_read();
	mirq_irq_free(irqs);
	out->free = since(at);
	report(!err, "a life of %u interrupts: %s", nr, mirq_err_text(err));
	return !err;
}

static void measure_life(uint32_t nr)
{
	struct life first, l;

	/* The first one makes radix nodes and attaches the device; the second is the steady
	 * state. */
	if (!live(nr, &first) || !live(nr, &l))
		return;
	print("measure: alloc_%u=%lu request_%u=%lu move_%u=%lu release_%u=%lu free_%u=%lu\n", nr,
	      l.alloc / nr, nr, l.request / nr, nr, l.move / nr, nr, l.release / nr, nr,
	      l.free / nr);
}

static void measure_dispatch(void)
{
	struct mirq_irq_info info;
	struct mirq_irqs one;
	uint64_t at, ticks, flags;

	if (!alloc_on(1, 0, &one) || mirq_irq_request(one, &handler) ||
	    mirq_irq_inspect(one, &info)) {
		report(false, "an interrupt to dispatch");
		return;
	}
	flags = x86_irq_save();
	at = x86_tsc_read();
	for (uint32_t i = 0; i < NR_DISPATCHES; i++)
		mirq_dispatch(port_mirq(), 0, info.route.id);
	ticks = since(at);
	x86_irq_restore(flags);
	report(!mirq_irq_inspect(one, &info) && info.nr_handled == NR_DISPATCHES,
	       "%u events dispatched, %lu handled", NR_DISPATCHES, info.nr_handled);
	mirq_irq_free(one);
	/* Loop, handler and the port's counted register write are in it: said, not taken off. */
	print("measure: dispatch=%lu\n", ticks / NR_DISPATCHES);
}

/* (memory at 2N - memory at N) / N; entries lie in the unit's table and are added: 16 bytes. */
static void measure_bytes(void)
{
	uint64_t before = heap_counts().live_bytes, at_n, at_2n;
	struct mirq_irqs first, second;

	if (!alloc_on(NR_BYTES, 0, &first))
		return;
	at_n = heap_counts().live_bytes - before;
	if (alloc_on(NR_BYTES, 0, &second)) {
		at_2n = heap_counts().live_bytes - before;
		print("measure: bytes_per_irq=%lu\n", (at_2n - at_n) / NR_BYTES + 16);
		mirq_irq_free(second);
	}
	mirq_irq_free(first);
}

void scenario_measure(void)
{
	struct pci_function *f = pci_find(VIRTIO_VENDOR, VIRTIO_RNG_MODERN, 0);
	struct mirq_why why = { 0 };
	struct mirq_device *dev;

	port_start();
	f = f ? f : pci_find(VIRTIO_VENDOR, VIRTIO_RNG, 0);
	if (!f) {
		report_skip("no virtio-rng to take interrupts of");
		return;
	}
	if (port_attach(f, "rng", 0, &dev, &why) ||
	    mirq_pci_store(dev, MIRQ_PCI_MSIX, &store, &why)) {
		report(false, "virtio-rng: %s", why.text);
		return;
	}
	print("measure: icount=%u\n", is_icount());
	measure_bytes();
	measure_life(1);
	measure_life(64);
	measure_dispatch();
	mirq_device_detach(dev);
}
