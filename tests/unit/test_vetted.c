/* SPDX-License-Identifier: MIT */
/*
 * test_vetted.c - one device with four stores at the same time: MSI-X for itself, and the vetted
 * stores of three sorts: slots in its memory with a PASID each (mirq/idxd.h), event queues that it
 * is told about by commands (mirq/mlx5.h), firmware that makes 32 events of one message
 * (mirq/ath11k.h); with a table above them and without, in a guest and not. No such device exists;
 * that the stores neither know of nor disturb each other is what is shown (docs/design.md 1).
 *
 * Breaks of the stores that were tried, each found here: PASID, event queue or first event of the
 * neighbour; the words of a message of the neighbour; one store's failure answered by another. Of
 * the core: detach of a store that takes others along; rule 6 for no store.
 */
#include <mirq/ath11k.h>
#include <mirq/idxd.h>
#include <mirq/mlx5.h>

#include "fake_ims.h"

#define FIRST 0x200 /* of the slots in memory */
#define NR 4        /* event queues */

enum kind {
	MSIX,
	SLOTS,
	EQS,
	WIFI,
	NR_KINDS
};

struct rig {
	struct fake_ims f; /* first */
	struct mirq_idxd idxd;
	struct mirq_mlx5 mlx5;
	struct mirq_ath11k ath11k;
	struct mirq_ims_queue_entry entries[NR];
	struct mock_store *msix;
	struct mirq_store *stores[NR_KINDS];
	struct mirq_irqs irqs[NR_KINDS]; /* two each, of WIFI all; actions 2 k and 2 k + 1 */
	struct mock_action wifi[32];
	/* What the device knows. */
	struct mirq_msg eqs[NR], users[MIRQ_ATH11K_NR_USERS];
	uint32_t eq_of[NR], is_on[NR];
	int is_mute; /* commands are not answered */
};

static enum mirq_err exec(void *context, const unsigned char *in, unsigned char *out)
{
	struct rig *r = context;
	uint32_t i = in[15], modifier = in[7];

	if (r->is_mute)
		return MIRQ_EIO;
	memset(out, 0, MIRQ_MLX5_OUT_BYTES);
	if (modifier == 1)
		r->eq_of[i] = (uint32_t)in[10] << 8 | in[11];
	r->is_on[i] = modifier == 3 || (modifier == 2 && r->is_on[i]);
	if (modifier != 2)
		return MIRQ_OK;
	r->eqs[i] = (struct mirq_msg){ 0, 0 };
	for (uint32_t b = 0; b < 8; b++)
		r->eqs[i].address = r->eqs[i].address << 8 | in[16 + b];
	for (uint32_t b = 0; b < 4; b++)
		r->eqs[i].data = r->eqs[i].data << 8 | in[24 + b];
	return MIRQ_OK;
}

static enum mirq_err drain(void *context)
{
	(void)context;
	return MIRQ_OK;
}

static enum mirq_err tell(void *context, enum mirq_ath11k_user user, uint64_t address,
			  uint32_t data, uint32_t nr_events)
{
	struct rig *r = context;

	(void)nr_events;
	r->users[user] = (struct mirq_msg){ address, data };
	return MIRQ_OK;
}

static void rig_describe(struct rig *r)
{
	r->f.words[0x10 / 4] = UINT32_C(1) << 25;
	r->f.words[0x64 / 4] = UINT32_C(2) << 16;
	r->idxd = (struct mirq_idxd){ MIRQ_SIZED(mirq_idxd),
				      .regs = fake_ims_regs(&r->f, 4 * FAKE_WORDS) };
	r->mlx5 = (struct mirq_mlx5){
		MIRQ_SIZED(mirq_mlx5), .exec = exec,   .drain = drain,  .context = r,
		.entries = r->entries, .nr_slots = NR, .opcode = 0x801,
	};
	r->ath11k = (struct mirq_ath11k){ MIRQ_SIZED(mirq_ath11k), .nr_events = 32, .tell = tell,
					  .drain = drain, .context = r };
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	r->msix = mock_store(r->f.mock, MOCK_MSIX, "msix", 4);
	mock_store_attach(r->msix, r->f.dev);
	r->stores[MSIX] = r->msix->store;
	assert_int_equal(mirq_idxd_init(&r->idxd, &kind, NULL), MIRQ_OK);
	r->stores[SLOTS] = fake_ims_attach(&r->f, kind, &r->idxd, r->idxd.nr_slots);
	assert_int_equal(mirq_mlx5_init(&r->mlx5, &kind, NULL), MIRQ_OK);
	r->stores[EQS] = fake_ims_attach(&r->f, kind, &r->mlx5.queue, NR);
	assert_int_equal(mirq_ath11k_init(&r->ath11k, &kind, NULL), MIRQ_OK);
	r->stores[WIFI] = fake_ims_attach(&r->f, kind, &r->ath11k.firmware, r->ath11k.nr_slots);
}

