/* SPDX-License-Identifier: MIT */
/*
 * engine_fiber.c - see engine_fiber.h. By ucontext: switching is rare, as the engine's decisions
 * are made on the fiber that asks. Sanitizers are told of each switch, if they are there.
 */
#include "engine_fiber.h"

#include <stdint.h>
#include <sys/mman.h>

#define STACK_BYTES (256u << 10)
#define GUARD_BYTES (64u << 10)

/* Of sanitizers: absent in other builds. */
#define WEAK __attribute__((weak))
void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t bytes) WEAK;
void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *bytes) WEAK;
void __asan_unpoison_memory_region(const volatile void *start, size_t bytes) WEAK;
void *__tsan_get_current_fiber(void) WEAK;
void *__tsan_create_fiber(unsigned flags) WEAK;
void __tsan_destroy_fiber(void *fiber) WEAK;
void __tsan_switch_to_fiber(void *fiber, unsigned flags) WEAK;

/* At @place, on its stack. Only now are the bounds of the thread's own stack known. */
static void arrive(struct fiber_place *place)
{
	struct fiber_place *left = place->came_from;
	const void *stack = NULL;
	size_t bytes = 0;

	if (!__sanitizer_finish_switch_fiber)
		return;
	__sanitizer_finish_switch_fiber(place->fake_stack, &stack, &bytes);
	if (!left->mapping) {
		left->stack = stack;
		left->stack_bytes = bytes;
	}
}

static void enter(unsigned low, unsigned high)
{
	struct fiber_place *place = (void *)((uintptr_t)low | (uintptr_t)high << 16 << 16);

	arrive(place);
	place->entry(place->context);
}

static int map(struct fiber_place *place)
{
	char *m = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED)
		return 0;
	mprotect(m, GUARD_BYTES, PROT_NONE);
	place->mapping = m;
	place->stack = m + GUARD_BYTES;
	place->stack_bytes = STACK_BYTES;
	return getcontext(&place->registers) == 0;
}

int fiber_make(struct fiber_place *place, void (*entry)(void *context), void *context)
{
	uintptr_t p = (uintptr_t)place;

	if (!place->mapping && !map(place))
		return 0;
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(place->stack, place->stack_bytes);
	if (place->tsan)
		__tsan_destroy_fiber(place->tsan);
	if (__tsan_create_fiber)
		place->tsan = __tsan_create_fiber(0);
	place->entry = entry;
	place->context = context;
	place->fake_stack = NULL;
	place->registers.uc_stack.ss_sp = (char *)place->mapping + GUARD_BYTES;
	place->registers.uc_stack.ss_size = STACK_BYTES;
	place->registers.uc_link = NULL;
	makecontext(&place->registers, (void (*)(void))enter, 2, (unsigned)p,
		    (unsigned)(p >> 16 >> 16));
	return 1;
}

void fiber_fini(struct fiber_place *place)
{
	if (place->tsan && place->mapping)
		__tsan_destroy_fiber(place->tsan);
	if (place->mapping)
		munmap(place->mapping, GUARD_BYTES + STACK_BYTES);
	place->mapping = NULL;
	place->tsan = NULL;
}

void fiber_switch(struct fiber_place *from, struct fiber_place *to)
{
	to->came_from = from;
	if (!from->mapping && __tsan_get_current_fiber)
		from->tsan = __tsan_get_current_fiber();
	if (__sanitizer_start_switch_fiber)
		__sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->stack_bytes);
	if (to->tsan)
		__tsan_switch_to_fiber(to->tsan, 0);
	swapcontext(&from->registers, &to->registers);
	arrive(from);
}
