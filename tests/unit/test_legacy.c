/* SPDX-License-Identifier: MIT */
/*
 * test_legacy.c - src/roots/legacy.c: MSI, MSI-X and wires on a flat backend that answers with ids
 * and messages at once and places them on CPUs as it likes. The backend is modelled here: it gives
 * ids in no order, checks each call, and stops the test when it is told to end what it did not
 * give.
 *
 * Broken once each, and seen by a test here: cells of one CPU only; sections of one CPU waited for;
 * a software event raised on a CPU that has left, or left behind for the next owner of its id; ids
 * taken for CPU 0's when that leaves; the backend's answer not checked; what it gave not torn down
 * after a failure, or twice; entries not given back; a block's members told messages of their own;
 * a move that is let through; a CPU named that nobody knows; CPUs asked for at allocation and not
 * looked at, or every CPU refused; a claim that does not wait for a free under way, or 1 ms.
 */
#include "mock.h"

#include <mirq/legacy.h>

#include "core/core.h"

#define FIRST 100
#define NR 64
#define NR_CPUS 4

struct backend {
	struct mock *m;
	struct {
		uint32_t is_given, cpu;
		struct mirq_msg msg;
	} of[NR]; /* by id - FIRST */
	uint32_t nr_given, nr_blocked;
	_Atomic uint32_t nr_setup, nr_teardown; /* nr_teardown: that have ended */
	uint32_t gives;                         /* this id, once */
	uint32_t fail_at;                       /* this call of setup fails with err; 0: none */
	enum mirq_err err;
	struct mirq_legacy_request last;
	/* What it answers wrongly, once. */
	uint32_t bad_id, bad_block, twice;
	uint32_t knows; /* .where answers */
};

/* Ids from the top, each second one: never in a row. */
static uint32_t next_id(struct backend *b)
{
	uint32_t gives = b->gives;

	b->gives = 0;
	if (gives)
		return gives - FIRST;
	for (uint32_t step = 0; step < NR; step++) {
		uint32_t i = (NR - 1) - (step * 2 % NR + step * 2 / NR);

		if (!b->of[i].is_given)
			return i;
	}
	return NR;
}

static enum mirq_err backend_setup(void *data, const struct mirq_legacy_request *request,
				   uint32_t ids[], struct mirq_msg msgs[])
{
	struct backend *b = data;

	b->last = *request;
	if (++b->nr_setup == b->fail_at)
		return b->err;
	if (request->nr > NR - b->nr_given)
		return MIRQ_ENOSPC;
	for (uint32_t i = 0; i < request->nr; i++) {
		uint32_t at = next_id(b);

		b->of[at].is_given = 1;
		b->of[at].cpu = at % NR_CPUS;
		b->nr_given++;
		ids[i] = FIRST + at;
		msgs[i].address = 0x40000000 + 0x1000 * (uint64_t)b->nr_setup;
		msgs[i].data = 0x100 + i;
		b->of[at].msg = msgs[i];
		if (request->is_block && i) /* not looked at */
			msgs[i] = (struct mirq_msg){ 0xdead0000, 0xdead };
	}
	if (b->bad_block)
		msgs[0].data++;
	if (b->bad_id) {
		b->of[ids[0] - FIRST].is_given = 0;
		b->nr_given--;
		ids[0] = b->bad_id;
	}
	if (b->twice)
		ids[1] = ids[0];
	return MIRQ_OK;
}

static void backend_teardown(void *data, const uint32_t ids[], uint32_t nr)
{
	struct backend *b = data;

	assert_in_range(nr, 1, 32);
	for (uint32_t i = 0; i < nr; i++) {
		if (ids[i] == b->bad_id || (b->twice && i))
			continue;
		assert_in_range(ids[i], FIRST, FIRST + NR - 1);
		assert_true(b->of[ids[i] - FIRST].is_given);
		b->of[ids[i] - FIRST].is_given = 0;
		b->nr_given--;
	}
	b->nr_teardown++;
}

static void backend_eoi(void *data, uint32_t cpu, uint32_t id)
{
	struct backend *b = data;

	mock_log(b->m, "eoi %u:%u", cpu, id);
	atomic_store(&b->m->root.cpus[cpu].isr[id], 0);
}

static uint32_t backend_where(void *data, uint32_t id)
{
	struct backend *b = data;

	return b->knows ? b->of[id - FIRST].cpu : UINT32_MAX;
}