static void rig_new(struct rig *r, int has_table)
{
	static const uint64_t pasids[] = { 0x11111, 0x22222 };
	const uint64_t eqs[] = { mirq_mlx5_cookie(0x301, 7), mirq_mlx5_cookie(0x302, 8) };
	struct mirq_irq_want all = { MIRQ_SIZED(mirq_irq_want), .nr = 32,
				     .cpus = mirq_cpus_one(1) };

	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	rig_describe(r);
	rig_attach(r);
	r->irqs[MSIX] = mock_alloc_on(r->msix, 2, 1);
	assert_int_equal(fake_ims_alloc(r->stores[SLOTS], 254, 2, 1, pasids, &r->irqs[SLOTS]),
			 MIRQ_OK);
	assert_int_equal(fake_ims_alloc(r->stores[EQS], 1, 2, 1, eqs, &r->irqs[EQS]), MIRQ_OK);
	assert_int_equal(mirq_irq_alloc(r->stores[WIFI], &all, &r->irqs[WIFI]), MIRQ_OK);
	for (uint32_t i = 0; i < 32; i++)
		r->wifi[i].mock = r->f.mock;
	for (uint32_t k = 0; k < WIFI; k++)
		mock_request(r->irqs[k], &r->f.a[2 * k]);
	mock_request(r->irqs[WIFI], r->wifi);
}

/* Work with PASID 0x11111 or 0x22222, an event of event queue 0x301 or 0x302, source 4 or 5 of the
 * copy engines: events 7 and 8. */
static void fire(struct rig *r, uint32_t k, uint32_t i)
{
	const uint32_t *w = &r->f.words[(FIRST + 16 * (254 + i)) / 4];

	if (k == MSIX)
		mock_raise(r->msix, i);
	else if (k == SLOTS && w[3] == (0x11111u * (1 + i) << 12 | 8))
		fake_ims_send(&r->f, (uint64_t)w[1] << 32 | w[0], w[2]);
	else if (k == EQS && r->is_on[1 + i] && r->eq_of[1 + i] == 0x301 + i)
		fake_ims_send(&r->f, r->eqs[1 + i].address, r->eqs[1 + i].data);
	else if (k == WIFI)
		fake_ims_send(&r->f, r->users[MIRQ_ATH11K_CE].address,
			      r->users[MIRQ_ATH11K_CE].data + 4 + i);
	(void)mock_deliver(r->f.mock);
}

static uint64_t count(const struct rig *r, uint32_t j)
{
	return j < 2 * WIFI ? r->f.a[j].nr : r->wifi[7 + j % 2].nr;
}

/* Two sources of each store from @first on: each reaches its own handler, once. */
static void check_all(struct rig *r, uint32_t first)
{
	uint64_t before[2 * NR_KINDS];

	for (uint32_t j = 2 * first; j < 2 * NR_KINDS; j++) {
		for (uint32_t n = 0; n < 2 * NR_KINDS; n++)
			before[n] = count(r, n);
		fire(r, j / 2, j % 2);
		for (uint32_t n = 0; n < 2 * NR_KINDS; n++)
			assert_int_equal(count(r, n), before[n] + (n == j));
	}
}

