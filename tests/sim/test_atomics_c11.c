/* SPDX-License-Identifier: MIT */
/*
 * test_atomics_c11.c - the memory model ATOMICS_C11 allows what the axioms allow and nothing else:
 * litmus tests by name, and random programs whose outcomes are compared with an enumeration of all
 * executions (axioms.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdatomic.h> /* sim/include_explore */

#include "../../sim/atomics.h"
#include "axioms.h"

/* ---- A program under the engine ---- */

struct explored {
	const struct program *program;
	_Atomic uint32_t variables[AXIOMS_VARIABLES];
	struct outcome outcome;
	struct outcomes *outcomes;
};

struct cpu {
	struct explored *x;
	uint32_t index;
};

static void do_step(struct explored *x, const struct step *s, uint8_t *out_read)
{
	_Atomic uint32_t *at = &x->variables[s->variable];
	memory_order order = (memory_order)s->order;

	switch (s->kind) {
	case STEP_LOAD:
		*out_read = (uint8_t)atomic_load_explicit(at, order);
		break;
	case STEP_STORE:
		atomic_store_explicit(at, s->value, order);
		break;
	case STEP_SWAP:
		*out_read = (uint8_t)atomic_exchange_explicit(at, s->value, order);
		break;
	case STEP_FENCE:
		atomic_thread_fence(order);
	}
}

static void cpu_body(void *context)
{
	struct cpu *c = context;
	const struct program *p = c->x->program;

	for (uint32_t i = 0; i < p->nr_steps[c->index]; i++)
		do_step(c->x, &p->steps[c->index][i], &c->x->outcome.read[c->index][i]);
}

static void explored_begin(struct engine *e, void *context)
{
	static const char *const names[AXIOMS_VARIABLES] = { "x", "y", "z" };
	struct explored *x = context;

	memset(&x->outcome, 0, sizeof(x->outcome));
	atomics_begin(e, ATOMICS_C11);
	for (uint32_t i = 0; i < AXIOMS_VARIABLES; i++) {
		atomic_init(&x->variables[i], 0);
		engine_name(e, &x->variables[i], names[i]);
	}
	for (uint32_t i = 0; i < x->program->nr_threads; i++) {
		struct cpu *c = engine_alloc(e, sizeof(*c));

		c->x = x;
		c->index = i;
		engine_spawn(e, "cpu", 1, cpu_body, c);
	}
}

static void explored_finish(struct engine *e, void *context, enum engine_end end)
{
	struct explored *x = context;

	(void)e;
	if (end != ENGINE_DONE)
		return;
	for (uint32_t i = 0; i < AXIOMS_VARIABLES; i++)
		x->outcome.memory[i] = (uint8_t)atomic_load(&x->variables[i]);
	outcomes_add(x->outcomes, &x->outcome);
}

static struct engine_stats explore(const struct program *program, uint32_t bound, int no_reduction,
				   struct outcomes *o)
{
	struct explored x = { .program = program, .outcomes = o };
	struct engine_run run = { explored_begin, explored_finish, &x };
	struct engine_options options = { .max_preemptions = bound, .no_reduction = no_reduction };
	struct engine_outcome out;

	assert_int_equal(engine_explore(&options, &run, &out), ENGINE_DONE);
	assert_true(out.stats.is_complete);
	return out.stats;
}

/* ---- By name ---- */

/* What is asked: the values read, in order of threads and steps; then "; x=1" of memory. */
static int is_asked(const struct program *p, const struct outcome *o, const char *asked)
{
	for (uint32_t thread = 0; thread < p->nr_threads; thread++)
		for (uint32_t i = 0; i < p->nr_steps[thread]; i++) {
			const struct step *s = &p->steps[thread][i];

			if (s->kind != STEP_LOAD && s->kind != STEP_SWAP)
				continue;
			if (*asked != '*' && *asked - '0' != o->read[thread][i])
				return 0;
			asked++;
		}
	for (; *asked; asked += 5)
		if (o->memory[asked[2] - 'x'] != asked[4] - '0')
			return 0;
	return 1;
}

