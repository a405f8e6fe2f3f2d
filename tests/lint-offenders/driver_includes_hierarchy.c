/* SPDX-License-Identifier: MIT */
/* A driver that reaches for what is for buses, ports and chips. */
#include <mirq/bus.h>    /* lint: rule 2 */
#include <mirq/domain.h> /* lint: rule 2 */
#include <mirq/host.h>   /* lint: rule 2 */
#include <mirq/mirq.h>
#include <mirq/remapper.h> /* lint: rule 2 */
#include <mirq/root.h>     /* lint: rule 2 */
#include <mirq/vtd.h>      /* lint: rule 2 */
#include <mirq/x86.h>      /* lint: rule 2 */

void nic_nothing(void);

void nic_nothing(void) {}
