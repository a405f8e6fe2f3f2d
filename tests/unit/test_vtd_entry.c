/* SPDX-License-Identifier: MIT */
/*
 * test_vtd_entry.c - words of VT-d against values written down by hand from the specification:
 * table entries, messages, queue descriptors; and back by a decoder that shares nothing with the
 * library.
 * Sources: [VTD] 5.1.2.2, 6.5.2.7, 6.5.2.8, 9.10.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mirq/vtd.h>

#include "remappers/vtd.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static struct mirq_requesters requesters(const struct mirq_range *ids, uint32_t nr)
{
	return (struct mirq_requesters){ .ids = ids, .nr_ids = nr };
}

static struct mirq_route route(uint32_t target, uint32_t vector, enum mirq_trigger trigger)
{
	return (struct mirq_route){
		.hw_target = target,
		.id = vector,
		.kind = MIRQ_ROUTE_FIXED,
		.trigger = (uint8_t)trigger,
	};
}

/* [VTD] 9.10: P 0, TM 4, V 23:16, DST 63:32 (8-bit ids: 47:40). */
static void entry__route__low_half_of_the_specification(void **state)
{
	static const struct {
		uint32_t target, vector;
		enum mirq_trigger trigger;
		int eim;
		uint64_t low;
	} golden[] = {
		{ 0, 16, MIRQ_EDGE, 0, 0x0000000000100001 },
		{ 3, 0x41, MIRQ_EDGE, 0, 0x0000030000410001 },
		{ 254, 255, MIRQ_EDGE, 0, 0x0000fe0000ff0001 },
		{ 3, 0x41, MIRQ_EDGE_FALLING, 0, 0x0000030000410001 },
		{ 3, 0x41, MIRQ_LEVEL_HIGH, 0, 0x0000030000410011 },
		{ 3, 0x41, MIRQ_LEVEL_LOW, 0, 0x0000030000410011 },
		{ 3, 0x41, MIRQ_EDGE, 1, 0x0000000300410001 },
		{ 255, 0x41, MIRQ_EDGE, 1, 0x000000ff00410001 },
		{ 0x12345678, 0xef, MIRQ_LEVEL_LOW, 1, 0x1234567800ef0011 },
		{ 0xfffffffe, 0xef, MIRQ_EDGE, 1, 0xfffffffe00ef0001 },
	};
	const struct mirq_range id = { 0x0010, 0x0011 };
	const struct mirq_requesters who = requesters(&id, 1);

	(void)state;
	for (size_t i = 0; i < NR(golden); i++) {
		struct mirq_route r = route(golden[i].target, golden[i].vector, golden[i].trigger);
		struct mirq_vtd_entry entry;

		assert_int_equal(mirq_vtd_compose_entry(&r, golden[i].eim, &who, &entry), MIRQ_OK);
		assert_int_equal(entry.low, golden[i].low);
		assert_int_equal(entry.high, 0x0000000000040010);
	}
}

static void entry__route_that_does_not_fit__einval(void **state)
{
	static const struct {
		uint32_t target, vector;
		int eim;
		enum mirq_route_kind kind;
	} bad[] = {
		{ 3, 15, 0, MIRQ_ROUTE_FIXED },
		{ 3, 256, 0, MIRQ_ROUTE_FIXED },
		{ 255, 0x41, 0, MIRQ_ROUTE_FIXED },
		{ 256, 0x41, 0, MIRQ_ROUTE_FIXED },
		{ UINT32_MAX, 0x41, 1, MIRQ_ROUTE_FIXED },
		{ 3, 0x41, 0, MIRQ_ROUTE_NONE },
		{ 3, 0x41, 0, MIRQ_ROUTE_POSTED },
		{ 3, 0x41, 0, MIRQ_ROUTE_GUEST },
	};
	const struct mirq_range id = { 0x0010, 0x0011 };
	const struct mirq_requesters who = requesters(&id, 1);

	(void)state;
	for (size_t i = 0; i < NR(bad); i++) {
		struct mirq_route r = route(bad[i].target, bad[i].vector, MIRQ_EDGE);
		struct mirq_vtd_entry entry = { 7, 8 };

		r.kind = (uint8_t)bad[i].kind;
		assert_int_equal(mirq_vtd_compose_entry(&r, bad[i].eim, &who, &entry), MIRQ_EINVAL);
		assert_int_equal(entry.low, 7);
		assert_int_equal(entry.high, 8);
	}
}

