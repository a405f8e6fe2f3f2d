/* SPDX-License-Identifier: MIT */
/*
 * x86.c - from the description of an x86 machine to its hierarchy: the root, the remapping
 * units, and links that say which PCI requesters each unit answers for. It stands with the
 * roots because it is what attaches this one (lapic.c) and decides its mode; the units it knows
 * by their public header only. Not here: reading firmware tables (src/firmware), programming a
 * unit (src/remappers).
 *
 * Order: root, then each unit with its links. A unit needs the root for routes; where its links
 * lead depends on whether it works. x2APIC is entered by each CPU when it goes online: after the
 * units can name 32-bit ids.
 *
 * Sources: [SDM3] 11.12; [VTD] 8.3 (which unit, device scopes), 5.1.4 (extended interrupt mode).
 * Locking: init context.
 */
#include "lapic.h"

#include "../core/chip.h"
#include "../core/fail.h"
#include "../core/memory.h"

#include <mirq/bus.h>
#include <mirq/host.h>
#include <mirq/inspect.h>
#include <mirq/pci.h>

#define X86_LIMIT_COMPATIBLE 255u /* a message without remapper names ids below; 255 is everybody */
#define X86_FIRST_VECTOR 16u
#define X86_LIMIT_VECTOR 255u
#define X86_DEFAULT_SPURIOUS 255u
#define X86_REQUESTERS 65536u

/* One attach. Lives on the stack. */
struct x86 {
	struct mirq *m;
	struct mirq_host *host;
	struct mirq_x86_init init;
	struct mirq_x86_machine machine;
	struct mirq_domain *root;
	uint32_t is_x2; /* CPUs are, or will be, in x2APIC mode */
};

static void x86_log(const struct x86 *x, enum mirq_log_level level, const char *text,
		    const char *domain, uint64_t value_0, uint64_t value_1)
{
	struct mirq_log_record record = {
		.level = level,
		.text = text,
		.domain = domain,
		.values = { value_0, value_1, 0 },
	};

	mirq_host_log(x->host, &record);
}

static enum mirq_err x86_check_vectors(const struct x86 *x)
{
	const struct mirq_range *v = &x->init.vectors;
	uint32_t spurious = x->init.spurious_vector;

	if (v->first < X86_FIRST_VECTOR || v->limit > X86_LIMIT_VECTOR || v->first >= v->limit)
		return mirqi_fail_numbers(
			x->init.why, MIRQ_EINVAL, "VECTOR",
			"vectors must be a range inside {16, 255}; .value is the first", v->limit,
			0, v->first);
	if (spurious < X86_FIRST_VECTOR || spurious > X86_LIMIT_VECTOR ||
	    (spurious >= v->first && spurious < v->limit))
		return mirqi_fail_value(
			x->init.why, MIRQ_EINVAL, "VECTOR",
			"the spurious vector must be 16 to 255 and outside the vectors that mirq "
			"hands out",
			spurious);
	return MIRQ_OK;
}

/* Are there units, and may they remap? */
static int x86_can_remap(const struct x86 *x)
{
	return x->machine.nr_units && x->machine.flags & MIRQ_X86_INTR_REMAP &&
	       x->init.remap != MIRQ_X86_REMAP_NEVER;
}

static enum mirq_err x86_check(struct x86 *x)
{
	enum mirq_err err;

	if (!x->init.spurious_vector)
		x->init.spurious_vector = X86_DEFAULT_SPURIOUS;
	err = x86_check_vectors(x);
	if (err)
		return err;
	if (x->init.remap > MIRQ_X86_REMAP_NEVER || x->init.apic > MIRQ_X86_APIC_X2)
		return mirqi_fail(x->init.why, MIRQ_EINVAL, 0, "VECTOR",
				  ".remap or .apic is none of its enum");
	if (x->init.apic == MIRQ_X86_APIC_X2 && x->machine.flags & MIRQ_X86_X2APIC_OPT_OUT)
		return mirqi_fail(
			x->init.why, MIRQ_ENOTSUP, 0, "DMAR",
			"the firmware asks not to enter x2APIC mode; take the mode found");
	if (x->init.remap != MIRQ_X86_REMAP_REQUIRED || x86_can_remap(x))
		return MIRQ_OK;
	return mirqi_fail(
		x->init.why, MIRQ_ENOTSUP, 0, "DMAR",
		x->machine.nr_units
			? "interrupt remapping is required, but the firmware says that this "
			  "platform does not support it"
			: "interrupt remapping is required, but the machine has no unit for it");
}

