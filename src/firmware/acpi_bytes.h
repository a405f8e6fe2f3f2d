/* SPDX-License-Identifier: MIT */
/*
 * acpi_bytes.h - the one way by which the firmware readers reach untrusted bytes: a span of a
 * table, from which structures are cut off and little-endian fields are loaded, byte by byte.
 *
 * A load outside of its span yields 0 and reads nothing. That is the second wall; the first one is
 * that mirqi_acpi_cut() and the callers check lengths and refuse.
 * Sources: [ACPI] 5.2 (little endian, no alignment promised). Locking: none needed.
 */
#ifndef MIRQI_ACPI_BYTES_H
#define MIRQI_ACPI_BYTES_H

#include <mirq/firmware.h>

/* Bytes first..limit-1 of a table. */
struct mirqi_acpi_span {
	const uint8_t *table; /* byte 0 of the table that the span lies in */
	const char *name;     /* of the table, for why */
	uint32_t first, limit;
};

/* How the structures of one list say where they end. */
struct mirqi_acpi_format {
	uint32_t header_bytes;
	uint32_t length_offset, length_bytes;
};

/* The field at @offset of @span. @nr_bytes: 1, 2, 4 or 8. */
uint64_t mirqi_acpi_load(const struct mirqi_acpi_span *span, uint32_t offset, uint32_t nr_bytes);

/* mirqi_acpi_load() where the field has at most four bytes. */
uint32_t mirqi_acpi_load32(const struct mirqi_acpi_span *span, uint32_t offset, uint32_t nr_bytes);

/* Bits @hi..@lo of @word. */
uint32_t mirqi_acpi_bits(uint32_t word, uint32_t hi, uint32_t lo);

/* Sum of all bytes of @span, modulo 256. */
uint8_t mirqi_acpi_sum(const struct mirqi_acpi_span *span);

/* Move the structure at the start of *@rest into *@out. MIRQ_EBADTABLE: it does not fit. */
MIRQ_MUST_CHECK enum mirq_err mirqi_acpi_cut(struct mirqi_acpi_span *rest,
					     const struct mirqi_acpi_format *format,
					     struct mirqi_acpi_span *out, struct mirq_why *why);

/* MIRQ_EBADTABLE if @span has fewer than @min_bytes. */
MIRQ_MUST_CHECK enum mirq_err mirqi_acpi_need(const struct mirqi_acpi_span *span,
					      uint32_t min_bytes, struct mirq_why *why);

/* Fill @why, if there is one, with the place of @span and the static sentence @text. */
MIRQ_MUST_CHECK enum mirq_err mirqi_acpi_refuse(const struct mirqi_acpi_span *span,
						const char *text, struct mirq_why *why);

/* Check @memory as mirq_acpi_table_check() and for @fixed_bytes; *@out is then the whole table. */
MIRQ_MUST_CHECK enum mirq_err mirqi_acpi_open(struct mirq_memory memory, enum mirq_acpi_kind kind,
					      uint32_t fixed_bytes, struct mirqi_acpi_span *out,
					      struct mirq_why *why);

#endif
