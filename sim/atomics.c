/* SPDX-License-Identifier: MIT */
/*
 * atomics.c - see atomics.h: the operations, and the models SC and TSO (C11 is atomics_views.c). A
 * store weaker than seq_cst enters the buffer of its CPU and leaves it for memory later, in order;
 * its own CPU's loads see it at once. Read-modify-writes, seq_cst stores and seq_cst fences empty
 * the buffer first.
 *
 * When a store leaves is decided as late as possible: when somebody looks at its object, or a later
 * store to the same object leaves. Nobody can tell before. Then it is a choice: it has left
 * already, with all before it in its buffer, or not yet. That gives each outcome of a machine that
 * lets any buffer drain at any time (tests/sim/test_atomics.c compares the two), with far fewer
 * schedules.
 *
 * The answer that is free is the one of sequential consistency: what was stored before has arrived.
 * The other one costs a preemption, so a bound limits late stores as it limits preemptions. Late
 * does not mean never: when all who can run wait, buffers drain.
 */
#include "atomics.h"

#include <stdio.h>
#include <string.h>

#include "atomics_inside.h"

struct atomics *atomics_here(void)
{
	struct engine *e = engine_here();

	return e && engine_current(e) != ENGINE_NOBODY ? *engine_slot(e, ENGINE_SLOT_MEMORY) : NULL;
}

/* ---- Memory ---- */

void atomics_set(struct atomics *a, volatile void *object, size_t bytes, uint64_t value)
{
	if (atomics_peek(object, bytes) != atomics_truncate(value, bytes))
		engine_changed(a->e);
	atomics_poke(object, bytes, value);
}

void atomics_note(struct atomics *a, const volatile void *object, const char *sign, uint64_t value,
		  const char *what)
{
	char name[ENGINE_NAME_BYTES];

	if (!engine_is_telling(a->e))
		return;
	if (engine_is_address(a->e, value)) {
		snprintf(name, sizeof(name), "%s",
			 engine_object_text(a->e, (const void *)(uintptr_t)value));
		engine_note(a->e, "%s %s &%s%s",
			    engine_object_text(a->e, (const void *)(uintptr_t)object), sign, name,
			    what);
	} else {
		engine_note(a->e, value < 10 ? "%s %s %llu%s" : "%s %s %#llx%s",
			    engine_object_text(a->e, (const void *)(uintptr_t)object), sign,
			    (unsigned long long)value, what);
	}
}

/* ---- Buffers ---- */

static struct buffer *own_buffer(struct atomics *a)
{
	return &a->buffers[a->thread_of[engine_current(a->e)]];
}

static int overlaps(const struct entry *entry, const volatile void *address, size_t bytes)
{
	uintptr_t first = (uintptr_t)entry->object, other = (uintptr_t)address;

	return first < other + bytes && other < first + entry->bytes;
}

/* The oldest entry there, or b->nr. */
static uint32_t find(const struct buffer *b, const volatile void *address, size_t bytes)
{
	uint32_t i = 0;

	while (i < b->nr && !overlaps(&b->entries[i], address, bytes))
		i++;
	return i;
}

static void drain_through(struct atomics *a, uint32_t buffer, uint32_t nr, uint32_t in_drain);

/*
 * Which stores to this memory have arrived, of those that buffers still hold. Seen at the time
 * @serial: those before have, if it is free; those after have not. @in_drain: buffers whose oldest
 * store arrives right now, so that they come later than all that arrives in here; it grows with
 * each level of drain_through(), which limits the recursion to the number of buffers.
 */
static void settle(struct atomics *a, const volatile void *address, size_t bytes, uint64_t serial,
		   uint32_t in_drain)
{
	struct buffer *b;
	uint32_t i;
	int is_before;

	for (uint32_t other = 0; other < ENGINE_MAX_FIBERS; other++) {
		b = &a->buffers[other];
		while (!(in_drain >> other & 1) && (i = find(b, address, bytes)) < b->nr) {
			is_before = b->entries[i].serial < serial;
			if ((int)engine_choose(a->e, 2) == is_before)
				break;
			drain_through(a, other, i + 1, in_drain);
		}
	}
}

static void drain_one(struct atomics *a, uint32_t buffer, uint32_t in_drain)
{
	struct buffer *b = &a->buffers[buffer];
	struct entry entry = b->entries[0];

	settle(a, entry.object, entry.bytes, entry.serial, in_drain | UINT32_C(1) << buffer);
	b->nr--;
	memmove(b->entries, b->entries + 1, b->nr * sizeof(*b->entries));
	atomics_note(a, entry.object, ":=", entry.value, " arrives");
	atomics_set(a, entry.object, entry.bytes, entry.value);
}

static void drain_through(struct atomics *a, uint32_t buffer, uint32_t nr, uint32_t in_drain)
{
	while (nr--)
		drain_one(a, buffer, in_drain);
}

