/* SPDX-License-Identifier: MIT */
/*
 * axioms.c - see axioms.h. An execution is: each load reads from a store, the stores of each
 * variable are in an order. All are made; those that break no axiom are kept. Relations are sets of
 * pairs, a word of bits per event.
 *
 * The axioms: [intro.races] of C++20 (happens-before is irreflexive and agrees with the coherence
 * of each variable; a read-modify-write follows what it reads), [atomics.order] 4 (one total order
 * of seq_cst operations), and the rule of sim/atomics_views.c: that order, program order and
 * reads-from have no cycle together.
 */
#include "axioms.h"

#include <stdlib.h>
#include <string.h>

#define MAX_EVENTS (AXIOMS_VARIABLES + AXIOMS_THREADS * AXIOMS_STEPS)

struct event {
	struct step step;
	uint32_t thread; /* AXIOMS_THREADS: the store before all */
	uint32_t place;
};

typedef uint32_t relation[MAX_EVENTS];

struct execution {
	struct event events[MAX_EVENTS];
	uint32_t nr;
	uint32_t reads_from[MAX_EVENTS]; /* of those that read */
	uint32_t rank[MAX_EVENTS];       /* of those that write */
	relation sb, rf, mo, fr, hb, eco;
	struct outcomes *outcomes;
};

/* ---- Outcomes ---- */

int outcomes_have(const struct outcomes *o, const struct outcome *outcome)
{
	for (size_t i = 0; i < o->nr; i++)
		if (!memcmp(&o->list[i], outcome, sizeof(*outcome)))
			return 1;
	return 0;
}

void outcomes_add(struct outcomes *o, const struct outcome *outcome)
{
	if (outcomes_have(o, outcome))
		return;
	if (o->nr == o->nr_room) {
		o->nr_room = o->nr_room ? 2 * o->nr_room : 16;
		o->list = realloc(o->list, o->nr_room * sizeof(*o->list));
		if (!o->list)
			abort();
	}
	o->list[o->nr++] = *outcome;
}

int outcomes_are_same(const struct outcomes *a, const struct outcomes *b)
{
	for (size_t i = 0; i < a->nr; i++)
		if (!outcomes_have(b, &a->list[i]))
			return 0;
	return a->nr == b->nr;
}

void outcomes_fini(struct outcomes *o)
{
	free(o->list);
	memset(o, 0, sizeof(*o));
}

/* ---- Programs ---- */

static const char *parse_order(const char *text, struct step *s)
{
	static const char letters[] = "arbs";
	const char *found = *text ? strchr(letters, *text) : NULL;

	s->order = STEP_RELAXED;
	if (!found)
		return text;
	s->order = (enum step_order)(STEP_ACQUIRE + (found - letters));
	return text + 1;
}

static const char *parse_step(const char *text, struct step *s)
{
	memset(s, 0, sizeof(*s));
	if (*text == 'F') {
		s->kind = STEP_FENCE;
		return parse_order(text + 1, s);
	}
	if (*text < 'x' || *text > 'z')
		return NULL;
	s->variable = (uint32_t)(*text++ - 'x');
	if (*text != '=' && *text != '<')
		return parse_order(text, s);
	s->kind = *text == '=' ? STEP_STORE : STEP_SWAP;
	if (text[1] < '1' || text[1] > '9')
		return NULL;
	s->value = (uint32_t)(text[1] - '0');
	return parse_order(text + 2, s);
}

int program_parse(const char *text, struct program *out_program)
{
	struct program p = { .nr_threads = 1 };
	uint32_t *nr = p.nr_steps;

	while (*text) {
		if (*text == ' ') {
			text++;
		} else if (*text == '|') {
			if (p.nr_threads++ == AXIOMS_THREADS)
				return 0;
			nr++;
			text++;
		} else {
			if (*nr == AXIOMS_STEPS)
				return 0;
			text = parse_step(text, &p.steps[nr - p.nr_steps][*nr]);
			if (!text)
				return 0;
			++*nr;
		}
	}
	*out_program = p;
	return 1;
}

/* ---- Events ---- */

static int reads(const struct event *e)
{
	return e->step.kind == STEP_LOAD || e->step.kind == STEP_SWAP;
}

static int writes(const struct event *e)
{
	return e->step.kind == STEP_STORE || e->step.kind == STEP_SWAP;
}

