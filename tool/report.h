/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a run has to say, as lines on standard output or as one JSON document
 * (docs/mirq-sim.schema.json). Both are made of the same calls.
 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include <stdint.h>

#include "counts.h"

enum report_form {
	REPORT_TEXT,
	REPORT_JSON
};
struct report;

struct report *report_new(enum report_form form);
void report_free(struct report *r);

/* A part of the story; what follows belongs to it. */
void report_chapter(struct report *r, const char *name, const char *summary);
/* The chapter is not played, because ... */
void report_skip(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "word: ...", for people. */
void report_line(struct report *r, const char *word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* As it is, for people only. */
void report_text(struct report *r, const char *text);
/* Something that must hold. Returns @is_good. */
int report_check(struct report *r, int is_good, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void report_counts(struct report *r, const struct counts *c);

uint32_t report_nr_failed(const struct report *r);
/* Members of the document's own; the document is a json_t. */
void *report_document(struct report *r);
/* The last line; the document is printed. */
void report_verdict(struct report *r, int is_good, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
