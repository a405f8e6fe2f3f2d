/* SPDX-License-Identifier: MIT */
/*
 * engine_objects.c - which objects are shared; and their names.
 *
 * The reduction. Others are offered to go first only at points whose object is shared: touched in
 * one run by two contexts, a fiber or a hook in it, one of which writes. Which ones are is learned:
 * nothing is shared at first, each run says who touched what, and when that shares an object that
 * was private, the search begins anew with what it knows. The last pass learned nothing.
 *
 * Why nothing is lost. Call a point private whose object is not shared in the last pass, and take
 * any schedule of the full search, within the same bound. (1) As long as no object private so far
 * is touched by a second context in conflict, each step between two points that begins at a private
 * one is independent of the steps of all other fibers, so where another fiber goes first at such a
 * point, the step can be moved before what that fiber does, up to the next shared point of its own
 * fiber, or its end: same accesses, same values, same final state. The switch moves along, to a
 * shared point, or to where the fiber cannot go on, where it is free: the number of preemptions
 * does not grow, so the schedule that comes out is within the bound and was explored. (2) Were
 * there a first conflict on a private object in some schedule, (1) brings the steps before it into
 * an explored order; both accesses then happen in an explored run, and the object would have been
 * learned.
 *
 * What it leans on: every access that matters is behind a point which names it (NULL: anything);
 * a step writes to no other shared object than that of its point without naming it by a point of
 * its own or leaving the rest to choices; objects keep their addresses from run to run. Two
 * preemptions that commute are both still explored: sleep sets and a preemption bound do not go
 * together (K. Coons et al., "Bounded partial-order reduction", 2013).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_inside.h"

static size_t slot_of(const struct engine *e, const void *address)
{
	uint64_t hash = (uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(hash >> 32) & (e->nr_objects_room - 1);

	while (e->objects[i].address && e->objects[i].address != address)
		i = (i + 1) & (e->nr_objects_room - 1);
	return i;
}

static void double_room(struct engine *e)
{
	struct object *old = e->objects;
	size_t nr_old = e->nr_objects_room;

	e->nr_objects_room = nr_old ? 2 * nr_old : 256;
	e->objects = calloc(e->nr_objects_room, sizeof(*old));
	if (!e->objects)
		abort();
	for (size_t i = 0; i < nr_old; i++)
		if (old[i].address)
			e->objects[slot_of(e, old[i].address)] = old[i];
	free(old);
}

struct object *engine_object(struct engine *e, const void *address)
{
	struct object *o;

	if (2 * e->nr_objects >= e->nr_objects_room)
		double_room(e);
	o = &e->objects[slot_of(e, address)];
	if (!o->address) {
		o->address = address;
		e->nr_objects++;
	}
	if (o->run != e->run) {
		o->run = e->run;
		o->readers = o->writers = o->number = 0;
		o->name[0] = 0;
	}
	return o;
}

int engine_objects_touch(struct engine *e, enum engine_point point, const void *object)
{
	uint32_t me = engine_bit(2 * e->current + e->fibers[e->current].level);
	struct object *o;

	if (point == ENGINE_FENCE)
		return 0;
	if (!object)
		return 1;
	o = engine_object(e, object);
	if (point == ENGINE_LOAD || point == ENGINE_READ) {
		o->readers |= me;
		o->is_shared_next |= (o->writers & ~me) != 0;
	} else {
		o->writers |= me;
		o->is_shared_next |= ((o->readers | o->writers) & ~me) != 0;
	}
	e->has_learned |= o->is_shared_next != o->is_shared;
	return o->is_shared;
}

void engine_objects_learn(struct engine *e)
{
	for (size_t i = 0; i < e->nr_objects_room; i++)
		e->objects[i].is_shared = e->objects[i].is_shared_next;
	e->has_learned = 0;
}

void engine_name(struct engine *e, const void *object, const char *name)
{
	struct object *o;

	if (!e->is_telling)
		return;
	o = engine_object(e, object);
	snprintf(o->name, sizeof(o->name), "%s", name);
}

const char *engine_object_text(struct engine *e, const void *object)
{
	struct object *o = engine_object(e, object);

	if (!o->name[0]) {
		if (!o->number)
			o->number = ++e->nr_named;
		snprintf(o->name, sizeof(o->name), "#%u", o->number);
	}
	return o->name;
}
