/* SPDX-License-Identifier: MIT */
/*
 * oracle_events.c - the machine's events and the handlers that mirq calls, held against each other:
 * I2, I3, I4, I6 as it happens; what I1 owes is noted.
 *
 * Why a call may begin: a message of its slot that this CPU handles now; one that was handled
 * without a call (kept, or its interrupt ran elsewhere); one that another CPU handles now; a
 * resend. Behind a mux no call tells whose event it was: there only I1 is judged, what the mux
 * itself sends and, where the machine has the controller (vmd.c), that it brought the call.
 * Locking: none.
 */
#include "oracle_inside.h"

/* ---- Whose ids ---- */

static uint32_t *owner_at(const struct oracle *o, uint32_t cpu, uint32_t id)
{
	return &o->owners[cpu * ORACLE_IDS + id % ORACLE_IDS];
}

void oracle_own(struct oracle *o, uint32_t cpu, uint32_t id, uint32_t owner)
{
	uint32_t first = o->is_flat ? 0 : cpu, limit = o->is_flat ? o->nr_cpus : cpu + 1;

	for (cpu = first; cpu < limit && cpu < o->nr_cpus && id < ORACLE_IDS; cpu++)
		*owner_at(o, cpu, id) = owner;
}

static uint32_t owner_of_number(const struct oracle *o, uint32_t number)
{
	for (uint32_t i = 0; number && i < o->nr_lines; i++)
		if (o->lines[i].life == ORACLE_ALLOCATED && o->lines[i].number == number)
			return i + 1;
	return ORACLE_SOMEBODY;
}

static void resent(struct oracle *o, uint32_t number)
{
	uint32_t owner = owner_of_number(o, number);

	for (uint32_t i = 0; owner != ORACLE_SOMEBODY && i < ORACLE_ACTIONS; i++)
		o->lines[owner - 1].actions[i].nr_spare++;
}

void oracle_on_trace(void *context, enum mirq_event event, uint32_t number, uint64_t a, uint64_t b)
{
	struct oracle *o = context;

	switch (event) {
	/* Ids of lines are no CPU's: what a line brings comes by its own interrupt. */
	case MIRQ_EVENT_ROUTE:
		if (a & MIRQ_TRACE_LINE)
			break;
		oracle_own(o, (uint32_t)a, (uint32_t)b, owner_of_number(o, number));
		break;
	case MIRQ_EVENT_RETIRE:
		if (a & MIRQ_TRACE_LINE)
			break;
		oracle_own(o, (uint32_t)a, (uint32_t)b, ORACLE_NOBODY);
		break;
	case MIRQ_EVENT_RESEND:
		resent(o, number);
		break;
	default:
		break;
	}
}

/* ---- Messages ---- */

/* The newest one of a slot. */
static struct oracle_line *line_of_slot(const struct oracle *o, const struct sim_event *event)
{
	struct oracle_line *left = NULL;

	if (event->slot == SIM_NO_SLOT)
		return NULL;
	for (uint32_t i = 0; i < o->nr_lines; i++) {
		struct oracle_line *line = &o->lines[i];

		if (line->life == ORACLE_UNUSED || line->device != event->device ||
		    line->store != event->store || line->one.slots.first != event->slot)
			continue;
		if (line->life == ORACLE_ALLOCATED)
			return line;
		left = line;
	}
	return left;
}

static const char *owner_text(const struct oracle *o, uint32_t owner)
{
	if (owner == ORACLE_NOBODY)
		return "nobody's";
	if (owner == ORACLE_SOMEBODY)
		return "another interrupt's";
	return oracle_line_text(&o->lines[owner - 1]);
}

static int is_same_slot(const struct oracle_line *a, const struct oracle_line *b)
{
	return a->device == b->device && a->store == b->store &&
	       a->one.slots.first == b->one.slots.first;
}

/* A bus master's own write became an interrupt. */
static void judge_forged(struct oracle *o, const struct sim_event *event, uint32_t owner)
{
	const struct oracle_line *victim = NULL;

	o->stats.nr_forged++;
	if (owner != ORACLE_NOBODY && owner != ORACLE_SOMEBODY)
		victim = &o->lines[owner - 1];
	if (victim ? !victim->is_isolated || sim_device_requester(victim->device) ==
						     sim_device_requester(event->device)
		   : !o->is_isolating)
		return;
	oracle_broken(o,
		      "I6: %s wrote %llx = %x by itself; expected: blocked; seen: vector %02x on "
		      "CPU %u, which is %s",
		      sim_device_name(event->device), (unsigned long long)event->address,
		      event->data, event->vector, event->cpu, owner_text(o, owner));
}

