/* SPDX-License-Identifier: MIT */
/*
 * attributes.h - what the library asks of the compiler beyond C11.
 */
#ifndef MIRQI_ATTRIBUTES_H
#define MIRQI_ATTRIBUTES_H

/* A default that the port may define itself: by name, at link time, the one mechanism. */
#define MIRQI_WEAK __attribute__((weak))
/* On the fast path: into its callers, whatever their number. */
#define MIRQI_HOT inline __attribute__((always_inline))
/* Off the fast path: kept out of line, so that the fast path stays short. */
#define MIRQI_COLD __attribute__((noinline, cold))

#endif
