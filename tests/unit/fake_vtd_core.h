/* SPDX-License-Identifier: MIT */
/*
 * fake_vtd_core.h - a stand-in for the core under the VT-d driver: systems, domains, batches, the
 * fault event's device. With fake_vtd.h it lets the driver be tested alone.
 */
#ifndef FAKE_VTD_CORE_H
#define FAKE_VTD_CORE_H

#include <mirq/bus.h>
#include <mirq/inspect.h>
#include <mirq/remapper.h>
#include <mirq/vtd.h>

#include "fake_vtd.h"

struct mirq_domain {
	struct mirq *m;
	struct mirq_remapper_init init;
};
struct mirq_store {
	struct mirq_store_init init;
};
struct mirq_device {
	struct mirq *m;
	struct mirq_device_init init;
	struct mirq_store store;
	struct mirq_store_template kind; /* copied, as the core does */
};
struct mirq {
	struct mirq_host *host;
	struct mirq_domain domains[2];
	uint32_t nr_domains;
	struct mirq_device device, second;
	uint32_t has_device; /* 1: the first, 2: the second, or-ed */
	/* Knobs: the call that fails. */
	enum mirq_err remapper_err, device_err, store_err, alloc_err;
};

/* Up to this many interrupts in a test. */
#define MAX_MEMBERS 4096
struct mirq_batch {
	struct mirq_hop hops[MAX_MEMBERS];
	struct mirq_route routes[MAX_MEMBERS];
	uint32_t nr;
};

/* One unit, attached; everything a test needs. */
struct bench {
	struct mirq_host *h;
	struct mirq m;
	struct mirq_vtd_init init;
	struct mirq_why why;
	struct fake_unit *u; /* the first */
	struct mirq_domain *domain;
	struct mirq_batch batch;
	void *ctx; /* of a device 00:02.0 */
};

/* cmocka set-up and tear-down: *state is a bench with init filled, nothing attached. */
int bench_new(void **state);
int bench_free(void **state);
/* mirq_vtd_attach() that has to succeed, and a device 00:02.0 (0x0010) behind it. */
void bench_attach(struct bench *b);
/* mirq_vtd_attach(), and one that has to fail: this code, a sentence with the unit's name,
 * nothing left behind, no rule broken. */
enum mirq_err bench_try(struct bench *b);
void bench_refused(struct bench *b, enum mirq_err err);
/* Detach device and unit; checks that nothing is left and no rule was broken. */
void bench_detach(struct bench *b);
/* The ops of the attached unit. */
const struct mirq_remapper_ops *bench_ops(const struct bench *b);
void *bench_data(const struct bench *b);
/* A batch of @nr members, all routed to @target; and brought up, which must succeed. */
void bench_route(struct bench *b, uint32_t nr, uint32_t target, uint32_t vector);
void bench_up(struct bench *b, uint32_t nr, uint32_t target, uint32_t vector);
/* The ops, for the batch and the device. bench_alloc() fills the batch. */
enum mirq_err bench_alloc(struct bench *b, uint32_t nr, uint32_t block_log2);
enum mirq_err bench_program(struct bench *b);
enum mirq_err bench_flush(struct bench *b);
void bench_clear(struct bench *b);
void bench_give_back(struct bench *b);
struct mirq_vtd_stats bench_stats(const struct bench *b);
/* What becomes of the message of member @i, sent by @sid. */
uint32_t bench_send(struct bench *b, uint32_t i, uint32_t sid, uint32_t *out_vector,
		    uint32_t *out_target);
/* The same numbers in every run. */
uint32_t bench_random(uint32_t *seed);

#endif
