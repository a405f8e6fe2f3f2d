/* SPDX-License-Identifier: MIT */
/*
 * test_ims_together.c - one device with several stores at the same time: MSI-X for itself, an array
 * of slots in its memory and a queue that it is told about by commands, with a table above them and
 * without (docs/design.md 1: a device has 1..n stores). What happens in one store is nothing to the
 * others.
 *
 * Breaks of the core that were tried, each found here: stores that exclude none taken for one
 * group; detach of a store that takes others along; a store that takes the place of the last one
 * attached; rule 5 for no store, or for stores of the bus too.
 */
#include <mirq/ims_array.h>
#include <mirq/ims_queue.h>

#include "fake_ims.h"

#define NR 4

struct rig {
	struct fake_ims f;
	struct mirq_ims_array array;
	struct mirq_ims_queue queue;
	struct mirq_ims_queue_entry entries[NR];
	struct mirq_msg told[NR]; /* by commands; is_on: may be sent */
	uint32_t is_on[NR];
	struct mock_store *msix;
	struct mirq_store *slots, *lent;
	struct mirq_irqs irqs[3]; /* MSI-X, array, queue: two each, actions 2 k and 2 k + 1 */
};

static enum mirq_err command(void *context, enum mirq_ims_queue_op op, uint32_t index,
			     const struct mirq_msg *msg, uint64_t cookie)
{
	struct rig *r = context;

	(void)cookie;
	if (op == MIRQ_IMS_QUEUE_MESSAGE)
		r->told[index] = *msg;
	else
		r->is_on[index] = op == MIRQ_IMS_QUEUE_ENABLE;
	return MIRQ_OK;
}

static void rig_stores(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	r->msix = mock_store(r->f.mock, MOCK_MSIX, "msix", NR);
	mock_store_attach(r->msix, r->f.dev);
	r->array = (struct mirq_ims_array){
		MIRQ_SIZED(mirq_ims_array),
		.name = "slots",
		.regs = fake_ims_regs(&r->f, 0x100),
		.nr_slots = NR,
		.stride_bytes = 16,
		.address_hi = 4,
		.data = 8,
		.control = 12,
		.address_bits = 64,
		.update = MIRQ_UPDATE_WORDS,
		.masked_bits = 1,
	};
	assert_int_equal(mirq_ims_array_init(&r->array, &kind, NULL), MIRQ_OK);
	r->slots = fake_ims_attach(&r->f, kind, &r->array, NR);
	r->queue = (struct mirq_ims_queue){
		MIRQ_SIZED(mirq_ims_queue), .name = "lent",
		.command = command,         .context = r,
		.entries = r->entries,      .nr_slots = NR,
		.address_bits = 64,         .flags = MIRQ_IMS_QUEUE_ENABLES,
	};
	assert_int_equal(mirq_ims_queue_init(&r->queue, &kind, NULL), MIRQ_OK);
	r->lent = fake_ims_attach(&r->f, kind, &r->queue, NR);
}

static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	rig_stores(r);
	r->irqs[0] = mock_alloc_on(r->msix, 2, 1);
	assert_int_equal(fake_ims_alloc(r->slots, 0, 2, 1, NULL, &r->irqs[1]), MIRQ_OK);
	assert_int_equal(fake_ims_alloc(r->lent, 0, 2, 1, NULL, &r->irqs[2]), MIRQ_OK);
	for (uint32_t k = 0; k < 3; k++)
		mock_request(r->irqs[k], &r->f.a[2 * k]);
}

static void fire(struct rig *r, uint32_t k, uint32_t i)
{
	const uint32_t *w = &r->f.words[4 * i];

	if (k == 0)
		mock_raise(r->msix, i);
	else if (k == 1 && !(w[3] & 1))
		fake_ims_send(&r->f, (uint64_t)w[1] << 32 | w[0], w[2]);
	else if (k == 2 && r->is_on[i])
		fake_ims_send(&r->f, r->told[i].address, r->told[i].data);
	(void)mock_deliver(r->f.mock);
}

/* Every slot of stores @k_first.. reaches its own handler, once. */
static void check_all(struct rig *r, uint32_t k_first)
{
	uint64_t before[6];

	for (uint32_t j = 2 * k_first; j < 6; j++) {
		for (uint32_t n = 0; n < 6; n++)
			before[n] = r->f.a[n].nr;
		fire(r, j / 2, j % 2);
		for (uint32_t n = 0; n < 6; n++)
			assert_int_equal(r->f.a[n].nr, before[n] + (n == j));
	}
}

static void stores__of_one_device__live_side_by_side(void **state)
{
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		rig_new(&r, has_table);
		check_all(&r, 0);
		for (uint32_t k = 0; k < 3; k++) {
			/* The queue has no drain: without a table that is the last move. */
			assert_int_equal(fake_ims_move(r.irqs[k], 2 + k % 2), MIRQ_OK);
			check_all(&r, 0);
		}
		assert_int_equal(fake_ims_quarantined(&r.f), has_table ? 0 : 2);
		/* One store goes, with what is requested in it. */
		assert_int_equal(mirq_store_detach(r.msix->store), MIRQ_OK);
		check_all(&r, 1);
		assert_int_equal(mirq_store_detach(r.slots), MIRQ_OK);
		check_all(&r, 2);
		fake_ims_free(&r.f);
	}
}

/* The registers of the array do not answer any more: the queue is told, and works. */
static void stores__one_fails__the_others_go_on(void **state)
{
	struct mirq_irqs more;
	struct rig r;

	(void)state;
	rig_new(&r, 1);
	r.f.is_gone = 1;
	assert_int_equal(fake_ims_alloc(r.slots, 2, 1, 3, NULL, &more), MIRQ_OK);
	assert_int_equal(mock_request_try(more, &r.f.a[6], 0, NULL), MIRQ_EIO);
	assert_int_equal(fake_ims_alloc(r.lent, 2, 1, 3, NULL, &more), MIRQ_OK);
	mock_request(more, &r.f.a[7]);
	fire(&r, 2, 2);
	assert_int_equal(r.f.a[7].nr, 1);
	r.f.is_gone = 0;
	check_all(&r, 0);
	fake_ims_free(&r.f);
}

/* Device-specific stores are refused below what does not carry them, the others are not. */
static void stores__below_a_way_that_carries_the_bus_only(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_store *store = NULL;
	struct mock_remapper *table;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	table = mock_table_new(r.f.mock, "bus-only", 16);
	table->init.carries &= ~(uint32_t)MIRQ_CARRIES_DEVICE_STORES;
	assert_int_equal(mock_remapper_attach(table), MIRQ_OK);
	r.f.dev = mock_device(r.f.mock, "dev2", table->domain);
	assert_int_equal(mirq_ims_array_init(&r.array, &kind, NULL), MIRQ_OK);
	assert_int_equal(fake_ims_try(&r.f, kind, &r.array, NR, &store), MIRQ_ENOTSUP);
	mock_why(&r.f.mock->why, 5, "rule 5", NULL);
	mock_store_attach(mock_store(r.f.mock, MOCK_MSIX, "msix2", NR), r.f.dev);
	fake_ims_free(&r.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores__of_one_device__live_side_by_side),
		cmocka_unit_test(stores__one_fails__the_others_go_on),
		cmocka_unit_test(stores__below_a_way_that_carries_the_bus_only),
	};

	return cmocka_run_group_tests_name("ims_together", tests, NULL, NULL);
}