static const struct mirq_legacy_ops backend_ops = {
	MIRQ_SIZED(mirq_legacy_ops), .setup = backend_setup, .teardown = backend_teardown,
	.eoi = backend_eoi,          .where = backend_where,
};

/* A message arrives at the backend. */
static int arrive(struct mock *m, const struct mirq_domain *domain, struct mirq_msg *msg)
{
	struct backend *b = m->foreign_context;

	(void)domain;
	for (uint32_t i = 0; i < NR; i++)
		if (b->of[i].is_given && b->of[i].msg.address == msg->address &&
		    b->of[i].msg.data == msg->data) {
			mock_set_pending(m, b->of[i].cpu, FIRST + i);
			return 0;
		}
	b->nr_blocked++;
	return 0;
}

struct rig {
	struct mock *m;
	struct backend b;
	struct mirq_domain *domain;
	struct mirq_device *dev;
	struct mock_store *s;
	struct mock_action a[NR];
};

static void rig_begin(struct rig *r)
{
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .nr_cpus = NR_CPUS };

	memset(r, 0, sizeof(*r));
	r->m = mock_new();
	r->m->foreign = arrive;
	r->m->foreign_context = &r->b;
	r->b.m = r->m;
	r->b.err = MIRQ_EIO;
	for (uint32_t i = 0; i < NR; i++)
		r->a[i].mock = r->m;
	init.host = &r->m->host;
	assert_int_equal(mirq_init(&init, &r->m->m), MIRQ_OK);
	r->m->host.m = r->m->m;
}

static struct mirq_legacy_init init_of(struct rig *r)
{
	struct mirq_legacy_init init = {
		MIRQ_SIZED(mirq_legacy_init),
		.name = "flat",
		.ops = &backend_ops,
		.data = &r->b,
		.ids = { FIRST, FIRST + NR },
		.max_block_log2 = 4,
		.why = &r->m->why,
		.guest = MIRQ_GUEST_NO,
	};

	return init;
}

static void rig_new(struct rig *r, enum mock_kind kind, uint32_t nr_slots)
{
	struct mirq_legacy_init init;

	rig_begin(r);
	init = init_of(r);
	assert_int_equal(mirq_legacy_attach(r->m->m, &init, &r->domain), MIRQ_OK);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		mock_cpu(r->m, cpu);
	r->dev = mock_device(r->m, "dev", r->domain);
	r->s = mock_store(r->m, kind, "store", nr_slots);
	mock_store_attach(r->s, r->dev);
	mock_log_clear(r->m);
}

/* Everything that was given was taken back, each once. */
static void rig_free(struct rig *r)
{
	mock_sound(r->m);
	mock_free(r->m);
	assert_int_equal(r->b.nr_given, 0);
}

static void fire_all(struct rig *r, struct mirq_irqs irqs)
{
	uint64_t before;

	for (uint32_t i = 0; i < mirq_irq_count(irqs); i++) {
		before = r->a[i].nr;
		mock_fire(r->s, irqs.slots.first + i);
		assert_int_equal(r->a[i].nr, before + 1);
	}
	assert_int_equal(r->b.nr_blocked, 0);
}

/* The backend places all of them anew. */
static void place(struct rig *r, uint32_t cpu)
{
	for (uint32_t i = 0; i < NR; i++)
		r->b.of[i].cpu = cpu;
}

static uint64_t late_and_stray(struct rig *r)
{
	struct mirq_cpu_info info;
	uint64_t nr = 0;

	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		assert_int_equal(mirq_cpu_inspect(r->m->m, cpu, &info), MIRQ_OK);
		nr += info.nr_late + info.nr_stray;
	}
	return nr;
}

/* ---- what it carries ---- */

static void msix__all_at_once__on_any_cpu(void **state)
{
	struct mirq_irqs irqs, more;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSIX, 64);
	irqs = mock_alloc(r.s, 40);
	assert_int_equal(r.b.nr_setup, 1);
	assert_int_equal(r.b.last.nr, 40);
	assert_int_equal(r.b.last.is_block, 0);
	assert_string_equal(r.b.last.device, "dev");
	assert_int_equal(r.b.last.who->ids[0].first, 0x10);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		place(&r, cpu);
		fire_all(&r, irqs);
	}
	more = mock_alloc(r.s, 1);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	assert_int_equal(r.b.nr_teardown, 2); /* 32 and 8 */
	assert_int_equal(r.b.nr_given, 1);
	assert_int_equal(mirq_irq_free(more), MIRQ_OK);
	irqs = mock_alloc(r.s, 64);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	assert_int_equal(late_and_stray(&r), 0);
	rig_free(&r);
}

