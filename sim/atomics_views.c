/* SPDX-License-Identifier: MIT */
/*
 * atomics_views.c - atomics weaker than x86: what C11 allows. Each object keeps its last stores in
 * their modification order; each thread keeps a view, the oldest store of each object that it may
 * still read. A load may read any store from there on; a store may enter the order anywhere behind.
 * A store carries a view along: a release store its thread's, a relaxed one that of the last
 * release fence; who reads it by an acquire takes that view over, who reads it relaxed does so at
 * the next acquire fence. A read-modify-write enters right behind what it has read, where nobody
 * has done so before, and passes on the view of what it has read. Operations and fences that are
 * seq_cst take, each, and give to a view of their own, in the order in which they are executed.
 *
 * Sources: ISO/IEC 14882:2020 [intro.races], [atomics.order], which repairs the rules of C11
 * 7.17.3 for seq_cst and is weaker on release sequences (a later plain store of the same thread
 * ends one); O. Lahav et al., "Repairing sequential consistency in C/C++11" (2017), from which the
 * rule is that no load reads what is stored after it (sb and rf have no cycle). So load buffering
 * is left out, and the total order of seq_cst operations is the one of their execution: outcomes
 * that need a cycle of it with sb and rf are not reached. tests/sim/test_atomics_c11.c compares
 * with an enumeration of all executions under the axioms.
 *
 * Free is what sequential consistency has: the newest store is read, a store becomes the newest.
 * Every other answer costs a preemption. Memory holds the newest one, for whoever looks without
 * these functions; what was written there without them is the only one from then on. The oldest of
 * more than MAX_HISTORY stores is forgotten. Late does not mean never: when all who can run wait,
 * they see what is newest.
 *
 * The reduction (engine_objects.c) asks that a step which begins at an access to an object that is
 * not shared commutes with what other contexts do. Such an object has one context that writes,
 * which reads its own newest store, or no writer, and then one store without a view: no choice, and
 * what the access does to views is in the column of that object, which no other rule asks for. That
 * also holds between a handler and the thread below it, whose view it shares. What a load that may
 * read old stores depends on are the stores to its object, as any load; two seq_cst loads do not
 * commute, but where somebody stores, each of them is a point for others. Fences touch views as a
 * whole: others may go first at each.
 */
#include "atomics_inside.h"

#include <string.h>

#define MAX_LOCATIONS 256 /* of one run */
#define NR_HASHED 1024
#define MAX_HISTORY 8

/* Per location the rank in its modification order; 0 from @nr on. And per thread, up to when what
 * it did happens before what is done with this view (races.c). */
struct view {
	uint32_t clock[ENGINE_MAX_FIBERS];
	uint32_t nr;
	uint32_t ranks[MAX_LOCATIONS];
};

struct message {
	uint64_t value;
	struct view *view;
	uint32_t is_attached; /* a read-modify-write of the one before */
};

struct location {
	const volatile void *object; /* NULL: was given back */
	size_t bytes;
	uint32_t first; /* rank of messages[0] */
	uint32_t nr;
	struct message messages[MAX_HISTORY]; /* in modification order */
};

struct thread {
	struct view now;     /* what it may not go behind */
	struct view acquire; /* what an acquire fence would make of that */
	struct view release; /* what its relaxed stores carry */
};

struct views {
	struct thread threads[ENGINE_MAX_FIBERS];
	struct view seq_cst;
	struct view hardware; /* what was passed on to it */
	struct view settled;  /* what everybody sees by now */
	uint32_t nr;
	uint16_t hashed[NR_HASHED]; /* index + 1; 0: free */
	struct location locations[MAX_LOCATIONS];
	struct view views[MAX_LOCATIONS][MAX_HISTORY];
};

/* What is not cleared at the beginning of a run begins here. */
#define CLEARED_BYTES offsetof(struct views, locations)

/* ---- Views ---- */

static uint32_t rank_in(const struct view *v, uint32_t location)
{
	return location < v->nr ? v->ranks[location] : 0;
}

static void widen(struct view *v, uint32_t nr)
{
	if (v->nr >= nr)
		return;
	memset(v->ranks + v->nr, 0, (nr - v->nr) * sizeof(*v->ranks));
	v->nr = nr;
}

static void raise_to(struct view *v, uint32_t location, uint32_t rank)
{
	widen(v, location + 1);
	if (v->ranks[location] < rank)
		v->ranks[location] = rank;
}

static void join_ranks(struct view *v, const struct view *other)
{
	widen(v, other->nr);
	for (uint32_t i = 0; i < other->nr; i++)
		v->ranks[i] = v->ranks[i] < other->ranks[i] ? other->ranks[i] : v->ranks[i];
}

