/* SPDX-License-Identifier: MIT */
/*
 * The PCI bus: capability lists that lie, bridges that loop, BARs that are not there, who a
 * function is to the root complex; then devices, stores and interrupts through the core.
 * Sources of the expected values: [PCI] 6.2.5, 6.7; [PCIE] 7.5, 7.7; [PCIBR] 2.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_pci.h"

#include "pci/walk.h"

#include <mirq/bus.h>
#include <mirq/inspect.h>
#include <mirq/mirq.h>
#include <mirq/remapper.h>
#include <mirq/root.h>

/* ---- Capability lists ---- */

static void capability__golden_list__found_at(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct fake_function *f = fake_function_add(h, 0, 2, 0);
	uint32_t pcie = fake_pcie_add(f, 0), msi = fake_msi_add(f, 0, 1, 0);
	uint32_t msix = fake_msix_add(f, 4, 0, 0, 0, 0x800);

	(void)state;
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x10), pcie);
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x05), msi);
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x11), msix);
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x01), 0);
	f->config[0x34] |= 3; /* the two low bits are reserved */
	f->config[pcie + 1] |= 2;
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x11), msix);
	fake_set(f, 0x06, 2, 0); /* no list at all */
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x11), 0);
	f->is_gone = 1;
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x11), 0);
	assert_int_equal(h->nr_config_writes, 0);
	fake_host_free(h);
}

static void capability__cardbus_bridge__its_own_pointer(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct fake_function *f = fake_function_add(h, 0, 2, 0);

	(void)state;
	fake_set(f, 0x06, 2, 0x10);
	fake_set(f, 0x0e, 1, 0x02);
	fake_set(f, 0x14, 1, 0x80);
	fake_set(f, 0x80, 2, 0x0005);
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x05), 0x80);
	fake_host_free(h);
}

/* As long as a list can be: 48 capabilities of 4 bytes. One more is a loop. */
static void capability__longest_list__ends(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct fake_function *f = fake_function_add(h, 0, 2, 0);

	(void)state;
	for (uint32_t i = 0; i < 47; i++)
		fake_capability_add(f, 0x09, 4);
	assert_int_equal(fake_capability_add(f, 0x11, 4), 0xfc);
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x11), 0xfc);
	fake_set(f, 0xfd, 1, 0x40);
	fake_host_clear(h);
	assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x11), 0);
	assert_true(h->nr_config_reads < 120);
	fake_host_free(h);
}

/* Each way to break a list, at its first, a middle and its last capability. */
static void capability__broken_list__refused_with_place(void **state)
{
	static const struct {
		uint8_t next; /* 0: the id becomes 0xff */
		const char *says;
	} breaks[] = {
		{ 0x3c, "into the header" },
		{ 0x04, "into the header" },
		{ 0x40, "loops" },
		{ 0, "all ones" },
		{ 0xfc, "all ones" } /* unset memory there */,
	};

	(void)state;
	for (size_t b = 0; b < sizeof(breaks) / sizeof(breaks[0]); b++)
		for (uint32_t where = 0; where < 3; where++) {
			struct mirq_host *h = fake_host_new();
			struct fake_function *f = fake_function_add(h, 0, 2, 0);
			uint32_t at[3] = { fake_pcie_add(f, 0), fake_msi_add(f, 0, 1, 0),
					   fake_msix_add(f, 4, 0, 0, 0, 0x800) };
			struct mirq_config config = fake_config(h, f);
			struct mirqi_pci_capabilities found;
			const char *reason = NULL;
			uint32_t offset = 0;

			f->config[0xfc] = 0xff;
			if (breaks[b].next)
				f->config[at[where] + 1] = breaks[b].next;
			else
				f->config[at[where]] = 0xff;
			assert_int_equal(mirqi_pci_capabilities(&config, &found, &reason, &offset),
					 MIRQ_EIO);
			assert_non_null(strstr(reason, breaks[b].says));
			if (!breaks[b].next)
				assert_int_equal(offset, at[where]);
			assert_int_equal(mirq_pci_capability(h, fake_address(f), 0x11), 0);
			assert_true(h->nr_config_reads < 250);
			fake_host_free(h);
		}
}

/* ---- Bridges ---- */

