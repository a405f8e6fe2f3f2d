/* SPDX-License-Identifier: MIT */
/*
 * test_machine.c - the simulated machine without mirq: local APICs, configuration space, message
 * capabilities, ordering of what is under way. Each test names the clause that it checks.
 * Sources: [SDM3] 11; [PCI] 6.8; [PCIE] 2.4, 6.1.4; [PCIBR] 2.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../sim/machine.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))

#define LAPIC UINT64_C(0xfee00000)
#define TPR (LAPIC + 0x80)
#define PPR (LAPIC + 0xa0)
#define EOI (LAPIC + 0xb0)
#define SVR (LAPIC + 0xf0)
#define ESR (LAPIC + 0x280)
#define ICR_LOW (LAPIC + 0x300)
#define ICR_HIGH (LAPIC + 0x310)

/* Capabilities stand where the list says. */
#define CAP_MSI 0x05u
#define CAP_MSIX 0x11u
#define CAP_PCIE 0x10u

struct bench {
	struct sim *s;
	struct sim_device *d;
	uint32_t at; /* the capability of the test */
	uint32_t taken[256];
	uint32_t order[64], nr_order;
	uint32_t keeps; /* the handler does not end it */
};

static void take(void *context, uint32_t cpu, uint32_t vector)
{
	struct bench *b = context;

	b->taken[vector]++;
	if (b->nr_order < NR(b->order))
		b->order[b->nr_order++] = cpu << 8 | vector;
	if (!b->keeps)
		sim_write(b->s, EOI, 4, 0);
}

static void bench_up(struct bench *b, const char *machine)
{
	struct sim_error error = { 0 };

	memset(b, 0, sizeof(*b));
	b->s = sim_parse(machine, &error);
	if (!b->s)
		fail_msg("%s: '%s' at %zu: %s", machine, error.word, error.position, error.text);
	b->d = sim_device_at(b->s, 0);
	sim_set_interrupt(b->s, take, b);
	for (uint32_t cpu = 0; cpu < sim_spec(b->s)->nr_cpus; cpu++) {
		sim_cpu_set(b->s, cpu);
		sim_write(b->s, SVR, 4, 0x1ff);
	}
	sim_cpu_set(b->s, 0);
}

static void bench_down(struct bench *b)
{
	if (sim_violation(b->s))
		fail_msg("%s", sim_violation(b->s));
	sim_free(b->s);
}

/* It was violated, by a sentence that has this in it. */
static void violated(struct bench *b, const char *part)
{
	assert_non_null(sim_violation(b->s));
	if (!strstr(sim_violation(b->s), part))
		fail_msg("'%s' has no '%s'", sim_violation(b->s), part);
	sim_violation_clear(b->s);
}

static uint32_t config(const struct bench *b, uint32_t offset, uint32_t width)
{
	return sim_config_read(b->s, sim_device_rid(b->d), offset, width);
}

static void configure(const struct bench *b, uint32_t offset, uint32_t width, uint32_t value)
{
	sim_config_write(b->s, sim_device_rid(b->d), offset, width, value);
}

static uint32_t capability(const struct bench *b, uint32_t id)
{
	uint32_t at = config(b, 0x34, 1);

	while (at && config(b, at, 1) != id)
		at = config(b, at + 1, 1);
	return at;
}

/* ---- Local APIC ---- */

static void fixed(const struct bench *b, uint32_t cpu, uint32_t vector)
{
	sim_write(b->s, ICR_HIGH, 4, (uint64_t)sim_cpu_apic_id(b->s, cpu) << 24);
	sim_write(b->s, ICR_LOW, 4, 1u << 14 | vector);
}

static void lapic__two_requests__higher_vector_first(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1");
	(void)sim_irq_set(b.s, 0);
	fixed(&b, 0, 0x31);
	fixed(&b, 0, 0x71);
	fixed(&b, 0, 0x35);
	(void)sim_irq_set(b.s, 1);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_order, 3);
	assert_int_equal(b.order[0], 0x71);
	assert_int_equal(b.order[1], 0x35);
	assert_int_equal(b.order[2], 0x31);
	bench_down(&b);
}

