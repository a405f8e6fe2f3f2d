/* SPDX-License-Identifier: MIT */
/*
 * test_explored.c - the library compiled for exploring, on its smallest part that CPUs share: the
 * id allocator (mirq/affinity.h). Two CPUs of different lock groups, so that the hints above them
 * are refreshed without a common lock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mirq/affinity.h>
#include <mirq/host.h>

#include "../../sim/atomics.h"

#define NR_CPUS 17 /* the last one has a lock of its own */
#define NR_IDS 2

struct scenario {
	enum atomics_model model;
	struct mirq_ids *ids;
	struct mirq_target taken[2];
};

uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	(void)h;
	return 0;
}

void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	(void)h;
	(void)saved;
}

void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)h;
	(void)kind;
	engine_yield(engine_here());
}

static struct mirq_cpus all_cpus(void)
{
	struct mirq_cpus cpus = { { 0, NR_CPUS }, NULL };

	return cpus;
}

static void take(struct scenario *s, uint32_t index)
{
	if (mirq_ids_alloc(s->ids, all_cpus(), 0, &s->taken[index]) != MIRQ_OK)
		engine_fail(engine_here(), "no id, though four are there for two");
	engine_note(engine_here(), "has CPU %u, id %u", s->taken[index].cpu, s->taken[index].id);
}

static void take_first(void *context)
{
	take(context, 0);
}

static void take_second(void *context)
{
	struct scenario *s = context;

	take(s, 1);
	mirq_ids_free(s->ids, s->taken[1]);
	take(s, 1);
}

static void begin(struct engine *e, void *context)
{
	struct scenario *s = context;
	struct mirq_range range = { 48, 48 + NR_IDS };
	void *memory = engine_alloc(e, mirq_ids_size_bytes(NR_CPUS, range));

	atomics_begin(e, s->model);
	if (mirq_ids_init(memory, NR_CPUS, range, memory, &s->ids) != MIRQ_OK ||
	    mirq_ids_online(s->ids, 0) != MIRQ_OK ||
	    mirq_ids_online(s->ids, NR_CPUS - 1) != MIRQ_OK)
		engine_fail(e, "no allocator");
	engine_spawn(e, "first", 1, take_first, s);
	engine_spawn(e, "second", 1, take_second, s);
}

/* Two ids that differ, and the hints lead to all that are left. */
static void finish(struct engine *e, void *context, enum engine_end end)
{
	struct scenario *s = context;
	struct mirq_target a = s->taken[0], b = s->taken[1], other;
	uint32_t nr = 0;

	if (end != ENGINE_DONE)
		return;
	if (a.cpu == b.cpu && a.id == b.id)
		engine_fail(e, "CPU %u, id %u was given twice", a.cpu, a.id);
	while (mirq_ids_alloc(s->ids, all_cpus(), 0, &other) == MIRQ_OK)
		nr++;
	if (nr != 2 * NR_IDS - 2)
		engine_fail(e, "%u are left, not %u", nr, 2 * NR_IDS - 2);
	engine_state(e, (uint64_t)a.cpu << 48 | (uint64_t)a.id << 32 | b.cpu << 16 | b.id);
}

static struct engine_stats explore(enum atomics_model model, int no_reduction, uint32_t bound)
{
	struct scenario s = { .model = model };
	struct engine_run run = { begin, finish, &s };
	struct engine_options options = { .max_preemptions = bound, .no_reduction = no_reduction };
	struct engine_outcome out;

	if (engine_explore(&options, &run, &out) != ENGINE_DONE)
		print_message("%s\n%s", out.schedule, out.story);
	assert_string_equal(out.reason, "");
	assert_int_equal(out.end, ENGINE_DONE);
	assert_true(out.stats.is_complete);
	print_message("%u schedules of at most %u points, %u states\n",
		      (unsigned)out.stats.nr_schedules, out.stats.max_depth,
		      (unsigned)out.stats.nr_states);
	engine_outcome_fini(&out);
	return out.stats;
}

static void ids__two_cpus__never_given_twice(void **state)
{
	struct engine_stats sc, tso;

	(void)state;
	sc = explore(ATOMICS_SC, 0, 2);
	tso = explore(ATOMICS_TSO, 0, 2);
	assert_true(sc.nr_schedules > 1000);
	assert_true(tso.nr_schedules >= sc.nr_schedules);
}

static void ids__reduction__same_final_states(void **state)
{
	struct engine_stats all = explore(ATOMICS_TSO, 1, 1), reduced = explore(ATOMICS_TSO, 0, 1);

	(void)state;
	assert_int_equal(all.nr_states, reduced.nr_states);
	assert_true(all.nr_schedules >= reduced.nr_schedules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids__two_cpus__never_given_twice),
		cmocka_unit_test(ids__reduction__same_final_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
