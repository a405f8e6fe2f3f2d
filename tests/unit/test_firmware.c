/* SPDX-License-Identifier: MIT */
/*
 * test_firmware.c - from tables to struct mirq_x86_machine: what right tables mean, and what is
 * tolerated. Broken tables are test_firmware_broken.c's.
 * Sources: [ACPI] 5.2.12; [VTD] 8; [PCIFW] 4.1.2; [HPET] 3.2.4.
 */
#include "firmware_tables.h"

static void cpu_is(const struct mirq_x86_cpu *cpu, uint32_t apic_id, uint32_t uid, uint32_t flags)
{
	assert_int_equal(cpu->apic_id, apic_id);
	assert_int_equal(cpu->uid, uid);
	assert_int_equal(cpu->flags, flags);
}

static void madt__processors__one_for_each_id_and_none_for_placeholders(void **state)
{
	struct exact madt = golden_table(MADT);
	struct result result = read_one(MADT, &madt);

	(void)state;
	assert_int_equal(result.err, MIRQ_OK);
	assert_int_equal(result.machine.size_bytes, sizeof(result.machine));
	assert_int_equal(result.machine.nr_cpus, 4);
	cpu_is(&result.machine.cpus[0], 0, 1, MIRQ_X86_CPU_ENABLED);
	cpu_is(&result.machine.cpus[1], 2, 2, 0);
	cpu_is(&result.machine.cpus[2], 300, 70000, MIRQ_X86_CPU_ENABLED | MIRQ_X86_CPU_X2APIC);
	cpu_is(&result.machine.cpus[3], 7, 8, MIRQ_X86_CPU_ONLINE_CAPABLE | MIRQ_X86_CPU_X2APIC);
	free(result.memory);
	exact_free(&madt);
}

/* [ACPI] 5.2.12.2: since revision 5 a processor without either flag cannot be used. */
static void madt__revision_5__leaves_unusable_processors_out(void **state)
{
	struct exact madt = golden_table(MADT);
	struct result result;

	(void)state;
	exact_set(&madt, 8, 5, 1);
	exact_sum(&madt);
	result = read_one(MADT, &madt);
	assert_int_equal(result.machine.nr_cpus, 3);
	cpu_is(&result.machine.cpus[1], 300, 70000, MIRQ_X86_CPU_ENABLED | MIRQ_X86_CPU_X2APIC);
	free(result.memory);
	exact_free(&madt);
}

static void madt__disabled_entry_before_an_enabled_one__the_enabled_one_wins(void **state)
{
	static const uint8_t bytes[] = { MADT_HEAD, 0, 8, 1, 5,      LE4(0), 0, 8, 2, 5,     LE4(1),
					 0,         8, 3, 6, LE4(0), 0,      8, 4, 6, LE4(0) };
	struct exact madt = exact_table(bytes, sizeof(bytes));
	struct result result = read_one(MADT, &madt);

	(void)state;
	assert_int_equal(result.machine.nr_cpus, 2);
	cpu_is(&result.machine.cpus[0], 5, 2, MIRQ_X86_CPU_ENABLED);
	cpu_is(&result.machine.cpus[1], 6, 3, 0);
	free(result.memory);
	exact_free(&madt);
}

static void madt__ids_that_differ_above_bit_7__are_two_processors(void **state)
{
	static const uint8_t bytes[] = { MADT_HEAD, 0, 8, 1,          5,      LE4(1), 9,
					 16,        0, 0, LE4(0x105), LE4(1), LE4(2) };
	struct exact madt = exact_table(bytes, sizeof(bytes));
	struct result result = read_one(MADT, &madt);

	(void)state;
	assert_int_equal(result.machine.nr_cpus, 2);
	cpu_is(&result.machine.cpus[1], 0x105, 2, MIRQ_X86_CPU_ENABLED | MIRQ_X86_CPU_X2APIC);
	free(result.memory);
	exact_free(&madt);
}

