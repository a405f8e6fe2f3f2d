/* SPDX-License-Identifier: MIT */
/*
 * pci.c - the PCI bus: a function becomes a device, its MSI and MSI-X capabilities become
 * stores when somebody asks for them. Not here: what the stores do (src/stores), how
 * configuration space is walked (walk.c), who a function is to the root complex (requesters.c).
 * Sources: [PCI] 6.7, 6.8; [PCIE] 6.1.4. Locking: pci_function.mutex around attaching a store,
 * taken before the device's mutex; a store of a function is not detached while it is asked for.
 */
#include "pci_regs.h"
#include "walk.h"

#include "../core/chip.h"
#include "../core/fail.h"
#include "../core/lock.h"
#include "../core/memory.h"
#include "../stores/pci_msi.h"
#include "../stores/pci_msix.h"

#include <mirq/host.h>
#include <mirq/inspect.h>
#include <mirq/pci.h>

#define PCI_ALL_FLAGS ((uint32_t)MIRQ_PCI_WAS_RESET | MIRQ_PCI_KEEP_INTX)
#define PCI_EXCLUSIVE_GROUP 1u /* MSI and MSI-X are never both on. [PCIE] 6.1.4. */

/* mirq_device_init.data */
struct pci_function {
	/* Immutable after attach: */
	struct mirq_config config;
	const char *name;
	uint32_t flags; /* enum mirq_pci_flag */
	struct mirqi_pci_capabilities at;
	/* Protected by mutex: */
	struct mirqi_mutex mutex;
	struct mirq_store *msi_store, *msix_store; /* valid while .is_attached of: */
	struct mirqi_pci_msi msi;
	struct mirqi_pci_msix msix;
};

static void pci_unmap(struct mirq_regs *regs)
{
	void *base = (void *)(uintptr_t)regs->base;

	if (base)
		mirq_host_unmap(regs->host, base, regs->limit_bytes);
	regs->base = NULL;
}

static void pci_fini(void *data)
{
	struct pci_function *function = data;

	pci_unmap(&function->msix.table);
	pci_unmap(&function->msix.pba);
	mirq_host_free(function->config.host, function, sizeof(*function));
}

/* What this file made of a device, or NULL: the device is of another bus. */
static struct pci_function *pci_function(const struct mirq_device *dev)
{
	return mirqi_device_data(dev, pci_fini);
}

/* Read what must be known of a function before it is a device. */
static enum mirq_err pci_read(struct pci_function *function, struct mirq_range *out_ids,
			      struct mirq_why *why)
{
	const struct mirq_config *config = &function->config;
	const char *reason;
	uint32_t offset = 0;
	enum mirq_err err;

	if (mirq_config_read(config, PCI_VENDOR, 2) == PCI_VENDOR_NONE)
		return mirqi_fail_value(why, MIRQ_ENOENT, function->name,
					"no PCI function answers here; .value is its requester id",
					config->address.rid);
	err = mirqi_pci_capabilities(config, &function->at, &reason, &offset);
	if (!err)
		err = mirqi_pci_requesters(config, out_ids, &reason);
	return err ? mirqi_fail_value(why, err, function->name, reason, offset) : MIRQ_OK;
}

static enum mirq_err pci_make_device(struct mirq *m, struct pci_function *function,
				     const struct mirq_pci_init *init, struct mirq_device **out_dev)
{
	struct mirq_device_init device = {
		MIRQ_SIZED(mirq_device_init),
		.name = init->name,
		.parent = init->parent,
		.data = function,
		.fini = pci_fini,
		.why = init->why,
	};
	struct mirq_range ids;
	enum mirq_err err = pci_read(function, &ids, init->why);

	if (err)
		return err;
	device.requesters.ids = &ids;
	device.requesters.nr_ids = 1;
	device.requesters.segment = init->address.segment;
	if (!device.parent)
		device.parent = mirq_link_find(m, init->address.segment, init->address.rid);
	return mirq_device_attach(m, &device, out_dev);
}

enum mirq_err mirq_pci_attach(struct mirq *m, const struct mirq_pci_init *init,
			      struct mirq_device **out_dev)
{
	struct mirq_pci_init own;
	struct pci_function *function;
	enum mirq_err err;

