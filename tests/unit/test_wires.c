/* SPDX-License-Identifier: MIT */
/*
 * test_wires.c - direct wires: a store without a message, whose slot i is the root's id base + i,
 * below a root with ids of the system (an Arm SPI, a PLIC's input, a wire of a legacy backend). And
 * platform devices: stores of a device that no PCI bus knows are what PCI ones are.
 *
 * Broken once each, and seen by a test here: base not added; an id given twice, or not given back;
 * the root not told a trigger, or told after a refusal; base not checked at either end; a wire told
 * a message; the rung not the root's; a wire below a table, below ids of CPUs, or where nobody
 * masks; a message, a mask or a block of its own accepted; a freed wire kept in quarantine.
 */
#include "mock.h"

#include <stdlib.h>

#include "core/core.h"

#define FIRST 32

struct rig {
	struct mock *m;
	struct mirq_device *dev;
	struct mock_store *s;
	struct mock_action a[8];
};

static const struct mirq_store_ops wire_ops = { MIRQ_SIZED(mirq_store_ops) };

static void rig_new(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	r->m->root.ops = mock_root_all;
	r->m->root.ops.compose = NULL;
	r->m->root.ops.claim = NULL;
	r->m->root.ops.resend = NULL;
	r->m->root.init.scope = MIRQ_IDS_OF_SYSTEM;
	mock_start(r->m, 3);
	r->dev = mock_device(r->m, "dev", NULL);
	for (uint32_t i = 0; i < MOCK_NR(r->a); i++)
		r->a[i].mock = r->m;
}

static struct mock_store *wires_new(struct rig *r, const char *name, uint32_t base, uint32_t nr)
{
	struct mock_store *s = mock_store(r->m, MOCK_PLAIN, name, nr);

	s->ops = wire_ops;
	s->kind.traits = MIRQ_STORE_DIRECT;
	s->kind.update = MIRQ_UPDATE_UNSAID;
	s->kind.address_bits = 0;
	s->init.base = base;
	return s;
}

static struct mock_store *wires(struct rig *r, const char *name, uint32_t base, uint32_t nr)
{
	struct mock_store *s = wires_new(r, name, base, nr);

	mock_store_attach(s, r->dev);
	mock_log_clear(r->m);
	return s;
}

static void rig_free(struct rig *r)
{
	mock_sound(r->m);
	mock_free(r->m);
}

static enum mirq_err try_alloc(struct rig *r, struct mock_store *s, enum mirq_trigger trigger,
			       struct mirq_irqs *out_irqs)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 1, .trigger = trigger,
				      .why = &r->m->why };

	return mirq_irq_alloc(s->store, &want, out_irqs);
}

/* ---- a wire's life ---- */

/* By any CPU: the line goes where the controller likes. */
static void edge__each_step__the_root_does_it(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	uint32_t cpu = 9;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.s = wires(&r, "wires", 100, 4);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 2, .at = { 1, 4 } });
	mock_expect(r.m, "root.set_trigger 101 0\n"
			 "root.set_trigger 102 0\n");
	mock_request(irqs, r.a);
	mock_expect(r.m, "root.unmask 0:101\n"
			 "root.unmask 0:102\n");
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_ENOENT);
	for (uint32_t i = 0; i < 3; i++) {
		r.m->root.where = i;
		assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_OK);
		assert_int_equal(cpu, i);
		mock_log_clear(r.m);
		/* What mask and unmask say of CPU 0 holds for the system. */
		atomic_store(&r.m->root.cpus[i].open[101], 1);
		mock_set_pending(r.m, i, 101);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[0].nr, i + 1);
		mock_expect(r.m, i == 0   ? "root.eoi 0:101\n"
				 : i == 1 ? "root.eoi 1:101\n"
					  : "root.eoi 2:101\n");
	}
	assert_int_equal(r.a[1].nr, 0);
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(1), &r.m->why), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "who places that is not mirq", "wires");
	mock_log_clear(r.m);
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	mock_expect(r.m, "root.mask 0:101\n"
			 "root.mask 0:102\n"
			 "root.mask 0:101\n"
			 "root.mask 0:102\n");
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = mock_alloc_want(r.s, (struct mirq_irq_want){ .nr = 4 });
	mock_request(irqs, &r.a[2]);
	mock_set_pending(r.m, 0, 103);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[5].nr, 1);
	rig_free(&r);
}

