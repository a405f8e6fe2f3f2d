/* SPDX-License-Identifier: MIT */
/* The kernel command line as key=value words, separated by spaces. The first of a key counts. */
#ifndef KERNEL_OPTION_H
#define KERNEL_OPTION_H

#include <stdint.h>

void option_init(const char *command_line);

/* NULL when the key is absent, "" for a word without '='. */
const char *option_text(const char *key);

/* @otherwise when the key is absent; panics when the value is not a number. */
uint64_t option_number(const char *key, uint64_t otherwise);

#endif
