/* SPDX-License-Identifier: MIT */
/*
 * ids.c - ids of CPUs: x86 vectors, IMSIC identities. Which CPU has most left, in O(log CPUs);
 * which id, the lowest free one there. It knows no interrupt and no hardware.
 *
 * Truth is one bitmap per CPU under the lock of its group of CPUs. Above stands a tree of hints:
 * each node holds the most free ids of one CPU below it. A hint can be old for a moment, never for
 * good: who changes a leaf recomputes the way up and looks again after each store, and who is
 * misled by a hint finds out under the lock and refreshes it. There is no system-wide lock.
 *
 * Locking: group locks are leaves (docs/locking.md).
 */
#include "ids.h"

#include "bits.h"
#include "lock.h"
#include "memory.h"

#define GROUP_LOG2 4
#define MAX_IDS_LOG2 11
#define MAX_IDS (1u << MAX_IDS_LOG2)
#define MAX_CPUS_LOG2 16

/* One cache line, so that groups do not disturb each other. */
struct group {
	_Alignas(64) struct mirqi_spin lock;
};

struct per_cpu {
	_Atomic uint16_t nr_free; /* read without the lock by those who count */
	uint16_t is_online;
};

struct mirq_ids {
	/* Immutable after init: */
	struct mirq_host *host; /* NULL: the caller serialises */
	uint32_t nr_cpus, nr_leaves, nr_words;
	struct mirq_range range;
	/* Changed under the group's lock: */
	struct group *groups;
	struct per_cpu *cpus;
	uint64_t *taken; /* nr_words per CPU; ids beyond the range are taken */
	/* Hints: node n has the children 2n and 2n+1, leaf of CPU c is nr_leaves + c. */
	_Atomic uint16_t *tree;
};

static uint32_t leaves_for(uint32_t nr_cpus)
{
	uint32_t n = 1;

	while (n < nr_cpus)
		n *= 2;
	return n;
}

static uint32_t words_for(struct mirq_range ids)
{
	return (ids.limit - ids.first + 63) / 64;
}

static uint32_t groups_for(uint32_t nr_cpus)
{
	return (nr_cpus + (1 << GROUP_LOG2) - 1) >> GROUP_LOG2;
}

static int is_sane(uint32_t nr_cpus, struct mirq_range ids)
{
	return nr_cpus && nr_cpus <= 1u << MAX_CPUS_LOG2 && ids.limit > ids.first &&
	       ids.limit - ids.first <= MAX_IDS;
}

size_t mirq_ids_size_bytes(uint32_t nr_cpus, struct mirq_range ids)
{
	if (!is_sane(nr_cpus, ids))
		return 0;
	return sizeof(struct mirq_ids) + 64 + groups_for(nr_cpus) * sizeof(struct group) +
	       (size_t)nr_cpus * words_for(ids) * sizeof(uint64_t) +
	       nr_cpus * sizeof(struct per_cpu) +
	       2 * (size_t)leaves_for(nr_cpus) * sizeof(uint16_t);
}

enum mirq_err mirq_ids_init(void *memory, uint32_t nr_cpus, struct mirq_range range,
			    struct mirq_host *host, struct mirq_ids **out_ids)
{
	struct mirq_ids *ids = memory;
	uint32_t beyond;

	if (!memory || !is_sane(nr_cpus, range))
		return MIRQ_EINVAL;
	memset(memory, 0, mirq_ids_size_bytes(nr_cpus, range));
	ids->host = host;
	ids->nr_cpus = nr_cpus;
	ids->nr_leaves = leaves_for(nr_cpus);
	ids->nr_words = words_for(range);
	ids->range = range;
	ids->groups = (struct group *)(((uintptr_t)(ids + 1) + 63) & ~(uintptr_t)63);
	ids->taken = (uint64_t *)(ids->groups + groups_for(nr_cpus));
	ids->cpus = (struct per_cpu *)(ids->taken + (size_t)nr_cpus * ids->nr_words);
	ids->tree = (_Atomic uint16_t *)(ids->cpus + nr_cpus);
	beyond = (range.limit - range.first) % 64;
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		atomic_init(&ids->cpus[cpu].nr_free, (uint16_t)(range.limit - range.first));
		if (beyond)
			ids->taken[(cpu + 1) * ids->nr_words - 1] = ~UINT64_C(0) << beyond;
	}
	*out_ids = ids;
	return MIRQ_OK;
}

