/* SPDX-License-Identifier: MIT */
/*
 * mirq_host.c - a port without an operating system: one CPU that polls, memory from one arena,
 * physical addresses used as they are. For boot loaders, firmware and the first day of a kernel. It
 * has no interrupt controller of its own: a kick is remembered, and the main loop calls
 * mirq_freestanding_poll() and mirq_dispatch(). PCI through the ECAM window given at init.
 * Locking: one CPU; the caller polls with interrupts off.
 */
#include "mirq_freestanding.h"

/* First fit over a list of free pieces, each at least a header long, in the order of addresses. */
struct piece {
	struct piece *next;
	size_t size_bytes;
};

#define GRAIN sizeof(struct piece)

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) & ~(to - 1);
}

static void give(struct mirq_host *h, void *memory, size_t size_bytes)
{
	struct piece **at = &h->pieces, *piece = memory;

	while (*at && *at < piece)
		at = &(*at)->next;
	piece->next = *at;
	piece->size_bytes = size_bytes;
	*at = piece;
	/* Join with the one behind, then with the one before. */
	if (piece->next &&
	    (unsigned char *)piece + piece->size_bytes == (unsigned char *)piece->next) {
		piece->size_bytes += piece->next->size_bytes;
		piece->next = piece->next->next;
	}
	if (at != &h->pieces) {
		struct piece *before = (struct piece *)(void *)at; /* next is its first member */

		if ((unsigned char *)before + before->size_bytes == (unsigned char *)piece) {
			before->size_bytes += piece->size_bytes;
			before->next = piece->next;
		}
	}
}

void mirq_freestanding_init(struct mirq_host *h, void *arena, size_t arena_bytes, void *ecam)
{
	unsigned char *first = (unsigned char *)round_up((uintptr_t)arena, GRAIN);
	size_t lost = (size_t)(first - (unsigned char *)arena);

	h->pieces = NULL;
	h->ecam = ecam;
	h->is_kicked = 0;
	h->ticks_ns = 0;
	h->clock_ns = NULL;
	if (arena_bytes > lost + GRAIN)
		give(h, first, (arena_bytes - lost) & ~(GRAIN - 1));
}

int mirq_freestanding_poll(struct mirq_host *h)
{
	int was = h->is_kicked;

	h->is_kicked = 0;
	return was;
}

void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	size_t need = round_up(size_bytes, GRAIN);
	struct piece **at, *piece;
	unsigned char *memory;
	size_t head;

	align_bytes = align_bytes < GRAIN ? GRAIN : align_bytes;
	for (at = &h->pieces; (piece = *at); at = &piece->next) {
		memory = (unsigned char *)round_up((uintptr_t)piece, align_bytes);
		head = (size_t)(memory - (unsigned char *)piece);
		if (need < size_bytes || head > piece->size_bytes ||
		    piece->size_bytes - head < need)
			continue;
		*at = piece->next;
		size_bytes = piece->size_bytes;
		if (size_bytes - head > need)
			give(h, memory + need, size_bytes - head - need);
		if (head)
			give(h, piece, head);
		return memory;
	}
	return NULL;
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	give(h, memory, round_up(size_bytes, GRAIN));
}

void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	unsigned char *memory = mirq_host_alloc(h, size_bytes, align_bytes);

	if (!memory)
		return NULL;
	if (address_bits < 64 && ((uint64_t)(uintptr_t)memory + size_bytes - 1) >> address_bits) {
		mirq_host_free(h, memory, size_bytes);
		return NULL;
	}
	for (size_t i = 0; i < size_bytes; i++)
		memory[i] = 0;
	*out_bus = (uintptr_t)memory;
	return memory;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	mirq_host_free(h, memory, size_bytes);
}

/* Physical is virtual, and the whole address space is there: what does not fit in a pointer is
 * not. */
void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	(void)h;
	(void)kind;
	if (!physical || physical > UINTPTR_MAX || size_bytes > UINTPTR_MAX - (uintptr_t)physical)
		return NULL;
	return (void *)(uintptr_t)physical;
}

static volatile unsigned char *config(const struct mirq_host *h, struct mirq_pci_address a,
				      uint32_t offset_bytes)
{
	if (!h->ecam || a.segment || offset_bytes > 4095)
		return NULL;
	return (volatile unsigned char *)h->ecam + ((size_t)a.rid << 12) + offset_bytes;
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	volatile unsigned char *at = config(h, address, offset_bytes);

	if (width_bytes == 4)
		return at ? *(volatile uint32_t *)(volatile void *)at : UINT32_MAX;
	if (width_bytes == 2)
		return at ? *(volatile uint16_t *)(volatile void *)at : UINT16_MAX;
	return at ? *at : UINT8_MAX;
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	volatile unsigned char *at = config(h, address, offset_bytes);

	if (!at)
		return;
	if (width_bytes == 4)
		*(volatile uint32_t *)(volatile void *)at = value;
	else if (width_bytes == 2)
		*(volatile uint16_t *)(volatile void *)at = (uint16_t)value;
	else
		*at = (unsigned char)value;
}

/* The main loop polls with interrupts off: there is nothing to save. */
uintptr_t mirq_host_irq_save(struct mirq_host *h)
{
	(void)h;
	return 0;
}

void mirq_host_irq_restore(struct mirq_host *h, uintptr_t saved)
{
	(void)h;
	(void)saved;
}

uint32_t mirq_host_this_cpu(struct mirq_host *h)
{
	(void)h;
	return 0;
}

void mirq_host_kick(struct mirq_host *h, uint32_t cpu)
{
	(void)cpu;
	h->is_kicked = 1;
}

/* Without a clock each look costs a microsecond: waits stay bounded by count. */
uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	return h->clock_ns ? h->clock_ns() : (h->ticks_ns += 1000);
}
