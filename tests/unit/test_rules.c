/* SPDX-License-Identifier: MIT */
/*
 * Refusals of registration: each rule of docs/rules.md broken once; the code, the number and the
 * sentence. And that a refusal changes nothing: the system is sound, and the same call, put right,
 * works.
 */
#include "mock.h"

#include <stdlib.h>

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

/* ---- stores ---- */

static void no_name(struct mock_store *s)
{
	s->kind.name = NULL;
}

static void no_write(struct mock_store *s)
{
	s->ops.write = NULL;
}

static void no_unmask(struct mock_store *s)
{
	s->ops.unmask = NULL;
}

static void no_mask_all(struct mock_store *s)
{
	s->ops.mask_all = NULL;
}

static void no_disable(struct mock_store *s)
{
	s->ops.disable = NULL;
}

static void commit_alone(struct mock_store *s)
{
	s->ops.commit = s->ops.flush;
}

static void mask_unsaid(struct mock_store *s)
{
	s->kind.masking = MIRQ_MASKS_UNSAID;
}

static void mask_denied(struct mock_store *s)
{
	s->kind.masking = MIRQ_MASKS_NOTHING;
}

static void mask_unknown(struct mock_store *s)
{
	s->kind.masking = MIRQ_MASKS_STORE + 1;
}

static void whole_without(struct mock_store *s)
{
	s->ops.mask = s->ops.unmask = NULL;
	s->ops.mask_all = s->ops.unmask_all = NULL;
	s->kind.masking = MIRQ_MASKS_STORE;
}

static void whole_denied(struct mock_store *s)
{
	s->ops.mask = s->ops.unmask = NULL;
	s->kind.masking = MIRQ_MASKS_NOTHING;
}

static void slot_instead_of_whole(struct mock_store *s)
{
	s->ops.mask = s->ops.unmask = NULL;
	s->kind.masking = MIRQ_MASKS_SLOT;
}

static void update_unsaid(struct mock_store *s)
{
	s->kind.update = MIRQ_UPDATE_UNSAID;
}

static void update_unknown(struct mock_store *s)
{
	s->kind.update = MIRQ_UPDATE_NOTHING + 1;
}

static void address_unsaid(struct mock_store *s)
{
	s->kind.address_bits = 0;
}

static void address_of_36_bits(struct mock_store *s)
{
	s->kind.address_bits = 36;
}

static void needs_enable_without(struct mock_store *s)
{
	s->ops.enable = NULL;
	s->ops.disable = NULL;
	s->kind.traits |= MIRQ_STORE_NEEDS_ENABLE;
}

static void two_messages_without_trigger(struct mock_store *s)
{
	s->kind.traits |= MIRQ_STORE_TWO_MESSAGES;
}

static void slot_fini_alone(struct mock_store *s)
{
	s->ops.slot_fini = s->ops.write ? (void (*)(const struct mirq_slot *))s->ops.mask : NULL;
}

static void ops_of_no_size(struct mock_store *s)
{
	s->ops.size_bytes = 0;
}

static void no_ops(struct mock_store *s)
{
	s->kind.ops = NULL;
}

static void no_template(struct mock_store *s)
{
	s->init.kind = NULL;
}

static void no_slots(struct mock_store *s)
{
	s->init.nr_slots = 0;
}

static void too_many_slots(struct mock_store *s)
{
	s->init.nr_slots = UINT32_MAX;
}

static const struct {
	void (*break_it)(struct mock_store *s);
	uint32_t rule;
	const char *part;
} broken_templates[] = {
	{ no_name, 1, "name" },
	{ no_write, 1, "write is required" },
	{ no_unmask, 1, "mask and unmask: both or neither" },
	{ no_mask_all, 1, "mask_all and unmask_all" },
	{ no_disable, 1, "enable and disable" },
	{ commit_alone, 3, "begin and commit" },
	{ mask_unsaid, 1, ".masking must be said" },
	{ mask_denied, 1, ".masking must be said" },
	{ mask_unknown, 1, ".masking must be said" },
	{ whole_without, 1, ".masking must be said" },
	{ whole_denied, 1, ".masking must be said" },
	{ slot_instead_of_whole, 1, ".masking must be said" },
	{ update_unsaid, 1, ".update must be said" },
	{ update_unknown, 1, ".update must be said" },
	{ address_unsaid, 1, ".address_bits must be said" },
	{ address_of_36_bits, 1, ".address_bits must be said" },
	{ needs_enable_without, 1, "NEEDS_ENABLE" },
	{ two_messages_without_trigger, 1, "TWO_MESSAGES" },
	{ slot_fini_alone, 1, "slot_fini needs slot_init" },
	{ ops_of_no_size, 1, "MIRQ_SIZED" },
	{ no_ops, 1, "MIRQ_SIZED" },
	{ no_template, 1, "MIRQ_SIZED" },
	{ no_slots, 0, "2^32 - 2 slots" },
	{ too_many_slots, 0, "2^32 - 2 slots" },
};

/* raises: mirq_store_attach MIRQ_EINVAL */
static void store__each_template_rule_broken__einval_with_its_number(void **state)
{
	struct fixture *f = *state;
	int64_t nr_live = f->m->host.nr_live;

	for (uint32_t i = 0; i < MOCK_NR(broken_templates); i++) {
		struct mock_store *s = mock_store(f->m, MOCK_MSIX, "msix", 4);

		broken_templates[i].break_it(s);
		assert_int_equal(mock_store_try(s, f->dev), MIRQ_EINVAL);
		mock_why(&f->m->why, broken_templates[i].rule, broken_templates[i].part, NULL);
		assert_null(s->store);
		assert_null(mirq_store_next(f->dev, NULL));
		assert_int_equal(f->m->host.nr_live, nr_live);
		mock_expect(f->m, "");
	}
	mock_store_attach(mock_store(f->m, MOCK_MSIX, "msix", 4), f->dev);
}

