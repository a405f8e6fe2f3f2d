/* SPDX-License-Identifier: MIT */
/*
 * tiny_jobs.c - see tiny_jobs.h.
 */
#include "tiny_jobs.h"

/* Begin states: user 0 has slot 0 on CPU 1. */
void tiny_prepare_allocated(struct tiny *w)
{
	tiny_alloc(w, 0, 1);
}

void tiny_prepare_requested(struct tiny *w)
{
	tiny_prepare_allocated(w);
	tiny_request(w, 0, 0, 0);
}

/* The move takes another id, so that a message of old and new words is nobody's. */
void tiny_prepare_move(struct tiny *w)
{
	tiny_alloc(w, 1, 0);
	tiny_prepare_requested(w);
}

void tiny_prepare_shared(struct tiny *w)
{
	tiny_prepare_allocated(w);
	tiny_request(w, 0, 0, MIRQ_REQUEST_SHARED);
	tiny_request(w, 1, 0, MIRQ_REQUEST_SHARED);
}

/* User 1 will join. */
void tiny_prepare_joined(struct tiny *w)
{
	tiny_prepare_allocated(w);
	tiny_request(w, 0, 0, MIRQ_REQUEST_SHARED);
}

void tiny_prepare_later(struct tiny *w)
{
	tiny_prepare_requested(w);
	w->users[0].nr_later = 1;
}

void tiny_job_move(struct tiny *w)
{
	tiny_move(w, 0, 0);
}

void tiny_job_move_back(struct tiny *w)
{
	tiny_move(w, 0, 1);
}

void tiny_job_pause(struct tiny *w)
{
	tiny_pause(w, 0);
}

void tiny_job_release(struct tiny *w)
{
	tiny_release(w, 0);
}

void tiny_job_release_joined(struct tiny *w)
{
	tiny_release(w, 1);
}

/* The only id of CPU 1 goes to another interrupt. */
void tiny_job_replace(struct tiny *w)
{
	tiny_free(w, 0);
	tiny_alloc(w, 1, 1);
	tiny_request(w, 1, 1, 0);
}

void tiny_job_request(struct tiny *w)
{
	tiny_request(w, 0, 0, 0);
}

void tiny_job_resend(struct tiny *w)
{
	tiny_resend(w, 0);
}

void tiny_job_resend_move(struct tiny *w)
{
	tiny_resend(w, 0);
	tiny_resend(w, 0);
	tiny_move(w, 0, 0);
}

void tiny_job_move_release(struct tiny *w)
{
	tiny_move(w, 0, 0);
	tiny_release(w, 0);
}

void tiny_job_join(struct tiny *w)
{
	tiny_request(w, 1, 0, MIRQ_REQUEST_SHARED);
}

void tiny_job_done(struct tiny *w)
{
	tiny_done(w, 0);
}

/* The handler has answered before its work is done. */
void tiny_job_move_done(struct tiny *w)
{
	tiny_move(w, 0, 0);
	while (w->users[0].is_requested && (!w->nr_later || w->slots[0].is_running))
		engine_yield(w->e);
	tiny_done(w, 0);
}

void tiny_job_move_move_release(struct tiny *w)
{
	tiny_move(w, 0, 0);
	tiny_move(w, 0, 1);
	tiny_release(w, 0);
}

void tiny_job_move_free(struct tiny *w)
{
	tiny_move(w, 0, 0);
	tiny_free(w, 0);
}

void tiny_job_move_move_free(struct tiny *w)
{
	tiny_move(w, 0, 0);
	tiny_move(w, 0, 1);
	tiny_free(w, 0);
}

void tiny_prepare_two(struct tiny *w)
{
	tiny_prepare_requested(w);
	tiny_alloc(w, 1, 1);
	tiny_request(w, 1, 1, 0);
}

void tiny_prepare_two_devices(struct tiny *w)
{
	tiny_prepare_requested(w);
	tiny_alloc(w, 2, 1);
	tiny_request(w, 1, 2, 0);
}

/* The ids of CPU 0 are all taken. */
void tiny_prepare_full(struct tiny *w)
{
	tiny_alloc(w, 1, 0);
	tiny_prepare_requested(w);
}

void tiny_job_free(struct tiny *w)
{
	tiny_free(w, 0);
}

void tiny_job_request_again(struct tiny *w)
{
	tiny_release(w, 0);
	tiny_request(w, 0, 0, 0);
}

void tiny_job_neighbour(struct tiny *w)
{
	tiny_alloc(w, 1, 1);
	tiny_request(w, 1, 1, 0);
	tiny_free(w, 1);
}

void tiny_job_neighbour_alloc(struct tiny *w)
{
	tiny_alloc(w, 1, 1);
	tiny_free_slot(w, 1);
}

void tiny_job_other_device(struct tiny *w)
{
	tiny_alloc(w, 2, 1);
	tiny_request(w, 1, 2, 0);
	tiny_free(w, 1);
}

void tiny_job_free_other(struct tiny *w)
{
	tiny_free(w, 1);
}

void tiny_job_move_other(struct tiny *w)
{
	tiny_move(w, 2, 0);
}

void tiny_job_move_to_third(struct tiny *w)
{
	tiny_move(w, 0, 2);
}

void tiny_job_move_neighbour(struct tiny *w)
{
	tiny_move(w, 1, 2);
}

void tiny_job_move_refused(struct tiny *w)
{
	tiny_move_refused(w, 0, 0);
}