static uintptr_t lock_cpu(struct mirq_ids *ids, uint32_t cpu)
{
	return ids->host ? mirqi_spin_lock(ids->host, &ids->groups[cpu >> GROUP_LOG2].lock) : 0;
}

static void unlock_cpu(struct mirq_ids *ids, uint32_t cpu, uintptr_t saved)
{
	if (ids->host)
		mirqi_spin_unlock(ids->host, &ids->groups[cpu >> GROUP_LOG2].lock, saved);
}

static uint16_t hint(const struct mirq_ids *ids, uint32_t node)
{
	return atomic_load_explicit(&ids->tree[node], memory_order_seq_cst);
}

static uint16_t hint_below(const struct mirq_ids *ids, uint32_t node)
{
	uint16_t left = hint(ids, 2 * node), right = hint(ids, 2 * node + 1);

	return left > right ? left : right;
}

static uint16_t nr_free(const struct mirq_ids *ids, uint32_t cpu)
{
	return atomic_load_explicit(&ids->cpus[cpu].nr_free, memory_order_relaxed);
}

/* The leaf says what is true; the way up follows. Looking again after each store makes the last
 * one of several writers see all children as they are. */
static void refresh_locked(struct mirq_ids *ids, uint32_t cpu) MIRQ_MUST_HOLD(group)
{
	uint32_t node = ids->nr_leaves + cpu;
	uint16_t most = ids->cpus[cpu].is_online ? nr_free(ids, cpu) : 0;

	atomic_store_explicit(&ids->tree[node], most, memory_order_seq_cst);
	for (node /= 2; node; node /= 2) {
		do {
			most = hint_below(ids, node);
			atomic_store_explicit(&ids->tree[node], most, memory_order_seq_cst);
		} while (hint_below(ids, node) != most);
	}
}

static uint64_t *words_of(const struct mirq_ids *ids, uint32_t cpu)
{
	return ids->taken + (size_t)cpu * ids->nr_words;
}

static int is_taken(const struct mirq_ids *ids, uint32_t cpu, uint32_t id)
{
	uint32_t bit = id - ids->range.first;

	return (words_of(ids, cpu)[bit / 64] >> (bit % 64)) & 1;
}

/* The lowest free id (block) of one CPU, or range.limit when there is none. */
static uint32_t find_id_locked(const struct mirq_ids *ids, uint32_t cpu, uint32_t block_log2)
	MIRQ_MUST_HOLD(group)
{
	uint32_t nr = 1u << block_log2;
	uint64_t id = ids->range.first; /* ids may end at the last 32-bit number */
	uint32_t i;

	if (!block_log2) {
		for (i = 0; i < ids->nr_words; i++)
			if (~words_of(ids, cpu)[i])
				return ids->range.first + i * 64 +
				       mirqi_lowest_bit(~words_of(ids, cpu)[i]);
		return ids->range.limit;
	}
	for (id = (id + nr - 1) & ~(uint64_t)(nr - 1); id + nr <= ids->range.limit; id += nr) {
		for (i = 0; i < nr && !is_taken(ids, cpu, (uint32_t)id + i); i++)
			;
		if (i == nr)
			return (uint32_t)id;
	}
	return ids->range.limit;
}

static void set_taken_locked(struct mirq_ids *ids, struct mirq_target t, uint32_t nr, int taken)
	MIRQ_MUST_HOLD(group)
{
	uint32_t left = nr_free(ids, t.cpu) + (taken ? 0 - nr : nr);
	uint64_t *words = words_of(ids, t.cpu);
	uint64_t bit;

	for (uint32_t i = t.id - ids->range.first; nr--; i++) {
		bit = UINT64_C(1) << (i % 64);
		words[i / 64] = taken ? words[i / 64] | bit : words[i / 64] & ~bit;
	}
	atomic_store_explicit(&ids->cpus[t.cpu].nr_free, (uint16_t)left, memory_order_relaxed);
	refresh_locked(ids, t.cpu);
}

