/* SPDX-License-Identifier: MIT */
/* What the loader said: command line, memory map, where ACPI begins. Copied, read-only after. */
#ifndef KERNEL_BOOT_INFO_H
#define KERNEL_BOOT_INFO_H

#include <stdint.h>

enum {
	BOOT_MAX_MEMORY_RANGES = 64
};

struct boot_memory { /* RAM, half-open, page-aligned inwards, in the loader's order */
	uint64_t first, limit;
};

/* Immutable after boot_info_init(). */
struct boot_info {
	char command_line[1024];
	uint64_t rsdp; /* 0: none */
	uint32_t nr_memory;
	struct boot_memory memory[BOOT_MAX_MEMORY_RANGES];
	uint64_t memory_limit; /* first address above all RAM */
};

/* @start_info is hvm_start_info's address. Panics when it is not one. */
void boot_info_init(uint64_t start_info);
const struct boot_info *boot_info(void);

#endif
