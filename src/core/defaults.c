/* SPDX-License-Identifier: MIT */
/*
 * defaults.c - the optional functions of a port, each weak and stated in mirq/host.h and mirq/io.h,
 * and the access to mapped registers. A port replaces one by defining it.
 */
#include <stdatomic.h>

#include <mirq/host.h>
#include <mirq/io.h>

#include "attributes.h"

MIRQI_WEAK void mirq_host_unmap(struct mirq_host *h, void *mapped, size_t size_bytes)
{
	(void)h;
	(void)mapped;
	(void)size_bytes;
}

MIRQI_WEAK void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)h;
	(void)kind;
}

MIRQI_WEAK void mirq_host_clean(struct mirq_host *h, const void *memory, size_t size_bytes)
{
	(void)h;
	(void)memory;
	(void)size_bytes;
}

MIRQI_WEAK void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record)
{
	(void)h;
	(void)record;
}

MIRQI_WEAK void mirq_host_panic(struct mirq_host *h, const char *text)
{
	(void)h;
	(void)text;
	__builtin_trap();
}

MIRQI_WEAK void mirq_host_assert_context(struct mirq_host *h, enum mirq_context context)
{
	(void)h;
	(void)context;
}

/* The fences keep ordinary memory and registers in program order, for the compiler and for CPUs on
 * which uncached accesses do not wait for cached ones. */
MIRQI_WEAK uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset_bytes)
{
	uint32_t value;

	value = *(volatile uint32_t *)(volatile void *)((volatile unsigned char *)r->base +
							offset_bytes);
	atomic_thread_fence(memory_order_acquire);
	return value;
}

MIRQI_WEAK void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset_bytes, uint32_t value)
{
	atomic_thread_fence(memory_order_release);
	*(volatile uint32_t *)(volatile void *)((volatile unsigned char *)r->base +
						offset_bytes) = value;
}

MIRQI_WEAK uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset_bytes)
{
	uint64_t value;

	value = *(volatile uint64_t *)(volatile void *)((volatile unsigned char *)r->base +
							offset_bytes);
	atomic_thread_fence(memory_order_acquire);
	return value;
}

MIRQI_WEAK void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset_bytes, uint64_t value)
{
	atomic_thread_fence(memory_order_release);
	*(volatile uint64_t *)(volatile void *)((volatile unsigned char *)r->base +
						offset_bytes) = value;
}

uint32_t mirq_config_read(const struct mirq_config *c, uint32_t offset_bytes, uint32_t width_bytes)
{
	return mirq_host_pci_read(c->host, c->address, offset_bytes, width_bytes);
}

void mirq_config_write(const struct mirq_config *c, uint32_t offset_bytes, uint32_t width_bytes,
		       uint32_t value)
{
	mirq_host_pci_write(c->host, c->address, offset_bytes, width_bytes, value);
}