static void join(struct view *v, const struct view *other)
{
	join_ranks(v, other);
	for (uint32_t i = 0; i < ENGINE_MAX_FIBERS; i++)
		v->clock[i] = v->clock[i] < other->clock[i] ? other->clock[i] : v->clock[i];
}

static void copy(struct view *v, const struct view *other)
{
	memcpy(v->clock, other->clock, sizeof(v->clock));
	v->nr = other->nr;
	memcpy(v->ranks, other->ranks, other->nr * sizeof(*v->ranks));
}

static void move_up(struct view *v, uint32_t location, uint32_t rank)
{
	if (rank_in(v, location) >= rank)
		v->ranks[location]++;
}

/* A store enters at @rank > 0: those from there on have one more. */
static void make_room(struct views *vs, uint32_t location, uint32_t rank)
{
	const struct location *l;

	for (struct thread *t = vs->threads; t < vs->threads + ENGINE_MAX_FIBERS; t++) {
		move_up(&t->now, location, rank);
		move_up(&t->acquire, location, rank);
		move_up(&t->release, location, rank);
	}
	move_up(&vs->seq_cst, location, rank);
	move_up(&vs->hardware, location, rank);
	move_up(&vs->settled, location, rank);
	for (l = vs->locations; l < vs->locations + vs->nr; l++)
		for (uint32_t i = 0; i < l->nr; i++)
			move_up(l->messages[i].view, location, rank);
}

/* ---- Locations ---- */

uint32_t views_thread(const struct atomics *a)
{
	return a->thread_of[engine_current(a->e)];
}

static struct thread *own_thread(struct atomics *a)
{
	return &a->views->threads[views_thread(a)];
}

const uint32_t *views_clock(const struct atomics *a)
{
	return a->views->threads[views_thread(a)].now.clock;
}

static uint32_t index_of(const struct atomics *a, const struct location *l)
{
	return (uint32_t)(l - a->views->locations);
}

/* One store that everybody sees. */
static void begin_history(struct location *l, uint32_t rank)
{
	l->first = rank;
	l->nr = 1;
	l->messages[0].value = atomics_peek(l->object, l->bytes);
	memset(l->messages[0].view, 0, offsetof(struct view, ranks));
	l->messages[0].is_attached = 0;
}

static struct location *add_location(struct atomics *a, const volatile void *object, size_t bytes)
{
	struct views *vs = a->views;
	struct location *l = &vs->locations[vs->nr];

	if (vs->nr == MAX_LOCATIONS) {
		engine_fail(a->e, "more than %d atomics in one run", MAX_LOCATIONS);
		return vs->locations;
	}
	l->object = object;
	l->bytes = bytes;
	for (uint32_t i = 0; i < MAX_HISTORY; i++)
		l->messages[i].view = &vs->views[vs->nr][i];
	vs->nr++;
	begin_history(l, 0);
	return l;
}

static struct location *find_location(struct atomics *a, const volatile void *object, size_t bytes)
{
	uint64_t hash = (uint64_t)(uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15);
	struct views *vs = a->views;
	uint32_t i = (uint32_t)(hash >> 32) & (NR_HASHED - 1);

	while (vs->hashed[i] && vs->locations[vs->hashed[i] - 1].object != object)
		i = (i + 1) & (NR_HASHED - 1);
	if (vs->hashed[i])
		return &vs->locations[vs->hashed[i] - 1];
	vs->hashed[i] = (uint16_t)(vs->nr + 1);
	return add_location(a, object, bytes);
}

static struct location *location_at(struct atomics *a, const volatile void *object, size_t bytes)
{
	struct location *l = find_location(a, object, bytes);

	if (l->bytes != bytes)
		engine_fail(a->e, "%s is an atomic of %zu bytes and of %zu",
			    engine_object_text(a->e, (const void *)(uintptr_t)object), l->bytes,
			    bytes);
	races_atomic(a, object, bytes);
	if (l->messages[l->nr - 1].value != atomics_peek(object, bytes))
		begin_history(l, l->first + l->nr);
	return l;
}

/* The oldest message that @order allows to read. */
static uint32_t oldest(struct atomics *a, const struct location *l, enum atomics_order order)
{
	uint32_t i = index_of(a, l), rank = rank_in(&own_thread(a)->now, i), other;

	other = rank_in(&a->views->settled, i);
	rank = rank < other ? other : rank;
	other = order == ATOMICS_SEQ_CST ? rank_in(&a->views->seq_cst, i) : 0;
	rank = rank < other ? other : rank;
	return rank < l->first ? 0 : rank - l->first;
}

/* A read-modify-write may enter behind it. */
static int is_open_behind(const struct location *l, uint32_t at)
{
	return at + 1 == l->nr || !l->messages[at + 1].is_attached;
}

/* ---- Reading and writing ---- */

