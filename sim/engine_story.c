/* SPDX-License-Identifier: MIT */
/*
 * engine_story.c - what happened, a column per fiber, time going down. A long story keeps its
 * beginning and its end.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_inside.h"

#define NOTE_BYTES 256
#define TOTAL_COLUMNS 100
#define MIN_COLUMNS 24
#define LINES_FIRST 200
#define LINES_LAST 200

void engine_story_begin(struct engine *e)
{
	e->nr_lines = 0;
	e->text_used = 0;
	e->nr_named = 0;
}

int engine_is_telling(const struct engine *e)
{
	return e->is_telling;
}

void engine_note(struct engine *e, const char *format, ...)
{
	struct line *line;
	va_list list;

	if (!e->is_telling)
		return;
	e->lines = engine_grow(e->lines, e->nr_lines, &e->nr_lines_room, sizeof(*e->lines));
	while (e->text_room - e->text_used < NOTE_BYTES)
		e->text = engine_grow(e->text, e->text_room, &e->text_room, 1);
	line = &e->lines[e->nr_lines++];
	line->fiber = e->current;
	line->text = e->text_used;
	va_start(list, format);
	vsnprintf(e->text + e->text_used, NOTE_BYTES, format, list);
	va_end(list);
	e->text_used += strlen(e->text + e->text_used) + 1;
}

static int width(const struct engine *e)
{
	int columns = TOTAL_COLUMNS / (int)(e->nr_fibers ? e->nr_fibers : 1);

	return columns < MIN_COLUMNS ? MIN_COLUMNS : columns;
}

static void tell_names(const struct engine *e, FILE *out)
{
	for (uint32_t i = 0; i < e->nr_fibers; i++)
		fprintf(out, "%-*s%s", i + 1 < e->nr_fibers ? width(e) : 0, e->fibers[i].name,
			i + 1 < e->nr_fibers ? "" : "\n");
}

/* In its column, in as many lines as it takes. What no fiber says begins at the left. */
static void tell_line(const struct engine *e, FILE *out, const struct line *line)
{
	int is_own = line->fiber != ENGINE_NOBODY, columns = is_own ? width(e) : TOTAL_COLUMNS;
	int indent = is_own ? (int)line->fiber * columns : 0, fits = columns - 2;
	const char *text = e->text + line->text;
	int left = (int)strlen(text), nr;

	do {
		nr = left;
		if (nr > fits)
			for (nr = fits; nr > fits / 2 && text[nr] != ' '; nr--)
				;
		fprintf(out, "%*s%.*s\n", indent, "", nr, text);
		text += nr;
		left -= nr;
		for (; *text == ' '; text++, left--)
			;
	} while (left > 0);
}

char *engine_story_text(const struct engine *e)
{
	char *story = NULL;
	size_t bytes;
	FILE *out = open_memstream(&story, &bytes);

	if (!out)
		abort();
	tell_names(e, out);
	for (size_t i = 0; i < e->nr_lines; i++) {
		if (i >= LINES_FIRST && i + LINES_LAST < e->nr_lines) {
			fprintf(out, "... %zu lines ...\n", e->nr_lines - LINES_FIRST - LINES_LAST);
			i = e->nr_lines - LINES_LAST;
		}
		tell_line(e, out, &e->lines[i]);
	}
	fclose(out);
	return story;
}