static void judge_arrival(struct oracle *o, const struct sim_event *event,
			  const struct oracle_line *line, uint32_t owner)
{
	int is_known = owner != ORACLE_NOBODY && owner != ORACLE_SOMEBODY;

	if (is_known && line && is_same_slot(line, &o->lines[owner - 1]))
		return;
	if (line && line->is_deaf)
		return;
	if (line && line->life == ORACLE_ALLOCATED) {
		oracle_broken(o,
			      "I4: %s message %u (%llx = %x); expected: an id of its own; seen: "
			      "vector %02x on CPU %u, which is %s",
			      sim_device_name(event->device), event->slot,
			      (unsigned long long)event->address, event->data, event->vector,
			      event->cpu, owner_text(o, owner));
		return;
	}
	o->stats.nr_late++;
	if (owner == ORACLE_NOBODY || (is_known && o->lines[owner - 1].life == ORACLE_LEFT))
		return;
	oracle_broken(o,
		      "I2: %s message %u, which is nobody's any more; expected: it reaches nobody; "
		      "seen: vector %02x on CPU %u, which is %s",
		      sim_device_name(event->device), event->slot, event->vector, event->cpu,
		      owner_text(o, owner));
}

static void note_cause(struct oracle *o, struct oracle_line *line, const struct sim_event *event)
{
	for (uint32_t i = 0; i < o->nr_pending; i++)
		if (o->pending[i].line == line && o->pending[i].cpu == event->cpu &&
		    o->pending[i].vector == event->vector)
			return;
	if (o->nr_pending == ORACLE_CAUSES) {
		o->is_blurred = 1;
		return;
	}
	o->pending[o->nr_pending++] = (struct oracle_cause){ line, event->cpu, event->vector, 0 };
}

static void accepted(struct oracle *o, const struct sim_event *event)
{
	struct oracle_line *line = line_of_slot(o, event);
	uint32_t owner = *owner_at(o, event->cpu, event->vector);

	o->stats.nr_checks++;
	if (event->slot == SIM_NO_SLOT)
		judge_forged(o, event, owner);
	else
		judge_arrival(o, event, line, owner);
	/* Where nothing isolates, a forged one is as good as one of the owner's. */
	if (!line && owner != ORACLE_NOBODY && owner != ORACLE_SOMEBODY)
		line = &o->lines[owner - 1];
	if (line && line->life == ORACLE_ALLOCATED)
		note_cause(o, line, event);
}

static int is_requested(const struct oracle_line *line)
{
	for (uint32_t i = 0; i < ORACLE_ACTIONS; i++)
		if (line->actions[i].promise == ORACLE_REQUESTED)
			return 1;
	return 0;
}

/* Nobody heard it. While it is requested that must not happen to a device that is there. */
static void unheard(struct oracle *o, const struct sim_event *event)
{
	const struct oracle_line *line = line_of_slot(o, event);

	o->stats.nr_checks++;
	if (!line || line->life != ORACLE_ALLOCATED || line->is_deaf || !is_requested(line))
		return;
	oracle_broken(o,
		      "I4: %s message %u (%llx = %x); expected: an id of its own; seen: nobody "
		      "heard it (the unit's reason: %02x)",
		      sim_device_name(event->device), event->slot,
		      (unsigned long long)event->address, event->data, event->reason);
}

static void astray(struct oracle *o, const struct sim_event *event)
{
	const struct oracle_line *line = line_of_slot(o, event);

	o->stats.nr_checks++;
	if (event->slot != SIM_NO_SLOT && !(line && line->is_deaf))
		oracle_broken(o, "I4: %s message %u; expected: an interrupt; seen: a write to %llx",
			      sim_device_name(event->device), event->slot,
			      (unsigned long long)event->address);
}

