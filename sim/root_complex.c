/* SPDX-License-Identifier: MIT */
/*
 * root_complex.c - what devices write, once it has passed what stands between: interrupt requests
 * through their unit or straight to the local APICs, everything else to memory.
 * Sources: [SDM3] 11.11 (message formats); [VTD] 5.1.2, 3.13. Locking: none.
 */
#include "fabric.h"
#include "model.h"

#define MESSAGE_RANGE 63, 20
#define MESSAGE_RANGE_VALUE UINT64_C(0xfee)
#define MESSAGE_DESTINATION 19, 12
#define MESSAGE_LOGICAL 2, 2
#define MESSAGE_DATA_VECTOR 7, 0
#define MESSAGE_DATA_DELIVERY 10, 8

int sim_message_decode(uint64_t address, uint32_t data, struct sim_route *out_route)
{
	if (SIM_GET(address, MESSAGE_RANGE) != MESSAGE_RANGE_VALUE)
		return 0;
	*out_route = (struct sim_route){
		.destination = (uint32_t)SIM_GET(address, MESSAGE_DESTINATION),
		.is_logical = (uint32_t)SIM_GET(address, MESSAGE_LOGICAL),
		.delivery = (uint32_t)SIM_GET(data, MESSAGE_DATA_DELIVERY),
		.vector = (uint32_t)SIM_GET(data, MESSAGE_DATA_VECTOR),
	};
	return 1;
}

static void root_complex_interrupt(struct sim_device *d, uint64_t address, uint32_t data)
{
	struct sim_flight flight = *d->s->arriving;

	flight.kind = SIM_REMAPPED;

	if (!d->unit || !sim_unit_is_remapping(d->unit)) {
		(void)sim_message_decode(address, data, &flight.route);
		sim_apics_accept(d->s, &flight.route);
	} else if (sim_unit_request(d->unit, d->requester, address, data, &flight.route)) {
		sim_flight_start(d->s, &flight);
	}
}

void sim_device_set_between(struct sim_device *d, sim_between *between, void *context)
{
	d->between = between;
	d->between_context = context;
}

/* 1: the message is for the root complex. */
static int root_complex_hears(struct sim_device *d, uint64_t *address, uint32_t *data)
{
	enum sim_passage passage = SIM_PASSES;

	if (d->between)
		passage = d->between(d->between_context, d, address, data);
	if (passage == SIM_STOPS)
		sim_tell_unheard(d->s, 0);
	return passage == SIM_PASSES;
}

void sim_root_complex_write(struct sim_device *d, uint64_t address, uint32_t data)
{
	uint8_t bytes[4];

	d->stats.nr_arrived++;
	if (!root_complex_hears(d, &address, &data))
		return;
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(data >> 8 * i);
	if (SIM_GET(address, MESSAGE_RANGE) == MESSAGE_RANGE_VALUE)
		root_complex_interrupt(d, address, data);
	else {
		sim_tell(d->s, SIM_ASTRAY, SIM_NO_CPU, 0);
		if (!sim_memory_write(d->s, address, bytes, sizeof(bytes)))
			d->stats.nr_astray++;
	}
}
