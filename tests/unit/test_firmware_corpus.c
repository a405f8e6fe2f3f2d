/* SPDX-License-Identifier: MIT */
/*
 * test_firmware_corpus.c - the firmware readers against the tables of real machines, one
 * directory a machine, in $MIRQ_DATA/acpi (default: ../shared/data beside the source root).
 * Prints a line for each machine; skips with the reason where the tables are absent.
 *
 * What is expected is counted by a walk of its own, below, which shares nothing with
 * src/firmware. The tables stand for machines that exist, so one that is refused is an error of
 * the reader. Sources: [ACPI] 5.2.12; [VTD] 8; [PCIFW] 4.1.2; [HPET] 3.2.4.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>

#include "firmware_tables.h"

#ifndef MIRQ_SOURCE_ROOT
#define MIRQ_SOURCE_ROOT "."
#endif

/* What the own walk counts. */
struct tally {
	unsigned machines, madts, dmars, mcfgs, hpets;
	unsigned cpus, enabled, ioapics, lines, nmis;
	unsigned units, scopes, two_steps, ecams, skipped;
};

static struct exact file_read(const char *directory, const char *name)
{
	struct exact exact = { NULL, 0 };
	char path[1024];
	FILE *file;
	long size;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (!file)
		return exact;
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size > 0);
	rewind(file);
	exact = (struct exact){ malloc((size_t)size), (size_t)size };
	assert_non_null(exact.bytes);
	assert_int_equal(fread(exact.bytes, 1, exact.size_bytes, file), exact.size_bytes);
	fclose(file);
	return exact;
}

static int file_exists(const char *directory, const char *name)
{
	struct exact exact = file_read(directory, name);
	int exists = exact.bytes != NULL;

	exact_free(&exact);
	return exists;
}

/* Counts what a MADT says by looking at raw bytes; ids by brute force. */
static void tally_madt(const struct exact *madt, struct tally *tally)
{
	const uint8_t *b = madt->bytes;
	uint8_t seen[65536] = { 0 };

	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t at = 44; at < madt->size_bytes; at += b[at + 1]) {
			uint8_t type = b[at];
			uint32_t id, flags;

			assert_true(b[at + 1] >= 2);
			if (type != 0 && type != 9) {
				tally->ioapics += pass && type == 1;
				tally->lines += pass && type == 2;
				tally->nmis += pass && (type == 3 || type == 4 || type == 10);
				tally->skipped += pass && type > 10;
				continue;
			}
			id = type == 0 ? b[at + 3] : (uint32_t)(b[at + 4] | b[at + 5] << 8);
			flags = type == 0 ? b[at + 4] : b[at + 8];
			if (id == (type == 0 ? 0xff : 0xffff) || seen[id])
				continue;
			if ((pass == 0) != (flags & 1) || (b[8] >= 5 && !(flags & 3)))
				continue;
			seen[id] = 1;
			tally->cpus++;
			tally->enabled += flags & 1;
		}
	}
	tally->madts++;
}

static void tally_dmar(const struct exact *dmar, struct tally *tally)
{
	const uint8_t *b = dmar->bytes;

	for (size_t at = 48, size = 0; at < dmar->size_bytes; at += size) {
		size = (size_t)(b[at + 2] | b[at + 3] << 8);
		assert_true(size >= 4);
		if (b[at] != 0)
			continue;
		tally->units++;
		for (size_t scope = at + 16; scope < at + size; scope += b[scope + 1]) {
			tally->scopes++;
			tally->two_steps += b[scope + 1] == 10;
		}
	}
	tally->dmars++;
}

static unsigned enabled_cpus(const struct mirq_x86_machine *machine)
{
	unsigned nr = 0;

	for (uint32_t i = 0; i < machine->nr_cpus; i++)
		nr += machine->cpus[i].flags & MIRQ_X86_CPU_ENABLED ? 1 : 0;
	return nr;
}

static unsigned two_step_scopes(const struct mirq_x86_machine *machine)
{
	unsigned nr = 0;

	for (uint32_t i = 0; i < machine->nr_scopes; i++)
		nr += machine->scopes[i].nr_steps == 2;
	return nr;
}

static void machine_matches(const struct mirq_x86_machine *machine, const struct tally *want)
{
	assert_int_equal(machine->nr_cpus, want->cpus);
	assert_int_equal(enabled_cpus(machine), want->enabled);
	assert_int_equal(machine->nr_ioapics, want->ioapics);
	assert_int_equal(machine->nr_lines, want->lines);
	assert_int_equal(machine->nr_nmi_wires + machine->nr_nmi_pins, want->nmis);
	assert_int_equal(machine->nr_units, want->units);
	assert_int_equal(machine->nr_scopes, want->scopes);
	assert_int_equal(two_step_scopes(machine), want->two_steps);
	assert_int_equal(machine->nr_ecams, want->ecams);
	assert_int_equal(machine->nr_hpets, want->hpets);
	assert_int_equal(machine->nr_skipped, want->skipped);
	assert_int_equal(machine->lapic_address, 0xfee00000);
	assert_string_equal(machine->hypervisor,
			    ""); /* none of them names one, the guest of KVM among them neither */
}

