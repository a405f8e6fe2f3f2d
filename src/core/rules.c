/* SPDX-License-Identifier: MIT */
/*
 * rules.c - the table of operations (rules.def) at registration: reads an op table by it. What
 * optional ones mean is not looked at here. Locking: none needed.
 */
#include "core.h"

#include "rules.def"
#include "rules.h"

typedef struct mirq_store_ops STORE;
typedef struct mirq_remapper_ops TABLE;
typedef struct mirq_remapper_ops SHIM;
typedef struct mirq_root_ops ROOT;
typedef struct mirq_secondary_ops SECONDARY;

_Static_assert(sizeof(STORE) <= UINT8_MAX && sizeof(TABLE) <= UINT8_MAX &&
		       sizeof(ROOT) <= UINT8_MAX,
	       "places in op tables are kept in a byte");

enum need {
	REQUIRED,
	REFUSED,
	PAIR,
	NEEDS
};

enum sentence {
#define X(name, rule, text) SENTENCE_##name,
	MIRQI_SENTENCES(X)
#undef X
};

static const struct {
	const char *text;
	uint32_t rule;
} sentences[] = {
#define X(name, rule, text) { "rule " #rule ": " text, rule },
	MIRQI_SENTENCES(X)
#undef X
};

/* Of everything that can be refused: whose op, what it must, where in the table, what to say. */
static const struct row {
	uint8_t role, need, at, with, sentence;
} rows[] = {
#define ROW_OPTIONAL(role, op, need, with, sentence)
#define ROW_REQUIRED(role, op, need, with, sentence)                                               \
	{ MIRQI_OPS_OF_##role, need, offsetof(role, op), offsetof(role, with),                     \
	  SENTENCE_##sentence },
#define ROW_REFUSED ROW_REQUIRED
#define ROW_PAIR ROW_REQUIRED
#define ROW_NEEDS ROW_REQUIRED
#define X(role, op, need, with, sentence, context, absence, order)                                 \
	ROW_##need(role, op, need, with, sentence)
	MIRQI_OPS(X)
#undef X
};

static const struct {
	uint32_t trait;
	uint8_t at, sentence;
} traits_need[] = {
#define X(trait, op, sentence) { MIRQ_STORE_##trait, offsetof(STORE, op), SENTENCE_##sentence },
	MIRQI_TRAITS(X)
#undef X
};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static int is_given(const void *ops, uint8_t at)
{
	void (*op)(void);

	memcpy(&op, (const unsigned char *)ops + at, sizeof(op));
	return op != NULL;
}

static int is_broken(const struct row *row, const void *ops, uint32_t traits)
{
	int is_here = is_given(ops, row->at);

	switch ((enum need)row->need) {
	case REQUIRED: /* of a store that is write only */
		return !is_here && !(traits & MIRQ_STORE_DIRECT);
	case REFUSED:
		return is_here;
	case PAIR: /* the other one's row says the same of it */
	case NEEDS:
		return is_here && !is_given(ops, row->with);
	}
	return 0;
}

enum mirq_err mirqi_rules_check(enum mirqi_ops_of role, const void *ops, uint32_t traits,
				const char *name, struct mirq_why *why)
{
	uint32_t i, sentence = NR(sentences);

	for (i = 0; i < NR(rows) && sentence == NR(sentences); i++)
		if (rows[i].role == role && is_broken(&rows[i], ops, traits))
			sentence = rows[i].sentence;
	for (i = 0; i < NR(traits_need) && sentence == NR(sentences); i++)
		if (traits & traits_need[i].trait && !is_given(ops, traits_need[i].at))
			sentence = traits_need[i].sentence;
	if (sentence == NR(sentences))
		return MIRQ_OK;
	return mirqi_fail(why, MIRQ_EINVAL, sentences[sentence].rule, name,
			  sentences[sentence].text);
}
