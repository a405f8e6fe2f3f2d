/* SPDX-License-Identifier: MIT */
/*
 * spec_keys.c - the table of all words that describe a machine, what their values may be, and what
 * only a whole description can show to be wrong. Which form it was written in is not known here.
 * Locking: none.
 */
#include "spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NR(a) (sizeof(a) / sizeof((a)[0]))

#define SPEC_PAGE_BYTES 0x1000u
#define SPEC_MAX_STEPS 1000000u
#define SPEC_FIRST_WIDE_ID 255u /* what an xAPIC cannot name: 255 is everybody */
#define SPEC_NR_SLOTS 30u       /* of a bus */
#define SPEC_VMD_LINES 64u
/* Registers of devices, units and APICs stand here. */
#define SPEC_FIRST_REGISTER UINT64_C(0xe0000000)
#define SPEC_LIMIT_REGISTER UINT64_C(0x100000000)

/* ---- The words ---- */

#define MEMBER(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define MACHINE(member) MEMBER(sim_spec, member)
#define TIMING(member) MEMBER(sim_timing, member)
#define UNIT(member) MEMBER(sim_unit_spec, member)
#define DEVICE(member) MEMBER(sim_device_spec, member)

/* clang-format off: a row is a word */
static const struct spec_key machine_keys[] = {
	{ "cpus", "CPUs", SPEC_NUMBER, MACHINE(nr_cpus), 1, 4096, 1 },
	{ "nodes", "NUMA nodes, not more than CPUs; CPUs are divided evenly, in order", SPEC_NUMBER,
	  MACHINE(nr_nodes), 1, 64, 1 },
	{ "apic-first", "APIC id of the first CPU", SPEC_NUMBER, MACHINE(first_apic_id), 0,
	  0x7fffffff, 0 },
	{ "apic-step", "from the APIC id of a CPU to the next CPU's", SPEC_NUMBER,
	  MACHINE(apic_step), 1, 0x10000, 1 },
	{ "x2apic", "CPUs have x2APIC mode; ids from 255 on need it", SPEC_FLAG,
	  MACHINE(has_x2apic), 0, 1, 0 },
	{ "x2apic-entered", "they have it, and firmware left them in it", SPEC_FLAG,
	  MACHINE(is_x2apic_entered), 0, 1, 0 },
	{ "ram", "memory that devices reach", SPEC_BYTES, MACHINE(ram_bytes), UINT64_C(64) << 10,
	  UINT64_C(1) << 30, UINT64_C(4) << 20 },
	{ "ram-at", "its bus address; 0xe0000000 to 4G is for registers", SPEC_ADDRESS,
	  MACHINE(ram_address), 0, UINT64_C(1) << 50, UINT64_C(0x640000000) },
	{ "heap", "under an engine: memory for the software's own use", SPEC_BYTES,
	  MACHINE(heap_bytes), UINT64_C(4) << 10, UINT64_C(1) << 30, UINT64_C(1) << 20 },
	{ "seed", "draws the delays", SPEC_NUMBER, MACHINE(seed), 0, UINT64_MAX, 1 },
	{ "tick", "nanoseconds per point", SPEC_NUMBER, MACHINE(tick_ns), 1, 1000000, 50 },
};

static const struct spec_key timing_keys[] = {
	{ "posted", "a CPU's write to a device is under way", SPEC_NUMBER, TIMING(posted), 0,
	  SPEC_MAX_STEPS, 0 },
	{ "message", "a device's message to the root complex", SPEC_NUMBER, TIMING(message), 0,
	  SPEC_MAX_STEPS, 0 },
	{ "remapped", "an interrupt from a unit to a local APIC", SPEC_NUMBER, TIMING(remapped), 0,
	  SPEC_MAX_STEPS, 0 },
	{ "ipi", "an interrupt from CPU to CPU", SPEC_NUMBER, TIMING(ipi), 0, SPEC_MAX_STEPS, 0 },
};

