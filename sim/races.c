/* SPDX-License-Identifier: MIT */
/*
 * races.c - plain accesses of explored code under the model C11: two of which one writes, by two
 * threads, without an order by acquires and releases between them, fail the run; so does one of a
 * plain and an atomic access, and memory that is given back while another thread's accesses to it
 * are not known to be over. In what order they happened to come does not matter, so a few schedules
 * find many races.
 *
 * Who is ordered is kept in the views (atomics_views.c): a clock per thread, which goes on when the
 * thread passes something on. The compiler says who accesses what: code compiled by
 * -fsanitize=thread calls the functions below instead of that tool's own library, which is not
 * linked. A handler and the thread below it are one thread here. Of memory, each 8 bytes that were
 * touched have a cell; accesses are told apart by byte.
 */
#include "atomics_inside.h"

#include <string.h>

#define CELL_BYTES 8
#define MAX_CELLS 8192
#define NR_HASHED 32768
#define MAX_THREADS 8 /* accesses of others are not looked at */

struct cell {
	uintptr_t at; /* / CELL_BYTES */
	uint8_t writer[CELL_BYTES];
	uint32_t written[CELL_BYTES]; /* the writer's clock; 0: never */
	uint32_t read[MAX_THREADS][CELL_BYTES];
	uint32_t used[MAX_THREADS][CELL_BYTES]; /* by atomics */
	uint32_t code[MAX_THREADS];             /* where the last plain access was */
};

struct races {
	uint32_t nr;
	uint16_t hashed[NR_HASHED]; /* index + 1; 0: free */
	struct cell cells[MAX_CELLS];
};

struct access {
	const char *what;
	uint32_t thread;
	const uint32_t *clock; /* what of each thread is known to be over */
	uint32_t code;
};

extern const char __executable_start[];

/* Whether the world that was begun last on this thread is one to look at: most are not, and pay
 * for no more than this. */
static _Thread_local int is_watching;

void races_begin(struct atomics *a)
{
	is_watching = a->model == ATOMICS_C11;
	if (!is_watching)
		return;
	a->races = engine_alloc_raw(a->e, sizeof(*a->races));
	memset(a->races, 0, offsetof(struct races, cells));
}

/* NULL: not there, and not to be made, or no room is left. */
static struct cell *find_cell(struct races *r, uintptr_t at, int is_made)
{
	uint64_t hash = (uint64_t)at * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t i = (uint32_t)(hash >> 32) & (NR_HASHED - 1);
	struct cell *cell;

	while (r->hashed[i] && r->cells[r->hashed[i] - 1].at != at)
		i = (i + 1) & (NR_HASHED - 1);
	if (r->hashed[i])
		return &r->cells[r->hashed[i] - 1];
	if (!is_made || r->nr == MAX_CELLS)
		return NULL;
	cell = &r->cells[r->nr++];
	r->hashed[i] = (uint16_t)r->nr;
	memset(cell, 0, sizeof(*cell));
	cell->at = at;
	return cell;
}

static void tell(struct atomics *a, const struct access *x, const struct cell *cell,
		 uint32_t thread, const char *other)
{
	engine_note(a->e, "code at %#x, the other's at %#x", x->code, cell->code[thread]);
	engine_fail(a->e, "a race: %s and, by thread %u, %s", x->what, thread, other);
}

static void check_written(struct atomics *a, const struct access *x, const struct cell *cell,
			  uint32_t byte)
{
	uint32_t thread = cell->writer[byte];

	if (thread != x->thread && cell->written[byte] > x->clock[thread])
		tell(a, x, cell, thread, "a plain write");
}

static void check_read(struct atomics *a, const struct access *x, const struct cell *cell,
		       uint32_t byte)
{
	for (uint32_t thread = 0; thread < MAX_THREADS; thread++) {
		if (thread == x->thread)
			continue;
		if (cell->read[thread][byte] > x->clock[thread])
			tell(a, x, cell, thread, "a plain read");
		if (cell->used[thread][byte] > x->clock[thread])
			tell(a, x, cell, thread, "an atomic access");
	}
}

enum how {
	PLAIN_READ,
	PLAIN_WRITE,
	ATOMIC,
	GIVEN_BACK
};

static void touch(struct atomics *a, const struct access *x, struct cell *cell, uint32_t byte,
		  enum how how)
{
	check_written(a, x, cell, byte);
	if (how == PLAIN_WRITE || how == GIVEN_BACK)
		check_read(a, x, cell, byte);
	if (how == PLAIN_READ) {
		cell->read[x->thread][byte] = x->clock[x->thread];
	} else if (how == ATOMIC) {
		cell->used[x->thread][byte] = x->clock[x->thread];
	} else if (how == PLAIN_WRITE) {
		cell->writer[byte] = (uint8_t)x->thread;
		cell->written[byte] = x->clock[x->thread];
	}
	cell->code[x->thread] = x->code;
}

