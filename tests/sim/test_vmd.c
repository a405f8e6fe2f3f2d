/* SPDX-License-Identifier: MIT */
/*
 * test_vmd.c - a controller like Intel's VMD (sim/vmd.c): what it makes of the writes of devices
 * behind it, by its registers alone as docs/machines.md has them; then mirq's mux on it under the
 * oracle: fire, move, move the line, release, free; and what the oracle says when hardware does
 * something else.
 *
 * Breaks that were tried, each found here. Of the model: any address a line; a line too many; low
 * address bits not looked at; a dropped write not counted; what is behind it written to the root
 * complex; its mask passed over; segments not told apart. Of the oracle: a child owed nothing; a
 * call that nothing brought passed over; a dropped message passed over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../sim/oracle_inside.h"

#define CONTROLLER "vmd:msix=2,vmd,behind=root"
#define CHILDREN " dev:msix=1,behind=vmd two:msix=1,behind=vmd "
#define MSIX_ID 0x11u
#define TABLE 0x1000u
#define PENDING 0x2000u
#define MASKED 1u

/* ---- Without mirq ---- */

struct bench {
	struct sim *s;
	struct sim_device *vmd, *dev;
	uint32_t nr_accepted, vector;
	const struct sim_device *from;
};

static void watch(void *context, const struct sim_event *event)
{
	struct bench *b = context;

	if (event->kind != SIM_ACCEPTED)
		return;
	b->nr_accepted++;
	b->vector = event->vector;
	b->from = event->device;
}

static uint32_t msix_at(const struct sim_device *d, struct sim *s)
{
	uint32_t at = sim_config_read(s, sim_device_rid(d), 0x34, 1);

	while (at && sim_config_read(s, sim_device_rid(d), at, 1) != MSIX_ID)
		at = sim_config_read(s, sim_device_rid(d), at + 1, 1);
	assert_int_not_equal(at, 0);
	return at;
}

static void line_set(struct bench *b, uint32_t line, uint32_t vector, uint32_t control)
{
	uint64_t at = sim_device_registers(b->vmd) + TABLE + 16 * (uint64_t)line;

	sim_write(b->s, at + 12, 4, MASKED);
	sim_write(b->s, at, 4, 0xfee00000);
	sim_write(b->s, at + 4, 4, 0);
	sim_write(b->s, at + 8, 4, vector);
	sim_write(b->s, at + 12, 4, control);
}

static void bench_up(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->s = sim_parse("cpus=1 ram=64K" CHILDREN CONTROLLER, NULL);
	assert_non_null(b->s);
	b->vmd = sim_device(b->s, "vmd");
	b->dev = sim_device(b->s, "dev");
	sim_set_watch(b->s, watch, b);
	sim_cpu_set(b->s, 0);
	sim_write(b->s, 0xfee000f0, 4, 0x1ff); /* the local APIC on */
	line_set(b, 0, 0x40, 0);
	line_set(b, 1, 0x41, MASKED);
	sim_config_write(b->s, sim_device_rid(b->vmd), msix_at(b->vmd, b->s) + 2, 2, 0x8000);
}

static void vmd__write_of_a_child__its_own_message(void **state)
{
	struct sim_device_stats stats;
	struct bench b;

	(void)state;
	bench_up(&b);
	assert_ptr_equal(sim_device_vmd(b.dev), b.vmd);
	assert_null(sim_device_vmd(b.vmd));
	sim_device_write(b.dev, 0xfee00000, 0xdeadbeef);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_accepted, 1);
	assert_int_equal(b.vector, 0x40);
	assert_ptr_equal(b.from, b.vmd);
	sim_device_stats(b.vmd, &stats);
	assert_int_equal(stats.nr_raised, 1);
	sim_free(b.s);
}

static void vmd__masked_line__kept_and_sent_later(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	sim_device_write(b.dev, 0xfee01000, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_accepted, 0);
	assert_int_equal(sim_read(b.s, sim_device_registers(b.vmd) + PENDING, 4), 2);
	sim_write(b.s, sim_device_registers(b.vmd) + TABLE + 16 + 12, 4, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_accepted, 1);
	assert_int_equal(b.vector, 0x41);
	assert_int_equal(sim_read(b.s, sim_device_registers(b.vmd) + PENDING, 4), 0);
	sim_free(b.s);
}

