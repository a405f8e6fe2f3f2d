/* SPDX-License-Identifier: MIT */
/* options.h - the words of the command line. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdint.h>

/* Exit statuses. */
enum status {
	STATUS_PASS,
	STATUS_FAIL,
	STATUS_USAGE
};

struct sim_options {
	const char *machine;  /* NULL: the default server */
	const char *scenario; /* NULL: the story */
	const char *seed;     /* NULL: 1 */
	const char *explore;  /* preemptions; NULL: the scenario's own bound */
	int is_json, is_list, is_help;
};

/* 0, or -1 and it was said what is wrong. */
int sim_options_read(int nr, char *const *words, struct sim_options *out);
/* A number, decimal or 0x...; 0, or -1 and it was said what is wrong. */
int option_number(const char *option, const char *text, uint64_t max, uint64_t *out);
/* "mirq sim: ..." on standard error. */
void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

extern const char usage_text[], usage_sim_text[];

#endif
