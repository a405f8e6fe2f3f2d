/* SPDX-License-Identifier: MIT */
/*
 * An xHCI controller made to send any message of its multi-message MSI: interrupter k sends message
 * k, and a control transfer of an attached USB device may name the interrupter that reports it. To
 * fire k: SET_CONFIGURATION(0) on endpoint 0, whose status stage names k.
 *
 * What it is not: a USB driver. One device on one port gets an address and is told the above; it
 * must be there (any kind). Bring-up reads the event ring of interrupter 0 with interrupts off;
 * all later events are taken in handlers.
 * Sources: [XHCI] 4.2 (initialization), 4.3 (device), 4.9 (rings), 4.11.2.2 (control transfers),
 * 4.17 (interrupters); [USB2] 9.4.7 (SET_CONFIGURATION 0 is allowed in the addressed state).
 * Locking: one caller of fire at a time; an event ring belongs to the handler of its slot.
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
#include "xhci_regs.h"

#define XHCI_VENDOR 0x1033
#define XHCI_DEVICE 0x0194

enum {
	PAGE = 4096,
	MAX_INTERRUPTERS = 32,
	NR_EVENTS = 64, /* of one interrupter's ring */
	NR_TRBS = 255,  /* of a ring that the controller reads, without the link that ends it */
	LIMIT_NS = 1000000000,
};

struct trb {
	uint64_t parameter;
	uint32_t status, control;
};

/* A ring that the kernel fills: a page, of which the last TRB links to the first. */
struct ring {
	volatile struct trb *trbs;
	uint32_t at, cycle;
};

struct event_ring {
	volatile struct trb *trbs;
	uint32_t at, cycle;
	uint64_t nr_events; /* written by the handler, read by fire, atomically */
};

/* What the controller reads and writes. Contexts have room for both sizes. */
struct shared {
	struct trb commands[PAGE / sizeof(struct trb)];
	struct trb transfers[PAGE / sizeof(struct trb)];
	uint32_t input[PAGE / 4];
	uint32_t output[PAGE / 4];
	uint64_t devices[PAGE / 8];
	uint64_t scratchpads[PAGE / 8];
	struct {
		uint64_t address;
		uint32_t nr_trbs, reserved;
	} segments[MAX_INTERRUPTERS][4]; /* 64 bytes apart */
	struct trb events[MAX_INTERRUPTERS][NR_EVENTS];
};

struct xhci {
	volatile char *operational, *runtime, *doorbells;
	volatile struct shared *shared;
	uint32_t nr_interrupters, nr_ports, max_slots, nr_scratchpads, context_bytes;
	uint32_t slot; /* of the USB device */
	struct ring commands, transfers;
	uint64_t nr_transfers;
	struct event_ring events[MAX_INTERRUPTERS];
};

static uint64_t bus_address(const volatile void *memory)
{
	return (uintptr_t)memory;
}

static void write_address(volatile char *base, uint32_t offset, uint64_t address)
{
	mmio_write32(base, offset, (uint32_t)address);
	mmio_write32(base, offset + 4, (uint32_t)(address >> 32));
}

/* Until the bits of @mask read as @value; all ones is a controller that is gone. */
static bool wait_for(volatile char *base, uint32_t offset, uint64_t mask, uint64_t value)
{
	uint64_t start_ns = clock_now_ns();

	for (;;) {
		uint32_t now = mmio_read32(base, offset);

		if (now == UINT32_MAX || clock_now_ns() - start_ns > LIMIT_NS)
			return false;
		if ((now & mask) == value)
			return true;
		x86_pause();
	}
}

static bool reset(struct xhci *x)
{
	mmio_write32(x->operational, XHCI_USBCMD, 0);
	if (!wait_for(x->operational, XHCI_USBSTS, MIRQ_FIELD_MASK(XHCI_USBSTS_HCH), 1))
		return false;
	mmio_write32(x->operational, XHCI_USBCMD, (uint32_t)MIRQ_FIELD_MASK(XHCI_USBCMD_HCRST));
	return wait_for(x->operational, XHCI_USBCMD, MIRQ_FIELD_MASK(XHCI_USBCMD_HCRST), 0) &&
	       wait_for(x->operational, XHCI_USBSTS, MIRQ_FIELD_MASK(XHCI_USBSTS_CNR), 0);
}

