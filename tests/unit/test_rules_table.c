/* SPDX-License-Identifier: MIT */
/*
 * The table of the rules (src/core/rules.def) against the calls that register: every combination of
 * operations that a role can bring is tried, 2^19 of stores, 2^14 of remappers, 2^12 of roots. What
 * breaks a row is refused with one of the sentences of the rows that it breaks and that sentence's
 * number; everything else is accepted. test_rules.c and test_rules_hierarchy.c say by hand what the
 * table must say.
 *
 * Broken once each, and seen here: each need taken for another or never broken; rows of another
 * role looked at; the last rows or trait left out; the number of another rule; a shim read as a
 * table; roots not read; a row dropped; half of a pair made optional.
 */
#include "mock.h"

#include <stdio.h>

#include "core/core.h"
#include "core/rules.def"

typedef struct mirq_store_ops STORE;
typedef struct mirq_remapper_ops TABLE;
typedef struct mirq_remapper_ops SHIM;
typedef struct mirq_root_ops ROOT;
typedef struct mirq_secondary_ops SECONDARY;

enum role {
	ROLE_STORE,
	ROLE_TABLE,
	ROLE_SHIM,
	ROLE_ROOT,
	ROLE_SECONDARY,
	NR_ROLES
};

enum need {
	NEED_REQUIRED,
	NEED_REFUSED,
	NEED_OPTIONAL,
	NEED_PAIR,
	NEED_NEEDS
};

enum sentence {
#define X(name, rule, text) SENTENCE_##name,
	MIRQI_SENTENCES(X)
#undef X
};

static const struct {
	uint32_t rule;
	const char *text;
} sentences[] = {
#define X(name, rule, text) { rule, text },
	MIRQI_SENTENCES(X)
#undef X
};

static const struct row {
	enum role role;
	enum need need;
	size_t at, with;
	enum sentence sentence;
} rows[] = {
#define X(role, op, need, with, sentence, context, absence, order)                                 \
	{ ROLE_##role, NEED_##need, offsetof(role, op), offsetof(role, with), SENTENCE_##sentence },
	MIRQI_OPS(X)
#undef X
};

static const struct {
	uint32_t trait;
	size_t at;
	enum sentence sentence;
} traits_need[] = {
#define X(trait, op, sentence) { MIRQ_STORE_##trait, offsetof(STORE, op), SENTENCE_##sentence },
	MIRQI_TRAITS(X)
#undef X
};

static const size_t ops_bytes[NR_ROLES] = { sizeof(STORE), sizeof(TABLE), sizeof(SHIM),
					    sizeof(ROOT), sizeof(SECONDARY) };
#define FIRST_OP offsetof(STORE, setup)

static uint32_t nr_ops(enum role role)
{
	return (uint32_t)((ops_bytes[role] - FIRST_OP) / sizeof(void (*)(void)));
}

/* Nothing calls it: what is tried here is not used. */
static void never_called(void)
{
	fail();
}

/* The op table of which bit n says that the n-th operation is there. */
static void fill(void *ops, enum role role, uint32_t given)
{
	void (*op)(void) = never_called;
	uint32_t size_bytes = (uint32_t)ops_bytes[role];

	memset(ops, 0, ops_bytes[role]);
	memcpy(ops, &size_bytes, sizeof(size_bytes));
	for (uint32_t n = 0; n < nr_ops(role); n++)
		if (given >> n & 1)
			memcpy((char *)ops + FIRST_OP + n * sizeof(op), &op, sizeof(op));
}

static int has(uint32_t given, size_t at)
{
	return given >> (at - FIRST_OP) / sizeof(void (*)(void)) & 1;
}

/* Bits of the sentences that a combination deserves; 0: it is legal. */
static uint32_t deserved(enum role role, uint32_t given, uint32_t traits)
{
	uint32_t said = 0;

	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		const struct row *r = &rows[i];
		int here = has(given, r->at), other = has(given, r->with), broken = 0;

		if (r->role != role)
			continue;
		if (r->need == NEED_REQUIRED)
			broken = !here;
		else if (r->need == NEED_REFUSED)
			broken = here;
		else if (r->need == NEED_PAIR)
			broken = here + other == 1;
		else if (r->need == NEED_NEEDS)
			broken = here && !other;
		if (broken)
			said |= UINT32_C(1) << r->sentence;
	}
	for (uint32_t i = 0; i < MOCK_NR(traits_need); i++)
		if (traits & traits_need[i].trait && !has(given, traits_need[i].at))
			said |= UINT32_C(1) << traits_need[i].sentence;
	return said;
}

