/* SPDX-License-Identifier: MIT */
/*
 * walk.c - lists and registers of PCI configuration space: capabilities, bus numbers of
 * bridges, BARs. Every walk is bounded and every number is doubted. Writes nothing.
 * Sources: [PCI] 6.2.5, 6.7; [PCIBR] 5.1; [PCIE] 7.5.1. Locking: none; nothing is kept.
 */
#include "pci_regs.h"
#include "walk.h"

#include <mirq/pci.h>

static uint32_t pci_layout(const struct mirq_config *config)
{
	uint32_t type = mirq_config_read(config, PCI_HEADER_TYPE, 1);

	return (uint32_t)MIRQ_GET(type, PCI_HEADER_LAYOUT);
}

/* The first capability, or 0. */
static uint32_t pci_first_capability(const struct mirq_config *config)
{
	uint32_t status = mirq_config_read(config, PCI_STATUS, 2);
	uint32_t at = pci_layout(config) == PCI_LAYOUT_CARDBUS ? PCI_CARDBUS_CAPABILITIES
							       : PCI_CAPABILITIES;

	if (!MIRQ_GET(status, PCI_STATUS_CAPABILITIES))
		return 0;
	return mirq_config_read(config, at, 1);
}

static void pci_note_first(uint32_t *capability, uint32_t offset)
{
	if (!*capability)
		*capability = offset;
}

/* Callback-free walk: the three kinds that mirq knows, and one that the caller asks for. */
static enum mirq_err pci_walk(const struct mirq_config *config, uint32_t wanted,
			      struct mirqi_pci_capabilities *out, uint32_t *out_wanted,
			      const char **out_reason, uint32_t *out_offset)
{
	uint32_t offset = pci_first_capability(config);

	for (uint32_t nr = 0; offset; nr++) {
		uint32_t id;

		/* The low two bits are reserved and must be masked. [PCI] 6.7. */
		offset &= ~(PCI_CAPABILITY_ALIGN - 1);
		*out_offset = offset;
		*out_reason = "the list of capabilities points into the header";
		if (offset < PCI_CAPABILITY_FIRST)
			return MIRQ_EIO;
		*out_reason = "the list of capabilities has no end: it loops";
		if (nr == PCI_CAPABILITY_MAX)
			return MIRQ_EIO;
		id = mirq_config_read(config, offset + PCI_CAPABILITY_ID, 1);
		*out_reason =
			"a capability reads all ones: the function is gone or its list is broken";
		if (id == 0xff)
			return MIRQ_EIO;
		if (id == wanted)
			pci_note_first(out_wanted, offset);
		if (id == PCI_CAPABILITY_MSI)
			pci_note_first(&out->msi, offset);
		else if (id == PCI_CAPABILITY_MSIX)
			pci_note_first(&out->msix, offset);
		else if (id == PCI_CAPABILITY_PCIE)
			pci_note_first(&out->pcie, offset);
		offset = mirq_config_read(config, offset + PCI_CAPABILITY_NEXT, 1);
	}
	return MIRQ_OK;
}

enum mirq_err mirqi_pci_capabilities(const struct mirq_config *config,
				     struct mirqi_pci_capabilities *out, const char **out_reason,
				     uint32_t *out_offset)
{
	struct mirqi_pci_capabilities none = { 0, 0, 0 };
	uint32_t unused = 0;

	*out = none;
	return pci_walk(config, UINT32_MAX, out, &unused, out_reason, out_offset);
}

uint32_t mirq_pci_capability(struct mirq_host *host, struct mirq_pci_address address, uint8_t id)
{
	struct mirq_config config = { host, address };
	struct mirqi_pci_capabilities unused = { 0, 0, 0 };
	uint32_t wanted = 0, offset;
	const char *reason;

	if (mirq_config_read(&config, PCI_VENDOR, 2) == PCI_VENDOR_NONE)
		return 0;
	if (pci_walk(&config, id, &unused, &wanted, &reason, &offset))
		return 0;
	return wanted;
}

enum mirq_err mirq_pci_bridge_buses(struct mirq_host *host, struct mirq_pci_address address,
				    struct mirq_range *out_buses)
{
	struct mirq_config config = { host, address };
	uint32_t own_bus = address.rid >> 8, layout, secondary, subordinate;

	if (mirq_config_read(&config, PCI_VENDOR, 2) == PCI_VENDOR_NONE)
		return MIRQ_ENOENT;
	layout = pci_layout(&config);
	if (layout != PCI_LAYOUT_BRIDGE && layout != PCI_LAYOUT_CARDBUS)
		return MIRQ_ENOENT;
	secondary = mirq_config_read(&config, PCI_BRIDGE_SECONDARY, 1);
	subordinate = mirq_config_read(&config, PCI_BRIDGE_SUBORDINATE, 1);
	if (secondary <= own_bus || subordinate < secondary)
		return MIRQ_EIO;
	out_buses->first = secondary;
	out_buses->limit = subordinate + 1;
	return MIRQ_OK;
}

static const char *pci_bar_read(const struct mirq_config *config, uint32_t bar,
				uint64_t *out_address)
{
	uint32_t layout = pci_layout(config), low, type, nr_bars;

	nr_bars = layout == PCI_LAYOUT_DEVICE   ? PCI_DEVICE_BARS
		  : layout == PCI_LAYOUT_BRIDGE ? PCI_BRIDGE_BARS
						: 0;
	if (bar >= nr_bars)
		return "it lies in a BAR that this function does not have";
	low = mirq_config_read(config, PCI_BAR(bar), 4);
	if (low == UINT32_MAX)
		return "its BAR reads all ones: the function is gone";
	if (MIRQ_GET(low, PCI_BAR_IS_IO))
		return "its BAR is one of I/O space; it must be of memory space";
	type = (uint32_t)MIRQ_GET(low, PCI_BAR_MEMORY_TYPE);
	if (type == PCI_BAR_MEMORY_RESERVED)
		return "its BAR is of a reserved type";
	*out_address = low & PCI_BAR_ADDRESS_MASK;
	if (type == PCI_BAR_MEMORY_64) {
		if (bar + 1 >= nr_bars)
			return "its BAR says 64 bits, but is the last one";
		*out_address |= (uint64_t)mirq_config_read(config, PCI_BAR(bar + 1), 4) << 32;
	}
	/* Address 0, and what is left over when somebody sized it and did not write it back, or
	 * when nobody has answered for its upper half: no processor has so many address bits. */
	if (!*out_address || (uint32_t)*out_address == PCI_BAR_ADDRESS_MASK ||
	    *out_address >> 32 == UINT32_MAX)
		return "its BAR has no address: assign the function's BARs first";
	return NULL;
}

enum mirq_err mirqi_pci_bar(const struct mirq_config *config, uint32_t bar, uint32_t offset_bytes,
			    uint32_t size_bytes, uint64_t *out_address, const char **out_reason)
{
	uint64_t address, boundary;

	*out_reason = pci_bar_read(config, bar, &address);
	if (*out_reason)
		return MIRQ_EIO;
	/* A BAR is a power of two in size and aligned to it: it does not wrap. [PCI] 6.2.5.1. */
	boundary = address & (~address + 1);
	*out_reason = "its BAR is too small for it, by the BAR's own alignment";
	if ((uint64_t)offset_bytes + size_bytes > boundary)
		return MIRQ_EIO;
	*out_address = address + offset_bytes;
	return MIRQ_OK;
}
