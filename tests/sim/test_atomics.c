/* SPDX-License-Identifier: MIT */
/*
 * test_atomics.c - the memory model allows what x86 does and nothing else: litmus tests by name,
 * and random programs whose outcomes are compared with those of a machine that is written down here
 * in the plainest way, with buffers that drain at any time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdatomic.h> /* sim/include_explore */

#include "../../sim/atomics.h"

#define NR_VARIABLES 2
#define MAX_CPUS 3
#define MAX_STEPS 4

enum kind {
	LOAD,
	STORE,
	STORE_SEQ,
	SWAP,
	FENCE,
	NR_KINDS
};

struct step {
	enum kind kind;
	uint32_t variable, value;
};

struct program {
	uint32_t nr_cpus, nr_steps[MAX_CPUS];
	struct step steps[MAX_CPUS][MAX_STEPS];
};

/* What was read by each step, then memory; 4 bits each. */
struct outcome {
	uint8_t read[MAX_CPUS][MAX_STEPS], memory[NR_VARIABLES];
};

struct outcomes {
	uint64_t *keys;
	size_t nr, nr_room;
};

static void add_outcome(struct outcomes *o, const struct outcome *outcome)
{
	const uint8_t *bytes = (const uint8_t *)outcome;
	uint64_t key = 0;

	for (size_t i = 0; i < sizeof(*outcome); i++)
		key = key << 4 | bytes[i];
	for (size_t i = 0; i < o->nr; i++)
		if (o->keys[i] == key)
			return;
	if (o->nr == o->nr_room) {
		o->nr_room = o->nr_room ? 2 * o->nr_room : 16;
		o->keys = realloc(o->keys, o->nr_room * sizeof(*o->keys));
		assert_non_null(o->keys);
	}
	o->keys[o->nr++] = key;
}

static int has_outcome(const struct outcomes *o, uint64_t key)
{
	for (size_t i = 0; i < o->nr; i++)
		if (o->keys[i] == key)
			return 1;
	return 0;
}

static int are_same(const struct outcomes *a, const struct outcomes *b)
{
	for (size_t i = 0; i < a->nr; i++)
		if (!has_outcome(b, a->keys[i]))
			return 0;
	return a->nr == b->nr;
}

/* ---- The plain machine ---- */

struct plain {
	const struct program *program;
	int is_tso;
	uint32_t done[MAX_CPUS];
	uint32_t nr_buffered[MAX_CPUS];
	struct step buffered[MAX_CPUS][MAX_STEPS];
	struct outcome outcome;
};

static void plain_drain(struct plain *p, uint32_t cpu)
{
	struct step *b = p->buffered[cpu];

	p->outcome.memory[b->variable] = (uint8_t)b->value;
	p->nr_buffered[cpu]--;
	memmove(b, b + 1, p->nr_buffered[cpu] * sizeof(*b));
}

static uint8_t plain_read(const struct plain *p, uint32_t cpu, uint32_t variable)
{
	for (uint32_t i = p->nr_buffered[cpu]; i--;)
		if (p->buffered[cpu][i].variable == variable)
			return (uint8_t)p->buffered[cpu][i].value;
	return p->outcome.memory[variable];
}

/* 0: this step cannot be done now. */
static int plain_step(struct plain *p, uint32_t cpu)
{
	uint32_t i = p->done[cpu];
	const struct step *s = &p->program->steps[cpu][i];

	if (s->kind != LOAD && s->kind != STORE && p->nr_buffered[cpu])
		return 0;
	if (s->kind == LOAD || s->kind == SWAP)
		p->outcome.read[cpu][i] = plain_read(p, cpu, s->variable);
	if (s->kind == STORE && p->is_tso)
		p->buffered[cpu][p->nr_buffered[cpu]++] = *s;
	else if (s->kind == STORE || s->kind == STORE_SEQ || s->kind == SWAP)
		p->outcome.memory[s->variable] = (uint8_t)s->value;
	p->done[cpu]++;
	return 1;
}

