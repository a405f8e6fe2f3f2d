/* SPDX-License-Identifier: MIT */
/*
 * msi.c - message capabilities of a device: MSI of any form, MSI-X with table and pending bits; and
 * raising: reading the message words one at a time, so that words changed in between tear.
 *
 * What holds a torn message back is what the specification gives software: a message is not used
 * while its mask is set, and values read before an unmasking are read again after it.
 * Sources: [PCI] 6.8.1 (MSI), 6.8.2 (MSI-X), 6.8.3; [PCIE] 6.1.4, 7.7. Locking: none.
 */
#include "fabric.h"
#include "model.h"

#include <string.h>

#define MSI_ID 0x05u
#define MSI_CONTROL 0x02
#define MSI_ADDRESS 0x04
#define MSI_CONTROL_ENABLE 0, 0
#define MSI_CONTROL_CAPABLE 3, 1
#define MSI_CONTROL_ENABLED 6, 4
#define MSI_CONTROL_64 7, 7
#define MSI_CONTROL_MASKABLE 8, 8

#define MSIX_ID 0x11u
#define MSIX_CONTROL 0x02
#define MSIX_TABLE 0x04
#define MSIX_PBA 0x08
#define MSIX_CAPABILITY_BYTES 12u
#define MSIX_CONTROL_SIZE 10, 0
#define MSIX_CONTROL_MASK_ALL 14, 14
#define MSIX_CONTROL_ENABLE 15, 15
#define MSIX_ENTRY_BYTES 16u
#define MSIX_ENTRY_MASK 0, 0 /* of the fourth word */

static uint32_t log2_of(uint32_t power)
{
	uint32_t log2 = 0;

	while (1u << log2 < power)
		log2++;
	return log2;
}

/* ---- MSI: where its registers are depends on its form ---- */

static uint32_t msi_data_at(const struct sim_device *d)
{
	return d->msi_at + (d->spec->is_msi_32 ? 0x08 : 0x0c);
}

static uint32_t msi_mask_at(const struct sim_device *d)
{
	return msi_data_at(d) + 4;
}

static uint32_t msi_pending_at(const struct sim_device *d)
{
	return msi_data_at(d) + 8;
}

static uint32_t msi_control(const struct sim_device *d)
{
	return d->msi_at ? sim_function_read(&d->function, d->msi_at + MSI_CONTROL, 2) : 0;
}

static int msi_is_on(const struct sim_device *d)
{
	return SIM_GET(msi_control(d), MSI_CONTROL_ENABLE) != 0;
}

static int msi_is_masked(const struct sim_device *d, uint32_t vector)
{
	if (d->spec->is_msi_unmaskable)
		return 0;
	return sim_function_read(&d->function, msi_mask_at(d), 4) >> vector & 1;
}

static void msi_capability(struct sim_device *d, uint32_t at)
{
	struct sim_function *f = &d->function;
	uint32_t form = (uint32_t)(SIM_PUT(MSI_CONTROL_CAPABLE, log2_of(d->spec->nr_msi)) |
				   SIM_PUT(MSI_CONTROL_64, !d->spec->is_msi_32) |
				   SIM_PUT(MSI_CONTROL_MASKABLE, !d->spec->is_msi_unmaskable));
	uint32_t all = (uint32_t)sim_ones(8) >> (32 - d->spec->nr_msi);

	d->msi_at = at;
	sim_function_put(f, at, 1, MSI_ID);
	sim_function_put(f, at + MSI_CONTROL, 2, form);
	sim_function_allow(
		f, at + MSI_CONTROL, 2,
		(uint32_t)(SIM_MASK(MSI_CONTROL_ENABLE) | SIM_MASK(MSI_CONTROL_ENABLED)));
	sim_function_allow(f, at + MSI_ADDRESS, 4, ~3u);
	if (!d->spec->is_msi_32)
		sim_function_allow(f, at + MSI_ADDRESS + 4, 4, UINT32_MAX);
	sim_function_allow(f, msi_data_at(d), 2, 0xffff);
	if (!d->spec->is_msi_unmaskable)
		sim_function_allow(f, msi_mask_at(d), 4, all);
}

/* ---- MSI-X ---- */

static uint32_t msix_control(const struct sim_device *d)
{
	return d->msix_at ? sim_function_read(&d->function, d->msix_at + MSIX_CONTROL, 2) : 0;
}

static int msix_is_on(const struct sim_device *d)
{
	return SIM_GET(msix_control(d), MSIX_CONTROL_ENABLE) != 0;
}