/* @err and @why are what the table implies; counts what was legal. */
static void check_answer(enum mirq_err err, const struct mirq_why *why, uint32_t said,
			 uint32_t given, uint32_t *nr_legal)
{
	char text[200];

	if (!said) {
		if (err)
			fail_msg("%x is legal and was refused: %s", given, why->text);
		(*nr_legal)++;
		return;
	}
	if (err != MIRQ_EINVAL)
		fail_msg("%x breaks %x and the answer was %d", given, said, err);
	for (uint32_t i = 0; i < MOCK_NR(sentences); i++) {
		if (!(said >> i & 1))
			continue;
		(void)snprintf(text, sizeof(text), "rule %u: %s", sentences[i].rule,
			       sentences[i].text);
		if (why->rule == sentences[i].rule && !strcmp(why->text, text))
			return;
	}
	fail_msg("%x breaks %x and was told rule %u: %s", given, said, why->rule, why->text);
}

/* Every operation of every role stands in the table, once; rule 4: there is no other. */
static void op__each_of_every_role__in_the_table_once(void **state)
{
	(void)state;
	assert_int_equal(FIRST_OP, offsetof(TABLE, attach));
	assert_int_equal(FIRST_OP, offsetof(ROOT, cpu_up));
	assert_int_equal(FIRST_OP, offsetof(SECONDARY, compose));
	for (enum role role = ROLE_STORE; role < NR_ROLES; role++) {
		uint32_t seen = 0, nr = 0;

		for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
			if (rows[i].role != role)
				continue;
			seen |= UINT32_C(1) << (rows[i].at - FIRST_OP) / sizeof(void (*)(void));
			nr++;
		}
		assert_int_equal(nr, nr_ops(role));
		assert_int_equal(seen, (UINT32_C(1) << nr_ops(role)) - 1);
	}
}

static void try_stores(struct mock *m, uint32_t traits)
{
	struct mirq_device *dev = mock_device(m, "dev", NULL);
	struct mirq_store_ops ops;
	struct mirq_store_template kind = { MIRQ_SIZED(mirq_store_template),
					    .name = "store",
					    .ops = &ops,
					    .update = MIRQ_UPDATE_96,
					    .address_bits = 64,
					    .traits = MIRQ_STORE_OF_BUS | traits };
	uint32_t nr_legal = 0;

	for (uint32_t given = 0; given < UINT32_C(1) << nr_ops(ROLE_STORE); given++) {
		struct mirq_why why = { 0 };
		enum mirq_err err;

		fill(&ops, ROLE_STORE, given);
		kind.masking = ops.mask       ? MIRQ_MASKS_SLOT
			       : ops.mask_all ? MIRQ_MASKS_STORE
					      : MIRQ_MASKS_NOTHING;
		err = mirq_store_supported(dev, &kind, &why);
		check_answer(err, &why, deserved(ROLE_STORE, given, traits), given, &nr_legal);
	}
	/* write; four pairs; slot_init and slot_fini: 3 ways; nine others. */
	if (!traits)
		assert_int_equal(nr_legal, 16 * 3 * 512);
	assert_int_equal(mirq_device_detach(dev), MIRQ_OK);
}

static void stores__every_combination__as_the_table_says(void **state)
{
	struct mock *m = mock_new();

	(void)state;
	m->root.init.carries |= MIRQ_CARRIES_TWO_MESSAGES;
	mock_start(m, 1);
	try_stores(m, 0);
	for (uint32_t i = 0; i < MOCK_NR(traits_need); i++)
		try_stores(m, traits_need[i].trait);
	mock_free(m);
}