/* [SDM3] 11.8.3.1: only a higher class interrupts what is in service. */
static void lapic__same_class_in_service__held_until_eoi(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1");
	b.keeps = 1;
	fixed(&b, 0, 0x41);
	sim_run_until_idle(b.s);
	fixed(&b, 0, 0x4f);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x4f], 0);
	assert_true(sim_cpu_is_requested(b.s, 0, 0x4f));
	assert_int_equal(sim_read(b.s, PPR, 4), 0x40);
	fixed(&b, 0, 0x51);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x51], 1);
	sim_write(b.s, EOI, 4, 0); /* of 0x51: the highest in service */
	assert_false(sim_cpu_is_in_service(b.s, 0, 0x51));
	assert_true(sim_cpu_is_in_service(b.s, 0, 0x41));
	sim_write(b.s, EOI, 4, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x4f], 1);
	bench_down(&b);
}

static void lapic__task_priority__holds_classes_up_to_it(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1");
	sim_write(b.s, TPR, 4, 0x50);
	fixed(&b, 0, 0x5f);
	fixed(&b, 0, 0x60);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x5f], 0);
	assert_int_equal(b.taken[0x60], 1);
	sim_write(b.s, TPR, 4, 0x40);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x5f], 1);
	bench_down(&b);
}

/* One request and one in service of a vector at most: [SDM3] 11.8.4. */
static void lapic__same_vector_three_times__two_are_kept(void **state)
{
	struct sim_cpu_stats stats;
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1");
	b.keeps = 1;
	fixed(&b, 0, 0x41);
	fixed(&b, 0, 0x41);
	fixed(&b, 0, 0x41);
	sim_run_until_idle(b.s);
	sim_write(b.s, EOI, 4, 0);
	sim_run_until_idle(b.s);
	sim_cpu_stats(b.s, 0, &stats);
	assert_int_equal(stats.nr_taken, 2);
	assert_int_equal(stats.nr_merged, 1);
	bench_down(&b);
}

static void lapic__switched_off__accepts_nothing(void **state)
{
	struct sim_cpu_stats stats;
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1");
	sim_write(b.s, SVR, 4, 0xff);
	fixed(&b, 0, 0x41);
	sim_write(b.s, SVR, 4, 0x1ff);
	sim_run_until_idle(b.s);
	sim_cpu_stats(b.s, 0, &stats);
	assert_int_equal(b.taken[0x41], 0);
	assert_int_equal(stats.nr_refused, 1);
	bench_down(&b);
}

static void lapic__illegal_vector__error_status(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1");
	fixed(&b, 0, 0x0f);
	assert_int_equal(sim_read(b.s, ESR, 4), 0);
	sim_write(b.s, ESR, 4, 0);
	assert_int_equal(sim_read(b.s, ESR, 4), 0x20);
	bench_down(&b);
}

static void lapic__spurious__nothing_in_service(void **state)
{
	struct sim_cpu_stats stats;
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1");
	b.keeps = 1;
	sim_cpu_spurious(b.s, 0);
	assert_int_equal(b.taken[0xff], 1);
	assert_false(sim_cpu_is_in_service(b.s, 0, 0xff));
	sim_write(b.s, EOI, 4, 0);
	sim_cpu_stats(b.s, 0, &stats);
	assert_int_equal(stats.nr_eoi_idle, 1);
	bench_down(&b);
}

static void lapic__shorthands__self_all_others(void **state)
{
	static const uint32_t nr[] = { 1, 4, 3 };
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=4");
	for (uint32_t i = 0; i < 3; i++) {
		b.nr_order = 0;
		sim_write(b.s, ICR_LOW, 4, (i + 1) << 18 | 0x41);
		sim_run_until_idle(b.s);
		assert_int_equal(b.nr_order, nr[i]);
	}
	bench_down(&b);
}

