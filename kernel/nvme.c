/* SPDX-License-Identifier: MIT */
/*
 * The NVMe controller: reset, admin queue, Identify, I/O queues, and the way back.
 *
 * What it is not: a block layer. It reads, at most a page a command; no PRP lists, no writes, no
 * second namespace, no recovery: a command that no interrupt completes in time is reported and
 * ends all work on the controller.
 * Sources: [NVME] 3.1 (registers), 5 (admin commands), 5.15 (Identify), 5.21.1.7 (Number of
 * Queues), 7.6.1 (initialization).
 * Locking: init and fini from one thread; queues at work are in nvme_queue.c.
 */
#include "nvme.h"

#include <stddef.h>

#include <mirq/bus.h>
#include <mirq/inspect.h>
#include <mirq/io.h>

#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "format.h"
#include "heap.h"
#include "kstring.h"
#include "mirq_port.h"
#include "mmio.h"
#include "nvme_regs.h"
#include "option.h"
#include "scenario.h"
#include "wait.h"
#include "x86.h"

enum {
	READY_UNIT_NS = 500000000,
	MAX_READY_UNITS = 20, /* of up to 255 that a controller may ask for */
	FIRST_NAMESPACE = 1,
	COMMAND_LIMIT_MS = 1000,
	NS_PER_MS = 1000000,
};

/* Two halves: every controller takes them, and not every one takes 64 bits at once. */
static uint64_t read64(const struct nvme *n, uint32_t offset)
{
	uint64_t low = mmio_read32(n->registers, offset);

	return low | (uint64_t)mmio_read32(n->registers, offset + 4) << 32;
}

static void write64(const struct nvme *n, uint32_t offset, uint64_t value)
{
	mmio_write32(n->registers, offset, (uint32_t)value);
	mmio_write32(n->registers, offset + 4, (uint32_t)(value >> 32));
}

/* ---- Admin commands ---- */

/* Returns the completed command, not yet given back, or NULL: lost or refused, and reported. */
static struct nvme_command *admin(struct nvme *n, struct nvme_sqe entry)
{
	struct nvme_queue *q = &n->queues[0];
	struct nvme_command *c = nvme_take(q);
	struct wait w = { 0, 0 };

	if (!c || nvme_is_failed(n))
		return NULL;
	nvme_submit(q, c, entry);
	while (!nvme_is_done(c)) {
		if (nvme_is_lost(q, c))
			return NULL;
		(void)wait_more(&w, UINT64_MAX);
	}
	if (!c->status)
		return c;
	report_failure("%s: admin command 0x%x: status 0x%x", n->name, entry.word0, c->status);
	nvme_give(q, c);
	return NULL;
}

static bool admin_simple(struct nvme *n, struct nvme_sqe entry, uint32_t *out_result)
{
	struct nvme_command *c = admin(n, entry);

	if (!c)
		return false;
	if (out_result)
		*out_result = c->result;
	nvme_give(&n->queues[0], c);
	return true;
}

static void print_identity(const struct nvme *n, const char *answer)
{
	char model[NVME_CONTROLLER_MODEL_BYTES + 1] = { 0 };
	char serial[NVME_CONTROLLER_SERIAL_BYTES + 1] = { 0 };
	uint32_t nr_model = NVME_CONTROLLER_MODEL_BYTES, nr_serial = NVME_CONTROLLER_SERIAL_BYTES;

	memcpy(model, answer + NVME_CONTROLLER_MODEL, nr_model);
	memcpy(serial, answer + NVME_CONTROLLER_SERIAL, nr_serial);
	while (nr_model && (model[nr_model - 1] == ' ' || !model[nr_model - 1]))
		model[--nr_model] = '\0';
	while (nr_serial && (serial[nr_serial - 1] == ' ' || !serial[nr_serial - 1]))
		serial[--nr_serial] = '\0';
	print("%s: %s, serial %s, version 0x%x\n", n->name, model, serial,
	      mmio_read32(n->registers, NVME_VS));
}

static bool identify_controller(struct nvme *n)
{
	struct nvme_command *c = admin(n, (struct nvme_sqe){
						  .word0 = NVME_ADMIN_IDENTIFY,
						  .words10 = { NVME_IDENTIFY_CONTROLLER },
					  });
	uint32_t nr_namespaces;

	if (!c)
		return false;
	memcpy(&nr_namespaces, (char *)c->buffer + NVME_CONTROLLER_NN, 4);
	print_identity(n, c->buffer);
	nvme_give(&n->queues[0], c);
	if (!nr_namespaces)
		report_failure("%s: has no namespace", n->name);
	return nr_namespaces != 0;
}

