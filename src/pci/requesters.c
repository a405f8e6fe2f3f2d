/* SPDX-License-Identifier: MIT */
/*
 * requesters.c - under which ids the messages of a PCI function arrive at the root complex.
 *
 * A PCI Express function sends under its own id: requests carry it from the function to the
 * root complex, through root ports and switches. A conventional bus has no ids. Where a request
 * leaves one, the bridge must give it one, and everything nearer to the root complex sees the
 * bridge's choice. So the bridge that is nearest to the root complex and stands above a
 * conventional bus decides; what is below it does not count any more. Three cases of that
 * bridge:
 *
 * 1. PCI Express to PCI/PCI-X bridge (capability says type 7). It takes ownership of requests
 *    from a conventional bus and sends them as {secondary bus, device 0, function 0}; of those
 *    from a PCI-X bus it may keep the id that PCI-X gave them, that of any function behind it.
 *    [PCIBR] 2.3. All of that, and the function's own id, are the buses behind the bridge:
 *    secondary to subordinate, whole.
 * 2. A bridge without the PCI Express capability on a bus of the root complex itself: a legacy
 *    PCI bridge inside the root complex, which knows such bridges as its neighbours and uses
 *    the bridge's own id. So does a bridge of type 8 (PCI to PCI Express), whose primary bus is
 *    conventional. The function's own id never arrives then, and a set that held it as well
 *    would need every id between the two: exactly the bridge's id.
 * 3. A bridge without the capability although a PCI Express link ends in it: by its place it is
 *    case 1, by what it says of itself case 2, and both have been built. The bus of the link
 *    holds nothing but this bridge's device, so taking that bus too covers both and lets nobody
 *    else in.
 *
 * Bridges are found from the root down, since only numbers that contain the function's bus can
 * lie on its way: on each bus look for the bridge that does, go on with its secondary bus;
 * where there is none, behind the highest bus that the bridges of this one have. Bus numbers
 * only grow, so the search ends after 256 buses whatever the bridges say. A function on a bus
 * that no bridge names is on a root bus, or a virtual one beyond its bridge's secondary bus:
 * own id.
 *
 * Sources: [PCIBR] 2.3; [PCIE] 2.2.6.2, 7.5.3.2. Locking: none; nothing is kept.
 */
#include "pci_regs.h"
#include "walk.h"

#include <mirq/pci.h>

struct pci_bridge {
	struct mirq_config config;
	struct mirq_range buses;
};

enum pci_bridge_kind {
	PCI_BRIDGE_PORT,        /* PCI Express on both sides */
	PCI_BRIDGE_TO_PCI,      /* PCI Express above, conventional below */
	PCI_BRIDGE_FROM_PCI,    /* conventional above */
	PCI_BRIDGE_CONVENTIONAL /* says nothing of PCI Express */
};

static enum pci_bridge_kind pci_bridge_kind(const struct mirq_config *config)
{
	struct mirqi_pci_capabilities found;
	uint32_t offset, flags;
	const char *reason;
	enum mirq_err err = mirqi_pci_capabilities(config, &found, &reason, &offset);

	/* What of a broken list came before the break still counts. */
	(void)err;
	if (!found.pcie)
		return PCI_BRIDGE_CONVENTIONAL;
	flags = mirq_config_read(config, found.pcie + PCI_PCIE_FLAGS, 2);
	switch (MIRQ_GET(flags, PCI_PCIE_TYPE)) {
	case PCI_PCIE_TYPE_TO_PCI:
		return PCI_BRIDGE_TO_PCI;
	case PCI_PCIE_TYPE_FROM_PCI:
		return PCI_BRIDGE_FROM_PCI;
	default:
		return PCI_BRIDGE_PORT;
	}
}

