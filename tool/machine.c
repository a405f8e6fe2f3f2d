/* SPDX-License-Identifier: MIT */
/* machine.c - see machine.h. */
#include "machine.h"

#include <stdio.h>
#include <string.h>

#include "options.h"

const char machine_default[] = "cpus=8 nodes=2 x2apic-entered vtd=eim,records=8,steps=3 "
			       "posted=12 message=20 remapped=8 ipi=15 "
			       "nvme0:msix=9 nvme1:msix=9 nic0:msix=17 nic1:msi=1 fpga:msix=2";

/* The description with a mark below the word that is wrong. */
static void show_error(const char *text, const struct sim_error *error)
{
	size_t nr = strlen(error->word);

	usage_error("--machine: %s", error->text);
	fprintf(stderr, "  %s\n  %*s^", text, (int)error->position, "");
	while (nr-- > 1)
		fputc('~', stderr);
	fprintf(stderr,
		"\nmirq sim: 'mirq sim --help' has an example, docs/machines.md every word\n");
}

int machine_read(const char *text, struct sim_spec *out_spec)
{
	struct sim_error error = { 0 };

	if (!sim_spec_parse(text, out_spec, &error))
		return 0;
	show_error(text, &error);
	return -1;
}
