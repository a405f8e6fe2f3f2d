/* SPDX-License-Identifier: MIT */
/*
 * watch.c - what a machine tells of itself while it runs, and what it looks like at rest: for an
 * oracle, which must not believe the software that it checks.
 * Sources: [PCI] 6.8.1, 6.8.2; [VTD] 9.10. Locking: none.
 */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>

#define WATCH_MSIX_ENABLE 15, 15
#define WATCH_MSIX_MASK_ALL 14, 14
#define WATCH_MSI_ENABLE 0, 0
#define WATCH_ENTRY_MASK 0, 0
#define WATCH_IRTE_PRESENT 0, 0

void sim_set_watch(struct sim *s, sim_watch *watch, void *context)
{
	s->watch = watch;
	s->watch_context = context;
}

static void tell(struct sim *s, struct sim_event *event)
{
	const struct sim_flight *f = s->arriving;

	if (f && f->kind != SIM_POSTED && event->kind != SIM_RAISED && event->kind != SIM_TAKEN &&
	    event->kind != SIM_LEFT) {
		event->device = f->device;
		event->slot = f->slot;
		event->store = f->store;
		event->address = f->address;
		event->data = f->data;
	}
	s->watch(s->watch_context, event);
}

void sim_tell(struct sim *s, enum sim_event_kind kind, uint32_t cpu, uint32_t vector)
{
	struct sim_event event = {
		.kind = kind, .slot = SIM_NO_SLOT, .cpu = cpu, .vector = vector
	};

	if (s->watch)
		tell(s, &event);
}

void sim_tell_device(struct sim_device *d, enum sim_event_kind kind, enum sim_store store,
		     uint32_t slot)
{
	const struct sim_event event = {
		.kind = kind, .device = d, .slot = slot, .store = store, .cpu = SIM_NO_CPU
	};

	if (d->s->watch)
		d->s->watch(d->s->watch_context, &event);
}

/* What a CPU says to nobody is not told. */
void sim_tell_unheard(struct sim *s, uint32_t reason)
{
	struct sim_event event = {
		.kind = SIM_UNHEARD, .slot = SIM_NO_SLOT, .cpu = SIM_NO_CPU, .reason = reason
	};

	if (s->watch && s->arriving && s->arriving->device)
		tell(s, &event);
}

/* ---- At rest ---- */

struct describe {
	void (*line)(void *context, const char *text);
	void *context;
};

static void __attribute__((format(printf, 2, 3)))
say(const struct describe *d, const char *format, ...)
{
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	d->line(d->context, text);
}

static void describe_msix(const struct describe *to, const struct sim_device *d)
{
	uint32_t control = sim_function_read(&d->function, d->msix_at + 2, 2);

	if (!SIM_GET(control, WATCH_MSIX_ENABLE))
		return;
	say(to, "%s: MSI-X on%s", d->spec->name,
	    SIM_GET(control, WATCH_MSIX_MASK_ALL) ? ", all masked" : "");
	for (uint32_t i = 0; i < d->spec->nr_msix; i++) {
		const uint32_t *words = d->entries[i].words;

		if (!SIM_GET(words[3], WATCH_ENTRY_MASK))
			say(to, "%s: MSI-X %u open, %08x%08x = %08x", d->spec->name, i, words[1],
			    words[0], words[2]);
	}
}

static void describe_msi(const struct describe *to, const struct sim_device *d)
{
	uint32_t control = sim_function_read(&d->function, d->msi_at + 2, 2);

	if (!SIM_GET(control, WATCH_MSI_ENABLE))
		return;
	/* Not the pending bits, which come last. */
	for (uint32_t at = 0; at < (d->spec->is_msi_32 ? 0x10u : 0x14u); at += 4)
		say(to, "%s: MSI on, +%02x = %08x", d->spec->name, at,
		    sim_function_read(&d->function, d->msi_at + at, 4));
}

static void describe_unit(const struct describe *to, struct sim_unit *u)
{
	if (!sim_unit_is_remapping(u))
		return;
	say(to, "unit %u: remapping on, %u entries", u->index, u->nr_entries);
	for (uint32_t i = 0; i < u->nr_entries; i++) {
		const uint64_t *entry = sim_ram(u->s, u->table_bus + i * UINT64_C(16), 16);

		if (entry && SIM_GET(entry[0], WATCH_IRTE_PRESENT))
			say(to, "unit %u: entry %u = %016llx %016llx", u->index, i,
			    (unsigned long long)entry[1], (unsigned long long)entry[0]);
	}
}

void sim_describe(struct sim *s, void (*line)(void *context, const char *text), void *context)
{
	const struct describe to = { line, context };

	for (uint32_t i = 0; i < s->spec.nr_devices; i++) {
		if (s->devices[i].is_gone)
			continue;
		if (s->devices[i].msix_at)
			describe_msix(&to, &s->devices[i]);
		if (s->devices[i].msi_at)
			describe_msi(&to, &s->devices[i]);
		sim_ims_describe(&s->devices[i], line, context);
	}
	for (uint32_t i = 0; i < s->spec.nr_units; i++)
		describe_unit(&to, &s->units[i]);
}
