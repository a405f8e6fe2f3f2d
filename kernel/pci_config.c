/* SPDX-License-Identifier: MIT */
/*
 * Configuration accesses, by memory where the firmware told where, else by ports.
 *
 * Sources: PCI Local Bus 3.0, 3.2.2.3.2 (0xcf8); PCI Express 5.0, 7.2.2 (ECAM).
 * Locking: config.lock around the pair of port accesses. ECAM needs none.
 */
#include "pci.h"

#include "mmio.h"
#include "paging.h"
#include "spinlock.h"
#include "x86.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

enum {
	BYTES_PER_BUS = 0x100000,
	ECAM_BYTES_PER_FUNCTION = 4096,
	PORT_BYTES_PER_FUNCTION = 256
};

static struct {
	struct spinlock lock;
	/* Immutable after pci_use_ecam(): */
	char *ecam;
	uint32_t first_bus, limit_bus;
} config;

void pci_use_ecam(uint64_t base, uint32_t first_bus, uint32_t limit_bus)
{
	config.ecam = paging_map(base + (uint64_t)first_bus * BYTES_PER_BUS,
				 (uint64_t)(limit_bus - first_bus) * BYTES_PER_BUS, PAGING_DEVICE);
	config.first_bus = first_bus;
	config.limit_bus = limit_bus;
}

/* Where @rid's registers are in memory, or NULL. */
static char *ecam_registers(uint32_t rid)
{
	uint32_t bus = rid >> 8;

	if (!config.ecam || bus < config.first_bus || bus >= config.limit_bus)
		return 0;
	return config.ecam + (uint64_t)(rid - (config.first_bus << 8)) * ECAM_BYTES_PER_FUNCTION;
}

/* Selects a dword; the lock is held until the data access is done. */
static uint16_t select_port(uint32_t rid, uint32_t offset)
{
	x86_out32(CONFIG_ADDRESS, CONFIG_ENABLE | rid << 8 | (offset & 0xfc));
	return (uint16_t)(CONFIG_DATA + (offset & 3));
}

static uint32_t port_read(uint32_t rid, uint32_t offset, uint32_t width_bytes)
{
	uint64_t saved = spinlock_acquire(&config.lock);
	uint16_t port = select_port(rid, offset);
	uint32_t value;

	if (width_bytes == 1)
		value = x86_in8(port);
	else if (width_bytes == 2)
		value = x86_in16(port);
	else
		value = x86_in32(port);
	spinlock_release(&config.lock, saved);
	return value;
}

static void port_write(uint32_t rid, uint32_t offset, uint32_t width_bytes, uint32_t value)
{
	uint64_t saved = spinlock_acquire(&config.lock);
	uint16_t port = select_port(rid, offset);

	if (width_bytes == 1)
		x86_out8(port, (uint8_t)value);
	else if (width_bytes == 2)
		x86_out16(port, (uint16_t)value);
	else
		x86_out32(port, value);
	spinlock_release(&config.lock, saved);
}

static bool is_valid(uint32_t rid, uint32_t offset, uint32_t width_bytes, uint32_t limit)
{
	return rid <= 0xffff && (width_bytes == 1 || width_bytes == 2 || width_bytes == 4) &&
	       !(offset & (width_bytes - 1)) && offset < limit;
}

uint32_t pci_config_read(uint32_t rid, uint32_t offset, uint32_t width_bytes)
{
	const char *ecam = ecam_registers(rid);
	uint32_t limit = ecam ? ECAM_BYTES_PER_FUNCTION : PORT_BYTES_PER_FUNCTION;

	if (!is_valid(rid, offset, width_bytes, limit))
		return UINT32_MAX;
	if (!ecam)
		return port_read(rid, offset, width_bytes);
	if (width_bytes == 1)
		return mmio_read8(ecam, offset);
	if (width_bytes == 2)
		return mmio_read16(ecam, offset);
	return mmio_read32(ecam, offset);
}

void pci_config_write(uint32_t rid, uint32_t offset, uint32_t width_bytes, uint32_t value)
{
	char *ecam = ecam_registers(rid);
	uint32_t limit = ecam ? ECAM_BYTES_PER_FUNCTION : PORT_BYTES_PER_FUNCTION;

	if (!is_valid(rid, offset, width_bytes, limit))
		return;
	if (!ecam)
		port_write(rid, offset, width_bytes, value);
	else if (width_bytes == 1)
		mmio_write8(ecam, offset, (uint8_t)value);
	else if (width_bytes == 2)
		mmio_write16(ecam, offset, (uint16_t)value);
	else
		mmio_write32(ecam, offset, value);
}