static void remappers__every_combination__as_the_table_says(void **state)
{
	struct mock *m = mock_new();
	struct mock_remapper *unit = mock_shim_new(m, "unit");
	uint32_t nr_legal[NR_ROLES] = { 0 };

	(void)state;
	mock_start(m, 1);
	for (uint32_t given = 0; given < UINT32_C(1) << nr_ops(ROLE_TABLE); given++) {
		struct mirq_why why = { 0 };
		struct mirq_remapper_ops ops;
		struct mirq_domain *domain = NULL;
		enum role role;
		enum mirq_err err;

		fill(&ops, ROLE_TABLE, given);
		role = ops.alloc ? ROLE_TABLE : ROLE_SHIM;
		if (ops.fini) /* what detach calls */
			ops.fini = mock_table_all.fini;
		err = mirq_remapper_attach(
			m->m,
			&(struct mirq_remapper_init){ MIRQ_SIZED(mirq_remapper_init),
						      .name = "unit", .ops = &ops, .data = unit,
						      .nr_entries = role == ROLE_TABLE,
						      .carries = MIRQ_CARRIES_ONE, .why = &why },
			&domain);
		check_answer(err, &why, deserved(role, given, 0), given, &nr_legal[role]);
		assert_true(!err == !!domain);
		if (!err)
			assert_int_equal(mirq_remapper_detach(domain), MIRQ_OK);
	}
	/* Table: two pairs, flush, inject, faults, fini. Shim: one pair, faults, fini. */
	assert_int_equal(nr_legal[ROLE_TABLE], 4 * 16);
	assert_int_equal(nr_legal[ROLE_SHIM], 2 * 4);
	mock_log_clear(m);
	mock_free(m);
}

static void roots__every_combination__as_the_table_says(void **state)
{
	uint32_t nr_legal = 0;

	(void)state;
	for (uint32_t given = 0; given < UINT32_C(1) << nr_ops(ROLE_ROOT); given++) {
		struct mock *m = mock_new();
		struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &m->host, .nr_cpus = 1 };
		enum mirq_err err;

		fill(&m->root.ops, ROLE_ROOT, given);
		if (m->root.ops.fini)
			m->root.ops.fini = mock_root_all.fini;
		assert_int_equal(mirq_init(&init, &m->m), MIRQ_OK);
		err = mirq_root_attach(m->m, &m->root.init, NULL);
		check_answer(err, &m->why, deserved(ROLE_ROOT, given, 0), given, &nr_legal);
		assert_true(!err == !!mirq_domain_next(m->m, NULL));
		mock_free(m);
	}
	/* Two pairs; compose, claim, eoi, resend, fini, set_trigger, where. */
	assert_int_equal(nr_legal, 4 * 128);
}

static void secondaries__every_combination__as_the_table_says(void **state)
{
	struct mock *m = mock_new();
	struct mock_store *s = mock_store(m, MOCK_MSIX, "msix", 2);
	struct mock_mux *x;
	uint32_t nr_legal = 0;

	(void)state;
	mock_start(m, 1);
	mock_store_attach(s, mock_device(m, "dev", NULL));
	x = mock_mux_new(m, "mux", s, mock_alloc(s, 2));
	for (uint32_t given = 0; given < UINT32_C(1) << nr_ops(ROLE_SECONDARY); given++) {
		enum mirq_err err;

		x->domain = NULL;
		fill(&x->ops, ROLE_SECONDARY, given);
		if (x->ops.fini)
			x->ops.fini = mock_mux_all.fini;
		err = mock_mux_attach(x);
		check_answer(err, &m->why, deserved(ROLE_SECONDARY, given, 0), given, &nr_legal);
		assert_true(!err == !!x->domain);
		if (!err)
			assert_int_equal(mirq_secondary_detach(x->domain), MIRQ_OK);
	}
	/* Claim, fini. */
	assert_int_equal(nr_legal, 4);
	mock_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(op__each_of_every_role__in_the_table_once),
		cmocka_unit_test(stores__every_combination__as_the_table_says),
		cmocka_unit_test(remappers__every_combination__as_the_table_says),
		cmocka_unit_test(roots__every_combination__as_the_table_says),
		cmocka_unit_test(secondaries__every_combination__as_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