/* [SDM3] 11.12.5: which changes of mode fault. */
static void lapic__modes__illegal_changes_are_told(void **state)
{
	const uint64_t base = 0xfee00000, on = 1 << 11, x2 = 1 << 10;
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=2 x2apic apic-first=7");
	sim_msr_write(b.s, 0x1b, base | on | x2);
	assert_null(sim_violation(b.s));
	assert_int_equal(sim_msr_read(b.s, 0x802), 7);
	sim_msr_write(b.s, 0x1b, base | on);
	violated(&b, "mode");
	sim_msr_write(b.s, 0x1b, base);
	assert_null(sim_violation(b.s));
	sim_msr_write(b.s, 0x1b, base | on | x2);
	violated(&b, "mode");
	sim_msr_write(b.s, 0x1b, base | on);
	sim_msr_write(b.s, 0x1b, base | on | x2);
	assert_int_equal(sim_read(b.s, TPR, 4), UINT32_MAX);
	violated(&b, "x2APIC mode");
	sim_msr_write(b.s, 0x80b, 1);
	violated(&b, "EOI");
	bench_down(&b);
}

/* ---- Configuration space ---- */

static void config__nobody_there__all_ones(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 nic:msix=1");
	assert_int_equal(sim_config_read(b.s, 0x1200, 0, 4), UINT32_MAX);
	assert_int_equal(sim_config_read(b.s, 0x1200, 0, 2), 0xffff);
	(void)sim_config_read(b.s, sim_device_rid(b.d), 2, 4);
	violated(&b, "not aligned");
	bench_down(&b);
}

static void config__bar__sized_and_moved(void **state)
{
	struct bench b;
	uint64_t at;

	(void)state;
	bench_up(&b, "cpus=1 nic:msix=64,bar=2");
	at = sim_device_registers(b.d);
	sim_write(b.s, at + 8, 4, 0x1234);
	configure(&b, 0x18, 4, UINT32_MAX);
	assert_int_equal(config(&b, 0x18, 4), ~(0x4000u - 1) | 4);
	configure(&b, 0x18, 4, 0xd0000000);
	assert_int_equal(sim_read(b.s, 0xd0000008, 4), 0x1234);
	assert_int_equal(sim_read(b.s, at + 8, 4), UINT32_MAX);
	configure(&b, 0x04, 2, 0); /* memory space off */
	assert_int_equal(sim_read(b.s, 0xd0000008, 4), UINT32_MAX);
	bench_down(&b);
}

static void config__places__requester_ids(void **state)
{
	static const struct {
		const char *machine;
		uint16_t rid, requester;
	} places[] = {
		{ "a:msi=1,behind=root", 0x0008, 0x0008 },
		{ "a:msi=1", 0x0100, 0x0100 },
		{ "a:msi=1 b:msi=1", 0x0100, 0x0100 },
		{ "a:msi=1 behind=pci-bridge b:msi=1", 0x0208, 0x0200 },
		{ "a:msi=1 behind=legacy-bridge", 0x0108, 0x0008 },
	};

	(void)state;
	for (uint32_t i = 0; i < NR(places); i++) {
		struct bench b;

		bench_up(&b, places[i].machine);
		assert_int_equal(sim_device_rid(b.d), places[i].rid);
		assert_int_equal(sim_device_requester(b.d), places[i].requester);
		bench_down(&b);
	}
}

static void config__failing_accesses__all_ones_and_lost(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 nic:msix=4");
	b.at = capability(&b, CAP_MSIX);
	sim_device_fail_config(b.d, 2);
	configure(&b, b.at + 2, 2, 0x8000);
	assert_int_equal(config(&b, 0, 4), UINT32_MAX);
	assert_int_equal(config(&b, 0, 2), 0x1234);
	assert_int_equal(config(&b, b.at + 2, 2), 3);
	bench_down(&b);
}

/* ---- MSI-X ---- */

