/* SPDX-License-Identifier: MIT */
/*
 * tiny_lines.c - scenarios on tiny_machine.h: what crosses an event behind a mux. User 0 has slot 0
 * of device 0 on line 1, which is slot 3 of the machine and goes to CPU 1.
 */
#include "tiny_jobs.h"

static void job_move_line(struct tiny *w)
{
	tiny_move(w, 3, 0);
}

/* Its line leaves CPU 1 with it, for line 0 stands on CPU 0. */
static void job_leave(struct tiny *w)
{
	if (tiny_offline(w, 1))
		tiny_stop(w, 1);
}

#define MUX(name_, summary_, bound_, floor_, c11_bound_, c11_floor_, status_, ...)                 \
	TINY(name_, summary_, bound_, floor_, c11_bound_, c11_floor_,                              \
	     .options = TINY_MUX | (status_), .nr_devices = 2, .nr_ids = 2, __VA_ARGS__)

const struct scenario scenarios_tiny_lines[] = {
	MUX("mux-move", "An event while its interrupt moves to another line", 2, 9700, 2, 5800, 0,
	    .prepare = tiny_prepare_requested, .jobs = { tiny_job_move, NULL },
	    .nr_raised = { 1, 0 }),
	MUX("mux-move-status", "Two events, behind a mux that says who it was", 2, 40000, 2, 26000,
	    TINY_STATUS, .prepare = tiny_prepare_requested, .jobs = { tiny_job_move, NULL },
	    .nr_raised = { 2, 0 }),
	MUX("mux-move-by-left", "The same, moved by the CPU of the line that it leaves", 2, 3800, 2,
	    2100, TINY_STATUS, .prepare = tiny_prepare_requested, .jobs = { NULL, tiny_job_move },
	    .nr_raised = { 1, 0 }),
	MUX("mux-line-moves", "An event while its line moves", 2, 6800, 2, 5100, TINY_STATUS,
	    .prepare = tiny_prepare_requested, .jobs = { job_move_line, NULL },
	    .nr_raised = { 1, 0 }),
	MUX("mux-move-line-moves", "An event while its interrupt moves, and the line", 1, 1400, 1,
	    1100, TINY_STATUS, .prepare = tiny_prepare_requested,
	    .jobs = { job_move_line, tiny_job_move }, .nr_raised = { 1, 0 }),
	MUX("mux-release", "An event while its interrupt behind a mux is released", 2, 870, 2, 970,
	    0, .prepare = tiny_prepare_requested, .jobs = { tiny_job_release, NULL },
	    .nr_raised = { 1, 0 }),
	MUX("mux-free-neighbour", "An event while another one of its line is freed", 2, 2200, 2,
	    2200, 0, .prepare = tiny_prepare_two, .jobs = { tiny_job_free_other, NULL },
	    .nr_raised = { 1, 0 }),
	MUX("mux-pause", "An event while its interrupt behind a mux is disabled and enabled", 2,
	    970, 2, 1100, TINY_STATUS, .prepare = tiny_prepare_requested,
	    .jobs = { tiny_job_pause, NULL }, .nr_raised = { 1, 0 }),
	MUX("mux-replay-move", "Raised by software, then moved to another line", 2, 10800, 2, 11600,
	    TINY_STATUS | TINY_NO_RESEND, .prepare = tiny_prepare_requested,
	    .jobs = { tiny_job_resend_move, NULL }),
	MUX("mux-leave", "An event while the CPU of its line leaves", 2, 5900, 2, 4100, TINY_STATUS,
	    .prepare = tiny_prepare_requested, .jobs = { NULL, job_leave }, .nr_raised = { 1, 0 }),
	{ 0 },
};
