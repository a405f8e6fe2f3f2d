/* SPDX-License-Identifier: MIT */
/*
 * lapic.c - the local APIC of a CPU: requests and priorities, registers in both modes, messages
 * between CPUs. Its timer and local vectors are registers without effect; level triggering is not
 * modelled.
 * Sources: [SDM3] 11.4 (registers), 11.5.3 (errors), 11.6 (ICR, destinations), 11.8 (priorities,
 * EOI), 11.9 (spurious), 11.12 (x2APIC). Locking: none.
 */
#include "model.h"

#include <string.h>

#define LAPIC_ID 0x020
#define LAPIC_VERSION 0x030
#define LAPIC_TPR 0x080
#define LAPIC_PPR 0x0a0
#define LAPIC_EOI 0x0b0
#define LAPIC_LDR 0x0d0
#define LAPIC_DFR 0x0e0
#define LAPIC_SVR 0x0f0
#define LAPIC_ISR 0x100
#define LAPIC_TMR 0x180
#define LAPIC_IRR 0x200
#define LAPIC_ESR 0x280
#define LAPIC_ICR_LOW 0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_LVT_FIRST 0x320
#define LAPIC_LVT_LIMIT 0x3a0
#define LAPIC_SELF_IPI 0x3f0

#define LAPIC_ID_XAPIC 31, 24
#define LAPIC_SVR_VECTOR 7, 0
#define LAPIC_SVR_ENABLED 8, 8
#define LAPIC_CLASS 7, 4 /* of a vector, a priority */
#define LAPIC_ICR_VECTOR 7, 0
#define LAPIC_ICR_DELIVERY 10, 8
#define LAPIC_ICR_LOGICAL 11, 11
#define LAPIC_ICR_SHORTHAND 19, 18
#define LAPIC_ICR_DESTINATION 31, 24 /* of the high half, xAPIC */
#define LAPIC_LDR_FLAT 31, 24
#define LAPIC_LDR_CLUSTER 31, 16 /* x2APIC */
#define LAPIC_LDR_MEMBERS 15, 0

#define LAPIC_ESR_SEND_ILLEGAL 0x20u
#define LAPIC_ESR_RECEIVE_ILLEGAL 0x40u
#define LAPIC_VERSION_VALUE 0x00060015u /* integrated, seven local vectors */
#define LAPIC_FIRST_LEGAL 16u

#define MSR_APIC_BASE 0x1b
#define MSR_X2_FIRST 0x800
#define MSR_X2_LIMIT 0x900
#define APIC_BASE_BSP 8, 8
#define APIC_BASE_EXTD 10, 10
#define APIC_BASE_EN 11, 11
#define APIC_BASE_DEFAULT UINT64_C(0xfee00000)

enum lapic_shorthand {
	LAPIC_TO_NAMED,
	LAPIC_TO_SELF,
	LAPIC_TO_ALL,
	LAPIC_TO_OTHERS
};

static int lapic_is_x2(const struct sim_cpu *c)
{
	return SIM_GET(c->apic_base, APIC_BASE_EXTD) != 0;
}

static int lapic_is_enabled(const struct sim_cpu *c)
{
	return SIM_GET(c->apic_base, APIC_BASE_EN) && SIM_GET(c->svr, LAPIC_SVR_ENABLED);
}

void sim_lapic_reset(struct sim_cpu *c)
{
	c->apic_base = APIC_BASE_DEFAULT | SIM_PUT(APIC_BASE_EN, 1) |
		       SIM_PUT(APIC_BASE_BSP, c->index == 0);
	if (c->s->spec.is_x2apic_entered)
		c->apic_base |= SIM_PUT(APIC_BASE_EXTD, 1);
	c->svr = 0xff;
	c->dfr = UINT32_MAX;
	c->ldr = c->index < 8 ? 1u << (24 + c->index) : 0;
}

static int vector_test(const uint32_t *bits, uint32_t vector)
{
	return bits[vector / 32] >> vector % 32 & 1;
}

static void vector_set(uint32_t *bits, uint32_t vector)
{
	bits[vector / 32] |= 1u << vector % 32;
}

