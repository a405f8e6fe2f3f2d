/* SPDX-License-Identifier: MIT */
/*
 * port_stores.c - the drivers of the simulated devices' own stores: each is described to mirq as a
 * driver would do it, and commands are sent as the device wants them. Written from
 * docs/machines.md; what ims*.c makes of it is not known here.
 *
 * A command waits until the device has done it, for 1 ms and as long as the machine is described to
 * be slow. After that it is called off, so that it is not done later. A queue that has started anew
 * is set up again with the next command.
 * Sources: docs/machines.md. Locking: mirq's, commands of a device are sent one at a time.
 */
#include "port_ntb.h"
#include "port_own.h"

#include <string.h>

#include <mirq/ath11k.h>
#include <mirq/idxd.h>
#include <mirq/ims_array.h>
#include <mirq/ims_firmware.h>
#include <mirq/ims_queue.h>
#include <mirq/ims_registers.h>
#include <mirq/inspect.h>
#include <mirq/mlx5.h>

#define STORES_TABLE 0x40u /* in the device's registers: slots, place of each store */
#define STORES_LIMIT_NS UINT64_C(1000000)
#define STORES_LIMIT_STEPS 4u
#define STORES_SETS 8u
#define STORES_GONE UINT32_MAX

#define ARRAY_STRIDE 16u
#define ARRAY_MASKED UINT32_C(0x00000001)
#define ARRAY_PENDING UINT32_C(0x00000004)
#define ARRAY_USED UINT32_C(0x00000008)
#define ARRAY_COOKIE UINT32_C(0xfffff000)

#define EVENTS_FIRST 0x40u
#define EVENTS_STRIDE 0x20u

#define QUEUE_RING_LOW 0x00u
#define QUEUE_RING_HIGH 0x04u
#define QUEUE_RING_ENTRIES 0x08u
#define QUEUE_MESSAGES_LOW 0x0cu
#define QUEUE_MESSAGES_HIGH 0x10u
#define QUEUE_CONTROL 0x14u
#define QUEUE_GIVEN 0x18u
#define QUEUE_STATUS 0x1cu
#define QUEUE_NR_ENTRIES 4u
#define QUEUE_ENTRY_BYTES 16u
#define QUEUE_MESSAGE_BYTES 16u
#define QUEUE_MLX5_OPCODE 0x0b00u
#define QUEUE_MLX5_BUSY 6u

#define MAILBOX_ADDRESS_LOW 0x00u
#define MAILBOX_ADDRESS_HIGH 0x04u
#define MAILBOX_DATA 0x08u
#define MAILBOX_LOG2 0x0cu
#define MAILBOX_COMMAND 0x10u
#define MAILBOX_STATUS 0x14u
#define MAILBOX_USER 0x18u
#define MAILBOX_FORGET 0u
#define MAILBOX_TELL 1u
#define MAILBOX_STOP 2u

#define STATUS_DONE(status) ((status)&UINT32_C(0xffff))
#define STATUS_ON UINT32_C(0x10000) /* of a queue */
#define STATUS_REFUSED UINT32_C(0x20000)

/* Of one device. */
struct port_stores {
	struct sim *s;
	struct sim_device *device;
	struct mirq_regs regs;
	struct mirq_store *stores[SIM_NR_STORES];
	uint32_t is_found, nr_slots[SIM_NR_STORES], at[SIM_NR_STORES];
	struct mirq_ims_array array;
	struct mirq_idxd idxd; /* instead */
	struct mirq_ims_registers events;
	struct mirq_ims_registers_set sets[STORES_SETS];
	struct mirq_ims_queue queue;
	struct mirq_mlx5 mlx5; /* instead */
	struct mirq_ims_firmware firmware;
	struct mirq_ath11k ath11k; /* instead */
	void *ring;                /* its entries, then the messages; NULL: not yet */
	size_t ring_bytes;         /* of both */
	uint64_t ring_bus;
	uint32_t nr_given; /* commands to the queue */
};

static uint32_t stores_read(const struct port_stores *p, enum sim_store store, uint32_t offset)
{
	return mirq_regs_read32(&p->regs, p->at[store] + offset);
}

static void stores_write(const struct port_stores *p, enum sim_store store, uint32_t offset,
			 uint32_t value)
{
	mirq_regs_write32(&p->regs, p->at[store] + offset, value);
}

/* ---- Waiting for a command ---- */

/* What the status says once @nr_done commands are done; or all ones: nobody answers, the device has
 * started anew, it takes too long. */