static int msix_is_masked(const struct sim_device *d, uint32_t vector)
{
	return SIM_GET(msix_control(d), MSIX_CONTROL_MASK_ALL) ||
	       SIM_GET(d->entries[vector].words[3], MSIX_ENTRY_MASK);
}

static void msix_capability(struct sim_device *d, uint32_t at)
{
	struct sim_function *f = &d->function;

	d->msix_at = at;
	sim_function_put(f, at, 1, MSIX_ID);
	sim_function_put(f, at + MSIX_CONTROL, 2,
			 (uint32_t)SIM_PUT(MSIX_CONTROL_SIZE, d->spec->nr_msix - 1));
	sim_function_allow(
		f, at + MSIX_CONTROL, 2,
		(uint32_t)(SIM_MASK(MSIX_CONTROL_MASK_ALL) | SIM_MASK(MSIX_CONTROL_ENABLE)));
	sim_function_put(f, at + MSIX_TABLE, 4, d->table_at | d->spec->bar);
	sim_function_put(f, at + MSIX_PBA, 4, d->pba_at | d->spec->bar);
}

void sim_msi_capabilities(struct sim_device *d, uint32_t *inout_at, uint32_t *inout_link)
{
	struct sim_function *f = &d->function;

	if (d->spec->nr_msi) {
		sim_function_put(f, *inout_link, 1, *inout_at);
		msi_capability(d, *inout_at);
		*inout_link = *inout_at + 1;
		*inout_at += 0x20;
	}
	if (d->spec->nr_msix) {
		sim_function_put(f, *inout_link, 1, *inout_at);
		msix_capability(d, *inout_at);
		*inout_link = *inout_at + 1;
	}
}

/* Out of reset every entry is masked; addresses and data are undefined: rubbish. */
void sim_msi_reset(struct sim_device *d)
{
	const struct sim_msix_entry entry = {
		.words = { 0xfeedf00c, 0x0badcafe, 0x0000dead,
			   (uint32_t)SIM_MASK(MSIX_ENTRY_MASK) },
	};

	for (uint32_t i = 0; i < d->spec->nr_msix; i++)
		d->entries[i] = entry;
	d->msi_pending = 0;
	d->msi_generation++;
}

/* ---- Sending ---- */

struct message_words {
	uint64_t address;
	uint32_t data;
};

enum message_kind {
	MESSAGE_NONE,
	MESSAGE_MSI,
	MESSAGE_MSIX
};

static enum message_kind message_kind(const struct sim_device *d)
{
	if (d->is_gone)
		return MESSAGE_NONE;
	if (msix_is_on(d))
		return MESSAGE_MSIX;
	return msi_is_on(d) ? MESSAGE_MSI : MESSAGE_NONE;
}

/* Word 0, 1: address low, high; 2: data. */
static uint32_t message_word(const struct sim_device *d, enum message_kind kind, uint32_t vector,
			     uint32_t word)
{
	if (kind == MESSAGE_MSIX)
		return d->entries[vector].words[word];
	if (word == 2)
		return sim_function_read(&d->function, msi_data_at(d), 2);
	if (word == 1 && d->spec->is_msi_32)
		return 0;
	return sim_function_read(&d->function, d->msi_at + MSI_ADDRESS + 4 * word, 4);
}

static void message_put(struct message_words *words, uint32_t word, uint32_t value)
{
	if (word == 2)
		words->data = value;
	else if (word == 1)
		words->address |= (uint64_t)value << 32;
	else
		words->address = value;
}

/* With several messages the device puts its number into the low bits of the data. */
static uint32_t msi_enabled_count(const struct sim_device *d)
{
	uint32_t log2 = (uint32_t)SIM_GET(msi_control(d), MSI_CONTROL_ENABLED);

	if (log2 > log2_of(d->spec->nr_msi)) {
		sim_violate(d->s, "more MSI messages were enabled than the device has");
		log2 = log2_of(d->spec->nr_msi);
	}
	return 1u << log2;
}

static void message_send(struct sim_device *d, enum message_kind kind, uint32_t vector,
			 struct message_words words)
{
	const struct sim_flight what = {
		.slot = vector,
		.store = kind == MESSAGE_MSIX ? SIM_STORE_MSIX : SIM_STORE_MSI,
		.address = words.address,
		.data = kind == MESSAGE_MSIX ? words.data
					     : (words.data & ~(msi_enabled_count(d) - 1)) | vector,
	};