static void raised(struct oracle *o, const struct sim_event *event)
{
	struct oracle_line *line = line_of_slot(o, event);

	if (!line || line->life != ORACLE_ALLOCATED)
		return;
	o->stats.nr_raised++;
	for (uint32_t i = 0; !line->is_deaf && i < ORACLE_ACTIONS; i++) {
		struct oracle_action *a = &line->actions[i];

		if (a->promise != ORACLE_REQUESTED)
			continue;
		a->is_owed = 1;
		a->raised_ns = sim_now_ns(o->s);
	}
}

/* Nothing is owed by who is not there, and what its slots hold is not mirq's: after a reset it is
 * set up anew. */
static void gone(struct oracle *o, const struct sim_device *device)
{
	o->nr_gone++;
	for (uint32_t i = 0; i < o->nr_lines; i++) {
		if (o->lines[i].device != device)
			continue;
		o->lines[i].is_deaf = 1;
		for (uint32_t a = 0; a < ORACLE_ACTIONS; a++)
			o->lines[i].actions[a].is_owed = 0;
	}
}

uint32_t oracle_is_lost(const struct oracle *o, const struct sim_device *device)
{
	for (uint32_t i = 0; device && i < SIM_MAX_DEVICES; i++)
		if (o->lost[i] == device)
			return 1;
	return 0;
}

void oracle_set_lost(struct oracle *o, struct sim_device *device, int is_lost)
{
	const struct sim_device *from = is_lost ? NULL : device, *to = is_lost ? device : NULL;

	if (is_lost)
		gone(o, device);
	if (oracle_is_lost(o, device) == (uint32_t)(is_lost != 0))
		return;
	for (uint32_t i = 0; i < SIM_MAX_DEVICES; i++)
		if (o->lost[i] == from) {
			o->lost[i] = to;
			return;
		}
}

/* ---- A CPU handles a vector ---- */

static void taken(struct oracle *o, uint32_t cpu, uint32_t vector)
{
	struct oracle_frame *frame = &o->frames[o->nr_frames];
	uint32_t nr = 0;

	if (o->nr_frames == ORACLE_FRAMES) {
		o->is_blurred = 1;
		return;
	}
	o->nr_frames++;
	*frame = (struct oracle_frame){
		.is_open = 1,
		.cpu = cpu,
		.vector = vector,
		.owner = *owner_at(o, cpu, vector),
	};
	for (uint32_t i = 0; i < o->nr_pending; i++) {
		const struct oracle_cause *cause = &o->pending[i];

		if (cause->cpu != cpu || cause->vector != vector)
			o->pending[nr++] = *cause;
		else if (frame->nr_causes < ORACLE_FRAME_CAUSES)
			frame->causes[frame->nr_causes++] = *cause;
		else
			o->is_blurred = 1;
	}
	o->nr_pending = nr;
}

/* The innermost one of a CPU. */
static struct oracle_frame *frame_of(struct oracle *o, uint32_t cpu)
{
	for (uint32_t i = o->nr_frames; i-- > 0;)
		if (o->frames[i].is_open && o->frames[i].cpu == cpu)
			return &o->frames[i];
	return NULL;
}

/* Whoever was not called for it is kept, or has been released meanwhile. */
static void left(struct oracle *o, uint32_t cpu)
{
	struct oracle_frame *frame = frame_of(o, cpu);

	if (!frame)
		return;
	for (uint32_t i = 0; i < frame->nr_causes; i++) {
		struct oracle_cause *cause = &frame->causes[i];

		for (uint32_t a = 0; a < ORACLE_ACTIONS; a++)
			if (!(cause->used >> a & 1) &&
			    cause->line->actions[a].promise != ORACLE_IDLE)
				cause->line->actions[a].is_kept = 1;
	}
	frame->is_open = 0;
	while (o->nr_frames && !o->frames[o->nr_frames - 1].is_open)
		o->nr_frames--;
}

void oracle_on_event(void *context, const struct sim_event *event)
{
	struct oracle *o = context;

	switch (event->kind) {
	case SIM_RAISED:
		raised(o, event);
		break;
	case SIM_ACCEPTED:
		if (event->device)
			accepted(o, event);
		break;
	case SIM_UNHEARD:
		unheard(o, event);
		break;
	case SIM_ASTRAY:
		astray(o, event);
		break;
	case SIM_TAKEN:
		taken(o, event->cpu, event->vector);
		break;
	case SIM_LEFT:
		left(o, event->cpu);
		break;
	case SIM_GONE:
		gone(o, event->device);
		break;
	}
}

