/* SPDX-License-Identifier: MIT */
/*
 * Device-specific stores: who lets them through (docs/rules.md 5, 6, 7), on bare metal and in a
 * guest, whatever order things are attached in; mirq_store_supported() against mirq_store_attach();
 * what CPUID says.
 *
 * Broken once each, and seen by a test here: rule 5 or rule 6 not asked; asked for stores of
 * the bus too; UNKNOWN taken for bare metal; a provider on the way or at the root not looked at;
 * a table not taken for real; a shim that adds rights; a table bound by what stands above it; a
 * root without compose not noticed; bit 30 for bit 31; the name from EAX on; external not told.
 */
#include "mock.h"

#include <stdio.h>

#include "core/core.h"
#include "roots/x86_guest.h"

enum {
	ALL = MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS | MIRQ_CARRIES_LEVEL |
	      MIRQ_CARRIES_DEVICE_STORES | MIRQ_CARRIES_TWO_MESSAGES
};

/* A system whose root carries everything. */
static struct mock *new_mock(enum mirq_guest guest, uint32_t root_traits)
{
	struct mock *m = mock_new();

	m->root.init.carries = ALL;
	m->root.init.guest = guest;
	m->root.init.traits |= root_traits;
	mock_start(m, 1);
	return m;
}

static struct mirq_domain *shim_below(struct mock *m, struct mirq_domain *parent, uint32_t traits)
{
	struct mock_remapper *shim = mock_shim_new(m, "shim");

	shim->init.parent = parent;
	shim->init.traits = traits;
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	return shim->domain;
}

/* What asking says; attaching must say the same, and asking must change nothing. */
static enum mirq_err may_have(struct mock *m, enum mock_kind kind, struct mirq_device *dev)
{
	struct mock_store *s = mock_store(m, kind, "store", 2);
	int64_t nr_live = m->host.nr_live;
	struct mirq_why why = { 0 };
	enum mirq_err err = mirq_store_supported(dev, &s->kind, &why);

	assert_int_equal(m->host.nr_live, nr_live);
	assert_null(mirq_store_next(dev, NULL));
	mock_expect(m, "");
	memset(&m->why, 0, sizeof(m->why));
	assert_int_equal(mock_store_try(s, dev), err);
	assert_memory_equal(&m->why, &why, sizeof(why));
	if (!err)
		assert_int_equal(mirq_store_detach(s->store), MIRQ_OK);
	mock_log_clear(m);
	return err;
}

static void store__below_the_root__by_guest_and_provider(void **state)
{
	static const struct {
		enum mirq_guest guest;
		uint32_t traits;
		enum mirq_err err;
		const char *part;
	} rows[] = {
		{ MIRQ_GUEST_NO, 0, MIRQ_OK, NULL },
		{ MIRQ_GUEST_YES, 0, MIRQ_EGUEST, "this is a guest" },
		{ MIRQ_GUEST_UNKNOWN, 0, MIRQ_EGUEST, "set .guest" },
		{ MIRQ_GUEST_NO, MIRQ_ROOT_PROVIDER, MIRQ_OK, NULL },
		{ MIRQ_GUEST_YES, MIRQ_ROOT_PROVIDER, MIRQ_OK, NULL },
		{ MIRQ_GUEST_UNKNOWN, MIRQ_ROOT_PROVIDER, MIRQ_OK, NULL },
	};

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		struct mock *m = new_mock(rows[i].guest, rows[i].traits);
		struct mirq_device *dev = mock_device(m, "dev", NULL);

		assert_int_equal(may_have(m, MOCK_IMS, dev), rows[i].err);
		if (rows[i].err)
			mock_why(&m->why, 6, rows[i].part, "root");
		assert_int_equal(may_have(m, MOCK_MSIX, dev), MIRQ_OK); /* of the bus */
		mock_free(m);
	}
}

/* raises: mirq_store_attach MIRQ_EGUEST
 * raises: mirq_store_supported MIRQ_EGUEST MIRQ_ENOTSUP */
