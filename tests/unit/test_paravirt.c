/* SPDX-License-Identifier: MIT */
/*
 * test_paravirt.c - src/remappers/paravirt.c: a guest's port that asks a hypervisor for each
 * message. The hypervisor is modelled here: each map gives a message that nobody ever had, it
 * counts, fails on demand, and stops the test when it is told to end what does not exist, or is
 * called from where a hypercall may not sleep.
 *
 * Broken once each, and seen by a test here: the old mapping ended with the move, or never; a
 * mapping ended twice; the new ones kept after a failure; a fresh flag left behind; an entry told
 * the same route mapped again; clear that ends one of two; a failed map taken for no change at
 * request, for a dead unit in a move; the routes not taken back, their ids kept; slots that change
 * word by word, or once only, moved; a message promised before there is one; each check of the
 * description left out; entries counted wrongly; traits or rights not passed on; the old mapping
 * ended while a move is taken back; ids given away beside one that is not confirmed; the message of
 * an entry's last user shown to the next; one that no window lets through taken for the old one.
 */
#include "mock.h"

#include <mirq/paravirt.h>
#include <mirq/window.h>

#include "core/core.h"

#define ALL                                                                                        \
	(MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS | MIRQ_CARRIES_LEVEL | MIRQ_CARRIES_DEVICE_STORES)

#define BELOW UINT64_C(0x100000) /* a window below the provider adds this */

struct hyper {
	struct mock *m;
	struct {
		uint32_t hw_target, id;
		int is_live;
	} of[8192];
	uint32_t nr_map, nr_unmap, nr_retarget, nr_live; /* those that did something */
	uint32_t calls, fail_first, fail_nr;             /* of map and retarget together */
	enum mirq_err err;
	uint32_t nr_blocked;
	const struct mirq_domain *domain;
	uint64_t address; /* of the first message */
};

static struct mirq_msg message_of(const struct hyper *h, uint32_t n)
{
	struct mirq_msg msg = { h->address + 16 * (uint64_t)(n % 7), n };

	return msg;
}

static uint32_t find(const struct hyper *h, const struct mirq_msg *msg)
{
	assert_true(msg->data < h->nr_map && h->of[msg->data].is_live);
	assert_int_equal(msg->address, message_of(h, msg->data).address);
	return msg->data;
}

/* A hypercall may sleep: interrupts are on, and nobody spins on a store's lock. */
static void check_context(struct hyper *h)
{
	struct mirq_host *host = &h->m->host;
	uintptr_t saved = mirq_host_irq_save(host);

	assert_int_equal(saved, 1);
	mirq_host_irq_restore(host, saved);
	for (struct mirq_device *dev = h->m->m->devices; dev; dev = dev->next)
		for (struct mirq_store *s = dev->stores; s; s = s->next)
			assert_int_equal(atomic_load(&s->leaf.taken), 0);
}

static int fails(struct hyper *h)
{
	uint32_t call = ++h->calls;

	check_context(h);
	return call >= h->fail_first && call - h->fail_first < h->fail_nr;
}

static enum mirq_err hyper_map(void *context, const struct mirq_requesters *who, uint32_t hw_target,
			       uint32_t id, struct mirq_msg *out_msg)
{
	struct hyper *h = context;

	assert_int_equal(who->nr_ids, 1);
	assert_int_equal(who->ids[0].first, 0x10);
	if (fails(h))
		return h->err;
	assert_true(h->nr_map < MOCK_NR(h->of));
	h->of[h->nr_map].hw_target = hw_target;
	h->of[h->nr_map].id = id;
	h->of[h->nr_map].is_live = 1;
	h->nr_live++;
	*out_msg = message_of(h, h->nr_map++);
	return MIRQ_OK;
}

static void hyper_unmap(void *context, const struct mirq_msg *msg)
{
	struct hyper *h = context;

	check_context(h);
	h->of[find(h, msg)].is_live = 0;
	h->nr_unmap++;
	h->nr_live--;
}

static enum mirq_err hyper_retarget(void *context, const struct mirq_msg *msg, uint32_t hw_target,
				    uint32_t id)
{
	struct hyper *h = context;
	uint32_t n = find(h, msg);

	if (fails(h))
		return h->err;
	h->of[n].hw_target = hw_target;
	h->of[n].id = id;
	h->nr_retarget++;
	return MIRQ_OK;
}

static const struct mirq_paravirt_ops hyper_ops = { MIRQ_SIZED(mirq_paravirt_ops), .map = hyper_map,
						    .unmap = hyper_unmap };
static const struct mirq_paravirt_ops hyper_ops_retarget = { MIRQ_SIZED(mirq_paravirt_ops),
							     .map = hyper_map, .unmap = hyper_unmap,
							     .retarget = hyper_retarget };

/* A message arrives at the hypervisor, or at the window below. */
static int arrive(struct mock *m, const struct mirq_domain *domain, struct mirq_msg *msg)
{
	struct hyper *h = m->foreign_context;
	uint32_t n = msg->data;

	if (domain != h->domain) {
		msg->address -= BELOW;
		return 1;
	}
	if (n >= h->nr_map || !h->of[n].is_live || msg->address != message_of(h, n).address)
		h->nr_blocked++;
	else
		mock_set_pending(m, h->of[n].hw_target - MOCK_HW_TARGET, h->of[n].id);
	return 0;
}

