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

/* From MSI-X or MSI, or from the store of the device's own that is named. */
static enum mirq_err alloc(struct sim *s, struct mirq_device *dev, enum sim_store kind,
			   struct mirq_irqs *out_irqs)
{
	static const uint64_t cookie = 5;
	const struct mirq_irq_want want = {
		MIRQ_SIZED(mirq_irq_want),
		.cookies = kind == SIM_STORE_ARRAY || kind == SIM_STORE_QUEUE ? &cookie : NULL,
	};
	struct mirq_store *store;
	enum mirq_err err;

	if (kind <= SIM_STORE_MSIX)
		return mirq_pci_alloc_irqs(dev, 1, 1, MIRQ_PCI_ANY, NULL, out_irqs);
	err = sim_store_attach(s, dev, kind, NULL, &store);
	return err ? err : mirq_irq_alloc(store, &want, out_irqs);
}

/* NULL, or what is wrong. */
static const char *live(struct sim *s, struct mirq *m, enum sim_store kind)
{
	const struct mirq_irq_handler h = { MIRQ_SIZED(mirq_irq_handler), .handle = handle };
	struct mirq_device *dev;
	struct mirq_irqs irqs;

	if (sim_pci_attach(s, m, "dev", &dev))
		return "the device does not attach";
	if (alloc(s, dev, kind, &irqs))
		return "no interrupt is to be had";
	if (mirq_irq_request(irqs, &h))
		return "the interrupt cannot be requested";
	nr_handled = 0;
	for (uint32_t i = 0; i < NR_EVENTS; i++) {
		sim_device_raise_at(sim_device(s, "dev"), kind, 0);
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
	static const struct {
		const char *text;
		enum sim_store kind;
	} machines[] = {
		{ "cpus=2 dev:msix=4", SIM_STORE_MSIX },
		{ "cpus=2 dev:msi=1", SIM_STORE_MSI },
		{ "cpus=2 vtd dev:msix=4", SIM_STORE_MSIX },
		{ "cpus=2 vtd dev:msi=1,nomask", SIM_STORE_MSI },
		{ "cpus=2 dev:array=4", SIM_STORE_ARRAY },
		{ "cpus=2 dev:queue=4", SIM_STORE_QUEUE },
		{ "cpus=2 dev:registers=4", SIM_STORE_REGISTERS },
		{ "cpus=2 dev:firmware=4", SIM_STORE_FIRMWARE },
	};
	int failed = 0;

	for (uint32_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct sim_error error;
		struct sim *s = sim_parse(machines[i].text, &error);
		const char *wrong;
		struct mirq *m;

		if (!s) {
			printf("%s: %s: %s\n", machines[i].text, error.word, error.text);
			return 1;
		}
		if (sim_attach(s, NULL, &m)) {
			printf("%s: mirq does not attach\n", machines[i].text);
			return 1;
		}
		wrong = live(s, m, machines[i].kind);
		if (wrong)
			printf("%s: %s\n", machines[i].text, wrong);
		failed |= wrong != NULL;
		mirq_fini(m);
		sim_free(s);
	}
	return failed;
}
