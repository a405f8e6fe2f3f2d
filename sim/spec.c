/* SPDX-License-Identifier: MIT */
/*
 * spec.c - a machine described in one line: words of the machine, then devices. docs/machines.md is
 * the reference; another form (JSON) would fill the same struct sim_spec.
 * Locking: none.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEC_MAX_CPUS 4096u
#define SPEC_MAX_NODES 64u
#define SPEC_MAX_SLOTS 30u

/* Where reading is; error is filled once. */
struct spec_reader {
	const char *text; /* all of it */
	const char *word; /* the one being read */
	struct sim_error *error;
};

static int spec_fail(const struct spec_reader *r, const char *at, const char *text)
{
	size_t nr = strcspn(at, " ,\t\n");

	if (!r->error)
		return -1;
	if (nr >= sizeof(r->error->word))
		nr = sizeof(r->error->word) - 1;
	r->error->position = (size_t)(at - r->text);
	memcpy(r->error->word, at, nr);
	r->error->word[nr] = 0;
	(void)snprintf(r->error->text, sizeof(r->error->text), "%s", text);
	return -1;
}

/* A number up to @max behind '='; suffixes K and M. */
static int spec_number(const struct spec_reader *r, const char *at, const char *value, uint64_t max,
		       uint64_t *out)
{
	char *end;
	unsigned long long number;

	if (*value < '0' || *value > '9')
		return spec_fail(r, at, "a number must follow the '='");
	number = strtoull(value, &end, 0);
	if ((*end == 'K' || *end == 'M') && number <= max) {
		number <<= *end == 'K' ? 10 : 20;
		end++;
	}
	if (*end && *end != ',' && *end != ' ' && *end != '\t' && *end != '\n')
		return spec_fail(r, at, "this is no number");
	if (number > max)
		return spec_fail(r, at, "the number is too large");
	*out = number;
	return 0;
}

static int spec_is(const char *at, const char *name)
{
	size_t nr = strlen(name);

	return !strncmp(at, name, nr) && (at[nr] == '=' || at[nr] == ',' || at[nr] == ' ' ||
					  at[nr] == '\t' || at[nr] == '\n' || !at[nr]);
}

/* The value behind '=', or NULL. */
static const char *spec_value(const char *at)
{
	size_t nr = strcspn(at, "=, \t\n");

	return at[nr] == '=' ? at + nr + 1 : NULL;
}

/* A name with a number up to max, put at offset; the name alone puts 1 where may_be_bare. */
struct spec_key {
	const char *name;
	size_t offset;
	uint64_t max;
	uint32_t is_wide; /* uint64_t, else uint32_t */
	uint32_t may_be_bare;
};

/* 1: read. 0: no such name. -1: wrong. */
static int spec_read_key(const struct spec_reader *r, const struct spec_key *keys, size_t nr,
			 const char *at, void *into)
{
	for (size_t i = 0; i < nr; i++) {
		const char *value = spec_value(at);
		uint64_t number = 1;

		if (!spec_is(at, keys[i].name))
			continue;
		if (!value && !keys[i].may_be_bare)
			return spec_fail(r, at, "'=' and a number must follow");
		if (value && spec_number(r, at, value, keys[i].max, &number))
			return -1;
		if (keys[i].is_wide)
			*(uint64_t *)(void *)((char *)into + keys[i].offset) = number;
		else
			*(uint32_t *)(void *)((char *)into + keys[i].offset) = (uint32_t)number;
		return 1;
	}
	return 0;
}

#define NR(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Options of a unit ---- */

#define UNIT(member) offsetof(struct sim_unit_spec, member)

static const struct spec_key unit_keys[] = {
	{ "eim", UNIT(has_eim), 1, 0, 1 },
	{ "esirtps", UNIT(has_esirtps), 1, 0, 1 },
	{ "rwbf", UNIT(has_rwbf), 1, 0, 1 },
	{ "no-ir", UNIT(has_no_ir), 1, 0, 1 },
	{ "no-qi", UNIT(has_no_qi), 1, 0, 1 },
	{ "records", UNIT(nr_records), 32, 0, 0 },
	{ "mhmv", UNIT(mhmv), 15, 0, 0 },
	{ "steps", UNIT(nr_steps), 1000000, 0, 0 },
	{ "command-steps", UNIT(nr_command_steps), 1000000, 0, 0 },
};

static int spec_unit_option(const struct spec_reader *r, const char *at, struct sim_unit_spec *u)
{
	int found = spec_read_key(r, unit_keys, NR(unit_keys), at, u);
	const char *value = spec_value(at);
	uint64_t is_coherent;

	if (found)
		return found < 0 ? -1 : 0;
	if (!spec_is(at, "coherent") || !value)
		return spec_fail(r, at, "no such option of a VT-d unit");
	if (spec_number(r, at, value, 1, &is_coherent))
		return -1;
	u->is_incoherent = !is_coherent;
	return 0;
}

