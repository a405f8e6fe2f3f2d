/* SPDX-License-Identifier: MIT */
/*
 * The allocator of ids against a model of arrays: design 10 (which CPU, which id), affinity.h.
 * Random histories print their seed when they fail; MIRQ_SEED replays one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ids.h"
#include "mirq_hosted.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const uint32_t cpu_counts[] = { 1, 2, 3, 5, 16, 17, 64, 1000 };
static const struct mirq_range id_ranges[] = {
	{ 32, 33 },     { 0, 63 },   { 64, 128 }, { 7, 72 },
	{ 0x20, 0xe0 }, { 1, 2048 }, { 0, 2048 }, { UINT32_MAX - 65, UINT32_MAX },
};

/* ---- the model ---- */

struct model {
	uint32_t nr_cpus;
	struct mirq_range range;
	uint8_t *taken; /* cpu * ids + id */
	uint8_t *is_online;
	uint32_t *nr_free;
	uint32_t *hw_target;
};

struct pair {
	struct model model;
	void *memory;
	struct mirq_ids *ids;
	uint64_t seed, random;
	uint32_t *held; /* cpu * ids + id of what was handed out */
	uint32_t nr_held;
	uint32_t nr_refused, nr_given;
	uint32_t nr_both, nr_both_refused; /* of moves word by word */
};

static uint32_t ids_of(const struct model *m)
{
	return m->range.limit - m->range.first;
}

static uint32_t random32(struct pair *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return (uint32_t)(p->random >> 32);
}

static uint32_t below(struct pair *p, uint32_t limit)
{
	return random32(p) % limit;
}

static void *zeroed(size_t nr, size_t bytes)
{
	void *memory = calloc(nr, bytes);

	assert_non_null(memory);
	return memory;
}

static struct pair *pair_new(uint32_t nr_cpus, struct mirq_range range, struct mirq_host *host)
{
	const char *seed = getenv("MIRQ_SEED");
	struct pair *p = zeroed(1, sizeof(*p));
	struct model *m = &p->model;

	p->seed = seed ? strtoull(seed, NULL, 0)
		       : 0x9e3779b97f4a7c15 + nr_cpus * 4099 + range.limit;
	p->random = p->seed;
	m->nr_cpus = nr_cpus;
	m->range = range;
	m->taken = zeroed((size_t)nr_cpus * ids_of(m), 1);
	m->is_online = zeroed(nr_cpus, 1);
	m->nr_free = zeroed(nr_cpus, sizeof(*m->nr_free));
	m->hw_target = zeroed(nr_cpus, sizeof(*m->hw_target));
	p->held = zeroed((size_t)nr_cpus * ids_of(m), sizeof(*p->held));
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		m->nr_free[cpu] = ids_of(m);
		m->hw_target[cpu] = 3 * cpu;
	}
	p->memory = aligned_alloc(16, (mirq_ids_size_bytes(nr_cpus, range) + 15) & ~(size_t)15);
	assert_non_null(p->memory);
	assert_int_equal(mirq_ids_init(p->memory, nr_cpus, range, host, &p->ids), MIRQ_OK);
	return p;
}

static void pair_free(struct pair *p)
{
	free(p->model.taken);
	free(p->model.is_online);
	free(p->model.nr_free);
	free(p->model.hw_target);
	free(p->held);
	free(p->memory);
	free(p);
}

static uint8_t *cell(const struct model *m, uint32_t cpu, uint32_t id)
{
	return &m->taken[(size_t)cpu * ids_of(m) + (id - m->range.first)];
}

/* The lowest free aligned block, or range.limit. */
static uint32_t model_find(const struct model *m, uint32_t cpu, uint32_t block_log2)
{
	uint64_t nr = UINT64_C(1) << block_log2;

	for (uint64_t id = m->range.first; id + nr <= m->range.limit; id++) {
		uint64_t i = 0;

		if (id % nr)
			continue;
		while (i < nr && !*cell(m, cpu, (uint32_t)(id + i)))
			i++;
		if (i == nr)
			return (uint32_t)id;
	}
	return m->range.limit;
}

