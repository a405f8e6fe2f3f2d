/* SPDX-License-Identifier: MIT */
/*
 * test_failures.c - every failing call of the host and every access that nobody answers, in every
 * public operation, on machines of several kinds: the operation runs with failure number 1, 2, 3,
 * ... once, and from then on for good, until it ends before its turn comes. The oracle says after
 * each that a failed call has changed nothing, that what is requested is still handled, and that
 * nothing leaks; then the operation is made again and must succeed where hardware still answers.
 * Prints 'failures injected: N'.
 *
 * The library was broken in each of these ways, one at a time, and this failed: entries stay when
 * alloc fails; ids stay when the last step of alloc fails; ids of a best-effort reservation stay
 * when request fails; handlers that joined stay; ways stay programmed when they cannot be opened;
 * a move's copy of the bitmap is never given back; a move that hardware did not confirm counts as
 * done; a store that cannot be switched on counts as on. Not found: an error of the read before
 * slots are opened that is passed over, because nothing but the device itself is lost by it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <mirq/root.h>

#include "../../sim/oracle_inside.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))
#define FAILURES_FLOOR 2900
#define TURNS_MAX 3000

struct bench {
	struct sim *s;
	struct oracle *o;
	struct mirq_device *dev;
	struct mirq_store *store;
	struct mirq_irqs irqs, event;
	enum sim_store kind; /* MSI: whichever of MSI-X and MSI it has */
	uint32_t nr_slots, is_requested;
};

static uint64_t nr_injected, nr_wrong;

#define tell(...) ((void)(nr_wrong++ < 100 && printf(__VA_ARGS__)))

/* ---- Operations, each from a state in which it succeeds ---- */

enum level {
	LEVEL_MACHINE,
	LEVEL_SYSTEM,
	LEVEL_DEVICE,
	LEVEL_ALLOCATED,
	LEVEL_BEST_EFFORT, /* the same, without ids */
	LEVEL_REQUESTED,
	LEVEL_SHARED,
	LEVEL_DISABLED, /* with an event kept */
};

static enum mirq_err attach_system(struct bench *b)
{
	const struct mirq_x86_init x86 = { MIRQ_SIZED(mirq_x86_init), .vtd_nr_entries = 16 };

	return oracle_attach(b->o, &x86);
}

static enum mirq_err attach_device(struct bench *b)
{
	return oracle_pci_attach(b->o, "dev", &b->dev);
}

static enum mirq_err attach_store(struct bench *b)
{
	struct oracle_call call;
	enum mirq_err err;

	if (b->kind)
		return oracle_store_attach(b->o, b->dev, b->kind, &b->store);
	oracle_call_begin(b->o, &call, "mirq_pci_store");
	err = mirq_pci_store(b->dev,
			     sim_spec(b->s)->devices[0].nr_msix ? MIRQ_PCI_MSIX : MIRQ_PCI_MSI,
			     &b->store, NULL);
	oracle_call_end(b->o, &call, err);
	return err;
}

static enum mirq_err alloc_as(struct bench *b, enum mirq_reserve reserve)
{
	static const uint64_t bitmap[1] = { 3 }, cookies[] = { 11, 12, 13, 14 };
	int has_cookies = b->kind == SIM_STORE_ARRAY || b->kind == SIM_STORE_QUEUE;
	const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .reserve = reserve,
					    .nr = b->nr_slots, .cpus = { { 0, 2 }, bitmap },
					    .cookies = has_cookies ? cookies : NULL };
	enum mirq_err err = b->kind && !b->store ? attach_store(b) : MIRQ_OK;

	if (b->kind)
		return err ? err : oracle_store_alloc(b->o, b->dev, b->store, &want, &b->irqs);
	return oracle_alloc(b->o, b->dev, b->nr_slots, b->nr_slots, MIRQ_PCI_ANY, &want, &b->irqs);
}

static enum mirq_err alloc_irqs(struct bench *b)
{
	return alloc_as(b, MIRQ_RESERVE_PROMISE);
}

static enum mirq_err request_as(struct bench *b, uint32_t flags)
{
	const struct oracle_handler how = { .flags = flags };
	enum mirq_err err = oracle_request(b->o, b->irqs, &how, NULL);

	b->is_requested |= !err;
	return err;
}

static enum mirq_err request(struct bench *b)
{
	return request_as(b, 0);
}

