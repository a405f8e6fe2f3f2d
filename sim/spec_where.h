/* SPDX-License-Identifier: MIT */
/*
 * spec_where.h - where in a JSON text a member or an element stands: jansson tells that of errors
 * of syntax only. Private to sim/spec_json.c.
 */
#ifndef SIM_SPEC_WHERE_H
#define SIM_SPEC_WHERE_H

#include <stddef.h>

/* One step down: the member @key of an object, or where it is NULL element @index of a list. */
struct spec_step {
	const char *key;
	size_t index;
};

/*
 * Position of what the steps lead to from the outermost value: of a member's key, or of an element.
 * Where a step leads nowhere, of what the steps before it lead to. @text is JSON without errors of
 * syntax; any other bytes give any position up to @size_bytes.
 */
size_t spec_where(const char *text, size_t size_bytes, const struct spec_step *steps,
		  size_t nr_steps);

#endif
