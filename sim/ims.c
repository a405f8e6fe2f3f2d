/* SPDX-License-Identifier: MIT */
/*
 * ims.c - message stores of a device's own: where their registers are, how an event becomes a
 * message, and under whose PASID. What a slot is differs by kind: ims_array.c, ims_registers.c (in
 * the device's registers: words are read one at a time, so that words changed in between tear),
 * ims_queue.c, ims_firmware.c (told by commands: a message is changed as a whole).
 *
 * Nobody but this model defines these devices: docs/machines.md has their registers, and
 * port_stores.c drives them by that text alone.
 * Sources: docs/machines.md; [PCIE] 2.4.1; for what holds a torn message back, msi.c.
 * Locking: none.
 */
#include "fabric.h"
#include "model.h"

#include <stdio.h>

#define IMS_TEXT_BYTES 128u
#define IMS_PAGE_BYTES 0x1000u
#define IMS_SLOT_BYTES 16u /* of an array, the only store that may need more than a page */

static const struct sim_ims_kind *const kinds[SIM_NR_STORES] = {
	[SIM_STORE_ARRAY] = &sim_ims_array,
	[SIM_STORE_QUEUE] = &sim_ims_queue,
	[SIM_STORE_REGISTERS] = &sim_ims_registers,
	[SIM_STORE_FIRMWARE] = &sim_ims_firmware,
};

/* ---- Building ---- */

static uint32_t nr_of(const struct sim_device_spec *spec, enum sim_store store)
{
	switch (store) {
	case SIM_STORE_ARRAY:
		return spec->nr_array;
	case SIM_STORE_QUEUE:
		return spec->nr_queue;
	case SIM_STORE_REGISTERS:
		return spec->nr_registers;
	case SIM_STORE_FIRMWARE:
		return spec->nr_firmware;
	default:
		return 0;
	}
}

int sim_ims_build(struct sim_device *d)
{
	for (uint32_t store = SIM_STORE_ARRAY; store < SIM_NR_STORES; store++) {
		struct sim_ims_area *area = &d->ims.areas[store];

		area->nr_slots = nr_of(d->spec, store);
		if (!area->nr_slots)
			continue;
		area->slots = sim_own(d->s, area->nr_slots * sizeof(area->slots[0]));
		if (!area->slots)
			return -1;
	}
	return 0;
}

uint32_t sim_ims_size(struct sim_device *d, uint32_t at)
{
	for (uint32_t store = SIM_STORE_ARRAY; store < SIM_NR_STORES; store++) {
		struct sim_ims_area *area = &d->ims.areas[store];
		uint32_t nr_bytes = store == SIM_STORE_ARRAY ? area->nr_slots * IMS_SLOT_BYTES
							     : area->nr_slots != 0;

		area->at = area->limit = at;
		area->limit += (nr_bytes + IMS_PAGE_BYTES - 1) & ~(IMS_PAGE_BYTES - 1);
		at = area->limit;
	}
	return at;
}

void sim_ims_reset(struct sim_device *d)
{
	for (uint32_t store = SIM_STORE_ARRAY; store < SIM_NR_STORES; store++)
		if (d->ims.areas[store].nr_slots)
			kinds[store]->reset(d);
}

/* ---- Registers ---- */

static enum sim_store store_at(const struct sim_device *d, uint32_t offset)
{
	uint32_t store = SIM_STORE_ARRAY;

	while (store < SIM_NR_STORES && offset >= d->ims.areas[store].limit)
		store++;
	return store;
}

uint32_t sim_ims_read(const struct sim_device *d, uint32_t offset)
{
	enum sim_store store = store_at(d, offset);

	return store == SIM_NR_STORES ? 0 : kinds[store]->read(d, offset - d->ims.areas[store].at);
}

void sim_ims_write(struct sim_device *d, uint32_t offset, uint32_t value)
{
	enum sim_store store = store_at(d, offset);

	if (store != SIM_NR_STORES)
		kinds[store]->write(d, offset - d->ims.areas[store].at, value);
}

/* ---- Sending ---- */

static void send(struct sim_device *d, enum sim_store store, uint32_t slot, const uint32_t words[3])
{
	const struct sim_ims_slot *s = &d->ims.areas[store].slots[slot];
	const struct sim_flight what = {
		.slot = slot,
		.store = store,
		.address = (uint64_t)words[1] << 32 | words[0],
		.data = words[2],
	};

	if (s->is_lent && kinds[store]->pasid && kinds[store]->pasid(d, slot) != s->pasid)
		sim_violate(d->s, "a message goes out under a PASID that is not its owner's");
	sim_note(d->s, "%s %s %u sends %llx = %x", d->spec->name, kinds[store]->name, slot,
		 (unsigned long long)what.address, what.data);
	sim_device_send(d, &what);
}

/* The words, one at a time. 1: none changed meanwhile. */
static int sample(const struct sim_device *d, enum sim_store store, uint32_t slot,
		  uint32_t out_words[3])
{
	int is_whole = 1;

	for (uint32_t word = 0; word < 3; word++) {
		if (word && !kinds[store]->is_whole)
			sim_point(d->s, ENGINE_READ, d);
		out_words[word] = kinds[store]->word(d, slot, word);
	}
	for (uint32_t word = 0; word < 3; word++)
		is_whole &= out_words[word] == kinds[store]->word(d, slot, word);
	return is_whole;
}

static int is_deaf(const struct sim_device *d, enum sim_store store, uint32_t slot)
{
	return d->is_gone || slot >= d->ims.areas[store].nr_slots || kinds[store]->is_deaf(d, slot);
}

