/* SPDX-License-Identifier: MIT */
/*
 * test_machine_stores.c - the stores of a simulated device's own (sim/ims*.c), by their registers
 * alone, as docs/machines.md has them: what is kept, what is sent, what tears, what commands do,
 * and what counts as a violation. Without mirq.
 *
 * Breaks of the model that were tried, each found here: the mask not looked at, or only before the
 * words are read; nothing kept; kept and never sent; the pending bit of the neighbour; a message
 * taken without a PASID; any PASID good enough; mode bits free for all; words read at once; a
 * command done before its steps; the message of a command read early, or from the next slot; a
 * refused one done; a denied one not; a queue that goes on after it was switched off; data not
 * added to; more events than it was told of; firmware that forgets that it takes one only; reset
 * that leaves slots open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../sim/machine.h"

#define ALL "cpus=1 ram=64K dev:msix=2,array=300,queue=4,registers=3,firmware=4"
#define NOWHERE 0x00010000u /* an address that is nobody's: what is sent there is seen as such */

#define CONTROL_MASK 1u
#define CONTROL_PENDING 4u
#define CONTROL_USED 8u
#define MODE 0x5a0f0000u

enum {
	COOKIE = 1,
	MESSAGE,
	ENABLE,
	DISABLE
};

struct bench {
	struct sim *s;
	struct sim_device *d;
	uint64_t bar;
	uint32_t at[SIM_NR_STORES], nr[SIM_NR_STORES];
	uint32_t nr_sent, slot, data;
	enum sim_store store;
	uint64_t address;
	uint8_t *memory; /* ring, then messages */
	uint64_t bus;
	uint32_t nr_given;
};

static uint32_t load(const struct bench *b, enum sim_store store, uint32_t offset)
{
	return (uint32_t)sim_read(b->s, b->bar + b->at[store] + offset, 4);
}

static void store(const struct bench *b, enum sim_store store, uint32_t offset, uint32_t value)
{
	sim_write(b->s, b->bar + b->at[store] + offset, 4, value);
}

static void watch(void *context, const struct sim_event *event)
{
	struct bench *b = context;

	if (event->kind != SIM_ASTRAY)
		return;
	b->nr_sent++;
	b->store = event->store;
	b->slot = event->slot;
	b->address = event->address;
	b->data = event->data;
}

static void bench_up(struct bench *b, const char *machine)
{
	memset(b, 0, sizeof(*b));
	b->s = sim_parse(machine, NULL);
	assert_non_null(b->s);
	b->d = sim_device(b->s, "dev");
	b->bar = sim_device_registers(b->d);
	for (uint32_t i = SIM_STORE_ARRAY; i < SIM_NR_STORES; i++) {
		b->nr[i] = (uint32_t)sim_read(b->s, b->bar + 0x40 + 8 * (i - SIM_STORE_ARRAY), 4);
		b->at[i] = (uint32_t)sim_read(b->s, b->bar + 0x44 + 8 * (i - SIM_STORE_ARRAY), 4);
	}
	sim_set_watch(b->s, watch, b);
}

static void bench_down(struct bench *b)
{
	assert_null(sim_violation(b->s));
	sim_free(b->s);
}

static void raise_at(struct bench *b, enum sim_store store, uint32_t slot)
{
	sim_device_raise_at(b->d, store, slot);
	sim_run_until_idle(b->s);
}

/* So many have been sent by now, the last one this. */
static void expect(const struct bench *b, uint32_t nr_sent, enum sim_store store, uint32_t slot,
		   uint32_t data)
{
	assert_int_equal(b->nr_sent, nr_sent);
	assert_int_equal(b->store, store);
	assert_int_equal(b->slot, slot);
	assert_int_equal(b->data, data);
	assert_int_equal(b->address, NOWHERE);
}

static void expect_violation(struct bench *b, const char *part)
{
	assert_non_null(sim_violation(b->s));
	if (!strstr(sim_violation(b->s), part))
		fail_msg("'%s' has no '%s'", sim_violation(b->s), part);
	sim_violation_clear(b->s);
}

static void stores__of_one_device__where_it_says(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, ALL);
	assert_int_equal(b.nr[SIM_STORE_ARRAY], 300);
	assert_int_equal(b.nr[SIM_STORE_QUEUE], 4);
	assert_int_equal(b.nr[SIM_STORE_REGISTERS], 3);
	assert_int_equal(b.nr[SIM_STORE_FIRMWARE], 4);
	for (uint32_t i = SIM_STORE_QUEUE; i < SIM_NR_STORES; i++)
		assert_true(b.at[i] >= b.at[i - 1] + (i == SIM_STORE_QUEUE ? 300 * 16 : 0x100));
	sim_free(b.s);
	bench_up(&b, "cpus=1 ram=64K dev:msix=2,registers=1");
	assert_int_equal(b.nr[SIM_STORE_ARRAY] + b.nr[SIM_STORE_QUEUE] + b.nr[SIM_STORE_FIRMWARE],
			 0);
	assert_int_equal(b.nr[SIM_STORE_REGISTERS], 1);
	bench_down(&b);
}