static void vector_clear(uint32_t *bits, uint32_t vector)
{
	bits[vector / 32] &= ~(1u << vector % 32);
}

/* 0: none; vectors below 16 are never set. */
static uint32_t vector_highest(const uint32_t *bits)
{
	for (uint32_t word = SIM_VECTOR_WORDS; word-- > 0;)
		if (bits[word])
			return word * 32 + 31 - (uint32_t)__builtin_clz(bits[word]);
	return 0;
}

/* ---- Requests ---- */

/* Processor priority: the higher class of task priority and what is in service. */
static uint32_t lapic_ppr(const struct sim_cpu *c)
{
	uint32_t serviced = vector_highest(c->isr);

	if (SIM_GET(c->tpr, LAPIC_CLASS) >= SIM_GET(serviced, LAPIC_CLASS))
		return c->tpr & 0xff;
	return serviced & 0xf0;
}

int sim_lapic_is_deliverable(const struct sim_cpu *c)
{
	uint32_t vector = vector_highest(c->irr);

	return vector && lapic_is_enabled(c) &&
	       SIM_GET(vector, LAPIC_CLASS) > SIM_GET(lapic_ppr(c), LAPIC_CLASS);
}

uint32_t sim_lapic_acknowledge(struct sim_cpu *c)
{
	uint32_t vector = vector_highest(c->irr);

	if (!sim_lapic_is_deliverable(c))
		return 0;
	vector_clear(c->irr, vector);
	c->s->nr_requests--;
	vector_set(c->isr, vector);
	return vector;
}

int sim_lapic_accept(struct sim_cpu *c, uint32_t vector)
{
	if (!lapic_is_enabled(c)) {
		c->stats.nr_refused++;
		return 0;
	}
	if (vector < LAPIC_FIRST_LEGAL) {
		c->esr |= LAPIC_ESR_RECEIVE_ILLEGAL;
		c->stats.nr_illegal++;
		return 0;
	}
	sim_tell(c->s, SIM_ACCEPTED, c->index, vector);
	c->stats.nr_accepted++;
	if (vector_test(c->irr, vector))
		c->stats.nr_merged++;
	else
		c->s->nr_requests++;
	vector_set(c->irr, vector);
	sim_note(c->s, "cpu %u requests %02x", c->index, vector);
	sim_wake_cpu(c);
	return 1;
}

static int lapic_is_named(const struct sim_cpu *c, const struct sim_route *route)
{
	uint32_t ldr = c->ldr;

	if (route->destination == (route->is_wide ? UINT32_MAX : 0xff))
		return 1;
	if (!route->is_logical)
		return c->apic_id == route->destination;
	if (!lapic_is_x2(c))
		return (SIM_GET(ldr, LAPIC_LDR_FLAT) & route->destination) != 0;
	ldr = (c->apic_id >> 4) << 16 | 1u << (c->apic_id & 15);
	return SIM_GET(ldr, LAPIC_LDR_CLUSTER) == SIM_GET(route->destination, LAPIC_LDR_CLUSTER) &&
	       (ldr & route->destination & SIM_MASK(LAPIC_LDR_MEMBERS)) != 0;
}

/* Lowest priority goes to one of those named: here the first. */
void sim_apics_accept(struct sim *s, const struct sim_route *route)
{
	int is_heard = 0;

	for (uint32_t i = 0; i < s->spec.nr_cpus; i++) {
		struct sim_cpu *c = &s->cpus[i];

		if (!lapic_is_named(c, route))
			continue;
		if (route->delivery > SIM_LOWEST) {
			c->stats.nr_other++;
			continue;
		}
		is_heard |= sim_lapic_accept(c, route->vector);
		if (route->delivery == SIM_LOWEST)
			break;
	}
	if (!is_heard)
		sim_tell_unheard(s, 0);
}

/* ---- Registers ---- */

static void lapic_end(struct sim_cpu *c)
{
	uint32_t vector = vector_highest(c->isr);

	c->stats.nr_eoi++;
	if (!vector)
		c->stats.nr_eoi_idle++;
	else
		vector_clear(c->isr, vector);
}