static const struct spec_key unit_keys[] = {
	{ "eim", "32-bit APIC ids", SPEC_FLAG, UNIT(has_eim), 0, 1, 0 },
	{ "coherent",
	  "it snoops; if not, it reads only what `mirq_host_clean()` wrote back, "
	  "the rest is rubbish",
	  SPEC_FLAG, UNIT(is_coherent), 0, 1, 1 },
	{ "esirtps", "SIRTP forgets cached entries by itself", SPEC_FLAG, UNIT(has_esirtps), 0, 1,
	  0 },
	{ "rwbf", "the write buffer has to be flushed", SPEC_FLAG, UNIT(has_rwbf), 0, 1, 0 },
	{ "no-ir", "no interrupt remapping", SPEC_FLAG, UNIT(has_no_ir), 0, 1, 0 },
	{ "no-qi", "no queued invalidation", SPEC_FLAG, UNIT(has_no_qi), 0, 1, 0 },
	{ "records", "fault recording registers", SPEC_NUMBER, UNIT(nr_records), 1, 32, 1 },
	{ "mhmv", "largest index mask", SPEC_NUMBER, UNIT(mhmv), 0, 15, 15 },
	{ "steps", "steps that each descriptor takes; 0: done at once", SPEC_NUMBER, UNIT(nr_steps),
	  0, SPEC_MAX_STEPS, 0 },
	{ "command-steps", "steps that a command takes", SPEC_NUMBER, UNIT(nr_command_steps), 0,
	  SPEC_MAX_STEPS, 0 },
};

static const struct spec_key device_keys[] = {
	{ "msix", "MSI-X with so many entries, and with pending bits", SPEC_NUMBER, DEVICE(nr_msix),
	  1, 2048, 0 },
	{ "msi", "MSI with so many messages; per-vector mask, 64-bit address", SPEC_POWER,
	  DEVICE(nr_msi), 1, 32, 0 },
	{ "nomask", "that MSI has no masks", SPEC_FLAG, DEVICE(is_msi_unmaskable), 0, 1, 0 },
	{ "msi32", "that MSI has a 32-bit address", SPEC_FLAG, DEVICE(is_msi_32), 0, 1, 0 },
	{ "bar", "number of the BAR of registers and table (64-bit)", SPEC_NUMBER, DEVICE(bar), 0,
	  4, 0 },
	{ "behind", "where it is, and so under which requester id its messages arrive", SPEC_PLACE,
	  DEVICE(place), 0, SPEC_NR_PLACES - 1, SIM_BEHIND_PORT },
	{ "unit", "number of the unit that remaps it", SPEC_NUMBER, DEVICE(unit), 0,
	  SIM_MAX_UNITS - 1, 0 },
	{ "noflr", "no function-level reset", SPEC_FLAG, DEVICE(has_no_flr), 0, 1, 0 },
	{ "array", "IMS: slots in its registers, each with mask, pending bit, PASID", SPEC_NUMBER,
	  DEVICE(nr_array), 1, 0x20000, 0 },
	{ "array-nomask", "those slots have no mask", SPEC_FLAG, DEVICE(is_array_unmaskable), 0, 1,
	  0 },
	{ "idxd", "those slots are a multiple of 256, and found as Intel's DSA and IAA have it",
	  SPEC_FLAG, DEVICE(is_array_idxd), 0, 1, 0 },
	{ "queue", "IMS: slots that it fetches from memory when a command says so", SPEC_NUMBER,
	  DEVICE(nr_queue), 1, 1024, 0 },
	{ "mlx5", "that queue is commanded in the form of mirq/mlx5.h", SPEC_FLAG,
	  DEVICE(is_queue_mlx5), 0, 1, 0 },
	{ "registers", "IMS: sets of event registers with one control register", SPEC_NUMBER,
	  DEVICE(nr_registers), 1, 8, 0 },
	{ "lossy", "those registers keep no event while it is masked", SPEC_FLAG,
	  DEVICE(is_registers_losing), 0, 1, 0 },
	{ "firmware", "IMS: events that its firmware makes of one message", SPEC_POWER,
	  DEVICE(nr_firmware), 1, 32, 0 },
	{ "once", "that firmware takes one message only", SPEC_FLAG, DEVICE(is_firmware_told_once),
	  0, 1, 0 },
	{ "ath11k", "that firmware has the four users of mirq/ath11k.h", SPEC_FLAG,
	  DEVICE(is_firmware_ath11k), 0, 1, 0 },
	{ "steps", "steps that a command to queue or firmware takes; 0: done at once", SPEC_NUMBER,
	  DEVICE(nr_steps), 0, SPEC_MAX_STEPS, 0 },
	{ "ntb", "it is an end of a non-transparent bridge, with a window of so many bytes",
	  SPEC_POWER, DEVICE(ntb_bytes), 0x1000, 0x100000, 0 },
	{ "vmd",
	  "it is the machine's controller that others stand behind; its MSI-X messages, at "
	  "most 64, are their lines",
	  SPEC_FLAG, DEVICE(is_vmd), 0, 1, 0 },
};

