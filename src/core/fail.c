/* SPDX-License-Identifier: MIT */
/*
 * fail.c - refusals (fail.h), texts of errors from the one table, sized parameter structs
 * (memory.h).
 */
#include "fail.h"
#include "memory.h"

#include <mirq/inspect.h>
#include <mirq/version.h>

enum mirq_err mirqi_fail_numbers(struct mirq_why *why, enum mirq_err err, const char *where,
				 const char *text, uint32_t nr_wanted, uint32_t nr_left,
				 uint64_t value)
{
	if (why) {
		why->text = text;
		why->where = where;
		why->rule = 0;
		why->nr_wanted = nr_wanted;
		why->nr_left = nr_left;
		why->value = value;
		why->other = 0;
	}
	return err;
}

enum mirq_err mirqi_fail(struct mirq_why *why, enum mirq_err err, uint32_t rule, const char *where,
			 const char *text)
{
	mirqi_fail_numbers(why, err, where, text, 0, 0, 0);
	if (why)
		why->rule = rule;
	return err;
}

enum mirq_err mirqi_no_memory(struct mirq_why *why, const char *where)
{
	return mirqi_fail(why, MIRQ_ENOMEM, 0, where, "the host has no memory");
}

enum mirq_err mirqi_no_slot(struct mirq_why *why, const char *where, uint32_t index)
{
	return mirqi_fail_one(why, MIRQ_EINVAL, where, "this slot is not allocated", index);
}

enum mirq_err mirqi_fail_value(struct mirq_why *why, enum mirq_err err, const char *where,
			       const char *text, uint64_t value)
{
	return mirqi_fail_numbers(why, err, where, text, 0, 0, value);
}

enum mirq_err mirqi_fail_one(struct mirq_why *why, enum mirq_err err, const char *where,
			     const char *text, uint64_t value)
{
	return mirqi_fail_numbers(why, err, where, text, 1, 0, value);
}

const char *mirq_err_text(enum mirq_err err)
{
	switch (err) {
#define MIRQ_ERROR(name, number, text, meaning, remedy)                                            \
	case MIRQ_##name:                                                                          \
		return text;
#include <mirq/errors.def>
#undef MIRQ_ERROR
	}
	return "unknown error";
}

uint32_t mirq_version(void)
{
	return MIRQ_VERSION;
}

/* No struct ever grows to this; a size that nobody set does, and would be walked through. */
#define MAX_SIZED_BYTES 4096

enum mirq_err mirqi_sized_copy(void *own, uint32_t own_bytes, const void *theirs)
{
	const unsigned char *bytes = theirs;
	uint32_t their_bytes;

	if (!theirs)
		return MIRQ_EINVAL;
	memcpy(&their_bytes, theirs, sizeof(their_bytes));
	if (their_bytes < 2 * sizeof(their_bytes) || their_bytes % sizeof(their_bytes) ||
	    their_bytes > MAX_SIZED_BYTES)
		return MIRQ_EINVAL;
	for (uint32_t i = own_bytes; i < their_bytes; i++)
		if (bytes[i])
			return MIRQ_EINVAL;
	memset(own, 0, own_bytes);
	memcpy(own, theirs, their_bytes < own_bytes ? their_bytes : own_bytes);
	return MIRQ_OK;
}