struct rig {
	struct mock *m;
	struct hyper hyper;
	struct mirq_domain *domain;
	struct mirq_device *dev;
	struct mock_store *s;
	struct mock_action a[16];
};

static void rig_begin(struct rig *r, enum mirq_guest guest)
{
	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	r->m->foreign = arrive;
	r->m->foreign_context = &r->hyper;
	r->m->root.init.carries = ALL;
	r->m->root.init.guest = guest;
	r->m->root.init.traits |= MIRQ_ROOT_ADDRESS_HAS_TARGET;
	r->hyper.m = r->m;
	r->hyper.err = MIRQ_EIO;
	r->hyper.address = 0x30000000;
	for (uint32_t i = 0; i < MOCK_NR(r->a); i++)
		r->a[i].mock = r->m;
	mock_start(r->m, 4);
}

static struct mirq_paravirt_init init_of(struct rig *r, const struct mirq_paravirt_ops *ops)
{
	struct mirq_paravirt_init init = {
		MIRQ_SIZED(mirq_paravirt_init),
		.name = "provider",
		.ops = ops,
		.context = &r->hyper,
		.flags = ops->retarget ? MIRQ_PARAVIRT_DRAINS : 0,
		.why = &r->m->why,
	};

	return init;
}

/* Four CPUs in a guest, a provider, a device with a store of @kind. */
static void rig_new(struct rig *r, const struct mirq_paravirt_ops *ops, enum mock_kind kind)
{
	struct mirq_paravirt_init init;

	rig_begin(r, MIRQ_GUEST_YES);
	init = init_of(r, ops);
	assert_int_equal(mirq_paravirt_attach(r->m->m, &init, &r->domain), MIRQ_OK);
	r->hyper.domain = r->domain;
	r->dev = mock_device(r->m, "dev", r->domain);
	r->s = mock_store(r->m, kind, "store", 16);
	mock_store_attach(r->s, r->dev);
	mock_log_clear(r->m);
}

/* Everything that was mapped was ended, each once. */
static void rig_free(struct rig *r)
{
	mock_sound(r->m);
	mock_free(r->m);
	assert_int_equal(r->hyper.nr_live, 0);
	assert_int_equal(r->hyper.nr_map, r->hyper.nr_unmap);
}

static void fail_call(struct rig *r, uint32_t first, uint32_t nr)
{
	r->hyper.calls = 0;
	r->hyper.fail_first = first;
	r->hyper.fail_nr = nr;
}

static uint32_t cpu_of(struct mirq_irqs irqs)
{
	uint32_t cpu = UINT32_MAX;

	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_OK);
	return cpu;
}

static uint32_t nr_used_ids(struct rig *r)
{
	struct mirq_cpu_info info;
	uint32_t nr = 0;

	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		mirq_hosted_serve(&r->m->host, cpu);
		assert_int_equal(mirq_cpu_inspect(r->m->m, cpu, &info), MIRQ_OK);
		nr += info.nr_used;
	}
	return nr;
}

static uint32_t nr_quarantined(struct rig *r)
{
	struct mirq_info info;

	mirq_inspect(r->m->m, &info);
	return info.nr_quarantined;
}

static void fire_all(struct rig *r, struct mirq_irqs irqs)
{
	uint64_t before;

	for (uint32_t i = 0; i < mirq_irq_count(irqs); i++) {
		before = r->a[i].nr;
		mock_fire(r->s, irqs.slots.first + i);
		assert_int_equal(r->a[i].nr, before + 1);
	}
	assert_int_equal(r->hyper.nr_blocked, 0);
}

static enum mirq_err move(struct rig *r, struct mirq_irqs irqs, uint32_t cpu)
{
	memset(&r->m->why, 0, sizeof(r->m->why));
	return mirq_affinity_set(irqs, mirq_cpus_one(cpu), &r->m->why);
}

/* ---- a guest ---- */

/* raises: mirq_store_attach MIRQ_EGUEST */
static void guest__device_specific_store__with_the_provider_only(void **state)
{
	struct mirq_irqs irqs;
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_IMS);
	s = mock_store(r.m, MOCK_IMS, "bare", 2);
	assert_int_equal(mock_store_try(s, mock_device(r.m, "below the root", NULL)), MIRQ_EGUEST);
	mock_why(&r.m->why, 6, "provider", "root");
	irqs = mock_alloc(r.s, 4);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* ---- what is mapped when ---- */

static void life__each_step__mapped_while_requested(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	irqs = mock_alloc(r.s, 4);
	assert_int_equal(r.hyper.nr_map, 0);
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_ENOENT);
	mock_request(irqs, r.a);
	assert_int_equal(r.hyper.nr_map, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(mirq_irq_compose(mirq_irq_at(irqs, i), &msg), MIRQ_OK);
		assert_int_equal(r.hyper.of[find(&r.hyper, &msg)].hw_target,
				 MOCK_HW_TARGET + cpu_of(mirq_irq_at(irqs, i)));
	}
	fire_all(&r, irqs);
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	assert_int_equal(r.hyper.nr_live, 0);
	mock_request(irqs, r.a);
	assert_int_equal(r.hyper.nr_map, 8);
	fire_all(&r, irqs);
	assert_int_equal(mirq_irq_free(mirq_irq_at(irqs, 1)), MIRQ_OK);
	assert_int_equal(r.hyper.nr_live, 3);
	assert_int_equal(mirq_store_detach(r.s->store), MIRQ_OK);
	assert_int_equal(r.hyper.nr_live, 0);
	assert_int_equal(nr_quarantined(&r), 0);
	assert_int_equal(mirq_remapper_detach(r.domain), MIRQ_EBUSY);
	assert_int_equal(mirq_device_detach(r.dev), MIRQ_OK);
	assert_int_equal(mirq_remapper_detach(r.domain), MIRQ_OK);
	rig_free(&r);
}

