/* SPDX-License-Identifier: MIT */
/*
 * Secondary roots: interrupts of one device that carry those of others (src/core/lines.c;
 * docs/rules.md 11), and the mux on top of it (mirq/mux.h). The controller "vmd" has one MSI-X slot
 * on each of CPUs 0 to 3: lines 0 to 3. A device "child" hangs behind them.
 *
 * Broken once each, and seen by a test here: a line's handler without a section; a kick never taken
 * off; nothing walked; retiring ids looked at after the walk; a kick or a replay that raises no
 * line, or a CPU instead; the line not raised by software too; a storm without status, none with
 * it; the line's number for its CPU (effective, inspect, affinity, busy, no ids left, trace);
 * hotplug that takes lines for CPUs; any line, or no refusal, where none is in the mask; room
 * counted on other lines; lines that can be released or freed, or whose device can be detached; a
 * line still marked afterwards; detach with children, from inside, of the system's root, without
 * release; fini that forgets muxes; a mux or a table behind a mux, level lines, levels carried, 65
 * lines; the tomb fired; a child of a line left out; one claim only; a stray not counted; rule 6
 * without the lines' way; links kept; each allocation of the attach kept when the next one fails;
 * waiting for the section of a CPU in place of the line's; addresses (stride, data, overflow, one
 * word).
 */
#include "mock.h"

#include <stdio.h>

#include <mirq/mux.h>

#include "core/core.h"

#define NR_LINES 4
#define NR_SLOTS 12

struct rig {
	struct mock *m;
	struct mock_store *vmd, *child;
	struct mirq_irqs lines;
	struct mock_mux *mux;
	struct mirq_device *dev;
	struct mock_action a[NR_SLOTS];
};

static void rig_handlers(struct rig *r)
{
	static const char *const names[NR_SLOTS] = { "a0", "a1", "a2", "a3", "a4",  "a5",
						     "a6", "a7", "a8", "a9", "a10", "a11" };

	for (uint32_t i = 0; i < NR_SLOTS; i++)
		r->a[i] = (struct mock_action){ .mock = r->m, .name = names[i] };
}

/* The controller and its lines. */
static void rig_lines(struct rig *r, struct mirq_domain *parent)
{
	struct mirq_device *dev = mock_device(r->m, "vmd", parent);

	r->vmd = mock_store(r->m, MOCK_MSIX, "vmd-msix", 8);
	mock_store_attach(r->vmd, dev);
	for (uint32_t cpu = 0; cpu < NR_LINES; cpu++)
		r->lines = mock_alloc_on(r->vmd, 1, cpu);
	r->lines.slots.first = 0;
	r->lines.slots.limit = NR_LINES;
	r->mux = mock_mux_new(r->m, "mux", r->vmd, r->lines);
}

static void rig_children(struct rig *r, enum mock_kind kind)
{
	r->dev = mock_device(r->m, "child", r->mux->domain);
	r->child = mock_store(r->m, kind, "child", NR_SLOTS);
	mock_store_attach(r->child, r->dev);
	mock_log_clear(r->m);
}

static void rig_start(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	r->m->root.init.guest = MIRQ_GUEST_NO;
	r->m->root.init.carries |= MIRQ_CARRIES_DEVICE_STORES;
	mock_start(r->m, 4);
	rig_handlers(r);
}

static void rig_new(struct rig *r, int has_claim)
{
	rig_start(r);
	rig_lines(r, NULL);
	if (has_claim)
		r->mux->ops.claim = mock_mux_all.claim;
	assert_int_equal(mock_mux_attach(r->mux), MIRQ_OK);
	rig_children(r, MOCK_MSIX);
}

static void rig_free(struct rig *r)
{
	mock_free(r->m);
}

static struct mirq_irqs line_at(const struct rig *r, uint32_t i)
{
	return mirq_irq_at(r->lines, i);
}

/* The line that carries it, as inspection says. */
static uint32_t line_of(const struct rig *r, struct mirq_irqs one)
{
	struct mirq_irq_info info;
	uint32_t i = 0;

	assert_int_equal(mirq_irq_inspect(one, &info), MIRQ_OK);
	while (i < NR_LINES && mirq_irq_number(line_at(r, i)) != info.line)
		i++;
	assert_true(i < NR_LINES);
	return i;
}

static uint32_t cpu_of(struct mirq_irqs one)
{
	uint32_t cpu = 99;

	assert_int_equal(mirq_affinity_effective(one, &cpu), MIRQ_OK);
	return cpu;
}

/* Ids that are taken on all lines. */
static uint32_t nr_used(const struct rig *r)
{
	struct mirq_domain_info info;

	mirq_domain_inspect(r->mux->domain, &info);
	return info.nr_used;
}

static enum mirq_err move_to(struct rig *r, struct mirq_irqs irqs, uint32_t cpu)
{
	return mirq_affinity_set(irqs, mirq_cpus_one(cpu), &r->m->why);
}

/* ---- where children go ---- */

static void alloc__least_loaded_line__of_those_in_the_mask(void **state)
{
	static const uint32_t wanted[] = { 0, 1, 2, 3, 0, 1 };
	struct mirq_irqs irqs, one;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc(r.child, 6);
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(line_of(&r, mirq_irq_at(irqs, i)), wanted[i]);
		assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), wanted[i]);
	}
	/* Two lines on CPU 3: the emptier one is taken first. */
	assert_int_equal(move_to(&r, line_at(&r, 0), 3), MIRQ_OK);
	(void)mock_deliver(r.m);
	one = mock_alloc_on(r.child, 1, 3);
	assert_int_equal(line_of(&r, one), 3);
	one = mock_alloc_on(r.child, 1, 3);
	assert_int_equal(line_of(&r, one), 0);
	assert_int_equal(cpu_of(one), 3);
	assert_int_equal(nr_used(&r), 8);
	mock_sound(r.m);
	rig_free(&r);
}

static void alloc__one_each_of_a_mask_that_is_spread__the_lines_of_its_cpus(void **state)
{
	uint64_t bits = 0xa; /* CPUs 1 and 3 */
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc_want(r.child, (struct mirq_irq_want){ .nr = 4,
								.cpus = { { 0, 4 }, &bits },
								.placement = MIRQ_PLACE_SPREAD });
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), i < 2 ? 1 : 3);
	rig_free(&r);
}

/* raises: mirq_irq_alloc MIRQ_ENOTSUP
 * raises: mirq_affinity_set MIRQ_ENOTSUP */