static void msi__a_block__one_message_ids_in_no_order(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSI, 16);
	irqs = mock_alloc(r.s, 8);
	assert_int_equal(r.b.last.nr, 8);
	assert_int_equal(r.b.last.is_block, 1);
	mock_request(irqs, r.a);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(mirq_irq_compose(mirq_irq_at(irqs, i), &msg), MIRQ_OK);
		assert_int_equal(msg.data, 0x100 + i);
	}
	fire_all(&r, irqs);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = mock_alloc(r.s, 1);
	assert_int_equal(r.b.last.is_block, 0);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* Entries are taken one by one in between others, and in a row for a block. */
static void entries__holes_and_the_end__each_its_own(void **state)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 60 };
	struct mirq_irqs irqs, block, none;
	struct mirq_msg first, msg;
	struct mock_store *msix;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSIX, 64);
	msix = r.s;
	irqs = mock_alloc(r.s, 4);
	assert_int_equal(mirq_irq_free(mirq_irq_at(irqs, 1)), MIRQ_OK);
	r.s = mock_store(r.m, MOCK_MSI, "block", 8);
	mock_store_attach(r.s, mock_device(r.m, "dev2", r.domain));
	block = mock_alloc(r.s, 8);
	mock_request(block, r.a);
	fire_all(&r, block);
	assert_int_equal(mirq_irq_compose(block, &first), MIRQ_OK);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(mirq_irq_compose(mirq_irq_at(block, i), &msg), MIRQ_OK);
		assert_int_equal(msg.address, first.address);
		assert_int_equal(msg.data, first.data + i);
	}
	r.s = msix;
	want.why = &r.m->why;
	assert_int_equal(mirq_irq_alloc(r.s->store, &want, &none), MIRQ_ENOSPC);
	mock_why(&r.m->why, 0, "than this backend has ids", "flat");
	(void)mock_alloc(r.s, 1); /* the hole */
	irqs = mock_alloc(r.s, 52);
	assert_int_equal(r.b.nr_given, NR);
	mock_request((struct mirq_irqs){ r.s->store, { 0, 56 } }, r.a);
	fire_all(&r, (struct mirq_irqs){ r.s->store, { 0, 56 } });
	rig_free(&r);
}

/* No read of the device tells that it is quiet: teardown does. */
static void release__device_without_flush__all_given_back(void **state)
{
	struct mirq_irqs irqs;
	struct mirq_info info;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_NO_FLUSH, 4);
	irqs = mock_alloc(r.s, 4);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	mirq_inspect(r.m->m, &info);
	assert_int_equal(info.nr_quarantined, 0);
	assert_int_equal(r.b.nr_given, 4);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	assert_int_equal(r.b.nr_given, 0);
	rig_free(&r);
}

static void ims__refused__rule_5(void **state)
{
	struct mock_store *s;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSIX, 4);
	s = mock_store(r.m, MOCK_IMS, "ims", 4);
	assert_int_equal(mock_store_try(s, r.dev), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 5, "stores of the bus only", "messages");
	/* And a message straight to the root has no words. */
	s = mock_store(r.m, MOCK_MSIX, "straight", 4);
	assert_int_equal(mock_store_try(s, mock_device(r.m, "lost", NULL)), MIRQ_ENOTSUP);
	mock_why(&r.m->why, 7, "a table remapper must stand above", "flat");
	rig_free(&r);
}

/* ---- failures ---- */