static bool identify_namespace(struct nvme *n)
{
	struct nvme_command *c = admin(n, (struct nvme_sqe){
						  .word0 = NVME_ADMIN_IDENTIFY,
						  .nsid = FIRST_NAMESPACE,
						  .words10 = { NVME_IDENTIFY_NAMESPACE },
					  });
	uint32_t format, index, size_log2;
	const char *answer;

	if (!c)
		return false;
	answer = c->buffer;
	index = (uint32_t)MIRQ_GET(answer[NVME_NAMESPACE_FLBAS], NVME_NAMESPACE_FLBAS_FORMAT);
	memcpy(&n->nr_blocks, answer + NVME_NAMESPACE_NSZE, 8);
	memcpy(&format, answer + NVME_NAMESPACE_LBAF + index * 4, 4);
	nvme_give(&n->queues[0], c);
	size_log2 = (uint32_t)MIRQ_GET(format, NVME_NAMESPACE_LBAF_SIZE_LOG2);
	if ((size_log2 != 9 && size_log2 != 12) || !n->nr_blocks ||
	    MIRQ_GET(format, NVME_NAMESPACE_LBAF_METADATA)) {
		report_failure("%s: %lu blocks of format 0x%x: cannot read them", n->name,
			       n->nr_blocks, format);
		return false;
	}
	n->block_bytes = 1u << size_log2;
	print("%s: namespace 1: %lu blocks of %u bytes\n", n->name, n->nr_blocks, n->block_bytes);
	return true;
}

/* ---- Queues ---- */

/* The completion queue first: the submission queue names it. */
static bool create_queue(struct nvme *n, uint32_t id)
{
	uint32_t vector = id % mirq_irq_count(n->irqs);
	uint64_t size = MIRQ_SET(id, NVME_CREATE_SIZE, n->nr_entries - 1);
	uint64_t flags = MIRQ_FIELD_MASK(NVME_CREATE_CONTIGUOUS);
	uint64_t interrupts = flags | MIRQ_FIELD_MASK(NVME_CREATE_CQ_INTERRUPTS);
	struct nvme_sqe cq = {
		.word0 = NVME_ADMIN_CREATE_CQ,
		.prp1 = (uintptr_t)n->queues[id].completions,
		.words10 = { (uint32_t)size,
			     (uint32_t)MIRQ_SET(interrupts, NVME_CREATE_CQ_VECTOR, vector) },
	};
	struct nvme_sqe sq = {
		.word0 = NVME_ADMIN_CREATE_SQ,
		.prp1 = (uintptr_t)n->queues[id].submissions,
		.words10 = { (uint32_t)size, (uint32_t)MIRQ_SET(flags, NVME_CREATE_SQ_CQID, id) },
	};

	return admin_simple(n, cq, NULL) && admin_simple(n, sq, NULL);
}

static bool delete_queue(struct nvme *n, uint32_t id)
{
	struct nvme_sqe sq = { .word0 = NVME_ADMIN_DELETE_SQ, .words10 = { id } };
	struct nvme_sqe cq = { .word0 = NVME_ADMIN_DELETE_CQ, .words10 = { id } };

	return admin_simple(n, sq, NULL) && admin_simple(n, cq, NULL);
}

/* As many as were allocated, fewer when the controller grants fewer. */
static bool create_queues(struct nvme *n)
{
	uint64_t nr = n->nr_allocated - 1;
	uint64_t ask = MIRQ_SET(nr - 1, NVME_NR_QUEUES_CQ, nr - 1);
	struct nvme_sqe entry = {
		.word0 = NVME_ADMIN_SET_FEATURES,
		.words10 = { NVME_FEATURE_NR_QUEUES, (uint32_t)ask },
	};
	uint32_t granted;

	if (!admin_simple(n, entry, &granted))
		return false;
	if (nr > MIRQ_GET(granted, NVME_NR_QUEUES_SQ) + 1)
		nr = MIRQ_GET(granted, NVME_NR_QUEUES_SQ) + 1;
	if (nr > MIRQ_GET(granted, NVME_NR_QUEUES_CQ) + 1)
		nr = MIRQ_GET(granted, NVME_NR_QUEUES_CQ) + 1;
	for (uint32_t id = 1; id <= nr; id++) {
		__atomic_store_n(&n->nr_queues, id + 1, __ATOMIC_RELEASE);
		if (!create_queue(n, id))
			return false;
	}
	print("%s: %u I/O queues of %u entries for %u CPUs, %u vectors\n", n->name,
	      n->nr_queues - 1, n->nr_entries, cpu_nr(), mirq_irq_count(n->irqs));
	return true;
}

