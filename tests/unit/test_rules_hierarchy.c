/* SPDX-License-Identifier: MIT */
/*
 * Refusals of what builds the hierarchy: system, CPUs, root, remappers, devices, links. Each
 * condition broken once; the code and the sentence.
 */
#include "mock.h"

#include <stdlib.h>

#include "core/core.h"

struct fixture {
	struct mock *m;
	struct mock_remapper *table; /* carries device stores; the root does not */
	struct mirq_device *dev, *dev_below_root;
};

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->m = mock_new();
	mock_start(f->m, 2);
	f->table = mock_table(f->m);
	f->dev = mock_device(f->m, "dev", f->table->domain);
	f->dev_below_root = mock_device(f->m, "plain", NULL);
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	mock_free(f->m);
	free(f);
	return 0;
}

/* ---- the system and its CPUs ---- */

static void init__no_cpu_too_many_no_memory__refused(void **state)
{
	struct mirq_why why = { 0 };
	struct mirq_host host;
	struct mirq *m = NULL;
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &host, .why = &why };

	(void)state;
	mirq_hosted_init(&host);
	assert_int_equal(mirq_init(&init, &m), MIRQ_EINVAL);
	mock_why(&why, 0, "1 to 65536", "mirq_init");
	init.nr_cpus = 65537;
	assert_int_equal(mirq_init(&init, &m), MIRQ_EINVAL);
	mock_why(&why, 0, "1 to 65536", "mirq_init");
	init.nr_cpus = 3;
	for (uint64_t at = 1; at <= 3; at++) {
		mirq_hosted_fail(&host, at, 0);
		assert_int_equal(mirq_init(&init, &m), MIRQ_ENOMEM);
		mock_why(&why, 0, "no memory", "mirq_init");
		assert_int_equal(host.nr_live, 0);
	}
	assert_null(m);
	mirq_hosted_fail(&host, 0, 0);
	assert_int_equal(mirq_init(&init, &m), MIRQ_OK);
	assert_null(why.text);
	mirq_fini(m);
	assert_int_equal(host.nr_live, 0);
	mirq_hosted_fini(&host);
}

static void cpu_add__bad_number_twice_no_memory__refused(void **state)
{
	struct mock *m = mock_new();
	struct mirq_cpu_init init = { MIRQ_SIZED(mirq_cpu_init), .cpu = 2, .why = &m->why };

	(void)state;
	mock_start_without_cpus(m, 2);
	assert_int_equal(mirq_cpu_add(m->m, &init), MIRQ_EINVAL);
	assert_int_equal(m->why.value, 2);
	mock_why(&m->why, 0, "no such CPU", "mirq_cpu_add");
	init.cpu = 1;
	mirq_hosted_fail(&m->host, 1, 0);
	assert_int_equal(mirq_cpu_add(m->m, &init), MIRQ_ENOMEM);
	mock_why(&m->why, 0, "no memory", "mirq_cpu_add");
	assert_int_equal(mirq_cpu_add(m->m, &init), MIRQ_OK);
	assert_int_equal(mirq_cpu_add(m->m, &init), MIRQ_EEXIST);
	mock_why(&m->why, 0, "added already", "mirq_cpu_add");
	mock_free(m);
}

static void cpu_online__not_added_or_dead__refused(void **state)
{
	struct mock *m = mock_new();
	struct mirq_cpu_info info;

	(void)state;
	mock_start_without_cpus(m, 2);
	mock_cpu(m, 0);
	assert_int_equal(mirq_cpu_online(m->m, 1), MIRQ_ENOENT);
	assert_int_equal(mirq_cpu_online(m->m, 2), MIRQ_ENOENT);
	mock_fail(m, "root.cpu_up", 1, 1, MIRQ_EIO);
	assert_int_equal(
		mirq_cpu_add(m->m, &(struct mirq_cpu_init){ MIRQ_SIZED(mirq_cpu_init), .cpu = 1 }),
		MIRQ_OK);
	assert_int_equal(mirq_cpu_online(m->m, 1), MIRQ_EIO);
	assert_int_equal(mirq_cpu_inspect(m->m, 1, &info), MIRQ_OK);
	assert_int_equal(info.is_online, 0);
	assert_int_equal(mirq_cpu_online(m->m, 1), MIRQ_OK);
	mock_free(m);
}

