/* SPDX-License-Identifier: MIT */
/* options.c - reading the command line; every error says what to type instead. */
#include "options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void usage_error(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fputs("mirq sim: ", stderr);
	(void)vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
}

int option_number(const char *option, const char *text, uint64_t max, uint64_t *out)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || number > max) {
		usage_error("%s takes a number from 0 to %llu, not '%s'", option,
			    (unsigned long long)max, text);
		return -1;
	}
	*out = number;
	return 0;
}

struct option {
	const char *name;
	const char **value; /* NULL: it takes none */
	int *flag;
};

/* The value of "--name=value" or of the word that follows; NULL and it was said what is wrong. */
static const char *option_value(const struct option *o, const char *word, size_t nr_name,
				const char *next)
{
	if (word[nr_name] == '=')
		return word + nr_name + 1;
	if (!next)
		usage_error("%s needs a value; 'mirq sim --help' says which", o->name);
	return next;
}

/* How many words were used; 0: none, and it was said what is wrong. */
static int option_read(const struct option *options, const char *word, const char *next)
{
	size_t nr_name = strcspn(word, "=");
	const char *value;

	for (const struct option *o = options; o->name; o++) {
		if (strlen(o->name) != nr_name || strncmp(o->name, word, nr_name) != 0)
			continue;
		if (o->flag && word[nr_name]) {
			usage_error("%s takes no value", o->name);
			return 0;
		}
		if (o->flag) {
			*o->flag = 1;
			return 1;
		}
		value = option_value(o, word, nr_name, next);
		*o->value = value;
		return !value ? 0 : word[nr_name] ? 1 : 2;
	}
	usage_error("unknown %s '%s'; 'mirq sim --help' lists all options",
		    *word == '-' ? "option" : "argument", word);
	return 0;
}

int sim_options_read(int nr, char *const *words, struct sim_options *out)
{
	struct sim_options o = { 0 };
	const struct option options[] = {
		{ "--machine", &o.machine, NULL },
		{ "--scenario", &o.scenario, NULL },
		{ "--explore", &o.explore, NULL },
		{ "--seed", &o.seed, NULL },
		{ "--json", NULL, &o.is_json },
		{ "--list", NULL, &o.is_list },
		{ "--help", NULL, &o.is_help },
		{ "-h", NULL, &o.is_help },
		{ NULL, NULL, NULL },
	};
	int nr_used;

	for (int i = 0; i < nr; i += nr_used) {
		nr_used = option_read(options, words[i], i + 1 < nr ? words[i + 1] : NULL);
		if (!nr_used)
			return -1;
	}
	*out = o;
	return 0;
}
