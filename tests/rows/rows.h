/* SPDX-License-Identifier: MIT */
/*
 * rows.h - single facts about a VT-d unit, each tried by one probe that runs on two machines: on
 * the simulated one, which has to answer as the specification says, and in the reference kernel on
 * QEMU, whose known departures from it are in the same table (rows_table.c).
 *
 * What it is not: a test of mirq. The probes program the unit with their own hands and register
 * header; nobody else may use the unit meanwhile.
 * Freestanding. Locking: none; one thread, on CPU 0.
 */
#ifndef TESTS_ROWS_H
#define TESTS_ROWS_H

#include <stdint.h>

#define ROWS_NR_CPUS 2u /* APIC ids 0 and 1, interrupts on */
#define ROWS_FIRST_VECTOR 0x30u
#define ROWS_LIMIT_VECTOR 0xf0u

/* Each has MSI with a 64-bit address, decodes memory and is a bus master. */
enum rows_device {
	ROWS_A,      /* on the root bus */
	ROWS_B,      /* another one there; it can store by DMA as A can */
	ROWS_PORT,   /* below a root port */
	ROWS_BRIDGE, /* below a PCIe-to-PCI bridge */
	ROWS_NR_DEVICES
};

/* What a probe needs beyond a unit and the devices. */
enum rows_need {
	ROWS_NEEDS_DMA_REMAPPING = 1,
	ROWS_NEEDS_IOAPIC = 2, /* at 0xfec00000 */
	ROWS_NEEDS_HPET = 4,   /* at 0xfed00000, message capable */
	ROWS_NEEDS_WIDE_STORE = 8,
	ROWS_NEEDS_EIM = 16 /* 32-bit destinations */
};

struct rows_machine {
	void *context;
	uint64_t unit;                 /* address of its registers */
	uint16_t rid[ROWS_NR_DEVICES]; /* the functions' own */
	uint32_t lacks;                /* enum rows_need, or-ed */

	/* Registers, at physical addresses; 4 or 8 bytes. */
	uint64_t (*read)(void *context, uint64_t physical, uint32_t width_bytes);
	void (*write)(void *context, uint64_t physical, uint32_t width_bytes, uint64_t value);
	uint32_t (*config_read)(void *context, uint16_t rid, uint32_t offset, uint32_t width_bytes);
	void (*config_write)(void *context, uint16_t rid, uint32_t offset, uint32_t width_bytes,
			     uint32_t value);
	/* Zeroed, aligned to a page, below 4 GiB where DMA cannot go above; NULL: none. */
	void *(*alloc)(void *context, uint32_t size_bytes, uint64_t *out_bus);
	/* The device sends its MSI, as its registers say. */
	void (*raise)(void *context, enum rows_device device);
	/* It stores by DMA, or loads (and drops what it got). */
	void (*store)(void *context, enum rows_device device, uint64_t address, uint32_t data,
		      uint32_t width_bytes);
	void (*load)(void *context, enum rows_device device, uint64_t address);
	/* Return when all that was sent has been taken. */
	void (*settle)(void *context);
	/* Interrupts that the CPU took since the last forget(). */
	uint32_t (*nr_taken)(void *context, uint32_t cpu, uint32_t vector);
	void (*forget)(void *context);
};

struct rows_bench;

struct row {
	const char *name;
	const char *text; /* what is tried */
	const char *section;
	void (*probe)(struct rows_bench *b);
	uint32_t needs;     /* enum rows_need, or-ed */
	const char *spec;   /* what the specification says, so what the simulated unit answers */
	const char *qemu;   /* what QEMU answers; NULL: the same */
	const char *reason; /* where they differ: what that means for a test on QEMU */
};

enum rows_side {
	ROWS_SIMULATOR,
	ROWS_QEMU
};

#define ROWS_ABSENT "not on this machine"

/* Told of each row, in the order of the table; @expected is that of the side. */
typedef void rows_result(void *context, const struct row *row, const char *observed,
			 const char *expected, int is_same);

/* Switches the unit on and tries all rows. 0, or -1: the unit does not come up. */
int rows_run(const struct rows_machine *m, enum rows_side side, rows_result *result);

uint32_t rows_nr(void);
const struct row *rows_at(uint32_t index);

#endif