static enum mirq_err request_shared(struct bench *b)
{
	return request_as(b, MIRQ_REQUEST_SHARED);
}

static enum mirq_err move(struct bench *b)
{
	uint64_t bitmap[1] = { 2 };
	const struct mirq_cpus cpus = { { 0, 2 }, bitmap };
	uint32_t cpu;

	if (!mirq_affinity_effective(b->irqs, &cpu) && cpu)
		bitmap[0] = 1;
	return oracle_move(b->o, b->irqs, cpus);
}

static enum mirq_err disable(struct bench *b)
{
	oracle_disable(b->o, b->irqs);
	return oracle_sync(b->o, b->irqs);
}

static enum mirq_err enable(struct bench *b)
{
	return oracle_enable(b->o, b->irqs);
}

static enum mirq_err resend(struct bench *b)
{
	return oracle_resend(b->o, b->irqs);
}

static enum mirq_err release(struct bench *b)
{
	b->is_requested = 0;
	return oracle_release(b->o, b->irqs, ORACLE_ALL);
}

static enum mirq_err give_back(struct bench *b)
{
	b->is_requested = 0;
	return oracle_free(b->o, b->irqs);
}

static enum mirq_err detach_device(struct bench *b)
{
	b->is_requested = 0;
	return oracle_device_detach(b->o, b->dev);
}

static enum mirq_err claim(struct bench *b)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(b->o, &call, "mirq_root_claim_id");
	err = mirq_root_claim_id(oracle_mirq(b->o), mirq_cpus_one(0), 0x80);
	oracle_call_end(b->o, &call, err);
	return err;
}

static struct mirq_domain *unit_domain(struct bench *b)
{
	struct mirq *m = oracle_mirq(b->o);

	return mirq_domain_next(m, mirq_domain_next(m, NULL));
}

static enum mirq_err fault_event(struct bench *b)
{
	struct oracle_call call;
	enum mirq_err err = MIRQ_OK;

	if (!unit_domain(b))
		return MIRQ_OK;
	oracle_call_begin(b->o, &call, "mirq_vtd_fault_irq");
	err = mirq_vtd_fault_irq(unit_domain(b), &b->event);
	oracle_call_end(b->o, &call, err);
	return err;
}

static enum mirq_err completion_event(struct bench *b)
{
	struct oracle_call call;
	enum mirq_err err = MIRQ_OK;

	if (!unit_domain(b))
		return MIRQ_OK;
	oracle_call_begin(b->o, &call, "mirq_vtd_completion_irq");
	err = mirq_vtd_completion_irq(unit_domain(b), &b->event);
	oracle_call_end(b->o, &call, err);
	return err;
}

static enum mirq_err ask_completion(struct bench *b)
{
	struct oracle_call call;
	enum mirq_err err = MIRQ_OK;

	if (!unit_domain(b))
		return MIRQ_OK;
	oracle_call_begin(b->o, &call, "mirq_vtd_completion_request");
	err = mirq_vtd_completion_request(unit_domain(b));
	oracle_call_end(b->o, &call, err);
	return err;
}

static enum mirq_err detach_unit(struct bench *b)
{
	struct oracle_call call;
	enum mirq_err err = MIRQ_OK;

	if (!unit_domain(b))
		return MIRQ_OK;
	oracle_call_begin(b->o, &call, "mirq_remapper_detach");
	err = mirq_remapper_detach(unit_domain(b));
	oracle_call_end(b->o, &call, err);
	return err;
}

static enum mirq_err prepare_offline(struct bench *b)
{
	struct oracle_call call;
	enum mirq_err err;

	oracle_call_begin(b->o, &call, "mirq_cpu_offline_prepare");
	err = mirq_cpu_offline_prepare(oracle_mirq(b->o), 0, NULL);
	oracle_call_end(b->o, &call, err);
	return err;
}