/* Does the set have a CPU in [first, limit)? A bitmap is looked at by words; it ends with the set's
 * range or with the CPUs, and the tree may be wider than both. */
static int touches(const struct mirq_ids *ids, struct mirq_cpus cpus, uint32_t first,
		   uint32_t limit)
{
	uint64_t word;

	limit = limit < ids->nr_cpus ? limit : ids->nr_cpus;
	if (cpus.range.limit) {
		first = first > cpus.range.first ? first : cpus.range.first;
		limit = limit < cpus.range.limit ? limit : cpus.range.limit;
	}
	if (first >= limit)
		return 0;
	if (!cpus.bits)
		return 1;
	for (uint32_t w = first / 64; w <= (limit - 1) / 64; w++) {
		word = cpus.bits[w];
		if (w == first / 64)
			word &= ~UINT64_C(0) << (first % 64);
		if (w == (limit - 1) / 64)
			word &= ~UINT64_C(0) >> (63 - (limit - 1) % 64);
		if (word)
			return 1;
	}
	return 0;
}

static int is_eligible(struct mirq_cpus cpus, struct mirqi_reach reach, uint32_t cpu)
{
	return mirqi_cpus_have(cpus, cpu) && (!reach.limit || reach.hw_target[cpu] < reach.limit) &&
	       (!reach.can || reach.can(reach.way, cpu));
}

/* Every CPU is eligible: one way down, to the fuller child, left on a tie. */
static uint32_t fullest_cpu(const struct mirq_ids *ids, uint32_t nr_min)
{
	uint32_t node = 1;

	while (node < ids->nr_leaves) {
		node *= 2;
		node += hint(ids, node + 1) > hint(ids, node);
	}
	return hint(ids, node) < nr_min ? ids->nr_cpus : node - ids->nr_leaves;
}

/* A node and its level below the root, in one word of the stack. */
#define LEVEL_SHIFT 20

/*
 * The eligible CPU with most ids left, at least @nr_min, ties to the lowest; nr_cpus when none has.
 * Depth first, the fuller child first, nodes that cannot beat what was found are cut: one way down
 * where the set is a range.
 */
static uint32_t best_of(const struct mirq_ids *ids, struct mirq_cpus cpus, struct mirqi_reach reach,
			uint32_t nr_min)
{
	uint32_t stack[2 * (MAX_CPUS_LOG2 + 1)];
	uint32_t depth = 0, best = ids->nr_cpus, most = nr_min - 1;
	uint32_t node, level, first, size, right_is_first;

	stack[depth++] = 1;
	while (depth) {
		level = stack[--depth] >> LEVEL_SHIFT;
		node = stack[depth] & ((1u << LEVEL_SHIFT) - 1);
		size = ids->nr_leaves >> level;
		first = node * size - ids->nr_leaves;
		if (hint(ids, node) < most || (hint(ids, node) == most && first >= best) ||
		    hint(ids, node) < nr_min || !touches(ids, cpus, first, first + size))
			continue;
		if (size > 1) {
			right_is_first = hint(ids, 2 * node + 1) > hint(ids, 2 * node);
			node = 2 * node | (level + 1) << LEVEL_SHIFT;
			stack[depth++] = node + !right_is_first;
			stack[depth++] = node + right_is_first;
		} else if (first < ids->nr_cpus && is_eligible(cpus, reach, first)) {
			best = first;
			most = hint(ids, node);
		}
	}
	return best;
}

static uint32_t best_cpu(const struct mirq_ids *ids, struct mirq_cpus cpus,
			 struct mirqi_reach reach, uint32_t nr_min)
{
	if (!cpus.range.limit && !cpus.bits && !reach.limit && !reach.can)
		return fullest_cpu(ids, nr_min);
	return best_of(ids, cpus, reach, nr_min);
}