static int can_have(const struct program *p, const struct outcomes *o, const char *asked)
{
	for (size_t i = 0; i < o->nr; i++)
		if (is_asked(p, &o->list[i], asked))
			return 1;
	return 0;
}

struct litmus {
	const char *name, *program, *asked;
	int is_allowed;
};

static const struct litmus litmus[] = {
	{ "SB relaxed", "x=1 y | y=1 x", "00", 1 },
	{ "SB release, acquire", "x=1r ya | y=1r xa", "00", 1 },
	{ "SB seq_cst", "x=1s ys | y=1s xs", "00", 0 },
	{ "SB seq_cst stores only", "x=1s ya | y=1s xa", "00", 1 },
	{ "SB fences", "x=1 Fs y | y=1 Fs x", "00", 0 },
	{ "SB one fence", "x=1 Fs y | y=1 x", "00", 1 },
	{ "SB acq_rel fences", "x=1 Fb y | y=1 Fb x", "00", 1 },
	{ "SB acq_rel swaps in place of stores", "x<1b ya | y<1b xa", "0000", 1 },
	{ "SB swaps of one variable between", "x=1 z<1b y | y=1 z<2b x", "0000", 0 },
	{ "SB swaps of one variable between, in turn", "x=1 z<1b y | y=1 z<2b x", "0010", 0 },
	{ "SB a swap that is seq_cst and no fence", "x<1s y | y=1 Fs x", "000", 1 },
	{ "MP relaxed", "x=1 y=1 | y x", "10", 1 },
	{ "MP release, acquire", "x=1 y=1r | ya x", "10", 0 },
	{ "MP release only", "x=1 y=1r | y x", "10", 1 },
	{ "MP acquire only", "x=1 y=1 | ya x", "10", 1 },
	{ "MP fences", "x=1 Fr y=1 | y Fa x", "10", 0 },
	{ "MP release fence, acquire load", "x=1 Fr y=1 | ya x", "10", 0 },
	{ "MP release fence too late", "x=1 y=1 Fr | ya x", "10", 1 },
	{ "MP acquire fence too early", "x=1 y=1r | Fa y x", "10", 1 },
	{ "MP acquire fence too late", "x=1 y=1r | y x Fa", "10", 1 },
	{ "LB: not modelled", "x y=1 | y x=1", "11", 0 },
	{ "IRIW relaxed", "x=1 | y=1 | x y | y x", "1010", 1 },
	{ "IRIW acquire", "x=1r | y=1r | xa ya | ya xa", "1010", 1 },
	{ "IRIW seq_cst", "x=1s | y=1s | xs ys | ys xs", "1010", 0 },
	{ "IRIW seq_cst loads", "x=1 | y=1 | xs ys | ys xs", "1010", 0 },
	{ "IRIW fences", "x=1 | y=1 | x Fs y | y Fs x", "1010", 0 },
	{ "WRC relaxed", "x=1 | x y=1 | y x", "110", 1 },
	{ "WRC release, acquire", "x=1r | xa y=1r | ya x", "110", 0 },
	{ "WRC relaxed first store", "x=1 | xa y=1r | ya x", "110", 0 },
	{ "WRC relaxed second store", "x=1r | xa y=1 | ya x", "110", 1 },
	{ "ISA2 release, acquire", "x=1 y=1r | ya z=1r | za x", "110", 0 },
	{ "ISA2 relaxed in the middle", "x=1 y=1r | y z=1r | za x", "110", 1 },
	{ "2+2W relaxed", "x=1 y=2 | y=1 x=2", "; x=1; y=1", 1 },
	{ "2+2W release", "x=1r y=2r | y=1r x=2r", "; x=1; y=1", 1 },
	{ "2+2W seq_cst", "x=1s y=2s | y=1s x=2s", "; x=1; y=1", 0 },
	{ "2+2W fences", "x=1 Fs y=2 | y=1 Fs x=2", "; x=1; y=1", 0 },
	{ "R relaxed", "x=1 y=1 | y=2 x", "0; y=2", 1 },
	{ "R release, acquire", "x=1r y=1r | y=2r xa", "0; y=2", 1 },
	{ "R seq_cst", "x=1s y=1s | y=2s xs", "0; y=2", 0 },
	{ "R fences", "x=1 Fs y=1 | y=2 Fs x", "0; y=2", 0 },
	{ "S relaxed", "x=2 y=1 | y x=1", "1; x=2", 1 },
	{ "S release, acquire", "x=2 y=1r | ya x=1", "1; x=2", 0 },
	{ "CoRR", "x=1 | x x", "10", 0 },
	{ "CoRR two readers", "x=1 | x=2 | x x | x x", "1221", 0 },
	{ "CoRR acquired", "x=1 | x y=1r | ya x", "110", 0 },
	{ "CoWW", "x=1 x=2", "; x=1", 0 },
	{ "CoRW own", "x x=1", "1", 0 },
	{ "CoRW", "x x=1 | x=2", "2; x=2", 0 },
	{ "CoWR", "x=1 x | x=2", "2; x=1", 0 },
	{ "CoWR own", "x=1 x", "0", 0 },
	{ "RMW both find the same", "x<1 | x<2", "00", 0 },
	{ "RMW behind an old store", "x=1 | x<2 | x x", "012", 0 },
	{ "RMW of an old store", "x=1 y=1 | y x<2", "10; x=1", 1 },
	{ "RMW of an old store, acquired", "x=1 y=1r | ya x<2", "10", 0 },
	{ "RMW, nothing in between", "x<1 | x=2 | x x x", "0021", 0 },
	{ "RMW, a store before", "x<1 | x=2 | x x x", "2021", 1 },
	{ "RMW, a store behind", "x<1 | x=2 | x x x", "0012", 1 },
	{ "release sequence of a swap", "x=1 y=1r | y<2 | ya x", "120", 0 },
	{ "release sequence of two swaps", "x=1 y=1r | y<2 | y<3 | ya x", "1230", 0 },
	{ "release sequence ended by a store", "x=1 y=1r y=2 | ya x", "20", 1 },
	{ "release sequence behind a fence", "x=1 Fr y=1 | y<2 | ya x", "120", 0 },
	{ "release of both in a sequence", "x=1 y=1r | z=1 y<2r | ya x z", "1200", 0 },
	{ "a fence is passed on", "x=1 Fs y=1 | ya z=1r | za Fs x", "110", 0 },
	{ "Dekker release, acquire", "x=1r ya z=1 | y=1r xa z=2", "00", 1 },
	{ "Dekker seq_cst", "x=1s ys z=1 | y=1s xs z=2", "00", 0 },
};

