/* SPDX-License-Identifier: MIT */
/*
 * Questions about a system (mirq/inspect.h): walks, hops, numbers, the dump as it reads, the order
 * of trace events; and mirq_check(), which must find every inconsistency that is planted by hand in
 * the core's private structures.
 */
#include "mock.h"

#include <stdlib.h>

#include "core/core.h"

/*
 *   root <- table <- shim <- nic (msix 8, msi 4)
 *   root <- uart (plain 2)
 */
struct fixture {
	struct mock *m;
	struct mock_remapper *table, *shim;
	struct mirq_device *nic, *uart;
	struct mock_store *msix, *msi, *plain;
	struct mock_action actions[8];
};

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->m = mock_new();
	mock_start(f->m, 2);
	f->table = mock_table(f->m);
	f->shim = mock_shim_new(f->m, "shim");
	f->shim->init.parent = f->table->domain;
	assert_int_equal(mock_remapper_attach(f->shim), MIRQ_OK);
	f->nic = mock_device(f->m, "nic", f->shim->domain);
	f->uart = mock_device(f->m, "uart", NULL);
	f->msix = mock_store(f->m, MOCK_MSIX, "msix", 8);
	f->msi = mock_store(f->m, MOCK_MSI, "msi", 4);
	f->plain = mock_store(f->m, MOCK_PLAIN, "plain", 2);
	mock_store_attach(f->msix, f->nic);
	mock_store_attach(f->msi, f->nic);
	mock_store_attach(f->plain, f->uart);
	for (uint32_t i = 0; i < MOCK_NR(f->actions); i++)
		f->actions[i].mock = f->m;
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

/* ---- walks ---- */

static void walk__domains__parents_before_children(void **state)
{
	struct fixture *f = *state;
	struct mirq_domain *d = mirq_domain_next(f->m->m, NULL);
	struct mirq_domain_info info;

	assert_ptr_equal(d, f->m->root.domain);
	mirq_domain_inspect(d, &info);
	assert_string_equal(info.name, "root");
	assert_int_equal(info.role, MIRQ_ROLE_ROOT);
	assert_null(info.parent);
	assert_int_equal(info.nr_entries, 192);
	d = mirq_domain_next(f->m->m, d);
	mirq_domain_inspect(d, &info);
	assert_string_equal(info.name, "table");
	assert_int_equal(info.role, MIRQ_ROLE_REMAPPER);
	assert_int_equal(info.nr_entries, 256);
	assert_ptr_equal(info.parent, f->m->root.domain);
	d = mirq_domain_next(f->m->m, d);
	assert_ptr_equal(d, f->shim->domain);
	mirq_domain_inspect(d, &info);
	assert_ptr_equal(info.parent, f->table->domain);
	assert_int_equal(info.nr_entries, 0);
	assert_null(mirq_domain_next(f->m->m, d));
}

static void walk__devices_and_stores__in_order_of_attachment(void **state)
{
	struct fixture *f = *state;
	struct mirq_device *dev = mirq_device_next(f->m->m, NULL);
	struct mirq_store *store = mirq_store_next(dev, NULL);
	struct mirq_domain_info info;

	assert_ptr_equal(dev, f->nic);
	assert_string_equal(mirq_device_name(dev), "nic");
	assert_ptr_equal(mirq_device_system(dev), f->m->m);
	assert_true(mirq_device_is_isolated(dev));
	assert_ptr_equal(store, f->msix->store);
	mirq_domain_inspect(mirq_store_domain(store), &info);
	assert_string_equal(info.name, "msix");
	assert_int_equal(info.role, MIRQ_ROLE_STORE);
	assert_ptr_equal(info.device, f->nic);
	assert_ptr_equal(info.parent, f->shim->domain);
	assert_int_equal(info.nr_entries, 8);
	store = mirq_store_next(dev, store);
	assert_ptr_equal(store, f->msi->store);
	assert_null(mirq_store_next(dev, store));
	dev = mirq_device_next(f->m->m, dev);
	assert_ptr_equal(dev, f->uart);
	assert_false(mirq_device_is_isolated(dev));
	assert_null(mirq_device_next(f->m->m, dev));
}

