/* SPDX-License-Identifier: MIT */
/*
 * From a description of an x86 machine to its hierarchy: which unit gets which requesters, what
 * happens when a unit fails, modes of the local APIC. The units are this file's own: it stands
 * in for the VT-d driver. Expected links are worked out by hand from [VTD] 8.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_pci.h"

#include "core/core.h"
#include "roots/x86_guest.h"

#include <mirq/bus.h>
#include <mirq/inspect.h>
#include <mirq/mirq.h>
#include <mirq/remapper.h>
#include <mirq/x86.h>

/* ---- Units that do nothing but note ---- */

#define MAX_UNITS 24

static struct {
	uint32_t nr, nr_attached, nr_detached;
	uint32_t flags[MAX_UNITS];
	uint64_t address[MAX_UNITS];
	const struct mirq_vtd_owner *owner[MAX_UNITS];
	enum mirq_err fails[MAX_UNITS]; /* by the order of attaching */
} units;

static enum mirq_err unit_translate(void *data, void *ctx, const struct mirq_msg *in,
				    struct mirq_msg *out_msg)
{
	(void)data;
	(void)ctx;
	*out_msg = *in;
	return MIRQ_OK;
}

static void unit_fini(void *data)
{
	(void)data;
	units.nr_detached++;
}

static const struct mirq_remapper_ops unit_ops = { MIRQ_SIZED(mirq_remapper_ops),
						   .translate = unit_translate, .fini = unit_fini };

enum mirq_err mirq_vtd_attach(struct mirq *m, const struct mirq_vtd_init *init,
			      struct mirq_domain **out_domain)
{
	struct mirq_remapper_init remapper = { MIRQ_SIZED(mirq_remapper_init), .name = init->name,
					       .ops = &unit_ops, .carries = MIRQ_CARRIES_ONE };
	uint32_t nr = units.nr++;

	units.flags[nr] = init->flags;
	units.address[nr] = init->address;
	units.owner[nr] = init->owner;
	if (units.fails[nr]) {
		init->why->text = "the test says so";
		return units.fails[nr];
	}
	if (mirq_remapper_attach(m, &remapper, out_domain))
		return MIRQ_ENOMEM;
	units.nr_attached++;
	return MIRQ_OK;
}

/* ---- A machine ---- */

static const struct mirq_x86_msr msr = { MIRQ_SIZED(mirq_x86_msr), .read = fake_msr_read,
					 .write = fake_msr_write };

struct system {
	struct mirq_host *h;
	struct mirq *m;
	struct mirq_why why;
	struct mirq_x86_machine machine;
	struct mirq_x86_init init;
	struct mirq_x86_unit units[MAX_UNITS];
	struct mirq_x86_scope scopes[8];
};

/* One step below the bus; more by hand. */
static struct mirq_x86_scope scope(enum mirq_x86_scope_type type, uint8_t bus, uint8_t device)
{
	struct mirq_x86_scope s = { .type = type, .first_bus = bus, .nr_steps = 1 };

	s.steps[0].device = device;
	return s;
}

static void restart(struct system *s)
{
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = s->h, .nr_cpus = 1 };
	enum mirq_err fails[MAX_UNITS];

	if (s->m)
		mirq_fini(s->m);
	memcpy(fails, units.fails, sizeof(fails));
	memset(&units, 0, sizeof(units));
	memcpy(units.fails, fails, sizeof(fails));
	assert_int_equal(s->h->nr_allocated, 0);
	assert_int_equal(s->h->nr_mapped, 0);
	s->h->nr_windows = 0;
	assert_int_equal(mirq_init(&init, &s->m), MIRQ_OK);
}