/* Handlers, then the controller's end; who is not done keeps it masked there. */
static void level__handled_later__masked_at_the_root(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.s = wires(&r, "wires", 50, 1);
	assert_int_equal(try_alloc(&r, r.s, MIRQ_LEVEL_LOW, &irqs), MIRQ_OK);
	mock_expect(r.m, "root.set_trigger 50 3\n");
	r.a[0].name = "a";
	r.a[0].answer = MIRQ_LATER;
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	mock_set_pending(r.m, 0, 50);
	(void)mock_deliver(r.m);
	mock_expect(r.m, "handle a\n"
			 "root.mask 0:50\n"
			 "root.eoi 0:50\n");
	mirq_irq_done(irqs);
	mock_expect(r.m, "root.unmask 0:50\n");
	r.a[0].answer = MIRQ_HANDLED;
	mirq_irq_disable(irqs);
	mock_set_pending(r.m, 0, 50);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
	mock_set_pending(r.m, 0, 50);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 2);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	rig_free(&r);
}

/* Wires are exact: two stores may name the same one, one of them has it. */
static void id__named_twice__ebusy_until_given_back(void **state)
{
	struct mirq_irqs irqs, none;
	struct mock_store *other;
	struct mirq_info info;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.s = wires(&r, "wires", 100, 4);
	other = wires(&r, "shared", 102, 4);
	irqs = mock_alloc(r.s, 4);
	mock_request(irqs, r.a);
	assert_int_equal(try_alloc(&r, other, MIRQ_EDGE, &none), MIRQ_EBUSY);
	assert_int_equal(r.m->why.value, 102);
	mock_why(&r.m->why, 0, "is taken", "root");
	assert_int_equal(mirq_root_claim_id(r.m->m, mirq_cpus_one(2), 103), MIRQ_EBUSY);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_quarantined, 0);
	irqs = mock_alloc(other, 4);
	mock_request(irqs, r.a);
	mock_set_pending(r.m, 0, 102);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	/* The host's own is nobody's wire, on whichever CPU it was named. */
	assert_int_equal(mirq_root_claim_id(r.m->m, mirq_cpus_one(2), 101), MIRQ_OK);
	assert_int_equal(
		mirq_irq_alloc(r.s->store,
			       &(struct mirq_irq_want){ MIRQ_SIZED(mirq_irq_want), .at = { 1, 2 } },
			       &none),
		MIRQ_EBUSY);
	rig_free(&r);
}

static void trigger__root_refuses_or_has_none__undone(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.s = wires(&r, "wires", 100, 2);
	mock_fail(r.m, "root.set_trigger", 1, 1, MIRQ_EINVAL);
	assert_int_equal(try_alloc(&r, r.s, MIRQ_LEVEL_HIGH, &irqs), MIRQ_EINVAL);
	mock_why(&r.m->why, 0, "refused the wire's trigger", "root");
	mock_fail(r.m, "root.set_trigger", 2, 1, MIRQ_ENOTSUP);
	assert_int_equal(
		mirq_irq_alloc(r.s->store,
			       &(struct mirq_irq_want){ MIRQ_SIZED(mirq_irq_want), .nr = 2 },
			       &irqs),
		MIRQ_ENOTSUP);
	irqs = mock_alloc(r.s, 2); /* ids and slots came back */
	mock_request(irqs, r.a);
	rig_free(&r);

	memset(&r, 0, sizeof(r));
	r.m = mock_new();
	r.m->root.ops.compose = NULL;
	r.m->root.ops.mask = mock_root_all.mask;
	r.m->root.ops.unmask = mock_root_all.unmask;
	r.m->root.ops.set_trigger = NULL;
	r.m->root.init.scope = MIRQ_IDS_OF_SYSTEM;
	mock_start(r.m, 1);
	r.dev = mock_device(r.m, "dev", NULL);
	r.s = wires(&r, "wires", 100, 2);
	assert_int_equal(try_alloc(&r, r.s, MIRQ_LEVEL_HIGH, &irqs), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 0, "edges only", "wires");
	assert_int_equal(try_alloc(&r, r.s, MIRQ_EDGE, &irqs), MIRQ_OK);
	rig_free(&r);
}

/* ---- where wires may be ---- */

