/* SPDX-License-Identifier: MIT */
/*
 * lapic.c - the root of x86: one local APIC per CPU, in xAPIC mode (a page of registers) or in
 * x2APIC mode (model-specific registers). It ends interrupts, resends, reads what is pending,
 * names CPUs in messages. Not here: who hands out vectors (the core), remapping, the timer,
 * thermal and performance vectors and every other local interrupt (the host's).
 * Sources: [SDM3] 11.4 (registers), 11.6 (ICR), 11.8 (IRR, ISR, EOI), 11.9 (spurious), 11.12
 * (x2APIC).
 * Locking: none. A CPU touches its own APIC only; a sequence of two accesses has interrupts off.
 */
#include "lapic.h"
#include "lapic_regs.h"

#include "../core/fail.h"
#include "../core/memory.h"

#include <mirq/host.h>

#define LAPIC_SEND_TIMEOUT_NS UINT64_C(1000000)

static uint32_t lapic_read(const struct mirqi_lapic *l, uint32_t offset)
{
	if (l->is_x2)
		return (uint32_t)l->msr.read(l->host, LAPIC_MSR_X2(offset));
	return mirq_regs_read32(&l->regs, offset);
}

static void lapic_write(const struct mirqi_lapic *l, uint32_t offset, uint32_t value)
{
	if (l->is_x2)
		l->msr.write(l->host, LAPIC_MSR_X2(offset), value);
	else
		mirq_regs_write32(&l->regs, offset, value);
}

/* The bit of a vector in ISR or IRR. */
static int lapic_vector_bit(const struct mirqi_lapic *l, uint32_t registers, uint32_t vector)
{
	uint32_t offset = registers + vector / LAPIC_VECTORS_PER_REGISTER * LAPIC_REGISTER_STRIDE;

	return lapic_read(l, offset) >> vector % LAPIC_VECTORS_PER_REGISTER & 1;
}

/*
 * Put this CPU into x2APIC mode. Order: the APIC must be globally enabled first; from disabled
 * straight to x2APIC is a general-protection fault. [SDM3] 11.12.5. An APIC that cannot ignores
 * the bit.
 */
static enum mirq_err lapic_enter_x2(const struct mirqi_lapic *l)
{
	uint64_t base = l->msr.read(l->host, LAPIC_MSR_BASE);

	if (!MIRQ_GET(base, LAPIC_MSR_BASE_ENABLE)) {
		base = MIRQ_SET(base, LAPIC_MSR_BASE_ENABLE, 1);
		base = MIRQ_SET(base, LAPIC_MSR_BASE_X2, 0);
		l->msr.write(l->host, LAPIC_MSR_BASE, base);
	}
	if (!MIRQ_GET(base, LAPIC_MSR_BASE_X2))
		l->msr.write(l->host, LAPIC_MSR_BASE, MIRQ_SET(base, LAPIC_MSR_BASE_X2, 1));
	base = l->msr.read(l->host, LAPIC_MSR_BASE);
	return MIRQ_GET(base, LAPIC_MSR_BASE_X2) ? MIRQ_OK : MIRQ_EIO;
}

/* Is this CPU's APIC on, in xAPIC mode? Believed where there is no way to see it. */
static enum mirq_err lapic_check_xapic(const struct mirqi_lapic *l)
{
	uint64_t base;

	if (!l->has_msr)
		return MIRQ_OK;
	base = l->msr.read(l->host, LAPIC_MSR_BASE);
	if (!MIRQ_GET(base, LAPIC_MSR_BASE_ENABLE) || MIRQ_GET(base, LAPIC_MSR_BASE_X2))
		return MIRQ_EIO;
	return MIRQ_OK;
}

/*
 * Order: the task priority first, so that nothing is held back when the enable bit lets
 * interrupts in; the enable bit comes together with the spurious vector. [SDM3] 11.9.
 */
static enum mirq_err lapic_cpu_up(void *data, uint32_t cpu, uint32_t hw_target)
{
	const struct mirqi_lapic *l = data;
	enum mirq_err err = l->is_x2 ? lapic_enter_x2(l) : lapic_check_xapic(l);
	uint32_t id;
	uint64_t svr;