/* Unit 0: the function 00:02.0 and what is behind the bridge 00:03.0. Unit 1: all others. */
static void start(struct system *s)
{
	memset(s, 0, sizeof(*s));
	memset(&units, 0, sizeof(units));
	s->h = fake_host_new();
	fake_function_add(s->h, 0, 2, 0);
	fake_bridge_add(s->h, 0, 3, 4, 7);
	fake_bridge_add(s->h, 4, 1, 5, 6);
	fake_function_add(s->h, 5, 9, 0);
	s->scopes[0] = scope(MIRQ_X86_SCOPE_ENDPOINT, 0, 2);
	s->scopes[1] = scope(MIRQ_X86_SCOPE_BRIDGE, 0, 3);
	s->scopes[2] = scope(MIRQ_X86_SCOPE_IOAPIC, 0xf0, 0x1f);
	s->units[0] = (struct mirq_x86_unit){ .address = 0xfed90000, .scopes = { 0, 2 } };
	s->units[1] = (struct mirq_x86_unit){ .address = 0xfed91000,
					      .flags = MIRQ_X86_UNIT_INCLUDE_ALL,
					      .scopes = { 2, 3 } };
	s->machine = (struct mirq_x86_machine){ MIRQ_SIZED(mirq_x86_machine),
						.flags = MIRQ_X86_INTR_REMAP,
						.units = s->units,
						.nr_units = 2,
						.scopes = s->scopes,
						.nr_scopes = 3 };
	s->init = (struct mirq_x86_init){ MIRQ_SIZED(mirq_x86_init), .machine = &s->machine,
					  .vectors = { 48, 240 }, .why = &s->why };
	restart(s);
}

static void stop(struct system *s)
{
	mirq_fini(s->m);
	assert_int_equal(s->h->nr_allocated, 0);
	assert_int_equal(s->h->nr_mapped, 0);
	fake_host_free(s->h);
}

static const char *parent_of(struct system *s, uint16_t segment, uint32_t id)
{
	struct mirq_domain_info info;

	mirq_domain_inspect(mirq_link_find(s->m, segment, id), &info);
	return info.name;
}

static void attach__two_units__links_as_scopes_say(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_string_equal(parent_of(&s, 0, 0x0010), "VT-d 0");
	assert_string_equal(parent_of(&s, 0, 0x0011), "VT-d 1");
	assert_string_equal(parent_of(&s, 0, 0x0018), "VT-d 0"); /* the bridge itself */
	assert_string_equal(parent_of(&s, 0, 0x03ff), "VT-d 1");
	assert_string_equal(parent_of(&s, 0, 0x0400), "VT-d 0");
	assert_string_equal(parent_of(&s, 0, 0x07ff), "VT-d 0");
	assert_string_equal(parent_of(&s, 0, 0x0800), "VT-d 1");
	assert_string_equal(parent_of(&s, 0, 0xffff), "VT-d 1");
	assert_string_equal(parent_of(&s, 0, 0xf0f8), "VT-d 1");
	assert_string_equal(parent_of(&s, 1, 0x0010), "VECTOR");
	assert_int_equal(units.flags[0], 0);
	assert_int_equal(units.address[1], 0xfed91000);
	assert_int_equal(s.m->root->init.carries,
			 MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS | MIRQ_CARRIES_DEVICE_STORES);
	assert_int_equal(s.m->root->init.traits,
			 MIRQ_ROOT_ENDS_EDGE_FIRST | MIRQ_ROOT_ADDRESS_HAS_TARGET);
	assert_int_equal(s.m->root->init.limit_hw_target, 255);
	assert_int_equal(s.h->nr_logged, 0);
	stop(&s);
	assert_int_equal(units.nr_detached, 2);
}

/* What an HPET and an IO-APIC send goes through the unit whose scope names them. */
static void attach__platform_devices__linked_as_scopes_say(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	s.scopes[0] = scope(MIRQ_X86_SCOPE_HPET, 0xf0, 0x0f);
	s.scopes[1] = scope(MIRQ_X86_SCOPE_NAMESPACE, 0xf0, 0x0e);
	s.units[0].scopes = (struct mirq_range){ 0, 3 };
	s.units[1].scopes = (struct mirq_range){ 0, 0 };
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_string_equal(parent_of(&s, 0, 0xf078), "VT-d 0");
	assert_string_equal(parent_of(&s, 0, 0xf079), "VT-d 1");
	assert_string_equal(parent_of(&s, 0, 0xf070), "VT-d 1");
	assert_string_equal(parent_of(&s, 0, 0xf0f8), "VT-d 0"); /* the IO-APIC */
	stop(&s);
}

