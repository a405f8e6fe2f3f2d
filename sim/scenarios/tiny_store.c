/* SPDX-License-Identifier: MIT */
/*
 * tiny_store.c - the tiny machine's devices: stores of three kinds, what they send, and how it
 * travels. A device reads the words of a message one by one; where a mask was touched meanwhile it
 * reads them again. Messages of one device arrive in order, those of two in any.
 */
#include <string.h>

#include "tiny_own.h"

static uint32_t bit_of(uint32_t slot)
{
	return UINT32_C(1) << slot;
}

static struct tiny_device *device_of(struct tiny *w, uint32_t slot)
{
	return &w->devices[slot / TINY_SLOTS_OF_DEVICE];
}

/* ---- Messages on their way ---- */

static void send(struct tiny *w, uint32_t slot, const struct mirq_msg *msg)
{
	struct tiny_device *d = device_of(w, slot);
	struct tiny_flight *f = &d->flights[d->nr_flights];

	engine_note(w->e, "slot %u sends %#llx, %u", slot, (unsigned long long)msg->address,
		    msg->data);
	tiny_oracle_sends(w, slot, msg);
	if (d->nr_flights == TINY_NR_FLIGHTS) {
		engine_fail(w->e, "more messages on their way than this machine has room for");
		return;
	}
	d->nr_flights++;
	memset(f, 0, sizeof(*f));
	f->serial = w->next_serial++;
	f->slot = slot;
	f->msg = *msg;
	if (!(w->init.options & TINY_TABLE) || tiny_is_behind_mux(w, slot)) {
		f->is_translated = 1;
		f->cpu = (uint32_t)(msg->address - TINY_ROOT_ADDRESS) >> 8;
		f->id = msg->data;
	}
	engine_wake(w->e, w->init.nr_cpus);
}

static void drop(struct tiny_device *d)
{
	d->nr_flights--;
	memmove(d->flights, d->flights + 1, d->nr_flights * sizeof(*d->flights));
}

/* One step of the oldest message; somebody else may have pushed it on meanwhile. */
static void step_flight(struct tiny_device *d)
{
	struct tiny_flight f = d->flights[0];

	tiny_at_wire(d->w, ENGINE_DELIVER);
	if (!d->nr_flights || d->flights[0].serial != f.serial ||
	    d->flights[0].is_translated != f.is_translated)
		return;
	if (!f.is_translated) {
		if (!tiny_translate(d->w, &d->flights[0]))
			drop(d);
		return;
	}
	drop(d);
	if (tiny_is_behind_mux(d->w, f.slot))
		tiny_mux_arrive(d->w, f.slot, &f.msg);
	else
		tiny_set_pending(d->w, f.cpu, f.id, bit_of(f.slot));
}

static void push(struct tiny_device *d, int translated)
{
	uint32_t limit = d->w->next_serial;

	while (d->nr_flights && d->flights[0].serial < limit &&
	       (!translated || d->flights[0].is_translated))
		step_flight(d);
}

void tiny_push_translated(struct tiny *w)
{
	for (uint32_t i = 0; i < w->init.nr_devices; i++)
		push(&w->devices[i], 1);
}

/* ---- What mirq sees ---- */

static uint32_t number_of(const struct mirq_slot *s)
{
	const struct tiny_device *d = s->data;

	return d->number * TINY_SLOTS_OF_DEVICE + s->index;
}

static struct tiny *tiny_of(const struct mirq_slot *s)
{
	const struct tiny_device *d = s->data;

	return d->w;
}

/* Word by word, as a table in device memory is written. */
static void store_write(const struct mirq_slot *s, const struct mirq_msg msg[])
{
	struct tiny *w = tiny_of(s);
	struct tiny_slot *slot = &w->slots[number_of(s)];

	tiny_at_register(w, ENGINE_WRITE);
	slot->was = slot->told;
	slot->told = msg[0];
	slot->msg.address = msg[0].address;
	engine_note(w->e, "slot %u: address := %#llx", number_of(s),
		    (unsigned long long)msg[0].address);
	tiny_at_register(w, ENGINE_WRITE);
	slot->msg.data = msg[0].data;
	engine_note(w->e, "slot %u: data := %u", number_of(s), msg[0].data);
}