/* ---- root ---- */

static void root_no_name(struct mock_root *r)
{
	r->init.name = NULL;
}

static void root_no_ids(struct mock_root *r)
{
	r->init.ids.limit = r->init.ids.first;
}

static void root_2049_ids(struct mock_root *r)
{
	r->init.ids = (struct mirq_range){ 0, 2049 };
}

static void root_no_pending(struct mock_root *r)
{
	r->ops.pending = NULL;
}

static void root_no_cpu_down(struct mock_root *r)
{
	r->ops.cpu_down = NULL;
}

static void root_mask_alone(struct mock_root *r)
{
	r->ops.mask = mock_root_all.mask;
}

static void root_carries_nothing(struct mock_root *r)
{
	r->init.carries = 0;
}

static void root_guest_unknown_word(struct mock_root *r)
{
	r->init.guest = MIRQ_GUEST_YES + 1;
}

static void root_no_ops(struct mock_root *r)
{
	r->init.ops = NULL;
}

static void root_ops_of_no_size(struct mock_root *r)
{
	r->ops.size_bytes = 0;
}

static void root_scope_unknown_word(struct mock_root *r)
{
	r->ops.compose = NULL;
	r->init.scope = (enum mirq_id_scope)(MIRQ_IDS_OF_SYSTEM + 1);
}

static void root_ids_of_system(struct mock_root *r)
{
	r->init.scope = MIRQ_IDS_OF_SYSTEM;
}

static const struct {
	void (*break_it)(struct mock_root *r);
	enum mirq_err err;
	uint32_t rule;
	const char *part;
} broken_roots[] = {
	{ root_no_name, MIRQ_EINVAL, 10, "name" },
	{ root_no_ids, MIRQ_EINVAL, 10, "1 to 2048 ids" },
	{ root_2049_ids, MIRQ_EINVAL, 10, "1 to 2048 ids" },
	{ root_no_pending, MIRQ_EINVAL, 10, "pending is required" },
	{ root_no_cpu_down, MIRQ_EINVAL, 10, "both or neither" },
	{ root_mask_alone, MIRQ_EINVAL, 10, "both or neither" },
	{ root_carries_nothing, MIRQ_EINVAL, 10, "carries" },
	{ root_guest_unknown_word, MIRQ_EINVAL, 10, ".guest" },
	{ root_no_ops, MIRQ_EINVAL, 0, "MIRQ_SIZED" },
	{ root_ops_of_no_size, MIRQ_EINVAL, 0, "MIRQ_SIZED" },
	{ root_ids_of_system, MIRQ_EINVAL, 10, "no compose" },
	{ root_scope_unknown_word, MIRQ_EINVAL, 10, ".scope" },
};

static struct mirq *new_system(struct mock *m, uint32_t nr_cpus)
{
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &m->host, .nr_cpus = nr_cpus };

	assert_int_equal(mirq_init(&init, &m->m), MIRQ_OK);
	return m->m;
}

static void root__each_condition_broken__refused_with_a_sentence(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(broken_roots); i++) {
		struct mock *m = mock_new();

		broken_roots[i].break_it(&m->root);
		new_system(m, 2);
		assert_int_equal(mirq_root_attach(m->m, &m->root.init, NULL), broken_roots[i].err);
		mock_why(&m->why, broken_roots[i].rule, broken_roots[i].part, NULL);
		assert_null(mirq_domain_next(m->m, NULL));
		mock_free(m);
	}
}

