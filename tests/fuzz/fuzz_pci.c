/* SPDX-License-Identifier: MIT */
/*
 * fuzz_pci.c - a driver's life with a PCI function, a bridge above it and a VT-d unit that answer
 * whatever the input says: configuration space, registers behind BARs, the unit's registers and
 * tables. Whatever they say, each call ends, refuses with a sentence or works, no access leaves
 * what was mapped, and at the end everything that was lent is back.
 *
 * Input: a byte of flags, 2 x 256 bytes of configuration space, then what registers answer, in
 * order, over and over.
 */
#define _POSIX_C_SOURCE 200809L
#include <mirq/host.h>
#include <mirq/inspect.h>
#include <mirq/io.h>
#include <mirq/mirq.h>
#include <mirq/root.h>
#include <mirq/vtd.h>

#include "fuzz.h"

#define NR_CONFIG 256
#define BRIDGE 0x0008    /* bus 0, device 1 */
#define FUNCTION 0x0100  /* bus 1, device 0 */
#define MAX_MAPPED 65536 /* bytes */
#define MAX_FAULTS 8
#define NR_DMA 2 /* a unit's queue and table */

enum flag {
	HAS_UNIT = 1,
	LIES = 2,     /* configuration space answers from the stream too */
	BY_STORE = 4, /* mirq_pci_store() first */
	WAS_RESET = 8,
	MOVES = 16
};

struct mirq_host {
	uint8_t config[2][NR_CONFIG];
	const uint8_t *stream;
	size_t stream_bytes, next;
	uint32_t flags;
	uint64_t now_ns;
	uint64_t nr_lent; /* pieces of memory, mappings */
	void *dma[NR_DMA];
	uint32_t nr_told; /* messages for people */
};

static uint8_t answer(struct mirq_host *h)
{
	if (!h->stream_bytes)
		return 0;
	h->next = h->next + 1 < h->stream_bytes ? h->next + 1 : 0;
	return h->stream[h->next];
}

static uint64_t answers(struct mirq_host *h, uint32_t nr_bytes)
{
	uint64_t value = 0;

	while (nr_bytes--)
		value = value << 8 | answer(h);
	return value;
}

void *mirq_host_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes)
{
	void *memory = NULL;

	if (align_bytes < sizeof(void *))
		align_bytes = sizeof(void *);
	if (size_bytes > (1 << 24) || posix_memalign(&memory, align_bytes, size_bytes))
		return NULL;
	h->nr_lent++;
	return memory;
}

void mirq_host_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	(void)size_bytes;
	FUZZ_CHECK(h->nr_lent);
	h->nr_lent--;
	free(memory);
}

void *mirq_host_dma_alloc(struct mirq_host *h, size_t size_bytes, size_t align_bytes,
			  uint32_t address_bits, uint64_t *out_bus)
{
	void *memory = NULL;
	uint32_t i = 0;

	(void)address_bits;
	while (h->dma[i])
		FUZZ_CHECK(++i < NR_DMA);
	FUZZ_CHECK(!posix_memalign(&memory, align_bytes, size_bytes));
	memset(memory, 0, size_bytes);
	*out_bus = (uintptr_t)memory;
	return h->dma[i] = memory;
}

void mirq_host_dma_free(struct mirq_host *h, void *memory, size_t size_bytes)
{
	uint32_t i = 0;

	(void)size_bytes;
	while (h->dma[i] != memory)
		FUZZ_CHECK(++i < NR_DMA);
	h->dma[i] = NULL;
	free(memory);
}

void mirq_host_log(struct mirq_host *h, const struct mirq_log_record *record)
{
	FUZZ_CHECK(record->text && record->text[0]);
	h->nr_told++;
}

void *mirq_host_map(struct mirq_host *h, uint64_t physical, size_t size_bytes,
		    enum mirq_map_kind kind)
{
	unsigned char *memory;

