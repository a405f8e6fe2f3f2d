/* SPDX-License-Identifier: MIT */
/*
 * port_own.h - what the two files of the port share: port.c is the host, port_x86.c the machine as
 * firmware describes it, and who takes its interrupts.
 */
#ifndef SIM_PORT_OWN_H
#define SIM_PORT_OWN_H

#include "host.h"
#include "model.h"
#include "port.h"

struct port_piece;
struct port_stores;
struct port_ntb;

struct port {
	struct mirq_host host;
	struct mirq *m;
	struct mirq_x86_machine machine;
	struct mirq_x86_cpu *cpus;
	struct mirq_x86_unit units[SIM_MAX_UNITS];
	struct mirq_x86_scope scopes[SIM_MAX_DEVICES];
	struct port_piece *pieces;                   /* without an engine */
	struct port_stores *stores[SIM_MAX_DEVICES]; /* port_stores.c; NULL: none attached yet */
	struct port_ntb *ntb[SIM_MAX_DEVICES];       /* port_ntb.c, the same */
	/* Calls that fail on demand: */
	uint32_t fail_kinds, is_persistent, is_paused;
	uint64_t nr_calls, fail_at, nr_failed;
	uint64_t nr_live, nr_logs;
	const char *last_log;
};

static inline struct sim *sim_of(struct mirq_host *h)
{
	return h->self;
}

static inline struct port *port_of(const struct sim *s)
{
	return s->port;
}

/* Made when it is first asked for. */
struct port *port_make(struct sim *s);
/* Memory that software has not given back goes with the machine. */
void port_forget(struct sim *s);
/* What the CPU stored before is seen before what it does next. */
void port_drain(struct sim *s);

#endif
