/* SPDX-License-Identifier: MIT */
/*
 * memory.c - memory that devices reach: bus addresses that are no pointers, and for units that do
 * not snoop a second image, which holds only what software wrote back. What was never written back
 * is rubbish there.
 * Sources: [VTD] 11.4.3 (ECAP.C). Locking: none.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_RUBBISH 0xa5
#define MEMORY_PAGE_BYTES 0x1000u

struct sim_owned {
	struct sim_owned *next;
	size_t size_bytes;
};

void *sim_own(struct sim *s, size_t size_bytes)
{
	struct sim_owned *owned;

	if (s->engine)
		return engine_alloc(s->engine, size_bytes);
	owned = calloc(1, sizeof(*owned) + size_bytes);
	if (!owned)
		return NULL;
	owned->next = s->owned;
	owned->size_bytes = size_bytes;
	s->owned = owned;
	return owned + 1;
}

void sim_disown(struct sim *s)
{
	struct sim_owned *owned;

	while ((owned = s->owned) != NULL) {
		s->owned = owned->next;
		free(owned);
	}
}

/* ---- Pools ---- */

/* Where a block of this size and alignment fits: before blocks[*out_index]. */
static int pool_find(const struct sim_pool *p, size_t size_bytes, size_t align_bytes,
		     uint32_t *out_index, size_t *out_first)
{
	size_t first = 0;

	for (uint32_t i = 0; i <= p->nr_blocks; i++) {
		size_t limit = i < p->nr_blocks ? p->blocks[i].first_byte : p->size_bytes;
		uint64_t mask = align_bytes - 1;
		size_t aligned = (size_t)(((p->address + first + mask) & ~mask) - p->address);

		if (aligned <= limit && size_bytes <= limit - aligned) {
			*out_index = i;
			*out_first = aligned;
			return 1;
		}
		if (i < p->nr_blocks)
			first = p->blocks[i].first_byte + p->blocks[i].size_bytes;
	}
	return 0;
}

void *sim_pool_alloc(struct sim_pool *p, size_t size_bytes, size_t align_bytes)
{
	uint32_t index;
	size_t first;

	if (p->nr_blocks == SIM_MAX_BLOCKS ||
	    !pool_find(p, size_bytes, align_bytes, &index, &first))
		return NULL;
	memmove(&p->blocks[index + 1], &p->blocks[index],
		(p->nr_blocks - index) * sizeof(p->blocks[0]));
	p->blocks[index] = (struct sim_block){ first, size_bytes };
	p->nr_blocks++;
	p->used_bytes += size_bytes;
	return p->bytes + first;
}

int sim_pool_free(struct sim_pool *p, void *memory, size_t size_bytes)
{
	for (uint32_t i = 0; i < p->nr_blocks; i++) {
		const struct sim_block *block = &p->blocks[i];

		if (p->bytes + block->first_byte != memory || block->size_bytes != size_bytes)
			continue;
		memset(memory, MEMORY_RUBBISH, size_bytes);
		p->used_bytes -= size_bytes;
		p->nr_blocks--;
		memmove(&p->blocks[i], &p->blocks[i + 1],
			(p->nr_blocks - i) * sizeof(p->blocks[0]));
		return 0;
	}
	return -1;
}

/* Pages of the bus are pages of the CPUs too. */
static int pool_init(struct sim *s, struct sim_pool *p, size_t size_bytes, uint64_t address)
{
	uint8_t *bytes = sim_own(s, size_bytes + MEMORY_PAGE_BYTES);

	if (!bytes)
		return -1;
	p->bytes = bytes + (-(uintptr_t)bytes & (MEMORY_PAGE_BYTES - 1));
	p->size_bytes = size_bytes;
	p->address = address;
	return 0;
}

