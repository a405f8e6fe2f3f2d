/* SPDX-License-Identifier: MIT */
/* sim.c - 'mirq sim' without a scenario: which machine, which seed, how to tell. */
#include "sim.h"

#include <jansson.h>

#include "machine.h"
#include "story.h"

int sim_story(const struct sim_options *options)
{
	const char *text = options->machine ? options->machine : machine_default;
	struct sim_spec spec;
	struct report *r;
	struct world *w;
	int is_good;

	if (options->explore) {
		usage_error(
			"--explore belongs to --scenario NAME; 'mirq sim --list' has the names");
		return STATUS_USAGE;
	}
	if (machine_read(text, &spec) ||
	    (options->seed && option_number("--seed", options->seed, INT64_MAX, &spec.seed)))
		return STATUS_USAGE;
	r = report_new(options->is_json ? REPORT_JSON : REPORT_TEXT);
	json_object_set_new(report_document(r), "kind", json_string("story"));
	json_object_set_new(report_document(r), "machine", json_string(text));
	json_object_set_new(report_document(r), "seed", json_integer((json_int_t)spec.seed));
	w = world_new(&spec, r);
	w->has_parts = !options->machine;
	is_good = story_play(w);
	world_free(w);
	report_free(r);
	return is_good ? STATUS_PASS : STATUS_FAIL;
}