static void litmus_tests__c11__as_they_are_known(void **state)
{
	(void)state;
	for (const struct litmus *l = litmus; l < litmus + sizeof(litmus) / sizeof(*litmus); l++) {
		struct outcomes got = { 0 }, wanted = { 0 };
		struct program p;

		assert_true(program_parse(l->program, &p));
		explore(&p, UINT32_MAX, 0, &got);
		axioms_outcomes(&p, &wanted);
		if (can_have(&p, &wanted, l->asked) != l->is_allowed)
			fail_msg("%s: the axioms say otherwise", l->name);
		if (can_have(&p, &got, l->asked) != l->is_allowed)
			fail_msg("%s: reached or not, unlike known", l->name);
		if (!outcomes_are_same(&got, &wanted))
			fail_msg("%s: %zu outcomes, not %zu", l->name, got.nr, wanted.nr);
		outcomes_fini(&got);
		outcomes_fini(&wanted);
	}
}

/* ---- At random ---- */

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static struct step random_step(uint64_t *seed, uint32_t nr_variables, uint32_t value)
{
	static const enum step_order loads[] = { STEP_RELAXED, STEP_ACQUIRE, STEP_SEQ_CST };
	static const enum step_order stores[] = { STEP_RELAXED, STEP_RELEASE, STEP_SEQ_CST };
	static const enum step_order both[] = { STEP_RELAXED, STEP_ACQUIRE, STEP_RELEASE,
						STEP_ACQ_REL, STEP_SEQ_CST };
	uint32_t roll = next_random(seed) % 16, order = next_random(seed);
	struct step s = { .variable = next_random(seed) % nr_variables, .value = value };

	if (roll < 6) {
		s.kind = STEP_LOAD;
		s.order = loads[order % 3];
	} else if (roll < 11) {
		s.kind = STEP_STORE;
		s.order = stores[order % 3];
	} else if (roll < 13) {
		s.kind = STEP_SWAP;
		s.order = both[order % 5];
	} else {
		s.kind = STEP_FENCE;
		s.order = order % 2 ? STEP_SEQ_CST : both[1 + order / 2 % 4];
	}
	return s;
}