/* The old mapping stays until the next move: a message that was on its way meets it. */
static void move__both_mappings__the_old_one_until_the_next_move(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg first, second;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	irqs = mock_alloc_on(r.s, 1, 0);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_irq_compose(irqs, &first), MIRQ_OK);
	mock_log_clear(r.m);
	assert_int_equal(move(&r, irqs, 1), MIRQ_OK);
	mock_expect(r.m, "store.mask 0\n"
			 "store.write 0 30000010/1\n"
			 "store.unmask 0\n"
			 "store.flush\n");
	assert_int_equal(r.hyper.nr_live, 2);
	assert_int_equal(mirq_irq_compose(irqs, &second), MIRQ_OK);
	assert_int_not_equal(second.data, first.data);
	fire_all(&r, irqs);
	assert_int_equal(nr_used_ids(&r), 1);
	mock_send(r.m, r.domain, first);
	assert_int_equal(r.hyper.nr_blocked, 0);
	(void)mock_deliver(r.m); /* its id has retired: nobody's */
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(r.hyper.nr_live, 2);
	mock_send(r.m, r.domain, first);
	assert_int_equal(r.hyper.nr_blocked, 1);
	r.hyper.nr_blocked = 0;
	fire_all(&r, irqs);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK); /* stays: nothing is asked */
	assert_int_equal(r.hyper.nr_map, 3);
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	assert_int_equal(r.hyper.nr_live, 0);
	rig_free(&r);
}

/* Not requested: there is nothing to map, and nothing to ask a window about. */
static void move__not_requested__no_hypercall(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	irqs = mock_alloc_on(r.s, 2, 0);
	assert_int_equal(move(&r, irqs, 3), MIRQ_OK);
	assert_int_equal(r.hyper.calls, 0);
	mock_request(irqs, r.a);
	assert_int_equal(cpu_of(irqs), 3);
	fire_all(&r, irqs);
	rig_free(&r);
}

static void offline__all_of_a_cpu__mapped_elsewhere(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	irqs = mock_alloc_on(r.s, 6, 0);
	mock_request(irqs, r.a);
	for (uint32_t at = 1; at <= 6; at++) {
		fail_call(&r, at, 1);
		assert_int_equal(mirq_cpu_offline_prepare(r.m->m, 0, &r.m->why), MIRQ_ENOSPC);
		for (uint32_t i = 0; i < 6; i++)
			assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), 0);
		fire_all(&r, irqs);
		assert_int_equal(nr_used_ids(&r), 6);
		assert_int_equal(r.hyper.nr_live, 6);
	}
	fail_call(&r, 0, 0);
	assert_int_equal(mirq_cpu_offline_prepare(r.m->m, 0, &r.m->why), MIRQ_OK);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_not_equal(cpu_of(mirq_irq_at(irqs, i)), 0);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* ---- failures ---- */

