/* SPDX-License-Identifier: MIT */
/*
 * test_engine.c - the search is trusted by everything else, so it is tried on programs whose number
 * of schedules is known and whose defects are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../sim/engine.h"

#define NO_BOUND UINT32_MAX

static struct engine_outcome explore(const struct engine_run *run, struct engine_options options)
{
	struct engine_outcome out;

	engine_explore(&options, run, &out);
	return out;
}

static void drop(struct engine_outcome *out)
{
	engine_outcome_fini(out);
}

/* ---- Counting ---- */

struct counting {
	uint32_t nr_fibers, nr_points;
	uint32_t objects[4];
	int is_shared;
};

struct counter {
	struct counting *c;
	uint32_t index;
};

static void count_body(void *context)
{
	struct counter *r = context;
	const void *object = &r->c->objects[r->c->is_shared ? 0 : r->index];

	for (uint32_t i = 0; i < r->c->nr_points; i++)
		engine_at(engine_here(), ENGINE_WRITE, object);
}

static void count_begin(struct engine *e, void *context)
{
	struct counting *c = context;

	for (uint32_t i = 0; i < c->nr_fibers; i++) {
		struct counter *r = engine_alloc(e, sizeof(*r));

		r->c = c;
		r->index = i;
		engine_spawn(e, "counter", 1, count_body, r);
	}
}

static void count_finish(struct engine *e, void *context, enum engine_end end)
{
	(void)context;
	engine_state(e, (uint64_t)end);
}

static struct engine_stats count(struct counting c, struct engine_options options)
{
	struct engine_run run = { count_begin, count_finish, &c };
	struct engine_outcome out = explore(&run, options);

	assert_int_equal(out.end, ENGINE_DONE);
	assert_true(out.stats.is_complete);
	assert_int_equal(out.stats.nr_states, 1);
	assert_int_equal(out.stats.max_depth, c.nr_fibers * c.nr_points);
	return out.stats;
}

static uint64_t binomial(uint32_t n, uint32_t k)
{
	uint64_t b = 1;

	for (uint32_t i = 1; i <= k; i++)
		b = b * (n - k + i) / i;
	return b;
}

/* Orders of two fibers of @nr steps each that leave one which could go on at most @bound times. */
static uint64_t orders(uint32_t nr, uint32_t bound)
{
	uint64_t found = 0;

	for (uint32_t word = 0; word < 1u << (2 * nr); word++) {
		uint32_t done[2] = { 0, 0 }, costs = 0;

		if (__builtin_popcount(word) != (int)nr)
			continue;
		for (uint32_t i = 0; i < 2 * nr; i++) {
			uint32_t who = word >> i & 1;

			if (i && (word >> (i - 1) & 1) != who && done[!who] < nr)
				costs++;
			done[who]++;
		}
		found += costs <= bound;
	}
	return found;
}

static void schedules__no_bound__are_binomial(void **state)
{
	struct engine_options options = { .max_preemptions = NO_BOUND, .no_reduction = 1 };

	(void)state;
	for (uint32_t n = 0; n <= 6; n++) {
		struct counting c = { .nr_fibers = 2, .nr_points = n };

		assert_int_equal(count(c, options).nr_schedules, binomial(2 * n + 2, n + 1));
	}
}

static void schedules__three_fibers__are_multinomial(void **state)
{
	struct engine_options options = { .max_preemptions = NO_BOUND, .no_reduction = 1 };
	struct counting c = { .nr_fibers = 3, .nr_points = 2 };

	(void)state;
	assert_int_equal(count(c, options).nr_schedules, binomial(9, 3) * binomial(6, 3));
}

static void schedules__bound__leaves_at_most_that_often(void **state)
{
	struct counting c = { .nr_fibers = 2 };

	(void)state;
	for (uint32_t n = 0; n <= 5; n++)
		for (uint32_t bound = 0; bound <= 4; bound++) {
			struct engine_options options = { .max_preemptions = bound,
							  .no_reduction = 1 };

			c.nr_points = n;
			assert_int_equal(count(c, options).nr_schedules, orders(n + 1, bound));
		}
}

