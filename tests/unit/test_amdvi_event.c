/* SPDX-License-Identifier: MIT */
/*
 * test_amdvi_event.c - an AMD IOMMU's own interrupt (mirq/amdvi_event.h) on a unit with a decode of
 * its own: control at 0018h (0: the unit is on, 3, 4, 14, 29: interrupts of event log, completion
 * wait, PPR and GA log), message at 015Ch, 0160h, 0164h, status at 2020h (1, 2, 6, 10, the same
 * order), which is set by an entry and cleared by writing it. A message goes out when status and
 * enable of a log come together. The unit is a table for its devices at the same time.
 *
 * Breaks of the store that were tried, each found here: each offset; each log's bit; other bits of
 * the control register written; the interrupt let through by logs that were not named; address high
 * left out; not a store of the bus; each check of the description.
 */
#include <mirq/amdvi_event.h>

#include "fake_ims.h"

#define CONTROL (0x18 / 4)
#define ON UINT32_C(0x00003005) /* the unit's other bits: on, logs on, command buffer on */

static const struct {
	uint32_t enable, status;
} logs[] = {
	{ 1u << 3, 1u << 1 }, { 1u << 4, 1u << 2 }, { 1u << 14, 1u << 6 }, { 1u << 29, 1u << 10 }
};

struct rig {
	struct fake_ims f; /* first: the decode finds the rig by it */
	struct mirq_amdvi_event event;
	struct mirq_store *store;
	uint32_t status, nr_foreign, nr_torn;
};

static void unit_send(struct rig *r)
{
	const uint32_t *w = r->f.words;

	fake_ims_send(&r->f, (uint64_t)w[0x160 / 4] << 32 | w[0x15c / 4], w[0x164 / 4]);
}

/* An entry comes into log @i. */
static void unit_log(struct rig *r, uint32_t i)
{
	uint32_t is_new = !(r->status & logs[i].status);

	r->status |= logs[i].status;
	if (is_new && (r->f.words[CONTROL] & logs[i].enable))
		unit_send(r);
}

static void unit_decode(struct fake_ims *f, uint32_t offset, uint32_t value)
{
	struct rig *r = (struct rig *)(void *)f;
	uint32_t before = f->words[offset / 4], due = 0;

	if (offset / 4 == CONTROL) {
		f->words[CONTROL] = value;
		for (uint32_t i = 0; i < MOCK_NR(logs); i++)
			due |= (value & ~before & logs[i].enable) && (r->status & logs[i].status);
		if (due)
			unit_send(r);
	} else if (offset >= 0x15c && offset < 0x168) {
		for (uint32_t i = 0; i < MOCK_NR(logs); i++)
			r->nr_torn += f->words[CONTROL] & logs[i].enable && before != value;
		f->words[offset / 4] = value;
	} else {
		r->nr_foreign++;
	}
}

static void rig_new(struct rig *r, int has_table)
{
	memset(r, 0, sizeof(*r));
	fake_ims_new(&r->f, has_table);
	/* The unit's event has the root for its parent, also where the unit is a table. */
	r->f.way = NULL;
	r->f.dev = mock_device(r->f.mock, "unit", NULL);
	r->f.write = unit_decode;
	r->f.words[CONTROL] = ON | logs[0].enable | logs[3].enable; /* left on by firmware */
	r->event = (struct mirq_amdvi_event){
		MIRQ_SIZED(mirq_amdvi_event),
		.regs = fake_ims_regs(&r->f, 4 * FAKE_WORDS),
		.logs = MIRQ_AMDVI_EVENT_LOG | MIRQ_AMDVI_PPR_LOG | MIRQ_AMDVI_GA_LOG,
	};
}

static void rig_attach(struct rig *r)
{
	const struct mirq_store_template *kind = NULL;

	assert_int_equal(mirq_amdvi_event_init(&r->event, &kind, &r->f.mock->why), MIRQ_OK);
	r->store = fake_ims_attach(&r->f, kind, &r->event.registers, 1);
}

static struct mirq_irqs rig_alloc(struct rig *r, uint32_t cpu)
{
	struct mirq_irqs irqs = { NULL, { 0, 0 } };

	assert_int_equal(fake_ims_alloc(r->store, 0, 1, cpu, NULL, &irqs), MIRQ_OK);
	return irqs;
}

static void check_fires(struct rig *r, uint32_t i)
{
	uint64_t before = r->f.a[0].nr;

	unit_log(r, i);
	(void)mock_deliver(r->f.mock);
	assert_int_equal(r->f.a[0].nr, before + 1);
	r->status = 0;
}

static void rig_free(struct rig *r)
{
	assert_int_equal(r->nr_foreign, 0);
	assert_int_equal(r->nr_torn, 0);
	fake_ims_free(&r->f);
}