static void walk__interrupts__by_index_with_allocation_between(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs rest = mirq_store_irqs(f->msix->store), one;

	assert_int_equal(mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL), MIRQ_ENOENT);
	(void)mock_alloc_want(f->msix, (struct mirq_irq_want){ .at = { 6, 7 } });
	(void)mock_alloc_want(f->msix, (struct mirq_irq_want){ .at = { 2, 3 } });
	rest = mirq_store_irqs(f->msix->store);
	assert_int_equal(mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL), MIRQ_OK);
	assert_int_equal(one.slots.first, 2);
	assert_int_equal(mirq_irq_count(one), 1);
	/* What is freed is skipped, what is new behind the walk is found. */
	assert_int_equal(mirq_irq_free((struct mirq_irqs){ f->msix->store, { 6, 7 } }), MIRQ_OK);
	(void)mock_alloc_want(f->msix, (struct mirq_irq_want){ .nr = 2, .at = { 4, 6 } });
	(void)mock_alloc_want(f->msix, (struct mirq_irq_want){ .at = { 1, 2 } });
	assert_int_equal(mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL), MIRQ_OK);
	assert_int_equal(one.slots.first, 4);
	assert_int_equal(mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL), MIRQ_OK);
	assert_int_equal(one.slots.first, 5);
	assert_int_equal(mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL), MIRQ_ENOENT);
	rest.slots = (struct mirq_range){ 0, 2 };
	assert_int_equal(mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL), MIRQ_OK);
	assert_int_equal(one.slots.first, 1);
	assert_int_equal(mirq_irq_next(&rest, MIRQ_IRQS_ALL, &one, NULL), MIRQ_ENOENT);
}

/* ---- one interrupt ---- */

static void inspect__interrupt__everything_of_it(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs irqs = mock_alloc_on(f->msix, 2, 1), one = mirq_irq_at(irqs, 1);
	struct mirq_irqs none = { f->msix->store, { 5, 6 } };
	struct mirq_irq_info info;

	assert_int_equal(mirq_irq_inspect(none, &info), MIRQ_ENOENT);
	assert_int_equal(mirq_irq_inspect(one, &info), MIRQ_OK);
	assert_string_equal(info.state_text, "reserved");
	assert_int_equal(info.msg.address, 0);
	mock_request(one, f->actions);
	mock_fire(f->msix, 1);
	mock_fire(f->msix, 1);
	assert_int_equal(mirq_irq_inspect(one, &info), MIRQ_OK);
	assert_int_equal(info.index, 1);
	assert_int_equal(info.number, mirq_irq_number(one));
	assert_string_equal(info.state_text, "enabled");
	assert_string_equal(info.device, "nic");
	assert_string_equal(info.store, "msix");
	assert_int_equal(info.route.cpu, 1);
	assert_int_equal(info.route.hw_target, MOCK_HW_TARGET + 1);
	assert_int_equal(info.msg.address, 0x20001000);
	assert_int_equal(info.nr_handled, 2);
	mirq_irq_disable(one);
	assert_int_equal(mirq_irq_inspect(one, &info), MIRQ_OK);
	assert_string_equal(info.state_text, "disabled");
}

/* Slot -> shim -> table -> root: what it holds in each, and what arrives there. */
static void inspect__hops__from_the_store_to_the_root(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs one = mock_alloc_want(
		f->msix, (struct mirq_irq_want){ .at = { 3, 4 }, .cpus = mirq_cpus_one(1) });
	struct mirq_hop_info hop;

	mock_request(one, f->actions);
	assert_int_equal(mirq_irq_inspect_hop(one, 0, &hop), MIRQ_OK);
	assert_string_equal(hop.domain, "msix");
	assert_int_equal(hop.role, MIRQ_ROLE_STORE);
	assert_int_equal(hop.hwirq, 3);
	assert_int_equal(hop.msg.address, 0x20001000);
	assert_int_equal(mirq_irq_inspect_hop(one, 1, &hop), MIRQ_OK);
	assert_string_equal(hop.domain, "shim");
	assert_int_equal(hop.role, MIRQ_ROLE_REMAPPER);
	assert_int_equal(hop.msg.address, 0x20001000);
	assert_int_equal(mirq_irq_inspect_hop(one, 2, &hop), MIRQ_OK);
	assert_string_equal(hop.domain, "table");
	assert_int_equal(hop.hwirq, 0);
	assert_int_equal(hop.msg.address, 0x20000000);
	assert_int_equal(hop.msg.data, 0);
	assert_int_equal(mirq_irq_inspect_hop(one, 3, &hop), MIRQ_OK);
	assert_string_equal(hop.domain, "root");
	assert_int_equal(hop.role, MIRQ_ROLE_ROOT);
	assert_int_equal(hop.hwirq, 32);
	assert_int_equal(hop.msg.address, 0);
	assert_int_equal(mirq_irq_inspect_hop(one, 4, &hop), MIRQ_ENOENT);
	one.slots = (struct mirq_range){ 4, 5 };
	assert_int_equal(mirq_irq_inspect_hop(one, 0, &hop), MIRQ_ENOENT);
}