static void bridge_buses__sane_and_absurd__range_or_error(void **state)
{
	static const struct {
		uint32_t type, secondary, subordinate;
		enum mirq_err err;
	} cases[] = {
		{ 0x01, 3, 3, MIRQ_OK },     { 0x01, 3, 255, MIRQ_OK },
		{ 0x81, 255, 255, MIRQ_OK }, { 0x02, 3, 9, MIRQ_OK },
		{ 0x01, 0, 0, MIRQ_EIO },    { 0x01, 2, 5, MIRQ_EIO },
		{ 0x01, 1, 5, MIRQ_EIO },    { 0x01, 5, 4, MIRQ_EIO },
		{ 0x00, 3, 4, MIRQ_ENOENT }, { 0x7f, 255, 255, MIRQ_ENOENT },
	};
	struct mirq_host *h = fake_host_new();
	struct fake_function *f = fake_bridge_add(h, 2, 1, 3, 3);
	struct mirq_range buses;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_set(f, 0x0e, 1, cases[i].type);
		fake_set(f, 0x19, 1, cases[i].secondary);
		fake_set(f, 0x1a, 1, cases[i].subordinate);
		buses.first = buses.limit = 77;
		assert_int_equal(mirq_pci_bridge_buses(h, fake_address(f), &buses), cases[i].err);
		assert_int_equal(buses.first, cases[i].err ? 77 : cases[i].secondary);
		assert_int_equal(buses.limit, cases[i].err ? 77 : cases[i].subordinate + 1);
	}
	f->is_gone = 1;
	assert_int_equal(mirq_pci_bridge_buses(h, fake_address(f), &buses), MIRQ_ENOENT);
	fake_host_free(h);
}

static void check_requesters(struct mirq_host *h, const struct fake_function *f, uint32_t first,
			     uint32_t limit)
{
	struct mirq_config config = fake_config(h, f);
	struct mirq_range ids = { 0, 0 };
	const char *reason = NULL;

	fake_host_clear(h);
	assert_int_equal(mirqi_pci_requesters(&config, &ids, &reason), MIRQ_OK);
	assert_int_equal(ids.first, first);
	assert_int_equal(ids.limit, limit);
	assert_true(h->nr_config_reads <= 256 * 256 * 5);
	assert_int_equal(h->nr_config_writes, 0);
}

/* bus, device, secondary, subordinate; PCIe type or -1 for a conventional one. */
static struct fake_function *bridge(struct mirq_host *h, uint32_t bus, uint32_t device,
				    uint32_t secondary, uint32_t subordinate, int type)
{
	struct fake_function *f = fake_bridge_add(h, bus, device, secondary, subordinate);

	if (type >= 0)
		fake_pcie_add(f, (uint32_t)type);
	return f;
}

static void requesters__express_only__own_id(void **state)
{
	struct mirq_host *h = fake_host_new();

	(void)state;
	bridge(h, 0, 1, 1, 1, 4);
	bridge(h, 0, 2, 2, 6, 4); /* root port; switch: upstream, two downstream */
	bridge(h, 2, 0, 3, 6, 5);
	bridge(h, 3, 0, 4, 4, 6);
	bridge(h, 3, 1, 5, 6, 6);
	check_requesters(h, fake_function_add(h, 0, 3, 0), 0x0018, 0x0019);
	check_requesters(h, fake_function_add(h, 1, 0, 0), 0x0100, 0x0101);
	check_requesters(h, fake_function_add(h, 4, 0, 0), 0x0400, 0x0401);
	check_requesters(h, fake_function_add(h, 5, 0, 3), 0x0503, 0x0504);
	check_requesters(h, fake_function_add(h, 6, 2, 1), 0x0611, 0x0612); /* a virtual function */
	check_requesters(h, &h->functions[3], 0x0300, 0x0301);              /* a bridge itself */
	fake_host_free(h);
}

/* Case 1 of requesters.c: also through a switch, and with conventional bridges below it. */
static void requesters__behind_express_to_pci__buses_behind_it(void **state)
{
	struct mirq_host *h = fake_host_new();

	(void)state;
	bridge(h, 0, 1, 1, 1, 7); /* on the root bus, as QEMU puts it */
	bridge(h, 0, 2, 2, 9, 4);
	bridge(h, 2, 0, 3, 9, 7);
	bridge(h, 3, 4, 5, 7, -1);
	bridge(h, 5, 1, 6, 6, -1);
	check_requesters(h, fake_function_add(h, 1, 3, 0), 0x0100, 0x0200);
	check_requesters(h, fake_function_add(h, 3, 1, 0), 0x0300, 0x0a00);
	check_requesters(h, fake_function_add(h, 5, 2, 0), 0x0300, 0x0a00);
	check_requesters(h, fake_function_add(h, 6, 0, 0), 0x0300, 0x0a00);
	check_requesters(h, &h->functions[0], 0x0008, 0x0009); /* its own messages are its own */
	check_requesters(h, &h->functions[2], 0x0200, 0x0201);
	fake_host_free(h);
}

/* Subordinate 255: the range ends at 65536, nothing wraps. */
static void requesters__buses_up_to_255__limit_65536(void **state)
{
	struct mirq_host *h = fake_host_new();

	(void)state;
	bridge(h, 0, 1, 1, 255, 7);
	check_requesters(h, fake_function_add(h, 255, 31, 7), 0x0100, 0x10000);
	fake_host_free(h);
}

