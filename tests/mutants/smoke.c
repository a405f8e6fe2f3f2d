/* SPDX-License-Identifier: MIT */
/*
 * smoke.c - one interrupt, on each of a few simulated machines, in a quiet moment: attached,
 * handled, let go. A planted defect that fails here is no test of anything: whoever runs the code
 * once would find it. Exit status 0: fine; 1: what is wrong is printed.
 */
#include <stdio.h>
#include <string.h>

#include <mirq/inspect.h>

#include "../../sim/port.h"

#define NR_EVENTS 3

static uint32_t nr_handled;

static enum mirq_handled handle(void *context)
{
	(void)context;
	nr_handled++;
	return MIRQ_HANDLED;
}

/* NULL, or what is wrong. */
static const char *live(struct sim *s, struct mirq *m)
{
	const struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = handle };
	struct mirq_device *dev;
	struct mirq_irqs irqs;

	if (sim_pci_attach(s, m, "dev", &dev))
		return "the device does not attach";
	if (mirq_pci_alloc_irqs(dev, 1, 1, MIRQ_PCI_ANY, NULL, &irqs))
		return "no interrupt is to be had";
	if (mirq_irq_request(irqs, &h))
		return "the interrupt cannot be requested";
	nr_handled = 0;
	for (uint32_t i = 0; i < NR_EVENTS; i++) {
		sim_device_raise(sim_device(s, "dev"), 0);
		sim_run_until_idle(s);
	}
	if (nr_handled != NR_EVENTS)
		return "not every event was handled once";
	if (mirq_irq_release(irqs, &h) || mirq_irq_free(irqs) || mirq_device_detach(dev))
		return "the interrupt cannot be let go";
	return NULL;
}

int main(void)
{
	static const char *const machines[] = {
		"cpus=2 dev:msix=4",
		"cpus=2 dev:msi=1",
		"cpus=2 vtd dev:msix=4",
		"cpus=2 vtd dev:msi=1,nomask",
	};
	int failed = 0;

	for (uint32_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct sim_error error;
		struct sim *s = sim_parse(machines[i], &error);
		const char *wrong;
		struct mirq *m;

		if (!s) {
			printf("%s: %s: %s\n", machines[i], error.word, error.text);
			return 1;
		}
		if (sim_attach(s, NULL, &m)) {
			printf("%s: mirq does not attach\n", machines[i]);
			return 1;
		}
		wrong = live(s, m);
		if (wrong)
			printf("%s: %s\n", machines[i], wrong);
		failed |= wrong != NULL;
		mirq_fini(m);
		sim_free(s);
	}
	return failed;
}
