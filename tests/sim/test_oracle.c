/* SPDX-License-Identifier: MIT */
/*
 * test_oracle.c - the oracle is content with mirq as it is, on machines of all kinds; and each of
 * its checks is seen to fail: behind mirq's back a slot, a table or a register is changed, or the
 * oracle is told of calls that never were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../sim/oracle_inside.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))
#define PLAIN "cpus=2 ram=64K dev:msix=4 other:msix=2"
#define REMAPPED "cpus=2 ram=64K vtd dev:msix=4 other:msix=2"

struct bench {
	struct sim *s;
	struct oracle *o;
	struct mirq_device *dev, *other;
	struct mirq_irqs irqs, others;
	struct sim_device *hardware;
};

static void bench_up(struct bench *b, const char *machine, const struct oracle_handler *how)
{
	const struct mirq_x86_init x86 = { MIRQ_SIZED(mirq_x86_init), .vtd_nr_entries = 64 };

	memset(b, 0, sizeof(*b));
	b->s = sim_parse(machine, NULL);
	assert_non_null(b->s);
	b->o = oracle_new(b->s, 8);
	b->hardware = sim_device(b->s, "dev");
	assert_int_equal(oracle_attach(b->o, &x86), MIRQ_OK);
	assert_int_equal(oracle_pci_attach(b->o, "dev", &b->dev), MIRQ_OK);
	assert_int_equal(oracle_pci_attach(b->o, "other", &b->other), MIRQ_OK);
	assert_int_equal(oracle_alloc(b->o, b->dev, 1, 2, MIRQ_PCI_ANY, NULL, &b->irqs), MIRQ_OK);
	assert_int_equal(oracle_alloc(b->o, b->other, 1, 1, MIRQ_PCI_ANY, NULL, &b->others),
			 MIRQ_OK);
	assert_int_equal(oracle_request(b->o, b->irqs, how, NULL), MIRQ_OK);
	assert_int_equal(oracle_request(b->o, b->others, NULL, NULL), MIRQ_OK);
	oracle_rest(b->o);
	assert_null(oracle_verdict(b->o));
}

static void bench_down(struct bench *b)
{
	(void)oracle_finish(b->o);
	oracle_free_memory(b->o);
	sim_free(b->s);
}

/* The oracle has found @invariant broken, and nothing else before. */
static void expect(struct bench *b, const char *invariant)
{
	const char *text = oracle_verdict(b->o);

	if (!text || strncmp(text, invariant, strlen(invariant)))
		fail_msg("expected %s, seen %s", invariant, text ? text : "nothing");
	bench_down(b);
}

static void raise_and_rest(struct bench *b, uint32_t slot)
{
	sim_device_raise(b->hardware, slot);
	oracle_rest(b->o);
}

/* A word of an entry of @d's table. */
static void put_word(struct bench *b, struct sim_device *d, uint32_t slot, uint32_t word,
		     uint32_t value)
{
	sim_write(b->s, sim_device_registers(d) + 0x1000 + 16 * slot + 4 * word, 4, value);
}

static uint32_t get_word(struct bench *b, struct sim_device *d, uint32_t slot, uint32_t word)
{
	return (uint32_t)sim_read(b->s, sim_device_registers(d) + 0x1000 + 16 * slot + 4 * word, 4);
}

/* Masked, so that the machine has nothing to say against it. */
static void put_message(struct bench *b, uint32_t slot, uint32_t address, uint32_t data)
{
	put_word(b, b->hardware, slot, 3, 1);
	put_word(b, b->hardware, slot, 0, address);
	put_word(b, b->hardware, slot, 2, data);
	put_word(b, b->hardware, slot, 3, 0);
}

/* ---- All is well ---- */

static void use_everything(struct bench *b)
{
	enum mirq_err moved;

	sim_device_raise(b->hardware, 0);
	moved = oracle_move(b->o, b->irqs, mirq_cpus_one(1));
	assert_true(moved == MIRQ_OK || moved == MIRQ_ENOTSUP);
	raise_and_rest(b, 1);
	oracle_disable(b->o, b->irqs);
	assert_int_equal(oracle_sync(b->o, b->irqs), MIRQ_OK);
	raise_and_rest(b, 0);
	assert_int_equal(oracle_enable(b->o, b->irqs), MIRQ_OK);
	oracle_rest(b->o);
	assert_int_equal(oracle_resend(b->o, b->irqs), MIRQ_OK);
	oracle_rest(b->o);
	assert_int_equal(oracle_request(b->o, b->irqs, NULL, NULL), MIRQ_EBUSY);
	sim_device_raise(b->hardware, 0);
	assert_int_equal(oracle_release(b->o, b->irqs, ORACLE_ALL), MIRQ_OK);
	oracle_rest(b->o);
	assert_int_equal(oracle_request(b->o, b->irqs, NULL, NULL), MIRQ_OK);
	raise_and_rest(b, 1);
	sim_device_raise(b->hardware, 0);
	assert_int_equal(oracle_free(b->o, b->irqs), MIRQ_OK);
	assert_int_equal(oracle_device_detach(b->o, b->other), MIRQ_OK);
}