static struct program random_program(uint64_t seed)
{
	struct program p = { .nr_threads = 2 + (uint32_t)(seed % 2) };
	uint32_t value = 1, nr_variables = 2 + (uint32_t)(seed % 8 == 0);

	next_random(&seed);
	for (uint32_t thread = 0; thread < p.nr_threads; thread++) {
		p.nr_steps[thread] = p.nr_threads == 3 ? 1 + next_random(&seed) % 3
						       : 2 + next_random(&seed) % 3;
		for (uint32_t i = 0; i < p.nr_steps[thread]; i++)
			p.steps[thread][i] = random_step(&seed, nr_variables, value++);
	}
	return p;
}

static void random_programs__c11__like_the_axioms(void **state)
{
	uint64_t nr_schedules = 0, nr_outcomes = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 120; seed++) {
		struct program p = random_program(seed);
		struct outcomes got = { 0 }, wanted = { 0 };

		nr_schedules += explore(&p, UINT32_MAX, 0, &got).nr_schedules;
		axioms_outcomes(&p, &wanted);
		nr_outcomes += wanted.nr;
		if (!outcomes_are_same(&got, &wanted))
			fail_msg("seed %u: %zu outcomes, not %zu", (unsigned)seed, got.nr,
				 wanted.nr);
		outcomes_fini(&got);
		outcomes_fini(&wanted);
	}
	print_message("%llu schedules, %llu outcomes\n", (unsigned long long)nr_schedules,
		      (unsigned long long)nr_outcomes);
}

static void random_programs__reduction__same_outcomes_within_each_bound(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 80; seed++)
		for (uint32_t bound = 0; bound <= 3; bound++) {
			struct program p = random_program(seed);
			struct outcomes all = { 0 }, reduced = { 0 };

			explore(&p, bound, 1, &all);
			explore(&p, bound, 0, &reduced);
			if (!outcomes_are_same(&all, &reduced))
				fail_msg("seed %u, bound %u: %zu outcomes, not %zu", (unsigned)seed,
					 bound, reduced.nr, all.nr);
			outcomes_fini(&all);
			outcomes_fini(&reduced);
		}
}

/* ---- A lock by Peterson: waiting ---- */

struct peterson {
	memory_order order;
	int has_fence;
	_Atomic uint32_t wants[2], turn;
	uint32_t nr_inside;
};

static void peterson_cpu(struct peterson *p, uint32_t me)
{
	memory_order load = p->order == memory_order_seq_cst ? p->order : memory_order_acquire;
	struct engine *e = engine_here();

	atomic_store_explicit(&p->wants[me], 1, p->order);
	atomic_store_explicit(&p->turn, !me, p->order);
	if (p->has_fence)
		atomic_thread_fence(memory_order_seq_cst);
	while (atomic_load_explicit(&p->wants[!me], load) &&
	       atomic_load_explicit(&p->turn, load) == !me)
		engine_yield(e);
	engine_at(e, ENGINE_STORE, &p->nr_inside);
	if (p->nr_inside++)
		engine_fail(e, "two inside");
	engine_at(e, ENGINE_STORE, &p->nr_inside);
	p->nr_inside--;
	atomic_store_explicit(&p->wants[me], 0, memory_order_release);
}