static uint32_t stores_wait(const struct port_stores *p, enum sim_store store, uint32_t offset,
			    uint32_t nr_done, uint32_t must_have)
{
	const struct sim_spec *spec = sim_spec(p->s);
	uint64_t steps = (uint64_t)p->device->spec->nr_steps + spec->timing.posted;
	uint64_t limit_ns = STORES_LIMIT_NS + STORES_LIMIT_STEPS * steps * spec->tick_ns;
	uint64_t start_ns = sim_now_ns(p->s);
	uint32_t status;

	for (;;) {
		status = stores_read(p, store, offset);
		if (status == STORES_GONE || (status & must_have) != must_have)
			return STORES_GONE;
		if (STATUS_DONE(status) == STATUS_DONE(nr_done))
			return status;
		if (sim_now_ns(p->s) - start_ns > limit_ns)
			return STORES_GONE;
		sim_wait(p->s);
	}
}

static enum mirq_err stores_answer(uint32_t status)
{
	if (status == STORES_GONE)
		return MIRQ_EIO;
	return status & STATUS_REFUSED ? MIRQ_EBUSY : MIRQ_OK;
}

/* A read from the device: what it has sent has arrived. */
static enum mirq_err stores_drain(const struct port_stores *p, enum sim_store store,
				  uint32_t offset)
{
	return stores_read(p, store, offset) == STORES_GONE ? MIRQ_EIO : MIRQ_OK;
}

/* ---- The queue ---- */

