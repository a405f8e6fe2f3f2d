/* SPDX-License-Identifier: MIT */
/*
 * Refusals of what drivers call: wants, requests, affinity, messages. Each condition broken once;
 * the code, the sentence, the numbers; and nothing has changed.
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

/* ---- wants ---- */

static struct mock_store *attached(struct fixture *f, enum mock_kind kind, uint32_t nr_slots,
				   struct mirq_device *dev)
{
	struct mock_store *s = mock_store(f->m, kind, "store", nr_slots);

	mock_store_attach(s, dev);
	return s;
}

static void refuse_want(struct fixture *f, struct mock_store *s, struct mirq_irq_want want,
			enum mirq_err err, const char *part)
{
	struct mirq_irqs irqs = { (void *)f, { 77, 77 } };

	want.size_bytes = sizeof(want);
	want.why = &f->m->why;
	assert_int_equal(mirq_irq_alloc(s->store, &want, &irqs), err);
	mock_why(&f->m->why, 0, part, NULL);
	assert_int_equal(irqs.slots.first, 77);
	mock_sound(f->m);
}

/* raises: mirq_irq_alloc MIRQ_EINVAL */
static void want__numbers_out_of_range__einval(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = attached(f, MOCK_MSIX, 8, f->dev);
	uint64_t none = 0;

	refuse_want(f, s, (struct mirq_irq_want){ .nr = 2, .nr_min = 3 }, MIRQ_EINVAL,
		    "out of range");
	refuse_want(f, s, (struct mirq_irq_want){ .align_log2 = 32 }, MIRQ_EINVAL, "out of range");
	refuse_want(f, s, (struct mirq_irq_want){ .at = { 3, 3 } }, MIRQ_EINVAL, "out of range");
	refuse_want(f, s, (struct mirq_irq_want){ .at = { 4, 9 } }, MIRQ_EINVAL, "out of range");
	refuse_want(f, s, (struct mirq_irq_want){ .placement = MIRQ_PLACE_SPREAD + 1 }, MIRQ_EINVAL,
		    "out of range");
	refuse_want(f, s, (struct mirq_irq_want){ .reserve = MIRQ_RESERVE_BEST_EFFORT + 1 },
		    MIRQ_EINVAL, "out of range");
	refuse_want(f, s, (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_LOW + 1 }, MIRQ_EINVAL,
		    "out of range");
	refuse_want(f, s, (struct mirq_irq_want){ .cpus = { { 0, 3 }, NULL } }, MIRQ_EINVAL,
		    "beyond the system's CPUs");
	refuse_want(f, s, (struct mirq_irq_want){ .cpus = { { 1, 1 }, NULL } }, MIRQ_EINVAL,
		    "CPU range is empty");
	refuse_want(f, s, (struct mirq_irq_want){ .cpus = { { 0, 0 }, &none } }, MIRQ_EINVAL,
		    "no CPU of the set is online");
}

/* raises: mirq_irq_alloc MIRQ_ENOTSUP */
static void want__what_the_way_cannot_do__enotsup(void **state)
{
	struct fixture *f = *state;
	struct mock_store *plain = attached(f, MOCK_PLAIN, 8, f->dev_below_root);
	struct mock_store *msi = attached(f, MOCK_MSI, 8, f->dev_below_root);
	struct mock_remapper *edges = mock_table_new(f->m, "edges", 8);
	uint64_t cookies[2] = { 0, 7 };

	refuse_want(f, plain, (struct mirq_irq_want){ .reserve = MIRQ_RESERVE_BEST_EFFORT },
		    MIRQ_ENOTSUP, "best-effort");
	refuse_want(f, plain, (struct mirq_irq_want){ .nr = 2, .cookies = cookies }, MIRQ_ENOTSUP,
		    "takes no cookies");
	refuse_want(f, plain, (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_HIGH }, MIRQ_ENOTSUP,
		    "edges only");
	refuse_want(f, msi, (struct mirq_irq_want){ .nr = 2, .at = { 2, 8 } }, MIRQ_ENOSPC,
		    "under one message");
	edges->init.carries = MIRQ_CARRIES_ONE;
	assert_int_equal(mock_remapper_attach(edges), MIRQ_OK);
	refuse_want(f, attached(f, MOCK_LEVEL, 8, mock_device(f->m, "wire", edges->domain)),
		    (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_LOW }, MIRQ_ENOTSUP,
		    "does not carry level");
	refuse_want(f, attached(f, MOCK_MSI, 8, mock_device(f->m, "msi", edges->domain)),
		    (struct mirq_irq_want){ .nr = 2 }, MIRQ_ENOTSUP, "under one message");
}

