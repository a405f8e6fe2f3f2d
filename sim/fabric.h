/* SPDX-License-Identifier: MIT */
/*
 * fabric.h - where accesses end: in registers of a device, in the root complex, in memory.
 */
#ifndef SIM_FABRIC_H
#define SIM_FABRIC_H

#include <stdint.h>

struct sim;
struct sim_device;
struct sim_route;

/* A CPU's write has reached the device's memory space at this offset. */
void sim_device_register_write(struct sim_device *d, uint64_t offset, uint32_t value);
uint32_t sim_device_register_read(struct sim_device *d, uint64_t offset);
/* A device's write of four bytes has reached the root complex. */
void sim_root_complex_write(struct sim_device *d, uint64_t address, uint32_t data);
/* Compatibility format: 1 with *out_route, 0: this is no address of an interrupt. */
int sim_message_decode(uint64_t address, uint32_t data, struct sim_route *out_route);
/* The device sends on its way up; nothing when it is no bus master. What is sent: address, data,
 * slot, store. */
struct sim_flight;
void sim_device_send(struct sim_device *d, const struct sim_flight *what);

#endif