/* Take an id (block) of @out_target->cpu. */
static enum mirq_err take_on(struct mirq_ids *ids, uint32_t block_log2,
			     struct mirq_target *out_target)
{
	struct mirq_target t = { out_target->cpu, 0 };
	uintptr_t saved = lock_cpu(ids, t.cpu);
	int is_found;

	t.id = ids->cpus[t.cpu].is_online ? find_id_locked(ids, t.cpu, block_log2)
					  : ids->range.limit;
	is_found = t.id != ids->range.limit;
	if (is_found)
		set_taken_locked(ids, t, 1u << block_log2, 1);
	else
		refresh_locked(ids, t.cpu);
	unlock_cpu(ids, t.cpu, saved);
	if (!is_found)
		return MIRQ_ENOSPC;
	*out_target = t;
	return MIRQ_OK;
}

static int has_block(struct mirq_ids *ids, uint32_t cpu, uint32_t block_log2)
{
	uintptr_t saved = lock_cpu(ids, cpu);
	int has = ids->cpus[cpu].is_online &&
		  find_id_locked(ids, cpu, block_log2) != ids->range.limit;

	unlock_cpu(ids, cpu, saved);
	return has;
}

/* Like best_cpu(), but each CPU is asked for the truth, under its lock. */
static uint32_t best_cpu_asked(struct mirq_ids *ids, struct mirq_cpus cpus,
			       struct mirqi_reach reach, uint32_t block_log2)
{
	uint32_t best = ids->nr_cpus, most = 0;

	for (uint32_t cpu = 0; cpu < ids->nr_cpus; cpu++) {
		if (!is_eligible(cpus, reach, cpu) || nr_free(ids, cpu) <= most ||
		    !has_block(ids, cpu, block_log2))
			continue;
		best = cpu;
		most = nr_free(ids, cpu);
	}
	return best;
}

/* One lock at a time: what the second CPU refuses the first one gets back. */
static int take_both(struct mirq_ids *ids, struct mirq_target old, struct mirq_target t)
{
	old.id = t.id;
	if (mirq_ids_claim(ids, t))
		return 0;
	if (!mirq_ids_claim(ids, old))
		return 1;
	mirq_ids_free(ids, t);
	return 0;
}

/* For one that is online: its hint would be 0. */
static int take_common(struct mirq_ids *ids, struct mirq_target old, struct mirq_target *out_target)
{
	struct mirq_target t = { out_target->cpu, old.id };

	if (!mirqi_ids_left_on(ids, t.cpu) || t.cpu == old.cpu)
		return 0;
	if (mirq_ids_claim(ids, t)) {
		for (t.id = ids->range.first; t.id < ids->range.limit; t.id++)
			if (take_both(ids, old, t))
				break;
	}
	*out_target = t;
	return t.id != ids->range.limit;
}

/* The CPU with most left, then each: no hint knows what two CPUs have in common. */
static enum mirq_err alloc_both(struct mirq_ids *ids, struct mirq_cpus cpus,
				struct mirqi_reach reach, struct mirq_target *out_target)
{
	struct mirq_target t = { best_cpu(ids, cpus, reach, 1), 0 };

	if (t.cpu == ids->nr_cpus)
		return MIRQ_ENOSPC;
	for (uint32_t cpu = 0; !take_common(ids, *reach.old, &t); t.cpu = cpu++) {
		while (cpu < ids->nr_cpus && !is_eligible(cpus, reach, cpu))
			cpu++;
		if (cpu == ids->nr_cpus)
			return MIRQ_ENOSPC;
	}
	*out_target = t;
	return MIRQ_OK;
}

/* A try fails only when another CPU took the last id between the choice and the lock. */
#define MAX_TRIES 4

enum mirq_err mirqi_ids_alloc_in(struct mirq_ids *ids, struct mirq_cpus cpus,
				 struct mirqi_reach reach, uint32_t block_log2,
				 struct mirq_target *out_target)
{
	struct mirq_target t = { 0, 0 };

