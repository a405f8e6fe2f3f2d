/* SPDX-License-Identifier: MIT */
/*
 * The table of scenarios, and the counting of reports.
 *
 * Locking: the counters are atomic; print() keeps lines whole.
 */
#include "scenario.h"

#include <stddef.h>

#include "console.h"
#include "kstring.h"

static const struct scenario scenarios[] = {
	{ "affinity", "every interrupt moved over the CPUs while it is fired", scenario_affinity },
	{ "boot", "CPUs, memory, PCI, a self-IPI on every CPU", scenario_boot },
	{ "bridges", "every vector of every device, behind bridges", scenario_bridges },
	{ "devices", "every vector of every device, fired from every CPU", scenario_devices },
	{ "dmafault", "a forbidden DMA raises the fault event and is decoded", scenario_dmafault },
	{ "dynamic", "single slots allocated and freed while others fire", scenario_dynamic },
	{ "events", "a unit's fault and completion events, below the root", scenario_events },
	{ "fault", "break the kernel on purpose: ends in a panic", scenario_fault },
	{ "forgery", "messages of the wrong sender or form are blocked", scenario_forgery },
	{ "hpet", "timers interrupt by message, moved while they match", scenario_hpet },
	{ "limits", "as many vectors as the CPUs hold", scenario_limits },
	{ "masks", "events are kept while an interrupt is off", scenario_masks },
	{ "measure", "what mirq costs, in instructions and bytes (-icount)", scenario_measure },
	{ "multimsi", "every message of a multi-message MSI, masks in MSI", scenario_multimsi },
	{ "nvme", "the image verified on every CPU, queues moved under load", scenario_nvme },
	{ "port", "what the port refuses and gives", scenario_port },
	{ "rows", "single facts about the remapping unit (tests/rows)", scenario_rows },
	{ "stores", "stores of every kind deliver side by side", scenario_stores },
	{ "run", "one machine from its firmware to a verdict", scenario_all },
};

enum {
	NR_SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0])
};

static uint32_t nr_passed, nr_failed, nr_skipped;
static struct scenario_counts counts;
static bool has_counts;

static void report_line(const char *word, uint32_t *counter, const char *format, va_list list)
{
	char line[240];

	format_list(line, sizeof(line), format, list);
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
	print("%s: %s\n", word, line);
}

void report(bool is_good, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (is_good)
		report_line("PASS", &nr_passed, format, list);
	else
		report_line("FAIL", &nr_failed, format, list);
	va_end(list);
}

void report_failure(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	report_line("FAIL", &nr_failed, format, list);
	va_end(list);
}

void report_skip(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	report_line("SKIP", &nr_skipped, format, list);
	va_end(list);
}

void scenario_set_counts(const struct scenario_counts *c)
{
	counts = *c;
	has_counts = true;
}

static const struct scenario *find(const char *name)
{
	for (uint32_t i = 0; i < NR_SCENARIOS; i++)
		if (kstring_is_equal(scenarios[i].name, name))
			return &scenarios[i];
	return NULL;
}

static const char *const verdict_words[] = { "verdict: FAIL ", "verdict: PASS " };

/* A scenario that reported nothing has shown nothing. */
bool scenario_run(const char *name)
{
	const struct scenario *s = find(name);
	bool is_good;

	if (!s) {
		print("no scenario %s; there are:\n", name);
		for (uint32_t i = 0; i < NR_SCENARIOS; i++)
			print("  %-16s %s\n", scenarios[i].name, scenarios[i].summary);
		return false;
	}
	print("scenario: %s: %s\n", s->name, s->summary);
	s->run();
	is_good = !nr_failed && nr_passed + nr_skipped && !counts.nr_lost && !counts.nr_stray;
	print("%s%s: %u passed, %u failed, %u skipped\n", has_counts ? "" : verdict_words[is_good],
	      s->name, nr_passed, nr_failed, nr_skipped);
	if (has_counts)
		print("%sraised=%lu handled=%lu lost=%lu stray=%lu\n", verdict_words[is_good],
		      counts.nr_raised, counts.nr_handled, counts.nr_lost, counts.nr_stray);
	return is_good;
}