/* A level line that nothing can mask would hang the CPU. */
static void want__level_without_a_rung__enotsup(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = mock_store(f->m, MOCK_LEVEL, "wire", 2);

	s->ops.mask = s->ops.unmask = NULL;
	s->kind.masking = MIRQ_MASKS_NOTHING;
	mock_store_attach(s, f->dev);
	refuse_want(f, s, (struct mirq_irq_want){ .trigger = MIRQ_LEVEL_HIGH }, MIRQ_ENOTSUP,
		    "masked in hardware");
}

/* raises: mirq_irq_alloc MIRQ_EBUSY */
static void want__excluded_store_or_block_in_use__ebusy(void **state)
{
	struct fixture *f = *state;
	struct mock_store *msix = mock_store(f->m, MOCK_MSIX, "msix", 8);
	struct mock_store *msi = mock_store(f->m, MOCK_MSI, "msi", 8);
	struct mirq_irqs irqs;

	msix->init.exclusive_group = msi->init.exclusive_group = 3;
	mock_store_attach(msix, f->dev);
	mock_store_attach(msi, f->dev);
	irqs = mock_alloc(msix, 1);
	refuse_want(f, msi, (struct mirq_irq_want){ 0 }, MIRQ_EBUSY, "excludes this one");
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = mock_alloc(msi, 2);
	refuse_want(f, msi, (struct mirq_irq_want){ 0 }, MIRQ_EBUSY, "share one message");
	refuse_want(f, msix, (struct mirq_irq_want){ 0 }, MIRQ_EBUSY, "excludes this one");
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	irqs = mock_alloc(msix, 8);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
}

/* raises: mirq_irq_alloc MIRQ_ENOSPC */
static void want__slots_entries_or_ids_exhausted__enospc_with_numbers(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = attached(f, MOCK_MSIX, 300, f->dev);
	struct mirq_irqs irqs = mock_alloc_want(s, (struct mirq_irq_want){ .at = { 1, 2 } });
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 3, .at = { 0, 4 },
				      .why = &f->m->why };
	struct mirq_irqs none;

	assert_int_equal(mirq_irq_alloc(s->store, &want, &none), MIRQ_ENOSPC);
	assert_int_equal(f->m->why.nr_wanted, 3);
	mock_why(&f->m->why, 0, "free slots in a row", "store");
	want = (struct mirq_irq_want){ MIRQ_SIZED(mirq_irq_want), .nr = 260, .why = &f->m->why };
	assert_int_equal(mirq_irq_alloc(s->store, &want, &none), MIRQ_ENOSPC);
	assert_int_equal(f->m->why.nr_left, 255); /* entries of the table */
	mock_why(&f->m->why, 0, "no entry left", "table");
	want.nr = 200;
	want.cpus = mirq_cpus_one(1);
	assert_int_equal(mirq_irq_alloc(s->store, &want, &none), MIRQ_ENOSPC);
	assert_int_equal(f->m->why.nr_wanted, 200);
	assert_int_equal(f->m->why.nr_left, 192);
	assert_int_equal(f->m->why.value, 1);
	mock_why(&f->m->why, 0, "ids left", "root");
	mock_sound(f->m);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
}

/* Each memory call of an allocation, of a request and of a move fails once. */
static void memory__each_call_fails__enomem_and_sound(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = attached(f, MOCK_MSIX, 8, f->dev);
	struct mock_action a[2] = { { .mock = f->m }, { .mock = f->m } };
	uint64_t cpus = 1, nr_failed = 0;
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .cpus = { { 0, 2 }, &cpus },
				      .why = &f->m->why };
	struct mirq_irqs irqs;

	for (uint64_t at = 1;; at++, nr_failed++) {
		mirq_hosted_fail(&f->m->host, at, 0);
		if (!mirq_irq_alloc(s->store, &want, &irqs))
			break;
		mock_why(&f->m->why, 0, "no memory", NULL);
		mock_sound(f->m);
	}
	assert_true(nr_failed >= 3);
	mirq_hosted_fail(&f->m->host, 1, 0);
	assert_int_equal(mirq_irq_alloc(s->store, &want, &irqs), MIRQ_ENOMEM);
	mirq_hosted_fail(&f->m->host, 1, 0);
	cpus = 2;
	assert_int_equal(mirq_affinity_set(irqs, want.cpus, &f->m->why), MIRQ_ENOMEM);
	assert_int_equal(mock_request_try(irqs, &a[0], MIRQ_REQUEST_SHARED, NULL), MIRQ_OK);
	mirq_hosted_fail(&f->m->host, 1, 0);
	assert_int_equal(mock_request_try(irqs, &a[1], MIRQ_REQUEST_SHARED, &f->m->why),
			 MIRQ_ENOMEM);
	mirq_hosted_fail(&f->m->host, 0, 0);
	mock_sound(f->m);
	mock_fire(s, irqs.slots.first);
	assert_int_equal(a[0].nr, 1);
	assert_int_equal(a[1].nr, 0);
	/* raises: mirq_irq_request MIRQ_ENOMEM */
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
}