static void peterson_first(void *context)
{
	peterson_cpu(context, 0);
}

static void peterson_second(void *context)
{
	peterson_cpu(context, 1);
}

static void peterson_begin(struct engine *e, void *context)
{
	struct peterson *p = context;

	p->nr_inside = 0;
	atomic_store(&p->wants[0], 0);
	atomic_store(&p->wants[1], 0);
	atomic_store(&p->turn, 0);
	atomics_begin(e, ATOMICS_C11);
	engine_spawn(e, "cpu0", 1, peterson_first, p);
	engine_spawn(e, "cpu1", 1, peterson_second, p);
}

static void no_finish(struct engine *e, void *context, enum engine_end end)
{
	(void)e;
	(void)context;
	(void)end;
}

static enum engine_end run_all(void (*begin)(struct engine *e, void *context), void *context,
			       uint32_t bound)
{
	struct engine_run run = { begin, no_finish, context };
	struct engine_options options = { .max_preemptions = bound };
	struct engine_outcome out, again;
	enum engine_end end = engine_explore(&options, &run, &out);

	if (end == ENGINE_DONE) {
		assert_true(out.stats.is_complete);
	} else {
		options.mode = ENGINE_REPLAY;
		options.schedule = out.schedule;
		assert_int_equal(engine_explore(&options, &run, &again), end);
		assert_string_equal(again.story, out.story);
		engine_outcome_fini(&again);
	}
	engine_outcome_fini(&out);
	return end;
}

static void peterson__orders__only_seq_cst_excludes(void **state)
{
	struct peterson weak = { .order = memory_order_release };
	struct peterson fenced = { .order = memory_order_relaxed, .has_fence = 1 };
	struct peterson strong = { .order = memory_order_seq_cst };

	(void)state;
	assert_int_equal(run_all(peterson_begin, &weak, 2), ENGINE_FAILED);
	/* The order in which turn is written is open: both find the other's. */
	assert_int_equal(run_all(peterson_begin, &fenced, 2), ENGINE_FAILED);
	assert_int_equal(run_all(peterson_begin, &strong, 4), ENGINE_DONE);
}

/* ---- What models of hardware ask, memory that is given back ---- */

struct line {
	_Atomic uint32_t data;
	uint32_t is_raised;
	int is_joined, is_drained, is_retired;
};

static void line_sender(void *context)
{
	struct line *l = context;

	atomic_store_explicit(&l->data, 1, memory_order_relaxed);
	if (l->is_retired)
		atomics_retire(engine_here(), &l->data, sizeof(l->data));
	if (l->is_drained)
		atomics_at_register(engine_here(), ENGINE_DELIVER, &l->is_raised);
	else
		engine_at(engine_here(), ENGINE_DELIVER, &l->is_raised);
	l->is_raised = 1;
}

static void line_receiver(void *context)
{
	struct line *l = context;
	struct engine *e = engine_here();

	while (!l->is_raised)
		engine_yield(e);
	engine_at(e, ENGINE_READ, &l->is_raised);
	if (l->is_joined)
		atomics_join(e);
	if (!atomic_load_explicit(&l->data, memory_order_relaxed))
		engine_fail(e, "the line came before the data");
}

static void line_begin(struct engine *e, void *context)
{
	struct line *l = context;

	l->is_raised = 0;
	atomic_init(&l->data, 0);
	atomics_begin(e, ATOMICS_C11);
	engine_spawn(e, "sender", 1, line_sender, l);
	engine_spawn(e, "receiver", 1, line_receiver, l);
}

static void interrupt__drained_and_joined__brings_what_was_stored(void **state)
{
	struct line both = { .is_drained = 1, .is_joined = 1 };
	struct line drained = { .is_drained = 1 }, joined = { .is_joined = 1 };
	struct line retired = { .is_retired = 1 };

	(void)state;
	assert_int_equal(run_all(line_begin, &both, UINT32_MAX), ENGINE_DONE);
	assert_int_equal(run_all(line_begin, &drained, UINT32_MAX), ENGINE_FAILED);
	assert_int_equal(run_all(line_begin, &joined, UINT32_MAX), ENGINE_FAILED);
	assert_int_equal(run_all(line_begin, &retired, UINT32_MAX), ENGINE_DONE);
}