/* irq.h: address and data as the device sends them; slot i of a block sends data | i. */
static void compose__members_of_a_block__as_the_device_sends(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs irqs = mock_alloc(f->msi, 4);
	struct mirq_msg msg;

	for (uint32_t round = 0; round < 2; round++) { /* computed, and as told */
		for (uint32_t i = 0; i < 4; i++) {
			assert_int_equal(mirq_irq_compose(mirq_irq_at(irqs, i), &msg), MIRQ_OK);
			assert_int_equal(msg.address, 0x20001000);
			assert_int_equal(msg.data, i);
		}
		if (!round)
			mock_request(irqs, f->actions);
	}
	mock_fire(f->msi, 3);
	assert_int_equal(f->actions[3].nr, 1);
}

static void numbers__find_and_number__inverse(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs irqs = mock_alloc(f->msix, 5), more = mock_alloc(f->plain, 2), found;

	for (uint32_t i = 0; i < 5; i++) {
		uint32_t number = mirq_irq_number(mirq_irq_at(irqs, i));

		assert_int_equal(number, i + 1);
		assert_int_equal(mirq_irq_find(f->m->m, number, &found), MIRQ_OK);
		assert_ptr_equal(found.store, f->msix->store);
		assert_int_equal(found.slots.first, i);
		assert_int_equal(found.slots.limit, i + 1);
	}
	assert_int_equal(mirq_irq_free(mirq_irq_at(irqs, 1)), MIRQ_OK);
	assert_int_equal(mirq_irq_number(mirq_irq_at(irqs, 1)), 0);
	assert_int_equal(mirq_irq_find(f->m->m, 2, &found), MIRQ_ENOENT);
	assert_int_equal(mirq_irq_find(f->m->m, 0, &found), MIRQ_ENOENT);
	assert_int_equal(mirq_irq_find(f->m->m, UINT32_MAX, &found), MIRQ_ENOENT);
	assert_int_equal(mirq_irq_number(mirq_irq_at(more, 1)), 7);
	(void)mock_alloc(f->msi, 1); /* the lowest free number */
	assert_int_equal(mirq_irq_number(mirq_store_irqs(f->msi->store)), 2);
}

static void inspect__totals_and_cpus__count(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs irqs = mock_alloc_on(f->msix, 2, 1);
	struct mirq_info info;
	struct mirq_cpu_info cpu;
	uint32_t late_id;

	mock_request(irqs, f->actions);
	mock_fire(f->msix, 0);
	mirq_irq_disable(irqs);
	mock_fire(f->msix, 1);
	mirq_hosted_dispatch(&f->m->host, 1, 99); /* nobody's */
	mirq_inspect(f->m->m, &info);
	assert_int_equal(info.nr_irqs, 2);
	assert_int_equal(info.nr_devices, 2);
	assert_int_equal(info.nr_cpus, 2);
	assert_int_equal(info.nr_quarantined, 0);
	assert_int_equal(info.nr_kept, 1);
	assert_int_equal(mirq_cpu_inspect(f->m->m, 2, &cpu), MIRQ_ENOENT);
	assert_int_equal(mirq_cpu_inspect(f->m->m, 1, &cpu), MIRQ_OK);
	assert_int_equal(cpu.hardware_id, MOCK_HW_TARGET + 1);
	assert_int_equal(cpu.is_online, 1);
	assert_int_equal(cpu.nr_ids, 192);
	assert_int_equal(cpu.nr_used, 2);
	assert_int_equal(cpu.nr_dispatched, 3);
	assert_int_equal(cpu.nr_stray, 1);
	assert_int_equal(cpu.nr_late, 0);
	late_id = f->msix->store->domain.m->ids_range.first;
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	mirq_hosted_dispatch(&f->m->host, 1, late_id);
	assert_int_equal(mirq_cpu_inspect(f->m->m, 1, &cpu), MIRQ_OK);
	assert_int_equal(cpu.nr_late, 1);
}