static int in_set(struct mirq_cpus cpus, uint32_t cpu)
{
	if (cpus.range.first != 0 || cpus.range.limit != 0)
		if (cpu < cpus.range.first || cpu >= cpus.range.limit)
			return 0;
	return cpus.bits == NULL || (cpus.bits[cpu / 64] & (UINT64_C(1) << (cpu % 64))) != 0;
}

static void model_set(struct model *m, struct mirq_target t, uint32_t nr, uint8_t taken)
{
	memset(cell(m, t.cpu, t.id), taken, nr);
	m->nr_free[t.cpu] += taken ? 0 - nr : nr;
}

static enum mirq_err model_alloc(struct model *m, struct mirq_cpus cpus, uint32_t limit,
				 uint32_t block_log2, struct mirq_target *out)
{
	struct mirq_target best = { m->nr_cpus, 0 };

	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++) {
		uint32_t id;

		if (!m->is_online[cpu] || !in_set(cpus, cpu) ||
		    (limit && m->hw_target[cpu] >= limit) || !m->nr_free[cpu] ||
		    (best.cpu < m->nr_cpus && m->nr_free[cpu] <= m->nr_free[best.cpu]))
			continue;
		id = model_find(m, cpu, block_log2);
		if (id != m->range.limit)
			best = (struct mirq_target){ cpu, id };
	}
	if (best.cpu == m->nr_cpus)
		return MIRQ_ENOSPC;
	model_set(m, best, 1u << block_log2, 1);
	*out = best;
	return MIRQ_OK;
}

/* An id of @cpu that can be had on @old's CPU too: @old's own, else the lowest free on both. */
static uint32_t model_common(const struct model *m, struct mirq_target old, uint32_t cpu)
{
	uint32_t id;

	if (cpu == old.cpu || !m->is_online[cpu])
		return m->range.limit;
	if (!*cell(m, cpu, old.id))
		return old.id;
	for (id = m->range.first; id < m->range.limit; id++)
		if (!*cell(m, cpu, id) && !*cell(m, old.cpu, id))
			break;
	return id;
}

/* On the CPU with most left, else on the first that has one. */
static enum mirq_err model_alloc_both(struct model *m, struct mirq_cpus cpus, uint32_t limit,
				      struct mirq_target old, struct mirq_target *out)
{
	struct mirq_target t;

	if (model_alloc(m, cpus, limit, 0, &t))
		return MIRQ_ENOSPC;
	model_set(m, t, 1, 0);
	t.id = model_common(m, old, t.cpu);
	for (uint32_t cpu = 0; cpu < m->nr_cpus && t.id == m->range.limit; cpu++)
		if (in_set(cpus, cpu) && (!limit || m->hw_target[cpu] < limit))
			t = (struct mirq_target){ cpu, model_common(m, old, cpu) };
	if (t.id == m->range.limit)
		return MIRQ_ENOSPC;
	model_set(m, t, 1, 1);
	if (t.id != old.id)
		model_set(m, (struct mirq_target){ old.cpu, t.id }, 1, 1);
	*out = t;
	return MIRQ_OK;
}

static uint32_t model_left(const struct model *m, struct mirq_cpus cpus)
{
	uint32_t sum = 0;

	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++)
		sum += m->is_online[cpu] && in_set(cpus, cpu) ? m->nr_free[cpu] : 0;
	return sum;
}

/* ---- both side by side ---- */

static void compare_counts(struct pair *p)
{
	for (uint32_t cpu = 0; cpu < p->model.nr_cpus; cpu++) {
		uint32_t left = p->model.is_online[cpu] ? p->model.nr_free[cpu] : 0;

		assert_int_equal(mirqi_ids_left_on(p->ids, cpu), left);
		assert_int_equal(mirqi_ids_taken_on(p->ids, cpu),
				 ids_of(&p->model) - p->model.nr_free[cpu]);
	}
}

static void pair_online(struct pair *p, uint32_t cpu)
{
	assert_int_equal(mirq_ids_online(p->ids, cpu), MIRQ_OK);
	p->model.is_online[cpu] = 1;
}

