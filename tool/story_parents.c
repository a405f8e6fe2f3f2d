/* SPDX-License-Identifier: MIT */
/*
 * story_parents.c - chapter "parents": what else a device's messages can go through, part by part.
 * The parts have machines of their own, so a machine that was named is played without them.
 */
#include "parents.h"

static void (*const parts[])(struct world *w) = {
	part_window, part_guest, part_provider, part_mux, part_legacy, part_bridge, part_vetted,
};

static void play_parents(struct world *w)
{
	for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](w);
}

static const char *why_not(struct world *w)
{
	return w->has_parts ? NULL
			    : "its parts have machines of their own: without --machine they are "
			      "played";
}

const struct chapter story_parents = {
	"parents",
	"other ways for a message: machines of their own, beside this one",
	why_not,
	play_parents,
};
