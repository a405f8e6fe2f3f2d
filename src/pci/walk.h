/* SPDX-License-Identifier: MIT */
/*
 * walk.h - reading PCI configuration space as what it is: bytes that somebody else wrote.
 * Private to src/pci.
 */
#ifndef MIRQI_PCI_WALK_H
#define MIRQI_PCI_WALK_H

#include <mirq/io.h>

/* Where a function has the capabilities that mirq knows; 0: not there. */
struct mirqi_pci_capabilities {
	uint32_t msi, msix, pcie;
};

/*
 * Walk the whole list of capabilities. The first of a kind counts.
 * Context: thread. Errors: MIRQ_EIO (it makes no sense: *out_reason, and where: *out_offset).
 */
MIRQ_MUST_CHECK enum mirq_err mirqi_pci_capabilities(const struct mirq_config *config,
						     struct mirqi_pci_capabilities *out,
						     const char **out_reason, uint32_t *out_offset);

/*
 * The ids under which messages of a function arrive at the root complex; one range says it.
 * Context: thread. Errors: MIRQ_EIO (the bridge above it has no sane bus numbers: *out_reason).
 */
MIRQ_MUST_CHECK enum mirq_err mirqi_pci_requesters(const struct mirq_config *config,
						   struct mirq_range *out_ids,
						   const char **out_reason);

/*
 * Where @size_bytes at @offset_bytes of BAR @bar lie in memory. Nothing is written: a BAR is
 * sized by its alignment, so one that is too small but sits on a larger boundary passes.
 * Context: thread. Errors: MIRQ_EIO (no such BAR, not memory, not assigned, too small:
 * *out_reason).
 */
MIRQ_MUST_CHECK enum mirq_err mirqi_pci_bar(const struct mirq_config *config, uint32_t bar,
					    uint32_t offset_bytes, uint32_t size_bytes,
					    uint64_t *out_address, const char **out_reason);

#endif