/* The capability registers are the device's word: everything they say is checked. */
static bool read_parameters(struct firing_device *d, struct xhci *x)
{
	char *base = pci_map_bar(d->function, 0);
	uint64_t size = d->function->bars[0].range.size_bytes;
	uint32_t params1, params2, params3, operational, doorbells, runtime;

	if (!base || size < XHCI_PORTSC) {
		print("%s: BAR 0 has no address or only 0x%lx bytes\n", d->name, size);
		return false;
	}
	operational = mmio_read8(base, XHCI_CAPLENGTH);
	params1 = mmio_read32(base, XHCI_HCSPARAMS1);
	params2 = mmio_read32(base, XHCI_HCSPARAMS2);
	params3 = mmio_read32(base, XHCI_HCCPARAMS1);
	doorbells = mmio_read32(base, XHCI_DBOFF) & ~3u;
	runtime = mmio_read32(base, XHCI_RTSOFF) & ~31u;
	x->nr_interrupters = (uint32_t)MIRQ_GET(params1, XHCI_HCSPARAMS1_INTERRUPTERS);
	x->nr_ports = (uint32_t)MIRQ_GET(params1, XHCI_HCSPARAMS1_PORTS);
	x->max_slots = (uint32_t)MIRQ_GET(params1, XHCI_HCSPARAMS1_SLOTS);
	x->nr_scratchpads = (uint32_t)(MIRQ_GET(params2, XHCI_HCSPARAMS2_SCRATCHPADS_HI) << 5 |
				       MIRQ_GET(params2, XHCI_HCSPARAMS2_SCRATCHPADS_LO));
	x->context_bytes = MIRQ_GET(params3, XHCI_HCCPARAMS1_CSZ) ? 64 : 32;
	if (x->nr_interrupters > MAX_INTERRUPTERS)
		x->nr_interrupters = MAX_INTERRUPTERS;
	if (params1 == UINT32_MAX || !x->nr_interrupters || !x->max_slots ||
	    x->nr_scratchpads > PAGE / 8 ||
	    operational + XHCI_PORTSC + x->nr_ports * XHCI_PORTSC_STEP > size ||
	    (uint64_t)doorbells + 4 * (x->max_slots + 1) > size ||
	    (uint64_t)runtime + XHCI_INTERRUPTER + x->nr_interrupters * XHCI_INTERRUPTER_STEP >
		    size) {
		print("%s: parameters make no sense: 0x%x 0x%x 0x%x, doorbells 0x%x, runtime "
		      "0x%x\n",
		      d->name, params1, params2, params3, doorbells, runtime);
		return false;
	}
	x->operational = base + operational;
	x->doorbells = base + doorbells;
	x->runtime = base + runtime;
	return true;
}

static bool alloc_scratchpads(struct xhci *x)
{
	for (uint32_t i = 0; i < x->nr_scratchpads; i++) {
		void *page = heap_alloc(PAGE, PAGE);

		if (!page)
			return false;
		x->shared->scratchpads[i] = bus_address(page);
	}
	if (x->nr_scratchpads)
		x->shared->devices[0] = bus_address(x->shared->scratchpads);
	return true;
}

static bool xhci_open(struct firing_device *d)
{
	struct xhci *x = heap_alloc(sizeof(*x), 0);

	if (!x)
		return false;
	x->shared = heap_alloc(sizeof(*x->shared), PAGE);
	if (!x->shared || !read_parameters(d, x))
		return false;
	if (!reset(x)) {
		print("%s: no reset within a second: status 0x%x\n", d->name,
		      mmio_read32(x->operational, XHCI_USBSTS));
		return false;
	}
	if (d->nr_vectors > x->nr_interrupters)
		d->nr_vectors = x->nr_interrupters;
	d->data = x;
	return true;
}

static volatile char *interrupter(const struct xhci *x, uint32_t k)
{
	return x->runtime + XHCI_INTERRUPTER + k * XHCI_INTERRUPTER_STEP;
}

static void begin_ring(struct ring *r, volatile struct trb *trbs)
{
	memset((void *)(uintptr_t)trbs, 0, PAGE);
	*r = (struct ring){ trbs, 0, 1 };
	trbs[NR_TRBS].parameter = bus_address(trbs);
}