static void pair_alloc(struct pair *p, struct mirq_cpus cpus, uint32_t limit, uint32_t block_log2)
{
	struct mirqi_reach reach = { p->model.hw_target, limit, NULL, NULL, NULL };
	struct mirq_target wanted = { 77, 77 }, got = { 77, 77 };
	enum mirq_err wanted_err = model_alloc(&p->model, cpus, limit, block_log2, &wanted);
	enum mirq_err err = limit ? mirqi_ids_alloc_in(p->ids, cpus, reach, block_log2, &got)
				  : mirq_ids_alloc(p->ids, cpus, block_log2, &got);

	if (err != wanted_err || got.cpu != wanted.cpu || got.id != wanted.id)
		fail_msg("seed %#llx: %u CPUs, ids %u..%u, set %u..%u%s, reach %u, block 2^%u: "
			 "got %d cpu %u id %u, wanted %d cpu %u id %u",
			 (unsigned long long)p->seed, p->model.nr_cpus, p->model.range.first,
			 p->model.range.limit, cpus.range.first, cpus.range.limit,
			 cpus.bits ? " with bits" : "", limit, block_log2, err, got.cpu, got.id,
			 wanted_err, wanted.cpu, wanted.id);
	p->nr_refused += !!err;
	p->nr_given += !err;
	for (uint32_t i = 0; !err && i < 1u << block_log2; i++)
		p->held[p->nr_held++] = got.cpu * ids_of(&p->model) +
					(got.id - p->model.range.first) + i;
}

/* A move word by word of one that is held: an id on another CPU, and on its own. */
static void pair_alloc_both(struct pair *p, struct mirq_cpus cpus, uint32_t limit)
{
	uint32_t at = p->held[below(p, p->nr_held)];
	struct mirq_target old = { at / ids_of(&p->model),
				   at % ids_of(&p->model) + p->model.range.first };
	struct mirqi_reach reach = { p->model.hw_target, limit, &old, NULL, NULL };
	struct mirq_target wanted = { 77, 77 }, got = { 77, 77 };
	enum mirq_err wanted_err = model_alloc_both(&p->model, cpus, limit, old, &wanted);
	enum mirq_err err = mirqi_ids_alloc_in(p->ids, cpus, reach, 0, &got);

	if (err != wanted_err || got.cpu != wanted.cpu || got.id != wanted.id)
		fail_msg(
			"seed %#llx: from cpu %u id %u got %d cpu %u id %u, wanted %d cpu %u id %u",
			(unsigned long long)p->seed, old.cpu, old.id, err, got.cpu, got.id,
			wanted_err, wanted.cpu, wanted.id);
	p->nr_both += !err && got.id != old.id;
	p->nr_both_refused += !!err;
	if (err)
		return;
	p->held[p->nr_held++] = got.cpu * ids_of(&p->model) + (got.id - p->model.range.first);
	if (got.id != old.id)
		p->held[p->nr_held++] = old.cpu * ids_of(&p->model) +
					(got.id - p->model.range.first);
}

static void pair_free_one(struct pair *p)
{
	uint32_t at = below(p, p->nr_held);
	struct mirq_target t = { p->held[at] / ids_of(&p->model),
				 p->held[at] % ids_of(&p->model) + p->model.range.first };

	p->held[at] = p->held[--p->nr_held];
	mirq_ids_free(p->ids, t);
	model_set(&p->model, t, 1, 0);
}

static void pair_claim(struct pair *p)
{
	struct mirq_target t = { below(p, p->model.nr_cpus),
				 p->model.range.first + below(p, ids_of(&p->model)) };
	int is_taken = *cell(&p->model, t.cpu, t.id);

	assert_int_equal(mirq_ids_claim(p->ids, t), is_taken ? MIRQ_EBUSY : MIRQ_OK);
	if (is_taken)
		return;
	model_set(&p->model, t, 1, 1);
	p->held[p->nr_held++] = t.cpu * ids_of(&p->model) + (t.id - p->model.range.first);
}