/* raises: mirq_irq_request MIRQ_EINVAL MIRQ_EBUSY MIRQ_EIO */
static void request__each_condition_broken__refused_whole(void **state)
{
	struct fixture *f = *state;
	struct mock_store *s = attached(f, MOCK_MSIX, 8, f->dev);
	struct mirq_irqs irqs = mock_alloc(s, 2), more = { s->store, { 0, 3 } };
	struct mock_action a[3] = { { .mock = f->m }, { .mock = f->m }, { .mock = f->m } };
	struct mirq_irq_handler none = { MIRQ_SIZED(mirq_irq_handler), .why = &f->m->why };
	struct mirq_irqs second = mirq_irq_at(irqs, 1);
	struct mirq_why *why = &f->m->why;

	assert_int_equal(mirq_irq_request(irqs, &none), MIRQ_EINVAL);
	mock_why(why, 0, "needs a handler", "store");
	assert_int_equal(mock_request_try((struct mirq_irqs){ s->store, { 1, 1 } }, a, 0, why),
			 MIRQ_EINVAL);
	mock_why(why, 0, "not empty", "store");
	assert_int_equal(mock_request_try(more, a, 0, why), MIRQ_EINVAL);
	assert_int_equal(why->value, 2);
	mock_why(why, 0, "not allocated", "store");
	mock_request(second, &a[1]);
	assert_int_equal(mock_request_try(irqs, a, 0, why), MIRQ_EBUSY);
	assert_int_equal(why->value, 1);
	mock_why(why, 0, "not both are shared", "store");
	assert_int_equal(mock_request_try(irqs, a, MIRQ_REQUEST_SHARED, why), MIRQ_EBUSY);
	mock_why(why, 0, "not both are shared", "store");
	assert_int_equal(mirq_irq_release(second, NULL), MIRQ_OK);
	assert_int_equal(mock_request_try(second, &a[1], MIRQ_REQUEST_SHARED, why), MIRQ_OK);
	assert_int_equal(mock_request_try(second, &a[1], MIRQ_REQUEST_SHARED, why), MIRQ_EBUSY);
	mock_why(why, 0, "this handler with this context already", "store");
	mock_fail(f->m, "table.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(mock_request_try(mirq_irq_at(irqs, 0), a, 0, why), MIRQ_EIO);
	mock_why(why, 0, "did not answer", "table");
	mock_sound(f->m);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
}

/* raises: mirq_irq_request MIRQ_ENOSPC */
static void request__best_effort_without_ids__enospc(void **state)
{
	struct mock *m = mock_new();
	struct mock_store *s = mock_store(m, MOCK_MSIX, "msix", 8);
	struct mock_action a[4] = { { .mock = m }, { .mock = m }, { .mock = m }, { .mock = m } };
	struct mirq_irqs irqs;

	(void)state;
	m->root.init.ids = (struct mirq_range){ 32, 34 };
	mock_start(m, 1);
	mock_store_attach(s, mock_device(m, "dev", NULL));
	irqs = mock_alloc_want(
		s, (struct mirq_irq_want){ .nr = 3, .reserve = MIRQ_RESERVE_BEST_EFFORT });
	assert_int_equal(mock_request_try(irqs, a, 0, &m->why), MIRQ_ENOSPC);
	mock_why(&m->why, 0, "no id left", "root");
	mock_sound(m);
	irqs.slots.limit = 2;
	mock_request(irqs, a);
	mock_fire(s, 1);
	assert_int_equal(a[1].nr, 1);
	mock_free(m);
}

/* raises: mirq_affinity_set MIRQ_EINVAL MIRQ_ENOTSUP MIRQ_EIO */
static void affinity__refusals__say_why(void **state)
{
	struct fixture *f = *state;
	struct mock_store *torn = attached(f, MOCK_TORN, 2, f->dev_below_root);
	struct mock_store *msix = attached(f, MOCK_MSIX, 2, f->dev);
	struct mirq_irqs pinned = mock_alloc_on(torn, 1, 0), irqs = mock_alloc_on(msix, 1, 0);
	struct mirq_irqs empty = { msix->store, { 1, 1 } }, free_slot = { msix->store, { 1, 2 } };
	struct mirq_cpus to_1 = mirq_cpus_one(1);
	struct mock_action a = { .mock = f->m };
	struct mirq_cpus requested;
	struct mirq_msg msg;
	uint32_t cpu;

	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(2), &f->m->why), MIRQ_EINVAL);
	mock_why(&f->m->why, 0, "beyond the system's CPUs", "affinity");
	assert_int_equal(mirq_affinity_set(empty, to_1, &f->m->why), MIRQ_EINVAL);
	mock_why(&f->m->why, 0, "range is empty", "store");
	assert_int_equal(mirq_affinity_set(free_slot, to_1, &f->m->why), MIRQ_EINVAL);
	assert_int_equal(f->m->why.value, 1);
	mock_why(&f->m->why, 0, "not allocated", "store");
	mock_request(pinned, &a);
	assert_int_equal(mirq_affinity_set(pinned, to_1, &f->m->why), MIRQ_ENOTSUP);
	mock_why(&f->m->why, 0, "pinned", "store");
	mock_request(irqs, &a);
	mock_fail(f->m, "table.flush", 1, 1, MIRQ_EIO);
	assert_int_equal(mirq_affinity_set(irqs, to_1, &f->m->why), MIRQ_EIO);
	mock_why(&f->m->why, 0, "did not confirm", "table");
	assert_int_equal(mirq_affinity_requested(free_slot, &requested), MIRQ_ENOENT);
	assert_int_equal(mirq_affinity_effective(free_slot, &cpu), MIRQ_ENOENT);
	assert_int_equal(mirq_irq_compose(free_slot, &msg), MIRQ_ENOENT);
}

