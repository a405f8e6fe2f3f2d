/* SPDX-License-Identifier: MIT */
/*
 * sparse.c - a 64-way radix tree that grows upwards (sparse.h). A node knows the range below it, so
 * that a reader needs the root pointer only. At most six levels; no recursion.
 */
#include "sparse.h"

#include "bits.h"
#include "memory.h"

#include <mirq/host.h>

#define FAN_LOG2 6
#define FAN (1u << FAN_LOG2)

struct mirqi_node {
	uint32_t shift; /* of the index bits that choose a child here: 0 for leaves */
	uint32_t first; /* index of the first place below */
	uint64_t used;  /* children that hold anything */
	uint64_t full;  /* children with no free place; of leaves: used */
	_Atomic(void *) child[FAN];
};

static uint64_t span(const struct mirqi_node *node)
{
	return (uint64_t)FAN << node->shift;
}

static uint32_t place(const struct mirqi_node *node, uint32_t index)
{
	return (index >> node->shift) & (FAN - 1);
}

static void *child(const struct mirqi_node *node, uint32_t i)
{
	return atomic_load_explicit((_Atomic(void *) *)(uintptr_t)&node->child[i],
				    memory_order_acquire);
}

static struct mirqi_node *root(const struct mirqi_sparse *s)
{
	return atomic_load_explicit((_Atomic(struct mirqi_node *) *)(uintptr_t)&s->root,
				    memory_order_acquire);
}

/* The leaf for @index, or NULL. */
static struct mirqi_node *leaf(const struct mirqi_sparse *s, uint32_t index)
{
	struct mirqi_node *node = root(s);

	if (!node || index >= span(node))
		return NULL;
	while (node && node->shift)
		node = child(node, place(node, index));
	return node;
}

void *mirqi_sparse_get(const struct mirqi_sparse *s, uint32_t index)
{
	struct mirqi_node *node = leaf(s, index);

	return node ? child(node, place(node, index)) : NULL;
}

static struct mirqi_node *node_new(struct mirq_host *host, uint32_t shift, uint32_t first)
{
	struct mirqi_node *node = mirq_host_alloc(host, sizeof(*node), _Alignof(struct mirqi_node));

	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->shift = shift;
	node->first = first;
	return node;
}

/* Grow upwards until the root reaches @index; the first one reaches it at once. */
static enum mirq_err grow_root(struct mirqi_sparse *s, struct mirq_host *host, uint32_t index)
{
	struct mirqi_node *old = root(s);
	struct mirqi_node *node;
	uint32_t shift = 0;

	while (!old && index >= (uint64_t)FAN << shift)
		shift += FAN_LOG2;
	while (!old || index >= span(old)) {
		node = node_new(host, old ? old->shift + FAN_LOG2 : shift, 0);
		if (!node)
			return MIRQ_ENOMEM;
		if (old) {
			atomic_store_explicit(&node->child[0], old, memory_order_relaxed);
			node->used = old->used ? 1 : 0;
			node->full = old->full == ~UINT64_C(0);
		}
		atomic_store_explicit(&s->root, node, memory_order_release);
		old = node;
	}
	return MIRQ_OK;
}

/* Make the nodes on the way down to @index. */
static enum mirq_err grow_leaf(struct mirqi_sparse *s, struct mirq_host *host, uint32_t index)
{
	struct mirqi_node *node = root(s);
	struct mirqi_node *next;
	uint32_t shift;

	while (node->shift) {
		next = child(node, place(node, index));
		if (!next) {
			shift = node->shift - FAN_LOG2;
			next = node_new(host, shift,
					index & ~(uint32_t)(((uint64_t)FAN << shift) - 1));
			if (!next)
				return MIRQ_ENOMEM;
			atomic_store_explicit(&node->child[place(node, index)], next,
					      memory_order_release);
		}
		node = next;
	}
	return MIRQ_OK;
}

enum mirq_err mirqi_sparse_grow(struct mirqi_sparse *s, struct mirq_host *host,
				struct mirq_range range)
{
	enum mirq_err err = grow_root(s, host, range.limit - 1);

	for (uint64_t i = range.first & ~(FAN - 1); !err && i < range.limit; i += FAN)
		err = grow_leaf(s, host, (uint32_t)i);
	return err;
}

/* The nodes from the root to the leaf of @index; how many. */
static uint32_t find_way(const struct mirqi_sparse *s, uint32_t index, struct mirqi_node *way[6])
{
	struct mirqi_node *node = root(s);
	uint32_t depth = 0;

	for (; node->shift; node = child(node, place(node, index)))
		way[depth++] = node;
	way[depth++] = node;
	return depth;
}

static void account_put(struct mirqi_sparse *s, uint32_t index)
{
	struct mirqi_node *way[6];
	uint32_t depth = find_way(s, index, way);
	int is_full = 1;
	uint64_t bit;

	while (depth--) {
		bit = UINT64_C(1) << place(way[depth], index);
		way[depth]->used |= bit;
		way[depth]->full |= is_full ? bit : 0;
		is_full = way[depth]->full == ~UINT64_C(0);
	}
}