static void root__second_or_no_memory__refused(void **state)
{
	struct mock *m = mock_new();

	(void)state;
	new_system(m, 2);
	for (uint64_t at = 1; at <= 3; at++) {
		mirq_hosted_fail(&m->host, at, 0);
		assert_int_equal(mirq_root_attach(m->m, &m->root.init, NULL), MIRQ_ENOMEM);
		mock_why(&m->why, 0, "no memory", "root");
		assert_null(m->m->root);
	}
	assert_int_equal(mirq_root_attach(m->m, &m->root.init, NULL), MIRQ_OK);
	assert_int_equal(mirq_root_attach(m->m, &m->root.init, NULL), MIRQ_EEXIST);
	mock_why(&m->why, 0, "root already", "root");
	mock_free(m);
}

static void claim_id__taken_outside_or_no_root__refused_whole(void **state)
{
	struct mirq_cpus all = { { 0, 0 }, NULL };
	struct mock *m = mock_new();
	struct mirq_cpu_info info;

	(void)state;
	new_system(m, 3);
	assert_int_equal(mirq_root_claim_id(m->m, all, 40), MIRQ_ENOENT);
	assert_int_equal(mirq_root_attach(m->m, &m->root.init, NULL), MIRQ_OK);
	m->host.m = m->m;
	for (uint32_t cpu = 0; cpu < 3; cpu++)
		mock_cpu(m, cpu);
	assert_int_equal(mirq_root_claim_id(m->m, all, 31), MIRQ_EINVAL);
	assert_int_equal(mirq_root_claim_id(m->m, all, 224), MIRQ_EINVAL);
	assert_int_equal(mirq_root_claim_id(m->m, mirq_cpus_one(3), 40), MIRQ_EINVAL);
	assert_int_equal(mirq_root_claim_id(m->m, (struct mirq_cpus){ { 2, 2 }, NULL }, 40),
			 MIRQ_EINVAL);
	assert_int_equal(mirq_root_claim_id(m->m, mirq_cpus_one(2), 40), MIRQ_OK);
	assert_int_equal(mirq_root_claim_id(m->m, all, 40), MIRQ_EBUSY);
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		assert_int_equal(mirq_cpu_inspect(m->m, cpu, &info), MIRQ_OK);
		assert_int_equal(info.nr_used, cpu == 2);
	}
	assert_int_equal(mirq_root_claim_id(m->m, (struct mirq_cpus){ { 0, 2 }, NULL }, 40),
			 MIRQ_OK);
	mock_free(m);
}

/* ---- remappers ---- */

static void r_no_name(struct mock_remapper *r)
{
	r->init.name = NULL;
}

static void r_carries_nothing(struct mock_remapper *r)
{
	r->init.carries = 0;
}

static void r_attach_alone(struct mock_remapper *r)
{
	r->ops.detach = NULL;
}

static void r_mask_alone(struct mock_remapper *r)
{
	r->ops.mask = mock_table_all.mask;
	r->ops.unmask = NULL;
}

static void r_no_free(struct mock_remapper *r)
{
	r->ops.free = NULL;
}

static void r_no_program(struct mock_remapper *r)
{
	r->ops.program = NULL;
}

static void r_no_clear(struct mock_remapper *r)
{
	r->ops.clear = NULL;
}

static void r_no_compose(struct mock_remapper *r)
{
	r->ops.compose = NULL;
}

static void r_no_entries(struct mock_remapper *r)
{
	r->init.nr_entries = 0;
}

static void r_translate_too(struct mock_remapper *r)
{
	r->ops.translate = r->d.mock->remappers->ops.translate; /* of a shim, see below */
	assert_non_null(r->ops.translate);
}

static void r_program_without_alloc(struct mock_remapper *r)
{
	r->ops.alloc = NULL;
	r->ops.free = NULL;
}

static void r_neither(struct mock_remapper *r)
{
	r->ops = (struct mirq_remapper_ops){ MIRQ_SIZED(mirq_remapper_ops) };
	r->init.nr_entries = 0;
}

static void r_no_ops(struct mock_remapper *r)
{
	r->init.ops = NULL;
}

