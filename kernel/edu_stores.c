/* SPDX-License-Identifier: MIT */
/*
 * The three stores, and edu as the device that keeps and sends their messages.
 *
 * Source: QEMU docs/specs/edu.txt (DMA); layouts and commands are made up.
 * Locking: none; CPU 0.
 */
#include "edu_stores.h"

#include <stddef.h>

#include <mirq/ims_array.h>
#include <mirq/ims_firmware.h>
#include <mirq/ims_queue.h>

#include "edu.h"
#include "kstring.h"
#include "mirq_port.h"

enum {
	NR_ARRAY = 3,
	NR_QUEUE = 2,
	NR_FIRMWARE_LOG2 = 2,
	WORD_BYTES = 4,
	/* In the device's buffer. */
	AT_ARRAY = 0,
	AT_QUEUE = 0x100,
	AT_FIRMWARE = 0x200
};

#define CONTROL_MASKED 1u
#define CONTROL_COOKIE 0xfffff000u
#define COOKIE_SHIFT 12

static struct firing_device *device;

static enum mirq_err drain(void *context)
{
	(void)context;
	(void)pci_config_read(device->function->rid, 0, 4);
	return MIRQ_OK;
}

/* ---- Slots in memory ---- */

struct slot { /* as it lies there */
	uint32_t address_lo, address_hi, data, control;
};

static volatile struct slot table[NR_ARRAY] __attribute__((aligned(64)));
static struct mirq_ims_array array = {
	MIRQ_SIZED(mirq_ims_array),
	.name = "EDU-SLOTS",
	.nr_slots = NR_ARRAY,
	.stride_bytes = sizeof(struct slot),
	.address_lo = offsetof(struct slot, address_lo),
	.address_hi = offsetof(struct slot, address_hi),
	.data = offsetof(struct slot, data),
	.control = offsetof(struct slot, control),
	.address_bits = 64,
	.update = MIRQ_UPDATE_WORDS,
	.masked_bits = CONTROL_MASKED,
	.cookie_bits = CONTROL_COOKIE,
};

static enum mirq_err array_init(const struct mirq_store_template **out_kind, struct mirq_why *why)
{
	array.regs = (struct mirq_regs){ port_host(), table, sizeof(table) };
	return mirq_ims_array_init(&array, out_kind, why);
}

static bool array_send(uint32_t i)
{
	uint64_t address = (uint64_t)table[i].address_hi << 32 | table[i].address_lo;

	return !(table[i].control & CONTROL_MASKED) &&
	       edu_dma_fetch(device, (uint64_t)&table[i].data, WORD_BYTES, AT_ARRAY) &&
	       edu_dma_store(device, address, WORD_BYTES, AT_ARRAY);
}

static uint64_t array_state(uint32_t i)
{
	const volatile struct slot *s = &table[i];

	return (uint64_t)s->address_lo << 32 ^ (uint64_t)s->address_hi << 16 ^
	       (uint64_t)s->data << 8 ^ s->control;
}

static bool array_is_silent(uint32_t i, uint64_t cookie)
{
	return table[i].control == (cookie << COOKIE_SHIFT | CONTROL_MASKED);
}

/* ---- Messages in memory, fetched by command ---- */

static struct { /* as it lies in memory */
	uint64_t address;
	uint32_t data, unused;
} queue_memory[NR_QUEUE] __attribute__((aligned(64)));

static struct { /* what the device knows */
	uint64_t address, cookie;
	bool is_enabled;
	uint32_t nr_commands;
} queue_slots[NR_QUEUE];

static struct mirq_ims_queue_entry queue_entries[NR_QUEUE];

static enum mirq_err queue_command(void *context, enum mirq_ims_queue_op op, uint32_t index,
				   const struct mirq_msg *msg, uint64_t cookie)
{
	(void)context;
	(void)msg;
	queue_slots[index].nr_commands++;
	if (op == MIRQ_IMS_QUEUE_COOKIE)
		queue_slots[index].cookie = cookie;
	else if (op != MIRQ_IMS_QUEUE_MESSAGE)
		queue_slots[index].is_enabled = op == MIRQ_IMS_QUEUE_ENABLE;
	else if (!edu_dma_fetch(device, (uint64_t)&queue_memory[index].data, WORD_BYTES,
				AT_QUEUE + index * WORD_BYTES))
		return MIRQ_EIO;
	else
		queue_slots[index].address = queue_memory[index].address;
	return MIRQ_OK;
}

