/* SPDX-License-Identifier: MIT */
/*
 * acpi_root.c - from the root pointer to the tables: RSDP, XSDT and RSDT, table headers.
 *
 * Maps nothing and keeps nothing: each call gets the bytes and answers with a physical address or a
 * header. What is in the tables is none of its business.
 * Sources: [ACPI] 5.2.5 - 5.2.8. Locking: none needed.
 */
#include "acpi_bytes.h"
#include "acpi_regs.h"

struct acpi_name {
	char signature[5];
	char name[5];
	enum mirq_acpi_kind kind;
};

/* Of the root's two names acpi_kind_name() gives the first: the one to expect. */
static const struct acpi_name acpi_names[] = {
	{ "APIC", "MADT", MIRQ_ACPI_MADT }, { "DMAR", "DMAR", MIRQ_ACPI_DMAR },
	{ "MCFG", "MCFG", MIRQ_ACPI_MCFG }, { "HPET", "HPET", MIRQ_ACPI_HPET },
	{ "FACP", "FADT", MIRQ_ACPI_FADT }, { "XSDT", "XSDT", MIRQ_ACPI_ROOT },
	{ "RSDT", "RSDT", MIRQ_ACPI_ROOT },
};
#define ACPI_NR_NAMES (sizeof(acpi_names) / sizeof(acpi_names[0]))

/* Do @bytes begin with the characters of @text? */
static uint32_t acpi_begins(const uint8_t *bytes, const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		if (bytes[i] != (uint8_t)text[i])
			return 0;
	}
	return 1;
}

/* NULL: a table that is not read. */
static const struct acpi_name *acpi_name_find(const uint8_t *table)
{
	for (size_t i = 0; i < ACPI_NR_NAMES; i++) {
		if (acpi_begins(table, acpi_names[i].signature))
			return &acpi_names[i];
	}
	return NULL;
}

static const char *acpi_kind_name(enum mirq_acpi_kind kind)
{
	for (size_t i = 0; i < ACPI_NR_NAMES; i++) {
		if (acpi_names[i].kind == kind)
			return acpi_names[i].name;
	}
	return "table";
}

/* The longest span that a table can fill. */
static struct mirqi_acpi_span acpi_span(struct mirq_memory memory, const char *name)
{
	struct mirqi_acpi_span span = { .table = memory.data, .name = name, .first = 0 };

	if (memory.data)
		span.limit = memory.size_bytes < MIRQ_ACPI_TABLE_MAX ? (uint32_t)memory.size_bytes
								     : MIRQ_ACPI_TABLE_MAX;
	return span;
}

/* *@inout: from the memory that was lent to the root pointer in it, checked. */
static enum mirq_err acpi_rsdp_open(struct mirqi_acpi_span *inout, struct mirq_why *why)
{
	struct mirqi_acpi_span v1 = *inout;
	uint32_t length_bytes;

	if (inout->limit < RSDP_V1_BYTES)
		return mirqi_acpi_refuse(inout, "memory is shorter than a root pointer", why);
	if (!acpi_begins(inout->table, "RSD PTR "))
		return mirqi_acpi_refuse(inout, "signature is not 'RSD PTR '", why);
	v1.limit = RSDP_V1_BYTES;
	if (mirqi_acpi_sum(&v1) != 0)
		return mirqi_acpi_refuse(inout, "checksum of the first 20 bytes is wrong", why);
	if (mirqi_acpi_load32(inout, RSDP_REVISION) < 2) {
		*inout = v1;
		return MIRQ_OK;
	}
	length_bytes = mirqi_acpi_load32(inout, RSDP_LENGTH);
	if (length_bytes < RSDP_V2_BYTES || length_bytes > RSDP_MAX_BYTES)
		return mirqi_acpi_refuse(inout, "length is below 36 or above 4096", why);
	if (length_bytes > inout->limit)
		return mirqi_acpi_refuse(inout, "length is behind the memory that holds it", why);
	inout->limit = length_bytes;
	if (mirqi_acpi_sum(inout) != 0)
		return mirqi_acpi_refuse(inout, "extended checksum is wrong", why);
	return MIRQ_OK;
}

enum mirq_err mirq_acpi_rsdp_find(struct mirq_memory memory, size_t *out_offset)
{
	const uint8_t *bytes = memory.data;

	if (!bytes)
		return MIRQ_ENOENT;
	for (size_t offset = 0; offset < memory.size_bytes; offset += RSDP_ALIGN_BYTES) {
		struct mirq_memory tail = { bytes + offset, memory.size_bytes - offset };
		struct mirqi_acpi_span span = acpi_span(tail, "RSDP");

		if (acpi_rsdp_open(&span, NULL) == MIRQ_OK) {
			*out_offset = offset;
			return MIRQ_OK;
		}
		if (tail.size_bytes <= RSDP_ALIGN_BYTES)
			break;
	}
	return MIRQ_ENOENT;
}