static void plain_run(const struct plain *p, struct outcomes *o)
{
	struct plain next;
	int is_over = 1;

	for (uint32_t cpu = 0; cpu < p->program->nr_cpus; cpu++) {
		next = *p;
		if (p->nr_buffered[cpu]) {
			is_over = 0;
			plain_drain(&next, cpu);
			plain_run(&next, o);
		}
		next = *p;
		if (p->done[cpu] == p->program->nr_steps[cpu])
			continue;
		is_over = 0;
		if (plain_step(&next, cpu))
			plain_run(&next, o);
	}
	if (is_over)
		add_outcome(o, &p->outcome);
}

/* ---- The model ---- */

struct explored {
	const struct program *program;
	enum atomics_model model;
	_Atomic uint32_t variables[NR_VARIABLES];
	struct outcome outcome;
	struct outcomes *outcomes;
};

struct cpu {
	struct explored *x;
	uint32_t index;
};

static void cpu_body(void *context)
{
	struct cpu *c = context;
	const struct program *p = c->x->program;
	uint8_t *read = c->x->outcome.read[c->index];

	for (uint32_t i = 0; i < p->nr_steps[c->index]; i++) {
		const struct step *s = &p->steps[c->index][i];
		_Atomic uint32_t *at = &c->x->variables[s->variable];

		if (s->kind == LOAD)
			read[i] = (uint8_t)atomic_load_explicit(at, memory_order_acquire);
		else if (s->kind == STORE)
			atomic_store_explicit(at, s->value, memory_order_release);
		else if (s->kind == STORE_SEQ)
			atomic_store(at, s->value);
		else if (s->kind == SWAP)
			read[i] = (uint8_t)atomic_exchange_explicit(at, s->value,
								    memory_order_relaxed);
		else
			atomic_thread_fence(memory_order_seq_cst);
	}
}

static void explored_begin(struct engine *e, void *context)
{
	struct explored *x = context;

	memset(&x->outcome, 0, sizeof(x->outcome));
	for (uint32_t i = 0; i < NR_VARIABLES; i++)
		atomic_init(&x->variables[i], 0);
	atomics_begin(e, x->model);
	for (uint32_t i = 0; i < x->program->nr_cpus; i++) {
		struct cpu *c = engine_alloc(e, sizeof(*c));

		c->x = x;
		c->index = i;
		engine_spawn(e, "cpu", 1, cpu_body, c);
	}
}

static void explored_finish(struct engine *e, void *context, enum engine_end end)
{
	struct explored *x = context;

	if (end != ENGINE_DONE)
		return;
	for (uint32_t i = 0; i < NR_VARIABLES; i++) {
		x->outcome.memory[i] = (uint8_t)atomic_load(&x->variables[i]);
		engine_state(e, x->outcome.memory[i]);
	}
	add_outcome(x->outcomes, &x->outcome);
}

static struct outcomes explored(const struct program *program, enum atomics_model model,
				uint32_t bound, int no_reduction)
{
	struct outcomes o = { 0 };
	struct explored x = { .program = program, .model = model, .outcomes = &o };
	struct engine_run run = { explored_begin, explored_finish, &x };
	struct engine_options options = { .max_preemptions = bound, .no_reduction = no_reduction };
	struct engine_outcome out;

	assert_int_equal(engine_explore(&options, &run, &out), ENGINE_DONE);
	assert_true(out.stats.is_complete);
	return o;
}

static struct outcomes plain(const struct program *program, enum atomics_model model)
{
	struct outcomes o = { 0 };
	struct plain p = { .program = program, .is_tso = model == ATOMICS_TSO };

