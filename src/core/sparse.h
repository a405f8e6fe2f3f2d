/* SPDX-License-Identifier: MIT */
/*
 * sparse.h - pointers by 32-bit index; memory for used parts only. Readers take no lock: nodes are
 * published with release and live until the array's end. Writers are serialised by the owner.
 */
#ifndef MIRQI_SPARSE_H
#define MIRQI_SPARSE_H

#include <stdatomic.h>

#include <mirq/types.h>

struct mirqi_node;

struct mirqi_sparse {
	_Atomic(struct mirqi_node *) root;
	uint32_t hint; /* every index below is used */
	uint32_t nr_used;
};

#define MIRQI_NO_INDEX UINT32_MAX

/* Atomic context. NULL: not used. */
void *mirqi_sparse_get(const struct mirqi_sparse *s, uint32_t index);
/* Make room for [first, limit): mirqi_sparse_put() there does not fail. Thread; MIRQ_ENOMEM. */
MIRQ_MUST_CHECK enum mirq_err mirqi_sparse_grow(struct mirqi_sparse *s, struct mirq_host *host,
						struct mirq_range range);
/* Put @item (not NULL) at a free index inside what was grown; or take an index out. */
void mirqi_sparse_put(struct mirqi_sparse *s, uint32_t index, void *item);
void mirqi_sparse_remove(struct mirqi_sparse *s, uint32_t index);
/* The smallest used index >= from, or MIRQI_NO_INDEX. */
uint32_t mirqi_sparse_next(const struct mirqi_sparse *s, uint32_t from);
/* The lowest @nr free indices in @in, the first a multiple of 2^align_log2; MIRQI_NO_INDEX:
 * none. */
uint32_t mirqi_sparse_gap(const struct mirqi_sparse *s, struct mirq_range in, uint32_t nr,
			  uint32_t align_log2);
/* Free every node; items are the owner's. */
void mirqi_sparse_fini(struct mirqi_sparse *s, struct mirq_host *host);

#endif