#define TABLE(b, i) (sim_device_registers((b)->d) + 0x1000 + 16 * (uint64_t)(i))
#define PBA(b) (sim_device_registers((b)->d) + 0x2000)

static void msix_up(struct bench *b, const char *machine)
{
	bench_up(b, machine);
	b->at = capability(b, CAP_MSIX);
	assert_int_not_equal(b->at, 0);
	configure(b, b->at + 2, 2, 0x8000);
}

static void msix_message(const struct bench *b, uint32_t i, uint32_t cpu, uint32_t vector)
{
	sim_write(b->s, TABLE(b, i), 4, LAPIC | cpu << 12);
	sim_write(b->s, TABLE(b, i) + 4, 4, 0);
	sim_write(b->s, TABLE(b, i) + 8, 4, vector);
}

static void msix_mask(const struct bench *b, uint32_t i, uint32_t mask)
{
	sim_write(b->s, TABLE(b, i) + 12, 4, mask);
}

static void raise(const struct bench *b, uint32_t i)
{
	sim_device_raise(b->d, i);
	sim_run_until_idle(b->s);
}

static void msix__unmasked__sent_to_its_cpu(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=2 nic:msix=4");
	msix_message(&b, 2, 1, 0x41);
	msix_mask(&b, 2, 0);
	raise(&b, 2);
	assert_int_equal(b.nr_order, 1);
	assert_int_equal(b.order[0], 1 << 8 | 0x41);
	bench_down(&b);
}

/* [PCI] 6.8.2.9, 6.8.3.1: pending while masked, sent when unmasked, once. */
static void msix__masked__pending_until_unmasked(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 nic:msix=40");
	msix_message(&b, 33, 0, 0x41);
	raise(&b, 33);
	raise(&b, 33);
	assert_int_equal(b.taken[0x41], 0);
	assert_int_equal(sim_read(b.s, PBA(&b), 4), 0);
	assert_int_equal(sim_read(b.s, PBA(&b) + 4, 4), 2);
	msix_mask(&b, 33, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x41], 1);
	assert_int_equal(sim_read(b.s, PBA(&b) + 4, 4), 0);
	bench_down(&b);
}

static void msix__function_mask__holds_all_back(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 nic:msix=4");
	for (uint32_t i = 0; i < 2; i++) {
		msix_message(&b, i, 0, 0x41 + i);
		msix_mask(&b, i, 0);
	}
	configure(&b, b.at + 2, 2, 0xc000);
	raise(&b, 0);
	raise(&b, 1);
	assert_int_equal(b.nr_order, 0);
	assert_true(sim_device_is_pending(b.d, 1));
	configure(&b, b.at + 2, 2, 0x8000);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_order, 2);
	bench_down(&b);
}

static void msix__out_of_reset__masked_and_rubbish(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 nic:msix=4");
	assert_int_equal(sim_read(b.s, TABLE(&b, 3) + 12, 4), 1);
	assert_int_not_equal(sim_read(b.s, TABLE(&b, 3), 4), 0);
	bench_down(&b);
}

static void msix__changed_while_unmasked__told(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 nic:msix=4");
	msix_message(&b, 0, 0, 0x41);
	msix_mask(&b, 0, 0);
	msix_message(&b, 0, 0, 0x42);
	violated(&b, "unmasked");
	sim_write(b.s, PBA(&b), 4, 0);
	violated(&b, "pending bits");
	bench_down(&b);
}

/* ---- Torn messages ---- */

struct tearing {
	struct bench *b;
	uint32_t at_point, nr;
	void (*change)(const struct bench *b);
};

static void tear(void *context, enum engine_point point)
{
	struct tearing *t = context;

	(void)point;
	if (t->nr++ == t->at_point)
		t->change(t->b);
}

static void raise_torn(struct bench *b, uint32_t at_point, void (*change)(const struct bench *b))
{
	struct tearing t = { b, at_point, 0, change };
	uint32_t cpu = sim_cpu_current(b->s);

	sim_set_hook(b->s, tear, &t);
	sim_device_raise(b->d, 0);
	sim_set_hook(b->s, NULL, NULL);
	sim_cpu_set(b->s, cpu);
	sim_run_until_idle(b->s);
}