static void lapic_send_one(struct sim_cpu *c, const struct sim_route *route)
{
	struct sim_flight flight = { .kind = SIM_IPI, .source = c->index, .route = *route };

	if (route->delivery <= SIM_LOWEST && route->vector < LAPIC_FIRST_LEGAL) {
		c->esr |= LAPIC_ESR_SEND_ILLEGAL;
		c->stats.nr_illegal++;
		return;
	}
	sim_flight_start(c->s, &flight);
}

static void lapic_send(struct sim_cpu *c, uint32_t low, uint32_t destination)
{
	struct sim_route route = {
		.destination = destination,
		.is_logical = (uint32_t)SIM_GET(low, LAPIC_ICR_LOGICAL),
		.is_wide = (uint32_t)lapic_is_x2(c),
		.delivery = (uint32_t)SIM_GET(low, LAPIC_ICR_DELIVERY),
		.vector = (uint32_t)SIM_GET(low, LAPIC_ICR_VECTOR),
	};
	enum lapic_shorthand to = (enum lapic_shorthand)SIM_GET(low, LAPIC_ICR_SHORTHAND);

	if (to == LAPIC_TO_NAMED) {
		lapic_send_one(c, &route);
		return;
	}
	route.is_wide = 1;
	route.is_logical = 0;
	for (uint32_t i = 0; i < c->s->spec.nr_cpus; i++) {
		int is_self = i == c->index;

		if (to == LAPIC_TO_ALL || is_self == (to == LAPIC_TO_SELF)) {
			route.destination = c->s->cpus[i].apic_id;
			lapic_send_one(c, &route);
		}
	}
}

/* Eight registers of 32 vectors, 16 bytes apart. */
static int lapic_vectors_read(const struct sim_cpu *c, uint32_t offset, uint32_t *out_value)
{
	const uint32_t none[SIM_VECTOR_WORDS] = { 0 };
	const uint32_t *bits = NULL;

	switch (offset & ~0x7fu) {
	case LAPIC_ISR:
		bits = c->isr;
		break;
	case LAPIC_TMR:
		bits = none;
		break;
	case LAPIC_IRR:
		bits = c->irr;
		break;
	default:
		return 0;
	}
	*out_value = bits[offset >> 4 & 7];
	return 1;
}

uint32_t sim_lapic_read(struct sim_cpu *c, uint32_t offset)
{
	uint32_t value;

	if (lapic_vectors_read(c, offset, &value))
		return value;
	if (offset >= LAPIC_LVT_FIRST && offset < LAPIC_LVT_LIMIT)
		return c->local[(offset - LAPIC_LVT_FIRST) >> 4];
	switch (offset) {
	case LAPIC_ID:
		return lapic_is_x2(c) ? c->apic_id : (uint32_t)SIM_PUT(LAPIC_ID_XAPIC, c->apic_id);
	case LAPIC_VERSION:
		return LAPIC_VERSION_VALUE;
	case LAPIC_TPR:
		return c->tpr;
	case LAPIC_PPR:
		return lapic_ppr(c);
	case LAPIC_LDR:
		return lapic_is_x2(c) ? (c->apic_id >> 4) << 16 | 1u << (c->apic_id & 15) : c->ldr;
	case LAPIC_DFR:
		return c->dfr;
	case LAPIC_SVR:
		return c->svr;
	case LAPIC_ESR:
		return c->esr_seen;
	case LAPIC_ICR_LOW:
		return c->icr_low;
	case LAPIC_ICR_HIGH:
		return c->icr_high;
	default:
		return 0;
	}
}

void sim_lapic_write(struct sim_cpu *c, uint32_t offset, uint32_t value)
{
	if (offset >= LAPIC_LVT_FIRST && offset < LAPIC_LVT_LIMIT) {
		c->local[(offset - LAPIC_LVT_FIRST) >> 4] = value;
		return;
	}
	switch (offset) {
	case LAPIC_TPR:
		c->tpr = value & 0xff;
		break;
	case LAPIC_EOI:
		lapic_end(c);
		break;
	case LAPIC_LDR:
		c->ldr = value;
		break;
	case LAPIC_DFR:
		c->dfr = value;
		break;
	case LAPIC_SVR:
		c->svr = value;
		break;
	case LAPIC_ESR: /* a write makes what happened since the last one readable */
		c->esr_seen = c->esr;
		c->esr = 0;
		break;
	case LAPIC_ICR_HIGH:
		c->icr_high = value;
		break;
	case LAPIC_ICR_LOW:
		c->icr_low = value;
		lapic_send(c, value, (uint32_t)SIM_GET(c->icr_high, LAPIC_ICR_DESTINATION));
		break;
	default:
		sim_violate(c->s, "a register of the local APIC was written that is not there");
	}
}

