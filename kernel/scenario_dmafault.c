/* SPDX-License-Identifier: MIT */
/*
 * Scenario dmafault: a device reads memory that it may not. The unit records a fault and sends its
 * fault event, which mirq carries like any other interrupt, and mirq decodes the record.
 *
 * The fault event is a store below the root: it does not pass the unit that it reports on.
 */
#include "scenario.h"

#include <stddef.h>

#include <mirq/inspect.h>
#include <mirq/vtd.h>

#include "console.h"
#include "cpu.h"
#include "edu.h"
#include "mirq_port.h"
#include "show.h"
#include "unit_peek.h"
#include "verdict.h"
#include "witness.h"
#include "wait.h"

enum {
	NR_FAULTS = 3,
	ROOT_ENTRY_ABSENT = 1, /* [VTD] 7.1.3, fault reasons */
	FAULT_LIMIT_NS = 1000000000,
};

#define FORBIDDEN 0x1234000ull

/* Written by the handler, read when nr_events moved. */
static struct {
	struct mirq_fault last;
	uint64_t nr_events; /* atomic */
	uint64_t nr_faults;
	uint32_t cpu;
} seen;

static enum mirq_handled take_faults(void *context)
{
	struct mirq *m = context;

	while (!mirq_fault_next(m, &seen.last))
		seen.nr_faults++;
	seen.cpu = cpu_this()->number;
	__atomic_add_fetch(&seen.nr_events, 1, __ATOMIC_RELEASE);
	return MIRQ_HANDLED;
}

static enum mirq_err request_fault_event(struct mirq_irqs *irq, struct mirq_why *why)
{
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = take_faults,
					    .context = port_mirq(), .why = why };
	struct mirq_domain *vtd = mirq_domain_next(port_mirq(), NULL);
	enum mirq_err err;

	vtd = vtd ? mirq_domain_next(port_mirq(), vtd) : NULL;
	if (!vtd)
		return MIRQ_ENOENT;
	err = mirq_vtd_fault_irq(vtd, irq);
	if (err)
		return err;
	err = mirq_irq_request(*irq, &handler);
	if (!err)
		witness_slot("fault-event", NULL, *irq);
	return err;
}

static bool is_right(const struct firing_device *d, uint64_t address)
{
	const struct mirq_fault *f = &seen.last;

	print("fault: %s: requester 0x%04x, reason %u (%s), address 0x%lx, %s, lost %u\n",
	      f->domain ? f->domain : "-", f->requester, f->reason_code,
	      f->reason ? f->reason : "-", f->address, f->is_interrupt ? "interrupt" : "memory",
	      f->nr_lost);
	return f->requester == d->function->rid && f->reason_code == ROOT_ENTRY_ABSENT &&
	       f->address == address && !f->is_interrupt && f->reason && f->domain;
}

/* The device is made to read; the event tells. */
static void provoke(struct firing_device *d, uint64_t address, uint64_t *nr_raised)
{
	uint64_t before = __atomic_load_n(&seen.nr_events, __ATOMIC_ACQUIRE);
	struct wait w = { 0, 0 };

	(*nr_raised)++;
	if (!edu_dma_read(d, address, 8))
		report_failure("%s: its copy does not end", d->name);
	while (__atomic_load_n(&seen.nr_events, __ATOMIC_ACQUIRE) == before) {
		if (!wait_more(&w, FAULT_LIMIT_NS)) {
			report_failure("no fault event for address 0x%lx", address);
			return;
		}
	}
	report(is_right(d, address), "fault of %s at 0x%lx reported on CPU %u", d->name, address,
	       seen.cpu);
}

static void try_faults(struct firing_device *d, struct mirq_irqs irq)
{
	struct mirq_why why = { .text = NULL };
	uint64_t nr_raised = 0;
	enum mirq_err err;

	report(unit_block_dma(), "DMA remapping on with nothing mapped");
	for (uint32_t i = 0; i < NR_FAULTS; i++) {
		provoke(d, FORBIDDEN + i * 0x1000, &nr_raised);
		err = mirq_affinity_set(irq, mirq_cpus_one((i + 1) % cpu_nr()), &why);
		if (err && err != MIRQ_ENOTSUP) {
			show_why("fault event", err, &why);
			report_failure("fault event does not move");
		}
		witness_slot("fault-event", NULL, irq);
	}
	report(firing_fire(d, 0), "%s: its interrupt still arrives", d->name);
	report(unit_allow_dma(), "DMA remapping off");
	report(seen.nr_faults == NR_FAULTS, "%lu faults in %lu events", seen.nr_faults,
	       seen.nr_events);
	verdict_add(nr_raised, seen.nr_events);
	witness_expect(WITNESS_FAULTS, NR_FAULTS);
	witness_handled(&(struct witness_handled){
		.device = "fault-event",
		.nr_handled = seen.nr_events,
		.nr_raised = &nr_raised,
	});
}

void scenario_dmafault(void)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_irqs irq = { .store = NULL };
	struct firing_device *d;
	enum mirq_err err;

	verdict_begin(VERDICT_ALLOC_ALL);
	d = firing_find("edu", 0);
	if (!d || !unit_peek_init()) {
		report_skip("no edu, or no remapping unit");
	} else {
		err = request_fault_event(&irq, &why);
		if (err)
			show_why("fault event", err, &why);
		report(!err, "the unit's fault event is requested");
		show_tree();
		if (!err)
			try_faults(d, irq);
		if (!err && mirq_irq_free(irq))
			report_failure("fault event: not freed");
	}
	verdict_end();
}
