/* SPDX-License-Identifier: MIT */
/*
 * x86_message.c - messages of x86 as numbers: compose the compatibility format, read both formats.
 * Pure: no I/O, no state. The remappable format is composed by the remapper (mirq/vtd.h).
 * Sources: [SDM3] 11.11; [VTD] 5.1.2. Locking: none needed.
 */
#include "x86_message_regs.h"

#include <mirq/io.h>
#include <mirq/x86.h>

struct mirq_msg mirq_x86_compose(struct mirq_x86_target t)
{
	struct mirq_msg msg = { 0, 0 };

	/* Physical destination, no redirection hint, fixed delivery, edge: all zero. */
	msg.address = MIRQ_SET(msg.address, X86_ADDRESS_WINDOW, X86_ADDRESS_WINDOW_LAPIC);
	msg.address = MIRQ_SET(msg.address, X86_ADDRESS_DESTINATION, t.apic_id & 0xff);
	msg.address = MIRQ_SET(msg.address, X86_ADDRESS_EXTENDED, t.apic_id >> 8);
	msg.data = (uint32_t)MIRQ_SET(msg.data, X86_DATA_VECTOR, t.vector);
	return msg;
}

/* What is wrong with the data of a compatibility message, or NULL. */
static const char *x86_data_defect(uint32_t data)
{
	uint64_t delivery = MIRQ_GET(data, X86_DATA_DELIVERY);

	if (delivery == 3 || delivery == 6)
		return "compatibility format, but the delivery mode is a reserved one";
	if (delivery <= X86_DELIVERY_LOWEST && MIRQ_GET(data, X86_DATA_VECTOR) < X86_FIRST_VECTOR)
		return "compatibility format, but a vector below 16 is not delivered";
	if (MIRQ_GET(data, X86_DATA_RESERVED_HI) || MIRQ_GET(data, X86_DATA_RESERVED_LO))
		return "compatibility format, but reserved bits of the data are set";
	return NULL;
}

/* Delivery that is not an ordinary interrupt, or NULL. */
static const char *x86_data_special(uint32_t data)
{
	switch (MIRQ_GET(data, X86_DATA_DELIVERY)) {
	case X86_DELIVERY_SMI:
		return "compatibility format, system management interrupt";
	case X86_DELIVERY_NMI:
		return "compatibility format, non-maskable interrupt";
	case X86_DELIVERY_INIT:
		return "compatibility format, INIT: resets the processor";
	case X86_DELIVERY_EXTINT:
		return "compatibility format, vector from an external controller";
	default:
		return NULL;
	}
}

static const char *x86_compatibility_text(const struct mirq_msg *msg)
{
	const char *text = x86_data_defect(msg->data);

	if (!text)
		text = x86_data_special(msg->data);
	if (text)
		return text;
	if (MIRQ_GET(msg->data, X86_DATA_TRIGGER_LEVEL))
		return MIRQ_GET(msg->data, X86_DATA_ASSERT)
			       ? "compatibility format, level triggered, assert"
			       : "compatibility format, level triggered, deassert";
	if (MIRQ_GET(msg->address, X86_ADDRESS_LOGICAL))
		return MIRQ_GET(msg->address, X86_ADDRESS_REDIRECTION)
			       ? "compatibility format, logical destination, redirection hint"
			       : "compatibility format, logical destination";
	if (MIRQ_GET(msg->address, X86_ADDRESS_EXTENDED))
		return "compatibility format, physical destination of more than 8 bits: only under "
		       "a hypervisor that offers extended destination ids";
	return "compatibility format, physical destination";
}

static const char *x86_remappable_text(const struct mirq_msg *msg, uint32_t index)
{
	if (index > 0xffff)
		return "remappable format, but handle and sub-handle are beyond every table";
	if (MIRQ_GET(msg->address, X86_ADDRESS_SUBHANDLE_VALID))
		return MIRQ_GET(msg->data, X86_DATA_ABOVE_SUBHANDLE)
			       ? "remappable format, but reserved bits of the data are set"
			       : "remappable format, sub-handle valid";
	return msg->data ? "remappable format without sub-handle, but the data is not zero"
			 : "remappable format, no sub-handle";
}

enum mirq_err mirq_x86_decode(const struct mirq_msg *msg, struct mirq_x86_target *out_t,
			      uint32_t *out_index, const char **out_text)
{
	uint64_t address = msg->address;
	uint64_t index;

	if (MIRQ_GET(address, X86_ADDRESS_WINDOW) != X86_ADDRESS_WINDOW_LAPIC)
		return MIRQ_EINVAL;
	if (!MIRQ_GET(address, X86_ADDRESS_REMAPPABLE)) {
		out_t->apic_id = (uint32_t)(MIRQ_GET(address, X86_ADDRESS_DESTINATION) |
					    MIRQ_GET(address, X86_ADDRESS_EXTENDED) << 8);
		out_t->vector = (uint32_t)MIRQ_GET(msg->data, X86_DATA_VECTOR);
		*out_index = UINT32_MAX;
		*out_text = x86_compatibility_text(msg);
		return MIRQ_OK;
	}
	index = MIRQ_GET(address, X86_ADDRESS_HANDLE_LO) | MIRQ_GET(address, X86_ADDRESS_HANDLE_HI)
								   << 15;
	if (MIRQ_GET(address, X86_ADDRESS_SUBHANDLE_VALID))
		index += MIRQ_GET(msg->data, X86_DATA_SUBHANDLE);
	out_t->apic_id = UINT32_MAX;
	out_t->vector = UINT32_MAX;
	*out_index = (uint32_t)index;
	*out_text = x86_remappable_text(msg, *out_index);
	return MIRQ_OK;
}