	plain_run(&p, &o);
	return o;
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static struct program random_program(uint64_t seed)
{
	struct program p = { .nr_cpus = 2 + (uint32_t)(seed % 4 == 0) };
	uint32_t value = 1;

	for (uint32_t cpu = 0; cpu < p.nr_cpus; cpu++) {
		p.nr_steps[cpu] = p.nr_cpus == 3 ? 2 : 1 + next_random(&seed) % MAX_STEPS;
		for (uint32_t i = 0; i < p.nr_steps[cpu]; i++) {
			struct step *s = &p.steps[cpu][i];
			uint32_t roll = next_random(&seed) % 16;

			s->kind = roll < 7 ? STORE : roll < 13 ? LOAD : LOAD + roll - 11;
			s->variable = next_random(&seed) % NR_VARIABLES;
			s->value = value++;
		}
	}
	return p;
}

static void random_programs__both_models__like_the_plain_machine(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 250; seed++)
		for (uint32_t model = ATOMICS_SC; model <= ATOMICS_TSO; model++) {
			struct program p = random_program(seed);
			struct outcomes wanted = plain(&p, (enum atomics_model)model);
			struct outcomes got = explored(&p, (enum atomics_model)model, UINT32_MAX,
						       0);

			if (!are_same(&wanted, &got))
				fail_msg("seed %u, model %u: %zu outcomes, not %zu", (unsigned)seed,
					 model, got.nr, wanted.nr);
			free(wanted.keys);
			free(got.keys);
		}
}

static void random_programs__reduction__same_outcomes_within_each_bound(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++)
		for (uint32_t bound = 0; bound <= 3; bound++) {
			struct program p = random_program(seed);
			struct outcomes all = explored(&p, ATOMICS_TSO, bound, 1);
			struct outcomes reduced = explored(&p, ATOMICS_TSO, bound, 0);

			if (!are_same(&all, &reduced))
				fail_msg("seed %u, bound %u: %zu outcomes, not %zu", (unsigned)seed,
					 bound, reduced.nr, all.nr);
			free(all.keys);
			free(reduced.keys);
		}
}

/* ---- By name ---- */

#define X 0
#define Y 1

/* Whether CPU 0's and CPU 1's steps can read these values; one that reads nothing: 0. */
static int can_read(struct program p, enum atomics_model model, const uint8_t first[MAX_STEPS],
		    const uint8_t second[MAX_STEPS])
{
	struct outcomes o = explored(&p, model, 2, 0);
	int found = 0;

	for (size_t i = 0; i < o.nr && !found; i++) {
		uint64_t key = o.keys[i] >> 4 * (NR_VARIABLES + MAX_STEPS);

		found = 1;
		for (uint32_t step = MAX_STEPS; step--; key >>= 4)
			found &= (key & 15) == second[step];
		for (uint32_t step = MAX_STEPS; step--; key >>= 4)
			found &= (key & 15) == first[step];
	}
	free(o.keys);
	return found;
}

static const uint8_t nothing[MAX_STEPS] = { 0 };

static void store_buffering__tso__both_may_read_old(void **state)
{
	struct program sb = { 2,
			      { 2, 2 },
			      { { { STORE, X, 1 }, { LOAD, Y, 0 } },
				{ { STORE, Y, 1 }, { LOAD, X, 0 } } } };
	struct program fenced = { 2,
				  { 3, 3 },
				  { { { STORE, X, 1 }, { FENCE, 0, 0 }, { LOAD, Y, 0 } },
				    { { STORE, Y, 1 }, { FENCE, 0, 0 }, { LOAD, X, 0 } } } };
	struct program strong = { 2,
				  { 2, 2 },
				  { { { STORE_SEQ, X, 1 }, { LOAD, Y, 0 } },
				    { { STORE_SEQ, Y, 1 }, { LOAD, X, 0 } } } };
	struct program one_fence = { 2,
				     { 3, 2 },
				     { { { STORE, X, 1 }, { FENCE, 0, 0 }, { LOAD, Y, 0 } },
				       { { STORE, Y, 1 }, { LOAD, X, 0 } } } };

	(void)state;
	assert_true(can_read(sb, ATOMICS_TSO, nothing, nothing));
	assert_false(can_read(sb, ATOMICS_SC, nothing, nothing));
	assert_false(can_read(fenced, ATOMICS_TSO, nothing, nothing));
	assert_false(can_read(strong, ATOMICS_TSO, nothing, nothing));
	assert_true(can_read(one_fence, ATOMICS_TSO, nothing, nothing));
}