static void r_ops_of_no_size(struct mock_remapper *r)
{
	r->ops.size_bytes = 0;
}

static const struct {
	void (*break_it)(struct mock_remapper *r);
	uint32_t rule;
	const char *part;
} broken_tables[] = {
	{ r_no_name, 9, "name" },
	{ r_carries_nothing, 9, "carries" },
	{ r_attach_alone, 9, "both or neither" },
	{ r_mask_alone, 9, "both or neither" },
	{ r_no_free, 9, "a table needs" },
	{ r_no_program, 9, "a table needs" },
	{ r_no_clear, 9, "a table needs" },
	{ r_no_compose, 9, "a table needs" },
	{ r_no_entries, 9, "a table needs" },
	{ r_translate_too, 9, "no translate" },
	{ r_program_without_alloc, 9, "a shim has translate" },
	{ r_neither, 9, "a shim has translate" },
	{ r_no_ops, 0, "MIRQ_SIZED" },
	{ r_ops_of_no_size, 0, "MIRQ_SIZED" },
};

static void remapper__each_condition_broken__einval_with_a_sentence(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < MOCK_NR(broken_tables); i++) {
		struct mock_remapper *r = mock_table_new(f->m, "unit", 8);
		struct mock_remapper *shim = mock_shim_new(f->m, "shim");

		(void)shim; /* first of the list: where r_translate_too() finds it */
		broken_tables[i].break_it(r);
		assert_int_equal(mirq_remapper_attach(f->m->m, &r->init, &r->domain), MIRQ_EINVAL);
		mock_why(&f->m->why, broken_tables[i].rule, broken_tables[i].part, NULL);
		assert_null(r->domain);
	}
}

/* raises: mirq_remapper_attach MIRQ_EINVAL MIRQ_ENOMEM */
static void remapper__wrong_parent_or_no_memory__refused(void **state)
{
	struct fixture *f = *state;
	struct mock_remapper *shim = mock_shim_new(f->m, "shim");
	struct mock_remapper *second = mock_table_new(f->m, "second", 8);
	struct mock_store *s = mock_store(f->m, MOCK_MSIX, "msix", 2);
	struct mock *other = mock_new();

	mock_store_attach(s, f->dev);
	shim->init.parent = mirq_store_domain(s->store);
	assert_int_equal(mock_remapper_attach(shim), MIRQ_EINVAL);
	mock_why(&f->m->why, 9, "nobody's parent", "shim");
	mock_start(other, 1);
	shim->init.parent = other->root.domain;
	assert_int_equal(mock_remapper_attach(shim), MIRQ_EINVAL);
	mock_why(&f->m->why, 9, "of this system", "shim");
	shim->init.parent = f->table->domain;
	mirq_hosted_fail(&f->m->host, 1, 0);
	assert_int_equal(mock_remapper_attach(shim), MIRQ_ENOMEM);
	mock_why(&f->m->why, 0, "no memory", "shim");
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	second->init.parent = shim->domain; /* the table stands two above */
	assert_int_equal(mock_remapper_attach(second), MIRQ_EINVAL);
	mock_why(&f->m->why, 9, "at most one table", "second");
	mock_free(other);
}

static void remapper__before_the_root__einval(void **state)
{
	struct mock *m = mock_new();
	struct mock_remapper *r = mock_table_new(m, "unit", 8);
	struct mirq_device_init init = { MIRQ_SIZED(mirq_device_init), .name = "dev",
					 .why = &m->why };
	struct mirq_device *dev = NULL;

	(void)state;
	new_system(m, 1);
	assert_int_equal(mock_remapper_attach(r), MIRQ_EINVAL);
	mock_why(&m->why, 9, "root first", "unit");
	assert_int_equal(mirq_device_attach(m->m, &init, &dev), MIRQ_EINVAL);
	mock_why(&m->why, 0, "root first", "dev");
	mock_free(m);
}