/* To CPU 1, vector 0x52. */
static void change_msi(const struct bench *b)
{
	sim_cpu_set(b->s, 0);
	configure(b, b->at + 4, 4, (uint32_t)LAPIC | 1 << 12);
	configure(b, b->at + 12, 2, 0x52);
	sim_cpu_set(b->s, SIM_NO_CPU);
}

static void change_msix_masked(const struct bench *b)
{
	sim_cpu_set(b->s, 0);
	msix_mask(b, 0, 1);
	msix_message(b, 0, 1, 0x52);
	msix_mask(b, 0, 0);
	sim_cpu_set(b->s, SIM_NO_CPU);
}

static void torn__msi_changed_between_words__mixture_arrives(void **state)
{
	/* Before the first word, between address and upper address, before the data. */
	static const uint32_t arrives[] = { 1 << 8 | 0x52, 0x52, 0x52 };
	struct sim_device_stats stats;

	(void)state;
	for (uint32_t point = 0; point < NR(arrives); point++) {
		struct bench b;

		bench_up(&b, "cpus=2 old:msi=1,nomask");
		b.at = capability(&b, CAP_MSI);
		configure(&b, b.at + 4, 4, (uint32_t)LAPIC);
		configure(&b, b.at + 12, 2, 0x41);
		configure(&b, b.at + 2, 2, 1);
		raise_torn(&b, point, change_msi);
		assert_int_equal(b.nr_order, 1);
		assert_int_equal(b.order[0], arrives[point]);
		sim_device_stats(b.d, &stats);
		assert_int_equal(stats.nr_torn, point != 0);
		bench_down(&b);
	}
}

/* [PCIE] 6.1.4.2: what was read before an unmasking is read again after it. */
static void torn__msix_changed_under_its_mask__new_message_whole(void **state)
{
	(void)state;
	for (uint32_t point = 0; point < 3; point++) {
		struct bench b;

		msix_up(&b, "cpus=2 nic:msix=1");
		msix_message(&b, 0, 0, 0x41);
		msix_mask(&b, 0, 0);
		raise_torn(&b, point, change_msix_masked);
		assert_int_equal(b.nr_order, 1);
		assert_int_equal(b.order[0], 1 << 8 | 0x52);
		bench_down(&b);
	}
}

/* ---- MSI ---- */

static void msi__forms__registers_where_they_belong(void **state)
{
	static const struct {
		const char *machine;
		uint32_t control, data_at;
	} forms[] = {
		{ "cpus=1 d:msi=1", 0x180, 0xc },
		{ "cpus=1 d:msi=1,msi32", 0x100, 0x8 },
		{ "cpus=1 d:msi=32,nomask", 0x8a, 0xc },
		{ "cpus=1 d:msi=4,nomask,msi32", 0x04, 0x8 },
	};

	(void)state;
	for (uint32_t i = 0; i < NR(forms); i++) {
		struct bench b;

		bench_up(&b, forms[i].machine);
		b.at = capability(&b, CAP_MSI);
		assert_int_equal(config(&b, b.at + 2, 2), forms[i].control);
		configure(&b, b.at + 4, 4, (uint32_t)LAPIC);
		configure(&b, b.at + forms[i].data_at, 2, 0x41);
		raise(&b, 0);
		assert_int_equal(b.nr_order, 0);
		configure(&b, b.at + 2, 2, 1);
		raise(&b, 0);
		assert_int_equal(b.taken[0x41], 1);
		bench_down(&b);
	}
}