/* raises: mirq_irq_request MIRQ_EIO */
static void request__each_map_fails__eio_and_nothing_left(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	irqs = mock_alloc(r.s, 5);
	for (uint32_t at = 1; at <= 5; at++) {
		fail_call(&r, at, 1);
		r.hyper.err = at % 2 ? MIRQ_ENOSPC : MIRQ_EINVAL;
		assert_int_equal(mock_request_try(irqs, r.a, 0, &r.m->why), MIRQ_EIO);
		mock_why(&r.m->why, 0, "a remapper on the way", "provider");
		assert_int_equal(r.hyper.calls, at); /* none after it */
		assert_int_equal(r.hyper.nr_live, 0);
		assert_int_equal(nr_quarantined(&r), 0);
		mock_sound(r.m);
	}
	fail_call(&r, 6, 1);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* raises: mirq_affinity_set MIRQ_ENOSPC */
static void move__each_map_fails__all_stay(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg was[4], msg;
	struct mirq_cpus cpus;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	irqs = mock_alloc_on(r.s, 4, 1);
	mock_request(irqs, r.a);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(mirq_irq_compose(mirq_irq_at(irqs, i), &was[i]), MIRQ_OK);
	mock_forget(r.m);
	for (uint32_t at = 1; at <= 4; at++) {
		fail_call(&r, at, 1);
		assert_int_equal(move(&r, irqs, 2), MIRQ_ENOSPC);
		mock_why(&r.m->why, 0, "no place for the new message", NULL);
		for (uint32_t i = 0; i < 4; i++) {
			struct mirq_irqs one = mirq_irq_at(irqs, i);

			assert_int_equal(cpu_of(one), 1);
			assert_int_equal(mirq_irq_compose(one, &msg), MIRQ_OK);
			assert_int_equal(msg.data, was[i].data);
			assert_int_equal(mirq_affinity_requested(one, &cpus), MIRQ_OK);
			assert_int_equal(cpus.range.first, 1);
		}
		assert_int_equal(mock_count(r.m, "store.write"), 0);
		assert_int_equal(r.hyper.nr_live, 4);
		assert_int_equal(nr_used_ids(&r), 4);
		assert_int_equal(nr_quarantined(&r), 0);
		fire_all(&r, irqs);
		mock_sound(r.m);
	}
	fail_call(&r, 0, 0);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	assert_int_equal(r.hyper.nr_live, 8);
	fire_all(&r, irqs);
	/* The old ones go with the first try, whether or not it succeeds. */
	(void)nr_used_ids(&r);
	fail_call(&r, 4, 1);
	assert_int_equal(move(&r, irqs, 3), MIRQ_ENOSPC);
	assert_int_equal(r.hyper.nr_live, 4);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* The device does not confirm its new message: it may send either, so both stay mapped, and trying
 * again maps nothing anew. */
static void move__store_fails__both_stay_mapped_until_told_again(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg old;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	r.s = mock_store(r.m, MOCK_SLEEPS, "slow", 2);
	r.s->kind.update = MIRQ_UPDATE_96;
	mock_store_attach(r.s, r.dev);
	irqs = mock_alloc_on(r.s, 1, 0);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_irq_compose(irqs, &old), MIRQ_OK);
	mock_fail(r.m, "slow.commit", 1, 1, MIRQ_EIO);
	assert_int_equal(move(&r, irqs, 1), MIRQ_EIO);
	assert_int_equal(r.hyper.nr_map, 2);
	assert_int_equal(r.hyper.nr_live, 2);
	mock_send(r.m, r.domain, old);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(move(&r, irqs, 1), MIRQ_OK);
	assert_int_equal(r.hyper.nr_map, 2);
	assert_int_equal(r.hyper.nr_live, 2);
	fire_all(&r, irqs);
	assert_int_equal(nr_quarantined(&r), 0);
	assert_int_equal(nr_used_ids(&r), 1);
	rig_free(&r);
}

/* A sleeping store below a provider that gives a new message with each move. */
static struct mirq_irqs rig_new_slow(struct rig *r, uint32_t nr)
{
	struct mirq_irqs irqs;

	rig_new(r, &hyper_ops, MOCK_MSIX);
	r->s = mock_store(r->m, MOCK_SLEEPS, "slow", nr);
	r->s->kind.update = MIRQ_UPDATE_96;
	mock_store_attach(r->s, r->dev);
	irqs = mock_alloc_on(r->s, nr, 0);
	mock_request(irqs, r->a);
	return irqs;
}

static struct mirq_msg old_message;

/* The device knows its old message only, until the commit after this. */
static void send_old(void *context, struct mock_domain *d, enum mock_op op)
{
	struct rig *r = context;

	if (op == MOCK_OP_BEGIN && d == &r->s->d)
		mock_send(r->m, r->domain, old_message);
}

/* The store has no place for the new message: the old one leads on all the time. */
static void move__no_place_in_the_store__the_old_mapping_never_ends(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	irqs = rig_new_slow(&r, 1);
	assert_int_equal(mirq_irq_compose(irqs, &old_message), MIRQ_OK);
	r.m->hook = send_old;
	r.m->hook_context = &r;
	mock_fail(r.m, "slow.commit", 1, 1, MIRQ_ENOSPC);
	assert_int_equal(move(&r, irqs, 1), MIRQ_ENOSPC);
	r.m->hook = NULL;
	assert_int_equal(r.hyper.nr_blocked, 0);
	(void)mock_deliver(r.m);
	assert_true(r.a[0].nr >= 1);
	assert_int_equal(r.hyper.nr_map, 2);
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_OK);
	assert_int_equal(msg.data, old_message.data);
	assert_int_equal(cpu_of(irqs), 0);
	assert_int_equal(nr_quarantined(&r), 0);
	assert_int_equal(nr_used_ids(&r), 1);
	fire_all(&r, irqs);
	assert_int_equal(move(&r, irqs, 1), MIRQ_OK);
	assert_int_equal(r.hyper.nr_live, 2);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* One of two has not confirmed its last move when a map fails: the other one, of which nothing has
 * changed, keeps its id. */
static void move__map_fails_beside_an_unconfirmed_one__nobody_loses_its_id(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	irqs = rig_new_slow(&r, 2);
	mock_fail(r.m, "slow.commit", 1, 1, MIRQ_EIO);
	assert_int_equal(move(&r, mirq_irq_at(irqs, 0), 1), MIRQ_EIO);
	assert_int_equal(nr_used_ids(&r), 3);
	fail_call(&r, 1, 1);
	mock_forget(r.m);
	assert_int_equal(move(&r, irqs, 1), MIRQ_ENOSPC);
	assert_int_equal(mock_count(r.m, "slow.commit"), 1); /* told again, then believed */
	assert_int_equal(cpu_of(mirq_irq_at(irqs, 1)), 0);
	assert_int_equal(nr_used_ids(&r), 2);
	assert_int_equal(nr_quarantined(&r), 0);
	fire_all(&r, irqs);
	mock_sound(r.m);
	assert_int_equal(move(&r, irqs, 1), MIRQ_OK);
	assert_int_equal(cpu_of(mirq_irq_at(irqs, 1)), 1);
	assert_int_equal(nr_used_ids(&r), 2);
	assert_int_equal(nr_quarantined(&r), 0);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* An entry is used again: nothing of its last user is seen. */
static void entry__used_again__no_message_before_request(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	irqs = mock_alloc(r.s, 1);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = mock_alloc(r.s, 1);
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_ENOENT);
	rig_free(&r);
}

/* ---- retarget ---- */

static void retarget__move__the_message_stays(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops_retarget, MOCK_MSIX);
	irqs = mock_alloc_on(r.s, 4, 0);
	mock_request(irqs, r.a);
	mock_forget(r.m);
	for (uint32_t cpu = 1; cpu < 4; cpu++) {
		assert_int_equal(move(&r, irqs, cpu), MIRQ_OK);
		assert_int_equal(cpu_of(irqs), cpu);
		fire_all(&r, irqs);
		assert_int_equal(nr_used_ids(&r), 4);
	}
	assert_int_equal(r.hyper.nr_map, 4);
	assert_int_equal(r.hyper.nr_retarget, 12);
	assert_int_equal(mock_count(r.m, "store.write"), 0);
	assert_int_equal(nr_quarantined(&r), 0);
	rig_free(&r);
}