static void base__each_edge__inside_the_roots_ids(void **state)
{
	static const struct {
		uint32_t base, nr;
		enum mirq_err err;
	} rows[] = {
		{ FIRST, 192, MIRQ_OK },        { FIRST - 1, 1, MIRQ_EINVAL },
		{ FIRST, 193, MIRQ_EINVAL },    { FIRST + 1, 192, MIRQ_EINVAL },
		{ FIRST + 191, 1, MIRQ_OK },    { FIRST + 192, 1, MIRQ_EINVAL },
		{ 0, 1, MIRQ_EINVAL },          { UINT32_MAX, 1, MIRQ_EINVAL },
		{ UINT32_MAX, 2, MIRQ_EINVAL },
	};
	struct rig r;

	(void)state;
	rig_new(&r);
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		r.s = wires_new(&r, "wires", rows[i].base, rows[i].nr);
		assert_int_equal(mock_store_try(r.s, r.dev), rows[i].err);
		if (!rows[i].err)
			continue;
		assert_int_equal(r.m->why.value, rows[i].base);
		mock_why(&r.m->why, 0, "ids of the root", "wires");
	}
	rig_free(&r);
}

static void template__what_a_message_has__refused(void **state)
{
	static const struct {
		uint32_t traits;
		int write, mask, set_trigger;
	} rows[] = {
		{ 0, 1, 0, 0 },
		{ 0, 0, 1, 0 },
		{ 0, 0, 0, 1 },
		{ MIRQ_STORE_ONE_MESSAGE, 0, 0, 0 },
		{ MIRQ_STORE_TWO_MESSAGES, 0, 0, 0 },
	};
	struct mock_store *level;
	struct rig r;

	(void)state;
	rig_new(&r);
	level = mock_store(r.m, MOCK_LEVEL, "ops", 1);
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		r.s = wires_new(&r, "wires", 100, 1);
		r.s->kind.traits |= rows[i].traits;
		r.s->ops.write = rows[i].write ? level->ops.write : NULL;
		r.s->ops.mask = rows[i].mask ? level->ops.mask : NULL;
		r.s->ops.unmask = rows[i].mask ? level->ops.unmask : NULL;
		r.s->kind.masking = rows[i].mask ? MIRQ_MASKS_SLOT : MIRQ_MASKS_NOTHING;
		r.s->ops.set_trigger = rows[i].set_trigger ? level->ops.set_trigger : NULL;
		assert_int_equal(mock_store_try(r.s, r.dev), MIRQ_EINVAL);
		mock_why(&r.m->why, 1,
			 rows[i].traits & MIRQ_STORE_TWO_MESSAGES ? "TWO_MESSAGES" : "direct wire",
			 "wires");
	}
	r.s = wires_new(&r, "wires", 100, 1);
	r.s->kind.traits = 0;
	assert_int_equal(mock_store_try(r.s, r.dev), MIRQ_EINVAL);
	mock_why(&r.m->why, 1, "write is required", "wires");
	rig_free(&r);
}

static void parent__ids_of_cpus_a_table_or_no_mask__refused(void **state)
{
	struct mock *m;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.s = wires_new(&r, "wires", 100, 1);
	assert_int_equal(mock_store_try(r.s, mock_device(r.m, "below", mock_table(r.m)->domain)),
			 MIRQ_ENOTSUP);
	mock_why(&r.m->why, 7, "right above its device", "root");
	rig_free(&r);
	for (uint32_t i = 0; i < 2; i++) {
		memset(&r, 0, sizeof(r));
		r.m = m = mock_new();
		m->root.ops = mock_root_all;
		m->root.ops.claim = NULL;
		if (i) {
			m->root.ops.compose = NULL;
			m->root.ops.mask = m->root.ops.unmask = NULL;
			m->root.init.scope = MIRQ_IDS_OF_SYSTEM;
		}
		mock_start(m, 1);
		r.s = wires_new(&r, "wires", 100, 1);
		assert_int_equal(mock_store_try(r.s, mock_device(m, "dev", NULL)), MIRQ_ENOTSUP);
		mock_why(&m->why, 7, "ids of the system and masks", "root");
		rig_free(&r);
	}
}

/* In a guest, below a root that carries no device-specific stores: a wire holds no message. */
static void guest__a_wire__asks_no_right(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	assert_int_equal(r.m->root.init.carries & MIRQ_CARRIES_DEVICE_STORES, 0);
	r.m->m->root->init.guest = MIRQ_GUEST_YES;
	r.s = wires(&r, "wires", 100, 1);
	irqs = mock_alloc(r.s, 1);
	mock_request(irqs, r.a);
	mock_set_pending(r.m, 0, 100);
	(void)mock_deliver(r.m);
	assert_int_equal(r.a[0].nr, 1);
	rig_free(&r);
}

static void offline__every_cpu__wires_are_moved_by_nobody(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.s = wires(&r, "wires", 100, 2);
	irqs = mock_alloc(r.s, 2);
	mock_request(irqs, r.a);
	mock_log_clear(r.m);
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		assert_int_equal(mirq_cpu_offline_prepare(r.m->m, cpu, &r.m->why),
				 cpu < 2 ? MIRQ_OK : MIRQ_ENOSPC);
		mock_expect(r.m, "");
	}
	rig_free(&r);
}

