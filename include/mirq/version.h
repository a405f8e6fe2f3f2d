/* SPDX-License-Identifier: MIT */
/*
 * version.h - which mirq this is. Parameter structs and op tables also carry their size, so that a
 * caller built against an older header is recognised (types.h, MIRQ_SIZED).
 */
#ifndef MIRQ_VERSION_H
#define MIRQ_VERSION_H

#include <stdint.h>

#include <mirq/compiler.h>

#define MIRQ_VERSION_MAJOR 0
#define MIRQ_VERSION_MINOR 1
#define MIRQ_VERSION_PATCH 0
#define MIRQ_VERSION_STRING "0.1.0"
#define MIRQ_VERSION ((MIRQ_VERSION_MAJOR << 16) | (MIRQ_VERSION_MINOR << 8) | MIRQ_VERSION_PATCH)

MIRQ_BEGIN_DECLS

/**
 * mirq_version() - Version of the linked library, to compare with MIRQ_VERSION of the headers.
 * Returns: major in bits 31:16, minor in 15:8, patch in 7:0.
 * Context: any.
 * Errors:  none.
 */
uint32_t mirq_version(void);

MIRQ_END_DECLS

#endif