/* raises: mirq_affinity_set MIRQ_EIO */
static void retarget__each_call_fails__both_ways_until_told_again(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t at = 1; at <= 4; at++) {
		rig_new(&r, &hyper_ops_retarget, MOCK_MSIX);
		irqs = mock_alloc_on(r.s, 4, 0);
		mock_request(irqs, r.a);
		fail_call(&r, at, 1);
		assert_int_equal(move(&r, irqs, 1), MIRQ_EIO);
		fire_all(&r, irqs);
		assert_int_equal(nr_used_ids(&r), 8);
		assert_int_equal(move(&r, irqs, 1), MIRQ_OK);
		assert_int_equal(r.hyper.calls, 5); /* those that have arrived are left alone */
		assert_int_equal(r.hyper.nr_retarget, 4);
		assert_int_equal(nr_used_ids(&r), 4);
		assert_int_equal(nr_quarantined(&r), 0);
		fire_all(&r, irqs);
		rig_free(&r);
	}
}

/* A message that stays lets every slot move; another one only those that can be told it whole. */
static void move__by_what_a_slot_can_be_told__pinned_or_not(void **state)
{
	static const struct {
		enum mock_kind kind;
		uint32_t traits;
		enum mirq_update update;
		enum mirq_err err; /* of a move that takes another message */
		const char *part;
	} rows[] = {
		{ MOCK_MSIX, 0, MIRQ_UPDATE_WORDS, MIRQ_OK, NULL },
		{ MOCK_PLAIN, 0, MIRQ_UPDATE_96, MIRQ_OK, NULL },
		{ MOCK_PLAIN, 0, MIRQ_UPDATE_64, MIRQ_ENOTSUP, "neither be masked" },
		{ MOCK_PLAIN, 0, MIRQ_UPDATE_WORDS, MIRQ_ENOTSUP, "neither be masked" },
		{ MOCK_PLAIN, MIRQ_STORE_PINNED, MIRQ_UPDATE_96, MIRQ_ENOTSUP, "once only" },
	};
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < 2 * MOCK_NR(rows); i++) {
		const struct mirq_paravirt_ops *ops = i % 2 ? &hyper_ops_retarget : &hyper_ops;
		struct mock_store *s;

		rig_new(&r, ops, MOCK_MSIX);
		r.s = s = mock_store(r.m, rows[i / 2].kind, "slots", 4);
		s->kind.traits |= rows[i / 2].traits;
		s->kind.update = rows[i / 2].update;
		mock_store_attach(s, r.dev);
		irqs = mock_alloc_on(s, 2, 0);
		mock_request(irqs, r.a);
		assert_int_equal(move(&r, irqs, 1), i % 2 ? MIRQ_OK : rows[i / 2].err);
		if (!(i % 2) && rows[i / 2].part)
			mock_why(&r.m->why, 0, rows[i / 2].part, "slots");
		fire_all(&r, irqs);
		rig_free(&r);
	}
}

/* ---- the rest of the way ---- */

static void window_below__messages_cross_it(void **state)
{
	static const struct mirq_window_range range = { 0x30000000, 0x30000070, 0x30100000 };
	struct mirq_window_init init = { MIRQ_SIZED(mirq_window_init), .name = "window",
					 .ranges = &range, .nr_ranges = 1 };
	struct mirq_domain *window;
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	init.parent = r.domain;
	assert_int_equal(mirq_window_attach(r.m->m, &init, &window), MIRQ_OK);
	r.s = mock_store(r.m, MOCK_MSIX, "behind", 4);
	mock_store_attach(r.s, mock_device(r.m, "dev2", window));
	irqs = mock_alloc_on(r.s, 4, 0);
	assert_int_equal(move(&r, irqs, 2), MIRQ_OK);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_OK);
	assert_int_equal(msg.address, 0x30100000);
	fire_all(&r, irqs);
	assert_int_equal(move(&r, irqs, 1), MIRQ_OK);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* The hypervisor gives a message that the window does not let through: the move is taken back. */