/* A path of three steps through bridges; the last number is what counts. */
static void attach__path_through_bridges__resolved(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	s.scopes[0].nr_steps = 3;
	s.scopes[0].steps[0].device = 3;
	s.scopes[0].steps[1].device = 1;
	s.scopes[0].steps[2].device = 9;
	s.units[0].scopes.limit = 1;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_string_equal(parent_of(&s, 0, 0x0548), "VT-d 0");
	assert_string_equal(parent_of(&s, 0, 0x0549), "VT-d 1");
	assert_string_equal(parent_of(&s, 0, 0x0018), "VT-d 1");
	stop(&s);
}

/* As deep as a path can be, down to the last function; and hand-written nonsense. */
static void attach__longest_and_absurd_paths__resolved_or_told(void **state)
{
	static const struct {
		uint8_t nr_steps, device, function;
	} absurd[] = { { 0, 31, 7 }, { 9, 31, 7 }, { 8, 32, 7 }, { 8, 31, 8 } };
	struct system s;

	(void)state;
	start(&s);
	for (uint8_t bus = 10; bus < 17; bus++)
		fake_bridge_add(s.h, bus, 1, bus + 1u, 17);
	s.scopes[0] = scope(MIRQ_X86_SCOPE_ENDPOINT, 10, 1);
	for (uint32_t i = 0; i < 8; i++)
		s.scopes[0].steps[i].device = 1;
	s.scopes[0].nr_steps = 8;
	s.scopes[0].steps[7].device = 31;
	s.scopes[0].steps[7].function = 7;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_string_equal(parent_of(&s, 0, 0x11ff), "VT-d 0");
	assert_int_equal(s.h->nr_logged, 0);
	for (uint32_t i = 0; i < 4; i++) {
		s.scopes[0].nr_steps = absurd[i].nr_steps;
		s.scopes[0].steps[7].device = absurd[i].device;
		s.scopes[0].steps[7].function = absurd[i].function;
		restart(&s);
		assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
		assert_int_equal(s.h->nr_logged, i + 1);
		assert_string_equal(parent_of(&s, 0, 0x11ff), "VT-d 1");
	}
	stop(&s);
}

/* Subordinate 255: up to the last id, nothing wraps. */
static void attach__bridge_to_bus_255__whole_range(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	fake_set(&s.h->functions[1], 0x1a, 1, 255);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_string_equal(parent_of(&s, 0, 0xffff), "VT-d 0");
	assert_string_equal(parent_of(&s, 0, 0x0100), "VT-d 1");
	stop(&s);
}