/* Each store that leaves is a point of its own: before it, others may still not see it. */
static void drain_own(struct atomics *a)
{
	struct buffer *b = own_buffer(a);

	while (b->nr) {
		engine_at(a->e, ENGINE_STORE, (const void *)(uintptr_t)b->entries[0].object);
		if (b->nr)
			drain_one(a, (uint32_t)(b - a->buffers), 0);
	}
}

static void drain_all(void *context)
{
	struct atomics *a = context;

	if (a->model == ATOMICS_C11)
		views_settle(a);
	for (uint32_t i = 0; i < ENGINE_MAX_FIBERS; i++)
		drain_through(a, i, a->buffers[i].nr, 0);
}

/* ---- Operations ---- */

static void at(struct atomics *a, enum engine_point point, const volatile void *object)
{
	engine_at(a->e, point, (const void *)(uintptr_t)object);
}

/* The newest entry of @b there, or b->nr. */
static uint32_t find_newest(const struct buffer *b, const volatile void *address, size_t bytes)
{
	uint32_t i = b->nr;

	while (i && !overlaps(&b->entries[i - 1], address, bytes))
		i--;
	return i ? i - 1 : b->nr;
}

/* Its own store there is what a CPU reads, unless it has left already and one of another CPU came
 * after it. Free is what sequential consistency has: the one that was stored last. */
static int has_left(struct atomics *a, const struct buffer *own, const struct entry *entry)
{
	int is_other = 0, is_newer = 0;
	const struct buffer *b;
	uint32_t i;

	for (b = a->buffers; b < a->buffers + ENGINE_MAX_FIBERS; b++) {
		i = b == own ? b->nr : find_newest(b, entry->object, entry->bytes);
		if (i == b->nr)
			continue;
		is_other = 1;
		is_newer |= b->entries[i].serial > entry->serial;
	}
	return is_other && (int)engine_choose(a->e, 2) != is_newer;
}

uint64_t atomics_load(const volatile void *object, size_t bytes, enum atomics_order order)
{
	struct atomics *a = atomics_here();
	const struct entry *entry;
	struct buffer *own;
	uint64_t value;
	uint32_t i;

	if (!a)
		return atomics_peek(object, bytes);
	if (a->model == ATOMICS_C11)
		return views_load(a, object, bytes, order);
	at(a, ENGINE_LOAD, object);
	own = own_buffer(a);
	i = find_newest(own, object, bytes);
	entry = &own->entries[i];
	if (i < own->nr) {
		if (entry->object == object && entry->bytes == bytes && !has_left(a, own, entry)) {
			atomics_note(a, object, "->", entry->value, " (own)");
			return entry->value;
		}
		drain_through(a, (uint32_t)(own - a->buffers), i + 1, 0);
	}
	settle(a, object, bytes, a->serial, 0);
	value = atomics_peek(object, bytes);
	atomics_note(a, object, "->", value, "");
	return value;
}

static void store_late(struct atomics *a, volatile void *object, size_t bytes, uint64_t value)
{
	struct buffer *b = own_buffer(a);

	if (b->nr == ATOMICS_MAX_ENTRIES)
		drain_one(a, (uint32_t)(b - a->buffers), 0);
	b->entries[b->nr++] = (struct entry){ object, bytes, atomics_truncate(value, bytes),
					      a->serial++ };
	atomics_note(a, object, ":=", atomics_truncate(value, bytes), " in its buffer");
	engine_changed(a->e);
}

/* Everything before has arrived; what comes now does so at once. */
static void begin_full(struct atomics *a, enum engine_point point, const volatile void *object,
		       size_t bytes)
{
	drain_own(a);
	at(a, point, object);
	drain_own(a); /* of a handler that came in between */
	settle(a, object, bytes, a->serial, 0);
}

void atomics_store(volatile void *object, size_t bytes, uint64_t value, enum atomics_order order)
{
	struct atomics *a = atomics_here();

	if (!a) {
		atomics_poke(object, bytes, value);
	} else if (a->model == ATOMICS_C11) {
		views_store(a, object, bytes, value, order);
	} else if (a->model == ATOMICS_TSO && order != ATOMICS_SEQ_CST) {
		at(a, ENGINE_STORE, object);
		store_late(a, object, bytes, value);
	} else {
		begin_full(a, ENGINE_STORE, object, bytes);
		atomics_set(a, object, bytes, value);
		atomics_note(a, object, ":=", atomics_truncate(value, bytes), "");
	}
}

uint64_t atomics_changed(uint64_t value, enum atomics_change change, uint64_t operand)
{
	switch (change) {
	case ATOMICS_ADD:
		return value + operand;
	case ATOMICS_SUB:
		return value - operand;
	case ATOMICS_OR:
		return value | operand;
	case ATOMICS_AND:
		return value & operand;
	case ATOMICS_XOR:
		return value ^ operand;
	default:
		return operand;
	}
}