/* Case 2: a legacy bridge inside the root complex, and one whose primary bus is conventional. */
static void requesters__behind_legacy_bridge_of_root__the_bridge(void **state)
{
	struct mirq_host *h = fake_host_new();

	(void)state;
	bridge(h, 0, 0x1e, 1, 4, -1);
	bridge(h, 1, 2, 2, 2, -1);
	bridge(h, 1, 3, 3, 4, 8);
	bridge(h, 0, 0x1d, 5, 6, 8);
	check_requesters(h, fake_function_add(h, 1, 1, 0), 0x00f0, 0x00f1);
	check_requesters(h, fake_function_add(h, 2, 1, 0), 0x00f0, 0x00f1);
	check_requesters(h, fake_function_add(h, 3, 0, 0), 0x00f0, 0x00f1);
	check_requesters(h, fake_function_add(h, 5, 0, 0), 0x00e8, 0x00e9);
	fake_host_free(h);
}

/* Case 3: a PCI Express link ends in a bridge that does not say so. */
static void requesters__silent_bridge_on_a_link__link_and_below(void **state)
{
	struct mirq_host *h = fake_host_new();

	(void)state;
	bridge(h, 0, 1, 1, 3, 4);
	bridge(h, 1, 0, 2, 3, -1);
	check_requesters(h, fake_function_add(h, 2, 1, 0), 0x0100, 0x0400);
	check_requesters(h, &h->functions[1], 0x0100, 0x0101);
	fake_host_free(h);
}

static void requesters__function_of_multifunction__bridge_found(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct fake_function *f = fake_function_add(h, 0, 0x1c, 0);

	(void)state;
	bridge(h, 0, 0x1c, 1, 1, 7)->rid |= 1;
	check_requesters(h, fake_function_add(h, 1, 0, 0), 0x0100, 0x0101); /* not looked at */
	fake_set(f, 0x0e, 1, 0x80);
	check_requesters(h, &h->functions[2], 0x0100, 0x0200);
	fake_host_free(h);
}

/* A second root bus; bridges of the first have lower numbers; another segment has the same ones. */
static void requesters__second_root_bus_or_segment__own_id(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct fake_function *f;

	(void)state;
	bridge(h, 0, 1, 1, 0x7f, 7);
	bridge(h, 0x80, 1, 0x81, 0x90, 4);
	check_requesters(h, fake_function_add(h, 0x80, 3, 0), 0x8018, 0x8019);
	assert_true(h->nr_config_reads < 100); /* buses behind bridges are not searched */
	check_requesters(h, fake_function_add(h, 0x81, 0, 0), 0x8100, 0x8101);
	f = fake_function_add(h, 5, 0, 0);
	check_requesters(h, f, 0x0100, 0x8000);
	f->segment = 1;
	check_requesters(h, f, 0x0500, 0x0501);
	fake_host_free(h);
}

/* Bridges on buses that no bridge leads to: a root bus 1; one that has lost its own. */
static void requesters__bus_without_a_way__searched_from_there(void **state)
{
	struct mirq_host *h = fake_host_new();

	(void)state;
	bridge(h, 1, 1, 2, 2, 7);
	check_requesters(h, fake_function_add(h, 2, 1, 0), 0x0200, 0x0300);
	bridge(h, 0, 4, 3, 9, 4);
	bridge(h, 4, 1, 5, 5, -1); /* the link to 3 is not its link */
	check_requesters(h, fake_function_add(h, 5, 1, 0), 0x0408, 0x0409);
	fake_host_free(h);
}

/* Numbers that point back, at themselves, at each other, or everywhere: the search still ends. */
static void requesters__numbers_that_loop__ends(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct mirq_range ids;
	const char *reason = NULL;
	struct mirq_config config;

	(void)state;
	bridge(h, 0, 1, 0, 255, 4);
	bridge(h, 0, 2, 2, 1, 4);
	bridge(h, 0, 3, 1, 255, 4);
	bridge(h, 1, 1, 1, 255, 4);
	bridge(h, 1, 2, 0, 0, 4);
	bridge(h, 1, 3, 2, 255, 4);
	bridge(h, 2, 0, 1, 255, 4);
	check_requesters(h, fake_function_add(h, 255, 0, 0), 0xff00, 0xff01);
	/* The one right above the function makes no sense. */
	bridge(h, 0, 4, 9, 8, 4);
	config = fake_config(h, fake_function_add(h, 9, 0, 0));
	fake_set(&h->functions[2], 0x1a, 1, 5);
	assert_int_equal(mirqi_pci_requesters(&config, &ids, &reason), MIRQ_EIO);
	assert_non_null(reason);
	fake_host_free(h);
}

/* ---- BARs ---- */