	(void)cpu;
	if (err)
		return err;
	if (lapic_read(l, LAPIC_VERSION) == UINT32_MAX)
		return MIRQ_EIO;
	id = lapic_read(l, LAPIC_ID);
	if (!l->is_x2)
		id = (uint32_t)MIRQ_GET(id, LAPIC_ID_XAPIC);
	if (id != hw_target) /* messages for this CPU would go elsewhere */
		return MIRQ_EIO;
	lapic_write(l, LAPIC_TPR, 0);
	svr = lapic_read(l, LAPIC_SVR);
	svr = MIRQ_SET(svr, LAPIC_SVR_VECTOR, l->spurious_vector);
	svr = MIRQ_SET(svr, LAPIC_SVR_ENABLE, 1);
	lapic_write(l, LAPIC_SVR, (uint32_t)svr);
	return MIRQ_OK;
}

/*
 * After this nothing new is accepted, what waits in IRR stays there until the APIC is reset or on
 * again, and each entry of the local vector table is masked; INIT, start-up and NMI still arrive,
 * so the host can start the CPU again. So the core looks at IRR before, not after: what came in
 * between would be lost. [SDM3] 11.4.7.2.
 */
static void lapic_cpu_down(void *data, uint32_t cpu)
{
	const struct mirqi_lapic *l = data;
	uint32_t svr = lapic_read(l, LAPIC_SVR);

	(void)cpu;
	lapic_write(l, LAPIC_SVR, (uint32_t)MIRQ_SET(svr, LAPIC_SVR_ENABLE, 0));
}

/* A block needs nothing more: its first vector is aligned, the device adds its number. */
static void lapic_compose(void *data, const struct mirq_route *route, uint32_t block_log2,
			  struct mirq_msg *out_msg)
{
	struct mirq_x86_target t = { route->hw_target, route->id };

	(void)data;
	(void)block_log2;
	*out_msg = mirq_x86_compose(t);
}

static void lapic_xapic_eoi(void *data, uint32_t cpu, uint32_t id)
{
	const struct mirqi_lapic *l = data;

	(void)cpu;
	(void)id;
	mirq_regs_write32(&l->regs, LAPIC_EOI, 0);
}

static void lapic_x2_eoi(void *data, uint32_t cpu, uint32_t id)
{
	const struct mirqi_lapic *l = data;

	(void)cpu;
	(void)id;
	l->msr.write(l->host, LAPIC_MSR_X2(LAPIC_EOI), 0);
}