static void message_passing__tso__never_reads_old(void **state)
{
	static const uint8_t flag_without_data[MAX_STEPS] = { 1, 0 }, both[MAX_STEPS] = { 1, 1 };
	struct program mp = { 2,
			      { 2, 2 },
			      { { { STORE, X, 1 }, { STORE, Y, 1 } },
				{ { LOAD, Y, 0 }, { LOAD, X, 0 } } } };

	(void)state;
	assert_false(can_read(mp, ATOMICS_TSO, nothing, flag_without_data));
	assert_true(can_read(mp, ATOMICS_TSO, nothing, both));
}

static void own_store__tso__is_read_before_others_see_it(void **state)
{
	static const uint8_t own_then_old[MAX_STEPS] = { 0, 1, 0 };
	struct program p = { 2,
			     { 3, 3 },
			     { { { STORE, X, 1 }, { LOAD, X, 0 }, { LOAD, Y, 0 } },
			       { { STORE, Y, 1 }, { LOAD, Y, 0 }, { LOAD, X, 0 } } } };

	(void)state;
	assert_true(can_read(p, ATOMICS_TSO, own_then_old, own_then_old));
	assert_false(can_read(p, ATOMICS_SC, own_then_old, own_then_old));
}

/* ---- Peterson's lock ---- */

struct peterson {
	enum atomics_model model;
	int has_fence;
	_Atomic uint8_t wants[2];
	_Atomic uint16_t turn;
	uint32_t nr_inside;
};

static void peterson_cpu(struct peterson *p, uint32_t me)
{
	struct engine *e = engine_here();

	atomic_store_explicit(&p->wants[me], 1, memory_order_release);
	atomic_store_explicit(&p->turn, (uint16_t)!me, memory_order_release);
	if (p->has_fence)
		atomic_thread_fence(memory_order_seq_cst);
	while (atomic_load_explicit(&p->wants[!me], memory_order_acquire) &&
	       atomic_load_explicit(&p->turn, memory_order_acquire) == !me)
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

	atomic_store(&p->wants[0], 0);
	atomic_store(&p->wants[1], 0);
	atomic_store(&p->turn, 0);
	p->nr_inside = 0;
	atomics_begin(e, p->model);
	engine_name(e, &p->wants[0], "wants[0]");
	engine_name(e, &p->wants[1], "wants[1]");
	engine_name(e, &p->turn, "turn");
	engine_spawn(e, "cpu0", 1, peterson_first, p);
	engine_spawn(e, "cpu1", 1, peterson_second, p);
}

static void no_finish(struct engine *e, void *context, enum engine_end end)
{
	(void)e;
	(void)context;
	(void)end;
}

static enum engine_end peterson(enum atomics_model model, int has_fence, uint32_t bound)
{
	struct peterson p = { .model = model, .has_fence = has_fence };
	struct engine_run run = { peterson_begin, no_finish, &p };
	struct engine_options options = { .max_preemptions = bound };
	struct engine_outcome out;
	enum engine_end end = engine_explore(&options, &run, &out);

	if (end == ENGINE_FAILED)
		assert_non_null(strstr(out.story, "wants[1] -> 0"));
	else
		assert_true(out.stats.is_complete);
	engine_outcome_fini(&out);
	return end;
}

static void peterson__no_fence__broken_by_buffers_only(void **state)
{
	(void)state;
	assert_int_equal(peterson(ATOMICS_TSO, 0, 2), ENGINE_FAILED);
	assert_int_equal(peterson(ATOMICS_SC, 0, UINT32_MAX), ENGINE_DONE);
	assert_int_equal(peterson(ATOMICS_TSO, 1, UINT32_MAX), ENGINE_DONE);
}

/* ---- Operations, and what models of hardware ask ---- */