/* ---- platform devices ---- */

/* A day in the life of stores of one device; what hardware was asked for is left in the log. */
static void live(struct mock *m, struct mirq_device *dev)
{
	static const enum mock_kind kinds[] = { MOCK_MSIX, MOCK_IMS, MOCK_LEVEL, MOCK_SLEEPS };
	struct mock_action a[2] = { { .mock = m, .name = "a" }, { .mock = m, .name = "b" } };
	struct mock_store *s;
	struct mirq_irqs irqs;

	for (uint32_t i = 0; i < MOCK_NR(kinds); i++) {
		s = mock_store(m, kinds[i], "store", 4);
		assert_int_equal(mirq_store_supported(dev, &s->kind, &m->why), MIRQ_OK);
		mock_store_attach(s, dev);
		irqs = mock_alloc_on(s, 2, 0);
		mock_request(irqs, a);
		mock_fire(s, 0);
		assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(1), &m->why), MIRQ_OK);
		mock_fire(s, 1);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		assert_int_equal(mirq_store_detach(s->store), MIRQ_OK);
	}
	assert_int_equal(a[0].nr, MOCK_NR(kinds));
	assert_int_equal(a[1].nr, MOCK_NR(kinds));
	assert_int_equal(mirq_device_detach(dev), MIRQ_OK);
}

/* One with the id that a unit knows it by, one that nobody checks: as a PCI function, to the word
 * but for who is said to send. */
static void platform__device_of_no_pci_bus__stores_as_pci_ones_have(void **state)
{
	static const struct mirq_range own = { 0xff00, 0xff01 };
	char *pci;

	(void)state;
	for (uint32_t isolates = 0; isolates < 2; isolates++) {
		struct mock *m = mock_new();
		struct mock_remapper *table = mock_table_new(m, "table", 8);
		struct mirq_device_init init = { MIRQ_SIZED(mirq_device_init), .name = "dev" };
		struct mirq_device *dev;

		mock_start(m, 2);
		table->ops.attach = NULL; /* it says who sends */
		table->ops.detach = NULL;
		table->init.traits = MIRQ_REMAPPER_DRAINS | isolates * MIRQ_REMAPPER_ISOLATES;
		assert_int_equal(mock_remapper_attach(table), MIRQ_OK);
		mock_log_clear(m);
		live(m, mock_device(m, "dev", table->domain));
		pci = strdup(m->log);
		assert_non_null(pci);
		mock_log_clear(m);
		init.parent = table->domain;
		init.why = &m->why;
		if (isolates) {
			assert_int_equal(mirq_device_attach(m->m, &init, &dev), MIRQ_EINVAL);
			mock_why(&m->why, 0, "must say who sends", "dev");
			init.requesters = (struct mirq_requesters){ &own, 1, 0, NULL };
		}
		assert_int_equal(mirq_device_attach(m->m, &init, &dev), MIRQ_OK);
		live(m, dev);
		assert_true(strlen(pci) > 1000);
		mock_expect(m, pci);
		free(pci);
		mock_free(m);
	}
}

/* Where a line goes nobody could say, nor hold to a mask: refused. */
static void line__of_a_wire__rule_11(void **state)
{
	struct mock_mux *x;
	struct rig r;

	(void)state;
	rig_new(&r);
	r.s = wires(&r, "wires", 100, 4);
	x = mock_mux_new(r.m, "mux", r.s, mock_alloc(r.s, 2));
	assert_int_equal(mock_mux_attach(x), MIRQ_EINVAL);
	mock_why(&r.m->why, 11, "ids of the system", "mux");
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edge__each_step__the_root_does_it),
		cmocka_unit_test(level__handled_later__masked_at_the_root),
		cmocka_unit_test(id__named_twice__ebusy_until_given_back),
		cmocka_unit_test(trigger__root_refuses_or_has_none__undone),
		cmocka_unit_test(base__each_edge__inside_the_roots_ids),
		cmocka_unit_test(template__what_a_message_has__refused),
		cmocka_unit_test(parent__ids_of_cpus_a_table_or_no_mask__refused),
		cmocka_unit_test(guest__a_wire__asks_no_right),
		cmocka_unit_test(offline__every_cpu__wires_are_moved_by_nobody),
		cmocka_unit_test(line__of_a_wire__rule_11),
		cmocka_unit_test(platform__device_of_no_pci_bus__stores_as_pci_ones_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