/* The cycle bit is written last: it hands the TRB over. The link goes with the last TRB. */
static void put_trb(struct ring *r, struct trb trb)
{
	volatile struct trb *to = &r->trbs[r->at];

	to->parameter = trb.parameter;
	to->status = trb.status;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	to->control = (uint32_t)MIRQ_SET(trb.control, XHCI_TRB_CYCLE, r->cycle);
	if (++r->at < NR_TRBS)
		return;
	r->trbs[NR_TRBS].control = (uint32_t)(MIRQ_SET(0, XHCI_TRB_TYPE, XHCI_TYPE_LINK) |
					      MIRQ_SET(0, XHCI_TRB_TOGGLE_CYCLE, 1) | r->cycle);
	r->at = 0;
	r->cycle ^= 1;
}

static void begin_interrupter(struct xhci *x, uint32_t k)
{
	volatile char *i = interrupter(x, k);
	struct event_ring *e = &x->events[k];

	*e = (struct event_ring){ x->shared->events[k], 0, 1, 0 };
	memset((void *)(uintptr_t)e->trbs, 0, sizeof(x->shared->events[k]));
	x->shared->segments[k][0].address = bus_address(e->trbs);
	x->shared->segments[k][0].nr_trbs = NR_EVENTS;
	mmio_write32(i, XHCI_ERSTSZ, 1);
	write_address(i, XHCI_ERDP, bus_address(e->trbs));
	write_address(i, XHCI_ERSTBA, bus_address(x->shared->segments[k]));
	mmio_write32(i, XHCI_IMOD, 0);
	mmio_write32(i, XHCI_IMAN, (uint32_t)MIRQ_FIELD_MASK(XHCI_IMAN_IE));
}

static bool next_event(struct event_ring *e, struct trb *out)
{
	volatile struct trb *from = &e->trbs[e->at];
	uint32_t control = from->control;

	if ((control & 1) != e->cycle)
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	*out = (struct trb){ from->parameter, from->status, control };
	if (++e->at == NR_EVENTS) {
		e->at = 0;
		e->cycle ^= 1;
	}
	return true;
}

/* Order: the pending bit, then the pointer with the busy bit: from then on the next event sends. */
static void end_events(struct xhci *x, uint32_t k)
{
	struct event_ring *e = &x->events[k];

	mmio_write32(interrupter(x, k), XHCI_IMAN,
		     (uint32_t)(MIRQ_FIELD_MASK(XHCI_IMAN_IE) | MIRQ_FIELD_MASK(XHCI_IMAN_IP)));
	write_address(interrupter(x, k), XHCI_ERDP,
		      bus_address(&e->trbs[e->at]) | MIRQ_FIELD_MASK(XHCI_ERDP_EHB));
}

/* Bring-up only. The first command completion; port events before it are dropped. */
static bool wait_command(struct xhci *x, struct trb *out)
{
	uint64_t start_ns = clock_now_ns();

	while (clock_now_ns() - start_ns < LIMIT_NS) {
		if (!next_event(&x->events[0], out)) {
			x86_pause();
			continue;
		}
		end_events(x, 0);
		if (MIRQ_GET(out->control, XHCI_TRB_TYPE) == XHCI_TYPE_COMMAND_EVENT)
			return MIRQ_GET(out->status, XHCI_TRB_STATUS_CODE) == XHCI_CODE_SUCCESS;
	}
	return false;
}

static bool command(struct xhci *x, uint64_t parameter, uint32_t type, struct trb *out)
{
	*out = (struct trb){ 0 };
	put_trb(&x->commands, (struct trb){ parameter, 0,
					    (uint32_t)(MIRQ_SET(0, XHCI_TRB_TYPE, type) |
						       MIRQ_SET(0, XHCI_TRB_SLOT, x->slot)) });
	mmio_write32(x->doorbells, 0, 0);
	return wait_command(x, out);
}

static bool run(struct xhci *x)
{
	mmio_write32(x->operational, XHCI_CONFIG, x->max_slots);
	write_address(x->operational, XHCI_DCBAAP, bus_address(x->shared->devices));
	begin_ring(&x->commands, x->shared->commands);
	begin_ring(&x->transfers, x->shared->transfers);
	write_address(x->operational, XHCI_CRCR,
		      bus_address(x->commands.trbs) | MIRQ_FIELD_MASK(XHCI_CRCR_RCS));
	for (uint32_t k = 0; k < x->nr_interrupters; k++)
		begin_interrupter(x, k);
	mmio_write32(x->operational, XHCI_USBCMD, (uint32_t)MIRQ_FIELD_MASK(XHCI_USBCMD_RUN));
	return wait_for(x->operational, XHCI_USBSTS, MIRQ_FIELD_MASK(XHCI_USBSTS_HCH), 0);
}