static void queue_put(unsigned char *at, uint64_t value, uint32_t nr_bytes)
{
	for (uint32_t i = 0; i < nr_bytes; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t queue_entry_bytes(const struct port_stores *p)
{
	return p->device->spec->is_queue_mlx5 ? MIRQ_MLX5_IN_BYTES : QUEUE_ENTRY_BYTES;
}

static unsigned char *queue_messages(const struct port_stores *p)
{
	return (unsigned char *)p->ring + (size_t)QUEUE_NR_ENTRIES * queue_entry_bytes(p);
}

static void queue_off(struct port_stores *p)
{
	stores_write(p, SIM_STORE_QUEUE, QUEUE_CONTROL, 0);
}

static void queue_on(struct port_stores *p)
{
	uint64_t messages_bus = p->ring_bus + (uint64_t)QUEUE_NR_ENTRIES * queue_entry_bytes(p);

	queue_off(p);
	stores_write(p, SIM_STORE_QUEUE, QUEUE_RING_LOW, (uint32_t)p->ring_bus);
	stores_write(p, SIM_STORE_QUEUE, QUEUE_RING_HIGH, (uint32_t)(p->ring_bus >> 32));
	stores_write(p, SIM_STORE_QUEUE, QUEUE_RING_ENTRIES, QUEUE_NR_ENTRIES);
	stores_write(p, SIM_STORE_QUEUE, QUEUE_MESSAGES_LOW, (uint32_t)messages_bus);
	stores_write(p, SIM_STORE_QUEUE, QUEUE_MESSAGES_HIGH, (uint32_t)(messages_bus >> 32));
	stores_write(p, SIM_STORE_QUEUE, QUEUE_CONTROL, 1);
	p->nr_given = 0;
}

static uint32_t queue_code(enum mirq_ims_queue_op op)
{
	switch (op) {
	case MIRQ_IMS_QUEUE_COOKIE:
		return 1;
	case MIRQ_IMS_QUEUE_MESSAGE:
		return 2;
	case MIRQ_IMS_QUEUE_ENABLE:
		return 3;
	default:
		return 4;
	}
}

/* Give the device a command, and wait; its status, or all ones. */
static uint32_t queue_give(struct port_stores *p, const unsigned char *entry)
{
	uint32_t status = stores_read(p, SIM_STORE_QUEUE, QUEUE_STATUS);

	if (status == STORES_GONE)
		return status;
	if (!(status & STATUS_ON))
		queue_on(p);
	memcpy((unsigned char *)p->ring +
		       (size_t)(p->nr_given % QUEUE_NR_ENTRIES) * queue_entry_bytes(p),
	       entry, queue_entry_bytes(p));
	p->nr_given = STATUS_DONE(p->nr_given + 1);
	stores_write(p, SIM_STORE_QUEUE, QUEUE_GIVEN, p->nr_given);
	status = stores_wait(p, SIM_STORE_QUEUE, QUEUE_STATUS, p->nr_given, STATUS_ON);
	if (status == STORES_GONE) {
		queue_off(p);
		(void)stores_read(p, SIM_STORE_QUEUE, QUEUE_STATUS);
	}
	return status;
}

static enum mirq_err queue_command(void *context, enum mirq_ims_queue_op op, uint32_t index,
				   const struct mirq_msg *msg, uint64_t cookie)
{
	unsigned char entry[QUEUE_ENTRY_BYTES];

	(void)msg; /* it stands in memory */
	queue_put(entry, queue_code(op), 4);
	queue_put(entry + 4, index, 4);
	queue_put(entry + 8, cookie, 8);
	return stores_answer(queue_give(context, entry));
}

/* The command interface of an adapter: what is in the answer it tells by its status register. */
static enum mirq_err queue_exec(void *context, const unsigned char *in, unsigned char *out)
{
	uint32_t status = queue_give(context, in);

	if (status == STORES_GONE)
		return MIRQ_EIO;
	memset(out, 0, MIRQ_MLX5_OUT_BYTES);
	out[0] = status & STATUS_REFUSED ? QUEUE_MLX5_BUSY : 0;
	return MIRQ_OK;
}

static enum mirq_err queue_drain(void *context)
{
	return stores_drain(context, SIM_STORE_QUEUE, QUEUE_STATUS);
}

/* Its memory lasts until port_stores_forget(): the store's end sends commands, too. */
static enum mirq_err queue_memory(struct port_stores *p)
{
	uint32_t nr = p->nr_slots[SIM_STORE_QUEUE];

	if (!p->ring) {
		p->ring_bytes = (size_t)QUEUE_NR_ENTRIES * queue_entry_bytes(p) +
				(size_t)nr * QUEUE_MESSAGE_BYTES;
		p->ring = sim_ram_alloc(p->s, p->ring_bytes, 64, 64, &p->ring_bus);
	}
	if (!p->queue.entries)
		p->queue.entries = sim_own(p->s, nr * sizeof(p->queue.entries[0]));
	return p->ring && p->queue.entries ? MIRQ_OK : MIRQ_ENOMEM;
}

static enum mirq_err queue_make(struct port_stores *p, const struct mirq_store_template **out_kind,
				struct mirq_why *why)
{
	enum mirq_err err = queue_memory(p);

	if (err)
		return err;
	p->queue = (struct mirq_ims_queue){
		MIRQ_SIZED(mirq_ims_queue),
		.name = "IMS-queue",
		.command = queue_command,
		.drain = queue_drain,
		.context = p,
		.entries = p->queue.entries,
		.nr_slots = p->nr_slots[SIM_STORE_QUEUE],
		.address_bits = 64,
		.flags = MIRQ_IMS_QUEUE_COOKIES | MIRQ_IMS_QUEUE_ENABLES,
		.memory = queue_messages(p),
		.stride_bytes = QUEUE_MESSAGE_BYTES,
		.data_bytes = 8,
	};
	return mirq_ims_queue_init(&p->queue, out_kind, why);
}

static enum mirq_err mlx5_make(struct port_stores *p, const struct mirq_store_template **out_kind,
			       struct mirq_why *why)
{
	enum mirq_err err = queue_memory(p);

	if (err)
		return err;
	p->mlx5 = (struct mirq_mlx5){
		MIRQ_SIZED(mirq_mlx5),       .exec = queue_exec,
		.drain = queue_drain,        .context = p,
		.entries = p->queue.entries, .nr_slots = p->nr_slots[SIM_STORE_QUEUE],
		.opcode = QUEUE_MLX5_OPCODE,
	};
	return mirq_mlx5_init(&p->mlx5, out_kind, why);
}

/* ---- Firmware ---- */

static enum mirq_err firmware_command(struct port_stores *p, uint32_t command)
{
	uint32_t status = stores_read(p, SIM_STORE_FIRMWARE, MAILBOX_STATUS);
	uint32_t nr_done = status + 1;

	if (status == STORES_GONE)
		return MIRQ_EIO;
	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_COMMAND, command);
	status = stores_wait(p, SIM_STORE_FIRMWARE, MAILBOX_STATUS, nr_done, 0);
	if (status == STORES_GONE) {
		stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_COMMAND, MAILBOX_FORGET);
		(void)stores_read(p, SIM_STORE_FIRMWARE, MAILBOX_STATUS);
	}
	return stores_answer(status);
}

static enum mirq_err firmware_tell(void *context, const struct mirq_msg *message, uint32_t nr_log2)
{
	struct port_stores *p = context;

	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_ADDRESS_LOW, (uint32_t)message->address);
	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_ADDRESS_HIGH,
		     (uint32_t)(message->address >> 32));
	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_DATA, message->data);
	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_LOG2, nr_log2);
	return firmware_command(p, MAILBOX_TELL);
}

static enum mirq_err firmware_stop(void *context)
{
	return firmware_command(context, MAILBOX_STOP);
}

