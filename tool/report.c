/* SPDX-License-Identifier: MIT */
/*
 * report.c - see report.h. The document is built in either form; the form decides what is printed.
 */
#include "report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <mirq/version.h>

#define REPORT_LINE_BYTES 400

struct report {
	enum report_form form;
	json_t *document;
	json_t *chapter; /* borrowed from the document; NULL: none yet */
	uint32_t nr_passed, nr_failed, nr_skipped;
};

static void *must(void *memory)
{
	if (!memory) {
		fprintf(stderr, "mirq: out of memory\n");
		exit(1);
	}
	return memory;
}

struct report *report_new(enum report_form form)
{
	struct report *r = must(calloc(1, sizeof(*r)));

	r->form = form;
	r->document = must(json_object());
	json_object_set_new(r->document, "mirq", json_string(MIRQ_VERSION_STRING));
	return r;
}

void report_free(struct report *r)
{
	json_decref(r->document);
	free(r);
}

void *report_document(struct report *r)
{
	return r->document;
}

uint32_t report_nr_failed(const struct report *r)
{
	return r->nr_failed;
}

/* The array of a name in the document or in the chapter that is being played. */
static json_t *report_array(json_t *object, const char *name)
{
	json_t *array = json_object_get(object, name);

	if (!array) {
		array = must(json_array());
		json_object_set_new(object, name, array);
	}
	return array;
}

void report_chapter(struct report *r, const char *name, const char *summary)
{
	r->chapter = must(json_pack("{s:s, s:s, s:b, s:[], s:[]}", "name", name, "summary", summary,
				    "played", 1, "checks", "lines"));
	json_array_append_new(report_array(r->document, "chapters"), r->chapter);
	if (r->form == REPORT_TEXT)
		printf("\n== %s: %s\n", name, summary);
}

static void report_say(struct report *r, const char *word, const char *text)
{
	if (r->form != REPORT_TEXT)
		return;
	printf("%s: %s\n", word, text);
	fflush(stdout);
}

void report_skip(struct report *r, const char *format, ...)
{
	char text[REPORT_LINE_BYTES];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	r->nr_skipped++;
	json_object_set_new(r->chapter, "played", json_false());
	json_object_set_new(r->chapter, "why_not", json_string(text));
	report_say(r, "SKIP", text);
}

void report_line(struct report *r, const char *word, const char *format, ...)
{
	char text[REPORT_LINE_BYTES];
	json_t *object = r->chapter ? r->chapter : r->document;
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	json_array_append_new(report_array(object, "lines"),
			      json_pack("{s:s, s:s}", "word", word, "text", text));
	report_say(r, word, text);
}

void report_text(struct report *r, const char *text)
{
	if (r->form == REPORT_TEXT)
		printf("%s\n", text);
}

int report_check(struct report *r, int is_good, const char *format, ...)
{
	char text[REPORT_LINE_BYTES];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (is_good)
		r->nr_passed++;
	else
		r->nr_failed++;
	json_array_append_new(report_array(r->chapter, "checks"),
			      json_pack("{s:b, s:s}", "good", is_good, "text", text));
	report_say(r, is_good ? "PASS" : "FAIL", text);
	return is_good;
}

void report_counts(struct report *r, const struct counts *c)
{
	json_t *object = must(json_object());
	struct counts_name n;

	if (r->form == REPORT_TEXT)
		printf("counts:");
	for (uint32_t i = 0; counts_at(c, i, &n); i++) {
		json_object_set_new(object, n.name, json_integer((json_int_t)n.value));
		if (r->form == REPORT_TEXT && n.value)
			printf(" %s=%llu", n.name, (unsigned long long)n.value);
	}
	if (r->form == REPORT_TEXT)
		printf("\n");
	json_object_set_new(r->chapter ? r->chapter : r->document, "counts", object);
}

void report_verdict(struct report *r, int is_good, const char *format, ...)
{
	char text[REPORT_LINE_BYTES];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	json_object_set_new(r->document, "verdict", json_string(is_good ? "PASS" : "FAIL"));
	if (r->chapter)
		json_object_set_new(r->document, "checks",
				    json_pack("{s:i, s:i, s:i}", "passed", (int)r->nr_passed,
					      "failed", (int)r->nr_failed, "skipped",
					      (int)r->nr_skipped));
	if (r->form == REPORT_JSON) {
		(void)json_dumpf(r->document, stdout, JSON_INDENT(2));
		printf("\n");
		return;
	}
	if (r->chapter)
		printf("\nrun: %u passed, %u failed, %u skipped\n", r->nr_passed, r->nr_failed,
		       r->nr_skipped);
	printf("verdict: %s %s\n", is_good ? "PASS" : "FAIL", text);
}