static void madt__ioapics_out_of_order__keep_the_order_of_the_table(void **state)
{
	static const struct mirq_x86_ioapic want[] = { { 128, 0, 0xfec00000 },
						       { 130, 88, 0xb2200000 },
						       { 129, 24, 0xfa680000 } };
	struct exact madt = golden_table(MADT);
	struct result result = read_one(MADT, &madt);

	(void)state;
	assert_int_equal(result.machine.nr_ioapics, 3);
	for (size_t i = 0; i < NR(want); i++) {
		assert_int_equal(result.machine.ioapics[i].id, want[i].id);
		assert_int_equal(result.machine.ioapics[i].first_gsi, want[i].first_gsi);
		assert_int_equal(result.machine.ioapics[i].address, want[i].address);
	}
	free(result.memory);
	exact_free(&madt);
}

static void madt__overrides__give_line_and_trigger(void **state)
{
	static const struct mirq_x86_line want[] = { { 0, 2, MIRQ_EDGE },
						     { 9, 9, MIRQ_LEVEL_HIGH },
						     { 10, 30, MIRQ_LEVEL_LOW },
						     { 11, 31, MIRQ_EDGE_FALLING } };
	struct exact madt = golden_table(MADT);
	struct result result = read_one(MADT, &madt);

	(void)state;
	assert_int_equal(result.machine.nr_lines, 4);
	for (size_t i = 0; i < NR(want); i++) {
		assert_int_equal(result.machine.lines[i].isa_irq, want[i].isa_irq);
		assert_int_equal(result.machine.lines[i].gsi, want[i].gsi);
		assert_int_equal(result.machine.lines[i].trigger, want[i].trigger);
	}
	free(result.memory);
	exact_free(&madt);
}

static void madt__nmis_address_and_flags__are_described(void **state)
{
	struct exact madt = golden_table(MADT);
	struct result result = read_one(MADT, &madt);
	const struct mirq_x86_machine *machine = &result.machine;

	(void)state;
	assert_int_equal(machine->lapic_address, 0x1fee00000);
	assert_int_equal(machine->flags, MIRQ_X86_PCAT_COMPAT);
	assert_int_equal(machine->nr_nmi_wires, 1);
	assert_int_equal(machine->nmi_wires[0].gsi, 23);
	assert_int_equal(machine->nmi_wires[0].trigger, MIRQ_EDGE);
	assert_int_equal(machine->nr_nmi_pins, 3);
	assert_int_equal(machine->nmi_pins[0].uid, MIRQ_X86_UID_ALL);
	assert_int_equal(machine->nmi_pins[0].lint, 1);
	assert_int_equal(machine->nmi_pins[1].uid, 2);
	assert_int_equal(machine->nmi_pins[1].lint, 0);
	assert_int_equal(machine->nmi_pins[2].uid, MIRQ_X86_UID_ALL);
	assert_int_equal(machine->nmi_pins[2].trigger, MIRQ_LEVEL_LOW);
	assert_int_equal(machine->nr_skipped, 2);
	free(result.memory);
	exact_free(&madt);
}

/* Oddities that cost one structure, not the table. */
static void madt__odd_structures__are_passed_over_and_counted(void **state)
{
	static const uint8_t bytes[] = {
		MADT_HEAD, 1,  12,   1,      0,       LE4(0), LE4(0), /* IO-APIC at address 0 */
		2,         10, 1,    3,      LE4(3),  LE2(0),         /* not ISA */
		2,         10, 0,    16,     LE4(16), LE2(0),         /* no ISA line */
		2,         10, 0,    15,     LE4(15), LE2(0),         /* right */
		4,         6,  0xff, LE2(0), 2,                       /* no such pin */
		6,         16, 0,    0,      0,       0,      0,      0,
		0,         0,  0,    0,      0,       0,      0,      0, /* I/O SAPIC */
		8,         2, /* shorter than its type, which is not read */
		0,         10, 1,    1,      LE4(1),  9,      9, /* longer than its type needs */
	};
	struct exact madt = exact_table(bytes, sizeof(bytes));
	struct result result = read_one(MADT, &madt);

	(void)state;
	assert_int_equal(result.err, MIRQ_OK);
	assert_int_equal(result.machine.nr_skipped, 6);
	assert_int_equal(result.machine.nr_ioapics, 0);
	assert_int_equal(result.machine.nr_nmi_pins, 0);
	assert_int_equal(result.machine.nr_lines, 1);
	assert_int_equal(result.machine.nr_cpus, 1);
	free(result.memory);
	exact_free(&madt);
}

