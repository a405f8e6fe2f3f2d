/* SPDX-License-Identifier: MIT */
/*
 * Scenario hpet: timers of the HPET interrupt by message, through a register store of a device that
 * is not on PCI. Each timer on each CPU, then moved from CPU to CPU while it matches again and
 * again, all timers at once; a lost match ends its timer's chain, and the run fails. At the end
 * they match without a handler, and nobody may notice.
 */
#include "scenario.h"

#include "cpu.h"
#include "hpet.h"
#include "option.h"
#include "show.h"
#include "verdict.h"
#include "wait.h"

enum {
	DELAY_NS = 100000,
	NR_MATCHES = 300, /* of each timer while it is moved */
	QUIET_NS = 5000000
};

static bool request_all(uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (!hpet_request(hpet_at(i), i % cpu_nr()))
			return false;
	return true;
}

static void match_on_each_cpu(struct hpet_timer *t)
{
	for (uint32_t cpu = 0; cpu < cpu_nr(); cpu++) {
		if (!platform_move(&t->p, cpu))
			return;
		hpet_arm(t, DELAY_NS, 0);
		if (!platform_wait(&t->p))
			return;
		if (t->p.handled_cpu != cpu)
			report_failure("hpet: timer %u is at CPU %u, handled on CPU %u", t->number,
				       cpu, t->p.handled_cpu);
	}
	report(true, "hpet: timer %u handled on each of %u CPUs", t->number, cpu_nr());
}

static void move_while_matching(uint32_t nr)
{
	uint32_t nr_matches = (uint32_t)option_number("matches", NR_MATCHES);
	bool is_good;

	hpet_arm_all(DELAY_NS, nr_matches);
	hpet_move_all();
	is_good = hpet_wait_all();
	report(is_good && (hpet_nr_moves() || cpu_nr() == 1),
	       "hpet: %u timers matched %u times each, moved %u times meanwhile", nr, nr_matches,
	       hpet_nr_moves());
}

/* Freed: neither by message nor by wire. */
static void match_in_silence(uint32_t nr)
{
	struct wait w = { 0, 0 };

	for (uint32_t i = 0; i < nr; i++) {
		platform_show(&hpet_at(i)->p);
		hpet_free(hpet_at(i));
		hpet_match_uncounted(hpet_at(i));
	}
	while (wait_more(&w, QUIET_NS))
		;
}

void scenario_hpet(void)
{
	uint32_t nr;

	verdict_begin(VERDICT_ALLOC_ALL);
	nr = hpet_open();
	report(nr && request_all(nr), "hpet: %u timers requested", nr);
	show_tree();
	for (uint32_t i = 0; i < nr; i++)
		match_on_each_cpu(hpet_at(i));
	if (nr)
		move_while_matching(nr);
	match_in_silence(nr);
	verdict_end();
}