static void schedules__shared_object__reduction_keeps_all(void **state)
{
	struct counting c = { .nr_fibers = 2, .nr_points = 4, .is_shared = 1 };

	(void)state;
	for (uint32_t bound = 0; bound <= 4; bound++) {
		struct engine_options options = { .max_preemptions = bound };

		assert_int_equal(count(c, options).nr_schedules, orders(5, bound));
	}
}

static void schedules__own_objects__reduction_keeps_two(void **state)
{
	struct engine_options options = { .max_preemptions = NO_BOUND };
	struct counting c = { .nr_fibers = 2, .nr_points = 50 };

	(void)state;
	assert_int_equal(count(c, options).nr_schedules, 2);
}

static void schedules__limit__is_not_complete(void **state)
{
	struct counting c = { .nr_fibers = 2, .nr_points = 4 };
	struct engine_run run = { count_begin, count_finish, &c };
	struct engine_outcome out = explore(&run,
					    (struct engine_options){ .max_preemptions = NO_BOUND,
								     .no_reduction = 1,
								     .max_schedules = 100 });

	(void)state;
	assert_int_equal(out.end, ENGINE_DONE);
	assert_false(out.stats.is_complete);
	assert_int_equal(out.stats.nr_schedules, 100);
}

/* ---- Choices ---- */

static void choose_begin(struct engine *e, void *context)
{
	uint32_t *sum = context;

	*sum = 100 * engine_pick(e, 3);
	*sum += 10 * engine_choose(e, 3);
	*sum += engine_choose(e, 2);
}

static void choose_finish(struct engine *e, void *context, enum engine_end end)
{
	(void)end;
	engine_state(e, *(uint32_t *)context);
}

static void choices__bound__costs_those_that_are_not_0(void **state)
{
	static const uint64_t expected[] = { 3, 3 * (1 + 2 + 1), 3 * 3 * 2 };
	uint32_t sum;
	struct engine_run run = { choose_begin, choose_finish, &sum };

	(void)state;
	for (uint32_t bound = 0; bound < 3; bound++) {
		struct engine_outcome out = explore(
			&run, (struct engine_options){ .max_preemptions = bound });

		assert_int_equal(out.stats.nr_schedules, expected[bound]);
		assert_int_equal(out.stats.nr_states, expected[bound]);
	}
}

static void moody_begin(struct engine *e, void *context)
{
	uint32_t *calls = context;

	engine_pick(e, 2 + ++*calls % 2);
}

static void moody_finish(struct engine *e, void *context, enum engine_end end)
{
	(void)e;
	(void)context;
	(void)end;
}

static void choices__more_than_the_run_says__are_found_out(void **state)
{
	uint32_t calls = 0;
	struct engine_run run = { moody_begin, moody_finish, &calls };
	struct engine_outcome out = explore(&run, (struct engine_options){ .max_preemptions = 1 });

	(void)state;
	assert_int_equal(out.end, ENGINE_FAILED);
	assert_non_null(strstr(out.reason, "depends on more than its choices"));
	drop(&out);
}

/* ---- Defects ---- */

/* A waiter looks at a flag, then sleeps; who sets the flag in between wakes nobody. */
struct sleeper {
	uint32_t flag, waiter;
	int is_careful; /* a wake-up that came early is kept */
	uint32_t is_woken;
};

static void sleeper_wait(void *context)
{
	struct sleeper *s = context;
	struct engine *e = engine_here();

	engine_at(e, ENGINE_LOAD, &s->flag);
	engine_note(e, "flag is %u", s->flag);
	if (s->flag)
		return;
	engine_at(e, ENGINE_LOAD, &s->is_woken);
	if (s->is_careful && s->is_woken)
		return;
	engine_note(e, "sleep");
	engine_sleep(e);
	engine_note(e, "awake");
}

static void sleeper_wake(void *context)
{
	struct sleeper *s = context;
	struct engine *e = engine_here();

	engine_at(e, ENGINE_STORE, &s->flag);
	s->flag = 1;
	engine_note(e, "flag := 1");
	engine_at(e, ENGINE_STORE, &s->is_woken);
	s->is_woken = 1;
	engine_note(e, "wake");
	engine_wake(e, s->waiter);
}