static enum mirq_err firmware_drain(void *context)
{
	return stores_drain(context, SIM_STORE_FIRMWARE, MAILBOX_STATUS);
}

static enum mirq_err firmware_make(struct port_stores *p,
				   const struct mirq_store_template **out_kind,
				   struct mirq_why *why)
{
	p->firmware = (struct mirq_ims_firmware){
		MIRQ_SIZED(mirq_ims_firmware),
		.name = "IMS-firmware",
		.tell = firmware_tell,
		.stop = firmware_stop,
		.drain = firmware_drain,
		.context = p,
		.address_bits = 64,
		.traits = p->device->spec->is_firmware_told_once ? MIRQ_STORE_PINNED : 0,
	};
	return mirq_ims_firmware_init(&p->firmware, out_kind, why);
}

static enum mirq_err ath11k_tell(void *context, enum mirq_ath11k_user user, uint64_t address,
				 uint32_t data, uint32_t nr_events)
{
	struct port_stores *p = context;

	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_ADDRESS_LOW, (uint32_t)address);
	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_ADDRESS_HIGH, (uint32_t)(address >> 32));
	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_DATA, data);
	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_LOG2, nr_events);
	stores_write(p, SIM_STORE_FIRMWARE, MAILBOX_USER, user);
	return firmware_command(p, MAILBOX_TELL);
}

static enum mirq_err ath11k_make(struct port_stores *p, const struct mirq_store_template **out_kind,
				 struct mirq_why *why)
{
	p->ath11k = (struct mirq_ath11k){
		MIRQ_SIZED(mirq_ath11k),
		.nr_events = p->nr_slots[SIM_STORE_FIRMWARE],
		.tell = ath11k_tell,
		.stop = firmware_stop,
		.drain = firmware_drain,
		.context = p,
		.flags = p->device->spec->is_firmware_told_once ? 0 : MIRQ_ATH11K_TOLD_AGAIN,
	};
	return mirq_ath11k_init(&p->ath11k, out_kind, why);
}

/* ---- Slots and events in registers ---- */

static struct mirq_regs stores_regs(const struct port_stores *p, enum sim_store store,
				    uint32_t nr_bytes)
{
	return (struct mirq_regs){
		.host = p->regs.host,
		.base = (volatile unsigned char *)p->regs.base + p->at[store],
		.limit_bytes = nr_bytes,
	};
}

static enum mirq_err array_make(struct port_stores *p, const struct mirq_store_template **out_kind,
				struct mirq_why *why)
{
	uint32_t nr = p->nr_slots[SIM_STORE_ARRAY];

	p->array = (struct mirq_ims_array){
		MIRQ_SIZED(mirq_ims_array),
		.name = "IMS-array",
		.regs = stores_regs(p, SIM_STORE_ARRAY, nr * ARRAY_STRIDE),
		.nr_slots = nr,
		.stride_bytes = ARRAY_STRIDE,
		.address_hi = 4,
		.data = 8,
		.control = 12,
		.address_bits = 64,
		.update = MIRQ_UPDATE_WORDS,
		.masked_bits = p->device->spec->is_array_unmaskable ? 0 : ARRAY_MASKED,
		.used_bits = ARRAY_USED,
		.cookie_bits = ARRAY_COOKIE,
		.pending_bits = ARRAY_PENDING,
	};
	return mirq_ims_array_init(&p->array, out_kind, why);
}

static enum mirq_err events_make(struct port_stores *p, const struct mirq_store_template **out_kind,
				 struct mirq_why *why)
{
	uint32_t nr = p->nr_slots[SIM_STORE_REGISTERS];

	for (uint32_t i = 0; i < nr; i++) {
		uint32_t at = EVENTS_FIRST + i * EVENTS_STRIDE;

		p->sets[i] = (struct mirq_ims_registers_set){
			.data = at,
			.address_lo = at + 4,
			.address_hi = at + 8,
			.masked_bits = 1u << i,
			.pending_bits = 0x100u << i,
		};
	}
	p->events = (struct mirq_ims_registers){
		MIRQ_SIZED(mirq_ims_registers),
		.name = "IMS-registers",
		.regs = stores_regs(p, SIM_STORE_REGISTERS, EVENTS_FIRST + nr * EVENTS_STRIDE),
		.sets = p->sets,
		.nr_slots = nr,
		.address_bits = 64,
		.update = MIRQ_UPDATE_WORDS,
		.traits = p->device->spec->is_registers_losing ? MIRQ_STORE_MASK_LOSES : 0,
	};
	return mirq_ims_registers_init(&p->events, out_kind, why);
}

/* ---- Attaching ---- */