static void remapper_detach__with_something_below__ebusy(void **state)
{
	struct fixture *f = *state;
	struct mock_remapper *shim = mock_shim_new(f->m, "shim");

	assert_int_equal(mirq_remapper_detach(f->table->domain), MIRQ_EBUSY);
	assert_int_equal(mirq_remapper_detach(mirq_domain_next(f->m->m, NULL)), MIRQ_EINVAL);
	assert_int_equal(mirq_device_detach(f->dev), MIRQ_OK);
	shim->init.parent = f->table->domain;
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	assert_int_equal(mirq_remapper_detach(f->table->domain), MIRQ_EBUSY);
	assert_int_equal(mirq_remapper_detach(shim->domain), MIRQ_OK);
	assert_int_equal(mirq_remapper_detach(f->table->domain), MIRQ_OK);
	mock_expect(f->m, "shim.fini\ntable.fini\n");
}

/* ---- devices and links ---- */

static enum mirq_err try_device(struct mock *m, struct mirq_device_init init)
{
	struct mirq_device *dev = NULL;
	enum mirq_err err;

	init.size_bytes = sizeof(init);
	init.why = &m->why;
	err = mirq_device_attach(m->m, &init, &dev);
	assert_true(!err == !!dev);
	return err;
}

/* raises: mirq_device_attach MIRQ_EINVAL MIRQ_ENOMEM */
static void device__each_condition_broken__refused(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = mock_store(f->m, MOCK_MSIX, "msix", 2);
	struct mirq_range id = { 8, 9 };
	struct mirq_device_init init = { .name = "new",
					 .parent = f->table->domain,
					 .requesters = { .ids = &id, .nr_ids = 1 } };
	struct mirq_device_init bad = init;

	bad.name = NULL;
	assert_int_equal(try_device(f->m, bad), MIRQ_EINVAL);
	mock_why(&f->m->why, 0, "needs a name", NULL);
	mock_store_attach(s, f->dev);
	bad = init;
	bad.parent = mirq_store_domain(s->store);
	assert_int_equal(try_device(f->m, bad), MIRQ_EINVAL);
	mock_why(&f->m->why, 0, "remapper or the root", "new");
	bad = init;
	bad.requesters.nr_ids = 0;
	assert_int_equal(try_device(f->m, bad), MIRQ_EINVAL);
	mock_why(&f->m->why, 0, "who sends", "new");
	bad = init;
	bad.requesters.ids = NULL;
	assert_int_equal(try_device(f->m, bad), MIRQ_EINVAL);
	mock_why(&f->m->why, 0, "counted and not given", "new");
	bad = init;
	bad.requesters.nr_ids = 4097;
	assert_int_equal(try_device(f->m, bad), MIRQ_EINVAL);
	assert_int_equal(f->m->why.nr_wanted, 4097);
	mock_why(&f->m->why, 0, "more requester ranges", "new");
	for (uint64_t at = 1; at <= 2; at++) {
		mirq_hosted_fail(&f->m->host, at, 0);
		assert_int_equal(try_device(f->m, init), MIRQ_ENOMEM);
		mock_why(&f->m->why, 0, "no memory", "new");
	}
	assert_int_equal(try_device(f->m, init), MIRQ_OK);
}

static void device__below_five_remappers__einval(void **state)
{
	struct fixture *f = *state;
	struct mirq_domain *parent = f->table->domain;
	struct mirq_range id = { 8, 9 };

	for (uint32_t i = 0; i < 4; i++) {
		struct mock_remapper *shim = mock_shim_new(f->m, "shim");

		assert_int_equal(try_device(f->m,
					    (struct mirq_device_init){
						    .name = "deep",
						    .parent = parent,
						    .requesters = { .ids = &id, .nr_ids = 1 } }),
				 MIRQ_OK);
		shim->init.parent = parent;
		assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
		parent = shim->domain;
	}
	assert_int_equal(
		try_device(f->m,
			   (struct mirq_device_init){ .name = "deeper",
						      .parent = parent,
						      .requesters = { .ids = &id, .nr_ids = 1 } }),
		MIRQ_EINVAL);
	mock_why(&f->m->why, 0, "more than four remappers", "deeper");
}

