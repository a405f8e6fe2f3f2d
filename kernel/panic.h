/* SPDX-License-Identifier: MIT */
/* The two ways out: a verdict for the caller of QEMU, and a panic. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include "format.h"

struct exception_frame;

/* isa-debug-exit turns value v into exit status 2v+1. */
enum machine_exit {
	MACHINE_EXIT_PASS = 0x10, /* status 33 */
	MACHINE_EXIT_FAIL = 0x11, /* status 35 */
};

_Noreturn void machine_exit(enum machine_exit code);

/* Stops the other CPUs, prints the message and a backtrace (for addr2line), exits with FAIL. */
_Noreturn void panic(const char *format, ...) KERNEL_PRINTF(1, 2);

/* The same for a CPU exception, with its registers. */
_Noreturn void panic_exception(const struct exception_frame *frame);

#endif