static void tally_print(const char *name, const struct tally *t)
{
	print_message(
		"%-44.44s cpus %u/%u ioapics %u lines %u nmis %u units %u scopes %u (%u long) "
		"ecams %u hpets %u skipped %u\n",
		name, t->enabled, t->cpus, t->ioapics, t->lines, t->nmis, t->units, t->scopes,
		t->two_steps, t->ecams, t->hpets, t->skipped);
}

static void tally_add(struct tally *total, const struct tally *one)
{
	const unsigned *from = (const unsigned *)(const void *)one;
	unsigned *to = (unsigned *)(void *)total;

	for (size_t i = 0; i < sizeof(*one) / sizeof(*from); i++)
		to[i] += from[i];
}

/* Every table of the directory is one that the walker would hand on. */
static void check_headers(const char *directory)
{
	DIR *dir = opendir(directory);

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		struct mirq_acpi_table table;
		struct exact exact;

		if (entry->d_name[0] == '.')
			continue;
		exact = file_read(directory, entry->d_name);
		assert_int_equal(mirq_acpi_table_read(exact_memory(&exact), &table, NULL), MIRQ_OK);
		assert_int_equal(table.size_bytes, exact.size_bytes);
		assert_memory_equal(table.signature, entry->d_name, 4);
		assert_int_equal(mirq_acpi_table_check(exact_memory(&exact), table.kind, NULL),
				 MIRQ_OK);
		exact_free(&exact);
	}
	closedir(dir);
}

/* One machine with the given MADT: some have two. */
static void check_machine(const char *directory, const char *name, const char *madt_name,
			  struct tally *total)
{
	struct exact madt = file_read(directory, madt_name);
	struct exact dmar = file_read(directory, "DMAR.dat");
	struct exact mcfg = file_read(directory, "MCFG.dat");
	struct exact hpet = file_read(directory, "HPET.dat");
	struct exact fadt = file_read(directory, "FACP.dat");
	struct mirq_acpi acpi = { MIRQ_SIZED(mirq_acpi), exact_memory(&madt), exact_memory(&dmar),
				  exact_memory(&mcfg),   exact_memory(&hpet), exact_memory(&fadt) };
	size_t size_bytes = mirq_acpi_x86_size_bytes(&acpi);
	void *memory = malloc(size_bytes + 1);
	struct tally want = { .machines = 1, .hpets = hpet.bytes != NULL };
	struct mirq_x86_machine machine;
	struct mirq_why why = { .text = "" };

	if (mirq_acpi_x86_read(&acpi, memory, size_bytes, &machine, &why))
		fail_msg("%s: %s at %u: %s", name, why.where, (unsigned)why.value, why.text);
	tally_madt(&madt, &want);
	if (dmar.bytes)
		tally_dmar(&dmar, &want);
	if (mcfg.bytes) {
		want.mcfgs = 1;
		want.ecams = (unsigned)(mcfg.size_bytes - 44) / 16;
	}
	tally_print(name, &want);
	machine_matches(&machine, &want);
	tally_add(total, &want);
	free(memory);
	exact_free(&madt);
	exact_free(&dmar);
	exact_free(&mcfg);
	exact_free(&hpet);
	exact_free(&fadt);
}

static void corpus__every_real_machine__is_read(void **state)
{
	const char *data = getenv("MIRQ_DATA");
	char root[512], directory[1024];
	struct tally total = { 0 }, twins = { 0 };
	struct dirent **entries;
	int nr;

	(void)state;
	snprintf(root, sizeof(root), "%s/acpi", data ? data : MIRQ_SOURCE_ROOT "/../shared/data");
	nr = scandir(root, &entries, NULL, alphasort);
	if (nr < 0) {
		print_message("skipped: no tables of real machines in %s (set MIRQ_DATA)\n", root);
		skip();
	}
	for (int i = 0; i < nr; i++) {
		const char *name = entries[i]->d_name;

		snprintf(directory, sizeof(directory), "%s/%s", root, name);
		if (name[0] != '.') {
			check_headers(directory);
			check_machine(directory, name, "APIC.dat", &total);
			if (file_exists(directory, "APIC2.dat"))
				check_machine(directory, name, "APIC2.dat", &twins);
		}
		free(entries[i]);
	}
	free(entries);
	tally_print("total", &total);
	print_message("total: %u machines, %u MADT, %u DMAR, %u MCFG, %u HPET, 0 refused\n",
		      total.machines, total.madts + twins.madts, total.dmars, total.mcfgs,
		      total.hpets);
	assert_true(total.machines > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus__every_real_machine__is_read),
	};

	return cmocka_run_group_tests_name("firmware_corpus", tests, NULL, NULL);
}