static void window_below__new_message_does_not_fit__stays(void **state)
{
	static const struct mirq_window_range range = { 0x30000000, 0x30000020, 0x30100000 };
	struct mirq_window_init init = { MIRQ_SIZED(mirq_window_init), .name = "window",
					 .ranges = &range, .nr_ranges = 1 };
	struct mirq_paravirt_init provider;
	struct mirq_irqs irqs;
	struct mirq_msg old;
	struct rig r;

	(void)state;
	for (uint32_t flags = 0; flags < 2; flags++) {
		rig_begin(&r, MIRQ_GUEST_YES);
		provider = init_of(&r, &hyper_ops);
		provider.flags = flags; /* MIRQ_PARAVIRT_DRAINS, or not */
		assert_int_equal(mirq_paravirt_attach(r.m->m, &provider, &r.domain), MIRQ_OK);
		r.hyper.domain = init.parent = r.domain;
		assert_int_equal(mirq_window_attach(r.m->m, &init, &r.domain), MIRQ_OK);
		r.s = mock_store(r.m, MOCK_MSIX, "behind", 4);
		mock_store_attach(r.s, mock_device(r.m, "dev", r.domain));
		irqs = mock_alloc_on(r.s, 2, 0);
		mock_request(irqs, r.a);
		assert_int_equal(mirq_irq_compose(mirq_irq_at(irqs, 1), &old), MIRQ_OK);
		/* Of the next two messages the first one fits. */
		r.hyper.nr_map += 6;
		r.hyper.nr_unmap += 6;
		assert_int_equal(move(&r, irqs, 2), MIRQ_ENOSPC);
		mock_why(&r.m->why, 0, "no place for the new message", NULL);
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), 0);
		mock_send(r.m, r.domain, old);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[1].nr, 1);
		assert_int_equal(nr_used_ids(&r), 2);
		assert_int_equal(nr_quarantined(&r), 0);
		fire_all(&r, irqs);
		rig_free(&r);
	}
}

static void entries__exhausted__enospc_with_numbers(void **state)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 2 };
	struct mirq_paravirt_init init;
	struct mirq_irqs irqs, none;
	struct mirq_domain *domain;
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_begin(&r, MIRQ_GUEST_NO);
	init = init_of(&r, &hyper_ops);
	init.nr_entries = 4;
	assert_int_equal(mirq_paravirt_attach(r.m->m, &init, &domain), MIRQ_OK);
	r.hyper.domain = domain;
	r.s = s = mock_store(r.m, MOCK_MSIX, "store", 16);
	mock_store_attach(s, mock_device(r.m, "dev", domain));
	irqs = mock_alloc(s, 3);
	want.why = &r.m->why;
	assert_int_equal(mirq_irq_alloc(s->store, &want, &none), MIRQ_ENOSPC);
	assert_int_equal(r.m->why.nr_wanted, 2);
	assert_int_equal(r.m->why.nr_left, 1);
	mock_why(&r.m->why, 0, "nr_entries", "provider");
	assert_int_equal(mirq_irq_free(mirq_irq_at(irqs, 1)), MIRQ_OK);
	want.nr = 1;
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(mirq_irq_alloc(s->store, &want, &none), MIRQ_OK);
	assert_int_equal(mirq_irq_alloc(s->store, &want, &none), MIRQ_ENOSPC);
	mock_request((struct mirq_irqs){ s->store, { 0, 4 } }, r.a);
	fire_all(&r, (struct mirq_irqs){ s->store, { 0, 4 } });
	rig_free(&r);
}

static void reach__limit__targets_below_it(void **state)
{
	struct mirq_paravirt_init init;
	struct mirq_domain *domain;
	struct rig r;

	(void)state;
	rig_begin(&r, MIRQ_GUEST_NO);
	init = init_of(&r, &hyper_ops);
	init.limit_hw_target = MOCK_HW_TARGET + 2;
	assert_int_equal(mirq_paravirt_attach(r.m->m, &init, &domain), MIRQ_OK);
	r.hyper.domain = domain;
	r.s = mock_store(r.m, MOCK_MSIX, "store", 16);
	mock_store_attach(r.s, mock_device(r.m, "dev", domain));
	for (uint32_t i = 0; i < 8; i++)
		assert_in_range(cpu_of(mock_alloc(r.s, 1)), 0, 1);
	rig_free(&r);
}

/* ---- descriptions ---- */

/* raises: mirq_paravirt_attach MIRQ_EINVAL */
static void description__each_rule_broken__einval_with_a_sentence(void **state)
{
	static const struct {
		int no_name, no_map, no_unmap, retarget;
		uint32_t flags, carries, nr_entries;
		const char *part; /* NULL: taken */
	} rows[] = {
		{ 0, 0, 0, 0, 0, 0, 0, NULL },
		{ 1, 0, 0, 0, 0, 0, 0, "needs a name" },
		{ 0, 1, 0, 0, 0, 0, 0, "map and unmap" },
		{ 0, 0, 1, 0, 0, 0, 0, "map and unmap" },
		{ 0, 0, 0, 1, 0, 0, 0, "MIRQ_PARAVIRT_DRAINS" },
		{ 0, 0, 0, 1, MIRQ_PARAVIRT_ISOLATES, 0, 0, "MIRQ_PARAVIRT_DRAINS" },
		{ 0, 0, 0, 1, MIRQ_PARAVIRT_DRAINS, 0, 0, NULL },
		{ 0, 0, 0, 0, 4, 0, 0, "flags of" },
		{ 0, 0, 0, 0, 0, 0, (1u << 24) + 1, "at most 2^24" },
		{ 0, 0, 0, 0, 0, MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS, 0, "no blocks" },
		{ 0, 0, 0, 1, MIRQ_PARAVIRT_DRAINS,
		  MIRQ_CARRIES_ONE | MIRQ_CARRIES_LEVEL | MIRQ_CARRIES_TWO_MESSAGES, 0,
		  "no second" },
		{ 0, 0, 0, 0, 0, MIRQ_CARRIES_ONE | MIRQ_CARRIES_LEVEL, 0, "edges only" },
		{ 0, 0, 0, 1, MIRQ_PARAVIRT_DRAINS, MIRQ_CARRIES_ONE | MIRQ_CARRIES_LEVEL, 0,
		  NULL },
	};
	struct rig r;

	(void)state;
	rig_begin(&r, MIRQ_GUEST_YES);
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		struct mirq_paravirt_ops ops = hyper_ops_retarget;
		struct mirq_paravirt_init init = init_of(&r, &ops);
		int64_t nr_live = r.m->host.nr_live;
		struct mirq_domain *domain = NULL;

		init.name = rows[i].no_name ? NULL : "provider";
		ops.map = rows[i].no_map ? NULL : hyper_map;
		ops.unmap = rows[i].no_unmap ? NULL : hyper_unmap;
		ops.retarget = rows[i].retarget ? hyper_retarget : NULL;
		init.flags = rows[i].flags;
		init.carries = rows[i].carries;
		init.nr_entries = rows[i].nr_entries;
		assert_int_equal(mirq_paravirt_attach(r.m->m, &init, &domain),
				 rows[i].part ? MIRQ_EINVAL : MIRQ_OK);
		if (rows[i].part)
			mock_why(&r.m->why, 0, rows[i].part, init.name);
		else
			assert_int_equal(mirq_remapper_detach(domain), MIRQ_OK);
		assert_int_equal(r.m->host.nr_live, nr_live);
	}
	rig_free(&r);
}