/* ---- Memory ---- */

static bool alloc_queue(struct nvme *n, uint32_t id)
{
	struct nvme_queue *q = &n->queues[id];

	q->nvme = n;
	q->id = id;
	q->phase = 1;
	q->submissions = heap_alloc(NVME_PAGE_BYTES, NVME_PAGE_BYTES);
	q->completions = heap_alloc(NVME_PAGE_BYTES, NVME_PAGE_BYTES);
	q->nr_on_cpu = heap_alloc(cpu_nr() * sizeof(*q->nr_on_cpu), 0);
	for (uint32_t i = 0; i < n->nr_commands; i++) {
		q->commands[i].buffer = heap_alloc(NVME_PAGE_BYTES, NVME_PAGE_BYTES);
		if (!q->commands[i].buffer)
			return false;
	}
	return q->submissions && q->completions && q->nr_on_cpu;
}

static void free_queues(struct nvme *n, uint32_t nr)
{
	for (uint32_t id = 0; n->queues && id < nr; id++) {
		struct nvme_queue *q = &n->queues[id];

		for (uint32_t i = 0; i < n->nr_commands; i++)
			heap_free(q->commands[i].buffer, NVME_PAGE_BYTES);
		heap_free((void *)(uintptr_t)q->submissions, NVME_PAGE_BYTES);
		heap_free((void *)(uintptr_t)q->completions, NVME_PAGE_BYTES);
		heap_free(q->nr_on_cpu, cpu_nr() * sizeof(*q->nr_on_cpu));
	}
	heap_free(n->queues, nr * sizeof(*n->queues));
	n->queues = NULL;
}

static bool alloc_queues(struct nvme *n)
{
	n->queues = heap_alloc(n->nr_allocated * sizeof(*n->queues), 0);
	for (uint32_t id = 0; n->queues && id < n->nr_allocated; id++)
		if (!alloc_queue(n, id))
			return false;
	return n->queues != NULL;
}

/* ---- Interrupts ---- */

/* One a queue, the admin queue's on any CPU, the nth I/O queue's on CPU n - 1. */
static enum mirq_err aim(struct nvme *n, struct mirq_why *why)
{
	for (uint32_t v = 1; v < mirq_irq_count(n->irqs); v++) {
		struct mirq_irqs one = mirq_irq_at(n->irqs, v);
		enum mirq_err err = mirq_affinity_set(one, mirq_cpus_one(v - 1), why);

		if (err)
			return err;
	}
	return MIRQ_OK;
}

static bool alloc_irqs(struct nvme *n)
{
	struct mirq_why why = { .text = NULL };
	struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .placement = MIRQ_PLACE_SPREAD,
				      .why = &why };
	struct mirq_irq_handler handler = {
		MIRQ_SIZED(mirq_irq_handler),       .handle = nvme_handle, .context = n->queues,
		.stride_bytes = sizeof(*n->queues), .why = &why,
	};
	enum mirq_err err = mirq_pci_alloc_irqs(n->dev, 1, n->nr_allocated, MIRQ_PCI_ANY, &want,
						&n->irqs);

	if (!err)
		err = aim(n, &why);
	if (!err)
		err = mirq_irq_request(n->irqs, &handler);
	if (err)
		report_failure("%s: no interrupts: %s: %s", n->name, mirq_err_text(err),
			       why.text ? why.text : "-");
	return !err;
}

/* ---- The controller ---- */

/* Until CSTS.RDY is @ready, at most as long as the controller asked for. */
static bool wait_ready(struct nvme *n, uint32_t ready)
{
	uint64_t units = MIRQ_GET(read64(n, NVME_CAP), NVME_CAP_TO);
	uint64_t start_ns = clock_now_ns(), limit_ns;
	uint32_t status;

	units = units ? units : 1;
	limit_ns = (units < MAX_READY_UNITS ? units : MAX_READY_UNITS) * READY_UNIT_NS;
	for (;;) {
		status = mmio_read32(n->registers, NVME_CSTS);
		if (status == UINT32_MAX || (ready && MIRQ_GET(status, NVME_CSTS_CFS)) ||
		    clock_now_ns() - start_ns > limit_ns)
			break;
		if (MIRQ_GET(status, NVME_CSTS_RDY) == ready)
			return true;
		x86_pause();
	}
	report_failure("%s: ready is not %u: status 0x%x after %lu ms", n->name, ready, status,
		       (clock_now_ns() - start_ns) / 1000000);
	return false;
}