/* ---- An array ---- */

static void array_tell(const struct bench *b, uint32_t slot, uint32_t data)
{
	store(b, SIM_STORE_ARRAY, 16 * slot, NOWHERE);
	store(b, SIM_STORE_ARRAY, 16 * slot + 4, 0);
	store(b, SIM_STORE_ARRAY, 16 * slot + 8, data);
}

static void array_control(const struct bench *b, uint32_t slot, uint32_t value)
{
	store(b, SIM_STORE_ARRAY, 16 * slot + 12, value);
}

static void array__masked__kept_and_sent_later(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, ALL);
	array_control(&b, 299, CONTROL_MASK | CONTROL_USED | 7 << 12);
	array_tell(&b, 299, 0x77);
	raise_at(&b, SIM_STORE_ARRAY, 299);
	assert_int_equal(b.nr_sent, 0);
	assert_int_equal(load(&b, SIM_STORE_ARRAY, 16 * 299 + 12),
			 CONTROL_MASK | CONTROL_PENDING | CONTROL_USED | 7 << 12);
	assert_int_equal(load(&b, SIM_STORE_ARRAY, 16 * 298 + 12), CONTROL_MASK);
	array_control(&b, 299, CONTROL_USED | 7 << 12);
	sim_run_until_idle(b.s);
	expect(&b, 1, SIM_STORE_ARRAY, 299, 0x77);
	assert_int_equal(load(&b, SIM_STORE_ARRAY, 16 * 299 + 12), CONTROL_USED | 7 << 12);
	raise_at(&b, SIM_STORE_ARRAY, 299);
	expect(&b, 2, SIM_STORE_ARRAY, 299, 0x77);
	sim_device_reset(b.d);
	sim_device_restore(b.d);
	raise_at(&b, SIM_STORE_ARRAY, 299);
	assert_int_equal(b.nr_sent, 2);
	bench_down(&b);
}

struct change {
	struct bench *b;
	uint32_t nr_points, word, value; /* at the point of this number */
};

static void change(void *context, enum engine_point point)
{
	struct change *c = context;

	if (point == ENGINE_READ && c->nr_points && !--c->nr_points)
		store(c->b, SIM_STORE_ARRAY, c->word, c->value);
}

/* The first point is before anything is read, then one before each of the other words. */
static void array__changed_while_it_is_read__torn_or_kept(void **state)
{
	struct bench b;
	struct change c = { &b, 3, 0, NOWHERE + 0x10000 };
	struct sim_device_stats stats;

	(void)state;
	bench_up(&b, "cpus=1 ram=64K dev:array=2,array-nomask");
	sim_set_hook(b.s, change, &c);
	array_control(&b, 1, CONTROL_USED);
	c.word = 16;
	array_tell(&b, 1, 1);
	raise_at(&b, SIM_STORE_ARRAY, 1);
	expect(&b, 1, SIM_STORE_ARRAY, 1, 1);
	sim_device_stats(b.d, &stats);
	assert_int_equal(stats.nr_torn, 1);
	bench_down(&b);
	/* The same with a mask, which is set meanwhile. */
	bench_up(&b, "cpus=1 ram=64K dev:array=2");
	c = (struct change){ &b, 0, 16 + 12, CONTROL_USED | CONTROL_MASK };
	sim_set_hook(b.s, change, &c);
	array_control(&b, 1, CONTROL_USED | CONTROL_MASK);
	array_tell(&b, 1, 1);
	array_control(&b, 1, CONTROL_USED);
	c.nr_points = 3;
	raise_at(&b, SIM_STORE_ARRAY, 1);
	assert_int_equal(b.nr_sent, 0);
	assert_true(load(&b, SIM_STORE_ARRAY, 16 + 12) & CONTROL_PENDING);
	bench_down(&b);
}