static void bar__each_kind__address_or_reason(void **state)
{
	static const struct {
		uint32_t type, bar, low, high, offset, size_bytes;
		uint64_t address; /* 0: refused */
		const char *says;
	} cases[] = {
		{ 0, 0, 0xfe000000, 0, 0x800, 0x40, 0xfe000800, "" },
		{ 0, 0, 0xfe000008, 0, 0x800, 0x40, 0xfe000800, "" }, /* prefetchable */
		{ 0, 5, 0xfe000000, 0, 0, 16, 0xfe000000, "" },
		{ 0, 2, 0x0000000c, 0x38, 0x2000, 16, 0x3800002000, "" },
		{ 0, 2, 0x80000004, 0x38, 0x2000, 16, 0x3880002000, "" },
		{ 0, 4, 0x80000004, 0xfffffffe, 0x2000, 16, 0xfffffffe80002000, "" },
		{ 1, 1, 0xfe000000, 0, 0, 16, 0xfe000000, "" },
		{ 1, 0, 0x00000004, 0x38, 0, 16, 0x3800000000, "" },
		{ 0, 6, 0xfe000000, 0, 0, 16, 0, "does not have" },
		{ 0, 7, 0xfe000000, 0, 0, 16, 0, "does not have" },
		{ 1, 2, 0xfe000000, 0, 0, 16, 0, "does not have" },
		{ 2, 0, 0xfe000000, 0, 0, 16, 0, "does not have" },
		{ 0, 0, 0x0000c001, 0, 0, 16, 0, "I/O" },
		{ 0, 0, 0xfe000006, 0, 0, 16, 0, "reserved type" },
		{ 0, 5, 0xfe000004, 0, 0, 16, 0, "last one" },
		{ 1, 1, 0xfe000004, 0, 0, 16, 0, "last one" },
		{ 0, 0, 0xffffffff, 0, 0, 16, 0, "gone" },
		{ 0, 0, 0x00000000, 0, 0, 16, 0, "no address" },
		{ 0, 0, 0x00000004, 0, 0, 16, 0, "no address" },
		{ 0, 0, 0xfffffff0, 0, 0, 16, 0, "no address" },
		{ 0, 0, 0xfffffff4, 0xffffffff, 0, 16, 0, "no address" },
		{ 0, 0, 0xfe000004, 0xffffffff, 0, 16, 0, "no address" },
		{ 0, 0, 0xfe001000, 0, 0xff0, 16, 0xfe001ff0, "" },
		{ 0, 0, 0xfe001000, 0, 0xff0, 32, 0, "too small" },
		{ 0, 0, 0xfe001000, 0, 0xfffffff8, 32, 0, "too small" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mirq_host *h = fake_host_new();
		struct fake_function *f = fake_function_add(h, 0, 3, 0);
		struct mirq_config config = fake_config(h, f);
		const char *reason = NULL;
		uint64_t address = 0;
		enum mirq_err err;

		fake_set(f, 0x0e, 1, cases[i].type);
		fake_set(f, 0x10 + 4 * cases[i].bar, 4, cases[i].low);
		fake_set(f, 0x14 + 4 * cases[i].bar, 4, cases[i].high);
		err = mirqi_pci_bar(&config, cases[i].bar, cases[i].offset, cases[i].size_bytes,
				    &address, &reason);
		assert_int_equal(err, cases[i].address ? MIRQ_OK : MIRQ_EIO);
		assert_int_equal(address, cases[i].address);
		if (err) {
			assert_non_null(strstr(reason, cases[i].says));
		}
		assert_int_equal(h->nr_config_writes, 0); /* sizing would need some */
		fake_host_free(h);
	}
}

/* ---- Through the core ---- */

static void fake_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			 struct mirq_msg *out_msg)
{
	(void)data;
	(void)block_log2;
	out_msg->address = 0xfee00000 | (uint64_t)route->hw_target << 12;
	out_msg->data = route->id;
}

static void fake_eoi(void *data, uint32_t cpu, uint32_t id)
{
	(void)data;
	(void)cpu;
	(void)id;
}

static enum mirq_pending fake_pending(void *data, uint32_t cpu, uint32_t id)
{
	(void)data;
	(void)cpu;
	(void)id;
	return MIRQ_PENDING_NO;
}

static const struct mirq_root_ops root_ops = {
	MIRQ_SIZED(mirq_root_ops),
	.compose = fake_compose,
	.eoi = fake_eoi,
	.pending = fake_pending,
};

struct system {
	struct mirq_host *h;
	struct mirq *m;
	struct mirq_why why;
	struct fake_function *f; /* MSI-X of 8 slots, MSI of 4 */
	struct mirq_pci_init init;
	struct mirq_device *dev;
};