static void mask__no_line_goes_there__refused_naming_the_controller(void **state)
{
	struct mirq_irqs irqs, none = { NULL, { 0, 0 } };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .cpus = mirq_cpus_one(3) };
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(move_to(&r, line_at(&r, 3), 0), MIRQ_OK);
	irqs = mock_alloc_on(r.child, 1, 1);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	assert_int_equal(move_to(&r, irqs, 3), MIRQ_ENOTSUP);
	assert_int_equal(r.m->why.value, 3);
	mock_why(&r.m->why, 0, "move one there first", "vmd");
	want.why = &r.m->why;
	for (want.nr = 1; want.nr <= 2; want.nr++) {
		assert_int_equal(mirq_irq_alloc(r.child->store, &want, &none), MIRQ_ENOTSUP);
		mock_why(&r.m->why, 0, "move one there first", "vmd");
	}
	want.reserve = MIRQ_RESERVE_BEST_EFFORT;
	assert_int_equal(mirq_irq_alloc(r.child->store, &want, &none), MIRQ_OK);
	assert_int_equal(mock_request_try(none, r.a, 0, &r.m->why), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "move one there first", "vmd");
	mock_expect_of(r.m, "child", "");
	assert_int_equal(cpu_of(irqs), 1);
	/* The owner of the controller moves a line there: now it can be had. */
	assert_int_equal(move_to(&r, line_at(&r, 3), 3), MIRQ_OK);
	assert_int_equal(move_to(&r, irqs, 3), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(cpu_of(irqs), 3);
	mock_sound(r.m);
	rig_free(&r);
}

/* raises: mirq_irq_alloc MIRQ_ENOSPC */
static void alloc__more_than_the_lines_carry__refused_naming_the_mux(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 9 };
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_lines(&r, NULL);
	r.mux->init.ids.limit = 2;
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_OK);
	rig_children(&r, MOCK_MSIX);
	want.why = &r.m->why;
	assert_int_equal(mirq_irq_alloc(r.child->store, &want, &irqs), MIRQ_ENOSPC);
	assert_int_equal(r.m->why.nr_left, 8);
	mock_why(&r.m->why, 0, "fewer ids left", "mux");
	(void)mock_alloc(r.child, 8);
	assert_int_equal(mirq_irq_alloc(r.child->store,
					&(struct mirq_irq_want){ MIRQ_SIZED(mirq_irq_want),
								 .reserve = MIRQ_RESERVE_PROMISE,
								 .cpus = mirq_cpus_one(2),
								 .why = &r.m->why },
					&irqs),
			 MIRQ_ENOSPC);
	assert_int_equal(r.m->why.value, 2); /* the CPU, not the line */
	irqs = mock_alloc_want(r.child,
			       (struct mirq_irq_want){ .cpus = mirq_cpus_one(2),
						       .reserve = MIRQ_RESERVE_BEST_EFFORT });
	assert_int_equal(mock_request_try(irqs, r.a, 0, &r.m->why), MIRQ_ENOSPC);
	assert_int_equal(r.m->why.value, 2);
	mock_why(&r.m->why, 0, "no id left", "mux");
	rig_free(&r);
}

/* As many as there is room for: lines 0 and 2 go to CPU 2. */
static void alloc__fewer_will_do__as_many_as_the_lines_there_carry(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_lines(&r, NULL);
	r.mux->init.ids.limit = 2;
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_OK);
	rig_children(&r, MOCK_MSIX);
	assert_int_equal(move_to(&r, line_at(&r, 0), 2), MIRQ_OK);
	(void)mock_deliver(r.m);
	irqs = mock_alloc_want(
		r.child, (struct mirq_irq_want){ .nr = 9, .nr_min = 1, .cpus = mirq_cpus_one(2) });
	assert_int_equal(mirq_irq_count(irqs), 4);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- events ---- */

/* Nobody knows who it was: all that the line carries are called, and nobody else. */
static void fire__no_status__every_child_of_the_line_is_called(void **state)
{
	struct mirq_cpu_info cpu;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc(r.child, 6);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	mock_fire(r.child, 5); /* line 1: slots 1 and 5 */
	mock_expect_of(r.m, "handle", "handle a1\nhandle a5\n");
	mock_fire(r.child, 2);
	mock_expect_of(r.m, "handle", "handle a2\n");
	assert_int_equal(r.a[0].nr, 0);
	/* One end of interrupt, the line's. */
	mock_fire(r.child, 3);
	mock_expect_of(r.m, "root", "root.eoi 3:32\n");
	assert_int_equal(mirq_cpu_inspect(r.m->m, 3, &cpu), MIRQ_OK);
	assert_int_equal(cpu.nr_dispatched, 1);
	assert_int_equal(cpu.nr_stray + cpu.nr_late, 0);
	mock_sound(r.m);
	rig_free(&r);
}

static void fire__status__the_one_that_was_meant_and_strays_are_counted(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	irqs = mock_alloc(r.child, 6);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	mock_raise(r.child, 5);
	mock_raise(r.child, 1);
	(void)mock_deliver(r.m);
	mock_expect(r.m, "root.eoi 1:32\nmux.claim 1:0\nhandle a1\nmux.claim 1:1\nhandle a5\n"
			 "mux.claim 1:-1\n");
	/* Of nobody, and outside the ids. */
	r.mux->waits[1][40] = 1;
	mock_fire(r.child, 1);
	assert_int_equal(((struct mirqi_root *)r.mux->domain)->targets[1].nr_stray, 1);
	assert_int_equal(r.a[1].nr, 2);
	mock_sound(r.m);
	rig_free(&r);
}

static void fire__disabled_child__kept_and_given_when_enabled(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc_on(r.child, 2, 2);
	mock_request(irqs, r.a);
	mirq_irq_disable(mirq_irq_at(irqs, 0));
	mock_fire(r.child, 0);
	assert_int_equal(r.a[0].nr, 0);
	assert_int_equal(r.a[1].nr, 1);
	mock_log_clear(r.m);
	/* Raised again on its line: the interrupt of the line is. */
	assert_int_equal(mirq_irq_enable(mirq_irq_at(irqs, 0)), MIRQ_OK);
	mock_expect_of(r.m, "root", "root.resend 2:32\n");
	(void)mock_deliver(r.m);
	assert_true(r.a[0].nr >= 1);
	mock_sound(r.m);
	rig_free(&r);
}

