/* SPDX-License-Identifier: MIT */
/*
 * rules.h - which operations a domain must, may and must not bring (rules.def). Private to
 * src/core.
 */
#ifndef MIRQI_RULES_H
#define MIRQI_RULES_H

#include <mirq/types.h>

enum mirqi_ops_of {
	MIRQI_OPS_OF_STORE,
	MIRQI_OPS_OF_TABLE,
	MIRQI_OPS_OF_SHIM,
	MIRQI_OPS_OF_ROOT,
	MIRQI_OPS_OF_SECONDARY
};

/* Check a full-size op table; @traits: enum mirq_store_trait of a store, else 0. MIRQ_EINVAL. */
MIRQ_MUST_CHECK enum mirq_err mirqi_rules_check(enum mirqi_ops_of role, const void *ops,
						uint32_t traits, const char *name,
						struct mirq_why *why);

#endif
