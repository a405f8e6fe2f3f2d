/* SPDX-License-Identifier: MIT */
/*
 * A provider of messages (mirq/paravirt.h), and the hypervisor behind it.
 *
 * Source: Intel SDM volume 3, 11.11 (message of a device to a local APIC).
 * Locking: hypercalls are of threads; CPU 0 alone makes any.
 */
#include "provider.h"

#include <mirq/bus.h>
#include <mirq/paravirt.h>

#include "mirq_port.h"
#include "option.h"
#include "panic.h"
#include "scenario.h"

enum {
	MAX_MAPPINGS = 256,
	NR_PCI_IDS = 0x10000
};

#define MESSAGE_ADDRESS 0xfee00000ull
#define MESSAGE_TARGET_SHIFT 12

static struct mirq_msg mappings[MAX_MAPPINGS]; /* address 0: free */
static uint32_t nr_live, nr_maps, nr_wrong;
static bool is_used;

static bool is_same(const struct mirq_msg *a, const struct mirq_msg *b)
{
	return a->address == b->address && a->data == b->data;
}

static enum mirq_err map(void *context, const struct mirq_requesters *who, uint32_t hw_target,
			 uint32_t id, struct mirq_msg *out_msg)
{
	(void)context;
	(void)who;
	for (uint32_t i = 0; i < MAX_MAPPINGS; i++) {
		if (mappings[i].address)
			continue;
		mappings[i].address = MESSAGE_ADDRESS | (uint64_t)hw_target << MESSAGE_TARGET_SHIFT;
		mappings[i].data = id;
		*out_msg = mappings[i];
		nr_live++;
		nr_maps++;
		return MIRQ_OK;
	}
	return MIRQ_ENOSPC;
}

static void unmap(void *context, const struct mirq_msg *msg)
{
	(void)context;
	for (uint32_t i = 0; i < MAX_MAPPINGS; i++)
		if (is_same(&mappings[i], msg)) {
			mappings[i].address = 0;
			nr_live--;
			return;
		}
	nr_wrong++;
}

static const struct mirq_paravirt_ops ops = {
	MIRQ_SIZED(mirq_paravirt_ops), .map = map, .unmap = unmap,
	.retarget = NULL, /* moves take a new message */
};

void provider_start(void)
{
	struct mirq_why why = { .text = "-" };
	struct mirq_paravirt_init init = { MIRQ_SIZED(mirq_paravirt_init), .name = "provider",
					   .ops = &ops, .why = &why };
	struct mirq_link link = { .ids = { 0, NR_PCI_IDS } };

	if (!option_text("provider"))
		return;
	if (mirq_paravirt_attach(port_mirq(), &init, &link.parent) ||
	    mirq_link_add(port_mirq(), &link))
		panic("provider: %s", why.text);
	is_used = true;
}

bool provider_is_used(void)
{
	return is_used;
}

void provider_end(void)
{
	if (is_used)
		report(!nr_live && !nr_wrong && nr_maps,
		       "provider: %u mappings made, %u left, %u ended twice", nr_maps, nr_live,
		       nr_wrong);
}