enum mirq_err mirq_acpi_rsdp_read(struct mirq_memory memory, uint64_t *out_address,
				  struct mirq_why *why)
{
	struct mirqi_acpi_span span = acpi_span(memory, "RSDP");
	enum mirq_err err = acpi_rsdp_open(&span, why);
	uint64_t address;

	if (err)
		return err;
	/* The span of a version 1 pointer ends before the XSDT's address, which then loads as 0. */
	address = mirqi_acpi_load(&span, RSDP_XSDT);
	if (!address)
		address = mirqi_acpi_load(&span, RSDP_RSDT);
	if (!address)
		return mirqi_acpi_refuse(&span, "it points to neither an XSDT nor an RSDT", why);
	*out_address = address;
	return MIRQ_OK;
}

/* Check the header alone and set *@out to the whole table, which may end behind the memory. */
static enum mirq_err acpi_header_open(struct mirq_memory memory, const char *name,
				      struct mirqi_acpi_span *out, struct mirq_why *why)
{
	struct mirqi_acpi_span span = acpi_span(memory, name);
	uint32_t length_bytes;

	if (span.limit < ACPI_HEADER_BYTES)
		return mirqi_acpi_refuse(&span, "memory is shorter than a table's header", why);
	length_bytes = mirqi_acpi_load32(&span, ACPI_LENGTH);
	if (length_bytes < ACPI_HEADER_BYTES)
		return mirqi_acpi_refuse(&span, "length is shorter than the header", why);
	if (length_bytes > MIRQ_ACPI_TABLE_MAX)
		return mirqi_acpi_refuse(&span, "length is above 16 MiB", why);
	span.limit = length_bytes;
	*out = span;
	return MIRQ_OK;
}

enum mirq_err mirqi_acpi_open(struct mirq_memory memory, enum mirq_acpi_kind kind,
			      uint32_t fixed_bytes, struct mirqi_acpi_span *out,
			      struct mirq_why *why)
{
	struct mirqi_acpi_span span = { .name = "table" };
	const struct acpi_name *found;
	enum mirq_err err = acpi_header_open(memory, acpi_kind_name(kind), &span, why);

	if (err)
		return err;
	found = acpi_name_find(span.table);
	if (kind != MIRQ_ACPI_OTHER && (!found || found->kind != kind))
		return mirqi_acpi_refuse(&span, "signature is that of another table", why);
	if (found)
		span.name = found->name;
	if (span.limit > memory.size_bytes)
		return mirqi_acpi_refuse(&span, "length is behind the memory that holds it", why);
	if (span.limit < fixed_bytes)
		return mirqi_acpi_refuse(&span, "length is shorter than the fixed part", why);
	if (mirqi_acpi_sum(&span) != 0)
		return mirqi_acpi_refuse(&span, "checksum is wrong", why);
	*out = span;
	return MIRQ_OK;
}

enum mirq_err mirq_acpi_root_read(struct mirq_memory memory, uint32_t nr, uint64_t *out_address,
				  struct mirq_why *why)
{
	struct mirqi_acpi_span root = { .name = "XSDT" };
	uint32_t entry_bytes, nr_entries;
	enum mirq_err err = mirqi_acpi_open(memory, MIRQ_ACPI_ROOT, ACPI_HEADER_BYTES, &root, why);

	if (err)
		return err;
	entry_bytes = root.table[0] == 'X' ? 8 : 4;
	if ((root.limit - ACPI_HEADER_BYTES) % entry_bytes != 0)
		return mirqi_acpi_refuse(&root, "length is not a whole number of entries", why);
	nr_entries = (root.limit - ACPI_HEADER_BYTES) / entry_bytes;
	if (nr >= nr_entries) {
		if (why)
			*why = (struct mirq_why){ .text = "no such entry",
						  .where = root.name,
						  .value = nr };
		return MIRQ_ENOENT;
	}
	*out_address = mirqi_acpi_load(&root, ACPI_HEADER_BYTES + nr * entry_bytes, entry_bytes);
	return MIRQ_OK;
}

enum mirq_err mirq_acpi_table_read(struct mirq_memory memory, struct mirq_acpi_table *out_table,
				   struct mirq_why *why)
{
	struct mirqi_acpi_span span = { .name = "table" };
	const struct acpi_name *found;
	enum mirq_err err = acpi_header_open(memory, "table", &span, why);

	if (err)
		return err;
	found = acpi_name_find(span.table);
	*out_table = (struct mirq_acpi_table){
		.kind = found ? found->kind : MIRQ_ACPI_OTHER,
		.size_bytes = span.limit,
		.revision = mirqi_acpi_load32(&span, ACPI_REVISION),
	};
	for (uint32_t i = 0; i < 4; i++) {
		uint8_t c = span.table[i];

		out_table->signature[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	return MIRQ_OK;
}

enum mirq_err mirq_acpi_table_check(struct mirq_memory memory, enum mirq_acpi_kind kind,
				    struct mirq_why *why)
{
	struct mirqi_acpi_span table;

	return mirqi_acpi_open(memory, kind, ACPI_HEADER_BYTES, &table, why);
}