const struct spec_place spec_places[SPEC_NR_PLACES] = {
	[SIM_BEHIND_PORT] = { "port", "below a root port of its own: its own requester id" },
	[SIM_ON_ROOT] = { "root", "on bus 0: its own requester id" },
	[SIM_BEHIND_PCI_BRIDGE] = { "pci-bridge",
				    "below the PCIe-to-PCI bridge: {secondary bus, 0.0}" },
	[SIM_BEHIND_LEGACY_BRIDGE] = { "legacy-bridge",
				       "below the PCI bridge on bus 0: the bridge's id" },
	[SIM_BEHIND_VMD] = { "vmd", "below the controller with `vmd`, in segment 1: a line of it" },
};
/* clang-format on */

const struct spec_keys spec_keys[SPEC_NR_GROUPS] = {
	[SPEC_MACHINE] = { machine_keys, NR(machine_keys) },
	[SPEC_TIMING] = { timing_keys, NR(timing_keys) },
	[SPEC_UNIT] = { unit_keys, NR(unit_keys) },
	[SPEC_DEVICE] = { device_keys, NR(device_keys) },
};

const struct spec_key *spec_key_find(enum spec_group group, const char *word, size_t nr_chars)
{
	const struct spec_keys *g = &spec_keys[group];

	for (uint32_t i = 0; i < g->nr_keys; i++)
		if (strlen(g->keys[i].word) == nr_chars && !memcmp(g->keys[i].word, word, nr_chars))
			return &g->keys[i];
	return NULL;
}

/* ---- Members ---- */

const void *spec_object_const(const struct sim_spec *spec, enum spec_group group, uint32_t index)
{
	switch (group) {
	case SPEC_TIMING:
		return &spec->timing;
	case SPEC_UNIT:
		return &spec->units[index];
	case SPEC_DEVICE:
		return &spec->devices[index];
	default:
		return spec;
	}
}

void *spec_object(struct sim_spec *spec, enum spec_group group, uint32_t index)
{
	const void *object = spec_object_const(spec, group, index);

	return (char *)spec + ((const char *)object - (const char *)spec);
}

uint64_t spec_get(const void *object, const struct spec_key *key)
{
	const char *member = (const char *)object + key->offset;
	uint64_t wide;
	uint32_t narrow;

	if (key->size_bytes == sizeof(wide)) {
		memcpy(&wide, member, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, member, sizeof(narrow));
	return narrow;
}

void spec_put(void *object, const struct spec_key *key, uint64_t value)
{
	char *member = (char *)object + key->offset;
	uint32_t narrow = (uint32_t)value;

	if (key->size_bytes == sizeof(value))
		memcpy(member, &value, sizeof(value));
	else
		memcpy(member, &narrow, sizeof(narrow));
}

void spec_init(void *object, enum spec_group group)
{
	for (uint32_t i = 0; i < spec_keys[group].nr_keys; i++)
		spec_put(object, &spec_keys[group].keys[i], spec_keys[group].keys[i].initial);
}

/* ---- Values ---- */

int spec_fits(const struct spec_key *key, uint64_t value)
{
	if (value < key->min || value > key->max)
		return 0;
	if (key->kind == SPEC_POWER)
		return !(value & (value - 1));
	if (key->kind == SPEC_BYTES || key->kind == SPEC_ADDRESS)
		return value % SPEC_PAGE_BYTES == 0;
	return 1;
}

/* 0 to 35, or 36: no digit. */
static uint32_t digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A') + 10;
	return 36;
}