/* A random set; *out_bits is of exactly the words that the contract lets the library read. */
static struct mirq_cpus random_set(struct pair *p, uint64_t **out_bits)
{
	struct mirq_cpus cpus = { { 0, 0 }, NULL };
	uint32_t nr_words, density = below(p, 4);

	*out_bits = NULL;
	if (below(p, 2)) {
		cpus.range.first = below(p, p->model.nr_cpus);
		cpus.range.limit = cpus.range.first + 1 +
				   below(p, p->model.nr_cpus - cpus.range.first);
	}
	if (below(p, 2))
		return cpus;
	nr_words = ((cpus.range.limit ? cpus.range.limit : p->model.nr_cpus) + 63) / 64;
	*out_bits = zeroed(nr_words, sizeof(**out_bits));
	for (uint32_t w = 0; w < nr_words; w++) {
		uint64_t word = (uint64_t)random32(p) << 32 | random32(p);

		if (density == 0) /* nearly empty: one CPU somewhere */
			word = below(p, nr_words) ? 0 : UINT64_C(1) << below(p, 64);
		if (density == 1)
			word &= (uint64_t)random32(p) << 32 | random32(p);
		(*out_bits)[w] = word;
	}
	cpus.bits = *out_bits;
	return cpus;
}

static void random_alloc(struct pair *p)
{
	uint32_t block_log2 = below(p, 3) ? 0 : below(p, 7);
	uint32_t limit = below(p, 4) ? 0 : 1 + below(p, 3 * p->model.nr_cpus);
	uint64_t *bits;
	struct mirq_cpus cpus = random_set(p, &bits);

	assert_int_equal(mirq_ids_left(p->ids, cpus), model_left(&p->model, cpus));
	if (p->nr_held && !below(p, 4))
		pair_alloc_both(p, cpus, limit);
	else
		pair_alloc(p, cpus, limit, block_log2);
	free(bits);
}

static void random_step(struct pair *p, uint32_t percent_alloc)
{
	uint32_t dice = below(p, 100);

	if (dice < percent_alloc)
		random_alloc(p);
	else if (dice < 92 && p->nr_held)
		pair_free_one(p);
	else if (dice < 97)
		pair_claim(p);
	else
		pair_online(p, below(p, p->model.nr_cpus));
}

/* Fuller, then emptier, several times. */
static uint32_t history(uint32_t nr_cpus, struct mirq_range range, uint32_t nr_steps)
{
	uint32_t nr_both;
	struct pair *p = pair_new(nr_cpus, range, NULL);

	pair_alloc(p, (struct mirq_cpus){ { 0, 0 }, NULL }, 0, 0); /* none online yet */
	assert_int_equal(p->nr_refused, 1);
	pair_online(p, below(p, nr_cpus));
	for (uint32_t i = 0; i < nr_steps; i++)
		random_step(p, i / (nr_steps / 4 + 1) % 2 ? 30 : 80);
	compare_counts(p);
	while (p->nr_held)
		pair_free_one(p);
	compare_counts(p);
	assert_true(p->nr_given > 0);
	nr_both = p->nr_both && p->nr_both_refused;
	pair_free(p);
	return nr_both;
}

static void history__lattice_of_cpus_and_ids__as_the_model(void **state)
{
	uint32_t nr_both = 0; /* histories in which such moves were given and were refused */

	(void)state;
	for (uint32_t c = 0; c < NR(cpu_counts); c++)
		for (uint32_t r = 0; r < NR(id_ranges); r++)
			nr_both += history(cpu_counts[c], id_ranges[r],
					   cpu_counts[c] > 100 ? 1500 : 3000);
	assert_true(nr_both >= 16);
}

/* Every id of every CPU, one by one: each refusal comes exactly when the model has none. */
static void alloc__until_exhausted__exactly_all(void **state)
{
	struct mirq_cpus all = { { 0, 0 }, NULL };

	(void)state;
	for (uint32_t c = 0; c < NR(cpu_counts) - 1; c++) {
		struct pair *p = pair_new(cpu_counts[c], id_ranges[3], NULL);
		uint32_t total = cpu_counts[c] * ids_of(&p->model);

		for (uint32_t cpu = 0; cpu < cpu_counts[c]; cpu++)
			pair_online(p, cpu);
		for (uint32_t i = 0; i <= total; i++)
			pair_alloc(p, all, 0, 0);
		assert_int_equal(p->nr_given, total);
		assert_int_equal(p->nr_refused, 1);
		assert_int_equal(mirq_ids_left(p->ids, all), 0);
		pair_free(p);
	}
}