/* Memory is there, and a child cannot write to it through such a controller. */
static void vmd__other_writes__dropped_and_counted(void **state)
{
	static const uint64_t others[] = { 0xfee02000, 0xfee00004,          0xfee00800,
					   0xfed00000, 0x0000000640000000u, 0x00000001fee00000u };
	struct sim_device_stats stats;
	struct bench b;

	(void)state;
	bench_up(&b);
	for (uint32_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		sim_device_write(b.dev, others[i], 0x55);
		sim_run_until_idle(b.s);
		sim_device_stats(b.dev, &stats);
		assert_int_equal(stats.nr_astray, i + 1);
	}
	assert_int_equal(b.nr_accepted, 0);
	assert_int_equal(*(const uint8_t *)sim_ram(b.s, 0x640000000, 4), 0);
	sim_device_remove(b.vmd);
	sim_device_write(b.dev, 0xfee00000, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_accepted, 0);
	sim_free(b.s);
}

static uint32_t vendor(struct sim *s, uint16_t segment, const char *name)
{
	const struct mirq_pci_address at = { segment, sim_device_rid(sim_device(s, name)) };

	return mirq_host_pci_read(sim_host(s), at, 0, 2);
}

static void vmd__child__in_its_own_segment(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b);
	assert_int_equal(vendor(b.s, SIM_SEGMENT_VMD, "dev"), 0x1234);
	assert_int_equal(vendor(b.s, 0, "dev"), 0xffff);
	assert_int_equal(vendor(b.s, SIM_SEGMENT_VMD, "vmd"), 0xffff);
	assert_int_equal(vendor(b.s, 0, "vmd"), 0x1234);
	sim_free(b.s);
}

/* ---- With mirq, under the oracle ---- */

struct world {
	struct sim *s;
	struct oracle *o;
	struct mirq_irqs lines, dev, two;
	struct mirq_domain *mux;
};

static struct mirq_irqs child_up(struct world *w, const char *name)
{
	const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .cpus = mirq_cpus_one(0) };
	struct mirq_device *device;
	struct mirq_irqs irqs;

	assert_int_equal(oracle_pci_attach(w->o, name, &device), MIRQ_OK);
	assert_int_equal(oracle_alloc(w->o, device, 1, 1, MIRQ_PCI_MSIX, &want, &irqs), MIRQ_OK);
	assert_int_equal(oracle_request(w->o, irqs, NULL, NULL), MIRQ_OK);
	return irqs;
}

static void world_up(struct world *w, const char *machine)
{
	memset(w, 0, sizeof(*w));
	w->s = sim_parse(machine, NULL);
	assert_non_null(w->s);
	sim_cpu_set(w->s, 0);
	w->o = oracle_new(w->s, 8);
	assert_int_equal(oracle_attach(w->o, NULL), MIRQ_OK);
	assert_int_equal(oracle_vmd_attach(w->o, "vmd", &w->lines, &w->mux), MIRQ_OK);
	w->dev = child_up(w, "dev");
	w->two = child_up(w, "two");
}

static void world_down(struct world *w)
{
	oracle_free_memory(w->o);
	sim_free(w->s);
}

/* An event of the first child: how often both are called for it in all. */
static void fire(struct world *w, uint64_t nr_dev, uint64_t nr_two)
{
	sim_device_raise(sim_device(w->s, "dev"), 0);
	oracle_rest(w->o);
	assert_null(oracle_verdict(w->o));
	assert_int_equal(oracle_called(w->o, w->dev), nr_dev);
	assert_int_equal(oracle_called(w->o, w->two), nr_two);
}

