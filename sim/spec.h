/* SPDX-License-Identifier: MIT */
/*
 * spec.h - the words that describe a machine: one table, which every form reads and prints by, and
 * from which docs/machines.md and the JSON schema are made. Private to sim/spec*.c; what others
 * call is in machine.h and spec_json.h.
 * Locking: none; the tables are constant.
 */
#ifndef SIM_SPEC_H
#define SIM_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "machine.h"

/* What a word is about. A machine has one set of timings, several units and devices. */
enum spec_group {
	SPEC_MACHINE,
	SPEC_TIMING,
	SPEC_UNIT,
	SPEC_DEVICE,
	SPEC_NR_GROUPS
};

enum spec_kind {
	SPEC_NUMBER,
	SPEC_POWER,   /* of two */
	SPEC_BYTES,   /* in whole pages; printed with K or M */
	SPEC_ADDRESS, /* of a page; printed in hexadecimal */
	SPEC_FLAG,
	SPEC_PLACE /* a word for an enum sim_place */
};

struct spec_key {
	const char *word;
	const char *means; /* one line for people */
	enum spec_kind kind;
	size_t offset, size_bytes; /* of the member: uint32_t or uint64_t */
	uint64_t min, max;
	uint64_t initial; /* below min: there is none unless it is asked for */
};

struct spec_keys {
	const struct spec_key *keys;
	uint32_t nr_keys;
};
extern const struct spec_keys spec_keys[SPEC_NR_GROUPS];

/* By enum sim_place. */
struct spec_place {
	const char *word, *means;
};
#define SPEC_NR_PLACES 5
extern const struct spec_place spec_places[SPEC_NR_PLACES];

/* NULL: no such word in this group. */
const struct spec_key *spec_key_find(enum spec_group group, const char *word, size_t nr_chars);
/* What the group's words are members of; @index is of the unit or the device. */
void *spec_object(struct sim_spec *spec, enum spec_group group, uint32_t index);
const void *spec_object_const(const struct sim_spec *spec, enum spec_group group, uint32_t index);

uint64_t spec_get(const void *object, const struct spec_key *key);
void spec_put(void *object, const struct spec_key *key, uint64_t value);
/* Everything as it is when nothing is said. */
void spec_init(void *object, enum spec_group group);

/* May the key have this value? */
int spec_fits(const struct spec_key *key, uint64_t value);
/* The value of a key from its text; 0, or -1: it is none, or it does not fit. */
int spec_value_read(const struct spec_key *key, const char *text, size_t nr_chars,
		    uint64_t *out_value);

#define SPEC_TEXT_BYTES 80
/* The same the other way; and what spec_fits() takes, for "must be ...". */
void spec_value_print(const struct spec_key *key, uint64_t value, char text[SPEC_TEXT_BYTES]);
void spec_range_print(const struct spec_key *key, char text[SPEC_TEXT_BYTES]);

/* What an error is about. word: NULL for the object itself. */
struct spec_subject {
	enum spec_group group;
	uint32_t index;
	const char *word;
};

/* Why the next device may not have this name; NULL: it may. */
const char *spec_name_refusal(const struct sim_spec *spec, const char *name, size_t nr_chars);
/* What only the whole can show: NULL, or what is wrong with *out_subject. */
const char *spec_finish(struct sim_spec *spec, struct spec_subject *out_subject);

#endif