static void guest__root_first__a_way_that_comes_later_counts(void **state)
{
	struct mock *m = new_mock(MIRQ_GUEST_YES, 0);
	struct mirq_device *early = mock_device(m, "early", NULL);
	struct mirq_domain *table, *shim;

	(void)state;
	assert_int_equal(may_have(m, MOCK_IMS, early), MIRQ_EGUEST);
	shim = shim_below(m, NULL, 0);
	assert_int_equal(may_have(m, MOCK_IMS, mock_device(m, "a", shim)), MIRQ_EGUEST);
	mock_why(&m->why, 6, "provider", "shim");
	table = mock_table(m)->domain; /* the guest's own unit */
	assert_int_equal(may_have(m, MOCK_IMS, mock_device(m, "b", table)), MIRQ_OK);
	shim = shim_below(m, table, 0);
	assert_int_equal(may_have(m, MOCK_IMS, mock_device(m, "c", shim)), MIRQ_OK);
	shim = shim_below(m, NULL, MIRQ_REMAPPER_PROVIDER);
	assert_int_equal(may_have(m, MOCK_IMS, mock_device(m, "d", shim)), MIRQ_OK);
	shim = shim_below(m, shim, 0);
	assert_int_equal(may_have(m, MOCK_IMS, mock_device(m, "e", shim)), MIRQ_OK);
	/* Where it hung it stays: the device that was there first has no unit above it. */
	assert_int_equal(may_have(m, MOCK_IMS, early), MIRQ_EGUEST);
	mock_free(m);
}

/* A provider is no right: who does not carry them is asked first. */
static void guest__provider_that_carries_none__rule_5(void **state)
{
	struct mock *m = mock_new();
	struct mirq_domain *shim;

	(void)state;
	m->root.init.guest = MIRQ_GUEST_YES;
	m->root.init.traits |= MIRQ_ROOT_PROVIDER;
	mock_start(m, 1);
	shim = shim_below(m, NULL, MIRQ_REMAPPER_PROVIDER);
	assert_int_equal(may_have(m, MOCK_IMS, mock_device(m, "a", NULL)), MIRQ_ENOTSUP);
	mock_why(&m->why, 5, "device-specific", "root");
	assert_int_equal(may_have(m, MOCK_IMS, mock_device(m, "b", shim)), MIRQ_ENOTSUP);
	mock_why(&m->why, 5, "device-specific", "shim");
	mock_free(m);
}

/* raises: mirq_store_supported MIRQ_EINVAL */
static void supported__broken_template__as_attach_says(void **state)
{
	struct mock *m = new_mock(MIRQ_GUEST_NO, 0);
	struct mirq_device *dev = mock_device(m, "dev", NULL);
	struct mock_store *s = mock_store(m, MOCK_IMS, "ims", 2);

	(void)state;
	assert_int_equal(mirq_store_supported(dev, NULL, NULL), MIRQ_EINVAL);
	s->kind.size_bytes = 0;
	assert_int_equal(mirq_store_supported(dev, &s->kind, &m->why), MIRQ_EINVAL);
	mock_why(&m->why, 1, "MIRQ_SIZED", "dev");
	s->kind.size_bytes = sizeof(s->kind);
	s->ops.write = NULL;
	assert_int_equal(mirq_store_supported(dev, &s->kind, &m->why), MIRQ_EINVAL);
	mock_why(&m->why, 1, "write is required", "ims");
	mock_free(m);
}

static void supported__root_without_compose__enotsup(void **state)
{
	struct mock *m = mock_new();

	(void)state;
	m->root.init.guest = MIRQ_GUEST_NO;
	m->root.ops.compose = NULL;
	mock_start(m, 1);
	assert_int_equal(may_have(m, MOCK_MSIX, mock_device(m, "a", NULL)), MIRQ_ENOTSUP);
	assert_int_equal(may_have(m, MOCK_IMS, mock_device(m, "b", mock_table(m)->domain)),
			 MIRQ_OK);
	mock_free(m);
}

static uint32_t carries_of(const struct mirq_domain *domain)
{
	struct mirq_domain_info info;

	mirq_domain_inspect(domain, &info);
	return info.carries;
}

