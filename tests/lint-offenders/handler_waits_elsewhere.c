/* SPDX-License-Identifier: MIT */
/* A function that waits only by --calls, see test_lint.py. */
#include <mirq/mirq.h>

void board_wait_for_reply(void *board);
enum mirq_handled nic_on_event(void *context);

enum mirq_handled nic_on_event(void *context)
{
	board_wait_for_reply(context); /* lint: rule 3 */
	return MIRQ_HANDLED;
}