static void array__told_in_a_wrong_order__violation(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, ALL);
	store(&b, SIM_STORE_ARRAY, 16, NOWHERE);
	expect_violation(&b, "before it was told its PASID");
	array_control(&b, 1, CONTROL_USED | CONTROL_MASK);
	array_tell(&b, 1, 1);
	array_control(&b, 1, CONTROL_USED);
	assert_null(sim_violation(b.s));
	store(&b, SIM_STORE_ARRAY, 16 + 8, 2);
	expect_violation(&b, "unmasked slot");
	store(&b, SIM_STORE_ARRAY, 300 * 16, 2);
	expect_violation(&b, "behind an array");
	sim_device_lend(b.d, SIM_STORE_ARRAY, 1, 5);
	raise_at(&b, SIM_STORE_ARRAY, 1);
	expect_violation(&b, "not its owner's");
	array_control(&b, 1, CONTROL_USED | 5 << 12);
	raise_at(&b, SIM_STORE_ARRAY, 1);
	bench_down(&b);
}

/* ---- Event registers ---- */

static void registers__shared_control__each_its_bit(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, ALL);
	assert_int_equal(load(&b, SIM_STORE_REGISTERS, 0), MODE | 7);
	store(&b, SIM_STORE_REGISTERS, 0x60, 0x31);
	store(&b, SIM_STORE_REGISTERS, 0x64, NOWHERE);
	raise_at(&b, SIM_STORE_REGISTERS, 1);
	assert_int_equal(load(&b, SIM_STORE_REGISTERS, 0), MODE | 0x200 | 7);
	store(&b, SIM_STORE_REGISTERS, 0, MODE | 5);
	sim_run_until_idle(b.s);
	expect(&b, 1, SIM_STORE_REGISTERS, 1, 0x31);
	assert_int_equal(load(&b, SIM_STORE_REGISTERS, 0), MODE | 5);
	assert_null(sim_violation(b.s));
	store(&b, SIM_STORE_REGISTERS, 0x60, 0x32);
	expect_violation(&b, "unmasked event");
	store(&b, SIM_STORE_REGISTERS, 0, 5);
	expect_violation(&b, "not a store's");
	store(&b, SIM_STORE_REGISTERS, 0x4c, 5);
	expect_violation(&b, "no event register");
	sim_device_reset(b.d);
	sim_device_restore(b.d);
	assert_int_equal(load(&b, SIM_STORE_REGISTERS, 0), MODE | 7);
	bench_down(&b);
}

static void registers__lossy__keep_nothing_while_masked(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 ram=64K dev:registers=1,lossy");
	store(&b, SIM_STORE_REGISTERS, 0x40, 0x33);
	store(&b, SIM_STORE_REGISTERS, 0x44, NOWHERE);
	raise_at(&b, SIM_STORE_REGISTERS, 0);
	assert_int_equal(load(&b, SIM_STORE_REGISTERS, 0), MODE | 1);
	store(&b, SIM_STORE_REGISTERS, 0, MODE);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_sent, 0);
	store(&b, SIM_STORE_REGISTERS, 0x40, 0x34);
	raise_at(&b, SIM_STORE_REGISTERS, 0);
	expect(&b, 1, SIM_STORE_REGISTERS, 0, 0x34);
	bench_down(&b);
}

/* ---- A queue ---- */