/* Decimal or 0x..., then K or M; nothing else, and it fits into 64 bits. */
static int number_read(const char *text, size_t nr_chars, uint64_t *out_value)
{
	const char *end = text + nr_chars;
	uint32_t base = 10, shift = 0;
	uint64_t value = 0;

	if (nr_chars > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (text < end && (end[-1] == 'K' || end[-1] == 'M'))
		shift = *--end == 'K' ? 10 : 20;
	if (text == end)
		return -1;
	for (; text < end; text++) {
		uint32_t digit = digit_value(*text);

		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return -1;
		value = value * base + digit;
	}
	if (value > UINT64_MAX >> shift)
		return -1;
	*out_value = value << shift;
	return 0;
}

static int place_read(const char *text, size_t nr_chars, uint64_t *out_value)
{
	for (uint32_t i = 0; i < SPEC_NR_PLACES; i++) {
		if (strlen(spec_places[i].word) == nr_chars &&
		    !memcmp(spec_places[i].word, text, nr_chars)) {
			*out_value = i;
			return 0;
		}
	}
	return -1;
}

int spec_value_read(const struct spec_key *key, const char *text, size_t nr_chars,
		    uint64_t *out_value)
{
	uint64_t value;

	if (key->kind == SPEC_PLACE)
		return place_read(text, nr_chars, out_value);
	if (number_read(text, nr_chars, &value) || !spec_fits(key, value))
		return -1;
	*out_value = value;
	return 0;
}

void spec_value_print(const struct spec_key *key, uint64_t value, char text[SPEC_TEXT_BYTES])
{
	const char *format = "%" PRIu64;

	if (key->kind == SPEC_PLACE) {
		(void)snprintf(text, SPEC_TEXT_BYTES, "%s", spec_places[value].word);
		return;
	}
	if (key->kind == SPEC_ADDRESS && value) {
		format = "0x%" PRIx64;
	} else if (key->kind == SPEC_BYTES && value % (1u << 20) == 0) {
		format = "%" PRIu64 "M";
		value >>= 20;
	} else if (key->kind == SPEC_BYTES) {
		format = "%" PRIu64 "K";
		value >>= 10;
	}
	(void)snprintf(text, SPEC_TEXT_BYTES, format, value);
}

void spec_range_print(const struct spec_key *key, char text[SPEC_TEXT_BYTES])
{
	int is_paged = key->kind == SPEC_BYTES || key->kind == SPEC_ADDRESS;
	char min[SPEC_TEXT_BYTES], max[SPEC_TEXT_BYTES];

	if (key->kind == SPEC_PLACE) {
		(void)snprintf(text, SPEC_TEXT_BYTES, "one of %s, %s, %s, %s, %s",
			       spec_places[0].word, spec_places[1].word, spec_places[2].word,
			       spec_places[3].word, spec_places[4].word);
		return;
	}
	spec_value_print(key, key->min, min);
	spec_value_print(key, key->max, max);
	(void)snprintf(text, SPEC_TEXT_BYTES, "%s%.20s %s %.20s%s",
		       key->kind == SPEC_POWER ? "a power of two, " : "", min,
		       key->kind == SPEC_FLAG ? "or" : "to", max,
		       is_paged ? ", in whole pages" : "");
}

/* ---- The whole ---- */

const char *spec_name_refusal(const struct sim_spec *spec, const char *name, size_t nr_chars)
{
	static const char others[] = "-_.";

	if (!nr_chars || nr_chars >= SIM_NAME_BYTES)
		return "a device has a name of 1 to 15 characters";
	for (size_t i = 0; i < nr_chars; i++)
		if (digit_value(name[i]) == 36 && !memchr(others, name[i], sizeof(others) - 1))
			return "a device's name is made of letters, digits, '-', '_' and '.'";
	for (uint32_t i = 0; i < spec->nr_devices; i++)
		if (strlen(spec->devices[i].name) == nr_chars &&
		    !memcmp(spec->devices[i].name, name, nr_chars))
			return "there is a device of this name already";
	if (spec->nr_devices == SIM_MAX_DEVICES)
		return "a machine has at most 64 devices";
	return NULL;
}

static const char *check_machine(const struct sim_spec *spec, struct spec_subject *out_subject)
{
	uint64_t last_apic_id = spec->first_apic_id +
				(uint64_t)(spec->nr_cpus - 1) * spec->apic_step;

	out_subject->word = "nodes";
	if (spec->nr_nodes > spec->nr_cpus)
		return "there are not more nodes than CPUs";
	out_subject->word = spec->first_apic_id >= SPEC_FIRST_WIDE_ID ? "apic-first"
			    : spec->apic_step > 1                     ? "apic-step"
								      : "cpus";
	if (last_apic_id >= SPEC_FIRST_WIDE_ID && !spec->has_x2apic)
		return "APIC ids from 255 on need x2apic";
	out_subject->word = "ram-at";
	if (spec->ram_address < SPEC_LIMIT_REGISTER &&
	    spec->ram_address + spec->ram_bytes > SPEC_FIRST_REGISTER)
		return "memory ends below 0xe0000000 or begins at 4G or above";
	return NULL;
}

static const char *check_device(const struct sim_spec *spec, const struct sim_device_spec *d,
				struct spec_subject *out_subject)
{
	out_subject->word = "unit";
	if (d->unit && d->unit >= spec->nr_units)
		return "there is no unit of this number";
	out_subject->word = d->is_msi_unmaskable ? "nomask" : "msi32";
	if (!d->nr_msi && (d->is_msi_unmaskable || d->is_msi_32))
		return "this is about MSI, and the device has none";
	out_subject->word = d->is_array_unmaskable && !d->nr_array ? "array-nomask"
			    : d->is_queue_mlx5 && !d->nr_queue     ? "mlx5"
								   : "once";
	if ((d->is_array_unmaskable && !d->nr_array) || (d->is_queue_mlx5 && !d->nr_queue) ||
	    (d->is_firmware_told_once && !d->nr_firmware))
		return "this is about a store that the device does not have";
	out_subject->word = "lossy";
	if (d->is_registers_losing && !d->nr_registers)
		return "this is about registers, and the device has none";
	out_subject->word = "idxd";
	if (d->is_array_idxd &&
	    (!d->nr_array || d->nr_array % 256 || d->nr_array > 63 * 256 || d->is_array_unmaskable))
		return "such an array has masks, and 256 slots or a multiple, to 16128";
	out_subject->word = "ath11k";
	if (d->is_firmware_ath11k && d->nr_firmware != 1 && d->nr_firmware != 16 &&
	    d->nr_firmware != 32)
		return "such firmware has 1, 16 or 32 events";
	out_subject->word = "steps";
	if (d->nr_steps && !d->nr_queue && !d->nr_firmware)
		return "the device takes no commands: it has neither queue nor firmware";
	return NULL;
}

/* One controller at most, and who is behind it needs one. */
static const char *check_vmd(const struct sim_spec *spec, const struct sim_device_spec *d,
			     struct spec_subject *out_subject)
{
	uint32_t nr_controllers = 0;

	for (uint32_t i = 0; i < spec->nr_devices; i++)
		nr_controllers += spec->devices[i].is_vmd;
	out_subject->word = "vmd";
	if (d->is_vmd && (!d->nr_msix || d->nr_msix > SPEC_VMD_LINES || nr_controllers > 1))
		return "a machine has one such controller, with 1 to 64 MSI-X messages";
	out_subject->word = "behind";
	if (d->place != SIM_BEHIND_VMD)
		return NULL;
	if (!nr_controllers || d->is_vmd)
		return "there is no other device with vmd";
	out_subject->word = "unit";
	return d->unit ? "the unit of its controller remaps it" : NULL;
}

/* A bridge sends for all that is behind it. */
static int is_of_another_unit(const struct sim_spec *spec, uint32_t index)
{
	const struct sim_device_spec *d = &spec->devices[index];

	if (d->place != SIM_BEHIND_PCI_BRIDGE && d->place != SIM_BEHIND_LEGACY_BRIDGE)
		return 0;
	for (uint32_t i = 0; i < index; i++)
		if (spec->devices[i].place == d->place && spec->devices[i].unit != d->unit)
			return 1;
	return 0;
}

/* Each bridge takes a slot of bus 0 too. */
static uint32_t slots_of_root(const uint32_t nr_behind[SPEC_NR_PLACES])
{
	return nr_behind[SIM_BEHIND_PORT] + nr_behind[SIM_ON_ROOT] +
	       (nr_behind[SIM_BEHIND_PCI_BRIDGE] != 0) + (nr_behind[SIM_BEHIND_LEGACY_BRIDGE] != 0);
}

const char *spec_finish(struct sim_spec *spec, struct spec_subject *out_subject)
{
	struct spec_subject s = { .group = SPEC_MACHINE };
	uint32_t nr_behind[SPEC_NR_PLACES] = { 0 };
	const char *wrong;

	spec->has_x2apic |= spec->is_x2apic_entered;
	wrong = check_machine(spec, &s);
	if (!wrong)
		s.group = SPEC_DEVICE;
	for (uint32_t i = 0; !wrong && i < spec->nr_devices; i++) {
		const struct sim_device_spec *d = &spec->devices[i];

		s.index = i;
		wrong = check_device(spec, d, &s);
		wrong = wrong ? wrong : check_vmd(spec, d, &s);
		s.word = wrong ? s.word : "unit";
		if (!wrong && is_of_another_unit(spec, i))
			wrong = "one unit remaps all that is behind a bridge";
		if (wrong)
			break;
		s.word = "behind";
		if (++nr_behind[d->place] > SPEC_NR_SLOTS ||
		    slots_of_root(nr_behind) > SPEC_NR_SLOTS)
			wrong = "its bus has no slot left: 30, and a bridge on bus 0 takes one";
	}
	if (wrong)
		*out_subject = s;
	return wrong;
}