/* Firmware lists what is not there: told, passed over, nobody loses a device. */
static void attach__scope_that_leads_nowhere__passed_over(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	s.scopes[1].steps[0].device = 0x1d;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(s.h->nr_logged, 1);
	assert_string_equal(parent_of(&s, 0, 0x0010), "VT-d 0");
	assert_string_equal(parent_of(&s, 0, 0x0400), "VT-d 1");
	s.scopes[1] = scope(MIRQ_X86_SCOPE_BRIDGE, 0, 3);
	fake_set(&s.h->functions[1], 0x1a, 1, 3); /* ends before it begins */
	restart(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(s.h->nr_logged, 2);
	stop(&s);
}

/* Devices of the failed unit may not end up at the unit that has all others. */
static void attach__one_unit_fails__its_scopes_go_to_the_root(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	units.fails[0] = MIRQ_EIO;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(s.h->nr_logged, 2);
	assert_string_equal(parent_of(&s, 0, 0x0010), "VECTOR");
	assert_string_equal(parent_of(&s, 0, 0x0500), "VECTOR");
	assert_string_equal(parent_of(&s, 0, 0x0020), "VT-d 1");
	units.fails[0] = MIRQ_OK;
	units.fails[1] = MIRQ_ENOTSUP;
	restart(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_string_equal(parent_of(&s, 0, 0x0010), "VT-d 0");
	assert_string_equal(parent_of(&s, 0, 0x0020), "VECTOR");
	stop(&s);
}

static void attach__required_and_a_unit_fails__undone(void **state)
{
	static const enum mirq_err errors[] = { MIRQ_EIO, MIRQ_EBUSY, MIRQ_ENOTSUP };
	struct system s;

	(void)state;
	start(&s);
	s.init.remap = MIRQ_X86_REMAP_REQUIRED;
	for (size_t i = 0; i < 3; i++) {
		units.fails[1] = errors[i];
		restart(&s);
		assert_int_equal(mirq_x86_attach(s.m, &s.init), errors[i]);
		assert_string_equal(s.why.text, "the test says so");
		assert_int_equal(units.nr_detached, 1);
		assert_null(mirq_link_find(s.m, 0, 0x0010)); /* links and root went too */
		units.fails[1] = MIRQ_OK;
		assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	}
	assert_int_equal(s.h->nr_logged, 0);
	stop(&s);
}

static void attach__required_and_none_there__enotsup(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	s.init.remap = MIRQ_X86_REMAP_REQUIRED;
	s.machine.flags = 0;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_ENOTSUP);
	assert_non_null(strstr(s.why.text, "does not support"));
	s.machine.flags = MIRQ_X86_INTR_REMAP;
	s.machine.nr_units = 0;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_ENOTSUP);
	assert_non_null(strstr(s.why.text, "no unit"));
	/* Nothing was touched: the same system can still be attached. */
	s.init.remap = MIRQ_X86_REMAP_IF_FOUND;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	stop(&s);
}

static void attach__flag_clear_or_never__units_left_alone(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	s.machine.flags = 0;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(units.nr, 0);
	assert_int_equal(s.h->nr_logged, 1);
	s.machine.flags = MIRQ_X86_INTR_REMAP;
	s.init.remap = MIRQ_X86_REMAP_NEVER;
	restart(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(units.nr, 0);
	assert_int_equal(s.h->nr_logged, 1);
	assert_string_equal(parent_of(&s, 0, 0x0010), "VECTOR");
	stop(&s);
}

/* ---- x2APIC ---- */

static void attach__x2__units_with_eim_or_refused(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	s.init.apic = MIRQ_X86_APIC_X2;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_ENOTSUP); /* no .msr */
	s.init.msr = &msr;
	s.init.vtd_flags = MIRQ_VTD_CAN_CLEAN;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(units.flags[0], MIRQ_VTD_EIM | MIRQ_VTD_CAN_CLEAN);
	assert_int_equal(units.flags[1], MIRQ_VTD_EIM | MIRQ_VTD_CAN_CLEAN);
	assert_null(strstr(s.h->trace, "sW")); /* entered at online, not here */
	units.fails[1] = MIRQ_ENOTSUP;         /* no EIM: not even where remapping is optional */
	restart(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_ENOTSUP);
	assert_int_equal(units.nr_detached, 1);
	units.fails[1] = MIRQ_EIO; /* a dead one: passed over */
	restart(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	units.fails[1] = MIRQ_OK;
	s.machine.flags |= MIRQ_X86_X2APIC_OPT_OUT;
	restart(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_ENOTSUP);
	assert_non_null(strstr(s.why.text, "firmware asks"));
	stop(&s);
}

/* Found in x2APIC mode already: EIM follows, also against the caller's word. */
static void attach__x2_found__eim_follows(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	s.init.msr = &msr;
	s.init.vtd_flags = MIRQ_VTD_EIM; /* means nothing here */
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(units.flags[0], 0);
	s.h->msr[0x1b] = 0xfee00d00;
	s.init.vtd_flags = 0;
	restart(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(units.flags[0], MIRQ_VTD_EIM);
	stop(&s);
}

/* ---- The rest ---- */

static void attach__vectors__inside_and_apart_from_spurious(void **state)
{
	static const struct {
		uint32_t first, limit, spurious;
		enum mirq_err err;
	} cases[] = {
		{ 48, 240, 16, MIRQ_OK },     { 48, 256, 47, MIRQ_EINVAL },
		{ 16, 255, 0, MIRQ_OK },      { 16, 255, 255, MIRQ_OK },
		{ 48, 49, 47, MIRQ_OK },      { 48, 239, 239, MIRQ_OK },
		{ 15, 240, 0, MIRQ_EINVAL },  { 48, 256, 0, MIRQ_EINVAL },
		{ 48, 48, 0, MIRQ_EINVAL },   { 240, 48, 0, MIRQ_EINVAL },
		{ 48, 240, 48, MIRQ_EINVAL }, { 48, 240, 239, MIRQ_EINVAL },
		{ 48, 240, 15, MIRQ_EINVAL }, { 48, 240, 256, MIRQ_EINVAL },
	};
	struct system s;

	(void)state;
	start(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		restart(&s);
		s.init.vectors.first = cases[i].first;
		s.init.vectors.limit = cases[i].limit;
		s.init.spurious_vector = cases[i].spurious;
		assert_int_equal(mirq_x86_attach(s.m, &s.init), cases[i].err);
	}
	stop(&s);
}

static void attach__wrong_calls__refused(void **state)
{
	struct system s;

	(void)state;
	start(&s);
	s.init.machine = NULL;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_EINVAL);
	s.init.machine = &s.machine;
	s.init.remap = (enum mirq_x86_remap)3;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_EINVAL);
	s.init.remap = MIRQ_X86_REMAP_IF_FOUND;
	s.units[1].scopes.limit = 4;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_EINVAL);
	s.units[1].scopes.limit = 3;
	restart(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_EEXIST);
	assert_int_equal(units.nr, 2);
	assert_string_equal(parent_of(&s, 0, 0x0010), "VT-d 0"); /* the first one's stay */
	stop(&s);
}

