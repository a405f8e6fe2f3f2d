/* SPDX-License-Identifier: MIT */
/*
 * Reads hvm_start_info and copies all that the kernel will want from it.
 *
 * What it is not: a keeper of pointers. The loader's memory is used again after this.
 * Source: Xen's public/arch-x86/hvm/start_info.h, the PVH boot ABI, versions 0 and 1.
 * Locking: none; runs on the boot CPU before anything else.
 */
#include "boot_info.h"

#include "kstring.h"
#include "panic.h"

#define START_INFO_MAGIC 0x336ec578u

enum {
	MEMORY_RAM = 1,
	PAGE_BYTES = 4096
};

struct start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modules, command_line, rsdp;
	uint64_t memory_map;
	uint32_t nr_memory_map, reserved;
};

struct start_info_memory {
	uint64_t first, size_bytes;
	uint32_t type, reserved;
};

static struct boot_info info;

static void copy_command_line(const char *from)
{
	for (uint32_t i = 0; from && from[i] && i < sizeof(info.command_line) - 1; i++)
		info.command_line[i] = from[i];
}

static void add_memory(const struct start_info_memory *m)
{
	uint64_t first = (m->first + PAGE_BYTES - 1) & -(uint64_t)PAGE_BYTES;
	uint64_t limit = (m->first + m->size_bytes) & -(uint64_t)PAGE_BYTES;

	if (m->type != MEMORY_RAM || first >= limit || info.nr_memory == BOOT_MAX_MEMORY_RANGES)
		return;
	info.memory[info.nr_memory++] = (struct boot_memory){ first, limit };
	if (limit > info.memory_limit)
		info.memory_limit = limit;
}

void boot_info_init(uint64_t start_info)
{
	const struct start_info *s = (const void *)start_info;
	const struct start_info_memory *map;

	if (!s || s->magic != START_INFO_MAGIC)
		panic("boot: not started by the PVH protocol");
	copy_command_line((const char *)s->command_line);
	info.rsdp = s->rsdp;
	if (s->version < 1 || !s->memory_map)
		panic("boot: no memory map in hvm_start_info version %u", s->version);
	map = (const void *)s->memory_map;
	for (uint32_t i = 0; i < s->nr_memory_map; i++)
		add_memory(&map[i]);
}

const struct boot_info *boot_info(void)
{
	return &info;
}
