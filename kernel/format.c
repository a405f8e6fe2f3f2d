/* SPDX-License-Identifier: MIT */
/*
 * The formatter: one struct for the output, one for a conversion that is being read.
 *
 * What it is not: complete. An unknown conversion is printed as it stands, so that a mistake
 * shows; the compiler checks the arguments.
 */
#include "format.h"

#include <stdbool.h>
#include <stdint.h>

#include "kstring.h"

struct sink {
	char *at;
	size_t nr_left;
};

struct conversion {
	bool pads_zero, is_left;
	uint32_t width;
	uint32_t nr_longs;
	char kind;
};

static void put(struct sink *s, char c)
{
	if (!s->nr_left)
		return;
	*s->at++ = c;
	s->nr_left--;
}

static void put_padding(struct sink *s, char c, size_t length, uint32_t width)
{
	for (; length < width; length++)
		put(s, c);
}

static void put_text(struct sink *s, const struct conversion *c, const char *text, size_t length)
{
	if (!c->is_left)
		put_padding(s, ' ', length, c->width);
	for (size_t i = 0; i < length; i++)
		put(s, text[i]);
	if (c->is_left)
		put_padding(s, ' ', length, c->width);
}

static void put_number(struct sink *s, const struct conversion *c, uint64_t value, uint32_t base,
		       bool is_negative)
{
	char digits[24];
	size_t first = sizeof(digits);

	do {
		digits[--first] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (c->pads_zero) {
		if (is_negative)
			put(s, '-');
		put_padding(s, '0', sizeof(digits) - first + is_negative, c->width);
	} else if (is_negative) {
		digits[--first] = '-';
	}
	put_text(
		s,
		&(struct conversion){ .is_left = c->is_left, .width = c->pads_zero ? 0 : c->width },
		digits + first, sizeof(digits) - first);
}

static const char *read_conversion(const char *at, struct conversion *out)
{
	*out = (struct conversion){ 0 };
	for (; *at == '0' || *at == '-'; at++) {
		out->pads_zero |= *at == '0';
		out->is_left |= *at == '-';
	}
	for (; *at >= '0' && *at <= '9'; at++)
		out->width = out->width * 10 + (uint32_t)(*at - '0');
	for (; *at == 'l' || *at == 'z'; at++)
		out->nr_longs++;
	out->kind = *at;
	return *at ? at + 1 : at;
}

/* A va_list parameter may be an array: it goes through a struct to be passed on by address. */
struct arguments {
	va_list list;
};

static uint64_t next_unsigned(const struct conversion *c, struct arguments *a)
{
	return c->nr_longs ? va_arg(a->list, uint64_t) : va_arg(a->list, uint32_t);
}

static int64_t next_signed(const struct conversion *c, struct arguments *a)
{
	return c->nr_longs ? va_arg(a->list, int64_t) : va_arg(a->list, int32_t);
}

static void put_signed(struct sink *s, const struct conversion *c, int64_t value)
{
	put_number(s, c, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
}

static void put_conversion(struct sink *s, const struct conversion *c, struct arguments *a)
{
	const char *text;
	char one;

	switch (c->kind) {
	case 's':
		text = va_arg(a->list, const char *);
		text = text ? text : "(null)";
		put_text(s, c, text, kstring_length(text));
		break;
	case 'c':
		one = (char)va_arg(a->list, int);
		put_text(s, c, &one, 1);
		break;
	case 'd':
		put_signed(s, c, next_signed(c, a));
		break;
	case 'u':
		put_number(s, c, next_unsigned(c, a), 10, false);
		break;
	case 'x':
		put_number(s, c, next_unsigned(c, a), 16, false);
		break;
	case 'p':
		put(s, '0');
		put(s, 'x');
		put_number(s, c, (uintptr_t)va_arg(a->list, void *), 16, false);
		break;
	default:
		put(s, '%');
		if (c->kind && c->kind != '%')
			put(s, c->kind);
	}
}

size_t format_list(char *out, size_t size_bytes, const char *format, va_list list)
{
	struct sink sink = { out, size_bytes - 1 };
	struct arguments arguments;
	struct conversion c;

	va_copy(arguments.list, list);
	while (*format) {
		if (*format != '%') {
			put(&sink, *format++);
			continue;
		}
		format = read_conversion(format + 1, &c);
		put_conversion(&sink, &c, &arguments);
	}
	va_end(arguments.list);
	*sink.at = 0;
	return (size_t)(sink.at - out);
}

size_t format(char *out, size_t size_bytes, const char *format, ...)
{
	va_list list;
	size_t length;

	va_start(list, format);
	length = format_list(out, size_bytes, format, list);
	va_end(list);
	return length;
}