static void description__sizes_and_parents__refused(void **state)
{
	struct mirq_paravirt_ops ops = hyper_ops;
	struct mirq_paravirt_init init;
	struct mirq_domain *domain = NULL;
	int64_t nr_live;
	struct rig r;

	(void)state;
	rig_begin(&r, MIRQ_GUEST_YES);
	init = init_of(&r, &ops);
	init.parent = mock_table(r.m)->domain;
	nr_live = r.m->host.nr_live;
	assert_int_equal(mirq_paravirt_attach(r.m->m, &init, &domain), MIRQ_EINVAL);
	mock_why(&r.m->why, 9, "one table", "provider");
	init.parent = NULL;
	ops.size_bytes = 4;
	assert_int_equal(mirq_paravirt_attach(r.m->m, &init, &domain), MIRQ_EINVAL);
	mock_why(&r.m->why, 0, "unknown size", "provider");
	init.size_bytes = 4;
	assert_int_equal(mirq_paravirt_attach(r.m->m, &init, &domain), MIRQ_EINVAL);
	assert_int_equal(r.m->host.nr_live, nr_live);
	assert_null(domain);
	rig_free(&r);
}

/* raises: mirq_paravirt_attach MIRQ_ENOMEM */
static void memory__each_call_fails__nothing_left(void **state)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 2 };
	struct mirq_paravirt_init init;
	struct mirq_domain *domain = NULL;
	uint32_t nr_failed = 0;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_begin(&r, MIRQ_GUEST_YES);
	init = init_of(&r, &hyper_ops);
	for (uint32_t at = 1; !domain; at++, nr_failed++) {
		int64_t nr_live = r.m->host.nr_live;
		enum mirq_err err;

		mirq_hosted_fail(&r.m->host, at, 0);
		err = mirq_paravirt_attach(r.m->m, &init, &domain);
		mirq_hosted_fail(&r.m->host, 0, 0);
		assert_int_equal(err, domain ? MIRQ_OK : MIRQ_ENOMEM);
		if (err)
			assert_int_equal(r.m->host.nr_live, nr_live);
	}
	assert_int_equal(nr_failed, 3);
	r.hyper.domain = domain;
	r.s = mock_store(r.m, MOCK_MSIX, "store", 4);
	mock_store_attach(r.s, mock_device(r.m, "dev", domain));
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), MIRQ_OK);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	rig_free(&r);
}

static void dump__provider__said(void **state)
{
	struct mirq_paravirt_init init;
	struct mirq_domain_info info;
	struct mirq_domain *domain;
	struct rig r;

	(void)state;
	rig_begin(&r, MIRQ_GUEST_YES);
	for (uint32_t flags = 0; flags < 4; flags++) {
		init = init_of(&r, &hyper_ops);
		init.flags = flags;
		assert_int_equal(mirq_paravirt_attach(r.m->m, &init, &domain), MIRQ_OK);
		mirq_domain_inspect(domain, &info);
		assert_int_equal(info.traits, MIRQ_REMAPPER_PROVIDER | MIRQ_REMAPPER_NEW_MESSAGE |
						      (flags & 1 ? MIRQ_REMAPPER_DRAINS : 0) |
						      (flags & 2 ? MIRQ_REMAPPER_ISOLATES : 0));
		assert_int_equal(info.carries, MIRQ_CARRIES_ONE | MIRQ_CARRIES_DEVICE_STORES);
		assert_int_equal(mirq_device_is_isolated(mock_device(r.m, "dev", domain)),
				 flags >> 1);
	}
	rig_free(&r);
}

/* ---- anything at any time ---- */

static uint32_t dice(uint32_t *seed, uint32_t limit)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % limit;
}