static void msi__several_messages__number_in_the_data(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 d:msi=8");
	b.at = capability(&b, CAP_MSI);
	configure(&b, b.at + 4, 4, (uint32_t)LAPIC);
	configure(&b, b.at + 12, 2, 0x40);
	configure(&b, b.at + 2, 2, 2 << 4 | 1); /* four of the eight */
	raise(&b, 3);
	assert_int_equal(b.taken[0x43], 1);
	raise(&b, 6); /* folds */
	assert_int_equal(b.taken[0x42], 1);
	configure(&b, b.at + 2, 2, 5 << 4 | 1);
	raise(&b, 0);
	violated(&b, "more MSI messages");
	bench_down(&b);
}

static void msi__masked__pending_until_unmasked(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 d:msi=2");
	b.at = capability(&b, CAP_MSI);
	configure(&b, b.at + 4, 4, (uint32_t)LAPIC);
	configure(&b, b.at + 12, 2, 0x40);
	configure(&b, b.at + 16, 4, 2);
	configure(&b, b.at + 2, 2, 1 << 4 | 1);
	raise(&b, 1);
	assert_int_equal(b.nr_order, 0);
	assert_int_equal(config(&b, b.at + 20, 4), 2);
	configure(&b, b.at + 16, 4, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x41], 1);
	assert_int_equal(config(&b, b.at + 20, 4), 0);
	bench_down(&b);
}

static void msi_and_msix__both_on__told(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 d:msi=1,msix=1");
	configure(&b, capability(&b, CAP_MSI) + 2, 2, 1);
	violated(&b, "on at once");
	bench_down(&b);
}

static void device__no_bus_master__sends_nothing(void **state)
{
	struct sim_device_stats stats;
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 nic:msix=1");
	msix_message(&b, 0, 0, 0x41);
	msix_mask(&b, 0, 0);
	configure(&b, 0x04, 2, 0x2);
	raise(&b, 0);
	assert_int_equal(b.nr_order, 0);
	sim_device_stats(b.d, &stats);
	assert_int_equal(stats.nr_lost, 1);
	bench_down(&b);
}

static void device__writes_memory__bytes_arrive(void **state)
{
	struct bench b;
	uint64_t bus;
	uint32_t *memory;

	(void)state;
	bench_up(&b, "cpus=1 nic:msix=1");
	memory = sim_ram_alloc(b.s, 64, 64, 64, &bus);
	assert_true((uintptr_t)memory != bus);
	sim_device_write(b.d, bus + 4, 0x12345678);
	assert_int_equal(memory[1], 0x12345678);
	sim_device_write(b.d, LAPIC, 0x41);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x41], 1);
	assert_int_equal(sim_ram_free(b.s, memory, 60), -1);
	assert_int_equal(sim_ram_free(b.s, memory, 64), 0);
	bench_down(&b);
}

/* ---- Removal and reset ---- */

static void removal__everything_reads_all_ones(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 nic:msix=1");
	msix_message(&b, 0, 0, 0x41);
	msix_mask(&b, 0, 0);
	sim_device_remove(b.d);
	assert_int_equal(config(&b, 0, 4), UINT32_MAX);
	assert_int_equal(sim_read(b.s, TABLE(&b, 0), 4), UINT32_MAX);
	sim_write(b.s, TABLE(&b, 0), 4, 0);
	raise(&b, 0);
	assert_int_equal(b.nr_order, 0);
	bench_down(&b);
}

static void removal__message_under_way__still_arrives(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 message=1000000 nic:msix=1");
	msix_message(&b, 0, 0, 0x41);
	msix_mask(&b, 0, 0);
	(void)sim_read(b.s, TABLE(&b, 0), 4);
	sim_device_raise(b.d, 0);
	sim_device_remove(b.d);
	assert_int_equal(b.nr_order, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.taken[0x41], 1);
	bench_down(&b);
}

