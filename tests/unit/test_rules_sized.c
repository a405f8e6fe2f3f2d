/* SPDX-License-Identifier: MIT */
/*
 * Structs of every length: types.h says what a shorter and what a longer one means. An older or
 * newer caller is recognised, an unset size is refused without being walked.
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

static struct mirq *new_system(struct mock *m, uint32_t nr_cpus)
{
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &m->host, .nr_cpus = nr_cpus };

	assert_int_equal(mirq_init(&init, &m->m), MIRQ_OK);
	return m->m;
}

static struct mock_store *attached(struct fixture *f, enum mock_kind kind, uint32_t nr_slots,
				   struct mirq_device *dev)
{
	struct mock_store *s = mock_store(f->m, kind, "store", nr_slots);

	mock_store_attach(s, dev);
	return s;
}

/* ---- sized structs ---- */

/* One kind of struct: @attempt passes a copy of any size to its call; @undo follows a success. */
struct sized {
	const char *name;
	const void *good;
	uint32_t size_bytes, last_bytes; /* of the last member */
	enum mirq_err (*attempt)(struct fixture *f, const void *copy);
};

static enum mirq_err attempt_init(struct fixture *f, const void *copy)
{
	struct mirq *m = NULL;
	enum mirq_err err = mirq_init(copy, &m);

	(void)f;
	if (!err)
		mirq_fini(m);
	return err;
}

static enum mirq_err attempt_cpu(struct fixture *f, const void *copy)
{
	struct mock *m = mock_new();
	enum mirq_err err;

	(void)f;
	mock_start_without_cpus(m, 1);
	err = mirq_cpu_add(m->m, copy);
	mock_free(m);
	return err;
}

static enum mirq_err attempt_root(struct fixture *f, const void *copy)
{
	struct mock *m = mock_new();
	enum mirq_err err;

	(void)f;
	new_system(m, 1);
	err = mirq_root_attach(m->m, copy, NULL);
	mock_free(m);
	return err;
}

static enum mirq_err attempt_root_ops(struct fixture *f, const void *copy)
{
	struct mirq_root_init init = f->m->root.init;

	init.ops = copy;
	init.data = &f->m->root;
	return attempt_root(f, &init);
}

static enum mirq_err attempt_remapper(struct fixture *f, const void *copy)
{
	struct mirq_domain *domain = NULL;
	enum mirq_err err = mirq_remapper_attach(f->m->m, copy, &domain);

	if (!err)
		assert_int_equal(mirq_remapper_detach(domain), MIRQ_OK);
	return err;
}

static enum mirq_err attempt_remapper_ops(struct fixture *f, const void *copy)
{
	struct mirq_remapper_init init = f->table->init;

	init.ops = copy;
	return attempt_remapper(f, &init);
}

static enum mirq_err attempt_device(struct fixture *f, const void *copy)
{
	struct mirq_device *dev = NULL;
	enum mirq_err err = mirq_device_attach(f->m->m, copy, &dev);

	if (!err)
		assert_int_equal(mirq_device_detach(dev), MIRQ_OK);
	return err;
}

static enum mirq_err attempt_store(struct fixture *f, const void *copy)
{
	struct mirq_store *store = NULL;
	enum mirq_err err = mirq_store_attach(f->dev_below_root, copy, &store);

	if (!err)
		assert_int_equal(mirq_store_detach(store), MIRQ_OK);
	return err;
}

static struct mock_store *model_store; /* the good one, see below */

static enum mirq_err attempt_template(struct fixture *f, const void *copy)
{
	struct mirq_store_init init = model_store->init;

	init.kind = copy;
	return attempt_store(f, &init);
}

static enum mirq_err attempt_store_ops(struct fixture *f, const void *copy)
{
	struct mirq_store_template kind = model_store->kind;

	kind.ops = copy;
	return attempt_template(f, &kind);
}

static enum mirq_err attempt_want(struct fixture *f, const void *copy)
{
	struct mirq_irqs irqs;
	enum mirq_err err = mirq_irq_alloc(mirq_store_next(f->dev, NULL), copy, &irqs);

	if (!err)
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	return err;
}

static enum mirq_err attempt_handler(struct fixture *f, const void *copy)
{
	struct mirq_irqs irqs;
	enum mirq_err err;

	assert_int_equal(mirq_irq_alloc(mirq_store_next(f->dev, NULL), NULL, &irqs), MIRQ_OK);
	err = mirq_irq_request(irqs, copy);
	if (!err)
		assert_int_equal(mirq_irq_release(irqs, copy), MIRQ_OK);
	else
		assert_int_equal(mirq_irq_release(irqs, copy), MIRQ_EINVAL);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	return err;
}

