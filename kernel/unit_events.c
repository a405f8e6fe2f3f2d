/* SPDX-License-Identifier: MIT */
/*
 * Requests, provokes and decodes the unit's events.
 *
 * Sources: [VTD] 7.1.3 (fault reasons), 6.5.2.8 (wait).
 * Locking: none; CPU 0 provokes, one event at a time.
 */
#include "unit_events.h"

#include <stddef.h>

#include <mirq/inspect.h>
#include <mirq/vtd.h>

#include "console.h"
#include "edu.h"
#include "mirq_port.h"
#include "scenario.h"
#include "witness.h"

enum {
	ROOT_ENTRY_ABSENT = 1, /* [VTD] 7.1.3 */
	NR_WAITS_PER_EVENT = 2 /* the one that interrupts, the one that mirq polls */
};

static struct unit_faults faults;

static struct mirq_domain *first_unit(void)
{
	return mirq_domain_next(port_mirq(), mirq_domain_next(port_mirq(), NULL));
}

/* Records are read until none is left: several may be one event. */
static bool take_faults(struct platform_irq *p)
{
	uint64_t before = faults.nr;

	(void)p;
	while (!mirq_fault_next(port_mirq(), &faults.last))
		faults.nr++;
	return faults.nr != before;
}

static bool take_done(struct platform_irq *p)
{
	(void)p;
	return mirq_vtd_completion_claim(first_unit());
}

static struct platform_irq fault_event = { .name = "fault-event", .take = take_faults };
static struct platform_irq done_event = { .name = "done-event", .take = take_done };

struct platform_irq *unit_fault_event(void)
{
	return &fault_event;
}

struct platform_irq *unit_done_event(void)
{
	return &done_event;
}

const struct unit_faults *unit_faults(void)
{
	return &faults;
}

/* The error was the library's or a missing unit's; a request prints its own. */
static bool request(struct platform_irq *p, enum mirq_err err)
{
	if (err)
		print("%s: %s\n", p->name, mirq_err_text(err));
	return !err && platform_request(p);
}

bool unit_fault_event_request(void)
{
	return first_unit() &&
	       request(&fault_event, mirq_vtd_fault_irq(first_unit(), &fault_event.irq));
}

bool unit_done_event_request(void)
{
	return first_unit() &&
	       request(&done_event, mirq_vtd_completion_irq(first_unit(), &done_event.irq));
}

static bool is_right(const struct firing_device *d, uint64_t address)
{
	const struct mirq_fault *f = &faults.last;

	print("fault: %s: requester 0x%04x, reason %u (%s), address 0x%lx, %s, lost %u\n",
	      f->domain ? f->domain : "-", f->requester, f->reason_code,
	      f->reason ? f->reason : "-", f->address, f->is_interrupt ? "interrupt" : "memory",
	      f->nr_lost);
	return f->requester == d->function->rid && f->reason_code == ROOT_ENTRY_ABSENT &&
	       f->address == address && !f->is_interrupt && f->reason && f->domain;
}

bool unit_provoke_fault(struct firing_device *d, uint64_t address)
{
	bool is_good;

	platform_count_raised(&fault_event);
	if (!edu_dma_read(d, address, 8))
		report_failure("%s: its copy does not end", d->name);
	if (!platform_wait(&fault_event))
		return false;
	is_good = is_right(d, address);
	report(is_good, "fault of %s at 0x%lx reported on CPU %u", d->name, address,
	       fault_event.handled_cpu);
	return is_good;
}

bool unit_provoke_done(void)
{
	enum mirq_err err;

	platform_count_raised(&done_event);
	err = mirq_vtd_completion_request(first_unit());
	if (err)
		report_failure("done-event: %s", mirq_err_text(err));
	return !err && platform_wait(&done_event);
}

void unit_fault_event_free(void)
{
	platform_free(&fault_event);
	witness_expect(WITNESS_FAULTS, (uint32_t)faults.nr);
}

void unit_done_event_free(void)
{
	platform_free(&done_event);
	witness_budget("done-event", 0, NR_WAITS_PER_EVENT * done_event.nr_raised);
}
