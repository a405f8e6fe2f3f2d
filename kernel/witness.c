/* SPDX-License-Identifier: MIT */
/*
 * Lines "witness: word key=value ...", docs/witness.md.
 *
 * What a message's sender is called on the bus is worked out here from the kernel's own table of
 * functions, not asked of the library, which is under test.
 * Locking: none; print() keeps lines whole.
 */
#include "witness.h"

#include <stddef.h>

#include <mirq/inspect.h>
#include <mirq/vtd.h>

#include "console.h"
#include "mirq_port.h"
#include "option.h"
#include "scenario.h"

enum {
	CAPABILITY_EXPRESS = 0x10,
	EXPRESS_TYPE_TO_PCI = 7,
	NAME_BYTES = 32
};

/* Option witness: somebody reads it. */
static bool is_asked(void)
{
	return option_text("witness");
}

/* A value has no space in it. */
static void join(char out[NAME_BYTES], const char *name)
{
	format(out, NAME_BYTES, "%s", name);
	for (; *out; out++)
		if (*out == ' ')
			*out = '@';
}

static bool has_unit;

void witness_begin(bool is_remapped)
{
	has_unit = is_remapped;
	if (is_asked())
		print("witness: begin version=1 remapper=%s\n", is_remapped ? "vtd" : "none");
}

static bool is_bridge_to_pci(const struct pci_function *b)
{
	uint32_t at = pci_find_capability(b, CAPABILITY_EXPRESS);

	return at && (pci_config_read(b->rid, at + 2, 2) >> 4 & 15) == EXPRESS_TYPE_TO_PCI;
}

/* Its own id; behind a bridge from PCI Express to PCI any of the buses there: [PCIBR] 2.3. */
static void print_sender(char *out, size_t size_bytes, const struct pci_function *f)
{
	const struct pci_function *outermost = NULL;

	for (const struct pci_function *b = f->bridge; b; b = b->bridge)
		if (is_bridge_to_pci(b))
			outermost = b;
	if (outermost)
		format(out, size_bytes, "bus:%02x-%02x", outermost->secondary,
		       outermost->subordinate);
	else
		format(out, size_bytes, "0x%04x", f->rid);
}

void witness_slot(const char *device, const struct pci_function *function, struct mirq_irqs one)
{
	char name[NAME_BYTES], sid[16] = "none", index[16] = "none";
	struct mirq_irq_info info;
	struct mirq_hop_info hop;

	if (!is_asked())
		return;
	join(name, device);
	if (mirq_irq_inspect(one, &info)) {
		report_failure("%s: slot %u cannot be inspected", device, one.slots.first);
		return;
	}
	if (has_unit && function && !mirq_irq_inspect_hop(one, 1, &hop) &&
	    hop.role == MIRQ_ROLE_REMAPPER) {
		format(index, sizeof(index), "%lu", hop.hwirq);
		print_sender(sid, sizeof(sid), function);
	}
	print("witness: slot device=%s slot=%u sid=%s index=%s vector=%u apic=%u\n", name,
	      one.slots.first, sid, index, info.route.id, info.route.hw_target);
}

void witness_between(const char *device, struct mirq_irqs one, uint32_t old_apic)
{
	char name[NAME_BYTES];
	struct mirq_irq_info info;
	struct mirq_hop_info hop;

	/* Mask bits and pending bits of MSI come together: [PCIE] 7.7.1. */
	if (!is_asked() || mirq_irq_pending(one) != MIRQ_PENDING_UNKNOWN ||
	    mirq_irq_inspect(one, &info) || mirq_irq_inspect_hop(one, 1, &hop) ||
	    hop.role == MIRQ_ROLE_REMAPPER)
		return;
	join(name, device);
	print("witness: slot device=%s slot=%u sid=none index=none vector=%u apic=%u\n", name,
	      one.slots.first, info.route.id, old_apic);
}

void witness_free(const char *device, uint32_t slot)
{
	char name[NAME_BYTES];

	if (!is_asked())
		return;
	join(name, device);
	print("witness: free device=%s slot=%u\n", name, slot);
}

void witness_handled(const struct witness_handled *w)
{
	char name[NAME_BYTES], raised[32] = "";

	if (!is_asked())
		return;
	join(name, w->device);
	if (w->nr_raised)
		format(raised, sizeof(raised), " raised=%lu", *w->nr_raised);
	print("witness: handled device=%s slot=%u handled=%lu%s%s%s\n", name, w->slot,
	      w->nr_handled, raised, w->may_merge ? " merge=may" : "",
	      w->has_load ? " load=yes" : "");
}

void witness_budget(const char *phase, uint64_t nr_invalidations, uint64_t nr_waits)
{
	if (is_asked())
		print("witness: budget phase=%s iec=%lu waits=%lu\n", phase, nr_invalidations,
		      nr_waits);
}

void witness_expect(enum witness_expected kind, uint32_t nr)
{
	static const char *const words[] = { "blocked", "compat", "direct", "faults" };

	if (is_asked())
		print("witness: expect %s=%u\n", words[kind], nr);
}

void witness_end(void)
{
	struct mirq_domain *domain = NULL;

	if (!is_asked())
		return;
	while ((domain = mirq_domain_next(port_mirq(), domain))) {
		struct mirq_vtd_stats stats;

		if (!mirq_vtd_inspect(domain, &stats))
			print("witness: counters iec=%lu waits=%lu entries=%lu\n",
			      stats.nr_invalidations, stats.nr_waits, stats.nr_entry_writes);
	}
	print("witness: end\n");
}