static void keep(struct sim_device *d, enum sim_store store, uint32_t slot)
{
	if (store == SIM_STORE_REGISTERS && d->spec->is_registers_losing) {
		d->stats.nr_lost++;
		return;
	}
	d->stats.nr_kept++;
	d->ims.areas[store].slots[slot].is_pending = 1;
}

/* 1: done. 0: what was read must not be used: it was masked, or masked and unmasked, meanwhile. */
static int try_to_send(struct sim_device *d, enum sim_store store, uint32_t slot)
{
	struct sim_ims_slot *s = &d->ims.areas[store].slots[slot];
	uint32_t words[3], generation;
	int is_whole;

	if (is_deaf(d, store, slot)) {
		d->stats.nr_lost++;
		return 1;
	}
	if (kinds[store]->is_masked(d, slot)) {
		keep(d, store, slot);
		return 1;
	}
	generation = s->generation;
	is_whole = sample(d, store, slot, words);
	if (s->generation != generation || is_deaf(d, store, slot) ||
	    kinds[store]->is_masked(d, slot))
		return 0;
	d->stats.nr_torn += !is_whole;
	send(d, store, slot, words);
	return 1;
}

void sim_device_raise_at(struct sim_device *d, enum sim_store store, uint32_t slot)
{
	struct sim *s = d->s;
	uint32_t cpu = s->cpu_now;

	if (store <= SIM_STORE_MSIX) {
		sim_device_raise(d, slot);
		return;
	}
	s->cpu_now = SIM_NO_CPU; /* it is the device that runs */
	sim_point(s, ENGINE_READ, d);
	d->stats.nr_raised++;
	sim_note(s, "%s raises %s %u", d->spec->name, kinds[store]->name, slot);
	sim_tell_device(d, SIM_RAISED, store, slot);
	d->is_speaking++;
	d->speaker = sim_in_fiber(s) ? engine_current(s->engine) : 0;
	while (!try_to_send(d, store, slot))
		;
	d->is_speaking--;
	s->cpu_now = cpu;
}

void sim_ims_send_kept(struct sim_device *d, enum sim_store store, uint32_t slot)
{
	struct sim_ims_slot *s = &d->ims.areas[store].slots[slot];
	uint32_t words[3];

	if (!s->is_pending || is_deaf(d, store, slot) || kinds[store]->is_masked(d, slot))
		return;
	s->is_pending = 0;
	for (uint32_t word = 0; word < 3; word++)
		words[word] = kinds[store]->word(d, slot, word);
	send(d, store, slot, words);
}

void sim_device_lend(struct sim_device *d, enum sim_store store, uint32_t slot, uint64_t pasid)
{
	struct sim_ims_area *area = &d->ims.areas[store];

	if (slot >= area->nr_slots)
		return;
	area->slots[slot].is_lent = 1;
	area->slots[slot].pasid = (uint32_t)pasid;
}

/* ---- Looking at it ---- */

/* What a slot says; one without a mask may be told before it has a handler, which is no matter. */
static void describe_slot(const struct sim_device *d, enum sim_store store, uint32_t slot,
			  char text[IMS_TEXT_BYTES])
{
	const struct sim_ims_kind *kind = kinds[store];
	int nr = snprintf(text, IMS_TEXT_BYTES, "%s: %s %u open, %x", d->spec->name, kind->name,
			  slot, kind->pasid ? kind->pasid(d, slot) : 0);

	if (store != SIM_STORE_ARRAY || !d->spec->is_array_unmaskable)
		(void)snprintf(text + nr, IMS_TEXT_BYTES - (size_t)nr, ", %08x%08x = %08x",
			       kind->word(d, slot, 1), kind->word(d, slot, 0),
			       kind->word(d, slot, 2));
}

/* What may send now, a line each. */
void sim_ims_describe(const struct sim_device *d, void (*line)(void *context, const char *text),
		      void *context)
{
	char text[IMS_TEXT_BYTES];

	for (uint32_t store = SIM_STORE_ARRAY; store < SIM_NR_STORES; store++) {
		for (uint32_t i = 0; i < d->ims.areas[store].nr_slots; i++) {
			if (kinds[store]->is_deaf(d, i) || kinds[store]->is_masked(d, i))
				continue;
			describe_slot(d, store, i, text);
			line(context, text);
		}
	}
}

/* ---- Commands ---- */

struct sim_command_knobs *sim_device_knobs(struct sim_device *d)
{
	return &d->ims.knobs;
}

int sim_ims_is_busy(const struct sim_device *d)
{
	const struct sim_ims *ims = &d->ims;

	if (d->is_gone || ims->knobs.is_deaf)
		return 0;
	return ims->in_mailbox.is_going || (ims->is_queue_on && ims->nr_given != ims->nr_done);
}

int sim_ims_answer(struct sim_device *d, int *out_is_done)
{
	struct sim_command_knobs *knobs = &d->ims.knobs;

	*out_is_done = 1;
	if (knobs->nr_refused) {
		knobs->nr_refused--;
		*out_is_done = 0;
		return 0;
	}
	if (!knobs->nr_denied)
		return 1;
	knobs->nr_denied--;
	return 0;
}

void sim_ims_step(struct sim_device *d)
{
	if (d->ims.in_mailbox.is_going)
		sim_ims_mailbox_step(d);
	else
		sim_ims_queue_step(d);
}

int sim_ims_is_doorbell(const struct sim_device *d, uint64_t offset)
{
	const struct sim_ims_area *queue = &d->ims.areas[SIM_STORE_QUEUE];
	const struct sim_ims_area *firmware = &d->ims.areas[SIM_STORE_FIRMWARE];

	return (queue->nr_slots && offset == queue->at + SIM_IMS_QUEUE_TAIL) ||
	       (firmware->nr_slots && offset == firmware->at + SIM_IMS_MAILBOX_COMMAND);
}