static void store_mask(const struct mirq_slot *s)
{
	struct tiny *w = tiny_of(s);
	struct tiny_slot *slot = &w->slots[number_of(s)];

	tiny_at_register(w, ENGINE_WRITE);
	if (!(w->init.options & TINY_FAULT_MASK)) {
		slot->is_masked = 1;
		slot->generation++;
	}
	engine_note(w->e, "slot %u masked", number_of(s));
}

static void store_unmask(const struct mirq_slot *s)
{
	struct tiny *w = tiny_of(s);
	struct tiny_slot *slot = &w->slots[number_of(s)];

	tiny_at_register(w, ENGINE_WRITE);
	slot->is_masked = 0;
	slot->generation++;
	engine_note(w->e, "slot %u unmasked", number_of(s));
	if (slot->is_pending && !(w->init.options & TINY_FAULT_UNMASK))
		send(w, number_of(s), &slot->msg);
	slot->is_pending = 0;
}

static enum mirq_err store_enable(void *data, uint32_t nr_log2)
{
	struct tiny_device *d = data;

	(void)nr_log2;
	tiny_at_register(d->w, ENGINE_WRITE);
	if (scenario_must_fail(d->w->failure, SIM_FAIL_REGISTER))
		return MIRQ_EIO;
	d->is_on = 1;
	engine_note(d->w->e, "device %u switched on", d->number);
	return MIRQ_OK;
}

static void store_disable(void *data)
{
	struct tiny_device *d = data;

	tiny_at_register(d->w, ENGINE_WRITE);
	d->is_on = 0;
	for (uint32_t i = 0; i < TINY_SLOTS_OF_DEVICE; i++)
		d->w->slots[d->number * TINY_SLOTS_OF_DEVICE + i].generation++;
	engine_note(d->w->e, "device %u switched off", d->number);
}

/* The answer comes behind the messages that the device has begun. */
static enum mirq_err store_flush(void *data)
{
	struct tiny_device *d = data;

	tiny_at_register(d->w, ENGINE_WRITE);
	if (scenario_must_fail(d->w->failure, SIM_FAIL_REGISTER)) {
		engine_note(d->w->e, "device %u does not answer a read", d->number);
		return MIRQ_EIO;
	}
	while (d->is_reading)
		engine_yield(d->w->e);
	push(d, 0);
	/* The answer comes through the mux, behind what that has sent. */
	if (tiny_is_behind_mux(d->w, d->number * TINY_SLOTS_OF_DEVICE))
		push(&d->w->devices[1], 0);
	atomics_join(d->w->e);
	return MIRQ_OK;
}

static enum mirq_pending store_pending(const struct mirq_slot *s)
{
	struct tiny *w = tiny_of(s);