static const struct {
	const char *name;
	enum level level;
	enum mirq_err (*run)(struct bench *b);
} operations[] = {
	{ "attach system", LEVEL_MACHINE, attach_system },
	{ "attach device", LEVEL_SYSTEM, attach_device },
	{ "claim", LEVEL_SYSTEM, claim },
	{ "fault event", LEVEL_SYSTEM, fault_event },
	{ "completion event", LEVEL_SYSTEM, completion_event },
	{ "completion asked for", LEVEL_SYSTEM, ask_completion },
	{ "detach unit", LEVEL_SYSTEM, detach_unit },
	{ "attach store", LEVEL_DEVICE, attach_store },
	{ "alloc", LEVEL_DEVICE, alloc_irqs },
	{ "request", LEVEL_ALLOCATED, request },
	{ "request, late ids", LEVEL_BEST_EFFORT, request },
	{ "request, joining", LEVEL_SHARED, request_shared },
	{ "move, not requested", LEVEL_ALLOCATED, move },
	{ "move", LEVEL_REQUESTED, move },
	{ "disable", LEVEL_REQUESTED, disable },
	{ "enable", LEVEL_DISABLED, enable },
	{ "resend", LEVEL_REQUESTED, resend },
	{ "release", LEVEL_REQUESTED, release },
	{ "free", LEVEL_REQUESTED, give_back },
	{ "detach device", LEVEL_REQUESTED, detach_device },
	{ "offline", LEVEL_REQUESTED, prepare_offline },
};

static const struct {
	const char *machine;
	uint32_t nr_slots;
	enum sim_store kind;
} machines[] = {
	{ "cpus=2 ram=256K dev:msix=4", 3, SIM_STORE_MSI },
	{ "cpus=2 ram=256K dev:msi=1,nomask", 1, SIM_STORE_MSI },
	{ "cpus=2 ram=256K vtd=records=2 dev:msix=4", 3, SIM_STORE_MSI },
	{ "cpus=2 ram=256K vtd=coherent=0,rwbf,steps=2,command-steps=2 dev:msi=2", 2,
	  SIM_STORE_MSI },
	{ "cpus=2 ram=256K vtd dev:msi=1,nomask behind=pci-bridge", 1, SIM_STORE_MSI },
	{ "cpus=2 ram=256K posted=3 message=9 ipi=5 dev:msix=8", 8, SIM_STORE_MSI },
	{ "cpus=2 ram=256K posted=3 message=9 remapped=4 vtd=steps=4 dev:msix=8", 8,
	  SIM_STORE_MSI },
	{ "cpus=2 ram=256K x2apic vtd=eim,mhmv=0 apic-first=30 x2apic-entered dev:msix=4", 4,
	  SIM_STORE_MSI },
	{ "cpus=2 ram=256K dev:array=4", 3, SIM_STORE_ARRAY },
	{ "cpus=2 ram=256K posted=3 message=9 dev:array=4,array-nomask", 2, SIM_STORE_ARRAY },
	{ "cpus=2 ram=256K posted=3 message=9 dev:queue=4,steps=3", 3, SIM_STORE_QUEUE },
	{ "cpus=2 ram=256K vtd=steps=2 dev:queue=4", 2, SIM_STORE_QUEUE },
	{ "cpus=2 ram=256K dev:registers=4", 3, SIM_STORE_REGISTERS },
	{ "cpus=2 ram=256K message=9 dev:firmware=1,steps=3", 1, SIM_STORE_FIRMWARE },
	{ "cpus=2 ram=256K vtd=steps=2 dev:firmware=4,once", 4, SIM_STORE_FIRMWARE },
};

static const enum sim_fail kinds[] = { SIM_FAIL_MEMORY, SIM_FAIL_CONFIG, SIM_FAIL_REGISTER,
				       SIM_FAIL_QUEUE };

/* ---- One turn ---- */

static void climb(struct bench *b, enum level level)
{
	enum mirq_err err = level > LEVEL_MACHINE ? attach_system(b) : MIRQ_OK;
	/* Stores that can be masked only. */
	const struct sim_device_spec *device = &sim_spec(b->s)->devices[0];
	int is_late = level == LEVEL_BEST_EFFORT && !device->is_msi_unmaskable &&
		      !device->is_array_unmaskable && b->kind != SIM_STORE_QUEUE &&
		      b->kind != SIM_STORE_FIRMWARE;

	if (!err && level >= LEVEL_DEVICE)
		err = attach_device(b);
	if (!err && level >= LEVEL_ALLOCATED)
		err = alloc_as(b, is_late ? MIRQ_RESERVE_BEST_EFFORT : MIRQ_RESERVE_PROMISE);
	if (!err && level >= LEVEL_REQUESTED)
		err = level == LEVEL_SHARED ? request_shared(b) : request(b);
	assert_int_equal(err, MIRQ_OK);
	if (level != LEVEL_DISABLED)
		return;
	assert_int_equal(disable(b), MIRQ_OK);
	sim_device_raise_at(sim_device(b->s, "dev"), b->kind, 0);
}