/* ---- Options of a device ---- */

#define DEVICE(member) offsetof(struct sim_device_spec, member)

static const struct spec_key device_keys[] = {
	{ "msix", DEVICE(nr_msix), 2048, 0, 0 },
	{ "msi", DEVICE(nr_msi), 32, 0, 0 },
	{ "nomask", DEVICE(is_msi_unmaskable), 1, 0, 1 },
	{ "msi32", DEVICE(is_msi_32), 1, 0, 1 },
	{ "bar", DEVICE(bar), 4, 0, 0 },
	{ "unit", DEVICE(unit), SIM_MAX_UNITS - 1, 0, 0 },
	{ "noflr", DEVICE(has_no_flr), 1, 0, 1 },
};

static const struct {
	const char *name;
	enum sim_place place;
} spec_places[] = {
	{ "port", SIM_BEHIND_PORT },
	{ "root", SIM_ON_ROOT },
	{ "pci-bridge", SIM_BEHIND_PCI_BRIDGE },
	{ "legacy-bridge", SIM_BEHIND_LEGACY_BRIDGE },
};

static int spec_place(const struct spec_reader *r, const char *at, struct sim_device_spec *d)
{
	const char *value = spec_value(at);

	for (size_t i = 0; value && i < NR(spec_places); i++) {
		if (spec_is(value, spec_places[i].name)) {
			d->place = spec_places[i].place;
			return 0;
		}
	}
	return spec_fail(r, at, "behind is one of port, root, pci-bridge, legacy-bridge");
}

static int spec_device_option(const struct spec_reader *r, const char *at,
			      struct sim_device_spec *d)
{
	int found;

	if (spec_is(at, "behind"))
		return spec_place(r, at, d);
	found = spec_read_key(r, device_keys, NR(device_keys), at, d);
	if (found < 0)
		return -1;
	if (!found)
		return spec_fail(r, at, "no such option of a device");
	if (spec_is(at, "msix") && !d->nr_msix)
		return spec_fail(r, at, "MSI-X has 1 to 2048 entries");
	if (spec_is(at, "msi") && (!d->nr_msi || (d->nr_msi & (d->nr_msi - 1))))
		return spec_fail(r, at, "MSI has 1, 2, 4, 8, 16 or 32 messages");
	return 0;
}

/* ---- Words ---- */

#define MACHINE(member) offsetof(struct sim_spec, member)

static const struct spec_key machine_keys[] = {
	{ "cpus", MACHINE(nr_cpus), SPEC_MAX_CPUS, 0, 0 },
	{ "nodes", MACHINE(nr_nodes), SPEC_MAX_NODES, 0, 0 },
	{ "apic-first", MACHINE(first_apic_id), 0x7fffffff, 0, 0 },
	{ "apic-step", MACHINE(apic_step), 0x10000, 0, 0 },
	{ "x2apic", MACHINE(has_x2apic), 1, 0, 1 },
	{ "x2apic-entered", MACHINE(is_x2apic_entered), 1, 0, 1 },
	{ "ram", MACHINE(ram_bytes), UINT64_C(1) << 30, 1, 0 },
	{ "ram-at", MACHINE(ram_address), UINT64_C(1) << 50, 1, 0 },
	{ "heap", MACHINE(heap_bytes), UINT64_C(1) << 30, 1, 0 },
	{ "seed", MACHINE(seed), UINT64_MAX, 1, 0 },
	{ "tick", MACHINE(tick_ns), 1000000, 1, 0 },
	{ "posted", MACHINE(timing.posted), 1000000, 0, 0 },
	{ "message", MACHINE(timing.message), 1000000, 0, 0 },
	{ "remapped", MACHINE(timing.remapped), 1000000, 0, 0 },
	{ "ipi", MACHINE(timing.ipi), 1000000, 0, 0 },
};

/* The next option behind a comma, or NULL. */
static const char *spec_next_option(const char *at)
{
	at += strcspn(at, ", \t\n");
	return *at == ',' ? at + 1 : NULL;
}

static int spec_unit(const struct spec_reader *r, struct sim_spec *spec)
{
	const char *at = spec_value(r->word);
	struct sim_unit_spec *u = &spec->units[spec->nr_units];

	if (spec->nr_units == SIM_MAX_UNITS)
		return spec_fail(r, r->word, "a machine has at most four VT-d units");
	u->mhmv = 15;
	for (spec->nr_units++; at; at = spec_next_option(at))
		if (spec_unit_option(r, at, u))
			return -1;
	return 0;
}