static void reset__by_config__as_after_power_on(void **state)
{
	struct bench b;
	uint32_t pcie;

	(void)state;
	msix_up(&b, "cpus=1 nic:msix=1,msi=1");
	msix_message(&b, 0, 0, 0x41);
	msix_mask(&b, 0, 0);
	pcie = capability(&b, CAP_PCIE);
	assert_true(config(&b, pcie + 4, 4) >> 28 & 1);
	configure(&b, pcie + 8, 2, 1 << 15);
	assert_int_equal(config(&b, 0x04, 2), 0);
	assert_int_equal(config(&b, 0x10, 4), 4);
	assert_int_equal(config(&b, b.at + 2, 2), 0);
	raise(&b, 0);
	assert_int_equal(b.nr_order, 0);
	sim_device_restore(b.d);
	assert_int_equal(sim_read(b.s, TABLE(&b, 0) + 12, 4), 1);
	bench_down(&b);
}

/* ---- Ordering ---- */

/* [PCIE] 2.4.1: a read pushes the writes posted before it, in order. */
static void posted__write__arrives_at_the_next_read(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=2 posted=1000000 nic:msix=4");
	msix_message(&b, 0, 0, 0x41);
	msix_mask(&b, 0, 0);
	raise(&b, 0); /* still masked, unless everything was let through */
	assert_int_equal(b.taken[0x41], 1);
	msix_mask(&b, 0, 1);
	sim_device_raise(b.d, 0); /* the mask is not there yet */
	assert_false(sim_device_is_pending(b.d, 0));
	assert_int_equal(sim_read(b.s, TABLE(&b, 0) + 12, 4), 1);
	sim_device_raise(b.d, 0);
	assert_true(sim_device_is_pending(b.d, 0));
	bench_down(&b);
}

static void posted__config_access__pushes_too(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 posted=1000000 nic:msix=1");
	sim_write(b.s, sim_device_registers(b.d) + 8, 4, 77);
	sim_device_raise(b.d, 0);
	(void)config(&b, 0, 4);
	configure(&b, 0x04, 2, 4); /* memory space off: what was posted came before */
	configure(&b, 0x04, 2, 6);
	assert_int_equal(sim_read(b.s, sim_device_registers(b.d) + 8, 4), 77);
	bench_down(&b);
}

/* The completion of a read pushes what the device sent before. */
static void message__read_from_device__has_arrived(void **state)
{
	struct bench b;

	(void)state;
	msix_up(&b, "cpus=1 message=1000000 a:msix=1 b:msix=1");
	msix_message(&b, 0, 0, 0x41);
	msix_mask(&b, 0, 0);
	(void)sim_irq_set(b.s, 0);
	sim_device_raise(b.d, 0);
	(void)sim_read(b.s, sim_device_registers(sim_device(b.s, "b")), 4);
	assert_false(sim_cpu_is_requested(b.s, 0, 0x41));
	(void)sim_read(b.s, TABLE(&b, 0), 4);
	assert_true(sim_cpu_is_requested(b.s, 0, 0x41));
	bench_down(&b);
}

static uint32_t devices_order(uint64_t seed)
{
	struct sim_spec spec;
	uint32_t order = 0;
	struct bench b;

	memset(&b, 0, sizeof(b));
	assert_int_equal(sim_spec_parse("message=50 cpus=1 a:msi=1 b:msi=1 c:msi=1", &spec, NULL),
			 0);
	spec.seed = seed;
	b.s = sim_new(&spec);
	sim_set_interrupt(b.s, take, &b);
	sim_write(b.s, SVR, 4, 0x1ff);
	for (uint32_t i = 0; i < 3; i++) {
		sim_device_write(sim_device_at(b.s, i), LAPIC, 0x41 + 16 * i);
		sim_device_write(sim_device_at(b.s, i), LAPIC, 0x42 + 16 * i);
	}
	while (sim_step_delivery(b.s))
		(void)sim_cpu_take(b.s, 0);
	assert_int_equal(b.nr_order, 6);
	for (uint32_t i = 0; i < 6; i++)
		order = order << 4 | (b.order[i] >> 4 & 15);
	for (uint32_t i = 0; i < 3; i++) { /* of one device in order */
		uint32_t first = 6, second = 6;

		for (uint32_t j = 0; j < 6; j++) {
			first = b.order[j] == 0x41 + 16 * i ? j : first;
			second = b.order[j] == 0x42 + 16 * i ? j : second;
		}
		assert_true(first < second);
	}
	bench_down(&b);
	return order;
}