static enum mirq_err attempt_size(struct fixture *f, const struct sized *s, uint32_t size_bytes,
				  int last_byte)
{
	/* A buffer of exactly what the size says, so that ASan sees what is read beyond. */
	uint32_t room = size_bytes > s->size_bytes + 64 ? s->size_bytes + 64 : size_bytes;
	unsigned char *copy = calloc(1, room < 4 ? 4 : room);
	enum mirq_err err;

	assert_non_null(copy);
	memcpy(copy, s->good, room < s->size_bytes ? room : s->size_bytes);
	memcpy(copy, &size_bytes, sizeof(size_bytes));
	if (last_byte)
		copy[room - 1] = (unsigned char)last_byte;
	err = s->attempt(f, copy);
	free(copy);
	return err;
}

static void check_sizes(struct fixture *f, const struct sized *s)
{
	static const uint32_t bad[] = { 0, 1, 4, 7, 0xfffffffc, UINT32_MAX };
	enum mirq_err err;

	for (uint32_t i = 0; i < MOCK_NR(bad); i++)
		if (attempt_size(f, s, bad[i], 0) != MIRQ_EINVAL)
			fail_msg("%s of %u bytes was not refused", s->name, bad[i]);
	if (attempt_size(f, s, s->size_bytes - 1, 0) != MIRQ_EINVAL)
		fail_msg("%s of an odd size was not refused", s->name);
	if (attempt_size(f, s, s->size_bytes, 0) != MIRQ_OK)
		fail_msg("%s as it is was refused", s->name);
	if (attempt_size(f, s, s->size_bytes + 24, 0) != MIRQ_OK)
		fail_msg("%s, longer with a zero tail, was refused", s->name);
	if (attempt_size(f, s, s->size_bytes + 24, 1) != MIRQ_EINVAL)
		fail_msg("%s with an unknown member was not refused", s->name);
	err = attempt_size(f, s, s->size_bytes - s->last_bytes, 0);
	if (err != MIRQ_OK)
		fail_msg("%s without its last member was refused: %d", s->name, err);
}

#define SIZED(type, last, value, call)                                                             \
	{                                                                                          \
#type, (value), sizeof(struct type),                                               \
			sizeof(struct type) - offsetof(struct type, last), call                    \
	}

/* types.h: shorter reads as zero, longer is refused unless the rest is zero. */
static void sized_structs__every_length__as_types_h_says(void **state)
{
	struct fixture *f = *state;
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = &f->m->host, .nr_cpus = 1 };
	struct mirq_cpu_init cpu = { MIRQ_SIZED(mirq_cpu_init) };
	struct mirq_root_init root = f->m->root.init;
	struct mirq_remapper_init remapper = f->table->init;
	struct mirq_device_init dev = { MIRQ_SIZED(mirq_device_init), .name = "dev" };
	struct mock_action a = { .mock = f->m };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 1 };
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = mock_handle,
					    .context = &a };
	struct mock_store *plain;
	struct mirq_root_ops root_ops = f->m->root.ops;
	struct mirq_remapper_ops table_ops = f->table->ops;

	(void)attached(f, MOCK_MSIX, 8, f->dev);
	plain = model_store = mock_store(f->m, MOCK_PLAIN, "plain", 8);
	plain->dev = f->dev_below_root;
	root_ops.fini = NULL;
	table_ops.fini = NULL;
	plain->kind.traits = 0; /* the last member: then the parent must carry it */
	root.carries |= MIRQ_CARRIES_DEVICE_STORES;
	f->m->m->root->domain.carries |= MIRQ_CARRIES_DEVICE_STORES;
	f->m->m->root->init.guest = MIRQ_GUEST_NO;
	struct sized rows[] = {
		SIZED(mirq_init, why, &init, attempt_init),
		SIZED(mirq_cpu_init, why, &cpu, attempt_cpu),
		SIZED(mirq_root_init, hypervisor, &root, attempt_root),
		SIZED(mirq_root_ops, fini, &root_ops, attempt_root_ops),
		SIZED(mirq_remapper_init, why, &remapper, attempt_remapper),
		SIZED(mirq_remapper_ops, fini, &table_ops, attempt_remapper_ops),
		SIZED(mirq_device_init, why, &dev, attempt_device),
		SIZED(mirq_store_init, why, &plain->init, attempt_store),
		SIZED(mirq_store_template, traits, &plain->kind, attempt_template),
		SIZED(mirq_store_ops, why, &plain->ops, attempt_store_ops),
		SIZED(mirq_irq_want, why, &want, attempt_want),
		SIZED(mirq_irq_handler, why, &handler, attempt_handler),
	};

	for (uint32_t i = 0; i < MOCK_NR(rows); i++)
		check_sizes(f, &rows[i]);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(sized_structs__every_length__as_types_h_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