static struct mirq_ims_queue queue = {
	MIRQ_SIZED(mirq_ims_queue), .name = "EDU-QUEUE",
	.command = queue_command,   .drain = drain,
	.entries = queue_entries,   .nr_slots = NR_QUEUE,
	.address_bits = 64,         .flags = MIRQ_IMS_QUEUE_COOKIES | MIRQ_IMS_QUEUE_ENABLES,
	.memory = queue_memory,     .stride_bytes = sizeof(queue_memory[0]),
	.address_bytes = 0,         .data_bytes = 8,
};

static enum mirq_err queue_init(const struct mirq_store_template **out_kind, struct mirq_why *why)
{
	return mirq_ims_queue_init(&queue, out_kind, why);
}

static bool queue_send(uint32_t i)
{
	return queue_slots[i].is_enabled &&
	       edu_dma_store(device, queue_slots[i].address, WORD_BYTES, AT_QUEUE + i * WORD_BYTES);
}

static uint64_t queue_state(uint32_t i)
{
	return queue_slots[i].nr_commands;
}

static bool queue_is_silent(uint32_t i, uint64_t cookie)
{
	return !queue_slots[i].is_enabled && (!cookie || queue_slots[i].cookie == cookie);
}

/* ---- One message, told to firmware ---- */

static struct {
	uint64_t address;
	uint32_t nr_log2;
	bool is_running;
	uint32_t nr_told;
} firmware_knows;

/* The device adds the event's number: here while it fetches. */
static enum mirq_err firmware_tell(void *context, const struct mirq_msg *message, uint32_t nr_log2)
{
	static uint32_t words[1 << NR_FIRMWARE_LOG2] __attribute__((aligned(64)));

	(void)context;
	for (uint32_t i = 0; i < 1 << NR_FIRMWARE_LOG2; i++)
		words[i] = message->data + i;
	if (!edu_dma_fetch(device, (uint64_t)words, sizeof(words), AT_FIRMWARE))
		return MIRQ_EIO;
	firmware_knows.address = message->address;
	firmware_knows.nr_log2 = nr_log2;
	firmware_knows.is_running = true;
	firmware_knows.nr_told++;
	return MIRQ_OK;
}

static enum mirq_err firmware_stop(void *context)
{
	(void)context;
	firmware_knows.is_running = false;
	return MIRQ_OK;
}

static struct mirq_ims_firmware firmware = {
	MIRQ_SIZED(mirq_ims_firmware), .name = "EDU-FIRMWARE", .tell = firmware_tell,
	.stop = firmware_stop,         .drain = drain,         .address_bits = 64,
};

static enum mirq_err firmware_init(const struct mirq_store_template **out_kind,
				   struct mirq_why *why)
{
	return mirq_ims_firmware_init(&firmware, out_kind, why);
}

static bool firmware_send(uint32_t i)
{
	return firmware_knows.is_running && i >> firmware_knows.nr_log2 == 0 &&
	       edu_dma_store(device, firmware_knows.address, WORD_BYTES,
			     AT_FIRMWARE + i * WORD_BYTES);
}

static uint64_t firmware_state(uint32_t i)
{
	(void)i;
	return firmware_knows.nr_told;
}

static bool firmware_is_silent(uint32_t i, uint64_t cookie)
{
	(void)i;
	(void)cookie;
	return !firmware_knows.is_running;
}

/* ---- All of them ---- */

static const uint64_t cookies[] = { 0x5a, 0x5b, 0xabcde };

static struct edu_store stores[EDU_NR_STORES] = {
	{ .name = "edu-slots",
	  .nr_slots = NR_ARRAY,
	  .cookies = cookies,
	  .data = &array,
	  .init = array_init,
	  .send = array_send,
	  .state = array_state,
	  .is_silent = array_is_silent },
	{ .name = "edu-queue",
	  .nr_slots = NR_QUEUE,
	  .cookies = cookies,
	  .data = &queue,
	  .init = queue_init,
	  .send = queue_send,
	  .state = queue_state,
	  .is_silent = queue_is_silent },
	{ .name = "edu-firmware",
	  .nr_slots = 1 << NR_FIRMWARE_LOG2,
	  .is_block = true,
	  .data = &firmware,
	  .init = firmware_init,
	  .send = firmware_send,
	  .state = firmware_state,
	  .is_silent = firmware_is_silent },
};

void edu_stores_open(struct firing_device *d)
{
	device = d;
}

struct edu_store *edu_store_at(uint32_t index)
{
	return &stores[index];
}