/* raises: mirq_irq_alloc MIRQ_EIO MIRQ_EBUSY MIRQ_ENOSPC */
static void alloc__backend_refuses_or_answers_nonsense__nothing_left(void **state)
{
	static const struct {
		enum mirq_err err, told;
		uint32_t bad_id, bad_block, twice;
		enum mock_kind kind;
		const char *part;
	} rows[] = {
		{ MIRQ_ENOSPC, MIRQ_ENOSPC, 0, 0, 0, MOCK_MSIX, "set nothing up" },
		{ MIRQ_EIO, MIRQ_EIO, 0, 0, 0, MOCK_MSIX, "set nothing up" },
		{ MIRQ_EINVAL, MIRQ_EIO, 0, 0, 0, MOCK_MSIX, "set nothing up" },
		{ MIRQ_OK, MIRQ_EIO, FIRST - 1, 0, 0, MOCK_MSIX, "outside of .ids" },
		{ MIRQ_OK, MIRQ_EIO, FIRST + NR, 0, 0, MOCK_MSIX, "outside of .ids" },
		{ MIRQ_OK, MIRQ_EIO, 0, 1, 0, MOCK_MSI, "no multiple" },
		{ MIRQ_OK, MIRQ_EBUSY, 0, 0, 1, MOCK_MSIX, "is taken" },
	};
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 4 };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		uint32_t nr = rows[i].kind == MOCK_MSI ? 16 : NR;

		rig_new(&r, rows[i].kind, nr);
		want.why = &r.m->why;
		r.b.err = rows[i].err;
		r.b.fail_at = rows[i].err ? 1 : 0;
		r.b.bad_id = rows[i].bad_id;
		r.b.bad_block = rows[i].bad_block;
		r.b.twice = rows[i].twice;
		assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), rows[i].told);
		mock_why(&r.m->why, 0, rows[i].part, NULL);
		if (rows[i].twice) { /* it believes that it gave one more than it told */
			r.b.nr_given = 0;
			memset(r.b.of, 0, sizeof(r.b.of));
		}
		assert_int_equal(r.b.nr_given, 0);
		assert_int_equal(r.b.nr_teardown, rows[i].err ? 0 : 1);
		r.b.bad_id = r.b.bad_block = r.b.twice = 0;
		irqs = mock_alloc(r.s, nr); /* entries and ids came back */
		mock_request(irqs, r.a);
		fire_all(&r, irqs);
		rig_free(&r);
	}
}

static void alloc__memory_fails__nothing_left(void **state)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 4 };
	enum mirq_err err = MIRQ_ENOMEM;
	struct mirq_irqs irqs;
	uint32_t at = 1;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSIX, 8);
	for (; err; at++) {
		mirq_hosted_fail(&r.m->host, at, 0);
		err = mirq_irq_alloc(r.s->store, &want, &irqs);
		mirq_hosted_fail(&r.m->host, 0, 0);
		assert_true(err == MIRQ_OK || err == MIRQ_ENOMEM);
		if (err)
			assert_int_equal(r.b.nr_given, 0);
	}
	assert_in_range(at, 5, 20);
	mock_request(irqs, r.a);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* raises: mirq_legacy_attach MIRQ_ENOMEM */
static void attach__memory_fails__nothing_left(void **state)
{
	struct mirq_legacy_init init;
	struct mirq_domain *domain = NULL;
	uint32_t nr_failed = 0;
	struct rig r;

	(void)state;
	rig_begin(&r);
	init = init_of(&r);
	for (uint32_t at = 1; !domain; at++) {
		int64_t nr_live = r.m->host.nr_live;
		enum mirq_err err;

		mirq_hosted_fail(&r.m->host, at, 0);
		err = mirq_legacy_attach(r.m->m, &init, &domain);
		mirq_hosted_fail(&r.m->host, 0, 0);
		assert_int_equal(err, domain ? MIRQ_OK : MIRQ_ENOMEM);
		if (err)
			assert_int_equal(r.m->host.nr_live, nr_live);
		nr_failed += !!err;
	}
	assert_int_equal(nr_failed, 6); /* itself, root, ids, targets, cells, table */
	rig_free(&r);
}

/* Nothing is allocated. */
static void never(void *data, uint32_t id)
{
	(void)data;
	fail_msg("id %u", id);
}