static void account_remove(struct mirqi_sparse *s, uint32_t index)
{
	struct mirqi_node *way[6];
	uint32_t depth = find_way(s, index, way);
	int is_empty = 1;
	uint64_t bit;

	while (depth--) {
		bit = UINT64_C(1) << place(way[depth], index);
		way[depth]->full &= ~bit;
		way[depth]->used &= is_empty ? ~bit : ~UINT64_C(0);
		is_empty = !way[depth]->used;
	}
}

void mirqi_sparse_put(struct mirqi_sparse *s, uint32_t index, void *item)
{
	struct mirqi_node *node = leaf(s, index);

	atomic_store_explicit(&node->child[place(node, index)], item, memory_order_release);
	account_put(s, index);
	s->nr_used++;
	if (s->hint == index)
		s->hint++;
}

void mirqi_sparse_remove(struct mirqi_sparse *s, uint32_t index)
{
	struct mirqi_node *node = leaf(s, index);

	atomic_store_explicit(&node->child[place(node, index)], NULL, memory_order_release);
	account_remove(s, index);
	s->nr_used--;
	if (index < s->hint)
		s->hint = index;
}

uint32_t mirqi_sparse_next(const struct mirqi_sparse *s, uint32_t from)
{
	struct mirqi_node *node = root(s);
	struct mirqi_node *up[6];
	uint32_t depth = 0;
	uint64_t left;
	uint32_t i;

	if (!node || from >= span(node))
		return MIRQI_NO_INDEX;
	for (;;) {
		/* Children at or after from, in this node. */
		i = from > node->first ? place(node, from) : 0;
		left = (uint64_t)from >= node->first + span(node)
			       ? 0
			       : node->used & (~UINT64_C(0) << i);
		if (left) {
			i = mirqi_lowest_bit(left);
			if (!node->shift)
				return node->first + i;
			up[depth++] = node;
			node = child(node, i);
			continue;
		}
		/* Nothing here: go on behind this node. */
		if (!depth || node->first + span(node) > UINT32_MAX)
			return MIRQI_NO_INDEX;
		from = (uint32_t)(node->first + span(node));
		node = up[--depth];
	}
}

static uint64_t align_up(uint64_t value, uint32_t align_log2)
{
	uint64_t mask = (UINT64_C(1) << align_log2) - 1;

	return (value + mask) & ~mask;
}

/* The smallest free index >= from. What no node stands for is free. */
static uint64_t next_free(const struct mirqi_sparse *s, uint64_t from)
{
	struct mirqi_node *node = root(s);
	uint64_t left;
	uint32_t i;

	while (node && from - node->first < span(node)) {
		/* Down to a leaf; a node with nothing left behind from sends us to the root. */
		i = place(node, (uint32_t)from);
		left = ~node->full & (~UINT64_C(0) << i);
		if (!left) {
			from = node->first + span(node);
			node = root(s);
			continue;
		}
		if (mirqi_lowest_bit(left) != i)
			from = node->first + ((uint64_t)mirqi_lowest_bit(left) << node->shift);
		if (!node->shift)
			return from;
		node = child(node, place(node, (uint32_t)from));
		if (!node)
			return from;
	}
	return from;
}

uint32_t mirqi_sparse_gap(const struct mirqi_sparse *s, struct mirq_range in, uint32_t nr,
			  uint32_t align_log2)
{
	uint64_t first = in.first > s->hint ? in.first : s->hint;
	uint32_t used;

	for (;;) {
		first = align_up(next_free(s, first), align_log2);
		if (first + nr > in.limit)
			return MIRQI_NO_INDEX;
		used = mirqi_sparse_next(s, (uint32_t)first);
		if (used == MIRQI_NO_INDEX || used >= first + nr)
			return (uint32_t)first;
		first = (uint64_t)used + 1;
	}
}

void mirqi_sparse_fini(struct mirqi_sparse *s, struct mirq_host *host)
{
	struct mirqi_node *up[6];
	struct mirqi_node *node = root(s);
	struct mirqi_node *next;
	uint32_t depth = 0;
	uint32_t i;

	while (node) {
		/* Take the first child that is a node off, and go there; else free this one. */
		next = NULL;
		for (i = 0; node->shift && i < FAN && !next; i++) {
			next = child(node, i);
			atomic_store_explicit(&node->child[i], NULL, memory_order_relaxed);
		}
		if (next) {
			up[depth++] = node;
			node = next;
			continue;
		}
		mirq_host_free(host, node, sizeof(*node));
		node = depth ? up[--depth] : NULL;
	}
	atomic_store_explicit(&s->root, NULL, memory_order_relaxed);
	s->hint = s->nr_used = 0;
}
