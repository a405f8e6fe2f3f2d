/* SPDX-License-Identifier: MIT */
/*
 * types.h - the words that every other header uses. Declares no way to reach anything.
 *
 * Conventions, said once:
 *  - enum mirq_err is must-check. On failure nothing observable has changed and no out_ was
 *    written.
 *  - Ranges are half-open. In a request the empty range {0, 0} means "no restriction".
 *  - Parameter structs and op tables begin with their size: write MIRQ_SIZED(type) first. A shorter
 *    (older) struct reads as if the missing members were zero; a longer one is refused unless the
 *    part that this library does not know is zero. A zero member is the documented default.
 *  - Parameter structs are borrowed for the call, op tables and names are retained.
 *  - Context words: init (one CPU, before others) - thread (interrupts on, may wait) - atomic (any
 *    context, interrupts may be off, never waits) - dispatch (in an interrupt, on that CPU).
 */
#ifndef MIRQ_TYPES_H
#define MIRQ_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include <mirq/compiler.h>

struct mirq;        /* one interrupt system; everything hangs off it, two may live in one process */
struct mirq_host;   /* yours: the port defines it, mirq only hands it back */
struct mirq_domain; /* one hardware block on the way of an interrupt: store, remapper or root */
struct mirq_device; /* what sends messages; owns its stores */
struct mirq_store;  /* one place where one device keeps its messages */

enum mirq_err {
#define MIRQ_ERROR(name, number, text, meaning, remedy) MIRQ_##name = (number),
#include <mirq/errors.def>
#undef MIRQ_ERROR
};

/* First member of a parameter struct or op table: (struct mirq_x){ MIRQ_SIZED(mirq_x), .nr = 1 } */
#define MIRQ_SIZED(type) .size_bytes = sizeof(struct type)

/* Why a call was refused. Optional .why of init and want structs; written on failure only. */
struct mirq_why {
	const char *text;  /* static sentence: which rule, why, what to do */
	const char *where; /* domain, device or table; valid as long as that lives; NULL: none */
	uint32_t rule;     /* number in docs/rules.md; 0: none */
	uint32_t nr_wanted;
	uint32_t nr_left;
	uint64_t value; /* CPU, slot, id, address or table offset: .text says which */
	uint64_t other; /* a second one, where .text says so */
};

struct mirq_range {
	uint32_t first, limit;
};

/* CPU numbers first..limit-1, of them those whose bit (number % 64 of word number / 64) is set in
 * bits; bits NULL: all of them. {{0, 0}, NULL}: every CPU. No compiled-in maximum. */
struct mirq_cpus {
	struct mirq_range range;
	const uint64_t *bits;
};

/* What a slot holds and a device sends. */
struct mirq_msg {
	uint64_t address;
	uint32_t data;
};

/* THE handle: interrupts first..limit-1 of one store, by value, without a reference. */
struct mirq_irqs {
	struct mirq_store *store;
	struct mirq_range slots;
};

enum mirq_trigger {
	MIRQ_EDGE,
	MIRQ_EDGE_FALLING,
	MIRQ_LEVEL_HIGH,
	MIRQ_LEVEL_LOW
};
enum mirq_pending {
	MIRQ_PENDING_UNKNOWN,
	MIRQ_PENDING_NO,
	MIRQ_PENDING_YES
};

/* Does the system run in a virtual machine? Asked by rule 6 of docs/rules.md. */
enum mirq_guest {
	MIRQ_GUEST_UNKNOWN,
	MIRQ_GUEST_NO,
	MIRQ_GUEST_YES
};

/* rid: bus 15:8, device 7:3, function 2:0. */
struct mirq_pci_address {
	uint16_t segment, rid;
};

/* Bytes that somebody else wrote: borrowed, untrusted. */
struct mirq_memory {
	const void *data;
	size_t size_bytes;
};

#endif