static void fault_next__recorded_by_two_units__each_once(void **state)
{
	struct fixture *f = *state;
	struct mirq_fault fault;
	struct mirq_info info;

	assert_int_equal(mirq_fault_next(f->m->m, &fault), MIRQ_ENOENT);
	f->table->faults[0] = (struct mirq_fault){ .domain = "table", .entry = 7 };
	f->table->faults[1] = (struct mirq_fault){ .domain = "table", .entry = 8 };
	f->shim->faults[0] = (struct mirq_fault){ .domain = "shim" };
	f->table->nr_faults = 2;
	f->shim->nr_faults = 1;
	assert_int_equal(mirq_fault_next(f->m->m, &fault), MIRQ_OK);
	assert_int_equal(fault.entry, 8);
	assert_int_equal(mirq_fault_next(f->m->m, &fault), MIRQ_OK);
	assert_int_equal(fault.entry, 7);
	assert_int_equal(mirq_fault_next(f->m->m, &fault), MIRQ_OK);
	assert_string_equal(fault.domain, "shim");
	assert_int_equal(mirq_fault_next(f->m->m, &fault), MIRQ_ENOENT);
	mirq_inspect(f->m->m, &info);
	assert_int_equal(info.nr_faults, 3);
}

/* ---- texts ---- */

static void log_text(void *context, const char *line)
{
	mock_log(context, "%s", line);
}

static void dump__small_tree__as_it_reads(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs irqs;

	irqs = mock_alloc_want(f->msix,
			       (struct mirq_irq_want){ .at = { 3, 4 }, .cpus = mirq_cpus_one(1) });
	mock_request(irqs, f->actions);
	mock_fire(f->msix, 3);
	(void)mock_alloc_want(f->msix,
			      (struct mirq_irq_want){ .reserve = MIRQ_RESERVE_BEST_EFFORT });
	(void)mock_alloc_on(f->plain, 1, 0);
	mock_log_clear(f->m);
	mirq_dump(f->m->m, log_text, f->m);
	mock_expect(f->m, "root  root  192 ids a CPU, 2 used\n"
			  "  table  remapper  256 entries, 2 used, 1 programmed, 1 flushes\n"
			  "    shim  remapper  0 entries, 0 used\n"
			  "device nic -> shim  isolated\n"
			  "  msix  2 of 8 slots, external\n"
			  "    irq 2: slot 0 -> shim entry 0 -> table entry 1 -> root no id yet"
			  "  reserved  handled 0\n"
			  "    irq 1: slot 3 -> shim entry 0 -> table entry 0 -> root cpu 1 id 0x20"
			  "  enabled  handled 1\n"
			  "  msi  0 of 4 slots, external\n"
			  "device uart -> root  not isolated\n"
			  "  plain  1 of 2 slots, external\n"
			  "    irq 3: slot 0 -> root cpu 0 id 0x20  reserved  handled 0\n");
}

static void err_text__every_error__its_own_text(void **state)
{
	static const struct {
		enum mirq_err err;
		const char *text;
	} rows[] = {
#define MIRQ_ERROR(name, number, text, meaning, remedy) { MIRQ_##name, text },
#include <mirq/errors.def>
#undef MIRQ_ERROR
	};

	(void)state;
	assert_true(MOCK_NR(rows) >= 12);
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		assert_string_equal(mirq_err_text(rows[i].err), rows[i].text);
		for (uint32_t k = 0; k < i; k++) {
			assert_int_not_equal(rows[i].err, rows[k].err);
			assert_string_not_equal(rows[i].text, rows[k].text);
		}
	}
	assert_string_equal(mirq_err_text(MIRQ_OK), "ok");
	assert_string_equal(mirq_err_text((enum mirq_err) - 4711), "unknown error");
	assert_string_equal(mirq_err_text((enum mirq_err)1), "unknown error");
	assert_int_equal(mirq_version(), MIRQ_VERSION);
}

/* ---- trace ---- */

