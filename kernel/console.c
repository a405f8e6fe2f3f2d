/* SPDX-License-Identifier: MIT */
/*
 * COM1, polled.
 *
 * What it is not: an input device, or an interrupt source.
 * Source: 16550 data sheet: line control (DLAB) and line status (THRE) registers.
 * Locking: console.lock around the bytes of one call, interrupts off; console_seize() ends it.
 */
#include "console.h"

#include <stdbool.h>
#include <stdint.h>

#include "spinlock.h"
#include "x86.h"

#define COM1_DATA 0x3f8
#define COM1_INTERRUPT 0x3f9
#define COM1_FIFO 0x3fa
#define COM1_LINE_CONTROL 0x3fb
#define COM1_MODEM 0x3fc
#define COM1_LINE_STATUS 0x3fd

#define COM1_THR_EMPTY 0x20

enum {
	SPINS_PER_BYTE = 1000000
};

static struct {
	struct spinlock lock;
	bool is_seized;
} console;

void console_init(void)
{
	x86_out8(COM1_INTERRUPT, 0);
	x86_out8(COM1_LINE_CONTROL, 0x80);
	x86_out8(COM1_DATA, 1);
	x86_out8(COM1_INTERRUPT, 0);
	x86_out8(COM1_LINE_CONTROL, 0x03);
	x86_out8(COM1_FIFO, 0x07);
	x86_out8(COM1_MODEM, 0x03);
}

/* Bounded: without a port the status reads as all ones, with a stuck one the byte is lost. */
static void put_byte(char c)
{
	for (uint32_t i = 0; i < SPINS_PER_BYTE; i++) {
		if (x86_in8(COM1_LINE_STATUS) & COM1_THR_EMPTY)
			break;
		x86_pause();
	}
	x86_out8(COM1_DATA, (uint8_t)c);
}

static void put_bytes(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			put_byte('\r');
		put_byte(*text);
	}
}

void print_list(const char *format, va_list list)
{
	char line[256];
	uint64_t saved;

	format_list(line, sizeof(line), format, list);
	if (__atomic_load_n(&console.is_seized, __ATOMIC_RELAXED)) {
		put_bytes(line);
		return;
	}
	saved = spinlock_acquire(&console.lock);
	put_bytes(line);
	spinlock_release(&console.lock, saved);
}

void print(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	print_list(format, list);
	va_end(list);
}

void console_seize(void)
{
	__atomic_store_n(&console.is_seized, true, __ATOMIC_RELAXED);
}
