/* SPDX-License-Identifier: MIT */
/*
 * tiny_offline.c - scenarios on tiny_machine.h: CPU 1 leaves, for good or nearly, while events come
 * and others call. When all is quiet it comes back, with what was pending there.
 */
#include "tiny_jobs.h"

/* On CPU 1: a thread of its own prepares, then it stops. */
static void job_leave(struct tiny *w)
{
	if (tiny_offline(w, 1))
		tiny_stop(w, 1);
}

/* On CPU 0; CPU 1 waits for it, with interrupts on. */
static void job_offline(struct tiny *w)
{
	w->is_refused = !tiny_offline(w, 1);
	w->is_prepared = 1;
	engine_wake(w->e, 1);
}

/* Asleep: kicks wake it, but who waits for time to pass does not. */
static void wait_prepared(struct tiny *w)
{
	while (!w->is_prepared)
		engine_sleep(w->e);
}

static void job_stop(struct tiny *w)
{
	wait_prepared(w);
	if (!w->is_refused)
		tiny_stop(w, 1);
}

/* What arrives there is not taken before it stops: nothing but finish can save it. */
static void job_stop_deaf(struct tiny *w)
{
	w->cpus[1].is_open = 0;
	wait_prepared(w);
	if (w->is_refused)
		w->cpus[1].is_open = 1;
	else
		tiny_stop(w, 1);
}

static void job_cancel(struct tiny *w)
{
	if (tiny_offline(w, 1))
		tiny_stay(w, 1);
}

/* The move may come too late. */
static void job_move_there(struct tiny *w)
{
	tiny_move_perhaps(w, 0, 1);
}

static void prepare_there(struct tiny *w)
{
	tiny_alloc(w, 0, 0);
	tiny_request(w, 0, 0, 0);
}

/* CPU 1 has more ids left: a request that chose freely would go there. */
static void prepare_free_choice(struct tiny *w)
{
	tiny_alloc(w, 1, 0);
	tiny_alloc_late(w, 0);
}

static void job_resend_offline(struct tiny *w)
{
	tiny_resend(w, 0);
	job_offline(w);
}

static void job_offline_free(struct tiny *w)
{
	job_offline(w);
	tiny_free(w, 0);
}

static void job_free_offline(struct tiny *w)
{
	tiny_free(w, 0);
	job_offline(w);
}

/* What CPU 0 had of it may not have drained yet. */
static void job_fetch_leave(struct tiny *w)
{
	tiny_move(w, 0, 1);
	job_leave(w);
}

const struct scenario scenarios_tiny_offline[] = {
	TINY_X86("leave", "Events while their CPU leaves", 2, 6600, .prepare = tiny_prepare_move,
		 .options = 0, .nr_ids = 2, .jobs = { NULL, job_leave }, .nr_raised = { 2, 0 }),
	TINY_X86("leave-table", "Events while their CPU leaves, behind a table", 2, 3900,
		 .prepare = tiny_prepare_move, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { NULL, job_leave }, .nr_raised = { 2, 0 }),
	TINY_X86("leave-by-other", "An event while another CPU makes its CPU leave", 2, 90000,
		 .prepare = tiny_prepare_move, .options = 0, .nr_ids = 2,
		 .jobs = { job_offline, job_stop }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-by-other-table", "The same, behind a table", 2, 60000,
		 .prepare = tiny_prepare_move, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { job_offline, job_stop }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-deaf", "Events that their CPU does not take before it leaves", 2, 45000,
		 .prepare = tiny_prepare_move, .options = 0, .nr_ids = 2,
		 .jobs = { job_offline, job_stop_deaf }, .nr_raised = { 2, 0 }),
	TINY_X86("leave-deaf-table", "The same, behind a table", 2, 34000,
		 .prepare = tiny_prepare_move, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { job_offline, job_stop_deaf }, .nr_raised = { 2, 0 }),
	TINY_X86("leave-deaf-replay", "Raised by software, not taken before its CPU leaves", 2,
		 26000, .prepare = tiny_prepare_requested, .options = TINY_TABLE | TINY_NO_RESEND,
		 .nr_ids = 2, .jobs = { job_resend_offline, job_stop_deaf }, .nr_raised = { 0, 0 }),
	TINY_X86("leave-move", "An event while its CPU leaves and another moves it away", 2, 130000,
		 .prepare = tiny_prepare_requested, .options = 0, .nr_ids = 2,
		 .jobs = { tiny_job_move, job_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-move-table", "The same, behind a table", 2, 68000,
		 .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { tiny_job_move, job_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-move-there", "An event while another moves it to the CPU that leaves", 2,
		 110000, .prepare = prepare_there, .options = 0, .nr_ids = 2,
		 .jobs = { job_move_there, job_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-request", "An interrupt of the CPU that leaves is requested", 2, 79000,
		 .prepare = tiny_prepare_allocated, .options = 0, .nr_ids = 2,
		 .jobs = { tiny_job_request, job_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-request-free", "A request chooses its CPU while one leaves", 2, 89000,
		 .prepare = prepare_free_choice, .options = 0, .nr_ids = 2,
		 .jobs = { tiny_job_request, job_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-release", "An event while its CPU leaves and its handler is released", 2,
		 60000, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { tiny_job_release, job_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-free", "An event while its CPU leaves and its interrupt is freed", 2,
		 120000, .prepare = tiny_prepare_requested, .options = 0, .nr_ids = 2,
		 .jobs = { tiny_job_free, job_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-disable", "An event while its CPU leaves, another disables and enables", 2,
		 59000, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { tiny_job_pause, job_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-resend", "An interrupt is raised by software while its CPU leaves", 2,
		 15000, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { tiny_job_resend, job_leave }, .nr_raised = { 0, 0 }),
	TINY_X86("leave-replay", "The same where the root cannot raise ids", 2, 19000,
		 .prepare = tiny_prepare_requested, .options = TINY_TABLE | TINY_NO_RESEND,
		 .nr_ids = 2, .jobs = { tiny_job_resend, job_leave }, .nr_raised = { 0, 0 }),
	TINY_X86("leave-after-move", "Events while a CPU fetches their interrupt and leaves", 2,
		 33000, .prepare = prepare_there, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { NULL, job_fetch_leave }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-deaf-free", "An event that its CPU passes on while its interrupt is freed",
		 2, 84000, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { job_offline_free, job_stop_deaf }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-deaf-freed", "An event that waits when its interrupt was freed", 2, 5900,
		 .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { job_free_offline, job_stop_deaf }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-cancel", "Events while their CPU begins to leave and stays", 2, 23000,
		 .prepare = tiny_prepare_move, .options = 0, .nr_ids = 2,
		 .jobs = { NULL, job_cancel }, .nr_raised = { 1, 0 }),
	TINY_X86("leave-cancel-table", "The same, behind a table", 2, 11000,
		 .prepare = tiny_prepare_move, .options = TINY_TABLE, .nr_ids = 2,
		 .jobs = { NULL, job_cancel }, .nr_raised = { 1, 0 }),
	{ 0 },
};