static int spec_name(const struct spec_reader *r, const struct sim_spec *spec, size_t nr)
{
	if (!nr || nr >= SIM_NAME_BYTES)
		return spec_fail(r, r->word, "a device has a name of 1 to 15 characters");
	for (uint32_t i = 0; i < spec->nr_devices; i++)
		if (strlen(spec->devices[i].name) == nr &&
		    !strncmp(spec->devices[i].name, r->word, nr))
			return spec_fail(r, r->word, "there is a device of this name already");
	if (spec->nr_devices == SIM_MAX_DEVICES)
		return spec_fail(r, r->word, "a machine has at most 64 devices");
	return 0;
}

static int spec_device(const struct spec_reader *r, struct sim_spec *spec)
{
	size_t nr = strcspn(r->word, ":");
	struct sim_device_spec *d = &spec->devices[spec->nr_devices];
	const char *at = r->word + nr + 1;

	if (spec_name(r, spec, nr))
		return -1;
	spec->nr_devices++;
	memcpy(d->name, r->word, nr);
	for (; at && *at && *at != ' '; at = spec_next_option(at))
		if (spec_device_option(r, at, d))
			return -1;
	return 0;
}

static int spec_word(const struct spec_reader *r, struct sim_spec *spec)
{
	int found;

	if (strcspn(r->word, ":") < strcspn(r->word, "=, \t\n"))
		return spec_device(r, spec);
	if (spec_is(r->word, "vtd"))
		return spec_unit(r, spec);
	if (spec_is(r->word, "behind") && spec->nr_devices)
		return spec_place(r, r->word, &spec->devices[spec->nr_devices - 1]);
	found = spec_read_key(r, machine_keys, NR(machine_keys), r->word, spec);
	if (!found)
		return spec_fail(r, r->word, "no such word; a device is NAME:OPTION,...");
	return found < 0 ? -1 : 0;
}

/* ---- What only the whole can say ---- */

static uint32_t spec_nr_slots(const struct sim_spec *spec)
{
	uint32_t nr = 0, behind[2] = { 0, 0 };

	for (uint32_t i = 0; i < spec->nr_devices; i++) {
		if (spec->devices[i].place == SIM_BEHIND_PCI_BRIDGE)
			behind[0]++;
		else if (spec->devices[i].place == SIM_BEHIND_LEGACY_BRIDGE)
			behind[1]++;
		else
			nr++;
	}
	if (behind[0] > SPEC_MAX_SLOTS || behind[1] > SPEC_MAX_SLOTS)
		return UINT32_MAX;
	return nr + (behind[0] != 0) + (behind[1] != 0);
}

static int spec_check(const struct spec_reader *r, const struct sim_spec *spec)
{
	uint64_t last_apic_id = spec->first_apic_id +
				(uint64_t)(spec->nr_cpus - 1) * spec->apic_step;

	if (!spec->nr_cpus || !spec->nr_nodes || spec->nr_nodes > spec->nr_cpus)
		return spec_fail(r, r->text, "at least one CPU, and no more nodes than CPUs");
	if (!spec->apic_step || last_apic_id >= UINT32_MAX ||
	    (last_apic_id >= 255 && !spec->has_x2apic))
		return spec_fail(r, r->text, "APIC ids from 255 on need x2apic");
	if (spec->ram_bytes < 0x10000 || spec->ram_bytes % 0x1000 || spec->ram_address % 0x1000)
		return spec_fail(r, r->text, "ram is 64K or more, in whole pages");
	if (spec_nr_slots(spec) > SPEC_MAX_SLOTS)
		return spec_fail(r, r->text, "bus 0, or a bus behind a bridge, has no more slots");
	for (uint32_t i = 0; i < spec->nr_devices; i++)
		if (spec->nr_units && spec->devices[i].unit >= spec->nr_units)
			return spec_fail(r, r->text, "a device names a unit that is not there");
	return 0;
}

int sim_spec_parse(const char *text, struct sim_spec *out_spec, struct sim_error *out_error)
{
	struct spec_reader r = { .text = text, .word = text, .error = out_error };
	struct sim_spec spec = {
		.nr_cpus = 1,
		.nr_nodes = 1,
		.apic_step = 1,
		.ram_bytes = UINT64_C(4) << 20,
		.ram_address = UINT64_C(0x640000000),
		.heap_bytes = UINT64_C(1) << 20,
		.seed = 1,
		.tick_ns = 50,
	};

	for (;;) {
		r.word += strspn(r.word, " \t\n");
		if (!*r.word)
			break;
		if (spec_word(&r, &spec))
			return -1;
		r.word += strcspn(r.word, " \t\n");
	}
	spec.has_x2apic |= spec.is_x2apic_entered;
	if (spec_check(&r, &spec))
		return -1;
	*out_spec = spec;
	return 0;
}
