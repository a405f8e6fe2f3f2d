/* SPDX-License-Identifier: MIT */
/*
 * pci.h - the PCI bus: a function becomes a device, its MSI and MSI-X capabilities become stores.
 * Sources: [PCI] 6.8 (MSI, MSI-X); [PCIE] 7.7; [PCIBR] 2.3 (requester ids behind bridges).
 */
#ifndef MIRQ_PCI_H
#define MIRQ_PCI_H

#include <mirq/device.h>

/*
 * WAS_RESET: the function was reset and nobody wrote its tables since: entries are known masked,
 * reserved bits known 0. Saves N reads and the masking of unused entries.
 * KEEP_INTX: never set the INTx disable bit; some functions then send no messages either.
 */
enum mirq_pci_flag {
	MIRQ_PCI_WAS_RESET = 1,
	MIRQ_PCI_KEEP_INTX = 2
};
struct mirq_pci_init {
	uint32_t size_bytes;
	struct mirq_pci_address address; /* config space is walked for capabilities and bridges */
	const char *name;                /* for people; retained */
	struct mirq_domain *parent;      /* NULL: what the links say (bus.h), else the root */
	uint32_t flags;                  /* enum mirq_pci_flag, or-ed */
	struct mirq_why *why;
};

enum mirq_pci_kind {
	MIRQ_PCI_MSI = 1,
	MIRQ_PCI_MSIX = 2,
	MIRQ_PCI_ANY = 3
};

MIRQ_BEGIN_DECLS

/**
 * mirq_pci_attach() - Make a PCI function a device.
 * Bus numbers and BARs are assigned. Nothing is written; the bridges above are read (requester
 * ids).
 * @out_dev: [out] the device; its stores appear at mirq_pci_store() or mirq_pci_alloc_irqs().
 * Context: thread.
 * Errors:  MIRQ_ENOENT (nothing answers), MIRQ_EIO (a capability list or bridge that makes no
 *          sense), MIRQ_EINVAL, MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_pci_attach(struct mirq *m, const struct mirq_pci_init *init,
					      struct mirq_device **out_dev);
/**
 * mirq_pci_store() - The MSI-X or MSI store of a function; attached at the first call.
 * @kind:      MIRQ_PCI_MSI or MIRQ_PCI_MSIX.
 * @out_store: [out] the store. MSI and MSI-X of one function exclude each other in use.
 * @why:       [out] NULL or filled on failure.
 * Context: thread.
 * Errors:  MIRQ_ENOTSUP (the function has none; .why), MIRQ_EIO (table outside its BAR, BAR not
 *          assigned, function gone), MIRQ_EINVAL (not a PCI device, other kind), MIRQ_ENOMEM.
 */
MIRQ_MUST_CHECK enum mirq_err mirq_pci_store(struct mirq_device *dev, enum mirq_pci_kind kind,
					     struct mirq_store **out_store, struct mirq_why *why);
/**
 * mirq_pci_alloc_irqs() - Between @min and @max interrupts by the best kind: MSI-X, else MSI.
 * @kinds:    enum mirq_pci_kind, or-ed.
 * @want:     [in] NULL or affinity, placement, cookies, .why; .nr, .nr_min and .at are ignored.
 * @out_irqs: [out] a range of one store.
 * Context: thread.
 * Errors:  those of mirq_irq_alloc() and mirq_pci_store() for the last kind tried.
 *          MIRQ_ENOTSUP (neither kind is there), MIRQ_ENOSPC, MIRQ_EINVAL (min 0 or above max).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_pci_alloc_irqs(struct mirq_device *dev, uint32_t min,
						  uint32_t max, uint32_t kinds,
						  const struct mirq_irq_want *want,
						  struct mirq_irqs *out_irqs);
/**
 * mirq_pci_capability() - Find a capability by bounded walk.
 * @id: capability id ([PCI] appendix H).
 * Returns: offset in configuration space, or 0: not there, or the list makes no sense.
 * Context: thread.
 * Errors:  0.
 */
uint32_t mirq_pci_capability(struct mirq_host *host, struct mirq_pci_address address, uint8_t id);
/**
 * mirq_pci_bridge_buses() - The buses behind a PCI-to-PCI or CardBus bridge.
 * @out_buses: [out] secondary to subordinate bus number.
 * Context: thread.
 * Errors:  MIRQ_ENOENT (nothing answers, or no bridge), MIRQ_EIO (bus numbers that are not assigned
 *          or do not lie behind the bridge's own).
 */
MIRQ_MUST_CHECK enum mirq_err mirq_pci_bridge_buses(struct mirq_host *host,
						    struct mirq_pci_address address,
						    struct mirq_range *out_buses);

MIRQ_END_DECLS

#endif