static struct mirq_domain *with_carries(struct mock *m, struct mock_remapper *r,
					struct mirq_domain *parent, uint32_t carries)
{
	(void)m;
	r->init.parent = parent;
	r->init.carries = carries;
	assert_int_equal(mock_remapper_attach(r), MIRQ_OK);
	return r->domain;
}

/* Rule 7. A shim takes away what is sent through it; a table ends the message, and what stands
 * between it and the CPU never sees one. A store has what its device's parent leaves. */
static void carries__every_pair_of_rights__shims_take_away_tables_begin(void **state)
{
	struct mock *m = mock_new();
	struct mock_store *s;

	(void)state;
	m->root.init.carries = ALL & ~(uint32_t)MIRQ_CARRIES_LEVEL;
	mock_start(m, 1);
	for (uint32_t up = 1; up <= ALL; up++)
		for (uint32_t own = 1; own <= ALL; own++) {
			struct mirq_domain *shim, *table, *below;
			uint32_t root = m->root.init.carries;

			shim = with_carries(m, mock_shim_new(m, "shim"), NULL, up);
			assert_int_equal(carries_of(shim), up & root);
			below = with_carries(m, mock_shim_new(m, "second"), shim, own);
			assert_int_equal(carries_of(below), own & up & root);
			assert_int_equal(mirq_remapper_detach(below), MIRQ_OK);
			table = with_carries(m, mock_table_new(m, "table", 2), shim, own);
			assert_int_equal(carries_of(table), own);
			below = with_carries(m, mock_shim_new(m, "third"), table, up);
			assert_int_equal(carries_of(below), own & up);
			assert_int_equal(mirq_remapper_detach(below), MIRQ_OK);
			assert_int_equal(mirq_remapper_detach(table), MIRQ_OK);
			assert_int_equal(mirq_remapper_detach(shim), MIRQ_OK);
		}
	s = mock_store(m, MOCK_MSIX, "msix", 2);
	mock_store_attach(s, mock_device(m, "dev",
					 with_carries(m, mock_shim_new(m, "last"), NULL,
						      MIRQ_CARRIES_ONE | MIRQ_CARRIES_LEVEL)));
	assert_int_equal(carries_of(mirq_store_domain(s->store)), MIRQ_CARRIES_ONE);
	mock_free(m);
}

/* The same for reach: what a shim above a table could name says nothing about the table. */
static void reach__shim_above_a_table__does_not_bind(void **state)
{
	struct mock *m = mock_new();
	struct mock_remapper *shim = mock_shim_new(m, "above");
	struct mock_remapper *table = mock_table_new(m, "table", 4);
	struct mock_store *s = mock_store(m, MOCK_MSIX, "msix", 2);
	uint32_t cpu = 99;

	(void)state;
	mock_start(m, 2);
	shim->init.limit_hw_target = MOCK_HW_TARGET + 1;
	assert_int_equal(mock_remapper_attach(shim), MIRQ_OK);
	table->init.parent = shim->domain;
	assert_int_equal(mock_remapper_attach(table), MIRQ_OK);
	mock_store_attach(s, mock_device(m, "dev", table->domain));
	assert_int_equal(mirq_affinity_effective(mock_alloc_on(s, 1, 1), &cpu), MIRQ_OK);
	assert_int_equal(cpu, 1);
	mock_free(m);
}

static void log_line(void *context, const char *line)
{
	mock_log(context, "%s", line);
}