static int is_acquire(enum atomics_order order)
{
	return order == ATOMICS_ACQUIRE || order == ATOMICS_CONSUME || order >= ATOMICS_ACQ_REL;
}

static int is_release(enum atomics_order order)
{
	return order >= ATOMICS_RELEASE;
}

/* What comes now is not known to whom something was passed on before. */
static void go_on(struct atomics *a)
{
	uint32_t thread = views_thread(a);

	a->views->threads[thread].now.clock[thread]++;
	a->views->threads[thread].acquire.clock[thread]++;
}

static void saw(struct atomics *a, const struct location *l, uint32_t at, enum atomics_order order)
{
	struct thread *t = own_thread(a);

	raise_to(&t->now, index_of(a, l), l->first + at);
	raise_to(&t->acquire, index_of(a, l), l->first + at);
	if (order == ATOMICS_SEQ_CST)
		raise_to(&a->views->seq_cst, index_of(a, l), l->first + at);
}

static uint64_t read_at(struct atomics *a, const struct location *l, uint32_t at,
			enum atomics_order order)
{
	struct thread *t = own_thread(a);

	saw(a, l, at, order);
	join(&t->acquire, l->messages[at].view);
	if (is_acquire(order))
		join(&t->now, l->messages[at].view);
	return l->messages[at].value;
}

static void forget_oldest(struct location *l)
{
	struct message gone = l->messages[0];

	l->nr--;
	l->first++;
	memmove(l->messages, l->messages + 1, l->nr * sizeof(gone));
	l->messages[l->nr] = gone;
}

/* An empty message as messages[at], at > 0; where it is now, which is less if one was forgotten. */
static uint32_t insert(struct atomics *a, struct location *l, uint32_t at)
{
	struct message fresh;

	if (l->nr == MAX_HISTORY) {
		forget_oldest(l);
		at--;
	}
	if (at < l->nr)
		make_room(a->views, index_of(a, l), l->first + at);
	fresh = l->messages[l->nr];
	memmove(l->messages + at + 1, l->messages + at, (l->nr - at) * sizeof(fresh));
	l->messages[at] = fresh;
	l->nr++;
	return at;
}

/* @before: what a read-modify-write has read, else NULL. */
static void write_at(struct atomics *a, struct location *l, uint32_t at, uint64_t value,
		     enum atomics_order order, const struct view *before)
{
	struct thread *t = own_thread(a);
	struct message *m = &l->messages[at];

	m->value = value;
	m->is_attached = before != NULL;
	saw(a, l, at, order);
	copy(m->view, is_release(order) ? &t->now : &t->release);
	raise_to(m->view, index_of(a, l), l->first + at);
	if (before)
		join(m->view, before);
	go_on(a);
	if (at + 1 == l->nr)
		atomics_set(a, (volatile void *)(uintptr_t)l->object, l->bytes, value);
	else
		engine_changed(a->e);
}

/* The story. */
static const char *age(const struct location *l, uint32_t at)
{
	return at + 1 == l->nr ? "" : " (old)";
}

/* ---- Operations ---- */

static void at_object(struct atomics *a, enum engine_point point, const volatile void *object)
{
	engine_at(a->e, point, (const void *)(uintptr_t)object);
}

uint64_t views_load(struct atomics *a, const volatile void *object, size_t bytes,
		    enum atomics_order order)
{
	struct location *l;
	uint32_t at;

	at_object(a, ENGINE_LOAD, object);
	l = location_at(a, object, bytes);
	at = l->nr - 1 - engine_choose(a->e, l->nr - oldest(a, l, order));
	atomics_note(a, object, "->", l->messages[at].value, age(l, at));
	return read_at(a, l, at, order);
}

/* Behind which message a store enters: the last one, or an earlier one. */
static uint32_t choose_place(struct atomics *a, const struct location *l, enum atomics_order order)
{
	uint32_t nr = 0, chosen, at;

	for (at = oldest(a, l, order); at < l->nr; at++)
		nr += (uint32_t)is_open_behind(l, at);
	chosen = engine_choose(a->e, nr);
	for (at = l->nr - 1; chosen; chosen--)
		do
			at--;
		while (!is_open_behind(l, at));
	return at;
}

void views_store(struct atomics *a, volatile void *object, size_t bytes, uint64_t value,
		 enum atomics_order order)
{
	struct location *l;
	uint32_t at;

	at_object(a, ENGINE_STORE, object);
	l = location_at(a, object, bytes);
	value = atomics_truncate(value, bytes);
	at = insert(a, l, choose_place(a, l, order) + 1);
	atomics_note(a, object, ":=", value, at + 1 == l->nr ? "" : " behind a newer one");
	write_at(a, l, at, value, order, NULL);
}

