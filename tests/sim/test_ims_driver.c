/* SPDX-License-Identifier: MIT */
/*
 * test_ims_driver.c - examples/ims-driver with the real library on simulated machines: each phase
 * of the driver in order, what it does where its slots are refused or ids are few, and each phase
 * with call of the host, or access to hardware, number 1, 2, 3, ... failing, once and for good. The
 * device and the judge are sim/scenarios/acme_world.c; under the explorer: machine_acme.c there.
 *
 * Breaks of the driver and its store that were tried, each found here: the
 * PASID not placed, not bounded, the neighbour's; words of the slot and slots in other places; mask
 * or unmask that does nothing; all ones taken for an answer; the contexts' stride left out; all
 * queues or none; an error that does not undo; store or interrupt left behind; another queue moved
 * or taken back; a command's end not read. Nothing read back: scenario acme-move.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <mirq/inspect.h>

#include "../../sim/scenarios/acme_world.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))
#define TURNS_MAX 3000
#define FAILURES_FLOOR 350

static const char *const machines[] = {
	"cpus=4 dev:msix=1",
	"cpus=4 vtd dev:msix=4",
	"cpus=4 vtd=coherent=0,rwbf,steps=2,command-steps=2 dev:msix=1",
	"cpus=2 posted=3 message=9 ipi=5 dev:msix=1",
	"cpus=2 posted=3 message=9 remapped=4 vtd=steps=4 dev:msix=1",
	"cpus=4 x2apic vtd=eim apic-first=300 apic-step=7 x2apic-entered dev:msix=1",
};

static struct acme_world *world_of(const char *machine, uint32_t nr_vectors, enum mirq_guest guest)
{
	struct acme_world *w = test_calloc(1, sizeof(*w));
	struct sim *s = sim_parse(machine, NULL);

	assert_non_null(s);
	assert_int_equal(acme_world_begin(w, s, nr_vectors, guest), MIRQ_OK);
	return w;
}

static struct acme_world *world_new(const char *machine, uint32_t nr_vectors)
{
	return world_of(machine, nr_vectors, MIRQ_GUEST_NO);
}

static void world_free(struct acme_world *w)
{
	const char *text = acme_world_finish(w);

	if (text)
		fail_msg("%s", text);
	sim_free(w->s);
	test_free(w);
}

/* Each queue that is lent handles one event more, no other one does. */
static void fire(struct acme_world *w)
{
	uint32_t before[ACME_QUEUES], nr;

	acme_world_rest(w);
	nr = w->acme.nr_commands;
	memcpy(before, w->acme.done, sizeof(before));
	for (uint32_t i = 0; i < ACME_QUEUES; i++)
		if (w->queues[i].is_live)
			acme_world_raise(w, i);
	acme_world_command(w);
	acme_world_rest(w);
	for (uint32_t i = 0; i < ACME_QUEUES; i++)
		assert_int_equal(w->acme.done[i], before[i] + w->queues[i].is_live);
	assert_int_equal(w->acme.nr_commands, nr + 1);
}

static void phases__each_machine__every_event_handled(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NR(machines); i++) {
		struct acme_world *w = world_new(machines[i], 0);
		uint32_t cpu = UINT32_MAX;

		assert_int_equal(acme_world_probe(w), MIRQ_OK);
		assert_int_equal(mirq_irq_count(w->acme.lent), ACME_QUEUES);
		fire(w);
		for (uint32_t to = 0; to < sim_spec(w->s)->nr_cpus; to++) {
			acme_world_raise(w, 3);
			assert_int_equal(acme_world_move(w, 3, to), MIRQ_OK);
			assert_int_equal(
				mirq_affinity_effective(mirq_irq_at(w->acme.lent, 3), &cpu),
				MIRQ_OK);
			assert_int_equal(cpu, to);
			fire(w);
		}
		acme_world_raise(w, 4);
		acme_world_raise(w, 5);
		acme_world_take_back(w, 4);
		acme_world_raise(w, 4);
		fire(w);
		acme_world_raise(w, 5);
		acme_world_remove(w);
		assert_int_equal(acme_world_probe(w), MIRQ_OK);
		fire(w);
		world_free(w);
	}
}

/* Two ids on each of two CPUs: one for commands, three queues of eight. Then none that suffice. */
static void probe__few_ids__between_two_and_all(void **state)
{
	struct acme_world *w = world_new(machines[3], 2);
	struct mirq_why *why = &w->acme.why;

	(void)state;
	assert_int_equal(acme_world_probe(w), MIRQ_OK);
	assert_int_equal(mirq_irq_count(w->acme.lent), 3);
	fire(w);
	world_free(w);
	w = world_new(machines[3], 1);
	assert_int_equal(acme_world_probe(w), MIRQ_ENOSPC);
	why = &w->acme.why;
	assert_non_null(why->text);
	assert_int_equal(why->nr_left, 1);
	world_free(w);
}

/* A PASID has 20 bits: slot_init refuses, and nothing is left of the other queues. */
static void probe__pasid_too_wide__refused_and_undone(void **state)
{
	uint64_t pasids[ACME_QUEUES] = { 1, 2, 3, 4, 5, 6, 7, 0x100000 };
	struct acme_world *w = world_new(machines[1], 0);
	struct mirq_info info;

	(void)state;
	assert_int_equal(acme_world_probe(w), MIRQ_OK);
	acme_world_remove(w);
	assert_int_equal(acme_probe(&w->acme, w->dev, pasids), MIRQ_EINVAL);
	mirq_inspect(w->m, &info);
	assert_int_equal(info.nr_irqs, 0);
	world_free(w);
}