	tiny_at_register(w, ENGINE_READ);
	atomics_join(w->e);
	return w->slots[number_of(s)].is_pending ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

static const struct mirq_store_ops msix_ops = {
	.size_bytes = sizeof(struct mirq_store_ops),
	.write = store_write,
	.mask = store_mask,
	.unmask = store_unmask,
	.flush = store_flush,
	.pending = store_pending,
};

static const struct mirq_store_ops msi_ops = {
	.size_bytes = sizeof(struct mirq_store_ops),
	.enable = store_enable,
	.disable = store_disable,
	.write = store_write,
	.mask = store_mask,
	.unmask = store_unmask,
	.flush = store_flush,
	.pending = store_pending,
};

static const struct mirq_store_ops msi_plain_ops = {
	.size_bytes = sizeof(struct mirq_store_ops),
	.enable = store_enable,
	.disable = store_disable,
	.write = store_write,
	.flush = store_flush,
};

static const struct mirq_store_ops words_ops = {
	.size_bytes = sizeof(struct mirq_store_ops),
	.write = store_write,
	.flush = store_flush,
};

#define KIND(name_, ops_, masking_, traits_)                                                       \
	{                                                                                          \
		.size_bytes = sizeof(struct mirq_store_template), .name = name_, .ops = ops_,      \
		.masking = masking_, .update = MIRQ_UPDATE_WORDS, .address_bits = 64,              \
		.traits = (traits_) | MIRQ_STORE_OF_BUS,                                           \
	}

static const struct mirq_store_template kinds[] = {
	[TINY_MSIX] = KIND("msi-x", &msix_ops, MIRQ_MASKS_SLOT, MIRQ_STORE_RESETS_MASKED),
	[TINY_MSI] = KIND("msi", &msi_ops, MIRQ_MASKS_SLOT,
			  MIRQ_STORE_RESETS_MASKED | MIRQ_STORE_SHARED_REGS),
	[TINY_MSI_PLAIN] = KIND("msi-plain", &msi_plain_ops, MIRQ_MASKS_NOTHING,
				MIRQ_STORE_SHARED_REGS),
	[TINY_WORDS] = KIND("words", &words_ops, MIRQ_MASKS_NOTHING, 0),
};

const struct mirq_store_template *tiny_store_kind(enum tiny_kind kind)
{
	return &kinds[kind];
}

uint32_t tiny_nr_slots(enum tiny_kind kind)
{
	return kind == TINY_MSIX || kind == TINY_WORDS ? TINY_SLOTS_OF_DEVICE : 1;
}

int tiny_has_no_mask(enum tiny_kind kind)
{
	return kind == TINY_MSI_PLAIN || kind == TINY_WORDS;
}

/* ---- The device ---- */

/* The words, one after the other; where nothing keeps software from changing them meanwhile, in
 * either order. 0: it is kept instead, or lost. */
static int read_words(struct tiny_device *d, uint32_t number, struct mirq_msg *out_msg)
{
	struct tiny *w = d->w;
	struct tiny_slot *slot = &w->slots[number];
	int is_open = tiny_has_no_mask(w->init.kinds[d->number]);
	int data_first = is_open && engine_pick(w->e, 2);
	struct mirq_msg before;
	uint32_t generation;

	do {
		generation = slot->generation;
		if (!d->is_on) {
			engine_note(w->e, "and lost: switched off");
			return 0;
		}
		if (slot->is_masked) {
			slot->is_pending = 1;
			engine_note(w->e, "slot %u keeps it: masked", number);
			return 0;
		}
		if (!slot->told.address) {
			engine_note(w->e, "and lost: it was never told a message");
			return 0;
		}
		before = slot->msg;
		d->is_reading = is_open;
		tiny_at_wire(w, ENGINE_READ);
		d->is_reading = 0;
		engine_changed(w->e);
		out_msg->address = data_first ? slot->msg.address : before.address;
		out_msg->data = data_first ? before.data : slot->msg.data;
	} while (generation != slot->generation);
	return 1;
}

void tiny_raise(struct tiny *w, uint32_t slot)
{
	struct mirq_msg msg;

	if (read_words(device_of(w, slot), slot, &msg))
		send(w, slot, &msg);
}

static void raise_slot(struct tiny_device *d, uint32_t number)
{
	struct tiny *w = d->w;

	tiny_at_wire(w, ENGINE_DELIVER);
	engine_note(w->e, "slot %u raised", number);
	tiny_oracle_raised(w, number);
	tiny_raise(w, number);
}

/* The next slot that it shall raise, or TINY_SLOTS_OF_DEVICE. */
static uint32_t next_index(const struct tiny_device *d)
{
	const uint32_t *wanted = &d->w->init.nr_raised[d->number * TINY_SLOTS_OF_DEVICE];
	uint32_t index = 0;

	while (index < TINY_SLOTS_OF_DEVICE && d->nr_raised[index] == wanted[index])
		index++;
	return index;
}

static int has_step(const struct tiny_device *d)
{
	return d->nr_flights || next_index(d) < TINY_SLOTS_OF_DEVICE;
}

static void step_device(struct tiny_device *d)
{
	uint32_t index = next_index(d);

	if (d->nr_flights) {
		step_flight(d);
		return;
	}
	d->nr_raised[index]++;
	raise_slot(d, d->number * TINY_SLOTS_OF_DEVICE + index);
}

/* One of those that have something to do, or NULL. */
static struct tiny_device *next_device(struct tiny *w)
{
	struct tiny_device *able[TINY_MAX_DEVICES];
	uint32_t nr = 0;

	for (uint32_t i = 0; i < w->init.nr_devices; i++)
		if (has_step(&w->devices[i]))
			able[nr++] = &w->devices[i];
	return nr ? able[engine_pick(w->e, nr)] : NULL;
}

/* They raise what they shall; messages, also those that unmasking sends, arrive. */
void tiny_devices_body(void *context)
{
	struct tiny *w = context;
	struct tiny_device *d;

	while (!tiny_is_quiet(w)) {
		d = next_device(w);
		if (d)
			step_device(d);
		else
			engine_sleep(w->e);
	}
}

int tiny_devices_are_quiet(const struct tiny *w)
{
	for (uint32_t i = 0; i < w->init.nr_devices; i++)
		if (has_step(&w->devices[i]))
			return 0;
	return 1;
}