static void log_event(void *context, enum mirq_event event, uint32_t number, uint64_t a, uint64_t b)
{
	static const char *const names[] = { "alloc",  "free",   "route",     "program",
					     "flush",  "write",  "mask",      "unmask",
					     "retire", "resend", "quarantine" };

	mock_log(context, "%s %u %llx %llx", names[event], number, (unsigned long long)a,
		 (unsigned long long)b);
}

/* The life of one interrupt, as docs/design.md lists the events. */
static void trace__one_life__events_in_order(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs irqs;

	mirq_trace_attach(f->m->m, log_event, f->m);
	f->m->is_quiet = 0;
	irqs = mock_alloc_on(f->msix, 1, 0);
	mock_expect_of(f->m, "route", "route 0 0 20\n");
	assert_int_equal(mirq_irq_number(irqs), 1);
	mock_request(irqs, f->actions);
	mock_expect(f->m, "table.program 0>0:32\n"
			  "program 1 1 1\n"
			  "table.flush 0\n"
			  "flush 1 1 1\n"
			  "msix.write 0 20001000/0\n"
			  "write 1 20001000 0\n"
			  "msix.enable 0\n"
			  "msix.flush\n"
			  "msix.unmask_all\n"
			  "msix.unmask 0\n"
			  "unmask 1 0 0\n");
	assert_int_equal(mirq_affinity_set(irqs, mirq_cpus_one(1), NULL), MIRQ_OK);
	mock_expect(f->m, "route 1 1 20\n"
			  "table.program 0>1:32\n"
			  "program 1 1 1\n"
			  "table.flush 0\n"
			  "flush 1 1 1\n");
	assert_int_equal(mock_deliver(f->m), 0);
	mock_expect(f->m, "retire 0 0 20\n");
	assert_int_equal(mirq_irq_resend(irqs), MIRQ_OK);
	mock_expect(f->m, "resend 1 1 20\nroot.resend 1:32\n");
	assert_int_equal(mock_deliver(f->m), 1);
	mock_log_clear(f->m);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	mock_expect(f->m, "msix.mask_all\n"
			  "msix.mask 0\n"
			  "mask 1 0 0\n"
			  "msix.disable\n"
			  "msix.flush\n"
			  "table.clear 0\n"
			  "table.flush 0\n"
			  "flush 1 1 1\n"
			  "table.free 0\n"
			  "free 1 0 0\n");
	assert_int_equal(mock_deliver(f->m), 0);
	mock_expect(f->m, "retire 0 1 20\n");
	mirq_trace_attach(f->m->m, NULL, NULL);
	irqs = mock_alloc(f->plain, 1);
	mock_expect(f->m, "");
}

/* ---- mirq_check() ---- */

struct plant {
	const char *part; /* of what must be said */
	void (*do_it)(struct fixture *f, struct mirq_irq *irq);
	void (*undo)(struct fixture *f, struct mirq_irq *irq);
};

static void swap_index(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->index ^= 1;
}

static void swap_number(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->number ^= 3;
}

static void toggle_run(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->state ^= MIRQI_RUN;
}

static void toggle_move(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->state ^= MIRQI_MOVE;
}

static void toggle_active(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->state ^= MIRQI_ACTIVE;
}

static void toggle_requested(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->state ^= MIRQI_REQUESTED;
}

static void toggle_kept(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->state ^= MIRQI_KEPT;
}

static void toggle_has_id(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->flags ^= MIRQI_IRQ_HAS_ID;
}

static void toggle_route_kind(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->route.kind ^= MIRQ_ROUTE_FIXED;
}

static void toggle_target(struct fixture *f, struct mirq_irq *irq)
{
	(void)f;
	irq->route.hw_target ^= 0x100;
}

static void swap_cell(struct fixture *f, struct mirq_irq *irq)
{
	_Atomic(struct mirq_irq *) *cell = mirqi_cell(irq->store->root, irq->route.cpu,
						      irq->route.id);

	atomic_store(cell, atomic_load(cell) == irq ? f->m->m->tomb : irq);
}

static void toggle_slots_used(struct fixture *f, struct mirq_irq *irq)
{
	(void)irq;
	f->msix->store->slots.nr_used ^= 8;
}

static void toggle_domain_used(struct fixture *f, struct mirq_irq *irq)
{
	(void)irq;
	f->msix->store->domain.nr_used ^= 8;
}

static void toggle_nr_active(struct fixture *f, struct mirq_irq *irq)
{
	(void)irq;
	f->msix->store->nr_active ^= 8;
}

