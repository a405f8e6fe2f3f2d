/* SPDX-License-Identifier: MIT */
/* machine.c - see machine.h. */
#include "machine.h"

#include <stdio.h>
#include <string.h>

#include "../sim/spec_json.h"
#include "options.h"

#define SHOWN 72

const char machine_default[] = "cpus=8 nodes=2 x2apic-entered vtd=eim,records=8,steps=3 "
			       "posted=12 message=20 remapped=8 ipi=15 "
			       "nvme0:msix=9 nvme1:msix=9 nic0:msix=17 nic1:msi=1 "
			       "accel:msix=2,array=8,queue=4,registers=2,firmware=4,steps=3 "
			       "fpga:msix=2";

/* The description with a mark below the word that is wrong. */
static void show_line(const char *text, const struct sim_error *error)
{
	size_t first = error->position > SHOWN / 2 ? error->position - SHOWN / 2 : 0;
	size_t nr = strlen(error->word);

	fprintf(stderr, "  %s%.*s\n  %*s^", first ? "..." : "", SHOWN, text + first,
		(int)(error->position - first + (first ? 3 : 0)), "");
	while (nr-- > 1)
		fputc('~', stderr);
	fputc('\n', stderr);
}

/* In a file: where it is, as compilers say it. */
static void show_error(const char *text, const struct sim_error *error)
{
	int is_inline = *text == '{' || strchr(text, '\n');

	if (error->line)
		usage_error("%s:%u:%u: %s%s%s", is_inline ? "--machine" : text, error->line,
			    error->column, error->word, *error->word ? ": " : "", error->text);
	else if (*error->word)
		usage_error("--machine: %s: %s", error->word, error->text);
	else
		usage_error("--machine: %s: %s", text, error->text);
	if (!error->line && *error->word && !is_inline)
		show_line(text, error);
	usage_error("'mirq sim --help' has an example, docs/machines.md every word");
}

int machine_read(const char *text, struct sim_spec *out_spec)
{
	struct sim_error error = { 0 };

	if (!sim_spec_load(text, out_spec, &error))
		return 0;
	show_error(text, &error);
	return -1;
}