/* raises: mirq_legacy_attach MIRQ_EINVAL MIRQ_EEXIST */
static void description__each_rule_broken__einval(void **state)
{
	static const struct {
		uint32_t no_name, no_setup, no_teardown, mask, unmask;
		struct mirq_range ids;
		uint32_t max_block_log2, traits;
		const char *part; /* NULL: taken */
	} rows[] = {
		{ 1, 0, 0, 0, 0, { 1, 2 }, 0, 0, "needs a name" },
		{ 0, 1, 0, 0, 0, { 1, 2 }, 0, 0, "setup and teardown" },
		{ 0, 0, 1, 0, 0, { 1, 2 }, 0, 0, "setup and teardown" },
		{ 0, 0, 0, 1, 0, { 1, 2 }, 0, 0, "both or neither" },
		{ 0, 0, 0, 0, 1, { 1, 2 }, 0, 0, "both or neither" },
		{ 0, 0, 0, 0, 0, { 1, 1 }, 0, 0, "1 to 2048" },
		{ 0, 0, 0, 0, 0, { 2, 1 }, 0, 0, "1 to 2048" },
		{ 0, 0, 0, 0, 0, { 0, 2049 }, 0, 0, "1 to 2048" },
		{ 0, 0, 0, 0, 0, { 1, 2 }, 6, 0, "0 to 5" },
		{ 0, 0, 0, 0, 0, { 1, 2 }, 5, MIRQ_ROOT_ADDRESS_HAS_TARGET, "0 to 5" },
		{ 0, 0, 0, 1, 1, { 0, 2048 }, 5, MIRQ_ROOT_ENDS_EDGE_FIRST, NULL },
	};
	struct mirq_domain *domain = NULL;
	struct mirq_legacy_init init;
	struct rig r;

	(void)state;
	rig_begin(&r);
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		struct mirq_legacy_ops ops = backend_ops;

		init = init_of(&r);
		init.ops = &ops;
		init.name = rows[i].no_name ? NULL : "flat";
		ops.setup = rows[i].no_setup ? NULL : backend_setup;
		ops.teardown = rows[i].no_teardown ? NULL : backend_teardown;
		ops.mask = rows[i].mask ? never : NULL;
		ops.unmask = rows[i].unmask ? never : NULL;
		init.ids = rows[i].ids;
		init.max_block_log2 = rows[i].max_block_log2;
		init.traits = rows[i].traits;
		assert_int_equal(mirq_legacy_attach(r.m->m, &init, &domain),
				 rows[i].part ? MIRQ_EINVAL : MIRQ_OK);
		if (rows[i].part)
			mock_why(&r.m->why, 0, rows[i].part, init.name);
	}
	init = init_of(&r);
	assert_int_equal(mirq_legacy_attach(r.m->m, &init, &domain), MIRQ_EEXIST);
	mock_why(&r.m->why, 0, "has a root already", "flat");
	rig_free(&r);
}

/* ---- CPUs ---- */

/* raises: mirq_affinity_set MIRQ_ENOTSUP
 * raises: mirq_affinity_effective MIRQ_ENOTSUP */
static void affinity__the_backend_places__told_honestly(void **state)
{
	struct mirq_irq_info info;
	struct mirq_irqs irqs;
	struct mirq_cpus cpus;
	uint32_t cpu = 77;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSIX, 8);
	irqs = mock_alloc(r.s, 4);
	mock_request(irqs, r.a);
	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_ENOTSUP);
	assert_int_equal(cpu, 77);
	assert_int_equal(mirq_irq_inspect(irqs, &info), MIRQ_OK);
	assert_int_equal(info.route.cpu, UINT32_MAX);
	r.b.knows = 1;
	place(&r, 3);
	assert_int_equal(mirq_affinity_effective(irqs, &cpu), MIRQ_OK);
	assert_int_equal(cpu, 3);
	assert_int_equal(mirq_irq_inspect(irqs, &info), MIRQ_OK);
	assert_int_equal(info.route.cpu, 3);
	for (uint32_t to = 0; to < NR_CPUS; to++) {
		assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(to), &r.m->why),
				 MIRQ_ENOTSUP);
		mock_why(&r.m->why, 0, "who places that is not mirq", "store");
	}
	cpus.range = (struct mirq_range){ 0, NR_CPUS };
	cpus.bits = NULL;
	assert_int_equal(mirq_affinity_set(irqs, cpus, &r.m->why), MIRQ_OK);
	assert_int_equal(mirq_affinity_requested(irqs, &cpus), MIRQ_OK);
	assert_int_equal(cpus.range.limit, NR_CPUS);
	assert_int_equal(mirq_affinity_set(irqs, (struct mirq_cpus){ 0 }, &r.m->why), MIRQ_OK);
	assert_int_equal(mirq_affinity_requested(irqs, &cpus), MIRQ_OK);
	assert_int_equal(cpus.range.limit, 0);
	fire_all(&r, irqs);
	rig_free(&r);
}