static void touch_all(struct atomics *a, const void *address, size_t bytes, enum how how,
		      const void *code)
{
	static const char *const what[] = { "a plain read", "a plain write", "an atomic access",
					    "memory that is given back" };
	struct access x = { what[how], views_thread(a), views_clock(a), 0 };
	uintptr_t at = (uintptr_t)address, limit = at + bytes;
	struct cell *cell = NULL;

	if (x.thread >= MAX_THREADS)
		return;
	x.code = (uint32_t)((uintptr_t)code - (uintptr_t)__executable_start);
	for (; at < limit; at++) {
		if (!cell || cell->at != at / CELL_BYTES)
			cell = find_cell(a->races, at / CELL_BYTES, how != GIVEN_BACK);
		if (cell)
			touch(a, &x, cell, (uint32_t)(at % CELL_BYTES), how);
	}
}

/* Whoever gets this memory next has its own accesses there. */
void races_retire(struct atomics *a, const void *address, size_t bytes)
{
	uintptr_t first = (uintptr_t)address;
	struct cell *cell;

	if (atomics_here())
		touch_all(a, address, bytes, GIVEN_BACK, __builtin_return_address(0));
	for (uintptr_t at = first; at < first + bytes; at++) {
		uint32_t byte = (uint32_t)(at % CELL_BYTES);

		cell = find_cell(a->races, at / CELL_BYTES, 0);
		if (!cell)
			continue;
		cell->written[byte] = 0;
		for (uint32_t thread = 0; thread < MAX_THREADS; thread++)
			cell->read[thread][byte] = cell->used[thread][byte] = 0;
	}
}

void races_atomic(struct atomics *a, const volatile void *object, size_t bytes)
{
	touch_all(a, (const void *)(uintptr_t)object, bytes, ATOMIC, __builtin_return_address(0));
}

static void plain(const void *address, size_t bytes, enum how how, const void *code)
{
	struct atomics *a = is_watching ? atomics_here() : NULL;

	if (a && a->races)
		touch_all(a, address, bytes, how, code);
}

/* ---- What the compiler calls ---- */

#define CALLED(name, bytes, how)                                                                   \
	void __tsan_##name(void *address);                                                         \
	void __tsan_##name(void *address)                                                          \
	{                                                                                          \
		plain(address, bytes, how, __builtin_return_address(0));                           \
	}

#define CALLED_BOTH(bytes)                                                                         \
	CALLED(read##bytes, bytes, PLAIN_READ)                                                     \
	CALLED(write##bytes, bytes, PLAIN_WRITE)                                                   \
	CALLED(unaligned_read##bytes, bytes, PLAIN_READ)                                           \
	CALLED(unaligned_write##bytes, bytes, PLAIN_WRITE)

CALLED_BOTH(1)
CALLED_BOTH(2)
CALLED_BOTH(4)
CALLED_BOTH(8)
CALLED_BOTH(16)

void __tsan_read_range(void *address, size_t bytes);
void __tsan_read_range(void *address, size_t bytes)
{
	plain(address, bytes, PLAIN_READ, __builtin_return_address(0));
}

void __tsan_write_range(void *address, size_t bytes);
void __tsan_write_range(void *address, size_t bytes)
{
	plain(address, bytes, PLAIN_WRITE, __builtin_return_address(0));
}

void __tsan_init(void);
void __tsan_init(void) {}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void) {}

/* Atomics that are used by their name alone, not by <stdatomic.h>. */
#define CALLED_ATOMIC(bits)                                                                        \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *object,           \
						  int order);                                      \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *object,           \
						  int order)                                       \
	{                                                                                          \
		return (uint##bits##_t)atomics_load(object, bits / 8, (enum atomics_order)order);  \
	}                                                                                          \
	void __tsan_atomic##bits##_store(volatile uint##bits##_t *object, uint##bits##_t value,    \
					 int order);                                               \
	void __tsan_atomic##bits##_store(volatile uint##bits##_t *object, uint##bits##_t value,    \
					 int order)                                                \
	{                                                                                          \
		atomics_store(object, bits / 8, value, (enum atomics_order)order);                 \
	}

CALLED_ATOMIC(8)
CALLED_ATOMIC(16)
CALLED_ATOMIC(32)
CALLED_ATOMIC(64)

/* What explored code calls memset. */
void *races_memset(void *to, int value, size_t bytes);
void *races_memset(void *to, int value, size_t bytes)
{
	plain(to, bytes, PLAIN_WRITE, __builtin_return_address(0));
	return memset(to, value, bytes);
}