	if (mirqi_sized_copy(&own, sizeof(own), init))
		return MIRQ_EINVAL;
	if (!own.name || own.flags & ~PCI_ALL_FLAGS)
		return mirqi_fail(own.why, MIRQ_EINVAL, 0, own.name,
				  "a PCI function needs a name, and flags are those of enum "
				  "mirq_pci_flag");
	function = mirq_host_alloc(mirqi_host(m), sizeof(*function), _Alignof(struct pci_function));
	if (!function)
		return mirqi_no_memory(own.why, own.name);
	memset(function, 0, sizeof(*function));
	function->config.host = mirqi_host(m);
	function->config.address = own.address;
	function->name = own.name;
	function->flags = own.flags;
	err = pci_make_device(m, function, &own, out_dev);
	if (err)
		mirq_host_free(mirqi_host(m), function, sizeof(*function));
	return err;
}

static enum mirq_err pci_map(struct pci_function *function,
			     const struct mirqi_pci_msix_place *place, struct mirq_regs *regs,
			     struct mirq_why *why)
{
	uint64_t address;
	const char *reason;

	if (mirqi_pci_bar(&function->config, place->bar, place->offset_bytes, place->size_bytes,
			  &address, &reason))
		return mirqi_fail_numbers(why, MIRQ_EIO, function->name, reason, place->size_bytes,
					  0, place->bar);
	regs->host = function->config.host;
	regs->limit_bytes = place->size_bytes;
	regs->base = mirq_host_map(regs->host, address, place->size_bytes, MIRQ_MAP_REGISTERS);
	if (!regs->base)
		return mirqi_fail_numbers(
			why, MIRQ_ENOMEM, function->name,
			"mirq_host_map() did not map the MSI-X table; .value is its physical "
			"address",
			place->size_bytes, 0, address);
	return MIRQ_OK;
}

/* A store that was detached may be attached again: begin anew. */
static enum mirq_err pci_attach_msix(struct mirq_device *dev, struct pci_function *function,
				     struct mirq_why *why)
{
	struct mirqi_pci_msix *msix = &function->msix;
	struct mirq_store_init init = {
		MIRQ_SIZED(mirq_store_init),
		.kind = &mirqi_pci_msix_template,
		.data = msix,
		.exclusive_group = PCI_EXCLUSIVE_GROUP,
		.why = why,
	};
	const char *reason;
	enum mirq_err err;

	pci_unmap(&msix->table);
	pci_unmap(&msix->pba);
	err = mirqi_pci_msix_init(msix, &function->config, function->at.msix, &reason);
	if (err)
		return mirqi_fail_value(why, err, function->name, reason, function->at.msix);
	if (function->flags & MIRQ_PCI_WAS_RESET)
		msix->flags |= MIRQI_PCI_MSIX_WAS_RESET;
	if (function->flags & MIRQ_PCI_KEEP_INTX)
		msix->flags |= MIRQI_PCI_MSIX_KEEP_INTX;
	err = pci_map(function, &msix->table_place, &msix->table, why);
	if (!err)
		err = pci_map(function, &msix->pba_place, &msix->pba, why);
	if (err)
		return err;
	init.nr_slots = msix->nr_slots;
	return mirq_store_attach(dev, &init, &function->msix_store);
}

static enum mirq_err pci_attach_msi(struct mirq_device *dev, struct pci_function *function,
				    struct mirq_why *why)
{
	struct mirqi_pci_msi *msi = &function->msi;
	struct mirq_store_init init = {
		MIRQ_SIZED(mirq_store_init),
		.data = msi,
		.exclusive_group = PCI_EXCLUSIVE_GROUP,
		.why = why,
	};
	const char *reason;
	enum mirq_err err = mirqi_pci_msi_init(msi, &function->config, function->at.msi, &reason);

	if (err)
		return mirqi_fail_value(why, err, function->name, reason, function->at.msi);
	if (function->flags & MIRQ_PCI_KEEP_INTX)
		msi->flags |= MIRQI_PCI_MSI_KEEP_INTX;
	init.kind = mirqi_pci_msi_template(msi);
	init.nr_slots = mirqi_pci_msi_nr_slots(msi);
	return mirq_store_attach(dev, &init, &function->msi_store);
}

static enum mirq_err pci_store_locked(struct mirq_device *dev, struct pci_function *function,
				      enum mirq_pci_kind kind, struct mirq_store **out_store,
				      struct mirq_why *why) MIRQ_MUST_HOLD(function->mutex)
{
	enum mirq_err err = MIRQ_OK;

