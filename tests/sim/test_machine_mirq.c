/* SPDX-License-Identifier: MIT */
/*
 * test_machine_mirq.c - mirq, the real library, on simulated machines: from attach to the handler
 * and back, by every kind of store, remapped and not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <mirq/inspect.h>

#include "../../sim/port.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))

struct bench {
	struct sim *s;
	struct mirq *m;
	struct mirq_device *dev;
	struct sim_device *hardware;
	struct mirq_irqs irqs;
	uint32_t nr_handled[64];
	uint32_t last_cpu;
};

struct line {
	struct bench *b;
	uint32_t nr;
};
static struct line lines[64];

static enum mirq_handled handle(void *context)
{
	struct line *line = context;

	line->b->nr_handled[line->nr]++;
	line->b->last_cpu = sim_cpu_current(line->b->s);
	return MIRQ_HANDLED;
}

static void bench_up(struct bench *b, const char *machine, const struct mirq_x86_init *init)
{
	struct sim_error error;

	memset(b, 0, sizeof(*b));
	b->s = sim_parse(machine, &error);
	assert_non_null(b->s);
	assert_int_equal(sim_attach(b->s, init, &b->m), MIRQ_OK);
	for (uint32_t i = 0; i < NR(lines); i++)
		lines[i] = (struct line){ b, i };
}

/* A device, @nr interrupts with handlers. */
static void bench_request(struct bench *b, const char *device, uint32_t nr)
{
	const struct mirq_irq_handler h = {
		MIRQ_SIZED(mirq_irq_handler),
		.handle = handle,
		.context = lines,
		.stride_bytes = sizeof(lines[0]),
	};

	b->hardware = sim_device(b->s, device);
	assert_int_equal(sim_pci_attach(b->s, b->m, device, &b->dev), MIRQ_OK);
	assert_int_equal(mirq_pci_alloc_irqs(b->dev, nr, nr, MIRQ_PCI_ANY, NULL, &b->irqs),
			 MIRQ_OK);
	assert_int_equal(mirq_irq_request(b->irqs, &h), MIRQ_OK);
}

static void bench_down(struct bench *b)
{
	struct mirq_why why = { 0 };

	assert_int_equal(mirq_check(b->m, &why), MIRQ_OK);
	assert_int_equal(mirq_irq_release(b->irqs, NULL), MIRQ_OK);
	assert_int_equal(mirq_irq_free(b->irqs), MIRQ_OK);
	assert_int_equal(mirq_device_detach(b->dev), MIRQ_OK);
	sim_run_until_idle(b->s);
	mirq_fini(b->m);
	assert_int_equal(sim_live(b->s), 0);
	assert_int_equal(sim_ram_used_bytes(b->s), 0);
	assert_null(sim_violation(b->s));
	sim_free(b->s);
}

/* Raise each once: each handler ran once more. */
static void bench_fire(struct bench *b, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t before = b->nr_handled[i];

		sim_device_raise(b->hardware, i);
		sim_run_until_idle(b->s);
		assert_int_equal(b->nr_handled[i], before + 1);
	}
}

/* ---- The whole path, on each kind of machine ---- */

static const struct {
	const char *machine;
	uint32_t nr;
	const char *device;
	enum mirq_err move; /* what moving answers */
} machines[] = {
	{ "cpus=4 dev:msix=8", 8, "dev", MIRQ_OK },
	{ "cpus=4 dev:msi=1", 1, "dev", MIRQ_OK },
	{ "cpus=4 dev:msi=1,nomask,msi32", 1, "dev", MIRQ_ENOTSUP },
	{ "cpus=4 dev:msi=8,behind=root", 8, "dev", MIRQ_ENOTSUP },
	{ "cpus=4 nodes=2 vtd dev:msix=8", 8, "dev", MIRQ_OK },
	{ "cpus=4 vtd=coherent=0 dev:msix=8", 8, "dev", MIRQ_OK },
	{ "cpus=4 vtd=steps=7,command-steps=3 dev:msix=8", 8, "dev", MIRQ_OK },
	{ "cpus=4 vtd=esirtps,rwbf,mhmv=0 dev:msix=8,bar=2", 8, "dev", MIRQ_OK },
	{ "cpus=4 vtd dev:msi=16,nomask", 16, "dev", MIRQ_OK },
	{ "cpus=4 vtd dev:msi=1,nomask behind=pci-bridge", 1, "dev", MIRQ_OK },
	{ "cpus=4 vtd dev:msix=4 behind=legacy-bridge", 4, "dev", MIRQ_OK },
	{ "cpus=4 vtd vtd a:msix=2 dev:msix=4,unit=1 c:msix=2,behind=root,unit=1", 4, "dev",
	  MIRQ_OK },
	{ "cpus=4 vtd vtd a:msix=2 dev:msix=4,unit=1,behind=pci-bridge", 4, "dev", MIRQ_OK },
	{ "cpus=4 x2apic vtd=eim apic-first=300 apic-step=7 x2apic-entered dev:msix=8", 8, "dev",
	  MIRQ_OK },
	{ "cpus=2 x2apic-entered dev:msix=4", 4, "dev", MIRQ_OK },
	{ "cpus=4 posted=9 message=9 remapped=9 ipi=9 vtd=steps=3 dev:msix=8", 8, "dev", MIRQ_OK },
	{ "cpus=4 posted=20 message=5 ipi=9 seed=77 dev:msix=8", 8, "dev", MIRQ_OK },
};

static void whole_path__each_machine__handled_once(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NR(machines); i++) {
		struct bench b;

		bench_up(&b, machines[i].machine, NULL);
		bench_request(&b, machines[i].device, machines[i].nr);
		bench_fire(&b, machines[i].nr);
		bench_down(&b);
	}
}

/* Messages that share a slot, or cannot be masked, move behind a remapper only. */
static void move__each_machine__handled_on_the_new_cpu(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NR(machines); i++) {
		struct bench b;

		bench_up(&b, machines[i].machine, NULL);
		bench_request(&b, machines[i].device, machines[i].nr);
		for (uint32_t cpu = 0; cpu < sim_spec(b.s)->nr_cpus; cpu++) {
			uint32_t before;

			if (mirq_affinity_effective(b.irqs, &before) || before == cpu)
				continue;
			assert_int_equal(mirq_affinity_set(b.irqs, mirq_cpus_one(cpu), NULL),
					 machines[i].move);
			bench_fire(&b, machines[i].nr);
			assert_int_equal(b.last_cpu, machines[i].move ? before : cpu);
		}
		bench_down(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_path__each_machine__handled_once),
		cmocka_unit_test(move__each_machine__handled_on_the_new_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
