/* SPDX-License-Identifier: MIT */
/*
 * acpi_bytes.c - bounded access to the bytes of a table. Knows no table's layout.
 * Sources: [ACPI] 5.2. Locking: none needed, everything is the caller's.
 */
#include "acpi_bytes.h"

uint64_t mirqi_acpi_load(const struct mirqi_acpi_span *span, uint32_t offset, uint32_t nr_bytes)
{
	uint32_t size_bytes = span->limit - span->first;
	uint64_t value = 0;

	if (offset > size_bytes || nr_bytes > size_bytes - offset)
		return 0;
	for (uint32_t i = nr_bytes; i > 0; i--)
		value = value << 8 | span->table[span->first + offset + i - 1];
	return value;
}

uint32_t mirqi_acpi_load32(const struct mirqi_acpi_span *span, uint32_t offset, uint32_t nr_bytes)
{
	return (uint32_t)mirqi_acpi_load(span, offset, nr_bytes);
}

uint32_t mirqi_acpi_bits(uint32_t word, uint32_t hi, uint32_t lo)
{
	return (word >> lo) & (0xffffffffu >> (31 - (hi - lo)));
}

uint8_t mirqi_acpi_sum(const struct mirqi_acpi_span *span)
{
	uint8_t sum = 0;

	for (uint32_t i = span->first; i < span->limit; i++)
		sum = (uint8_t)(sum + span->table[i]);
	return sum;
}

enum mirq_err mirqi_acpi_refuse(const struct mirqi_acpi_span *span, const char *text,
				struct mirq_why *why)
{
	if (why)
		*why = (struct mirq_why){ .text = text, .where = span->name, .value = span->first };
	return MIRQ_EBADTABLE;
}

enum mirq_err mirqi_acpi_need(const struct mirqi_acpi_span *span, uint32_t min_bytes,
			      struct mirq_why *why)
{
	if (span->limit - span->first < min_bytes)
		return mirqi_acpi_refuse(span, "structure is shorter than its type needs", why);
	return MIRQ_OK;
}

enum mirq_err mirqi_acpi_cut(struct mirqi_acpi_span *rest, const struct mirqi_acpi_format *format,
			     struct mirqi_acpi_span *out, struct mirq_why *why)
{
	uint32_t left_bytes = rest->limit - rest->first;
	uint32_t length_bytes;

	if (left_bytes < format->header_bytes)
		return mirqi_acpi_refuse(rest, "list ends inside a structure's header", why);
	length_bytes = mirqi_acpi_load32(rest, format->length_offset, format->length_bytes);
	if (length_bytes < format->header_bytes)
		return mirqi_acpi_refuse(rest, "structure is shorter than its own header", why);
	if (length_bytes > left_bytes)
		return mirqi_acpi_refuse(rest, "structure ends behind what contains it", why);
	*out = *rest;
	out->limit = rest->first + length_bytes;
	rest->first = out->limit;
	return MIRQ_OK;
}
