/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng on PCI: an entropy device whose one queue may send any of its MSI-X vectors. To fire
 * vector k, queue_msix_vector is set to k, read back, and one buffer is offered: the device fills
 * it and sends k.
 *
 * What it is not: a source of random numbers; what arrives is not looked at. Nor does it speak the
 * legacy interface: a transitional device is driven through its modern one.
 * Sources: [VIRTIO] 2.7 (split queues), 3.1 (initialization), 4.1.4 (PCI capabilities, common
 * configuration), 4.1.5.1 (MSI-X vectors), 5.4 (entropy device).
 * Locking: one caller of fire at a time; the handler touches nothing here.
 */
#include "device.h"

#include <stddef.h>

#include <mirq/io.h>

#include "clock.h"
#include "console.h"
#include "heap.h"
#include "kstring.h"
#include "mmio.h"
#include "x86.h"

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_RNG_TRANSITIONAL 0x1005
#define VIRTIO_RNG_MODERN 0x1044

/* Vendor capability of configuration space. [VIRTIO] 4.1.4. */
#define PCI_CAPABILITY_VENDOR 0x09
#define CAPABILITY_NEXT 0x01
#define CAPABILITY_KIND 0x03
#define CAPABILITY_BAR 0x04
#define CAPABILITY_OFFSET 0x08
#define CAPABILITY_LENGTH 0x0c
#define CAPABILITY_NOTIFY_STEP 0x10
#define KIND_COMMON 1
#define KIND_NOTIFY 2

/* Common configuration. [VIRTIO] 4.1.4.3. */
#define COMMON_DEVICE_FEATURE_SELECT 0x00
#define COMMON_DEVICE_FEATURE 0x04
#define COMMON_DRIVER_FEATURE_SELECT 0x08
#define COMMON_DRIVER_FEATURE 0x0c
#define COMMON_CONFIG_VECTOR 0x10
#define COMMON_NR_QUEUES 0x12
#define COMMON_STATUS 0x14
#define COMMON_QUEUE_SELECT 0x16
#define COMMON_QUEUE_SIZE 0x18
#define COMMON_QUEUE_VECTOR 0x1a
#define COMMON_QUEUE_ENABLE 0x1c
#define COMMON_QUEUE_NOTIFY_OFFSET 0x1e
#define COMMON_QUEUE_DESCRIPTORS 0x20
#define COMMON_QUEUE_AVAILABLE 0x28
#define COMMON_QUEUE_USED 0x30
#define COMMON_BYTES 0x38

#define STATUS_ACKNOWLEDGE 0x01u
#define STATUS_DRIVER 0x02u
#define STATUS_DRIVER_OK 0x04u
#define STATUS_FEATURES_OK 0x08u

#define FEATURE_HIGH_VERSION_1 0x1u /* feature 32 */
#define NO_VECTOR 0xffffu
#define DESCRIPTOR_WRITE 2u /* the device writes the buffer */

enum {
	MAX_CAPABILITIES = 48,
	FIRST_CAPABILITY = 0x40,
	MAX_QUEUE_SIZE = 64, /* of what the device offers; a power of two */
	BUFFER_BYTES = 8,
	LIMIT_NS = 1000000000,
};

struct descriptor {
	uint64_t address;
	uint32_t length_bytes;
	uint16_t flags, next;
};

struct available_ring {
	uint16_t flags, index;
	uint16_t heads[MAX_QUEUE_SIZE];
};

struct used_ring {
	uint16_t flags, index;
	struct {
		uint32_t head, length_bytes;
	} entries[MAX_QUEUE_SIZE];
};

/* What the device reads and writes: one page. */
struct rings {
	struct descriptor descriptors[MAX_QUEUE_SIZE];
	struct available_ring available;
	struct used_ring used;
	uint64_t buffer;
};

struct virtio_rng {
	volatile char *common, *notify; /* mapped windows */
	uint32_t notify_bytes, notify_step_bytes;
	uint32_t notify_at; /* of the queue, in its window */
	uint32_t queue_size;
	uint16_t nr_offered; /* buffers, modulo 2^16 like the rings' indices */
	volatile struct rings *rings;
};