/* ---- Model-specific registers ---- */

/* Off to x2APIC, and x2APIC to xAPIC, are general-protection faults. [SDM3] 11.12.5. */
static void lapic_base_write(struct sim_cpu *c, uint64_t value)
{
	int was_on = SIM_GET(c->apic_base, APIC_BASE_EN) != 0, was_x2 = lapic_is_x2(c);
	int is_on = SIM_GET(value, APIC_BASE_EN) != 0, is_x2 = SIM_GET(value, APIC_BASE_EXTD) != 0;

	if (is_x2 && !c->s->spec.has_x2apic) {
		sim_violate(c->s, "x2APIC mode was entered on a CPU that has none");
		return;
	}
	if ((is_x2 && (!is_on || !was_on)) || (was_x2 && is_on && !is_x2)) {
		sim_violate(c->s, "a change of the APIC's mode that faults");
		return;
	}
	c->apic_base = value;
}

uint64_t sim_lapic_msr_read(struct sim_cpu *c, uint32_t msr)
{
	uint32_t offset = (msr - MSR_X2_FIRST) << 4;

	if (msr == MSR_APIC_BASE)
		return c->apic_base;
	if (msr < MSR_X2_FIRST || msr >= MSR_X2_LIMIT || !lapic_is_x2(c)) {
		sim_violate(c->s, "a model-specific register was read that is not there");
		return 0;
	}
	if (offset == LAPIC_ICR_LOW)
		return c->icr_low | (uint64_t)c->icr_high << 32;
	return sim_lapic_read(c, offset);
}

void sim_lapic_msr_write(struct sim_cpu *c, uint32_t msr, uint64_t value)
{
	uint32_t offset = (msr - MSR_X2_FIRST) << 4;

	if (msr == MSR_APIC_BASE) {
		lapic_base_write(c, value);
	} else if (msr < MSR_X2_FIRST || msr >= MSR_X2_LIMIT || !lapic_is_x2(c)) {
		sim_violate(c->s, "a model-specific register was written that is not there");
	} else if (offset == LAPIC_ICR_LOW) {
		c->icr_low = (uint32_t)value;
		c->icr_high = (uint32_t)(value >> 32);
		lapic_send(c, c->icr_low, c->icr_high);
	} else if (offset == LAPIC_SELF_IPI) {
		lapic_send(c,
			   (uint32_t)(SIM_PUT(LAPIC_ICR_VECTOR, value) |
				      SIM_PUT(LAPIC_ICR_SHORTHAND, LAPIC_TO_SELF)),
			   0);
	} else if (offset == LAPIC_EOI && value) {
		sim_violate(c->s, "something else than 0 was written to the EOI register");
	} else {
		sim_lapic_write(c, offset, (uint32_t)value);
	}
}

/* ---- Looking at it ---- */

uint32_t sim_cpu_apic_id(const struct sim *s, uint32_t cpu)
{
	return s->cpus[cpu].apic_id;
}

uint32_t sim_cpu_node(const struct sim *s, uint32_t cpu)
{
	return s->cpus[cpu].node;
}

int sim_cpu_is_requested(const struct sim *s, uint32_t cpu, uint32_t vector)
{
	return vector_test(s->cpus[cpu].irr, vector);
}

int sim_cpu_is_in_service(const struct sim *s, uint32_t cpu, uint32_t vector)
{
	return vector_test(s->cpus[cpu].isr, vector);
}

void sim_cpu_stats(const struct sim *s, uint32_t cpu, struct sim_cpu_stats *out_stats)
{
	*out_stats = s->cpus[cpu].stats;
}
