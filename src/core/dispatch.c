/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - an event: (CPU, id) -> cell -> interrupt -> state word -> actions. Takes no lock,
 * looks nothing up. And what leans on it: waiting until nobody looks any more, retiring ids,
 * replaying.
 *
 * Sections. A CPU's section counter is odd while it is in mirq_dispatch() or mirq_service(). Who
 * takes something away (a cell, an action, an interrupt) must not free it while a CPU may hold a
 * pointer:
 *
 *   dispatch on CPU c                     release on another CPU
 *   D1 section := odd                     R1 cell := tomb (or action unlinked)
 *   D2 full fence                         R2 full fence
 *   D3 read cell, use it                  R3 read section of c; odd: wait until it has changed
 *   D4 section := even (release)          R4 free (after acquire)
 *
 * With both fences either D3 sees R1, or R3 sees D1 and waits for D4. One section is waited for,
 * not an idle CPU: later sections see the tomb. tests/unit/test_litmus.c runs this on real threads.
 *
 * An id retires on its own CPU: once it is not pending there and the way has been drained, nothing
 * can bring it any more, and the cell is emptied. Until then its cell keeps pointing to the
 * interrupt (after a move) or to the tomb (after a release). The check runs at the end of each
 * section of that CPU while something waits, so a pending event is handled first and no kick is
 * repeated for it. A CPU that leaves passes on what has not been handled until then.
 */
#include "attributes.h"
#include "bits.h"
#include "core.h"

/* Rounds in a row that nobody wanted, after which an interrupt is blocked as a storm. */
#define STORM_ROUNDS 100000