/* A root that cannot resend: both levels are replayed by software. */
static void resend__a_child__reaches_its_handler(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t by_hand = 0; by_hand < 2; by_hand++) {
		memset(&r, 0, sizeof(r));
		r.m = mock_new();
		if (by_hand)
			r.m->root.ops.resend = NULL;
		mock_start(r.m, 4);
		rig_handlers(&r);
		rig_lines(&r, NULL);
		r.mux->ops.claim = mock_mux_all.claim; /* it knows nothing of what is replayed */
		assert_int_equal(mock_mux_attach(r.mux), MIRQ_OK);
		rig_children(&r, MOCK_MSIX);
		irqs = mock_alloc_on(r.child, 2, 1);
		mock_request(irqs, r.a);
		assert_int_equal(mirq_irq_resend(mirq_irq_at(irqs, 1)), MIRQ_OK);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, 0);
		assert_int_equal(r.a[1].nr, 1);
		mock_sound(r.m);
		rig_free(&r);
	}
}

/* 100,000 rounds that nobody wanted are normal where every child is asked, and a storm where the
 * mux says who it was. */
static void fire__nobody_wants_it_100000_times__storm_only_with_status(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int has_claim = 0; has_claim < 2; has_claim++) {
		rig_new(&r, has_claim);
		irqs = mock_alloc_on(r.child, 2, 0);
		r.a[0].answer = r.a[1].answer = MIRQ_NOT_MINE;
		r.a[0].name = r.a[1].name = NULL;
		mock_request(irqs, r.a);
		r.m->is_quiet = 1;
		for (uint32_t i = 0; i < 100001; i++) {
			r.mux->waits[0][1] = 1;
			mirq_hosted_dispatch(&r.m->host, 0, 32);
		}
		assert_int_equal(r.m->host.nr_logs, has_claim);
		assert_int_equal(r.a[0].nr, has_claim ? 0 : 100001);
		assert_int_equal(r.a[1].nr, has_claim ? 100000 : 100001);
		rig_free(&r);
	}
}

/* ---- moves ---- */

static void line__moves__its_children_follow(void **state)
{
	struct mirq_irq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc_on(r.child, 1, 1);
	mock_request(irqs, r.a);
	mock_raise(r.child, 0); /* waits on CPU 1 when the line goes */
	mock_forget(r.m);
	assert_int_equal(move_to(&r, line_at(&r, 1), 3), MIRQ_OK);
	assert_int_equal(cpu_of(irqs), 3);
	assert_int_equal(mirq_affinity_nearest(irqs, 3), 0);
	assert_int_equal(mirq_irq_inspect(irqs, &info), MIRQ_OK);
	assert_int_equal(info.route.cpu, 3);
	assert_int_equal(info.route.hw_target, MOCK_HW_TARGET + 3);
	assert_int_equal(info.line, mirq_irq_number(line_at(&r, 1)));
	/* It is on CPU 3 already, and stays on its line; CPU 1 has none any more. */
	assert_int_equal(move_to(&r, irqs, 3), MIRQ_OK);
	assert_int_equal(line_of(&r, irqs), 1);
	assert_int_equal(mock_count(r.m, "child.write"), 0);
	assert_int_equal(move_to(&r, irqs, 1), MIRQ_ENOTSUP);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	mock_fire(r.child, 0);
	assert_int_equal(r.a[0].nr, 2);
	mock_sound(r.m);
	rig_free(&r);
}

/* The old id is the child's until the line has been walked after the way has drained. */
static void child__moves_to_another_line__the_old_one_is_walked_first(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int has_claim = 0; has_claim < 2; has_claim++) {
		rig_new(&r, has_claim);
		irqs = mock_alloc_on(r.child, 1, 1);
		mock_request(irqs, r.a);
		mock_raise(r.child, 0); /* on its way by line 1, not taken yet */
		mock_log_clear(r.m);
		assert_int_equal(move_to(&r, irqs, 2), MIRQ_OK);
		mock_expect(r.m, "child.mask 0\nchild.write 0 fee02000/0\nchild.unmask 0\n"
				 "child.flush\nroot.resend 1:32\n");
		assert_int_equal(cpu_of(irqs), 2);
		assert_int_equal(nr_used(&r), 2);
		assert_int_equal(mirqi_live(mirqi_irq(irqs.store, 0)), MIRQI_LIVE_OTHER);
		mock_sound(r.m);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, 1);
		assert_int_equal(nr_used(&r), 1);
		assert_int_equal(mirqi_live(mirqi_irq(irqs.store, 0)), 0);
		mock_fire(r.child, 0);
		assert_int_equal(r.a[0].nr, 2);
		mock_fire(r.vmd, 1); /* nobody is behind line 1 any more */
		assert_int_equal(r.a[0].nr, 2);
		mock_sound(r.m);
		rig_free(&r);
	}
}

/* The child sends at every step of its move. */
struct sender {
	struct rig *r;
	enum mock_op op;
	uint32_t nr;
};

static void send_at(void *context, struct mock_domain *d, enum mock_op op)
{
	struct sender *s = context;

	if (d != &s->r->child->d || op != s->op)
		return;
	s->nr++;
	mock_raise(s->r->child, 0);
}

static void child__sends_at_every_step_of_its_move__nothing_is_lost(void **state)
{
	static const enum mock_op ops[] = { MOCK_OP_MASK, MOCK_OP_WRITE, MOCK_OP_UNMASK,
					    MOCK_OP_FLUSH };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < 2 * MOCK_NR(ops); i++) {
		struct sender s = { &r, ops[i / 2], 0 };

		rig_new(&r, i & 1);
		irqs = mock_alloc_on(r.child, 1, 1);
		mock_request(irqs, r.a);
		r.m->hook = send_at;
		r.m->hook_context = &s;
		assert_int_equal(move_to(&r, irqs, 2), MIRQ_OK);
		r.m->hook = NULL;
		assert_int_equal(s.nr, 1);
		(void)mock_deliver(r.m);
		assert_true(r.a[0].nr >= 1);
		assert_int_equal(nr_used(&r), 1);
		assert_int_equal(r.m->nr_unrouted, 0);
		mock_sound(r.m);
		rig_free(&r);
	}
}

/* The second walk of a line takes what came while its first one ran: an id that began to retire
 * meanwhile must still be there. */
static struct rig *walked;
static void move_in_the_middle(void *context)
{
	struct mirq_irqs *irqs = context;
	struct mirqi_root *root = (struct mirqi_root *)walked->mux->domain;

	/* What a move on another CPU leaves behind, once it has drained. */
	if (walked->a[0].nr == 1)
		mirqi_retire(root, 1, mirqi_irq(irqs->store, 0)->route.id);
}