static void put(uint8_t *at, uint64_t value)
{
	for (uint32_t i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void queue_on(struct bench *b)
{
	if (!b->memory)
		b->memory = sim_ram_alloc(b->s, 0x100, 64, 64, &b->bus);
	assert_non_null(b->memory);
	store(b, SIM_STORE_QUEUE, 0x00, (uint32_t)b->bus);
	store(b, SIM_STORE_QUEUE, 0x04, (uint32_t)(b->bus >> 32));
	store(b, SIM_STORE_QUEUE, 0x08, 4);
	store(b, SIM_STORE_QUEUE, 0x0c, (uint32_t)(b->bus + 0x80));
	store(b, SIM_STORE_QUEUE, 0x10, (uint32_t)((b->bus + 0x80) >> 32));
	store(b, SIM_STORE_QUEUE, 0x14, 1);
	b->nr_given = 0;
}

static void queue_give(struct bench *b, uint32_t command, uint32_t slot, uint64_t cookie)
{
	uint8_t *entry = b->memory + b->nr_given++ % 4 * 16;

	put(entry, command | (uint64_t)slot << 32);
	put(entry + 8, cookie);
	store(b, SIM_STORE_QUEUE, 0x18, b->nr_given);
}

static uint32_t queue_status(const struct bench *b)
{
	return load(b, SIM_STORE_QUEUE, 0x1c);
}

static void queue_message(struct bench *b, uint32_t slot, uint32_t data)
{
	put(b->memory + 0x80 + (size_t)slot * 16, NOWHERE);
	put(b->memory + 0x88 + (size_t)slot * 16, data);
	queue_give(b, MESSAGE, slot, 0);
}

static void queue__commands__done_in_order(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, ALL);
	raise_at(&b, SIM_STORE_QUEUE, 2);
	queue_on(&b);
	queue_give(&b, COOKIE, 2, 9);
	sim_device_lend(b.d, SIM_STORE_QUEUE, 2, 9);
	queue_message(&b, 2, 0x41);
	raise_at(&b, SIM_STORE_QUEUE, 2);
	assert_int_equal(b.nr_sent, 0);
	queue_give(&b, ENABLE, 2, 0);
	sim_run_until_idle(b.s);
	expect(&b, 1, SIM_STORE_QUEUE, 2, 0x41);
	queue_message(&b, 2, 0x42);
	raise_at(&b, SIM_STORE_QUEUE, 2);
	expect(&b, 2, SIM_STORE_QUEUE, 2, 0x42);
	queue_give(&b, DISABLE, 2, 0);
	raise_at(&b, SIM_STORE_QUEUE, 2);
	assert_int_equal(b.nr_sent, 2);
	/* A new owner has no events of the old one. */
	queue_give(&b, COOKIE, 2, 8);
	queue_message(&b, 2, 0x43);
	queue_give(&b, ENABLE, 2, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(b.nr_sent, 2);
	assert_int_equal(queue_status(&b), 0x10000 | 8);
	assert_null(sim_violation(b.s));
	raise_at(&b, SIM_STORE_QUEUE, 2);
	expect_violation(&b, "not its owner's");
	queue_give(&b, COOKIE, 2, 7);
	expect_violation(&b, "while it was enabled");
	queue_message(&b, 1, 0x44);
	expect_violation(&b, "told its cookie");
	queue_give(&b, 5, 1, 0);
	expect_violation(&b, "does not know");
	bench_down(&b);
}

/* Address and data are read at different times, both while the command goes on. */
static void queue__slow_command__reads_while_it_goes_on(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 ram=64K dev:queue=4,steps=50");
	queue_on(&b);
	queue_give(&b, COOKIE, 3, 1);
	sim_run_until_idle(b.s);
	queue_message(&b, 3, 0x51);
	assert_int_equal(queue_status(&b), 0x10000 | 1);
	put(b.memory + 0x80 + 3 * 16, NOWHERE + 0x10000); /* too late */
	put(b.memory + 0x88 + 3 * 16, 0x52);              /* in time */
	sim_run_until_idle(b.s);
	assert_int_equal(queue_status(&b), 0x10000 | 2);
	put(b.memory + 0x88 + 3 * 16, 0x53);
	queue_give(&b, ENABLE, 3, 0);
	sim_run_until_idle(b.s);
	raise_at(&b, SIM_STORE_QUEUE, 3);
	expect(&b, 1, SIM_STORE_QUEUE, 3, 0x52);
	queue_give(&b, DISABLE, 3, 0);
	sim_device_reset_queue(b.d);
	sim_run_until_idle(b.s);
	assert_int_equal(queue_status(&b), 0);
	raise_at(&b, SIM_STORE_QUEUE, 3);
	expect(&b, 2, SIM_STORE_QUEUE, 3, 0x52);
	sim_device_reset(b.d);
	sim_device_restore(b.d);
	raise_at(&b, SIM_STORE_QUEUE, 3);
	assert_int_equal(b.nr_sent, 2);
	bench_down(&b);
}

static void queue__knobs__refused_denied_or_not_done(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, ALL);
	queue_on(&b);
	queue_give(&b, COOKIE, 0, 1);
	queue_message(&b, 0, 0x61);
	sim_device_knobs(b.d)->nr_refused = 1;
	queue_give(&b, ENABLE, 0, 0);
	assert_int_equal(queue_status(&b), 0x30000 | 3);
	raise_at(&b, SIM_STORE_QUEUE, 0);
	assert_int_equal(b.nr_sent, 0);
	sim_device_knobs(b.d)->nr_denied = 1;
	queue_give(&b, ENABLE, 0, 0);
	assert_int_equal(queue_status(&b), 0x30000 | 4);
	sim_run_until_idle(b.s);
	expect(&b, 1, SIM_STORE_QUEUE, 0, 0x61);
	sim_device_knobs(b.d)->is_deaf = 1;
	queue_give(&b, DISABLE, 0, 0);
	sim_run_until_idle(b.s);
	assert_int_equal(queue_status(&b), 0x30000 | 4);
	store(&b, SIM_STORE_QUEUE, 0x14, 0);
	sim_device_knobs(b.d)->is_deaf = 0;
	sim_run_until_idle(b.s);
	raise_at(&b, SIM_STORE_QUEUE, 0);
	expect(&b, 2, SIM_STORE_QUEUE, 0, 0x61);
	bench_down(&b);
}

/* ---- Firmware ---- */

static uint32_t firmware_command(const struct bench *b, uint32_t data, uint32_t log2,
				 uint32_t command)
{
	store(b, SIM_STORE_FIRMWARE, 0x00, NOWHERE);
	store(b, SIM_STORE_FIRMWARE, 0x04, 0);
	store(b, SIM_STORE_FIRMWARE, 0x08, data);
	store(b, SIM_STORE_FIRMWARE, 0x0c, log2);
	store(b, SIM_STORE_FIRMWARE, 0x10, command);
	sim_run_until_idle(b->s);
	return load(b, SIM_STORE_FIRMWARE, 0x14);
}

static void firmware__told__makes_events_of_one_message(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, ALL);
	raise_at(&b, SIM_STORE_FIRMWARE, 0);
	assert_int_equal(b.nr_sent, 0);
	assert_int_equal(firmware_command(&b, 0x70, 1, 1), 1);
	raise_at(&b, SIM_STORE_FIRMWARE, 1);
	expect(&b, 1, SIM_STORE_FIRMWARE, 1, 0x71);
	raise_at(&b, SIM_STORE_FIRMWARE, 2);
	assert_int_equal(b.nr_sent, 1);
	assert_int_equal(firmware_command(&b, 0x74, 2, 1), 2);
	raise_at(&b, SIM_STORE_FIRMWARE, 2);
	expect(&b, 2, SIM_STORE_FIRMWARE, 2, 0x76);
	assert_int_equal(firmware_command(&b, 0, 0, 2), 3);
	raise_at(&b, SIM_STORE_FIRMWARE, 2);
	assert_int_equal(b.nr_sent, 2);
	assert_null(sim_violation(b.s));
	(void)firmware_command(&b, 0, 3, 1);
	expect_violation(&b, "more events than it has");
	bench_down(&b);
}