/* Where its stores are, from the device itself. */
static enum mirq_err stores_find(struct port_stores *p)
{
	for (uint32_t store = SIM_STORE_ARRAY; store < SIM_NR_STORES; store++) {
		uint32_t at = STORES_TABLE + 8 * (store - SIM_STORE_ARRAY);

		p->nr_slots[store] = mirq_regs_read32(&p->regs, at);
		p->at[store] = mirq_regs_read32(&p->regs, at + 4);
		if (p->nr_slots[store] == STORES_GONE || p->at[store] == STORES_GONE)
			return MIRQ_EIO;
	}
	p->is_found = 1;
	return MIRQ_OK;
}

static struct port_stores *stores_make(struct sim *s, struct sim_device *d)
{
	struct port *port = port_make(s);
	struct port_stores *p = port->stores[d->index];

	if (p)
		return p;
	p = sim_own(s, sizeof(*p));
	if (!p)
		return NULL;
	p->s = s;
	p->device = d;
	p->regs = (struct mirq_regs){
		.host = sim_host(s),
		.base = (volatile void *)(uintptr_t)(SIM_MAPPED | sim_device_registers(d)),
		.limit_bytes = (uint32_t)d->bar_bytes,
	};
	port->stores[d->index] = p;
	return p;
}

static enum mirq_err stores_kind(struct port_stores *p, enum sim_store store,
				 struct mirq_store_init *init)
{
	switch (store) {
	case SIM_STORE_ARRAY:
		init->data = &p->array;
		if (!p->device->spec->is_array_idxd)
			return array_make(p, &init->kind, init->why);
		init->data = &p->idxd;
		p->idxd = (struct mirq_idxd){ MIRQ_SIZED(mirq_idxd), .regs = p->regs };
		return mirq_idxd_init(&p->idxd, &init->kind, init->why);
	case SIM_STORE_QUEUE:
		init->data = p->device->spec->is_queue_mlx5 ? &p->mlx5.queue : &p->queue;
		if (p->device->spec->is_queue_mlx5)
			return mlx5_make(p, &init->kind, init->why);
		return queue_make(p, &init->kind, init->why);
	case SIM_STORE_REGISTERS:
		init->data = &p->events;
		return events_make(p, &init->kind, init->why);
	case SIM_STORE_FIRMWARE:
		init->data = p->device->spec->is_firmware_ath11k ? &p->ath11k.firmware
								 : &p->firmware;
		if (p->device->spec->is_firmware_ath11k)
			return ath11k_make(p, &init->kind, init->why);
		return firmware_make(p, &init->kind, init->why);
	default:
		return MIRQ_ENOENT;
	}
}

enum mirq_err sim_store_attach(struct sim *s, struct mirq_device *dev, enum sim_store store,
			       struct mirq_why *why, struct mirq_store **out_store)
{
	struct sim_device *d = sim_device(s, mirq_device_name(dev));
	struct port_stores *p = d ? stores_make(s, d) : NULL;
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .why = why };
	enum mirq_err err = p ? MIRQ_OK : MIRQ_ENOMEM;

	if (!err && !p->is_found)
		err = stores_find(p);
	if (err)
		return err;
	init.nr_slots = p->nr_slots[store];
	if (store == SIM_STORE_PEER)
		err = port_ntb_kind(s, d, &init);
	else if (!init.nr_slots)
		err = MIRQ_ENOENT;
	else
		err = stores_kind(p, store, &init);
	if (err)
		return err;
	err = mirq_store_attach(dev, &init, &p->stores[store]);
	if (err)
		p->stores[store] = NULL;
	else
		*out_store = p->stores[store];
	return err;
}

enum sim_store sim_store_of(const struct sim *s, const struct mirq_store *store, int is_msix)
{
	for (uint32_t i = 0; s->port && i < s->spec.nr_devices; i++) {
		const struct port_stores *p = port_of(s)->stores[i];

		for (uint32_t k = SIM_STORE_ARRAY; p && k < SIM_NR_STORES; k++)
			if (p->stores[k] == store)
				return (enum sim_store)k;
	}
	return is_msix ? SIM_STORE_MSIX : SIM_STORE_MSI;
}

void sim_stores_forget(struct sim *s, const struct sim_device *device)
{
	for (uint32_t i = 0; s->port && i < s->spec.nr_devices; i++) {
		struct port_stores *p = port_of(s)->stores[i];

		if (!p || (device && p->device != device))
			continue;
		if (p->ring)
			(void)sim_ram_free(s, p->ring, p->ring_bytes);
		p->ring = NULL;
		memset(p->stores, 0, sizeof(p->stores));
	}
}
