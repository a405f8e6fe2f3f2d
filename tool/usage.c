/* SPDX-License-Identifier: MIT */
/* usage.c - what --help prints. docs/man/mirq.1 says it at length. */
#include "options.h"

const char usage_text[] =
	"usage: mirq sim [OPTION]...\n"
	"       mirq --help | --version\n"
	"\n"
	"  sim    plays interrupts on a simulated machine; 'mirq sim --help' tells more\n"
	"\n"
	"mirq(1) is the manual of this command, mirq(7) that of the library.\n";

const char usage_sim_text[] =
	"usage: mirq sim [--machine SPEC|FILE] [--seed N] [--json]\n"
	"       mirq sim --scenario NAME [--explore N] [--seed N|TEXT] [--json]\n"
	"       mirq sim --list [--json]\n"
	"\n"
	"Without --scenario: a story on a simulated machine. Devices interrupt, interrupts move,\n"
	"CPUs leave, a bus master forges messages, drivers go and come; after each chapter what\n"
	"must hold is checked. Every number is a counter of the machine or of mirq.\n"
	"\n"
	"  --machine SPEC  a machine in one line (docs/machines.md), such as\n"
	"                  'cpus=4 nodes=2 vtd nvme:msix=5 old:msi=1,nomask'\n"
	"  --machine FILE  NAME.json describes one; default: a server with 8 CPUs and VT-d\n"
	"  --scenario NAME explore one small scenario, every schedule within a bound\n"
	"  --explore N     the bound: preemptions in a schedule; default: the scenario's own\n"
	"  --seed N        story: other delays and another order; the same seed, the same output\n"
	"  --seed N        scenario: one schedule, the one that the number makes\n"
	"  --seed TEXT     scenario: one schedule again, as a failure prints it\n"
	"  --list          the names that --scenario takes\n"
	"  --json          one JSON document instead of lines (docs/mirq-sim.schema.json)\n"
	"  --help          this text\n"
	"\n"
	"Exit status: 0 the last line says 'verdict: PASS', 1 it says 'verdict: FAIL', 2 a word\n"
	"that was not understood.\n";