/* docs/rules.md 6: what the caller says counts, else what CPUID and firmware say. */
static void attach__guest__as_told_else_as_cpuid_and_firmware_say(void **state)
{
	char name[MIRQI_HYPERVISOR_BYTES];
	struct mirq_info info;
	struct system s;

	(void)state;
	start(&s);
	s.init.guest = MIRQ_GUEST_YES + 1;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_EINVAL);
	assert_non_null(strstr(s.why.text, ".guest"));
	for (uint32_t i = 0; i < 6; i++) {
		s.init.guest = (enum mirq_guest)(i % 3);
		memcpy(s.machine.hypervisor, i < 3 ? "" : "Acme", i < 3 ? 1 : 5);
		restart(&s);
		assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
		mirq_inspect(s.m, &info);
		if (s.init.guest != MIRQ_GUEST_UNKNOWN) {
			assert_int_equal(info.guest, s.init.guest);
			assert_null(info.hypervisor);
			continue;
		}
		assert_int_equal(info.guest,
				 mirqi_x86_guest(mirqi_cpuid, s.machine.hypervisor, name));
		assert_true(i < 3 || info.guest == MIRQ_GUEST_YES);
		assert_string_equal(info.hypervisor ? info.hypervisor : "", name);
	}
	stop(&s);
}

/* Memory or the mapping fails at each of its calls: an error, nothing left behind. */
static void attach__each_allocation_fails__enomem(void **state)
{
	struct system s;
	enum mirq_err err;
	uint32_t nr = 0;

	(void)state;
	start(&s);
	do {
		restart(&s);
		s.h->alloc_fails_at = s.h->nr_allocs + ++nr;
		err = mirq_x86_attach(s.m, &s.init);
		if (err)
			assert_int_equal(err, MIRQ_ENOMEM);
		if (err)
			assert_int_equal(units.nr_detached, units.nr_attached);
		s.h->alloc_fails_at = 0;
	} while (err);
	assert_true(nr > 6);
	restart(&s);
	s.h->map_fails_at = s.h->nr_maps + 1;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_ENOMEM);
	stop(&s);
}