static void firmware__told_once__refuses_another(void **state)
{
	struct bench b;

	(void)state;
	bench_up(&b, "cpus=1 ram=64K dev:firmware=2,once,steps=3");
	assert_int_equal(firmware_command(&b, 0x80, 1, 1), 1);
	assert_int_equal(firmware_command(&b, 0x82, 1, 1), 0x20000 | 2);
	raise_at(&b, SIM_STORE_FIRMWARE, 0);
	expect(&b, 1, SIM_STORE_FIRMWARE, 0, 0x80);
	assert_int_equal(firmware_command(&b, 0x80, 1, 2), 3);
	assert_int_equal(firmware_command(&b, 0x84, 1, 1), 0x20000 | 4);
	raise_at(&b, SIM_STORE_FIRMWARE, 0);
	assert_int_equal(b.nr_sent, 1);
	sim_device_reset(b.d);
	sim_device_restore(b.d);
	assert_int_equal(firmware_command(&b, 0x84, 1, 1), 1);
	raise_at(&b, SIM_STORE_FIRMWARE, 1);
	expect(&b, 2, SIM_STORE_FIRMWARE, 1, 0x85);
	sim_device_knobs(b.d)->is_deaf = 1;
	assert_int_equal(firmware_command(&b, 0x84, 1, 2), 0x10000 | 1);
	assert_null(sim_violation(b.s));
	store(&b, SIM_STORE_FIRMWARE, 0x08, 1);
	expect_violation(&b, "while its command went on");
	store(&b, SIM_STORE_FIRMWARE, 0x10, 1);
	expect_violation(&b, "busy");
	store(&b, SIM_STORE_FIRMWARE, 0x10, 0);
	assert_int_equal(load(&b, SIM_STORE_FIRMWARE, 0x14), 1);
	bench_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores__of_one_device__where_it_says),
		cmocka_unit_test(array__masked__kept_and_sent_later),
		cmocka_unit_test(array__changed_while_it_is_read__torn_or_kept),
		cmocka_unit_test(array__told_in_a_wrong_order__violation),
		cmocka_unit_test(registers__shared_control__each_its_bit),
		cmocka_unit_test(registers__lossy__keep_nothing_while_masked),
		cmocka_unit_test(queue__commands__done_in_order),
		cmocka_unit_test(queue__slow_command__reads_while_it_goes_on),
		cmocka_unit_test(queue__knobs__refused_denied_or_not_done),
		cmocka_unit_test(firmware__told__makes_events_of_one_message),
		cmocka_unit_test(firmware__told_once__refuses_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