static void sleeper_begin(struct engine *e, void *context)
{
	struct sleeper *s = context;

	s->flag = s->is_woken = 0;
	s->waiter = engine_spawn(e, "waiter", 1, sleeper_wait, s);
	engine_spawn(e, "waker", 1, sleeper_wake, s);
}

static void sleeper_finish(struct engine *e, void *context, enum engine_end end)
{
	(void)e;
	(void)context;
	(void)end;
}

static void lost_wakeup__one_preemption__is_a_deadlock(void **state)
{
	struct sleeper s = { .is_careful = 0 };
	struct engine_run run = { sleeper_begin, sleeper_finish, &s };
	struct engine_outcome out = explore(&run, (struct engine_options){ .max_preemptions = 0 });

	(void)state;
	assert_int_equal(out.end, ENGINE_DONE);
	out = explore(&run, (struct engine_options){ .max_preemptions = 1 });
	assert_int_equal(out.end, ENGINE_DEADLOCK);
	assert_non_null(strstr(out.reason, "waiter"));
	assert_non_null(strstr(out.story, "(preempted)"));
	drop(&out);
	s.is_careful = 1;
	out = explore(&run, (struct engine_options){ .max_preemptions = NO_BOUND });
	assert_int_equal(out.end, ENGINE_DONE);
	assert_true(out.stats.is_complete);
}

/* A lock-free stack whose pop takes the next pointer of a node that was popped and pushed again. */
#define NR_NODES 3

struct node {
	struct node *next;
	uint32_t nr_owners;
};

struct stack {
	struct node *top;
	uint32_t generation;
	int is_counted; /* the comparison sees the generation, too */
	struct node nodes[NR_NODES];
};

static int swap_top(struct stack *s, struct node *top, uint32_t generation, struct node *next)
{
	engine_at(engine_here(), ENGINE_RMW, &s->top);
	if (s->top != top || (s->is_counted && s->generation != generation))
		return 0;
	s->top = next;
	s->generation++;
	engine_note(engine_here(), "top := %d", next ? (int)(next - s->nodes) : -1);
	return 1;
}

static struct node *pop(struct stack *s)
{
	struct node *top, *next;
	uint32_t generation;

	do {
		engine_at(engine_here(), ENGINE_LOAD, &s->top);
		top = s->top;
		generation = s->generation;
		if (!top)
			return NULL;
		engine_at(engine_here(), ENGINE_LOAD, top);
		next = top->next;
	} while (!swap_top(s, top, generation, next));
	if (top->nr_owners++)
		engine_fail(engine_here(), "node %d has two owners", (int)(top - s->nodes));
	return top;
}

static void push(struct stack *s, struct node *node)
{
	uint32_t generation;
	struct node *top;

	node->nr_owners--;
	do {
		engine_at(engine_here(), ENGINE_LOAD, &s->top);
		top = s->top;
		generation = s->generation;
		engine_at(engine_here(), ENGINE_STORE, node);
		node->next = top;
	} while (!swap_top(s, top, generation, node));
}

static void stack_pop_two(void *context)
{
	pop(context);
	pop(context);
}

static void stack_juggle(void *context)
{
	struct node *first = pop(context);

	pop(context);
	if (first)
		push(context, first);
}

static void stack_begin(struct engine *e, void *context)
{
	struct stack *s = context;

	memset(s->nodes, 0, sizeof(s->nodes));
	s->generation = 0;
	s->top = s->nodes;
	for (uint32_t i = 0; i + 1 < NR_NODES; i++)
		s->nodes[i].next = &s->nodes[i + 1];
	engine_spawn(e, "popper", 1, stack_pop_two, s);
	engine_spawn(e, "juggler", 1, stack_juggle, s);
}

static void aba__stack_without_generation__is_found(void **state)
{
	struct stack s = { .is_counted = 0 };
	struct engine_run run = { stack_begin, sleeper_finish, &s };
	struct engine_outcome out = explore(&run, (struct engine_options){ .max_preemptions = 2 });

	(void)state;
	assert_int_equal(out.end, ENGINE_FAILED);
	assert_non_null(strstr(out.story, "two owners"));
	drop(&out);
	s.is_counted = 1;
	out = explore(&run, (struct engine_options){ .max_preemptions = 3 });
	assert_int_equal(out.end, ENGINE_DONE);
	assert_true(out.stats.is_complete);
}