	sim_note(d->s, "%s sends %llx = %x", d->spec->name, (unsigned long long)what.address,
		 what.data);
	sim_device_send(d, &what);
}

/* All words at one instant: after an unmasking, when nothing changes them. */
static void message_send_now(struct sim_device *d, enum message_kind kind, uint32_t vector)
{
	struct message_words words = { 0, 0 };

	for (uint32_t word = 0; word < 3; word++)
		message_put(&words, word, message_word(d, kind, vector, word));
	message_send(d, kind, vector, words);
}

static int message_is_masked(const struct sim_device *d, enum message_kind kind, uint32_t vector)
{
	return kind == MESSAGE_MSIX ? msix_is_masked(d, vector) : msi_is_masked(d, vector);
}

static uint32_t message_generation(const struct sim_device *d, enum message_kind kind,
				   uint32_t vector)
{
	return kind == MESSAGE_MSIX ? d->entries[vector].generation : d->msi_generation;
}

static void message_keep(struct sim_device *d, enum message_kind kind, uint32_t vector)
{
	d->stats.nr_kept++;
	if (kind == MESSAGE_MSIX) {
		d->entries[vector].is_pending = 1;
		return;
	}
	d->msi_pending |= 1u << vector;
	sim_function_put(&d->function, msi_pending_at(d), 4, d->msi_pending);
}

/* The words, one at a time. 1: none changed meanwhile. */
static int message_sample(struct sim_device *d, enum message_kind kind, uint32_t vector,
			  struct message_words *out_words)
{
	uint32_t first[3];
	int is_whole = 1;

	for (uint32_t word = 0; word < 3; word++) {
		if (word)
			sim_device_point(d);
		first[word] = message_word(d, kind, vector, word);
		message_put(out_words, word, first[word]);
	}
	for (uint32_t word = 0; word < 3; word++)
		is_whole &= first[word] == message_word(d, kind, vector, word);
	return is_whole;
}

/* 0: it is kept or lost instead of sent. */
static int message_is_ready(struct sim_device *d, enum message_kind kind, uint32_t *inout_vector)
{
	if (kind == MESSAGE_NONE || (kind == MESSAGE_MSIX && *inout_vector >= d->spec->nr_msix)) {
		d->stats.nr_lost++;
		return 0;
	}
	if (kind == MESSAGE_MSI)
		*inout_vector &= msi_enabled_count(d) - 1;
	if (!message_is_masked(d, kind, *inout_vector))
		return 1;
	message_keep(d, kind, *inout_vector);
	return 0;
}

/* Whichever store is on; with none, the one that it would use. */
static void message_tell(struct sim_device *d, uint32_t vector)
{
	enum message_kind kind = message_kind(d);
	int is_msix = kind == MESSAGE_NONE ? d->spec->nr_msix != 0 : kind == MESSAGE_MSIX;

	if (kind == MESSAGE_MSI)
		vector &= msi_enabled_count(d) - 1;
	sim_tell_device(d, SIM_RAISED, is_msix ? SIM_STORE_MSIX : SIM_STORE_MSI, vector);
}

/* 1: done. 0: what was read must not be used, because it was unmasked or switched meanwhile. */
static int message_try(struct sim_device *d, uint32_t vector)
{
	struct message_words words = { 0, 0 };
	enum message_kind kind = message_kind(d);
	uint32_t generation;
	int is_whole;

	if (!message_is_ready(d, kind, &vector))
		return 1;
	generation = message_generation(d, kind, vector);
	is_whole = message_sample(d, kind, vector, &words);
	if (message_kind(d) != kind || message_generation(d, kind, vector) != generation ||
	    message_is_masked(d, kind, vector))
		return 0;
	d->stats.nr_torn += !is_whole;
	message_send(d, kind, vector, words);
	return 1;
}

void sim_device_raise(struct sim_device *d, uint32_t vector)
{
	struct sim *s = d->s;
	uint32_t cpu = s->cpu_now;

	s->cpu_now = SIM_NO_CPU; /* it is the device that runs */
	sim_device_point(d);
	d->stats.nr_raised++;
	sim_note(s, "%s raises %u", d->spec->name, vector);
	message_tell(d, vector);
	d->is_speaking++;
	d->speaker = sim_in_fiber(s) ? engine_current(s->engine) : 0;
	while (!message_try(d, vector))
		;
	d->is_speaking--;
	s->cpu_now = cpu;
}

