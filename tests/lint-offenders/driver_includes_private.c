/* SPDX-License-Identifier: MIT */
/* A driver that includes a header of mirq's core. */
#include <mirq/mirq.h>
#include "../../src/core/bits.h" /* lint: rule 2 */

uint32_t nic_depth(void);

uint32_t nic_depth(void)
{
	return 1;
}
