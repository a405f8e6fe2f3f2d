/* SPDX-License-Identifier: MIT */
/*
 * host.h - what a port defines: twelve functions, linked by name. Nothing else is asked of a host.
 *
 * None of them may call mirq. Atomic functions are called with interrupts off and library locks
 * held, so they never wait and take no lock under which mirq is called. Thread functions are called
 * from the thread-context calls of mirq with no spin lock held and interrupts as the caller had
 * them. docs/porting.md has the checklist (function x context x may fail x may sleep).
 */
#ifndef MIRQ_HOST_H
#define MIRQ_HOST_H

#include <mirq/types.h>

enum mirq_map_kind {
	MIRQ_MAP_REGISTERS, /* uncached, accesses in order */
	/* ordinary cached memory: a table that firmware or an earlier kernel left */
	MIRQ_MAP_MEMORY
};

MIRQ_BEGIN_DECLS

/* ---- The twelve: every port defines them ---- */

/**
 * mirq_host_alloc() - Memory for the library's own use; contents need not be zero.
 * @size_bytes:  more than 0.
 * @align_bytes: power of two.
 * Returns: memory, or NULL.
 * Context: thread or init; may sleep; may fail.
 * Errors:  NULL, which the library turns into MIRQ_ENOMEM.
 */
void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes);
/**
 * mirq_host_free() - Give back what mirq_host_alloc() returned, with its size.
 * Context: thread or init; may sleep.
 * Errors:  none.
 */
void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes);
/**
 * mirq_host_dma_alloc() - Contiguous memory that devices and remapping units read and write.
 * @address_bits: the bus address lies below 2^address_bits.
 * @out_bus:      [out] its address as a device names it.
 * Returns: zeroed memory, or NULL.
 * Context: thread or init; may sleep; may fail.
 * Errors:  NULL, which the library turns into MIRQ_ENOMEM.
 */
void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus);
/**
 * mirq_host_dma_free() - Give back what mirq_host_dma_alloc() returned, with its size.
 * Context: thread or init; may sleep.
 * Errors:  none.
 */
void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes);
/**
 * mirq_host_map() - Make physical addresses accessible.
 * @physical: any alignment; the port rounds to its pages.
 * Returns: where @physical is now, or NULL.
 * Context: thread or init; may sleep; may fail.
 * Errors:  NULL, which the library turns into MIRQ_ENOMEM.
 */
void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind);
/**
 * mirq_host_pci_read() - Read PCI configuration space.
 * @offset_bytes: multiple of @width_bytes, below 4096.
 * @width_bytes:  1, 2 or 4.
 * Returns: the value; all ones where nothing answers or the offset cannot be reached.
 * Context: atomic.
 * Errors:  none.
 */
uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes);
/**
 * mirq_host_pci_write() - Write PCI configuration space; complete when it returns.
 * Context: atomic.
 * Errors:  none.
 */
void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value);
/**
 * mirq_host_irq_save() - Interrupts off on this CPU.
 * Returns: what mirq_host_irq_restore() takes. Calls nest.
 * Context: atomic.
 * Errors:  none.
 */
uintptr_t mirq_host_irq_save(struct mirq_host *h);
/**
 * mirq_host_irq_restore() - Interrupts as they were.
 * Context: atomic, on the CPU of the matching save.
 * Errors:  none.
 */
void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved);
/**
 * mirq_host_this_cpu() - Number of the CPU that runs this, as given to mirq_cpu_add().
 * Context: atomic. In thread context the answer may be old when it arrives; mirq knows.
 * Errors:  none.
 */
uint32_t mirq_host_this_cpu(struct mirq_host *h);
/**
 * mirq_host_kick() - Make @cpu call mirq_service() soon. Kicks may merge.
 * @cpu: online; this CPU too. A kick of a CPU that has just left may be lost.
 * Context: atomic. Never waits for @cpu.
 * Errors:  none.
 */
void mirq_host_kick(struct mirq_host *h, uint32_t cpu);
/**
 * mirq_host_now_ns() - Monotonic time; bounds each wait on hardware.
 * Context: atomic.
 * Errors:  none.
 */
uint64_t mirq_host_now_ns(struct mirq_host *h);

/* ---- Optional: the library has a weak default for each ---- */

enum mirq_wait {
	MIRQ_WAIT_SPIN, /* atomic context, for a lock or a register: a pause instruction */
	MIRQ_WAIT_SLEEP /* thread context, for another thread or CPU: yield or sleep a little */
};
enum mirq_log_level {
	MIRQ_LOG_INFO,
	MIRQ_LOG_WARN,
	MIRQ_LOG_ERROR
};
/* One message: the port makes a line of it. Repeats are counted, not sent again (nr_before). */
struct mirq_log_record {
	enum mirq_log_level level;
	const char *text;   /* what happened and what to do: a static sentence */
	const char *domain; /* NULL: none */
	const char *device; /* NULL: none */
	uint64_t values[3]; /* .text says which */
	uint32_t nr_before; /* how many of the same kind were held back since the last one */
};
enum mirq_context {
	MIRQ_CONTEXT_THREAD,
	MIRQ_CONTEXT_ATOMIC,
	MIRQ_CONTEXT_DISPATCH
};

/**
 * mirq_host_unmap() - Undo mirq_host_map(). Default: does nothing.
 * Context: thread or init.
 * Errors:  none.
 */
void mirq_host_unmap(struct mirq_host *h, void *mapped, size_t size_bytes);
/**
 * mirq_host_wait() - Pass a little time. Default: returns at once.
 * Context: atomic for MIRQ_WAIT_SPIN, thread for MIRQ_WAIT_SLEEP.
 * Errors:  none.
 */
void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind);
/**
 * mirq_host_clean() - Write the cache lines of DMA memory back, for units that do not snoop.
 * Default: does nothing. A unit that does not snoop is refused (MIRQ_ENOTSUP) while the default is
 * linked, unless the port says that all DMA is coherent (mirq/vtd.h).
 * Context: atomic.
 * Errors:  none.
 */
void mirq_host_clean(struct mirq_host *h, const void *memory, size_t size_bytes);
/**
 * mirq_host_log() - A message for people. Default: dropped.
 * Context: atomic.
 * Errors:  none.
 */
void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record);
/**
 * mirq_host_panic() - A broken invariant of the library itself; does not return. Default: traps.
 * Context: any.
 * Errors:  none.
 */
void mirq_host_panic(struct mirq_host *h, const char *text);
/**
 * mirq_host_assert_context() - Checked builds: stop when this is not @context. Default: believes.
 * Context: any.
 * Errors:  none.
 */
void mirq_host_assert_context(struct mirq_host *h, enum mirq_context context);

MIRQ_END_DECLS

#endif