/* Golden words; a table stands above devices, and the event does not go through it. */
static void life__below_the_root__in_order(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	for (int has_table = 0; has_table < 2; has_table++) {
		rig_new(&r, has_table);
		rig_attach(&r);
		fake_ims_expect(&r.f, "R018 W018=3005 R018 ");
		irqs = rig_alloc(&r, 1);
		fake_ims_expect(&r.f, "");
		mock_request(irqs, r.f.a);
		fake_ims_expect(&r.f, "W15c=10001100 W160=0 W164=23 R018 R018 W018=2000700d ");
		check_fires(&r, 0);
		check_fires(&r, 2);
		check_fires(&r, 3);
		assert_int_equal(fake_ims_move(irqs, 2), MIRQ_OK);
		fake_ims_expect(&r.f, "R018 W018=3005 W15c=10001200 W160=0 W164=23 "
				      "R018 W018=2000700d R018 ");
		check_fires(&r, 2);
		fake_ims_release(irqs);
		fake_ims_expect(&r.f, "R018 W018=3005 R018 ");
		unit_log(&r, 0);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		rig_free(&r);
	}
}

/* Each log by itself; the others do not raise anything. */
static void logs__named_ones_only(void **state)
{
	static const uint32_t bits[] = { MIRQ_AMDVI_EVENT_LOG, MIRQ_AMDVI_COMPLETION_WAIT,
					 MIRQ_AMDVI_PPR_LOG, MIRQ_AMDVI_GA_LOG };
	struct rig r;

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(bits); i++) {
		rig_new(&r, 0);
		r.f.words[CONTROL] = ON;
		r.event.logs = bits[i];
		rig_attach(&r);
		mock_request(rig_alloc(&r, 1), r.f.a);
		for (uint32_t n = 0; n < MOCK_NR(logs); n++) {
			uint64_t sent = r.f.nr_sent;

			if (n == i)
				check_fires(&r, n);
			else
				unit_log(&r, n);
			assert_int_equal(r.f.nr_sent, sent + (n == i));
			r.status = 0;
		}
		assert_int_equal(r.f.words[CONTROL], ON | bits[i]);
		rig_free(&r);
	}
}

/* An entry while masked is told when the enable comes back. */
static void move__log_fills_meanwhile__is_told(void **state)
{
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	rig_attach(&r);
	irqs = rig_alloc(&r, 1);
	unit_log(&r, 0); /* before there is a handler */
	assert_int_equal(r.f.nr_sent, 0);
	mock_request(irqs, r.f.a);
	(void)mock_deliver(r.f.mock);
	assert_int_equal(r.f.a[0].nr, 1);
	rig_free(&r);
}

/* Carried where device-specific stores are not, and in a guest: the unit is emulated whole. */
static void kind__is_one_of_the_bus(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_amdvi_event_init(&r.event, &kind, NULL), MIRQ_OK);
	assert_true(kind->traits & MIRQ_STORE_OF_BUS);
	assert_true(kind->traits & MIRQ_STORE_VETTED);
	assert_true(kind->traits & MIRQ_STORE_RESETS_MASKED);
	assert_int_equal(kind->masking, MIRQ_MASKS_SLOT);
	assert_int_equal(kind->address_bits, 64);
	rig_free(&r);
}

static void unit__is_gone__is_told(void **state)
{
	const struct mirq_store_template *kind = NULL;
	struct mirq_irqs irqs;
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	assert_int_equal(mirq_amdvi_event_init(&r.event, &kind, NULL), MIRQ_OK);
	r.f.is_gone = 1;
	assert_int_equal(fake_ims_try(&r.f, kind, &r.event.registers, 1, &r.store), MIRQ_EIO);
	r.f.is_gone = 0;
	rig_attach(&r);
	irqs = rig_alloc(&r, 1);
	mock_request(irqs, r.f.a);
	r.f.is_gone = 1;
	assert_int_equal(fake_ims_move(irqs, 2), MIRQ_EIO);
	r.f.is_gone = 0;
	check_fires(&r, 0);
	rig_free(&r);
}

static void init__description_contradicts_itself__is_refused(void **state)
{
	static const char *const parts[] = { "unknown size", ".logs", ".logs", "inside" };
	const struct mirq_store_template *kind = NULL;
	struct mirq_why why = { 0 };
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	for (uint32_t i = 0; i < MOCK_NR(parts); i++) {
		struct mirq_amdvi_event bad = r.event;

		bad.size_bytes += i == 0;
		bad.logs = i == 1 ? 0 : i == 2 ? bad.logs | 1 : bad.logs;
		bad.regs.limit_bytes = i == 3 ? 0x167 : bad.regs.limit_bytes;
		assert_int_equal(mirq_amdvi_event_init(&bad, &kind, NULL), MIRQ_EINVAL);
		assert_int_equal(mirq_amdvi_event_init(&bad, &kind, &why), MIRQ_EINVAL);
		mock_why(&why, 0, parts[i], "AMDVI-EVENT");
		assert_null(kind);
	}
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life__below_the_root__in_order),
		cmocka_unit_test(logs__named_ones_only),
		cmocka_unit_test(move__log_fills_meanwhile__is_told),
		cmocka_unit_test(kind__is_one_of_the_bus),
		cmocka_unit_test(unit__is_gone__is_told),
		cmocka_unit_test(init__description_contradicts_itself__is_refused),
	};

	return cmocka_run_group_tests_name("amdvi_event", tests, NULL, NULL);
}
