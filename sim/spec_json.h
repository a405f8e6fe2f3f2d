/* SPDX-License-Identifier: MIT */
/*
 * spec_json.h - machines described in JSON, besides the one line of sim_spec_parse(): the same
 * words, timings as one object, units and devices as lists (docs/machines.md). A library of its
 * own: who does without it needs no jansson.
 * Sources: [JSON]. Locking: none.
 */
#ifndef SIM_SPEC_JSON_H
#define SIM_SPEC_JSON_H

#include "machine.h"

#define SIM_SPEC_MAX_BYTES 0x100000u /* of text: no machine needs as much */

/*
 * Read a description; any bytes will do. 0, or -1 with *out_error filled: line and column of the
 * key, or of the element of a list; of an error of syntax where reading stopped, without a word.
 */
int sim_spec_read_json(const char *text, size_t size_bytes, struct sim_spec *out_spec,
		       struct sim_error *out_error);
/*
 * Whatever people give: JSON if it begins with '{', the name of a file of JSON if it ends in
 * ".json", otherwise one line. A file that cannot be read is an error without line.
 */
int sim_spec_load(const char *spec_or_file, struct sim_spec *out_spec, struct sim_error *out_error);
/* The description in JSON, cut at the end of @out_text. As snprintf(): how long it is; 0: out of
 * memory. */
size_t sim_spec_format_json(const struct sim_spec *spec, char *out_text, size_t size_bytes);

#endif