static void aba__random__is_found_and_replayed(void **state)
{
	struct stack s = { .is_counted = 0 };
	struct engine_run run = { stack_begin, sleeper_finish, &s };
	struct engine_options random = { .mode = ENGINE_RANDOM,
					 .max_preemptions = NO_BOUND,
					 .max_schedules = 100000,
					 .seed = 1 };
	struct engine_outcome out = explore(&run, random), again, third;
	struct engine_options replay = { .mode = ENGINE_REPLAY, .schedule = out.schedule };

	(void)state;
	assert_int_equal(out.end, ENGINE_FAILED);
	again = explore(&run, replay);
	third = explore(&run, replay);
	assert_int_equal(again.end, ENGINE_FAILED);
	assert_string_equal(again.reason, out.reason);
	assert_string_equal(again.schedule, out.schedule);
	assert_string_equal(again.story, out.story);
	assert_string_equal(again.story, third.story);
	drop(&out);
	drop(&again);
	drop(&third);
}

static void replay__explored_with_reduction__is_the_same_run(void **state)
{
	struct stack s = { .is_counted = 0 };
	struct engine_run run = { stack_begin, sleeper_finish, &s };
	struct engine_outcome out = explore(&run, (struct engine_options){ .max_preemptions = 2 });
	struct engine_outcome again = explore(
		&run, (struct engine_options){ .mode = ENGINE_REPLAY, .schedule = out.schedule });

	(void)state;
	assert_string_equal(again.story, out.story);
	drop(&out);
	drop(&again);
}

static void replay__text_that_is_none__is_refused(void **state)
{
	static const char *const texts[] = { "x",   "1",   "1:",     "1:2:3",        "0:1",
					     "1:0", "1:9", "5000:1", "99999999999:1" };
	struct stack s = { .is_counted = 1 };
	struct engine_run run = { stack_begin, sleeper_finish, &s };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct engine_outcome out = explore(
			&run,
			(struct engine_options){ .mode = ENGINE_REPLAY, .schedule = texts[i] });

		assert_int_equal(out.end, ENGINE_FAILED);
		assert_non_null(strstr(out.reason, "schedule"));
		drop(&out);
	}
}

/* ---- Waiting ---- */

struct spinning {
	uint32_t lock, nr_inside, nr_tries;
	int is_never_freed;
};

static void spin_body(void *context)
{
	struct spinning *s = context;
	struct engine *e = engine_here();

	for (;;) {
		engine_at(e, ENGINE_RMW, &s->lock);
		s->nr_tries++;
		engine_changed(e); /* the worst case: who waits says that something changed */
		if (!s->lock)
			break;
		engine_yield(e);
	}
	s->lock = 1;
	if (s->nr_inside++)
		engine_fail(e, "two inside");
	engine_at(e, ENGINE_STORE, &s->nr_inside);
	s->nr_inside--;
	engine_at(e, ENGINE_STORE, &s->lock);
	s->lock = (uint32_t)s->is_never_freed;
	engine_changed(e);
}

static void spin_begin(struct engine *e, void *context)
{
	struct spinning *s = context;

	s->lock = s->nr_inside = s->nr_tries = 0;
	engine_spawn(e, "first", 1, spin_body, s);
	engine_spawn(e, "second", 1, spin_body, s);
	engine_spawn(e, "third", 1, spin_body, s);
}

static void spinning__two_who_wait__do_not_starve_the_third(void **state)
{
	struct spinning s = { .is_never_freed = 0 };
	struct engine_run run = { spin_begin, sleeper_finish, &s };
	struct engine_outcome out = explore(&run, (struct engine_options){ .max_preemptions = 2 });

	(void)state;
	assert_string_equal(out.reason, "");
	assert_int_equal(out.end, ENGINE_DONE);
	assert_true(out.stats.is_complete);
	assert_true(out.stats.max_depth < 100);
}