static struct system start(uint32_t carries)
{
	struct system s = { .h = fake_host_new() };
	struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = s.h, .nr_cpus = 1 };
	struct mirq_root_init root = {
		MIRQ_SIZED(mirq_root_init),
		.name = "FAKE",
		.ops = &root_ops,
		.ids = { 32, 232 },
		.scope = MIRQ_IDS_PER_CPU,
		.carries = carries,
		.traits = MIRQ_ROOT_ENDS_EDGE_FIRST,
	};
	struct mirq_cpu_init cpu = { MIRQ_SIZED(mirq_cpu_init), .hardware_id = 3 };

	assert_int_equal(mirq_init(&init, &s.m), MIRQ_OK);
	assert_int_equal(mirq_root_attach(s.m, &root, NULL), MIRQ_OK);
	assert_int_equal(mirq_cpu_add(s.m, &cpu), MIRQ_OK);
	assert_int_equal(mirq_cpu_online(s.m, 0), MIRQ_OK);
	s.f = fake_function_add(s.h, 0, 3, 0);
	fake_bar_add(s.f, 0, 0xfe000000, 0x4000, 0);
	fake_msi_add(s.f, 2, 1, 0);
	fake_msix_add(s.f, 8, 0, 0x1000, 0, 0x2000);
	s.init = (struct mirq_pci_init){ MIRQ_SIZED(mirq_pci_init), .name = "function" };
	s.init.address = fake_address(s.f);
	return s;
}

static struct system start_attached(uint32_t carries)
{
	struct system s = start(carries);

	assert_int_equal(mirq_pci_attach(s.m, &s.init, &s.dev), MIRQ_OK);
	return s;
}

static void stop(struct system *s)
{
	mirq_fini(s->m);
	assert_int_equal(s->h->nr_allocated, 0);
	assert_int_equal(s->h->nr_mapped, 0);
	fake_host_free(s->h);
}

#define BLOCKS (MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS)

static void attach__defects__error_and_nothing_left(void **state)
{
	struct system s = start(BLOCKS);
	struct mirq_pci_init init = s.init;
	struct mirq_why why = { NULL, NULL, 0, 0, 0, 0, 0 };
	uint32_t nr_before = s.h->nr_allocated, nr;
	enum mirq_err err;

	(void)state;
	init.why = &why;
	init.address.rid = 0x0123;
	assert_int_equal(mirq_pci_attach(s.m, &init, &s.dev), MIRQ_ENOENT);
	assert_int_equal(why.value, 0x0123);
	init = s.init;
	init.flags = 4;
	assert_int_equal(mirq_pci_attach(s.m, &init, &s.dev), MIRQ_EINVAL);
	init = s.init;
	init.name = NULL;
	assert_int_equal(mirq_pci_attach(s.m, &init, &s.dev), MIRQ_EINVAL);
	init = s.init;
	init.why = &why;
	s.f->config[s.f->msix + 1] = 0x40;
	assert_int_equal(mirq_pci_attach(s.m, &init, &s.dev), MIRQ_EIO);
	assert_non_null(strstr(why.text, "loops"));
	assert_string_equal(why.where, "function");
	s.f->config[s.f->msix + 1] = 0;
	for (nr = 1;; nr++) {
		s.h->alloc_fails_at = s.h->nr_allocs + nr;
		err = mirq_pci_attach(s.m, &init, &s.dev);
		if (!err)
			break;
		assert_int_equal(err, MIRQ_ENOMEM);
		assert_int_equal(s.h->nr_allocated, nr_before);
	}
	assert_true(nr > 1);
	assert_int_equal(s.h->nr_config_writes, 0);
	stop(&s);
}

/* A window that lets everything through and notes who is behind it. */
static struct mirq_range noted_ids;
static uint32_t noted_segment, nr_noted;

static enum mirq_err note_attach(void *data, const struct mirq_requesters *who,
				 uint32_t max_entries, void **out_ctx, struct mirq_why *why)
{
	(void)data;
	(void)max_entries;
	(void)why;
	*out_ctx = NULL;
	nr_noted = who->nr_ids;
	noted_ids = who->ids[0];
	noted_segment = who->segment;
	return MIRQ_OK;
}

static void note_detach(void *data, void *ctx)
{
	(void)data;
	(void)ctx;
}

static enum mirq_err note_translate(void *data, void *ctx, const struct mirq_msg *in,
				    struct mirq_msg *out_msg)
{
	(void)data;
	(void)ctx;
	*out_msg = *in;
	return MIRQ_OK;
}