static void dmar__units_and_scopes__are_described(void **state)
{
	struct exact dmar = golden_table(DMAR);
	struct result result = read_one(DMAR, &dmar);
	const struct mirq_x86_machine *machine = &result.machine;

	(void)state;
	assert_int_equal(result.err, MIRQ_OK);
	assert_int_equal(machine->flags, MIRQ_X86_INTR_REMAP | MIRQ_X86_DMA_OPT_IN);
	assert_int_equal(machine->nr_units, 2);
	assert_int_equal(machine->units[0].address, 0xfc810000);
	assert_int_equal(machine->units[0].size_bytes, 65536);
	assert_int_equal(machine->units[0].segment, 1);
	assert_int_equal(machine->units[0].flags, 0);
	assert_int_equal(machine->units[0].scopes.limit, 2);
	assert_int_equal(machine->units[1].address, 0xfed91000);
	assert_int_equal(machine->units[1].size_bytes, 4096);
	assert_int_equal(machine->units[1].flags, MIRQ_X86_UNIT_INCLUDE_ALL);
	assert_int_equal(machine->scopes[2].type, MIRQ_X86_SCOPE_IOAPIC);
	assert_int_equal(machine->scopes[2].enumeration_id, 2);
	assert_int_equal(machine->scopes[2].first_bus, 0xf0);
	assert_int_equal(machine->scopes[2].steps[0].device, 0x1f);
	assert_int_equal(machine->scopes[3].type, MIRQ_X86_SCOPE_HPET);
	assert_int_equal(machine->scopes[4].type, MIRQ_X86_SCOPE_NAMESPACE);
	assert_int_equal(machine->nr_skipped, 1);
	machine_is_sound(machine);
	free(result.memory);
	exact_free(&dmar);
}

static void dmar__each_flag__is_its_own(void **state)
{
	static const uint32_t want[] = { MIRQ_X86_INTR_REMAP, MIRQ_X86_X2APIC_OPT_OUT,
					 MIRQ_X86_DMA_OPT_IN, 0 };
	struct exact dmar = golden_table(DMAR);

	(void)state;
	for (size_t i = 0; i < NR(want); i++) {
		struct result result;

		exact_set(&dmar, 37, 1u << i, 1);
		exact_sum(&dmar);
		result = read_one(DMAR, &dmar);
		assert_int_equal(result.machine.flags, want[i]);
		free(result.memory);
	}
	exact_free(&dmar);
}

static void dmar__path_of_two_steps__keeps_both(void **state)
{
	struct exact dmar = golden_table(DMAR);
	struct result result = read_one(DMAR, &dmar);
	const struct mirq_x86_scope *scope = &result.machine.scopes[1];

	(void)state;
	assert_int_equal(scope->type, MIRQ_X86_SCOPE_BRIDGE);
	assert_int_equal(scope->first_bus, 3);
	assert_int_equal(scope->nr_steps, 2);
	assert_int_equal(scope->steps[0].device, 0x1c);
	assert_int_equal(scope->steps[0].function, 4);
	assert_int_equal(scope->steps[1].device, 0x1f);
	assert_int_equal(scope->steps[1].function, 7);
	free(result.memory);
	exact_free(&dmar);
}