	if (kind == MIRQ_PCI_MSIX) {
		if (!function->msix.is_attached)
			err = pci_attach_msix(dev, function, why);
		if (!err)
			*out_store = function->msix_store;
		return err;
	}
	if (!function->msi.is_attached)
		err = pci_attach_msi(dev, function, why);
	if (!err)
		*out_store = function->msi_store;
	return err;
}

/* Both are off before the first is used: never are both on, and what is on is mirq's. */
static void pci_quiet_locked(const struct pci_function *function) MIRQ_MUST_HOLD(function->mutex)
{
	if (function->msi.is_attached || function->msix.is_attached)
		return;
	if (function->at.msi)
		(void)mirqi_pci_msi_quiet(&function->config, function->at.msi);
	if (function->at.msix)
		(void)mirqi_pci_msix_quiet(&function->config, function->at.msix);
}

static int pci_has(const struct pci_function *function, uint32_t kind)
{
	return (kind == MIRQ_PCI_MSIX ? function->at.msix : function->at.msi) != 0;
}

enum mirq_err mirq_pci_store(struct mirq_device *dev, enum mirq_pci_kind kind,
			     struct mirq_store **out_store, struct mirq_why *why)
{
	struct pci_function *function = pci_function(dev);
	enum mirq_err err;

	if (!function || (kind != MIRQ_PCI_MSI && kind != MIRQ_PCI_MSIX))
		return mirqi_fail(
			why, MIRQ_EINVAL, 0, mirq_device_name(dev),
			"the device is not of the PCI bus, or the kind is not one of MSI and "
			"MSI-X");
	if (!pci_has(function, kind))
		return mirqi_fail(why, MIRQ_ENOTSUP, 0, function->name,
				  "the function has no such capability; try the other kind");
	mirqi_mutex_lock(function->config.host, &function->mutex);
	pci_quiet_locked(function);
	err = pci_store_locked(dev, function, kind, out_store, why);
	mirqi_mutex_unlock(function->config.host, &function->mutex);
	return err;
}

static enum mirq_err pci_alloc_kind(struct mirq_device *dev, enum mirq_pci_kind kind,
				    const struct mirq_irq_want *want, struct mirq_irqs *out_irqs)
{
	struct mirq_irq_want own = *want;
	struct mirq_store *store;
	uint32_t nr_slots;
	enum mirq_err err = mirq_pci_store(dev, kind, &store, own.why);

	if (err)
		return err;
	nr_slots = mirq_irq_count(mirq_store_irqs(store));
	if (own.nr > nr_slots)
		own.nr = own.nr_min > nr_slots ? own.nr_min : nr_slots;
	return mirq_irq_alloc(store, &own, out_irqs);
}

enum mirq_err mirq_pci_alloc_irqs(struct mirq_device *dev, uint32_t min, uint32_t max,
				  uint32_t kinds, const struct mirq_irq_want *want,
				  struct mirq_irqs *out_irqs)
{
	const struct pci_function *function = pci_function(dev);
	struct mirq_irq_want own = { MIRQ_SIZED(mirq_irq_want) };
	struct mirq_range anywhere = { 0, 0 };
	enum mirq_err err = MIRQ_ENOTSUP;

	if (want && mirqi_sized_copy(&own, sizeof(own), want))
		return MIRQ_EINVAL;
	if (!function || !min || min > max || !kinds || kinds & ~(uint32_t)MIRQ_PCI_ANY)
		return mirqi_fail_numbers(own.why, MIRQ_EINVAL, mirq_device_name(dev),
					  "a PCI device, 1 to max interrupts, and kinds of enum "
					  "mirq_pci_kind are needed",
					  min, max, kinds);
	own.size_bytes = sizeof(own);
	own.nr = max;
	own.nr_min = min;
	own.at = anywhere;
	if (!pci_has(function, MIRQ_PCI_MSIX))
		kinds &= ~(uint32_t)MIRQ_PCI_MSIX;
	if (!pci_has(function, MIRQ_PCI_MSI))
		kinds &= ~(uint32_t)MIRQ_PCI_MSI;
	if (!kinds)
		return mirqi_fail(
			own.why, err, 0, function->name,
			"the function has none of the kinds asked for; it can only be polled");
	if (kinds & MIRQ_PCI_MSIX)
		err = pci_alloc_kind(dev, MIRQ_PCI_MSIX, &own, out_irqs);
	if (err && kinds & MIRQ_PCI_MSI)
		err = pci_alloc_kind(dev, MIRQ_PCI_MSI, &own, out_irqs);
	return err;
}