struct sender_case {
	struct mirq_range ids[4];
	uint32_t nr;
	uint64_t high;
};

/* [VTD] 9.10: SID 15:0, SQ 17:16, SVT 19:18 of the high half. */
static const struct sender_case senders[] = {
	{ { { 0x0000, 0x0001 } }, 1, 0x40000 },
	{ { { 0xffff, 0x10000 } }, 1, 0x4ffff },
	{ { { 0x00fa, 0x00fb } }, 1, 0x400fa },
	/* The same id twice. */
	{ { { 0x00fa, 0x00fb }, { 0x00fa, 0x00fb } }, 2, 0x400fa },
	/* SQ 1: bit 2 is left out. */
	{ { { 0x0010, 0x0011 }, { 0x0014, 0x0015 } }, 2, 0x50010 },
	{ { { 0x0017, 0x0018 }, { 0x0013, 0x0014 } }, 2, 0x50013 },
	/* SQ 2: bits 2:1. */
	{ { { 0x0010, 0x0011 }, { 0x0012, 0x0013 }, { 0x0014, 0x0015 }, { 0x0016, 0x0017 } },
	  4,
	  0x60010 },
	{ { { 0x0017, 0x0018 }, { 0x0015, 0x0016 }, { 0x0013, 0x0014 }, { 0x0011, 0x0012 } },
	  4,
	  0x60011 },
	/* SQ 3: the whole device, in one range or in two. */
	{ { { 0x0010, 0x0018 } }, 1, 0x70010 },
	{ { { 0x0014, 0x0018 }, { 0x0010, 0x0015 } }, 2, 0x70010 },
	/* SVT 2: buses, first in 15:8, last in 7:0. */
	{ { { 0x0100, 0x0200 } }, 1, 0x80101 },
	{ { { 0x0500, 0x0900 } }, 1, 0x80508 },
	{ { { 0x0600, 0x0900 }, { 0x0500, 0x0680 } }, 2, 0x80508 },
	{ { { 0x0000, 0x10000 } }, 1, 0x800ff },
};

static void sender__sets_an_entry_can_say__high_half_of_the_specification(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(senders); i++) {
		struct mirq_requesters who = requesters(senders[i].ids, senders[i].nr);
		uint64_t high = 0;

		assert_int_equal(mirqi_vtd_compose_high(&who, &high, NULL), MIRQ_OK);
		assert_int_equal(high, senders[i].high);
	}
}

static int sender_allows(uint64_t high, uint32_t rid)
{
	static const uint32_t compared[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };
	uint32_t sid = high & 0xffff, sq = (high >> 16) & 3, svt = (high >> 18) & 3;

	if (svt == 1)
		return !((sid ^ rid) & compared[sq]);
	return svt == 2 && rid >> 8 >= sid >> 8 && rid >> 8 <= (sid & 0xff);
}

/* I6: exactly the set gets through, of all 65536 ids. */
static void sender__every_id__let_through_when_in_the_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(senders); i++) {
		struct mirq_requesters who = requesters(senders[i].ids, senders[i].nr);
		uint64_t high = 0;

		assert_int_equal(mirqi_vtd_compose_high(&who, &high, NULL), MIRQ_OK);
		for (uint32_t rid = 0; rid < 0x10000; rid++) {
			int is_in = 0;

			for (uint32_t j = 0; j < senders[i].nr; j++)
				is_in |= rid >= senders[i].ids[j].first &&
					 rid < senders[i].ids[j].limit;
			assert_int_equal(sender_allows(high, rid), is_in);
		}
	}
}

