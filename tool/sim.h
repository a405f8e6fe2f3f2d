/* SPDX-License-Identifier: MIT */
/* sim.h - 'mirq sim': the story or a scenario. Both answer with an exit status. */
#ifndef TOOL_SIM_H
#define TOOL_SIM_H

#include "options.h"

int sim_story(const struct sim_options *options);
int sim_scenario(const struct sim_options *options);
int sim_list(const struct sim_options *options);

#endif