/* An object that is made while others run, and told of by a store of @order. */
struct news {
	memory_order order;
	_Atomic uint32_t object;
	_Atomic(_Atomic uint32_t *) at;
};

static void news_maker(void *context)
{
	struct news *n = context;

	atomic_init(&n->object, 1);
	atomic_store_explicit(&n->at, &n->object, n->order);
}

static void news_reader(void *context)
{
	struct news *n = context;
	_Atomic uint32_t *at = atomic_load_explicit(&n->at, memory_order_acquire);

	if (at && !atomic_load_explicit(at, memory_order_relaxed))
		engine_fail(engine_here(), "it is not made yet");
}

static void news_begin(struct engine *e, void *context)
{
	struct news *n = context;

	atomic_init(&n->object, 0);
	atomic_init(&n->at, NULL);
	atomics_begin(e, ATOMICS_C11);
	engine_spawn(e, "maker", 1, news_maker, n);
	engine_spawn(e, "reader", 1, news_reader, n);
}

static void object__told_of_without_release__may_not_be_made_yet(void **state)
{
	struct news relaxed = { .order = memory_order_relaxed };
	struct news released = { .order = memory_order_release };

	(void)state;
	assert_int_equal(run_all(news_begin, &relaxed, 1), ENGINE_FAILED);
	assert_int_equal(run_all(news_begin, &released, UINT32_MAX), ENGINE_DONE);
}

/* A thread that waits sees at last what was stored, and a compare-and-exchange may find old. */
struct flag {
	_Atomic uint32_t is_up, is_tried;
};

static void flag_up(void *context)
{
	struct flag *f = context;

	atomic_store_explicit(&f->is_up, 1, memory_order_relaxed);
	atomic_store_explicit(&f->is_tried, 1, memory_order_relaxed);
}

static void flag_wait(void *context)
{
	struct flag *f = context;
	uint32_t expected = 5;

	while (!atomic_load_explicit(&f->is_tried, memory_order_relaxed))
		engine_yield(engine_here());
	if (!atomic_compare_exchange_strong_explicit(&f->is_up, &expected, 2, memory_order_relaxed,
						     memory_order_relaxed) &&
	    !expected)
		engine_state(engine_here(), 1);
	while (!atomic_load_explicit(&f->is_up, memory_order_relaxed))
		engine_yield(engine_here());
	engine_state(engine_here(), 2);
}

static void flag_begin(struct engine *e, void *context)
{
	struct flag *f = context;

	atomic_init(&f->is_up, 0);
	atomic_init(&f->is_tried, 0);
	atomics_begin(e, ATOMICS_C11);
	engine_spawn(e, "up", 1, flag_up, f);
	engine_spawn(e, "wait", 1, flag_wait, f);
}

static void waiting__relaxed__ends(void **state)
{
	struct flag f;
	struct engine_run run = { flag_begin, no_finish, &f };
	struct engine_options options = { .max_preemptions = UINT32_MAX };
	struct engine_outcome out;

	(void)state;
	assert_int_equal(engine_explore(&options, &run, &out), ENGINE_DONE);
	assert_true(out.stats.is_complete);
	assert_int_equal(out.stats.nr_states, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(litmus_tests__c11__as_they_are_known),
		cmocka_unit_test(random_programs__c11__like_the_axioms),
		cmocka_unit_test(peterson__orders__only_seq_cst_excludes),
		cmocka_unit_test(interrupt__drained_and_joined__brings_what_was_stored),
		cmocka_unit_test(object__told_of_without_release__may_not_be_made_yet),
		cmocka_unit_test(waiting__relaxed__ends),
		cmocka_unit_test(random_programs__reduction__same_outcomes_within_each_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