static enum mirq_err x86_attach_root(struct x86 *x)
{
	struct mirqi_lapic_init init = {
		.address = x->machine.lapic_address,
		.spurious_vector = x->init.spurious_vector,
		.apic = x->init.apic,
		.msr = x->init.msr,
		.why = x->init.why,
	};
	struct mirq_root_init root = {
		MIRQ_SIZED(mirq_root_init),
		.name = "VECTOR",
		.ids = x->init.vectors,
		.scope = MIRQ_IDS_PER_CPU,
		.limit_hw_target = X86_LIMIT_COMPATIBLE,
		.carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS | MIRQ_CARRIES_DEVICE_STORES,
		.traits = MIRQ_ROOT_ENDS_EDGE_FIRST | MIRQ_ROOT_ADDRESS_HAS_TARGET,
		.why = x->init.why,
		.guest = x->init.guest,
	};
	struct mirqi_lapic *l;
	enum mirq_err err;

	l = mirq_host_alloc(x->host, sizeof(*l), _Alignof(struct mirqi_lapic));
	if (!l)
		return mirqi_no_memory(x->init.why, "VECTOR");
	err = mirqi_lapic_init(l, x->host, &init);
	if (!err) {
		root.ops = mirqi_lapic_ops(l);
		root.data = l;
		x->is_x2 = l->is_x2;
		if (root.guest == MIRQ_GUEST_UNKNOWN)
			root.guest = mirqi_x86_guest(mirqi_cpuid, x->machine.hypervisor,
						     l->hypervisor);
		if (l->hypervisor[0])
			root.hypervisor = l->hypervisor;
		err = mirq_root_attach(x->m, &root, &x->root);
		if (err)
			mirqi_lapic_fini(l);
	}
	if (err)
		mirq_host_free(x->host, l, sizeof(*l));
	return err;
}

/* Names live as long as the domains. Machines with more units share the last one. */
static const char *x86_unit_name(uint32_t nr)
{
	static const char names[][8] = {
		"VT-d 0", "VT-d 1", "VT-d 2",  "VT-d 3",  "VT-d 4",  "VT-d 5",  "VT-d 6",  "VT-d 7",
		"VT-d 8", "VT-d 9", "VT-d 10", "VT-d 11", "VT-d 12", "VT-d 13", "VT-d 14", "VT-d",
	};
	const uint32_t last = sizeof(names) / sizeof(names[0]) - 1;

	return names[nr < last ? nr : last];
}

/* Links that the core cannot take are for want of memory, or made of a wrong range. */
static enum mirq_err x86_link(const struct x86 *x, const struct mirq_x86_unit *unit,
			      struct mirq_range ids, struct mirq_domain *parent)
{
	struct mirq_link link = { ids, unit->segment, parent };
	enum mirq_err err = mirq_link_add(x->m, &link);

	if (err)
		return mirqi_fail(x->init.why, err, 0, "DMAR",
				  "no link from a unit's requesters to the unit could be added");
	return MIRQ_OK;
}

/* Follow the path of a scope through bridges: the function that it names. */
static enum mirq_err x86_resolve(const struct x86 *x, uint16_t segment,
				 const struct mirq_x86_scope *scope,
				 struct mirq_pci_address *out_address)
{
	struct mirq_pci_address at = { segment, 0 };
	uint32_t bus = scope->first_bus;

	if (!scope->nr_steps || scope->nr_steps > MIRQ_X86_PATH_MAX)
		return MIRQ_EBADTABLE;
	for (uint32_t i = 0;; i++) {
		const struct mirq_x86_step *step = &scope->steps[i];
		struct mirq_range buses;
		enum mirq_err err;

		if (step->device > 31 || step->function > 7)
			return MIRQ_EBADTABLE;
		at.rid = (uint16_t)(bus << 8 | (uint32_t)step->device << 3 | step->function);
		if (i + 1 == scope->nr_steps)
			break;
		err = mirq_pci_bridge_buses(x->host, at, &buses);
		if (err)
			return err;
		bus = buses.first;
	}
	*out_address = at;
	return MIRQ_OK;
}

/*
 * Requesters of one scope go to @parent. A scope that leads nowhere - firmware lists devices
 * that are not there - takes no requester away from anybody: it is told and passed over.
 */
static enum mirq_err x86_link_scope(const struct x86 *x, const struct mirq_x86_unit *unit,
				    const struct mirq_x86_scope *scope, struct mirq_domain *parent)
{
	struct mirq_pci_address at;
	struct mirq_range ids, buses;
	enum mirq_err err;

	/* A device that ACPI alone knows is nobody's store yet. */
	if (scope->type < MIRQ_X86_SCOPE_ENDPOINT || scope->type > MIRQ_X86_SCOPE_HPET)
		return MIRQ_OK;
	err = x86_resolve(x, unit->segment, scope, &at);
	if (!err) {
		ids.first = at.rid;
		ids.limit = at.rid + UINT32_C(1);
		err = x86_link(x, unit, ids, parent);
		if (err || scope->type != MIRQ_X86_SCOPE_BRIDGE)
			return err;
		err = mirq_pci_bridge_buses(x->host, at, &buses);
	}
	if (err) {
		x86_log(x, MIRQ_LOG_WARN,
			"a device scope of the DMAR names a bridge that is not there or has no bus "
			"numbers; values: unit, first bus",
			"DMAR", unit->address, scope->first_bus);
		return MIRQ_OK;
	}
	ids.first = buses.first << 8;
	ids.limit = buses.limit << 8;
	return x86_link(x, unit, ids, parent);
}

