/* SPDX-License-Identifier: MIT */
/*
 * tiny_move.c - scenarios on tiny_machine.h: an event against moves.
 */
#include "tiny_jobs.h"

const struct scenario scenarios_tiny_move[] = {
	TINY("move", "An event while its interrupt moves", 2, 67000, .prepare = tiny_prepare_move,
	     .options = 0, .nr_ids = 2, .jobs = { tiny_job_move, NULL }, .nr_raised = { 2, 0 }),
	TINY("move-table", "An event while its interrupt moves, behind a table", 2, 45000,
	     .prepare = tiny_prepare_move, .options = TINY_TABLE, .nr_ids = 2,
	     .jobs = { tiny_job_move, NULL }, .nr_raised = { 2, 0 }),
	TINY("move-by-left", "The same, moved by the CPU that it leaves", 2, 40000,
	     .prepare = tiny_prepare_move, .options = 0, .nr_ids = 2,
	     .jobs = { NULL, tiny_job_move }, .nr_raised = { 1, 0 }),
	TINY("move-by-left-table", "The same, moved by the CPU that it leaves, behind a table", 2,
	     18000, .prepare = tiny_prepare_move, .options = TINY_TABLE, .nr_ids = 2,
	     .jobs = { NULL, tiny_job_move }, .nr_raised = { 1, 0 }),
	TINY("move-move", "Two CPUs move one interrupt, an event", 2, 190000,
	     .prepare = tiny_prepare_requested, .options = 0, .nr_ids = 2,
	     .jobs = { tiny_job_move, tiny_job_move_back }, .nr_raised = { 1, 0 }),
	TINY("move-move-table", "Two CPUs move one interrupt, an event, behind a table", 2, 100000,
	     .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
	     .jobs = { tiny_job_move, tiny_job_move_back }, .nr_raised = { 1, 0 }),
	TINY("move-disable", "An event while one CPU moves, the other disables and enables", 2,
	     100000, .prepare = tiny_prepare_requested, .options = 0, .nr_ids = 2,
	     .jobs = { tiny_job_move, tiny_job_pause }, .nr_raised = { 1, 0 }),
	TINY("move-disable-table",
	     "An event while one CPU moves, the other disables and enables, behind a table", 2,
	     72000, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
	     .jobs = { tiny_job_move, tiny_job_pause }, .nr_raised = { 1, 0 }),
	TINY("move-later", "Events while a handler that answered LATER moves", 2, 100000,
	     .prepare = tiny_prepare_later, .options = 0, .nr_ids = 2,
	     .jobs = { tiny_job_move_done, NULL }, .nr_raised = { 2, 0 }),
	TINY("move-later-table", "Events while a handler that answered LATER moves, behind a table",
	     2, 84000, .prepare = tiny_prepare_later, .options = TINY_TABLE, .nr_ids = 2,
	     .jobs = { tiny_job_move_done, NULL }, .nr_raised = { 2, 0 }),
	{ 0 },
};