	(void)physical;
	FUZZ_CHECK(size_bytes);
	if (size_bytes > MAX_MAPPED)
		return NULL;
	memory = malloc(size_bytes);
	for (size_t i = 0; kind == MIRQ_MAP_MEMORY && i < size_bytes; i++)
		memory[i] = answer(h);
	h->nr_lent++;
	return memory;
}

void mirq_host_unmap(struct mirq_host *h, void *mapped, size_t size_bytes)
{
	mirq_host_free(h, mapped, size_bytes);
}

/* Registers answer from the stream and forget what is written; the access must lie inside. */
static void check_inside(const struct mirq_regs *r, uint32_t offset_bytes, uint32_t width_bytes)
{
	FUZZ_CHECK(offset_bytes % 4 == 0);
	FUZZ_CHECK((uint64_t)offset_bytes + width_bytes <= r->limit_bytes);
}

uint32_t mirq_regs_read32(const struct mirq_regs *r, uint32_t offset_bytes)
{
	check_inside(r, offset_bytes, 4);
	r->host->now_ns += 1000;
	return (uint32_t)answers(r->host, 4);
}

uint64_t mirq_regs_read64(const struct mirq_regs *r, uint32_t offset_bytes)
{
	check_inside(r, offset_bytes, 8);
	r->host->now_ns += 1000;
	return answers(r->host, 8);
}

void mirq_regs_write32(const struct mirq_regs *r, uint32_t offset_bytes, uint32_t value)
{
	(void)value;
	check_inside(r, offset_bytes, 4);
}

void mirq_regs_write64(const struct mirq_regs *r, uint32_t offset_bytes, uint64_t value)
{
	(void)value;
	check_inside(r, offset_bytes, 8);
}

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	uint32_t which = address.rid == FUNCTION ? 0 : 1, value = 0;

	FUZZ_CHECK(offset_bytes + width_bytes <= 4096 && offset_bytes % width_bytes == 0);
	h->now_ns += 1000;
	if ((address.rid != FUNCTION && address.rid != BRIDGE) || offset_bytes >= NR_CONFIG)
		return UINT32_MAX >> (32 - 8 * width_bytes);
	for (uint32_t i = width_bytes; i--;)
		value = value << 8 |
			(h->flags & LIES ? answer(h) : h->config[which][offset_bytes + i]);
	return value;
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	FUZZ_CHECK(offset_bytes + width_bytes <= 4096 && offset_bytes % width_bytes == 0);
	if ((address.rid != FUNCTION && address.rid != BRIDGE) || offset_bytes >= NR_CONFIG)
		return;
	for (uint32_t i = 0; i < width_bytes; i++)
		h->config[address.rid == BRIDGE][offset_bytes + i] = (uint8_t)(value >> 8 * i);
}

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
	(void)h;
	(void)cpu;
}

uint64_t mirq_host_now_ns(struct mirq_host *h)
{
	return h->now_ns += 1000;
}

void mirq_host_wait(struct mirq_host *h, enum mirq_wait kind)
{
	(void)kind;
	h->now_ns += 10000;
}

static void root_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			 struct mirq_msg *out_msg)
{
	(void)data;
	(void)block_log2;
	out_msg->address = 0xfee00000 | (uint64_t)route->hw_target << 12;
	out_msg->data = route->id;
}

static void root_eoi(void *data, uint32_t cpu, uint32_t id)
{
	(void)data;
	(void)cpu;
	(void)id;
}

static enum mirq_pending root_pending(void *data, uint32_t cpu, uint32_t id)
{
	(void)data;
	(void)cpu;
	(void)id;
	return MIRQ_PENDING_NO;
}

static enum mirq_handled handle(void *context)
{
	(void)context;
	return MIRQ_HANDLED;
}