static struct mirq_target must_alloc(struct pair *p, struct mirq_cpus cpus, uint32_t block_log2)
{
	struct mirq_target t = { 0, 0 };

	assert_int_equal(mirq_ids_alloc(p->ids, cpus, block_log2, &t), MIRQ_OK);
	return t;
}

static void alloc__equal_cpus__lowest_cpu_and_lowest_id(void **state)
{
	struct pair *p = pair_new(5, id_ranges[4], NULL);
	struct mirq_cpus all = { { 0, 0 }, NULL };

	(void)state;
	for (uint32_t cpu = 0; cpu < 5; cpu++)
		assert_int_equal(mirq_ids_online(p->ids, cpu), MIRQ_OK);
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t cpu = 0; cpu < 5; cpu++) {
			struct mirq_target t = must_alloc(p, all, 0);

			assert_int_equal(t.cpu, cpu);
			assert_int_equal(t.id, 0x20 + round);
		}
	mirq_ids_free(p->ids, (struct mirq_target){ 3, 0x21 });
	assert_int_equal(must_alloc(p, all, 0).cpu, 3);
	mirq_ids_free(p->ids, (struct mirq_target){ 2, 0x21 });
	assert_int_equal(must_alloc(p, all, 0).id, 0x21);
	pair_free(p);
}

/* The fullest CPU has no block left: the fullest that has one gives it. */
static void alloc__block_on_cut_up_cpu__goes_to_another(void **state)
{
	struct pair *p = pair_new(3, id_ranges[4], NULL);
	struct mirq_target t = { 0, 0 };

	(void)state;
	for (uint32_t cpu = 0; cpu < 3; cpu++)
		assert_int_equal(mirq_ids_online(p->ids, cpu), MIRQ_OK);
	for (uint32_t id = 0x20; id < 0xe0; id += 2) { /* CPU 0: every second one */
		t = (struct mirq_target){ 0, id };
		assert_int_equal(mirq_ids_claim(p->ids, t), MIRQ_OK);
	}
	for (uint32_t id = 0x20; id < 0xa0; id++) { /* CPU 1 and 2: fewer, but in a row */
		assert_int_equal(mirq_ids_claim(p->ids, (struct mirq_target){ 1, id }), MIRQ_OK);
		if (id < 0x90)
			assert_int_equal(mirq_ids_claim(p->ids, (struct mirq_target){ 2, id }),
					 MIRQ_OK);
	}
	t = must_alloc(p, (struct mirq_cpus){ { 0, 0 }, NULL }, 4);
	assert_int_equal(t.cpu, 2);
	assert_int_equal(t.id, 0x90);
	pair_free(p);
}

static void alloc__block_larger_than_any_range__enospc(void **state)
{
	struct pair *p = pair_new(2, id_ranges[6], NULL);
	struct mirq_cpus all = { { 0, 0 }, NULL };
	struct mirq_target t = { 5, 5 };

	(void)state;
	pair_online(p, 1);
	assert_int_equal(mirq_ids_alloc(p->ids, all, 12, &t), MIRQ_ENOSPC);
	assert_int_equal(mirq_ids_alloc(p->ids, all, 32, &t), MIRQ_ENOSPC);
	assert_int_equal(mirq_ids_alloc(p->ids, all, UINT32_MAX, &t), MIRQ_ENOSPC);
	assert_int_equal(t.cpu, 5);
	t = must_alloc(p, all, 11);
	assert_int_equal(t.cpu, 1);
	assert_int_equal(t.id, 0);
	pair_free(p);
}

