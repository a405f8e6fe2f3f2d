/* SPDX-License-Identifier: MIT */
/*
 * tiny_leave.c - scenarios on tiny_machine.h: an event against handlers that come and go.
 */
#include "tiny_jobs.h"

const struct scenario scenarios_tiny_leave[] = {
	TINY("release", "An event while its handler is released", 2, 740, 2, 820,
	     .prepare = tiny_prepare_requested, .options = 0, .nr_ids = 1,
	     .jobs = { tiny_job_release, NULL }, .nr_raised = { 1, 0 }),
	TINY("release-table", "An event while its handler is released, behind a table", 2, 890, 2,
	     960, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 1,
	     .jobs = { tiny_job_release, NULL }, .nr_raised = { 1, 0 }),
	TINY("free-reuse", "An event while its interrupt is freed, its id goes to another", 2,
	     10000, 2, 9000, .prepare = tiny_prepare_requested, .options = 0, .nr_ids = 1,
	     .jobs = { tiny_job_replace, NULL }, .nr_raised = { 1, 0 }),
	TINY("free-reuse-table",
	     "An event while its interrupt is freed, its id goes to another, behind a table", 2,
	     10000, 2, 9600, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 1,
	     .jobs = { tiny_job_replace, NULL }, .nr_raised = { 1, 0 }),
	TINY("shared-release-first", "Events while the first of two handlers is released", 2, 1300,
	     2, 1300, .prepare = tiny_prepare_shared, .options = 0, .nr_ids = 1,
	     .jobs = { tiny_job_release, NULL }, .nr_raised = { 2, 0 }),
	TINY("shared-release-joined", "Events while the second of two handlers is released", 2,
	     1200, 2, 1200, .prepare = tiny_prepare_shared, .options = 0, .nr_ids = 1,
	     .jobs = { tiny_job_release_joined, NULL }, .nr_raised = { 2, 0 }),
	TINY("move-release", "An event while its interrupt moves and is then released", 2, 17000, 2,
	     12000, .prepare = tiny_prepare_requested, .options = 0, .nr_ids = 2,
	     .jobs = { tiny_job_move_release, NULL }, .nr_raised = { 1, 0 }),
	TINY("move-release-table",
	     "An event while its interrupt moves and is then released, behind a table", 2, 14000, 2,
	     11000, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
	     .jobs = { tiny_job_move_release, NULL }, .nr_raised = { 1, 0 }),
	TINY("move-move-release-table",
	     "An event while its interrupt moves there and back and is released, behind a table", 2,
	     29000, 1, 480, .prepare = tiny_prepare_requested, .options = TINY_TABLE, .nr_ids = 2,
	     .jobs = { tiny_job_move_move_release, NULL }, .nr_raised = { 1, 0 }),
	TINY("shared-join", "Events while a second handler joins", 2, 940, 2, 960,
	     .prepare = tiny_prepare_joined, .options = 0, .nr_ids = 1,
	     .jobs = { tiny_job_join, NULL }, .nr_raised = { 2, 0 }),
	{ 0 },
};
