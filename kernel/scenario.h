/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: what one boot of the kernel tries out. The command line says scenario=NAME and the
 * options that the scenario reads; the exit status says whether every report was good.
 */
#ifndef KERNEL_SCENARIO_H
#define KERNEL_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"

struct scenario {
	const char *name;
	const char *summary;
	void (*run)(void); /* thread context, CPU 0, all CPUs online and idle */
};

/* Prints one line "PASS: what" or "FAIL: what" and counts it. Any thread, any CPU. */
void report(bool is_good, const char *format, ...) KERNEL_PRINTF(2, 3);

/* Counts only a failure, for checks made a thousand times. */
void report_failure(const char *format, ...) KERNEL_PRINTF(1, 2);

/* Prints "SKIP: what": the machine lacks what this needs. Alone it is not a failure. */
void report_skip(const char *format, ...) KERNEL_PRINTF(1, 2);

/*
 * For scenarios that count events: the verdict's line says these, and is PASS only when none was
 * lost and none came that nobody was meant by.
 */
struct scenario_counts {
	uint64_t nr_raised, nr_handled, nr_lost, nr_stray;
};
void scenario_set_counts(const struct scenario_counts *counts);

/* Runs the scenario called @name and prints its verdict. True when it passed. */
bool scenario_run(const char *name);

/* Each in its own file scenario_<name>.c. */
void scenario_affinity(void);
void scenario_all(void);
void scenario_boot(void);
void scenario_bridges(void);
void scenario_devices(void);
void scenario_dmafault(void);
void scenario_dynamic(void);
void scenario_events(void);
void scenario_fault(void);
void scenario_forgery(void);
void scenario_hpet(void);
void scenario_limits(void);
void scenario_masks(void);
void scenario_measure(void);
void scenario_multimsi(void);
void scenario_nvme(void);
void scenario_port(void);
void scenario_rows(void);
void scenario_stores(void);

#endif