static void walk__an_id_retires_in_its_middle__waits_for_the_next(void **state)
{
	struct mirqi_root *root;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	walked = &r;
	root = (struct mirqi_root *)r.mux->domain;
	irqs = mock_alloc_on(r.child, 1, 1);
	r.a[0].also = move_in_the_middle;
	r.a[0].context = &irqs;
	mock_request(irqs, r.a);
	mock_fire(r.child, 0);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(root->targets[1].nr_waiting, 1);
	assert_ptr_equal(*mirqi_cell(root, 1, 0), mirqi_irq(irqs.store, 0));
	mock_fire(r.vmd, 1);
	assert_int_equal(r.a[0].nr, 2);
	assert_int_equal(root->targets[1].nr_waiting, 0);
	assert_null(*mirqi_cell(root, 1, 0));
	/* Undone by hand: a move would have given it another id. */
	assert_int_equal(mirq_ids_claim(root->ids, (struct mirq_target){ 1, 0 }), MIRQ_OK);
	atomic_fetch_add(&root->domain.nr_used, 1);
	atomic_store(mirqi_cell(root, 1, 0), mirqi_irq(irqs.store, 0));
	mock_sound(r.m);
	rig_free(&r);
}

/* raises: mirq_affinity_set MIRQ_EBUSY */
static void child__moves_again_before_its_line_was_walked__busy(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc_on(r.child, 1, 1);
	mock_request(irqs, r.a);
	assert_int_equal(move_to(&r, line_at(&r, 1), 3), MIRQ_OK);
	(void)mock_deliver(r.m);
	mirq_irq_disable(line_at(&r, 1));
	assert_int_equal(move_to(&r, irqs, 2), MIRQ_OK);
	mock_forget(r.m);
	assert_int_equal(move_to(&r, irqs, 0), MIRQ_EBUSY);
	assert_true(mock_count(r.m, "root.resend") > 0); /* it has tried */
	assert_int_equal(r.m->why.value, 3);             /* the CPU of the line that it has left */
	mock_why(&r.m->why, 0, "has not drained", "mux");
	assert_int_equal(mirq_irq_enable(line_at(&r, 1)), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(move_to(&r, irqs, 0), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(nr_used(&r), 1);
	mock_sound(r.m);
	rig_free(&r);
}

/* Two that leave one line, one after the other: its interrupt is raised for each. */
static void child__leaves_where_another_left__kicked_again(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	irqs = mock_alloc_on(r.child, 2, 1);
	mock_request(irqs, r.a);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(move_to(&r, mirq_irq_at(irqs, i), 2), MIRQ_OK);
		(void)mock_deliver(r.m);
		assert_int_equal(nr_used(&r), 2);
	}
	rig_free(&r);
}

/* Without a mask: the message in between leaves no trace, for a line's address is one word. */
static void child__cannot_be_masked__moves_by_one_word(void **state)
{
	struct mirq_mux_init init = { MIRQ_SIZED(mirq_mux_init), .name = "VMD" };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_lines(&r, NULL);
	init.lines = r.lines;
	assert_int_equal(mirq_mux_attach(r.m->m, &init, &r.mux->domain), MIRQ_OK);
	r.dev = mock_device(r.m, "child", r.mux->domain);
	r.child = mock_store(r.m, MOCK_PLAIN, "child", 1);
	r.child->kind.update = MIRQ_UPDATE_WORDS;
	mock_store_attach(r.child, r.dev);
	irqs = mock_alloc_on(r.child, 1, 1);
	mock_request(irqs, r.a);
	assert_int_equal(move_to(&r, irqs, 2), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(cpu_of(irqs), 2);
	mock_fire(r.child, 0);
	assert_true(r.a[0].nr >= 1);
	assert_int_equal(nr_used(&r), 1);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- CPUs that come and go ---- */

static void leave(void *context)
{
	assert_int_equal(mirq_cpu_offline_finish(context), MIRQ_OK);
}

/* Line 1 carries the child: that CPU 1 leaves moves the line, and nothing is told to the child. */
static void cpu__leaves_and_returns__lines_move_children_follow(void **state)
{
	struct mirq_irqs irqs;
	uint32_t away;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc_on(r.child, 2, 1);
	mock_request(irqs, r.a);
	mock_forget(r.m);
	mock_raise(r.child, 0);
	assert_int_equal(mirq_cpu_offline_prepare(r.m->m, 1, &r.m->why), MIRQ_OK);
	away = cpu_of(irqs);
	assert_int_not_equal(away, 1);
	assert_int_equal(cpu_of(line_at(&r, 1)), away);
	mirq_hosted_interrupt(&r.m->host, 1, leave, r.m->m);
	mock_fire(r.child, 1);
	assert_true(r.a[0].nr >= 1);
	assert_true(r.a[1].nr >= 1);
	assert_int_equal(line_of(&r, irqs), 1);
	assert_int_equal(mock_count(r.m, "child.write"), 0);
	mock_sound(r.m);
	assert_int_equal(move_to(&r, irqs, 1), MIRQ_EINVAL); /* not online */
	/* Other lines' children may be numbered like the CPU that leaves: CPU 2, line 2. */
	assert_int_equal(mirq_cpu_online(r.m->m, 1), MIRQ_OK);
	assert_int_equal(mirq_cpu_online_finish(r.m->m, 1, &r.m->why), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(cpu_of(irqs), 1);
	assert_int_equal(mock_count(r.m, "child.write"), 0);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- from inside, and who holds what ---- */

struct inside {
	struct rig *r;
	struct mirq_irqs irqs;
	uint32_t nr;
};

static void try_from_inside(void *context)
{
	struct inside *in = context;

	in->nr++;
	assert_int_equal(mirq_irq_release(in->irqs, NULL), MIRQ_EDEADLK);
	assert_int_equal(mirq_irq_free(in->irqs), MIRQ_EDEADLK);
	assert_int_equal(mirq_irq_sync(in->irqs), MIRQ_EDEADLK);
	assert_int_equal(mirq_store_detach(in->r->child->store), MIRQ_EDEADLK);
	assert_int_equal(mirq_device_detach(in->r->dev), MIRQ_EDEADLK);
	assert_int_equal(mirq_secondary_detach(in->r->mux->domain), MIRQ_EDEADLK);
}

/* raises: mirq_secondary_detach MIRQ_EDEADLK */
static void inside__a_childs_handler__edeadlk_and_nothing_done(void **state)
{
	struct inside in;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	in = (struct inside){ &r, mock_alloc(r.child, 1), 0 };
	r.a[0].also = try_from_inside;
	r.a[0].context = &in;
	mock_request(in.irqs, r.a);
	mock_fire(r.child, 0);
	assert_int_equal(in.nr, 1);
	mock_fire(r.child, 0);
	assert_int_equal(in.nr, 2);
	rig_free(&r);
}

/* A handler that runs on CPU 3, on line 1, until the other thread has begun to wait. */
struct slow {
	struct mock *m;
	_Atomic int is_inside, may_leave, has_left;
};

static void be_slow(void *context)
{
	struct slow *s = context;

	atomic_store(&s->is_inside, 1);
	while (!atomic_load(&s->may_leave))
		;
	for (uint32_t i = 0; i < 20000; i++)
		mirq_host_wait(&s->m->host, MIRQ_WAIT_SPIN);
	atomic_store(&s->has_left, 1);
}

static void *take_on_cpu_3(void *context)
{
	struct slow *s = context;

	mirq_hosted_bind(3);
	assert_int_equal(mock_take(s->m, 3), 1);
	return NULL;
}

static void release__while_its_handler_runs__waits_for_the_line(void **state)
{
	struct mirq_irqs irqs;
	struct slow s = { 0 };
	pthread_t thread;
	struct rig r;

	(void)state;
	for (uint32_t is_sync = 0; is_sync < 2; is_sync++) {
		rig_new(&r, 0);
		r.m->host.has_threads = 1;
		s = (struct slow){ .m = r.m };
		assert_int_equal(move_to(&r, line_at(&r, 1), 3), MIRQ_OK);
		(void)mock_deliver(r.m);
		irqs = mock_alloc_on(r.child, 1, 3);
		assert_int_equal(line_of(&r, irqs), 1);
		r.a[0].also = be_slow;
		r.a[0].context = &s;
		mock_request(irqs, r.a);
		mock_raise(r.child, 0);
		assert_int_equal(pthread_create(&thread, NULL, take_on_cpu_3, &s), 0);
		while (!atomic_load(&s.is_inside))
			;
		atomic_store(&s.may_leave, 1);
		if (is_sync)
			assert_int_equal(mirq_irq_sync(irqs), MIRQ_OK);
		else
			assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
		assert_int_equal(s.has_left, 1);
		assert_int_equal(pthread_join(thread, NULL), 0);
		mock_sound(r.m);
		rig_free(&r);
	}
}

/* raises: mirq_irq_release MIRQ_EBUSY
 * raises: mirq_irq_free MIRQ_EBUSY
 * raises: mirq_store_detach MIRQ_EBUSY
 * raises: mirq_device_detach MIRQ_EBUSY
 * raises: mirq_secondary_detach MIRQ_EBUSY MIRQ_EINVAL */
static void detach__children_first__then_the_mux_then_its_controller(void **state)
{
	struct mirq_link link;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	link = (struct mirq_link){ { 0, 0x100 }, 5, r.mux->domain };
	irqs = mock_alloc(r.child, 2);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(mirq_irq_release(line_at(&r, 2), NULL), MIRQ_EBUSY);
		assert_int_equal(mirq_irq_free(r.lines), MIRQ_EBUSY);
		assert_int_equal(mirq_store_detach(r.vmd->store), MIRQ_EBUSY);
		assert_int_equal(mirq_device_detach(r.vmd->dev), MIRQ_EBUSY);
		if (!i) {
			assert_int_equal(mirq_secondary_detach(r.mux->domain), MIRQ_EBUSY);
			mock_expect(r.m, "");
			mock_fire(r.child, 1);
			assert_int_equal(r.a[1].nr, 1);
			assert_int_equal(mirq_device_detach(r.dev), MIRQ_OK);
		}
	}
	assert_int_equal(mirq_link_add(r.m->m, &link), MIRQ_OK);
	assert_ptr_equal(mirq_link_find(r.m->m, 5, 0x10), r.mux->domain);
	assert_int_equal(mirq_secondary_detach(r.m->root.domain), MIRQ_EINVAL);
	assert_int_equal(mirq_secondary_detach(mock_table(r.m)->domain), MIRQ_EINVAL);
	mock_log_clear(r.m);
	assert_int_equal(mirq_secondary_detach(r.mux->domain), MIRQ_OK);
	mock_expect_of(r.m, "mux", "mux.fini\n");
	assert_ptr_equal(mirq_link_find(r.m->m, 5, 0x10), r.m->root.domain);
	mock_sound(r.m);
	/* They are their owner's again, with their CPUs. */
	assert_int_equal(cpu_of(line_at(&r, 2)), 2);
	mock_request(r.lines, r.a + 4);
	mock_fire(r.vmd, 2);
	assert_int_equal(r.a[6].nr, 1);
	assert_int_equal(mirq_device_detach(r.vmd->dev), MIRQ_OK);
	mock_sound(r.m);
	rig_free(&r);
}

/* Its entries would name lines where hardware takes CPUs. */
static void remapper__behind_a_mux__a_shim_but_no_table(void **state)
{
	struct mock_remapper *shim, *table;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	shim = mock_shim_new(r.m, "shim");
	shim->init.parent = r.mux->domain;
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	table = mock_table_new(r.m, "table", 8);
	table->init.parent = shim->domain;
	assert_int_equal(mock_remapper_attach(table), MIRQ_EINVAL);
	mock_why(&r.m->why, 9, "behind a secondary root", "table");
	rig_free(&r);
}

/* What stands below goes first, whatever was attached when: a shim behind the mux, a device that
 * is older than both. */
static void fini__everything_stands__children_before_parents(void **state)
{
	struct mock_remapper *shim;
	struct rig r;

	(void)state;
	rig_start(&r);
	(void)mock_device(r.m, "first", NULL);
	rig_lines(&r, mock_table(r.m)->domain);
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_OK);
	shim = mock_shim_new(r.m, "shim");
	shim->init.parent = r.mux->domain;
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	r.dev = mock_device(r.m, "child", shim->domain);
	r.child = mock_store(r.m, MOCK_MSIX, "child", 2);
	mock_store_attach(r.child, r.dev);
	mock_request(mock_alloc(r.child, 1), r.a);
	mock_fire(r.child, 0);
	assert_int_equal(r.a[0].nr, 1);
	mock_sound(r.m);
	mirq_trace_attach(r.m->m, NULL, NULL);
	mock_log_clear(r.m);
	mirq_fini(r.m->m);
	assert_true(strstr(r.m->log, "child.teardown") < strstr(r.m->log, "shim.fini"));
	assert_true(strstr(r.m->log, "shim.fini") < strstr(r.m->log, "mux.fini"));
	assert_true(strstr(r.m->log, "mux.fini") < strstr(r.m->log, "vmd-msix.teardown"));
	assert_true(strstr(r.m->log, "vmd-msix.teardown") < strstr(r.m->log, "table.fini"));
	assert_non_null(strstr(r.m->log, "root.fini"));
	mock_free_after_fini(r.m);
}

static void release__a_child__the_line_goes_on_and_nothing_is_late(void **state)
{
	struct mirq_cpu_info cpu;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc_on(r.child, 3, 1);
	mock_request(irqs, r.a);
	mock_raise(r.child, 0);
	assert_int_equal(mirq_irq_release(mirq_irq_at(irqs, 0), NULL), MIRQ_OK);
	assert_int_equal(mirq_irq_free(mirq_irq_at(irqs, 1)), MIRQ_OK);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr + r.a[1].nr, 0);
	assert_true(r.a[2].nr >= 1); /* it was asked: nobody knows who it was */
	assert_int_equal(((struct mirqi_root *)r.mux->domain)->targets[1].nr_late, 0);
	assert_int_equal(mirq_cpu_inspect(r.m->m, 1, &cpu), MIRQ_OK);
	assert_int_equal(cpu.nr_late + cpu.nr_stray, 0);
	assert_int_equal(nr_used(&r), 2);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- what is told ---- */

struct lines {
	char text[2048];
};

static void keep_line(void *context, const char *line)
{
	struct lines *l = context;

	assert_true(strlen(l->text) + strlen(line) + 2 < sizeof(l->text));
	strcat(strcat(l->text, line), "\n");
}

static void dump__a_child__says_line_and_cpu(void **state)
{
	struct mirq_hop_info hop;
	struct mirq_domain_info domain;
	struct lines l = { { 0 } };
	struct mirq_info info;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	irqs = mock_alloc_on(r.child, 1, 1);
	mock_request(irqs, r.a);
	assert_int_equal(move_to(&r, line_at(&r, 1), 3), MIRQ_OK);
	(void)mock_deliver(r.m);
	mirq_dump(r.m->m, keep_line, &l);
	if (!strstr(l.text, "mux  secondary root  64 ids a line, 1 used, on vmd\n") ||
	    !strstr(l.text, "device child -> mux  not isolated\n") ||
	    !strstr(l.text, "irq 5: slot 0 -> mux irq 2 cpu 3 id 0x0  enabled"))
		fail_msg("%s", l.text);
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_irqs, 5);
	assert_int_equal(info.nr_devices, 2);
	mirq_domain_inspect(r.mux->domain, &domain);
	assert_int_equal(domain.role, MIRQ_ROLE_ROOT);
	assert_null(domain.parent);
	assert_ptr_equal(domain.device, r.vmd->dev);
	mirq_domain_inspect(r.m->root.domain, &domain);
	assert_null(domain.device);
	assert_int_equal(mirq_irq_inspect_hop(irqs, 1, &hop), MIRQ_OK);
	assert_string_equal(hop.domain, "mux");
	assert_int_equal(hop.role, MIRQ_ROLE_ROOT);
	rig_free(&r);
}

struct trace {
	uint64_t places[8];
	uint32_t nr;
};

static void keep_places(void *context, enum mirq_event event, uint32_t number, uint64_t a,
			uint64_t b)
{
	struct trace *t = context;

	(void)number;
	(void)b;
	if (event == MIRQ_EVENT_ROUTE || event == MIRQ_EVENT_RETIRE || event == MIRQ_EVENT_RESEND)
		t->places[t->nr++ % 8] = a;
}

static void trace__a_child_moves__lines_are_no_cpus(void **state)
{
	struct trace t = { { 0 }, 0 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	mirq_trace_attach(r.m->m, keep_places, &t);
	irqs = mock_alloc_on(r.child, 1, 1);
	mock_request(irqs, r.a);
	assert_int_equal(move_to(&r, irqs, 2), MIRQ_OK);
	(void)mock_deliver(r.m);
	mirq_trace_attach(r.m->m, NULL, NULL);
	assert_int_equal(t.nr, 4);
	assert_int_equal(t.places[0], MIRQ_TRACE_LINE | 1);
	assert_int_equal(t.places[1], MIRQ_TRACE_LINE | 2);
	assert_int_equal(t.places[2], 1); /* the interrupt of line 1 is raised on CPU 1 */
	assert_int_equal(t.places[3], MIRQ_TRACE_LINE | 1);
	rig_free(&r);
}

static void check__a_line_with_another_handler__found(void **state)
{
	struct mirqi_line *line;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	mock_request(mock_alloc(r.child, 2), r.a);
	line = &((struct mirqi_root *)r.mux->domain)->lines[1];
	line->irq->first.context = line + 1;
	assert_int_equal(mirq_check(r.m->m, &why), MIRQ_EINVAL);
	mock_why(&why, 0, "another handler", "mux");
	line->irq->first.context = line;
	atomic_store(&line->root->targets[1].section, 1);
	assert_int_equal(mirq_check(r.m->m, &why), MIRQ_EINVAL);
	mock_why(&why, 0, "inside a section", "mux");
	atomic_store(&line->root->targets[1].section, 0);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- what is let through ---- */

static void store__device_specific__rules_5_and_6_by_the_lines_way(void **state)
{
	struct mock_store *s;
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		memset(&r, 0, sizeof(r));
		r.m = mock_new();
		r.m->root.init.guest = i ? MIRQ_GUEST_YES : MIRQ_GUEST_NO;
		mock_start(r.m, 4);
		rig_lines(&r, i == 2 ? mock_table(r.m)->domain : NULL);
		if (i == 3)
			r.mux->init.carries = MIRQ_CARRIES_ONE;
		assert_int_equal(mock_mux_attach(r.mux), MIRQ_OK);
		r.dev = mock_device(r.m, "child", r.mux->domain);
		s = mock_store(r.m, MOCK_IMS, "ims", 2);
		assert_int_equal(mock_store_try(s, r.dev), i == 1   ? MIRQ_EGUEST
							   : i == 3 ? MIRQ_ENOTSUP
								    : MIRQ_OK);
		if (i == 1)
			mock_why(&r.m->why, 6, "this is a guest", "mux");
		if (i == 3)
			mock_why(&r.m->why, 5, "rule 5", "mux");
		/* The table checks who the controller is, not who is behind it. */
		assert_int_equal(mirq_device_is_isolated(r.dev), 0);
		if (i == 2)
			assert_int_equal(mirq_device_is_isolated(r.vmd->dev), 1);
		mock_free(r.m);
	}
}

static void child__level__refused(void **state)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .trigger = MIRQ_LEVEL_HIGH };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_lines(&r, NULL);
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_OK);
	rig_children(&r, MOCK_LEVEL);
	want.why = &r.m->why;
	assert_int_equal(mirq_irq_alloc(r.child->store, &want, &irqs), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "does not carry level", "child");
	rig_free(&r);
}

