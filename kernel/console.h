/* SPDX-License-Identifier: MIT */
/* The serial console on COM1. Any context, any CPU; one call's text is never torn apart. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include "format.h"

void console_init(void);

/* At most 255 characters a call; the rest is cut off. */
void print(const char *format, ...) KERNEL_PRINTF(1, 2);
void print_list(const char *format, va_list list) KERNEL_PRINTF(1, 0);

/* From now on nobody waits for the lock: for panic, whose owner may be a stopped CPU. */
void console_seize(void);

#endif
