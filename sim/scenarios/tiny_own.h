/* SPDX-License-Identifier: MIT */
/*
 * tiny_own.h - what the files of the tiny machine share. Not for scenarios.
 */
#ifndef SIM_TINY_OWN_H
#define SIM_TINY_OWN_H

#include "tiny_machine.h"

#define TINY_ROOT_ADDRESS UINT64_C(0x10000000)  /* | CPU << 8; data: id */
#define TINY_TABLE_ADDRESS UINT64_C(0x20000000) /* data: entry */
#define TINY_MUX_ADDRESS UINT64_C(0x30000000)   /* | line << 8; data: id */

/* tiny_machine.c: a step of hardware; others may go first. */
void tiny_at_wire(struct tiny *w, enum engine_point point);
/* The same for a register, or for memory that is written behind all before it. */
void tiny_at_register(struct tiny *w, enum engine_point point);
uint32_t tiny_this_cpu(const struct tiny *w);
/* Nothing is on its way or waits for a CPU. */
int tiny_is_quiet(const struct tiny *w);

/* tiny_host.c */
extern const struct sim_host_ops tiny_host_ops;
void tiny_watch_crashes(void);

/* tiny_root.c: an event of the slots @from, a bit each, waits at a CPU. */
void tiny_set_pending(struct tiny *w, uint32_t cpu, uint32_t id, uint32_t from);
void tiny_cpu_body(void *context);
int tiny_cpu_hook(void *context);
/* Outside of fibers: takes all that waits. */
void tiny_cpu_settle(struct tiny_cpu *c);
void tiny_wake_if_quiet(struct tiny *w);
struct mirq_root_init tiny_root_init(struct tiny *w);

/* tiny_table.c: 0: the message ends here. */
int tiny_translate(struct tiny *w, struct tiny_flight *f);
struct mirq_remapper_init tiny_table_init(struct tiny *w);

/* tiny_mux.c: after device 1, before device 0. */
void tiny_mux_begin(struct tiny *w);
/* Its children are gone. */
void tiny_mux_end(struct tiny *w);
/* A message of @slot has come to the mux: 1; 0: it was for nobody. */
void tiny_mux_arrive(struct tiny *w, uint32_t slot, const struct mirq_msg *msg);
static inline int tiny_is_behind_mux(const struct tiny *w, uint32_t slot)
{
	return w->init.options & TINY_MUX && slot < TINY_SLOTS_OF_DEVICE;
}

/* tiny_store.c */
/* A slot sends, if nothing stops it. */
void tiny_raise(struct tiny *w, uint32_t slot);
const struct mirq_store_template *tiny_store_kind(enum tiny_kind kind);
uint32_t tiny_nr_slots(enum tiny_kind kind);
int tiny_has_no_mask(enum tiny_kind kind);
/* All devices; the run ends with it, when all is quiet. */
void tiny_devices_body(void *context);
int tiny_devices_are_quiet(const struct tiny *w);
/* What was sent before has arrived; only what has passed the table. */
void tiny_push_translated(struct tiny *w);

/* tiny_oracle.c: what software sees. */
void tiny_oracle_raised(struct tiny *w, uint32_t slot);
/* The slot sends @msg: one that it was told, whole. */
void tiny_oracle_sends(struct tiny *w, uint32_t slot, const struct mirq_msg *msg);
/* The table has no entry for a message of the slot. */
void tiny_oracle_refused(struct tiny *w, uint32_t slot);
/* A CPU takes an id for events of the slots @from. */
void tiny_oracle_taken(struct tiny *w, uint32_t from);
enum mirq_handled tiny_oracle_handler(void *user);
/* At rest. */
void tiny_oracle_finish(struct tiny *w);

#endif