/* Slots of one message: all on one line, each with an id. */
static void child__block_of_one_message__on_one_line(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_lines(&r, NULL);
	r.mux->ops.claim = mock_mux_all.claim;
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_OK);
	rig_children(&r, MOCK_MSI);
	irqs = mock_alloc_want(r.child,
			       (struct mirq_irq_want){ .nr = 4, .cpus = mirq_cpus_one(2) });
	assert_int_equal(mirq_irq_count(irqs), 4);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	mock_fire(r.child, 3);
	mock_expect_of(r.m, "handle", "handle a3\n");
	assert_int_equal(line_of(&r, mirq_irq_at(irqs, 3)), 2);
	mock_sound(r.m);
	rig_free(&r);
}

/* ---- attach ---- */

typedef void spoil(struct rig *r);

static void no_name(struct rig *r)
{
	r->mux->init.name = NULL;
}
static void no_ids(struct rig *r)
{
	r->mux->init.ids.limit = 0;
}
static void too_many_ids(struct rig *r)
{
	r->mux->init.ids.limit = 2049;
}
static void carries_nothing(struct rig *r)
{
	r->mux->init.carries = 0;
}
static void carries_levels(struct rig *r)
{
	r->mux->init.carries |= MIRQ_CARRIES_LEVEL;
}
static void no_compose(struct rig *r)
{
	r->mux->ops.compose = NULL;
}
static void no_store(struct rig *r)
{
	r->mux->init.lines.store = NULL;
}
static void no_lines(struct rig *r)
{
	r->mux->init.lines.slots.limit = 0;
}
static void too_many_lines(struct rig *r)
{
	r->mux->init.lines.slots.limit = 65;
}
static void not_allocated(struct rig *r)
{
	r->mux->init.lines.slots.limit = NR_LINES + 1;
}
static void bad_table(struct rig *r)
{
	r->mux->ops.size_bytes = 1;
}