static void attach__owners_and_many_units__each_its_own(void **state)
{
	static const struct mirq_vtd_owner owner = { MIRQ_SIZED(mirq_vtd_owner) };
	static const struct mirq_vtd_owner *const owners[MAX_UNITS] = { [3] = &owner };
	struct system s;

	(void)state;
	start(&s);
	for (uint32_t i = 0; i < MAX_UNITS; i++)
		s.units[i] = (struct mirq_x86_unit){ .address = 0xfed90000 + 0x1000 * i,
						     .segment = (uint16_t)i,
						     .flags = MIRQ_X86_UNIT_INCLUDE_ALL };
	s.machine.nr_units = MAX_UNITS;
	s.init.owners = owners;
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	for (uint32_t i = 0; i < MAX_UNITS; i++)
		assert_ptr_equal(units.owner[i], i == 3 ? &owner : NULL);
	assert_string_equal(parent_of(&s, 14, 0), "VT-d 14");
	assert_string_equal(parent_of(&s, 15, 0), "VT-d");
	assert_string_equal(parent_of(&s, 23, 0x1234), "VT-d");
	stop(&s);
}

/* The root itself, through the core: a CPU goes online, an event is ended at its APIC. */
static void online__dispatch__ended_at_the_apic(void **state)
{
	struct mirq_cpu_init cpu = { MIRQ_SIZED(mirq_cpu_init), .hardware_id = 3 };
	struct mirq_cpu_info info;
	struct system s;

	(void)state;
	start(&s);
	assert_int_equal(mirq_x86_attach(s.m, &s.init), MIRQ_OK);
	assert_int_equal(mirq_cpu_add(s.m, &cpu), MIRQ_OK);
	assert_int_equal(mirq_cpu_online(s.m, 0), MIRQ_EIO); /* it is not the APIC that answers */
	s.h->lapic[0x02] = 3u << 24;
	assert_int_equal(mirq_cpu_online(s.m, 0), MIRQ_OK);
	assert_int_equal(s.h->lapic[0x0f], 0x1ff); /* spurious vector 255 by default */
	fake_host_clear(s.h);
	mirq_dispatch(s.m, 0, 50);
	assert_string_equal(s.h->trace, "mWfee000b0=0 ");
	assert_int_equal(mirq_cpu_inspect(s.m, 0, &info), MIRQ_OK);
	assert_int_equal(info.nr_stray, 1);
	assert_int_equal(info.nr_ids, 192);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach__two_units__links_as_scopes_say),
		cmocka_unit_test(attach__platform_devices__linked_as_scopes_say),
		cmocka_unit_test(attach__path_through_bridges__resolved),
		cmocka_unit_test(attach__longest_and_absurd_paths__resolved_or_told),
		cmocka_unit_test(attach__bridge_to_bus_255__whole_range),
		cmocka_unit_test(attach__scope_that_leads_nowhere__passed_over),
		cmocka_unit_test(attach__one_unit_fails__its_scopes_go_to_the_root),
		cmocka_unit_test(attach__required_and_a_unit_fails__undone),
		cmocka_unit_test(attach__required_and_none_there__enotsup),
		cmocka_unit_test(attach__flag_clear_or_never__units_left_alone),
		cmocka_unit_test(attach__x2__units_with_eim_or_refused),
		cmocka_unit_test(attach__x2_found__eim_follows),
		cmocka_unit_test(attach__vectors__inside_and_apart_from_spurious),
		cmocka_unit_test(attach__wrong_calls__refused),
		cmocka_unit_test(attach__guest__as_told_else_as_cpuid_and_firmware_say),
		cmocka_unit_test(attach__each_allocation_fails__enomem),
		cmocka_unit_test(attach__owners_and_many_units__each_its_own),
		cmocka_unit_test(online__dispatch__ended_at_the_apic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