static void toggle_enabled(struct fixture *f, struct mirq_irq *irq)
{
	(void)irq;
	f->msix->store->is_enabled ^= 1;
}

static void toggle_nr_irqs(struct fixture *f, struct mirq_irq *irq)
{
	(void)irq;
	f->m->m->nr_irqs ^= 8;
}

static void toggle_numbers(struct fixture *f, struct mirq_irq *irq)
{
	(void)irq;
	f->m->m->numbers.nr_used ^= 8;
}

static void toggle_section(struct fixture *f, struct mirq_irq *irq)
{
	(void)irq;
	f->m->m->cpus[1].section ^= 1;
}

/* A cell that points to an interrupt although its id was never taken. */
static void toggle_stray_cell(struct fixture *f, struct mirq_irq *irq)
{
	_Atomic(struct mirq_irq *) *cell = mirqi_cell(f->m->m->root, 1, 77);

	atomic_store(cell, atomic_load(cell) ? NULL : irq);
}

static const struct plant plants[] = {
	{ "another slot's", swap_index, swap_index },
	{ "number leads to another", swap_number, swap_number },
	{ "runs or moves", toggle_run, toggle_run },
	{ "runs or moves", toggle_move, toggle_move },
	{ "requested and not active", toggle_active, toggle_active },
	{ "actions and the requested bit", toggle_requested, toggle_requested },
	{ "kept by an interrupt that is not", toggle_kept, toggle_kept },
	{ "active interrupt has no id", toggle_has_id, toggle_has_id },
	{ "names no CPU", toggle_route_kind, toggle_route_kind },
	{ "another target", toggle_target, toggle_target },
	{ "does not point to it", swap_cell, swap_cell },
	{ "counts its slots wrongly", toggle_slots_used, toggle_slots_used },
	{ "counts its slots wrongly", toggle_domain_used, toggle_domain_used },
	{ "counts its active", toggle_nr_active, toggle_nr_active },
	{ "on without active", toggle_enabled, toggle_enabled },
	{ "system counts", toggle_nr_irqs, toggle_nr_irqs },
	{ "system counts", toggle_numbers, toggle_numbers },
	{ "inside a section", toggle_section, toggle_section },
	{ "more cells", toggle_stray_cell, toggle_stray_cell },
};

/* Design 7: the invariants run, and each of them notices. raises: mirq_check MIRQ_EINVAL */
static void check__each_planted_fault__found_and_named(void **state)
{
	struct fixture *f = *state;
	struct mirq_irqs irqs = mock_alloc_on(f->msix, 2, 1);
	struct mirq_irq *irq = mirqi_irq(f->msix->store, 1);
	struct mirq_why why = { 0 };

	mock_request(irqs, f->actions);
	mock_sound(f->m);
	for (uint32_t i = 0; i < MOCK_NR(plants); i++) {
		plants[i].do_it(f, irq);
		if (mirq_check(f->m->m, &why) != MIRQ_EINVAL)
			fail_msg("'%s' was not found", plants[i].part);
		mock_why(&why, 0, plants[i].part, NULL);
		plants[i].undo(f, irq);
		mock_sound(f->m);
	}
	assert_int_equal(mirq_irq_release(irqs, NULL), MIRQ_OK);
	swap_cell(f, irq); /* the tomb's place: an interrupt that is not active */
	assert_int_equal(mirq_check(f->m->m, &why), MIRQ_EINVAL);
	mock_why(&why, 0, "not active", "nic");
	swap_cell(f, irq);
	mock_sound(f->m);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(walk__domains__parents_before_children),
		FRESH(walk__devices_and_stores__in_order_of_attachment),
		FRESH(walk__interrupts__by_index_with_allocation_between),
		FRESH(inspect__interrupt__everything_of_it),
		FRESH(inspect__hops__from_the_store_to_the_root),
		FRESH(compose__members_of_a_block__as_the_device_sends),
		FRESH(numbers__find_and_number__inverse),
		FRESH(inspect__totals_and_cpus__count),
		FRESH(fault_next__recorded_by_two_units__each_once),
		FRESH(dump__small_tree__as_it_reads),
		cmocka_unit_test(err_text__every_error__its_own_text),
		FRESH(trace__one_life__events_in_order),
		FRESH(check__each_planted_fault__found_and_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
