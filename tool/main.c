/* SPDX-License-Identifier: MIT */
/*
 * main.c - the mirq command: mirq on a simulated machine, from the command line. Standard output
 * is the result, standard error what is wrong with the call, and progress.
 */
#include <stdio.h>
#include <string.h>

#include <mirq/version.h>

#include "sim.h"

static int run_sim(int nr, char *const *words)
{
	struct sim_options options;

	if (sim_options_read(nr, words, &options))
		return STATUS_USAGE;
	if (options.is_help) {
		fputs(usage_sim_text, stdout);
		return STATUS_PASS;
	}
	if (options.is_list)
		return sim_list(&options);
	if (options.scenario || (options.seed && strchr(options.seed, '@')))
		return sim_scenario(&options);
	return sim_story(&options);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (!strcmp(word, "sim"))
		return run_sim(argc - 2, argv + 2);
	if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
		fputs(usage_text, stdout);
		return STATUS_PASS;
	}
	if (!strcmp(word, "--version")) {
		puts("mirq " MIRQ_VERSION_STRING);
		return STATUS_PASS;
	}
	if (*word)
		fprintf(stderr, "mirq: unknown %s '%s'; 'mirq --help' lists what there is\n",
			*word == '-' ? "option" : "command", word);
	else
		fputs(usage_text, stderr);
	return STATUS_USAGE;
}
