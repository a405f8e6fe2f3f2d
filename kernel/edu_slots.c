/* SPDX-License-Identifier: MIT */
/*
 * The slots in memory, and edu as the device that sends from them.
 *
 * Source: QEMU docs/specs/edu.txt (DMA); the layout of a slot is made up.
 * Locking: none; CPU 0.
 */
#include "edu_slots.h"

#include <stddef.h>

#include <mirq/ims_array.h>

#include "console.h"
#include "edu.h"
#include "kstring.h"
#include "mirq_port.h"
#include "platform.h"
#include "scenario.h"
#include "show.h"

#define CONTROL_MASKED 1u
#define CONTROL_COOKIE 0xfffff000u
#define COOKIE_SHIFT 12

struct slot { /* as it lies in memory */
	uint32_t address_lo, address_hi, data, control;
};

static volatile struct slot table[EDU_NR_SLOTS] __attribute__((aligned(64)));
static struct platform_irq irqs[EDU_NR_SLOTS];
static struct firing_device *device;
static struct mirq_ims_array array = {
	MIRQ_SIZED(mirq_ims_array),
	.name = "EDU-SLOTS",
	.nr_slots = EDU_NR_SLOTS,
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

static bool alloc(struct mirq_store *store, struct mirq_why *why)
{
	static const uint64_t cookies[EDU_NR_SLOTS] = { 0x5a, 0x5b, 0xabcde };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .nr = EDU_NR_SLOTS,
				      .cookies = cookies, .placement = MIRQ_PLACE_SPREAD,
				      .why = why };
	struct mirq_irqs all;
	enum mirq_err err = mirq_irq_alloc(store, &want, &all);
	bool is_good = !err;

	if (err)
		show_why("edu-slots", err, why);
	for (uint32_t i = 0; i < EDU_NR_SLOTS && is_good; i++) {
		/* Placed before any message, and masked. */
		is_good = table[i].control == (cookies[i] << COOKIE_SHIFT | CONTROL_MASKED);
		irqs[i] = (struct platform_irq){ .name = "edu-slots",
						 .function = device->function,
						 .irq = mirq_irq_at(all, i) };
		is_good &= platform_request(&irqs[i]);
		is_good &= table[i].control == cookies[i] << COOKIE_SHIFT;
	}
	return is_good;
}

bool edu_slots_begin(struct firing_device *d, bool is_guest_alone)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_store_init init = { MIRQ_SIZED(mirq_store_init), .data = &array,
					.nr_slots = EDU_NR_SLOTS, .why = &why };
	struct mirq_store *store;
	enum mirq_err err;

	device = d;
	array.regs = (struct mirq_regs){ port_host(), table, sizeof(table) };
	err = mirq_ims_array_init(&array, &init.kind, &why);
	if (!err)
		err = mirq_store_supported(d->dev, init.kind, &why);
	print("ims: %s: a device-specific store is %s%s\n", d->name,
	      err ? "refused: " : "supported", err && why.text ? why.text : "");
	if (err == MIRQ_EGUEST && is_guest_alone) {
		report(mirq_store_attach(d->dev, &init, &store) == err && why.rule == 6,
		       "ims: refused by rule 6 without a remapper");
		return false;
	}
	if (!err)
		err = mirq_store_attach(d->dev, &init, &store);
	if (err)
		show_why("edu-slots", err, &why);
	report(!err && !is_guest_alone && alloc(store, &why),
	       "ims: %s: %u slots beside its %s, with cookies", d->name, EDU_NR_SLOTS,
	       d->driver->kinds & MIRQ_PCI_MSIX ? "MSI-X" : "MSI");
	return !err;
}

/* The device's part: it reads the data word from the slot and stores it to the slot's address. */
static bool send(uint32_t i)
{
	uint64_t address = (uint64_t)table[i].address_hi << 32 | table[i].address_lo;

	if (table[i].control & CONTROL_MASKED) {
		report_failure("edu-slots: slot %u is masked", i);
		return false;
	}
	platform_count_raised(&irqs[i]);
	return edu_dma_read(device, (uint64_t)&table[i].data, sizeof(table[i].data)) &&
	       edu_dma_write(device, address, sizeof(table[i].data)) && platform_wait(&irqs[i]);
}

static bool fire_on(uint32_t i, uint32_t cpu)
{
	struct slot before = table[i], after;

	if (!platform_move(&irqs[i], cpu))
		return false;
	after = table[i];
	if (memcmp(&before, &after, sizeof(before))) {
		report_failure("edu-slots: slot %u was written by a move behind a remapper", i);
		return false;
	}
	return send(i) && irqs[i].handled_cpu == cpu;
}

void edu_slots_fire(void)
{
	bool is_good = true;

	for (uint32_t i = 0; i < EDU_NR_SLOTS && is_good; i++)
		is_good = fire_on(i, i % cpu_nr()) && fire_on(i, (i + 1) % cpu_nr());
	report(is_good, "ims: %u slots fired, moved and fired again, no word of them written",
	       EDU_NR_SLOTS);
}

void edu_slots_end(void)
{
	for (uint32_t i = 0; i < EDU_NR_SLOTS; i++) {
		platform_show(&irqs[i]);
		platform_free(&irqs[i]);
		if (table[i].control != CONTROL_MASKED)
			report_failure("edu-slots: slot %u is free and not masked", i);
	}
}