	if (block_log2 > MAX_IDS_LOG2)
		return MIRQ_ENOSPC;
	if (reach.old)
		return alloc_both(ids, cpus, reach, out_target);
	for (uint32_t tries = 0; tries < MAX_TRIES; tries++) {
		t.cpu = best_cpu(ids, cpus, reach, 1u << block_log2);
		if (t.cpu == ids->nr_cpus || !take_on(ids, block_log2, &t))
			break;
		t.cpu = ids->nr_cpus;
		if (block_log2)
			break;
	}
	/* Hints can be too low for a moment, the fullest CPU can be cut up: only locks tell. */
	while (t.cpu == ids->nr_cpus) {
		t.cpu = best_cpu_asked(ids, cpus, reach, block_log2);
		if (t.cpu == ids->nr_cpus)
			return MIRQ_ENOSPC;
		if (take_on(ids, block_log2, &t))
			t.cpu = ids->nr_cpus;
	}
	*out_target = t;
	return MIRQ_OK;
}

enum mirq_err mirq_ids_alloc(struct mirq_ids *ids, struct mirq_cpus cpus, uint32_t block_log2,
			     struct mirq_target *out_target)
{
	struct mirqi_reach all = { NULL, 0, NULL, NULL, NULL };

	return mirqi_ids_alloc_in(ids, cpus, all, block_log2, out_target);
}

void mirq_ids_free(struct mirq_ids *ids, struct mirq_target target)
{
	uintptr_t saved = lock_cpu(ids, target.cpu);

	set_taken_locked(ids, target, 1, 0);
	unlock_cpu(ids, target.cpu, saved);
}

enum mirq_err mirq_ids_claim(struct mirq_ids *ids, struct mirq_target target)
{
	enum mirq_err err = MIRQ_OK;
	uintptr_t saved;

	if (target.cpu >= ids->nr_cpus || target.id < ids->range.first ||
	    target.id >= ids->range.limit)
		return MIRQ_ENOENT;
	saved = lock_cpu(ids, target.cpu);
	if (is_taken(ids, target.cpu, target.id))
		err = MIRQ_EBUSY;
	else
		set_taken_locked(ids, target, 1, 1);
	unlock_cpu(ids, target.cpu, saved);
	return err;
}

void mirqi_ids_set_online(struct mirq_ids *ids, uint32_t cpu, int is_online)
{
	uintptr_t saved = lock_cpu(ids, cpu);

	ids->cpus[cpu].is_online = (uint16_t)is_online;
	refresh_locked(ids, cpu);
	unlock_cpu(ids, cpu, saved);
}

static enum mirq_err set_online(struct mirq_ids *ids, uint32_t cpu, int is_online)
{
	if (cpu >= ids->nr_cpus)
		return MIRQ_ENOENT;
	mirqi_ids_set_online(ids, cpu, is_online);
	return MIRQ_OK;
}

enum mirq_err mirq_ids_online(struct mirq_ids *ids, uint32_t cpu)
{
	return set_online(ids, cpu, 1);
}

enum mirq_err mirq_ids_offline(struct mirq_ids *ids, uint32_t cpu)
{
	return set_online(ids, cpu, 0);
}

uint32_t mirqi_ids_left_on(const struct mirq_ids *ids, uint32_t cpu)
{
	return hint(ids, ids->nr_leaves + cpu);
}

uint32_t mirqi_ids_taken_on(const struct mirq_ids *ids, uint32_t cpu)
{
	return ids->range.limit - ids->range.first - nr_free(ids, cpu);
}

uint32_t mirqi_ids_left_in(struct mirq_ids *ids, struct mirq_cpus cpus, struct mirqi_reach reach)
{
	uint32_t sum = 0;

	for (uint32_t cpu = 0; cpu < ids->nr_cpus; cpu++)
		if (is_eligible(cpus, reach, cpu))
			sum += mirqi_ids_left_on(ids, cpu);
	return sum;
}

uint32_t mirq_ids_left(struct mirq_ids *ids, struct mirq_cpus cpus)
{
	struct mirqi_reach all = { NULL, 0, NULL, NULL, NULL };

	return mirqi_ids_left_in(ids, cpus, all);
}