/* A sleeping store whose template breaks another rule is told that rule, not the third. */
static void store__sleeping_with_bad_mask__rule_1_not_3(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = mock_store(f->m, MOCK_SLEEPS, "sleeps", 4);

	s->ops.unmask = NULL;
	assert_int_equal(mock_store_try(s, f->dev), MIRQ_EINVAL);
	mock_why(&f->m->why, 1, "mask and unmask", "sleeps");
}

/* raises: mirq_store_attach MIRQ_ENOTSUP */
static void store__device_specific_below_root__rule_5(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = mock_store(f->m, MOCK_IMS, "ims", 4);

	assert_int_equal(mock_store_try(s, f->dev_below_root), MIRQ_ENOTSUP);
	mock_why(&f->m->why, 5, "device-specific", "root");
	mock_store_attach(s, f->dev); /* the table carries them */
}

/* A parent that carries blocks only is asked for single messages. */
static void store__parent_carries_none__rule_7(void **state)
{
	struct fixture *f = *state;
	struct mock_remapper *r = mock_table_new(f->m, "blocks", 8);
	struct mock_store *s = mock_store(f->m, MOCK_MSIX, "msix", 4);

	r->init.carries = MIRQ_CARRIES_BLOCKS;
	assert_int_equal(mock_remapper_attach(r), MIRQ_OK);
	assert_int_equal(mock_store_try(s, mock_device(f->m, "other", r->domain)), MIRQ_ENOTSUP);
	mock_why(&f->m->why, 7, "carries no message", "blocks");
}

/* A root that names no message needs a table above the store. */
static void store__root_without_compose__needs_a_table(void **state)
{
	struct mock *m = mock_new();
	struct mock_store *s = mock_store(m, MOCK_MSIX, "msix", 4);
	struct mirq_irqs irqs;

	(void)state;
	m->root.ops.compose = NULL;
	mock_start(m, 1);
	assert_int_equal(mock_store_try(s, mock_device(m, "dev", NULL)), MIRQ_ENOTSUP);
	mock_why(&m->why, 7, "table remapper must stand above", "root");
	mock_store_attach(s, mock_device(m, "below", mock_table(m)->domain));
	irqs = mock_alloc(s, 1);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	mock_free(m);
}

/* raises: mirq_store_attach MIRQ_EIO MIRQ_ENOMEM */
static void store__setup_or_memory_fails__nothing_attached(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = mock_store(f->m, MOCK_MSIX, "msix", 4);

	mock_fail(f->m, "msix.setup", 1, 1, MIRQ_EIO);
	assert_int_equal(mock_store_try(s, f->dev), MIRQ_EIO);
	mock_why(&f->m->why, 0, "setup failed", "msix");
	mirq_hosted_fail(&f->m->host, 1, 0);
	assert_int_equal(mock_store_try(s, f->dev), MIRQ_ENOMEM);
	mock_why(&f->m->why, 0, "no memory", "dev");
	assert_null(mirq_store_next(f->dev, NULL));
	mock_store_attach(s, f->dev);
}

static struct mock_store *below(struct mock *m, const char *name, struct mirq_domain *parent)
{
	struct mock_store *s = mock_store(m, MOCK_MSIX, name, 8);

	mock_store_attach(s, mock_device(m, name, parent));
	return s;
}

static struct mirq_domain *shim_that_names(struct mock *m, uint32_t nr_cpus)
{
	struct mock_remapper *shim = mock_shim_new(m, "shim");

	shim->init.limit_hw_target = MOCK_HW_TARGET + nr_cpus;
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	return shim->domain;
}

/* The highest CPU that eight interrupts of a store get. */
static uint32_t highest_cpu(struct mock_store *s)
{
	struct mirq_irqs irqs = mock_alloc(s, 8);
	uint32_t cpu, most = 0;

	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(mirq_affinity_effective(mirq_irq_at(irqs, i), &cpu), MIRQ_OK);
		most = cpu > most ? cpu : most;
	}
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	return most;
}

/* Of shims and root the one that can name the fewest targets binds; a table names all itself. */
static void reach__of_shims_and_root__smallest_binds(void **state)
{
	struct mock *m = mock_new();

	(void)state;
	m->root.init.limit_hw_target = MOCK_HW_TARGET + 3;
	mock_start(m, 4);
	assert_int_equal(highest_cpu(below(m, "by root", NULL)), 2);
	assert_int_equal(highest_cpu(below(m, "narrow shim", shim_that_names(m, 1))), 0);
	assert_int_equal(highest_cpu(below(m, "wide shim", shim_that_names(m, 4))), 2);
	assert_int_equal(highest_cpu(below(m, "table", mock_table(m)->domain)), 3);
	mock_free(m);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(store__each_template_rule_broken__einval_with_its_number),
		FRESH(store__sleeping_with_bad_mask__rule_1_not_3),
		FRESH(store__device_specific_below_root__rule_5),
		FRESH(store__parent_carries_none__rule_7),
		cmocka_unit_test(store__root_without_compose__needs_a_table),
		FRESH(store__setup_or_memory_fails__nothing_attached),
		cmocka_unit_test(reach__of_shims_and_root__smallest_binds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