static void fire(struct bench *b)
{
	for (uint32_t i = 0; b->is_requested && i < b->nr_slots; i++)
		sim_device_raise_at(sim_device(b->s, "dev"), b->kind, i);
	oracle_rest(b->o);
}

/* Not pulled out, not dead. */
static int is_healthy(const struct bench *b)
{
	const struct sim_unit_knobs *unit = sim_spec(b->s)->nr_units
						    ? sim_unit_knobs(sim_unit(b->s, 0))
						    : NULL;
	struct mirq_info info = { 0 };

	if (oracle_mirq(b->o))
		mirq_inspect(oracle_mirq(b->o), &info);
	return !b->o->nr_gone && !oracle_is_deaf(b->o) &&
	       !(unit && (unit->is_gone || unit->is_queue_dead)) && !info.nr_quarantined &&
	       !sim_logs(b->s);
}

/* A unit that did not confirm that it is off keeps its tables: they stay lent, and a log says so.
 * Whether it is gone was read once, so the machine may still have it. */
static int is_left_on(const struct bench *b)
{
	return sim_logs(b->s) && strstr(sim_last_log(b->s), "off") &&
	       !strncmp(oracle_verdict(b->o), "I5: after mirq_fini()", 21);
}

/* 1: a failure was injected. */
static int turn(uint32_t machine, uint32_t operation, enum sim_fail kind, uint64_t at,
		int is_persistent)
{
	struct bench b = { .s = sim_parse(machines[machine].machine, NULL),
			   .nr_slots = machines[machine].nr_slots,
			   .kind = machines[machine].kind };
	enum mirq_err err, again = MIRQ_OK;
	uint64_t nr_failed;

	assert_non_null(b.s);
	b.o = oracle_new(b.s, 8);
	climb(&b, operations[operation].level);
	oracle_snapshots(b.o, 1);
	sim_port_fail(b.s, kind, at, is_persistent);
	if (b.is_requested) /* under way while it happens */
		sim_device_raise_at(sim_device(b.s, "dev"), b.kind, 0);
	err = operations[operation].run(&b);
	nr_failed = sim_port_failed(b.s);
	sim_port_fail(b.s, 0, 0, 0);
	if (oracle_mirq(b.o)) {
		fire(&b);
		if (err && is_healthy(&b))
			again = operations[operation].run(&b);
		fire(&b);
	}
	if ((oracle_finish(b.o) && !is_left_on(&b)) || again || (err && !nr_failed))
		tell("%s: %s, kind %u, failure %llu%s: answers %d, then %d: %s\n",
		     machines[machine].machine, operations[operation].name, (unsigned)kind,
		     (unsigned long long)at, is_persistent ? " and all after it" : "", (int)err,
		     (int)again, oracle_verdict(b.o) ? oracle_verdict(b.o) : "no verdict");
	oracle_free_memory(b.o);
	sim_free(b.s);
	nr_injected += nr_failed != 0;
	return nr_failed != 0;
}

static void every_operation(uint32_t machine, int is_persistent)
{
	for (uint32_t i = 0; i < NR(operations); i++)
		for (uint32_t k = 0; k < NR(kinds); k++) {
			uint64_t at = 1;

			while (turn(machine, i, kinds[k], at, is_persistent))
				assert_true(++at < TURNS_MAX);
		}
}

static void failures__one_at_a_time__all_or_nothing(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NR(machines); i++)
		every_operation(i, 0);
	assert_int_equal(nr_wrong, 0);
}

static void failures__from_then_on__all_or_nothing(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NR(machines); i++)
		every_operation(i, 1);
	assert_int_equal(nr_wrong, 0);
}

static void failures__counted__enough_of_them(void **state)
{
	(void)state;
	printf("failures injected: %llu\n", (unsigned long long)nr_injected);
	assert_true(nr_injected >= FAILURES_FLOOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures__one_at_a_time__all_or_nothing),
		cmocka_unit_test(failures__from_then_on__all_or_nothing),
		cmocka_unit_test(failures__counted__enough_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