static int is_fence(const struct event *e)
{
	return e->step.kind == STEP_FENCE;
}

static int is_acquire(const struct event *e)
{
	return e->step.order == STEP_ACQUIRE || e->step.order >= STEP_ACQ_REL;
}

static int is_release(const struct event *e)
{
	return e->step.order >= STEP_RELEASE;
}

static int is_seq_cst(const struct event *e)
{
	return e->step.order == STEP_SEQ_CST;
}

/* ---- Relations ---- */

static int has(const relation r, uint32_t a, uint32_t b)
{
	return (int)(r[a] >> b & 1);
}

static void add(relation r, uint32_t a, uint32_t b)
{
	r[a] |= UINT32_C(1) << b;
}

static void close_over(relation r, uint32_t nr)
{
	for (uint32_t k = 0; k < nr; k++)
		for (uint32_t a = 0; a < nr; a++)
			if (has(r, a, k))
				r[a] |= r[k];
}

static int is_irreflexive(const relation r, uint32_t nr)
{
	for (uint32_t a = 0; a < nr && a < MAX_EVENTS; a++)
		if (has(r, a, a))
			return 0;
	return 1;
}

static void relate(struct execution *x)
{
	memset(x->rf, 0, sizeof(x->rf));
	memset(x->mo, 0, sizeof(x->mo));
	memset(x->fr, 0, sizeof(x->fr));
	for (uint32_t a = 0; a < x->nr; a++) {
		if (reads(&x->events[a]))
			add(x->rf, x->reads_from[a], a);
		for (uint32_t b = 0; b < x->nr; b++) {
			if (a == b || !writes(&x->events[b]) || is_fence(&x->events[a]) ||
			    x->events[a].step.variable != x->events[b].step.variable)
				continue;
			if (writes(&x->events[a]) && x->rank[a] < x->rank[b])
				add(x->mo, a, b);
			if (reads(&x->events[a]) && x->rank[x->reads_from[a]] < x->rank[b])
				add(x->fr, a, b);
		}
	}
	for (uint32_t a = 0; a < x->nr; a++)
		x->eco[a] = x->rf[a] | x->mo[a] | x->fr[a];
	close_over(x->eco, x->nr);
}

/* The store whose release sequence @reader reads from, and what stands before it in that. */
static void add_synchronizes(struct execution *x, uint32_t reader)
{
	uint32_t store = x->reads_from[reader];
	relation to;

	memset(to, 0, sizeof(to));
	for (;;) {
		for (uint32_t a = 0; a < x->nr; a++)
			to[a] |= is_release(&x->events[a]) &&
				 (a == store || (is_fence(&x->events[a]) && has(x->sb, a, store)));
		if (x->events[store].step.kind != STEP_SWAP)
			break;
		store = x->reads_from[store];
	}
	for (uint32_t b = 0; b < x->nr; b++)
		if (is_acquire(&x->events[b]) &&
		    (b == reader || (is_fence(&x->events[b]) && has(x->sb, reader, b))))
			for (uint32_t a = 0; a < x->nr; a++)
				if (to[a])
					add(x->hb, a, b);
}

/* ---- Axioms ---- */

static int is_atomic(const struct execution *x)
{
	for (uint32_t a = 0; a < x->nr; a++)
		if (x->events[a].step.kind == STEP_SWAP &&
		    x->rank[a] != x->rank[x->reads_from[a]] + 1)
			return 0;
	return 1;
}

static int is_coherent(struct execution *x)
{
	memcpy(x->hb, x->sb, sizeof(x->hb));
	for (uint32_t a = 0; a < x->nr; a++)
		if (reads(&x->events[a]))
			add_synchronizes(x, a);
	close_over(x->hb, x->nr);
	if (!is_irreflexive(x->hb, x->nr) || !is_irreflexive(x->eco, x->nr))
		return 0;
	for (uint32_t a = 0; a < x->nr; a++)
		for (uint32_t b = 0; b < x->nr; b++)
			if (has(x->hb, a, b) && has(x->eco, b, a))
				return 0;
	return 1;
}

/* Those by which seq_cst @a is before (or behind) others: itself, of a fence what it stands before
 * (or behind). */
static int stands_for(const struct execution *x, uint32_t a, uint32_t b, int is_before)
{
	if (!is_fence(&x->events[a]))
		return a == b;
	return is_before ? has(x->hb, a, b) : has(x->hb, b, a);
}