/* The first port with a device, reset and enabled; 0 without one. Ports count from 1. */
static uint32_t enable_port(struct xhci *x)
{
	for (uint32_t port = 1; port <= x->nr_ports; port++) {
		uint32_t at = XHCI_PORTSC + (port - 1) * XHCI_PORTSC_STEP;
		uint32_t status = mmio_read32(x->operational, at);

		if (status == UINT32_MAX || !MIRQ_GET(status, XHCI_PORTSC_CCS))
			continue;
		mmio_write32(x->operational, at,
			     (uint32_t)(MIRQ_FIELD_MASK(XHCI_PORTSC_PP) |
					MIRQ_FIELD_MASK(XHCI_PORTSC_PR)));
		if (!wait_for(x->operational, at, MIRQ_FIELD_MASK(XHCI_PORTSC_PED),
			      MIRQ_FIELD_MASK(XHCI_PORTSC_PED)))
			continue;
		mmio_write32(x->operational, at,
			     (uint32_t)(MIRQ_FIELD_MASK(XHCI_PORTSC_PP) |
					MIRQ_FIELD_MASK(XHCI_PORTSC_CHANGES)));
		return port;
	}
	return 0;
}

static uint32_t packet_bytes(uint32_t speed)
{
	if (speed == XHCI_SPEED_LOW || speed == XHCI_SPEED_FULL)
		return 8;
	return speed == XHCI_SPEED_HIGH ? 64 : 512;
}

/* Input context: control (what is added), slot, endpoint 0. */
static void fill_input(struct xhci *x, uint32_t port)
{
	volatile uint32_t *control = x->shared->input;
	volatile uint32_t *slot = control + x->context_bytes / 4;
	volatile uint32_t *endpoint = slot + x->context_bytes / 4;
	uint32_t status = mmio_read32(x->operational, XHCI_PORTSC + (port - 1) * XHCI_PORTSC_STEP);
	uint32_t speed = (uint32_t)MIRQ_GET(status, XHCI_PORTSC_SPEED);
	uint64_t dequeue = bus_address(x->transfers.trbs);

	memset((void *)(uintptr_t)control, 0, PAGE);
	control[1] = 3;
	slot[0] = (uint32_t)(MIRQ_SET(0, XHCI_SLOT_CONTEXT_SPEED, speed) |
			     MIRQ_SET(0, XHCI_SLOT_CONTEXT_ENTRIES, 1));
	slot[1] = (uint32_t)MIRQ_SET(0, XHCI_SLOT_CONTEXT_PORT, port);
	endpoint[1] = (uint32_t)(MIRQ_SET(0, XHCI_ENDPOINT_ERRORS, 3) |
				 MIRQ_SET(0, XHCI_ENDPOINT_TYPE, XHCI_ENDPOINT_TYPE_CONTROL) |
				 MIRQ_SET(0, XHCI_ENDPOINT_PACKET_BYTES, packet_bytes(speed)));
	endpoint[2] = (uint32_t)(dequeue | MIRQ_FIELD_MASK(XHCI_ENDPOINT_DEQUEUE_CYCLE));
	endpoint[3] = (uint32_t)(dequeue >> 32);
	endpoint[4] = 8; /* average TRB length */
}

static bool address_device(struct firing_device *d, struct xhci *x)
{
	uint32_t port = enable_port(x);
	struct trb event;

	if (!port) {
		print("%s: no USB device on %u ports: nothing can be raised\n", d->name,
		      x->nr_ports);
		return false;
	}
	x->slot = 0;
	if (!command(x, 0, XHCI_TYPE_ENABLE_SLOT, &event)) {
		print("%s: no slot: code %u\n", d->name,
		      (uint32_t)MIRQ_GET(event.status, XHCI_TRB_STATUS_CODE));
		return false;
	}
	x->slot = (uint32_t)MIRQ_GET(event.control, XHCI_TRB_SLOT);
	if (!x->slot || x->slot > x->max_slots) {
		print("%s: gave slot %u of %u\n", d->name, x->slot, x->max_slots);
		return false;
	}
	memset((void *)(uintptr_t)x->shared->output, 0, PAGE);
	x->shared->devices[x->slot] = bus_address(x->shared->output);
	fill_input(x, port);
	if (!command(x, bus_address(x->shared->input), XHCI_TYPE_ADDRESS_DEVICE, &event)) {
		print("%s: device on port %u takes no address: code %u\n", d->name, port,
		      (uint32_t)MIRQ_GET(event.status, XHCI_TRB_STATUS_CODE));
		return false;
	}
	return true;
}

