/* SPDX-License-Identifier: MIT */
/* A driver calls its store's write op, past the core. */
#include <mirq/mirq.h>

void nic_rewrite(const struct mirq_store_template *kind, const struct mirq_slot *s,
		 const struct mirq_msg *msg);

void nic_rewrite(const struct mirq_store_template *kind, const struct mirq_slot *s,
		 const struct mirq_msg *msg)
{
	kind->ops->write(s, msg); /* lint: rule 4 */
}