/* raises: mirq_irq_alloc MIRQ_ENOTSUP */
static void alloc__on_some_cpus__refused_unless_it_is_all(void **state)
{
	static const uint64_t some = 0x7, all = 0xf;
	const struct {
		struct mirq_cpus cpus;
		enum mirq_err err;
	} rows[] = {
		{ mirq_cpus_one(2), MIRQ_ENOTSUP },
		{ { { 0, NR_CPUS - 1 }, NULL }, MIRQ_ENOTSUP },
		{ { { 1, NR_CPUS }, NULL }, MIRQ_ENOTSUP },
		{ { { 0, 0 }, &some }, MIRQ_ENOTSUP },
		{ { { 0, NR_CPUS }, &some }, MIRQ_ENOTSUP },
		{ { { 0, NR_CPUS + 1 }, NULL }, MIRQ_EINVAL },
		{ { { 0, NR_CPUS }, NULL }, MIRQ_OK },
		{ { { 0, NR_CPUS }, &all }, MIRQ_OK },
		{ { { 0, 0 }, &all }, MIRQ_OK },
		{ { { 0, 0 }, NULL }, MIRQ_OK },
	};
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 2 };
	struct mirq_irqs irqs;
	struct mirq_cpus cpus;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSIX, 8);
	want.why = &r.m->why;
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		want.cpus = rows[i].cpus;
		/* Nobody spreads: each is asked to stay in the whole set. */
		want.placement = i % 2 ? MIRQ_PLACE_SPREAD : MIRQ_PLACE_FREELY;
		assert_int_equal(mirq_irq_alloc(r.s->store, &want, &irqs), rows[i].err);
		if (rows[i].err == MIRQ_ENOTSUP)
			mock_why(&r.m->why, 0, "ask for every CPU", "flat");
		if (rows[i].err)
			continue;
		assert_int_equal(mirq_affinity_requested(irqs, &cpus), MIRQ_OK);
		assert_int_equal(cpus.range.limit, rows[i].cpus.range.limit);
		mock_request(irqs, r.a);
		fire_all(&r, irqs);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	}
	assert_int_equal(r.b.nr_setup, 4);
	rig_free(&r);
}

struct leaving {
	struct rig *r;
	enum mirq_err err;
};

static void finish(void *context)
{
	struct leaving *l = context;

	l->err = mirq_cpu_offline_finish(l->r->m->m);
}

/* CPU 0, whose number routes carry, leaves: mirq moves nothing, the backend has. A software event
 * waits for it no more. */
static void offline__each_cpu__the_others_go_on(void **state)
{
	struct leaving l = { NULL, MIRQ_OK };
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		rig_new(&r, MOCK_MSIX, 8);
		l.r = &r;
		irqs = mock_alloc(r.s, 8);
		mock_request(irqs, r.a);
		assert_int_equal(mirq_cpu_offline_prepare(r.m->m, cpu, &r.m->why), MIRQ_OK);
		place(&r, (cpu + 1) % NR_CPUS);
		/* Raised by software: not here. */
		mirq_hosted_bind((cpu + 2) % NR_CPUS);
		r.m->host.has_threads = 1;
		assert_int_equal(mirq_irq_resend(irqs), MIRQ_OK);
		assert_int_equal(atomic_load(&r.m->m->cpus[cpu].nr_waiting), 0);
		r.m->host.has_threads = 0;
		mirq_hosted_bind(0);
		mirq_hosted_interrupt(&r.m->host, cpu, finish, &l);
		assert_int_equal(l.err, MIRQ_OK);
		for (uint32_t i = 0; i < NR_CPUS; i++)
			mirq_hosted_serve(&r.m->host, i);
		for (uint32_t i = 0; i < 8; i++)
			assert_int_equal(r.a[i].nr, 1);
		fire_all(&r, irqs);
		/* An event kept while disabled comes, too. */
		mirq_irq_disable(irqs);
		mock_fire(r.s, 5);
		assert_int_equal(r.a[5].nr, 2);
		assert_int_equal(mirq_irq_enable(irqs), MIRQ_OK);
		(void)mock_deliver(r.m);
		assert_int_equal(r.a[5].nr, 3);
		mock_sound(r.m);
		rig_free(&r);
	}
}

