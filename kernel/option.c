/* SPDX-License-Identifier: MIT */
/*
 * Splits the command line once and answers questions about it.
 *
 * Locking: none; immutable after option_init().
 */
#include "option.h"

#include <stddef.h>

#include "kstring.h"
#include "panic.h"

enum {
	MAX_OPTIONS = 64
};

static char text[1024];

static struct {
	const char *key, *value;
} options[MAX_OPTIONS];

static uint32_t nr_options;

/* Ends the word at @at with NULs, returns what follows it. */
static char *split_word(char *at)
{
	const char *value = "";
	char *word = at;

	for (; *at && *at != ' '; at++) {
		if (*at == '=' && !*value) {
			*at = 0;
			value = at + 1;
		}
	}
	if (*at)
		*at++ = 0;
	if (*word && nr_options < MAX_OPTIONS) {
		options[nr_options].key = word;
		options[nr_options++].value = value;
	}
	return at;
}

void option_init(const char *command_line)
{
	char *at = text;

	for (uint32_t i = 0; command_line[i] && i < sizeof(text) - 1; i++)
		text[i] = command_line[i];
	while (*at)
		at = split_word(at);
}

const char *option_text(const char *key)
{
	for (uint32_t i = 0; i < nr_options; i++)
		if (kstring_is_equal(options[i].key, key))
			return options[i].value;
	return NULL;
}

uint64_t option_number(const char *key, uint64_t otherwise)
{
	const char *value = option_text(key);

	if (value && !kstring_to_u64(value, &otherwise))
		panic("option %s=%s: not a number", key, value);
	return otherwise;
}