static struct mirq *start(struct mirq_host *h)
{
	static const struct mirq_root_ops ops = { MIRQ_SIZED(mirq_root_ops),
						  .compose = root_compose, .eoi = root_eoi,
						  .pending = root_pending };
	const struct mirq_init init = { MIRQ_SIZED(mirq_init), .host = h, .nr_cpus = 2 };
	const struct mirq_root_init root = { MIRQ_SIZED(mirq_root_init), .name = "root",
					     .ops = &ops, .ids = { 32, 256 },
					     .carries = MIRQ_CARRIES_ONE | MIRQ_CARRIES_BLOCKS };
	struct mirq *m;

	FUZZ_CHECK(!mirq_init(&init, &m));
	FUZZ_CHECK(!mirq_root_attach(m, &root, NULL));
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		const struct mirq_cpu_init one = { MIRQ_SIZED(mirq_cpu_init), .cpu = cpu,
						   .hardware_id = cpu };

		FUZZ_CHECK(!mirq_cpu_add(m, &one));
		FUZZ_CHECK(!mirq_cpu_online(m, cpu));
	}
	return m;
}

static void use(struct mirq_host *h, struct mirq_device *dev)
{
	struct mirq_why why = { 0 };
	const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .why = &why };
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = handle,
					    .why = &why };
	struct mirq_store *store;
	struct mirq_irqs irqs;

	if (h->flags & BY_STORE && mirq_pci_store(dev, MIRQ_PCI_MSI, &store, &why))
		FUZZ_CHECK(why.text);
	if (mirq_pci_alloc_irqs(dev, 1, 4, MIRQ_PCI_ANY, &want, &irqs)) {
		FUZZ_CHECK(why.text);
		return;
	}
	if (mirq_irq_request(irqs, &handler)) {
		FUZZ_CHECK(why.text);
		return;
	}
	if (h->flags & MOVES && mirq_affinity_set(irqs, mirq_cpus_one(1), &why))
		FUZZ_CHECK(why.text);
	FUZZ_CHECK(!mirq_irq_release(irqs, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct fuzz_bytes b = { bytes, size_bytes };
	struct mirq_host h = { .flags = fuzz_take(&b, 1) };
	struct mirq_why why = { 0 };
	struct mirq_domain *unit = NULL;
	struct mirq_fault fault;
	struct mirq_device *dev;
	struct mirq *m;

	for (uint32_t i = 0; i < 2 * NR_CONFIG; i++)
		h.config[i / NR_CONFIG][i % NR_CONFIG] = (uint8_t)fuzz_take(&b, 1);
	h.stream = b.at;
	h.stream_bytes = b.left;
	m = start(&h);
	if (h.flags & HAS_UNIT) {
		const struct mirq_vtd_init init = { MIRQ_SIZED(mirq_vtd_init), .name = "unit",
						    .address = 0xfed90000, .nr_entries = 64,
						    .why = &why };

		if (mirq_vtd_attach(m, &init, &unit))
			FUZZ_CHECK(why.text);
	}
	{
		const struct mirq_pci_init init = { MIRQ_SIZED(mirq_pci_init),
						    .address = { 0, FUNCTION },
						    .name = "fuzz",
						    .parent = unit,
						    .flags = h.flags & WAS_RESET
								     ? MIRQ_PCI_WAS_RESET
								     : 0,
						    .why = &why };

		if (mirq_pci_attach(m, &init, &dev))
			FUZZ_CHECK(why.text);
		else
			use(&h, dev);
	}
	for (uint32_t i = 0; i < MAX_FAULTS && !mirq_fault_next(m, &fault); i++)
		FUZZ_CHECK(fault.domain && fault.reason);
	mirq_fini(m);
	FUZZ_CHECK(!h.nr_lent);
	/* What a unit that does not switch off may still use is kept, and said. */
	for (uint32_t i = 0; i < NR_DMA; i++) {
		FUZZ_CHECK(!h.dma[i] || (h.flags & HAS_UNIT && h.nr_told));
		free(h.dma[i]);
	}
	return 0;
}