static void message__several_devices__order_by_seed_only(void **state)
{
	uint32_t nr_different = 0;

	(void)state;
	for (uint64_t seed = 1; seed < 20; seed++) {
		assert_int_equal(devices_order(seed), devices_order(seed));
		nr_different += devices_order(seed) != devices_order(seed + 1);
	}
	assert_true(nr_different > 5);
}

static void machines__two_in_one_process__apart(void **state)
{
	struct bench a, b;

	(void)state;
	msix_up(&a, "cpus=1 nic:msix=1");
	msix_up(&b, "cpus=1 nic:msix=1");
	msix_message(&a, 0, 0, 0x41);
	msix_mask(&a, 0, 0);
	raise(&a, 0);
	assert_int_equal(a.taken[0x41], 1);
	assert_int_equal(b.nr_order, 0);
	assert_int_equal(sim_read(b.s, TABLE(&b, 0) + 12, 4), 1);
	bench_down(&a);
	bench_down(&b);
}

/* ---- Descriptions ---- */

static void spec__nodes__divided_evenly(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=8 nodes=2 apic-first=4 apic-step=2");
	assert_int_equal(sim_cpu_node(b.s, 3), 0);
	assert_int_equal(sim_cpu_node(b.s, 4), 1);
	assert_int_equal(sim_cpu_apic_id(b.s, 7), 18);
	bench_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lapic__two_requests__higher_vector_first),
		cmocka_unit_test(lapic__same_class_in_service__held_until_eoi),
		cmocka_unit_test(lapic__task_priority__holds_classes_up_to_it),
		cmocka_unit_test(lapic__same_vector_three_times__two_are_kept),
		cmocka_unit_test(lapic__switched_off__accepts_nothing),
		cmocka_unit_test(lapic__illegal_vector__error_status),
		cmocka_unit_test(lapic__spurious__nothing_in_service),
		cmocka_unit_test(lapic__shorthands__self_all_others),
		cmocka_unit_test(lapic__modes__illegal_changes_are_told),
		cmocka_unit_test(config__nobody_there__all_ones),
		cmocka_unit_test(config__bar__sized_and_moved),
		cmocka_unit_test(config__places__requester_ids),
		cmocka_unit_test(config__failing_accesses__all_ones_and_lost),
		cmocka_unit_test(msix__unmasked__sent_to_its_cpu),
		cmocka_unit_test(msix__masked__pending_until_unmasked),
		cmocka_unit_test(msix__function_mask__holds_all_back),
		cmocka_unit_test(msix__out_of_reset__masked_and_rubbish),
		cmocka_unit_test(msix__changed_while_unmasked__told),
		cmocka_unit_test(torn__msi_changed_between_words__mixture_arrives),
		cmocka_unit_test(torn__msix_changed_under_its_mask__new_message_whole),
		cmocka_unit_test(msi__forms__registers_where_they_belong),
		cmocka_unit_test(msi__several_messages__number_in_the_data),
		cmocka_unit_test(msi__masked__pending_until_unmasked),
		cmocka_unit_test(msi_and_msix__both_on__told),
		cmocka_unit_test(device__no_bus_master__sends_nothing),
		cmocka_unit_test(device__writes_memory__bytes_arrive),
		cmocka_unit_test(removal__everything_reads_all_ones),
		cmocka_unit_test(removal__message_under_way__still_arrives),
		cmocka_unit_test(reset__by_config__as_after_power_on),
		cmocka_unit_test(posted__write__arrives_at_the_next_read),
		cmocka_unit_test(posted__config_access__pushes_too),
		cmocka_unit_test(message__read_from_device__has_arrived),
		cmocka_unit_test(message__several_devices__order_by_seed_only),
		cmocka_unit_test(machines__two_in_one_process__apart),
		cmocka_unit_test(spec__nodes__divided_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
