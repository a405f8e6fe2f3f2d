/* SPDX-License-Identifier: MIT */
/*
 * fail.h - how a refusal is told: code, rule, static sentence, place, numbers. Formats nothing.
 */
#ifndef MIRQI_FAIL_H
#define MIRQI_FAIL_H

#include <mirq/types.h>

/* Fill @why (may be NULL) and return @err: return mirqi_fail(why, MIRQ_EINVAL, 1, name, "..."); */
enum mirq_err mirqi_fail(struct mirq_why *why, enum mirq_err err, uint32_t rule, const char *where,
			 const char *text);
/* The same with numbers: wanted, left, and a value that the sentence names. */
enum mirq_err mirqi_fail_numbers(struct mirq_why *why, enum mirq_err err, const char *where,
				 const char *text, uint32_t nr_wanted, uint32_t nr_left,
				 uint64_t value);
/* With a value only; the same, of one that was wanted. */
enum mirq_err mirqi_fail_value(struct mirq_why *why, enum mirq_err err, const char *where,
			       const char *text, uint64_t value);
enum mirq_err mirqi_fail_one(struct mirq_why *why, enum mirq_err err, const char *where,
			     const char *text, uint64_t value);
/* What is refused at many places. MIRQ_ENOMEM; MIRQ_EINVAL. */
enum mirq_err mirqi_no_memory(struct mirq_why *why, const char *where);
enum mirq_err mirqi_no_slot(struct mirq_why *why, const char *where, uint32_t index);

#endif
