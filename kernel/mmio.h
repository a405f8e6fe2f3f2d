/* SPDX-License-Identifier: MIT */
/* Loads and stores of device registers: one access of that width each, in program order. */
#ifndef KERNEL_MMIO_H
#define KERNEL_MMIO_H

#include <stdint.h>

static inline uint8_t mmio_read8(const volatile void *base, uint32_t offset_bytes)
{
	return *(const volatile uint8_t *)((const volatile char *)base + offset_bytes);
}

static inline uint16_t mmio_read16(const volatile void *base, uint32_t offset_bytes)
{
	return *(const volatile uint16_t *)((const volatile char *)base + offset_bytes);
}

static inline uint32_t mmio_read32(const volatile void *base, uint32_t offset_bytes)
{
	return *(const volatile uint32_t *)((const volatile char *)base + offset_bytes);
}

static inline uint64_t mmio_read64(const volatile void *base, uint32_t offset_bytes)
{
	return *(const volatile uint64_t *)((const volatile char *)base + offset_bytes);
}

static inline void mmio_write8(volatile void *base, uint32_t offset_bytes, uint8_t value)
{
	*(volatile uint8_t *)((volatile char *)base + offset_bytes) = value;
}

static inline void mmio_write16(volatile void *base, uint32_t offset_bytes, uint16_t value)
{
	*(volatile uint16_t *)((volatile char *)base + offset_bytes) = value;
}

static inline void mmio_write32(volatile void *base, uint32_t offset_bytes, uint32_t value)
{
	*(volatile uint32_t *)((volatile char *)base + offset_bytes) = value;
}

static inline void mmio_write64(volatile void *base, uint32_t offset_bytes, uint64_t value)
{
	*(volatile uint64_t *)((volatile char *)base + offset_bytes) = value;
}

#endif