static void every_machine__used__content(void **state)
{
	static const char *const machines[] = {
		PLAIN,
		REMAPPED,
		"cpus=3 ram=64K posted=9 message=9 remapped=9 ipi=9 dev:msix=4 other:msix=2",
		"cpus=3 ram=64K posted=9 message=9 remapped=9 ipi=9 vtd=steps=3 dev:msix=4 "
		"other:msi=1",
		"cpus=2 ram=64K dev:msi=2 other:msi=1,nomask",
		"cpus=2 ram=64K vtd=coherent=0 dev:msi=2,nomask,msi32 other:msi=1",
		"cpus=2 ram=64K x2apic vtd=eim apic-first=300 apic-step=7 x2apic-entered "
		"dev:msix=4 other:msix=2",
	};

	(void)state;
	for (uint32_t i = 0; i < 2 * NR(machines); i++) {
		struct oracle_stats stats;
		const char *verdict;
		struct bench b;

		bench_up(&b, machines[i / 2], NULL);
		oracle_snapshots(b.o, i % 2);
		use_everything(&b);
		verdict = oracle_finish(b.o);
		oracle_stats(b.o, &stats);
		if (verdict)
			fail_msg("%s: %s", machines[i / 2], verdict);
		assert_true(stats.nr_called >= 5);
		assert_true(stats.nr_raised == 6);
		assert_int_equal(stats.nr_failed, 1 + (i / 2 == 4));
		bench_down(&b);
	}
}

/* ---- I1 ---- */

static void slot__masked_behind_its_back__lost(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN, NULL);
	put_word(&b, b.hardware, 1, 3, 1);
	raise_and_rest(&b, 0);
	assert_null(oracle_verdict(b.o));
	raise_and_rest(&b, 1);
	expect(&b, "I1: dev MSI-X 1");
}

static void entry__cleared_behind_its_back__lost_and_told(void **state)
{
	struct bench b;
	uint64_t *table;

	(void)state;
	bench_up(&b, REMAPPED, NULL);
	table = sim_ram(b.s,
			sim_read(b.s, sim_unit_address(sim_unit(b.s, 0)) + 0xb8, 8) & ~0xfffull,
			64 * 16);
	for (uint32_t i = 0; i < 64; i++)
		table[2 * i] &= ~1ull;
	raise_and_rest(&b, 1);
	expect(&b, "I4: dev message 1");
}

/* ---- I2 ---- */

static void handler__called_after_release__seen(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN, NULL);
	oracle_forget(b.o, b.irqs);
	raise_and_rest(&b, 0);
	expect(&b, "I2: dev MSI-X 0 (irq 1); expected: no call after its release");
}

static void handler__called_while_synchronised__seen(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN, NULL);
	oracle_disable(b.o, b.irqs);
	assert_int_equal(oracle_sync(b.o, b.irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_enable(b.irqs), MIRQ_OK);
	raise_and_rest(&b, 0);
	expect(&b, "I2: dev MSI-X 0 (irq 1); expected: no call while disabled");
}

static void handler__called_without_event__seen(void **state)
{
	struct mirq_irq_info info;
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN, NULL);
	assert_int_equal(mirq_irq_inspect(b.irqs, &info), MIRQ_OK);
	sim_ipi(b.s, info.route.cpu, info.route.id);
	oracle_rest(b.o);
	expect(&b, "I2: dev MSI-X 0 (irq 1); expected: a call for an event of its own");
}

static void handler__called_outside_of_interrupts__seen(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN, NULL);
	(void)oracle_handle(&oracle_line_of(b.o, b.irqs, 0)->actions[0]);
	expect(&b, "I2: dev MSI-X 0 (irq 1); expected: calls inside an interrupt");
}

static void late_message__reaches_another__seen(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN, NULL);
	put_message(&b, 0, get_word(&b, sim_device(b.s, "other"), 0, 0),
		    get_word(&b, sim_device(b.s, "other"), 0, 2));
	oracle_forget(b.o, b.irqs);
	raise_and_rest(&b, 0);
	expect(&b, "I2: dev message 0, which is nobody's any more");
}