static void life_on(const char *machine)
{
	uint32_t cpu = 9;
	struct world w;

	world_up(&w, machine);
	fire(&w, 1, 1);
	assert_int_equal(oracle_move(w.o, w.dev, mirq_cpus_one(1)), MIRQ_OK);
	assert_int_equal(mirq_affinity_effective(w.dev, &cpu), MIRQ_OK);
	assert_int_equal(cpu, 1);
	/* A walk of the old line is not for it any more. */
	oracle_rest(w.o);
	fire(&w, oracle_called(w.o, w.dev) + 1, oracle_called(w.o, w.two));
	/* Where a line goes, what it carries goes. */
	assert_int_equal(oracle_move(w.o, mirq_irq_at(w.lines, 1), mirq_cpus_one(0)), MIRQ_OK);
	oracle_rest(w.o);
	assert_int_equal(mirq_affinity_effective(w.dev, &cpu), MIRQ_OK);
	assert_int_equal(cpu, 0);
	fire(&w, oracle_called(w.o, w.dev) + 1, oracle_called(w.o, w.two));
	assert_int_equal(oracle_release(w.o, w.two, ORACLE_ALL), MIRQ_OK);
	assert_int_equal(oracle_free(w.o, w.two), MIRQ_OK);
	sim_device_raise(sim_device(w.s, "two"), 0);
	fire(&w, oracle_called(w.o, w.dev) + 1, 0);
	assert_int_equal(oracle_free(w.o, w.dev), MIRQ_OK);
	assert_null(oracle_finish(w.o));
	world_down(&w);
}

static void mux__fire_move_free__each_event_called(void **state)
{
	(void)state;
	life_on("cpus=2" CHILDREN CONTROLLER);
	life_on("cpus=2 vtd" CHILDREN CONTROLLER);
	life_on("cpus=2 posted=3 message=9 remapped=4 vtd=steps=2" CHILDREN CONTROLLER);
}

static void expect_verdict(struct world *w, const char *begin)
{
	sim_device_raise(sim_device(w->s, "dev"), 0);
	oracle_rest(w->o);
	assert_non_null(oracle_verdict(w->o));
	if (strncmp(oracle_verdict(w->o), begin, strlen(begin)) != 0)
		fail_msg("%s; expected: %s", oracle_verdict(w->o), begin);
	world_down(w);
}

static void oracle__line_masked_behind_mirq__event_lost(void **state)
{
	uint64_t at;
	struct world w;

	(void)state;
	world_up(&w, "cpus=2" CHILDREN CONTROLLER);
	at = sim_device_registers(sim_device(w.s, "vmd")) + TABLE + 12;
	sim_write(w.s, at, 4, MASKED);
	expect_verdict(&w, "I1: dev MSI-X 0");
}

static void oracle__child_sends_elsewhere__no_interrupt(void **state)
{
	uint64_t at;
	struct world w;

	(void)state;
	world_up(&w, "cpus=2" CHILDREN CONTROLLER);
	at = sim_device_registers(sim_device(w.s, "dev")) + TABLE;
	sim_write(w.s, at + 12, 4, MASKED);
	sim_write(w.s, at, 4, 0xfee02000);
	sim_write(w.s, at + 12, 4, 0);
	expect_verdict(&w, "I4: dev message 0");
}

/* The handler of a child, while another device's interrupt is handled. */
static enum mirq_handled call_child(void *context, uint32_t slot)
{
	const struct world *w = context;

	(void)slot;
	return oracle_handle(&oracle_line_of(w->o, w->dev, 0)->actions[0]);
}

static void oracle__child_called_for_another_device__stray(void **state)
{
	struct mirq_device *device;
	struct mirq_irqs irqs;
	struct world w;
	const struct oracle_handler how = { .body = call_child, .context = &w };

	(void)state;
	world_up(&w, "cpus=2 nic:msix=1" CHILDREN CONTROLLER);
	assert_int_equal(oracle_pci_attach(w.o, "nic", &device), MIRQ_OK);
	assert_int_equal(oracle_alloc(w.o, device, 1, 1, MIRQ_PCI_MSIX, NULL, &irqs), MIRQ_OK);
	assert_int_equal(oracle_request(w.o, irqs, &how, NULL), MIRQ_OK);
	sim_device_raise(sim_device(w.s, "nic"), 0);
	expect_verdict(&w, "I2: dev MSI-X 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vmd__write_of_a_child__its_own_message),
		cmocka_unit_test(vmd__masked_line__kept_and_sent_later),
		cmocka_unit_test(vmd__other_writes__dropped_and_counted),
		cmocka_unit_test(vmd__child__in_its_own_segment),
		cmocka_unit_test(mux__fire_move_free__each_event_called),
		cmocka_unit_test(oracle__line_masked_behind_mirq__event_lost),
		cmocka_unit_test(oracle__child_sends_elsewhere__no_interrupt),
		cmocka_unit_test(oracle__child_called_for_another_device__stray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