static void stores__of_four_sorts__all_deliver(void **state)
{
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		rig_new(&r, has_table);
		check_all(&r, 0);
		for (uint32_t k = 0; k < NR_KINDS; k++) {
			enum mirq_err wanted = k == WIFI && !has_table ? MIRQ_ENOTSUP : MIRQ_OK;

			assert_int_equal(fake_ims_move(r.irqs[k], 2 + k % 2), wanted);
			check_all(&r, 0);
		}
		/* One goes after the other, with what is requested in it. */
		for (uint32_t k = 0; k < NR_KINDS; k++) {
			check_all(&r, k);
			assert_int_equal(mirq_store_detach(r.stores[k]), MIRQ_OK);
		}
		assert_int_equal(r.f.words[(FIRST + 16 * 254 + 12) / 4], 1);
		assert_int_equal(r.f.words[(FIRST + 16 * 255 + 12) / 4], 1);
		fake_ims_free(&r.f);
	}
}

/* Registers that do not answer are nothing to commands, and the other way round. */
static void stores__one_fails__the_others_go_on(void **state)
{
	static const uint64_t pasid = 0x333;
	struct mirq_irqs more;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	r.f.is_gone = 1;
	assert_int_equal(fake_ims_move(r.irqs[SLOTS], 2), MIRQ_EIO);
	assert_int_equal(fake_ims_move(r.irqs[EQS], 2), MIRQ_OK);
	assert_int_equal(fake_ims_move(r.irqs[MSIX], 2), MIRQ_OK);
	r.f.is_gone = 0;
	assert_int_equal(fake_ims_move(r.irqs[SLOTS], 2), MIRQ_OK);
	r.is_mute = 1;
	assert_int_equal(fake_ims_move(r.irqs[EQS], 3), MIRQ_EIO);
	assert_int_equal(fake_ims_move(r.irqs[SLOTS], 3), MIRQ_OK);
	assert_int_equal(fake_ims_alloc(r.stores[SLOTS], 0, 1, 3, &pasid, &more), MIRQ_OK);
	mock_request(more, &r.f.a[7]);
	r.is_mute = 0;
	check_all(&r, 0);
	assert_int_equal(fake_ims_move(r.irqs[EQS], 3), MIRQ_OK);
	check_all(&r, 0);
	fake_ims_free(&r.f);
}

/* Rule 6: in a guest without a remapper of its own MSI-X works and none of the others is to be had;
 * mirq_store_supported() says so before anything is tried. */
static void stores__in_a_guest__need_a_way_that_is_real(void **state)
{
	const struct mirq_store_template *kinds[NR_KINDS] = { NULL };
	struct mirq_store *store = NULL;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		enum mirq_err wanted = has_table ? MIRQ_OK : MIRQ_EGUEST;

		memset(&r, 0, sizeof(r));
		fake_ims_new_guest(&r.f, has_table);
		rig_describe(&r);
		assert_int_equal(mirq_idxd_init(&r.idxd, &kinds[SLOTS], NULL), MIRQ_OK);
		assert_int_equal(mirq_mlx5_init(&r.mlx5, &kinds[EQS], NULL), MIRQ_OK);
		assert_int_equal(mirq_ath11k_init(&r.ath11k, &kinds[WIFI], NULL), MIRQ_OK);
		r.msix = mock_store(r.f.mock, MOCK_MSIX, "msix", 4);
		mock_store_attach(r.msix, r.f.dev);
		for (uint32_t k = SLOTS; k < NR_KINDS; k++) {
			struct mirq_why why = { 0 };

			assert_int_equal(mirq_store_supported(r.f.dev, kinds[k], &why), wanted);
			if (!has_table)
				mock_why(&why, 6, "rule 6", NULL);
		}
		assert_int_equal(fake_ims_try(&r.f, kinds[SLOTS], &r.idxd, 256, &store), wanted);
		fake_ims_free(&r.f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores__of_four_sorts__all_deliver),
		cmocka_unit_test(stores__one_fails__the_others_go_on),
		cmocka_unit_test(stores__in_a_guest__need_a_way_that_is_real),
	};

	return cmocka_run_group_tests_name("vetted", tests, NULL, NULL);
}