static void swallow(void *context, uint32_t cpu, uint32_t vector)
{
	(void)context;
	(void)cpu;
	(void)vector;
}

static void vector__never_ended__seen(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN, NULL);
	oracle_disable(b.o, b.irqs);
	sim_set_interrupt(b.s, swallow, NULL);
	raise_and_rest(&b, 0);
	expect(&b, "I2: CPU");
}

/* ---- I3 ---- */

static enum mirq_handled call_itself(void *context, uint32_t slot)
{
	struct bench *b = context;
	struct oracle_line *line = oracle_line_of(b->o, b->irqs, slot);

	line->actions[0].how.body = NULL;
	return oracle_handle(&line->actions[0]);
}

static void handler__inside_itself__seen(void **state)
{
	struct bench b;
	const struct oracle_handler how = { call_itself, &b, 0 };

	(void)state;
	bench_up(&b, PLAIN, &how);
	raise_and_rest(&b, 0);
	expect(&b, "I3: dev MSI-X 0");
}

/* ---- I4 ---- */

static void message__torn__seen(void **state)
{
	static const struct {
		uint32_t address, data; /* data 0: that of the other device */
		const char *expected;
	} rows[] = {
		{ 0xfee00000, 0, "I4: dev message 0" },
		{ 0xfee00000, 0x77, "I4: dev message 0" },
		{ 0xfee63000, 0x40, "I4: dev message 0" }, /* an APIC that is not there */
		{ 0x00001000, 0x40, "I4: dev message 0; expected: an interrupt" },
	};

	(void)state;
	for (uint32_t i = 0; i < NR(rows); i++) {
		uint32_t data = rows[i].data, address = rows[i].address;
		struct bench b;

		bench_up(&b, PLAIN, NULL);
		if (!data) {
			data = get_word(&b, sim_device(b.s, "other"), 0, 2);
			address = get_word(&b, sim_device(b.s, "other"), 0, 0);
		}
		put_message(&b, 0, address, data);
		raise_and_rest(&b, 0);
		expect(&b, rows[i].expected);
	}
}

/* ---- I5 ---- */

static void failed_call__that_changed_something__seen(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct mirq_irqs more = { NULL, { 0, 0 } };
		struct oracle_call call;
		struct bench b;

		bench_up(&b, REMAPPED, NULL);
		oracle_snapshots(b.o, 1);
		oracle_call_begin(b.o, &call, "a lie");
		if (i == 0)
			assert_int_equal(
				mirq_pci_alloc_irqs(b.dev, 1, 1, MIRQ_PCI_ANY, NULL, &more),
				MIRQ_OK);
		else if (i == 1)
			assert_int_equal(mirq_affinity_set(b.irqs, mirq_cpus_one(1), NULL),
					 MIRQ_OK);
		else if (i == 2)
			put_word(&b, b.hardware, 1, 3, 1);
		oracle_call_end(b.o, &call, MIRQ_ENOMEM);
		if (i < 3) {
			expect(&b, "I5: a lie failed");
			continue;
		}
		assert_null(oracle_verdict(b.o));
		bench_down(&b);
	}
}

static void end__with_leaks__seen(void **state)
{
	static const char *const expected[] = { "pieces lent", "bytes for devices", "MSI-X on" };

	(void)state;
	for (uint32_t i = 0; i < NR(expected); i++) {
		uint64_t bus;
		struct bench b;

		bench_up(&b, PLAIN, NULL);
		if (i == 0)
			assert_non_null(mirq_host_alloc(sim_host(b.s), 64, 64));
		else if (i == 1)
			assert_non_null(sim_ram_alloc(b.s, 64, 64, 64, &bus));
		else
			assert_int_equal(oracle_device_detach(b.o, b.dev), MIRQ_OK);
		for (uint32_t at = 0x40; i == 2 && at < 0xf0; at += 4)
			if (sim_config_read(b.s, sim_device_rid(b.hardware), at, 1) == 0x11)
				sim_config_write(b.s, sim_device_rid(b.hardware), at + 2, 2,
						 0x8000);
		assert_null(oracle_verdict(b.o));
		assert_non_null(oracle_finish(b.o));
		assert_non_null(strstr(oracle_verdict(b.o), expected[i]));
		expect(&b, "I5: after mirq_fini()");
	}
}

/* ---- I6 ---- */

