/* SPDX-License-Identifier: MIT */
/*
 * fuzz_acpi.c - the readers of firmware tables. Input: a byte of flags, then tables, each as long
 * as its header says. Bit 0 of the flags: checksums are put right first, so that a fuzzer gets
 * behind them.
 */
#include <mirq/firmware.h>

#include "fuzz.h"

#define LENGTH_AT 4
#define CHECKSUM_AT 9
#define GUARD 0xa5

/* A copy of its own, of exact size. */
static struct mirq_memory table_take(struct fuzz_bytes *b, int fix_checksum)
{
	uint32_t length = 0;
	struct mirq_memory table;
	uint8_t *copy, sum = 0;

	if (b->left >= MIRQ_ACPI_HEADER_BYTES)
		length = (uint32_t)(b->at[LENGTH_AT] | b->at[LENGTH_AT + 1] << 8 |
				    b->at[LENGTH_AT + 2] << 16);
	if (length < MIRQ_ACPI_HEADER_BYTES || length > b->left)
		length = (uint32_t)b->left;
	copy = malloc(length ? length : 1);
	if (length)
		memcpy(copy, b->at, length);
	b->at += length;
	b->left -= length;
	if (fix_checksum && length > CHECKSUM_AT) {
		for (uint32_t i = 0; i < length; i++)
			sum = (uint8_t)(sum + copy[i]);
		copy[CHECKSUM_AT] = (uint8_t)(copy[CHECKSUM_AT] - sum);
	}
	table.data = copy;
	table.size_bytes = length;
	return table;
}

static void check_why(enum mirq_err err, const struct mirq_why *why)
{
	FUZZ_CHECK(!err || (why->text && why->text[0]));
}

/* The head of a chain: root pointer, list of tables. */
static void read_lists(struct mirq_memory memory)
{
	struct mirq_why why = { 0 };
	uint64_t address;
	size_t offset;

	if (!mirq_acpi_rsdp_find(memory, &offset)) {
		struct mirq_memory found = memory;

		FUZZ_CHECK(offset < memory.size_bytes);
		found.data = (const uint8_t *)memory.data + offset;
		found.size_bytes = memory.size_bytes - offset;
		check_why(mirq_acpi_rsdp_read(found, &address, &why), &why);
	}
	check_why(mirq_acpi_rsdp_read(memory, &address, &why), &why);
	for (uint32_t nr = 0; !mirq_acpi_root_read(memory, nr, &address, NULL); nr++)
		FUZZ_CHECK(nr < memory.size_bytes);
}

/* Put @table where its signature says; another one of that kind stays. */
static int place(struct mirq_acpi *acpi, struct mirq_memory table)
{
	struct mirq_memory *const places[] = {
		[MIRQ_ACPI_MADT] = &acpi->madt, [MIRQ_ACPI_DMAR] = &acpi->dmar,
		[MIRQ_ACPI_MCFG] = &acpi->mcfg, [MIRQ_ACPI_HPET] = &acpi->hpet,
		[MIRQ_ACPI_FADT] = &acpi->fadt, [MIRQ_ACPI_ROOT] = NULL,
	};
	struct mirq_acpi_table header;
	struct mirq_why why = { 0 };
	enum mirq_err err = mirq_acpi_table_read(table, &header, &why);

	check_why(err, &why);
	if (err)
		return 0;
	err = mirq_acpi_table_check(table, header.kind, &why);
	check_why(err, &why);
	if (!places[header.kind] || places[header.kind]->data)
		return 0;
	*places[header.kind] = table;
	return 1;
}

static void check_machine(const struct mirq_x86_machine *machine, const uint8_t *memory,
			  size_t size_bytes)
{
	const uintptr_t first = (uintptr_t)memory, limit = first + size_bytes;

	FUZZ_CHECK(memchr(machine->hypervisor, 0, sizeof(machine->hypervisor)));
	for (uint32_t i = 0; machine->hypervisor[i]; i++)
		FUZZ_CHECK(machine->hypervisor[i] >= ' ' && machine->hypervisor[i] <= '~');
	FUZZ_CHECK(!machine->nr_cpus || ((uintptr_t)machine->cpus >= first &&
					 (uintptr_t)(machine->cpus + machine->nr_cpus) <= limit));
	FUZZ_CHECK(!machine->nr_scopes ||
		   ((uintptr_t)machine->scopes >= first &&
		    (uintptr_t)(machine->scopes + machine->nr_scopes) <= limit));
	for (uint32_t i = 0; i < machine->nr_scopes; i++)
		FUZZ_CHECK(machine->scopes[i].nr_steps &&
			   machine->scopes[i].nr_steps <= MIRQ_X86_PATH_MAX);
	for (uint32_t i = 0; i < machine->nr_units; i++)
		FUZZ_CHECK(machine->units[i].address && !(machine->units[i].address & 0xfff));
}

/* What size_bytes() says is enough, and not a byte more is written; what it refuses, read refuses
 * with a sentence. */
static void read_all(const struct mirq_acpi *acpi)
{
	size_t size_bytes = mirq_acpi_x86_size_bytes(acpi);
	uint8_t *memory = malloc(size_bytes + 1);
	struct mirq_x86_machine machine;
	struct mirq_why why = { 0 };
	enum mirq_err err;

	memory[size_bytes] = GUARD;
	err = mirq_acpi_x86_read(acpi, size_bytes ? memory : NULL, size_bytes, &machine, &why);
	FUZZ_CHECK(memory[size_bytes] == GUARD);
	check_why(err, &why);
	FUZZ_CHECK(!err == !!size_bytes);
	if (!err) {
		check_machine(&machine, memory, size_bytes);
		FUZZ_CHECK(mirq_acpi_x86_read(acpi, memory, size_bytes - 1, &machine, &why) ==
			   MIRQ_ENOSPC);
	}
	free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct fuzz_bytes b = { bytes, size_bytes };
	uint32_t flags = fuzz_take(&b, 1);
	struct mirq_acpi acpi = { .size_bytes = sizeof(acpi) };
	struct mirq_memory tables[8];
	uint32_t nr;

	for (nr = 0; nr < 8 && b.left; nr++) {
		tables[nr] = table_take(&b, flags & 1);
		read_lists(tables[nr]);
		place(&acpi, tables[nr]);
	}
	read_all(&acpi);
	for (uint32_t i = 0; i < nr; i++)
		free((void *)(uintptr_t)tables[i].data);
	return 0;
}