/* raises: mirq_secondary_attach MIRQ_EINVAL */
static void attach__each_condition_broken__rule_11(void **state)
{
	static const struct {
		spoil *spoil;
		const char *part;
	} rows[] = {
		{ no_name, "needs a name" },         { no_ids, "1 to 2048 ids" },
		{ too_many_ids, "1 to 2048 ids" },   { carries_nothing, "says what it carries" },
		{ carries_levels, "no levels" },     { no_compose, "compose is required" },
		{ no_store, "1 to 64 lines" },       { no_lines, "1 to 64 lines" },
		{ too_many_lines, "1 to 64 lines" }, { not_allocated, "allocated interrupts" },
		{ bad_table, "unknown size" },
	};
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		rig_start(&r);
		rig_lines(&r, NULL);
		rows[i].spoil(&r);
		mock_log_clear(r.m);
		assert_int_equal(mock_mux_attach(r.mux), MIRQ_EINVAL);
		mock_why(&r.m->why, 11, rows[i].part, r.mux->init.name);
		mock_expect(r.m, "");
		assert_null(r.mux->domain);
		mock_sound(r.m);
		assert_int_equal(mirq_irq_free(r.lines), MIRQ_OK);
		mock_free(r.m);
	}
}

static void attach__level_lines_or_behind_another_mux__rule_11(void **state)
{
	struct mirq_irqs level;
	struct mock_store *s;
	struct mock_mux *second;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_lines(&r, NULL);
	s = mock_store(r.m, MOCK_LEVEL, "level", 2);
	mock_store_attach(s, mock_device(r.m, "other", NULL));
	level = mock_alloc_want(s, (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_HIGH });
	second = mock_mux_new(r.m, "second", s, level);
	assert_int_equal(mock_mux_attach(second), MIRQ_EINVAL);
	mock_why(&r.m->why, 11, "edge", "second");
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_OK);
	rig_children(&r, MOCK_MSIX);
	second->controller = r.child;
	second->init.lines = mock_alloc(r.child, 2);
	assert_int_equal(mock_mux_attach(second), MIRQ_EINVAL);
	mock_why(&r.m->why, 11, "behind another one is not built", "second");
	mock_sound(r.m);
	rig_free(&r);
}

