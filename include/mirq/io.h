/* SPDX-License-Identifier: MIT */
/*
 * io.h - how code of a chip touches its chip: mapped registers, PCI configuration space, memory
 * words, and the fields inside them. With store.h this is all that the source of a store includes.
 *
 * A field is written once, as the data sheet writes it: #define CHIP_REG_FIELD hi, lo
 */
#ifndef MIRQ_IO_H
#define MIRQ_IO_H

#include <mirq/types.h>

/* The field [hi:lo] of word w, and w with the field set to v. Bits are those of a 64-bit word. */
#define MIRQ_MASK_(hi, lo) ((~UINT64_C(0) >> (63 - (hi))) & (~UINT64_C(0) << (lo)))
#define MIRQ_GET_(w, hi, lo) (((uint64_t)(w)&MIRQ_MASK_(hi, lo)) >> (lo))
#define MIRQ_SET_(w, v, hi, lo)                                                                    \
	(((uint64_t)(w) & ~MIRQ_MASK_(hi, lo)) | (((uint64_t)(v) << (lo)) & MIRQ_MASK_(hi, lo)))
#define MIRQ_X_(m, ...) m(__VA_ARGS__)
#define MIRQ_GET(w, field) MIRQ_X_(MIRQ_GET_, w, field)
#define MIRQ_SET(w, field, v) MIRQ_X_(MIRQ_SET_, w, v, field)
#define MIRQ_FIELD_MASK(field) MIRQ_X_(MIRQ_MASK_, field)

/* Mapped registers. */
struct mirq_regs {
	struct mirq_host *host;
	volatile void *base;
	uint32_t limit_bytes;
};

/* The configuration space of one PCI function. */
struct mirq_config {
	struct mirq_host *host;
	struct mirq_pci_address address;
};

MIRQ_BEGIN_DECLS

/**
 * mirq_regs_read32() - Read a mapped little-endian register.
 * @r:            [in] registers.
 * @offset_bytes: multiple of 4, below @r->limit_bytes (checked builds stop, others do not look).
 * The port may define this and the three below itself (docs/porting.md); the library's are weak.
 * Context: atomic. In program order with the other accesses of this CPU to mapped registers.
 * Errors:  none.
 */
uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset_bytes);
/**
 * mirq_regs_write32() - Write a mapped little-endian register. May be posted.
 * Context: atomic. Earlier writes of this CPU to ordinary memory are visible to devices before.
 * Errors:  none.
 */
void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset_bytes, uint32_t value);
/**
 * mirq_regs_read64() - Read a 64-bit register in one access, on CPUs that have one.
 * Context: atomic.
 * Errors:  none.
 */
uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset_bytes);
/**
 * mirq_regs_write64() - Write a 64-bit register in one access, on CPUs that have one.
 * Context: atomic.
 * Errors:  none.
 */
void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset_bytes, uint64_t value);

/**
 * mirq_config_read() - Read PCI configuration space.
 * @offset_bytes: multiple of @width_bytes, below 4096.
 * @width_bytes:  1, 2 or 4.
 * Returns: the value; all ones where no function answers.
 * Context: atomic.
 * Errors:  none.
 */
uint32_t mirq_config_read(const struct mirq_config *c, uint32_t offset_bytes, uint32_t width_bytes);
/**
 * mirq_config_write() - Write PCI configuration space; complete when it returns.
 * Context: atomic.
 * Errors:  none.
 */
void mirq_config_write(const struct mirq_config *c, uint32_t offset_bytes, uint32_t width_bytes,
		       uint32_t value);

MIRQ_END_DECLS

#endif