/* Every length of a path from none to beyond the longest. */
static void dmar__path_of_any_length__is_kept_up_to_the_maximum(void **state)
{
	(void)state;
	for (uint8_t nr = 0; nr <= MIRQ_X86_PATH_MAX + 1; nr++) {
		uint8_t tail[16 + 6 + 2 * (MIRQ_X86_PATH_MAX + 1)] = { 0 };
		uint8_t size_bytes = (uint8_t)(16 + 6 + 2 * nr);
		struct exact dmar;

		tail[2] = size_bytes;
		tail[9] = 0x10; /* address 0x1000 */
		tail[16] = 1;
		tail[17] = (uint8_t)(6 + 2 * nr);
		dmar = exact_join(dmar_all, 48, tail, size_bytes);
		if (nr == 0) {
			table_is_refused(DMAR, &dmar, 64, "device scope without a path");
		} else if (nr > MIRQ_X86_PATH_MAX) {
			table_is_refused(DMAR, &dmar, 64, "path is longer than MIRQ_X86_PATH_MAX");
		} else {
			struct result result = read_one(DMAR, &dmar);

			assert_int_equal(result.machine.scopes[0].nr_steps, nr);
			free(result.memory);
		}
		exact_free(&dmar);
	}
}

/* [VTD] 8.3.1: software ignores scopes of reserved type. */
static void dmar__reserved_scope_types__are_passed_over_and_counted(void **state)
{
	struct exact dmar = golden_table(DMAR);
	struct result result;

	(void)state;
	exact_set(&dmar, 64, 0, 1);
	exact_set(&dmar, 98, 6, 1);
	exact_sum(&dmar);
	result = read_one(DMAR, &dmar);
	assert_int_equal(result.err, MIRQ_OK);
	assert_int_equal(result.machine.nr_scopes, 3);
	assert_int_equal(result.machine.nr_skipped, 3);
	machine_is_sound(&result.machine);
	free(result.memory);
	exact_free(&dmar);
}

static void mcfg_and_hpet__golden__are_described(void **state)
{
	struct exact mcfg = golden_table(MCFG), hpet = golden_table(HPET);
	struct mirq_acpi acpi = { MIRQ_SIZED(mirq_acpi), .mcfg = exact_memory(&mcfg),
				  .hpet = exact_memory(&hpet) };
	struct result result = read_acpi(&acpi);

	(void)state;
	assert_int_equal(result.err, MIRQ_OK);
	assert_int_equal(result.machine.nr_ecams, 2);
	assert_int_equal(result.machine.ecams[0].address, 0xe0000000);
	assert_int_equal(result.machine.ecams[0].buses.limit, 256);
	assert_int_equal(result.machine.ecams[1].address, 0x1234000000);
	assert_int_equal(result.machine.ecams[1].segment, 3);
	assert_int_equal(result.machine.ecams[1].buses.first, 0x40);
	assert_int_equal(result.machine.ecams[1].buses.limit, 0x41);
	assert_int_equal(result.machine.nr_hpets, 1);
	assert_int_equal(result.machine.hpets[0].address, 0xfed00000);
	assert_int_equal(result.machine.hpets[0].number, 2);
	assert_int_equal(result.machine.hpets[0].hardware_id, 0x8086a201);
	free(result.memory);
	exact_free(&mcfg);
	exact_free(&hpet);
}