static void attach__behind_a_bridge__requesters_and_link(void **state)
{
	static const struct mirq_remapper_ops ops = { MIRQ_SIZED(mirq_remapper_ops),
						      .attach = note_attach, .detach = note_detach,
						      .translate = note_translate };
	struct mirq_remapper_init remapper = { MIRQ_SIZED(mirq_remapper_init), .name = "WINDOW",
					       .ops = &ops, .carries = BLOCKS,
					       .traits = MIRQ_REMAPPER_ISOLATES };
	struct system s = start(BLOCKS);
	struct fake_function *f = fake_function_add(s.h, 1, 3, 0);
	struct mirq_link link = { { 0, 65536 }, 2, NULL };
	struct mirq_irqs irqs;

	(void)state;
	bridge(s.h, 0, 4, 1, 1, 7)->segment = 2;
	f->segment = 2;
	fake_msi_add(f, 0, 1, 0);
	assert_int_equal(mirq_remapper_attach(s.m, &remapper, &link.parent), MIRQ_OK);
	assert_int_equal(mirq_link_add(s.m, &link), MIRQ_OK);
	s.init.address = fake_address(f);
	assert_int_equal(mirq_pci_attach(s.m, &s.init, &s.dev), MIRQ_OK);
	assert_int_equal(mirq_device_is_isolated(s.dev), 1);
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 1, 1, MIRQ_PCI_ANY, NULL, &irqs), MIRQ_OK);
	assert_int_equal(nr_noted, 1);
	assert_int_equal(noted_segment, 2);
	assert_int_equal(noted_ids.first, 0x0100);
	assert_int_equal(noted_ids.limit, 0x0200);
	stop(&s);
}

static void store__both_kinds__attached_once_each(void **state)
{
	struct system s = start_attached(BLOCKS);
	struct mirq_store *msix, *msi, *again;
	struct mirq_why why;

	(void)state;
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSIX, &msix, &why), MIRQ_OK);
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSIX, &again, &why), MIRQ_OK);
	assert_ptr_equal(msix, again);
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSI, &msi, NULL), MIRQ_OK);
	assert_int_equal(mirq_irq_count(mirq_store_irqs(msix)), 8);
	assert_int_equal(mirq_irq_count(mirq_store_irqs(msi)), 4);
	/* Taken away and asked for again: mapped anew, not twice. */
	assert_int_equal(s.h->nr_mapped, 2);
	assert_int_equal(mirq_store_detach(msix), MIRQ_OK);
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSIX, &msix, &why), MIRQ_OK);
	assert_int_equal(s.h->nr_mapped, 2);
	assert_int_equal(mirq_irq_count(mirq_store_irqs(msix)), 8);
	stop(&s);
}

static void store__defects__error_and_sentence(void **state)
{
	struct system s = start_attached(BLOCKS);
	struct fake_function *plain = fake_function_add(s.h, 0, 5, 0);
	struct mirq_device_init other = { MIRQ_SIZED(mirq_device_init), .name = "other" };
	struct mirq_pci_init init = s.init;
	struct mirq_device *none, *foreign;
	struct mirq_store *store = NULL;
	struct mirq_why why;
	enum mirq_err err;

	(void)state;
	init.address = fake_address(plain);
	assert_int_equal(mirq_pci_attach(s.m, &init, &none), MIRQ_OK);
	assert_int_equal(mirq_pci_store(none, MIRQ_PCI_MSIX, &store, &why), MIRQ_ENOTSUP);
	assert_int_equal(mirq_pci_store(none, MIRQ_PCI_MSI, &store, &why), MIRQ_ENOTSUP);
	assert_int_equal(mirq_device_attach(s.m, &other, &foreign), MIRQ_OK);
	assert_int_equal(mirq_pci_store(foreign, MIRQ_PCI_MSI, &store, &why), MIRQ_EINVAL);
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_ANY, &store, &why), MIRQ_EINVAL);
	fake_set(s.f, 0x10, 4, 0);
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSIX, &store, &why), MIRQ_EIO);
	assert_non_null(strstr(why.text, "no address"));
	fake_set(s.f, 0x10, 4, 0xfe000000);
	s.h->map_fails_at = s.h->nr_maps + 2;
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSIX, &store, &why), MIRQ_ENOMEM);
	assert_int_equal(why.value, 0xfe002000);
	for (uint32_t nr = 1;; nr++) {
		s.h->alloc_fails_at = s.h->nr_allocs + nr;
		err = mirq_pci_store(s.dev, MIRQ_PCI_MSIX, &store, &why);
		if (!err)
			break;
		assert_int_equal(err, MIRQ_ENOMEM);
	}
	assert_int_equal(s.h->nr_mapped, 2);
	s.f->is_gone = 1;
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSI, &store, &why), MIRQ_EIO);
	stop(&s);
}

/* What an earlier kernel left on would send beside the store that is used now. */
static void store__other_kind_found_on__turned_off(void **state)
{
	struct system s = start_attached(BLOCKS);
	struct mirq_store *store;

	(void)state;
	fake_set(s.f, s.f->msi + 2, 2, fake_get(s.f, s.f->msi + 2, 2) | 1);
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSIX, &store, NULL), MIRQ_OK);
	assert_int_equal(fake_get(s.f, s.f->msi + 2, 2) & 1, 0);
	stop(&s);
}

static enum mirq_handled count(void *context)
{
	++*(uint32_t *)context;
	return MIRQ_HANDLED;
}