/* ---- Handlers ---- */

static int use_cause(struct oracle_frame *frame, const struct oracle_action *a)
{
	uint32_t bit = 1u << (a - a->line->actions);

	for (uint32_t i = 0; i < frame->nr_causes; i++) {
		struct oracle_cause *cause = &frame->causes[i];

		if (cause->line != a->line || (cause->used & bit))
			continue;
		cause->used |= bit;
		return 1;
	}
	return 0;
}

static int use_elsewhere(struct oracle *o, const struct oracle_action *a)
{
	for (uint32_t i = 0; i < o->nr_frames; i++)
		if (o->frames[i].is_open && use_cause(&o->frames[i], a))
			return 1;
	return 0;
}

/* A frame of an interrupt of the controller: it calls everybody on that line, with or without an
 * event of their own. A line that moves is raised by software: then only the id tells. */
static int is_brought(const struct oracle *o, const struct oracle_frame *frame,
		      const struct sim_device *vmd)
{
	for (uint32_t i = 0; i < frame->nr_causes; i++)
		if (frame->causes[i].line->device == vmd)
			return 1;
	return frame->owner != ORACLE_NOBODY && frame->owner != ORACLE_SOMEBODY &&
	       o->lines[frame->owner - 1].device == vmd;
}

/* An event of its own slot stands behind this call. */
static int has_cause(struct oracle *o, struct oracle_action *a, struct oracle_frame *frame)
{
	const struct sim_device *vmd = a->line->device ? sim_device_vmd(a->line->device) : NULL;

	if (a->line->is_carried && (!vmd || is_brought(o, frame, vmd)))
		return 1;
	if (use_cause(frame, a))
		return 1;
	if (a->is_kept) {
		a->is_kept = 0;
		return 1;
	}
	if (use_elsewhere(o, a))
		return 1;
	if (!a->nr_spare)
		return 0;
	a->nr_spare--;
	return 1;
}

static void judge_call(struct oracle *o, struct oracle_action *a)
{
	const struct oracle_line *line = a->line;
	uint32_t cpu = sim_cpu_current(o->s);
	struct oracle_frame *frame = frame_of(o, cpu);
	const char *name = oracle_line_text(line);

	o->stats.nr_checks += 4;
	if (a->nr_running)
		oracle_broken(o,
			      "I3: %s; expected: one call at a time; seen: %u running, another "
			      "begins on CPU %u",
			      name, a->nr_running, cpu);
	if (a->promise == ORACLE_IDLE || line->life != ORACLE_ALLOCATED)
		oracle_broken(o,
			      "I2: %s; expected: no call after its release has returned; seen: "
			      "one begins on CPU %u",
			      name, cpu);
	if (line->is_quiet)
		oracle_broken(o,
			      "I2: %s; expected: no call while disabled and synchronised; seen: "
			      "one begins on CPU %u",
			      name, cpu);
	if (!frame && !o->is_blurred)
		oracle_broken(o,
			      "I2: %s; expected: calls inside an interrupt; seen: one on CPU "
			      "%u outside",
			      name, cpu);
	else if (!o->is_blurred && !has_cause(o, a, frame))
		oracle_broken(o,
			      "I2: %s; expected: a call for an event of its own; seen: one for "
			      "vector %02x of CPU %u, which it did not send",
			      name, frame->vector, cpu);
}

enum mirq_handled oracle_handle(void *context)
{
	enum mirq_handled answer = MIRQ_HANDLED;
	struct oracle_action *a = context;
	struct oracle *o = a->o;

	/* Before or after the device's next event: that is what is judged. */
	sim_point(o->s, ENGINE_CALL, a->line->device ? sim_device_object(a->line->device) : NULL);
	judge_call(o, a);
	a->is_owed = 0;
	a->nr_running++;
	a->nr_calls++;
	o->stats.nr_called++;
	sim_note(o->s, "handler of %s begins", oracle_line_text(a->line));
	if (a->how.body)
		answer = a->how.body(a->how.context, a->line->one.slots.first);
	sim_point(o->s, ENGINE_CALL, a);
	a->nr_running--;
	if (answer == MIRQ_LATER)
		a->line->is_later = 1;
	return answer;
}