int sim_memory_init(struct sim *s)
{
	const struct sim_spec *spec = &s->spec;
	int is_incoherent = 0;

	for (uint32_t i = 0; i < spec->nr_units; i++)
		is_incoherent |= !spec->units[i].is_coherent;
	if (pool_init(s, &s->memory.ram, spec->ram_bytes, spec->ram_address))
		return -1;
	if (s->engine && pool_init(s, &s->memory.heap, spec->heap_bytes, 0))
		return -1;
	if (is_incoherent)
		s->memory.image = sim_own(s, spec->ram_bytes);
	return is_incoherent && !s->memory.image ? -1 : 0;
}

/* ---- Memory of the bus ---- */

void *sim_ram_alloc(struct sim *s, size_t size_bytes, size_t align_bytes, uint32_t address_bits,
		    uint64_t *out_bus)
{
	struct sim_pool *p = &s->memory.ram;
	uint8_t *memory = sim_pool_alloc(p, size_bytes, align_bytes);
	uint64_t bus;

	if (!memory)
		return NULL;
	bus = p->address + (uint64_t)(memory - p->bytes);
	if (address_bits < 64 && (bus + size_bytes - 1) >> address_bits) {
		(void)sim_pool_free(p, memory, size_bytes);
		return NULL;
	}
	memset(memory, 0, size_bytes);
	if (s->memory.image)
		memset(s->memory.image + (memory - p->bytes), MEMORY_RUBBISH, size_bytes);
	*out_bus = bus;
	return memory;
}

int sim_ram_free(struct sim *s, void *memory, size_t size_bytes)
{
	if (s->engine && s->buffers.retire)
		s->buffers.retire(s->engine, memory, size_bytes);
	return sim_pool_free(&s->memory.ram, memory, size_bytes);
}

uint64_t sim_ram_used_bytes(const struct sim *s)
{
	return s->memory.ram.used_bytes;
}

void *sim_ram(struct sim *s, uint64_t bus, size_t size_bytes)
{
	const struct sim_pool *p = &s->memory.ram;

	if (bus < p->address || bus - p->address > p->size_bytes ||
	    size_bytes > p->size_bytes - (bus - p->address))
		return NULL;
	return p->bytes + (bus - p->address);
}

/* Of these bytes of memory in the image; NULL: every unit snoops. */
static uint8_t *image_of(struct sim *s, const uint8_t *memory)
{
	return s->memory.image ? s->memory.image + (memory - s->memory.ram.bytes) : NULL;
}

void sim_ram_clean(struct sim *s, const void *memory, size_t size_bytes)
{
	const struct sim_pool *p = &s->memory.ram;
	const uint8_t *bytes = memory;
	size_t first, limit;

	if (bytes < p->bytes || bytes + size_bytes > p->bytes + p->size_bytes) {
		sim_violate(s, "cache lines were cleaned that are no memory of a device");
		return;
	}
	if (!s->memory.image)
		return;
	first = (size_t)(bytes - p->bytes);
	limit = (first + size_bytes + SIM_LINE_BYTES - 1) & ~(size_t)(SIM_LINE_BYTES - 1);
	first &= ~(size_t)(SIM_LINE_BYTES - 1);
	memcpy(s->memory.image + first, p->bytes + first, limit - first);
}

int sim_memory_read(struct sim *s, int is_snooped, uint64_t bus, void *to, size_t size_bytes)
{
	const uint8_t *memory = sim_ram(s, bus, size_bytes);

	if (!memory)
		return 0;
	if (sim_in_fiber(s) && s->buffers.observe)
		s->buffers.observe(s->engine, memory, size_bytes);
	if (!is_snooped && s->memory.image)
		memory = image_of(s, memory);
	memcpy(to, memory, size_bytes);
	return 1;
}

/* Writes of devices snoop: [VTD] 11.4.3 speaks of tables only. */
int sim_memory_write(struct sim *s, uint64_t bus, const void *from, size_t size_bytes)
{
	uint8_t *memory = sim_ram(s, bus, size_bytes);
	uint8_t *image;

	if (!memory)
		return 0;
	memcpy(memory, from, size_bytes);
	image = image_of(s, memory);
	if (image)
		memcpy(image, from, size_bytes);
	return 1;
}