/* The window that a capability describes, or NULL with the reason printed. */
static char *map_window(struct firing_device *d, uint32_t at, uint32_t min_bytes,
			uint32_t *out_bytes)
{
	uint32_t rid = d->function->rid;
	uint32_t bar = pci_config_read(rid, at + CAPABILITY_BAR, 1);
	uint32_t offset = pci_config_read(rid, at + CAPABILITY_OFFSET, 4);
	uint32_t length = pci_config_read(rid, at + CAPABILITY_LENGTH, 4);
	char *base = bar < PCI_NR_BARS ? pci_map_bar(d->function, bar) : NULL;

	if (!base || length < min_bytes ||
	    (uint64_t)offset + length > d->function->bars[bar].range.size_bytes) {
		print("%s: capability at 0x%x: BAR %u, %u bytes at 0x%x: no such memory\n", d->name,
		      at, bar, length, offset);
		return NULL;
	}
	*out_bytes = length;
	return base + offset;
}

/* The capability of one kind, 0 when absent. The list is the device's: bounded. */
static uint32_t find_capability(const struct pci_function *f, uint32_t kind)
{
	uint32_t at = pci_find_capability(f, PCI_CAPABILITY_VENDOR);

	for (uint32_t i = 0; i < MAX_CAPABILITIES && at >= FIRST_CAPABILITY; i++) {
		if (pci_config_read(f->rid, at, 1) == PCI_CAPABILITY_VENDOR &&
		    pci_config_read(f->rid, at + CAPABILITY_KIND, 1) == kind)
			return at;
		at = pci_config_read(f->rid, at + CAPABILITY_NEXT, 1) & ~3u;
	}
	return 0;
}

static bool map_windows(struct firing_device *d, struct virtio_rng *v)
{
	uint32_t common_at = find_capability(d->function, KIND_COMMON);
	uint32_t notify_at = find_capability(d->function, KIND_NOTIFY);
	uint32_t common_bytes;

	if (!common_at || !notify_at) {
		print("%s: no modern interface (virtio 1.0): cannot drive it\n", d->name);
		return false;
	}
	v->common = map_window(d, common_at, COMMON_BYTES, &common_bytes);
	v->notify = map_window(d, notify_at, 2, &v->notify_bytes);
	v->notify_step_bytes = pci_config_read(d->function->rid, notify_at + CAPABILITY_NOTIFY_STEP,
					       4);
	return v->common && v->notify;
}

/* Reset has happened when the status reads 0. [VIRTIO] 4.1.4.3.2. */
static bool reset(struct firing_device *d, struct virtio_rng *v)
{
	uint64_t start_ns = clock_now_ns();

	mmio_write8(v->common, COMMON_STATUS, 0);
	while (mmio_read8(v->common, COMMON_STATUS)) {
		if (clock_now_ns() - start_ns > LIMIT_NS) {
			print("%s: status 0x%x a second after reset\n", d->name,
			      mmio_read8(v->common, COMMON_STATUS));
			return false;
		}
		x86_pause();
	}
	return true;
}

static bool rng_open(struct firing_device *d)
{
	struct virtio_rng *v = heap_alloc(sizeof(*v), 0);

	if (!v)
		return false;
	v->rings = heap_alloc(sizeof(*v->rings), 4096);
	if (!v->rings || !map_windows(d, v) || !reset(d, v)) {
		heap_free((void *)(uintptr_t)v->rings, sizeof(*v->rings));
		heap_free(v, sizeof(*v));
		return false;
	}
	d->data = v;
	return true;
}