static void dump__guest_provider_external__told(void **state)
{
	struct mock *m = mock_new();
	struct mirq_device *dev;
	struct mock_store *ims, *bus;
	struct mirq_domain_info domain;
	struct mirq_info info;

	(void)state;
	m->root.init.guest = MIRQ_GUEST_YES;
	m->root.init.hypervisor = "Test";
	m->root.init.traits |= MIRQ_ROOT_PROVIDER;
	mock_start(m, 1);
	dev = mock_device(m, "dev", mock_table(m)->domain);
	ims = mock_store(m, MOCK_IMS, "ims", 2);
	bus = mock_store(m, MOCK_MSIX, "msix", 2);
	bus->kind.traits |= MIRQ_STORE_VETTED;
	mock_store_attach(ims, dev);
	mock_store_attach(bus, dev);
	(void)shim_below(m, NULL, MIRQ_REMAPPER_PROVIDER);
	mock_log_clear(m);
	mirq_dump(m->m, log_line, m);
	mock_expect(m, "root  root  192 ids a CPU, 0 used, provider, guest (Test)\n"
		       "  table  remapper  256 entries, 0 used\n"
		       "  shim  remapper  0 entries, 0 used, provider\n"
		       "device dev -> table  isolated\n"
		       "  ims  0 of 2 slots, device-specific, external\n"
		       "  msix  0 of 2 slots\n");
	mirq_inspect(m->m, &info);
	assert_int_equal(info.guest, MIRQ_GUEST_YES);
	assert_string_equal(info.hypervisor, "Test");
	mirq_domain_inspect(mirq_store_domain(bus->store), &domain);
	assert_int_equal(domain.traits, bus->kind.traits);
	mock_free(m);
}

static void dump__bare_metal_or_not_known__told(void **state)
{
	static const struct {
		enum mirq_guest guest;
		const char *line;
	} rows[] = {
		{ MIRQ_GUEST_NO, "root  root  192 ids a CPU, 0 used, bare metal\n" },
		{ MIRQ_GUEST_YES, "root  root  192 ids a CPU, 0 used, guest\n" },
		{ MIRQ_GUEST_UNKNOWN, "root  root  192 ids a CPU, 0 used\n" },
	};

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		struct mock *m = new_mock(rows[i].guest, 0);

		mirq_dump(m->m, log_line, m);
		mock_expect(m, rows[i].line);
		mock_free(m);
	}
}

/* ---- CPUID ---- */

static struct {
	int can;
	uint32_t features_ecx;
	uint32_t name[3];
} fake;

static int fake_cpuid(uint32_t leaf, uint32_t out[MIRQI_NR_CPUID])
{
	if (!fake.can)
		return 0;
	memset(out, 0, MIRQI_NR_CPUID * sizeof(out[0]));
	if (leaf == 1) {
		out[MIRQI_EAX] = 0x000806c1;
		out[MIRQI_EBX] = out[MIRQI_EDX] = UINT32_MAX;
		out[MIRQI_ECX] = fake.features_ecx;
	} else if (leaf == 0x40000000) {
		out[MIRQI_EAX] = 0x40000001;
		out[MIRQI_EBX] = fake.name[0];
		out[MIRQI_ECX] = fake.name[1];
		out[MIRQI_EDX] = fake.name[2];
	} else {
		fail_msg("leaf %x", leaf);
	}
	return 1;
}

static const char nobody[MIRQ_X86_HYPERVISOR_BYTES]; /* what firmware says of bare metal */

static void cpuid__each_answer__guest_and_name(void **state)
{
	char name[MIRQI_HYPERVISOR_BYTES] = "?";

	(void)state;
	fake.can = 0;
	assert_int_equal(mirqi_x86_guest(fake_cpuid, nobody, name), MIRQ_GUEST_UNKNOWN);
	assert_string_equal(name, "");
	fake.can = 1;
	fake.features_ecx = 0x7fffffff;
	assert_int_equal(mirqi_x86_guest(fake_cpuid, nobody, name), MIRQ_GUEST_NO);
	assert_string_equal(name, "");
	fake.features_ecx = 0x80000000;
	memcpy(fake.name, "Microsoft Hv", 12);
	assert_int_equal(mirqi_x86_guest(fake_cpuid, nobody, name), MIRQ_GUEST_YES);
	assert_string_equal(name, "Microsoft Hv");
	memcpy(fake.name, "KVMKVMKVM\0\0\0", 12);
	assert_int_equal(mirqi_x86_guest(fake_cpuid, nobody, name), MIRQ_GUEST_YES);
	assert_string_equal(name, "KVMKVMKVM");
	memcpy(fake.name, "ab\x1b[31m\x7f\xff   ", 12);
	assert_int_equal(mirqi_x86_guest(fake_cpuid, nobody, name), MIRQ_GUEST_YES);
	assert_string_equal(name, "ab");
	memcpy(fake.name, "abc\x7f        ", 12);
	assert_int_equal(mirqi_x86_guest(fake_cpuid, nobody, name), MIRQ_GUEST_YES);
	assert_string_equal(name, "abc");
}