/*
 * Who answers for what. INCLUDE_ALL is the widest range of its segment, so that scopes of other
 * units are more specific. A unit that does not work still takes its scopes out of INCLUDE_ALL:
 * these go to the root.
 */
static enum mirq_err x86_link_unit(const struct x86 *x, const struct mirq_x86_unit *unit,
				   struct mirq_domain *parent)
{
	const struct mirq_range all = { 0, X86_REQUESTERS };
	enum mirq_err err = MIRQ_OK;

	if (unit->flags & MIRQ_X86_UNIT_INCLUDE_ALL && parent != x->root)
		err = x86_link(x, unit, all, parent);
	for (uint32_t i = unit->scopes.first; !err && i < unit->scopes.limit; i++) {
		if (i >= x->machine.nr_scopes)
			return mirqi_fail_numbers(x->init.why, MIRQ_EINVAL, "DMAR",
						  "a unit's scopes end behind the machine's", 0,
						  x->machine.nr_scopes, unit->address);
		err = x86_link_scope(x, unit, &x->machine.scopes[i], parent);
	}
	return err;
}

/*
 * Does the failure of one unit end the attach? Always what is not the unit's fault, and x2APIC:
 * a unit that cannot name 32-bit ids may not stay as it is while CPUs have them. [VTD] 5.1.4.
 */
static int x86_is_fatal(const struct x86 *x, enum mirq_err err)
{
	if (x->init.remap == MIRQ_X86_REMAP_REQUIRED || err == MIRQ_ENOMEM || err == MIRQ_EINVAL)
		return 1;
	return err == MIRQ_ENOTSUP && x->init.apic == MIRQ_X86_APIC_X2;
}

static enum mirq_err x86_attach_unit(const struct x86 *x, uint32_t nr)
{
	const struct mirq_x86_unit *unit = &x->machine.units[nr];
	struct mirq_why why = { .text = "no reason was given", .where = x86_unit_name(nr) };
	struct mirq_vtd_init init = {
		MIRQ_SIZED(mirq_vtd_init),
		.name = x86_unit_name(nr),
		.address = unit->address,
		.nr_entries = x->init.vtd_nr_entries,
		.flags = x->init.vtd_flags & ~(uint32_t)MIRQ_VTD_EIM,
		.owner = x->init.owners ? x->init.owners[nr] : NULL,
		.why = &why,
	};
	struct mirq_domain *domain = x->root;
	enum mirq_err err;

	if (x->is_x2)
		init.flags |= MIRQ_VTD_EIM;
	err = mirq_vtd_attach(x->m, &init, &domain);
	if (err && x86_is_fatal(x, err)) {
		if (x->init.why)
			*x->init.why = why;
		return err;
	}
	if (err) {
		x86_log(x, MIRQ_LOG_ERROR, why.text, init.name, unit->address, why.value);
		x86_log(x, MIRQ_LOG_WARN,
			"this unit is passed over: its devices interrupt without remapping and "
			"without a check of who sends; value: its address",
			init.name, unit->address, 0);
	}
	return x86_link_unit(x, unit, domain);
}

/* Units off again, as they were found; their links go too; then the root. */
static void x86_undo(const struct x86 *x)
{
	struct mirq_domain *domain;

	while ((domain = mirq_domain_next(x->m, x->root)) != NULL)
		if (mirq_remapper_detach(domain))
			return;
	mirqi_root_detach(x->m);
}

static enum mirq_err x86_attach_units(struct x86 *x)
{
	enum mirq_err err = MIRQ_OK;

	if (!x86_can_remap(x)) {
		if (x->machine.nr_units && x->init.remap != MIRQ_X86_REMAP_NEVER)
			x86_log(x, MIRQ_LOG_WARN,
				"the firmware says that this platform does not remap interrupts; "
				"its remapping units stay as they are",
				"DMAR", x->machine.nr_units, x->machine.flags);
		return MIRQ_OK;
	}
	for (uint32_t nr = 0; nr < x->machine.nr_units && !err; nr++)
		err = x86_attach_unit(x, nr);
	if (err)
		x86_undo(x);
	return err;
}

enum mirq_err mirq_x86_attach(struct mirq *m, const struct mirq_x86_init *init)
{
	struct x86 x = { .m = m, .host = mirqi_host(m) };
	enum mirq_err err;

	if (mirqi_sized_copy(&x.init, sizeof(x.init), init) ||
	    mirqi_sized_copy(&x.machine, sizeof(x.machine), x.init.machine))
		return MIRQ_EINVAL;
	err = x86_check(&x);
	if (!err)
		err = x86_attach_root(&x);
	if (!err)
		err = x86_attach_units(&x);
	return err;
}