/* Read at @at, then enter right behind it. */
static uint64_t change_at(struct atomics *a, struct location *l, uint32_t at, uint64_t value,
			  enum atomics_order order)
{
	struct view before;
	uint64_t found = read_at(a, l, at, order);

	copy(&before, l->messages[at].view);
	at = insert(a, l, at + 1);
	atomics_note(a, l->object, ":=", value, at + 1 == l->nr ? "" : " behind a newer one");
	write_at(a, l, at, value, order, &before);
	return found;
}

uint64_t views_change(struct atomics *a, volatile void *object, size_t bytes,
		      const struct views_change *change)
{
	struct location *l;
	uint64_t found;
	uint32_t at;

	at_object(a, ENGINE_RMW, object);
	l = location_at(a, object, bytes);
	at = choose_place(a, l, change->order);
	found = l->messages[at].value;
	atomics_note(a, object, "->", found, ", changed");
	return change_at(
		a, l, at,
		atomics_truncate(atomics_changed(found, change->change, change->operand), bytes),
		change->order);
}

/* One that finds what it expects changes it, and must be able to. */
static int can_exchange(struct atomics *a, const struct location *l, uint32_t at,
			const struct views_exchange *x)
{
	if (l->messages[at].value != x->expected)
		return at >= oldest(a, l, atomics_failure(x->orders));
	return at >= oldest(a, l, atomics_success(x->orders)) && is_open_behind(l, at);
}

int views_compare_exchange(struct atomics *a, volatile void *object, size_t bytes,
			   const struct views_exchange *x, uint64_t *out_found)
{
	uint32_t nr = 0, at, chosen;
	struct location *l;

	at_object(a, ENGINE_RMW, object);
	l = location_at(a, object, bytes);
	for (at = 0; at < l->nr; at++)
		nr += (uint32_t)can_exchange(a, l, at, x);
	chosen = engine_choose(a->e, nr);
	for (at = l->nr - 1; chosen; chosen--)
		do
			at--;
		while (!can_exchange(a, l, at, x));
	*out_found = l->messages[at].value;
	if (*out_found != x->expected) {
		atomics_note(a, object, "->", *out_found, ", not what was expected");
		read_at(a, l, at, atomics_failure(x->orders));
		return 0;
	}
	atomics_note(a, object, "->", *out_found, ", as expected");
	change_at(a, l, at, x->desired, atomics_success(x->orders));
	return 1;
}

void views_fence(struct atomics *a, enum atomics_order order)
{
	struct thread *t;

	if (order == ATOMICS_RELAXED)
		return;
	engine_at(a->e, ENGINE_RMW, NULL);
	engine_note(a->e, "fence");
	t = own_thread(a);
	if (is_acquire(order))
		copy(&t->now, &t->acquire);
	if (order == ATOMICS_SEQ_CST) {
		join_ranks(&t->now, &a->views->seq_cst);
		join_ranks(&a->views->seq_cst, &t->now);
		copy(&t->acquire, &t->now);
	}
	if (is_release(order))
		copy(&t->release, &t->now);
	go_on(a);
}

/* A plain store: the newest, and others may still find what was there before. */
void views_init(struct atomics *a, volatile void *object, size_t bytes, uint64_t value)
{
	struct location *l = location_at(a, object, bytes);
	uint32_t at = insert(a, l, l->nr);

	write_at(a, l, at, atomics_truncate(value, bytes), ATOMICS_RELAXED, NULL);
}

/* ---- For models ---- */

void views_drain(struct atomics *a)
{
	join(&a->views->hardware, &own_thread(a)->now);
	go_on(a);
}

void views_join(struct atomics *a)
{
	join(&own_thread(a)->now, &a->views->hardware);
	join(&own_thread(a)->acquire, &a->views->hardware);
}

void views_settle(struct atomics *a)
{
	const struct location *l = a->views->locations;

	for (uint32_t i = 0; i < a->views->nr; i++, l++)
		raise_to(&a->views->settled, i, l->first + l->nr - 1);
}

/* What comes there is another object, even if at the same address. */
void views_retire(struct atomics *a, const void *address, size_t bytes)
{
	uintptr_t first = (uintptr_t)address;
	struct location *l = a->views->locations;

	for (uint32_t i = 0; i < a->views->nr; i++, l++)
		if ((uintptr_t)l->object < first + bytes && (uintptr_t)l->object + l->bytes > first)
			l->object = NULL;
}

void views_begin(struct atomics *a)
{
	a->views = engine_alloc_raw(a->e, sizeof(*a->views));
	memset(a->views, 0, CLEARED_BYTES);
	for (uint32_t i = 0; i < ENGINE_MAX_FIBERS; i++)
		a->views->threads[i].now.clock[i] = a->views->threads[i].acquire.clock[i] = 1;
}
