/* SPDX-License-Identifier: MIT */
/*
 * hpet.h - the timers of an HPET that interrupt by message ("FSB delivery") as a store: slot n is
 * timer n. For the timer's driver and the port:
 *
 *	static struct mirq_hpet hpet = { .regs = { .limit_bytes = MIRQ_HPET_BYTES } };
 *	hpet.regs.host = host, hpet.regs.base = mirq_host_map(host, address, MIRQ_HPET_BYTES, ...);
 *	if (!mirq_hpet_timers(&hpet))
 *		...                                             no timer sends messages
 *	mirq_device_attach(m, &device, &dev);                   below: its parent
 *	mirq_store_attach(dev, &store, &timers);                .kind = &mirq_hpet_kind,
 *	                                                        .data = &hpet, .nr_slots = 32
 *	mirq_irq_alloc(timers, &want, &irq);                    .at = { n, n + 1 }: timer n
 *
 * The HPET is a device of the platform, not of PCI; what its messages go through is said by the
 * DMAR. A scope of type MIRQ_X86_SCOPE_HPET with the number of the HPET table names the unit that
 * remaps them, and by its path the id that they carry: .parent is that unit (mirq_link_find()),
 * .requesters that id. Without such a scope .parent is NULL, the root; then the messages pass no
 * unit, or a unit blocks them because their format is the old one: a machine with units and no
 * such scope is one whose timers should stay on wires. (QEMU's are beside its unit and pass.)
 *
 * A match while the slot is masked is lost, so the core masks a timer only before its first message
 * and to free it, and moves it word by word below the root. Other bits of a timer's configuration
 * (periodic, size, level) are its driver's: it writes them while the slot is not requested, since a
 * request and a release read the register and write it back.
 */
#ifndef MIRQ_HPET_H
#define MIRQ_HPET_H

#include <mirq/io.h>
#include <mirq/store.h>

#define MIRQ_HPET_BYTES 1024u /* registers of one HPET */

/* Data of the store. Borrowed until it is detached. */
struct mirq_hpet {
	struct mirq_regs regs;
};

MIRQ_BEGIN_DECLS

/* The template. A slot without a timer is refused at allocation: MIRQ_ENOTSUP. */
extern const struct mirq_store_template mirq_hpet_kind;

/**
 * mirq_hpet_timers() - Which timers can interrupt by message: bit n is timer n.
 * Returns: the set; 0: none, or no HPET answers.
 * Context: any; reads the registers.
 * Errors:  0.
 */
uint32_t mirq_hpet_timers(const struct mirq_hpet *hpet);

MIRQ_END_DECLS

#endif
