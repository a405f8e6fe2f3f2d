/* SPDX-License-Identifier: MIT */
/*
 * engine_fiber.h - stacks and switching between them. Knows nothing of schedules.
 */
#ifndef SIM_ENGINE_FIBER_H
#define SIM_ENGINE_FIBER_H

#include <stddef.h>
#include <ucontext.h>

/* A place to go on. That of the thread itself has no memory of its own. */
struct fiber_place {
	ucontext_t registers;
	void *mapping;     /* stack above a guard page; NULL: the thread's own */
	const void *stack; /* as sanitizers want it */
	size_t stack_bytes;
	void *fake_stack; /* AddressSanitizer's */
	void *tsan;       /* ThreadSanitizer's */
	struct fiber_place *came_from;
	void (*entry)(void *context);
	void *context;
};

/* The next fiber_switch() to @place begins @entry, which never returns. Keeps the stack of the last
 * time; what was on it is gone. 0: no memory. */
int fiber_make(struct fiber_place *place, void (*entry)(void *context), void *context);
void fiber_fini(struct fiber_place *place);
void fiber_switch(struct fiber_place *from, struct fiber_place *to);

#endif