/* 1: this section is the outermost one; to be given to section_leave(). */
static MIRQI_HOT uint32_t section_enter(struct mirqi_cpu *c)
{
	uint32_t section = atomic_load_explicit(&c->section, memory_order_relaxed);

	if (section & 1)
		return 0;
	/* Release: who waits for the section before may see this one only. */
	atomic_store_explicit(&c->section, section + 1, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	return 1;
}

static MIRQI_HOT void section_leave(struct mirqi_cpu *c, uint32_t is_outermost)
{
	uint32_t section = atomic_load_explicit(&c->section, memory_order_relaxed);

	if (is_outermost)
		atomic_store_explicit(&c->section, section + 1, memory_order_release);
}

static void wait_section(const struct mirqi_root *root, uint32_t cpu)
{
	_Atomic uint32_t *at = &root->targets[cpu].section;
	uint32_t section = atomic_load_explicit(at, memory_order_acquire);

	while ((section & 1) && atomic_load_explicit(at, memory_order_acquire) == section)
		mirq_host_wait(root->domain.m->host, MIRQ_WAIT_SLEEP);
}

static void wait_all(const struct mirqi_root *root)
{
	for (uint32_t cpu = 0; cpu < root->nr_targets; cpu++)
		wait_section(root, cpu);
}

/* An interrupt runs only where a cell points to it: on the CPU of its route or of its other one;
 * with an id of the system on any. */
static void wait_irq(const struct mirq_irq *irq)
{
	const struct mirqi_root *root = irq->store->root;

	if (mirqi_is_system(root))
		wait_all(root);
	if (irq->flags & MIRQI_IRQ_HAS_ID)
		wait_section(root, irq->route.cpu);
	if (irq->other.kind != MIRQ_ROUTE_NONE)
		wait_section(root, irq->other.cpu);
}

void mirqi_quiesce(const struct mirq_batch *batch)
{
	const struct mirq_irq *irq;

	atomic_thread_fence(memory_order_seq_cst);
	mirqi_batch_for_each(irq, batch)
		wait_irq(irq);
}

void mirqi_quiesce_one(const struct mirq_irq *irq)
{
	atomic_thread_fence(memory_order_seq_cst);
	wait_irq(irq);
}

/* With interrupts off this CPU cannot change under us; a thread that runs on it while its
 * section is open was called from inside that section. */
int mirqi_is_inside(struct mirq *m)
{
	uintptr_t saved = mirq_host_irq_save(m->host);
	uint32_t cpu = mirq_host_this_cpu(m->host);
	int is_inside = cpu < m->nr_cpus &&
			(atomic_load_explicit(&m->cpus[cpu].section, memory_order_relaxed) & 1);

	mirq_host_irq_restore(m->host, saved);
	return is_inside;
}

/* Counters of a CPU have one writer: itself. */
static MIRQI_HOT void count(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

static MIRQI_COLD void note_unwanted(struct mirq *m, struct mirq_irq *irq)
{
	struct mirq_log_record record = {
		MIRQ_LOG_WARN,
		"an interrupt was raised 100000 times in a row and no handler wanted it; it is "
		"masked until it is released. values: number, slot",
		irq->store->domain.name,
		irq->store->dev->name,
		{ irq->number, irq->index, 0 },
		0
	};

	if (++irq->nr_unwanted < STORM_ROUNDS)
		return;
	irq->nr_unwanted = 0;
	mirqi_state_step(&irq->state, MIRQI_EDGE_STORM);
	mirq_host_log(m->host, &record);
}

/* Nobody knows which child of a line was meant: each is called. */
static int is_guess(const struct mirqi_root *root)
{
	return root->lines && !root->ops.claim;
}

/* The first action answered something else than HANDLED, or there are more. */
static MIRQI_COLD void finish_round(struct mirq *m, struct mirq_irq *irq, struct mirqi_action *a,
				    enum mirq_handled answer)
{
	int is_wanted = 0;

	for (;;) {
		is_wanted |= answer != MIRQ_NOT_MINE;
		if (answer == MIRQ_LATER)
			mirqi_state_step(&irq->state, MIRQI_EDGE_LATER);
		a = atomic_load_explicit(&a->next, memory_order_acquire);
		if (!a)
			break;
		answer = a->handle(a->context);
	}
	if (is_wanted || is_guess(irq->store->root))
		irq->nr_unwanted = 0;
	else
		note_unwanted(m, irq);
}

/* Every action once. A requested interrupt has one at least. */
static MIRQI_HOT void run_round(struct mirq *m, struct mirq_irq *irq)
{
	struct mirqi_action *a = atomic_load_explicit(&irq->actions, memory_order_acquire);
	enum mirq_handled answer = a->handle(a->context);

	count(&irq->nr_handled);
	if (answer != MIRQ_HANDLED || atomic_load_explicit(&a->next, memory_order_relaxed))
		finish_round(m, irq, a, answer);
	else
		irq->nr_unwanted = 0;
}

static MIRQI_HOT void run(struct mirq *m, struct mirq_irq *irq)
{
	do
		run_round(m, irq);
	while (!mirqi_state_finish(&irq->state) &&
	       mirqi_state_step(&irq->state, MIRQI_EDGE_DONE) == MIRQI_AGAIN);
}

static MIRQI_HOT int is_level(const struct mirq_irq *irq)
{
	return irq->trigger >= MIRQ_LEVEL_HIGH;
}

/* Not idle and open: blocked, running elsewhere, or nobody's. */
static MIRQI_COLD void fire_slowly(struct mirq *m, struct mirqi_cpu *c, struct mirq_irq *irq)
{
	switch (mirqi_state_step(&irq->state, MIRQI_EDGE_FIRE)) {
	case MIRQI_RUN_NOW:
		run(m, irq);
		break;
	case MIRQI_KEEP:
		atomic_fetch_add_explicit(&m->nr_kept, 1, memory_order_relaxed);
		if (mirqi_state_read(&irq->state) & MIRQI_BLOCKED)
			mirqi_mask_sync(irq);
		break;
	default:
		/* The tomb, or an interrupt on its way there. */
		count(&c->nr_late);
	}
}

static MIRQI_HOT void fire(struct mirq *m, struct mirqi_cpu *c, struct mirq_irq *irq)
{
	if (mirqi_state_start(&irq->state))
		run(m, irq);
	else
		fire_slowly(m, c, irq);
}

/* Anywhere but on the short way. */
MIRQI_COLD void mirqi_fire(const struct mirqi_root *root, uint32_t target, struct mirq_irq *irq)
{
	fire(root->domain.m, &root->targets[target], irq);
}

static MIRQI_HOT void end(const struct mirq *m, uint32_t cpu, uint32_t id)
{
	if (m->flow.eoi)
		m->flow.eoi(m->flow.root_data, cpu, id);
}

static MIRQI_COLD void handle_stray(struct mirq *m, struct mirqi_cpu *c, uint32_t cpu, uint32_t id)
{
	count(&c->nr_stray);
	end(m, cpu, id);
}

/* Handlers, then the end; a level slot that may not run again yet is quiet before it is ended. */
static MIRQI_COLD void handle_end_last(struct mirq *m, struct mirqi_cpu *c, struct mirq_irq *irq,
				       uint32_t cpu, uint32_t id)
{
	fire(m, c, irq);
	if (is_level(irq) && (mirqi_state_read(&irq->state) & MIRQI_BLOCKED))
		mirqi_mask_sync(irq);
	end(m, cpu, id);
	if (is_level(irq) && irq->store->ops.eoi)
		mirqi_touch(irq, irq->store->ops.eoi);
}

static MIRQI_HOT void handle(struct mirq *m, struct mirqi_cpu *c, uint32_t cpu, uint32_t id)
{
	uint32_t i = id - m->ids_range.first;
	struct mirq_irq *irq = NULL;

	count(&c->nr_dispatched);
	if (i < m->ids_range.limit - m->ids_range.first)
		irq = atomic_load_explicit(&c->cells[i], memory_order_acquire);
	if (!irq) {
		handle_stray(m, c, cpu, id);
	} else if (m->flow.end_first_edge && !is_level(irq)) {
		end(m, cpu, id);
		fire(m, c, irq);
	} else {
		handle_end_last(m, c, irq, cpu, id);
	}
}

/* An id leads to its interrupt no more, but to @to: NULL or the tomb. A release may bury it
 * meanwhile: then the cell holds the tomb, and bury() has cleared .live. Until that says so, .other
 * stays as it is. */
static void leave_cell(struct mirqi_root *root, uint32_t cpu, uint32_t id, struct mirq_irq *to)
{
	_Atomic(struct mirq_irq *) *cell = mirqi_cell(root, cpu, id);
	struct mirq_irq *irq = atomic_load_explicit(cell, memory_order_acquire);

	if (irq && irq != root->domain.m->tomb && atomic_compare_exchange_strong(cell, &irq, to))
		atomic_fetch_and_explicit(
			&irq->live,
			~(uint32_t)(irq->other.id == id ? MIRQI_LIVE_OTHER : MIRQI_LIVE_STEP),
			memory_order_release);
	else
		atomic_store_explicit(cell, to, memory_order_release);
}

static struct mirq_route route_of(const struct mirqi_root *root, uint32_t cpu, uint32_t id)
{
	struct mirq_route route;

	memset(&route, 0, sizeof(route));
	route.cpu = cpu;
	route.id = id;
	route.hw_target = root->targets[cpu].hw_target;
	return route;
}

/* Empty the cell of an id that nothing can bring any more, and give the id back. */
static void retire_id(struct mirqi_root *root, uint32_t cpu, uint32_t id)
{
	struct mirq_route route = route_of(root, cpu, id);

	if (root->ops.mask)
		root->ops.mask(root->init.data, &route);
	leave_cell(root, cpu, id, NULL);
	mirqi_event(root->domain.m, MIRQ_EVENT_RETIRE, NULL, mirqi_place(root, cpu), id);
	mirqi_drop_id(root, &route);
}

/* This CPU takes no event any more: on the new way. A level that is still high comes again. */
static void pass_on(const struct mirqi_root *root, uint32_t cpu, uint32_t id)
{
	struct mirq_irq *irq = atomic_load_explicit(mirqi_cell(root, cpu, id),
						    memory_order_acquire);
	struct mirq *m = root->domain.m;

	if (!irq || irq == m->tomb)
		return;
	if (is_level(irq) && irq->store->ops.eoi)
		mirqi_touch(irq, irq->store->ops.eoi);
	else
		mirqi_resend(irq);
}

/* 1: it cannot retire yet. Behind a mask the event would wait for ever: opened, it is taken. */
static int is_pending(const struct mirqi_root *root, uint32_t cpu, uint32_t id)
{
	enum mirq_pending pending = root->ops.pending(root->init.data, cpu, id);
	struct mirq_route route;

	if (pending == MIRQ_PENDING_YES && root->ops.unmask) {
		route = route_of(root, cpu, id);
		root->ops.unmask(root->init.data, &route);
	}
	return pending != MIRQ_PENDING_NO;
}

/* The ids of one word that retire and are not pending. */
static void retire_word(struct mirqi_root *root, uint32_t cpu, uint32_t word, int is_leaving)
{
	struct mirqi_cpu *c = &root->targets[cpu];
	uint64_t left = atomic_load_explicit(&c->retire[word], memory_order_acquire);
	uint32_t id;

	/* What was raised by software before its id began to retire is pending too. */
	left &= ~atomic_load_explicit(&c->replay[word], memory_order_acquire);
	/* A line is walked after that look: what an id brought is taken before it goes. */
	if (root->lines)
		root->walk(root, cpu, word, left);
	for (; left; left &= left - 1) {
		id = root->init.ids.first + word * 64 + mirqi_lowest_bit(left);
		if (is_pending(root, cpu, id)) {
			/* It retires when the CPU is back and has taken it. */
			if (is_leaving) {
				pass_on(root, cpu, id);
				leave_cell(root, cpu, id, root->domain.m->tomb);
			}
			continue;
		}
		atomic_fetch_and_explicit(&c->retire[word], ~(left & (0 - left)),
					  memory_order_relaxed);
		retire_id(root, cpu, id);
		atomic_fetch_sub_explicit(&c->nr_waiting, 1, memory_order_release);
	}
}

static void replay_word(const struct mirqi_root *root, uint32_t cpu, uint32_t word, int is_leaving)
{
	struct mirqi_cpu *c = &root->targets[cpu];
	uint64_t left = atomic_exchange_explicit(&c->replay[word], 0, memory_order_acquire);
	struct mirq_irq *irq;

	for (; left; left &= left - 1) {
		uint32_t i = word * 64 + mirqi_lowest_bit(left);

		irq = atomic_load_explicit(&c->cells[i], memory_order_acquire);
		if (is_leaving)
			pass_on(root, cpu, root->init.ids.first + i);
		else if (irq)
			mirqi_fire(root, cpu, irq);
		atomic_fetch_sub_explicit(&c->nr_waiting, 1, memory_order_release);
	}
}

/* What waits for this CPU, in its outermost section only, when no handler is below; or an event of
 * a line: what its children have to do. */
static MIRQI_COLD void attend(struct mirqi_root *root, uint32_t cpu, int is_leaving)
{
	for (uint32_t word = 0; word < root->nr_words; word++) {
		replay_word(root, cpu, word, is_leaving);
		retire_word(root, cpu, word, is_leaving);
	}
}

static MIRQI_HOT int has_waiting(const struct mirqi_cpu *c)
{
	return atomic_load_explicit((_Atomic uint32_t *)(uintptr_t)&c->nr_waiting,
				    memory_order_relaxed) != 0;
}

void mirq_dispatch(struct mirq *m, uint32_t cpu, uint32_t id)
{
	struct mirqi_cpu *c = &m->cpus[cpu];
	uint32_t is_outermost = section_enter(c);

	handle(m, c, cpu, id);
	if (has_waiting(c) && is_outermost)
		attend(m->root, cpu, 0);
	section_leave(c, is_outermost);
}

uint32_t mirq_dispatch_claim(struct mirq *m, uint32_t cpu)
{
	const struct mirqi_root *root = m->root;
	struct mirqi_cpu *c = &m->cpus[cpu];
	uint32_t nr = 0, id, is_outermost;

	if (!root->ops.claim)
		return 0;
	is_outermost = section_enter(c);
	while ((id = root->ops.claim(root->init.data, cpu)) != MIRQ_NO_ID) {
		mirq_dispatch(m, cpu, id);
		nr++;
	}
	if (has_waiting(c) && is_outermost)
		attend(m->root, cpu, 0);
	section_leave(c, is_outermost);
	return nr;
}

void mirq_service(struct mirq *m, uint32_t cpu)
{
	struct mirqi_cpu *c = &m->cpus[cpu];
	uint32_t is_outermost = section_enter(c);

	/* Before looking: who leaves something from here on kicks again. */
	atomic_exchange_explicit(&c->is_kicked, 0, memory_order_acq_rel);
	if (is_outermost)
		attend(m->root, cpu, 0);
	section_leave(c, is_outermost);
}

/*
 * nr_waiting first: who serves the bit takes it off again and must not find it missing. One kick is
 * enough for all that is left before it is served: mirq_service() takes is_kicked off, then looks.
 */
static void leave_bit(const struct mirqi_root *root, uint32_t cpu, _Atomic uint64_t *bits,
		      uint32_t id)
{
	struct mirqi_cpu *c = &root->targets[cpu];
	uint32_t i = id - root->init.ids.first;
	uint64_t bit = UINT64_C(1) << (i % 64);

	atomic_fetch_add_explicit(&c->nr_waiting, 1, memory_order_relaxed);
	if (atomic_fetch_or_explicit(&bits[i / 64], bit, memory_order_acq_rel) & bit)
		atomic_fetch_sub_explicit(&c->nr_waiting, 1, memory_order_relaxed);
}

static int must_kick(struct mirqi_cpu *c)
{
	return has_waiting(c) && !atomic_exchange_explicit(&c->is_kicked, 1, memory_order_acq_rel);
}

void mirqi_kick_again(struct mirqi_root *root, uint32_t cpu)
{
	if (root->lines)
		mirqi_resend(root->lines[cpu].irq);
	else
		mirq_host_kick(root->domain.m->host, cpu);
}

void mirqi_kick(struct mirqi_root *root, uint32_t cpu)
{
	if (must_kick(&root->targets[cpu]))
		mirqi_kick_again(root, cpu);
}

/* Nothing brings it any more: mask or the table's free has returned. What software was to raise is
 * forgotten, and who looked at its cell before has left. Thread. */
static void retire_of_system(struct mirqi_root *root, uint32_t id)
{
	uint32_t i = id - root->init.ids.first;
	uint64_t bit = UINT64_C(1) << (i % 64);

	for (uint32_t cpu = 0; cpu < root->nr_targets; cpu++) {
		struct mirqi_cpu *c = &root->targets[cpu];

		if (c->is_added &&
		    atomic_fetch_and_explicit(&c->replay[i / 64], ~bit, memory_order_acq_rel) & bit)
			atomic_fetch_sub_explicit(&c->nr_waiting, 1, memory_order_release);
	}
	atomic_thread_fence(memory_order_seq_cst);
	wait_all(root);
	retire_id(root, 0, id);
}

void mirqi_retire(struct mirqi_root *root, uint32_t cpu, uint32_t id)
{
	if (mirqi_is_system(root))
		retire_of_system(root, id);
	else
		leave_bit(root, cpu, root->targets[cpu].retire, id);
}

struct mirq_irq *mirqi_replay(struct mirqi_root *root, const struct mirq_route *route)
{
	uint32_t cpu = route->cpu;

	/* Any CPU that answers: while one leaves there is another. */
	for (uint32_t i = 0; mirqi_is_system(root) && i < root->nr_targets; i++)
		if (mirqi_phase(&root->targets[cpu = i]) == MIRQI_CPU_ONLINE)
			break;
	leave_bit(root, cpu, root->targets[cpu].replay, route->id);
	if (!must_kick(&root->targets[cpu]))
		return NULL;
	if (root->lines)
		return root->lines[cpu].irq;
	mirq_host_kick(root->domain.m->host, cpu);
	return NULL;
}

/* One CPU at a time is here (I3 of the line's interrupt), in its own section below. */
enum mirq_handled mirqi_line_handle(void *context)
{
	const struct mirqi_line *line = context;
	struct mirqi_cpu *c = &line->root->targets[line->target];
	uint32_t is_outermost = section_enter(c);

	atomic_exchange_explicit(&c->is_kicked, 0, memory_order_acq_rel);
	count(&c->nr_dispatched);
	attend(line->root, line->target, 0);
	section_leave(c, is_outermost);
	return MIRQ_HANDLED;
}

void mirqi_wait_retired(struct mirqi_root *root, struct mirq_cpus cpus)
{
	struct mirq_host *host = root->domain.m->host;
	uint64_t start_ns = mirq_host_now_ns(host);

	for (uint32_t cpu = 0; cpu < root->nr_targets; cpu++) {
		struct mirqi_cpu *c = &root->targets[cpu];

		if (!mirqi_cpus_have(cpus, cpu) || mirqi_phase(c) == MIRQI_CPU_DOWN ||
		    !atomic_load_explicit(&c->nr_waiting, memory_order_acquire))
			continue;
		mirqi_kick_again(root, cpu);
		while (atomic_load_explicit(&c->nr_waiting, memory_order_acquire) &&
		       mirq_host_now_ns(host) - start_ns < 1000000)
			mirq_host_wait(host, MIRQ_WAIT_SLEEP);
	}
}

/* The ways here have drained: what is pending now is all that can be. */
void mirqi_leave_cpu(struct mirq *m, uint32_t cpu)
{
	struct mirqi_cpu *c = &m->cpus[cpu];
	uint32_t is_outermost = section_enter(c);

	attend(m->root, cpu, 1);
	section_leave(c, is_outermost);
}