/* A handler on top of the raising fiber would wait for itself. */
void sim_device_settle(const struct sim_device *d)
{
	while (d->is_speaking && sim_in_fiber(d->s) && d->speaker != engine_current(d->s->engine))
		sim_wait(d->s);
}

/* In the middle of somebody's access: no points, so nothing can change meanwhile. */
void sim_device_ring(struct sim_device *d, uint32_t vector)
{
	enum message_kind kind = message_kind(d);

	d->stats.nr_raised++;
	message_tell(d, vector);
	if (message_is_ready(d, kind, &vector))
		message_send_now(d, kind, vector);
}

int sim_device_is_pending(const struct sim_device *d, uint32_t vector)
{
	if (msix_is_on(d))
		return (int)d->entries[vector].is_pending;
	return d->msi_pending >> vector & 1;
}

/* ---- Writes of software ---- */

/* What was kept and is not masked any more goes out. */
static void msix_send_kept(struct sim_device *d)
{
	if (!msix_is_on(d))
		return;
	for (uint32_t i = 0; i < d->spec->nr_msix; i++) {
		if (!d->entries[i].is_pending || msix_is_masked(d, i))
			continue;
		d->entries[i].is_pending = 0;
		message_send_now(d, MESSAGE_MSIX, i);
	}
}

static void msi_send_kept(struct sim_device *d)
{
	for (uint32_t i = 0; msi_is_on(d) && i < msi_enabled_count(d); i++) {
		if (!(d->msi_pending >> i & 1) || msi_is_masked(d, i))
			continue;
		d->msi_pending &= ~(1u << i);
		message_send_now(d, MESSAGE_MSI, i);
	}
	if (d->msi_at && !d->spec->is_msi_unmaskable)
		sim_function_put(&d->function, msi_pending_at(d), 4, d->msi_pending);
}

static int overlaps(uint32_t offset, uint32_t width_bytes, uint32_t at, uint32_t size_bytes)
{
	return offset < at + size_bytes && at < offset + width_bytes;
}

void sim_msi_written(struct sim_device *d, uint32_t offset, uint32_t width_bytes)
{
	if (msi_is_on(d) && msix_is_on(d))
		sim_violate(d->s, "MSI and MSI-X of one function are on at once");
	if (d->msix_at && overlaps(offset, width_bytes, d->msix_at, MSIX_CAPABILITY_BYTES)) {
		for (uint32_t i = 0; i < d->spec->nr_msix; i++)
			d->entries[i].generation += !msix_is_masked(d, i);
		msix_send_kept(d);
	}
	if (!d->msi_at)
		return;
	/* Control and mask let messages through; the message's own words do not. */
	if (overlaps(offset, width_bytes, d->msi_at + MSI_CONTROL, 2) ||
	    (!d->spec->is_msi_unmaskable && overlaps(offset, width_bytes, msi_mask_at(d), 4))) {
		d->msi_generation++;
		msi_send_kept(d);
	}
}

uint32_t sim_msix_read(const struct sim_device *d, uint32_t offset)
{
	uint32_t first, value = 0;

	if (offset < d->pba_at) {
		offset -= d->table_at;
		if (offset / MSIX_ENTRY_BYTES >= d->spec->nr_msix)
			return 0;
		return d->entries[offset / MSIX_ENTRY_BYTES].words[offset / 4 % 4];
	}
	first = (offset - d->pba_at) * 8;
	for (uint32_t i = first; i < first + 32 && i < d->spec->nr_msix; i++)
		value |= d->entries[i].is_pending << (i - first);
	return value;
}

void sim_msix_write(struct sim_device *d, uint32_t offset, uint32_t value)
{
	uint32_t vector = (offset - d->table_at) / MSIX_ENTRY_BYTES, word = offset / 4 % 4, old;

	if (offset >= d->pba_at || vector >= d->spec->nr_msix) {
		sim_violate(d->s, "pending bits, or what lies behind a table, were written");
		return;
	}
	old = d->entries[vector].words[word];
	d->entries[vector].words[word] = value;
	if (word < 3) {
		if (old != value && msix_is_on(d) && !msix_is_masked(d, vector))
			sim_violate(d->s, "the message of an unmasked entry was changed");
		return;
	}
	if (SIM_GET(old, MSIX_ENTRY_MASK) && !SIM_GET(value, MSIX_ENTRY_MASK))
		d->entries[vector].generation++;
	msix_send_kept(d);
}