static void livelock__lock_never_freed__is_too_long(void **state)
{
	struct spinning s = { .is_never_freed = 1 };
	struct engine_run run = { spin_begin, sleeper_finish, &s };
	struct engine_outcome out = explore(
		&run, (struct engine_options){ .max_preemptions = 2, .max_points = 1000 });

	(void)state;
	assert_int_equal(out.end, ENGINE_TOO_LONG);
	assert_non_null(strstr(out.reason, "1000 points"));
	assert_non_null(strstr(out.story, "TOO LONG"));
	drop(&out);
}

/* ---- Hooks ---- */

struct arriving {
	uint32_t line, counter, cpu, nr_arrived;
};

static int arrive(void *context)
{
	struct arriving *a = context;
	uint32_t before;

	if (!a->line)
		return 0;
	a->line = 0;
	a->nr_arrived++;
	engine_at(engine_here(), ENGINE_LOAD, &a->counter);
	before = a->counter;
	engine_at(engine_here(), ENGINE_STORE, &a->counter);
	a->counter = before + 1;
	return 1;
}

static void arriving_cpu(void *context)
{
	struct arriving *a = context;
	uint32_t before;

	engine_at(engine_here(), ENGINE_LOAD, &a->counter);
	before = a->counter;
	engine_at(engine_here(), ENGINE_STORE, &a->counter);
	a->counter = before + 1;
	engine_at(engine_here(), ENGINE_CALL, NULL);
}

static void arriving_device(void *context)
{
	struct arriving *a = context;

	engine_at(engine_here(), ENGINE_DELIVER, &a->line);
	a->line = 1;
}

static void arriving_begin(struct engine *e, void *context)
{
	struct arriving *a = context;

	a->line = a->counter = a->nr_arrived = 0;
	a->cpu = engine_spawn(e, "cpu", 1, arriving_cpu, a);
	engine_on_point(e, a->cpu, arrive, a);
	engine_spawn(e, "device", 0, arriving_device, a);
}

static void arriving_finish(struct engine *e, void *context, enum engine_end end)
{
	struct arriving *a = context;

	(void)end;
	engine_state(e, a->counter + 10 * a->nr_arrived);
}

/* The counter belongs to one CPU; its handler loses an increment all the same. */
static void hook__between_load_and_store__loses_an_increment(void **state)
{
	struct arriving a;
	struct engine_run run = { arriving_begin, arriving_finish, &a };
	struct engine_options options = { .max_preemptions = NO_BOUND };
	struct engine_outcome out = explore(&run, options), full;

	(void)state;
	options.no_reduction = 1;
	full = explore(&run, options);
	/* Nothing arrived; both counted; one lost. */
	assert_int_equal(full.stats.nr_states, out.stats.nr_states);
	assert_int_equal(out.stats.nr_states, 3);
	assert_true(out.stats.nr_schedules <= full.stats.nr_schedules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schedules__no_bound__are_binomial),
		cmocka_unit_test(schedules__three_fibers__are_multinomial),
		cmocka_unit_test(schedules__bound__leaves_at_most_that_often),
		cmocka_unit_test(schedules__shared_object__reduction_keeps_all),
		cmocka_unit_test(schedules__own_objects__reduction_keeps_two),
		cmocka_unit_test(schedules__limit__is_not_complete),
		cmocka_unit_test(choices__bound__costs_those_that_are_not_0),
		cmocka_unit_test(choices__more_than_the_run_says__are_found_out),
		cmocka_unit_test(lost_wakeup__one_preemption__is_a_deadlock),
		cmocka_unit_test(aba__stack_without_generation__is_found),
		cmocka_unit_test(aba__random__is_found_and_replayed),
		cmocka_unit_test(replay__explored_with_reduction__is_the_same_run),
		cmocka_unit_test(replay__text_that_is_none__is_refused),
		cmocka_unit_test(spinning__two_who_wait__do_not_starve_the_third),
		cmocka_unit_test(livelock__lock_never_freed__is_too_long),
		cmocka_unit_test(hook__between_load_and_store__loses_an_increment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