/* What software was to raise goes with its interrupt, not to the next owner of its id. */
static void free__software_event_waits__not_the_next_owners(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSIX, 64);
	irqs = mock_alloc(r.s, 64);
	mock_request(irqs, r.a);
	mirq_hosted_bind(1);
	r.m->host.has_threads = 1; /* CPU 0's kicks are served when the test says so */
	assert_int_equal(mirq_irq_resend(irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = mock_alloc(r.s, 64);
	mock_request(irqs, r.a);
	r.m->host.has_threads = 0;
	mirq_hosted_bind(0);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		mirq_hosted_serve(&r.m->host, cpu);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		assert_int_equal(atomic_load(&r.m->m->cpus[cpu].nr_waiting), 0);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(r.a[i].nr, 0);
	fire_all(&r, irqs);
	assert_int_equal(late_and_stray(&r), 0);
	rig_free(&r);
}

/* ---- a handler runs on another CPU ---- */

struct race {
	struct rig *r;
	struct mirq_irqs irqs;
	uint32_t id;
	enum mirq_err (*take_away)(struct race *race);
	_Atomic int is_inside, may_leave, is_free;
};

static void stay_inside(void *context)
{
	struct race *race = context;

	atomic_store(&race->is_inside, 1);
	while (!atomic_load(&race->may_leave))
		mirq_host_wait(&race->r->m->host, MIRQ_WAIT_SLEEP);
}

static void *take_on_cpu_2(void *context)
{
	struct race *race = context;

	mirq_hosted_bind(2);
	mirq_hosted_dispatch(&race->r->m->host, 2, race->id);
	return NULL;
}

static void *free_on_cpu_1(void *context)
{
	struct race *race = context;

	mirq_hosted_bind(1);
	assert_int_equal(race->take_away(race), MIRQ_OK);
	atomic_store(&race->is_free, 1);
	return NULL;
}

static enum mirq_err free_it(struct race *race)
{
	return mirq_irq_free(race->irqs);
}

static enum mirq_err release_it(struct race *race)
{
	return mirq_irq_release(race->irqs, NULL);
}

/* The route names no CPU that counts: free waits for whichever runs a handler, also that of another
 * one: it may have looked at the id before it was taken back. */
static void race_of(uint32_t runs, int is_released, enum mirq_err (*take_away)(struct race *race))
{
	pthread_t taker, freer;
	struct mirq_irq_info info;
	struct mirq_irqs irqs;
	struct race race;
	struct rig r;

	memset(&race, 0, sizeof(race));
	rig_new(&r, MOCK_MSIX, 4);
	r.m->is_quiet = 1;
	race.r = &r;
	race.take_away = take_away;
	irqs = mock_alloc(r.s, 2);
	race.irqs = mirq_irq_at(irqs, 0);
	r.a[runs].also = stay_inside;
	r.a[runs].context = &race;
	mock_request(irqs, r.a);
	if (is_released)
		assert_int_equal(mirq_irq_release(race.irqs, NULL), MIRQ_OK);
	assert_int_equal(mirq_irq_inspect(mirq_irq_at(irqs, runs), &info), MIRQ_OK);
	race.id = info.route.id;
	assert_int_equal(pthread_create(&taker, NULL, take_on_cpu_2, &race), 0);
	while (!atomic_load(&race.is_inside))
		mirq_host_wait(&r.m->host, MIRQ_WAIT_SLEEP);
	assert_int_equal(pthread_create(&freer, NULL, free_on_cpu_1, &race), 0);
	for (uint64_t end = mirq_host_now_ns(&r.m->host) + 30000000;
	     mirq_host_now_ns(&r.m->host) < end;)
		assert_int_equal(atomic_load(&race.is_free), 0);
	atomic_store(&race.may_leave, 1);
	pthread_join(taker, NULL);
	pthread_join(freer, NULL);
	assert_int_equal(r.a[runs].nr, 1);
	assert_int_equal(r.b.nr_given, take_away == free_it ? 1 : 2);
	rig_free(&r);
}

static void free__handler_on_another_cpu__waits_for_it(void **state)
{
	(void)state;
	race_of(0, 0, free_it);
	race_of(0, 0, release_it);
	race_of(1, 0, free_it);
	race_of(1, 1, free_it);
}

/* A second device is given the id that the first one's free has just told the backend to end. */
struct again {
	struct rig *r;
	struct mirq_irqs irqs;
	struct mirq_store *store;
	enum mirq_err err;
	_Atomic int is_done;
};

static void *alloc_on_cpu_3(void *context)
{
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 1 };
	struct again *again = context;

	mirq_hosted_bind(3);
	again->err = mirq_irq_alloc(again->store, &want, &again->irqs);
	atomic_store(&again->is_done, 1);
	return NULL;
}

static void await(struct rig *r, const _Atomic uint32_t *nr, uint32_t value)
{
	while (atomic_load(nr) != value)
		mirq_host_wait(&r->m->host, MIRQ_WAIT_SLEEP);
}

/* The free is between the backend's teardown and the id's return, and stays there: a handler runs
 * for longer than anybody should wait by the clock. */