static bool xhci_start(struct firing_device *d)
{
	struct xhci *x = d->data;
	struct trb event;

	if (!reset(x)) {
		print("%s: no reset within a second\n", d->name);
		return false;
	}
	memset((void *)(uintptr_t)x->shared->devices, 0, PAGE);
	if (!x->shared->scratchpads[0] && !alloc_scratchpads(x))
		return false;
	if (x->nr_scratchpads)
		x->shared->devices[0] = bus_address(x->shared->scratchpads);
	x->nr_transfers = 0;
	if (!run(x) || !address_device(d, x)) {
		mmio_write32(x->operational, XHCI_USBCMD, 0);
		return false;
	}
	for (uint32_t i = 0; i < NR_EVENTS && next_event(&x->events[0], &event); i++)
		; /* of the port */
	end_events(x, 0);
	mmio_write32(
		x->operational, XHCI_USBCMD,
		(uint32_t)(MIRQ_FIELD_MASK(XHCI_USBCMD_RUN) | MIRQ_FIELD_MASK(XHCI_USBCMD_INTE)));
	return true;
}

static uint64_t nr_reported(struct xhci *x)
{
	uint64_t nr = 0;

	for (uint32_t k = 0; k < x->nr_interrupters; k++)
		nr += __atomic_load_n(&x->events[k].nr_events, __ATOMIC_ACQUIRE);
	return nr;
}

/* Transfers that no handler has seen must not fill the ring; then the event counts as lost. */
static void xhci_fire(struct firing_device *d, uint32_t slot)
{
	struct xhci *x = d->data;
	static const uint64_t set_configuration_0 = 0x0900; /* setup packet: bytes 00 09, then 0 */

	firing_count_raised(d, slot);
	if (x->nr_transfers - nr_reported(x) >= NR_TRBS / 2) {
		print("%s: %u transfers without a report: asked no more\n", d->name, NR_TRBS / 2);
		return;
	}
	x->nr_transfers++;
	put_trb(&x->transfers,
		(struct trb){ set_configuration_0, 8,
			      (uint32_t)(MIRQ_SET(0, XHCI_TRB_TYPE, XHCI_TYPE_SETUP) |
					 MIRQ_SET(0, XHCI_TRB_IDT, 1)) });
	put_trb(&x->transfers,
		(struct trb){ 0, (uint32_t)MIRQ_SET(0, XHCI_TRB_STATUS_INTERRUPTER, slot),
			      (uint32_t)(MIRQ_SET(0, XHCI_TRB_TYPE, XHCI_TYPE_STATUS) |
					 MIRQ_SET(0, XHCI_TRB_DIRECTION, 1) |
					 MIRQ_SET(0, XHCI_TRB_IOC, 1)) });
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	mmio_write32(x->doorbells, 4 * x->slot, 1); /* endpoint 0 */
}

static void xhci_acknowledge(struct firing_device *d, uint32_t slot)
{
	struct xhci *x = d->data;
	struct event_ring *e = &x->events[slot];
	struct trb event;

	for (uint32_t i = 0; i < NR_EVENTS && next_event(e, &event); i++)
		if (MIRQ_GET(event.control, XHCI_TRB_TYPE) == XHCI_TYPE_TRANSFER_EVENT)
			__atomic_add_fetch(&e->nr_events, 1, __ATOMIC_RELEASE);
	end_events(x, slot);
}

static void xhci_stop(struct firing_device *d)
{
	struct xhci *x = d->data;

	if (!reset(x))
		print("%s: does not stop\n", d->name);
}

const struct firing_driver xhci_driver = {
	.name = "xhci",
	.vendor = XHCI_VENDOR,
	.device = XHCI_DEVICE,
	.kinds = MIRQ_PCI_MSI,
	.open = xhci_open,
	.start = xhci_start,
	.fire = xhci_fire,
	.acknowledge = xhci_acknowledge,
	.stop = xhci_stop,
};