/* Either of the two is believed when it says guest; the CPU's name comes first. */
static void firmware__each_hint__with_each_answer_of_cpuid(void **state)
{
	static const struct {
		int can;
		uint32_t features_ecx;
		char cpu[13], hint[MIRQ_X86_HYPERVISOR_BYTES];
		enum mirq_guest guest;
		const char *name;
	} rows[] = {
		{ 0, 0, "", "Acme VM", MIRQ_GUEST_YES, "Acme VM" },
		{ 1, 0, "", "Acme VM", MIRQ_GUEST_YES, "Acme VM" },
		{ 1, 0, "", "", MIRQ_GUEST_NO, "" },
		{ 1, 0x80000000, "KVMKVMKVM", "Acme VM", MIRQ_GUEST_YES, "KVMKVMKVM" },
		{ 1, 0x80000000, "", "Acme VM", MIRQ_GUEST_YES, "Acme VM" },
		{ 1, 0x80000000, "KVMKVMKVM", "", MIRQ_GUEST_YES, "KVMKVMKVM" },
		/* described by hand: without its end, and not for people */
		{ 1,
		  0,
		  "",
		  { 'A', 'c', 'm', 'e', ' ', 'V', 'M', '1', '2' },
		  MIRQ_GUEST_YES,
		  "Acme VM1" },
		{ 1, 0, "", "\n", MIRQ_GUEST_YES, "" },
	};

	(void)state;
	for (uint32_t i = 0; i < MOCK_NR(rows); i++) {
		char name[MIRQI_HYPERVISOR_BYTES] = "?";

		fake.can = rows[i].can;
		fake.features_ecx = rows[i].features_ecx;
		memcpy(fake.name, rows[i].cpu, sizeof(fake.name));
		assert_int_equal(mirqi_x86_guest(fake_cpuid, rows[i].hint, name), rows[i].guest);
		assert_string_equal(name, rows[i].name);
	}
}

/* This computer, as another reader of CPUID sees it. */
static void cpuid__this_computer__as_linux_says(void **state)
{
	char name[MIRQI_HYPERVISOR_BYTES], line[16384];
	enum mirq_guest guest = mirqi_x86_guest(mirqi_cpuid, nobody, name);
	FILE *info = fopen("/proc/cpuinfo", "r");
	int has_flags = 0, is_guest = 0;

	(void)state;
	while (info && !has_flags && fgets(line, sizeof(line), info)) {
		has_flags = !strncmp(line, "flags\t", 6);
		is_guest = has_flags && strstr(line, " hypervisor ") != NULL;
	}
	if (info)
		fclose(info);
	if (!has_flags)
		skip();
	assert_int_equal(guest, is_guest ? MIRQ_GUEST_YES : MIRQ_GUEST_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store__below_the_root__by_guest_and_provider),
		cmocka_unit_test(guest__root_first__a_way_that_comes_later_counts),
		cmocka_unit_test(guest__provider_that_carries_none__rule_5),
		cmocka_unit_test(supported__broken_template__as_attach_says),
		cmocka_unit_test(supported__root_without_compose__enotsup),
		cmocka_unit_test(carries__every_pair_of_rights__shims_take_away_tables_begin),
		cmocka_unit_test(reach__shim_above_a_table__does_not_bind),
		cmocka_unit_test(dump__guest_provider_external__told),
		cmocka_unit_test(dump__bare_metal_or_not_known__told),
		cmocka_unit_test(cpuid__each_answer__guest_and_name),
		cmocka_unit_test(firmware__each_hint__with_each_answer_of_cpuid),
		cmocka_unit_test(cpuid__this_computer__as_linux_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