/* Asking for the second store while the first is in use leaves that alone. */
static void store__other_kind_in_use__stays_on(void **state)
{
	struct system s = start_attached(BLOCKS);
	uint32_t counter = 0;
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = count,
					    .context = &counter };
	struct mirq_store *msi;
	struct mirq_irqs irqs;

	(void)state;
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 1, 1, MIRQ_PCI_MSIX, NULL, &irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_request(irqs, &handler), MIRQ_OK);
	assert_int_equal(mirq_pci_store(s.dev, MIRQ_PCI_MSI, &msi, NULL), MIRQ_OK);
	assert_int_equal(fake_get(s.f, s.f->msix + 2, 2), 0x8007);
	stop(&s);
}

/* What the caller knows of the function reaches the stores. */
static void attach__flags__seen_in_what_is_touched(void **state)
{
	static const uint32_t kinds[] = { MIRQ_PCI_MSIX, MIRQ_PCI_MSI };

	(void)state;
	for (uint32_t flags = 0; flags < 4; flags++)
		for (uint32_t k = 0; k < 2; k++) {
			struct system s = start(BLOCKS);
			uint32_t counter = 0;
			struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler),
							    .handle = count, .context = &counter };
			struct mirq_irqs irqs;

			s.init.flags = flags;
			assert_int_equal(mirq_pci_attach(s.m, &s.init, &s.dev), MIRQ_OK);
			assert_int_equal(mirq_pci_alloc_irqs(s.dev, 2, 2, kinds[k], NULL, &irqs),
					 MIRQ_OK);
			fake_host_clear(s.h);
			assert_int_equal(mirq_irq_request(irqs, &handler), MIRQ_OK);
			assert_int_equal(!!(fake_get(s.f, 4, 2) & 0x400),
					 !(flags & MIRQ_PCI_KEEP_INTX));
			if (k == 0) {
				uint32_t is_reset = flags & MIRQ_PCI_WAS_RESET;

				assert_int_equal(s.h->nr_reads, is_reset ? 1 : 3);
				assert_int_equal(s.h->nr_writes, is_reset ? 8 : 8 + 6);
			}
			stop(&s);
		}
}

static const char *kind_of(struct mirq_irqs irqs)
{
	struct mirq_domain_info info;

	mirq_domain_inspect(mirq_store_domain(irqs.store), &info);
	return info.name;
}

static void alloc_irqs__min_to_max__msix_then_msi(void **state)
{
	struct system s = start_attached(BLOCKS);
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want) };
	struct mirq_irqs irqs, more;

	(void)state;
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 1, 5, MIRQ_PCI_ANY, NULL, &irqs), MIRQ_OK);
	assert_string_equal(kind_of(irqs), "PCI-MSIX");
	assert_int_equal(mirq_irq_count(irqs), 5);
	/* Three are left; MSI may not be used beside. */
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 1, 100000, MIRQ_PCI_ANY, NULL, &more), MIRQ_OK);
	assert_int_equal(mirq_irq_count(more), 3);
	assert_int_equal(mirq_irq_free(more), MIRQ_OK);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 1, UINT32_MAX, MIRQ_PCI_MSI, NULL, &irqs),
			 MIRQ_OK);
	assert_string_equal(kind_of(irqs), "PCI-MSI");
	assert_int_equal(mirq_irq_count(irqs), 4);
	assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
	want.at.first = 7;
	want.at.limit = 8;
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 2, 2, MIRQ_PCI_MSIX, &want, &irqs), MIRQ_OK);
	assert_int_equal(irqs.slots.first, 0); /* .at is ignored */
	stop(&s);
}

static void alloc_irqs__msix_refuses__falls_back(void **state)
{
	struct system s = start_attached(BLOCKS);
	struct mirq_irqs irqs;

	(void)state;
	fake_set(s.f, 0x10, 4, 0); /* no address: MSI-X cannot be used */
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 1, 8, MIRQ_PCI_ANY, NULL, &irqs), MIRQ_OK);
	assert_string_equal(kind_of(irqs), "PCI-MSI");
	stop(&s);
}