static enum mirq_pending lapic_pending(void *data, uint32_t cpu, uint32_t id)
{
	(void)cpu;
	return lapic_vector_bit(data, LAPIC_IRR, id) ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

enum mirq_pending mirqi_lapic_in_service(const struct mirqi_lapic *l, uint32_t id)
{
	return lapic_vector_bit(l, LAPIC_ISR, id) ? MIRQ_PENDING_YES : MIRQ_PENDING_NO;
}

/* Fixed, physical, edge: what a device's message would have been. */
static uint64_t lapic_command(const struct mirq_route *route)
{
	uint64_t icr = 0;

	icr = MIRQ_SET(icr, LAPIC_ICR_VECTOR, route->id);
	return MIRQ_SET(icr, LAPIC_ICR_LEVEL_ASSERT, 1);
}

/* Until the last command has left, but not forever: a write then is lost at worst with the APIC. */
static void lapic_wait_sent(const struct mirqi_lapic *l)
{
	uint64_t start_ns = mirq_host_now_ns(l->host);

	while (MIRQ_GET(mirq_regs_read32(&l->regs, LAPIC_ICR_LO), LAPIC_ICR_SEND_PENDING)) {
		if (mirq_host_now_ns(l->host) - start_ns > LAPIC_SEND_TIMEOUT_NS)
			return;
		mirq_host_wait(l->host, MIRQ_WAIT_SPIN);
	}
}

/*
 * Order: destination, then the low half, which sends. The destination found is put back,
 * because this may have interrupted the host between its own two writes. [SDM3] 11.6.1.
 */
static void lapic_xapic_resend(void *data, const struct mirq_route *route)
{
	const struct mirqi_lapic *l = data;
	uint64_t icr = MIRQ_SET(lapic_command(route), LAPIC_ICR_XAPIC_DESTINATION,
				route->hw_target);
	uintptr_t saved = mirq_host_irq_save(l->host);
	uint32_t found;

	lapic_wait_sent(l);
	found = mirq_regs_read32(&l->regs, LAPIC_ICR_HI);
	mirq_regs_write32(&l->regs, LAPIC_ICR_HI, (uint32_t)(icr >> 32));
	mirq_regs_write32(&l->regs, LAPIC_ICR_LO, (uint32_t)icr);
	mirq_regs_write32(&l->regs, LAPIC_ICR_HI, found);
	mirq_host_irq_restore(l->host, saved);
}

/* One write, nothing to wait for. [SDM3] 11.12.9. */
static void lapic_x2_resend(void *data, const struct mirq_route *route)
{
	const struct mirqi_lapic *l = data;
	uint64_t icr = MIRQ_SET(lapic_command(route), LAPIC_ICR_X2_DESTINATION, route->hw_target);

	l->msr.write(l->host, LAPIC_MSR_X2(LAPIC_ICR_LO), icr);
}

/* The root leaves the system: the memory of struct mirqi_lapic is the root's own. */
static void lapic_fini(void *data)
{
	struct mirqi_lapic *l = data;
	struct mirq_host *host = l->host;

	mirqi_lapic_fini(l);
	mirq_host_free(host, l, sizeof(*l));
}

static const struct mirq_root_ops lapic_xapic_ops = {
	MIRQ_SIZED(mirq_root_ops),
	.cpu_up = lapic_cpu_up,
	.cpu_down = lapic_cpu_down,
	.compose = lapic_compose,
	.mask = NULL,  /* no rung: a vector cannot be masked */
	.claim = NULL, /* the CPU supplies the vector */
	.eoi = lapic_xapic_eoi,
	.pending = lapic_pending,
	.resend = lapic_xapic_resend,
	.fini = lapic_fini,
};

static const struct mirq_root_ops lapic_x2_ops = {
	MIRQ_SIZED(mirq_root_ops),
	.cpu_up = lapic_cpu_up,
	.cpu_down = lapic_cpu_down,
	.compose = lapic_compose,
	.mask = NULL,
	.claim = NULL,
	.eoi = lapic_x2_eoi,
	.pending = lapic_pending,
	.resend = lapic_x2_resend,
	.fini = lapic_fini,
};

const struct mirq_root_ops *mirqi_lapic_ops(const struct mirqi_lapic *l)
{
	return l->is_x2 ? &lapic_x2_ops : &lapic_xapic_ops;
}

enum mirq_err mirqi_lapic_init(struct mirqi_lapic *l, struct mirq_host *host,
			       const struct mirqi_lapic_init *init)
{
	uint64_t address = init->address ? init->address : LAPIC_DEFAULT_ADDRESS;

	memset(l, 0, sizeof(*l));
	l->host = host;
	l->spurious_vector = init->spurious_vector;
	l->is_x2 = init->apic == MIRQ_X86_APIC_X2;
	if (init->msr) {
		enum mirq_err err = mirqi_sized_copy(&l->msr, sizeof(l->msr), init->msr);

		if (err || !l->msr.read || !l->msr.write)
			return mirqi_fail(init->why, MIRQ_EINVAL, 0, "VECTOR",
					  "struct mirq_x86_msr: size_bytes, read and write are "
					  "required; set them or pass no .msr");
		l->has_msr = 1;
		if (MIRQ_GET(l->msr.read(host, LAPIC_MSR_BASE), LAPIC_MSR_BASE_X2))
			l->is_x2 = 1;
	}
	if (l->is_x2 && !l->has_msr)
		return mirqi_fail(
			init->why, MIRQ_ENOTSUP, 0, "VECTOR",
			"x2APIC mode works through model-specific registers; give .msr or stay in "
			"the mode found");
	if (l->is_x2)
		return MIRQ_OK;
	l->regs.host = host;
	l->regs.limit_bytes = LAPIC_PAGE_BYTES;
	l->regs.base = mirq_host_map(host, address, LAPIC_PAGE_BYTES, MIRQ_MAP_REGISTERS);
	if (!l->regs.base)
		return mirqi_fail_value(
			init->why, MIRQ_ENOMEM, "VECTOR",
			"mirq_host_map() did not map the local APIC; .value is its physical "
			"address",
			address);
	return MIRQ_OK;
}

void mirqi_lapic_fini(struct mirqi_lapic *l)
{
	void *base = (void *)(uintptr_t)l->regs.base;

	if (base)
		mirq_host_unmap(l->host, base, LAPIC_PAGE_BYTES);
	l->regs.base = NULL;
}