/* A bitmap ends with the CPUs: the tree is wider, the library must not read on. (With ASan.) */
static void alloc__empty_bitmap_of_exact_size__enospc_without_reading_on(void **state)
{
	struct pair *p = pair_new(130, id_ranges[0], NULL);
	uint64_t *bits = zeroed(3, sizeof(*bits));
	struct mirq_cpus cpus = { { 0, 0 }, bits };
	struct mirq_target t;

	(void)state;
	for (uint32_t cpu = 0; cpu < 130; cpu++)
		assert_int_equal(mirq_ids_online(p->ids, cpu), MIRQ_OK);
	assert_int_equal(mirq_ids_alloc(p->ids, cpus, 0, &t), MIRQ_ENOSPC);
	assert_int_equal(mirq_ids_left(p->ids, cpus), 0);
	bits[2] = 2;
	assert_int_equal(mirq_ids_alloc(p->ids, cpus, 0, &t), MIRQ_OK);
	assert_int_equal(t.cpu, 129);
	free(bits);
	pair_free(p);
}

static void history__same_seed_twice__same_answers(void **state)
{
	struct pair *a = pair_new(17, id_ranges[3], NULL), *b = pair_new(17, id_ranges[3], NULL);

	(void)state;
	for (uint32_t i = 0; i < 2000; i++) {
		random_step(a, 60);
		random_step(b, 60);
		assert_int_equal(a->nr_held, b->nr_held);
	}
	assert_memory_equal(a->held, b->held, a->nr_held * sizeof(*a->held));
	pair_free(a);
	pair_free(b);
}

static void init__sizes_out_of_range__einval(void **state)
{
	static const struct {
		uint32_t nr_cpus;
		struct mirq_range ids;
	} rows[] = {
		{ 0, { 0, 1 } }, { 65537, { 0, 1 } }, { 1, { 0, 0 } },
		{ 1, { 5, 5 } }, { 1, { 6, 5 } },     { 1, { 0, 2049 } },
	};
	static uint64_t memory[64];
	struct mirq_ids *ids = NULL;

	(void)state;
	for (uint32_t i = 0; i < NR(rows); i++) {
		assert_int_equal(mirq_ids_size_bytes(rows[i].nr_cpus, rows[i].ids), 0);
		assert_int_equal(mirq_ids_init(memory, rows[i].nr_cpus, rows[i].ids, NULL, &ids),
				 MIRQ_EINVAL);
	}
	assert_int_equal(mirq_ids_init(NULL, 1, id_ranges[0], NULL, &ids), MIRQ_EINVAL);
	assert_null(ids);
	assert_true(mirq_ids_size_bytes(65536, id_ranges[6]) > 65536u * 2048 / 8);
}

static void online_and_claim__no_such_cpu_or_id__enoent(void **state)
{
	struct pair *p = pair_new(2, id_ranges[4], NULL);

	(void)state;
	assert_int_equal(mirq_ids_online(p->ids, 2), MIRQ_ENOENT);
	assert_int_equal(mirq_ids_offline(p->ids, 2), MIRQ_ENOENT);
	assert_int_equal(mirq_ids_claim(p->ids, (struct mirq_target){ 2, 0x20 }), MIRQ_ENOENT);
	assert_int_equal(mirq_ids_claim(p->ids, (struct mirq_target){ 0, 0x1f }), MIRQ_ENOENT);
	assert_int_equal(mirq_ids_claim(p->ids, (struct mirq_target){ 0, 0xe0 }), MIRQ_ENOENT);
	assert_int_equal(mirq_ids_claim(p->ids, (struct mirq_target){ 0, 0x20 }), MIRQ_OK);
	assert_int_equal(mirq_ids_claim(p->ids, (struct mirq_target){ 0, 0x20 }), MIRQ_EBUSY);
	pair_free(p);
}

/* ---- threads ---- */

#define NR_THREADS 8
#define HOLDS 30
#define MAX_NS UINT64_C(1000000000)
/* Four groups of CPUs: only between groups do the hints of one step race. */
#define CROWD_CPUS 64
#define CROWD_IDS 4 /* 256 ids for at most 240 at once */