/* Requested ones have one mapping or two, others none, whatever failed; each fires. */
static void random__requests_moves_failures__mapped_once_ended_once(void **state)
{
	struct mirq_irqs irqs, one;
	uint32_t is_on[16] = { 0 }, seed = 7, nr_on;
	struct rig r;

	(void)state;
	rig_new(&r, &hyper_ops, MOCK_MSIX);
	r.m->is_quiet = 1;
	irqs = mock_alloc(r.s, 16);
	for (uint32_t step = 0; step < 2000; step++) {
		uint32_t i = dice(&seed, 16), nr = 1 + dice(&seed, 16 - i);

		one = mirq_irq_at(irqs, i);
		fail_call(&r, 1 + dice(&seed, 4), dice(&seed, 3) ? 0 : 1);
		switch (dice(&seed, 3)) {
		case 0:
			if (!is_on[i])
				is_on[i] = !mock_request_try(one, &r.a[i], 0, NULL);
			break;
		case 1:
			assert_int_equal(mirq_irq_release(one, NULL), MIRQ_OK);
			is_on[i] = 0;
			break;
		default:
			one.slots.limit = one.slots.first + nr;
			(void)move(&r, one, dice(&seed, 4));
		}
		nr_on = 0;
		for (i = 0; i < 16; i++)
			nr_on += is_on[i];
		assert_in_range(r.hyper.nr_live, nr_on, 2 * nr_on);
		assert_int_equal(nr_used_ids(&r), 16);
		for (i = 0; i < 16; i++) {
			uint64_t before = r.a[i].nr;

			mock_fire(r.s, i);
			assert_int_equal(r.a[i].nr - before, is_on[i]);
		}
		mock_lower(r.s, 0);
		mock_sound(r.m);
	}
	assert_true(r.hyper.nr_map > 1000);
	rig_free(&r);
}

/* The store refuses moves as well, or does not answer them: each event is heard once all the same,
 * and when everything works again nothing is left behind. */
static void random__stores_and_maps_fail__each_event_once(void **state)
{
	static const enum mirq_err errors[] = { MIRQ_ENOSPC, MIRQ_EIO, MIRQ_ENOSPC };
	uint32_t seed = 11, nr_failed = 0, nr_refused = 0, cpu[8];
	struct mirq_irqs irqs, some;
	enum mirq_err err;
	struct rig r;

	(void)state;
	irqs = rig_new_slow(&r, 8);
	r.m->is_quiet = 1;
	for (uint32_t step = 0; step < 1500; step++) {
		uint32_t i = dice(&seed, 8), on = dice(&seed, 4);

		some = mirq_irq_at(irqs, i);
		some.slots.limit += dice(&seed, 8 - i);
		fail_call(&r, 1 + dice(&seed, 4), !dice(&seed, 3));
		if (!dice(&seed, 2))
			mock_fail(r.m, "slow.commit", 1 + dice(&seed, 2), 1,
				  errors[dice(&seed, 3)]);
		for (i = 0; i < 8; i++)
			cpu[i] = cpu_of(mirq_irq_at(irqs, i));
		err = move(&r, some, on);
		nr_failed += !!err;
		nr_refused += err == MIRQ_ENOSPC;
		if (err == MIRQ_ENOSPC || err == MIRQ_EBUSY)
			for (i = 0; i < 8; i++)
				assert_int_equal(cpu_of(mirq_irq_at(irqs, i)), cpu[i]);
		(void)nr_used_ids(&r);
		fire_all(&r, irqs);
		mock_sound(r.m);
		mock_fail_never(r.m);
	}
	assert_true(nr_failed > 300 && nr_refused > 100 && nr_refused < nr_failed);
	fail_call(&r, 0, 0);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(move(&r, mirq_irq_at(irqs, i), cpu_of(mirq_irq_at(irqs, i))),
				 MIRQ_OK);
	assert_int_equal(nr_quarantined(&r), 0);
	assert_int_equal(nr_used_ids(&r), 8);
	fire_all(&r, irqs);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guest__device_specific_store__with_the_provider_only),
		cmocka_unit_test(life__each_step__mapped_while_requested),
		cmocka_unit_test(move__both_mappings__the_old_one_until_the_next_move),
		cmocka_unit_test(move__not_requested__no_hypercall),
		cmocka_unit_test(offline__all_of_a_cpu__mapped_elsewhere),
		cmocka_unit_test(request__each_map_fails__eio_and_nothing_left),
		cmocka_unit_test(move__each_map_fails__all_stay),
		cmocka_unit_test(move__store_fails__both_stay_mapped_until_told_again),
		cmocka_unit_test(move__no_place_in_the_store__the_old_mapping_never_ends),
		cmocka_unit_test(move__map_fails_beside_an_unconfirmed_one__nobody_loses_its_id),
		cmocka_unit_test(entry__used_again__no_message_before_request),
		cmocka_unit_test(retarget__move__the_message_stays),
		cmocka_unit_test(retarget__each_call_fails__both_ways_until_told_again),
		cmocka_unit_test(move__by_what_a_slot_can_be_told__pinned_or_not),
		cmocka_unit_test(window_below__messages_cross_it),
		cmocka_unit_test(window_below__new_message_does_not_fit__stays),
		cmocka_unit_test(entries__exhausted__enospc_with_numbers),
		cmocka_unit_test(reach__limit__targets_below_it),
		cmocka_unit_test(description__each_rule_broken__einval_with_a_sentence),
		cmocka_unit_test(description__sizes_and_parents__refused),
		cmocka_unit_test(memory__each_call_fails__nothing_left),
		cmocka_unit_test(dump__provider__said),
		cmocka_unit_test(random__requests_moves_failures__mapped_once_ended_once),
		cmocka_unit_test(random__stores_and_maps_fail__each_event_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
