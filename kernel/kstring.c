/* SPDX-License-Identifier: MIT */
/*
 * Memory and text functions. The memory functions are string instructions, so that no compiler
 * makes a call of itself out of a loop here.
 *
 * Source: Intel SDM volume 2, MOVS, STOS: RCX, RSI and RDI are left where the last step ended.
 */
#include "kstring.h"

void *memcpy(void *restrict to, const void *restrict from, size_t nr_bytes)
{
	void *at = to;
	size_t nr_words = nr_bytes / 8;

	nr_bytes %= 8;
	__asm__ volatile("rep movsq" : "+D"(at), "+S"(from), "+c"(nr_words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(nr_bytes) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t nr_bytes)
{
	char *last_to = (char *)to + nr_bytes - 1;
	const char *last_from = (const char *)from + nr_bytes - 1;

	if ((uintptr_t)to - (uintptr_t)from >= nr_bytes)
		return memcpy(to, from, nr_bytes);
	__asm__ volatile("std; rep movsb; cld"
			 : "+D"(last_to), "+S"(last_from), "+c"(nr_bytes)
			 :
			 : "memory");
	return to;
}

void *memset(void *to, int byte, size_t nr_bytes)
{
	void *at = to;
	size_t nr_words = nr_bytes / 8;
	uint64_t word = (uint8_t)byte * 0x0101010101010101u;

	nr_bytes %= 8;
	__asm__ volatile("rep stosq" : "+D"(at), "+c"(nr_words) : "a"(word) : "memory");
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(nr_bytes) : "a"(word) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t nr_bytes)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < nr_bytes; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

size_t kstring_length(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

bool kstring_is_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static uint32_t digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint32_t)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (uint32_t)(c - 'A') + 10;
	return UINT32_MAX;
}

bool kstring_to_u64(const char *text, uint64_t *out)
{
	uint32_t base = 10;
	uint64_t value = 0;

	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		uint32_t digit = digit_value(*text);

		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*out = value;
	return true;
}
