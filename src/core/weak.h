/* SPDX-License-Identifier: MIT */
/*
 * weak.h - a default that the port may define itself: by name, at link time, the one mechanism.
 */
#ifndef MIRQI_WEAK_H
#define MIRQI_WEAK_H

#define MIRQI_WEAK __attribute__((weak))

#endif