/* Version 1 and nothing else. */
static bool negotiate(struct firing_device *d, struct virtio_rng *v)
{
	volatile char *c = v->common;

	mmio_write8(c, COMMON_STATUS, STATUS_ACKNOWLEDGE);
	mmio_write8(c, COMMON_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	mmio_write32(c, COMMON_DEVICE_FEATURE_SELECT, 1);
	if (!(mmio_read32(c, COMMON_DEVICE_FEATURE) & FEATURE_HIGH_VERSION_1)) {
		print("%s: does not offer virtio 1.0\n", d->name);
		return false;
	}
	mmio_write32(c, COMMON_DRIVER_FEATURE_SELECT, 0);
	mmio_write32(c, COMMON_DRIVER_FEATURE, 0);
	mmio_write32(c, COMMON_DRIVER_FEATURE_SELECT, 1);
	mmio_write32(c, COMMON_DRIVER_FEATURE, FEATURE_HIGH_VERSION_1);
	mmio_write8(c, COMMON_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	if (!(mmio_read8(c, COMMON_STATUS) & STATUS_FEATURES_OK)) {
		print("%s: refuses the features that it offered\n", d->name);
		return false;
	}
	return true;
}

static void write_address(volatile char *c, uint32_t offset, volatile void *address)
{
	mmio_write32(c, offset, (uint32_t)(uintptr_t)address);
	mmio_write32(c, offset + 4, (uint32_t)((uintptr_t)address >> 32));
}

/* Queue 0, with every descriptor naming the one buffer. */
static bool set_up_queue(struct firing_device *d, struct virtio_rng *v)
{
	volatile char *c = v->common;
	uint32_t size, offset;

	mmio_write16(c, COMMON_QUEUE_SELECT, 0);
	size = mmio_read16(c, COMMON_QUEUE_SIZE);
	offset = mmio_read16(c, COMMON_QUEUE_NOTIFY_OFFSET);
	v->notify_at = offset * v->notify_step_bytes;
	if (!size || size & (size - 1) ||
	    (uint64_t)offset * v->notify_step_bytes + 2 > v->notify_bytes) {
		print("%s: queue 0 of %u entries, notified at %u * %u of %u bytes: no use\n",
		      d->name, size, offset, v->notify_step_bytes, v->notify_bytes);
		return false;
	}
	v->queue_size = size < MAX_QUEUE_SIZE ? size : MAX_QUEUE_SIZE;
	mmio_write16(c, COMMON_QUEUE_SIZE, (uint16_t)v->queue_size);
	memset((void *)(uintptr_t)v->rings, 0, sizeof(*v->rings));
	v->nr_offered = 0;
	for (uint32_t i = 0; i < v->queue_size; i++) {
		v->rings->descriptors[i].address = (uintptr_t)&v->rings->buffer;
		v->rings->descriptors[i].length_bytes = BUFFER_BYTES;
		v->rings->descriptors[i].flags = DESCRIPTOR_WRITE;
	}
	write_address(c, COMMON_QUEUE_DESCRIPTORS, &v->rings->descriptors);
	write_address(c, COMMON_QUEUE_AVAILABLE, &v->rings->available);
	write_address(c, COMMON_QUEUE_USED, &v->rings->used);
	mmio_write16(c, COMMON_CONFIG_VECTOR, NO_VECTOR);
	mmio_write16(c, COMMON_QUEUE_VECTOR, NO_VECTOR);
	mmio_write16(c, COMMON_QUEUE_ENABLE, 1);
	return true;
}

static bool rng_start(struct firing_device *d)
{
	struct virtio_rng *v = d->data;

	if (!reset(d, v) || !negotiate(d, v) || !set_up_queue(d, v))
		return false;
	mmio_write8(v->common, COMMON_STATUS,
		    STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	return true;
}

/*
 * The device has returned all buffers: it owes no message, so its vector may change. [VIRTIO]
 * lets it send a message later than it marks the buffer used; who fires two vectors in a row
 * without waiting for the first handler accepts that.
 */
static bool is_idle(struct virtio_rng *v)
{
	uint64_t start_ns = clock_now_ns();

	while (v->rings->used.index != v->nr_offered) {
		if (clock_now_ns() - start_ns > LIMIT_NS)
			return false;
		x86_pause();
	}
	return true;
}

static bool set_vector(struct virtio_rng *v, uint32_t slot)
{
	mmio_write16(v->common, COMMON_QUEUE_SELECT, 0);
	mmio_write16(v->common, COMMON_QUEUE_VECTOR, (uint16_t)slot);
	return mmio_read16(v->common, COMMON_QUEUE_VECTOR) == slot;
}

/* Order: ring entry, index, notification; another order hands the device what is not there yet. */
static void offer_buffer(struct virtio_rng *v)
{
	uint32_t at = v->nr_offered & (v->queue_size - 1);

	v->rings->available.heads[at] = (uint16_t)at;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	v->rings->available.index = ++v->nr_offered;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	mmio_write16(v->notify, v->notify_at, 0);
}

/* A device that does not take the vector is not asked: the event counts as lost. */
static void rng_fire(struct firing_device *d, uint32_t slot)
{
	struct virtio_rng *v = d->data;

	firing_count_raised(d, slot);
	if (!is_idle(v))
		print("%s: holds a buffer for a second: asked no more\n", d->name);
	else if (!set_vector(v, slot))
		print("%s: does not take vector %u\n", d->name, slot);
	else
		offer_buffer(v);
}

static void rng_stop(struct firing_device *d)
{
	(void)reset(d, d->data);
}

/* Transitional on a root bus, modern behind a port; the modern interface is the one used. */
const struct firing_driver virtio_rng_driver = {
	.name = "virtio-rng",
	.vendor = VIRTIO_VENDOR,
	.device = VIRTIO_RNG_TRANSITIONAL,
	.other_device = VIRTIO_RNG_MODERN,
	.kinds = MIRQ_PCI_MSIX,
	.open = rng_open,
	.start = rng_start,
	.fire = rng_fire,
	.stop = rng_stop,
};