/* The message of a way that a shim or the store cannot say. */
static void compose__address_too_wide_or_outside_a_window__refused(void **state)
{
	struct mock *m = mock_new();
	struct mock_remapper *window;
	struct mock_store *s = mock_store(m, MOCK_MSIX, "msix", 2);
	struct mock_store *narrow = mock_store(m, MOCK_MSIX, "narrow", 2);
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = 1, .why = &m->why };
	struct mock_action a = { .mock = m };
	struct mirq_msg msg;
	struct mirq_irqs irqs;

	(void)state;
	mock_start(m, 1);
	window = mock_shim_new(m, "window");
	window->limit_address = 0x1000;
	assert_int_equal(mock_remapper_attach(window), MIRQ_OK);
	mock_store_attach(s, mock_device(m, "dev", window->domain));
	assert_int_equal(mirq_irq_alloc(s->store, &want, &irqs), MIRQ_ENOTSUP);
	mock_why(&m->why, 0, "outside what this window", "window");
	window->limit_address = UINT64_MAX;
	irqs = mock_alloc(s, 1);
	window->limit_address = 0x1000; /* as if the message's id did not fit */
	assert_int_equal(mock_request_try(irqs, &a, 0, &m->why), MIRQ_ENOTSUP);
	mock_why(&m->why, 0, "outside what this window", "window");
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_ENOENT);
	window->limit_address = UINT64_MAX;
	window->offset = UINT64_C(1) << 40;
	mock_request(irqs, &a);
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_OK);
	assert_int_equal(msg.address >> 40, 1);
	mock_fire(s, 0);
	assert_int_equal(a.nr, 1);
	narrow->kind.address_bits = 40;
	mock_store_attach(narrow, mock_device(m, "narrow", window->domain));
	irqs = mock_alloc(narrow, 1);
	assert_int_equal(mock_request_try(irqs, &a, 0, &m->why), MIRQ_ENOTSUP);
	assert_int_equal(m->why.value >> 40, 1);
	mock_why(&m->why, 0, "too wide", "narrow");
	mock_free(m);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(want__numbers_out_of_range__einval),
		FRESH(want__what_the_way_cannot_do__enotsup),
		FRESH(want__level_without_a_rung__enotsup),
		FRESH(want__excluded_store_or_block_in_use__ebusy),
		FRESH(want__slots_entries_or_ids_exhausted__enospc_with_numbers),
		FRESH(memory__each_call_fails__enomem_and_sound),
		FRESH(request__each_condition_broken__refused_whole),
		cmocka_unit_test(request__best_effort_without_ids__enospc),
		FRESH(affinity__refusals__say_why),
		cmocka_unit_test(compose__address_too_wide_or_outside_a_window__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
