/* SPDX-License-Identifier: MIT */
/*
 * spec_where.c - a walk through a JSON text along a path, without a tree and without recursion.
 * Sources: [JSON] 2 to 7. Locking: none.
 */
#include "spec_where.h"

#include <jansson.h>
#include <string.h>

struct walk {
	const char *at, *end;
};

/* The next byte, 0 at the end. */
static char walk_peek(const struct walk *w)
{
	return w->at < w->end ? *w->at : 0;
}

static void walk_next(struct walk *w)
{
	if (w->at < w->end)
		w->at++;
}

static void walk_blank(struct walk *w)
{
	while (w->at < w->end && memchr(" \t\r\n", *w->at, 4))
		w->at++;
}

/* From its opening quote to behind its closing one. */
static void walk_string(struct walk *w)
{
	walk_next(w);
	while (w->at < w->end && *w->at != '"') {
		if (*w->at == '\\')
			walk_next(w);
		walk_next(w);
	}
	walk_next(w);
}

/* Over one value, however deep. */
static void walk_value(struct walk *w)
{
	size_t depth = 0;

	do {
		char c = walk_peek(w);

		if (c == '"') {
			walk_string(w);
		} else if (c && memchr("{}[],: \t\r\n", c, 10)) {
			depth += c == '{' || c == '[';
			depth -= c == '}' || c == ']';
			walk_next(w);
		} else {
			walk_next(w);
			while (w->at < w->end && !memchr("{}[],: \t\r\n\"", *w->at, 11))
				w->at++;
		}
	} while (depth && w->at < w->end);
}

/* Is the string here, which may have escapes, this key? */
static int walk_is_key(const struct walk *w, const char *key)
{
	struct walk behind = *w;
	json_t *string;
	int is_it;

	walk_string(&behind);
	string = json_loadb(w->at, (size_t)(behind.at - w->at), JSON_DECODE_ANY, NULL);
	is_it = json_is_string(string) && !strcmp(json_string_value(string), key);
	json_decref(string);
	return is_it;
}

/* One step into the value here: then at the member's value or the element. The position of it, or
 * NULL: there is no such. */
static const char *walk_step(struct walk *w, const struct spec_step *step)
{
	walk_next(w);
	for (size_t i = 0;; i++) {
		int is_it = !step->key && i == step->index;
		const char *begin;

		walk_blank(w);
		begin = w->at;
		if (w->at == w->end || *begin == '}' || *begin == ']')
			return NULL;
		if (step->key) {
			is_it = walk_is_key(w, step->key);
			walk_string(w);
			walk_blank(w);
			walk_next(w); /* the colon */
			walk_blank(w);
		}
		if (is_it)
			return begin;
		walk_value(w);
		walk_blank(w);
		walk_next(w); /* the comma, if there is one more */
	}
}

size_t spec_where(const char *text, size_t size_bytes, const struct spec_step *steps,
		  size_t nr_steps)
{
	struct walk w = { text, text + size_bytes };
	const char *found;

	walk_blank(&w);
	found = w.at;
	for (size_t i = 0; i < nr_steps; i++) {
		const char *next = walk_step(&w, &steps[i]);

		if (!next)
			break;
		found = next;
	}
	return (size_t)(found - text);
}