struct crowd {
	struct mirq_host host;
	struct pair *pair;
	_Atomic uint32_t *owner; /* cpu * ids + id: which thread has it */
	_Atomic uint64_t nr_double, nr_refused, nr_starved;
	pthread_barrier_t start;
};

struct member {
	struct crowd *crowd;
	uint32_t number;
};

static void give_back(struct crowd *c, uint32_t number, struct mirq_target t)
{
	uint32_t ids = ids_of(&c->pair->model), first = c->pair->model.range.first;

	if (atomic_exchange(&c->owner[t.cpu * ids + t.id - first], 0) != number)
		atomic_fetch_add(&c->nr_double, 1);
	mirq_ids_free(c->pair->ids, t);
}

/* Ids are left all the time: one refusal may come of an old view, not one after the other. */
static struct mirq_target take(struct crowd *c, uint32_t number, struct mirq_cpus cpus)
{
	uint32_t ids = ids_of(&c->pair->model), first = c->pair->model.range.first;
	struct mirq_target t = { 0, first };
	uint32_t tries = 0;

	while (mirq_ids_alloc(c->pair->ids, cpus, 0, &t)) {
		atomic_fetch_add(&c->nr_refused, 1);
		if (++tries == 1000) {
			atomic_fetch_add(&c->nr_starved, 1);
			return t;
		}
	}
	if (atomic_exchange(&c->owner[t.cpu * ids + t.id - first], number))
		atomic_fetch_add(&c->nr_double, 1);
	return t;
}

static void *work(void *context)
{
	struct member *me = context;
	struct crowd *c = me->crowd;
	struct mirq_cpus all = { { 0, 0 }, NULL };
	struct mirq_target held[HOLDS];
	uint32_t nr = 0, dice = me->number * 7919;

	uint64_t end_ns;

	mirq_hosted_bind(me->number);
	pthread_barrier_wait(&c->start);
	end_ns = mirq_host_now_ns(&c->host) + MAX_NS;
	for (uint32_t i = 0; i % 64 || mirq_host_now_ns(&c->host) < end_ns; i++) {
		dice = dice * 1664525 + 1013904223;
		if (nr < HOLDS && (dice >> 16) % 3) {
			held[nr++] = take(c, me->number, all);
		} else if (nr) {
			uint32_t at = (dice >> 20) % nr;

			give_back(c, me->number, held[at]);
			held[at] = held[--nr];
		}
	}
	while (nr)
		give_back(c, me->number, held[--nr]);
	return NULL;
}

static void threads__alloc_and_free_at_once__no_double_no_false_refusal(void **state)
{
	struct crowd *c = zeroed(1, sizeof(*c));
	pthread_t threads[NR_THREADS];
	struct member members[NR_THREADS];
	struct mirq_cpus all = { { 0, 0 }, NULL };

	(void)state;
	mirq_hosted_init(&c->host);
	pthread_barrier_init(&c->start, NULL, NR_THREADS);
	c->pair = pair_new(CROWD_CPUS, (struct mirq_range){ 16, 16 + CROWD_IDS }, &c->host);
	c->owner = zeroed((size_t)CROWD_CPUS * CROWD_IDS, sizeof(*c->owner));
	for (uint32_t cpu = 0; cpu < CROWD_CPUS; cpu++)
		pair_online(c->pair, cpu);
	for (uint32_t i = 0; i < NR_THREADS; i++) {
		members[i] = (struct member){ c, i + 1 };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &members[i]), 0);
	}
	for (uint32_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(c->nr_double, 0);
	assert_int_equal(c->nr_starved, 0);
	/* At rest every hint is right: the serial choice is the model's to the last id. */
	compare_counts(c->pair);
	for (uint32_t i = 0; i <= CROWD_CPUS * CROWD_IDS; i++)
		pair_alloc(c->pair, all, 0, 0);
	assert_int_equal(c->pair->nr_refused, 1);
	free(c->owner);
	pair_free(c->pair);
	pthread_barrier_destroy(&c->start);
	mirq_hosted_fini(&c->host);
	free(c);
}