/* quote: supported */
/* Is IMS available here, and if not, why? */
static const char *why_not(struct mirq_device *dev)
{
	struct mirq_why why = { 0 };

	return mirq_store_supported(dev, &acme_slots, &why) ? why.text : NULL;
}
/* end */

static void supported__guest_with_and_without_a_unit__as_probe_says(void **state)
{
	struct acme_world *w = world_of(machines[0], 0, MIRQ_GUEST_YES);

	(void)state;
	assert_non_null(why_not(w->dev));
	assert_int_equal(acme_world_probe(w), MIRQ_EGUEST);
	assert_int_equal(w->acme.why.rule, 6);
	assert_string_equal(w->acme.why.text, why_not(w->dev));
	world_free(w);
	w = world_of(machines[1], 0, MIRQ_GUEST_YES);
	assert_null(why_not(w->dev));
	assert_int_equal(acme_world_probe(w), MIRQ_OK);
	fire(w);
	world_free(w);
}

/* ---- Failing calls ---- */

static enum mirq_err phase_probe(struct acme_world *w)
{
	return acme_world_probe(w);
}

static enum mirq_err phase_move(struct acme_world *w)
{
	uint32_t cpu = 0;

	assert_int_equal(mirq_affinity_effective(mirq_irq_at(w->acme.lent, 0), &cpu), MIRQ_OK);
	return acme_world_move(w, 0, !cpu);
}

static enum mirq_err phase_take_back(struct acme_world *w)
{
	acme_world_take_back(w, 1);
	return MIRQ_OK;
}

static enum mirq_err phase_remove(struct acme_world *w)
{
	acme_world_remove(w);
	return MIRQ_OK;
}

static const struct {
	const char *name;
	enum mirq_err (*run)(struct acme_world *w);
} phases[] = {
	{ "probe", phase_probe },
	{ "move", phase_move },
	{ "take back", phase_take_back },
	{ "remove", phase_remove },
};

static const enum sim_fail kinds[] = { SIM_FAIL_MEMORY, SIM_FAIL_CONFIG, SIM_FAIL_REGISTER,
				       SIM_FAIL_QUEUE };
static uint64_t nr_injected;

/* All or nothing: again what failed, where hardware still answers. */
static void after(struct acme_world *w, uint32_t phase, enum mirq_err err)
{
	struct mirq_info info;

	acme_world_rest(w);
	mirq_inspect(w->m, &info);
	if (phases[phase].run == phase_probe && err)
		assert_true(!info.nr_irqs || info.nr_quarantined);
	if (err && !info.nr_quarantined && !sim_logs(w->s) && !w->is_lossy)
		assert_int_equal(phases[phase].run(w), MIRQ_OK);
	if (w->is_up && !w->is_misread)
		fire(w);
}

/* 1: a failure was injected. */
static int turn(const char *machine, uint32_t phase, enum sim_fail kind, uint64_t at, int for_good)
{
	struct acme_world *w = world_new(machine, 0);
	uint64_t nr_failed;
	enum mirq_err err;

	if (phases[phase].run != phase_probe) {
		assert_int_equal(acme_world_probe(w), MIRQ_OK);
		acme_world_raise(w, 0); /* under way while it happens */
		acme_world_raise(w, 1);
	}
	sim_port_fail(w->s, kind, at, for_good);
	err = phases[phase].run(w);
	nr_failed = sim_port_failed(w->s);
	sim_port_fail(w->s, 0, 0, 0);
	w->is_misread = nr_failed && kind != SIM_FAIL_MEMORY;
	w->is_lossy = w->is_misread && for_good;
	if (err && !nr_failed)
		fail_msg("%s: %s answers %d, and nothing failed", machine, phases[phase].name, err);
	/* Nobody knows whether the message has arrived. */
	if (phases[phase].run == phase_move && w->is_misread && !sim_spec(w->s)->nr_units)
		assert_int_equal(err, MIRQ_EIO);
	after(w, phase, err);
	world_free(w);
	nr_injected += nr_failed != 0;
	return nr_failed != 0;
}

static void failures__each_phase__all_or_nothing(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NR(machines); i++)
		for (uint32_t phase = 0; phase < NR(phases); phase++)
			for (uint32_t how = 0; how < 2 * NR(kinds); how++) {
				uint64_t at = 1;

				while (turn(machines[i], phase, kinds[how / 2], at, how % 2))
					assert_true(++at < TURNS_MAX);
			}
	printf("failures injected: %llu\n", (unsigned long long)nr_injected);
	assert_true(nr_injected >= FAILURES_FLOOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases__each_machine__every_event_handled),
		cmocka_unit_test(probe__few_ids__between_two_and_all),
		cmocka_unit_test(probe__pasid_too_wide__refused_and_undone),
		cmocka_unit_test(supported__guest_with_and_without_a_unit__as_probe_says),
		cmocka_unit_test(failures__each_phase__all_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