/* How many functions may be at a device number: 0, 1 or 8. */
static uint32_t pci_nr_functions(const struct mirq_config *function_0)
{
	uint32_t type;

	if (mirq_config_read(function_0, PCI_VENDOR, 2) == PCI_VENDOR_NONE)
		return 0;
	type = mirq_config_read(function_0, PCI_HEADER_TYPE, 1);
	return MIRQ_GET(type, PCI_HEADER_MULTIFUNCTION) ? PCI_FUNCTIONS_PER_DEVICE : 1;
}

/* A search on one bus for the bridge above @target. */
struct pci_search {
	struct mirq_config config; /* where it is now */
	uint32_t target;           /* bus number */
	uint32_t limit;            /* first bus behind all bridges seen */
	struct pci_bridge found;
};

/* MIRQ_OK: found. MIRQ_ENOENT: go on. MIRQ_EIO: it is the one, and makes no sense. */
static enum mirq_err pci_try_bridge(struct pci_search *s)
{
	const struct mirq_config *config = &s->config;
	struct mirq_range buses;
	enum mirq_err err = mirq_pci_bridge_buses(config->host, config->address, &buses);

	if (err == MIRQ_EIO && mirq_config_read(config, PCI_BRIDGE_SECONDARY, 1) == s->target)
		return MIRQ_EIO;
	if (err)
		return MIRQ_ENOENT;
	if (buses.limit > s->limit)
		s->limit = buses.limit;
	if (s->target < buses.first || s->target >= buses.limit)
		return MIRQ_ENOENT;
	s->found.config = *config;
	s->found.buses = buses;
	return MIRQ_OK;
}

static enum mirq_err pci_search_bus(struct pci_search *s, uint32_t bus)
{
	enum mirq_err err = MIRQ_ENOENT;

	s->limit = bus + 1;
	for (uint32_t device = 0; device < PCI_DEVICES_PER_BUS; device++) {
		uint32_t nr;

		s->config.address.rid = (uint16_t)(bus << 8 | device << 3);
		nr = pci_nr_functions(&s->config);
		for (uint32_t function = 0; function < nr; function++) {
			s->config.address.rid = (uint16_t)(bus << 8 | device << 3 | function);
			err = pci_try_bridge(s);
			if (err != MIRQ_ENOENT)
				return err;
		}
	}
	return err;
}

/* Does this bridge decide? Fill @out_ids then. */
static int pci_bridge_decides(const struct pci_bridge *bridge, int is_on_link,
			      struct mirq_range *out_ids)
{
	uint32_t rid = bridge->config.address.rid;

	switch (pci_bridge_kind(&bridge->config)) {
	case PCI_BRIDGE_PORT:
		return 0;
	case PCI_BRIDGE_TO_PCI:
		out_ids->first = bridge->buses.first << 8;
		out_ids->limit = bridge->buses.limit << 8;
		return 1;
	case PCI_BRIDGE_CONVENTIONAL:
		if (is_on_link) {
			out_ids->first = rid & 0xff00;
			out_ids->limit = bridge->buses.limit << 8;
			return 1;
		}
		break;
	case PCI_BRIDGE_FROM_PCI:
		break;
	}
	out_ids->first = rid;
	out_ids->limit = rid + 1;
	return 1;
}

enum mirq_err mirqi_pci_requesters(const struct mirq_config *config, struct mirq_range *out_ids,
				   const char **out_reason)
{
	uint32_t rid = config->address.rid, bus = 0;
	struct pci_search s = { .config = *config, .target = rid >> 8 };
	struct mirq_range ids = { rid, rid + 1 };
	int is_on_link = 0;

	while (bus < s.target) {
		enum mirq_err err = pci_search_bus(&s, bus);

		if (err == MIRQ_ENOENT) {
			bus = s.limit;
			is_on_link = 0;
			continue;
		}
		if (err) {
			*out_reason = "the bridge above this function has bus numbers that make no "
				      "sense: assign bus numbers first";
			return err;
		}
		if (pci_bridge_decides(&s.found, is_on_link, &ids))
			break;
		is_on_link = 1;
		bus = s.found.buses.first;
	}
	*out_ids = ids;
	return MIRQ_OK;
}