static int is_before(const struct execution *x, uint32_t a, uint32_t b)
{
	for (uint32_t from = 0; from < x->nr; from++)
		for (uint32_t to = 0; stands_for(x, a, from, 1) && to < x->nr; to++)
			if (has(x->eco, from, to) && stands_for(x, b, to, 0))
				return 1;
	return 0;
}

static int is_ordered(const struct execution *x)
{
	relation all;

	for (uint32_t a = 0; a < x->nr; a++)
		all[a] = x->sb[a] | x->rf[a];
	for (uint32_t a = 0; a < x->nr; a++)
		for (uint32_t b = 0; is_seq_cst(&x->events[a]) && b < x->nr; b++)
			if (a != b && is_seq_cst(&x->events[b]) && is_before(x, a, b))
				add(all, a, b);
	close_over(all, x->nr);
	return is_irreflexive(all, x->nr);
}

/* ---- All executions ---- */

static void check(struct execution *x)
{
	uint32_t newest[AXIOMS_VARIABLES] = { 0 };
	struct outcome o;

	relate(x);
	if (!is_atomic(x) || !is_coherent(x) || !is_ordered(x))
		return;
	memset(&o, 0, sizeof(o));
	for (uint32_t a = 0; a < x->nr; a++) {
		const struct event *e = &x->events[a];

		if (reads(e))
			o.read[e->thread][e->place] =
				(uint8_t)x->events[x->reads_from[a]].step.value;
		if (writes(e) && x->rank[a] >= newest[e->step.variable]) {
			newest[e->step.variable] = x->rank[a];
			o.memory[e->step.variable] = (uint8_t)e->step.value;
		}
	}
	outcomes_add(x->outcomes, &o);
}

static void choose_reads(struct execution *x, uint32_t reader)
{
	const struct event *r = &x->events[reader];

	if (reader == x->nr) {
		check(x);
		return;
	}
	if (!reads(r)) {
		choose_reads(x, reader + 1);
		return;
	}
	for (uint32_t w = 0; w < x->nr; w++)
		if (w != reader && writes(&x->events[w]) &&
		    x->events[w].step.variable == r->step.variable &&
		    !(r->thread == x->events[w].thread && w > reader)) {
			x->reads_from[reader] = w;
			choose_reads(x, reader + 1);
		}
}

/* @event enters the order of its variable at each rank in turn. */
static void choose_order(struct execution *x, uint32_t event)
{
	const struct event *e = &x->events[event];
	uint32_t nr = 0, before[MAX_EVENTS];

	if (event == x->nr) {
		choose_reads(x, 0);
		return;
	}
	if (!writes(e)) {
		choose_order(x, event + 1);
		return;
	}
	for (uint32_t w = 0; w < event; w++)
		nr += writes(&x->events[w]) && x->events[w].step.variable == e->step.variable;
	memcpy(before, x->rank, sizeof(before));
	for (uint32_t rank = nr ? 1 : 0; rank <= nr; rank++) {
		for (uint32_t w = 0; w < event; w++)
			if (writes(&x->events[w]) && x->events[w].step.variable == e->step.variable)
				x->rank[w] = before[w] + (before[w] >= rank);
		x->rank[event] = rank;
		choose_order(x, event + 1);
	}
	memcpy(x->rank, before, sizeof(before));
}

void axioms_outcomes(const struct program *program, struct outcomes *o)
{
	struct execution x = { .nr = AXIOMS_VARIABLES, .outcomes = o };

	for (uint32_t i = 0; i < AXIOMS_VARIABLES; i++) {
		x.events[i].step.kind = STEP_STORE;
		x.events[i].step.variable = i;
		x.events[i].thread = AXIOMS_THREADS;
	}
	for (uint32_t thread = 0; thread < program->nr_threads; thread++)
		for (uint32_t i = 0; i < program->nr_steps[thread]; i++)
			x.events[x.nr++] = (struct event){ program->steps[thread][i], thread, i };
	for (uint32_t a = 0; a < x.nr; a++)
		for (uint32_t b = AXIOMS_VARIABLES; b < x.nr; b++)
			if (a < AXIOMS_VARIABLES ||
			    (a < b && x.events[a].thread == x.events[b].thread))
				add(x.sb, a, b);
	choose_order(&x, 0);
}