static void forge(struct bench *b)
{
	sim_device_write(sim_device(b->s, "other"), get_word(b, b->hardware, 0, 0),
			 get_word(b, b->hardware, 0, 2));
}

static void forged_message__blocked_and_told__content(void **state)
{
	struct oracle_stats stats;
	struct bench b;

	(void)state;
	bench_up(&b, REMAPPED, NULL);
	forge(&b);
	oracle_rest(b.o);
	assert_null(oracle_verdict(b.o));
	oracle_stats(b.o, &stats);
	assert_int_equal(stats.nr_faults, 1);
	bench_down(&b);
	bench_up(&b, PLAIN, NULL);
	forge(&b);
	oracle_rest(b.o); /* nothing isolates, and mirq says so */
	assert_null(oracle_verdict(b.o));
	bench_down(&b);
}

static void forged_message__trusted_entry__seen(void **state)
{
	struct bench b;
	uint64_t *table;

	(void)state;
	bench_up(&b, REMAPPED, NULL);
	table = sim_ram(b.s,
			sim_read(b.s, sim_unit_address(sim_unit(b.s, 0)) + 0xb8, 8) & ~0xfffull,
			64 * 16);
	for (uint32_t i = 0; i < 64; i++)
		table[2 * i + 1] = 0; /* SVT: nobody is checked */
	forge(&b);
	oracle_rest(b.o);
	expect(&b, "I6: other wrote");
}

static void fault__read_by_nobody__seen(void **state)
{
	uint64_t unit;
	struct bench b;

	(void)state;
	bench_up(&b, REMAPPED, NULL);
	unit = sim_unit_address(sim_unit(b.s, 0));
	forge(&b);
	sim_run_until_idle(b.s);
	for (uint32_t at = 0x200; at < 0x400; at += 16) /* F of whichever record it is */
		if (sim_read(b.s, unit + at + 12, 4) >> 31)
			sim_write(b.s, unit + at + 12, 4, 0x80000000);
	oracle_rest(b.o);
	expect(&b, "I6: faults; expected: 1");
}

/* ---- I7, and the rest ---- */

static void call__too_long__seen(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct oracle_call call;
		struct bench b;

		bench_up(&b, PLAIN, NULL);
		oracle_limits(b.o, 1000000, 1000);
		oracle_call_begin(b.o, &call, "a long one");
		if (i == 0)
			sim_pass_ns(b.s, 2000000);
		for (uint32_t point = 0; i && point < 1500; point++)
			sim_point(b.s, ENGINE_HOST, NULL);
		if (i != 1) /* found while it goes on, too */
			oracle_call_end(b.o, &call, MIRQ_OK);
		expect(&b, "I7: a long one");
	}
}

static enum mirq_handled look(void *context, uint32_t slot)
{
	struct bench *b = context;

	(void)slot;
	oracle_rest(b->o);
	return MIRQ_HANDLED;
}

static void rest__while_a_handler_runs__seen(void **state)
{
	struct bench b;
	const struct oracle_handler how = { look, &b, 0 };

	(void)state;
	bench_up(&b, PLAIN, &how);
	raise_and_rest(&b, 0);
	expect(&b, "I7: dev MSI-X 0");
}

static void violation__of_a_specification__seen(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, PLAIN, NULL);
	sim_write(b.s, 0xfee00002, 4, 0);
	expect(&b, "a register was accessed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_machine__used__content),
		cmocka_unit_test(slot__masked_behind_its_back__lost),
		cmocka_unit_test(entry__cleared_behind_its_back__lost_and_told),
		cmocka_unit_test(handler__called_after_release__seen),
		cmocka_unit_test(handler__called_while_synchronised__seen),
		cmocka_unit_test(handler__called_without_event__seen),
		cmocka_unit_test(handler__called_outside_of_interrupts__seen),
		cmocka_unit_test(late_message__reaches_another__seen),
		cmocka_unit_test(vector__never_ended__seen),
		cmocka_unit_test(handler__inside_itself__seen),
		cmocka_unit_test(message__torn__seen),
		cmocka_unit_test(failed_call__that_changed_something__seen),
		cmocka_unit_test(end__with_leaks__seen),
		cmocka_unit_test(forged_message__blocked_and_told__content),
		cmocka_unit_test(forged_message__trusted_entry__seen),
		cmocka_unit_test(fault__read_by_nobody__seen),
		cmocka_unit_test(call__too_long__seen),
		cmocka_unit_test(rest__while_a_handler_runs__seen),
		cmocka_unit_test(violation__of_a_specification__seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