uint64_t atomics_change(volatile void *object, size_t bytes, enum atomics_change change,
			uint64_t operand, enum atomics_order order)
{
	struct views_change in_views = { change, operand, order };
	struct atomics *a = atomics_here();
	uint64_t before, after;

	if (a && a->model == ATOMICS_C11)
		return views_change(a, object, bytes, &in_views);
	if (a)
		begin_full(a, ENGINE_RMW, object, bytes);
	before = atomics_peek(object, bytes);
	after = atomics_truncate(atomics_changed(before, change, operand), bytes);
	if (!a) {
		atomics_poke(object, bytes, after);
		return before;
	}
	atomics_set(a, object, bytes, after);
	atomics_note(a, object, "->", before, ", changed");
	atomics_note(a, object, ":=", after, "");
	return before;
}

static int exchange_in_views(struct atomics *a, volatile void *object, size_t bytes, void *expected,
			     const struct views_exchange *x)
{
	uint64_t found;
	int done = views_compare_exchange(a, object, bytes, x, &found);

	if (!done)
		atomics_poke(expected, bytes, found);
	return done;
}

int atomics_compare_exchange(volatile void *object, size_t bytes, void *expected, uint64_t desired,
			     uint32_t orders)
{
	struct views_exchange x = { atomics_peek(expected, bytes), atomics_truncate(desired, bytes),
				    orders };
	struct atomics *a = atomics_here();
	uint64_t found;

	if (a && a->model == ATOMICS_C11)
		return exchange_in_views(a, object, bytes, expected, &x);
	if (a)
		begin_full(a, ENGINE_RMW, object, bytes);
	found = atomics_peek(object, bytes);
	if (found != atomics_peek(expected, bytes)) {
		atomics_poke(expected, bytes, found);
		if (a)
			atomics_note(a, object, "->", found, ", not what was expected");
		return 0;
	}
	if (!a) {
		atomics_poke(object, bytes, desired);
		return 1;
	}
	atomics_set(a, object, bytes, desired);
	atomics_note(a, object, "->", found, ", as expected");
	atomics_note(a, object, ":=", atomics_truncate(desired, bytes), "");
	return 1;
}

void atomics_fence(enum atomics_order order)
{
	struct atomics *a = atomics_here();

	if (!a)
		return;
	if (a->model == ATOMICS_C11) {
		views_fence(a, order);
		return;
	}
	if (order == ATOMICS_SEQ_CST) {
		engine_note(a->e, "fence");
		drain_own(a);
	}
	engine_at(a->e, ENGINE_FENCE, NULL);
}

void atomics_init(volatile void *object, size_t bytes, uint64_t value)
{
	struct atomics *a = atomics_here();

	if (a && a->model == ATOMICS_C11)
		views_init(a, object, bytes, value);
	else
		atomics_poke(object, bytes, value);
}

/* ---- For models ---- */

void atomics_begin(struct engine *e, enum atomics_model model)
{
	static const struct engine_hooks hooks = { .idle = drain_all, .last = drain_all };
	struct atomics *a = engine_alloc(e, sizeof(*a));

	a->e = e;
	a->model = model;
	for (uint32_t i = 0; i < ENGINE_MAX_FIBERS; i++)
		a->thread_of[i] = i;
	if (model == ATOMICS_C11)
		views_begin(a);
	races_begin(a);
	*engine_slot(e, ENGINE_SLOT_MEMORY) = a;
	engine_add_hooks(e, &hooks, a);
}

static struct atomics *atomics_of(struct engine *e)
{
	return *engine_slot(e, ENGINE_SLOT_MEMORY);
}

void atomics_share(struct engine *e, uint32_t fiber, uint32_t other)
{
	atomics_of(e)->thread_of[fiber] = atomics_of(e)->thread_of[other];
}

void atomics_drain(struct engine *e)
{
	struct atomics *a = atomics_here();

	if (a && a->model == ATOMICS_C11) {
		engine_at(e, ENGINE_STORE, a);
		views_drain(a);
	} else if (a) {
		drain_own(a);
	}
}

void atomics_at_register(struct engine *e, enum engine_point point, const void *object)
{
	struct atomics *a = atomics_here();
	int is_c11 = a && a->model == ATOMICS_C11;

	if (a && !is_c11)
		drain_own(a);
	engine_at(e, point, object);
	if (is_c11)
		views_drain(a);
	else if (a)
		drain_own(a); /* of a handler that came in between */
}

void atomics_join(struct engine *e)
{
	struct atomics *a = atomics_here();

	(void)e;
	if (a && a->model == ATOMICS_C11)
		views_join(a);
}

void atomics_observe(struct engine *e, const void *address, size_t bytes)
{
	struct atomics *a = atomics_of(e);

	if (a)
		settle(a, address, bytes, a->serial, 0);
}

void atomics_retire(struct engine *e, const void *address, size_t bytes)
{
	struct atomics *a = atomics_of(e);
	uint32_t at_entry;

	if (a && a->model == ATOMICS_C11) {
		races_retire(a, address, bytes);
		views_retire(a, address, bytes);
	}
	for (uint32_t i = 0; a && i < ENGINE_MAX_FIBERS; i++)
		while ((at_entry = find(&a->buffers[i], address, bytes)) < a->buffers[i].nr)
			drain_through(a, i, at_entry + 1, 0);
}
