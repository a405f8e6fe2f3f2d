/* SPDX-License-Identifier: MIT */
/*
 * tiny_jobs.h - what the scenarios of the tiny machine have in common: how one is written down, how
 * it begins, what a CPU does.
 */
#ifndef SIM_TINY_JOBS_H
#define SIM_TINY_JOBS_H

#include "tiny_machine.h"

/* Two rows of a table, on x86 and, as "c11-...", with memory as weak as C11 allows: name, summary,
 * bound, floor, the same of the second, then members of struct tiny_init. */
#define TINY(name_, summary_, bound_, floor_, c11_bound_, c11_floor_, ...)                         \
	TINY_ROW(name_, summary_, bound_, floor_, tiny_scenario_begin, __VA_ARGS__),               \
		TINY_ROW("c11-" name_, summary_ ", memory as C11 allows", c11_bound_, c11_floor_,  \
			 tiny_scenario_begin_c11, __VA_ARGS__)
/* The first of them only. */
#define TINY_X86(name_, summary_, bound_, floor_, ...)                                             \
	TINY_ROW(name_, summary_, bound_, floor_, tiny_scenario_begin, __VA_ARGS__)
#define TINY_ROW(name_, summary_, bound_, floor_, begin_, ...)                                     \
	{                                                                                          \
		name_, summary_, bound_, floor_, begin_, tiny_scenario_finish,                     \
			&(const struct tiny_init){ __VA_ARGS__ }, NULL,                            \
	}

/* How it begins: user 0 has slot 0 on CPU 1. */
void tiny_prepare_allocated(struct tiny *w);
void tiny_prepare_requested(struct tiny *w);
void tiny_prepare_move(struct tiny *w);
void tiny_prepare_shared(struct tiny *w);
void tiny_prepare_joined(struct tiny *w);
void tiny_prepare_later(struct tiny *w);
void tiny_prepare_two(struct tiny *w);
void tiny_prepare_two_devices(struct tiny *w);
void tiny_prepare_full(struct tiny *w);

/* What a CPU does. */
void tiny_job_move(struct tiny *w);
void tiny_job_move_back(struct tiny *w);
void tiny_job_pause(struct tiny *w);
void tiny_job_release(struct tiny *w);
void tiny_job_release_joined(struct tiny *w);
void tiny_job_replace(struct tiny *w);
void tiny_job_request(struct tiny *w);
void tiny_job_resend(struct tiny *w);
void tiny_job_resend_move(struct tiny *w);
void tiny_job_move_release(struct tiny *w);
void tiny_job_join(struct tiny *w);
void tiny_job_done(struct tiny *w);
void tiny_job_move_done(struct tiny *w);
void tiny_job_move_move_release(struct tiny *w);
void tiny_job_move_free(struct tiny *w);
void tiny_job_move_move_free(struct tiny *w);
void tiny_job_free(struct tiny *w);
void tiny_job_request_again(struct tiny *w);
void tiny_job_neighbour(struct tiny *w);
void tiny_job_neighbour_alloc(struct tiny *w);
void tiny_job_other_device(struct tiny *w);
void tiny_job_free_other(struct tiny *w);
void tiny_job_move_other(struct tiny *w);
void tiny_job_move_to_third(struct tiny *w);
void tiny_job_move_neighbour(struct tiny *w);
void tiny_job_move_refused(struct tiny *w);

#endif