static bool disable(struct nvme *n)
{
	mmio_write32(n->registers, NVME_CC, 0);
	return wait_ready(n, 0);
}

static bool read_parameters(struct nvme *n)
{
	uint64_t size = n->function->bars[0].range.size_bytes, cap, nr_doorbells;

	n->registers = pci_map_bar(n->function, 0);
	if (!n->registers || size < NVME_DOORBELLS) {
		report_failure("%s: BAR 0 has no address or only 0x%lx bytes", n->name, size);
		return false;
	}
	cap = read64(n, NVME_CAP);
	n->doorbell_step_bytes = 4u << MIRQ_GET(cap, NVME_CAP_DSTRD);
	n->nr_entries = (uint32_t)MIRQ_GET(cap, NVME_CAP_MQES) + 1;
	n->nr_entries = n->nr_entries < NVME_MAX_ENTRIES ? n->nr_entries : NVME_MAX_ENTRIES;
	n->nr_commands = n->nr_entries > NVME_MAX_COMMANDS ? NVME_MAX_COMMANDS : n->nr_entries - 1;
	nr_doorbells = (size - NVME_DOORBELLS) / n->doorbell_step_bytes;
	n->nr_allocated = 1 + cpu_nr();
	if (n->nr_allocated > nr_doorbells / 2)
		n->nr_allocated = (uint32_t)nr_doorbells / 2;
	if (cap == UINT64_MAX || !n->nr_commands || !MIRQ_GET(cap, NVME_CAP_CSS_NVM) ||
	    MIRQ_GET(cap, NVME_CAP_MPSMIN) || n->nr_allocated < 2) {
		report_failure("%s: capabilities 0x%lx, 0x%lx bytes of registers: cannot drive it",
			       n->name, cap, size);
		return false;
	}
	return true;
}

/* Order: interrupts are requested before, because even the first command ends by one. */
static bool enable(struct nvme *n)
{
	uint64_t cc = MIRQ_SET(MIRQ_FIELD_MASK(NVME_CC_EN), NVME_CC_IOSQES, NVME_SQE_LOG2);
	uint64_t aqa = MIRQ_SET(n->nr_entries - 1, NVME_AQA_ACQS, n->nr_entries - 1);

	mmio_write32(n->registers, NVME_AQA, (uint32_t)aqa);
	write64(n, NVME_ASQ, (uintptr_t)n->queues[0].submissions);
	write64(n, NVME_ACQ, (uintptr_t)n->queues[0].completions);
	mmio_write32(n->registers, NVME_CC, (uint32_t)MIRQ_SET(cc, NVME_CC_IOCQES, NVME_CQE_LOG2));
	__atomic_store_n(&n->nr_queues, 1, __ATOMIC_RELEASE);
	return wait_ready(n, 1);
}

static bool attach(struct nvme *n)
{
	struct mirq_why why = { .text = NULL };
	enum mirq_err err = port_attach(n->function, n->name, 0, &n->dev, &why);

	if (err)
		report_failure("%s: not attached: %s: %s", n->name, mirq_err_text(err),
			       why.text ? why.text : "-");
	return !err;
}

bool nvme_init(struct nvme *n, struct pci_function *f)
{
	memset(n, 0, sizeof(*n));
	n->function = f;
	n->limit_ns = option_number("limit_ms", COMMAND_LIMIT_MS) * NS_PER_MS;
	format(n->name, sizeof(n->name), "nvme %02x:%02x.%x", f->rid >> 8, f->rid >> 3 & 31,
	       f->rid & 7);
	if (attach(n) && read_parameters(n) && disable(n) && alloc_queues(n) && alloc_irqs(n) &&
	    enable(n) && identify_controller(n) && identify_namespace(n) && create_queues(n))
		return true;
	report_failure("%s: not brought up", n->name);
	n->is_failed = true;
	nvme_stop(n);
	nvme_fini(n);
	return false;
}

void nvme_stop(struct nvme *n)
{
	while (n->nr_queues > 1 && !nvme_is_failed(n) && delete_queue(n, n->nr_queues - 1))
		__atomic_store_n(&n->nr_queues, n->nr_queues - 1, __ATOMIC_RELEASE);
	n->is_off = n->registers && disable(n);
	if (n->dev && mirq_device_detach(n->dev))
		report_failure("%s: not detached", n->name);
	n->dev = NULL;
}

/* Memory that a controller may still write to is not given back. */
void nvme_fini(struct nvme *n)
{
	if (n->is_off)
		free_queues(n, n->nr_allocated);
	n->queues = NULL;
}