static void free__backend_gives_the_id_at_once__its_next_owner_waits(void **state)
{
	pthread_t taker, freer, other;
	struct mirq_irq_info info;
	struct mock_store *first;
	struct mirq_irqs irqs;
	struct again again;
	struct race race;
	uint32_t id;
	struct rig r;

	(void)state;
	memset(&race, 0, sizeof(race));
	memset(&again, 0, sizeof(again));
	rig_new(&r, MOCK_MSIX, 4);
	first = r.s;
	r.s = mock_store(r.m, MOCK_MSIX, "second", 4);
	mock_store_attach(r.s, mock_device(r.m, "dev2", r.domain));
	r.m->is_quiet = 1;
	again.r = race.r = &r;
	again.store = r.s->store;
	race.take_away = free_it;
	irqs = mock_alloc(first, 2);
	race.irqs = mirq_irq_at(irqs, 0);
	r.a[1].also = stay_inside;
	r.a[1].context = &race;
	mock_request(irqs, r.a);
	assert_int_equal(mirq_irq_release(race.irqs, NULL), MIRQ_OK);
	assert_int_equal(mirq_irq_inspect(mirq_irq_at(irqs, 1), &info), MIRQ_OK);
	race.id = info.route.id;
	assert_int_equal(mirq_irq_inspect(race.irqs, &info), MIRQ_OK);
	id = info.route.id;
	assert_int_equal(pthread_create(&taker, NULL, take_on_cpu_2, &race), 0);
	while (!atomic_load(&race.is_inside))
		mirq_host_wait(&r.m->host, MIRQ_WAIT_SLEEP);
	assert_int_equal(pthread_create(&freer, NULL, free_on_cpu_1, &race), 0);
	await(&r, &r.b.nr_teardown, 1);
	r.b.gives = id;
	assert_int_equal(pthread_create(&other, NULL, alloc_on_cpu_3, &again), 0);
	await(&r, &r.b.nr_setup, 2);
	for (uint64_t end = mirq_host_now_ns(&r.m->host) + 30000000;
	     mirq_host_now_ns(&r.m->host) < end;)
		assert_int_equal(atomic_load(&again.is_done), 0);
	atomic_store(&race.may_leave, 1);
	pthread_join(taker, NULL);
	pthread_join(freer, NULL);
	pthread_join(other, NULL);
	assert_int_equal(again.err, MIRQ_OK);
	assert_int_equal(mirq_irq_inspect(again.irqs, &info), MIRQ_OK);
	assert_int_equal(info.route.id, id);
	mock_request(again.irqs, r.a);
	fire_all(&r, again.irqs);
	assert_int_equal(late_and_stray(&r), 0);
	rig_free(&r);
}

static void log_line(void *context, const char *line)
{
	mock_log(context, "%s", line);
}

static void dump__ids_of_the_system__said(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, MOCK_MSIX, 8);
	irqs = mock_alloc(r.s, 1);
	mock_log_clear(r.m);
	mirq_dump(r.m->m, log_line, r.m);
	mock_expect(r.m, "flat  root  64 ids of the system, 1 used, bare metal\n"
			 "  messages  remapper  64 entries, 1 used\n"
			 "device dev -> messages  not isolated\n"
			 "  store  1 of 8 slots, external\n"
			 "    irq 1: slot 0 -> messages entry 0 -> flat any cpu id 0xa3  reserved  "
			 "handled 0\n");
	(void)irqs;
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msix__all_at_once__on_any_cpu),
		cmocka_unit_test(msi__a_block__one_message_ids_in_no_order),
		cmocka_unit_test(entries__holes_and_the_end__each_its_own),
		cmocka_unit_test(release__device_without_flush__all_given_back),
		cmocka_unit_test(ims__refused__rule_5),
		cmocka_unit_test(alloc__backend_refuses_or_answers_nonsense__nothing_left),
		cmocka_unit_test(alloc__memory_fails__nothing_left),
		cmocka_unit_test(attach__memory_fails__nothing_left),
		cmocka_unit_test(description__each_rule_broken__einval),
		cmocka_unit_test(affinity__the_backend_places__told_honestly),
		cmocka_unit_test(alloc__on_some_cpus__refused_unless_it_is_all),
		cmocka_unit_test(offline__each_cpu__the_others_go_on),
		cmocka_unit_test(free__software_event_waits__not_the_next_owners),
		cmocka_unit_test(free__handler_on_another_cpu__waits_for_it),
		cmocka_unit_test(free__backend_gives_the_id_at_once__its_next_owner_waits),
		cmocka_unit_test(dump__ids_of_the_system__said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
