/* SPDX-License-Identifier: MIT */
/* machine.h - the machine that the command line names. */
#ifndef TOOL_MACHINE_H
#define TOOL_MACHINE_H

#include "../sim/machine.h"

/* The server of the default story. */
extern const char machine_default[];

/* @text: a description, or the name of a file with one. 0, or -1 and it was said what is wrong. */
int machine_read(const char *text, struct sim_spec *out_spec);

#endif