/* raises: mirq_secondary_attach MIRQ_ENOMEM */
static void attach__no_memory__at_every_allocation_nothing_is_left(void **state)
{
	struct mirq_mux_init init = { MIRQ_SIZED(mirq_mux_init), .name = "VMD" };
	struct mirq_domain *domain = NULL;
	enum mirq_err err = MIRQ_ENOMEM;
	uint64_t at = 0;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_lines(&r, NULL);
	init.lines = r.lines;
	init.why = &r.m->why;
	while (err) {
		int64_t nr_live = r.m->host.nr_live;

		mirq_hosted_fail(&r.m->host, ++at, 0);
		err = mirq_mux_attach(r.m->m, &init, &domain);
		mirq_hosted_fail(&r.m->host, 0, 0);
		if (!err)
			break;
		assert_int_equal(err, MIRQ_ENOMEM);
		mock_why(&r.m->why, 0, "no memory", "VMD");
		assert_int_equal(r.m->host.nr_live, nr_live);
		assert_null(domain);
		mock_sound(r.m);
	}
	/* The mux; the root, its ids, its targets' names; the targets, the lines; their tables. */
	assert_int_equal(at, 7 + NR_LINES);
	r.mux->domain = domain;
	rig_children(&r, MOCK_MSIX);
	mock_request(mock_alloc(r.child, 2), r.a);
	mock_fire(r.child, 1);
	assert_int_equal(r.a[1].nr, 1);
	mock_sound(r.m);
	rig_free(&r);
}

/* raises: mirq_secondary_attach MIRQ_EBUSY MIRQ_EIO MIRQ_ENOSPC
 * raises: mirq_mux_attach MIRQ_EBUSY MIRQ_EIO MIRQ_ENOSPC MIRQ_EINVAL MIRQ_ENOMEM */