/* What the field says, and who has one. */
static void fadt__hypervisor_name__by_revision_length_and_bytes(void **state)
{
	static const struct {
		uint8_t revision;
		size_t size_bytes;
		uint64_t name; /* little endian */
		const char *hypervisor;
	} rows[] = {
		{ 6, 276, 0x314d5620656d6341, "Acme VM1" },
		{ 7, 276, 0x314d5620656d6341, "Acme VM1" },
		{ 5, 276, 0x314d5620656d6341, "" }, /* the field was not there yet */
		{ 6, 276, 0, "" },
		{ 6, 276, 0x4d564b, "KVM" },
		{ 6, 276, 0x4d564b00, "?KVM" },
		{ 6, 276, 0xff00000000000000, "????????" },
		{ 6, 276, 0x7f0a, "??" },
		{ 6, 275, 0x314d5620656d6341, "" }, /* it ends inside the field */
		{ 6, 268, 0, "" },
		{ 6, 244, 0, "" },
		{ 1, 116, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < NR(rows); i++) {
		struct exact fadt = exact_copy(fadt_all, rows[i].size_bytes);
		struct result result;

		for (size_t at = 268; at < rows[i].size_bytes; at++)
			exact_set(&fadt, at, rows[i].name >> 8 * (at - 268), 1);
		exact_set(&fadt, 8, rows[i].revision, 1);
		exact_set(&fadt, 4, rows[i].size_bytes, 4);
		exact_sum(&fadt);
		result = read_one(FADT, &fadt);
		assert_int_equal(result.err, MIRQ_OK);
		assert_string_equal(result.machine.hypervisor, rows[i].hypervisor);
		free(result.memory);
		exact_free(&fadt);
	}
}

static void read__memory_one_byte_short__says_what_is_wanted(void **state)
{
	struct exact madt = golden_table(MADT);
	struct mirq_acpi acpi = acpi_of(MADT, &madt);
	size_t size_bytes = mirq_acpi_x86_size_bytes(&acpi);
	struct mirq_x86_machine machine = { .nr_cpus = 99 };
	uint8_t *memory = malloc(size_bytes + 16);
	struct mirq_why why;

	(void)state;
	assert_int_equal(mirq_acpi_x86_read(&acpi, memory, size_bytes - 1, &machine, &why),
			 MIRQ_ENOSPC);
	assert_int_equal(why.nr_wanted, size_bytes);
	assert_int_equal(why.nr_left, size_bytes - 1);
	assert_int_equal(mirq_acpi_x86_read(&acpi, NULL, 1 << 20, &machine, NULL), MIRQ_ENOSPC);
	assert_int_equal(machine.nr_cpus, 99);
	for (size_t at = 0; at < 16; at++) {
		memset(memory, 0xa5, size_bytes + 16);
		assert_int_equal(mirq_acpi_x86_read(&acpi, memory + at, size_bytes, &machine, &why),
				 MIRQ_OK);
		assert_int_equal(machine.nmi_pins[2].trigger, MIRQ_LEVEL_LOW);
		for (size_t i = 0; i < 16; i++)
			assert_int_equal(memory[i < at ? i : size_bytes + i], 0xa5);
	}
	free(memory);
	exact_free(&madt);
}

static void read__no_tables__gives_an_empty_machine(void **state)
{
	struct mirq_acpi acpi = { MIRQ_SIZED(mirq_acpi), .madt = { NULL, 4096 },
				  .dmar = { "", 0 } };
	struct result result = read_acpi(&acpi);

	(void)state;
	assert_int_equal(result.err, MIRQ_OK);
	assert_int_equal(result.machine.nr_cpus, 0);
	assert_null(result.machine.cpus);
	assert_int_equal(result.machine.lapic_address, 0);
	free(result.memory);
}

/* The way on after a refusal that firmware.h describes. */
static void read__malformed_table_left_out__reads_the_others(void **state)
{
	struct exact madt = golden_table(MADT), dmar = golden_table(DMAR);
	struct mirq_acpi acpi = { MIRQ_SIZED(mirq_acpi), .madt = exact_memory(&madt),
				  .dmar = exact_memory(&dmar) };
	struct result result;

	(void)state;
	dmar.bytes[60] ^= 1;
	result = read_acpi(&acpi);
	assert_int_equal(result.err, MIRQ_EBADTABLE);
	assert_string_equal(result.why.where, "DMAR");
	acpi.dmar = (struct mirq_memory){ NULL, 0 };
	result = read_acpi(&acpi);
	assert_int_equal(result.err, MIRQ_OK);
	assert_int_equal(result.machine.nr_cpus, 4);
	assert_int_equal(result.machine.nr_units, 0);
	free(result.memory);
	exact_free(&madt);
	exact_free(&dmar);
}

/* types.h, "Parameter structs": an older caller reads as zero, an unknown size is refused. */
static void read__sizes_of_the_parameter_struct__older_is_read_unknown_is_refused(void **state)
{
	struct exact madt = golden_table(MADT), dmar = golden_table(DMAR);
	struct mirq_acpi acpi = { MIRQ_SIZED(mirq_acpi), .madt = exact_memory(&madt),
				  .dmar = exact_memory(&dmar) };
	struct mirq_x86_machine machine = { .nr_cpus = 99 };
	struct mirq_why why = { .text = "" };
	struct result result;

	(void)state;
	acpi.size_bytes = offsetof(struct mirq_acpi, dmar);
	result = read_acpi(&acpi);
	assert_int_equal(result.err, MIRQ_OK);
	assert_int_equal(result.machine.nr_cpus, 4);
	assert_int_equal(result.machine.nr_units, 0);
	free(result.memory);
	acpi.size_bytes = 0;
	assert_int_equal(mirq_acpi_x86_size_bytes(&acpi), 0);
	assert_int_equal(mirq_acpi_x86_read(&acpi, NULL, 0, &machine, &why), MIRQ_EINVAL);
	assert_int_equal(machine.nr_cpus, 99);
	assert_string_not_equal(why.text, "");
	exact_free(&madt);
	exact_free(&dmar);
}

static void read__two_machines_at_once__do_not_know_each_other(void **state)
{
	struct exact madt = golden_table(MADT), dmar = golden_table(DMAR);
	struct mirq_acpi both = { MIRQ_SIZED(mirq_acpi), .madt = exact_memory(&madt),
				  .dmar = exact_memory(&dmar) };
	struct mirq_acpi alone = { MIRQ_SIZED(mirq_acpi), .madt = exact_memory(&madt) };
	struct result a = read_acpi(&both), b = read_acpi(&alone);

	(void)state;
	exact_free(&madt);
	exact_free(&dmar);
	assert_int_equal(a.machine.nr_units, 2);
	assert_int_equal(b.machine.nr_units, 0);
	assert_ptr_not_equal(a.machine.cpus, b.machine.cpus);
	free(a.memory);
	cpu_is(&b.machine.cpus[1], 2, 2, 0);
	free(b.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(madt__processors__one_for_each_id_and_none_for_placeholders),
		cmocka_unit_test(madt__revision_5__leaves_unusable_processors_out),
		cmocka_unit_test(madt__disabled_entry_before_an_enabled_one__the_enabled_one_wins),
		cmocka_unit_test(madt__ids_that_differ_above_bit_7__are_two_processors),
		cmocka_unit_test(madt__ioapics_out_of_order__keep_the_order_of_the_table),
		cmocka_unit_test(madt__overrides__give_line_and_trigger),
		cmocka_unit_test(madt__nmis_address_and_flags__are_described),
		cmocka_unit_test(madt__odd_structures__are_passed_over_and_counted),
		cmocka_unit_test(dmar__units_and_scopes__are_described),
		cmocka_unit_test(dmar__each_flag__is_its_own),
		cmocka_unit_test(dmar__path_of_two_steps__keeps_both),
		cmocka_unit_test(dmar__path_of_any_length__is_kept_up_to_the_maximum),
		cmocka_unit_test(dmar__reserved_scope_types__are_passed_over_and_counted),
		cmocka_unit_test(mcfg_and_hpet__golden__are_described),
		cmocka_unit_test(fadt__hypervisor_name__by_revision_length_and_bytes),
		cmocka_unit_test(read__memory_one_byte_short__says_what_is_wanted),
		cmocka_unit_test(read__no_tables__gives_an_empty_machine),
		cmocka_unit_test(read__malformed_table_left_out__reads_the_others),
		cmocka_unit_test(
			read__sizes_of_the_parameter_struct__older_is_read_unknown_is_refused),
		cmocka_unit_test(read__two_machines_at_once__do_not_know_each_other),
	};

	return cmocka_run_group_tests_name("firmware", tests, NULL, NULL);
}