/* bus.h: the smallest range wins, among equals the first added; no range is too large to count. */
static void link__several_match__most_specific_wins(void **state)
{
	struct fixture *f = *state;
	struct mock_remapper *shims[2];
	struct mirq_link link = { { 0, UINT32_MAX }, 0, f->table->domain };

	for (uint32_t i = 0; i < 2; i++) {
		shims[i] = mock_shim_new(f->m, i ? "b" : "a");
		assert_int_equal(mock_remapper_attach(shims[i]), MIRQ_OK);
	}
	assert_int_equal(mirq_link_add(f->m->m, &link), MIRQ_OK);
	assert_ptr_equal(mirq_link_find(f->m->m, 0, 0x100), f->table->domain);
	assert_ptr_equal(mirq_link_find(f->m->m, 1, 0x100), f->m->root.domain);
	link = (struct mirq_link){ { 0x100, 0x200 }, 0, shims[0]->domain };
	assert_int_equal(mirq_link_add(f->m->m, &link), MIRQ_OK);
	link = (struct mirq_link){ { 0x180, 0x280 }, 0, shims[1]->domain };
	assert_int_equal(mirq_link_add(f->m->m, &link), MIRQ_OK);
	assert_ptr_equal(mirq_link_find(f->m->m, 0, 0x180), shims[0]->domain);
	assert_ptr_equal(mirq_link_find(f->m->m, 0, 0x200), shims[1]->domain);
	assert_ptr_equal(mirq_link_find(f->m->m, 0, 0x280), f->table->domain);
	/* A remapper that goes takes its links along. */
	assert_int_equal(mirq_remapper_detach(shims[0]->domain), MIRQ_OK);
	assert_ptr_equal(mirq_link_find(f->m->m, 0, 0x180), shims[1]->domain);
	assert_ptr_equal(mirq_link_find(f->m->m, 0, 0x100), f->table->domain);
}

static void link__no_parent_empty_or_no_memory__refused(void **state)
{
	struct fixture *f = *state;
	struct mirq_link link = { { 16, 32 }, 1, f->table->domain };

	link.parent = NULL;
	assert_int_equal(mirq_link_add(f->m->m, &link), MIRQ_EINVAL);
	link.parent = f->table->domain;
	link.ids.limit = 16;
	assert_int_equal(mirq_link_add(f->m->m, &link), MIRQ_EINVAL);
	link.ids.limit = 32;
	mirq_hosted_fail(&f->m->host, 1, 0);
	assert_int_equal(mirq_link_add(f->m->m, &link), MIRQ_ENOMEM);
	assert_ptr_equal(mirq_link_find(f->m->m, 1, 20), f->m->root.domain);
	assert_int_equal(mirq_link_add(f->m->m, &link), MIRQ_OK);
	assert_ptr_equal(mirq_link_find(f->m->m, 1, 20), f->table->domain);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init__no_cpu_too_many_no_memory__refused),
		cmocka_unit_test(cpu_add__bad_number_twice_no_memory__refused),
		cmocka_unit_test(cpu_online__not_added_or_dead__refused),
		cmocka_unit_test(root__each_condition_broken__refused_with_a_sentence),
		cmocka_unit_test(root__second_or_no_memory__refused),
		cmocka_unit_test(claim_id__taken_outside_or_no_root__refused_whole),
		FRESH(remapper__each_condition_broken__einval_with_a_sentence),
		FRESH(remapper__wrong_parent_or_no_memory__refused),
		cmocka_unit_test(remapper__before_the_root__einval),
		FRESH(remapper_detach__with_something_below__ebusy),
		FRESH(device__each_condition_broken__refused),
		FRESH(device__below_five_remappers__einval),
		FRESH(link__several_match__most_specific_wins),
		FRESH(link__no_parent_empty_or_no_memory__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