static void sender__sets_an_entry_cannot_say__refused_with_a_sentence(void **state)
{
	static const struct sender_case bad[] = {
		{ { { 0, 0 } }, 0, 0 },
		{ { { 0x10, 0x10 } }, 1, 0 },
		{ { { 0x11, 0x10 } }, 1, 0 },
		{ { { 0xffff, 0x10001 } }, 1, 0 },
		{ { { 0x10000, 0x10001 } }, 1, 0 },
		/* Functions 0 and 1; 0 and 2; seven of eight. */
		{ { { 0x10, 0x12 } }, 1, 0 },
		{ { { 0x10, 0x11 }, { 0x12, 0x13 } }, 2, 0 },
		{ { { 0x10, 0x17 } }, 1, 0 },
		/* Two devices of one bus, on two buses; a device and a bus. */
		{ { { 0x10, 0x11 }, { 0x18, 0x19 } }, 2, 0 },
		{ { { 0x10, 0x11 }, { 0x110, 0x111 } }, 2, 0 },
		{ { { 0x10, 0x11 }, { 0x100, 0x200 } }, 2, 0 },
		/* Buses with a hole; most of a bus. */
		{ { { 0x100, 0x200 }, { 0x300, 0x400 } }, 2, 0 },
		{ { { 0x100, 0x101 }, { 0x1ff, 0x200 } }, 2, 0 },
		{ { { 0x100, 0x1ff } }, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NR(bad); i++) {
		struct mirq_requesters who = requesters(bad[i].ids, bad[i].nr);
		struct mirq_why why = { 0 };
		uint64_t high = 7;

		assert_int_equal(mirqi_vtd_compose_high(&who, &high, &why), MIRQ_EINVAL);
		assert_int_equal(high, 7);
		assert_non_null(why.text);
	}
}

/* [VTD] 5.1.2.2; the four messages are those of real machines. */
static void message__index__address_of_the_specification(void **state)
{
	static const struct {
		uint32_t index;
		uint64_t address;
	} golden[] = {
		{ 0, 0xfee00018 },      { 17, 0xfee00238 },     { 21, 0xfee002b8 },
		{ 38, 0xfee004d8 },     { 1, 0xfee00038 },      { 0x7fff, 0xfeeffff8 },
		{ 0x8000, 0xfee0001c }, { 0xffff, 0xfeeffffc },
	};

	(void)state;
	for (size_t i = 0; i < NR(golden); i++) {
		struct mirq_msg msg = mirq_vtd_compose_message(golden[i].index);

		assert_int_equal(msg.address, golden[i].address);
		assert_int_equal(msg.data, 0);
	}
}

static void message__every_index__decodes_to_itself(void **state)
{
	(void)state;
	for (uint32_t index = 0; index < 0x10000; index++) {
		struct mirq_msg msg = mirq_vtd_compose_message(index);

		assert_int_equal(msg.address >> 20, 0xfee);
		assert_int_equal(msg.address & 0x1b, 0x18);
		assert_int_equal(((msg.address >> 5) & 0x7fff) | (msg.address & 4) << 13, index);
		assert_int_equal(msg.data, 0);
	}
}

/* [VTD] 6.5.2.7: type 4, G 4, IM 31:27, IIDX 47:32. */
static void descriptor__entry_cache__words_of_the_specification(void **state)
{
	static const struct {
		uint32_t first, log2;
		uint64_t low;
	} golden[] = {
		{ 0, 0, 0x0000000000000014 },       { 1, 0, 0x0000000100000014 },
		{ 0x1234, 2, 0x0000123410000014 },  { 0xffff, 0, 0x0000ffff00000014 },
		{ 0x8000, 15, 0x0000800078000014 }, { 0, 16, 0x0000000080000014 },
	};

	(void)state;
	for (size_t i = 0; i < NR(golden); i++) {
		struct mirq_vtd_descriptor d = mirqi_vtd_compose_iec(golden[i].first,
								     golden[i].log2);

		assert_int_equal(d.low, golden[i].low);
		assert_int_equal(d.high, 0);
	}
	assert_int_equal(mirqi_vtd_compose_iec_global().low, 4);
	assert_int_equal(mirqi_vtd_compose_iec_global().high, 0);
}

/* [VTD] 6.5.2.8: type 5, SW 5, status data 63:32; status address 127:66. */
static void descriptor__wait__words_of_the_specification(void **state)
{
	struct mirq_vtd_descriptor d = mirqi_vtd_compose_wait(0x123456789abcdef4, 0xcafe0001);

	(void)state;
	assert_int_equal(d.low, 0xcafe000100000025);
	assert_int_equal(d.high, 0x123456789abcdef4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry__route__low_half_of_the_specification),
		cmocka_unit_test(entry__route_that_does_not_fit__einval),
		cmocka_unit_test(sender__sets_an_entry_can_say__high_half_of_the_specification),
		cmocka_unit_test(sender__every_id__let_through_when_in_the_set),
		cmocka_unit_test(sender__sets_an_entry_cannot_say__refused_with_a_sentence),
		cmocka_unit_test(message__index__address_of_the_specification),
		cmocka_unit_test(message__every_index__decodes_to_itself),
		cmocka_unit_test(descriptor__entry_cache__words_of_the_specification),
		cmocka_unit_test(descriptor__wait__words_of_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