static void alloc_irqs__defects__errors(void **state)
{
	struct system s = start_attached(BLOCKS);
	struct fake_function *plain = fake_function_add(s.h, 0, 5, 0);
	struct mirq_why why = { NULL, NULL, 0, 0, 0, 0, 0 };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .why = &why };
	struct mirq_irqs irqs = { NULL, { 7, 7 } };
	struct mirq_device *none;

	(void)state;
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 0, 1, MIRQ_PCI_ANY, &want, &irqs), MIRQ_EINVAL);
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 3, 2, MIRQ_PCI_ANY, &want, &irqs), MIRQ_EINVAL);
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 1, 2, 0, &want, &irqs), MIRQ_EINVAL);
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 1, 2, 4, &want, &irqs), MIRQ_EINVAL);
	assert_int_equal(mirq_pci_alloc_irqs(s.dev, 9, 9, MIRQ_PCI_MSIX, &want, &irqs),
			 MIRQ_ENOSPC);
	assert_non_null(why.text);
	s.init.address = fake_address(plain);
	assert_int_equal(mirq_pci_attach(s.m, &s.init, &none), MIRQ_OK);
	assert_int_equal(mirq_pci_alloc_irqs(none, 1, 2, MIRQ_PCI_ANY, &want, &irqs), MIRQ_ENOTSUP);
	assert_int_equal(irqs.slots.first, 7);
	/* A kind that is not there was not tried: the reason is that of the other. */
	fake_msix_add(plain, 2, 0, 0x1000, 0, 0x2000);
	fake_bar_add(plain, 0, 0xfd000000, 0x4000, 0);
	s.init.name = "MSI-X only";
	assert_int_equal(mirq_pci_attach(s.m, &s.init, &none), MIRQ_OK);
	assert_int_equal(mirq_pci_alloc_irqs(none, 3, 3, MIRQ_PCI_ANY, &want, &irqs), MIRQ_ENOSPC);
	stop(&s);
}

/* From the bus to the handler and back, by both kinds; the fake says what the device sends. */
static void alloc_irqs__request__device_reaches_handler(void **state)
{
	static const uint32_t kinds[] = { MIRQ_PCI_MSIX, MIRQ_PCI_MSI };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct system s = start_attached(BLOCKS);
		uint32_t counters[4] = { 0, 0, 0, 0 };
		struct mirq_irq_handler handler = {
			MIRQ_SIZED(mirq_irq_handler),
			.handle = count,
			.context = counters,
			.stride_bytes = sizeof(counters[0]),
		};
		struct mirq_msg sent;
		struct mirq_irqs irqs;

		fake_msix_leave_stale(s.f);
		assert_int_equal(mirq_pci_alloc_irqs(s.dev, 4, 4, kinds[k], NULL, &irqs), MIRQ_OK);
		assert_int_equal(mirq_irq_request(irqs, &handler), MIRQ_OK);
		for (uint32_t i = 0; i < 4; i++) {
			assert_int_equal(k ? fake_msi_raise(s.f, i, &sent)
					   : fake_msix_raise(s.f, i, &sent),
					 1);
			assert_int_equal(sent.address, 0xfee03000);
			mirq_dispatch(s.m, 0, sent.data);
			assert_int_equal(counters[i], 1);
		}
		assert_int_equal(fake_get(s.f, 4, 2) & 0x400, 0x400);
		assert_int_equal(mirq_irq_free(irqs), MIRQ_OK);
		assert_int_equal(fake_msi_raise(s.f, 0, &sent), -1);
		assert_int_equal(fake_msix_raise(s.f, 0, &sent), -1);
		assert_int_equal(fake_get(s.f, 4, 2) & 0x400, 0);
		assert_int_equal(s.f->torn, 0);
		assert_int_equal(s.f->fired_stale, 0);
		stop(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capability__golden_list__found_at),
		cmocka_unit_test(capability__cardbus_bridge__its_own_pointer),
		cmocka_unit_test(capability__longest_list__ends),
		cmocka_unit_test(capability__broken_list__refused_with_place),
		cmocka_unit_test(bridge_buses__sane_and_absurd__range_or_error),
		cmocka_unit_test(requesters__express_only__own_id),
		cmocka_unit_test(requesters__behind_express_to_pci__buses_behind_it),
		cmocka_unit_test(requesters__buses_up_to_255__limit_65536),
		cmocka_unit_test(requesters__behind_legacy_bridge_of_root__the_bridge),
		cmocka_unit_test(requesters__silent_bridge_on_a_link__link_and_below),
		cmocka_unit_test(requesters__function_of_multifunction__bridge_found),
		cmocka_unit_test(requesters__second_root_bus_or_segment__own_id),
		cmocka_unit_test(requesters__bus_without_a_way__searched_from_there),
		cmocka_unit_test(requesters__numbers_that_loop__ends),
		cmocka_unit_test(bar__each_kind__address_or_reason),
		cmocka_unit_test(attach__defects__error_and_nothing_left),
		cmocka_unit_test(attach__behind_a_bridge__requesters_and_link),
		cmocka_unit_test(store__both_kinds__attached_once_each),
		cmocka_unit_test(store__defects__error_and_sentence),
		cmocka_unit_test(store__other_kind_found_on__turned_off),
		cmocka_unit_test(store__other_kind_in_use__stays_on),
		cmocka_unit_test(attach__flags__seen_in_what_is_touched),
		cmocka_unit_test(alloc_irqs__min_to_max__msix_then_msi),
		cmocka_unit_test(alloc_irqs__msix_refuses__falls_back),
		cmocka_unit_test(alloc_irqs__defects__errors),
		cmocka_unit_test(alloc_irqs__request__device_reaches_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