static void operations__outside_of_a_run__are_plain(void **state)
{
	_Atomic uint8_t byte = 250;
	_Atomic uint16_t half = 0;
	_Atomic uint64_t whole = UINT64_C(1) << 40;
	_Atomic(void **) pointer = NULL;
	uint64_t expected = 5;

	assert_int_equal(atomic_fetch_add(&byte, 10), 250);
	assert_int_equal(atomic_load(&byte), 4);
	atomic_store(&half, 0xffff);
	assert_int_equal(atomic_fetch_sub(&half, 1), 0xffff);
	assert_int_equal(atomic_fetch_and(&half, 0xff0f), 0xfffe);
	assert_int_equal(atomic_fetch_or(&half, 1), 0xff0e);
	assert_int_equal(atomic_fetch_xor(&half, 0xff00), 0xff0f);
	assert_int_equal(atomic_load(&half), 0x000f);
	assert_false(atomic_compare_exchange_strong(&whole, &expected, 1));
	assert_true(expected == UINT64_C(1) << 40);
	assert_true(atomic_compare_exchange_weak(&whole, &expected, 1));
	atomic_store(&pointer, state);
	assert_ptr_equal(atomic_exchange(&pointer, NULL), state);
	assert_null(atomic_load(&pointer));
}

struct table {
	_Atomic uint64_t words[2];
	uint64_t seen[2];
	int is_retired;
};

static void table_writer(void *context)
{
	struct table *t = context;

	atomic_store_explicit(&t->words[0], 1, memory_order_relaxed);
	atomic_store_explicit(&t->words[1], 1, memory_order_release);
	if (t->is_retired)
		atomics_drain(engine_here());
	engine_at(engine_here(), ENGINE_WRITE, t);
	t->seen[0] = t->seen[1] = 0;
}

static void table_reader(void *context)
{
	struct table *t = context;
	struct engine *e = engine_here();

	engine_at(e, ENGINE_WRITE, t);
	atomics_observe(e, (void *)&t->words[1], 8);
	t->seen[1] = *(volatile uint64_t *)&t->words[1];
	engine_at(e, ENGINE_LOAD, (void *)&t->words[0]);
	atomics_observe(e, (void *)&t->words[0], 8);
	t->seen[0] = *(volatile uint64_t *)&t->words[0];
}

static void table_begin(struct engine *e, void *context)
{
	struct table *t = context;

	memset(t, 0, sizeof(*t));
	atomics_begin(e, ATOMICS_TSO);
	engine_spawn(e, "writer", 1, table_writer, t);
	engine_spawn(e, "reader", 1, table_reader, t);
}

static void table_finish(struct engine *e, void *context, enum engine_end end)
{
	struct table *t = context;

	(void)end;
	if (t->seen[1] && !t->seen[0])
		engine_fail(e, "the second word came first");
	engine_state(e, t->seen[0] + 2 * t->seen[1]);
}

static void device__reads_a_table__in_the_order_of_the_stores(void **state)
{
	struct table t;
	struct engine_run run = { table_begin, table_finish, &t };
	struct engine_options options = { .max_preemptions = UINT32_MAX };
	struct engine_outcome out;

	(void)state;
	assert_int_equal(engine_explore(&options, &run, &out), ENGINE_DONE);
	assert_true(out.stats.is_complete);
	/* Nothing yet (or forgotten since), the first, both. */
	assert_int_equal(out.stats.nr_states, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs__both_models__like_the_plain_machine),
		cmocka_unit_test(random_programs__reduction__same_outcomes_within_each_bound),
		cmocka_unit_test(store_buffering__tso__both_may_read_old),
		cmocka_unit_test(message_passing__tso__never_reads_old),
		cmocka_unit_test(own_store__tso__is_read_before_others_see_it),
		cmocka_unit_test(peterson__no_fence__broken_by_buffers_only),
		cmocka_unit_test(operations__outside_of_a_run__are_plain),
		cmocka_unit_test(device__reads_a_table__in_the_order_of_the_stores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