static void attach__lines_cannot_be_requested__undone(void **state)
{
	struct mirq_mux_init init = { MIRQ_SIZED(mirq_mux_init), .name = "VMD" };
	struct mirq_domain *domain = NULL;
	struct mirq_irqs late;
	uint32_t nr_kept = 0;
	struct rig r;

	(void)state;
	rig_start(&r);
	rig_lines(&r, NULL);
	init.lines = r.lines;
	init.why = &r.m->why;
	mock_request(line_at(&r, 3), r.a);
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_EBUSY);
	mock_why(&r.m->why, 0, "has a handler", "vmd-msix");
	assert_int_equal(mirq_mux_attach(r.m->m, &init, &domain), MIRQ_EBUSY);
	assert_int_equal(mirq_irq_release(line_at(&r, 3), NULL), MIRQ_OK);
	mock_fail(r.m, "vmd-msix.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_EIO);
	mock_why(&r.m->why, 0, "did not answer", "vmd-msix");
	mock_fail(r.m, "vmd-msix.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(mirq_mux_attach(r.m->m, &init, &domain), MIRQ_EIO);
	mock_fail_never(r.m);
	mock_sound(r.m);
	/* Reserved only, and its CPU is full: every id is kept by the host. */
	late = mock_alloc_want(r.vmd,
			       (struct mirq_irq_want){ .cpus = mirq_cpus_one(3),
						       .reserve = MIRQ_RESERVE_BEST_EFFORT });
	for (uint32_t id = 0; id < MOCK_MAX_IDS; id++)
		nr_kept += !mirq_root_claim_id(r.m->m, mirq_cpus_one(3), id);
	assert_true(nr_kept > 100);
	r.mux->init.lines = late;
	assert_int_equal(mock_mux_attach(r.mux), MIRQ_ENOSPC);
	init.lines = late;
	assert_int_equal(mirq_mux_attach(r.m->m, &init, &domain), MIRQ_ENOSPC);
	assert_null(domain);
	mock_sound(r.m);
	rig_free(&r);
}

static void mux__addresses__by_its_description(void **state)
{
	static const struct {
		struct mirq_mux_init init;
		uint64_t address;
		uint32_t data;
		const char *refused;
	} rows[] = {
		{ { 0 }, 0xfee02000, 0, NULL },
		{ { .address = 0x4000000000, .stride_bytes = 8, .data = 7 },
		  0x4000000010,
		  7,
		  NULL },
		{ { .address = 0x1002 }, 0, 0, "multiples of 4" },
		{ { .stride_bytes = 6 }, 0, 0, "multiples of 4" },
		{ { .address = UINT64_MAX - 0x2fff }, 0, 0, "multiples of 4 of 64" },
	};
	struct mirq_domain *domain = NULL;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		struct mirq_mux_init init = rows[i].init;

		rig_start(&r);
		rig_lines(&r, NULL);
		init.size_bytes = sizeof(init);
		init.name = "VMD";
		init.lines = r.lines;
		init.why = &r.m->why;
		assert_int_equal(mirq_mux_attach(r.m->m, &init, &domain),
				 rows[i].refused ? MIRQ_EINVAL : MIRQ_OK);
		if (rows[i].refused) {
			mock_why(&r.m->why, 0, rows[i].refused, "VMD");
		} else {
			r.mux->domain = domain;
			rig_children(&r, MOCK_MSIX);
			assert_int_equal(mirq_irq_compose(mock_alloc_on(r.child, 1, 2), &msg),
					 MIRQ_OK);
			assert_int_equal(msg.address, rows[i].address);
			assert_int_equal(msg.data, rows[i].data);
			assert_int_equal(((struct mirqi_root *)domain)->init.ids.limit, 64);
		}
		rig_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc__least_loaded_line__of_those_in_the_mask),
		cmocka_unit_test(alloc__one_each_of_a_mask_that_is_spread__the_lines_of_its_cpus),
		cmocka_unit_test(mask__no_line_goes_there__refused_naming_the_controller),
		cmocka_unit_test(alloc__more_than_the_lines_carry__refused_naming_the_mux),
		cmocka_unit_test(alloc__fewer_will_do__as_many_as_the_lines_there_carry),
		cmocka_unit_test(fire__no_status__every_child_of_the_line_is_called),
		cmocka_unit_test(fire__status__the_one_that_was_meant_and_strays_are_counted),
		cmocka_unit_test(fire__disabled_child__kept_and_given_when_enabled),
		cmocka_unit_test(resend__a_child__reaches_its_handler),
		cmocka_unit_test(fire__nobody_wants_it_100000_times__storm_only_with_status),
		cmocka_unit_test(line__moves__its_children_follow),
		cmocka_unit_test(child__moves_to_another_line__the_old_one_is_walked_first),
		cmocka_unit_test(child__sends_at_every_step_of_its_move__nothing_is_lost),
		cmocka_unit_test(walk__an_id_retires_in_its_middle__waits_for_the_next),
		cmocka_unit_test(child__moves_again_before_its_line_was_walked__busy),
		cmocka_unit_test(child__leaves_where_another_left__kicked_again),
		cmocka_unit_test(child__cannot_be_masked__moves_by_one_word),
		cmocka_unit_test(cpu__leaves_and_returns__lines_move_children_follow),
		cmocka_unit_test(inside__a_childs_handler__edeadlk_and_nothing_done),
		cmocka_unit_test(release__while_its_handler_runs__waits_for_the_line),
		cmocka_unit_test(detach__children_first__then_the_mux_then_its_controller),
		cmocka_unit_test(remapper__behind_a_mux__a_shim_but_no_table),
		cmocka_unit_test(fini__everything_stands__children_before_parents),
		cmocka_unit_test(release__a_child__the_line_goes_on_and_nothing_is_late),
		cmocka_unit_test(dump__a_child__says_line_and_cpu),
		cmocka_unit_test(trace__a_child_moves__lines_are_no_cpus),
		cmocka_unit_test(check__a_line_with_another_handler__found),
		cmocka_unit_test(store__device_specific__rules_5_and_6_by_the_lines_way),
		cmocka_unit_test(child__level__refused),
		cmocka_unit_test(child__block_of_one_message__on_one_line),
		cmocka_unit_test(attach__each_condition_broken__rule_11),
		cmocka_unit_test(attach__level_lines_or_behind_another_mux__rule_11),
		cmocka_unit_test(attach__no_memory__at_every_allocation_nothing_is_left),
		cmocka_unit_test(attach__lines_cannot_be_requested__undone),
		cmocka_unit_test(mux__addresses__by_its_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