/* Two threads change two groups at once; then a third CPU shows what the hints above them say. */
struct duel {
	struct mirq_host host;
	struct pair *pair;
	_Atomic uint32_t nr_arrived; /* of both threads, over all rounds */
	_Atomic int is_over;
};

/* Both go on together, as close as threads can. */
static void meet(struct duel *d, uint32_t step)
{
	uint32_t tries = 0;

	atomic_fetch_add(&d->nr_arrived, 1);
	while (atomic_load(&d->nr_arrived) < 2 * step && !atomic_load(&d->is_over))
		if (++tries % 1000 == 0)
			mirq_host_wait(&d->host, MIRQ_WAIT_SPIN);
}

static const struct mirq_target on_0 = { 0, 0 }, on_16 = { 16, 0 };

/* A round has three steps: change; all is said; one has looked. */
static void *claim_on_16(void *context)
{
	struct duel *d = context;

	mirq_hosted_bind(1);
	for (uint32_t step = 1;; step += 3) {
		meet(d, step);
		if (atomic_load(&d->is_over))
			return NULL;
		(void)!mirq_ids_claim(d->pair->ids, on_16);
		meet(d, step + 1);
		meet(d, step + 2);
		mirq_ids_free(d->pair->ids, on_16);
	}
}

/* CPU 0 gets its only id back while CPU 16 loses its own; CPU 32 has one all the time. With equal
 * CPUs the lowest wins: if CPU 32 does, the node above 0 and 16 says less than is there. */
static void threads__two_groups_change_at_once__hints_right_at_rest(void **state)
{
	struct duel *d = zeroed(1, sizeof(*d));
	struct mirq_cpus all = { { 0, 0 }, NULL };
	struct mirq_target t = { 0, 0 };
	uint32_t step = 1, nr_wrong = 0;
	pthread_t thread;
	uint64_t end_ns;

	(void)state;
	mirq_hosted_init(&d->host);
	d->pair = pair_new(33, (struct mirq_range){ 0, 1 }, &d->host);
	for (uint32_t cpu = 0; cpu <= 32; cpu += 16)
		assert_int_equal(mirq_ids_online(d->pair->ids, cpu), MIRQ_OK);
	assert_int_equal(mirq_ids_claim(d->pair->ids, on_0), MIRQ_OK);
	assert_int_equal(pthread_create(&thread, NULL, claim_on_16, d), 0);
	end_ns = mirq_host_now_ns(&d->host) + MAX_NS;
	for (; step % 256 != 1 || mirq_host_now_ns(&d->host) < end_ns; step += 3) {
		meet(d, step);
		mirq_ids_free(d->pair->ids, on_0);
		meet(d, step + 1);
		assert_int_equal(mirq_ids_alloc(d->pair->ids, all, 0, &t), MIRQ_OK);
		nr_wrong += t.cpu != 0;
		if (t.cpu) {
			mirq_ids_free(d->pair->ids, t);
			assert_int_equal(mirq_ids_claim(d->pair->ids, on_0), MIRQ_OK);
		}
		meet(d, step + 2);
	}
	atomic_store(&d->is_over, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(nr_wrong, 0);
	pair_free(d->pair);
	mirq_hosted_fini(&d->host);
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(history__lattice_of_cpus_and_ids__as_the_model),
		cmocka_unit_test(alloc__until_exhausted__exactly_all),
		cmocka_unit_test(alloc__equal_cpus__lowest_cpu_and_lowest_id),
		cmocka_unit_test(alloc__block_on_cut_up_cpu__goes_to_another),
		cmocka_unit_test(alloc__block_larger_than_any_range__enospc),
		cmocka_unit_test(alloc__empty_bitmap_of_exact_size__enospc_without_reading_on),
		cmocka_unit_test(history__same_seed_twice__same_answers),
		cmocka_unit_test(init__sizes_out_of_range__einval),
		cmocka_unit_test(online_and_claim__no_such_cpu_or_id__enoent),
		cmocka_unit_test(threads__alloc_and_free_at_once__no_double_no_false_refusal),
		cmocka_unit_test(threads__two_groups_change_at_once__hints_right_at_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
