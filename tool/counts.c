/* SPDX-License-Identifier: MIT */
/* counts.c - names, differences and sums of counters. */
#include "counts.h"

struct counts counts_minus(const struct counts *a, const struct counts *b)
{
	return (struct counts){
#define X(name, text) .name = a->name - b->name,
		COUNTS(X)
#undef X
	};
}

struct counts counts_plus(const struct counts *a, const struct counts *b)
{
	return (struct counts){
#define X(name, text) .name = a->name + b->name,
		COUNTS(X)
#undef X
	};
}

int counts_at(const struct counts *c, uint32_t index, struct counts_name *out)
{
	const struct counts_name all[] = {
#define X(name, text) { #name, text, c->name },
		COUNTS(X)
#undef X
	};

	if (index >= sizeof(all) / sizeof(all[0]))
		return 0;
	*out = all[index];
	return 1;
}
